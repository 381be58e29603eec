"""Logit quantal response equilibria along the principal branch, of tables and of trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ceasefire.errors import ArgumentError, SolveError
from ceasefire.games.extensive import ExtensiveForm
from ceasefire.solvers._kernels import tree as tree_kernel
from ceasefire.solvers._kernels.agents import conditional
from ceasefire.solvers._layout import chance, layout, weights
from ceasefire.solvers.nash import equilibrium, require_normal
from ceasefire.solvers.result import labelled
from ceasefire.solvers.tree_certificate import certify, counted_from_lowest
from ceasefire.status import Status
from ceasefire.tolerances import LOGIT_RESIDUAL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

    from ceasefire.games import NormalForm
    from ceasefire.solvers.result import Equilibrium

    Floats = NDArray[np.float64]

METHOD = "logit path by predictor and corrector (Turocy 2005)"
PATH_RESIDUAL = 1e-9  # of points on the way; where a precision is asked for, LOGIT_RESIDUAL
FIRST_STEP, LARGEST_GROWTH, LEAST_STEP = 0.03, 2.0, 1e-9
STEPS = 20_000
LEAST_COSINE = 0.8


@dataclass(frozen=True, eq=False, repr=False)
class Logit:
    """A logit equilibrium: each action's log-odds are `precision` times its payoff advantage.

    Attributes
    ----------
    game : NormalForm
    precision : float
        Lambda, per util.
    strategies : tuple of ndarray
        One distribution a player; of a tree, one an information set.
    payoffs : ndarray, shape (n_players,)
    residual : float
        Largest gap between a log-odds and `precision` times the payoff difference, recomputed
        from the strategies.
    status : Status
    method : str
    """

    game: NormalForm | ExtensiveForm
    precision: float
    strategies: tuple[Floats, ...]
    payoffs: Floats
    residual: float
    status: Status
    method: str = METHOD

    def __repr__(self) -> str:
        rows = [
            f"{name}: " + ", ".join(f"{p:.6g} {a}" for p, a in zip(s[:12], labels, strict=False))
            for name, s, labels in labelled(self.game, self.strategies)[:24]
        ]
        foot = f"precision {self.precision:.6g}; residual {self.residual:.1e}; {self.status}"
        return "\n".join([*rows, foot])


@dataclass(frozen=True, eq=False, repr=False)
class LogitPath:
    """Points of the principal branch, in the order of the path.

    `precision` (k,) need not increase: it falls behind a turning point. `strategies`
    (k, all actions), players (or information sets) one after the other.
    """

    game: NormalForm | ExtensiveForm
    precision: Floats
    strategies: Floats
    turning_points: int

    def __repr__(self) -> str:
        top = float(self.precision.max())
        return (
            f"{len(self.precision)} points of the logit path up to precision {top:.6g}, "
            f"{self.turning_points} turning point{'' if self.turning_points == 1 else 's'}"
        )


def logit(game: NormalForm | ExtensiveForm, *, precision: float = 1.0) -> Logit:
    """The logit equilibrium on the principal branch at a precision.

    ``log x_i(a) - log x_i(b) = precision (u_i(a, x) - u_i(b, x))``; at precision 0 all mix
    equally. Where the branch turns, the point that it meets first.

    Parameters
    ----------
    game : NormalForm or ExtensiveForm
        Any number of players. A tree is solved in agent form (McKelvey and Palfrey 1998): payoffs
        are those expected once the set is reached, so it needs perfect recall.
    precision : float
        At least 0, per util.

    Raises
    ------
    ArgumentError
        A precision that is negative or not finite.
    SolveError
        The path could not be followed that far; `reached` holds its last point.

    References
    ----------
    R. McKelvey and T. Palfrey (1995), "Quantal response equilibria for normal form games", Games
    and Economic Behavior 10; (1998) "Quantal response equilibria for extensive form games",
    Experimental Economics 1. T. Turocy (2005), "A dynamic homotopy interpretation of the logistic
    quantal response equilibrium correspondence", ibid. 51.

    Examples
    --------
    >>> from ceasefire.games import NormalForm
    >>> pennies = NormalForm.bimatrix([[9, 0], [0, 1]], [[0, 1], [1, 0]])
    >>> found = logit(pennies, precision=1.0)
    >>> [round(float(s[0]), 8) for s in found.strategies]
    [0.89357633, 0.31278038]
    """
    if not 0 <= precision < np.inf:
        raise ArgumentError("precision", precision, "a finite number, at least 0")
    task = _task(game, None)
    target = precision * task.unit
    point = np.append(task.start, 0.0)
    for point in _walk(task):
        if point[-1] >= target:
            break
    found = _result(game, task, _at(task, point, target), precision)
    if found.status is not Status.OK:
        raise SolveError(f"the logit path stopped before precision {precision:.6g}", found)
    return found


def logit_path(game: NormalForm | ExtensiveForm, *, precision: float | None = None) -> LogitPath:
    """The principal branch from precision 0 up to `precision` (1000 over the payoff range)."""
    if precision is not None and not 0 < precision < np.inf:
        raise ArgumentError("precision", precision, "a finite number above 0")
    task = _task(game, None)
    target = 1000.0 if precision is None else precision * task.unit
    points = [np.append(task.start, 0.0)]
    for point in _walk(task):
        if point[-1] >= target:
            points.append(_at(task, point, target))
            break
        points.append(point)
    table = np.array(points)
    turns = int(np.sum(np.diff(np.sign(np.diff(table[:, -1]))) != 0))
    return LogitPath(game, table[:, -1] / task.unit, np.exp(table[:, :-1]), turns)


def branch(game: NormalForm | ExtensiveForm, levels: Sequence[float]) -> list[tuple[float, Floats]]:
    """Points of the principal branch where it first passes each of the rising `levels`.

    Levels are precisions times the payoff range. Returns the precision (in the same unit) and the
    log-probabilities of each; fewer than asked where rounding ends the branch before.
    """
    task = _task(game, None)
    found: list[tuple[float, Floats]] = []
    for last in _walk(task):
        if last[-1] >= levels[len(found)]:
            found.append((float(last[-1]), last[:-1].copy()))
            if len(found) == len(levels):
                return found
    return found


def trace(game: NormalForm, *, seed: int = 0, attempts: int = 12) -> Equilibrium:
    """One Nash equilibrium of any number of players, at the end of a logit path.

    The path starts from a random prior instead of equal mixing, so that it meets no bifurcation
    with probability one (Turocy 2005); its end is polished on its support and certified.
    """
    require_normal(game)
    for attempt in range(attempts):
        prior = np.random.default_rng([seed, attempt]).uniform(0.3, 1.0, sum(game.shape))
        task = _task(game, prior)
        for point in _walk(task):
            if point[-1] < 30.0:
                continue
            x = _polished(task, np.exp(point[:-1]))
            if x is not None:
                found = equilibrium(game, task.cut(x), METHOD, attempt=attempt)
                if found.status is Status.OK:
                    return found
            if point[-1] > 1e7:
                break
    raise SolveError(f"no certified equilibrium at the end of {attempts} logit paths")


class _Task(NamedTuple):
    """A game scaled to a widest payoff range of 1, and where its path begins."""

    tables: list[Floats]  # payoffs by player; of a tree, the one table of payoffs at its nodes
    bounds: list[int]
    start: Floats
    base: NDArray[np.intp]  # the first action of each action's distribution
    unit: float  # utils in the widest payoff range: precision * unit has no unit
    tree: ExtensiveForm | None = None

    def cut(self, x: Floats) -> list[Floats]:
        return [x[a:b] for a, b in zip(self.bounds, self.bounds[1:], strict=False)]


def _task(game: NormalForm | ExtensiveForm, prior: Floats | None) -> _Task:
    if isinstance(game, ExtensiveForm):
        layout(game)  # perfect recall
        unit = float(game.payoff_range.max()) or 1.0
        table = counted_from_lowest(game)[1] / unit
        cuts = game.infoset_start
        base = np.repeat(cuts[:-1], np.diff(cuts))
        return _Task([table], cuts.tolist(), np.log(game.uniform()), base, unit, game)
    require_normal(game)
    widest = float(game.payoff_range.max())
    unit = widest if widest > 0 else 1.0
    if game.is_exact:
        exact = game.exact_payoffs
        tables = [np.asarray((t - min(t.flat)).astype(float) / unit) for t in exact]
    else:
        tables = [(t - t.min()) / unit for t in game.payoffs]
    bounds = [0, *np.cumsum(game.shape).tolist()]
    weight = np.ones(bounds[-1]) if prior is None else prior
    total = np.add.reduceat(weight, bounds[:-1])
    start = np.log(weight / np.repeat(total, game.shape))
    return _Task(tables, bounds, start, np.repeat(bounds[:-1], game.shape), unit)


def _utility(task: _Task, x: Floats) -> tuple[Floats, Floats]:
    """Payoff of each action, and its derivative by every other player's probabilities."""
    parts = task.cut(x)
    n, size = len(parts), len(x)
    u, slope = np.empty(size), np.zeros((size, size))
    for i in range(n):
        own = slice(task.bounds[i], task.bounds[i + 1])
        for j in [k for k in range(n) if k != i] or [i]:
            table = task.tables[i]
            for k in reversed(range(n)):
                if k not in (i, j):
                    table = np.tensordot(table, parts[k], axes=([k], [0]))
            if i == j:
                u[own] = table
                continue
            pair = table if i < j else table.T
            slope[own, task.bounds[j] : task.bounds[j + 1]] = pair
            u[own] = pair @ parts[j]
    return u, slope


