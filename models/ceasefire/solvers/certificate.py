"""Independent verification: what each player could gain by deviating.

Nothing here is shared with the solvers: regrets are recomputed from the game and the strategies.
"""

from __future__ import annotations

from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.errors import ArgumentError
from ceasefire.solvers._kernels import regret as kernel
from ceasefire.tolerances import PROBABILITY_SUM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from ceasefire.games.normal import NormalForm


def regret(game: NormalForm, strategies: Sequence[ArrayLike]) -> NDArray[Any]:
    """Each player's largest gain from a pure deviation, shape (n_players,), utils.

    ``max_a u_i(a, s_-i) - u_i(s)``. In fractions where every strategy is of fractions, and then
    exact. In floats payoffs are counted from each player's smallest, so that a common shift of
    1e9 costs no digits.
    """
    mixed = checked(game, strategies)
    exact = all(s.dtype == object for s in mixed)
    result = np.empty(game.n_players, dtype=object if exact else float)
    for i in range(game.n_players):
        by_action = deviations(game, mixed, i, exact)
        result[i] = max(by_action) - by_action @ mixed[i]
    return result


def deviations(
    game: NormalForm, strategies: Sequence[NDArray[Any]], player: int, exact: bool
) -> NDArray[Any]:
    """Payoff of each action of `player` against the others' strategies, from its smallest up."""
    table = game.exact_payoffs[player] if exact else _from_smallest(game, player)
    for j in reversed(range(game.n_players)):
        if j != player:
            table = np.tensordot(table, strategies[j], axes=([j], [0]))
    return table


def _from_smallest(game: NormalForm, player: int) -> NDArray[Any]:
    """A player's payoffs less the smallest of them, in floats."""
    if game.is_exact:
        table = game.exact_payoffs[player]
        return np.asarray((table - min(table.flat)).astype(float))
    return np.asarray(game.payoffs[player] - game.payoffs[player].min())


def checked(game: NormalForm, strategies: Sequence[ArrayLike]) -> list[NDArray[Any]]:
    """Return strategies as arrays after checking that each is a distribution over the actions."""
    if len(strategies) != game.n_players:
        raise ArgumentError("strategies", f"{len(strategies)}", f"{game.n_players}, one a player")
    result = []
    for i, (given, count) in enumerate(zip(strategies, game.shape, strict=True)):
        s = np.asarray(given)
        if s.shape != (count,):
            raise ArgumentError(f"strategies[{i}]", f"shape {s.shape}", f"shape ({count},)")
        if s.dtype == object:
            good = all(isinstance(p, Fraction | int) and p >= 0 for p in s) and sum(s) == 1
        else:
            s = s.astype(float)
            good = bool(np.all(s >= 0)) and abs(float(s.sum()) - 1) <= PROBABILITY_SUM
        if not good:
            raise ArgumentError(f"strategies[{i}]", s, "probabilities that add up to 1")
        result.append(s)
    return result


def expected(game: NormalForm, strategies: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Expected payoffs, in fractions where the strategies are."""
    if any(s.dtype != object for s in strategies):
        return game.expected(strategies)
    value: Any = game.exact_payoffs
    for s in reversed(strategies):
        value = value @ s
    return np.asarray(value, dtype=object)


def float_pairs(
    game: NormalForm, rows: NDArray[np.float64], columns: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Payoffs and regrets, both (K, 2), utils, of K profiles of two players."""
    for name, strategies in (("rows", rows), ("columns", columns)):
        off = np.abs(strategies.sum(axis=1) - 1) > PROBABILITY_SUM
        if np.any(off) or np.any(strategies < 0):
            raise ArgumentError(name, strategies, "probabilities that add up to 1")
    one, two = columns @ _from_smallest(game, 0).T, rows @ _from_smallest(game, 1)
    gains = [
        values.max(axis=1, initial=-np.inf) - (values * own).sum(axis=1)
        for values, own in ((one, rows), (two, columns))
    ]
    payoffs = [((rows @ table) * columns).sum(axis=1) for table in game.payoffs]
    return np.stack(payoffs, axis=1), np.stack(gains, axis=1)


def exact_pairs(
    game: NormalForm,
    rows: Sequence[NDArray[Any]],
    columns: Sequence[NDArray[Any]],
    names: Sequence[tuple[int, int]],
) -> tuple[list[NDArray[Any]], list[Fraction]]:
    """Payoffs (2,), utils, and largest regret of K profiles of two players, in fractions.

    `rows` and `columns` hold K strategies each; those with the same name in `names` are the same,
    and are weighed against the other player's actions once.
    """
    tables = [_over_one(table.ravel()) for table in game.exact_payoffs]
    (A, unit_a), (B, unit_b) = ((np.reshape(u, game.shape), unit) for u, unit in tables)
    first = {i: x for (i, _), x in zip(names, rows, strict=True)}
    second = {j: y for (_, j), y in zip(names, columns, strict=True)}
    mine = {i: _distribution(x, game.shape[0]) for i, x in first.items()}
    yours = {j: _distribution(y, game.shape[1]) for j, y in second.items()}
    of_row = {j: (A @ y, unit * unit_a) for j, (y, unit) in yours.items()}
    of_column = {i: (x @ B, unit * unit_b) for i, (x, unit) in mine.items()}
    payoffs, gains = [], []
    for i, j in names:
        (x, unit_x), (y, unit_y) = mine[i], yours[j]
        (one, unit_one), (two, unit_two) = of_row[j], of_column[i]
        mean_one, mean_two = x @ one, two @ y
        unit_one, unit_two = unit_one * unit_x, unit_two * unit_y
        gain_one, gain_two = max(one) * unit_x - mean_one, max(two) * unit_y - mean_two
        payoff = np.empty(2, dtype=object)
        payoff[:] = Fraction(mean_one, unit_one), Fraction(mean_two, unit_two)
        payoffs.append(payoff)
        none = gain_one == gain_two == 0
        gains.append(
            Fraction(0) if none else max(Fraction(gain_one, unit_one), Fraction(gain_two, unit_two))
        )
    return payoffs, gains


def _over_one(values: NDArray[Any]) -> tuple[NDArray[Any], int]:
    """Fractions as whole numbers over their common denominator."""
    ratios = [v.as_integer_ratio() for v in values]
    unit = lcm(*(below for _, below in ratios))
    return np.array([above * (unit // below) for above, below in ratios], dtype=object), unit


def _distribution(strategy: NDArray[Any], count: int) -> tuple[NDArray[Any], int]:
    weights, unit = _over_one(strategy)
    if len(weights) != count or min(weights) < 0 or sum(weights) != unit:
        raise ArgumentError("strategies", strategy, f"{count} probabilities that add up to 1")
    return weights, unit


def batch(
    A: NDArray[np.float64],
    B: NDArray[np.float64],
    game: NDArray[np.int64],
    rows: NDArray[np.float64],
    columns: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Payoffs (K, 2), utils, and largest regret (K,), over the payoff range, of K profiles.

    A, B (N, m, n) are the games; game (K,), rows (K, m) and columns (K, n) the profiles. A nan in
    a profile gives a regret of inf.
    """
    payoffs, regret = np.empty((len(game), 2)), np.empty(len(game))
    kernel.profiles(A, B, game, rows, columns, payoffs, regret)
    return payoffs, regret
