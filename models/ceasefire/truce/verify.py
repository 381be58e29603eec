"""Best replies on the exact tree of public histories.

Written apart from the solver: from the solver it takes the strategies alone (how likely
an opportunist delivers, the pausing state stays or offers, the political wing accepts).
Beliefs are redone by Bayes' rule, payoffs from docs/model.md, and every player's
best reply against the others' fixed play. Histories that share a public state and a
belief are one node of the tree, since strategies are Markov in both; the cost is linear
in their number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
from scipy.special import entr, logsumexp

from ceasefire.truce import _kernels as kernels
from ceasefire.truce import payoffs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.truce.fields import Parameters
    from ceasefire.truce.game import LineOfPlay

History: TypeAlias = tuple[int, float, bool]


class Values(NamedTuple):
    """Values at one history: as played by all, and each player's best reply to the others."""

    pauser: float
    dealer: float
    opportunist: float
    pauser_best: float
    opportunist_best: float


@dataclass(frozen=True)
class TreeCheck:
    """What a player could gain at any public history, and how far the solver's values are off.

    Attributes
    ----------
    opportunist, pausing_state, political_wing : float
        Largest gain from a best reply over the play prescribed, over all histories, utils.
    opportunist_at_opening : float
        The opportunist's gain at the first history.
    value_error : float
        Largest difference between the values of this walk and the solver's.
    bayes_error : float
        Largest difference between Bayes' rule and the solver's posterior.
    histories : int
        Public states with belief visited.
    """

    opportunist: float
    pausing_state: float
    political_wing: float
    opportunist_at_opening: float
    value_error: float
    bayes_error: float
    histories: int

    @property
    def exploitability(self) -> float:
        """Largest gain of any player."""
        return max(self.opportunist, self.pausing_state, self.political_wing)


def check_line(line: LineOfPlay, trust: float) -> TreeCheck:
    """Best replies on the tree that starts at the head of `line` under belief `trust`."""
    return Tree(line, trust).check()


def bayes(trust: float, deliver: float) -> float:
    """Belief in a dealer after a delivery; 0 stays 0, a delivery no opportunist makes gives 1."""
    if trust == 0.0:
        return 0.0
    return trust / (trust + (1.0 - trust) * deliver)


def worst(checks: tuple[TreeCheck, ...]) -> TreeCheck:
    """Largest of each error over several lines of play; histories added up."""
    return TreeCheck(
        opportunist=max(c.opportunist for c in checks),
        pausing_state=max(c.pausing_state for c in checks),
        political_wing=max(c.political_wing for c in checks),
        opportunist_at_opening=max(c.opportunist_at_opening for c in checks),
        value_error=max(c.value_error for c in checks),
        bayes_error=max(c.bayes_error for c in checks),
        histories=sum(c.histories for c in checks),
    )


def payoff_range(parameters: Parameters) -> float:
    """Bound on the spread of either side's total payoff over a pause, shocks included, utils."""
    p = parameters
    captor = p.g * p.J + max(p.c_lo, p.c_hi) * p.W0 + p.s_C
    pauser = p.v * p.W0 + (abs(p.k0) + abs(p.k1) * p.J) * p.J + p.kappa + p.s
    return float(max(captor, pauser))


def may_have_several_roots(line: LineOfPlay) -> bool:
    """Whether any day could have several consistent delivery probabilities at some belief."""
    nodes = line.nodes
    days = nodes.kind == kernels.DAY
    falling = (nodes.n_roots == 1) & (nodes.gain_at_one <= 0.0)
    return bool(np.any(days & ((nodes.n_roots > 1) | falling)))


def terms_error(line: LineOfPlay) -> float:
    """Largest difference, captives or days, of the line's states from what the terms say.

    Stocks fall by what is due, a further day is due at its price, and chunks are as long as
    cap and stock allow.
    """
    p, nodes = line.parameters, line.nodes
    longest = int(nodes.left[line.head])
    block = range(line.head - longest + 1, line.head + 1)
    off = [0.0]
    for node in range(nodes.kind.size):
        held, day = float(nodes.held[node]), int(nodes.used[node])
        if nodes.kind[node] == kernels.DAY:
            nxt = int(nodes.following[node])
            after = held - float(nodes.batch[node])
            off.append(abs(float(nodes.held[nxt]) - after) + abs(int(nodes.used[nxt]) - day - 1))
            if node not in block:
                due = float(payoffs.day_price(p, day, line.block_days))
                off.append(abs(float(nodes.batch[node]) - min(due, held)))
        else:
            days = len(payoffs.further_days(p, held, day, line.block_days, p.J - day)) - 1
            off.append(abs(float(nodes.n_offers[node]) - min(p.Emax, days)))
    return max(off)


