"""The terms file of an exchange (TOML): what was agreed, when batches fall, how it ended."""

from __future__ import annotations

import datetime as dt
import math
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from ceasefire import toml_text
from ceasefire.calibration.observation import BLOCK_PRECISION, TALKS_OUTCOMES
from ceasefire.calibration.ranges import RANGE_WORDS, Range, Ranged
from ceasefire.display import Displayed
from ceasefire.errors import Fault, meant
from ceasefire.truce.course import Ending

SCHEMA_VERSION = 1
DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEK = 7
# Words for causes in the files; some stand for several endings of the model.
CAUSES: dict[str, tuple[Ending, ...]] = {
    "stopped": (Ending.STOPPED,),
    "declined": (Ending.DECLINED,),
    "relay": (Ending.RELAY,),
    "no-list-at-window": (Ending.NO_LIST_WINDOW,),
    "no-list-inside": (Ending.NO_LIST_INSIDE,),
    "no-list": (Ending.NO_LIST_WINDOW, Ending.NO_LIST_INSIDE),
    "reneged": (Ending.RENEGED,),
    "missed": (Ending.RENEGED, Ending.NO_LIST_INSIDE),
    "incident": (Ending.INCIDENT,),
    "left": (Ending.LEFT_INSIDE,),
    "exhausted": (Ending.EXHAUSTED,),
    "unknown": tuple(Ending),
}


def _pair(value: Any) -> Any:
    """One date stands for both ends of a range."""
    return value if isinstance(value, list | tuple) else (value, value)


