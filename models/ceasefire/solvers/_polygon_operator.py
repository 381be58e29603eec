"""The set operator of two players on polygons: what a polygon of promises generates."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ceasefire.solvers._kernels import directions as kernel
from ceasefire.solvers._kernels import hulls
from ceasefire.solvers._polytopes import outside

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.solvers._hyperplanes import Enforcement

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

SAME_POINT = 1e-12


class Parts(NamedTuple):
    """What the kernel needs of a game; the axes are those of `Enforcement`."""

    u: Floats
    seen: Floats
    apart: Floats
    who: Ints
    base: Floats
    threats: bool
    delta: float


class Promises(NamedTuple):
    """Payoffs that are generated, and how: the profile of the day, and payoffs after each signal.

    `points` (m, 2), `profiles` (m,), `after` (m, Y, 2).
    """

    points: Floats
    profiles: Ints
    after: Floats

    def at(self, places: Ints | NDArray[np.bool_]) -> Promises:
        """Those at some places."""
        return Promises(self.points[places], self.profiles[places], self.after[places])

    def joined(self, other: Promises) -> Promises:
        """The extreme points of both."""
        both = Promises(*(np.concatenate(pair) for pair in zip(self, other, strict=True)))
        return both.at(corners(both.points, SAME_POINT))


class Pass(NamedTuple):
    """What a polygon generates: payoffs, and directions with supports; no rows where nothing."""

    made: Promises
    directions: Floats
    supports: Floats


def parts_of(rules: Enforcement, delta: float) -> Parts:
    """The game, with the gains from deviations as differences of promises that deter them."""
    base = -(1 - delta) / delta * rules.gain
    return Parts(rules.u, rules.seen, rules.apart, rules.who, base, rules.threats, delta)


def corners(points: Floats, tol: float) -> Ints:
    """Places of the extreme points, counterclockwise; of those that stick out by more."""
    order = np.lexsort((points[:, 1], points[:, 0]))
    kept = np.empty(2 * len(order) + 2, dtype=np.int64)
    size = hulls.chain(np.ascontiguousarray(points[order]), tol, kept)
    return np.asarray(order[kept[:size]])


def hull(points: Floats, tol: float) -> Floats:
    """Extreme points, counterclockwise from the lowest first coordinate; those off by more."""
    return np.ascontiguousarray(points[corners(points, tol)])


def generated(parts: Parts, alive: Ints, V: Floats, outside: bool, eps: float, most: int) -> Pass:
    """One pass of the operator, found to within `eps`; profiles that fail drop out of `alive`.

    From `outside` supports are bounds, even where rounding ended a program early; else only what
    was solved is there.
    """
    Y = parts.seen.shape[1]
    X, D, s = np.empty((most + 4, 2)), np.empty((most + 4, 2)), np.empty(most + 4)
    W, by = np.empty((most + 4, 2 * Y)), np.empty(most + 4, dtype=np.int64)
    size = kernel.generated(V, parts, alive, outside, eps, X, D, s, W, by)
    made = Promises(X[:size], by[:size], W[:size].reshape(-1, Y, 2))
    return Pass(made, D[:size], s[:size])


def furthest(parts: Parts, alive: Ints, V: Floats, D: Floats) -> Pass:
    """One pass of the operator in given directions (m, 2), less those that no program solved."""
    m, Y = len(D), parts.seen.shape[1]
    X, W, by = np.zeros((m, 2)), np.zeros((m, 2 * Y)), np.empty(m, dtype=np.int64)
    kernel.reached(V, parts, alive.copy(), False, D, X, W, by)
    found = by >= 0
    made = Promises(X, by, W.reshape(-1, Y, 2)).at(found)
    return Pass(made, D[found], (made.points * D[found]).sum(axis=1))


def one_day_promises(parts: Parts) -> Promises:
    """The stage game's pure equilibria, played again whatever the signal."""
    stay = np.flatnonzero(np.all(parts.base >= -1e-12, axis=1))
    points = parts.u[stay]
    after = np.repeat(points[:, None], parts.seen.shape[1], axis=1)
    every = Promises(points, stay, after)
    return every.at(corners(points, SAME_POINT)) if len(points) else every


def worst_violation(parts: Parts, made: Promises) -> float:
    """How far payoffs are from being generated as they say by their own hull, payoff ranges.

    The largest of what a payoff differs from ``(1 - delta) u(a) + delta sum_y rho(y | a) w(y)``,
    what an incentive is missed by, and how far a w(y) lies outside the hull.
    """
    if not len(made.points):
        return 0.0
    promised = np.einsum("my,myi->mi", parts.seen[made.profiles], made.after)
    paid = (1 - parts.delta) * parts.u[made.profiles] + parts.delta * promised
    off = float(np.abs(paid - made.points).max())
    out = outside(made.after.reshape(-1, 2), made.points)
    return max(off, out, parts.delta * -least_slack(parts, made), 0.0)


def least_slack(parts: Parts, made: Promises) -> float:
    """By how much the tightest incentive holds, in payoff ranges over delta."""
    least = np.inf
    for j, i in enumerate(parts.who):
        deterred = np.einsum("my,my->m", parts.apart[made.profiles, j], made.after[:, :, i])
        floor = made.points[:, i].min() if parts.threats else 0.0
        least = min(least, float((deterred - floor + parts.base[made.profiles, j]).min()))
    return least
