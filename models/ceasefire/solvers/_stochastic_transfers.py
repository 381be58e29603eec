"""Payoff sets of stochastic games whose players can pay each other (Goldluecke and Kranz)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import SolveError
from ceasefire.solvers._flat_states import first_of, flatten
from ceasefire.solvers.sets import PayoffSet
from ceasefire.status import Status
from ceasefire.tolerances import PAYOFF_TIE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.games.stochastic import StochasticGame
    from ceasefire.solvers._flat_states import FlatStates

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

METHOD = "optimal simple equilibria with transfers (Goldluecke and Kranz 2018)"
EPSILON = 2.0**-52  # a rounding of values near 1
DENSE = 100  # certificates of games with more states use sparse systems
ROUNDS = 10_000  # policy iteration ends after a few; this only bounds a cycle of rounding


@dataclass(frozen=True, eq=False)
class SimpleRegime(Displayed):
    """An optimal simple equilibrium with transfers, and how firmly it holds in every state.

    A deviation from a payment or an action of player i is followed by one day of its punishment,
    with payments that restart the path; nobody is paid more than the joint payoff allows.

    Attributes
    ----------
    path : ndarray, shape (n_states,)
        The profile row played in each state on the path; -1 where there is no equilibrium.
    punishments : ndarray, shape (n_players, n_states)
        The row played when a player is punished.
    joint : ndarray, shape (n_states,)
        Joint payoff of the path, recomputed by a linear solve, utils a day.
    threat : ndarray, shape (n_states, n_players)
        What each player is left with, recomputed from its best replies to its punishment.
    slack : float
        The least of ``(1 - delta) sum_i u_i + delta E joint - sum_i max_{a_i'} [(1 - delta) u_i +
        delta E threat_i]`` over the rows used, in units of the payoff range; not below rounding.
    miss : float
        The largest difference to the solver's own values, in units of the payoff range.
    """

    path: Ints
    punishments: Ints
    joint: Floats
    threat: Floats
    slack: float
    miss: float


def with_transfers(game: StochasticGame, tol: float) -> PayoffSet:
    """Return ``{v : v_i >= v_i(s), sum v <= U(s)}`` for every state.

    Rows that can be enforced satisfy ``(1 - delta) sum u + delta E U >= sum_i max_{a_i'} [(1 -
    delta) u_i + delta E v_i]``. U is the best joint payoff with enforceable rows, v_i the
    harshest punishment with them; rows that fail are dropped until none does, from above. Values
    are sums over 1 / (1 - delta) days, and so is rounding: where that exceeds `tol` (in payoff
    ranges) the status says so.
    """
    whole = flatten(game, one_unit=True)
    states, flat = np.arange(game.n_states), whole
    while True:
        found = enforceable(flat)
        dead = ~np.logical_or.reduceat(found.allowed, flat.start[:-1])
        if not dead.any():
            return _described(game, whole, flat, states, found, tol)
        states = states[~leading_to(flat, dead)]
        if not len(states):
            return _described(game, whole, flat, states, None, tol)
        flat = whole.kept(states)


@dataclass(frozen=True, eq=False)
class Enforceable:
    """Rows that can be enforced, the best joint payoff and the harshest punishments with them."""

    allowed: Bools
    path: Ints
    joint: Floats
    punishments: Ints
    threat: Floats
    steps: int


def enforceable(flat: FlatStates) -> Enforceable:
    """The largest fixed point; where a state has no row left, `allowed` shows it."""
    allowed = np.ones(len(flat.owner), dtype=bool)
    flow = flat.payoffs.sum(axis=0)
    step = 0
    while True:
        step += 1  # each drops a row for good
        path, joint = best(flat, flow, allowed)
        both = [punishments(flat, i, allowed) for i in range(flat.n_players)]
        rows, threat = np.array([b[0] for b in both]), np.array([b[1] for b in both]).T
        lured = sum(flat.lured(i, threat[:, i]) for i in range(flat.n_players))
        offered = (1 - flat.delta) * flow + flat.delta * (flat.law @ joint)
        kept = allowed & (offered >= lured - PAYOFF_TIE)
        same = np.array_equal(kept, allowed)
        allowed = kept
        if same or not np.logical_or.reduceat(allowed, flat.start[:-1]).all():
            break
    return Enforceable(allowed, path, joint, rows, threat, step)


def leading_to(flat: FlatStates, dead: Bools) -> Bools:
    """The states from which play can reach a dead one, with those themselves."""
    while True:
        reach = (flat.law @ dead.astype(float)) > 0
        longer = dead | np.logical_or.reduceat(reach, flat.start[:-1])
        if np.array_equal(longer, dead):
            return dead
        dead = longer


def best(flat: FlatStates, flow: Floats, allowed: Bools) -> tuple[Ints, Floats]:
    """Policy and values of ``U(s) = max_{allowed a} (1 - delta) flow + delta E U``."""
    today = (1 - flat.delta) * flow
    rows = first_of(np.where(allowed, today, -np.inf), flat.start, np.maximum)
    for _ in range(ROUNDS):
        values = flat.follow(rows, today[rows])
        ahead = np.where(allowed, today + flat.delta * (flat.law @ values), -np.inf)
        better = first_of(ahead, flat.start, np.maximum)
        gains = ahead[better] > values + _tie(values)
        if not gains.any():
            return rows, values
        rows = np.where(gains, better, rows)
    raise SolveError("policy iteration for the joint payoff cycles")


def punishments(flat: FlatStates, player: int, allowed: Bools) -> tuple[Ints, Floats]:
    """Policy and values of ``v(s) = min_{allowed a} max_{a_i'} (1 - delta) u_i + delta E v``.

    The player replies best to each punishment; both sides by policy iteration.
    """
    today = (1 - flat.delta) * flat.payoffs[player]
    rows = flat.least(np.where(allowed, flat.best_reply(player, today), np.inf))
    for _ in range(ROUNDS):
        values = replied(flat, player, rows)
        lure = np.where(allowed, flat.lured(player, values), np.inf)
        harsher = flat.least(lure)
        gains = lure[harsher] < values - _tie(values)
        if not gains.any():
            return rows, values
        rows = np.where(gains, harsher, rows)
    raise SolveError("policy iteration for a punishment cycles")


def replied(flat: FlatStates, player: int, rows: Ints) -> Floats:
    """Values of the player's best replies for ever to the others' part of the profiles `rows`."""
    order, first, member = flat.others[player]
    last = np.append(first[1:], len(order))
    groups = member[rows]
    sizes = last[groups] - first[groups]
    begin = np.append(0, np.cumsum(sizes))
    own = np.concatenate([order[first[g] : last[g]] for g in groups])  # rows of own actions
    today = (1 - flat.delta) * flat.payoffs[player, own]
    chosen = begin[:-1].copy()
    for _ in range(ROUNDS):
        values = flat.follow(own[chosen], today[chosen])
        ahead = today + flat.delta * (flat.law[own] @ values)
        better = first_of(ahead, begin, np.maximum)
        gains = ahead[better] > values + _tie(values)
        if not gains.any():
            return values
        chosen = np.where(gains, better, chosen)
    raise SolveError("policy iteration for a best reply cycles")


def _tie(values: Floats) -> float:
    return 1e-3 * PAYOFF_TIE * max(1.0, float(np.abs(values).max()))


def certified(flat: FlatStates, found: Enforceable) -> SimpleRegime:
    """Recompute values by dense linear systems, and every constraint, from the policies alone."""
    d, n = flat.delta, flat.n_states
    law = flat.law.toarray() if n <= DENSE else flat.law
    flow = flat.payoffs.sum(axis=0)

    def value(rows: Ints, today: Floats) -> Floats:
        if n > DENSE:
            return flat.follow(rows, today)
        return np.linalg.solve(np.eye(n) - d * law[rows], today)

    joint = value(found.path, (1 - d) * flow[found.path])
    used = np.concatenate([found.path, *found.punishments])
    threat, lured = np.empty((n, flat.n_players)), np.zeros(len(used))
    for i, rows in enumerate(found.punishments):
        own = [_replies(flat, i, r) for r in rows]
        values = found.threat[:, i]
        answer = [
            r[int(np.argmax((1 - d) * flat.payoffs[i, r] + d * (law[r] @ values)))] for r in own
        ]
        answers = np.array(answer)
        threat[:, i] = value(answers, (1 - d) * flat.payoffs[i, answers])
        for k, r in enumerate(used):
            ways = _replies(flat, i, r)
            lured[k] += ((1 - d) * flat.payoffs[i, ways] + d * (law[ways] @ threat[:, i])).max()
    offered = (1 - d) * flow[used] + d * (law[used] @ joint)
    miss = max(np.abs(joint - found.joint).max(), np.abs(threat - found.threat).max())
    slack = float((offered - lured).min())
    return SimpleRegime(found.path, found.punishments, joint, threat, slack, float(miss))


def _replies(flat: FlatStates, player: int, row: int) -> Ints:
    """Rows that differ from one in the player's action only."""
    s = flat.owner[row]
    rows = np.arange(flat.start[s], flat.start[s + 1])
    member = flat.others[player][2]
    return np.asarray(rows[member[rows] == member[row]])


def _described(
    game: StochasticGame, whole: FlatStates, flat: FlatStates, states: Ints,
    found: Enforceable | None, tol: float,
) -> PayoffSet:  # fmt: skip
    """Back to utils and to all states; where there is no equilibrium there are no points."""
    n, unit = game.n_players, float(whole.unit[0])
    sets = [np.empty((0, n))] * game.n_states
    threat, joint = np.full((game.n_states, n), np.nan), np.full(game.n_states, np.nan)
    path, rows = np.full(game.n_states, -1), np.full((n, game.n_states), -1)
    regime, good, lost = None, True, EPSILON / (1 - whole.delta)
    if found is not None:
        regime = certified(flat, found)
        good = regime.slack >= -2 * PAYOFF_TIE and regime.miss <= PAYOFF_TIE
        place = np.concatenate([np.arange(game.profile_start[s], game.profile_start[s + 1])
                                for s in states])  # fmt: skip
        path[states], rows[:, states] = place[found.path], place[found.punishments]
        threat[states] = whole.low + unit * found.threat
        joint[states] = whole.low.sum() + unit * found.joint
        for at, s in enumerate(states):
            sets[s] = _simplex(threat[s], unit * float(found.joint[at] - found.threat[at].sum()),
                               unit * PAYOFF_TIE)  # fmt: skip
        regime = SimpleRegime(path, rows, joint, threat, regime.slack, regime.miss)
    status = Status.OK if lost <= tol else Status.NOT_CONVERGED
    return PayoffSet(
        game=game, vertices=tuple(sets), outer=tuple(sets), inner=tuple(sets),
        gap=0.0 if lost <= tol else unit * lost, threat=threat, exact=lost <= tol, method=METHOD,
        status=status if good else Status.EXPLOITABLE,
        iterations=0 if found is None else found.steps, transfers=True, certificate=regime,
        detail={"joint": joint, "path": _named(game, path),
                "punishments": tuple(_named(game, r) for r in rows)},
    )  # fmt: skip


def _simplex(threat: Floats, surplus: float, tie: float) -> Floats:
    if surplus <= tie:
        return threat[None].copy()
    return np.vstack([threat, threat + surplus * np.eye(len(threat))])


def _named(game: StochasticGame, rows: Ints) -> tuple[tuple[str, ...] | None, ...]:
    """Action names of a profile row of each state."""
    names: list[tuple[str, ...] | None] = []
    for s, r in enumerate(rows):
        if r < 0:
            names.append(None)
            continue
        cell = np.unravel_index(int(r - game.profile_start[s]), tuple(game.n_actions[s]))
        names.append(tuple(game.actions[s][i][int(a)] for i, a in enumerate(cell)))
    return tuple(names)
