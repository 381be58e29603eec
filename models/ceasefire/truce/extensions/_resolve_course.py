"""The course with a cabinet of hidden type: exact distribution, and plays drawn at random."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from ceasefire.truce.course import Chunks, Course, Ending, Walk
from ceasefire.truce.extensions._resolve_line import RELUCTANT, RESOLUTE
from ceasefire.truce.play import State, Table

if TYPE_CHECKING:
    from ceasefire.truce.extensions._resolve_line import ResolveLine


class ResolveWalk(Walk):
    """Forward pass in which a missed delivery is followed by a mixture of two walks."""

    line: ResolveLine

    def __init__(self, line: ResolveLine, trust: float, block_days: int) -> None:
        super().__init__(line, trust, block_days)
        self.misses: dict[tuple[int, int], float] = defaultdict(float)

    def _missed(
        self, node: int, used: int, left: int, ending: Ending, chunks: Chunks, mass: float
    ) -> None:
        super()._missed(node, used, left, ending, chunks, mass)
        self.misses[used + 1, left - 1] += max(mass, 0.0)

    def _sit_out(self, used: int, left: int) -> tuple[float, ...]:
        """Probabilities of 0, 1, 2, ... further days after a missed delivery."""
        if (used, left) not in self._aftermaths:
            shares = self.line.aftermath.cabinet.shares
            walks = [self._of_type(which, used, left) for which in (RESOLUTE, RELUCTANT)]
            mixed = (float(shares @ both) for both in zip(*walks, strict=True))
            self._aftermaths[used, left] = tuple(mixed)
        return self._aftermaths[used, left]

    def _of_type(self, which: int, used: int, left: int) -> list[float]:
        if left == 0:
            return [1.0]
        stay = float(self.line.aftermath.stay[which, used, left])
        chances = [1.0 - stay] + [0.0] * left
        chances[1] += stay * self.p.beta
        for more, chance in enumerate(self._of_type(which, used + 1, left - 1)):
            chances[1 + more] += stay * (1.0 - self.p.beta) * chance
        return chances


def trace(line: ResolveLine, trust: float, block_days: int) -> Course:
    """Exact course from the head of `line`; see :func:`ceasefire.truce.course.trace`."""
    return ResolveWalk(line, trust, block_days).course()


def misses(line: ResolveLine, trust: float, block_days: int) -> dict[tuple[int, int], float]:
    """Probability that a delivery fails and (days used, committed days left) follow."""
    walk = ResolveWalk(line, trust, block_days)
    walk.run()
    return dict(walk.misses)


class ResolveTable(Table):
    """Plays in which the cabinet's type is drawn when it is first asked to decide."""

    line: ResolveLine

    def _sit_out(self, node: int, cause: Ending, state: State, count: int) -> None:
        """A missed day counts; the committed rest is sat out while the cabinet stays."""
        nodes = self.line.nodes
        used, left = int(nodes.used[node]) + 1, int(nodes.left[node]) - 1
        ended, count = self._split(count, self.p.beta)
        self._end(used, float(nodes.held[node]), cause, state, ended)
        by_type = self._split(count, self.line.aftermath.cabinet.prior)
        for which, number in zip((RESOLUTE, RELUCTANT), by_type, strict=True):
            self._decide(which, node, (used, left), cause, state, number)

    def _decide(
        self, which: int, node: int, at: tuple[int, int], cause: Ending, state: State, count: int
    ) -> None:
        """A cabinet of one type stays or leaves, day by day."""
        (used, left), held = at, float(self.line.nodes.held[node])
        while count and left:
            stay = float(self.line.aftermath.stay[which, used, left])
            count, leave = self._split(count, stay)
            self._end(used, held, cause, state, leave)
            used, left = used + 1, left - 1
            ended, count = self._split(count, self.p.beta)
            self._end(used, held, cause, state, ended)
        self._end(used, held, cause, state, count)
