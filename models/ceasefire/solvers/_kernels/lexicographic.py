"""All vertices of a best-reply polytope in whole numbers, degenerate ones included.

The walk visits the bases of the polytope whose right-hand side is perturbed by (e, e^2, ...):
that one is simple, and each vertex of the true polytope is the limit of one or more of its
vertices. The tableau is held over a common denominator (Edmonds 1967, Bareiss 1968), so every
division is exact. The same functions run compiled on int64, where the Hadamard bound on the
minors allows, and uncompiled on Python's own integers.
"""

from __future__ import annotations

from fractions import Fraction
from types import FunctionType
from typing import Any

import numpy as np
from numba import njit

from ceasefire.solvers._kernels.vertices import slot

CLOSED, TOO_MANY = 0, 2


@njit(cache=True, nogil=True, error_model="numpy")
def exchange(N, D, r, c):
    """Pivot the integer tableau ``N / D`` on (r, c); returns the new common denominator."""
    p = N[r, c]
    for i in range(N.shape[0]):
        if i != r:
            f = N[i, c]
            for j in range(N.shape[1]):
                if j != c:
                    N[i, j] = (N[i, j] * p - f * N[r, j]) // D
            N[i, c] = -f
    N[r, c] = D
    return p


@njit(cache=True, nogil=True, error_model="numpy")
def leaving(N, D, c, place, d):
    """Row of the lexicographic ratio test for column c; the polytope is bounded, so one exists."""
    R = N.shape[0]
    row = -1
    for i in range(R):
        if N[i, c] <= 0:
            continue
        if row < 0:
            row = i
            continue
        a, b = N[i, c], N[row, c]
        less = N[i, d] * b - N[row, d] * a
        k = 0
        while less == 0 and k < R:  # the coefficient of e^k: the column of the k-th slack
            spot = place[d + k]
            if spot >= 0:
                less = N[i, spot] * b - N[row, spot] * a
            elif -spot - 1 == i:
                less = D * b
            elif -spot - 1 == row:
                less = -D * a
            k += 1
        if less < 0:
            row = i
    return row


@njit(cache=True, nogil=True, error_model="numpy")
def walk_exact(M, label, masks, tights, table, limit):
    """Visit every lexicographic basis of ``M v <= 1`` (whole numbers, positive).

    Returns (how it ended, bases, table, masks, tights): `masks` has the nonbasic labels of each
    basis, `tights` all labels that vanish there, the degenerate basic ones included.
    """
    r, d = M.shape
    N = np.empty((r, d + 1), dtype=M.dtype)
    N[:, :d] = M
    N[:, d] = 1
    D = M[0, 0] // M[0, 0]
    basic, nonbasic = np.arange(d, d + r), np.arange(d)
    place = np.empty(r + d, dtype=np.int64)
    for j in range(d):
        place[j] = j
    for k in range(r):
        place[d + k] = -k - 1
    words = masks.shape[1]
    key = np.zeros(words, dtype=np.uint64)
    for j in range(d):
        key[label[j] >> 6] ^= np.uint64(1) << np.uint64(label[j] & 63)
    masks[0] = key
    tights[0] = key
    table[-slot(table, masks, key) - 1] = 0
    entered = np.empty(masks.shape[0], np.int64)
    left = np.empty(masks.shape[0], np.int64)
    count, depth, v = 1, 0, 0
    while True:
        while v < r + d and place[v] < 0:
            v += 1
        back = v == r + d
        if back:
            if depth == 0:
                return CLOSED, count, table, masks, tights
            depth -= 1
            v = entered[depth]
            i, c = -place[v] - 1, place[left[depth]]
        else:
            c = place[v]
            i = leaving(N, D, c, place, d)
        one, two = label[basic[i]], label[nonbasic[c]]
        key[one >> 6] ^= np.uint64(1) << np.uint64(one & 63)
        key[two >> 6] ^= np.uint64(1) << np.uint64(two & 63)
        if not back:
            at_key = slot(table, masks, key)
            if at_key >= 0:
                key[one >> 6] ^= np.uint64(1) << np.uint64(one & 63)
                key[two >> 6] ^= np.uint64(1) << np.uint64(two & 63)
                v += 1
                continue
            if count == limit:
                return TOO_MANY, count, table, masks, tights
            if count == masks.shape[0]:
                bigger = np.zeros((2 * count, words), dtype=np.uint64)
                wider = np.zeros((2 * count, words), dtype=np.uint64)
                bigger[:count], wider[:count] = masks, tights
                masks, tights = bigger, wider
                table = np.full(2 * table.shape[0], -1, dtype=np.int32)
                for index in range(count):
                    table[-slot(table, masks, masks[index]) - 1] = index
                more, most = np.empty(2 * count, np.int64), np.empty(2 * count, np.int64)
                more[:count], most[:count] = entered, left
                entered, left = more, most
                at_key = slot(table, masks, key)
            table[-at_key - 1] = count
            masks[count] = key
            entered[depth], left[depth] = v, basic[i]
            depth += 1
        D = exchange(N, D, i, c)
        basic[i], nonbasic[c] = nonbasic[c], basic[i]
        place[basic[i]], place[nonbasic[c]] = -i - 1, c
        if back:
            v += 1
            continue
        tights[count] = key
        for k in range(r):
            if N[k, d] == 0:
                a = label[basic[k]]
                tights[count, a >> 6] |= np.uint64(1) << np.uint64(a & 63)
        count += 1
        v = 0


