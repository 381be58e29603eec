"""War as the outside option: attrition, settlement, commitment, brinkmanship, the next pause."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures.style import (
    GREY,
    INK,
    PALE,
    SERIES,
    SINGLE_MM,
    canvas,
    curve,
    given,
    panel,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
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
    top.legend(loc="upper right")
    panel(top, "a", "more at stake for 2: side 1 holds out longer")
    curve(bottom, stake, table["mean_days"].to_numpy(), 0, "")
    for axes in (top, bottom):
        given(axes, float(model.values[1]))
    bottom.set(xlabel="what side 2 has at stake, utils", ylabel="days", xscale="log")
    bottom.set_ylim(bottom=0)
    _plain_ticks(bottom)
    panel(bottom, "b", "mean length")
    return figure


def standoff(model: Standoff, table: pd.DataFrame) -> Figure:
    """Mean delay against the discount rate."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    rate = 100 * table["rate_per_day"].to_numpy()
    curve(axes, rate, table["mean_days"].to_numpy(), 0, "")
    given(axes, 100 * float(model.rate_per_day))
    axes.set(xlabel="discount rate, percent per day", ylabel="mean delay, days", xscale="log",
             title="A longer shadow of the future delays agreement")  # fmt: skip
    axes.set_ylim(bottom=0)
    _plain_ticks(axes)
    return figure


def ladder(model: WarLadder, table: pd.DataFrame) -> Figure:
    """Agreed share at every rung, and the chance to win outright."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    rung = table["rung"].to_numpy()
    axes.plot(rung, table["share"], "o-", color=SERIES[0][0], label="agreed share of A")
    axes.plot(rung, table["win"], "s--", color=SERIES[1][0], label="chance to win outright")
    given(axes, model.rung)
    axes.set(
        xlabel="rung (A has lost at 0)", ylabel="share, chance", title="Terms follow the front"
    )
    axes.set(xlim=(0, model.rungs), ylim=(0, 1))
    axes.legend(loc="upper left")
    return figure


def risk(model: RiskReturn, table: pd.DataFrame) -> Figure:
    """Worth of the safe and the risky offer."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    belief = table["resolved"].to_numpy()
    curve(axes, belief, table["safe"].to_numpy(), 0, "safe offer")
    curve(axes, belief, table["risky"].to_numpy(), 1, "low offer, refused by the resolved")
    given(axes, float(model.resolved))
    axes.set(xlabel="belief in a resolved opponent", ylabel="worth, share of the pie",
             title="Risk and return", xlim=(0, 1))  # fmt: skip
    axes.legend(loc="lower left")
    return figure


def shift(model: PowerShift, table: pd.DataFrame) -> Figure:
    """The declining side's worth of peace and war against the later odds."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    later = table["power_later"].to_numpy()
    curve(axes, later, table["peace"].to_numpy(), 0, "peace, at most")
    curve(axes, later, table["war"].to_numpy(), 1, "war now")
    given(axes, float(model.power_later))
    axes.set(xlabel="the rising side's later odds", ylabel="declining side, share per period",
             title="A promise that power would undo", xlim=(0, 1))  # fmt: skip
    axes.legend(loc="lower left")
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
        axes.plot(best.chance, best.extracted, "D", color=INK, ms=4)
    axes.set(xlabel="chance of war after a refusal", ylabel="utils extracted",
             title="The threat that leaves something to chance", xlim=(0, 1))  # fmt: skip
    axes.set_ylim(bottom=0)
    axes.legend(loc="lower right")
    return figure


def exits(model: ExitOrPause, table: pd.DataFrame) -> Figure:
    """Chance to stay in each stationary equilibrium against the discount factor."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    kinds = ((table["staying"] == 1, "stay for ever"), (table["staying"] == 0, "leave"))
    inner = table[(table["staying"] > 0) & (table["staying"] < 1)]
    for k, (rows, label) in enumerate(kinds):
        curve(axes, table[rows]["discount"], table[rows]["staying"], k, label, clip_on=False)
    curve(axes, inner["discount"], inner["staying"], 2, "mixed: the edge")
    given(axes, float(model.discount))
    axes.set(xlabel="discount factor per day", ylabel="chance to stay on a day",
             title="One pause, three equilibria", xlim=(0, 1), ylim=(-0.02, 1.02))  # fmt: skip
    axes.legend(loc="center left")
    return figure


def windows(model: FightOrPause, table: pd.DataFrame) -> Figure:
    """Worth of the best chunk against trust, window by window; a dot where the course stands."""
    figure, axes = canvas(SINGLE_MM, 64.0)
    for k, day in enumerate(dict.fromkeys(table["day"].tolist())):
        rows = table[table["day"] == day]
        held = float(rows["held_captives"].iloc[0])
        curve(axes, rows["trust"].to_numpy(), rows["chunk_value"].to_numpy(), k % len(SERIES),
              f"after day {day}, {held:g} held")  # fmt: skip
        here = float(rows["trust_held"].iloc[0])
        at = float(np.interp(here, rows["trust"], rows["chunk_value"]))
        axes.plot(here, at, "D", color=SERIES[k % len(SERIES)][0], ms=4)
    axes.axhline(model.war_gain, color=INK, lw=0.7)
    low, high = axes.get_ylim()
    axes.axhspan(low, model.war_gain, color=PALE, alpha=0.5, lw=0)
    axes.set_ylim(low, high)
    axes.annotate("fighting on is better", (0.98, model.war_gain), xytext=(0, -9),
                  textcoords="offset points", ha="right", fontsize=6.5)  # fmt: skip
    axes.set(xlabel="belief in a dealer", ylabel="worth of the best chunk, utils",
             title="The next pause against resuming", xlim=(0, 1))  # fmt: skip
    axes.legend(loc="upper left")
    return figure


def _plain_ticks(axes: Axes) -> None:
    """Ticks at 1, 2 and 5 of each decade of a logarithmic axis, as plain numbers."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
