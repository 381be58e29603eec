"""Files of an exchange: read, checked with row and column, and told in the model's periods."""

from __future__ import annotations

import dataclasses
import math
import pickle
import subprocess
import sys

import pytest
from click.testing import CliRunner

import ceasefire as cf
from ceasefire import calibration, data, truce
from ceasefire.calibration import (
    DELIVERED,
    MISSED,
    DataError,
    DayReading,
    Range,
    TalksReading,
    WindowReading,
)
from ceasefire.cli import main
from ceasefire.errors import ArgumentError
from ceasefire.truce import Ending

TERMS = """schema_version = 1
name = "made-up"
title = "A made-up exchange"

[terms]
eligible_captives = 60
first_block_captives = 30
first_block_days = 3
captives_per_extra_day = 10
pause_days_max = 10
"""
ROWS = """day,promised,delivered,extension_days,paused
1,10,10,,yes
2,10,10,,yes
3,10,10,1,yes
4,10,10,0,yes
"""


def rows(*lines: str, header: str = "day,promised,delivered,credited,paused") -> str:
    return "\n".join([header, *lines]) + "\n"


def faults(table: str = ROWS, terms: str = TERMS) -> list[str]:
    with pytest.raises(DataError) as caught:
        calibration.parse(table, terms)
    return [f"{fault.path}: {fault.message}" for fault in caught.value.faults]


def test_the_packaged_exchange_is_the_daily_record_with_its_sources():
    exchange = calibration.read("november-2023")
    daily = data.truce_2023()
    frame = exchange.frame()
    for ours, theirs in (
        ("promised", "planned_hostages"),
        ("delivered", "israeli_hostages_released"),
        ("credited", "hostages_credited_under_deal"),
        ("prisoners", "prisoners_released"),
    ):
        assert frame[ours].tolist() == [str(number) for number in daily[theirs]]
    assert [row.date for row in exchange.rows] == [day.date() for day in daily["date"]]
    assert all(row.source.startswith("http") and row.confidence for row in exchange.rows)
    assert {"terms.first_block_captives", "talks.deal", "end.captives_left"} <= set(
        exchange.terms.sources
    )
    # eight came on day 7 and ten were credited; on day 8 ten were demanded and none came
    assert (exchange.rows[6].delivered, exchange.rows[6].credited) == (Range(8, 8), Range(10, 10))
    assert (exchange.rows[7].promised, exchange.rows[7].delivered) == (Range(10, 10), Range(0, 0))


def test_the_packaged_exchange_has_the_terms_of_the_packaged_scenario():
    exchange, scenario = calibration.read("november-2023"), cf.load("november-2023")
    assert exchange.scenario().symbols() == scenario.symbols()
    assert exchange.pause_days == Range(7, 7)


def test_the_packaged_exchange_is_observed_as_reported():
    seen = calibration.read("november-2023").observation()
    assert seen.pilot is True
    assert seen.talks == TalksReading(frozenset({"deal"}), (28.0, 33.0), True)
    assert seen.block_days == 4
    assert [seen.days[day] for day in range(1, 7)] == [DELIVERED] * 6
    assert seen.days[7] == DayReading(0.5, 0.5)
    agreed = {day: set(window.agreed or ()) for day, window in seen.windows.items()}
    assert agreed == {1: {0}, 2: {0}, 3: {0}, 4: {2}, 5: {0}, 6: {1}, 7: {0}}
    assert (seen.pause_days, seen.captives_left) == ((7.0, 7.0), (18.0, 22.0))
    assert seen.endings is not None
    assert Ending.RENEGED not in seen.endings
    assert Ending.NO_LIST_WINDOW in seen.endings


def test_a_record_up_to_a_day_says_nothing_of_what_came_after_it():
    exchange = calibration.read("november-2023")
    seen = exchange.observation(until=4)
    assert (sorted(seen.days), sorted(seen.windows)) == ([1, 2, 3, 4], [1, 2, 3])
    assert seen.ongoing_after == 4
    assert seen.pause_days is seen.captives_left is seen.endings is None
    last = exchange.observation(until=7)
    assert last.ongoing_after == 7
    assert 7 not in last.windows
    assert exchange.observation(until=8) == exchange.observation()


def test_what_came_before_the_pause_can_be_taken_as_given():
    exchange = calibration.read("november-2023")
    given = exchange.observation(talks=False)
    assert given.given == {"pilot", "talks", "block"}
    scenario = exchange.scenario()
    whole = calibration.log_likelihood(scenario, exchange.observation())
    course = calibration.log_likelihood(scenario, given)
    early = whole.terms.set_index("part")["log_probability"].loc[["pilot", "talks", "block"]]
    assert course.total == pytest.approx(whole.total - early.sum(), abs=1e-12)


