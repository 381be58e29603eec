"""The course with two categories: exact distribution, and plays drawn at random.

A chunk paid for in the second category is kept as a negative number of days and printed with
an s: '4-2-s1' is a block of four days, two days for the first category, one for the second.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ceasefire.errors import ArgumentError
from ceasefire.truce.course import LEFT_DECIMALS, Chunks, Course, Ending, Outcome, Walk
from ceasefire.truce.extensions._second_line import SECOND
from ceasefire.truce.play import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from ceasefire.truce.extensions._second_line import CategoryLine


@dataclass(frozen=True)
class CategoryOutcome(Outcome):
    """One way to end; see :class:`Outcome`. Days paid in the second category are negative."""

    @property
    def sequence(self) -> str:
        """Chunks in days as in '4-2-s1', an s before chunks paid in the second category."""
        return self.chunks if isinstance(self.chunks, str) else _spell(self.chunks)


@dataclass(frozen=True, eq=False, repr=False)
class CategoryCourse(Course):
    """Exact joint distribution over outcomes; see :class:`Course`.

    `left` counts captives of both categories.

    Attributes
    ----------
    second_left : tuple of (float, float)
        Captives of the second category left, and their probability.
    batches : tuple of (block days, captives, captives, captives)
        For each first block in play: captives a day in the block, further on, and in the second
        category.
    """

    second_left: tuple[tuple[float, float], ...]
    batches: tuple[tuple[int, float, float, float], ...]

    @property
    def left_second(self) -> pd.Series[float]:
        """Probability of each number of captives of the second category left."""
        import pandas as pd

        series = pd.Series(dict(self.second_left), name="probability", dtype=float)
        return series.rename_axis("captives").sort_index()

    @property
    def second_used(self) -> float:
        """Probability that a day is bought in the second category."""
        most = max(left for left, _ in self.second_left)
        return float(sum(chance for left, chance in self.second_left if left < most))

    @cached_property
    def held_by_day(self) -> pd.DataFrame:
        """P(captives of both categories held at the end of day t), as in the base model."""
        import pandas as pd

        last = int(self.length.index.max())
        cells: dict[tuple[int, float], float] = defaultdict(float)
        for outcome, chance in self.outcomes:
            held = self._held(outcome)
            for t in range(last + 1):
                cells[t, held[min(t, outcome.delivered)]] += chance
        frame = pd.Series(cells).unstack().fillna(0.0).sort_index(axis=0)
        return frame.rename_axis(index="day", columns="captives").sort_index(axis=1)

    def _held(self, outcome: Outcome) -> list[float]:
        """Captives held after 0, 1, ... deliveries of an outcome, counted back from those left."""
        if isinstance(outcome.chunks, str):
            got, allowed = outcome.chunks, "a course with few enough sequences to tell them apart"
            raise ArgumentError("held_by_day", got, allowed, "lower terms.pause_days_max")
        due: list[float] = []
        if outcome.block_days:
            _, block, first, second = next(b for b in self.batches if b[0] == outcome.block_days)
            due += [block] * outcome.block_days
            for days in outcome.chunks[1:]:
                due += [first if days > 0 else second] * abs(days)
        delivered = due[: outcome.delivered]
        held = [outcome.left + sum(delivered[i:]) for i in range(len(delivered) + 1)]
        return [round(h, LEFT_DECIMALS) for h in held]


class CategoryWalk(Walk):
    """Forward pass that names chunks by category."""

    line: CategoryLine

    def __init__(self, line: CategoryLine, trust: float, block_days: int) -> None:
        self.second_left: dict[float, float] = defaultdict(float)
        super().__init__(line, trust, block_days)

    def _held_path(self) -> list[float]:
        return []  # the stock after n deliveries depends on their categories

    def course(self) -> CategoryCourse:
        """Run, and collect."""
        self.run()
        line, p = self.line, self.p
        found = [
            (CategoryOutcome(**vars(outcome)), chance) for outcome, chance in self.outcomes.items()
        ]
        batches = (self.block_days, float(line.nodes.batch[line.head]), p.x, line.second.x)
        left = tuple(self.second_left.items())
        return CategoryCourse(_sorted(found), self.trust, self.block_days, (), left, (batches,))

    def _end(
        self,
        length: int,
        node: int,
        ending: Ending,
        chunks: Chunks,
        mass: float,
        *,
        delivered: bool = False,
    ) -> None:
        super()._end(length, node, ending, chunks, mass, delivered=delivered)
        if mass > 0.0:
            second = float(self.line.second_held[node])
            if delivered and self.line.category[node] == SECOND:
                second -= float(self.line.nodes.batch[node])
            self.second_left[round(second, LEFT_DECIMALS) + 0.0] += mass

    def _chunk(self, node: int) -> int:
        return _name(self.line, node)


def trace(line: CategoryLine, trust: float, block_days: int) -> CategoryCourse:
    """Exact course from the head of `line`; see :func:`ceasefire.truce.course.trace`."""
    return CategoryWalk(line, trust, block_days).course()


def no_deal(first: float, second: float, trust: float) -> CategoryCourse:
    """Course of a scenario in which no first block is agreed."""
    outcome = CategoryOutcome(0, round(first + second, LEFT_DECIMALS), Ending.NO_DEAL, (), 0, 0)
    return CategoryCourse(((outcome, 1.0),), trust, 0, (), ((second, 1.0),), ())


def mix(parts: Sequence[tuple[CategoryCourse, float]]) -> CategoryCourse:
    """Lottery over courses that start with different blocks, each with its weight."""
    mass: dict[Outcome, float] = defaultdict(float)
    second: dict[float, float] = defaultdict(float)
    for course, weight in parts:
        for outcome, chance in course.outcomes:
            mass[outcome] += weight * chance
        for left, chance in course.second_left:
            second[left] += weight * chance
    likely, _ = max(parts, key=lambda part: part[1])
    batches = tuple(b for course, _ in parts for b in course.batches)
    left_over = tuple(second.items())
    found = _sorted(list(mass.items()))
    return CategoryCourse(found, likely.trust, likely.block_days, (), left_over, batches)


class CategoryTable(Table):
    """Plays in which an offer names a category and days."""

    line: CategoryLine

    def _chunk(self, node: int) -> int:
        return _name(self.line, node)

    def _spell(self, chunks: tuple[int, ...]) -> str:
        return _spell(chunks)


def _name(line: CategoryLine, node: int) -> int:
    days = int(line.nodes.left[node])
    return -days if line.category[node] == SECOND else days


def _spell(chunks: tuple[int, ...]) -> str:
    return "-".join(f"s{-days}" if days < 0 else str(days) for days in chunks) or "none"


def _sorted(found: Sequence[tuple[Outcome, float]]) -> tuple[tuple[Outcome, float], ...]:
    def order(item: tuple[Outcome, float]) -> tuple[int, float, str, str]:
        outcome = item[0]
        return outcome.length, -outcome.left, str(outcome.ending), outcome.sequence

    return tuple(sorted(found, key=order))
