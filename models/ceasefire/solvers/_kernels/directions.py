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
        for j in range(k):
            work[i, j] = A[basis[i], j]
            work[i, k + j] = 1.0 if i == j else 0.0
    for i in range(k):
        best = i
        for r in range(i + 1, k):
            if abs(work[r, i]) > abs(work[best, i]):
                best = r
        if abs(work[best, i]) < 1e-14:
            return False
        for j in range(2 * k):
            above = work[i, j]
            work[i, j] = work[best, j]
            work[best, j] = above
        scale = 1.0 / work[i, i]
        for j in range(2 * k):
            work[i, j] *= scale
        for r in range(k):
            factor = work[r, i]
            if r != i and factor != 0.0:
                for j in range(2 * k):
                    work[r, j] -= factor * work[i, j]
    for i in range(k):
        for j in range(k):
            inverse[i, j] = work[i, k + j]
    return True


@njit(cache=True)
def _dual_value(A: Floats, b: Floats, c: Floats, basis: Ints, inverse: Floats) -> float:
    """A bound on ``c x`` over ``A x <= b`` within the unit box, whatever rounding did to the basis.

    With prices z: ``c x = z A_B x + r x <= sum z_j b_j`` over prices above zero, plus the size of
    the row for those below, plus the size of the residual r.
    """
    k = len(c)
    total = 0.0
    rest = np.empty(k)
    for i in range(k):
        rest[i] = c[i]
    for j in range(k):
        z = 0.0
        for i in range(k):
            z += c[i] * inverse[i, j]
        size = 0.0
        for i in range(k):
            rest[i] -= z * A[basis[j], i]
            size += abs(A[basis[j], i])
        total += z * b[basis[j]] if z > 0 else -z * size
    for i in range(k):
        total += abs(rest[i])
    return total


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
            near = slope[j] > PIVOT and max(price[j], 0.0) <= least * slope[j]
            if near and (leave < 0 or slope[j] > slope[leave]):
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
    x, after = np.empty(k), np.empty(L)
    right = np.empty((P, R))
    done = np.empty(P, dtype=np.int64)
    lost = 0
    for iteration in range(most):
        for p in range(P):
            for r in range(R):
                right[p, r] = base[p, r] + (h[refer[r]] if refer[r] >= 0 else 0.0)
        change = 0.0
        for d in range(L):
            best, chosen = -np.inf, -1
            for p in range(P):
                done[p] = 0
            while True:  # profiles in the order of their last bound, until none can do better
                p, top = -1, best
                for q in range(P):
                    if alive[q] and not done[q] and bound[q, d] > top:
                        p, top = q, bound[q, d]
                if p < 0:
                    break
                done[p] = 1
                code, reached = _bound(A[p], right[p], C[p, d], basis[p, d], x)
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
                    for i in range(k):
                        where[d, i] = x[i]
            by[d] = chosen
            after[d] = min(best, h[d])
            change = max(change, h[d] - after[d])
        left = 0
        for p in range(P):
            left += alive[p]
        if left == 0:
            return iteration + 1, alive, by, where, bound, lost
        for d in range(L):
            h[d] = after[d]
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
                for i in range(k):
                    where[d, i] = x[i]
    return by, where


# Two players: polygons instead of fixed directions. A pass finds the edges of what a polygon
# generates by asking, between two neighbouring points, how far out the set reaches across them.


@njit(cache=True)
def chain(points: Floats, tol: float, kept: Ints) -> int:
    """Extreme points, counterclockwise, of points sorted by their coordinates (monotone chain).

    Their places are written to `kept` (2 m + 2,); returns how many there are.
    """
    m = len(points)
    size = 0
    for side in range(2):
        floor = size if side else 1  # what is left of here stays
        for k in range(m):
            p = m - 1 - k if side else k
            if size and _near(points, kept[size - 1], p, tol):
                continue
            while size > floor:
                a, b = kept[size - 2], kept[size - 1]
                along, up = points[p, 0] - points[a, 0], points[p, 1] - points[a, 1]
                turn = (points[b, 0] - points[a, 0]) * up - (points[b, 1] - points[a, 1]) * along
                if turn > tol * np.sqrt(along * along + up * up):
                    break
                size -= 1
            kept[size] = p
            size += 1
    if size > 1 and _near(points, kept[size - 1], kept[0], tol):
        size -= 1
    return size


@njit(cache=True)
def _near(points: Floats, a: int, b: int, tol: float) -> bool:
    """Whether two points are the same up to `tol` in each coordinate."""
    along, up = abs(points[a, 0] - points[b, 0]), abs(points[a, 1] - points[b, 1])
    return along <= tol and up <= tol


