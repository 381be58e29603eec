"""Payoff sets by hyperplanes and polygons: several players, and noisy public signals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceasefire.errors import ArgumentError
from ceasefire.games import NormalForm, PublicSignals, RepeatedGame
from ceasefire.solvers import limit_payoff_set, payoff_set
from ceasefire.solvers._hyperplanes import enforcement, generates_itself, hyperplanes
from ceasefire.solvers._polygons import hull
from ceasefire.status import Status

LAW = np.array([[[0.9, 0.1], [0.5, 0.5]], [[0.5, 0.5], [0.2, 0.8]]])
ANGLES = np.linspace(0, 2 * np.pi, 25)
CIRCLE = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)


def dilemma(u=2.0, gain=1.0):
    payoffs = np.array([[u, -1.0], [u + gain, 0.0]])
    return NormalForm.bimatrix(payoffs, payoffs.T)


def watched(delta, stage=None, law=LAW):
    return RepeatedGame(stage or dilemma(), delta, PublicSignals(law))


def public_good(benefit=1.5, cost=2.0):
    """Three players; each may contribute, which costs more than it brings the contributor."""
    defects = np.indices((2, 2, 2))
    given = 3 - defects.sum(axis=0)
    return NormalForm(np.stack([benefit * given - cost * (1 - d) for d in defects]))


@pytest.mark.parametrize("delta", [0.3, 0.4, 0.9])
def test_hyperplanes_agree_with_abreu_and_sannikov(delta):
    """THEORY G2's game of two players, by a method that shares no line with theirs."""
    A = [[16, 3, 0], [21, 10, -1], [9, 5, -5]]
    B = [[9, 13, 3], [1, 4, 0], [0, -4, -15]]
    game = RepeatedGame(NormalForm.bimatrix(A, B), delta)
    bounds = hyperplanes(game, tol=1e-5, directions=32, most_directions=300)
    exact = payoff_set(game)
    assert bounds.status is Status.OK
    assert bounds.certificate.passed
    for d in CIRCLE:
        assert bounds.support(d) <= exact.support(d) + 1e-6
        assert (bounds.outer @ d).max() >= exact.support(d) - 1e-9
        assert bounds.support(d) >= exact.support(d) - bounds.gap - 1e-9


def test_three_contributors_reach_all_that_is_feasible_above_minmax():
    """At 1/2 the set is the limit set; in it nobody is below the minmax of 0."""
    stage = public_good()
    found = payoff_set(RepeatedGame(stage, 0.5))
    limit = limit_payoff_set(RepeatedGame(stage, 0.5))
    assert found.support([1, 1, 1]) == pytest.approx(7.5, abs=1e-6)
    assert found.threat == pytest.approx([0, 0, 0], abs=1e-8)
    for d in np.random.default_rng(1).normal(size=(40, 3)):
        assert found.support(d) <= limit.support(d) + 1e-7
        assert found.support(d) >= limit.support(d) - 1e-5
    assert found.certificate.passed


def test_the_least_discount_factor_of_three_contributors_is_grims():
    """All contribute for ever iff delta >= gain / (gain + 2.5) = 1/6; below nobody does."""
    stage = public_good()
    at, below = (payoff_set(RepeatedGame(stage, d)) for d in (1 / 6, 1 / 6 - 1e-3))
    assert at.support([1, 1, 1]) == pytest.approx(7.5, abs=1e-6)
    assert below.support([1, 1, 1]) < 7.5 - 1e-3


def test_three_players_permuted_and_in_other_units_have_the_same_set():
    stage, delta = public_good(), 0.25
    here = payoff_set(RepeatedGame(stage, delta))
    scale, shift = np.array([1e6, 1.0, 1e-3]), np.array([-5e6, 0.0, 1.0])
    moved = NormalForm(stage.payoffs * scale[:, None, None, None] + shift[:, None, None, None])
    there = payoff_set(RepeatedGame(moved, delta))
    for d in np.random.default_rng(2).normal(size=(12, 3)):
        assert here.support(d) == pytest.approx(here.support(d[[1, 2, 0]]), abs=2e-5)
        assert ((there.vertices - shift) / scale @ d).max() == pytest.approx(
            here.support(d), abs=2e-5
        )


@pytest.mark.parametrize("delta", [0.6, 0.8, 0.9])
def test_noise_costs_the_best_symmetric_payoff_what_the_closed_form_says(delta):
    """u - d (1 - p) / (p - q) = 1.75 at the corner of the set (see `strongly_symmetric`)."""
    found = payoff_set(watched(delta))
    assert found.status is Status.OK
    assert found.certificate.passed
    assert found.support([0.5, 0.5]) == pytest.approx(1.75, abs=5e-4)
    assert (found.outer @ [0.5, 0.5]).max() >= 1.75 - 1e-9
    assert found.threat == pytest.approx([0, 0], abs=5e-4)


def test_the_impatient_only_have_the_stage_equilibrium():
    for delta in (0.0, 0.5):
        found = payoff_set(watched(delta))
        assert np.abs(found.outer).max() < 1e-6
        assert not found.is_empty


