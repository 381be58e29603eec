"""Zero-sum stochastic games: Shapley's iteration with bounds, and Newton steps in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ceasefire.solvers import _markov_values
from ceasefire.solvers._kernels import matrix_games as kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.games import StochasticGame

    Floats = NDArray[np.float64]

OPPOSED = 1e-12  # payoffs over their range add up to one within this: the players are opposed
STEPS = 100_000


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
    least and the largest ``T v - v``. A Newton step values the optimal mixtures of the last step;
    it is kept where it brings the bounds closer than a step of ``T`` is sure to, else ``T`` goes
    on from where it was, so that the gap shrinks by ``delta`` at least.
    """
    parts, least, _, _ = _markov_values.prepared(game)
    delta = game.discount
    width = float(game.payoff_range[0]) or 1.0
    payoffs = parts.payoffs[0] / width
    law = (delta, parts.data, parts.indices, parts.indptr)
    tables = (parts.n_actions, parts.action_start, parts.profile_start, payoffs, *law)
    behaviour = np.empty(int(parts.action_start[-1]))
    start, best_gap, best_after = np.zeros(game.n_states), np.inf, np.zeros(game.n_states)
    kept, low, high = behaviour, -np.inf, np.inf
    newton, tried, steps = 0, False, 0
    target = max(tolerance, 1e-13) / (1.0 - delta)
    while steps < STEPS:
        steps += 1
        after = np.empty(game.n_states)
        if not kernel.shapley(*tables, start, behaviour, after):
            break
        move = delta / (1.0 - delta) * (after - start)
        gap = float(np.ptp(move))
        if gap < delta * best_gap or not tried:
            newton += tried
            best_gap, best_after, kept = gap, after, behaviour.copy()
            low, high = float(move.min()), float(move.max())
            if gap <= target:
                break
            start = _markov_values.solved(parts, behaviour, (0,))[:, 0] / width
            tried = True
        else:  # the Newton step was no better: a plain step from the best so far
            start, tried = best_after, False
    shift = least[0] / (1.0 - delta)
    return Shapley(
        kept, width * (best_after + low) + shift, width * (best_after + high) + shift,
        best_gap <= target, steps, newton,
    )  # fmt: skip
