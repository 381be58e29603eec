"""Heat maps of two outputs over two parameters, from the rows of a grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ceasefire.figures.style import DOUBLE_MM, RED, canvas, panel

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ceasefire.experiment import Experiment


@dataclass(frozen=True)
class Panel:
    """One output as a map."""

    output: str
    title: str
    unit: str


@dataclass(frozen=True)
class Map:
    """Two outputs over the same two parameters; x and y are columns of the rows."""

    caption: str
    x: str
    y: str
    x_label: str
    y_label: str
    panels: tuple[Panel, ...]

    def table(self, rows: pd.DataFrame, experiment: Experiment) -> pd.DataFrame:
        """Return both parameters and the outputs; nan where a point was not solved."""
        columns = [self.x, self.y, *(one.output for one in self.panels)]
        return rows[columns].astype(float).sort_values([self.y, self.x], ignore_index=True)

    def draw(self, rows: pd.DataFrame, experiment: Experiment) -> Figure:
        """One map a panel, side by side; a ring marks the scenario."""
        table = self.table(rows, experiment)
        figure, axes = canvas(DOUBLE_MM, 68.0, 1, len(self.panels), sharey=True)
        for letter, axis, told in zip("ab", axes, self.panels, strict=True):
            self._map(figure, axis, table, told)
            panel(axis, letter, told.title)
            axis.set_xlabel(self.x_label)
            self._here(axis, experiment)
        axes[0].set_ylabel(self.y_label)
        return figure

    def _map(self, figure: Figure, axes: Axes, table: pd.DataFrame, told: Panel) -> None:
        grid = table.pivot_table(index=self.y, columns=self.x, values=told.output, dropna=False)
        x, y, z = grid.columns.to_numpy(), grid.index.to_numpy(), grid.to_numpy()
        mesh = axes.pcolormesh(x, y, z, cmap="cividis", shading="nearest", rasterized=True)
        bar = figure.colorbar(mesh, ax=axes, pad=0.01)
        bar.set_label(told.unit)
        bar.outline.set_linewidth(0.6)

    def _here(self, axes: Axes, experiment: Experiment) -> None:
        symbols = experiment.scenario.symbols()._asdict()
        if {self.x, self.y} <= set(symbols):
            axes.plot(symbols[self.x], symbols[self.y], "o", mfc="none", mec="white", ms=7, mew=2.2)
            axes.plot(symbols[self.x], symbols[self.y], "o", mfc="none", mec=RED, ms=7, mew=1.2)


PRICE_TRUST = Map(
    "Price of a further day and trust before the pilot: (a) expected pause, (b) expected "
    "captives freed, the first block and the talks solved anew at each point. Ring: the scenario.",
    "x", "pi0", "captives a further day", "trust before the pilot (probability)",
    (Panel("mean_days", "expected pause", "days"),
     Panel("captives_freed", "expected captives freed", "captives")),
)  # fmt: skip
RELAY_BLACKOUT = Map(
    "Days that a message takes on each leg and the chance a day that talks go dark: (a) days "
    "until an offer is answered, (b) chance that talks live until then. Ring: the scenario.",
    "relay", "om", "days a leg", "blackout (probability a day)",
    (Panel("model:talks-through-relays.gap_days", "wait for an answer", "days"),
     Panel("model:talks-through-relays.survival", "talks live until the answer", "probability")),
)  # fmt: skip
MOMENTUM_RETENTION = Map(
    "The pausing state's loss of momentum and what the last captive is worth to the captor: (a) "
    "expected pause, (b) chance that it ends because an opportunist holds back. Ring: the "
    "scenario.",
    "k1", "c_hi", "cost of a pause day, growth (utils a day, per day)",
    "worth of the last captive (utils)",
    (Panel("mean_days", "expected pause", "days"),
     Panel("p_end_reneged", "an opportunist holds back", "probability")),
)  # fmt: skip
GUARANTEE_HAZARD = Map(
    "The pausing state's cost of leaving inside a chunk (a guarantee raises it) and the hazard of "
    "an incident: (a) expected pause, (b) value of the first block to the pausing state. Ring: the "
    "scenario.",
    "kappa", "beta", "cost of leaving (utils)", "incidents (probability a day)",
    (Panel("mean_days", "expected pause", "days"),
     Panel("value_pausing_state", "value to the pausing state", "utils")),
)  # fmt: skip
MEDIATOR_VALUE = Map(
    "A mediator that reports on the list: its weight on the captor's payoff and its cost of a "
    "report shown to be false. (a) Expected pause, (b) value of the first block to the pausing "
    "state. White: no exact equilibrium was found.",
    "b_M", "c_F", "weight on the captor's payoff", "cost of a false report (utils)",
    (Panel("mean_days", "expected pause", "days"),
     Panel("value_pausing_state", "value to the pausing state", "utils")),
)  # fmt: skip
