"""Payoff sets of two players under noisy public signals, between two polygons."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ceasefire.solvers import _hyperplanes as planes
from ceasefire.solvers import _polytopes as polytopes
from ceasefire.solvers._kernels import directions as kernel
from ceasefire.solvers.sets import PayoffSet
from ceasefire.status import Status

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.games import RepeatedGame

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

METHOD = "outer and inner polygons of public equilibria (Abreu, Pearce and Stacchetti 1990)"
SAME_POINT = 1e-12
COARSE = 0.02  # edges may be off by this part of how much the last pass moved the set
FIRST_DIRECTIONS, FLAT_DIRECTIONS = 32, 200  # of a set without interior


class _Parts(NamedTuple):
    """What the kernel needs of a game; the axes are those of `Enforcement`."""

    u: Floats
    seen: Floats
    apart: Floats
    who: Ints
    base: Floats
    threats: bool
    delta: float


class _Pass(NamedTuple):
    """What a polygon generates: points, and directions with supports; no rows where nothing."""

    points: Floats
    directions: Floats
    supports: Floats


def polygons(game: RepeatedGame, *, tol: float, most_edges: int) -> PayoffSet:
    """Bounds of the payoff set of two players, apart by at most `tol` payoff ranges where OK.

    The outer polygon is cut by the tangents of what it generates until it stands still; what is
    generated is found edge by edge to within a small part of `tol`, so that the bound is not
    limited by a fixed list of directions. The inner polygon is what the last outer one generates,
    where that generates itself, else the same shrunk towards its middle until it does and grown
    again; where no share of it does, what grows from the stage game's equilibria, and the gap stays
    open. Thin and tiny sets are left to `hyperplanes`.
    """
    delta = game.discount
    rules, low, unit = planes.enforcement(game)
    if delta == 0.0:
        return planes.one_day(game, rules, low, unit)
    base = -(1 - delta) / delta * rules.gain
    parts = _Parts(rules.u, rules.seen, rules.apart, rules.who, base, rules.threats, delta)
    alive = np.ones(len(rules.u), dtype=np.int64)
    small = tol * (1 - delta) * 0.1
    outer, reached, steps = _shrunk(parts, alive, polytopes.extreme(rules.u), small, most_edges)
    if not len(outer):
        return planes.empty(game, steps)
    inner = hull(reached, SAME_POINT)
    proof = planes.certificate(rules, delta, inner)
    if not proof.passed:
        seed = _seed(parts, alive, inner, small, most_edges)
        thin = bool(polytopes.flattened(outer)) or np.ptp(outer, axis=0).max() <= 10 * tol
        if not len(seed) and thin:
            return planes.hyperplanes(
                game, tol=tol, directions=FIRST_DIRECTIONS, most_directions=FLAT_DIRECTIONS
            )
        if not len(seed):
            seed = planes.stage_equilibria(rules)
        inner = _grown(parts, alive, seed, small, most_edges) if len(seed) else seed
        proof = planes.certificate(rules, delta, inner)
    # no equilibrium may lie outside the outer bound: neither the inner set nor a day's equilibria
    known = np.concatenate([inner, planes.stage_equilibria(rules)])
    beyond = polytopes.outside(known, outer) if len(known) else 0.0
    gap = float(max(polytopes.distances(outer, inner)[0].max(), beyond))
    close = gap <= tol and steps < planes.ITERATIONS and proof.passed
    shown = low + unit * inner
    return PayoffSet(
        game, shown, low + unit * outer, shown, gap * float(unit.max()),
        low + unit * (inner if len(inner) else outer).min(axis=0), False, METHOD,
        Status.OK if close else Status.NOT_CONVERGED, steps, certificate=proof,
        detail={"enforceable": np.flatnonzero(alive).tolist()},
    )  # fmt: skip


def hull(points: Floats, tol: float) -> Floats:
    """Extreme points, counterclockwise from the lowest first coordinate; those off by more."""
    order = np.ascontiguousarray(points[np.lexsort((points[:, 1], points[:, 0]))])
    kept = np.empty(2 * len(order) + 2, dtype=np.int64)
    return np.asarray(order[kept[: kernel.chain(order, tol, kept)]])


def _generated(
    parts: _Parts, alive: Ints, V: Floats, outside: bool, eps: float, most: int
) -> _Pass:
    """One pass of the operator, found to within `eps`; profiles that fail drop out of `alive`."""
    X, D, s = np.empty((most + 4, 2)), np.empty((most + 4, 2)), np.empty(most + 4)
    size = kernel.generated(V, *parts, alive, outside, eps, X, D, s)
    return _Pass(X[:size], D[:size], s[:size])


def _shrunk(
    parts: _Parts, alive: Ints, V: Floats, small: float, most: int
) -> tuple[Floats, Floats, int]:
    """Apply the operator from outside until no support falls by more than `small`.

    Returns the outer polygon, the points reached in the last pass, and the number of passes; no
    points where the set is empty.
    """
    change, points = 1.0, V
    for step in range(1, planes.ITERATIONS + 1):
        made = _generated(parts, alive, V, True, max(small, COARSE * change), most)
        points = made.points
        if not len(points):
            return points, points, step
        room = np.zeros((len(V) + len(points) + 2, 2))
        room[: len(V)] = V
        size, change = kernel.cut(room, len(V), made.directions, made.supports, np.empty_like(room))
        V = hull(room[:size], 1e-13)
        if change <= small:
            break
    return V, points, step


def _seed(parts: _Parts, alive: Ints, points: Floats, eps: float, most: int) -> Floats:
    """The polygon shrunk towards its middle until it is seen to generate itself; or nothing."""
    centre = points.mean(axis=0)
    for share in planes.SHRINKS:
        trial = centre + (1 - share) * (points - centre)
        made = _generated(parts, alive.copy(), trial, False, eps * share, most).points
        if len(made) and polytopes.outside(trial, hull(made, 1e-13)) <= planes.ROUNDING:
            return hull(np.concatenate([trial, made]), SAME_POINT)
    return np.empty((0, 2))


def _grown(parts: _Parts, alive: Ints, V: Floats, small: float, most: int) -> Floats:
    """Apply the operator to a polygon that generates itself until it grows by `small` or less."""
    for _ in range(planes.INNER_STEPS):
        made = _generated(parts, alive.copy(), V, False, small, most)
        if not len(made.points):
            break
        grown = made.supports - (V @ made.directions.T).max(axis=0)
        if grown.max() <= small:
            break
        V = hull(np.concatenate([V, made.points]), SAME_POINT)
    return V
