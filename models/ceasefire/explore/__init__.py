"""A page in the browser on which a scenario is changed and solved while one looks.

``serve`` answers on this machine alone; ``standalone`` writes one file with a grid of solutions,
for a paper's supplement. All mathematics stays in Python: the page draws numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ceasefire.lazy import loading

if TYPE_CHECKING:
    from ceasefire.explore.answers import answer as answer
    from ceasefire.explore.server import Explorer as Explorer
    from ceasefire.explore.server import serve as serve
    from ceasefire.explore.supplement import Axis as Axis
    from ceasefire.explore.supplement import standalone as standalone

_HOMES = {
    "answer": "answers",
    "Explorer": "server",
    "serve": "server",
    "Axis": "supplement",
    "standalone": "supplement",
}

__all__ = list(_HOMES)

__getattr__, __dir__ = loading(__name__, _HOMES)
