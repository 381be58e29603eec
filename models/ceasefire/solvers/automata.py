"""Automata as strategies of repeated games: their payoffs, their equilibrium check, their play."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.games.automaton import Automaton
from ceasefire.games.normal import number
from ceasefire.games.repeated import RepeatedGame
from ceasefire.solvers import _automaton_values as values
from ceasefire.status import Status
from ceasefire.tolerances import EXPLOITABILITY, VALUE_ROUNDING

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False, repr=False)
class AutomatonValue(Displayed):
    """What an automaton pays in each of its states, per-day averages.

    Attributes
    ----------
    game : RepeatedGame
    automaton : Automaton
    values : ndarray, shape (n_states, n_players)
        ``V_i(s) = (1 - delta_i) E u_i(f(s)) + delta_i E V_i(tau(s, .))``, utils; of `Fraction`
        where `exact`.
    exact : bool
    residual : float
        How far `values` miss that equation at most, recomputed, utils.
    method : str
    """

    game: RepeatedGame
    automaton: Automaton
    values: NDArray[Any]
    exact: bool
    residual: float
    method: str

    @property
    def payoffs(self) -> NDArray[Any]:
        """Payoffs of the game, from the initial state, shape (n_players,)."""
        return np.asarray(self.values[self.automaton.initial])

    def __repr__(self) -> str:
        names = self.automaton.states
        rows = [
            f"  {name}: {', '.join(_shown(v) for v in row)}"
            for name, row in zip(names[:12], self.values[:12], strict=True)
        ]
        more = [f"  ... {len(names) - 12} more"] if len(names) > 12 else []
        claim = "exact" if self.exact else f"residual {self.residual:.1e}"
        return "\n".join([f"payoffs by state ({claim}; {self.method})", *rows, *more])


@dataclass(frozen=True)
class Deviation(Displayed):
    """One day's deviation: the state, the player and the action, by name, and its gain in utils."""

    state: str
    player: str
    action: str
    gain: float | Fraction

    def __str__(self) -> str:
        return f"{self.player} plays {self.action} in {self.state}: gains {_shown(self.gain)}"


@dataclass(frozen=True, eq=False, repr=False)
class AutomatonCheck(Displayed):
    """What every one-day deviation from an automaton would gain.

    Attributes
    ----------
    game : RepeatedGame
    automaton : Automaton
    value : AutomatonValue
    gains : tuple of ndarray, one a player, shape (n_states, n_actions)
        ``(1 - delta_i) E u_i(a, f_-i(s)) + delta_i E V_i(tau) - V_i(s)``, utils per day; actions
        that the state plays gain 0 (up to rounding where not `exact`).
    max_gain : float or Fraction
        What the most tempting deviation gains, over states that some history reaches; below 0 it
        is the slack. Deviations of different players are compared relative to payoff ranges.
    worst : Deviation
        Where that is, by name; the first of several.
    tolerance : ndarray, shape (n_players,)
        Gains that pass as none, utils per day; 0 where `exact`.
    exact : bool
        Whether gains are fractions: then a tie is an equilibrium, and any gain above 0 is not.
    status : Status
        `Status.OK`, or `Status.EXPLOITABLE`.
    """

    game: RepeatedGame
    automaton: Automaton
    value: AutomatonValue
    gains: tuple[NDArray[Any], ...]
    max_gain: float | Fraction
    worst: Deviation
    tolerance: NDArray[np.float64]
    exact: bool
    status: Status

    @property
    def is_equilibrium(self) -> bool:
        """Whether nobody gains in any state: subgame perfect, or public perfect with signals."""
        return self.status is Status.OK

    @property
    def concept(self) -> str:
        """What passing means."""
        seen = self.game.monitoring is None
        return "subgame-perfect equilibrium" if seen else "perfect public equilibrium"

    def __repr__(self) -> str:
        verdict = f"{'' if self.is_equilibrium else 'not '}a {self.concept}"
        claim = "exact" if self.exact else "in floats"
        pay = ", ".join(_shown(v) for v in self.value.payoffs)
        return f"{verdict} ({claim}); payoffs {pay}\n  most tempting: {self.worst}"


