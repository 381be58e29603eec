"""Compiled iteration of Abreu and Sannikov's operator on polygons of payoffs of two players.

Payoffs are in units of each player's range, from 0 to 1. A polygon is an array (m, 2) of its
vertices, counterclockwise from its left end; one or two rows are a point or a segment.
A vertex carries a label ``(profile, kind, edge)`` that says what generates it: the kinds below,
and the edge ``(edge, edge + 1)`` of the polygon before on which its continuation lies.
"""

from __future__ import annotations

import numpy as np
from numba import njit

# A point closer than this to a chord, in payoff ranges, does not count as a vertex; a constraint
# missed by less counts as met. Coordinates in [0, 1] carry a few roundings of 2**-53.
ROUNDING = 1e-14

# An edge flatter than this, in payoff ranges, lies along the constraint: any of its points will do.
LEVEL = 1e-9

# Chains run along the direction (1, SLOPE): edges at right angles to it are rare, where edges at
# right angles to an axis are common and rounding would choose which end comes first.
SLOPE = 0.013724603

# The eight directions of an octagon's corners.
ACROSS = (1.0, 1.0, 0.0, -1.0, -1.0, -1.0, 0.0, 1.0)
UP = (0.0, 1.0, 1.0, 1.0, 0.0, -1.0, -1.0, -1.0)

STAY = 0  # the profile is played for ever
CORNER = 1  # both players are held to their incentive
FIRST = 2  # the first player is, and the continuation lies on an edge
SECOND = 3  # the second player is


@njit(cache=True)
def extent(polygon, box):
    """Least and largest coordinate on either axis, to `box` (2, 2)."""
    for axis in range(2):
        box[axis, 0], box[axis, 1] = polygon[0, axis], polygon[0, axis]
        for j in range(1, len(polygon)):
            box[axis, 0] = min(box[axis, 0], polygon[j, axis])
            box[axis, 1] = max(box[axis, 1], polygon[j, axis])


@njit(cache=True)
def cut(polygon, box, axis, level):
    """Where the line ``w[axis] = level`` meets a polygon: lowest and highest other coordinate.

    Returns (low, high, edge of low, edge of high); low > high where they do not meet.
    """
    m = len(polygon)
    other = 1 - axis
    low, high, at_low, at_high = np.inf, -np.inf, -1, -1
    least, most = box[axis, 0], box[axis, 1]
    if level < least - ROUNDING or level > most + ROUNDING:
        return low, high, at_low, at_high
    level = min(max(level, least), most)
    for j in range(m):
        k = j + 1 if j + 1 < m else 0
        a, b = polygon[j, axis], polygon[k, axis]
        if (a < level and b < level) or (a > level and b > level):
            continue
        first, second = polygon[j, other], polygon[k, other]
        if a != b:
            first += (level - a) / (b - a) * (second - first)
            second = first
        if min(first, second) < low:
            low, at_low = min(first, second), j
        if max(first, second) > high:
            high, at_high = max(first, second), j
    return low, high, at_low, at_high


@njit(cache=True)
def bind(polygon, box, axis, need, payoff, a, delta, corner, points, labels, count):
    """Add what profile a generates with one player held to ``w[axis] = need[axis]``.

    Returns (count, whether a continuation exists on that line).
    """
    other = 1 - axis
    low, high, at_low, at_high = cut(polygon, box, axis, need[axis])
    if high < need[other] - ROUNDING:
        return count, False
    held = (1.0 - delta) * payoff[a, axis] + delta * need[axis]
    today = (1.0 - delta) * payoff[a, other]
    high = max(high, need[other])
    for turn in range(2):
        height, kind, edge = today + delta * high, FIRST + axis, at_high
        if turn == 1 and low >= need[other]:
            height, edge = today + delta * low, at_low
        elif turn == 1 and corner:
            height, kind, edge = today + delta * need[other], CORNER, -1
        elif turn == 1:
            break
        points[count, axis], points[count, other] = held, height
        labels[count, 0], labels[count, 1], labels[count, 2] = a, kind, edge
        count += 1
    return count, True


@njit(cache=True)
def reachable(polygon, box, need):
    """Whether some point of the polygon gives both players what they need."""
    for j in range(len(polygon)):
        if polygon[j, 0] >= need[0] - ROUNDING and polygon[j, 1] >= need[1] - ROUNDING:
            return True
    for axis in range(2):
        if cut(polygon, box, axis, need[axis])[1] >= need[1 - axis] - ROUNDING:
            return True
    return False


