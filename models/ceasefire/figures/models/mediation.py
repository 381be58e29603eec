"""Mediators: advice, questions, reports, relays and guarantees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures.style import (
    BLUE,
    GREY,
    HERE,
    INK,
    PALE,
    RED,
    SERIES,
    SINGLE_MM,
    canvas,
    curve,
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

    from ceasefire.bargaining import (
        BiasedReporter,
        CorrelatedChicken,
        Guarantor,
        MediatedCosts,
        Relay,
        StrengthMediation,
    )

HEIGHT_MM = 58.0
TALL_MM = 92.0


def chicken(model: CorrelatedChicken, table: pd.DataFrame) -> Figure:
    """Sums of payoffs with the best advice, without, and with the worst."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    columns = {"best_sum": "best advice", "unadvised_sum": "no advice (mixed)",
               "worst_sum": "worst advice"}  # fmt: skip
    for k, (column, label) in enumerate(columns.items()):
        curve(axes, table["temptation"], table[column], k, label)
    unit = float(model.yields) - float(model.both_stand)
    given(axes, (float(model.stands) - float(model.both_yield)) / unit, HERE)
    axes.set(xlabel="temptation to stand, T - R, in units of S - P", ylabel="sum of payoffs, utils")
    axes.set_xlim(0, float(table["temptation"].max()))
    axes.set_ylim(bottom=0)
    key(axes)
    heading(axes, "What private advice is worth in chicken")
    return figure


def costs(model: MediatedCosts, table: pd.DataFrame) -> Figure:
    """Chance of peace by institution."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    wide = table.pivot(index="low_cost_chance", columns="institution", values="peace")
    curve(axes, wide.index, wide["mediator"], 0, "mediator")
    axes.plot(wide.index, wide["fixed split"], linestyle="none", marker="|", color=INK,
              label="fixed split, no mediator", markersize=5, markevery=5)  # fmt: skip
    curve(axes, wide.index, wide["offer by side 1"], 1, "one offer by side 1")
    axes.set(xlabel="chance that side 2 is the less war-weary", ylabel="chance of peace")
    axes.set_ylim(0, 1.08)
    axes.set_xlim(0, 1)
    key(axes)
    heading(axes, "Private costs of war need no mediator")
    return figure


def reporter(model: BiasedReporter, table: pd.DataFrame) -> Figure:
    """Bias needed against mistaken reports, by the mediator's cost of war."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    for k, (cost, rows) in enumerate(table.groupby("mediator_cost")):
        curve(axes, rows["error"], rows["bias_needed"], k,
              f"war costs it {float(str(cost)):.2g} pies")  # fmt: skip
    found = model.closed_form()
    if found.possible:
        here(axes, float(model.error), float(found.bias_needed), HERE)
    else:
        given(axes, float(model.error), f"{HERE}: no bias is enough")
    level(axes, 0.5, "even-handed")
    reach = max(float(table.dropna()["error"].max()), float(model.error))
    axes.set_xlim(0, max(1.25 * reach, 0.05))
    axes.set_ylim(0.45, 1.02)
    axes.set(xlabel='share of reports "weak" that are mistaken',
             ylabel="least weight on the side advised")  # fmt: skip
    key(axes)
    heading(axes, "How partial a mediator must be to be believed")
    return figure


def strength(model: StrengthMediation, table: pd.DataFrame) -> Figure:
    """Chance of peace against the chance of strength, and what the mediator adds."""
    figure, (upper, lower) = canvas(
        SINGLE_MM, TALL_MM, 2, 1, sharex=True, gridspec_kw={"height_ratios": [3, 2]}
    )
    wide = table.pivot(index="strong", columns="by", values="peace")
    labels = {"mediated": "mediator = arbitrator", "unmediated": "public messages",
              "silent": "silence"}  # fmt: skip
    for k, (column, label) in enumerate(labels.items()):
        curve(upper, wide.index, wide[column], k, label)
    given(upper, float(model.strong), HERE)
    upper.set(ylabel="chance of peace", ylim=(0, 1.05))
    key(upper)
    panel(upper, "a", "Mediation when strength is private")
    added = wide["mediated"] - wide["unmediated"]
    lower.fill_between(wide.index, added, color=SERIES[0][0], lw=0, alpha=0.35)
    curve(lower, wide.index, added, 0, "")
    given(lower, float(model.strong), HERE)
    lower.set(xlabel="chance that a side is strong", ylabel="chance of peace added")
    lower.set_ylim(0, max(1.15 * float(added.max()), 0.01))
    lower.set_xlim(0, float(wide.index.max()))
    panel(lower, "b", "What the mediator adds to messages")
    return figure


