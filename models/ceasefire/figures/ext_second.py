"""Extension 4: what a second category with its own price does to the pause."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ceasefire.figures._solved import solved
from ceasefire.figures.style import DOUBLE_MM, GREY, canvas, dots, panel

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ceasefire.truce import Scenario
    from ceasefire.truce.extensions._second_equilibrium import CategoryEquilibrium

WIDTH_MM = DOUBLE_MM
PRICES = tuple(float(x) for x in range(3, 13))
LONG_DAYS = 8  # days and more: past the end of the pause of 2023
CAPTION = (
    "A second category of captives, exchanged at a price of its own. Against that price, in "
    "captives for one more day: (a) mean length of the pause; (b) the chance that it lasts eight "
    "days or more, and that some day is paid for from the second category. Grey: without a second "
    "category. Dotted: price of the scenario."
)


def table(scenario: Scenario) -> pd.DataFrame:
    """One row a price: mean days, chances, the agreed boundary; the base model repeated."""
    import pandas as pd

    on = scenario if scenario.second_category else scenario.replace({"second_category": "on"})
    base = solved(on.replace({"second_category": "off"})).course()
    rows = []
    for price in PRICES:
        changed = on.replace({"second_category.captives_per_extra_day": price})
        equilibrium = cast("CategoryEquilibrium", solved(changed))
        course = equilibrium.course()
        long = float(course.length[course.length.index >= LONG_DAYS].sum())
        rows.append(
            (price, course.mean_days, long, course.second_used, equilibrium.block_days,
             equilibrium.counted_first)
        )  # fmt: skip
    columns = ["captives_per_extra_day", "mean_days", "p_long", "p_second_used", "block_days",
               "counted_first"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns).assign(
        base_mean_days=base.mean_days,
        base_p_long=float(base.length[base.length.index >= LONG_DAYS].sum()),
    )


def draw(table: pd.DataFrame, scenario: Scenario) -> Figure:
    """Length of the pause, and the chances behind it."""
    on = scenario if scenario.second_category else scenario.replace({"second_category": "on"})
    assert on.second_category is not None
    figure, (left, right) = canvas(WIDTH_MM, 58.0, 1, 2)
    price = table["captives_per_extra_day"].to_numpy()
    dots(left, price, table["mean_days"].to_numpy(), 0, "")
    left.axhline(float(table["base_mean_days"].iloc[0]), color=GREY, lw=0.8)
    left.set(ylabel="mean length of the pause (days)")
    panel(left, "a", "how long the pause lasts")
    dots(right, price, table["p_long"].to_numpy(), 0, f"{LONG_DAYS} days or more")
    dots(right, price, table["p_second_used"].to_numpy(), 1, "second category used")
    right.axhline(float(table["base_p_long"].iloc[0]), color=GREY, lw=0.8)
    right.set(ylabel="probability", ylim=(0, 1.02))
    right.legend(loc="center right", bbox_to_anchor=(1.0, 0.42))
    panel(right, "b", "eight days and more")
    for axes in (left, right):
        axes.axvline(on.second_category.captives_per_extra_day, color=GREY, lw=0.8, ls=":")
        axes.set_xlabel("captives of the second category for one more day")
    return figure
