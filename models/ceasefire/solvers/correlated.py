"""Correlated and coarse correlated equilibrium: linear programs over joint distributions."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from ceasefire.errors import ArgumentError, SolveError
from ceasefire.status import Status
from ceasefire.tolerances import EXPLOITABILITY, PAYOFF_TIE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from ceasefire.games import NormalForm

NAMED = ("welfare", "egalitarian")
FEASIBILITY = 1e-10  # the tightest that HiGHS takes, on rows scaled to largest entry 1
ACTIVE = 1e-9  # what HiGHS leaves this near 0 may be 0: ten times its tolerance
SHOWN_CELLS = 12
POLISHED_ENTRIES = 4_000_000  # a dense system of 32 MB


@dataclass(frozen=True, eq=False, repr=False)
class Correlated:
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
        return _own(self.distribution, i).sum(axis=1)

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
        return told / told.sum()

    def __repr__(self) -> str:
        rows = self._rows()
        shown = [f"{share} {cell}" for cell, share in rows[:SHOWN_CELLS]]
        if len(rows) > SHOWN_CELLS:
            shown.append(f"... {len(rows) - SHOWN_CELLS} more")
        return "\n".join([*shown, self._claim()])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{escape(cell)}</th><td>{share}</td></tr>" for cell, share in self._rows()[:100]
        )
        return f"<table><caption>{escape(self._claim())}</caption>{rows}</table>"

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
    best correlated equilibrium by welfare 21/2; payoffs 21/4, 21/4; exact; HiGHS, vertex verified...
    """
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


class Program(NamedTuple):
    """Minimise ``c.x`` over ``x >= 0`` with ``A x <= 0`` and ``x_1 + ... + x_mass = 1``.

    ``A`` has the entries `value` at (`row`, `column`); they and `cost` are floats or `Fraction`.
    """

    row: NDArray[np.intp]
    column: NDArray[np.intp]
    value: NDArray[Any]
    height: int
    cost: NDArray[Any]
    mass: int


class Vertex(NamedTuple):
    """Primal `x`, slack of each row scaled to largest entry 1, and sign-positive dual `y`."""

    x: NDArray[np.float64]
    slack: NDArray[np.float64]
    y: NDArray[np.float64]
    matrix: Any


def optimum(program: Program, what: str) -> Vertex:
    """Solve a program by HiGHS; `SolveError` naming `what` unless it says optimal."""
    values = program.value.astype(float)
    largest = np.zeros(program.height)
    np.maximum.at(largest, program.row, np.abs(values))
    floor = 0.0 if program.value.dtype == object else PAYOFF_TIE
    scale = np.where(largest > floor, 1 / np.where(largest > 0, largest, 1), 0.0)
    size = (program.height, len(program.cost))
    matrix = csr_array((values * scale[program.row], (program.row, program.column)), shape=size)
    total = csr_array((np.arange(size[1]) < program.mass).astype(float)[None, :])
    limits = {"primal_feasibility_tolerance": FEASIBILITY, "dual_feasibility_tolerance": FEASIBILITY}
    message = ""
    for presolve in (True, False):
        found = linprog(
            program.cost.astype(float),
            A_ub=matrix,
            b_ub=np.zeros(size[0]),
            A_eq=total,
            b_eq=[1.0],
            method="highs-ds",
            options={**limits, "presolve": presolve},
        )
        if found.status == 0:
            x = np.asarray(found.x, dtype=float)
            return Vertex(x, -(matrix @ x), -np.asarray(found.ineqlin.marginals), matrix)
        message = str(found.message)
    raise SolveError(f"{what}: the linear program was not solved: {message}")


def polished(program: Program, vertex: Vertex) -> NDArray[np.float64]:
    """Solve the vertex's own equations anew: rows without slack, on its support, to rounding."""
    x = np.where(vertex.x > ACTIVE, vertex.x, 0.0)
    used, tight = np.flatnonzero(x), np.flatnonzero(vertex.slack < ACTIVE)
    mass = (used < program.mass).astype(float)
    if len(used) * (len(tight) + 1) <= POLISHED_ENTRIES:
        system = np.vstack([vertex.matrix[tight][:, used].toarray(), mass])
        target = np.append(np.zeros(len(tight)), 1.0)
        for _ in range(2):
            x[used] += np.linalg.lstsq(system, target - system @ x[used], rcond=1e-12)[0]
    broken = x.min() < 0 or np.max(vertex.matrix @ x, initial=0.0) > FEASIBILITY
    return np.maximum(vertex.x, 0.0) if broken else x


