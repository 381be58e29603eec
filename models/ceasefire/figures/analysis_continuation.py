"""Figure: outputs along one parameter, with open and closed ends where they jump."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.figures.style import BLUE, DOUBLE_MM, GREY, INK, PALE, canvas, given, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ceasefire.experiment.analysis.curves import Curve

MOST = 8
PANEL_MM = 34.0
WORD_MM = 3.4


def draw(found: Curve) -> Figure:
    """Draw a panel an output; at most eight.

    Parameters
    ----------
    found : Curve
    """
    names = found.outputs[:MOST]
    with style():
        heights = [max(PANEL_MM, WORD_MM * len(_words(found, name))) for name in names]
        figure, panels = canvas(
            DOUBLE_MM * 0.75, 18.0 + sum(heights), len(names), 1, sharex=True, squeeze=False,
            gridspec_kw={"height_ratios": heights},
        )  # fmt: skip
        for axes, name in zip(panels[:, 0], names, strict=True):
            _pieces(axes, found, name)
            _gaps(axes, found)
            axes.set_ylabel(name.removeprefix("model:"))
            if found.given is not None and found.points[0] <= found.given <= found.points[-1]:
                given(axes, found.given)
        unit = f" ({found.unit})" if found.unit else ""
        panels[-1, 0].set_xlabel(found.label + unit)
        figure.align_ylabels()
        _legend(figure, found)
    return figure


def _words(found: Curve, name: str) -> set[str]:
    values = (value.get(name) for value in found.values)
    return {str(value) for value in values if isinstance(value, str | bool)}


def _pieces(axes: Axes, found: Curve, name: str) -> None:
    words: dict[str, int] = {}
    heights = np.array([_height(value.get(name), words) for value in found.values])
    x = np.array(found.points)
    pieces = np.array([found.piece(one, name) for one in found.points])
    if found.whole:
        axes.plot(x, heights, "o", color=BLUE)
    else:
        for piece in np.unique(pieces):
            axes.plot(x[pieces == piece], heights[pieces == piece], color=BLUE)
        for jump in found.jumps:
            if jump.output == name:
                _ends(axes, jump, words)
    if words:
        axes.set_yticks(list(words.values()), list(words))
        axes.set_ylim(-0.5, len(words) - 0.5)


def _height(value: Any, words: dict[str, int]) -> float:
    """Return a number as it is, a word by the order in which words come up."""
    if value is None:
        return float("nan")
    if isinstance(value, str | bool):
        return float(words.setdefault(str(value), len(words)))
    return float(value)


def _ends(axes: Axes, jump: Any, words: dict[str, int]) -> None:
    left, right = _height(jump.left, words), _height(jump.right, words)
    axes.plot([jump.at, jump.at], [left, right], color=GREY, lw=0.6, ls=(0, (1, 1.5)), zorder=1)
    for x, y, side in ((jump.low, left, "left"), (jump.high, right, "right")):
        fill = BLUE if jump.attained == side else "white"
        axes.plot(x, y, "o", ms=3.6, color=BLUE, mfc=fill, mew=0.8, zorder=4, clip_on=False)


def _gaps(axes: Axes, found: Curve) -> None:
    """Shade where nothing is solved."""
    bad = [error is not None for error in found.errors]
    for k, (x, gone) in enumerate(zip(found.points, bad, strict=True)):
        if gone:
            start = found.points[max(k - 1, 0)] if k and bad[k - 1] else x
            axes.axvspan(start, x, color=PALE, lw=0.5, zorder=0)


def _legend(figure: Figure, found: Curve) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    marks: list[Any] = []
    dot = {"marker": "o", "ms": 3.6, "mew": 0.8, "color": BLUE, "ls": ""}
    if any(jump.attained in ("left", "right") for jump in found.jumps):
        marks.append(Line2D([], [], **dot, label="value at the jump"))  # type: ignore[arg-type]  # typed by name
    if found.jumps:
        marks.append(Line2D([], [], mfc="white", **dot, label="end at a jump"))  # type: ignore[arg-type]  # as above
    if any(found.errors):
        marks.append(Patch(color=PALE, label="no solution"))
    if found.given is not None and found.points[0] <= found.given <= found.points[-1]:
        marks.append(Line2D([], [], color=INK, lw=0.7, ls=(0, (1, 2)),
                            label="the scenario"))  # fmt: skip
    if marks:
        figure.legend(handles=marks, loc="outside upper left", ncols=len(marks))
