"""Figure: elementary effects of one output, by size, and their spread against their size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures.style import BLUE, DOUBLE_MM, GREY, INK, RED, canvas, panel, style

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ceasefire.experiment.analysis.morris_effects import MorrisEffects

ROW_MM = 4.0
NAMED = 8  # names in the scatter; of the others the left panel tells the order
WIDE_MM, LETTER_MM, LINE_MM, DOT_MM = 65.0, 1.25, 2.3, 1.3  # panel, text and markers, about
SIDES = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1))


def draw(found: MorrisEffects) -> Figure:
    """Draw a line a parameter, the largest effect on top, and the scatter of spread and size."""
    order = np.argsort(-found.mu_star, kind="stable")
    with style():
        height = max(62.0, 24.0 + ROW_MM * len(order))
        figure, (left, right) = canvas(DOUBLE_MM, height, 1, 2)
        panel(left, "a", f"effects on {found.output}")
        _lines(left, found, order)
        panel(right, "b", "spread against size")
        _scatter(right, found, order, height)
    return figure


def _lines(axes: Axes, found: MorrisEffects, order: np.ndarray) -> None:
    places = np.arange(len(order))
    axes.axvline(0.0, color=GREY, lw=0.6, zorder=0)
    axes.hlines(places, *found.mu_star_interval[:, order], color=BLUE, lw=1.6)
    axes.plot(found.mu_star[order], places, "o", color=BLUE, label="mean size (mu*)")
    axes.plot(found.mu[order], places, "D", color="white", mec=RED, mew=0.9, ms=3.2,
              label="mean (mu)")  # fmt: skip
    axes.set_yticks(places, [found.parameters[which] for which in order])
    axes.set_ylim(len(order) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(f"change over a parameter's whole range, {found.level:.0%} interval")
    axes.legend(loc="lower right", frameon=True, framealpha=0.9, edgecolor="none")


def _scatter(axes: Axes, found: MorrisEffects, order: np.ndarray, tall_mm: float) -> None:
    reach = 1.08 * max(float(found.mu_star.max()), 1e-300)
    height = 1.08 * max(float(found.sigma.max()), 0.25 * reach)
    ends = np.array([0.0, reach])
    axes.plot(ends, ends, color=GREY, lw=0.7, ls="--", label="sigma = mu*: not linear, or joint")
    axes.plot(ends, 0.1 * ends, color=GREY, lw=0.7, ls=":", label="sigma = mu*/10: near linear")
    axes.plot(found.mu_star, found.sigma, "o", color=BLUE, clip_on=False)
    axes.set(xlim=(0.0, reach), ylim=(0.0, height), xlabel="mean size (mu*)",
             ylabel="standard deviation (sigma)")  # fmt: skip
    places = np.column_stack(
        [found.mu_star / reach * WIDE_MM, found.sigma / height * (tall_mm - 18.0)]
    )
    named = order[:NAMED]
    for which, side in zip(named, _sides(places, named, found.parameters), strict=True):
        axes.annotate(
            found.parameters[which], (found.mu_star[which], found.sigma[which]),
            (4 * side[0], 6 * side[1]), textcoords="offset points", va="center",
            ha={1: "left", 0: "center", -1: "right"}[side[0]], fontsize=6.5, color=INK,
        )  # fmt: skip
    axes.legend(loc="upper left")


def _sides(
    places: np.ndarray, named: np.ndarray, names: Sequence[str]
) -> Iterator[tuple[int, int]]:
    """Yield for each name the side of its dot that is the freest of dots and other names."""
    boxes = [(*place, DOT_MM, DOT_MM) for place in places]
    for which in named:
        wide = LETTER_MM * len(names[which])
        told = [
            (x + across * (1.4 + wide / 2), y + up * 2.1, wide, LINE_MM)
            for (x, y) in [places[which]] for across, up in SIDES
        ]  # fmt: skip
        covered = [sum(_overlap(one, other) for other in boxes) for one in told]
        best = min(range(len(SIDES)), key=covered.__getitem__)
        boxes.append(told[best])
        yield SIDES[best]


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Return the area that two boxes (centre, size) share."""
    across = (one[2] + other[2]) / 2 - abs(one[0] - other[0])
    up = (one[3] + other[3]) / 2 - abs(one[1] - other[1])
    return max(across, 0.0) * max(up, 0.0)
