"""Figures and tables that are made from the rows of an experiment."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from ceasefire.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from matplotlib.figure import Figure

    from ceasefire.experiment import Experiment


class RunRecipe(Protocol):
    """What draws the rows of an experiment."""

    caption: str

    def table(self, rows: pd.DataFrame, experiment: Experiment) -> pd.DataFrame:
        """Return the data behind the figure, tidy."""

    def draw(self, rows: pd.DataFrame, experiment: Experiment) -> Figure:
        """Draw the figure."""


# Name in paper.toml -> module of this room and name in it.
RUN_FIGURES = {
    "price-trust": ("maps", "PRICE_TRUST"),
    "relay-blackout": ("maps", "RELAY_BLACKOUT"),
    "momentum-retention": ("maps", "MOMENTUM_RETENTION"),
    "guarantee-hazard": ("maps", "GUARANTEE_HAZARD"),
    "mediator-value": ("maps", "MEDIATOR_VALUE"),
    "pilot-size": ("curves", "PILOT_SIZE"),
    "pool-size": ("curves", "POOL_SIZE"),
    "pool-boundary": ("curves", "POOL_BOUNDARY"),
    "purification": ("curves", "PURIFICATION"),
    "benchmarks": ("curves", "BENCHMARKS"),
    "robustness": ("robustness", "ROBUSTNESS"),
    "sensitivity-days": ("analyses", "SENSITIVITY_DAYS"),
    "sensitivity-freed": ("analyses", "SENSITIVITY_FREED"),
    "screening": ("analyses", "SCREENING"),
    "tornado": ("analyses", "TORNADO"),
    "discovery": ("analyses", "DISCOVERY"),
    "dependence": ("analyses", "DEPENDENCE"),
    "region": ("analyses", "REGION"),
}
RUN_TABLES = {
    "baseline": ("tables", "baseline"),
    "robustness": ("robustness", "shares"),
    "sensitivity": ("analyses", "indices"),
    "regression": ("analyses", "coefficients"),
}


def run_recipe(name: str) -> RunRecipe:
    """Return what draws a figure from rows, by its name."""
    return cast("RunRecipe", _found("figure", name, RUN_FIGURES))


def run_table(name: str) -> Callable[[pd.DataFrame, Experiment], pd.DataFrame]:
    """Return what makes a table from rows, by its name."""
    return cast("Callable[[pd.DataFrame, Experiment], pd.DataFrame]",
                _found("table", name, RUN_TABLES))  # fmt: skip


def _found(kind: str, name: str, known: dict[str, tuple[str, str]]) -> object:
    if name not in known:
        raise ArgumentError(f"runs: {kind}", name, "one of " + ", ".join(known))
    module, member = known[name]
    return getattr(import_module(f"{__name__}.{module}"), member)
