"""Strongly symmetric public equilibria: all play alike after every history."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.optimize import linprog

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.games import NormalForm, RepeatedGame
from ceasefire.games import _automaton_rules as rules
from ceasefire.status import Status
from ceasefire.tolerances import DISCOUNT_XTOL, PAYOFF_TIE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.games import PublicSignals

    Floats = NDArray[np.float64]

METHOD = "one-dimensional self-generation by linear programs (Abreu, Pearce and Stacchetti 1990)"
STRICT: Any = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
ROUNDING = 1e-12  # of a width, in payoff ranges
STEPS = 200


@dataclass(frozen=True, eq=False)
class SymmetricGeneration:
    """Evidence that the ends of an interval are equilibrium payoffs, recomputed from the game.

    Attributes
    ----------
    promise : float
        How far today's payoff and the continuations miss the ends, per day, utils.
    incentive : float
        What the most tempting deviation gains, per day, utils; 0 or less where all hold.
    outside : float
        How far a continuation payoff lies outside the interval, utils.
    tolerance : float
        What counts as none, utils.
    """

    promise: float
    incentive: float
    outside: float
    tolerance: float

    @property
    def holds(self) -> bool:
        """Whether both ends are generated with continuations from the interval."""
        return max(self.promise, self.incentive, self.outside) <= self.tolerance


@dataclass(frozen=True, eq=False, repr=False)
class StronglySymmetric(Displayed):
    """The payoffs of strongly symmetric public equilibria in pure actions: an interval.

    Attributes
    ----------
    game : RepeatedGame
    low, high : float
        Ends of the interval, per-day averages, utils, the same for all players; nan where there
        is no such equilibrium.
    best_action, worst_action : str or None
        What all play on the first day of the best and the worst equilibrium.
    rewards, punishments : ndarray, shape (n_signals,)
        Continuation payoffs after each signal, in the best and in the worst; utils. Under perfect
        monitoring one entry, where all did as they should; a deviation leads to `low`.
    sustained : tuple of str
        Actions that all play on some day of some such equilibrium.
    certificate : SymmetricGeneration or None
    method, status, iterations
    """

    game: RepeatedGame
    low: float
    high: float
    best_action: str | None
    worst_action: str | None
    rewards: Floats
    punishments: Floats
    sustained: tuple[str, ...]
    certificate: SymmetricGeneration | None
    iterations: int
    status: Status = Status.OK
    method: str = METHOD

    @property
    def is_empty(self) -> bool:
        """Whether there is no strongly symmetric equilibrium in pure actions."""
        return self.best_action is None

    def __repr__(self) -> str:
        if self.is_empty:
            return f"no strongly symmetric equilibrium ({self.method}; {self.status})"
        best, worst = f"best plays {self.best_action}", f"worst {self.worst_action}"
        ends = f"{self.low:.10g} to {self.high:.10g}"
        return f"strongly symmetric payoffs {ends}; {best}, {worst}; {self.status}"


def strongly_symmetric(game: RepeatedGame) -> StronglySymmetric:
    r"""Return the interval of strongly symmetric equilibrium payoffs, exact to rounding.

    All players take the same action after every history, so that only values on the diagonal can
    be promised. With payoff g(a) when all play a, and g(b, a) of who plays b instead, the ends
    are the fixed points with the largest ``high - low`` of

    .. math::
        h = \max_a\, g(a) - \tfrac{\delta}{1-\delta} \min_t E[t \mid a], \quad
        l = \min_a\, g(a) + \tfrac{\delta}{1-\delta} \min_s E[s \mid a], \quad
        0 \le t, s \le h - l,

    over reductions t(y) below h and increases s(y) above l that deter every b:
    ``E[t | b] - E[t | a] >= (g(b, a) - g(a)) (1 - delta) / delta``, and with s the other way.

    Parameters
    ----------
    game : RepeatedGame
        Symmetric: swapping players changes neither payoffs nor the law of signals. A public
        lottery is drawn every day.

    Returns
    -------
    StronglySymmetric

    Raises
    ------
    ArgumentError
        A game that is not symmetric (the profile is named), or whose players discount apart.

    Notes
    -----
    Payoffs of each action are concave and piecewise linear in the width ``h - l``; from above,
    Newton steps on the largest of them reach the largest fixed point in finitely many steps. Each
    takes two linear programs an action with as many unknowns as signals. *The prisoners' dilemma*
    with payoff u, gain d from deviating, punishment value 0 (mutual defection) and a good signal
    with chance p, after a deviation q: only the bad signal is punished, by
    ``t = (1-delta) d / (delta (p-q))``, so that ``h = u - d (1-p) / (p-q)`` whatever delta, and
    ``t <= h`` is ``delta >= d / (p d + (p-q) u)``, the least delta. (Where h would be below 0
    nothing is sustained.) The loss against u is the price of deviators that cannot be told apart:
    it does not vanish as delta goes to 1.

    References
    ----------
    Abreu, Pearce and Stacchetti (1986), JET 39:251-269. Radner, Myerson and Maskin (1986), RES
    53:59-69, whose inefficiency is the same.

    Examples
    --------
    >>> from ceasefire.games import NormalForm, PublicSignals
    >>> pd = NormalForm.bimatrix([[2, -1], [3, 0]], [[2, 3], [-1, 0]], actions=[["C", "D"]] * 2)
    >>> law = [[[0.9, 0.1], [0.5, 0.5]], [[0.5, 0.5], [0.2, 0.8]]]
    >>> strongly_symmetric(RepeatedGame(pd, 0.9, PublicSignals(law, ["quiet", "shots"])))
    strongly symmetric payoffs 0 to 1.75; best plays C, worst D; solved
    """
    one = _read(game)
    if one.delta == 0.0:
        return _one_day(game, one)
    width, steps = _largest_width(one)
    if width is None:
        return _none(game, steps)
    found = _ends(one, width)
    assert found is not None  # a width that was reached has ends
    (best, t), (worst, s) = found
    high, low = one.top(best, t), one.bottom(worst, s)
    names = game.stage.actions[0]
    sustained = tuple(
        name for a, name in enumerate(names) if one.cost(a, width, high=True) is not None
    )
    ends = [one.low + one.unit * x for x in (low, high)]
    later = [one.low + one.unit * x for x in (high - t, low + s)]
    proof = _certificate(game, (best, worst), (ends[1], ends[0]), later)
    return StronglySymmetric(
        game, ends[0], ends[1], names[best], names[worst], later[0], later[1], sustained, proof,
        steps, Status.OK if proof.holds else Status.NOT_CONVERGED,
    )  # fmt: skip


def symmetric_critical_discount(
    stage: NormalForm, *, action: int | str, monitoring: PublicSignals | None = None
) -> float:
    """Return the least discount factor at which all can take `action`, strongly symmetrically.

    By bisection to 1e-10: with a public lottery the interval of payoffs only grows with delta.
    nan where no discount factor below ``1 - 1e-6`` is enough.

    Examples
    --------
    >>> from ceasefire.games import NormalForm, PublicSignals
    >>> pd = NormalForm.bimatrix([[2, -1], [3, 0]], [[2, 3], [-1, 0]], actions=[["C", "D"]] * 2)
    >>> seen = PublicSignals([[[0.9, 0.1], [0.5, 0.5]], [[0.5, 0.5], [0.2, 0.8]]])
    >>> round(symmetric_critical_discount(pd, action="C", monitoring=seen), 8)  # 1 / 1.7
    0.58823529
    """
    if not isinstance(stage, NormalForm):
        hint = "monitoring is an argument of its own; the discount factor is what is found"
        raise ArgumentError("stage", type(stage).__name__, "a NormalForm", hint)
    name = stage.actions[0][rules.action(stage, 0, action, "action")]

    def enough(delta: float) -> bool:
        return name in strongly_symmetric(RepeatedGame(stage, delta, monitoring)).sustained

    low, high = 0.0, 1.0 - 1e-6
    if enough(low):
        return 0.0
    if not enough(high):
        return float("nan")
    while high - low > DISCOUNT_XTOL:
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def is_symmetric(game: RepeatedGame) -> bool:
    """Whether swapping players changes neither payoffs nor the law of signals."""
    return asymmetry(game) is None


def asymmetry(game: RepeatedGame) -> str | None:
    """What changes when players are swapped, in words; None where the game is symmetric."""
    stage, n = game.stage, game.n_players
    if len(set(stage.shape)) > 1:
        return f"players have {', '.join(map(str, stage.shape))} actions"
    tie = PAYOFF_TIE * float(stage.payoff_range.max())
    for order in permutations(range(n)) if n <= 4 else _swaps(n):
        swapped = np.stack([stage.payoffs[i].transpose(np.argsort(order)) for i in range(n)])
        off = np.abs(stage.payoffs[list(order)] - swapped)
        if off.max(initial=0.0) > tie:
            cell = np.unravel_index(int(off.argmax()), off.shape)[1:]
            return f"payoffs at ({', '.join(rules.labels(stage, [int(a) for a in cell]))}) differ"
        if game.monitoring is not None:
            law = game.monitoring.probability
            other = np.abs(law - law.transpose((*order, n))).max(axis=-1)
            if other.max() > PAYOFF_TIE:
                cell = np.unravel_index(int(other.argmax()), other.shape)
                at = ", ".join(rules.labels(stage, [int(a) for a in cell]))
                return f"signals at ({at}) differ"
    return None


def _swaps(n: int) -> list[tuple[int, ...]]:
    """Swaps of neighbours, which make all permutations."""
    return [(*range(k), k + 1, k, *range(k + 2, n)) for k in range(n - 1)]


class _Alike(NamedTuple):
    """A symmetric game on its diagonal; payoffs scaled to [0, 1]."""

    delta: float
    g: Floats  # (m,): when all play a
    gain: Floats  # (m, m): of who plays b instead of a
    seen: Floats  # (m, Y)
    after: Floats  # (m, m, Y): the law of signals after b instead of a; actions seen: 0
    perfect: bool
    low: float
    unit: float

    @property
    def ratio(self) -> float:
        """What a unit of today is worth tomorrow."""
        return (1 - self.delta) / self.delta

    def cost(self, a: int, width: float, *, high: bool) -> _Cost | None:
        """The least expected reduction below the top (increase above the bottom) that deters."""
        if self.perfect:  # a deviation leads to the bottom, and what is promised else is alike
            need = max(0.0, self.ratio * float(self.gain[a].max()))
            spare = width if high else 0.0
            if need <= spare + ROUNDING:
                return _Cost(np.zeros(1), 0.0)
            return None if high or need > width + ROUNDING else _Cost(np.full(1, need), 0.0)
        rise = self.seen[a] - self.after[a]  # (m, Y): E[. | a] - E[. | b]
        others = np.arange(len(self.g)) != a
        rows = (rise if high else -rise)[others]
        right = -self.ratio * self.gain[a][others]
        found = linprog(
            self.seen[a], A_ub=rows if len(rows) else None, b_ub=right if len(rows) else None,
            bounds=[(0.0, max(width, 0.0))] * self.seen.shape[1], options=STRICT,
        )  # fmt: skip
        if found.status != 0:
            return None
        return _Cost(np.clip(np.asarray(found.x), 0.0, width), float(found.upper.marginals.sum()))

    def top(self, a: int, t: Floats) -> float:
        """The top that an action reaches with reductions t."""
        return float(self.g[a] - self.seen[a] @ t / self.ratio)

    def bottom(self, a: int, s: Floats) -> float:
        """The bottom that an action reaches with increases s."""
        return float(self.g[a] + self.seen[a] @ s / self.ratio)


class _Cost(NamedTuple):
    moves: Floats  # t or s, (Y,)
    slope: float  # of its expectation in the width: 0 or less


def _read(game: RepeatedGame) -> _Alike:
    if not isinstance(game, RepeatedGame):
        raise ArgumentError("game", type(game).__name__, "a RepeatedGame")
    delta, fault = game.discount, asymmetry(game)
    if fault is not None:
        raise ArgumentError("game", fault, "a game in which players can be swapped")
    stage, n = game.stage, game.n_players
    m, u = stage.shape[0], stage.payoffs[0]
    low, unit = float(u.min()), float(stage.payoff_range[0]) or 1.0
    cells = np.array([[(b, *[a] * (n - 1)) for b in range(m)] for a in range(m)])
    own = (u[tuple(np.moveaxis(cells, -1, 0))] - low) / unit  # (a, b)
    g = np.diagonal(own).copy()
    gain = own - g[:, None]
    if game.monitoring is None:
        return _Alike(delta, g, gain, np.ones((m, 1)), np.zeros((m, m, 1)), True, low, unit)
    after = game.monitoring.probability[tuple(np.moveaxis(cells, -1, 0))]
    seen = after[np.arange(m), np.arange(m)]
    return _Alike(delta, g, gain, seen, after, False, low, unit)


def _largest_width(one: _Alike) -> tuple[float | None, int]:
    """The largest d that is ``h(d) - l(d)``: Newton steps from above on every pair of actions.

    The payoff of a pair is concave in d, so its tangent lies above it, and the largest root of
    all tangents is never below the largest fixed point.
    """
    width = 1.0
    for step in range(1, STEPS):
        tops = _tangents(one, width, high=True)
        bottoms = _tangents(one, width, high=False)
        if not len(tops) or not len(bottoms):
            return None, step
        level = tops[:, None, 0] - bottoms[None, :, 0]
        slope = tops[:, None, 1] - bottoms[None, :, 1]
        short = width - level  # how far the fixed point is missed
        if short.min() <= ROUNDING:
            return width, step
        falls = slope < 1 - 1e-12
        if not falls.any():
            return None, step
        after = float((width - short[falls] / (1 - slope[falls])).max())
        if after < -ROUNDING:
            return None, step
        width = max(after, 0.0)
    return width, STEPS


def _tangents(one: _Alike, width: float, *, high: bool) -> Floats:
    """``(value, slope in the width)`` of each action's top or bottom, of those that deter."""
    rows = []
    for a in range(len(one.g)):
        cost = one.cost(a, width, high=high)
        if cost is not None:
            value = one.top(a, cost.moves) if high else one.bottom(a, cost.moves)
            rows.append((value, (-1 if high else 1) * cost.slope / one.ratio))
    return np.array(rows).reshape(-1, 2)


