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

MOST_SIGNS = 30_000  # 7 x 7 has 24,024; past that the walk along edges looks at fewer bases


class Tables(NamedTuple):
    """What to multiply with what, for one player's polytope of games of one shape."""

    level: NDArray[np.int64]  # (d + 2,): minors of p columns are level[p] to level[p + 1]
    gaps: NDArray[np.int64]  # (., 3): minors of one column are M[k, i] - M[j, i] for (k, j, i)
    terms: NDArray[np.int64]  # (., 2): all others add up products of two minors each
    signs: NDArray[np.int64]  # (bases, r): twice the minor, plus 1 where its sign is turned
    bits: NDArray[np.uint64]  # (bases, r): label that vanishes where that minor is zero
    tight: NDArray[np.uint64]  # (bases,): labels that vanish at the basis
    members: NDArray[np.int64]  # (bases, r + k): the support I, the rows outside K, the rows K


class Shape(NamedTuple):
    """Tables of both players, whose bases are the same support pairs in the same order."""

    row: Tables  # mixtures of the row player: M is the column player's table, transposed
    column: Tables
    sizes: NDArray[np.int64]  # (bases,): actions in each support
    every: np.uint64  # all labels


def fits(m: int, n: int) -> bool:
    """Whether m x n games are small enough for minors to pay."""
    return m + n <= 64 and comb(m + n, m) * max(m, n) <= MOST_SIGNS


@lru_cache(maxsize=32)
def shape(m: int, n: int) -> Shape:
    """Tables for m x n games; the pairs of supports in order of size."""
    supports = [
        (x, y)
        for k in range(1, min(m, n) + 1)
        for x in combinations(range(m), k)
        for y in combinations(range(n), k)
    ]
    labels_x, labels_y = list(range(m)), list(range(m, m + n))
    return Shape(
        _tables(m, n, supports, labels_x, labels_y),
        _tables(n, m, [(y, x) for x, y in supports], labels_y, labels_x),
        np.array([len(x) for x, _ in supports]),
        np.uint64(2 ** (m + n) - 1),
    )


Support = tuple[int, ...]


def _tables(
    d: int, r: int, bases: list[tuple[Support, Support]], own: list[int], other: list[int]
) -> Tables:
    place: dict[tuple[Support, Support], int] = {}
    level = [0]
    for p in range(min(r - 1, d) + 1):
        for rows in combinations(range(r), p + 1):
            for columns in combinations(range(d), p):
                place[rows, columns] = len(place)
        level.append(len(place))
    gaps = [(k[1], k[0], i[0]) for k, i in place if len(i) == 1]
    terms = [
        (place[(k[0], k[-1]), (i[s],)], place[k[:-1], i[:s] + i[s + 1 :]])
        for k, i in place
        for s in range(len(i))
        if len(i) > 1
    ]
    signs, bits, tight, members = [], [], [], []
    for first, rows in bases:
        k = len(first)
        outside = tuple(j for j in range(r) if j not in rows)
        signs.append(
            [2 * place[rows, first[:s] + first[s + 1 :]] + (s & 1) for s in range(k)]
            + [_loss(place, first, rows, j) for j in outside]
        )
        vanish = [own[i] for i in first] + [other[j] for j in outside]
        bits.append([1 << a for a in vanish])
        tight.append(2 ** (d + r) - 1 - sum(bits[-1]))
        members.append([*first, *outside, *rows, *([0] * (min(d, r) - k))])
    return Tables(
        np.array(level),
        np.array(gaps, dtype=np.int64).reshape(-1, 3),
        np.array(terms, dtype=np.int64).reshape(-1, 2),
        np.array(signs),
        np.array(bits, dtype=np.uint64),
        np.array(tight, dtype=np.uint64),
        np.array(members),
    )


def _loss(place: dict[tuple[Support, Support], int], first: Support, rows: Support, j: int) -> int:
    """Minor of action j's loss: j moved to its place among the rows turns the sign each step."""
    above = sum(k > j for k in rows)
    return 2 * place[tuple(sorted((*rows, j))), first] + ((len(rows) + above) & 1)


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
    """Sign codes of exact minors, each as it is and turned."""
    sign = np.array([(v > 0) - (v < 0) for v in values], dtype=np.int8)
    codes = np.empty(2 * len(sign), dtype=np.int8)
    codes[0::2] = np.where(sign > 0, kernel.PLUS, np.where(sign < 0, kernel.MINUS, kernel.ZERO))
    codes[1::2] = np.where(sign > 0, kernel.MINUS, np.where(sign < 0, kernel.PLUS, kernel.ZERO))
    return codes
