"""Day-by-day compliance: punishments, watches and inspectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures.style import GREY, INK, SINGLE_MM, canvas, curve, dots, given, panel

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
        axes.plot(days[~met], least[~met], "x", color=GREY, ms=4)
    held = float(model.discount_per_day)
    axes.axhline(held, color=INK, lw=0.7, ls=(0, (1, 2)))
    axes.annotate(f"held: {held:.3g}", (12, held), xytext=(0, -8), textcoords="offset points",
                  ha="right", fontsize=6.5)  # fmt: skip
    axes.set(xlabel="days without a pause after a breach", ylabel="least discount factor per day",
             title="What keeps both complying (x: nothing below 1)")  # fmt: skip
    axes.set_ylim(0, 1.05)
    axes.set_xticks(np.arange(1, 13))
    axes.legend(loc="lower left")
    return figure


def watch(model: NoisySurveillance, table: pd.DataFrame) -> Figure:
    """What can be kept against the hours without a watch, and how long an incident is answered."""
    figure, (top, bottom) = canvas(SINGLE_MM, 84.0, 2, 1, sharex=True, height_ratios=[2, 1])
    hours = table["blind_hours"].to_numpy()
    curve(top, hours, table["best_value"].to_numpy(), 0, "best symmetric equilibrium")
    curve(top, hours, table["trigger_value"].to_numpy(), 1, "best trigger regime")
    top.axhline(float(model.reward), color=GREY, lw=0.6, ls=(0, (1, 2)))
    top.annotate("a day of mutual compliance", (hours[-1], float(model.reward)), xytext=(0, 2),
                 textcoords="offset points", ha="right", fontsize=6.0, color=GREY)  # fmt: skip
    given(top, model.blind_hours)
    top.set(ylabel="utils a day", ylim=(0, 1.15 * float(model.reward)))
    top.legend(loc="upper right", bbox_to_anchor=(1.0, 0.86))
    panel(top, "a", "what can be kept up")
    days = table["trigger_days"].to_numpy()
    bottom.step(hours, days, where="mid", color="#D55E00", ls="--")
    given(bottom, model.blind_hours)
    bottom.set(xlabel="hours a day without a watch", ylabel="days",
               ylim=(0, max(float(np.nanmax(days, initial=1.0)), 1.0) + 1))  # fmt: skip
    panel(bottom, "b", "answer to an incident, best trigger regime")
    return figure


def inspectors(model: Inspectors, table: pd.DataFrame) -> Figure:
    """What patient players keep, with names and without, against the quality of the watch."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    chance = table["quiet_in_breach"].to_numpy()
    curve(axes, chance, table["with_names"].to_numpy(), 0, "reports name who it was")
    curve(axes, chance, table["without_names"].to_numpy(), 1, "reports only count incidents")
    given(axes, float(model.quiet_in_breach))
    axes.set(xlabel="chance that a breach goes unseen", ylabel="utils a day, patient parties",
             title="What a name is worth to those who comply")  # fmt: skip
    axes.set_ylim(0, 1.2 * float(model.reward))
    axes.legend(loc="lower left")
    return figure
