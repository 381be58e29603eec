"""Figure: before the pause: pilot, posterior, talks, block."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures._solved import solved
from ceasefire.figures.style import BLUE, DOUBLE_MM, GREY, INK, ORANGE, PALE, SKY, canvas, panel

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ceasefire.truce import Scenario, TruceEquilibrium

WIDTH_MM = DOUBLE_MM
TALK_DAYS = 120
CAPTION = (
    "The negotiation. (a) Belief that the captor is a dealer before and after the pilot, and "
    "the chance that talks open without and with it. (b) Distribution of the talks' length "
    "given a deal. (c) Choice of the first block: Nash product by length; the agreed length "
    "is filled."
)


def table(scenario: Scenario) -> pd.DataFrame:
    """Quantities: belief and opening chances; talks by day; Nash product by block days."""
    return told(solved(scenario))


def told(eq: TruceEquilibrium) -> pd.DataFrame:
    """The same of a solution at hand."""
    import pandas as pd

    rows: list[tuple[str, float, float]] = [
        ("belief_before", 0, eq.pilot.trust_before),
        ("belief_after", 0, eq.trust),
        ("opens_without", 0, eq.pilot.open_probability_without),
        ("opens_with", 0, eq.pilot.open_probability),
        ("talks_mean", 0, eq.talks.mean_days),
    ]
    length = eq.talks.length(TALK_DAYS) / max(eq.talks.deal_probability, 1e-300)
    rows += [("talks", day, float(chance)) for day, chance in enumerate(length, 1)]
    rows += [("nash_product", d, float(v)) for d, v in enumerate(eq.block["nash_product"], 1)]
    rows += [("agreed_block", days, share) for days, share in eq.block_weights.items()]
    return pd.DataFrame(rows, columns=["quantity", "days", "value"])


def draw(table: pd.DataFrame, scenario: Scenario | None = None) -> Figure:
    """Three panels."""
    figure, (left, middle, right) = canvas(WIDTH_MM, 58.0, 1, 3)
    one = table[table["days"] == 0].set_index("quantity")["value"]
    _pilot(left, one)
    talks = table[table["quantity"] == "talks"]
    middle.fill_between(talks["days"], talks["value"], step="mid", color=SKY, linewidth=0)
    if one["talks_mean"] <= TALK_DAYS:  # nan, where talks never end in a deal, is not
        middle.axvline(one["talks_mean"], color=INK, linestyle="--", linewidth=0.9)
        top = float(talks["value"].max())
        middle.text(one["talks_mean"] + 3, 0.93 * top, f"mean {one['talks_mean']:.0f} days")
    middle.set_xlim(0, TALK_DAYS)
    middle.set_ylim(0, None if talks["value"].max() > 0.0 else 1.0)
    middle.set_xlabel("days of talks to the deal")
    middle.set_ylabel("probability per day, given a deal")
    panel(middle, "b", "talks")
    _blocks(right, table)
    return figure


def _pilot(axes: Axes, one: pd.Series[float]) -> None:
    pairs = (("belief_before", "belief_after"), ("opens_without", "opens_with"))
    for i, (before, after) in enumerate(pairs):
        axes.bar(i - 0.2, one[before], 0.36, color=PALE, edgecolor=INK, linewidth=0.5,
                 label="without pilot" if i == 0 else None)  # fmt: skip
        axes.bar(i + 0.2, one[after], 0.36, color=BLUE, edgecolor=INK, linewidth=0.5,
                 label="with pilot" if i == 0 else None)  # fmt: skip
        for x, name in ((i - 0.2, before), (i + 0.2, after)):
            axes.annotate(f"{one[name]:.2f}", (x, one[name]), (0, 2), ha="center",
                          textcoords="offset points", fontsize=6.5)  # fmt: skip
    axes.set_xticks((0, 1), ("belief in\na dealer", "talks\nopen"))
    axes.set_ylim(0, 1.2)
    axes.set_ylabel("probability")
    axes.legend(loc="upper left")
    panel(axes, "a", "pilot")


def _blocks(axes: Axes, table: pd.DataFrame) -> None:
    block = table[table["quantity"] == "nash_product"]
    agreed = set(table.loc[table["quantity"] == "agreed_block", "days"])
    chosen = block["days"].isin(agreed).to_numpy()
    colours = np.where(chosen, ORANGE, "white")
    axes.bar(block["days"], block["value"], 0.7, color=colours, edgecolor=INK, linewidth=0.6)
    for day, value in zip(block["days"], block["value"], strict=True):
        axes.annotate(f"{value:.0f}", (day, value), (0, 2), textcoords="offset points",
                      ha="center", fontsize=6.5, color=INK if day in agreed else GREY)  # fmt: skip
    axes.set_xticks(block["days"])
    axes.set_xlabel("days for the first block")
    axes.set_ylabel("Nash product (utils)")
    panel(axes, "c", "first block")
