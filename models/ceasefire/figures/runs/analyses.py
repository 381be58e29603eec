"""Figures and tables of sensitivity, screening, discovery and regions, as the paper shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ceasefire.experiment import analysis

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from matplotlib.figure import Figure

    from ceasefire.experiment import Experiment

# a truce like that of November 2023: a short first block, six to eight days in all
LIKE_2023 = "modal_days >= 6 and modal_days <= 8 and block_days >= 3 and block_days <= 5"
LONG = "mean_days >= 6"


@dataclass(frozen=True)
class Analysed:
    """One analysis of the rows: its table and its own figure."""

    caption: str
    made: Callable[[pd.DataFrame, Experiment], Any]

    def table(self, rows: pd.DataFrame, experiment: Experiment) -> pd.DataFrame:
        """Return the analysis as a table."""
        table: pd.DataFrame = self.made(rows, experiment).table()
        return table

    def draw(self, rows: pd.DataFrame, experiment: Experiment) -> Figure:
        """Draw it."""
        figure: Figure = self.made(rows, experiment).figure()
        return figure


def indices(rows: pd.DataFrame, experiment: Experiment) -> pd.DataFrame:
    """Return Sobol indices of pause length and captives freed, the largest first."""
    days = analysis.sobol(rows, experiment, "mean_days").table()
    freed = analysis.sobol(rows, experiment, "captives_freed").table()
    both = days.merge(freed, on="parameter", suffixes=("_days", "_freed"))
    return both.sort_values("total_days", ascending=False, ignore_index=True)


def coefficients(rows: pd.DataFrame, experiment: Experiment) -> pd.DataFrame:
    """Return standardised regression coefficients of the expected pause."""
    return analysis.regression(rows, experiment, "mean_days").table()


SENSITIVITY_DAYS = Analysed(
    "Sobol indices of the expected pause over the box of assumed parameters: share of its "
    "variance that a parameter accounts for alone (first order) and with all interactions "
    "(total), with bootstrap intervals. Symbols: docs/model.md.",
    lambda rows, experiment: analysis.sobol(rows, experiment, "mean_days"),
)
SENSITIVITY_FREED = Analysed(
    "Sobol indices of the expected captives freed over the box of assumed parameters: alone (first "
    "order) and with all interactions (total), with bootstrap intervals. Symbols: docs/model.md.",
    lambda rows, experiment: analysis.sobol(rows, experiment, "captives_freed"),
)
SCREENING = Analysed(
    "Elementary effects on the expected pause (Morris): (a) mean size and mean of the effect of "
    "moving a parameter through its whole range, (b) their spread. Far above the lower line: the "
    "effect depends on the other parameters.",
    lambda rows, experiment: analysis.morris(rows, experiment, "mean_days"),
)
TORNADO = Analysed(
    "Expected pause with one parameter at an end of its range, all others as in the scenario; the "
    "ends are written beside the bars.",
    lambda rows, experiment: analysis.tornado(rows, experiment, "mean_days"),
)
DISCOVERY = Analysed(
    "Boxes of parameters in which truces look like that of November 2023 (a first block of three "
    "to five days, most likely six to eight in all): (a) what is covered and how densely on the "
    "way to each box, (b) the limits of each box; parameters that are not listed are free.",
    lambda rows, experiment: analysis.boxes(rows, experiment, LIKE_2023),
)
DEPENDENCE = Analysed(
    "Expected pause against the pausing state's worth of a freed captive, all other parameters "
    "spread over the box: mean of the rows in bins with its interval, and the middle 80% of rows.",
    lambda rows, experiment: analysis.partial_dependence(rows, experiment, "mean_days", "v"),
)
REGION = Analysed(
    "Where the expected pause is six days or more: (a) points of the box over the two parameters "
    "that tell most, with the cut that separates best, (b) share by parameter.",
    lambda rows, experiment: analysis.region(rows, experiment, LONG),
)