def test_a_tolerance_that_is_not_met_is_said():
    game = RepeatedGame(public_good(), 0.33)
    found = hyperplanes(game, tol=1e-9, directions=8, most_directions=20)
    assert found.status is Status.NOT_CONVERGED
    assert found.gap > 0


def test_what_hyperplanes_do_not_take_is_refused():
    with pytest.raises(ArgumentError, match="exact"):
        payoff_set(RepeatedGame(public_good(), 0.5), exact=True)
    with pytest.raises(ArgumentError, match="transfers"):
        payoff_set(watched(0.5), transfers=True)
    with pytest.raises(ArgumentError, match="public_randomisation"):
        payoff_set(watched(0.5), public_randomisation=False)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), m=st.integers(1, 30))
def test_hulls_are_convex_and_hold_every_point(seed, m):
    """The first point of the upper chain is dropped too where it is not extreme."""
    points = np.random.default_rng(seed).normal(size=(m, 2)).round(1)
    corners = hull(points, 1e-12)
    if len(corners) > 2:
        edges = np.roll(corners, -1, axis=0) - corners
        ahead = np.roll(edges, -1, axis=0)
        assert (edges[:, 0] * ahead[:, 1] - edges[:, 1] * ahead[:, 0] > 0).all()
    for d in CIRCLE:
        assert (corners @ d).max() == pytest.approx((points @ d).max(), abs=1e-9)


STAGE = NormalForm.bimatrix([[2, -1], [3.5, 0]], [[1.5, 3], [-1.3, 0]])
UNEQUAL = np.array([[[0.9, 0.1], [0.6, 0.4]], [[0.5, 0.5], [0.25, 0.75]]])


def unequal(delta, law=UNEQUAL):
    """A dilemma of players who differ, under signals that watch one more than the other."""
    return watched(delta, STAGE, law)


@pytest.mark.parametrize("delta", [0.85, 0.95])
def test_the_bounds_of_unequal_players_meet(delta):
    found = payoff_set(unequal(delta))
    assert found.status is Status.OK
    assert found.gap <= 1e-4 * 4.5
    assert found.certificate.largest_gap < 1e-9
    assert found.support([1, 1]) > 2


@pytest.mark.parametrize("law", [UNEQUAL, LAW])
def test_a_noisy_set_lies_within_the_limit_set(law):
    """Fudenberg and Levine (1994): scores bound payoffs at every discount factor."""
    found, limit = payoff_set(unequal(0.85, law)), limit_payoff_set(unequal(0.85, law))
    for d in CIRCLE:
        assert found.support(d) <= limit.support(d) + 1e-6
    patient = payoff_set(unequal(0.95, law))
    for d in CIRCLE:  # a set that is convex grows with patience
        assert found.support(d) <= patient.support(d) + patient.gap + 1e-9


@pytest.mark.parametrize("noise", [0.02, 0.1])
def test_a_garbled_signal_generates_a_set_within_the_better_ones(noise):
    """Blackwell's order (Kandori 1992): continuations can imitate the noise."""
    clear = unequal(0.9)
    channel = np.full((2, 2), noise) + (1 - 2 * noise) * np.eye(2)
    dim = clear.replace(monitoring=clear.monitoring.garbled(channel))
    better, worse = payoff_set(clear), payoff_set(dim)
    assert better.status is worse.status is Status.OK
    for d in CIRCLE:
        assert worse.support(d) <= (better.outer @ d).max() + 1e-9
    assert worse.support([1, 1]) < better.support([1, 1]) - 0.01


def test_players_swapped_and_in_other_units_have_the_same_noisy_set():
    here = payoff_set(unequal(0.85))
    scale, shift = np.array([1e6, 1e-3]), np.array([-5e6, 2.0])
    moved = NormalForm(STAGE.payoffs * scale[:, None, None] + shift[:, None, None])
    there = payoff_set(watched(0.85, moved, UNEQUAL))
    swapped = NormalForm(STAGE.payoffs[::-1].transpose(0, 2, 1))
    turned = payoff_set(watched(0.85, swapped, UNEQUAL.transpose(1, 0, 2)))
    close = here.gap + turned.gap
    for d in CIRCLE:
        back = ((there.vertices - shift) / scale @ d).max()
        assert back == pytest.approx(here.support(d), abs=close)
        assert turned.support(d[::-1]) == pytest.approx(here.support(d), abs=close)


def test_every_vertex_of_the_inner_bound_is_generated_by_a_program_of_its_own():
    """The certificate checks what the solver says; here its vertices alone are told."""
    game = unequal(0.85)
    found = payoff_set(game, tol=1e-3)
    rules, low, unit = enforcement(game)
    assert generates_itself(rules, 0.85, (found.inner - low) / unit)
    shifted = (found.inner - low) / unit + np.array([1e-3, 1e-3])
    assert not generates_itself(rules, 0.85, shifted)


def test_passes_are_counted_and_limited():
    game = unequal(0.9)
    few = payoff_set(game, max_iterations=5, throw=False)
    assert few.iterations == 5
    assert few.status is Status.NOT_CONVERGED
    assert few.gap > payoff_set(game).gap
    three = hyperplanes(
        RepeatedGame(public_good(), 0.33), tol=1e-6, directions=8, most_directions=600, most_steps=2
    )
    assert three.status is Status.NOT_CONVERGED
