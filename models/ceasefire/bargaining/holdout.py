"""Holding out while it hurts: attrition, and standoffs over two deals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.bargaining._staged import Number, checked, exact
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError, SolveError
from ceasefire.status import Status

if TYPE_CHECKING:
    import pandas as pd

    from ceasefire.games import StochasticGame
    from ceasefire.solvers import MarkovEquilibrium
    from ceasefire.truce import Scenario

TOLERANCE = 1e-9
STEP_DAYS = 0.001  # of the game behind `Standoff.solve`
PATIENCE = 0.5  # of the daily game of attrition: any factor gives the same equilibria


@dataclass(frozen=True)
class HoldingOut(Displayed):
    """The equilibrium in which both hold out for random times.

    Attributes
    ----------
    hazards : tuple of float
        Rate at which side 1, and side 2, gives in, per day.
    mean_days : float
        Expected length.
    quit_daily : tuple of float
        Chance that each gives in on a day, in the daily version.
    first_gives_in : float
        Chance that side 1 is the one that gives in.
    equilibria : int or None
        Stationary equilibria of the game in days or steps, all of them; None in closed form.
    method : str
    status : Status
    certificate : Checks
    """

    hazards: tuple[float, float]
    mean_days: float
    quit_daily: tuple[float, float]
    first_gives_in: float
    equilibria: int | None
    method: str
    status: Status
    certificate: Checks

    def __repr__(self) -> str:
        h = ", ".join(f"{x:.8g}" for x in self.hazards)
        q = ", ".join(f"{x:.8g}" for x in self.quit_daily)
        found = "" if self.equilibria is None else f"; {self.equilibria} stationary equilibria"
        return (
            f"hazards {h} per day, mean length {self.mean_days:.8g} days; chance to give in on a "
            f"day {q}{found}; {self.method}; {self.status}"
        )


@dataclass(frozen=True)
class Attrition(Model):
    r"""Two sides fight on until one gives in; the other takes the prize.

    Side i values the prize at v_i and pays c_i a day. In the equilibrium without a date each gives
    in at the rate that makes the *other* indifferent,

    .. math:: h_1 = c_2 / v_2, \qquad h_2 = c_1 / v_1, \qquad E[T] = 1 / (h_1 + h_2),

    and in the daily version with chance ``q_1 = c_2 / (v_2 + c_2)``. In two others one side gives
    in at once and the other never.

    Parameters
    ----------
    values, costs : tuple of two numbers
        v_i, utils, and c_i, utils a day, all above 0.

    Notes
    -----
    *Captures:* two sides that could both stop and wait for the other to do so.
    *Leaves out:* odds that move with the fighting (`WarLadder`), types that never give in
    (`ObstinateTypes`).

    *Traps.* The side with more at stake gives in *faster*: its hazard keeps the other indifferent.

    References
    ----------
    J. Maynard Smith (1974), Journal of Theoretical Biology 47:209-221. K. Hendricks, A. Weiss and
    C. Wilson (1988), International Economic Review 29:663-680. THEORY.md H3.

    Examples
    --------
    >>> Attrition(values=(10, 5), costs=(1, 1)).closed_form()
    hazards 0.2, 0.1 per day, mean length 3.3333333 days; chance to give in on a day 0.16666667, ...
    """

    values: tuple[Number, Number]
    costs: tuple[Number, Number]

    def __post_init__(self) -> None:
        for name in ("values", "costs"):
            given = getattr(self, name)
            if not isinstance(given, tuple) or len(given) != 2:
                raise ArgumentError(name, given, "two numbers above 0")
            for i, value in enumerate(given):
                checked(f"{name}[{i}]", value, 0, math.inf, "a number above 0")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> Attrition:
        """The pool is the prize: its worth to the pausing state, its retention value to the captor.

        Side 1 is the captor, whose day of war costs the day of pause it forgoes; side 2 the pausing
        state, whose day of war costs the captives that a day would free, less the day's cost (at
        least a thousandth of what they are worth).
        """
        from ceasefire.bargaining._windows import require_gain, require_worth
        from ceasefire.truce.payoffs import release_loss

        p = scenario.symbols()
        require_worth(p)
        require_gain(p)
        kept = max(float(release_loss(p, p.W0, p.W0)), 1e-6)
        freed = max(p.v * p.x - p.k0, 1e-3 * p.v * p.x)
        return cls((kept, p.v * p.W0), (p.g, freed))

    def closed_form(self) -> HoldingOut:
        """The formulas above."""
        (v1, v2), (c1, c2) = self._numbers()
        daily = (c2 / (v2 + c2), c1 / (v1 + c1))
        return self._described((c2 / v2, c1 / v1), daily, None, "closed form")

    def solve(self) -> HoldingOut:
        """All stationary equilibria of the daily game; hazards are its odds of giving in."""
        from ceasefire.solvers import markov_perfect

        found = markov_perfect(self.game())
        q1, q2 = _inner([_chances(one) for one in found])
        hazards = (q1 / (1 - q1), q2 / (1 - q2))
        return self._described(hazards, (q1, q2), len(found), "stationary equilibria by the day")

    def game(self) -> StochasticGame:
        """Every day both fight on or give in; giving in ends it, the prize goes to who did not."""
        from ceasefire.games import Outcome, StateGame, StochasticGame

        values, costs = [tuple(map(exact, pair)) for pair in (self.values, self.costs)]

        def outcome(first: str, second: str) -> Outcome:
            if first == second == "fight on":
                return Outcome((-costs[0], -costs[1]), "war")
            prizes = [
                v if (own, other) == ("fight on", "give in") else 0
                for v, own, other in ((values[0], first, second), (values[1], second, first))
            ]
            return Outcome(tuple(prizes), None)

        acts = {"1": ["fight on", "give in"], "2": ["fight on", "give in"]}
        return StochasticGame.from_rules(
            "war", lambda _: StateGame(acts, outcome), players=("1", "2"), discount=exact(PATIENCE),
            title="attrition",
        )  # fmt: skip

    def table(self) -> pd.DataFrame:
        """Hazards and mean length as side 2's stake varies from a fifth of it to five times."""
        import pandas as pd

        rows = []
        for part in np.geomspace(0.2, 5, 41):
            one = self.replace(values=(self.values[0], float(self.values[1]) * float(part)))
            found = one.closed_form()
            rows.append((float(one.values[1]), *found.hazards, found.mean_days))
        return pd.DataFrame(rows, columns=["value_2", "hazard_1", "hazard_2", "mean_days"])

    def answer(self) -> str:
        """How long, and who gives in."""
        found = self.closed_form()
        return (
            f"Both hold out for random times: {found.mean_days:.1f} days on average; side 1 is the "
            f"one to give in with chance {found.first_gives_in:.2f}. Each gives in at the rate "
            "that keeps the other indifferent."
        )

    def _numbers(self) -> tuple[tuple[float, float], tuple[float, float]]:
        (v1, v2), (c1, c2) = self.values, self.costs
        return (float(v1), float(v2)), (float(c1), float(c2))

    def _described(
        self, hazards: tuple[float, float], daily: tuple[float, float], count: int | None,
        method: str,
    ) -> HoldingOut:  # fmt: skip
        values, costs = self._numbers()
        off = 0.0
        for i in (0, 1):  # a plan to quit after t days is worth nothing, whatever t
            h, v, c = hazards[1 - i], values[i], costs[i]
            for t in (0.5, 2.0, 10.0):
                won, paid = v * -math.expm1(-h * t), c * -math.expm1(-h * t) / h
                off = max(off, abs(won - paid) / v)
        checks = Checks({"worth of holding out for a given time": off}, TOLERANCE)
        total = sum(hazards)
        status = Status.OK if checks.passed else Status.EXPLOITABLE
        return HoldingOut(
            hazards, 1 / total, daily, hazards[0] / total, count, method, status, checks
        )


