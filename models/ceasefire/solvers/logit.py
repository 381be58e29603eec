"""Logit quantal response equilibria along the principal branch, of tables and of trees."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, overload

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError, SolveError
from ceasefire.games.extensive import ExtensiveForm
from ceasefire.games.stochastic import StochasticGame
from ceasefire.solvers._kernels import tree as tree_kernel
from ceasefire.solvers._layout import beliefs, layout, weights
from ceasefire.solvers._logit_curve import (
    ON_THE_WAY,
    between,
    crossing,
    first_passing,
    hermite,
    passing,
    peak,
    sharpened,
    walk,
)
from ceasefire.solvers._logit_table import TableCurve, utility
from ceasefire.solvers._logit_tree import TreeCurve
from ceasefire.solvers.markov_homotopy import markov_logit, markov_logit_path
from ceasefire.solvers.nash import equilibrium, require_normal
from ceasefire.solvers.result import labelled, mixture
from ceasefire.solvers.tree_certificate import certify
from ceasefire.status import Status
from ceasefire.tolerances import LOGIT_RESIDUAL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from ceasefire.games import NormalForm
    from ceasefire.solvers._logit_curve import Curve, Stand
    from ceasefire.solvers.markov_homotopy import MarkovLogit, MarkovPath
    from ceasefire.solvers.result import Equilibrium

    Floats = NDArray[np.float64]

METHOD = "logit path by predictor and corrector (Turocy 2005)"
NEARLY_TURNED = 0.2  # change of the level along the branch below which a step is looked into
FARTHEST = 1000.0  # precision times payoff range at which a path ends by itself


@dataclass(frozen=True, eq=False, repr=False)
class Logit(Displayed):
    """A logit equilibrium: each action's log-odds are `precision` times its payoff advantage.

    Attributes
    ----------
    game : NormalForm or ExtensiveForm
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
            f"{name}: {mixture(s, labels)}"
            for name, s, labels in labelled(self.game, self.strategies)[:24]
        ]
        foot = f"precision {self.precision:.6g}; residual {self.residual:.1e}; {self.status}"
        return "\n".join([*rows, foot])


@dataclass(frozen=True, eq=False, repr=False)
class LogitPath(Displayed):
    """Points of the principal branch, in the order of the path.

    `precision` (k,) need not increase: it falls behind a turning point. `strategies`
    (k, all actions), players (or information sets) one after the other. `turns`: the precisions
    at which the branch turns, back and forth, in its order.
    """

    game: NormalForm | ExtensiveForm
    precision: Floats
    strategies: Floats
    turns: Floats

    @property
    def turning_points(self) -> int:
        """How often the branch turns."""
        return len(self.turns)

    def __repr__(self) -> str:
        top = float(self.precision.max())
        return (
            f"{len(self.precision)} points of the logit path up to precision {top:.6g}, "
            f"{self.turning_points} turning point{'' if self.turning_points == 1 else 's'}"
        )


@overload
def logit(game: NormalForm | ExtensiveForm, *, precision: float = 1.0) -> Logit: ...


@overload
def logit(game: StochasticGame, *, precision: float = 1.0) -> MarkovLogit: ...


def logit(
    game: NormalForm | ExtensiveForm | StochasticGame, *, precision: float = 1.0
) -> Logit | MarkovLogit:
    """The logit equilibrium on the principal branch at a precision.

    ``log x_i(a) - log x_i(b) = precision (u_i(a, x) - u_i(b, x))``; at precision 0 all mix
    equally. Where the branch turns, the point that it meets first.

    Parameters
    ----------
    game : NormalForm, ExtensiveForm or StochasticGame
        Any number of players. A tree is solved in agent form (McKelvey and Palfrey 1998): payoffs
        are those expected once the set is reached, so it needs perfect recall. Of a stochastic
        game see `markov_logit`.
    precision : float
        At least 0, per util.

    Raises
    ------
    ArgumentError
        A precision that is negative or not finite; a tree of imperfect recall.
    SolveError
        The path could not be followed that far; `reached` holds its last point.

    Notes
    -----
    The branch is followed by arclength, so that turning points are passed. A step on a tree
    factors sparse equations with a few unknowns a node (payoffs from it on, and its reach where
    sets of several nodes lie below): its cost grows with the nodes, times the square of how many
    information sets tie different subtrees together at once, which is a constant along the rounds
    of a repeated interaction. A step on a table grows with the cube of its actions. The number of
    steps grows with the switches that the branch makes on its way: on a tree of many rounds, where
    a front of mixing moves from round to round, with the rounds. Rounding ends the branch where
    probabilities that are neither 0 nor 1 would have to be known to better than the square of
    precision times payoff range times 1e-16, at 1e7 or so.

    References
    ----------
    R. McKelvey and T. Palfrey (1995), "Quantal response equilibria for normal form games", Games
    and Economic Behavior 10; (1998) "Quantal response equilibria for extensive form games",
    Experimental Economics 1. T. Turocy (2005), "A dynamic homotopy interpretation of the logistic
    quantal response equilibrium correspondence", Games and Economic Behavior 51.

    Examples
    --------
    >>> from ceasefire.games import NormalForm
    >>> pennies = NormalForm.bimatrix([[9, 0], [0, 1]], [[0, 1], [1, 0]])
    >>> found = logit(pennies, precision=1.0)
    >>> [round(float(s[0]), 8) for s in found.strategies]
    [0.89357633, 0.31278038]
    """
    if isinstance(game, StochasticGame):
        return markov_logit(game, precision=precision)
    if not 0 <= precision < np.inf:
        raise ArgumentError("precision", precision, "a finite number, at least 0")
    curve, unit = curve_of(game)
    found = result(game, curve, unit, first_passing(curve, precision * unit), precision)
    if found.status is not Status.OK:
        raise SolveError(f"the logit path stopped before precision {precision:.6g}", found)
    return found


