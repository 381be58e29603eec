"""Best-reply dynamics in Markov strategies: what is found from several starts, no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.solvers import _markov_values
from ceasefire.solvers._kernels import markov as kernel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from ceasefire.games import StochasticGame
    from ceasefire.solvers._markov_values import Flat

    Floats = NDArray[np.float64]

ROUNDS = 60  # best replies of every player in turn, from one start
DAMPED = 60  # then steps towards the best replies, each of weight 2 / (t + 2)
PLAYED = 0.02  # an action of a smaller chance is taken to be unused when mixtures are polished
POLISHED = 400  # unknown chances up to which mixtures are polished


def behaviours(game: StochasticGame, starts: int, rng: np.random.Generator) -> Iterator[Floats]:
    """Where the dynamics ends from the even mixtures and from random ones; checked by the caller.

    Players reply in turn with a best reply to the others, each a Markov decision problem solved by
    policy iteration. Where that cycles, play moves part of the way to the best replies, less each
    time, and the mixture reached is polished: Newton's method on the equal payoffs of the actions
    it uses.
    """
    parts = _markov_values.prepared(game).flat
    for start in range(starts):
        x = _start(game, rng if start else None)
        x, settled = _in_turn(parts, x)
        yield x if settled else _polished(parts, _damped(parts, x))


def _start(game: StochasticGame, rng: np.random.Generator | None) -> Floats:
    size = int(game.action_start[-1])
    x = np.ones(size) if rng is None else rng.exponential(size=size)
    return np.asarray(x / np.repeat(np.add.reduceat(x, game.action_start[:-1]),
                                    np.diff(game.action_start)))  # fmt: skip


def _in_turn(parts: Flat, x: Floats) -> tuple[Floats, bool]:
    """Best replies in turn, until nobody moves (True) or play returns to where it was."""
    seen: set[bytes] = set()
    for _ in range(ROUNDS):
        before = x
        for i in range(parts.n_actions.shape[1]):
            x, _ = _markov_values.best_reply(parts, x, _markov_values.solved(parts, x), i)
        if np.array_equal(before, x):
            return x, True
        key = x.tobytes()
        if key in seen:
            return x, False
        seen.add(key)
    return x, False


def _damped(parts: Flat, x: Floats) -> Floats:
    n = parts.n_actions.shape[1]
    mover = np.tile(np.arange(n), len(parts.n_actions))
    place = np.repeat(mover, parts.n_actions.ravel())
    for t in range(DAMPED):
        values = _markov_values.solved(parts, x)
        reply = x.copy()
        for i in range(n):
            reply[place == i] = _markov_values.best_reply(parts, x, values, i)[0][place == i]
        x = x + 2.0 / (t + 2.0) * (reply - x)
    return x


def _polished(parts: Flat, x: Floats) -> Floats:
    """Make the actions in use pay alike, by Newton's method; the start where that fails."""
    from scipy.optimize import root

    starts = parts.action_start
    block = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    used = x > PLAYED
    free = np.flatnonzero(used)
    if len(free) > POLISHED:
        return x
    first = np.full(len(starts) - 1, -1)
    first[block[free][::-1]] = free[::-1]
    others = free[first[block[free]] != free]
    lead = first[block[others]]
    if not len(others):
        return x

    def full(p: Floats) -> Floats:
        y = np.zeros(len(x))
        y[first] = 1.0
        y[others] = p
        np.subtract.at(y, lead, p)
        return y

    def miss(p: Floats) -> Floats:
        y = full(p)
        worth, low, high = kernel.action_values(*parts, y, _markov_values.solved(parts, y))
        mover = block[others] % parts.n_actions.shape[1]
        return np.asarray((worth[others] - worth[lead]) / np.maximum(high - low, 1e-300)[mover])

    found = root(miss, x[others], tol=1e-14)
    y = full(found.x)
    return y if np.all(y >= 0.0) else x
