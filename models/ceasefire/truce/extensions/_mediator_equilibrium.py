"""Solve the truce with a mediator: the base model's stages over lines of play with reports."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.errors import ArgumentError
from ceasefire.status import Status
from ceasefire.tolerances import EXPLOITABILITY
from ceasefire.truce import _kernels as base
from ceasefire.truce import course as courses
from ceasefire.truce.extensions import _mediator_kernels as kernels
from ceasefire.truce.extensions._mediator_course import MediatedTable, trace
from ceasefire.truce.extensions._mediator_line import MediatedLine, interests, solve_line
from ceasefire.truce.extensions._mediator_tree import check_line, worst
from ceasefire.truce.extensions._mediator_windows import mediated_values, trust_needed
from ceasefire.truce.fields import MOST_CAPTIVES
from ceasefire.truce.opening import check_solved, head_values, nash_products, open_pause
from ceasefire.truce.verify import may_have_several_roots, payoff_range

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from ceasefire.truce.extensions._certificate import ExtendedCertificate
    from ceasefire.truce.extensions._mediator_windows import MediatedWindow
    from ceasefire.truce.extensions.mediator import Mediator
    from ceasefire.truce.fields import Parameters
    from ceasefire.truce.pilot import Pilot
    from ceasefire.truce.scenario import Scenario
    from ceasefire.truce.talks import Talks

METHOD = "backward induction with exact critical posteriors and report strategies"


@dataclass(frozen=True, eq=False)
class MediatedEquilibrium:
    """Markov perfect Bayesian equilibrium of the truce with a strategic mediator.

    Attributes and methods are those of :class:`ceasefire.truce.TruceEquilibrium`; a window's
    values and the course tell what is reported.
    """

    scenario: Scenario
    trust: float
    block_days: int
    block_weights: Mapping[int, float]
    bargaining_weight: float
    pilot: Pilot
    talks: Talks
    lines: tuple[MediatedLine, ...]
    status: Status
    method: str
    beliefs: int
    _windows: dict[tuple[float, int], MediatedLine] = field(default_factory=dict, repr=False)

    play_table = MediatedTable

    @property
    def parameters(self) -> Parameters:
        """The scenario's parameters by the symbols of docs/model.md."""
        return self.lines[0].parameters

    @property
    def mediator(self) -> Mediator:
        """The mediator's table."""
        assert self.scenario.mediator is not None
        return self.scenario.mediator

    def line(self, block_days: int | None = None) -> MediatedLine:
        """Return the line of play behind a first block of `block_days` (default: the agreed)."""
        days = self.block_days if block_days is None else block_days
        if not 1 <= days <= len(self.lines):
            raise ArgumentError("block_days", days, f"an integer from 1 to {len(self.lines)}")
        return self.lines[days - 1]

    def window(self, held: float, day: int) -> MediatedLine:
        """Return the line of play that starts at the window (held captives, pause days used)."""
        p = self.parameters
        _check("held", held, 0.0, MOST_CAPTIVES)
        _check("day", day, 0, p.J)
        if int(day) != day:
            raise ArgumentError("day", day, "a whole number of pause days")
        key = (float(held), int(day))
        if key not in self._windows:
            made = solve_line(p, interests(self.mediator), *key, beliefs=self.beliefs)
            self._windows[key] = made
        return self._windows[key]

    def values(self, held: float, day: int, trust: float) -> MediatedWindow:
        """Return values and play at the window (held, day) under belief `trust`; exact."""
        _check("trust", trust, 0.0, 1.0)
        return mediated_values(self.window(held, day), float(trust))

    def trust_needed(self, held: float = 48, day: int = 4) -> float:
        """Least belief at which, after the report "list", some chunk is worth offering.

        nan where no chunk can be offered; inf where no belief suffices.
        """
        return trust_needed(self.window(held, day))

    @cached_property
    def block(self) -> pd.DataFrame:
        """Choice of the first block: values (utils) and Nash product, indexed by block days."""
        import pandas as pd

        values = head_values(self.lines, self.trust)
        columns = ["pausing_state", "dealer", "opportunist"]
        index = pd.RangeIndex(1, len(self.lines) + 1, name="block_days")
        frame = pd.DataFrame(values, index=index, columns=columns)
        return frame.assign(nash_product=nash_products(values, self.bargaining_weight))

    def course(self, trust: float | None = None, block_days: int | None = None) -> courses.Course:
        """Exact distribution of the course from the first block on.

        Waiting for a list that is not there counts no pause day.
        """
        belief = self.trust if trust is None else float(trust)
        _check("trust", belief, 0.0, 1.0)
        if block_days is None and len(self.block_weights) == 1:
            block_days = self.block_days
        if block_days == 0 or not self.block_weights:
            return courses.no_deal(self.parameters, belief)
        if block_days is not None:
            return trace(self.line(block_days), belief, block_days)
        parts = [(self.course(belief, days), share) for days, share in self.block_weights.items()]
        return courses.mix(parts)

    @cached_property
    def certificate(self) -> ExtendedCertificate:
        """Independent verification, computed on first use."""
        return _certify(self)


