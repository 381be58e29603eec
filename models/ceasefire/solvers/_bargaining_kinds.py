"""Bargaining below a smooth curve, and over outcomes that cannot be mixed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from ceasefire.solvers._frontiers import outside
from ceasefire.tolerances import PAYOFF_TIE, ROOT_XTOL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from fractions import Fraction

    from numpy.typing import NDArray

    from ceasefire.games import BargainingProblem
    from ceasefire.games.problem import Frontier, Points

    Floats = NDArray[np.float64]

STEP = 1e-3  # of differences, relative to the range, extrapolated: exact to some 1e-12
FLAT = 1e-13  # products of gains that differ by less are the same
NEAR = 1e-9


def curve_ideal(at: Frontier, d: Floats) -> Floats:
    """The most that each can have below the curve while the other has d."""
    top = float(at.function(max(at.low, float(d[0]))))
    if at.function(at.high) >= d[1]:
        return np.array([at.high, top])
    reach = _root(lambda x: at.function(x) - d[1], at.low, at.high)
    return np.array([reach, top])


def inside_curve(problem: BargainingProblem, at: Frontier) -> bool:
    """Whether both can gain; raises where d lies beyond the curve."""
    d = problem.disagreement.astype(float)
    height = at.function(max(at.low, float(d[0]))) if d[0] <= at.high else -np.inf
    scale = abs(at.function(at.low) - at.function(at.high))
    if height < d[1] - NEAR * scale or d[0] > at.high + NEAR * (at.high - at.low):
        raise outside(problem)
    return bool(height > d[1] + NEAR * scale and d[0] < at.high - NEAR * (at.high - at.low))


def curve_nash(at: Frontier, d: Floats, top: Floats, weights: Floats) -> Floats:
    """Maximise the weighted product of gains along the curve.

    A root of its derivative; where the product is clearly higher at the maximum found without
    derivatives, as at a kink, that one.
    """
    low, high = max(at.low, float(d[0])), float(top[0])
    slope = at.slope or _differences(at.function, at.low, at.high)

    def product(x: float) -> float:
        gains = np.array([x, at.function(x)]) - d
        if gains.min() <= 0:
            return -np.inf
        return float(weights @ np.log(gains))

    def rise(x: float) -> float:
        return float(weights[0] * (at.function(x) - d[1]) + weights[1] * slope(x) * (x - d[0]))

    coarse = _peak(product, low, high)
    inner = low + 1e-12 * (high - low), high - 1e-12 * (high - low)
    if rise(inner[0]) > 0 > rise(inner[1]):
        x = _root(rise, *inner)
        if product(x) >= product(coarse) - FLAT:
            return np.array([x, at.function(x)])
    return np.array([coarse, at.function(coarse)])


def curve_along(at: Frontier, start: Floats, direction: Floats) -> Floats:
    """The last point below the curve from `start` in a positive direction."""
    x_low, x_high = max(at.low, float(start[0])), at.high

    def over(x: float) -> float:
        return float(start[1] + (x - start[0]) / direction[0] * direction[1] - at.function(x))

    if over(x_low) >= 0:  # it leaves through the flat part left of the curve
        height = at.function(x_low)
        return np.array([start[0] + (height - start[1]) / direction[1] * direction[0], height])
    if over(x_high) <= 0:
        return np.array([x_high, start[1] + (x_high - start[0]) / direction[0] * direction[1]])
    x = _root(over, x_low, x_high)
    return np.array([x, at.function(x)])


def curve_utilitarian(at: Frontier, d: Floats, top: Floats, weights: Floats) -> Floats:
    """Maximise the weighted sum where nobody has less than d."""
    low, high = max(at.low, float(d[0])), float(top[0])
    slope = at.slope or _differences(at.function, at.low, at.high)

    def rise(x: float) -> float:
        return float(weights[0] + weights[1] * slope(x))

    def total(x: float) -> float:
        return float(weights @ [x, at.function(x)])

    coarse = _peak(total, low, high)
    inner = low + 1e-12 * (high - low), high - 1e-12 * (high - low)
    found = [low, coarse, high]
    if rise(inner[0]) > 0 > rise(inner[1]):
        found.insert(0, _root(rise, *inner))
    scale = FLAT * max(abs(total(x)) for x in found)
    best = max(total(x) for x in found)
    x = next(x for x in found if total(x) >= best - scale)
    return np.array([x, at.function(x)])


def _peak(value: Callable[[float], float], low: float, high: float) -> float:
    step: Any = {"xatol": 1e-12 * (high - low)}
    found: Any = minimize_scalar(
        lambda x: -value(x), bounds=(low, high), method="bounded", options=step
    )
    return float(found.x)


def _root(value: Callable[[float], float], low: float, high: float) -> float:
    if value(low) == 0:
        return low
    if value(high) == 0:
        return high
    span = max(high - low, abs(low), abs(high))
    return float(brentq(value, low, high, xtol=ROOT_XTOL * span, rtol=8.9e-16))


def _differences(
    function: Callable[[float], float], low: float, high: float
) -> Callable[[float], float]:
    """Central differences, extrapolated once, within the range."""

    def slope(x: float) -> float:
        h = STEP * min(high - low, 10 * min(x - low, high - x))
        wide = (function(x + h) - function(x - h)) / (2 * h)
        narrow = (function(x + h / 2) - function(x - h / 2)) / h
        return (4 * narrow - wide) / 3

    return slope


def best_outcomes(
    problem: BargainingProblem, at: Points, rule: str, weights: Sequence[Fraction], ideal: Any
) -> list[int]:
    """Outcomes that are best by a rule among those that leave nobody below d; ties are listed.

    Nash: largest weighted product of gains. Kalai-Smorodinsky, egalitarian: largest least gain,
    in parts of the ideal gain, or in utils, over weights, then largest next. Utilitarian: sum.
    """
    gains = at.payoffs - problem.disagreement
    fair = [k for k in range(len(gains)) if min(gains[k]) >= 0]
    unit = ideal - problem.disagreement

    def worth(k: int) -> Any:
        g = gains[k]
        if rule == "nash":
            return _log_product([float(x / y) for x, y in zip(g, unit, strict=True)], weights)
        if rule == "utilitarian":
            return [float(sum(w * x for w, x in zip(weights, g, strict=True)) / max(unit))]
        scale = unit if rule == "kalai-smorodinsky" else [max(unit)] * len(unit)
        parts = zip(g, scale, weights, strict=True)
        if rule == "equal-loss":
            parts_lost = zip(unit, g, weights, strict=True)
            return sorted(-float((a - x) / w / max(unit)) for a, x, w in parts_lost)
        return sorted(float(x / y / w) for x, y, w in parts)

    values = {k: worth(k) for k in fair}
    top = max(values.values())
    return [k for k in fair if np.all(np.abs(np.subtract(values[k], top)) <= PAYOFF_TIE)]


def _log_product(gains: list[float], weights: Sequence[Fraction]) -> list[float]:
    if min(gains) <= 0:
        return [-1e300]
    return [sum(float(w) * float(np.log(g)) for w, g in zip(weights, gains, strict=True))]


def pure_ideal(problem: BargainingProblem, at: Points) -> Any:
    """The most of each among the outcomes that leave nobody below d."""
    fair = [row for row in at.payoffs if all(row >= problem.disagreement)]
    if not fair:
        raise outside(problem)
    return np.array(fair, dtype=object).max(axis=0)
