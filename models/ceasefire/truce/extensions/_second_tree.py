"""Best replies on the exact tree with two categories of captives.

The walk is that of :mod:`ceasefire.truce.verify`, which takes strategies alone from the solver.
What a day's batch is worth to either side, and which states follow, is redone here from
docs/model.md by category.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.tolerances import BATCH_COUNT_RTOL
from ceasefire.truce import _kernels as kernels
from ceasefire.truce.extensions._second_line import FIRST, SECOND
from ceasefire.truce.verify import Tree, TreeCheck

if TYPE_CHECKING:
    from ceasefire.truce.extensions._second_line import CategoryLine
    from ceasefire.truce.fields import Parameters


def check_line(line: CategoryLine, trust: float) -> TreeCheck:
    """Best replies on the tree that starts at the head of `line` under belief `trust`."""
    return _CategoryTree(line, trust).check()


def payoff_range(p: Parameters, second: Parameters, captives: float) -> float:
    """Bound on the spread of either side's total payoff with `captives` in the second category."""
    captor = p.g * p.J + max(p.c_lo, p.c_hi) * p.W0 + max(second.c_lo, second.c_hi) * captives
    days = (abs(p.k0) + abs(p.k1) * p.J) * p.J
    pauser = p.v * p.W0 + second.v * captives + days + p.kappa + p.s
    return float(max(captor + p.s_C, pauser))


def terms_error(line: CategoryLine) -> float:
    """Largest difference, captives or days, of the line's states from what the terms say."""
    return max(_off(line, node) for node in range(line.nodes.kind.size))


def _stocks(line: CategoryLine, node: int) -> np.ndarray:
    return np.array([line.first_held[node], line.second_held[node]])


def _off(line: CategoryLine, node: int) -> float:
    p, nodes, stocks = line.parameters, line.nodes, _stocks(line, node)
    prices = np.array([p.x, line.second.x])
    off = abs(float(nodes.held[node]) - float(stocks.sum()))
    if nodes.kind[node] == kernels.DAY:
        which, nxt = int(line.category[node]) - 1, int(nodes.following[node])
        due = stocks.copy()
        due[which] -= nodes.batch[node]
        off += float(np.abs(_stocks(line, nxt) - due).max())
        off += abs(int(nodes.used[nxt]) - int(nodes.used[node]) - 1)
        if node <= line.head - line.block_days:  # behind the head a day is due at its price
            off += abs(float(nodes.batch[node]) - min(float(prices[which]), float(stocks[which])))
        return off
    room = min(p.Emax, max(p.J - int(nodes.used[node]), 0))
    longest = np.minimum(np.floor(stocks / prices * (1.0 + BATCH_COUNT_RTOL)), room).astype(int)
    if line.after_first and longest[0] > 0:
        longest[1] = 0
    due_offers = [(c, e) for c in (FIRST, SECOND) for e in range(1, longest[c - 1] + 1)]
    return off + float(tuple(due_offers) != line.options(node))


class _CategoryTree(Tree):
    def _batch(self, node: int) -> tuple[Parameters, float, float]:
        which = int(self.line.category[node])
        mine = self.line.second if which == SECOND else self.p
        stock = float(_stocks(self.line, node)[which - 1])
        return mine, stock, float(self.line.nodes.batch[node])
