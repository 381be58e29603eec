"""Newton systems of Markov homotopies: each state's policies are eliminated by a small LU.

Unknowns are a number for each action and a value for each state and player, and a parameter. What
is chosen in a state touches other states through values alone, so the derivative is

    [ D  E  c ]   D: block diagonal, one square block a state
    [ F  G  d ]   F: likewise, one line a player
    [ t      ]    the line that fixes the step

and the values and the parameter solve ``[[G, d], [t]] - [[F], [t]] D^-1 [E, c]``, of as many lines
as states times players, and one. Work is proportional to the profile rows times successors.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

LOGIT, TRACING, EXACT, FIXED, FIXED_TRACING = 0, 1, 2, 3, 4


class Plan(NamedTuple):
    """What does not change along a path. R profile rows, A actions, S states, n players."""

    payoff: NDArray[np.float64]  # (R, n), in payoff ranges
    ahead: NDArray[np.float64]  # (n,) delta / (1 - delta)
    weight: NDArray[np.float64]  # (n,) precision of each player at parameter 1
    taken: NDArray[np.int64]  # (R, n) the actions of a row, by their place in one flat vector
    row: NDArray[np.int64]  # (S + 1,) first row of each state
    action: NDArray[np.int64]  # (S n + 1,) first action of each state and player
    ptr: NDArray[np.int64]  # (R + 1,)
    local: NDArray[np.int64]  # (nnz,) the next state, by its place among the state's successors
    chance: NDArray[np.float64]  # (nnz,)
    reach: NDArray[np.int64]  # (S + 1,) first successor of each state
    after: NDArray[np.int64]  # successors, itself among them, rising
    own: NDArray[np.int64]  # (S,) the state's own place among its successors
    slot: NDArray[np.int64]  # (S + 1,) first entry of E
    square: NDArray[np.int64]  # (S + 1,) first entry of D
    prior: NDArray[np.float64]  # (A,) log of the prior
    others: NDArray[np.float64]  # (R, n) chance that the others' prior gives their part of a row
    penalty: float  # weight of the sum of log-probabilities while the prior still counts fully


class Work(NamedTuple):
    """Buffers that `assemble` fills."""

    slope: NDArray[np.float64]  # E
    lu: NDArray[np.float64]  # D, factored
    pivot: NDArray[np.int64]  # (A,)
    residual: NDArray[np.float64]  # (A + S n,)
    column: NDArray[np.float64]  # (A + S n,) derivative in the parameter
    quality: NDArray[np.float64]  # (A,) payoff of each action
    played: NDArray[np.float64]  # (A,) probabilities
    block: NDArray[np.float64]  # reduced system: a state's lines, over its successors and players
    right: NDArray[np.float64]  # (S n + 1, 2)
    edge: NDArray[np.float64]  # (S n + 1,) its column of the parameter
    last: NDArray[np.float64]  # (S n + 1,) its last line


@njit(cache=True, error_model="numpy", nogil=True)
def assemble(plan, work, mode, level, z, line, given, full):
    """Evaluate at `z`, eliminate the policies and fill the reduced system.

    Returns the sign of det D and the smallest pivot over the largest entry of its column. Where
    that is tiny (a player is kept indifferent by what is played in other states alone) the
    elimination loses digits: `full`, if not empty, gets the whole matrix instead.

    mode: LOGIT: z are log-probabilities, z[-1] the precision. TRACING: z[-1] is tau, at which the
    prior has weight exp(-tau). EXACT: a probability, or where negative the loss from playing the
    action; no smoothing. FIXED, FIXED_TRACING: log-probabilities that do not move. `level` takes
    the place of z[-1] where `given` (derivative in another parameter) is not empty.
    """
    n = plan.ahead.shape[0]
    n_states = plan.row.shape[0] - 1
    n_actions = plan.action[n_states * n]
    values = z[n_actions : n_actions + n_states * n]
    lam = z[z.shape[0] - 1] if given.shape[0] == 0 else level
    scale = _probabilities(mode, z, work.played)
    work.last[:] = line[n_actions:]
    work.right[:, 0] = 0.0
    work.right[:, 1] = 0.0
    work.right[n_states * n, 1] = 1.0
    sign, least = 1.0, 1.0
    for s in range(n_states):
        low, high = plan.action[s * n], plan.action[s * n + n]
        size, wide = high - low, plan.reach[s + 1] - plan.reach[s]
        D = work.lu[plan.square[s] : plan.square[s + 1]].reshape((size, size))
        E = work.slope[plan.slot[s] : plan.slot[s + 1]].reshape((size, wide))
        F, G = np.zeros((n + 1, size)), np.zeros((n, wide))
        change = np.zeros(size)
        cross = np.zeros((size, size))
        _payoffs(plan, work, mode, lam, s, values, E, cross, change)
        _value_lines(plan, work, mode, lam, s, z, values, scale, E, F, G, cross, change)
        _policy_lines(plan, work, mode, lam, s, z, scale, D, E, cross, change)
        if given.shape[0]:
            work.column[low:high] = given[low:high]
            first = n_actions + s * n
            work.column[first : first + n] = given[first : first + n]
        F[n] = line[low:high]
        if full.shape[0]:
            _fill(plan, work, s, D, E, F, G, full)
            continue
        one, ratio = _factor(D, work.pivot[low:high])
        sign, least = sign * one, min(least, ratio)
        _reduce(plan, work, s, D, E, F, G)
    if full.shape[0]:
        full[:-1, -1] = work.column
        full[-1] = line
    work.edge[n_states * n] += line[line.shape[0] - 1]
    work.last[n_states * n] = 0.0
    return sign, least


@njit(cache=True, error_model="numpy", nogil=True)
def _fill(plan, work, s, D, E, F, G, full):
    """Write a state's lines of the whole matrix."""
    n, low = plan.ahead.shape[0], plan.action[s * plan.ahead.shape[0]]
    first, size = work.played.shape[0], D.shape[0]
    full[low : low + size] = 0.0
    full[low : low + size, low : low + size] = D
    for i in range(n):
        row = first + s * n + i
        full[row] = 0.0
        full[row, low : low + size] = F[i]
        for k in range(E.shape[1]):
            column = first + plan.after[plan.reach[s] + k] * n + i
            full[row, column] = G[i, k]
            for a in range(plan.action[s * n + i], plan.action[s * n + i + 1]):
                full[a, column] = E[a - low, k]


