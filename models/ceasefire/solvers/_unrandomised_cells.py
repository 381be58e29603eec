"""Square cells that may hold equilibrium payoffs without a lottery: an operator on grids.

Payoffs from 0 to 1. A grid of level L has 2**L cells a side, closed, so that a payoff on an edge
belongs to both its cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.solvers._kernels import unrandomised as kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.solvers._penal_paths import Stage

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

TOUCH = 1e-9  # of a cell: what touches, up to rounding, meets
ROUNDING = 1e-13  # of the payoff range: a threat from below stays below


@dataclass(frozen=True, eq=False)
class Grid:
    """Cells that are left, (2**level, 2**level), and threats that no equilibrium goes below."""

    level: int
    alive: Bools
    threat: Floats

    @property
    def size(self) -> float:
        """The side of a cell."""
        return 0.5**self.level

    def corners(self) -> Floats:
        """Lower corners of the cells that are left, (k, 2)."""
        return np.asarray(np.argwhere(self.alive) * self.size, dtype=np.float64)


def first(hull: Floats) -> Grid:
    """One cell; threats from the convex set, which holds all equilibrium payoffs."""
    return Grid(0, np.ones((1, 1), dtype=bool), hull.min(axis=0) - ROUNDING)


def halved(grid: Grid, hull: Floats) -> Grid:
    """Four cells for each, without those that miss the convex set."""
    alive = np.kron(grid.alive, np.ones((2, 2), dtype=bool))
    fine = Grid(grid.level + 1, alive, grid.threat)
    at = np.argwhere(alive)
    alive[tuple(at[~_meets(fine.corners(), fine.size, hull)].T)] = False
    return fine


def _meets(low: Floats, size: float, hull: Floats) -> Bools:
    """Whether cells meet a convex polygon, or nearly: no side of either keeps them apart."""
    slack = TOUCH * size + ROUNDING
    bottom, top = hull.min(axis=0), hull.max(axis=0)
    good = np.all((low + size >= bottom - slack) & (low <= top + slack), axis=1)
    edges = np.roll(hull, -1, axis=0) - hull
    for p, e in zip(hull, edges, strict=True):
        length = float(np.hypot(*e))
        if length <= ROUNDING:
            continue
        out = np.array([e[1], -e[0]]) / length
        least = (low - p) @ out + size * np.minimum(out, 0.0).sum()
        good &= least <= slack
    return np.asarray(good)


def kept(grid: Grid, stage: Stage, most: int) -> tuple[Grid, int]:
    """Drop cells that nothing pays, while there are any; return what is left and the steps."""
    alive, threat, steps = grid.alive.copy(), grid.threat, 0
    while alive.any() and steps < most:
        low = np.array([np.flatnonzero(alive.any(axis=1 - i))[0] for i in range(2)])
        threat = np.maximum(threat, low * grid.size - ROUNDING)
        at = np.argwhere(alive)
        paid = _paid(at, alive, grid.size, stage, threat)
        steps += 1
        if paid.all():
            break
        alive[tuple(at[~paid].T)] = False
    return Grid(grid.level, alive, threat), steps


def _paid(at: NDArray[np.int64], alive: Bools, size: float, stage: Stage, threat: Floats) -> Bools:
    """Whether some profile and a continuation in a cell that is left pays into each cell."""
    n, d = len(alive), stage.discount
    count = np.zeros((n + 1, n + 1), dtype=np.int64)
    count[1:, 1:] = alive.cumsum(axis=0).cumsum(axis=1)
    need = threat + (1 - d) / d * stage.gain
    some = np.all(need <= 1.0 + ROUNDING, axis=1)
    good = kernel.paid(at, count, size, stage.payoff[some], need[some], d, TOUCH, ROUNDING)
    return np.asarray(good)
