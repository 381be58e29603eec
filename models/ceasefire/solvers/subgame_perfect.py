"""Subgame-perfect equilibria by backward induction over subgames."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ceasefire.errors import ArgumentError, SolveError
from ceasefire.games._plans import tabulate
from ceasefire.games.extensive import CHANCE, TERMINAL, ExtensiveForm
from ceasefire.solvers._kernels import tree as kernel
from ceasefire.solvers._layout import chance, layout
from ceasefire.solvers.nash import equilibrium, nash, one_nash
from ceasefire.solvers.result import Equilibria, Equilibrium
from ceasefire.solvers.tree_certificate import certify, certify_exactly, counted_from_lowest
from ceasefire.status import Status
from ceasefire.tolerances import PAYOFF_TIE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from ceasefire.games import NormalForm

METHOD = "backward induction (Kuhn 1953, Selten 1965)"
BLOCK_CELLS = 20_000  # of the strategic form of a subgame that is solved for all equilibria
SEVERAL_CELLS = 8  # the same where three or more move in it; larger ones have their pure equilibria
BLOCK_WORK = 700_000  # cells times vertices of one best-reply polytope of it: about a second


class Option(NamedTuple):
    """One solution of a subgame: probabilities by information set, and what it is worth."""

    local: dict[int, tuple[Any, ...]]
    value: tuple[Any, ...]


def subgame_perfect(tree: ExtensiveForm, *, exact: bool = False, limit: int = 1000) -> Equilibria:
    """Subgame-perfect equilibria: Nash equilibria in every subgame (Selten 1965).

    Where everybody sees everything these are all the pure ones; ties make several. A subgame with
    information sets of several nodes is solved in its strategic form for all extreme equilibria
    (two players); where that is too large, for one on the tree (two players by the sequence form,
    more by the logit path), and `complete` is False. Where three or more move in it and have more
    than two actions each, for its pure equilibria, or one on the tree where there are none. Each is
    combined with each.

    Parameters
    ----------
    tree : ExtensiveForm
        Of perfect recall.
    exact : bool
        Return fractions, with regrets found exactly; a float stands for its own binary value.
    limit : int
        Most equilibria to list; `complete` is False where there are more. With 1 ties are not
        looked into, which is far quicker where everybody sees everything and payoffs tie.

    Returns
    -------
    Equilibria
        `complete` is true of all pure ones where information is perfect, and of all that have
        extreme equilibria in every subgame otherwise.

    Notes
    -----
    Where the tree's numbers are exact, payoffs tie only where they are equal. In floats they tie
    within ``PAYOFF_TIE`` of the payoff range. Linear in the nodes for each equilibrium.

    Examples
    --------
    >>> from ceasefire.games import Decision, End, ExtensiveForm
    >>> rules = {"start": Decision("entrant", {"out": "out", "in": "in"}), "out": End([0, 2]),
    ...          "in": Decision("incumbent", {"fight": "fight", "yield": "yield"}),
    ...          "fight": End([-1, -1]), "yield": End([1, 1])}
    >>> tree = ExtensiveForm.from_rules("start", rules.get, players=["entrant", "incumbent"])
    >>> subgame_perfect(tree)[0].payoffs.tolist()
    [1.0, 1.0]
    """
    if not isinstance(tree, ExtensiveForm):
        raise ArgumentError("tree", type(tree).__name__, "an ExtensiveForm")
    if limit < 1:
        raise ArgumentError("limit", limit, "at least 1")
    perfect = bool(np.all(np.bincount(tree.infoset[tree.infoset >= 0]) == 1))
    claim = "all pure subgame-perfect equilibria" if perfect else (
        "all subgame-perfect equilibria that are extreme in every subgame"
    )  # fmt: skip
    if perfect and not exact:
        tie = tree.payoff_range * PAYOFF_TIE
        choice, ties = _first(tree, tie)
        if limit == 1 and ties and tree.is_exact:  # near ties are no ties there
            choice = _first(tree, np.zeros_like(tie))[0]
        if ties == 0 or limit == 1:
            x = np.zeros(int(tree.infoset_start[-1]))
            x[tree.infoset_start[:-1] + choice] = 1.0
            return Equilibria((on_tree(tree, x, METHOD),), ties == 0, claim, METHOD)
    search = _Search(tree, exact or tree.is_exact)
    found: list[Equilibrium] = []
    complete = True
    for behaviour in search.solutions():
        if len(found) == limit:
            complete = False
            break
        rational = exact and not any(isinstance(p, float) for p in behaviour)
        one = on_tree_exactly if rational else on_tree
        found.append(one(tree, np.array(behaviour, dtype=object if rational else float), METHOD))
    return Equilibria(tuple(found), complete and search.complete, claim, METHOD)


def _first(tree: ExtensiveForm, tie: NDArray[np.float64]) -> tuple[NDArray[np.int64], int]:
    """The first best action at every node under perfect information, and the count of ties."""
    _, choice, ties = kernel.induct(
        tree.parent, tree.player, chance(tree), counted_from_lowest(tree)[1], layout(tree).place,
        tree.infoset_start, tree.infoset, tie,
    )  # fmt: skip
    return choice, int(ties)


def on_tree(
    tree: ExtensiveForm, behaviour: NDArray[Any], method: str, **detail: Any
) -> Equilibrium:
    """A behaviour profile with its payoffs and its certificate, recomputed."""
    proof = certify(tree, behaviour)
    status = Status.OK if proof.is_nash else Status.EXPLOITABLE
    return Equilibrium(
        tree, tuple(tree.split(behaviour)), proof.payoffs, float(np.max(proof.regret)), False,
        method, status, proof, detail,
    )  # fmt: skip


def on_tree_exactly(
    tree: ExtensiveForm, behaviour: NDArray[Any], method: str, **detail: Any
) -> Equilibrium:
    """A behaviour profile in fractions, with payoffs and regret recomputed exactly."""
    x = np.array([Fraction(p) for p in behaviour], dtype=object)
    payoffs, regret = certify_exactly(tree, x.tolist())
    status = Status.OK if not any(regret) else Status.EXPLOITABLE
    proof = certify(tree, x.astype(float))
    return Equilibrium(
        tree, tuple(tree.split(x)), payoffs, float(max(regret)), True, method, status, proof, detail
    )


class _Search:
    """Depth-first search over subgames, innermost first, each with its list of solutions."""

    def __init__(self, tree: ExtensiveForm, exact: bool) -> None:
        self.tree, self.exact, self.complete = tree, exact, True
        plan = layout(tree)
        self.roots = plan.roots[::-1].tolist()
        self.inside: dict[int, list[int]] = {}
        for node, root in enumerate(plan.root_of.tolist()):
            self.inside.setdefault(root, []).append(node)
        self.payoffs: Any = (
            tree.exact_payoffs() if self.exact else counted_from_lowest(tree)[1].tolist()
        )
        self.chance: Any = tree.exact_probability() if self.exact else chance(tree).tolist()
        self.tie = [0 if self.exact else w * PAYOFF_TIE for w in tree.payoff_range.tolist()]
        self.is_root = set(self.roots)

    def solutions(self) -> Iterator[list[Any]]:
        value: dict[int, tuple[Any, ...]] = {}
        chosen: dict[int, tuple[Any, ...]] = {}
        stack: list[Iterator[Option]] = []
        while True:
            if len(stack) == len(self.roots):
                yield self._vector(chosen)
            else:
                stack.append(iter(self._options(self.roots[len(stack)], value)))
            while stack:
                option = next(stack[-1], None)
                if option is not None:
                    value[self.roots[len(stack) - 1]] = option.value
                    chosen.update(option.local)
                    break
                stack.pop()
            if not stack:
                return
            # a subgame was (re)solved: go on with those around it

    def _vector(self, chosen: dict[int, tuple[Any, ...]]) -> list[Any]:
        return [p for h in range(self.tree.n_infosets) for p in chosen[h]]

    def _options(self, root: int, value: dict[int, tuple[Any, ...]]) -> list[Option]:
        tree = self.tree
        members = self.inside[root]
        own = [m for m in members if tree.player[m] >= 0]
        if len(own) == 0 or own == [root]:
            return self._single(root, value)
        return self._several(root, value)

    def _worth(self, node: int, value: dict[int, tuple[Any, ...]]) -> tuple[Any, ...]:
        """What a node of the subgame pays that has no decision of the subgame below it."""
        if node in self.is_root and node in value:
            return value[node]
        total = list(self.payoffs[node])
        for child in self.tree.children(node):
            below = self._worth(child, value)
            for i in range(len(total)):
                total[i] += self.chance[child] * below[i]
        return tuple(total)

    def _single(self, root: int, value: dict[int, tuple[Any, ...]]) -> list[Option]:
        tree = self.tree
        value.pop(root, None)
        if tree.player[root] == CHANCE:
            return [Option({}, self._worth(root, value))]
        i, h = int(tree.player[root]), int(tree.infoset[root])
        below = [self._worth(child, value) for child in tree.children(root)]
        top = max(v[i] for v in below)
        options = []
        for a, v in enumerate(below):
            if v[i] >= top - self.tie[i]:
                pure = tuple(int(k == a) for k in range(len(below)))
                gained = tuple(x + y for x, y in zip(self.payoffs[root], v, strict=True))
                options.append(Option({h: pure}, gained))
        return options

    def _several(self, root: int, value: dict[int, tuple[Any, ...]]) -> list[Option]:
        block, sets = self._block(root, value)
        try:
            form, plans = tabulate(block, True, BLOCK_CELLS)
            cells = form.payoffs[0].size
            if sum(k > 1 for k in form.shape) > 2 and cells > SEVERAL_CELLS:
                every = _pure(form, self.exact)
            else:
                every = nash(form, exact=self.exact, components=False, limit=BLOCK_WORK // cells)
        except (ArgumentError, SolveError):  # too many plans, or too many vertices: one will do
            return self._one(block, sets)
        self.complete = self.complete and every.complete
        if not len(every):  # three players and more, mixed equilibria only, too many supports
            return self._one(block, sets)
        if not every.exact:
            self._round()
        options = []
        for e in every:
            local = behaviour_of(block, plans, e.strategies)
            options.append(Option({sets[h]: p for h, p in local.items()}, tuple(e.payoffs)))
        return options

    def _one(self, block: ExtensiveForm, sets: list[int]) -> list[Option]:
        """One equilibrium of a subgame, where all of them are too many to look for."""
        self.complete = False
        found = one_nash(block, exact=self.exact and block.n_players == 2)
        if not found.exact:
            self._round()
        local = dict(zip(sets, map(tuple, found.strategies), strict=True))
        return [Option(local, tuple(found.payoffs))]

    def _round(self) -> None:
        """Payoffs of a subgame are floats: ties around it are up to rounding."""
        self.tie = [w * PAYOFF_TIE for w in self.tree.payoff_range.tolist()]

    def _block(
        self, root: int, value: dict[int, tuple[Any, ...]]
    ) -> tuple[ExtensiveForm, list[int]]:
        """The subgame with nested ones as ends, and its sets' numbers in the whole tree."""
        tree, members = self.tree, list(self.inside[root])
        value.pop(root, None)
        nested = [
            c for m in members for c in tree.children(m) if c in self.is_root and c not in members
        ]
        nodes = sorted(members + nested)
        place = {node: k for k, node in enumerate(nodes)}
        ends = set(nested)
        block = ExtensiveForm.from_arrays(
            parent=[place[int(tree.parent[m])] if m != root else -1 for m in nodes],
            player=[TERMINAL if m in ends else int(tree.player[m]) for m in nodes],
            infoset=[int(tree.infoset[m]) for m in nodes],
            probability=[self.chance[m] for m in nodes],
            payoffs=[value[m] if m in ends else self.payoffs[m] for m in nodes],
            players=tree.players,
        )
        return block, [int(label) for label in block.infoset_labels]


