"""Chances of all that one exchange can bring, stage by stage, and their derivatives."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from ceasefire.calibration._talks import CLEAR, DARK, chain
from ceasefire.calibration.likelihood import log_likelihood
from ceasefire.calibration.maximum import at_shares, shares_of
from ceasefire.calibration.observation import NOT_OPENED, Observation, TalksReading
from ceasefire.calibration.regimes import Regime, regime
from ceasefire.errors import ScenarioError, SolveError
from ceasefire.truce.course import trace

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from ceasefire.calibration.problem import Problem
    from ceasefire.truce import TruceEquilibrium

STAGES = ("pilot", "opening", "talks", "block", "course")
LEAST_REACH = 1e-12  # chance of coming to a stage below which it is left out
MOST_DAYS = 5000  # of talks that are told apart
STEP = 1e-3  # of a range
HALVINGS = 10

Event: TypeAlias = tuple[object, ...]


class Stage(NamedTuple):
    """A stage of an exchange as it is come to: its name, the chance of that, what it can bring."""

    name: str
    reach: float
    chances: dict[Event, float]


def stages(eq: TruceEquilibrium, seen: Observation) -> list[Stage]:
    """All stages that an observation like `seen` is about; each one's chances sum to 1.

    The joint chance of all that happens in one exchange is the product over the stages that are
    come to; what is given in `seen` is given here.
    """
    given, found = seen.given, []
    branches: dict[bool | None, float] = {None: 1.0}
    if "pilot" not in given and eq.parameters.x_p > 0.0:
        made = eq.parameters.pi0 + (1.0 - eq.parameters.pi0) * eq.pilot.matched
        branches = {True: made, False: 1.0 - made}
        found.append(Stage("pilot", 1.0, {("made", key): p for key, p in branches.items()}))
    opened_at_all = 0.0
    length = _talks(eq)
    for made_it, reach in branches.items():
        if reach <= LEAST_REACH:
            continue
        if "talks" not in given:
            opened = 1.0 - _chance(eq, seen, made_it, {}, closed=True) / reach
            both: dict[Event, float] = {("opens", True): opened, ("opens", False): 1.0 - opened}
            found.append(Stage("opening", reach, both))
            opened_at_all += reach * opened
            deal = sum(p for event, p in length.items() if event[0] == "deal")
            agreed = reach * opened * deal
        else:
            agreed = reach
        found += _after_deal(eq, seen, made_it, agreed, reach)
    if opened_at_all > 0.0:
        found.append(Stage("talks", opened_at_all, length))
    return found


def _after_deal(
    eq: TruceEquilibrium, seen: Observation, made: bool | None, agreed: float, reach: float
) -> list[Stage]:
    found, trust = [], 0.0 if made is False else eq.trust
    if "block" in seen.given:
        blocks = {int(seen.block_days or 0): 1.0}
    else:
        blocks = {
            days: _chance(eq, seen, made, {"block_days": days}) / reach
            for days in range(len(eq.lines) + 1)
        }
        told: dict[Event, float] = {(days,): p for days, p in blocks.items()}
        found.append(Stage("block", agreed, told))
    for days, share in blocks.items():
        if days and agreed * share > LEAST_REACH:
            course: dict[Event, float] = {
                (o.length, o.left, str(o.ending), o.sequence): p
                for o, p in trace(eq.line(days), trust, days).outcomes
            }
            found.append(Stage("course", agreed * share, course))
    return found


def _chance(
    eq: TruceEquilibrium,
    seen: Observation,
    made: bool | None,
    readings: dict[str, int],
    *,
    closed: bool = False,
) -> float:
    """Chance of a reading together with the pilot."""
    pilot = frozenset({"pilot"}) if "pilot" in seen.given else frozenset()
    what = Observation(
        pilot=made,
        talks=TalksReading(frozenset({NOT_OPENED})) if closed else None,
        given=pilot if closed else pilot | {"talks"},
        block_precision=seen.block_precision,
        block_days=readings.get("block_days"),
    )
    return math.exp(log_likelihood(eq, what).total)


def _talks(eq: TruceEquilibrium) -> dict[Event, float]:
    """Outcome, day and blackout of talks that have opened."""
    p, moves = eq.parameters, chain(eq.parameters)
    state, found = np.zeros(3), dict[Event, float]()
    state[CLEAR] = 1.0
    day = 0
    while state.sum() > LEAST_REACH and day < MOST_DAYS:
        day += 1
        found["deal", day, False] = float(state[CLEAR]) * p.lam
        found["deal", day, True] = float(state[1]) * p.lam
        found["broken off", day, True] = float(state[DARK]) * p.b_T
        state = state @ moves
    found["talking", day, None] = float(state.sum())
    return found


@dataclass(frozen=True, eq=False)
class Looked:
    """Values at one theta, and the smooth piece that it lies on."""

    values: NDArray[np.float64]
    regime: Regime


def look(eq: TruceEquilibrium, values: ArrayLike, seen: Observation) -> Looked:
    """Values, with the regime of all that an exchange like `seen` can bring."""
    unread = Observation(
        given=seen.given,
        block_days=seen.block_days if "block" in seen.given else None,
        block_precision=seen.block_precision,
    )
    return Looked(np.asarray(values, dtype=float), regime(log_likelihood(eq, unread)))


def derivatives(
    problem: Problem, theta: ArrayLike, at: Looked, again: Callable[[NDArray[np.float64]], Looked]
) -> NDArray[np.float64]:
    """Derivatives of values in shares of the ranges, shape (n, m); nan rows on a kink.

    Central differences with steps h and h/2, extrapolated; from one side, with three points, at an
    end of a range or beside a kink. Steps are halved until all lie on the smooth piece of `at`.
    """
    shares = shares_of(problem, np.asarray(theta, dtype=float))
    found = np.full((len(shares), len(at.values)), np.nan)
    for j in range(len(shares)):
        seen: dict[float, NDArray[np.float64] | None] = {0.0: at.values}

        def value(
            shift: float, j: int = j, seen: dict[float, NDArray[np.float64] | None] = seen
        ) -> NDArray[np.float64] | None:
            if shift not in seen:
                seen[shift] = _moved(problem, shares, j, shift, at, again)
            return seen[shift]

        found[j] = _slope(value, len(at.values))
    return found


def _slope(value: Callable[[float], NDArray[np.float64] | None], size: int) -> NDArray[np.float64]:
    for shape in (_central, _forward, _backward):
        for level in range(HALVINGS):
            slope = shape(value, STEP * 0.5**level)
            if slope is not None:
                return slope
    return np.full(size, np.nan)


def _central(
    value: Callable[[float], NDArray[np.float64] | None], h: float
) -> NDArray[np.float64] | None:
    points = [value(shift) for shift in (h, -h, 0.5 * h, -0.5 * h)]
    if any(point is None for point in points):
        return None
    a, b, c, d = (point for point in points if point is not None)
    return np.asarray((4.0 * (c - d) / h - (a - b) / (2.0 * h)) / 3.0)


def _forward(
    value: Callable[[float], NDArray[np.float64] | None], h: float
) -> NDArray[np.float64] | None:
    points = [value(shift) for shift in (0.0, h, 2.0 * h)]
    if any(point is None for point in points):
        return None
    a, b, c = (point for point in points if point is not None)
    return np.asarray((4.0 * b - 3.0 * a - c) / (2.0 * h))


def _backward(
    value: Callable[[float], NDArray[np.float64] | None], h: float
) -> NDArray[np.float64] | None:
    return _forward(value, -h)


def _moved(
    problem: Problem,
    shares: NDArray[np.float64],
    j: int,
    shift: float,
    at: Looked,
    again: Callable[[NDArray[np.float64]], Looked],
) -> NDArray[np.float64] | None:
    """Values after a move of one share; None off the smooth piece or outside the range."""
    moved = shares.copy()
    moved[j] += shift
    if not 0.0 <= moved[j] <= 1.0:
        return None
    try:
        found = again(at_shares(problem, moved))
    except (ScenarioError, SolveError):
        return None
    fine = found.regime == at.regime and found.values.shape == at.values.shape
    return found.values if fine and bool(np.all(np.isfinite(found.values))) else None
