"""Paths of Markov homotopies: predictor, corrector, and the exact equilibrium at their end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.linalg import lapack

from ceasefire.solvers._kernels import homotopy as kernel
from ceasefire.solvers._kernels.homotopy import (
    EXACT,
    FIXED,
    FIXED_TRACING,
    LOGIT,
    TRACING,
    Plan,
    Work,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from ceasefire.games import StochasticGame

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["EXACT", "FIXED", "LOGIT", "TRACING"]

ENOUGH = 1e-3  # the last Newton step on the way: what is left is its square
EXACT_ENOUGH = 1e-11
FIRST_STEP, LEAST_STEP, LARGEST_GROWTH = 0.1, 1e-10, 3.0
AIM, FARTHEST = 0.1, 1.0  # first Newton step: aimed at, and refused
LEAST_COSINE = 0.6
CLOSE = 0.01  # in probability: how near its end a path must be to be told which end it is
CORRECTIONS = 6
CROSSING_STEP = 1e-3  # a change of sign that a step this short still shows is a bifurcation
# Lines of the reduced system: up to the first by the kernel, up to the second by LAPACK, beyond
# it by SuperLU if sparse. Measured on two cores.
SMALL_LINES, DENSE_LINES = 128, 700
LEAST_PIVOT, LARGEST_FULL = 1e-5, 2_000  # below, and up to: solve without elimination by states
NONE, NOTHING = np.empty(0), np.empty((0, 0))


class Problem(NamedTuple):
    """A game as the kernels want it, in payoffs from 0 to 1, with their buffers."""

    game: StochasticGame
    plan: Plan
    work: Work
    matrix: Floats | None  # None: the reduced system is sparse
    pattern: tuple[Ints, Ints] | None  # its indices and indptr, by line
    unit: Floats  # utils in a payoff of 1, by player
    low: Floats  # utils of a payoff of 0

    @property
    def n_actions(self) -> int:
        return len(self.work.played)

    @property
    def size(self) -> int:
        """Number of unknowns, the parameter among them."""
        return len(self.work.residual) + 1

    def values(self, z: Floats) -> Floats:
        """Discounted payoffs of states, shape (n_states, n_players), utils."""
        daily = z[self.n_actions : self.size - 1].reshape(-1, self.game.n_players)
        return np.asarray((daily * self.unit + self.low) * (1.0 + self.plan.ahead))

    def mixtures(self, z: Floats, mode: int) -> Floats:
        """Probabilities of all actions, each distribution adding up to 1."""
        z = z[: self.n_actions]
        x = np.maximum(z, 0.0) if mode == EXACT else np.exp(z)
        start = self.plan.action
        return np.asarray(x / np.repeat(np.add.reduceat(x, start[:-1]), np.diff(start)))


@dataclass(frozen=True, eq=False)
class Point:
    """A point of a path: unknowns, unit tangent, and how it was reached."""

    z: Floats
    tangent: Floats
    step: float
    corrections: int
    crossings: int  # bifurcations passed so far


def problem(
    game: StochasticGame,
    *,
    prior: Floats | None = None,
    common: bool = False,
    penalty: float = 1.0,
    scale: tuple[Floats, Floats] | None = None,
) -> Problem:
    """Scale payoffs player by player, and lay out what the kernels read.

    prior: mixtures in one vector, uniform by default. common: whether one unit of precision is
    the same number of utils for all players, else each one's payoff range. penalty: of tracing.
    scale: what payoffs are counted from and in, by default each player's least and range.
    """
    payoff, low, unit = _scaled(game, scale)
    start, n = game.action_start, game.n_players
    counts = np.diff(start)
    x = np.repeat(1.0 / counts, counts) if prior is None else prior
    acts = taken(game)
    others = np.empty(acts.shape)
    for i in range(n):
        others[:, i] = np.prod(np.delete(x[acts], i, axis=1), axis=1)
    law = game.transitions
    reach, after, own, local = _successors(game)
    n_actions, wide = game.n_actions.sum(axis=1), np.diff(reach)
    slot, square = _starts(n_actions * wide), _starts(n_actions**2)
    weight = unit / unit.max() if common else np.ones(n)
    delta = game.discounts
    plan = Plan(
        payoff, delta / (1.0 - delta), weight, acts, game.profile_start, start,
        law.indptr.astype(np.int64), local, np.array(law.data), reach, after, own, slot, square,
        np.log(x), others, penalty,
    )  # fmt: skip
    lines, total = n * game.n_states, int(start[-1])
    work = Work(
        np.zeros(slot[-1]), np.zeros(square[-1]), np.zeros(total, np.int64),
        np.zeros(total + lines), np.zeros(total + lines), np.zeros(total), np.zeros(total),
        np.zeros(n * n * reach[-1]), np.zeros((lines + 1, 2)), np.zeros(lines + 1),
        np.zeros(lines + 1),
    )  # fmt: skip
    full = lines <= DENSE_LINES or reach[-1] * n > 0.2 * game.n_states * lines
    matrix = np.zeros((lines + 1, lines + 1)) if full else None
    pattern = None if full else _pattern(reach, after, n)
    return Problem(game, plan, work, matrix, pattern, unit, low)


def like(p: Problem, game: StochasticGame) -> Problem:
    """A game of the same actions in the payoff units of `p`, with its layout where that fits."""
    law, before = game.transitions, p.game.transitions
    alike = np.array_equal(law.indptr, before.indptr) and np.array_equal(
        law.indices, before.indices
    )
    if not alike:
        other = problem(game, scale=(p.low, p.unit))
        return other._replace(plan=other.plan._replace(weight=p.plan.weight))
    delta = game.discounts
    payoff = _scaled(game, (p.low, p.unit))[0]
    plan = p.plan._replace(payoff=payoff, ahead=delta / (1.0 - delta), chance=np.array(law.data))
    return p._replace(game=game, plan=plan)


def _scaled(
    game: StochasticGame, scale: tuple[Floats, Floats] | None
) -> tuple[Floats, Floats, Floats]:
    """Payoffs from 0 to 1 (R, n); lowest payoffs and ranges by player, utils."""
    if scale is not None:
        low, unit = scale
        return np.ascontiguousarray(((game.payoffs - low[:, None]) / unit[:, None]).T), low, unit
    low = game.payoffs.min(axis=1)
    unit = np.where(game.payoff_range > 0, game.payoff_range, 1.0)
    table = game.payoffs - low[:, None]
    if game.is_exact:  # subtract before rounding: a common shift costs no digits
        exact = game.exact_payoffs
        table = np.array([(row - row.min()).astype(float) for row in exact])
        top = table.max(axis=1)
        unit = np.where(top > 0, top, 1.0)
    return np.ascontiguousarray((table / unit[:, None]).T), low, unit


def taken(game: StochasticGame) -> Ints:
    """Actions of each profile row, by their place in the flat vector, shape (R, n)."""
    acts = np.empty((game.n_profiles, game.n_players), np.int64)
    start = game.action_start[:-1].reshape(game.n_actions.shape)
    shapes, group = np.unique(game.n_actions, axis=0, return_inverse=True)
    for g, shape in enumerate(shapes):
        cells = np.indices(tuple(shape)).reshape(game.n_players, -1).T
        states = np.flatnonzero(group.ravel() == g)
        rows = game.profile_start[states][:, None] + np.arange(len(cells))
        acts[rows] = start[states][:, None, :] + cells
    return acts


def _successors(game: StochasticGame) -> tuple[Ints, Ints, Ints, Ints]:
    """States that can follow each state, itself among them; chances point into their list."""
    from scipy.sparse import csr_array, eye_array

    law, n = game.transitions, game.n_states
    graph = csr_array(csr_array(game.state_graph) + eye_array(n, format="csr"))
    graph.sort_indices()
    reach, after = graph.indptr.astype(np.int64), graph.indices.astype(np.int64)
    owner = np.repeat(np.arange(n), np.diff(game.profile_start))
    by_chance = np.repeat(owner, np.diff(law.indptr))
    keys = np.repeat(np.arange(n), np.diff(reach)) * n + after
    local = np.searchsorted(keys, by_chance * n + law.indices) - reach[by_chance]
    own = np.searchsorted(keys, np.arange(n) * (n + 1)) - reach[:-1]
    return reach, after, own.astype(np.int64), local.astype(np.int64)


def _starts(counts: Ints) -> Ints:
    return np.append(0, np.cumsum(counts)).astype(np.int64)


def _pattern(reach: Ints, after: Ints, n: int) -> tuple[Ints, Ints]:
    """Columns of the reduced system's lines without the parameter and the last, and starts."""
    blocks = np.split((after[:, None] * n + np.arange(n)), reach[1:-1])
    columns = np.concatenate([np.tile(b.ravel(), n) for b in blocks])
    return columns, _starts(np.repeat(np.diff(reach) * n, n))


