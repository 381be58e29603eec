"""Polygons that generate themselves: the payoffs of an automaton with a state for every vertex."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.solvers._polygon_operator import (
    SAME_POINT,
    Parts,
    Promises,
    corners,
    furthest,
    hull,
    least_slack,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

MARGINS = (0.01, 0.1, 1.0, 10.0)  # incentives are tightened by these parts of `small`
WIDE_MARGINS = (100.0, 10.0)  # what they leave out grows again
LEAPS, WALK, LOOK = 80, 64, 4  # steps of one margin; of how many the automaton is valued
PATIENCE, PROGRESS = 12, 0.7  # steps after which the worst incentive must be this much nearer
FALLEN = 0.7  # a polygon of less than this part of the area has fallen in
MERGED = 1e-11  # vertices nearer than this are one state's


def seed(parts: Parts, alive: Ints, points: Floats, small: float) -> Promises:
    r"""A polygon near the hull of `points` that generates itself; no rows where none was found.

    At each vertex v the operator gives a profile a and promises w(y) within the polygon, each a
    lottery m_y over vertices. Read as an automaton, whose states are the vertices, that has exact
    payoffs

    .. math::
        V = (1 - \delta) (I - \delta M)^{-1} u(a), \quad
        M_{vk} = \sum_y \rho(y \mid a_v) m_{vyk},

    and the hull of V generates itself wherever no player gains by a deviation. The operator's
    incentives are tightened a little, so that the difference between V and the polygon does no
    harm once it is small. The next polygon is the hull of V (policy iteration: Howard 1960);
    where that falls in, what the polygon generates, under incentives tightened by more.
    """
    whole = hull(points, MERGED)
    polygon = whole
    for margin in MARGINS:
        if len(polygon) < 3 or _area(polygon) < FALLEN * _area(whole):
            break
        made, found = _leaping(parts, alive, polygon, margin * small)
        if found and _area(hull(made.points, MERGED)) >= FALLEN * _area(whole):
            return made
        polygon = hull(made.points, MERGED) if len(made.points) else made.points
    for margin in WIDE_MARGINS if len(whole) > 2 else ():
        made, found = _walking(parts, alive, whole, margin * small)
        if found:
            return made
    return Promises(np.empty((0, 2)), np.empty(0, dtype=np.int64), np.empty((0, 0, 2)))


def _leaping(parts: Parts, alive: Ints, polygon: Floats, margin: float) -> tuple[Promises, bool]:
    """Automata in turn, each of the last one's payoffs, until nobody gains by a deviation."""
    tight = parts._replace(base=parts.base - margin)
    D, best, since = _outward(polygon), -np.inf, 0
    for _ in range(LEAPS):
        made = furthest(tight, alive, polygon, D)
        valued = _valued(parts, made.made)
        if len(valued.points) < 3:
            return valued, False
        slack = least_slack(parts, valued)
        if slack >= 0:
            return valued.at(corners(valued.points, SAME_POINT)), True
        if slack > best * PROGRESS:
            best, since = slack, 0
        since += 1
        if since > PATIENCE:
            break
        D, polygon = made.directions, hull(valued.points, MERGED)
        if len(polygon) < 3:
            break
    return valued, False


def _walking(parts: Parts, alive: Ints, polygon: Floats, margin: float) -> tuple[Promises, bool]:
    """What a polygon generates, again and again; now and then the automaton that this makes."""
    tight = parts._replace(base=parts.base - margin)
    D = _outward(polygon)
    for step in range(WALK):
        made = furthest(tight, alive, polygon, D)
        if step % LOOK == LOOK - 1:
            valued = _valued(parts, made.made)
            if len(valued.points) < 3:
                break
            if least_slack(parts, valued) >= 0:
                return valued.at(corners(valued.points, SAME_POINT)), True
        D, polygon = made.directions, hull(made.made.points, MERGED)
        if len(polygon) < 3:
            break
    return made.made, False


def _area(polygon: Floats) -> float:
    """Of a polygon in counterclockwise order."""
    ahead = np.roll(polygon, -1, axis=0)
    return float((polygon[:, 0] * ahead[:, 1] - polygon[:, 1] * ahead[:, 0]).sum()) / 2


def _outward(polygon: Floats) -> Floats:
    """At each vertex the direction midway between the normals of its edges."""
    edges = np.roll(polygon, -1, axis=0) - polygon
    edges /= np.linalg.norm(edges, axis=1, keepdims=True)
    normals = np.stack([edges[:, 1], -edges[:, 0]], axis=1)
    middle = normals + np.roll(normals, 1, axis=0)
    return np.asarray(middle / np.linalg.norm(middle, axis=1, keepdims=True))


def _valued(parts: Parts, made: Promises) -> Promises:
    """The automaton's payoffs, and what they promise; too few rows where it has no interior."""
    states = corners(made.points, MERGED) if len(made.points) else made.profiles
    if len(states) < 3:
        return made.at(states)
    m, Y = made.after.shape[:2]
    weights = lotteries(made.points[states], made.after.reshape(-1, 2)).reshape(m, Y, -1)
    chances = np.zeros((m, m))
    chances[:, states] = np.einsum("my,myk->mk", parts.seen[made.profiles], weights)
    today = (1 - parts.delta) * parts.u[made.profiles]
    values: Floats = np.asarray(
        np.linalg.solve(np.eye(m) - parts.delta * chances, today), dtype=float
    )
    return Promises(values, made.profiles, weights @ values[states])


def lotteries(polygon: Floats, targets: Floats) -> Floats:
    """Weights (k, m) of a polygon's vertices whose means are `targets` (k, 2), or near those.

    Barycentric coordinates in the triangle, of those that the first vertex spans with each edge,
    that holds the target or misses it by the least; weights below zero become zero.
    """
    first, right, left = polygon[0], polygon[1:-1] - polygon[0], polygon[2:] - polygon[0]
    area = right[:, 0] * left[:, 1] - right[:, 1] * left[:, 0]
    ahead = targets - first
    with np.errstate(all="ignore"):  # triangles without area have no coordinates
        one = (ahead[:, :1] * left[:, 1] - ahead[:, 1:] * left[:, 0]) / area
        two = (right[:, 0] * ahead[:, 1:] - right[:, 1] * ahead[:, :1]) / area
        least = np.minimum(np.minimum(one, two), 1 - one - two)
    least = np.where(np.isfinite(least), least, -np.inf)
    chosen, row = least.argmax(axis=1), np.arange(len(targets))
    weights = np.zeros((len(targets), len(polygon)))
    weights[row, chosen + 1], weights[row, chosen + 2] = one[row, chosen], two[row, chosen]
    weights[:, 0] = 1 - one[row, chosen] - two[row, chosen]
    weights = np.maximum(weights, 0.0)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
