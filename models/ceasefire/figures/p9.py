"""P9: ten more eligible captives buy about one more day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures._solved import solved
from ceasefire.figures.style import GREY, INK, SINGLE_MM, SKY, canvas, curve
from ceasefire.truce import measure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ceasefire.truce import Scenario

WIDTH_MM = SINGLE_MM
POOLS = np.arange(70, 142, 1)
CAPTION = (
    "P9. Most likely and expected pause length against the eligible captives held at the "
    "start (cap of 16 days; opening trust and first block as in the baseline; dotted: the "
    "baseline)."
)


def table(scenario: Scenario) -> pd.DataFrame:
    """Modal and mean days, mean captives left, by pool W0."""
    return measure("P9", scenario, POOLS, equilibrium=solved(scenario))


def draw(table: pd.DataFrame, scenario: Scenario) -> Figure:
    """Steps of the mode, curve of the mean."""
    figure, axes = canvas(WIDTH_MM, 56.0)
    axes.fill_between(table["W0"], table["modal_days"], step="mid", color=SKY, linewidth=0)
    axes.step(
        table["W0"], table["modal_days"], where="mid", color=INK, linewidth=0.9, label="most likely"
    )
    curve(axes, table["W0"], table["mean_days"], 1, "expected")
    axes.axvline(scenario.terms.eligible_captives, color=GREY, linestyle=":", linewidth=0.9)
    axes.set_ylim(0, float(table["modal_days"].max()) + 1)
    axes.set_xlabel("eligible captives at the start")
    axes.set_ylabel("pause length (days)")
    axes.legend(loc="upper left")
    return figure