@njit(cache=True)
def generate(polygon, threat, payoff, gain, delta, alive, points, labels, floor):
    """One application: every point that a profile can generate, and each player's new threat.

    `alive` loses, for good, the profiles without any continuation. `floor` receives the lowest
    payoff of each player; a player who is held to its own incentive when punished gets, once
    the threat has settled, what it gets by deviating from the punishment: never less.
    Returns the number of points.
    """
    count = 0
    ratio = (1.0 - delta) / delta
    slack = ROUNDING * (1.0 + ratio)
    need, box = np.empty(2), np.empty((2, 2))
    extent(polygon, box)
    floor[0], floor[1] = np.inf, np.inf
    for a in range(len(payoff)):
        if not alive[a]:
            continue
        need[0] = threat[0] + ratio * gain[a, 0]
        need[1] = threat[1] + ratio * gain[a, 1]
        short0, short1 = payoff[a, 0] < need[0] - slack, payoff[a, 1] < need[1] - slack
        if not (short0 or short1):
            points[count, 0], points[count, 1] = payoff[a, 0], payoff[a, 1]
            labels[count, 0], labels[count, 1], labels[count, 2] = a, STAY, -1
            count += 1
            floor[0] = min(floor[0], payoff[a, 0])
            floor[1] = min(floor[1], payoff[a, 1])
            continue
        if need[0] > box[0, 1] + ROUNDING or need[1] > box[1, 1] + ROUNDING:
            alive[a] = False
            continue
        start, some = count, False
        for i in range(2):
            if short0 if i == 0 else short1:
                count, met = bind(
                    polygon, box, i, need, payoff, a, delta, i == 0 or not short0,
                    points, labels, count,
                )  # fmt: skip
                some = some or met
        if not (some or reachable(polygon, box, need)):
            alive[a] = False
            continue
        for i in range(2):
            least = np.inf
            for k in range(start, count):
                least = min(least, points[k, i])
            floor[i] = min(floor[i], max(least, payoff[a, i] + gain[a, i]))
    return count


@njit(cache=True)
def before(points, i, j):
    """Whether point i comes before point j along the direction in which chains run."""
    return points[i, 0] + SLOPE * points[i, 1] < points[j, 0] + SLOPE * points[j, 1]


@njit(cache=True)
def spread(points, count, chosen):
    """Choose the points that may be vertices: those not inside the octagon of the extreme ones."""
    extreme = np.zeros(8, dtype=np.int64)
    for k in range(8):
        best = -np.inf
        for i in range(count):
            value = ACROSS[k] * points[i, 0] + UP[k] * points[i, 1]
            if value > best:
                best, extreme[k] = value, i
    kept = 0
    for i in range(count):
        inside = True
        for k in range(8):
            p, q = extreme[k], extreme[(k + 1) % 8]
            dx, dy = points[q, 0] - points[p, 0], points[q, 1] - points[p, 1]
            side = dx * (points[i, 1] - points[p, 1]) - dy * (points[i, 0] - points[p, 0])
            # a side of no length bounds nothing
            if side <= ROUNDING and (dx != 0.0 or dy != 0.0):
                inside = False
                break
        if not inside:
            chosen[kept] = i
            kept += 1
    return kept


@njit(cache=True)
def sort(points, order, count):
    """Shell sort of the chosen points along the direction in which chains run."""
    gap = count // 2
    while gap > 0:
        for i in range(gap, count):
            item, j = order[i], i
            while j >= gap and before(points, item, order[j - gap]):
                order[j] = order[j - gap]
                j -= gap
            order[j] = item
        gap //= 2


@njit(cache=True)
def close(points, i, j):
    """Whether two points differ by rounding alone."""
    across = abs(points[i, 0] - points[j, 0])
    return across <= ROUNDING and abs(points[i, 1] - points[j, 1]) <= ROUNDING


@njit(cache=True)
def turns_left(points, o, q, p):
    """Whether q lies to the right of the chord from o to p, by more than rounding."""
    ax, ay = points[q, 0] - points[o, 0], points[q, 1] - points[o, 1]
    cx, cy = points[p, 0] - points[o, 0], points[p, 1] - points[o, 1]
    return ax * cy - ay * cx > ROUNDING * np.sqrt(cx * cx + cy * cy)


@njit(cache=True)
def hull(points, count, order, chain):
    """Monotone chain: indices of the extreme points, counterclockwise; returns their number."""
    n = spread(points, count, order)
    if n == 0:  # all in one place
        order[0], n = 0, 1
    sort(points, order, n)
    size = 0
    for side in range(2):
        start = size - 1 if side == 1 else 0
        for step in range(n):
            p = order[step] if side == 0 else order[n - 1 - step]
            if size > 0 and close(points, p, chain[size - 1]):
                continue
            while size - start >= 2 and not turns_left(points, chain[size - 2], chain[size - 1], p):
                size -= 1
            chain[size] = p
            size += 1
    if size > 1 and close(points, chain[size - 1], chain[0]):
        size -= 1
    return size


