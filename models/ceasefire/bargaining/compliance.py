"""Day-by-day compliance: which punishment keeps a pause when every breach is seen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.bargaining._staged import Number, checked, exact
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.status import Status
from ceasefire.tolerances import DISCOUNT_XTOL

if TYPE_CHECKING:
    import pandas as pd

    from ceasefire.games import RepeatedGame
    from ceasefire.truce import Scenario

    Day = tuple[Number, Number, Number, Number]

PLAYERS = ("captor", "pausing state")
ACTIONS = ("comply", "breach")
COMPLY = ("comply", "comply")
NAMES = ("temptation", "reward", "punishment", "sucker")
MOST_DAYS = 200  # of a punishment that `days_needed` tries


@dataclass(frozen=True)
class Compliance(Displayed):
    """What keeps mutual compliance.

    Attributes
    ----------
    critical_discount : float
        Least chance that the pause lives to the next day, times patience, at which both comply;
        1 where only that is enough, above any discount factor; nan where not even that.
    held : float
        The discount factor held.
    binding : tuple of str
        Who needs it that high.
    days_needed : float
        Least days of reversion that keep compliance at `held`; inf where no number does.
    method : str
    status : Status
        `NEVER` where no discount factor below 1 is enough.
    certificate : Checks
    """

    critical_discount: float
    held: float
    binding: tuple[str, ...]
    days_needed: float
    method: str
    status: Status
    certificate: Checks

    @property
    def complies(self) -> bool:
        """Whether mutual compliance is an equilibrium at the discount factor held."""
        return self.status is not Status.NEVER and self.held >= self.critical_discount

    def __repr__(self) -> str:
        who = f" (binds {', '.join(self.binding)})" if self.binding else ""
        days = "no number" if math.isinf(self.days_needed) else f"{self.days_needed:g}"
        return (
            f"both comply from a discount factor of {self.critical_discount:.9g}{who}, held "
            f"{self.held:.6g}; days of punishment needed there: {days}; {self.method}; "
            f"{self.status}"
        )


@dataclass(frozen=True)
class DailyCompliance(Model):
    r"""Every day both comply or breach, and a breach is answered by days without a pause.

    With ``R`` a day of mutual compliance, ``T`` a day of own breach, ``P`` a day without a pause
    and ``S`` a day of the other's breach, side i keeps complying under reversion for ever, or for n
    days, if and only if

    .. math:: \delta \ge \frac{T_i - R_i}{T_i - P_i}, \qquad
       (R_i - P_i)(\delta + \dots + \delta^n) \ge T_i - R_i .

    With payments between the two (prisoners as the balancing payment) only sums count: the side
    with slack pays the one that is tempted,

    .. math:: (1-\delta) \sum_i (T_i - R_i) \le \delta \sum_i (R_i - P_i).

    Parameters
    ----------
    captor, pausing_state : tuple of four numbers
        ``(T, R, P, S)``, utils a day, with ``R > P > S``.
    discount_per_day : float or Fraction
        In [0, 1): the chance that the pause is not ended by an incident, times patience.
    punishment : "grim", "optimal" or int
        Reversion for ever, the harshest equilibrium, or reversion for so many days.
    transfers : bool
        Whether the two can pay each other.

    Notes
    -----
    *Captures:* what holds a pause together from one day to the next when nothing is hidden:
    patience, the hazard of incidents, how long a breach is answered. *Leaves out:* the finite stock
    (`Instalments`, the truce itself), breaches that are not seen for sure (`NoisySurveillance`).

    *Traps.* With one day of punishment and ``T - R >= R - P`` no discount factor below 1 is enough;
    n days serve only if ``n (R - P) > T - R``. If ``R >= T`` the threshold is 0, and days without a
    pause remain an equilibrium too. Here P is also what either side can guarantee itself, so the
    harshest punishment is reversion for ever.

    References
    ----------
    J. Friedman (1971), Review of Economic Studies 38:1-12. D. Abreu (1988), Econometrica
    56:383-396. J. Levin (2003), American Economic Review 93:835-857, with transfers. S. Goldluecke
    and S. Kranz (2012), Journal of Economic Theory 147:2191-2221. THEORY.md G1, G7.

    Examples
    --------
    >>> model = DailyCompliance((5, 3, 1, 0), (5, 3, 1, 0), discount_per_day=0.9, punishment=2)
    >>> model.closed_form()
    both comply from a discount factor of 0.618033989 (binds captor, pausing state), held 0.9; ...
    >>> DailyCompliance((5, 4, 1, 0), (4, 1, 0.5, 0), 0.9, transfers=True).solve().critical_discount
    0.5333333333333333
    """

    captor: tuple[Number, Number, Number, Number]
    pausing_state: tuple[Number, Number, Number, Number]
    discount_per_day: Number
    punishment: str | int = "grim"
    transfers: bool = False

    def __post_init__(self) -> None:
        for who in ("captor", "pausing_state"):
            given = getattr(self, who)
            if not isinstance(given, tuple) or len(given) != len(NAMES):
                raise ArgumentError(who, given, "four numbers: " + ", ".join(NAMES))
            for name, value in zip(NAMES, given, strict=True):
                checked(f"{who}.{name}", value, -math.inf, math.inf, "a finite number, utils a day")
            if not given[1] > given[2] > given[3]:
                raise ArgumentError(who, tuple(map(float, given)), "reward > punishment > sucker")
        checked("discount_per_day", self.discount_per_day, -1e-300, 1, "a number from 0 to below 1")
        days = self.punishment
        whole = isinstance(days, int) and not isinstance(days, bool) and days >= 1
        if not whole and days not in ("grim", "optimal"):
            raise ArgumentError("punishment", days, "'grim', 'optimal' or a number of days from 1")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> DailyCompliance:
        """A day at the clause price: the captor delivers a batch, the pausing state pauses.

        Captor: R = g less the mean retention value of a batch, T = g (the batch held back), S that
        value lost. Pausing state: R = ``v x - k0``, T = ``v x`` (resuming once the batch is out),
        S = ``-k0``. P = 0, war. The discount factor is the chance that no incident ends a day.
        """
        from ceasefire.bargaining._windows import daily_discount

        captor, pausing_state = day_payoffs(scenario)
        return cls(captor, pausing_state, discount_per_day=daily_discount(scenario.symbols()))

    def closed_form(self) -> Compliance:
        """The thresholds above; the root of the polynomial for n days."""
        needs = self._needs()
        worst = max(needs.values())
        worst = math.nan if math.isinf(worst) else worst
        binding = tuple(name for name, need in needs.items() if need >= worst > 0)
        if self.transfers:
            sides = zip(PLAYERS, self._sides(), strict=True)
            binding = tuple(name for name, side in sides if side[0] > side[1])
        return self._described(worst, binding, "closed form")

    def solve(self) -> Compliance:
        """By the solver of critical discount factors, which knows any stage game."""
        from ceasefire.solvers import critical_discount

        found = critical_discount(
            self.game().stage, COMPLY, punishment=self.punishment, transfers=self.transfers
        )
        proof = found.certificate
        certified = not found.attainable if proof is None else bool(proof.passed)
        return self._described(float(found.value), found.binding, found.method, certified)

    def game(self) -> RepeatedGame:
        """The day as a stage game (comply, breach), at the discount factor held."""
        from ceasefire.games import NormalForm, RepeatedGame

        (T, R, P, S), (t, r, q, s) = self._sides()
        A: Any = [[R, S], [T, P]]
        B: Any = [[r, t], [s, q]]
        stage = NormalForm.bimatrix(A, B, players=PLAYERS, actions=[list(ACTIONS)] * 2)
        return RepeatedGame(stage, exact(self.discount_per_day))

    def table(self) -> pd.DataFrame:
        """Critical discount factors by length of the punishment, with and without payments."""
        import pandas as pd

        rows = []
        for days in (*range(1, 13), "grim"):
            for transfers in (False, True):
                one = self.replace(punishment=days, transfers=transfers)
                needed = max(one._needs().values())
                rows.append((days, transfers, min(needed, 1.0), needed < 1.0))
        columns = ["punishment_days", "transfers", "critical_discount", "attainable"]
        return pd.DataFrame(rows, columns=columns)

    def answer(self) -> str:
        """What is needed and what is held."""
        found = self.closed_form()
        if found.status is Status.NEVER:
            return "No discount factor below 1 keeps both complying under this punishment."
        verdict = "so compliance holds" if found.complies else "so it does not hold"
        days = found.days_needed
        tail = (
            f"; {days:g} day{'s' * (days != 1)} without a pause after a breach would do"
            if math.isfinite(days)
            else "; no finite number of days without a pause would do"
        )
        return (
            f"Both comply day by day if the pause lives on with at least "
            f"{found.critical_discount:.3f}; {found.held:.3f} is held, {verdict}{tail}."
        )

    def _sides(self) -> list[tuple[Fraction, ...]]:
        return [tuple(map(exact, side)) for side in (self.captor, self.pausing_state)]

    def _needs(self, days: int | None = None) -> dict[str, float]:
        """The least discount factor by side, or of both together under the key "both"."""
        length = days or (self.punishment if isinstance(self.punishment, int) else None)
        sides = self._sides()
        if not self.transfers:
            return {
                name: _least(max(T - R, Fraction(0)), R - P, length)
                for name, (T, R, P, _) in zip(PLAYERS, sides, strict=True)
            }
        gain = sum((max(T - R, Fraction(0)) for T, R, _, _ in sides), Fraction(0))
        loss = sum((R - P for _, R, P, _ in sides), Fraction(0))
        return {"both": _least(gain, loss, length)}

    def _days_needed(self) -> float:
        held = float(self.discount_per_day)
        if not max(self.replace(punishment="grim")._needs().values()) <= held:
            return math.inf
        for days in range(1, MOST_DAYS + 1):
            if max(self._needs(days).values()) <= held:
                return float(days)
        return math.inf

    def _described(
        self, value: float, binding: tuple[str, ...], method: str, certified: bool = True
    ) -> Compliance:
        never = math.isnan(value) or value >= 1
        short = 0.0 if never else self._shortfall(min(value + DISCOUNT_XTOL, 1.0))
        below = 0.0 if never or value <= 1e-6 else -self._shortfall(value - 1e-6)
        checks = Checks(
            {"gain from a breach at the threshold": short,
             "loss from one a hair below": below,
             "the solver's own certificate": 0.0 if certified else math.nan},
            DISCOUNT_XTOL,
        )  # fmt: skip
        status = Status.NEVER if never else Status.OK
        fine = status if checks.passed else Status.EXPLOITABLE
        return Compliance(
            value, float(self.discount_per_day), binding, self._days_needed(), method, fine, checks
        )

    def _shortfall(self, delta: float) -> float:
        """Payoff of a breach less that of complying, day by day, as a share of T - S; its maximum.

        Sums payoffs over the days of the punishment, without the formulas above.
        """
        length = self.punishment if isinstance(self.punishment, int) else None
        gains, scale = [], []
        for T, R, P, S in self._sides():
            t, r, p = float(T), float(R), float(P)
            if length is None:
                later = delta / (1 - delta) * (r - p)
            else:
                later = (r - p) * float(np.sum(delta ** np.arange(1, length + 1)))
            gains.append(max(t, r) - r - later)
            scale.append(max(t, r) - float(S))
        if self.transfers:
            return sum(gains) / sum(scale)
        return max(g / s for g, s in zip(gains, scale, strict=True))


def _least(gain: Fraction, loss: Fraction, days: int | None) -> float:
    """Least delta with ``loss (delta + ... + delta^days) >= gain``; 1 where only delta = 1 does.

    inf where not even that.
    """
    if gain == 0:
        return 0.0
    if days is None:
        return float(gain / (gain + loss))
    if days * loss == gain:
        return 1.0
    if days * loss < gain:
        return math.inf
    roots = np.roots([float(loss)] * days + [-float(gain)])
    real = roots[np.abs(roots.imag) < 1e-9].real
    return float(real[(real > 0) & (real < 1)].max())


def day_payoffs(scenario: Scenario) -> tuple[Day, Day]:
    """T, R, P, S of captor and pausing state on a day at the clause price, utils.

    A day that brings no less than it costs either side: the captor's gain is at least a thousandth
    above its loss from the batch, the day's cost at most 0.999 of the batch's worth.

    Raises
    ------
    ArgumentError
        Captives are worth nothing to the pausing state.
    """
    from ceasefire.bargaining._windows import require_worth
    from ceasefire.truce.payoffs import release_loss

    p = scenario.symbols()
    require_worth(p)
    batch = float(release_loss(p, p.W0, p.W0)) / p.W0 * p.x
    gain, worth = max(p.g, 1.001 * batch, 1e-6), p.v * p.x
    cost = min(max(p.k0, 1e-6 * worth), 0.999 * worth)
    return (gain, gain - batch, 0.0, -max(batch, 1e-9)), (worth, worth - cost, 0.0, -cost)