def _pure(form: NormalForm, exact: bool) -> Equilibria:
    """The pure equilibria of a table, in fractions or floats."""
    found = []
    for cell in form.pure_equilibria():
        one, kind = (Fraction, object) if exact else (float, float)
        pure = [np.array([one(int(a == b)) for a in range(k)], dtype=kind)
                for b, k in zip(cell, form.shape, strict=True)]  # fmt: skip
        found.append(equilibrium(form, pure, "pure profiles"))
    return Equilibria(tuple(found), False, "pure equilibria", "pure profiles")


def behaviour_of(
    block: ExtensiveForm, plans: list[Any], strategies: tuple[NDArray[Any], ...]
) -> dict[int, tuple[Any, ...]]:
    """Behaviour strategies that give the same plays as the mixed plans (Kuhn 1953).

    At a set that the mixture itself rules out, the first action.
    """
    sizes = np.diff(block.infoset_start)
    weight: dict[int, list[Any]] = {}
    for i, mixture in enumerate(strategies):
        for h in np.flatnonzero(block.infoset_player == i):
            weight[int(h)] = [Fraction(0) if mixture.dtype == object else 0.0] * int(sizes[h])
        for p, steps in zip(mixture, plans[i], strict=True):
            for h, a in steps if p else ():
                weight[h][a] += p
    result: dict[int, tuple[Any, ...]] = {}
    for k, row in weight.items():
        total = sum(row)
        result[k] = tuple(w / total for w in row) if total else tuple(
            int(a == 0) for a in range(len(row))
        )  # fmt: skip
    return result
