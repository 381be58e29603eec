"""Games in strategic (normal) form: any number of players, exact or float payoffs."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from numbers import Rational
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

SHOWN_CELLS = 64
WIDEST = 1e308  # payoff range past which differences of payoffs overflow


@dataclass(frozen=True, eq=False, repr=False)
class NormalForm(Displayed):
    """A finite game in strategic form: ``u_i(a_1, ..., a_n)``.

    Parameters
    ----------
    payoffs : array_like of shape (n_players, *n_actions)
        ``payoffs[i, a_1, ..., a_n]`` is what player ``i`` gets, in utils, at the profile
        ``(a_1, ..., a_n)``. Integers and `fractions.Fraction` are kept exactly
        (`exact_payoffs`); a float stands for the binary fraction that it is.
    players : sequence of str, optional
        One name a player; ``("1", "2", ...)`` by default.
    actions : sequence of sequences of str, optional
        One sequence of names a player; numbered from 1 by default.
    title : str
        What the game is called, in files and figures.

    Raises
    ------
    ArgumentError
        Names the field: ragged or empty payoffs, a payoff that is not a finite number, a player's
        payoffs more than 1e308 apart, a shape that does not fit the number of players, labels
        missing or repeated.

    Examples
    --------
    >>> both = ["a", "b"]
    >>> g = NormalForm.bimatrix([[2, 0], [0, 1]], [[1, 0], [0, 2]], actions=[both, both])
    >>> g
    2 players (1: a, b; 2: a, b)
           a     b
      a  2, 1  0, 0
      b  0, 0  1, 2
    >>> g.pure_equilibria()
    [(0, 0), (1, 1)]
    """

    payoffs: NDArray[np.float64]
    players: tuple[str, ...] = ()
    actions: tuple[tuple[str, ...], ...] = ()
    title: str = ""

    def __init__(
        self,
        payoffs: ArrayLike,
        players: Sequence[str] | None = None,
        actions: Sequence[Sequence[str]] | None = None,
        title: str = "",
    ) -> None:
        given = _array(payoffs)
        n = given.shape[0]
        if given.ndim != n + 1:
            allowed = f"{n + 1} axes, (n_players, *n_actions), for {n} players"
            hint = "two matrices of payoffs make a game by NormalForm.bimatrix(A, B)"
            raise ArgumentError("payoffs", f"shape {given.shape}", allowed, hint)
        if 0 in given.shape:
            raise ArgumentError("payoffs", f"shape {given.shape}", "at least one action a player")
        rational, floats = _numbers(given)
        for i, table in enumerate(floats):
            require_range(table.max(), table.min(), f"payoffs[{i}]")
        floats.setflags(write=False)
        store = object.__setattr__
        store(self, "payoffs", floats)
        store(self, "_rational", rational)
        store(self, "players", _labels("players", players, n, "one name a player"))
        store(self, "actions", _action_labels(actions, given.shape[1:]))
        store(self, "title", str(title))

    @classmethod
    def bimatrix(
        cls,
        A: ArrayLike,
        B: ArrayLike | None = None,
        *,
        players: Sequence[str] | None = None,
        actions: Sequence[Sequence[str]] | None = None,
        title: str = "",
    ) -> NormalForm:
        """Two players from the row player's payoffs A and the column player's B, both (m, n).

        Without B the game is zero-sum: ``B = -A``.
        """
        a = _array(A, "A")
        b = _negative(a) if B is None else _array(B, "B")
        if a.ndim != 2:
            raise ArgumentError("A", f"shape {a.shape}", "a matrix: two axes, (m, n)")
        if b.shape != a.shape:
            raise ArgumentError("B", f"shape {b.shape}", f"the shape of A, {a.shape}")
        whole = a.dtype.kind != "f" and b.dtype.kind != "f"
        both = np.empty((2, *a.shape), dtype=object if whole else np.result_type(a, b))
        both[0], both[1] = a, b
        return cls(both, players=players, actions=actions, title=title)

    @property
    def n_players(self) -> int:
        """Number of players."""
        return int(self.payoffs.shape[0])

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of actions of each player."""
        return tuple(int(k) for k in self.payoffs.shape[1:])

    @property
    def is_exact(self) -> bool:
        """Whether payoffs are held as fractions: none was given as a float, or not all were."""
        return self._rational is not None

    @cached_property
    def exact_payoffs(self) -> NDArray[np.object_]:
        """Payoffs as `Fraction`, shape (n_players, *n_actions): as given, or the float's own."""
        return self._rational if self._rational is not None else as_fractions(self.payoffs)

    @cached_property
    def payoff_range(self) -> NDArray[np.float64]:
        """Largest less smallest payoff of each player, shape (n_players,), utils."""
        flat = self.payoffs.reshape(self.n_players, -1)
        if self._rational is None:
            return np.asarray(flat.max(axis=1) - flat.min(axis=1))
        rows = self._rational.reshape(self.n_players, -1)
        return np.array([float(max(row) - min(row)) for row in rows])

    def expected(self, strategies: Sequence[ArrayLike]) -> NDArray[np.float64]:
        """Payoffs (n_players,) at the mixed profile `strategies`: one distribution a player."""
        value = self.payoffs
        for strategy in reversed([np.asarray(s, dtype=float) for s in strategies]):
            value = value @ strategy
        return np.asarray(value, dtype=float)

    def pure_equilibria(self) -> list[tuple[int, ...]]:
        """Pure profiles from which nobody gains by deviating; exact, in lexical order."""
        table = self.payoffs if self._rational is None else self._rational
        best = np.ones(self.shape, dtype=bool)
        for i in range(self.n_players):
            best &= table[i] == table[i].max(axis=i, keepdims=True)
        return [tuple(int(a) for a in cell) for cell in np.argwhere(best)]

    def best_response_table(self) -> pd.DataFrame:
        """One row a pure profile: each player's payoff and whether its action is a best reply.

        Columns are the players' names (the action), ``payoff <player>`` and
        ``best reply <player>``; the index counts profiles in lexical order.
        """
        import pandas as pd

        table = self.payoffs if self._rational is None else self._rational
        cells = list(product(*(range(k) for k in self.shape)))
        columns: dict[str, list[Any]] = {}
        for i, name in enumerate(self.players):
            columns[name] = [self.actions[i][cell[i]] for cell in cells]
        for i, name in enumerate(self.players):
            columns[f"payoff {name}"] = [float(self.payoffs[i][cell]) for cell in cells]
            best = table[i] == table[i].max(axis=i, keepdims=True)
            columns[f"best reply {name}"] = [bool(best[cell]) for cell in cells]
        return pd.DataFrame(columns)

    def restricted(self, kept: Sequence[Sequence[int]]) -> NormalForm:
        """The game in which player ``i`` has only the actions ``kept[i]``, in that order."""
        if len(kept) != self.n_players:
            raise ArgumentError("kept", f"{len(kept)} lists", f"{self.n_players}, one a player")
        source = self.payoffs if self._rational is None else self._rational
        table = source[np.ix_(range(self.n_players), *kept)]
        names = [[self.actions[i][a] for a in kept[i]] for i in range(self.n_players)]
        return NormalForm(table, self.players, names, self.title)

    def reduced(self) -> NormalForm:
        """The game without payoff-equivalent actions: of each set of copies the first stays.

        Two actions of a player are copies when every player gets the same from either, whatever
        the others do. The kept indices are those of `copies`.
        """
        return self.restricted([sorted(set(row)) for row in self.copies()])

    def copies(self) -> list[list[int]]:
        """For each player and action, the first action that is payoff-equivalent to it."""
        source = self.payoffs if self._rational is None else self._rational
        result = []
        for i, count in enumerate(self.shape):
            first: dict[tuple[Any, ...], int] = {}
            rows = np.moveaxis(source, i + 1, 0).reshape(count, -1)
            result.append([first.setdefault(tuple(row), a) for a, row in enumerate(rows)])
        return result

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, NormalForm):
            return NotImplemented
        same = self.players == other.players and self.actions == other.actions
        if not same or self.shape != other.shape or self.title != other.title:
            return False
        return bool(np.all(self.exact_payoffs == other.exact_payoffs))

    def __hash__(self) -> int:
        return hash((self.players, self.actions, self.title, self.payoffs.tobytes()))

    def __repr__(self) -> str:
        names = "; ".join(
            f"{p}: {', '.join(a)}" for p, a in zip(self.players, self.actions, strict=True)
        )
        if len(names) > 88:
            counts = " x ".join(str(k) for k in self.shape)
            names = f"{', '.join(self.players)}; {counts} actions"
        head = f"{self.title + ': ' if self.title else ''}{self.n_players} players ({names})"
        if self.n_players != 2 or self.payoffs[0].size > SHOWN_CELLS:
            return head
        cells = self._cells()
        rows, columns = self.actions
        left = max(len(r) for r in rows)
        widths = [max(len(c), *(len(row[j]) for row in cells)) for j, c in enumerate(columns)]
        lines = [
            " " * (left + 2) + "".join(f"  {c:^{w}}" for c, w in zip(columns, widths, strict=True))
        ]
        for name, row in zip(rows, cells, strict=True):
            body = "".join(f"  {cell:^{w}}" for cell, w in zip(row, widths, strict=True))
            lines.append(f"  {name:<{left}}{body}")
        return "\n".join([head, *(line.rstrip() for line in lines)])

    def _cells(self) -> list[list[str]]:
        source = self.payoffs if self._rational is None else self._rational
        rows, columns = self.shape
        return [
            [f"{number(source[0, i, j])}, {number(source[1, i, j])}" for j in range(columns)]
            for i in range(rows)
        ]

    _rational: NDArray[np.object_] | None = None


