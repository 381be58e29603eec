"""Sealed offers when neither side's worth is known (Chatterjee and Samuelson)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.bargaining import _staged
from ceasefire.bargaining._staged import Number, exact
from ceasefire.bargaining._windows import costly_days
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.status import Status
from ceasefire.tolerances import EXPLOITABILITY

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from ceasefire.games import AllocationProblem, ExtensiveForm
    from ceasefire.games.extensive import Chance, Decision, End
    from ceasefire.truce import Scenario

    Floats = NDArray[np.float64]

NODES = 12  # of Gauss and Legendre: exact for polynomials of degree 23
STEPS = 200  # rounds of best replies; each halves the distance at least


@dataclass(frozen=True, eq=False, repr=False)
class LinearAuction(Displayed):
    """Linear strategies of a double auction and what comes of them.

    Attributes
    ----------
    model : DoubleAuction
    asks, bids : tuple of float
        Intercept and slope of the offers, in units where worths go from 0 to 1.
    least_gain : float
        At which difference of worth a cost of 0 trades: value less cost, in the model's units.
    trade_chance : float
    gains, seller, buyer : float
        Expected gains from trade, of both and of each, in the model's units.
    first_best : float
        What they would be if worths were known.
    method : str
    status : Status
    certificate : Checks
    """

    model: DoubleAuction
    asks: tuple[float, float]
    bids: tuple[float, float]
    least_gain: float
    trade_chance: float
    gains: float
    seller: float
    buyer: float
    first_best: float
    method: str
    status: Status
    certificate: Checks

    def ask(self, cost: ArrayLike) -> Floats:
        """What a seller of this cost asks."""
        return self._offer(self.asks, cost)

    def bid(self, value: ArrayLike) -> Floats:
        """What a buyer of this value bids."""
        return self._offer(self.bids, value)

    @property
    def efficiency(self) -> float:
        """Gains over those of the first best."""
        return self.gains / self.first_best

    def _offer(self, line: tuple[float, float], worth: ArrayLike) -> Floats:
        low, width = float(self.model.low), self.model.width
        share = (np.asarray(worth, dtype=float) - low) / width
        return np.asarray(low + width * (line[0] + line[1] * share))

    def __repr__(self) -> str:
        (a0, a1), (b0, b1) = self.asks, self.bids
        return (
            f"ask {a1:.6g} c + {a0:.6g}, bid {b1:.6g} v + {b0:.6g} (worths from 0 to 1); "
            f"trade with {self.trade_chance:.6g}, gains {self.gains:.6g} of "
            f"{self.first_best:.6g}; {self.method}"
        )


@dataclass(frozen=True)
class DoubleAuction(Model):
    r"""Sealed offers: trade where the bid covers the ask, at ``k bid + (1 - k) ask``.

    Cost c and value v are private, independent and uniform on [low, high]. In units where worths
    go from 0 to 1 the linear equilibrium is

    .. math:: ask(c) = \frac{c}{2-k} + \frac{1-k}{2}, \qquad
              bid(v) = \frac{v}{1+k} + \frac{k(1-k)}{2(1+k)},

    and trade takes place with probability ``(1+k)(2-k)/8``. At k = 1/2: ask ``2c/3 + 1/4``, bid
    ``2v/3 + 1/12``, trade iff ``v - c >= 1/4``, with probability 9/32, gains 9/64 of the first best
    1/6. No rules whatever do better there (Myerson and Satterthwaite).

    Parameters
    ----------
    weight : float or Fraction
        k in [0, 1]: weight of the bid in the price; at 0 the seller, at 1 the buyer names it.
    low, high : float
        Bounds of both worths, here days of pause per captive.

    Notes
    -----
    *Captures:* terms on which agreement is in sight and yet fails: each side shades its offer, so
    trades worth less than a quarter of the range are lost. *Leaves out:* correlated or unequal
    ranges, several rounds, other equilibria.

    *Traps.* There is a continuum of other equilibria (step functions); only the linear one is
    meant. Values below and costs above the range that trades never trade; their offers are
    indeterminate, and given here by the same lines, although those lie above the value there.

    References
    ----------
    K. Chatterjee and W. Samuelson (1983), "Bargaining under incomplete information", Operations
    Research 31:835-851. R. Myerson and M. Satterthwaite (1983), "Efficient mechanisms for bilateral
    trading", Journal of Economic Theory 29:265-281. THEORY.md F6.

    Examples
    --------
    >>> DoubleAuction().closed_form()
    ask 0.666667 c + 0.25, bid 0.666667 v + 0.0833333 (worths from 0 to 1); trade with 0.28125, ...
    >>> DoubleAuction().closed_form().gains * 64
    9.0
    """

    weight: Number = Fraction(1, 2)
    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        _staged.checked("weight", self.weight, -1e-300, 1 + 1e-15, "a number from 0 to 1")
        _staged.checked("low", self.low, -math.inf, math.inf, "a number")
        _staged.checked("high", self.high, -math.inf, math.inf, "a number above low")
        if self.high <= self.low:
            raise ArgumentError("high", self.high, f"above low, {self.low:g}")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> DoubleAuction:
        """Worths in days of pause per captive, from the captor's least to the pausing state's most.

        A captive costs the captor at least ``c_lo``, ``c_lo / g`` days of pause; the pausing state
        has at most ``v / k0`` days to give for one. Neither knows where the other stands in
        between (uniform), and relayed offers are split evenly.
        """
        p = costly_days(scenario)
        return cls(low=p.c_lo / p.g, high=p.v / p.k0)

    @property
    def width(self) -> float:
        """High less low."""
        return float(self.high) - float(self.low)

    def closed_form(self) -> LinearAuction:
        """The linear equilibrium."""
        k = float(self.weight)
        asks = ((1 - k) / 2, 1 / (2 - k))
        bids = (k * (1 - k) / (2 * (1 + k)), 1 / (1 + k))
        slope, edge = (1 + k) / (2 - k), (1 - k) / 2  # trade iff v >= slope c + edge
        top = (1 - edge) / slope
        gains = top / 2 - (1 - edge**3) / (6 * slope) - slope * top**3 / 6
        buyer = sum(w * self._interim(v, asks, bids) for v, w in self._nodes(edge, 1.0))
        made = (1 + k) * (2 - k) / 8
        return self._result(asks, bids, (made, gains, gains - buyer, buyer), "closed form")

    def solve(self) -> LinearAuction:
        """Best replies to best replies among lines, from truthful offers, until they stand still.

        Against offers that are uniform on an interval a best reply is a line. Chances and gains are
        integrals by Gauss and Legendre.
        """
        k = float(self.weight)
        asks, bids = (0.0, 1.0), (0.0, 1.0)
        for _ in range(STEPS):
            before = (asks, bids)
            bids = (k * asks[0] / (1 + k), 1 / (1 + k))
            asks = ((1 - k) * (bids[0] + bids[1]) / (2 - k), 1 / (2 - k))
            if max(abs(x - y) for a, b in zip(before, (asks, bids), strict=True)
                   for x, y in zip(a, b, strict=True)) < 1e-16:  # fmt: skip
                break
        top = (bids[0] + bids[1] - asks[0]) / asks[1]  # the largest cost that trades
        made = gains = buyer = 0.0
        for c, w in self._nodes(0.0, top):
            ask = asks[0] + asks[1] * c
            for v, share in self._nodes((ask - bids[0]) / bids[1], 1.0):
                price = k * (bids[0] + bids[1] * v) + (1 - k) * ask
                made += w * share
                gains += w * share * (v - c)
                buyer += w * share * (v - price)
        return self._result(asks, bids, (made, gains, gains - buyer, buyer), "best replies")

    def problem(self, types: int = 10) -> AllocationProblem:
        """State it for `solvers.mechanism`: worths at the midpoints of equal parts."""
        from ceasefire.games import AllocationProblem

        n = _staged.checked_count("types", types)
        low, width = exact(self.low), exact(self.high) - exact(self.low)
        at = [low + width * Fraction(2 * k + 1, 2 * n) for k in range(n)]
        even = [Fraction(1, n)] * n
        return AllocationProblem.bilateral_trade(at, even, at, even, title="sealed offers")

    def game(self, *, types: int = 3) -> ExtensiveForm:
        """State the rules as a tree: worths at midpoints, and the offers of the linear equilibrium.

        Every type of a side may make any type's equilibrium offer, or its own worth. Size grows
        like ``types ** 4``.
        """
        from ceasefire.games import Chance, Decision, End, ExtensiveForm

        n = _staged.checked_count("types", types)
        at = [float(self.low) + self.width * (2 * k + 1) / (2 * n) for k in range(n)]
        lines = self.closed_form()
        asks = {f"{x:.9g}": x for x in sorted({*map(float, lines.ask(at)), *at})}
        bids = {f"{x:.9g}": x for x in sorted({*map(float, lines.bid(at)), *at})}
        k = float(self.weight)

        def moves(state: tuple[Any, ...]) -> Decision | Chance | End:
            match state:
                case ():
                    pairs = [(c, v) for c in range(n) for v in range(n)]
                    return Chance({f"{c}, {v}": (Fraction(1, n * n), (c, v)) for c, v in pairs})
                case (c, v):
                    return Decision(
                        "seller", {a: (c, v, a) for a in asks}, sees=f"cost {at[c]:.6g}"
                    )
                case (c, v, a):
                    return Decision("buyer", {b: (c, v, a, b) for b in bids},
                                    sees=f"value {at[v]:.6g}")  # fmt: skip
                case (c, v, a, b):
                    if bids[b] < asks[a] - 1e-12:
                        return End([0, 0])
                    price = k * bids[b] + (1 - k) * asks[a]
                    return End([price - at[c], at[v] - price])
            raise AssertionError(state)

        return ExtensiveForm.from_rules(
            (), moves, players=["seller", "buyer"], title="Double auction"
        )

    def table(self) -> pd.DataFrame:
        """By the weight of the bid: chance of trade, gains of both and of each, the second best."""
        import pandas as pd

        rows = []
        for k in np.linspace(0, 1, 41):
            found = self.replace(weight=float(k)).closed_form()
            rows.append((
                float(k), found.trade_chance, found.gains, found.seller, found.buyer,
                found.first_best, 9 / 64 * self.width,
            ))  # fmt: skip
        return pd.DataFrame(rows, columns=[
            "weight", "trade_chance", "gains", "seller", "buyer", "first_best", "second_best",
        ])  # fmt: skip

    def answer(self) -> str:
        """What is lost to shading."""
        found = self.closed_form()
        return (
            f"With sealed offers {100 * found.trade_chance:.3g}% of pairs trade although 50% could "
            f"gain; a seller of the least cost needs a gap of {found.least_gain:.3g} days per "
            f"captive. {100 * found.efficiency:.3g}% of the possible gains are made, at best "
            f"{100 * 27 / 32:.3g}% under any rules without money from outside."
        )

    def _nodes(self, low: float, high: float) -> list[tuple[float, float]]:
        x, w = np.polynomial.legendre.leggauss(NODES)
        half = (high - low) / 2
        return [(float(low + half * (a + 1)), float(half * b)) for a, b in zip(x, w, strict=True)]

    def _interim(self, v: float, asks: tuple[float, float], bids: tuple[float, float]) -> float:
        """Expected gain of a buyer of value v, offers as given; worths from 0 to 1."""
        return float(self._buyer(asks)(np.array(v), np.array(bids[0] + bids[1] * v)))

    def _buyer(self, asks: tuple[float, float]) -> Callable[[Floats, Floats], Floats]:
        """Expected gain of value v that bids b, integrated over all costs."""
        k = float(self.weight)

        def gain(v: Floats, b: Floats) -> Floats:
            c = np.clip((b - asks[0]) / asks[1], 0, 1)  # costs that trade: up to here
            paid = c * (k * b + (1 - k) * asks[0]) + (1 - k) * asks[1] * c**2 / 2
            return np.asarray(c * v - paid)

        return gain

    def _seller(self, bids: tuple[float, float]) -> Callable[[Floats, Floats], Floats]:
        k = float(self.weight)

        def gain(c: Floats, a: Floats) -> Floats:
            v = np.clip((a - bids[0]) / bids[1], 0, 1)  # values that trade: from here
            got = (1 - v) * (k * bids[0] + (1 - k) * a) + k * bids[1] * (1 - v**2) / 2
            return np.asarray(got - (1 - v) * c)

        return gain

    def _result(
        self, asks: tuple[float, float], bids: tuple[float, float],
        worth: tuple[float, float, float, float], method: str,
    ) -> LinearAuction:  # fmt: skip
        proof = self._certificate(asks, bids, worth)
        made, gains, seller, buyer = worth
        unit = self.width
        needed = (asks[0] - bids[0]) / bids[1]
        return LinearAuction(
            self, asks, bids, needed * unit, made, gains * unit, seller * unit, buyer * unit,
            unit / 6, method, Status.OK if proof.passed else Status.EXPLOITABLE, proof,
        )  # fmt: skip

    def _certificate(
        self, asks: tuple[float, float], bids: tuple[float, float],
        worth: tuple[float, float, float, float],
    ) -> Checks:  # fmt: skip
        """Every offer of a grid for every type of a grid; and payoffs summed type by type."""
        types, offers = np.linspace(0, 1, 101), np.linspace(-0.2, 1.2, 1401)
        missed = {}
        for side, gain, own, told in (
            ("bid", self._buyer(asks), bids, worth[3]),
            ("ask", self._seller(bids), asks, worth[2]),
        ):
            now = gain(types, own[0] + own[1] * types)
            best = gain(types[:, None], offers).max(axis=1)
            missed[f"another {side}"] = float(np.max(best - now))
            cells = np.unique(np.clip([0, (asks[0] - bids[0]) / bids[1], 1], 0, 1))
            if side == "ask":
                cells = np.unique(np.clip([0, (sum(bids) - asks[0]) / asks[1], 1], 0, 1))
            mean = sum(
                w * float(gain(np.array(x), np.array(own[0] + own[1] * x)))
                for a, b in pairwise(cells)
                for x, w in self._nodes(float(a), float(b))
            )
            missed[f"payoff behind the {side}"] = abs(mean - told)
        return Checks(missed, EXPLOITABILITY)
