"""Sequential equilibria: strategies and beliefs, found as a logit limit and then verified."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError, SolveError
from ceasefire.games.extensive import ExtensiveForm
from ceasefire.solvers._layout import beliefs as bayes
from ceasefire.solvers._layout import chance, layout
from ceasefire.solvers.logit import branch
from ceasefire.solvers.result import labelled, mixture
from ceasefire.solvers.tree_certificate import TreeCertificate, certify
from ceasefire.status import Status
from ceasefire.tolerances import ASSESSMENT

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

METHOD = "limit of agent logit equilibria (McKelvey and Palfrey 1998)"
LEVELS = [1e4 * 4**k for k in range(6)]  # precisions times payoff range; the last two that hold
NEVER = 1e-9  # a probability below this at the limit is zero
DENSE = 300  # trembles and ties of beliefs up to which equations are solved as a full table


@dataclass(frozen=True)
class Condition(Displayed):
    """One condition of a sequential equilibrium: how far it is missed, and whether it is met.

    `gap` is in payoff ranges for sequential rationality, in probability for the others.
    """

    name: str
    gap: float
    met: bool

    def __str__(self) -> str:
        return f"{self.name}: {'verified' if self.met else 'NOT met'} ({self.gap:.1e})"


@dataclass(frozen=True, eq=False, repr=False)
class Assessment(Displayed):
    """Behaviour strategies with beliefs, and what was verified about them.

    Attributes
    ----------
    game : ExtensiveForm
    strategies : tuple of ndarray
        One distribution an information set.
    beliefs : ndarray, shape (n_nodes,)
        Probability of each node given its information set; nan at other nodes.
    payoffs : ndarray, shape (n_players,)
    conditions : tuple of Condition
        Sequential rationality at every set; Bayes' rule where sets are reached; consistency.
    certificate : TreeCertificate
    method : str
    status : Status
    """

    game: ExtensiveForm
    strategies: tuple[Floats, ...]
    beliefs: Floats
    payoffs: Floats
    conditions: tuple[Condition, ...]
    certificate: TreeCertificate
    method: str
    status: Status

    @property
    def verified(self) -> bool:
        """Whether every condition is met."""
        return all(c.met for c in self.conditions)

    @property
    def behaviour(self) -> Floats:
        """All strategies in one vector (see `ExtensiveForm.infoset_start`)."""
        return np.concatenate([np.empty(0), *self.strategies])

    def belief(self, infoset: int | str) -> Floats:
        """Beliefs at a set, over its nodes in preorder."""
        h = self.game.infoset_labels.index(infoset) if isinstance(infoset, str) else infoset
        return np.asarray(self.beliefs[self.game.nodes(h)])

    def __repr__(self) -> str:
        rows = []
        for h, (name, s, labels) in enumerate(labelled(self.game, self.strategies)[:40]):
            mu = self.belief(h)
            held = f"; believes {', '.join(f'{p:.4g}' for p in mu[:8])}" if len(mu) > 1 else ""
            rows.append(f"{name}: {mixture(s, labels)}{held}")
        pay = ", ".join(f"{u:.6g}" for u in self.payoffs)
        return "\n".join([*rows, f"payoffs {pay}", *map(str, self.conditions)])


def sequential(tree: ExtensiveForm) -> Assessment:
    """One sequential equilibrium (Kreps and Wilson 1982): the limit of the agent logit path.

    Along the principal branch every action has positive probability and beliefs follow from Bayes'
    rule; their limit as precision grows is a sequential equilibrium (McKelvey and Palfrey 1998).
    The limit is extrapolated from two high precisions, as high as rounding lets the path be
    followed, and then verified by `assess`, which shares nothing with the path.

    Parameters
    ----------
    tree : ExtensiveForm
        Of perfect recall, any number of players.

    Raises
    ------
    ArgumentError
        Not a tree, or imperfect recall.
    SolveError
        The path could not be followed, or its limit fails a condition; `reached` holds the
        assessment, whose `conditions` say which.

    References
    ----------
    D. Kreps and R. Wilson (1982), "Sequential equilibria", Econometrica 50. R. McKelvey and T.
    Palfrey (1998), "Quantal response equilibria for extensive form games", Experimental
    Economics 1, theorem 4.

    Examples
    --------
    >>> from ceasefire.games import catalog
    >>> sequential(catalog.load("entry-deterrence")).verified
    True
    """
    if not isinstance(tree, ExtensiveForm):
        raise ArgumentError("tree", type(tree).__name__, "an ExtensiveForm")
    layout(tree)
    points = branch(tree, LEVELS)
    found: Assessment | None = None
    for near, far in zip(points[-2::-1], points[:0:-1], strict=True):
        found = _read_off(tree, *near, *far)
        if found.verified:
            return found
    if found is None:
        raise SolveError(f"the logit path stopped before precision {LEVELS[1]:.0g} payoff ranges")
    missed = "; ".join(str(c) for c in found.conditions if not c.met)
    raise SolveError(f"the limit of the logit path is not verified: {missed}", found)


def _read_off(
    tree: ExtensiveForm, near: float, log_near: Floats, far: float, log_far: Floats
) -> Assessment:
    # the error at precision L is of the order of 1 / L: one step of Richardson's extrapolation
    weight = far / (far - near)
    x = _limit(tree, np.exp(log_near), np.exp(log_far), weight)
    mu_near, mu_far = bayes(tree, log_near), bayes(tree, log_far)
    mu = mu_far + (weight - 1) * (mu_far - mu_near)
    mu[np.minimum(mu, mu_far) < NEVER] = 0.0
    return assess(tree, x, _tidied(tree, mu), method=METHOD)


def assess(
    tree: ExtensiveForm, behaviour: ArrayLike, beliefs: ArrayLike, *, method: str = "as given"
) -> Assessment:
    """Verify an assessment, condition by condition.

    Sequential rationality: no gain from deviating at one set given its beliefs. Bayes' rule: at
    sets that are reached. Consistency: there are trembles ``exp(c) eps^K`` of the actions that are
    never taken whose Bayes beliefs converge to these; the orders K are found by a linear program
    and the coefficients c by linear equations (Kreps and Wilson 1982, lemmas A1 and A2).

    Parameters
    ----------
    tree : ExtensiveForm
        Of perfect recall.
    behaviour : array_like, shape (n_actions,)
    beliefs : array_like, shape (n_nodes,)
        Read at players' nodes only.
    method : str
        Where the assessment is from.
    """
    if not isinstance(tree, ExtensiveForm):
        raise ArgumentError("tree", type(tree).__name__, "an ExtensiveForm")
    given, x = np.asarray(beliefs, dtype=float), np.asarray(behaviour, dtype=float)
    if given.shape != (tree.n_nodes,):
        raise ArgumentError("beliefs", f"shape {given.shape}", f"shape ({tree.n_nodes},)")
    mu = np.where(tree.infoset >= 0, given, 0.0)
    for h in range(tree.n_infosets):
        part = mu[tree.nodes(h)]
        if not (np.all(part >= 0) and abs(part.sum() - 1) <= ASSESSMENT):
            where = f"beliefs at {tree.infoset_labels[h]!r}"
            raise ArgumentError(where, part, "probabilities that add up to 1")
    proof = certify(tree, x, beliefs=mu)
    width = np.where(tree.payoff_range > 0, tree.payoff_range, 1.0)[tree.infoset_player]
    assert proof.one_shot is not None
    assert proof.bayes is not None
    gain = float(np.max(proof.one_shot / width, initial=0.0))
    miss = consistency(tree, x, mu)
    conditions = (
        Condition("sequential rationality", gain, gain <= ASSESSMENT),
        Condition("Bayes' rule", proof.bayes, proof.bayes <= ASSESSMENT),
        Condition("consistency", miss, miss <= ASSESSMENT),
    )
    status = Status.OK if all(c.met for c in conditions) else Status.EXPLOITABLE
    shown = np.where(tree.infoset >= 0, mu, np.nan)
    return Assessment(
        tree, tuple(tree.split(x)), shown, proof.payoffs, conditions, proof, method, status
    )


def consistency(tree: ExtensiveForm, x: Floats, mu: Floats) -> float:
    """How far beliefs are from the limits of Bayes beliefs of trembles; inf where no order fits."""
    from scipy.optimize import linprog

    trembles = _trembles(tree, x)
    sure, count = trembles.sure, int(np.count_nonzero(x <= 0))
    equal: list[tuple[int, int]] = []
    later: list[tuple[int, int]] = []
    for h in range(tree.n_infosets):
        nodes = [int(n) for n in tree.nodes(h) if trembles.possible[n]]
        if not nodes:  # no trembles lead to the set: no belief contradicts them
            continue
        believed = [n for n in nodes if mu[n] > 0]
        if len(believed) < np.count_nonzero(mu[tree.nodes(h)]):
            return np.inf
        equal += [(believed[0], n) for n in believed[1:]]
        later += [(believed[0], n) for n in nodes if mu[n] <= 0]
    if not count:
        gaps = [sure[b] - sure[a] - np.log(mu[b] / mu[a]) for a, b in equal]
        return np.inf if later else float(np.max(np.abs(gaps), initial=0.0))
    same, more = trembles.rows(equal, count), trembles.rows(later, count)
    orders: Any = linprog(
        np.ones(count),
        A_eq=same if equal else None, b_eq=np.zeros(len(equal)) if equal else None,
        A_ub=-more if later else None, b_ub=-np.ones(len(later)) if later else None,
        bounds=(1, None), method="highs",
    )  # fmt: skip
    if orders.status != 0:
        return np.inf
    if not equal:
        return 0.0
    wanted = np.array([np.log(mu[b] / mu[a]) - sure[b] + sure[a] for a, b in equal])
    share = np.array([max(mu[a], mu[b]) for a, b in equal])
    return float(np.max(np.abs(same @ _coefficients(same, wanted) - wanted) * share))


def _coefficients(same: Any, wanted: Floats) -> Floats:
    """Logs of the trembles' coefficients that meet ``same c = wanted`` best."""
    from scipy.sparse.linalg import lsmr

    if max(same.shape) <= DENSE:
        return np.asarray(np.linalg.lstsq(same.toarray(), wanted, rcond=None)[0])
    steps = 20 * max(same.shape)  # chains of sets have condition numbers of their length
    return np.asarray(lsmr(same, wanted, atol=1e-15, btol=1e-15, conlim=0, maxiter=steps)[0])


