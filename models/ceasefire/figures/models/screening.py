"""Offers under private information: screening, demands without end, sealed offers, two types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ceasefire.figures.style import (
    HERE,
    PALE,
    SINGLE_MM,
    canvas,
    curve,
    given,
    heading,
    key,
    level,
    panel,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ceasefire.bargaining import DoubleAuction, PriceDemands, TwoPeriodScreening, TwoTypeTrade

HEIGHT_MM = 58.0
TALL_MM = 92.0


def two_offers(model: TwoPeriodScreening, table: pd.DataFrame) -> Figure:
    """What each plan is worth against the share of high values; the best one thick."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    axes.plot(table["share"], table["seller"], color=PALE, lw=5, solid_capstyle="round", zorder=0,
              label="best")  # fmt: skip
    for k, (column, label) in enumerate(
        (("sell_to_all", "sell to all"), ("screen", "screen, then come down"),
         ("hard_line", "hard line"))
    ):  # fmt: skip
        curve(axes, table["share"], table[column], k, label)
    given(axes, float(model.share), HERE)
    axes.set(xlabel="probability that the value is high", xlim=(0, 1),
             ylabel="worth to the asker (days per captive)")  # fmt: skip
    key(axes)
    heading(axes, "Three plans of asking")
    return figure


def demands(model: PriceDemands, table: pd.DataFrame) -> Figure:
    """Demands and the chance that there is no deal yet, against days, for three relays."""
    figure, (top, bottom) = canvas(SINGLE_MM, TALL_MM, 2, 1, sharex=True)
    for k, (_, rows) in enumerate(table.groupby("pace")):
        days = float(rows["days_per_round"].iloc[0])
        label = f"a demand every {days:.3g} days"
        curve(top, rows["day"], rows["price"], k, label, drawstyle="steps-post")
        curve(bottom, rows["day"], rows["no_deal_yet"], k, label, drawstyle="steps-post")
    top.set(ylabel="days of pause per captive", ylim=(0, None))
    key(top)
    bottom.set(xlabel="days since the first demand", ylabel="probability of no deal yet",
               ylim=(0, 1.05), xlim=(0, 50 * float(model.days_per_round) * 0.5))  # fmt: skip
    panel(top, "a", "What is asked")
    panel(bottom, "b", "How long it takes")
    return figure


def sealed(model: DoubleAuction, table: pd.DataFrame) -> Figure:
    """Gains of both and of each against the weight of the bid in the price."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    curve(axes, table["weight"], table["gains"], 0, "both")
    curve(axes, table["weight"], table["seller"], 1, "seller")
    curve(axes, table["weight"], table["buyer"], 2, "buyer")
    ends = ((float(table["first_best"].iloc[0]), "both, if worths were known"),
            (float(table["second_best"].iloc[0]), "both, best of all rules"))  # fmt: skip
    for most, label in ends:
        level(axes, most, label)
    axes.lines[-1].set_linestyle((0, (4, 2)))
    axes.set(xlabel="weight of the bid in the price", ylabel="expected gain (days per captive)",
             xlim=(0, 1), ylim=(0, 1.1 * ends[0][0]))  # fmt: skip
    given(axes, float(model.weight), HERE)
    key(axes)
    heading(axes, "Sealed offers")
    return figure


def two_types(model: TwoTypeTrade, table: pd.DataFrame) -> Figure:
    """The part of the first best that is gained, and the subsidy needed, against the high cost."""
    figure, (top, bottom) = canvas(SINGLE_MM, TALL_MM, 2, 1, sharex=True)
    for k, (value, rows) in enumerate(table.groupby("low_value", sort=False)):
        part = rows["second_best"] / rows["first_best"]
        curve(top, rows["high_cost"], part, k, f"low value {value:.3g}")
        curve(bottom, rows["high_cost"], rows["subsidy"], k, f"low value {value:.3g}")
    for axes in (top, bottom):
        given(axes, float(model.high_cost), HERE)
    key(top)
    top.set(ylabel="gain, share of first best")
    bottom.set(xlabel="cost of a dear captive (days of pause)", ylabel="subsidy (days per captive)")
    panel(top, "a", "What the best rules gain")
    panel(bottom, "b", "What a guarantor must add")
    return figure
