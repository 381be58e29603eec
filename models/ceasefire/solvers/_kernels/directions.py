"""Support functions of the set operator of repeated games, by small linear programs kept warm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.solvers._polygon_operator import Parts

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
def _furthest(
    d: int, A: Floats, right: Floats, own: Floats, C: Floats, weight: float, axes: Ints,
    basis: Ints, bound: Floats, alive: Ints, solved: Ints, outside: bool, where: Floats,
) -> tuple[float, int]:  # fmt: skip
    """The support in direction d, and the profile behind it (-1: none); see `shrink`.

    Profiles are tried in the order of their last bound, until none can do better. Writes the
    continuation payoffs to ``where[d]``, and 1 to ``solved[p, d]`` where a program was solved.
    `outside`: programs that rounding ended early count with their bound, else not at all.
    """
    P, _, k = A.shape
    x = np.empty(k)
    best, chosen = -np.inf, -1
    done = np.zeros(P, dtype=np.int64)
    while True:
        p, top = -1, best
        for q in range(P):
            if alive[q] and not done[q] and bound[q, d] > top:
                p, top = q, bound[q, d]
        if p < 0:
            return best, chosen
        done[p] = 1
        code, value = _bound(A[p], right[p], C[p, d], basis[p, d], x)
        solved[p, d] = 1
        if code == INFEASIBLE:
            alive[p] = 0
            continue
        if code == LOST:
            _first_basis(C[p, d], axes, basis[p, d])
            if not outside:
                continue
        bound[p, d] = min(own[p, d] + weight * value, bound[p, d])
        if bound[p, d] > best:
            best, chosen = bound[p, d], p
            for i in range(k):
                where[d, i] = x[i]


@njit(cache=True)
def _first_bases(C: Floats, axes: Ints) -> Ints:
    """A basis of the box for every profile and direction."""
    basis = np.empty(C.shape, dtype=np.int64)
    for p in range(C.shape[0]):
        for d in range(C.shape[1]):
            _first_basis(C[p, d], axes, basis[p, d])
    return basis


@njit(cache=True)
def _prices(A: Floats, c: Floats, basis: Ints, price: Floats) -> float:
    """Prices of the basis rows, 0 for those below; and what of ``c x`` they leave unpriced.

    ``c x <= price b[basis] + rest`` within the unit box; infinite where the basis is singular.
    """
    k = len(c)
    inverse, rest = np.empty((k, k)), c.copy()
    if not _inverse(A, basis, inverse):
        return np.inf
    total = 0.0
    for j in range(k):
        price[j] = 0.0
        for i in range(k):
            price[j] += c[i] * inverse[i, j]
        price[j] = max(price[j], 0.0)
        for i in range(k):
            rest[i] -= price[j] * A[basis[j], i]
    for i in range(k):
        total += abs(rest[i])
    return total


@njit(cache=True)
def _echo(
    base: Floats, refer: Ints, own: Floats, weight: float, basis: Ints, price: Floats,
    rest: Floats, bound: Floats, alive: Ints, h: Floats, tol: float, most: int,
) -> None:  # fmt: skip
    """Lower the supports h by the last programs' prices, again and again.

    Prices bound a program's value whatever h is, so that each sweep is a bound too; at a cost of
    no programs it goes where the operator would take 1 / (1 - weight) passes (policy iteration).
    """
    P, L, k = basis.shape
    for _ in range(most):
        change = 0.0
        for d in range(L):
            best = -np.inf
            for p in range(P):
                if not alive[p]:
                    continue
                value = own[p, d] + weight * rest[p, d]
                for j in range(k):
                    r = basis[p, d, j]
                    level = base[p, r] + (h[refer[r]] if refer[r] >= 0 else 0.0)
                    value += weight * price[p, d, j] * level
                bound[p, d] = min(bound[p, d], value)
                best = max(best, bound[p, d])
            change = max(change, h[d] - best)
            h[d] = min(h[d], best)
        if change <= tol:
            return


@njit(cache=True)
def shrink(
    A: Floats, base: Floats, refer: Ints, own: Floats, C: Floats, weight: float, axes: Ints,
    h: Floats, tol: float, most: int,
) -> tuple[int, Ints, Ints, Floats, Floats]:  # fmt: skip
    """Apply the operator to the polytope ``{v : D v <= h}`` until it no longer shrinks.

    Returns the number of passes, the profiles still enforceable (P,), the profile behind each
    direction (L,), its continuation payoffs (L, k), and a bound on what each profile reaches in
    each direction (P, L). After each pass its prices are used up by `_echo`.

    A (P, R, k): the constraints on continuation payoffs that enforce profile p; their right
    sides are ``base[p, r] + h[refer[r]]`` (refer -1: base alone). C (P, L, k): objectives; the
    support in direction l is ``max_p own[p, l] + weight * max C[p, l] x``. h (L,) is changed in
    place and never rises. Programs that were lost to rounding count with the bound before them.
    """
    P, R, k = A.shape
    L = len(h)
    alive, by = np.ones(P, dtype=np.int64), np.full(L, -1, dtype=np.int64)
    basis, bound = _first_bases(C, axes), np.full((P, L), np.inf)
    price, rest, solved = np.zeros((P, L, k)), np.full((P, L), np.inf), np.empty((P, L), np.int64)
    where, after, right = np.zeros((L, k)), np.empty(L), np.empty((P, R))
    sweeps = int(min(2 / (1 - weight), 5000.0)) + 10
    for iteration in range(most):
        for p in range(P):
            for r in range(R):
                right[p, r] = base[p, r] + (h[refer[r]] if refer[r] >= 0 else 0.0)
        change = 0.0
        solved[:] = 0
        for d in range(L):
            best, by[d] = _furthest(
                d, A, right, own, C, weight, axes, basis, bound, alive, solved, True, where
            )
            after[d] = min(best, h[d])
            change = max(change, h[d] - after[d])
        if not alive.any():
            return iteration + 1, alive, by, where, bound
        h[:] = after
        if change <= tol:
            return iteration + 1, alive, by, where, bound
        for p in range(P):
            for d in range(L):
                if solved[p, d]:
                    rest[p, d] = _prices(A[p], C[p, d], basis[p, d], price[p, d])
        _echo(base, refer, own, weight, basis, price, rest, bound, alive, h, tol / 10, sweeps)
    return most, alive, by, where, bound


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
    by, where = np.full(L, -1, dtype=np.int64), np.zeros((L, k))
    alive, solved = np.ones(P, dtype=np.int64), np.empty((P, L), np.int64)
    basis, left = _first_bases(C, axes), bound.copy()
    for d in range(L):
        _, by[d] = _furthest(
            d, A, right, own, C, weight, axes, basis, left, alive, solved, False, where
        )
    return by, where


# Two players: polygons instead of fixed directions. A pass finds the edges of what a polygon
# generates by asking, between two neighbouring points, how far out the set reaches across them.


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
def _corner(d: Floats, N: Floats, h: Floats, F: int) -> tuple[float, int, int]:
    """The support of a polygon in a direction, and the two edges that meet there.

    The edges are rows 4 and on of `N`, counterclockwise; -1 where no two of them, well apart,
    have the direction between them.
    """
    far = (h[0] if d[0] > 0 else -h[1]) * d[0] + (h[2] if d[1] > 0 else -h[3]) * d[1]
    m = F - 4
    for r in range(m):
        a, b = 4 + r, 4 + (r + 1) % m
        if N[a, 0] * d[1] - N[a, 1] * d[0] < 0 or d[0] * N[b, 1] - d[1] * N[b, 0] < 0:
            continue
        for wider in range(4):  # neighbouring edges may be parallel but for rounding
            a, b = 4 + (r - wider // 2 + m) % m, 4 + (r + 1 + (wider + 1) // 2) % m
            wide = N[a, 0] * N[b, 1] - N[a, 1] * N[b, 0]
            if wide > 1e-6 and a != b:
                one = (d[0] * N[b, 1] - d[1] * N[b, 0]) / wide
                two = (N[a, 0] * d[1] - N[a, 1] * d[0]) / wide
                if one >= 0 and two >= 0:
                    return min(far, one * h[a] + two * h[b] + 1e-12), a, b
    return far, -1, -1


@njit(cache=True)
def _posed(
    d: Floats, p: int, g: Parts, F: int, first: int, second: int, A: Floats, b: Floats, c: Floats,
    basis: Ints,
) -> None:  # fmt: skip
    """Write the program of a profile: its incentives' rows, the objective, a dual feasible basis.

    The basis is that of the polygon's corner (edges `first` and `second`), else the box's.
    """
    _, J, Y = g.apart.shape
    for j in range(J):
        row = Y * F + j
        for y in range(Y):
            A[row, 2 * y], A[row, 2 * y + 1] = 0.0, 0.0
            A[row, 2 * y + g.who[j]] = -g.apart[p, j, y]
        b[row] = g.base[p, j] + (b[2 * g.who[j] + 1] if g.threats else 0.0)
    for y in range(Y):
        for i in range(2):
            c[2 * y + i] = g.seen[p, y] * d[i]
            basis[2 * y + i] = y * F + 2 * i + (0 if c[2 * y + i] >= 0 else 1)
        if first >= 0:
            basis[2 * y], basis[2 * y + 1] = y * F + first, y * F + second


@njit(cache=True)
def _support(
    D: Floats, q: int, A: Floats, b: Floats, F: int, g: Parts, alive: Ints, outside: bool,
    X: Floats, W: Floats, by: Ints,
) -> float:  # fmt: skip
    """How far out in direction ``D[q]`` the polygon generates, and how.

    ``X[q]`` is the payoff there, ``by[q]`` the profile (-1: none), ``W[q]`` what follows signals.
    A, b hold the polygon's rows (see `_stacked`), then those of the incentives, which are written
    here. `outside`: programs that rounding ended early count with their bound, else not at all.
    """
    P, _, Y = g.apart.shape
    k, delta = 2 * Y, g.delta
    c, x, basis = np.empty(k), np.empty(k), np.empty(k, dtype=np.int64)
    # no profile reaches past its own payoff with the furthest point of the polygon ahead
    far, first, second = _corner(D[q], A, b, F)
    done = np.zeros(P, dtype=np.int64)
    best = -np.inf
    by[q] = -1
    while True:
        p, top = -1, best
        for other in range(P):  # profiles in the order of what they could reach at most
            flow = (1 - delta) * (g.u[other, 0] * D[q, 0] + g.u[other, 1] * D[q, 1])
            if alive[other] and not done[other] and flow + delta * far > top:
                p, top = other, flow + delta * far
        if p < 0:
            return best
        done[p] = 1
        _posed(D[q], p, g, F, first, second, A, b, c, basis)
        code, value = _bound(A, b, c, basis, x)
        if code == LOST and first >= 0:  # once more from the box
            _posed(D[q], p, g, F, -1, -1, A, b, c, basis)
            code, value = _bound(A, b, c, basis, x)
        if code == INFEASIBLE:
            alive[p] = 0
            continue
        value = (1 - delta) * (g.u[p, 0] * D[q, 0] + g.u[p, 1] * D[q, 1]) + delta * value
        value = min(value, top)
        if value > best and (code == SOLVED or outside):
            best = value
            by[q] = p
            _paid(p, x, g, X[q], W[q])


@njit(cache=True)
def _paid(p: int, x: Floats, g: Parts, payoff: Floats, after: Floats) -> None:
    """Write the payoff of a profile followed by x, and x."""
    for i in range(2):
        payoff[i] = (1 - g.delta) * g.u[p, i]
        for y in range(g.seen.shape[1]):
            payoff[i] += g.delta * g.seen[p, y] * x[2 * y + i]
            after[2 * y + i] = x[2 * y + i]


@njit(cache=True)
def reached(
    V: Floats, g: Parts, alive: Ints, outside: bool, D: Floats, X: Floats, W: Floats, by: Ints,
) -> None:  # fmt: skip
    """What the polygon V generates furthest out in given directions; see `_support`."""
    _, J, Y = g.apart.shape
    N, h = np.empty((4 + len(V), 2)), np.empty(4 + len(V))
    F = _facets(V, N, h)
    A, b = np.empty((Y * F + J, 2 * Y)), np.empty(Y * F + J)
    _stacked(N, h, F, Y, A, b)
    for q in range(len(D)):
        _support(D, q, A, b, F, g, alive, outside, X, W, by)


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
        off = max(abs(D[q, 0] - D[size, 0]), abs(D[q, 1] - D[size, 1]))
        known = known or off <= 1e-12
    return not known


@njit(cache=True)
def generated(
    V: Floats, g: Parts, alive: Ints, outside: bool, eps: float, X: Floats, D: Floats, s: Floats,
    W: Floats, by: Ints,
) -> int:  # fmt: skip
    """What the polygon V generates: points X, and directions D with supports s that bound it.

    Between the points and the tangents lies at most `eps`, unless the arrays' length (q, 2) does
    not do. Returns how many were written; 0 where nothing is generated.
    """
    _, J, Y = g.apart.shape
    N, h = np.empty((4 + len(V), 2)), np.empty(4 + len(V))
    F = _facets(V, N, h)
    A, b = np.empty((Y * F + J, 2 * Y)), np.empty(Y * F + J)
    _stacked(N, h, F, Y, A, b)
    most = len(s)
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
        s[size] = _support(D, size, A, b, F, g, alive, outside, X, W, by)
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
