"""Patient players: payoffs above minmax, and a proof of self-generation near discount factor 1.

Written for perfect monitoring. Continuations are told by their distance from the payoff that they
make, over ``(1 - delta) / delta``, so that no constraint is of the order of rounding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import linprog
from scipy.spatial import ConvexHull, QhullError

from ceasefire.solvers import _polytopes as polytopes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.solvers._hyperplanes import Enforcement

    Floats = NDArray[np.float64]

ON_FACE = 1e-9  # a point this near a face, in payoff ranges, counts as on it
FAR = 1e4  # continuations further away than this many times (1 - delta) are not asked for
SAME = 1e-12  # nearer points are one
FLAT = 1e-11  # thinner sets are flat


class Faces(NamedTuple):
    """A hull as ``{v : N v <= b, M v = c}``: facets within its affine hull, and that hull."""

    N: Floats
    b: Floats
    M: Floats


def faces(points: Floats) -> Faces:
    """Facets of the hull of `points`, whatever its dimension."""
    middle = points.mean(axis=0)
    _, size, axes = np.linalg.svd(points - middle, full_matrices=True)
    rank = int((size > ON_FACE).sum())
    along, across = axes[:rank], axes[rank:]
    if rank <= 1:
        normals = np.concatenate([along, -along])
    else:
        hull = ConvexHull((points - middle) @ along.T)
        normals = np.unique(hull.equations[:, :-1].round(12), axis=0) @ along
    return Faces(normals, (points @ normals.T).max(axis=0, initial=-np.inf), across)


def rational(rules: Enforcement) -> Floats:
    """Extreme feasible payoffs that leave nobody below its pure minmax; maybe none at all."""
    kept = corners(rules.u)
    for i in range(rules.n_players):
        least = _minmax(rules)[i]
        kept = _above(kept, i, least)
        if not len(kept):
            break
    return kept


def _minmax(rules: Enforcement) -> Floats:
    """Pure minmax: the least of best-reply payoffs."""
    return np.asarray((rules.u + rules.gain).min(axis=0))


def _above(points: Floats, i: int, least: float) -> Floats:
    """Cut a hull at ``v_i >= least``: corners above, and where edges cross."""
    over = points[:, i] - least
    up, down = points[over >= -polytopes.SAME], points[over < -polytopes.SAME]
    if not len(down) or not len(up):
        return up
    a, b = up[:, None], down[None]
    share = (a[..., i, None] - least) / (a[..., i, None] - b[..., i, None])
    crossing = (a + share * (b - a)).reshape(-1, points.shape[1])
    crossing[:, i] = least
    return corners(np.concatenate([up, crossing]))


def corners(points: Floats) -> Floats:
    """Extreme points of a hull of any dimension, no two the same."""
    if len(points) <= 1:
        return points
    _, first = np.unique((points / SAME).round(), axis=0, return_index=True)
    points = points[np.sort(first)]
    middle = points.mean(axis=0)
    _, size, axes = np.linalg.svd(points - middle, full_matrices=False)
    rank = int((size > FLAT).sum())
    along = (points - middle) @ axes[:rank].T
    if rank == 0:
        return points[:1]
    if rank == 1:
        return points[[int(along.argmin()), int(along.argmax())]]
    if len(points) == rank + 1:
        return points
    try:
        return np.asarray(points[np.sort(ConvexHull(along).vertices)])
    except QhullError:
        return points


def gaps(rules: Enforcement, delta: float, points: Floats) -> Floats:
    """How far each of `points` is from what their hull generates, over ``1 - delta``.

    With ``w = v + (1 - delta) / delta z`` a profile generates ``v + (1 - delta) (u + z - v)``:
    z is kept within the faces that v lies on, and incentives ask for ``z_i >= gain_i`` where v_i
    is the threat. Distances from other faces, which z may use up, are divided by ``(1 - delta) /
    delta`` and cut off at `FAR`. One linear program a point, over public lotteries of the profiles
    that come nearest alone.
    """
    try:
        hull, room, spare = _limits(delta, points)
    except QhullError:  # no facets are told: nothing is proven
        return np.full(len(points), np.inf)
    found = np.empty(len(points))
    for k, v in enumerate(points):
        alone = _alone(rules, hull, v, room[k], spare[k])
        near = np.argsort(alone)[: len(v) + 1]  # no more are needed (Caratheodory)
        found[k] = _mixed(rules.u[near], rules.gain[near], hull, v, room[k], spare[k])
        if not np.isfinite(found[k]):  # a program that rounding ended: one profile may do
            found[k] = alone.min()
    return found


def direct(rules: Enforcement, delta: float, points: Floats) -> Floats:
    """What the best profile alone leaves of each point's constraints; 0 where it meets them."""
    try:
        hull, room, spare = _limits(delta, points)
    except QhullError:
        return np.full(len(points), np.inf)
    parts = zip(points, room, spare, strict=True)
    return np.array([_alone(rules, hull, *one).min() for one in parts])


def _alone(rules: Enforcement, hull: Faces, v: Floats, room: Floats, spare: Floats) -> Floats:
    """The largest violation that each profile leaves, followed by what makes v of it, (P,)."""
    z = v - rules.u
    parts = [z @ hull.N.T - room, np.abs(z @ hull.M.T), rules.gain - z - spare]
    return np.asarray(np.concatenate(parts, axis=1).max(axis=1, initial=0.0))


def _limits(delta: float, points: Floats) -> tuple[Faces, Floats, Floats]:
    """The hull, how far each point is from its facets, and from the threats, over the ratio."""
    hull, ratio = faces(points), (1 - delta) / delta
    room = _room(hull.b - points @ hull.N.T, ratio)
    return hull, room, _room(points - points.min(axis=0), ratio)


def _room(distance: Floats, ratio: float) -> Floats:
    near = distance < ON_FACE
    return np.asarray(np.where(near, 0.0, np.minimum(distance / ratio, FAR)))


def _mixed(u: Floats, gain: Floats, hull: Faces, v: Floats, room: Floats, spare: Floats) -> float:
    """The same by a public lottery over profiles: weights m, and z times the weights."""
    P, n = u.shape
    F, C = len(hull.N), len(hull.M)
    within = np.zeros((P, F + n, P, n + 1))
    equal = np.zeros((P, C, P, n + 1))
    for p in range(P):
        within[p, :F, p] = np.column_stack([-room, hull.N])
        within[p, F:, p] = np.column_stack([gain[p] - spare, -np.eye(n)])
        equal[p, :, p, 1:] = hull.M
    level = np.hstack([np.column_stack([today, np.eye(n)]) for today in u])
    chance = np.tile(np.append(1.0, np.zeros(n)), P)[None]
    above = np.concatenate([within.reshape(P * (F + n), P * (n + 1)), level, -level])
    slack = -np.ones((len(above), 1))  # of every constraint: what is left is the least
    same = np.concatenate([chance, equal.reshape(P * C, P * (n + 1))])
    free = [*[(0, None), *[(None, None)] * n] * P, (0, None)]
    found = linprog(
        np.append(np.zeros(P * (n + 1)), 1.0), bounds=free, options=polytopes.STRICT,
        A_ub=np.hstack([above, slack]), b_ub=np.concatenate([np.zeros(P * (F + n)), v, -v]),
        A_eq=np.hstack([same, np.zeros((len(same), 1))]), b_eq=np.append(1.0, np.zeros(P * C)),
    )  # fmt: skip
    return float(found.fun or 0.0) if found.status == 0 else np.inf