def _ends(one: _Alike, width: float) -> tuple[tuple[int, Floats], tuple[int, Floats]] | None:
    """The best and the worst action at a width, with what they promise."""
    tops: list[tuple[int, Floats]] = []
    bottoms: list[tuple[int, Floats]] = []
    for a in range(len(one.g)):
        for kept, high in ((tops, True), (bottoms, False)):
            cost = one.cost(a, width, high=high)
            if cost is not None:
                kept.append((a, cost.moves))
    if not tops or not bottoms:
        return None
    best = max(tops, key=lambda end: one.top(*end))
    return best, min(bottoms, key=lambda end: one.bottom(*end))


def _one_day(game: RepeatedGame, one: _Alike) -> StronglySymmetric:
    """Discount factor 0: symmetric pure equilibria of the stage game."""
    kept = np.flatnonzero(one.gain.max(axis=1) <= PAYOFF_TIE)
    if not len(kept):
        return _none(game, 0)
    best, worst = (int(kept[k]) for k in (np.argmax(one.g[kept]), np.argmin(one.g[kept])))
    ends = [one.low + one.unit * float(one.g[a]) for a in (worst, best)]
    names = game.stage.actions[0]
    later = [np.full(one.seen.shape[1], x) for x in (ends[1], ends[0])]
    proof = _certificate(game, (best, worst), (ends[1], ends[0]), later)
    return StronglySymmetric(game, ends[0], ends[1], names[best], names[worst], later[0], later[1],
                             tuple(names[a] for a in kept), proof, 0)  # fmt: skip


