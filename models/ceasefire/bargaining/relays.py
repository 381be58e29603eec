"""Offers through mediators: what random gaps between offers do to shares."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ceasefire.bargaining import _agreement
from ceasefire.bargaining._gaps import GapLaw
from ceasefire.bargaining._rounds import Number, Pair, Rounds, checked_number
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.bargaining.offers import AlternatingOffers, checked_rounds
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.tolerances import BARGAINING_PROOF

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from ceasefire.bargaining._agreement import Agreement
    from ceasefire.games import ExtensiveForm, StochasticGame
    from ceasefire.status import Status
    from ceasefire.truce import Scenario

RELAY_LEGS = 2  # to the mediator and on
MOST_DAYS_PER_LEG = 30.0


@dataclass(frozen=True)
class RelayedTerms(Displayed):
    """What both get through relays, and what the relays do.

    Attributes
    ----------
    agreement : Agreement
        Shares, by who offers first.
    factors : pair of number
        ``phi_i``: what a util of side i shrinks to over the gap before its own offer, the chance
        that talks survive it included.
    survival : float
        The chance that talks survive a gap.
    gap_days : float
        Mean days from a refused offer to the reply offer, both directions, given that it comes.
    status : Status
    certificate : Checks
    """

    agreement: Agreement
    factors: tuple[Number, Number]
    survival: float
    gap_days: float
    status: Status
    certificate: Checks

    @property
    def share(self) -> Number:
        """What side 1 gets where it makes the first offer."""
        return self.agreement.share

    @property
    def weight(self) -> Number:
        """The mean of what side 1 gets as first and as second to offer."""
        return self.agreement.weight

    @property
    def first(self) -> tuple[Number, Number]:
        """Payoffs where side 1 makes the first offer."""
        return self.agreement.first

    @property
    def second(self) -> tuple[Number, Number]:
        """Payoffs where side 2 does."""
        return self.agreement.second

    def __repr__(self) -> str:
        return (
            f"{self.agreement}; a gap takes {self.gap_days:.4g} days and is survived with chance "
            f"{self.survival:.6g}"
        )


@dataclass(frozen=True)
class RelayedOffers(Model):
    r"""Alternating offers in which a reply offer comes only after the messages have travelled.

    As `AlternatingOffers`, in days: after side 1's offer side 2 can make its own a random
    ``D_2`` days later, after that side 1 ``D_1`` days later. Since nothing happens in between,
    ``d_i`` gives way to ``phi_i = E[exp(-r_i D_i)]``, with L exponential legs of mean
    ``days_i / L`` each to

    .. math:: \phi_i = (1 + r_i\, days_i / L)^{-L}, \qquad
        x = \frac{1 - \phi_2}{1 - \phi_1 \phi_2}.

    As gaps shrink in proportion x tends to ``r_2 D_2 / (r_1 D_1 + r_2 D_2)``.

    Parameters
    ----------
    rate_1, rate_2 : float or Fraction
        r_1 and r_2, discount rates per day; not both 0.
    days_1, days_2 : float or Fraction
        Mean days until side 1, or 2, can make its own offer after it has refused one.
    legs : int, optional
        L of such a gap; None: the gap is fixed, not random.
    acceptance_days : float or Fraction
        Mean days, of as many legs, that the message of acceptance takes.

    Notes
    -----
    *Captures:* that every message had to be passed from Doha or Cairo to Gaza and back.
    *Leaves out:* lines that go dark (`TalksThroughRelays`), distorted messages, relays that want
    something.

    *Traps.* What counts is the mean of ``exp(-r t)``, which is above ``exp(-r E t)``: random gaps
    hurt less than fixed ones. A longer *own* answering gap hurts the answerer. A delay of the
    acceptance itself shrinks what both receive and moves no share (`received`).

    References
    ----------
    Own derivation from A. Rubinstein (1982), "Perfect equilibrium in a bargaining model",
    Econometrica 50:97-109. THEORY.md A5.

    Examples
    --------
    >>> RelayedOffers.through_legs(0.02, 0.05, legs=2, legs_per_day=0.25).solve()
    side 1 gets 0.755155853 if first, 0.647424428 if second; solved; a gap takes 8 days and ...
    >>> round(RelayedOffers(0.02, 0.05, days_1=1, days_2=3, legs=None).limit_share(), 9)
    0.882352941
    """

    rate_1: Number
    rate_2: Number
    days_1: Number
    days_2: Number
    legs: int | None = RELAY_LEGS
    acceptance_days: Number = 0

    def __post_init__(self) -> None:
        for name in ("rate_1", "rate_2"):
            checked_number(name, getattr(self, name), 0, 1e3, "a number from 0, per day")
        for name in ("days_1", "days_2", "acceptance_days"):
            checked_number(name, getattr(self, name), 0, 1e6, "a number from 0, days")
        if self.legs is not None:
            checked_rounds("legs", self.legs)
        if self.rate_1 * self.days_1 <= 0 and self.rate_2 * self.days_2 <= 0:
            hint = "no refusal costs anybody anything: every split is an equilibrium"
            raise ArgumentError("rate_1", self.rate_1, "a gap that costs one side something", hint)

    @classmethod
    def through_legs(
        cls, rate_1: Number, rate_2: Number, *, legs: int, legs_per_day: Number
    ) -> RelayedOffers:
        """Gaps alike for both sides: L legs, each exponential with so many a day."""
        checked_number("legs_per_day", legs_per_day, 1e-9, 1e9, "a number above 0, per day")
        checked_rounds("legs", legs)
        days = legs / legs_per_day
        return cls(rate_1, rate_2, days, days, legs)

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> RelayedOffers:
        """Side 1 is the captor, side 2 the pausing state; both wait for two legs.

        An offer travels to the mediator and on, `relay_days_per_leg` days on average each. The
        weight is that of the captor in the first block's Nash product.
        """
        p = scenario.symbols()
        return cls(p.r_C, p.r_D, RELAY_LEGS * p.relay, RELAY_LEGS * p.relay, RELAY_LEGS)

    def factor(self, side: int) -> Number:
        """``phi_i``: what a util of side 1 or 2 shrinks to while it waits to make its own offer."""
        rate, days = (self.rate_1, self.days_1) if side == 1 else (self.rate_2, self.days_2)
        return self._shrinks(rate, days)

    def limit_share(self) -> Number:
        """Side 1's share as all gaps shrink in proportion."""
        own, other = self.rate_1 * self.days_1, self.rate_2 * self.days_2
        return other / (own + other)

    def received(self, *, first: int = 1) -> tuple[Number, Number]:
        """What both receive, counted from the first offer by side `first`, acceptance on its way.

        Examples
        --------
        >>> model = RelayedOffers(0.02, 0.05, days_1=2, days_2=2, acceptance_days=2)
        >>> one, two = model.received()
        >>> round(one, 6), round(model.closed_form().share, 6)
        (0.697084, 0.725247)
        """
        if first not in (1, 2):
            raise ArgumentError("first", first, "1 or 2")
        found = self.closed_form().agreement
        one, two = found.first if first == 1 else found.second
        wait = self.acceptance_days
        return one * self._shrinks(self.rate_1, wait), two * self._shrinks(self.rate_2, wait)

    def solve(self) -> RelayedTerms:
        """Shares by backward induction; factors from the phases of a gap, by a linear solve.

        The certificate holds both against the formulas.
        """
        factors = tuple(self._by_phases(*pair) for pair in self._own)
        keep = _keep(self._by_phases, self)
        found = _agreement.solved(_plain(keep), None)
        known = self.closed_form()
        apart = max(abs(float(a - b)) for a, b in zip(factors, known.factors, strict=True))
        residuals = dict(found.certificate.residuals)
        residuals["factors by formula"] = apart
        return self._terms(found, factors, Checks(residuals, BARGAINING_PROOF))

    def closed_form(self) -> RelayedTerms:
        """The formulas above, exact for fractions (except fixed gaps)."""
        found = _agreement.closed(self.rounds(), None)
        return self._terms(found, (self.factor(1), self.factor(2)), found.certificate)

    def game(
        self, *, offers: int | None = None, grid: int | Sequence[Number] = 4, solution: bool = True
    ) -> ExtensiveForm | StochasticGame:
        """State it for the engines, as `AlternatingOffers.game` does, with ``d_i = phi_i``.

        Without a last offer gaps have to be alike. With one the tree needs them alike too.
        """
        if self.days_1 != self.days_2:
            raise ArgumentError("days_1", self.days_1, "days_2: gaps alike for both sides")
        plain = AlternatingOffers(self.factor(1), self.factor(2))
        return plain.game(offers=offers, grid=grid, solution=solution)

    def table(self) -> pd.DataFrame:
        """Side 1's share over relay speed and impatience.

        ``change`` is "days a leg", for gaps alike of as many legs, or "impatience of side 1", as a
        multiple of the rate given; ``times`` is the multiple of side 1's rate in the first, the
        multiple of the days in the second.
        """
        import pandas as pd

        legs = self.legs or 1
        given = float(self.days_1 + self.days_2) / 2 / legs
        columns = ["change", "times", "value", "first", "second", "weight"]
        rows = []
        for times in (1, 2):
            for n in range(25):
                days = 0.25 * (4 * MOST_DAYS_PER_LEG) ** (n / 24)
                rows.append(("days a leg", times, days, *self._shares(times, days * legs)))
        for times in (1, 8):
            for n in range(-8, 9):
                ratio = 2.0 ** (n / 4)
                shares = self._shares(ratio, times * given * legs)
                rows.append(("impatience of side 1", times, ratio, *shares))
        return pd.DataFrame(rows, columns=columns)

    def answer(self) -> str:
        """Shares, what slower relays do to them, and what impatience does."""
        found = self.solve()
        slow = self.replace(days_1=4 * self.days_1, days_2=4 * self.days_2).solve()
        twice = self.replace(rate_1=2 * self.rate_1).solve() if self.rate_1 > 0 else found
        lead, later = float(found.agreement.lead), float(slow.agreement.lead)
        return (
            f"Side 1 gets {float(found.weight):.3f} of the gains on average over who offers first; "
            f"being first is worth {lead:.3f}, with relays four times as slow {later:.3f} "
            f"(average {float(slow.weight):.3f}); twice its impatience leaves it "
            f"{float(twice.weight):.3f}."
        )

    def rounds(self) -> Rounds:
        """The game in numbers, as the solvers read it."""
        return _plain(_keep(self._shrinks, self))

    @property
    def _own(self) -> tuple[Pair, Pair]:
        return (self.rate_1, self.days_1), (self.rate_2, self.days_2)

    def _shrinks(self, rate: Number, days: Number) -> Number:
        if self.legs is None:
            return math.exp(-float(rate * days))
        return GapLaw(self.legs, days / self.legs).transform(rate)[0]  # type: ignore[no-any-return]

    def _by_phases(self, rate: Number, days: Number) -> float:
        if self.legs is None:
            return math.exp(-float(rate * days))
        return GapLaw(self.legs, float(days) / self.legs).transform_by_phases(float(rate))[0]

    def _shares(self, ratio: float, days: float) -> tuple[float, float, float]:
        other = self.replace(rate_1=ratio * float(self.rate_1), days_1=days, days_2=days)
        found = other.solve().agreement
        return float(found.first[0]), float(found.second[0]), float(found.weight)

    def _terms(self, found: Agreement, factors: Any, proof: Checks) -> RelayedTerms:
        days = float(self.days_1 + self.days_2) / 2
        return RelayedTerms(found, factors, 1.0, days, found.status, proof)


