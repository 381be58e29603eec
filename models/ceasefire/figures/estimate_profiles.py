"""Figure: profile likelihoods, a panel a parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures._grid import columns, few_ticks, grid, key_below
from ceasefire.figures.style import BLUE, GREY, SKY, given, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ceasefire.calibration.profiles import Profile, Profiles

DEEPEST = 6.0  # log units below the maximum that are shown
LEVEL = 0.95
SLACK = 0.05  # log units; interpolated ends lie on the cut to rounding


def draw(found: Profiles, scenario_values: bool = True) -> Figure:
    """Draw each profile below the maximum, with its 95 % interval and the scenario's own value."""
    problem = found.maximum.problem
    own = dict(zip(problem.names, problem.base, strict=True)) if scenario_values else {}
    with style():
        figure, panels = grid(len(found.profiles), height_mm=36.0)
        for axes, one in zip(panels, found.profiles, strict=False):
            _panel(axes, one, own.get(one.parameter))
            parameter = problem.entries[problem.names.index(one.parameter)][0]
            if parameter.logarithmic:
                axes.set_xscale("log")
                few_ticks(axes.xaxis, parameter)
        for axes in panels[:: columns(len(panels))]:
            axes.set_ylabel("log-likelihood\nless its maximum")
        key_below(figure, panels[0])
    return figure


def _panel(axes: Axes, one: Profile, own: float | None) -> None:
    x = one.table[one.parameter].to_numpy(float)
    y = one.table["log_likelihood"].to_numpy(float) - one.maximum
    interval = one.interval(LEVEL)
    cut = _cut()
    if np.isfinite(interval.low):
        ends = np.array([interval.low, interval.high])
        among = np.unique(np.concatenate((ends, x[(x > ends[0]) & (x < ends[1])])))
        top = np.interp(among, x, np.clip(y, -DEEPEST, None))
        axes.fill_between(among, -DEEPEST, top, where=list(top >= -cut - SLACK), color=SKY,
                          alpha=0.3, lw=0.0, label="95 % interval")  # fmt: skip
    axes.plot(x, y, color=BLUE, marker="o", ms=1.8, lw=1.0, label="profile")
    axes.axhline(-cut, color=GREY, lw=0.6, ls="--", label=f"{cut:.2f} below the maximum")
    if own is not None:
        given(axes, own, "scenario's value")
    axes.set_ylim(-DEEPEST, 0.5)
    title = one.parameter if interval.identified else f"{one.parameter}: not identified"
    axes.set_title(title, loc="left")


def _cut() -> float:
    from scipy.special import chdtri

    return 0.5 * float(chdtri(1, 1.0 - LEVEL))
