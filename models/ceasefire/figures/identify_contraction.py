"""Figure: how far data have narrowed each prior, and what the next day is expected to add."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures.style import BLUE, GREY, ORANGE, SINGLE_MM, canvas, key, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ceasefire.calibration.contraction import ExpectedContraction

LITTLE = 0.1


def draw(found: pd.DataFrame, following: ExpectedContraction | None = None) -> Figure:
    """Draw bars of `calibration.contractions`, and the next day's beside them.

    Parameters
    ----------
    found : DataFrame
        parameter, contraction.
    following : ExpectedContraction, optional
        Of the same parameters, in the same order.
    """
    names = list(found["parameter"])
    at = np.arange(len(names), dtype=float)
    thick = 0.7 if following is None else 0.36
    with style():
        figure, axes = canvas(SINGLE_MM, 22.0 + 6.0 * len(names))
        shift = 0.0 if following is None else 0.5 * thick
        axes.barh(at - shift, found["contraction"], thick, color=BLUE, label="by the record")
        if following is not None:
            label = f"of what is left after day {following.after}, by one more day (expected)"
            if not following.enough:  # on a line of its own: a longer label squeezes the panel
                label += f"\nrough: draws worth {following.effective:.0f} even ones"
            axes.barh(at + shift, following.table["next"], thick, color=ORANGE, hatch="////",
                      edgecolor="white", lw=0.0, label=label)  # fmt: skip
        axes.axvline(LITTLE, color=GREY, lw=0.7, ls="--", label="below: the data say little")
        axes.axvline(0.0, color=GREY, lw=0.6)
        axes.set_yticks(at, names)
        axes.invert_yaxis()
        axes.set_xlim(min(0.0, 1.15 * float(found["contraction"].min())), 1.0)
        axes.set_xlabel("part of the variance taken away")
        key(axes, most_columns=1)
    return figure
