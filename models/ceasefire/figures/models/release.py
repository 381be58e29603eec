"""Staged release: what is still held, and what is handed over round by round."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures.gradualism import staged
from ceasefire.figures.style import (
    HERE,
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
SEEN = 0.005  # of the stock: a bar that can still be seen


def instalments(model: Instalments, table: pd.DataFrame) -> Figure:
    """Held (lines) and handed over (bars), a plan a colour."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    plans = [
        (str(plan), float(model.stock), rows["handed_over"].to_numpy())
        for plan, rows in table.groupby("plan", sort=False)
    ]
    seen = table[table["handed_over"] >= SEEN * float(model.stock)]["round"]
    staged(axes, plans, min(max(int(seen.max()) + 1 if len(seen) else 1, 4), MOST_ROUNDS))
    return figure


def levels(model: LockwoodThomas | LockwoodThomasSmooth, table: pd.DataFrame) -> Figure:
    """Levels day by day, without and with a known end."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    last = int(table["day"].max())
    for k, (plan, rows) in enumerate(table.groupby("plan", sort=False)):
        colour, line, _ = SERIES[k]
        days, reached = rows["day"].to_numpy(), rows["level"].to_numpy()
        if days[-1] < last:
            days, reached = np.append(days, last), np.append(reached, reached[-1])
        axes.step(days, reached, line, where="post", color=colour, label=plan)
    goal = 1.0 if type(model).__name__ == "LockwoodThomasSmooth" else model.total
    level(axes, goal, "efficient")
    axes.set(xlabel="day", ylabel="level, either side (units released)")
    axes.set_ylim(-0.03 * goal, 1.08 * goal)
    axes.set_xlim(0, last)
    key(axes)
    heading(axes, "What can never be taken back")
    return figure


def concessions(model: Concessions, table: pd.DataFrame) -> Figure:
    """Largest safe levels step by step, a cost of stopping a line."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    for k, cost in enumerate(dict.fromkeys(table["stopping_cost"].tolist())):
        rows = table[table["stopping_cost"] == cost]
        steps = np.append(0, rows["step"].to_numpy())
        conceded = np.append(0.0, rows["level"].to_numpy())
        price = f"{cost:.1%} of the whole" if cost > 0 else "nothing"
        dots(axes, steps, conceded, k, f"stopping costs {price}")
    level(axes, 0.5, "agreed")
    axes.set(xlabel="step (the sides in turn)", ylabel="share of the whole conceded")
    axes.set_ylim(0, 0.56)
    axes.set_xlim(0, 12.3)
    axes.set_xticks(np.arange(0, 13, 2))
    key(axes)
    heading(axes, f"Stopping secures {float(model.rest_share):.0%} of what is open")
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
        axes.fill_between(share, alone, joined, color=PALE, lw=0, label="hangs on the others")
    first = 1 / (1 + float(model.stakes_ratio))
    here(axes, float(model.reciprocators), first, HERE)
    axes.set(xlabel="share of reciprocators", ylabel="first stake, share of the whole")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, max(alone.max(), joined.max(), first) * 1.08)
    key(axes)
    heading(axes, "How small to start")
    return figure


def contributions(model: Contributions, table: pd.DataFrame) -> Figure:
    """Moves to completion and what is left of the worth, against patience."""
    figure, (top, bottom) = canvas(SINGLE_MM, 80.0, 2, 1, sharex=True)
    delta = table["discount"].to_numpy()
    moves = table["moves"].to_numpy(float)
    done = moves > 0
    top.step(delta[done], moves[done], where="mid", color=SERIES[0][0])
    panel(top, "a", "Moves until it is complete")
    top.set(ylabel="moves, both sides")
    given(top, float(model.discount), HERE)
    top.set_ylim(0, max(moves.max(), 1) + 1)
    curve(bottom, delta, table["worth_share"].to_numpy(), 0, "")
    now = sum(model.closed_form().values) / (2 * model.worth)
    here(bottom, float(model.discount), float(now), HERE)
    key(bottom)
    panel(bottom, "b", "Worth at the start, of that when complete")
    bottom.set(xlabel="discount factor per move", ylabel="share", ylim=(0, 1))
    return figure
