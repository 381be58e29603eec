"""Several parties at the table: prices of consent, vetoes, power to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ceasefire.figures.style import (
    BLUE,
    GREY,
    HERE,
    PALE,
    SERIES,
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

    from ceasefire.bargaining import (
        LegislativeBargaining,
        NashInNash,
        Spoiler,
        UnanimityTable,
        VetoPower,
    )

HEIGHT_MM = 58.0


def unanimity(model: UnanimityTable, table: pd.DataFrame) -> Figure:
    """Values against what no deal is worth to the party that it is worth most to."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    no_deal = model.no_deal or (0,) * len(model.names)
    holder = model.names[max(range(len(no_deal)), key=lambda k: float(no_deal[k]))]
    mine = table[(table["party"] == holder) & table["deal"]]
    rest = table[(table["party"] != holder) & table["deal"]].groupby("no_deal")["value"].mean()
    curve(axes, mine["no_deal"], mine["value"], 0, holder)
    curve(axes, rest.index, rest, 1, "others, each (mean)")
    given(axes, float(max(no_deal)), HERE)
    highest = float(table["no_deal"].max())
    if len(mine) < len(table["no_deal"].unique()):
        last = float(mine["no_deal"].max()) if len(mine) else 0.0
        axes.axvspan(last, highest, color=PALE, lw=0, label="no deal")
    axes.set(xlabel=f"worth of no deal to the {holder}, utils", ylabel="value, utils",
             xlim=(float(table["no_deal"].min()), highest))  # fmt: skip
    key(axes)
    heading(axes, f"{len(model.names)} parties, each with a no")
    return figure


def quotas(model: LegislativeBargaining, table: pd.DataFrame) -> Figure:
    """Mean value of who has a veto and who has none, by votes needed."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    worth = float(model.worth)
    asked = table[table["vetoes"] == "given"]
    none = table[table["vetoes"] == "none"].groupby("quota")["value"].max() / worth
    for veto, series, label in ((True, 0, "with a veto"), (False, 1, "without")):
        part = asked[asked["veto"] == veto].groupby("quota")["value"].mean() / worth
        if len(part):
            dots(axes, part.index, part, series, label)
    dots(axes, none.index, none, 2, "largest, if nobody had one")
    given(axes, model.quota, HERE)
    axes.set(xlabel="votes needed", ylabel="share of the worth, each")
    top = max(float(asked["value"].max()) / worth, float(none.max()))
    axes.set_ylim(-0.05 * top, 1.08 * top)
    axes.set_xticks(sorted(table["quota"].unique()))
    key(axes)
    heading(axes, "What a veto brings its holder")
    return figure


def power(_: VetoPower, table: pd.DataFrame) -> Figure:
    """Power of each body, and how many of its members stop the deal."""
    figure, (left, right) = canvas(SINGLE_MM, 52.0, 1, 2, sharey=True)
    order = range(len(table))
    left.barh(order, table["power"], color=BLUE, height=0.6)
    left.set_yticks(order, table["body"])
    left.invert_yaxis()
    left.set(xlabel="Shapley-Shubik share", ylabel="body", ylim=(len(table) - 0.5, -0.5))
    panel(left, "a", "Power to swing")
    right.barh(order, table["blockers"], color=GREY, height=0.6)
    for k, (few, members) in enumerate(zip(table["blockers"], table["members"], strict=True)):
        right.annotate(f"{few} of {members}", (few, k), xytext=(2, 0),
                       textcoords="offset points", va="center", fontsize=6.5)  # fmt: skip
    right.set(xlabel="members", xlim=(0, 1.6 * float(table["blockers"].max())))
    panel(right, "b", "Fewest noes")
    return figure


def links(model: NashInNash, table: pd.DataFrame) -> Figure:
    """What the parties keep and what all mediators ask for, by channels that must work."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    base = float(model.worth)
    per = table.groupby("needed")[["worth", "kept", "fees"]].first() / base
    dots(axes, per.index, per["worth"], 2, "expected worth of the deal")
    dots(axes, per.index, per["fees"], 1, "fees that mediators ask for")
    dots(axes, per.index, per["kept"], 0, "left to the parties")
    axes.axhline(0, color=PALE, lw=0.8, zorder=0)
    given(axes, model.needed, HERE)
    low, high = float(per.min().min()), float(per.max().max())
    axes.set(xlabel="channels that must work", ylabel="share of a deal's worth",
             ylim=(low - 0.05 * (high - low), high + 0.05 * (high - low)))  # fmt: skip
    axes.set_xticks(list(per.index))
    key(axes)
    heading(axes, "Each channel that is needed can ask for it all")
    return figure


def spoiler(model: Spoiler, table: pd.DataFrame) -> Figure:
    """Worth of the next chunk at each window, and days of the pause, against the added hazard."""
    figure, (top, bottom) = canvas(SINGLE_MM, 92.0, 2, 1, sharex=True)
    for series, (day, part) in enumerate(table.groupby("day")):
        if part["chunk_value"].notna().any():
            curve(top, part["extra_hazard"], part["chunk_value"], series % len(SERIES),
                  f"day {day:.0f}")  # fmt: skip
    level(top, 0.0, "stopping")
    given(top, model.extra_hazard, HERE)
    if table["chunk_value"].isna().all():
        top.text(0.5, 0.7, "nobody is held for a further chunk", fontsize=6.5, ha="center",
                 transform=top.transAxes)  # fmt: skip
    top.set(ylabel="worth of the next chunk, utils")
    key(top)
    panel(top, "a", "Windows, if the spoiler appears unforeseen")
    days = table.groupby("extra_hazard")["mean_days"].first()
    dots(bottom, days.index, days, 0, "")
    given(bottom, model.extra_hazard, HERE)
    bottom.set(xlabel="hazard added by the spoiler, chance a day", ylabel="mean pause, days",
               ylim=(0, 1.15 * float(days.max())))  # fmt: skip
    panel(bottom, "b", "Length of the pause, if foreseen")
    return figure
