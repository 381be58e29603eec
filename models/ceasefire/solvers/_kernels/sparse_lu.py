"""Sparse LU with partial pivoting, column by column, in a given order (Gilbert and Peierls)."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, error_model="numpy")
def factor(start, row, value, left):
    """Factor ``P A = L U``: A is a matrix (n, n + 1) in compressed columns without column `left`.

    The pivot of a column is its largest candidate, at ties the row of its number (of the last
    column, `left`). (A lesser one would keep more of an order of little fill, but along a tree of
    many rounds its growth multiplies.) A pivot that vanishes becomes the smallest number that
    rounding can tell from zero: the caller refines. Work is proportional to the multiplications.
    Returns the sign of the determinant, and the factors: L (unit diagonal first in each column,
    rows numbered by pivot), U (pivot last in each column), and the pivot number of each row.
    """
    n = start.shape[0] - 2
    room = 4 * row.shape[0] + 4 * n
    Lp, Li, Lx = np.zeros(n + 1, np.int64), np.empty(room, np.int64), np.empty(room)
    Up, Ui, Ux = np.zeros(n + 1, np.int64), np.empty(room, np.int64), np.empty(room)
    pivot_of = np.full(n, -1)
    x, mark = np.zeros(n), np.full(n, -1)
    order, stack, spot = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
    tiny = 2.0**-52 * np.max(np.abs(value)) if value.shape[0] else 1.0
    lnz = unz = 0
    for k in range(n):
        Lp[k], Up[k] = lnz, unz
        if lnz + n > Li.shape[0]:
            Li, Lx = _more(Li, n), _more(Lx, n)
        if unz + n > Ui.shape[0]:
            Ui, Ux = _more(Ui, n), _more(Ux, n)
        # rows that column k of L^-1 A can fill, in topological order
        column = k if k < left else k + 1
        first, last = start[column], start[column + 1]
        top = n
        for p in range(first, last):
            if mark[row[p]] != k:
                top = _reach(row[p], k, Lp, Li, pivot_of, mark, order, stack, spot, top)
        for p in range(top, n):
            x[order[p]] = 0.0
        for p in range(first, last):
            x[row[p]] = value[p]
        largest, at = -1.0, -1
        for p in range(top, n):
            i = order[p]
            j = pivot_of[i]
            if j < 0:
                if abs(x[i]) > largest:
                    largest, at = abs(x[i]), i
                continue
            Ui[unz], Ux[unz] = j, x[i]
            unz += 1
            for q in range(Lp[j] + 1, Lp[j + 1]):
                x[Li[q]] -= Lx[q] * x[i]
        wish = left if column == n else column
        if at < 0:  # no candidate is left: the matrix is singular in structure
            at = np.argmin(pivot_of)
            x[at] = 0.0
        elif pivot_of[wish] < 0 and mark[wish] == k and abs(x[wish]) >= largest:
            at = wish
        pivot = x[at] if abs(x[at]) > tiny else tiny
        Ui[unz], Ux[unz] = k, pivot
        unz += 1
        pivot_of[at] = k
        Li[lnz], Lx[lnz] = at, 1.0
        lnz += 1
        for p in range(top, n):
            i = order[p]
            if pivot_of[i] < 0:
                Li[lnz], Lx[lnz] = i, x[i] / pivot
                lnz += 1
    Lp[n], Up[n] = lnz, unz
    for p in range(lnz):
        Li[p] = pivot_of[Li[p]]
    sign = 1.0
    for k in range(n):
        sign = -sign if Ux[Up[k + 1] - 1] < 0.0 else sign
    mark[:] = -1
    for k in range(n):  # a cycle of even length is an odd permutation
        i = k
        while mark[i] < 0:
            mark[i] = k
            i = pivot_of[i]
            sign = -sign if i != k else sign
    return sign, (Lp, Li[:lnz], Lx[:lnz], Up, Ui[:unz], Ux[:unz], pivot_of)


@njit(cache=True, nogil=True)
def _more(old, least):
    new = np.empty(2 * old.shape[0] + least, old.dtype)
    new[: old.shape[0]] = old
    return new


@njit(cache=True, nogil=True)
def _reach(root, k, Lp, Li, pivot_of, mark, order, stack, spot, top):
    """Depth-first search from one row through the columns of L: rows behind go first."""
    head = 0
    stack[0] = root
    while head >= 0:
        i = stack[head]
        j = pivot_of[i]
        if mark[i] != k:
            mark[i] = k
            spot[head] = Lp[j] + 1 if j >= 0 else 0
        done = True
        if j >= 0:
            for p in range(spot[head], Lp[j + 1]):
                below = Li[p]
                if mark[below] != k:
                    spot[head] = p + 1
                    head += 1
                    stack[head] = below
                    done = False
                    break
        if done:
            head -= 1
            top -= 1
            order[top] = i
    return top


@njit(cache=True, nogil=True, error_model="numpy")
def solve(factors, left, right, held):
    """Solve ``A z = right`` with the factors of `factor`; z (n + 1) with `held` at `left`."""
    Lp, Li, Lx, Up, Ui, Ux, pivot_of = factors
    n = pivot_of.shape[0]
    full = np.empty(n + 1)
    z = full[1:]
    for i in range(n):
        z[pivot_of[i]] = right[i]
    for j in range(n):
        if z[j] != 0.0:
            for p in range(Lp[j] + 1, Lp[j + 1]):
                z[Li[p]] -= Lx[p] * z[j]
    for j in range(n - 1, -1, -1):
        z[j] /= Ux[Up[j + 1] - 1]
        if z[j] != 0.0:
            for p in range(Up[j], Up[j + 1] - 1):
                z[Ui[p]] -= Ux[p] * z[j]
    full[:left] = z[:left]
    full[left] = held
    return full
