"""How a stochastic game unfolds under a Markov behaviour: expected paths and simulated ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.solvers import _markov_values
from ceasefire.solvers._kernels import markov as kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from ceasefire.games import StochasticGame
    from ceasefire.solvers.markov import MarkovEquilibrium

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

MOST_CELLS = 500_000_000  # periods times states, or times plays, that are held at once


@dataclass(frozen=True, eq=False)
class ExpectedPath(Displayed):
    """Where play is, and what it pays, period by period.

    Attributes
    ----------
    game : StochasticGame
    states : ndarray, shape (periods + 1, n_states)
        Chance of each state at the start of a period; the first row is the start.
    payoffs : ndarray, shape (periods, n_players)
        Expected payoff of each period, not discounted, utils.
    """

    game: StochasticGame
    states: Floats
    payoffs: Floats

    @property
    def left(self) -> Floats:
        """Chance that play is still in a state that it can leave, shape (periods + 1,)."""
        return np.asarray(self.states[:, ~self.game.absorbing].sum(axis=1))


@dataclass(frozen=True, eq=False)
class SimulatedPaths(Displayed):
    """Random plays.

    Attributes
    ----------
    game : StochasticGame
    states : ndarray of int, shape (plays, periods + 1)
    profiles : ndarray of int, shape (plays, periods)
        Profile rows played.
    """

    game: StochasticGame
    states: Ints
    profiles: Ints

    @property
    def discounted(self) -> Floats:
        """Discounted sum of what each player gets in each play, (plays, n_players), utils."""
        weight = self.game.discounts[:, None] ** np.arange(self.profiles.shape[1])
        paid = self.game.payoffs[:, self.profiles]
        return np.asarray(np.einsum("ipt,it->pi", paid, weight))


def state_law(equilibrium: MarkovEquilibrium) -> csr_array:
    """Chances of the next state in each state under the behaviour, (n_states, n_states)."""
    from scipy.sparse import csr_array

    weight = _weights(equilibrium)
    rows, start = np.arange(len(weight)), equilibrium.game.profile_start
    choice = csr_array((weight, rows, start), shape=(equilibrium.game.n_states, len(weight)))
    law = csr_array(choice @ equilibrium.game.transitions)
    law.eliminate_zeros()
    return law


def expected_path(
    equilibrium: MarkovEquilibrium, *, periods: int, start: int | str | None = None
) -> ExpectedPath:
    """Chances of states and expected payoffs over the next periods.

    ``p_{t+1} = p_t P`` with ``P(s, s') = sum_a x(a | s) p(s' | s, a)``, by sparse products.

    Parameters
    ----------
    equilibrium : MarkovEquilibrium
        Any behaviour that `markov_equilibrium` has valued.
    periods : int
    start : int or str, optional
        The state of the first period; the game's initial state by default.

    Examples
    --------
    >>> import ceasefire as cf
    >>> from ceasefire import solvers, truce
    >>> game = truce.as_stochastic_game(cf.load("november-2023"))
    >>> path = expected_path(solvers.markov_perfect(game)[0], periods=30)
    >>> path.left[[0, 10]].round(3)
    array([1.  , 0.87])
    """
    game = equilibrium.game
    _checked("periods", periods, game.n_states)
    move = state_law(equilibrium).T.tocsr()
    flow = np.add.reduceat(
        game.payoffs * _weights(equilibrium), game.profile_start[:-1], axis=1
    )  # (n_players, n_states)
    states = np.zeros((periods + 1, game.n_states))
    states[0, game.initial if start is None else game.state(start)] = 1.0
    for t in range(periods):
        states[t + 1] = move @ states[t]
    return ExpectedPath(game, states, states[:-1] @ flow.T)


def simulate_markov(
    equilibrium: MarkovEquilibrium,
    *,
    periods: int,
    rng: np.random.Generator,
    plays: int = 1,
    start: int | str | None = None,
) -> SimulatedPaths:
    """Play the game at random.

    Parameters
    ----------
    equilibrium : MarkovEquilibrium
    periods : int
    rng : numpy.random.Generator
    plays : int
        Independent plays.
    start : int or str, optional
        The state of the first period; the game's initial state by default.
    """
    game = equilibrium.game
    _checked("periods", periods, plays)
    profile = np.cumsum(_weights(equilibrium))
    law = np.cumsum(game.transitions.data)
    states = np.empty((plays, periods + 1), np.int64)
    profiles = np.empty((plays, periods), np.int64)
    states[:, 0] = game.initial if start is None else game.state(start)
    for t in range(periods):
        s = states[:, t]
        profiles[:, t] = _drawn(profile, game.profile_start, s, rng)
        at = _drawn(law, game.transitions.indptr, profiles[:, t], rng)
        states[:, t + 1] = game.transitions.indices[at]
    return SimulatedPaths(game, states, profiles)


def _drawn(total: Floats, start: NDArray[np.integer], of: Ints, rng: np.random.Generator) -> Ints:
    """Draw an entry of each part ``start[k]`` to ``start[k + 1]``; `total` sums all up to each."""
    low, high = start[of], start[of + 1]
    below = np.where(low > 0, total[low - 1], 0.0)
    aim = below + rng.random(len(of)) * (total[high - 1] - below)
    return np.asarray(np.clip(np.searchsorted(total, aim, side="right"), low, high - 1))


def _weights(equilibrium: MarkovEquilibrium) -> Floats:
    """Chance of each profile row in its state."""
    parts = _markov_values.prepared(equilibrium.game).flat
    x = equilibrium.behaviour.astype(float)
    weight = kernel.profile_weights(parts.n_actions, parts.action_start, parts.profile_start, x)
    return np.asarray(weight)


def _checked(name: str, periods: int, width: int) -> None:
    most = MOST_CELLS // max(width, 1)
    if not isinstance(periods, int | np.integer) or not 1 <= periods <= most:
        raise ArgumentError(name, periods, f"a whole number from 1 to {most:,}")
