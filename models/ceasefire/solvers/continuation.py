"""Comparative statics of one equilibrium: it is followed along a parameter of the game."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError, SolveError
from ceasefire.games.normal import NormalForm
from ceasefire.games.stochastic import StochasticGame
from ceasefire.solvers import _homotopy as homotopy
from ceasefire.solvers._homotopy import EXACT, LOGIT
from ceasefire.solvers.markov import MarkovEquilibrium, markov_equilibrium
from ceasefire.solvers.markov_homotopy import markov_logit, markov_trace
from ceasefire.solvers.result import Equilibrium
from ceasefire.status import Status

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from ceasefire.solvers._homotopy import Problem

    Floats = NDArray[np.float64]
    Family = Callable[[float], StochasticGame | NormalForm]

POINTS = 5_000
FIRST_STEP, LARGEST_STEP, LEAST_STEP = 0.02, 0.1, 1e-9  # the whole way of the parameter is 1
QUOTIENT = 1e-7  # of difference quotients in the parameter: as far from rounding as from curvature
SETTLED = 1e-10
AT_A_CORNER = 1e-8  # unknowns this close to zero cross it together
STILL = 1e-7  # a tangent's share of the parameter below this is none
CORRECTIONS = 12


@dataclass(frozen=True)
class Fold:
    """Where the equilibrium turns back: on one side of `parameter` it is gone.

    ``corner`` says that the support changes there as well.
    """

    parameter: float
    corner: bool


@dataclass(frozen=True)
class SupportChange:
    """An action whose probability reaches zero, or that becomes a best reply and enters."""

    parameter: float
    state: str
    player: str
    action: str
    enters: bool


@dataclass(frozen=True, eq=False, repr=False)
class Continuation(Displayed):
    """An equilibrium along a parameter.

    Attributes
    ----------
    table : DataFrame
        A row a point, in the order of the path: ``parameter``, ``regret`` (utils, recomputed),
        values ``v[state, player]`` (of a normal form ``v[player]``, utils) and probabilities
        ``x[state, player, action]``. The parameter turns round at folds.
    folds : tuple of Fold
    changes : tuple of SupportChange
    ended : {"stop", "start", "lost"}
        Whether the path reached `stop`, came back to `start` behind a fold, or could not be
        followed further.
    precision : float or None
        Of a logit equilibrium, per util; None of a Nash (Markov perfect) equilibrium.
    status : Status
    """

    table: pd.DataFrame
    folds: tuple[Fold, ...]
    changes: tuple[SupportChange, ...]
    ended: Literal["stop", "start", "lost"]
    precision: float | None
    status: Status

    def __repr__(self) -> str:
        low, high = self.table["parameter"].min(), self.table["parameter"].max()
        lines = [
            f"{len(self.table)} points, parameter {low:.6g} to {high:.6g}; ended: {self.ended}; "
            f"largest regret {self.table['regret'].max():.1e}; {self.status}"
        ]
        lines += [
            f"fold at {f.parameter:.8g}{', where the support changes' if f.corner else ''}"
            for f in self.folds
        ]
        lines += [
            f"at {c.parameter:.8g} {c.player} {'takes up' if c.enters else 'gives up'} {c.action}"
            f" in {c.state}"
            for c in self.changes
        ]
        return "\n".join(lines)


def continue_equilibrium(
    family: Family,
    start: float,
    stop: float,
    *,
    equilibrium: MarkovEquilibrium | Equilibrium | ArrayLike | None = None,
    precision: float | None = None,
) -> Continuation:
    """Follow one equilibrium of ``family(parameter)`` from `start` to `stop`, round its folds.

    With ``z`` an action's probability where that is positive, else minus the loss from playing
    it, equilibria are the zeros of a piecewise smooth map of ``z``, values and the parameter, and
    form a curve: it has corners where the support changes, and folds where two equilibria meet
    and vanish.

    Parameters
    ----------
    family : callable
        Parameter to `StochasticGame` or `NormalForm`, always with the same actions, smooth in
        payoffs, chances and discount factors.
    start, stop : float
    equilibrium : MarkovEquilibrium, Equilibrium or array_like, optional
        Of ``family(start)``, or its mixtures in one vector. By default the one that
        `markov_trace` finds (the logit equilibrium that `markov_logit` finds).
    precision : float, optional
        Above 0, per util: follow a logit equilibrium at this precision instead. That curve is
        smooth.

    Raises
    ------
    ArgumentError
        A start that equals the stop, a family that changes its actions, a vector that is no
        equilibrium of ``family(start)``.
    SolveError
        The equilibrium at `start` is not isolated, or none was found.

    Notes
    -----
    Pseudo-arclength continuation; the derivative in the parameter is a difference quotient, so
    that each Newton step builds two games, and costs what `markov_logit` says. A corner is solved
    for exactly, and left by the one direction that carries the support change on. Where several
    actions change at once (in games with symmetries), all cross together. The path is lost where
    the equilibrium stops being isolated: then ``ended`` is "lost".

    References
    ----------
    M. Kojima, A. Okada and S. Shindoh (1985), "Strongly stable equilibrium points of n-person
    noncooperative games", Mathematics of Operations Research 10. E. Allgower and K. Georg (1990),
    "Numerical Continuation Methods".

    Examples
    --------
    The mixed equilibrium of a game of coordination does not move with one's own payoffs:

    >>> family = lambda gain: NormalForm.bimatrix([[gain, 0], [0, 1]], [[2, 0], [0, 1]])
    >>> mixed = [1/3, 2/3, 1/3, 2/3]
    >>> found = continue_equilibrium(family, 2.0, 4.0, equilibrium=mixed)
    >>> found.table[["parameter", "x[1, 1]", "x[2, 1]"]].iloc[-1].round(6).tolist()
    [4.0, 0.333333, 0.2]
    """
    if not (np.isfinite(start) and np.isfinite(stop)) or abs(stop - start) <= 0.0:
        raise ArgumentError("stop", stop, f"a number other than start ({start})")
    if precision is not None and not 0 < precision < np.inf:
        raise ArgumentError("precision", precision, "a finite number above 0")
    task = _task(family, float(start), float(stop), precision)
    here = _first(task, equilibrium)
    walk = _walked(task, here)
    return _result(task, walk)


class _Task(NamedTuple):
    family: Family
    start: float
    span: float
    mode: int
    precision: float | None
    first: Problem  # at the start: its units of payoff serve all along
    shape: Any  # numbers of actions

    def game(self, share: float) -> StochasticGame:
        return _stochastic(self.family(self.start + share * self.span))

    def problem(self, share: float) -> Problem:
        game = self.game(share)
        if not np.array_equal(game.n_actions, self.shape):
            where = f"family({self.start + share * self.span:.6g})"
            raise ArgumentError(where, game.n_actions.tolist(), "the same numbers of actions")
        return homotopy.like(self.first, game)

    @property
    def level(self) -> float:
        return 0.0 if self.precision is None else self.precision * float(self.first.unit.max())


def _stochastic(game: StochasticGame | NormalForm) -> StochasticGame:
    """A normal form as a game of one state without a tomorrow."""
    if isinstance(game, StochasticGame):
        return game
    if not isinstance(game, NormalForm):
        raise ArgumentError("family", type(game).__name__, "a StochasticGame or a NormalForm")
    payoffs = game.exact_payoffs if game.is_exact else game.payoffs
    law = np.ones((*game.shape, 1), dtype=int)
    return StochasticGame(
        [payoffs], [law], 0, players=game.players, actions=[game.actions], title=game.title
    )


def _task(family: Family, start: float, stop: float, precision: float | None) -> _Task:
    game = _stochastic(family(start))
    p = homotopy.problem(game, common=precision is not None)
    mode = EXACT if precision is None else LOGIT
    return _Task(family, start, stop - start, mode, precision, p, game.n_actions)


class _Place(NamedTuple):
    """A point of the curve, its unit tangent, and the step that led to it (0: none)."""

    z: Floats
    tangent: Floats
    step: float


def _newton(task: _Task, z: Floats, line: Floats) -> Floats:
    """Newton's step and the tangent at `z`, (2, size); the parameter is z[-1], from 0 to 1."""
    p, beside = task.problem(float(z[-1])), task.problem(float(z[-1]) + QUOTIENT)
    zero = np.zeros(p.size - 1)
    residuals = []
    for q in (beside, p):
        homotopy.newton(q, task.mode, z, line, zero, task.level)
        residuals.append(q.work.residual.copy())
    column = (residuals[0] - residuals[1]) / QUOTIENT
    return homotopy.newton(p, task.mode, z, line, column, task.level)[0]


