"""All extreme equilibria of a two-player game: matching vertices of its best-reply polytopes.

With payoffs scaled to be positive, ``P = {x >= 0, B' x <= 1}`` and ``Q = {y >= 0, A y <= 1}``; a
pair of vertices that between them are tight at every label is an extreme equilibrium, and every
extreme equilibrium is such a pair (von Stengel 2002, Handbook of Game Theory 3, ch. 45).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from math import isqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.errors import SolveError
from ceasefire.solvers import _minors, _small
from ceasefire.solvers._kernels import lexicographic, vertices
from ceasefire.solvers._scaling import Pairs, normalised, vertex, whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.games import NormalForm

ENTRY_ERROR = 4 * vertices.UNIT  # a payoff is shifted, divided and shifted again, each rounded once
MAX_VERTICES = 20_000_000
THREAD_ACTIONS = 20  # a walk then takes milliseconds, far more than to start a thread
INT64_MINOR = 2**31 - 1  # the difference of two products of two minors then fits in 63 bits


def extreme(game: NormalForm, exact: bool, limit: int = MAX_VERTICES) -> Pairs:
    """Return all extreme equilibria as two lists of strategies, the k-th belonging together.

    Few actions: by the signs of minors. More: a walk along edges in floats; where it certifies
    every vertex of both polytopes to be simple, the list is proven. Otherwise exact minors, or
    past 9 x 9 the same walk in whole numbers. A walk's cost grows with the vertices: about 2.6 to
    the power of the number of actions for square random games.
    """
    if _minors.fits(*game.shape):
        return _small.extreme(game, exact)
    found = _simple(game, limit)
    if found is not None:
        return _solved(game, exact, found)
    if _minors.fits(*game.shape, most=_minors.MOST_EXACT_SIGNS):
        return _small.extreme(game, exact)
    return _degenerate(game, exact, limit)


def _solved(game: NormalForm, exact: bool, found: list[tuple[NDArray[Any], NDArray[Any]]]) -> Pairs:
    """The equilibria of simple vertices whose supports (row's, column's) are given."""
    m, n = game.shape
    if not exact:
        A, B = normalised(game, 0), normalised(game, 1)
        rows, columns = np.empty((len(found), m)), np.empty((len(found), n))
        for k, (x, y) in enumerate(found):
            vertices.vertex(B.T, x, y, rows[k])
            vertices.vertex(A, y, x, columns[k])
        same = [(k, k) for k in range(len(found))]
        return Pairs(list(rows), list(columns), False, "certified vertices", same)
    A_int, B_int = whole(game, 0), whole(game, 1)
    places = [(np.flatnonzero(x), np.flatnonzero(y)) for x, y in found]
    return Pairs(
        [vertex(B_int.T, x, y) for x, y in places],
        [vertex(A_int, y, x) for x, y in places],
        True,
        "certified vertices, solved in rationals",
        [(k, k) for k in range(len(found))],
    )


def _labels(m: int, n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    rows, columns = np.arange(m), np.arange(m, m + n)
    return np.concatenate([rows, columns]), np.concatenate([columns, rows])


def _room(words: int, count: int = 128) -> tuple[NDArray[np.int32], NDArray[np.uint64]]:
    return np.full(4 * count, -1, dtype=np.int32), np.zeros((count, words), dtype=np.uint64)


def _simple(game: NormalForm, limit: int) -> list[tuple[NDArray[Any], NDArray[Any]]] | None:
    """Supports (row's, column's) of all equilibria; None where a vertex is not provably simple."""
    m, n = game.shape
    words = (m + n + 63) // 64
    label_p, label_q = _labels(m, n)
    A, B = normalised(game, 0), normalised(game, 1)

    def walk(M: NDArray[Any], label: NDArray[Any]) -> Any:
        M = np.ascontiguousarray(M)
        return vertices.walk(M, label, ENTRY_ERROR, *_room(words), limit)

    with ThreadPoolExecutor(1) as pool:  # the walks need no lock of the interpreter's
        other = pool.submit(walk, A, label_q) if m + n >= THREAD_ACTIONS else None
        walks = [walk(B.T, label_p)]
        if walks[0][0] == vertices.DEGENERATE:
            return None
        walks.append(other.result() if other else walk(A, label_q))
    ends = [ended for ended, *_ in walks]
    if vertices.DEGENERATE in ends:
        return None
    if vertices.TOO_MANY in ends:
        raise _too_many(game, limit)
    (_, count_p, _, masks_p), (_, _, table_q, masks_q) = walks
    found = np.empty(1024, dtype=np.int64)
    total = vertices.match(m, n, masks_p, count_p, table_q, masks_q, found)
    if total > len(found):
        found = np.empty(total, dtype=np.int64)
        vertices.match(m, n, masks_p, count_p, table_q, masks_q, found)
    bits = unpack(masks_p[found[:total]], m + n)
    return [(~row[:m], row[m:]) for row in bits]


def _too_many(game: NormalForm, limit: int) -> SolveError:
    size = " x ".join(str(k) for k in game.shape)
    return SolveError(
        f"the {size} game's best-reply polytope has more than {limit:,} vertices: too many to list "
        "all equilibria; one_nash finds one, lemke_howson one for every label"
    )


def unpack(masks: NDArray[np.uint64], count: int) -> NDArray[np.bool_]:
    """Label sets as booleans, shape (sets, count)."""
    bytes_ = np.ascontiguousarray(masks.astype("<u8")).view(np.uint8)
    bits = np.unpackbits(bytes_, axis=1, bitorder="little")
    return bits[:, :count].astype(bool)


def _degenerate(game: NormalForm, exact: bool, limit: int) -> Pairs:
    m, n = game.shape
    label_p, label_q = _labels(m, n)
    points, sets = [], []
    A, B = whole(game, 0), whole(game, 1)
    for M, label, variables in ((B.T, label_p, slice(0, m)), (A, label_q, slice(m, m + n))):
        masks, tights = _bases(game, M, label, limit)
        # lexicographic bases of one vertex share its tight labels: keep the first of each
        _, first = np.unique(tights[1:], axis=0, return_index=True)
        first = np.sort(first) + 1
        outside = unpack(masks[first], m + n)  # labels outside the basis
        slacks = slice(m, m + n) if variables.start == 0 else slice(0, m)
        points.append((M, outside[:, variables], outside[:, slacks]))
        sets.append(tights[first])
    every = np.zeros(sets[0].shape[1], dtype=np.uint64)
    for a in range(m + n):
        every[a >> 6] |= np.uint64(1) << np.uint64(a & 63)
    found = np.empty((1024, 2), dtype=np.int64)
    total = lexicographic.cover(every, sets[0], sets[1], found)
    if total > len(found):
        found = np.empty((total, 2), dtype=np.int64)
        lexicographic.cover(every, sets[0], sets[1], found)
    at = []
    for (M, zero, slack), used in zip(points, found[:total].T, strict=True):
        mixed = {
            k: vertex(M, np.flatnonzero(~zero[k]), np.flatnonzero(slack[k]))
            for k in np.unique(used).tolist()
        }
        at.append([mixed[k] if exact else mixed[k].astype(float) for k in used.tolist()])
    rows, columns = at
    pairs = [(int(i), int(j)) for i, j in found[:total]]
    return Pairs(rows, columns, exact, "lexicographic vertices in whole numbers", pairs)


def _bases(
    game: NormalForm, M: NDArray[np.object_], label: NDArray[np.int64], limit: int
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    words = (len(label) + 63) // 64
    walk: Any
    table, masks = _room(words)
    tights = np.zeros_like(masks)
    if minor_bound(M) <= INT64_MINOR:
        walk, M = lexicographic.walk_exact, np.ascontiguousarray(M.astype(np.int64))
    else:
        walk = lexicographic.walk_large
    ended, count, _, masks, tights = walk(M, label, masks, tights, table, limit)
    if ended == lexicographic.TOO_MANY:
        raise _too_many(game, limit)
    return masks[:count], tights[:count]


def minor_bound(M: NDArray[np.object_]) -> int:
    """Bound on every minor of M, a column of ones added (Python integer).

    With centre c and range w, ``M = X + c J``: a minor of k rows is that of ``[[1, -c], [1, X]]``,
    so by Hadamard its square is at most ``(1 + k c^2) (1 + k w^2 / 4)^k``.
    """
    low, high = (int(k) for k in (M.min(), M.max()))
    bound = 1
    for k in range(1, min(M.shape) + 1):
        square = (4 + k * (high + low) ** 2) * (4 + k * (high - low) ** 2) ** k
        bound = max(bound, isqrt(square // 4 ** (k + 1)) + 1)
    return bound