@pytest.mark.parametrize(
    ("row", "reading"),
    [
        ("1,10,10,,yes", DELIVERED),
        ("1,10,12,,yes", DELIVERED),
        ("1,10,0,,yes", MISSED),
        ("1,10,8,10,yes", DayReading(0.5, 0.5)),
        ("1,10,8,,yes", DayReading(0.5, 0.5)),
        ("1,10,8-10,,yes", DayReading(0.75, 0.25)),
        ("1,10-13,13,,yes", DELIVERED),
        ("1,10,,,yes", DayReading(1.0, 1.0)),
        ("1,10,,10,yes", DELIVERED),
        ("1,10,,,", None),
        ("1,,4,,yes", DELIVERED),
        ("1,,0,,yes", MISSED),
        ("1,10,0,,", DayReading(0.0, 1.0, over=1.0)),
    ],
)
def test_a_batch_is_read_by_what_was_promised_came_and_was_credited(row, reading):
    exchange = calibration.parse(rows(row), TERMS)
    assert exchange.observation().days.get(1) == reading


def test_a_record_that_goes_on_is_censored():
    terms = TERMS + "\n[end]\nongoing = true\n"
    exchange = calibration.parse(ROWS.replace("4,10,10,0,yes", "4,10,10,2,yes"), terms)
    seen = exchange.observation()
    assert exchange.pause_days is None
    assert (seen.ongoing_after, seen.pause_days) == (4, None)
    assert seen.windows[4] == WindowReading(frozenset({2}))
    outcomes = calibration.log_likelihood(exchange.scenario(), seen).outcomes
    assert outcomes["days"].min() >= 4
    assert outcomes["probability"].sum() == pytest.approx(1.0)


def test_a_day_that_may_have_been_a_pause_day_gives_a_range_of_lengths():
    exchange = calibration.parse(ROWS.replace("4,10,10,0,yes", "4,10,0,,"), TERMS)
    assert exchange.pause_days == Range(3, 4)
    # either the pause ended before day 4, or day 4 was a pause day on which nothing came
    seen = exchange.observation(talks=False)
    scenario = exchange.scenario().replace(c_hi=5)  # dear enough to be held back
    ended = dataclasses.replace(seen, pause_days=(3, 3))
    missed = dataclasses.replace(seen, pause_days=(4, 4), days=seen.days | {4: MISSED})
    either, *parts = (
        math.exp(calibration.log_likelihood(scenario, each).total) for each in (seen, ended, missed)
    )
    assert all(part > 0.0 for part in parts)
    assert either == pytest.approx(sum(parts), rel=1e-12)


def test_an_exchange_that_has_not_begun_has_terms_and_no_rows():
    begun = "day,promised,delivered\n"
    exchange = calibration.parse(begun, TERMS + "\n[end]\nongoing = true\n")
    assert exchange.frame().empty
    seen = exchange.observation(talks=False)
    assert (seen.days, seen.ongoing_after, seen.pause_days) == ({}, 0, None)
    found = calibration.log_likelihood(exchange.scenario(), seen)
    assert found.total == pytest.approx(0.0, abs=1e-12)  # all is to come
    talking = (
        '\n[talks]\ndays = 20\nblackout = true\noutcome = ["talking"]\n[end]\nongoing = true\n'
    )
    still = calibration.parse(begun, TERMS + talking)
    seen = still.observation()
    assert (seen.block_days, seen.ongoing_after) == (None, None)
    scenario = still.scenario()
    total = calibration.log_likelihood(scenario, seen).total
    whole = truce.solve(scenario)
    assert -5.0 < total - math.log(whole.pilot.open_probability) < 0.0


CALENDARS = {
    "weekly": ('batches = "weekly"', (1, 8, 15, 22, 29, 36), 7.0),
    "every": ('batches = "every"\nevery_days = 10', (1, 11, 21, 31, 41), 10.0),
    "weekdays": (
        'batches = "weekdays"\nweekdays = ["sun", "tue", "thu"]\nstart = 2025-01-19',
        (1, 3, 5, 8, 10, 12, 15, 17, 19, 22, 24, 26, 29, 31, 33, 36, 38, 40),
        42 / 18,
    ),
    "dates": (
        'batches = "dates"\nstart = 2025-01-19\ndates = [2025-01-19, 2025-01-25, 2025-02-01]',
        (1, 7, 14),
        14.0,
    ),
}


