"""Communication equilibrium: a mediator who asks and advises but cannot command."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError, SolveError
from ceasefire.games.bayesian import BayesianGame
from ceasefire.solvers._exact_programs import maximise
from ceasefire.solvers.correlated import _index, _short, polished
from ceasefire.solvers.rationalizable import exactly, normalised, optimum, program
from ceasefire.status import Status
from ceasefire.tolerances import EXPLOITABILITY, PAYOFF_TIE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

    from ceasefire.solvers.rationalizable import Program, Vertex

    Row = tuple[NDArray[np.intp], NDArray[Any]]

SHOWN_ROWS = 12
VERIFIED = "HiGHS, vertex verified in rational numbers"
ANEW = "HiGHS, vertex solved anew"
FRACTIONS = "simplex method in rational numbers"
SMALL = 20_000  # rows times columns of a program that fractions can do in seconds
LISTED_PLANS = 3125  # five actions; past it the best reply to each piece of advice is the best plan


@dataclass(frozen=True, eq=False, repr=False)
class Communication(Displayed):
    """A mediation plan ``m(a | t)`` with which nobody gains by lying, disobeying, or both.

    Attributes
    ----------
    mechanism : ndarray of shape (*n_types, *n_actions)
        ``m(a | t)``: with what chance the profile `a` is recommended when `t` is reported.
    payoffs : ndarray, shape (n_players,)
        Expected payoffs before types are known, utils.
    value : float or Fraction
        The objective, utils.
    bound : float or Fraction
        What no plan exceeds (`worst`: falls below), by the dual of the program.
    regret : float or Fraction
        The largest gain of any type from any report followed by any plan of disobedience, in
        utils given the type, recomputed from `mechanism` by listing the plans; where `enforced`,
        from any report, or from staying out.
    informed, enforced : bool
        Whether the mediator knows the types; whether its decisions bind.
    objective : str
    worst, exact : bool
    method : str
    game : BayesianGame
    status : Status
    """

    mechanism: NDArray[Any]
    payoffs: NDArray[Any]
    value: Any
    bound: Any
    regret: Any
    informed: bool
    enforced: bool
    objective: str
    worst: bool
    exact: bool
    method: str
    game: BayesianGame
    status: Status = Status.OK

    @property
    def gap(self) -> float:
        """How far the value may be from the best, in units of the objective."""
        return abs(float(self.bound - self.value))

    def chance(self, event: ArrayLike) -> Any:
        """Chance of an event given as 0 and 1 by (types and) actions: ``E[event(t, a)]``."""
        table = _by_profile(self.game, "event", event)
        joint = self.mechanism * _over_types(self.game, self.exact)
        return (joint * (table if self.exact else table.astype(float))).sum()

    def __repr__(self) -> str:
        rows = list(self._rows())
        if len(rows) > SHOWN_ROWS:
            rows = [*rows[:SHOWN_ROWS], f"... {len(rows) - SHOWN_ROWS} more"]
        return "\n".join([*rows, self._claim()])

    def _rows(self) -> Iterator[str]:
        game, n = self.game, self.game.n_players
        for cell in np.argwhere(self.mechanism):
            t, a = cell[:n], cell[n:]
            if game.exact_prior[tuple(t)]:
                said = ", ".join(game.types[i][k] for i, k in enumerate(t))
                told = ", ".join(game.actions[i][k] for i, k in enumerate(a))
                yield f"({said}) -> ({told}) {_short(self.mechanism[tuple(cell)])}"

    def _claim(self) -> str:
        kind = "communication equilibrium"
        if self.enforced:
            kind = "incentive-compatible mechanism"
        elif self.informed:
            kind = "Bayes correlated equilibrium"
        pay = ", ".join(_short(u) for u in self.payoffs)
        claim = "exact" if self.exact else f"regret {self.regret:.1e}, gap {self.gap:.1e}"
        value = f"{'worst' if self.worst else 'best'} {kind} by {self.objective}"
        return f"{value} {_short(self.value)}; payoffs {pay}; {claim}; {self.method}"


def communication(
    game: BayesianGame,
    *,
    objective: str | int | Sequence[float] | ArrayLike = "welfare",
    informed: bool = False,
    enforced: bool = False,
    outside: ArrayLike | None = None,
    worst: bool = False,
    exact: bool = False,
) -> Communication:
    r"""Maximise an objective over the plans of a mediator whom nobody gains by deceiving.

    Each player reports a type; the mediator draws ``a`` from ``m(. | t)`` and tells each player
    its own ``a_i``; players then do as they please. ``m`` is a communication equilibrium (Myerson
    1986, Forges 1986) when for every player i, type t_i, report r_i and plan
    ``d: A_i -> A_i``

    .. math:: \sum_{t_{-i}} p(t_{-i} | t_i) \sum_a \left[ m(a | r_i, t_{-i})
              u_i(t, d(a_i), a_{-i}) - m(a | t) u_i(t, a) \right] \le 0:

    misreporting *and* disobeying together must not pay. With one type each these are the
    correlated equilibria. Payoffs are scaled to range 1 first.

    Parameters
    ----------
    game : BayesianGame
    objective : str, int, sequence of numbers or array
        ``"welfare"``; a player's name, or number from 0; one weight a player; or ``f(t, a)`` of
        shape (*n_types, *n_actions) or (*n_actions).
    informed : bool
        The mediator knows the types, so that only disobedience matters: Bayes correlated
        equilibrium (Bergemann and Morris 2016).
    enforced : bool
        The mediator's decision binds, so that only misreports matter: an arbitrator.
    outside : array_like, one sequence a player, optional
        With `enforced`: what a type gets, utils, by not taking part; by default it must.
    worst : bool
        Minimise instead.
    exact : bool
        Solve the vertex in rational numbers and verify it with its dual. For small games.

    Raises
    ------
    ArgumentError
        For an objective that is none of these, or options that exclude each other.
    SolveError
        When the program is not solved or has no solution (`outside` asks too much), when a type
        gains more than ``EXPLOITABILITY`` of the payoff range, or (`exact`) the vertex cannot be
        verified.

    Notes
    -----
    The best plan of disobedience is chosen advice by advice, so that the ``A**A`` plans need only
    A variables for each pair of type and report: ``sum_i T_i^2 A_i^2`` rows and, besides
    ``T A``, ``sum_i T_i^2 A_i`` columns, with T and A the numbers of profiles. Where HiGHS gives
    up, as it does within 1e-9 of a knife edge, small programs are solved in rational numbers.

    References
    ----------
    R. Myerson (1986), "Multistage games with communication", Econometrica 54:323-358.
    F. Forges (1986), "An approach to communication equilibria", Econometrica 54:1375-1385.
    D. Bergemann and S. Morris (2016), "Bayes correlated equilibrium and the comparison of
    information structures in games", Theoretical Economics 11:487-522.

    Examples
    --------
    The first player knows whether to meet at a or b, and the second does not:

    >>> from ceasefire.games import BayesianGame
    >>> meet = [[[[[1, 0]]], [[[0, 1]]]]] * 2
    >>> game = BayesianGame([[0.5], [0.5]], meet, types=[["a", "b"], ["-"]])
    >>> communication(game, exact=True)
    (a, -) -> (1, 1) 1
    (b, -) -> (1, 2) 1
    best communication equilibrium by welfare 2; payoffs 1, 1; exact; HiGHS, vertex verified...
    """
    _require(game, informed, enforced, outside)
    label, goal = _goal(game, objective)
    floors = _floors(game, outside)
    made = partial(_task, game, goal * (-1 if worst else 1), informed, enforced, floors)
    task = made(exact)
    vertex: Vertex | None = None
    try:
        reached = optimum(task, "communication")
        finish = exactly if exact else polished
        x, how = finish(task, reached, "communication"), VERIFIED if exact else ANEW
        vertex = reached
    except SolveError as error:
        how = FRACTIONS
        x = _in_fractions(task if exact else made(True), error)
        x = x if exact else x.astype(float)
    plan = _mechanism(game, x)
    joint = plan * _over_types(game, exact)
    payoffs = np.array([_mean(joint, game.exact_payoffs[i]) for i in range(game.n_players)])
    value = _mean(joint, goal)
    gains = [_gain(game, plan, i, informed, enforced, floors) for i in range(game.n_players)]
    regret = max(gains)
    limits = EXPLOITABILITY * game.payoff_range
    kept = all(gain <= limit for gain, limit in zip(gains, limits, strict=True))
    found = Communication(
        plan, payoffs, value,
        value if exact or vertex is None else _bound(task, vertex, goal, game, worst),
        regret, informed, enforced, label, worst, exact,
        how, game, Status.OK if kept else Status.EXPLOITABLE,
    )  # fmt: skip
    if not kept:
        raise SolveError(f"communication: {found.status}; regret {float(regret):.2e} utils", found)
    return found


def _in_fractions(task: Program, error: SolveError) -> NDArray[np.object_]:
    """Solve a small program that HiGHS did not: near a knife edge, or without any solution."""
    if task.height * len(task.cost) > SMALL:
        raise error
    rows = np.full((task.height, len(task.cost)), Fraction(0), dtype=object)
    rows[task.row, task.column] = task.value
    both = [*rows.tolist(), list(task.total), list(-task.total)]
    right = [Fraction(0)] * task.height + [Fraction(1), Fraction(-1)]
    found = maximise(
        list(-task.cost), both, right, [Fraction(0)] * len(task.cost), [None] * len(task.cost)
    )
    if found.ended != "optimal":
        hint = "no plan meets every constraint; ask less for those outside"
        raise SolveError(f"communication: the linear program is {found.ended}: {hint}") from error
    return np.array(found.x, dtype=object)


def largest_gain(
    game: BayesianGame,
    mechanism: NDArray[Any],
    *,
    informed: bool = False,
    enforced: bool = False,
    outside: ArrayLike | None = None,
) -> Any:
    """Return what the type that gains most gains by lying and disobeying, utils; at least 0.

    Lists, for every type of positive chance, every report and every plan of disobedience, and
    adds up what each is worth on `mechanism`. Shares nothing with the linear program. Exact where
    `mechanism` is in fractions.
    """
    floors = _floors(game, outside)
    return max(_gain(game, mechanism, i, informed, enforced, floors) for i in range(game.n_players))


def _gain(
    game: BayesianGame, mechanism: NDArray[Any], i: int, informed: bool, enforced: bool,
    floors: list[list[Any]] | None,
) -> Any:  # fmt: skip
    """What the type of player i that gains most gains, utils."""
    whole = mechanism.dtype == object
    own = range(game.n_types[i])
    best: Any = Fraction(0) if whole else 0.0
    for t in own:
        weight = _given(game, i, t, whole)
        if weight is None:
            continue
        table = _worth(game, mechanism, i, t, t, weight)
        obey = table.trace()
        if enforced and floors is not None:
            floor = floors[i][t] - game.exact_payoffs[i].min()
            best = max(best, (floor if whole else float(floor)) - obey)
        for r in (t,) if informed else own:
            lie = table if r == t else _worth(game, mechanism, i, t, r, weight)
            best = max(best, _best_plan(lie, enforced) - obey)
    return best


def _best_plan(table: NDArray[Any], enforced: bool) -> Any:
    count = len(table)
    if enforced:
        return np.trace(table)
    if count**count > LISTED_PLANS:
        return table.max(axis=1).sum()
    told = range(count)
    return max(sum(table[a, d] for a, d in zip(told, plan, strict=True))
               for plan in product(told, repeat=count))  # fmt: skip


def _worth(
    game: BayesianGame, mechanism: NDArray[Any], i: int, t: int, r: int, weight: NDArray[Any]
) -> NDArray[Any]:
    """``(advice, action) -> E[(u_i(t, action, a_-i) - min u_i) 1(advice) | t_i]``; r is said."""
    m = game.shape[i]
    payoffs = game.exact_payoffs[i] if mechanism.dtype == object else game.payoffs[i]
    payoffs = payoffs - payoffs.min()  # so that an origin far away leaves no rounding
    said, true = np.take(mechanism, r, axis=i), np.take(payoffs, t, axis=i)
    others = weight.size
    told = np.moveaxis(said.reshape(others, *game.shape), i + 1, 1).reshape(others, m, -1)
    gets = np.moveaxis(true.reshape(others, *game.shape), i + 1, 1).reshape(others, m, -1)
    table = np.zeros((m, m), dtype=mechanism.dtype)
    for k, chance in enumerate(weight.ravel()):
        table = table + chance * (told[k] @ gets[k].T)
    return np.asarray(table)


def _given(game: BayesianGame, i: int, t: int, exact: bool) -> NDArray[Any] | None:
    """``p(t_-i | t_i)``; None for a type that never occurs."""
    joint = np.take(game.exact_prior, t, axis=i)
    total = joint.sum()
    if not total:
        return None
    weight = np.asarray(joint / total, dtype=object).reshape(joint.shape if joint.ndim else (1,))
    return weight if exact else weight.astype(float)


def _task(
    game: BayesianGame, goal: NDArray[np.object_], informed: bool, enforced: bool,
    floors: list[list[Any]] | None, exact: bool,
) -> Program:  # fmt: skip
    """Columns: ``m(a | t) / T``, then, for each lie and advice, the worth of disobeying."""
    count = goal.size
    unit = [normalised(u) for u in game.exact_payoffs]
    table = np.stack([u if exact else u.astype(float) for u in unit])
    rows = _totals(game, exact)
    columns = count
    for i, t, weight in _interims(game, exact):
        floor = None if floors is None else _scaled(game, i, floors[i][t], exact)
        part = _Part(game, table[i], i, t, weight)
        if enforced:
            rows += part.honest(informed, floor)
            continue
        rows += part.obedient()
        for r in () if informed else range(game.n_types[i]):
            if r != t:
                rows += part.double(r, columns)
                columns += game.shape[i]
    cost = -(normalised(goal) * _over_types(game, True)).ravel()
    one = Fraction(1) if exact else 1.0
    cost = np.append(cost if exact else cost.astype(float), [0 * one] * (columns - count))
    total = np.array([one] * count + [0 * one] * (columns - count), dtype=cost.dtype)
    return program([_nonzero(*row) for row in rows], cost, total)


class _Part:
    """The rows of one type of one player."""

    def __init__(
        self, game: BayesianGame, payoffs: NDArray[Any], i: int, t: int, weight: NDArray[Any]
    ) -> None:
        self.game, self.i, self.t = game, i, t
        shape = (*game.n_types, *game.shape)
        self.place = np.arange(int(np.prod(shape))).reshape(shape)
        spread = weight.reshape(*np.take(self.place, 0, axis=i).shape[: game.n_players - 1],
                                *(1,) * game.n_players)  # fmt: skip
        self.weight = np.broadcast_to(spread, np.take(self.place, 0, axis=i).shape)
        self.payoffs = np.take(payoffs, t, axis=i)  # axes: others' types, actions

    def _told(self, values: NDArray[Any], a: int) -> NDArray[Any]:
        return np.asarray(np.take(values, a, axis=self.game.n_players - 1 + self.i))

    def truth(self) -> Row:
        """What obeying after the truth is worth."""
        own = np.take(self.place, self.t, axis=self.i)
        return own.ravel(), (self.weight * self.payoffs).ravel()

    def obedient(self) -> list[Row]:
        """After the truth no action beats the one recommended."""
        own = np.take(self.place, self.t, axis=self.i)
        return [
            (
                self._told(own, a).ravel(),
                (
                    self._told(self.weight, a)
                    * (self._told(self.payoffs, b) - self._told(self.payoffs, a))
                ).ravel(),
            )
            for a in range(self.game.shape[self.i])
            for b in range(self.game.shape[self.i])
            if a != b
        ]

    def double(self, r: int, first: int) -> list[Row]:
        """After the report r, each advice is worth its column; together less than the truth."""
        said = np.take(self.place, r, axis=self.i)
        count = self.game.shape[self.i]
        rows = []
        for a in range(count):
            for b in range(count):
                value = (self._told(self.weight, a) * self._told(self.payoffs, b)).ravel()
                rows.append(_joined((self._told(said, a).ravel(), value), [first + a], -1))
        where, value = self.truth()
        return [*rows, _joined((where, -value), range(first, first + count), 1)]

    def honest(self, informed: bool, floor: Any) -> list[Row]:
        """No report beats the truth, nor does staying out."""
        where, value = self.truth()
        rows = [
            (
                np.append(np.take(self.place, r, axis=self.i).ravel(), where),
                np.append(value, -value),
            )
            for r in (() if informed else range(self.game.n_types[self.i]))
            if r != self.t
        ]
        if floor is not None:
            rows.append((where, (self.weight * (floor - self.payoffs)).ravel()))
        return rows


def _joined(row: Row, columns: Sequence[int], sign: int) -> Row:
    one = Fraction(sign) if row[1].dtype == object else float(sign)
    return np.append(row[0], np.asarray(columns)), np.append(row[1], [one] * len(columns))


def _nonzero(where: NDArray[np.intp], value: NDArray[Any]) -> Row:
    """Drop zeros; a float row of rounding alone says nothing."""
    if value.dtype != object and np.max(np.abs(value), initial=0.0) <= PAYOFF_TIE:
        return where[:0], value[:0]
    some = np.flatnonzero(value)
    return where[some], value[some]


def _totals(game: BayesianGame, exact: bool) -> list[Row]:
    """Every type profile has the same total: each at most the next one's, in a circle."""
    one: Any = Fraction(1) if exact else 1.0
    size = int(np.prod(game.shape))
    count = int(np.prod(game.n_types))
    if count == 1:
        return []
    cells = np.arange(size)
    values = np.array([one] * size + [-one] * size)
    return [
        (np.append(cells + k * size, cells + (k + 1) % count * size), values) for k in range(count)
    ]


