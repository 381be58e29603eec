"""Payoff sets of three and more players by their corners: near discount factor 1 as elsewhere."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from ceasefire.games import NormalForm, RepeatedGame
from ceasefire.solvers import _patient_sets as patient
from ceasefire.solvers import limit_payoff_set, payoff_set
from ceasefire.solvers._corner_sets import by_corners
from ceasefire.solvers._hyperplanes import enforcement, generates_itself, hyperplanes
from ceasefire.solvers._patient_sets import corners
from ceasefire.solvers._polytopes import distances
from ceasefire.status import Status

PATIENT = (0.999, 1 - 1e-6, 1 - 1e-9, 1 - 1e-12)
SPREAD = np.random.default_rng(7).normal(size=(40, 3))


def public_good(benefit=2.0, cost=3.0):
    """Three players; each may give, which costs more than it brings the giver. Minmax 0."""
    idle = np.indices((2, 2, 2))
    giving = 3 - idle.sum(axis=0)
    return NormalForm(np.stack([benefit * giving - cost * (1 - d) for d in idle]))


def drawn(seed, shape=(2, 2, 2)):
    table = np.random.default_rng(seed).integers(0, 10, size=(len(shape), *shape))
    return NormalForm(table.astype(float))


def close(one, two, within):
    return max(distances(one, two)[0].max(), distances(two, one)[0].max()) <= within


@pytest.mark.parametrize("delta", [0.5, *PATIENT])
def test_patient_contributors_reach_what_is_feasible_above_minmax(delta):
    """By hand: edges from (2, 2, -1) to its neighbours cross 0; nobody is below it."""
    found = payoff_set(RepeatedGame(public_good(), delta))
    assert found.status is Status.OK
    assert found.certificate.passed
    assert found.exact
    known = [[0, 0, 0], [3, 3, 3], *set(permutations([4, 1, 1])), *permutations([3, 1.5, 0])]
    assert close(found.vertices, np.array(known, dtype=float), 1e-9)
    assert close(found.outer, found.inner, 1e-9)
    limit = limit_payoff_set(RepeatedGame(public_good(), delta))
    for d in SPREAD:
        assert found.support(d) == pytest.approx(limit.support(d), abs=1e-6)


@pytest.mark.parametrize("delta", PATIENT)
@pytest.mark.parametrize("seed", [2, 4])
def test_patient_players_of_any_game_get_their_set_or_an_honest_status(seed, delta):
    """Payoffs lie between the certified inner set and the folk theorem's bound."""
    found = payoff_set(RepeatedGame(drawn(seed), delta), throw=False)
    limit = limit_payoff_set(RepeatedGame(drawn(seed), delta))
    assert found.certificate.passed
    far = distances(found.outer, found.inner)[0].max()
    assert found.gap >= far / np.sqrt(3) - 1e-9
    assert (found.status is Status.OK) == (found.gap <= 1e-6 * 9)
    assert found.gap < 1e-4
    for d in SPREAD:
        assert found.support(d) <= (found.outer @ d).max() + 1e-9
        assert (found.outer @ d).max() <= limit.support(d) + 1e-6
        if delta > 0.9999:
            assert found.support(d) >= limit.support(d) - 1e-3


@pytest.mark.parametrize(("seed", "delta"), [(2, 0.5), (4, 0.25), (0, 0.5), (3, 0.25)])
def test_corners_and_hyperplanes_agree(seed, delta):
    """Two algorithms that share the constraints alone; game 3 has no equilibrium at 1/4."""
    game = RepeatedGame(drawn(seed), delta)
    one = payoff_set(game)
    two = hyperplanes(game, tol=1e-5, directions=32, most_directions=120)
    assert one.is_empty == two.is_empty
    assert one.is_empty or one.certificate.passed
    for d in SPREAD if not one.is_empty else ():
        assert one.support(d) <= (two.outer @ d).max() + 1e-7
        assert one.support(d) >= two.support(d) - 1e-7


def test_two_players_by_corners_have_abreu_and_sannikovs_set():
    stage = NormalForm.bimatrix([[16, 3, 0], [21, 10, -1], [9, 5, -5]],
                                [[9, 13, 3], [1, 4, 0], [0, -4, -15]])  # fmt: skip
    for delta in (0.3, 0.4, 0.9):
        game = RepeatedGame(stage, delta)
        found = by_corners(game, tol=1e-6, most_steps=200)
        assert found is not None
        assert close(found.vertices, payoff_set(game).vertices, 1e-6)


def test_the_proof_of_corners_is_that_of_points():
    """At a moderate discount factor both programs judge alike, of sets that do and do not."""
    game = RepeatedGame(public_good(), 0.5)
    rules, low, unit = enforcement(game)
    points = (payoff_set(game).inner - low) / unit
    assert patient.gaps(rules, 0.5, points).max() < 1e-9
    assert generates_itself(rules, 0.5, points)
    wider = points.mean(axis=0) + 1.01 * (points - points.mean(axis=0))
    assert patient.gaps(rules, 0.5, wider).max() > 1e-4
    assert not generates_itself(rules, 0.5, wider)


def test_the_hull_of_stage_payoffs_proves_nothing_of_patient_players():
    """What the operator's rounding once let pass: (2, 2, -1) is below player 3's minmax."""
    rules, _, _ = enforcement(RepeatedGame(public_good(), 1 - 1e-12))
    assert patient.gaps(rules, 1 - 1e-12, corners(rules.u)).max() > 0.01


def test_sets_that_are_points_or_flat_have_corners():
    common = NormalForm(np.stack([np.arange(8.0).reshape(2, 2, 2)] * 3))
    segment = payoff_set(RepeatedGame(common, 1 - 1e-9))
    assert segment.status is Status.OK
    assert segment.vertices.max(axis=0) == pytest.approx([7, 7, 7])
    assert np.ptp(segment.vertices, axis=1).max() < 1e-9
    alone = NormalForm(np.array([[1.0, 4.0, 2.0]]))
    assert payoff_set(RepeatedGame(alone, 0.5)).vertices.min() >= 1 - 1e-9
    dull = NormalForm(np.ones((3, 2, 2, 2)))
    assert payoff_set(RepeatedGame(dull, 0.9)).vertices.tolist() == [[1, 1, 1]]


def test_units_do_not_matter_near_one():
    scale, shift = np.array([1e9, 1.0, 1e-9]), np.array([-5e9, 0.0, 1e-9])
    stage = public_good()
    moved = NormalForm(stage.payoffs * scale[:, None, None, None] + shift[:, None, None, None])
    here = payoff_set(RepeatedGame(stage, 1 - 1e-9))
    there = payoff_set(RepeatedGame(moved, 1 - 1e-9))
    assert close((there.vertices - shift) / scale, here.vertices, 1e-6)


def test_hyperplanes_next_to_one_do_not_claim_to_have_solved():
    """Their programs lose 1 - delta to rounding, and so would the proof."""
    found = hyperplanes(
        RepeatedGame(public_good(), 1 - 1e-12), tol=1e-6, directions=8, most_directions=40,
        most_steps=50,
    )  # fmt: skip
    assert not found.certificate.passed
    assert found.status is Status.NOT_CONVERGED
