"""Play of automata in repeated games: paths, and what they pay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.solvers.automata import require_same

if TYPE_CHECKING:
    from fractions import Fraction

    import pandas as pd
    from numpy.typing import NDArray

    from ceasefire.games import Automaton, RepeatedGame


@dataclass(frozen=True, eq=False, repr=False)
class Simulation(Displayed):
    """Paths of play of an automaton.

    Attributes
    ----------
    game : RepeatedGame
    automaton : Automaton
        As it was played: with its trembles.
    states : ndarray of int, shape (paths, days)
        The state of each morning.
    actions : ndarray of int, shape (paths, days, n_players)
    signals : ndarray of int, shape (paths, days), or None where actions are seen
    payoffs : ndarray, shape (paths, n_players)
        ``(1 - delta) sum_t delta^t u(a_t)`` over the days simulated, utils per day.
    beyond : ndarray, shape (n_players,)
        ``delta^days``: the weight of the days that were not simulated.
    """

    game: RepeatedGame
    automaton: Automaton
    states: NDArray[np.int64]
    actions: NDArray[np.int64]
    signals: NDArray[np.int64] | None
    payoffs: NDArray[np.float64]
    beyond: NDArray[np.float64]

    @property
    def mean(self) -> NDArray[np.float64]:
        """Mean of `payoffs` over paths, each over the weight of its days, shape (n_players,)."""
        return np.asarray(self.payoffs.mean(axis=0) / (1.0 - self.beyond))

    @property
    def standard_error(self) -> NDArray[np.float64]:
        """Standard error of `mean`; nan of a single path."""
        count = len(self.payoffs)
        if count < 2:
            return np.full(self.payoffs.shape[1], np.nan)
        spread = self.payoffs.std(axis=0, ddof=1) / np.sqrt(count)
        return np.asarray(spread / (1.0 - self.beyond))

    def frame(self, path: int = 0) -> pd.DataFrame:
        """One path as a table: the state and everybody's action, by name, one row a day."""
        import pandas as pd

        stage = self.game.stage
        columns: dict[str, Any] = {"state": [self.automaton.states[s] for s in self.states[path]]}
        for i, name in enumerate(stage.players):
            columns[name] = [stage.actions[i][a] for a in self.actions[path, :, i]]
        if self.signals is not None and self.game.monitoring is not None:
            names = self.game.monitoring.signals
            columns["signal"] = [names[y] for y in self.signals[path]]
        return pd.DataFrame(columns).rename_axis("day")

    def __repr__(self) -> str:
        paths, days = self.states.shape
        pay = ", ".join(f"{m:.6g}" for m in self.mean)
        error = ", ".join(f"{e:.1g}" for e in self.standard_error)
        return f"{paths} paths of {days} days; mean payoffs {pay} (standard errors {error})"


def simulate(
    r: RepeatedGame,
    automaton: Automaton,
    *,
    days: int,
    rng: np.random.Generator,
    paths: int = 1,
    tremble: float | Fraction = 0,
) -> Simulation:
    """Play an automaton: draw actions and signals day by day.

    Parameters
    ----------
    r : RepeatedGame
    automaton : Automaton
    days : int
        Days of each path.
    rng : numpy.random.Generator
        The only source of chance.
    paths : int
    tremble : float
        With this probability each player, each day, picks any of its actions at random;
        `Automaton.trembling` gives the law that is played, and `automaton_value` its payoffs.

    Examples
    --------
    >>> from ceasefire.games import Automaton, NormalForm, RepeatedGame
    >>> stage = NormalForm.bimatrix([[3, 0], [5, 1]], [[3, 5], [0, 1]], actions=[["C", "D"]] * 2)
    >>> tit = Automaton.tit_for_tat(stage, ("C", "D"))
    >>> played = simulate(RepeatedGame(stage, 0.5), tit, days=4, rng=np.random.default_rng(1))
    >>> played.frame()
         state  1  2
    day
    0      C D  C  D
    1      D C  D  C
    2      C D  C  D
    3      D C  D  C
    """
    require_same(r, automaton)
    for name, count in (("days", days), ("paths", paths)):
        if not isinstance(count, int | np.integer) or count < 1:
            raise ArgumentError(name, count, "a whole number, at least 1")
    if not isinstance(rng, np.random.Generator):
        raise ArgumentError("rng", type(rng).__name__, "a numpy.random.Generator")
    played = automaton.trembling(tremble) if tremble else automaton
    limits = [np.cumsum(p.astype(float), axis=1) for p in played.output]
    watch = r.monitoring
    seen = None if watch is None else np.cumsum(watch.probability, axis=-1)
    states = np.empty((paths, days), dtype=np.int64)
    actions = np.empty((paths, days, r.n_players), dtype=np.int64)
    signals = None if seen is None else np.empty((paths, days), dtype=np.int64)
    here = np.full(paths, played.initial)
    for t in range(days):
        states[:, t] = here
        for i, limit in enumerate(limits):
            actions[:, t, i] = _draw(limit[here], rng)
        cell = tuple(actions[:, t].T)
        if seen is None or signals is None:
            here = played.transition[(here, *cell)]
        else:
            signals[:, t] = _draw(seen[cell], rng)
            here = played.transition[here, signals[:, t]]
    return Simulation(r, played, states, actions, signals, *_discounted(r, actions))


def _draw(limit: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """One index a row, by the row's cumulative probabilities."""
    drawn = rng.random(len(limit))[:, None] * limit[:, -1:]
    return np.asarray((drawn >= limit).sum(axis=1), dtype=np.int64)


def _discounted(
    r: RepeatedGame, actions: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    days = actions.shape[1]
    weight = (1.0 - r.discounts) * r.discounts ** np.arange(days)[:, None]
    cell = tuple(np.moveaxis(actions, -1, 0))
    pay = np.stack([u[cell] for u in r.stage.payoffs], axis=-1)
    return np.einsum("pti,ti->pi", pay, weight), r.discounts**days
