"""Polytopes of payoffs: directions, vertices, distances, and what a set generates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import linprog, nnls
from scipy.sparse import csr_array, hstack, kron, vstack
from scipy.spatial import ConvexHull, HalfspaceIntersection, QhullError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.solvers._hyperplanes import Enforcement

    Floats = NDArray[np.float64]

FLAT = 1e-10  # a set thinner than this, in payoff ranges, is flat
SAME = 1e-12
APART = 1e-6  # nearer directions are the same: their facets only differ by rounding
STRICT: Any = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}


def directions(n: int, count: int, points: Floats) -> Floats:
    """Unit vectors (L, n): first ``+e_i, -e_i`` of each player, the hull's facets, a spread."""
    axes = np.repeat(np.eye(n), 2, axis=0)
    axes[1::2] *= -1
    if n == 1:
        return axes
    if n == 2:
        angle = 2 * np.pi * (np.arange(count) + 0.5) / count
        spread = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    else:
        draws = np.random.default_rng(n).normal(size=(count, n))
        spread = draws / np.linalg.norm(draws, axis=1, keepdims=True)
    more = unseen(axes, np.concatenate([facets(points), spread]), None)
    return np.concatenate([axes, more])


def facets(points: Floats) -> Floats:
    """Outer normals of the hull's facets; none where it is flat."""
    return faces(points)[0]


def faces(points: Floats) -> tuple[Floats, Floats]:
    """``(N, b)`` with the hull ``{v : N v <= b}``; empty where it is flat."""
    n = points.shape[1]
    nothing = np.empty((0, n)), np.empty(0)
    if len(points) <= n or np.linalg.matrix_rank(points - points[0], tol=1e-7) < n:
        return nothing
    try:
        normals = np.unique(ConvexHull(points).equations[:, :-1].round(13), axis=0)
    except QhullError:
        return nothing
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return normals, (points @ normals.T).max(axis=0)  # no point is cut by rounding


def unseen(known: Floats, candidates: Floats, most: int | None) -> Floats:
    """Candidates (unit vectors) that differ from the known directions and from each other."""
    kept: list[Floats] = []
    for v in candidates:
        size = float(np.linalg.norm(v))
        if size < SAME:
            continue
        v = v / size
        beside = np.concatenate([known, np.array(kept).reshape(-1, len(v))])
        if float(np.abs(beside - v).max(axis=1).min()) > APART:
            kept.append(v)
        if most is not None and len(kept) == most:
            break
    return np.array(kept).reshape(-1, known.shape[1])


def vertices(D: Floats, h: Floats, reached: Floats) -> Floats:
    """Extreme points of ``{v : D v <= h}``; of a flat set the points reached in each direction."""
    n = D.shape[1]
    if n == 2:
        return _polygon(D, h)
    found = linprog(
        np.append(np.zeros(n), -1.0), A_ub=np.hstack([D, np.ones((len(D), 1))]), b_ub=h,
        bounds=[(None, None)] * n + [(0, None)],
    )  # fmt: skip
    if found.status != 0 or np.asarray(found.x)[-1] < FLAT:
        return extreme(reached)
    try:
        # QJ: where many facets meet, qhull would merge neighbours and lose vertices between them
        inside = np.asarray(found.x)[:-1]
        crossing = HalfspaceIntersection(np.column_stack([D, -h]), inside, qhull_options="QJ")
    except QhullError:
        return extreme(reached)
    return extreme(np.asarray(crossing.intersections))


def _polygon(D: Floats, h: Floats) -> Floats:
    """Clip a square by half-planes; what rounding would cut from a thin set is kept."""
    square = np.array([[-1.0, -1.0], [2.0, -1.0], [2.0, 2.0], [-1.0, 2.0]])
    for normal, right in zip(D, h, strict=True):
        over = square @ normal - right
        inside = over <= SAME
        if inside.all():
            continue
        if not inside.any():
            return np.asarray(square[np.argmin(over)][None])
        parts = []
        for k in range(len(square)):
            j = (k + 1) % len(square)
            if inside[k]:
                parts.append(square[k])
            if inside[k] != inside[j]:
                share = over[k] / (over[k] - over[j])
                parts.append(square[k] + share * (square[j] - square[k]))
        square = np.array(parts)
    return extreme(square)