@njit(cache=True, error_model="numpy", nogil=True)
def _probabilities(mode, z, x):
    """Fill probabilities; return their derivative in the unknowns."""
    scale = np.empty(x.shape[0])
    for a in range(x.shape[0]):
        if mode == EXACT:
            x[a] = max(z[a], 0.0)
            scale[a] = 1.0 if z[a] > 0.0 else 0.0
        else:
            x[a] = np.exp(z[a])
            scale[a] = 0.0 if mode >= FIXED else x[a]
    return scale


@njit(cache=True, error_model="numpy", nogil=True)
def _payoffs(plan, work, mode, lam, s, values, E, cross, change):
    """Payoffs of actions, and their slopes in values (E), others' probabilities, the parameter."""
    n = plan.ahead.shape[0]
    low, high = plan.action[s * n], plan.action[s * n + n]
    eps = np.exp(-lam) if mode in (TRACING, FIXED_TRACING) else 0.0
    x, Q = work.played, work.quality
    E[:] = 0.0
    Q[low:high] = 0.0
    for r in range(plan.row[s], plan.row[s + 1]):
        for i in range(n):
            a = plan.taken[r, i] - low
            total = 0.0
            for k in range(plan.ptr[r], plan.ptr[r + 1]):
                after = plan.after[plan.reach[s] + plan.local[k]]
                total += plan.chance[k] * values[after * n + i]
            total = plan.payoff[r, i] + plan.ahead[i] * (total - values[s * n + i])
            alone = 1.0
            for j in range(n):
                if j != i:
                    alone *= x[plan.taken[r, j]]
                    pair = 1.0 - eps
                    for k in range(n):
                        if k != i and k != j:
                            pair *= x[plan.taken[r, k]]
                    cross[a, plan.taken[r, j] - low] += pair * total
            if eps > 0.0:
                change[a] += eps * (alone - plan.others[r, i]) * total
                alone += eps * (plan.others[r, i] - alone)
            Q[low + a] += alone * total
            alone *= plan.ahead[i]
            for k in range(plan.ptr[r], plan.ptr[r + 1]):
                E[a, plan.local[k]] += alone * plan.chance[k]
            E[a, plan.own[s]] -= alone


