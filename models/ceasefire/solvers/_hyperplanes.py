"""Payoff sets between two polytopes: outer and inner approximation by hyperplanes, n players."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ceasefire.solvers import _polytopes as polytopes
from ceasefire.solvers._kernels import directions as kernel
from ceasefire.solvers.sets import PayoffSet
from ceasefire.status import Status
from ceasefire.tolerances import GENERATION_GAP

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.games import RepeatedGame

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

METHOD = (
    "outer and inner hyperplanes (Judd, Yeltekin and Conklin 2003), directions added where apart"
)
ONE_DAY = "pure equilibria of the stage game: the future counts for nothing"
ITERATIONS = 20_000
INNER_STEPS = 3_000
ROUNDS = 24  # of adding directions
EPSILON = 1e-14  # rounding of a point that a program generates, payoff ranges
ROUNDING = 1e-11  # of one pass of the operator, payoff ranges
SHRINKS = (1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 0.3)


class Enforcement(NamedTuple):
    """Which continuation payoffs enforce each profile, payoffs scaled to [0, 1].

    `u` (P, n): stage payoffs. `seen` (P, Y): chance of each signal; Y = 1 where actions are seen.
    `apart` (P, J, Y) and `who` (J,), `gain` (P, J): the incentive constraint j of player
    ``who[j]`` is ``delta sum_y apart[p, j, y] w_i(y) >= (1 - delta) gain[p, j] + delta threat_i``,
    the threat being the set's own lowest payoff where actions are seen, and 0 else.
    """

    u: Floats
    seen: Floats
    apart: Floats
    who: Ints
    gain: Floats
    threats: bool

    @property
    def n_players(self) -> int:
        return int(self.u.shape[1])

    @property
    def n_signals(self) -> int:
        return int(self.seen.shape[1])


def enforcement(game: RepeatedGame) -> tuple[Enforcement, Floats, Floats]:
    """The constraints, and (low, unit) of each player: utils are ``low + unit * scaled``."""
    stage = game.stage
    n, flat = stage.n_players, stage.payoffs.reshape(stage.n_players, -1)
    low = flat.min(axis=1)
    unit = np.where(stage.payoff_range > 0, stage.payoff_range, 1.0)
    table = (stage.payoffs - low.reshape(-1, *[1] * n)) / unit.reshape(-1, *[1] * n)
    P = flat.shape[1]
    u = table.reshape(n, -1).T.copy()
    if game.monitoring is None:
        best = [np.broadcast_to(table[i].max(axis=i, keepdims=True), stage.shape) for i in range(n)]
        gain = np.stack([b.reshape(-1) for b in best], axis=1) - u
        apart = np.ones((P, n, 1))
        return Enforcement(u, np.ones((P, 1)), apart, np.arange(n), gain, True), low, unit
    law = game.monitoring.probability
    who, gains, parts = [], [], []
    for i, count in enumerate(stage.shape):
        for turn in range(1, count):  # every other action, as a rotation of the player's own
            other = np.roll(table[i], -turn, axis=i)
            gains.append((other - table[i]).reshape(-1))
            parts.append((law - np.roll(law, -turn, axis=i)).reshape(P, -1))
            who.append(i)
    seen = law.reshape(P, -1).copy()
    J, Y = len(who), seen.shape[1]
    gain = np.stack(gains, axis=1) if J else np.zeros((P, 0))
    apart = np.stack(parts, axis=1) if J else np.zeros((P, 0, Y))
    return Enforcement(u, seen, apart, np.array(who, dtype=np.int64), gain, False), low, unit


def hyperplanes(
    game: RepeatedGame,
    *,
    tol: float,
    directions: int,
    most_directions: int,
    most_steps: int = ITERATIONS,
) -> PayoffSet:
    """Bounds of the payoff set, apart by at most `tol` payoff ranges where the status is OK.

    The outer bound is a polytope with a facet a direction; each pass of the operator lowers its
    support function, one linear program a direction and profile that can still matter. Directions
    are added where the outer bound's vertices are far from what the set generates. What the
    converged outer set generates is the inner set, once it is seen to generate itself.
    """
    delta = game.discount
    rules, low, unit = enforcement(game)
    if delta == 0.0:
        return one_day(game, rules, low, unit)
    D = polytopes.directions(rules.n_players, directions, rules.u)
    h = (D @ rules.u.T).max(axis=1)
    steps, finer, rounds = 0, 1.0, 0
    while True:
        still = tol * (1 - delta) * 0.05 * finer
        found = settled(rules, delta, D, h, still, most_steps - steps)
        steps, rounds = steps + found.iterations, rounds + 1
        if not found.alive.any():
            return empty(game, steps)
        outer, points = (
            polytopes.vertices(D, found.h, found.points),
            polytopes.extreme(found.points),
        )
        far, away = polytopes.distances(outer, points)
        last = len(D) >= most_directions or rounds == ROUNDS or steps >= most_steps
        if far.max() <= tol or last:
            # nearer its limit the set generates itself better
            still = max(tol * finer * 1e-5, 1e-13) * (1 - delta)
            found = settled(rules, delta, D, found.h, still, most_steps - steps)
            steps += found.iterations
            outer = polytopes.vertices(D, found.h, found.points)
            points = polytopes.extreme(found.points)
            inner, proof = _inner(rules, delta, D, found, points, tol, last)
            apart, beyond = polytopes.distances(outer, inner)
            if last or apart.max() <= tol or steps >= most_steps:
                break
            far, away, finer = apart, np.concatenate([beyond, away]), finer / 10
        fresh = _fresh(D, outer, points, away[np.argsort(-far)], tol * finer)
        D = np.concatenate([D, fresh[: most_directions - len(D)]])
        h = np.concatenate([found.h, (outer @ D[len(found.h) :].T).max(axis=0)])
    # no equilibrium may lie outside the outer bound: neither the inner set nor a day's equilibria
    known = np.concatenate([inner, stage_equilibria(rules)])
    gap = max(float(apart.max()), float((known @ D.T - found.h).max(initial=0.0)))
    close = gap <= tol and proof.passed
    shown = low + unit * inner
    threat = low + unit * (inner if len(inner) else outer).min(axis=0)
    detail = {"directions": len(D), "enforceable": np.flatnonzero(found.alive).tolist()}
    return PayoffSet(
        game, shown, low + unit * outer, shown, gap * float(unit.max()), threat, False, METHOD,
        Status.OK if close else Status.NOT_CONVERGED, steps, certificate=proof, detail=detail,
    )  # fmt: skip


def _fresh(D: Floats, outer: Floats, inner: Floats, away: Floats, tol: float) -> Floats:
    """Directions in which the bounds are furthest apart, those of the inner set's facets first."""
    flats = polytopes.facets(inner)
    loose = (outer @ flats.T).max(axis=0) - (inner @ flats.T).max(axis=0)
    flats = flats[np.argsort(-loose)][np.sort(-loose) < -tol / 4]
    return polytopes.unseen(D, np.concatenate([flats, away]), max(4, len(D) // 2))


@dataclass(frozen=True, eq=False)
class Settled:
    h: Floats
    alive: NDArray[np.bool_]
    by: Ints
    points: Floats  # (L, n): the payoff reached in each direction
    bound: Floats
    iterations: int


class _Programs(NamedTuple):
    """The linear programs over continuation payoffs ``w(y)``, one a profile and direction."""

    A: Floats  # (P, R, Y n)
    base: Floats  # (P, R)
    refer: Ints  # (R,): which support is added to the right side
    own: Floats  # (P, L)
    C: Floats  # (P, L, Y n)
    axes: Ints  # (Y n, 2): the rows that bound each unknown from above and below


def _programs(rules: Enforcement, delta: float, D: Floats, facets: Floats) -> _Programs:
    """Continuation payoffs below `facets` (F, n), which open with those of the box."""
    P, n = rules.u.shape
    L, F, Y, J = len(D), len(facets), rules.n_signals, len(rules.who)
    A = np.zeros((P, Y * F + J, n * Y))
    base = np.zeros((P, Y * F + J))
    refer = np.full(Y * F + J, -1, dtype=np.int64)
    C = np.zeros((P, L, n * Y))
    for y in range(Y):
        A[:, y * F : (y + 1) * F, y * n : (y + 1) * n] = facets
        refer[y * F : (y + 1) * F] = np.arange(F)
        C[:, :, y * n : (y + 1) * n] = rules.seen[:, y, None, None] * D
    for j, i in enumerate(rules.who):
        A[:, Y * F + j, i::n] = -rules.apart[:, j]
        base[:, Y * F + j] = -(1 - delta) / delta * rules.gain[:, j]
        if rules.threats:
            refer[Y * F + j] = 2 * i + 1  # the direction -e_i: minus the lowest payoff
    axes = np.array([[y * F + 2 * i, y * F + 2 * i + 1] for y in range(Y) for i in range(n)])
    return _Programs(A, base, refer, (1 - delta) * rules.u @ D.T, C, axes)


def _payoffs(rules: Enforcement, delta: float, by: Ints, where: Floats) -> Floats:
    """Payoffs (L, n) of profiles `by` with continuation payoffs `where` (L, Y n)."""
    ahead = where.reshape(len(by), rules.n_signals, rules.n_players)
    promised = np.einsum("ly,lyn->ln", rules.seen[by], ahead)
    return np.asarray((1 - delta) * rules.u[by] + delta * promised)


def settled(
    rules: Enforcement, delta: float, D: Floats, start: Floats, tol: float, most: int
) -> Settled:
    """The polytope ``{v : D v <= start}`` shrunk until no support falls by more than `tol`."""
    lp = _programs(rules, delta, D, D)
    h = start.copy()
    steps, alive, by, where, bound = kernel.shrink(
        lp.A, lp.base, lp.refer, lp.own, lp.C, delta, lp.axes, h, tol, max(most, 1)
    )
    points = _payoffs(rules, delta, by, where) if alive.any() else np.zeros(D.shape)
    return Settled(h, alive.astype(bool), by, points, bound, int(steps))


def _inner(
    rules: Enforcement,
    delta: float,
    D: Floats,
    found: Settled,
    points: Floats,
    tol: float,
    last: bool,
) -> tuple[Floats, SelfGeneration]:
    """A set within the outer bound that generates itself, and the proof.

    What the outer bound generates, where that does; else the same, flattened where it is thin
    and shrunk towards its middle until it does, and then grown again; else what grows from the
    equilibria of the stage game. What takes a general program a direction, flat sets, is left to
    the `last` round: until then a finer outer bound is the cheaper way.
    """
    if generates_itself(rules, delta, points):
        return points, certificate(rules, delta, points)
    seed = stage_equilibria(rules)
    bases = [points, *polytopes.flattened(points)]
    for base in bases if last else [b for b in bases if len(polytopes.faces(b)[0])]:
        trials = (base.mean(axis=0) + (1 - share) * (base - base.mean(axis=0)) for share in SHRINKS)
        for trial in trials:
            made = _generated(rules, delta, D, found, trial)
            if len(made) and polytopes.distances(trial, made)[0].max() <= ROUNDING * (1 - delta):
                seed = polytopes.extreme(np.concatenate([trial, made]))
                grown = _grown(rules, delta, D, found, seed, tol)
                return grown, certificate(rules, delta, grown)
    grown = _grown(rules, delta, D, found, seed, tol) if last and len(seed) else seed
    return grown, certificate(rules, delta, grown)


def _grown(
    rules: Enforcement, delta: float, D: Floats, found: Settled, own: Floats, tol: float
) -> Floats:
    """Apply the operator to a set that generates itself until it stops growing."""
    for _ in range(INNER_STEPS):
        made = _generated(rules, delta, D, found, own)
        grown = float(((made @ D.T).max(axis=0) - (own @ D.T).max(axis=0)).max(initial=0.0))
        if not len(made) or grown <= tol * (1 - delta) * 0.1:
            break
        own = polytopes.extreme(np.concatenate([own, made]))
    return own


def _generated(
    rules: Enforcement, delta: float, D: Floats, found: Settled, points: Floats
) -> Floats:
    """Payoffs that the hull of `points` generates, furthest out in each direction, (m, n)."""
    n = rules.n_players
    normals, right = polytopes.faces(points)
    if not len(normals):
        return _generated_flat(rules, delta, D, found, points)
    box = np.repeat(np.eye(n), 2, axis=0)
    box[1::2] *= -1
    normals = np.concatenate([box, normals])
    h = np.concatenate([(points @ box.T).max(axis=0), right])
    lp = _programs(rules, delta, D, normals)
    sides = lp.base + np.where(lp.refer >= 0, h[lp.refer], 0.0)
    bound = np.where(found.alive[:, None], found.bound, -np.inf) + 1e-12
    by, where = kernel.reach(lp.A, sides, lp.own, lp.C, delta, lp.axes, bound)
    return _payoffs(rules, delta, by[by >= 0], where[by >= 0])


def _generated_flat(
    rules: Enforcement, delta: float, D: Floats, found: Settled, points: Floats
) -> Floats:
    """The same where the hull has no interior: by its points instead of its facets."""
    programs = {
        p: polytopes.Generator(rules, int(p), delta, points) for p in np.flatnonzero(found.alive)
    }
    result = []
    for d, direction in enumerate(D):
        best, value = None, -np.inf
        for p in sorted(programs, key=lambda q: -found.bound[q, d]):
            if found.bound[p, d] <= value + 1e-12:
                break
            made = programs[p].furthest(direction)
            if made is not None and float(made @ direction) > value:
                best, value = made, float(made @ direction)
        if best is not None:
            result.append(best)
    return np.array(result).reshape(-1, rules.n_players)


def stage_equilibria(rules: Enforcement) -> Floats:
    """Payoffs of the pure equilibria of the stage game."""
    return polytopes.extreme(rules.u[np.all(rules.gain <= 1e-12, axis=1)])


@dataclass(frozen=True)
class SelfGeneration:
    """How well the inner set generates itself, by linear programs apart from the solver's.

    `largest_gap` is the largest distance of an extreme point from what the set generates, over
    ``1 - delta``, in payoff ranges: by so much can the payoff of a strategy profile that follows
    the promises differ from what is promised, and by about so much can a player gain. 0 to
    rounding proves that every point is an equilibrium payoff.
    """

    largest_gap: float
    points: int

    @property
    def passed(self) -> bool:
        """Whether the gap is within the tolerance."""
        return self.largest_gap <= GENERATION_GAP


def certificate(rules: Enforcement, delta: float, points: Floats) -> SelfGeneration:
    """Each extreme point as a mixture of generated payoffs: one program a point.

    Floats cannot tell gaps below their rounding, which counts as one: over 1 - delta it is large
    next to discount factor 1.
    """
    gaps = [polytopes.generation_gap(rules, delta, points, v) / (1 - delta) for v in points]
    least = EPSILON / (1 - delta)
    return SelfGeneration(max(gaps, default=0.0) + (least if least > ROUNDING else 0), len(points))


def generates_itself(rules: Enforcement, delta: float, points: Floats) -> bool:
    """Whether the certificate of these points passes; at the first that fails it does not."""
    most = GENERATION_GAP * (1 - delta)
    return all(polytopes.generation_gap(rules, delta, points, v) <= most for v in points)


def one_day(game: RepeatedGame, rules: Enforcement, low: Floats, unit: Floats) -> PayoffSet:
    """Discount factor 0: the hull of the stage game's pure equilibria."""
    points = stage_equilibria(rules)
    if not len(points):
        return empty(game, 0)
    shown = low + unit * points
    return PayoffSet(game, shown, shown, shown, 0.0, shown.min(axis=0), True, ONE_DAY)


def empty(game: RepeatedGame, steps: int) -> PayoffSet:
    none = np.empty((0, game.n_players))
    return PayoffSet(game, none, none, none, 0.0, np.full(game.n_players, np.nan), True, METHOD,
                     iterations=steps)  # fmt: skip
