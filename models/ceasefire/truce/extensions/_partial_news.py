"""What a day's delivery tells: the whole batch, a part of it, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.errors import ArgumentError
from ceasefire.truce.extensions import _partial_kernels as kernels

if TYPE_CHECKING:
    from ceasefire.truce.extensions._partial_line import PartialLine


@dataclass(frozen=True)
class DayNews:
    """What the day of a one-day chunk tells, by what came out, with no shortfall before.

    Attributes
    ----------
    held, day, trust : float, int, float
        Window at which the day is agreed: captives held, pause days used, belief in a dealer.
    whole, part, nothing : float
        Chance of each, once the day is agreed; "nothing" counts a missing list.
    delivers_whole, hands_part : float
        Chance that an opportunist that can deliver the whole, or the part, does.
    after_whole, after_part, after_nothing : float
        Belief in a dealer after each (Bayes' rule).
    goes_on_after_whole, goes_on_after_part : float
        Chance that a further chunk is offered through a working relay and accepted.
    slack_given_part : float
        Chance that a dealer would have brought the whole, given a shortfall.
    refused_given_nothing : float
        Chance that what did not come could have come, given that nothing came.
    """

    held: float
    day: int
    trust: float
    whole: float
    part: float
    nothing: float
    delivers_whole: float
    hands_part: float
    after_whole: float
    after_part: float
    after_nothing: float
    goes_on_after_whole: float
    goes_on_after_part: float
    slack_given_part: float
    refused_given_nothing: float


def day_news(line: PartialLine, trust: float) -> DayNews:
    """Evaluate a one-day chunk at the window at the head of `line`; it must have one to offer."""
    nodes = line.nodes
    node = int(nodes.offers[line.head, 1])
    at, able = line.play(node, trust), line.produced(node)
    prior = np.array([trust, 1.0 - trust])
    plays = at[[kernels.DELIVER, kernels.HAND_PART]]
    come = prior[:, None] * able * np.array([[1.0, 1.0], plays])
    nothing = prior - come.sum(axis=1)
    whole, part = (float(c) for c in come.sum(axis=0))
    refused = (1.0 - trust) * float(able[1] @ (1.0 - plays))
    extra = (1.0 - trust) * float((able[1, 1] - able[0, 1]) * plays[1])
    return DayNews(
        held=float(nodes.held[line.head]),
        day=int(nodes.used[line.head]),
        trust=trust,
        whole=whole,
        part=part,
        nothing=float(nothing.sum()),
        delivers_whole=float(plays[0]),
        hands_part=float(plays[1]),
        after_whole=float(at[kernels.POSTERIOR]),
        after_part=float(at[kernels.SHORT_POSTERIOR]),
        after_nothing=_share(float(nothing[0]), float(nothing.sum())),
        goes_on_after_whole=_goes_on(line, node, kernels.WHOLE, float(at[kernels.POSTERIOR])),
        goes_on_after_part=_goes_on(line, node, kernels.PART, float(at[kernels.SHORT_POSTERIOR])),
        slack_given_part=_share(extra, part),
        refused_given_nothing=_share(refused, float(nothing.sum())),
    )


def follow_whole(line: PartialLine, trust: float, chunks: tuple[int, ...]) -> tuple[int, float]:
    """Window and belief after `chunks` (the first block first) were delivered whole.

    Raises
    ------
    ArgumentError
        Such chunks are not on offer.
    """
    nodes, node = line.nodes, line.head
    for i, days in enumerate(chunks):
        if i and not 1 <= days <= nodes.n_offers[node]:
            raise ArgumentError("chunks", chunks, "chunks in days that the windows can offer")
        node = int(nodes.offers[node, days]) if i else node
        if int(nodes.left[node]) != days:
            raise ArgumentError("chunks", chunks, f"a first block of {nodes.left[node]} days")
        while nodes.kind[node] == kernels.DAY:
            trust = float(line.play(node, trust)[kernels.POSTERIOR])
            node = int(nodes.next[kernels.WHOLE, node])
    return node, trust


def _goes_on(line: PartialLine, node: int, branch: int, trust: float) -> float:
    window = int(line.nodes.next[branch, node])
    if window < 0 or line.nodes.n_offers[window] == 0:
        return 0.0
    offers, acceptance = line.window(window, trust)
    return float((1.0 - line.parameters.chi) * (offers[1:] @ acceptance))


def _share(of: float, total: float) -> float:
    return of / total if total > 0.0 else float("nan")
