"""State recursion in flat arrays: every state whose stage game has one equilibrium, in one pass.

A state *varies* where its value depends on which equilibrium is played further on. Its variants
are held by a *table* of rows, one a combination of choices further on: `label[row]` is the
variant. Equal values are one *class*.
"""

from __future__ import annotations

import numpy as np
from numba import njit

WAITING, DONE, STOPPED = 0, 1, 2  # status of a state
SOLVE, MERGE = 1, 2  # why a state was stopped
UNSOLVED, SEVERAL = -3, -2  # what follows is not solved yet, or depends on several tables
MOST = 4  # actions left a player after dominance that are solved here
LISTED = 16  # a nondegenerate 4 x 4 game has at most 15 equilibria
TIE = 1e-10  # see tolerances.PAYOFF_TIE
CLOSE = 1e-9  # a probability or a gain this near to zero, in payoff ranges, is left to exact code
PIVOT = 1e-6
SAME = 1e-12  # values closer than this, relative to their size, are one class


@njit(cache=True, nogil=True, error_model="numpy")
def relevant(order, indptr, indices, moves):
    """States on which somebody's choice, there or before, may depend."""
    found = moves.copy()
    for at in range(order.shape[0] - 1, -1, -1):
        s = order[at]
        if found[s]:
            for k in range(indptr[s], indptr[s + 1]):
                found[indices[k]] = True
    return found


@njit(cache=True, nogil=True, error_model="numpy")
def needed(indptr, indices, counted, n):
    """How many other counted states each state can follow."""
    need = np.zeros(n, np.int64)
    for s in range(n):
        if counted[s]:
            for k in range(indptr[s], indptr[s + 1]):
                if indices[k] != s:
                    need[indices[k]] += 1
    return need


@njit(cache=True, nogil=True, error_model="numpy")
def bimatrix(A, B, X, Y):
    """All equilibria of a nondegenerate game, payoffs scaled to [0, 1]; -1 where in doubt.

    Iterated strict dominance, then pairs of supports of equal size: in a nondegenerate game every
    equilibrium is the one solution of such a pair. A degenerate game shows as a system that is
    singular, or as a solution with a probability or a gain of zero.
    """
    m, n = A.shape
    rows, columns = np.full(m, True), np.full(n, True)
    Bt = np.empty((n, m))
    for i in range(m):
        for j in range(n):
            Bt[j, i] = B[i, j]
    changed = True
    while changed:
        changed = _dominated(A, rows, columns)
        changed = _dominated(Bt, columns, rows) or changed
    R, C = _true(rows), _true(columns)
    if R.shape[0] > MOST or C.shape[0] > MOST:
        return -1
    a, b = np.empty((R.shape[0], C.shape[0])), np.empty((C.shape[0], R.shape[0]))
    for i in range(R.shape[0]):
        for j in range(C.shape[0]):
            a[i, j], b[j, i] = A[R[i], C[j]], B[R[i], C[j]]
    count = 0
    x, y = np.empty(R.shape[0]), np.empty(C.shape[0])
    for S in range(1, 1 << R.shape[0]):
        for T in range(1, 1 << C.shape[0]):
            if _bits(S) != _bits(T) or _never(a, S, T) or _never(b, T, S):
                continue
            one = _indifferent(a, S, T, y)
            two = _indifferent(b, T, S, x)
            if one < 0 or two < 0:
                return -1
            if one == 0 or two == 0:
                continue
            if one == 1 or two == 1:
                return -1
            for i in range(m):
                X[count, i] = 0.0
            for j in range(n):
                Y[count, j] = 0.0
            for i in range(R.shape[0]):
                X[count, R[i]] = x[i]
            for j in range(C.shape[0]):
                Y[count, C[j]] = y[j]
            count += 1
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def _true(given):
    """Places of what is true."""
    count = 0
    for k in range(given.shape[0]):
        count += given[k]
    places, at = np.empty(count, np.int64), 0
    for k in range(given.shape[0]):
        if given[k]:
            places[at] = k
            at += 1
    return places


