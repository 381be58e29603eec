"""All vertices of a best-reply polytope in floats, each certified, by walking its edges.

The polytope is ``{v in R^d : v >= 0, M v <= 1}`` with M of shape (r, d), entries in [1, 2].
Variables and slacks carry labels; a vertex is the set of labels that vanish, in 64-bit words.

Certificate. At a vertex let S be the variables and K the rows that are tight, ``M_KS v_S = 1``. The
tableau holds an approximate inverse R of M_KS. With ``a = |I - R M_KS|`` below 1 the solution lies
within ``|R| |1 - M_KS v| / (1 - a)`` of the computed v (Rump 1983), whatever the rounding before.
Where every variable and slack exceeds its bound the basis is provably feasible and simple, so its
d neighbours are determined; a walk that closes on such vertices has provably seen them all.
"""

from __future__ import annotations

import numpy as np
from numba import njit

UNIT = 2.0**-53
CLOSED, DEGENERATE, TOO_MANY = 0, 1, 2
ROOM = 64  # vertices held before a table grows


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _pivot(T, r, c):
    p = 1.0 / T[r, c]
    T[r, c] = 1.0
    for j in range(T.shape[1]):
        T[r, j] *= p
    for i in range(T.shape[0]):
        if i != r:
            f = T[i, c]
            T[i, c] = 0.0
            for j in range(T.shape[1]):
                T[i, j] -= f * T[r, j]


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _leaving(T, c):
    """Row that limits the entering column most; -1 where none does."""
    row, best = -1, np.inf
    last = T.shape[1] - 1
    for i in range(T.shape[0]):
        if T[i, c] > 1e-11:
            ratio = T[i, last] / T[i, c]
            if ratio < best:
                best, row = ratio, i
    return row


@njit(cache=True, nogil=True, error_model="numpy")
def _start(M, T, basic, nonbasic):
    r, d = M.shape
    T[:, :d] = M
    T[:, d] = 1.0
    for k in range(r):
        basic[k] = d + k
    for j in range(d):
        nonbasic[j] = j


@njit(cache=True, nogil=True, error_model="numpy")
def _refresh(M, T, basic, nonbasic):
    """Recompute the tableau of the present basis from the matrix itself."""
    r, d = M.shape
    inside = np.zeros(d, dtype=np.bool_)
    for k in range(r):
        if basic[k] < d:
            inside[basic[k]] = True
    leaving = np.zeros(r, dtype=np.bool_)
    for j in range(d):
        if nonbasic[j] >= d:
            leaving[nonbasic[j] - d] = True
    _start(M, T, basic, nonbasic)
    for j in range(d):
        if inside[j]:
            row, best = -1, 0.0
            for i in range(r):
                if basic[i] >= d and leaving[basic[i] - d] and abs(T[i, j]) > best:
                    row, best = i, abs(T[i, j])
            if row < 0:
                return False
            _pivot(T, row, j)
            basic[row], nonbasic[j] = nonbasic[j], basic[row]
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def _certified(M, T, basic, nonbasic, entry_error, rows, cols, at):
    """Whether the basis is provably feasible with every basic variable above zero."""
    r, d = M.shape
    k = 0
    for i in range(r):
        if basic[i] < d:
            rows[k] = i  # tableau row of a positive variable
            k += 1
    t = 0
    for j in range(d):
        if nonbasic[j] >= d:
            cols[t] = j  # tableau column of a tight row
            t += 1
    gamma = 2.0 * (k + 4) * UNIT
    total = 0.0
    for a in range(k):
        at[a] = T[rows[a], d]
        total += abs(at[a])
    inverse, defect, residual = 0.0, 0.0, 0.0
    for a in range(k):
        norm, off = 0.0, 0.0
        for b in range(k):
            norm += abs(T[rows[a], cols[b]])
        for b in range(k):
            s = 1.0 if a == b else 0.0
            for e in range(k):
                s -= T[rows[a], cols[e]] * M[nonbasic[cols[e]] - d, basic[rows[b]]]
            off += abs(s)
        off += k * (gamma + entry_error) * 2.0 * norm + gamma
        inverse, defect = max(inverse, norm), max(defect, off)
        s = 1.0
        for b in range(k):
            s -= M[nonbasic[cols[a]] - d, basic[rows[b]]] * at[b]
        residual = max(residual, abs(s))
    residual += (gamma + entry_error) * 2.0 * total + gamma
    if not defect < 0.5:
        return False
    error = 1.01 * inverse * residual / (1.0 - defect)
    for a in range(k):
        if not at[a] > error:
            return False
    spread = 2.0 * k * error + (gamma + entry_error) * 2.0 * total + gamma
    for i in range(r):
        if basic[i] >= d:
            s = 1.0
            for b in range(k):
                s -= M[basic[i] - d, basic[rows[b]]] * at[b]
            if not s > spread:
                return False
    return True


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def slot(table, masks, key):
    """Place of `key` in the hash table: an index into `masks`, or -(free place) - 1."""
    h = np.uint64(0)
    for w in range(key.shape[0]):
        h = (h ^ key[w]) * np.uint64(0x9E3779B97F4A7C15)
        h ^= h >> np.uint64(29)
    size = np.uint64(table.shape[0] - 1)
    place = h & size
    while True:
        index = table[place]
        if index < 0:
            return -np.int64(place) - 1
        same = True
        for w in range(key.shape[0]):
            if masks[index, w] != key[w]:
                same = False
        if same:
            return np.int64(index)
        place = (place + np.uint64(1)) & size


