"""Solve the truce with partial batches: the base model's stages over lines with shortfalls."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.errors import ArgumentError
from ceasefire.truce import course as courses
from ceasefire.truce.extensions import _partial_kernels as kernels
from ceasefire.truce.extensions._partial_course import PartialCourse, PartialTable, trace
from ceasefire.truce.extensions._partial_line import PartialLine, solve_line
from ceasefire.truce.extensions._partial_news import DayNews, day_news, follow_whole
from ceasefire.truce.extensions._partial_tree import check_line, terms_error
from ceasefire.truce.opening import check_solved, open_pause
from ceasefire.truce.solution import BaseCourses, check_number, check_window, claim, first_blocks
from ceasefire.truce.verify import payoff_range, worst
from ceasefire.truce.windows import WindowValues, trust_needed, window_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ceasefire.truce.extensions._certificate import ExtendedCertificate
    from ceasefire.truce.extensions.partial_batches import PartialBatches
    from ceasefire.truce.scenario import Scenario

METHOD = "backward induction with exact critical posteriors of whole and part"


@dataclass(frozen=True, eq=False, repr=False)
class PartialEquilibrium(BaseCourses[PartialLine]):
    """Markov perfect Bayesian equilibrium of the truce with partial batches.

    Attributes and methods are those of :class:`ceasefire.truce.TruceEquilibrium`; windows are
    those of a pause without a shortfall so far, and :meth:`news` says what a day tells.
    """

    play_table = PartialTable

    @property
    def partial_batches(self) -> PartialBatches:
        """The table of this extension."""
        return self.lines[0].table

    def window(self, held: float, day: int) -> PartialLine:
        """Return the line of play that starts at the window (held captives, pause days used)."""
        p = self.parameters
        check_window(p, held, day)
        key = (float(held), int(day))
        if key not in self._windows:
            counted = self.block_days or int(day)
            made = solve_line(
                p, self.partial_batches, *key, beliefs=self.beliefs, block_days=counted
            )
            self._windows[key] = made
        return self._windows[key]

    def values(self, held: float, day: int, trust: float) -> WindowValues:
        """Return values and play at the window (held, day) under belief `trust`; exact."""
        check_number("trust", trust, 0.0, 1.0)
        return window_values(self.window(held, day), float(trust))

    def news(self, held: float, day: int, trust: float) -> DayNews:
        """Return what the day of a one-day chunk at the window (held, day) tells.

        Raises
        ------
        ArgumentError
            No day can be offered at that window.
        """
        check_number("trust", trust, 0.0, 1.0)
        line = self.window(held, day)
        if line.nodes.n_offers[line.head] == 0:
            raise ArgumentError("held", held, "a stock and day with a chunk to offer")
        return day_news(line, float(trust))

    def trust_held(self, chunks: tuple[int, ...]) -> float:
        """Belief in a dealer once `chunks` (days, the first block first) were delivered whole."""
        line = self.line(chunks[0] if chunks else None)
        return follow_whole(line, self.trust, chunks)[1]

    def trust_needed(self, held: float = 48, day: int = 4) -> float:
        """Least belief at which some chunk is worth offering; see TruceEquilibrium."""
        return trust_needed(self.window(held, day))

    def _trace(self, line: PartialLine, trust: float, block_days: int) -> courses.Course:
        return trace(line, trust, block_days)

    def _mix(self, parts: Sequence[tuple[courses.Course, float]]) -> courses.Course:
        kept = [pair for part, _ in parts for pair in getattr(part, "kept_back", ())]
        mixed = courses.mix(parts)
        return PartialCourse(
            mixed.outcomes, mixed.trust, mixed.block_days, mixed.held_after, tuple(kept)
        )

    @cached_property
    def certificate(self) -> ExtendedCertificate:
        """Independent verification, computed on first use."""
        return _certify(self)


def solve_partial(scenario: Scenario, *, beliefs: int, throw: bool) -> PartialEquilibrium:
    """Solve a scenario whose table [partial_batches] is on."""
    assert scenario.partial_batches is not None
    p, table = scenario.symbols(), scenario.partial_batches
    lines = tuple(
        solve_line(p, table, p.W0, 0, head_days=days, head_batch=batch, beliefs=beliefs)
        for days, batch in first_blocks(p)
    )
    opened = open_pause(p, lines, beliefs)
    claimed = claim(
        opened,
        lines,
        check=check_line,
        payoff_range=payoff_range(p),
        several=_may_have_several_roots,
    )
    equilibrium = PartialEquilibrium.of(scenario, claimed, lines, METHOD, beliefs)
    check_solved(equilibrium, throw=throw)
    return equilibrium


def _may_have_several_roots(line: PartialLine) -> bool:
    nodes = line.nodes
    falling = (nodes.n_roots == 1) & (nodes.gain_at_one <= 0.0)
    return bool(np.any((nodes.next >= 0) & ((nodes.n_roots > 1) | falling)))


def _several_roots(line: PartialLine) -> list[int]:
    """Per size of a day: posteriors on the grid, if all deliver, with several solutions."""
    nodes = line.nodes
    found: list[int] = []
    if not _may_have_several_roots(line):
        return found
    for branch, node in zip(*np.nonzero(nodes.next >= 0), strict=True):
        following = int(nodes.next[branch, node])
        cells = 0
        for after in map(float, line.beliefs[:-1]):
            honest = float(line.play(following, after)[kernels.UO])
            gain = -nodes.loss[branch, node] + (1.0 - line.parameters.beta) * (
                honest - nodes.captor_after_miss[node]
            )
            roots = nodes.roots[branch, node, : nodes.n_roots[branch, node]]
            number = int((roots > after).sum()) + int(gain >= 0.0)
            cells += number + int(nodes.gain_at_one[branch, node] <= 0.0) > 1
        found += [cells] if cells else []
    return found


def _certify(equilibrium: PartialEquilibrium) -> ExtendedCertificate:
    from ceasefire.truce.extensions._certificate import extended_certificate

    lines = equilibrium.lines
    tree = worst(tuple(check_line(line, equilibrium.trust) for line in lines))
    return extended_certificate(
        equilibrium,
        tree,
        gains=(
            ("opportunist", tree.opportunist),
            ("pausing state", tree.pausing_state),
            ("political wing", tree.political_wing),
        ),
        value_error=max(tree.value_error, *(terms_error(line) for line in lines)),
        payoff_range=payoff_range(equilibrium.parameters),
        several_roots=[count for line in lines for count in _several_roots(line)],
        grid_error=max(_grid_error(line) for line in lines),
    )


def _grid_error(line: PartialLine) -> float:
    nodes, head = line.nodes, line.head
    days = int(nodes.left[head])
    finer = solve_line(
        line.parameters,
        line.table,
        float(nodes.held[head]),
        int(nodes.used[head]),
        head_days=days,
        head_batch=float(nodes.size[kernels.WHOLE, head]),
        beliefs=2 * line.beliefs.size - 1,
        block_days=line.block_days,
    )
    rows = slice(kernels.Y, kernels.FIRST_UO + 1)
    return float(np.abs(line.values[rows] - finer.values[rows][:, :, ::2]).max())
