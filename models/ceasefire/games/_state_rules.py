"""From rules to the flat arrays of a stochastic game: every state that play can reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from numbers import Rational
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ceasefire.errors import ArgumentError
from ceasefire.games._state_arrays import fractions

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from numpy.typing import NDArray

OVER = "over"
LIMIT = 5_000_000  # profile rows; a set of rules that never ends is stopped here


@dataclass(frozen=True)
class Outcome:
    """What one action profile brings on a day.

    Attributes
    ----------
    payoffs : mapping from player to number, or sequence
        Utils of the day; a player that is not named gets 0.
    to : state, mapping from states to chances, or None
        What follows; None: the game is over.
    """

    payoffs: Mapping[str, Any] | Sequence[Any]
    to: Any = None


@dataclass(frozen=True)
class StateGame:
    """What is played in a state: each player's actions, and the outcome of each combination.

    Attributes
    ----------
    actions : mapping from player to sequence of str
        Players that are not listed have nothing to choose.
    outcome : callable
        Called with one action for each listed player, in the order listed; returns an `Outcome`.
    """

    actions: Mapping[str, Sequence[str]]
    outcome: Callable[..., Outcome]


class Explored(NamedTuple):
    """The flat arrays: see `StochasticGame.from_flat`."""

    payoffs: NDArray[Any]
    data: NDArray[Any]
    indices: NDArray[np.int64]
    indptr: NDArray[np.int64]
    n_actions: NDArray[np.int64]
    states: list[str]
    actions: list[tuple[tuple[str, ...], ...]]


class _Over:
    """The state in which the game is over."""

    def __repr__(self) -> str:
        return OVER


def explore(
    root: Hashable, rules: Callable[[Any], StateGame], players: tuple[str, ...]
) -> Explored:
    """Breadth first from `root`; states are numbered in the order in which they are met."""
    end = _Over()
    place: dict[Any, int] = {root: 0}
    queue: list[Any] = [root]
    rows: list[list[Any]] = []
    data, indices, indptr = [], [], [0]
    counts, labels = [], []
    for state in queue:  # grows while it is read
        acts, outcomes = _over(players) if state is end else _state(state, rules, players)
        counts.append([len(a) for a in acts])
        labels.append(acts)
        for one in outcomes:
            rows.append(_payoffs(state, one, players))
            for after, chance in _law(state, one, end).items():
                if after not in place:
                    place[after] = len(queue)
                    queue.append(after)
                indices.append(place[after])
                data.append(chance)
            indptr.append(len(data))
        if len(rows) > LIMIT:
            raise ArgumentError("rules", f"more than {LIMIT:,} profiles", "finitely many states")
    return Explored(
        _array(rows, (len(rows), len(players))).T,
        _array(data, (len(data),)),
        np.array(indices, dtype=np.int64),
        np.array(indptr, dtype=np.int64),
        np.array(counts, dtype=np.int64),
        _named(queue),
        labels,
    )


def _over(players: tuple[str, ...]) -> tuple[tuple[tuple[str, ...], ...], list[Outcome]]:
    return tuple(("-",) for _ in players), [Outcome({}, _STAY)]


_STAY = object()


def _state(
    state: Any, rules: Callable[[Any], StateGame], players: tuple[str, ...]
) -> tuple[tuple[tuple[str, ...], ...], list[Outcome]]:
    found = rules(state)
    if not isinstance(found, StateGame):
        raise ArgumentError(f"rules({state!r})", found, "a StateGame")
    unknown = [name for name in found.actions if name not in players]
    if unknown:
        allowed = f"players {', '.join(players)}"
        raise ArgumentError(f"rules({state!r}).actions", unknown[0], allowed)
    acts = {name: tuple(map(str, labels)) for name, labels in found.actions.items()}
    for name, labels in acts.items():
        if not labels:
            raise ArgumentError(f"rules({state!r}).actions[{name!r}]", labels, "an action at least")
    every = tuple(acts.get(name, ("-",)) for name in players)
    order = [players.index(name) for name in acts]
    outcomes = []
    for profile in product(*every):
        one = found.outcome(*(profile[i] for i in order))
        if not isinstance(one, Outcome):
            where = f"rules({state!r}).outcome{tuple(profile[i] for i in order)}"
            raise ArgumentError(where, one, "an Outcome")
        outcomes.append(one)
    return every, outcomes


def _payoffs(state: Any, one: Outcome, players: tuple[str, ...]) -> list[Any]:
    if isinstance(one.payoffs, Mapping):
        unknown = [name for name in one.payoffs if name not in players]
        if unknown:
            allowed = f"players {', '.join(players)}"
            raise ArgumentError(f"outcome payoffs in state {state!r}", unknown[0], allowed)
        return [one.payoffs.get(name, 0) for name in players]
    row = list(one.payoffs)
    if len(row) != len(players):
        allowed = f"{len(players)} numbers, one a player"
        raise ArgumentError(f"outcome payoffs in state {state!r}", row, allowed)
    return row


def _law(state: Any, one: Outcome, end: _Over) -> dict[Any, Any]:
    if one.to is _STAY:
        return {end: 1}
    if not isinstance(one.to, Mapping):
        return {end if one.to is None else one.to: 1}
    law = {end if after is None else after: p for after, p in one.to.items()}
    total = sum(law.values())
    bad = total != 1 and not abs(total - 1) <= 1e-9  # exact sums first: fractions are slow
    if bad or min(law.values()) < 0:
        got = f"chances {list(law.values())} that add up to {total}"
        raise ArgumentError(f"law after state {state!r}", got, "chances that add up to 1")
    return {after: p for after, p in law.items() if p}


def _array(values: list[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """Fractions where all are rational, else floats."""
    flat = [x for row in values for x in row] if len(shape) == 2 else values
    kinds = set(map(type, flat))
    if kinds <= {int, bool}:
        try:
            return np.array(flat, dtype=np.int64).reshape(shape)
        except OverflowError:
            pass
    if all(issubclass(kind, Rational) for kind in kinds):
        return fractions(np.array(flat, dtype=object)).reshape(shape)
    return np.array(flat, dtype=np.float64).reshape(shape)


def _named(states: list[Any]) -> list[str]:
    """Texts of states; where two read alike their place is added."""
    names = [str(s) for s in states]
    if len(set(names)) == len(names):
        return names
    seen: dict[str, int] = {}
    for k, name in enumerate(names):
        seen[name] = seen.get(name, 0) + 1
        names[k] = name if seen[name] == 1 else f"{name} ({seen[name]})"
    return names
