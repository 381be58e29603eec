"""Markov perfect equilibria of stochastic games: all of them where no state returns, else some."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ceasefire.errors import ArgumentError, SolveError
from ceasefire.games.stochastic import StochasticGame
from ceasefire.solvers import (
    _best_reply_dynamics,
    _exact_recursion,
    _markov_values,
    _state_recursion,
    _zero_sum,
)
from ceasefire.solvers.markov import MarkovEquilibrium, markov_equilibrium
from ceasefire.solvers.result import Equilibria
from ceasefire.status import Status
from ceasefire.tolerances import VALUE_BOUNDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

RECURSION = "state recursion over every equilibrium (Iskhakov, Rust and Schjerning 2016)"
SHAPLEY = "Shapley iteration with Newton steps (Shapley 1953; Filar and Tolwinski 1991)"
REPLIES = "best-reply dynamics"
LISTED = 1000
LISTED_CHANCES = 20_000_000  # probabilities that a list may hold by default

Method = Literal["state-recursion", "shapley", "homotopy", "best-reply"]
METHODS = ("state-recursion", "shapley", "homotopy", "best-reply")


def markov_perfect(
    game: StochasticGame,
    *,
    method: Method | None = None,
    exact: bool = False,
    limit: int | None = None,
    starts: int = 8,
    rng: np.random.Generator | None = None,
    tolerance: float = VALUE_BOUNDS,
) -> Equilibria[MarkovEquilibrium]:
    """Markov perfect equilibria: behaviour that depends on the state, a best reply in every state.

    ``x`` is one where, with ``v_i(s) = E_x[u_i(s, a) + delta_i v_i(s')]``, in every state ``x(s)``
    is a Nash equilibrium of the one-day game with payoffs ``u_i(s, a) + delta_i E v_i(s')``.

    Parameters
    ----------
    game : StochasticGame
        Players may discount differently.
    method : {"state-recursion", "shapley", "homotopy", "best-reply"}, optional
        By default state recursion where no state returns once left, Shapley iteration where two
        players are opposed, else a homotopy (`markov_trace`).

        * ``state-recursion``: all equilibria, counted. A state may stay for a while.
        * ``shapley``: the value and optimal strategies; players opposed, discounting alike.
        * ``homotopy``: one equilibrium.
        * ``best-reply``: what best replies lead to from `starts` starts; it may be nothing.
    exact : bool
        State recursion in rational numbers; for small games without states that may stay.
    limit : int, optional
        Most equilibria to list; by default 1000, fewer in a game of very many states. `count` is
        the number of them all.
    starts : int
        Starts of best-reply dynamics: even mixtures, then random ones.
    rng : numpy.random.Generator, optional
        Draws the random starts; by default seeded with 0.
    tolerance : float
        Shapley iteration stops when its bounds on values are this close, of the largest possible
        difference of discounted sums.

    Returns
    -------
    Equilibria of MarkovEquilibrium
        `complete` says whether the list is provably all; `count` is exact, or None where it is not
        known. `detail["continua"]` names states in whose one-day game equilibria form a continuum:
        their extreme points are followed, and `complete` is False. `detail["unproven"]` names
        states whose one-day game is so close to a tie that rounding may hide equilibria.

    Raises
    ------
    ArgumentError
        The method does not cover the game.
    SolveError
        No equilibrium was found; what was reached is attached.

    Notes
    -----
    State recursion goes from the last states to the first and solves the one-day game of a state
    once for each way in which what follows can differ. States with one equilibrium (two movers,
    up to 4 x 4 actions after dominance) are solved in one compiled pass, about a microsecond each;
    those with several split a table of combinations, in which rows are merged as soon as nothing
    ahead can tell them apart. Equilibria are counted without listing them, so that thousands of
    independent choices cost no more than one; where choices that can still be told apart are too
    many to hold, some are dropped, `count` is None and `detail["at_least"]` a lower bound.

    A state that may stay, with a chance that depends on what is played, is a system of polynomials
    in mixtures and values, solved by boxes (`ceasefire.solvers.several`).

    References
    ----------
    F. Iskhakov, J. Rust, B. Schjerning (2016), "Recursive lexicographical search: finding all
    Markov perfect equilibria of finite state directional dynamic games", Review of Economic
    Studies 83, sec. 2-3. L. Shapley (1953), "Stochastic games", PNAS 39. J. Filar, K. Vrieze
    (1997), *Competitive Markov Decision Processes*, sec. 3.3-3.5.

    Examples
    --------
    Pause until somebody leaves: stay, leave, or mix so that leaving gains nothing.

    >>> from ceasefire.games import StochasticGame
    >>> pause = [[[2, -1], [3, 0]], [[2, 3], [-1, 0]]]
    >>> law = [[[1, 0], [0, 1]], [[0, 1], [0, 1]]]
    >>> game = StochasticGame([pause, np.zeros((2, 1, 1))], [law, [[[0, 1]]]], 0.6,
    ...                       states=["pause", "war"])
    >>> found = markov_perfect(game)
    >>> [round(float(e.strategy("pause", 0)[0]), 8) for e in found], found.complete
    ([1.0, 0.0, 0.74535599], True)
    """
    if not isinstance(game, StochasticGame):
        raise ArgumentError("game", type(game).__name__, "a StochasticGame")
    if method is not None and method not in METHODS:
        raise ArgumentError("method", method, f"one of {', '.join(METHODS)}")
    if limit is not None and limit < 1:
        raise ArgumentError("limit", limit, "at least 1")
    chosen = method or _method(game)
    if exact and chosen != "state-recursion":
        raise ArgumentError("exact", exact, "False", f"{chosen} works in floats")
    if chosen == "state-recursion":
        most = limit or min(LISTED, max(1, LISTED_CHANCES // int(game.action_start[-1])))
        return _directional(game, most, exact)
    if chosen == "shapley":
        return _opposed(game, tolerance)
    if chosen == "homotopy":
        return _homotopy(game, starts, rng)
    return _replies(game, starts, rng)


def _method(game: StochasticGame) -> Method:
    if _markov_values.prepared(game).order is not None:
        return "state-recursion"
    return "shapley" if _zero_sum.opposed(game) else "homotopy"


def _directional(game: StochasticGame, limit: int, exact: bool) -> Equilibria[MarkovEquilibrium]:
    found = _state_recursion.solve(game, limit)
    behaviours: list[NDArray[Any]] = list(found.behaviours)
    count: int | None = None if found.cut else found.count
    continua, unproven = found.continua, found.unproven
    if exact:
        met: set[int] = set()
        behaviours = list(_exact_recursion.solve(game, limit, met))
        if len(behaviours) < limit:  # the list is all there is: floats are not needed
            count, continua, unproven = len(behaviours), sorted(met), []
    listed = tuple(markov_equilibrium(game, x, RECURSION) for x in behaviours)
    sure = count is not None and not unproven and not continua
    good = all(e.status is Status.OK for e in listed)
    claim = "all Markov perfect equilibria"
    if continua:
        claim = "Markov perfect equilibria by extreme equilibria of every state's game"
    elif count is None or count > len(listed):
        claim = f"the first {len(listed)} Markov perfect equilibria"
    status = Status.OK if sure else Status.INCOMPLETE
    return Equilibria(
        listed,
        sure and good and count == len(listed),
        claim,
        RECURSION,
        status if good else Status.EXPLOITABLE,
        count=count,
        detail={
            "at_least": found.count if count is None else count,
            "continua": tuple(game.states[s] for s in continua),
            "unproven": tuple(game.states[s] for s in unproven),
            "branching": found.branching,
        },
    )


def _opposed(game: StochasticGame, tolerance: float) -> Equilibria[MarkovEquilibrium]:
    if not _zero_sum.opposed(game):
        hint = "the sum of payoffs, each over its range, must be constant"
        raise ArgumentError("method", "shapley", "two opposed players who discount alike", hint)
    found = _zero_sum.solve(game, tolerance)
    detail = {
        "lower": found.lower,
        "upper": found.upper,
        "steps": found.steps,
        "newton_steps": found.newton,
    }
    one = replace(markov_equilibrium(game, found.behaviour, SHAPLEY), detail=detail)
    status = one.status if found.converged else Status.NOT_CONVERGED
    result = Equilibria(
        (one,), status is Status.OK, "the value and optimal strategies", SHAPLEY, status,
        detail=detail,
    )  # fmt: skip
    if status is Status.OK:
        return result
    raise SolveError(f"Shapley iteration: {status}, after {found.steps} steps", result)


def _homotopy(
    game: StochasticGame, starts: int, rng: np.random.Generator | None
) -> Equilibria[MarkovEquilibrium]:
    """One equilibrium by logarithmic tracing; best replies where the path cannot be followed."""
    from ceasefire.solvers.markov_homotopy import markov_trace

    try:
        one = markov_trace(game)
    except SolveError as failed:
        try:
            return _replies(game, starts, rng)
        except SolveError:
            raise failed from None
    claim, good = "one equilibrium", one.status is Status.OK
    return Equilibria((one,), good, claim, one.method, one.status)


def _replies(
    game: StochasticGame, starts: int, rng: np.random.Generator | None
) -> Equilibria[MarkovEquilibrium]:
    if starts < 1:
        raise ArgumentError("starts", starts, "at least 1")
    draws = rng or np.random.default_rng(0)
    good: list[MarkovEquilibrium] = []
    nearest: MarkovEquilibrium | None = None
    for x in _best_reply_dynamics.behaviours(game, starts, draws):
        one = markov_equilibrium(game, x, REPLIES)
        if one.status is Status.OK:
            if not any(np.allclose(one.behaviour, o.behaviour, atol=1e-7) for o in good):
                good.append(one)
        elif nearest is None or one.relative_regret < nearest.relative_regret:
            nearest = one
    detail = {"starts": starts}
    if good:
        claim = f"found from {starts} starts"
        return Equilibria(tuple(good), False, claim, REPLIES, Status.INCOMPLETE, detail=detail)
    reached = Equilibria(
        (nearest,) if nearest else (), False, "not an equilibrium", REPLIES, Status.NOT_CONVERGED
    )
    raise SolveError(
        f"best replies settled from none of {starts} starts; more starts, or another method",
        reached,
    )
