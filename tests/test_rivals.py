"""Rivals of the model: prequential, scored alike, and winning where they should."""

from __future__ import annotations

import math

import numpy as np
import pytest

import ceasefire as cf
from ceasefire import truce
from ceasefire.calibration import (
    DELIVERED,
    MISSED,
    Observation,
    RivalScores,
    Watched,
    compare_rivals,
    log_likelihood,
    predict,
    read,
    watch_exchange,
    watch_simulated,
)
from ceasefire.calibration.rivals import COMPLETE, FIXED, FULL, HISTORY, MEMORYLESS, NO_SLOPE
from ceasefire.errors import ArgumentError

GIVEN = frozenset({"pilot", "talks", "block"})


@pytest.fixture(scope="module")
def november():
    return read("november-2023")


@pytest.fixture(scope="module")
def scored(november):
    return compare_rivals(november)


def test_the_full_model_forecasts_what_predict_says(november, scored):
    told = scored.table[scored.table["rival"] == FULL].set_index("batch")["predicted"]
    for until in (0, 4, 7):
        expected = predict(november, until=until).next_batch.delivered
        assert told[until + 1] == pytest.approx(expected)


def test_the_record_is_watched_without_what_came_later(november):
    course = watch_exchange(november)
    assert course.came == (1.0,) * 6 + (0.5, 0.0)
    assert course.length == 7
    for done, seen in enumerate(course.seen):
        assert max(seen.days, default=0) == done
        assert max(seen.windows, default=0) < max(done, 1)
        assert seen.pause_days is None
        assert seen.endings is None
        assert seen.captives_left is None


def test_the_learning_rate_is_the_rule_of_jeffreys(scored):
    told = scored.table[scored.table["rival"] == MEMORYLESS]["predicted"].tolist()
    assert told[:3] == pytest.approx([0.5, 1.5 / 2.0, 2.5 / 3.0])
    assert told[7] == pytest.approx((0.5 + 6.5) / 8.0)


def test_a_fixed_length_deal_knows_the_days_agreed_so_far(scored):
    told = scored.table[scored.table["rival"] == FIXED]["predicted"].tolist()
    assert told == pytest.approx([0.95] * 4 + [0.05, 0.95, 0.05, 0.05])


def test_history_has_one_rate_and_the_summary_adds_up(scored):
    table, summary = scored.table, scored.summary().set_index("rival")
    assert table.loc[table["rival"] == HISTORY, "predicted"].nunique() == 1
    assert summary["log_score"].is_monotonic_decreasing
    full = summary.loc[FULL, "log_score"]
    assert summary["behind"].tolist() == pytest.approx((full - summary["log_score"]).tolist())
    assert math.isnan(summary.loc[FULL, "error"])


def test_the_sceptics_win_on_the_record_is_said(scored):
    """On November 2023 the slope of retention does not pay for itself, and the verdict says so."""
    behind = scored.summary().set_index("rival")["behind"]
    assert -0.2 < behind[NO_SLOPE] < 0.0
    assert f"it loses to {NO_SLOPE} by {-behind[NO_SLOPE]:.2f}" in scored.verdict
    assert "one course cannot settle" in scored.verdict


def test_a_difference_of_nothing_is_no_win(scored):
    table = scored.table[scored.table["rival"].isin([FULL, MEMORYLESS])].copy()
    full = table.loc[table["rival"] == FULL, "log_score"].to_numpy()
    table.loc[table["rival"] == MEMORYLESS, "log_score"] = full - 1e-6
    verdict = RivalScores(table).verdict
    assert f"it cannot be told from {MEMORYLESS}" in verdict
    assert "it beats" not in verdict


def test_the_scores_of_the_batches_are_those_of_the_chances(scored):
    row = scored.table[(scored.table["rival"] == FULL) & (scored.table["batch"] == 7)].iloc[0]
    p = row["predicted"]
    assert row["log_score"] == pytest.approx(0.5 * math.log(p) + 0.5 * math.log(1 - p))
    assert row["brier"] == pytest.approx(0.5 * (1 - p) ** 2 + 0.5 * p**2)


def test_on_its_own_truces_the_full_model_beats_complete_information():
    scenario = cf.load("november-2023")
    courses = watch_simulated(scenario, 12, np.random.default_rng(3))
    found = compare_rivals(courses, scenario, rivals=[COMPLETE, MEMORYLESS])
    behind = found.summary().set_index("rival")["behind"]
    assert behind[COMPLETE] > 0.0
    assert behind[MEMORYLESS] > 0.0
    assert "no rival does better" in found.verdict


def test_where_the_world_has_no_memory_the_memoryless_rival_wins():
    rng, courses = np.random.default_rng(5), []
    for number in range(15):
        length = min(int(rng.geometric(0.35)), 9)  # the batch that does not come
        days = dict.fromkeys(range(1, length), DELIVERED) | {length: MISSED}
        seen = tuple(
            Observation(
                given=GIVEN,
                block_days=4,
                ongoing_after=day,
                days={one: reading for one, reading in days.items() if one <= day},
            )
            for day in range(length)
        )
        courses.append(Watched(str(number), seen, (1.0,) * (length - 1) + (0.0,), length, 10))
    found = compare_rivals(courses, cf.load("november-2023"), rivals=[MEMORYLESS])
    assert found.summary()["rival"].iloc[0] == MEMORYLESS
    assert f"it loses to {MEMORYLESS}" in found.verdict


def test_simulated_courses_are_told_day_by_day_with_their_chances():
    """The product of chances of a course's batches is the likelihood of what was seen of them."""
    scenario = cf.load("november-2023")
    (course,) = watch_simulated(scenario, 1, np.random.default_rng(1))
    eq = truce.solve(scenario)
    table = compare_rivals([course], scenario, rivals=[]).table
    seen = course.seen[0]
    day = type(seen)(**{**vars(seen), "days": {1: DELIVERED}})
    assert table["predicted"][0] == pytest.approx(math.exp(log_likelihood(eq, day).total))


def test_unknown_rivals_and_no_courses_are_refused(november):
    with pytest.raises(ArgumentError, match="rivals"):
        compare_rivals(november, rivals=["oracle"])
    with pytest.raises(ArgumentError, match="courses"):
        compare_rivals([])


def test_after_a_day_that_an_incident_ended_nothing_is_forecast(november):
    from ceasefire.calibration import Exchange

    rows = november.rows[:3]
    last = rows[-1].__class__(line=4, day=3, paused=False, end_reason=("incident",))
    end = november.terms.end.model_copy(update={"pause_days": None, "captives_left": None})
    ended = Exchange(november.terms.model_copy(update={"end": end}), (*rows[:2], last))
    assert ended.pause_days.high == 2
    course = watch_exchange(ended)
    assert (len(course.seen), course.length) == (2, 2)
    scores = compare_rivals(ended).table
    assert np.isfinite(scores["length_log_score"]).all()
