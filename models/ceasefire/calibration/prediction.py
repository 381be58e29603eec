"""What is to be expected of an exchange: exact conditioning of the solved truce on its record."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from ceasefire import truce
from ceasefire.calibration._calls import as_made
from ceasefire.calibration.gradients import estimable
from ceasefire.calibration.likelihood import Likelihood, log_likelihood
from ceasefire.calibration.observation import MISSED
from ceasefire.calibration.transfer import BY_TERMS, carried_over, days_of_batches
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError, ScenarioError, SolveError
from ceasefire.tolerances import PREDICTED_SUM
from ceasefire.truce import Ending, Scenario
from ceasefire.truce.course import Walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Executor

    import pandas as pd
    from numpy.typing import NDArray

    from ceasefire.calibration.exchange import Exchange
    from ceasefire.calibration.observation import Observation
    from ceasefire.calibration.problem import Problem
    from ceasefire.calibration.record import Row
    from ceasefire.truce import TruceEquilibrium

LEVEL = 0.9
Key = TypeVar("Key", int, float, str)


class Way(NamedTuple):
    """One way to end: batches due on pause days, delivered, and what those still to come bring.

    ``captives`` are freed by each delivered batch still to come, summed up.
    """

    batches: int
    delivered: int
    captives: tuple[float, ...]
    ending: Ending

    @property
    def further(self) -> float:
        """Captives of all batches still to come."""
        return self.captives[-1] if self.captives else 0.0

    def by(self, count: int) -> float:
        """Captives of the next `count` batches."""
        return self.captives[min(count, len(self.captives)) - 1] if self.captives else 0.0


@dataclass(frozen=True)
class Spread(Displayed):
    """Mean and central interval of a discrete distribution.

    Attributes
    ----------
    mean : float
    low, middle, high : float
        Quantiles (1 - level)/2, 1/2, (1 + level)/2: the least value with that much at or below.
    level : float
    """

    mean: float
    low: float
    middle: float
    high: float
    level: float = LEVEL


@dataclass(frozen=True)
class NextBatch(Displayed):
    """The next batch due: its number, pause day, date where one is known, and chances."""

    number: int
    day: int
    date: dt.date | None
    delivered: float
    due: float


@dataclass(frozen=True, eq=False)
class Prediction(Displayed):
    """How an exchange will go on, given its record up to a day. Made by :func:`predict`.

    Attributes
    ----------
    exchange : Exchange
        Whose terms and record were taken.
    until : int
        Pause day up to whose end the record was taken; 0: nothing of the pause was seen.
    freed : float
        Captives freed up to then, as recorded (ranges by their middle).
    ways : mapping of Way to float
        Every way to end -> probability given the record; sums to 1.
    weights : array, shape (draws,)
        Posterior weight of each draw of the parameters; sums to 1.
    log_evidence : float
        Logarithm of the record's probability, averaged over draws before it was seen.
    refused : int
        Draws at which the model has no solution, or which it does not take: weight 0.
    level : float
        Of intervals.
    """

    exchange: Exchange = field(repr=False)
    until: int
    freed: float
    ways: Mapping[Way, float] = field(repr=False)
    weights: NDArray[np.float64] = field(repr=False)
    log_evidence: float
    refused: int = 0
    level: float = LEVEL

    def __repr__(self) -> str:
        """Say what is expected, in a line."""
        days = self.days
        return (
            f"Prediction({self.exchange.name!r} after day {self.until}: "
            f"{days.low:g} to {days.high:g} pause days in all, {self.captives.mean:.1f} more freed)"
        )

    @property
    def effective_draws(self) -> float:
        """1 / sum of squared weights: how many equal draws the weights are worth."""
        return float(1.0 / np.sum(self.weights**2))

    @property
    def seen(self) -> int:
        """Batches due up to `until`."""
        return self.exchange.terms.periods(self.until)

    @cached_property
    def lengths(self) -> pd.DataFrame:
        """How long the pause will last; a row a number of batches due.

        Columns: batches (due over the whole pause), days_low, days_high (pause days that it can
        then have lasted, in all), remaining_low, remaining_high (of them after `until`),
        probability.
        """
        import pandas as pd

        chances = _sums((way.batches, mass) for way, mass in self.ways.items())
        rows = []
        for batches, mass in chances.items():
            low, high = days_of_batches(self.exchange.terms, batches)
            low, high = max(low, self.until), max(high, self.until)
            rows.append((batches, low, high, low - self.until, high - self.until, mass))
        names = ["batches", "days_low", "days_high", "remaining_low", "remaining_high"]
        return pd.DataFrame(rows, columns=[*names, "probability"])

    @cached_property
    def days(self) -> Spread:
        """Pause days in all.

        Mean and middle take each number of batches at the middle of its days; low and high are
        the first and last day that the interval of batches can mean.
        """
        told, chances = self.lengths, self.lengths["probability"].to_numpy()
        low, high = told["days_low"].to_numpy(dtype=float), told["days_high"].to_numpy(dtype=float)
        middle = spread(0.5 * (low + high), chances, self.level)
        first, last = spread(low, chances, self.level), spread(high, chances, self.level)
        return Spread(middle.mean, first.low, middle.middle, last.high, self.level)

    @cached_property
    def further(self) -> pd.DataFrame:
        """Captives still to be freed; columns captives, probability."""
        import pandas as pd

        chances = _sums((way.further, mass) for way, mass in self.ways.items())
        return pd.DataFrame(list(chances.items()), columns=["captives", "probability"])

    @cached_property
    def captives(self) -> Spread:
        """Captives still to be freed, in whole batches."""
        return spread(
            self.further["captives"].to_numpy(), self.further["probability"].to_numpy(), self.level
        )

    @cached_property
    def endings(self) -> pd.DataFrame:
        """Causes of the end; columns cause, probability, most likely first."""
        import pandas as pd

        chances = _sums((str(way.ending), mass) for way, mass in self.ways.items())
        rows = sorted(chances.items(), key=lambda item: (-item[1], item[0]))
        return pd.DataFrame(rows, columns=["cause", "probability"])

    @cached_property
    def batches(self) -> pd.DataFrame:
        """Every batch of the calendar after `until`.

        Columns: batch, day, date (NaT where the start is not known), due (chance that the pause
        lasts to it), delivered (chance that it comes whole), captives (mean freed after `until`
        up to it).
        """
        import pandas as pd

        told, names = self.exchange.terms, ["batch", "day", "date", "due", "delivered", "captives"]
        rows = []
        for number in range(self.seen + 1, len(told.batch_days) + 1):
            due = sum(mass for way, mass in self.ways.items() if way.batches >= number)
            came = self.delivered(number)
            mean = sum(mass * way.by(number - self.seen) for way, mass in self.ways.items())
            date = self._date(told.batch_days[number - 1])
            rows.append((number, told.batch_days[number - 1], date, due, came, mean))
        frame = pd.DataFrame(rows, columns=names)
        frame["date"] = pd.to_datetime(frame["date"])
        return frame

    @cached_property
    def freed_by_batch(self) -> pd.DataFrame:
        """Captives freed in all, from the day of the prediction on to the cap.

        Columns: day, mean, low, high (central interval at `level`).
        """
        import pandas as pd

        probabilities = list(self.ways.values())
        rows = [(self.until, self.freed, self.freed, self.freed)]
        days = [int(day) for day in self.batches["day"]]
        for number, day in enumerate(days, self.seen + 1):
            freed = [self.freed + way.by(number - self.seen) for way in self.ways]
            told = spread(freed, probabilities, self.level)
            rows.append((day, told.mean, told.low, told.high))
        cap = self.exchange.terms.terms.pause_days_max
        if rows[-1][0] < cap:
            rows.append((cap, *rows[-1][1:]))
        return pd.DataFrame(rows, columns=["day", "mean", "low", "high"])

    @property
    def next_batch(self) -> NextBatch | None:
        """The next batch of the calendar; None where the cap leaves none."""
        if self.batches.empty:
            return None
        row = self.batches.iloc[0]
        day = int(row["day"])
        return NextBatch(
            int(row["batch"]), day, self._date(day), float(row["delivered"]), float(row["due"])
        )

    def delivered(self, number: int) -> float:
        """Chance that batch `number`, counted from 1, is delivered whole."""
        return sum(mass for way, mass in self.ways.items() if way.delivered >= number)

    def prisoners(self, mix: Mapping[str, float] | None = None) -> Spread | None:
        """Prisoners to be freed for the captives still to come.

        By the terms' ratios. Where they differ by category, `mix` says what share of the captives
        to come each category is (any positive numbers; they are put to sum 1); without it, low and
        high are at the least and the highest ratio, and mean and middle at the ratios' plain mean.

        Returns
        -------
        Spread or None
            None where the terms have no ratios.

        Raises
        ------
        ArgumentError
            A category without a ratio, or weights that are not positive.
        """
        ratios = {k: told.middle for k, told in self.exchange.terms.prisoners_per_captive.items()}
        if not ratios:
            return None
        least = middle = most = float(np.mean(list(ratios.values())))
        if mix is None:
            least, most = min(ratios.values()), max(ratios.values())
        else:
            least = middle = most = _mixed(ratios, mix)
        told = self.captives
        low, high = told.low * least, told.high * most
        return Spread(told.mean * middle, low, told.middle * middle, high, self.level)

    def _date(self, day: int) -> dt.date | None:
        start = self.exchange.terms.calendar.start
        return None if start is None else start + dt.timedelta(days=day - 1)


def predict(
    exchange: Exchange,
    scenario: Scenario | None = None,
    *,
    draws: pd.DataFrame | None = None,
    until: int | None = None,
    values: str = BY_TERMS,
    level: float = LEVEL,
    done: Mapping[int, Mapping[Way, float] | None] | None = None,
    keep: Callable[[int, Mapping[Way, float] | None], None] | None = None,
    executor: Executor | None = None,
) -> Prediction:
    """Predict how an exchange goes on, from its terms and its record so far.

    With draws theta_i of the parameters,

        P(rest | record) = sum_i w_i P(rest | record, theta_i),    w_i ~ L(record | theta_i),

    where each term is the exact play of the equilibrium at theta_i, conditioned on the record by
    :func:`log_likelihood`: beliefs follow Bayes' rule along the record, and what was not seen is
    summed out. Pilot, deal and first block are taken as given where there was a deal.

    Parameters
    ----------
    exchange : Exchange
        Terms and record; it may have no rows yet.
    scenario : Scenario, optional
        Preferences, beliefs and hazards, per day; default: the packaged november-2023.
    draws : DataFrame, optional
        A row a draw of the parameters, from priors or from a posterior that has NOT seen this
        record; columns that are no parameters are passed over. Default: the scenario alone.
    until : int, optional
        Pause day at whose end the prediction is made; default: the last of the record.
    values : str
        How worths are carried over: 'terms', 'period' or 'base' (:func:`carried_over`).
    level : float
        Of intervals.
    done : mapping of int to (mapping of Way to float, or None), optional
        Number of a draw -> its ways with their chances, None where the model refused it: draws
        already taken, to go on from a checkpoint.
    keep : function (number, ways or None) -> None, optional
        Called after every draw.
    executor : Executor, optional
        Draws are sent to its processes; the result does not depend on it.

    Raises
    ------
    ArgumentError
        The pause is over and `until` is not given; draws without a parameter.
    SolveError
        The record cannot be under any draw, or the scenario alone has no solution.

    Notes
    -----
    Cost: a solve a draw, some 20 ms for ten days, 0.4 s for 18 batches, seconds for 42 daily ones.
    With few draws worth having (`effective_draws`) the weights rest on luck: take more.

    Examples
    --------
    >>> from ceasefire import calibration
    >>> found = calibration.predict(calibration.read("november-2023"), until=6)
    >>> found.next_batch.number, round(found.next_batch.delivered, 2)
    (7, 0.68)
    """
    if not 0.0 < level < 1.0:
        raise ArgumentError("level", level, "above 0, below 1")
    seen, last = _record(exchange, until)
    bases = drawn_scenarios(scenario, draws)
    finished = dict(done or {})
    calls = {
        i: (exchange, base, values, seen, exchange.terms.periods(last), draws is not None)
        for i, base in enumerate(bases) if i not in finished
    }  # fmt: skip
    for i, found in as_made(_draw, calls, executor):
        finished[i] = found
        if keep is not None:
            keep(i, found)
    parts = [finished[i] or {} for i in range(len(bases))]
    refused = sum(finished[i] is None for i in range(len(bases)))
    wholes = np.array([sum(part.values()) for part in parts])
    logs = np.log(wholes, out=np.full(len(bases), -math.inf), where=wholes > 0.0)
    top = float(logs.max())
    if top == -math.inf:
        where = ""
        if len(bases) == 1 and not refused:
            alone = truce.solve(carried_over(exchange, bases[0], values=values))
            where = _impossible_at(alone, seen)
        raise SolveError(_impossible(values, len(bases)) + where, reached={"refused": refused})
    masses = np.exp(logs - top)
    mixed: dict[Way, float] = {}
    for part in parts:
        for way, mass in part.items():
            mixed[way] = mixed.get(way, 0.0) + mass
    whole, freed = sum(mixed.values()), _freed(exchange, last)
    owed = _owed(exchange, last, freed)
    told: dict[Way, float] = {}
    for way, mass in mixed.items():
        way = way._replace(captives=owed(way.captives))
        told[way] = told.get(way, 0.0) + mass / whole
    return Prediction(
        exchange, last, freed, told,
        masses / masses.sum(), top + math.log(masses.mean()), refused, level,
    )  # fmt: skip


def _draw(
    exchange: Exchange, base: Scenario | None, values: str, seen: Observation, batches: int,
    drawn: bool,
) -> dict[Way, float] | None:  # fmt: skip
    """Ways at one draw; None where the model refuses it."""
    try:
        return ways(truce.solve(carried_over(exchange, base, values=values)), seen, batches)
    except (ScenarioError, SolveError):
        if not drawn:
            raise
        return None


def ways(equilibrium: TruceEquilibrium, seen: Observation, batches: int) -> dict[Way, float]:
    """Return every way to end -> its chance together with the record.

    Parameters
    ----------
    equilibrium : TruceEquilibrium
        The solved truce.
    seen : Observation
        The record; each first block that it allows is followed apart.
    batches : int
        Batches due up to the day of the prediction: captives count as further after them.
    """
    found: dict[Way, float] = {}
    for block, told in _blocks(equilibrium, seen):
        path = np.asarray(Walk(equilibrium.line(block), 1.0, 0).held_path) if block else None
        for end, mass in told.ends.items():
            if mass <= 0.0 or (block == 0) != (end.ending is Ending.NO_DEAL):
                continue
            delivered = 0
            coming: tuple[float, ...] = ()
            if path is not None:
                delivered = int(np.argmin(np.abs(path - end.left)))
                held = path[batches : delivered + 1]
                coming = tuple(round(float(held[0] - left), 6) for left in held[1:])
            way = Way(end.length, delivered, coming, end.ending)
            found[way] = found.get(way, 0.0) + mass
    return found


def _blocks(eq: TruceEquilibrium, seen: Observation) -> Iterator[tuple[int, Likelihood]]:
    """First blocks that the record allows; 0: no deal."""
    if seen.block_days is not None:
        yield seen.block_days, log_likelihood(eq, seen)
        return
    yield 0, log_likelihood(eq, seen)
    for days in range(1, len(eq.lines) + 1):
        yield days, log_likelihood(eq, replace(seen, block_days=days))


def spread(
    values: Sequence[float] | NDArray[np.float64],
    probabilities: Sequence[float] | NDArray[np.float64],
    level: float = LEVEL,
) -> Spread:
    """Return mean and central interval of a discrete distribution.

    Examples
    --------
    >>> spread([0, 1, 2], [0.2, 0.6, 0.2], level=0.5)
    Spread(mean=1.0, low=1.0, middle=1.0, high=1.0, level=0.5)
    """
    x, p = np.asarray(values, dtype=float), np.asarray(probabilities, dtype=float)
    order = np.argsort(x)
    x, below = x[order], np.cumsum(p[order]) / p.sum()
    shares = ((1.0 - level) / 2.0, 0.5, (1.0 + level) / 2.0)
    places = [
        min(int(np.searchsorted(below, share - PREDICTED_SUM)), len(x) - 1) for share in shares
    ]
    at = [float(x[place]) for place in places]
    return Spread(float(x @ p[order] / p.sum()), at[0], at[1], at[2], level)


def prior_draws(problem: Problem, count: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw parameters from a problem's priors, as a table for :func:`predict`.

    Parameters of which every exchange has its own are drawn anew, once for the new exchange.
    """
    import pandas as pd

    drawn = pd.DataFrame(problem.draw_prior(count, rng), columns=list(problem.names))
    drawn.columns = [name.partition("[")[0] for name in drawn.columns]
    return drawn.loc[:, ~drawn.columns.duplicated()]


