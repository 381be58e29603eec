"""A stochastic game in flat arrays of one unit: what solvers of its payoff sets share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array, eye_array
from scipy.sparse.linalg import spsolve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.games.stochastic import StochasticGame

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FlatStates:
    """Flow payoffs ``(u - low) / unit``, laws and deviations of every profile row.

    Attributes
    ----------
    delta : float
    payoffs : ndarray, shape (n_players, n_rows)
    law : csr_array, shape (n_rows, n_states)
    start : ndarray, shape (n_states + 1,)
        First row of each state.
    owner : ndarray, shape (n_rows,)
        The state of each row.
    low, unit : ndarray, shape (n_players,)
        Utils of payoff 0, and utils of one unit.
    alike : ndarray, shape (n_rows,), or None
        Rows of one state with equal payoffs and laws share a number; None where all differ.
    others : tuple of (order, first, member), one a player
        Rows sorted so that those which differ in the player's own action only stand together,
        where such groups begin, and the group of each row.
    """

    delta: float
    payoffs: Floats
    law: csr_array
    start: Ints
    owner: Ints
    low: Floats
    unit: Floats
    alike: Ints | None
    others: tuple[tuple[Ints, Ints, Ints], ...]

    @property
    def n_states(self) -> int:
        """Number of states."""
        return len(self.start) - 1

    @property
    def n_players(self) -> int:
        """Number of players."""
        return len(self.payoffs)

    def best_reply(self, player: int, values: Floats) -> Floats:
        """``max_{a_i'} values(s, a_i', a_-i)`` of every row, shape (n_rows,)."""
        order, first, member = self.others[player]
        return np.asarray(np.maximum.reduceat(values[order], first)[member])

    def lured(self, player: int, threat: Floats) -> Floats:
        """What a player gets from its best deviation: the state's `threat` follows, (n_rows,)."""
        today = (1 - self.delta) * self.payoffs[player]
        return self.best_reply(player, today + self.delta * (self.law @ threat))

    def least(self, values: Floats) -> Ints:
        """The row of each state with the smallest of `values` (n_rows,), shape (n_states,)."""
        return first_of(values, self.start, np.minimum)

    def follow(self, rows: Ints, today: Floats, stay: float = 1.0) -> Floats:
        """Value of playing `rows`: ``x = today + stay * delta P x``, shape of `today`."""
        law = self.law[rows]
        matrix = (eye_array(self.n_states) - stay * self.delta * law).tocsc()
        return np.asarray(spsolve(matrix, today)).reshape(today.shape)

    def kept(self, states: Ints) -> FlatStates:
        """The game on `states`, which play never leaves."""
        rows = np.concatenate([np.arange(self.start[s], self.start[s + 1]) for s in states])
        sizes = np.diff(self.start)[states]
        others = [_groups(member[rows]) for _, _, member in self.others]
        return FlatStates(
            self.delta, self.payoffs[:, rows], csr_array(self.law[rows][:, states]),
            np.append(0, np.cumsum(sizes)), np.repeat(np.arange(len(states)), sizes),
            self.low, self.unit, None if self.alike is None else self.alike[rows], tuple(others),
        )  # fmt: skip


def flatten(game: StochasticGame, *, one_unit: bool) -> FlatStates:
    """Normalise a game: each player's payoffs begin at 0, ranges 1 (`one_unit`: the largest is).

    One unit for all keeps sums of payoffs meaningful, as transfers need. A shift of whole or
    rational payoffs is taken off exactly.
    """
    if game.is_exact:
        exact = game.exact_payoffs
        lows = np.array([min(row) for row in exact], dtype=object)
        shifted = (exact - lows[:, None]).astype(float)
    else:
        lows = game.payoffs.min(axis=1)
        shifted = game.payoffs - lows[:, None]
    ranges = shifted.max(axis=1)
    unit = np.full(len(ranges), ranges.max()) if one_unit else ranges.copy()
    unit[unit <= 0] = 1.0
    start = np.asarray(game.profile_start, dtype=np.int64)
    owner = np.repeat(np.arange(game.n_states), np.diff(start))
    local = np.arange(len(owner)) - start[owner]
    counts = game.n_actions
    others = []
    for i in range(game.n_players):
        stride = counts[:, i + 1 :].prod(axis=1)[owner]
        own = (local // stride) % counts[owner, i]
        others.append(_groups(np.arange(len(owner)) - own * stride))
    scaled = np.ascontiguousarray(shifted / unit[:, None])
    law = csr_array(game.transitions)
    return FlatStates(game.discount, scaled, law, start, owner, lows.astype(float), unit,
                      _alike(owner, scaled, law), tuple(others))  # fmt: skip


def _alike(owner: Ints, payoffs: Floats, law: csr_array) -> Ints | None:
    """Number rows by state, payoffs and law; None where no two are equal."""
    seen: dict[bytes, int] = {}
    number = np.empty(len(owner), dtype=np.int64)
    columns, data, pointer = law.indices, law.data, law.indptr
    for r, s in enumerate(owner):
        part = slice(pointer[r], pointer[r + 1])
        key = (payoffs[:, r].tobytes(), columns[part].tobytes(), data[part].tobytes())
        number[r] = seen.setdefault(b"|".join((str(s).encode(), *key)), len(seen))
    return number if len(seen) < len(owner) else None


def first_of(values: Floats, start: Ints, extreme: np.ufunc) -> Ints:
    """The first row of each state at which `values` takes its smallest (largest) there."""
    reached = np.repeat(extreme.reduceat(values, start[:-1]), np.diff(start))
    found = np.flatnonzero(values == reached)  # the same floats, not computed ones
    return np.asarray(found[np.searchsorted(found, start[:-1])])


def _groups(key: Ints) -> tuple[Ints, Ints, Ints]:
    order = np.argsort(key, kind="stable")
    sorted_key = key[order]
    first = np.flatnonzero(np.append(True, sorted_key[1:] != sorted_key[:-1]))
    member = np.empty(len(key), dtype=np.int64)
    member[order] = np.cumsum(np.append(False, sorted_key[1:] != sorted_key[:-1]))
    return order, first, member
