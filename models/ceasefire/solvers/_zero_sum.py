"""Zero-sum stochastic games: Shapley's iteration with bounds, and Newton steps in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ceasefire.errors import SolveError
from ceasefire.solvers import _markov_values
from ceasefire.solvers._kernels import matrix_games as kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.games import StochasticGame
    from ceasefire.solvers._markov_values import Flat

    Floats = NDArray[np.float64]

OPPOSED = 1e-12  # payoffs over their range add up to one within this: the players are opposed
STEPS = 2000
SHORTEST = 1 / 64  # part of a Newton step


class Shapley(NamedTuple):
    """Behaviour, and bounds on the first player's values, (n_states,), utils."""

    behaviour: Floats
    lower: Floats
    upper: Floats
    converged: bool
    steps: int
    newton: int


def opposed(game: StochasticGame) -> bool:
    """Whether there are two players who discount alike and want just the opposite.

    One's payoff is then a constant less a multiple of the other's.
    """
    if game.n_players != 2 or not game.has_common_discount:
        return False
    low, width = game.payoffs.min(axis=1), game.payoff_range
    if not np.all(width > 0):
        return bool(np.all(width <= 0))
    shares = (game.payoffs - low[:, None]) / width[:, None]
    return bool(np.max(np.abs(shares.sum(axis=0) - 1.0)) <= OPPOSED)


def solve(game: StochasticGame, tolerance: float) -> Shapley:
    """Iterate until the bounds on values are `tolerance` of the discounted payoff range apart.

    With ``T`` Shapley's operator, ``v* - T v`` lies between ``delta / (1 - delta)`` times the
    least and the largest ``T v - v``. Newton's step values the optimal mixtures of the last step
    (Pollatschek and Avi-Itzhak 1969); it is shortened until ``T v - v`` shrinks (Filar and
    Tolwinski 1991). Where no length does, Hoffman and Karp's (1966) step is taken: the first
    player's best reply to the other's optimal mixtures, whose values fall to v* at least as fast
    as T's.
    """
    parts, least, _, _ = _markov_values.prepared(game)
    width = float(game.payoff_range[0]) or 1.0
    operator = _Operator(parts, width, game.discount)
    at = operator(np.zeros(game.n_states))
    target = max(tolerance, 1e-13) / (1.0 - game.discount)
    steps, newton = 1, 0
    best = at
    while best.gap > target and steps < STEPS:
        values = _markov_values.solved(parts, at.behaviour)
        after, tried = _shortened(operator, at, values[:, 0] / width)
        steps, newton = steps + tried, newton + (after is not None)
        if after is None:
            reply = _markov_values.best_reply(parts, at.behaviour, values, 0)[1]
            after, steps = operator(reply / width), steps + 1
        at = after
        if at.gap < best.gap:
            best = at
    shift = least[0] / (1.0 - game.discount)
    low, high = (width * (best.after + d) + shift for d in (best.low, best.high))
    return Shapley(best.behaviour, low, high, best.gap <= target, steps, newton)


def _shortened(operator: _Operator, at: _Step, newton: Floats) -> tuple[_Step | None, int]:
    """The longest part of Newton's step that shrinks ``T v - v``; None where none does."""
    part, tried = 1.0, 0
    while part >= SHORTEST:
        tried += 1
        after = operator(at.start + part * (newton - at.start))
        if after.miss <= (1.0 - 0.1 * part) * at.miss:
            return after, tried
        part /= 2.0
    return None, tried


class _Step(NamedTuple):
    """``T`` at a vector of values, payoffs over their range, and what it says of v*."""

    start: Floats
    after: Floats
    behaviour: Floats
    miss: float  # Euclidean norm of T v - v
    low: float
    high: float

    @property
    def gap(self) -> float:
        return self.high - self.low


class _Operator:
    """Shapley's operator for the first player's payoffs over their range."""

    def __init__(self, parts: Flat, width: float, delta: float) -> None:
        self.delta, self.size = delta, int(parts.action_start[-1])
        self.tables = (parts.n_actions, parts.action_start, parts.profile_start,
                       parts.payoffs[0] / width, delta, parts.data, parts.indices,
                       parts.indptr)  # fmt: skip

    def __call__(self, start: Floats) -> _Step:
        behaviour, after = np.empty(self.size), np.empty(len(start))
        if not kernel.shapley(*self.tables, start, behaviour, after):
            raise SolveError("a matrix game was not solved: the simplex method did not end")
        move = self.delta / (1.0 - self.delta) * (after - start)
        miss = float(np.linalg.norm(after - start))
        return _Step(start, after, behaviour, miss, float(move.min()), float(move.max()))