def _record(exchange: Exchange, until: int | None) -> tuple[Observation, int]:
    """What was seen, and the pause day of the prediction."""
    last = max((row.day for row in exchange.rows if row.paused is not False), default=0)
    if until is not None and not 0 <= until <= last:
        raise ArgumentError("until", until, f"0 to {last}, the pause days of the record")
    seen = exchange.observation(until=until, talks=False)
    if seen.pause_days is not None:
        hint = "give the day at whose end the prediction is to be made (until, or --until DAY)"
        raise ArgumentError("exchange", exchange.name, "a pause that goes on", hint)
    return seen, last if until is None else until


def drawn_scenarios(scenario: Scenario | None, draws: pd.DataFrame | None) -> list[Scenario | None]:
    """Scenarios of the draws; None: the packaged one."""
    if draws is None:
        return [scenario]
    names = [name for name in draws.columns if name in estimable()]
    if not names or draws.empty:
        allowed = "rows, and columns named by parameters: " + ", ".join(estimable())
        raise ArgumentError("draws", ", ".join(map(str, draws.columns)), allowed)
    from ceasefire.truce.scenario import load

    base = load("november-2023") if scenario is None else scenario
    rows = draws[names].to_numpy(dtype=float)
    return [base.replace(dict(zip(names, map(float, row), strict=True))) for row in rows]


