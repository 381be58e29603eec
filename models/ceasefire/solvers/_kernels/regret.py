"""Payoffs and regrets of many profiles of many bimatrix games, from their definition."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, error_model="numpy")
def _gain(table, own, other, turned):
    """Expected payoff and largest gain from deviating, counted from the smallest payoff.

    Returns (smallest payoff plus expected payoff, gain over the payoff range).
    """
    low, high = table[0, 0], table[0, 0]
    for i in range(table.shape[0]):
        for j in range(table.shape[1]):
            low, high = min(low, table[i, j]), max(high, table[i, j])
    scale = 0.5 if np.isinf(high - low) else 1.0  # a range past 1e308 is counted in halves
    low, high = scale * low, scale * high
    best, mean = -np.inf, 0.0
    for i in range(own.shape[0]):
        value = 0.0
        for j in range(other.shape[0]):
            value += (scale * (table[j, i] if turned else table[i, j]) - low) * other[j]
        best = max(best, value)
        mean += value * own[i]
    gain = (best - mean) / (high - low) if high > low else 0.0
    return (low + mean) / scale, gain


@njit(cache=True, nogil=True, error_model="numpy")
def profiles(A, B, game, rows, columns, payoffs, regret):
    """Fill payoffs (K, 2), utils, and the larger regret (K,) over the player's payoff range."""
    for k in range(game.shape[0]):
        g = game[k]
        payoffs[k, 0], one = _gain(A[g], rows[k], columns[k], False)
        payoffs[k, 1], two = _gain(B[g], columns[k], rows[k], True)
        regret[k] = max(0.0, one, two) if np.isfinite(one) and np.isfinite(two) else np.inf
