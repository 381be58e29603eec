"""Figure: the mean of an output at values of one parameter, or of two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures.style import BLUE, INK, SINGLE_MM, SKY, canvas, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh
    from matplotlib.figure import Figure

    from ceasefire.experiment.analysis.dependence import Axis, PartialDependence

PALE_BAND, DARK_BAND = 0.22, 0.45
NUMBERED = 10  # cells a side in which numbers can be read


def draw(found: PartialDependence) -> Figure:
    """Draw a line with its interval and the spread of the rows, or a map of two parameters."""
    with style():
        if len(found.axes) == 1:
            figure, axes = canvas(SINGLE_MM, 58.0)
            _line(axes, found)
        else:
            figure, axes = canvas(SINGLE_MM * 1.15, 72.0)
            mesh = _map(axes, found)
            bar = figure.colorbar(mesh, ax=axes, pad=0.02)
            bar.set_label(f"mean of {found.output}")
            bar.outline.set_linewidth(0.6)
    return figure


def _line(axes: Axes, found: PartialDependence) -> None:
    (axis,) = found.axes
    places = _places(axis)
    axes.fill_between(places, *found.spread, color=SKY, alpha=PALE_BAND, lw=0.0,
                      label="10% to 90% of the rows")  # fmt: skip
    if not found.exact:
        axes.fill_between(places, *found.interval, color=BLUE, alpha=DARK_BAND, lw=0.0,
                          label=f"{found.level:.0%} interval of the mean")  # fmt: skip
    label = "mean over a grid" if found.exact else "mean of rows in bins"
    axes.plot(places, found.mean, color=BLUE, marker="o", ms=2.6, label=label)
    _scale(axes, axis, places, "x")
    axes.set_ylabel(found.output)
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2)


def _map(axes: Axes, found: PartialDependence) -> QuadMesh:
    import matplotlib as mpl

    one, other = found.axes
    shades = mpl.colormaps["cividis"].with_extremes(bad="white")
    mesh = axes.pcolormesh(
        _edges(one), _edges(other), found.mean.T, cmap=shades, edgecolor="white", lw=0.3
    )
    _scale(axes, one, np.arange(len(one.values)), "x")
    _scale(axes, other, np.arange(len(other.values)), "y")
    if max(found.mean.shape) <= NUMBERED:
        _numbers(axes, found)
    return mesh


def _numbers(axes: Axes, found: PartialDependence) -> None:
    low, high = np.nanmin(found.mean), np.nanmax(found.mean)
    digits = max(0, min(3, 1 - int(np.floor(np.log10(max(high - low, 1e-9))))))
    for (row, column), value in np.ndenumerate(found.mean):
        if np.isfinite(value):
            x, y = (_middle(axis, at) for axis, at in zip(found.axes, (row, column), strict=True))
            text = f"{round(float(value), digits) + 0.0:.{digits}f}"  # no minus before a zero
            colour = INK if value > (low + high) / 2 else "white"
            axes.text(x, y, text, ha="center", va="center", color=colour, fontsize=5.5)


def _edges(axis: Axis) -> np.ndarray:
    return np.arange(len(axis.values) + 1) - 0.5 if axis.edges is None else axis.edges


def _middle(axis: Axis, at: int) -> float:
    return float(at if axis.edges is None else axis.values[at])


def _places(axis: Axis) -> np.ndarray:
    """Where values stand: numbers at their value, words one after the other."""
    if all(isinstance(one, int | float) and not isinstance(one, bool) for one in axis.values):
        return np.array(axis.values, dtype=float)
    return np.arange(len(axis.values), dtype=float)


def _scale(axes: Axes, axis: Axis, places: np.ndarray, which: str) -> None:
    """Name an axis; values that stand at whole places are written as they are."""
    getattr(axes, f"set_{which}label")(axis.parameter)
    if axis.log and axis.edges is not None:
        getattr(axes, f"set_{which}scale")("log")
    words = not isinstance(axis.values[0], int | float)
    counted = places.dtype.kind == "i" and axis.edges is None
    if words or counted:
        step = max(1, len(places) // 12)
        labels = [f"{one:.4g}" if isinstance(one, float) else str(one) for one in axis.values]
        getattr(axes, f"set_{which}ticks")(places[::step], labels[::step])