def _none(game: RepeatedGame, steps: int) -> StronglySymmetric:
    nan, empty = float("nan"), np.empty(0)
    return StronglySymmetric(game, nan, nan, None, None, empty, empty, (), None, steps,
                             Status.NO_EQUILIBRIUM)  # fmt: skip


def _certificate(
    game: RepeatedGame, plays: tuple[int, int], ends: tuple[float, float], later: list[Floats]
) -> SymmetricGeneration:
    """Promises and incentives of both ends, for every player, from the game's own tables."""
    delta, stage, n = game.discount, game.stage, game.n_players
    high, low = ends
    promise, incentive, outside = 0.0, -np.inf, 0.0
    for a, end, w in zip(plays, ends, later, strict=True):
        outside = max(outside, float((w - high).max()), float((low - w).max()))
        for i in range(n):
            for b in range(stage.shape[i]):
                cell = tuple(b if j == i else a for j in range(n))
                ahead = low if b != a else float(w[0])
                if game.monitoring is not None:
                    ahead = float(game.monitoring.probability[cell] @ w)
                value = (1 - delta) * float(stage.payoffs[i][cell]) + delta * ahead
                if b == a:
                    promise = max(promise, abs(value - end))
                else:
                    incentive = max(incentive, value - end)
    scale = float(np.abs(stage.payoffs).max()) + float(stage.payoff_range.max())
    return SymmetricGeneration(promise, incentive, outside, 1e-9 * scale)
