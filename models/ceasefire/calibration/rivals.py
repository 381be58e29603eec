"""The model against its rivals, day by day: each batch forecast from the days before it alone."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ceasefire import truce
from ceasefire.calibration.data import historical
from ceasefire.calibration.exchange import Exchange
from ceasefire.calibration.observation import MISSED, Observation
from ceasefire.calibration.prediction import ways
from ceasefire.calibration.scores import binary_log_score, brier, crps, log_score
from ceasefire.calibration.simulated import simulate_records
from ceasefire.calibration.transfer import BY_TERMS, carried_over
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError, ScenarioError, SolveError
from ceasefire.truce import Ending

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from ceasefire.calibration.prediction import Way
    from ceasefire.truce import Scenario, TruceEquilibrium

FULL, COMPLETE, NO_SLOPE = "full model", "complete information", "no retention slope"
MEMORYLESS, FIXED = "memoryless hazard", "fixed-length deal"
HISTORY, YESTERDAY = "history's rate", "as yesterday"
RIVALS = (FULL, COMPLETE, NO_SLOPE, MEMORYLESS, FIXED, HISTORY, YESTERDAY)
SLIP = 0.05  # chance that a fixed-length deal is not kept, a batch; and that it goes on beyond
SHOWN = 0.005  # log units, less than are told: no difference is claimed below
REPEAT = 0.9  # chance that a day is as the day before
GIVEN = frozenset({"pilot", "talks", "block"})


class Forecast(NamedTuple):
    """Chance that the next batch is delivered, and that the pause ends after n batches fell due."""

    delivered: float
    lengths: dict[int, float]


@dataclass(frozen=True)
class Watched:
    """One course as it was known batch by batch.

    Attributes
    ----------
    name : str
    seen : tuple of Observation
        As known before batch 1, 2, ...: nothing later is in it.
    came : tuple of float
        For each of those batches 1, 0, or the weight with which the record says that it came.
    length : int or None
        Batches that fell due in the end; None: not known.
    cap : int
        Batches up to the cap.
    """

    name: str
    seen: tuple[Observation, ...] = field(repr=False)
    came: tuple[float, ...]
    length: int | None
    cap: int


@dataclass(frozen=True, eq=False)
class RivalScores(Displayed):
    """Scores of the model and its rivals. Made by :func:`compare_rivals`.

    Attributes
    ----------
    table : DataFrame
        A row a course, rival and batch. Columns: course, rival, batch, predicted (chance that it
        is delivered, from what was known before), came (weight), log_score, brier (of that
        chance), length_log_score, crps (of the pause's length in batches; NaN where not known).
    """

    table: pd.DataFrame = field(repr=False)

    def summary(self) -> pd.DataFrame:
        """Return a row a rival, best first.

        Columns: log_score (sum), brier, length_log_score, crps (means), behind (log score of the
        full model less that of this one), error (standard error of `behind` over courses; NaN for
        one course).
        """
        import pandas as pd

        told = self.table
        rows = []
        by_course = told.pivot_table(index="course", columns="rival", values="log_score",
                                     aggfunc="sum")  # fmt: skip
        for rival, part in told.groupby("rival", sort=False):
            gaps = (by_course[FULL] - by_course[rival]).to_numpy()
            error = math.sqrt(len(gaps)) * gaps.std(ddof=1) if len(gaps) > 1 else math.nan
            means = part[["brier", "length_log_score", "crps"]].mean().tolist()
            rows.append((rival, part["log_score"].sum(), *means, gaps.sum(), error))
        columns = ["rival", "log_score", "brier", "length_log_score", "crps", "behind", "error"]
        frame = pd.DataFrame(rows, columns=columns)
        order = frame["log_score"].sort_values(ascending=False, kind="stable").index
        return frame.loc[order].reset_index(drop=True)

    @property
    def verdict(self) -> str:
        """What the log scores say, in words with numbers; a rival's win is said as one."""
        told = self.summary()
        full = float(told.loc[told["rival"] == FULL, "log_score"].iloc[0])
        count = self.table.loc[self.table["rival"] == FULL, "batch"].size
        courses = self.table["course"].nunique()
        others = told[told["rival"] != FULL]
        better = others[others["behind"] <= -SHOWN]
        rest = others[others["behind"] >= SHOWN]
        level = others.loc[~others.index.isin([*better.index, *rest.index]), "rival"]
        said = [f"Log score of the full model over {count} batches of {courses} "
                f"course{'s' * (courses > 1)}: {full:.2f}"]  # fmt: skip
        if len(better):
            said.append("it loses to " + ", ".join(_gap(row) for row in better.itertuples()))
        else:
            said.append("no rival does better")
        if len(rest):
            said.append("it beats " + ", ".join(_gap(row) for row in rest.itertuples()))
        if len(level):
            said.append("it cannot be told from " + ", ".join(level))
        if courses == 1:
            said.append("one course cannot settle which is right")
        return "; ".join(said) + "."


def _gap(row: Any) -> str:
    error = "" if math.isnan(row.error) else f" (s.e. {row.error:.2f})"
    return f"{row.rival} by {abs(row.behind):.2f}{error}"


def compare_rivals(
    courses: Exchange | Sequence[Watched],
    scenario: Scenario | None = None,
    *,
    draws: pd.DataFrame | None = None,
    values: str = BY_TERMS,
    rivals: Sequence[str] = RIVALS,
) -> RivalScores:
    """Score the model and its rivals on courses, each batch from what was known before it.

    Rivals: 'complete information' (both sides know the captor's type, an observer does not: the
    mixture of the two games with the full model's belief before the first day); 'no retention
    slope' (c_hi = c_lo); 'memoryless hazard' (a constant chance of going on, Beta(1/2, 1/2) on
    what came before, over courses in their order); 'fixed-length deal' (agreed batches come, with
    chance 0.95 each, and 0.05 beyond); 'history's rate' (a constant chance, Beta(1 + stages that
    another followed, 1 + last stages) of earlier exchanges and not learning); 'as yesterday' (0.9
    that a batch does as the one before, 1/2 for the first).

    Parameters
    ----------
    courses : Exchange, or sequence of Watched
        An exchange's record; or simulated courses of the scenario (:func:`watch`).
    scenario : Scenario, optional
        Preferences, beliefs, hazards; default: the packaged november-2023.
    draws : DataFrame, optional
        Draws of parameters, weighed anew on every day by the days before; as for ``predict``.
    values : str
        How worths are carried over to an exchange, as for ``predict``.
    rivals : sequence of str
        Which; the full model is always among them.

    Raises
    ------
    ArgumentError
        An unknown rival, an exchange without a pause, or none of whose batches was due.
    SolveError
        A model's rival has no solution.

    Notes
    -----
    The scores are proper, so that none gains by telling other chances than those it holds. A
    scenario that was made to fit the very record is not out of sample: take draws from priors.
    After a batch that surely was missed nothing is forecast.
    """
    _known(rivals)
    names = [FULL, *[name for name in rivals if name != FULL]]
    if isinstance(courses, Exchange):
        bases = [carried_over(courses, base, values=values) for base in _bases(scenario, draws)]
        watched: Sequence[Watched] = (watch_exchange(courses),)
    else:
        watched = tuple(courses)
        bases = list(_bases(scenario, draws))
    if not watched:
        raise ArgumentError("courses", 0, "one at least")
    rows = []
    for name in names:
        rival = _rival(name, bases)
        for course in watched:
            for batch, seen in enumerate(course.seen, 1):
                told = rival.forecast(seen, batch - 1, course.cap)
                rows.append((course.name, name, batch, *_scored(told, course, batch)))
                rival.learn(course.came[batch - 1])
    import pandas as pd

    columns = ["course", "rival", "batch", "predicted", "came", "log_score", "brier",
               "length_log_score", "crps"]  # fmt: skip
    return RivalScores(pd.DataFrame(rows, columns=columns))


def watch_exchange(exchange: Exchange) -> Watched:
    """Return an exchange's course as it was known before each batch.

    Raises
    ------
    ArgumentError
        There was no pause, or no batch was due.
    """
    told = exchange.terms
    whole = exchange.observation(talks=False)
    inside = _ended_inside(whole)
    if whole.block_days is None:
        raise ArgumentError("exchange", exchange.name, "one whose first block is known")
    last = max((row.day for row in exchange.rows), default=0)
    due = [day for day in told.batch_days if day <= last]
    seen, came = [], []
    for number, day in enumerate(due, 1):
        if inside and whole.pause_days is not None and number > whole.pause_days[1]:
            break
        reading = whole.days.get(number)
        if reading is None and exchange.rows[day - 1].paused is not False:
            break  # a batch of which nothing is known
        seen.append(exchange.observation(until=day - 1, talks=False))
        weight = 0.0 if reading is None else reading.delivered
        came.append(weight / (weight + (reading.missed if reading else 1.0)))
        if weight == 0.0:
            break
    if not seen:
        raise ArgumentError("exchange", exchange.name, "one with a batch that was due")
    bounds = whole.pause_days
    length = int(bounds[0]) if bounds is not None and bounds[0] == bounds[1] else None
    return Watched(exchange.name, tuple(seen), tuple(came), length, len(told.batch_days))


def watch(record: Observation, cap: int, *, name: str = "simulated") -> Watched:
    """Return a simulated record's course as it was known before each day.

    Parameters
    ----------
    record : Observation
        In full, with its cause, as from ``simulate_records``; it must have a pause.
    cap : int
        Days up to the cap.
    name : str
        Of the course.

    Raises
    ------
    ArgumentError
        There was no pause.
    """
    if not record.block_days or record.pause_days is None:
        raise ArgumentError("record", record, "one of a pause that ended")
    length = int(record.pause_days[0])
    inside = _ended_inside(record)
    seen, came = [], []
    for day in range(1, min(length + (not inside), cap) + 1):
        seen.append(_until(record, day - 1))
        reading = record.days.get(day, MISSED)
        came.append(reading.delivered)
        if reading == MISSED:
            break
    return Watched(name, tuple(seen), tuple(came), length, cap)


def watch_simulated(
    scenario: Scenario, count: int, rng: np.random.Generator
) -> tuple[Watched, ...]:
    """Draw exchanges of a scenario and return the courses of the first `count` with a pause.

    Raises
    ------
    SolveError
        Hardly any exchange comes to a pause: fewer than one in a hundred.
    """
    solved = truce.solve(scenario)
    found: list[Watched] = []
    cap = solved.parameters.J
    for _ in range(100 * count):
        record = simulate_records(solved, 1, rng)[0]
        if record.block_days and record.pause_days is not None and record.pause_days[0] > 0:
            found.append(watch(record, cap, name=f"simulated {len(found) + 1}"))
        if len(found) == count:
            return tuple(found)
    raise SolveError(f"{len(found)} of {100 * count} exchanges came to a pause", reached={})


def _ended_inside(record: Observation) -> bool:
    """Whether the pause is known to have ended on its last day, and not before another one."""
    return record.endings == frozenset({Ending.INCIDENT})


def _until(record: Observation, day: int) -> Observation:
    """What was known at the end of a day that the pause survived."""
    return replace(
        record,
        pilot=None, pilot_captives=None, talks=None, pause_days=None, endings=None,
        captives_left=None, given=GIVEN, ongoing_after=day,
        days={one: reading for one, reading in record.days.items() if one <= day},
        windows={one: reading for one, reading in record.windows.items() if one < day},
    )  # fmt: skip


def _scored(told: Forecast, course: Watched, batch: int) -> tuple[float, ...]:
    came = course.came[batch - 1]
    chance = min(max(told.delivered, 0.0), 1.0)
    length = (math.nan, math.nan)
    if course.length is not None:
        values, chances = list(told.lengths), list(told.lengths.values())
        length = (log_score(values, chances, course.length), crps(values, chances, course.length))
    return chance, came, binary_log_score(chance, came), brier(chance, came), *length


def _known(rivals: Sequence[str]) -> None:
    unknown = [name for name in rivals if name not in RIVALS]
    if unknown:
        raise ArgumentError("rivals", ", ".join(unknown), "some of " + ", ".join(RIVALS))


def _bases(scenario: Scenario | None, draws: pd.DataFrame | None) -> Iterator[Scenario]:
    from ceasefire.calibration.prediction import drawn_scenarios
    from ceasefire.truce.scenario import load

    for base in drawn_scenarios(scenario, draws):
        yield load("november-2023") if base is None else base


class _Rival(ABC):
    @abstractmethod
    def forecast(self, seen: Observation, done: int, cap: int) -> Forecast:
        """Forecast batch `done` + 1, and the length, from what is known."""

    def learn(self, came: float) -> None:  # noqa: B027 (most learn from what is seen alone)
        """Take in what the batch did."""


class _Model(_Rival):
    """Equilibria with weights, mixed anew by what was seen."""

    def __init__(self, solved: list[tuple[float, TruceEquilibrium]]) -> None:
        self.solved = solved

    def forecast(self, seen: Observation, done: int, cap: int) -> Forecast:
        found: dict[Way, float] = {}
        for weight, eq in self.solved:
            for way, mass in ways(eq, seen, done).items():
                found[way] = found.get(way, 0.0) + weight * mass
        whole = sum(found.values())
        if whole <= 0.0:  # what came was impossible: nothing more is said
            return Forecast(0.5, dict.fromkeys(range(done, cap + 1), 1.0 / (cap + 1 - done)))
        lengths: dict[int, float] = {}
        for way, mass in found.items():
            lengths[way.batches] = lengths.get(way.batches, 0.0) + mass / whole
        came = sum(mass for way, mass in found.items() if way.delivered > done)
        return Forecast(came / whole, lengths)


class _Rate(_Rival):
    """A constant chance of going on, with a Beta prior; it learns or not."""

    def __init__(self, came: float, missed: float, *, learns: bool) -> None:
        self.counts, self.learns = np.array([came, missed]), learns

    def forecast(self, seen: Observation, done: int, cap: int) -> Forecast:  # noqa: ARG002
        came, missed = self.counts
        more = self.learns  # beta-geometric where the rate is in doubt, geometric where not
        steps = [(came + i * more) / (came + missed + i * more) for i in range(cap - done)]
        return _chain(steps, done)

    def learn(self, came: float) -> None:
        if self.learns:
            self.counts = self.counts + np.array([came, 1.0 - came])


class _Fixed(_Rival):
    """The days agreed are kept, and no more."""

    def forecast(self, seen: Observation, done: int, cap: int) -> Forecast:
        agreed = max([seen.block_days or 0, *_ends_agreed(seen)])
        steps = [1.0 - SLIP if day <= agreed else SLIP for day in range(done + 1, cap + 1)]
        return _chain(steps, done)


class _Yesterday(_Rival):
    def forecast(self, seen: Observation, done: int, cap: int) -> Forecast:
        last = seen.days.get(done)
        whole = 0.5 if last is None else last.delivered / (last.delivered + last.missed)
        first = REPEAT * whole + (1.0 - REPEAT) * (1.0 - whole)
        return _chain([first, *[REPEAT] * (cap - done - 1)][: cap - done], done)


def _ends_agreed(seen: Observation) -> Iterator[int]:
    """Last days of the chunks known to be agreed."""
    for day, window in seen.windows.items():
        if window.agreed is not None and min(window.agreed) > 0:
            yield day + min(window.agreed)


def _chain(steps: Sequence[float], done: int) -> Forecast:
    """Forecast by chances of going on, batch by batch up to the cap."""
    lengths, still = {}, 1.0
    for i, step in enumerate(steps):
        lengths[done + i] = still * (1.0 - step)
        still *= step
    lengths[done + len(steps)] = still
    return Forecast(float(steps[0]) if steps else 0.0, lengths)


def _rival(name: str, bases: list[Scenario]) -> _Rival:
    if name == MEMORYLESS:
        return _Rate(0.5, 0.5, learns=True)
    if name == HISTORY:
        stages = historical()["stages"].dropna().astype(float)
        return _Rate(1.0 + float((stages - 1.0).sum()), 1.0 + len(stages), learns=False)
    if name == FIXED:
        return _Fixed()
    if name == YESTERDAY:
        return _Yesterday()
    solved = []
    for base in bases:
        solved += _variants(name, base, alone=len(bases) == 1)
    return _Model(solved)


def _variants(name: str, base: Scenario, *, alone: bool) -> list[tuple[float, TruceEquilibrium]]:
    """Equilibria of one draw; none where the model refuses it."""
    try:
        if name == NO_SLOPE:
            return [(1.0, truce.solve(base.replace({"c_hi": base.symbols().c_lo})))]
        full = truce.solve(base)
        if name == FULL:
            return [(1.0, full)]
        types = ((1.0, full.trust), (0.0, 1.0 - full.trust))
        return [(share, truce.solve(base.replace({"pi0": pi0}))) for pi0, share in types if share]
    except (ScenarioError, SolveError):
        if alone:
            raise
        return []
