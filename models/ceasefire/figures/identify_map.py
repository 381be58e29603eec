"""Figure: what each part of a record says of each parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures.style import DOUBLE_MM, GREY, INK, canvas, panel, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ceasefire.calibration.identified import Identification

NOTHING = 1e-4  # largest score below which a part is silent, and not shown
WRITTEN = 0.05  # score from which the number is written


def draw(found: Identification, exchange: str | None = None) -> Figure:
    """Draw scores by part and parameter, and the expected information by stage beside them."""
    labels = found.events.index.get_level_values("exchange")
    scores = found.events[labels == (labels[0] if exchange is None else exchange)]
    scores = scores.droplevel("exchange")
    speaking = scores[scores.abs().max(axis=1) > NOTHING]
    notes = found.table.set_index("parameter")["note"]
    with style():
        height = 34.0 + 5.0 * len(found.problem.names)
        figure, (left, right) = canvas(
            DOUBLE_MM, height, 1, 2, width_ratios=[max(len(speaking), 4), 7.0]
        )
        _map(left, speaking)
        left.set_yticks(
            range(len(notes)), [f"{name}{' *' * bool(note)}" for name, note in notes.items()]
        )
        panel(left, "a", "Score of each part of the record, per range of the parameter")
        _stages(right, found.stages)
        panel(right, "b", "Expected information")
        silent = len(scores) - len(speaking)
        told = "* no standard error: the data say little beside the range, or nothing."
        if silent:
            told += f" Left out: {silent} parts of the record that say nothing of any parameter."
        figure.supxlabel(told, x=0.01, ha="left", fontsize=6.0, color=GREY)
    return figure


def _map(axes: Axes, scores: pd.DataFrame) -> None:
    values = scores.to_numpy(float).T
    top = float(np.nanmax(np.abs(values)))
    axes.imshow(values, cmap="PuOr_r", vmin=-top, vmax=top, aspect="auto")
    for (i, j), value in np.ndenumerate(values):
        if abs(value) >= WRITTEN:
            dark = abs(value) > 0.65 * top
            axes.text(j, i, f"{value:+.1f}".replace("+0.0", "0").replace("-0.0", "0"), ha="center",
                      va="center", fontsize=5.5, color="white" if dark else INK)  # fmt: skip
    axes.set_xticks(range(len(scores)), list(scores.index), rotation=60, ha="right",
                    rotation_mode="anchor")  # fmt: skip
    _plain(axes)


def _stages(axes: Axes, stages: pd.DataFrame) -> None:
    """Shades of the square root, so that little is told from nothing."""
    values = stages.to_numpy(float).T
    axes.imshow(np.sqrt(values), cmap="Blues", vmin=0.0, aspect="auto")
    top = float(np.nanmax(values))
    for (i, j), value in np.ndenumerate(values):
        told = f"{value:.2g}" if value >= 1e-3 else "0"
        axes.text(j, i, told, ha="center", va="center", fontsize=5.5,
                  color="white" if value > 0.4 * top else INK)  # fmt: skip
    axes.set_xticks(range(len(stages)), list(stages.index), rotation=60, ha="right",
                    rotation_mode="anchor")  # fmt: skip
    axes.set_yticks([])
    _plain(axes)


def _plain(axes: Axes) -> None:
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
