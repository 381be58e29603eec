"""Offers to a side of unknown value: two rounds (Fudenberg and Tirole), and two types."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.bargaining import _staged
from ceasefire.bargaining._staged import Number, exact
from ceasefire.bargaining._windows import costly_days, relay_discount
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.status import Status
from ceasefire.tolerances import EXPLOITABILITY, PAYOFF_TIE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from ceasefire.games import ExtensiveForm
    from ceasefire.games.extensive import Chance, Decision, End
    from ceasefire.solvers import Assessment
    from ceasefire.truce import Scenario

TO_ALL, SCREEN, HARD = "sell to all", "screen", "hard line"
GRID = 400  # first prices that the certificate tries
REFUSED, TAKEN = "refuse", "accept"


@dataclass(frozen=True, repr=False)
class ScreeningPlan(Displayed):
    """What the seller asks and the buyer does on the path.

    Attributes
    ----------
    model : TwoPeriodScreening
    policy : {"sell to all", "screen", "hard line"}
    first_price : float or Fraction
    accept_high : float or Fraction
        Probability that the high type takes the first price.
    accept_low : bool
        Whether the low type does.
    low_chance : float or Fraction
        Probability that the second price is the low value; otherwise it is the high one.
    seller : float or Fraction
        Expected discounted payoff.
    buyer : tuple
        Payoffs of the high and of the low type.
    sold_first, sold : float or Fraction
        Probability of a deal in the first round, and at all.
    method : str
    status : Status
    certificate : Checks
    """

    model: TwoPeriodScreening
    policy: str
    first_price: Number
    accept_high: Number
    accept_low: bool
    low_chance: Number
    seller: Number
    buyer: tuple[Number, Number]
    sold_first: Number
    sold: Number
    method: str
    status: Status
    certificate: Checks

    def __repr__(self) -> str:
        return (
            f"{self.policy}: first price {float(self.first_price):.6g}, the high type takes it "
            f"with {float(self.accept_high):.4g}; seller {float(self.seller):.6g}, buyer "
            f"{float(self.buyer[0]):.4g} (high), {float(self.buyer[1]):.4g} (low); {self.method}"
        )


@dataclass(frozen=True)
class TwoPeriodScreening(Model):
    r"""Two price offers to a buyer whose value is h (probability pi) or l; no commitment.

    The seller (cost 0) names a price, after a refusal another; both discount by delta. It cannot
    promise not to come down: after a refusal it asks l unless the high type is still as likely as
    l/h. With ``m = (1 - delta) h + delta l``, the most that a high type pays if l comes next:

    .. math:: \max\{\, l;\quad \pi m + (1-\pi)\delta l;\quad
              \pi y h + \delta (1 - \pi y) l \text{ if } \pi > l/h \,\},
              \qquad y = \frac{\pi - l/h}{\pi (1 - l/h)}.

    *Sell to all* asks l at once. *Screen* asks m, then l. *Hard line* asks h: the high type takes
    it with probability y, which leaves the seller willing to insist on h.

    Parameters
    ----------
    share : float or Fraction
        pi in [0, 1], probability of the high value.
    high, low : float or Fraction
        h > l > 0, what the thing is worth to the buyer; here days of pause per captive.
    discount : float or Fraction
        delta in [0, 1), per round of offers.

    Notes
    -----
    *Captures:* a captor that asks for days of pause without knowing what its captives are worth
    to the other side, and why the first demand is not the last word. *Leaves out:* a cost of the
    seller (measure values above it), more than two values or rounds (`PriceDemands`), offers by the
    informed side. Whoever names prices is "seller".

    *Traps.* For ``pi > l/h`` prices between m and h have no reply without mixing: if the high type
    took them for sure a refusal would mean low value and bring l; if never, it would bring h. The
    seller mixes there after a refusal, between l (probability ``(h - p) / (delta (h - l))``) and h.
    At ``pi <= l/h`` such prices are refused by all. The plans tie on curves: (pi, delta, l/h) =
    (.6, .8, .5) is on one.

    References
    ----------
    D. Fudenberg and J. Tirole (1983), "Sequential bargaining with incomplete information",
    Review of Economic Studies 50:221-247. THEORY.md F5.

    Examples
    --------
    >>> TwoPeriodScreening(share=0.6, high=1, low=0.5, discount=0.8).closed_form()
    screen: first price 0.6, the high type takes it with 1; seller 0.52, buyer 0.4 (high), ...
    >>> TwoPeriodScreening(share=0.9, high=1, low=0.5, discount=0.8).closed_form().policy
    'hard line'
    """

    share: Number
    high: Number
    low: Number
    discount: Number

    def __post_init__(self) -> None:
        _staged.checked("share", self.share, -1e-300, 1 + 1e-15, "a probability")
        _staged.checked("low", self.low, 0, np.inf, "a number above 0")
        _staged.checked("high", self.high, 0, np.inf, "a number above the low value")
        if self.high <= self.low:
            raise ArgumentError("high", self.high, f"above the low value, {float(self.low):g}")
        _staged.checked_discount(self.discount)

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> TwoPeriodScreening:
        """The captor asks for days of pause per captive; the pausing state's worth is unknown.

        A captive is worth v utils and a pause day costs the pausing state k_j: at most ``v / k_j``
        days. It is high where days are counted at the cost of the first, low where at that of the
        last that the terms allow (``k0 + k1 J``); the scenario says nothing of the odds: even.
        Between two offers a message goes there and back: ``delta = (1 + relay r_D) ** -2``.
        """
        p = costly_days(scenario)
        return cls(
            share=0.5, high=p.v / p.k0, low=p.v / (p.k0 + p.k1 * p.J),
            discount=relay_discount(p, p.r_D),
        )  # fmt: skip

    @property
    def screening_price(self) -> Number:
        """``m = (1 - delta) h + delta l``: a high type takes it although l comes next."""
        return (1 - self.discount) * self.high + self.discount * self.low

    def plans(self) -> dict[str, Number]:
        """What each plan is worth to the seller; the hard line only where it can be kept to."""
        pi, h, d, low = self.share, self.high, self.discount, self.low
        worth: dict[str, Number] = {TO_ALL: low}
        worth[SCREEN] = pi * self.screening_price + (1 - pi) * d * low
        if pi * h > low:
            y = self._holding_out()
            worth[HARD] = pi * y * h + d * (1 - pi * y) * low
        return worth

    def closed_form(self) -> ScreeningPlan:
        """The best of the three plans; of plans that tie the first in the order above."""
        worth = self.plans()
        best = max(worth.values())
        tie = 0 if isinstance(best, Fraction) else PAYOFF_TIE * float(self.high)
        policy = next(name for name, value in worth.items() if value >= best - tie)
        price = {TO_ALL: self.low, SCREEN: self.screening_price, HARD: self.high}[policy]
        return self._plan(policy, price, "closed form (Fudenberg and Tirole 1983)")

    def solve(self) -> ScreeningPlan:
        """Backward induction: the equilibrium after every first price, then the best price.

        After each price the high type's acceptance and the seller's second price are found by
        enumerating who mixes. What a price is worth is linear between the prices at which replies
        change (where the high type is indifferent), so those and a grid are compared.
        """
        prices = [*self._turning_points(), *(self.high * k / 40 for k in range(1, 41))]
        worth = [self._value(p, *self.reply(p)) for p in prices]
        best = max(worth)
        tie = PAYOFF_TIE * float(self.high)
        price = min(p for p, w in zip(prices, worth, strict=True) if w >= best - tie)
        near = [abs(float(price - p)) for p in self._turning_points()]
        policy = (TO_ALL, SCREEN, HARD)[near.index(min(near))]
        return self._plan(policy, price, "backward induction over prices and posteriors")

    def reply(self, price: Number) -> tuple[Number, Number]:
        """The equilibrium after a first price: the high type's acceptance, and P(second price low).

        Found by enumerating the supports: the second price low, high, or mixed.
        """
        h, low, d, pi = self.high, self.low, self.discount, self.share
        gain_low = h - price - d * (h - low)  # accepting now over waiting for the low price
        tie = 0 if isinstance(gain_low, Fraction) else PAYOFF_TIE * float(h)  # prices are rounded
        if gain_low >= -tie and (price <= low or pi < 1 or d == 0):
            return 1, (1 if pi * h <= low or price > low else 0)  # who refuses is a low type
        if pi * h <= low:
            return 0, 1  # the posterior after a refusal by all is the prior: low comes next
        if h - price < 0:
            return 0, 0
        if pi == 1:
            return (1 if h - price >= 0 else 0), 0
        return self._holding_out(), (h - price) / (d * (h - low))

    def assessment(self, prices: Sequence[Number] | None = None) -> Assessment:
        """The equilibrium on the tree of `game`, verified by `solvers.assess`, beliefs included.

        The plan's own first price is added to `prices`.
        """
        from ceasefire.solvers import assess

        plan = self.closed_form()
        if prices is not None:
            prices = [*prices, plan.first_price]
        tree, listed = self.game(prices), self._listed(prices)
        x = np.zeros(int(tree.infoset_start[-1]))
        beliefs = np.ones(tree.n_nodes)
        for h, label in enumerate(tree.infoset_labels):
            acts = tree.action_labels[h]
            who, _, at = label.partition(" ")
            if who == "opening":
                chances = [float(a == _shown(plan.first_price)) for a in acts]
                posterior: Number = self.share
            else:
                accept, low_next = self.reply(listed[at])
                takes = [accept, 1 if listed[at] <= self.low else 0]
                if who == "second":
                    chances = [float(low_next), 1 - float(low_next)]
                    left = [self.share * (1 - takes[0]), (1 - self.share) * (1 - takes[1])]
                    posterior = left[0] / sum(left) if sum(left) > 0 else self.share
                else:
                    chance = float(takes[0 if who == "high" else 1])
                    chances, posterior = [chance, 1 - chance], 1
            x[tree.infoset_start[h] : tree.infoset_start[h + 1]] = chances
            nodes = tree.nodes(h)
            if len(nodes) == 2:
                beliefs[nodes] = [float(posterior), 1 - float(posterior)]
        return assess(tree, x, beliefs, method="closed form (Fudenberg and Tirole 1983)")

    def game(self, prices: Sequence[Number] | None = None) -> ExtensiveForm:
        """State it as a tree with a grid of first prices, for `sequential` and `assess`.

        By default first prices are l, m and h. Second prices are l and h, since others are
        dominated, and the buyer takes one iff its value covers it. Needs ``0 < pi < 1``. At its
        turning points a reply ties, and `sequential`, a limit of trembles, splits ties evenly: give
        it prices just below.
        """
        from ceasefire.games import Chance, Decision, End, ExtensiveForm

        if not 0 < self.share < 1:
            raise ArgumentError("share", self.share, "between 0 and 1", "chance draws both types")
        pi, d = exact(self.share), exact(self.discount)
        worth = {"high": exact(self.high), "low": exact(self.low)}
        listed = self._listed(prices)

        def moves(state: tuple[str, ...]) -> Decision | Chance | End:
            match state:
                case ():
                    return Chance({"high": (pi, ("high",)), "low": (1 - pi, ("low",))})
                case (kind,):
                    return Decision("seller", {p: (kind, p) for p in listed}, sees="opening")
                case (kind, p):
                    v, price = worth[kind], exact(listed[p])
                    after = {TAKEN: End([price, v - price]), REFUSED: (kind, p, "again")}
                    return Decision("buyer", after, sees=f"{kind} {p}")
                case (kind, p, _):
                    low, high, v = worth["low"], worth["high"], worth[kind]
                    after = {"low": End([d * low, d * (v - low)])}
                    after["high"] = End([d * high, 0] if kind == "high" else [0, 0])
                    return Decision("seller", after, sees=f"second {p}")
            raise AssertionError(state)

        return ExtensiveForm.from_rules(
            (), moves, players=["seller", "buyer"], title="Two offers (Fudenberg and Tirole 1983)"
        )

    def table(self) -> pd.DataFrame:
        """By the share of high types: the plan, its prices, and who gets what."""
        import pandas as pd

        rows = []
        for share in np.linspace(0.0, 1.0, 101):
            model = self.replace(share=float(share))
            plan, worth = model.closed_form(), model.plans()
            buyer = share * float(plan.buyer[0]) + (1 - share) * float(plan.buyer[1])
            rows.append((
                float(share), plan.policy, float(plan.first_price), float(plan.seller), buyer,
                float(plan.sold_first), float(plan.sold), float(worth[TO_ALL]),
                float(worth[SCREEN]), float(worth.get(HARD, np.nan)),
            ))  # fmt: skip
        return pd.DataFrame(rows, columns=[
            "share", "policy", "first_price", "seller", "buyer", "sold_first", "sold",
            "sell_to_all", "screen", "hard_line",
        ])  # fmt: skip

    def answer(self) -> str:
        """The plan at these parameters, and from which share of high values on it is another."""
        plan = self.closed_form()
        edge = float(self.low) / float(self.high)
        said = {
            TO_ALL: "asks the low value at once and all deals are made",
            SCREEN: "asks more first and comes down after a refusal",
            HARD: "insists on the high value, and low values get no deal",
        }[plan.policy]
        return (
            f"With a high value held likely at {float(self.share):.3g} the side that names prices "
            f"{said}: first price {float(plan.first_price):.4g}, worth {float(plan.seller):.4g}. "
            f"Up to a share of {edge:.3g} (low over high value) it sells to all; above it asks "
            "more first."
        )

    def _holding_out(self) -> Number:
        """Y: acceptance that leaves the high type exactly l/h likely after a refusal."""
        edge = (
            Fraction(self.low) / Fraction(self.high) if self._is_exact() else self.low / self.high
        )
        return (self.share - edge) / (self.share * (1 - edge))

    def _is_exact(self) -> bool:
        return all(isinstance(x, int | Fraction) for x in (self.share, self.high, self.low))

    def _turning_points(self) -> list[Number]:
        """Prices up to which the low type, the high type expecting l, and any high type accept."""
        return [self.low, self.high - self.discount * (self.high - self.low), self.high]

    def _listed(self, prices: Sequence[Number] | None) -> dict[str, Number]:
        chosen = (self.low, self.screening_price, self.high) if prices is None else prices
        for k, price in enumerate(chosen):
            _staged.checked(f"prices[{k}]", price, -1e-300, np.inf, "a number from 0")
        if not chosen:
            raise ArgumentError("prices", [], "at least one first price")
        return {_shown(p): p for p in sorted(set(chosen))}

    def _value(self, price: Number, accept: Number, low_next: Number) -> Number:
        """Seller's expected payoff of a first price, given what follows."""
        pi, d, low, h = self.share, self.discount, self.low, self.high
        takes_low = 1 if price <= low else 0
        now = (pi * accept + (1 - pi) * takes_low) * price
        later = low_next * low * (pi * (1 - accept) + (1 - pi) * (1 - takes_low))
        return now + d * (later + (1 - low_next) * h * pi * (1 - accept))

    def _plan(self, policy: str, price: Number, method: str) -> ScreeningPlan:
        accept, low_next = self.reply(price)
        low_takes = price <= self.low
        worth = self._value(price, accept, low_next)
        pi, d = self.share, self.discount
        high = max(self.high - price, d * low_next * (self.high - self.low))
        first = pi * accept + (1 - pi) * int(low_takes)
        sold = first + pi * (1 - accept) + (1 - pi) * (1 - int(low_takes)) * low_next
        proof = self._certificate(price, accept, low_next, worth)
        return ScreeningPlan(
            self, policy, price, accept, low_takes, low_next, worth,
            (high, max(self.low - price, 0)), first, sold, method,
            Status.OK if proof.passed else Status.EXPLOITABLE, proof,
        )  # fmt: skip

    def _certificate(
        self, price: Number, accept: Number, low_next: Number, worth: Number
    ) -> Checks:
        """Deviations on the path, in floats: other prices, first and second, and other replies."""
        pi, h, low, d = map(float, (self.share, self.high, self.low, self.discount))
        p, a, s, value = map(float, (price, accept, low_next, worth))
        grid = np.linspace(0.0, 1.2 * h, GRID)
        others = [float(self._value(q, *self.reply(q))) for q in grid]
        left = np.array([pi * (1 - a), (1 - pi) * float(p > low)])
        second = np.array([low * left.sum(), h * left[0]])  # what asking l, or h, brings
        mixed = s * second[0] + (1 - s) * second[1]
        take, wait = h - p, d * s * (h - low)
        buyer = max(take, wait) - (a * take + (1 - a) * wait) if pi > 0 else 0.0
        return Checks(
            {
                "another first price": (max(others) - value) / h,
                "another second price": float(second.max() - mixed) / h,
                "another reply": buyer / h,
            },
            EXPLOITABILITY,
        )


def _shown(price: Any) -> str:
    return f"{float(price):.10g}"
