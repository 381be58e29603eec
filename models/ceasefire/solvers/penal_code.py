"""Optimal penal codes: the worst equilibrium payoff of each player, and how it is inflicted."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError, SolveError
from ceasefire.games import Automaton, PublicSignals, RepeatedGame
from ceasefire.games.normal import number
from ceasefire.solvers import _penal_paths as paths
from ceasefire.solvers._exact_sets import units
from ceasefire.solvers._penal_points import Point, generated
from ceasefire.solvers.payoff_set import checked, payoff_set
from ceasefire.status import Status
from ceasefire.tolerances import EXPLOITABILITY, SELF_GENERATION

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.solvers.sets import PayoffSet

    Numbers = NDArray[Any]
    Law = dict[int, Any]

MARGINS = (0.0, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4)  # payoff ranges by which incentives are to hold
MOST_SIGNALS = 4_000_000  # entries of the law that shows profiles and draws
SAME = 1e-12  # payoff ranges: a continuation that is one of the points


@dataclass(frozen=True, eq=False, repr=False)
class PenalCode(Displayed):
    """An initial path and one punishment a player, started by that player's deviation.

    In state s the profile `profiles[s]` is played. Where nobody deviates the next state is drawn
    by the public lottery `lottery[s]`; where player i alone does it is `punishments[i]`, whatever
    went before (of several deviators, the first listed).

    Attributes
    ----------
    game : RepeatedGame
    worst : ndarray, shape (n_players,)
        What each player's punishment pays it, utils; of `Fraction` where `exact`.
    at_least : ndarray, shape (n_players,)
        No equilibrium in pure actions pays less, utils: equal to `worst` where the code is optimal.
    states : tuple of str
        ``"start"``, ``"punish 1"``, ... by players; later days of a path are numbered.
    profiles : ndarray of int, shape (n_states, n_players)
    lottery : ndarray, shape (n_states, n_states)
        Chance of each next state while nobody deviates; of `Fraction` where `exact`.
    values : ndarray, shape (n_states, n_players)
        Payoffs from each state on, utils.
    punishments : tuple of int
        The state in which each player's punishment starts.
    initial : int
        Where play starts: the extreme point with the largest joint payoff (each player's in units
        of its range).
    gain : float or Fraction
        The most that a deviation on one day gains, payoff ranges, recomputed from `profiles`,
        `lottery` and `values`; at or below 0 (`exact`) or rounding.
    exact : bool
    status : Status
        `Status.INCOMPLETE` where harsher equilibria were not ruled out (`worst` > `at_least`).
    payoffs : PayoffSet
        The set that the code was read from.
    """

    game: RepeatedGame
    worst: Numbers
    at_least: Numbers
    states: tuple[str, ...]
    profiles: NDArray[np.int64]
    lottery: Numbers
    values: Numbers
    punishments: tuple[int, ...]
    initial: int
    gain: Any
    exact: bool
    status: Status
    payoffs: PayoffSet

    @property
    def randomises(self) -> bool:
        """Whether this code draws lots after some state.

        Where it does no path without a draw was found; that none exists is not shown.
        """
        return bool(np.any(np.count_nonzero(self.lottery, axis=1) > 1))

    @property
    def is_optimal(self) -> bool:
        """Whether no equilibrium punishes harder."""
        return self.status is Status.OK

    @cached_property
    def shown(self) -> RepeatedGame:
        """The game that `automaton` plays: with a lottery, its draws are public signals too."""
        law = _signals(self) if self.randomises else None
        return self.game if law is None else self.game.replace(monitoring=law)

    @cached_property
    def automaton(self) -> Automaton:
        """The code as an automaton of the game `shown`, for `check_automaton`.

        A lottery becomes a public signal: it shows the profile played and a draw, the same for all
        states, that tells the next state.

        Raises
        ------
        ArgumentError
            Where the code draws lots and the stage has too many profiles to list such signals.
        """
        reply = paths.replies(self.profiles, self.game.stage.shape, self.punishments)
        if self.randomises:
            parts = _parts(self.lottery)
            drawn = np.array([_drawn(row, parts) for row in self.lottery])
            table = np.repeat(reply.reshape(len(reply), -1, 1), len(parts), axis=2)
            for s, cell in enumerate(self.profiles):
                table[s, np.ravel_multi_index(cell, self.game.stage.shape)] = drawn[s]
            reply = table.reshape(len(reply), -1)
        else:
            for s, cell in enumerate(self.profiles):
                reply[(s, *cell)] = int(np.argmax(self.lottery[s] != 0))
        return Automaton(
            self.game.stage, [tuple(map(int, p)) for p in self.profiles], reply,
            states=self.states, initial=self.initial, monitoring=self.shown.monitoring,
            title="penal code",
        )  # fmt: skip

    def __repr__(self) -> str:
        claim = "exact" if self.exact else f"gain {float(self.gain):.1e}"
        kind = "with a public lottery" if self.randomises else "without a lottery"
        worst = ", ".join(_told(v) for v in self.worst)
        rows = [f"penal code, {kind} ({claim}; {self.status}); worst payoffs {worst}"]
        for s in range(min(len(self.states), 16)):
            named = zip(self.game.stage.actions, self.profiles[s], strict=True)
            said = ", ".join(names[a] for names, a in named)
            after = np.flatnonzero(self.lottery[s])
            one = len(after) == 1
            then = " + ".join(
                ("" if one else f"{_told(self.lottery[s, k])} ") + self.states[k] for k in after
            )
            rows.append(f"  {self.states[s]}: {said}; then {then}")
        more = len(self.states) - 16
        return "\n".join([*rows, *([f"  ... {more} more"] if more > 0 else [])])


def penal_code(game: RepeatedGame, *, exact: bool = False) -> PenalCode:
    r"""Return an optimal simple penal code: ``n + 1`` paths that hold every equilibrium up.

    Let ``v_i`` be player i's worst payoff in subgame-perfect equilibria in pure actions. A path
    ``a_0, a_1, ...`` with payoffs ``V(t)`` from day t on is an equilibrium's iff

    .. math::
        V_i(t) \ge (1-\delta) \max_b u_i(b, a_{t,-i}) + \delta v_i \quad \forall i, t:

    every deviator is punished alike, by the path that pays it ``v_i``, whatever the history.

    Parameters
    ----------
    game : RepeatedGame
        With a common discount factor and perfect monitoring; what `payoff_set` takes.
    exact : bool
        Fractions throughout: the payoff set, the paths and the check. Two players, small games.

    Returns
    -------
    PenalCode
        Checked by one-shot deviations, the lottery included.

    Raises
    ------
    ArgumentError
        A game that `payoff_set` does not take (players who discount apart, noisy signals).
    SolveError
        Where there is no equilibrium in pure actions, no decomposition of the set's extreme points
        was found, or a player gains by a deviation in what was found.

    Notes
    -----
    Worst payoffs and their decomposition come from the payoff set under a public lottery. A path
    without a draw that pays exactly ``v_i`` is then looked for (at most 12 profiles, then a cycle
    of one or two, the shortest first: often a stick and a carrot). Where none is found the
    decomposition is followed: an extreme point is today's profile and a lottery over extreme
    points from tomorrow on. With three and more players the set's inner bound is decomposed by
    linear programs, one an extreme point, with the least margin on incentives (0 to 1e-4 payoff
    ranges) that survives the check; `at_least` is the outer bound.

    References
    ----------
    D. Abreu (1988), "On the theory of infinitely repeated games with discounting", Econometrica
    56:383-396, propositions 1 to 5. D. Abreu (1986), JET 39:191-225 (stick and carrot).

    Examples
    --------
    >>> from ceasefire.games import NormalForm
    >>> rows = [[10, 3, 0], [15, 7, -4], [7, 5, -15]]
    >>> names = [["L", "M", "H"], ["L", "M", "H"]]
    >>> duopoly = NormalForm.bimatrix(rows, list(zip(*rows)), actions=names)
    >>> penal_code(RepeatedGame(duopoly, discount=Fraction(4, 7)), exact=True)
    penal code, without a lottery (exact; solved); worst payoffs 0, 0
      start: L, L; then start
      punish 1: L, H; then punish 1
      punish 2: H, L; then punish 2
    """
    checked(game)
    if not isinstance(exact, bool | np.bool_):
        raise ArgumentError("exact", exact, "True or False")
    if game.monitoring is not None:
        raise ArgumentError("game.monitoring", game.monitoring, "None: perfect monitoring")
    found = payoff_set(game, exact=exact, throw=exact)
    if len(found.inner) == 0:
        message = "penal code: no equilibrium in pure actions is known"
        raise SolveError(message, reached=found)
    if game.n_players == 2:
        return _from_set(game, found, exact)
    for margin in MARGINS[:-1]:
        with contextlib.suppress(SolveError):
            return _from_set(game, found, exact, margin)
    return _from_set(game, found, exact, MARGINS[-1])


def _from_set(game: RepeatedGame, found: PayoffSet, exact: bool, margin: float = 0.0) -> PenalCode:
    """The code whose threats are the least payoffs of a set's inner bound."""
    payoff, gain = units(game.stage)
    delta: Any = game.exact_discount
    if not exact:
        payoff, gain, delta = payoff.astype(float), gain.astype(float), float(delta)
    stage = paths.Stage(payoff, gain, delta)
    points = generated(game, stage, found, margin)
    threat = np.array([min(p.value[i] for p in points) for i in range(game.n_players)])
    code = _Builder(stage, game, points, threat)
    top = max(points, key=lambda p: float(sum(p.value)))
    best = max(
        paths.cycles(stage, threat),
        key=lambda c: float(sum(paths.values(stage, c)[0])),
        default=None,
    )
    even = best is not None and sum(paths.values(stage, best)[0]) >= sum(top.value) - (
        0 if exact else SAME
    )
    start = code.path("start", best) if even and best is not None else code.point(top, "start")
    first = []
    most = [max(p.value[i] for p in points) for i in range(game.n_players)]
    for i, name in enumerate(game.stage.players):
        said = f"punish {name}"
        path = paths.worst(stage, i, threat, most[i])
        low = min(points, key=lambda p: (p.value[i], -float(sum(p.value))))
        first.append(code.path(said, path) if path is not None else code.point(low, said))
    return _assembled(game, found, stage, code, start, first)


