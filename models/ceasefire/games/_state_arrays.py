"""The flat arrays of a stochastic game: read from tables or a sparse array, and checked."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from numbers import Rational
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ceasefire.errors import ArgumentError
from ceasefire.tolerances import PROBABILITY_SUM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]


class Law(NamedTuple):
    """Transitions as a sparse array's parts: a line a profile row."""

    data: NDArray[Any]  # floats or fractions
    indices: Ints
    indptr: Ints


@dataclass(frozen=True)
class Where:
    """Names the state and profile of a profile row, for error messages."""

    n_actions: Ints
    start: Ints
    states: tuple[str, ...]
    actions: Sequence[Sequence[Sequence[str]]] | None = None

    def __call__(self, row: int) -> str:
        s = int(np.searchsorted(self.start, row, side="right")) - 1
        at = np.unravel_index(row - int(self.start[s]), tuple(self.n_actions[s]))
        cell = tuple(int(a) for a in at)
        told = f"state {self.states[s]!r}, profile {cell}"
        if self.actions is None:
            return told
        named = action_names(self.actions, self.n_actions, self.states)[s]
        return f"{told}: {', '.join(names[a] for names, a in zip(named, cell, strict=True))}"


def listed(name: str, given: Any) -> list[Any]:
    try:
        return list(given)
    except TypeError:
        raise ArgumentError(name, given, "one array a state") from None


def payoff_table(s: int, given: ArrayLike) -> NDArray[Any]:
    try:
        table = np.asarray(given)
    except ValueError:
        raise ArgumentError(f"payoffs[{s}]", given, "a full array: no ragged rows") from None
    if table.dtype.kind not in "biufO":
        raise ArgumentError(f"payoffs[{s}]", f"dtype {table.dtype}", "real numbers")
    return table


def numbers(given: NDArray[Any], where: Where) -> tuple[NDArray[np.object_] | None, Floats]:
    """Return (fractions or None, floats) of payoffs (n_players, n_profiles)."""
    rational = None
    if given.dtype.kind in "biu":
        rational = fractions(given) if given.size <= 100_000 else None
    elif given.dtype == object and rational_kinds(given):
        rational = fractions(given)
    try:
        floats = np.array(given, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise ArgumentError("payoffs", given, "finite numbers") from None
    bad = np.argwhere(~np.isfinite(floats))
    if len(bad):
        i, row = map(int, bad[0])
        raise ArgumentError("payoffs", float(floats[i, row]), "finite numbers",
                            f"{where(row)}, player {i}")  # fmt: skip
    return rational, floats


def flat_law(given: Any, n_actions: Ints) -> Law:
    """The transitions as one sparse array's parts, a line a profile row."""
    n_states = len(n_actions)
    rows = n_actions.prod(axis=1)
    if hasattr(given, "tocsr") or isinstance(given, Law):
        return sparse(given, int(rows.sum()), n_states)
    by_state = listed("transitions", given)
    if len(by_state) != n_states:
        raise ArgumentError("transitions", f"{len(by_state)} states", f"{n_states}, as in payoffs")
    blocks = []
    for s, one in enumerate(by_state):
        block = np.asarray(one)
        shape = (*(int(k) for k in n_actions[s]), n_states)
        if block.shape != shape:
            allowed = f"shape {shape}: (*n_actions, n_states)"
            raise ArgumentError(f"transitions[{s}]", f"shape {block.shape}", allowed)
        blocks.append(block.reshape(-1, n_states))
    return sparse(np.concatenate(blocks), int(rows.sum()), n_states)


def sparse(given: Any, n_rows: int, n_states: int) -> Law:
    if isinstance(given, Law):
        return given
    if hasattr(given, "tocsr"):
        matrix = given.tocsr()
        shape = matrix.shape
        parts = (matrix.data, matrix.indices, matrix.indptr)
    else:
        table = np.asarray(given)
        shape = table.shape
        row, column = np.nonzero(table)
        counts = np.bincount(row, minlength=n_rows)
        parts = (table[row, column], column, np.append(0, np.cumsum(counts)))
    if shape != (n_rows, n_states):
        allowed = f"shape {(n_rows, n_states)}: (n_profiles, n_states)"
        raise ArgumentError("transitions", f"shape {shape}", allowed)
    data, indices, indptr = parts
    return Law(data, indices.astype(np.int64), indptr.astype(np.int64))


def checked_law(
    data: NDArray[Any], indptr: Ints, where: Where
) -> tuple[NDArray[np.object_] | None, Floats]:
    """Return (fractions or None, floats), each row divided by its sum, which must be 1."""
    floats = np.array(data, dtype=np.float64)
    owner = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    bad = np.flatnonzero(~(floats >= 0))
    if len(bad):
        k = int(bad[0])
        raise ArgumentError("transitions", float(floats[k]), "chances, none negative",
                            where(int(owner[k])))  # fmt: skip
    total = np.bincount(owner, floats, minlength=len(indptr) - 1)
    bad = np.flatnonzero(~(np.abs(total - 1.0) <= PROBABILITY_SUM))
    if len(bad):
        row = int(bad[0])
        got = f"chances that add up to {total[row]:.10g}"
        raise ArgumentError("transitions", got, "chances that add up to 1", where(row))
    rational = None
    if data.dtype == object and rational_kinds(data):
        rational = fractions(data)
        sums = np.add.reduceat(rational, indptr[:-1])
        if not np.all(sums == 1):
            rational = None
    elif np.all((floats == 0) | (floats == 1)) and len(data) <= 100_000:
        rational = fractions(floats)
    return rational, floats / total[owner]


def rational_kinds(given: NDArray[Any]) -> bool:
    """Whether all are whole numbers or fractions; asked of each type once, not of each number."""
    return all(issubclass(kind, Rational) for kind in set(map(type, given.flat)))


def fractions(given: NDArray[Any]) -> NDArray[np.object_]:
    table = np.empty(given.shape, dtype=object)
    table[...] = np.frompyfunc(_fraction, 1, 1)(given.astype(object))
    return table


def _fraction(x: Any) -> Fraction:
    return x if type(x) is Fraction else Fraction(x)


def names_of(where: str, given: Sequence[str] | None, count: int) -> tuple[str, ...]:
    names = tuple(str(k + 1) for k in range(count)) if given is None else tuple(map(str, given))
    if len(names) != count or len(set(names)) != count or isinstance(given, str):
        raise ArgumentError(where, given, f"{count} names that differ")
    return names


def action_names(
    given: Sequence[Sequence[Sequence[str]]] | None, n_actions: Ints, states: tuple[str, ...]
) -> tuple[tuple[tuple[str, ...], ...], ...]:
    if given is None:
        numbered = {int(k): tuple(str(a + 1) for a in range(k)) for k in np.unique(n_actions)}
        return tuple(tuple(numbered[int(k)] for k in row) for row in n_actions)
    if len(given) != len(n_actions):
        raise ArgumentError("actions", f"{len(given)} states", f"{len(n_actions)}")
    result = []
    for s, (row, counts) in enumerate(zip(given, n_actions.tolist(), strict=True)):
        names = tuple(tuple(map(str, one)) for one in row)
        if [len(one) for one in names] != counts or any(len(set(o)) != len(o) for o in names):
            allowed = f"{counts} names of each player's actions, that differ"
            raise ArgumentError(f"actions[{states[s]}]", names, allowed)
        result.append(names)
    return tuple(result)
