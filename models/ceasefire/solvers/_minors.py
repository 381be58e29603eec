"""Small bimatrix games by the signs of the minors of their payoff differences.

Let M (r, d) be the payoffs of one player, a row for each own action. For rows K and columns I with
``|K| = |I| + 1`` write ``b(K, I) = det [1 | M_KI]``: a minor of payoff differences, unchanged by a
shift of M. The mixture on I that makes the actions K tie, ``|K| = |I|``, is ``x_i ~ +-b(K, I - i)``
and the loss of another action j against it is ``+-b(K + j, I)``. So (I, K) is a vertex of the
best-reply polytope exactly where these r signs agree, and the polytope is simple where no vertex
has a sign of zero. There are ``C(d + r, r - 1)`` minors, each a sum of at most d products of
smaller ones: for few actions less work than walking the edges, and no division.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ceasefire.solvers._kernels import minors as kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_SIGNS = 30_000  # 7 x 7 has 24,024; past that the certified walk looks at fewer bases
MOST_EXACT_SIGNS = 450_000  # 9 x 9 has 437,580; past that the tables take seconds to make


class Tables(NamedTuple):
    """What to multiply with what, for one player's polytope of games of one shape."""

    level: NDArray[np.int64]  # (d + 2,): minors of p columns are level[p] to level[p + 1]
    gaps: NDArray[np.int64]  # (., 3): minors of one column are M[k, i] - M[j, i] for (k, j, i)
    terms: NDArray[np.int64]  # (., 2): all others add up products of two minors each
    signs: NDArray[np.int64]  # (bases, r): the minor, past all minors where its sign is turned
    bits: NDArray[np.uint64]  # (bases, r): label that vanishes where that minor is zero
    tight: NDArray[np.uint64]  # (bases,): labels that vanish at the basis
    members: NDArray[np.int64]  # (bases, r + k): the support I, the rows outside K, the rows K


class Shape(NamedTuple):
    """Tables of both players, whose bases are the same support pairs in the same order."""

    row: Tables  # mixtures of the row player: M is the column player's table, transposed
    column: Tables
    sizes: NDArray[np.int64]  # (bases,): actions in each support
    every: np.uint64  # all labels


def fits(m: int, n: int, *, most: int = MOST_SIGNS) -> bool:
    """Whether m x n games are small enough for minors to pay."""
    return m + n <= 62 and comb(m + n, m) * max(m, n) <= most


@lru_cache(maxsize=32)
def shape(m: int, n: int) -> Shape:
    """Tables for m x n games; the pairs of supports in order of size."""
    pairs = []
    for k in range(1, min(m, n) + 1):
        x, y = _subsets(m, k), _subsets(n, k)
        pairs.append((np.repeat(x, len(y), axis=0), np.tile(y, (len(x), 1))))
    sizes = np.concatenate([np.full(len(x), x.shape[1]) for x, _ in pairs])
    row, column = _tables(m, n, pairs, 0, m), _tables(n, m, [(y, x) for x, y in pairs], m, 0)
    return Shape(row, column, sizes, np.uint64(2 ** (m + n) - 1))


def _subsets(count: int, size: int) -> NDArray[np.int64]:
    """All subsets of that size, a row each, in lexical order."""
    return np.array(list(combinations(range(count), size)), dtype=np.int64).reshape(
        comb(count, size), size
    )


