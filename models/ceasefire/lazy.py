"""Rooms whose public names load on first use (PEP 562): reading one must not wait for all."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def loading(
    room: str, homes: Mapping[str, str]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` of a room.

    Parameters
    ----------
    room : str
        ``__name__`` of the package.
    homes : mapping of str to str
        Public name -> the module of the room that holds it.
    """

    def load(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        value: object = getattr(import_module(f"{room}.{homes[name]}"), name)
        setattr(sys.modules[room], name, value)
        return value

    def listed() -> list[str]:
        return sorted(homes)

    return load, listed
