"""Figure: standardised regression coefficients of one output."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures.style import BLUE, GREY, RED, SINGLE_MM, canvas, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ceasefire.experiment.analysis.regression_shares import Regression

ROW_MM = 4.0


def draw(found: Regression) -> Figure:
    """Draw a line a parameter, the largest coefficient on top."""
    from ceasefire.experiment.analysis.regression_shares import INFLATED

    order = np.argsort(-np.abs(found.coefficients), kind="stable")
    places = np.arange(len(order))
    with style():
        figure, axes = canvas(SINGLE_MM, max(46.0, 24.0 + ROW_MM * len(order)))
        low, high = found.r2_interval
        share = f"adjusted R2 {found.r2_adjusted:.2f} [{low:.2f}, {high:.2f}]"
        axes.set_title(f"{found.output}: {share}", loc="left", fontsize=7.5)
        axes.axvline(0.0, color=GREY, lw=0.6, zorder=0)
        axes.hlines(places, *found.interval[:, order], color=BLUE, lw=1.6)
        together = found.inflation[order] >= INFLATED
        values = found.coefficients[order]
        axes.plot(values[~together], places[~together], "o", color=BLUE)
        if together.any():
            axes.plot(values[together], places[together], "o", color="white", mec=RED, mew=1.0,
                      label="varies together with others")  # fmt: skip
            axes.legend(loc="lower right", frameon=True, framealpha=0.9, edgecolor="none")
        axes.set_yticks(places, [found.parameters[which] for which in order])
        axes.set_ylim(len(order) - 0.5, -0.5)
        axes.tick_params(axis="y", length=0)
        kind = "rank coefficient" if found.ranks else "coefficient"
        axes.set_xlabel(f"standardised {kind}, with {found.level:.0%} interval")
    return figure
