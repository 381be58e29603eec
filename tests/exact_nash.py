"""All extreme equilibria by brute force in fractions: every choice of tight constraints."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations


def extreme_equilibria(A, B):
    """Set of (row strategy, column strategy), tuples of fractions; A, B lists of lists."""
    m, n = len(A), len(A[0])
    low_a, low_b = min(map(min, A)), min(map(min, B))
    P = [[Fraction(B[i][j]) - low_b + 1 for i in range(m)] for j in range(n)]
    Q = [[Fraction(A[i][j]) - low_a + 1 for j in range(n)] for i in range(m)]
    rows = {x: {*zero, *(m + k for k in tight)} for x, zero, tight in _vertices(P, m)}
    columns = {y: {*(m + k for k in zero), *tight} for y, zero, tight in _vertices(Q, n)}
    every = set(range(m + n))
    return {
        (_scaled(x), _scaled(y))
        for x, at_x in rows.items()
        for y, at_y in columns.items()
        if any(x) and any(y) and at_x | at_y == every
    }


def _scaled(v):
    return tuple(p / sum(v) for p in v)


def _vertices(M, d):
    """Vertices of {v >= 0, M v <= 1} with their zero variables and tight rows."""
    found = {}
    constraints = [([Fraction(int(j == k)) for j in range(d)], Fraction(0)) for k in range(d)]
    constraints += [(row, Fraction(1)) for row in M]
    for chosen in combinations(constraints, d):
        v = _solve([row for row, _ in chosen], [b for _, b in chosen])
        if v is None or min(v) < 0:
            continue
        slack = [1 - sum(a * b for a, b in zip(row, v, strict=True)) for row in M]
        if min(slack) >= 0:
            zero = frozenset(k for k in range(d) if v[k] == 0)
            found[tuple(v)] = (zero, frozenset(k for k, s in enumerate(slack) if s == 0))
    return [(v, *sets) for v, sets in found.items()]


def _solve(matrix, right):
    k = len(matrix)
    rows = [[*row, b] for row, b in zip(matrix, right, strict=True)]
    for c in range(k):
        at = next((i for i in range(c, k) if rows[i][c]), None)
        if at is None:
            return None
        rows[c], rows[at] = rows[at], rows[c]
        rows[c] = [u / rows[c][c] for u in rows[c]]
        for i in range(k):
            if i != c and rows[i][c]:
                rows[i] = [u - rows[i][c] * v for u, v in zip(rows[i], rows[c], strict=True)]
    return [row[k] for row in rows]