def _corrected(task: _Task, z: Floats, line: Floats) -> _Place | None:
    for _ in range(CORRECTIONS):
        step = _newton(task, z, line)
        size = float(np.max(np.abs(step[0]) / (1.0 + np.abs(z))))
        if not size < 1.0:
            return None
        z = z - step[0]
        if size < SETTLED:
            return _Place(z, _unit(step[1]), 0.0)
    return None


def _unit(direction: Floats) -> Floats:
    return np.asarray(direction / np.linalg.norm(direction))


def _along(size: int, index: int, side: float = 1.0) -> Floats:
    line = np.zeros(size)
    line[index] = side
    return line


def _first(task: _Task, equilibrium: Any) -> _Place:
    game = task.game(0.0)
    x = _mixtures(game, equilibrium, task.precision)
    p = task.problem(0.0)
    z = np.zeros(p.size)
    z[: p.n_actions] = np.log(np.maximum(x, 1e-300))
    z = z - homotopy.newton(p, homotopy.FIXED, z, _along(p.size, -1))[0][0]  # its values
    if task.mode == EXACT:
        z = homotopy.guess(p, LOGIT, z, x > 1e-7)[0]
    here = _corrected(task, z, _along(p.size, -1))
    if here is None:
        raise SolveError(f"no isolated equilibrium at the start ({task.start:.6g}) to follow")
    if float(np.max(np.abs(p.mixtures(here.z, task.mode) - x))) > 1e-4:
        kind = "equilibrium" if task.precision is None else "logit equilibrium"
        raise ArgumentError("equilibrium", x, f"an {kind} of family({task.start:.6g})")
    return here


