"""Picture of staged releases: what is still held and what is handed over, round by round."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.errors import ArgumentError
from ceasefire.figures.games import _axes
from ceasefire.figures.style import PALE, SERIES, SINGLE_MM, style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

    from ceasefire.bargaining import Staging

HEIGHT_MM = 58.0
MOST_ROUNDS = 24  # of which the bars can still be told apart
BARS = 0.8  # of a round that the bars of all schedules take


def staged_release(
    *schedules: Staging, rounds: int | None = None, unit: str = "captives", ax: Axes | None = None
) -> Axes:  # fmt: skip
    """What is still held after each round (lines), and the instalment of each round (bars).

    Parameters
    ----------
    *schedules : Staging
        One to four, such as ``model.closed_form()`` and ``model.solve(whole=True, tail_value=2)``.
    rounds : int, optional
        How many to show; by default those of the longest schedule, at most 12.
    unit : str
        What is counted.
    ax : Axes, optional

    Raises
    ------
    ArgumentError
        No schedule, or more than four, or more rounds than can be read.

    Examples
    --------
    >>> from ceasefire.bargaining import Instalments
    >>> model = Instalments(value=3, cost=1, discount=0.95, stock=50)
    >>> axes = staged_release(model.closed_form(), model.solve(whole=True, tail_value=2))
    >>> axes.get_xlabel()
    'round'
    """
    if not 1 <= len(schedules) <= len(SERIES):
        raise ArgumentError("schedules", len(schedules), f"1 to {len(SERIES)} schedules")
    shown = min(max(len(s.steps) for s in schedules), 12) if rounds is None else rounds
    if not 1 <= shown <= MOST_ROUNDS:
        raise ArgumentError("rounds", rounds, f"a whole number from 1 to {MOST_ROUNDS}")
    with style():
        axes = _axes(ax, SINGLE_MM, HEIGHT_MM)
        staged(axes, [(_name(one), float(one.model.total), one.steps) for one in schedules], shown)
        axes.set(ylabel=unit)
    return axes


def staged(
    axes: Axes, plans: Sequence[tuple[str, float, ArrayLike]], shown: int
) -> None:  # fmt: skip
    """Held after each of `shown` rounds, and instalments; a plan is (name, stock, steps)."""
    for k, (name, stock, steps) in enumerate(plans):
        _drawn(axes, name, stock, np.asarray(steps, dtype=float), k, len(plans), shown)
    axes.set(xlabel="round", ylabel="captives", title="Held (lines) and handed over (bars)")
    axes.set_xticks(np.arange(0, shown + 1, 1 if shown <= 12 else 2))
    axes.set_xlim(-0.1, shown + 0.6)
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", color=PALE, lw=0.3)
    axes.set_axisbelow(True)
    axes.legend(loc="upper right")


def _drawn(
    axes: Axes, name: str, stock: float, given: NDArray[Any], k: int, count: int, shown: int
) -> None:  # fmt: skip
    """One schedule: held from round 0 on, and its bars side by side with the others'."""
    colour, line, _ = SERIES[k]
    steps = np.zeros(shown)
    listed = min(shown, len(given))
    steps[:listed] = given[:listed]
    held = stock - np.append(0.0, np.cumsum(steps))
    width = BARS / count
    centre = np.arange(1, shown + 1) + (k - (count - 1) / 2) * width
    hatch = "" if k == 0 else "////"
    axes.bar(
        centre, steps, width, facecolor=colour if k == 0 else "white", edgecolor=colour,
        hatch=hatch, lw=0.6, alpha=0.9,
    )  # fmt: skip
    axes.step(np.arange(shown + 1), held, line, where="post", color=colour, label=name)


def _name(one: Staging) -> str:
    if one.whole:
        end = f"end worth {one.tail_value:g}" if one.tail == "value" else one.tail
        by = "" if one.horizon is None else f", {one.horizon} rounds at most"
        return f"whole, {end}{by}"
    known = {"infinite": "no known end", "none": "known end", "relaxed": "bound from above"}
    return f"divisible, {known[one.tail]}"
