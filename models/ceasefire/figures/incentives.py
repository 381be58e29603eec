"""Figure: extension incentives window by window, the zone of agreement and the clause."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ceasefire import truce
from ceasefire.figures._solved import solved
from ceasefire.figures.style import BLUE, DOUBLE_MM, GREEN, GREY, INK, RED, canvas
from ceasefire.tolerances import BESIDE_A_JUMP

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ceasefire.truce import Scenario, TruceEquilibrium

WIDTH_MM = DOUBLE_MM
CAPTION = (
    "Extension incentives at the windows of the most likely course. Gains over stopping from "
    "one more day, as functions of the price in captives, for a dealer (solid) and the "
    "pausing state (dashed); reservation prices where they cross zero. Bars: zone of "
    "agreement. Dotted line: the clause. The pausing state's gain jumps where the price "
    "leaves one whole batch fewer; at day 7 the clause lies in the gap."
)
PRICES = 241


def table(scenario: Scenario) -> pd.DataFrame:
    """Gains by window, side and price; rows 'zone' hold (price, value) = (low, high)."""
    return told(solved(scenario), truce.extension(solved(scenario)))


def told(equilibrium: TruceEquilibrium, windows: pd.DataFrame) -> pd.DataFrame:
    """The same of a solution at hand, at the windows of a table of extension incentives."""
    import pandas as pd

    parts: list[tuple[float, str, float, float]] = []
    for row in windows.to_dict(orient="records"):
        held, day, trust = row["held_captives"], row["day"], row["trust_held"]
        edges = [
            held - k * row["clause_price"] for k in range(int(held // row["clause_price"]) + 1)
        ]
        beside = np.array(edges + [edge + BESIDE_A_JUMP for edge in edges])
        prices = np.concatenate((np.linspace(0.0, held, PRICES), beside[beside <= held]))
        gains = truce.one_more_day(equilibrium, held, day, trust, np.unique(prices))
        for side in ("captor", "pausing_state"):
            pairs = zip(gains.index, gains[side], strict=True)
            parts += [(day, side, float(price), float(gain)) for price, gain in pairs]
        parts += [(day, "zone", low, high) for low, high in row["zone"]]
        parts.append((day, "trust", trust, row["trust_needed"]))
        limits = (row["pausing_state_reservation_price"], row["captor_reservation_price"])
        parts.append((day, "reservation", *limits))
    return pd.DataFrame(parts, columns=["day", "quantity", "price", "value"])


class Box(NamedTuple):
    """What a panel shows: prices from 0 to `prices`, gains from `low` to `high`."""

    prices: float
    low: float
    high: float


PAPER = Box(40.0, -11.0, 45.0)


def fitted(table: pd.DataFrame, clause: float) -> Box:
    """Four times the clause's price, where that many are held, and the gains up to there."""
    gains = table[table["quantity"].isin(("captor", "pausing_state"))]
    prices = max(min(4.0 * clause, float(gains["price"].max())), clause)
    shown = gains.loc[gains["price"] <= prices, "value"]
    low, high = min(float(shown.min()), 0.0), max(float(shown.max()), 0.0)
    size = (high - low) or 1.0
    return Box(prices, low - 0.1 * size, high + 0.05 * size)


def draw(table: pd.DataFrame, scenario: Scenario, box: Box = PAPER) -> Figure:
    """One panel a window, shared axes."""
    days = list(dict.fromkeys(table["day"]))
    figure, grid = canvas(WIDTH_MM, 68.0, 1, max(len(days), 1), sharey=True, squeeze=False)
    clause = scenario.terms.captives_per_extra_day
    for axes, day in zip(grid[0], days, strict=True):
        _window(axes, table[table["day"] == day], clause, box)
        axes.set_title(_heading(table[table["day"] == day], int(day)), fontsize=7.0)
    grid[0][0].set_ylabel("gain over stopping (utils)")
    for axes in grid[0]:
        axes.set_xlabel("price of one more day (captives)")
    grid[0][0].legend(loc="upper right")
    return figure


def _heading(part: pd.DataFrame, day: int) -> str:
    held, needed = part.loc[part["quantity"] == "trust", ["price", "value"]].iloc[0]
    return f"after day {day}\ntrust held {held:.2f}, needed {needed:.2f}"


def _window(axes: Axes, part: pd.DataFrame, clause: float, box: Box) -> None:
    shown = (
        ("captor", BLUE, "-", "captor (dealer)"),
        ("pausing_state", RED, "--", "pausing state"),
    )
    for side, colour, line, label in shown:
        gains = part[part["quantity"] == side]
        prices, values = gains["price"].to_numpy(), gains["value"].to_numpy().copy()
        values[np.flatnonzero(np.diff(prices) < 2.0 * BESIDE_A_JUMP)] = (
            np.nan
        )  # break the line at a jump
        axes.plot(prices, values, color=colour, linestyle=line, label=label)
    low, thick = box.low, 1.8 / 56.0 * (box.high - box.low)
    zones = part[part["quantity"] == "zone"]
    for i, (a, b) in enumerate(zip(zones["price"], zones["value"], strict=True)):
        label = "zone of agreement" if i == 0 else ""
        axes.fill_between(
            [a, b], low, low + thick, color=GREEN, linewidth=0, label=label, alpha=0.9
        )
    axes.axhline(0.0, color=INK, linewidth=0.6)
    axes.axvline(clause, color=GREY, linestyle=":", linewidth=1.2, label=f"clause: {clause:g}")
    axes.set_ylim(low, box.high)
    axes.set_xlim(0, box.prices)
