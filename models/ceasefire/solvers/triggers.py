"""Trigger regimes under noisy public signals, and what better surveillance is worth."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.games import Automaton, PublicSignals, RepeatedGame
from ceasefire.games import _automaton_rules as rules
from ceasefire.solvers.automata import AutomatonCheck, check_automaton
from ceasefire.status import Status
from ceasefire.tolerances import EXPLOITABILITY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

MOST_SIGNALS = 12  # whose sets are all tried
CERTIFIED_DAYS = 400  # an automaton has a state a day, and its check a linear system


@dataclass(frozen=True, eq=False, repr=False)
class TriggerRegime(Displayed):
    """Cooperate until a bad signal, then punish for some days, then cooperate again.

    Attributes
    ----------
    game : RepeatedGame
    cooperate, punish : tuple of str
        What is played, by name.
    bad_signals : tuple of str
        After which the punishment begins; none where nothing can be sustained.
    days : int or None
        Length of the punishment; None: for ever.
    payoffs : ndarray, shape (n_players,)
        ``V_i``, per-day averages from a cooperative day on, utils.
    slack : ndarray, shape (n_players,)
        By how much the tightest incentive of each player to cooperate holds, per day, utils: the
        least, over its deviations, of what it loses less what it gains. Negative where it gains.
    punishment_slack : ndarray, shape (n_players,)
        The same on days of punishment, where deviations have no consequences: 0 or more exactly
        where `punish` is an equilibrium of the stage game; inf where nothing is ever punished.
    status : Status
        OK; `EXPLOITABLE` where somebody gains; `NO_EQUILIBRIUM` where `best_trigger` found no
        regime: payoffs are then those of `punish` for ever.
    certificate : AutomatonCheck or None
        One-shot deviations from the same strategies as an automaton; None where it would have
        more than some hundred states.
    """

    game: RepeatedGame
    cooperate: tuple[str, ...]
    punish: tuple[str, ...]
    bad_signals: tuple[str, ...]
    days: int | None
    payoffs: Floats
    slack: Floats
    punishment_slack: Floats
    status: Status
    certificate: AutomatonCheck | None = None

    @property
    def is_equilibrium(self) -> bool:
        """Whether nobody gains by deviating on any day: a perfect public equilibrium."""
        return self.status is Status.OK

    def automaton(self) -> Automaton:
        """The same strategies as an automaton: one state a day of the punishment."""
        watch = self.game.monitoring
        assert watch is not None  # checked on entry
        length = self.days or 1
        first = [1 if y in self.bad_signals else 0 for y in watch.signals]
        after = [*range(2, length + 1), 1 if self.days is None else 0]
        table = [first, *([k] * watch.n_signals for k in after)]
        names = ["cooperate", *(f"punish {k}" for k in range(1, length + 1))]
        plays = [self.cooperate, *[self.punish] * length]
        return Automaton(self.game.stage, plays, np.array(table), states=names, monitoring=watch,
                         title="trigger")  # fmt: skip

    def __repr__(self) -> str:
        pay = ", ".join(f"{v:.6g}" for v in self.payoffs)
        if self.status is Status.NO_EQUILIBRIUM:
            kept, other = ", ".join(self.cooperate), ", ".join(self.punish)
            return f"no trigger regime sustains ({kept}); payoffs {pay} of ({other}) for ever"
        last = "for ever" if self.days is None else f"for {self.days} days"
        head = f"({', '.join(self.cooperate)}) until {' or '.join(self.bad_signals) or 'never'}, "
        head += f"then ({', '.join(self.punish)}) {last}"
        verdict = "an equilibrium" if self.is_equilibrium else "not an equilibrium"
        return f"{head}: {verdict}; payoffs {pay}; slack {self.slack.min():.6g}"


def trigger_regime(
    game: RepeatedGame,
    *,
    cooperate: Sequence[Any] | str,
    punish: Sequence[Any] | str,
    bad_signals: Iterable[str | int] | str,
    days: int | None,
) -> TriggerRegime:
    r"""Payoffs and incentives of one trigger regime (Green and Porter).

    With payoffs u on a cooperative day and v on a day of punishment, the chance P of a bad
    signal, and T days,

    .. math::
        V = \frac{(1-\delta) u + \delta P (1-\delta^T) v}
                 {1 - \delta (1-P) - \delta^{T+1} P}, \qquad
        \delta (P_b - P) (1 - \delta^T)(V - v) \ge (1-\delta)(u_b - u),

    where a deviation b gives ``u_b`` today and a bad signal with chance ``P_b``.

    Parameters
    ----------
    game : RepeatedGame
        With `PublicSignals`; players may discount apart.
    cooperate, punish : sequence or str
        Pure profiles, by label or index; `punish` has to be an equilibrium of the stage game,
        because what is played in a punishment has no consequences.
    bad_signals : names or indices of signals
    days : int or None
        T, at least 1; None for ever.

    Returns
    -------
    TriggerRegime

    Raises
    ------
    ArgumentError
        Perfect monitoring, an unknown action or signal, a number of days below 1.

    References
    ----------
    Green and Porter (1984), Econometrica 52:87-100.

    Examples
    --------
    >>> from ceasefire.games import NormalForm
    >>> pd = NormalForm.bimatrix([[2, -1], [3, 0]], [[2, 3], [-1, 0]], actions=[["C", "D"]] * 2)
    >>> law = [[[0.9, 0.1], [0.5, 0.5]], [[0.5, 0.5], [0.2, 0.8]]]
    >>> watched = RepeatedGame(pd, 0.95, PublicSignals(law, ["quiet", "shots"]))
    >>> trigger_regime(watched, cooperate="C, C", punish="D, D", bad_signals=["shots"], days=5)
    (C, C) until shots, then (D, D) for 5 days: an equilibrium; payoffs 1.39878, 1.39878; slack ...
    """
    told = _Told.read(game, cooperate, punish)
    if days is not None and (not isinstance(days, int | np.integer) or days < 1):
        raise ArgumentError("days", days, "a whole number from 1, or None: for ever")
    bad = told.bad(bad_signals)
    payoffs, slack = told.values(bad, np.array([np.inf if days is None else float(days)]))
    return told.regime(bad, None if days is None else int(days), payoffs[0], slack[0])


def best_trigger(
    game: RepeatedGame,
    *,
    cooperate: Sequence[Any] | str,
    punish: Sequence[Any] | str,
    bad_signals: Iterable[str | int] | str | None = None,
    most_days: int = 10_000,
) -> TriggerRegime:
    """Return the trigger regime that is an equilibrium and pays the players most in sum.

    Over lengths of 1 to `most_days` days and for ever and, without `bad_signals`, over all sets
    of signals. Ties go to the shorter punishment. With given signals and ``u > v`` for all, the
    least number of days that deters is best.

    Raises
    ------
    ArgumentError
        As `trigger_regime`; without `bad_signals` more than 12 signals.

    Notes
    -----
    Punishments last whole days, so that a noisier signal, which makes them rarer, can be worth
    more: only the set of all public equilibria falls with every garbling. Cost grows as the
    number of sets of signals times `most_days`.

    Examples
    --------
    >>> from ceasefire.games import NormalForm
    >>> pd = NormalForm.bimatrix([[2, -1], [3, 0]], [[2, 3], [-1, 0]], actions=[["C", "D"]] * 2)
    >>> law = [[[0.9, 0.1], [0.5, 0.5]], [[0.5, 0.5], [0.2, 0.8]]]
    >>> watched = RepeatedGame(pd, 0.95, PublicSignals(law, ["quiet", "shots"]))
    >>> best = best_trigger(watched, cooperate="C, C", punish="D, D")
    >>> best.days, best.bad_signals, best.payoffs.round(8).tolist()
    (2, ('shots',), [1.68740772, 1.68740772])
    """
    told = _Told.read(game, cooperate, punish)
    if not isinstance(most_days, int | np.integer) or most_days < 1:
        raise ArgumentError("most_days", most_days, "a whole number from 1")
    days = np.append(np.arange(1.0, most_days + 1), np.inf)
    best: tuple[float, tuple[int, ...], int] | None = None
    tie = EXPLOITABILITY * float(game.stage.payoff_range.sum())
    for bad in told.sets() if bad_signals is None else [told.bad(bad_signals)]:
        payoffs, slack = told.values(bad, days)
        value = np.where(told.holds(slack, bad), payoffs.sum(axis=1), -np.inf)
        k = int(np.argmax(value))
        if value[k] > -np.inf and (best is None or value[k] > best[0] + tie):
            best = (float(value[k]), bad, k)
    if best is None:
        return told.nothing()
    _, bad, k = best
    payoffs, slack = told.values(bad, days[k : k + 1])
    return told.regime(bad, k + 1 if k < most_days else None, payoffs[0], slack[0])


def surveillance_value(
    game: RepeatedGame,
    *,
    garblings: Mapping[str, float | ArrayLike] | Sequence[float],
    cooperate: Sequence[Any] | str,
    punish: Sequence[Any] | str,
    bad_signals: Iterable[str | int] | str | None = None,
    payoff_sets: bool = False,
) -> pd.DataFrame:
    """Return what the players can reach when signals are seen through noise.

    Parameters
    ----------
    game : RepeatedGame
        With `PublicSignals`.
    garblings : mapping of names to garblings, or sequence of numbers
        A number is the chance that a signal is replaced by one of the others, all as likely; a
        matrix (n_signals, n_signals) has rows of chances, as in `PublicSignals.garbled`.
    cooperate, punish, bad_signals
        As in `best_trigger`.
    payoff_sets : bool
        Whether to bound all public equilibria too: a `payoff_set` a row, for two players with few
        actions and signals some seconds, more the nearer the discount factor is to 1.

    Returns
    -------
    DataFrame
        One row a garbling. ``trigger``: mean payoff a player of the best trigger regime;
        ``days``, ``bad signals``: that regime (days inf: for ever). ``strongly symmetric``: the
        best payoff where all play alike after every history; nan where the game is not
        symmetric. With `payoff_sets`, ``best mean low`` and ``best mean``: the largest mean
        payoff a player over all pure public equilibria, between the inner and the outer bound.

    References
    ----------
    Kandori (1992), RES 59:581-593: less noise, more equilibria.

    Examples
    --------
    >>> from ceasefire.games import NormalForm
    >>> pd = NormalForm.bimatrix([[2, -1], [3, 0]], [[2, 3], [-1, 0]], actions=[["C", "D"]] * 2)
    >>> law = [[[0.9, 0.1], [0.5, 0.5]], [[0.5, 0.5], [0.2, 0.8]]]
    >>> watched = RepeatedGame(pd, 0.95, PublicSignals(law, ["quiet", "shots"]))
    >>> table = surveillance_value(
    ...     watched, garblings=[0, 0.05, 0.1], cooperate="C, C", punish="D, D"
    ... )
    >>> table[["trigger", "strongly symmetric"]].round(4)
           trigger  strongly symmetric
    noise
    0       1.6874              1.7500
    0.05    1.5881              1.6111
    0.1     1.3443              1.4375
    """
    import pandas as pd

    watch = _Told.read(game, cooperate, punish).watch
    named = garblings if hasattr(garblings, "items") else {str(g): g for g in garblings}
    rows = []
    for name, given in named.items():
        seen = game.replace(monitoring=watch.garbled(_channel(name, given, watch.n_signals)))
        best = best_trigger(seen, cooperate=cooperate, punish=punish, bad_signals=bad_signals)
        row: dict[str, Any] = {
            "trigger": float(best.payoffs.mean()),
            "days": np.inf if best.days is None else float(best.days),
            "bad signals": ", ".join(best.bad_signals),
            "strongly symmetric": _alike(seen),
        }
        rows.append(row | (_bounds(seen) if payoff_sets else {}))
    return pd.DataFrame(rows, index=pd.Index(list(named), name="noise"))


def _channel(name: str, given: float | ArrayLike, n: int) -> Floats:
    """A garbling as a matrix (n, n)."""
    matrix = np.asarray(given, dtype=float)
    if matrix.ndim == 0:
        noise = float(matrix)
        if not 0 <= noise <= 1:
            raise ArgumentError(f"garblings[{name!r}]", noise, "a chance from 0 to 1")
        matrix = np.full((n, n), noise / max(n - 1, 1))
        np.fill_diagonal(matrix, 1 - noise if n > 1 else 1.0)
    if matrix.shape != (n, n):
        raise ArgumentError(f"garblings[{name!r}]", f"shape {matrix.shape}", f"shape {(n, n)}")
    return matrix


def _alike(game: RepeatedGame) -> float:
    from ceasefire.solvers.strongly_symmetric import is_symmetric, strongly_symmetric

    if not is_symmetric(game) or not game.has_common_discount:
        return float("nan")
    return strongly_symmetric(game).high


def _bounds(game: RepeatedGame) -> dict[str, float]:
    from ceasefire.solvers.payoff_set import payoff_set
    from ceasefire.tolerances import NOISY_SET_GAP

    found = payoff_set(game, tol=NOISY_SET_GAP, throw=False)
    ends = [np.asarray(s) for s in (found.inner, found.outer)]
    low, high = (float(s.mean(axis=1).max()) if len(s) else float("nan") for s in ends)
    return {"best mean low": low, "best mean": high}


@dataclass(frozen=True, eq=False)
class _Told:
    """The two profiles, as indices and as payoffs."""

    game: RepeatedGame
    watch: PublicSignals
    cooperate: tuple[int, ...]
    punish: tuple[int, ...]

    @classmethod
    def read(cls, game: RepeatedGame, cooperate: Any, punish: Any) -> _Told:
        if not isinstance(game, RepeatedGame):
            raise ArgumentError("game", type(game).__name__, "a RepeatedGame")
        if game.monitoring is None:
            hint = "where actions are seen, Automaton.n_day_punishment says who deviated"
            raise ArgumentError("game.monitoring", None, "PublicSignals", hint)
        one = rules.profile(game.stage, cooperate, "cooperate")
        other = rules.profile(game.stage, punish, "punish")
        return cls(game, game.monitoring, one, other)

    def bad(self, given: Iterable[str | int] | str) -> tuple[int, ...]:
        """Indices of signals."""
        names = self.watch.signals
        listed = [given] if isinstance(given, str) else list(given)
        for y in listed:
            known = y in names if isinstance(y, str) else 0 <= y < len(names)
            if not known:
                raise ArgumentError("bad_signals", y, f"of {', '.join(names)}, or their indices")
        return tuple(sorted({names.index(y) if isinstance(y, str) else int(y) for y in listed}))

    def sets(self) -> Iterable[tuple[int, ...]]:
        """All sets of signals, the empty one first (no punishment) and small ones before."""
        n = self.watch.n_signals
        if n > MOST_SIGNALS:
            hint = "more have too many sets"
            raise ArgumentError("bad_signals", None, f"given, past {MOST_SIGNALS} signals", hint)
        return chain.from_iterable(combinations(range(n), k) for k in range(n + 1))

    def values(self, bad: tuple[int, ...], days: Floats) -> tuple[Floats, Floats]:
        """Payoffs and slacks of punishments of so many days (K,), both (K, n), utils."""
        stage, n = self.game.stage, self.game.n_players
        chance = self.watch.probability[..., list(bad)].sum(axis=-1)
        here, P = self.cooperate, float(chance[self.cooperate])
        payoffs, slack = np.empty((len(days), n)), np.full((len(days), n), np.inf)
        for i, delta in enumerate(self.game.discounts):
            s = np.where(np.isinf(days), 0.0, delta**days)
            low, table = float(stage.payoffs[i].min()), stage.payoffs[i]
            u, v = table[here] - low, table[self.punish] - low  # a shift costs no digits
            value = ((1 - delta) * u + delta * P * (1 - s) * v) / (1 - delta * (1 - P + s * P))
            payoffs[:, i] = low + value
            for b in range(stage.shape[i]):
                off = _deviating(here, i, b)
                if b != here[i]:
                    gain = (1 - delta) * (table[off] - low - u)
                    loss = delta * (float(chance[off]) - P) * (1 - s) * (value - v)
                    slack[:, i] = np.minimum(slack[:, i], loss - gain)
        return payoffs, slack

    def of_punishment(self, bad: tuple[int, ...]) -> Floats:
        """What each player loses at least by deviating from the punishment, per day, utils."""
        slack = np.full(self.game.n_players, np.inf)
        for i, table in enumerate(self.game.stage.payoffs if bad else []):
            for b in range(table.shape[i]):
                if b != self.punish[i]:
                    loss = table[self.punish] - table[_deviating(self.punish, i, b)]
                    slack[i] = min(slack[i], (1 - self.game.discounts[i]) * float(loss))
        return slack

    def holds(self, slack: Floats, bad: tuple[int, ...]) -> NDArray[np.bool_]:
        """Whether no player gains, as `check_automaton` judges it; slack (..., n)."""
        least = EXPLOITABILITY * (1 - self.game.discounts) * self.game.stage.payoff_range
        nash = bool(np.all(self.of_punishment(bad) >= -least))
        return np.asarray(np.all(slack >= -least, axis=-1) & nash)

    def regime(
        self, bad: tuple[int, ...], days: int | None, payoffs: Floats, slack: Floats
    ) -> TriggerRegime:
        stage = self.game.stage
        status = Status.OK if self.holds(slack, bad) else Status.EXPLOITABLE
        parts = (
            self.game, rules.labels(stage, self.cooperate), rules.labels(stage, self.punish),
            tuple(self.watch.signals[y] for y in bad), days, payoffs, slack,
            self.of_punishment(bad), status,
        )  # fmt: skip
        found = TriggerRegime(*parts)
        if days is not None and days > CERTIFIED_DAYS:
            return found
        return TriggerRegime(*parts, check_automaton(self.game, found.automaton()))

    def nothing(self) -> TriggerRegime:
        stage = self.game.stage
        u = np.array([table[self.punish] for table in stage.payoffs])
        return TriggerRegime(
            self.game, rules.labels(stage, self.cooperate), rules.labels(stage, self.punish), (),
            None, u, np.full(stage.n_players, np.nan), self.of_punishment((0,)),
            Status.NO_EQUILIBRIUM,
        )  # fmt: skip


def _deviating(cell: tuple[int, ...], player: int, action: int) -> tuple[int, ...]:
    return (*cell[:player], action, *cell[player + 1 :])