def _conditional(task: _Task, tree: ExtensiveForm, log: Floats) -> tuple[Floats, Floats]:
    """Payoff of each action once its set is reached, and its slope in the log-probabilities."""
    plan = layout(tree)
    u, slope = np.empty(len(log)), np.empty((len(log), len(log)))
    conditional(
        tree.parent, tree.player, plan.place, tree.infoset, tree.infoset_start,
        chance(tree), task.tables[0], log, u, slope,
    )  # fmt: skip
    return u, slope


def _equations(task: _Task, point: Floats) -> tuple[Floats, Floats]:
    """Residuals (N,) and their derivative (N, N + 1) in log-probabilities and precision."""
    log, precision = point[:-1], point[-1]
    x = np.exp(log)
    if task.tree is None:
        u, slope = _utility(task, x)
        slope *= x
    else:
        u, slope = _conditional(task, task.tree, log)
    size, base = len(log), task.base
    every = np.arange(size)
    odds = log - task.start - precision * u
    value = odds - odds[base]
    jacobian = np.empty((size, size + 1))
    jacobian[:, :size] = precision * (slope[base] - slope)
    jacobian[every, base] -= 1.0
    jacobian[every, every] += 1.0
    jacobian[:, size] = u[base] - u
    # the first action of each distribution carries its sum instead
    first = np.flatnonzero(base == every)
    value[first] = np.add.reduceat(x, first) - 1.0
    jacobian[first] = 0.0
    jacobian[base, every] = x
    return value, jacobian


