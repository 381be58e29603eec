"""All extreme equilibria of small bimatrix games from the signs of minors, compiled.

See `ceasefire.solvers._minors` for the mathematics. A sign is certain where the minor exceeds its
worst rounding error: with u = 2**-53, payoff range w and p columns, ``|b| <= p! w^p``, and
expanding along a row adds ``(p + 1) u`` to the relative bound, so that the error stays below
``e_p p! w^p`` with ``e_1 = u, e_p = e_(p-1) + (p + 1) u``; twice that covers terms of order u**2
and underflow. For p = 1 the sign of a float difference is exact. Where payoffs are whole multiples
of a power of two and few enough bits wide, every operation is exact and zero means zero.

Completeness. Every vertex other than the origin has a basis (I, K), whose signs do not contradict
each other. So where each basis has either two certain signs that do, or only certain ones, all
vertices are known, and with them all labels that vanish there; anything else is reported as
undetermined.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

UNIT = 2.0**-53
ZERO, PLUS, MINUS, UNKNOWN = 0, 1, 2, 4
UNDETERMINED = -1


@njit(cache=True, nogil=True, error_model="numpy")
def _minors(M, level, gaps, terms, value):
    value[: level[1]] = 1.0
    for k in range(gaps.shape[0]):
        value[level[1] + k] = M[gaps[k, 0], gaps[k, 2]] - M[gaps[k, 1], gaps[k, 2]]
    t = 0
    for p in range(2, level.shape[0] - 1):
        for k in range(level[p], level[p + 1]):
            v = 0.0
            for _ in range(p):
                v = value[terms[t, 0]] * value[terms[t, 1]] - v
                t += 1
            value[k] = v


@njit(cache=True, nogil=True, error_model="numpy")
def _codes(value, level, width, exact, code):
    """Sign codes of all minors as they are, then of all turned; whether each is + or -."""
    size, error, bound = 1.0, 0.0, 0.0
    none, count = 0, value.shape[0]
    for p in range(level.shape[0] - 1):
        if p > 0:
            error += (p + 1) * UNIT if p > 1 else UNIT
            size *= p * width
        bound = 0.0 if exact or p < 2 else 2.0 * error * size
        neither = ZERO if bound == 0.0 else UNKNOWN
        for k in range(level[p], level[p + 1]):  # without branches, which would be at random
            plus, minus = np.int8(value[k] > bound), np.int8(value[k] < -bound)
            unsigned = np.int8(1) - plus - minus
            code[k] = PLUS * plus + MINUS * minus + neither * unsigned
            code[count + k] = MINUS * plus + PLUS * minus + neither * unsigned
            none += unsigned
    return none == 0


@njit(cache=True, nogil=True, error_model="numpy")
def _whole(M, width, p):
    """Whether minors of p columns are exact: payoffs are multiples of one power of two."""
    if width == 0.0:
        return True
    bits = 53
    if p > 0:
        size = 1.0
        for k in range(2, p + 1):
            size *= k
        bits = int((53.0 - math.ceil(math.log2(size))) // p)
    unit = math.ldexp(1.0, math.frexp(width)[1] - bits)
    for i in range(M.shape[0]):
        for j in range(M.shape[1]):
            q = M[i, j] / unit
            # an exact comparison: the question is whether any digit is lost
            if not (abs(q) < 2.0**53 and math.floor(q) * unit == M[i, j]):
                return False
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def _width(M):
    low, high = M[0, 0], M[0, 0]
    for i in range(M.shape[0]):
        for j in range(M.shape[1]):
            low, high = min(low, M[i, j]), max(high, M[i, j])
    return high - low


@njit(cache=True, nogil=True, error_model="numpy")
def read(M, level, gaps, terms, value, code, exact):
    """Minors of one table in floats and their sign codes; `exact` says that no digit is lost.

    Returns (whether every sign is + or -, whether the minors are exact).
    """
    width = _width(M)
    if not (width == 0.0 or 1e-35 < width < 1e35):  # products of eight widths stay in range
        code[:] = UNKNOWN
        return False, False
    _minors(M, level, gaps, terms, value)
    plain = _codes(value, level, width, exact, code)
    if plain or exact:
        return plain, exact
    exact = _whole(M, width, level.shape[0] - 2)
    if exact:
        _codes(value, level, width, True, code)
    return plain, exact


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _agree(code, signs, b):
    seen = 0
    for t in range(signs.shape[1]):
        seen |= code[signs[b, t]]
    return seen & 3 != 3


@njit(cache=True, nogil=True, error_model="numpy")
def vertices(code, signs, sizes, bits, tight, index, masks):
    """First basis and vanishing labels of every vertex; returns (how many, whether all simple)."""
    count, simple = 0, True
    for b in range(signs.shape[0]):
        if not _agree(code, signs, b):
            continue
        seen, mask = 0, tight[b]
        for t in range(signs.shape[1]):
            c = code[signs[b, t]]
            seen |= c
            if c == ZERO:
                mask |= bits[b, t]
            if t == sizes[b] - 1 and seen == 0:
                break  # the system of this basis is singular
        if seen == 0:
            continue
        if seen & UNKNOWN:
            return UNDETERMINED, False
        known = False
        if mask != tight[b]:
            simple = False
            for k in range(count):
                known = known or masks[k] == mask
        if not known:
            index[count], masks[count] = b, mask
            count += 1
    return count, simple


@njit(cache=True, nogil=True, error_model="numpy")
def pairs(code_p, signs_p, bits_p, tight_p, code_q, signs_q, bits_q, tight_q, sizes, every, found):
    """Pairs of vertices whose labels together are all labels, as pairs of bases.

    Returns (how many, whether both polytopes are simple); `found` holds as many as it has room for.
    """
    room = sizes.shape[0]
    index_p, masks_p = np.empty(room, np.int64), np.empty(room, np.uint64)
    index_q, masks_q = np.empty(room, np.int64), np.empty(room, np.uint64)
    count_p, simple_p = vertices(code_p, signs_p, sizes, bits_p, tight_p, index_p, masks_p)
    if count_p == UNDETERMINED:
        return UNDETERMINED, False
    count_q, simple_q = vertices(code_q, signs_q, sizes, bits_q, tight_q, index_q, masks_q)
    if count_q == UNDETERMINED:
        return UNDETERMINED, False
    total = 0
    for i in range(count_p):
        for j in range(count_q):
            if masks_p[i] | masks_q[j] == every:
                if total < found.shape[0]:
                    found[total, 0], found[total, 1] = index_p[i], index_q[j]
                total += 1
    return total, simple_p and simple_q


@njit(cache=True, nogil=True, error_model="numpy")
def _common(code_p, signs_p, code_q, signs_q, found):
    """The same where every sign is certain: equal supports that are vertices of both."""
    total = 0
    for b in range(signs_p.shape[0]):
        if _agree(code_p, signs_p, b) and _agree(code_q, signs_q, b):
            found[total, 0], found[total, 1] = b, b
            total += 1
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def mixture(M, value, signs, members, b, k, exact, out):
    """The mixture of basis b, a distribution (d,): from its minors, or its equations solved."""
    out[:] = 0.0
    if k == 1:
        out[members[b, 0]] = 1.0
        return
    total = 0.0
    for s in range(k):
        v = abs(value[signs[b, s] % value.shape[0]])
        out[members[b, s]] = v
        total += v
    for s in range(k):
        out[members[b, s]] /= total
    if k <= 2 or exact:
        return
    # longer sums lose digits: solve (M_K - M_K0) x = 0, sum x = 1, and refine once
    r = signs.shape[1]
    first, rows = members[b, :k], members[b, r : r + k]
    system, right = np.empty((k, k)), np.empty(k)
    width = _width(M)
    for step in range(2):
        right[:] = 0.0
        right[0] = 1.0
        for t in range(k):
            for s in range(k):
                gap = (M[rows[t], first[s]] - M[rows[0], first[s]]) / width if t > 0 else 1.0
                system[t, s] = gap
                if step == 1:
                    right[t] -= gap * out[first[s]]
        if not _eliminate(system, right):
            return
        for s in range(k):
            x = right[s] if step == 0 else out[first[s]] + right[s]
            out[first[s]] = max(x, 0.0)


@njit(cache=True, nogil=True, error_model="numpy")
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
            for j in range(c + 1, k):
                A[i, j] -= f * A[c, j]
            b[i] -= f * b[c]
    for c in range(k - 1, -1, -1):
        for j in range(c + 1, k):
            b[c] -= A[c, j] * b[j]
        b[c] /= A[c, c]
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def solve_games(A, B, P, Q, sizes, every, counts, degenerate, game, rows, columns):
    """Fill `counts` and `degenerate` (N,), and the K found as game, rows (., m), columns (., n).

    P and Q are the two players' `Tables` as tuples. A count of -1 marks a game whose signs are
    undetermined. Returns (games done, K): fewer than N where the room for equilibria ran out.
    """
    level_p, gaps_p, terms_p, signs_p, bits_p, tight_p, members_p = P
    level_q, gaps_q, terms_q, signs_q, bits_q, tight_q, members_q = Q
    N, m, n = A.shape
    a, bt = np.empty((m, n)), np.empty((n, m))
    value_p, code_p = np.empty(level_p[-1]), np.empty(2 * level_p[-1], np.int8)
    value_q, code_q = np.empty(level_q[-1]), np.empty(2 * level_q[-1], np.int8)
    found = np.empty((sizes.shape[0], 2), np.int64)
    k = 0
    for g in range(N):
        for i in range(m):
            for j in range(n):
                a[i, j], bt[j, i] = A[g, i, j], B[g, i, j]
        plain_p, exact_p = read(bt, level_p, gaps_p, terms_p, value_p, code_p, False)
        plain_q, exact_q = read(a, level_q, gaps_q, terms_q, value_q, code_q, False)
        simple = True
        if plain_p and plain_q:
            total = _common(code_p, signs_p, code_q, signs_q, found)
        else:
            total, simple = pairs(
                code_p, signs_p, bits_p, tight_p, code_q, signs_q, bits_q, tight_q, sizes, every,
                found,
            )  # fmt: skip
            if total > found.shape[0]:
                found = np.empty((total, 2), np.int64)
                pairs(
                    code_p, signs_p, bits_p, tight_p, code_q, signs_q, bits_q, tight_q, sizes,
                    every, found,
                )  # fmt: skip
        if total > game.shape[0] - k:
            return g, k
        counts[g], degenerate[g] = total, not simple
        for e in range(total):
            x, y = found[e, 0], found[e, 1]
            mixture(bt, value_p, signs_p, members_p, x, sizes[x], exact_p, rows[k])
            mixture(a, value_q, signs_q, members_q, y, sizes[y], exact_q, columns[k])
            game[k] = g
            k += 1
    return N, k
