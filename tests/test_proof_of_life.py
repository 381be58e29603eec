"""Proof of life: unravelling, its two limits, and the tree of the game."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import ceasefire
from ceasefire.bargaining import ProofOfLife
from ceasefire.cli import main
from ceasefire.errors import ArgumentError
from ceasefire.solvers import subgame_perfect

F = Fraction
parts = st.integers(0, 20).map(lambda k: k / 20)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 20).map(lambda k: k / 20), parts, st.integers(0, 30).map(lambda k: k / 20))
def test_unravelling_ends_at_the_formula(alive, able, cost):
    model = ProofOfLife(alive, able, 1.0, cost)
    closed, solved = model.closed_form(), model.solve()
    assert closed.threshold == pytest.approx(solved.threshold, abs=1e-12)
    assert closed.silence == pytest.approx(solved.silence, abs=1e-12)
    assert closed.certificate.passed
    assert solved.certificate.passed
    assert closed.proved <= closed.demanded + 1e-12 or cost > 1


@pytest.mark.parametrize("able", [0.1, 0.5, 0.75, 0.99])
def test_out_of_reach_alone_gives_the_threshold_of_jung_and_kwon(able):
    """Uniform case of Jung and Kwon (1988): s / (1 + s) with s = sqrt(1 - a)."""
    s = math.sqrt(1 - able)
    found = ProofOfLife(1, able, 1).solve()
    assert found.threshold == pytest.approx(s / (1 + s), abs=1e-12)
    assert found.silence == pytest.approx(found.threshold, abs=1e-12)


@pytest.mark.parametrize("cost", [0.01, 0.2, 0.49])
def test_cost_alone_gives_twice_the_cost(cost):
    """Uniform case of Verrecchia (1983): proved from 2 c on, none from c = 1/2 on."""
    assert ProofOfLife(1, 1, 1, cost).solve().threshold == pytest.approx(2 * cost, abs=1e-10)
    assert ProofOfLife(1, 1, 1, 0.5).closed_form().proved == 0


def test_free_and_sure_evidence_unravels_and_silence_means_death():
    found = ProofOfLife(0.7, 1, 3).closed_form()
    assert found.threshold == 0
    assert found.proved == 1
    assert found.alive_if_silent == 0
    assert math.isnan(ProofOfLife(1, 1, 3).closed_form().alive_if_silent)


@pytest.mark.parametrize("alive", [0.3, 0.7, 1.0])
def test_no_proof_comes_from_the_limit_on(alive):
    model = ProofOfLife(alive, 0.8, 2.0)
    at = model.replace(proof_cost=model.cost_limit)
    below = model.replace(proof_cost=model.cost_limit - 1e-6)
    assert at.closed_form().proved == at.solve().proved == 0
    assert below.closed_form().proved > 0
    assert at.closed_form().alive_if_silent == pytest.approx(alive)
    assert "not given unasked" in at.answer()


def test_dearer_proof_is_rarer_and_silence_better_news():
    found = [ProofOfLife(0.7, 0.8, 1, c / 10).closed_form() for c in range(7)]
    assert all(a.proved > b.proved for a, b in pairwise(found))
    assert all(a.silence < b.silence for a, b in pairwise(found))


@pytest.mark.parametrize(
    "numbers",
    [(F(7, 10), F(4, 5), 1, F(1, 10)), (1, 1, 1, 0), (F(1, 2), 1, 1, 0), (1, F(1, 2), 2, F(1, 5)),
     (F(1, 2), F(1, 2), 1, 1), (1, 1, 1, F(1, 4))],
)  # fmt: skip
def test_the_tree_verifies_the_equilibrium_with_its_beliefs(numbers):
    assert ProofOfLife(*numbers).assessment(4).verified


def test_many_states_come_close_to_the_continuum():
    model = ProofOfLife(F(7, 10), F(4, 5), 1, F(1, 10))
    proved, silence = model.pool(400)
    closed = model.closed_form()
    assert min(proved) / 400 == pytest.approx(closed.threshold, abs=1 / 200)
    assert float(silence) == pytest.approx(closed.silence, abs=1 / 200)


def test_without_evidence_the_payer_pays_the_mean_in_every_subgame():
    tree = ProofOfLife(F(1, 2), 0, 1).game(types=2)
    (found,) = subgame_perfect(tree, exact=True)
    assert found.payoffs[0] == F(1, 4)


def test_the_scenario_answers_and_the_list_leads_to_it():
    scenario = ceasefire.load("november-2023")
    model = ProofOfLife.from_scenario(scenario)
    found = model.solve()
    assert found.threshold == pytest.approx(0.252494984, abs=1e-9)
    assert found.alive_if_silent == pytest.approx(0.480988, abs=1e-6)
    assert "60% of living captives" in model.answer()
    listed = CliRunner().invoke(main, ["model", "list"]).output
    assert "proof of life" in " ".join(listed.split())
    with pytest.raises(ArgumentError, match="pause_gain_per_day"):
        ProofOfLife.from_scenario(scenario.replace(g=0.0))


@pytest.mark.parametrize(
    ("numbers", "field"),
    [((0, 1, 1), "alive"), ((1, 1.5, 1), "able"), ((1, 1, 0), "worth"), ((1, 1, 1, -1), "proof")],
)
def test_bad_parameters_are_named(numbers, field):
    with pytest.raises(ArgumentError, match=field):
        ProofOfLife(*numbers)