def newton(
    p: Problem, mode: int, z: Floats, line: Floats, given: Floats = NONE, level: float = 0.0
) -> tuple[Floats, float]:
    """Newton's step and the tangent, shape (2, size), with the last equation ``line @ z``.

    The sign is that of the determinant: along a path it changes only where another path crosses.
    """
    sign, pivot = kernel.assemble(p.plan, p.work, mode, level, z, line, given, NOTHING)
    if pivot < LEAST_PIVOT and p.size <= LARGEST_FULL:
        return _full_solve(p, mode, level, z, line, given)
    if p.matrix is None:
        tail, factor = _sparse_solve(p)
    else:
        _dense(p, p.matrix)
        if len(p.matrix) <= SMALL_LINES:
            tail = p.work.right
            factor = kernel.solve(p.matrix, tail)
        else:
            tail, factor = _lapack(p.matrix, p.work.right)
    step = np.empty((2, p.size))
    plan, work = p.plan, p.work
    kernel.back(
        plan.action, plan.reach, plan.after, plan.slot, plan.square, work.slope, work.lu,
        work.pivot, work.residual, work.column, tail, step,
    )  # fmt: skip
    return step, sign * factor


def _dense(p: Problem, matrix: Floats) -> None:
    kernel.dense(p.plan.reach, p.plan.after, p.work.block, p.work.edge, p.work.last, matrix)


