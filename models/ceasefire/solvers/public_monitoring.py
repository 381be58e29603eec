"""What noisy public signals tell: rank conditions, and the payoffs of patient players."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.games import NormalForm, PublicSignals, RepeatedGame
from ceasefire.games import _automaton_rules as rules
from ceasefire.solvers import _polytopes as polytopes
from ceasefire.solvers._hyperplanes import enforcement
from ceasefire.solvers.sets import shown_points, spans
from ceasefire.status import Status
from ceasefire.tolerances import LIMIT_SET_CUT, SIGNAL_RANK

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SCORES = "maximal scores of pure profiles (Fudenberg and Levine 1994)"
FOLK = "feasible payoffs above the pure minmax (Fudenberg and Maskin 1986)"
STRICT: Any = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
ROUNDS = 60  # of adding directions
MOST_NEW = 64  # directions a round


@dataclass(frozen=True, eq=False)
class RankCondition(Displayed):
    """Whether signals tell the deviations of one player, or of two, apart at a profile.

    Attributes
    ----------
    profile : tuple of str
    players : tuple of str
        One: individual full rank. Two: pairwise full rank.
    rank, needed : int
        Rank of the laws of signals after each action of the players, and what full rank is:
        the number of actions, for two players their sum less one.
    margin : float
        The singular value that decides: how far the laws are from failing.
    mixture : ndarray or None
        Where the condition fails, weights of the actions (of the first player, then the second)
        under which the signals cancel: ``sum_k mixture[k] law[k] = 0`` up to rounding.
    """

    profile: tuple[str, ...]
    players: tuple[str, ...]
    rank: int
    needed: int
    margin: float
    mixture: Floats | None = None

    @property
    def holds(self) -> bool:
        """Whether the rank is full."""
        return self.rank == self.needed

    def __str__(self) -> str:
        verdict = "full" if self.holds else "fails"
        at, who = ", ".join(self.profile), " and ".join(self.players)
        return f"({at}), {who}: rank {self.rank} of {self.needed}, {verdict}"


@dataclass(frozen=True, eq=False, repr=False)
class RankConditions(Displayed):
    """Individual and pairwise full rank at every pure profile.

    Attributes
    ----------
    individual, pairwise : tuple of RankCondition
        One a profile and player, and one a profile and pair of players.
    """

    individual: tuple[RankCondition, ...]
    pairwise: tuple[RankCondition, ...]

    @property
    def failing(self) -> tuple[RankCondition, ...]:
        """Conditions that fail, individual ones first."""
        return tuple(c for c in (*self.individual, *self.pairwise) if not c.holds)

    @property
    def individual_full_rank(self) -> bool:
        """Whether individual full rank holds at every pure profile."""
        return all(c.holds for c in self.individual)

    @property
    def pairwise_full_rank(self) -> bool:
        """Whether pairwise full rank holds at every pure profile, for every pair."""
        return all(c.holds for c in self.pairwise)

    @property
    def pairwise_somewhere(self) -> bool:
        """Whether each pair has a pure profile at which its pairwise full rank holds.

        With individual full rank, and payoffs of full dimension, that is enough for the folk
        theorem (Fudenberg, Levine and Maskin 1994, theorem 6.2).
        """
        pairs = {c.players for c in self.pairwise}
        return pairs == {c.players for c in self.pairwise if c.holds}

    def at(self, *profile: str) -> tuple[RankCondition, ...]:
        """All conditions at a profile, told by its labels."""
        found = tuple(c for c in (*self.individual, *self.pairwise) if c.profile == profile)
        if not found:
            raise ArgumentError("profile", profile, "a pure profile, by the labels of its actions")
        return found

    def to_frame(self) -> pd.DataFrame:
        """One row a condition: profile, players, rank, needed, margin, holds."""
        import pandas as pd

        return pd.DataFrame(
            {
                "profile": [", ".join(c.profile) for c in (*self.individual, *self.pairwise)],
                "players": [", ".join(c.players) for c in (*self.individual, *self.pairwise)],
                "rank": [c.rank for c in (*self.individual, *self.pairwise)],
                "needed": [c.needed for c in (*self.individual, *self.pairwise)],
                "margin": [c.margin for c in (*self.individual, *self.pairwise)],
                "holds": [c.holds for c in (*self.individual, *self.pairwise)],
            }
        )

    def __repr__(self) -> str:
        rows = []
        for name, kind in (("individual", self.individual), ("pairwise", self.pairwise)):
            good = sum(c.holds for c in kind)
            rows.append(f"{name} full rank: {good} of {len(kind)}")
        failing = self.failing
        rows += [f"  {c}" for c in failing[:12]]
        rows += [f"  ... {len(failing) - 12} more"] if len(failing) > 12 else []
        return "\n".join(rows)


def rank_conditions(
    game: RepeatedGame | NormalForm, *, monitoring: PublicSignals | None = None
) -> RankConditions:
    """Whether signals tell apart who did what, at every pure profile.

    *Individual full rank* of player i at a: the laws ``rho(. | b, a_-i)``, one an action b of i,
    are linearly independent. *Pairwise full rank* of i and j: the laws of both together span as
    many dimensions as they can, ``m_i + m_j - 1`` (the law of a itself is in both families).

    Parameters
    ----------
    game : RepeatedGame or NormalForm
    monitoring : PublicSignals, optional
        Of a stage game, or in place of the repeated game's. Without any, actions are seen, and
        every condition holds.

    Raises
    ------
    ArgumentError
        Signals whose profiles are not the stage's.

    Notes
    -----
    Ranks are read off singular values; below 1e-9 one counts as none. Cost: a decomposition a
    profile and pair.

    References
    ----------
    Fudenberg, Levine and Maskin (1994), Econometrica 62:997-1039, conditions 5.1 and 6.1.

    Examples
    --------
    >>> pd = NormalForm.bimatrix([[2, -1], [3, 0]], [[2, 3], [-1, 0]], actions=[["C", "D"]] * 2)
    >>> law = [[[0.9, 0.1], [0.5, 0.5]], [[0.5, 0.5], [0.2, 0.8]]]
    >>> ranks = rank_conditions(pd, monitoring=PublicSignals(law, ["quiet", "shots"]))
    >>> for condition in ranks.at("C", "C"):
    ...     print(condition)
    (C, C), 1: rank 2 of 2, full
    (C, C), 2: rank 2 of 2, full
    (C, C), 1 and 2: rank 2 of 3, fails
    >>> ranks.failing[0].mixture.round(3).tolist()  # the laws after D of 1 and after D of 2 cancel
    [0.0, -0.707, 0.0, 0.707]
    """
    stage, law = _law(game, monitoring)
    cells = list(np.ndindex(*stage.shape))
    own = {
        (cell, i): np.moveaxis(law, i, 0)[(slice(None), *cell[:i], *cell[i + 1 :])]
        for cell in cells for i in range(stage.n_players)
    }  # fmt: skip
    single = [_condition(stage, cell, (i,), own[cell, i]) for cell, i in own]
    pairs = [
        _condition(stage, cell, (i, j), np.concatenate([own[cell, i], own[cell, j]]))
        for cell in cells
        for i, j in combinations(range(stage.n_players), 2)
    ]
    return RankConditions(tuple(single), tuple(pairs))


def _condition(
    stage: NormalForm, cell: tuple[int, ...], players: tuple[int, ...], laws: Floats
) -> RankCondition:
    needed = len(laws) - len(players) + 1
    left, size, _ = np.linalg.svd(laws)
    rank = int((size > SIGNAL_RANK).sum())
    margin = float(size[needed - 1]) if len(size) >= needed else 0.0
    mixture = None
    if rank < needed:
        mixture = _cancelling(stage, cell, players, left[:, rank:])
    at = rules.labels(stage, cell)
    return RankCondition(
        at, tuple(stage.players[i] for i in players), rank, needed, margin, mixture
    )


def _cancelling(
    stage: NormalForm, cell: tuple[int, ...], players: tuple[int, ...], kernel: Floats
) -> Floats:
    """A weighting of laws that cancels; of two players, other than the law that both share."""
    if len(players) == 1:
        weight = kernel[:, 0]
    else:
        shared = np.zeros(len(kernel))
        shared[cell[players[0]]] = np.sqrt(0.5)
        shared[stage.shape[players[0]] + cell[players[1]]] = -np.sqrt(0.5)
        rest = kernel - np.outer(shared, shared @ kernel)
        weight = rest[:, int(np.argmax(np.linalg.norm(rest, axis=0)))]
    weight = weight / np.linalg.norm(weight)
    big = int(np.flatnonzero(np.abs(weight) > 1e-9)[0])
    return np.asarray(weight if weight[big] < 0 else -weight)


def _law(
    game: RepeatedGame | NormalForm, monitoring: PublicSignals | None
) -> tuple[NormalForm, Floats]:
    """The stage and the law of signals; where actions are seen, the profile is the signal."""
    if not isinstance(game, RepeatedGame | NormalForm):
        raise ArgumentError("game", type(game).__name__, "a RepeatedGame or a NormalForm")
    stage = game if isinstance(game, NormalForm) else game.stage
    if monitoring is None and isinstance(game, RepeatedGame):
        monitoring = game.monitoring
    if monitoring is None:
        P = int(np.prod(stage.shape))
        return stage, np.eye(P).reshape(*stage.shape, P)
    if monitoring.shape != stage.shape:
        got, allowed = f"signals of {monitoring.shape} profiles", f"the stage's {stage.shape}"
        raise ArgumentError("monitoring", got, allowed)
    return stage, monitoring.probability


@dataclass(frozen=True, eq=False, repr=False)
class LimitSet(Displayed):
    """A bound on public equilibrium payoffs at every discount factor, met as delta goes to 1.

    Attributes
    ----------
    game : RepeatedGame
        Whose discount factor plays no part.
    vertices : ndarray, shape (k, n_players)
        Extreme points, utils; empty where no pure profile can be enforced.
    directions : ndarray, shape (L, n_players)
        Unit vectors, payoffs counted in each player's range.
    scores : ndarray, shape (L,)
        How far the set reaches in each direction, payoff ranges from each player's least payoff.
    full_dimensional : bool
        Whether the set has an interior. Then, and in general only then, payoffs inside it are
        equilibrium payoffs for all discount factors near 1; else it is a bound alone.
    resolution : float
        The largest distance, in payoff ranges, by which a direction tried last cut the set; 0
        where the vertices were found without directions.
    exact : bool
        Whether the vertices are those of the set itself.
    certificate : float
        The largest violation of the programs' dual proofs, recomputed, in payoff ranges: no score
        is too low by more than this.
    method, status
    """

    game: RepeatedGame
    vertices: Floats
    directions: Floats
    scores: Floats
    full_dimensional: bool
    resolution: float
    exact: bool
    certificate: float
    method: str
    status: Status = Status.OK

    @property
    def is_empty(self) -> bool:
        """Whether no pure profile can be enforced at all."""
        return len(self.vertices) == 0

    def support(self, direction: Any) -> float:
        """Return ``max {direction . v}``, utils; minus infinity where the set is empty."""
        if self.is_empty:
            return -np.inf
        return float((self.vertices @ np.asarray(direction, dtype=float)).max())

    def __repr__(self) -> str:
        if self.is_empty:
            return f"no pure public equilibrium payoffs at any discount factor ({self.method})"
        shown = shown_points(self.vertices[:12], spans(self.vertices), LIMIT_SET_CUT)
        more = f" ... {len(self.vertices) - 12} more" if len(self.vertices) > 12 else ""
        size = "limit of public equilibrium payoffs" if self.full_dimensional else "bound, flat"
        return f"{size}, pure profiles; {self.method}; {self.status}\n  {shown}{more}"


def limit_payoff_set(
    game: RepeatedGame, *, directions: int = 32, most_directions: int = 2000
) -> LimitSet:
    r"""Bound pure public equilibrium payoffs at every delta; their limit as delta goes to 1.

    The set is ``{v : lambda . v <= k(lambda) for all lambda}``, with the largest score over pure
    profiles a that transfers x(y), never of positive value in direction lambda, can enforce:

    .. math::
        k(\lambda) = \max_{a, x} \lambda \cdot (u(a) + E[x \mid a]), \quad
        \lambda \cdot x(y) \le 0, \quad
        u_i(a) + E[x_i \mid a] \ge u_i(b, a_{-i}) + E[x_i \mid b, a_{-i}].

    Parameters
    ----------
    game : RepeatedGame
        With perfect monitoring the set is that of feasible payoffs at or above each player's
        minmax in pure actions, found without directions.
    directions : int
        How many to begin with, beside the axes and the facets of feasible payoffs.
    most_directions : int
        Where adding directions stops.

    Returns
    -------
    LimitSet

    Raises
    ------
    ArgumentError
        Not a repeated game.

    Notes
    -----
    Mixed profiles are left out: they can push a limit set outward (lower minmax, better
    signals), so that this is the limit of *pure* public equilibria. Every score is a bound
    proved by its program's prices, so that the set is never too small; a direction is added at a
    vertex, midway between its facets, until none cuts off more than 1e-7 payoff ranges. Cost: a
    linear program a direction and profile whose payoff reaches past the best score so far.

    References
    ----------
    Fudenberg and Levine (1994), JET 62:103-135, theorem 3.1. Fudenberg, Levine and Maskin (1994).

    Examples
    --------
    >>> pd = NormalForm.bimatrix([[2, -1], [3, 0]], [[2, 3], [-1, 0]], actions=[["C", "D"]] * 2)
    >>> law = [[[0.9, 0.1], [0.5, 0.5]], [[0.5, 0.5], [0.2, 0.8]]]
    >>> found = limit_payoff_set(RepeatedGame(pd, 0.9, PublicSignals(law)))
    >>> round(found.support([0.5, 0.5]), 6)  # deviators cannot be told apart: 2 is out of reach
    1.75
    """
    if not isinstance(game, RepeatedGame):
        raise ArgumentError("game", type(game).__name__, "a RepeatedGame")
    for name, value in (("directions", directions), ("most_directions", most_directions)):
        if not isinstance(value, int | np.integer) or value < 1:
            raise ArgumentError(name, value, "a whole number from 1")
    scorer = _Scorer(game)
    if game.monitoring is None:
        return _folk(game, scorer)
    D = polytopes.directions(game.n_players, directions, scorer.u)
    k = np.array([scorer.score(d) for d in D])
    resolution = 0.0
    for _ in range(ROUNDS):
        corners = _corners(D, k)
        fresh = _between(D, k, corners)[: min(MOST_NEW, max(most_directions - len(D), 0))]
        if not len(corners) or not len(fresh):
            break
        reached = np.array([scorer.score(d) for d in fresh])
        cut = (corners @ fresh.T).max(axis=0) - reached
        resolution = float(cut.max(initial=0.0))
        D, k = np.concatenate([D, fresh]), np.concatenate([k, reached])
        if resolution <= LIMIT_SET_CUT:
            break
    corners = _corners(D, k)
    status = Status.OK if resolution <= LIMIT_SET_CUT else Status.NOT_CONVERGED
    return LimitSet(
        game, scorer.low + scorer.unit * corners, D, k, _has_interior(corners), resolution, False,
        scorer.violation, SCORES, status,
    )  # fmt: skip


def _folk(game: RepeatedGame, scorer: _Scorer) -> LimitSet:
    """Perfect monitoring: the feasible payoffs cut at each player's pure minmax."""
    n = game.n_players
    normals, right = polytopes.faces(scorer.u)
    least = _minmax(game.stage)
    if not len(normals):  # no facets: directions, on the few points there are
        normals = polytopes.directions(n, 64, scorer.u)
        right = (scorer.u @ normals.T).max(axis=0)
    floor = (least - scorer.low) / scorer.unit
    D = np.concatenate([normals, -np.eye(n)])
    k = np.concatenate([right, -floor])
    corners = _corners(D, k)
    return LimitSet(
        game, scorer.low + scorer.unit * corners, D, k, _has_interior(corners), 0.0,
        _has_interior(corners), 0.0, FOLK,
    )  # fmt: skip


