"""Extension 2: a mediator that learns about the list, and reports with interests of its own.

The game is defined in docs/model.md, section Extensions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ceasefire.truce.fields import UTILS, _field, _Group

if TYPE_CHECKING:
    from ceasefire.truce.extensions._mediator_equilibrium import MediatedEquilibrium
    from ceasefire.truce.scenario import Scenario


class Mediator(_Group):
    """A mediator that hears about the list before the pausing state offers."""

    bias: float = _field(
        "b_M", "weight", "mediator's weight on the captor's payoff; the rest is on the other's",
        ge=0.0, le=1.0, default=0.2,
    )  # fmt: skip
    accuracy: float = _field(
        "alpha_M", "probability", "chance that the mediator learns whether the list is there",
        ge=0.0, le=1.0, default=0.8,
    )  # fmt: skip
    pause_value_per_day: float = _field(
        "h_M", "utils per day", "mediator's own gain from a pause day",
        ge=-UTILS, le=UTILS, default=1.0,
    )  # fmt: skip
    false_report_cost: float = _field(
        "c_F", "utils", "mediator's loss when events show its report to be false",
        ge=0.0, le=UTILS, default=2.0,
    )  # fmt: skip
    waiting_days: float = _field(
        "tau_L", "days", "pause that stands after an accepted offer until the list is due",
        ge=0.0, le=1.0, default=0.5,
    )  # fmt: skip


def solve(scenario: Scenario, *, beliefs: int, throw: bool = True) -> MediatedEquilibrium:
    """Solve the truce with a strategic mediator; see :func:`ceasefire.truce.solve`."""
    from ceasefire.truce.extensions._mediator_equilibrium import solve_mediated

    return solve_mediated(scenario, beliefs=beliefs, throw=throw)