def _impossible(values: str, count: int) -> str:
    under = "the scenario" if count == 1 else f"any of {count} draws"
    hint = ' (try values="terms")' if values != BY_TERMS else ""
    return f"the record cannot be under {under}{hint}"


def _impossible_at(eq: TruceEquilibrium, seen: Observation) -> str:
    """Where a record leaves the model, in words; empty where its first block is not known."""
    if seen.block_days is None:
        return ""
    terms = log_likelihood(eq, seen).terms
    never = terms.loc[terms["log_probability"] == -math.inf, "part"]
    kind, _, number = str(never.iloc[0]).partition(" ") if len(never) else ("", "", "")
    if not number:
        return ""
    spot = f"batch {number}" if kind == "day" else f"the window after batch {number}"
    missed = [one for one in seen.days if one <= int(number) and seen.days[one] == MISSED]
    why = f": batch {missed[0]} was missed, which ends the model's pause" if missed else ""
    return f"; it leaves the model at {spot}{why}"


def _paused(exchange: Exchange, last: int) -> list[Row]:
    return [row for row in exchange.rows if row.day <= last and row.paused is not False]


def _freed(exchange: Exchange, last: int) -> float:
    came = [row.delivered for row in _paused(exchange, last)]
    return float(sum(told.middle for told in came if told is not None))


