"""A path to ending the war? Second truces and deals in phases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures.style import (
    HERE,
    SINGLE_MM,
    canvas,
    curve,
    dots,
    given,
    heading,
    here,
    key,
    level,
    panel,
)

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
    dots(bottom, others, table["mean_days"].to_numpy(), 0, "a second is possible")
    dots(bottom, others, table["mean_days_alone"].to_numpy(), 1, "war is for good")
    bottom.set(xlabel="others eligible the second time, captives", ylabel="days")
    days = table[["mean_days", "mean_days_alone"]].to_numpy(float)
    margin = max(float(np.ptp(days)), 0.2)
    bottom.set_ylim(float(days.min()) - 0.3 * margin, float(days.max()) + 0.3 * margin)
    for axes in (top, bottom):
        given(axes, model.other_captives, HERE)
        key(axes)
    panel(top, "a", "Does a first truce make a second likelier?")
    panel(bottom, "b", "Mean length of the first truce")
    return figure


def phases(model: PhasedDeal, table: pd.DataFrame) -> Figure:
    """Phases carried against the worth of the end."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    curve(axes, table["end_worth"], table["phases_carried"], 0, "phases carried",
          drawstyle="steps-post")  # fmt: skip
    found, count = model.closed_form(), len(model.captives)
    level(axes, count, f"all, from {found.end_needed:.3g} utils on")
    if float(model.end_worth) <= float(table["end_worth"].max()):
        here(axes, float(model.end_worth), found.carried, HERE)
    axes.set(xlabel="worth of what follows the last phase, utils", ylabel="phases",
             ylim=(-0.1, count + 0.3))  # fmt: skip
    axes.set_yticks(range(count + 1))
    key(axes)
    heading(axes, "Phases rest on what follows the last")
    return figure
