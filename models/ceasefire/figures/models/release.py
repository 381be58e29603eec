"""Staged release: what is still held, and what is handed over round by round."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures.style import PALE, SERIES, SINGLE_MM, canvas

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ceasefire.bargaining import Instalments

HEIGHT_MM = 58.0
MOST_ROUNDS = 12  # of which the bars can be told apart
BARS = 0.8  # of a round that the bars of all plans take


def instalments(model: Instalments, table: pd.DataFrame) -> Figure:
    """Held (lines) and handed over (bars), a plan a colour."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    plans = list(dict.fromkeys(table["plan"]))
    rounds = min(int(table["round"].max()), MOST_ROUNDS)
    for k, plan in enumerate(plans):
        colour, line, _ = SERIES[k]
        rows = table[(table["plan"] == plan) & (table["round"] <= rounds)]
        steps = rows["handed_over"].to_numpy()
        held = float(model.stock) - np.append(0.0, np.cumsum(steps))
        width = BARS / len(plans)
        at = rows["round"].to_numpy() + (k - (len(plans) - 1) / 2) * width
        face = colour if k == 0 else "white"
        axes.bar(at, steps, width, facecolor=face, edgecolor=colour,
                 hatch="" if k == 0 else "////", lw=0.6)  # fmt: skip
        axes.step(np.arange(held.size), held, line, where="post", color=colour, label=plan)
    axes.set(xlabel="round", ylabel="captives", title="Held (lines) and handed over (bars)")
    axes.set_xticks(np.arange(0, rounds + 1))
    axes.set_xlim(-0.1, rounds + 0.6)
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", color=PALE, lw=0.3)
    axes.set_axisbelow(True)
    axes.legend(loc="upper right")
    return figure