@njit(cache=True, nogil=True, error_model="numpy")
def _grown(table, masks, count):
    bigger = np.zeros((2 * masks.shape[0], masks.shape[1]), dtype=np.uint64)
    bigger[:count] = masks[:count]
    wide = np.full(2 * table.shape[0], -1, dtype=np.int32)
    for index in range(count):
        wide[-slot(wide, bigger, bigger[index]) - 1] = index
    return wide, bigger


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _flip(key, label):
    key[label >> 6] ^= np.uint64(1) << np.uint64(label & 63)


@njit(cache=True, nogil=True, error_model="numpy")
def _places(basic, nonbasic, place):
    """`place[v]`: column of a nonbasic variable, or -(row) - 1 of a basic one."""
    for k in range(basic.shape[0]):
        place[basic[k]] = -k - 1
    for j in range(nonbasic.shape[0]):
        place[nonbasic[j]] = j


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _exchange(T, basic, nonbasic, place, key, label, i, c):
    _flip(key, label[basic[i]])
    _flip(key, label[nonbasic[c]])
    _pivot(T, i, c)
    basic[i], nonbasic[c] = nonbasic[c], basic[i]
    place[basic[i]], place[nonbasic[c]] = -i - 1, c


@njit(cache=True, nogil=True, error_model="numpy")
def walk(M, label, entry_error, table, masks, limit):
    """Visit every vertex. Returns (how it ended, count, table, masks).

    `label` has the d labels of the variables and then the r of the slacks; `table` must be filled
    with -1 and have a power of two of entries, at least twice the rows of `masks`. Steps are kept
    as variables and not as places in the tableau, so that it may be computed afresh at any time.
    """
    r, d = M.shape
    T = np.empty((r, d + 1))
    basic, nonbasic = np.empty(r, dtype=np.int64), np.empty(d, dtype=np.int64)
    place = np.empty(r + d, dtype=np.int64)
    _start(M, T, basic, nonbasic)
    _places(basic, nonbasic, place)
    key = np.zeros(masks.shape[1], dtype=np.uint64)
    for j in range(d):
        _flip(key, label[j])
    masks[0] = key
    table[-slot(table, masks, key) - 1] = 0
    rows, cols, at = np.empty(d, np.int64), np.empty(d, np.int64), np.empty(d)
    entered = np.empty(masks.shape[0], np.int64)
    left = np.empty(masks.shape[0], np.int64)
    count, depth, v = 1, 0, 0
    while True:
        while v < r + d and place[v] < 0:
            v += 1
        if v == r + d:
            if depth == 0:
                return CLOSED, count, table, masks
            depth -= 1
            v = entered[depth]
            i, c = -place[v] - 1, place[left[depth]]
            _exchange(T, basic, nonbasic, place, key, label, i, c)
            v += 1
            continue
        c = place[v]
        i = _leaving(T, c)
        if i < 0:
            return DEGENERATE, count, table, masks
        _flip(key, label[basic[i]])
        _flip(key, label[v])
        at_key = slot(table, masks, key)
        if at_key < 0 and count < limit:
            table[-at_key - 1] = count
            masks[count] = key
        _flip(key, label[basic[i]])
        _flip(key, label[v])
        if at_key >= 0:
            v += 1
            continue
        if count == limit:
            return TOO_MANY, count, table, masks
        count += 1
        entered[depth], left[depth] = v, basic[i]
        depth += 1
        _exchange(T, basic, nonbasic, place, key, label, i, c)
        if not _certified(M, T, basic, nonbasic, entry_error, rows, cols, at):
            if not _refresh(M, T, basic, nonbasic):
                return DEGENERATE, count, table, masks
            _places(basic, nonbasic, place)
            if not _certified(M, T, basic, nonbasic, entry_error, rows, cols, at):
                return DEGENERATE, count, table, masks
        v = 0
        if count == masks.shape[0]:
            table, masks = _grown(table, masks, count)
            entered, left = _longer(entered), _longer(left)


