"""Extension incentives: who gains what from one more day, and at which price in captives."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import brentq

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError, SolveError
from ceasefire.tolerances import BESIDE_A_JUMP, HAZARD_XTOL, PRICE_XTOL
from ceasefire.truce import _kernels as kernels
from ceasefire.truce.extensions import require_base
from ceasefire.truce.game import belief_grid, solve_line
from ceasefire.truce.payoffs import day_price, further_days
from ceasefire.truce.windows import best_chunk_value, trust_needed, window_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from ceasefire.truce.equilibrium import TruceEquilibrium
    from ceasefire.truce.fields import Parameters

Intervals = tuple[tuple[float, float], ...]

PRICE_STEP = 0.25  # captives; between two jumps gains are smooth and bend on the scale of a batch
HAZARD_STEPS = 41

UNITS = {
    "held_captives": "captives",
    "day": "pause days used",
    "trust_held": "probability",
    "trust_needed": "probability",
    "best_chunk_days": "days",
    "offer_probability": "probability",
    "goes_on_probability": "probability",
    "clause_price": "captives per day",
    "captor_gain": "utils, dealer, one day at the clause price over stopping",
    "pausing_state_gain": "utils, one day at the clause price over stopping",
    "captor_reservation_price": "captives per day, highest a dealer would give",
    "pausing_state_reservation_price": "captives per day, lowest the pausing state would take",
    "zone": "captives per day, union of closed intervals",
    "clause_in_zone": "extension at the clause price is incentive-compatible",
    "honesty_margin": "utils, opportunist's gain from delivering the next batch when expected to",
    "temptation_ratio": "loss from delivering over what delivering keeps alive",
    "critical_hazard": "incident probability per day up to which the window extends",
    "resume_gain": "utils, one-shot gain of resuming at the window",
    "resume_gain_inside": "utils, the same on the best chunk's second day, net of leaving cost",
}


@dataclass(frozen=True)
class Agreement(Displayed):
    """Prices of one more day that each side would accept at one window.

    Attributes
    ----------
    captor_accepts, pausing_state_accepts : tuple of (low, high)
        Prices, captives per day, at which the side gains over stopping.
    zone : tuple of (low, high)
        Zone of agreement: prices in both. May be empty or have gaps.
    captor_reservation_price : float
        WTP_C, the highest price a dealer accepts; nan where it accepts none.
    pausing_state_reservation_price : float
        WTA_D, the lowest price the pausing state accepts; nan where it accepts none.
    """

    captor_accepts: Intervals
    pausing_state_accepts: Intervals
    zone: Intervals
    captor_reservation_price: float
    pausing_state_reservation_price: float

    def contains(self, price: float) -> bool:
        """Whether `price` (captives per day) lies in the zone."""
        return any(low <= price <= high for low, high in self.zone)


def one_more_day(
    equilibrium: TruceEquilibrium,
    held: float,
    day: int,
    trust: float,
    prices: Iterable[float],
) -> pd.DataFrame:
    """Gains over stopping from one more day at a price in captives, then equilibrium play.

    Parameters
    ----------
    held, day, trust : float, int, float
        The window: captives held, pause days used, belief in a dealer.
    prices : iterable of float
        Captives due for the one day, each in [0, held].

    Returns
    -------
    DataFrame
        Indexed by price; columns ``captor`` (a dealer's gain G_C) and ``pausing_state``
        (G_D), utils; nan throughout at the cap, where no day can be added.

    Notes
    -----
    The gains jump where the price changes how many whole batches remain
    (docs/model.md, Extension incentives).
    """
    import pandas as pd

    asked = np.asarray(list(prices), dtype=float)
    gains = _gains(equilibrium, held, day, trust)(asked)
    index = pd.Index(asked, name="price")
    return pd.DataFrame({"captor": gains[1], "pausing_state": gains[0]}, index=index)


def agreement(equilibrium: TruceEquilibrium, held: float, day: int, trust: float) -> Agreement:
    """Reservation prices and zone of agreement for one more day at (held, day, trust).

    Ends of intervals are roots to 1e-9 captives, or prices at which a gain jumps because
    one whole batch fewer remains. Prices run over [0, held].

    Notes
    -----
    Gains are scanned every quarter captive between jumps; an interval narrower than that
    inside which a gain changes sign twice would be missed.
    """
    gains = _gains(equilibrium, held, day, trust)
    pieces = _pieces(float(held), _spent(equilibrium, float(held), int(day)))
    scanned = [(prices, gains(prices)) for prices in map(_scan, pieces)]
    pauser, captor = (_accepted(scanned, gains, side) for side in (0, 1))
    return Agreement(
        captor_accepts=captor,
        pausing_state_accepts=pauser,
        zone=_meet(captor, pauser),
        captor_reservation_price=captor[-1][1] if captor else float("nan"),
        pausing_state_reservation_price=pauser[0][0] if pauser else float("nan"),
    )


def extension(
    equilibrium: TruceEquilibrium,
    windows: Sequence[tuple[float, int, float]] | None = None,
) -> pd.DataFrame:
    """Extension incentives, one row a window.

    Parameters
    ----------
    windows : sequence of (held, day, trust), optional
        Windows asked for; default: those on the most likely course.

    Returns
    -------
    DataFrame
        Columns and their units are in ``.attrs["units"]``. ``zone`` holds tuples of
        (low, high) pairs, captives per day.

    Notes
    -----
    Definitions: docs/model.md, Extension incentives. Honesty margin, temptation ratio and the
    gains are those of a one-day chunk at the clause price; the critical hazard is nan where the
    window extends at no hazard.

    Examples
    --------
    >>> import ceasefire as cf
    >>> from ceasefire import truce
    >>> table = truce.extension(truce.solve(cf.load("november-2023")))
    >>> table["clause_in_zone"].tolist()
    [True, True, False]
    """
    import pandas as pd

    require_base(equilibrium.scenario, "the table of extension incentives")
    if windows is None:
        path = equilibrium.path()
        stops = path[path["stage"] == "window"]
        columns = (stops[name].tolist() for name in ("held_captives", "day", "trust_held"))
        windows = list(zip(*columns, strict=True))
    rows = [_row(equilibrium, *window) for window in windows]
    frame = pd.DataFrame(rows, columns=list(UNITS))
    frame.attrs["units"] = UNITS
    return frame


def _row(equilibrium: TruceEquilibrium, held: float, day: int, trust: float) -> dict[str, Any]:
    play = equilibrium.values(held, day, trust)
    price = clause_price(equilibrium, day)
    prices = agreement(equilibrium, held, day, trust)
    margin, ratio = _honesty(equilibrium, held, day, trust)
    at_window, inside = _resuming(equilibrium, held, day, trust)
    row: dict[str, Any] = {
        "held_captives": held,
        "day": day,
        "trust_held": trust,
        "trust_needed": trust_needed(equilibrium.window(held, day)),
        "best_chunk_days": play.best_chunk,
        "offer_probability": play.offer_probability,
        "goes_on_probability": play.goes_on,
        "clause_price": price,
        "captor_gain": float("nan"),
        "pausing_state_gain": float("nan"),
        "captor_reservation_price": prices.captor_reservation_price,
        "pausing_state_reservation_price": prices.pausing_state_reservation_price,
        "zone": prices.zone,
        "clause_in_zone": prices.contains(price),
        "honesty_margin": margin,
        "temptation_ratio": ratio,
        "critical_hazard": critical_hazard(equilibrium, held, day, trust),
        "resume_gain": at_window,
        "resume_gain_inside": inside,
    }
    if price <= held:
        gains = _gains(equilibrium, held, day, trust)(np.array([price]))
        row["captor_gain"], row["pausing_state_gain"] = float(gains[1, 0]), float(gains[0, 0])
    return row


def critical_hazard(equilibrium: TruceEquilibrium, held: float, day: int, trust: float) -> float:
    """Return the largest daily incident probability at which the window (held, day) still extends.

    The window extends where the pausing state's best chunk is worth at least 0 under
    belief `trust`. nan where it extends at no hazard, or where no chunk can be offered.
    """
    require_base(equilibrium.scenario, "the critical hazard")
    line = equilibrium.window(held, day)
    if line.nodes.n_offers[line.head] == 0:
        return float("nan")

    def worth(hazard: float) -> float:
        changed = equilibrium.parameters._replace(beta=float(hazard))
        window = solve_line(
            changed, held, day, beliefs=equilibrium.beliefs, block_days=line.block_days
        )
        return best_chunk_value(window, trust)

    # Finer near 0, where hazards of interest lie.
    grid = np.linspace(0.0, 1.0, HAZARD_STEPS) ** 2
    fine = np.array([worth(hazard) for hazard in grid]) >= 0.0
    if not fine.any():
        return float("nan")
    last = int(np.flatnonzero(fine)[-1])
    if last == grid.size - 1:
        return 1.0
    return float(brentq(worth, grid[last], grid[last + 1], xtol=HAZARD_XTOL))


def _honesty(
    equilibrium: TruceEquilibrium, held: float, day: int, trust: float
) -> tuple[float, float]:
    """Delta(1) and C / ((1 - beta)(U_o - F)) on a one-day chunk at the clause price."""
    p = equilibrium.parameters
    price = clause_price(equilibrium, day)
    if held < price or day >= p.J:
        return float("nan"), float("nan")
    line = solve_line(
        p, held, day, head_days=1, head_batch=price, beliefs=equilibrium.beliefs,
        block_days=equilibrium.block_days or day,
    )  # fmt: skip
    node = line.head
    honest = line.at(trust)[kernels.UO, line.nodes.following[node]]
    kept = (1.0 - p.beta) * float(honest - line.nodes.captor_after_miss[node])
    loss = float(line.nodes.loss[node])
    return kept - loss, loss / kept if kept > 0.0 else float("inf")


def _resuming(
    equilibrium: TruceEquilibrium, held: float, day: int, trust: float
) -> tuple[float, float]:
    """Pausing state's gain from resuming now: at the window, and on the best chunk's second day."""
    line = equilibrium.window(held, day)
    nodes = line.nodes
    best = window_values(line, trust).best_chunk
    if best == 0:
        return float("nan"), float("nan")
    first = int(nodes.offers[line.head, best])
    at_window = -float(line.at(trust)[kernels.FIRST_Y, first])
    if best == 1:
        return at_window, float("nan")
    second = int(nodes.following[first])
    belief = float(line.at(trust)[kernels.POSTERIOR, first])
    return at_window, -line.day_value(second, belief) - line.parameters.kappa


def _gains(
    equilibrium: TruceEquilibrium, held: float, day: int, trust: float
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Return prices (n,) -> gains (2, n): pausing state, dealer."""
    require_base(equilibrium.scenario, "the gain from one more day")
    equilibrium.values(held, day, trust)  # one place checks the three coordinates
    p: Parameters = equilibrium.parameters
    grid = belief_grid(equilibrium.beliefs)
    counted = equilibrium.block_days or int(day)

    def gains(prices: NDArray[np.float64]) -> NDArray[np.float64]:
        asked = np.atleast_1d(np.asarray(prices, dtype=float))
        wrong = asked[~((asked >= 0.0) & (asked <= held))]
        if wrong.size:
            raise ArgumentError("prices", float(wrong[0]), f"captives from 0 to {held:g}")
        result = np.full((2, asked.size), np.nan)
        if day < p.J and not kernels.one_more_day(
            p, float(held), int(day), float(trust), asked, counted, grid, result
        ):
            raise SolveError(f"too many critical posteriors behind ({held:g}, {day})")
        return result

    return gains


def clause_price(equilibrium: TruceEquilibrium, day: int) -> float:
    """What the clause asks for one more day when `day` pause days were used, captives."""
    counted = equilibrium.block_days or int(day)
    return float(day_price(equilibrium.parameters, day, counted))


def _spent(equilibrium: TruceEquilibrium, held: float, day: int) -> list[float]:
    """Captives that 0, 1, 2, ... days after the one asked about take, as far as `held` reach."""
    p = equilibrium.parameters
    if p.x1 == 0.0:
        return [k * p.x for k in range(kernels.batches(held, p.x) + 1)]
    counted = equilibrium.block_days or day
    return list(further_days(p, held, day + 1, counted, p.J - day - 1))


def _pieces(held: float, spent: list[float]) -> list[tuple[float, float]]:
    """Stretches of price on which the number of further days that the rest buys is constant.

    `spent` is what 0, 1, 2, ... such days take. The gains are continuous up to and including
    each upper end.
    """
    jumps = [held - taken for taken in reversed(spent)]
    ends = [max(jump, 0.0) for jump in jumps]
    pieces = [(0.0, ends[0])]
    pieces += [(low + BESIDE_A_JUMP, high) for low, high in pairwise(ends)]
    return [(low, high) for low, high in pieces if high > low or high == 0.0]


def _scan(piece: tuple[float, float]) -> NDArray[np.float64]:
    """Prices of one piece at which gains are looked at, both ends included."""
    low, high = piece
    return np.linspace(low, high, max(int(np.ceil((high - low) / PRICE_STEP)), 1) + 1)


def _accepted(
    scanned: Iterable[tuple[NDArray[np.float64], NDArray[np.float64]]],
    gains: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    side: int,
) -> Intervals:
    """Prices at which one side's gain is at least 0, as maximal closed intervals.

    `scanned` holds prices (n,) with the gains (2, n) at them, a pair a piece.
    """

    def gain(price: float) -> float:
        return float(gains(np.array([price]))[side, 0])

    found: list[tuple[float, float]] = []
    for prices, values in scanned:
        found += _positive(prices, values[side], gain)
    return _join(found)


def _positive(
    grid: NDArray[np.float64], values: NDArray[np.float64], gain: Callable[[float], float]
) -> list[tuple[float, float]]:
    fine = values >= 0.0
    runs: list[tuple[float, float]] = []
    start: float | None = float(grid[0]) if fine[0] else None
    for i in range(1, grid.size):
        if fine[i] == fine[i - 1]:
            continue
        edge = float(brentq(gain, grid[i - 1], grid[i], xtol=PRICE_XTOL))
        if fine[i]:
            start = edge
        elif start is not None:
            runs.append((start, edge))
            start = None
    if start is not None:
        runs.append((start, float(grid[-1])))
    return runs


def _join(intervals: list[tuple[float, float]]) -> Intervals:
    """Merge intervals that touch across a jump; ends lose the step beside the jump."""
    joined: list[tuple[float, float]] = []
    for low, high in intervals:
        if joined and low - joined[-1][1] <= 2.0 * BESIDE_A_JUMP:
            joined[-1] = (joined[-1][0], high)
        else:
            joined.append((low, high))
    return tuple(joined)


def _meet(first: Intervals, second: Intervals) -> Intervals:
    """Intersection of two unions of intervals."""
    overlaps = [
        (max(a, c), min(b, d)) for a, b in first for c, d in second if max(a, c) <= min(b, d)
    ]
    return tuple(sorted(overlaps))