def _lapack(matrix: Floats, right: Floats) -> tuple[Floats, float]:
    lu, pivot, _ = lapack.dgetrf(matrix)
    diagonal = lu.diagonal()
    if not np.all(diagonal):
        return np.full(right.shape, np.nan), 0.0
    flips = np.count_nonzero(pivot != np.arange(len(pivot))) + np.count_nonzero(diagonal < 0)
    return lapack.dgetrs(lu, pivot, right)[0], -1.0 if flips % 2 else 1.0


def _full_solve(
    p: Problem, mode: int, level: float, z: Floats, line: Floats, given: Floats
) -> tuple[Floats, float]:
    """Without elimination of the policies first: pivots may come from anywhere."""
    full = np.zeros((p.size, p.size))
    kernel.assemble(p.plan, p.work, mode, level, z, line, given, full)
    right = np.zeros((p.size, 2))
    right[:-1, 0] = p.work.residual
    right[-1, 1] = 1.0
    tail, sign = _lapack(full, right)
    return np.ascontiguousarray(tail.T), sign


def _sparse_solve(p: Problem) -> tuple[Floats, float]:
    """By SuperLU, of the transposed system: its columns are the lines that the kernel fills."""
    from scipy.sparse import csc_array
    from scipy.sparse.linalg import splu

    assert p.pattern is not None
    columns, start = p.pattern
    lines = len(start) - 1
    slots = start[1:]
    data = np.insert(p.work.block, slots, p.work.edge[:lines])
    rows = np.insert(columns, slots, lines)
    last = p.work.last.copy()
    last[lines] = p.work.edge[lines]
    data, rows = np.append(data, last), np.append(rows, np.arange(lines + 1))
    ends = np.append(start + np.arange(lines + 1), len(data))
    try:
        lu = splu(csc_array((data, rows, ends), shape=(lines + 1, lines + 1)))
    except RuntimeError:  # exactly singular
        return np.full((lines + 1, 2), np.nan), 0.0
    flips = np.count_nonzero(lu.U.diagonal() < 0) + _parity(lu.perm_r) + _parity(lu.perm_c)
    tail = lu.solve(p.work.right, "T")  # type: ignore[call-overload]  # the stub has no `trans`
    return tail, -1.0 if flips % 2 else 1.0


