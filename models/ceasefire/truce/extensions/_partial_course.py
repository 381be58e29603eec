"""The course with partial batches: exact distribution, and plays drawn at random."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.truce import payoffs
from ceasefire.truce.course import LEFT_DECIMALS, Chunks, Course, Ending, Outcome, Walk
from ceasefire.truce.extensions import _partial_kernels as kernels
from ceasefire.truce.extensions._partial_line import ROWS
from ceasefire.truce.play import State, Table

if TYPE_CHECKING:
    import pandas as pd

    from ceasefire.truce.extensions._partial_line import PartialLine


@dataclass(frozen=True)
class PartialOutcome(Outcome):
    """One way to end; `short_day` is the day index of the shortfall, -1 without one."""

    short_day: int = -1


@dataclass(frozen=True, eq=False, repr=False)
class PartialCourse(Course):
    """Exact joint distribution over outcomes; see :class:`ceasefire.truce.Course`.

    `held_after` holds the stocks of a course without a shortfall; `kept_back` what a shortfall
    on day 0, 1, 2, ... leaves above them, captives, for each first block in play.
    """

    kept_back: tuple[tuple[int, tuple[float, ...]], ...] = ()

    @cached_property
    def shortfall_probability(self) -> float:
        """Chance that some day of the pause brings a part of its batch."""
        return sum(chance for o, chance in self.outcomes if _short_day(o) >= 0)

    @cached_property
    def held_by_day(self) -> pd.DataFrame:
        """P(captives held at the end of day t): rows t = 0, 1, ...; columns captives."""
        import pandas as pd

        last = int(self.length.index.max())
        paths, kept = dict(self.held_after), dict(self.kept_back)
        cells: dict[tuple[int, float], float] = defaultdict(float)
        for outcome, chance in self.outcomes:
            held, short = paths[outcome.block_days], _short_day(outcome)
            for t in range(last + 1):
                stock = held[min(t, outcome.delivered)]
                if 0 <= short < t:
                    stock += kept[outcome.block_days][short]
                cells[t, round(stock, LEFT_DECIMALS) + 0.0] += chance
        frame = pd.Series(cells).unstack().fillna(0.0).sort_index(axis=0)
        return frame.rename_axis(index="day", columns="captives").sort_index(axis=1)


def _short_day(outcome: Outcome) -> int:
    return outcome.short_day if isinstance(outcome, PartialOutcome) else -1


def trace(line: PartialLine, trust: float, block_days: int) -> PartialCourse:
    """Exact course from the head of `line`; see :func:`ceasefire.truce.course.trace`."""
    walk = PartialWalk(line, trust, block_days)
    course = walk.course()
    due = walk.due()
    held = round(line.parameters.W0, LEFT_DECIMALS) - np.append(0.0, np.cumsum(due))
    kept = (1.0 - line.table.part_share) * due
    return PartialCourse(
        course.outcomes,
        course.trust,
        course.block_days,
        ((block_days, tuple(held.tolist())),),
        ((block_days, tuple(kept.tolist())),),
    )


class PartialWalk(Walk):
    """Forward pass with two sizes of a delivery and types that differ in what they can produce."""

    line: PartialLine

    def _held_path(self) -> list[float]:
        return []  # stocks depend on the shortfall; see `trace`

    def due(self) -> np.ndarray:
        """Captives due on day 0, 1, 2, ... of a pause that lasts to the cap."""
        p, nodes, head = self.p, self.line.nodes, self.line.head
        first = np.full(int(nodes.left[head]), float(nodes.size[kernels.WHOLE, head]))
        later = payoffs.day_price(p, np.arange(first.size, p.J), self.line.block_days)
        return np.append(first, later)

    def _end(
        self,
        length: int,
        node: int,
        ending: Ending,
        chunks: Chunks,
        mass: float,
        *,
        delivered: bool = False,
        branch: int = kernels.WHOLE,
    ) -> None:
        if mass <= 0.0:
            return
        nodes = self.line.nodes
        deliveries = int(nodes.used[node] - nodes.used[self.line.head]) + int(delivered)
        held, short = float(nodes.held[node]), int(nodes.short_day[node])
        if delivered:
            held -= float(nodes.size[branch, node])
            short = int(nodes.used[node]) if branch == kernels.PART else short
        left = round(held, LEFT_DECIMALS) + 0.0
        outcome = PartialOutcome(length, left, ending, chunks, deliveries, self.block_days, short)
        self.outcomes[outcome] += mass

    def _first_day(self, node: int, belief: float, chunks: Chunks, mass: np.ndarray) -> None:
        nodes = self.line.nodes
        able = self.line.produced(node).sum(axis=1)
        agreed = chunks if isinstance(chunks, str) else (*chunks, int(nodes.left[node]))
        missing = float(mass @ (1.0 - able))
        self._end(int(nodes.used[node]), node, Ending.NO_LIST_WINDOW, agreed, missing)
        self._able(node, belief, agreed, mass)

    def _later_day(self, node: int, belief: float, chunks: Chunks, mass: np.ndarray) -> None:
        nodes = self.line.nodes
        used, left = int(nodes.used[node]), int(nodes.left[node])
        able = self.line.produced(node).sum(axis=1)
        stay = self.line.stay_probability(node, belief)
        self._end(used, node, Ending.LEFT_INSIDE, chunks, float(mass.sum()) * (1.0 - stay))
        missing = stay * float(mass @ (1.0 - able))
        self._missed(node, used, left, Ending.NO_LIST_INSIDE, chunks, missing)
        self._able(node, belief, chunks, stay * mass)

    def _able(self, node: int, belief: float, chunks: Chunks, mass: np.ndarray) -> None:
        """Carry the mass of those who can produce, whole or part."""
        nodes, beta = self.line.nodes, self.p.beta
        at, able = self.line.play(node, belief), self.line.produced(node)
        used, left = int(nodes.used[node]), int(nodes.left[node])
        for branch, (deliver, posterior) in enumerate(ROWS):
            following = int(nodes.next[branch, node])
            if following < 0:
                continue
            come = mass * able[:, branch]
            refused = float(come[1] * (1.0 - at[deliver]))
            self._missed(node, used, left, Ending.RENEGED, chunks, refused)
            come = come * np.array([1.0, at[deliver]])
            lost = beta * float(come.sum())
            self._end(used + 1, node, Ending.INCIDENT, chunks, lost, delivered=True, branch=branch)
            states = self.arriving[following]
            self._push(states, float(at[posterior]), chunks, (1.0 - beta) * come)

    def _window(self, node: int, belief: float, chunks: Chunks, mass: np.ndarray) -> None:
        here, whole = self.line.seen_from(node), self.line
        self.line = here
        super()._window(node, belief, chunks, mass)
        self.line = whole


class PartialTable(Table):
    """Plays in which a day draws whether the whole, the part or nothing can be produced."""

    line: PartialLine

    def _draw(self, state: State, count: int) -> int:
        """Stand those that can produce something; return how many cannot."""
        _, node, belief, chunks, dealer = state
        whole, part = self.line.produced(node)[0 if dealer else 1]
        all_of_it, rest = self._split(count, float(whole))
        self._stand(("whole", node, belief, chunks, dealer), all_of_it)
        if part == 0.0:
            return rest
        some, rest = self._split(rest, float(part / (1.0 - whole)))
        self._stand(("part", node, belief, chunks, dealer), some)
        return rest

    def _list(self, state: State, count: int) -> None:
        nodes, node = self.line.nodes, state[1]
        missing = self._draw(state, count)
        held, used = float(nodes.held[node]), int(nodes.used[node])
        self._end(used, held, Ending.NO_LIST_WINDOW, state, missing)

    def _inside(self, state: State, count: int) -> None:
        _, node, belief, _, _ = state
        nodes = self.line.nodes
        stay, leave = self._split(count, self.line.stay_probability(node, belief))
        held, used = float(nodes.held[node]), int(nodes.used[node])
        self._end(used, held, Ending.LEFT_INSIDE, state, leave)
        self._sit_out(node, Ending.NO_LIST_INSIDE, state, self._draw(state, stay))

    def _whole(self, state: State, count: int) -> None:
        self._hand_over(state, count, kernels.WHOLE)

    def _part(self, state: State, count: int) -> None:
        self._hand_over(state, count, kernels.PART)

    def _hand_over(self, state: State, count: int, branch: int) -> None:
        _, node, belief, chunks, dealer = state
        nodes, at = self.line.nodes, self.line.play(node, belief)
        deliver, posterior = ROWS[branch]
        chance = 1.0 if dealer else float(at[deliver])
        delivered, held_back = self._split(count, chance)
        self._sit_out(node, Ending.RENEGED, state, held_back)
        incident, calm = self._split(delivered, self.p.beta)
        held = float(nodes.held[node] - nodes.size[branch, node])
        self._end(int(nodes.used[node]) + 1, held, Ending.INCIDENT, state, incident)
        following = int(nodes.next[branch, node])
        stage = "window" if nodes.kind[following] == kernels.WINDOW else "inside"
        self._stand((stage, following, float(at[posterior]), chunks, dealer), calm)

    def _window(self, state: State, count: int) -> None:
        whole = self.line
        self.line = whole.seen_from(state[1])
        super()._window(state, count)
        self.line = whole