@njit(cache=True, error_model="numpy", nogil=True)
def _value_lines(plan, work, mode, lam, s, z, values, scale, E, F, G, cross, change):
    """A value is what the policy gives: ``v - sum_a x_a Q_a``, times ``1 - delta``."""
    n, low = plan.ahead.shape[0], plan.action[s * plan.ahead.shape[0]]
    eps = plan.penalty * np.exp(-lam) if mode in (TRACING, FIXED_TRACING) else 0.0
    for i in range(n):
        row = work.residual.shape[0] - values.shape[0] + s * n + i
        unit = 1.0 / (1.0 + plan.ahead[i])
        gap, moved = values[s * n + i], 0.0
        G[i, plan.own[s]] += unit
        for a in range(plan.action[s * n + i], plan.action[s * n + i + 1]):
            p = work.played[a]
            gap -= p * work.quality[a] + (eps * z[a] if eps > 0.0 else 0.0)
            moved -= p * change[a - low] - (eps * z[a] if eps > 0.0 else 0.0)
            F[i, a - low] -= unit * (scale[a] * work.quality[a] + eps)
            for b in range(cross.shape[1]):
                F[i, b] -= unit * p * cross[a - low, b] * scale[low + b]
            for k in range(E.shape[1]):
                G[i, k] -= unit * p * E[a - low, k]
        work.residual[row] = unit * gap
        work.column[row] = unit * moved


@njit(cache=True, error_model="numpy", nogil=True)
def _policy_lines(plan, work, mode, lam, s, z, scale, D, E, cross, change):
    """Fill each player's lines: probabilities add up, and every action is as good as it must be.

    The likeliest action carries the sum; the others are compared with it.
    """
    n, low = plan.ahead.shape[0], plan.action[s * plan.ahead.shape[0]]
    D[:] = 0.0
    eps = plan.penalty * np.exp(-lam) if mode in (TRACING, FIXED_TRACING) else 0.0
    own = 1.0 / (1.0 + lam) if mode == LOGIT else 0.0
    for i in range(n):
        begin, end = plan.action[s * n + i], plan.action[s * n + i + 1]
        gain = lam * plan.weight[i] / (1.0 + lam) if mode == LOGIT else 1.0
        f = begin + np.argmax(z[begin:end])
        bonus = eps / work.played[f] if eps > 0.0 else 0.0
        total = 0.0
        for a in range(begin, end):
            total += work.played[a]
            D[f - low, a - low] = scale[a]
            if a == f:
                continue
            better = work.quality[a] - work.quality[f]
            extra = eps / work.played[a] if eps > 0.0 else 0.0
            work.residual[a] = -gain * better - (extra - bonus)
            moved = -gain * (change[a - low] - change[f - low]) + (extra - bonus)
            if mode == LOGIT:
                work.residual[a] += own * (z[a] - plan.prior[a] - z[f] + plan.prior[f])
                moved = -own * plan.weight[i] * better
            elif mode == EXACT and z[a] <= 0.0:
                work.residual[a] += z[a]
                D[a - low, a - low] = 1.0
            work.column[a] = moved
            for b in range(D.shape[0]):
                slope = cross[a - low, b] - cross[f - low, b]
                D[a - low, b] -= gain * slope * scale[low + b]
            D[a - low, a - low] += own + extra
            D[a - low, f - low] -= own + bonus
            for k in range(E.shape[1]):
                E[a - low, k] = -gain * (E[a - low, k] - E[f - low, k])
        work.residual[f] = total - 1.0
        work.column[f] = 0.0
        E[f - low] = 0.0
    if mode >= FIXED:
        D[:] = 0.0
        E[:] = 0.0
        for a in range(D.shape[0]):
            D[a, a], work.residual[low + a] = 1.0, 0.0


