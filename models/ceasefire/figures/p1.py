"""P1: trust needed rises as the pool drains and as days pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures._solved import solved
from ceasefire.figures.style import SINGLE_MM, canvas, dots
from ceasefire.truce import measure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ceasefire.truce import Scenario

WIDTH_MM = SINGLE_MM
DAYS = (4, 5, 6, 7)
CAPTION = (
    "P1. Trust needed to extend against captives held, at windows after 4 to 7 pause days. It"
    " rises as the pool drains (right to left) and as days pass (curve to curve)."
)


def table(scenario: Scenario) -> pd.DataFrame:
    """Trust needed by captives held (whole batches) and day."""
    return measure("P1", scenario, DAYS, equilibrium=solved(scenario))


def draw(table: pd.DataFrame, scenario: Scenario) -> Figure:
    """One curve a day."""
    figure, axes = canvas(WIDTH_MM, 58.0)
    for i, day in enumerate(DAYS):
        part = table[(table["day"] == day) & np.isfinite(table["trust_needed"])]
        dots(axes, part["held_captives"], part["trust_needed"], i, f"day {day}")
    axes.set_ylim(0, 1)
    axes.set_xticks(sorted(set(table["held_captives"])))
    axes.set_xlabel("captives held at the window")
    axes.set_ylabel("trust needed (probability)")
    axes.legend(title="pause days used", title_fontsize=6.5, loc="upper right")
    return figure