@dataclass(frozen=True)
class Standoff(Model):
    r"""Two deals are on the table, each better for one side; both can be enforced.

    A deal is worth a flow a to the side it favours and b < a to the other; a standoff costs c a
    day each; both discount at rate r. Either side holds out for its own deal and concedes at rate

    .. math:: h = r (b + c) / (a - b), \qquad E[T] = (a - b) / (2 r (b + c)),

    so that **a longer shadow of the future delays agreement**: it raises what is at stake.

    Parameters
    ----------
    better, worse : float or Fraction
        a > b, utils a day.
    cost : float or Fraction
        c, utils a day, with ``b + c > 0``.
    rate_per_day : float or Fraction
        r > 0.

    Notes
    -----
    *Captures:* terms that will be kept once agreed are worth holding out for: five weeks over the
    number of days and names. *Leaves out:* enforcement itself (the truce model), splits between the
    two deals.

    *Traps.* The hazard comes from continuous time: a game in days gives other numbers, a game in
    ever smaller steps the same.

    References
    ----------
    J. Fearon (1998), "Bargaining, enforcement, and international cooperation", International
    Organization 52:269-305, in this form. THEORY.md H4.

    Examples
    --------
    >>> round(Standoff(3, 1, 0.5, rate_per_day=0.1).closed_form().mean_days, 8)
    6.66666667
    """

    better: Number
    worse: Number
    cost: Number
    rate_per_day: Number

    def __post_init__(self) -> None:
        for name in ("better", "worse", "cost"):
            checked(name, getattr(self, name), -math.inf, math.inf, "a finite number, utils a day")
        if not self.better > self.worse:
            raise ArgumentError("better", self.better, f"above worse, {float(self.worse):g}")
        if not self.worse + self.cost > 0:
            raise ArgumentError("cost", self.cost, "such that worse + cost is above 0")
        checked("rate_per_day", self.rate_per_day, 0, 10, "a number above 0, below 10")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> Standoff:
        """Two terms for the first block that differ by a quarter of a day's worth.

        Flows are the mean of both sides: the worse deal is worth a day at the clause's price, the
        better one a quarter of the mean of ``g`` and ``k0`` more; a standoff costs nothing but
        time. The difference is assumed.
        """
        from ceasefire.bargaining._windows import require_gain, require_worth

        p = scenario.symbols()
        require_worth(p)
        require_gain(p)
        if p.v * p.x <= p.k0:
            hint = "a day at the clause's price is worth nothing to the pausing state: no deal is"
            raise ArgumentError(
                "pausing_state.day_cost_base", p.k0,
                f"below the worth of a day's captives, {p.v * p.x:g}", hint,
            )  # fmt: skip
        day, base = (p.g + abs(p.k0)) / 2, (p.v * p.x - p.k0) / 2
        rate = min(max((p.r_C + p.r_D) / 2, 1e-4), 9.0)
        return cls(better=base + day / 4, worse=base, cost=0.0, rate_per_day=rate)

    def closed_form(self) -> HoldingOut:
        """The formulas above."""
        a, b, c, r = map(exact, (self.better, self.worse, self.cost, self.rate_per_day))
        return self._described(float(r * (b + c) / (a - b)), None, "closed form")

    def solve(self, *, step_days: float = STEP_DAYS) -> HoldingOut:
        """By the game in steps of `step_days`: the error falls in proportion to the step.

        Richardson's extrapolation from two steps removes that first order.
        """
        from ceasefire.solvers import markov_perfect

        checked("step_days", step_days, 0, 10, "days above 0, below 10")
        rates, count = [], 0
        for step in (step_days, step_days / 2):
            found = markov_perfect(self.game(step_days=step))
            quits, _ = _inner([_chances(one) for one in found])
            rates.append(-math.log1p(-quits) / step)
            count = len(found)
        return self._described(2 * rates[1] - rates[0], count, "the game in small steps")

    def game(self, *, step_days: float = STEP_DAYS) -> StochasticGame:
        """In steps: hold out or concede; who concedes gets b for ever, the other a."""
        from ceasefire.games import Outcome, StateGame, StochasticGame

        a, b, c, r = map(float, (self.better, self.worse, self.cost, self.rate_per_day))
        kept = math.exp(-r * step_days)
        flow = (1 - kept) / r  # what a flow of 1 over a step is worth

        def outcome(first: str, second: str) -> Outcome:
            if first == second == "hold out":
                return Outcome((-c * flow, -c * flow), "standoff")
            if first == second:
                return Outcome(((a + b) / 2 / r,) * 2, None)
            return Outcome((b / r, a / r) if first == "concede" else (a / r, b / r), None)

        acts = {"1": ["hold out", "concede"], "2": ["hold out", "concede"]}
        return StochasticGame.from_rules(
            "standoff", lambda _: StateGame(acts, outcome), players=("1", "2"), discount=kept,
            title="standoff over two deals",
        )  # fmt: skip

    def table(self) -> pd.DataFrame:
        """Mean delay against the rate at which the future is discounted."""
        import pandas as pd

        rows = [
            (float(r), self.replace(rate_per_day=float(r)).closed_form().mean_days)
            for r in np.geomspace(0.2, 5, 41) * float(self.rate_per_day)
            if r < 10
        ]
        return pd.DataFrame(rows, columns=["rate_per_day", "mean_days"])

    def answer(self) -> str:
        """The mean delay, and what patience does to it."""
        found = self.closed_form()
        return (
            f"The standoff lasts {found.mean_days:.1f} days on average; with half the discount "
            f"rate, when the terms matter for longer, it would last {2 * found.mean_days:.1f}."
        )

    def _described(self, hazard: float, count: int | None, method: str) -> HoldingOut:
        a, b, c, r = map(float, (self.better, self.worse, self.cost, self.rate_per_day))
        off = 0.0
        for t in (0.5, 2.0, 10.0):  # conceding after t is worth b/r, whatever t
            gone = math.exp(-(hazard + r) * t)
            spent = (1 - gone) / (hazard + r)
            worth = hazard * (a / r) * spent - c * spent + gone * b / r
            off = max(off, abs(worth - b / r) * r / (a - b + abs(c)))
        loose = 1e-6 if count is not None else TOLERANCE
        checks = Checks({"worth of conceding after a given time": off}, loose)
        daily = -math.expm1(-hazard)
        status = Status.OK if checks.passed else Status.EXPLOITABLE
        return HoldingOut(
            (hazard, hazard), 1 / (2 * hazard), (daily, daily), 0.5, count, method, status, checks
        )


def _chances(one: MarkovEquilibrium) -> tuple[float, float]:
    """Chances of the second action of both players in the first state."""
    return float(one.strategy(0, 0)[1]), float(one.strategy(0, 1)[1])


def _inner(chances: list[tuple[float, float]]) -> tuple[float, float]:
    """The equilibrium in which both mix."""
    for pair in chances:
        if min(pair) > 0 and max(pair) < 1:
            return pair
    raise SolveError("no equilibrium found in which both mix: payoffs lie too far apart", chances)
