"""Strategies of repeated games as finite automata: one machine for all players together."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from numbers import Rational
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.games import _automaton_rules as rules
from ceasefire.games.normal import NormalForm
from ceasefire.tolerances import PROBABILITY_SUM

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from ceasefire.games.repeated import PublicSignals

SHOWN_STATES = 12


@dataclass(frozen=True, eq=False, repr=False)
class Automaton(Displayed):
    """A strategy profile of a repeated game, as a finite automaton ``(S, s_0, f, tau)``.

    In state ``s`` the players play ``f(s)``; the next state is ``tau(s, a)`` after the profile
    ``a`` is seen, or ``tau(s, y)`` after the public signal ``y``. Every history leads to a state,
    so the automaton says what each player does after any history, deviations included.

    Parameters
    ----------
    stage : NormalForm
        What is played on a day.
    output : sequence
        One entry a state: what each player does there, an action (its index or label) or a
        distribution over its actions.
    transition : array_like of int, shape (n_states, *n_actions) or (n_states, n_signals)
        The next state after each profile of the stage or, with `monitoring`, each signal.
    states : sequence of str, optional
        One name a state; numbered from 1 by default.
    initial : int or str
        The state of day 0.
    monitoring : PublicSignals, optional
        What the players see; by default the profile itself.
    title : str

    Raises
    ------
    ArgumentError
        Names the state at fault: a play that is no action or distribution, a transition that
        leads to no state.

    Notes
    -----
    A deviation of one player leads where `transition` says, whoever else deviated too. Machines
    of single players are joined by `from_machines`.

    References
    ----------
    G. Mailath and L. Samuelson (2006), *Repeated Games and Reputations*, sec. 2.3.

    Examples
    --------
    >>> names = [["C", "D"], ["C", "D"]]
    >>> stage = NormalForm.bimatrix([[3, 0], [5, 1]], [[3, 5], [0, 1]], actions=names)
    >>> Automaton.grim(stage, ("C", "C"), ("D", "D"))
    grim: 2 states, starts in keep
      keep: C, C; then keep, else punish
      punish: D, D; then punish
    """

    stage: NormalForm
    output: tuple[NDArray[Any], ...]
    transition: NDArray[np.int64]
    states: tuple[str, ...]
    initial: int = 0
    monitoring: PublicSignals | None = None
    title: str = ""

    def __init__(
        self,
        stage: NormalForm,
        output: Sequence[Sequence[Any]],
        transition: ArrayLike,
        *,
        states: Sequence[str] | None = None,
        initial: int | str = 0,
        monitoring: PublicSignals | None = None,
        title: str = "",
    ) -> None:
        if not isinstance(stage, NormalForm):
            raise ArgumentError("stage", stage, "a NormalForm")
        if monitoring is not None and monitoring.shape != stage.shape:
            got, allowed = f"signals of {monitoring.shape} profiles", f"the stage's {stage.shape}"
            raise ArgumentError("monitoring", got, allowed)
        count = len(output)
        if count == 0:
            raise ArgumentError("output", output, "at least one state")
        names = tuple(map(str, states if states is not None else range(1, count + 1)))
        if len(names) != count or len(set(names)) != count:
            raise ArgumentError("states", names, f"{count} names that differ, one a state")
        store = object.__setattr__
        store(self, "stage", stage)
        store(self, "states", names)
        store(self, "output", _outputs(stage, output, names))
        store(self, "transition", _transition(stage, monitoring, transition, names))
        store(self, "initial", rules.state(names, initial, "initial"))
        store(self, "monitoring", monitoring)
        store(self, "title", str(title))

    @classmethod
    def from_dict(
        cls,
        stage: NormalForm,
        states: Mapping[str, Mapping[str, Any]],
        *,
        initial: str | None = None,
        monitoring: PublicSignals | None = None,
        title: str = "",
    ) -> Automaton:
        """Build from ``{state: {"play": profile, "next": law}}``, as it is told.

        ``play`` is one entry a player: an action or ``{action: probability}``; a text such as
        ``"C, D"`` lists actions. ``next`` is a state, or a law from what is seen to states: under
        perfect monitoring a profile (a tuple, or a text ``"C, D"``), ``"kept"`` (everybody played
        as the state says), a player's name (it alone deviated) or ``"else"``; the first of these
        that is given holds, in this order. With signals, a signal's name or ``"else"``.

        Examples
        --------
        >>> names = [["C", "D"], ["C", "D"]]
        >>> stage = NormalForm.bimatrix([[3, 0], [5, 1]], [[3, 5], [0, 1]], actions=names)
        >>> Automaton.from_dict(stage, {
        ...     "calm": {"play": "C, C", "next": {"kept": "calm", "else": "war"}},
        ...     "war": {"play": "D, D", "next": {"C, C": "calm", "else": "war"}},
        ... })
        2 states, starts in calm
          calm: C, C; then calm, else war
          war: D, D; then war, or calm
        """
        names = list(states)
        output, table = rules.read(stage, states, monitoring)
        start = names[0] if initial is None and names else initial
        return cls(stage, output, table, states=names, initial=start if start is not None else 0,
                   monitoring=monitoring, title=title)  # fmt: skip

    @classmethod
    def grim(
        cls,
        stage: NormalForm,
        cooperate: Sequence[Any],
        punish: Sequence[Any] | Mapping[str, Sequence[Any]],
    ) -> Automaton:
        """Play `cooperate` while all do; after any deviation play `punish` for ever.

        `punish` may be one profile a player, by its name: what is played for ever once that
        player deviated (of several deviators, the first listed).
        """
        return cls._punishing(stage, [cooperate], punish, None, "grim")

    @classmethod
    def n_day_punishment(
        cls,
        stage: NormalForm,
        cooperate: Sequence[Any],
        punish: Sequence[Any] | Mapping[str, Sequence[Any]],
        days: int,
        *,
        restart: bool = False,
    ) -> Automaton:
        """Play `cooperate`; after a deviation `punish` for so many days, then `cooperate` again.

        With `restart` a deviation from the punishment begins it anew; else its days just pass.
        """
        if not isinstance(days, int | np.integer) or days < 1:
            raise ArgumentError("days", days, "a whole number of days, at least 1")
        return cls._punishing(
            stage, [cooperate], punish, int(days), f"{days}-day punishment", restart
        )

    @classmethod
    def staged_release(
        cls,
        stage: NormalForm,
        schedule: Sequence[Sequence[Any]],
        punish: Sequence[Any] | Mapping[str, Sequence[Any]],
    ) -> Automaton:
        """Play the profiles of `schedule` day by day while all do, then its last for ever.

        After any deviation `punish` for ever, as in `grim`.

        Examples
        --------
        >>> names = [["C", "D"], ["C", "D"]]
        >>> stage = NormalForm.bimatrix([[3, 0], [5, 1]], [[3, 5], [0, 1]], actions=names)
        >>> plan = [("C", "D"), ("D", "C"), ("C", "C")]
        >>> Automaton.staged_release(stage, plan, ("D", "D"))
        staged release: 4 states, starts in day 1
          day 1: C, D; then day 2, else punish
          day 2: D, C; then day 3, else punish
          day 3: C, C; then day 3, else punish
          punish: D, D; then punish
        """
        if len(schedule) == 0:
            raise ArgumentError("schedule", schedule, "at least one profile")
        return cls._punishing(stage, schedule, punish, None, "staged release")

    @classmethod
    def tit_for_tat(cls, stage: NormalForm, first: Sequence[Any]) -> Automaton:
        """Two players, each of whom does what the other did yesterday; `first` on day 0.

        Both have the same number of actions, and action k answers action k.
        """
        if stage.n_players != 2 or stage.shape[0] != stage.shape[1]:
            got = f"{stage.n_players} players, {stage.shape} actions"
            raise ArgumentError("stage", got, "two players with equally many actions")
        m = stage.shape[0]
        start = rules.profile(stage, first, "first")
        # the state is the profile that will be played: (i, j) follows yesterday's (j, i)
        cells = [(i, j) for i in range(m) for j in range(m)]
        names = [" ".join(rules.labels(stage, cell)) for cell in cells]
        table = np.array([[[j * m + i for j in range(m)] for i in range(m)]] * len(cells))
        return cls(stage, cells, table, states=names, initial=start[0] * m + start[1],
                   title="tit for tat")  # fmt: skip

    @classmethod
    def from_machines(
        cls, stage: NormalForm, machines: Sequence[Mapping[str, Mapping[str, Any]]]
    ) -> Automaton:
        """Join one machine a player; the states are those that some history reaches.

        A machine is ``{state: {"play": action, "next": law}}`` with laws as in `from_dict`
        without ``"kept"``; its first state is where it starts.

        Examples
        --------
        >>> names = [["C", "D"], ["C", "D"]]
        >>> stage = NormalForm.bimatrix([[3, 0], [5, 1]], [[3, 5], [0, 1]], actions=names)
        >>> grim = {"trust": {"play": "C", "next": {"C, C": "trust", "else": "anger"}},
        ...         "anger": {"play": "D", "next": "anger"}}
        >>> always = {"on": {"play": "C", "next": "on"}}
        >>> Automaton.from_machines(stage, [grim, always])
        2 states, starts in trust | on
          trust | on: C, C; then trust | on, else anger | on
          anger | on: D, C; then anger | on
        """
        names, output, table = rules.joined(stage, machines)
        return cls(stage, output, table, states=names)

    @classmethod
    def _punishing(
        cls, stage: NormalForm, path: Sequence[Sequence[Any]], punish: Any, days: int | None,
        title: str, restart: bool = False,
    ) -> Automaton:  # fmt: skip
        names, output, table = rules.punishing(stage, path, punish, days, restart)
        return cls(stage, output, table, states=names, title=title)

    @property
    def n_states(self) -> int:
        """Number of states."""
        return len(self.states)

    @cached_property
    def plays(self) -> NDArray[np.int64] | None:
        """The pure profile of each state, shape (n_states, n_players); None if a state mixes."""
        if any(np.any(np.count_nonzero(p, axis=1) != 1) for p in self.output):
            return None
        return np.stack([np.argmax(p != 0, axis=1) for p in self.output], axis=1)

    @property
    def is_exact(self) -> bool:
        """Whether every probability in `output` is a fraction or a whole number."""
        return all(p.dtype == object for p in self.output)

    @cached_property
    def reachable(self) -> NDArray[np.bool_]:
        """States that some history leads to, deviations included, shape (n_states,)."""
        law = self.transition.reshape(self.n_states, -1)
        if self.monitoring is not None:
            flat = self.monitoring.probability.reshape(-1, self.monitoring.n_signals)
            law = law[:, np.any(flat > 0, axis=0)]
        from scipy.sparse import coo_array, csgraph

        rows = np.repeat(np.arange(self.n_states), law.shape[1])
        edges = coo_array((np.ones(law.size), (rows, law.ravel())), shape=(self.n_states,) * 2)
        order = csgraph.breadth_first_order(edges.tocsr(), self.initial, return_predecessors=False)
        seen = np.zeros(self.n_states, dtype=bool)
        seen[order] = True
        return seen

    def play(self, state: int | str) -> tuple[NDArray[Any], ...]:
        """What the players do in a state: one distribution a player."""
        s = rules.state(self.states, state, "state")
        return tuple(p[s] for p in self.output)

    def trembling(self, probability: float | Fraction) -> Automaton:
        """The automaton whose players, with this probability each, pick any action at random."""
        if not 0 <= probability <= 1:
            raise ArgumentError("probability", probability, "a number from 0 to 1")
        rate: Any = probability if isinstance(probability, Rational) else float(probability)
        output = [
            [(1 - rate) * p[s] + rate * _ones(p) / p.shape[1] for p in self.output]
            for s in range(self.n_states)
        ]
        return Automaton(
            self.stage, output, self.transition, states=self.states, initial=self.initial,
            monitoring=self.monitoring, title=self.title,
        )  # fmt: skip

    def __repr__(self) -> str:
        count = f"{self.n_states} state{'s' if self.n_states != 1 else ''}"
        head = f"{self.title + ': ' if self.title else ''}{count}, starts in "
        head += self.states[self.initial]
        rows = [f"  {self._row(s)}" for s in range(min(self.n_states, SHOWN_STATES))]
        more = self.n_states - SHOWN_STATES
        return "\n".join([head, *rows, *([f"  ... {more} more"] if more > 0 else [])])

    def _row(self, s: int) -> str:
        said = ", ".join(
            rules.mixture(p[s], names)
            for p, names in zip(self.output, self.stage.actions, strict=True)
        )
        law = self.transition[s]
        after = list(dict.fromkeys(self.states[int(k)] for k in law.flat))
        if self.monitoring is not None:
            pairs = zip(self.monitoring.signals, law, strict=True)
            then = ", ".join(f"{self.states[int(k)]} on {y}" for y, k in pairs)
            return f"{self.states[s]}: {said}; then {after[0] if len(after) == 1 else then}"
        if self.plays is None or len(after) == 1:
            return f"{self.states[s]}: {said}; then {' or '.join(after)}"
        kept = self.states[int(law[tuple(self.plays[s])])]
        others = [name for name in after if name != kept]
        uniform = np.count_nonzero(law == law[tuple(self.plays[s])]) == 1 and len(others) == 1
        return f"{self.states[s]}: {said}; then {kept}, {'else' if uniform else 'or'} " + (
            " or ".join(others)
        )


def _ones(like: NDArray[Any]) -> NDArray[Any]:
    one: Any = Fraction(1) if like.dtype == object else 1.0
    return np.array([one] * like.shape[1])


def _outputs(
    stage: NormalForm, output: Sequence[Sequence[Any]], names: tuple[str, ...]
) -> tuple[NDArray[Any], ...]:
    """One array a player, (n_states, n_actions): fractions where all that it plays are."""
    told = [
        rules.entries(stage, given, f"output of state {name!r}")
        for name, given in zip(names, output, strict=True)
    ]
    return tuple(
        _player_output(stage, i, [entries[i] for entries in told], names)
        for i in range(stage.n_players)
    )


def _player_output(
    stage: NormalForm, player: int, told: list[Any], names: tuple[str, ...]
) -> NDArray[Any]:
    where, count = stage.players[player], stage.shape[player]
    pure = np.full(len(told), -1)
    mixed: dict[int, NDArray[Any]] = {}
    for s, given in enumerate(told):
        if isinstance(given, str | int | np.integer):
            at = f"output of state {names[s]!r}, player {where!r}"
            pure[s] = rules.action(stage, player, given, at)
        else:
            mixed[s] = _distribution(stage, player, given, names[s])
    exact = all(row.dtype == object for row in mixed.values())
    zero, one = (Fraction(0), Fraction(1)) if exact else (0.0, 1.0)
    table = np.full((len(told), count), zero, dtype=object if exact else np.float64)
    known = np.flatnonzero(pure >= 0)
    table[known, pure[known]] = one
    for s, row in mixed.items():
        table[s] = row
    table.setflags(write=False)
    return table


def _distribution(stage: NormalForm, player: int, given: Any, name: str) -> NDArray[Any]:
    where = f"output of state {name!r}, player {stage.players[player]!r}"
    count = stage.shape[player]
    if isinstance(given, dict):
        row = [given.get(label, 0) for label in stage.actions[player]]
        unknown = [a for a in given if a not in stage.actions[player]]
        if unknown:
            raise ArgumentError(where, unknown[0], f"one of {', '.join(stage.actions[player])}")
    else:
        row = list(given)
    rational = all(isinstance(p, Rational) for p in row)
    p = np.array([Fraction(x) for x in row], dtype=object) if rational else np.array(row, float)
    total = p.sum() if len(p) else 0
    off = total != 1 if rational else abs(total - 1.0) > PROBABILITY_SUM
    if p.shape != (count,) or off or not all(x >= 0 for x in p):
        raise ArgumentError(where, given, f"an action or {count} probabilities that add up to 1")
    return p


def _transition(
    stage: NormalForm, monitoring: PublicSignals | None, given: ArrayLike, names: tuple[str, ...]
) -> NDArray[np.int64]:
    seen = stage.shape if monitoring is None else (monitoring.n_signals,)
    shape = (len(names), *seen)
    table = np.asarray(given)
    if table.shape != shape or table.dtype.kind not in "iu":
        allowed = f"whole numbers, shape {shape}: states by what is seen"
        raise ArgumentError("transition", f"{table.dtype} of shape {table.shape}", allowed)
    bad = np.argwhere((table < 0) | (table >= len(names)))
    if len(bad):
        at = tuple(int(k) for k in bad[0])
        shown = rules.labels(stage, at[1:]) if monitoring is None else [monitoring.signals[at[1]]]
        where = f"transition from state {names[at[0]]!r} after {', '.join(shown)}"
        raise ArgumentError(where, int(table[at]), f"a state from 0 to {len(names) - 1}")
    result = np.array(table, dtype=np.int64)
    result.setflags(write=False)
    return result
