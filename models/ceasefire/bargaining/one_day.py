"""One more day: at which prices in captives both sides would still add a day, window by window."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.bargaining._staged import checked
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.status import Status
from ceasefire.truce.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

    from ceasefire.games import StochasticGame
    from ceasefire.truce import TruceEquilibrium
    from ceasefire.truce.incentives import Intervals

METHOD = "gains over stopping, scanned between jumps, ends by root finding"
BESIDE = 1e-4  # captives: how far inside and outside an interval's end the proof looks
TOLERANCE = 1e-9  # of the payoff range
PRICE_STEP = 0.5
SHOWN_PRICES = 4.0  # times the clause price, up to which the table goes


@dataclass(frozen=True)
class DayWindow(Displayed):
    """Prices of one more day at one window.

    Attributes
    ----------
    held : float
        Captives held.
    day : int
        Pause days used.
    trust, trust_needed : float
        Belief in a dealer, and the belief at which the best chunk is worth just 0.
    clause_price : float
        What the clause asks for the next day, captives.
    captor_gain, pausing_state_gain : float
        A dealer's and the pausing state's gain from a day at that price over stopping, utils; nan
        where the stock or the cap allows none.
    captor_reservation_price, pausing_state_reservation_price : float
        Highest price a dealer would give and lowest the pausing state would take; nan: none.
    captor_accepts, pausing_state_accepts, zone : tuple of (low, high)
        Prices each accepts, and prices both do: closed intervals, captives.
    critical_hazard : float
        Largest chance of an incident a day at which the window still extends; nan: at none.
    """

    held: float
    day: int
    trust: float
    trust_needed: float
    clause_price: float
    captor_gain: float
    pausing_state_gain: float
    captor_reservation_price: float
    pausing_state_reservation_price: float
    captor_accepts: Intervals
    pausing_state_accepts: Intervals
    zone: Intervals
    critical_hazard: float

    @property
    def clause_in_zone(self) -> bool:
        """Whether both gain from a day at the clause price."""
        return any(low <= self.clause_price <= high for low, high in self.zone)

    @property
    def nearest_price(self) -> float:
        """The price nearest the clause's at which both gain; nan where there is none."""
        inside = [min(max(self.clause_price, low), high) for low, high in self.zone]
        return min(inside, key=lambda price: abs(price - self.clause_price), default=math.nan)

    def __repr__(self) -> str:
        verdict = "in" if self.clause_in_zone else "outside"
        return (
            f"day {self.day}, {self.held:g} held, trust {self.trust:.3f}: both gain at "
            f"{_told(self.zone)}; {self.clause_price:g} {verdict}"
        )


@dataclass(frozen=True)
class DayPrices(Displayed):
    """All windows asked about, in order.

    Attributes
    ----------
    windows : tuple of DayWindow
    method : str
    status : Status
        ``NO_DEAL`` where there is no window, as no block is agreed.
    certificate : Checks
    """

    windows: tuple[DayWindow, ...]
    method: str
    status: Status
    certificate: Checks

    @property
    def first_refusal(self) -> float:
        """Pause days used at the first window whose clause price is not in the zone; inf: none."""
        return next((float(w.day) for w in self.windows if not w.clause_in_zone), math.inf)

    def __repr__(self) -> str:
        return "\n".join([*map(repr, self.windows), f"{self.method}; {self.status}"])