def _interims(game: BayesianGame, exact: bool) -> Iterator[tuple[int, int, NDArray[Any]]]:
    for i, own in enumerate(game.n_types):
        for t in range(own):
            weight = _given(game, i, t, exact)
            if weight is not None:
                yield i, t, weight


def _mechanism(game: BayesianGame, x: NDArray[Any]) -> NDArray[Any]:
    size = int(np.prod(game.n_types)) * int(np.prod(game.shape))
    table = x[:size].reshape(int(np.prod(game.n_types)), -1)
    return np.asarray(table / table.sum(axis=1)[:, None]).reshape(*game.n_types, *game.shape)


def _bound(
    task: Program, vertex: Vertex, goal: NDArray[np.object_], game: BayesianGame, worst: bool
) -> float:
    """A bound that holds whatever rounding did: any ``y >= 0`` gives one."""
    reduced = task.cost.astype(float) + vertex.matrix.T @ np.maximum(vertex.y, 0.0)
    plan = task.total.astype(float) > 0
    # The other columns are worths of payoffs in [0, 1], so none is above 1.
    least = float(reduced[plan].min() + np.minimum(reduced[~plan], 0.0).sum())
    span, low = float(goal.max() - goal.min()), float(goal.min())
    share = -least * int(np.prod(game.n_types))
    return float(goal.max()) - span * share if worst else low + span * share


