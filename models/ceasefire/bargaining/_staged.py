"""Staged releases: results, their certificate, and the solvers that the models of gradualism share.

Steps ``x_t`` are worth v and cost c a unit, and a step may cost no more than what is still to come
is worth: ``c x_t <= delta W_{t+1}`` with ``W_t = (v - c) x_t + delta W_{t+1}``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError, SolveError
from ceasefire.status import Status
from ceasefire.tolerances import STAGED_MARGIN, STAGED_PROGRAM

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Number = float | Fraction
Tail = Literal["relaxed", "none", "value"]
GameTail = Literal["path", "none"]
SHOWN = 12
CLOSED = "closed form"
PROGRAM = "linear program over incentive constraints (HiGHS)"
BACKWARDS = "backward induction on steps"
LEAST_DAYS, USUAL_DAYS, MOST_DAYS = 10, 200, 1000
FAR = math.log(1e14)  # steps below 1e-14 of the first are beyond its rounding


@dataclass(frozen=True, eq=False, repr=False)
class StagingCertificate(Displayed):
    """What was recomputed about a schedule, by summing payoffs along it day by day.

    Attributes
    ----------
    margins : ndarray, shape (n_steps, n_constraints)
        What keeping to the schedule is worth at a step, less what the best deviation gives, utils.
    payoff : float
        What the schedule is worth, utils, by the same sums.
    scale : float
        What margins are compared with, utils.
    recursion : float or None
        The optimum by backward recursion over tight constraints, where the solver was a linear
        program.
    """

    margins: Floats
    payoff: float
    scale: float
    recursion: float | None = None

    @property
    def worst(self) -> float:
        """The least margin over `scale`; 0 or rounding below it where all constraints hold."""
        return float(self.margins.min(initial=0.0)) / self.scale

    @property
    def holds(self) -> bool:
        """Whether nobody gains by leaving the schedule at any step."""
        return self.worst >= -STAGED_MARGIN

    @property
    def passed(self) -> bool:
        """The same, under the name that every certificate has."""
        return self.holds

    def __repr__(self) -> str:
        parts = [f"least margin {self.worst:.3g} of {self.scale:g}", f"payoff {self.payoff:.9g}"]
        if self.recursion is not None:
            parts.append(f"by recursion {self.recursion:.9g}")
        return f"{'passed' if self.holds else 'FAILED'}: {', '.join(parts)}"


@dataclass(frozen=True, eq=False, repr=False)
class Staging(Displayed):
    """A staged release: what is handed over when, and what that is worth.

    Attributes
    ----------
    model : object
        The model solved.
    steps : ndarray, shape (n_steps,)
        What is added on each day or round, in units of the stock; whole numbers where `whole`.
    payments : ndarray, shape (n_steps,), or None
        What is paid for each step, utils; None where nobody pays.
    payoff : float
        Utils: in the models of Lockwood and Thomas the per-day average of either player, in
        that of Pitchford and Snyder the surplus of both, a discounted sum, with the worth of
        the end where that counts.
    limit : float
        What has been released when all is done, in units of the stock.
    horizon : int or None
        Days or rounds up to which incentives bind; None: without end.
    tail : str
        What follows them: "infinite" (the closed form goes on), "relaxed", "none" or "value".
    bound : {"exact", "above"}
        Whether `payoff` is the optimum itself or an upper bound on it.
    method : str
    status : Status
    certificate : StagingCertificate
    tail_value : float
        What the end is worth by itself, utils (`tail` "value").
    whole : bool
    """

    model: Any
    steps: NDArray[Any]
    payments: Floats | None
    payoff: float
    limit: float
    horizon: int | None
    tail: str
    bound: Literal["exact", "above"]
    method: str
    status: Status
    certificate: StagingCertificate
    tail_value: float = 0.0
    whole: bool = False

    @property
    def levels(self) -> Floats:
        """What has been released after each step, shape (n_steps,)."""
        return np.cumsum(self.steps.astype(float))

    @property
    def remaining(self) -> Floats:
        """What is still to come after each step, of the model's `total`, shape (n_steps,)."""
        return np.asarray(float(self.model.total) - self.levels)

    @property
    def trades(self) -> bool:
        """Whether anything is ever released."""
        return bool(np.any(self.steps > 0))

    def __repr__(self) -> str:
        shown = ", ".join(f"{x:.6g}" for x in self.steps[:6].tolist())
        more = ", ..." if len(self.steps) > 6 or self.tail == "infinite" else ""
        claim = "payoff" if self.bound == "exact" else "payoff at most"
        what = f"steps {shown}{more}" if self.trades else "no trade"
        return f"{what}; {claim} {self.payoff:.9g} utils; {self.method}; {self.status}"


def exact(value: Number) -> Fraction:
    """The number as a fraction; a float stands for its own binary value."""
    return Fraction(value)