Dates = Annotated[tuple[dt.date, dt.date], BeforeValidator(_pair)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Deal(_Table):
    """What was agreed."""

    eligible_captives: Ranged = Field(description="captives of the eligible category at the start")
    first_block_captives: Ranged = Field(description="captives due over the first block")
    first_block_days: int | None = Field(default=None, ge=1, description="days of the first block")
    captives_per_extra_day: Ranged | None = Field(
        default=None, description="price of a further day; blank: the first block's rate"
    )
    pause_days_max: int = Field(ge=1, description="cap on the pause, days")
    chunk_days_max: int | None = Field(default=None, ge=1, description="longest extension, days")
    block_days_max: int | None = Field(
        default=None, ge=1, description="longest first block that was on the table, days"
    )


class Calendar(_Table):
    """On which pause days batches are due."""

    batches: Literal["daily", "weekly", "every", "weekdays", "dates"] = "daily"
    start: dt.date | None = Field(default=None, description="first day of the pause")
    every_days: int | None = Field(default=None, ge=1, description="days from batch to batch")
    weekdays: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = ()
    dates: tuple[dt.date, ...] = ()

    @model_validator(mode="after")
    def _complete(self) -> Calendar:
        needs = {"every": "every_days", "weekdays": "weekdays", "dates": "dates"}.get(self.batches)
        if needs and not getattr(self, needs):
            raise ValueError(f'batches = "{self.batches}" needs {needs}')
        if self.batches in ("weekdays", "dates") and self.start is None:
            raise ValueError(f'batches = "{self.batches}" needs start')
        if self.dates and (list(self.dates) != sorted(set(self.dates))):
            raise ValueError("dates are not in order")
        if self.dates and self.start is not None and self.dates[0] < self.start:
            raise ValueError("a batch is dated before start")
        return self

    def batch_days(self, last: int) -> tuple[int, ...]:
        """Pause days up to `last` on which a batch is due, counted from 1."""
        days = range(1, last + 1)
        if self.batches == "dates":
            assert self.start is not None
            listed = {(date - self.start).days + 1 for date in self.dates}
            return tuple(day for day in days if day in listed)
        if self.batches == "weekdays":
            assert self.start is not None
            wanted = {DAY_NAMES.index(name) for name in self.weekdays}
            first = self.start.weekday()
            return tuple(day for day in days if (first + day - 1) % WEEK in wanted)
        return tuple(days[:: self._step])

    @property
    def _step(self) -> int:
        return {"daily": 1, "weekly": WEEK}.get(self.batches, self.every_days or 1)

    def period_days(self, last: int) -> float:
        """Mean days from batch to batch up to pause day `last`; the model's 'day' in days."""
        days = self.batch_days(last)
        if self.batches in ("daily", "weekly", "every"):
            return float(self._step)
        return last / len(days) if days else float(last)


class PilotFacts(_Table):
    """The release that proved the channel, if any."""

    made: bool | None = None
    captives: float | None = Field(default=None, ge=0.0)
    date: Dates | None = None


class TalksFacts(_Table):
    """From opening talks to a deal. Dates may be ranges, written as two dates."""

    started: Dates | None = None
    deal: Dates | None = None
    days: Ranged | None = Field(default=None, description="days of talks; else from the dates")
    blackout: bool | None = None
    outcome: tuple[str, ...] = ("deal",)

    @model_validator(mode="after")
    def _known(self) -> TalksFacts:
        wrong = [word for word in self.outcome if word not in TALKS_OUTCOMES]
        if wrong or not self.outcome:
            raise ValueError(f"outcome {wrong} is none of {', '.join(TALKS_OUTCOMES)}")
        if "talking" in self.outcome and (self.days is None or self.days.low != self.days.high):
            raise ValueError('outcome "talking" needs days, one number: the days talked so far')
        return self

    @property
    def length(self) -> Range | None:
        """Days from the first day of talks to the deal, at least 1."""
        if self.days is not None:
            return self.days
        if self.started is None or self.deal is None:
            return None
        least = (self.deal[0] - self.started[1]).days
        most = (self.deal[1] - self.started[0]).days
        return Range(float(max(least, 1)), float(max(most, 1)))


class EndFacts(_Table):
    """What is known of the end, beyond the rows."""

    ongoing: bool = Field(default=False, description="the pause went on after the last row")
    pause_days: Ranged | None = Field(default=None, description="days that it lasted")
    captives_left: Ranged | None = Field(default=None, description="eligible captives left")
    causes: tuple[str, ...] = Field(default=(), description="what may have ended it")

    @model_validator(mode="after")
    def _known(self) -> EndFacts:
        wrong = [word for word in self.causes if word not in CAUSES]
        if wrong:
            raise ValueError(f"causes {wrong} are none of {', '.join(CAUSES)}")
        if self.ongoing and (self.pause_days or self.captives_left or self.causes):
            raise ValueError("a pause that goes on has no pause_days, captives_left or causes")
        return self


class Reading(_Table):
    """How the record is read where it can be read in more than one way."""

    credited_as_delivered: float = Field(
        default=0.5, ge=0.0, le=1.0, description="weight of 'whole' where fewer came than credited"
    )
    part_as_delivered: float = Field(
        default=0.5, ge=0.0, le=1.0, description="weight of 'whole' where only a part came"
    )
    block_precision: float = Field(default=BLOCK_PRECISION, ge=0.0)


class Terms(Displayed, _Table):
    """The terms file of an exchange; docs/calibration.md describes every key."""

    schema_version: int = Field(ge=1, le=SCHEMA_VERSION)
    name: str = Field(min_length=1)
    title: str = Field(min_length=1)
    captor: str = ""
    pausing_state: str = ""
    mediators: tuple[str, ...] = ()
    terms: Deal
    calendar: Calendar = Calendar()
    prisoners_per_captive: dict[str, Ranged] = Field(
        default_factory=dict, description="prisoners freed for one captive, by category"
    )
    pilot: PilotFacts = PilotFacts()
    talks: TalksFacts | None = None
    end: EndFacts = EndFacts()
    reading: Reading = Reading()
    sources: dict[str, str] = Field(default_factory=dict, description="source of a key, by path")

    @cached_property
    def period_days(self) -> float:
        """Days from batch to batch: what the model calls a day."""
        return self.calendar.period_days(self.terms.pause_days_max)

    @cached_property
    def batch_days(self) -> tuple[int, ...]:
        """Pause days up to the cap on which a batch is due."""
        return self.calendar.batch_days(self.terms.pause_days_max)

    @cached_property
    def uncovered_days(self) -> int:
        """Days up to the cap behind the listed dates, where far longer than between them; else 0.

        The mean period is that of the whole cap, and no batch can be predicted on those days.
        """
        due = self.batch_days
        if self.calendar.batches != "dates" or len(due) < 2:
            return 0
        widest = max(later - day for day, later in pairwise(due))
        behind = self.terms.pause_days_max - due[-1]
        return behind if behind > 2 * widest else 0

    def periods(self, days: float) -> int:
        """Batches due on the first `days` pause days: how many of the model's days those are."""
        return sum(1 for day in self.batch_days if day <= days)


def parse(text: str) -> tuple[Terms | None, list[Fault]]:
    """Read a terms file; None with every fault where it is not valid."""
    found = toml_text.values(text)
    if isinstance(found, Fault):
        return None, [found]
    raw, lines = found
    try:
        terms = Terms.model_validate(raw)
    except ValidationError as error:
        return None, toml_text.placed(map(_fault, error.errors()), lines)
    faults = toml_text.placed(_cross_faults(terms), lines)
    return (None if faults else terms), faults


def _fault(detail: Any) -> Fault:
    loc = [str(part) for part in detail["loc"]]
    path, kind = ".".join(loc), detail["type"]
    message = str(detail["msg"]).removeprefix("Value error, ")
    if kind == "extra_forbidden":
        siblings = _keys(loc[:-1])
        hint = meant(loc[-1], siblings)
        return Fault(path, None, "one of " + ", ".join(siblings), "unknown key", hint=hint)
    if kind == "missing":
        return Fault(path, None, "", "missing", hint="see docs/calibration.md")
    got = detail["input"] if isinstance(detail["input"], str | int | float) else None
    allowed = RANGE_WORDS if "number" in message and "range" in message else ""
    return Fault(path, got, allowed, message[:1].lower() + message[1:])


def _keys(parents: list[str]) -> list[str]:
    model: Any = Terms
    for part in parents:
        default = model.model_fields[part].annotation if part in model.model_fields else None
        model = {"terms": Deal, "talks": TalksFacts}.get(part, default)
        if not hasattr(model, "model_fields"):
            return []
    return list(model.model_fields)


def _cross_faults(told: Terms) -> list[Fault]:
    return [*_deal_faults(told.terms), *_other_faults(told), *_talks_faults(told.talks)]


def _deal_faults(deal: Deal) -> list[Fault]:
    faults, pool, price = [], deal.eligible_captives, deal.captives_per_extra_day
    if pool.low <= 0.0:
        faults.append(Fault("terms.eligible_captives", str(pool), "above 0", "no captives"))
    allowed = f"above 0, at most {pool}"
    if not 0.0 < deal.first_block_captives.middle <= pool.middle:
        what, got = "first block larger than the pool, or nothing", str(deal.first_block_captives)
        faults.append(Fault("terms.first_block_captives", got, allowed, what))
    if price is None and deal.first_block_days is None:
        hint = "give it, or first_block_days"
        faults.append(Fault("terms.captives_per_extra_day", None, "a number", "missing", hint=hint))
    elif price is not None and not 0.0 < price.middle <= pool.middle:
        what = "price of a day larger than the pool, or nothing"
        faults.append(Fault("terms.captives_per_extra_day", str(price), allowed, what))
    for name in ("first_block_days", "chunk_days_max", "block_days_max"):
        days, cap = getattr(deal, name), deal.pause_days_max
        if days is not None and days > cap:
            faults.append(Fault(f"terms.{name}", days, f"at most {cap}", "longer than the pause"))
    return faults


def _other_faults(told: Terms) -> list[Fault]:
    faults, end, pool = [], told.end, told.terms.eligible_captives
    cap = told.terms.pause_days_max
    if not told.batch_days:
        faults.append(
            Fault("calendar", None, "a batch on some pause day", "no batch up to the cap")
        )
    start, dates = told.calendar.start, told.calendar.dates
    if start is not None and dates and dates[-1] > (last := start + dt.timedelta(days=cap - 1)):
        what, hint = "a batch beyond terms.pause_days_max", "it would be passed over"
        got, allowed = str(dates[-1]), f"at most {last}"
        faults.append(Fault("calendar.dates", got, allowed, what, hint=hint))
    if end.pause_days is not None and end.pause_days.high > cap:
        got = str(end.pause_days)
        faults.append(Fault("end.pause_days", got, f"at most {cap}", "longer than the cap"))
    if end.captives_left is not None and end.captives_left.low > pool.high:
        got = str(end.captives_left)
        faults.append(Fault("end.captives_left", got, f"at most {pool}", "more than the pool"))
    return faults


def _talks_faults(talks: TalksFacts | None) -> list[Fault]:
    if talks is None:
        return []
    faults = []
    if talks.started and talks.deal and talks.deal[1] < talks.started[0]:
        faults.append(Fault("talks.deal", str(talks.deal[1]), "", "before talks.started"))
    for name in ("started", "deal"):
        dates = getattr(talks, name)
        if dates is not None and dates[1] < dates[0]:
            faults.append(Fault(f"talks.{name}", str(dates[0]), "", "range runs backward"))
    if talks.days is not None and talks.days.low < 1.0:
        what = "talks take a day at least"
        faults.append(Fault("talks.days", str(talks.days), "at least 1", what))
    return faults


def rounded_up(days: float, period: float) -> int:
    """Periods that `days` days fill, the last perhaps in part; at least 1."""
    return max(math.ceil(days / period - 1e-9), 1)