@njit(cache=True, nogil=True, error_model="numpy")
def _bits(mask):
    count = 0
    while mask:
        mask &= mask - 1
        count += 1
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def _dominated(A, rows, columns):
    """Drop rows that another row beats in every column left; say whether one was dropped."""
    found = False
    for i in range(A.shape[0]):
        for k in range(A.shape[0]):
            if not rows[i] or not rows[k] or i == k:
                continue
            worse = True
            for j in range(A.shape[1]):
                if columns[j] and A[k, j] - A[i, j] <= CLOSE:
                    worse = False
                    break
            if worse:
                rows[i] = False
                found = True
                break
    return found


@njit(cache=True, nogil=True, error_model="numpy")
def _never(A, S, T):
    """Whether some row of S is beaten by another row in every column of T."""
    for i in range(A.shape[0]):
        if not (S >> i) & 1:
            continue
        for k in range(A.shape[0]):
            if k == i:
                continue
            worse = True
            for j in range(A.shape[1]):
                if (T >> j) & 1 and A[k, j] - A[i, j] <= CLOSE:
                    worse = False
                    break
            if worse:
                return True
    return False


@njit(cache=True, nogil=True, error_model="numpy")
def _indifferent(A, S, T, y):
    """The mixture over T that makes the rows of S pay alike, and no other row pay more.

    Returns 2 where there is one with room everywhere, 1 where a probability or a gain is close to
    zero, 0 where there is none, -1 where the system is singular.
    """
    size = _bits(T) + 1
    M = np.zeros((size, size + 1))
    r = 0
    for i in range(A.shape[0]):
        if (S >> i) & 1:
            c = 0
            for j in range(A.shape[1]):
                if (T >> j) & 1:
                    M[r, c] = A[i, j]
                    c += 1
            M[r, size - 1] = -1.0
            r += 1
    for c in range(size - 1):
        M[size - 1, c] = 1.0
    M[size - 1, size] = 1.0
    for c in range(size):
        p = c
        for r in range(c + 1, size):
            if abs(M[r, c]) > abs(M[p, c]):
                p = r
        if abs(M[p, c]) < PIVOT:
            return -1
        for k in range(c, size + 1):
            M[c, k], M[p, k] = M[p, k], M[c, k]
        for r in range(c + 1, size):
            f = M[r, c] / M[c, c]
            for k in range(c, size + 1):
                M[r, k] -= f * M[c, k]
    for c in range(size - 1, -1, -1):
        for k in range(c + 1, size):
            M[c, size] -= M[c, k] * M[k, size]
        M[c, size] /= M[c, c]
    verdict, c, total = 2, 0, 0.0
    for j in range(A.shape[1]):
        y[j] = 0.0
        if (T >> j) & 1:
            p = M[c, size]
            if p < -CLOSE:
                return 0
            if p <= CLOSE:
                verdict = 1
            y[j] = max(p, 0.0)
            total += y[j]
            c += 1
    for j in range(A.shape[1]):
        y[j] /= total
    for i in range(A.shape[0]):
        if not (S >> i) & 1:
            gain = -M[size - 1, size]
            for j in range(A.shape[1]):
                gain += A[i, j] * y[j]
            if gain > CLOSE:
                return 0
            if gain >= -CLOSE:
                verdict = 1
    return verdict


