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

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

if TYPE_CHECKING:
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
    payoff, ahead, weight, taken, row, action, ptr, local, chance = plan[:9]
    reach, after, own, slot, square, prior, others, penalty = plan[9:]
    slope, lu, pivot, residual, column, quality, played, block, right, edge, last = work
    n, n_states = ahead.shape[0], row.shape[0] - 1
    n_actions = action[n_states * n]
    lines = n_states * n
    values = z[n_actions : n_actions + lines].copy().reshape((n_states, n))
    lam = z[z.shape[0] - 1] if given.shape[0] == 0 else level
    eps = np.exp(-lam) if mode in (TRACING, FIXED_TRACING) else 0.0
    scale = _probabilities(mode, z, played)
    _copy(line[n_actions:], last)
    right[:] = 0.0
    right[lines, 1] = 1.0
    edge[lines] = 0.0
    sign, least = 1.0, 1.0
    for s in range(n_states):
        low, high, first = action[s * n], action[s * n + n], n_actions + s * n
        size, wide = high - low, reach[s + 1] - reach[s]
        D = lu[square[s] : square[s + 1]].reshape((size, size))
        E = slope[slot[s] : slot[s + 1]].reshape((size, wide))
        begin, succ = action[s * n : s * n + n + 1] - low, after[reach[s] : reach[s + 1]]
        x, Q, change = played[low:high], quality[low:high], np.zeros(size)
        cross, F, G = np.zeros((size, size)), np.zeros((n + 1, size)), np.zeros((n, wide))
        T = _payoffs(row[s], row[s + 1], ptr, local, chance, succ, values, s, payoff, ahead)
        _sums(row[s], row[s + 1], low, taken, T, x, ahead, ptr, local, chance, own[s], eps, others,
              Q, E, cross, change)  # fmt: skip
        _value_lines(begin, own[s], penalty * eps, z[low:high], values[s], ahead, x,
                     scale[low:high], Q, E, cross, change, F, G, residual[first : first + n],
                     column[first : first + n])  # fmt: skip
        _policy_lines(begin, mode, lam, penalty * eps, z[low:high], weight, prior[low:high], x,
                      scale[low:high], Q, D, E, cross, change, residual[low:high],
                      column[low:high])  # fmt: skip
        if given.shape[0]:
            _copy(given[low:high], column[low:high])
            _copy(given[first : first + n], column[first : first + n])
        _copy(line[low:high], F[n])
        if full.shape[0]:
            _fill(begin, low, first, n_actions, succ, D, E, F, G, full)
            continue
        one, ratio = _factor(D, pivot[low:high])
        sign, least = sign * one, min(least, ratio)
        _left(D, pivot[low:high], F)
        part = block[n * n * reach[s] : n * n * reach[s + 1]].reshape((n, wide, n))
        _reduce(begin, s * n, lines, succ, E, F, G, residual[low:high], column[low:high],
                residual[first : first + n], column[first : first + n], part, right, edge,
                last)  # fmt: skip
    if full.shape[0]:
        _copy(column, full[: column.shape[0], column.shape[0]])
        _copy(line, full[column.shape[0]])
    edge[lines] += line[line.shape[0] - 1]
    last[lines] = 0.0
    return sign, least


@njit(cache=True, error_model="numpy", nogil=True)
def _copy(source, target):
    """Copy a vector: assigning slices would also compile the text of numpy's error message."""
    for k in range(source.shape[0]):
        target[k] = source[k]


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
def _payoffs(top, end, ptr, local, chance, succ, values, s, payoff, ahead):
    """Payoff of each profile row of a state, tomorrow's value counted from today's, (rows, n)."""
    n = ahead.shape[0]
    T = np.empty((end - top, n))
    gain = np.empty((succ.shape[0], n))
    for k in range(succ.shape[0]):
        for i in range(n):
            gain[k, i] = ahead[i] * (values[succ[k], i] - values[s, i])
    for r in range(top, end):
        _copy(payoff[r], T[r - top])
        for k in range(ptr[r], ptr[r + 1]):
            for i in range(n):
                T[r - top, i] += chance[k] * gain[local[k], i]
    return T


