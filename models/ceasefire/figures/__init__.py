"""Figures and tables of the paper: each computes its data, then draws from it alone."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from ceasefire.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from matplotlib.figure import Figure

    from ceasefire.figures.reports import Report
    from ceasefire.truce import Scenario, TruceEquilibrium

# Name in paper.toml and of the files written -> module.
FIGURES = {
    "course": "course",
    "extension": "incentives",
    "trust-map": "trust_map",
    "endings": "endings",
    "negotiation": "negotiation",
    **{f"p{i}": f"p{i}" for i in range(1, 10)},
    "ext-partial": "ext_partial",
    "ext-mediator": "ext_mediator",
    "ext-resolve": "ext_resolve",
    "ext-second": "ext_second",
}


class Recipe(Protocol):
    """What every figure module offers."""

    CAPTION: str
    WIDTH_MM: float

    def table(self, scenario: Scenario) -> pd.DataFrame:
        """Compute the data behind the figure, tidy."""

    def draw(self, table: pd.DataFrame, scenario: Scenario) -> Figure:
        """Draw the figure from its data."""


def recipe(name: str) -> Recipe:
    """Return the module of a figure by its name."""
    if name not in FIGURES:
        raise ArgumentError("figure", name, "one of " + ", ".join(FIGURES))
    return cast("Recipe", import_module(f"{__name__}.{FIGURES[name]}"))


def figure(name: str, scenario: Scenario) -> Figure:
    """Compute and draw one figure in the house style.

    Examples
    --------
    >>> import ceasefire as cf
    >>> drawn = figure("p1", cf.load("november-2023"))
    >>> round(drawn.get_size_inches()[0] * 25.4)
    85
    """
    from ceasefire.figures.style import style

    made = recipe(name)
    with style():
        return made.draw(made.table(scenario), scenario)


def report(
    solved: Scenario | TruceEquilibrium,
    *,
    name: str = "",
    command: str = "",
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Report on one scenario: terms, equilibrium in words, figures, incentives, certificate.

    Parameters
    ----------
    solved : Scenario or TruceEquilibrium
        A scenario is solved; one that is not solved, or that has no deal, is reported as such.
    name : str
        Begins the names of files; default: the scenario's name and ``-report``.
    command : str
        Recorded as what made it.
    progress : callable, optional
        Called with a few words before each step.

    Returns
    -------
    Report
        With ``html()``, ``markdown()`` and ``write(path)``.

    Notes
    -----
    Some five seconds, most of them for the figures and the certificate. The same code, libraries
    and scenario give the same bytes: there is no clock, no path and no chance in it.

    Examples
    --------
    >>> import ceasefire as cf
    >>> told = report(cf.load("november-2023"))
    >>> told
    Report('november-2023-report': 5 figures, sound: True)
    >>> "The pausing state extends after day 4, because" in told.markdown()
    True
    """
    from ceasefire.figures.reports import report

    return report(solved, name=name, command=command, progress=progress)