def _minmax(stage: NormalForm) -> Floats:
    """Each player's minmax in pure actions, utils."""
    return np.array([float(stage.payoffs[i].max(axis=i).min()) for i in range(stage.n_players)])


def _corners(D: Floats, k: Floats) -> Floats:
    """Extreme points of ``{v : D v <= k}``; none where it is empty."""
    n = D.shape[1]
    if not np.isfinite(k).all():
        return np.empty((0, n))
    inside = linprog(
        np.append(np.zeros(n), 1.0), A_ub=np.hstack([D, -np.ones((len(D), 1))]), b_ub=k,
        bounds=[(None, None)] * n + [(0, None)], options=STRICT,
    )  # fmt: skip
    if inside.status != 0 or np.asarray(inside.x)[-1] > 1e-8:
        return np.empty((0, n))
    if n == 2:
        return polytopes.vertices(D, k + 1e-10, D)
    found = polytopes.vertices(D, k, np.empty((0, n)))
    return found if len(found) else _along(D, k)


def _along(D: Floats, k: Floats) -> Floats:
    """A flat set by its furthest points in each direction."""
    n = D.shape[1]
    found = (linprog(-d, A_ub=D, b_ub=k + 1e-10, bounds=[(None, None)] * n) for d in D)
    return polytopes.extreme(np.array([one.x for one in found if one.status == 0]).reshape(-1, n))