@njit(cache=True, error_model="numpy", nogil=True)
def _sums(top, end, low, taken, T, x, ahead, ptr, local, chance, own, eps, others, Q, E, cross,
          change):  # fmt: skip
    """Payoffs of actions, and their slopes in values (E), others' probabilities, the parameter."""
    n = ahead.shape[0]
    E[:] = 0.0
    Q[:] = 0.0
    for r in range(top, end):
        for i in range(n):
            a, total = taken[r, i] - low, T[r - top, i]
            alone = 1.0
            for j in range(n):
                if j != i:
                    alone *= x[taken[r, j] - low]
                    pair = (1.0 - eps) * total
                    for k in range(n):
                        if k != i and k != j:
                            pair *= x[taken[r, k] - low]
                    cross[a, taken[r, j] - low] += pair
            if eps > 0.0:
                change[a] += eps * (alone - others[r, i]) * total
                alone += eps * (others[r, i] - alone)
            Q[a] += alone * total
            alone *= ahead[i]
            if alone == 0.0:
                continue
            E[a, own] -= alone
            first, many = ptr[r], ptr[r + 1] - ptr[r]
            if many == E.shape[1]:  # every successor, in order
                for k in range(many):
                    E[a, k] += alone * chance[first + k]
            else:
                for k in range(first, first + many):
                    E[a, local[k]] += alone * chance[k]


@njit(cache=True, error_model="numpy", nogil=True)
def _value_lines(begin, own, pen, z, value, ahead, x, scale, Q, E, cross, change, F, G, residual,
                 column):  # fmt: skip
    """A value is what the policy gives: ``v - sum_a x_a Q_a``, times ``1 - delta``."""
    for i in range(ahead.shape[0]):
        unit = 1.0 / (1.0 + ahead[i])
        gap, moved = value[i], 0.0
        G[i, own] += unit
        for a in range(begin[i], begin[i + 1]):
            bonus = pen * z[a] if pen > 0.0 else 0.0
            gap -= x[a] * Q[a] + bonus
            moved -= x[a] * change[a] - bonus
            F[i, a] -= unit * (scale[a] * Q[a] + pen)
            if x[a] != 0.0:
                for b in range(cross.shape[1]):
                    F[i, b] -= unit * x[a] * cross[a, b] * scale[b]
                for k in range(E.shape[1]):
                    G[i, k] -= unit * x[a] * E[a, k]
        residual[i], column[i] = unit * gap, unit * moved


@njit(cache=True, error_model="numpy", nogil=True)
def _policy_lines(begin, mode, lam, pen, z, weight, prior, x, scale, Q, D, E, cross, change,
                  residual, column):  # fmt: skip
    """Fill each player's lines: probabilities add up, and every action is as good as it must be.

    The likeliest action carries the sum; the others are compared with it.
    """
    D[:] = 0.0
    own = 1.0 / (1.0 + lam) if mode == LOGIT else 0.0
    for i in range(begin.shape[0] - 1):
        gain = lam * weight[i] * own if mode == LOGIT else 1.0
        f = begin[i]
        for a in range(begin[i], begin[i + 1]):
            f = a if z[a] > z[f] else f
        bonus = pen / x[f] if pen > 0.0 else 0.0
        total = 0.0
        for a in range(begin[i], begin[i + 1]):
            total += x[a]
            D[f, a] = scale[a]
            if a == f:
                continue
            better = Q[a] - Q[f]
            extra = pen / x[a] if pen > 0.0 else 0.0
            residual[a] = -gain * better - (extra - bonus)
            column[a] = -gain * (change[a] - change[f]) + (extra - bonus)
            if mode == LOGIT:
                residual[a] += own * (z[a] - prior[a] - z[f] + prior[f])
                column[a] = -own * weight[i] * better
            elif mode == EXACT and z[a] <= 0.0:
                residual[a] += z[a]
                D[a, a] = 1.0
            for b in range(D.shape[0]):
                D[a, b] -= gain * (cross[a, b] - cross[f, b]) * scale[b]
            D[a, a] += own + extra
            D[a, f] -= own + bonus
            for k in range(E.shape[1]):
                E[a, k] = -gain * (E[a, k] - E[f, k])
        residual[f], column[f] = total - 1.0, 0.0
        E[f] = 0.0
    if mode >= FIXED:
        D[:] = 0.0
        E[:] = 0.0
        for a in range(D.shape[0]):
            D[a, a], residual[a] = 1.0, 0.0


@njit(cache=True, error_model="numpy", nogil=True)
def _fill(begin, low, first, n_actions, succ, D, E, F, G, full):
    """Write a state's lines of the whole matrix."""
    n, size = G.shape[0], D.shape[0]
    full[low : low + size] = 0.0
    for a in range(size):
        _copy(D[a], full[low + a, low : low + size])
    for i in range(n):
        full[first + i] = 0.0
        _copy(F[i], full[first + i, low : low + size])
        for k in range(E.shape[1]):
            at = n_actions + succ[k] * n + i
            full[first + i, at] = G[i, k]
            for a in range(begin[i], begin[i + 1]):
                full[low + a, at] = E[a, k]