@dataclass(frozen=True)
class OneMoreDay(Model):
    r"""What one more day is worth to each side, and at which prices in captives both would add it.

    At a window with w captives held, j days used and belief mu, one more day at a price of y
    captives, then equilibrium play of the truce model from ``(w - y, j + 1)``:

    .. math:: G_D(y) = l \, \{-k_j + P [v y + (1-\beta) Y'] + (1-P)(1-\beta) H\}, \qquad
              G_C(y) = l \, \{g - C(w, y) + (1-\beta) U_d'\},

    over stopping, which is worth 0 to both. Reservation prices: the highest y with ``G_C >= 0`` and
    the lowest with ``G_D >= 0``. Zone of agreement: all y with both. An extension at the clause
    price is incentive-compatible where that price is in the zone.

    Parameters
    ----------
    scenario : Scenario
        Solved anew.
    windows : tuple of (held captives, pause days used, trust)
        Windows asked about; by default those of the likeliest course.

    Notes
    -----
    *Captures:* that one fixed price serves some windows and not others; that after a day at y the
    rest may or may not buy another, so that a dearer day can be refused where both cheaper and
    still dearer ones are not. *Leaves out:* bargaining over the price at the window (the clause
    fixes it), prices that depend on what is left (`ClauseDesigner`).

    *Traps.* The zone is a union of intervals: gains jump where y leaves one whole batch fewer. So a
    price between the two reservation prices need not be agreed on. A gain at the clause price is
    that of a chunk of exactly one day; a longer chunk may be worth more.

    References
    ----------
    Own; docs/model.md (extension incentives).

    Examples
    --------
    >>> import ceasefire as cf
    >>> OneMoreDay.from_scenario(cf.load("november-2023")).solve()
    day 4, 48 held, trust 0.471: both gain at 0 to 37.2; 10 in
    day 6, 28 held, trust 0.471: both gain at 5.87 to 8 or 8.19 to 22.4; 10 in
    day 7, 18 held, trust 0.627: both gain at 6.69 to 8 or 10.2 to 15.9; 10 outside
    gains over stopping, scanned between jumps, ends by root finding; solved
    """

    scenario: Scenario = field(hash=False)
    windows: tuple[tuple[float, ...], ...] = ()

    def __post_init__(self) -> None:
        from ceasefire.truce.extensions import require_base

        if not isinstance(self.scenario, Scenario):
            raise ArgumentError("scenario", self.scenario, "a Scenario, as ceasefire.load gives it")
        require_base(self.scenario, "the price of one more day")
        if not isinstance(self.windows, tuple):
            raise ArgumentError("windows", self.windows, "a tuple of windows")
        p = self.scenario.symbols()
        for k, window in enumerate(self.windows):
            where = f"windows[{k}]"
            if not isinstance(window, tuple) or len(window) != 3:
                allowed = "(held captives, pause days used, trust)"
                raise ArgumentError(where, window, allowed)
            held, day, trust = window
            checked(where, held, -1e-300, 1e5 + 1, "captives held, from 0")
            days = f"whole pause days used, from 0 to the cap, {p.J}"
            checked(where, day, -1e-300, p.J + 0.5, days)
            if day != int(day):
                raise ArgumentError(where, day, days)
            checked(where, trust, -1e-300, 1 + 1e-15, "a trust from 0 to 1")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> OneMoreDay:
        """The scenario itself, at the windows of its likeliest course."""
        return cls(scenario)

    def solve(self) -> DayPrices:
        """Solve the truce, then find prices window by window.

        Notes
        -----
        The proof takes gains just inside and just outside every interval's ends and walks the tree
        behind a day at each of those prices for values and gains from deviating.
        """
        return _priced(self)

    def game(self) -> StochasticGame:
        """The truce from its block on, the captor known to be a dealer, for the general solvers."""
        from ceasefire.truce import as_stochastic_game

        return as_stochastic_game(self.scenario)

    def table(self) -> pd.DataFrame:
        """Each side's gain over stopping by price of the day, window by window, utils."""
        import pandas as pd

        equilibrium = _solved(self)
        rows = []
        for w in self.solve().windows:
            most = min(w.held, SHOWN_PRICES * w.clause_price)
            prices = np.unique(np.append(np.arange(0.0, most + 1e-9, PRICE_STEP), most))
            gains = _gains(equilibrium, w, prices)
            for price, (captor, pauser) in zip(prices.tolist(), gains, strict=True):
                both = any(low <= price <= high for low, high in w.zone)
                rows.append((w.day, w.held, w.trust, price, captor, pauser, both))
        columns = ["day", "held_captives", "trust", "price", "captor_gain", "pausing_state_gain",
                   "in_zone"]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def answer(self) -> str:
        """At which prices both would add a day, and where the clause's is not among them."""
        found = self.solve()
        if not found.windows:
            return "No first block is agreed, so there is no window at which to add a day."
        parts = [f"after day {w.day} {_told(w.zone)}" for w in found.windows]
        wrong = [w for w in found.windows if not w.clause_in_zone]
        tail = "the clause's price is among them everywhere"
        if wrong:
            w = wrong[0]
            tail = f"the clause's price, {w.clause_price:g}, is not among them after day {w.day}"
            if not math.isnan(w.nearest_price):
                tail += f", where {w.nearest_price:.2f} would be"
        return (
            f"Both gain from one more day at these prices, in captives: {'; '.join(parts)}; {tail}."
        )