def _owed(
    exchange: Exchange, last: int, freed: float
) -> Callable[[tuple[float, ...]], tuple[float, ...]]:
    """How equal batches to come are put to what the deal still owes after unequal ones.

    Those of the first block share what it still owes (at most their own size where a batch so far
    is not known); all together bring at most who is left.
    """
    deal, block = exchange.terms.terms, exchange.first_block
    due = [row for row in _paused(exchange, last) if row.day in exchange.terms.batch_days]
    counted = [one for row in due if (one := row.credited or row.delivered) is not None]
    left = max(deal.eligible_captives.high - freed, 0.0)
    inside = 0 if block is None else max(block - exchange.terms.periods(last), 0)
    still = deal.first_block_captives.middle - sum(one.middle for one in counted)
    share = max(still, 0.0) / inside if inside else 0.0

    def put(captives: tuple[float, ...]) -> tuple[float, ...]:
        told, sum_so_far, before = [], 0.0, 0.0
        for i, one in enumerate(captives):
            own = one - before
            size = share if len(counted) == len(due) else min(own, share)
            sum_so_far += size if i < inside else own
            before = one
            told.append(round(min(sum_so_far, left), 6))
        return tuple(told)

    return put


def _mixed(ratios: Mapping[str, float], mix: Mapping[str, float]) -> float:
    unknown = sorted(set(mix) - set(ratios))
    if unknown or not mix or min(mix.values()) < 0.0 or not 0.0 < sum(mix.values()) < math.inf:
        allowed = "positive weights of " + ", ".join(ratios)
        raise ArgumentError("mix", unknown or dict(mix), allowed)
    return sum(share * ratios[name] for name, share in mix.items()) / sum(mix.values())


def _sums(items: Iterable[tuple[Key, float]]) -> dict[Key, float]:
    """Sums by key, in the keys' order."""
    found: dict[Key, float] = {}
    for key, mass in items:
        found[key] = found.get(key, 0.0) + mass
    return dict(sorted(found.items()))
