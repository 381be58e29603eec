"""How long talks last that go dark: the day of the deal, its distribution, the cost of silence."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.bargaining._rounds import Number, checked_number
from ceasefire.bargaining._talk_chain import (
    Chain,
    Moments,
    apart,
    discounted_by_equations,
    discounted_by_formula,
    moments_by_equations,
    moments_by_formula,
)
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.bargaining.offers import checked_rounds
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.status import Status
from ceasefire.tolerances import BARGAINING_PROOF

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from ceasefire.games import StochasticGame
    from ceasefire.truce import Scenario

    Floats = NDArray[np.float64]

CLOSED = "closed form"
POWERS = "linear equations of the absorbing chain; powers of its matrix"
SHOWN_DAYS = 120
MOST_DAYS = 10_000_000
GRID_DAYS = (0.1, 0.25)  # chances a day of restoring that tables compare


@dataclass(frozen=True)
class TalksLength(Displayed):
    """When talks end, and in what.

    Attributes
    ----------
    model : BlackoutTalks
    deal_probability : number
        The chance that talks end in a deal.
    mean_days, sd_days : number
        Mean and standard deviation of the day of the deal, given one; nan where there is none.
    discounted : pair of number
        ``E[exp(-r_i T) 1(deal)]``.
    dark_deal_probability : number
        The chance of a deal on a dark day.
    dark_mean_days : number
        Mean days from a dark day to the deal, given one.
    method : str
    status : Status
        ``NO_DEAL`` where a deal has no chance.
    certificate : Checks
    """

    model: BlackoutTalks
    deal_probability: Number
    mean_days: Number
    sd_days: float
    discounted: tuple[Number, Number]
    dark_deal_probability: Number
    dark_mean_days: Number
    method: str
    status: Status
    certificate: Checks

    def length(self, days: int = SHOWN_DAYS) -> pd.Series[float]:
        """The chance that the deal comes on day 1, 2, ..., `days` of the talks (no deal: rest)."""
        import pandas as pd

        checked_rounds("days", days)
        law = self.model.by_formula if self.method == CLOSED else self.model.by_powers
        index = pd.RangeIndex(1, days + 1, name="days")
        return pd.Series(law(days), index=index, name="probability")

    def quantile(self, chance: float = 0.5) -> int:
        """The first day by which a deal is made with this chance, given that one is.

        Raises
        ------
        ArgumentError
            No deal has a chance, or the day lies beyond any calendar.
        """
        checked_number("chance", chance, 1e-300, 1 - 1e-12, "a chance between 0 and 1")
        if self.deal_probability <= 0:
            raise ArgumentError("chance", chance, "none: talks never end in a deal")
        target, days = chance * float(self.deal_probability), 64
        while True:
            total = np.cumsum(self.model.by_formula(days))
            if total[-1] >= target:
                return int(np.searchsorted(total, target - 1e-15)) + 1
            if days > MOST_DAYS:
                raise ArgumentError("chance", chance, f"one reached within {MOST_DAYS} days")
            days *= 4

    def __repr__(self) -> str:
        one, two = map(float, self.discounted)
        return (
            f"deal with chance {float(self.deal_probability):.9f}, given one after "
            f"{float(self.mean_days):.6f} days on average (sd {self.sd_days:.3f}); discounted "
            f"{one:.9f} and {two:.9f}; {self.status}"
        )


@dataclass(frozen=True)
class BlackoutTalks(Model):
    r"""Talks as a daily chain: live talks bring the deal or go dark, dark ones resume or end.

    On a live day: deal with chance lam, blackout om; on a dark day: restored with rho, talks dead
    with b. With T the day of the deal, ``d = exp(-r)``:

    .. math::
        E[d^T 1(deal)] = \frac{d\,lam}{1 - d(1 - lam - om) - d^2\, om\, rho / (1 - d (1-rho-b))},
        \qquad P(deal) = \frac{lam}{lam + om\, b / (rho + b)},

    .. math::
        E[T | deal] = 1 + \frac{1 - lam - om + om\, rho (1 + rho + b) / (rho + b)^2}
            {lam + om\, b / (rho + b)}.

    ``P(T = n)`` is lam times the chance of a live day n, a sum of two geometric sequences (phase
    type). On a dark day all that is ahead is worth ``rho / (rho + b)`` of the chance, and
    ``1 / (rho + b)`` days later on average.

    Parameters
    ----------
    deal_per_day, blackout_per_day, restore_per_day, breakdown_per_day : float or Fraction
        lam and om, and rho and b, chances per day; either pair adds up to at most 1.
    rate_1, rate_2 : float or Fraction
        r_1 and r_2, discount rates per day.

    Notes
    -----
    *Captures:* communications that went dead in mid-November, a missing list of 50, five weeks.
    *Leaves out:* why the deal comes when it comes: lam is the chance per live day, whoever offers
    what (`TalksThroughRelays` has the offers); news that arrive in the dark.

    *Traps.* Given a deal, talks with blackouts that may end them are *shorter* on average than
    without the breakdown: long ones do not live to the deal. The mean is given a deal, not over all
    talks. b = 0 delays and loses nothing; om = 0 makes rho and b idle; where nothing ends a
    blackout (rho = b = 0) the first one ends the talks' chance.

    `solve` has moments from linear equations and the distribution from powers of the chain's
    matrix; `closed_form` has formulas, in fractions where numbers are (not the discounted values).

    References
    ----------
    Own model: THEORY.md A6. M. Neuts (1981), *Matrix-Geometric Solutions in Stochastic Models*,
    ch. 2, on distributions of phase type.

    Examples
    --------
    >>> talks = BlackoutTalks(0.05, 0.06, 0.25, 0.04, 0.01, 0.01)
    >>> talks.solve()
    deal with chance 0.857988166, given one after 20.220363 days on average (sd 20.242); ...
    >>> talks.solve().quantile(0.5), talks.solve().quantile(0.9)
    (14, 47)
    """

    deal_per_day: Number
    blackout_per_day: Number
    restore_per_day: Number
    breakdown_per_day: Number
    rate_1: Number
    rate_2: Number

    def __post_init__(self) -> None:
        chances = ("deal_per_day", "blackout_per_day", "restore_per_day", "breakdown_per_day")
        for name in chances:
            checked_number(name, getattr(self, name), 0, 1, "a chance per day, 0 to 1")
        for one, other in (chances[:2], chances[2:]):
            if getattr(self, one) + getattr(self, other) > 1 + 1e-12:
                allowed = f"at most 1 less {other}"
                raise ArgumentError(one, getattr(self, one), allowed, "both happen on one day")
        for name in ("rate_1", "rate_2"):
            checked_number(name, getattr(self, name), 0, 1e3, "a number from 0, per day")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> BlackoutTalks:
        """The daily chances of its [talks]; side 1 is the captor, side 2 the pausing state."""
        p = scenario.symbols()
        return cls(p.lam, p.om, p.rho, p.b_T, p.r_C, p.r_D)

    def closed_form(self) -> TalksLength:
        """The formulas above."""
        chain = Chain.of(self)
        rates = (self.rate_1, self.rate_2)
        values = tuple(discounted_by_formula(chain, rate) for rate in rates)
        law = np.cumsum(self.by_powers(SHOWN_DAYS))[-1]
        gap = abs(float(np.sum(self.by_formula(SHOWN_DAYS))) - float(law))
        return self._made(moments_by_formula(chain), values, CLOSED, {"powers of the matrix": gap})

    def solve(self) -> TalksLength:
        """Moments by linear equations; the certificate holds them against formulas and sums."""
        chain = Chain(*map(float, Chain.of(self)))
        found = moments_by_equations(chain)
        values = tuple(
            discounted_by_equations(chain, float(rate)) for rate in (self.rate_1, self.rate_2)
        )
        known = moments_by_formula(chain)
        scale = 1 + (0.0 if math.isnan(found.mean) else found.mean**2)
        checks = {
            "chance by formula": abs(found.chance - known.chance),
            "mean by formula": apart(found.mean, known.mean) / scale,
            "sd by formula": apart(found.sd, known.sd) / scale,
            "discounted by formula": max(
                abs(value - float(discounted_by_formula(chain, float(rate))))
                for value, rate in zip(values, (self.rate_1, self.rate_2), strict=True)
            ),
            "days by formula": float(
                np.max(np.abs(self.by_powers(SHOWN_DAYS) - self.by_formula(SHOWN_DAYS)))
            ),
        }
        return self._made(found, values, POWERS, checks)

    def by_powers(self, days: int) -> Floats:
        """``P(T = 1), ..., P(T = days)`` by powers of the matrix of the living states."""
        chain = Chain(*map(float, Chain.of(self)))
        step = chain.matrix
        state, found = np.array([1.0, 0.0]), np.empty(days)
        for day in range(days):
            found[day] = chain.deal * state[0]
            state = state @ step
        return found

    def by_formula(self, days: int) -> Floats:
        """The same by the two eigenvalues of that matrix."""
        lam, om, rho, b = map(float, Chain.of(self))
        stay, dark = 1 - lam - om, 1 - rho - b
        n = np.arange(days)
        root = math.sqrt((stay - dark) ** 2 + 4 * om * rho)
        if om * rho <= 0 or root <= 0:
            return np.asarray(lam * stay**n)
        one, two = (stay + dark + root) / 2, (stay + dark - root) / 2
        above, below = (root + stay - dark) / 2, (root - stay + dark) / 2  # one, two: from stay
        return np.asarray(lam * (above * one**n + below * two**n) / root)

    def simulate(self, plays: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Days until the deal in so many talks; 0 where they end without one."""
        lam, om, rho, b = map(float, Chain.of(self))
        if lam <= 0:
            return np.zeros(plays, dtype=np.int64)
        days = np.zeros(plays, dtype=np.int64)
        going, dark = np.arange(plays), np.zeros(plays, dtype=bool)
        elapsed = 0
        while going.size:
            elapsed += 1
            draw, was_dark = rng.random(going.size), dark[going]
            days[going[~was_dark & (draw < lam)]] = elapsed
            lost = was_dark & (draw >= rho) & (draw < rho + b)
            lost |= was_dark & (rho + b <= 0)
            dark[going] = np.where(was_dark, draw >= rho, (draw >= lam) & (draw < lam + om))
            going = going[~lost & ~(~was_dark & (draw < lam))]
        return days

    def game(self) -> StochasticGame:
        """State it as a game in which nobody has a choice, for the general engines.

        A deal pays 1 to either side: the value of "live" is ``E[exp(-r_i T) 1(deal)]``.

        Raises
        ------
        ArgumentError
            A rate is 0: the engines discount.
        """
        from ceasefire.games import Outcome, StateGame, StochasticGame

        for name in ("rate_1", "rate_2"):
            if getattr(self, name) <= 0:
                raise ArgumentError(name, getattr(self, name), "above 0 for the engines")
        lam, om, rho, b = map(float, Chain.of(self))
        moves = {
            "live": {"deal": lam, "dark": om, "live": max(0.0, 1 - lam - om)},
            "dark": {"live": rho, "dead": b, "dark": max(0.0, 1 - rho - b)},
            "dead": {"dead": 1.0},
        }

        def rules(state: str) -> StateGame:
            if state == "deal":
                return StateGame({}, lambda: Outcome((1, 1)))
            to = {name: chance for name, chance in moves[state].items() if chance > 0}
            return StateGame({}, lambda: Outcome((0, 0), to))

        discounts = (math.exp(-float(self.rate_1)), math.exp(-float(self.rate_2)))
        return StochasticGame.from_rules(
            "live", rules, players=("1", "2"), discount=discounts, title="talks with blackouts"
        )

    def table(self) -> pd.DataFrame:
        """The day of the deal, and talks over the chance of a blackout and of its end.

        ``part`` is "day" (``days``: the day; ``chance`` of the deal on it, ``by`` it) or "blackout"
        (``blackout_per_day``, ``restore_per_day``; chance of a deal, its mean and median day given
        one, and what side 1's discount leaves of it).
        """
        import pandas as pd

        found = self.solve()
        last = SHOWN_DAYS if found.deal_probability <= 0 else max(found.quantile(0.98), 10)
        chances = self.by_powers(last)
        rows: list[dict[str, Any]] = [
            {"part": "day", "days": n + 1, "chance": chances[n], "by": chances[: n + 1].sum()}
            for n in range(last)
        ]
        rest = float(self.breakdown_per_day)
        for rho in sorted({*GRID_DAYS, float(self.restore_per_day)}):
            for n in range(31):
                om = n / 100
                if rho + rest > 1 or om + self.deal_per_day > 1:
                    continue
                rows.append(_row(self.replace(blackout_per_day=om, restore_per_day=rho)))
        return pd.DataFrame(rows)

    def answer(self) -> str:
        """The chance and day of a deal, and what one blackout costs."""
        found = self.solve()
        if found.status is Status.NO_DEAL:
            return "Talks never end in a deal."
        clear = self.replace(blackout_per_day=0).solve()
        lost = float(found.deal_probability - found.dark_deal_probability)
        later = float(found.dark_mean_days - found.mean_days)
        price = f"{lost:.3f} of that chance and {later:.1f} days"
        if math.isnan(later):  # no deal comes out of a blackout
            price = "all of that chance"
        return (
            f"A deal comes with chance {float(found.deal_probability):.3f}, given one after "
            f"{float(found.mean_days):.1f} days on average (median {found.quantile(0.5)}, nine in "
            f"ten by day {found.quantile(0.9)}); a blackout costs {price}. "
            f"Without blackouts: {float(clear.deal_probability):.3f}, "
            f"{float(clear.mean_days):.1f} days."
        )

    def _made(
        self, moments: Moments, values: tuple[Any, ...], method: str, checks: dict[str, float]
    ) -> TalksLength:
        chain = Chain.of(self)
        ending = chain.restore + chain.breakdown
        back = chain.restore / ending if ending > 0 else 0
        dark_days = moments.mean + 1 / ending if back > 0 else math.nan
        proof = Checks(checks, BARGAINING_PROOF)
        status = Status.OK if moments.chance > 0 else Status.NO_DEAL
        return TalksLength(
            self, moments.chance, moments.mean, moments.sd, (values[0], values[1]),
            moments.chance * back, dark_days, method,
            status if proof.passed else Status.NOT_CONVERGED, proof,
        )  # fmt: skip


def _row(model: BlackoutTalks) -> dict[str, Any]:
    found = model.closed_form()
    deal = found.deal_probability > 0
    return {
        "part": "blackout",
        "blackout_per_day": float(model.blackout_per_day),
        "restore_per_day": float(model.restore_per_day),
        "deal_probability": float(found.deal_probability),
        "mean_days": float(found.mean_days),
        "median_days": found.quantile(0.5) if deal else math.nan,
        "discounted_1": float(found.discounted[0]),
    }
