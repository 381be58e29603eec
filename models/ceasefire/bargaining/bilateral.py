"""Trade when each side's worth is one of two: the best of all rules (Myerson and Satterthwaite)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.bargaining import _staged
from ceasefire.bargaining._staged import Number, exact
from ceasefire.bargaining._windows import costly_days
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError, SolveError
from ceasefire.status import Status

if TYPE_CHECKING:
    import pandas as pd

    from ceasefire.games import AllocationProblem
    from ceasefire.truce import Scenario

PROGRAM = 1e-8  # agreement with the linear program, which is solved to 1e-10


@dataclass(frozen=True, repr=False)
class TwoTypeResult(Displayed):
    """The best rules for two types each.

    Attributes
    ----------
    model : TwoTypeTrade
    efficient : bool
        Whether some rules make every efficient trade.
    margin : float or Fraction
        What the efficient trades leave after the rents that truth costs; below 0 the subsidy that
        would buy efficiency.
    first_best, second_best : float or Fraction
        Expected gains with known worths, and under the best rules.
    trades : tuple of tuple
        Probability of trade, rows (low cost, high cost), columns (low value, high value).
    method : str
    status : Status
    certificate : Checks
    """

    model: TwoTypeTrade
    efficient: bool
    margin: Number
    first_best: Number
    second_best: Number
    trades: tuple[tuple[Number, Number], tuple[Number, Number]]
    method: str
    status: Status
    certificate: Checks

    def __repr__(self) -> str:
        claim = "efficient" if self.efficient else "not efficient"
        shown = ", ".join(f"{float(q):.4g}" for row in self.trades for q in row)
        return (
            f"{claim}: {float(self.second_best):.9g} of {float(self.first_best):.9g}, margin "
            f"{float(self.margin):.6g}; trades {shown}; {self.method}"
        )


@dataclass(frozen=True)
class TwoTypeTrade(Model):
    r"""The best rules, any rules, when each side's worth is one of two.

    The seller's cost is 0 (probability s) or cH, the buyer's value 1 (probability b) or vL, in
    units of the largest gain. If cH > vL all pairs but (cH, vL) should trade. Telling the truth
    costs rents, ``1 - vL`` to a high value whose low kind trades and cH to a low cost whose high
    kind does; without money from outside efficient trade is possible iff

    .. math:: s\, v_L + b (1 - c_H) \ge s b.

    Else the trade is cut whose loss per unit of relief is lower: of (0, vL), ``(1-b) vL/(b - vL)``,
    or of (cH, 1), ``(1-s)(1-cH)/(s + cH - 1)``. If cH <= vL any price between suits all.

    Parameters
    ----------
    low_cost_chance, high_value_chance : float or Fraction
        s and b in (0, 1).
    low_value, high_cost : float or Fraction
        vL and cH, strictly between the two below; here days of pause per captive.
    low_cost, high_value : float or Fraction
        By default 0 and 1.

    Notes
    -----
    *Captures:* that distrust of claims alone can block a deal good for both, whoever mediates and
    by whatever rules, and the least that a guarantor must add. *Leaves out:* correlated types (then
    rents can be taken away), delay as proof, more than two kinds.

    *Traps.* The revelation principle speaks of all rules: a mediator without money cannot beat the
    second best. A cut that removes more than the whole trade goes on with the other.

    References
    ----------
    R. Myerson and M. Satterthwaite (1983), "Efficient mechanisms for bilateral trading", Journal
    of Economic Theory 29:265-281; two types: S. Matsuo (1989), "On incentive compatible,
    individually rational, and ex post efficient mechanisms for bilateral trading", Journal of
    Economic Theory 49:189-194. THEORY.md F7.

    Examples
    --------
    >>> half = Fraction(1, 2)
    >>> model = TwoTypeTrade(half, half, low_value=Fraction(1, 5), high_cost=Fraction(4, 5))
    >>> model.closed_form().second_best
    Fraction(1, 3)
    >>> model.solve(exact=True)
    not efficient: 0.333333333 of 0.35, margin -0.05; trades ...; linear program
    """

    low_cost_chance: Number
    high_value_chance: Number
    low_value: Number
    high_cost: Number
    low_cost: Number = 0
    high_value: Number = 1

    def __post_init__(self) -> None:
        for name in ("low_cost_chance", "high_value_chance"):
            _staged.checked(name, getattr(self, name), 0, 1, "a probability between 0 and 1")
        for name in ("low_cost", "high_value"):
            _staged.checked(name, getattr(self, name), -math.inf, math.inf, "a number")
        if self.high_value <= self.low_cost:
            raise ArgumentError("high_value", self.high_value, "above the low cost")
        inside = f"between {float(self.low_cost):g} and {float(self.high_value):g}"
        for name in ("low_value", "high_cost"):
            low, high = float(self.low_cost), float(self.high_value)
            _staged.checked(name, getattr(self, name), low, high, inside)

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> TwoTypeTrade:
        """Days of pause per captive: the captor's cost at both ends, the pausing state's worth too.

        A captive among many costs the captor ``c_lo / g`` days of pause, the last ``c_hi / g``; the
        pausing state can give ``v / k0`` days for one, or ``v / (k0 + k1 J)`` counted at the cost
        of the last day that the terms allow. Odds are not in a scenario: even.
        """
        p = costly_days(scenario)
        return cls(
            0.5, 0.5, low_value=p.v / (p.k0 + p.k1 * p.J), high_cost=p.c_hi / p.g,
            low_cost=p.c_lo / p.g, high_value=p.v / p.k0,
        )  # fmt: skip

    def closed_form(self) -> TwoTypeResult:
        """The condition, and the cheapest cut where it fails; compared with the linear program."""
        margin, first, second, trades = self._best()
        program = self._mechanism(exact=False)
        unit = float(self.high_value) - float(self.low_cost)
        missed = {"linear program": abs(float(program.value) - float(second)) / unit}
        proof = Checks(missed, PROGRAM)
        return self._result(margin >= 0, margin, first, second, trades, "closed form", proof)

    def solve(self, *, exact: bool = False) -> TwoTypeResult:
        """Linear programs over all mechanisms: the second best, and the margin at efficiency."""
        from ceasefire.solvers import mechanism

        best, problem = self._mechanism(exact=exact), self.problem()
        rich = mechanism(
            problem, objective="revenue", allocation="efficient", budget="none", exact=exact
        )
        efficient = mechanism(problem, allocation="efficient", exact=exact)
        first = problem.first_best
        q = best.allocation[1]
        proofs = {"second best": best, "margin": rich, "efficiency": efficient}
        missed = {}
        for name, one in proofs.items():
            c = one.certificate
            missed[name] = max(c.lie, c.leave, c.budget, c.lottery, c.prices, abs(c.gap))
        return self._result(
            efficient.feasible, rich.value, first if exact else float(first), best.value,
            ((q[0, 0], q[0, 1]), (q[1, 0], q[1, 1])), "linear program", Checks(missed, PROGRAM),
        )  # fmt: skip

    def problem(self) -> AllocationProblem:
        """State it for `solvers.mechanism`, in fractions."""
        from ceasefire.games import AllocationProblem

        s, b = exact(self.low_cost_chance), exact(self.high_value_chance)
        costs = [exact(self.low_cost), exact(self.high_cost)]
        values = [exact(self.low_value), exact(self.high_value)]
        return AllocationProblem.bilateral_trade(costs, [s, 1 - s], values, [1 - b, b])

    def game(self) -> AllocationProblem:
        """The same as `problem`: what is chosen are the rules themselves."""
        return self.problem()

    def table(self) -> pd.DataFrame:
        """By the low value (its own, a half and a quarter of it, over the low cost) and high cost.

        First and second best, the trades that survive, and the subsidy that all of them need.
        """
        import pandas as pd

        rows = []
        least, most = float(self.low_cost), float(self.high_value)
        for part in (1.0, 0.5, 0.25):
            value = least + part * (float(self.low_value) - least)
            for share in np.linspace(0.02, 0.98, 49):
                cost = least + float(share) * (most - least)
                model = self.replace(low_value=value, high_cost=cost)
                margin, first, second, trades = model._best()
                rows.append((value, cost, float(first), float(second), max(-float(margin), 0.0),
                             float(trades[0][0]), float(trades[1][1])))  # fmt: skip
        return pd.DataFrame(rows, columns=[
            "low_value", "high_cost", "first_best", "second_best", "subsidy", "low_value_trades",
            "high_cost_trades",
        ])  # fmt: skip

    def answer(self) -> str:
        """Whether hidden worths block a deal, and what would buy it."""
        found = self.closed_form()
        if self.high_cost <= self.low_value:
            return (
                f"Any price from {float(self.high_cost):.3g} to {float(self.low_value):.3g} days "
                "per captive suits all kinds of both sides: hidden worths of this size block no "
                "deal."
            )
        if found.efficient:
            return (
                "Some rules make every efficient trade without money from outside: they leave "
                f"{float(found.margin):.3g} after all rents."
            )
        return (
            f"No rules make every efficient trade: at best {float(found.second_best):.4g} of "
            f"{float(found.first_best):.4g} is gained, and an outsider would have to add "
            f"{float(-found.margin):.3g} on average to make them all."
        )

    def _best(self) -> tuple[Number, Number, Number, Any]:
        """Margin, first best, second best and trades, by the closed form."""
        s, b, low, high, unit = self._scaled()
        every = high < low
        first = s * b + s * (1 - b) * low + (1 - s) * b * (1 - high)
        first += (1 - s) * (1 - b) * max(low - high, 0)
        margin = low - high if every else s * low + b * (1 - high) - s * b
        cut = self._cuts(s, b, low, high, -margin) if margin < 0 else (0, 0)
        second = first - cut[0] * s * (1 - b) * low - cut[1] * (1 - s) * b * (1 - high)
        trades = ((1 - cut[0], 1), (int(every), 1 - cut[1]))
        return margin * unit, first * unit, second * unit, trades

    def _scaled(self) -> tuple[Number, Number, Number, Number, Number]:
        """S, b, vL and cH in units of the largest gain, and that unit."""
        unit = self.high_value - self.low_cost
        if all(isinstance(x, int | Fraction) for x in self.parameters().values()):
            unit = Fraction(unit)
        return (
            self.low_cost_chance, self.high_value_chance, (self.low_value - self.low_cost) / unit,
            (self.high_cost - self.low_cost) / unit, unit,
        )  # fmt: skip

    def _cuts(self, s: Number, b: Number, low: Number, high: Number, deficit: Number) -> Any:
        """How much of the trades (0, vL) and (cH, 1) to give up, cheapest relief first."""
        options = []
        if b > low:
            options.append(((1 - b) * low / (b - low), 0, s * (b - low)))
        if s + high > 1:
            options.append(((1 - s) * (1 - high) / (s + high - 1), 1, b * (s + high - 1)))
        cut: list[Number] = [0, 0]
        for _, which, relief in sorted(options):
            cut[which] = min(1, deficit / relief)
            deficit = deficit - cut[which] * relief
            if deficit <= 0:
                break
        return tuple(cut)

    def _mechanism(self, *, exact: bool) -> Any:
        from ceasefire.solvers import mechanism

        return mechanism(self.problem(), exact=exact)

    def _result(self, efficient: bool, margin: Number, first: Number, second: Number, trades: Any,
                method: str, proof: Checks) -> TwoTypeResult:  # fmt: skip
        if not proof.passed:
            raise SolveError(f"two-type trade: {proof}")
        return TwoTypeResult(
            self, efficient, margin, first, second, trades, method, Status.OK, proof
        )