def automaton_value(
    r: RepeatedGame, automaton: Automaton, *, exact: bool | None = None
) -> AutomatonValue:
    """Payoffs of an automaton in every state: ``V = (1 - delta) u + delta P V``.

    Parameters
    ----------
    r : RepeatedGame
        Players may discount apart.
    automaton : Automaton
        Of the same stage game, with the same monitoring.
    exact : bool, optional
        Rational numbers: True insists, False refuses. By default where payoffs, probabilities and
        discount factors are given as fractions or whole numbers, actions are seen, and the
        automaton is small.

    Raises
    ------
    ArgumentError
        An automaton of another stage game or monitoring; exact arithmetic where signals are
        noisy, or with more states than it can take.

    Notes
    -----
    Where no state mixes and actions are seen each state has one successor, and values follow
    from the cycle that its path ends in: linear time, in fractions whatever the discount factor,
    so that no digits are lost near delta = 1. Else one linear system a discount factor, sparse
    past 200 states.

    Examples
    --------
    >>> from ceasefire.games import Automaton, NormalForm, RepeatedGame
    >>> stage = NormalForm.bimatrix([[3, 0], [5, 1]], [[3, 5], [0, 1]], actions=[["C", "D"]] * 2)
    >>> tit = Automaton.tit_for_tat(stage, ("C", "D"))
    >>> automaton_value(RepeatedGame(stage, Fraction(1, 2)), tit)
    payoffs by state (exact; cycles)
      C C: 3, 3
      C D: 5/3, 10/3
      D C: 10/3, 5/3
      D D: 1, 1
    """
    table, rational, method = _table(r, automaton, exact)
    return _value(r, automaton, table, rational, method)


def check_automaton(
    r: RepeatedGame, automaton: Automaton, *, exact: bool | None = None
) -> AutomatonCheck:
    """Whether an automaton is an equilibrium after every history, by one-shot deviations.

    No player gains, in any state that some history reaches, by another action on one day and the
    automaton ever after: by the one-shot deviation principle no player gains by any deviation.
    Under perfect monitoring that is subgame perfection; with noisy public signals a perfect public
    equilibrium.

    Parameters
    ----------
    r, automaton, exact
        As for `automaton_value`.

    Returns
    -------
    AutomatonCheck
        In fractions a gain of exactly 0 passes, so the equilibrium *at* a threshold counts; in
        floats what gains less than `EXPLOITABILITY` of the player's payoff range on one day.

    References
    ----------
    G. Mailath and L. Samuelson (2006), *Repeated Games and Reputations*, props. 2.2.1 and 7.1.1.

    Examples
    --------
    >>> from ceasefire.games import Automaton, NormalForm, RepeatedGame
    >>> stage = NormalForm.bimatrix([[3, 0], [5, 1]], [[3, 5], [0, 1]], actions=[["C", "D"]] * 2)
    >>> grim = Automaton.grim(stage, ("C", "C"), ("D", "D"))
    >>> check_automaton(RepeatedGame(stage, Fraction(1, 2)), grim)
    a subgame-perfect equilibrium (exact); payoffs 3, 3
      most tempting: 1 plays D in keep: gains 0
    >>> check_automaton(RepeatedGame(stage, Fraction(2, 5)), grim)
    not a subgame-perfect equilibrium (exact); payoffs 3, 3
      most tempting: 1 plays D in keep: gains 2/5
    """
    table, rational, method = _table(r, automaton, exact)
    gains = []
    for i in range(r.n_players):
        gain = values.by_action(r, automaton, table, i) - table[:, i][:, None]
        gain = gain if rational else gain.astype(float)
        gain.setflags(write=False)
        gains.append(gain)
    tolerance = np.zeros(r.n_players) if rational else _tolerance(r, table.dtype == object)
    worst, passed = _worst(automaton, gains, tolerance, r.stage.payoff_range)
    return AutomatonCheck(
        r, automaton, _value(r, automaton, table, rational, method), tuple(gains), worst.gain,
        worst, tolerance, rational, Status.OK if passed else Status.EXPLOITABLE,
    )  # fmt: skip


