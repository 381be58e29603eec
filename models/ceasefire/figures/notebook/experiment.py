"""Objects of this room are shown by what they print and their fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from ceasefire.figures.notebook._parts import Safe
    from ceasefire.figures.notebook._pictures import Picture

TABLES: dict[str, Callable[[Any], Safe]] = {}
PICTURES: dict[str, dict[str, Picture]] = {}
HINTS: dict[str, str] = {}
