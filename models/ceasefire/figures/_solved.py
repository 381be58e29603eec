"""Solutions that several figures share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ceasefire import truce

if TYPE_CHECKING:
    from ceasefire.truce import Scenario, TruceEquilibrium

_KEPT: dict[str, TruceEquilibrium] = {}


def solved(scenario: Scenario) -> TruceEquilibrium:
    """Solve a scenario once a process."""
    if scenario.digest not in _KEPT:
        _KEPT[scenario.digest] = truce.solve(scenario)
    return _KEPT[scenario.digest]