def extreme(points: Floats) -> Floats:
    """Extreme points of the hull, no two the same; two players: counterclockwise."""
    if not len(points):
        return points
    order = points[np.lexsort(np.round(points, 10).T)]
    apart = np.ones(len(points), dtype=bool)
    for k in range(1, len(points)):  # a point next to one that is kept is the same point
        before = order[:k][apart[:k]]
        apart[k] = float(np.abs(before - order[k]).max(axis=1).min()) > FLAT
    kept = order[apart]
    n = points.shape[1]
    if len(kept) <= 2:
        return kept
    if n == 2:
        return _chain(kept)
    try:
        return np.asarray(kept[np.sort(ConvexHull(kept).vertices)])
    except QhullError:
        return _thinned(kept)


def _chain(points: Floats) -> Floats:
    """Andrew's monotone chain; points within 1e-12 of an edge are not extreme."""
    order = points[np.lexsort((points[:, 1], points[:, 0]))]

    def half(rows: Floats) -> list[Floats]:
        kept: list[Floats] = []
        for p in rows:
            while len(kept) > 1 and _height(kept[-2], kept[-1], p) <= SAME:
                kept.pop()
            kept.append(p)
        return kept

    lower, upper = half(order), half(order[::-1])
    return np.array(lower[:-1] + upper[:-1])


def _height(a: Floats, b: Floats, c: Floats) -> float:
    """How far b is to the right of the line from a to c."""
    turn = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    return float(turn / np.hypot(c[0] - a[0], c[1] - a[1]))


def _thinned(points: Floats) -> Floats:
    """Extreme points of a flat set: those that the others do not span."""
    kept = list(range(len(points)))
    for k in range(len(points)):
        others = [j for j in kept if j != k]
        if others and distances(points[k][None], points[others])[0][0] < SAME:
            kept.remove(k)
    return points[kept]


def distances(points: Floats, hull: Floats) -> tuple[Floats, Floats]:
    """Distance of each point from a convex hull, and the unit vector away from it."""
    far, away = np.zeros(len(points)), np.zeros_like(points)
    if not len(hull):
        return np.full(len(points), np.inf), away
    heavy = 1e3  # weights of the nearest point add up to 1: a row of its own, heavily weighted
    matrix = np.vstack([hull.T, np.full(len(hull), heavy)])
    for k, v in enumerate(points):
        weight, _ = nnls(matrix, np.append(v, heavy))
        gap = v - (weight / weight.sum()) @ hull
        far[k] = np.linalg.norm(gap)
        away[k] = gap / far[k] if far[k] > SAME else 0.0
    return far, away


def flattened(points: Floats) -> list[Floats]:
    """The points of a thin set projected onto the lines and planes that it is close to."""
    middle = points.mean(axis=0)
    _, size, axes = np.linalg.svd(points - middle, full_matrices=False)
    result = []
    for rank in range(1, len(size)):
        if size[rank] < 0.1 * size[0]:
            along = axes[:rank]
            result.append(extreme(middle + (points - middle) @ along.T @ along))
    return result[::-1]


def outside(points: Floats, polygon: Floats) -> float:
    """How far the furthest point is outside a polygon (extreme points, counterclockwise)."""
    edges = np.roll(polygon, -1, axis=0) - polygon
    length = np.linalg.norm(edges, axis=1, keepdims=True)
    if len(polygon) < 3 or length.min() < SAME:
        return float(distances(points, polygon)[0].max())
    normals = np.stack([edges[:, 1], -edges[:, 0]], axis=1) / length
    return float((points @ normals.T - (polygon * normals).sum(axis=1)).max())


