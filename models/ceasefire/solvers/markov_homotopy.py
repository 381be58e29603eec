"""Markov equilibria of stochastic games by homotopy: logit (quantal response) and tracing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError, SolveError
from ceasefire.games.stochastic import StochasticGame
from ceasefire.solvers import _homotopy as homotopy
from ceasefire.solvers._homotopy import LOGIT, TRACING
from ceasefire.solvers.markov import markov_equilibrium
from ceasefire.solvers.result import mixture
from ceasefire.status import Status
from ceasefire.tolerances import MARKOV_LOGIT, PROBABILITY_SUM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

    from ceasefire.solvers._homotopy import Point, Problem
    from ceasefire.solvers.markov import MarkovEquilibrium

    Floats = NDArray[np.float64]

LOGIT_METHOD = "Markov logit path (Eibelshaeuser and Poensgen 2019)"
TRACING_METHOD = "logarithmic stochastic tracing (Eibelshaeuser et al. 2022)"
# where a path ends at the latest: precision in payoff ranges; tau, at which the prior weighs e^-tau
LAST_PRECISION, LAST_TAU = 1e9, 36.0
NEAR_THE_END = {LOGIT: 1e4, TRACING: 15.0}  # a path that stops here may be asked where it leads
POINTS = 5_000
# of points that are handed out: their last correction, and the miss that steps aim at
SHOWN = (1e-6, 1e-3)
DUST = 1e-9  # probabilities below it at the very end of a path are zero


@dataclass(frozen=True)
class PathRecord(Displayed):
    """How a path was followed.

    Attributes
    ----------
    points, corrections : int
        Points accepted, and Newton steps for them.
    turning_points : int
        How often the parameter changed its direction.
    bifurcations : int
        How often the determinant's sign changed although the step was short: there another path
        crosses, and the path was followed straight on.
    smallest_step : float
        In the space of log-probabilities, values a day and parameter.
    last : float
        Largest parameter reached: precision in payoff ranges, or tau.
    restarts : int
        Paths given up before this one; each restart perturbs the prior more.
    """

    points: int
    corrections: int
    turning_points: int
    bifurcations: int
    smallest_step: float
    last: float
    restarts: int = 0


@dataclass(frozen=True, eq=False, repr=False)
class MarkovLogit(Displayed):
    """A Markov logit equilibrium (quantal response) of a stochastic game.

    Attributes
    ----------
    game : StochasticGame
    precision : float
        Lambda, per util of the discounted sum.
    behaviour : ndarray, shape (action_start[-1],)
        As in `MarkovEquilibrium`.
    values : ndarray, shape (n_states, n_players)
        Discounted sums, utils.
    residual : float
        Largest gap between a log-odds and `precision` times the difference of payoffs, recomputed
        from the behaviour alone, over one plus the precision in payoff ranges.
    status : Status
    record : PathRecord
    method : str
    """

    game: StochasticGame
    precision: float
    behaviour: Floats
    values: Floats
    residual: float
    status: Status
    record: PathRecord
    method: str = LOGIT_METHOD

    def strategy(self, state: int | str, player: int) -> Floats:
        """The mixture of one player in one state."""
        k = self.game.state(state) * self.game.n_players + player
        low, high = self.game.action_start[k : k + 2]
        return self.behaviour[low:high]

    def __repr__(self) -> str:
        game, rows = self.game, []
        for s in range(min(game.n_states, 12)):
            acts = [
                f"{game.players[i]} plays {mixture(self.strategy(s, i), game.actions[s][i])}"
                for i in range(game.n_players)
                if game.n_actions[s, i] > 1
            ]
            rows.append(f"{game.states[s]}: {'; '.join(acts) or 'nothing to choose'}")
        more = [f"... {game.n_states - 12} more states"] if game.n_states > 12 else []
        foot = f"precision {self.precision:.6g}; residual {self.residual:.1e}; {self.status}"
        return "\n".join([*rows, *more, foot])


@dataclass(frozen=True, eq=False, repr=False)
class MarkovPath(Displayed):
    """Points of a path, in its order, and the equilibrium at its end.

    Attributes
    ----------
    game : StochasticGame
    parameter : ndarray, shape (k,)
        Precision, per util; of tracing, tau: the prior weighs ``exp(-tau)``. It need not
        increase: it falls behind a turning point.
    behaviour : ndarray, shape (k, action_start[-1])
    values : ndarray, shape (k, n_states, n_players)
        Discounted sums, utils.
    record : PathRecord
    condition : float
        Condition number of the last Newton system; nan where it is too large to ask.
    equilibrium : MarkovEquilibrium or None
        None where the path was to stop before its end, or failed.
    status : Status
    """

    game: StochasticGame
    parameter: Floats
    behaviour: Floats
    values: Floats
    record: PathRecord
    condition: float
    equilibrium: MarkovEquilibrium | None
    status: Status

    @property
    def precision(self) -> Floats:
        """The parameter, by its name in logit paths."""
        return self.parameter

    @property
    def turning_points(self) -> int:
        """How often the parameter changed its direction."""
        return self.record.turning_points

    def __repr__(self) -> str:
        turns = self.turning_points
        head = (
            f"{len(self.parameter)} points up to {self.parameter.max():.6g}, "
            f"{turns} turning point{'' if turns == 1 else 's'}; {self.status}"
        )
        return head if self.equilibrium is None else f"{head}\n{self.equilibrium!r}"


def markov_logit(game: StochasticGame, *, precision: float = 1.0) -> MarkovLogit:
    """The Markov logit equilibrium on the principal branch at a precision.

    In every state ``log x_i(a) - log x_i(b) = precision (Q_i(a) - Q_i(b))`` with ``Q_i(s, a) =
    E[u_i + delta_i v_i(s')]`` and ``v_i(s) = sum_a x_i(a) Q_i(s, a)``; at precision 0 all mix
    equally. Where the branch turns, the point that it meets first.

    Parameters
    ----------
    game : StochasticGame
    precision : float
        At least 0, per util.

    Raises
    ------
    ArgumentError
        A precision that is negative or not finite, or a game of another kind.
    SolveError
        The path could not be followed that far; `reached` holds its last point.

    Notes
    -----
    Predictor (cubic) and corrector (Newton with the exact derivative) along the arclength of
    log-probabilities, values and precision. The policies of each state are eliminated first, so
    that a step costs (states * players)^3 at most, and with sparse transitions less, beside
    (profile rows * successors) for the derivative. The path is followed straight through
    bifurcations, which only games with symmetries have.

    References
    ----------
    S. Eibelshaeuser and D. Poensgen (2019), "Markov Quantal Response Equilibrium and a Homotopy
    Method for Computing and Selecting Markov Perfect Equilibria of Dynamic Stochastic Games".
    T. Turocy (2005), "A dynamic homotopy interpretation of the logistic quantal response
    equilibrium correspondence", Games and Economic Behavior 51.

    Examples
    --------
    >>> pause = [[[2, -1], [3, 0]], [[2, 3], [-1, 0]]]
    >>> law = [[[1, 0], [0, 1]], [[0, 1], [0, 1]]]
    >>> game = StochasticGame([pause, np.zeros((2, 1, 1))], [law, [[[0, 1]]]], 0.6)
    >>> found = markov_logit(game, precision=1.0)
    >>> round(float(found.behaviour[0]), 8), round(float(found.values[0, 0]), 8)
    (0.29040839, 0.6117739)
    """
    _require(game)
    if not 0 <= precision < np.inf:
        raise ArgumentError("precision", precision, "a finite number, at least 0")
    p = homotopy.problem(game, common=True)
    target = precision * float(p.unit.max())
    points = list(_until(p, homotopy.follow(p, LOGIT, homotopy.start(p, LOGIT)), target))
    z = _at(p, points, target)
    found = _logit(p, precision, target, z, points)
    if found.status is not Status.OK:
        raise SolveError(f"the logit path stopped before precision {precision:.6g}", found)
    return found


def _at(p: Problem, points: list[Point], target: float) -> Floats | None:
    """The unknowns at exactly `target`, if the last point is at or past it."""
    if not points or points[-1].z[-1] < target:
        return None
    if len(points) == 1:
        return points[0].z
    return homotopy.at(p, LOGIT, points[-2], points[-1], target)


def _logit(
    p: Problem, precision: float, target: float, z: Floats | None, points: list[Point]
) -> MarkovLogit:
    last = points[-1].z if z is None else z
    x = p.mixtures(last, LOGIT)
    values, quality = evaluated(p.game, x)
    start = p.game.action_start
    gap = np.log(np.maximum(x, 1e-320)) - precision * quality
    spread = np.maximum.reduceat(gap, start[:-1]) - np.minimum.reduceat(gap, start[:-1])
    rare = np.minimum.reduceat(x, start[:-1]) < 1e-300  # its logarithm is not to be had from x
    residual = float(np.max(np.where(rare, 0.0, spread))) / (1.0 + target)
    good = z is not None and residual <= MARKOV_LOGIT * (1.0 + float(p.plan.ahead.max()))
    status = Status.OK if good else Status.NOT_CONVERGED
    return MarkovLogit(p.game, precision, x, values, residual, status, _record(points))


def evaluated(game: StochasticGame, behaviour: Floats) -> tuple[Floats, Floats]:
    """Values (n_states, n_players) and payoffs of actions, discounted sums from the least payoff.

    Recomputed from the game: one sparse linear solve a player; nothing of the kernels.
    """
    from scipy.sparse import csr_array, eye_array
    from scipy.sparse.linalg import spsolve

    n, n_states, rows = game.n_players, game.n_states, game.n_profiles
    taken = homotopy.taken(game)
    chance = behaviour[taken]
    joint = np.prod(chance, axis=1)
    gather = csr_array((joint, np.arange(rows), game.profile_start), shape=(n_states, rows))
    follows = gather @ game.transitions
    values, quality = np.empty((n_states, n)), np.empty(len(behaviour))
    low = game.payoffs.min(axis=1)
    for i, delta in enumerate(game.discounts):
        flow = game.payoffs[i] - low[i]
        v = np.atleast_1d(spsolve((eye_array(n_states) - delta * follows).tocsc(), gather @ flow))
        others = np.prod(np.delete(chance, i, axis=1), axis=1)
        gain = np.bincount(
            taken[:, i], others * (flow + delta * (game.transitions @ v)), len(quality)
        )
        mine = np.bincount(taken[:, i], minlength=len(quality)) > 0
        quality[mine] = gain[mine]
        values[:, i] = v + low[i] / (1.0 - delta)
    return values, quality


def markov_logit_path(game: StochasticGame, *, precision: float | None = None) -> MarkovPath:
    """The principal branch from precision 0 up to `precision`, or to the equilibrium at its end.

    Parameters
    ----------
    game : StochasticGame
    precision : float, optional
        Above 0, per util. By default the path is followed until it is clear which equilibrium it
        leads to, which is then solved for and certified.

    Raises
    ------
    ArgumentError
        A precision that is not above 0, or a game of another kind.

    Examples
    --------
    >>> pause = [[[2, -1], [3, 0]], [[2, 3], [-1, 0]]]
    >>> law = [[[1, 0], [0, 1]], [[0, 1], [0, 1]]]
    >>> game = StochasticGame([pause, np.zeros((2, 1, 1))], [law, [[[0, 1]]]], 0.6)
    >>> path = markov_logit_path(game)
    >>> path.equilibrium.behaviour
    array([0., 1., 0., 1., 1., 1.])
    """
    _require(game)
    if precision is not None and not 0 < precision < np.inf:
        raise ArgumentError("precision", precision, "a finite number above 0")
    p = homotopy.problem(game, common=True)
    unit = float(p.unit.max())
    run = homotopy.follow(p, LOGIT, homotopy.start(p, LOGIT), *SHOWN)
    if precision is None:
        points, x = _to_the_end(p, LOGIT, run)
        found = None if x is None else markov_equilibrium(game, x, LOGIT_METHOD)
        good = found is not None and found.status is Status.OK
        return _path(p, points, 1.0 / unit, found, good)
    points = list(_until(p, run, precision * unit))
    z = _at(p, points, precision * unit)
    if z is not None:
        points[-1] = replace(points[-1], z=z)
    return _path(p, points, 1.0 / unit, None, z is not None)


def _path(
    p: Problem, points: list[Point], scale: float, found: MarkovEquilibrium | None, good: bool
) -> MarkovPath:
    last = points[-1]
    homotopy.newton(p, LOGIT, last.z, last.tangent)
    status = Status.OK if good else Status.NOT_CONVERGED
    return MarkovPath(
        p.game,
        np.array([q.z[-1] for q in points]) * scale,
        np.array([p.mixtures(q.z, LOGIT) for q in points]),
        np.array([p.values(q.z) for q in points]),
        _record(points),
        homotopy.condition(p, last),
        found,
        status,
    )


def markov_trace(
    game: StochasticGame,
    *,
    method: Literal["tracing", "logit"] = "tracing",
    prior: ArrayLike | None = None,
    seed: int | None = None,
    penalty: float = 1.0,
    attempts: int = 12,
) -> MarkovEquilibrium:
    """One Markov perfect equilibrium, selected by following a path from a prior.

    Tracing: at ``t = 1 - exp(-tau)`` player ``i`` gets ``u_i`` and the next state as if with
    chance ``1 - t`` the others played the prior, and ``(1 - t) penalty sum_a log x_i(a)`` payoff
    ranges a day on top: at t = 0 there is one solution, at t = 1 a Markov perfect equilibrium.
    Logit: as `markov_logit`, from the prior, with the precision of each player in its own payoff
    range, so that neither method depends on anybody's unit of utility.

    Parameters
    ----------
    game : StochasticGame
    method : "tracing" or "logit"
    prior : array_like, shape (action_start[-1],), optional
        Mixtures in one vector (see `MarkovEquilibrium.behaviour`), all positive; uniform by
        default.
    seed : int, optional
        Draws a random prior in place of the uniform one, and those of restarts.
    penalty : float
        Of tracing, above 0. The smaller, the more the prior counts and the sharper the path turns.
    attempts : int
        Paths to try. From the second on the prior is moved, more each time, towards a random one.

    Returns
    -------
    MarkovEquilibrium
        Certified; ``detail["path"]`` is the `PathRecord`: restarts and bifurcations are said there.

    Raises
    ------
    ArgumentError
        A prior that is not a strictly positive mixture, an unknown method, a game of another kind.
    SolveError
        No path ended at an equilibrium; `reached` is the best behaviour found, with its regret.

    Notes
    -----
    Costs as `markov_logit`; 20 to 200 points as a rule. The path is that of an exactly symmetric
    game where the prior is symmetric, so that its end is symmetric too; a random prior avoids it.
    It fails where paths come closer than rounding can tell apart, after `attempts` restarts.

    References
    ----------
    J. Herings and R. Peeters (2004), "Stationary equilibria in stochastic games: structure,
    selection, and computation", Journal of Economic Theory 118.
    S. Eibelshaeuser, V. Klockmann, D. Poensgen and A. von Schenk (2022), "The Logarithmic
    Stochastic Tracing Procedure: A Homotopy Method to Compute Stationary Equilibria of Stochastic
    Games".

    Examples
    --------
    >>> pause = [[[2, -1], [3, 0]], [[2, 3], [-1, 0]]]
    >>> law = [[[1, 0], [0, 1]], [[0, 1], [0, 1]]]
    >>> game = StochasticGame([pause, np.zeros((2, 1, 1))], [law, [[[0, 1]]]], 0.6)
    >>> markov_trace(game).behaviour
    array([0., 1., 0., 1., 1., 1.])
    """
    _require(game)
    if method not in ("tracing", "logit"):
        raise ArgumentError("method", method, '"tracing" or "logit"')
    if not 0 < penalty < np.inf:
        raise ArgumentError("penalty", penalty, "a finite number above 0")
    if not attempts >= 1:
        raise ArgumentError("attempts", attempts, "at least 1")
    first = _prior(game, prior, seed)
    mode, name = (LOGIT, LOGIT_METHOD) if method == "logit" else (TRACING, TRACING_METHOD)
    best: MarkovEquilibrium | None = None
    for attempt in range(attempts):
        moved = _moved(game, first, seed or 0, attempt)
        p = homotopy.problem(game, prior=moved, penalty=penalty)
        run = homotopy.follow(p, mode, homotopy.start(p, mode))
        points, x = _to_the_end(p, mode, run)
        if x is None:
            continue
        found = replace(
            markov_equilibrium(game, x, name), detail={"path": _record(points, attempt)}
        )
        if found.status is Status.OK:
            return found
        if best is None or found.relative_regret < best.relative_regret:
            best = found
    raise SolveError(f"no certified equilibrium at the end of {attempts} paths ({name})", best)


def _to_the_end(p: Problem, mode: int, run: Iterator[Point]) -> tuple[list[Point], Floats | None]:
    """The points, and the equilibrium that they lead to; at the very end, the last point itself."""
    last = LAST_PRECISION if mode == LOGIT else LAST_TAU
    points: list[Point] = []
    for here in run:
        points.append(here)
        x = homotopy.limit(p, mode, here)
        if x is not None:
            return points, x
        if here.z[-1] > last or len(points) >= POINTS:
            break
    if not points or points[-1].z[-1] < NEAR_THE_END[mode]:
        return points, None
    return points, _forced(p, mode, points[-1])


def _forced(p: Problem, mode: int, here: Point) -> Floats:
    """The equilibrium near the very end of a path where that is degenerate: some loss is zero."""
    x = p.mixtures(here.z, mode)
    for solve in (homotopy.polished, homotopy.nearest):
        for least in (1e-2, 1e-4, 1e-6):
            end = solve(p, mode, here.z, x > least, 5.0 * homotopy.CLOSE)
            if end is not None:
                return end
    x = np.where(x < DUST, 0.0, x)
    start = p.game.action_start
    return np.asarray(x / np.repeat(np.add.reduceat(x, start[:-1]), np.diff(start)))


def _until(p: Problem, run: Iterator[Point], target: float) -> Iterator[Point]:
    """Points of a logit path up to the first with a precision of `target` or more."""
    before: Point | None = None
    for k, here in enumerate(run):
        if before is not None and before.tangent[-1] > 0.0 > here.tangent[-1]:
            top = homotopy.peak(p, LOGIT, before, here, target)
            if top is not None:
                yield top
                return
        yield here
        if here.z[-1] >= target or k >= POINTS:
            return
        before = here


def _record(points: list[Point], restarts: int = 0) -> PathRecord:
    level = np.array([q.z[-1] for q in points])
    rising = np.sign(np.diff(level))
    steps = [q.step for q in points[1:]]
    return PathRecord(
        len(points),
        sum(q.corrections for q in points),
        int(np.sum(np.diff(rising) != 0)),
        points[-1].crossings if points else 0,
        float(min(steps, default=0.0)),
        float(level.max(initial=0.0)),
        restarts,
    )


def _prior(game: StochasticGame, given: ArrayLike | None, seed: int | None) -> Floats:
    start = game.action_start
    counts = np.diff(start)
    if given is None:
        if seed is None:
            return np.repeat(1.0 / counts, counts)
        x = np.random.default_rng(seed).uniform(0.05, 1.0, int(start[-1]))
        return np.asarray(x / np.repeat(np.add.reduceat(x, start[:-1]), counts))
    x = np.asarray(given, dtype=float)
    if x.shape != (int(start[-1]),):
        raise ArgumentError("prior", f"shape {x.shape}", f"shape ({int(start[-1])},)")
    totals = np.add.reduceat(x, start[:-1])
    if not (np.all(x > 0) and np.all(np.abs(totals - 1.0) <= PROBABILITY_SUM)):
        raise ArgumentError("prior", x, "positive probabilities that add up to 1 for each player "
                            "in each state")  # fmt: skip
    return x


def _moved(game: StochasticGame, prior: Floats, seed: int, attempt: int) -> Floats:
    """The prior of a restart: the n-th lies 2 ** n percent of the way to a random one."""
    if attempt == 0:
        return prior
    other = np.random.default_rng([seed, attempt]).uniform(0.05, 1.0, len(prior))
    start = game.action_start
    other /= np.repeat(np.add.reduceat(other, start[:-1]), np.diff(start))
    share = min(1.0, 0.01 * 2.0**attempt)
    return np.asarray((1.0 - share) * prior + share * other)


def _require(game: StochasticGame) -> None:
    if not isinstance(game, StochasticGame):
        raise ArgumentError("game", type(game).__name__, "a StochasticGame")
