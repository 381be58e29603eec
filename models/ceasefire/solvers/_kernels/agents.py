"""Agent logit on a tree: conditional payoffs at every information set, and their slopes."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, error_model="numpy")
def conditional(
    parent, player, place, infoset, infoset_start, first_node, w, V_end, log, u, slope
):  # fmt: skip
    """Payoff of each action given its set is reached, and its slope in every log-probability.

    The probability of a node within its set is that of chance's and all moves above it; the
    owner's own moves cancel, since recall is perfect. Writes u (actions,) and slope (actions,
    actions): row the action, column the log-probability. Cost: actions times nodes.
    """
    n, players = V_end.shape
    actions = log.shape[0]
    weight = w.copy()
    for node in range(n):
        if place[node] >= 0:
            weight[node] = np.exp(log[place[node]])
    reach = np.ones(n)
    for node in range(1, n):
        reach[node] = reach[parent[node]] * weight[node]
    V = V_end.copy()
    for node in range(n - 1, 0, -1):
        for i in range(players):
            V[parent[node], i] += weight[node] * V[node, i]
    sets = infoset_start.shape[0] - 1
    total = np.zeros(sets)
    u[:] = 0.0
    for node in range(n):
        if infoset[node] >= 0:
            total[infoset[node]] += reach[node]
        if place[node] >= 0:
            above = parent[node]
            u[place[node]] += reach[above] * V[node, player[above]]
    for h in range(sets):
        for a in range(infoset_start[h], infoset_start[h + 1]):
            u[a] /= total[h]
    slope[:] = 0.0
    d_reach, d_value, d_total = np.zeros(n), np.zeros((n, players)), np.zeros(sets)
    owner = np.empty(actions, dtype=np.int64)
    for h in range(sets):
        owner[infoset_start[h] : infoset_start[h + 1]] = h
    for k in range(actions):
        start = first_node[owner[k]]
        d_reach[:] = 0.0
        d_value[:] = 0.0
        d_total[:] = 0.0
        for node in range(start + 1, n):
            d = d_reach[parent[node]] * weight[node]
            if place[node] == k:
                d += reach[node]
            d_reach[node] = d
            if d != 0.0 and infoset[node] >= 0:
                d_total[infoset[node]] += d
        for node in range(n - 1, 0, -1):
            above = parent[node]
            at = place[node]
            for i in range(players):
                d = weight[node] * d_value[node, i]
                if at == k:
                    d += weight[node] * V[node, i]
                d_value[above, i] += d
            if at >= 0:
                h = infoset[above]
                i = player[above]
                slope[at, k] += (
                    d_reach[above] * V[node, i] + reach[above] * d_value[node, i]
                ) / total[h]
        for a in range(actions):
            slope[a, k] -= u[a] * d_total[owner[a]] / total[owner[a]]