def _has_interior(points: Floats) -> bool:
    n = points.shape[1]
    if len(points) <= n:
        return False
    return int(np.linalg.matrix_rank(points[1:] - points[0], tol=1e-7)) == int(n)


def _between(D: Floats, k: Floats, corners: Floats) -> Floats:
    """At each vertex the mean of the normals that meet there, if it is new."""
    rows = []
    for v in corners:
        meet = D[np.abs(D @ v - k) <= 1e-8]
        if len(meet):
            rows.append(meet.mean(axis=0))
    return polytopes.unseen(D, np.array(rows).reshape(-1, D.shape[1]), None)


class _Scorer:
    """The linear programs of scores; payoffs scaled to [0, 1].

    Unknowns are ``z_i(y) = lambda_i x_i(y)``, so that directions near an axis are well scaled; a
    player with ``lambda_i = 0`` has only to be enforceable.
    """

    def __init__(self, game: RepeatedGame) -> None:
        self.rules, self.low, self.unit = enforcement(game)
        self.u: Floats = self.rules.u
        self.violation = 0.0
        self._enforceable: dict[tuple[int, int], bool] = {}

    def score(self, direction: Floats) -> float:
        """``k(lambda)``; minus infinity where no profile can be enforced."""
        own = self.u @ direction
        best = -np.inf
        for p in np.argsort(-own):  # transfers only lower the score
            if own[p] <= best:
                break
            best = max(best, float(own[p]) - self._loss(int(p), direction))
        return best

    def _loss(self, p: int, direction: Floats) -> float:
        """What enforcing a profile costs in a direction, from below by the program's prices."""
        part = [i for i in range(len(direction)) if abs(direction[i]) > 1e-12]
        if not all(self._alone(p, i) for i in range(len(direction)) if i not in part):
            return np.inf
        seen, Y = self.rules.seen[p], self.rules.n_signals
        mine = [j for j, i in enumerate(self.rules.who) if i in part]
        place = [part.index(int(self.rules.who[j])) for j in mine]
        side = np.array([direction[i] for i in part])
        rows = np.zeros((len(mine), Y * len(part)))
        right = np.zeros(len(mine))
        for r, (j, q) in enumerate(zip(mine, place, strict=True)):
            rows[r, q :: len(part)] = -np.sign(side[q]) * self.rules.apart[p, j]
            right[r] = -abs(side[q]) * self.rules.gain[p, j]
        total = coo_array(
            (np.ones(Y * len(part)), (np.repeat(np.arange(Y), len(part)), np.arange(Y * len(part))))
        ).toarray()
        cost = -np.repeat(seen, len(part))
        A, b = np.concatenate([rows, total]), np.append(right, np.zeros(Y))
        found = linprog(cost, A_ub=A, b_ub=b, bounds=[(None, None)] * len(cost), options=STRICT)
        if found.status == 2:
            return np.inf
        if found.status != 0:
            return 0.0  # transfers cost nothing at least: the score stays a bound
        return self._proved(found, cost, A, b)

    def _proved(self, found: Any, cost: Floats, A: Floats, b: Floats) -> float:
        """The value of the prices, which no transfers can beat; what rounding left is recorded."""
        prices = np.maximum(-found.ineqlin.marginals, 0.0)
        self.violation = max(self.violation, float(np.abs(cost + prices @ A).max()))
        return max(0.0, float(-prices @ b))

    def _alone(self, p: int, i: int) -> bool:
        """Whether some transfers keep a player from deviating, whatever they cost."""
        if (p, i) not in self._enforceable:
            mine = np.flatnonzero(self.rules.who == i)
            if len(mine) == 0 or bool(self.rules.gain[p, mine].max() <= 0):
                self._enforceable[p, i] = True
                return True
            found = linprog(
                np.zeros(self.rules.n_signals), A_ub=-self.rules.apart[p, mine],
                b_ub=-self.rules.gain[p, mine],
                bounds=[(None, None)] * self.rules.n_signals, options=STRICT,
            )  # fmt: skip
            self._enforceable[p, i] = bool(found.status == 0)
        return self._enforceable[p, i]
