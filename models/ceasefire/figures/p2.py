"""P2: a more trusted captor gets a longer pause, yet some stay behind."""

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
BELIEFS = np.concatenate((np.linspace(0.02, 1.0, 99), [0.35]))
CAPTION = (
    "P2. Expected pause length and captives left against the opening belief that the captor "
    "is a dealer (first block as agreed in the baseline; dotted: the belief after the pilot)."
    " Even with full trust some stay behind. The curves bend where mixing regions meet."
)


def table(scenario: Scenario) -> pd.DataFrame:
    """Mean days and mean captives left by opening trust."""
    equilibrium = solved(scenario)
    values = sorted({*BELIEFS.round(6).tolist(), round(equilibrium.trust, 6)})
    return measure("P2", scenario, values, equilibrium=equilibrium)


def draw(table: pd.DataFrame, scenario: Scenario) -> Figure:
    """Two panels above one axis of trust."""
    figure, (upper, lower) = canvas(WIDTH_MM, 78.0, 2, 1, sharex=True)
    curve(upper, table["trust"], table["mean_days"], 0, "")
    upper.set_ylabel("expected days")
    panel(upper, "a", "pause length")
    curve(lower, table["trust"], table["mean_left"], 1, "")
    lower.set_ylim(0, None)
    lower.set_ylabel("expected captives left")
    lower.set_xlabel("opening trust (probability)")
    panel(lower, "b", "captives left")
    for axes in (upper, lower):
        axes.axvline(solved(scenario).trust, color=GREY, linestyle=":", linewidth=0.9)
    return figure
