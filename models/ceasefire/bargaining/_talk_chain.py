"""Talks as an absorbing chain: moments of their length, by formula and by linear equations."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.bargaining._rounds import Number
    from ceasefire.bargaining.blackouts import BlackoutTalks

    Floats = NDArray[np.float64]


class Chain(NamedTuple):
    """lam, om, rho and b."""

    deal: Any
    blackout: Any
    restore: Any
    breakdown: Any

    @classmethod
    def of(cls, model: BlackoutTalks) -> Chain:
        """Those of a model."""
        return cls(
            model.deal_per_day, model.blackout_per_day, model.restore_per_day,
            model.breakdown_per_day,
        )  # fmt: skip

    @property
    def matrix(self) -> Floats:
        """Between live and dark, shape (2, 2)."""
        lam, om, rho, b = self
        return np.array([[1 - lam - om, om], [rho, 1 - rho - b]], dtype=float)

    @property
    def leaving(self) -> Floats:
        """1 less that matrix, without taking 1 from what is close to it."""
        lam, om, rho, b = self
        return np.array([[lam + om, -om], [-rho, rho + b]], dtype=float)


class Moments(NamedTuple):
    """The chance of a deal; mean and standard deviation of its day, given one."""

    chance: Any
    mean: Any
    sd: float


def moments_by_formula(chain: Chain) -> Moments:
    """By derivatives of ``log E[d^T 1(deal)]`` at d = 1."""
    lam, om, rho, b = chain
    if lam <= 0:
        return Moments(0 * lam, math.nan, math.nan)
    ending = rho + b
    lost = b / ending if ending > 0 else 1
    back = om * rho / ending**2 if rho > 0 else 0
    leaving = lam + om * lost
    mean = 1 + (1 - lam - om + back * (1 + ending)) / leaving
    spread = (mean - 1) ** 2 + mean - 1
    if rho > 0:
        spread += 2 * back / ending / leaving
    return Moments(lam / leaving, mean, math.sqrt(max(0.0, float(spread))))


def discounted_by_formula(chain: Chain, rate: Number) -> Any:
    """``E[exp(-r T) 1(deal)]``, in positive terms only; exact at r = 0."""
    lam, om, rho, b = chain
    if lam <= 0:
        return 0 * lam
    d, cost = (1, 0) if rate <= 0 else (math.exp(-rate), -math.expm1(-rate))
    ending = cost + d * (rho + b)
    lost = (cost + d * b) / ending if ending > 0 else 1
    return d * lam / (cost + d * lam + d * om * lost)


def moments_by_equations(chain: Chain) -> Moments:
    """By linear equations: ``E[1(deal)]``, ``E[T 1(deal)]`` and ``E[T (T - 1) 1(deal)]``."""
    if chain.deal <= 0:
        return Moments(0.0, math.nan, math.nan)
    size = 2 if chain.restore > 0 else 1  # what goes dark is lost, and may stay there for ever
    step, rest = chain.matrix[:size, :size], chain.leaving[:size, :size]
    deal = np.array([chain.deal, 0.0][:size])
    chances = np.linalg.solve(rest, deal)
    first = np.linalg.solve(rest, chances)
    second = 2 * np.linalg.solve(rest, step @ first)
    chance, mean = float(chances[0]), float(first[0] / chances[0])
    variance = float(second[0]) / chance + mean - mean**2
    return Moments(chance, mean, math.sqrt(max(0.0, variance)))


def discounted_by_equations(chain: Chain, rate: float) -> float:
    """``E[exp(-r T) 1(deal)]`` by linear equations."""
    if chain.deal <= 0:
        return 0.0
    d, size = math.exp(-rate), 2 if chain.restore > 0 else 1
    deal = np.array([d * chain.deal, 0.0][:size])
    rest = d * chain.leaving[:size, :size] - math.expm1(-rate) * np.eye(size)
    return float(np.linalg.solve(rest, deal)[0])


def apart(one: float, two: float) -> float:
    """How far apart; two that are no numbers are not."""
    return 0.0 if math.isnan(one) and math.isnan(two) else abs(one - two)
