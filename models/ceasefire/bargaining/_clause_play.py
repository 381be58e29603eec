"""One extension clause, and how the truce is played under it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ceasefire.bargaining._words import counted
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError, ScenarioError, SolveError
from ceasefire.status import Status

if TYPE_CHECKING:
    from ceasefire.truce import Scenario
    from ceasefire.truce.course import Course
    from ceasefire.truce.game import LineOfPlay

REMEMBERED = 20_000  # clauses solved that are kept; a few hundred bytes each


@dataclass(frozen=True, order=True)
class Clause(Displayed):
    """Terms of a pause and of its extension.

    Attributes
    ----------
    price : float
        Captives due for the first further day.
    growth : float
        By which that rises with each further day, captives per day; negative: falls.
    cap_days, chunk_days : int
        Longest pause, and longest extension at once, days.
    first_block : float
        Captives of the first block.

    Examples
    --------
    >>> Clause(8, 1, 10, 4, 50).schedule(4)
    (8.0, 9.0, 10.0, 11.0)
    >>> Clause(8, 1, 10, 4, 50).kind
    'rising'
    """

    price: float
    growth: float
    cap_days: int
    chunk_days: int
    first_block: float

    @classmethod
    def of(cls, scenario: Scenario) -> Clause:
        """The clause that a scenario has."""
        p = scenario.symbols()
        return cls(p.x, p.x1, p.J, p.Emax, p.n0)

    @property
    def kind(self) -> str:
        """``constant``, ``rising`` or ``falling``."""
        if self.growth == 0:
            return "constant"
        return "rising" if self.growth > 0 else "falling"

    def schedule(self, days: int) -> tuple[float, ...]:
        """Captives due on the first `days` further days."""
        return tuple(float(self.price + k * self.growth) for k in range(days))

    def terms(self, scenario: Scenario, **others: float) -> Scenario:
        """The scenario under this clause, and with `others` changed, by symbol.

        Raises
        ------
        ScenarioError
            No such terms: a price that falls to 0 before the cap, more captives than there are.
        """
        own = {"J": int(self.cap_days), "Emax": int(self.chunk_days), "x": float(self.price),
               "n0": float(self.first_block), "x1": float(self.growth)}  # fmt: skip
        return scenario.replace({**own, **others})

    def __str__(self) -> str:
        """Say it in words."""
        per_day = f"{self.price:g} a day"
        if self.growth:
            per_day = f"{self.price:g}, {self.price + self.growth:g}, ... a day"
        return (
            f"{self.first_block:g} first, then {per_day} "
            f"(cap {counted(self.cap_days, 'day')}, {self.chunk_days} at once)"
        )


@dataclass(frozen=True)
class ClausePlay(Displayed):
    """Equilibrium play under one clause; days, captives and values are expectations given a deal.

    Attributes
    ----------
    clause : Clause
    trust : float
        Belief in a dealer when the pause opens.
    block_days : int
        First block, days; the likelier where two tie, 0 where none is agreed.
    open_probability : float
        Chance that the pausing state opens talks at all.
    days, freed : float
        Pause days, captives freed.
    captor, pausing_state : float
        Worth of the pause to a dealer and to the pausing state, utils net of war.
    lasting, incident : float
        Chance that the pause lasts the days asked about, and that an incident ends it.
    agreed : bool
        Whether a block is agreed that is worth at least war to both.
    complete : bool
        Whether other equilibria were ruled out.
    """

    clause: Clause
    trust: float
    block_days: int
    open_probability: float
    days: float
    freed: float
    captor: float
    pausing_state: float
    lasting: float
    incident: float
    agreed: bool
    complete: bool

    def __repr__(self) -> str:
        if not self.agreed:
            return f"{self.clause}: no block agreed"
        return (
            f"{self.clause}: block of {self.block_days} days, {self.days:.3f} days and "
            f"{self.freed:.2f} freed given a deal, talks open with {self.open_probability:.3f}"
        )


@dataclass(frozen=True)
class Setting:
    """What stays the same while clauses are tried.

    Attributes
    ----------
    scenario : Scenario
    digest : str
        The scenario's digest, by which settings are told apart.
    trust : float or None
        Opening belief; None: the pilot is solved anew under every clause.
    block_days : int or None
        Days of the first block; None: bargained over anew under every clause.
    lasting_days, beliefs : int
        Days that `ClausePlay.lasting` asks about, and beliefs that bracket roots.
    """

    scenario: Scenario = field(hash=False, compare=False)
    digest: str
    trust: float | None
    block_days: int | None
    lasting_days: int
    beliefs: int


class Opening(NamedTuple):
    """What is played: blocks with their probabilities and solved lines, belief, chance of talks."""

    status: Status
    trust: float
    weights: dict[int, float]
    lines: dict[int, LineOfPlay]
    open_probability: float


def opening(setting: Setting, clause: Clause) -> Opening:
    """Solve the truce under `clause`.

    Raises
    ------
    ScenarioError, ArgumentError
        There are no such terms.
    SolveError
        Not solved.
    """
    from ceasefire import truce

    # where the belief is given, no pilot is needed to reach it
    given = {} if setting.trust is None else {"pi0": float(setting.trust), "x_p": 0.0}
    scenario = clause.terms(setting.scenario, **given)
    if setting.block_days is not None:
        return _imposed(scenario, setting.block_days, setting.beliefs)
    eq = truce.solve(scenario, beliefs=setting.beliefs)
    lines = {days: eq.line(days) for days in eq.block_weights if days}
    weights = dict(eq.block_weights)
    return Opening(eq.status, eq.trust, weights, lines, float(eq.pilot.open_probability))


def _imposed(scenario: Scenario, days: int, beliefs: int) -> Opening:
    """The same where the block's length is not bargained over: the pilot faces this block."""
    from ceasefire.truce.game import solve_line
    from ceasefire.truce.opening import open_pause
    from ceasefire.truce.verify import may_have_several_roots

    p = scenario.symbols()
    if days > p.J:
        raise ArgumentError("block_days", days, f"at most the cap, {p.J} days")
    line = solve_line(p, p.W0, 0, head_days=days, head_batch=p.n0 / days, beliefs=beliefs)
    opened = open_pause(p, (line,), beliefs)
    if not opened.status.solved:
        raise SolveError(f"{scenario.name}: {opened.status.message}", reached=opened)
    weights = {days if block else 0: share for block, share in opened.block_weights.items()}
    several = may_have_several_roots(line)
    status = Status.INCOMPLETE if several and opened.status is Status.OK else opened.status
    lines = {days: line} if any(weights) else {}
    return Opening(status, opened.trust, weights, lines, float(opened.pilot.open_probability))