def _parity(order: NDArray[Any]) -> int:
    """Number of transpositions of a permutation, modulo 2: its length less its cycles."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    size = len(order)
    links = csr_array((np.ones(size), order, np.arange(size + 1)), shape=(size, size))
    return (size - int(connected_components(links, directed=False)[0])) % 2


class Corrected(NamedTuple):
    z: Floats
    tangent: Floats
    corrections: int
    first: float
    sign: float


def correct(
    p: Problem, mode: int, z: Floats, line: Floats, enough: float = ENOUGH, most: int = CORRECTIONS
) -> Corrected | None:
    """Newton back to the path, at right angles to `line`; None where it does not settle."""
    first = before = np.inf
    for k in range(most):
        step, sign = newton(p, mode, z, line)
        size = float(np.max(np.abs(step[0]) / (1.0 + np.abs(z))))
        if k == 0:
            first = size
        if not size < min(FARTHEST, 0.5 * before if size > enough else np.inf):
            return None
        z = z - step[0]
        if size < enough:
            return Corrected(z, step[1], k + 1, first, sign)
        before = size
    return None


def follow(
    p: Problem, mode: int, z: Floats, enough: float = ENOUGH, aim: float = AIM
) -> Iterator[Point]:
    """Points of the path from `z` on, starting towards a larger parameter.

    The predictor is the cubic through the last two points and their tangents; the next step's
    length follows from how far it missed, against `aim`.
    """
    line = np.zeros(p.size)
    line[-1] = 1.0
    found = correct(p, mode, z, line, EXACT_ENOUGH)
    if found is None:
        return
    sign = found.sign
    here = Point(found.z, found.tangent / np.linalg.norm(found.tangent), 0.0, 0, 0)
    yield here
    step, behind, crossings, refined = FIRST_STEP, here, 0, True
    while step > LEAST_STEP * (1.0 + abs(here.z[-1])):
        ahead = correct(p, mode, _predicted(behind, here, step), here.tangent, enough)
        if ahead is not None:
            tangent = ahead.tangent / np.linalg.norm(ahead.tangent)
            crossed = ahead.sign != sign
            if tangent @ here.tangent < LEAST_COSINE or (crossed and step > CROSSING_STEP):
                ahead = None
        if ahead is None:
            step *= 0.3
            if not refined:
                here, refined = _refined(p, mode, here), True
            continue
        if crossed:
            sign, crossings = ahead.sign, crossings + 1
        moved = float(np.linalg.norm(ahead.z - here.z))
        behind, here = here, Point(ahead.z, tangent, moved, ahead.corrections, crossings)
        refined = False
        yield here
        step *= min(LARGEST_GROWTH, max(0.3, (aim / max(ahead.first, 1e-12)) ** 0.25))


def _refined(p: Problem, mode: int, here: Point) -> Point:
    """The same point to more digits: its tangent came from before the last correction."""
    found = correct(p, mode, here.z, here.tangent, EXACT_ENOUGH)
    if found is None:
        return here
    return replace(here, z=found.z, tangent=found.tangent / np.linalg.norm(found.tangent))


def _predicted(behind: Point, here: Point, step: float) -> Floats:
    return cubic(behind.z, behind.tangent, here.z, here.tangent, here.step, step)


def cubic(
    z0: Floats, slope0: Floats, z1: Floats, slope1: Floats, apart: float, step: float
) -> Floats:
    """Hermite's cubic through two points, `step` beyond the second; a line if they are one."""
    if not apart > 0.0:
        return np.asarray(z1 + step * slope1)
    s = step / apart
    back = z0 - z1 + apart * slope1
    bend = (slope0 - slope1) * apart
    return np.asarray(z1 + step * slope1 + (3.0 * back + bend) * s**2 + (2.0 * back + bend) * s**3)


def start(p: Problem, mode: int) -> Floats:
    """The one point of the path at parameter 0."""
    z = np.zeros(p.size)
    z[: p.n_actions] = p.plan.prior
    line = np.zeros(p.size)
    line[-1] = 1.0
    z = z - newton(p, FIXED, z, line)[0][0]
    if mode == LOGIT:
        return np.asarray(z)
    for _ in range(200):  # policy iteration: it is Newton's method for a convex equation
        before = z.copy()
        kernel.assemble(p.plan, p.work, TRACING, 0.0, z, line, NONE, NOTHING)
        kernel.barrier(p.plan.action, p.plan.penalty, p.work.quality, z)
        z = z - newton(p, FIXED_TRACING, z, line)[0][0]
        if np.max(np.abs(z - before)) < 1e-10:
            break
    return np.asarray(z)


def limit(p: Problem, mode: int, here: Point) -> Floats | None:
    """The exact equilibrium that the path is about to reach, or None where that is not clear yet.

    A probability that goes to zero does so as ``exp(-precision * loss)``, in tracing as
    ``exp(-tau) / loss``: the derivative of its logarithm tells it from one that stays. Newton's
    method then solves for zero gains and losses, and must end beside the point it came from.
    """
    if not here.tangent[-1] > 0.0:
        return None
    fall = here.tangent[: p.n_actions] / here.tangent[-1]
    keeps, goes = -0.2, -0.8
    if mode == LOGIT:
        fall, keeps, goes = fall * here.z[-1], -0.5, -2.0
    if np.any((fall < keeps) & (fall > goes)):
        return None
    return polished(p, mode, here.z, fall > keeps, CLOSE)


def polished(
    p: Problem, mode: int, z: Floats, stays: NDArray[np.bool_], close: float
) -> Floats | None:
    """Newton from a point of a path to an equilibrium at most `close` away, or None."""
    begin, x = guess(p, mode, z, stays)
    line = np.zeros(p.size)
    line[-1] = 1.0
    found = correct(p, EXACT, begin, line, EXACT_ENOUGH, 3 * CORRECTIONS)
    return None if found is None else _beside(p, found.z, x, close)


