"""Figure: intervals of simulated data sets against the values that made the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures._grid import grid, key_below
from ceasefire.figures.style import BLUE, GREY, RED, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ceasefire.calibration.coverage import Recovery


def draw(found: Recovery, whole: Recovery | None = None) -> Figure:
    """Draw a panel a parameter: each data set's interval over its truth, misses apart.

    Parameters
    ----------
    found : Recovery
        Of the data sets drawn: a few hundred at most.
    whole : Recovery, optional
        Of all that were made; its share is told too.
    """
    problem = found.grid.problem
    with style():
        figure, panels = grid(len(problem.names), height_mm=58.0)
        for axes, name in zip(panels, problem.names, strict=True):
            of = found.table[found.table["parameter"] == name]
            _panel(axes, of)
            axes.set_title(_title(name, [found] if whole is None else [found, whole]), loc="left")
            axes.set_xlabel(f"{name} that made the data")
        panels[0].set_ylabel(f"{found.level:.0%} interval of its posterior")
        key_below(figure, panels[0])
    return figure


def _title(name: str, studies: list[Recovery]) -> str:
    lines = [f"{name}: intervals that hold the truth"]
    for study in studies:
        row = study.coverage.set_index("parameter").loc[name]
        ends = f"{row['low']:.1%} to {row['high']:.1%}"
        lines.append(f"{row['covered']:.1%} of {row['data_sets']:.0f} ({ends})")
    return "\n".join(lines)


def _panel(axes: Axes, of: pd.DataFrame) -> None:
    """Intervals as upright lines at their truths; the diagonal is where both agree."""
    for hit, colour, width, label in (
        (True, BLUE, 0.5, "interval holds the truth"),
        (False, RED, 0.9, "interval misses it"),
    ):
        part = of[of["covered"] == hit]
        axes.vlines(part["truth"], part["low"], part["high"], color=colour, lw=width,
                    alpha=0.6 if hit else 1.0, label=label)  # fmt: skip
        axes.plot(part["truth"], part["mean"], ls="", marker="." if hit else "x", ms=2.5,
                  color=colour, label="_")  # fmt: skip
    ends = np.array([of[["truth", "low"]].min().min(), of[["truth", "high"]].max().max()])
    axes.plot(ends, ends, color=GREY, lw=0.7, ls="--", label="truth")