def _mixtures(game: StochasticGame, given: Any, precision: float | None) -> Floats:
    if given is None:
        if precision is not None:
            return markov_logit(game, precision=precision).behaviour
        return np.asarray(markov_trace(game).behaviour, dtype=float)
    known = isinstance(given, MarkovEquilibrium | Equilibrium)
    x = np.asarray(given.behaviour if known else given, dtype=float)
    if x.shape != (int(game.action_start[-1]),):
        allowed = f"shape ({int(game.action_start[-1])},)"
        raise ArgumentError("equilibrium", f"shape {x.shape}", allowed)
    return x


class _Walk(NamedTuple):
    places: list[_Place]
    folds: list[Fold]
    changes: list[SupportChange]
    ended: Literal["stop", "start", "lost"]


def _walked(task: _Task, here: _Place) -> _Walk:
    """Points until the parameter leaves [0, 1]."""
    walk = _Walk([here], [], [], "lost")
    behind, step, way = here, FIRST_STEP, 1.0
    while len(walk.places) < POINTS and step > LEAST_STEP:
        guess = _predicted(behind, here, step)
        if _crossed(task, here.z, guess):
            corner = _corner(task, here, guess)
            edge = None if corner is None else _at_the_edge(task, here, corner)
            after = None if corner is None else edge or _turned(task, here, corner, walk)
            if after is None:
                step *= 0.4
                continue
            walk.places.append(after)
            if edge is not None:
                break
            if _way(after, way) != way:
                way = -way
                walk.folds.append(Fold(task.start + float(after.z[-1]) * task.span, corner=True))
            behind, here, step = after, after, FIRST_STEP
            continue
        ahead = _corrected(task, guess, here.tangent)
        if ahead is None or not _follows(task, here, ahead):
            step *= 0.4
            continue
        edge = _at_the_edge(task, here, ahead)
        if edge is not None:
            walk.places.append(edge)
            break
        if _way(ahead, way) != way:
            way = -way
            walk.folds.append(Fold(_fold(task, here, ahead), corner=False))
        missed = float(np.linalg.norm(ahead.z - guess))
        behind, here = here, ahead._replace(step=float(np.linalg.norm(ahead.z - here.z)))
        walk.places.append(here)
        step = min(LARGEST_STEP, step * min(2.0, max(0.4, (1e-3 / max(missed, 1e-9)) ** 0.3)))
    last = float(walk.places[-1].z[-1])
    if len(walk.places) < 2 or min(abs(last), abs(last - 1.0)) > SETTLED:
        return walk
    return walk._replace(ended="stop" if last > 0.5 else "start")


def _follows(task: _Task, here: _Place, ahead: _Place) -> bool:
    """Whether a corrected point continues the curve: no corner, no sharp turn between."""
    return float(ahead.tangent @ here.tangent) > 0.5 and not _crossed(task, here.z, ahead.z)


def _predicted(behind: _Place, here: _Place, step: float) -> Floats:
    return homotopy.cubic(behind.z, behind.tangent, here.z, here.tangent, here.step, step)


def _crossed(task: _Task, z0: Floats, z1: Floats) -> bool:
    """Whether the support differs between two points; never for logit equilibria."""
    n = int(task.shape.sum())
    return task.mode == EXACT and bool(np.any((z0[:n] > 0.0) != (z1[:n] > 0.0)))