def as_fractions(table: NDArray[np.float64]) -> NDArray[np.object_]:
    """The floats' own binary values, read-only."""
    found = np.empty(table.shape, dtype=object)
    found[...] = np.frompyfunc(Fraction, 1, 1)(table.astype(object))
    found.setflags(write=False)
    return found


def number(value: Any) -> str:
    """Return the shortest text of a payoff that reads back the same: 1/3, 2, 0.25."""
    if isinstance(value, Fraction):
        return str(value)
    if float(value).is_integer() and abs(value) < 1e16:
        return str(int(value))
    return repr(float(value))


def require_range(highest: float, lowest: float, where: str) -> None:
    """Raise `ArgumentError` where payoffs are so far apart that their differences overflow.

    A range that is infinite would make every gain from deviating a vanishing part of it.
    """
    if not highest / 2 - lowest / 2 <= WIDEST / 2:
        got = f"payoffs from {lowest:.3g} to {highest:.3g}"
        allowed = f"a range of at most {WIDEST:.0e}"
        raise ArgumentError(where, got, allowed, "measure utility in a larger unit")


def _array(values: ArrayLike, where: str = "payoffs") -> NDArray[Any]:
    try:
        array = np.asarray(values)
    except ValueError:
        allowed = "a full array: every row as long as the others"
        raise ArgumentError(where, values, allowed) from None
    if array.dtype.kind == "U" or array.dtype.kind == "S":
        raise ArgumentError(where, values, "numbers", 'a fraction is Fraction("1/3"), not text')
    if array.ndim == 0 or array.size == 0:
        raise ArgumentError(where, values, "at least one player and one action each")
    if array.dtype.kind not in "biufO":
        raise ArgumentError(where, f"dtype {array.dtype}", "real numbers")
    if array.dtype.kind == "f" and not isinstance(values, np.ndarray) and np.any(array >= 2.0**63):
        given = np.asarray(values, dtype=object)  # whole numbers of both signs, rounded by numpy
        return given if all(isinstance(u, Rational) for u in given.flat) else array
    return array


