"""Payoff sets of two-player stochastic games by a sharpening pencil (Abreu, Brooks, Sannikov)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.errors import SolveError
from ceasefire.solvers._kernels import pencil as kernel
from ceasefire.solvers._stochastic_transfers import punishments

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.solvers._flat_states import FlatStates

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

FIRST_TUPLES = 1024  # room to begin with; doubled where it is short
MOST_TUPLES = 1 << 20


@dataclass(frozen=True, eq=False)
class Turn:
    """Sets of all states as tuples (see the kernel), the rows played for them, and threats."""

    tuples: Floats
    normal: Floats
    rows: Ints
    axis: Ints
    threat: Floats


def first_turn(flat: FlatStates) -> Turn:
    """What is feasible: every continuation is allowed."""
    n = len(flat.owner)
    threat = np.column_stack([punishments(flat, i, np.ones(n, dtype=bool))[1] for i in range(2)])
    nothing = Turn(np.zeros((1, flat.n_states, 2)), np.empty((0, 2)), np.empty((1, 0), np.int64),
                   np.zeros((2, 5), np.int64), threat)  # fmt: skip
    lure = np.full((2, n), -np.inf)
    return _turned(flat, nothing, lure, np.arange(n), np.full((n, 4, 2), np.nan), threat)


def next_turn(flat: FlatStates, old: Turn, *, rising: bool = True) -> Turn | NDArray[np.bool_]:
    """The next turn; where some states have no profile left, which these are.

    `rising` keeps threats from falling below those of `old`, as they cannot from above.
    """
    lure = np.ascontiguousarray([flat.lured(i, old.threat[:, i]) for i in range(2)])
    rows = _easiest(flat, lure)
    points, supported = np.empty((len(rows), 4, 2)), np.empty(len(rows), dtype=bool)
    kernel.binding(_part(flat, rows), lure.take(rows, axis=1), old.tuples, old.axis, points,
                   supported)  # fmt: skip
    alive = np.bincount(flat.owner[rows[supported]], minlength=flat.n_states) > 0
    if not alive.all():
        return ~alive
    if not rising:
        lowest = np.full_like(old.threat, -np.inf)
        return _turned(flat, old, lure, rows[supported], points[supported], lowest)
    allowed = np.ones(len(flat.owner), dtype=bool)  # not tried: it may be allowed
    allowed[rows] = supported
    threat = np.column_stack([punishments(flat, i, allowed)[1] for i in range(2)])
    threat = np.maximum(threat, old.threat)
    return _turned(flat, old, lure, rows[supported], points[supported], threat)


def _easiest(flat: FlatStates, lure: Floats) -> Ints:
    """Rows but for those that do what another does, and deter less."""
    if flat.alike is None:
        return np.arange(len(flat.owner))
    order = np.lexsort((lure[1], lure[0], flat.alike))
    first = np.flatnonzero(np.append(True, np.diff(flat.alike[order]) > 0))
    rank = np.repeat(np.arange(len(first)), np.diff(np.append(first, len(order))))
    # the running minimum of the second lure within a group, all groups in one sweep
    wide = 2.0 + np.ptp(lure[1])
    falling = np.minimum.accumulate(lure[1][order] - rank * wide) + rank * wide
    before = np.append(np.inf, falling[:-1])
    before[first] = np.inf
    return np.sort(order[lure[1][order] < before])


def _turned(
    flat: FlatStates, old: Turn, lure: Floats, rows: Ints, points: Floats, threat: Floats
) -> Turn:
    """One turn against the bounds of `old`; threats rise to the lowest payoffs of the new sets."""
    corner, begin, corner_rows = _corners(flat, rows, points)
    part, lures = _part(flat, rows), lure.take(rows, axis=1)
    start = np.searchsorted(rows, flat.start)
    room = max(FIRST_TUPLES, 2 * len(old.tuples))
    while True:
        tuples, normal = np.empty((room, flat.n_states, 2)), np.empty((room, 2))
        policy, axis = np.empty((room, flat.n_states), np.int64), np.empty((2, 5), np.int64)
        count = kernel.turn(
            part, (corner, begin, start), lures, old.tuples, old.normal, tuples, normal, policy,
            axis,
        )  # fmt: skip
        if count > 0:
            break
        if count == kernel.STUCK or room > MOST_TUPLES:
            raise SolveError("a turn of the pencil does not end: its moves are all rounding", old)
        room *= 4
    behind = np.append(corner_rows[::-1], rows)[policy[:count] + len(corner_rows)]
    kept = tuples[:count].copy()
    lowest = np.maximum(threat, kept.min(axis=0))
    return Turn(kept, normal[: count - 1].copy(), behind, axis, lowest)


def _part(flat: FlatStates, rows: Ints) -> tuple[Floats, Ints, Ints, Floats, float]:
    """Some rows as kernels take them: one memory layout and one type, so that they compile once."""
    law = flat.law[rows]
    places = law.indices.astype(np.int64), law.indptr.astype(np.int64)
    return law.data, *places, flat.payoffs.take(rows, axis=1), flat.delta


def _corners(flat: FlatStates, rows: Ints, points: Floats) -> tuple[Floats, Ints, Ints]:
    """Extreme points of each state's binding payoffs, where each state's begin, and their rows."""
    flat_points = points.reshape(-1, 2)
    there = np.flatnonzero(~np.isnan(flat_points[:, 0]))
    x, y = flat_points[there, 0].copy(), flat_points[there, 1].copy()
    behind = rows[there // 4]
    state = flat.owner[behind]
    order = np.lexsort((y, x, state))
    first = np.searchsorted(state[order], np.arange(flat.n_states + 1))
    keep = np.zeros(len(there), dtype=bool)
    kernel.corners(x, y, order, first, keep)
    begin = np.append(0, np.cumsum(np.bincount(state[keep], minlength=flat.n_states)))
    return np.column_stack([x[keep], y[keep]]), begin, behind[keep]
