"""Linear programs in fractions: the simplex method with Bland's rule, for small problems."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

ZERO, ONE = Fraction(0), Fraction(1)


class Optimum(NamedTuple):
    """How a program ended ("optimal", "infeasible" or "unbounded"), and where."""

    ended: str
    x: list[Fraction]
    value: Fraction


def maximise(
    c: Sequence[Any], A: Sequence[Sequence[Any]], b: Sequence[Any],
    lower: Sequence[Any], upper: Sequence[Any],
) -> Optimum:  # fmt: skip
    """Maximise ``c x`` over ``A x <= b`` and bounds, None for no bound.

    Without a lower bound a variable is the difference of two. A dictionary of basic variables is
    pivoted by Bland's rule, which never cycles; whatever ties there are, the result is a vertex.
    Cost grows with the number of pivots times rows times columns, and with the digits.
    """
    m = len(c)
    start = [ZERO if x is None else x for x in lower]
    twin = [j for j in range(m) if lower[j] is None]
    rows = [[*row, *(-row[j] for j in twin)] for row in A]
    right = [bi - sum((r * s for r, s in zip(row, start, strict=True)), ZERO)
             for bi, row in zip(b, A, strict=True)]  # fmt: skip
    for j, top in enumerate(upper):
        if top is not None:
            line = [ZERO] * (m + len(twin))
            line[j] = ONE
            if j in twin:
                line[m + twin.index(j)] = -ONE
            rows.append(line)
            right.append(top - start[j])
    found = _simplex([*c, *(-c[j] for j in twin)], rows, right)
    if found is None or isinstance(found, str):
        return Optimum(found or "infeasible", [], ZERO)
    x = [start[j] + found[j] for j in range(m)]
    for place, j in enumerate(twin):
        x[j] -= found[m + place]
    return Optimum("optimal", x, sum((u * v for u, v in zip(c, x, strict=True)), ZERO))


def _simplex(
    c: list[Fraction], A: list[list[Fraction]], b: list[Fraction]
) -> list[Fraction] | str | None:
    """Maximise ``c x`` over ``A x <= b``, ``x >= 0``; None where nothing is feasible.

    Rows of the table: ``[right side, coefficients]`` with ``basic = right - coefficients x``.
    """
    n = len(c)
    basic = list(range(n, n + len(A)))
    free = list(range(n))
    table = [[right, *row] for right, row in zip(b, A, strict=True)]
    if any(row[0] < 0 for row in table):
        # an auxiliary variable n + len(A), to be driven out of the basis and kept at zero
        extra = n + len(A)
        free.append(extra)
        for row in table:
            row.append(-ONE)
        goal = [ZERO, *([ZERO] * n), -ONE]
        worst = min(range(len(table)), key=lambda i: table[i][0])
        _pivot(table, goal, basic, free, worst, n)
        _climb(table, goal, basic, free)
        if goal[0] < 0:
            return None
        if extra in basic:  # at zero: any column of its row will do
            i = basic.index(extra)
            j = next(k for k in range(len(free)) if table[i][k + 1] != 0)
            _pivot(table, goal, basic, free, i, j)
        out = free.index(extra)
        free.pop(out)
        for row in table:
            row.pop(out + 1)
    goal = _reduced(c, table, basic, free)
    if not _climb(table, goal, basic, free):
        return "unbounded"
    x = [ZERO] * n
    for i, j in enumerate(basic):
        if j < n:
            x[j] = table[i][0]
    return x


def _reduced(
    c: list[Fraction], table: list[list[Fraction]], basic: list[int], free: list[int]
) -> list[Fraction]:
    """The goal ``[value, gains of the free variables]`` in terms of the basis."""
    goal = [ZERO, *(c[j] if j < len(c) else ZERO for j in free)]
    for row, j in zip(table, basic, strict=True):
        if j < len(c) and c[j] != 0:
            goal[0] += c[j] * row[0]
            for k in range(1, len(goal)):
                goal[k] -= c[j] * row[k]
    return goal


def _climb(
    table: list[list[Fraction]], goal: list[Fraction], basic: list[int], free: list[int]
) -> bool:
    """Pivot until nothing gains (True), or a gain is unbounded (False)."""
    while True:
        gains = [(free[k], k) for k in range(len(free)) if goal[k + 1] > 0]
        if not gains:
            return True
        _, j = min(gains)
        ratios = [
            (row[0] / row[j + 1], basic[i], i) for i, row in enumerate(table) if row[j + 1] > 0
        ]
        if not ratios:
            return False
        _pivot(table, goal, basic, free, min(ratios)[2], j)


def _pivot(
    table: list[list[Fraction]], goal: list[Fraction], basic: list[int], free: list[int],
    i: int, j: int,
) -> None:  # fmt: skip
    """Exchange the basic variable of row i with the free variable of column j."""
    row = table[i]
    scale = ONE / row[j + 1]
    row[j + 1] = ONE
    row[:] = [x * scale for x in row]
    for other in table:
        factor = other[j + 1]
        if other is not row and factor != 0:
            other[j + 1] = ZERO
            other[:] = [x - factor * y for x, y in zip(other, row, strict=True)]
    factor = goal[j + 1]
    if factor != 0:
        goal[j + 1] = ZERO
        goal[1:] = [x - factor * y for x, y in zip(goal[1:], row[1:], strict=True)]
        goal[0] += factor * row[0]
    basic[i], free[j] = free[j], basic[i]
