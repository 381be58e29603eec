"""The talks as a daily chain with a memory for blackouts: exact chances of what was seen."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.calibration.observation import BROKEN_OFF, DEAL, TALKING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.calibration.observation import TalksReading
    from ceasefire.truce.fields import Parameters

# States: live and never dark; live after a blackout; dark.
CLEAR, BACK, DARK = range(3)


def chain(p: Parameters) -> NDArray[np.float64]:
    """Daily moves among (clear, back, dark); rows sum to 1 less deals and breakdowns."""
    stay = 1.0 - p.lam - p.om
    return np.array(
        [[stay, 0.0, p.om], [0.0, stay, p.om], [0.0, p.rho, max(1.0 - p.rho - p.b_T, 0.0)]]
    )


def chances(p: Parameters, reading: TalksReading) -> dict[str, float]:
    """Probability of each outcome together with the days and the blackout read, given open talks.

    Sums over the outcomes in question only. Days without an upper bound are summed by the
    resolvent ``(1 - chain)^-1``, not term by term.
    """
    low, high = (1.0, math.inf) if reading.days is None else reading.days
    before, between = _visits(p, low, high)
    seen = _seen(reading.blackout)
    live = np.array([p.lam, p.lam, 0.0])
    dead = np.array([0.0, 0.0, p.b_T])
    found = {
        DEAL: float(between @ (live * seen)),
        BROKEN_OFF: float(between @ (dead * seen)),
        TALKING: float((before @ chain(p)) @ seen),
    }
    return {outcome: found[outcome] for outcome in reading.outcomes if outcome in found}


def _seen(blackout: bool | None) -> NDArray[np.float64]:
    """Which states fit what is known of blackouts."""
    if blackout is None:
        return np.ones(3)
    return np.array([0.0, 1.0, 1.0]) if blackout else np.array([1.0, 0.0, 0.0])


def _visits(
    p: Parameters, low: float, high: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """State at the start of day `low`, and expected days in each state on days `low` to `high`."""
    first, moves = math.ceil(low), chain(p)
    before = np.array([1.0, 0.0, 0.0]) @ np.linalg.matrix_power(moves, first - 1)
    if math.isinf(high):
        return before, _forever(p, before)
    days = max(math.floor(high) - first + 1, 0)
    total, state = np.zeros(3), before
    for _ in range(days):
        total, state = total + state, state @ moves
    return before, total


def _forever(p: Parameters, start: NDArray[np.float64]) -> NDArray[np.float64]:
    """Expected visits to each state; those that are never left count until they are left: 0."""
    visits = np.zeros(3)
    leave_live = p.lam + p.om
    ending = p.rho + p.b_T
    visits[CLEAR] = start[CLEAR] / leave_live if leave_live > 0.0 else 0.0
    if leave_live == 0.0:  # talks without end: no deal is ever made from a live day
        return visits
    into_dark = start[DARK] + visits[CLEAR] * p.om + start[BACK] * p.om / leave_live
    again = p.om / leave_live * p.rho / ending if ending > 0.0 else 0.0
    if ending == 0.0:  # darkness without end
        visits[BACK] = start[BACK] / leave_live
        return visits
    left = 1.0 - again
    if left <= 0.0:  # neither deals nor breakdowns: nothing is ever decided
        return visits
    visits[DARK] = into_dark / left / ending
    visits[BACK] = (start[BACK] + visits[DARK] * p.rho) / leave_live
    return visits
