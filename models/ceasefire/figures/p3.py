"""P3: a larger pilot screens better; the dealer's preferred pilot is interior."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures._solved import solved
from ceasefire.figures.style import GREY, INK, SINGLE_MM, canvas, curve, panel
from ceasefire.truce import measure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ceasefire.truce import Scenario

WIDTH_MM = SINGLE_MM
SIZES = tuple(sorted({0.5, 1, 2, 4, 8, 16, 32, *np.geomspace(0.5, 32, 61).round(6).tolist()}))
CAPTION = (
    "P3. (a) Share of opportunists that match the pilot and belief after it; (b) a dealer's "
    "value net of the release, against the size of the pilot, the pilot stage solved anew at "
    "each size. Dotted: the scenario's pilot; dot: the dealer's preferred one. Steps: the "
    "agreed first block changes."
)


def table(scenario: Scenario) -> pd.DataFrame:
    """Matched share, posterior, dealer's net value and block by pilot size x_p."""
    return measure("P3", scenario, SIZES, equilibrium=solved(scenario))


def draw(table: pd.DataFrame, scenario: Scenario) -> Figure:
    """Two panels above one logarithmic axis of sizes."""
    figure, (upper, lower) = canvas(WIDTH_MM, 82.0, 2, 1, sharex=True)
    curve(upper, table["x_p"], table["trust_after"], 0, "belief after the pilot")
    curve(upper, table["x_p"], table["matched_share"], 1, "share of opportunists matching")
    upper.set_ylim(0, 1)
    upper.set_ylabel("probability")
    upper.legend(loc="center right", bbox_to_anchor=(1.0, 0.38))
    panel(upper, "a", "screening")
    curve(lower, table["x_p"], table["dealer_net"], 0, "")
    best = int(np.argmax(table["dealer_net"]))
    size, net = table["x_p"].iloc[best], table["dealer_net"].iloc[best]
    lower.plot(size, net, "o", color=INK)
    lower.annotate(f"{size:.1f} captives", (size, net), (0, 4), textcoords="offset points",
                   ha="center", fontsize=6.5)  # fmt: skip
    lower.margins(y=0.15)
    lower.set_ylabel("dealer's net value (utils)")
    lower.set_xlabel("pilot release (captives, log scale)")
    lower.set_xscale("log", base=2)
    lower.set_xticks((0.5, 1, 2, 4, 8, 16, 32), ("0.5", "1", "2", "4", "8", "16", "32"))
    panel(lower, "b", "what a dealer prefers")
    for axes in (upper, lower):
        axes.axvline(scenario.pilot.captives, color=GREY, linestyle=":", linewidth=0.9)
    return figure
