"""Scores against brute force, and proper: nobody gains by telling other chances than his own."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceasefire.calibration import binary_log_score, brier, crps, log_score, reliability
from ceasefire.errors import ArgumentError

CHANCES = st.lists(st.floats(0.01, 1.0), min_size=4, max_size=4).map(
    lambda weights: np.array(weights) / sum(weights)
)
VALUES = np.array([1.0, 2.0, 5.0, 7.0])


@given(p=CHANCES, outcome=st.floats(-3.0, 10.0))
@settings(max_examples=40, deadline=None)
def test_crps_is_both_the_integral_and_the_mean_distance(p, outcome):
    distance = p @ np.abs(VALUES - outcome)
    between = p @ np.abs(VALUES[:, None] - VALUES[None, :]) @ p
    assert crps(VALUES, p, outcome) == pytest.approx(distance - between / 2.0, abs=1e-12)
    step = 1e-3
    x = np.arange(-4.0, 11.0, step) + step / 2
    below = (VALUES[None, :] <= x[:, None]) @ p
    assert crps(VALUES, p, outcome) == pytest.approx(
        float(((below - (x >= outcome)) ** 2).sum() * step), abs=5e-3
    )


@pytest.mark.parametrize("score", [lambda q, y: -log_score(VALUES, q, y),
                                   lambda q, y: crps(VALUES, q, y)])  # fmt: skip
@given(truth=CHANCES, told=CHANCES)
@settings(max_examples=30, deadline=None)
def test_no_other_distribution_scores_better_than_the_truth(score, truth, told):
    expected = [truth @ [score(q, y) for y in VALUES] for q in (truth, told)]
    assert expected[0] <= expected[1] + 1e-12


@given(truth=st.floats(0.01, 0.99), told=st.floats(0.01, 0.99))
@settings(max_examples=40, deadline=None)
def test_no_other_chance_scores_better_than_the_truth(truth, told):
    for score in (brier, lambda p, y: -binary_log_score(p, y)):
        mean = [truth * score(p, 1) + (1 - truth) * score(p, 0) for p in (truth, told)]
        assert mean[0] <= mean[1] + 1e-12
        assert score(told, truth) == pytest.approx(mean[1])  # a weight gives the mean score


def test_the_impossible_scores_minus_infinity():
    assert log_score(VALUES, [0.5, 0.5, 0.0, 0.0], 5) == -math.inf
    assert log_score(VALUES, [0.5, 0.5, 0.0, 0.0], 4) == -math.inf
    assert binary_log_score(0.0, 1) == -math.inf
    assert binary_log_score(0.0, 0) == 0.0


def test_reliability_counts_by_hand():
    told = reliability([0.12, 0.18, 0.95, 1.0], [0, 1, 1, 1], bins=10)
    assert told["count"].tolist() == [2, 2]
    assert told["predicted"].tolist() == pytest.approx([0.15, 0.975])
    assert told["observed"].tolist() == [0.5, 1.0]
    assert told["error"][0] == pytest.approx(math.sqrt(0.12 * 0.88 + 0.18 * 0.82) / 2)


@pytest.mark.parametrize("bad", [[0.5, 0.6, 0.0, 0.0], [1.2, -0.2, 0.0, 0.0], [1.0]])
def test_what_is_no_distribution_is_refused(bad):
    with pytest.raises(ArgumentError, match="probabilities"):
        crps(VALUES, bad, 1.0)


def test_what_is_no_chance_is_refused():
    for call in (lambda: brier(1.1, 1), lambda: brier(math.nan, 1), lambda: brier(0.5, 2),
                 lambda: reliability([1.5], [1])):  # fmt: skip
        with pytest.raises(ArgumentError):
            call()
