"""The method of moments and the precision of observed play, held to models that are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

import ceasefire as cf
from ceasefire import calibration as cal
from ceasefire import games, truce
from ceasefire.calibration import DELIVERED, Observation, Parameter, Problem, WindowReading
from ceasefire.calibration.maximum import NOT_IDENTIFIED
from ceasefire.calibration.moments import MOMENTS, _Moments, fit_moments, observed_moments
from ceasefire.errors import ArgumentError

COUNT = 60
SMALL = {"x_p": 0, "terms.block_days_max": 5, "terms.pause_days_max": 7}


@pytest.fixture(scope="module")
def base():
    return cf.load("november-2023").replace(SMALL)


@pytest.fixture(scope="module")
def records(base):
    """Outcomes of the course drawn at pi0 = 0.3, told in full."""
    outcomes = truce.solve(base.replace(pi0=0.3)).course().outcomes
    rng = np.random.default_rng(20231124)
    weights = np.array([chance for _, chance in outcomes])
    drawn = rng.choice(len(outcomes), size=COUNT, p=weights / weights.sum())
    return tuple(cal.recorded(outcomes[i][0]) for i in drawn)


def test_moments_of_a_record_are_counted_by_hand():
    seen = Observation(
        block_days=4, days=dict.fromkeys(range(1, 8), DELIVERED), pause_days=(7, 7),
        windows={4: WindowReading(frozenset({2})), 6: WindowReading(frozenset({1})),
                 7: WindowReading(frozenset({0}))}, captives_left=(18, 22),
    )  # fmt: skip
    assert observed_moments(seen, MOMENTS) == [7.0, 3.0, 20.0, 4.0]
    going_on = Observation(block_days=4, ongoing_after=4)
    assert all(math.isnan(x) for x in observed_moments(going_on, ("length", "chunks", "left")))


def test_expected_moments_are_those_of_the_course(base, records):
    sums = _Moments(Problem(base, records[:1], (Parameter("pi0", 0.05, 0.5),)), MOMENTS, None, 0)
    mean, covariance = sums.at(np.array([1.0 / 3.0]))
    course = truce.solve(base).course()
    length = course.length
    assert mean[0] == pytest.approx(float(length.index.to_numpy() @ length.to_numpy()))
    spread = float((length.index.to_numpy() - mean[0]) ** 2 @ length.to_numpy())
    assert covariance[0, 0] == pytest.approx(spread, rel=1e-3)
    left = course.left
    assert mean[2] == pytest.approx(float(left.index.to_numpy() @ left.to_numpy()))


def test_simulated_moments_near_the_exact_ones(base, records):
    problem = Problem(base, records[:1], (Parameter("pi0", 0.05, 0.5),))
    exact = _Moments(problem, MOMENTS, None, 0).at(np.array([0.5]))
    drawn = _Moments(problem, MOMENTS, 20_000, 0).at(np.array([0.5]))
    errors = np.sqrt(np.diag(exact[1]) / 20_000)
    assert (np.abs(drawn[0] - exact[0]) < 4.0 * errors + 1e-9).all()


def test_moments_recover_trust_from_many_exchanges(base, records):
    problem = Problem(base, records, (Parameter("pi0", 0.05, 0.5),))
    found = fit_moments(problem, moments=("length", "left"), starts=2)
    error = float(found.standard_errors["pi0"])
    assert found.rank == 1
    assert found.excess == 1
    assert abs(found.theta[0] - 0.3) < 3.0 * error
    assert 0.0 < error < 0.15
    assert found.p_value > 0.001


def test_parameters_that_moments_do_not_speak_to_get_no_standard_error(base, records):
    free = (Parameter("pi0", 0.05, 0.5), Parameter("lam", 0.01, 0.2))
    found = fit_moments(Problem(base, records, free), moments=("length", "left"), starts=1)
    assert found.rank == 1
    assert found.notes["lam"] == NOT_IDENTIFIED
    assert found.standard_errors.isna().all()
    assert "do not tell all parameters apart" in found.status


def test_a_few_exchanges_give_no_p(base, records):
    problem = Problem(base, records[:2], (Parameter("pi0", 0.05, 0.5),))
    found = fit_moments(problem, moments=("length", "left"), starts=1)
    assert found.excess == 1
    assert math.isnan(found.p_value)
    assert "(no p: fewer than 20 exchanges)" in found.status


def test_exchanges_that_do_not_tell_all_moments_count_for_no_p(base, records):
    seen = (*records[:2], *(Observation() for _ in range(20)))
    found = fit_moments(
        Problem(base, seen, (Parameter("pi0", 0.05, 0.5),)), moments=("length", "left"), starts=1
    )
    assert found.exchanges == 2
    assert math.isnan(found.p_value)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"moments": ("height",)}, "some of length"),
        ({"simulations": 1}, "from 2"),
        ({"starts": 0}, "from 1"),
    ],
)
def test_moments_refuse_what_they_do_not_know(base, records, options, said):
    problem = Problem(base, records[:1], (Parameter("pi0", 0.05, 0.5),))
    with pytest.raises(ArgumentError, match=said):
        fit_moments(problem, **options)


def test_a_pause_that_goes_on_has_no_moments(base):
    going_on = Observation(block_days=4, ongoing_after=4)
    problem = Problem(base, (going_on,), (Parameter("pi0", 0.05, 0.5),))
    with pytest.raises(ArgumentError, match="no length yet"):
        fit_moments(problem, starts=1)


PENNIES = [[9, 0], [0, 1]], [[0, 1], [1, 0]]


def test_precision_has_the_interval_of_its_likelihood():
    """McKelvey and Palfrey's logit equilibrium of asymmetric pennies; quadratic near the top."""
    game = games.NormalForm.bimatrix(*PENNIES)
    found = cal.fit_precision(game, [[830, 170], [420, 580]])
    low, high = found.interval
    error = found.fit.standard_error
    assert low == pytest.approx(found.precision - 1.96 * error, abs=0.35 * error)
    assert high == pytest.approx(found.precision + 1.96 * error, abs=0.35 * error)
    assert found.p_value < 1e-6


def test_random_play_has_no_precision():
    found = cal.fit_precision("matching-pennies", [[50, 50], [50, 50]])
    assert found.status == NOT_IDENTIFIED
    assert found.p_value > 0.4
    game = games.NormalForm.bimatrix(*PENNIES)
    assert "no different from random play" in cal.fit_precision(game, [[50, 50], [50, 50]]).status


def test_play_that_is_always_best_has_no_upper_end():
    found = cal.fit_precision("prisoners-dilemma", [[0, 40], [0, 40]])
    assert found.interval[0] > 0.0
    assert math.isinf(found.interval[1])
