"""Solve the truce with a mediator: the base model's stages over lines of play with reports."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.status import Status
from ceasefire.tolerances import EXPLOITABILITY
from ceasefire.truce import _kernels as base
from ceasefire.truce.extensions import _mediator_kernels as kernels
from ceasefire.truce.extensions._mediator_course import MediatedTable, trace
from ceasefire.truce.extensions._mediator_line import MediatedLine, interests, solve_line
from ceasefire.truce.extensions._mediator_tree import check_line, worst
from ceasefire.truce.extensions._mediator_windows import mediated_values, trust_needed
from ceasefire.truce.opening import check_solved, open_pause
from ceasefire.truce.solution import BaseCourses, check_number, check_window, first_blocks
from ceasefire.truce.verify import may_have_several_roots, payoff_range

if TYPE_CHECKING:
    from ceasefire.truce.course import Course
    from ceasefire.truce.extensions._certificate import ExtendedCertificate
    from ceasefire.truce.extensions._mediator_windows import MediatedWindow
    from ceasefire.truce.extensions.mediator import Mediator
    from ceasefire.truce.fields import Parameters
    from ceasefire.truce.scenario import Scenario

METHOD = "backward induction with exact critical posteriors and report strategies"


@dataclass(frozen=True, eq=False, repr=False)
class MediatedEquilibrium(BaseCourses[MediatedLine]):
    """Markov perfect Bayesian equilibrium of the truce with a strategic mediator.

    Attributes and methods are those of :class:`ceasefire.truce.TruceEquilibrium`; a window's
    values and the course tell what is reported.
    """

    play_table = MediatedTable

    @property
    def mediator(self) -> Mediator:
        """The mediator's table."""
        assert self.scenario.mediator is not None
        return self.scenario.mediator

    def window(self, held: float, day: int) -> MediatedLine:
        """Return the line of play that starts at the window (held captives, pause days used)."""
        p = self.parameters
        check_window(p, held, day)
        key = (float(held), int(day))
        if key not in self._windows:
            made = solve_line(p, interests(self.mediator), *key, beliefs=self.beliefs)
            self._windows[key] = made
        return self._windows[key]

    def values(self, held: float, day: int, trust: float) -> MediatedWindow:
        """Return values and play at the window (held, day) under belief `trust`; exact."""
        check_number("trust", trust, 0.0, 1.0)
        return mediated_values(self.window(held, day), float(trust))

    def trust_needed(self, held: float = 48, day: int = 4) -> float:
        """Least belief at which, after the report "list", some chunk is worth offering.

        nan where no chunk can be offered; inf where no belief suffices.
        """
        return trust_needed(self.window(held, day))

    def _trace(self, line: MediatedLine, trust: float, block_days: int) -> Course:
        return trace(line, trust, block_days)

    @cached_property
    def certificate(self) -> ExtendedCertificate:
        """Independent verification, computed on first use."""
        return _certify(self)


def solve_mediated(scenario: Scenario, *, beliefs: int, throw: bool) -> MediatedEquilibrium:
    """Solve a scenario whose table [mediator] is on."""
    assert scenario.mediator is not None
    p, table = scenario.symbols(), interests(scenario.mediator)
    lines = tuple(
        solve_line(p, table, p.W0, 0, head_days=days, head_batch=batch, beliefs=beliefs)
        for days, batch in first_blocks(p)
    )
    opened = open_pause(p, lines, beliefs)
    claimed = opened._replace(status=_claim(opened.status, p, lines, opened.trust))
    equilibrium = MediatedEquilibrium.of(scenario, claimed, lines, METHOD, beliefs)
    check_solved(equilibrium, throw=throw)
    return equilibrium


def _claim(
    status: Status, parameters: Parameters, lines: tuple[MediatedLine, ...], trust: float
) -> Status:
    """Weaken `status` by the walk of the tree, and where several solutions may exist.

    The walk is always taken: that reports near the truth are best replies to themselves holds
    under a single-crossing condition which only the mediator's payoffs at hand can show.
    """
    if status is Status.NOT_CONVERGED:
        return status
    tree = worst(tuple(check_line(line, trust) for line in lines))
    if tree.exploitability > EXPLOITABILITY * payoff_range(parameters):
        return Status.EXPLOITABLE
    several = tree.several_reports or any(may_have_several_roots(line) for line in lines)
    if status is Status.OK and several:
        return Status.INCOMPLETE
    return status


def _certify(equilibrium: MediatedEquilibrium) -> ExtendedCertificate:
    from ceasefire.truce.certificate import several_roots
    from ceasefire.truce.extensions._certificate import extended_certificate

    lines = equilibrium.lines
    tree = worst(tuple(check_line(line, equilibrium.trust) for line in lines))
    cells = [s.beliefs for line in lines for s in several_roots(line)]
    cells += [n for n in map(_several_reports, _windows_of(equilibrium)) if n]
    return extended_certificate(
        equilibrium,
        tree,
        gains=(
            ("opportunist", tree.opportunist),
            ("pausing state", tree.pausing_state),
            ("political wing", tree.political_wing),
            ("mediator", tree.mediator),
        ),
        value_error=tree.value_error,
        payoff_range=payoff_range(equilibrium.parameters),
        several_roots=cells,
        grid_error=max(_grid_error(line) for line in lines),
    )


def _windows_of(equilibrium: MediatedEquilibrium) -> list[tuple[MediatedLine, int]]:
    """Windows with offers, over all first blocks."""
    return [
        (line, int(node))
        for line in equilibrium.lines
        for node in np.flatnonzero((line.nodes.kind == base.WINDOW) & (line.nodes.n_offers > 0))
    ]


def _several_reports(where: tuple[MediatedLine, int]) -> int:
    """Grid beliefs at which a window has several report strategies in equilibrium."""
    line, node = where
    return sum(len(line.equilibria(node, float(trust), 32)) > 1 for trust in line.beliefs)


def _grid_error(line: MediatedLine) -> float:
    nodes, head = line.nodes, line.head
    days = int(nodes.left[head])  # 0 at a window
    finer = solve_line(
        line.parameters,
        line.interests,
        float(nodes.held[head]),
        int(nodes.used[head]),
        head_days=days,
        head_batch=float(nodes.batch[head]) if days else 0.0,
        beliefs=2 * line.beliefs.size - 1,
    )
    rows = [kernels.Y, kernels.UD, kernels.UO, kernels.Z]
    return float(np.abs(line.values[rows] - finer.values[rows][:, :, ::2]).max())
