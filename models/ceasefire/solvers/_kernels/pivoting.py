"""Complementary pivoting on both best-reply polytopes (Lemke and Howson 1964), lexicographic."""

from __future__ import annotations

import numpy as np
from numba import njit

from ceasefire.solvers._kernels.vertices import _pivot

DONE, STUCK, TOO_LONG, TIED = 0, 1, 2, 3


@njit(cache=True, nogil=True, error_model="numpy")
def _row(T, c, d, place):
    """Lexicographic ratio test on floats: ties within 1e-11 are told apart by later columns."""
    R = T.shape[0]
    row = -1
    best = np.inf
    for i in range(R):
        if T[i, c] > 1e-10:
            ratio = T[i, d] / T[i, c]
            if row < 0 or ratio < best - 1e-11 * (1.0 + abs(best)):
                best, row = ratio, i
            elif ratio <= best + 1e-11 * (1.0 + abs(best)):
                for k in range(R):
                    spot = place[d + k]
                    if spot >= 0:
                        one, two = T[i, spot] / T[i, c], T[row, spot] / T[row, c]
                    else:
                        one = 1.0 / T[i, c] if -spot - 1 == i else 0.0
                        two = 1.0 / T[row, c] if -spot - 1 == row else 0.0
                    if one < two - 1e-11:
                        row = i
                        best = min(best, ratio)
                        break
                    if one > two + 1e-11:
                        break
    return row


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _handed_over(side, leave, m, n):
    """Label of the variable that left `side`, and the variable of the other side that bears it.

    A label is i (row's action) or m + j (column's).
    """
    if side == 0:
        return leave, n + leave if leave < m else leave - m
    label = m + leave if leave < n else leave - n
    return label, label


@njit(cache=True, nogil=True, error_model="numpy")
def lemke_howson(A, Bt, label, limit):
    """Follow the path of `label` from the artificial equilibrium.

    A (m, n) and Bt (n, m) have entries in [1, 2]. Returns (how it ended, pivots, x > 0, y > 0,
    tight rows of Bt, tight rows of A).
    """
    m, n = A.shape
    T0, T1 = np.empty((n, m + 1)), np.empty((m, n + 1))
    T0[:, :m], T0[:, m] = Bt, 1.0
    T1[:, :n], T1[:, n] = A, 1.0
    # variables: in T0 x_i is i and slack j is m + j; in T1 y_j is j and slack i is n + i
    basic0, out0 = np.arange(m, m + n), np.arange(m)
    basic1, out1 = np.arange(n, m + n), np.arange(n)
    place0, place1 = np.empty(m + n, np.int64), np.empty(m + n, np.int64)
    for v in range(m):
        place0[v] = v
        place1[n + v] = -v - 1
    for v in range(n):
        place1[v] = v
        place0[m + v] = -v - 1
    side = 0 if label < m else 1
    enter = label if label < m else label - m
    pivots = 0
    while pivots < limit:
        if side == 0:
            T, basic, out, place, d = T0, basic0, out0, place0, m
        else:
            T, basic, out, place, d = T1, basic1, out1, place1, n
        c = place[enter]
        i = _row(T, c, d, place)
        if i < 0:
            return STUCK, pivots, place0, place1
        leave = basic[i]
        _pivot(T, i, c)
        basic[i], out[c] = enter, leave
        place[enter], place[leave] = -i - 1, c
        pivots += 1
        dropped, enter = _handed_over(side, leave, m, n)
        if dropped == label:
            return DONE, pivots, place0, place1
        side = 1 - side
    return TOO_LONG, pivots, place0, place1


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc"})
def _entering(column, etas, rows, used, d):
    """The entering column in the present basis: one product a pivot made so far."""
    d[:] = column
    for k in range(used):
        p = d[rows[k]]
        if p != 0.0:
            for i in range(d.shape[0]):
                d[i] += p * etas[k, i]
            d[rows[k]] = p * etas[k, rows[k]]


@njit(cache=True, nogil=True, error_model="numpy")
def lemke_howson_revised(B, At, label, limit):
    """The path of `label` where no ratio ties, by the product form of the inverse.

    B (m, n) and At (n, m) hold the columns of the two systems as rows. Only the entering column
    is brought up to date, so a pivot reads the pivots before it instead of rewriting a table:
    a quarter of the memory traffic of `lemke_howson` at 200 actions. Returns (how it ended,
    pivots, and for each variable of both systems whether it is basic: -1, else 0); TIED where two
    ratios cannot be told apart, which only the table can break.
    """
    m, n = B.shape
    basic0, basic1 = np.arange(m, m + n), np.arange(n, m + n)
    value0, value1 = np.ones(n), np.ones(m)
    most = min(limit, 4 * (m + n))
    etas0, etas1 = np.empty((most // 2 + 1, n)), np.empty((most // 2 + 1, m))
    rows0, rows1 = np.empty(most // 2 + 1, np.int64), np.empty(most // 2 + 1, np.int64)
    place0, place1 = np.zeros(m + n, np.int64), np.zeros(m + n, np.int64)
    place0[m:], place1[n:] = -1, -1
    d0, d1 = np.empty(n), np.empty(m)
    unit0, unit1 = np.zeros(n), np.zeros(m)
    used0, used1 = 0, 0
    side = 0 if label < m else 1
    enter = label if label < m else label - m
    pivots = 0
    while pivots < most:
        if side == 0:
            R, w, value, basic, d, etas, rows, used = n, m, value0, basic0, d0, etas0, rows0, used0
            unit, place = unit0, place0
        else:
            R, w, value, basic, d, etas, rows, used = m, n, value1, basic1, d1, etas1, rows1, used1
            unit, place = unit1, place1
        if enter < w:
            _entering(B[enter] if side == 0 else At[enter], etas, rows, used, d)
        else:
            unit[enter - w] = 1.0
            _entering(unit, etas, rows, used, d)
            unit[enter - w] = 0.0
        row, best, second = -1, np.inf, np.inf
        for i in range(R):
            if d[i] > 1e-10:
                ratio = value[i] / d[i]
                if ratio < best:
                    row, best, second = i, ratio, best
                elif ratio < second:
                    second = ratio
        if row < 0:
            return STUCK, pivots, place0, place1
        if second - best <= 1e-10 * (1.0 + abs(best)) or used >= etas.shape[0]:
            return TIED, pivots, place0, place1
        p = 1.0 / d[row]
        for i in range(R):
            etas[used, i] = -d[i] * p
            value[i] -= best * d[i]
        etas[used, row] = p
        value[row] = best
        rows[used] = row
        if side == 0:
            used0 += 1
        else:
            used1 += 1
        leave = basic[row]
        basic[row] = enter
        place[enter], place[leave] = -1, 0
        pivots += 1
        dropped, enter = _handed_over(side, leave, m, n)
        if dropped == label:
            return DONE, pivots, place0, place1
        side = 1 - side
    return TIED, pivots, place0, place1
