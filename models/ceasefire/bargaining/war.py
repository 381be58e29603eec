"""When fighting on is better than the next pause: the windows of the solved truce."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.bargaining._staged import checked
from ceasefire.bargaining._words import rounded, shown
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.status import Status
from ceasefire.truce.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from ceasefire.games import StateGame, StochasticGame
    from ceasefire.truce import TruceEquilibrium
    from ceasefire.truce.fields import Parameters
    from ceasefire.truce.game import LineOfPlay
    from ceasefire.truce.stochastic import Place

HIGHEST_COST = 1e4  # utils a day: up to where a threshold is looked for
TOLERANCE = 1e-6  # utils


@dataclass(frozen=True)
class Resumption(Displayed):
    """Window by window: what the next chunk is worth, and what would make war better.

    Attributes
    ----------
    days : tuple of int
        Pause days used at each window of the likeliest course.
    held, trust : tuple of float
        Captives held and belief there.
    chunk_value : tuple of float
        The pausing state's worth of its best chunk, utils net of resuming at no gain.
    largest_war_gain : tuple of float
        What resuming may be worth beyond that before it is better: the same, at least 0.
    largest_day_cost : tuple of float
        Base cost of a pause day (k0) at which the best chunk is worth just `war_gain`, everything
        after the window solved anew; nan where none is found.
    resumes : tuple of bool
        Whether fighting on is better at the given gain.
    first_day : float
        The first window at which it is; inf where at none of them.
    method : str
    status : Status
    certificate : Checks
    """

    days: tuple[int, ...]
    held: tuple[float, ...]
    trust: tuple[float, ...]
    chunk_value: tuple[float, ...]
    largest_war_gain: tuple[float, ...]
    largest_day_cost: tuple[float, ...]
    resumes: tuple[bool, ...]
    first_day: float
    method: str
    status: Status
    certificate: Checks

    def __repr__(self) -> str:
        rows = [
            f"day {d}: best chunk worth {v:.4f} utils, day cost up to {k:.4f}"
            for d, v, k in zip(self.days, self.chunk_value, self.largest_day_cost, strict=True)
        ]
        when = "never" if math.isinf(self.first_day) else f"from day {self.first_day:g}"
        return f"{'; '.join(rows)}; fighting on is better {when}; {self.method}; {self.status}"


@dataclass(frozen=True)
class FightOrPause(Model):
    """At each window the pausing state extends or fights on.

    In the truce model (docs/model.md) the best chunk at a window is worth Y to the pausing state,
    net of resuming. Fighting on is better if and only if what it brings beyond the model's war,
    the `war_gain`, exceeds Y: targets that will be gone, momentum, pressure at home. The same
    threshold in other units is the base cost of a pause day at which Y falls to the gain.

    Parameters
    ----------
    scenario : Scenario
        Solved anew; its likeliest course gives the windows.
    war_gain : float
        Utils that resuming at a window brings beyond the model's 0; it may be negative.

    Notes
    -----
    *Captures:* that the same side extends on day 4 and fights on day 7, without any change of
    mind: the next chunk is worth less, and less sure. *Leaves out:* that a gain from war is
    foreseen at earlier windows (it is a surprise here; in the table the cost of days is not), war
    as a state to return from.

    *Traps.* A higher day cost changes play at all later windows too, so its threshold is solved
    for, not read off. Private shocks blur every threshold by the scenario's choice noise.

    References
    ----------
    Own; docs/model.md (one-shot gain of resuming).

    Examples
    --------
    >>> import ceasefire as cf
    >>> found = FightOrPause.from_scenario(cf.load("november-2023")).solve()
    >>> found.days, found.first_day
    ((4, 6, 7), 7.0)
    """

    scenario: Scenario = field(hash=False)
    war_gain: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.scenario, Scenario):
            raise ArgumentError("scenario", self.scenario, "a Scenario, as ceasefire.load gives it")
        checked("war_gain", self.war_gain, -math.inf, math.inf, "a finite number of utils")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> FightOrPause:
        """The scenario itself, at a war gain of 0."""
        return cls(scenario)

    def solve(self) -> Resumption:
        """Solve the truce; at each window of its course find the thresholds."""
        equilibrium, table = self._windows()
        rows, block = _rows(table), equilibrium.block_days
        worth = [_best(self.scenario, block, *row) for row in rows]
        costs = [self._threshold(block, row) for row in rows]
        off = 0.0
        for row, value, gain, cost in zip(rows, worth, table["resume_gain"], costs, strict=True):
            off = max(off, abs(value + float(gain)))
            if not math.isnan(cost):
                again = _best(self.scenario.replace(k0=cost), block, *row)
                off = max(off, abs(again - self.war_gain))
        checks = Checks(
            {"worth at the threshold, solved anew": off,
             "the truce's certificate": 0.0 if equilibrium.certificate.passed else math.nan},
            TOLERANCE,
        )  # fmt: skip
        resumes = tuple(value < self.war_gain for value in worth)
        first = next((float(r[0]) for r, yes in zip(rows, resumes, strict=True) if yes), math.inf)
        days, held, trust = zip(*rows, strict=True) if rows else ((), (), ())
        status = Status.OK if rows else Status.NO_DEAL
        return Resumption(
            days, held, trust, tuple(worth), tuple(max(v, 0.0) for v in worth), tuple(costs),
            resumes, first, "truce model, window by window",
            status if checks.passed else Status.EXPLOITABLE, checks,
        )  # fmt: skip

    def game(self, *, window: int = 0) -> StochasticGame:
        """State the truce from a window of its likeliest course on, where a dealer is known.

        The rules of `ceasefire.truce.as_stochastic_game`, without shocks to choices: the pausing
        state extends, or fights on and gets the `war_gain`, once and for all; the relay works at
        this window. Compare with `solve` at full trust and as shocks vanish.

        Raises
        ------
        ArgumentError
            The course has no such window, or an extension of the truce is on.
        """
        from functools import partial

        from ceasefire.games import StochasticGame
        from ceasefire.truce.extensions import require_base
        from ceasefire.truce.stochastic import CAPTOR, PATIENCE, PAUSING_STATE, Place

        require_base(self.scenario, "the stochastic game")
        equilibrium, table = self._windows()
        found = _rows(table)
        if not 0 <= window < len(found):
            allowed = f"0 to {len(found) - 1}" if found else "none: no first block is agreed"
            raise ArgumentError("window", window, allowed)
        day, held, _ = found[window]
        start = Place("window", held, day)
        play = partial(
            _played, self.scenario.symbols(), equilibrium.block_days, start, float(self.war_gain)
        )
        return StochasticGame.from_rules(
            start, play, players=(CAPTOR, PAUSING_STATE), discount=PATIENCE, title="Fight or pause"
        )

    def table(self) -> pd.DataFrame:
        """Worth of the best chunk at each window against the trust held, in utils; nan without."""
        import pandas as pd

        equilibrium, windows = self._windows()
        rows = []
        for day, held, here in _rows(windows):
            line = _line(self.scenario, equilibrium.block_days, day, held)
            for trust in map(float, np.linspace(0, 1, 41)):
                best = _best_of(line, trust)
                rows.append((day, held, here, trust, best if math.isfinite(best) else math.nan))
        columns = ["day", "held_captives", "trust_held", "trust", "chunk_value"]
        return pd.DataFrame(rows, columns=columns)

    def answer(self) -> str:
        """Where fighting on is better, and how near that is."""
        found = self.solve()
        if not found.days:
            return "There is no deal, so there is no window at which to extend or to fight on."
        rows = zip(found.days, found.chunk_value, strict=True)
        worth = ", ".join(
            f"{'' if k else 'worth '}{rounded(value)} after day {day}"
            if math.isfinite(value)
            else f"not to be had after day {day}"  # too few are left, or no day
            for k, (day, value) in enumerate(rows)
        )
        if math.isinf(found.first_day):
            tail = "fighting on is better at none of these windows"
        else:
            k = found.days.index(int(found.first_day))
            cost, now = found.largest_day_cost[k], self.scenario.symbols().k0
            tail = f"fighting on is better from day {found.first_day:g} on"
            if not math.isnan(cost):
                asked = f"{rounded(cost)} instead of {shown(now)}"
                tail += f", where a pause day would have to cost {asked}"
        return f"The next chunk is {worth} (utils, net of resuming); {tail}."

    def _windows(self) -> tuple[TruceEquilibrium, pd.DataFrame]:
        """The solved truce, and the windows of its likeliest course."""
        from ceasefire import truce

        equilibrium = truce.solve(self.scenario)
        return equilibrium, truce.extension(equilibrium)

    def _threshold(self, block: int, row: tuple[int, float, float]) -> float:
        """Base cost of a day at which the best chunk is worth the gain, nearest the scenario's."""

        def slack(cost: float) -> float:
            return _best(self.scenario.replace(k0=cost), block, *row) - self.war_gain

        return _nearest_root(slack, self.scenario.symbols().k0)


