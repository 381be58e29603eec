"""Figure: prior against posterior, a panel a parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures._grid import columns, few_ticks, grid, key_below
from ceasefire.figures.style import BLUE, GREY, INK, given, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ceasefire.calibration.posterior import Posterior
    from ceasefire.calibration.problem import Parameter

BINS = 20
FINE = 200  # points of a prior's curve
LITTLE = 0.1  # contraction below which the panel says that the data say little


def draw(found: Posterior) -> Figure:
    """Draw the histogram of the draws over the prior's density, and the scenario's own value."""
    problem = found.problem
    told = found.summary["contraction"].tolist()
    with style():
        figure, panels = grid(len(problem.names), height_mm=36.0)
        for i, (axes, name) in enumerate(zip(panels, problem.names, strict=True)):
            _panel(axes, problem.entries[i][0], found.values[..., i].ravel())
            given(axes, float(problem.base[i]), "scenario's value")
            gained = told[i]
            said = f"contraction {gained:.2f}" if gained >= LITTLE else "the data say little"
            axes.set_title(f"{name}: {said}", loc="left")
        for axes in panels[:: columns(len(panels))]:
            axes.set_ylabel("density over\nthe range")
        key_below(figure, panels[0])
    return figure


def _panel(axes: Axes, one: Parameter, draws: np.ndarray) -> None:
    """Densities over shares of the range, so that a flat prior is flat at 1 on either scale."""
    shares = (np.arange(FINE) + 0.5) / FINE
    x = np.array([one.at(float(share)) for share in shares])
    ends = np.array([one.at(float(share)) for share in np.linspace(0.0, 1.0, BINS + 1)])
    heights = np.histogram(draws, ends)[0] / len(draws) * BINS
    axes.stairs(heights, ends, fill=True, color=BLUE, alpha=0.35, label="posterior")
    axes.stairs(heights, ends, color=BLUE, lw=0.8)
    mass = np.diff(one.prior.cumulative(ends, one.low, one.high)) * BINS
    middle = np.interp(x, 0.5 * (ends[1:] + ends[:-1]), mass)
    axes.plot(x, middle, color=INK, lw=1.0, ls="--", label="prior")
    axes.axhline(0.0, color=GREY, lw=0.4)
    axes.set_xlim(one.low, one.high)
    if one.logarithmic:
        axes.set_xscale("log")
        few_ticks(axes.xaxis, one)
    axes.set_ylim(bottom=0.0)
