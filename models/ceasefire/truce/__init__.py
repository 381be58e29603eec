"""The integrated truce model: a finite stock, a reversible pause, one hidden type.

``solve`` a scenario, ask the equilibrium for its course, its windows and its
certificate, and ``extension`` what each side gains from one more day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ceasefire.lazy import loading

if TYPE_CHECKING:
    from ceasefire.truce.certificate import Certificate as Certificate
    from ceasefire.truce.claims import Proposition as Proposition
    from ceasefire.truce.claims import measure as measure
    from ceasefire.truce.claims import proposition as proposition
    from ceasefire.truce.claims import propositions as propositions
    from ceasefire.truce.comparison import FRICTIONS as FRICTIONS
    from ceasefire.truce.comparison import Comparison as Comparison
    from ceasefire.truce.comparison import compare as compare
    from ceasefire.truce.comparison import counterfactual as counterfactual
    from ceasefire.truce.comparison import decompose as decompose
    from ceasefire.truce.course import Course as Course
    from ceasefire.truce.course import Ending as Ending
    from ceasefire.truce.equilibrium import TruceEquilibrium as TruceEquilibrium
    from ceasefire.truce.equilibrium import solve as solve
    from ceasefire.truce.incentives import Agreement as Agreement
    from ceasefire.truce.incentives import agreement as agreement
    from ceasefire.truce.incentives import critical_hazard as critical_hazard
    from ceasefire.truce.incentives import extension as extension
    from ceasefire.truce.incentives import one_more_day as one_more_day
    from ceasefire.truce.play import simulate as simulate
    from ceasefire.truce.scenario import Scenario as Scenario
    from ceasefire.truce.stochastic import as_stochastic_game as as_stochastic_game
    from ceasefire.truce.windows import WindowValues as WindowValues

# Where each public name lives. Loaded on first use: reading a scenario must not wait for
# the compiler.
_HOMES = {
    "Certificate": "certificate",
    "Proposition": "claims",
    "measure": "claims",
    "proposition": "claims",
    "propositions": "claims",
    "FRICTIONS": "comparison",
    "Comparison": "comparison",
    "compare": "comparison",
    "counterfactual": "comparison",
    "decompose": "comparison",
    "Course": "course",
    "Ending": "course",
    "TruceEquilibrium": "equilibrium",
    "solve": "equilibrium",
    "Agreement": "incentives",
    "agreement": "incentives",
    "critical_hazard": "incentives",
    "extension": "incentives",
    "one_more_day": "incentives",
    "simulate": "play",
    "Scenario": "scenario",
    "as_stochastic_game": "stochastic",
    "WindowValues": "windows",
}

__all__ = list(_HOMES)

__getattr__, __dir__ = loading(__name__, _HOMES)
