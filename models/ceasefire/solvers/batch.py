"""All equilibria of every two-player game of a sweep."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.games.normal import WIDEST, NormalForm, require_range
from ceasefire.solvers import _bimatrix, _minors, certificate
from ceasefire.solvers._kernels import minors, vertices
from ceasefire.tolerances import EXPLOITABILITY

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

CHUNK_BYTES = 8_000_000  # payoffs that a worker takes at a time


@dataclass(frozen=True, eq=False)
class BatchEquilibria(Displayed):
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
        Games with more best replies to a vertex than it has actions, or too close to that for
        floats to tell; all of them were solved without rounding.
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
        found, games = len(self.game), len(self.counts)
        return (
            f"{found:,} extreme equilibri{'um' if found == 1 else 'a'} of "
            f"{games:,} game{'' if games == 1 else 's'}, "
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
        Payoffs of the row and of the column player, utils; read as floats (`nash` keeps whole
        numbers past 2**53 and fractions as they are).
    workers : int, optional
        Threads; all cores by default. The result does not depend on it.
    limit : int
        Most vertices of one polytope.

    Raises
    ------
    ArgumentError
        Names the array and the entry: another shape, or a payoff that is not a finite number.
    SolveError
        More vertices than `limit`.

    Notes
    -----
    Compiled over games, without the interpreter's lock. Up to 7 x 7 actions the signs of all minors
    of payoff differences are found, each with a bound on its rounding
    (`ceasefire.solvers._minors`): the cost of a game grows with the number of minors, about 4 to
    the power of the number of actions, not with its equilibria. Larger games are walked from
    vertex to vertex as by `nash`, 2.6 to that power. Minors of whole numbers (or multiples of a
    power of two) of few digits are exact in floats, so that degenerate games of such payoffs cost
    little more than others; other games whose signs floats cannot certify are solved one by one in
    whole numbers, at some hundred times the cost. Memory is that of the result and a few megabytes
    a thread.

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
    threads = workers or _cores()
    _, m, n = a.shape
    size = max(1, min(CHUNK_BYTES // (16 * m * n), -(-len(a) // (4 * threads))))
    pieces = [slice(k, min(k + size, len(a))) for k in range(0, len(a), size)]
    step = _by_minors(_minors.shape(m, n)) if _minors.fits(m, n) else _by_walks(limit)
    parts = _shared_out(
        lambda piece: _piece(a[piece], b[piece], piece.start, step), pieces, threads
    )
    return _without_rounding(a, b, _joined(parts, m, n), limit)


def _shared_out(
    work: Callable[[slice], BatchEquilibria], pieces: list[slice], threads: int
) -> list[BatchEquilibria]:
    """Work on every piece; this thread takes part, so that it never waits for a busy machine."""
    parts: dict[int, BatchEquilibria] = {}
    left = list(enumerate(pieces))[::-1]

    def take() -> None:
        while left:
            try:
                place, piece = left.pop()
            except IndexError:  # another thread took the last one
                return
            parts[place] = work(piece)

    with ThreadPoolExecutor(threads) as pool:
        helpers = [pool.submit(take) for _ in range(min(threads, len(pieces)) - 1)]
        take()
        for helper in helpers:
            helper.result()
    return [parts[place] for place in range(len(pieces))]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _stack(name: str, values: ArrayLike) -> NDArray[np.float64]:
    try:
        given = np.asarray(values)
        if given.dtype.kind not in "biufO":
            raise ArgumentError(name, f"dtype {given.dtype}", "real numbers")
        array = np.ascontiguousarray(given, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        if isinstance(error, ArgumentError):
            raise
        raise ArgumentError(name, values, "an array of numbers, shape (N, m, n)") from None
    if array.ndim != 3 or 0 in array.shape[1:]:
        raise ArgumentError(name, f"shape {array.shape}", "shape (N, m, n), N games of m by n")
    finite = np.isfinite(array)
    if not finite.all():
        where = [int(k) for k in np.argwhere(~finite)[0]]
        raise ArgumentError(f"{name}{where}", array[tuple(where)], "finite numbers")
    if array.size and not array.max() / 2 - array.min() / 2 <= WIDEST / 2:
        for k, table in enumerate(array):
            require_range(table.max(), table.min(), f"{name}[{k}]")
    return array


# solves games until its room is full: (A, B, counts, degenerate, game, rows, columns) to fill
Step = Callable[..., tuple[int, int]]


def _by_minors(shape: _minors.Shape) -> Step:
    P, Q, compiled = tuple(shape.row), tuple(shape.column), cast("Step", minors.solve_games)
    return lambda A, B, *room: compiled(A, B, P, Q, shape.sizes, shape.every, *room)


def _by_walks(limit: int) -> Step:
    compiled = cast("Step", vertices.solve_games)

    def step(A: Any, B: Any, counts: Any, degenerate: Any, *room: Any) -> tuple[int, int]:
        done, found = compiled(A, B, counts, *room, limit)
        degenerate[:done] = counts[:done] < 0
        return done, found

    return step


def _piece(
    A: NDArray[np.float64], B: NDArray[np.float64], start: int, step: Step
) -> BatchEquilibria:
    """Take steps until every game is done, each time with more room; then certify."""
    N, m, n = A.shape
    counts, degenerate = np.empty(N, dtype=np.int64), np.zeros(N, dtype=bool)
    room, done, parts = 4 * N + 64, 0, []
    while done < N:
        game, rows, columns = np.empty(room, np.int64), np.empty((room, m)), np.empty((room, n))
        left = (A[done:], B[done:], counts[done:], degenerate[done:])
        more, k = step(*left, game, rows, columns)
        parts.append((game[:k] + done, rows[:k], columns[:k]))
        room *= 4 if more == 0 else 1
        done += more
    game, rows, columns = (
        parts[0] if len(parts) == 1 else map(np.concatenate, zip(*parts, strict=True))
    )
    payoffs, regret = certificate.batch(A, B, game, rows, columns)
    return BatchEquilibria(counts, game + start, rows, columns, payoffs, regret, degenerate)


def _joined(parts: list[BatchEquilibria], m: int, n: int) -> BatchEquilibria:
    if not parts:
        none = np.empty(0)
        whole, logical = none.astype(np.int64), none.astype(bool)
        rows, columns = np.empty((0, m)), np.empty((0, n))
        return BatchEquilibria(whole, whole, rows, columns, np.empty((0, 2)), none, logical)
    names = [field.name for field in fields(BatchEquilibria)]
    return BatchEquilibria(*(np.concatenate([getattr(p, name) for p in parts]) for name in names))


def _without_rounding(
    A: NDArray[np.float64], B: NDArray[np.float64], found: BatchEquilibria, limit: int
) -> BatchEquilibria:
    """Solve again in whole numbers what floats left open or did not certify."""
    open_ = found.counts < 0
    open_[found.game[found.regret > EXPLOITABILITY]] = True
    if not open_.any():
        return found
    keep = ~open_[found.game]
    parts = [(found.game[keep], found.rows[keep], found.columns[keep])]
    counts, degenerate = found.counts.copy(), found.degenerate | open_
    for g in np.flatnonzero(open_):
        pairs = _bimatrix.extreme(NormalForm.bimatrix(A[g], B[g]), True, limit)
        counts[g] = len(pairs.rows)
        rows, columns = (np.array(x, dtype=float) for x in (pairs.rows, pairs.columns))
        parts.append((np.full(len(rows), g), rows, columns))
    game, rows, columns = map(np.concatenate, zip(*parts, strict=True))
    order = np.argsort(game, kind="stable")
    game, rows, columns = game[order], rows[order], columns[order]
    payoffs, regret = certificate.batch(A, B, game, rows, columns)
    return BatchEquilibria(counts, game, rows, columns, payoffs, regret, degenerate)
