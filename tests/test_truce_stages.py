"""Talks, relays, pilot: the stages before the pause against THEORY A5, A6, F2."""

from __future__ import annotations

import numpy as np
import pytest

from ceasefire import truce
from ceasefire.status import Status
from ceasefire.truce.pilot import posterior
from ceasefire.truce.talks import bargaining_weight, solve_talks


def talks(baseline, lam, om, rho, b, rate=0.0):
    return solve_talks(baseline.symbols()._replace(lam=lam, om=om, rho=rho, b_T=b, r_C=rate))


def test_talks_with_blackouts_match_the_closed_form(baseline):
    """THEORY A6."""
    first = talks(baseline, 0.05, 0.06, 0.25, 0.04, 0.01)
    assert first.deal_probability == pytest.approx(0.857988166, abs=1e-9)
    assert first.mean_days == pytest.approx(20.22036320, abs=1e-8)
    assert first.captor_discount == pytest.approx(0.713689000, abs=1e-9)
    second = talks(baseline, 0.1, 0.2, 0.2, 0.1, 0.02)
    assert second.captor_discount == pytest.approx(0.512085370, abs=1e-9)


def test_the_length_distribution_agrees_with_the_transforms(baseline):
    solved = solve_talks(baseline.symbols())
    length = solved.length(5000)
    assert length.sum() == pytest.approx(solved.deal_probability, abs=1e-12)
    mean = (length * length.index).sum() / length.sum()
    assert mean == pytest.approx(solved.mean_days, abs=1e-9)
    discounted = (length * np.exp(-0.01 * length.index)).sum()
    assert discounted == pytest.approx(solved.captor_discount, abs=1e-12)


@pytest.mark.parametrize(
    ("lam", "om", "rho", "b"),
    [(0.0, 0.1, 0.2, 0.1), (0.3, 0.0, 0.0, 0.0), (0.3, 0.1, 0.0, 0.0), (1.0, 0.0, 0.5, 0.5)],
)
def test_talks_at_the_edges_stay_probabilities(baseline, lam, om, rho, b):
    solved = talks(baseline, lam, om, rho, b, 0.01)
    length = solved.length(4000).sum()
    assert solved.deal_probability == pytest.approx(length, abs=1e-9)


@pytest.mark.parametrize(
    ("relay", "r_c", "r_d", "weight"),
    [(1.0, 0.01, 0.01, 0.5), (1.0, 0.0, 0.0, 0.5), (0.0, 0.02, 0.01, 1 / 3), (5.0, 0.0, 0.1, 1.0)],
)
def test_the_bargaining_weight_and_its_limits(baseline, relay, r_c, r_d, weight):
    p = baseline.symbols()._replace(relay=relay, r_C=r_c, r_D=r_d)
    found = bargaining_weight(p)
    if r_c == 0.0 and r_d > 0:  # a captor that never tires takes all of it as first proposer ...
        assert 0.5 < found <= 1.0
    else:
        assert found == pytest.approx(weight, abs=1e-12)


def test_shares_through_a_relay_match_theory_a5(baseline):
    """x = (1 - phi_2)/(1 - phi_1 phi_2), here with r = (.02, .05), one day a leg, two legs."""
    p = baseline.symbols()._replace(relay=1.0, r_C=0.02, r_D=0.05)
    q = p._replace(r_C=0.05, r_D=0.02)
    # First share of player 1 is .7252467; the captor's mean share as first and second
    # proposer is (x + 1 - x') / 2 with x' the other's share as first proposer.
    first = 0.725246700
    phi = [(1 + r) ** -2.0 for r in (0.02, 0.05)]
    second = 1 - (1 - phi[0]) / (1 - phi[0] * phi[1])
    assert bargaining_weight(p) == pytest.approx((first + second) / 2, abs=1e-9)
    assert bargaining_weight(p) + bargaining_weight(q) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize(
    ("prior", "size", "ceiling", "value", "after"),
    [(0.2, 2, 62, 34.82, 0.47098), (0.3, 2, 20, 15, 0.53333)],
)
def test_a_private_veto_cost_gives_the_posterior_of_theory_f2(prior, size, ceiling, value, after):
    assert posterior(prior, min(1, value / (size * ceiling))) == pytest.approx(after, abs=1e-5)


@pytest.mark.parametrize("prior", [0.0, 1.0])
def test_a_certain_type_cannot_be_screened(baseline, prior):
    solved = truce.solve(baseline.replace(pi0=prior))
    assert solved.trust == prior
    assert solved.certificate.passed


def test_without_an_honest_type_there_is_no_deal(baseline):
    """The exchange unravels from the last batch when opportunism is common knowledge."""
    solved = truce.solve(baseline.replace(pi0=0))
    assert solved.status is Status.NO_DEAL
    assert solved.block_days == 0
    assert solved.course().ends["no deal"] == 1.0
    assert solved.course().length[0] == 1.0
    assert truce.extension(solved).empty
    assert solved.path().empty


def test_no_pilot_leaves_the_prior(baseline):
    solved = truce.solve(baseline.replace(x_p=0))
    assert solved.trust == 0.2
    assert np.isnan(solved.pilot.matched)
    assert solved.pilot.open_probability == pytest.approx(0.149, abs=1e-3)


def test_a_tie_between_blocks_is_a_lottery_that_restores_the_fixed_point(baseline):
    # Near a belief of .41 the best block changes from 3 to 4 days, which moves the pilot's
    # own response up; between those responses no single block is a fixed point.
    tied = truce.solve(baseline.replace(Z=42, K_T=0))
    assert set(tied.block_weights) == {3, 4}
    assert tied.status is Status.BLOCK_TIED
    assert sum(tied.block_weights.values()) == pytest.approx(1.0)
    assert tied.certificate.pilot_error < 1e-9
    course = tied.course()
    assert sum(chance for _, chance in course.outcomes) == pytest.approx(1.0)
    # The matched share is the lottery's own response, redone here by hand.
    pilot, p = tied.pilot, tied.parameters
    response = 0.0
    for days, weight in tied.block_weights.items():
        if days:
            row = tied.block.loc[days]
            worth = tied.talks.pausing_state_discount * row["pausing_state"]
            opened = 1 / (1 + np.exp(-(worth - p.K_T) / p.s_T))
            stake = opened * tied.talks.captor_discount * row["opportunist"]
            response += weight * min(1.0, stake / (p.x_p * p.Z))
    assert pilot.matched == pytest.approx(response, abs=1e-9)


def test_the_lowest_belief_at_which_pilot_and_block_agree_is_found_between_two_grid_beliefs(
    baseline,
):
    # Just below the belief at which the block changes from 4 to 3 days the pilot's equation
    # holds, in a strip narrower than a cell of the grid; it holds again above, with 3 days.
    trusts = []
    for price in (8.78, 8.8, 8.82, 8.84, 8.86, 8.88):
        solved = truce.solve(baseline.replace(x=price))
        assert solved.block_days == 4
        assert solved.pilot.solutions == 3
        assert solved.certificate.pilot_error < 1e-9
        trusts.append(solved.trust)
    assert np.all(np.diff(trusts) < 0)
    assert truce.solve(baseline.replace(x=9.0)).block_days == 3


def test_twice_the_beliefs_find_the_same_pilot(baseline):
    for price in (8.7, 8.74, 8.82, 8.9, 8.98, 9.02):
        changed = baseline.replace(x=price)
        coarse, fine = truce.solve(changed), truce.solve(changed, beliefs=1921)
        assert coarse.trust == pytest.approx(fine.trust, abs=1e-9)
        assert coarse.block_days == fine.block_days
