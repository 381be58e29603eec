"""Best replies on the exact tree of public histories with partial batches.

Written apart from the solver: from it come the strategies alone (how likely an opportunist
delivers the whole or the part, the pausing state stays or offers, the political wing accepts).
What can be produced, beliefs and payoffs are redone from docs/model.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from ceasefire.truce import payoffs
from ceasefire.truce.extensions import _partial_kernels as kernels
from ceasefire.truce.verify import aftermath, best_value, logit_value

if TYPE_CHECKING:
    from ceasefire.truce.extensions._partial_line import PartialLine

History: TypeAlias = tuple[int, float, bool]


class Values(NamedTuple):
    """Values at one history: as played by all, then each player's best reply to the others."""

    pauser: float
    dealer: float
    opportunist: float
    pauser_best: float
    opportunist_best: float


class Delivery(NamedTuple):
    """One size of a day: the chances of being able, the opportunist's play, where it leads."""

    size: float
    dealer: float
    opportunist: float
    deliver: float
    after: History


@dataclass(frozen=True)
class PartialCheck:
    """Largest gains from a best reply over all histories (utils), and the solver's errors.

    `terms_error` is the largest difference of a stock from what the terms say, captives.
    """

    opportunist: float
    pausing_state: float
    political_wing: float
    value_error: float
    bayes_error: float
    terms_error: float
    histories: int

    @property
    def exploitability(self) -> float:
        """Largest gain of any player."""
        return max(self.opportunist, self.pausing_state, self.political_wing)


def check_line(line: PartialLine, trust: float) -> PartialCheck:
    """Best replies on the tree that starts at the head of `line` under belief `trust`."""
    return _Tree(line, trust).check()


def worst(checks: tuple[PartialCheck, ...]) -> PartialCheck:
    """Largest of each error over several lines of play; histories added up."""
    return PartialCheck(
        opportunist=max(c.opportunist for c in checks),
        pausing_state=max(c.pausing_state for c in checks),
        political_wing=max(c.political_wing for c in checks),
        value_error=max(c.value_error for c in checks),
        bayes_error=max(c.bayes_error for c in checks),
        terms_error=max(c.terms_error for c in checks),
        histories=sum(c.histories for c in checks),
    )


class _Tree:
    def __init__(self, line: PartialLine, trust: float) -> None:
        self.line, self.p, self.trust = line, line.parameters, trust
        self.values: dict[History, Values] = {}
        self.wing = self.off = self.bayes_off = self.terms_off = 0.0
        nodes = line.nodes
        self.after_miss = aftermath(self.p, int(nodes.used.max()) + 1, int(nodes.left.max()) + 1)

    def check(self) -> PartialCheck:
        head = self.line.head
        root = (head, self.trust, bool(self.line.nodes.kind[head] == kernels.DAY))
        reached, frontier = {root}, [root]
        while frontier:
            node, trust, _ = frontier.pop()
            new = [s for s in self._successors(node, trust) if s not in reached]
            reached.update(new)
            frontier += new
        for key in sorted(reached):
            self.values[key] = self._evaluate(*key)
        found = self.values.values()
        return PartialCheck(
            opportunist=max(v.opportunist_best - v.opportunist for v in found),
            pausing_state=max(v.pauser_best - v.pauser for v in found),
            political_wing=self.wing,
            value_error=self.off,
            bayes_error=self.bayes_off,
            terms_error=self.terms_off,
            histories=len(self.values),
        )

    def _successors(self, node: int, trust: float) -> list[History]:
        nodes = self.line.nodes
        if nodes.kind[node] == kernels.WINDOW:
            offers = nodes.offers[node, 1 : nodes.n_offers[node] + 1]
            return [(int(day), trust, True) for day in offers]
        return [delivery.after for delivery in self._deliveries(node, trust)]

    def _deliveries(self, node: int, trust: float) -> list[Delivery]:
        """The whole batch and, while no shortfall has been borne, the part."""
        nodes, table = self.line.nodes, self.line.table
        held, batch = float(nodes.held[node]), float(nodes.size[kernels.WHOLE, node])
        able = float(payoffs.list_probability(self.p, held, batch))
        slack = table.slack * able
        part = table.part_chance * (1.0 - able)
        sizes = [(batch, able, able - slack, kernels.DELIVER, kernels.POSTERIOR)]
        if nodes.short_day[node] < 0 and (table.part_chance > 0.0 or table.slack > 0.0):
            share = table.part_share * batch
            sizes.append((share, part, part + slack, kernels.HAND_PART, kernels.SHORT_POSTERIOR))
        at = self.line.play(node, trust)
        found = []
        for branch, (size, dealer, opportunist, played, believed) in enumerate(sizes):
            deliver, nxt = float(at[played]), int(nodes.next[branch, node])
            honest, others = trust * dealer, (1.0 - trust) * opportunist * deliver
            # what nobody ever delivers counts as an opportunist's doing
            belief = honest / (honest + others) if honest > 0.0 else 0.0
            self.bayes_off = max(self.bayes_off, abs(belief - float(at[believed])))
            self.terms_off = max(self.terms_off, abs(float(nodes.held[nxt]) - (held - size)))
            found.append(Delivery(size, dealer, opportunist, deliver, (nxt, belief, False)))
        return found

    def _evaluate(self, node: int, trust: float, first: bool) -> Values:
        if self.line.nodes.kind[node] == kernels.WINDOW:
            values, row = self._window(node, trust), kernels.Y
        elif first:
            values, row = self._day(node, trust, first=True), kernels.FIRST_Y
        else:
            values, row = self._inside(node, trust), kernels.Y
        stored = self.line.play(node, trust)[row : row + 3]
        self.off = max(self.off, float(np.abs(stored - np.array(values[:3])).max()))
        return values

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

    def _inside(self, node: int, trust: float) -> Values:
        """Value of a day inside a chunk, before the pausing state stays or leaves."""
        p = self.p
        day = self._day(node, trust, first=False)
        stay = self.line.stay_probability(node, trust)
        return Values(
            pauser=logit_value(np.array([1.0 - stay, stay]), np.array([-p.kappa, day.pauser]), p.s),
            dealer=stay * day.dealer,
            opportunist=stay * day.opportunist,
            pauser_best=best_value(np.array([-p.kappa, day.pauser_best]), p.s),
            opportunist_best=stay * day.opportunist_best,
        )

    def _window(self, node: int, trust: float) -> Values:
        p, nodes = self.p, self.line.nodes
        n = int(nodes.n_offers[node])
        if n == 0:
            return Values(0.0, 0.0, 0.0, 0.0, 0.0)
        offer, accept = self.line.window(node, trust)
        days = [self.values[int(day), trust, True] for day in nodes.offers[node, 1 : n + 1]]
        for a, day in zip(accept, days, strict=True):
            play, stake = np.array([1.0 - a, a]), np.array([0.0, day.dealer])
            gain = best_value(stake, p.s_C) - logit_value(play, stake, p.s_C)
            self.wing = max(self.wing, gain)
        worth, best = (
            np.append(0.0, accept * np.array([getattr(day, name) for day in days]))
            for name in ("pauser", "pauser_best")
        )
        through = (1.0 - p.chi) * offer[1:] * accept
        return Values(
            pauser=(1.0 - p.chi) * logit_value(offer, worth, p.s),
            dealer=float(through @ [d.dealer for d in days]),
            opportunist=float(through @ [d.opportunist for d in days]),
            pauser_best=(1.0 - p.chi) * best_value(best, p.s),
            opportunist_best=float(through @ [d.opportunist_best for d in days]),
        )