@overload
def logit_path(
    game: NormalForm | ExtensiveForm, *, precision: float | None = None
) -> LogitPath: ...


@overload
def logit_path(game: StochasticGame, *, precision: float | None = None) -> MarkovPath: ...


def logit_path(
    game: NormalForm | ExtensiveForm | StochasticGame, *, precision: float | None = None
) -> LogitPath | MarkovPath:
    """The principal branch from precision 0 up to `precision` (1000 over the payoff range).

    It ends where it first passes that precision, or where rounding lets it go no further. Steps
    are chosen so as not to jump to another stretch of curve: a change of sign of the determinant
    of the slopes together with the tangent gives a jump away. Two turning points closer together
    than one step, between which the precision falls back but little, may go uncounted. Of a
    stochastic game see `markov_logit_path`.

    Examples
    --------
    >>> from ceasefire.games import NormalForm
    >>> logit_path(NormalForm.bimatrix([[9, 0], [0, 1]], [[0, 1], [1, 0]])).turning_points
    0
    """
    if precision is not None and not 0 < precision < np.inf:
        raise ArgumentError("precision", precision, "a finite number above 0")
    if isinstance(game, StochasticGame):
        return markov_logit_path(game, precision=precision)
    curve, unit = curve_of(game)
    target = FARTHEST if precision is None else precision * unit
    turns = _Turns(curve)
    levels: list[float] = []
    rows: list[Floats] = []
    for a, b, last in legs(curve, target):
        if not levels:
            levels.append(a.level)
            rows.append(np.exp(curve.log(a.point)))
        turns.see(a, b)
        shown = b if last else sharpened(curve, b)
        levels.append(target if last else shown.level)
        rows.append(np.exp(curve.log(shown.point)))
    return LogitPath(game, np.array(levels) / unit, np.array(rows), np.array(turns.found) / unit)


def legs(curve: Curve, target: float) -> Iterator[tuple[Stand, Stand, bool]]:
    """Steps of the branch up to where it first passes `target`, and whether that is their end."""
    for a, b in pairwise(walk(curve)):
        if b.level >= target:
            yield a, passing(curve, a, b, target), True
            return
        if a.rising > 0 > b.rising and peak(a, b) >= target * (1 - 1e-6):
            turn = crossing(curve, a, b, lambda stand: stand.rising)
            if turn.level >= target:
                yield a, passing(curve, a, turn, target), True
                return
        yield a, b, False


class _Turns:
    """Turning points met so far: levels that the branch left by more than rounding."""

    def __init__(self, curve: Curve) -> None:
        self.curve = curve
        self.found: list[float] = []
        self._up, self._best = True, 0.0

    def see(self, a: Stand, b: Stand, depth: int = 5) -> None:
        """Take in a step; where the branch nearly turns within it, its halves."""
        steep, product = max(abs(a.rising), abs(b.rising)), a.rising * b.rising
        if depth and product > 0 and steep > NEARLY_TURNED > _least_rise(a, b):
            middle = between(self.curve, a, b, 0.5)
            if middle is not None:
                self.see(a, middle, depth - 1)
                self.see(middle, b, depth - 1)
                return
        if product < 0 and steep > ON_THE_WAY:
            self._level(crossing(self.curve, a, b, lambda stand: stand.rising).level)
        self._level(b.level)

    def _level(self, level: float) -> None:
        gain = level - self._best if self._up else self._best - level
        if gain < -ON_THE_WAY * (1.0 + self._best):
            self.found.append(self._best)
            self._up, self._best = not self._up, level
        elif gain > 0:
            self._best = level


