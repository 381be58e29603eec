"""Counts of coalitions by size, and chances that a member decides."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.bargaining.veto import Body


@lru_cache(maxsize=256)
def counts(weights: tuple[int, ...]) -> dict[tuple[int, int], int]:
    """Coalitions by size and weight."""
    found = {(0, 0): 1}
    for w in weights:
        after = dict(found)
        for (size, total), count in found.items():
            key = (size + 1, total + w)
            after[key] = after.get(key, 0) + count
        found = after
    return found


def wins_by_weight(body: Body) -> list[int]:
    """Coalitions that pass, by size."""
    sizes = [0] * (len(body.weights) + 1)
    for (size, total), count in counts(body.weights).items():
        sizes[size] += count if total >= body.quota else 0
    return sizes


def swings_by_weight(body: Body, weight: int) -> list[int]:
    """Coalitions of others that pass with a member of this weight only, by size."""
    others = list(body.weights)
    others.remove(weight)
    sizes = [0] * (len(others) + 1)
    for (size, total), count in counts(tuple(others)).items():
        sizes[size] += count if body.quota - weight <= total < body.quota else 0
    return sizes


def wins_alike(body: Body) -> list[int]:
    """The same by binomials, all weights alike."""
    n, need = len(body.weights), -(-body.quota // max(body.weights[0], 1))
    return [math.comb(n, s) if s >= need else 0 for s in range(n + 1)]


def swings_alike(body: Body, weight: int) -> list[int]:
    """The same by binomials, all weights alike."""
    n, need = len(body.weights), -(-body.quota // max(weight, 1))
    return [math.comb(n - 1, s) if s == need - 1 else 0 for s in range(n)]


def product(one: list[int], two: list[int]) -> list[int]:
    """Convolve two lists of counts."""
    out = [0] * (len(one) + len(two) - 1)
    for i, a in enumerate(one):
        for j, b in enumerate(two):
            out[i + j] += a * b
    return out


def indices(sizes: list[int], total: int) -> tuple[Fraction, Fraction]:
    """Shapley-Shubik and Banzhaf indices from swings by size."""
    orders = sum(
        (Fraction(count, math.comb(total - 1, s)) for s, count in enumerate(sizes) if count),
        Fraction(0),
    )
    return orders / total, Fraction(sum(sizes), 2 ** (total - 1))


def spread(weights: tuple[int, ...] | list[int], ts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distribution of the weight in favour, by chance t that a member agrees."""
    chance = np.zeros((ts.size, sum(weights) + 1))
    chance[:, 0] = 1.0
    for w in weights:
        moved = np.roll(chance, w, axis=1)  # nothing wraps: the top w entries are still 0
        chance = (1 - ts)[:, None] * chance + ts[:, None] * moved
    return chance


def chance(body: Body, ts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Chance that the body passes it."""
    passed: NDArray[np.float64] = spread(body.weights, ts)[:, body.quota :].sum(axis=1)
    return passed


def pivot_chance(body: Body, weight: int, ts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Chance that a member of this weight decides in its body."""
    others = list(body.weights)
    others.remove(weight)
    decides: NDArray[np.float64] = spread(others, ts)[
        :, max(body.quota - weight, 0) : body.quota
    ].sum(axis=1)
    return decides