def terms_in_days(scenario: Scenario, weights: Sequence[Number]) -> pd.DataFrame:
    """What a captor's weight in the bargain means: days of the first block, at a price a day.

    The block of T days maximises ``Y(T)^(1 - th) U(T)^th`` at the weight th, with the values Y to
    the pausing state and U to the captor that `truce.solve` finds at the belief after the pilot.

    Parameters
    ----------
    scenario : Scenario
    weights : sequence of float
        th, each in [0, 1]: `weight` of the models of offers.

    Returns
    -------
    DataFrame
        Indexed by weight: ``block_days`` (0 where no block is worth having to both),
        ``captives_per_day``.

    Examples
    --------
    >>> import ceasefire
    >>> found = terms_in_days(ceasefire.load("november-2023"), [0.8, 0.5, 0.2])
    >>> found["block_days"].tolist()
    [6, 4, 1]
    """
    import numpy as np
    import pandas as pd

    from ceasefire import truce

    for n, weight in enumerate(weights):
        checked_number(f"weights[{n}]", weight, 0, 1, "a number from 0 to 1")
    block = truce.solve(scenario).block
    values = block[["pausing_state", "dealer"]].to_numpy(float)
    good = np.all(values > 0, axis=1)
    logs = np.log(np.where(good[:, None], values, 1.0))
    days = []
    for weight in map(float, weights):
        worth = np.where(good, (1 - weight) * logs[:, 0] + weight * logs[:, 1], -np.inf)
        days.append(int(block.index[int(np.argmax(worth))]) if good.any() else 0)
    price = [scenario.symbols().n0 / d if d else float("nan") for d in days]
    index = pd.Index(list(map(float, weights)), name="weight")
    return pd.DataFrame({"block_days": days, "captives_per_day": price}, index=index)


def _keep(shrinks: Any, model: RelayedOffers) -> tuple[Pair, Pair]:
    """Over the gap before side 2's offer, and before side 1's: what a util of each shrinks to."""
    rates = (model.rate_1, model.rate_2)
    before_two, before_one = (
        tuple(shrinks(rate, days) for rate in rates) for days in (model.days_2, model.days_1)
    )
    return before_two, before_one


def _plain(keep: tuple[Pair, Pair]) -> Rounds:
    return Rounds(keep, ((0, 0), (0, 0)), (None, None), (0, 0))