class Histories:
    """Which public histories a line of play can reach, as (node, belief, is a first day)."""

    def __init__(self, line: Any, trust: float) -> None:
        self.line, self.trust = line, trust
        self.p: Parameters = line.parameters
        self.wing = self.off = self.bayes_off = 0.0
        nodes = line.nodes
        self.after_miss = aftermath(self.p, int(nodes.used.max()) + 1, int(nodes.left.max()) + 1)

    def root(self) -> History:
        """The first history."""
        head = self.line.head
        return head, self.trust, bool(self.line.nodes.kind[head] == kernels.DAY)

    def reached(self) -> list[History]:
        """Every history, those that follow before those that they follow."""
        found, frontier = {self.root()}, [self.root()]
        while frontier:
            node, trust, _ = frontier.pop()
            for successor in self._successors(node, trust):
                if successor not in found:
                    found.add(successor)
                    frontier.append(successor)
        return sorted(found)

    def _successors(self, node: int, trust: float) -> list[History]:
        nodes = self.line.nodes
        if nodes.kind[node] == kernels.WINDOW:
            offers = nodes.offers[node, 1 : nodes.n_offers[node] + 1]
            return [(int(day), trust, True) for day in offers]
        return self._after_day(node, trust)

    def _after_day(self, node: int, trust: float) -> list[History]:
        following = int(self.line.nodes.following[node])
        return [(following, self._after_delivery(node, trust), False)]

    def _after_delivery(self, node: int, trust: float) -> float:
        at = self.line.at(trust)
        belief = bayes(trust, float(at[kernels.DELIVER, node]))
        self.bayes_off = max(self.bayes_off, abs(belief - float(at[kernels.POSTERIOR, node])))
        return belief

    def _wing_replies(self, accept: Any, stakes: Any) -> None:
        """Note the most that the political wing gains by accepting otherwise."""
        for a, stake in zip(accept, stakes, strict=True):
            play, worth = np.array([1.0 - a, a]), np.array([0.0, stake])
            gain = best_value(worth, self.p.s_C) - logit_value(play, worth, self.p.s_C)
            self.wing = max(self.wing, gain)


