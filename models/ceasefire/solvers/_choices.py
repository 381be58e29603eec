"""Which equilibria of the states go together: tables of combinations, counted and listed.

A `Table` is what one part of a stochastic game can do: a row is a combination of choices that can
be told apart from what is still ahead, with the number of ways to get it. Tables are never
changed: a choice, a product or a merger of rows makes a new one that knows where its rows came
from, so that every combination can be followed back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]


@dataclass(eq=False)
class Local:
    """A state with several equilibria on which nothing ahead depends.

    In row ``k`` its equilibria are the variants ``first[k]`` to ``first[k] + count[k] - 1``.
    """

    state: int
    first: Ints
    count: Ints


@dataclass(eq=False)
class Table:
    """Rows with their number of ways, and where they came from.

    Attributes
    ----------
    ways : list of int
        Combinations of choices that each row stands for; whole numbers of any size.
    parents : list of (Table, rows)
        The row of the parent that each row came from.
    groups : (members, start) or None
        Where rows of one parent were merged: row ``k`` stands for the parent's rows
        ``members[start[k]:start[k + 1]]``.
    columns : list of (state, variants)
        States whose equilibrium differs between rows, each with its variant in each row.
    locals : list of Local
    """

    ways: list[int]
    parents: list[tuple[Table, Ints]] = field(default_factory=list)
    groups: tuple[Table, Ints, Ints] | None = None
    columns: list[tuple[int, Ints]] = field(default_factory=list)
    locals: list[Local] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Combinations in all."""
        return sum(self.ways)


def chosen(table: Table | None, counts: Ints, most: int) -> tuple[Table, Ints, Ints, bool]:
    """Split each row into ``counts`` rows, one a choice; (new, row it came from, choice, cut)."""
    came = np.repeat(np.arange(len(counts)), counts)
    choice = np.arange(len(came)) - np.repeat(np.cumsum(counts) - counts, counts)
    cut = len(came) > most
    came, choice = came[:most], choice[:most]
    ways = [1] * len(came) if table is None else [table.ways[k] for k in came]
    new = Table(ways, [] if table is None else [(table, came)])
    return new, came, choice, cut


def product(one: Table, two: Table, most: int) -> tuple[Table, Ints, Ints, bool]:
    """All combinations of rows of independent tables; (new, rows of each they came from, cut)."""
    size = len(one.ways) * len(two.ways)
    left, right = np.divmod(np.arange(min(size, most)), len(two.ways))
    ways = [one.ways[j] * two.ways[k] for j, k in zip(left, right, strict=True)]
    return Table(ways, [(one, left), (two, right)]), left, right, size > most


def merged(table: Table, keys: Ints) -> tuple[Table, Ints] | None:
    """Merge rows that agree in `keys` (n_keys, rows): (new, a row that stands for each)."""
    size = len(table.ways)
    if len(keys):
        _, first, group = np.unique(keys, axis=1, return_index=True, return_inverse=True)
        group = group.ravel()
    else:
        first, group = np.zeros(1, np.int64), np.zeros(size, np.int64)
    if len(first) == size:
        return None
    members = np.argsort(group, kind="stable")
    start = np.searchsorted(group[members], np.arange(len(first) + 1))
    ways = [sum(table.ways[k] for k in members[low:high]) for low, high in pairwise(start)]
    return Table(ways, groups=(table, members, start)), first


def combinations(
    roots: Sequence[Table], tables: Sequence[Table], limit: int
) -> tuple[list[tuple[Table, Ints]], list[tuple[Local, Ints]], int]:
    """Follow up to `limit` combinations back: the row of each table, the choice of each local.

    `tables` are in the order in which they were made. Returns ([(table, rows)], [(local,
    variants)], how many).
    """
    count = 1
    rows: dict[int, Ints] = {}
    picks: list[tuple[Local, Ints]] = []

    def spread(times: Ints) -> tuple[Ints, Ints]:
        """Copy combinations, at most `limit` in all; what was got so far moves along."""
        nonlocal count
        came = np.repeat(np.arange(count), times)
        within = np.arange(len(came)) - np.repeat(np.cumsum(times) - times, times)
        came, within = came[:limit], within[:limit]
        if len(came) != count or np.any(came != np.arange(count)):
            for key in rows:
                rows[key] = rows[key][came]
            picks[:] = [(local, variants[came]) for local, variants in picks]
            count = len(came)
        return came, within

    for table in roots:
        _, within = spread(np.full(count, len(table.ways)))
        rows[id(table)] = within
    for table in reversed(tables):
        for local in table.locals:
            _, within = spread(local.count[rows[id(table)]])
            picks.append((local, local.first[rows[id(table)]] + within))
        mine = rows[id(table)]
        for parent, came in table.parents:
            rows[id(parent)] = came[mine]
        if table.groups is not None:
            parent, members, start = table.groups
            _, within = spread(np.diff(start)[mine])
            rows[id(parent)] = members[start[rows[id(table)]] + within]
    return [(t, rows[id(t)]) for t in tables], picks, count