@dataclass(eq=False)
class _Builder:
    """States as they are added: paths day by day, points of the set with their lotteries."""

    stage: paths.Stage
    game: RepeatedGame
    points: list[Point]
    threat: Numbers
    names: list[str] = field(default_factory=list)
    profiles: list[int] = field(default_factory=list)
    laws: list[Law] = field(default_factory=list)
    values: list[Numbers] = field(default_factory=list)
    placed: dict[int, int] = field(default_factory=dict)

    def path(self, name: str, path: paths.Path) -> int:
        """Add the days of a path; return the first."""
        start, days = len(self.names), len(path.profiles)
        one: Any = Fraction(1) if self.stage.exact else 1.0
        self.names += [name if t == 0 else f"{name}, day {t + 1}" for t in range(days)]
        self.profiles += path.profiles
        self.values += list(paths.values(self.stage, path))
        after = [t + 1 if t + 1 < days else path.loop for t in range(days)]
        self.laws += [{start + t: one} for t in after]
        return start

    def point(self, point: Point, name: str) -> int:
        """Add a point and all that its lotteries lead to, each once; return its state."""
        number_of = {id(p): k for k, p in enumerate(self.points)}
        open_points = [number_of[id(point)]]
        if open_points[0] in self.placed:
            state = self.placed[open_points[0]]
            self.names[state] = name if self.names[state].startswith("point") else (
                f"{self.names[state]} = {name}"
            )  # fmt: skip
            return state
        while open_points:
            k = open_points.pop()
            if k in self.placed:
                continue
            self.placed[k] = len(self.names)
            self.names.append(name if k == number_of[id(point)] else f"point {k + 1}")
            self.profiles.append(self.points[k].profile)
            self.values.append(self.points[k].value)
            self.laws.append({-k - 1: self.points[k].law})  # bound once all are placed
            open_points += list(self.points[k].law)
        return self.placed[number_of[id(point)]]

    def lottery(self) -> Numbers:
        """The chances of next states, (n_states, n_states)."""
        zero: Any = Fraction(0) if self.stage.exact else 0.0
        size = len(self.names)
        table = np.array([[zero] * size for _ in range(size)], dtype=self.stage.payoff.dtype)
        for s, law in enumerate(self.laws):
            ((key, told),) = law.items()
            if key >= 0:
                table[s, key] = told
            else:
                for k, w in told.items():
                    table[s, self.placed[k]] = w
        return table