class Tree(Histories):
    """Values and best replies of the captor's two types and of the pausing state."""

    def __init__(self, line: Any, trust: float) -> None:
        super().__init__(line, trust)
        self.values: dict[History, Values] = {}

    def check(self) -> TreeCheck:
        """Walk every history, and collect."""
        for key in self.reached():
            self.values[key] = self._evaluate(*key)
        gains = [
            (v.opportunist_best - v.opportunist, v.pauser_best - v.pauser)
            for v in self.values.values()
        ]
        opening = self.values[self.root()]
        return TreeCheck(
            opportunist=max(gain for gain, _ in gains),
            pausing_state=max(gain for _, gain in gains),
            political_wing=self.wing,
            opportunist_at_opening=opening.opportunist_best - opening.opportunist,
            value_error=self.off,
            bayes_error=self.bayes_off,
            histories=len(self.values),
        )

    def _at(self, node: int, trust: float) -> NDArray[np.float64]:
        """What the solver stores of a node."""
        return np.asarray(self.line.at(trust)[:, node])

    def _window_play(self, node: int, trust: float) -> tuple[Any, Any]:
        """Offers and acceptance at a window."""
        from ceasefire.truce.course import window_play

        return window_play(self.line, node, trust)

    def _batch(self, node: int) -> tuple[Parameters, float, float]:
        """Whose list, losses and worth a day's batch has; captives it comes from; its size."""
        nodes = self.line.nodes
        return self.p, float(nodes.held[node]), float(nodes.batch[node])

    def _evaluate(self, node: int, trust: float, first: bool) -> Values:
        if self.line.nodes.kind[node] == kernels.WINDOW:
            values = self._window(node, trust)
            row = kernels.Y
        elif first:
            values = self._day(node, trust, first=True)
            row = kernels.FIRST_Y
        else:
            values = self._inside(node, trust)
            row = kernels.Y
        stored = self._at(node, trust)[row : row + 3]
        self.off = max(self.off, float(np.abs(stored - np.array(values[:3])).max()))
        return values

    def _day(self, node: int, trust: float, *, first: bool) -> Values:
        """Value of a day: with the list due at the window (first) or found missing on the day."""
        p, nodes = self.p, self.line.nodes
        used, left = int(nodes.used[node]), int(nodes.left[node])
        mine, held, batch = self._batch(node)
        deliver = float(self.line.at(trust)[kernels.DELIVER, node])
        nxt = self.values[int(nodes.following[node]), self._after_delivery(node, trust), False]
        captor_miss, pauser_miss = self.after_miss[used + 1, left - 1]
        live = 1.0 - p.beta
        loss = float(payoffs.release_loss(mine, held, batch))
        cost = float(payoffs.day_cost(p, used))
        able = float(payoffs.list_probability(mine, held, batch))
        hold = p.g + live * captor_miss
        delivered = trust + (1.0 - trust) * deliver

        def pauser(after: float) -> float:
            gained = delivered * (mine.v * batch + live * after)
            return -cost + gained + (1.0 - delivered) * live * pauser_miss

        def captor(after: float) -> float:
            return p.g - loss + live * after

        opportunist = deliver * captor(nxt.opportunist) + (1.0 - deliver) * hold
        produced = np.array(
            [
                pauser(nxt.pauser),
                captor(nxt.dealer),
                opportunist,
                pauser(nxt.pauser_best),
                max(captor(nxt.opportunist_best), hold),
            ]
        )
        if first:
            return Values(*(able * produced).tolist())
        nothing = -cost + live * pauser_miss
        missing = np.array([nothing, hold, hold, nothing, hold])
        return Values(*(able * produced + (1.0 - able) * missing).tolist())

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
        offer, accept = self._window_play(node, trust)
        days = [self.values[int(day), trust, True] for day in nodes.offers[node, 1 : n + 1]]
        worth = np.array([0.0] + [a * d.pauser for a, d in zip(accept, days, strict=True)])
        best = np.array([0.0] + [a * d.pauser_best for a, d in zip(accept, days, strict=True)])
        self._wing_replies(accept, [day.dealer for day in days])
        through = (1.0 - p.chi) * offer[1:] * accept
        return Values(
            pauser=(1.0 - p.chi) * logit_value(offer, worth, p.s),
            dealer=float(through @ [d.dealer for d in days]),
            opportunist=float(through @ [d.opportunist for d in days]),
            pauser_best=(1.0 - p.chi) * best_value(best, p.s),
            opportunist_best=float(through @ [d.opportunist_best for d in days]),
        )


def logit_value(play: np.ndarray, worth: np.ndarray, noise: float) -> float:
    """Value of choosing with probabilities `play` under extreme-value shocks, net of their mean.

    A chooser who must meet the frequencies `play` does best by taking the options on which
    the shocks are kindest, which adds noise x entropy(play) (McFadden; Fudenberg, Iijima and
    Strzalecki 2015).
    """
    return float(play @ worth + noise * (entr(play).sum() - np.log(play.size)))


def best_value(worth: np.ndarray, noise: float) -> float:
    """Maximum of :func:`logit_value` over frequencies: the log-sum."""
    return float(noise * (logsumexp(worth / noise) - np.log(worth.size)))


def aftermath(
    p: Parameters, last_day: int, longest: int
) -> dict[tuple[int, int], tuple[float, float]]:
    """F(j, r) and H(j, r): what follows a missed delivery, to both (docs/model.md)."""
    table = {(j, 0): (0.0, 0.0) for j in range(last_day + longest + 2)}
    for r in range(1, longest + 1):
        for j in range(last_day + longest + 1 - r):
            captor, pauser = table[j + 1, r - 1]
            u = -(p.k0 + p.k1 * j) + (1.0 - p.beta) * pauser
            stay = 1.0 / (1.0 + np.exp(min((-u - p.kappa) / p.s, 700.0)))
            value = best_value(np.array([-p.kappa, u]), p.s)
            table[j, r] = (float(stay) * (p.g + (1.0 - p.beta) * captor), value)
    return table
