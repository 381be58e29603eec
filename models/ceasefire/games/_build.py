"""Building `ExtensiveForm`: from rules, and from one entry a node. Iterative throughout."""

from __future__ import annotations

from numbers import Rational
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.errors import ArgumentError
from ceasefire.games.extensive import (
    CHANCE,
    TERMINAL,
    Chance,
    Decision,
    End,
    ExtensiveForm,
    check_probabilities,
)
from ceasefire.games.normal import WIDEST, require_range

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

LONGEST_PLAY = 100_000  # moves; rules that lead back to an earlier state never end


def unfold(
    root: Any,
    moves: Callable[[Any], Decision | Chance | End],
    players: Sequence[Hashable] | None,
    title: str,
) -> ExtensiveForm:
    """Unfold the rules depth first; see `ExtensiveForm.from_rules`."""
    parent: list[int] = []
    depth: list[int] = []
    mover: list[Any] = []  # a player as the rules name it, or CHANCE / TERMINAL wrapped in _Nature
    seen: list[Any] = []
    chance: list[Any] = []
    given: list[Any] = []
    labels: list[tuple[str, ...]] = []
    stack: list[tuple[int, Any, Any]] = [(-1, 1, root)]
    while stack:
        above, weight, state = stack.pop()
        node = len(parent)
        parent.append(above)
        depth.append(0 if above < 0 else depth[above] + 1)
        _check_depth(depth[node], state)
        chance.append(weight)
        move = _move(state, moves)
        given.append(move.payoffs)
        if isinstance(move, End):
            mover.append(_END)
            seen.append(None)
            labels.append(())
            continue
        branches: Mapping[str, Any] = move.moves
        labels.append(tuple(branches))
        if isinstance(move, Decision):
            mover.append(move.player)
            seen.append(node if move.sees is None else (move.sees,))
            stack.extend([(node, 1, below) for below in reversed(list(branches.values()))])
        else:
            mover.append(_NATURE)
            seen.append(None)
            check_probabilities([p for p, _ in branches.values()], f"Chance at state {state!r}")
            stack.extend([(node, p, below) for p, below in reversed(list(branches.values()))])
    order = _players(mover, given, players)
    number = {name: k for k, name in enumerate(order)}
    player = [number[m] if m is not _NATURE and m is not _END else m.code for m in mover]
    infoset, keys = _information_sets(player, seen, labels, order)
    names = [
        f"{order[i]} {h + 1}" if not isinstance(key, tuple) else str(key[0])
        for h, (i, key, _) in enumerate(keys)
    ]
    return _finish(
        tuple(str(p) for p in order),
        parent,
        player,
        infoset,
        chance,
        [_row(row, order, number) for row in given],
        tuple(names),
        tuple(actions for _, _, actions in keys),
        {k: labels[k] for k in range(len(parent)) if player[k] == CHANCE},
        title,
    )


def _move(state: Any, moves: Callable[[Any], Decision | Chance | End]) -> Decision | Chance | End:
    """Return what the rules say of a state, checked."""
    move = state if isinstance(state, Decision | Chance | End) else moves(state)
    if not isinstance(move, Decision | Chance | End):
        raise ArgumentError(f"moves({state!r})", move, "a Decision, a Chance or an End")
    if not isinstance(move, End) and not move.moves:
        raise ArgumentError("moves", f"no move at state {state!r}", "at least one", "or End()")
    return move


def _check_depth(depth: int, state: Any) -> None:
    if depth > LONGEST_PLAY:
        got = f"a play of more than {LONGEST_PLAY:,} moves, at state {state!r}"
        hint = "a state that comes back never ends: let the state count the round"
        raise ArgumentError("moves", got, "rules under which every play ends", hint)


