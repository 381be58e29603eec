"""Figure: every pair of parameters, as drawn from the posterior."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures._grid import few_ticks
from ceasefire.figures.style import BLUE, DOUBLE_MM, GREY, INK, canvas, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ceasefire.calibration.posterior import Posterior
    from ceasefire.calibration.problem import Parameter

BINS = 24
SHARES = (0.5, 0.9)  # of the draws inside the contours
STRONG = 0.3  # correlation in ranks that is written in bold


def draw(found: Posterior) -> Figure:
    """Draw densities of pairs below the diagonal, rank correlations above, each alone on it."""
    problem = found.problem
    size = len(problem.names)
    draws = [found.values[..., i].ravel() for i in range(size)]
    ranks = _ranks(np.stack(draws))
    with style():
        side = DOUBLE_MM
        figure, axes = canvas(side, side, size, size, squeeze=False)
        for i in range(size):
            for j in range(size):
                panel, one, other = axes[i, j], problem.entries[j][0], problem.entries[i][0]
                if j > i:
                    _number(panel, float(ranks[i, j]))
                    continue
                if i == j:
                    _alone(panel, one, draws[j])
                else:
                    _pair(panel, one, other, draws[j], draws[i])
                _ticks(panel, one, other if i != j else None)
                panel.set_xlabel(problem.names[j] if i == size - 1 else "")
                panel.set_ylabel(problem.names[i] if j == 0 else "")
                if i < size - 1:
                    panel.set_xticklabels([])
                if j:
                    panel.set_yticklabels([])
        figure.suptitle(
            "Below: half and nine tenths of the draws; above: correlations of ranks",
            x=0.01, ha="left", fontsize=7.5,
        )  # fmt: skip
    return figure


def _ranks(draws: np.ndarray) -> np.ndarray:
    from scipy.stats import rankdata

    return np.asarray(np.corrcoef(rankdata(draws, axis=1)))


def _ends(one: Parameter) -> np.ndarray:
    return np.array([one.at(float(share)) for share in np.linspace(0.0, 1.0, BINS + 1)])


def _alone(axes: Axes, one: Parameter, draws: np.ndarray) -> None:
    heights, ends = np.histogram(draws, _ends(one))
    axes.stairs(heights / heights.max(), ends, fill=True, color=BLUE, alpha=0.35)
    axes.set_ylim(0.0, 1.15)
    axes.set_yticks([])


def _pair(axes: Axes, one: Parameter, other: Parameter, x: np.ndarray, y: np.ndarray) -> None:
    from scipy.ndimage import gaussian_filter

    counts, across, up = np.histogram2d(x, y, (_ends(one), _ends(other)))
    smooth = gaussian_filter(counts, 2.0, mode="nearest").T
    middles = [_middles(one, across), _middles(other, up)]
    levels = sorted({_level(smooth, share) for share in SHARES})
    top = max(float(smooth.max()) * 1.001, levels[-1] * 1.002)
    axes.contourf(*middles, smooth, levels=[*levels, top], colors=["#BBD7EA", "#5E9DC8"])
    axes.contour(*middles, smooth, levels=levels, colors=[INK], linewidths=0.4)
    axes.set_ylim(other.low, other.high)


def _middles(one: Parameter, ends: np.ndarray) -> np.ndarray:
    """Middles of bins, the outer ones moved to the ends so that contours fill the panel."""
    found = np.sqrt(ends[1:] * ends[:-1]) if one.logarithmic else 0.5 * (ends[1:] + ends[:-1])
    found[0], found[-1] = ends[0], ends[-1]
    return np.asarray(found)


def _level(heights: np.ndarray, share: float) -> float:
    """Height above which this share of the mass lies."""
    ordered = np.sort(heights.ravel())[::-1]
    return float(ordered[np.searchsorted(np.cumsum(ordered), share * ordered.sum())])


def _number(axes: Axes, value: float) -> None:
    axes.set_axis_off()
    strong = abs(value) >= STRONG
    axes.text(0.5, 0.5, f"{value:+.2f}", ha="center", va="center", transform=axes.transAxes,
              fontsize=7.5 if strong else 6.5, fontweight="bold" if strong else "normal",
              color=INK if strong else GREY)  # fmt: skip


def _ticks(axes: Axes, one: Parameter, other: Parameter | None) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.set_xlim(one.low, one.high)
    for axis, parameter in ((axes.xaxis, one), (axes.yaxis, other)):
        if parameter is None:
            continue
        if parameter.logarithmic:
            (axes.set_xscale if axis is axes.xaxis else axes.set_yscale)("log")
            few_ticks(axis, parameter)
        else:
            axis.set_major_locator(MaxNLocator(2, steps=[1, 2, 5, 10]))
    axes.tick_params(labelsize=5.5)