def _assembled(
    game: RepeatedGame, found: PayoffSet, stage: paths.Stage, code: _Builder, start: int,
    first: list[int],
) -> PenalCode:  # fmt: skip
    """The result, checked; values of lotteries in floats are solved for anew."""
    lottery, d = code.lottery(), stage.discount
    value = np.array(code.values, dtype=stage.payoff.dtype)
    today = stage.payoff[code.profiles]
    if not stage.exact and np.any(np.count_nonzero(lottery, axis=1) > 1):
        value = np.linalg.solve(np.eye(len(value)) - d * lottery, (1 - d) * today)
    gain = _gain(stage, code.profiles, lottery, value, first)
    low = _least(game, stage.exact)
    width = _widths(game, stage.exact)
    utils = low + width * value
    worst = np.array([utils[s, i] for i, s in enumerate(first)], dtype=value.dtype)
    bound = worst if found.exact else np.asarray(found.outer).min(axis=0)
    apart = (worst - bound).astype(float) / np.where(width > 0, width, 1).astype(float)
    passed = gain <= (0 if stage.exact else max(EXPLOITABILITY * (1 - d), SELF_GENERATION))
    optimal = bool(np.all(apart <= EXPLOITABILITY))
    status = Status.EXPLOITABLE if not passed else Status.OK if optimal else Status.INCOMPLETE
    cells = np.stack(np.unravel_index(code.profiles, game.stage.shape), axis=1)
    result = PenalCode(
        game, worst, bound, tuple(code.names), cells, lottery, utils, tuple(first), start, gain,
        stage.exact, status, found,
    )  # fmt: skip
    if not passed:
        raise SolveError("penal code: a player gains by deviating", reached=result)
    return result


