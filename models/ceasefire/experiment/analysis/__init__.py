"""What rows say: which parameters matter, and how.

Every function takes the frame of an experiment's rows, the experiment, and the output asked for;
every result has a ``table()`` and a ``figure()``, and tells what was left out and why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ceasefire.lazy import loading

if TYPE_CHECKING:
    from ceasefire.experiment.analysis.discovery import Box as Box
    from ceasefire.experiment.analysis.discovery import Boxes as Boxes
    from ceasefire.experiment.analysis.discovery import boxes as boxes
    from ceasefire.experiment.analysis.sobol_indices import SobolIndices as SobolIndices
    from ceasefire.experiment.analysis.sobol_indices import sobol as sobol

# no module has the name of a function: importing it would put it in the function's place
_HOMES = {
    "Box": "discovery",
    "Boxes": "discovery",
    "boxes": "discovery",
    "SobolIndices": "sobol_indices",
    "sobol": "sobol_indices",
}

__all__ = list(_HOMES)

__getattr__, __dir__ = loading(__name__, _HOMES)
