"""Small pictures of records and what they say: batches by day, parts of a likelihood, a profile.

Each takes a result and, if wanted, the axes to draw on, and returns the axes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.errors import ArgumentError
from ceasefire.figures.games import _axes
from ceasefire.figures.style import BLUE, GREY, INK, PALE, SINGLE_MM, SKY, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ceasefire.calibration import Exchange, Likelihood, Profile

TALL_MM = 52.0
UNITS = 1.9207  # log units below the maximum: the 95 % interval of one parameter


def batches(exchange: Exchange, *, ax: Axes | None = None) -> Axes:
    """Captives promised and delivered by day; a range is a bar to its middle with its ends."""
    rows = [row for row in exchange.rows if row.delivered is not None or row.promised is not None]
    if not rows:
        raise ArgumentError("exchange", exchange.name, "a record with batches")
    with style():
        axes = _axes(ax, SINGLE_MM, TALL_MM)
        due = [(row.day, row.promised.middle) for row in rows if row.promised is not None]
        came = [(row.day, row.delivered) for row in rows if row.delivered is not None]
        if due:
            axes.bar(
                [day for day, _ in due],
                [most for _, most in due],
                0.8,
                color=PALE,
                edgecolor=INK,
                lw=0.5,
                label="promised",
            )
        days = [day for day, _ in came]
        middle = np.array([span.middle for _, span in came])
        ends = np.array([(span.low, span.high) for _, span in came]).reshape(-1, 2).T
        axes.bar(days, middle, 0.5, color=BLUE, edgecolor=INK, lw=0.5, hatch="//",
                 label="delivered")  # fmt: skip
        wide = ends[1] > ends[0]
        if wide.any():
            off = np.abs(ends - middle)[:, wide]
            axes.errorbar(np.array(days)[wide], middle[wide], off, fmt="none", ecolor=INK,
                          capsize=2, lw=0.8)  # fmt: skip
        axes.set(xlabel="pause day", ylabel="captives")
        axes.legend()
    return axes


def likelihood_parts(found: Likelihood, *, ax: Axes | None = None) -> Axes:
    """How much each part of a record adds to its log-likelihood."""
    told = found.terms
    with style():
        axes = _axes(ax, SINGLE_MM, 14.0 + 4.2 * len(told))
        values = told["log_probability"].to_numpy(dtype=float)
        axes.barh(range(len(told)), np.where(np.isfinite(values), values, np.nan), 0.7, color=SKY,
                  edgecolor=INK, lw=0.5)  # fmt: skip
        axes.set_yticks(range(len(told)), told["part"])
        axes.set(ylim=(len(told) - 0.4, -0.6), xlabel="log-probability given all before")
        axes.set_title(f"log-likelihood {found.total:.4g}")
    return axes


def profile(found: Profile, *, ax: Axes | None = None) -> Axes:
    """The likelihood along one parameter, below its maximum."""
    table = found.table.sort_values(found.parameter)
    below = table["log_likelihood"].to_numpy(dtype=float) - found.maximum
    with style():
        axes = _axes(ax, SINGLE_MM, TALL_MM)
        axes.plot(table[found.parameter], below, color=BLUE, marker="o")
        axes.axhline(-UNITS, color=GREY, lw=0.7, ls="--", label="95 %")
        axes.set(xlabel=found.parameter, ylabel="log units below the maximum")
        axes.set_ylim(bottom=max(float(np.nanmin(below)), -6.0) - 0.2)
        axes.legend()
    return axes
