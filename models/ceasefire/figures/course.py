"""Figure: the predicted course, with what happened drawn on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire import data
from ceasefire.figures._solved import solved
from ceasefire.figures.style import (
    BLUE,
    DOUBLE_MM,
    INK,
    PALE,
    RED,
    SINGLE_MM,
    SKY,
    canvas,
    panel,
    style,
)
from ceasefire.tolerances import PROBABILITY_SUM

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ceasefire.truce import Course, Scenario

WIDTH_MM = DOUBLE_MM
CAPTION = (
    "The course. (a) Exact distribution of the pause's length in equilibrium. (b) Captives of"
    " the eligible category held at the end of each day: mean, and the bands that hold the "
    "middle 50 % and 90 % of probability. Marks: what happened, releases as credited under "
    "the deal."
)
LEVELS = (0.05, 0.25, 0.75, 0.95)
MOST_TICKS = 20
LEAST_WRITTEN = 0.05  # bars this tall carry their number where there are many


def table(scenario: Scenario) -> pd.DataFrame:
    """Quantities: p_length by day; held_mean, held_q05, ... by day; realised length and stock."""
    return told(solved(scenario).course(), scenario)


def told(course: Course, scenario: Scenario | None = None) -> pd.DataFrame:
    """The same of a course at hand; what happened is told where the scenario is."""
    import pandas as pd

    rows = [("p_length", day, float(p)) for day, p in enumerate(course.length)]
    stocks = course.held_by_day.columns.to_numpy(dtype=float)
    for day, chances in enumerate(course.held_by_day.to_numpy()):
        rows.append(("held_mean", day, float(chances @ stocks)))
        for level in LEVELS:
            at = int(np.searchsorted(np.cumsum(chances), level - PROBABILITY_SUM))
            rows.append((f"held_q{100 * level:02.0f}", day, float(stocks[at])))
    rows += [] if scenario is None else _realised(scenario)
    return pd.DataFrame(rows, columns=["quantity", "day", "value"])


def _realised(scenario: Scenario) -> list[tuple[str, int, float]]:
    observed = scenario.observed
    if observed is None:
        return []
    rows = [("realised_length", observed.pause_days, 1.0)]
    if observed.dataset:
        record = getattr(data, observed.dataset)()
        credited = record["hostages_credited_under_deal"].to_numpy(dtype=float)
        held = scenario.terms.eligible_captives - np.concatenate(([0.0], np.cumsum(credited)))
        days = observed.pause_days + 1
        rows += [("realised_held", day, float(h)) for day, h in enumerate(held[:days])]
    return rows


def draw(table: pd.DataFrame, scenario: Scenario) -> Figure:
    """Draw the two panels."""
    return both(table, scenario.terms.eligible_captives)


def both(table: pd.DataFrame, captives: float | None = None) -> Figure:
    """Draw the two panels; `captives` are held when the pause starts, the table's most if None."""
    figure, (left, right) = canvas(WIDTH_MM, 62.0, 1, 2)
    _lengths(left, table)
    panel(left, "a", "how long the pause lasts")
    _held(right, table, captives)
    panel(right, "b", "how many are still held")
    return figure


def alone(name: str, table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw one of the panels, "lengths" or "held"."""
    with style():
        axes: Axes = canvas(SINGLE_MM, 62.0)[1] if ax is None else ax
        if name == "lengths":
            _lengths(axes, table)
        else:
            _held(axes, table, None)
    return axes


def _ticks(days: np.ndarray) -> np.ndarray:
    """Every day, or every so many where there is no room."""
    return days[:: -(-len(days) // MOST_TICKS)]


def _get(table: pd.DataFrame, quantity: str) -> pd.DataFrame:
    return table[table["quantity"] == quantity]


def _lengths(axes: Axes, table: pd.DataFrame) -> None:
    length, happened = _get(table, "p_length"), _get(table, "realised_length")
    realised = set(happened["day"])
    few = len(length) <= MOST_TICKS
    for day, chance in zip(length["day"], length["value"], strict=True):
        chosen = day in realised
        axes.bar(day, chance, 0.7, color=BLUE if chosen else SKY, edgecolor=INK, linewidth=0.5)
        if not few and chance < LEAST_WRITTEN:
            continue
        axes.annotate(
            f"{chance:.2f}", (day, chance), (0, 2), textcoords="offset points", ha="center",
            fontsize=6.5,
        )  # fmt: skip
    for day in realised & set(length["day"]):  # a course that happened may be longer than any here
        top = float(length.loc[length["day"] == day, "value"].iloc[0])
        axes.annotate(
            "happened", (day - 0.4, 0.85 * top), (day - 1.6, 0.85 * top), ha="right", va="center",
            arrowprops={"arrowstyle": "-|>", "lw": 0.7, "color": INK},
        )  # fmt: skip
    axes.set_xticks(_ticks(length["day"].to_numpy()))
    axes.set_ylim(0, 1.12 * float(length["value"].max()))
    axes.set_xlabel("pause length (days)")
    axes.set_ylabel("probability")


def _held(axes: Axes, table: pd.DataFrame, captives: float | None) -> None:
    mean = _get(table, "held_mean")
    days = mean["day"].to_numpy()
    for low, high, colour, label in (("05", "95", PALE, "90 %"), ("25", "75", SKY, "50 %")):
        a, b = (_get(table, f"held_q{q}")["value"].to_numpy() for q in (low, high))
        axes.fill_between(days, a, b, color=colour, linewidth=0, label=f"middle {label}")
    axes.plot(days, mean["value"], color=BLUE, label="mean")
    happened = _get(table, "realised_held")
    if len(happened):
        axes.plot(
            happened["day"], happened["value"], color=RED, linestyle="--", marker="s",
            markeredgecolor=INK, markeredgewidth=0.4, label="happened",
        )  # fmt: skip
    axes.set_xticks(_ticks(days))
    most = float(mean["value"].max()) if captives is None else captives
    axes.set_ylim(0, most * 1.04)
    axes.set_xlabel("pause day")
    axes.set_ylabel("captives held at the end of the day")
    axes.legend(loc="upper right")