def _corner(task: _Task, here: _Place, beyond: Floats) -> _Place | None:
    """The first point on the way to `beyond` at which the support changes."""
    n = int(task.shape.sum())
    for _ in range(n):
        a, b = here.z[:n], beyond[:n]
        changes = (a > 0.0) != (b > 0.0)
        share = np.where(changes, a / np.where(changes, a - b, 1.0), 2.0)
        first = int(np.argmin(share))
        guess = here.z + share[first] * (beyond - here.z)
        guess[first] = 0.0
        found = _corrected(task, guess, _along(len(guess), first))
        if found is None or float(np.max(np.abs(found.z - guess))) > 2.0 * LARGEST_STEP:
            return None
        earlier = ((a > 0.0) != (found.z[:n] > 0.0)) & (np.abs(found.z[:n]) > AT_A_CORNER)
        if not np.any(earlier):
            return found
        beyond = found.z
    return None


def _turned(task: _Task, here: _Place, corner: _Place, walk: _Walk) -> _Place | None:
    """The corner with the tangent of the curve beyond it; notes what changes there."""
    n = int(task.shape.sum())
    z = corner.z.copy()
    near = np.abs(z[:n]) <= AT_A_CORNER
    moving = near & (np.sign(here.tangent[:n]) != np.sign(here.z[:n]))
    side = np.where(here.z[:n] > 0.0, -1.0, 1.0)
    z[:n] = np.where(moving, side * 1e-13, z[:n])
    first = int(np.argmax(moving))
    tangent = _newton(task, z, _along(len(z), first, side[first]))[1]
    if not np.all(np.isfinite(tangent)) or np.any(moving & (np.sign(tangent[:n]) != side)):
        return None
    tangent = _unit(tangent)
    level = task.start + float(z[-1]) * task.span
    for a in np.flatnonzero(moving):
        walk.changes.append(_change(task.first.game, int(a), level, bool(side[a] > 0)))
    return _Place(z, tangent, 0.0)


def _way(place: _Place, before: float) -> float:
    """Which way the parameter goes; as before where it stands still."""
    return before if abs(place.tangent[-1]) < STILL else float(np.sign(place.tangent[-1]))


def _change(game: StochasticGame, action: int, level: float, enters: bool) -> SupportChange:
    k = int(np.searchsorted(game.action_start, action, side="right")) - 1
    s, i = divmod(k, game.n_players)
    label = game.actions[s][i][action - int(game.action_start[k])]
    return SupportChange(level, game.states[s], game.players[i], label, enters)


def _at_the_edge(task: _Task, here: _Place, ahead: _Place) -> _Place | None:
    """The point at which the parameter is 0 or 1, if the curve gets there before `ahead`."""
    target = 1.0 if ahead.z[-1] >= 1.0 else 0.0
    if 0.0 < ahead.z[-1] < 1.0:
        return None
    share = (target - here.z[-1]) / (ahead.z[-1] - here.z[-1])
    guess = here.z + share * (ahead.z - here.z)
    guess[-1] = target
    return _corrected(task, guess, _along(len(guess), -1))


def _fold(task: _Task, here: _Place, ahead: _Place) -> float:
    """The extreme parameter between two points, by secants on the tangent's last entry."""
    low, high = here, ahead
    for _ in range(30):
        share = low.tangent[-1] / (low.tangent[-1] - high.tangent[-1])
        middle = _corrected(task, low.z + share * (high.z - low.z), low.tangent)
        if middle is None or abs(middle.tangent[-1]) < 1e-9:
            low = middle or low
            break
        same = middle.tangent[-1] * low.tangent[-1] > 0.0
        low, high = (middle, high) if same else (low, middle)
    return task.start + float(low.z[-1]) * task.span


def _result(task: _Task, walk: _Walk) -> Continuation:
    import pandas as pd

    rows, worst = [], True
    for place in walk.places:
        game = task.game(float(place.z[-1]))
        found = markov_equilibrium(game, task.first.mixtures(place.z, task.mode))
        worst = worst and (found.status is Status.OK or task.mode == LOGIT)
        level = task.start + float(place.z[-1]) * task.span
        rows.append([level, found.regret, *found.values.ravel(), *found.behaviour])
    names = _columns(task.first.game, single=isinstance(task.family(task.start), NormalForm))
    good = worst and walk.ended != "lost"
    status = Status.OK if good else Status.NOT_CONVERGED
    return Continuation(
        pd.DataFrame(rows, columns=names), tuple(walk.folds), tuple(walk.changes), walk.ended,
        task.precision, status,
    )  # fmt: skip


def _columns(game: StochasticGame, *, single: bool) -> list[str]:
    names = ["parameter", "regret"]
    lead = [""] if single else [f"{state}, " for state in game.states]
    names += [f"v[{where}{player}]" for where in lead for player in game.players]
    for s, where in enumerate(lead):
        for player, acts in zip(game.players, game.actions[s], strict=True):
            names += [f"x[{where}{player}, {act}]" for act in acts]
    return names
