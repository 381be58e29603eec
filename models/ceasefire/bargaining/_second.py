"""Backward induction for a truce after which a second one is possible; exact in the belief.

As `ceasefire.truce._kernels`, node by node, but war is worth what a second truce is expected to
bring, a function of captives left and belief, wherever no delivery has been missed. Beliefs move
only by deliveries, so each day still has its few critical posteriors, found on a grid by sign and
refined; between them every value follows from the next node's at the same belief, a root, or one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import brentq

from ceasefire.tolerances import BELIEF_NEAR_ZERO
from ceasefire.truce._kernels import aftermath, sigmoid, stay_or_leave
from ceasefire.truce.game import belief_grid, solve_line

if TYPE_CHECKING:
    from ceasefire.truce.fields import Parameters
    from ceasefire.truce.game import LineOfPlay


class Worth(NamedTuple):
    """Values to pausing state, dealer and opportunist, utils."""

    y: float
    dealer: float
    opportunist: float


class Played(NamedTuple):
    """Values of a node and what is played there."""

    worth: Worth
    first: Worth  # of a day as the first of a chunk
    deliver: float
    posterior: float
    stay: float
    offers: tuple[float, ...]  # stop, then 1, 2, ... days
    accepts: tuple[float, ...]


FIRST = 3  # row from which a sweep has the values of a day as the first of a chunk
NOTHING = Worth(0.0, 0.0, 0.0)


@dataclass
class After:
    """What war is worth when a second truce may follow, by captives left and belief."""

    parameters: Parameters
    block_days: int  # of the first block, then as now
    threshold: float  # utils that a deal must promise for talks to open
    others: float
    chance: float  # of a deal once talks are open
    discounts: tuple[float, float]  # pausing state, captor
    _lines: dict[float, LineOfPlay] = field(default_factory=dict)

    def stock(self, held: float) -> float:
        """Captives eligible the second time."""
        return held + self.others

    def line(self, held: float) -> LineOfPlay:
        """The second truce: a block on the first one's terms, or, if too few are left, windows."""
        key, p = round(held, 9), self.parameters
        if key not in self._lines:
            stock, days = self.stock(held), 0 if self.stock(held) < p.n0 else self.block_days
            self._lines[key] = solve_line(
                p, stock, 0, head_days=days, head_batch=p.n0 / days if days else 0.0
            )
        return self._lines[key]

    def values(self, held: float, trust: float) -> Worth:
        """Values of the second truce once agreed."""
        line = self.line(held)
        first = FIRST if line.nodes.kind[line.head] == 0 else 0
        return Worth(*(float(v) for v in line.at(trust)[first : first + 3, line.head]))

    def opens(self, held: float, trust: float) -> float:
        """Chance that the pausing state opens second talks."""
        worth = self.discounts[0] * self.values(held, trust).y
        return sigmoid((worth - self.threshold) / self.parameters.s_T)

    def possible(self, held: float) -> bool:
        """Whether a second truce could be worth opening talks for."""
        return self.threshold < math.inf and self.stock(held) >= self.parameters.x

    def begins(self, held: float, trust: float) -> float:
        """Chance that a second truce begins."""
        return self.opens(held, trust) * self.chance if self.possible(held) else 0.0

    def worth(self, held: float, trust: float) -> Worth:
        """Values of the war that follows, net of a war for good."""
        if not self.possible(held):
            return NOTHING
        y, dealer, opportunist = self.values(held, trust)
        open_, (d, c) = self.opens(held, trust), self.discounts
        return Worth(open_ * d * y, open_ * c * dealer, open_ * c * opportunist)


