"""The pilot release: how a small early release screens opportunists ('before the pause')."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import brentq

from ceasefire.display import Displayed
from ceasefire.tolerances import FIXED_POINT, ROOT_XTOL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Pilot(Displayed):
    """Outcome of the pilot stage.

    Attributes
    ----------
    captives : float
        Size of the pilot release, x_p; 0 where there is none.
    matched : float
        Share of opportunists that match the release (nan without a pilot).
    trust_before, trust : float
        Belief in a dealer before and after.
    open_probability, open_probability_without : float
        Chance that the pausing state opens talks after the pilot, and without one.
    release_loss : float
        What the released captives were worth to the captor, utils.
    dealer_net, dealer_without : float
        A dealer's expected value with the pilot, net of the release, and without; utils.
    residual : float
        Error of the fixed point, in probability.
    solutions : int
        Number of fixed points found; the one with the largest matched share is reported.
    """

    captives: float
    matched: float
    trust_before: float
    trust: float
    open_probability: float
    open_probability_without: float
    release_loss: float
    dealer_net: float
    dealer_without: float
    residual: float
    solutions: int


@dataclass(frozen=True)
class FixedPoint:
    """Where matched share and belief agree; `low`, `high` bracket a jump where they cannot."""

    matched: float
    trust: float
    residual: float
    solutions: int
    low: float
    high: float


def posterior(prior: float, share: float) -> float:
    """Belief in a dealer after a release that a `share` of opportunists matches (Bayes)."""
    if prior == 0.0:
        return 0.0
    return prior / (prior + (1.0 - prior) * share)


def matched_share(prior: float, trust: NDArray[np.float64] | float) -> Any:
    """Inverse of :func:`posterior`: the share that carries `prior` to `trust`; 0 < prior < 1."""
    return prior * (1.0 - trust) / ((1.0 - prior) * trust)


def fixed_point(
    prior: float,
    beliefs: NDArray[np.float64],
    responses: NDArray[np.float64],
    response: Callable[[float], float],
    jumps: Callable[[float, float], Sequence[float]],
) -> FixedPoint:
    """Largest q with ``q = response(posterior(prior, q))``.

    `response` maps trust in [prior, 1] to the share of opportunists willing to match, in
    [0, 1]; `responses` are its values at `beliefs`, on which sign changes are bracketed.
    The response may jump where the first block changes: ``jumps(low, high)`` tells where
    inside a cell, each jump as the two beliefs beside it, so that a solution between two
    jumps, or between a jump and the end of its cell, is not missed. Between jumps it is
    smooth, and two solutions closer than one cell are seen as none. At a jump upwards no q
    may solve the equation: the crossing is returned with its residual, and the caller lets
    the parties mix there.
    """
    if prior in (0.0, 1.0):
        return FixedPoint(response(prior), prior, 0.0, 1, prior, prior)

    def surplus(trust: float) -> float:
        return response(trust) - float(matched_share(prior, trust))

    above = beliefs > prior
    grid = np.concatenate(([prior], beliefs[above]))
    gaps = np.concatenate(
        ([surplus(prior)], responses[above] - matched_share(prior, beliefs[above]))
    )
    if gaps[0] >= 0.0:
        return FixedPoint(1.0, prior, 0.0, 1 + _crossings(gaps[1:]), prior, prior)
    low, high, hidden = _first_crossing(grid, gaps, surplus, jumps)
    trust = float(brentq(surplus, low, high, xtol=ROOT_XTOL, rtol=4 * np.finfo(float).eps))
    residual = surplus(trust)
    if abs(residual) > FIXED_POINT:
        low, high = _close_in(surplus, low, high)
        trust = high
    matched = float(matched_share(prior, trust))
    return FixedPoint(matched, trust, residual, _crossings(gaps) + hidden, low, high)


def _first_crossing(
    grid: NDArray[np.float64],
    gaps: NDArray[np.float64],
    surplus: Callable[[float], float],
    jumps: Callable[[float, float], Sequence[float]],
) -> tuple[float, float, int]:
    """Lowest bracket of a rise through zero, and how many crossings the grid hides beside it.

    `gaps`, at `grid`, begin below zero.
    """
    first = int(np.argmax(gaps >= 0.0))
    for low, high in pairwise(grid[: first + 1].tolist()):
        if inside := jumps(low, high):
            told = np.array([low, *inside, high])
            signs = np.array([surplus(trust) >= 0.0 for trust in told.tolist()])
            if signs.any():
                at = int(np.argmax(signs))
                hidden = int(np.count_nonzero(np.diff(signs))) - int(signs[-1])
                return float(told[at - 1]), float(told[at]), hidden
    return float(grid[first - 1]), float(grid[first]), 0


def _crossings(gaps: NDArray[np.float64]) -> int:
    return int(np.count_nonzero(np.diff(gaps >= 0.0)))


def _close_in(surplus: Callable[[float], float], low: float, high: float) -> tuple[float, float]:
    """Shrink the bracket of a jump to adjacent floats, negative surplus left, positive right."""
    while True:
        middle = 0.5 * (low + high)
        if middle in (low, high):
            return low, high
        if surplus(middle) >= 0.0:
            high = middle
        else:
            low = middle