def _least_rise(a: Stand, b: Stand) -> float:
    """Least change of the level along the cubic between two points, in the ends' sense."""
    slopes = [float(hermite(a, b, share)[1][-1]) for share in np.linspace(0.0, 1.0, 9)]
    return min(slopes) if a.rising > 0 else -max(slopes)


def branch(game: NormalForm | ExtensiveForm, levels: Sequence[float]) -> list[tuple[float, Floats]]:
    """Points of the principal branch where it first passes each of the rising `levels`.

    Levels are precisions times the payoff range. Returns the precision (in the same unit) and the
    log-probabilities of each; fewer than asked where rounding ends the branch before.
    """
    curve = curve_of(game)[0]
    found: list[tuple[float, Floats]] = []
    for a, b in pairwise(walk(curve)):
        while b.level >= levels[len(found)]:
            here = passing(curve, a, b, levels[len(found)])
            found.append((here.level, curve.log(here.point)))
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
        curve = TableCurve(game, _unit(game), prior)
        for here in walk(curve):
            if here.level < 30.0:
                continue
            x = _polished(curve, np.exp(curve.log(here.point)))
            if x is not None:
                found = equilibrium(game, curve.cut(x), METHOD, attempt=attempt)
                if found.status is Status.OK:
                    return found
            if here.level > 1e7:
                break
    raise SolveError(f"no certified equilibrium at the end of {attempts} logit paths")


def curve_of(game: NormalForm | ExtensiveForm) -> tuple[TableCurve | TreeCurve, float]:
    """The game's curve, and the utils in the widest payoff range: their product has no unit."""
    if isinstance(game, ExtensiveForm):
        layout(game)  # perfect recall
        unit = float(game.payoff_range.max()) or 1.0
        return TreeCurve(game, unit), unit
    require_normal(game)
    return TableCurve(game, _unit(game)), _unit(game)


def _unit(game: NormalForm) -> float:
    widest = float(game.payoff_range.max())
    return widest if widest > 0 else 1.0


def result(
    game: NormalForm | ExtensiveForm,
    curve: TableCurve | TreeCurve,
    unit: float,
    here: Stand,
    precision: float,
) -> Logit:
    """A point of the branch as a result, with its residual recomputed."""
    level, log = here.level, curve.log(here.point)
    x = np.exp(log)
    if isinstance(game, ExtensiveForm):
        assert isinstance(curve, TreeCurve)
        parts = [s / s.sum() for s in game.split(x)]
        residual = _tree_residual(game, curve.ends, log, precision * unit)
        payoffs = certify(game, np.concatenate(parts) if parts else x).payoffs
    else:
        assert isinstance(curve, TableCurve)
        parts = [s / s.sum() for s in curve.cut(x)]
        residual = _table_residual(curve, parts, log, precision * unit)
        payoffs = game.expected(parts)
    good = abs(level - precision * unit) <= 1e-9 * (1 + level)
    good = good and residual <= 100 * LOGIT_RESIDUAL * (1 + level)
    status = Status.OK if good else Status.NOT_CONVERGED
    return Logit(game, precision, tuple(parts), payoffs, residual, status)


def _table_residual(
    curve: TableCurve, parts: Sequence[Floats], log: Floats, precision: float
) -> float:
    """Recomputed from the payoff tables: one contraction a player, no derivative."""
    worst = 0.0
    for i, table in enumerate(curve.tables):
        value = table
        for j in reversed(range(len(parts))):
            if j != i:
                value = np.tensordot(value, parts[j], axes=([j], [0]))
        worst = max(worst, float(np.ptp(curve.cut(log)[i] - precision * value)))
    return worst


def _tree_residual(tree: ExtensiveForm, ends: Floats, log: Floats, precision: float) -> float:
    """Recomputed from beliefs over whole plays: no compiled recursion of the path's, no slopes."""
    mu, w = beliefs(tree, log), weights(tree, np.exp(log))
    V = tree_kernel.values(tree.parent, w, ends)
    below = np.flatnonzero(layout(tree).place >= 0)
    above, place = tree.parent[below], layout(tree).place[below]
    u = np.bincount(place, mu[above] * V[below, tree.player[above]], len(log))
    gap = log - precision * u
    return max((float(np.ptp(part)) for part in tree.split(gap)), default=0.0)


def _polished(curve: TableCurve, x: Floats) -> Floats | None:
    """Newton on the indifference conditions over the actions that the path still plays."""
    played = x > 1e-3
    for _ in range(30):
        u, slope = utility(curve, x)
        rows, right = [], []
        for a, b in pairwise(curve.bounds):
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
    return np.concatenate([s / s.sum() for s in curve.cut(x)])
