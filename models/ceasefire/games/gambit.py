"""Gambit's text formats: .nfg (strategic form) and .efg (extensive form), in and out.

Numbers are read as written: whole numbers and fractions exactly, decimals exactly where the file
says that its numbers are rational (``R``) and as floats where it says double (``D``).
"""

from __future__ import annotations

import re
from fractions import Fraction
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ceasefire.errors import ArgumentError, CeasefireError
from ceasefire.games.extensive import CHANCE, TERMINAL, ExtensiveForm
from ceasefire.games.normal import NormalForm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from os import PathLike

SUFFIXES = {".nfg": NormalForm, ".efg": ExtensiveForm}
_TOKEN = re.compile(r'\s*(?:("(?:[^"\\]|\\.)*")|([{}])|(,)|([^\s{},"]+)|(")|$)', re.DOTALL)
_WHOLE = re.compile(r"-?[0-9]{1,18}$")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?(/\d+)?$")


class FormatError(CeasefireError, ValueError):
    """A game file that cannot be read: where, what is there, and what belongs there."""

    def __init__(self, line: int, got: str, wanted: str, file: str | None = None) -> None:
        super().__init__(line, got, wanted, file)

    @property
    def line(self) -> int:
        """Line of the file, counted from 1."""
        return int(self.args[0])

    def __str__(self) -> str:
        """Return ``FILE:LINE: got ...; allowed: ...``, as editors read it."""
        line, got, wanted, file = self.args
        return f"{file or 'text'}:{line}: got {got}; allowed: {wanted}"


def read(path: str | PathLike[str]) -> NormalForm | ExtensiveForm:
    """Read a .nfg or .efg file; the first word of the file decides which it is.

    Raises
    ------
    FormatError
        Names the line, what stands there and what belongs there.
    """
    file = Path(path)
    try:
        return parse(file.read_text(encoding="utf-8-sig"))
    except FormatError as error:
        line, got, wanted = error.args[:3]
        raise FormatError(line, got, wanted, str(file)) from None
    except UnicodeDecodeError as error:
        raise FormatError(1, f"byte {error.start} is not UTF-8", "a text file", str(file)) from None


def write(
    game: NormalForm | ExtensiveForm, path: str | PathLike[str], *, outcomes: bool = False
) -> None:
    """Write a game; the suffix must be the one of its form, .nfg or .efg. See `text`."""
    file = Path(path)
    kind = SUFFIXES.get(file.suffix)
    if kind is None or not isinstance(game, kind):
        suffix = ".efg" if isinstance(game, ExtensiveForm) else ".nfg"
        raise ArgumentError("path", file.name, f"a name ending in {suffix}")
    file.write_text(text(game, outcomes=outcomes), encoding="utf-8")


