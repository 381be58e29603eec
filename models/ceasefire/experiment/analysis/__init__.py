"""What rows say: which parameters matter, and how.

Every function takes the frame of an experiment's rows, the experiment, and the output asked for;
every result has a ``table()`` and a ``figure()``, and tells what was left out and why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ceasefire.lazy import loading

if TYPE_CHECKING:
    from ceasefire.experiment.analysis.curves import Curve as Curve
    from ceasefire.experiment.analysis.curves import continuation as continuation
    from ceasefire.experiment.analysis.curves import trace as trace
    from ceasefire.experiment.analysis.dependence import PartialDependence as PartialDependence
    from ceasefire.experiment.analysis.dependence import partial_dependence as partial_dependence
    from ceasefire.experiment.analysis.discovery import Box as Box
    from ceasefire.experiment.analysis.discovery import Boxes as Boxes
    from ceasefire.experiment.analysis.discovery import boxes as boxes
    from ceasefire.experiment.analysis.morris_effects import MorrisEffects as MorrisEffects
    from ceasefire.experiment.analysis.morris_effects import morris as morris
    from ceasefire.experiment.analysis.regions import Region as Region
    from ceasefire.experiment.analysis.regions import region as region
    from ceasefire.experiment.analysis.regression_shares import Regression as Regression
    from ceasefire.experiment.analysis.regression_shares import regression as regression
    from ceasefire.experiment.analysis.sobol_indices import SobolIndices as SobolIndices
    from ceasefire.experiment.analysis.sobol_indices import sobol as sobol
    from ceasefire.experiment.analysis.tornado_bars import Tornado as Tornado
    from ceasefire.experiment.analysis.tornado_bars import tornado as tornado

# no module has the name of a function: importing it would put it in the function's place
_HOMES = {
    "Curve": "curves",
    "continuation": "curves",
    "trace": "curves",
    "Box": "discovery",
    "Boxes": "discovery",
    "boxes": "discovery",
    "Region": "regions",
    "region": "regions",
    "PartialDependence": "dependence",
    "partial_dependence": "dependence",
    "MorrisEffects": "morris_effects",
    "morris": "morris_effects",
    "Regression": "regression_shares",
    "regression": "regression_shares",
    "Tornado": "tornado_bars",
    "tornado": "tornado_bars",
    "SobolIndices": "sobol_indices",
    "sobol": "sobol_indices",
}

__all__ = list(_HOMES)

__getattr__, __dir__ = loading(__name__, _HOMES)
