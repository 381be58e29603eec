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
    found, polygon, threat = kernel.newton(
        at.polygon, at.labels, at.threat, linked(at), payoff, gain, delta, NEWTON_STEPS
    )
    return (polygon, threat) if found else None


def linked(at: Iterate) -> Ints:
    """For each player the vertex whose payoff is its threat, -1 where the threat is settled.

    A threat that a deviation pins down (`kernel.generate`) does not move with the set.
    """
    result = np.full(2, -1)
    for i in range(2):
        q = int(np.argmin(at.polygon[:, i]))
        held = at.labels[q, 1] in (kernel.STAY, kernel.CORNER, kernel.FIRST + i)
        level = abs(at.polygon[q, i] - at.threat[i]) <= kernel.ROUNDING
        if level and not held:
            result[i] = q
    return result


def normals(polygon: Floats) -> Floats:
    """Outer unit normals of the edges, (k, 2); of a segment both sides and both ends."""
    edges = np.roll(polygon, -1, axis=0) - polygon
    edges = edges[np.hypot(edges[:, 0], edges[:, 1]) > 0]
    if len(polygon) == 2:
        edges = np.concatenate([edges, edges[:, ::-1] * [-1.0, 1.0]])
    out = np.stack([edges[:, 1], -edges[:, 0]], axis=1)
    return np.asarray(out / np.hypot(out[:, 0], out[:, 1])[:, None])


