"""Staged release: what is still held, and what is handed over round by round."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures.gradualism import staged
from ceasefire.figures.style import (
    GREY,
    INK,
    PALE,
    SERIES,
    SINGLE_MM,
    canvas,
    curve,
    dots,
    panel,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ceasefire.bargaining import (
        Concessions,
        Contributions,
        Instalments,
        LockwoodThomas,
        LockwoodThomasSmooth,
        RisingStakes,
    )

HEIGHT_MM = 58.0
MOST_ROUNDS = 12  # of which the bars can be told apart


def instalments(model: Instalments, table: pd.DataFrame) -> Figure:
    """Held (lines) and handed over (bars), a plan a colour."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    plans = [
        (str(plan), float(model.stock), rows["handed_over"].to_numpy())
        for plan, rows in table.groupby("plan", sort=False)
    ]
    staged(axes, plans, min(int(table["round"].max()), MOST_ROUNDS))
    return figure


def levels(model: LockwoodThomas | LockwoodThomasSmooth, table: pd.DataFrame) -> Figure:
    """Levels day by day, without and with a known end."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    last = int(table["day"].max())
    for k, (plan, rows) in enumerate(table.groupby("plan", sort=False)):
        colour, line, _ = SERIES[k]
        days, level = rows["day"].to_numpy(), rows["level"].to_numpy()
        if days[-1] < last:
            days, level = np.append(days, last), np.append(level, level[-1])
        axes.step(days, level, line, where="post", color=colour, label=plan)
    goal = 1.0 if type(model).__name__ == "LockwoodThomasSmooth" else model.total
    axes.axhline(goal, color=GREY, lw=0.6, ls=(0, (1, 2)))
    axes.annotate("efficient", (last, goal), xytext=(0, 2), textcoords="offset points",
                  ha="right", fontsize=6.0, color=GREY)  # fmt: skip
    axes.set(xlabel="day", ylabel="level, either side", title="What can never be taken back")
    axes.set_ylim(-0.03 * goal, 1.12 * goal)
    axes.set_xlim(0, last)
    axes.legend(loc="center right")
    return figure


def concessions(model: Concessions, table: pd.DataFrame) -> Figure:
    """Largest safe levels step by step, a cost of stopping a line."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    for k, cost in enumerate(dict.fromkeys(table["stopping_cost"].tolist())):
        rows = table[table["stopping_cost"] == cost]
        steps = np.append(0, rows["step"].to_numpy())
        level = np.append(0.0, rows["level"].to_numpy())
        price = f"{cost:.1%} of the whole" if cost > 0 else "nothing"
        dots(axes, steps, level, k, f"stopping costs {price}")
    axes.axhline(0.5, color=GREY, lw=0.6, ls=(0, (1, 2)))
    axes.annotate("agreed", (12, 0.5), xytext=(0, 2), textcoords="offset points", ha="right",
                  fontsize=6.0, color=GREY)  # fmt: skip
    axes.set(xlabel="step (the sides in turn)", ylabel="share of the whole conceded",
             title=f"Stopping secures {float(model.rest_share):.0%} of what is open")  # fmt: skip
    axes.set_ylim(0, 0.56)
    axes.set_xlim(0, 12.3)
    axes.set_xticks(np.arange(0, 13, 2))
    axes.legend(loc="lower right")
    return figure


def stakes(model: RisingStakes, table: pd.DataFrame) -> Figure:
    """Largest first stake that keeps cooperation, against the share of reciprocators."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    share = table["reciprocators"].to_numpy()
    alone, joined = table["others_defect"].to_numpy(), table["others_cooperate"].to_numpy()
    if np.abs(alone - joined).max() < 1e-9:
        curve(axes, share, alone, 0, "cooperating first pays below")
    else:
        curve(axes, share, alone, 0, "pays when others defect")
        curve(axes, share, joined, 1, "pays when others cooperate")
        axes.fill_between(share, alone, joined, color=PALE, lw=0)
    here = 1 / (1 + float(model.stakes_ratio))
    axes.plot(float(model.reciprocators), here, "D", color=INK, ms=4, clip_on=False)
    axes.annotate("here", (float(model.reciprocators), here), xytext=(5, 4),
                  textcoords="offset points", fontsize=6.5)  # fmt: skip
    axes.set(xlabel="share of reciprocators", ylabel="first stake, share of the whole",
             title="How small to start")  # fmt: skip
    axes.set_xlim(0, 1)
    axes.set_ylim(0, max(alone.max(), joined.max(), here) * 1.1)
    axes.legend(loc="upper left")
    return figure


def contributions(model: Contributions, table: pd.DataFrame) -> Figure:
    """Moves to completion and what is left of the worth, against patience."""
    figure, (top, bottom) = canvas(SINGLE_MM, 80.0, 2, 1, sharex=True)
    delta = table["discount"].to_numpy()
    moves = table["moves"].to_numpy(float)
    done = moves > 0
    top.step(delta[done], moves[done], where="mid", color=SERIES[0][0])
    panel(top, "a", "moves until it is complete")
    top.set(ylabel="moves")
    top.set_ylim(0, max(moves.max(), 1) + 1)
    curve(bottom, delta, table["worth_share"].to_numpy(), 0, "")
    bottom.plot(model.discount, sum(model.closed_form().values) / (2 * model.worth), "D",
                color=INK, ms=4, clip_on=False)  # fmt: skip
    panel(bottom, "b", "worth at the start, of that at the end")
    bottom.set(xlabel="discount factor per move", ylabel="share", ylim=(0, 1))
    return figure