def _walk(task: _Task) -> Iterator[Floats]:
    """Points of the branch, by pseudo-arclength steps whose size follows the corrector's work.

    The predictor bends with the branch: the last two tangents give its curvature.
    """
    point, step = np.append(task.start, 0.0), FIRST_STEP
    direction = _tangent(_equations(task, point)[1], None)
    bend = np.zeros(len(point))
    for _ in range(STEPS):
        guess = point + step * direction + step**2 / 2 * bend
        ahead = _corrected(task, guess, direction, PATH_RESIDUAL)
        after = None if ahead is None else _tangent(ahead[2], direction)
        # a sharp change of direction: a stretch of the branch may have been skipped
        if ahead is None or after is None or after @ direction < LEAST_COSINE:
            step /= 2.0
            if step < LEAST_STEP:
                return
            continue
        bend = (after - direction) / np.linalg.norm(ahead[0] - point)
        point, direction = ahead[0], after
        yield point
        step *= LARGEST_GROWTH if ahead[1] <= 2 else 1.0 if ahead[1] <= 4 else 0.6


def _tangent(jacobian: Floats, before: Floats | None) -> Floats:
    """Unit vector along the branch: on from `before`, at the start towards more precision."""
    full = np.vstack([jacobian, before if before is not None else np.eye(jacobian.shape[1])[-1]])
    right = np.zeros(len(full))
    right[-1] = 1.0
    try:
        t = np.linalg.solve(full, right)
    except np.linalg.LinAlgError:
        t = np.linalg.lstsq(full, right, rcond=None)[0]
    return np.asarray(t / np.linalg.norm(t))


def _corrected(
    task: _Task, guess: Floats, direction: Floats, enough: float = LOGIT_RESIDUAL
) -> tuple[Floats, int, Floats] | None:
    """Newton back to the branch across `direction`: the point, the steps, the last Jacobian."""
    point = guess
    for k in range(8):
        value, jacobian = _equations(task, point)
        size = float(np.max(np.abs(value) / (1.0 + point[-1])))
        if size < enough:
            return point, k, jacobian
        if not size < 10.0:
            return None
        try:
            move = np.linalg.solve(np.vstack([jacobian, direction]), np.append(value, 0.0))
        except np.linalg.LinAlgError:
            return None
        point = point - move
    return None


def _at(task: _Task, point: Floats, target: float) -> Floats:
    """The equilibrium at exactly `target`, from the first point past it."""
    across = np.zeros(len(point))
    across[-1] = 1.0
    start, level = point.copy(), float(point[-1])
    slope = _tangent(_equations(task, start)[1], across)
    guess = start + slope * ((target - level) / slope[-1])
    guess[-1] = target
    found = _corrected(task, guess, across)
    return start if found is None else found[0]


