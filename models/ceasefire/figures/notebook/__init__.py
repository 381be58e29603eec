"""Objects as a notebook shows them: tables with small pictures, and the pictures of this room.

A module a room of the package: ``TABLES`` says how an object of a type is shown, ``PICTURES``
which pictures it has, the first that fits being the one drawn unless another is named.
`ceasefire.display.Displayed` hands objects here.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ceasefire.errors import ArgumentError
from ceasefire.figures.notebook import _parts as parts
from ceasefire.figures.notebook._pictures import Picture, figure_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def html(value: Any) -> str:
    """Return an object as HTML; of a type without a table of its own what it prints, its fields.

    Examples
    --------
    >>> from ceasefire import games
    >>> "<u>7</u>" in html(games.NormalForm.bimatrix([[6, 2], [7, 0]], [[6, 7], [2, 0]]))
    True
    """
    show = _first(value, "TABLES")
    return str(show(value) if show is not None else _plain(value))


def kinds(value: Any) -> tuple[str, ...]:
    """Return the names of the pictures that `value` has, the default first.

    Examples
    --------
    >>> from ceasefire import games
    >>> kinds(games.NormalForm.bimatrix([[6, 2], [7, 0]], [[6, 7], [2, 0]]))
    ('best-replies', 'payoffs', 'logit')
    """
    return tuple(name for name, one in _pictures(value).items() if one.fits(value))


def plot(value: Any, kind: str | None = None, *, ax: Axes | None = None) -> Figure:
    """Draw an object; see `ceasefire.display.Displayed.plot`."""
    fitting = {name: one for name, one in _pictures(value).items() if one.fits(value)}
    if not fitting:
        raise ArgumentError("plot", type(value).__name__, "an object with a picture", _hint(value))
    if kind is not None and kind not in fitting:
        raise ArgumentError("kind", kind, f"one of {', '.join(fitting)}")
    name = next(iter(fitting)) if kind is None else kind
    chosen = fitting[name]
    if ax is not None and chosen.panels:
        single = [n for n, one in fitting.items() if not one.panels]
        allowed = f"None: {name} has panels of its own"
        hint = f"on given axes: {', '.join(single)}" if single else ""
        raise ArgumentError("ax", type(ax).__name__, allowed, hint)
    return figure_of(chosen.draw(value, ax))


def _plain(value: Any) -> str:
    if parts.generated(value):
        return parts.together(parts.heading(type(value).__name__), parts.attributes(value))
    return parts.together(parts.said(value), parts.folded("fields", parts.attributes(value)))


def _pictures(value: Any) -> Mapping[str, Picture]:
    return _first(value, "PICTURES") or {}


def _hint(value: Any) -> str:
    room = type(value).__module__.split(".")[1]
    general = import_module(f"{__name__}.{room}").HINTS.get("") if room in ROOMS else None
    return str(_first(value, "HINTS") or general or "games, equilibria and courses have one")


def _first(value: Any, what: str) -> Any:
    """Return what a room says of the nearest type that `value` is of; None where nothing."""
    for kind in type(value).__mro__:
        room = kind.__module__.split(".")
        if room[0] != "ceasefire" or len(room) < 2 or room[1] not in ROOMS:
            continue
        table = getattr(import_module(f"{__name__}.{room[1]}"), what)
        if kind.__qualname__ in table:
            return table[kind.__qualname__]
    return None


ROOMS = ("games", "solvers", "truce", "bargaining", "calibration", "experiment")