@njit(cache=True, nogil=True, error_model="numpy")
def stage(q, sizes, mixtures, worth):
    """Every equilibrium of one stage game of at most two movers; -1 where it is left to others.

    q (n_players, n_rows) are payoffs, the future included. Fills mixtures (LISTED, sum of sizes)
    and worth (LISTED, n_players).
    """
    n = q.shape[0]
    one, two, place = -1, -1, 0
    at = np.zeros(n, np.int64)
    for i in range(n):
        at[i] = place
        place += sizes[i]
        if sizes[i] > 1:
            if two >= 0:
                return -1
            if one >= 0:
                two = i
            else:
                one = i
    for e in range(mixtures.shape[0]):
        for a in range(place):
            mixtures[e, a] = 1.0
    if one < 0:
        for i in range(n):
            worth[0, i] = q[i, 0]
        return 1
    if two < 0:
        return _choice(q, one, at[one], mixtures, worth)
    m, k = sizes[one], sizes[two]
    A, B = np.empty((m, k)), np.empty((m, k))
    if not _scale(q, one, A) or not _scale(q, two, B):
        return -1
    X, Y = np.empty((LISTED, m)), np.empty((LISTED, k))
    count = bimatrix(A, B, X, Y)
    for e in range(count):
        for a in range(m):
            mixtures[e, at[one] + a] = X[e, a]
        for c in range(k):
            mixtures[e, at[two] + c] = Y[e, c]
        for i in range(n):
            v = 0.0
            for a in range(m):
                for c in range(k):
                    v += X[e, a] * Y[e, c] * q[i, a * k + c]
            worth[e, i] = v
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def _choice(q, mover, place, mixtures, worth):
    """One player chooses: its best action; -1 where two tie."""
    best, low, size = 0, q[mover, 0], 0.0
    for a in range(q.shape[1]):
        low, size = min(low, q[mover, a]), max(size, abs(q[mover, a]))
        if q[mover, a] > q[mover, best]:
            best = a
    near = max(TIE * (q[mover, best] - low), 1e-14 * size)
    for a in range(q.shape[1]):
        if a != best and q[mover, best] - q[mover, a] <= near:
            return -1
        mixtures[0, place + a] = 0.0
    mixtures[0, place + best] = 1.0
    for i in range(q.shape[0]):
        worth[0, i] = q[i, best]
    return 1


@njit(cache=True, nogil=True, error_model="numpy")
def _scale(q, i, A):
    """Fill A with a player's payoffs from 0 to 1; False where rounding is all their range."""
    low, high = q[i, 0], q[i, 0]
    for row in range(q.shape[1]):
        low, high = min(low, q[i, row]), max(high, q[i, row])
    if (high - low) * CLOSE <= 1e-14 * max(abs(low), abs(high)):
        return False
    for a in range(A.shape[0]):
        for c in range(A.shape[1]):
            A[a, c] = (q[i, a * A.shape[1] + c] - low) / (high - low)
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def stages(Q, sizes, counts, mixtures, worth):
    """`stage` for each of G games of the same sizes: Q (G, n_players, n_rows)."""
    for g in range(Q.shape[0]):
        counts[g] = stage(Q[g], sizes, mixtures[g], worth[g])


@njit(cache=True, nogil=True, error_model="numpy")
def write(found, low, size, where, mixed):
    """Copy mixtures: that of state ``c`` in combination ``e`` stands at ``where[c, e]``."""
    for e in range(found.shape[0]):
        for c in range(low.shape[0]):
            for a in range(size[c]):
                found[e, low[c] + a] = mixed[where[c, e] + a]


@njit(cache=True, nogil=True, error_model="numpy")
def _future(s, row, i, data, indices, indptr, table, values, column, first, labels, worth, k):
    """Expected value of what follows a profile row, in table row k; the chance to stay."""
    f, stay = 0.0, 0.0
    for e in range(indptr[row], indptr[row + 1]):
        t = indices[e]
        if t == s:
            stay += data[e]
        elif table[t] < 0:
            f += data[e] * values[t, i]
        else:
            f += data[e] * worth[first[t] + labels[column[t] + k], i]
    return f, stay


