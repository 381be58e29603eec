"""Figure: boxes in which a condition holds, and the way that led to each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ceasefire.figures.style import DOUBLE_MM, GREY, INK, PALE, SERIES, canvas, panel, style

if TYPE_CHECKING:
    from collections.abc import Hashable

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ceasefire.experiment.analysis.discovery import Boxes

SHOWN = len(SERIES)
ROW_MM = 6.0
ROOM = 0.25  # of the axis, that the words beside a bar need


def draw(found: Boxes) -> Figure:
    """Draw coverage and density on the way to each box, and the boxes over the parameters.

    Parameters
    ----------
    found : Boxes
        At most four of its boxes are shown.
    """
    table = found.table()
    table = table[table["box"] <= SHOWN]
    parameters = list(dict.fromkeys(table["parameter"]))
    with style():
        height = max(70.0, 30.0 + ROW_MM * len(table))
        figure, (left, right) = canvas(
            DOUBLE_MM, height, 1, 2, gridspec_kw={"width_ratios": [1.0, 1.25]}
        )
        figure.suptitle(found.condition, x=0.01, ha="left", fontsize=7.5)
        panel(left, "a", "the way to each box")
        panel(right, "b", "what each box says of the parameters")
        if not found.boxes:
            for axes in (left, right):
                axes.axis("off")
            left.text(0.0, 0.5, f"No box: {found.status}.", wrap=True, va="center")
            return figure
        _ways(left, found)
        _bars(right, table, parameters)
        figure.legend(loc="outside lower left", ncols=3)
    return figure


def _ways(axes: Axes, found: Boxes) -> None:
    way = found.trajectory()
    for number in range(1, min(len(found.boxes), SHOWN) + 1):
        colour, line, marker = SERIES[number - 1]
        steps = way[(way["box"] == number) & way["move"].isin(["start", "peel"])]
        axes.plot(steps["coverage"], steps["density"], color=colour, linestyle=line, lw=0.9,
                  marker=marker, ms=2.2, label=f"box {number}")  # fmt: skip
        box = found.boxes[number - 1]
        axes.plot(box.coverage, box.density, marker, color=colour, ms=8.0, mec=INK, zorder=4,
                  clip_on=False)  # fmt: skip
    axes.axhline(found.share, color=GREY, lw=0.6, ls=(0, (2, 2)), zorder=0,
                 label="share of all rows")  # fmt: skip
    axes.plot([], [], "o", color="white", mec=INK, ms=6.0, label="box taken")
    axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.05), xlabel="coverage (share of holding rows)",
             ylabel="density (share of the box)")  # fmt: skip


def _bars(axes: Axes, table: pd.DataFrame, parameters: list[str]) -> None:
    """One line a parameter and box, over the parameter's range scaled to 0 to 1."""
    place, ticks = 0.0, []
    for name in parameters:
        rows = table[table["parameter"] == name]
        ticks.append(place + (len(rows) - 1) / 2)
        for row in rows.to_dict("records"):
            _bar(axes, row, place)
            place += 1.0
        place += 0.6
    axes.set_yticks(ticks, parameters)
    axes.set(xlim=(-0.02, 1.02), ylim=(place - 0.9, -0.7),
             xlabel="share of the parameter's range")  # fmt: skip
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def _bar(axes: Axes, row: dict[Hashable, Any], place: float) -> None:
    colour = SERIES[row["box"] - 1][0]
    axes.plot([0.0, 1.0], [place, place], color=PALE, lw=7.5, solid_capstyle="butt", zorder=1)
    if row["values"] is not None:
        axes.text(0.02, place, f"in {{{row['values']}}}", va="center", color=INK, zorder=3)
        return
    free_low, free_high = row["low"] != row["low"], row["high"] != row["high"]  # nan
    span = row["range_high"] - row["range_low"]
    start = 0.0 if free_low else (row["low"] - row["range_low"]) / span
    stop = 1.0 if free_high else (row["high"] - row["range_low"]) / span
    axes.plot([start, stop], [place, place], color=colour, lw=7.5, solid_capstyle="butt", zorder=2)
    ends = f"{row['low']:.3g}", f"{row['high']:.3g}"
    told = f"up to {ends[1]}" if free_low else f"from {ends[0]}" if free_high else " to ".join(ends)
    if max(start, 1.0 - stop) < ROOM:
        where: tuple[float, str, str] = (start + 0.015, "left", "white")
    elif start > 1.0 - stop:
        where = (start - 0.015, "right", INK)
    else:
        where = (stop + 0.015, "left", INK)
    axes.text(where[0], place, told, va="center", ha=where[1], color=where[2], fontsize=6.5,
              zorder=3)  # fmt: skip
