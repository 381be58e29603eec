"""Relational contracts that are negotiated anew: hold-up against promises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse.csgraph import connected_components

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.games.stochastic import StochasticGame
from ceasefire.solvers._flat_states import flatten
from ceasefire.solvers._negotiated import State, solve_state
from ceasefire.solvers._stochastic_transfers import leading_to
from ceasefire.status import Status
from ceasefire.tolerances import PAYOFF_TIE, PROBABILITY_SUM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ceasefire.solvers._flat_states import FlatStates

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class NegotiationCheck(Displayed):
    """A repeated negotiation equilibrium recomputed over all states at once.

    Attributes
    ----------
    joint : float
        Largest difference between the joint payoffs and those of a linear solve of the path.
    best : float
        The most that another enforceable profile would raise a joint payoff, or that the path
        falls short of what is stated.
    harshest : float
        The same of punishments.
    slack : float
        The least ``offered - sum_i lured_i`` over the profiles used.

    All in units of the payoff range.
    """

    joint: float
    best: float
    harshest: float
    slack: float

    @property
    def miss(self) -> float:
        """The largest violation of any condition."""
        return max(self.joint, self.best, self.harshest, -self.slack)


@dataclass(frozen=True, eq=False, repr=False)
class Relational(Displayed):
    """A repeated negotiation equilibrium, state by state.

    Payoffs are per-day averages, utils; nan in states that have no equilibrium.

    Attributes
    ----------
    game : StochasticGame
    negotiation : float
        The chance that the relation is negotiated anew before a day.
    weights : ndarray, shape (n_players,)
        Bargaining weights.
    joint : ndarray, shape (n_states,)
        Joint payoff ``U(s)``.
    threat : ndarray, shape (n_states, n_players)
        Lowest payoff ``v_i(s)`` of each player while the relation is not negotiated anew:
        disagreement payoffs of a negotiation.
    negotiated : ndarray, shape (n_states, n_players)
        What a negotiation gives, ``r_i(s) = v_i(s) + weight_i (U(s) - sum_j v_j(s))``.
    path : ndarray, shape (n_states,)
        Profile row played on the path; -1 where there is no equilibrium.
    punishments : ndarray, shape (n_players, n_states)
        Profile row played when a player is punished.
    status : Status
        `NO_EQUILIBRIUM` where some state has none; `NOT_CONVERGED` where that is not decided.
    failing : tuple of str
        States without an equilibrium although all states that can follow have one.
    certificate : NegotiationCheck or None
    """

    game: StochasticGame
    negotiation: float
    weights: Floats
    joint: Floats
    threat: Floats
    negotiated: Floats
    path: Ints
    punishments: Ints
    status: Status
    failing: tuple[str, ...]
    certificate: NegotiationCheck | None

    @property
    def exists(self) -> bool:
        """Whether play from the initial state on has an equilibrium."""
        return bool(self.path[self.game.initial] >= 0)

    @property
    def payoffs(self) -> Floats:
        """What a negotiation in the initial state gives each player, utils a day."""
        return np.asarray(self.negotiated[self.game.initial])

    def profile(self, state: int | str, punished: int | None = None) -> tuple[str, ...] | None:
        """Names of the actions on the path, or when a player is punished; None where none is."""
        s = self.game.state(state)
        row = self.path[s] if punished is None else self.punishments[punished, s]
        if row < 0:
            return None
        cell = np.unravel_index(
            int(row - self.game.profile_start[s]), tuple(self.game.n_actions[s])
        )
        return tuple(self.game.actions[s][i][int(a)] for i, a in enumerate(cell))

    def __repr__(self) -> str:
        head = f"repeated negotiation equilibrium, chance {self.negotiation:g}; {self.status}"
        rows = [head + (f" in {', '.join(self.failing)}" if self.failing else "")]
        for s in range(min(8, self.game.n_states)):
            plan = self.profile(s)
            if plan is None:
                rows.append(f"  {self.game.states[s]}: none")
                continue
            shares = ", ".join(f"{x:.6g}" for x in self.negotiated[s])
            low = ", ".join(f"{x:.6g}" for x in self.threat[s])
            rows.append(f"  {self.game.states[s]}: {' '.join(plan)}; negotiated ({shares}), "
                        f"threat ({low}), joint {self.joint[s]:.6g}")  # fmt: skip
        rows += [f"  ... {self.game.n_states - 8} more states"] if self.game.n_states > 8 else []
        return "\n".join(rows)


def relational(
    game: StochasticGame, *, negotiation: float, weights: Sequence[float] | None = None
) -> Relational:
    r"""Repeated negotiation equilibrium of a weakly directional game with transfers.

    Before every day the relation is negotiated anew with chance :math:`\rho`: what was promised
    and what was threatened is void then, and surplus over the lowest equilibrium payoffs is split
    by weights :math:`\beta`. Players may pay each other before acting. With
    :math:`y_i = (1-\rho) v_i + \rho r_i` and :math:`r_i = v_i + \beta_i (U - \sum_j v_j)`, a
    profile a can be enforced in state s when what it offers exceeds what deviations promise:

    .. math::
        (1-\delta) \sum_i u_i(s, a) + \delta E[U | s, a] \ge \sum_i \max_{a_i'}
        \{(1-\delta) u_i(s, a_i', a_{-i}) + \delta E[y_i | s, a_i', a_{-i}]\}.

    U(s) is the largest left side, v_i(s) the smallest i-th term of the right side, over profiles
    that can be enforced.

    Parameters
    ----------
    game : StochasticGame
        With a common discount factor, in which a state may stay but never returns once left.
        Any number of players.
    negotiation : float
        The chance rho, 0 to 1. At 0 the equilibrium spans the payoff set with transfers; at 1
        every day's surplus is bargained over afresh, and only profiles nobody wants to leave
        on that day remain.
    weights : sequence of float, optional
        Bargaining weights, not negative, adding up to 1; equal by default.

    Returns
    -------
    Relational

    Raises
    ------
    ArgumentError
        A state returns once left; discount factors differ; a chance or weight out of range.

    Notes
    -----
    States are solved from the last back. In a state that cannot stay, values are read off; in one
    that can, today's profiles decide what staying is worth. There profiles that cannot be enforced
    are dropped until the rest agrees with its own values; where it does not, every combination of a
    path and best replies is tried (at most `ceasefire.solvers._negotiated.MOST_TRIALS`). An
    equilibrium in pure profiles need not exist: then `status` says so, for that state and all that
    lead to it. Where a state can stay there may be several; the one found has the largest set of
    enforceable profiles met on the way.

    References
    ----------
    Goldluecke and Kranz (2023), "Reconciling relational contracting and hold-up: A model of
    repeated negotiations", Journal of the European Economic Association 21:864-906.

    Examples
    --------
    An investment that costs the first player 0.55 on one day makes 1 a day available for ever, if
    both agree. Bargaining anew over that gain deters it; between, waiting for a new negotiation
    pays where the investment follows and not where it does not: no pure equilibrium.

    >>> start = [[[0], [-0.55]], [[0], [0]]]
    >>> trade = [[[0, 0], [0, 0]], [[0, 0], [0, 1]]]
    >>> law = [[[[1, 0]], [[0, 1]]], [[[0, 1], [0, 1]], [[0, 1], [0, 1]]]]
    >>> names = [[["wait", "invest"], ["-"]], [["no", "yes"], ["no", "yes"]]]
    >>> game = StochasticGame([start, trade], law, 0.5, states=["start", "trade"], actions=names)
    >>> for chance in (0, 0.8, 1):
    ...     print(relational(game, negotiation=chance).profile("start"))
    ('invest', '-')
    None
    ('wait', '-')
    """
    beta = _checked(game, negotiation, weights)
    flat = flatten(game, one_unit=True)
    found = _backward(flat, float(negotiation), beta, _order(game))
    return _described(game, flat, float(negotiation), beta, found)


def _checked(game: object, negotiation: float, weights: Sequence[float] | None) -> Floats:
    if not isinstance(game, StochasticGame):
        raise ArgumentError("game", type(game).__name__, "a StochasticGame")
    if not game.has_common_discount:
        shown = ", ".join(f"{d:.10g}" for d in game.discounts)
        raise ArgumentError("game.discount", shown, "one discount factor for all players")
    if not 0 <= negotiation <= 1:
        raise ArgumentError("negotiation", negotiation, "a chance from 0 to 1")
    n = game.n_players
    beta = np.full(n, 1 / n) if weights is None else np.asarray(weights, dtype=float)
    good = beta.shape == (n,) and bool(np.all(beta >= 0))
    if not good or not abs(float(beta.sum()) - 1) <= PROBABILITY_SUM:
        raise ArgumentError("weights", weights, f"{n} weights, not negative, that add up to 1")
    return beta


def _order(game: StochasticGame) -> Ints:
    """States such that all that can follow a state, but for itself, come before it."""
    count, part = connected_components(game.state_graph, directed=True, connection="strong")
    if count < game.n_states:
        many = np.flatnonzero(np.bincount(part)[part] > 1)
        names = ", ".join(game.states[int(s)] for s in many[:4])
        hint = "payoff_set(game, transfers=True) covers it, without negotiations"
        allowed = "a weakly directional game: a state may stay, and never returns once left"
        raise ArgumentError("game", f"{len(many)} states that return ({names})", allowed, hint)
    return _last_first(game)


def _last_first(game: StochasticGame) -> Ints:
    """Kahn's order of an acyclic graph (but for states that stay), from its ends."""
    graph = game.state_graph
    before = graph.tocsc()
    left = np.diff(graph.indptr) - (graph.diagonal() > 0)
    order = [int(s) for s in np.flatnonzero(left == 0)]
    done = 0
    while done < len(order):  # it grows as states become free
        s, done = order[done], done + 1
        for p in before.indices[before.indptr[s] : before.indptr[s + 1]]:
            if p != s:
                left[p] -= 1
                if left[p] == 0:
                    order.append(int(p))
    return np.array(order, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class _Found:
    """Values by state, in units; `lacking` has no equilibrium itself, `open_` is not decided."""

    joint: Floats
    threat: Floats
    path: Ints
    punishments: Ints
    lacking: Bools
    open_: Bools


def _backward(flat: FlatStates, rho: float, beta: Floats, order: Ints) -> _Found:
    states, n = flat.n_states, flat.n_players
    joint, threat, worth = np.zeros(states), np.zeros((states, n)), np.zeros((states, n))
    path, punishments = np.full(states, -1), np.full((n, states), -1)
    lacking, undecided = np.zeros(states, dtype=bool), np.zeros(states, dtype=bool)
    blocked = np.zeros(states, dtype=bool)
    for s in map(int, order):
        follows = flat.law.indices[
            flat.law.indptr[flat.start[s]] : flat.law.indptr[flat.start[s + 1]]
        ]
        if blocked[follows].any():
            blocked[s] = True
            continue
        state = _facing(flat, s, rho, beta, joint, worth)
        found = solve_state(state)
        if found is None or not found.decided:
            blocked[s], lacking[s] = True, True
            undecided[s] = found is not None
            continue
        joint[s], threat[s] = found.joint, found.threat
        worth[s] = found.threat + rho * beta * (found.joint - found.threat.sum())
        path[s] = flat.start[s] + found.path
        punishments[:, s] = flat.start[s] + found.punishments
    return _Found(joint, threat, path, punishments, lacking, undecided)


def _facing(
    flat: FlatStates, s: int, rho: float, beta: Floats, joint: Floats, worth: Floats
) -> State:
    """A state with what the others are worth; the state itself, not yet solved, counts 0."""
    rows = slice(int(flat.start[s]), int(flat.start[s + 1]))
    pointer = flat.law.indptr[rows.start : rows.stop + 1]
    part = slice(int(pointer[0]), int(pointer[-1]))
    chance, column = flat.law.data[part], flat.law.indices[part]
    row = np.repeat(np.arange(len(pointer) - 1), np.diff(pointer))

    def expected(values: Floats) -> Floats:
        return np.bincount(row, chance * values, minlength=len(pointer) - 1).astype(float)

    stay = expected((column == s).astype(float))
    promised = np.array([expected(w[column]) for w in worth.T])
    groups = np.array([m[rows] - m[rows].min() for _, _, m in flat.others])  # they stand together
    return State(flat.delta, rho, beta, flat.payoffs[:, rows], stay, expected(joint[column]),
                 promised, groups)  # fmt: skip


def _described(
    game: StochasticGame, flat: FlatStates, rho: float, beta: Floats, found: _Found
) -> Relational:
    solved = found.path >= 0
    check = certified(flat, rho, beta, found) if solved.any() else None
    unit = float(flat.unit[0])
    joint = np.where(solved, flat.low.sum() + unit * found.joint, np.nan)
    threat = np.where(solved[:, None], flat.low + unit * found.threat, np.nan)
    surplus = unit * (found.joint - found.threat.sum(axis=1))
    status = Status.OK if solved.all() else Status.NO_EQUILIBRIUM
    if found.open_.any():
        status = Status.NOT_CONVERGED
    if check is not None and check.miss > 10 * PAYOFF_TIE:
        status = Status.EXPLOITABLE
    return Relational(
        game, rho, beta, joint, threat, threat + beta * surplus[:, None], found.path,
        found.punishments, status,
        tuple(game.states[int(s)] for s in np.flatnonzero(found.lacking)), check,
    )  # fmt: skip


def certified(flat: FlatStates, rho: float, beta: Floats, found: _Found) -> NegotiationCheck:
    """Check the definition in all solved states at once: they lead to solved states only."""
    solved = ~leading_to(flat, found.path < 0)
    states = np.flatnonzero(solved)
    part = flat.kept(states)
    place = np.full(len(flat.owner), -1)
    kept_rows = np.flatnonzero(solved[flat.owner])
    place[kept_rows] = np.arange(len(kept_rows))
    path, punish = place[found.path[states]], place[found.punishments[:, states]]
    joint, threat, d = found.joint[states], found.threat[states], flat.delta
    surplus = joint - threat.sum(axis=1)
    worth = (1 - rho) * threat + rho * (threat + beta * surplus[:, None])
    flow = part.payoffs.sum(axis=0)
    offered = (1 - d) * flow + d * (part.law @ joint)
    lured = np.stack([part.lured(i, worth[:, i]) for i in range(part.n_players)])
    allowed = offered >= lured.sum(axis=0) - PAYOFF_TIE
    top = np.maximum.reduceat(np.where(allowed, offered, -np.inf), part.start[:-1])
    best = max(np.abs(top - joint).max(), np.abs(offered[path] - joint).max())
    harshest = 0.0
    for i in range(part.n_players):
        low = np.minimum.reduceat(np.where(allowed, lured[i], np.inf), part.start[:-1])
        stated = threat[:, i]
        harshest = max(
            harshest, np.abs(low - stated).max(), np.abs(lured[i][punish[i]] - stated).max()
        )
    again = part.follow(path, (1 - d) * flow[path])
    used = np.concatenate([path, punish.ravel()])
    slack = (offered - lured.sum(axis=0))[used].min()
    return NegotiationCheck(
        float(np.abs(again - joint).max()), float(best), float(harshest), float(slack)
    )
