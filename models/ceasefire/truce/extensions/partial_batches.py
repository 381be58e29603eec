"""Extension 1: partial batches, so that a shortfall is a graded signal.

The game is defined in docs/model.md, section Extensions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ceasefire.truce.fields import _field, _Group

if TYPE_CHECKING:
    from ceasefire.truce.extensions._partial_equilibrium import PartialEquilibrium
    from ceasefire.truce.scenario import Scenario


class PartialBatches(_Group):
    """Batches of which a part can be produced; one shortfall in a pause is borne."""

    part_chance: float = _field(
        "l_p", "probability", "chance that a part can be produced when the whole batch cannot",
        ge=0.0, le=1.0, default=0.5,
    )  # fmt: skip
    part_share: float = _field(
        "phi_p", "share", "share of the batch in such a part", ge=0.05, le=0.95, default=0.8
    )
    slack: float = _field(
        "psi_p", "probability",
        "chance that an opportunist gets only the part together where a dealer gets the whole",
        ge=0.0, le=0.95, default=0.05,
    )  # fmt: skip


def solve(scenario: Scenario, *, beliefs: int, throw: bool = True) -> PartialEquilibrium:
    """Solve the truce with partial batches; see :func:`ceasefire.truce.solve`."""
    from ceasefire.truce.extensions._partial_equilibrium import solve_partial

    return solve_partial(scenario, beliefs=beliefs, throw=throw)