@njit(cache=True)
def moved(new, old):
    """How far the vertices moved; infinite where their number changed."""
    if len(new) != len(old):
        return np.inf
    most = 0.0
    for j in range(len(new)):
        most = max(most, abs(new[j, 0] - old[j, 0]), abs(new[j, 1] - old[j, 1]))
    return most


@njit(cache=True)
def same(new, old):
    """Whether the vertices are generated alike: same profiles, same constraints, in one order."""
    if len(new) != len(old):
        return False
    for j in range(len(new)):  # noqa: SIM110 - the compiler takes no generator
        if new[j, 0] != old[j, 0] or new[j, 1] != old[j, 1]:
            return False
    return True


@njit(cache=True)
def iterate(polygon, labels, threat, alive, payoff, gain, delta, most, patience):
    """Apply the operator until the polygon stays, or `patience` times and its structure stays.

    Parameters
    ----------
    polygon (m, 2), labels (m, 3), threat (2,), alive (n_profiles,)
        The state: changed in place where it can be (`threat`, `alive`).
    payoff, gain : (n_profiles, 2)
        Payoffs, and what each player gains by its best deviation.
    delta : discount factor in (0, 1)
    most, patience : most applications, and after how many it is enough that the structure stays

    Returns
    -------
    (polygon, labels, iterations, move): `move` is how far the last step went, 0 where empty.
    """
    n = len(payoff)
    points, tags = np.empty((4 * n + 4, 2)), np.empty((4 * n + 4, 3), dtype=np.int64)
    order = np.empty(4 * n + 4, dtype=np.int64)
    chain = np.empty(8 * n + 16, dtype=np.int64)
    floor = np.empty(2)
    move = np.inf
    for step in range(most):
        count = generate(polygon, threat, payoff, gain, delta, alive, points, tags, floor)
        if count == 0:
            return polygon[:0], labels[:0], step + 1, 0.0
        size = hull(points, count, order, chain)
        new, new_labels = np.empty((size, 2)), np.empty((size, 3), dtype=np.int64)
        for j in range(size):
            for i in range(2):
                new[j, i] = points[chain[j], i]
            for i in range(3):
                new_labels[j, i] = tags[chain[j], i]
        move = moved(new, polygon)
        for i in range(2):
            if floor[i] > threat[i]:
                move = max(move, floor[i] - threat[i])
                threat[i] = floor[i]
        alike = same(new_labels, labels)
        polygon, labels = new, new_labels
        if move <= 0.0 or (alike and step + 1 >= patience):
            return polygon, labels, step + 1, move
    return polygon, labels, most, move


@njit(cache=True)
def feasible(payoff):
    """The hull of all payoffs, as `iterate` starts from it; labels say that nothing holds yet."""
    n = len(payoff)
    order, chain = np.empty(n, dtype=np.int64), np.empty(2 * n + 4, dtype=np.int64)
    size = hull(payoff, n, order, chain)
    labels = np.empty((size, 3), dtype=np.int64)
    polygon = np.empty((size, 2))
    for j in range(size):
        polygon[j, 0], polygon[j, 1] = payoff[chain[j], 0], payoff[chain[j], 1]
        labels[j, 0], labels[j, 1], labels[j, 2] = chain[j], -1, -1
    return polygon, labels


@njit(cache=True)
def across(polygon, own, edge, axis, level, g, row):
    """Other coordinate of the point of an edge at `level`; its derivative goes to `row`.

    Where the edge ends in the vertex generated (`own`) itself, payoff g, vertex and continuation
    lie on one line: then g stands for the vertex, and the equation keeps its digits as delta
    tends to 1. An edge along the constraint gives its nearer end.
    """
    k, other = len(polygon), 1 - axis
    first, second = edge, (edge + 1) % k
    p = g if first == own else polygon[first]
    q = g if second == own else polygon[second]
    width = q[axis] - p[axis]
    if abs(width) <= LEVEL:
        share, rise = 0.0, 0.0
        if abs(q[axis] - level) < abs(p[axis] - level):
            share = 1.0
    else:
        share, rise = (level - p[axis]) / width, (q[other] - p[other]) / width
    row[2 * k + axis] += rise
    if first != own:
        row[2 * first + other] += 1.0 - share
        row[2 * first + axis] -= (1.0 - share) * rise
    if second != own:
        row[2 * second + other] += share
        row[2 * second + axis] -= share * rise
    return p[other] + share * (q[other] - p[other])


