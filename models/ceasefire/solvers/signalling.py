"""Sender-receiver games: every component of sequential equilibria, and the intuitive criterion."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.optimize import linprog

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError, SolveError
from ceasefire.games.extensive import CHANCE, TERMINAL, ExtensiveForm
from ceasefire.solvers._layout import chance
from ceasefire.solvers.sequential import Assessment, assess

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

METHOD = "linear programs by support (Cho and Kreps 1987)"
USED = 1e-7  # least probability of a message that counts as sent, in a linear program
EQUAL = 1e-9  # of the payoff range


@dataclass(frozen=True, eq=False, repr=False)
class SignallingComponent(Displayed):
    """A connected set of sequential equilibria of a sender-receiver game.

    Attributes
    ----------
    example : Assessment
        One member, verified; that of fewest mixtures first.
    messages : tuple of str
        Messages that the example sends.
    type_payoffs : ndarray, shape (n_types,)
        What each type of the sender gets in the example.
    replies : dict
        Message to an array (n_actions, 2): least and largest probability of each of the receiver's
        actions over the component.
    sending : dict
        Type to an array (n_messages, 2), likewise.
    intuitive : bool
        Whether the component passes the intuitive criterion of Cho and Kreps.
    reason : str
        Why it fails: the message, the type that would gain, and those that could not.
    """

    example: Assessment
    messages: tuple[str, ...]
    type_payoffs: Floats
    replies: dict[str, Floats]
    sending: dict[str, Floats]
    intuitive: bool
    reason: str

    @property
    def payoffs(self) -> Floats:
        """Expected payoffs of the players in the example."""
        return self.example.payoffs

    def __repr__(self) -> str:
        pay = ", ".join(f"{u:.6g}" for u in self.payoffs)
        said = "passes the intuitive criterion" if self.intuitive else f"fails: {self.reason}"
        rows = [f"sends {', '.join(self.messages)}; payoffs {pay}; {said}"]
        for who, table in (("", self.sending), ("after ", self.replies)):
            for key, bounds in table.items():
                labels = self._actions(key)
                parts = [f"{_span(*b)} {a}" for b, a in zip(bounds, labels, strict=True)]
                rows.append(
                    f"  {who}{key}: "
                    + ", ".join(p for p in parts if not p.startswith("0 ") or p.startswith("0 to "))
                )
        return "\n".join(rows)

    def _actions(self, label: str) -> tuple[str, ...]:
        game = self.example.game
        return game.action_labels[game.infoset_labels.index(label)]


def signalling(
    tree: ExtensiveForm, *, refine: bool = False, limit: int = 2000
) -> tuple[SignallingComponent, ...]:
    """Every component of sequential equilibria of a sender-receiver game.

    Chance draws the sender's type; the sender sees it and sends a message; the receiver sees the
    message and acts. Beliefs after a message that nobody sends are free (with one round of
    messages every such belief is consistent), so equilibria come in components, not points.

    Parameters
    ----------
    tree : ExtensiveForm
        Two players; types of positive probability.
    refine : bool
        Keep only components that pass the intuitive criterion (Cho and Kreps 1987): no unsent
        message exists that some type would gain by whatever reply is best against types that
        might gain by it, those types excluded that could not whatever the (rational) reply.
    limit : int
        Most cells (convex pieces of the set of equilibria) to hold.

    Returns
    -------
    tuple of SignallingComponent
        Those that pass the criterion first, then by the sender's payoff.

    Raises
    ------
    ArgumentError
        Not a sender-receiver game; says what is in the way.
    SolveError
        More than `limit` cells.

    Notes
    -----
    For each profile of the types' message supports and of justified reply supports, the conditions
    are linear apart in the sender's and the receiver's strategies: two linear programs. Cost
    grows with the number of supports that survive bounds on the types' payoffs: exponential in
    types and messages.

    References
    ----------
    I.-K. Cho and D. Kreps (1987), "Signaling games and stable equilibria", Quarterly Journal of
    Economics 102.

    Examples
    --------
    >>> from ceasefire.games import catalog
    >>> [(c.messages, c.intuitive) for c in signalling(catalog.load("beer-quiche"))]
    [(('beer',), True), (('quiche',), False)]
    """
    game = _Game(tree)
    cells = list(game.cells(limit))
    found = [_component(game, group) for group in _connected(cells)]
    found.sort(key=lambda c: (not c.intuitive, -float(c.payoffs[game.sender])))
    return tuple(c for c in found if c.intuitive or not refine)


class _Cell(NamedTuple):
    """A convex piece: sender's polytope and receiver's, as equalities and inequalities."""

    send: tuple[Any, Any, Any, Any]  # rows = right side, rows <= 0, entries allowed
    reply: tuple[Any, Any, Any, Any]
    supports: tuple[tuple[int, ...], ...]
    sigma: Floats
    rho: Floats


class _Game:
    """Types, messages, replies and payoffs of the tree."""

    def __init__(self, tree: ExtensiveForm) -> None:
        self.tree = tree
        self.u: Floats  # sender's payoff by type, message and reply
        self.w: Floats  # receiver's
        self._read()
        width = np.where(tree.payoff_range > 0, tree.payoff_range, 1.0)
        self.u = self.u / width[self.sender]
        self.w = self.w / width[self.receiver]
        self.columns = np.concatenate([[0], np.cumsum(self.actions)])
        self._justified: dict[tuple[int, tuple[int, ...]], list[tuple[int, ...]]] = {}

    def _read(self) -> None:
        tree = self.tree
        if not isinstance(tree, ExtensiveForm):
            raise ArgumentError("tree", type(tree).__name__, "an ExtensiveForm")
        wanted = "a sender-receiver game: chance, then the sender, then the receiver, then the end"
        if tree.n_players != 2 or tree.player[0] != CHANCE:
            raise ArgumentError("tree", f"{tree.n_players} players, root {tree.player[0]}", wanted)
        nodes = tree.children(0)
        self.prior = chance(tree)[nodes]
        if np.any(self.prior <= 0):
            raise ArgumentError("tree", self.prior, "types of positive probability")
        self.sender = int(tree.player[nodes[0]])
        self.receiver = 1 - self.sender
        if self.sender < 0 or len({int(tree.infoset[n]) for n in nodes}) != len(nodes):
            raise ArgumentError("tree", "types that the sender cannot tell apart", wanted)
        self.type_sets = [int(tree.infoset[n]) for n in nodes]
        self.heard: list[int] = []  # the receiver's sets: messages
        self.node: dict[tuple[int, int], int] = {}
        place: dict[tuple[int, int], int] = {}
        for t, node in enumerate(nodes):
            if tree.player[node] != self.sender:
                raise ArgumentError("tree", f"a move of {tree.player[node]} after chance", wanted)
            for a, below in enumerate(tree.children(node)):
                if tree.player[below] != self.receiver:
                    raise ArgumentError("tree", "a message after which nobody replies", wanted)
                h = int(tree.infoset[below])
                if h not in self.heard:
                    self.heard.append(h)
                m = self.heard.index(h)
                if (t, m) in self.node:
                    raise ArgumentError("tree", "two messages that look alike", wanted)
                self.node[t, m] = below
                place[t, m] = a
                if any(tree.player[end] != TERMINAL for end in tree.children(below)):
                    raise ArgumentError("tree", "moves after the receiver's reply", wanted)
        self.types, self.messages = len(nodes), len(self.heard)
        self.action_of = place
        self.actions = [len(tree.action_labels[h]) for h in self.heard]
        most = max(self.actions)
        self.u = np.full((self.types, self.messages, most), np.nan)
        self.w = np.full_like(self.u, np.nan)
        totals = tree.total_payoffs
        low = totals[tree.ends].min(axis=0)
        for (t, m), below in self.node.items():
            for a, end in enumerate(tree.children(below)):
                self.u[t, m, a] = totals[end, self.sender] - low[self.sender]
                self.w[t, m, a] = totals[end, self.receiver] - low[self.receiver]

    def can(self, t: int, m: int) -> bool:
        """Whether the type has the message."""
        return (t, m) in self.node

    def justified(self, m: int, among: Sequence[int]) -> list[tuple[int, ...]]:
        """Largest sets of replies to m that one belief over types `among` makes best."""
        known = self._justified.get((m, tuple(among)))
        if known is not None:
            return known
        count = self.actions[m]
        found: list[tuple[int, ...]] = []
        for size in range(count, 0, -1):
            for group in combinations(range(count), size):
                if any(set(group) <= set(g) for g in found):
                    continue
                rows = [self.w[list(among), m, b] - self.w[list(among), m, group[0]]
                        for b in range(count)]  # fmt: skip
                equal = np.array([rows[b] for b in group] + [np.ones(len(among))])
                right = np.append(np.zeros(len(group)), 1.0)
                if _feasible(equal, right, np.array(rows), len(among)) is not None:
                    found.append(group)
        self._justified[m, tuple(among)] = found
        return found

    def cells(self, limit: int) -> Iterator[_Cell]:
        """Every convex piece of the set of equilibria."""
        everyone = list(range(self.types))
        free = {m: self.justified(m, self._who(m, everyone)) for m in range(self.messages)}
        best, worst = self._range(free)
        floor = [max(worst[t, m] for m in range(self.messages) if self.can(t, m))
                 for t in everyone]  # fmt: skip
        options = []
        for t in everyone:
            open_to = [m for m in range(self.messages)
                       if self.can(t, m) and best[t, m] >= floor[t] - EQUAL]  # fmt: skip
            options.append(
                [s for k in range(1, len(open_to) + 1) for s in combinations(open_to, k)]
            )
        count = 0
        for supports in product(*options):
            for cell in self._of_supports(supports, free):
                count += 1
                if count > limit:
                    raise SolveError(f"more than {limit} cells of equilibria; raise `limit`")
                yield cell

    def _of_supports(
        self, supports: tuple[tuple[int, ...], ...], free: dict[int, list[tuple[int, ...]]]
    ) -> Iterator[_Cell]:
        """Cells in which each type sends exactly the messages of its support."""
        senders = [[t for t in range(self.types) if m in supports[t]]
                   for m in range(self.messages)]  # fmt: skip
        sent = [m for m, who in enumerate(senders) if who]
        unsent = [m for m, who in enumerate(senders) if not who]
        for answers in product(*(self._answers(m, senders[m]) for m in sent)):
            given = dict(zip(sent, answers, strict=True))
            send = self._send_system(supports, senders, given)
            sigma = _feasible(*send, least=USED)
            if sigma is None:
                continue
            for off in product(*(free[m] for m in unsent)):
                replies = given | dict(zip(unsent, off, strict=True))
                reply = self._reply_system(supports, replies)
                rho = _feasible(*reply)
                if rho is not None:
                    yield _Cell(send, reply, supports, sigma, rho)

    def _answers(self, m: int, who: Sequence[int]) -> list[tuple[int, ...]]:
        """Sets of replies that are equally good against some posterior of the senders."""
        largest = self.justified(m, who)
        if len(who) == 1:  # the posterior is known: all best replies at once
            return largest
        every = {s for g in largest for k in range(1, len(g) + 1) for s in combinations(g, k)}
        return sorted(every)

    def _who(self, m: int, types: Sequence[int]) -> list[int]:
        return [t for t in types if self.can(t, m)]

    def _range(self, free: dict[int, list[tuple[int, ...]]]) -> tuple[Floats, Floats]:
        """Largest and smallest payoff of each type from each message, over justified replies."""
        best = np.full((self.types, self.messages), -np.inf)
        worst = np.full((self.types, self.messages), np.inf)
        for m, groups in free.items():
            used = sorted({a for g in groups for a in g})
            for t in self._who(m, range(self.types)):
                best[t, m] = self.u[t, m, used].max()
                worst[t, m] = self.u[t, m, used].min()
        return best, worst

    def _reply_system(
        self, supports: Sequence[tuple[int, ...]], replies: dict[int, tuple[int, ...]]
    ) -> tuple[Any, Any, Any, Any]:
        """The receiver's strategies: distributions that keep types to their supports."""
        size = int(self.columns[-1])
        equal, right, below = [], [], []
        allowed = np.zeros(size, dtype=bool)
        for m, group in replies.items():
            row = np.zeros(size)
            row[self.columns[m] : self.columns[m + 1]] = 1.0
            equal.append(row)
            right.append(1.0)
            allowed[[self.columns[m] + a for a in group]] = True
        for t, support in enumerate(supports):
            first = self._payoff_row(t, support[0], size)
            for m in range(self.messages):
                if m == support[0] or not self.can(t, m):
                    continue
                row = self._payoff_row(t, m, size) - first
                if m in support:
                    equal.append(row)
                    right.append(0.0)
                else:
                    below.append(row)
        return np.array(equal), np.array(right), np.array(below).reshape(-1, size), allowed

    def _payoff_row(self, t: int, m: int, size: int) -> Floats:
        row = np.zeros(size)
        row[self.columns[m] : self.columns[m + 1]] = self.u[t, m, : self.actions[m]]
        return row

    def _send_system(
        self, supports: Sequence[tuple[int, ...]], senders: Sequence[list[int]],
        replies: dict[int, tuple[int, ...]],
    ) -> tuple[Any, Any, Any, Any]:  # fmt: skip
        """The sender's strategies: each reply of the support best against the posterior."""
        size = self.types * self.messages
        equal, right, below = [], [], []
        allowed = np.zeros(size, dtype=bool)
        for t, support in enumerate(supports):
            row = np.zeros(size)
            row[t * self.messages : (t + 1) * self.messages] = 1.0
            equal.append(row)
            right.append(1.0)
            allowed[[t * self.messages + m for m in support]] = True
        for m, who in enumerate(senders):
            for b in range(self.actions[m]) if who else ():
                row = np.zeros(size)
                for t in who:
                    gain = self.w[t, m, b] - self.w[t, m, replies[m][0]]
                    row[t * self.messages + m] = self.prior[t] * gain
                if b in replies[m]:
                    equal.append(row)
                    right.append(0.0)
                else:
                    below.append(row)
        return np.array(equal), np.array(right), np.array(below).reshape(-1, size), allowed

    def assessment(self, cell: _Cell) -> Assessment:
        """The cell's example as an assessment of the tree, verified."""
        tree = self.tree
        x = np.zeros(int(tree.infoset_start[-1]))
        mu = np.zeros(tree.n_nodes)
        sigma = cell.sigma.reshape(self.types, self.messages)
        for t, h in enumerate(self.type_sets):
            mu[tree.nodes(h)] = 1.0
            for m in range(self.messages):
                if self.can(t, m):
                    x[tree.infoset_start[h] + self.action_of[t, m]] = sigma[t, m]
        for m, h in enumerate(self.heard):
            rho = cell.rho[self.columns[m] : self.columns[m + 1]]
            x[tree.infoset_start[h] : tree.infoset_start[h + 1]] = rho
            types = self._who(m, range(self.types))
            reach = np.array([self.prior[t] * sigma[t, m] for t in types])
            belief = reach / reach.sum() if reach.sum() > 0 else self._belief(m, types, rho)
            mu[[self.node[t, m] for t in types]] = belief
        return assess(tree, x, mu, method=METHOD)

    def _belief(self, m: int, types: list[int], rho: Floats) -> Floats:
        used = np.flatnonzero(rho > 0)
        rows = np.array([self.w[types, m, b] - self.w[types, m, used[0]]
                         for b in range(self.actions[m])])  # fmt: skip
        equal = np.vstack([rows[used], np.ones(len(types))])
        right = np.append(np.zeros(len(used)), 1.0)
        found = _feasible(equal, right, rows, len(types))
        assert found is not None
        return found

    def intuitive(self, cell: _Cell) -> str:
        """Why the cell's example fails the intuitive criterion; "" where it passes."""
        value = [
            float(self._payoff_row(t, s[0], len(cell.rho)) @ cell.rho)
            for t, s in enumerate(cell.supports)
        ]
        sent = {m for s in cell.supports for m in s}
        tree = self.tree
        for m in (m for m in range(self.messages) if m not in sent):
            types = self._who(m, range(self.types))
            best, _ = self._reply_range(m, types)
            might = [t for t in types if best[t] >= value[t] - EQUAL]
            if not might:
                continue
            _, worst = self._reply_range(m, might)
            for t in might:
                if worst[t] > value[t] + EQUAL:
                    names = [tree.infoset_labels[h] for h in self.type_sets]
                    others = ", ".join(names[k] for k in types if k not in might) or "nobody"
                    label = tree.infoset_labels[self.heard[m]]
                    return f"by {label} {names[t]} would gain, and {others} could not"
        return ""

    def _reply_range(self, m: int, among: list[int]) -> tuple[dict[int, float], dict[int, float]]:
        used = sorted({a for g in self.justified(m, among) for a in g})
        every = self._who(m, range(self.types))
        best = {t: float(self.u[t, m, used].max()) for t in every}
        return best, {t: float(self.u[t, m, used].min()) for t in every}


