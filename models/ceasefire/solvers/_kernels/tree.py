"""Passes over a game tree in flat arrays; every one is linear in its nodes."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, error_model="numpy")
def weights(place, probability, behaviour):
    """Probability of the branch into each node."""
    w = probability.copy()
    for node in range(place.shape[0]):
        if place[node] >= 0:
            w[node] = behaviour[place[node]]
    return w


@njit(cache=True, nogil=True, error_model="numpy")
def values(parent, w, payoffs):
    """Expected payoffs from each node on, those received there included, (n_nodes, players)."""
    V = payoffs.copy()
    for node in range(parent.shape[0] - 1, 0, -1):
        for i in range(V.shape[1]):
            V[parent[node], i] += w[node] * V[node, i]
    return V


@njit(cache=True, nogil=True, error_model="numpy")
def reach(parent, w):
    """Probability of reaching each node."""
    r = np.ones(parent.shape[0])
    for node in range(1, parent.shape[0]):
        r[node] = r[parent[node]] * w[node]
    return r


@njit(cache=True, nogil=True, error_model="numpy")
def best_replies(
    parent, player, w, payoffs, sequence, infoset, infoset_player, infoset_start, behaviour,
    first_node, owner, root_of, roots,
):  # fmt: skip
    """Best replies of each player in every subgame, conditional on reaching it.

    Within a subgame, reach counts from its root; a nested subgame enters as an end that pays what
    the player gets there by its own best reply. Returns (best, now, gain): the player's best and
    present payoff at the root of each subgame, (n_nodes, players), nan elsewhere; and each set's
    gain conditional on being reached by the others, nan where they never do.
    """
    n, players = payoffs.shape
    sets = infoset_player.shape[0]
    outer = np.ones((n, players))  # the others' reach, from the root of the subgame around
    for node in range(1, n):
        above = parent[node]
        for i in range(players):
            base = 1.0 if root_of[above] == above else outer[above, i]
            outer[node, i] = base if player[above] == i else base * w[node]
    best, now = np.full((n, players), np.nan), np.full((n, players), np.nan)
    gain, into = np.full(sets, np.nan), np.zeros(sets)
    # accumulators: best and present value of each action, then of each subgame's root
    actions = owner.shape[0]
    high, same = np.zeros(actions + n * players), np.zeros(actions + n * players)
    start, members = _grouped(root_of)
    for q in range(roots.shape[0] - 1, -1, -1):
        root = roots[q]
        for spot in range(start[root], start[root + 1]):
            node = members[spot]
            for i in range(players):
                r = 1.0 if node == root else outer[node, i]
                k = _account(sequence[node, i], root, i, players, owner, first_node, root_of)
                high[k] += r * payoffs[node, i]
                same[k] += r * payoffs[node, i]
            h = infoset[node]
            if h >= 0:
                into[h] += 1.0 if node == root else outer[node, infoset_player[h]]
        for spot in range(start[root + 1] - 1, start[root] - 1, -1):
            h = infoset[members[spot]]
            if h < 0 or first_node[h] != members[spot]:
                continue
            i = infoset_player[h]
            top, mean = -np.inf, 0.0
            for a in range(infoset_start[h], infoset_start[h + 1]):
                top = max(top, high[a])
                mean += behaviour[a] * same[a]
            if into[h] > 0.0:
                gain[h] = (top - mean) / into[h]
            k = _account(sequence[members[spot], i], root, i, players, owner, first_node, root_of)
            high[k] += top
            same[k] += mean
        for i in range(players):
            best[root, i] = high[actions + root * players + i]
            now[root, i] = same[actions + root * players + i]
            if root > 0:
                around = root_of[parent[root]]
                k = _account(sequence[root, i], around, i, players, owner, first_node, root_of)
                high[k] += outer[root, i] * best[root, i]
                same[k] += outer[root, i] * now[root, i]
    return best, now, gain


@njit(cache=True, nogil=True, inline="always")
def _account(last, root, i, players, owner, first_node, root_of):
    """Where a value belongs: the player's last action within the subgame, or the subgame's root."""
    if last >= 0 and root_of[first_node[owner[last]]] == root:
        return last
    return owner.shape[0] + root * players + i


@njit(cache=True, nogil=True)
def _grouped(root_of):
    n = root_of.shape[0]
    start = np.zeros(n + 1, dtype=np.int64)
    for k in range(n):
        start[root_of[k] + 1] += 1
    for k in range(n):
        start[k + 1] += start[k]
    members, fill = np.empty(n, dtype=np.int64), start[:-1].copy()
    for k in range(n):
        members[fill[root_of[k]]] = k
        fill[root_of[k]] += 1
    return start, members


@njit(cache=True, nogil=True, error_model="numpy")
def one_shot(parent, player, infoset, infoset_start, action, V, behaviour, belief):
    """Gain from one deviation at each set under the beliefs given there, (n_infosets,)."""
    sets = infoset_start.shape[0] - 1
    by_action = np.zeros(infoset_start[sets])
    for node in range(1, parent.shape[0]):
        above = parent[node]
        h = infoset[above]
        if h >= 0:
            by_action[infoset_start[h] + action[node]] += belief[above] * V[node, player[above]]
    gain = np.zeros(sets)
    for h in range(sets):
        top, mean = -np.inf, 0.0
        for a in range(infoset_start[h], infoset_start[h + 1]):
            top = max(top, by_action[a])
            mean += behaviour[a] * by_action[a]
        gain[h] = top - mean
    return gain


@njit(cache=True, nogil=True, error_model="numpy")
def induct(parent, player, w, payoffs, place, infoset_start, infoset, tie):
    """Backward induction where every set is one node: values, the pure choices, ties met.

    The first best action is taken; `tie` (players,) is what counts as equal.
    """
    n, players = payoffs.shape
    V = payoffs.copy()
    choice = np.full(infoset_start.shape[0] - 1, -1)
    rival = np.zeros(infoset_start.shape[0] - 1)  # payoff of the action chosen so far
    ties = 0
    # children come after their node: walk back, so the last action of a node is met first
    chosen = np.full(n, -1)
    for node in range(n - 1, -1, -1):
        i = player[node]
        if i >= 0:
            c = chosen[node]
            choice[infoset[node]] = place[c] - infoset_start[infoset[node]]
            for j in range(players):
                V[node, j] += V[c, j]
        if node == 0:
            break
        above = parent[node]
        i = player[above]
        if i < 0:
            for j in range(players):
                V[above, j] += w[node] * V[node, j]
            continue
        h = infoset[above]
        if chosen[above] < 0:
            chosen[above], rival[h] = node, V[node, i]
        else:
            if abs(V[node, i] - rival[h]) <= tie[i]:
                ties += 1
            if V[node, i] >= rival[h] - tie[i]:
                chosen[above], rival[h] = node, max(V[node, i], rival[h])
    return V, choice, ties
