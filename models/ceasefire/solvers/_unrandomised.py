"""Two players, pure actions, no public lottery: cells that may pay, paths that do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial import cKDTree

from ceasefire.errors import ArgumentError
from ceasefire.solvers import _abreu_sannikov
from ceasefire.solvers import _penal_paths as paths
from ceasefire.solvers import _unrandomised_cells as cells
from ceasefire.solvers._unrandomised_points import Points, grown, start
from ceasefire.solvers.sets import PayoffSet
from ceasefire.status import Status
from ceasefire.tolerances import PAYOFF_SET_GAP

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from ceasefire.games import Automaton, RepeatedGame
    from ceasefire.solvers._abreu_sannikov import Stage

    Floats = NDArray[np.float64]

METHOD = "cells closed under the set operator, and paths kept by certified punishments"
MOST_PROFILES = 225
LEVELS = 10  # the finest grid has 2**10 cells a side
EXTRA = 2  # grids tried past the one whose cells would do
DOWN = 12  # times that threats are lowered to what their own paths pay
HALVINGS = 6  # times that threats between those and what failed are tried
LOWERED = 1e-9  # of the payoff range: less is no progress


@dataclass(frozen=True, eq=False, repr=False)
class UnrandomisedSet(PayoffSet):
    """Equilibrium payoffs without a public lottery: a closed set, in general not convex.

    `vertices` and `inner` are payoffs of equilibria that were found, one or more a small cell,
    not extreme points: what lies between them need not be an equilibrium payoff. `outer` lists
    the corners of the cells outside which there is none: their union, not their hull, is the
    bound. `gap` is the Hausdorff distance between that union and the points found (at most).

    ``detail["cells"]`` (k, 2) holds the lower corners of the cells, ``detail["cell_size"]`` their
    sides, and ``detail["at_least"]`` what no equilibrium goes below, utils; `threat` is what the
    harshest punishments found leave.
    """

    def contains(self, payoffs: ArrayLike, state: int = 0, *, tolerance: float = 1e-9) -> bool:
        """Whether an equilibrium was found that pays this, within `tolerance` of the set's extent.

        False does not mean that none does: see `excludes`.
        """
        points = self.points(state)
        if not len(points):
            return False
        scale = float(np.ptp(points, axis=0).max()) or float(np.abs(points).max()) or 1.0
        off = np.abs(points - np.asarray(payoffs, dtype=float)).max(axis=1)
        return bool(off.min() <= tolerance * scale)

    def excludes(self, payoffs: ArrayLike) -> bool:
        """Whether no equilibrium pays this: it lies in none of the cells."""
        low, size = self.detail["cells"], self.detail["cell_size"]
        v = np.asarray(payoffs, dtype=float)
        slack = cells.TOUCH * size
        return not np.any(np.all((v >= low - slack) & (v <= low + size + slack), axis=1))

    def automaton(self, point: int) -> Automaton:
        """An equilibrium that pays ``vertices[point]``, as an automaton for `check_automaton`."""
        found: Points = self.detail["points"]
        if not 0 <= point < len(found.value):
            raise ArgumentError("point", point, f"0 to {len(found.value) - 1}")
        worst = [found.path(int(k)) for k in np.argmin(found.value, axis=0)]
        return paths.automaton(self.game, found.path(point), worst, "found path")  # type: ignore[arg-type]

    def __repr__(self) -> str:
        if self.is_empty:
            return f"no equilibrium payoffs without a lottery ({self.method}; {self.status})"
        count, low = len(self.vertices), ", ".join(f"{x:.6g}" for x in self.threat)
        head = f"{count} equilibrium payoffs without a public lottery, gap {self.gap:.1e}"
        return f"{head}; worst {low}; {self.method}; {self.status}"


@dataclass(frozen=True, eq=False)
class PathCertificate:
    """Evidence that every point found is an equilibrium payoff, recomputed from its path.

    Attributes
    ----------
    residual : float
        Largest difference between a point and what its path pays, payoff ranges.
    slack : float
        The least ``V_i - (1 - delta) max u_i - delta p_i`` over the first and last day that each
        point's profile is played (in between it is a mean of the two), over ``1 - delta``; ``p``
        is what the harshest points found pay.
    """

    residual: float
    slack: float

    @property
    def holds(self) -> bool:
        """Whether both are nought up to rounding."""
        return self.residual <= 1e-12 and self.slack >= -1e-10


def solve(game: RepeatedGame, *, tol: float, max_iterations: int) -> UnrandomisedSet:
    """Return the payoffs of equilibria in pure actions of two players without a public lottery.

    ``V`` is the largest closed W with ``W = union_a {(1 - delta) u(a) + delta w : w in W, w_i >=
    min_W w_i + (1 - delta) / delta gain_i(a)}``. Outer: the cells of a grid that the operator
    keeps, each grid from the one twice as coarse. Inner: cycles that no player leaves, and what
    days before them pay, one point a cell.

    Notes
    -----
    A cell stays if for some profile the continuations that would pay it meet a cell that stays.
    Threats are bounded from below by the cells and from above by points found, whose paths must
    be kept by threats that the points themselves carry out. Costs a multiple of the number of
    cells times that of profiles; a gap finer than some 0.003 payoff ranges is out of reach, and
    the gap stays open beside discount factors at which the set jumps, and where cells of a
    fractal set fall away slowly.
    """
    if game.n_players != 2:
        got = f"{game.n_players} players, public_randomisation=False"
        raise ArgumentError("game", got, "two players, or public_randomisation=True")
    size = int(np.prod(game.stage.shape))
    if size > MOST_PROFILES:
        got = f"{size} profiles, public_randomisation=False"
        raise ArgumentError("game", got, f"at most {MOST_PROFILES}, or public_randomisation=True")
    stage = _abreu_sannikov.scaled(game.stage)
    near = paths.Stage(stage.payoff, stage.gain, game.discount)
    if game.discount < _abreu_sannikov.NO_FUTURE:
        return _one_day(game, stage, near)
    convex = _abreu_sannikov.bounds(game, stage, PAYOFF_SET_GAP, _abreu_sannikov.MOST_ITERATIONS)
    if not len(convex.outer):
        return _empty(game, stage, 0)
    return _refined(game, stage, near, convex.outer, tol, max_iterations)


def _refined(
    game: RepeatedGame, stage: Stage, near: paths.Stage, hull: Floats, tol: float, most: int
) -> UnrandomisedSet:
    """Halve the cells until the points found are within `tol` of them, in payoff ranges."""
    level = max(3, int(np.ceil(np.log2(np.sqrt(2.0) / tol))))
    last, steps = min(LEVELS, level + EXTRA), 0
    grid, seeds = cells.first(hull), _seeds(near, hull)
    share = stage.width / (float(stage.width.max()) or 1.0)
    best: tuple[float, Points, cells.Grid] | None = None
    while grid.level < last:
        grid = cells.halved(grid, hull)
        grid, done = cells.kept(grid, near, most - steps)
        steps += done
        if not grid.alive.any():
            return _empty(game, stage, steps)
        if grid.level < min(level, last):
            continue
        points = _inner(near, grid, hull, seeds)
        gap = _gap(points, grid, share)
        if best is None or gap < best[0]:
            best = gap, points, grid
        if gap <= tol or steps >= most:
            break
    assert best is not None  # the last level is reached
    return _assembled(game, stage, near, best[1], best[2], steps, tol)


def _seeds(near: paths.Stage, hull: Floats) -> list[paths.Path]:
    """Paths that pay each player its worst payoff under a lottery; none where one is missing."""
    found = [paths.worst(near, i, hull.min(axis=0), hull[:, i].max()) for i in range(2)]
    kept = [path for path in found if path is not None]
    return kept if len(kept) == 2 else []


def _inner(near: paths.Stage, grid: cells.Grid, hull: Floats, seeds: list[paths.Path]) -> Points:
    """Points whose paths are kept by threats that some of them carry out.

    The convex set's own threats where paths carry them out; else the cells' threats, raised until
    paths do, then lowered to what these pay.
    """
    if seeds:
        level = hull.min(axis=0)
        return grown(near, level, start(near, level, seeds), grid.size / 2)
    return _lowered(near, _raised(near, grid), grid)


def _raised(near: paths.Stage, grid: cells.Grid) -> tuple[Points, Floats]:
    """Points kept by threats of their own, and threats that were too low.

    The threats that are not carried out are raised to what the points pay, by ever more; where
    that is too much for any path, the stage's own equilibria are threats.
    """
    rise, threat, failed = 0.0, grid.threat, grid.threat
    while True:
        points = grown(near, threat, start(near, threat, []), grid.size / 2)
        if not len(points.value):
            break
        if _carried_out(points, threat):
            return points, failed
        worst, failed = points.value.min(axis=0), threat
        threat = np.where(worst > threat, np.maximum(worst, threat + rise), threat)
        rise = 2.0 * rise or grid.size
    rest = np.flatnonzero(np.all(near.gain <= 0.0, axis=1))
    if not len(rest):
        return Points.none(), failed
    threat = near.payoff[rest].min(axis=0)
    return grown(near, threat, start(near, threat, []), grid.size / 2), failed


def _lowered(near: paths.Stage, found: tuple[Points, Floats], grid: cells.Grid) -> Points:
    """Points with harsher threats: half way to what failed, then what the points pay."""
    points, failed = found
    for step in range(HALVINGS + DOWN if len(points.value) else 0):
        reached = points.value.min(axis=0)
        threat = (reached + np.minimum(failed, reached)) / 2 if step < HALVINGS else reached
        again = grown(near, threat, start(near, threat, points.worst()), grid.size / 2)
        if _carried_out(again, threat):
            points = again
            if step >= HALVINGS and np.all(reached - again.value.min(axis=0) <= LOWERED):
                break
        else:
            failed = threat
    return points


def _carried_out(points: Points, threat: Floats) -> bool:
    """Whether some points pay each player no more than the threats that keep all of them."""
    worst = points.value.min(axis=0, initial=np.inf)
    return bool(np.all(worst <= threat + LOWERED * 1e-3))


def _gap(points: Points, grid: cells.Grid, share: Floats) -> float:
    """Hausdorff distance between the union of cells and the points, at most, utils over range."""
    if not len(points.value):
        return np.inf
    centre = (grid.corners() + grid.size / 2) * share
    away, _ = cKDTree(points.value * share).query(centre)
    return float(np.max(away)) + float(np.hypot(*(grid.size / 2 * share)))


def certify(near: paths.Stage, points: Points) -> PathCertificate:
    """Recompute payoffs and incentives of every point from its profile, its days and its next."""
    if not len(points.value):
        return PathCertificate(0.0, 0.0)
    d, u = near.discount, near.payoff[points.profile]
    best, threat = u + near.gain[points.profile], points.value.min(axis=0)
    rest, later = d ** points.days[:, None], points.value[points.after]
    residual = float(np.abs((1 - rest) * u + rest * later - points.value).max())
    last = (1 - d) * u + d * later
    tempted = (1 - d) * best + d * threat
    slack = min(float((points.value - tempted).min()), float((last - tempted).min()))
    return PathCertificate(residual, slack / (1 - d))


def _assembled(
    game: RepeatedGame, stage: Stage, near: paths.Stage, points: Points, grid: cells.Grid,
    steps: int, tol: float,
) -> UnrandomisedSet:  # fmt: skip
    share = stage.width / (float(stage.width.max()) or 1.0)
    points = points.distinct()
    gap = _gap(points, grid, share)
    proof = certify(near, points)
    solved = gap <= tol and proof.holds
    inner = stage.low + stage.width * points.value
    low = grid.corners()
    around = np.concatenate([low + grid.size * np.array(c) for c in np.ndindex(2, 2)])
    corners = np.unique(np.round(around / grid.size), axis=0) * grid.size
    detail = {
        "cells": stage.low + stage.width * low, "cell_size": stage.width * grid.size,
        "points": points, "at_least": stage.low + stage.width * grid.threat,
    }  # fmt: skip
    return UnrandomisedSet(
        game=game, vertices=inner, outer=stage.low + stage.width * corners, inner=inner,
        gap=gap * float(stage.width.max()) if np.isfinite(gap) else np.inf,
        threat=inner.min(axis=0) if len(inner) else np.full(2, np.nan), exact=False,
        method=METHOD, status=Status.OK if solved else Status.NOT_CONVERGED, iterations=steps,
        public_randomisation=False, certificate=proof, detail=detail,
    )  # fmt: skip


def _one_day(game: RepeatedGame, stage: Stage, near: paths.Stage) -> UnrandomisedSet:
    """Where the future counts for nothing: the stage's own equilibria."""
    rest = np.flatnonzero(np.all(stage.gain <= 0, axis=1))
    if not len(rest):
        return _empty(game, stage, 0)
    value, first = np.unique(stage.payoff[rest], axis=0, return_index=True)
    points = Points.of(value, rest[first], np.arange(len(value)))
    utils = game.stage.payoffs.reshape(2, -1).T[points.profile]
    detail = {
        "cells": utils, "cell_size": np.zeros(2), "points": points, "at_least": utils.min(axis=0)
    }  # fmt: skip
    return UnrandomisedSet(
        game=game, vertices=utils, outer=utils, inner=utils, gap=0.0, threat=utils.min(axis=0),
        exact=True, method="equilibria of the stage game", public_randomisation=False,
        certificate=certify(near, points), detail=detail,
    )  # fmt: skip


def _empty(game: RepeatedGame, stage: Stage, steps: int) -> UnrandomisedSet:
    none: Any = np.empty((0, 2))
    detail = {
        "cells": none, "cell_size": stage.width * 0.0, "points": Points.none(),
        "at_least": np.full(2, np.nan),
    }  # fmt: skip
    return UnrandomisedSet(
        game=game, vertices=none, outer=none, inner=none, gap=0.0, threat=np.full(2, np.nan),
        exact=True, method=METHOD, status=Status.NO_EQUILIBRIUM, iterations=steps,
        public_randomisation=False, certificate=PathCertificate(0.0, 0.0),
        detail=detail,
    )  # fmt: skip
