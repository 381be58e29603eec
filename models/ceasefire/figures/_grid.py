"""Panels in rows, as many as there are things to show, with one key below all."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ceasefire.figures.style import DOUBLE_MM, canvas, plain_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

    from ceasefire.calibration.problem import Parameter

MOST_COLUMNS = 4


def columns(count: int) -> int:
    """Return panels in a row of so many in all."""
    return min(count, MOST_COLUMNS if count != 5 else 3)


def grid(count: int, *, height_mm: float) -> tuple[Figure, list[Axes]]:
    """Return a figure of `count` panels in rows; places left over are blank."""
    across = columns(count)
    rows = math.ceil(count / across)
    figure, axes = canvas(DOUBLE_MM, height_mm * rows + 10.0, rows, across, squeeze=False)
    panels = list(axes.ravel())
    for spare in panels[count:]:
        spare.set_axis_off()
    return figure, panels[:count]


def key_below(figure: Figure, axes: Axes, most_columns: int = 4) -> None:
    """Place one key for all panels below them."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", ncols=most_columns)


def few_ticks(axis: Axis, parameter: Parameter) -> None:
    """Label a logarithmic axis of a small panel with as many numbers as have room."""
    decades = math.log10(parameter.high / parameter.low)
    plain_ticks(axis, (1.0,) if decades > 1.5 else (1.0, 2.0, 5.0) if decades < 1.2 else (1.0, 3.0))
