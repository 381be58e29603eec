"""Terms of a deal: days for captives, contract curves over issues, package offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
        DividedDollar,
        LinearIssues,
        PackageBargaining,
        TwoIssueExchange,
    )

HEIGHT_MM = 58.0
NAMES = {"nash": "Nash", "kalai-smorodinsky": "Kalai-Smorodinsky", "egalitarian": "egalitarian"}
MARKS = {"nash": "o", "kalai-smorodinsky": "s", "egalitarian": "^"}


def dollar(model: DividedDollar, table: pd.DataFrame) -> Figure:
    """The first side's share against the curvature of the other's utility."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    for k, (rule, rows) in enumerate(table.groupby("rule", sort=False)):
        curve(axes, rows["curvature"], rows["share"], k, NAMES[str(rule)])
    given(axes, float(model.curvature), HERE)
    axes.set(xlabel="curvature of the second side's utility (1: straight)",
             ylabel="share of the first side")  # fmt: skip
    axes.set(xlim=(0, 1.02), ylim=(0, 1.02))
    axes.grid(color=PALE, lw=0.3)
    key(axes)
    heading(axes, "The side that shuns risk gets less")
    return figure


def exchange(model: TwoIssueExchange, table: pd.DataFrame) -> Figure:
    """Days against the captor's weight; where the agreed days are the answer in whole days."""
    figure, (top, bottom) = canvas(SINGLE_MM, 2 * HEIGHT_MM, 2, 1)
    rows = table[table["rule"] == "nash by weight"]
    curve(top, rows["weight"], rows["days"], 0, "Nash, any days")
    top.step(rows["weight"], rows["days_whole"], where="mid", color=RED, ls="--", lw=0.9,
             label="Nash, whole days")  # fmt: skip
    for rule in ("kalai-smorodinsky", "egalitarian"):
        days = table.loc[table["rule"] == rule, "days"].iloc[0]
        top.plot([0.5], [days], MARKS[rule], color=INK, mfc="white", ls="", label=NAMES[rule])
    agreed = float(model.agreed_days)
    level(top, agreed, f"agreed: {agreed:g}")
    top.set(xlabel="bargaining weight of the captor", ylabel="days of pause", xlim=(0, 1))
    most = max(rows["days"].max(), rows["days_whole"].max())
    top.set_ylim(0, most * 1.08 if most > 0 else 2.5 * agreed)  # no deal: the days agreed
    key(top)
    panel(top, "a", f"Days for {float(model.captives):g} captives")
    _band(model, bottom, agreed, float(table["least_days"].iloc[0]),
          float(table["most_days"].iloc[0]))  # fmt: skip
    return figure


def _band(model: TwoIssueExchange, axes: Any, agreed: float, least: float, most: float) -> None:
    """Reservation prices for which the agreed whole days are Nash's answer at equal weights."""
    x = np.linspace(0, agreed, 50)
    axes.fill_between(x, np.maximum(2 * agreed - 1 - x, x), 2 * agreed + 1 - x, color=PALE,
                      label=f"{agreed:g} whole days")  # fmt: skip
    axes.plot(x, 2 * agreed - x, color=BLUE, label=f"exactly {agreed:g} days")
    axes.plot([0, agreed], [0, agreed], color=GREY, lw=0.8)
    axes.annotate(
        "no exchange", (0.72 * agreed, 0.28 * agreed), color=GREY, fontsize=6.5, ha="center"
    )
    axes.plot([least], [most], "o", color=RED, ls="", label=HERE)
    axes.set(xlabel="least days that the captor takes", ylabel="most days given")
    axes.set(xlim=(0, max(agreed, 1.2 * least)), ylim=(0, max(2 * agreed + 1, most) * 1.08))
    key(axes)
    panel(axes, "b", f"Prices that make {agreed:g} days the answer")


def package(model: LinearIssues, table: pd.DataFrame) -> Figure:
    """The contract curve, the issue that moves on each edge, and the solutions on it."""
    figure, axes = canvas(SINGLE_MM, 1.25 * HEIGHT_MM)
    corners = table[table["what"] == "corner"]
    x, y = corners["captor"].to_numpy(), corners["pausing_state"].to_numpy()
    inside = (x[1:] >= 0) & (y[:-1] >= 0)  # edges that reach where both gain
    axes.plot(x, y, ".", color=GREY, ms=3)
    drawn = 0
    for k, moved in enumerate(corners["moved"].to_numpy()[1:]):
        if inside[k]:
            colour, line, _ = SERIES[drawn % len(SERIES)]
            axes.plot(x[k : k + 2], y[k : k + 2], line, color=colour, label=f"moves: {moved}")
            drawn += 1
        else:
            axes.plot(x[k : k + 2], y[k : k + 2], color=GREY, lw=0.8)
    for rule, mark in MARKS.items():
        at = table[table["what"] == rule]
        axes.plot(at["captor"], at["pausing_state"], mark, color=INK, mfc="white", ls="", ms=4.5,
                  label=NAMES[rule])  # fmt: skip
    axes.plot([0], [0], "x", color=INK, ls="", label="no agreement")
    # Without a package that both gain by, a frame of a util around no agreement.
    width, height = float(np.interp(0, -y, x)) or 1.0, float(np.interp(0, x, y)) or 1.0
    axes.axhline(0, color=PALE, lw=0.6, zorder=0)
    axes.axvline(0, color=PALE, lw=0.6, zorder=0)
    axes.set(xlabel="gain of the captor, utils", ylabel="gain of the pausing state, utils")
    axes.set(xlim=(-0.12 * width, 1.2 * width), ylim=(-0.12 * height, 1.25 * height))
    key(axes, most_columns=2)
    heading(axes, "The best deals for both, and three picks among them")
    return figure


def offers(model: PackageBargaining, table: pd.DataFrame) -> Figure:
    """Both sides' gains from either's offer, as rounds get shorter."""
    figure, (top, bottom) = canvas(SINGLE_MM, 1.5 * HEIGHT_MM, 2, 1, sharex=True)
    limit = table[table["proposer"] == "limit"].iloc[0]
    for axes, column in ((top, "captor"), (bottom, "pausing_state")):
        for k, proposer in enumerate(("captor", "pausing state")):
            rows = table[table["proposer"] == proposer]
            dots(axes, rows["round"], rows[column], k, f"{proposer} proposes")
        axes.plot([0], [limit[column]], "o", color=INK, mfc="white", ms=5, clip_on=False, ls="",
                  label="Nash (limit)")  # fmt: skip
        axes.set_ylabel("gain, utils")
    bottom.set(xlabel="length of a round, as a part of the given one")
    bottom.set_xlim(left=0)
    key(top)
    panel(top, "a", "What the captor gains")
    panel(bottom, "b", "What the pausing state gains")
    return figure
