"""Loops of the sharpening pencil: payoff sets of two players, all states at once.

The sets of all states are kept as one list of *tuples*: tuple k holds a payoff pair for every
state, each extreme in its set for the same directions, from `normal[k - 1]` to `normal[k]`,
counterclockwise. A weighted Minkowski sum of the sets is then the sum of their tuples.
Tuple 0 is the upper end of the right edges; the axes met on the way are kept in `axis`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

# called by kernels only: without wrappers for Python a fifth less to compile
inner = njit(  # type: ignore[call-overload]  # numba's stubs lack the last two options
    cache=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True
)

TO_EAST, TO_NORTH = (0.0, -1.0, 0.0, 1.0), (1.0, 0.0, -1.0, 0.0)  # axes, from north on
FULL = -1  # the buffers of tuples are too short
STUCK = -2  # too many steps in one turn
SMALL = 1e-14  # a move shorter than this, in units of the payoff range, is rounding
TURNED = 1e-13  # a direction that turns by less (a tangent) has not turned
SLACK = 1e-13  # an incentive constraint missed by no more than this binds


@inner
def _ahead(data, column, low, high, X, k, i):
    total = 0.0
    for j in range(low, high):
        total += data[j] * X[k, column[j], i]
    return total


@inner
def _crossing(data, column, low, high, X, base, delta, i, level, first, n, down):
    """Where coordinate i of a row's polygon meets a level on a chain of n steps down, or up.

    Returns the other coordinate, and whether the chain meets the level.
    """
    count = len(X)
    begin = base[i] + delta * _ahead(data, column, low, high, X, first % count, i)
    end = base[i] + delta * _ahead(data, column, low, high, X, (first + n) % count, i)
    top, bottom = (begin, end) if down else (end, begin)
    if level > top + SLACK or level < bottom - SLACK:
        return 0.0, False
    a, b = 0, n
    value_a, value_b = begin, end
    while b - a > 1:
        middle = (a + b) // 2
        v = base[i] + delta * _ahead(data, column, low, high, X, (first + middle) % count, i)
        if (v > level) == down:
            a, value_a = middle, v
        else:
            b, value_b = middle, v
    j = 1 - i
    other_a = base[j] + delta * _ahead(data, column, low, high, X, (first + a) % count, j)
    other_b = base[j] + delta * _ahead(data, column, low, high, X, (first + b) % count, j)
    gap = value_b - value_a
    if abs(gap) <= 1e-300:
        return (other_b if down else other_a), True
    w = min(1.0, max(0.0, (level - value_a) / gap))
    return other_a + w * (other_b - other_a), True


@njit(cache=True, error_model="numpy")
def binding(game, lure, X, axis, points, supported):
    """Extreme payoffs of every row at which an incentive constraint binds.

    lure (2, n_rows) is what deviations give; points (n_rows, 4, 2) gets the payoffs, nan where
    there is none; supported (n_rows,) whether the row can be played at all.
    """
    data, column, pointer, payoffs, delta = game
    count = len(X)
    base = np.empty(2)
    for r in range(len(supported)):
        low, high = pointer[r], pointer[r + 1]
        for j in range(4):
            points[r, j, 0] = points[r, j, 1] = np.nan
        inside = True
        for i in range(2):
            base[i] = (1 - delta) * payoffs[i, r]
            inside &= base[i] + delta * _ahead(data, column, low, high, X, 0, i) >= (
                lure[i, r] - SLACK
            )
        supported[r] = inside
        for i in range(2):
            level, floor = lure[i, r], lure[1 - i, r]
            if i == 0:  # the upper chain to the west, the lower chain back east
                first, steps = axis[1, 0], axis[0, 2] - axis[1, 0]
                back, size = axis[1, 2], axis[0, 4] - axis[1, 2]
            else:  # the left chain to the south, the right chain back north
                first, steps = axis[1, 1], axis[0, 3] - axis[1, 1]
                back, size = axis[1, 3], count - axis[1, 3] + axis[0, 1]
            one, met = _crossing(
                data, column, low, high, X, base, delta, i, level, first, steps, True
            )
            two, also = _crossing(
                data, column, low, high, X, base, delta, i, level, back, size, False
            )
            if not (met and also):
                continue
            best, worst = max(one, two), min(one, two)
            if best < floor - SLACK:
                continue
            supported[r] = True
            points[r, 2 * i, i], points[r, 2 * i, 1 - i] = level, best
            points[r, 2 * i + 1, i], points[r, 2 * i + 1, 1 - i] = level, max(worst, floor)


@inner
def _open(game, lure, X, k, gate):
    """Rows whose extreme continuation of tuple k deters every deviation."""
    data, column, pointer, payoffs, delta = game
    for r in range(len(gate)):
        low, high = pointer[r], pointer[r + 1]
        fine = True
        for i in range(2):
            v = (1 - delta) * payoffs[i, r] + delta * _ahead(data, column, low, high, X, k, i)
            fine &= v >= lure[i, r] - SLACK
        gate[r] = fine


@inner
def _follow(game, corner, policy, x):
    """Payoffs x (1, n_states, 2) of a policy: a row, or -1 - j for the fixed payoffs corner[j]."""
    data, column, pointer, payoffs, delta = game
    n = len(policy)
    A = np.zeros((n, n + 2))
    for s in range(n):
        A[s, s] = 1.0
        p = policy[s]
        for i in range(2):
            A[s, n + i] = corner[-1 - p, i] if p < 0 else (1 - delta) * payoffs[i, p]
        if p >= 0:
            for j in range(pointer[p], pointer[p + 1]):
                A[s, column[j]] -= delta * data[j]
    for c in range(n):  # rows are diagonally dominant: no pivoting
        for s in range(c + 1, n):
            f = A[s, c] / A[c, c]
            if f != 0.0:
                for t in range(c + 1, n + 2):
                    A[s, t] -= f * A[c, t]
    for c in range(n - 1, -1, -1):
        for i in range(2):
            total = A[c, n + i]
            for t in range(c + 1, n):
                total -= A[c, t] * x[0, t, i]
            x[0, c, i] = total / A[c, c]


@inner
def _choice(game, menu, gate, x, s, d, y):
    """The best policy of state s in direction d, then in the direction a quarter turn on."""
    data, column, pointer, payoffs, delta = game
    corner, begin, start = menu
    best, along, chosen = -np.inf, -np.inf, 0
    for j in range(begin[s], begin[s + 1]):
        u = d[0] * corner[j, 0] + d[1] * corner[j, 1]
        t = -d[1] * corner[j, 0] + d[0] * corner[j, 1]
        if u > best + SMALL or (u > best - SMALL and t > along + SMALL):
            best, along, chosen = max(u, best), t, -1 - j
    for r in range(start[s], start[s + 1]):
        if gate[r]:
            for i in range(2):
                y[i] = (1 - delta) * payoffs[i, r] + delta * _ahead(
                    data, column, pointer[r], pointer[r + 1], x, 0, i
                )
            u = d[0] * y[0] + d[1] * y[1]
            t = -d[1] * y[0] + d[0] * y[1]
            if u > best + SMALL or (u > best - SMALL and t > along + SMALL):
                best, along, chosen = max(u, best), t, r
    return best, along, chosen


@inner
def _settle(game, menu, gate, d, policy, x):
    """Policy iteration in one direction, ties to the direction a quarter turn on."""
    n = len(policy)
    y = np.empty(2)
    for _ in range(1000):
        changed = False
        for s in range(n):
            best, along, chosen = _choice(game, menu, gate, x, s, d, y)
            u = d[0] * x[0, s, 0] + d[1] * x[0, s, 1]
            t = -d[1] * x[0, s, 0] + d[0] * x[0, s, 1]
            if best > u + SMALL or (best > u - SMALL and along > t + 10 * SMALL):
                policy[s], changed = chosen, True
        if not changed:
            return True
        _follow(game, menu[0], policy, x)
    return False


@inner
def _next(game, menu, gate, x, d, slope, policy, w):
    """The first move that pays as the direction turns on, by at most `slope` (a tangent).

    Returns the state and its new policy (state -1: none); the move is left in w.
    """
    data, column, pointer, payoffs, delta = game
    corner, begin, start = menu
    n = len(policy)
    found, chosen, best, y = -1, 0, slope, np.empty(2)
    length = 0.0
    for s in range(n):
        for j in range(begin[s], begin[s + 1]):
            a, b = corner[j, 0] - x[0, s, 0], corner[j, 1] - x[0, s, 1]
            along = -d[1] * a + d[0] * b
            if along > 10 * SMALL:
                tangent = max(0.0, -(d[0] * a + d[1] * b)) / along
                if tangent < best or (tangent <= best and along > length):
                    found, chosen, best, length = s, -1 - j, tangent, along
                    w[0], w[1] = a, b
        for r in range(start[s], start[s + 1]):
            if gate[r] and policy[s] != r:
                for i in range(2):
                    y[i] = (1 - delta) * payoffs[i, r] + delta * _ahead(
                        data, column, pointer[r], pointer[r + 1], x, 0, i
                    )
                a, b = y[0] - x[0, s, 0], y[1] - x[0, s, 1]
                along = -d[1] * a + d[0] * b
                if along > 10 * SMALL:
                    tangent = max(0.0, -(d[0] * a + d[1] * b)) / along
                    if tangent < best or (tangent <= best and along > length):
                        found, chosen, best, length = s, r, tangent, along
                        w[0], w[1] = a, b
    return found, chosen, best


@inner
def _along(east, north, w):
    """Whether a move runs along an edge with this normal, to rounding, or turns in after it."""
    return east * w[0] + north * w[1] <= 10 * SMALL


@inner
def _keep(x, policy, new_X, new_policy, k):
    for s in range(len(policy)):
        new_X[k, s, 0], new_X[k, s, 1] = x[0, s, 0], x[0, s, 1]
        new_policy[k, s] = policy[s]


@inner
def _tangent(d, east, north):
    """Tangent of the turn from d on to another direction; inf from a quarter turn on."""
    down = d[0] * east + d[1] * north
    over = -d[1] * east + d[0] * north
    return max(0.0, over / down) if down > 1e-300 else np.inf


@inner
def _shut(game, menu, gate, policy, x, d, w):
    """Replace rows that may no longer be played; whether there were any."""
    moved = False
    for s in range(len(policy)):
        if policy[s] >= 0 and not gate[policy[s]]:
            best, _, other = _choice(game, menu, gate, x, s, d, w)
            if best > -np.inf:
                policy[s], moved = other, True
    return moved


@inner
def _begin(game, menu, lure, X, gate, policy, x, d, w):
    """The best policies in the first direction; whether they were found."""
    _open(game, lure, X, 0, gate)
    for s in range(len(policy)):
        policy[s] = _choice(game, menu, gate, X, s, d, w)[2]
    _follow(game, menu[0], policy, x)
    return _settle(game, menu, gate, d, policy, x)


@njit(cache=True, error_model="numpy")
def turn(game, menu, lure, X, normal, new_X, new_normal, new_policy, axis):
    """One full turn of the pencil: the sharpened tuples; returns their number, or a fault.

    At direction d the policy of every state is best: a payoff at which a constraint binds, or a
    row whose continuation is the extreme one. As d turns, the first alternative to pay becomes
    the policy of its state. axis (2, 5) gets the tuple met on arriving at and on leaving each
    of the axes east, north, west, south, east.
    """
    n = len(menu[1]) - 1
    gate, policy = np.empty(lure.shape[1], dtype=np.bool_), np.empty(n, dtype=np.int64)
    x, d, w = np.zeros((1, n, 2)), np.array([1.0, 0.0]), np.empty(2)
    cone, quarter, k = 0, 0, 0
    if not _begin(game, menu, lure, X, gate, policy, x, d, w):
        return STUCK
    _keep(x, policy, new_X, new_policy, 0)
    axis[0, 0] = axis[1, 0] = 0
    fresh, at_axis = True, False  # whether d has turned since the last tuple was kept
    for _ in range(100 * len(new_X)):
        # what comes first: an axis, the next tuple of W, or a move
        east, north = TO_EAST[quarter], TO_NORTH[quarter]
        slope, at_cone = _tangent(d, east, north), False
        if cone < len(normal):
            edge = _tangent(d, normal[cone, 0], normal[cone, 1])
            if edge <= slope and edge < np.inf:
                slope, at_cone = edge, True
                east, north = normal[cone, 0], normal[cone, 1]
        s, chosen, tangent = _next(game, menu, gate, x, d, slope, policy, w)
        # what opens and closes at an edge of W comes before moves along it, as axes do
        moved = s >= 0 and not _along(east, north, w)
        if moved:
            policy[s] = chosen
            if tangent > TURNED:
                size = np.hypot(w[0], w[1])
                d[0], d[1] = w[1] / size, -w[0] / size
                fresh, at_axis = True, False
        elif at_cone:
            if slope > TURNED:
                d[0], d[1] = east, north
                fresh, at_axis = True, False
            cone += 1
            _open(game, lure, X, cone, gate)
            moved = _shut(game, menu, gate, policy, x, d, w)
        else:
            quarter += 1
            axis[0, quarter] = axis[1, quarter] = k
            if quarter == 4:
                return k + 1
            d[0], d[1] = east, north
            fresh, at_axis = True, True
        if moved:
            _follow(game, menu[0], policy, x)
            if fresh and k + 1 >= len(new_X):
                return FULL
            if fresh:
                new_normal[k, 0], new_normal[k, 1] = d[0], d[1]
                k, fresh = k + 1, False
            _keep(x, policy, new_X, new_policy, k)
            if at_axis:
                axis[1, quarter] = k
    return STUCK


@njit(cache=True, error_model="numpy")
def corners(x, y, order, first, keep):
    """Mark extreme points: those of block b are ``order[first[b]:first[b + 1]]``, by x then y."""
    for b in range(len(first) - 1):
        stack = np.empty(first[b + 1] - first[b] + 1, dtype=np.int64)
        for side in range(2):
            n = 0
            for step in range(first[b + 1] - first[b]):
                m = order[first[b] + step] if side == 0 else order[first[b + 1] - 1 - step]
                while n > 0 and x[m] == x[stack[n - 1]] and y[m] == y[stack[n - 1]]:
                    n -= 1
                while n > 1:
                    o, p = stack[n - 2], stack[n - 1]
                    turn_left = (x[p] - x[o]) * (y[m] - y[o]) - (y[p] - y[o]) * (x[m] - x[o])
                    if turn_left > 0.0:
                        break
                    n -= 1
                stack[n] = m
                n += 1
            for j in range(n):
                keep[stack[j]] = True


@njit(cache=True, error_model="numpy")
def apart(old, new):
    """Largest distance of a point of `old` from the polygon `new`, over states: Hausdorff."""
    worst = 0.0
    for s in range(old.shape[1]):
        area = 0.0
        for b in range(len(new) - 1):
            area += (new[b, s, 0] - new[0, s, 0]) * (new[b + 1, s, 1] - new[0, s, 1])
            area -= (new[b, s, 1] - new[0, s, 1]) * (new[b + 1, s, 0] - new[0, s, 0])
        for a in range(len(old)):
            p, q = old[a, s, 0], old[a, s, 1]
            inside, near = area > SMALL, np.inf
            for b in range(len(new)):
                c = (b + 1) % len(new)
                ex, ey = new[c, s, 0] - new[b, s, 0], new[c, s, 1] - new[b, s, 1]
                px, py = p - new[b, s, 0], q - new[b, s, 1]
                long = ex * ex + ey * ey
                if long > 0.0 and ex * py - ey * px < 0.0:
                    inside = False
                t = min(1.0, max(0.0, (ex * px + ey * py) / long)) if long > 0.0 else 0.0
                near = min(near, np.hypot(px - t * ex, py - t * ey))
            if not inside:
                worst = max(worst, near)
    return worst