def _played(p: Parameters, block: int, start: Place, gain: float, at: Place) -> StateGame:
    """The truce's rules, but for what stopping brings at the start; there the relay works."""
    from ceasefire.games import Outcome, StateGame
    from ceasefire.truce.stochastic import PAUSING_STATE, rules

    usual = rules(p, True, block, at)
    if at != start:
        return usual

    def outcome(act: str) -> Outcome:
        if act == "stop":
            return Outcome({PAUSING_STATE: gain}, None)
        after = usual.outcome(act).to
        return Outcome({}, {place: 1.0 for place in after if place is not None})

    return StateGame(usual.actions, outcome)


def _best(scenario: Scenario, block: int, day: int, held: float, trust: float) -> float:
    """The pausing state's worth of its best chunk at a window; minus infinity without one."""
    return _best_of(_line(scenario, block, day, held), trust)


def _rows(windows: pd.DataFrame) -> list[tuple[int, float, float]]:
    """Pause days used, captives held and trust at each window."""
    columns = (windows[name] for name in ("day", "held_captives", "trust_held"))
    return [(int(d), float(h), float(t)) for d, h, t in zip(*columns, strict=True)]


def _line(scenario: Scenario, block: int, day: int, held: float) -> LineOfPlay:
    from ceasefire.truce.game import solve_line

    return solve_line(scenario.symbols(), held, day, block_days=block)


def _best_of(line: LineOfPlay, trust: float) -> float:
    from ceasefire.truce.windows import window_values

    values = window_values(line, trust)
    return float(values.chunk_values.max()) if values.chunk_values.size else -math.inf


def _nearest_root(slack: Callable[[float], float], start: float) -> float:
    """The root nearest above `start` where slack is positive there, else below; nan without one."""
    from scipy.optimize import brentq

    here = slack(start)
    sign = 1.0 if here > 0 else -1.0
    step, before = 0.01 * max(abs(start), 1.0), start
    while abs(before - start) < HIGHEST_COST:
        after = before + sign * step
        if (slack(after) > 0) != (here > 0):
            return float(brentq(slack, min(before, after), max(before, after), xtol=1e-12))
        before, step = after, step * 1.5
    return math.nan
