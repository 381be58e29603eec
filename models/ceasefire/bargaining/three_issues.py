"""Captives against days of pause and prisoners: three issues, two instruments."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from ceasefire.bargaining.interface import Model
from ceasefire.bargaining.issues import Issue, LinearIssues
from ceasefire.bargaining.terms import HALF, Number, Rule, require, require_weight

if TYPE_CHECKING:
    import pandas as pd

    from ceasefire.bargaining.issues import Corner
    from ceasefire.games import BargainingProblem
    from ceasefire.solvers import BargainingSolution
    from ceasefire.truce import Scenario


@dataclass(frozen=True)
class ThreeIssueExchange(Model):
    """Captives against days of pause and prisoners: ``u_C = a d - c n + p m``, and the reverse.

    ``u_D = v n - k d - q m`` with ``n <= N`` captives, ``d <= d_max`` days, ``m <= m_max``
    prisoners. The side with two instruments uses the cheaper first, by the ratios q/p and k/a;
    the frontier has a kink where it is used up. See `LinearIssues`, of which it is a case.

    Parameters
    ----------
    captives, days_max, prisoners_max : float or Fraction
    captive_value, captive_cost : float or Fraction
        v and c, utils a captive.
    day_gain, day_cost : float or Fraction
        a and k, utils a day.
    prisoner_gain, prisoner_cost : float or Fraction
        p and q, utils a prisoner.
    weight : float or Fraction
        The captor's under Nash's rule.

    Notes
    -----
    *Captures:* 150 prisoners beside 4 days for 50 captives: a cheap instrument is used up before
    a dear one moves. *Leaves out:* as `LinearIssues`.

    *Traps.* The frontier is kinked at (25, 105) with the defaults, and Nash, Kalai-Smorodinsky and
    egalitarian solutions are three different points beyond it.

    References
    ----------
    As `LinearIssues`. THEORY.md B3, whose numbers are the defaults.

    Examples
    --------
    >>> from ceasefire.bargaining.terms import RULES
    >>> model = ThreeIssueExchange()
    >>> model.solve()
    nash: payoffs captor 225/4, pausing state 135/2; 50 captives, 25/8 days, 150 prisoners; ...
    >>> [round(float(model.solve(rule=r).payoffs[0]), 8) for r in RULES]
    [56.25, 59.55882353, 61.36363636]
    """

    captives: Number = 50
    days_max: Number = 30
    prisoners_max: Number = 150
    captive_value: Number = 3
    captive_cost: Number = 1
    day_gain: Number = 10
    day_cost: Number = 12
    prisoner_gain: Number = HALF
    prisoner_cost: Number = Fraction(3, 10)
    weight: Number = HALF

    def __post_init__(self) -> None:
        for name, value in self.parameters().items():
            require(name, value, 0, math.inf, "a number above 0")
        require_weight(self.weight)

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> ThreeIssueExchange:
        """Captives, pause and prisoners of `LinearIssues.from_scenario`, with 150 prisoners.

        As there, what a prisoner is worth is assumed; the number is the one agreed.
        """
        found = {one.name: one for one in LinearIssues.from_scenario(scenario).issues}
        n, d, m = (found[name] for name in ("captives", "pause", "prisoners"))
        weight = LinearIssues.from_scenario(scenario).weight
        return cls(
            n.upper, d.upper, 150, n.pausing_value, -n.captor_value, d.captor_value,
            -d.pausing_value, m.captor_value, -m.pausing_value, weight,
        )  # fmt: skip

    def issues(self) -> LinearIssues:
        """State it as the case of `LinearIssues` that it is."""
        return LinearIssues((
            Issue("captives", "captives", self.captives, -self.captive_cost, self.captive_value),
            Issue("days", "days", self.days_max, self.day_gain, -self.day_cost),
            Issue("prisoners", "prisoners", self.prisoners_max, self.prisoner_gain,
                  -self.prisoner_cost),
        ), self.weight)  # fmt: skip

    def game(self) -> BargainingProblem:
        """State it for `solvers.axiomatic`."""
        return self.issues().game()

    def solve(self, *, rule: Rule = "nash") -> BargainingSolution:
        """As `LinearIssues.solve`."""
        return self.issues().solve(rule=rule)

    def closed_form(self, *, rule: Rule = "nash") -> BargainingSolution:
        """As `LinearIssues.closed_form`."""
        return self.issues().closed_form(rule=rule)

    def contract_curve(self) -> tuple[Corner, ...]:
        """As `LinearIssues.contract_curve`."""
        return self.issues().contract_curve()

    def table(self) -> pd.DataFrame:
        """As `LinearIssues.table`: the contract curve and the solutions on it."""
        return self.issues().table()

    def answer(self) -> str:
        """As `LinearIssues.answer`."""
        return self.issues().answer()
