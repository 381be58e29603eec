"""The daily record of an exchange (CSV): columns, checks, and rows as frozen data."""

from __future__ import annotations

import csv
import datetime as dt
from dataclasses import dataclass, replace
from io import StringIO
from typing import TYPE_CHECKING, Any

from ceasefire.calibration.ranges import RANGE_WORDS, Range
from ceasefire.calibration.terms import CAUSES
from ceasefire.errors import Fault, meant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ceasefire.calibration.terms import Terms

DELAYS = ("none", "hours", "list-dispute", "last-minute", "days", "not-met")
CONFIDENCES = ("high", "medium", "low")


@dataclass(frozen=True)
class Row:
    """One day of an exchange; None where nothing is known.

    Attributes
    ----------
    line : int
        Line of the file.
    day : int
        Pause day, counted from 1.
    date : date, optional
    promised, delivered, credited : Range, optional
        Captives due, freed, and counted as freed under the deal.
    prisoners : Range, optional
        Prisoners freed for them.
    delay : str
        One of ``DELAYS``, or empty.
    extension_days : int, optional
        Further days agreed after this day; 0: none began by agreement.
    relay_failed : bool, optional
        Whether the relay failed after this day.
    incident : str
        What happened besides, in words.
    paused : bool, optional
        Whether this was a day of the pause. No: what was demanded, and how it ended.
    end_reason : tuple of str
        Causes that may have ended the pause; words of ``CAUSES``.
    source, confidence, note : str
    """

    line: int
    day: int
    date: dt.date | None = None
    promised: Range | None = None
    delivered: Range | None = None
    credited: Range | None = None
    prisoners: Range | None = None
    delay: str = ""
    extension_days: int | None = None
    relay_failed: bool | None = None
    incident: str = ""
    paused: bool | None = None
    end_reason: tuple[str, ...] = ()
    source: str = ""
    confidence: str = ""
    note: str = ""


