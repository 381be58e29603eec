"""P5: the pausing state never extends below a floor price; its option value peaks inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures._solved import solved
from ceasefire.figures.style import GREY, SINGLE_MM, canvas, curve, panel
from ceasefire.truce import measure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ceasefire.truce import Scenario

WIDTH_MM = SINGLE_MM
PRICES = np.arange(5.0, 24.01, 0.25)
CAPTION = (
    "P5. (a) Values of the first window to the pausing state and to a dealer, (b) captives "
    "freed over the course, against the clause price (opening trust and first block as in the"
    " baseline; dotted: the clause as agreed). Below a floor no extension is offered. Kinks "
    "and jumps: the best chunk or the number of whole batches in the pool changes."
)


def table(scenario: Scenario) -> pd.DataFrame:
    """Window values and captives freed by clause price x."""
    return measure("P5", scenario, PRICES, equilibrium=solved(scenario))


def draw(table: pd.DataFrame, scenario: Scenario) -> Figure:
    """Two panels above one axis of prices."""
    figure, (upper, lower) = canvas(WIDTH_MM, 80.0, 2, 1, sharex=True)
    curve(upper, table["x"], table["dealer"], 0, "captor (dealer)")
    curve(upper, table["x"], table["pausing_state"], 1, "pausing state")
    upper.set_ylabel("value of the window (utils)")
    upper.legend(loc="upper right")
    panel(upper, "a", "what the first window is worth")
    curve(lower, table["x"], table["freed"], 2, "")
    lower.set_ylabel("expected captives freed")
    lower.set_xlabel("clause price (captives per day)")
    lower.set_xticks(range(6, 25, 2))
    panel(lower, "b", "captives freed")
    for axes in (upper, lower):
        axes.axvline(
            scenario.terms.captives_per_extra_day, color=GREY, linestyle=":", linewidth=0.9
        )
    return figure
