"""Play and values at a window, and the trust it takes to extend there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq

from ceasefire.display import Displayed
from ceasefire.tolerances import BELIEF_NEAR_ZERO, ROOT_XTOL
from ceasefire.truce import _kernels as kernels
from ceasefire.truce.course import window_play

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.truce.game import LineOfPlay


@dataclass(frozen=True, eq=False)
class WindowValues(Displayed):
    """Values and play at one window.

    Attributes
    ----------
    held, day, trust : float, int, float
        The window: captives held, pause days used, belief.
    pausing_state, dealer, opportunist : float
        Values of the window, utils net of war.
    offers : ndarray, shape (n + 1,)
        Probability that the pausing state, when reached, stops (0) or offers 1..n days.
    acceptance : ndarray, shape (n,)
        Probability that the political wing accepts 1..n days.
    chunk_values : ndarray, shape (n,)
        The pausing state's value of 1..n days once accepted, utils; positive: worth it.
    relay_works : float
        Probability that the relay works at a window.
    """

    held: float
    day: int
    trust: float
    pausing_state: float
    dealer: float
    opportunist: float
    offers: NDArray[np.float64]
    acceptance: NDArray[np.float64]
    chunk_values: NDArray[np.float64]
    relay_works: float

    @property
    def best_chunk(self) -> int:
        """Chunk the pausing state likes best if it extends, days; 0 where none can be offered."""
        if self.chunk_values.size == 0:
            return 0
        return int(np.argmax(self.acceptance * self.chunk_values)) + 1

    @property
    def offer_probability(self) -> float:
        """Chance that the pausing state offers some chunk when the relay works."""
        return float(self.offers[1:].sum())

    @property
    def goes_on(self) -> float:
        """Chance that a chunk is offered through a working relay and accepted."""
        return self.relay_works * float(self.offers[1:] @ self.acceptance)

    @property
    def expected_chunk(self) -> float:
        """Expected chunk in days given an offer; nan where none can be made."""
        if self.offer_probability == 0.0:
            return float("nan")
        days = np.arange(1, self.offers.size)
        return float(days @ self.offers[1:]) / self.offer_probability


def window_values(line: LineOfPlay, trust: float) -> WindowValues:
    """Evaluate the window at the head of `line` under belief `trust`."""
    at, node, nodes = line.at(trust), line.head, line.nodes
    offers, acceptance = window_play(line, node, trust)
    days = nodes.offers[node, 1 : nodes.n_offers[node] + 1]
    return WindowValues(
        held=float(nodes.held[node]),
        day=int(nodes.used[node]),
        trust=trust,
        pausing_state=float(at[kernels.Y, node]),
        dealer=float(at[kernels.UD, node]),
        opportunist=float(at[kernels.UO, node]),
        offers=offers,
        acceptance=acceptance,
        chunk_values=at[kernels.FIRST_Y, days].copy(),
        relay_works=1.0 - line.parameters.chi,
    )


def best_chunk_value(line: LineOfPlay, trust: float) -> float:
    """The pausing state's value of its best chunk at the head window, utils."""
    nodes, node = line.nodes, line.head
    days = nodes.offers[node, 1 : nodes.n_offers[node] + 1]
    return float(line.at(trust)[kernels.FIRST_Y, days].max())


def trust_needed(line: LineOfPlay) -> float:
    """Least belief at which the best chunk at the head window is worth 0; see TruceEquilibrium."""
    nodes, node = line.nodes, line.head
    if nodes.n_offers[node] == 0:
        return float("nan")
    days = nodes.offers[node, 1 : nodes.n_offers[node] + 1]
    worth = line.values[kernels.FIRST_Y, days].max(axis=0) >= 0.0
    if worth[0]:
        return 0.0
    if not worth.any():
        return float("inf")
    first = int(np.argmax(worth))
    low, high = float(line.beliefs[first - 1]), float(line.beliefs[first])
    root = brentq(
        lambda trust: best_chunk_value(line, trust),
        max(low, BELIEF_NEAR_ZERO),
        high,
        xtol=ROOT_XTOL,
        rtol=4 * np.finfo(float).eps,
    )
    return float(root)
