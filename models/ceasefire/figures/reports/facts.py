"""Everything that a report tells of one solved scenario, computed once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ceasefire import truce
from ceasefire.figures import extended
from ceasefire.figures.reports.terms import differences, origin
from ceasefire.truce import _kernels as kernels
from ceasefire.truce.claims import RULES, Proposition
from ceasefire.truce.payoffs import day_price

if TYPE_CHECKING:
    import pandas as pd

    from ceasefire.truce import Comparison, Course, Scenario, TruceEquilibrium

SECOND: Final = 2  # category
MOST_STATES: Final = 3000  # behind all first blocks; larger scenarios take minutes to judge


@dataclass(frozen=True)
class Window:
    """One window of the most likely course, and what is played there.

    Attributes
    ----------
    day, held, held_second : int, float, float
        Pause days used and captives held; nan without a second category.
    trust, needed : float
        Belief in a dealer held, and the least at which a chunk is worth offering.
    best, category, cost : int, int, float
        The pausing state's best chunk: days (0: none), the category that pays, captives due.
    worth : float
        Value of that chunk to the pausing state net of resuming, utils; nan without one.
    offered, accepted, goes_on : float
        Chance that it offers some chunk, that the best one is accepted, that the pause goes on.
    agreed : int
        Days that the most likely course agrees here; 0 where it ends.
    delivers, after : float
        Chance that an opportunist delivers on the first day of the best chunk, and the belief
        after a delivery; nan where it is not told.
    """

    day: int
    held: float
    held_second: float
    trust: float
    needed: float
    best: int
    category: int
    cost: float
    worth: float
    offered: float
    accepted: float
    goes_on: float
    agreed: int
    delivers: float
    after: float


@dataclass(frozen=True, eq=False)
class Facts:
    """A solved scenario with what a report tells of it."""

    eq: TruceEquilibrium

    @property
    def scenario(self) -> Scenario:
        """What was solved."""
        return self.eq.scenario

    @property
    def base(self) -> bool:
        """Whether no extension of the model is on."""
        return not self.scenario.extensions

    @property
    def sound(self) -> bool:
        """Whether it is an equilibrium and every check holds."""
        return self.eq.status.solved and self.eq.certificate.passed

    @cached_property
    def small(self) -> bool:
        """Whether the fifty solves that judge the propositions take no more than some seconds."""
        return sum(line.nodes.kind.size for line in self.eq.lines) <= MOST_STATES

    @cached_property
    def origin(self) -> Scenario:
        """The packaged scenario that it is nearest to."""
        return origin(self.scenario)

    @cached_property
    def changed(self) -> pd.DataFrame:
        """Parameters in which it differs from that one."""
        return differences(self.origin, self.scenario)

    @cached_property
    def course(self) -> Course:
        """The course in equilibrium, given that a deal is made."""
        return self.eq.course()

    @cached_property
    def sequence(self) -> str:
        """The most likely chunks agreed, as in '4-2-1'; 'none' without a block."""
        return next((str(s) for s in self.course.chunks.index if s != "other"), "none")

    @cached_property
    def windows(self) -> list[Window]:
        """Windows of the most likely course, in order."""
        if self.sequence == "none":
            return []
        if self.scenario.second_category is not None:
            return _category_windows(self.eq, self.sequence)
        chunks = tuple(map(int, self.sequence.split("-")))
        if self.base:
            path = self.eq.path(chunks)
            rows: list[dict[Any, Any]] = path[path["stage"] == "window"].to_dict("records")
        else:
            rows = [*extended.windows(self.eq, chunks)]
        return [_window(self.eq, row, (*chunks[1:], 0)[k]) for k, row in enumerate(rows)]

    @cached_property
    def path(self) -> pd.DataFrame | None:
        """Days of the most likely course; None where an extension is on or none is agreed."""
        if not self.base or self.sequence == "none":
            return None
        path = self.eq.path(tuple(map(int, self.sequence.split("-"))))
        return path[path["stage"] == "day"]

    @cached_property
    def incentives(self) -> pd.DataFrame | None:
        """Extension incentives at those windows; None where an extension of the model is on."""
        if not self.base:
            return None
        return truce.extension(self.eq, [(w.held, w.day, w.trust) for w in self.windows])

    @cached_property
    def frictions(self) -> Comparison | None:
        """Courses with frictions off; None where there is nothing to decompose."""
        if not self.base or not self.eq.block_days or not self.eq.status.solved:
            return None
        return truce.decompose(self.scenario)

    @cached_property
    def propositions(self) -> list[Proposition]:
        """P1 to P9 judged; empty with an extension, where not solved, or where that takes long."""
        if not self.base or not self.eq.status.solved or not self.small:
            return []
        return [truce.proposition(name, self.scenario, equilibrium=self.eq) for name in RULES]


def _window(eq: Any, row: dict[Any, Any], agreed: int) -> Window:
    """A window of one category: the base model's or an extension's."""
    held, day, trust = float(row["held_captives"]), int(row["day"]), float(row["trust_held"])
    play = eq.values(held, day, trust)
    told = getattr(play, "after_list", play)  # with a mediator: after the report "list"
    best = int(row["best_chunk_days"])
    delivers, after = math.nan, math.nan
    if best and not eq.scenario.extensions:
        delivers, after = _delivery(eq.window(held, day), best, trust)
    prices = day_price(eq.parameters, day + np.arange(best), eq.block_days or day)
    return Window(
        day, held, math.nan, trust, float(row["trust_needed"]), best, 1,
        min(float(prices.sum()), held) if best else 0.0,
        float(told.chunk_values[best - 1]) if best else math.nan,
        float(row["offer_probability"]),
        float(told.acceptance[best - 1]) if best else math.nan,
        float(row["goes_on_probability"]), agreed, delivers, after,
    )  # fmt: skip


def _delivery(line: Any, option: int, trust: float) -> tuple[float, float]:
    """An opportunist's chance to deliver on a chunk's first day, and the belief after it does."""
    first = int(line.nodes.offers[line.head, option])
    at = line.at(trust)
    return float(at[kernels.DELIVER, first]), float(at[kernels.POSTERIOR, first])


def _category_windows(eq: Any, sequence: str) -> list[Window]:
    """Windows of a course in which either category may pay for a chunk, as in '4-2-s1'."""
    chunks = [(1 + token.startswith("s"), int(token.lstrip("s"))) for token in sequence.split("-")]
    line = eq.line(chunks[0][1])
    node, trust, found = line.head, eq.trust, []
    for k, chunk in enumerate(chunks):
        if k:
            node = int(line.nodes.offers[node, 1 + line.options(node).index(chunk)])
        for _ in range(chunk[1]):
            trust = float(line.at(trust)[kernels.POSTERIOR, node])
            node = int(line.nodes.following[node])
        where = float(line.first_held[node]), int(line.nodes.used[node])
        second = float(line.second_held[node])
        agreed = chunks[k + 1][1] if k + 1 < len(chunks) else 0
        found.append(_category_window(eq, where, second, trust, agreed))
    return found


def _category_window(
    eq: Any, where: tuple[float, int], second: float, trust: float, agreed: int
) -> Window:
    play, needed = eq.values(*where, trust, second), eq.trust_needed(*where, second)
    category, best = play.best
    worth = accepted = delivers = after = math.nan
    if best:
        k = play.options.index(play.best)
        worth, accepted = float(play.chunk_values[k]), float(play.acceptance[k])
        delivers, after = _delivery(eq.window(*where, second), k + 1, trust)
    price = eq.parameters.x if category != SECOND else eq.second_category.captives_per_extra_day
    return Window(
        where[1], where[0], second, trust, needed, best, category or 1, best * price, worth,
        play.offer_probability, accepted, play.goes_on, agreed, delivers, after,
    )  # fmt: skip
