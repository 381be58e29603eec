"""Every equilibrium of the stage games of a stochastic game, many games at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ceasefire.games.normal import NormalForm
from ceasefire.solvers._kernels import recursion as kernel
from ceasefire.solvers.batch import nash_batch
from ceasefire.tolerances import PAYOFF_TIE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DIGITS = 30  # binary digits of a payoff that is taken to be exact


class Stage(NamedTuple):
    """Equilibria of one stage game.

    mixtures (k, sum of the players' actions), worth (k, n_players) utils; `isolated` is False
    where they are extreme points of a continuum, `proven` False where others are not ruled out.
    """

    mixtures: Floats
    worth: Floats
    isolated: bool = True
    proven: bool = True


def solve(Q: Floats, sizes: tuple[int, ...]) -> list[Stage]:
    """All equilibria of G games with the same actions.

    Q (G, n_players, n_rows) holds payoffs, the last player's action fastest. Payoffs of a player
    that tie within ``PAYOFF_TIE`` are made equal first: continuation values carry rounding, and a
    tie in the game that is played must be one in the game that is solved. Rounding can also hide a
    tie against a mixture: a game too close to one is `proven` only where its payoffs are exact.
    """
    movers = [i for i, k in enumerate(sizes) if k > 1]
    if len(movers) > 2:
        return [_several(q, sizes) for q in Q]
    if len(movers) < 2:
        return [_choice(q, sizes, movers) for q in Q]
    results: list[Stage | None] = [None] * len(Q)
    counts = np.empty(len(Q), np.int64)
    mixtures = np.empty((len(Q), kernel.LISTED, sum(sizes)))
    worth = np.empty((len(Q), kernel.LISTED, len(sizes)))
    kernel.stages(np.ascontiguousarray(Q), np.array(sizes), counts, mixtures, worth)
    for g in np.flatnonzero(counts > 0):
        results[g] = Stage(mixtures[g, : counts[g]].copy(), worth[g, : counts[g]].copy())
    hard = np.flatnonzero(counts <= 0)
    if len(hard):
        for g, stage in zip(hard, _by_batch(Q[hard], sizes, movers), strict=True):
            results[g] = stage
    return [r for r in results if r is not None]


def _by_batch(Q: Floats, sizes: tuple[int, ...], movers: list[int]) -> list[Stage]:
    """Games of two movers that may be degenerate, or are large."""
    one, two = movers
    m, k = sizes[one], sizes[two]
    tables = Q.reshape(len(Q), len(sizes), m, k)
    A, B = snapped(tables[:, one]), snapped(tables[:, two].transpose(0, 2, 1)).transpose(0, 2, 1)
    found = nash_batch(A, B, workers=1 if len(Q) < 200 else None)
    proven = ~found.degenerate | few_digits(tables[:, movers])
    result = []
    for g in range(len(Q)):
        part = found.of(g)
        rows, columns = found.rows[part], found.columns[part]
        mixtures = np.ones((len(rows), sum(sizes)))
        start = np.append(0, np.cumsum(sizes))
        mixtures[:, start[one] : start[one] + m] = rows
        mixtures[:, start[two] : start[two] + k] = columns
        worth = np.einsum("em,imk,ek->ei", rows, tables[g], columns)
        isolated = not _share(rows) and not _share(columns)
        result.append(Stage(mixtures, worth, isolated, bool(proven[g])))
    return result


def snapped(A: NDArray[Any]) -> Floats:
    """Payoffs (G, m, n) with those of a column that tie made equal; otherwise as they are."""
    B: Floats = np.array(A, dtype=float)
    width = np.ptp(B, axis=(1, 2), keepdims=True)
    near = np.maximum(PAYOFF_TIE * width, 1e-14 * np.abs(B).max(axis=(1, 2), keepdims=True))[:, 0]
    for i in range(B.shape[1]):
        for k in range(i):
            tied = np.abs(B[:, i] - B[:, k]) <= near
            B[:, i] = np.where(tied, B[:, k], B[:, i])
    return B


def few_digits(tables: Floats) -> NDArray[np.bool_]:
    """Which games (G, ...) have payoffs of few binary digits: these carry no rounding.

    A rounded continuation value has digits down to the last, but for a chance of 2**-22.
    """
    flat = tables.reshape(len(tables), -1)
    _, exponent = np.frexp(np.abs(flat).max(axis=1))
    scaled = np.ldexp(flat, (DIGITS - exponent)[:, None])
    return np.asarray(np.all(scaled == np.rint(scaled), axis=1))  # whole numbers in floats


def _share(strategies: Floats) -> bool:
    """Whether two equilibria share a player's strategy: then what lies between is a continuum.

    If (x, y) and (x', y) are equilibria, y is a best reply to every mixture of x and x', and all
    of these are best replies to y; conversely a maximal Nash subset of more than a point has two
    extreme points that share a strategy.
    """
    ordered = strategies[np.lexsort(strategies.T)]
    gaps = np.abs(np.diff(ordered, axis=0)).max(axis=1, initial=0.0)
    return bool(np.any(gaps <= PAYOFF_TIE))


def _choice(q: Floats, sizes: tuple[int, ...], movers: list[int]) -> Stage:
    """At most one player chooses: its best actions."""
    if not movers:
        return Stage(np.ones((1, sum(sizes))), q[:, :1].T.copy())
    (i,) = movers
    near = max(PAYOFF_TIE * float(np.ptp(q[i])), 1e-14 * float(np.abs(q[i]).max()))
    best = np.flatnonzero(q[i] >= q[i].max() - near)
    start = sum(sizes[:i])
    mixtures = np.ones((len(best), sum(sizes)))
    mixtures[:, start : start + sizes[i]] = 0.0
    mixtures[np.arange(len(best)), start + best] = 1.0
    return Stage(mixtures, q[:, best].T.copy(), len(best) == 1)


def _several(q: Floats, sizes: tuple[int, ...]) -> Stage:
    """Three movers and more, one game at a time."""
    from ceasefire.solvers.nash import nash

    movers = [i for i, k in enumerate(sizes) if k > 1]
    shape = tuple(sizes[i] for i in movers)
    flat = _snapped_by_player(q[movers].reshape(len(movers), *shape))
    found = nash(NormalForm(flat))
    mixtures, worth = np.ones((len(found), sum(sizes))), np.empty((len(found), len(sizes)))
    start = np.append(0, np.cumsum(sizes))
    for e, one in enumerate(found):
        value = q.reshape(len(sizes), *shape)
        for i, s in zip(reversed(movers), reversed(one.strategies), strict=True):
            mixtures[e, start[i] : start[i] + sizes[i]] = s.astype(float)
            value = value @ s.astype(float)
        worth[e] = value
    return Stage(mixtures, worth, True, found.complete)


def _snapped_by_player(tables: Floats) -> Floats:
    result = np.empty_like(tables)
    for i, table in enumerate(tables):
        moved = np.moveaxis(table, i, 0)
        flat = snapped(moved.reshape(1, len(moved), -1))
        result[i] = np.moveaxis(flat.reshape(moved.shape), 0, i)
    return result