@njit(cache=True, nogil=True, error_model="numpy")
def cover(every, P, Q, found):
    """Pairs (i, j) whose label sets together hold every label; returns how many there are."""
    words = every.shape[0]
    total = 0
    for i in range(P.shape[0]):
        for j in range(Q.shape[0]):
            whole = True
            for w in range(words):
                if (P[i, w] | Q[j, w]) != every[w]:
                    whole = False
                    break
            if whole:
                if total < found.shape[0]:
                    found[total, 0], found[total, 1] = i, j
                total += 1
    return total


def _exchange_large(N, D, r, c):
    p, pivot_row, column = N[r, c], N[r].copy(), N[:, c].copy()
    N[:] = (N * p - np.multiply.outer(column, pivot_row)) // D
    N[r], N[:, c] = pivot_row, -column
    N[r, c] = D
    return p


# the same walk on Python's integers: its two helpers are looked up anew in this namespace
walk_large: Any = FunctionType(
    walk_exact.py_func.__code__,
    {**globals(), "exchange": _exchange_large, "leaving": leaving.py_func},
    "walk_large",
)


slow_leaving: Any = leaving.py_func
slow_exchange: Any = _exchange_large


class Tableau:
    """The polytope ``M v <= 1`` in whole numbers, pivoted one variable at a time."""

    def __init__(self, M: Any) -> None:
        r, d = M.shape
        self.d = d
        self.N = np.empty((r, d + 1), dtype=object)
        self.N[:, :d], self.N[:, d] = M, 1
        self.D = 1
        self.basic, self.nonbasic = np.arange(d, d + r), np.arange(d)
        self.place = np.concatenate((np.arange(d), -np.arange(r) - 1))

    def enter(self, v: int) -> int:
        """Bring variable v into the basis; returns the variable that leaves."""
        c = self.place[v]
        i = slow_leaving(self.N, self.D, c, self.place, self.d)
        leave = self.basic[i]
        self.D = slow_exchange(self.N, self.D, i, c)
        self.basic[i], self.nonbasic[c] = v, leave
        self.place[v], self.place[leave] = -i - 1, c
        return int(leave)

    def distribution(self) -> Any:
        """The positive variables, scaled to add up to one, as fractions."""
        v = [self.N[-self.place[j] - 1, self.d] if self.place[j] < 0 else 0 for j in range(self.d)]
        total = sum(v)
        return np.array([Fraction(int(x), int(total)) for x in v], dtype=object)
