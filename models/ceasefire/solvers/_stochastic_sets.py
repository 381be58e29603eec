"""Payoff sets of stochastic games: which algorithm, its bounds, and their certificate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.errors import ArgumentError, SolveError
from ceasefire.solvers._flat_states import FlatStates, flatten
from ceasefire.solvers._plain_sets import covers, iterate, misses, turns_needed
from ceasefire.solvers._sharpen import METHOD, ROUNDING, Sharpened, sharpen
from ceasefire.solvers._stochastic_transfers import EPSILON, leading_to, with_transfers
from ceasefire.solvers.sets import PayoffSet
from ceasefire.status import Status
from ceasefire.tolerances import PAYOFF_SET_GAP, PAYOFF_TIE, STATE_GENERATION

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.games.stochastic import StochasticGame

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

CUTS = "the pencil's sets cut off what iterates from outside keep"
GROWN = 1e-11  # bounds only shrink: a turn that grows by more has met a fault of rounding


@dataclass(frozen=True, eq=False)
class StateGeneration:
    """How far sets of payoffs are from generating themselves, in units of the payoff ranges.

    Every extreme point x of every state's set is decomposed into a day's payoff of the profile
    played and a continuation, ``x = (1 - delta) u(s, a) + delta w``.

    Attributes
    ----------
    promise : float
        The furthest that ``delta w`` lies outside ``delta sum_s' p(s' | s, a) W(s')``.
    incentive : float
        The most that any player gains by one deviation, after which the new state's worst
        payoff for it follows.
    points : int
        How many extreme points were checked.
    """

    promise: float
    incentive: float
    points: int

    @property
    def miss(self) -> float:
        """The larger of the two."""
        return max(self.promise, self.incentive)


def state_payoff_set(
    game: StochasticGame,
    *,
    transfers: bool = False,
    public_randomisation: bool = True,
    exact: bool = False,
    tol: float = PAYOFF_SET_GAP,
    max_iterations: int = 20_000,
    throw: bool = True,
) -> PayoffSet:
    """Return the payoffs of all pure subgame-perfect equilibria, of play from every state on.

    The largest sets with, for every state s,

    ``W(s) = co U_a {(1 - delta) u(s, a) + delta w : w in sum_s' p(s' | s, a) W(s'), no player
    gains by one deviation after which its worst payoff in W(s') follows}``.

    Options are those of `ceasefire.solvers.payoff_set`.

    Raises
    ------
    ArgumentError
        Players who discount apart; three players and more without transfers; `exact`.
    SolveError
        The gap stays above `tol`, and `throw`; the bounds reached are attached.

    Notes
    -----
    Two players without transfers: a pencil of one payoff pair a state turns once around all sets
    per iteration; a turn costs about n_vertices * n_profiles, profiles that differ in nothing but
    in what deters less counted once. The bounds close by a factor of about delta a turn or better;
    where turns keep one structure their limit is extrapolated, and taken if it repeats itself and
    turns from sets between it and the bound draw onto it at each of ``detail["scales"]`` scales.
    With transfers: policy iteration, any number of players.

    Rounding can lead the pencil astray where edges are nearly parallel. Games of up to 8 states and
    400 profiles are therefore checked by plain iteration of the operator from outside, where delta
    is below .977 or so: its iterates, polygons, contain the sets, and must come to lie within 1e-6
    payoff ranges of the pencil's (``detail["checked"]``); they take log(1e-6) / log(delta) turns of
    some n_profiles * n_vertices, well below a second in games of a few states, and the check gives
    up after a second or so, as it does in the largest of these games where delta is above .6 or so.
    Where it fails, or a turn of the pencil does not end, its bounds grow, or its sets do not
    generate themselves, plain iteration solves the game (``method``, and
    ``detail["pencil_left"]``): log(tol (1 - delta)) / log(delta) turns, so that max_iterations
    covers delta up to .998.

    A state from which play can reach one without equilibrium has none itself.

    References
    ----------
    Abreu, Brooks and Sannikov (2020), "Algorithms for stochastic games with perfect monitoring",
    Econometrica 88:1661-1695. Goldluecke and Kranz (2018), "Discounted stochastic games with
    voluntary transfers", Economic Theory 66:235-263.

    Examples
    --------
    A pause that either side may end for good pays (2, 2) a day while both stay.

    >>> from ceasefire.games import StochasticGame
    >>> stay = [[2, -1], [3, 0]]
    >>> law = [[[1, 0], [0, 1]], [[0, 1], [0, 1]]]
    >>> tables = [[stay, np.transpose(stay)], np.zeros((2, 1, 1))]
    >>> game = StochasticGame(tables, [law, [[[0, 1]]]], 0.6, states=["pause", "war"])
    >>> state_payoff_set(game).points(0).round(9).tolist()
    [[0.0, 0.0], [2.0, 2.0]]
    """
    if not 0 < tol < 1:
        raise ArgumentError("tol", tol, "a number between 0 and 1, in payoff ranges")
    if exact:
        raise ArgumentError("exact", True, "False", "sets of stochastic games are in floats")
    if not public_randomisation:
        raise ArgumentError("public_randomisation", False, "True")
    if not game.has_common_discount:
        shown = ", ".join(f"{d:.10g}" for d in game.discounts)
        hint = "players who discount apart trade over time: no algorithm here covers that"
        raise ArgumentError("game.discount", shown, "one discount factor for all players", hint)
    if not transfers and game.n_players != 2:
        hint = "transfers=True covers any number of players, and a RepeatedGame three and more"
        raise ArgumentError("game", f"{game.n_players} players", "two players", hint)
    result = with_transfers(game, tol) if transfers else _without(game, tol, max_iterations)
    if throw and not result.status.solved:
        message = f"payoff set: the bounds are {result.gap:.3g} utils apart, more than tol allows"
        hint = "raise max_iterations, or tol where the discount factor is within 1e-4 of 1"
        raise SolveError(
            f"{message}; {hint}: rounding counts 1 / (1 - delta) times", reached=result
        )
    return result


def _without(game: StochasticGame, tol: float, limit: int) -> PayoffSet:
    whole = flatten(game, one_unit=False)
    states, flat = np.arange(game.n_states), whole
    target = (1 - flat.delta) * min(tol, STATE_GENERATION)
    while True:
        found = _solved(flat, target, limit)
        if not found.dead.any():
            break
        states = states[~leading_to(flat, found.dead)]
        if not len(states):
            return _described(game, whole, states, None, None, tol)
        flat = whole.kept(states)
    return _described(game, flat, states, found, certified(flat, found), tol)


def _solved(flat: FlatStates, target: float, limit: int) -> Sharpened:
    """By the pencil; by plain iteration where rounding is seen to lead the pencil astray."""
    slow = turns_needed(flat.delta, target) > limit  # plain iteration has no chance
    try:
        found = sharpen(flat, target, limit)
    except SolveError:
        if slow:
            raise
        return iterate(flat, target, limit, "a turn of the pencil does not end")
    missed = misses(flat, found)
    if slow or found.dead.any():
        why = "the pencil finds no profile to play" if missed and not slow else ""
    elif found.grown > GROWN:
        why = "the pencil's bounds grew"
    elif found.moved <= target and certified(flat, found).miss > _allowed(flat):
        why = "the pencil's sets do not generate themselves"
    else:
        why = CUTS if missed else ""
    if not why:
        return replace(found, checked=missed is False)
    plain = iterate(flat, target, limit, why)
    late = why == CUTS and covers(found, plain)  # iterates crept on, and into the sets after all
    return replace(found, checked=True) if late else plain


def _allowed(flat: FlatStates) -> float:
    return max(2 * ROUNDING, (1 - flat.delta) * STATE_GENERATION)


def certified(flat: FlatStates, found: Sharpened) -> StateGeneration:
    """Recompute what the last turn's sets generate, from payoffs, laws and extreme points alone."""
    tuples, rows, d = found.last.tuples, found.last.rows, flat.delta
    threat = tuples.min(axis=0)
    normals = _edge_normals(tuples)
    support = np.stack([(tuples[:, s] @ normals.T).max(axis=0) for s in range(flat.n_states)])
    promise = incentive = 0.0
    for s in range(flat.n_states):
        points, first = np.unique(tuples[:, s], axis=0, return_index=True)
        played = rows[first, s]
        today = (1 - d) * flat.payoffs[:, played].T
        bound = today @ normals.T + d * (flat.law[played] @ support)
        promise = max(promise, float((points @ normals.T - bound).max()))
        for i in range(2):
            lured = _deviations(flat, s, i, threat[:, i])[played - flat.start[s]]
            incentive = max(incentive, float((lured - points[:, i]).max()))
    return StateGeneration(promise, incentive, len(np.unique(tuples.reshape(-1, 2), axis=0)))


def _edge_normals(tuples: Floats) -> Floats:
    """Outward unit normals of every edge of every state's polygon, and the axes."""
    edges = (np.roll(tuples, -1, axis=0) - tuples).reshape(-1, 2)
    size = np.hypot(edges[:, 0], edges[:, 1])
    edges = edges[size > ROUNDING] / size[size > ROUNDING, None]
    normals = np.column_stack([edges[:, 1], -edges[:, 0]])
    axes = np.array([[1.0, 0], [0, 1.0], [-1.0, 0], [0, -1.0]])
    return np.unique(np.vstack([normals, -normals, axes]).round(12), axis=0)


def _deviations(flat: FlatStates, s: int, player: int, threat: Floats) -> Floats:
    """What the best deviation of a player gives from every profile of a state."""
    rows = slice(int(flat.start[s]), int(flat.start[s + 1]))
    member = flat.others[player][2][rows]
    value = (1 - flat.delta) * flat.payoffs[player, rows] + flat.delta * (flat.law[rows] @ threat)
    best = {g: max(value[member == g]) for g in np.unique(member)}
    return np.array([best[g] for g in member])


def _described(
    game: StochasticGame, flat: FlatStates, states: Ints, found: Sharpened | None,
    checked: StateGeneration | None, tol: float,
) -> PayoffSet:  # fmt: skip
    """Back to utils, a state without equilibria without points."""
    none = np.empty((0, 2))
    shown, inner, outer = ([none] * game.n_states for _ in range(3))
    threat, gap, exact = np.full((game.n_states, 2), np.nan), 0.0, True
    status = Status.OK
    detail: dict[str, object] = {"no_equilibrium": sorted(set(range(game.n_states)) - set(states))}
    if found is not None and checked is not None:
        for at, s in enumerate(states):
            last = extreme(found.last.tuples[:, at], ROUNDING)
            inner[s] = flat.low + flat.unit * last
            shown[s] = flat.low + flat.unit * extreme(last, PAYOFF_TIE)
            outer[s] = flat.low + flat.unit * extreme(found.before.tuples[:, at], ROUNDING)
            threat[s] = inner[s].min(axis=0)
        relative = max(found.moved, EPSILON) / (1 - flat.delta)
        held = checked.miss <= _allowed(flat)
        held &= found.grown <= GROWN  # else a turn may have cut off what is in the set
        status = Status.OK if held and relative <= tol else Status.NOT_CONVERGED
        exact = status is Status.OK and not found.moved > 0
        gap = 0.0 if exact else float(flat.unit.max()) * relative
        detail |= {"scales": found.scales, "grown": found.grown, "checked": found.checked}
        detail |= {"pencil_left": found.pencil_left} if found.pencil_left else {}
        detail["rows"] = tuple(np.unique(found.last.rows[:, k]) for k in range(len(states)))
    return PayoffSet(
        game=game, vertices=tuple(shown), outer=tuple(outer), inner=tuple(inner), gap=gap,
        threat=threat, exact=exact, method=METHOD if found is None else found.method, status=status,
        iterations=0 if found is None else found.turns, certificate=checked, detail=detail,
    )  # fmt: skip


def extreme(points: Floats, tolerance: float) -> Floats:
    """Extreme points of a convex polygon in order, but for those within `tolerance` of a chord."""
    first = int(np.lexsort((points[:, 1], points[:, 0]))[0])
    kept: list[Floats] = []
    for q in np.vstack([np.roll(points, -first, axis=0), points[first]]):
        while len(kept) > 1 and _off(kept[-2], kept[-1], q) <= tolerance:
            kept.pop()
        if not kept or np.abs(q - kept[-1]).max() > tolerance:
            kept.append(q)
    closed = len(kept) > 1 and np.abs(kept[-1] - kept[0]).max() <= tolerance
    return np.array(kept[:-1] if closed else kept)


def _off(a: Floats, b: Floats, c: Floats) -> float:
    """Distance of b from the segment a to c."""
    way = c - a
    size = float(way @ way)
    t = min(1.0, max(0.0, float((b - a) @ way) / size)) if size > 0 else 0.0
    return float(np.hypot(*(b - a - t * way)))