class Solved:
    """The first truce with `After` behind it, on the nodes of a line of play."""

    def __init__(self, line: LineOfPlay, after: After, beliefs: int) -> None:
        self.p, self.nodes, self.after = line.parameters, line.nodes, after
        self.head = line.head
        self.grid = belief_grid(beliefs)
        self.roots: list[list[float]] = [[] for _ in range(self.head + 1)]
        self.gain_at_one = [0.0] * (self.head + 1)
        last, width = int(self.nodes.used.max()) + 1, int(self.nodes.left.max()) + 1
        self.pauser_after = aftermath(self.p, last, width)[1]
        self._seen: dict[tuple[int, float], Played] = {}
        for node in range(self.head + 1):
            if self.nodes.kind[node] == 0:
                self._critical(node)

    def at(self, node: int, mu: float) -> Played:
        """Values and play at a node under a belief."""
        key = (node, mu)
        if key not in self._seen:
            day = self.nodes.kind[node] == 0
            self._seen[key] = self._day(node, mu) if day else self._window(node, mu)
        return self._seen[key]

    def gain(self, node: int, mu: float) -> float:
        """An opportunist's gain from delivering where that leads to belief `mu`."""
        n, live = self.nodes, 1 - self.p.beta
        later = self.later(node, mu).opportunist
        return float(-n.loss[node] + later - live * n.captor_after_miss[node])

    def days_after_miss(self, day: int, left: int) -> float:
        """Expected committed days that the pausing state still keeps after a missed delivery."""
        if left <= 0:
            return 0.0
        p = self.p
        cost = -(p.k0 + p.k1 * day) + (1 - p.beta) * float(self.pauser_after[day + 1, left - 1])
        stay = sigmoid((cost + p.kappa) / p.s)
        return stay * (1 + (1 - p.beta) * self.days_after_miss(day + 1, left - 1))

    def later(self, node: int, mu: float) -> Worth:
        """What follows a delivery: the next node, or, after an incident, war."""
        n, beta = self.nodes, self.p.beta
        nxt = self.at(int(n.following[node]), mu).worth
        war = self.after.worth(float(n.held[node] - n.batch[node]), mu)
        return Worth(*((1 - beta) * a + beta * b for a, b in zip(nxt, war, strict=True)))

    def _critical(self, node: int) -> None:
        marks = sorted({*self.grid.tolist(), *(r for roots in self.roots for r in roots)})
        gains = [self.gain(node, mu) for mu in marks]
        self.gain_at_one[node] = gains[-1]
        for a, b, fa, fb in zip(marks, marks[1:], gains, gains[1:], strict=False):
            if (fa >= 0) != (fb >= 0):
                root = brentq(lambda mu: self.gain(node, mu), a, b, xtol=1e-15, rtol=1e-14)
                self.roots[node].append(float(root))

    def _posterior(self, node: int, mu: float) -> tuple[float, float]:
        """Posterior after a delivery, and how often an opportunist delivers."""
        if mu <= 0:
            return 0.0, float(self.gain(node, 0.0) >= 0)
        if self.gain(node, mu) >= 0:
            return mu, 1.0
        if self.gain_at_one[node] <= 0:
            return 1.0, 0.0
        above = [root for root in self.roots[node] if root > mu]
        m = min(above) if above else mu
        return m, mu * (1 - m) / ((1 - mu) * m) if mu < 1 else 1.0

    def _day(self, node: int, mu: float) -> Played:
        n, p = self.nodes, self.p
        live, able = 1 - p.beta, float(n.able[node])
        loss, cost = float(n.loss[node]), float(n.cost[node])
        missed, kept = float(n.pauser_after_miss[node]), float(n.captor_after_miss[node])
        m, q = self._posterior(node, mu)
        later = self.later(node, m)
        share = mu + (1 - mu) * q
        y = -cost + share * (p.v * float(n.batch[node]) + later.y) + (1 - share) * live * missed
        hold = p.g + live * kept
        dealer = p.g - loss + later.dealer
        opportunist = hold + max(0.0, -loss + later.opportunist - live * kept)
        first = Worth(able * y, able * dealer, able * opportunist)
        inside = Worth(
            able * y + (1 - able) * (-cost + live * missed),
            able * dealer + (1 - able) * hold, able * opportunist + (1 - able) * hold,
        )  # fmt: skip
        leave = self.after.worth(float(n.held[node]), mu)
        stay, value = stay_or_leave(inside.y, p.kappa - leave.y, p.s)
        node_worth = Worth(
            value, stay * inside.dealer + (1 - stay) * leave.dealer,
            stay * inside.opportunist + (1 - stay) * leave.opportunist,
        )  # fmt: skip
        return Played(node_worth, first, q, m, stay, (), ())

    def _window(self, node: int, mu: float) -> Played:
        n, p = self.nodes, self.p
        war = self.after.worth(float(n.held[node]), mu)
        days = [int(n.offers[node, e]) for e in range(1, int(n.n_offers[node]) + 1)]
        if not days:
            return Played(war, NOTHING, 0.0, mu, 0.0, (1.0,), ())
        firsts = [self.at(day, mu).first for day in days]
        accepts = [sigmoid((one.dealer - war.dealer) / p.s_C) for one in firsts]
        mixed = [
            Worth(*(a * x + (1 - a) * w for x, w in zip(one, war, strict=True)))
            for one, a in zip(firsts, accepts, strict=True)
        ]
        worth = np.array([war.y, *(one.y for one in mixed)])
        weights = np.exp((worth - worth.max()) / p.s)
        offers = weights / weights.sum()
        y = worth.max() + p.s * (math.log(weights.sum()) - math.log(len(worth)))
        dealer = float(offers @ [war.dealer, *(one.dealer for one in mixed)])
        opportunist = float(offers @ [war.opportunist, *(one.opportunist for one in mixed)])
        through = 1 - p.chi
        value = Worth(*(
            through * x + p.chi * w
            for x, w in zip((y, dealer, opportunist), war, strict=True)
        ))  # fmt: skip
        return Played(value, NOTHING, 0.0, mu, 0.0, tuple(offers.tolist()), tuple(accepts))