def parse(source: str) -> NormalForm | ExtensiveForm:
    """Read a game from the text of a .nfg or .efg file.

    Examples
    --------
    >>> parse('NFG 1 R "pennies" { "a" "b" } { 2 2 } 1 -1  -1 1  -1 1  1 -1').payoffs[0].tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    tokens = _Tokens(source)
    word = tokens.next("NFG or EFG")
    readers: dict[str, Callable[[_Tokens], NormalForm | ExtensiveForm]] = {
        "NFG": _strategic,
        "EFG": _extensive,
    }
    if word not in readers:
        raise tokens.error("NFG or EFG, the first word of a game file")
    version = {"NFG": "1", "EFG": "2"}[word]
    if tokens.next(f"version {version}") != version:
        raise tokens.error(f"version {version}")
    if tokens.next("R or D") not in ("R", "D"):
        raise tokens.error("R (rational numbers) or D (doubles)")
    tokens.exact = tokens.current == "R"
    return readers[word](tokens)


def text(game: NormalForm | ExtensiveForm, *, outcomes: bool = False) -> str:
    """Return the file's text: .nfg for a strategic form, .efg for a tree.

    Parameters
    ----------
    game : NormalForm or ExtensiveForm
    outcomes : bool
        Write a strategic form with named outcomes instead of a list of payoffs.

    Notes
    -----
    Exact numbers are written as fractions under ``R``; a game with floats goes under ``D``, each
    float as the shortest decimal that reads back as the same float. Names of nodes are not kept.
    """
    if isinstance(game, ExtensiveForm):
        return _write_tree(game)
    if not isinstance(game, NormalForm):
        raise ArgumentError("game", type(game).__name__, "a NormalForm or an ExtensiveForm")
    return _write_table(game, outcomes)


class _Tokens:
    """The file's words one after the other, with their lines."""

    def __init__(self, source: str) -> None:
        self.source, self.exact = source, True
        self.current, self.start = "", 0
        self._scan = _TOKEN.finditer(source)
        self._ahead: tuple[str, int] | None = None

    def peek(self) -> str:
        """Return the next token without taking it; "" at the end of the file."""
        ahead = self._ahead
        while ahead is None:
            match = next(self._scan)
            kind = match.lastindex
            if kind == 5:
                self.current, self.start = 'a lone "', match.start(5)
                raise self.error('a closing " for every name')
            if kind is None:
                ahead = ("", len(self.source))
            elif kind != 3:  # commas part numbers and mean nothing else
                ahead = (match[kind], match.start(kind))
        self._ahead = ahead
        return ahead[0]

    def next(self, wanted: str) -> str:
        """Take the next token; `wanted` says in an error what belongs at the end of the file."""
        word = self.peek()
        assert self._ahead is not None
        self.current, self.start = self._ahead
        if not word:
            raise self.error(wanted)
        self._ahead = None
        return word

    def take(self, literal: str) -> None:
        """Take a brace."""
        if self.next(literal) != literal:
            raise self.error(literal)

    def name(self, wanted: str) -> str:
        """Take a quoted name."""
        word = self.next(f'{wanted} in "quotes"')
        if not word.startswith('"'):
            raise self.error(f'{wanted} in "quotes"')
        return re.sub(r'\\(["\\])', r"\1", word[1:-1]) if "\\" in word else word[1:-1]

    def names(self, wanted: str) -> list[str]:
        """Take ``{ "a" "b" }``."""
        self.take("{")
        found = []
        while self.peek() != "}":
            found.append(self.name(wanted))
        self.take("}")
        return found

    def whole(self, wanted: str, least: int = 0) -> int:
        """Take a whole number of at least `least`."""
        word = self.next(wanted)
        if not (word.isascii() and word.isdecimal()) or int(word) < least:
            raise self.error(f"{wanted}: a whole number from {least}")
        return int(word)

    def number(self, wanted: str) -> Any:
        """Take a number: int or Fraction; a decimal is a float under ``D``."""
        word = self.next(wanted)
        if _WHOLE.match(word):
            return int(word)
        match = _NUMBER.match(word)
        if match is None or (match[3] and (match[2] or "." in match[1] or int(match[3][1:]) == 0)):
            raise self.error(f"{wanted}: a number such as 3, -1/3, 0.25 or 1e-9")
        if match[3] is None and (match[2] or "." in match[1]) and not self.exact:
            if not isfinite(float(word)):
                raise self.error(f"{wanted}: a number of at most 1.8e308")
            return float(word)
        if match[2] and abs(int(match[2][1:])) > 400:
            raise self.error(f"{wanted}: a number of at most 1.8e308")
        value = Fraction(word)
        return int(value) if value.denominator == 1 else value

    def numbers(self, wanted: str) -> list[Any]:
        """Take ``{ 1, 2/3 }``."""
        self.take("{")
        found = []
        while self.peek() != "}":
            found.append(self.number(wanted))
        self.take("}")
        return found

    def end(self) -> None:
        """Raise unless the file ends here."""
        if self.peek():
            self.next("")
            raise self.error("the end of the file")

    def error(self, wanted: str) -> FormatError:
        """Return the error that names the line of the current token."""
        line = self.source.count("\n", 0, self.start) + 1
        got = self.current if len(self.current) <= 60 else self.current[:57] + "..."
        return FormatError(line, got or "the end of the file", wanted)


def _strategic(tokens: _Tokens) -> NormalForm:
    title = tokens.name("the title")
    players = _unique(tokens.names("a player"), tokens, "players")
    tokens.take("{")
    actions: list[list[str]] = []
    while tokens.peek() != "}":
        if tokens.peek() == "{":
            found = tokens.names("an action")
        else:
            found = [str(k + 1) for k in range(tokens.whole("a number of actions", 1))]
        actions.append(_unique(found, tokens, "actions of one player"))
    tokens.take("}")
    if len(actions) != len(players):
        tokens.current = f"actions of {len(actions)} players"
        raise tokens.error(f"one list of actions for each of {len(players)} players")
    if tokens.peek().startswith('"'):
        tokens.name("a comment")
    shape = tuple(len(names) for names in actions)
    cells = int(np.prod(shape, dtype=object))
    outcome = tokens.peek() == "{"
    rows = _by_outcome(tokens, len(players), cells) if outcome else _listed(
        tokens, len(players), cells
    )  # fmt: skip
    tokens.end()
    table = np.empty((len(players), *shape), dtype=object)
    for i in range(len(players)):
        column = np.empty(cells, dtype=object)
        column[:] = [row[i] for row in rows]
        table[i] = column.reshape(shape, order="F")
    return NormalForm(table, players, actions, title)


