"""Compliance seen through noise: trigger regimes, the best public equilibrium, inspectors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.bargaining._staged import Number, checked, exact
from ceasefire.bargaining._words import counted
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.status import Status
from ceasefire.tolerances import EXPLOITABILITY

if TYPE_CHECKING:
    import pandas as pd

    from ceasefire.games import NormalForm, PublicSignals, RepeatedGame
    from ceasefire.truce import Scenario

HOURS = 24
ACTIONS = ("comply", "breach")
SIGNALS = ("quiet", "incident")
REPORTS = ("quiet", "blames 1", "blames 2")
COMPLY, BREACH = "comply, comply", "breach, breach"
BLIND_HOURS = 6.0  # a day without surveillance flights, as reported of the deal; see data sets
QUIET_IN_PEACE, QUIET_IN_BREACH = 0.9, 0.5  # assumed
MOST_DAYS = 2000

EPSILON = 2.0**-52  # of floats


@dataclass(frozen=True)
class Watched(Displayed):
    """What can be kept up under noise.

    Attributes
    ----------
    trigger_value : float
        Per-day payoff of either side in the trigger regime; 0 where none holds.
    trigger_days : float
        Days of its punishment: inf for ever, nan where no regime holds.
    slack : float
        By how much its incentive holds, utils a day; negative where it does not.
    best_value : float
        Per-day payoff in the best symmetric public equilibrium with a public lottery.
    least_discount : float
        Least discount factor at which that equilibrium complies at all; nan where none does.
    method : str
    status : Status
    certificate : Checks
    """

    trigger_value: float
    trigger_days: float
    slack: float
    best_value: float
    least_discount: float
    method: str
    status: Status
    certificate: Checks

    def __repr__(self) -> str:
        days = "for ever" if math.isinf(self.trigger_days) else counted(self.trigger_days, "day")
        kept = "no trigger regime holds" if math.isnan(self.trigger_days) else (
            f"{days} of punishment worth {self.trigger_value:.8f} a day, slack {self.slack:.8f}"
        )  # fmt: skip
        return (
            f"{kept}; best symmetric {self.best_value:.8f}, from a discount factor of "
            f"{self.least_discount:.8f} on; {self.method}; {self.status}"
        )


@dataclass(frozen=True)
class NoisySurveillance(Model):
    r"""Breaches are seen only through a public signal, and it can be wrong.

    A day on which both comply is worth u, a day without a pause 0; a breach gains d at once. The
    day is seen as quiet with chance p, after a breach with chance q < p. An incident is answered by
    T days without a pause. Then

    .. math:: V = \frac{(1-\delta) u}{1 - \delta p - (1-p) \delta^{T+1}}, \qquad
       \delta (p-q)(1-\delta^T) V \ge (1-\delta) d .

    No other symmetric public equilibrium pays more than ``u - d (1-p)/(p-q)``, whatever delta, and
    it is reached from ``delta = d / (p d + (p-q) u)`` on: punishments that follow false alarms are
    the price of deviators that cannot be told apart.

    Parameters
    ----------
    reward, gain : float or Fraction
        u > 0 and d > 0, utils a day.
    quiet_in_peace, quiet_in_breach : float or Fraction
        p and q, ``0 < q < p <= 1``, when the watch is whole.
    discount_per_day : float or Fraction
        In (0, 1).
    blind_hours : float
        Hours a day without a watch, in [0, 24): then a signal is as good as the toss of a coin, so
        that signals swap with chance ``blind_hours / 48``.
    punishment_days : int or None
        T; None for the length that is worth most.

    Notes
    -----
    *Captures:* a pause watched from the air for part of the day; what an hour of surveillance is
    worth to both sides, and how long the answer to an incident should be. *Leaves out:* signals
    that name who broke the pause (`Inspectors`), private observations, the finite stock.

    *Traps.* Punishments last whole days: a little more noise can make the best trigger regime
    better, never the best public equilibrium (Kandori 1992). Longer punishments deter more and cost
    more: the shortest that deters is best.

    References
    ----------
    E. Green and R. Porter (1984), Econometrica 52:87-100. D. Abreu, D. Pearce and E. Stacchetti
    (1986), Journal of Economic Theory 39:251-269. R. Radner, R. Myerson and E. Maskin (1986),
    Review of Economic Studies 53:59-69. M. Kandori (1992), Review of Economic Studies 59:581-593.
    THEORY.md G5.

    Examples
    --------
    >>> NoisySurveillance(2, 1, 0.9, 0.5, 0.95, blind_hours=0, punishment_days=5).closed_form()
    5 days of punishment worth 1.39878117 a day, slack 0.07024377; best symmetric 1.75000000, ...
    """

    reward: Number
    gain: Number
    quiet_in_peace: Number
    quiet_in_breach: Number
    discount_per_day: Number
    blind_hours: float = 0.0
    punishment_days: int | None = None

    def __post_init__(self) -> None:
        checked("reward", self.reward, 0, math.inf, "a number above 0, utils a day")
        checked("gain", self.gain, 0, math.inf, "a number above 0, utils")
        checked("quiet_in_peace", self.quiet_in_peace, 0, 1 + 1e-15, "a chance above 0")
        allowed = "a chance above 0 and below quiet_in_peace"
        checked("quiet_in_breach", self.quiet_in_breach, 0, float(self.quiet_in_peace), allowed)
        checked("discount_per_day", self.discount_per_day, 0, 1, "a number above 0 and below 1")
        checked("blind_hours", self.blind_hours, -1e-300, HOURS, "hours from 0 to below 24")
        days = self.punishment_days
        if days is not None and (isinstance(days, bool) or not isinstance(days, int) or days < 1):
            raise ArgumentError("punishment_days", days, "a whole number from 1, or None: the best")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> NoisySurveillance:
        """A day at the clause price, in the mean of both sides' utils.

        u is the mean of ``g - c x`` (c the mean retention value) and ``v x - k0``, d the mean of
        ``c x`` and ``k0``. The watch pauses six hours a day, as reported; p = .9, q = .5 are
        assumed.
        """
        from ceasefire.bargaining._windows import daily_discount

        u, d = daily_stakes(scenario)
        delta = daily_discount(scenario.symbols()) or 0.5  # an incident for sure: half, assumed
        return cls(u, d, QUIET_IN_PEACE, QUIET_IN_BREACH, delta, blind_hours=BLIND_HOURS)

    @property
    def signal(self) -> tuple[float, float]:
        """Chances of a quiet day in peace and after a breach, with the blind hours."""
        return tuple(map(float, self._signal()))  # type: ignore[return-value]

    def closed_form(self) -> Watched:
        """The formulas above; the best T is the least that deters."""
        p, q, u, d, delta = self._numbers()
        days = self._best_days() if self.punishment_days is None else float(self.punishment_days)
        value = slack = math.nan
        if not math.isnan(days):
            value = (1 - delta) * u / (1 - delta * p - (1 - p) * delta ** (days + 1))
            slack = delta * (p - q) * (1 - delta**days) * value - (1 - delta) * d
        least = d / (p * d + (p - q) * u)
        top = u - d * (1 - p) / (p - q)
        best = top if top > 0 and delta >= least else 0.0
        if top <= 0:
            least = math.nan
        return self._described(value, days, slack, best, least, "closed form")

    def solve(self) -> Watched:
        """By the solvers of trigger regimes and of strongly symmetric equilibria."""
        from ceasefire.solvers import (
            best_trigger,
            strongly_symmetric,
            symmetric_critical_discount,
            trigger_regime,
        )

        game = self.game()
        how = {"cooperate": COMPLY, "punish": BREACH, "bad_signals": ["incident"]}
        if self.punishment_days is None:
            found = best_trigger(game, most_days=MOST_DAYS, **how)
        else:
            found = trigger_regime(game, days=self.punishment_days, **how)
        days = math.inf if found.days is None else float(found.days)
        if found.status is Status.NO_EQUILIBRIUM:
            days = math.nan
        top = strongly_symmetric(game)
        least = symmetric_critical_discount(game.stage, action="comply", monitoring=game.monitoring)
        value = float(found.payoffs[0]) if not math.isnan(days) else math.nan
        slack = float(found.slack[0]) if not math.isnan(days) else math.nan
        return self._described(
            value, days, slack, top.high, least, "trigger regimes; strongly symmetric equilibria"
        )

    def game(self) -> RepeatedGame:
        """The day as a stage game with public signals; a breach on both sides is the war of 0."""
        from ceasefire.games import PublicSignals, RepeatedGame

        p, q = self._signal()
        quiet = [[p, q], [q, q]]
        law: Any = [[[x, 1 - x] for x in row] for row in quiet]
        return RepeatedGame(
            symmetric_day(self.reward, self.gain), exact(self.discount_per_day),
            PublicSignals(law, list(SIGNALS)),
        )  # fmt: skip

    def table(self) -> pd.DataFrame:
        """Best trigger regime and best symmetric equilibrium against the hours without a watch."""
        import pandas as pd

        rows = []
        for hours in np.linspace(0, 20, 41):
            one = self.replace(blind_hours=float(hours), punishment_days=None).closed_form()
            trigger = 0.0 if math.isnan(one.trigger_value) else one.trigger_value
            days = one.trigger_days if math.isfinite(one.trigger_days) else math.nan
            rows.append((float(hours), trigger, days, one.best_value))
        columns = ["blind_hours", "trigger_value", "trigger_days", "best_value"]
        return pd.DataFrame(rows, columns=columns)

    def answer(self) -> str:
        """What the watch keeps, and what the blind hours cost."""
        here = self.closed_form()
        whole = self.replace(blind_hours=0.0).closed_form()
        if here.best_value <= 0:
            return (
                f"With {self.blind_hours:g} blind hours a day nobody complies: the watch is too "
                f"poor (with a whole watch a day would be worth {whole.best_value:.3f} of "
                f"{float(self.reward):.3f})."
            )
        days = (
            "for ever"
            if math.isinf(here.trigger_days)
            else (f"for {counted(here.trigger_days, 'day')}")
        )
        trigger = (
            "no trigger regime holds" if math.isnan(here.trigger_days)
            else f"an incident is best answered {days}, worth {here.trigger_value:.3f} a day"
        )  # fmt: skip
        return (
            f"With {self.blind_hours:g} blind hours a day {trigger}; at most {here.best_value:.3f} "
            f"of {float(self.reward):.3f} can be kept at all, {whole.best_value:.3f} with a whole "
            "watch."
        )

    def _signal(self) -> tuple[Fraction, Fraction]:
        swap = exact(self.blind_hours) / (2 * HOURS)
        p, q = exact(self.quiet_in_peace), exact(self.quiet_in_breach)
        return p * (1 - swap) + (1 - p) * swap, q * (1 - swap) + (1 - q) * swap

    def _numbers(self) -> tuple[float, float, float, float, float]:
        p, q = self.signal
        return p, q, float(self.reward), float(self.gain), float(self.discount_per_day)

    def _best_days(self) -> float:
        """The least T that deters: ``delta^T`` where the incentive is an equality, rounded up."""
        p, q, u, d, delta = self._numbers()
        # with y = delta^T: delta (p-q) (1-y) u >= d (1 - delta p - (1-p) delta y)
        room = delta * (p - q) * u - d * (1 - delta * p)
        slope = delta * (p - q) * u - d * (1 - p) * delta
        if room < 0 or slope <= 0:
            return math.nan
        most = room / slope
        if most <= 0:
            return math.inf
        days = math.ceil(math.log(most) / math.log(delta) - 1e-9)
        return float(max(days, 1)) if days <= MOST_DAYS else math.inf

    def _described(
        self, value: float, days: float, slack: float, best: float, least: float, method: str
    ) -> Watched:
        walked = 0.0
        if not math.isnan(days):
            walked = abs(self._walked(days) - value) / float(self.reward)
        found = not math.isnan(days)
        holds = found and slack >= -EXPLOITABILITY * float(self.gain)
        checks = Checks(
            {"trigger value by summing over the days": walked,
             "trigger above the best symmetric": max(value - best, 0.0) if holds else 0.0},
            # worths a day are quotients by 1 - delta, which carry its rounding
            1e-9 + 16 * EPSILON / (1 - float(self.discount_per_day)),
        )  # fmt: skip
        status = Status.OK if best > 0 else Status.NO_DEAL
        fine = status if checks.passed else Status.EXPLOITABLE
        return Watched(
            value if found else 0.0, days, slack, max(best, 0.0), least, method, fine, checks
        )

    def _walked(self, days: float) -> float:
        """The value of the regime as a renewal: expected discounted days of pause over all days."""
        p, _, u, _, delta = self._numbers()
        away = 0.0 if math.isinf(days) else delta**days
        # from a day of pause: u now, then pause again, or `days` days at 0 first
        states = np.array([[1 - delta * p, -delta * (1 - p)], [-away, 1.0]])
        return float((1 - delta) * np.linalg.solve(states, [u, 0.0])[0])


@dataclass(frozen=True)
class Told(Displayed):
    """What inspectors are worth as patience grows.

    Attributes
    ----------
    limit_value : float
        The largest mean payoff of public equilibria as delta goes to 1, utils a day.
    anonymous_value : float
        The same where reports do not say who it was.
    failing : tuple of str
        Profiles at which the laws after either side's breach cannot be told apart.
    method : str
    status : Status
    certificate : Checks
    """

    limit_value: float
    anonymous_value: float
    failing: tuple[str, ...]
    method: str
    status: Status
    certificate: Checks

    def __repr__(self) -> str:
        where = f"cannot tell breaches apart at {'; '.join(self.failing)}" if self.failing else (
            "breaches can be told apart at every profile"
        )  # fmt: skip
        return (
            f"patient players keep {self.limit_value:.8f} a day ({self.anonymous_value:.8f} "
            f"without names); {where}; {self.method}; {self.status}"
        )


@dataclass(frozen=True)
class Inspectors(Model):
    r"""A report that names who broke the pause, rightly with chance ``(1 + a) / 2``.

    As `NoisySurveillance`, but an incident comes with a name. With ``a = 0`` the name is a coin:
    the laws after either side's breach are the same, pairwise full rank fails at mutual compliance,
    and even patient players keep no more than ``u - d (1-p)/(p-q)``. With any ``a > 0`` who is
    blamed can be made to pay the other, in future concessions of ``d / ((1-q) a)``: nothing is
    burnt, and the bound is u.

    Parameters
    ----------
    reward, gain : float or Fraction
        u and d, utils a day.
    quiet_in_peace, quiet_in_breach : float or Fraction
        p and q, ``0 < q < p <= 1``.
    accuracy : float or Fraction
        a in [0, 1].

    Notes
    -----
    *Captures:* monitors with a mandate to say who it was, against a hotline that only counts
    incidents. *Leaves out:* bias of the inspectors (`BiasedReporter`), a given patience: the limit
    is a bound at every discount factor, and the smaller a, the later it is approached.

    *Traps.* The limit jumps at ``a = 0``. ``p = 1`` costs nothing at any a: there are no false
    alarms.

    References
    ----------
    D. Fudenberg, D. Levine and E. Maskin (1994), "The folk theorem with imperfect public
    information", Econometrica 62:997-1039. THEORY.md G6.

    Examples
    --------
    >>> Inspectors(2, 1, 0.9, 0.5, accuracy=0).closed_form().limit_value
    1.75
    >>> Inspectors(2, 1, 0.9, 0.5, accuracy=0.2).closed_form().limit_value
    2.0
    """

    reward: Number
    gain: Number
    quiet_in_peace: Number
    quiet_in_breach: Number
    accuracy: Number

    def __post_init__(self) -> None:
        NoisySurveillance(
            self.reward, self.gain, self.quiet_in_peace, self.quiet_in_breach, 0.5
        )  # the same conditions
        checked("accuracy", self.accuracy, -1e-300, 1 + 1e-15, "a number from 0 to 1")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> Inspectors:
        """As `NoisySurveillance.from_scenario`; names are right in three cases of four: assumed."""
        u, d = daily_stakes(scenario)
        return cls(u, d, QUIET_IN_PEACE, QUIET_IN_BREACH, Fraction(1, 2))

    def closed_form(self) -> Told:
        """The two bounds; the failing profile is that of mutual compliance, or none."""
        p, q, u, d = map(exact, (self.quiet_in_peace, self.quiet_in_breach, self.reward, self.gain))
        anonymous = float(max(u - d * (1 - p) / (p - q), Fraction(0)))
        value = float(u) if self.accuracy > 0 else anonymous
        failing = () if self.accuracy > 0 else tuple(self._apart())
        return self._described(value, anonymous, failing, "closed form")

    def solve(self) -> Told:
        """By linear programs over directions, and the ranks of the laws of signals."""
        from ceasefire.solvers import limit_payoff_set

        told, blind = limit_payoff_set(self.game()), limit_payoff_set(self.game(accuracy=0))
        values = [max(found.support([0.5, 0.5]), 0.0) for found in (told, blind)]
        return self._described(
            values[0], values[1], tuple(self._apart()), told.method,
            max(told.certificate, blind.certificate),
        )  # fmt: skip

    def game(self, *, accuracy: Number | None = None) -> RepeatedGame:
        """The day with three public signals: quiet, blames 1, blames 2."""
        from ceasefire.games import RepeatedGame

        stage = symmetric_day(self.reward, self.gain)
        return RepeatedGame(stage, Fraction(9, 10), self._signals(accuracy))

    def table(self) -> pd.DataFrame:
        """What patient players keep, with names and without, against the quality of the watch."""
        import pandas as pd

        p, rows = float(self.quiet_in_peace), []
        for q in np.linspace(0.02, 0.98 * p, 40):
            one = self.replace(quiet_in_breach=float(q)).closed_form()
            rows.append((float(q), one.limit_value, one.anonymous_value))
        return pd.DataFrame(rows, columns=["quiet_in_breach", "with_names", "without_names"])

    def answer(self) -> str:
        """What names are worth."""
        found = self.closed_form()
        right = (1 + float(self.accuracy)) / 2
        return (
            f"Reports that name the right side in {right:.0%} of cases let patient parties keep "
            f"{found.limit_value:.3f} a day; without names they keep {found.anonymous_value:.3f}, "
            "because false alarms then have to be punished on both."
        )

    def _signals(self, accuracy: Number | None = None) -> PublicSignals:
        from ceasefire.games import PublicSignals

        p, q = exact(self.quiet_in_peace), exact(self.quiet_in_breach)
        a = exact(self.accuracy if accuracy is None else accuracy)
        right, wrong, even = (1 + a) / 2, (1 - a) / 2, Fraction(1, 2)

        def law(quiet: Fraction, first: Fraction) -> list[Fraction]:
            return [quiet, (1 - quiet) * first, (1 - quiet) * (1 - first)]

        table: Any = [[law(p, even), law(q, wrong)], [law(q, right), law(q * q / p, even)]]
        return PublicSignals(table, list(REPORTS))

    def _apart(self) -> list[str]:
        from ceasefire.solvers import rank_conditions

        found = rank_conditions(self.game()).at("comply", "comply")
        return [str(condition) for condition in found if "fails" in str(condition)]

    def _described(
        self, value: float, anonymous: float, failing: tuple[str, ...], method: str,
        dual: float = 0.0,
    ) -> Told:  # fmt: skip
        scale = float(self.reward) + 2 * float(self.gain)
        above = (max(value, anonymous) - float(self.reward)) / scale
        checks = Checks(
            {"above what both get in peace": above,
             "below what anonymous reports keep": (anonymous - value) / scale,
             "violation of dual proofs": dual},
            1e-7,
        )  # fmt: skip
        status = Status.OK if value > 0 else Status.NO_DEAL
        fine = status if checks.passed else Status.EXPLOITABLE
        return Told(value, anonymous, failing, method, fine, checks)


def daily_stakes(scenario: Scenario) -> tuple[float, float]:
    """Mean of both sides: a day of mutual compliance, and the gain from a breach; utils."""
    from ceasefire.bargaining.compliance import day_payoffs

    sides = day_payoffs(scenario)
    reward = sum(float(side[1]) for side in sides) / 2
    return reward, sum(float(side[0] - side[1]) for side in sides) / 2


def symmetric_day(reward: Number, gain: Number) -> NormalForm:
    """Stage game: comply or breach; a breach alone gains d and costs the other as much again."""
    from ceasefire.games import NormalForm

    u, d = exact(reward), exact(gain)
    A: Any = [[u, -d], [u + d, Fraction(0)]]
    B: Any = [[u, u + d], [-d, Fraction(0)]]
    return NormalForm.bimatrix(A, B, actions=[list(ACTIONS)] * 2)
