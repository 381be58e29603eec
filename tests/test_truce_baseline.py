"""MODEL.md section 5: the baseline's numbers, to 1e-3 or to the digits printed there."""

from __future__ import annotations

import pytest

from ceasefire import truce
from ceasefire.status import Status
from ceasefire.truce.comparison import FRICTIONS


def test_the_pilot_screens(eq):
    assert eq.pilot.matched == pytest.approx(0.281, abs=1e-3)
    assert eq.trust == pytest.approx(0.471, abs=1e-3)
    assert eq.pilot.open_probability_without == pytest.approx(0.149, abs=1e-3)
    assert eq.pilot.open_probability == pytest.approx(0.983, abs=1e-3)


def test_talks_reach_a_deal_after_about_a_month(eq):
    assert eq.talks.deal_probability == pytest.approx(0.784, abs=1e-3)
    assert eq.talks.mean_days == pytest.approx(30.8, abs=0.05)


def test_the_block_is_four_days(eq):
    assert eq.block["nash_product"].tolist()[:6] == pytest.approx(
        [36.3, 41.2, 43.8, 44.3, 43.1, 39.8], abs=0.05
    )
    assert eq.block_days == 4
    assert eq.status is Status.OK


@pytest.mark.parametrize(
    ("held", "day", "trust", "needed", "best", "goes_on"),
    [
        pytest.param(48, 4, 0.470972, 0.130, 2, 0.960, id="after-day-4"),
        pytest.param(28, 6, 0.470972, 0.390, 1, 0.953, id="after-day-6"),
        pytest.param(18, 7, 0.626561, 0.640, 1, 0.370, id="after-day-7"),
    ],
)
def test_windows_on_the_course(eq, held, day, trust, needed, best, goes_on):
    assert eq.trust_needed(held=held, day=day) == pytest.approx(needed, abs=1e-3)
    window = eq.values(held, day, trust)
    assert window.best_chunk == best
    assert window.goes_on == pytest.approx(goes_on, abs=1e-3)


def test_the_path_is_four_two_one_with_trust_rising_only_on_day_seven(eq):
    path = eq.path()
    windows = path[path["stage"] == "window"]
    assert windows["day"].tolist() == [4, 6, 7]
    assert windows["held_captives"].tolist() == [48, 28, 18]
    assert windows["trust_held"].tolist() == pytest.approx([0.471, 0.471, 0.627], abs=1e-3)
    assert windows["offer_probability"].iloc[-1] == pytest.approx(0.386, abs=1e-3)
    days = path[path["stage"] == "day"].set_index("day")
    assert days["opportunist_delivers"].loc[1:6].tolist() == [1.0] * 6
    assert days["opportunist_delivers"].loc[7] == pytest.approx(0.531, abs=1e-3)


def test_the_course_ends_on_day_seven_with_eighteen_left(eq):
    course = eq.course()
    lengths = {7: 0.563, 8: 0.176, 6: 0.104, 4: 0.081}
    assert {day: round(course.length[day], 3) for day in lengths} == lengths
    assert course.modal_days == 7
    assert course.left.idxmax() == 18
    assert course.left[18] == pytest.approx(0.446, abs=1e-3)
    assert course.chunks.index[0] == "4-2-1"
    assert course.chunks.iloc[0] == pytest.approx(0.401, abs=1e-3)


DECOMPOSITION = {
    "baseline": (0.563, 0.176),
    "without retention slope": (0.623, 0.120),
    "without uncertain list": (0.651, 0.205),
    "without loss of momentum": (0.519, 0.230),
    "without shocks": (0.657, 0.207),
    "without distrust": (0.152, 0.631),
    "all off": (0.0, 1.0),
}


@pytest.fixture(scope="module")
def decomposition(baseline):
    return truce.decompose(baseline)


@pytest.mark.parametrize("case", DECOMPOSITION)
def test_what_ends_it_one_friction_off_at_a_time(decomposition, case):
    found = tuple(decomposition.lengths.loc[case, [7, 8]])
    assert found == pytest.approx(DECOMPOSITION[case], abs=1e-3)


def test_each_friction_alone_is_listed_and_distrust_alone_bites(decomposition):
    alone = [case for case in decomposition.table.index if case.startswith("only ")]
    assert alone == [f"only {friction.name}" for friction in FRICTIONS]
    means = decomposition.table["mean_days"]
    assert means["only distrust"] < means["all off"] - 0.1


@pytest.mark.parametrize(("noise", "seven"), [(0.1, 0.571), (0.02, 0.577)])
def test_purification_hardly_moves_the_course(baseline, noise, seven):
    sharper = truce.solve(baseline.replace(s=noise))
    assert sharper.course(trust=0.471, block_days=4).length[7] == pytest.approx(seven, abs=1e-3)


def test_with_strong_noise_the_block_drops_to_three_days(baseline):
    assert truce.solve(baseline.replace(s=1.0)).block_days == 3
