"""All Markov perfect equilibria of a directional game: state recursion over every choice."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ceasefire.errors import ArgumentError, SolveError
from ceasefire.solvers import _choices, _markov_values, _stage_games, _staying
from ceasefire.solvers._choices import Local, Table
from ceasefire.solvers._kernels import recursion as kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.games import StochasticGame
    from ceasefire.solvers._stage_games import Stage

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

WORK = 200_000_000  # rows of a table times states: combinations past this are cut, and said so
TOP_ROWS = 100_000


@dataclass(frozen=True, eq=False)
class Recursion:
    """What state recursion found.

    Attributes
    ----------
    behaviours : ndarray, shape (k, action_start[-1])
        The equilibria listed, at most `limit`.
    count : int
        How many there are; a lower bound where `cut`.
    cut : bool
        Whether combinations were dropped because there were too many to tell apart.
    continua, unproven : list of int
        States with a continuum of equilibria (only its extreme points are followed), and states
        where equilibria were not all ruled in or out.
    branching : int
        States in which more than one equilibrium was met.
    """

    behaviours: Floats
    count: int
    cut: bool
    continua: list[int]
    unproven: list[int]
    branching: int


def solve(game: StochasticGame, limit: int) -> Recursion:
    """Find every equilibrium; the game has no state that returns once left."""
    order = _markov_values.prepared(game).order
    if order is None:
        hint = 'use method="homotopy", or "shapley" where payoffs are opposed'
        raise ArgumentError("game", "states that return after they were left",
                            "a directional game", hint)  # fmt: skip
    engine = _Engine(game, order, max(limit, 1))
    todo = order[engine.open[order]]
    while len(todo):
        todo = engine.round(todo)
    return engine.result(limit)


@dataclass
class _Pools:
    """Growing arrays: variants of rows, and the values, classes and mixtures of variants."""

    labels: Ints
    worth: Floats
    kind: Ints
    where: Ints
    mixed: Floats
    used: Ints

    @classmethod
    def of(cls, n: int, size: int) -> _Pools:
        whole = np.zeros
        return cls(whole(size, np.int64), np.zeros((size, n)), whole(size, np.int64),
                   whole(size, np.int64), np.zeros(4 * size), whole(3, np.int64))  # fmt: skip

    def room(self, labels: int, variants: int, mixed: int) -> None:
        """Make room for that many more of each."""
        if self.used[0] + labels > len(self.labels):
            self.labels = _longer(self.labels, int(self.used[0]) + labels)
        if self.used[1] + variants > len(self.worth):
            need = int(self.used[1]) + variants
            self.worth, self.kind, self.where = (
                _longer(a, need) for a in (self.worth, self.kind, self.where)
            )
        if self.used[2] + mixed > len(self.mixed):
            self.mixed = _longer(self.mixed, int(self.used[2]) + mixed)


def _longer(array: NDArray[Any], need: int) -> NDArray[Any]:
    new: NDArray[Any] = np.zeros((max(2 * len(array), need), *array.shape[1:]), array.dtype)
    new[: len(array)] = array
    return new


class _Engine:
    """The state of the recursion; every state is solved once for each kind of what follows it."""

    def __init__(self, game: StochasticGame, order: Ints, limit: int) -> None:
        self.game, self.limit = game, limit
        self.flat = _markov_values.prepared(game).flat
        graph = game.state_graph
        self.graph_ptr, self.graph = graph.indptr.astype(np.int64), graph.indices.astype(np.int64)
        S, n = game.n_states, game.n_players
        self.open = kernel.relevant(
            order, self.graph_ptr, self.graph, (game.n_actions > 1).any(axis=1)
        )
        self.status = np.where(self.open, kernel.WAITING, kernel.DONE).astype(np.int8)
        self.need = kernel.needed(self.graph_ptr, self.graph, self.open, S)
        self.part = np.full(S, -1, np.int64)  # the table its value depends on
        self.owner = np.full(S, -1, np.int64)
        self.column, self.first, self.classes = (np.zeros(S, np.int64) for _ in range(3))
        self.values = np.zeros((S, n))
        self.behaviour = np.ones(int(game.action_start[-1]))
        self.pools = _Pools.of(n, 4096)
        self.tables: list[Table] = []  # every table ever made, in order
        self.current: list[Table | None] = []  # by part; None where merged into another
        self.live: list[list[int]] = []  # by part: states whose value varies and is still needed
        self.cut = False
        self.continua: list[int] = []
        self.unproven: list[int] = []
        self.branching = 0
        self.most = int(min(TOP_ROWS, max(WORK // max(S, 1), limit, 64)))

    # one round: everything that compiled code can do, then what it left

    def round(self, todo: Ints) -> Ints:
        """Advance as far as possible; return the states still to solve, in order."""
        stopped, why, rest = (np.empty(len(todo), np.int64) for _ in range(3))
        position, stops, waits = 0, 0, 0
        before = self.status.copy()
        while position < len(todo):
            rows = np.array([len(t.ways) if t else 0 for t in self.current], np.int64)
            p = self.pools
            position, s, w = kernel.advance(
                todo, position, *self.flat, self.graph_ptr, self.graph, self.status, self.need,
                self.part, rows, self.values, self.behaviour, self.owner, self.column, self.first,
                self.classes, p.labels, p.worth, p.kind, p.where, p.mixed, p.used,
                stopped[stops:], why[stops:], rest[waits:],
            )  # fmt: skip
            stops, waits = stops + s, waits + w
            if position < len(todo):
                K = int(rows.max(initial=1))
                size = int(self.game.n_actions.sum(axis=1).max())
                p.room(4 * K + 4096, 4 * K + 4096, (4 * K + 4096) * size)
        self._enter(todo[(self.status[todo] == kernel.DONE) & (before[todo] != kernel.DONE)])
        merge = [int(s) for s in stopped[:stops][why[:stops] == kernel.MERGE]]
        self._choose([int(s) for s in stopped[:stops][why[:stops] == kernel.SOLVE]])
        self._merge(merge)
        again = np.concatenate([np.array(merge, np.int64), rest[:waits]])
        self.status[merge] = kernel.WAITING
        return again

    def _enter(self, states: Ints) -> None:
        """Give states that were solved in every row of a table to that table."""
        for s in states[self.owner[states] >= 0]:
            f = int(self.owner[s])
            table = self.current[f]
            assert table is not None
            low = int(self.column[s])
            table.columns.append((int(s), self._slice(low, len(table.ways))))
            if self.part[s] >= 0:
                self.live[f].append(int(s))

    def _slice(self, low: int, count: int) -> Ints:
        return self.pools.labels[low : low + count]

    # states with several equilibria, or with games that compiled code leaves

    def _choose(self, states: list[int]) -> None:
        """Solve the games of these states together, then branch one state after the other."""
        asked = [self._games(s) for s in states]
        groups: dict[tuple[int, ...], list[int]] = {}
        for k, one in enumerate(asked):
            if not one.stays:
                groups.setdefault(tuple(map(int, self.game.n_actions[one.state])), []).append(k)
        stages: list[list[Stage]] = [[] for _ in states]
        for sizes, members in groups.items():
            found = _stage_games.solve(np.concatenate([asked[k].Q for k in members]), sizes)
            for k in members:
                stages[k], found = found[: len(asked[k].Q)], found[len(asked[k].Q) :]
        for k, one in enumerate(asked):
            if one.stays:
                sizes = tuple(map(int, self.game.n_actions[one.state]))
                stages[k] = [
                    _staying.solve(q, stay, self.game.discounts, sizes)
                    for q, stay in zip(one.Q, one.stay, strict=True)
                ]
        moved: dict[int, Ints] = {}  # by part: which row at the start of the round each row was
        for one, found in zip(asked, stages, strict=True):
            self._branch(one, found, moved)

    def _games(self, s: int) -> _Asked:
        """The stage games of a state, one a kind of row."""
        game, p = self.game, self.pools
        parts = {int(self.part[t]) for t in self._after(s)} - {-1}
        part = parts.pop() if parts else -1
        table = self.current[part] if part >= 0 else None
        K = len(table.ways) if table else 1
        group = np.zeros(K, np.int64)
        count = kernel.grouped(s, K, self.graph_ptr, self.graph, self.part, self.column,
                               self.first, p.labels, p.kind, self.classes, group)  # fmt: skip
        width = int(game.profile_start[s + 1] - game.profile_start[s])
        Q, stay = np.empty((count, game.n_players, width)), np.empty((count, width))
        _, first = np.unique(group, return_index=True)
        for g, k in enumerate(first):
            kernel.payoffs_in(
                s, int(k), self.flat.payoffs, self.flat.discounts, self.flat.data,
                self.flat.indices, self.flat.indptr, self.flat.profile_start, self.part,
                self.values, self.column, self.first, p.labels, p.worth, Q[g], stay[g],
            )  # fmt: skip
        return _Asked(s, part, group, Q, stay)

    def _after(self, s: int) -> list[int]:
        low, high = self.graph_ptr[s], self.graph_ptr[s + 1]
        return [int(t) for t in self.graph[low:high] if t != s]

    def _branch(self, one: _Asked, stages: list[Stage], moved: dict[int, Ints]) -> None:
        """Enter a state's equilibria: its table's rows split where there are several."""
        s, part = one.state, one.part
        self._note(s, stages)
        low = self._variants(s, one, stages)
        counts = np.array([len(stage.mixtures) for stage in stages])
        first = low + np.cumsum(counts) - counts
        group = one.group[moved[part]] if part in moved else one.group
        self.status[s] = kernel.DONE
        for t in self._after(s):
            self.need[t] -= 1
        used = int(counts.sum())
        if used == 1:
            self.values[s] = self.pools.worth[low]
            at = int(self.pools.where[low])
            a, b = self.game.action_start[[s * self.game.n_players, (s + 1) * self.game.n_players]]
            self.behaviour[a:b] = self.pools.mixed[at : at + b - a]
            return
        self.classes[s] = kernel.classify(self.pools.worth, low, used, self.pools.kind)
        self.values[s] = self.pools.worth[low]
        self.first[s] = low
        self.branching += bool((counts > 1).any())
        idle = self.need[s] == 0 or self.classes[s] == 1
        if idle and part < 0:
            table = Table([1])
            table.locals.append(Local(s, first[[0]], counts[[0]]))
            table.ways[0] = int(counts[0])
            self._new(table)
        elif idle:
            self._local(s, part, first[group], counts[group])
        elif used == len(counts):  # one in each kind of row
            self._plain(s, part, (first - low)[group])
        else:
            self._split(s, part, group, first - low, counts, moved)

    def _note(self, s: int, stages: list[Stage]) -> None:
        if any(not stage.isolated for stage in stages):
            self.continua.append(s)
        if any(not stage.proven for stage in stages):
            self.unproven.append(s)
        if any(not len(stage.mixtures) for stage in stages):
            name = self.game.states[s]
            raise SolveError(
                f"no equilibrium was found of the one-day game in state {name!r}; "
                'try method="homotopy"'
            )

    def _variants(self, s: int, one: _Asked, stages: list[Stage]) -> int:
        """Write the equilibria to the pools; return the first variant."""
        p, size = self.pools, int(self.game.n_actions[s].sum())
        total = sum(len(stage.mixtures) for stage in stages)
        p.room(0, total, total * size)
        low, at = int(p.used[1]), int(p.used[2])
        worth = np.concatenate([stage.worth for stage in stages])
        if not one.stays:
            worth = worth / (1.0 - self.game.discounts * one.stay[0, 0])
        p.worth[low : low + total] = worth
        p.where[low : low + total] = at + size * np.arange(total)
        flat = np.concatenate([stage.mixtures for stage in stages]).ravel()
        p.mixed[at : at + len(flat)] = flat
        p.used[1] += total
        p.used[2] += len(flat)
        return low

    def _new(self, table: Table) -> int:
        self.tables.append(table)
        self.current.append(table)
        self.live.append([])
        return len(self.current) - 1

    def _local(self, s: int, part: int, first: Ints, counts: Ints) -> None:
        """A choice on which nothing ahead depends: more ways for each row, no more rows."""
        table = self.current[part]
        assert table is not None
        table.locals.append(Local(s, first, counts))
        table.ways = [w * int(c) for w, c in zip(table.ways, counts, strict=True)]

    def _plain(self, s: int, part: int, labels: Ints) -> None:
        table = self.current[part]
        assert table is not None
        self._column(s, part, labels)
        self.owner[s] = part
        table.columns.append((s, labels))
        self.live[part].append(s)

    def _split(
        self, s: int, part: int, group: Ints, first: Ints, counts: Ints, moved: dict[int, Ints]
    ) -> None:
        """A choice on which others ahead depend: a row for each."""
        if part >= 0:
            group = group[self._fold(part, moved, keep=len(group) < 32)]
        old = self.current[part] if part >= 0 else None
        table, came, choice, cut = _choices.chosen(old, counts[group], self.most)
        self._limit(cut)
        if part < 0:
            part = self._new(table)
        else:
            self._replace(part, table, came, moved)
        labels = first[group[came]] + choice
        self._column(s, part, labels)
        self.part[s], self.owner[s] = part, part
        table.columns.append((s, labels))
        self.live[part].append(s)

    def _fold(self, part: int, moved: dict[int, Ints], keep: bool = False) -> Ints:
        """Merge rows that nothing ahead can tell apart; return the rows kept, as they were."""
        table = self.current[part]
        assert table is not None
        size = len(table.ways)
        live = self.live[part] = [t for t in self.live[part] if self.need[t] > 0]
        if keep or size == 1:
            return np.arange(size)
        p = self.pools
        keys = [p.kind[self.first[t] + self._slice(int(self.column[t]), size)] for t in live]
        found = _choices.merged(table, np.array(keys).reshape(len(live), size))
        if found is None:
            return np.arange(size)
        self._replace(part, found[0], found[1], moved)
        return found[1]

    def _replace(self, part: int, table: Table, came: Ints, moved: dict[int, Ints]) -> None:
        """Put a new table in the place of a part's; what is live moves to its rows."""
        old = self.current[part]
        assert old is not None
        for t in self.live[part]:
            self._column(t, part, self._slice(int(self.column[t]), len(old.ways))[came])
        self.tables.append(table)
        self.current[part] = table
        moved[part] = moved[part][came] if part in moved else came

    def _limit(self, cut: bool) -> None:
        """Once the whole cannot be counted, follow no more rows than are to be listed."""
        if cut:
            self.cut, self.most = True, self.limit

    def _column(self, s: int, part: int, labels: Ints) -> None:
        p = self.pools
        p.room(len(labels), 0, 0)
        at = int(p.used[0])
        p.labels[at : at + len(labels)] = labels
        self.column[s], self.part[s] = at, part
        p.used[0] += len(labels)

    # states that depend on several tables

    def _merge(self, states: list[int]) -> None:
        for s in states:
            parts = sorted({int(self.part[t]) for t in self._after(s)} - {-1})
            for other in parts[1:]:
                self._join(parts[0], other)

    def _join(self, one: int, two: int) -> None:
        for part in (one, two):
            self._fold(part, {})
        a, b = self.current[one], self.current[two]
        assert a is not None
        assert b is not None
        table, left, right, cut = _choices.product(a, b, self.most)
        self._limit(cut)
        for part, old, came in ((one, a, left), (two, b, right)):
            for t in self.live[part]:
                self._column(t, one, self._slice(int(self.column[t]), len(old.ways))[came])
        self.live[one] += self.live[two]
        self.tables.append(table)
        self.current[one], self.current[two], self.live[two] = table, None, []

    # the list

    def result(self, limit: int) -> Recursion:
        roots = [t for t in self.current if t is not None]
        count = prod(t.total for t in roots)
        tables, picks, listed = _choices.combinations(roots, self.tables, limit)
        found = np.tile(self.behaviour, (listed, 1))
        for table, rows in tables:
            states = np.array([s for s, _ in table.columns], np.int64)
            labels = [labels[rows] for _, labels in table.columns]
            self._write(found, states, self.first[states][:, None] + np.array(labels))
        for local, variants in picks:
            self._write(found, np.array([local.state]), variants[None])
        return Recursion(found, count, self.cut, self.continua, self.unproven, self.branching)

    def _write(self, found: Floats, states: Ints, variants: Ints) -> None:
        """Enter the mixtures of variants (n_states, n_listed) in the behaviours listed."""
        if len(states):
            n = self.game.n_players
            low, high = self.flat.action_start[states * n], self.flat.action_start[states * n + n]
            kernel.write(found, low, high - low, self.pools.where[variants], self.pools.mixed)


class _Asked(NamedTuple):
    """The games of one state: the kind of each row of its table, and each kind's payoffs."""

    state: int
    part: int
    group: Ints
    Q: Floats  # (kinds, n_players, profiles)
    stay: Floats  # (kinds, profiles): chance that the state stays

    @property
    def stays(self) -> bool:
        """Whether it depends on what is played if the state stays."""
        return bool(np.ptp(self.stay, axis=1).max() > 1e-15)