def _listed(tokens: _Tokens, players: int, cells: int) -> list[list[Any]]:
    wanted = f"payoffs, {players} for each of {cells} profiles"
    return [[tokens.number(wanted) for _ in range(players)] for _ in range(cells)]


def _by_outcome(tokens: _Tokens, players: int, cells: int) -> list[list[Any]]:
    tokens.take("{")
    outcomes: list[list[Any]] = [[0] * players]
    while tokens.peek() == "{":
        tokens.take("{")
        tokens.name("the outcome's name")
        row = [tokens.number(f"{players} payoffs") for _ in range(players)]
        tokens.take("}")
        outcomes.append(row)
    tokens.take("}")
    rows = []
    for _ in range(cells):
        k = tokens.whole(f"an outcome for each of {cells} profiles")
        if k >= len(outcomes):
            raise tokens.error(f"outcomes 0 to {len(outcomes) - 1}")
        rows.append(outcomes[k])
    return rows


def _unique(names: list[str], tokens: _Tokens, what: str) -> list[str]:
    """Number empty and repeated names: files have them, games must not."""
    if not names:
        raise tokens.error(f"at least one of the {what}")
    result: list[str] = []
    for k, name in enumerate(names):
        base = name or str(k + 1)
        unique, again = base, 2
        while unique in result:
            unique, again = f"{base} ({again})", again + 1
        result.append(unique)
    return result


class _Set(NamedTuple):
    """An information set, or a chance move that several nodes share."""

    label: str
    actions: list[str]
    chances: list[Any]


class _Tree:
    """The columns of the tree while it is read."""

    def __init__(self, players: int) -> None:
        self.players = players
        self.parent: list[int] = []
        self.player: list[int] = []
        self.infoset: list[int] = []
        self.outcome: list[tuple[int, int]] = []  # its number, and where it was named
        self.weight: list[Any] = []
        self.branches: dict[int, list[str]] = {}
        self.sets: dict[tuple[int, int], _Set] = {}
        self.numbers: dict[tuple[int, int], int] = {}
        self.payoffs: dict[int, list[Any]] = {0: [0] * players}


def _extensive(tokens: _Tokens) -> ExtensiveForm:
    title = tokens.name("the title")
    players = _unique(tokens.names("a player"), tokens, "players")
    if tokens.peek().startswith('"'):
        tokens.name("a comment")
    tree = _Tree(len(players))
    stack: list[tuple[int, Any]] = [(-1, 1)]
    while stack:
        above, weight = stack.pop()
        node = len(tree.parent)
        tree.parent.append(above)
        tree.weight.append(weight)
        below = _node(tokens, tree, node)
        stack.extend([(node, p) for p in reversed(below)])
    tokens.end()
    rows = []
    for number, start in tree.outcome:
        if number not in tree.payoffs:
            tokens.current, tokens.start = f"outcome {number} without payoffs", start
            raise tokens.error("outcomes that are given payoffs somewhere in the file")
        rows.append(tree.payoffs[number])
    keys = sorted(tree.numbers, key=lambda key: tree.numbers[key])
    return ExtensiveForm.from_arrays(
        parent=tree.parent, player=tree.player, infoset=tree.infoset, probability=tree.weight,
        payoffs=rows, players=players, title=title, branch_labels=tree.branches,
        infoset_labels=[tree.sets[k].label or f"{players[k[0]]} {k[1]}" for k in keys],
        action_labels=[tree.sets[k].actions for k in keys],
    )  # fmt: skip


def _node(tokens: _Tokens, tree: _Tree, node: int) -> list[Any]:
    """Read one node; returns the probability of each branch below (1 where a player moves)."""
    kind = tokens.next("a node: c, p or t")
    if kind not in ("c", "p", "t"):
        raise tokens.error("a node: c (chance), p (player) or t (end)")
    if tokens.peek().startswith('"'):
        tokens.name("the node's name")
    if kind == "t":
        tree.player.append(TERMINAL)
        tree.infoset.append(-1)
        _outcome(tokens, tree)
        return []
    player = CHANCE
    if kind == "p":
        player = tokens.whole("the player's number", 1) - 1
        if player >= tree.players:
            raise tokens.error(f"a player from 1 to {tree.players}")
    key = (player, tokens.whole("the information set's number"))
    known = _information_set(tokens, tree, key)
    tree.player.append(player)
    if kind == "c":
        tree.infoset.append(-1)
        tree.branches[node] = known.actions
    else:
        tree.infoset.append(tree.numbers.setdefault(key, len(tree.numbers)))
    _outcome(tokens, tree)
    return known.chances


