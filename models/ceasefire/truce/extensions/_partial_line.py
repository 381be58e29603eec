"""Lines of play with partial batches: built, solved backward, exact at any belief."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.errors import ArgumentError
from ceasefire.truce import _kernels as base
from ceasefire.truce import payoffs
from ceasefire.truce.course import window_play
from ceasefire.truce.extensions import _partial_kernels as kernels
from ceasefire.truce.game import (
    DEFAULT_BELIEFS,
    MAX_NODES,
    LineOfPlay,
    belief_grid,
    check_size,
    too_many_roots,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.truce.extensions.partial_batches import PartialBatches
    from ceasefire.truce.fields import Parameters

# by size, whole and part: rows of how likely it is delivered and of what is believed after it
ROWS = ((kernels.DELIVER, kernels.POSTERIOR), (kernels.HAND_PART, kernels.SHORT_POSTERIOR))
NONE_YET = -1  # no shortfall so far
SAME_STOCK = 9  # decimals of captives by which stocks are told apart


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class PartialLine(LineOfPlay):
    """A solved line of play with partial batches; see :class:`LineOfPlay`.

    Since a delivery of the whole batch is news of its own, beliefs change along a line even
    where everybody delivers. :meth:`at` therefore sweeps from one node, the head by default,
    and other columns hold what follows from there; see :meth:`seen_from`.

    Attributes
    ----------
    table : PartialBatches
        The scenario's table.
    start : int
        The node from which :meth:`at` sweeps.
    """

    nodes: kernels.PartialNodes  # type: ignore[assignment]
    table: PartialBatches
    start: int
    _views: dict[int, PartialLine] = field(default_factory=dict, repr=False)

    def at(self, trust: float) -> NDArray[np.float64]:
        """Sweep from `start` at one belief: ndarray (10, nodes). Exact, cached."""
        trust = float(trust)
        if trust not in self._seen:
            out = np.zeros((kernels.N_ROWS, self.nodes.kind.size))
            belief = np.empty(self.nodes.kind.size)
            kernels.sweep(self.parameters, self.nodes, self.start, trust, belief, out)
            out.setflags(write=False)
            self._seen[trust] = out
        return self._seen[trust]

    def seen_from(self, node: int) -> PartialLine:
        """Return the same line swept from another node."""
        if node not in self._views:
            self._views[node] = replace(self, start=node, _seen={}, _views={})
        return self._views[node]

    def play(self, node: int, trust: float) -> NDArray[np.float64]:
        """Values and strategies of one node under a belief; ndarray (10,)."""
        return np.asarray(self.seen_from(node).at(trust)[:, node])

    def window(self, node: int, trust: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Offers and acceptance at a window; see :func:`ceasefire.truce.course.window_play`."""
        return window_play(self.seen_from(node), node, trust)

    def produced(self, node: int) -> NDArray[np.float64]:
        """Chances [[dealer whole, part], [opportunist whole, part]] of being able to produce."""
        return np.array([self.nodes.dealer[:, node], self.nodes.opportunist[:, node]])

    def day_value(self, node: int, trust: float) -> float:
        """Pausing state's value of a day inside a chunk, before it stays or leaves; utils."""
        p, nodes = self.parameters, self.nodes
        missed = -nodes.cost[node] + (1.0 - p.beta) * nodes.pauser_after_miss[node]
        able = float(np.array([trust, 1.0 - trust]) @ self.produced(node).sum(axis=1))
        return float(self.play(node, trust)[kernels.FIRST_Y] + (1.0 - able) * missed)


def solve_line(
    parameters: Parameters,
    table: PartialBatches,
    held: float,
    day: int,
    *,
    head_days: int = 0,
    head_batch: float = 0.0,
    beliefs: int = DEFAULT_BELIEFS,
    block_days: int | None = None,
) -> PartialLine:
    """Solve everything that can follow (held, day) and a head chunk; no shortfall so far.

    Raises
    ------
    ArgumentError
        Too many public states.
    SolveError
        A day has more critical posteriors than the kernel stores.

    Notes
    -----
    A shortfall's day is part of the state, so states number about (days + 1) / 2 times those of
    the base model, and time grows with their square. Measured: 139 states 0.1 s, 730 states
    1.7 s (twice the stock, cap of 20 days), 1720 states 7.5 s (three times, cap of 28).
    """
    grid = belief_grid(beliefs)
    check_size(parameters, held, day, head_days)
    block = int(head_days) if block_days is None else int(block_days)
    nodes = _Builder(parameters, table, block).build(
        float(held), int(day), int(head_days), float(head_batch)
    )
    values = np.zeros((kernels.N_ROWS, nodes.kind.size, grid.size))
    if not kernels.solve_nodes(parameters, nodes, grid, values):
        raise too_many_roots(f"{held:g} captives, day {day}")
    return PartialLine(
        parameters=parameters,
        nodes=nodes,
        beliefs=grid,
        values=values,
        block_days=block,
        table=table,
        start=nodes.kind.size - 1,
    )


@dataclass(frozen=True)
class _Node:
    """Public state; `batch` is 0 at a window."""

    held: float
    used: int
    left: int
    batch: float
    short_day: int

    @property
    def key(self) -> tuple[float, int, int, int]:
        """What tells states apart; paths to one stock add up its batches in different order."""
        return round(self.held, SAME_STOCK), self.used, self.left, self.short_day