@njit(cache=True)
def image(polygon, threat, labels, lowest, payoff, gain, delta, value, slope):
    """What a structure makes of vertices and threats (`value`), and its derivative (`slope`).

    In the order (v_0, v_0', v_1, v_1', ..., p, p').
    """
    k = len(polygon)
    for r in range(2 * k + 2):
        for c in range(2 * k + 2):
            slope[r, c] = 0.0
    for j in range(k):
        a, kind = labels[j, 0], labels[j, 1]
        for i in range(2):
            row = 2 * j + i
            value[row] = payoff[a, i]
            if kind == CORNER or kind == FIRST + i:
                value[row] = (1.0 - delta) * (payoff[a, i] + gain[a, i]) + delta * threat[i]
                slope[row, 2 * k + i] = delta
            elif kind != STAY:
                level = threat[1 - i] + (1.0 - delta) / delta * gain[a, 1 - i]
                height = across(polygon, j, labels[j, 2], 1 - i, level, payoff[a], slope[row])
                value[row] = (1.0 - delta) * payoff[a, i] + delta * height
                for c in range(2 * k + 2):
                    slope[row, c] *= delta
    for i in range(2):
        q = lowest[i]
        value[2 * k + i] = threat[i] if q < 0 else polygon[q, i]
        if q >= 0:
            slope[2 * k + i, 2 * q + i] = 1.0


@njit(cache=True)
def eliminate(matrix, right):
    """Solve ``matrix @ x = right`` in place by Gauss with row pivots; whether it could be."""
    n = len(right)
    for k in range(n):
        top = k
        for i in range(k + 1, n):
            if abs(matrix[i, k]) > abs(matrix[top, k]):
                top = i
        if not abs(matrix[top, k]) > 1e-300:
            return False
        for j in range(k, n):
            matrix[k, j], matrix[top, j] = matrix[top, j], matrix[k, j]
        right[k], right[top] = right[top], right[k]
        for i in range(k + 1, n):
            factor = matrix[i, k] / matrix[k, k]
            if factor != 0.0:
                for j in range(k, n):
                    matrix[i, j] -= factor * matrix[k, j]
                right[i] -= factor * right[k]
    for k in range(n - 1, -1, -1):
        for j in range(k + 1, n):
            right[k] -= matrix[k, j] * right[j]
        right[k] /= matrix[k, k]
    return True


@njit(cache=True)
def newton(polygon, labels, threat, lowest, payoff, gain, delta, most):
    """Vertices and threats that a structure gives back: (whether met, polygon, threat).

    `lowest`: for each player the vertex that is its threat, -1 where the threat keeps its value.
    """
    k = len(polygon)
    polygon, threat = polygon.copy(), threat.copy()
    value, slope = np.empty(2 * k + 2), np.empty((2 * k + 2, 2 * k + 2))
    for _ in range(most):
        image(polygon, threat, labels, lowest, payoff, gain, delta, value, slope)
        for r in range(2 * k + 2):
            here = threat[r - 2 * k] if r >= 2 * k else polygon[r // 2, r % 2]
            value[r] -= here
            for c in range(2 * k + 2):
                slope[r, c] = (1.0 if r == c else 0.0) - slope[r, c]
        if not eliminate(slope, value):
            return False, polygon, threat
        step = 0.0
        for r in range(2 * k + 2):
            step = max(step, abs(value[r]))
            if r >= 2 * k:
                threat[r - 2 * k] += value[r]
            else:
                polygon[r // 2, r % 2] += value[r]
        if not step < 1.0:
            return False, polygon, threat
        if step <= 1e-16:
            break
    return True, polygon, threat


@njit(cache=True)
def distance(outer, inner):
    """Hausdorff distance of two convex polygons, the second within the first, both not empty."""
    farthest = 0.0
    for j in range(len(outer)):
        x, y = outer[j, 0], outer[j, 1]
        nearest, inside = np.inf, len(inner) > 2
        for k in range(len(inner)):
            n = (k + 1) % len(inner)
            px, py = inner[k, 0], inner[k, 1]
            dx, dy = inner[n, 0] - px, inner[n, 1] - py
            inside = inside and dx * (y - py) - dy * (x - px) >= 0.0
            square = dx * dx + dy * dy
            share = 0.0
            if square > 0.0:
                share = min(1.0, max(0.0, ((x - px) * dx + (y - py) * dy) / square))
            nearest = min(nearest, np.hypot(x - px - share * dx, y - py - share * dy))
        if not inside:
            farthest = max(farthest, nearest)
    return farthest
