"""Mediators: advice, questions, reports, relays and guarantees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures.style import GREY, INK, PALE, SERIES, SINGLE_MM, canvas, curve

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
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
    _mark(axes, (float(model.stands) - float(model.both_yield)) / unit, "here")
    axes.set(xlabel="temptation to stand, T - R, in units of S - P", ylabel="sum of payoffs, utils",
             title="What private advice is worth in chicken")  # fmt: skip
    axes.set_xlim(0, float(table["temptation"].max()))
    axes.set_ylim(bottom=0)
    axes.legend(loc="upper left", bbox_to_anchor=(0.15, 1.02))
    return figure


def costs(model: MediatedCosts, table: pd.DataFrame) -> Figure:
    """Chance of peace by institution."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    wide = table.pivot(index="low_cost_chance", columns="institution", values="peace")
    curve(axes, wide.index, wide["mediator"], 0, "mediator")
    axes.plot(wide.index, wide["fixed split"], linestyle="none", marker="|", color=INK,
              label="fixed split, no mediator", markersize=5, markevery=5)  # fmt: skip
    curve(axes, wide.index, wide["offer by side 1"], 1, "one offer by side 1")
    axes.set(xlabel="chance that side 2 is the less war-weary", ylabel="chance of peace",
             title="Private costs of war need no mediator")  # fmt: skip
    axes.set_ylim(0, 1.08)
    axes.set_xlim(0, 1)
    axes.legend(loc="lower right")
    return figure


def reporter(model: BiasedReporter, table: pd.DataFrame) -> Figure:
    """Bias needed against mistaken reports, by the mediator's cost of war."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    for k, (cost, rows) in enumerate(table.groupby("mediator_cost")):
        curve(axes, rows["error"], rows["bias_needed"], k, f"{float(str(cost)):.2g}")
    found = model.closed_form()
    if found.possible:
        axes.plot([float(model.error)], [float(found.bias_needed)], "o", color=INK)
        axes.annotate("here", (float(model.error), float(found.bias_needed)), xytext=(-4, 3),
                      textcoords="offset points", ha="right")  # fmt: skip
    axes.axhline(0.5, color=GREY, lw=0.6)
    known = table.dropna()
    right = max(1.25 * float(known["error"].max()), 0.05)
    axes.text(0.99 * right, 0.495, "even-handed", ha="right", va="top", color=GREY)
    axes.set_xlim(0, right)
    axes.set_ylim(0.45, 1.02)
    axes.set(xlabel='share of reports "weak" that are mistaken',
             ylabel="least weight on the side advised",
             title="How partial a mediator must be to be believed")  # fmt: skip
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 0.12), ncols=3, columnspacing=1.0,
                title="cost of war to the mediator, pies", handlelength=1.8)  # fmt: skip
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
    _mark(upper, float(model.strong), "here")
    upper.set(ylabel="chance of peace", title="Mediation when strength is private")
    upper.set_ylim(0, 1.05)
    upper.legend(loc="lower left")
    added = wide["mediated"] - wide["unmediated"]
    lower.fill_between(wide.index, added, color=SERIES[0][0], lw=0, alpha=0.35)
    curve(lower, wide.index, added, 0, "")
    _mark(lower, float(model.strong), "")
    lower.set(xlabel="chance that a side is strong", ylabel="added by the mediator")
    lower.set_ylim(0, max(1.15 * float(added.max()), 0.01))
    lower.set_xlim(0, float(wide.index.max()))
    return figure


def relay(model: Relay, table: pd.DataFrame) -> Figure:
    """Worth of a deal to come, and days to it, against the days of a leg."""
    figure, (upper, lower) = canvas(SINGLE_MM, TALL_MM, 2, 1, sharex=True)
    for k, (channel, rows) in enumerate(table.groupby("channel", sort=False)):
        for side in ("captor", "state"):
            curve(upper, rows["leg_days"], rows[f"{side}_worth"], k, "")
        curve(lower, rows["leg_days"], rows["mean_days"], k, str(channel))
    fastest = table.sort_values("leg_days").iloc[0]
    for side, name in (("captor", "captor"), ("state", "pausing state")):
        upper.annotate(name, (fastest["leg_days"], fastest[f"{side}_worth"]), xytext=(2, 7),
                       textcoords="offset points")  # fmt: skip
    for axes in (upper, lower):
        axes.set_xscale("log")
        _mark(axes, model.leg_days if model.leg_days > 0 else 1.0, "here" if axes is upper else "")
        axes.set_ylim(bottom=0)
    ticks = [t for t in (0.125, 0.25, 0.5, 1, 2, 4, 8, 16)
             if table["leg_days"].min() <= 1.001 * t <= 1.01 * table["leg_days"].max()]  # fmt: skip
    lower.set_xticks(ticks, [f"{t:g}" for t in ticks])
    lower.minorticks_off()
    upper.set_ylim(0, 1.3 * float(table[["captor_worth", "state_worth"]].to_numpy().max()))
    upper.set(ylabel="worth as talks open, utils", title="What the speed of a relay is worth")
    lower.set(xlabel="days a leg", ylabel="mean days to a deal, given one")
    lower.legend(loc="upper left")
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
        _mark(axes, float(model.trust), "held" if axes is upper else "")
        axes.axvline(min(needed, 1.0), color=GREY, lw=0.6)
        axes.grid(axis="y", color=PALE, lw=0.3)
        axes.set_ylim(bottom=0)
    upper.annotate("needed", (min(needed, 1.0), 0.93), xycoords=("data", "axes fraction"),
                   xytext=(2, 0), textcoords="offset points", va="top", color=GREY)  # fmt: skip
    top = float(np.nanmax(table.loc[table["promise"] != "to_captor", "size"]))
    upper.set_ylim(0, 1.2 * top if top > 0 else 1.0)
    upper.set(ylabel="least promise, utils", title="Promises that buy the last batch")
    lower.set(xlabel="trust: belief that the captor is a dealer", ylabel="mean cost, utils")
    lower.set_xlim(0, 1)
    figure.legend(loc="outside lower center", ncols=2, columnspacing=1.0, handlelength=1.9)
    return figure


def _mark(axes: Axes, x: float, label: str) -> None:
    """Mark the model's own parameter."""
    axes.axvline(x, color=INK, lw=0.6, linestyle=(0, (1, 1)))
    if label:
        axes.annotate(label, (x, 0.93), xycoords=("data", "axes fraction"), xytext=(-2, 0),
                      textcoords="offset points", ha="right", va="top")  # fmt: skip
