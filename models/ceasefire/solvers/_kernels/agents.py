"""Agent logit on a tree: conditional payoffs at every information set, and their slopes."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, error_model="numpy")
def log_probabilities(start, point):
    """From the log-odds of each set's actions against its first, in one vector (N,)."""
    log = np.zeros(start[-1])
    k = 0
    for h in range(start.shape[0] - 1):
        top = 0.0
        for a in range(start[h] + 1, start[h + 1]):
            log[a] = point[k]
            top = max(top, point[k])
            k += 1
        total = 0.0
        for a in range(start[h], start[h + 1]):
            total += np.exp(log[a] - top)
        top += np.log(total)
        for a in range(start[h], start[h + 1]):
            log[a] -= top
    return log


@njit(cache=True, nogil=True, error_model="numpy")
def missed(start, point, u):
    """Log-odds less the precision times the payoff difference, over one plus the precision."""
    precision = point[point.shape[0] - 1]
    miss = np.empty(point.shape[0] - 1)
    k = 0
    for h in range(start.shape[0] - 1):
        for a in range(start[h] + 1, start[h + 1]):
            miss[k] = (point[k] - precision * (u[a] - u[start[h]])) / (1.0 + precision)
            k += 1
    return miss


@njit(cache=True, nogil=True, error_model="numpy")
def conditional(parent, player, place, infoset, root_of, chance, V_end, log):
    """Payoff of each action given its set is reached, with all that its slopes need.

    The probability of a node within its set is that of chance's and all moves above it, from the
    root of the smallest subgame around; the owner's own moves cancel, since recall is perfect. It
    is kept in logarithms, relative to the set's likeliest node, so that no reach underflows
    however precise the players are.

    Returns the probability of the branch into each node (n,), payoffs from each node on
    (n, players), the share of each node in its set (n,), and payoffs of actions (N,).
    """
    n, players = V_end.shape
    sets = 0
    for node in range(n):
        sets = max(sets, infoset[node] + 1)
    weight, far = chance.copy(), np.zeros(n)
    for node in range(1, n):
        step = np.log(chance[node])
        if place[node] >= 0:
            step = log[place[node]]
            weight[node] = np.exp(step)
        far[node] = 0.0 if root_of[node] == node else far[parent[node]] + step
    top, total = np.full(sets, -np.inf), np.zeros(sets)
    for node in range(n):
        if infoset[node] >= 0:
            top[infoset[node]] = max(top[infoset[node]], far[node])
    share = np.zeros(n)
    for node in range(n):
        h = infoset[node]
        if h >= 0:  # where chance leaves no node possible, all count alike
            share[node] = np.exp(far[node] - top[h]) if top[h] > -np.inf else 1.0
            total[h] += share[node]
    V, u = V_end.copy(), np.zeros(log.shape[0])
    for node in range(n - 1, 0, -1):
        for i in range(players):
            V[parent[node], i] += weight[node] * V[node, i]
    for node in range(n):
        if infoset[node] >= 0:
            share[node] /= total[infoset[node]]
    for node in range(1, n):
        if place[node] >= 0:
            u[place[node]] += share[parent[node]] * V[node, player[parent[node]]]
    return weight, V, share, u


@njit(cache=True, nogil=True, error_model="numpy")
def state(parent, player, place, infoset, root_of, chance, V_end, start, point):
    """What `missed`, `log_probabilities` and `conditional` say at one point of the curve."""
    log = log_probabilities(start, point)
    weight, V, share, u = conditional(parent, player, place, infoset, root_of, chance, V_end, log)
    return missed(start, point, u), log, weight, V, share, u


