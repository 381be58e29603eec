"""Support functions of the set operator of repeated games, by small linear programs kept warm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

SOLVED, INFEASIBLE, LOST = 0, 1, 2
SLACK = 1e-12  # a constraint counts as violated past this; payoffs are of the order of one
HOPELESS = 1e-8  # a program counts as infeasible where no point violates a constraint by less
PRICE = 1e-12  # a price may fall below zero by this, for the sake of a larger pivot
PIVOT = 1e-9
BLAND = 60  # pivots after which the first violated constraint is taken instead of the worst
PIVOTS = 400
RENEW = 10  # pivots after which the inverse is computed anew


@njit(cache=True)
def _inverse(A: Floats, basis: Ints, inverse: Floats) -> bool:
    """Inverse of the basis rows by Gauss and Jordan; False where they are singular."""
    k = len(basis)
    work = np.empty((k, 2 * k))
    for i in range(k):
        work[i, :k] = A[basis[i]]
        work[i, k:] = 0.0
        work[i, k + i] = 1.0
    for i in range(k):
        best = i
        for r in range(i + 1, k):
            if abs(work[r, i]) > abs(work[best, i]):
                best = r
        if abs(work[best, i]) < 1e-14:
            return False
        for j in range(2 * k):
            work[i, j], work[best, j] = work[best, j], work[i, j]
        scale = 1.0 / work[i, i]
        for j in range(2 * k):
            work[i, j] *= scale
        for r in range(k):
            factor = work[r, i]
            if r != i and factor != 0.0:
                for j in range(2 * k):
                    work[r, j] -= factor * work[i, j]
    inverse[:] = work[:, k:]
    return True


@njit(cache=True)
def _dual_value(A: Floats, b: Floats, c: Floats, basis: Ints, inverse: Floats) -> float:
    """A bound on ``c x`` over ``A x <= b`` within the unit box, whatever rounding did to the basis.

    With prices z: ``c x = z A_B x + r x <= sum z_j b_j`` over prices above zero, plus the size of
    the row for those below, plus the size of the residual r.
    """
    k = len(c)
    total = 0.0
    rest = c.copy()
    for j in range(k):
        z = 0.0
        for i in range(k):
            z += c[i] * inverse[i, j]
        size = 0.0
        for i in range(k):
            rest[i] -= z * A[basis[j], i]
            size += abs(A[basis[j], i])
        total += z * b[basis[j]] if z > 0 else -z * size
    return total + np.abs(rest).sum()


@njit(cache=True)
def _bound(A: Floats, b: Floats, c: Floats, basis: Ints, x: Floats) -> tuple[int, float]:
    """Maximise ``c x`` over ``A x <= b`` by the dual simplex, from a basis that is dual feasible.

    `basis` (k,) are rows of A with ``c = A[basis]' z, z >= 0``; it stays so whatever b is, which
    makes it the start for the next b. Returns a code and a bound from the prices, which holds
    even where rounding ended the pivots early (LOST); x is the maximiser where SOLVED.
    """
    rows, k = A.shape
    inverse, slope, price = np.empty((k, k)), np.empty(k), np.empty(k)
    if not _inverse(A, basis, inverse):
        return LOST, np.inf
    for pivots in range(PIVOTS):
        for i in range(k):
            x[i] = 0.0
            for j in range(k):
                x[i] += inverse[i, j] * b[basis[j]]
        enter, worst = -1, SLACK
        for r in range(rows):
            over = -b[r]
            for i in range(k):
                over += A[r, i] * x[i]
            if over > worst:
                enter = r
                worst = over
                if pivots > BLAND:
                    break
        if enter < 0:
            return SOLVED, _dual_value(A, b, c, basis, inverse)
        least = np.inf
        for j in range(k):
            slope[j], price[j] = 0.0, 0.0
            for i in range(k):
                slope[j] += A[enter, i] * inverse[i, j]
                price[j] += c[i] * inverse[i, j]
            if slope[j] > PIVOT:
                least = min(least, (max(price[j], 0.0) + PRICE) / slope[j])
        leave = -1
        for j in range(k):  # among the rows that may leave, the largest pivot (Harris 1973)
            if slope[j] > PIVOT and max(price[j], 0.0) <= least * slope[j]:
                if leave < 0 or slope[j] > slope[leave]:
                    leave = j
        if leave < 0:
            code = INFEASIBLE if worst > HOPELESS else LOST
            return code, _dual_value(A, b, c, basis, inverse)
        basis[leave] = enter
        if pivots % RENEW == RENEW - 1:
            if not _inverse(A, basis, inverse):
                return LOST, np.inf
            continue
        for i in range(k):
            scaled = inverse[i, leave] / slope[leave]
            for j in range(k):
                if j != leave:
                    inverse[i, j] -= slope[j] * scaled
            inverse[i, leave] = scaled
    return LOST, _dual_value(A, b, c, basis, inverse)


@njit(cache=True)
def _first_basis(c: Floats, axes: Ints, basis: Ints) -> None:
    """Rows ``+e_i`` or ``-e_i`` of the box, by the sign of the objective: dual feasible."""
    for i in range(len(c)):
        basis[i] = axes[i, 0] if c[i] >= 0 else axes[i, 1]


@njit(cache=True)
def shrink(
    A: Floats, base: Floats, refer: Ints, own: Floats, C: Floats, weight: float, axes: Ints,
    h: Floats, tol: float, most: int,
) -> tuple[int, Ints, Ints, Floats, Floats, int]:  # fmt: skip
    """Iterate the support function of the outer set down to its fixed point.

    A (P, R, k): the constraints on continuation payoffs that enforce profile p; their right
    sides are ``base[p, r] + h[refer[r]]`` (refer -1: base alone). C (P, L, k): objectives; the
    support in direction l is ``max_p own[p, l] + weight * max C[p, l] x``. h (L,) is changed in
    place and never rises. Returns iterations, the profiles still enforceable (P,), the profile
    behind each direction (L,), its continuation payoffs (L, k), a bound on what each profile
    reaches in each direction (P, L), and the number of programs that were lost to rounding (the
    bound before them is kept).
    """
    P, R, k = A.shape
    L = len(h)
    alive = np.ones(P, dtype=np.int64)
    basis = np.empty((P, L, k), dtype=np.int64)
    bound = np.empty((P, L))
    for p in range(P):
        for d in range(L):
            _first_basis(C[p, d], axes, basis[p, d])
            bound[p, d] = np.inf
    by = np.full(L, -1, dtype=np.int64)
    where = np.zeros((L, k))
    b, x = np.empty(R), np.empty(k)
    right = np.empty((P, R))
    lost = 0
    for iteration in range(most):
        for p in range(P):
            for r in range(R):
                right[p, r] = base[p, r] + (h[refer[r]] if refer[r] >= 0 else 0.0)
        change = 0.0
        after = np.empty(L)
        for d in range(L):
            best, chosen = -np.inf, -1
            done = np.zeros(P, dtype=np.int64)
            while True:  # profiles in the order of their last bound, until none can do better
                p, top = -1, best
                for q in range(P):
                    if alive[q] and not done[q] and bound[q, d] > top:
                        p, top = q, bound[q, d]
                if p < 0:
                    break
                done[p] = 1
                b[:] = right[p]
                code, reached = _bound(A[p], b, C[p, d], basis[p, d], x)
                if code == INFEASIBLE:
                    alive[p] = 0
                    continue
                if code == LOST:
                    lost += 1
                    _first_basis(C[p, d], axes, basis[p, d])
                value = min(own[p, d] + weight * reached, bound[p, d])
                bound[p, d] = value
                if value > best:
                    best, chosen = value, p
                    where[d] = x
            by[d] = chosen
            after[d] = min(best, h[d])
            change = max(change, h[d] - after[d])
        if alive.sum() == 0:
            return iteration + 1, alive, by, where, bound, lost
        h[:] = after
        if change <= tol:
            return iteration + 1, alive, by, where, bound, lost
    return most, alive, by, where, bound, lost


@njit(cache=True)
def reach(
    A: Floats, right: Floats, own: Floats, C: Floats, weight: float, axes: Ints, bound: Floats,
) -> tuple[Ints, Floats]:  # fmt: skip
    """One pass of the operator on a set given by facets: what it generates in each direction.

    A (P, R, k) with right sides `right` (P, R), as in `shrink`; `bound` (P, L) is known to be no
    less than what a profile reaches, so that few programs are solved. Returns the profile behind
    each direction (-1: none) and its continuation payoffs.
    """
    P, _, k = A.shape
    L = C.shape[1]
    by = np.full(L, -1, dtype=np.int64)
    where = np.zeros((L, k))
    alive = np.ones(P, dtype=np.int64)
    basis, x = np.empty(k, dtype=np.int64), np.empty(k)
    for d in range(L):
        best = -np.inf
        done = np.zeros(P, dtype=np.int64)
        while True:
            p, top = -1, best
            for q in range(P):
                if alive[q] and not done[q] and bound[q, d] > top:
                    p, top = q, bound[q, d]
            if p < 0:
                break
            done[p] = 1
            _first_basis(C[p, d], axes, basis)
            code, _ = _bound(A[p], right[p], C[p, d], basis, x)
            if code == INFEASIBLE:
                alive[p] = 0
            if code != SOLVED:
                continue
            value = own[p, d]
            for i in range(k):
                value += weight * C[p, d, i] * x[i]
            if value > best:
                best = value
                by[d] = p
                where[d] = x
    return by, where


# Two players: polygons instead of fixed directions. A pass finds the edges of what a polygon
# generates by asking, between two neighbouring points, how far out the set reaches across them.


@njit(cache=True)
def hull(points: Floats, tol: float) -> Floats:
    """Extreme points, counterclockwise from the lowest first coordinate (monotone chain)."""
    m = len(points)
    by_second = np.argsort(points[:, 1], kind="mergesort")
    order = by_second[np.argsort(points[by_second, 0], kind="mergesort")]
    kept = np.empty((2 * m + 2, 2))
    size = 0
    for side in range(2):
        floor = size + 1 if side else 1
        for k in range(m):
            p = points[order[m - 1 - k] if side else order[k]]
            if size and np.abs(kept[size - 1] - p).max() <= tol:
                continue
            while size > floor:
                a, b = kept[size - 2], kept[size - 1]
                turn = (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])
                if turn > tol * np.hypot(p[0] - a[0], p[1] - a[1]):
                    break
                size -= 1
            kept[size] = p
            size += 1
    if size > 1 and np.abs(kept[size - 1] - kept[0]).max() <= tol:
        size -= 1
    return kept[:size].copy()


@njit(cache=True)
def _facets(V: Floats) -> tuple[Floats, Floats]:
    """The box of a polygon (+e1, -e1, +e2, -e2), then a normal an edge; with their supports."""
    m = len(V)
    N = np.zeros((4 + m, 2))
    N[0, 0], N[1, 0], N[2, 1], N[3, 1] = 1.0, -1.0, 1.0, -1.0
    size = 4
    for k in range(m):
        edge = V[(k + 1) % m] - V[k]
        length = np.hypot(edge[0], edge[1])
        if m > 1 and length > 1e-13:
            N[size, 0], N[size, 1] = edge[1] / length, -edge[0] / length
            size += 1
    h = np.empty(size)
    for r in range(size):
        h[r] = (V @ N[r]).max()
    return N[:size].copy(), h


@njit(cache=True)
def _support2(
    d: Floats, N: Floats, h: Floats, u: Floats, seen: Floats, apart: Floats, who: Ints,
    base: Floats, threats: bool, delta: float, alive: Ints, outside: bool, v: Floats,
) -> float:  # fmt: skip
    """How far out in direction d the polygon ``N w <= h`` generates; v is the payoff there.

    `outside`: programs that rounding ended early count with their bound, else they do not count.
    """
    P, J, Y = apart.shape
    F = len(N)
    k = 2 * Y
    A, b = np.zeros((Y * F + J, k)), np.empty(Y * F + J)
    for y in range(Y):
        A[y * F : (y + 1) * F, 2 * y : 2 * y + 2] = N
        b[y * F : (y + 1) * F] = h
    c, x, basis = np.empty(k), np.empty(k), np.empty(k, dtype=np.int64)
    # no profile reaches past its own payoff with the furthest corner of the box ahead
    far = (h[0] if d[0] > 0 else -h[1]) * d[0] + (h[2] if d[1] > 0 else -h[3]) * d[1]
    order = np.argsort(-(u @ d))
    best = -np.inf
    for p in order:
        flow = (1 - delta) * (u[p, 0] * d[0] + u[p, 1] * d[1])
        if not alive[p] or flow + delta * far <= best:
            continue
        for j in range(J):
            row = Y * F + j
            A[row] = 0.0
            for y in range(Y):
                A[row, 2 * y + who[j]] = -apart[p, j, y]
            b[row] = base[p, j] + (h[2 * who[j] + 1] if threats else 0.0)
        for y in range(Y):
            for i in range(2):
                c[2 * y + i] = seen[p, y] * d[i]
                sign = 0 if c[2 * y + i] >= 0 else 1
                basis[2 * y + i] = y * F + 2 * i + sign
        code, value = _bound(A, b, c, basis, x)
        if code == INFEASIBLE:
            alive[p] = 0
            continue
        value = min(flow + delta * value, flow + delta * far)
        if value > best and (code == SOLVED or outside):
            best = value
            v[0], v[1] = (1 - delta) * u[p, 0], (1 - delta) * u[p, 1]
            for y in range(Y):
                v[0] += delta * seen[p, y] * x[2 * y]
                v[1] += delta * seen[p, y] * x[2 * y + 1]
    return best


@njit(cache=True)
def generated(
    V: Floats, u: Floats, seen: Floats, apart: Floats, who: Ints, base: Floats, threats: bool,
    delta: float, alive: Ints, outside: bool, eps: float, most: int,
) -> tuple[Floats, Floats, Floats]:  # fmt: skip
    """What the polygon V generates: points (q, 2), and directions with supports that bound it.

    Between the points and the tangents lies at most `eps`, unless `most` directions do not do.
    """
    N, h = _facets(V)
    D, s, X = np.empty((most + 8, 2)), np.empty(most + 8), np.empty((most + 8, 2))
    size = 0
    for r in range(4):
        D[size] = N[r]
        s[size] = _support2(
            D[size], N, h, u, seen, apart, who, base, threats, delta, alive, outside, X[size]
        )
        if s[size] == -np.inf:
            return X[:0].copy(), D[:0].copy(), s[:0].copy()
        size += 1
    # pairs of neighbouring points, counterclockwise: +e1, +e2, -e1, -e2
    stack = np.empty((most + 16, 2), dtype=np.int64)
    for k in range(4):
        stack[k, 0], stack[k, 1] = (0, 2, 1, 3)[k], (2, 1, 3, 0)[k]
    height = 4
    while height and size < most + 4:
        height -= 1
        a, b = stack[height, 0], stack[height, 1]
        edge = X[b] - X[a]
        length = np.hypot(edge[0], edge[1])
        if length < 1e-12:
            continue
        D[size, 0], D[size, 1] = edge[1] / length, -edge[0] / length
        known = False
        for q in range(size):
            known = known or np.abs(D[q] - D[size]).max() < 1e-12
        if known:
            continue
        value = _support2(
            D[size], N, h, u, seen, apart, who, base, threats, delta, alive, outside, X[size]
        )
        if value == -np.inf:
            continue  # every program was lost to rounding: no point, and no tangent
        s[size] = value
        if value - (D[size] @ X[a]) > eps and height + 2 < most + 16:
            stack[height, 0], stack[height, 1] = a, size
            stack[height + 1, 0], stack[height + 1, 1] = size, b
            height += 2
        size += 1
    return X[:size].copy(), D[:size].copy(), s[:size].copy()


@njit(cache=True)
def cut(V: Floats, d: Floats, s: float) -> Floats:
    """The part of a polygon in ``d v <= s``; its nearest point where there is none."""
    m = len(V)
    over = V @ d - s
    if over.max() <= 1e-13:
        return V
    if over.min() > 0:
        k = np.argmin(over)
        return V[k : k + 1].copy()
    out = np.empty((m + 2, 2))
    size = 0
    for k in range(m):
        j = (k + 1) % m
        if over[k] <= 0:
            out[size] = V[k]
            size += 1
        if (over[k] <= 0) != (over[j] <= 0) and size < m + 2:
            out[size] = V[k] + over[k] / (over[k] - over[j]) * (V[j] - V[k])
            size += 1
    return out[:size].copy()


@njit(cache=True)
def shrink_polygon(
    V: Floats, u: Floats, seen: Floats, apart: Floats, who: Ints, base: Floats, threats: bool,
    delta: float, tol: float, eps: float, most: int, steps: int,
) -> tuple[Floats, Floats, Ints, int]:  # fmt: skip
    """Apply the operator from outside until no support falls by more than `tol`.

    Returns the outer polygon, the points reached in the last pass, the profiles still
    enforceable, and the number of passes; no points where the set is empty.
    """
    alive = np.ones(len(u), dtype=np.int64)
    X = V
    change = 1.0
    for step in range(steps):
        # coarse edges do while the set still falls by much more than they are off
        fine = max(eps, 0.02 * change)
        X, D, s = generated(V, u, seen, apart, who, base, threats, delta, alive, True, fine, most)
        if len(X) == 0:
            return X, X, alive, step + 1
        change = 0.0
        after = V
        for q in range(len(D)):
            change = max(change, (V @ D[q]).max() - s[q])
            after = cut(after, D[q], s[q])
        V = hull(after, 1e-13)
        if change <= tol:
            return V, X, alive, step + 1
    return V, X, alive, steps


@njit(cache=True)
def grow_polygon(
    V: Floats, u: Floats, seen: Floats, apart: Floats, who: Ints, base: Floats, threats: bool,
    delta: float, alive: Ints, tol: float, eps: float, most: int, steps: int,
) -> Floats:  # fmt: skip
    """Apply the operator to a polygon that generates itself until it grows by no more than `tol`."""
    for _ in range(steps):
        X, D, s = generated(V, u, seen, apart, who, base, threats, delta, alive, False, eps, most)
        grown = 0.0
        for q in range(len(D)):
            grown = max(grown, s[q] - (V @ D[q]).max())
        if grown <= tol:
            break
        V = hull(np.concatenate((V, X)), 1e-12)
    return V
