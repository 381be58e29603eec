"""Bargaining over polyhedral sets with any number of players, by linear and convex programs."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import linprog

from ceasefire.errors import SolveError
from ceasefire.games.problem import Issues, Points
from ceasefire.solvers import _exact_programs as programs
from ceasefire.solvers._frontiers import empty, unbounded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.games import BargainingProblem

    Floats = NDArray[np.float64]
    Exact = NDArray[np.object_]

STRICT: Any = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
STEPS, CLOSE = 200, 1e-14  # of the interior point method
NEAR = 1e-3  # the least product of a slack and its price, relative to the mean
SHRINK, STAY, LONG = 0.1, 0.7, 0.7  # of slack times price: after a long step, after a short one


@dataclass(frozen=True, eq=False)
class System:
    """Payoffs ``values @ x + base`` over ``rows @ x <= limits`` and bounds, in fractions.

    The weights of a lottery add up to one by two rows.
    """

    values: Exact
    base: Exact
    rows: Exact
    limits: Exact
    lower: tuple[Fraction | None, ...]
    upper: tuple[Fraction | None, ...]
    lottery: bool

    def best(self, goal: Any, floor: Any = None, *, ray: Any = None, exact: bool = False) -> Best:
        """Maximise ``goal . payoffs``, nobody below `floor`; or t with payoffs >= floor + t ray."""
        n, m = self.values.shape
        extra = 0 if ray is None else 1
        rows = np.zeros((len(self.rows) + (0 if floor is None else n), m + extra), dtype=object)
        rows[: len(self.rows), :m] = self.rows
        limits = self.limits
        if floor is not None:
            rows[len(self.rows) :, :m] = -self.values
            limits = np.concatenate([limits, self.base - floor])
        if ray is not None:
            rows[len(self.rows) :, m] = ray
        cost = np.zeros(m + extra, dtype=object)
        cost[:m] = goal @ self.values
        cost[m:] = 1
        low, high = (*self.lower, *[None] * extra), (*self.upper, *[None] * extra)
        if exact:
            return _exact(cost, rows, limits, low, high, m)
        return _floats(cost, rows, limits, low, high, m)


@dataclass(frozen=True, eq=False)
class Best:
    """The optimum: levels, t or the value of the goal less its base, multipliers of the rows."""

    levels: Any
    value: Any
    multipliers: Floats | None


def system(problem: BargainingProblem) -> System:
    """State a polyhedral problem in levels of issues, or in weights of outcomes."""
    at = problem.feasible
    if isinstance(at, Points):
        m = len(at.payoffs)
        one = Fraction(1)
        rows = np.array([[one] * m, [-one] * m], dtype=object)
        limits = np.array([one, -one], dtype=object)
        base = np.array([Fraction(0)] * at.n_players, dtype=object)
        return System(at.payoffs.T, base, rows, limits, (Fraction(0),) * m, (None,) * m, True)
    assert isinstance(at, Issues)
    lower = at.lower
    if at.values.shape[0] == at.values.shape[1] and _is_identity(at):
        # levels are payoffs: nobody has less than without an agreement
        pairs = zip(lower, problem.disagreement, strict=True)
        lower = tuple(d if x is None else max(x, d) for x, d in pairs)
    return System(at.values, at.base, at.rows, at.limits, lower, at.upper, False)


def _is_identity(at: Issues) -> bool:
    return bool(np.all(at.values == np.eye(len(at.values), dtype=int)) and not np.any(at.base))


def _exact(cost: Any, rows: Any, limits: Any, low: Any, high: Any, m: int) -> Best:
    as_fractions = [[Fraction(x) for x in row] for row in [cost, limits, *rows]]
    found = programs.maximise(as_fractions[0], as_fractions[2:], as_fractions[1], low, high)
    _raise_unless(found.ended)
    return Best(found.x[:m], found.value, None)


def _floats(cost: Any, rows: Any, limits: Any, low: Any, high: Any, m: int) -> Best:
    c = np.asarray(cost, dtype=float)
    A, b = np.asarray(rows, dtype=float), np.asarray(limits, dtype=float)
    size = np.abs(A).max(axis=1, initial=0.0)
    size[size == 0] = 1.0  # rows of one size: the tolerances of the program are absolute
    bounds = [
        (None if x is None else float(x), None if y is None else float(y))
        for x, y in zip(low, high, strict=True)
    ]
    found: Any = linprog(
        -c, A_ub=A / size[:, None] if len(A) else None, b_ub=b / size if len(A) else None,
        bounds=bounds, options=STRICT,
    )  # fmt: skip
    _raise_unless({0: "optimal", 2: "infeasible", 3: "unbounded", 4: "unbounded"}.get(found.status))
    multipliers = -np.asarray(found.ineqlin.marginals) / size if len(A) else np.empty(0)
    return Best(np.asarray(found.x)[:m], -float(found.fun), multipliers)


def _raise_unless(ended: str | None) -> None:
    if ended == "infeasible":
        raise empty()
    if ended == "unbounded":
        raise unbounded("the feasible set")
    if ended != "optimal":
        raise SolveError("a linear program stopped at its limit; scale the issues alike")


def nash_levels(at: System, d: Floats, unit: Floats, weights: Floats) -> Floats:
    """Maximise ``sum w_i log(u_i - d_i)``: levels, by a primal-dual interior point method.

    With gains g and slacks s, all positive, and their duals the conditions of the optimum are
    linear but for ``g q = w`` and ``s z = 0``, so Newton's method for linear programs serves with
    a target that goes to (w, 0).
    """
    M, r, shift, back = _standard(at, d, unit)
    n, size = len(unit), M.shape[1]
    X, S, y = np.ones(size), np.ones(size), np.zeros(len(M))
    share = SHRINK
    for _ in range(STEPS):
        primal, dual = r - M @ X, S - M.T @ y
        if max(np.abs((X * S)[:n] - weights).max(), (X * S)[n:].max()) < CLOSE:
            break  # full steps near the end leave of the linear conditions only rounding
        target = np.full(size, share * float(np.mean((X * S)[n:])))
        target[:n] = weights
        rest = target - X * S
        # M dX = primal; M' dy - dS = dual; S dX + X dS = rest
        D = X / S
        right = M @ (D * dual + rest / S) - primal
        step = np.linalg.lstsq((M * D) @ M.T, right, rcond=1e-15)[0]
        dS = M.T @ step - dual
        dX = rest / S - D * dS
        length = _length(X, dX, S, dS, weights)
        X, S, y = X + length * dX, S + length * dS, y + length * step
        share = SHRINK if length > LONG else STAY
    return np.asarray(shift + back @ X[n : n + back.shape[1]])


def _length(X: Floats, dX: Floats, S: Floats, dS: Floats, weights: Floats) -> float:
    """The longest of a row of steps that keeps all positive, and products near their targets."""
    n = len(weights)
    length = 1.0
    while length > 1e-12:
        x, s = X + length * dX, S + length * dS
        products = x * s
        if x.min() > 0 and s.min() > 0:
            level = np.full(len(x), products[n:].mean())
            level[:n] = weights
            if np.all(products >= NEAR * level):
                return length
        length *= 0.9
    return length


def _standard(at: System, d: Floats, unit: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """``M X = r``, X >= 0: gains in units, then levels ``x = shift + back @ X'``, then slacks."""
    C, base = at.values.astype(float), at.base.astype(float)
    A, b = at.rows.astype(float), at.limits.astype(float)
    m = C.shape[1]
    shift = np.array([float(x if x is not None else y if y is not None else 0)
                      for x, y in zip(at.lower, at.upper, strict=True)])  # fmt: skip
    columns, width = [], []
    for j, (low, high) in enumerate(zip(at.lower, at.upper, strict=True)):
        unit_vector = np.eye(m)[j]
        columns.append(-unit_vector if low is None and high is not None else unit_vector)
        width.append(float(high - low) if low is not None and high is not None else np.inf)
        if low is None and high is None:
            columns.append(-unit_vector)
            width.append(np.inf)
    back = np.array(columns).T
    top = np.flatnonzero(np.isfinite(width))
    A, b = (A[:1], b[:1]) if at.lottery else (A, b)  # its two rows are one equation
    inequalities = 0 if at.lottery else len(A)
    tops = np.eye(back.shape[1])[top]
    n, k = len(d), back.shape[1]
    M = np.zeros((n + len(A) + len(top), n + k + inequalities + len(top)))
    M[:n, :n], M[:n, n : n + k] = np.eye(n), -(C @ back) / unit[:, None]
    M[n : n + len(A), n : n + k] = A @ back
    M[n + len(A) :, n : n + k] = tops
    M[n + len(A) - inequalities :, n + k :] = np.eye(inequalities + len(top))
    gains = (C @ shift + base - d) / unit
    r = np.concatenate([gains, b - A @ shift, np.array(width)[top]])
    size = np.abs(M[n:]).max(axis=1, initial=0.0)
    size[size == 0] = 1.0
    M[n:] /= size[:, None]
    r[n:] /= size
    return M, r, shift, back
