"""P8: a less reliable list shortens the pause and makes a miss less damning."""

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
RELIABILITY = np.linspace(0.2, 0.99, 80).round(6)
CAPTION = (
    "P8. Against the chance that the last batch can be produced: (a) the probability that a "
    "miss on the last extension day of the realised course was refusal rather than inability "
    "(the blame curve) and the trust needed there; (b) the expected pause length. Opening "
    "trust and first block as in the baseline; dotted: the baseline."
)


def table(scenario: Scenario) -> pd.DataFrame:
    """Blame, trust needed and mean days by l_lo, at the window before the last of the course."""
    return measure("P8", scenario, RELIABILITY, equilibrium=solved(scenario))


def draw(table: pd.DataFrame, scenario: Scenario) -> Figure:
    """Two panels above one axis of reliability."""
    figure, (upper, lower) = canvas(WIDTH_MM, 80.0, 2, 1, sharex=True)
    curve(upper, table["l_lo"], table["blame"], 0, "refusal, given a miss")
    curve(upper, table["l_lo"], table["trust_needed"], 1, "trust needed")
    upper.set_ylim(0, 1)
    upper.set_ylabel("probability")
    upper.legend(loc="center right", bbox_to_anchor=(1.0, 0.58))
    day, held = int(table["day"].iloc[0]), table["held_captives"].iloc[0]
    panel(upper, "a", f"a miss on day {day + 1} ({held:g} held)")
    curve(lower, table["l_lo"], table["mean_days"], 2, "")
    lower.set_ylabel("expected days")
    lower.set_xlabel("reliability of the last list (probability)")
    panel(lower, "b", "pause length")
    for axes in (upper, lower):
        axes.axvline(
            scenario.captor.list_reliability_last, color=GREY, linestyle=":", linewidth=0.9
        )
    return figure