def relay(model: Relay, table: pd.DataFrame) -> Figure:
    """Worth of a deal to come, and days to it, against the days of a leg."""
    figure, (upper, lower) = canvas(SINGLE_MM, TALL_MM, 2, 1, sharex=True)
    for k, (channel, rows) in enumerate(table.groupby("channel", sort=False)):
        line = SERIES[k][1]
        for side, name, colour in (("captor", "captor", BLUE), ("state", "pausing state", RED)):
            upper.plot(rows["leg_days"], rows[f"{side}_worth"], line, color=colour,
                       label=f"{name}, {channel}")  # fmt: skip
        lower.plot(rows["leg_days"], rows["mean_days"], line, color=INK, label=str(channel))
    for axes in (upper, lower):
        axes.set_xscale("log")
        if model.leg_days > 0:
            given(axes, model.leg_days, HERE)
        axes.set_ylim(bottom=0)
    ticks = [t for t in (0.125, 0.25, 0.5, 1, 2, 4, 8, 16)
             if table["leg_days"].min() <= 1.001 * t <= 1.01 * table["leg_days"].max()]  # fmt: skip
    lower.set_xticks(ticks, [f"{t:g}" for t in ticks])
    lower.minorticks_off()
    upper.set(ylabel="worth as talks open, utils")
    lower.set(xlabel="days a leg", ylabel="mean days")
    key(upper)
    key(lower)
    panel(upper, "a", "What the speed of a relay is worth")
    panel(lower, "b", "Days to a deal, given one")
    return figure


def guarantor(model: Guarantor, table: pd.DataFrame) -> Figure:
    """Size and mean cost of each promise against trust."""
    figure, (upper, lower) = canvas(SINGLE_MM, TALL_MM, 2, 1, sharex=True)
    labels = {"to_state": "paid to the state for the day", "insurance": "insured against a miss",
              "reward": "paid to the captor on delivery"}  # fmt: skip
    for k, (name, label) in enumerate(labels.items()):
        rows = table[table["promise"] == name]
        curve(upper, rows["trust"], rows["size"], k, label)
        curve(lower, rows["trust"], rows["mean_cost"], k, "")
    bond = table[table["promise"] == "bond"]
    upper.plot(bond["trust"], bond["size"], linestyle="none", marker="D", markersize=2.2,
               color=SERIES[3][0], label="bond of the captor", markevery=4)  # fmt: skip
    curve(lower, bond["trust"], bond["mean_cost"], 3, "")
    needed = float(model.day_cost) / float(model.captive_value * model.batch)
    for axes in (upper, lower):
        given(axes, float(model.trust), "trust held")
        axes.axvline(min(needed, 1.0), color=GREY, lw=0.6, label="trust needed", zorder=0)
        axes.grid(axis="y", color=PALE, lw=0.3)
        axes.set_ylim(bottom=0)
    top = float(np.nanmax(table.loc[table["promise"] != "to_captor", "size"]))
    upper.set_ylim(0, 1.2 * top if top > 0 else 1.0)
    upper.set(ylabel="least promise, utils")
    lower.set(xlabel="trust: belief that the captor is a dealer", ylabel="utils")
    lower.set_xlim(0, 1)
    key(upper, most_columns=2)
    panel(upper, "a", "Promises that buy the last batch")
    panel(lower, "b", "What they cost on average")
    return figure
