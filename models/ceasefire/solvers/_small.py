"""All extreme equilibria of one game of few actions, by the signs of its minors."""

from __future__ import annotations

from math import factorial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ceasefire.solvers import _minors, _scaling
from ceasefire.solvers._kernels import minors as kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.games import NormalForm

FOUND = 1024  # pairs to make room for at first


class Side(NamedTuple):
    """One player's payoffs M, a row for each own action; its minors and their signs."""

    M: NDArray[Any]
    value: NDArray[Any]
    code: NDArray[np.int8]
    exact: bool  # no digit was lost: the minors are whole numbers, up to a common power of two


def extreme(game: NormalForm, exact: bool) -> _scaling.Pairs:
    """As `ceasefire.solvers._bimatrix.extreme`.

    Payoffs given as whole numbers and fractions are read without rounding. Floats are, where a
    sign is closer to zero than rounding allows to tell.
    """
    shape = _minors.shape(*game.shape)
    sides = [_side(game, 1, shape.row), _side(game, 0, shape.column)]
    found = _supports(shape, sides)
    if found is None:
        sides = [
            side if side.exact else _whole(game, player, tables)
            for side, player, tables in zip(sides, (1, 0), shape[:2], strict=True)
        ]
        found = _supports(shape, sides)
        assert found is not None
    points: list[dict[int, NDArray[Any]]] = []
    for side, player, tables, bases in zip(sides, (1, 0), shape[:2], found.T, strict=True):
        if exact and not side.exact:
            side = side._replace(M=_own(_scaling.whole(game, player), player))
        points.append({
            b: _mixture(side, tables, b, int(shape.sizes[b]), exact)
            for b in np.unique(bases).tolist()
        })  # fmt: skip
    pairs = [(int(b), int(c)) for b, c in found]
    rows, columns = [points[0][b] for b, _ in pairs], [points[1][c] for _, c in pairs]
    return _scaling.Pairs(rows, columns, exact, "signs of minors", pairs)


def _own(table: NDArray[Any], player: int) -> NDArray[Any]:
    return np.ascontiguousarray(table.T if player else table)


def _side(game: NormalForm, player: int, tables: _minors.Tables) -> Side:
    if game.is_exact:
        return _whole(game, player, tables)
    return _read(_own(game.payoffs[player], player), tables, False)


def _whole(game: NormalForm, player: int, tables: _minors.Tables) -> Side:
    M = _own(_scaling.whole(game, player), player)
    p = len(tables.level) - 2
    if factorial(p) * int(M.max()) ** p < 2**53:
        return _read(M.astype(float), tables, True)
    value = _minors.exact_minors(M, tables)
    return Side(M, value, _minors.exact_codes(value), True)


def _read(M: NDArray[np.float64], tables: _minors.Tables, exact: bool) -> Side:
    value = np.empty(tables.level[-1])
    code = np.empty(2 * len(value), dtype=np.int8)
    _, exact = kernel.read(M, *tables[:3], value, code, exact)
    return Side(M, value, code, exact)


def _supports(shape: _minors.Shape, sides: list[Side]) -> NDArray[np.int64] | None:
    """Pairs of bases (K, 2), one a vertex, that are equilibria; None where signs are unknown."""
    pairs: Any = kernel.pairs
    args = []
    for side, tables in zip(sides, shape[:2], strict=True):
        args += [side.code, tables.signs, tables.bits, tables.tight]
    found = np.empty((FOUND, 2), dtype=np.int64)
    total, _ = pairs(*args, shape.sizes, shape.every, found)
    if total > len(found):
        found = np.empty((total, 2), dtype=np.int64)
        pairs(*args, shape.sizes, shape.every, found)
    return None if total == kernel.UNDETERMINED else found[:total]


def _mixture(side: Side, tables: _minors.Tables, b: int, k: int, exact: bool) -> NDArray[Any]:
    r, d = side.M.shape
    first, rows = tables.members[b, :k], tables.members[b, r : r + k]
    if side.exact:
        weights = _scaling.proportional(side.value[tables.signs[b, :k] % len(side.value)].tolist())
        if exact:
            return _scaling.mixed(weights, first, d)
        x = np.zeros(d)
        x[first] = [w / sum(weights) for w in weights]
        return x
    if exact:
        return _scaling.vertex(side.M, first, rows)
    x = np.empty(d)
    kernel.mixture(side.M, side.value, tables.signs, tables.members, b, k, False, x)
    return x
