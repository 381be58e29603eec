"""Payoff sets of two players under noisy public signals, between two polygons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.solvers import _hyperplanes as planes
from ceasefire.solvers import _polytopes as polytopes
from ceasefire.solvers._kernels import hulls
from ceasefire.solvers._polygon_operator import (
    SAME_POINT,
    Parts,
    Promises,
    generated,
    hull,
    one_day_promises,
    parts_of,
    worst_violation,
)
from ceasefire.solvers._polygon_seeds import seed
from ceasefire.solvers.sets import PayoffSet
from ceasefire.status import Status

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.games import RepeatedGame

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

METHOD = "outer and inner polygons of public equilibria (Abreu, Pearce and Stacchetti 1990)"
BURST = 15  # passes between two jumps
SHORT = 1e-9  # edges that are left out of a jump: rounding turns them
COARSE = 0.02  # edges may be off by this part of how much the last pass moved the set
FINER = (0.1, 0.01, 0.001)  # parts of the tolerance, over a pass, that count as standing still
FIRST_DIRECTIONS, FLAT_DIRECTIONS = 32, 200  # of a set without interior


def polygons(
    game: RepeatedGame, *, tol: float, most_edges: int, most_steps: int = planes.ITERATIONS
) -> PayoffSet:
    """Bounds of the payoff set of two players, apart by at most `tol` payoff ranges where OK.

    The outer polygon is cut by the tangents of what it generates until it stands still; what is
    generated is found edge by edge to within a small part of `tol`, so that the bound is not
    limited by a fixed list of directions. The inner polygon is what the last outer one generates,
    where that generates itself, else the payoffs of an automaton made of it (`seed`), grown by the
    operator. Thin and tiny sets are left to `hyperplanes`; where nothing is found to generate
    itself but the stage game's equilibria, the gap stays open.
    """
    delta = game.discount
    rules, low, unit = planes.enforcement(game)
    if delta == 0.0:
        return planes.one_day(game, rules, low, unit)
    parts = parts_of(rules, delta)
    alive = np.ones(len(rules.u), dtype=np.int64)
    outer, steps = polytopes.extreme(rules.u), 0
    for finer in FINER:  # the limit may be further away than the last pass went
        small = tol * (1 - delta) * finer
        outer, points, more = _shrunk(
            rules, parts, alive, outer, small, most_edges, most_steps - steps
        )
        steps += more
        if not len(outer):
            return planes.empty(game, steps)
        inner, proof = _inner(rules, parts, alive, hull(points, SAME_POINT), small, most_edges)
        gap = _apart(rules, outer, inner)
        solved = gap <= tol and proof.passed
        if solved or steps >= most_steps or len(inner) < 3:
            break
    if (not solved or len(inner) < 3) and _thin(outer, tol):
        return planes.hyperplanes(
            game, tol=tol, directions=FIRST_DIRECTIONS, most_directions=FLAT_DIRECTIONS,
            most_steps=max(most_steps - steps, 1),
        )  # fmt: skip
    shown = low + unit * inner
    return PayoffSet(
        game, shown, low + unit * outer, shown, gap * float(unit.max()),
        low + unit * (inner if len(inner) else outer).min(axis=0), False, METHOD,
        Status.OK if solved else Status.NOT_CONVERGED, steps, certificate=proof,
        detail={"enforceable": np.flatnonzero(alive).tolist()},
    )  # fmt: skip


def _thin(outer: Floats, tol: float) -> bool:
    """Whether a bound is of a set that may have no interior, for which polygons do not do."""
    return bool(polytopes.flattened(outer)) or bool(np.ptp(outer, axis=0).max() <= 10 * tol)


def _apart(rules: planes.Enforcement, outer: Floats, inner: Floats) -> float:
    """Distance of the bounds; and no equilibrium, found or of a day, may lie outside the outer."""
    known = np.concatenate([inner, planes.stage_equilibria(rules)])
    beyond = polytopes.outside(known, outer) if len(known) else 0.0
    return float(max(polytopes.distances(outer, inner)[0].max(), beyond))


def _inner(
    rules: planes.Enforcement, parts: Parts, alive: Ints, points: Floats, small: float, most: int
) -> tuple[Floats, planes.SelfGeneration]:
    """A polygon within the outer one that generates itself, and the proof of it."""
    start, days = seed(parts, alive, points, small), one_day_promises(parts)
    if not len(start.points) and planes.generates_itself(rules, parts.delta, points):
        return points, planes.certificate(rules, parts.delta, points)
    start = start.joined(days) if len(start.points) else days
    if not len(start.points):
        return start.points, planes.SelfGeneration(0.0, 0)
    grown = _grown(parts, alive, start, small, most)
    gap = worst_violation(parts, grown) / (1 - parts.delta)
    return grown.points, planes.SelfGeneration(gap, len(grown.points))


def _shrunk(
    rules: planes.Enforcement, parts: Parts, alive: Ints, V: Floats, small: float, most: int,
    most_steps: int,
) -> tuple[Floats, Floats, int]:  # fmt: skip
    """Apply the operator from outside until no support falls by more than `small`.

    Passes converge at the rate delta. Every few of them the polygon's own edges are kept as
    directions, and its supports lowered to their limit (`hyperplanes`, by prices), so that what is
    left for passes is how the boundary bends between them. Returns the outer polygon, the points
    reached in the last pass, and the number of passes; no points where the set is empty.
    """
    steps = 0
    while True:
        V, points, more, still = _passes(
            parts, alive, V, small, most, max(min(BURST, most_steps - steps), 1)
        )
        steps += more
        if still or not len(points) or steps >= most_steps:
            return V, points, steps
        V, more = _jumped(rules, parts.delta, V, small, most_steps - steps)
        steps += more


def _passes(
    parts: Parts, alive: Ints, V: Floats, small: float, most: int, count: int
) -> tuple[Floats, Floats, int, bool]:
    """Some passes; the polygon, the points reached last, how many, and whether it stands still."""
    change, points = 1.0, V
    for step in range(1, count + 1):
        eps = max(small, COARSE * change)
        last = generated(parts, alive, V, True, eps, most)
        points = last.made.points
        if not len(points):
            return points, points, step, True
        room = np.zeros((len(V) + len(points) + 2, 2))
        room[: len(V)] = V
        size, change = hulls.cut(room, len(V), last.directions, last.supports, np.empty_like(room))
        V = hull(room[:size], 1e-13)
        if change <= small and eps <= small:  # a coarse pass may see no change where there is
            return V, points, step, True
    return V, points, count, False


def _jumped(
    rules: planes.Enforcement, delta: float, V: Floats, small: float, most_steps: int
) -> tuple[Floats, int]:
    """The polygon with each edge moved in as far as it goes, and the number of passes taken."""
    edges = np.roll(V, -1, axis=0) - V
    edges = edges[np.linalg.norm(edges, axis=1) > SHORT]
    box = np.repeat(np.eye(2), 2, axis=0)
    box[1::2] *= -1
    across = np.stack([edges[:, 1], -edges[:, 0]], axis=1)
    D = np.concatenate([box, polytopes.unseen(box, across, None)])
    found = planes.settled(rules, delta, D, (V @ D.T).max(axis=0), small, most_steps)
    if not found.alive.any():  # the next pass finds that nothing is left
        return V, found.iterations
    return hull(polytopes.vertices(D, found.h, found.points), 1e-13), found.iterations


def _grown(parts: Parts, alive: Ints, own: Promises, small: float, most: int) -> Promises:
    """Apply the operator to a polygon that generates itself until it grows by `small` or less.

    What a polygon generates, a larger one does: promises of earlier passes hold.
    """
    for _ in range(planes.INNER_STEPS):
        found = generated(parts, alive.copy(), own.points, False, small, most)
        made = found.made.at(found.made.profiles >= 0)
        if not len(made.points):
            break
        grown = found.supports - (own.points @ found.directions.T).max(axis=0)
        if grown.max() <= small:
            break
        own = own.joined(made)
    return own
