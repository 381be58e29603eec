"""An exchange: its terms and daily record, and what they mean in the model's periods."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ceasefire.calibration.observation import (
    DEAL,
    DELIVERED,
    MISSED,
    DayReading,
    Observation,
    TalksReading,
    WindowReading,
)
from ceasefire.calibration.ranges import Range
from ceasefire.calibration.record import Row
from ceasefire.calibration.terms import CAUSES, rounded_up
from ceasefire.display import Displayed

if TYPE_CHECKING:
    import pandas as pd

    from ceasefire.calibration.terms import Terms
    from ceasefire.truce import Ending, Scenario

BOTH = DayReading(1.0, 1.0)  # a pause day about whose batch nothing is known
NOTHING = DayReading(0.0, 1.0, over=1.0)  # nothing came, on what may have been no pause day


@dataclass(frozen=True)
class Exchange(Displayed):
    """One exchange of captives as recorded. Made by :func:`ceasefire.calibration.read`.

    Attributes
    ----------
    terms : Terms
        What was agreed, the batch calendar, pilot, talks, end, and their sources.
    rows : tuple of Row
        The record, a row a day.
    """

    terms: Terms
    rows: tuple[Row, ...]

    def __repr__(self) -> str:
        """Say name, days and whether it goes on."""
        state = "ongoing" if self.terms.end.ongoing else "ended"
        return f"Exchange({self.name!r}: {len(self.rows)} rows, {state})"

    @property
    def name(self) -> str:
        """Short name."""
        return self.terms.name

    @property
    def pause_days(self) -> Range | None:
        """Days that the pause lasted; None while it goes on."""
        end = self.terms.end
        if end.ongoing:
            return None
        if end.pause_days is not None:
            return end.pause_days
        sure = sum(1 for row in self.rows if row.paused)
        most = sum(1 for row in self.rows if row.paused is not False)
        return Range(float(sure), float(most))

    def frame(self) -> pd.DataFrame:
        """Return the record as a tidy table; ranges as text, blanks as NA."""
        import pandas as pd

        columns = [name for name in Row.__dataclass_fields__ if name != "line"]
        cells = [{name: _cell(getattr(row, name)) for name in columns} for row in self.rows]
        frame = pd.DataFrame(cells, columns=columns)
        frame.attrs["name"] = self.name
        frame.attrs["source"] = dict(self.terms.sources)
        return frame

    @property
    def first_block(self) -> int | None:
        """Batches due in the first block; None: its days are not known."""
        days = self.terms.terms.first_block_days
        return None if days is None else max(self.terms.periods(days), 1)

    def scenario(self, base: Scenario | None = None) -> Scenario:
        """Return a scenario with this exchange's terms; all else is the base's.

        Where batches do not come daily, the model's 'day' is the period D from batch to batch.
        The base's numbers are per day, so gains and costs are summed over a period and hazards
        compounded: g' = D g, k0' = D k0 + k1 D (D - 1)/2, k1' = D^2 k1, beta' = 1 - (1 - beta)^D;
        caps are counted in batches. Talks and impatience stay in days.

        Parameters
        ----------
        base : Scenario, optional
            Preferences, beliefs and hazards; default: the packaged november-2023.
        """
        if base is None:
            from ceasefire.truce.scenario import load

            base = load("november-2023")
        return base.replace(self._changes(base))

    def _changes(self, base: Scenario) -> dict[str, Any]:
        told, deal, period = self.terms, self.terms.terms, self.terms.period_days
        most = max(len(told.batch_days), 1)
        first = self.first_block
        block = deal.block_days_max or base.terms.block_days_max
        block = max(rounded_up(block, period), first or 1)
        chunk = rounded_up(deal.chunk_days_max or base.terms.chunk_days_max, period)
        return {
            "name": told.name,
            "title": told.title,
            "terms.eligible_captives": deal.eligible_captives.middle,
            "terms.first_block_captives": deal.first_block_captives.middle,
            "terms.captives_per_extra_day": self._price(first),
            "terms.pause_days_max": most,
            "terms.chunk_days_max": min(chunk, most),
            "terms.block_days_max": min(block, most),
            "pilot.captives": self._pilot_captives(base),
            **_per_period(base, period),
        }

    def _price(self, first: int | None) -> float:
        """Captives due on a further batch day."""
        deal = self.terms.terms
        if deal.captives_per_extra_day is None:
            return deal.first_block_captives.middle / (first or 1)
        return deal.captives_per_extra_day.middle * self.terms.period_days

    def _pilot_captives(self, base: Scenario) -> float:
        pilot = self.terms.pilot
        if pilot.made is False:
            return 0.0
        return base.pilot.captives if pilot.captives is None else pilot.captives

    def observation(self, *, until: int | None = None, talks: bool = True) -> Observation:
        """Return what was seen, in the model's periods.

        Parameters
        ----------
        until : int, optional
            Pause day up to which the record is taken, as it stood at its end: windows after it,
            the end and the captives left are then not known. For scoring predictions.
        talks : bool
            Whether pilot, talks and block are read, or taken as given.
        """
        told = self.terms
        if told.talks is not None and DEAL not in told.talks.outcome:  # there is no pause to see
            return Observation(
                pilot=told.pilot.made, pilot_captives=self._released(), talks=self._talks()
            )
        rows = [row for row in self.rows if until is None or row.day <= until]
        going_on = self._going_on(until)
        block = self.first_block
        given = {"pilot", "talks"} | ({"block"} if block else set())
        return Observation(
            pilot=told.pilot.made if talks else None,
            pilot_captives=self._released() if talks else None,
            talks=self._talks() if talks else None,
            block_days=block,
            days=self._days(rows),
            windows=self._windows(rows, until if going_on else None),
            pause_days=None if going_on else self._periods(),
            ongoing_after=self._last(rows) if going_on else None,
            endings=None if going_on else self._endings(),
            captives_left=None if going_on else self._left(),
            given=frozenset() if talks else frozenset(given),
            block_precision=told.reading.block_precision,
        )

    def _going_on(self, until: int | None) -> bool:
        """Whether the pause was known to go on at the end of day `until`, or of the record."""
        lasted = self.pause_days
        if lasted is None:
            return True
        if until is None or until > lasted.low:
            return False
        return until < lasted.low or until < self.rows[-1].day

    def _released(self) -> float | None:
        """Size of the pilot release, where one was made."""
        return self.terms.pilot.captives if self.terms.pilot.made else None

    def _talks(self) -> TalksReading | None:
        facts = self.terms.talks
        if facts is None:
            return None
        length = facts.length
        days = None if length is None else (length.low, length.high)
        return TalksReading(frozenset(facts.outcome), days, facts.blackout)

    def _days(self, rows: list[Row]) -> dict[int, DayReading]:
        batches = self.terms.batch_days
        found = {}
        for row in rows:
            if row.day in batches and row.paused is not False:
                reading = self._reading(row)
                if reading is not None:
                    found[self.terms.periods(row.day)] = reading
        return found

    def _reading(self, row: Row) -> DayReading | None:
        """Read a batch: whole, missed, or both with weights; None: not even sure it was a day."""
        weights, came = self.terms.reading, row.delivered
        if came is None:
            whole = row.credited is not None and _whole(row.credited, row.promised)
            if whole:
                return DELIVERED
            return BOTH if row.paused else None
        if row.promised is None and came.high > 0.0:
            return DELIVERED
        if row.promised is not None and _whole(came, row.promised):
            return DELIVERED
        if row.credited is not None and _whole(row.credited, row.promised):
            return _split(weights.credited_as_delivered)
        if came.high <= 0.0:
            return MISSED if row.paused else NOTHING
        part = weights.part_as_delivered
        assert row.promised is not None
        if came.high >= row.promised.low:  # sources disagree on whether it was whole
            return _split(0.5 * (1.0 + part))
        return _split(part)

    def _windows(self, rows: list[Row], until: int | None) -> dict[int, WindowReading]:
        """Readings after each period; what follows day `until` was not yet known at its end."""
        told, found = self.terms, {}
        for row in rows:
            period = told.periods(row.day)
            ends = told.periods(row.day + 1) > period or row.day >= told.terms.pause_days_max
            if row.paused is False or period == 0 or not (ends or row.extension_days):
                continue
            days = None if row.day == until else row.extension_days
            agreed = None if days is None else frozenset({self._agreed(row.day, days)})
            failed = None if row.day == until else row.relay_failed
            if agreed is not None or failed is not None:
                found[period] = WindowReading(agreed, failed)
        return found

    def _agreed(self, day: int, days: int) -> int:
        """Batches due on `days` further days."""
        more = self.terms.periods(day + days) - self.terms.periods(day)
        return max(more, 1) if days else 0

    def _last(self, rows: list[Row]) -> float:
        """Periods that the pause is known to have survived, with the part of one not yet over."""
        last = max((row.day for row in rows if row.paused is not False), default=0)
        period, due = self.terms.periods(last), self.terms.batch_days
        ends = due[period] - 1 if period < len(due) else self.terms.terms.pause_days_max
        if period == 0 or last >= ends:
            return period
        begins = due[period - 1]
        return period - 1 + (last - begins + 1) / (ends - begins + 1)

    def _periods(self) -> tuple[float, float] | None:
        days = self.pause_days
        if days is None:
            return None
        return float(self.terms.periods(days.low)), float(self.terms.periods(days.high))

    def _endings(self) -> frozenset[Ending] | None:
        words = self.terms.end.causes or self.rows[-1].end_reason
        if not words or "unknown" in words:
            return None
        return frozenset(ending for word in words for ending in CAUSES[word])

    def _left(self) -> tuple[float, float] | None:
        left = self.terms.end.captives_left
        return None if left is None else (left.low, left.high)


def _per_period(base: Scenario, period: float) -> dict[str, float]:
    """The base's daily gains, costs and hazards over a period of `period` days."""
    if math.isclose(period, 1.0):
        return {}
    p = base.symbols()
    return {
        "captor.pause_gain_per_day": period * p.g,
        "pausing_state.day_cost_base": period * p.k0 + p.k1 * period * (period - 1.0) / 2.0,
        "pausing_state.day_cost_growth": period * period * p.k1,
        "hazards.incident_per_day": 1.0 - (1.0 - p.beta) ** period,
    }


def _whole(came: Range, promised: Range | None) -> bool:
    return promised is not None and came.low >= promised.high > 0.0


def _split(whole: float) -> DayReading:
    return DayReading(whole, 1.0 - whole)


def _cell(value: Any) -> Any:
    if value is None or value == "" or value == ():
        import pandas as pd

        return pd.NA
    if isinstance(value, Range):
        return str(value)
    return "|".join(value) if isinstance(value, tuple) else value