class End(NamedTuple):
    """One way in which the first truce ends."""

    chance: float
    cause: str
    held: float
    trust: float
    days: float


def course(solved: Solved, mu: float) -> list[End]:
    """Every end of the first truce from its head on, with belief and captives left."""
    ends: list[End] = []
    _walk(solved, solved.head, mu, 1.0, True, ends)
    return ends


def _walk(s: Solved, node: int, mu: float, chance: float, first: bool, ends: list[End]) -> None:
    n, p = s.nodes, s.p
    if chance < 1e-15:
        return
    play = s.at(node, mu)
    held, used = float(n.held[node]), int(n.used[node])
    if n.kind[node] == 1:
        ends.append(End(chance * p.chi, "relay", held, mu, used))
        open_ = chance * (1 - p.chi)
        if not play.accepts:
            ends[-1] = End(chance, "exhausted", held, mu, used)
            return
        ends.append(End(open_ * play.offers[0], "stopped", held, mu, used))
        for e, accept in enumerate(play.accepts, 1):
            ends.append(End(open_ * play.offers[e] * (1 - accept), "declined", held, mu, used))
            day = int(n.offers[node, e])
            _walk(s, day, mu, open_ * play.offers[e] * accept, True, ends)
        return
    if not first:
        ends.append(End(chance * (1 - play.stay), "left", held, mu, used))
        chance *= play.stay
    able = float(n.able[node])
    left = int(n.left[node])
    kept_on = used + 1 + (1 - p.beta) * s.days_after_miss(used + 1, left - 1)
    ends.append(End(chance * (1 - able), "missed", held, 0.0, used if first else kept_on))
    share = mu + (1 - mu) * play.deliver
    ends.append(End(chance * able * (1 - share), "missed", held, 0.0, kept_on))
    kept = chance * able * share
    rest = held - float(n.batch[node])
    ends.append(End(kept * p.beta, "incident", rest, play.posterior, used + 1))
    _walk(s, int(n.following[node]), play.posterior, kept * (1 - p.beta), n.left[node] == 1, ends)


def opportunist_gain(solved: Solved, mu: float) -> float:
    """The largest gain of an opportunist from one other choice, over all days that can be reached.

    Recomputed from chances and payoffs at the belief that play has reached, with both of its
    actions; at mixing days neither may pay more.
    """
    worst, stack, seen = 0.0, [(solved.head, mu)], set()
    n = solved.nodes
    while stack:
        node, belief = stack.pop()
        if (node, belief) in seen:
            continue
        seen.add((node, belief))
        play = solved.at(node, belief)
        if n.kind[node] == 1:
            stack += [(int(n.offers[node, e]), belief) for e in range(1, int(n.n_offers[node]) + 1)]
            continue
        held_back = (1 - solved.p.beta) * float(n.captor_after_miss[node])
        delivered = -float(n.loss[node]) + solved.later(node, play.posterior).opportunist
        if play.deliver < 1:
            worst = max(worst, delivered - held_back if play.deliver == 0 else
                        abs(delivered - held_back))  # fmt: skip
        else:
            worst = max(worst, held_back - delivered)
        if play.posterior > BELIEF_NEAR_ZERO:
            stack.append((int(n.following[node]), play.posterior))
    return worst