def _table(
    r: RepeatedGame, automaton: Automaton, exact: bool | None
) -> tuple[NDArray[Any], bool, str]:
    """Values, in fractions wherever that takes no time; whether to answer in them; the method."""
    require_same(r, automaton)
    rational = values.exactly(r, automaton, exact)
    if values.follows_one_path(automaton) and values.small_enough(r, automaton):
        return values.on_cycles(r, automaton), rational, "cycles"
    table = values.solved_exactly(r, automaton) if rational else values.solved(r, automaton)
    return table, rational, "linear system"


def _value(
    r: RepeatedGame, automaton: Automaton, table: NDArray[Any], rational: bool, method: str
) -> AutomatonValue:
    shown = table if rational else table.astype(float)
    shown.setflags(write=False)
    miss = values.residual(r, automaton, table)
    return AutomatonValue(r, automaton, shown, rational, miss, method)


def _tolerance(r: RepeatedGame, rounded: bool) -> NDArray[np.float64]:
    """Gains per day that count as none, utils: small against what one day is worth.

    Values solved for in floats are good to rounding over ``1 - delta``.
    """
    today = 1.0 - r.discounts
    least = EXPLOITABILITY * today
    if not rounded:
        least = np.maximum(least, VALUE_ROUNDING / today)
    return np.asarray(least * r.stage.payoff_range)


def _worst(
    automaton: Automaton,
    gains: list[NDArray[Any]],
    tolerance: NDArray[np.float64],
    scale: NDArray[np.float64],
) -> tuple[Deviation, bool]:
    """The largest gain, relative to the player's payoff range, and whether all are nought.

    An action that is played for sure is no deviation.
    """
    best: tuple[float, Deviation] | None = None
    passed = True
    stage = automaton.stage
    for i, gain in enumerate(gains):
        certain = np.zeros(gain.shape, dtype=bool)
        if automaton.plays is not None:
            certain[np.arange(len(gain)), automaton.plays[:, i]] = gain.shape[1] > 1
        else:
            certain = (automaton.output[i] == 1).astype(bool) & (gain.shape[1] > 1)
        asked = automaton.reachable[:, None] & ~certain
        passed &= bool(np.all(gain[asked] <= tolerance[i]))
        relative = np.where(asked, gain.astype(float) / float(scale[i] or 1.0), -np.inf)
        s, a = np.unravel_index(int(np.argmax(relative)), gain.shape)
        if best is None or relative[s, a] > best[0]:
            names = automaton.states[s], stage.players[i], stage.actions[i][a]
            best = (float(relative[s, a]), Deviation(*names, gain[s, a]))
    assert best is not None  # a stage has players
    return best[1], passed


def require_same(r: object, automaton: object) -> None:
    """Raise `ArgumentError` unless the automaton plays this game and sees what it shows."""
    if not isinstance(r, RepeatedGame):
        raise ArgumentError("r", type(r).__name__, "a RepeatedGame")
    if not isinstance(automaton, Automaton):
        raise ArgumentError("automaton", type(automaton).__name__, "an Automaton")
    if automaton.stage.shape != r.stage.shape or automaton.stage.actions != r.stage.actions:
        got, allowed = (_size(stage) for stage in (automaton.stage, r.stage))
        raise ArgumentError("automaton", f"an automaton of {got}", f"one of {allowed}")
    one, two = r.monitoring, automaton.monitoring
    same = (one is None) == (two is None)
    if same and one is not None and two is not None:
        same = one.signals == two.signals and np.array_equal(one.probability, two.probability)
    if not same:
        seen = ["actions" if m is None else repr(m) for m in (one, two)]
        raise ArgumentError("automaton", f"sees {seen[1]}", f"what the game shows: {seen[0]}")


def _size(stage: Any) -> str:
    """What a stage is, in a few words: its players and their actions."""
    acts = "; ".join(f"{p}: {', '.join(a)}" for p, a in zip(stage.players, stage.actions,
                                                             strict=True))  # fmt: skip
    return f"{stage.n_players} players ({acts})"


def _shown(value: Any) -> str:
    return number(value) if isinstance(value, Fraction) else f"{float(value):.6g}"