@njit(cache=True, nogil=True, error_model="numpy")
def unknowns(parent, player, infoset, root_of, start, players):
    """Number the unknowns of the linearised equations.

    Of an action, its log-odds against the first of its set; of a node, the payoffs from it on
    that some owner above it looks at, and the log of its reach where sets below depend on it;
    of a set of more than two actions, the mean of its log-odds where a reach depends on it. -1
    stands for a zero. Returns odds (N,), value (n, players), reach (n,), mean (sets,), and how many
    there are.
    """
    n, sets = parent.shape[0], start.shape[0] - 1
    odds, mean = np.full(start[sets], -1), np.full(sets, -1)
    value, reach = np.full((n, players), -1), np.full(n, -1)
    count = np.zeros(sets, np.int64)
    watched, needed = np.zeros((n, players), np.bool_), np.zeros(n, np.bool_)
    for node in range(n):
        if infoset[node] >= 0:
            count[infoset[node]] += 1
    for node in range(n - 1, 0, -1):
        h = infoset[node]
        needed[node] |= h >= 0 and count[h] > 1
        if needed[node] and root_of[node] != node:
            needed[parent[node]] = True
    k = 0
    for h in range(sets):
        for a in range(start[h] + 1, start[h + 1]):
            odds[a] = k
            k += 1
    for node in range(1, n):
        above = parent[node]
        if player[node] == -2:
            continue
        for i in range(players):
            watched[node, i] = watched[above, i] or player[above] == i
            if watched[node, i]:
                value[node, i] = k
                k += 1
        if not needed[node] or root_of[node] == node:
            continue
        h = infoset[above]
        if h < 0 or start[h + 1] - start[h] == 1:
            reach[node] = reach[above]  # chance's branch, or a forced one
            continue
        reach[node] = k
        k += 1
        if mean[h] < 0 and start[h + 1] - start[h] > 2:
            mean[h] = k
            k += 1
    return odds, value, reach, mean, k


@njit(cache=True, nogil=True, error_model="numpy")
def linearised(
    parent, player, place, infoset, start, odds, value, reach, mean, last,
    precision, log, weight, V, share, u,
):  # fmt: skip
    """Entries of the linearised equations, in an order that does not depend on the numbers.

    With unknowns numbered by `unknowns`: the log-odds equations divided by 1 + precision, and the
    recursions of node payoffs, reaches and mean log-odds. Column `last` is the slope in the
    precision. Returns how many entries there are, and row, column and value of each, to be added
    up.
    """
    n, players = V.shape
    room = 3 * odds.shape[0] + mean.shape[0] + 1
    for node in range(1, n):
        h = infoset[parent[node]]
        room += 8 * players + 8 + (4 * (start[h + 1] - start[h]) if h >= 0 else 0)
    rows, columns, entries = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room)
    scale = 1.0 / (1.0 + precision)
    k = 0
    for h in range(mean.shape[0]):
        for a in range(start[h] + 1, start[h + 1]):
            k = _put(rows, columns, entries, k, odds[a], odds[a], scale)
            k = _put(rows, columns, entries, k, odds[a], last, scale * (u[start[h]] - u[a]))
    for node in range(1, n):
        above, at = parent[node], place[node]
        for i in range(players):
            here = value[above, i]
            if value[node, i] >= 0:
                k = _put(rows, columns, entries, k, value[node, i], value[node, i], 1.0)
                if here >= 0:
                    k = _put(rows, columns, entries, k, here, value[node, i], -weight[node])
            if here >= 0 and at >= 0 and odds[at] >= 0:
                slope = -weight[node] * (V[node, i] - V[above, i])
                k = _put(rows, columns, entries, k, here, odds[at], slope)
        if at < 0:
            continue
        h, i = infoset[above], player[above]
        if reach[node] >= 0 and reach[node] != reach[above]:
            k = _put(rows, columns, entries, k, reach[node], reach[node], 1.0)
            if reach[above] >= 0:
                k = _put(rows, columns, entries, k, reach[node], reach[above], -1.0)
            if mean[h] < 0:  # two actions
                second = start[h] + 1
                slope = np.exp(log[second]) - (1.0 if at == second else 0.0)
                k = _put(rows, columns, entries, k, reach[node], odds[second], slope)
            else:
                k = _put(rows, columns, entries, k, reach[node], mean[h], 1.0)
                if odds[at] >= 0:
                    k = _put(rows, columns, entries, k, reach[node], odds[at], -1.0)
        # the payoff of this action, in its own equation or, for the first, in all of its set
        first, end = at, at + 1
        sign = -precision * scale
        if at == start[h]:
            first, end, sign = at + 1, start[h + 1], precision * scale
        for a in range(first, end):
            if value[node, i] >= 0:
                k = _put(rows, columns, entries, k, odds[a], value[node, i], sign * share[above])
            if reach[above] >= 0:
                shift = sign * share[above] * (V[node, i] - u[at])
                k = _put(rows, columns, entries, k, odds[a], reach[above], shift)
    for h in range(mean.shape[0]):
        if mean[h] >= 0:
            k = _put(rows, columns, entries, k, mean[h], mean[h], 1.0)
            for a in range(start[h] + 1, start[h + 1]):
                k = _put(rows, columns, entries, k, mean[h], odds[a], -np.exp(log[a]))
    return k, rows, columns, entries


@njit(cache=True, nogil=True)
def _put(rows, columns, entries, k, row, column, entry):
    rows[k], columns[k], entries[k] = row, column, entry
    return k + 1
