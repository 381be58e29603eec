"""Markov perfect equilibria of stochastic games, with their certificate.

Nothing here is shared with the solvers: values and gains are recomputed from the game and the
behaviour alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.solvers import _markov_values
from ceasefire.solvers.result import mixture, short
from ceasefire.status import Status
from ceasefire.tolerances import EXPLOITABILITY, PROBABILITY_SUM

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from ceasefire.games import StochasticGame

    Floats = NDArray[np.float64]

SHOWN_STATES = 12


@dataclass(frozen=True, eq=False)
class MarkovCertificate(Displayed):
    """What was recomputed about a Markov behaviour.

    Attributes
    ----------
    one_shot : ndarray, shape (n_states, n_players)
        The most a player gains by one deviation in that state, utils; `Fraction` where exact.
        All are 0 just where the behaviour is an equilibrium from every state on.
    gain : ndarray, shape (n_states, n_players)
        The most it gains from that state on by any strategy whatever, utils: the value of its
        best reply, a Markov decision problem, less the value of the behaviour.
    scale : ndarray, shape (n_players,)
        What the gains are compared with: largest less smallest ``u_i(s, a) + delta_i E v_i`` over
        all states and action profiles, utils.
    tolerance : float
        Largest gain over scale that passes; 0 where exact.
    """

    one_shot: NDArray[Any]
    gain: Floats
    scale: Floats
    tolerance: float

    @cached_property
    def relative_gain(self) -> float:
        """The largest gain of any player, from any state, over its scale."""
        return float(np.max(self.gain / np.where(self.scale > 0, self.scale, 1.0)))

    @property
    def holds(self) -> bool:
        """Whether nobody gains from any state on, within the tolerance."""
        if self.one_shot.dtype == object:
            return all(g == 0 for g in self.one_shot.flat)
        return bool(self.relative_gain <= self.tolerance)


@dataclass(frozen=True, eq=False, repr=False)
class MarkovEquilibrium(Displayed):
    """A behaviour that depends on the state alone, and what it is worth.

    Attributes
    ----------
    game : StochasticGame
    behaviour : ndarray, shape (action_start[-1],)
        All mixtures in one vector; that of player ``i`` in state ``s`` begins at
        ``game.action_start[s * n_players + i]``. Floats, or `Fraction` where `exact`.
    values : ndarray, shape (n_states, n_players)
        Expected discounted sums from each state on, ``E sum_t delta_i^t u_i``, utils (sums, not
        averages).
    regret : float
        The largest gain of any player by any strategy from any state on, utils; recomputed by
        `markov_equilibrium` and not by the solver; exactly 0 where `exact`.
    exact : bool
        Whether behaviour and values are rational numbers and the regret was found exactly.
    method : str
    status : Status
    certificate : MarkovCertificate
    detail : dict
        What else the method tells.
    """

    game: StochasticGame
    behaviour: NDArray[Any]
    values: NDArray[Any]
    regret: float
    exact: bool
    method: str
    status: Status
    certificate: MarkovCertificate
    detail: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def strategies(self) -> tuple[tuple[NDArray[Any], ...], ...]:
        """``strategies[state][player]``: a distribution over the player's actions there."""
        parts = np.split(self.behaviour, self.game.action_start[1:-1])
        n = self.game.n_players
        return tuple(tuple(parts[s : s + n]) for s in range(0, len(parts), n))

    def strategy(self, state: int | str, player: int) -> NDArray[Any]:
        """The mixture of one player in one state."""
        k = self.game.state(state) * self.game.n_players + player
        low, high = self.game.action_start[k : k + 2]
        return self.behaviour[low:high]

    @property
    def payoffs(self) -> NDArray[Any]:
        """Expected discounted sums from the initial state on, shape (n_players,), utils."""
        return np.asarray(self.values[self.game.initial])

    @property
    def average_values(self) -> Floats:
        """Values per day, ``(1 - delta_i) v_i``, shape (n_states, n_players), utils."""
        return np.asarray((1.0 - self.game.discounts) * self.values.astype(float))

    @property
    def relative_regret(self) -> float:
        """`regret` of the player that gains most, over its scale (see `MarkovCertificate`)."""
        return self.certificate.relative_gain

    @property
    def is_pure(self) -> bool:
        """Whether in every state every player puts all weight on one action."""
        used = np.add.reduceat(self.behaviour > 0, self.game.action_start[:-1], dtype=np.int64)
        return bool(np.all(used == 1))

    def __repr__(self) -> str:
        rows = [f"{name}: {acts}; worth {worth}" for name, acts, worth in self._rows(SHOWN_STATES)]
        more = self.game.n_states - len(rows)
        rows += [f"... {more} more states"] if more else []
        return "\n".join([*rows, self._foot()])

    def _rows(self, most: int) -> list[tuple[str, str, str]]:
        game, rows = self.game, []
        for s in range(min(most, game.n_states)):
            acts = [
                f"{game.players[i]} plays {mixture(self.strategy(s, i), game.actions[s][i])}"
                for i in range(game.n_players)
                if game.n_actions[s, i] > 1
            ]
            worth = ", ".join(short(v) for v in self.values[s])
            rows.append((game.states[s], "; ".join(acts) or "nothing to choose", worth))
        return rows

    def _foot(self) -> str:
        claim = "exact" if self.exact else f"regret {self.regret:.1e}"
        return f"{claim}; {self.method}; {self.status}"


