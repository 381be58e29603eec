"""Figure: ranks of truths among posterior draws, which are uniform where posteriors are right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures.style import BLUE, DOUBLE_MM, GREY, INK, PALE, canvas, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ceasefire.calibration.coverage import RankTest, Recovery


def draw(found: Recovery) -> Figure:
    """Draw for each parameter the histogram of ranks, and below how far they are from uniform."""
    names = found.grid.problem.names
    with style():
        figure, axes = canvas(DOUBLE_MM, 88.0, 2, len(names), squeeze=False, sharey="row")
        for column, name in enumerate(names):
            test = found.ranks(name)
            _histogram(axes[0, column], test)
            _distance(axes[1, column], test)
            axes[0, column].set_title(f"{name}: chi-square p = {test.p_value:.2f}", loc="left")
            axes[1, column].set_title(
                f"{name}: distance p = {test.distance_p_value:.2f}", loc="left"
            )
            axes[1, column].set_xlabel("rank of the truth, as a share")
        axes[0, 0].set_ylabel("data sets")
        axes[1, 0].set_ylabel("share at or below the rank,\nless the rank")
        handles = [*axes[0, 0].get_legend_handles_labels()[0],
                   *axes[1, 0].get_legend_handles_labels()[0]]  # fmt: skip
        figure.legend(handles=handles, loc="outside lower left", ncols=2)
    return figure


def _histogram(axes: Axes, test: RankTest) -> None:
    from scipy.stats import binom

    bins, count = len(test.counts), int(test.counts.sum())
    low, high = (float(binom.ppf(share, count, 1.0 / bins)) for share in (0.005, 0.995))
    axes.axhspan(low, high, color=PALE, lw=0.0, label="99 % of a bin's counts, if uniform")
    axes.axhline(test.expected, color=GREY, lw=0.7)
    axes.stairs(test.counts, np.linspace(0.0, 1.0, bins + 1), color=BLUE, fill=True, alpha=0.45,
                label="ranks")  # fmt: skip
    axes.set_xlim(0.0, 1.0)
    axes.set_ylim(0.0, max(1.25 * high, 1.1 * float(test.counts.max())))


def _distance(axes: Axes, test: RankTest) -> None:
    axes.fill_between([0.0, 1.0], -test.band, test.band, color=PALE, lw=0.0,
                      label="95 % band of the whole curve, if uniform")  # fmt: skip
    axes.axhline(0.0, color=GREY, lw=0.7)
    shares, steps = (np.concatenate(([0.0], part, [1.0])) for part in (test.shares, test.steps))
    axes.plot(shares, steps - shares, color=INK, lw=0.9, label="distribution function less uniform")
    axes.set_xlim(0.0, 1.0)
    top = 1.3 * max(test.band, test.distance)
    axes.set_ylim(-top, top)
