"""Alternating offers: impatience, a last offer, options outside, the risk of breakdown."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from ceasefire.bargaining import _agreement
from ceasefire.bargaining._rounds import Number, Opting, Rounds, checked_number, finite
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.status import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from ceasefire.bargaining._agreement import Agreement
    from ceasefire.games import ExtensiveForm, StochasticGame
    from ceasefire.solvers.markov import MarkovEquilibrium
    from ceasefire.truce import Scenario

ROLES = ("responder", "proposer", "both")


@dataclass(frozen=True)
class WholeSplits(Displayed):
    """Stationary equilibria over a pie of whole units, where who is indifferent accepts.

    Attributes
    ----------
    units : int
        The pie.
    splits : tuple of (int, int)
        What side 1 asks for, and what side 2 offers it, in each equilibrium, rising.
    divisible : Agreement
        The one equilibrium where units can be cut.
    status : Status
    certificate : Checks
    """

    units: int
    splits: tuple[tuple[int, int], ...]
    divisible: Agreement
    status: Status
    certificate: Checks

    @property
    def demands(self) -> tuple[int, ...]:
        """What side 1 gets where it makes the first offer, units."""
        return tuple(first for first, _ in self.splits)

    def __repr__(self) -> str:
        low, high = min(self.demands, default=0), max(self.demands, default=0)
        return (
            f"{len(self.splits)} stationary equilibria over {self.units} units, side 1 first gets "
            f"{low} to {high}; divisible {float(self.divisible.share) * self.units:.4f}"
        )


@dataclass(frozen=True)
class AlternatingOffers(Model):
    r"""Two sides divide a pie of 1 by offers in turn, and a refusal costs time or may end talks.

    Side 1 offers at rounds 0, 2, ..., side 2 at 1, 3, ...; what is accepted in round t is worth
    ``d_i^t x_i``. A responder who refuses may leave with ``w_i``; otherwise talks break down with
    chance p, worth ``b_i``. Shares ``V_i`` that proposers keep solve

    .. math:: V_i = 1 - \max(0,\; w_j,\; p b_j + (1 - p) d_j V_j),

    one point since two rounds shrink differences by ``(1-p)^2 d_1 d_2``: with
    ``s_i = (1-p) d_i``,

    .. math:: V_1 = \min\Big(1 - w_2,\; \max\Big(1 - p b_2 - s_2 (1 - w_1),\;
        \frac{1 - p b_2 - s_2 (1 - p b_1)}{1 - s_1 s_2}\Big)\Big).

    With p = 0 and no options that is Rubinstein's ``(1 - d_2) / (1 - d_1 d_2)``. An option below
    what going on is worth changes nothing; one that binds gives the proposer exactly ``1 - w_2``.

    Parameters
    ----------
    discount_1, discount_2 : float or Fraction
        d_1 and d_2 in [0, 1], per round. Without a last offer not both 1, unless talks may break
        down: then every split is an equilibrium.
    offers : int, optional
        The number of offers (Stahl), after the last of which a refusal is worth ``b_i``. By default
        there is no last one.
    outside_1, outside_2 : float or Fraction, optional
        w_1 and w_2 in [0, 1], in pies: what a side gets by leaving after a refusal; who has none
        then gets 0. By default nobody can leave.
    breakdown : float or Fraction
        p in [0, 1], the chance that a refusal ends talks.
    fallback_1, fallback_2 : float or Fraction
        b_1 and b_2, at most 1, in pies: what a breakdown is worth.
    opting : {"responder", "proposer", "both"}
        Who may leave after a refusal.

    Notes
    -----
    *Captures:* weeks of offers in which the side that is hurt less by delay gets more, options away
    from the table, talks that may end. *Leaves out:* what either side does not know of the other
    (delay is a refusal off the path: agreement is immediate), several issues, third parties.

    *Traps.* ``d_1 = d_2 = 1`` leaves every split and is refused; p = 0 with it likewise; near that,
    floats lose the digits of what a round costs (`closed_form` in fractions does not). As rounds
    get short shares depend on the ratio of discount *rates* (`fast_rounds`), and for given d the
    first to offer keeps an advantage. With a last offer the last proposer takes everything, so that
    one offer more moves the outcome by much. The proposer's own option counts through the *next*
    offer. ``w_1 + w_2 > 1``: no deal. An option is not a breakdown payoff: the same 0.3 gives
    other shares. Where the *proposer* may leave after a refusal there is a whole interval of
    equilibria; `solve` returns its ends. Captives cannot be cut: near d = 1 every split of whole
    units is an equilibrium (`whole`).

    `solve` looks from both extreme ends through 2, 4, 8, ... rounds until they meet, which proves
    the equilibrium unique; with a last offer by backward induction, in fractions where all numbers
    are. Linear in the offers.

    References
    ----------
    A. Rubinstein (1982), "Perfect equilibrium in a bargaining model", Econometrica 50:97-109.
    I. Stahl (1972), *Bargaining Theory*. K. Binmore, A. Shaked, J. Sutton (1989), "An outside
    option experiment", Quarterly Journal of Economics 104:753-770. K. Binmore, A. Rubinstein,
    A. Wolinsky (1986), "The Nash bargaining solution in economic modelling", RAND Journal of
    Economics 17:176-188. A. Shaked (1994), "Opting out: bazaars versus 'hi tech' markets",
    Investigaciones Economicas 18:421-432. THEORY.md A1 to A4.

    Examples
    --------
    >>> AlternatingOffers(0.9, 0.8).solve()
    side 1 gets 0.714285714 if first, 0.642857143 if second; solved
    >>> AlternatingOffers(0.9, 0.9, offers=4).solve().share
    0.18099999999999994
    >>> AlternatingOffers(0.8, 0.9, outside_1=0.55, outside_2=0.4).solve()
    side 1 gets 0.595000000 if first, 0.550000000 if second; solved
    >>> AlternatingOffers(0.9, 0.9, outside_2=0.6, opting="proposer").solve()
    side 1 gets 0.100000000 to 0.370000000 if first, 0.000000000 to 0.300000000 if second; not ...
    """

    discount_1: Number
    discount_2: Number
    offers: int | None = None
    outside_1: Number | None = None
    outside_2: Number | None = None
    breakdown: Number = 0
    fallback_1: Number = 0
    fallback_2: Number = 0
    opting: Opting = "responder"

    def __post_init__(self) -> None:
        for name in ("discount_1", "discount_2", "breakdown"):
            checked_number(name, getattr(self, name), 0, 1, "a number from 0 to 1")
        for name in ("outside_1", "outside_2"):
            if getattr(self, name) is not None:
                checked_number(name, getattr(self, name), 0, 1, "a number from 0 to 1, in pies")
        for name in ("fallback_1", "fallback_2"):
            checked_number(name, getattr(self, name), -1e6, 1, "a number up to 1, in pies")
        if self.opting not in ROLES:
            raise ArgumentError("opting", self.opting, f"one of {', '.join(ROLES)}")
        if self.offers is not None:
            checked_rounds("offers", self.offers)
        elif min(self.discount_1, self.discount_2) >= 1 and self.breakdown <= 0:
            hint = "no refusal costs anybody anything: every split is an equilibrium"
            raise ArgumentError("discount_1", self.discount_1, "below 1, or discount_2 is", hint)

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> AlternatingOffers:
        """Side 1 is the captor, side 2 the pausing state.

        A round is the way of a message to the mediator and on, two legs of `relay_days_per_leg`,
        each exponential: ``d_i = (1 + relay r_i)^-2``. Nobody can leave and talks do not break
        down: `TalksThroughRelays` has that risk.
        """
        p = scenario.symbols()
        one, two = ((1 + p.relay * rate) ** -2 for rate in (p.r_C, p.r_D))
        if min(one, two) >= 1:
            hint = "with no delay, or no impatience, offers leave every split possible"
            raise ArgumentError("talks.relay_days_per_leg", p.relay, "delay that costs", hint)
        return cls(one, two)

    def solve(self) -> Agreement:
        """Shares by who offers first, by backward induction.

        Returns
        -------
        Agreement
            Its `certificate` tries every deviation from the play found, and compares with
            the closed form where there is one. Status ``NO_DEAL`` where both leave.
        """
        return _agreement.solved(self.rounds(), self.offers)

    def closed_form(self) -> Agreement:
        """The formulas above, and Stahl's with a last offer; exact for fractions.

        Raises
        ------
        ArgumentError
            There is no formula: a last offer together with options or fallbacks below 0; a proposer
            who may leave; fallbacks that make waiting worth more than the pie.
        """
        return _agreement.closed(self.rounds(), self.offers)

    def fast_rounds(self) -> Number:
        """Side 1's share as rounds get ever shorter, rates of discount and breakdown as given.

        With ``r_i = -log d_i`` and ``h = -log(1 - p)``, per round, it is
        ``(h + r_2 + h b_1 - h b_2) / (2 h + r_1 + r_2)``, moved into ``[w_1, 1 - w_2]``; without
        discounting ``b_1 + (1 - b_1 - b_2) / 2``, Nash's solution.

        Raises
        ------
        ArgumentError
            There is a last offer, d_i = 0, p = 1, or somebody does better by not agreeing.
        """
        worst = min(self.discount_1, self.discount_2, 1 - self.breakdown)
        if self.offers is not None or worst <= 0:
            raise ArgumentError("discount_1", self.discount_1, "above 0, without a last offer")
        r1, r2 = -math.log(self.discount_1), -math.log(self.discount_2)
        h, b1, b2 = -math.log1p(-float(self.breakdown)), self.fallback_1, self.fallback_2
        share = (h + r2 + h * (b1 - b2)) / (2 * h + r1 + r2)
        low, high = self.outside_1 or 0, 1 - (self.outside_2 or 0)
        if low > high or b1 + b2 > 1:
            raise ArgumentError("outside_1", self.outside_1, "options that leave room for a deal")
        return min(max(share, low), high)

    def whole(self, units: int) -> WholeSplits:
        """Stationary equilibria where the pie is so many whole units, captives for instance.

        Side 1 asks for x, side 2 offers it y, and who is indifferent accepts:
        ``units - x`` is the least whole number that is worth refusing no more to side 2, and y that
        of side 1. They are listed by trying every x: linear in `units`.

        Examples
        --------
        >>> AlternatingOffers(0.99, 0.99).whole(50)
        51 stationary equilibria over 50 units, side 1 first gets 0 to 50; divisible 25.1256
        >>> AlternatingOffers(0.9, 0.9).whole(50).demands
        (23, 24, 25, 26, 27, 28, 29)
        """
        checked_rounds("units", units)
        if self.offers is not None or self.opting != "responder":
            raise ArgumentError("offers", self.offers, "None, and only responders may leave")
        from ceasefire.bargaining._whole_units import stationary

        splits, checks = stationary(self.rounds(), units)
        status = Status.OK if splits else Status.NO_EQUILIBRIUM
        return WholeSplits(units, splits, self.solve(), status, checks)

    def game(
        self, *, offers: int | None = None, grid: int | Sequence[Number] = 4, solution: bool = True
    ) -> ExtensiveForm | StochasticGame:
        """State it for the general engines, over shares on a grid.

        Parameters
        ----------
        offers : int, optional
            Rounds of a finite tree; by default the model's own. Without either: a stochastic game
            whose states are offers on the table, for `markov_perfect` and `payoff_set`; values of
            its state "1 begins" are a round late.
        grid : int or sequence
            Equal parts of the pie, or the shares of side 1 that may be offered; 50 for 50 captives.
        solution : bool
            Whether to add the shares that are offered in equilibrium, so that it is one of the
            grid's too. Where indifferent the first action is to accept.

        Notes
        -----
        What a breakdown is worth is received as its expectation. On a grid ties and gaps add
        equilibria, within one step of the grid in every round.
        """
        from ceasefire.bargaining._offer_games import OfferStates, offer_tree, shares

        rounds, count = self.rounds(), self.offers if offers is None else offers
        if count is None:
            one, two = self._stationary() if solution else (0, 1)
            return OfferStates(rounds, shares(grid, (one, two))).build("alternating offers")
        checked_rounds("offers", count)
        grids = []
        for step in finite(rounds, count):
            offered = step.value[0] if step.agreed else 1 - step.proposer
            grids.append(shares(grid, (offered,) if solution else ()))
        return offer_tree(rounds, grids, f"alternating offers, {count} rounds")

    def stationary(self, *, grid: int | Sequence[Number] = 4) -> MarkovEquilibrium:
        """The equilibrium of `closed_form` in ``game(grid=grid)``, tried by the engine."""
        from ceasefire.bargaining._offer_games import OfferStates, shares
        from ceasefire.solvers.markov import markov_equilibrium

        one, two = self._stationary()
        rules = OfferStates(self.rounds(), shares(grid, (one, two)))
        game = rules.build("alternating offers")
        return markov_equilibrium(game, rules.behaviour(game, one, two), "closed form")

    def _stationary(self) -> tuple[Any, Any]:
        found = _agreement.closed(self.rounds(), None)
        return found.first[0], found.second[0]

    def table(self) -> pd.DataFrame:
        """Side 1's share as one thing changes, by who offers first.

        ``change`` names what; ``value`` is its value: the ratio of side 1's discount rate to the
        one given (times 1/8 to 8), the option of either side, the chance of breakdown, offers.
        """
        import pandas as pd

        rows = []
        for change, value, model in _variants(self):
            found = model.solve()
            rows.append((change, value, *map(float, (found.share, found.second[0], found.weight))))
        columns = ["change", "value", "first", "second", "weight"]
        return pd.DataFrame(rows, columns=columns)

    def answer(self) -> str:
        """Side 1's share first and second, and what twice the impatience takes."""
        found = self.solve()
        if found.status is Status.NO_DEAL:
            return "No deal: what both get by leaving is worth more than the pie."
        twice = self.replace(discount_1=self.discount_1**2, opting="responder").solve()
        spread = "" if found.unique else f" (from {float(found.lowest[0]):.3f}: not unique)"
        return (
            f"Side 1 gets {float(found.share):.3f} of the gains as first to offer{spread}, "
            f"{float(found.second[0]):.3f} as second, {float(found.weight):.3f} on average; "
            f"with twice its impatience {float(twice.weight):.3f}."
        )

    def rounds(self) -> Rounds:
        """The game in numbers, as the solvers read it."""
        p, d = self.breakdown, (self.discount_1, self.discount_2)
        keep = ((1 - p) * d[0], (1 - p) * d[1])
        back = (self.fallback_1, self.fallback_2)
        fall = (p * back[0], p * back[1])
        option = (self.outside_1, self.outside_2)
        return Rounds((keep, keep), (fall, fall), option, back, self.opting)


class _Variant(NamedTuple):
    change: str
    value: float
    model: AlternatingOffers


def _variants(model: AlternatingOffers) -> list[_Variant]:
    """The model with one thing changed at a time."""
    plain = model.replace(opting="responder")
    found = []
    for n in range(-12, 13):
        ratio = 2.0 ** (n / 4)
        other = plain.replace(discount_1=float(model.discount_1) ** ratio)
        found.append(_Variant("impatience of side 1", ratio, other))
    for n in range(21):
        w = n / 20
        found.append(_Variant("option of side 1", w, plain.replace(outside_1=w, outside_2=None)))
        found.append(_Variant("option of side 2", w, plain.replace(outside_2=w, outside_1=None)))
    for n in range(21):
        # A side that would fall back on 0.3 against one that has nothing to fall back on.
        risky = plain.replace(breakdown=n / 40, fallback_1=0.3, fallback_2=0)
        found.append(_Variant("breakdown, side 1 keeps 0.3", n / 40, risky))
    for n in range(1, 25):
        found.append(_Variant("offers", n, plain.replace(offers=n)))
    return found


def checked_rounds(name: str, value: object) -> None:
    """Refuse what is not a whole number from 1."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ArgumentError(name, value, "a whole number from 1")
