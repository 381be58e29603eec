"""The unnamed list: what asking for it is worth, and when it comes by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ceasefire.figures.style import HERE, SINGLE_MM, canvas, curve, given, key, panel

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ceasefire.bargaining import VerifiableList, VoluntaryList

TALL_MM = 96.0
NAMES = {
    "unnamed": "take it unnamed",
    "as named": "a day per batch named",
    "full list": "all or no deal",
}


def verifiable(model: VerifiableList, table: pd.DataFrame) -> Figure:
    """Worth of the policies to the pausing state, by contact and by the cost of a name."""
    figure, (top, bottom) = canvas(SINGLE_MM, TALL_MM, 2, 1)
    for axes, which, here in (
        (top, "contact", model.contact), (bottom, "naming cost", model.naming_cost),
    ):  # fmt: skip
        rows = table[table["panel"] == which]
        for k, (policy, label) in enumerate(NAMES.items()):
            line = rows[rows["series"] == policy]
            curve(axes, line["x"], line["utils"], k, label)
        given(axes, float(here), HERE)
        axes.set(ylabel="worth to the pausing state (utils)")
    top.set(xlabel="probability that contact holds", xlim=(0, 1))
    bottom.set(xlabel="cost of a name to the captor (utils)", xlim=(0, None))
    key(top)
    panel(top, "a", "Lost contact makes asking costly")
    panel(bottom, "b", "Where the captor no longer names")
    return figure


def voluntary(model: VoluntaryList, table: pd.DataFrame) -> Figure:
    """From how many captives on they are named, by the chance of proof and the cost of a name."""
    figure, (top, bottom) = canvas(SINGLE_MM, TALL_MM, 2, 1, sharex=True)
    for k, (part, rows) in enumerate(table.groupby("cost_of_worth")):
        curve(top, rows["able"], rows["threshold"], k, f"{part:g}")
        curve(bottom, rows["able"], rows["named"], k, f"{part:g}")
    for axes in (top, bottom):
        given(axes, float(model.able), HERE)
    key(top, "cost of a name, share of its pay", most_columns=5)
    top.set(ylabel="captives", ylim=(0, 1.08 * float(model.most)))
    bottom.set(xlabel="probability that names can be proved", ylabel="probability", xlim=(0, 1),
               ylim=(-0.02, 1.02))  # fmt: skip
    panel(top, "a", "Named of its own accord from here on")
    panel(bottom, "b", "A list comes")
    return figure