class _Builder:
    """Number the states behind a head, successors first."""

    def __init__(self, parameters: Parameters, table: PartialBatches, block_days: int) -> None:
        self.p, self.table, self.block_days = parameters, table, block_days
        self.found: dict[tuple[float, int, int, int], int] = {}
        self.order: list[tuple[_Node, tuple[int, ...]]] = []
        # a part that nobody could be short by would only ever be a breach
        self.parts = table.part_chance > 0.0 or table.slack > 0.0

    def build(
        self, held: float, used: int, head_days: int, head_batch: float
    ) -> kernels.PartialNodes:
        """Return the nodes, the head last."""
        self._visit(_Node(held, used, head_days, min(head_batch, held), NONE_YET))
        return self._fill()

    def _visit(self, node: _Node) -> int:
        if node.key not in self.found:
            following = tuple(self._visit(n) for n in self._successors(node))
            if len(self.order) >= MAX_NODES:
                hint = "raise terms.captives_per_extra_day, or lower the caps on days"
                allowed = f"at most {MAX_NODES} public states behind one block"
                raise ArgumentError("terms", "more", allowed, hint)
            self.found[node.key] = len(self.order)
            self.order.append((node, following))
        return self.found[node.key]

    def _successors(self, node: _Node) -> list[_Node]:
        """After the whole batch, then after the part; at a window, chunks of 1, 2, ... days."""
        p, share = self.p, self.table.part_share
        if node.left == 0:
            most = p.J - node.used
            days = len(payoffs.further_days(p, node.held, node.used, self.block_days, most)) - 1
            due = min(float(payoffs.day_price(p, node.used, self.block_days)), node.held)
            return [
                _Node(node.held, node.used, e, due, node.short_day)
                for e in range(1, min(p.Emax, days) + 1)
            ]
        after = [self._after(node, node.batch, node.short_day)]
        if self.parts and node.short_day == NONE_YET:
            after.append(self._after(node, share * node.batch, node.used))
        return after

    def _after(self, node: _Node, size: float, short_day: int) -> _Node:
        held = max(node.held - size, 0.0)
        used, left = node.used + 1, node.left - 1
        due = 0.0
        if left:
            block = used < self.block_days
            due = node.batch if block else float(payoffs.day_price(self.p, used, self.block_days))
        return _Node(held, used, left, min(due, held), short_day)

    def _fill(self) -> kernels.PartialNodes:
        p, n = self.p, len(self.order)
        width = max([len(f) for node, f in self.order if node.left == 0] or [0])
        line = _empty(n, width)
        last = max(node.used for node, _ in self.order) + 1
        longest = max(node.left for node, _ in self.order) + 1
        captor, pauser = base.aftermath(p, last + longest, longest)
        for i, (node, following) in enumerate(self.order):
            line.held[i], line.used[i], line.left[i] = node.held, node.used, node.left
            line.short_day[i] = node.short_day
            if node.left == 0:
                line.kind[i], line.n_offers[i] = kernels.WINDOW, len(following)
                line.offers[i, 1 : len(following) + 1] = following
                continue
            line.next[: len(following), i] = following
            line.cost[i] = p.k0 + p.k1 * node.used
            line.captor_after_miss[i] = captor[node.used + 1, node.left - 1]
            line.pauser_after_miss[i] = pauser[node.used + 1, node.left - 1]
            self._fill_batch(line, i, node)
        return line

    def _fill_batch(self, line: kernels.PartialNodes, i: int, node: _Node) -> None:
        p, table = self.p, self.table
        able = float(base.list_chance(p, node.held, node.batch))
        part = table.part_chance * (1.0 - able)
        slack = table.slack * able
        for branch, size in enumerate((node.batch, table.part_share * node.batch)):
            line.size[branch, i] = size
            line.loss[branch, i] = base.retention_loss(p, node.held, size)
        line.dealer[kernels.WHOLE, i], line.opportunist[kernels.WHOLE, i] = able, able - slack
        line.news[kernels.WHOLE, i] = 1.0 / (1.0 - table.slack)
        if line.next[kernels.PART, i] >= 0:
            line.dealer[kernels.PART, i], line.opportunist[kernels.PART, i] = part, part + slack
            line.news[kernels.PART, i] = part / (part + slack) if slack > 0.0 else 1.0


def _empty(nodes: int, width: int) -> kernels.PartialNodes:
    def whole(*shape: int, fill: int = 0) -> NDArray[np.int64]:
        return np.full(shape, fill, dtype=np.int64)

    roots = kernels.MAX_ROOTS
    return kernels.PartialNodes(
        kind=whole(nodes),
        held=np.zeros(nodes),
        used=whole(nodes),
        left=whole(nodes),
        short_day=whole(nodes),
        offers=whole(nodes, width + 1, fill=-1),
        n_offers=whole(nodes),
        next=whole(2, nodes, fill=-1),
        size=np.zeros((2, nodes)),
        loss=np.zeros((2, nodes)),
        dealer=np.zeros((2, nodes)),
        opportunist=np.zeros((2, nodes)),
        news=np.ones((2, nodes)),
        cost=np.zeros(nodes),
        captor_after_miss=np.zeros(nodes),
        pauser_after_miss=np.zeros(nodes),
        roots=np.zeros((2, nodes, roots)),
        n_roots=whole(2, nodes),
        at_root=np.zeros((2, 3, nodes, roots)),
        at_one=np.zeros((2, 3, nodes)),
        gain_at_one=np.zeros((2, nodes)),
        jumps=whole(nodes),
    )
