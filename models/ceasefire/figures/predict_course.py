"""Figure: how an exchange will go on: batches, captives and the length of the pause."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ceasefire.figures.style import BLUE, DOUBLE_MM, GREY, INK, RED, canvas, key, panel, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ceasefire.calibration.prediction import Prediction


def draw(found: Prediction) -> Figure:
    """Draw chances of batches, captives freed with their interval, and the length."""
    with style():
        figure, axes = canvas(DOUBLE_MM, 58.0, 1, 3)
        _batches(axes[0], found)
        _captives(axes[1], found)
        _lengths(axes[2], found)
        first = 0.0 if found.until else -0.5  # a pause of no day has its bar
        for one in axes:
            one.set_xlabel("pause day")
            one.set_xlim(first, found.exchange.terms.terms.pause_days_max + 1)
    return figure


def _seen(axes: Axes, found: Prediction) -> None:
    if found.until:
        axes.axvspan(0, found.until + 0.5, color=GREY, alpha=0.15, lw=0)


def _batches(axes: Axes, found: Prediction) -> None:
    _seen(axes, found)
    told = found.batches
    axes.plot(told["day"], told["due"], color=GREY, ls="--", marker="s", label="falls due")
    axes.plot(told["day"], told["delivered"], color=BLUE, marker="o", label="delivered")
    if told.empty:
        axes.text(0.5, 0.5, "none due", transform=axes.transAxes, ha="center", color=INK)
    axes.set_ylim(0.0, 1.02)
    axes.set_ylabel("probability")
    key(axes)
    panel(axes, "a", "batches to come")


def _captives(axes: Axes, found: Prediction) -> None:
    """Captives by record, then mean and interval day by day."""
    _seen(axes, found)
    rows = [row for row in found.exchange.rows if row.day <= found.until]
    days, freed = [0], [0.0]
    for row in rows:
        days.append(row.day)
        freed.append(freed[-1] + (row.delivered.middle if row.delivered is not None else 0.0))
    if rows:
        axes.plot(days, freed, color=INK, drawstyle="steps-post", label="recorded")
    band = found.freed_by_batch
    end = band.iloc[[-1]].assign(day=found.exchange.terms.terms.pause_days_max + 1)
    band = pd.concat([band, end], ignore_index=True)  # the last step is seen, too
    axes.fill_between(
        band["day"], band["low"], band["high"], step="post", color=BLUE, alpha=0.25, lw=0,
        label=f"{found.level:.0%} interval",
    )  # fmt: skip
    axes.plot(band["day"], band["mean"], color=BLUE, drawstyle="steps-post", label="mean")
    axes.set_ylim(bottom=0.0)
    axes.set_ylabel("captives freed")
    key(axes)
    panel(axes, "b", "captives")


def _lengths(axes: Axes, found: Prediction) -> None:
    """Probability a day: that of a number of batches, spread over the days that it can mean."""
    _seen(axes, found)
    told = found.lengths
    low, high = told["days_low"].to_numpy(), told["days_high"].to_numpy()
    width = high - low + 1
    heights = told["probability"].to_numpy() / width
    axes.bar(low - 0.5, heights, width, align="edge", color=BLUE, edgecolor="white", lw=0.4)
    axes.axvline(found.days.mean, color=RED, ls=":", label="mean")
    axes.set_ylim(0.0, float(np.max(heights)) * 1.08)
    axes.set_ylabel("probability a day")
    key(axes)
    panel(axes, "c", "length of the pause")
