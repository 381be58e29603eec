"""The limit of Abreu and Sannikov's operator from its structure, and a proof that it is the limit.

Near the limit the same profiles and constraints generate the vertices at every step. The limit
then solves a small system of equations; Newton's method meets it to rounding where plain
iteration would take 1 / (1 - delta) steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.solvers._kernels import abreu_sannikov as kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

NEWTON_STEPS = 12
ROOMS = 6  # tries of the sides' room in the proof
NOISE = 2e-16  # rounding of one evaluation, in payoff ranges
DOUBT = 1e-11  # what rounding may hide of the set for it to count as known, in payoff ranges
LEVEL = 1e-9  # an edge flatter than this, in payoff ranges, lies along the constraint


@dataclass(frozen=True, eq=False)
class Iterate:
    """Where the operator stands: a superset of the payoff set, and what generates its vertices.

    Attributes
    ----------
    polygon : ndarray, shape (k, 2)
        Payoffs from 0 to 1, counterclockwise.
    labels : ndarray of int, shape (k, 3)
        Profile, kind of constraint, edge of the continuation.
    threat : ndarray, shape (2,)
        Never above the players' worst equilibrium payoffs.
    alive : ndarray of bool, shape (n_profiles,)
        Profiles that have a continuation.
    """

    polygon: Floats
    labels: Ints
    threat: Floats
    alive: NDArray[np.bool_]


def limit(at: Iterate, payoff: Floats, gain: Floats, delta: float) -> tuple[Floats, Floats] | None:
    """Return (polygon, threat) with the structure of `at` that stay as they are, or None.

    Newton's method on ``z = F(z)``, z the vertices and the threats.
    """
    k = len(at.polygon)
    lowest = linked(at)
    polygon, threat = at.polygon.copy(), at.threat.copy()
    for _ in range(NEWTON_STEPS):
        target, slope = image(polygon, threat, at.labels, lowest, payoff, gain, delta)
        z = np.concatenate([polygon.ravel(), threat])
        try:
            step = np.linalg.solve(np.eye(2 * k + 2) - slope, target - z)
        except np.linalg.LinAlgError:
            return None
        if not np.all(np.abs(step) < 1.0):
            return None
        z += step
        polygon, threat = z[: 2 * k].reshape(k, 2), z[2 * k :]
        if np.max(np.abs(step)) <= 1e-16:
            break
    return polygon, threat


def linked(at: Iterate) -> list[int]:
    """For each player the vertex whose payoff is its threat, -1 where the threat is settled.

    A threat that a deviation pins down (`kernel.generate`) does not move with the set.
    """
    result = []
    for i in range(2):
        q = int(np.argmin(at.polygon[:, i]))
        kind = at.labels[q, 1]
        held = kind in (kernel.STAY, kernel.CORNER, kernel.FIRST + i)
        level = abs(at.polygon[q, i] - at.threat[i]) <= kernel.ROUNDING
        result.append(q if level and not held else -1)
    return result


def image(
    polygon: Floats, threat: Floats, labels: Ints, lowest: list[int],
    payoff: Floats, gain: Floats, delta: float,
) -> tuple[Floats, Floats]:  # fmt: skip
    """What the structure makes of vertices and threats, and its derivative.

    Returns
    -------
    value (2k + 2,), slope (2k + 2, 2k + 2)
        In the order (v_0, v_0', v_1, v_1', ..., p, p').
    """
    k = len(polygon)
    value, slope = np.empty(2 * k + 2), np.zeros((2 * k + 2, 2 * k + 2))
    for j, (a, kind, edge) in enumerate(labels.tolist()):
        g, pull = payoff[a], (1.0 - delta) * (payoff[a] + gain[a]) + delta * threat
        if kind == kernel.STAY:
            value[2 * j : 2 * j + 2] = g
            continue
        for i in range(2):
            if kind in (kernel.CORNER, kernel.FIRST + i):
                value[2 * j + i], slope[2 * j + i, 2 * k + i] = pull[i], delta
        if kind != kernel.CORNER:
            axis = kind - kernel.FIRST
            level = threat[axis] + (1.0 - delta) / delta * gain[a, axis]
            row = slope[2 * j + 1 - axis]
            height = across(polygon, j, edge, axis, level, g, row, at=2 * k + axis)
            row *= delta
            value[2 * j + 1 - axis] = (1.0 - delta) * g[1 - axis] + delta * height
    for i, q in enumerate(lowest):
        value[2 * k + i] = threat[i] if q < 0 else polygon[q, i]
        slope[2 * k + i, 2 * k + i if q < 0 else 2 * q + i] = 1.0
    settle(value, slope, threat, lowest)
    return value, slope


def settle(value: Floats, slope: Floats, threat: Floats, lowest: list[int]) -> None:
    """Make the equation of a settled threat say that it keeps its value."""
    for i, q in enumerate(lowest):
        if q < 0:
            at = len(value) - 2 + i
            value[at], slope[at] = threat[i], 0.0


def across(
    polygon: Floats, j: int, edge: int, axis: int, level: float, g: Floats, row: Floats, *, at: int
) -> float:
    """Other coordinate of the point of an edge at `level`; its derivative goes to `row`.

    Where the edge ends in the vertex j itself, payoff g, vertex and continuation lie on one line:
    then g stands for the vertex, and the equation does not lose digits as delta tends to 1.
    """
    k, other = len(polygon), 1 - axis
    ends = (edge, (edge + 1) % k)
    p, q = (g if end == j else polygon[end] for end in ends)
    width = q[axis] - p[axis]
    if abs(width) <= LEVEL:
        end = ends[int(abs(q[axis] - level) < abs(p[axis] - level))]
        row[2 * end + other] += 1.0
        return float(polygon[end, other])
    share = (level - p[axis]) / width
    rise = (q[other] - p[other]) / width
    row[at] += rise
    for end, weight in zip(ends, (1.0 - share, share), strict=True):
        if end != j:
            row[2 * end + other] += weight
            row[2 * end + axis] -= weight * rise
    return float(p[other] + share * (q[other] - p[other]))


def normals(polygon: Floats) -> Floats:
    """Outer unit normals of the edges, (k, 2); of a segment both sides and both ends."""
    edges = np.roll(polygon, -1, axis=0) - polygon
    edges = edges[np.hypot(edges[:, 0], edges[:, 1]) > 0]
    if len(polygon) == 2:
        edges = np.concatenate([edges, edges[:, ::-1] * [-1.0, 1.0]])
    out = np.stack([edges[:, 1], -edges[:, 0]], axis=1)
    return np.asarray(out / np.hypot(out[:, 0], out[:, 1])[:, None])


def is_largest(
    polygon: Floats, threat: Floats, at: Iterate, payoff: Floats, gain: Floats, delta: float
) -> bool:
    r"""Whether the payoff set, known to lie in `at`, can be no larger than `polygon`.

    Let ``X_e`` be the polygons with sides ``n_k . x <= b_k + e r_k``, from `polygon` (e = 0) to a
    superset of `at` (e = 1), and let the threats fall with e alike. If the payoff set filled some
    ``X_e`` up to a side k and no smaller one, a profile would generate a point there. By duality
    what a profile reaches beyond side k is at most an affine function of e, for any choice of an
    incentive constraint and a side whose normals span ``n_k``: where for every profile one such
    function stays below ``b_k + e r_k`` for all e in (0, 1], the payoff set lies in ``X_0``.
    A profile that pays no more than ``b_k`` reaches nothing beyond side k.

    The r that serve best are those which the operator shrinks: ``r = r0 + M r``, r0 what `at`
    needs and M the slopes of the affine functions that are the largest.
    """
    sides = np.concatenate([normals(polygon), normals(at.polygon), -np.eye(2)])
    base = np.max(polygon @ sides.T, axis=0)
    least = np.maximum(np.max(at.polygon @ sides.T, axis=0) - base, 0.0)
    base[-2:], least[-2:] = -threat, np.maximum(threat - at.threat, 0.0)
    # no side shrinks by so little that rounding hides it; what is met to rounding need not shrink
    least = np.where(least > 2 * NOISE, np.maximum(least, 0.1 * np.max(least)), 0.0)
    g, h = payoff[at.alive], gain[at.alive]
    far = (g @ sides.T > base + kernel.ROUNDING) & (least > 0.0)
    reaches = [
        reach(int(k), sides, base, g[far[:, k]], h[far[:, k]], delta)
        for k in np.flatnonzero(np.any(far, axis=0))
    ]
    room = least
    for _ in range(ROOMS):
        worst = [r.worst(room) for r in reaches]
        if not all(np.isfinite(excess) for excess, _ in worst):
            return False
        if all(excess < 0.0 for excess, _ in worst):
            doubt = max((r.doubt(room) for r in reaches), default=0.0)
            return bool(doubt * np.max(room) <= DOUBT)
        slopes = np.eye(len(sides))
        for r, (_, row) in zip(reaches, worst, strict=True):
            slopes[r.side] -= row
        try:
            room = np.linalg.solve(slopes, least)
        except np.linalg.LinAlgError:
            return False
        if np.any(room < least) or not np.all(room <= 1.0):
            return False
    return False


@dataclass(frozen=True, eq=False)
class Reach:
    """How far profiles that pay beyond a side may carry the set beyond it.

    Attributes
    ----------
    side : int
    excess : ndarray, shape (n_profiles, n_pairs)
        At e = 0, beyond ``b_k``, for each pair of an incentive constraint and a side that spans
        the normal; infinite where it is above 0 and the pair proves nothing.
    pairs : ndarray, shape (n_pairs, n_sides)
        The affine function grows by ``pairs @ r`` from e = 0 to 1.
    """

    side: int
    excess: Floats
    pairs: Floats

    def doubt(self, room: Floats) -> float:
        """The e below which rounding hides whether the set could still fill ``X_e``."""
        slopes = self.pairs @ room
        best = np.argmin(self.excess + slopes, axis=1)
        excess = self.excess[np.arange(len(best)), best] + NOISE
        shrink = room[self.side] - slopes[best]
        if np.any((excess > 0.0) & (shrink <= 0.0)):
            return np.inf
        return float(np.max(np.where(excess > 0.0, excess / np.where(shrink > 0, shrink, 1), 0.0)))

    def worst(self, room: Floats) -> tuple[float, Floats]:
        """Largest excess over ``b_k + r_k`` at e = 1, each profile by its best pair; its row."""
        total = self.excess + self.pairs @ room
        best = np.argmin(total, axis=1)
        profile = int(np.argmax(total[np.arange(len(total)), best]))
        pair = best[profile]
        return float(total[profile, pair] - room[self.side]), self.pairs[pair]


def reach(k: int, sides: Floats, base: Floats, g: Floats, h: Floats, delta: float) -> Reach:
    """What the profiles with payoffs g and gains h reach beyond side k.

    ``n_k = along * n_m - weight * e_i`` with both weights >= 0, so that a continuation on the
    right side of m that meets constraint i has ``n_k . w <= along * b_m - weight * need_i``.
    """
    today = (1.0 - delta) * (g @ sides[k]) - base[k]
    need = -base[-2:] + (1.0 - delta) / delta * h
    excess, pairs = [np.full((len(g), 1), np.inf)], [np.zeros((1, len(sides)))]
    for i in range(2):
        other = 1 - i
        with np.errstate(divide="ignore", invalid="ignore"):
            along = sides[k, other] / sides[:, other]
        along = np.where(np.isfinite(along), along, -1.0)
        weight = along * sides[:, i] - sides[k, i]
        used = np.flatnonzero((along >= 0.0) & (weight >= 0.0))
        along, weight = along[used], weight[used]
        excess.append(today[:, None] + delta * (along * base[used] - weight * need[:, [i]]))
        rows = np.zeros((len(used), len(sides)))
        rows[np.arange(len(used)), used] += delta * along
        rows[:, len(sides) - 2 + i] += delta * weight
        pairs.append(rows)
    at_none = np.concatenate(excess, axis=1)
    at_none[at_none > kernel.ROUNDING] = np.inf
    return Reach(k, at_none, np.concatenate(pairs))