@pytest.mark.parametrize("name", CALENDARS)
def test_batches_fall_by_the_calendar_and_the_model_counts_in_them(name):
    text, days, period = CALENDARS[name]
    terms = f"""schema_version = 1
name = "long"
title = "Six weeks"
[terms]
eligible_captives = 60
first_block_captives = 33
first_block_days = 42
pause_days_max = 42
[calendar]
{text}
"""
    exchange = calibration.parse(rows("1,3,3,,yes"), terms)
    assert exchange.terms.batch_days == days
    assert exchange.terms.period_days == pytest.approx(period)
    scenario, base = exchange.scenario(), cf.load("november-2023")
    assert scenario.terms.pause_days_max == len(days)
    assert exchange.observation().block_days == len(days)
    assert scenario.terms.block_days_max == len(days)
    p, q = base.symbols(), scenario.symbols()
    assert q.g == pytest.approx(period * p.g)
    assert 1.0 - q.beta == pytest.approx((1.0 - p.beta) ** period)
    # the cost of the second period is that of its days
    if float(period).is_integer():
        second = sum(p.k0 + p.k1 * day for day in range(int(period), 2 * int(period)))
        assert q.k0 + q.k1 == pytest.approx(second)


def test_windows_of_a_weekly_calendar_stand_between_batches():
    terms = TERMS.replace("first_block_days = 3", "first_block_days = 14").replace(
        "= 10\n", "= 4\n"
    )
    terms = terms.replace("pause_days_max = 4", "pause_days_max = 42")
    terms += '\n[calendar]\nbatches = "weekly"\n[end]\nongoing = true\n'
    lines = [
        f"{day},{10 if day in (1, 8, 15) else ''},{10 if day in (1, 8, 15) else ''},"
        for day in range(1, 18)
    ]
    lines[13] += "7"
    exchange = calibration.parse(
        rows(*lines, header="day,promised,delivered,extension_days"), terms
    )
    seen = exchange.observation()
    assert seen.block_days == 2
    assert seen.windows == {2: WindowReading(frozenset({1}))}
    assert sorted(seen.days) == [1, 2, 3]
    assert seen.ongoing_after == pytest.approx(2 + 3 / 7)  # the third week is not over
    given = exchange.observation(talks=False)  # at these preferences no block would be agreed
    assert math.isfinite(calibration.log_likelihood(exchange.scenario(), given).total)


def test_captives_on_a_day_without_a_batch_are_a_fault_and_not_passed_over():
    terms = TERMS + '\n[calendar]\nbatches = "every"\nevery_days = 2\n[end]\nongoing = true\n'
    late = rows("1,10,10,,yes", "2,,10,,yes", "3,10,0,,yes")
    with pytest.raises(calibration.DataError, match=r"row 2, delivered: no batch is due") as found:
        calibration.parse(late, terms)
    assert "late batch on the day it was due" in str(found.value)
    told = calibration.parse(rows("1,10,10,,yes", "2,0,0,,yes", "3,10,0,,yes"), terms)
    assert sorted(told.observation().days) == [1, 2]