def _over_types(game: BayesianGame, exact: bool) -> NDArray[Any]:
    prior = game.exact_prior if exact else game.prior
    return np.asarray(prior).reshape(*game.n_types, *(1,) * game.n_players)


def _mean(joint: NDArray[Any], values: NDArray[np.object_]) -> Any:
    if joint.dtype == object:
        return (joint * values).sum()
    low = values.min()
    return float(low) + float((joint * (values - low).astype(float)).sum())


def _scaled(game: BayesianGame, i: int, value: Any, exact: bool) -> Any:
    table = game.exact_payoffs[i]
    floor = (value - table.min()) / ((table.max() - table.min()) or Fraction(1))
    return floor if exact else float(floor)


def _require(game: BayesianGame, informed: bool, enforced: bool, outside: ArrayLike | None) -> None:
    if not isinstance(game, BayesianGame):
        hint = "one type a player makes a NormalForm a Bayesian game"
        raise ArgumentError("game", type(game).__name__, "a BayesianGame", hint)
    if informed and enforced:
        raise ArgumentError("informed", True, "False where enforced", "it would choose freely")
    if outside is not None and not enforced:
        hint = "without enforcement whoever stays out plays an action of the game"
        raise ArgumentError("outside", outside, "None unless enforced", hint)


def _floors(game: BayesianGame, outside: ArrayLike | None) -> list[list[Any]] | None:
    if outside is None:
        return None
    allowed = f"one sequence a player, of {game.n_types} numbers"
    try:
        rows = [[Fraction(x) for x in row] for row in outside]  # type: ignore[union-attr,arg-type]
    except (TypeError, ValueError, OverflowError):
        raise ArgumentError("outside", outside, allowed) from None
    if tuple(map(len, rows)) != game.n_types:
        raise ArgumentError("outside", outside, allowed)
    return rows