@njit(cache=True)
def _facets(V: Floats, N: Floats, h: Floats) -> int:
    """The box of a polygon (+e1, -e1, +e2, -e2), then a normal an edge; with their supports."""
    m = len(V)
    for r in range(4):
        N[r, 0], N[r, 1] = 0.0, 0.0
        N[r, r // 2] = 1.0 if r % 2 == 0 else -1.0
    size = 4
    for k in range(m):
        after = k + 1 if k + 1 < m else 0
        along, up = V[after, 0] - V[k, 0], V[after, 1] - V[k, 1]
        length = np.sqrt(along * along + up * up)
        if m > 1 and length > 1e-13:
            N[size, 0], N[size, 1] = up / length, -along / length
            size += 1
    for r in range(size):
        h[r] = -np.inf
        for k in range(m):
            h[r] = max(h[r], V[k, 0] * N[r, 0] + V[k, 1] * N[r, 1])
    return size


@njit(cache=True)
def _stacked(N: Floats, h: Floats, F: int, Y: int, A: Floats, b: Floats) -> None:
    """Rows that keep the continuation payoffs after each signal in the polygon ``N w <= h``."""
    for y in range(Y):
        for r in range(F):
            for i in range(2 * Y):
                A[y * F + r, i] = 0.0
            A[y * F + r, 2 * y], A[y * F + r, 2 * y + 1] = N[r, 0], N[r, 1]
            b[y * F + r] = h[r]


@njit(cache=True)
def _support(
    D: Floats, q: int, A: Floats, b: Floats, F: int, u: Floats, seen: Floats, apart: Floats,
    who: Ints, base: Floats, threats: bool, delta: float, alive: Ints, outside: bool, X: Floats,
    W: Floats, by: Ints,
) -> float:  # fmt: skip
    """How far out in direction ``D[q]`` the polygon generates, and how.

    ``X[q]`` is the payoff there, ``by[q]`` the profile (-1: none), ``W[q]`` what follows signals.

    A, b hold the polygon's rows (see `_stacked`), then those of the incentives, which are written
    here. `outside`: programs that rounding ended early count with their bound, else not at all.
    """
    P, J, Y = apart.shape
    k = 2 * Y
    c, x, basis = np.empty(k), np.empty(k), np.empty(k, dtype=np.int64)
    # no profile reaches past its own payoff with the furthest corner of the box ahead
    far = (b[0] if D[q, 0] > 0 else -b[1]) * D[q, 0] + (b[2] if D[q, 1] > 0 else -b[3]) * D[q, 1]
    done = np.zeros(P, dtype=np.int64)
    best = -np.inf
    by[q] = -1
    while True:
        p, top = -1, best
        for other in range(P):  # profiles in the order of what they could reach at most
            flow = (1 - delta) * (u[other, 0] * D[q, 0] + u[other, 1] * D[q, 1])
            if alive[other] and not done[other] and flow + delta * far > top:
                p, top = other, flow + delta * far
        if p < 0:
            return best
        done[p] = 1
        for j in range(J):
            row = Y * F + j
            for y in range(Y):
                A[row, 2 * y], A[row, 2 * y + 1] = 0.0, 0.0
                A[row, 2 * y + who[j]] = -apart[p, j, y]
            b[row] = base[p, j] + (b[2 * who[j] + 1] if threats else 0.0)
        for y in range(Y):
            for i in range(2):
                c[2 * y + i] = seen[p, y] * D[q, i]
                basis[2 * y + i] = y * F + 2 * i + (0 if c[2 * y + i] >= 0 else 1)
        code, value = _bound(A, b, c, basis, x)
        if code == INFEASIBLE:
            alive[p] = 0
            continue
        flow = (1 - delta) * (u[p, 0] * D[q, 0] + u[p, 1] * D[q, 1])
        value = min(flow + delta * value, flow + delta * far)
        if value > best and (code == SOLVED or outside):
            best = value
            by[q] = p
            for i in range(k):
                W[q, i] = x[i]
            for i in range(2):
                X[q, i] = (1 - delta) * u[p, i]
                for y in range(Y):
                    X[q, i] += delta * seen[p, y] * x[2 * y + i]


@njit(cache=True)
def reached(
    V: Floats, u: Floats, seen: Floats, apart: Floats, who: Ints, base: Floats, threats: bool,
    delta: float, alive: Ints, outside: bool, D: Floats, X: Floats, W: Floats, by: Ints,
) -> None:  # fmt: skip
    """What the polygon V generates furthest out in given directions; see `_support`."""
    _, J, Y = apart.shape
    N, h = np.empty((4 + len(V), 2)), np.empty(4 + len(V))
    F = _facets(V, N, h)
    A, b = np.empty((Y * F + J, 2 * Y)), np.empty(Y * F + J)
    _stacked(N, h, F, Y, A, b)
    for q in range(len(D)):
        _support(D, q, A, b, F, u, seen, apart, who, base, threats, delta, alive, outside, X, W, by)


@njit(cache=True)
def _across(X: Floats, D: Floats, a: int, b: int, size: int) -> bool:
    """Write to ``D[size]`` the direction across two points; False where they or it are known."""
    along, up = X[b, 0] - X[a, 0], X[b, 1] - X[a, 1]
    length = np.sqrt(along * along + up * up)
    if length < 1e-12:
        return False
    D[size, 0], D[size, 1] = up / length, -along / length
    known = False
    for q in range(size):
        known = known or _near(D, q, size, 1e-12)
    return not known


@njit(cache=True)
def generated(
    V: Floats, u: Floats, seen: Floats, apart: Floats, who: Ints, base: Floats, threats: bool,
    delta: float, alive: Ints, outside: bool, eps: float, X: Floats, D: Floats, s: Floats,
) -> int:  # fmt: skip
    """What the polygon V generates: points X, and directions D with supports s that bound it.

    Between the points and the tangents lies at most `eps`, unless the arrays' length (q, 2) does
    not do. Returns how many were written; 0 where nothing is generated.
    """
    _, J, Y = apart.shape
    N, h = np.empty((4 + len(V), 2)), np.empty(4 + len(V))
    F = _facets(V, N, h)
    A, b = np.empty((Y * F + J, 2 * Y)), np.empty(Y * F + J)
    _stacked(N, h, F, Y, A, b)
    most = len(s)
    W, by = np.empty((most, 2 * Y)), np.empty(most, dtype=np.int64)
    # pairs of neighbouring points, counterclockwise: +e1, +e2, -e1, -e2
    stack = np.empty((most + 16, 2), dtype=np.int64)
    size: int = np.int64(0)  # type: ignore[assignment]  # a plain 0 would be compiled once more
    first, height = 4, 4
    for k in range(4):
        stack[k, 0], stack[k, 1] = (0, 2, 1, 3)[k], (2, 1, 3, 0)[k]
    while (first or height) and size < most:
        p, q = 0, 0
        if first:  # the four directions of the axes
            D[size, 0], D[size, 1] = N[size, 0], N[size, 1]
        else:
            height -= 1
            p, q = stack[height, 0], stack[height, 1]
            if not _across(X, D, p, q, size):
                continue
        s[size] = _support(
            D, size, A, b, F, u, seen, apart, who, base, threats, delta, alive, outside, X, W, by
        )
        if first:
            if s[size] == -np.inf:
                return 0
            first -= 1
        elif s[size] == -np.inf:
            continue  # every program was lost to rounding: no point, and no tangent
        elif s[size] - D[size, 0] * X[p, 0] - D[size, 1] * X[p, 1] > eps and height < most:
            stack[height, 0], stack[height, 1] = p, size
            stack[height + 1, 0], stack[height + 1, 1] = size, q
            height += 2
        size += 1
    return size


@njit(cache=True)
def cut(V: Floats, m: int, D: Floats, s: Floats, out: Floats) -> tuple[int, float]:
    """Cut a polygon, the first m rows of V, by ``D v <= s``, and leave it there.

    Returns its new size, and the most that it reached past one of the tangents before. Where a
    tangent leaves nothing the nearest point stays. `out` is room for the work, as long as V.
    """
    change = 0.0
    start = m
    for k in range(m):
        out[k, 0], out[k, 1] = V[k, 0], V[k, 1]
    for q in range(len(s)):
        for k in range(start):
            change = max(change, D[q, 0] * out[k, 0] + D[q, 1] * out[k, 1] - s[q])
    for q in range(len(s)):
        most, least, near = -np.inf, np.inf, 0
        for k in range(m):
            over = D[q, 0] * V[k, 0] + D[q, 1] * V[k, 1] - s[q]
            most = max(most, over)
            if over < least:
                least, near = over, k
        if most <= 1e-13:
            continue
        if least > 0:
            V[0, 0], V[0, 1] = V[near, 0], V[near, 1]
            m = 1
            continue
        size = 0
        for k in range(m):
            j = k + 1 if k + 1 < m else 0
            here = D[q, 0] * V[k, 0] + D[q, 1] * V[k, 1] - s[q]
            there = D[q, 0] * V[j, 0] + D[q, 1] * V[j, 1] - s[q]
            if here <= 0:
                out[size, 0], out[size, 1] = V[k, 0], V[k, 1]
                size += 1
            if (here <= 0) != (there <= 0):
                share = here / (here - there)
                out[size, 0] = V[k, 0] + share * (V[j, 0] - V[k, 0])
                out[size, 1] = V[k, 1] + share * (V[j, 1] - V[k, 1])
                size += 1
        m = size
        for k in range(m):
            V[k, 0], V[k, 1] = out[k, 0], out[k, 1]
    return m, change
