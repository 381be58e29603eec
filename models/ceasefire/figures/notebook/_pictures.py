"""What a picture of an object is: how it is drawn, when it fits, whether it has panels."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def always(value: Any) -> bool:
    """Fit every object of the type."""
    return True


@dataclass(frozen=True)
class Picture:
    """One picture.

    Attributes
    ----------
    draw : callable
        Takes the object and axes or None; returns the axes, or the figure, drawn on.
    fits : callable
        Whether the object can be drawn so.
    panels : bool
        Whether it lays out panels of its own and takes no axes.
    """

    draw: Callable[[Any, Axes | None], Any]
    fits: Callable[[Any], bool] = always
    panels: bool = False


def same(found: Any) -> Any:
    """Return the object itself: what is drawn unless a part of it is."""
    return found


def drawn_by(
    module: str,
    name: str,
    of: Callable[[Any], Any] = same,
    *,
    fits: Callable[[Any], bool] = always,
) -> Picture:
    """A drawing of ceasefire.figures on given axes, loaded when it is asked for."""

    def draw(value: Any, ax: Axes | None) -> Any:
        return getattr(import_module(f"ceasefire.figures.{module}"), name)(of(value), ax=ax)

    return Picture(draw, fits)


def own(fits: Callable[[Any], bool] = always) -> Picture:
    """The figure that an object makes of itself."""

    def draw(value: Any, _: Axes | None) -> Any:
        return value.figure()

    return Picture(draw, fits, panels=True)


def figure_of(drawn: Any) -> Figure:
    """Return the figure of what a picture returned."""
    from matplotlib.figure import Figure

    if isinstance(drawn, Figure):
        return drawn
    figure: Figure = drawn.get_figure(root=True)
    return figure
