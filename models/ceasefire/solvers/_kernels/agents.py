"""Agent logit on a tree: conditional payoffs at every information set, and their slopes."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, error_model="numpy")
def conditional(
    parent, player, place, infoset, infoset_start, w, V_end, log, u, slope
):  # fmt: skip
    """Payoff of each action given its set is reached, and its slope in every log-probability.

    The probability of a node within its set is that of chance's and all moves above it; the
    owner's own moves cancel, since recall is perfect. It is kept in logarithms, relative to the
    set's likeliest node, so that no reach underflows however precise the players are. Writes u
    (actions,) and slope (actions, actions): row the action, column the log-probability.

    An action's payoff moves with the moves above its set and below it only, so the cost is the
    sum of the nodes' depths, not nodes times actions.
    """
    n, players = V_end.shape
    sets = infoset_start.shape[0] - 1
    weight = w.copy()
    far = np.zeros(n)  # log of the probability of reaching a node
    for node in range(1, n):
        if place[node] >= 0:
            step = log[place[node]]
            weight[node] = np.exp(step)
        else:
            step = np.log(w[node])
        far[node] = far[parent[node]] + step
    top = np.full(sets, -np.inf)
    for node in range(n):
        if infoset[node] >= 0:
            top[infoset[node]] = max(top[infoset[node]], far[node])
    total = np.zeros(sets)
    share = np.zeros(n)
    for node in range(n):
        h = infoset[node]
        if h >= 0:
            share[node] = np.exp(far[node] - top[h]) if top[h] > -np.inf else 1.0
            total[h] += share[node]
    V = V_end.copy()
    for node in range(n - 1, 0, -1):
        for i in range(players):
            V[parent[node], i] += weight[node] * V[node, i]
    u[:] = 0.0
    slope[:] = 0.0
    for node in range(1, n):
        if place[node] >= 0:
            above = parent[node]
            u[place[node]] += share[above] / total[infoset[above]] * V[node, player[above]]
    for node in range(1, n):
        if place[node] < 0:
            continue
        above = parent[node]
        at = place[node]
        # moves above the set shift the beliefs within it
        shift = share[above] / total[infoset[above]] * (V[node, player[above]] - u[at])
        if shift != 0.0:
            up = above
            while up > 0:
                if place[up] >= 0:
                    slope[at, place[up]] += shift
                up = parent[up]
        # this move shifts the value of every move above it
        path = weight[node]
        up = above
        while up > 0 and path != 0.0:
            if place[up] >= 0:
                over = parent[up]
                slope[place[up], at] += (
                    share[over] / total[infoset[over]] * path * V[node, player[over]]
                )
            path *= weight[up]
            up = parent[up]
