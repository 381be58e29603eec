"""Values of matrix games, and the Shapley operator over the states of a zero-sum game."""

from __future__ import annotations

import numpy as np
from numba import njit

NEGATIVE = 1e-12  # a reduced cost this small, payoffs from 1 to 2, gains nothing more
DANTZIG = 200  # pivots by steepest cost; past them by least index, which cannot cycle


@njit(cache=True, nogil=True, error_model="numpy")
def matrix_game(A, x, y):
    """Value of a matrix game that the rows maximise; fills optimal mixtures x and y.

    The simplex method on ``max sum w, A w <= 1`` with payoffs moved to [1, 2]. Returns nan where
    it does not end.
    """
    m, n = A.shape
    low, high = A[0, 0], A[0, 0]
    for i in range(m):
        for j in range(n):
            low, high = min(low, A[i, j]), max(high, A[i, j])
    width = high - low if high > low else 1.0
    T = np.zeros((m + 1, n + m + 1))
    basis = np.empty(m, np.int64)
    for i in range(m):
        for j in range(n):
            T[i, j] = 1.0 + (A[i, j] - low) / width
        T[i, n + i], T[i, n + m], basis[i] = 1.0, 1.0, n + i
    for j in range(n):
        T[m, j] = -1.0
    for step in range(5000):
        c = -1
        for j in range(n + m):
            if T[m, j] < -NEGATIVE and (c < 0 or (step < DANTZIG and T[m, j] < T[m, c])):
                c = j
        if c < 0:
            break
        r = -1
        for i in range(m):
            if T[i, c] > 1e-11:
                if r < 0:
                    r = i
                    continue
                gap = T[i, n + m] * T[r, c] - T[r, n + m] * T[i, c]
                if gap < -1e-15 or (gap <= 1e-15 and basis[i] < basis[r]):
                    r = i
        if r < 0 or step == 4999:
            return np.nan
        pivot = T[r, c]
        for k in range(n + m + 1):
            T[r, k] /= pivot
        for i in range(m + 1):
            f = T[i, c]
            if i != r and f != 0.0:
                for k in range(n + m + 1):
                    T[i, k] -= f * T[r, k]
        basis[r] = c
    for j in range(n):
        y[j] = 0.0
    for i in range(m):
        if basis[i] < n:
            y[basis[i]] = max(T[i, n + m], 0.0)
        x[i] = max(T[m, n + i], 0.0)
    _to_one(x)
    _to_one(y)
    return low + width * (1.0 / T[m, n + m] - 1.0)


@njit(cache=True, nogil=True, error_model="numpy")
def _to_one(p):
    total = 0.0
    for k in range(p.shape[0]):
        total += p[k]
    for k in range(p.shape[0]):
        p[k] /= total


@njit(cache=True, nogil=True, error_model="numpy")
def shapley(
    n_actions, action_start, profile_start, payoffs, discount, data, indices, indptr, value,
    behaviour, after,
):  # fmt: skip
    """One step: the value of every state's matrix game when the future is worth `value`.

    payoffs (n_profiles,) are those of the first player, who maximises. Fills `after` and both
    players' optimal mixtures; False where a matrix game was not solved.
    """
    for s in range(n_actions.shape[0]):
        m, n = n_actions[s, 0], n_actions[s, 1]
        A, x, y = np.empty((m, n)), np.empty(m), np.empty(n)
        for a in range(m):
            for c in range(n):
                row, f = profile_start[s] + a * n + c, 0.0
                for k in range(indptr[row], indptr[row + 1]):
                    f += data[k] * value[indices[k]]
                A[a, c] = payoffs[row] + discount * f
        after[s] = matrix_game(A, x, y)
        if np.isnan(after[s]):
            return False
        for a in range(m):
            behaviour[action_start[2 * s] + a] = x[a]
        for c in range(n):
            behaviour[action_start[2 * s + 1] + c] = y[c]
    return True
