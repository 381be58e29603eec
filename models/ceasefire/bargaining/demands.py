"""Price demands without end to a side of unknown value: the linear stationary equilibrium."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.bargaining import _staged
from ceasefire.bargaining._staged import Number  # noqa: TC001 - `takes` resolves it
from ceasefire.bargaining._windows import relay_discount, require_cost, require_worth
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.display import Displayed
from ceasefire.errors import SolveError
from ceasefire.status import Status
from ceasefire.tolerances import EXPLOITABILITY

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from ceasefire.games import ExtensiveForm
    from ceasefire.games.extensive import Chance, Decision, End
    from ceasefire.truce import Scenario

    Floats = NDArray[np.float64]

LISTED = 12  # rounds of an endless schedule that are listed
MOST = 1_000_000
FAINT = 1e-13  # discounted value left, of the highest: what follows moves no residual
CLOSED = "stationary linear equilibrium"
BACKWARDS = "backward induction from the last round"


@dataclass(frozen=True, eq=False, repr=False)
class PriceSchedule(Displayed):
    """Prices that are asked as long as they are refused, and who takes them.

    Attributes
    ----------
    model : PriceDemands
    shares : ndarray, shape (n_rounds,)
        Price over the highest value still there, by round; the last one goes on where endless.
    cutoffs : ndarray, shape (n_rounds,)
        A value v takes the price p iff ``v >= cutoff * p``.
    horizon : int or None
        Rounds there are; None: no end.
    prices, left : ndarray, shape (n_rounds,)
        Prices on the path, and the probability that nothing was sold before.
    seller, buyer : float
        Expected discounted payoffs, in units of the value.
    mean_rounds : float
        Expected refusals before the price that is taken (given that one is).
    method : str
    status : Status
    certificate : Checks
    """

    model: PriceDemands
    shares: Floats
    cutoffs: Floats
    horizon: int | None
    prices: Floats
    left: Floats
    seller: float
    buyer: float
    mean_rounds: float
    method: str
    status: Status
    certificate: Checks

    @property
    def opening(self) -> float:
        """The first price."""
        return float(self.prices[0])

    def accepts(self, value: float, price: float, round: int = 0) -> bool:  # noqa: A002
        """Whether a buyer of this value takes a price, asked for or not, in round 0, 1, ..."""
        return bool(value >= self.cutoffs[min(round, len(self.cutoffs) - 1)] * price)

    def __repr__(self) -> str:
        shown = ", ".join(f"{p:.6g}" for p in self.prices[:6]) + ", ..." * (len(self.prices) > 6)
        end = "without end" if self.horizon is None else f"{self.horizon} rounds"
        return (
            f"prices {shown} ({end}); seller {self.seller:.9g}, buyer {self.buyer:.9g}, "
            f"{self.mean_rounds:.4g} refusals on average; {self.method}"
        )


@dataclass(frozen=True)
class PriceDemands(Model):
    r"""A seller names prices without end and without commitment; the buyer's value is unknown.

    The value v is uniform on [0, top], the seller's cost is 0, both discount by delta. If the
    highest value still there is b, the seller asks ``gamma b`` and v accepts a price p iff
    ``v >= p / s``, where ``s = sqrt(1 - delta)``:

    .. math:: \gamma = \frac{s}{1+s}, \qquad b_t = \frac{top}{(1+s)^t}, \qquad
              p_t = \frac{s\, top}{(1+s)^{t+1}}, \qquad \text{profit} = \frac{s\, top}{2(1+s)}.

    *Derivation.* Let v accept iff ``v >= lambda p`` and let the profit be ``w b^2 / top`` with b
    the highest value left. The marginal value is indifferent: ``v - p = delta (v - gamma v)``, so
    ``lambda = 1 / (1 - delta + delta gamma)``. The seller maximises
    ``p (b - lambda p) + delta w lambda^2 p^2``; with the envelope condition ``2 w = gamma`` this
    is ``delta gamma^2 + 2 (1 - delta) gamma - (1 - delta) = 0``, and ``lambda = 1 / s``.

    Parameters
    ----------
    discount : float or Fraction
        delta in [0, 1), per round of offers.
    top : float
        The highest value, here days of pause per captive.
    days_per_round : float
        Days between two demands: for what is told in days, and for the table.

    Notes
    -----
    *Captures:* five weeks of demands through a relay to a side whose worth of the captives is
    unknown: prices fall by the factor ``1 / (1 + s)`` a round, and delay is the only proof of a low
    value. A deal takes ``1 / s`` refusals on average. *Leaves out:* offers of the informed side,
    values bounded away from the seller's cost (then all ends in finitely many rounds), other
    equilibria: this is the one whose strategies are stationary and linear, where a reputation for
    high prices cannot be kept.

    *Coase.* As delta goes to 1 (demands follow each other quickly, or nobody minds waiting), the
    opening price and the profit go to 0 and the deal is made at once in real time: waiting only
    proves something if it costs something. At delta = 0 the price is the monopolist's, top/2.

    *Traps.* Buyers accept *less* readily the more patient they are (``v >= p / s``): a price that
    all values above it take is optimal only at delta = 0. The last of T rounds is a monopolist's;
    seen from the first round that vanishes only like ``(1 - 2 s^2 / (1 + s)) ** T``.

    References
    ----------
    N. Stokey (1981), "Rational expectations and durable goods pricing", Bell Journal of Economics
    12:112-128. J. Sobel and I. Takahashi (1983), "A multistage model of bargaining", Review of
    Economic Studies 50:411-426. F. Gul, H. Sonnenschein and R. Wilson (1986), "Foundations of
    dynamic monopoly and the Coase conjecture", Journal of Economic Theory 39:155-190. THEORY.md,
    express and solve after F5: derived here.

    Examples
    --------
    >>> model = PriceDemands(discount=0.75)
    >>> model.closed_form()
    prices 0.333333, 0.222222, 0.148148, ... (without end); seller 0.166666667, buyer 0.25, 2 ...
    >>> round(model.solve().opening, 9)
    0.333333333
    >>> model.solve(horizon=1).opening
    0.5
    """

    discount: Number
    top: float = 1.0
    days_per_round: float = 1.0

    def __post_init__(self) -> None:
        _staged.checked_discount(self.discount)
        _staged.checked("top", self.top, 0, math.inf, "a number above 0")
        _staged.checked("days_per_round", self.days_per_round, 0, math.inf, "days above 0")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> PriceDemands:
        """The captor names days per captive; a message there and back lies between two demands.

        The pausing state's worth of a captive is at most ``v / k0`` days, the price at which a
        captive just pays the cheapest day; how much less is unknown, so uniform. A round takes two
        legs of the relay, and the discount factor is ``(1 + relay r) ** -2`` with r the mean of
        both sides' rates.
        """
        p = scenario.symbols()
        require_worth(p)
        require_cost("pausing_state.day_cost_base", p.k0)
        rate = (p.r_C + p.r_D) / 2
        return cls(
            discount=relay_discount(p, rate), top=p.v / p.k0,
            days_per_round=2.0 * p.relay if p.relay > 0 else 1.0,
        )  # fmt: skip

    @property
    def root(self) -> float:
        """``s = sqrt(1 - delta)``."""
        return math.sqrt(1 - self.discount)

    def closed_form(self, *, rounds: int = LISTED) -> PriceSchedule:
        """The stationary equilibrium, `rounds` of its prices listed."""
        count = _staged.checked_count("rounds", rounds)
        s = self.root
        shares, cutoffs = np.full(count, s / (1 + s)), np.full(count, 1 / s)
        left = np.power(1 + s, -np.arange(count, dtype=np.float64))
        seller = self.top * s / (2 * (1 + s))
        buyer = self.top * (2 - s) / (4 * (1 + s))
        return self._schedule(shares, cutoffs, left, None, (seller, buyer, 1 / s), CLOSED)

    def solve(self, *, horizon: int | None = None) -> PriceSchedule:
        """Backward induction from a last round.

        Parameters
        ----------
        horizon : int, optional
            Rounds there are. By default so many that the first prices no longer change: the limit
            of the finite games, which has to be the stationary equilibrium.

        Raises
        ------
        SolveError
            More than a million rounds would be needed (``delta`` beyond about 0.99998).
        """
        d = float(self.discount)
        last = None if horizon is None else _staged.checked_count("horizon", horizon)
        shares, cutoffs = [0.5], [1.0]  # the last round is a monopolist's
        while last is None or len(shares) < last:
            cutoff = 1 / (1 - d + d * shares[-1])
            share = 1 / (2 * cutoff - d * shares[-1] * cutoff * cutoff)
            settled = share >= shares[-1]  # they fall with every round until rounding stops them
            shares.append(share)
            cutoffs.append(cutoff)
            if last is None and settled:
                break
            if len(shares) > MOST:
                raise SolveError(f"demands: prices still move after {MOST:,} rounds", shares[-1])
        if last is None:
            return self._endless(shares[-1], cutoffs[-1])
        gamma, cut = np.array(shares[::-1]), np.array(cutoffs[::-1])
        left = np.append(1.0, np.cumprod(gamma * cut))[:-1]
        sold = left * (1 - gamma * cut)
        worth = self._sums(gamma, left, gamma * cut)
        mean = float((np.arange(len(sold)) * sold).sum() / sold.sum())
        return self._schedule(gamma, cut, left, last, (*worth, mean), BACKWARDS)

    def game(self, *, rounds: int = 2, values: int = 5, prices: int = 10) -> ExtensiveForm:
        """State it as a tree for the general engines: finitely many rounds, values and prices.

        Values are the midpoints of `values` equal parts of [0, top], equally likely; prices the
        multiples of ``top / prices`` up to top. Its size grows like
        ``values * (2 * prices) ** rounds``.
        """
        from ceasefire.games import Chance, Decision, End, ExtensiveForm

        count, n = _staged.checked_count("rounds", rounds), _staged.checked_count("values", values)
        m = _staged.checked_count("prices", prices)
        d, top = _staged.exact(self.discount), _staged.exact(self.top)
        listed = {f"{float(top * k / m):.6g}": top * k / m for k in range(1, m + 1)}
        kinds = {f"value {float(top * (2 * k + 1) / (2 * n)):.6g}": top * (2 * k + 1) / (2 * n)
                 for k in range(n)}  # fmt: skip

        def moves(state: tuple[str, ...]) -> Decision | Chance | End:
            if not state:
                one = _staged.exact(1) / n
                return Chance({kind: (one, (kind,)) for kind in kinds})
            kind, *asked = state
            said = " then ".join(a for a in asked)
            if not asked or asked[-1] == "refused":
                t = sum(a == "refused" for a in asked)
                if t == count:
                    return End([0, 0])
                return Decision("seller", {p: (*state, p) for p in listed}, sees=f"seller: {said}")
            t, price = len(asked) // 2, listed[asked[-1]]
            after = {"accept": End([d**t * price, d**t * (kinds[kind] - price)])}
            return Decision(
                "buyer", {**after, "refuse": (*state, "refused")}, sees=f"{kind}: {said}"
            )

        return ExtensiveForm.from_rules(
            (), moves, players=["seller", "buyer"], title="Price demands"
        )

    def table(self) -> pd.DataFrame:
        """Prices by day, for rounds of this length and slower and faster ones of the same rates.

        Columns: days_per_round, opening price, mean days to a deal, then a row a demand with day,
        price and the probability that there is no deal yet.
        """
        import pandas as pd

        rows = []
        for pace in (0.25, 1.0, 4.0):
            model = self._paced(pace)
            found = model.closed_form(rounds=200)
            for t in range(len(found.prices)):
                day = t * model.days_per_round
                if day > 100 * self.days_per_round:
                    break
                rows.append((
                    pace, model.days_per_round, t, day, float(found.prices[t]),
                    float(found.left[t]), found.opening, found.seller,
                    found.mean_rounds * model.days_per_round,
                ))  # fmt: skip
        return pd.DataFrame(rows, columns=[
            "pace", "days_per_round", "round", "day", "price", "no_deal_yet", "opening", "seller",
            "mean_days",
        ])  # fmt: skip

    def answer(self) -> str:
        """Opening price, how it falls, and how long a deal takes."""
        found = self.closed_form()
        slow, days = self._paced(4.0).closed_form(), self.days_per_round
        return (
            f"The first demand is {found.opening:.4g} days per captive, "
            f"{found.opening / self.top:.3g} of the highest worth; demands fall by "
            f"{100 * self.root / (1 + self.root):.3g}% a round and a deal takes "
            f"{found.mean_rounds * days:.3g} days on average. A relay four times slower makes the "
            f"first demand {slow.opening:.4g}: slow talks lend weight to demands."
        )

    def _paced(self, pace: float) -> PriceDemands:
        return self.replace(
            discount=float(self.discount) ** pace, days_per_round=self.days_per_round * pace
        )

    def _endless(self, share: float, cutoff: float) -> PriceSchedule:
        keep = share * cutoff
        left = np.power(keep, np.arange(LISTED, dtype=np.float64))
        one = np.ones(1)
        d = float(self.discount)
        seller, buyer = (x / (1 - d * keep**2) for x in self._sums(share * one, one, keep * one))
        worth = (seller, buyer, keep / (1 - keep))
        shares, cutoffs = np.full(LISTED, share), np.full(LISTED, cutoff)
        return self._schedule(shares, cutoffs, left, None, worth, BACKWARDS)

    def _sums(self, shares: Floats, left: Floats, keep: Floats) -> tuple[float, float]:
        """Discounted payoffs of both over the rounds given."""
        weight = self.top * float(self.discount) ** np.arange(len(left)) * left**2
        seller = float((weight * shares * (1 - keep)).sum())
        return seller, float((weight * (1 - keep**2) / 2).sum()) - seller

    def _schedule(
        self, shares: Floats, cutoffs: Floats, left: Floats, horizon: int | None,
        worth: tuple[float, float, float], method: str,
    ) -> PriceSchedule:  # fmt: skip
        proof = _deviations(self, shares, cutoffs, horizon, worth[0])
        return PriceSchedule(
            self, shares, cutoffs, horizon, self.top * shares * left, left, *worth, method,
            Status.OK if proof.passed else Status.EXPLOITABLE, proof,
        )  # fmt: skip


def _deviations(
    model: PriceDemands, shares: Floats, cutoffs: Floats, horizon: int | None, claimed: float
) -> Checks:
    """Play it out from many prices, asked for or not, and compare every reply and every price.

    All in units of the highest value left, which is 1 in the first round: by scaling that is the
    deviation in every state of the endless game; a finite one is checked from each of at most 40
    rounds.
    """
    starts = [0] if horizon is None else np.unique(np.linspace(0, horizon - 1, 40).astype(int))
    seller = buyer = 0.0
    for first in starts:
        gains = _one_shot(model, shares, cutoffs, horizon, int(first))
        seller, buyer = max(seller, gains[0]), max(buyer, gains[1])
    played = _path(model, shares, cutoffs, horizon, 0, float(shares[0]))
    told = abs(_profit(model, *played) - claimed / model.top)
    return Checks(
        {"another price": seller, "another reply": buyer, "seller's payoff": told}, EXPLOITABILITY
    )


def _path(
    model: PriceDemands, shares: Floats, cutoffs: Floats, horizon: int | None, first: int,
    price: float,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Prices asked from round `first` on after `price`, and the least value that takes each."""
    prices, least, left = [price], [float(cutoffs[min(first, len(cutoffs) - 1)]) * price], 1.0
    rounds = range(first + 1, horizon) if horizon is not None else range(first + 1, MOST)
    for t in rounds:
        left = min(left, least[-1])
        if horizon is None and float(model.discount) ** len(prices) * left < FAINT:
            break
        prices.append(float(shares[min(t, len(shares) - 1)]) * left)
        least.append(float(cutoffs[min(t, len(cutoffs) - 1)]) * prices[-1])
    return np.array(prices), np.array(least)


def _profit(model: PriceDemands, prices: Floats, least: Floats) -> float:
    weight = float(model.discount) ** np.arange(len(prices))
    left = np.minimum.accumulate(np.append(1.0, least))
    return float((weight * prices * -np.diff(left)).sum())


def _one_shot(
    model: PriceDemands, shares: Floats, cutoffs: Floats, horizon: int | None, first: int
) -> tuple[float, float]:  # fmt: skip
    """What another price gains the seller, and another reply to any price any of 41 values."""
    kept = _profit(model, *_path(model, shares, cutoffs, horizon, first, float(shares[first])))
    seller = buyer = 0.0
    values = np.linspace(0.0, 1.0, 41)
    for price in np.append(values, shares[first]):
        prices, least = _path(model, shares, cutoffs, horizon, first, float(price))
        seller = max(seller, _profit(model, prices, least) - kept)
        worth = float(model.discount) ** np.arange(len(prices)) * (values[:, None] - prices)
        takes = values[:, None] >= least
        when = takes.argmax(axis=1)
        plan = np.where(takes.any(axis=1), worth[np.arange(len(values)), when], 0.0)
        buyer = max(buyer, float(np.max(np.maximum(worth.max(axis=1), 0.0) - plan)))
    return seller, buyer
