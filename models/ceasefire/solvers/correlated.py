"""Correlated and coarse correlated equilibrium: linear programs over joint distributions."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError, SolveError
from ceasefire.solvers.nash import require_normal
from ceasefire.solvers.rationalizable import (
    ACTIVE,
    exactly,
    normalised,
    optimum,
    program,
)
from ceasefire.status import Status
from ceasefire.tolerances import EXPLOITABILITY, PAYOFF_TIE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from ceasefire.games import NormalForm
    from ceasefire.solvers.rationalizable import Program, Vertex

NAMED = ("welfare", "egalitarian")
SHOWN_CELLS = 12
RESCALED = 4
LEAST_UNIT = 1e-7  # HiGHS drops coefficients below 1e-9
POLISHED_ENTRIES = 4_000_000  # a dense system of 32 MB


@dataclass(frozen=True, eq=False, repr=False)
class Correlated(Displayed):
    """A correlated equilibrium: ``p(a)`` from which nobody gains by disobeying.

    Attributes
    ----------
    distribution : ndarray of shape game.shape
        ``p(a)``, at least 0, of sum 1; `Fraction` where `exact`.
    payoffs : ndarray, shape (n_players,)
        ``sum_a p(a) u_i(a)``, utils.
    value : float or Fraction
        The objective at ``p``, utils.
    regret : float or Fraction
        The largest ``E[u_i(b, a_-i) - u_i(a) | a_i]`` over players, recommendations ``a_i`` of
        positive probability and actions ``b``: what disobeying gains once the recommendation
        is heard, in utils. Coarse: the largest ``E[u_i(b, a_-i) - u_i(a)]``. At least 0 (obeying),
        computed from ``p`` and not by the program; exactly 0 where `exact`.
    coarse : bool
        Whether players commit before they hear their recommendation.
    objective : str
        What was maximised, or minimised where `worst`.
    worst : bool
    exact : bool
        Whether all numbers are rational and optimality was verified without rounding.
    method : str
    game : NormalForm
    status : Status
    """

    distribution: NDArray[Any]
    payoffs: NDArray[Any]
    value: Any
    regret: Any
    coarse: bool
    objective: str
    worst: bool
    exact: bool
    method: str
    game: NormalForm
    status: Status = Status.OK

    def marginal(self, player: int | str) -> NDArray[Any]:
        """``p(a_i)``: how often each action is recommended to a player, by number or name."""
        i = _index("player", player, self.game.players)
        return np.asarray(_own(self.distribution, i).sum(axis=1))

    def conditional(self, player: int | str, action: int | str) -> NDArray[Any]:
        """``p(a_-i | a_i)``: what a player told `action` believes of the others.

        One axis for each other player, in their order. Raises `ArgumentError` where the action
        is never recommended.
        """
        i = _index("player", player, self.game.players)
        a = _index("action", action, self.game.actions[i])
        told = np.asarray(np.take(self.distribution, a, axis=i))
        if not told.sum() > 0:
            allowed = "an action recommended with positive probability"
            raise ArgumentError("action", action, allowed, "see marginal")
        return np.asarray(told / told.sum())

    def __repr__(self) -> str:
        rows = self._rows()
        shown = [f"{share} {cell}" for cell, share in rows[:SHOWN_CELLS]]
        if len(rows) > SHOWN_CELLS:
            shown.append(f"... {len(rows) - SHOWN_CELLS} more")
        return "\n".join([*shown, self._claim()])

    def _rows(self) -> list[tuple[str, str]]:
        used = [tuple(int(k) for k in cell) for cell in np.argwhere(self.distribution)]
        used.sort(key=lambda cell: (-self.distribution[cell], cell))
        names = [
            "(" + ", ".join(self.game.actions[i][k] for i, k in enumerate(cell)) + ")"
            for cell in used
        ]
        return [(name, _short(self.distribution[c])) for name, c in zip(names, used, strict=True)]

    def _claim(self) -> str:
        kind = "coarse correlated" if self.coarse else "correlated"
        end = "worst" if self.worst else "best"
        pay = ", ".join(_short(u) for u in self.payoffs)
        claim = "exact" if self.exact else f"regret {self.regret:.1e}"
        value = f"{end} {kind} equilibrium by {self.objective} {_short(self.value)}"
        return f"{value}; payoffs {pay}; {claim}; {self.method}"


def correlated(
    game: NormalForm,
    *,
    objective: str | int | Sequence[float] | ArrayLike = "welfare",
    coarse: bool = False,
    worst: bool = False,
    exact: bool = False,
) -> Correlated:
    """Maximise ``sum_a p(a) f(a)`` over the distributions ``p`` that nobody gains by disobeying.

    ``p`` is a correlated equilibrium (Aumann 1974) when for every player ``i`` and actions
    ``a_i, b``: ``sum_{a_-i} p(a) [u_i(b, a_-i) - u_i(a)] <= 0``; a coarse one (Moulin and
    Vial 1978) when ``sum_a p(a) [u_i(b, a_-i) - u_i(a)] <= 0`` for every ``i`` and ``b``.

    Each player's payoffs are scaled to range 1 and each row to largest entry 1 first, so that
    the unit and origin of utility do not matter; gains up to ``PAYOFF_TIE`` of the payoff range
    count as none unless `exact`. The vertex found is then solved for anew.

    Parameters
    ----------
    game : NormalForm
        Any number of players.
    objective : str, int, sequence of numbers, or array of shape game.shape
        ``"welfare"``: the sum of payoffs; ``"egalitarian"``: the smallest payoff; a player's
        name, or number from 0; one weight a player; or ``f`` itself.
    coarse : bool
        Ask only that committing to one action before any recommendation does not pay.
    worst : bool
        Minimise instead.
    exact : bool
        Solve the vertex in rational numbers and verify it with its dual. For small games.

    Raises
    ------
    ArgumentError
        For an objective that is none of these.
    SolveError
        When the program is not solved, a player gains more than ``EXPLOITABILITY`` of the payoff
        range, or (`exact`) the vertex cannot be verified.

    Examples
    --------
    >>> from ceasefire.games import NormalForm
    >>> acts = ["yield", "stay"]
    >>> chicken = NormalForm.bimatrix([[6, 2], [7, 0]], [[6, 7], [2, 0]], actions=[acts, acts])
    >>> correlated(chicken, exact=True)
    1/2 (yield, yield)
    1/4 (yield, stay)
    1/4 (stay, yield)
    best correlated equilibrium by welfare 21/2; payoffs 21/4, 21/4; exact; HiGHS, vertex...
    """
    require_normal(game)
    label, goal = _goal(game, objective)
    if goal is None and worst:  # the smallest payoff is concave: its least is some player's least
        ends = [_distribution(game, table, coarse, worst, exact) for table in game.exact_payoffs]
        joint = min(ends, key=lambda p: min(_mean(p, table) for table in game.exact_payoffs))
    else:
        joint = _distribution(game, goal, coarse, worst, exact)
    payoffs = np.array([_mean(joint, table) for table in game.exact_payoffs])
    gains = list(_gains(game, joint, coarse))
    regret = max((gain / weight for _, weight, gain in gains), default=joint.dtype.type(0))
    how = "vertex verified in rational numbers" if exact else "vertex solved anew"
    kept = all(gain <= EXPLOITABILITY * game.payoff_range[i] for i, _, gain in gains)
    found = Correlated(
        distribution=joint,
        payoffs=payoffs,
        value=min(payoffs) if goal is None else _mean(joint, goal),
        regret=max(regret, 0) if exact else max(float(regret), 0.0),
        coarse=coarse,
        objective=label,
        worst=worst,
        exact=exact,
        method=f"HiGHS, {how}",
        game=game,
        status=Status.OK if kept else Status.EXPLOITABLE,
    )
    if not kept:
        raise SolveError(f"correlated: {found.status}; regret {found.regret:.2e} utils", found)
    return found


def polished(task: Program, vertex: Vertex, what: str) -> NDArray[np.float64]:
    """Solve the vertex's own equations anew, to rounding: binding rows on the support.

    Entries below the tolerance of the solver may carry rows of their own: where a row is not
    met relative to its terms, the program is solved again in units of the entries found.
    """
    unit = np.ones(len(vertex.x))
    x = _polished(task, vertex)
    for _ in range(RESCALED):
        if _excess(vertex, x) <= ACTIVE:
            break
        by = np.maximum(x, LEAST_UNIT)
        unit = unit * by
        task = task._replace(
            value=task.value * by[task.column], cost=task.cost * by, total=task.total * by
        )
        vertex = optimum(task, what)
        x = _polished(task, vertex)
    return x * unit


def _polished(task: Program, vertex: Vertex) -> NDArray[np.float64]:
    # Which entries are positive and which rows bind is known up to the solver's tolerance: several
    # readings are solved, and the point whose worst excess a.x / |a|.x is smallest is kept.
    points = [np.where(vertex.x > ACTIVE, vertex.x, 0.0), np.maximum(vertex.x, 0.0)]
    for least in (ACTIVE, ACTIVE / 1000):
        used = np.flatnonzero(vertex.x > least)
        for binding in (vertex.slack < ACTIVE, vertex.y > ACTIVE):
            points += _resolved(task, vertex, used, np.flatnonzero(binding))
    return min(points, key=lambda x: _excess(vertex, x))


def _resolved(
    task: Program, vertex: Vertex, used: NDArray[np.intp], binding: NDArray[np.intp]
) -> list[NDArray[np.float64]]:
    part = vertex.matrix[binding][:, used]
    part = part[np.flatnonzero(abs(part).sum(axis=1))]
    if part.shape[0] * part.shape[1] > POLISHED_ENTRIES:
        return []
    system = np.vstack([part.toarray(), task.total[used]])
    target = np.append(np.zeros(len(system) - 1), 1.0)
    x = np.zeros(len(vertex.x))
    x[used] = vertex.x[used]
    for _ in range(2):
        x[used] += np.linalg.lstsq(system, target - system @ x[used], rcond=1e-13)[0]
    return [np.maximum(x, 0.0)] if x.min() > -ACTIVE else []


def _excess(vertex: Vertex, x: NDArray[np.float64]) -> float:
    size = abs(vertex.matrix) @ x
    return float(np.max((vertex.matrix @ x) / np.where(size > 0, size, 1.0), initial=0.0))


def _distribution(
    game: NormalForm, goal: NDArray[np.object_] | None, coarse: bool, worst: bool, exact: bool
) -> NDArray[Any]:
    unit = [normalised(u) for u in game.exact_payoffs]
    blocks = _disobedience(np.stack([u if exact else u.astype(float) for u in unit]), coarse)
    size = unit[0].size
    if goal is None:
        cost = np.append(np.full(size, Fraction(0)), [Fraction(1)])
        blocks += [_shortfall(row if exact else row.astype(float)) for row in _below(game)]
    else:
        cost = normalised(goal).ravel() * (1 if worst else -1)
    total = np.append(np.full(size, Fraction(1)), [Fraction(0)] * (len(cost) - size))
    if not exact:
        cost, total = cost.astype(float), total.astype(float)
    made = program(blocks, cost, total)
    vertex = optimum(made, "correlated")
    if exact:
        return exactly(made, vertex, "correlated")[:size].reshape(game.shape)
    joint = polished(made, vertex, "correlated")[:size].reshape(game.shape)
    return np.asarray(joint / joint.sum())


def _disobedience(table: NDArray[Any], coarse: bool) -> list[tuple[NDArray[np.intp], NDArray[Any]]]:
    """Rows (columns, values) of what disobeying gains: ``b`` for ``a``; coarse: ``b`` always."""
    blocks = []
    places = np.arange(table[0].size).reshape(table.shape[1:])
    for i, payoffs in enumerate(table):
        own, place = _own(payoffs, i), _own(places, i)
        for b in range(len(own)):
            gain = own[b] - own
            told = [slice(None)] if coarse else [slice(a, a + 1) for a in range(len(own)) if a != b]
            for part in told:
                value = gain[part].ravel()
                some = np.flatnonzero(value)
                if value.dtype != object and np.max(np.abs(value), initial=0.0) <= PAYOFF_TIE:
                    continue
                blocks.append((place[part].ravel()[some], value[some]))
    return blocks


def _below(game: NormalForm) -> list[NDArray[np.object_]]:
    """``M - u_i`` of players who may be worst off, in units of the largest; ``M = min max u_i``."""
    tables = [u.ravel() for u in game.exact_payoffs]
    top = min(u.max() for u in tables)
    rows = [top - u for u in tables if u.min() < top or u.max() == top]
    unit = max(abs(x) for row in rows for x in row) or Fraction(1)
    return [row / unit for row in rows]


def _shortfall(row: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[Any]]:
    """``sum p (M - u_i) - t <= 0``, where ``t`` is the last column."""
    one = Fraction(1) if row.dtype == object else 1.0
    return np.arange(len(row) + 1), np.append(row, [-one])


def _gains(game: NormalForm, joint: NDArray[Any], coarse: bool) -> Iterable[tuple[int, Any, Any]]:
    """Yield player, probability of what it is told, and best ``sum p [u_i(b, .) - u_i(a)]``."""
    for i, table in enumerate(game.exact_payoffs):
        payoffs = table - table.min()
        own, told = (
            _own(payoffs if joint.dtype == object else payoffs.astype(float), i),
            _own(joint, i),
        )
        obey = (told * own).sum(axis=1)
        if coarse:
            yield i, 1, max((own * told.sum(axis=0)).sum(axis=1)) - obey.sum()
            continue
        for a, row in enumerate(told):
            if row.sum() > 0:
                yield i, row.sum(), max((row * (other - own[a])).sum() for other in own)


def _mean(joint: NDArray[Any], values: NDArray[np.object_]) -> Any:
    if joint.dtype == object:
        return (joint * values).sum()
    low = values.min()
    return float(low) + float((joint * (values - low).astype(float)).sum())


def _own(table: NDArray[Any], player: int) -> NDArray[Any]:
    """A player's actions by everybody else's profiles."""
    return np.moveaxis(table, player, 0).reshape(table.shape[player], -1)


def _goal(
    game: NormalForm, objective: str | int | Sequence[float] | ArrayLike
) -> tuple[str, NDArray[np.object_] | None]:
    """Return what the objective is called and its exact values; None for the smallest payoff."""
    tables = game.exact_payoffs
    if isinstance(objective, str) and objective in NAMED:
        return objective, None if objective == "egalitarian" else tables.sum(axis=0)
    if isinstance(objective, str | int):
        i = _index("objective", objective, game.players, NAMED)
        return f"payoff of {game.players[i]}", tables[i]
    allowed = f"{game.n_players} weights, an array of shape {game.shape}, a player or {NAMED}"
    try:
        given = np.asarray(objective)
        flat = np.array([Fraction(x) for x in given.ravel().tolist()], dtype=object)
    except (TypeError, ValueError, OverflowError):
        raise ArgumentError("objective", objective, allowed, "finite numbers") from None
    values, shape = flat.reshape(given.shape), tuple(given.shape)
    if shape == (game.n_players,):
        return "weighted payoffs", np.tensordot(values, tables, axes=1)
    if shape == game.shape:
        return "a given function", values
    raise ArgumentError("objective", f"shape {shape}", allowed)


def _index(where: str, given: int | str, names: Sequence[str], also: Sequence[str] = ()) -> int:
    if isinstance(given, str) and given in names:
        return names.index(given)
    good = isinstance(given, int | np.integer) and not isinstance(given, bool)
    if not good or not 0 <= int(given) < len(names):
        options = ", ".join([*also, *names])
        raise ArgumentError(where, given, f"{options}, or a number from 0 to {len(names) - 1}")
    return int(given)


def _short(value: Any) -> str:
    return str(value) if isinstance(value, Fraction) else f"{value:.6g}"