@njit(cache=True, nogil=True, error_model="numpy")
def payoffs_in(
    s, k, payoffs, discounts, data, indices, indptr, profile_start, table, values, column, first,
    labels, worth, q, stay,
):  # fmt: skip
    """Payoffs of a state's stage game in table row k, a stay of the state left out."""
    low = profile_start[s]
    for row in range(low, profile_start[s + 1]):
        for i in range(payoffs.shape[0]):
            f, p = _future(
                s, row, i, data, indices, indptr, table, values, column, first, labels, worth, k
            )
            q[i, row - low] = payoffs[i, row] + discounts[i] * f
            stay[row - low] = p


@njit(cache=True, nogil=True, error_model="numpy")
def grouped(s, K, graph_ptr, graph, table, column, first, labels, kind, classes, group):
    """Number table rows by what follows state `s` in them; return how many kinds there are."""
    for k in range(K):
        group[k] = 0
    count = 1
    for e in range(graph_ptr[s], graph_ptr[s + 1]):
        t = graph[e]
        if t == s or table[t] < 0:
            continue
        width = classes[t]
        size = 1
        while size < 2 * min(K, count * width):
            size *= 2
        held, seen, fresh = np.full(size, -1), np.empty(size, np.int64), 0
        for k in range(K):
            key = group[k] * width + kind[first[t] + labels[column[t] + k]]
            at = (key * 40503) & (size - 1)  # open addressing, half empty at least
            while held[at] >= 0 and held[at] != key:
                at = (at + 1) & (size - 1)
            if held[at] < 0:
                held[at], seen[at] = key, fresh
                fresh += 1
            group[k] = seen[at]
        count = fresh
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def _ordered(worth, low, count):
    """Places of variants by the first player's value, by Shell's sort; ties as they stand."""
    order = np.arange(count)
    gap = count // 2
    while gap > 0:
        for j in range(gap, count):
            moved, at = order[j], j
            while at >= gap and (
                worth[low + order[at - gap], 0] > worth[low + moved, 0]
                or (
                    worth[low + order[at - gap], 0] >= worth[low + moved, 0]
                    and order[at - gap] > moved
                )
            ):
                order[at] = order[at - gap]
                at -= gap
            order[at] = moved
        gap //= 2
    return order


@njit(cache=True, nogil=True, error_model="numpy")
def classify(worth, low, count, kind):
    """Number variants `low` to `low + count` by their values; return how many differ."""
    n = worth.shape[1]
    order = _ordered(worth, low, count)
    found = 0
    for j in range(count):
        a = low + order[j]
        kind[a] = -1
        for back in range(j - 1, -1, -1):
            b = low + order[back]
            if worth[a, 0] - worth[b, 0] > SAME * (abs(worth[a, 0]) + abs(worth[b, 0])):
                break
            same = True
            for i in range(1, n):
                gap = abs(worth[a, i] - worth[b, i])
                if gap > SAME * (abs(worth[a, i]) + abs(worth[b, i])):
                    same = False
            if same:
                kind[a] = kind[b]
                break
        if kind[a] < 0:
            kind[a] = found
            found += 1
    return found


@njit(cache=True, nogil=True, error_model="numpy")
def _depends(s, graph_ptr, graph, status, table):
    """The table on which what follows a state depends; -1 none, else UNSOLVED or SEVERAL."""
    f, several = -1, False
    for e in range(graph_ptr[s], graph_ptr[s + 1]):
        t = graph[e]
        if t == s:
            continue
        if status[t] != DONE:
            return UNSOLVED
        if table[t] >= 0:
            several = several or (f >= 0 and table[t] != f)
            f = table[t]
    return SEVERAL if several else f


