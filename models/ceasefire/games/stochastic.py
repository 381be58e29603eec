"""Stochastic games: what is played depends on a state that moves with what is played."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.games._state_arrays import (
    Law,
    Where,
    action_names,
    checked_law,
    flat_law,
    fractions,
    listed,
    names_of,
    numbers,
    payoff_table,
    sparse,
)
from ceasefire.games._state_rules import explore
from ceasefire.games.normal import NormalForm
from ceasefire.games.repeated import discounts

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence
    from fractions import Fraction

    from numpy.typing import ArrayLike, NDArray
    from scipy.sparse import csr_array

    from ceasefire.games._state_rules import StateGame

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class StochasticGame(Displayed):
    """A finite discounted stochastic game.

    On every day, in the state ``s``, players choose actions at the same time; each gets
    ``u_i(s, a)``, and the next state is drawn from ``p(. | s, a)``. Player ``i`` cares about
    ``sum_t delta_i^t u_i(s_t, a_t)``.

    Everything is flat inside. A *profile row* is a state with an action profile: those of state
    ``s`` are ``profile_start[s]`` to ``profile_start[s + 1]``, its profiles in lexical order (the
    last player's action varies fastest).

    Parameters
    ----------
    payoffs : sequence of array_like, or one array
        One array a state, shape (n_players, *n_actions of the state), utils; or one array of
        shape (n_states, n_players, *n_actions) where all states have the same actions.
        Integers and fractions are kept exactly.
    transitions : sequence of array_like, one array, or a sparse array
        One array a state, shape (*n_actions of the state, n_states): chances of the next state;
        or one array of shape (n_states, *n_actions, n_states); or a scipy sparse array of shape
        (n_profiles, n_states), a line a profile row.
    discount : float, Fraction or sequence of them
        In [0, 1), for all players or one a player.
    states, players : sequence of str, optional
        Names; numbered from 1 by default.
    actions : sequence of sequences of sequences of str, optional
        ``actions[s][i]`` names the actions of player ``i`` in state ``s``.
    initial : int or str
        The state of the first day. States it cannot reach are allowed (`unreachable`).
    title : str

    Raises
    ------
    ArgumentError
        Names the state and the profile: a payoff that is not finite, chances that are negative or
        do not add up to 1 (with their sum), a state in which a player has no action.

    Examples
    --------
    >>> stay_or_leave = [[2, -1], [3, 0]]
    >>> pause = [stay_or_leave, np.transpose(stay_or_leave)]
    >>> over = np.zeros((2, 1, 1))
    >>> law = [[[1, 0], [0, 1]], [[0, 1], [0, 1]]]
    >>> game = StochasticGame([pause, over], [law, [[[0, 1]]]], 0.6, states=["pause", "war"])
    >>> game
    2 states (pause, war), 2 players (1, 2), 5 profiles, discount 0.6
    >>> game.is_directional
    False
    """

    payoffs: Floats
    transitions: csr_array
    exact_discounts: tuple[Fraction, ...]
    n_actions: Ints
    states: tuple[str, ...]
    players: tuple[str, ...]
    actions: tuple[tuple[tuple[str, ...], ...], ...]
    initial: int
    title: str = ""

    def __init__(
        self,
        payoffs: Sequence[ArrayLike] | ArrayLike,
        transitions: Any,
        discount: float | Fraction | Sequence[float | Fraction],
        *,
        states: Sequence[str] | None = None,
        players: Sequence[str] | None = None,
        actions: Sequence[Sequence[Sequence[str]]] | None = None,
        initial: int | str = 0,
        title: str = "",
    ) -> None:
        tables = [payoff_table(s, one) for s, one in enumerate(listed("payoffs", payoffs))]
        if not tables:
            raise ArgumentError("payoffs", payoffs, "at least one state")
        n = len(tables[0])
        for s, table in enumerate(tables):
            if table.ndim != n + 1 or len(table) != n or 0 in table.shape:
                allowed = f"shape (n_players, *n_actions): {n + 1} axes, at least one action each"
                raise ArgumentError(f"payoffs[{s}]", f"shape {table.shape}", allowed)
        n_actions = np.array([table.shape[1:] for table in tables], dtype=np.int64)
        flat = np.concatenate([table.reshape(n, -1) for table in tables], axis=1)
        law = flat_law(transitions, n_actions)
        names = (states, players, actions)
        _fill(self, flat, law, discount, n_actions, names, initial, title)

    @classmethod
    def from_flat(
        cls,
        payoffs: ArrayLike,
        transitions: Any,
        discount: float | Fraction | Sequence[float | Fraction],
        n_actions: ArrayLike,
        *,
        states: Sequence[str] | None = None,
        players: Sequence[str] | None = None,
        actions: Sequence[Sequence[Sequence[str]]] | None = None,
        initial: int | str = 0,
        title: str = "",
    ) -> StochasticGame:
        """Build from flat arrays: the quickest way for many states.

        payoffs (n_players, n_profiles); transitions sparse, or dense, (n_profiles, n_states);
        n_actions (n_states, n_players) counts actions.
        """
        counts = np.array(n_actions, dtype=np.int64)
        if counts.ndim != 2 or 0 in counts.shape:
            raise ArgumentError("n_actions", f"shape {counts.shape}", "shape (n_states, n_players)")
        bad = np.argwhere(counts < 1)
        if len(bad):
            s, i = map(int, bad[0])
            raise ArgumentError(f"n_actions[{s}, {i}]", int(counts[s, i]), "at least one action")
        flat = np.asarray(payoffs)
        shape = (counts.shape[1], int(counts.prod(axis=1).sum()))
        if flat.shape != shape:
            allowed = f"shape {shape}: (n_players, n_profiles)"
            raise ArgumentError("payoffs", f"shape {flat.shape}", allowed)
        game = object.__new__(cls)
        law = sparse(transitions, shape[1], len(counts))
        names = (states, players, actions)
        _fill(game, flat, law, discount, counts, names, initial, title)
        return game

    @classmethod
    def from_rules(
        cls,
        root: Hashable,
        rules: Callable[[Any], StateGame],
        *,
        players: Sequence[str],
        discount: float | Fraction | Sequence[float | Fraction],
        title: str = "",
    ) -> StochasticGame:
        """Build from a function of the state, over all states that play can reach from `root`.

        ``rules(state)`` returns a `StateGame`: each player's actions there (a player that is not
        listed has nothing to choose), and an outcome: for each combination of actions an
        `Outcome` with payoffs and what follows: a state, a mapping from states to their chances,
        or None where the game is over (an absorbing state worth 0, named "over").

        Examples
        --------
        >>> from ceasefire.games import Outcome, StateGame
        >>> def rules(held):
        ...     def outcome(captor, pausing):
        ...         if (captor, pausing) != ("release", "extend"):
        ...             return Outcome({"captor": 0, "pausing state": 0}, None)
        ...         gain = {"captor": 3, "pausing state": 4}
        ...         return Outcome(gain, held - 10 if held > 10 else None)
        ...     acts = {"captor": ["release", "hold"], "pausing state": ["extend", "resume"]}
        ...     return StateGame(acts, outcome)
        >>> truce = StochasticGame.from_rules(30, rules, players=["captor", "pausing state"],
        ...                                   discount=0.9)
        >>> truce
        4 states (30, 20, over, 10), 2 players (captor, pausing state), 13 profiles, discount 0.9
        >>> truce.is_directional
        True
        """
        found = explore(root, rules, tuple(players))
        return cls.from_flat(
            found.payoffs,
            Law(found.data, found.indices, found.indptr),
            discount,
            found.n_actions,
            states=found.states,
            players=players,
            actions=found.actions,
            title=title,
        )

    @property
    def n_states(self) -> int:
        """Number of states."""
        return len(self.n_actions)

    @property
    def n_players(self) -> int:
        """Number of players."""
        return int(self.n_actions.shape[1])

    @property
    def n_profiles(self) -> int:
        """Number of profile rows: action profiles, over all states."""
        return int(self.payoffs.shape[1])

    @cached_property
    def profile_start(self) -> Ints:
        """First profile row of each state, and their number, shape (n_states + 1,)."""
        return np.append(0, np.cumsum(self.n_actions.prod(axis=1)))

    @cached_property
    def action_start(self) -> Ints:
        """Where a player's mixture stands in one flat vector, shape (n_states * n_players + 1,).

        That of player ``i`` in state ``s`` begins at ``action_start[s * n_players + i]``.
        """
        return np.append(0, np.cumsum(self.n_actions.ravel()))

    @property
    def discounts(self) -> Floats:
        """Each player's discount factor, shape (n_players,)."""
        return np.array([float(d) for d in self.exact_discounts])

    @property
    def has_common_discount(self) -> bool:
        """Whether all players discount alike."""
        return len(set(self.exact_discounts)) == 1

    @property
    def discount(self) -> float:
        """The common discount factor; ArgumentError where they differ (see `discounts`)."""
        if not self.has_common_discount:
            got, hint = self.discounts.tolist(), "this method does not cover players who differ"
            raise ArgumentError("discount", got, "one discount factor for all players", hint)
        return float(self.exact_discounts[0])

    @property
    def payoff_range(self) -> Floats:
        """Largest less smallest flow payoff of each player over all states, utils."""
        return np.asarray(self.payoffs.max(axis=1) - self.payoffs.min(axis=1))

    @property
    def is_exact(self) -> bool:
        """Whether every payoff and every chance was given as a whole number or a fraction."""
        return self._rational is not None

    @cached_property
    def exact_payoffs(self) -> NDArray[np.object_]:
        """Payoffs as `Fraction`, shape (n_players, n_profiles): as given, or the float's own."""
        return fractions(self.payoffs) if self._rational is None else self._rational[0]

    @cached_property
    def exact_chances(self) -> NDArray[np.object_]:
        """Chances as `Fraction` beside ``transitions.data``; each row adds up to 1 exactly."""
        if self._rational is not None:
            return self._rational[1]
        data, ptr = fractions(self.transitions.data), self.transitions.indptr
        for low, high in pairwise(ptr):
            total = sum(data[low:high])
            data[low:high] = [p / total for p in data[low:high]]
        return data

    @cached_property
    def state_graph(self) -> csr_array:
        """Which states can follow which in a day, (n_states, n_states), entries 1."""
        from scipy.sparse import csr_array

        owner = np.repeat(np.arange(self.n_states), np.diff(self.profile_start))
        gather = csr_array(
            (np.ones(self.n_profiles), (owner, np.arange(self.n_profiles))),
            shape=(self.n_states, self.n_profiles),
        )
        law = self.transitions.copy()
        law.data = (law.data > 0).astype(float)
        law.eliminate_zeros()
        graph = csr_array(gather @ law)
        graph.data[:] = 1.0
        return graph

    @cached_property
    def absorbing(self) -> NDArray[np.bool_]:
        """States that play never leaves, shape (n_states,)."""
        graph = self.state_graph
        alone = np.diff(graph.indptr) == 1
        return np.asarray(alone & (graph.diagonal() > 0))

    @cached_property
    def is_directional(self) -> bool:
        """Whether no state returns once left, nor stays for a day, except absorbing ones."""
        from scipy.sparse.csgraph import connected_components

        count, _ = connected_components(self.state_graph, directed=True, connection="strong")
        stays = self.state_graph.diagonal() > 0
        return bool(count == self.n_states and np.all(self.absorbing[stays]))

    @cached_property
    def unreachable(self) -> tuple[int, ...]:
        """States that play from `initial` cannot reach."""
        from scipy.sparse.csgraph import breadth_first_order

        seen = breadth_first_order(self.state_graph, self.initial, return_predecessors=False)
        return tuple(sorted(set(range(self.n_states)) - set(map(int, seen))))

    def state(self, name: int | str) -> int:
        """The index of a state, by name or index."""
        if isinstance(name, str):
            if name not in self._places:
                shown = ", ".join(self.states[:8]) + (", ..." if self.n_states > 8 else "")
                raise ArgumentError("state", name, f"one of {shown}")
            return self._places[name]
        if not 0 <= name < self.n_states:
            raise ArgumentError("state", name, f"0 to {self.n_states - 1}, or a name")
        return int(name)

    def auxiliary(self, state: int | str, values: ArrayLike) -> NormalForm:
        """The one-day game in a state when the future is worth `values` (n_states, n_players).

        Payoffs are ``u_i(s, a) + delta_i sum_s' p(s' | s, a) values[s', i]``.
        """
        s = self.state(state)
        rows = slice(int(self.profile_start[s]), int(self.profile_start[s + 1]))
        ahead = self.transitions[rows] @ np.asarray(values, dtype=float)
        table = self.payoffs[:, rows] + self.discounts[:, None] * ahead.T
        shape = (self.n_players, *(int(k) for k in self.n_actions[s]))
        return NormalForm(table.reshape(shape), self.players, self.actions[s], self.states[s])

    def replace(self, *, discount: float | Fraction | Sequence[float | Fraction]) -> StochasticGame:
        """Return the same game at another discount factor."""
        game = object.__new__(StochasticGame)
        for name in _KEPT:
            object.__setattr__(game, name, getattr(self, name))
        object.__setattr__(game, "exact_discounts", discounts(discount, self.n_players))
        return game

    def __repr__(self) -> str:
        names = ", ".join(self.states[:6]) + (", ..." if self.n_states > 6 else "")
        kept = self.discounts[:1] if self.has_common_discount else self.discounts
        delta = ", ".join(f"{d:.10g}" for d in kept)
        return (
            f"{self.title + ': ' if self.title else ''}{self.n_states} states ({names}), "
            f"{self.n_players} players ({', '.join(self.players)}), {self.n_profiles} profiles, "
            f"discount {delta}"
        )

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: s for s, name in enumerate(self.states)}

    _rational: tuple[NDArray[np.object_], NDArray[np.object_]] | None = None


