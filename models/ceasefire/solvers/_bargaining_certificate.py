"""Check a bargaining solution by other code: prices that support it, equal shares, ideals anew."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.display import Displayed
from ceasefire.games.problem import Frontier, Points
from ceasefire.solvers import _bargaining_programs as programs
from ceasefire.tolerances import BARGAINING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from fractions import Fraction

    from numpy.typing import NDArray

    from ceasefire.games import BargainingProblem
    from ceasefire.solvers._bargaining_programs import System
    from ceasefire.solvers.axiomatic import Found

    Floats = NDArray[np.float64]

TIGHT = (
    1e-6  # joint gains left, in ideal gains, that count as none: floors are relaxed by BARGAINING
)
SAMPLES = 4001  # of a curve
NOTHING = 1e-8  # a reduced cost of an issue without bound that counts as zero


@dataclass(frozen=True)
class BargainingCertificate(Displayed):
    """What was recomputed about a bargaining solution.

    Attributes
    ----------
    residuals : mapping of str to float
        What was checked -> by how much it fails, relative to the players' ideal gains.
    tolerance : float
    prices : tuple of float
        Weights p of the players with ``p . s <= p . u`` for every feasible s, largest 1; empty
        where the set is not convex.
    slack : float
        What the players could still gain, added up in parts of their ideal gains, without
        anybody's loss.
    """

    residuals: Mapping[str, float]
    tolerance: float
    prices: tuple[float, ...]
    slack: float

    @property
    def worst(self) -> float:
        """The largest residual."""
        return max(self.residuals.values())

    @property
    def passed(self) -> bool:
        """Whether every residual is within the tolerance; a NaN is not."""
        return all(value <= self.tolerance for value in self.residuals.values())

    def __repr__(self) -> str:
        shown = ", ".join(f"{what} {value:.1e}" for what, value in self.residuals.items())
        return f"{'passed' if self.passed else 'FAILED'}: {shown} (at most {self.tolerance:.0e})"


def checked(
    problem: BargainingProblem, rule: str, weights: Sequence[Fraction], found: Found
) -> BargainingCertificate:
    """The certificate of what a solver found."""
    u, top = (np.array([float(x) for x in row]) for row in (found.payoffs, found.ideal))
    w, d = np.array([float(x) for x in weights]), problem.disagreement.astype(float)
    at = problem.feasible
    if isinstance(at, Points) and not at.lotteries:
        return _pure(problem, at, rule, weights, found)
    if isinstance(at, Frontier):
        unit = top - d if found.deal else np.array([at.high - at.low, _height(at)])
        residuals, prices, slack = _curve(at, rule if found.deal else "", w, u, d, unit)
    else:
        unit = top - d if found.deal else _spread(problem)
        residuals, prices, slack = _polyhedral(problem, rule if found.deal else "", w, u, d, unit)
        residuals |= _levels(problem, found.levels, u, unit)
        if found.deal:
            residuals["ideal"] = _ideals(problem, top, d, unit)
    if found.deal:
        residuals |= _equalities(rule, w, u, d, top, unit)
    size = float(np.max(np.abs(prices), initial=0.0))
    shown = tuple((np.asarray(prices) / size).tolist()) if size > 0 else ()
    return BargainingCertificate(residuals, BARGAINING, shown, slack)


def _spread(problem: BargainingProblem) -> Floats:
    at = programs.system(problem)
    size = np.abs(at.values.astype(float)).max(axis=1)
    return np.where(size > 0, size, 1.0)


def _equalities(rule: str, w: Floats, u: Floats, d: Floats, top: Floats, unit: Floats) -> Any:
    """By how much shares, gains or losses differ that the rule wants equal."""
    if rule == "kalai-smorodinsky":
        parts = (u - d) / unit / w
    elif rule == "egalitarian":
        parts = (u - d) / w / unit.max()
    elif rule == "equal-loss":
        parts = (top - u) / w / unit.max()
    else:
        return {}
    size = max(1.0, float(np.abs(parts).max()))
    return {"equality": float(np.ptp(parts)) / size}


def _polyhedral(
    problem: BargainingProblem, rule: str, w: Floats, u: Floats, d: Floats, unit: Floats
) -> tuple[dict[str, float], Floats, float]:
    """Prices that support u, by the rule or by a program, and what is left to gain."""
    at = programs.system(problem)
    n, k = len(u), len(at.rows)
    if rule in ("nash", "utilitarian"):
        prices = w / (u - d) if rule == "nash" else w
        found = at.best(prices, d)
        assert found.multipliers is not None
        beyond = bound(at, prices, d, found.multipliers) - prices @ u
        if rule == "utilitarian":  # who is held at d weighs more than its weight in the sum
            prices = prices + found.multipliers[k : k + n]
    else:
        near = u - BARGAINING * unit
        found = at.best(np.zeros(n), near, ray=unit)
        assert found.multipliers is not None
        prices = found.multipliers[k : k + n]
        prices = prices / (prices @ unit)
        beyond = bound(at, prices, None, found.multipliers[:k]) - prices @ u
    most = at.best(1 / unit, u - BARGAINING * unit)
    slack = float(most.value) + float((at.base.astype(float) - u) @ (1 / unit))
    return {"supporting prices": float(beyond / (prices @ unit))}, prices, slack


def bound(at: System, goal: Floats, floor: Floats | None, multipliers: Floats) -> float:
    """An upper bound of ``goal . payoffs``, valid for whatever multipliers, by weak duality.

    With prices of the rows and of the floors below payoffs, each issue is at the bound that its
    reduced worth prefers; a lottery is at its best outcome.
    """
    k = len(at.rows)
    prices = np.maximum(multipliers, 0.0)
    goal = np.asarray(goal, dtype=float)
    values, base = at.values.astype(float), at.base.astype(float)
    total = float(goal @ base)
    worth = goal @ values
    if floor is not None:
        total += float(prices[k:] @ (base - floor))
        worth = worth + prices[k:] @ values
    if at.lottery:
        return total + float(worth.max())
    if k:
        total += float(prices[:k] @ at.limits.astype(float))
        worth = worth - prices[:k] @ at.rows.astype(float)
    size = NOTHING * float(np.abs(goal) @ np.abs(values).max(axis=1))
    for x, low, high in zip(worth, at.lower, at.upper, strict=True):
        end = high if x > 0 else low
        if end is not None:
            total += float(x) * float(end)
        elif abs(x) > size:
            return np.inf
    return total


def _ideals(problem: BargainingProblem, top: Floats, d: Floats, unit: Floats) -> float:
    at = programs.system(problem)
    worst = 0.0
    for i, axis in enumerate(np.eye(len(d))):
        found = at.best(axis, d)
        assert found.multipliers is not None
        reached = float(found.value) + float(at.base[i])
        limit = bound(at, axis, d, found.multipliers)
        worst = max(worst, abs(reached - top[i]) / unit[i], (limit - top[i]) / unit[i])
    return worst


def _levels(problem: BargainingProblem, levels: Any, u: Floats, unit: Floats) -> dict[str, float]:
    """By how much the levels miss the payoffs, and break their limits."""
    at = programs.system(problem)
    x = [float(level) for level in levels]
    worst, excess = 0.0, 0.0
    for i, row in enumerate(at.values):
        worth = float(at.base[i]) + sum(float(v) * y for v, y in zip(row, x, strict=True))
        worst = max(worst, (u[i] - worth) / unit[i])
    for row, limit in zip(at.rows, at.limits, strict=True):
        terms = [float(a) * y for a, y in zip(row, x, strict=True)]
        size = max([abs(t) for t in terms] + [abs(float(limit))]) or 1.0
        excess = max(excess, (sum(terms) - float(limit)) / size)
    for y, low, high in zip(x, at.lower, at.upper, strict=True):
        size = max(abs(y), 1e-300)
        excess = max(excess, 0.0 if high is None else (y - float(high)) / size)
        excess = max(excess, 0.0 if low is None else (float(low) - y) / max(size, abs(float(low))))
    return {"payoffs of the levels": worst, "limits": _rounding(excess)}


def _rounding(excess: float) -> float:
    return float(max(excess, 0.0))


def _height(at: Frontier) -> float:
    return float(at.function(at.low) - at.function(at.high))


def _curve(
    at: Frontier, rule: str, w: Floats, u: Floats, d: Floats, unit: Floats
) -> tuple[dict[str, float], Floats, float]:
    """Compare with a sample of the curve; the point itself lies on the boundary."""
    x = np.linspace(at.low, at.high, SAMPLES)
    curve = np.column_stack([x, [at.function(float(v)) for v in x]])
    residuals: dict[str, float] = {}
    prices = np.empty(0)
    if rule in ("nash", "utilitarian"):
        prices = w / (u - d) if rule == "nash" else w
        fair = curve[np.all(curve >= d, axis=1)]
        beyond = np.max((fair - u) @ prices, initial=0.0)
        residuals["supporting prices"] = float(beyond / (prices @ unit))
    step = BARGAINING * unit[0]
    inner, outer = (at.function(float(np.clip(u[0] + s, at.low, at.high))) for s in (-step, step))
    below = max(u[0] - at.high, 0.0) / unit[0] + max(u[1] - inner, 0.0) / unit[1]
    above = 0.0 if u[0] >= at.high - step else max(outer - u[1], 0.0) / unit[1]
    if rule:
        residuals["boundary"] = float(below + above)
    else:  # no agreement: nothing beyond d for both
        room = min(at.function(float(np.clip(u[0], at.low, at.high))) - u[1], at.high - u[0])
        residuals["room"] = float(max(room, 0.0) / unit.max())
    start = max(u[0], at.low)
    slack = (start - u[0]) / unit[0]
    if u[0] >= at.high - step:
        slack += max(at.function(at.high) - u[1], 0.0) / unit[1]
    return residuals, prices, float(slack)


def _pure(
    problem: BargainingProblem, at: Points, rule: str, weights: Sequence[Fraction], found: Found
) -> BargainingCertificate:
    """Compare with every outcome, one by one."""
    d, u, top = problem.disagreement, found.payoffs, found.ideal
    fair = [row for row in at.payoffs.tolist() if all(x >= y for x, y in zip(row, d, strict=True))]
    if not found.deal:
        both = any(all(x > y for x, y in zip(row, d, strict=True)) for row in fair)
        return BargainingCertificate({"outcomes that all gain by": float(both)}, 0.0, (), 0.0)
    unit = [a - x for a, x in zip(top, d, strict=True)]

    def worth(row: Sequence[Any]) -> float:
        gains = [(x - y) / s for x, y, s in zip(row, d, unit, strict=True)]
        if rule == "nash":
            pairs = zip(gains, weights, strict=True)
            return float(prod(float(g) ** float(w / sum(weights)) for g, w in pairs))
        if rule == "kalai-smorodinsky":
            return min(float(g / w) for g, w in zip(gains, weights, strict=True))
        wide = max(unit)
        utils = [g * s / wide for g, s in zip(gains, unit, strict=True)]
        if rule == "utilitarian":
            return float(sum(g * w for g, w in zip(utils, weights, strict=True)))
        if rule == "egalitarian":
            return min(float(g / w) for g, w in zip(utils, weights, strict=True))
        lost = [(s / wide - g) / w for s, g, w in zip(unit, utils, weights, strict=True)]
        return -float(max(lost))

    better = max(worth(row) for row in fair) - worth(u)
    dominating = [row for row in fair if all(x >= y for x, y in zip(row, u, strict=True))]
    slack = max(
        float(sum((x - y) / s for x, y, s in zip(row, u, unit, strict=True))) for row in dominating
    )
    reached = all(max(row[i] for row in fair) == a for i, a in enumerate(top))
    residuals = {"better outcomes": better, "ideal": 0.0 if reached else np.inf}
    return BargainingCertificate(residuals, BARGAINING, (), slack)
