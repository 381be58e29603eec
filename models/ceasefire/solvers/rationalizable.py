"""Iterated elimination: what survives when nobody plays what is dominated.

Below it stand the linear programs that this module and `correlated` share: HiGHS in floats, and
the vertex it finds solved for anew in rational numbers and verified by its dual.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError, SolveError
from ceasefire.solvers.nash import require_normal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from ceasefire.games import NormalForm

DOMINANCE = ("strict", "weak", "never-best-reply")
FEASIBILITY = 1e-10  # the tightest that HiGHS takes, on rows scaled to largest entry 1
ACTIVE = 1e-9  # what HiGHS leaves this near 0 may be 0: ten times its tolerance
NEAR_TIE = 1e-7  # margins below, relative to the payoff range, are decided in rational numbers
DENOMINATORS = (100, 10**6, None)  # a mixture is shown with the smallest that still dominates
SHOWN_ROUNDS = 24


class Elimination(NamedTuple):
    """An action removed.

    Attributes
    ----------
    round : int
        From 1.
    player, action : int
        Whose action, by its place in the game as given.
    by : int, ndarray or None
        What dominates it: an action, or a mixture over all actions of the player in rational
        numbers. None where it is only no best reply to any pure profile.
    """

    round: int
    player: int
    action: int
    by: int | NDArray[np.object_] | None


@dataclass(frozen=True, eq=False, repr=False)
class Rationalizable(Displayed):
    """What survives iterated elimination.

    Attributes
    ----------
    kept : tuple of tuples of int
        For each player, the actions that survive, by their place in `game`.
    rounds : tuple of Elimination
        What was removed, in order, with its reason.
    game : NormalForm
        The game as given.
    dominance : str
    mixed : bool
    order_matters : bool
        Whether removing in another order may leave other actions: weak dominance removed some.
    """

    kept: tuple[tuple[int, ...], ...]
    rounds: tuple[Elimination, ...]
    game: NormalForm
    dominance: str
    mixed: bool
    order_matters: bool

    @property
    def restricted(self) -> NormalForm:
        """The game in which only the surviving actions are left."""
        return self.game.restricted(self.kept)

    @property
    def solvable(self) -> bool:
        """Whether one profile survives."""
        return all(len(actions) == 1 for actions in self.kept)

    def __repr__(self) -> str:
        lines = [self._line(removed) for removed in self.rounds[:SHOWN_ROUNDS]]
        if len(self.rounds) > SHOWN_ROUNDS:
            lines.append(f"... {len(self.rounds) - SHOWN_ROUNDS} more removed")
        names = zip(self.game.players, self.game.actions, self.kept, strict=True)
        left = "; ".join(f"{who}: {', '.join(acts[a] for a in kept)}" for who, acts, kept in names)
        return "\n".join([*lines, f"left: {left}", self._claim()])

    def _line(self, removed: Elimination) -> str:
        labels = self.game.actions[removed.player]
        who = f"{self.game.players[removed.player]}: {labels[removed.action]}"
        if removed.by is None:
            return f"round {removed.round}: {who}, no best reply to any profile"
        if isinstance(removed.by, int):
            return f"round {removed.round}: {who}, dominated by {labels[removed.by]}"
        used = [int(b) for b in np.flatnonzero(removed.by)]
        mixture = ", ".join(f"{_share(removed.by[b])} on {labels[b]}" for b in used)
        return f"round {removed.round}: {who}, dominated by {mixture}"

    def _claim(self) -> str:
        rule = {"strict": "strict dominance", "weak": "weak dominance"}
        by = rule.get(self.dominance, "never a best reply")
        how = "mixtures included" if self.mixed else "pure only"
        order = "; another order may leave other actions" if self.order_matters else ""
        return f"{by}, {how}, all at once in each round{order}"


def rationalizable(
    game: NormalForm, *, dominance: str = "strict", mixed: bool = True
) -> Rationalizable:
    """Remove dominated actions, all of them in each round, until none is left.

    An action ``a`` of player ``i`` is strictly dominated when some mixture ``m`` has
    ``sum_b m(b) u_i(b, s) > u_i(a, s)`` at every profile ``s`` of the others still in play, and
    weakly when ``>=`` holds at every ``s`` and ``>`` at one. It is strictly dominated exactly when
    it is a best reply to no belief over ``s``, correlation between the others allowed (Pearce
    1984), so that what survives is the (correlated) rationalizable actions.

    Comparisons are exact on the payoffs as given: a mixture is verified in rational numbers, and
    so is the belief to which a surviving action is a best reply.

    Parameters
    ----------
    game : NormalForm
        Any number of players.
    dominance : {"strict", "weak", "never-best-reply"}
        ``"never-best-reply"`` removes what ``"strict"`` does where `mixed`; otherwise what is a
        best reply to no pure profile (point rationalizability; Bernheim 1984).
    mixed : bool
        Whether mixtures dominate, and beliefs are mixed. With False only actions dominate.

    Raises
    ------
    ArgumentError
        For another `dominance`.
    SolveError
        Where a tie is too near to be decided; never taken for "not dominated".

    Examples
    --------
    >>> from ceasefire.games import NormalForm
    >>> rationalizable(NormalForm.bimatrix([[3, 0], [0, 3], [1, 1]], [[1, 0], [0, 1], [0, 5]]))
    round 1: 1: 3, dominated by 1/2 on 1, 1/2 on 2
    left: 1: 1, 2; 2: 1, 2
    strict dominance, mixtures included, all at once in each round
    """
    require_normal(game)
    if dominance not in DOMINANCE:
        raise ArgumentError("dominance", dominance, ", ".join(DOMINANCE))
    ranks = [_ranks(game, i) for i in range(game.n_players)]
    kept = [list(range(k)) for k in game.shape]
    rounds: list[Elimination] = []
    count = 0
    while True:
        count += 1
        gone = [
            Elimination(count, i, a, by)
            for i in range(game.n_players)
            for a, by in _removed(game, ranks[i], i, kept, dominance, mixed)
        ]
        if not gone:
            break
        rounds += gone
        for removed in gone:
            kept[removed.player].remove(removed.action)
    order = dominance == "weak" and bool(rounds)
    left = tuple(tuple(actions) for actions in kept)
    return Rationalizable(left, tuple(rounds), game, dominance, mixed, order)


def _removed(
    game: NormalForm,
    ranks: NDArray[np.intp],
    player: int,
    kept: Sequence[Sequence[int]],
    dominance: str,
    mixed: bool,
) -> Iterable[tuple[int, int | NDArray[np.object_] | None]]:
    own, weak = kept[player], dominance == "weak"
    table = _own(ranks[np.ix_(*kept)], player)
    top = table.max(axis=0)
    alone = (table == top).sum(axis=0) == 1
    for place, row in enumerate(table):
        best = row == top
        if np.any(best & alone) if weak else np.any(best):
            continue
        if dominance == "never-best-reply" and not mixed:
            yield own[place], None
            continue
        over = (
            (table >= row).all(axis=1) & (table > row).any(axis=1)
            if weak
            else ((table > row).all(axis=1))
        )
        if over.any():
            yield own[place], own[int(np.argmax(over))]
        elif mixed:
            payoffs = _own(game.exact_payoffs[player][np.ix_(*kept)], player)
            mixture = _dominating(payoffs, place, weak)
            if mixture is not None:
                full = np.full(game.shape[player], Fraction(0), dtype=object)
                full[list(own)] = mixture
                yield own[place], full


def _dominating(payoffs: NDArray[np.object_], a: int, weak: bool) -> NDArray[np.object_] | None:
    """Return a mixture that dominates action `a`, or None where none does; either is proved."""
    gaps = payoffs - payoffs[a]
    unit = max(abs(x) for x in gaps.flat)
    if not unit:
        return None
    gaps = gaps / unit
    others = [b for b in range(len(gaps)) if b != a]
    vertex = optimum(_strict(gaps[others].astype(float)), "rationalizable")
    margin = vertex.x[-1] - 1
    if margin > NEAR_TIE:
        found = _simple(gaps[others], vertex.x[:-1])
        if found is not None:
            return _placed(found, others, len(gaps))
    if margin < -NEAR_TIE:
        belief = np.array([Fraction(q) for q in np.maximum(vertex.y * vertex.scale, 0.0)])
        if (
            max(gaps[others] @ belief) < 0
        ):  # the only best reply to it, so not even weakly dominated
            return None
    x = exactly(_strict(gaps[others]), vertex, "rationalizable")
    if x[-1] > 1:
        return _placed(x[:-1], others, len(gaps))
    if x[-1] < 1 or not weak:
        return None
    task = _weak(gaps)
    x = exactly(task, optimum(task, "rationalizable"), "rationalizable")
    return x if (x @ gaps).sum() > 0 else None


def _strict(gaps: NDArray[Any]) -> Program:
    """Maximise ``t = 1 + v`` with ``sum_b m(b) gap(b, s) >= v`` at every ``s``; ``x = (m, t)``."""
    one = Fraction(1) if gaps.dtype == object else 1.0
    count = np.arange(len(gaps) + 1)
    blocks = [(count, np.append(-gaps[:, s] - one, [one])) for s in range(gaps.shape[1])]
    last = np.append(np.full(len(gaps), 0 * one), [one])
    return program(blocks, -last, one - last)


def _weak(gaps: NDArray[np.object_]) -> Program:
    """Maximise ``sum_s sum_b m(b) gap(b, s)`` with every term over ``s`` at least 0."""
    count = np.arange(len(gaps))
    blocks = [(count, -gaps[:, s]) for s in range(gaps.shape[1])]
    return program(blocks, -gaps.sum(axis=1), np.full(len(gaps), Fraction(1)))


def _simple(gaps: NDArray[np.object_], mixture: NDArray[np.float64]) -> NDArray[np.object_] | None:
    """Return a rational mixture near one in floats that dominates strictly, if there is one."""
    for most in DENOMINATORS:
        near = [Fraction(p) for p in np.maximum(mixture, 0.0).tolist()]
        near = near if most is None else [p.limit_denominator(most) for p in near]
        total = sum(near, Fraction(0))
        if total > 0 and min(np.array(near) @ gaps) > 0:
            return np.array([p / total for p in near], dtype=object)
    return None


def _placed(mixture: NDArray[np.object_], places: list[int], count: int) -> NDArray[np.object_]:
    full = np.full(count, Fraction(0), dtype=object)
    full[places] = mixture
    return full


def _ranks(game: NormalForm, player: int) -> NDArray[np.intp]:
    """Payoffs by their order: the same comparisons, on whole numbers."""
    source = game.exact_payoffs if game.is_exact else game.payoffs
    _, order = np.unique(source[player].ravel(), return_inverse=True)
    return np.asarray(order, dtype=np.intp).reshape(game.shape)


def _own(table: NDArray[Any], player: int) -> NDArray[Any]:
    """A player's actions by everybody else's profiles."""
    return np.moveaxis(table, player, 0).reshape(table.shape[player], -1)


def _share(share: Fraction) -> str:
    return str(share) if share.denominator <= 10**6 else f"{float(share):.6g}"


class Program(NamedTuple):
    """Minimise ``c.x`` over ``x >= 0`` with ``A x <= 0`` and ``e.x = 1``.

    ``A`` has the entries `value` at (`row`, `column`); `cost` is ``c`` and `total` is ``e``.
    Floats or `Fraction`.
    """

    row: NDArray[np.intp]
    column: NDArray[np.intp]
    value: NDArray[Any]
    height: int
    cost: NDArray[Any]
    total: NDArray[Any]


class Vertex(NamedTuple):
    """Primal `x`; slack and dual ``y >= 0`` of the rows times `scale`, to largest entry 1."""

    x: NDArray[np.float64]
    slack: NDArray[np.float64]
    y: NDArray[np.float64]
    matrix: Any
    scale: NDArray[np.float64]


def program(
    blocks: Sequence[tuple[NDArray[np.intp], NDArray[Any]]],
    cost: NDArray[Any],
    total: NDArray[Any],
) -> Program:
    """Return the program with rows `blocks`: the columns that each row uses, and its values."""
    lengths = [len(column) for column, _ in blocks]
    columns = [np.zeros(0, dtype=np.intp), *(column for column, _ in blocks)]
    values = [np.zeros(0, dtype=cost.dtype), *(value for _, value in blocks)]
    rows = np.repeat(np.arange(len(blocks)), lengths)
    where, entries = np.concatenate(columns), np.concatenate(values)
    return Program(rows, where, entries, len(blocks), cost, total)


def optimum(task: Program, what: str) -> Vertex:
    """Solve a program by HiGHS; `SolveError` naming `what` unless it says optimal."""
    values = task.value.astype(float)
    largest = np.zeros(task.height)
    np.maximum.at(largest, task.row, np.abs(values))
    scale = 1 / np.where(largest > 0, largest, 1.0)
    size = (task.height, len(task.cost))
    matrix = csr_array((values * scale[task.row], (task.row, task.column)), shape=size)
    limits = {
        "primal_feasibility_tolerance": FEASIBILITY,
        "dual_feasibility_tolerance": FEASIBILITY,
    }
    message = ""
    for presolve in (True, False):
        found: Any = linprog(  # type: ignore[call-overload]  # stubs want `options` as their own type
            task.cost.astype(float),
            A_ub=matrix,
            b_ub=np.zeros(size[0]),
            A_eq=task.total.astype(float)[None, :],
            b_eq=[1.0],
            method="highs-ds",
            options={**limits, "presolve": presolve},
        )
        if found.status == 0:
            x = np.asarray(found.x, dtype=float)
            y = -np.asarray(found.ineqlin.marginals)
            return Vertex(x, -(matrix @ x), y, matrix, scale)
        message = str(found.message)
    raise SolveError(f"{what}: the linear program was not solved: {message}")


def exactly(task: Program, vertex: Vertex, what: str) -> NDArray[np.object_]:
    """Return the vertex in rational numbers, verified optimal by a rational dual.

    ``y >= 0`` and ``z`` with ``c + A'y - z e >= 0`` bound the value below by ``z``; a feasible
    ``x`` with ``c.x = z`` is therefore optimal. `SolveError` where either is not found.
    """
    rows: list[dict[int, Fraction]] = [{} for _ in range(task.height)]
    columns: list[dict[int, Fraction]] = [{} for _ in task.cost]
    for r, j, v in zip(task.row, task.column, task.value, strict=True):
        rows[r][int(j)] = columns[j][int(r)] = v
    total, cost = task.total, task.cost
    used = [int(j) for j in np.argsort(-vertex.x) if vertex.x[j] > ACTIVE]
    tight = [int(r) for r in np.argsort(-vertex.y) if vertex.slack[r] < ACTIVE]
    sums = [total[j] for j in used]
    equations = ([rows[r].get(j, Fraction(0)) for j in used] + [Fraction(0)] for r in tight)
    x = dict(zip(used, solution([[*sums, Fraction(1)]], equations, len(used)), strict=True))
    priced = [int(r) for r in np.flatnonzero(vertex.y > ACTIVE)]
    reduced = task.cost.astype(float) + vertex.matrix.T @ vertex.y
    reduced -= total.astype(float) * float(cost.astype(float) @ vertex.x)
    others = [int(j) for j in np.argsort(np.abs(reduced)) if int(j) not in x]
    prices = (
        [columns[j].get(r, Fraction(0)) for r in priced] + [-total[j], -cost[j]]
        for j in [*used, *others]
    )
    *y, z = solution([], prices, len(priced) + 1)
    dual = dict(zip(priced, y, strict=True))
    feasible = sum((total[j] * v for j, v in x.items()), Fraction(0)) == 1 and all(
        sum((v * x[j] for j, v in row.items() if j in x), Fraction(0)) <= 0 for row in rows
    )
    bounded = all(
        cost[j] + sum((v * dual[r] for r, v in column.items() if r in dual), Fraction(0))
        >= z * total[j]
        for j, column in enumerate(columns)
    )
    best = sum((cost[j] * v for j, v in x.items()), Fraction(0)) == z
    if not (feasible and bounded and best and min([*x.values(), *y]) >= 0):
        raise SolveError(f"{what}: no rational vertex was verified; ask for floats instead")
    return np.array([x.get(j, Fraction(0)) for j in range(len(cost))], dtype=object)


def solution(
    first: list[list[Fraction]], more: Iterable[list[Fraction]], count: int
) -> list[Fraction]:
    """Solve the first `count` independent equations ``[*left, right]``; 0 where free."""
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
    return np.asarray((values - low) / ((values.max() - low) or Fraction(1)))
