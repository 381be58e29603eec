"""Convex polygons: extreme points, and cuts by half-planes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


@njit(cache=True)
def chain(points: Floats, tol: float, kept: Ints) -> int:
    """Extreme points, counterclockwise, of points sorted by their coordinates (monotone chain).

    Their places are written to `kept` (2 m + 2,); returns how many there are.
    """
    m = len(points)
    size = 0
    for side in range(2):
        floor = size if side else 1  # what is left of here stays
        for k in range(m):
            p = m - 1 - k if side else k
            if size and _near(points, kept[size - 1], p, tol):
                continue
            while size > floor:
                a, b = kept[size - 2], kept[size - 1]
                along, up = points[p, 0] - points[a, 0], points[p, 1] - points[a, 1]
                turn = (points[b, 0] - points[a, 0]) * up - (points[b, 1] - points[a, 1]) * along
                if turn > tol * np.sqrt(along * along + up * up):
                    break
                size -= 1
            kept[size] = p
            size += 1
    if size > 1 and _near(points, kept[size - 1], kept[0], tol):
        size -= 1
    return size


@njit(cache=True)
def _near(points: Floats, a: int, b: int, tol: float) -> bool:
    """Whether two points are the same up to `tol` in each coordinate."""
    along, up = abs(points[a, 0] - points[b, 0]), abs(points[a, 1] - points[b, 1])
    return along <= tol and up <= tol


@njit(cache=True)
def cut(V: Floats, m: int, D: Floats, s: Floats, out: Floats) -> tuple[int, float]:
    """Cut a polygon, the first m rows of V, by ``D v <= s``, and leave it there.

    Returns its new size, and the most that it reached past one of the tangents before. Where a
    tangent leaves nothing the nearest point stays. `out` is room for the work, as long as V.
    """
    change = 0.0
    start = m
    for k in range(m):
        out[k, 0], out[k, 1] = V[k, 0], V[k, 1]
    for q in range(len(s)):
        for k in range(start):
            change = max(change, D[q, 0] * out[k, 0] + D[q, 1] * out[k, 1] - s[q])
    for q in range(len(s)):
        most, least, near = -np.inf, np.inf, 0
        for k in range(m):
            over = D[q, 0] * V[k, 0] + D[q, 1] * V[k, 1] - s[q]
            most = max(most, over)
            if over < least:
                least, near = over, k
        if most <= 1e-13:
            continue
        if least > 0:
            V[0, 0], V[0, 1] = V[near, 0], V[near, 1]
            m = 1
            continue
        size = 0
        for k in range(m):
            j = k + 1 if k + 1 < m else 0
            here = D[q, 0] * V[k, 0] + D[q, 1] * V[k, 1] - s[q]
            there = D[q, 0] * V[j, 0] + D[q, 1] * V[j, 1] - s[q]
            if here <= 0:
                out[size, 0], out[size, 1] = V[k, 0], V[k, 1]
                size += 1
            if (here <= 0) != (there <= 0):
                share = here / (here - there)
                out[size, 0] = V[k, 0] + share * (V[j, 0] - V[k, 0])
                out[size, 1] = V[k, 1] + share * (V[j, 1] - V[k, 1])
                size += 1
        m = size
        for k in range(m):
            V[k, 0], V[k, 1] = out[k, 0], out[k, 1]
    return m, change
