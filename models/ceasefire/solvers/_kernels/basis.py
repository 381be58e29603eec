"""Steps of a revised simplex basis: product-form updates and the ratio test."""

from __future__ import annotations

import numpy as np
from numba import njit

PIVOT = 1e-9  # smaller entries of a column are rounding


@njit(cache=True, nogil=True, error_model="numpy")
def apply(etas, rows, used, v):
    """Multiply v by the inverses of the exchanges since the basis was last factorised."""
    for k in range(used):
        r = rows[k]
        if v[r] != 0.0:
            pivot = v[r] / etas[k, r]
            for i in range(v.shape[0]):
                v[i] -= etas[k, i] * pivot
            v[r] = pivot


@njit(cache=True, nogil=True, error_model="numpy")
def ratio(value, d, signed, t_row):
    """Leaving row and step: the least ratio, among near ties the largest pivot."""
    theta = np.inf
    for i in range(d.shape[0]):
        if signed[i] and i != t_row and d[i] > PIVOT:
            theta = min(theta, (max(value[i], 0.0) + 1e-13) / d[i])
    row, best = -1, 0.0
    for i in range(d.shape[0]):
        if not signed[i] or i == t_row or d[i] <= max(PIVOT, best):
            continue
        if max(value[i], 0.0) / d[i] <= theta:
            row, best = i, d[i]
    if row >= 0:
        theta = max(value[row], 0.0) / d[row]
    return row, theta
