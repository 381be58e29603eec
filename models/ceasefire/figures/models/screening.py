"""Offers under private information: screening, demands without end, sealed offers, two types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ceasefire.figures.style import GREY, INK, PALE, SINGLE_MM, canvas, curve, given, panel

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ceasefire.bargaining import DoubleAuction, PriceDemands, TwoPeriodScreening, TwoTypeTrade

HEIGHT_MM = 58.0
TALL_MM = 92.0


def two_offers(model: TwoPeriodScreening, table: pd.DataFrame) -> Figure:
    """What each plan is worth against the share of high values; the best one thick."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    axes.plot(table["share"], table["seller"], color=PALE, lw=5, solid_capstyle="round", zorder=0)
    for k, (column, label) in enumerate(
        (("sell_to_all", "sell to all"), ("screen", "screen, then come down"),
         ("hard_line", "hard line"))
    ):  # fmt: skip
        curve(axes, table["share"], table[column], k, label)
    given(axes, float(model.share))
    axes.set(xlabel="probability that the value is high", ylabel="worth to the side that asks",
             xlim=(0, 1), title="Three plans of asking (best: grey band)")  # fmt: skip
    axes.legend(loc="upper left")
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
    bottom.set(xlabel="days since the first demand", ylabel="probability of no deal yet",
               ylim=(0, 1.05), xlim=(0, 50 * float(model.days_per_round) * 0.5))  # fmt: skip
    panel(top, "a", "What is asked")
    panel(bottom, "b", "How long it takes")
    top.legend(loc="upper right")
    return figure


def sealed(model: DoubleAuction, table: pd.DataFrame) -> Figure:
    """Gains of both and of each against the weight of the bid in the price."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    curve(axes, table["weight"], table["gains"], 0, "both")
    curve(axes, table["weight"], table["seller"], 1, "seller")
    curve(axes, table["weight"], table["buyer"], 2, "buyer")
    ends = ((float(table["first_best"].iloc[0]), "worths known"),
            (float(table["second_best"].iloc[0]), "best of all rules"))  # fmt: skip
    for level, label in ends:
        axes.axhline(level, color=GREY, lw=0.6, ls=":")
        axes.text(0.99, level, label, ha="right", va="bottom", fontsize=6, color=INK)
    axes.set(xlabel="weight of the bid in the price", ylabel="expected gain (days per captive)",
             xlim=(0, 1), title="Sealed offers", ylim=(0, 1.1 * ends[0][0]))  # fmt: skip
    given(axes, float(model.weight))
    axes.legend(loc="lower center")
    return figure


def two_types(model: TwoTypeTrade, table: pd.DataFrame) -> Figure:
    """The part of the first best that is gained, and the subsidy needed, against the high cost."""
    figure, (top, bottom) = canvas(SINGLE_MM, TALL_MM, 2, 1, sharex=True)
    for k, (value, rows) in enumerate(table.groupby("low_value", sort=False)):
        part = rows["second_best"] / rows["first_best"]
        curve(top, rows["high_cost"], part, k, f"low value {value:.3g}")
        curve(bottom, rows["high_cost"], rows["subsidy"], k, f"low value {value:.3g}")
    for axes in (top, bottom):
        given(axes, float(model.high_cost))
    top.set(ylabel="gain / gain if all were known")
    bottom.set(xlabel="cost of a dear captive (days of pause)", ylabel="days per captive")
    panel(top, "a", "What the best rules gain")
    panel(bottom, "b", "What a guarantor must add")
    top.legend(loc="lower left")
    return figure
