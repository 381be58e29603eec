"""What a picture of an object is: how it is drawn, when it fits, whether it has panels."""

from __future__ import annotations

from dataclasses import dataclass
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


def figure_of(drawn: Any) -> Figure:
    """Return the figure of what a picture returned."""
    from matplotlib.figure import Figure

    if isinstance(drawn, Figure):
        return drawn
    figure: Figure = drawn.get_figure(root=True)
    return figure
