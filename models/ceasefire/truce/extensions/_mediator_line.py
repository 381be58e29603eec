"""Lines of play with a mediator: solved backward, exact at any belief."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.truce import _kernels as base
from ceasefire.truce.extensions import _mediator_kernels as kernels
from ceasefire.truce.game import (
    DEFAULT_BELIEFS,
    LineOfPlay,
    belief_grid,
    check_size,
    too_many_roots,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.truce.extensions.mediator import Mediator
    from ceasefire.truce.fields import Parameters

SAME_REPORT = 1e-9  # report strategies closer than this in probability are one


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class MediatedLine(LineOfPlay):
    """A solved line of play with reports at its windows; see :class:`LineOfPlay`.

    Attributes
    ----------
    interests : Interests
        The mediator's table.
    after_miss : ndarray, shape (nodes,)
        Expected further pause days after a missed delivery.
    """

    interests: kernels.Interests
    after_miss: NDArray[np.float64]

    def at(self, trust: float) -> NDArray[np.float64]:
        """Sweep at one belief: ndarray (15, nodes). Exact, cached."""
        trust = float(trust)
        if trust not in self._seen:
            out = np.zeros((kernels.N_ROWS, self.nodes.kind.size))
            kernels.sweep(
                self.parameters, self.interests, self.nodes, self.after_miss, trust, self.head, out
            )
            out.setflags(write=False)
            self._seen[trust] = out
        return self._seen[trust]

    def list_chances(self, node: int) -> tuple[float, float, float]:
        """P(list) at a window: before any signal, after a good one, after a bad one."""
        able = float(self.nodes.able[self.nodes.offers[node, 1]])
        accuracy = self.interests.accuracy
        return able, able + accuracy * (1.0 - able), (1.0 - accuracy) * able

    def equilibria(self, node: int, trust: float, steps: int = 96) -> list[tuple[float, float]]:
        """All report strategies in equilibrium at a window: (says "list" if good, if bad)."""
        if self.nodes.n_offers[node] == 0:
            return [(1.0, 0.0)]
        found = np.zeros((base.MAX_ROOTS, 2))
        one, two = np.zeros(7), np.zeros(7)
        out = self.at(trust).copy()
        n = kernels.reports(
            self.parameters, self.interests, self.nodes, node, float(trust), out, steps, found,
            one, two,
        )  # fmt: skip
        pairs: list[tuple[float, float]] = []
        for family, departure in found[:n]:
            over = family == kernels.OVERSTATE
            pair = (1.0, float(departure)) if over else (1.0 - float(departure), 0.0)
            if all(max(abs(a - b) for a, b in zip(pair, o, strict=True)) > SAME_REPORT
                   for o in pairs):  # fmt: skip
                pairs.append(pair)
        return pairs


def interests(table: Mediator) -> kernels.Interests:
    """Return the mediator's table for the compiled code."""
    return kernels.Interests(
        bias=table.bias,
        accuracy=table.accuracy,
        pause_value=table.pause_value_per_day,
        report_cost=table.false_report_cost,
        waiting=table.waiting_days,
    )


def solve_line(
    parameters: Parameters,
    mediator: kernels.Interests,
    held: float,
    day: int,
    *,
    head_days: int = 0,
    head_batch: float = 0.0,
    beliefs: int = DEFAULT_BELIEFS,
) -> MediatedLine:
    """Solve everything that can follow (held, day) and a head chunk.

    Raises
    ------
    ArgumentError
        Too many public states.
    SolveError
        A day has more critical posteriors than the kernel stores.
    """
    grid = belief_grid(beliefs)
    check_size(parameters, held, day, head_days)
    nodes = base.build_line(parameters, float(held), int(day), int(head_days), float(head_batch))
    size = nodes.kind.size
    nodes = nodes._replace(at_root=np.zeros((4, size, base.MAX_ROOTS)), at_one=np.zeros((4, size)))
    table = kernels.days_after_miss(
        parameters, int(nodes.used.max()) + 1, int(nodes.left.max()) + 1
    )
    days = nodes.kind == base.DAY
    after = np.zeros(size)
    after[days] = table[nodes.used[days] + 1, nodes.left[days] - 1]
    values = np.zeros((kernels.N_ROWS, size, grid.size))
    if not kernels.solve_line(parameters, mediator, nodes, after, grid, values):
        raise too_many_roots(f"{held:g} captives, day {day}")
    return MediatedLine(parameters, nodes, grid, values, interests=mediator, after_miss=after)
