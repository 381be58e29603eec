"""Linear programs with free columns: in floats by HiGHS, in fractions by the simplex method.

Minimise ``c.x`` subject to ``A x = b`` on some rows and ``A x <= b`` on the others, ``x_j >= 0``
except on free columns. An answer is a vertex with multipliers y, ``A'y <= c`` (equal on free
columns) and ``y <= 0`` on inequalities; or, where nothing is feasible, multipliers with
``A'y <= 0`` alike and ``b.y > 0`` (Farkas 1902).
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_matrix, eye, hstack

from ceasefire.errors import SolveError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Line = list[Fraction]

ZERO = Fraction(0)
PRECISE = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
OPTIMAL, INFEASIBLE, UNBOUNDED = "optimal", "infeasible", "unbounded"


class LinearProgram(NamedTuple):
    """`rows` of coefficients by column; `equal` says which hold with equality."""

    cost: Sequence[Any]
    rows: Sequence[dict[int, Any]]
    right: Sequence[Any]
    equal: Sequence[bool]
    free: Sequence[bool]


class Answer(NamedTuple):
    """`kind`, the vertex (empty where there is none), and multipliers of the rows."""

    kind: str
    x: NDArray[Any]
    y: NDArray[Any]


def solve_program(task: LinearProgram, *, exact: bool, what: str) -> Answer:
    """Solve in floats, or in fractions where `exact`."""
    return _Tableau(task).solve() if exact else _floats(task, what)


def _floats(task: LinearProgram, what: str) -> Answer:
    matrix, right = _sparse(task), np.array(task.right, dtype=float)
    equal = np.array(task.equal, dtype=bool)
    found = _highs(np.array(task.cost, dtype=float), matrix, right, equal, task.free)
    if found.status == 0:
        return Answer(OPTIMAL, found.x, _prices(found, equal))
    if found.status == 3:
        return Answer(UNBOUNDED, np.empty(0), np.empty(0))
    # how far rows must be missed: its prices prove that they cannot all hold
    some = np.flatnonzero(equal)
    above = -eye(len(right), format="csr")
    below = csr_matrix((np.ones(len(some)), (some, np.arange(len(some)))), (len(right), len(some)))
    n, extra = len(task.cost), len(right) + len(some)
    cost = np.append(np.zeros(n), np.ones(extra))
    wide = hstack([matrix, above, below], format="csr")
    missed = _highs(cost, wide, right, equal, [*task.free, *[False] * extra])
    if missed.status != 0:
        raise SolveError(f"{what}: the linear program was not solved; {found.message}")
    if found.status == 2 or missed.fun > 1e-7:
        return Answer(INFEASIBLE, np.empty(0), _prices(missed, equal))
    return Answer(UNBOUNDED, np.empty(0), np.empty(0))  # feasible, and yet without an optimum


def _sparse(task: LinearProgram) -> Any:
    row = [r for r, line in enumerate(task.rows) for _ in line]
    column = [j for line in task.rows for j in line]
    value = [float(v) for line in task.rows for v in line.values()]
    return csr_matrix((value, (row, column)), shape=(len(task.rows), len(task.cost)))


def _highs(cost: Any, matrix: Any, right: Any, equal: Any, free: Sequence[bool]) -> Any:
    solve: Any = linprog  # the stubs know no sparse matrices
    return solve(
        cost, A_eq=matrix[equal], b_eq=right[equal], A_ub=matrix[~equal], b_ub=right[~equal],
        bounds=[(None, None) if f else (0, None) for f in free], method="highs", options=PRECISE,
    )  # fmt: skip


def _prices(found: Any, equal: NDArray[np.bool_]) -> NDArray[np.float64]:
    y = np.empty(len(equal))
    y[equal] = found.eqlin.marginals
    y[~equal] = found.ineqlin.marginals
    return y


class _Tableau:
    """The two-phase simplex method in fractions, by Bland's rule, which cannot cycle.

    Columns: the program's, the negative parts of free ones, slacks, then one artificial a row,
    whose reduced costs are the multipliers. A dense tableau: for programs of some hundred rows.
    """

    def __init__(self, task: LinearProgram) -> None:
        self.task, n, m = task, len(task.cost), len(task.rows)
        self.split = [j for j in range(n) if task.free[j]]
        self.slack = [r for r in range(m) if not task.equal[r]]
        self.first = n + len(self.split) + len(self.slack)  # of the artificial columns
        self.sign: list[int] = []
        self.rows: list[Line] = []
        for r, (line, right) in enumerate(zip(task.rows, task.right, strict=True)):
            row = [Fraction(line.get(j, 0)) for j in range(n)]
            row += [-row[j] for j in self.split]
            row += [Fraction(int(s == r)) for s in self.slack]
            sign = -1 if right < 0 else 1
            row = [sign * a for a in row] + [Fraction(int(k == r)) for k in range(m)]
            self.sign.append(sign)
            self.rows.append([*row, sign * Fraction(right)])
        self.basis = [self.first + r for r in range(m)]

    def solve(self) -> Answer:
        """Phase one, then phase two."""
        m, none = len(self.rows), np.empty(0, dtype=object)
        artificial = [ZERO] * self.first + [Fraction(1)] * m
        line = self._reduced(artificial)
        self._improve(line)
        if line[-1] < 0:  # minus the least sum of what rows are missed by
            return Answer(INFEASIBLE, none, self._multipliers(line, Fraction(1)))
        self._leave_artificial(line)
        cost = [Fraction(c) for c in self.task.cost]
        cost += [-cost[j] for j in self.split] + [ZERO] * (len(self.slack) + m)
        line = self._reduced(cost)
        if not self._improve(line):
            return Answer(UNBOUNDED, none, none)
        value = dict(zip(self.basis, (row[-1] for row in self.rows), strict=True))
        n = len(self.task.cost)
        x = [value.get(j, ZERO) for j in range(n)]
        for k, j in enumerate(self.split):
            x[j] -= value.get(n + k, ZERO)
        return Answer(OPTIMAL, np.array(x, dtype=object), self._multipliers(line, ZERO))

    def _multipliers(self, line: Line, artificial: Fraction) -> NDArray[np.object_]:
        """``y_r = c_r - reduced cost`` of the artificial column of row r, which is a unit."""
        m = len(self.rows)
        y = [self.sign[r] * (artificial - line[self.first + r]) for r in range(m)]
        return np.array(y, dtype=object)

    def _reduced(self, cost: Line) -> Line:
        line = [*cost, ZERO]
        for row, j in zip(self.rows, self.basis, strict=True):
            if line[j]:
                _subtract(line, row, line[j])
        return line

    def _improve(self, line: Line) -> bool:
        """Pivot until no column improves; False where the program is unbounded."""
        while True:
            enter = next((j for j in range(self.first) if line[j] < 0), None)
            if enter is None:
                return True
            ratio = [(row[-1] / row[enter], self.basis[r], r)
                     for r, row in enumerate(self.rows) if row[enter] > 0]  # fmt: skip
            if not ratio:
                return False
            self._pivot(min(ratio)[2], enter, line)

    def _leave_artificial(self, line: Line) -> None:
        for r, j in enumerate(self.basis):
            if j >= self.first:  # at zero; a row without any other entry is redundant and stays
                enter = next((k for k in range(self.first) if self.rows[r][k]), None)
                if enter is not None:
                    self._pivot(r, enter, line)

    def _pivot(self, r: int, enter: int, line: Line) -> None:
        by = self.rows[r][enter]
        row = self.rows[r] = [a / by if a else a for a in self.rows[r]]
        for other in [*self.rows[:r], *self.rows[r + 1 :], line]:
            if other[enter]:
                _subtract(other, row, other[enter])
        self.basis[r] = enter


def _subtract(line: Line, row: Line, times: Fraction) -> None:
    for k, a in enumerate(row):
        if a:
            line[k] -= times * a
