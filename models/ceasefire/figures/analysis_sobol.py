"""Figure: first and total Sobol indices of one output, and of pairs where they were asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures.style import (
    BLUE,
    DOUBLE_MM,
    GREY,
    INK,
    RED,
    SINGLE_MM,
    canvas,
    panel,
    style,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ceasefire.experiment.analysis.sobol_indices import SobolIndices

ROW_MM = 4.6
SHOWN_PAIRS = 25  # names of more cannot be read


def draw(found: SobolIndices) -> Figure:
    """Draw a line a parameter, the largest total on top; beside it the matrix of pairs."""
    table = found.table()
    count = len(table)
    pairs = found.second is not None and count > 1
    height = max(46.0, 24.0 + ROW_MM * count)
    with style():
        if pairs:
            figure, (left, right) = canvas(DOUBLE_MM, max(height, 72.0), 1, 2)
            panel(left, "a", f"{found.output}: alone and in all")
        else:
            figure, left = canvas(SINGLE_MM, height)
            left.set_title(found.output, loc="left", fontsize=7.5)
        order = np.argsort(-np.nan_to_num(table["total"].to_numpy()), kind="stable")
        if np.isnan(table["total"]).all():
            left.axis("off")
            left.text(0.0, 0.5, f"No indices: {found.status}.", wrap=True, va="center")
            return figure
        _lines(left, found, order)
        if pairs:
            _pairs(right, found, order)
    return figure


def _lines(axes: Axes, found: SobolIndices, order: np.ndarray) -> None:
    places = np.arange(len(order), dtype=float)
    told = (
        (found.total, found.total_interval, 0.16, RED, "s", "total"),
        (found.first, found.first_interval, -0.16, BLUE, "o", "first order"),
    )
    axes.axvline(0.0, color=GREY, lw=0.6, zorder=0)
    for values, ends, shift, colour, marker, label in reversed(told):
        axes.hlines(places + shift, *ends[:, order], color=colour, lw=1.4)
        axes.plot(values[order], places + shift, marker, color=colour, ms=3.4, label=label)
    for place in places[1:]:
        axes.axhline(place - 0.5, color="#EEEEEE", lw=0.5, zorder=0)
    axes.set_yticks(places, [found.parameters[which] for which in order])
    axes.set_ylim(len(order) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(f"share of the variance, with {found.level:.0%} interval")
    axes.legend(loc="lower right", frameon=True, framealpha=0.9, edgecolor="none")


def _pairs(axes: Axes, found: SobolIndices, order: np.ndarray) -> None:
    """Shade the share of pairs; what cannot be told from 0 has no number."""
    assert found.second is not None and found.second_interval is not None  # noqa: PT018
    order = order[:SHOWN_PAIRS]
    values = found.second[np.ix_(order, order)]
    low, high = (end[np.ix_(order, order)] for end in found.second_interval)
    below = np.tril(np.ones_like(values, dtype=bool), -1)
    names = [found.parameters[which] for which in order]
    shown = np.where(below, values, np.nan)[1:, :-1]
    peak = max(float(np.nanmax(np.abs(shown))), 1e-3)
    mesh = axes.pcolormesh(shown, cmap="RdBu_r", vmin=-peak, vmax=peak, edgecolor="white", lw=0.4)
    clear = below & ((low > 0.0) | (high < 0.0))
    for row, column in zip(*np.nonzero(clear), strict=True):
        share = values[row, column]
        colour = "white" if abs(share) > 0.6 * peak else INK
        axes.text(column + 0.5, row - 0.5, f"{share:.2f}".replace("0.", "."), ha="center",
                  va="center", color=colour, fontsize=5.5)  # fmt: skip
    axes.set_yticks(np.arange(len(names) - 1) + 0.5, names[1:])
    axes.set_xticks(np.arange(len(names) - 1) + 0.5, names[:-1], rotation=90)
    axes.set_ylim(len(names) - 1, 0)
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    panel(axes, "b", "pairs, beyond each alone (number: clear of 0)")
    bar = axes.figure.colorbar(mesh, ax=axes, shrink=0.5, pad=0.02)
    bar.set_label("share of the variance")
    bar.outline.set_linewidth(0.6)