def _mask(members: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray((np.int64(1) << members).sum(axis=-1))


class _Places:
    """Where the minor of rows K and columns I stands: by size, then K, then I in lexical order."""

    def __init__(self, r: int, d: int) -> None:
        self.level = [0]
        self.rows, self.columns = [], []
        for p in range(min(r - 1, d) + 1):
            self.rows.append(_subsets(r, p + 1))
            self.columns.append(_subsets(d, p))
            self.level.append(self.level[p] + len(self.rows[p]) * len(self.columns[p]))
        self._ranks = [[_sorted(_mask(s)) for s in side] for side in (self.rows, self.columns)]

    def __call__(
        self, p: int, rows: NDArray[np.int64], columns: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Places of minors of p columns, given as bit masks."""
        (k_sorted, k_rank), (i_sorted, i_rank) = self._ranks[0][p], self._ranks[1][p]
        k, i = k_rank[np.searchsorted(k_sorted, rows)], i_rank[np.searchsorted(i_sorted, columns)]
        return np.asarray(self.level[p] + k * len(i_rank) + i)


def _sorted(masks: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    rank = np.argsort(masks)
    return masks[rank], rank


def _tables(
    d: int, r: int, pairs: list[tuple[NDArray[np.int64], NDArray[np.int64]]], own: int, other: int
) -> Tables:
    places = _Places(r, d)
    signs, labels, members = [], [], []
    for first, rows in pairs:
        k = first.shape[1]
        inside = (rows[:, :, None] == np.arange(r)).any(axis=1)
        outside = np.nonzero(~inside)[1].reshape(len(first), r - k)
        support, K = _mask(first)[:, None], _mask(rows)[:, None]
        turned = np.arange(k) % 2 * places.level[-1]
        weight = places(k - 1, K, support ^ (1 << first)) + turned
        signs.append(np.hstack([weight, _losses(places, first, rows, outside)]))
        labels.append(np.hstack([own + first, other + outside]))
        filler = np.zeros((len(first), min(d, r) - k), dtype=np.int64)
        members.append(np.hstack([first, outside, rows, filler]))
    bits = np.uint64(1) << np.concatenate(labels).astype(np.uint64)
    tight = np.uint64(2 ** (d + r) - 1) - bits.sum(axis=1, dtype=np.uint64)
    level = np.array(places.level)
    return Tables(
        level, *_products(places), np.concatenate(signs), bits, tight, np.concatenate(members)
    )


def _losses(
    places: _Places, first: NDArray[np.int64], rows: NDArray[np.int64], outside: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Minors of the losses of actions outside; each row that one passes turns the sign."""
    k = rows.shape[1]
    if not outside.size:
        return outside
    above = (rows[:, None, :] > outside[:, :, None]).sum(axis=2)
    place = places(k, _mask(rows)[:, None] | (1 << outside), _mask(first)[:, None])
    return np.asarray(place + (k + above) % 2 * places.level[-1])


def _products(places: _Places) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """`gaps` and `terms`: minors expanded along their last row less their first."""
    gaps, terms = np.empty((0, 3), dtype=np.int64), [np.empty((0, 2), dtype=np.int64)]
    for p in range(1, len(places.rows)):
        rows, columns = places.rows[p], places.columns[p]
        if p == 1:
            turned = np.repeat(rows[:, ::-1], len(columns), axis=0)
            gaps = np.hstack([turned, np.tile(columns, (len(rows), 1))])
            continue
        first, last = (1 << rows[:, 0])[:, None, None], (1 << rows[:, -1])[:, None, None]
        one = places(1, first | last, 1 << columns)
        two = places(
            p - 1, _mask(rows)[:, None, None] ^ last, _mask(columns)[:, None] ^ (1 << columns)
        )
        terms.append(np.stack([one, two], axis=-1).reshape(-1, 2))
    return gaps, np.concatenate(terms)


def exact_minors(M: NDArray[np.object_], tables: Tables) -> NDArray[np.object_]:
    """All minors of a table of whole numbers."""
    level = tables.level
    value = np.empty(level[-1], dtype=object)
    value[: level[1]] = 1
    if len(level) > 2:
        last, base, column = tables.gaps.T
        value[level[1] : level[2]] = M[last, column] - M[base, column]
    used = 0
    for p in range(2, len(level) - 1):
        stop = used + p * (level[p + 1] - level[p])
        one, two = tables.terms[used:stop].T
        turned = np.array([(-1) ** (p - 1 - s) for s in range(p)], dtype=object)
        products = (value[one] * value[two]).reshape(-1, p)
        value[level[p] : level[p + 1]] = products @ turned
        used = stop
    return value


def exact_codes(values: NDArray[np.object_]) -> NDArray[np.int8]:
    """Sign codes of exact minors: all as they are, then all turned."""
    sign = np.array([(v > 0) - (v < 0) for v in values], dtype=np.int8)
    both = np.concatenate([sign, -sign])
    codes = np.where(both > 0, kernel.PLUS, np.where(both < 0, kernel.MINUS, kernel.ZERO))
    return codes.astype(np.int8)