def _whole(least: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        number = int(text) if text.isdecimal() else -1
        if number < least:
            raise ValueError("not a whole number" if number < 0 else "too small")
        return number

    return read


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ValueError("not a date") from None


def _yes(text: str) -> bool:
    if text not in ("yes", "no"):
        raise ValueError("neither yes nor no")
    return text == "yes"


def _one_of(words: Iterable[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError("; ".join(filter(None, ("unknown word", meant(text, words)))))
        return text

    return read


def _causes(text: str) -> tuple[str, ...]:
    read = _one_of(CAUSES)
    return tuple(read(word.strip()) for word in text.split("|"))


# column -> how a cell is read, and what is allowed in words
COLUMNS: dict[str, tuple[Callable[[str], Any], str]] = {
    "day": (_whole(1), "a whole number from 1"),
    "date": (_date, "a date such as 2023-11-24"),
    "promised": (Range.parse, RANGE_WORDS),
    "delivered": (Range.parse, RANGE_WORDS),
    "credited": (Range.parse, RANGE_WORDS),
    "prisoners": (Range.parse, RANGE_WORDS),
    "delay": (_one_of(DELAYS), "one of " + ", ".join(DELAYS)),
    "extension_days": (_whole(0), "a whole number from 0"),
    "relay_failed": (_yes, "yes, no or blank"),
    "incident": (str, ""),
    "paused": (_yes, "yes, no or blank"),
    "end_reason": (_causes, "some of " + ", ".join(CAUSES) + ", separated by |"),
    "source": (str, ""),
    "confidence": (_one_of(CONFIDENCES), "one of " + ", ".join(CONFIDENCES)),
    "note": (str, ""),
}
REQUIRED = ("day", "promised", "delivered")


def parse(text: str) -> tuple[tuple[Row, ...], list[Fault]]:
    """Read a daily record; rows that could be read, and every fault."""
    text = text.removeprefix("\ufeff")
    reader = csv.reader(StringIO(text), strict=True)
    rows: list[Row] = []
    faults: list[Fault] = []
    try:
        first = next(reader, [])
        if text.startswith("sep=,"):  # as some spreadsheets write it
            first = next(reader, [])
        header = _trimmed([name.strip() for name in first])
        faults += _header_faults(header)
        if faults:
            return (), faults
        line = reader.line_num
        for cells in reader:
            if any(cell.strip() for cell in cells):
                row, wrong = _row(
                    header, _trimmed(cells, len(header)), reader.line_num, len(rows) + 1
                )
                faults += wrong
                rows.append(row)
            line = reader.line_num
    except csv.Error as error:
        what = str(error)
        if "unexpected end of data" in what:
            return (), [*faults, Fault("", None, "CSV", "a quote is never closed", line + 1)]
        return (), [*faults, Fault("", None, "CSV", what, reader.line_num)]
    return tuple(rows), faults


def _trimmed(cells: list[str], least: int = 0) -> list[str]:
    """Without the blank cells that spreadsheets write behind the last column."""
    while len(cells) > least and not cells[-1].strip():
        cells = cells[:-1]
    return cells


def _header_faults(header: Sequence[str]) -> list[Fault]:
    if not any(header):
        return [Fault("", None, ", ".join(REQUIRED), "has no header", 1)]
    if len(header) == 1 and (found := [mark for mark in (";", "\t") if mark in header[0]]):
        what = "cells are not separated by commas"
        return [Fault("", found[0], "a comma between cells", what, 1)]
    faults = []
    for name in dict.fromkeys(header):
        if not name:
            place = f"column {header.index(name) + 1}"
            faults.append(Fault(place, None, "a name", "has no name", 1))
        elif name not in COLUMNS:
            hint = meant(name, COLUMNS)
            allowed = "one of " + ", ".join(COLUMNS)
            faults.append(Fault(f"column {name}", None, allowed, "unknown column", 1, hint))
        elif header.count(name) > 1:
            faults.append(Fault(f"column {name}", None, "", "stands there twice", 1))
    missing = [name for name in REQUIRED if name not in header]
    return faults + [Fault(f"column {name}", None, "", "missing column", 1) for name in missing]


def _row(
    header: Sequence[str], cells: Sequence[str], line: int, number: int
) -> tuple[Row, list[Fault]]:
    faults = []
    if len(cells) != len(header):
        allowed = f"{len(header)} cells"
        faults.append(Fault(f"row {number}", len(cells), allowed, "wrong number of cells", line))
    values: dict[str, Any] = {}
    for name, cell in zip(header, cells, strict=False):
        text = cell.strip()
        if not text:
            continue
        read, allowed = COLUMNS[name]
        try:
            values[name] = read(text)
        except ValueError as error:
            message, _, hint = str(error).partition("; ")
            faults.append(Fault(f"row {number}, {name}", text, allowed, message, line, hint))
    if not any(name == "day" and cell.strip() for name, cell in zip(header, cells, strict=False)):
        faults.append(Fault(f"row {number}, day", None, COLUMNS["day"][1], "missing", line))
    return Row(line=line, day=values.pop("day", number), **values), faults


def faults_between(rows: Sequence[Row], terms: Terms | None) -> list[Fault]:
    """Faults that rows have among themselves, and against the terms where those are known."""
    if not rows:
        if terms is not None and terms.end.ongoing:  # agreed or talked about, not yet begun
            return []
        hint = "before the first day, say ongoing = true in [end] of the terms"
        return [Fault("", None, "a row a day", "has no rows", 1, hint)]
    faults = [*_order_faults(rows), *_course_faults(rows)]
    return faults + (_terms_faults(rows, terms) if terms is not None else [])


def _at(number: int, row: Row, column: str, got: object, allowed: str, message: str) -> Fault:
    return Fault(f"row {number}, {column}", got, allowed, message, row.line)


def _said(answer: bool | None) -> str | None:
    return None if answer is None else ("yes" if answer else "no")


def _order_faults(rows: Sequence[Row]) -> list[Fault]:
    faults = []
    first = next((row for row in rows if row.date is not None), None)
    for number, row in enumerate(rows, 1):
        expected = rows[number - 2].day + 1 if number > 1 else 1
        if row.day != expected:
            what = "days are not consecutive from 1"
            faults.append(_at(number, row, "day", row.day, str(expected), what))
        if row.date is None or first is None or first.date is None:
            continue
        date = first.date + dt.timedelta(days=row.day - first.day)
        if row.date != date:
            what = "dates and days do not agree"
            faults.append(_at(number, row, "date", str(row.date), str(date), what))
    return faults


def _course_faults(rows: Sequence[Row]) -> list[Fault]:
    faults, over = [], False
    for number, row in enumerate(rows, 1):
        last = number == len(rows)
        if row.end_reason and not last:
            words = "|".join(row.end_reason)
            faults.append(_at(number, row, "end_reason", words, "the last row", "ends too early"))
        if over and row.paused is not False:
            what = "the pause had ended before"
            faults.append(_at(number, row, "paused", _said(row.paused), "no", what))
        over = over or row.paused is False
        if row.paused is False and row.delivered is not None and row.delivered.low > 0.0:
            what = "captives came on a day that was no pause day"
            faults.append(_at(number, row, "delivered", str(row.delivered), "0", what))
        if row.paused is False and row.extension_days:
            what = "days agreed after the pause had ended"
            faults.append(_at(number, row, "extension_days", row.extension_days, "0", what))
        if row.relay_failed and row.extension_days:
            what = "days agreed though the relay failed"
            faults.append(_at(number, row, "extension_days", row.extension_days, "0", what))
    return faults


def _terms_faults(rows: Sequence[Row], terms: Terms) -> list[Fault]:
    faults, cap = [], terms.terms.pause_days_max
    pool, freed = terms.terms.eligible_captives.high, 0.0
    start = terms.calendar.start
    for number, row in enumerate(rows, 1):
        freed += row.delivered.low if row.delivered is not None else 0.0
        if freed > pool:
            what, got = "more delivered than the pool holds", str(row.delivered)
            allowed = f"at most {pool:g} in all"
            faults.append(_at(number, row, "delivered", got, allowed, what))
            break
        faults += _calendar_faults(number, row, terms)
        if row.paused is not False and row.day > cap:
            what = "beyond terms.pause_days_max"
            faults.append(_at(number, row, "day", row.day, f"at most {cap}", what))
        if row.extension_days and row.day + row.extension_days > cap:
            what, allowed = "agreed beyond terms.pause_days_max", f"at most {cap - row.day}"
            faults.append(_at(number, row, "extension_days", row.extension_days, allowed, what))
    if start is not None:
        faults += _start_faults(rows, start)
    faults += _end_faults(rows, terms)
    return faults


def _start_faults(rows: Sequence[Row], start: dt.date) -> list[Fault]:
    """Dates that the first day's does not lead to; one fault where all are off by as much."""
    faults, off = [], []
    what = "date and calendar.start do not agree"
    for number, row in enumerate(rows, 1):
        if row.date is None:
            continue
        date = start + dt.timedelta(days=row.day - 1)
        off.append((row.date - date).days)
        if off[-1]:
            faults.append(_at(number, row, "date", str(row.date), str(date), what))
    if len(faults) > 1 and len(set(off)) == 1:
        hint = f"all dates are {abs(off[0])} days off: is calendar.start right?"
        return [replace(faults[0], hint=hint)]
    return faults


def _calendar_faults(number: int, row: Row, terms: Terms) -> list[Fault]:
    """Captives on a pause day without a batch, which the count of batches would pass over."""
    if row.paused is False or row.day > terms.terms.pause_days_max or row.day in terms.batch_days:
        return []
    told = {"promised": row.promised, "delivered": row.delivered, "credited": row.credited}
    hint = "tell a late batch on the day it was due, with its delay; or list the dates of batches"
    what, allowed = "no batch is due on this day by the calendar", "0 or blank"
    return [
        Fault(f"row {number}, {name}", str(got), allowed, what, row.line, hint)
        for name, got in told.items()
        if got is not None and got.low > 0.0
    ]


def _end_faults(rows: Sequence[Row], terms: Terms) -> list[Fault]:
    number, row, end = len(rows), rows[-1], terms.end
    faults = []
    paused = sum(1 for each in rows if each.paused)
    known = sum(1 for each in rows if each.paused is not False)
    if end.ongoing and (row.end_reason or row.paused is False):
        what = "the pause ended here, but end.ongoing is true"
        faults.append(_at(number, row, "paused", _said(row.paused), "yes", what))
    if end.pause_days is not None and end.pause_days.high < paused:
        what = f"{paused} pause days, more than end.pause_days = {end.pause_days}"
        faults.append(_at(number, row, "paused", _said(row.paused), "no", what))
    if end.pause_days is not None and row.paused is False and end.pause_days.low > known:
        what = f"at most {known} pause days, fewer than end.pause_days = {end.pause_days}"
        faults.append(_at(number, row, "paused", "no", "yes", what))
    return faults
