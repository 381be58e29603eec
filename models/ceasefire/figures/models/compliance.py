"""Day-by-day compliance: punishments, watches and inspectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures.style import (
    GREY,
    HERE,
    SINGLE_MM,
    canvas,
    curve,
    dots,
    given,
    heading,
    key,
    level,
    panel,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ceasefire.bargaining import DailyCompliance, Inspectors, NoisySurveillance

HEIGHT_MM = 58.0


def punishments(model: DailyCompliance, table: pd.DataFrame) -> Figure:
    """Least discount factor against the length of the punishment, without and with payments."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    for k, transfers in enumerate((False, True)):
        rows = table[(table["transfers"] == transfers) & (table["punishment_days"] != "grim")]
        label = "with balancing payments" if transfers else "without payments"
        days, least = rows["punishment_days"].to_numpy(float), rows["critical_discount"].to_numpy()
        met = rows["attainable"].to_numpy(bool)
        dots(axes, days[met], least[met], k, label)
        unmet = "no factor below 1 is enough" if not met.all() and met.any() and k == 0 else "_"
        axes.plot(days[~met], least[~met], "x", color=GREY, ms=4, label=unmet)
    level(axes, float(model.discount_per_day), f"held: {float(model.discount_per_day):.3g}")
    axes.set(xlabel="days without a pause after a breach", ylabel="least discount factor per day")
    axes.set_ylim(0, 1.05)
    axes.set_xticks(np.arange(1, 13))
    key(axes)
    heading(axes, "What keeps both complying")
    return figure


def watch(model: NoisySurveillance, table: pd.DataFrame) -> Figure:
    """What can be kept against the hours without a watch, and how long an incident is answered."""
    figure, (top, bottom) = canvas(SINGLE_MM, 84.0, 2, 1, sharex=True, height_ratios=[2, 1])
    hours = table["blind_hours"].to_numpy()
    curve(top, hours, table["best_value"].to_numpy(), 0, "best symmetric equilibrium")
    curve(top, hours, table["trigger_value"].to_numpy(), 1, "best trigger regime")
    level(top, float(model.reward), "a day of mutual compliance")
    given(top, model.blind_hours, HERE)
    top.set(ylabel="utils a day", ylim=(0, 1.08 * float(model.reward)))
    key(top)
    panel(top, "a", "What can be kept up")
    days = table["trigger_days"].to_numpy()
    bottom.step(hours, days, where="mid", color="#D55E00", ls="--")
    given(bottom, model.blind_hours, HERE)
    bottom.set(xlabel="hours a day without a watch", ylabel="days without a pause",
               ylim=(0, max(float(np.nanmax(days, initial=1.0)), 1.0) + 1))  # fmt: skip
    panel(bottom, "b", "Answer to an incident, best trigger regime")
    return figure


def inspectors(model: Inspectors, table: pd.DataFrame) -> Figure:
    """What patient players keep, with names and without, against the quality of the watch."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    chance = table["quiet_in_breach"].to_numpy()
    curve(axes, chance, table["with_names"].to_numpy(), 0, "reports name who it was")
    curve(axes, chance, table["without_names"].to_numpy(), 1, "reports only count incidents")
    given(axes, float(model.quiet_in_breach), HERE)
    axes.set(xlabel="chance that a breach goes unseen", ylabel="utils a day, patient parties")
    axes.set_ylim(0, 1.08 * float(model.reward))
    key(axes)
    heading(axes, "What a name is worth to those who comply")
    return figure
