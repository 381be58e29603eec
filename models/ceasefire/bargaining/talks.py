"""Offers through relays whose line goes dark, and may stay so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ceasefire.bargaining import _agreement
from ceasefire.bargaining._gaps import GapLaw
from ceasefire.bargaining._rounds import Number, Pair, Rounds, checked_number
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.bargaining.offers import checked_rounds
from ceasefire.bargaining.relays import RELAY_LEGS, RelayedTerms
from ceasefire.errors import ArgumentError
from ceasefire.tolerances import BARGAINING_PROOF

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from ceasefire.bargaining._agreement import Agreement
    from ceasefire.games import ExtensiveForm, StochasticGame
    from ceasefire.truce import Scenario

FALLBACK = 0.2  # that tables show for side 1: what a breakdown may be worth to a side


@dataclass(frozen=True)
class TalksThroughRelays(Model):
    r"""Alternating offers through relays whose line goes dark, and may stay so.

    A reply offer takes L legs, each exponential with mean m days while the line is live. A live
    line goes dark at rate om; a dark one is restored at rate rho, and the leg goes on, or talks
    break down at rate b, worth ``b_i``. With ``t`` the days until the offer arrives or talks end,

    .. math::
        \phi_i = E[e^{-r_i t} 1(\text{arrives})] = (1 + w_i m)^{-L}, \quad
        \psi_i = E[e^{-r_i t} 1(\text{ends})]
            = \frac{om\, b}{w_i (r_i + \rho + b)} (1 - \phi_i), \quad
        w_i = r_i + om\, \frac{r_i + b}{r_i + \rho + b},

    .. math:: V_1 = 1 - \psi_2 b_2 - \phi_2 V_2, \qquad V_2 = 1 - \psi_1 b_1 - \phi_1 V_1,

    .. math:: x = V_1 = \frac{1 - \psi_2 b_2 - \phi_2 (1 - \psi_1 b_1)}{1 - \phi_1 \phi_2},

    where both are worth refusing no more than 0 (else moved as in `AlternatingOffers`). om = 0 is
    `RelayedOffers`. A blackout adds ``om (r_i + b) / (r_i + rho + b)`` to the rate of either side:
    where b is large against ``r_i`` the same for both, so that shares move towards one half, and
    what a breakdown is worth moves them further.

    Parameters
    ----------
    rate_1, rate_2 : float or Fraction
        r_1 and r_2, discount rates per day.
    days_per_leg : float or Fraction
        m, mean days of a leg.
    blackout_per_day, restore_per_day, breakdown_per_day : float or Fraction
        om, rho and b, rates per day (mean days until each: one over it).
    fallback_1, fallback_2 : float or Fraction
        b_1 and b_2, up to 1 together, in units of the gains: what a breakdown is worth.
    legs : int
        L from a refused offer to the reply offer.

    Notes
    -----
    *Captures:* messages from Doha or Cairo to Gaza and back, a line that goes dark in mid-November,
    talks that may end there. *Leaves out:* what the sides do not know of each other: agreement is
    immediate; `exchanges` adds the days that a detailed text takes. What a blackout is caused by.

    *Traps.* A blackout that always ends (b = 0) only slows relays. Where rates and fallbacks are
    alike no blackout moves the average share, one half. Rates per day and chances per day
    (`BlackoutTalks`) have the same mean days and odds, not the same law.

    References
    ----------
    Own derivation: THEORY.md A5 and A6 together, with the breakdown of A4; K. Binmore,
    A. Rubinstein, A. Wolinsky (1986), RAND Journal of Economics 17:176-188.

    Examples
    --------
    >>> model = TalksThroughRelays(0.02, 0.01, 1, 0.06, 0.25, 0.04)
    >>> model.solve()
    side 1 gets 0.400995576 if first, 0.376795798 if second; solved; a gap takes 2.337 days ...
    >>> round(model.replace(blackout_per_day=0).solve().weight, 6)
    0.334453
    >>> model.exchanges(14).survival < 0.8
    True
    """

    rate_1: Number
    rate_2: Number
    days_per_leg: Number
    blackout_per_day: Number
    restore_per_day: Number
    breakdown_per_day: Number
    fallback_1: Number = 0
    fallback_2: Number = 0
    legs: int = RELAY_LEGS

    def __post_init__(self) -> None:
        for name in (
            "rate_1", "rate_2", "blackout_per_day", "restore_per_day", "breakdown_per_day",
        ):  # fmt: skip
            checked_number(name, getattr(self, name), 0, 1e3, "a number from 0, per day")
        checked_number("days_per_leg", self.days_per_leg, 0, 1e6, "a number from 0, days")
        for name in ("fallback_1", "fallback_2"):
            checked_number(name, getattr(self, name), -1e6, 1, "a number up to 1, in pies")
        if self.fallback_1 + self.fallback_2 > 1:
            got, allowed = self.fallback_1, "at most 1 less fallback_2"
            raise ArgumentError("fallback_1", got, allowed, "else breaking down beats any deal")
        checked_rounds("legs", self.legs)
        if min(self.gap.transform(rate)[0] for rate in (self.rate_1, self.rate_2)) >= 1:
            hint = "no refusal costs anybody anything: every split is an equilibrium"
            raise ArgumentError("days_per_leg", self.days_per_leg, "a gap that costs a side", hint)

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> TalksThroughRelays:
        """Side 1 is the captor, side 2 the pausing state.

        Rates of blackout, restoring and breakdown are the chances per day of the talks, so that
        mean days and odds are those of the daily chain; two legs of `relay_days_per_leg`.
        A breakdown is worth 0 to both: payoffs are net of war.
        """
        p = scenario.symbols()
        return cls(p.r_C, p.r_D, p.relay, p.om, p.rho, p.b_T)

    @property
    def gap(self) -> GapLaw:
        """The law of one gap, from a refused offer to the reply offer."""
        return self.exchanges(1)

    def exchanges(self, count: int) -> GapLaw:
        """The law of so many exchanges of messages, one after the other.

        Its `survival`, `mean_days`, `arrived(days)` and `quantile(chance)` say when a text is
        settled that takes so many.

        Examples
        --------
        >>> november = TalksThroughRelays(0.01, 0.01, 1, 0.06, 0.25, 0.04)
        >>> law = november.exchanges(14)
        >>> round(law.mean_days, 1), round(law.quantile(0.9), 1), round(law.survival, 3)
        (32.7, 44.0, 0.794)
        """
        checked_rounds("count", count)
        return GapLaw(
            self.legs * count, self.days_per_leg, self.blackout_per_day, self.restore_per_day,
            self.breakdown_per_day,
        )  # fmt: skip

    def solve(self) -> RelayedTerms:
        """Shares by backward induction; factors from the phases of a gap, by a linear solve.

        The certificate holds both against the formulas.
        """
        rates = (self.rate_1, self.rate_2)
        pairs = [self.gap.transform_by_phases(float(rate)) for rate in rates]
        found = _agreement.solved(self._rounds(pairs), None)
        known = [self.gap.transform(rate) for rate in rates]
        apart = max(
            abs(float(a - b)) for one, two in zip(pairs, known, strict=True)
            for a, b in zip(one, two, strict=True)
        )  # fmt: skip
        residuals = {**found.certificate.residuals, "factors by formula": apart}
        return self._terms(found, pairs, Checks(residuals, BARGAINING_PROOF))

    def closed_form(self) -> RelayedTerms:
        """The formulas above, exact for fractions."""
        pairs = [self.gap.transform(rate) for rate in (self.rate_1, self.rate_2)]
        found = _agreement.closed(self._rounds(pairs), None)
        return self._terms(found, pairs, found.certificate)

    def game(
        self, *, offers: int | None = None, grid: int | Sequence[Number] = 4, solution: bool = True
    ) -> ExtensiveForm | StochasticGame:
        """State it for the engines: see `AlternatingOffers.game`.

        With a last offer talks are over after its refusal, worth what a breakdown is.
        """
        from ceasefire.bargaining._offer_games import OfferStates, offer_tree, shares
        from ceasefire.bargaining._rounds import finite

        rounds, title = self.rounds(), "offers through relays that go dark"
        if offers is None:
            found = self.closed_form().agreement
            extra = (found.first[0], found.second[0]) if solution else ()
            return OfferStates(rounds, shares(grid, extra)).build(title)
        checked_rounds("offers", offers)
        grids = [
            shares(grid, (step.value[0],) if solution else ()) for step in finite(rounds, offers)
        ]
        return offer_tree(rounds, grids, title)

    def table(self) -> pd.DataFrame:
        """Side 1's share over blackouts and relay speed, for several kinds of sides.

        ``change`` is "blackouts a day" or "days a leg"; ``sides`` says what side 1 is like: as
        given, twice as impatient, or with a breakdown worth 0.2 more to it; besides shares there
        are the chance that talks survive a gap and its mean days.
        """
        import pandas as pd

        room = 1 - float(self.fallback_1 + self.fallback_2)
        kinds = {
            "as given": self,
            "side 1 twice as impatient": self.replace(rate_1=2 * self.rate_1),
            f"breakdown worth {FALLBACK:g} to side 1": self.replace(
                fallback_1=float(self.fallback_1) + min(FALLBACK, room)
            ),
        }
        rows = []
        for kind, model in kinds.items():
            for n in range(31):
                row = _row(model.replace(blackout_per_day=n / 100))
                rows.append(("blackouts a day", kind, n / 100, *row))
            for n in range(25):
                days = 0.25 * 64.0 ** (n / 24)
                rows.append(("days a leg", kind, days, *_row(model.replace(days_per_leg=days))))
        columns = ["change", "sides", "value", "first", "second", "weight", "survival", "gap_days"]
        return pd.DataFrame(rows, columns=columns)

    def answer(self) -> str:
        """What blackouts do to the average share and to a gap."""
        found, clear = self.solve(), self.replace(blackout_per_day=0)
        both = {"as given": self, "twice as impatient": self.replace(rate_1=2 * self.rate_1)}
        parts = []
        for kind, model in both.items():
            without = model.replace(blackout_per_day=0).solve().weight
            now = model.solve().weight
            parts.append(f"{float(without):.3f} to {float(now):.3f} ({kind})")
        return (
            f"Blackouts move side 1's average share from {' and from '.join(parts)}; they lengthen "
            f"the wait for a reply from {clear.gap.mean_days:.2f} to {found.gap_days:.2f} days and "
            f"end talks in {1 - found.survival:.3f} of waits."
        )

    def rounds(self) -> Rounds:
        """The game in numbers, as the solvers read it."""
        return self._rounds([self.gap.transform(rate) for rate in (self.rate_1, self.rate_2)])

    def _rounds(self, pairs: Sequence[Pair]) -> Rounds:
        keep = (pairs[0][0], pairs[1][0])
        back = (self.fallback_1, self.fallback_2)
        fall = (pairs[0][1] * back[0], pairs[1][1] * back[1])
        return Rounds((keep, keep), (fall, fall), (None, None), back)

    def _terms(self, found: Agreement, pairs: Sequence[Pair], proof: Checks) -> RelayedTerms:
        gap, factors = self.gap, (pairs[0][0], pairs[1][0])
        return RelayedTerms(found, factors, gap.survival, gap.mean_days, found.status, proof)


def _row(model: TalksThroughRelays) -> tuple[float, ...]:
    found = model.closed_form()
    shares = (found.first[0], found.second[0], found.weight)
    return (*map(float, shares), found.survival, found.gap_days)
