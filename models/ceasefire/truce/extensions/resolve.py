"""Extension 3: the pausing state's own type, which says whether it will really resume.

The game is defined in docs/model.md, section Extensions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ceasefire.truce.fields import UTILS, _field, _Group

if TYPE_CHECKING:
    from ceasefire.truce.extensions._resolve_equilibrium import ResolveEquilibrium
    from ceasefire.truce.scenario import Scenario


class Resolve(_Group):
    """A cabinet that decides after a missed delivery, and may be reluctant to resume the war."""

    prior: float = _field(
        "nu0", "probability", "belief of all but the cabinet that the cabinet is resolute",
        ge=0.0, le=1.0, default=0.5,
    )  # fmt: skip
    reluctant_leaving_cost: float = _field(
        "kappa_r", "utils",
        "a reluctant cabinet's cost of leaving after a missed delivery, at least kappa",
        ge=0.0, le=UTILS, default=16.0,
    )  # fmt: skip
    reluctant_gain_per_day: float = _field(
        "h", "utils per day", "a reluctant cabinet's gain from each day stayed after a miss",
        ge=0.0, le=UTILS, default=1.0,
    )  # fmt: skip


def solve(scenario: Scenario, *, beliefs: int, throw: bool = True) -> ResolveEquilibrium:
    """Solve the truce with doubt on both sides; see :func:`ceasefire.truce.solve`."""
    from ceasefire.truce.extensions._resolve_equilibrium import solve_resolve

    return solve_resolve(scenario, beliefs=beliefs, throw=throw)