def _information_set(tokens: _Tokens, tree: _Tree, key: tuple[int, int]) -> _Set:
    label = tokens.name("its name") if tokens.peek().startswith('"') else ""
    if tokens.peek() != "{":
        if key not in tree.sets:
            raise tokens.error("a list of actions where an information set is first met")
        return tree.sets[key]
    tokens.take("{")
    actions, chances = [], []
    while tokens.peek() != "}":
        actions.append(tokens.name("an action"))
        chances.append(tokens.number("a probability") if key[0] == CHANCE else 1)
    tokens.take("}")
    actions = _unique(actions, tokens, "actions")
    found = _Set(label, actions, chances)
    known = tree.sets.setdefault(key, found)
    if (known.actions, known.chances) != (actions, chances):
        raise tokens.error(f"the actions that set {key[1]} had before, {known.actions}")
    return known


def _outcome(tokens: _Tokens, tree: _Tree) -> None:
    number = tokens.whole("the outcome's number")
    tree.outcome.append((number, tokens.start))
    if tokens.peek().startswith('"'):
        tokens.name("the outcome's name")
    if tokens.peek() != "{":
        return
    row = tokens.numbers("payoffs")
    if len(row) != tree.players or number == 0:
        tokens.current = f"outcome {number} with {len(row)} payoffs"
        raise tokens.error(f"{tree.players} payoffs, one a player, of an outcome from 1")
    if tree.payoffs.setdefault(number, row) != row:
        tokens.current = f"outcome {number} with other payoffs than before"
        raise tokens.error(f"{tree.payoffs[number]} again, or another number")


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _braced(parts: Sequence[str]) -> str:
    return "{ " + " ".join(parts) + " }"


def _numeral(value: Any) -> str:
    if isinstance(value, float):
        return np.format_float_positional(value, trim="0")
    return str(value)


def _write_table(game: NormalForm, outcomes: bool) -> str:
    exact = game.is_exact
    table = game.exact_payoffs if exact else game.payoffs
    flat = [[_numeral(u) for u in table[i].flatten(order="F").tolist()]
            for i in range(game.n_players)]  # fmt: skip
    rows = list(zip(*flat, strict=True))
    names = _braced([_braced([_quoted(a) for a in actions]) for actions in game.actions])
    head = [
        f"NFG 1 {'R' if exact else 'D'} {_quoted(game.title)} "
        + _braced([_quoted(p) for p in game.players]),
        names,
        '""',
        "",
    ]
    if not outcomes:
        return "\n".join([*head, *(" ".join(row) for row in rows), ""])
    number = {row: k + 1 for k, row in enumerate(dict.fromkeys(rows))}
    listed = [f'{{ "" {", ".join(row)} }}' for row in number]
    return "\n".join([*head, "{", *listed, "}", " ".join(str(number[r]) for r in rows), ""])


def _write_tree(tree: ExtensiveForm) -> str:
    chances, payoffs = tree._exact
    exact = tree.is_exact
    outcome: dict[tuple[str, ...], int] = {}
    within = _numbers_within_players(tree)
    lines = [
        f"EFG 2 {'R' if exact else 'D'} {_quoted(tree.title)} "
        + _braced([_quoted(p) for p in tree.players]),
        '""',
        "",
    ]
    chance_moves = 0
    for node in range(tree.n_nodes):
        row = tuple(_numeral(u) for u in payoffs[node])
        reward = "0"
        if any(payoffs[node]):
            first = row not in outcome
            k = outcome.setdefault(row, len(outcome) + 1)
            reward = f'{k} "" {{ {", ".join(row)} }}' if first else f"{k}"
        i, h = int(tree.player[node]), int(tree.infoset[node])
        if i == TERMINAL:
            lines.append(f't "" {reward}')
        elif i == CHANCE:
            chance_moves += 1
            below = tree.children(node)
            parts = [f"{_quoted(name)} {_numeral(chances[k])}"
                     for name, k in zip(tree.branch_labels[node], below, strict=True)]  # fmt: skip
            lines.append(f'c "" {chance_moves} "" {_braced(parts)} {reward}')
        else:
            actions = _braced([_quoted(a) for a in tree.action_labels[h]])
            label = _quoted(tree.infoset_labels[h])
            lines.append(f'p "" {i + 1} {within[h]} {label} {actions} {reward}')
    return "\n".join([*lines, ""])


def _numbers_within_players(tree: ExtensiveForm) -> list[int]:
    """Each set's number among its player's, from 1: so the format counts them."""

    def counted() -> Iterator[int]:
        taken = [0] * tree.n_players
        for i in tree.infoset_player.tolist():
            taken[i] += 1
            yield taken[i]

    return list(counted())
