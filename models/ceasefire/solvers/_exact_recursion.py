"""State recursion in rational numbers: every combination of the states' equilibria in turn."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ceasefire.errors import ArgumentError
from ceasefire.games.normal import NormalForm
from ceasefire.solvers import _markov_values
from ceasefire.solvers.nash import nash

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from ceasefire.games import StochasticGame

    Exact = NDArray[np.object_]


class _Option(NamedTuple):
    """One equilibrium of a state's game: each player's mixture, and its values."""

    mixtures: list[Exact]
    values: list[Fraction]


def solve(game: StochasticGame, limit: int, continua: set[int]) -> Iterator[Exact]:
    """Yield up to `limit` equilibria of a directional game as flat vectors of `Fraction`.

    States in which equilibria form a continuum are added to `continua`.

    Depth first over the states, last states first: cost grows with the number of equilibria times
    the number of states.
    """
    order = _markov_values.prepared(game).order
    assert order is not None
    values = np.full((game.n_states, game.n_players), Fraction(0), dtype=object)
    behaviour = np.full(int(game.action_start[-1]), Fraction(1), dtype=object)
    pending: list[list[_Option]] = []
    found = 0
    while True:
        while len(pending) < len(order):
            s = int(order[len(pending)])
            pending.append(_options(game, s, values)[::-1])
            if _continuum(pending[-1]):
                continua.add(s)
            _enter(game, s, pending[-1][-1], values, behaviour)
        yield behaviour.copy()
        found += 1
        while pending and len(pending[-1]) == 1:
            pending.pop()
        if not pending or found == limit:
            return
        pending[-1].pop()
        _enter(game, int(order[len(pending) - 1]), pending[-1][-1], values, behaviour)


def _enter(game: StochasticGame, s: int, one: _Option, values: Exact, behaviour: Exact) -> None:
    values[s] = one.values
    for i, x in enumerate(one.mixtures):
        low = int(game.action_start[s * game.n_players + i])
        behaviour[low : low + len(x)] = x


def _options(game: StochasticGame, s: int, values: Exact) -> list[_Option]:
    """Every extreme equilibrium of the state's game when what follows is worth `values`."""
    low, high = (int(r) for r in game.profile_start[s : s + 2])
    q = np.empty((game.n_players, high - low), dtype=object)
    stays = set()
    for row in range(low, high):
        law = _markov_values.exact_law(game, row)
        stays.add(sum((p for t, p in law if t == s), Fraction(0)))
        for i, delta in enumerate(game.exact_discounts):
            ahead = sum((p * values[t, i] for t, p in law if t != s), Fraction(0))
            q[i, row - low] = game.exact_payoffs[i, row] + delta * ahead
    if len(stays) > 1:
        where = f"state {game.states[s]!r}, which stays with a chance that depends on play"
        raise ArgumentError("exact", where, "directional games", "its values can be irrational")
    stay = stays.pop()
    sizes = tuple(int(k) for k in game.n_actions[s])
    options = []
    for mixtures in _equilibria(q.reshape(len(q), *sizes), sizes, game.states[s]):
        mean: Any = q.reshape(len(q), *sizes)
        for x in reversed(mixtures):
            mean = mean @ x
        worth = [v / (1 - d * stay) for v, d in zip(mean, game.exact_discounts, strict=True)]
        options.append(_Option(mixtures, worth))
    return options


def _continuum(options: list[_Option]) -> bool:
    """Whether two equilibria share a mover's mixture; see `ceasefire.solvers._stage_games`."""
    for i in range(len(options[0].mixtures)):
        movers = [tuple(one.mixtures[i]) for one in options]
        if len(movers[0]) > 1 and len(set(movers)) < len(movers):
            return True
    choosers = sum(len(x) > 1 for x in options[0].mixtures)
    return choosers == 1 and len(options) > 1


def _equilibria(q: Exact, sizes: tuple[int, ...], name: str) -> list[list[Exact]]:
    movers = [i for i, k in enumerate(sizes) if k > 1]
    one = np.array([Fraction(1)], dtype=object)
    if not movers:
        return [[one] * len(sizes)]
    if len(movers) == 1:
        worth = q[movers[0]].ravel()
        profiles = [[_pure(a, len(worth))] for a in range(len(worth)) if worth[a] == max(worth)]
    else:
        shape = (len(movers), *(sizes[i] for i in movers))
        found = nash(NormalForm(q[movers].reshape(shape)), exact=True, components=False)
        if not found.exact or not found.complete:
            where = f"state {name!r}, whose equilibria are not all rational"
            raise ArgumentError("exact", where, "games of two movers in each state")
        profiles = [list(e.strategies) for e in found]
    return [
        [p[movers.index(i)] if i in movers else one for i in range(len(sizes))] for p in profiles
    ]


def _pure(action: int, count: int) -> Exact:
    return np.array([Fraction(int(a == action)) for a in range(count)], dtype=object)
