"""All equilibria of many small bimatrix games in one compiled call."""

from __future__ import annotations

import numpy as np
from numba import njit

from ceasefire.solvers._kernels.vertices import CLOSED, UNIT, match, vertex, walk

ROOM = 64  # vertices held before a table grows: a 4 x 4 game has at most 20


@njit(cache=True, nogil=True, error_model="numpy")
def _scaled(table, out):
    low, high = table[0, 0], table[0, 0]
    for i in range(table.shape[0]):
        for j in range(table.shape[1]):
            u = table[i, j]
            low, high = min(low, u), max(high, u)
    width = high - low
    if width == 0.0:
        width = 1.0
    if not 1e-290 < width < 1e300:
        return False
    for i in range(table.shape[0]):
        for j in range(table.shape[1]):
            out[i, j] = 1.0 + (table[i, j] - low) / width
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def solve_games(A, B, counts, game, rows, columns, limit):
    """Fill `counts` (N,), and the K found as game (.,), rows (., m), columns (., n).

    A count of -1 marks a game that floats cannot certify. Returns (games done, K): fewer games
    than N where the room for equilibria ran out.
    """
    N, m, n = A.shape
    entry_error = 4.0 * UNIT
    a, bt = np.empty((m, n)), np.empty((n, m))
    label_p, label_q = np.empty(m + n, np.int64), np.empty(m + n, np.int64)
    label_p[:] = np.arange(m + n)
    label_q[:n] = np.arange(m, m + n)
    label_q[n:] = np.arange(m)
    words = (m + n + 63) // 64
    room_p, room_q = np.zeros((ROOM, words), np.uint64), np.zeros((ROOM, words), np.uint64)
    hash_p, hash_q = np.empty(4 * ROOM, np.int32), np.empty(4 * ROOM, np.int32)
    found = np.empty(256, np.int64)
    first, tight = np.empty(m, np.bool_), np.empty(n, np.bool_)
    k = 0
    for g in range(N):
        counts[g] = -1
        if not (_scaled(A[g], a) and _scaled(B[g].T, bt)):
            continue
        hash_p[:] = -1
        hash_q[:] = -1
        end_p, count_p, _, masks_p = walk(bt, label_p, entry_error, hash_p, room_p, limit)
        if end_p != CLOSED:
            continue
        end_q, _, table_q, masks_q = walk(a, label_q, entry_error, hash_q, room_q, limit)
        if end_q != CLOSED:
            continue
        total = match(m, n, masks_p, count_p, table_q, masks_q, found)
        if total > found.shape[0]:
            found = np.empty(2 * total, np.int64)
            match(m, n, masks_p, count_p, table_q, masks_q, found)
        if k + total > game.shape[0]:
            return g, k
        for e in range(total):
            for i in range(m + n):
                bit = (masks_p[found[e], i >> 6] >> np.uint64(i & 63)) & np.uint64(1)
                if i < m:
                    first[i] = bit == 0
                else:
                    tight[i - m] = bit == 1
            vertex(bt, first, tight, rows[k])
            vertex(a, tight, first, columns[k])
            game[k] = g
            k += 1
        counts[g] = total
    return N, k
