"""The mediator as relay: what a faster channel, and one that does not go dark, are worth."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.bargaining._staged import checked, checked_count, exact
from ceasefire.bargaining._words import shown
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.status import Status

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    import pandas as pd

    from ceasefire.bargaining._staged import Number
    from ceasefire.games import ExtensiveForm, StochasticGame
    from ceasefire.truce import Scenario
    from ceasefire.truce.fields import Parameters
    from ceasefire.truce.talks import Talks

TOLERANCE = 1e-9
LEAST_LOSS = 1e-14  # of a delay; below it shares are taken at their limit
LONGEST = 10**12  # of a denominator that a game is stated with
DOUBLINGS = 60  # of the number of offers that backward induction starts from


@dataclass(frozen=True)
class RelayTerms(Displayed):
    """What the channel does to terms, chance and day of a deal.

    Attributes
    ----------
    captor_first, captor_second : float
        The captor's share in alternating offers when it makes the first offer, and the second.
    deal_probability : float
        Chance that talks end in a deal.
    mean_days : float
        Mean days to it, given a deal; nan where there is none.
    captor_worth, state_worth : float
        What a deal to come is worth to each side as talks open, utils: ``E[exp(-r T) 1(deal)]``
        times its worth at signing.
    exchange_days : float
        Mean days from an offer to its answer.
    method : str
    certificate : Checks
    status : Status
    """

    captor_first: float
    captor_second: float
    deal_probability: float
    mean_days: float
    captor_worth: float
    state_worth: float
    exchange_days: float
    method: str
    certificate: Checks
    status: Status = Status.OK

    def __repr__(self) -> str:
        return (
            f"captor's share {self.captor_first:.9g} offering first, {self.captor_second:.9g} "
            f"second; deal with {self.deal_probability:.9g} after {self.mean_days:.9g} days; worth "
            f"{self.captor_worth:.6g} and {self.state_worth:.6g} utils; {self.method}"
        )


@dataclass(frozen=True)
class Relay(Model):
    r"""Offers that travel through a mediator, and talks that can go dark.

    *Terms.* Alternating offers over a pie of 1; between an offer and its answer lie L legs, each
    exponential with mean tau days, so that an answer's delay costs i the factor
    ``phi_i = E[exp(-r_i t)] = (1 + tau r_i)^{-L}``, and who offers first gets

    .. math:: x = \frac{1 - \phi_2}{1 - \phi_1 \phi_2}.

    *Talks.* A day of live talks brings a deal with chance lam and a blackout with om; a dark day
    brings contact back with rho and the end with b. With ``d = exp(-r)``,

    .. math:: E[d^T 1(\text{deal})] =
              \frac{d \lambda}{1 - d (1-\lambda-\omega) - d^2 \omega\rho / (1 - d (1-\rho-b))}.

    Parameters
    ----------
    leg_days : float
        tau >= 0: mean days of one leg.
    legs : int
        L from 1: legs between an offer and its answer.
    captor_rate, state_rate : float
        Impatience r >= 0, per day.
    deal, blackout, restore, breakdown : float
        lam, om, rho, b: chances per day; lam + om and rho + b at most 1.
    captor_value, state_value : float
        Worth of the deal to each side when it is signed, utils, at least 0.

    Notes
    -----
    *Captures:* "every message went from Doha or Cairo to Gaza and back", and the days in which
    contact was lost. Speed moves the *terms* only where the sides differ in impatience (the
    impatient gain from a fast channel); it moves the *worth* of the deal always. *Leaves out:* what
    is said; mediators who choose what to pass on.

    `faster` assumes that a deal takes a given number of exchanges, so that the chance of a deal on
    a live day is in proportion to speed (at most what blackouts leave).

    *Traps.* The factor is ``E[exp(-r t)]``, not ``exp(-r E[t])``. With no impatience shares are the
    limit, in inverse proportion to the rates, one half where both are 0. A delay of the acceptance
    itself scales both payoffs and moves no share.

    References
    ----------
    A. Rubinstein (1982), "Perfect equilibrium in a bargaining model", Econometrica 50:97-109, with
    random gaps (own derivation). THEORY.md A5, A6.

    Examples
    --------
    >>> model = Relay(leg_days=1, legs=2, captor_rate=0.02, state_rate=0.05,
    ...               deal=0.05, blackout=0.06, restore=0.25, breakdown=0.04)
    >>> found = model.closed_form()
    >>> round(found.captor_first, 7), round(found.deal_probability, 7), round(found.mean_days, 6)
    (0.7252467, 0.8579882, 20.220363)
    """

    leg_days: float
    legs: int
    captor_rate: float
    state_rate: float
    deal: float
    blackout: float
    restore: float
    breakdown: float
    captor_value: float = 1.0
    state_value: float = 1.0

    def __post_init__(self) -> None:
        checked_count("legs", self.legs)
        for name in ("leg_days", "captor_rate", "state_rate", "captor_value", "state_value"):
            checked(name, getattr(self, name), -1e-300, math.inf, "a number of at least 0")
        for name in ("deal", "blackout", "restore", "breakdown"):
            checked(name, getattr(self, name), -1e-300, 1 + 1e-15, "a chance per day")
        for one, other in (("deal", "blackout"), ("restore", "breakdown")):
            if getattr(self, one) + getattr(self, other) > 1 + 1e-12:
                allowed = f"at most 1 - {one}, {1 - getattr(self, one):g}"
                raise ArgumentError(other, getattr(self, other), allowed)

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> Relay:
        """Channel and talks as in the scenario; the deal's worth from the truce model's solution.

        Two legs, mediator to field and back. Worth at signing: what the first block and all that
        follows is worth to a dealer and to the pausing state in equilibrium; 0 without a block.
        """
        from ceasefire import truce
        from ceasefire.truce.talks import LEGS

        p = scenario.symbols()
        eq = truce.solve(scenario)
        worth = (max(float(eq.block[side].to_dict().get(eq.block_days, 0.0)), 0.0)
                 for side in ("dealer", "pausing_state"))  # fmt: skip
        return cls(p.relay, LEGS, p.r_C, p.r_D, p.lam, p.om, p.rho, p.b_T, *worth)

    def faster(self, times: float) -> Relay:
        """The same channel `times` as fast: shorter legs, and more exchanges in a live day."""
        checked("times", times, 0, math.inf, "a number above 0")
        deal = min(self.deal * times, 1.0 - self.blackout)
        return self.replace(leg_days=self.leg_days / times, deal=deal)

    def closed_form(self) -> RelayTerms:
        """By the formulas; talks by those of `ceasefire.truce.talks`."""
        first, second = self._shares()
        talks = self._talks()
        chance, days = talks.deal_probability, talks.mean_days
        worth = (talks.captor_discount * self.captor_value,
                 talks.pausing_state_discount * self.state_value)  # fmt: skip
        phi = [_passage(self.legs, self.leg_days, r) for r in (self.captor_rate, self.state_rate)]
        # Both indifferent: what an answerer takes is what waiting for its own offer is worth.
        gaps = (abs(second - phi[0] * first), abs((1 - first) - phi[1] * (1 - second)))
        proof = Checks({"an answerer is not indifferent": max(gaps)}, TOLERANCE)
        return self._terms(first, second, chance, days, worth, "closed form", proof)

    def solve(self) -> RelayTerms:
        """Shares by backward induction over offers, talks by the chain of days.

        The discount of an answer's delay is integrated over the law of its length.
        """
        rates = (self.captor_rate, self.state_rate)
        lost = [_lost(self.legs, self.leg_days, r) for r in rates]
        first, second = _offers(*lost) if sum(lost) > LEAST_LOSS else self._shares()
        chance, days, captor = self._chain(self.captor_rate)
        _, _, state = self._chain(self.state_rate)
        law = self._talks()
        proof = Checks(
            {
                "shares against the formula": abs(first - self._shares()[0]),
                "chance of a deal against the formula": abs(chance - law.deal_probability),
                "captor's discount against the formula": abs(captor - law.captor_discount),
                "state's discount against the formula": abs(state - law.pausing_state_discount),
            },
            TOLERANCE,
        )
        worth = (captor * self.captor_value, state * self.state_value)
        return self._terms(first, second, chance, days, worth, "backward induction", proof)

    def game(
        self, *, offers: int | None = None, grid: int | Sequence[Number] = 4, solution: bool = True
    ) -> ExtensiveForm | StochasticGame:
        """State the alternating offers for the engines, as `AlternatingOffers.game` does.

        Side 1 is the captor; an answer's delay costs side i the factor ``(1 + tau r_i)^-L``. Talks
        that bring a deal or go dark by chance leave nobody a move.

        Raises
        ------
        ArgumentError
            No delay costs either side anything and there is no last offer: any share is one.
        """
        from ceasefire.bargaining.offers import AlternatingOffers

        kept = [(1 + exact(self.leg_days) * exact(rate)) ** -self.legs
                for rate in (self.captor_rate, self.state_rate)]  # fmt: skip
        plain = AlternatingOffers(_rounded(kept[0]), _rounded(kept[1]))
        return plain.game(offers=offers, grid=grid, solution=solution)

    def table(self) -> pd.DataFrame:
        """What a deal to come is worth against days a leg, as it is and without blackouts.

        Columns ``leg_days``, ``channel``, ``deal_probability``, ``mean_days``, ``captor_worth``,
        ``state_worth``, ``captor_share`` (mean of both orders of offers).
        """
        import pandas as pd

        base = self.leg_days if self.leg_days > 0 else 1.0
        rows = []
        for name, model in (("as it is", self), ("no blackouts", self.replace(blackout=0.0))):
            for times in np.geomspace(0.25, 8.0, 31):
                found = model.faster(float(times)).closed_form()
                rows.append((base / times, name, found.deal_probability, found.mean_days,
                             found.captor_worth, found.state_worth,
                             (found.captor_first + found.captor_second) / 2))  # fmt: skip
        columns = ["leg_days", "channel", "deal_probability", "mean_days", "captor_worth",
                   "state_worth", "captor_share"]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def answer(self) -> str:
        """What twice the speed, and a channel without blackouts, are worth."""
        if self.deal <= 0:
            return "Nothing: no deal comes of these talks, however fast the channel."
        now, fast = self.closed_form(), self.faster(2.0).closed_form()
        clear = self.replace(blackout=0.0).closed_form()
        if not self.captor_value and not self.state_value:
            return (
                f"Nothing: the deal is worth nothing to either side, though a relay twice as fast "
                f"would bring talks to an end in {fast.deal_probability:.3f} of cases instead of "
                f"{now.deal_probability:.3f}."
            )
        return (
            f"A relay twice as fast raises the chance of a deal from {now.deal_probability:.3f} to "
            f"{fast.deal_probability:.3f} and brings it after {fast.mean_days:.1f} instead of "
            f"{now.mean_days:.1f} days, worth {shown(fast.captor_worth - now.captor_worth)} utils "
            f"to the captor and {shown(fast.state_worth - now.state_worth)} to the pausing state; "
            f"a channel without blackouts is worth {shown(clear.captor_worth - now.captor_worth)} "
            f"and {shown(clear.state_worth - now.state_worth)}."
        )

    def _shares(self) -> tuple[float, float]:
        loss = [-math.expm1(-self.legs * math.log1p(self.leg_days * r))
                for r in (self.captor_rate, self.state_rate)]  # fmt: skip
        if loss[0] <= 0 and loss[1] <= 0:
            total = self.captor_rate + self.state_rate
            limit = self.state_rate / total if total > 0 else 0.5
            return limit, limit
        joint = loss[0] + loss[1] - loss[0] * loss[1]
        return loss[1] / joint, 1.0 - loss[0] / joint

    def _talks(self) -> Talks:
        from ceasefire.truce.talks import solve_talks

        changed = _some_parameters()._replace(
            lam=float(self.deal), om=float(self.blackout), rho=float(self.restore),
            b_T=float(self.breakdown), r_C=float(self.captor_rate), r_D=float(self.state_rate),
        )  # fmt: skip
        return solve_talks(changed)

    def _chain(self, rate: float) -> tuple[float, float, float]:
        """Chance of a deal, mean days given one, and ``E[exp(-rate T) 1(deal)]``, day by day."""
        if self.deal <= 0:
            return 0.0, math.nan, 0.0
        step = np.array([[1 - self.deal - self.blackout, self.restore],
                         [self.blackout, 1 - self.restore - self.breakdown]])  # fmt: skip
        deal, start = np.array([self.deal, 0.0]), np.array([1.0, 0.0])
        if self.restore <= 0:  # a blackout is the end
            step, deal, start = step[:1, :1], deal[:1], start[:1]
        unit = np.eye(len(start))
        d = math.exp(-rate)
        discounted = float(d * deal @ np.linalg.solve(unit - d * step, start))
        visits = np.linalg.solve(unit - step, start)  # expected days in each state
        chance = float(deal @ visits)
        days = float(deal @ np.linalg.solve(unit - step, visits)) / chance
        return chance, days, discounted

    def _terms(
        self, first: float, second: float, chance: float, days: float,
        worth: tuple[float, float], method: str, proof: Checks,
    ) -> RelayTerms:  # fmt: skip
        status = Status.OK if proof.passed else Status.NOT_CONVERGED
        return RelayTerms(first, second, chance, days, *worth, self.legs * self.leg_days,
                          method, proof, status)  # fmt: skip


def _rounded(kept: Fraction) -> Number:
    """A factor, as a float where its fraction is long."""
    return kept if kept.denominator < LONGEST else float(kept)


def _passage(legs: int, days: float, rate: float) -> float:
    return float((1.0 + days * rate) ** -legs)


def _lost(legs: int, days: float, rate: float) -> float:
    """``E[1 - exp(-rate t)]`` of a sum of `legs` exponential times, by integration over its law."""
    from scipy.integrate import quad

    speed, scale = rate * days, math.lgamma(legs)
    if speed < LEAST_LOSS:
        return legs * speed  # to rounding

    def part(x: float) -> float:
        density = math.exp((legs - 1) * math.log(x) - x - scale) if x > 0 else float(legs == 1)
        return -math.expm1(-speed * x) / speed * density

    end = legs + 40.0 * math.sqrt(legs) + 40.0
    middle = min(float(legs), 1.0 / speed + 1.0)
    # With full_output a precision just out of reach is no warning; the certificate has the digits.
    sides = [
        quad(part, *side, epsabs=0.0, epsrel=1e-12, limit=200, full_output=1)
        for side in ((0.0, middle), (middle, end))
    ]
    return speed * float(sides[0][0] + sides[1][0])


def _offers(captor: float, state: float) -> tuple[float, float]:
    """The captor's share when it offers first and second, backwards from a far last offer.

    An answer's delay costs the sides the parts `captor` and `state`. Two offers earlier the first
    proposer's share is ``a + (1 - c) x`` of what it is now, which composes.
    """
    a, c = state, captor + state - captor * state
    for _ in range(DOUBLINGS):
        a, c = a * (2.0 - c), c * (2.0 - c)
    first = a + (1.0 - c)
    return first, (1.0 - captor) * first


@cache
def _some_parameters() -> Parameters:
    """Parameters to put those of the talks into: the formulas read nothing else."""
    from ceasefire.truce.scenario import load

    return load("november-2023").symbols()