@njit(cache=True, error_model="numpy", nogil=True)
def _factor(D, pivot):
    """LU in place by rows; a pivot that vanishes becomes what rounding tells from zero.

    Returns the determinant's sign and the smallest pivot over its column's largest entry.
    """
    size, sign, least = D.shape[0], 1.0, 1.0
    tall = np.full(size, 1e-300)
    for a in range(size):
        for b in range(size):
            tall[b] = max(tall[b], abs(D[a, b]))
    for k in range(size):
        best = k
        for a in range(k + 1, size):
            if abs(D[a, k]) > abs(D[best, k]):
                best = a
        pivot[k] = best
        if best != k:
            sign = -sign
            for b in range(size):
                D[k, b], D[best, b] = D[best, b], D[k, b]
        least = min(least, abs(D[k, k]) / tall[k])
        tiny = 2.0**-52 * tall[k]
        if abs(D[k, k]) < tiny:
            D[k, k] = tiny if D[k, k] >= 0.0 else -tiny
        if D[k, k] < 0.0:
            sign = -sign
        for a in range(k + 1, size):
            share = D[a, k] / D[k, k]
            D[a, k] = share
            if share != 0.0:
                for b in range(k + 1, size):
                    D[a, b] -= share * D[k, b]
    return sign, least


@njit(cache=True, error_model="numpy", nogil=True)
def _reduce(plan, work, s, D, E, F, G):
    """Fill the lines of the reduced system: ``[G, d] - F D^-1 [E, c]``, and add to its last."""
    n, size, wide = G.shape[0], D.shape[0], E.shape[1]
    low, first = plan.action[s * n], work.residual.shape[0] - work.edge.shape[0] + 1 + s * n
    pivot = work.pivot[low : low + size]
    total = work.edge.shape[0] - 1
    place = n * n * plan.reach[s]
    if s == 0:
        work.edge[total] = 0.0
    for i in range(n + 1):
        y = F[i]
        for k in range(size):  # y D = F: U from the left, then L from the right
            y[k] /= D[k, k]
            for b in range(k + 1, size):
                y[b] -= y[k] * D[k, b]
        for k in range(size - 1, -1, -1):
            for b in range(k + 1, size):
                y[k] -= y[b] * D[b, k]
        for k in range(size - 1, -1, -1):
            y[k], y[pivot[k]] = y[pivot[k]], y[k]
        right = work.residual[first + i] if i < n else 0.0
        edge = work.column[first + i] if i < n else work.edge[total]
        for a in range(size):
            right -= y[a] * work.residual[low + a]
            edge -= y[a] * work.column[low + a]
        if i < n:
            work.right[s * n + i, 0] = right
            work.edge[s * n + i] = edge
        else:
            work.right[total, 0] += right
            work.edge[total] = edge
        for j in range(n):
            for k in range(wide):
                value = G[i, k] if i == j else 0.0
                for a in range(plan.action[s * n + j] - low, plan.action[s * n + j + 1] - low):
                    value -= y[a] * E[a, k]
                if i < n:
                    work.block[place + (i * wide + k) * n + j] = value
                else:
                    work.last[plan.after[plan.reach[s] + k] * n + j] += value


