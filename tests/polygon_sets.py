"""Payoff sets of small two-player stochastic games by brute force: polygons in plain Python.

The operator of Abreu, Pearce and Stacchetti, state by state: Minkowski sums of the sets of next
states, weighted by their chances, cut at the incentive constraints. Slow, and shares no line with
the package's solvers.
"""

from __future__ import annotations

import math

import numpy as np


def hull(points, tolerance=1e-11):
    """Extreme points, counterclockwise, but for those nearer to a chord than `tolerance`."""
    # rounded, so that a vertical edge is one: its ends would else change places
    ordered = sorted({(round(float(x), 12), round(float(y), 12)) for x, y in points})
    if len(ordered) < 3:
        return ordered

    def chain(ps):
        kept = []
        for p in ps:
            while len(kept) > 1:
                (ax, ay), (bx, by) = kept[-2], kept[-1]
                east, north = p[0] - ax, p[1] - ay
                left = (bx - ax) * north - (by - ay) * east
                size = math.hypot(east, north)
                if left > tolerance * size:
                    break
                # beyond the chord's ends a point is far from it, however thin the polygon is
                t = (bx - ax) * east + (by - ay) * north
                off = math.hypot(bx - ax, by - ay) if t < 0 else math.hypot(bx - p[0], by - p[1])
                if left > 0 and not 0 <= t <= size**2 and off > tolerance:
                    break
                kept.pop()
            kept.append(p)
        return kept[:-1]

    return chain(ordered) + chain(ordered[::-1])


def cut(polygon, axis, level, slack=1e-11):
    """The part of a convex polygon with coordinate `axis` at `level` or more."""
    kept = []
    for k, p in enumerate(polygon):
        q = polygon[(k + 1) % len(polygon)]
        if p[axis] >= level - slack:
            kept.append(p)
        if (p[axis] - level) * (q[axis] - level) < 0:
            w = (level - p[axis]) / (q[axis] - p[axis])
            kept.append((p[0] + w * (q[0] - p[0]), p[1] + w * (q[1] - p[1])))
    return kept


def minkowski(sets, weights):
    total = [(0.0, 0.0)]
    for polygon, weight in zip(sets, weights, strict=True):
        if weight > 0:
            total = hull([(a + weight * x, b + weight * y) for a, b in total for x, y in polygon])
    return total


def step(game, sets, threats):
    """One application of the operator: sets from sets, by state; None where one is empty."""
    d, law, result = game.discount, game.transitions.toarray(), []
    for s in range(game.n_states):
        start, shape = game.profile_start[s], tuple(game.n_actions[s])
        found = []
        for local, cell in enumerate(np.ndindex(*shape)):
            row = start + local
            ahead = minkowski(sets, law[row])
            u = (1 - d) * game.payoffs[:, row]
            polygon = [(u[0] + d * x, u[1] + d * y) for x, y in ahead]
            for i in range(2):
                best = -np.inf
                for b in range(shape[i]):
                    other = list(cell)
                    other[i] = b
                    r = start + np.ravel_multi_index(other, shape)
                    gain = (1 - d) * game.payoffs[i, r] + d * law[r] @ threats[:, i]
                    best = max(best, float(gain))
                polygon = cut(polygon, i, best) if polygon else polygon
            found += polygon
        if not found:
            return None
        result.append(hull(found))
    return result


def payoff_sets(game, steps=400, tolerance=1e-12):
    """Iterate from the box of feasible payoffs; threats follow the sets' lowest payoffs."""
    low, high = game.payoffs.min(axis=1), game.payoffs.max(axis=1)
    box = [(low[0], low[1]), (high[0], low[1]), (high[0], high[1]), (low[0], high[1])]
    sets = [box] * game.n_states
    for _ in range(steps):
        threats = np.array([[min(p[i] for p in one) for i in range(2)] for one in sets])
        following = step(game, sets, threats)
        if following is None:
            return None
        moved = max(distance(a, b) for a, b in zip(sets, following, strict=True))
        sets = following
        if moved < tolerance:
            break
    return [np.array(one) for one in sets]


def distance(one, two, directions=720):
    """Largest difference of the support functions: the Hausdorff distance, nearly."""
    angle = np.linspace(0, 2 * np.pi, directions, endpoint=False)
    normal = np.array([np.cos(angle), np.sin(angle)])
    a = (np.asarray(one) @ normal).max(axis=0)
    b = (np.asarray(two) @ normal).max(axis=0)
    return float(np.abs(a - b).max())