def markov_equilibrium(
    game: StochasticGame, behaviour: ArrayLike, method: str = "given"
) -> MarkovEquilibrium:
    """Value a Markov behaviour and find what anybody gains by leaving it.

    Values solve ``v_i(s) = E[u_i(s, a) + delta_i v_i(s')]``. The gain compares them with the value
    of player ``i``'s Markov decision problem when the others keep to the behaviour: since some
    best reply is Markov, no strategy whatever gains more.

    Parameters
    ----------
    game : StochasticGame
    behaviour : array_like, shape (action_start[-1],)
        All mixtures in one vector. Of `Fraction`, the check is exact: for small games.
    method : str
        Where the behaviour comes from.

    Raises
    ------
    ArgumentError
        The behaviour is not a distribution in some state, which is named.

    Notes
    -----
    Where no state returns once left, one pass from the last states to the first, linear in the
    transitions: 0.1 s for 100,000 states. Else a sparse linear solve for the values, and policy
    iteration from the behaviour itself, which at an equilibrium ends after one step. Payoffs are
    counted from each player's least, so that a common shift costs no digits.

    Examples
    --------
    >>> from ceasefire.games import StochasticGame
    >>> pause = [[[2, -1], [3, 0]], [[2, 3], [-1, 0]]]
    >>> law = [[[1, 0], [0, 1]], [[0, 1], [0, 1]]]
    >>> game = StochasticGame([pause, np.zeros((2, 1, 1))], [law, [[[0, 1]]]], 0.6,
    ...                       states=["pause", "war"])
    >>> markov_equilibrium(game, [1, 0, 1, 0, 1, 1])
    pause: 1 plays 1; 2 plays 1; worth 5, 5
    war: nothing to choose; worth 0, 0
    regret 0.0e+00; given; solved
    """
    checked = _checked(game, behaviour)
    found = _markov_values.evaluate(game, checked.astype(float))
    values: NDArray[Any] = found.values
    one_shot: NDArray[Any] = found.one_shot
    exact = checked.dtype == object
    if exact:
        values, one_shot = _markov_values.evaluate_exactly(game, checked)
        if all(g == 0 for g in one_shot.flat):
            found = found._replace(gain=np.zeros(found.gain.shape))
    tolerance = 0.0 if exact else EXPLOITABILITY
    certificate = MarkovCertificate(one_shot, found.gain, found.scale, tolerance)
    status = Status.OK if certificate.holds else Status.EXPLOITABLE
    regret = float(np.max(found.gain))
    return MarkovEquilibrium(game, checked, values, regret, exact, method, status, certificate)


def _checked(game: StochasticGame, behaviour: ArrayLike) -> NDArray[Any]:
    """The behaviour as floats or fractions, after checking each mixture."""
    x = np.asarray(behaviour)
    size = int(game.action_start[-1])
    if x.shape != (size,):
        raise ArgumentError("behaviour", f"shape {x.shape}", f"shape ({size},)")
    rational = x.dtype == object and all(isinstance(p, Fraction | int) for p in x)
    if not rational:
        x = x.astype(float)
    totals = np.add.reduceat(x, game.action_start[:-1])
    good = totals == 1 if rational else np.abs(totals - 1) <= PROBABILITY_SUM
    good = np.asarray(good, dtype=bool) & np.logical_and.reduceat(x >= 0, game.action_start[:-1])
    if not good.all():
        s, i = divmod(int(np.argmin(good)), game.n_players)
        k = s * game.n_players + i
        got = x[game.action_start[k] : game.action_start[k + 1]]
        where = f"behaviour of {game.players[i]} in state {game.states[s]!r}"
        raise ArgumentError(where, got, "probabilities that add up to 1")
    return x