def exactly(program: Program, vertex: Vertex, what: str) -> NDArray[np.object_]:
    """Return the vertex in rational numbers, verified optimal by a rational dual.

    ``y >= 0`` and ``z`` with ``c + A'y - z e >= 0`` bound the value below by ``z``; a feasible
    ``x`` with ``c.x = z`` is therefore optimal. `SolveError` where either is not found.
    """
    rows: list[dict[int, Fraction]] = [{} for _ in range(program.height)]
    columns: list[dict[int, Fraction]] = [{} for _ in program.cost]
    for r, j, v in zip(program.row, program.column, program.value, strict=True):
        rows[r][int(j)] = columns[j][int(r)] = v
    mass, cost = program.mass, program.cost
    used = [int(j) for j in np.argsort(-vertex.x) if vertex.x[j] > ACTIVE]
    tight = [int(r) for r in np.argsort(-vertex.y) if vertex.slack[r] < ACTIVE]
    sums = [Fraction(j < mass) for j in used]
    equations = ([rows[r].get(j, Fraction(0)) for j in used] + [Fraction(0)] for r in tight)
    x = dict(zip(used, solution([[*sums, Fraction(1)]], equations, len(used)), strict=True))
    priced = [int(r) for r in np.flatnonzero(vertex.y > ACTIVE)]
    reduced = program.cost.astype(float) + vertex.matrix.T @ vertex.y
    reduced -= (np.arange(len(cost)) < mass) * float(cost.astype(float) @ vertex.x)
    others = [int(j) for j in np.argsort(np.abs(reduced)) if int(j) not in x]
    prices = (
        [columns[j].get(r, Fraction(0)) for r in priced] + [-Fraction(j < mass), -cost[j]]
        for j in [*used, *others]
    )
    *y, z = solution([], prices, len(priced) + 1)
    dual = dict(zip(priced, y, strict=True))
    feasible = sum((v for j, v in x.items() if j < mass), Fraction(0)) == 1 and all(
        sum((v * x[j] for j, v in row.items() if j in x), Fraction(0)) <= 0 for row in rows
    )
    bounded = all(
        cost[j] + sum((v * dual[r] for r, v in column.items() if r in dual), Fraction(0))
        >= (z if j < mass else 0)
        for j, column in enumerate(columns)
    )
    best = sum((cost[j] * v for j, v in x.items()), Fraction(0)) == z
    if not (feasible and bounded and best and min([*x.values(), *y]) >= 0):
        raise SolveError(f"{what}: no rational vertex was verified; ask for floats instead")
    return np.array([x.get(j, Fraction(0)) for j in range(len(cost))], dtype=object)


def solution(
    first: list[list[Fraction]], more: Iterable[list[Fraction]], count: int
) -> list[Fraction]:
    """Solve the first `count` independent equations ``[coefficients, right side]``; 0 where free."""
    solved: dict[int, list[Fraction]] = {}  # pivot column: equation with 1 there, 0 at others
    for equation in (*first, *more):
        if len(solved) == count:
            break
        left = list(equation)
        for place, row in solved.items():
            if left[place]:
                factor = left[place]
                left = [a - factor * b for a, b in zip(left, row, strict=True)]
        pivot = next((k for k in range(count) if left[k]), None)
        if pivot is None:
            continue
        left = [a / left[pivot] for a in left]
        for place, row in solved.items():
            if row[pivot]:
                solved[place] = [a - row[pivot] * b for a, b in zip(row, left, strict=True)]
        solved[pivot] = left
    return [solved[k][-1] if k in solved else Fraction(0) for k in range(count)]


def normalised(values: NDArray[np.object_]) -> NDArray[np.object_]:
    """``(x - min) / (max - min)`` of rational numbers; 0 where they are constant."""
    low = values.min()
    return (values - low) / ((values.max() - low) or Fraction(1))


def _distribution(
    game: NormalForm, goal: NDArray[np.object_] | None, coarse: bool, worst: bool, exact: bool
) -> NDArray[Any]:
    unit = [normalised(u) for u in game.exact_payoffs]
    blocks = _disobedience(np.stack([u if exact else u.astype(float) for u in unit]), coarse)
    size = unit[0].size
    if goal is None:
        cost = np.append(np.full(size, Fraction(0)), Fraction(1))
        blocks += [_shortfall(row if exact else row.astype(float)) for row in _below(game)]
    else:
        cost = normalised(goal).ravel() * (1 if worst else -1)
    lengths = [len(column) for column, _ in blocks]
    program = Program(
        np.repeat(np.arange(len(blocks)), lengths),
        np.concatenate([column for column, _ in blocks]),
        np.concatenate([value for _, value in blocks]),
        len(blocks),
        cost if exact else cost.astype(float),
        size,
    )
    vertex = optimum(program, "correlated")
    if exact:
        return exactly(program, vertex, "correlated")[:size].reshape(game.shape)
    joint = polished(program, vertex)[:size].reshape(game.shape)
    return joint / joint.sum()


def _disobedience(
    table: NDArray[Any], coarse: bool
) -> list[tuple[NDArray[np.intp], NDArray[Any]]]:
    """Rows (columns, values) of what disobeying gains: told ``a`` play ``b``; coarse: play ``b``."""
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
    return np.arange(len(row) + 1), np.append(row, row.dtype.type(-1) if row.dtype != object else Fraction(-1))


def _gains(game: NormalForm, joint: NDArray[Any], coarse: bool) -> Iterable[tuple[int, Any, Any]]:
    """Yield player, probability of what it is told, and best ``sum p [u_i(b, .) - u_i(a)]``."""
    for i, table in enumerate(game.exact_payoffs):
        payoffs = table - table.min()
        own, told = _own(payoffs if joint.dtype == object else payoffs.astype(float), i), _own(joint, i)
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
        values = np.empty(given.shape, dtype=object)
        values.flat = [Fraction(x) for x in given.ravel().tolist()]
    except (TypeError, ValueError, OverflowError):
        raise ArgumentError("objective", objective, allowed, "finite numbers") from None
    if values.shape == (game.n_players,):
        return "weighted payoffs", np.tensordot(values, tables, axes=1)
    if values.shape == game.shape:
        return "a given function", values
    raise ArgumentError("objective", f"shape {values.shape}", allowed)


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
