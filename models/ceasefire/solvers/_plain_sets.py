"""Payoff sets of two-player stochastic games by plain iteration from outside, on polygons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.solvers._kernels import plain_sets as kernel
from ceasefire.solvers._pencil import Turn
from ceasefire.solvers._sharpen import Sharpened

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.solvers._flat_states import FlatStates

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

METHOD = "plain iteration of the set operator from outside (Abreu, Pearce and Stacchetti 1990)"
NOISE = 5e-13  # what a turn may err by: grid, points near a chord and slack of constraints
STATES, ROWS = 8, 400  # games up to this size are always checked from outside
CUT_OFF = 1e-6  # sets that miss no more than this, in payoff ranges, pass the check
POINTS = 2_500_000  # met by a check before it gives up: a second or so
CHECKS = 600  # turns of a check


@dataclass(frozen=True, eq=False)
class Sets:
    """Polygons of all states (see the kernel), and the row played for every point."""

    points: Floats
    begin: Ints
    rows: Ints

    @property
    def threat(self) -> Floats:
        """Every player's lowest payoff in every state, shape (n_states, 2)."""
        return np.minimum.reduceat(self.points, self.begin[:-1], axis=0)

    def outside(self, other: Sets) -> float:
        """How far any point lies outside the other's polygon of the same state."""
        return float(kernel.outside(self.points, self.begin, other.points, other.begin))

    def turn(self) -> Turn:
        """The same as tuples, one point of every state each: shorter lists repeat their last."""
        size = np.diff(self.begin)
        at = self.begin[:-1] + np.minimum(np.arange(size.max())[:, None], size - 1)
        nothing = np.zeros((2, 5), dtype=np.int64)
        return Turn(self.points[at], np.empty((0, 2)), self.rows[at], nothing, self.threat)


def box(flat: FlatStates) -> Sets:
    """All payoffs between the least and the largest of any day."""
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    n = flat.n_states
    return Sets(np.tile(corners, (n, 1)), 4 * np.arange(n + 1), np.zeros(4 * n, dtype=np.int64))


def following(flat: FlatStates, old: Sets) -> tuple[Sets, int]:
    """The set operator applied once, and the number of points met on the way."""
    lure = np.ascontiguousarray([flat.lured(i, old.threat[:, i]) for i in range(2)])
    top = np.maximum.reduceat(old.points, old.begin[:-1], axis=0)
    most = (1 - flat.delta) * flat.payoffs + flat.delta * (flat.law @ top).T
    rows = np.flatnonzero((most >= lure - 2 * kernel.SLACK).all(axis=0))
    law = (flat.law.data, flat.law.indices.astype(np.int64), flat.law.indptr.astype(np.int64))
    points, begin, played, met = kernel.turn(
        law, rows, np.searchsorted(rows, flat.start), np.ascontiguousarray(flat.payoffs),
        flat.delta, lure, old.points, old.begin,
    )  # fmt: skip
    return Sets(points, begin, played), int(met)


def iterate(flat: FlatStates, tolerance: float, limit: int, why: str) -> Sharpened:
    """Outer bounds from the box on until one moves by no more than `tolerance`.

    The operator is monotone: every iterate contains the largest fixed point, up to NOISE over
    1 - delta. A turn costs about n_rows * n_vertices * log, and takes a factor of about delta off
    the distance left; nothing is extrapolated. `why` is what the pencil was left for.
    """
    old, moved, alive = box(flat), np.inf, np.zeros(flat.n_states, dtype=bool)
    for count in range(1, limit + 1):
        new, _ = following(flat, old)
        dead = np.diff(new.begin) == 0
        if dead.any():
            return _told(old, old, moved, count, dead, why)
        moved = old.outside(new)
        if moved <= max(tolerance, 1 / kernel.GRID):
            return _told(old, new, max(moved * flat.delta, NOISE), count, alive, why)
        old, last = new, old
    return _told(last, old, moved, limit, alive, why)


def turns_needed(delta: float, tolerance: float) -> float:
    """How many turns take the box to within `tolerance`, roughly."""
    return 1.0 if delta <= 0 else float(np.log(tolerance) / np.log(delta))


def misses(flat: FlatStates, found: Sharpened) -> bool | None:
    """Whether sets cut off more than CUT_OFF of what play from the box on keeps; None: not told.

    Iterates contain the largest fixed point, so sets that reach as far as one of them miss
    nothing. They seem to miss something where iterates slow down outside them, and a state is
    wrongly given up where they slow down without giving up any.
    """
    if flat.n_states > STATES or len(flat.owner) > ROWS:
        return None
    if turns_needed(flat.delta, CUT_OFF) > CHECKS:
        return None
    old, spent, given_up = box(flat), 0, bool(found.dead.any())
    for _ in range(CHECKS):
        new, met = following(flat, old)
        if (np.diff(new.begin) == 0).any():
            return not given_up
        if not given_up and reach(new, found) <= CUT_OFF:
            return False
        if old.outside(new) <= (1 - flat.delta) * CUT_OFF / 10:
            return True
        spent += met
        if spent > POINTS:
            return None
        old = new
    return None


def reach(sets: Sets, found: Sharpened) -> float:
    """How far polygons reach outside those found."""
    return sets.outside(_hulls(found.last.tuples))


def covers(found: Sharpened, plain: Sharpened) -> bool:
    """Whether sets found reach as far as those of plain iteration, but for CUT_OFF."""
    return not plain.dead.any() and reach(_hulls(plain.last.tuples), found) <= CUT_OFF


def _hulls(tuples: Floats) -> Sets:
    """Polygons of tuples, counterclockwise."""
    each = [tuples[kernel.hull(np.ascontiguousarray(tuples[:, s])), s]
            for s in range(tuples.shape[1])]  # fmt: skip
    begin = np.append(0, np.cumsum([len(points) for points in each]))
    return Sets(np.concatenate(each), begin, np.zeros(begin[-1], dtype=np.int64))


def _told(
    before: Sets, last: Sets, moved: float, turns: int, dead: NDArray[np.bool_], why: str
) -> Sharpened:
    return Sharpened(
        before.turn(), last.turn(), moved, turns, dead, 0.0, method=METHOD, pencil_left=why
    )