@lru_cache(maxsize=16)
def _priced(model: OneMoreDay) -> DayPrices:
    from ceasefire import truce

    equilibrium = _solved(model)
    asked = [(float(held), int(day), float(trust)) for held, day, trust in model.windows]
    if not asked and equilibrium.block_days == 0:
        return DayPrices((), METHOD, Status.NO_DEAL, Checks({}, TOLERANCE))
    table = truce.extension(equilibrium, asked or None)
    windows = tuple(_window(equilibrium, row) for row in table.to_dict(orient="records"))
    proof = _prove(equilibrium, windows)
    status = Status.OK if proof.passed else Status.NOT_CONVERGED
    return DayPrices(windows, METHOD, status, proof)


@lru_cache(maxsize=16)
def _solved(model: OneMoreDay) -> TruceEquilibrium:
    """Solve the truce once; equal models share it."""
    from ceasefire import truce

    return truce.solve(model.scenario)


def _window(equilibrium: TruceEquilibrium, row: dict[Any, Any]) -> DayWindow:
    from ceasefire.truce import agreement

    held, day, trust = (float(row[k]) for k in ("held_captives", "day", "trust_held"))
    prices = agreement(equilibrium, held, int(day), trust)
    numbers = {
        name: float(row[name])
        for name in ("trust_needed", "clause_price", "captor_gain", "pausing_state_gain",
                     "captor_reservation_price", "pausing_state_reservation_price",
                     "critical_hazard")
    }  # fmt: skip
    return DayWindow(
        held, int(day), trust, captor_accepts=prices.captor_accepts,
        pausing_state_accepts=prices.pausing_state_accepts, zone=prices.zone, **numbers,
    )  # fmt: skip


def _gains(
    equilibrium: TruceEquilibrium, window: DayWindow, prices: np.ndarray
) -> list[tuple[float, float]]:
    from ceasefire.truce import one_more_day

    frame = one_more_day(equilibrium, window.held, window.day, window.trust, prices)
    captor, pauser = frame["captor"].tolist(), frame["pausing_state"].tolist()
    return list(zip(captor, pauser, strict=True))


def _prove(equilibrium: TruceEquilibrium, windows: tuple[DayWindow, ...]) -> Checks:
    """Both gain just inside every end of a zone, not both outside; and the walk agrees."""
    from ceasefire.truce.verify import payoff_range

    size = payoff_range(equilibrium.parameters)
    inside = outside = off = -math.inf
    for w in windows:
        within, without = _beside(w)
        for price, (captor, pauser) in zip(within, _gains(equilibrium, w, within), strict=True):
            inside = max(inside, -min(captor, pauser) / size)
            off = max(off, _walked(equilibrium, w, float(price)) / size)
        for captor, pauser in _gains(equilibrium, w, without):
            outside = max(outside, min(captor, pauser) / size)
    checks = {"loss inside a zone": inside, "gain outside a zone": outside,
              "walk of the tree against the solver": off}  # fmt: skip
    return Checks({k: v for k, v in checks.items() if v > -math.inf}, TOLERANCE)


def _beside(window: DayWindow) -> tuple[np.ndarray, np.ndarray]:
    """Prices inside and just outside the ends of a window's zone."""
    within, without = [], []
    for low, high in window.zone:
        step = min(BESIDE, 0.25 * (high - low))
        within += [low + step, 0.5 * (low + high), high - step]
        without += [low - BESIDE, high + BESIDE]
    inner = [y for y in without if 0.0 <= y <= window.held]
    gaps = [y for y in inner if not any(low <= y <= high for low, high in window.zone)]
    return np.array(within), np.array(gaps)


def _walked(equilibrium: TruceEquilibrium, window: DayWindow, price: float) -> float:
    """Largest error of a value, or gain from deviating, behind one day at `price`, utils."""
    from ceasefire.truce.game import solve_line
    from ceasefire.truce.verify import check_line

    line = solve_line(
        equilibrium.parameters, window.held, window.day, head_days=1, head_batch=price,
        beliefs=equilibrium.beliefs, block_days=equilibrium.block_days or window.day,
    )  # fmt: skip
    check = check_line(line, window.trust)
    gains = (check.opportunist, check.pausing_state, check.political_wing, check.value_error)
    return max(gains)


def _told(zone: Intervals) -> str:
    if not zone:
        return "no price"
    return " or ".join(f"{low:.3g} to {high:.3g}" for low, high in zone)