def _goal(
    game: BayesianGame, objective: str | int | Sequence[float] | ArrayLike
) -> tuple[str, NDArray[np.object_]]:
    """Return what the objective is called, and ``f(t, a)`` in fractions."""
    tables = game.exact_payoffs
    if isinstance(objective, str) and objective == "welfare":
        return objective, np.asarray(tables.sum(axis=0))
    if isinstance(objective, str | int):
        i = _index("objective", objective, game.players, ("welfare",))
        return f"payoff of {game.players[i]}", tables[i]
    given = np.asarray(objective)
    if given.shape == (game.n_players,):
        weights = [Fraction(x) for x in given.tolist()]
        return "weighted payoffs", np.tensordot(np.array(weights, dtype=object), tables, axes=1)
    return "a given function", _by_profile(game, "objective", objective)


def _by_profile(game: BayesianGame, where: str, given: ArrayLike) -> NDArray[np.object_]:
    """A function of actions, or of types and actions, in fractions by type and action profile."""
    full = (*game.n_types, *game.shape)
    array = np.asarray(given)
    if array.shape not in (full, game.shape):
        raise ArgumentError(where, f"shape {array.shape}", f"shape {full} or {game.shape}")
    try:
        flat = np.array([Fraction(x) for x in array.ravel().tolist()], dtype=object)
    except (TypeError, ValueError, OverflowError):
        raise ArgumentError(where, given, "finite numbers") from None
    return np.asarray(np.broadcast_to(flat.reshape(array.shape), full))
