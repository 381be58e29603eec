"""Extension 4: a second category of captives with its own price, and the boundary between the two.

The game is defined in docs/model.md, section Extensions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ceasefire.truce.fields import MOST_CAPTIVES, UTILS, _field, _Group

if TYPE_CHECKING:
    from ceasefire.truce.extensions._second_equilibrium import CategoryEquilibrium
    from ceasefire.truce.scenario import Scenario

MOST_AMBIGUOUS = 50


class SecondCategory(_Group):
    """Captives outside the first category (men, soldiers), who buy pause days at another price."""

    captives: float = _field(
        "W2", "captives", "captives of the second category held when the pause starts",
        ge=0.0, le=MOST_CAPTIVES, default=20.0,
    )  # fmt: skip
    captives_per_extra_day: float = _field(
        "x2", "captives per day", "captives of the second category that buy one more day",
        gt=0.0, le=MOST_CAPTIVES, default=5.0,
    )  # fmt: skip
    only_after_first: int = _field(
        "S2", "0 or 1",
        "1: offered only once the first category buys no further day; 0: at every window",
        ge=0, le=1, default=0,
    )  # fmt: skip
    captive_value: float = _field(
        "v2", "utils per captive",
        "worth of a freed captive of this category, net of the prisoners freed for it",
        ge=0.0, le=UTILS, default=1.5,
    )  # fmt: skip
    retention_value_base: float = _field(
        "c2_lo", "utils per captive", "worth of holding such a captive among many",
        ge=0.0, le=UTILS, default=0.75,
    )  # fmt: skip
    retention_value_last: float = _field(
        "c2_hi", "utils per captive", "worth of holding the last such captive",
        ge=0.0, le=UTILS, default=3.0,
    )  # fmt: skip
    retention_scale_captives: float = _field(
        "iota2", "captives", "stock below which such captives grow dearer to the captor",
        gt=0.0, le=MOST_CAPTIVES, default=10.0,
    )  # fmt: skip
    list_reliability_base: float = _field(
        "l2_hi", "probability",
        "chance that a batch of this category can be produced while many are held",
        ge=0.0, le=1.0, default=0.99,
    )  # fmt: skip
    list_reliability_last: float = _field(
        "l2_lo", "probability",
        "chance that a batch of this category can be produced when it is the last",
        ge=0.0, le=1.0, default=0.7,
    )  # fmt: skip
    list_scale_captives: float = _field(
        "l2_w", "captives", "stock below which lists of this category grow unreliable",
        gt=0.0, le=MOST_CAPTIVES, default=5.0,
    )  # fmt: skip
    ambiguous_captives: int = _field(
        "M", "captives", "captives of the first category that could be counted in the second",
        ge=0, le=MOST_AMBIGUOUS, default=4,
    )  # fmt: skip


def solve(scenario: Scenario, *, beliefs: int, throw: bool = True) -> CategoryEquilibrium:
    """Solve the truce with two categories of captives; see :func:`ceasefire.truce.solve`."""
    from ceasefire.truce.extensions._second_equilibrium import solve_categories

    return solve_categories(scenario, beliefs=beliefs, throw=throw)
