"""Best replies on the exact tree of public histories with partial batches.

Written apart from the solver: from it come the strategies alone (how likely an opportunist
delivers the whole or the part, the pausing state stays or offers, the political wing accepts).
What can be produced, beliefs and payoffs are redone from docs/model.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from ceasefire.truce import payoffs
from ceasefire.truce.extensions import _partial_kernels as kernels
from ceasefire.truce.extensions._partial_line import ROWS
from ceasefire.truce.verify import Tree, Values

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.truce.extensions._partial_line import PartialLine
    from ceasefire.truce.verify import History, TreeCheck


class Delivery(NamedTuple):
    """One size of a day: the chances of being able, the opportunist's play, where it leads."""

    size: float
    dealer: float
    opportunist: float
    deliver: float
    after: History


def check_line(line: PartialLine, trust: float) -> TreeCheck:
    """Best replies on the tree that starts at the head of `line` under belief `trust`."""
    return _PartialTree(line, trust).check()


def terms_error(line: PartialLine) -> float:
    """Largest difference, captives, of a stock after a delivery from what was delivered."""
    nodes = line.nodes
    off = [0.0]
    for node in np.flatnonzero(nodes.kind == kernels.DAY):
        for branch, size in enumerate(_sizes(line, int(node))):
            after = float(nodes.held[node]) - size
            off.append(abs(float(nodes.held[nodes.next[branch, node]]) - after))
    return max(off)


def _sizes(line: PartialLine, node: int) -> list[float]:
    """The whole batch and, while no shortfall has been borne, the part."""
    nodes, table = line.nodes, line.table
    batch = float(nodes.size[kernels.WHOLE, node])
    if nodes.short_day[node] < 0 and (table.part_chance > 0.0 or table.slack > 0.0):
        return [batch, table.part_share * batch]
    return [batch]


class _PartialTree(Tree):
    def _at(self, node: int, trust: float) -> NDArray[np.float64]:
        return np.asarray(self.line.play(node, trust))

    def _window_play(self, node: int, trust: float) -> tuple[Any, Any]:
        return cast("tuple[Any, Any]", self.line.window(node, trust))

    def _after_day(self, node: int, trust: float) -> list[History]:
        return [delivery.after for delivery in self._deliveries(node, trust)]

    def _deliveries(self, node: int, trust: float) -> list[Delivery]:
        """Each size that a day can bring: who can produce it, who delivers, what is believed."""
        nodes, table = self.line.nodes, self.line.table
        held, batch = float(nodes.held[node]), float(nodes.size[kernels.WHOLE, node])
        able = float(payoffs.list_probability(self.p, held, batch))
        slack, part = table.slack * able, table.part_chance * (1.0 - able)
        chances = ((able, able - slack), (part, part + slack))
        at, found = self._at(node, trust), []
        for branch, size in enumerate(_sizes(self.line, node)):
            (dealer, opportunist), (played, believed) = chances[branch], ROWS[branch]
            deliver, nxt = float(at[played]), int(nodes.next[branch, node])
            honest, others = trust * dealer, (1.0 - trust) * opportunist * deliver
            # what nobody ever delivers counts as an opportunist's doing
            belief = honest / (honest + others) if honest > 0.0 else 0.0
            self.bayes_off = max(self.bayes_off, abs(belief - float(at[believed])))
            found.append(Delivery(size, dealer, opportunist, deliver, (nxt, belief, False)))
        return found

    def _day(self, node: int, trust: float, *, first: bool) -> Values:
        """Value of a day: with some list due at the window (first) or found missing on the day."""
        p, nodes = self.p, self.line.nodes
        held, used, left = float(nodes.held[node]), int(nodes.used[node]), int(nodes.left[node])
        captor_miss, pauser_miss = self.after_miss[used + 1, left - 1]
        live = 1.0 - p.beta
        cost = float(payoffs.day_cost(p, used))
        hold = p.g + live * captor_miss
        nothing = -cost + live * pauser_miss
        total = np.zeros(5)
        idle_dealer = idle_opportunist = 1.0
        for size, dealer, opportunist, deliver, after in self._deliveries(node, trust):
            nxt = self.values[after]
            kept = p.g - float(payoffs.release_loss(p, held, size))
            come = trust * dealer + (1.0 - trust) * opportunist * deliver
            not_come = (1.0 - trust) * opportunist * (1.0 - deliver)
            for i, value in ((0, nxt.pauser), (3, nxt.pauser_best)):
                total[i] += come * (-cost + p.v * size + live * value) + not_come * nothing
            total[1] += dealer * (kept + live * nxt.dealer)
            played = deliver * (kept + live * nxt.opportunist) + (1.0 - deliver) * hold
            total[2] += opportunist * played
            # a part from one that has the whole is a breach: it costs the part, and buys nothing
            total[4] += opportunist * max(kept + live * nxt.opportunist_best, hold)
            idle_dealer -= dealer
            idle_opportunist -= opportunist
        if not first:
            idle = trust * idle_dealer + (1.0 - trust) * idle_opportunist
            total[[0, 3]] += idle * nothing
            total[1] += idle_dealer * hold
            total[[2, 4]] += idle_opportunist * hold
        return Values(*total.tolist())