def nearest(
    p: Problem, mode: int, z: Floats, stays: NDArray[np.bool_], close: float
) -> Floats | None:
    """As `polished`, where equilibria are not isolated: steps are the shortest that do.

    By singular values of the whole matrix, so for small games.
    """
    if p.size > LARGEST_FULL:
        return None
    begin, x = guess(p, mode, z, stays)
    line, full = np.zeros(p.size), np.zeros((p.size, p.size))
    for _ in range(10 * CORRECTIONS):
        kernel.assemble(p.plan, p.work, EXACT, 0.0, begin, line, NONE, full)
        step = np.linalg.lstsq(full[:-1, :-1], p.work.residual, rcond=1e-9)[0]
        if not np.all(np.abs(step) < FARTHEST):
            return None
        begin[:-1] -= step
        if float(np.max(np.abs(step))) < EXACT_ENOUGH:
            return _beside(p, begin, x, close)
    return None


def guess(p: Problem, mode: int, z: Floats, stays: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Unknowns of the exact system: probabilities of actions that stay, losses of the others."""
    line = np.zeros(p.size)
    kernel.assemble(p.plan, p.work, mode, 0.0, z, line, NONE, NOTHING)
    quality, x = p.work.quality, p.mixtures(z, mode)
    start = p.plan.action
    best = np.repeat(np.maximum.reduceat(quality, start[:-1]), np.diff(start))
    begin = z.copy()
    begin[: p.n_actions] = np.where(stays, x, np.minimum(quality - best, 0.0))
    return begin, x


def _beside(p: Problem, z: Floats, x: Floats, close: float) -> Floats | None:
    solved = p.mixtures(z, EXACT)
    return solved if float(np.max(np.abs(solved - x))) <= close else None


def at(p: Problem, mode: int, low: Point, high: Point, level: float) -> Floats | None:
    """The point of a path at exactly `level`, which it passes between two points."""
    line = np.zeros(p.size)
    line[-1] = 1.0
    for _ in range(40):
        guess = _predicted(low, high, -high.step * _share(low, high, level))
        guess[-1] = level
        found = correct(p, mode, guess, line, EXACT_ENOUGH, 2 * CORRECTIONS)
        if found is not None:
            return found.z
        middle = between(p, mode, low, high)
        if middle is None:
            return None
        low, high = (low, middle) if middle.z[-1] >= level else (middle, high)
        high = replace(high, step=float(np.linalg.norm(high.z - low.z)))
    return None


def between(p: Problem, mode: int, low: Point, high: Point) -> Point | None:
    """The point halfway between two that follow each other."""
    found = correct(p, mode, _predicted(low, high, -0.5 * high.step), high.tangent)
    if found is None:
        return None
    tangent = found.tangent / np.linalg.norm(found.tangent)
    return Point(found.z, tangent, float(np.linalg.norm(found.z - low.z)), 0, high.crossings)


def peak(p: Problem, mode: int, low: Point, high: Point, level: float) -> Point | None:
    """A point at or past `level` between two below it, behind the second of which the path falls.

    None where the path turns before it gets there.
    """
    for _ in range(50):
        steps = np.linspace(0.0, high.step, 33)
        if max(_predicted(low, high, -s)[-1] for s in steps) < level * (1.0 - 1e-9):
            return None
        middle = between(p, mode, low, high)
        if middle is None or middle.z[-1] >= level:
            return middle
        if middle.tangent[-1] < 0.0:
            high = middle
        else:
            low = middle
            high = replace(high, step=float(np.linalg.norm(high.z - low.z)))
    return None


def _share(low: Point, high: Point, level: float) -> float:
    """How far back from `high` the cubic between two points has its parameter at `level`."""
    near, far = 0.0, 1.0
    for _ in range(60):
        middle = 0.5 * (near + far)
        above = _predicted(low, high, -high.step * middle)[-1] >= level
        near, far = (middle, far) if above else (near, middle)
    return near


def condition(p: Problem, here: Point) -> float:
    """Condition number of the last Newton system, its values and parameter alone."""
    if p.matrix is None or not len(p.matrix) <= DENSE_LINES:
        return float("nan")
    line = here.tangent
    kernel.assemble(p.plan, p.work, LOGIT, 0.0, here.z, line, NONE, NOTHING)
    _dense(p, p.matrix)
    return float(np.linalg.cond(p.matrix))
