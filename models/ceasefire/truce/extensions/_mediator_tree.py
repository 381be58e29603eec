"""Best replies on the exact tree of public histories with a mediator.

Written apart from the solver: from it come the strategies alone (how likely each signal is
reported as a list, what is offered and accepted after each report, how likely an opportunist
delivers, the pausing state stays). Beliefs about type and list are redone by Bayes' rule, and
the mediator's payoff is added up flow by flow: its shares of what each side gets that day,
its own gain from the day, its loss when a report proves false.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import expit

from ceasefire.truce import _kernels as base
from ceasefire.truce import payoffs
from ceasefire.truce.extensions import _mediator_kernels as kernels
from ceasefire.truce.extensions._mediator_windows import report_plays
from ceasefire.truce.verify import Histories, best_value, logit_value

if TYPE_CHECKING:
    from ceasefire.truce.extensions._mediator_line import MediatedLine
    from ceasefire.truce.extensions._mediator_windows import ReportPlay
    from ceasefire.truce.verify import History


class Values(NamedTuple):
    """Values at one history: as played by all, then each player's best reply to the others."""

    pauser: float
    dealer: float
    opportunist: float
    mediator: float
    pauser_best: float
    opportunist_best: float
    mediator_best: float


ZERO = Values(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class MediatedCheck:
    """Largest gains from a best reply over all histories (utils), and the solver's errors.

    `several_reports` counts windows met at which other report strategies are in equilibrium too.
    """

    opportunist: float
    pausing_state: float
    political_wing: float
    mediator: float
    value_error: float
    bayes_error: float
    histories: int
    several_reports: int

    @property
    def exploitability(self) -> float:
        """Largest gain of any player."""
        return max(self.opportunist, self.pausing_state, self.political_wing, self.mediator)


def check_line(line: MediatedLine, trust: float) -> MediatedCheck:
    """Best replies on the tree that starts at the head of `line` under belief `trust`."""
    return _MediatedTree(line, trust).check()


def worst(checks: tuple[MediatedCheck, ...]) -> MediatedCheck:
    """Largest of each error over several lines of play; histories added up."""
    return MediatedCheck(
        opportunist=max(c.opportunist for c in checks),
        pausing_state=max(c.pausing_state for c in checks),
        political_wing=max(c.political_wing for c in checks),
        mediator=max(c.mediator for c in checks),
        value_error=max(c.value_error for c in checks),
        bayes_error=max(c.bayes_error for c in checks),
        histories=sum(c.histories for c in checks),
        several_reports=sum(c.several_reports for c in checks),
    )


class _MediatedTree(Histories):
    def __init__(self, line: MediatedLine, trust: float) -> None:
        super().__init__(line, trust)
        self.m, self.lie = line.interests, 0.0
        self.values: dict[History, Values] = {}
        last, longest = int(line.nodes.used.max()) + 1, int(line.nodes.left.max()) + 1
        self.mediator_after_miss = self._mediator_aftermath(last, longest)

    def check(self) -> MediatedCheck:
        for key in self.reached():
            self.values[key] = self._evaluate(*key)
        found = self.values.values()
        return MediatedCheck(
            opportunist=max(v.opportunist_best - v.opportunist for v in found),
            pausing_state=max(v.pauser_best - v.pauser for v in found),
            political_wing=self.wing,
            mediator=max(self.lie, *(v.mediator_best - v.mediator for v in found)),
            value_error=self.off,
            bayes_error=self.bayes_off,
            histories=len(self.values),
            several_reports=sum(
                self.line.nodes.kind[node] == base.WINDOW
                and len(self.line.equilibria(node, trust)) > 1
                for node, trust, _ in self.values
            ),
        )

    def _evaluate(self, node: int, trust: float, first: bool) -> Values:
        """Values at a history; a first day's are those once its list is there."""
        if self.line.nodes.kind[node] == base.WINDOW:
            values, row = self._window(node, trust), kernels.Y
        elif first:
            values, row = self._day(node, trust), kernels.RAW_Y
        else:
            values, row = self._inside(node, trust), kernels.Y
        at = self.line.at(trust)[:, node]
        own = at[kernels.RAW_Z if first else kernels.Z]
        captor = trust * at[row + 1] + (1.0 - trust) * at[row + 2]
        mediator = self.m.bias * captor + (1.0 - self.m.bias) * at[row] + own
        stored = np.array([*at[row : row + 3], mediator])
        self.off = max(self.off, float(np.abs(stored - np.array(values[:4])).max()))
        return values

    def _day(self, node: int, trust: float) -> Values:
        """A day whose batch can be produced."""
        p, m, nodes = self.p, self.m, self.line.nodes
        held, used, left = float(nodes.held[node]), int(nodes.used[node]), int(nodes.left[node])
        batch = float(nodes.batch[node])
        deliver = float(self.line.at(trust)[kernels.DELIVER, node])
        nxt = self.values[int(nodes.following[node]), self._after_delivery(node, trust), False]
        captor_miss, pauser_miss = self.after_miss[used + 1, left - 1]
        mediator_miss = self.mediator_after_miss[used + 1, left - 1]
        live, loss = 1.0 - p.beta, float(payoffs.release_loss(p, held, batch))
        cost = float(payoffs.day_cost(p, used))
        hold = p.g + live * captor_miss
        kept = trust + (1.0 - trust) * deliver
        flow = m.bias * (p.g - kept * loss) + (1.0 - m.bias) * (kept * p.v * batch - cost)

        def pauser(after: float) -> float:
            return kept * (p.v * batch + live * after) + (1.0 - kept) * live * pauser_miss - cost

        def captor(after: float) -> float:
            return p.g - loss + live * after

        def mediator(after: float) -> float:
            return flow + m.pause_value + live * (kept * after + (1.0 - kept) * mediator_miss)

        return Values(
            pauser=pauser(nxt.pauser),
            dealer=captor(nxt.dealer),
            opportunist=deliver * captor(nxt.opportunist) + (1.0 - deliver) * hold,
            mediator=mediator(nxt.mediator),
            pauser_best=pauser(nxt.pauser_best),
            opportunist_best=max(captor(nxt.opportunist_best), hold),
            mediator_best=mediator(nxt.mediator_best),
        )

    def _inside(self, node: int, trust: float) -> Values:
        """A later day of a chunk, before the pausing state stays or leaves."""
        p, m, nodes = self.p, self.m, self.line.nodes
        used, left = int(nodes.used[node]), int(nodes.left[node])
        able = float(payoffs.list_probability(p, nodes.held[node], nodes.batch[node]))
        captor_miss, pauser_miss = self.after_miss[used + 1, left - 1]
        live, cost = 1.0 - p.beta, float(payoffs.day_cost(p, used))
        nothing, hold = -cost + live * pauser_miss, p.g + live * captor_miss
        idle = m.bias * p.g - (1.0 - m.bias) * cost + m.pause_value
        idle += live * self.mediator_after_miss[used + 1, left - 1]
        missing = np.array([nothing, hold, hold, idle, nothing, hold, idle])
        day = Values(*(able * np.array(self._day(node, trust)) + (1.0 - able) * missing).tolist())
        stay = self.line.stay_probability(node, trust)
        return Values(
            pauser=logit_value(np.array([1.0 - stay, stay]), np.array([-p.kappa, day.pauser]), p.s),
            dealer=stay * day.dealer,
            opportunist=stay * day.opportunist,
            mediator=self._leave_or(stay, day.mediator),
            pauser_best=best_value(np.array([-p.kappa, day.pauser_best]), p.s),
            opportunist_best=stay * day.opportunist_best,
            mediator_best=self._leave_or(stay, day.mediator_best),
        )

    def _leave_or(self, stay: float, after: float) -> float:
        """Mediator's value where the pausing state stays with `stay`: its share in that choice."""
        share, p = 1.0 - self.m.bias, self.p
        leaving = logit_value(np.array([1.0 - stay, stay]), np.array([-p.kappa, 0.0]), p.s)
        return share * leaving + stay * after

    def _window(self, node: int, trust: float) -> Values:
        """Signal, report, offer, answer, list."""
        p, m, nodes = self.p, self.m, self.line.nodes
        if nodes.n_offers[node] == 0:
            return ZERO
        at, used = self.line.at(trust), int(nodes.used[node])
        offered = nodes.offers[node, 1 : nodes.n_offers[node] + 1]
        days = [self.values[int(day), trust, True] for day in offered]
        able = float(payoffs.list_probability(p, nodes.held[node], p.x))
        says = [float(at[row, node]) for row in (kernels.SAY_GOOD, kernels.SAY_BAD)]
        # joint[signal, list there]: the mediator learns, or draws a signal that says nothing
        joint = np.array([[able * m.accuracy, 0.0], [0.0, (1.0 - able) * m.accuracy]])
        joint += (1.0 - m.accuracy) * np.outer([able, 1.0 - able], [able, 1.0 - able])
        plays = report_plays(self.line, node, trust)
        told = np.array([says, [1.0 - s for s in says]]).T  # told[signal, report]
        total = np.zeros(7)
        sent = np.zeros((2, 2, 2))  # [best reply?, signal, report] to the mediator
        for report, play in enumerate(plays):
            listed = told[:, report] @ joint
            chance = float(listed.sum())
            if chance > 0.0:
                self.bayes_off = max(self.bayes_off, abs(listed[0] / chance - play.list_chance))
            sides = self._after_report(play, days, used)
            total[[0, 1, 2, 4, 5]] += chance * sides
            for signal in (0, 1):
                odds = joint[signal] / max(float(joint[signal].sum()), 1e-300)
                for best in (0, 1):
                    sent[best, signal, report] = self._sent(
                        play, days, odds, used, report, best=bool(best)
                    )
        weight = joint.sum(axis=1)
        for signal in (0, 1):
            if weight[signal] > 0.0:
                gain = sent[1, signal].max() - float(told[signal] @ sent[0, signal])
                self.lie = max(self.lie, gain)
        total[3] = float(weight @ (told * sent[0]).sum(axis=1))
        total[6] = float(weight @ sent[1].max(axis=1))
        return Values(*((1.0 - p.chi) * total).tolist())

    def _after_report(self, play: ReportPlay, days: list[Values], used: int) -> np.ndarray:
        """Pauser, dealer, opportunist, then the two best replies, after a report."""
        p, m = self.p, self.m
        there = play.list_chance
        waited = (1.0 - there) * m.waiting * p.g
        cost = (1.0 - there) * m.waiting * float(payoffs.day_cost(p, used))
        accept = play.acceptance
        stakes = there * np.array([d.dealer for d in days]) + waited
        self._wing_replies(accept, stakes)
        agreed = play.offers[1:] * accept
        opportunist = there * np.array([d.opportunist for d in days]) + waited
        tempted = there * np.array([d.opportunist_best for d in days]) + waited
        worth = np.concatenate(
            ([0.0], accept * (there * np.array([d.pauser for d in days]) - cost))
        )
        best = accept * (there * np.array([d.pauser_best for d in days]) - cost)
        return np.array(
            [
                logit_value(play.offers, worth, p.s),
                agreed @ stakes,
                agreed @ opportunist,
                best_value(np.concatenate(([0.0], best)), p.s),
                agreed @ tempted,
            ]
        )

    def _sent(
        self,
        play: ReportPlay,
        days: list[Values],
        odds: np.ndarray,
        used: int,
        report: int,
        *,
        best: bool,
    ) -> float:
        """Mediator's value of sending a report, given its odds that the list is there or not."""
        p, m = self.p, self.m
        waiting = m.bias * p.g - (1.0 - m.bias) * float(payoffs.day_cost(p, used)) + m.pause_value
        agreed = play.offers[1:] * play.acceptance
        after = np.array([d.mediator_best if best else d.mediator for d in days])
        false = odds[1] if report == 0 else odds[0]
        flow = odds[0] * after + odds[1] * m.waiting * waiting - m.report_cost * false
        shocks = logit_value(play.offers, np.zeros(play.offers.size), p.s)
        return float(agreed @ flow + (1.0 - m.bias) * shocks)

    def _mediator_aftermath(self, last: int, longest: int) -> dict[tuple[int, int], float]:
        """Mediator's value of what is left of a chunk after a missed delivery."""
        p, m = self.p, self.m
        table = {(j, 0): 0.0 for j in range(last + longest + 2)}
        for r in range(1, longest + 1):
            for j in range(last + longest + 1 - r):
                cost = float(payoffs.day_cost(p, j))
                _, pauser = self.after_miss[j + 1, r - 1]
                stay = float(expit((-cost + (1.0 - p.beta) * pauser + p.kappa) / p.s))
                flow = m.bias * p.g - (1.0 - m.bias) * cost + m.pause_value
                flow += (1.0 - p.beta) * table[j + 1, r - 1]
                table[j, r] = self._leave_or(stay, flow)
        return table
