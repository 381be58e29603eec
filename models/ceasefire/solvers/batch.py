"""All equilibria of every two-player game of a sweep."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.errors import ArgumentError
from ceasefire.games.normal import NormalForm
from ceasefire.solvers import _bimatrix, certificate
from ceasefire.solvers._kernels import batch as kernel
from ceasefire.tolerances import EXPLOITABILITY

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

CHUNK_BYTES = 8_000_000  # working memory of one worker


@dataclass(frozen=True, eq=False)
class BatchEquilibria:
    """All extreme equilibria of N games of the same size; K in all, sorted by game.

    Attributes
    ----------
    counts : ndarray of int, shape (N,)
        Extreme equilibria of each game.
    game : ndarray of int, shape (K,)
        Which game an equilibrium belongs to.
    rows, columns : ndarray of float, shapes (K, m) and (K, n)
        The strategies.
    payoffs : ndarray of float, shape (K, 2)
        Expected payoffs, utils.
    regret : ndarray of float, shape (K,)
        Largest gain from deviating over the player's payoff range, recomputed.
    degenerate : ndarray of bool, shape (N,)
        Games that floats could not certify and that were solved in whole numbers.
    """

    counts: NDArray[np.int64]
    game: NDArray[np.int64]
    rows: NDArray[np.float64]
    columns: NDArray[np.float64]
    payoffs: NDArray[np.float64]
    regret: NDArray[np.float64]
    degenerate: NDArray[np.bool_]

    @property
    def max_regret(self) -> float:
        """The largest relative regret; 0 where there are no games."""
        return float(self.regret.max(initial=0.0))

    def of(self, index: int) -> slice:
        """Where the equilibria of one game stand in `rows` and `columns`."""
        low, high = np.searchsorted(self.game, [index, index + 1])
        return slice(int(low), int(high))

    def __repr__(self) -> str:
        return (
            f"{len(self.game):,} extreme equilibria of {len(self.counts):,} games, "
            f"{int(self.degenerate.sum()):,} of them degenerate; "
            f"largest relative regret {self.max_regret:.1e}"
        )


def nash_batch(
    A: ArrayLike, B: ArrayLike, *, workers: int | None = None, limit: int = 1_000_000
) -> BatchEquilibria:
    """All extreme Nash equilibria of every bimatrix game ``(A[k], B[k])``.

    Parameters
    ----------
    A, B : array_like of float, shape (N, m, n)
        Payoffs of the row and of the column player, utils.
    workers : int, optional
        Threads; all cores by default. The result does not depend on it.
    limit : int
        Most vertices of one polytope.

    Notes
    -----
    As `nash`, compiled over games and without the interpreter's lock. Games whose vertices
    floats cannot certify are flagged and solved again in whole numbers one by one, at about a
    thousand times the cost. Memory is that of the result and a few megabytes a thread.

    Examples
    --------
    >>> A = [[[2, 0], [0, 1]], [[1, 0], [0, 0]]]
    >>> both = nash_batch(A, [[[1, 0], [0, 2]], [[1, 0], [0, 0]]])
    >>> both.counts.tolist(), both.degenerate.tolist()
    ([3, 2], [False, True])
    """
    a, b = _stack("A", A), _stack("B", B)
    if a.shape != b.shape:
        raise ArgumentError("B", f"shape {b.shape}", f"the shape of A, {a.shape}")
    if workers is not None and workers < 1:
        raise ArgumentError("workers", workers, "at least 1")
    threads = workers or len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    size = max(1, min(CHUNK_BYTES // (16 * a.shape[1] * a.shape[2]), -(-len(a) // (4 * threads))))
    pieces = [slice(k, min(k + size, len(a))) for k in range(0, len(a), size)]
    with ThreadPoolExecutor(threads) as pool:
        parts = list(pool.map(lambda piece: _piece(a[piece], b[piece], limit), pieces))
    return _joined(a, b, pieces, parts, limit)


def _stack(name: str, values: ArrayLike) -> NDArray[np.float64]:
    try:
        array = np.ascontiguousarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ArgumentError(name, values, "an array of numbers, shape (N, m, n)") from None
    if array.ndim != 3 or 0 in array.shape[1:]:
        raise ArgumentError(name, f"shape {array.shape}", "shape (N, m, n), N games of m by n")
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        where = [int(k) for k in bad[0]]
        raise ArgumentError(f"{name}{where}", array[tuple(where)], "finite numbers")
    return array


Part = tuple["NDArray[np.int64]", "NDArray[np.int64]", "NDArray[np.float64]", "NDArray[np.float64]"]


def _piece(A: NDArray[np.float64], B: NDArray[np.float64], limit: int) -> Part:
    N, m, n = A.shape
    counts = np.empty(N, dtype=np.int64)
    room = 4 * N + 64
    done, parts = 0, []
    while done < N:
        game = np.empty(room, dtype=np.int64)
        rows, columns = np.empty((room, m)), np.empty((room, n))
        more, k = kernel.solve_games(A[done:], B[done:], counts[done:], game, rows, columns, limit)
        parts.append((game[:k] + done, rows[:k], columns[:k]))
        if more == 0:
            room *= 4
        done += more
    game, rows, columns = (np.concatenate(column) for column in zip(*parts, strict=True))
    return counts, game, rows, columns


def _joined(
    A: NDArray[np.float64], B: NDArray[np.float64], pieces: list[slice], parts: list[Part],
    limit: int,
) -> BatchEquilibria:  # fmt: skip
    _, m, n = A.shape
    none: Part = (np.empty(0, np.int64), np.empty(0, np.int64), np.empty((0, m)), np.empty((0, n)))
    lists = list(zip(*(parts or [none]), strict=True))
    counts = np.concatenate(lists[0])
    starts = [piece.start for piece in pieces] or [0]
    game = np.concatenate([part + k for part, k in zip(lists[1], starts, strict=True)])
    rows, columns = np.concatenate(lists[2]), np.concatenate(lists[3])
    regret = certificate.batch_regret(A, B, game, rows, columns)
    degenerate = counts < 0
    degenerate[game[regret > EXPLOITABILITY]] = True
    if degenerate.any():
        keep = ~degenerate[game]
        game, rows, columns = game[keep], rows[keep], columns[keep]
        extra = []
        for g in np.flatnonzero(degenerate):
            pairs = _bimatrix.extreme(NormalForm.bimatrix(A[g], B[g]), True, limit)
            counts[g] = len(pairs.rows)
            extra += [(g, x, y) for x, y in zip(pairs.rows, pairs.columns, strict=True)]
        game = np.concatenate([game, [g for g, _, _ in extra]]).astype(np.int64)
        rows = np.concatenate([rows, np.array([x for _, x, _ in extra], dtype=float)])
        columns = np.concatenate([columns, np.array([y for _, _, y in extra], dtype=float)])
        order = np.argsort(game, kind="stable")
        game, rows, columns = game[order], rows[order], columns[order]
        regret = certificate.batch_regret(A, B, game, rows, columns)
    payoffs = np.stack(
        [np.einsum("kij,ki,kj->k", table[game], rows, columns) for table in (A, B)], axis=1
    )
    return BatchEquilibria(counts, game, rows, columns, payoffs, regret, degenerate)
