"""Day-by-day compliance: closed forms against the engines of repeated games."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceasefire.bargaining import DailyCompliance, Inspectors, NoisySurveillance
from ceasefire.errors import ArgumentError
from ceasefire.status import Status

# THEORY.md G1: (T, R, P), days (None: for ever), threshold
REVERSION = [
    pytest.param((5, 3, 1), "grim", 0.5, id="531"),
    pytest.param((6, 4, 2), "grim", 0.5, id="642"),
    pytest.param((10, 9, 3), "grim", 1 / 7, id="10 9 3"),
    pytest.param((5, 3, 1), 2, 0.618033989, id="two days"),
    pytest.param((5, 3, 1), 3, 0.543689013, id="three days"),
    pytest.param((6, 4, 1), 2, 0.457427108, id="641 two days"),
]


def both_sides(payoffs, **options):
    side = (*payoffs, payoffs[-1] - 1)
    return DailyCompliance(side, side, Fraction(9, 10), **options)


@pytest.mark.parametrize(("payoffs", "punishment", "threshold"), REVERSION)
def test_thresholds_are_those_of_the_page(payoffs, punishment, threshold):
    model = both_sides(payoffs, punishment=punishment)
    for found in (model.closed_form(), model.solve()):
        assert found.critical_discount == pytest.approx(threshold, abs=5.1e-10)
        assert found.certificate.passed
        assert found.complies


def test_one_day_of_punishment_never_serves_where_the_temptation_is_as_large():
    model = both_sides((5, 3, 1), punishment=1)
    for found in (model.closed_form(), model.solve()):
        assert found.critical_discount == 1
        assert found.status is Status.NEVER
        assert not found.complies
        assert found.certificate.passed
    hopeless = both_sides((9, 3, 1), punishment=2)  # not even at delta = 1
    for found in (hopeless.closed_form(), hopeless.solve()):
        assert math.isnan(found.critical_discount)
        assert found.status is Status.NEVER


def test_where_nobody_is_tempted_the_threshold_is_zero():
    model = both_sides((3, 4, 1))
    for found in (model.closed_form(), model.solve(), model.replace(punishment="optimal").solve()):
        assert found.critical_discount == 0
        assert found.binding == ()


# THEORY.md G7: captor (T, R, P), pausing state, with transfers, without
POOLED = [
    pytest.param((5, 4, 1), (4, 1, 0.5), 0.533333333, 0.857142857, id="4 1"),
    pytest.param((6, 2, 0), (2.5, 2, 0), 0.529411765, 0.666666667, id="2 2"),
    pytest.param((5, 3, 1), (5, 3, 1), 0.5, 0.5, id="symmetric"),
]


@pytest.mark.parametrize(("captor", "pausing", "pooled", "alone"), POOLED)
def test_balancing_payments_pool_incentives(captor, pausing, pooled, alone):
    model = DailyCompliance((*captor, -1), (*pausing, -1), Fraction(9, 10))
    for transfers, threshold in ((True, pooled), (False, alone)):
        one = model.replace(transfers=transfers)
        for found in (one.closed_form(), one.solve()):
            assert found.critical_discount == pytest.approx(threshold, abs=5.1e-10)
            assert found.certificate.passed


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.integers(1, 9), min_size=8, max_size=8), st.sampled_from(["grim", 1, 2, 5]),
    st.booleans(),
)  # fmt: skip
def test_the_engine_finds_the_closed_form(steps, punishment, transfers):
    sides = []
    for a, b, c, d in (steps[:4], steps[4:]):
        sides.append((a + b + c + d, b + c + d, c + d, d))  # T > R > P > S
    model = DailyCompliance(*sides, Fraction(9, 10), punishment, transfers)
    closed, found = model.closed_form(), model.solve()
    assert found.critical_discount == pytest.approx(closed.critical_discount, abs=1e-9, nan_ok=True)
    assert closed.certificate.passed
    assert found.certificate.passed
    assert found.days_needed == closed.days_needed


def test_days_needed_are_the_fewest_that_serve_at_the_discount_factor_held():
    model = DailyCompliance((5, 4, 1, 0), (4, 1, 0.5, 0), 0.9)
    days = model.closed_form().days_needed
    assert days == 11
    assert model.replace(punishment=11).closed_form().complies
    assert not model.replace(punishment=10).closed_form().complies


# THEORY.md G5: u, d, p, q, delta, T; V, and the slack where it is printed
TRIGGERS = [
    pytest.param((2, 1, 0.9, 0.5, 0.95), 5, 1.39878117, 0.07024377, id="1"),
    pytest.param((2, 1, 0.9, 0.5, 0.9), 3, 1.60784629, None, id="2"),
    pytest.param((4, 1, 0.8, 0.5, 0.95), 10, 1.58428414, None, id="3"),
]


@pytest.mark.parametrize(("numbers", "days", "value", "slack"), TRIGGERS)
def test_trigger_values_are_those_of_the_page(numbers, days, value, slack):
    model = NoisySurveillance(*numbers, punishment_days=days)
    for found in (model.closed_form(), model.solve()):
        assert found.trigger_value == pytest.approx(value, abs=5.1e-9)
        assert found.certificate.passed
        if slack is not None:
            assert found.slack == pytest.approx(slack, abs=5.1e-9)


# THEORY.md G5, Kandori: noise, best trigger value
@pytest.mark.parametrize(
    ("noise", "value", "days"),
    [(0, 1.68740772, 2), (0.05, 1.58812086, 2), (0.1, 1.34428703, 3)],
)
def test_blind_hours_lower_the_best_trigger_value(noise, value, days):
    model = NoisySurveillance(2, 1, 0.9, 0.5, 0.95, blind_hours=48 * noise)
    for found in (model.closed_form(), model.solve()):
        assert found.trigger_value == pytest.approx(value, abs=5.1e-9)
        assert found.trigger_days == days


def test_the_best_symmetric_equilibrium_does_not_depend_on_patience_once_it_is_there():
    model = NoisySurveillance(2, 1, 0.9, 0.5, 0.95)
    least = 1 / 1.7  # d / (p d + (p - q) u)
    for found in (model.closed_form(), model.solve()):
        assert found.best_value == pytest.approx(1.75)  # u - d (1 - p) / (p - q)
        assert found.least_discount == pytest.approx(least, abs=2e-10)
    for delta, value in ((least + 1e-6, 1.75), (least - 1e-6, 0.0)):
        one = model.replace(discount_per_day=delta)
        assert one.closed_form().best_value == pytest.approx(value)
        assert one.solve().best_value == pytest.approx(value)


def test_a_watch_that_sees_too_little_keeps_nothing():
    model = NoisySurveillance(2, 1, 0.9, 0.87, 0.95)
    for found in (model.closed_form(), model.solve()):
        assert found.status is Status.NO_DEAL
        assert found.best_value == found.trigger_value == 0
        assert math.isnan(found.least_discount)
        assert found.certificate.passed
    assert "nobody complies" in model.answer()


@settings(max_examples=8, deadline=None)
@given(
    st.floats(0.5, 5), st.floats(0.1, 2), st.floats(0.55, 0.99), st.floats(0.05, 0.5),
    st.floats(0.3, 0.98), st.floats(0, 12),
)  # fmt: skip
def test_engines_and_formulas_agree_on_any_watch(u, d, p, q, delta, hours):
    model = NoisySurveillance(u, d, p, q, delta, hours)
    closed, found = model.closed_form(), model.solve()
    assert found.best_value == pytest.approx(closed.best_value, abs=1e-8 * u)
    assert found.trigger_days == pytest.approx(closed.trigger_days, nan_ok=True)
    assert found.trigger_value == pytest.approx(closed.trigger_value, abs=1e-9 * u)
    assert closed.trigger_value <= closed.best_value + 1e-9 * u


# THEORY.md G6: two signals have rank 2 of 3, three that name the deviator have rank 3
def test_names_make_patient_parties_efficient_and_coins_do_not():
    blind = Inspectors(2, 1, 0.9, 0.5, accuracy=0)
    for found in (blind.closed_form(), blind.solve()):
        assert found.limit_value == pytest.approx(1.75, abs=1e-8)
        assert found.failing == ("(comply, comply), 1 and 2: rank 2 of 3, fails",)
    told = Inspectors(2, 1, 0.9, 0.5, accuracy=Fraction(1, 100))
    for found in (told.closed_form(), told.solve()):
        assert found.limit_value == pytest.approx(2, abs=1e-7)
        assert found.anonymous_value == pytest.approx(1.75, abs=1e-8)
        assert found.failing == ()


@pytest.mark.parametrize(
    ("build", "field"),
    [
        (lambda: DailyCompliance((5, 3, 1), (5, 3, 1, 0), 0.9), "captor"),
        (lambda: DailyCompliance((5, 1, 3, 0), (5, 3, 1, 0), 0.9), "captor"),
        (lambda: DailyCompliance((5, 3, 1, 0), (5, 3, 1, 0), 1.0), "discount_per_day"),
        (lambda: DailyCompliance((5, 3, 1, 0), (5, 3, 1, 0), 0.9, 0), "punishment"),
        (lambda: DailyCompliance((5, 3, 1, 0), (5, 3, 1, 0), 0.9, "mild"), "punishment"),
        (lambda: DailyCompliance((5, 3, 1, math.nan), (5, 3, 1, 0), 0.9), "captor.sucker"),
        (lambda: NoisySurveillance(2, 1, 0.5, 0.9, 0.9), "quiet_in_breach"),
        (lambda: NoisySurveillance(2, 1, 0.9, 0.5, 0.9, blind_hours=24), "blind_hours"),
        (lambda: NoisySurveillance(2, 1, 0.9, 0.5, 0.9, punishment_days=0), "punishment_days"),
        (lambda: Inspectors(2, 1, 0.9, 0.5, accuracy=1.5), "accuracy"),
    ],
)
def test_bad_parameters_are_named(build, field):
    with pytest.raises(ArgumentError, match=field):
        build()