def _feasible(
    equal: Floats, right: Floats, below: Floats, allowed: Any, *, least: float = 0.0
) -> Floats | None:
    """A point of the polytope, as deep inside it as a linear program puts it; None if empty.

    With `least`, allowed entries of at least `least`: where messages must be sent.
    """
    size = equal.shape[1]
    mask = np.ones(size, dtype=bool) if isinstance(allowed, int) else allowed
    # one more variable: the smallest allowed entry, capped so that supports stay round numbers
    cost = np.zeros(size + 1)
    cost[-1] = -1.0
    every = np.flatnonzero(mask)
    deep = np.zeros((len(every), size + 1))
    deep[np.arange(len(every)), every] = -1.0
    deep[:, -1] = 1.0
    rows = np.vstack([np.hstack([below, np.zeros((len(below), 1))]), deep])
    solved: Any = linprog(
        cost, A_ub=rows, b_ub=np.append(np.full(len(below), EQUAL), np.zeros(len(every))),
        A_eq=np.hstack([equal, np.zeros((len(equal), 1))]), b_eq=right,
        bounds=[(0, 1 if ok else 0) for ok in mask] + [(least, 1)], method="highs",
    )  # fmt: skip
    if solved.status != 0:
        return None
    x = np.where(solved.x[:-1] < 1e-12, 0.0, solved.x[:-1])
    return np.asarray(x)