def assemble(
    parent: Any, player: Any, infoset: Any, probability: Any, payoffs: Any,
    players: Sequence[str] | None, infoset_labels: Sequence[str] | None,
    action_labels: Sequence[Sequence[str]] | None,
    branch_labels: Mapping[int, Sequence[str]] | None, title: str,
) -> ExtensiveForm:  # fmt: skip
    """Relabel nodes into preorder and check them; see `ExtensiveForm.from_arrays`."""
    above = [int(k) for k in parent]
    for name, column in (("player", player), ("infoset", infoset), ("payoffs", payoffs)):
        if len(column) != len(above):
            raise ArgumentError(
                name, f"{len(column)} entries", f"{len(above)}, as many as `parent`"
            )
    weights = [1] * len(above) if probability is None else list(probability)
    order, below = _preorder(above)
    place = {node: k for k, node in enumerate(order)}
    rows, names = _rows(payoffs, players, order)
    movers = [int(player[k]) for k in order]
    _check_movers(movers, order, below, weights, len(names))
    used = sorted({int(infoset[k]) for k, i in zip(order, movers, strict=True) if i >= 0})
    rank = {h: k for k, h in enumerate(used)}
    given = branch_labels or {}
    shown = [
        _actions(action_labels, rank[int(infoset[k])], len(below[k]), k) if i >= 0
        else tuple(given[k]) if k in given and len(given[k]) == len(below[k])
        else tuple(str(b + 1) for b in range(len(below[k])))
        for k, i in zip(order, movers, strict=True)
    ]  # fmt: skip
    seen = [(int(infoset[k]),) if i >= 0 else None for k, i in zip(order, movers, strict=True)]
    owner: dict[int, int] = {}
    for i, key in zip(movers, seen, strict=True):
        if key is not None and owner.setdefault(key[0], i) != i:
            raise ArgumentError("infoset", key[0], "information sets of one player each")
    sets, keys = _information_sets(movers, seen, shown, names)
    labels = tuple(
        str(infoset_labels[rank[key[0]]]) if infoset_labels is not None else str(key[0])
        for _, key, _ in keys
    )
    return _finish(
        names,
        [-1 if above[k] < 0 else place[above[k]] for k in order],
        movers,
        sets,
        [weights[k] if above[k] >= 0 and player[above[k]] == CHANCE else 1 for k in order],
        rows,
        labels,
        tuple(actions for _, _, actions in keys),
        {j: shown[j] for j, i in enumerate(movers) if i == CHANCE},
        title,
    )


def _preorder(above: list[int]) -> tuple[list[int], list[list[int]]]:
    """Nodes in preorder, and the children of each."""
    count = len(above)
    below: list[list[int]] = [[] for _ in above]
    roots = [k for k, a in enumerate(above) if a < 0]
    if len(roots) != 1:
        raise ArgumentError("parent", f"{len(roots)} nodes without parent", "exactly one root")
    for k, a in enumerate(above):
        if a >= count:
            raise ArgumentError(f"parent[{k}]", a, f"-1 to {count - 1}")
        if a >= 0:
            below[a].append(k)
    order: list[int] = []
    stack = roots
    while stack:
        node = stack.pop()
        order.append(node)
        stack.extend(reversed(below[node]))
    if len(order) != count:
        raise ArgumentError("parent", "a cycle", "a tree: every node reached from the root")
    return order, below


def _rows(
    payoffs: Any, players: Sequence[str] | None, order: list[int]
) -> tuple[list[tuple[Any, ...]], tuple[str, ...]]:
    """Payoffs in preorder, checked, and the players' names."""
    rows = [_checked_row(payoffs[k], f"payoffs[{k}]") for k in order]
    width = len(rows[0])
    for k, row in zip(order, rows, strict=True):
        if len(row) != width:
            raise ArgumentError(f"payoffs[{k}]", row, f"{width} numbers, one a player")
    names = tuple(players) if players is not None else tuple(str(k + 1) for k in range(width))
    if len(names) != width or len(set(names)) != width:
        raise ArgumentError("players", names, f"{width} different names, one a player")
    return rows, names


def _check_movers(
    movers: list[int], order: list[int], below: list[list[int]], weights: list[Any], width: int
) -> None:
    for k, i in zip(order, movers, strict=True):
        if not -2 <= i < width:
            raise ArgumentError(f"player[{k}]", i, f"0 to {width - 1}, -1 (chance), -2 (end)")
        if (i == TERMINAL) != (not below[k]):
            raise ArgumentError(f"player[{k}]", i, "-2 at nodes without children, and only there")
        if i == CHANCE:
            check_probabilities([weights[c] for c in below[k]], f"probability below node {k}")


class _Nature:
    def __init__(self, code: int) -> None:
        self.code = code


_NATURE, _END = _Nature(CHANCE), _Nature(TERMINAL)


def _players(
    mover: Sequence[Any], given: Sequence[Any], players: Sequence[Hashable] | None
) -> list[Any]:
    moving = list(dict.fromkeys(m for m in mover if m is not _NATURE and m is not _END))
    if players is not None:
        for name in moving:
            if name not in players:
                raise ArgumentError("Decision.player", name, f"one of {list(players)}")
        return list(players)
    named: dict[Any, None] = dict.fromkeys(moving)
    longest = 0
    for row in given:
        if row is not None and hasattr(row, "keys"):
            named.update(dict.fromkeys(row))
        elif row is not None:
            longest = max(longest, len(row))
    if all(isinstance(name, int) for name in named):
        return list(range(max([longest, *(name + 1 for name in named)])))
    if longest:
        raise ArgumentError(
            "players", None, "all players in the order of the payoffs",
            "payoffs are sequences and players have names: pass players=[...]",
        )  # fmt: skip
    return list(named)