def _least(game: RepeatedGame, exact: bool) -> Numbers:
    rows = (game.stage.exact_payoffs if exact else game.stage.payoffs).reshape(game.n_players, -1)
    return np.asarray(rows.min(axis=1))


def _widths(game: RepeatedGame, exact: bool) -> Numbers:
    if not exact:
        return game.stage.payoff_range
    rows = game.stage.exact_payoffs.reshape(game.n_players, -1)
    return np.asarray(rows.max(axis=1) - rows.min(axis=1))


def _gain(
    stage: paths.Stage, profiles: list[int], lottery: Numbers, value: Numbers, first: list[int]
) -> Any:
    """The most a one-day deviation gains, or by how much a value is not what its state pays."""
    d = stage.discount
    kept = (1 - d) * stage.payoff[profiles] + d * (lottery @ value)
    best = (1 - d) * (stage.payoff + stage.gain)[profiles]
    after = np.array([value[s, i] for i, s in enumerate(first)], dtype=value.dtype)
    gain = (best + d * after - value).max()
    return max(gain, abs(kept - value).max()) if np.any(kept != value) else gain


def _parts(lottery: Numbers) -> list[float]:
    """Chances of the draws that all states share: their cumulative chances laid side by side."""
    cuts = sorted({float(c) for row in lottery for c in _cumulative(row)} | {0.0, 1.0})
    kept = [0.0]
    for c in cuts[1:]:
        if c - kept[-1] > SAME:
            kept.append(c)
    kept[-1] = 1.0
    return [b - a for a, b in pairwise(kept)]


def _cumulative(row: Numbers) -> Numbers:
    chances = np.cumsum(row[np.flatnonzero(row)]).astype(float)
    return np.asarray(np.minimum(chances, 1.0))


def _drawn(row: Numbers, parts: list[float]) -> NDArray[np.int64]:
    """The next state at each draw."""
    middle = np.cumsum([0.0, *parts])[:-1] + np.array(parts) / 2
    after = np.flatnonzero(row)
    place = np.searchsorted(_cumulative(row)[:-1], middle)
    return np.asarray(after[place])


def _signals(code: PenalCode) -> PublicSignals:
    """Signals that show the profile and a draw."""
    parts, shape = _parts(code.lottery), code.game.stage.shape
    size = int(np.prod(shape))
    if size * size * len(parts) > MOST_SIGNALS:
        got = f"{size} profiles, {len(parts)} draws"
        hint = "the code's own profiles, lottery and gain stand"
        raise ArgumentError("automaton", got, "a smaller stage game", hint)
    law = np.kron(np.eye(size), np.array(parts)[None]).reshape(*shape, size * len(parts))
    names = [
        f"{', '.join(n[a] for n, a in zip(code.game.stage.actions, cell, strict=True))} | {k + 1}"
        for cell in np.ndindex(*shape) for k in range(len(parts))
    ]  # fmt: skip
    return PublicSignals(law, names)


def _told(value: Any) -> str:
    return number(value) if isinstance(value, Fraction) else f"{float(value):.6g}"
