"""P6: a dearer last captive first lengthens the pause a little, then cuts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures._solved import solved
from ceasefire.figures.style import GREY, SINGLE_MM, canvas, curve
from ceasefire.truce import measure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ceasefire.truce import Scenario

WIDTH_MM = SINGLE_MM
WORTHS = np.concatenate((np.arange(0.25, 4.0, 0.05), np.arange(4.0, 8.01, 0.25))).round(6)
CAPTION = (
    "P6. Expected pause length against what the last captive is worth to the captor (opening "
    "trust and first block as in the baseline; dotted: the baseline)."
)


def table(scenario: Scenario) -> pd.DataFrame:
    """Mean days by c_hi."""
    return measure("P6", scenario, WORTHS, equilibrium=solved(scenario))


def draw(table: pd.DataFrame, scenario: Scenario) -> Figure:
    """One curve."""
    figure, axes = canvas(WIDTH_MM, 52.0)
    curve(axes, table["c_hi"], table["mean_days"], 0, "")
    axes.axvline(scenario.captor.retention_value_last, color=GREY, linestyle=":", linewidth=0.9)
    axes.set_xlabel("worth of the last captive to the captor (utils)")
    axes.set_ylabel("expected pause length (days)")
    return figure