class Generator:
    """The payoffs that a profile generates with continuation payoffs from a hull of points.

    Unknowns are the weights ``m[y, k]`` of the points after each signal.
    """

    def __init__(self, rules: Enforcement, p: int, delta: float, points: Floats) -> None:
        Y, K = rules.n_signals, len(points)
        self.points, self.delta, self.seen = points, delta, rules.seen[p]
        self.today = (1 - delta) * rules.u[p]
        # incentives: delta * apart . w_i + slack of rounding >= (1 - delta) gain (+ threat)
        rows = [np.outer(rules.apart[p, j], points[:, i]).ravel() for j, i in enumerate(rules.who)]
        self.rows = -delta * np.array(rows).reshape(-1, Y * K)
        threat = points.min(axis=0)[rules.who] if rules.threats else np.zeros(len(rules.who))
        self.right = -((1 - delta) * rules.gain[p] + delta * threat)
        self.sums: Any = kron(np.eye(Y), np.ones((1, K)), format="csr")

    def furthest(self, direction: Floats) -> Floats | None:
        """The generated payoff (n,) furthest in a direction; None where there is none."""
        cost = -np.outer(self.seen, self.points @ direction).ravel()
        found = linprog(
            cost, A_ub=self.rows if len(self.rows) else None,
            b_ub=self.right + SAME if len(self.rows) else None,
            A_eq=self.sums, b_eq=np.ones(len(self.seen)),
        )  # fmt: skip
        if found.status != 0:
            return None
        weight = np.maximum(np.asarray(found.x).reshape(len(self.seen), -1), 0.0)
        weight /= weight.sum(axis=1, keepdims=True)
        return np.asarray(self.today + self.delta * self.seen @ (weight @ self.points))


def generation_gap(rules: Enforcement, delta: float, points: Floats, target: Floats) -> float:
    """How far `target` is, in the largest coordinate, from what the hull of `points` generates.

    One program for all profiles at once: weights of profiles, and of continuation points scaled
    by them (a public lottery over profiles).
    """
    n = rules.n_players
    made = [Generator(rules, p, delta, points) for p in range(len(rules.u))]
    Y, K = rules.n_signals, len(points)
    size = Y * K + 1  # the weights after each signal, and the chance of the profile itself
    sums: list[Any] = [hstack([g.sums, csr_array(-np.ones((Y, 1)))]) for g in made]
    rows = [csr_array(np.hstack([g.rows, -g.right[:, None]])) for g in made if len(g.rows)]
    pay = [np.hstack([delta * np.kron(g.seen, points.T), g.today[:, None]]) for g in made]
    chance = np.zeros(len(made) * size)
    chance[size - 1 :: size] = 1.0
    level = np.hstack(pay)
    one = np.ones((n, 1))
    within = vstack([csr_array(np.hstack([level, -one])), csr_array(np.hstack([-level, -one]))])
    equal = vstack([_blocks(sums), csr_array(chance[None])])
    equal = hstack([equal, csr_array((equal.shape[0], 1))])
    right = np.concatenate([target, -target])
    if rows:
        incentive = _blocks(rows)
        within = vstack([within, hstack([incentive, csr_array((incentive.shape[0], 1))])])
        right = np.append(right, np.zeros(incentive.shape[0]))
    found: Any = linprog(  # type: ignore[call-overload]  # its types know no sparse arrays
        np.append(np.zeros(len(made) * size), 1.0), A_ub=csr_array(within), b_ub=right,
        A_eq=csr_array(equal), b_eq=np.append(np.zeros(len(made) * Y), 1.0),
        options=STRICT,
    )  # fmt: skip
    return float(found.fun) if found.status == 0 else np.inf


def _blocks(parts: list[csr_array]) -> csr_array:
    from scipy.sparse import block_diag

    return csr_array(block_diag(parts))
