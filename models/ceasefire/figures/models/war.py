"""War as the outside option: attrition, settlement, commitment, brinkmanship, the next pause."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures.style import (
    GREY,
    HERE,
    INK,
    PALE,
    SERIES,
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
    plain_ticks,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ceasefire.bargaining import (
        Attrition,
        Brinkmanship,
        ExitOrPause,
        FightOrPause,
        PowerShift,
        RiskReturn,
        Standoff,
        WarLadder,
    )

HEIGHT_MM = 58.0


def attrition(model: Attrition, table: pd.DataFrame) -> Figure:
    """Hazards and mean length against what side 2 has at stake."""
    figure, (top, bottom) = canvas(SINGLE_MM, 84.0, 2, 1, sharex=True)
    stake = table["value_2"].to_numpy()
    curve(top, stake, table["hazard_1"].to_numpy(), 0, "side 1")
    curve(top, stake, table["hazard_2"].to_numpy(), 1, "side 2")
    top.set(ylabel="chance to give in, per day", xscale="log")
    top.set_ylim(bottom=0)
    curve(bottom, stake, table["mean_days"].to_numpy(), 0, "")
    for axes in (top, bottom):
        given(axes, float(model.values[1]), HERE)
    bottom.set(xlabel="what side 2 has at stake, utils", ylabel="days", xscale="log")
    bottom.set_ylim(bottom=0)
    plain_ticks(bottom.xaxis)
    key(top)
    panel(top, "a", "More at stake for 2: side 1 holds out longer")
    panel(bottom, "b", "Mean length")
    return figure


def standoff(model: Standoff, table: pd.DataFrame) -> Figure:
    """Mean delay against the discount rate."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    rate = 100 * table["rate_per_day"].to_numpy()
    curve(axes, rate, table["mean_days"].to_numpy(), 0, "")
    given(axes, 100 * float(model.rate_per_day), HERE)
    axes.set(xlabel="discount rate, percent per day", ylabel="mean delay, days", xscale="log")
    axes.set_ylim(bottom=0)
    plain_ticks(axes.xaxis)
    key(axes)
    heading(axes, "A longer shadow of the future delays agreement")
    return figure


def ladder(model: WarLadder, table: pd.DataFrame) -> Figure:
    """Agreed share at every rung, and the chance to win outright."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    rung = table["rung"].to_numpy()
    dots(axes, rung, table["share"], 0, "agreed share of A")
    dots(axes, rung, table["win"], 1, "its chance to win outright", mfc="none")
    given(axes, model.rung, HERE)
    axes.set(xlabel="rung (A has lost at 0)", ylabel="share, chance")
    axes.set(xlim=(0, model.rungs), ylim=(0, 1))
    key(axes)
    heading(axes, "Terms follow the front")
    return figure


def risk(model: RiskReturn, table: pd.DataFrame) -> Figure:
    """Worth of the safe and the risky offer."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    belief = table["resolved"].to_numpy()
    curve(axes, belief, table["safe"].to_numpy(), 0, "safe offer")
    curve(axes, belief, table["risky"].to_numpy(), 1, "low offer, refused by the resolved")
    given(axes, float(model.resolved), HERE)
    axes.set(xlabel="belief in a resolved opponent", ylabel="worth, share of the pie", xlim=(0, 1))
    key(axes)
    heading(axes, "Risk and return")
    return figure


def shift(model: PowerShift, table: pd.DataFrame) -> Figure:
    """The declining side's worth of peace and war against the later odds."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    later = table["power_later"].to_numpy()
    curve(axes, later, table["peace"].to_numpy(), 0, "peace, at most")
    curve(axes, later, table["war"].to_numpy(), 1, "war now")
    given(axes, float(model.power_later), HERE)
    axes.set(xlabel="the rising side's later odds", ylabel="declining side, share per period",
             xlim=(0, 1))  # fmt: skip
    key(axes)
    heading(axes, "A promise that power would undo")
    return figure


def brink(model: Brinkmanship, table: pd.DataFrame) -> Figure:
    """What a threat extracts, where it is believed and where it is not."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    chance, worth = table["chance"].to_numpy(), table["extracted"].to_numpy()
    believed = table["credible"].to_numpy(bool) & (chance > 0)
    axes.plot(chance, np.where(believed, worth, np.nan), color=SERIES[0][0], label="believed")
    axes.plot(chance, np.where(believed, np.nan, worth), "--", color=GREY, label="not believed")
    best = model.closed_form()
    if best.chance > 0:
        here(axes, float(best.chance), float(best.extracted), "best threat")
    axes.set(xlabel="chance of war after a refusal", ylabel="utils extracted", xlim=(0, 1))
    axes.set_ylim(bottom=0)
    key(axes)
    heading(axes, "The threat that leaves something to chance")
    return figure


def exits(model: ExitOrPause, table: pd.DataFrame) -> Figure:
    """Chance to stay in each stationary equilibrium against the discount factor."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    kinds = ((table["staying"] == 1, "stay for ever"), (table["staying"] == 0, "leave"))
    inner = table[(table["staying"] > 0) & (table["staying"] < 1)]
    for k, (rows, label) in enumerate(kinds):
        curve(axes, table[rows]["discount"], table[rows]["staying"], k, label, clip_on=False)
    curve(axes, inner["discount"], inner["staying"], 2, "mixed: the edge")
    given(axes, float(model.discount), HERE)
    axes.set(xlabel="discount factor per day", ylabel="chance to stay on a day", xlim=(0, 1),
             ylim=(-0.02, 1.02))  # fmt: skip
    key(axes)
    heading(axes, "One pause, three equilibria")
    return figure


def windows(model: FightOrPause, table: pd.DataFrame) -> Figure:
    """Worth of the best chunk against trust, window by window; a dot where the course stands."""
    figure, axes = canvas(SINGLE_MM, 64.0)
    for k, day in enumerate(dict.fromkeys(table["day"].tolist())):
        rows = table[table["day"] == day]
        held = float(rows["held_captives"].iloc[0])
        curve(axes, rows["trust"].to_numpy(), rows["chunk_value"].to_numpy(), k % len(SERIES),
              f"after day {day}, {held:g} held")  # fmt: skip
        held_trust = float(rows["trust_held"].iloc[0])
        at = float(np.interp(held_trust, rows["trust"], rows["chunk_value"]))
        axes.plot(held_trust, at, "D", color=SERIES[k % len(SERIES)][0], mec=INK, ms=4)
    if table["chunk_value"].notna().any():
        axes.plot([], [], "D", color="none", mec=INK, ms=4, label="trust held")
    else:
        axes.text(0.5, 0.7, "nobody is held for a further chunk", fontsize=6.5, ha="center",
                  transform=axes.transAxes)  # fmt: skip
    level(axes, float(model.war_gain), "fighting on")
    low, high = axes.get_ylim()
    axes.axhspan(low, model.war_gain, color=PALE, alpha=0.5, lw=0, label="fighting on is better")
    axes.set_ylim(low, high)
    axes.set(xlabel="belief in a dealer", ylabel="worth of the best chunk, utils", xlim=(0, 1))
    key(axes)
    heading(axes, "The next pause against resuming")
    return figure
