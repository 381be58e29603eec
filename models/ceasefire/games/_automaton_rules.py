"""From words to tables: how automata are told as states, plays and laws of succession."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from ceasefire.games.normal import NormalForm
    from ceasefire.games.repeated import PublicSignals

KEPT, ELSE = "kept", "else"
MOST_JOINED = 100_000  # states of a product of machines


def entries(stage: NormalForm, given: Any, where: str) -> tuple[Any, ...]:
    """One entry a player of a profile that is told as a sequence or a text with commas."""
    if isinstance(given, str):
        given = [part.strip() for part in given.split(",")]
    if isinstance(given, dict) or not hasattr(given, "__len__") or len(given) != stage.n_players:
        raise ArgumentError(where, given, f"{stage.n_players} entries, one a player")
    return tuple(given)


def profile(stage: NormalForm, given: Any, where: str = "profile") -> tuple[int, ...]:
    """A pure profile as indices, from indices or labels."""
    parts = entries(stage, given, where)
    return tuple(action(stage, i, part, where) for i, part in enumerate(parts))


def action(stage: NormalForm, player: int, given: Any, where: str) -> int:
    """The index of a player's action, from its index or its label."""
    names = stage.actions[player]
    if isinstance(given, str) and given in names:
        return names.index(given)
    whole = isinstance(given, int | np.integer) and not isinstance(given, bool)
    if whole and 0 <= given < len(names):
        return int(given)
    who = stage.players[player]
    raise ArgumentError(
        where, given, f"an action of {who}: {', '.join(names)}, or 0 to {len(names) - 1}"
    )


def labels(stage: NormalForm, cell: Sequence[int]) -> tuple[str, ...]:
    """The names of a profile's actions."""
    return tuple(names[a] for names, a in zip(stage.actions, cell, strict=True))


def mixture(p: NDArray[Any], names: Sequence[str]) -> str:
    """Return a distribution for people: an action, or actions with their probabilities."""
    used = [int(a) for a in np.flatnonzero(p)]
    if len(used) == 1:
        return names[used[0]]
    shown = [
        f"{p[a] if isinstance(p[a], Fraction) else format(p[a], '.4g')} on {names[a]}" for a in used
    ]
    return "(" + " + ".join(shown) + ")"


def state(names: Sequence[str], given: Any, where: str) -> int:
    """The index of a state, from its index or name."""
    if isinstance(given, str) and given in names:
        return list(names).index(given)
    whole = isinstance(given, int | np.integer) and not isinstance(given, bool)
    if whole and 0 <= given < len(names):
        return int(given)
    shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    raise ArgumentError(where, given, f"a state: {shown}")


def read(
    stage: NormalForm,
    states: Mapping[str, Mapping[str, Any]],
    monitoring: PublicSignals | None,
) -> tuple[list[Any], NDArray[np.int64]]:
    """Plays and transitions of an automaton that is told by a mapping."""
    if not states:
        raise ArgumentError("states", states, "at least one state")
    names, output, table = list(states), [], []
    for name, told in states.items():
        where = f"state {name!r}"
        unknown = [key for key in told if key not in ("play", "next")]
        if unknown or "play" not in told or "next" not in told:
            raise ArgumentError(where, list(told), "the keys play and next")
        play = entries(stage, told["play"], f"{where}, play")
        output.append(play)
        if monitoring is not None:
            table.append(_by_signal(names, told["next"], monitoring, where))
        else:
            table.append(_by_profile(stage, names, told["next"], play, where))
    return output, np.array(table, dtype=np.int64)


def _by_signal(
    names: list[str], law: Any, monitoring: PublicSignals, where: str
) -> NDArray[np.int64]:
    told = {ELSE: law} if isinstance(law, str | int) else dict(law)
    for key in told:
        if key != ELSE and key not in monitoring.signals:
            allowed = f"a signal ({', '.join(monitoring.signals)}) or else"
            raise ArgumentError(f"{where}, next", key, allowed)
    missing = [y for y in monitoring.signals if y not in told and ELSE not in told]
    if missing:
        raise ArgumentError(f"{where}, next", list(told), f"a state for signal {missing[0]!r}")
    after = [told.get(y, told.get(ELSE)) for y in monitoring.signals]
    return np.array([state(names, k, f"{where}, next") for k in after], dtype=np.int64)


def _by_profile(
    stage: NormalForm, names: list[str], law: Any, play: Sequence[Any], where: str
) -> NDArray[np.int64]:
    told = {ELSE: law} if isinstance(law, str | int) else dict(law)
    at = f"{where}, next"
    cells: dict[tuple[int, ...], int] = {}
    words: dict[str, int] = {}
    for key, value in told.items():
        to = state(names, value, at)
        if isinstance(key, str) and key in (KEPT, ELSE, *stage.players):
            words[key] = to
        elif isinstance(key, tuple) or (isinstance(key, str) and "," in key):
            cells[profile(stage, key, at)] = to
        else:
            allowed = f"a profile, {KEPT}, {ELSE} or a player ({', '.join(stage.players)})"
            raise ArgumentError(at, key, allowed)
    pure = _pure(stage, play)
    if pure is None and set(words) - {ELSE}:
        hint = f"{KEPT} and a player's name need one action a player: a mixture hides deviations"
        raise ArgumentError(at, sorted(words), f"profiles and {ELSE} where players mix", hint)
    table = np.zeros(stage.shape, dtype=np.int64)
    for cell in np.ndindex(*stage.shape):
        after = cells.get(cell, _word(stage, words, pure, cell))
        if after is None:
            raise ArgumentError(at, list(told), f"a state after {', '.join(labels(stage, cell))}")
        table[cell] = after
    return table