class _Trembles(NamedTuple):
    """The moves on each node's path that are never taken: a list that shares its beginning.

    `tie` is a node's last such move, as a place in `column` (its number among the actions never
    taken) and `before` (the move before it); 0 is none. Places rise along every path.
    """

    tie: list[int]
    column: list[int]
    before: list[int]
    sure: list[float]  # log of the probability of the path's other branches
    possible: list[bool]  # whether chance leaves the node so

    def rows(self, pairs: list[tuple[int, int]], count: int) -> Any:
        """Moves on the way to b less those on the way to a, (pairs, actions never taken)."""
        from scipy.sparse import csr_matrix

        row, column, sign = [], [], []
        for k, (a, b) in enumerate(pairs):
            ends = [self.tie[a], self.tie[b]]
            while ends[0] != ends[1]:  # back to where the paths part
                later = int(ends[1] > ends[0])
                row.append(k)
                column.append(self.column[ends[later]])
                sign.append(1.0 if later else -1.0)
                ends[later] = self.before[ends[later]]
        table: Any = csr_matrix((sign, (row, column)), shape=(len(pairs), count))
        table.eliminate_zeros()
        return table


def _trembles(tree: ExtensiveForm, x: Floats) -> _Trembles:
    p, number = chance(tree), np.cumsum(x <= 0) - 1
    n, place, parent = tree.n_nodes, layout(tree).place.tolist(), tree.parent.tolist()
    found = _Trembles([0] * n, [-1], [-1], [0.0] * n, [True] * n)
    for node in range(1, n):
        above, at = parent[node], place[node]
        found.possible[node] = found.possible[above] and (at >= 0 or bool(p[node] > 0))
        weight = float(x[at] if at >= 0 else p[node])
        found.tie[node], found.sure[node] = found.tie[above], found.sure[above]
        if weight > 0:
            found.sure[node] += float(np.log(weight))
        elif at >= 0:
            found.tie[node] = len(found.column)
            found.column.append(int(number[at]))
            found.before.append(found.tie[above])
    return found


def _limit(tree: ExtensiveForm, near: Floats, far: Floats, weight: float) -> Floats:
    x = far + (weight - 1) * (far - near)
    x[(x < NEVER) | (far < NEVER)] = 0.0
    return np.concatenate([np.empty(0), *(s / s.sum() for s in tree.split(x))])


def _tidied(tree: ExtensiveForm, mu: Floats) -> Floats:
    mu = np.where(mu < NEVER, 0.0, mu)
    for h in range(tree.n_infosets):
        nodes = tree.nodes(h)
        mu[nodes] /= mu[nodes].sum()
    return mu
