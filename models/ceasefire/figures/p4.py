"""P4: chunks do not lengthen along the course; riskier relays lengthen the first extension."""

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
FAILURES = np.linspace(0.0, 0.3, 61).round(6)
CAPTION = (
    "P4. (a) Chunks of the most likely course, day by day. (b) Expected first extension, "
    "given an offer, against the probability that the relay fails at a window (opening trust "
    "as in the baseline)."
)


def table(scenario: Scenario) -> pd.DataFrame:
    """Quantity 'chunk' (length by order) and 'first_extension' (days by chi)."""
    return measure("P4", scenario, FAILURES, equilibrium=solved(scenario))


def draw(table: pd.DataFrame, scenario: Scenario) -> Figure:
    """Step plot above, curve below."""
    figure, (upper, lower) = canvas(WIDTH_MM, 80.0, 2, 1)
    chunks = table.loc[table["quantity"] == "chunk", "value"].to_numpy()
    ends = np.cumsum(chunks)
    for end, days in zip(ends, chunks, strict=True):
        upper.bar(end - days, days, days, align="edge", color=SKY, edgecolor=INK, linewidth=0.7)
        upper.annotate(f"{days:g}", (end - days / 2, days), (0, 2), textcoords="offset points",
                       ha="center")  # fmt: skip
    upper.set_xticks(range(int(ends[-1]) + 1))
    upper.set_ylim(0, float(chunks.max()) * 1.25)
    upper.set_xlabel("pause day")
    upper.set_ylabel("chunk agreed (days)")
    panel(upper, "a", "chunks along the most likely course")
    first = table[table["quantity"] == "first_extension"]
    curve(lower, first["key"], first["value"], 0, "")
    chi = scenario.hazards.relay_failure_per_window
    lower.axvline(chi, color=GREY, linestyle=":", linewidth=0.9)
    lower.set_xlabel("relay failure per window (probability)")
    lower.set_ylabel("first extension (days)")
    panel(lower, "b", "a riskier relay buys longer at once")
    return figure