_KEPT = ("payoffs", "transitions", "n_actions", "states", "players", "actions", "initial",
         "title", "_rational")  # fmt: skip

Names = tuple[
    "Sequence[str] | None", "Sequence[str] | None", "Sequence[Sequence[Sequence[str]]] | None"
]


def _fill(
    game: StochasticGame, payoffs: NDArray[Any], law: Law, discount: Any, n_actions: Ints,
    names: Names, initial: int | str, title: str,
) -> None:  # fmt: skip
    """Check the flat parts and set them on a new game."""
    from scipy.sparse import csr_array

    n_states, n = n_actions.shape
    start = np.append(0, np.cumsum(n_actions.prod(axis=1)))
    labels = names_of("states", names[0], n_states)
    where = Where(n_actions, start, labels, names[2])
    exact_payoffs, floats = numbers(payoffs, where)
    data, indices, indptr = law
    exact_law, chances = checked_law(data, indptr, where)
    matrix = csr_array((chances, indices, indptr), shape=(int(start[-1]), n_states))
    for array in (floats, n_actions, matrix.data):
        array.setflags(write=False)
    both = exact_payoffs is not None and exact_law is not None
    store = object.__setattr__
    store(game, "payoffs", floats)
    store(game, "transitions", matrix)
    store(game, "exact_discounts", discounts(discount, n))
    store(game, "n_actions", n_actions)
    store(game, "states", labels)
    store(game, "players", names_of("players", names[1], n))
    store(game, "actions", action_names(names[2], n_actions, labels))
    store(game, "title", str(title))
    store(game, "_rational", (exact_payoffs, exact_law) if both else None)
    store(game, "initial", 0)
    try:
        store(game, "initial", game.state(initial))
    except ArgumentError as error:
        raise ArgumentError("initial", error.got, error.allowed, error.hint) from None