def _word(
    stage: NormalForm, words: dict[str, int], pure: tuple[int, ...] | None, cell: tuple[int, ...]
) -> int | None:
    off = [] if pure is None else [i for i, a in enumerate(cell) if a != pure[i]]
    if pure is not None and not off and KEPT in words:
        return words[KEPT]
    if len(off) == 1 and stage.players[off[0]] in words:
        return words[stage.players[off[0]]]
    return words.get(ELSE)


def _pure(stage: NormalForm, play: Sequence[Any]) -> tuple[int, ...] | None:
    if all(isinstance(part, str | int | np.integer) for part in play):
        return profile(stage, play, "play")
    return None


def punishing(
    stage: NormalForm, path: Sequence[Any], punish: Any, days: int | None, restart: bool
) -> tuple[list[str], list[Any], NDArray[np.int64]]:
    """States of a path that is left for a punishment: names, plays and transitions.

    `days` None: for ever. A punishment of the deviator, where `punish` is told by player.
    """
    plays = [profile(stage, part, f"path[{t}]") for t, part in enumerate(path)]
    by_player = isinstance(punish, dict)
    if by_player and set(punish) != set(stage.players):
        raise ArgumentError("punish", sorted(punish), f"one a player: {', '.join(stage.players)}")
    kinds = [punish[p] for p in stage.players] if by_player else [punish]
    length = days or 1
    names = ["keep"] if len(plays) == 1 else [f"day {t + 1}" for t in range(len(plays))]
    for k in range(len(kinds)):
        who = f" {stage.players[k]}" if by_player else ""
        several = [f"punish{who} {d + 1}" for d in range(length)]
        names += [f"punish{who}"] if length == 1 else several
    output = [*plays, *(kind for kind in kinds for _ in range(length))]
    first = [len(plays) + k * length for k in range(len(kinds))]
    table = np.zeros((len(names), *stage.shape), dtype=np.int64)
    for t, play in enumerate(plays):
        table[t] = _after(stage, play, first)
        table[t][play] = min(t + 1, len(plays) - 1)
    for k, start in enumerate(first):
        for d in range(length):
            last = d == length - 1
            table[start + d] = (start if days is None else 0) if last else start + d + 1
            if restart:
                pure = profile(stage, kinds[k], "punish")  # a mixture hides deviations
                after = table[start + d][pure]
                table[start + d] = _after(stage, pure, first)
                table[start + d][pure] = after
    return names, output, table


def _after(stage: NormalForm, play: tuple[int, ...], first: list[int]) -> NDArray[np.int64]:
    """The punishment's first day after each profile: of the first player that deviated."""
    table = np.zeros(stage.shape, dtype=np.int64)
    for cell in np.ndindex(*stage.shape):
        off = [i for i, a in enumerate(cell) if a != play[i]]
        table[cell] = first[off[0] if len(first) > 1 and off else 0]
    return table


def joined(
    stage: NormalForm, machines: Sequence[Mapping[str, Mapping[str, Any]]]
) -> tuple[list[str], list[Any], NDArray[np.int64]]:
    """States of the product of one machine a player that some history reaches."""
    if len(machines) != stage.n_players:
        raise ArgumentError("machines", len(machines), f"{stage.n_players}, one a player")
    plays, laws = [], []
    for i, machine in enumerate(machines):
        names, where = list(machine), f"machines[{i}]"
        if not names:
            raise ArgumentError(where, machine, "at least one state")
        for name, told in machine.items():
            if set(told) != {"play", "next"}:
                raise ArgumentError(f"{where}, state {name!r}", list(told), "play and next")
        # only the machine's own action stands in its play, so that "kept" cannot be told
        unknown: list[Any] = [{}] * stage.n_players
        laws.append([
            _by_profile(stage, names, told["next"], unknown, f"{where}, state {name!r}")
            for name, told in machine.items()
        ])  # fmt: skip
        plays.append([told["play"] for told in machine.values()])
    start = (0,) * stage.n_players
    index, queue, table = {start: 0}, [start], []
    for here in queue:  # grows while it is read
        row = np.zeros(stage.shape, dtype=np.int64)
        for cell in np.ndindex(*stage.shape):
            after = tuple(int(laws[i][k][cell]) for i, k in enumerate(here))
            if after not in index:
                index[after] = len(queue)
                queue.append(after)
            row[cell] = index[after]
        table.append(row)
        if len(queue) > MOST_JOINED:
            raise ArgumentError("machines", f"past {MOST_JOINED} joint states", "fewer states")
    listed = [list(machine) for machine in machines]
    names = [" | ".join(listed[i][k] for i, k in enumerate(here)) for here in queue]
    output = [[plays[i][k] for i, k in enumerate(here)] for here in queue]
    return names, output, np.array(table, dtype=np.int64)
