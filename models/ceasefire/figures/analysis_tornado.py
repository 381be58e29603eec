"""Figure: an output at the ends of every parameter's range, one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures.style import BLUE, DOUBLE_MM, INK, ORANGE, canvas, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ceasefire.experiment.analysis.tornado_bars import Tornado

ROW_MM = 4.4
BARS = ((0, BLUE, None, "at the lower end"), (1, ORANGE, "//////", "at the upper end"))
LONGEST = 5  # significant digits of a value at an end of a bar


def draw(found: Tornado) -> Figure:
    """Draw a bar a parameter from its lower to its upper end, the longest on top."""
    order = np.argsort(-found.swing, kind="stable")
    places = np.arange(len(order))
    with style():
        figure, axes = canvas(DOUBLE_MM, max(46.0, 22.0 + ROW_MM * len(order)))
        axes.set_title(found.output, loc="left", fontsize=7.5)
        axes.axvline(found.base, color=INK, lw=0.8)
        for end, colour, hatch, label in BARS:
            width = np.nan_to_num(found.values[end, order] - found.base)
            bars = axes.barh(places, width, left=found.base, height=0.62, color=colour,
                             hatch=hatch, edgecolor="white", lw=0.0, label=label)  # fmt: skip
            other = np.nan_to_num(found.values[1 - end, order] - found.base)
            for bar, hides in zip(bars, np.abs(width) > np.abs(other), strict=True):
                bar.set_zorder(1.5 if hides else 2.0)  # of two on one side the shorter in front
        for place, which in zip(places, order, strict=True):
            _ends(axes, found, int(which), float(place))
        axes.set_yticks(places, [found.parameters[which] for which in order])
        axes.set_ylim(len(order) - 0.5, -0.5)
        axes.margins(x=0.12)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel(f"{found.output}; line: all as in the scenario ({found.base:.4g})")
        axes.legend(loc="lower right", frameon=True, framealpha=0.9, edgecolor="none")
    return figure


def _ends(axes: Axes, found: Tornado, which: int, place: float) -> None:
    """Write the parameter's values at the tips, both on one side where the base is an end."""
    sides: dict[str, list[tuple[float, str]]] = {"left": [], "right": []}
    for end in (0, 1):
        value = found.values[end, which]
        if np.isfinite(value):
            side = "left" if value < found.base or (value == found.base and not end) else "right"
            sides[side].append((float(value), f"{found.at[end, which]:.{LONGEST}g}"))
        else:
            sides["left" if not end else "right"].append((found.base, "failed"))
    for side, tips in sides.items():
        tips.sort(key=lambda tip: abs(tip[0] - found.base))
        if not tips:
            continue
        axes.annotate(
            ", ".join(text for _, text in tips), (tips[-1][0], place),
            (-3 if side == "left" else 3, 0), textcoords="offset points", va="center",
            ha="right" if side == "left" else "left", fontsize=6.5, color=INK,
        )  # fmt: skip