@njit(cache=True, nogil=True, error_model="numpy")
def advance(
    todo, position, n_actions, action_start, profile_start, payoffs, discounts, data, indices,
    indptr, graph_ptr, graph, status, need, table, rows, values, behaviour, owner, column, first,
    classes, labels, worth, kind, where, mixed, used, stopped, why, rest,
):  # fmt: skip
    """Solve the states of `todo` from `position` on, those with one equilibrium in every row.

    `used` holds how much of labels, worth and mixed is taken. A state that needs Python goes to
    `stopped` (with the reason in `why`), one that waits for another to `rest`. Returns (position,
    number stopped, number waiting): position is short of the end where room ran out.
    """
    n = payoffs.shape[0]
    stops, waits = 0, 0
    most = 1
    for f in range(rows.shape[0]):
        most = max(most, rows[f])
    group = np.empty(most, np.int64)
    for at in range(position, todo.shape[0]):
        s = todo[at]
        f = _depends(s, graph_ptr, graph, status, table)
        if f == UNSOLVED:
            rest[waits] = s
            waits += 1
            continue
        if f == SEVERAL:
            status[s] = STOPPED
            stopped[stops], why[stops] = s, MERGE
            stops += 1
            continue
        K = rows[f] if f >= 0 else 1
        size = action_start[(s + 1) * n] - action_start[s * n]
        if (
            used[0] + K > labels.shape[0]
            or used[1] + K > worth.shape[0]
            or used[2] + K * size > mixed.shape[0]
        ):
            return at, stops, waits
        if f >= 0:
            count = grouped(
                s, K, graph_ptr, graph, table, column, first, labels, kind, classes, group
            )
        else:
            group[0], count = 0, 1
        if not _all_single(
            s, K, count, group, size, n_actions, action_start, profile_start, payoffs, discounts,
            data, indices, indptr, table, values, behaviour, column, first, labels, worth, where,
            mixed, used,
        ):  # fmt: skip
            status[s] = STOPPED
            stopped[stops], why[stops] = s, SOLVE
            stops += 1
            continue
        if count > 1:
            owner[s], column[s], first[s] = f, used[0], used[1]
            for k in range(K):
                labels[used[0] + k] = group[k]
            classes[s] = classify(worth, used[1], count, kind)
            for i in range(n):
                values[s, i] = worth[used[1], i]
            if classes[s] > 1:
                table[s] = f
            used[0] += K
            used[1] += count
            used[2] += count * size
        status[s] = DONE
        for e in range(graph_ptr[s], graph_ptr[s + 1]):
            if graph[e] != s:
                need[graph[e]] -= 1
    return todo.shape[0], stops, waits


@njit(cache=True, nogil=True, error_model="numpy")
def _all_single(
    s, K, count, group, size, n_actions, action_start, profile_start, payoffs, discounts, data,
    indices, indptr, table, values, behaviour, column, first, labels, worth, where, mixed, used,
):  # fmt: skip
    """Solve a state in each kind of row; False unless each has one equilibrium, found here."""
    n, low = payoffs.shape[0], action_start[s * payoffs.shape[0]]
    width = profile_start[s + 1] - profile_start[s]
    q, stay = np.empty((n, width)), np.empty(width)
    mixtures, paid = np.empty((LISTED, size)), np.empty((LISTED, n))
    done = 0
    for k in range(K):
        if group[k] != done:
            continue
        payoffs_in(
            s, k, payoffs, discounts, data, indices, indptr, profile_start, table, values, column,
            first, labels, worth, q, stay,
        )  # fmt: skip
        for row in range(1, width):
            if abs(stay[row] - stay[0]) > 1e-15:
                return False
        if stage(q, n_actions[s], mixtures, paid) != 1:
            return False
        if count > 1:
            where[used[1] + done] = used[2] + done * size
        for i in range(n):
            v = paid[0, i] / (1.0 - discounts[i] * stay[0])
            if count == 1:
                values[s, i] = v
            else:
                worth[used[1] + done, i] = v
        for a in range(size):
            if count == 1:
                behaviour[low + a] = mixtures[0, a]
            else:
                mixed[used[2] + done * size + a] = mixtures[0, a]
        done += 1
        if done == count:
            break
    return True
