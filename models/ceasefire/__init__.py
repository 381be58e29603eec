"""Computational game theory of bargaining over captives and pauses.

Rooms and functions load on first use, so ``import ceasefire`` alone costs
milliseconds and pulls in neither numpy nor pandas:

>>> import ceasefire as cf
>>> cf.__version__
'0.1.0'
>>> callable(cf.load)
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # one line a room: type checkers read these, `__getattr__` finds it by itself
    from ceasefire import bargaining as bargaining
    from ceasefire import calibration as calibration
    from ceasefire import data as data
    from ceasefire import errors as errors
    from ceasefire import experiment as experiment
    from ceasefire import explore as explore
    from ceasefire import figures as figures
    from ceasefire import games as games
    from ceasefire import solvers as solvers
    from ceasefire import truce as truce
    from ceasefire.truce.scenario import load as load

__version__ = "0.1.0"

_FUNCTIONS = {"load": "ceasefire.truce.scenario"}


def __getattr__(name: str) -> object:
    """Import a room, or the module that holds a public function, on first use (PEP 562)."""
    from importlib import import_module
    from importlib.util import find_spec

    if name in _FUNCTIONS:
        value: object = getattr(import_module(_FUNCTIONS[name]), name)
        globals()[name] = value
        return value
    if not name.startswith("_") and find_spec(f"{__name__}.{name}") is not None:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """List rooms and functions, loaded or not."""
    from pkgutil import iter_modules

    rooms = {room.name for room in iter_modules(__path__) if not room.name.startswith("_")}
    return sorted(rooms | set(_FUNCTIONS) | {"__version__", "__doc__"})
