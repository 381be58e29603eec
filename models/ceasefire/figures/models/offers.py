"""Offers through mediators: who gets what, through relays, and when talks end in a deal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures.style import GREY, PALE, SERIES, SINGLE_MM, canvas, curve, given, panel

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


def relayed(model: RelayedOffers, table: pd.DataFrame) -> Figure:
    """Above relay speed, below impatience."""
    figure, (above, below) = canvas(SINGLE_MM, TWO_MM, rows=2)
    panel(above, "a", "Slower relays make the first offer worth more")
    n = 0
    for times, kind in ((1, "as given"), (2, "side 1 twice as impatient")):
        rows = table[(table["change"] == "days a leg") & (table["times"] == times)]
        for column in ("first", "second"):
            name = "first to offer" if column == "first" else "second"
            curve(above, rows["value"], rows[column], n, f"{name}, {kind}")
            n += 1
    above.set(xscale="log", xlabel="days a leg", ylabel="share of side 1")
    above.set_xticks([0.3, 1, 3, 10, 30], ["0.3", "1", "3", "10", "30"])
    above.minorticks_off()
    above.legend(loc="upper left", ncols=1)
    panel(below, "b", "The impatient side gets less")
    given = float(model.days_1 + model.days_2) / 2 / (model.legs or 1)
    for n, times in enumerate((1, 8)):
        rows = table[(table["change"] == "impatience of side 1") & (table["times"] == times)]
        curve(below, rows["value"], rows["weight"], n, f"{times * given:g} days a leg")
    below.set(xscale="log", xlabel="side 1's discount rate, times the one given",
              ylabel="average share of side 1")  # fmt: skip
    below.set_xticks([0.25, 0.5, 1, 2, 4], ["1/4", "1/2", "1", "2", "4"])
    below.minorticks_off()
    below.legend(loc="lower left")
    for axes in (above, below):
        _shares(axes)
    return figure


def through_relays(model: TalksThroughRelays, table: pd.DataFrame) -> Figure:
    """Above blackouts, below relay speed, for three kinds of sides."""
    figure, (above, below) = canvas(SINGLE_MM, TWO_MM, rows=2)
    panel(above, "a", "Blackouts move average shares")
    panel(below, "b", "Relay speed moves them less")
    for n, kind in enumerate(dict.fromkeys(table["sides"])):
        for axes, change in ((above, "blackouts a day"), (below, "days a leg")):
            rows = table[(table["sides"] == kind) & (table["change"] == change)]
            curve(axes, rows["value"], rows["weight"], n, kind)
    given(above, float(model.blackout_per_day))
    given(below, float(model.days_per_leg))
    above.set(xlabel="blackouts a live day (dotted: as given)", ylabel="average share of side 1")
    below.set(xscale="log", xlabel="days a leg (dotted: as given)",
              ylabel="average share of side 1")  # fmt: skip
    below.set_xticks([0.3, 1, 3, 10], ["0.3", "1", "3", "10"])
    below.minorticks_off()
    above.legend(loc="upper right")
    for axes in (above, below):
        _shares(axes)
    return figure


def blackouts(model: BlackoutTalks, table: pd.DataFrame) -> Figure:
    """Above the day of the deal, below its chance over blackouts."""
    figure, (above, below) = canvas(SINGLE_MM, TWO_MM, rows=2)
    panel(above, "a", "The day of the deal")
    days = table[table["part"] == "day"]
    above.fill_between(days["days"], days["chance"], step="mid", color=PALE)
    above.step(days["days"], days["chance"], where="mid", color=SERIES[0][0])
    found = model.solve()
    if found.deal_probability > 0:
        for day, text in ((found.quantile(0.5), "median"), (found.mean_days, "mean")):
            above.axvline(day, color=GREY, lw=0.8, ls=":" if text == "mean" else "--")
            side = -1 if text == "median" else 1
            above.annotate(text, (day, above.get_ylim()[1]), (3 * side, -8), fontsize=6,
                           ha="right" if side < 0 else "left", color=GREY,
                           textcoords="offset points")  # fmt: skip
    above.set(xlabel="day of the talks", ylabel="chance of the deal on it", xlim=(0, None))
    above.set_ylim(bottom=0)
    panel(below, "b", "What blackouts cost")
    rows = table[table["part"] == "blackout"]
    for n, rho in enumerate(sorted(rows["restore_per_day"].unique())):
        some = rows[rows["restore_per_day"] == rho]
        label = f"restored with {rho:g} a day"
        curve(below, some["blackout_per_day"], some["deal_probability"], n, label)
    given(below, float(model.blackout_per_day))
    below.set(xlabel="chance of a blackout a live day (dotted: as given)",
              ylabel="chance of a deal")  # fmt: skip
    below.legend(loc="upper right")
    _shares(below)
    return figure


def _shares(axes: Axes) -> None:
    axes.set_ylim(-0.02, 1.04)
    axes.grid(axis="y", color=PALE, lw=0.3)
    axes.set_axisbelow(True)