@lru_cache(maxsize=REMEMBERED)
def played(setting: Setting, clause: Clause) -> ClausePlay | None:
    """Measures of the play under `clause`; None where there are no such terms or no solution."""
    from ceasefire.truce.course import trace
    from ceasefire.truce.opening import head_values

    try:
        found = opening(setting, clause)
    except (ScenarioError, SolveError, ArgumentError):
        return None
    total = np.zeros(6)
    for days, line in found.lines.items():
        worth = head_values((line,), found.trust)[0]
        numbers = _measures(trace(line, found.trust, days), setting.lasting_days)
        total += found.weights[days] * np.array([*numbers, worth[1], worth[0]])
    length, freed, lasting, incident, captor, pauser = total.tolist()
    block = max(found.lines, key=lambda days: found.weights[days], default=0)
    return ClausePlay(
        clause, found.trust, block, found.open_probability, length, freed, captor, pauser,
        lasting, incident, bool(found.lines) and captor >= 0.0 and pauser >= 0.0,
        found.status is not Status.INCOMPLETE,
    )  # fmt: skip


def _measures(course: Course, lasting_days: int) -> tuple[float, float, float, float]:
    """Mean days and captives freed, chance to last `lasting_days`, chance of an incident."""
    from ceasefire.truce.course import Ending

    held = course.held_after[0][1][0]
    chance = np.array([p for _, p in course.outcomes])
    days = np.array([o.length for o, _ in course.outcomes])
    left = np.array([o.left for o, _ in course.outcomes])
    ended = np.array([o.ending is Ending.INCIDENT for o, _ in course.outcomes])
    return (
        float(chance @ days), float(held - chance @ left),
        float(chance[days >= lasting_days].sum()), float(chance[ended].sum()),
    )  # fmt: skip
