"""Compiled loops on polygons: weighted sums of sets, cut at constraints, and their hulls.

Polygons are counterclockwise from their lowest (of these the leftmost) point, those of all states
one after another: `points` (n, 2) and `begin` (n_states + 1,). Payoffs are in payoff ranges.
"""

from __future__ import annotations

import numpy as np
from numba import njit

GRID = 2.0**43  # points lie on a grid of its inverse, so that level edges are level
NEAR = 1e-13  # a point this close to the chord of its neighbours is left out
SLACK = 2e-13  # constraints are met to this: outside is where a bound may err


@njit(cache=True)
def turn(law, rows, start, payoffs, delta, lure, points, begin):
    """One application of the operator; `rows`, those of state s at start[s] to start[s + 1].

    Returns points, begin, the row behind every point, and how many points were met on the way.
    """
    n_states = len(begin) - 1
    total = 0
    for r in rows:
        total += _edges(law, r, begin) + 5
    found, played = np.empty((total, 2)), np.empty(total, np.int64)
    ends, met = np.zeros(n_states + 1, np.int64), 0
    for s in range(n_states):
        room = 0
        for k in range(start[s], start[s + 1]):
            room += _edges(law, rows[k], begin) + 5
        some, whose, count = np.empty((room, 2)), np.empty(room, np.int64), 0
        for k in range(start[s], start[s + 1]):
            r = rows[k]
            polygon = _ahead(law, r, payoffs[:, r], delta, points, begin)
            polygon = _cut(_cut(polygon, 0, lure[0, r]), 1, lure[1, r])
            for j in range(len(polygon)):
                some[count, 0], some[count, 1], whose[count] = polygon[j, 0], polygon[j, 1], r
                count += 1
        met += count
        at = hull(some[:count])
        for j in range(len(at)):
            k, to = at[j], ends[s] + j
            found[to, 0], found[to, 1] = _level(some[k, 0]), _level(some[k, 1])
            played[to] = whose[k]
        ends[s + 1] = ends[s] + len(at)
    last = ends[n_states]
    return found[:last].copy(), ends, played[:last].copy(), met


@njit(cache=True)
def _level(x):
    return np.floor(x * GRID + 0.5) / GRID


@njit(cache=True)
def _edges(law, r, begin):
    data, indices, pointer = law
    count = 0
    for j in range(pointer[r], pointer[r + 1]):
        if data[j] > 0:
            count += begin[indices[j] + 1] - begin[indices[j]]
    return count


@njit(cache=True)
def _ahead(law, r, payoff, delta, points, begin):
    """``(1 - delta) u + delta sum_s' p(s') W(s')``: edges of all sets in order of their angles."""
    data, indices, pointer = law
    room, count = _edges(law, r, begin), 0
    edge, angle = np.empty((room, 2)), np.empty(room)
    x, y = (1 - delta) * payoff[0], (1 - delta) * payoff[1]
    for j in range(pointer[r], pointer[r + 1]):
        weight, first, last = delta * data[j], begin[indices[j]], begin[indices[j] + 1]
        if weight <= 0:
            continue
        x, y = x + weight * points[first, 0], y + weight * points[first, 1]
        for k in range(first, last):
            ahead = k + 1 if k + 1 < last else first
            if ahead == k:
                continue
            east, north = points[ahead, 0] - points[k, 0], points[ahead, 1] - points[k, 1]
            edge[count, 0], edge[count, 1] = weight * east, weight * north
            angle[count] = np.arctan2(north, east) + (2 * np.pi if north < 0 else 0.0)
            count += 1
    polygon = np.empty((max(count, 1), 2))
    polygon[0] = x, y
    order = np.argsort(angle[:count], kind="mergesort")
    for k in range(count - 1):
        x, y = x + edge[order[k], 0], y + edge[order[k], 1]
        polygon[k + 1] = x, y
    return polygon


@njit(cache=True)
def _cut(polygon, axis, level):
    """The part with coordinate `axis` at `level` or more."""
    n, count = len(polygon), 0
    kept = np.empty((2 * n + 1, 2))
    for k in range(n):
        p, q = polygon[k], polygon[k + 1 if k + 1 < n else 0]
        if p[axis] >= level - SLACK:
            kept[count, 0], kept[count, 1] = p[0], p[1]
            count += 1
        if (p[axis] - level) * (q[axis] - level) < 0:
            w = (level - p[axis]) / (q[axis] - p[axis])
            kept[count, 0] = p[0] + w * (q[0] - p[0])
            kept[count, 1] = p[1] + w * (q[1] - p[1])
            count += 1
    return kept[:count]


@njit(cache=True)
def hull(some):
    """Which points are extreme, in order, but for those within NEAR of a chord."""
    n = len(some)
    if n == 0:
        return np.empty(0, np.int64)
    grid, key = np.empty((n, 2)), np.empty(n)
    for k in range(n):
        grid[k, 0], grid[k, 1] = _level(some[k, 0]), _level(some[k, 1])
        key[k] = grid[k, 0]
    first = np.argsort(key, kind="mergesort")
    for k in range(n):
        key[k] = grid[first[k], 1]
    order = first[np.argsort(key, kind="mergesort")]
    kept, count, floor = np.empty(2 * n + 2, np.int64), 0, 0
    for side in range(2):
        floor = count
        for j in range(n):
            k = order[j] if side == 0 else order[n - 1 - j]
            while count > floor + 1 and _between(grid[kept[count - 2]], grid[kept[count - 1]],
                                                 grid[k]):  # fmt: skip
                count -= 1
            last = kept[count - 1] if count > floor else -1
            if last >= 0 and grid[k, 0] == grid[last, 0] and grid[k, 1] == grid[last, 1]:
                continue
            kept[count] = k
            count += 1
        if count > 1:
            count -= 1  # where the other side begins
    return kept[:count]


@njit(cache=True)
def _between(a, b, c):
    """Whether b is not to the right of the way from a to c, by NEAR."""
    cross = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    return cross <= 0 or _off(a, b, c) <= NEAR


@njit(cache=True)
def _off(a, b, c):
    """Distance of b from the segment a to c."""
    east, north = c[0] - a[0], c[1] - a[1]
    size = east * east + north * north
    t = 0.0
    if size > 0:
        t = min(1.0, max(0.0, ((b[0] - a[0]) * east + (b[1] - a[1]) * north) / size))
    return np.hypot(b[0] - a[0] - t * east, b[1] - a[1] - t * north)


@njit(cache=True)
def outside(points, begin, others, ends):
    """How far the first sets reach outside the second, all states."""
    furthest = 0.0
    for s in range(len(begin) - 1):
        first, last = ends[s], ends[s + 1]
        for k in range(begin[s], begin[s + 1]):
            inside, least, p = last - first > 2, np.inf, points[k]
            for j in range(first, last):
                a, b = others[j], others[j + 1 if j + 1 < last else first]
                least = min(least, _off(a, p, b))
                turned = (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])
                inside = inside and turned >= 0
            furthest = max(furthest, 0.0 if inside else least)
    return furthest
