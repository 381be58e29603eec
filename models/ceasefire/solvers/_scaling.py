"""A game's payoffs for arithmetic: mapped onto [1, 2], or whole numbers; and exact vertices."""

from __future__ import annotations

from fractions import Fraction
from math import gcd, lcm
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ceasefire.games import NormalForm


class Pairs(NamedTuple):
    """Extreme equilibria, and how they were found."""

    rows: list[NDArray[Any]]
    columns: list[NDArray[Any]]
    exact: bool
    route: str
    vertex: list[tuple[int, int]]  # numbers of the two vertices: equal ones are the same strategy


def normalised(game: NormalForm, player: int) -> NDArray[np.float64]:
    """A player's payoffs, shape of the game, mapped onto [1, 2]; each within ENTRY_ERROR."""
    if game.is_exact:
        table = game.exact_payoffs[player]
        low, high = min(table.flat), max(table.flat)
        width = (high - low) or 1
        flat = [float((u - low) / width) for u in table.flat]
        return 1.0 + np.array(flat).reshape(table.shape)
    table = game.payoffs[player]
    low, high = table.min(), table.max()
    with np.errstate(over="ignore"):
        width = high - low
    if not 1e-290 < width < 1e300:  # beyond what divides safely: scale by a power of two first
        scaled = [float((Fraction(u) - Fraction(low)) / (Fraction(high) - Fraction(low) or 1))
                  for u in table.flat]  # fmt: skip
        return 1.0 + np.array(scaled).reshape(table.shape)
    return np.asarray(1.0 + (table - low) / width)


def whole(game: NormalForm, player: int) -> NDArray[np.object_]:
    """A player's payoffs as positive whole numbers, by an increasing affine map; smallest is 1."""
    table = game.exact_payoffs[player]
    ratios = [u.as_integer_ratio() for u in table.flat]
    unit = lcm(*(below for _, below in ratios))
    counts = [above * (unit // below) for above, below in ratios]
    low = min(counts)
    common = gcd(*(k - low for k in counts)) or 1
    result = np.empty(table.shape, dtype=object)
    result[...] = np.array([(k - low) // common + 1 for k in counts], dtype=object).reshape(
        table.shape
    )
    return result


def vertex(M: NDArray[Any], first: NDArray[Any], tight: NDArray[Any]) -> NDArray[np.object_]:
    """The vertex with positive variables `first` and tight rows `tight`, as a distribution."""
    values = solve_whole([[int(M[k, s]) for s in first] for k in tight])
    return mixed(values, first, M.shape[1])


def mixed(weights: Sequence[int], actions: NDArray[Any], count: int) -> NDArray[np.object_]:
    """The distribution over `count` actions, in fractions, that is proportional to weights."""
    result = np.full(count, Fraction(0), dtype=object)
    total = sum(weights)
    for action, weight in zip(actions, weights, strict=True):
        result[action] = Fraction(weight, total)
    return result


def proportional(values: Sequence[int | float]) -> list[int]:
    """Whole numbers in proportion to the absolute values; a float is its own binary fraction."""
    ratios = [abs(v).as_integer_ratio() for v in values]
    unit = lcm(*(below for _, below in ratios))
    return [above * (unit // below) for above, below in ratios]


def solve_whole(matrix: Sequence[Sequence[int]]) -> list[int]:
    """Whole numbers proportional to the solution of ``matrix v = 1`` (Bareiss elimination)."""
    k = len(matrix)
    rows = [[*row, 1] for row in matrix]
    before = 1
    for c in range(k):
        at = next(i for i in range(c, k) if rows[i][c])
        rows[c], rows[at] = rows[at], rows[c]
        pivot = rows[c][c]
        for i in range(k):
            if i != c:
                f, row, lead = rows[i][c], rows[i], rows[c]
                rows[i] = [(u * pivot - f * v) // before for u, v in zip(row, lead, strict=True)]
        before = pivot
    return [rows[c][k] * (1 if before > 0 else -1) for c in range(k)]
