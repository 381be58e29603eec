"""Reduced plans of a tree, and its strategic form."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.errors import ArgumentError
from ceasefire.games.normal import NormalForm

if TYPE_CHECKING:
    from ceasefire.games.extensive import ExtensiveForm

    Plan = tuple[tuple[int, int], ...]  # (information set, action), sets ascending


def tabulate(tree: ExtensiveForm, reduced: bool, limit: int) -> tuple[NormalForm, list[list[Plan]]]:
    """Return the strategic form and, for each player, the plan behind each action.

    Payoffs are exact where the tree's are. The cost grows with cells times ends.
    """
    tree.require_perfect_recall()
    plans = [
        _reduced_plans(tree, i, limit) if reduced else _full_plans(tree, i, limit)
        for i in range(tree.n_players)
    ]
    shape = tuple(len(p) for p in plans)
    if prod(shape) > limit:
        raise ArgumentError(
            "game", f"{' x '.join(map(str, shape))} plans", f"at most {limit:,} cells",
            "use sequence_form, which grows with the tree and not with its plans",
        )  # fmt: skip
    exact = tree.is_exact
    totals = _totals(tree, exact)
    chance = _chance(tree, exact)
    table = np.zeros((tree.n_players, *shape), dtype=object if exact else float)
    if exact:
        table[...] = Fraction(0)
    for end in tree.ends.tolist():
        allowed = [
            [k for k, plan in enumerate(plans[i]) if _leads(tree, plan, i, end)]
            for i in range(tree.n_players)
        ]
        where = np.ix_(*allowed)
        for i in range(tree.n_players):
            table[i][where] += chance[end] * totals[end][i]
    names = [[_name(tree, plan) for plan in plans[i]] for i in range(tree.n_players)]
    game = NormalForm(table, tree.players, [_unique(column) for column in names], tree.title)
    return game, plans


def _reduced_plans(tree: ExtensiveForm, player: int, limit: int) -> list[Plan]:
    """Plans over the sets that the plan itself leaves reachable, deepest sets combined first."""
    start = tree.infoset_start
    mine = [int(h) for h in np.flatnonzero(tree.infoset_player == player)]
    after: dict[int, list[int]] = {}
    for h in mine:
        after.setdefault(int(tree.sequence[tree.nodes(h)[0], player]), []).append(h)
    below: dict[int, list[Plan]] = {}  # information set -> plans from there on

    def combined(sequence: int) -> list[Plan]:
        parts = [below[h] for h in after.get(sequence, [])]
        if prod(len(p) for p in parts) > limit:
            raise ArgumentError(
                "game", f"more than {limit:,} plans of {tree.players[player]}",
                "a tree with fewer plans", "use sequence_form",
            )  # fmt: skip
        return [tuple(step for part in choice for step in part) for choice in product(*parts)]

    for h in reversed(mine):
        below[h] = [
            ((h, a), *plan)
            for a in range(int(start[h + 1] - start[h]))
            for plan in combined(int(start[h]) + a)
        ]
    return [tuple(sorted(plan)) for plan in combined(-1)]


def _full_plans(tree: ExtensiveForm, player: int, limit: int) -> list[Plan]:
    mine = [int(h) for h in np.flatnonzero(tree.infoset_player == player)]
    sizes = np.diff(tree.infoset_start)
    if prod(int(sizes[h]) for h in mine) > limit:
        raise ArgumentError(
            "game", f"more than {limit:,} plans of {tree.players[player]}", "fewer", "reduced=True"
        )
    choices = product(*(range(int(sizes[h])) for h in mine))
    return [tuple(zip(mine, choice, strict=True)) for choice in choices]


def _leads(tree: ExtensiveForm, plan: Plan, player: int, end: int) -> bool:
    chosen = dict(plan)
    place = int(tree.sequence[end, player])
    while place >= 0:
        h = int(np.searchsorted(tree.infoset_start, place, side="right")) - 1
        if chosen.get(h, -1) != place - int(tree.infoset_start[h]):
            return False
        place = int(tree.sequence[tree.nodes(h)[0], player])
    return True


def _totals(tree: ExtensiveForm, exact: bool) -> Any:
    if not exact:
        return tree.total_payoffs
    rows = tree.exact_payoffs()
    for node in range(1, tree.n_nodes):
        above = rows[int(tree.parent[node])]
        rows[node] = tuple(x + y for x, y in zip(rows[node], above, strict=True))
    return rows


def _chance(tree: ExtensiveForm, exact: bool) -> Any:
    reach: Any = tree.exact_probability() if exact else tree.probability.tolist()
    for node in range(1, tree.n_nodes):
        reach[node] *= reach[int(tree.parent[node])]
    return reach


def _name(tree: ExtensiveForm, plan: Plan) -> str:
    """The action where there is one; else each set's, ``weak: beer; surly: beer``."""
    if len(plan) == 1:
        return tree.action_labels[plan[0][0]][plan[0][1]]
    told = "; ".join(f"{tree.infoset_labels[h]}: {tree.action_labels[h][a]}" for h, a in plan)
    return told or "no move"


def _unique(names: list[str]) -> list[str]:
    return (
        names if len(set(names)) == len(names) else [f"{k + 1}: {n}" for k, n in enumerate(names)]
    )