@njit(cache=True, nogil=True, error_model="numpy")
def _longer(steps):
    bigger = np.empty(2 * steps.shape[0], dtype=np.int64)
    bigger[: steps.shape[0]] = steps
    return bigger


@njit(cache=True, nogil=True, error_model="numpy")
def match(m, n, masks_p, count_p, table_q, masks_q, found):
    """Pairs of vertices that share out all labels; returns their number (found: room for them).

    The origin of P is its vertex 0; it matches the origin of Q alone, which is no equilibrium.
    """
    words = masks_p.shape[1]
    every = np.zeros(words, dtype=np.uint64)
    for a in range(m + n):
        _flip(every, a)
    key = np.empty(words, dtype=np.uint64)
    total = 0
    for index in range(1, count_p):
        for w in range(words):
            key[w] = every[w] ^ masks_p[index, w]
        if slot(table_q, masks_q, key) >= 0:
            if total < found.shape[0]:
                found[total] = index
            total += 1
    return total


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _eliminate(A, b):
    """Solve ``A x = b`` in place by Gauss with row exchanges; b becomes x."""
    k = b.shape[0]
    for c in range(k):
        at = c
        for i in range(c + 1, k):
            if abs(A[i, c]) > abs(A[at, c]):
                at = i
        if A[at, c] == 0.0:
            return False
        if at != c:
            for j in range(c, k):
                A[c, j], A[at, j] = A[at, j], A[c, j]
            b[c], b[at] = b[at], b[c]
        for i in range(c + 1, k):
            f = A[i, c] / A[c, c]
            if f != 0.0:
                for j in range(c + 1, k):
                    A[i, j] -= f * A[c, j]
                b[i] -= f * b[c]
    for c in range(k - 1, -1, -1):
        for j in range(c + 1, k):
            b[c] -= A[c, j] * b[j]
        b[c] /= A[c, c]
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def vertex(M, first, tight, out):
    """Solve for the vertex of ``M v <= 1`` whose positive variables and tight rows are given.

    `first` (d,) says which variables are positive, `tight` (r,) which rows bind; writes v scaled
    to a probability distribution into `out` (d,). One step of iterative refinement.
    """
    r, d = M.shape
    out[:] = 0.0
    k = 0
    for j in range(d):
        k += first[j]
    A, b, x = np.empty((k, k)), np.empty(k), np.empty(k)
    for step in range(2):
        a = 0
        for i in range(r):
            if tight[i]:
                if a == k:
                    return False
                b[a] = 1.0
                c = 0
                for j in range(d):
                    if first[j]:
                        A[a, c] = M[i, j]
                        if step == 1:
                            b[a] -= M[i, j] * x[c]
                        c += 1
                a += 1
        if a != k or not _eliminate(A, b):
            return False
        for c in range(k):
            x[c] = b[c] if step == 0 else x[c] + b[c]
    total, c = x.sum(), 0
    for j in range(d):
        if first[j]:
            out[j] = x[c] / total
            c += 1
    return k > 0


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
