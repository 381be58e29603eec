"""What is reported, offered and answered at a window with a mediator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

from ceasefire.display import Displayed
from ceasefire.tolerances import BELIEF_NEAR_ZERO, ROOT_XTOL
from ceasefire.truce.extensions import _mediator_kernels as kernels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.truce.extensions._mediator_line import MediatedLine


@dataclass(frozen=True, eq=False)
class ReportPlay(Displayed):
    """Play after one report.

    Attributes
    ----------
    probability : float
        How likely the report is.
    list_chance : float
        P(the list is there) as both sides believe after the report; after a report that is
        never made, as if the signal it names had been seen.
    offers : ndarray, shape (n + 1,)
        Probability that the pausing state stops (0) or offers 1..n days.
    acceptance : ndarray, shape (n,)
        Probability that the political wing accepts 1..n days.
    chunk_values : ndarray, shape (n,)
        The pausing state's value of 1..n days once accepted, utils.
    """

    probability: float
    list_chance: float
    offers: NDArray[np.float64]
    acceptance: NDArray[np.float64]
    chunk_values: NDArray[np.float64]

    @property
    def offer_probability(self) -> float:
        """Chance that some chunk is offered."""
        return float(self.offers[1:].sum())


@dataclass(frozen=True, eq=False)
class MediatedWindow(Displayed):
    """Values and play at one window.

    Attributes
    ----------
    held, day, trust : float, int, float
        The window: captives held, pause days used, belief in a dealer.
    pausing_state, dealer, opportunist, mediator : float
        Values of the window, utils net of war; the mediator's at the belief `trust`.
    says_list_if_good, says_list_if_bad : float
        Chance of the report "list" after each signal.
    after_list, after_none : ReportPlay
        Play after each report.
    relay_works : float
        Probability that the relay works at a window.
    equilibria : int
        Report strategies in equilibrium; the one nearest the truth is played.
    """

    held: float
    day: int
    trust: float
    pausing_state: float
    dealer: float
    opportunist: float
    mediator: float
    says_list_if_good: float
    says_list_if_bad: float
    after_list: ReportPlay
    after_none: ReportPlay
    relay_works: float
    equilibria: int

    @property
    def informative(self) -> float:
        """How much of the signal the reports carry: 1 for the truth, 0 for nothing."""
        return self.says_list_if_good - self.says_list_if_bad

    @property
    def offer_probability(self) -> float:
        """Chance that some chunk is offered when the relay works."""
        both = (self.after_list, self.after_none)
        return sum(play.probability * play.offer_probability for play in both)

    @property
    def goes_on(self) -> float:
        """Chance that a chunk is offered through a working relay and accepted."""
        both = (self.after_list, self.after_none)
        agreed = (play.probability * float(play.offers[1:] @ play.acceptance) for play in both)
        return self.relay_works * sum(agreed)

    @property
    def begins(self) -> float:
        """Chance that the chunk agreed also finds its list, so that its first day begins."""
        both = (self.after_list, self.after_none)
        listed = (
            play.probability * play.list_chance * float(play.offers[1:] @ play.acceptance)
            for play in both
        )
        return self.relay_works * sum(listed)

    @property
    def best_chunk(self) -> int:
        """Chunk the pausing state likes best after "list", days; 0 where none can be offered."""
        play = self.after_list
        if play.chunk_values.size == 0:
            return 0
        return int(np.argmax(play.acceptance * play.chunk_values)) + 1


def report_plays(line: MediatedLine, node: int, trust: float) -> tuple[ReportPlay, ReportPlay]:
    """Play after "list" and after "no list" at a window with offers."""
    at = line.at(trust)
    able, good, bad = line.list_chances(node)
    if_good, if_bad = float(at[kernels.SAY_GOOD, node]), float(at[kernels.SAY_BAD, node])
    plays = []
    for say_good, say_bad, unsaid in ((if_good, if_bad, good), (1 - if_good, 1 - if_bad, bad)):
        chance = able * say_good + (1.0 - able) * say_bad
        joint = able * say_good * good + (1.0 - able) * say_bad * bad
        listed = joint / chance if chance > 0.0 else unsaid
        plays.append(_play(line, node, at, chance, listed))
    return plays[0], plays[1]


def _play(
    line: MediatedLine, node: int, at: NDArray[np.float64], chance: float, listed: float
) -> ReportPlay:
    p, nodes, waiting = line.parameters, line.nodes, line.interests.waiting
    days = nodes.offers[node, 1 : nodes.n_offers[node] + 1]
    lost = waiting * (p.k0 + p.k1 * nodes.used[node])
    stake = listed * at[kernels.RAW_UD, days] + (1.0 - listed) * waiting * p.g
    accept = expit(stake / p.s_C)
    worth = listed * at[kernels.RAW_Y, days] - (1.0 - listed) * lost
    options = np.concatenate(([0.0], accept * worth))
    weight = np.exp((options - options.max()) / p.s)
    return ReportPlay(chance, listed, weight / weight.sum(), accept, worth)


def mediated_values(line: MediatedLine, trust: float) -> MediatedWindow:
    """Evaluate the window at the head of `line` under belief `trust`."""
    at, node, nodes, m = line.at(trust), line.head, line.nodes, line.interests
    y, dealer, opportunist = (float(v) for v in at[kernels.Y : kernels.UO + 1, node])
    captor = trust * dealer + (1.0 - trust) * opportunist
    nothing = np.zeros(0)
    idle = ReportPlay(1.0, float("nan"), np.ones(1), nothing, nothing)
    if nodes.n_offers[node]:
        first, second = report_plays(line, node, trust)
    else:
        first, second = idle, ReportPlay(0.0, float("nan"), np.ones(1), nothing, nothing)
    return MediatedWindow(
        held=float(nodes.held[node]),
        day=int(nodes.used[node]),
        trust=trust,
        pausing_state=y,
        dealer=dealer,
        opportunist=opportunist,
        mediator=m.bias * captor + (1.0 - m.bias) * y + float(at[kernels.Z, node]),
        says_list_if_good=float(at[kernels.SAY_GOOD, node]),
        says_list_if_bad=float(at[kernels.SAY_BAD, node]),
        after_list=first,
        after_none=second,
        relay_works=1.0 - line.parameters.chi,
        equilibria=len(line.equilibria(node, trust)),
    )


def trust_needed(line: MediatedLine) -> float:
    """Least belief at which the best chunk at the head window is worth 0 after "list"."""
    if line.nodes.n_offers[line.head] == 0:
        return float("nan")

    def best(trust: float) -> float:
        return float(report_plays(line, line.head, trust)[0].chunk_values.max())

    worth = np.array([best(float(trust)) for trust in line.beliefs])
    fine = worth >= 0.0
    if fine[0]:
        return 0.0
    if not fine.any():
        return float("inf")
    first = int(np.argmax(fine))
    low = max(float(line.beliefs[first - 1]), BELIEF_NEAR_ZERO)
    rtol = 4 * np.finfo(float).eps
    return float(brentq(best, low, float(line.beliefs[first]), xtol=ROOT_XTOL, rtol=rtol))
