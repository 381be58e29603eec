"""Proof of life: for whom it is given, and what its absence says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ceasefire.figures.style import HERE, SINGLE_MM, canvas, curve, given, key, panel

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ceasefire.bargaining import ProofOfLife

TALL_MM = 100.0


def shown(model: ProofOfLife, table: pd.DataFrame) -> Figure:
    """Living captives proved, and the chance that one without proof lives, by contact and cost."""
    figure, (top, bottom) = canvas(SINGLE_MM, TALL_MM, 2, 1, sharex=True)
    for k, (part, rows) in enumerate(table.groupby("cost_of_worth")):
        curve(top, rows["able"], rows["proved"], k, f"{part:g}")
        curve(bottom, rows["able"], rows["alive_if_silent"], k, f"{part:g}")
    for axes in (top, bottom):
        given(axes, float(model.able), HERE)
        axes.set(ylim=(-0.02, 1.02))
    top.set(ylabel="share of the living")
    bottom.set(xlabel="probability that evidence can be had", ylabel="probability", xlim=(0, 1))
    key(top, "cost of a proof, share of its most pay", most_columns=5)
    panel(top, "a", "Proved to be alive, unasked")
    panel(bottom, "b", "Alive though there is no proof")
    return figure
