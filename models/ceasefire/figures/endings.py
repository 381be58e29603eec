"""Figure: what ends the truce, one friction off at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ceasefire import truce
from ceasefire.figures.style import (
    BLUE,
    DOUBLE_MM,
    GREY,
    INK,
    ORANGE,
    PALE,
    RED,
    SKY,
    canvas,
    panel,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ceasefire.truce import Comparison, Scenario

WIDTH_MM = DOUBLE_MM
CAPTION = (
    "What ends the truce. (a) Distribution of the pause's length with each friction taken off"
    " alone, all off, and each left on alone; opening trust and first block as in the "
    "baseline. (b) How it ends in the same cases."
)
LENGTHS = ((PALE, ""), (SKY, "//"), (BLUE, ""), (ORANGE, ".."))
MODAL_DAYS = 7  # of the paper's scenario
ENDS = {
    "stopped at a window": (BLUE, ""),
    "opportunist reneges": (RED, "//"),
    "no list": (ORANGE, ".."),
    "incident or relay": (GREY, "xx"),
    "pool or cap exhausted": ("white", ""),
    "other": (PALE, "\\\\"),
}


def table(scenario: Scenario) -> pd.DataFrame:
    """Probabilities by case: quantity 'length' by days, quantity 'end' by cause."""
    return tidy(truce.decompose(scenario))


def tidy(found: Comparison) -> pd.DataFrame:
    """The same of any cases side by side."""
    import pandas as pd

    parts = []
    for quantity, frame in (("length", found.lengths), ("end", found.ends)):
        tidy = frame.reset_index().melt("case", var_name="key", value_name="probability")
        parts.append(tidy.assign(quantity=quantity))
    whole = pd.concat(parts, ignore_index=True)
    # Cases in the order of the comparison, so that the figure reads from its CSV.
    order = {case: i for i, case in enumerate(found.courses)}
    whole = whole.sort_values("case", key=lambda cases: cases.map(order), kind="stable")
    return whole[["case", "quantity", "key", "probability"]].reset_index(drop=True)


def draw(table: pd.DataFrame, scenario: Scenario | None = None, modal: int = MODAL_DAYS) -> Figure:
    """Two stacked-bar panels that share their cases; lengths are told apart around `modal`."""
    cases = list(dict.fromkeys(table["case"]))
    tall = min(98.0, 42.0 + 9.0 * len(cases))
    figure, (left, right) = canvas(WIDTH_MM, tall, 1, 2, sharey=True)
    lengths = table[table["quantity"] == "length"]
    days = lengths["key"].astype(int)
    m = max(modal, 2)
    bands = {
        f"up to {m - 2}": days <= m - 2,
        f"{m - 1}": days == m - 1,
        f"{m}": days == m,
        f"{m + 1} or more": days >= m + 1,
    }
    parts = [
        (label, colour, hatch, lengths[band].groupby("case")["probability"].sum())
        for (label, band), (colour, hatch) in zip(bands.items(), LENGTHS, strict=True)
    ]
    _stack(left, cases, parts)
    panel(left, "a", "pause length (days)")
    ends = table[table["quantity"] == "end"].assign(group=lambda t: t["key"].map(_group))
    sums = ends.groupby(["group", "case"])["probability"].sum()
    _stack(right, cases, [(name, c, h, sums[name]) for name, (c, h) in ENDS.items()])
    panel(right, "b", "how it ends")
    left.set_yticks(range(len(cases)), cases)
    left.invert_yaxis()
    return figure


def _group(cause: str) -> str:
    if cause.startswith("no list"):
        return "no list"
    if cause in ("incident", "relay failed"):
        return "incident or relay"
    return cause if cause in ENDS else "other"


def _stack(axes: Axes, cases: list[str], parts: Sequence[tuple[str, str, str, Any]]) -> None:
    start = [0.0] * len(cases)
    for label, colour, hatch, values in parts:
        widths = [float(values.get(case, 0.0)) for case in cases]
        axes.barh(
            range(len(cases)), widths, 0.72, left=start, color=colour, hatch=hatch, label=label,
            edgecolor=INK, linewidth=0.4,
        )  # fmt: skip
        start = [a + b for a, b in zip(start, widths, strict=True)]
    axes.set_xlim(0, 1)
    axes.set_xlabel("probability")
    axes.legend(loc="upper left", bbox_to_anchor=(0.0, -0.13), ncols=2, handlelength=1.4)
