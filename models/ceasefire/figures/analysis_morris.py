"""Figure: elementary effects of one output, by size, and their spread against their size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures.style import BLUE, DOUBLE_MM, GREY, INK, RED, canvas, panel, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ceasefire.experiment.analysis.morris_effects import MorrisEffects

ROW_MM = 4.0
NAMED = 8  # names in the scatter; of the others the left panel tells the order
APART = 0.035  # of the height, so that two names do not overlap


def draw(found: MorrisEffects) -> Figure:
    """Draw a line a parameter, the largest effect on top, and the scatter of spread and size."""
    order = np.argsort(-found.mu_star, kind="stable")
    with style():
        height = max(62.0, 24.0 + ROW_MM * len(order))
        figure, (left, right) = canvas(DOUBLE_MM, height, 1, 2)
        panel(left, "a", f"effects on {found.output}")
        _lines(left, found, order)
        panel(right, "b", "spread against size")
        _scatter(right, found, order)
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
    axes.set_xlabel(f"output a whole range of the parameter, {found.level:.0%} interval")
    axes.legend(loc="lower right", frameon=True, framealpha=0.9, edgecolor="none")


def _scatter(axes: Axes, found: MorrisEffects, order: np.ndarray) -> None:
    reach = 1.08 * max(float(found.mu_star.max()), 1e-300)
    height = 1.08 * max(float(found.sigma.max()), 0.25 * reach)
    ends = np.array([0.0, reach])
    axes.plot(ends, ends, color=GREY, lw=0.7, ls="--", label="sigma = mu*: not linear, or joint")
    axes.plot(ends, 0.1 * ends, color=GREY, lw=0.7, ls=":", label="sigma = mu*/10: near linear")
    axes.plot(found.mu_star, found.sigma, "o", color=BLUE, clip_on=False)
    axes.set(xlim=(0.0, reach), ylim=(0.0, height), xlabel="mean size (mu*)",
             ylabel="standard deviation (sigma)")  # fmt: skip
    taken: list[float] = []
    named = sorted(order[:NAMED], key=lambda which: float(found.sigma[which]))
    for which in named:
        place = float(found.sigma[which])
        while any(abs(place - other) < APART * height for other in taken):
            place += 0.2 * APART * height
        taken.append(place)
        right = float(found.mu_star[which]) > 0.75 * reach
        axes.annotate(
            found.parameters[which], (found.mu_star[which], found.sigma[which]),
            (-4 if right else 4, (place - found.sigma[which]) / height * 130.0),
            textcoords="offset points", va="center", ha="right" if right else "left",
            fontsize=6.0, color=INK,
        )  # fmt: skip
    axes.legend(loc="upper left")
