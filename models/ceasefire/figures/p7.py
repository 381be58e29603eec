"""P7: a more impatient captor gets fewer days for the same captives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures._solved import solved
from ceasefire.figures.style import GREY, INK, SINGLE_MM, SKY, canvas, curve, panel
from ceasefire.truce import measure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ceasefire.truce import Scenario

WIDTH_MM = SINGLE_MM
RATIOS = tuple(sorted({0.25, 0.5, 1.0, 2.0, 4.0, *np.geomspace(0.25, 4, 65).round(6).tolist()}))
CAPTION = (
    "P7. (a) Days agreed for the first block and (b) the price of a day, against the captor's"
    " impatience relative to the pausing state's (opening trust as in the baseline, no pilot;"
    " log scale; dotted: the baseline). Dashed: the captor's weight in the Nash product, "
    "right scale."
)


def table(scenario: Scenario) -> pd.DataFrame:
    """Weight, block days and captives per day by r_C."""
    return measure("P7", scenario, RATIOS, equilibrium=solved(scenario))


def draw(table: pd.DataFrame, scenario: Scenario) -> Figure:
    """Steps of the block above, price below."""
    figure, (upper, lower) = canvas(WIDTH_MM, 82.0, 2, 1, sharex=True)
    upper.fill_between(table["ratio"], table["block_days"], step="mid", color=SKY, linewidth=0)
    upper.step(table["ratio"], table["block_days"], where="mid", color=INK, linewidth=0.9)
    upper.set_ylim(0, float(table["block_days"].max()) + 1)
    upper.set_ylabel("first block (days)")
    weight = upper.twinx()
    curve(weight, table["ratio"], table["weight"], 1, "captor's weight")
    weight.set_ylim(0, 1)
    weight.set_ylabel("captor's weight")
    weight.spines["right"].set_visible(True)
    panel(upper, "a", "days for the first block")
    lower.step(table["ratio"], table["captives_per_day"], where="mid", color=INK, linewidth=1.1)
    lower.set_ylim(0, None)
    lower.set_ylabel("captives per day")
    lower.set_xlabel("captor's impatience / pausing state's")
    lower.set_xscale("log", base=2)
    lower.set_xticks((0.25, 0.5, 1, 2, 4), ("1/4", "1/2", "1", "2", "4"))
    panel(lower, "b", "price of a day in the block")
    base = scenario.captor.discount_rate_per_day / scenario.pausing_state.discount_rate_per_day
    for axes in (upper, lower):
        axes.axvline(base, color=GREY, linestyle=":", linewidth=0.9)
    return figure
