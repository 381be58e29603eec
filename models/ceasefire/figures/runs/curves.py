"""Curves of two outputs along one parameter, one curve a value of another, from rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ceasefire.figures.style import DOUBLE_MM, SERIES, canvas, given, panel

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ceasefire.experiment import Experiment

FEW = 15  # points of a curve that are shown by markers, so that lines are not read between them


@dataclass(frozen=True)
class Panel:
    """Outputs on one axis; with `by`, one output and a curve for each value of another column."""

    outputs: tuple[tuple[str, str], ...]  # column, label
    title: str
    label: str
    steps: bool = False


@dataclass(frozen=True)
class Curves:
    """Two panels above one x axis."""

    caption: str
    x: str
    x_label: str
    panels: tuple[Panel, ...]
    by: str = ""
    keep: tuple[float, ...] = ()
    legend: str = ""
    log: bool = False

    def table(self, rows: pd.DataFrame, experiment: Experiment) -> pd.DataFrame:
        """Return the parameters and outputs that are drawn."""
        found = rows[rows["error"].isna()]
        if self.by:
            found = found[found[self.by].isin(self.keep)]
        outputs = dict.fromkeys(name for one in self.panels for name, _ in one.outputs)
        columns = [*([self.by] if self.by else []), self.x, *outputs]
        return found[columns].astype(float).sort_values(columns[:2], ignore_index=True)

    def draw(self, rows: pd.DataFrame, experiment: Experiment) -> Figure:
        """Draw both panels side by side; a dotted line marks the scenario."""
        table = self.table(rows, experiment)
        figure, axes = canvas(DOUBLE_MM, 62.0, 1, len(self.panels))
        for letter, axis, told in zip("ab", axes, self.panels, strict=True):
            self._curves(axis, table, told)
            panel(axis, letter, told.title)
            axis.set_ylabel(told.label)
            axis.set_xlabel(self.x_label)
            axis.margins(x=0.02)
            if self.log:
                axis.set_xscale("log")
                axis.xaxis.set_major_formatter("{x:g}")
            if told.steps:
                axis.set_ylim(0, float(table[told.outputs[0][0]].max()) + 1)
            here = getattr(experiment.scenario.symbols(), self.x, None)
            if here is not None:
                given(axis, float(here))
        axes[0].legend(title=self.legend or None, title_fontsize=6.5)
        if len(self.panels[-1].outputs) > 1:
            axes[-1].legend()
        return figure

    def _curves(self, axes: Axes, table: pd.DataFrame, told: Panel) -> None:
        number = 0
        for value in self.keep or (None,):
            part = table if value is None else table[table[self.by] == value]
            for column, label in told.outputs:
                colour, line, marker = SERIES[number % len(SERIES)]
                shown = label if value is None else f"{value:g}"
                axes.plot(part[self.x], part[column], color=colour, linestyle=line, label=shown,
                          marker=marker if len(part) <= FEW else "", ms=2.5,
                          drawstyle="steps-mid" if told.steps else "default")  # fmt: skip
                number += 1


PILOT_SIZE = Curves(
    "Size of the pilot at several beliefs before it: (a) belief in a dealer after the pilot, (b) a "
    "dealer's value net of the release. Dotted: the scenario's pilot.",
    "x_p", "pilot release (captives, log scale)",
    (Panel((("trust", ""),), "belief after the pilot", "probability"),
     Panel((("dealer_net", ""),), "what a dealer gains", "utils")),
    by="pi0", keep=(0.05, 0.1, 0.2, 0.4), legend="belief before", log=True,
)  # fmt: skip
POOL_SIZE = Curves(
    "Eligible captives and size of the first block (at most half the pool): (a) expected pause, "
    "(b) expected captives freed. Dotted: the scenario's pool.",
    "W0", "eligible captives",
    (Panel((("mean_days", ""),), "expected pause", "days"),
     Panel((("captives_freed", ""),), "expected captives freed", "captives")),
    by="n0", keep=(20.0, 30.0, 40.0, 50.0), legend="first block",
)  # fmt: skip
POOL_BOUNDARY = Curves(
    "A second category of captives, by its size and its price: (a) expected pause, (b) expected "
    "captives freed of both categories.",
    "x2", "captives of the second category a day",
    (Panel((("mean_days", ""),), "expected pause", "days"),
     Panel((("captives_freed", ""),), "expected captives freed", "captives")),
    by="W2", keep=(0.0, 10.0, 20.0, 40.0), legend="second category",
)  # fmt: skip
PURIFICATION = Curves(
    "Scale of the pausing state's private shocks: (a) chance of a pause of 6, 7 and 8 days, (b) "
    "the first block agreed. Dotted: the scenario.",
    "s", "scale of private shocks (utils, log scale)",
    (Panel((("p_days_6", "6 days"), ("p_days_7", "7 days"), ("p_days_8", "8 days")),
           "length of the pause", "probability"),
     Panel((("block_days", ""),), "first block", "days", steps=True)),
    log=True,
)  # fmt: skip
BENCHMARKS = Curves(
    "The same terms under complete information (belief 0: the captor is known to be an "
    "opportunist; 1: known to be a dealer) and as assumed (0.2), by price of a further day: (a) "
    "expected pause, (b) expected captives freed. Dotted: the clause as agreed.",
    "x", "captives a further day",
    (Panel((("mean_days", ""),), "expected pause", "days"),
     Panel((("captives_freed", ""),), "expected captives freed", "captives")),
    by="pi0", keep=(0.0, 0.2, 1.0), legend="belief in a dealer",
)  # fmt: skip
