"""Offers through mediators: who gets what, through relays, and when talks end in a deal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures.style import GREY, PALE, SERIES, SINGLE_MM, canvas, curve, panel

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ceasefire.bargaining import AlternatingOffers

TWO_MM = 92.0  # height of two panels, one above the other
CHANGES = (
    ("option of side 1", "side 1's option"),
    ("option of side 2", "side 2's option"),
    ("breakdown, side 1 keeps 0.3", "chance of breakdown, 0.3 to side 1"),
)


def alternating(model: AlternatingOffers, table: pd.DataFrame) -> Figure:
    """Above options and breakdown, below a last offer."""
    figure, (above, below) = canvas(SINGLE_MM, TWO_MM, rows=2)
    endless = table[table["change"] == "impatience of side 1"]
    middle = endless[np.isclose(endless["value"], 1)]["first"].iloc[0]
    panel(above, "a", "First to offer, with an option or a breakdown")
    for n, (change, label) in enumerate(CHANGES):
        rows = table[table["change"] == change]
        curve(above, rows["value"], rows["first"], n, label)
    above.set(xlabel="option (pies), or chance of breakdown a round", ylabel="share of side 1")
    above.legend(loc="lower left")
    panel(below, "b", "First to offer, with a last offer")
    rows = table[table["change"] == "offers"]
    for n, (parity, label) in enumerate(((1, "side 1 makes the last"), (0, "side 2 does"))):
        some = rows[rows["value"] % 2 == parity]
        colour, _, marker = SERIES[n]
        below.plot(some["value"], some["first"], marker, color=colour, label=label)
    below.axhline(middle, color=GREY, lw=0.8, ls=":")
    below.annotate("no last offer", (rows["value"].max(), middle), (0, 3), ha="right",
                   textcoords="offset points", color=GREY, fontsize=6)  # fmt: skip
    below.set(xlabel="offers in all", ylabel="share of side 1")
    below.legend(loc="center left", bbox_to_anchor=(0.0, 0.36))
    for axes in (above, below):
        _shares(axes)
    return figure


def _shares(axes: Axes) -> None:
    axes.set_ylim(-0.02, 1.04)
    axes.grid(axis="y", color=PALE, lw=0.3)
    axes.set_axisbelow(True)