def _joint(a: tuple[Any, Any, Any, Any], b: tuple[Any, Any, Any, Any]) -> Floats | None:
    """A point of both polytopes."""
    return _feasible(np.vstack([a[0], b[0]]), np.append(a[1], b[1]), np.vstack([a[2], b[2]]),
                     a[3] & b[3])  # fmt: skip


def _connected(cells: Sequence[_Cell]) -> list[list[_Cell]]:
    """Group cells whose closures meet."""
    group = list(range(len(cells)))

    def root(k: int) -> int:
        while group[k] != k:
            k = group[k]
        return k

    for a, b in combinations(range(len(cells)), 2):
        if root(a) == root(b):
            continue
        one, two = cells[a], cells[b]
        if _joint(one.send, two.send) is not None and _joint(one.reply, two.reply) is not None:
            group[root(a)] = root(b)
    found: dict[int, list[_Cell]] = {}
    for k, cell in enumerate(cells):
        found.setdefault(root(k), []).append(cell)
    return list(found.values())


def _component(game: _Game, cells: list[_Cell]) -> SignallingComponent:
    cells = sorted(cells, key=lambda c: (sum(len(s) for s in c.supports), c.supports))
    reasons = [game.intuitive(c) for c in cells]
    passed = [c for c, reason in zip(cells, reasons, strict=True) if not reason]
    shown = (passed or cells)[0]
    labels = game.tree.infoset_labels
    rho = np.array([_spread(c.reply) for c in cells])
    sigma = np.array([_spread(c.send) for c in cells])
    low, high = rho[:, 0].min(axis=0), rho[:, 1].max(axis=0)
    replies = {
        labels[h]: np.stack([low, high], axis=1)[game.columns[m] : game.columns[m + 1]]
        for m, h in enumerate(game.heard)
    }
    low, high = sigma[:, 0].min(axis=0), sigma[:, 1].max(axis=0)
    sending = {}
    for t, h in enumerate(game.type_sets):
        sent_by = {game.action_of[t, m]: m for m in range(game.messages) if game.can(t, m)}
        order = [sent_by[a] for a in sorted(sent_by)]
        index = [t * game.messages + m for m in order]
        sending[labels[h]] = np.stack([low[index], high[index]], axis=1)
    example = game.assessment(shown)
    sent = sorted({m for s in shown.supports for m in s})
    value = np.array([
        game._payoff_row(t, s[0], len(shown.rho)) @ shown.rho for t, s in enumerate(shown.supports)
    ])  # fmt: skip
    tree, i = game.tree, game.sender
    lowest = float(tree.total_payoffs[tree.ends, i].min())
    width = float(tree.payoff_range[i]) or 1.0
    return SignallingComponent(
        example, tuple(labels[game.heard[m]] for m in sent), value * width + lowest, replies,
        sending, bool(passed), "" if passed else reasons[0],
    )  # fmt: skip


def _spread(system: tuple[Any, Any, Any, Any]) -> Floats:
    """Least and largest value of each coordinate over a polytope, shape (2, size)."""
    equal, right, below, allowed = system
    bounds = [(0, 1 if ok else 0) for ok in allowed]
    found = np.zeros((2, len(allowed)))
    for k in np.flatnonzero(allowed):
        for row, sign in ((0, 1.0), (1, -1.0)):
            cost = np.zeros(len(allowed))
            cost[k] = sign
            solved: Any = linprog(
                cost, A_ub=below if len(below) else None,
                b_ub=np.full(len(below), EQUAL) if len(below) else None,
                A_eq=equal, b_eq=right, bounds=bounds, method="highs",
            )  # fmt: skip
            found[row, k] = solved.x[k] if solved.status == 0 else np.nan
    return found


def _span(low: float, high: float) -> str:
    low, high = round(low, 7) + 0.0, round(high, 7) + 0.0  # + 0.0: no minus before nought
    return f"{high:.6g}" if high == low else f"{low:.6g} to {high:.6g}"
