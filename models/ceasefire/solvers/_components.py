"""Maximal Nash subsets and connected components from extreme equilibria (Jansen 1981)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ceasefire.errors import SolveError
from ceasefire.solvers.result import Component

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_SUBSETS = 200_000


def components(pairs: Sequence[tuple[int, int]]) -> tuple[Component, ...]:
    """Components of the equilibria whose k-th is (row vertex, column vertex) ``pairs[k]``.

    Extreme equilibria are the edges of a bipartite graph of vertices. Its maximal complete
    subgraphs are the maximal Nash subsets, its connected components those of the equilibrium set.
    """
    of_row: dict[int, set[int]] = {}
    for row, column in pairs:
        of_row.setdefault(row, set()).add(column)
    place = {pair: k for k, pair in enumerate(pairs)}
    result = []
    for rows in _connected(of_row):
        blocks = []
        for columns in _closed({r: frozenset(of_row[r]) for r in rows}):
            together = tuple(r for r in rows if columns <= of_row[r])
            some_row, some_column = together[0], min(columns)
            blocks.append((
                tuple(sorted(place[r, some_column] for r in together)),
                tuple(sorted(place[some_row, c] for c in columns)),
            ))  # fmt: skip
        extreme = sorted(place[r, c] for r in rows for c in of_row[r])
        result.append(Component(tuple(extreme), tuple(sorted(blocks))))
    return tuple(sorted(result, key=lambda part: part.extreme))


def _connected(of_row: dict[int, set[int]]) -> list[list[int]]:
    of_column: dict[int, set[int]] = {}
    for row, columns in of_row.items():
        for column in columns:
            of_column.setdefault(column, set()).add(row)
    left, parts = set(of_row), []
    while left:
        part, frontier = set(), [left.pop()]
        while frontier:
            row = frontier.pop()
            if row not in part:
                part.add(row)
                frontier += [r for c in of_row[row] for r in of_column[c] if r not in part]
        left -= part
        parts.append(sorted(part))
    return parts


def _closed(neighbours: dict[int, frozenset[int]]) -> set[frozenset[int]]:
    """All non-empty intersections of the neighbourhoods: one a maximal complete subgraph."""
    family: set[frozenset[int]] = set()
    for columns in set(neighbours.values()):
        family |= {columns} | {columns & other for other in family}
        family.discard(frozenset())
        if len(family) > MAX_SUBSETS:
            raise SolveError(
                f"a component has more than {MAX_SUBSETS:,} maximal Nash subsets; its extreme "
                "equilibria can still be had: nash(game, components=False)"
            )
    return family
