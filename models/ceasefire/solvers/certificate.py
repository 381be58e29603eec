"""Independent verification: what each player could gain by deviating.

Nothing here is shared with the solvers: regrets are recomputed from the game and the strategies.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.errors import ArgumentError
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
    if exact:
        table: NDArray[Any] = game.exact_payoffs[player]
    elif game.is_exact:
        low = min(game.exact_payoffs[player].flat)
        table = (game.exact_payoffs[player] - low).astype(float)
    else:
        table = game.payoffs[player] - game.payoffs[player].min()
    for j in reversed(range(game.n_players)):
        if j != player:
            table = np.tensordot(table, strategies[j], axes=([j], [0]))
    return table


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


def batch_regret(
    A: NDArray[np.float64],
    B: NDArray[np.float64],
    game: NDArray[np.int64],
    rows: NDArray[np.float64],
    columns: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Largest regret, relative to the player's payoff range, of K profiles of N bimatrix games.

    A, B (N, m, n); game (K,); rows (K, m); columns (K, n). A nan in a profile gives inf.
    """
    worst = np.zeros(len(game))
    for table, other, own, form in (
        (A, columns, rows, "kij,kj->ki"),
        (B, rows, columns, "kij,ki->kj"),
    ):
        low = table.min(axis=(1, 2))
        width = table.max(axis=(1, 2)) - low
        scaled = (table - low[:, None, None]) / np.where(width > 0, width, 1.0)[:, None, None]
        values = np.einsum(form, scaled[game], other)
        worst = np.maximum(worst, values.max(axis=1) - np.einsum("ka,ka->k", values, own))
    return np.where(np.isfinite(worst), worst, np.inf)