FAULTS = {
    "a word for a number": (rows("1,10,ten,,yes"), "row 1, delivered: not a number or range"),
    "a negative number": (rows("1,10,-3,,yes"), "row 1, delivered: not a number or range"),
    "a range backward": (rows("1,10,20-17,,yes"), "row 1, delivered: range runs backward"),
    "a missing day": (rows(",10,10,,yes"), "row 1, day: missing"),
    "a gap": (rows("1,10,10,,yes", "3,10,10,,yes"), "row 2, day: days are not consecutive from 1"),
    "a word for yes": (rows("1,10,10,,maybe"), "row 1, paused: neither yes nor no"),
    "after the end": (
        rows("1,10,0,,no", "2,10,10,,yes"),
        "row 2, paused: the pause had ended before",
    ),
    "captives after the end": (
        rows("1,10,10,,no"),
        "row 1, delivered: captives came on a day that was no pause day",
    ),
    "more than held": (
        rows("1,10,40,,yes", "2,10,40,,yes"),
        "row 2, delivered: more delivered than the pool holds",
    ),
    "too few cells": (rows("1,10"), "row 1: wrong number of cells"),
    "no rows": ("day,promised,delivered\n", ": has no rows"),
    "empty": ("", ": has no header"),
    "semicolons": ("day;promised;delivered\n1;10;10\n", ": cells are not separated by commas"),
    "an unknown column": ("day,promised,delivred\n1,2,3\n", "column delivred: unknown column"),
    "a column twice": ("day,promised,delivered,day\n1,2,3,1\n", "column day: stands there twice"),
    "beyond the cap": (
        "day,promised,delivered,extension_days\n1,10,10,12\n",
        "row 1, extension_days: agreed beyond terms.pause_days_max",
    ),
    "an end before the end": (
        "day,promised,delivered,end_reason\n1,10,10,incident\n2,10,10,\n",
        "row 1, end_reason: ends too early",
    ),
    "an unknown cause": (
        "day,promised,delivered,end_reason\n1,10,10,incidents|missed\n",
        "row 1, end_reason: unknown word",
    ),
    "dates that jump": (
        "day,date,promised,delivered\n1,2023-11-24,1,1\n2,2023-11-26,1,1\n",
        "row 2, date: dates and days do not agree",
    ),
    "no date": ("day,date,promised,delivered\n1,24.11.2023,1,1\n", "row 1, date: not a date"),
    "an open quote": ('day,promised,delivered\n1,"2,3\n', ": a quote is never closed"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_the_record_names_row_and_column(name):
    table, expected = FAULTS[name]
    assert expected in faults(table)


TERMS_FAULTS = {
    "terms.pause_days_maximum: unknown key": TERMS.replace("pause_days_max", "pause_days_maximum"),
    "terms.pause_days_max: missing": TERMS.replace("pause_days_max = 10\n", ""),
    "terms.first_block_days: longer than the pause": TERMS.replace("_days = 3", "_days = 30"),
    "terms.first_block_captives: first block larger than the pool, or nothing": TERMS.replace(
        "captives = 30", "captives = 90"
    ),
    'calendar: batches = "weekdays" needs weekdays': TERMS
    + '[calendar]\nbatches = "weekdays"\nstart = 2025-01-19\n',
    "talks.deal: before talks.started": TERMS
    + "[talks]\nstarted = 2023-11-01\ndeal = 2023-10-01\n",
    "end.pause_days: longer than the cap": TERMS + "[end]\npause_days = 30\n",
    "end: a pause that goes on has no pause_days, captives_left or causes": TERMS
    + "[end]\nongoing = true\npause_days = 3\n",
    "terms.eligible_captives: not a number or range": TERMS.replace("= 60", '= "many"'),
}


@pytest.mark.parametrize("expected", TERMS_FAULTS)
def test_a_fault_of_the_terms_names_its_key(expected):
    assert expected in faults(terms=TERMS_FAULTS[expected])


def test_all_faults_of_both_files_come_at_once_with_their_lines(tmp_path):
    (tmp_path / "x.csv").write_text(rows("1,10,ten,,yes", "2,10,10,,maybe", "4,10,10,,yes"))
    (tmp_path / "x.toml").write_text(TERMS.replace("pause_days_max = 10", "pause_days_max = 0"))
    with pytest.raises(DataError) as caught:
        calibration.read(tmp_path / "x.csv")
    text = str(caught.value)
    assert f"{tmp_path / 'x.csv'}:2: row 1, delivered: not a number or range; got 'ten'" in text
    assert f"{tmp_path / 'x.csv'}:3: row 2, paused" in text
    assert f"{tmp_path / 'x.csv'}:4: row 3, day" in text
    assert f"{tmp_path / 'x.toml'}:10: terms.pause_days_max" in text
    assert len(caught.value.faults) == 4
    assert str(pickle.loads(pickle.dumps(caught.value))) == text
    assert calibration.check(tmp_path / "x.csv") == list(caught.value.faults)


def test_the_command_reports_faults_and_exits_with_one(tmp_path):
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    for file, table in ((good, ROWS), (bad, ROWS.replace("2,10,10", "2,10,x"))):
        file.write_text(table)
        file.with_suffix(".toml").write_text(TERMS)
    fine = CliRunner().invoke(main, ["data", "check", str(good)])
    assert (fine.exit_code, "fine" in fine.output) == (0, True)
    wrong = CliRunner().invoke(main, ["data", "check", str(bad)])
    assert wrong.exit_code == 1
    assert "bad.csv:3: row 2, delivered: not a number or range" in wrong.output
    alone = tmp_path / "alone.csv"
    alone.write_text(ROWS)
    assert CliRunner().invoke(main, ["data", "check", str(alone)]).exit_code == 1
    assert CliRunner().invoke(main, ["data", "check", str(tmp_path / "no.csv")]).exit_code == 2


def test_an_unknown_exchange_is_refused_with_a_hint():
    with pytest.raises(ArgumentError, match="did you mean november-2023"):
        calibration.read("november-2024")


def test_earlier_exchanges_are_a_tidy_table_with_source_and_confidence():
    table = calibration.historical()
    assert len(table) == len(data.historical_exchanges())
    assert table.loc["iran_1979", "stage_captives"] == (13, 1, 52)
    assert table["confidence"].notna().all()
    assert table["sources"].str.contains("http").all()
    known = table.dropna(subset=["talks_days_low", "talks_days_high"])
    assert (known["talks_days_low"] <= known["talks_days_high"]).all()
    assert table.loc["jibril_1985", "talks_days_high"] == pytest.approx(730.5)


def test_ranges_read_back_what_they_write():
    for text in ("0", "8", "17-20", "1.5-2.25"):
        assert str(Range.parse(text)) == text
    with pytest.raises(ValueError):
        Range.parse(True)


def test_importing_every_module_of_the_room_hides_no_public_name():
    program = """
import importlib, pkgutil
from ceasefire import calibration
for module in pkgutil.iter_modules(calibration.__path__):
    importlib.import_module(f"ceasefire.calibration.{module.name}")
for name in calibration.__all__:
    value = getattr(calibration, name)
    assert type(value).__name__ != "module", name
    assert value.__doc__, name
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_is_odd_is_said_and_no_fault(tmp_path):
    from ceasefire.calibration.remarks import remarks

    terms = TERMS + "[prisoners_per_captive]\nall = 3\n[end]\nongoing = true\n"
    header = "day,promised,delivered,credited,prisoners"
    table = rows("1,10,12,,30", "2,11,8,11,33", "3,10,10,,31", header=header)
    told = remarks(calibration.parse(table, terms))
    assert [one.partition(" ")[0] for one in told] == ["31", "row", "row"]
    assert "12 delivered, more than the 10 promised" in told[1]
    assert "31 prisoners for 10 captives, more than 3 each" in told[2]
    (tmp_path / "odd.csv").write_text(table, encoding="utf-8")
    (tmp_path / "odd.toml").write_text(terms, encoding="utf-8-sig")  # as Notepad writes it
    done = CliRunner().invoke(main, ["data", "check", str(tmp_path / "odd.csv")])
    assert done.exit_code == 0
    assert done.output.count("look again") == 3


def test_listed_dates_reach_to_the_cap_and_not_beyond_it():
    from ceasefire.calibration.remarks import remarks

    listed = "dates = [2025-01-01, 2025-01-03, 2025-01-04]\n"
    terms = TERMS + '[calendar]\nbatches = "dates"\nstart = 2025-01-01\n' + listed
    terms += "[end]\nongoing = true\n"
    table = rows("1,10,10,,yes")
    assert "last 6 days" in remarks(calibration.parse(table, terms))[0]
    assert remarks(calibration.parse(table, terms.replace("01-04]", "01-07]"))) == ()
    beyond = terms.replace("01-04]", "01-14]")
    assert "calendar.dates: a batch beyond terms.pause_days_max" in faults(table, beyond)


def test_dates_that_are_all_off_are_told_once():
    terms = TERMS + "[calendar]\nstart = 2025-01-01\n[end]\nongoing = true\n"
    table = rows("1,10,10,2025-02-01", "2,10,10,2025-02-02", "3,10,10,2025-02-03",
                 header="day,promised,delivered,date")  # fmt: skip
    told = faults(table, terms)
    assert told == ["row 1, date: date and calendar.start do not agree"]
    assert len(faults(table.replace("02-03", "02-04"), terms)) > 2


def test_what_spreadsheets_write_is_read_or_named_where_it_stands():
    terms = TERMS + "[end]\nongoing = true\n"
    table = "sep=,\nday,promised,delivered\n1,10,10\n"
    assert len(calibration.parse(table, terms).rows) == 1
    open_quote = 'day,promised,delivered,note\n1,10,10,\n2,10,10,"late\n3,10,10,\n'
    with pytest.raises(calibration.DataError, match=r"3: .*quote is never closed"):
        calibration.parse(open_quote, terms)


def test_a_missing_row_is_told_once_and_blank_cells_at_the_end_are_passed_over():
    gap = rows("1,10,10,,yes", "3,,,,yes", "4,,,,yes", "5,,,,yes")
    assert faults(gap) == ["row 2, day: days are not consecutive from 1"]
    terms = TERMS + "[end]\nongoing = true\n"
    table = "day,promised,delivered,,\n1,10,10,,\n2,10,10,,\n"
    assert len(calibration.parse(table, terms).rows) == 2
    assert "column 2: has no name" in faults("day,,promised,delivered\n1,,2,3\n")