def checked(where: str, value: Number, low: float, high: float, allowed: str) -> None:
    """Refuse what is not a finite number with ``low < value < high``."""
    fine = isinstance(value, int | float | Fraction | np.integer | np.floating)
    if not (fine and not isinstance(value, bool) and math.isfinite(value) and low < value < high):
        raise ArgumentError(where, value, allowed)


def checked_discount(value: Number) -> None:
    """Refuse a discount factor outside [0, 1)."""
    checked("discount", value, -1e-300, 1, "a number from 0 to below 1")


def checked_count(where: str, value: object, least: int = 1) -> int:
    """Refuse what is not a whole number from `least`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ArgumentError(where, value, f"a whole number from {least}")
    return int(value)


def checked_tail(tail: str, allowed: Sequence[str]) -> None:
    """Refuse a tail that the model does not have."""
    if tail not in allowed:
        raise ArgumentError("tail", tail, " or ".join(repr(t) for t in allowed))


def enough(ratio: float) -> float:
    """Days after which further ones move the bound by less than 1e-14 of it; inf if r is 1."""
    if not 0 < ratio < math.inf:
        return LEAST_DAYS
    speed = abs(math.log(ratio))
    return max(LEAST_DAYS, math.ceil(FAR / speed)) if speed > 0 else math.inf


def program(value: Number, cost: Number, discount: Number, horizon: int, tail: str) -> Floats:
    """The best first `horizon` steps of a stock of 1, by a linear program.

    Maximises W_0 over steps x_t, worths W_t and what is left q_t, with ``q_0 = 1``,

    ``q_t >= x_t + q_{t+1}``, ``W_t = (v - c) x_t + delta W_{t+1}``, ``c x_t <= delta W_{t+1}``,

    closed by ``W_T = (v - c) q_T`` (relaxed from above: after T nobody can be lured) or by
    ``W_T = 0`` (T is known to be the end).

    Notes
    -----
    All of day t is measured in units of r^t, r = c / (delta v). Unscaled, steps fall below the
    tolerance of any program, and one with a known end then returns what an endless one would.
    """
    from scipy.optimize import linprog

    v, c, d, T = 1.0, float(cost) / float(value), float(discount), horizon
    unit = min(c / d, 1.0) if d else 1.0
    size = 3 * T + 2  # z_0 .. z_{T-1}, w_0 .. w_T, q_0 .. q_T
    equal, right = _worths(v - c, d, unit, T, tail)
    less = _limits(c, d, unit, T)
    objective = np.zeros(size)
    objective[T] = -1.0
    found = linprog(
        objective, A_ub=less, b_ub=np.zeros(2 * T), A_eq=equal, b_eq=right, method="highs",
        options={"presolve": False,  # it loses five digits over chains of hundreds of days
                 "primal_feasibility_tolerance": STAGED_PROGRAM,
                 "dual_feasibility_tolerance": STAGED_PROGRAM},
    )  # fmt: skip
    if found.status != 0 or found.x is None:
        raise SolveError(f"gradualism: the linear program ended with: {found.message}", found)
    return np.asarray(np.maximum(found.x[:T], 0.0) * unit ** np.arange(T))


def _worths(margin: float, d: float, unit: float, T: int, tail: str) -> tuple[Any, Floats]:
    """The equations of `program`: worths, the end, the start."""
    from scipy.sparse import coo_array

    t, one = np.arange(T), np.ones(T)
    w, q = T, 2 * T + 1  # where they begin
    rows, columns = np.concatenate([t, t, t]), np.concatenate([w + t, t, w + t + 1])
    entries = np.concatenate([one, -margin * one, -d * unit * one])
    last = [(T, w + T, 1.0), (T + 1, q, 1.0)]
    if tail == "relaxed":
        last.append((T, q + T, -margin))
    for row, column, entry in last:
        rows, columns = np.append(rows, row), np.append(columns, column)
        entries = np.append(entries, entry)
    right = np.append(np.zeros(T + 1), 1.0)
    return coo_array((entries, (rows, columns)), shape=(T + 2, 3 * T + 2)).tocsr(), right


def _limits(c: float, d: float, unit: float, T: int) -> Any:
    """The inequalities of `program`, at most 0: incentives, and what is left."""
    from scipy.sparse import coo_array

    t, one = np.arange(T), np.ones(T)
    w, q = T, 2 * T + 1
    rows = np.concatenate([t, t, T + t, T + t, T + t])
    columns = np.concatenate([t, w + t + 1, t, q + t + 1, q + t])
    entries = np.concatenate([c * one, -d * unit * one, one, unit * one, -one])
    return coo_array((entries, (rows, columns)), shape=(2 * T, 3 * T + 2)).tocsr()


def recursion(
    value: Number, cost: Number, discount: Number, horizon: int, tail: str
) -> tuple[Floats, float]:  # fmt: skip
    """First `horizon` steps of a stock of 1, and its worth, with all constraints tight: backwards.

    With W the worth of one unit left, the step before is ``x = delta W / c`` a unit left, and the
    1 + x units before it are worth ``v x``: ``W <- v delta W / (c + delta W)``, from ``v - c``
    (relaxed) or 0 (a known end, at which it stays). Its fixed point is ``v - c / delta``.
    """
    v, c, d = float(value), float(cost), float(discount)
    worth = v - c if tail == "relaxed" else 0.0
    parts = np.zeros(horizon)  # of what is left, that each step takes
    for t in range(horizon - 1, -1, -1):
        parts[t] = d * worth / (c + d * worth)
        worth = v * parts[t]
    left = np.cumprod(np.append(1.0, 1.0 - parts[:-1]))
    return left * parts, worth


def endless(value: Number, cost: Number, discount: Number, count: int) -> tuple[Floats, float]:
    """First `count` steps of a stock of 1, and its worth, when nobody knows an end: closed form."""
    v, c, d = exact(value), exact(cost), exact(discount)
    if d * v <= c:
        return np.zeros(count), 0.0
    ratio = float(c / (d * v))
    steps = float(1 - c / (d * v)) * np.power(ratio, np.arange(count, dtype=np.float64))
    return steps, float(v - c / d)


def staged_value(flows: Floats, discount: float, after: float) -> Floats:
    """Discounted worth from every step on, shape (n + 1,), `after` that of the end."""
    worth = np.append(np.zeros(len(flows)), after)
    for t in range(len(flows) - 1, -1, -1):
        worth[t] = flows[t] + discount * worth[t + 1]
    return worth


def level_certificate(
    steps: Floats, discount: Number, flow: Callable[[Floats, Floats], Floats], after: float,
    scale: float, second: float | None = None,
) -> StagingCertificate:  # fmt: skip
    """Check levels that are raised together, flow payoffs ``flow(own, other)``, for ever.

    A player that does not follow a step keeps its level while the other raises, and nobody moves
    again. `after` is the per-day average from the day after the last step on.
    """
    d = float(discount)
    levels = np.cumsum(np.asarray(steps, dtype=float))
    before = np.append(0.0, levels[:-1])[: len(levels)]
    worth = staged_value((1 - d) * flow(levels, levels), d, after)
    margins = worth[:-1] - flow(before, levels)
    return StagingCertificate(margins[:, None], float(worth[0]), scale, second)


def next_below(levels: Sequence[Number]) -> bool:
    """Whether levels rise strictly."""
    return all(low < high for low, high in pairwise(levels))


def checked_pair(name: str, more: Number, cost: Number) -> None:
    checked("cost", cost, 0, math.inf, "a number above 0, utils a unit")
    checked(name, more, 0, math.inf, "a number above the cost, utils a unit")
    if more <= cost:
        raise ArgumentError(name, more, f"above the cost, {float(cost):g}", "else nothing to gain")


def shrinkage(value: Number, cost: Number, discount: Number) -> float:
    return float(exact(cost) / (exact(discount) * exact(value))) if discount else math.inf


def solved(
    value: Number, cost: Number, discount: Number, horizon: int | None, tail: str
) -> tuple[Floats, float, int]:  # fmt: skip
    """Steps and worth of a stock of 1, and the horizon: the two linear models share them."""
    useful = enough(shrinkage(value, cost, discount))
    usual = min(useful, MOST_DAYS) if useful < math.inf else USUAL_DAYS
    T = checked_count("horizon", int(usual) if horizon is None else horizon)
    if tail == "none":
        return (*recursion(value, cost, discount, T, tail), T)
    T = int(min(T, useful))
    shares = program(value, cost, discount, T, tail)
    margin = float(value) - float(cost)
    end = margin * max(1 - float(shares.sum()), 0.0)
    return shares, float(staged_value(margin * shares, float(discount), end)[0]), T


def described(
    model: Any, steps: Floats, payments: Floats | None, payoff: float, limit: float,
    horizon: int | None, tail: str, proof: StagingCertificate, bounded: str = PROGRAM,
) -> Staging:  # fmt: skip
    method = {"infinite": CLOSED, "none": BACKWARDS, "relaxed": bounded}[tail]
    status = Status.OK if payoff > 0 else Status.NO_DEAL
    return Staging(
        model, steps, payments, payoff, limit, horizon, tail,
        "above" if tail == "relaxed" else "exact", method,
        status if proof.holds else Status.EXPLOITABLE, proof,
    )  # fmt: skip


def tail_of(tail: str, carried: Any) -> Any:
    checked_tail(tail, ("path", "none"))
    return carried if tail == "path" else None


def days_to(ratio: float, within: float) -> float:
    checked("within", within, 0, 1, "a share of the whole, above 0 and below 1")
    return math.inf if ratio >= 1 else float(math.ceil(math.log(within) / math.log(ratio) - 1e-12))