@njit(cache=True, error_model="numpy", nogil=True)
def _factor(D, pivot):
    """LU in place by rows; a pivot that vanishes becomes what rounding tells from zero.

    Returns the determinant's sign and the smallest pivot over its column's largest entry.
    """
    size, sign, least = D.shape[0], 1.0, 1.0
    tall = np.empty(size)
    tall[:] = 1e-300
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
def _left(D, pivot, F):
    """Replace each line of F by ``F D^-1``, D factored: U from the left, then L from the right."""
    size = D.shape[0]
    for i in range(F.shape[0]):
        y = F[i]
        for k in range(size):
            y[k] /= D[k, k]
            for b in range(k + 1, size):
                y[b] -= y[k] * D[k, b]
        for k in range(size - 1, -1, -1):
            for b in range(k + 1, size):
                y[k] -= y[b] * D[b, k]
        for k in range(size - 1, -1, -1):
            y[k], y[pivot[k]] = y[pivot[k]], y[k]


@njit(cache=True, error_model="numpy", nogil=True)
def _reduce(begin, place, lines, succ, E, F, G, gap, moved, value_gap, value_moved, part, right,
            edge, last):  # fmt: skip
    """Fill the lines of the reduced system: ``[G, d] - F D^-1 [E, c]``, and add to its last."""
    n, total = G.shape[0], np.empty(E.shape[1])
    for i in range(n + 1):
        y = F[i]
        down, side = 0.0, 0.0
        for a in range(E.shape[0]):
            down += y[a] * gap[a]
            side += y[a] * moved[a]
        if i < n:
            right[place + i, 0] = value_gap[i] - down
            edge[place + i] = value_moved[i] - side
        else:
            right[lines, 0] -= down
            edge[lines] -= side
        for j in range(n):
            total[:] = 0.0
            if i == j:
                _copy(G[i], total)
            for a in range(begin[j], begin[j + 1]):
                for k in range(E.shape[1]):
                    total[k] -= y[a] * E[a, k]
            for k in range(E.shape[1]):
                if i < n:
                    part[i, k, j] = total[k]
                else:
                    last[succ[k] * n + j] += total[k]


@njit(cache=True, error_model="numpy", nogil=True)
def dense(reach, after, block, edge, last, matrix):
    """Fill the reduced system as a full matrix, (S n + 1, S n + 1)."""
    total, n = edge.shape[0] - 1, (edge.shape[0] - 1) // (reach.shape[0] - 1)
    matrix[:] = 0.0
    place = 0
    for s in range(reach.shape[0] - 1):
        for i in range(n):
            for k in range(reach[s], reach[s + 1]):
                for j in range(n):
                    matrix[s * n + i, after[k] * n + j] = block[place]
                    place += 1
    _copy(edge, matrix[:, total])
    _copy(last[:total], matrix[total, :total])


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
def back(action, reach, after, slot, square, slope, lu, pivot, residual, column, tail, step):
    """Steps of all unknowns, (2, A + S n + 1), from those of values and parameter, (S n + 1, 2)."""
    n = (tail.shape[0] - 1) // (reach.shape[0] - 1)
    total, n_actions = tail.shape[0] - 1, residual.shape[0] - tail.shape[0] + 1
    for c in range(2):
        _copy(tail[:, c], step[c, n_actions:])
        for s in range(reach.shape[0] - 1):
            low, high = action[s * n], action[s * n + n]
            size, wide = high - low, reach[s + 1] - reach[s]
            D = lu[square[s] : square[s + 1]].reshape((size, size))
            E = slope[slot[s] : slot[s + 1]].reshape((size, wide))
            x = step[c, low:high]
            for i in range(n):
                for a in range(action[s * n + i], action[s * n + i + 1]):
                    value = residual[a] if c == 0 else 0.0
                    value -= column[a] * tail[total, c]
                    for k in range(wide):
                        value -= E[a - low, k] * tail[after[reach[s] + k] * n + i, c]
                    x[a - low] = value
            _substitute(D, pivot[low:high], x)


@njit(cache=True, error_model="numpy", nogil=True)
def barrier(action, penalty, quality, z):
    """Log-probabilities that are best for ``x Q + penalty sum log x``, for each player and state.

    ``x_a = penalty / (mu - Q_a)`` with the mu at which they add up to 1, by Newton from the left of
    the root, where steps cannot cross it.
    """
    for g in range(action.shape[0] - 1):
        low, high = action[g], action[g + 1]
        best = quality[low:high].max()
        mu = best + penalty
        for _ in range(200):
            total, slope = -1.0, 0.0
            for a in range(low, high):
                p = penalty / (mu - quality[a])
                total += p
                slope += p / (mu - quality[a])
            move = total / slope
            mu += move
            if abs(move) <= 1e-15 * (mu - best):
                break
        for a in range(low, high):
            z[a] = np.log(penalty / (mu - quality[a]))
