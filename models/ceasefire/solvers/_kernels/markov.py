"""Passes over the states of a stochastic game in flat arrays; each is linear in its transitions."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, error_model="numpy")
def last_first(indptr, indices):
    """Order states so that every other state that can follow one comes before it.

    Returns (order, level, placed): level 0 has no other successor; `placed` is less than the
    number of states where some return after they were left.
    """
    n = indptr.shape[0] - 1
    ahead, into = np.zeros(n, np.int64), np.zeros(n + 1, np.int64)
    for s in range(n):
        for k in range(indptr[s], indptr[s + 1]):
            if indices[k] != s:
                ahead[s] += 1
                into[indices[k] + 1] += 1
    for s in range(n):
        into[s + 1] += into[s]
    before, fill = np.empty(into[n], np.int64), into.copy()
    for s in range(n):
        for k in range(indptr[s], indptr[s + 1]):
            if indices[k] != s:
                before[fill[indices[k]]] = s
                fill[indices[k]] += 1
    order, level, placed = np.empty(n, np.int64), np.zeros(n, np.int64), 0
    for s in range(n):
        if ahead[s] == 0:
            order[placed] = s
            placed += 1
    done = 0
    while done < placed:
        t = order[done]
        done += 1
        for k in range(into[t], into[t + 1]):
            s = before[k]
            level[s] = max(level[s], level[t] + 1)
            ahead[s] -= 1
            if ahead[s] == 0:
                order[placed] = s
                placed += 1
    return order, level, placed


@njit(cache=True, nogil=True, error_model="numpy")
def profile_weights(n_actions, action_start, profile_start, behaviour):
    """Chance of each profile row in its state."""
    n_states, n = n_actions.shape
    weight = np.empty(profile_start[n_states])
    cell = np.zeros(n, np.int64)
    for s in range(n_states):
        cell[:] = 0
        for row in range(profile_start[s], profile_start[s + 1]):
            w = 1.0
            for i in range(n):
                w *= behaviour[action_start[s * n + i] + cell[i]]
            weight[row] = w
            _next(cell, n_actions[s])
    return weight


@njit(cache=True, nogil=True, error_model="numpy")
def _next(cell, sizes):
    """The next profile in lexical order: the last player's action varies fastest."""
    for i in range(sizes.shape[0] - 1, -1, -1):
        cell[i] += 1
        if cell[i] < sizes[i]:
            return
        cell[i] = 0


@njit(cache=True, nogil=True, error_model="numpy")
def _others(cell, s, i, n, action_start, behaviour):
    w = 1.0
    for j in range(n):
        if j != i:
            w *= behaviour[action_start[s * n + j] + cell[j]]
    return w


@njit(cache=True, nogil=True, error_model="numpy")
def evaluate_backward(
    order, n_actions, action_start, profile_start, payoffs, discounts, data, indices, indptr,
    behaviour,
):  # fmt: skip
    """Values and best replies where no state returns once left (it may stay a while).

    Returns (value, best), (n_states, n_players): what the behaviour is worth, and what each
    player's best reply to the others' is worth, each from the state on.
    """
    n_states, n = n_actions.shape
    value, best = np.zeros((n_states, n)), np.zeros((n_states, n))
    most = n_actions.max()
    now, reply, stay = np.zeros((n, most)), np.zeros((n, most)), np.zeros((n, most))
    cell = np.zeros(n, np.int64)
    for s in order:
        now[:], reply[:], stay[:], cell[:] = 0.0, 0.0, 0.0, 0
        for row in range(profile_start[s], profile_start[s + 1]):
            for i in range(n):
                w = _others(cell, s, i, n, action_start, behaviour)
                if w == 0.0:
                    continue
                f, b, p = payoffs[i, row], payoffs[i, row], 0.0
                for k in range(indptr[row], indptr[row + 1]):
                    if indices[k] == s:
                        p += data[k]
                    else:
                        f += discounts[i] * data[k] * value[indices[k], i]
                        b += discounts[i] * data[k] * best[indices[k], i]
                now[i, cell[i]] += w * f
                reply[i, cell[i]] += w * b
                stay[i, cell[i]] += w * p
            _next(cell, n_actions[s])
        for i in range(n):
            at, count, v, p = action_start[s * n + i], n_actions[s, i], 0.0, 0.0
            top = -np.inf
            for a in range(count):
                v += behaviour[at + a] * now[i, a]
                p += behaviour[at + a] * stay[i, a]
                top = max(top, reply[i, a] / (1.0 - discounts[i] * stay[i, a]))
            value[s, i] = v / (1.0 - discounts[i] * p)
            best[s, i] = top
    return value, best


@njit(cache=True, nogil=True, error_model="numpy")
def action_values(
    n_actions, action_start, profile_start, payoffs, discounts, data, indices, indptr, behaviour,
    value,
):  # fmt: skip
    """What each action is worth against the others' mixtures when the future is worth `value`.

    Returns (worth, low, high): flat like the behaviour; least and largest worth of any profile
    row, (n_players,).
    """
    n_states, n = n_actions.shape
    worth = np.zeros(behaviour.shape[0])
    low, high = np.full(n, np.inf), np.full(n, -np.inf)
    cell = np.zeros(n, np.int64)
    for s in range(n_states):
        cell[:] = 0
        for row in range(profile_start[s], profile_start[s + 1]):
            for i in range(n):
                f = 0.0
                for k in range(indptr[row], indptr[row + 1]):
                    f += data[k] * value[indices[k], i]
                f = payoffs[i, row] + discounts[i] * f
                low[i], high[i] = min(low[i], f), max(high[i], f)
                w = _others(cell, s, i, n, action_start, behaviour)
                worth[action_start[s * n + i] + cell[i]] += w * f
            _next(cell, n_actions[s])
    return worth, low, high
