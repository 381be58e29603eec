"""Offers through mediators: who gets what, through relays, and when talks end in a deal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures.style import (
    GREY,
    HERE,
    PALE,
    SERIES,
    SINGLE_MM,
    canvas,
    curve,
    given,
    key,
    level,
    panel,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ceasefire.bargaining import (
        AlternatingOffers,
        BlackoutTalks,
        RelayedOffers,
        TalksThroughRelays,
    )

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
    for n, (change, label) in enumerate(CHANGES):
        rows = table[table["change"] == change]
        curve(above, rows["value"], rows["first"], n, label)
    above.set(xlabel="option (pies), or chance of breakdown a round", ylabel="share of side 1")
    key(above)
    panel(above, "a", "First to offer, with an option or a breakdown")
    rows = table[table["change"] == "offers"]
    for n, (parity, label) in enumerate(((1, "side 1 makes the last"), (0, "side 2 makes it"))):
        some = rows[rows["value"] % 2 == parity]
        colour, _, marker = SERIES[n]
        below.plot(some["value"], some["first"], marker, color=colour, label=label)
    level(below, middle, "no last offer")
    below.set(xlabel="offers in all", ylabel="share of side 1")
    key(below)
    panel(below, "b", "First to offer, with a last offer")
    for axes in (above, below):
        _shares(axes)
    return figure


def relayed(model: RelayedOffers, table: pd.DataFrame) -> Figure:
    """Above relay speed, below impatience."""
    figure, (above, below) = canvas(SINGLE_MM, TWO_MM, rows=2)
    n = 0
    for times, kind in ((1, ""), (2, ", twice as impatient")):
        rows = table[(table["change"] == "days a leg") & (table["times"] == times)]
        for column in ("first", "second"):
            curve(above, rows["value"], rows[column], n, f"{column} to offer{kind}")
            n += 1
    above.set(xscale="log", xlabel="days a leg", ylabel="share of side 1")
    above.set_xticks([0.3, 1, 3, 10, 30], ["0.3", "1", "3", "10", "30"])
    above.minorticks_off()
    leg = float(model.days_1 + model.days_2) / 2 / (model.legs or 1)
    given(above, leg, HERE)
    key(above)
    panel(above, "a", "Slower relays make the first offer worth more")
    for n, times in enumerate((1, 8)):
        rows = table[(table["change"] == "impatience of side 1") & (table["times"] == times)]
        curve(below, rows["value"], rows["weight"], n, f"days a leg: {times * leg:g}")
    given(below, 1.0, HERE)
    below.set(xscale="log", xlabel="side 1's discount rate, times the one given",
              ylabel="average share of side 1")  # fmt: skip
    below.set_xticks([0.25, 0.5, 1, 2, 4], ["1/4", "1/2", "1", "2", "4"])
    below.minorticks_off()
    key(below)
    panel(below, "b", "The impatient side gets less")
    for axes in (above, below):
        _shares(axes)
    return figure


def through_relays(model: TalksThroughRelays, table: pd.DataFrame) -> Figure:
    """Above blackouts, below relay speed, for three kinds of sides."""
    figure, (above, below) = canvas(SINGLE_MM, TWO_MM, rows=2)
    for n, kind in enumerate(dict.fromkeys(table["sides"])):
        for axes, change in ((above, "blackouts a day"), (below, "days a leg")):
            rows = table[(table["sides"] == kind) & (table["change"] == change)]
            label = "sides as given" if kind == "as given" else kind
            curve(axes, rows["value"], rows["weight"], n, label)
    given(above, float(model.blackout_per_day), HERE)
    given(below, float(model.days_per_leg), HERE)
    above.set(xlabel="chance of a blackout a live day", ylabel="average share of side 1")
    below.set(xscale="log", xlabel="days a leg", ylabel="average share of side 1")
    below.set_xticks([0.3, 1, 3, 10], ["0.3", "1", "3", "10"])
    below.minorticks_off()
    key(above)
    panel(above, "a", "Blackouts move average shares")
    panel(below, "b", "Relay speed moves them less")
    for axes in (above, below):
        _shares(axes)
    return figure


def blackouts(model: BlackoutTalks, table: pd.DataFrame) -> Figure:
    """Above the day of the deal, below its chance over blackouts."""
    figure, (above, below) = canvas(SINGLE_MM, TWO_MM, rows=2)
    days = table[table["part"] == "day"]
    above.fill_between(days["days"], days["chance"], step="mid", color=PALE)
    above.step(days["days"], days["chance"], where="mid", color=SERIES[0][0])
    found = model.solve()
    if found.deal_probability > 0:
        above.axvline(found.quantile(0.5), color=GREY, lw=0.8, ls="--", label="median")
        above.axvline(found.mean_days, color=GREY, lw=0.8, label="mean")
        key(above)
    panel(above, "a", "The day of the deal")
    above.set(xlabel="day of the talks", ylabel="chance of the deal on it", xlim=(0, None))
    above.set_ylim(bottom=0)
    rows = table[table["part"] == "blackout"]
    for n, rho in enumerate(sorted(rows["restore_per_day"].unique())):
        some = rows[rows["restore_per_day"] == rho]
        label = f"restored with {rho:g} a day"
        curve(below, some["blackout_per_day"], some["deal_probability"], n, label)
    given(below, float(model.blackout_per_day), HERE)
    below.set(xlabel="chance of a blackout a live day", ylabel="chance of a deal")
    key(below)
    panel(below, "b", "What blackouts cost")
    _shares(below)
    return figure


def _shares(axes: Axes) -> None:
    axes.set_ylim(-0.02, 1.04)
    axes.grid(axis="y", color=PALE, lw=0.3)
    axes.set_axisbelow(True)
