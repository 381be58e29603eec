"""A path to ending the war? Second truces and deals in phases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures.style import SINGLE_MM, canvas, dots, given, panel

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ceasefire.bargaining import PhasedDeal, SecondTruce

HEIGHT_MM = 58.0


def second(model: SecondTruce, table: pd.DataFrame) -> Figure:
    """Chance of a second truce, and the length of the first, against how many others there are."""
    figure, (top, bottom) = canvas(SINGLE_MM, 84.0, 2, 1, sharex=True)
    others = table["other_captives"].to_numpy()
    dots(top, others, table["second_given_first"].to_numpy(), 0, "after a first truce")
    dots(top, others, table["without_first"].to_numpy(), 1, "with nobody freed before")
    top.set(ylabel="chance that a truce begins", ylim=(0, 1))
    top.legend(loc="lower right", bbox_to_anchor=(0.93, 0.0))
    panel(top, "a", "does a first truce make a second likelier?")
    dots(bottom, others, table["mean_days"].to_numpy(), 0, "a second is possible")
    dots(bottom, others, table["mean_days_alone"].to_numpy(), 1, "war is for good")
    bottom.set(xlabel="others eligible the second time, captives", ylabel="days")
    days = table[["mean_days", "mean_days_alone"]].to_numpy(float)
    margin = max(float(np.ptp(days)), 0.2)
    bottom.set_ylim(float(days.min()) - 0.3 * margin, float(days.max()) + 0.6 * margin)
    bottom.legend(loc="upper left", ncols=2)
    panel(bottom, "b", "mean length of the first truce")
    for axes in (top, bottom):
        given(axes, model.other_captives)
    return figure


def phases(model: PhasedDeal, table: pd.DataFrame) -> Figure:
    """Phases carried against the worth of the end."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    axes.step(table["end_worth"], table["phases_carried"], where="post", color="#0072B2")
    needed = model.closed_form().end_needed
    given(axes, needed)
    axes.annotate(f"needed: {needed:.3g}", (needed, 0.5), xytext=(4, 0),
                  textcoords="offset points", fontsize=6.5)  # fmt: skip
    count = len(model.captives)
    axes.set(xlabel="worth of what follows the last phase, utils", ylabel="phases carried",
             title="Phases rest on what follows the last", ylim=(-0.1, count + 0.3))  # fmt: skip
    axes.set_yticks(range(count + 1))
    return figure