def _information_sets(
    player: Sequence[int],
    seen: Sequence[Any],
    labels: Sequence[tuple[str, ...]],
    names: Sequence[Any],
) -> tuple[list[int], list[tuple[int, Any, tuple[str, ...]]]]:
    number: dict[tuple[int, Any], int] = {}
    keys: list[tuple[int, Any, tuple[str, ...]]] = []
    infoset = []
    for i, key, actions in zip(player, seen, labels, strict=True):
        if i < 0:
            infoset.append(-1)
            continue
        h = number.get((i, key))
        if h is None:
            h = number[i, key] = len(keys)
            keys.append((i, key, actions))
        elif keys[h][2] != actions:
            what = f"{names[i]} with information {key[0]!r} has moves {list(actions)}"
            allowed = f"the moves of the set's first node, {list(keys[h][2])}"
            raise ArgumentError("moves", what, allowed, "a player sees which moves it has")
        infoset.append(h)
    return infoset, keys


def _row(row: Any, order: Sequence[Any], number: Mapping[Any, int]) -> tuple[Any, ...]:
    if row is None:
        return (0,) * len(order)
    if hasattr(row, "keys"):
        for name in row:
            if name not in number:
                raise ArgumentError("payoffs", name, f"players {list(order)}")
        return _checked_row([row.get(name, 0) for name in order], "payoffs")
    if len(row) != len(order):
        raise ArgumentError("payoffs", row, f"{len(order)} numbers, one a player {list(order)}")
    return _checked_row(row, "payoffs")


def _checked_row(row: Any, where: str) -> tuple[Any, ...]:
    values = tuple(u.item() if isinstance(u, np.generic) else u for u in row)
    for u in values:
        kind = type(u)
        if kind is float or kind is int:
            good = -np.inf < u < np.inf
        else:
            good = isinstance(u, Rational)
        if not good:
            raise ArgumentError(where, u, "finite numbers: int, float or Fraction")
    return values


def _actions(
    given: Sequence[Sequence[str]] | None, infoset: int, count: int, node: int
) -> tuple[str, ...]:
    if given is None:
        return tuple(str(k + 1) for k in range(count))
    names = tuple(str(a) for a in given[infoset])
    if len(names) != count:
        raise ArgumentError(
            f"action_labels[{infoset}]", names, f"{count} names, as node {node} has"
        )
    return names


def _finish(
    players: tuple[str, ...], parent: list[int], player: list[int], infoset: list[int],
    chance: list[Any], payoffs: list[tuple[Any, ...]], infoset_labels: tuple[str, ...],
    action_labels: tuple[tuple[str, ...], ...], branch_labels: dict[int, tuple[str, ...]],
    title: str,
) -> ExtensiveForm:  # fmt: skip
    if not players:
        raise ArgumentError("players", players, "at least one player")
    taken = [0] * len(parent)
    action = [-1] * len(parent)
    for node in range(1, len(parent)):
        action[node] = taken[parent[node]]
        taken[parent[node]] += 1
    owner = [0] * len(infoset_labels)
    for i, h in zip(player, infoset, strict=True):
        if h >= 0:
            owner[h] = i
    sizes = [len(actions) for actions in action_labels]
    weights = [p.item() if isinstance(p, np.generic) else p for p in chance]
    try:
        table = np.array(payoffs, dtype=np.float64).reshape(len(parent), len(players))
    except OverflowError:
        allowed = "numbers that a float holds"
        raise ArgumentError("payoffs", "a number past 1e308", allowed) from None
    arrays = {
        "parent": np.array(parent, dtype=np.int64),
        "player": np.array(player, dtype=np.int64),
        "infoset": np.array(infoset, dtype=np.int64),
        "action": np.array(action, dtype=np.int64),
        "probability": np.array([float(p) for p in weights]),
        "payoffs": table,
        "infoset_player": np.array(owner, dtype=np.int64),
        "infoset_start": np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
    }
    for array in arrays.values():
        array.setflags(write=False)
    tree = ExtensiveForm(
        players=players,
        infoset_labels=_distinct(infoset_labels),
        action_labels=action_labels,
        branch_labels=branch_labels,
        title=str(title),
        _exact=(weights, payoffs),
        **arrays,
    )
    if np.abs(table).max() > WIDEST / (2 * len(parent)):  # totals could overflow
        _require_ranges(tree)
    return tree


def _require_ranges(tree: ExtensiveForm) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        totals = tree.total_payoffs[tree.ends]
    for i, name in enumerate(tree.players):
        require_range(totals[:, i].max(), totals[:, i].min(), f"payoffs of {name}")


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    """Number repeated names, so that a label names one set: 'talks', 'talks (2)'."""
    if len(set(names)) == len(names):
        return names
    taken: set[str] = set()
    following: dict[str, int] = {}  # the number to try next, so that n repeats cost n steps
    result = []
    for name in names:
        unique, k = name, following.get(name, 2)
        while unique in taken:
            unique, k = f"{name} ({k})", k + 1
        following[name] = k
        taken.add(unique)
        result.append(unique)
    return tuple(result)