def _result(
    game: NormalForm | ExtensiveForm, task: _Task, point: Floats, precision: float
) -> Logit:
    x = np.exp(point[:-1])
    parts = [s / s.sum() for s in task.cut(x)]
    residual = _residual(task, parts, point[:-1], precision * task.unit)
    good = abs(point[-1] - precision * task.unit) <= 1e-9 * (1 + point[-1])
    good = good and residual <= 100 * LOGIT_RESIDUAL * (1 + point[-1])
    status = Status.OK if good else Status.NOT_CONVERGED
    if isinstance(game, ExtensiveForm):
        payoffs = certify(game, np.concatenate(parts)).payoffs
    else:
        payoffs = game.expected(parts)
    return Logit(game, precision, tuple(parts), payoffs, residual, status)


def _residual(task: _Task, parts: Sequence[Floats], log: Floats, precision: float) -> float:
    """Recomputed from the payoff tables: one contraction a player, no derivative."""
    if task.tree is not None:
        return _tree_residual(task, task.tree, parts, log, precision)
    worst = 0.0
    for i, table in enumerate(task.tables):
        value = table
        for j in reversed(range(len(parts))):
            if j != i:
                value = np.tensordot(value, parts[j], axes=([j], [0]))
        cut = slice(task.bounds[i], task.bounds[i + 1])
        gap = log[cut] - task.start[cut] - precision * value
        worst = max(worst, float(np.ptp(gap)))
    return worst


def _tree_residual(
    task: _Task, tree: ExtensiveForm, parts: Sequence[Floats], log: Floats, precision: float
) -> float:
    w = weights(tree, np.concatenate(parts))
    reach, V = tree_kernel.reach(tree.parent, w), tree_kernel.values(tree.parent, w, task.tables[0])
    below = np.flatnonzero(layout(tree).place >= 0)
    above, place = tree.parent[below], layout(tree).place[below]
    gains = reach[above] * V[below, tree.player[above]]
    inside = tree.infoset >= 0
    total = np.bincount(tree.infoset[inside], reach[inside], tree.n_infosets)
    u = np.bincount(place, gains, len(log)) / total[layout(tree).owner]
    gap = log - task.start - precision * u
    return max((float(np.ptp(part)) for part in tree.split(gap)), default=0.0)


def _polished(task: _Task, x: Floats) -> Floats | None:
    """Newton on the indifference conditions over the actions that the path still plays."""
    played = x > 1e-3
    for _ in range(30):
        u, slope = _utility(task, x)
        rows, right = [], []
        for a, b in zip(task.bounds, task.bounds[1:], strict=False):
            inside = a + np.flatnonzero(played[a:b])
            rows.append(np.where((np.arange(len(x)) >= a) & (np.arange(len(x)) < b), 1.0, 0.0))
            right.append(x[a:b].sum() - 1.0)
            for k in inside[1:]:
                rows.append(slope[k] - slope[inside[0]])
                right.append(u[k] - u[inside[0]])
        x = np.where(played, x, 0.0)
        matrix = np.array(rows)[:, played]
        move = np.linalg.lstsq(matrix, np.array(right), rcond=None)[0]
        x[played] -= move
        if not np.all(np.isfinite(x)) or np.max(np.abs(x)) > 2.0:
            return None
        if float(np.max(np.abs(move), initial=0.0)) < 1e-14:
            break
    if np.any(x < -1e-12):
        return None
    x = np.maximum(x, 0.0)
    return np.concatenate([s / s.sum() for s in task.cut(x)])


def logit_fit(game: NormalForm, observed: Sequence[ArrayLike]) -> Logit:
    """The point of the principal branch at which the observed choices are most likely.

    Parameters
    ----------
    game : NormalForm
    observed : sequence of array_like
        Counts of each player's actions.
    """
    counts = [np.asarray(c, dtype=float) for c in observed]
    for i, (c, k) in enumerate(zip(counts, game.shape, strict=True)):
        if c.shape != (k,) or np.any(c < 0) or not np.all(np.isfinite(c)):
            raise ArgumentError(f"observed[{i}]", c, f"{k} counts, none negative")
    from scipy.optimize import minimize_scalar

    weight = np.concatenate(counts)
    path = logit_path(game)
    likelihood = np.log(np.maximum(path.strategies, 1e-300)) @ weight
    best = int(np.argmax(likelihood))
    low = float(path.precision[max(best - 1, 0)])
    high = float(path.precision[min(best + 1, len(path.precision) - 1)])

    def cost(value: float) -> float:
        x = np.concatenate(logit(game, precision=value).strategies)
        return -float(np.log(np.maximum(x, 1e-300)) @ weight)

    found = minimize_scalar(cost, bounds=(min(low, high), max(low, high)), method="bounded",
                            options={"xatol": 1e-9 * (1.0 + high)})  # fmt: skip
    return logit(game, precision=float(found.x))