def _negative(values: NDArray[Any]) -> NDArray[Any]:
    """The numbers with their signs turned; whole numbers without the bounds of their type."""
    try:
        return np.asarray(-(values if values.dtype.kind == "f" else values.astype(object)))
    except TypeError:
        raise ArgumentError("A", values, "numbers") from None


def _numbers(given: NDArray[Any]) -> tuple[NDArray[np.object_] | None, NDArray[np.float64]]:
    """Return (fractions or None, floats): fractions where every entry is rational."""
    entries = given.ravel().tolist()
    for place, entry in enumerate(entries):
        good = isinstance(entry, Rational | float | np.floating) or hasattr(entry, "__index__")
        if not good or not -np.inf < entry < np.inf:
            at = tuple(int(k) for k in np.unravel_index(place, given.shape))
            raise ArgumentError(f"payoffs{list(at)}", entry, "a finite number")
    try:
        floats = np.array([float(x) for x in entries]).reshape(given.shape)
    except OverflowError:
        raise ArgumentError(
            "payoffs", "a number past 1e308", "numbers that a float holds"
        ) from None
    if any(isinstance(x, float | np.floating) for x in entries):
        if given.dtype != object:
            return None, floats
        if all(isinstance(x, float | np.floating) for x in entries):
            return None, floats
    rational = np.empty(given.shape, dtype=object)
    rational[...] = np.array([Fraction(x) for x in entries], dtype=object).reshape(given.shape)
    rational.setflags(write=False)
    return rational, floats


def _labels(where: str, given: Iterable[str] | None, count: int, allowed: str) -> tuple[str, ...]:
    if given is None:
        return tuple(str(k + 1) for k in range(count))
    if isinstance(given, str):
        raise ArgumentError(where, given, f"a sequence of {count} names, not one text")
    names = tuple(str(name) for name in given)
    if len(names) != count:
        raise ArgumentError(where, names, f"{count} names, {allowed}")
    if len(set(names)) != count:
        raise ArgumentError(where, names, "names that differ from each other")
    return names


def _action_labels(
    given: Sequence[Sequence[str]] | None, shape: tuple[int, ...]
) -> tuple[tuple[str, ...], ...]:
    if given is None:
        return tuple(_labels("actions", None, k, "") for k in shape)
    if len(given) != len(shape):
        raise ArgumentError("actions", given, f"{len(shape)} sequences, one a player")
    return tuple(
        _labels(f"actions[{i}]", names, k, "one an action")
        for i, (names, k) in enumerate(zip(given, shape, strict=True))
    )