def bounded(
    polygon: Floats, threat: Floats, at: Iterate, payoff: Floats, gain: Floats, delta: float
) -> Floats | None:
    r"""A superset of the payoff set, which is known to lie in `at`: `polygon` itself if it can be.

    None where there is no proof; a little more than `polygon` where rounding hides the last bit.

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
    sides, base, least = beside(polygon, threat, at)
    g, h = payoff[at.alive], gain[at.alive]
    far = (sides @ g.T > base[:, None] + kernel.ROUNDING) & (least > 0.0)[:, None]
    if not np.any(far):
        return polygon
    side, profile = np.nonzero(far)
    pairs = Pairs(sides, base, side, profile, g, h, delta)
    room = rooms(pairs, least)
    if room is None:
        return None
    doubt = pairs.doubt(room)
    if doubt * np.max(room) <= DOUBT:
        return polygon
    return cut_off(at.polygon, sides, base + min(doubt, 1.0) * room)


def rooms(pairs: Pairs, least: Floats) -> Floats | None:
    """Room ``r >= least`` that the operator shrinks on every side, ``r = least + M r``; or None."""
    room: Floats = least
    for _ in range(ROOMS):
        worst, rows = pairs.worst(room)
        if not np.all(np.isfinite(worst)):
            return None
        if np.all(worst < 0.0):
            return room
        raised = room + 2.0 * np.maximum(lifted(pairs, worst, len(least)), 0.0)
        try:
            solved = np.linalg.solve(np.eye(len(least)) - rows, least)
        except np.linalg.LinAlgError:
            solved = raised
        good = np.all(solved >= least * (1 - 1e-9)) and np.all(solved <= 1.0)
        room = np.maximum(solved if good else raised, least)
    return None


def lifted(pairs: Pairs, worst: Floats, n_sides: int) -> Floats:
    """The excess of every side, 0 where no profile pays beyond it."""
    result = np.zeros(n_sides)
    result[pairs.side[pairs.first]] = worst
    return result


def cut_off(polygon: Floats, sides: Floats, level: Floats) -> Floats:
    """The part of a polygon where ``sides @ x <= level``."""
    points = polygon
    for n, top in zip(sides, level, strict=True):
        over = points @ n - top
        kept = []
        for j, k in enumerate(np.roll(np.arange(len(points)), -1)):
            if over[j] <= 0:
                kept.append(points[j])
            if over[j] * over[k] < 0:
                share = over[j] / (over[j] - over[k])
                kept.append(points[j] + share * (points[k] - points[j]))
        points = np.array(kept).reshape(-1, 2)
    return points


def beside(polygon: Floats, threat: Floats, at: Iterate) -> tuple[Floats, Floats, Floats]:
    """Sides of both sets, both threats last: normals, ``b_k`` and the least ``r_k``."""
    own, wide = normals(polygon), normals(at.polygon)
    if len(own):
        wide = wide[np.max(wide @ own.T, axis=1) < 1.0 - 1e-12]
    sides = np.concatenate([own, wide, -np.eye(2)])
    base = np.max(polygon @ sides.T, axis=0)
    least = np.max(at.polygon @ sides.T, axis=0) - base
    base[-2:], least[-2:] = -threat, threat - at.threat
    # no side shrinks by so little that rounding hides it; what is met to rounding need not shrink
    least = np.where(least > 2 * NOISE, np.maximum(least, 0.1 * np.max(least)), 0.0)
    return sides, base, least


class Pairs:
    """How far profiles that pay beyond a side may carry the set beyond it.

    ``n_k = along * n_m - weight * e_i`` with both weights >= 0, so that a continuation on the
    right side of m that meets constraint i has ``n_k . w <= along * b_m - weight * need_i``; and
    where n_k points down both axes, both constraints will do. One row a (side k, profile), one
    column a (constraint i, side m), the last both constraints: `excess` is the bound at e = 0
    beyond ``b_k``, infinite where it is above 0 and proves nothing.
    """

    def __init__(
        self, sides: Floats, base: Floats, side: Ints, profile: Ints,
        g: Floats, h: Floats, delta: float,
    ) -> None:  # fmt: skip
        self.side, self.n_sides = side, len(sides)
        self.first = np.flatnonzero(np.append(True, side[1:] != side[:-1]))
        today = (1.0 - delta) * np.sum(g[profile] * sides[side], axis=1) - base[side]
        need = (1.0 - delta) / delta * h[profile] - base[-2:]
        excess, self.weights = [], []
        for i in range(2):
            along, weight, useful = spanned(sides, i)
            reach = along[side] * base - weight[side] * need[:, [i]]
            excess.append(np.where(useful[side], today[:, None] + delta * reach, np.inf))
            self.weights.append((delta * along, delta * weight))
        self.down = -delta * np.minimum(sides, 0.0)
        corner = today - np.sum(self.down[side] * need, axis=1)
        useful = np.all(sides[side] <= 0.0, axis=1)
        excess.append(np.where(useful, corner, np.inf)[:, None])
        self.excess = np.concatenate(excess, axis=1)
        self.excess[~(self.excess <= kernel.ROUNDING)] = np.inf

    def slopes(self, room: Floats) -> Floats:
        """By how much each bound grows from e = 0 to 1, (n_sides, n_pairs)."""
        parts = [a * room + w * room[i - 2] for i, (a, w) in enumerate(self.weights)]
        return np.concatenate([*parts, (self.down @ room[-2:])[:, None]], axis=1)

    def row(self, k: int, pair: int) -> Floats:
        """One row of M: how a bound of side k grows with the room of every side."""
        result = np.zeros(self.n_sides)
        i, m = divmod(pair, self.n_sides)
        if i == 2:
            result[-2:] += self.down[k]
            return result
        result[m] += self.weights[i][0][k, m]
        result[i - 2] += self.weights[i][1][k, m]
        return result

    def worst(self, room: Floats) -> tuple[Floats, Floats]:
        """Largest excess over ``b_k + r_k`` at e = 1, each profile by its best pair; M."""
        total = self.excess + self.slopes(room)[self.side]
        best = np.argmin(total, axis=1)
        value = total[np.arange(len(best)), best] - room[self.side]
        worst = np.maximum.reduceat(value, self.first)
        rows = np.zeros((self.n_sides, self.n_sides))
        ends = [*self.first[1:], len(value)]
        for start, stop, top in zip(self.first, ends, worst, strict=True):
            at = start + int(np.argmax(value[start:stop] >= top))
            rows[self.side[at]] = self.row(int(self.side[at]), int(best[at]))
        return worst, rows

    def doubt(self, room: Floats) -> float:
        """The e below which rounding hides whether the set could still fill ``X_e``."""
        slopes = self.slopes(room)[self.side]
        best = np.argmin(self.excess + slopes, axis=1)
        at = np.arange(len(best)), best
        excess, shrink = self.excess[at] + NOISE, room[self.side] - slopes[at]
        open_ = excess > 0.0
        if np.any(shrink[open_] <= 0.0):
            return np.inf
        return float(np.max(excess[open_] / shrink[open_], initial=0.0))


def spanned(sides: Floats, i: int) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Weights with ``n_k = along[k, m] * n_m - weight[k, m] * e_i``; whether both are >= 0."""
    other = 1 - i
    with np.errstate(divide="ignore", invalid="ignore"):
        along = sides[:, None, other] / sides[None, :, other]
    along = np.where(np.isfinite(along), along, -1.0)
    weight = along * sides[None, :, i] - sides[:, None, i]
    useful = (along >= 0.0) & (weight >= 0.0)
    return np.where(useful, along, 0.0), np.where(useful, weight, 0.0), useful