def solve_mediated(scenario: Scenario, *, beliefs: int, throw: bool) -> MediatedEquilibrium:
    """Solve a scenario whose table [mediator] is on."""
    assert scenario.mediator is not None
    p, table = scenario.symbols(), interests(scenario.mediator)
    lines = tuple(
        solve_line(p, table, p.W0, 0, head_days=days, head_batch=p.n0 / days, beliefs=beliefs)
        for days in range(1, min(p.Tmax, p.J) + 1)
    )
    opened = open_pause(p, lines, beliefs)
    equilibrium = MediatedEquilibrium(
        scenario=scenario,
        trust=opened.trust,
        block_days=opened.block_days,
        block_weights=opened.block_weights,
        bargaining_weight=opened.bargaining_weight,
        pilot=opened.pilot,
        talks=opened.talks,
        lines=lines,
        status=_claim(opened.status, p, lines, opened.trust),
        method=METHOD,
        beliefs=int(beliefs),
    )
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
    from ceasefire.truce.certificate import (
        MONTE_CARLO_PLAYS,
        MONTE_CARLO_SEED,
        compare_plays,
        pilot_error,
        several_roots,
    )
    from ceasefire.truce.extensions._certificate import ExtendedCertificate
    from ceasefire.truce.play import simulate

    lines, course = equilibrium.lines, equilibrium.course()
    tree = worst(tuple(check_line(line, equilibrium.trust) for line in lines))
    cells = [s.beliefs for line in lines for s in several_roots(line)]
    cells += [n for n in map(_several_reports, _windows_of(equilibrium)) if n]
    plays, error, p_value = 0, 0.0, float("nan")
    if equilibrium.block_days:
        plays = MONTE_CARLO_PLAYS
        drawn = simulate(equilibrium, plays, np.random.default_rng(MONTE_CARLO_SEED))  # type: ignore[arg-type]
        error, p_value = compare_plays(course, drawn, plays)
    return ExtendedCertificate(
        gains=(
            ("opportunist", tree.opportunist),
            ("pausing state", tree.pausing_state),
            ("political wing", tree.political_wing),
            ("mediator", tree.mediator),
        ),
        payoff_range=payoff_range(equilibrium.parameters),
        value_error=tree.value_error,
        bayes_error=tree.bayes_error,
        histories=tree.histories,
        beliefs=equilibrium.beliefs,
        several_roots_states=len(cells),
        several_roots_cells=sum(cells),
        jumps=sum(int(line.nodes.jumps.sum()) for line in lines),
        grid_error=max(_grid_error(line) for line in lines),
        probability_error=abs(sum(chance for _, chance in course.outcomes) - 1.0),
        monte_carlo_plays=plays,
        monte_carlo_error=error,
        monte_carlo_p=p_value,
        pilot_error=pilot_error(equilibrium),
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
    days, node = 0, head
    while nodes.kind[node] == base.DAY:
        days, node = days + 1, int(nodes.following[node])
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


def _check(name: str, value: float, low: float, high: float) -> None:
    try:
        fine = low <= value <= high  # nan fails both
    except TypeError:
        fine = False
    if not fine:
        raise ArgumentError(name, value, f"from {low:g} to {high:g}")
