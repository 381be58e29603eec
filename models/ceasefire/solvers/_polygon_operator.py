"""The set operator of two players on polygons: what a polygon of promises generates."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ceasefire.solvers._kernels import directions as kernel

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


class Pass(NamedTuple):
    """What a polygon generates: points, and directions with supports; no rows where nothing."""

    points: Floats
    directions: Floats
    supports: Floats


class Promises(NamedTuple):
    """The furthest payoffs in given directions, and how: profiles, and payoffs after signals.

    `directions`, `points` (m, 2); `profiles` (m,); `after` (m, Y, 2). Directions in which no
    program was solved are left out.
    """

    directions: Floats
    points: Floats
    profiles: Ints
    after: Floats


def parts_of(rules: Enforcement, delta: float) -> Parts:
    """The game, with the gains from deviations as differences of promises that deter them."""
    base = -(1 - delta) / delta * rules.gain
    return Parts(rules.u, rules.seen, rules.apart, rules.who, base, rules.threats, delta)


def corners(points: Floats, tol: float) -> Ints:
    """Places of the extreme points, counterclockwise; of those that stick out by more."""
    order = np.lexsort((points[:, 1], points[:, 0]))
    kept = np.empty(2 * len(order) + 2, dtype=np.int64)
    size = kernel.chain(np.ascontiguousarray(points[order]), tol, kept)
    return np.asarray(order[kept[:size]])


def hull(points: Floats, tol: float) -> Floats:
    """Extreme points, counterclockwise from the lowest first coordinate; those off by more."""
    return np.ascontiguousarray(points[corners(points, tol)])


def generated(parts: Parts, alive: Ints, V: Floats, outside: bool, eps: float, most: int) -> Pass:
    """One pass of the operator, found to within `eps`; profiles that fail drop out of `alive`."""
    X, D, s = np.empty((most + 4, 2)), np.empty((most + 4, 2)), np.empty(most + 4)
    size = kernel.generated(V, *parts, alive, outside, eps, X, D, s)
    return Pass(X[:size], D[:size], s[:size])


def promises(parts: Parts, alive: Ints, V: Floats, D: Floats) -> Promises:
    """One pass of the operator in given directions (m, 2)."""
    m, signals = len(D), parts.seen.shape[1]
    X, W, by = np.zeros((m, 2)), np.zeros((m, 2 * signals)), np.empty(m, dtype=np.int64)
    kernel.reached(V, *parts, alive.copy(), False, D, X, W, by)
    found = by >= 0
    return Promises(D[found], X[found], by[found], W[found].reshape(-1, signals, 2))