@njit(cache=True, error_model="numpy", nogil=True)
def dense(plan, work, matrix):
    """Fill the reduced system as a full matrix, (S n + 1, S n + 1)."""
    n, total = plan.ahead.shape[0], work.edge.shape[0] - 1
    matrix[:] = 0.0
    for s in range(plan.row.shape[0] - 1):
        wide, place = plan.reach[s + 1] - plan.reach[s], n * n * plan.reach[s]
        for i in range(n):
            for k in range(wide):
                for j in range(n):
                    column = plan.after[plan.reach[s] + k] * n + j
                    matrix[s * n + i, column] = work.block[place + (i * wide + k) * n + j]
    matrix[:, total] = work.edge
    matrix[total, :total] = work.last[:total]


@njit(cache=True, error_model="numpy", nogil=True)
def solve(matrix, right):
    """Solve in place, right sides (size, 2); return the determinant's sign.

    Small systems only: it saves the library's call, and its threads, which wait on a busy machine.
    """
    size = matrix.shape[0]
    pivot = np.empty(size, np.int64)
    sign, _ = _factor(matrix, pivot)
    for c in range(right.shape[1]):
        _substitute(matrix, pivot, right[:, c])
    return sign


@njit(cache=True, error_model="numpy", nogil=True)
def _substitute(D, pivot, x):
    """Solve ``D x = x`` in place after `_factor`."""
    size = D.shape[0]
    for k in range(size):
        p = pivot[k]
        x[k], x[p] = x[p], x[k]
    for k in range(size):
        for b in range(k):
            x[k] -= D[k, b] * x[b]
    for k in range(size - 1, -1, -1):
        for b in range(k + 1, size):
            x[k] -= D[k, b] * x[b]
        x[k] /= D[k, k]


@njit(cache=True, error_model="numpy", nogil=True)
def back(plan, work, tail, step):
    """Steps of all unknowns, (2, A + S n + 1), from those of values and parameter, (S n + 1, 2)."""
    n, n_states = plan.ahead.shape[0], plan.row.shape[0] - 1
    total = n_states * n
    n_actions = plan.action[total]
    for c in range(2):
        step[c, n_actions:] = tail[:, c]
        for s in range(n_states):
            low, high = plan.action[s * n], plan.action[s * n + n]
            size, wide = high - low, plan.reach[s + 1] - plan.reach[s]
            D = work.lu[plan.square[s] : plan.square[s + 1]].reshape((size, size))
            E = work.slope[plan.slot[s] : plan.slot[s + 1]].reshape((size, wide))
            x = step[c, low:high]
            for i in range(n):
                for a in range(plan.action[s * n + i], plan.action[s * n + i + 1]):
                    value = work.residual[a] if c == 0 else 0.0
                    value -= work.column[a] * tail[total, c]
                    for k in range(wide):
                        ahead = plan.after[plan.reach[s] + k] * n + i
                        value -= E[a - low, k] * tail[ahead, c]
                    x[a - low] = value
            _substitute(D, work.pivot[low:high], x)


@njit(cache=True, error_model="numpy", nogil=True)
def barrier(plan, quality, z):
    """Log-probabilities that are best for ``x Q + penalty sum log x``, for each player and state.

    ``x_a = penalty / (mu - Q_a)`` with the mu at which they add up to 1, by Newton from the left of
    the root, where steps cannot cross it.
    """
    for g in range(plan.action.shape[0] - 1):
        low, high = plan.action[g], plan.action[g + 1]
        best = quality[low:high].max()
        mu = best + plan.penalty
        for _ in range(200):
            total, slope = -1.0, 0.0
            for a in range(low, high):
                p = plan.penalty / (mu - quality[a])
                total += p
                slope += p / (mu - quality[a])
            move = total / slope
            mu += move
            if abs(move) <= 1e-15 * (mu - best):
                break
        for a in range(low, high):
            z[a] = np.log(plan.penalty / (mu - quality[a]))
