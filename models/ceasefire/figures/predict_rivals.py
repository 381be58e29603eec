"""Figure: each batch forecast by the model and its rivals, against what came; scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.calibration.scores import reliability
from ceasefire.figures.style import (
    BLUE,
    DOUBLE_MM,
    GREEN,
    GREY,
    INK,
    ORANGE,
    RED,
    SINGLE_MM,
    SKY,
    canvas,
    heading,
    key,
    panel,
    style,
)  # fmt: skip

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ceasefire.calibration.rivals import RivalScores

LOOKS = (
    (BLUE, "-", "o"), (RED, "--", "s"), (GREEN, "-.", "^"), (ORANGE, ":", "D"), (SKY, "--", "v"),
    (GREY, "-.", "x"), (INK, ":", "+"),
)  # fmt: skip
BINS = 10


def draw(found: RivalScores) -> Figure:
    """Draw the first course batch by batch, and the log scores of all courses."""
    name = found.table["course"].iloc[0]
    told = found.table[found.table["course"] == name]
    with style():
        figure, (left, right) = canvas(DOUBLE_MM, 68.0, 1, 2)
        came = told.drop_duplicates("batch")
        left.bar(
            came["batch"], came["came"], 0.8, color=GREY, alpha=0.25, label="came (weight)", lw=0
        )
        looks = {}
        for look, (rival, part) in zip(LOOKS, told.groupby("rival", sort=False), strict=False):
            color, line, marker = looks[rival] = look
            left.plot(part["batch"], part["predicted"], color=color, ls=line, marker=marker,
                      label=str(rival))  # fmt: skip
        left.set_ylim(0.0, 1.03)
        left.set_xlabel("batch")
        left.xaxis.get_major_locator().set_params(integer=True)
        left.set_ylabel("chance that it is delivered,\nfrom the days before")
        key(left, most_columns=2)
        panel(left, "a", f"forecast and observed: {name}")
        summary = found.summary().iloc[::-1]
        place = np.arange(len(summary))
        colours = [looks[rival][0] for rival in summary["rival"]]
        right.barh(place, -summary["log_score"], color=colours)
        right.set_yticks(place, summary["rival"])
        right.set_xlabel("minus log score, all batches (less is better)")
        panel(right, "b", "scores out of sample")
    return figure


def draw_reliability(found: RivalScores, rival: str) -> Figure:
    """Draw chances that a rival told against how often batches came."""
    part = found.table[found.table["rival"] == rival]
    told = reliability(part["predicted"].tolist(), part["came"].tolist(), bins=BINS)
    with style():
        figure, axes = canvas(SINGLE_MM, 70.0)
        axes.plot([0, 1], [0, 1], color=GREY, lw=0.8, ls="--", label="chances kept")
        axes.errorbar(
            told["predicted"], told["observed"], 2.0 * told["error"], fmt="o", color=BLUE,
            capsize=2, lw=0.8, label="bins, with two standard errors",
        )  # fmt: skip
        for predicted, observed, count in told[["predicted", "observed", "count"]].to_numpy():
            axes.annotate(f"{count:.0f}", (predicted, observed), xytext=(4, -8),
                          textcoords="offset points", fontsize=5.5)  # fmt: skip
        axes.set_xlim(-0.03, 1.03)
        axes.set_ylim(-0.05, 1.1)
        axes.set_xlabel("chance told that the next batch is delivered")
        axes.set_ylabel("share delivered")
        key(axes, most_columns=2)
        heading(axes, f"{rival}: {len(part)} forecasts")
    return figure
