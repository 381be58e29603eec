"""Prediction: exact conditioning on the record, on any calendar, and back from batches to days."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

import ceasefire as cf
from ceasefire import truce
from ceasefire.calibration import (
    DELIVERED,
    carried_over,
    days_of_batches,
    log_likelihood,
    parse,
    predict,
    spread,
)
from ceasefire.errors import ArgumentError, SolveError

TERMS = """
schema_version = 1
name = "weekly"
title = "Invented: three a week for at most 42 days"
[terms]
eligible_captives = 33
first_block_captives = 9
first_block_days = 21
captives_per_extra_day = "0.428571428571"
pause_days_max = 42
chunk_days_max = 14
block_days_max = 21
[calendar]
batches = "weekly"
start = 2031-03-02
[prisoners_per_captive]
civilians = 30
soldiers = 50
[end]
ongoing = true
"""
RECORD = "day,promised,delivered,paused\n1,3,3,yes\n" + "".join(
    f"{day},,,yes\n" for day in range(2, 8)
)


@pytest.fixture(scope="module")
def november():
    from ceasefire import calibration

    return calibration.read("november-2023")


@pytest.fixture(scope="module")
def weekly():
    return parse(RECORD, TERMS)


@pytest.mark.parametrize("until", [0, 3, 4, 6])
def test_the_next_batch_has_the_ratio_of_two_likelihoods(november, until):
    eq = truce.solve(november.scenario())
    seen = november.observation(until=until, talks=False)
    more = {**seen.days, until + 1: DELIVERED}
    with_it = log_likelihood(eq, type(seen)(**{**vars(seen), "days": more})).total
    ratio = math.exp(with_it - log_likelihood(eq, seen).total)
    found = predict(november, until=until)
    assert found.next_batch.delivered == pytest.approx(ratio, rel=1e-10)
    assert found.log_evidence == pytest.approx(log_likelihood(eq, seen).total)


def test_before_the_first_day_the_prediction_is_the_course(november):
    eq = truce.solve(november.scenario())
    course = eq.course(block_days=4)
    found = predict(november, until=0)
    lengths = found.lengths.set_index("batches")["probability"]
    for days, chance in course.length.items():
        assert lengths.get(days, 0.0) == pytest.approx(chance, abs=1e-12)
    freed = 98.0 - course.mean_left
    assert found.captives.mean == pytest.approx(freed, rel=1e-9)
    assert found.batches["captives"].iloc[-1] == pytest.approx(freed, rel=1e-9)


def test_probabilities_sum_to_one_and_nothing_is_over_before_the_record(weekly):
    found = predict(weekly)
    for table in (found.lengths, found.further, found.endings):
        assert table["probability"].sum() == pytest.approx(1.0)
    assert found.freed == 3.0
    assert (found.lengths["days_low"] >= 7).all()
    assert found.days.low >= 7
    assert found.days.high <= 42
    assert (np.diff(found.batches["due"]) <= 1e-12).all()
    assert (found.batches["delivered"] <= found.batches["due"] + 1e-12).all()
    assert list(found.batches["day"]) == [8, 15, 22, 29, 36]
    assert str(found.next_batch.date) == "2031-03-09"


def test_batches_bring_what_they_bring_in_the_model_where_those_of_the_block_are_larger(november):
    found = predict(november, until=0)  # 50 in four batches, then ten a day
    size = [0.0, 12.5, 25.0, 37.5, 50.0, 60.0, 70.0, 80.0, 90.0, 98.0, 98.0]
    for number, mean in found.batches[["batch", "captives"]].to_numpy(dtype=float):
        brought = sum(m * size[min(w.delivered, int(number))] for w, m in found.ways.items())
        assert mean == pytest.approx(brought)
    assert found.freed_by_batch["high"].iloc[4] == pytest.approx(50.0)


def test_no_more_are_to_come_than_the_deal_still_owes():
    terms = TERMS.replace("first_block_captives = 9", "first_block_captives = 30")
    terms = terms.replace("= 33", '= "30-33"').replace('"0.428571428571"', "1.428571428571")
    found = predict(parse(RECORD.replace("1,3,3", "1,24,24"), terms))
    assert found.batches["captives"].iloc[0] == pytest.approx(3.0 * found.next_batch.delivered)
    assert found.freed == 24.0
    assert found.further["captives"].max() <= 9.0 + 1e-9
    assert (found.further["captives"] >= 0.0).all()
    assert found.freed_by_batch["high"].max() <= 33.0 + 1e-9


@pytest.mark.parametrize("day", [1, 4, 6])
def test_days_that_passed_since_the_last_batch_are_taken_off_its_risk(day):
    """One batch in a week of seven days at 2 % a day, on every day of which it is not over yet."""
    terms = TERMS.replace("pause_days_max = 42", "pause_days_max = 7")
    terms = terms.replace("first_block_days = 21", "first_block_days = 7")
    terms = terms.replace("chunk_days_max = 14", "chunk_days_max = 7").replace(
        "block_days_max = 21", "block_days_max = 7"
    )
    base = cf.load("november-2023").replace({"beta": 0.02})
    exchange = parse(RECORD.replace("1,3,3", "1,9,9"), terms)
    endings = predict(exchange, base, until=day).endings.set_index("cause")["probability"]
    assert endings["incident"] == pytest.approx(1.0 - 0.98 ** (7 - day), abs=1e-9)


def test_the_record_inside_a_period_is_as_likely_as_its_parts_say(weekly):
    """P(six days) = P(four days) P(two more | four): an incident comes on any day alike."""
    chance = {day: predict(weekly, until=day).log_evidence for day in (1, 2, 3, 6, 7)}
    steps = np.diff([chance[1], chance[2], chance[3]])
    assert steps[0] == pytest.approx(steps[1])
    beta = cf.load("november-2023").symbols().beta
    assert steps[0] == pytest.approx(math.log1p(-beta))
    assert chance[7] - chance[1] == pytest.approx(6.0 * math.log1p(-beta))


def test_after_smaller_batches_the_further_ones_of_the_block_bring_what_is_owed(november):
    """Nine in three weeks: one came in the first, so that four are owed in each of the others."""
    few = predict(parse(RECORD.replace("1,3,3", "1,1,1"), TERMS))
    assert few.batches["captives"].iloc[0] == pytest.approx(4.0 * few.next_batch.delivered)
    assert few.delivered(2) == predict(parse(RECORD, TERMS)).delivered(2)


def test_prisoners_go_by_the_ratios_of_the_categories(weekly):
    found = predict(weekly)
    told = found.captives
    mixed = found.prisoners({"civilians": 2, "soldiers": 1})
    assert mixed.mean == pytest.approx(told.mean * (2 * 30 + 50) / 3)
    unknown = found.prisoners()
    assert (unknown.low, unknown.high) == (
        pytest.approx(told.low * 30),
        pytest.approx(told.high * 50),
    )
    with pytest.raises(ArgumentError, match="mix"):
        found.prisoners({"civilans": 1})
    with pytest.raises(ArgumentError, match="mix"):
        found.prisoners({"civilians": math.nan, "soldiers": 1})


def test_draws_weigh_by_how_well_they_foretold_the_record(november):
    draws = pd.DataFrame({"pi0": [0.1, 0.4], "k0": [4.0, 5.5], "step": [1, 2]})
    mixed = predict(november, draws=draws, until=6)
    alone = [predict(november, draws=draws.iloc[[i]], until=6) for i in range(2)]
    evidence = np.array([math.exp(one.log_evidence) for one in alone])
    assert mixed.weights == pytest.approx(evidence / evidence.sum())
    chance = sum(w * one.next_batch.delivered for w, one in zip(mixed.weights, alone, strict=True))
    assert mixed.next_batch.delivered == pytest.approx(chance)
    assert math.exp(mixed.log_evidence) == pytest.approx(evidence.mean())
    with pytest.raises(ArgumentError, match="draws"):
        predict(november, draws=pd.DataFrame({"step": [1]}), until=6)


@pytest.mark.parametrize(
    "calendar",
    [
        'batches = "daily"',
        'batches = "weekly"',
        'batches = "every"\nevery_days = 5',
        'batches = "weekdays"\nweekdays = ["tue", "sat"]\nstart = 2031-03-02',
        'batches = "dates"\ndates = [2031-03-05, 2031-03-21]\nstart = 2031-03-02',
    ],
)
def test_days_of_batches_invert_the_calendar(calendar):
    terms = TERMS.replace('batches = "weekly"\nstart = 2031-03-02', calendar)
    told = parse("day,promised,delivered\n", terms).terms
    by_batches = {
        batches: [day for day in range(43) if told.periods(day) == batches]
        for batches in range(len(told.batch_days) + 1)
    }
    for batches, days in by_batches.items():
        if days:  # no pause is shorter than its first day, whose batch is due at once
            assert days_of_batches(told, batches) == (days[0], days[-1])
    with pytest.raises(ArgumentError):
        days_of_batches(told, len(told.batch_days) + 1)


def test_an_exchange_with_the_bases_terms_takes_its_values_as_they_are(november):
    base = cf.load("november-2023")
    assert carried_over(november, base).symbols() == november.scenario(base).symbols()


def test_worths_go_by_the_price_of_a_day(weekly):
    p, base = carried_over(weekly).symbols(), cf.load("november-2023").symbols()
    # captives that a period brings, times their worth, against what the period costs at the start
    here = p.v * p.x / (7 * base.k0)
    assert here == pytest.approx(base.v * base.x / base.k0, rel=1e-9)
    assert p.iota / p.W0 == pytest.approx(base.iota / base.W0)
    assert p.k1 * 42 / 49 == pytest.approx(base.k1 * 10)


def test_an_exchange_that_has_not_begun_and_whose_block_is_not_agreed_is_predicted():
    terms = TERMS.replace("first_block_days = 21\n", "")
    found = predict(parse("day,promised,delivered\n", terms))
    assert found.until == 0
    assert found.freed == 0.0
    assert sum(found.ways.values()) == pytest.approx(1.0)
    assert 0.0 <= found.next_batch.delivered <= 1.0


def test_a_pause_that_is_over_wants_a_day(november):
    with pytest.raises(ArgumentError, match="until"):
        predict(november)
    with pytest.raises(ArgumentError, match="until"):
        predict(november, until=9)


def test_a_record_that_cannot_be_is_a_failure_that_says_so(november):
    draws = pd.DataFrame({"l_hi": [0.0], "l_lo": [0.0]})
    with pytest.raises(SolveError, match="cannot be"):
        predict(november, draws=draws, until=5)


def test_quantiles_are_the_least_values_with_enough_below():
    values, chances = [3, 1, 2], [0.25, 0.5, 0.25]
    assert spread(values, chances, 0.5).low == 1
    assert spread(values, chances, 0.5).high == 2
    assert spread(values, chances, 0.9).high == 3
    assert spread(values, chances).mean == pytest.approx(1.75)


def test_a_record_that_goes_on_after_a_missed_batch_says_where_it_leaves_the_model():
    record = "day,promised,delivered,paused\n" + "".join(
        f"{day},{'3,0' if day == 1 else '3,3' if day == 8 else ','},yes\n" for day in range(1, 15)
    )
    with pytest.raises(SolveError, match="batch 1 was missed, which ends"):
        predict(parse(record, TERMS))
