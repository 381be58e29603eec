"""MODEL.md section 3: what comes with every solution, and that the checks can fail."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ceasefire import truce
from ceasefire.truce import _kernels as kernels
from ceasefire.truce.certificate import reference_checks
from ceasefire.truce.game import solve_line
from ceasefire.truce.verify import bayes, check_line


def test_nobody_gains_more_than_a_millionth_on_the_exact_tree(eq):
    certificate = eq.certificate
    assert certificate.opportunist_gain < 1e-6
    assert certificate.pausing_state_gain < 1e-6
    assert certificate.political_wing_gain < 1e-6
    assert certificate.exploitability < 1e-9
    assert certificate.passed
    assert certificate.failures == ()


def test_the_baseline_has_145_days_and_37_windows_and_one_root_everywhere(eq):
    certificate = eq.certificate
    assert (certificate.day_states, certificate.windows) == (145, 37)
    assert certificate.several_roots_states == certificate.several_roots_cells == 0
    assert certificate.complete


def test_twice_the_beliefs_give_the_same_values(eq):
    assert eq.certificate.grid_error < 1e-9


def test_a_grid_of_five_beliefs_gives_the_same_equilibrium(baseline, eq):
    coarse = truce.solve(baseline, beliefs=5)
    assert coarse.trust == pytest.approx(eq.trust, abs=1e-12)
    assert coarse.course().mean_days == pytest.approx(eq.course().mean_days, abs=1e-12)


def test_probabilities_sum_to_one_and_play_agrees(eq):
    certificate = eq.certificate
    assert certificate.probability_error < 1e-12
    assert certificate.monte_carlo_plays == 100_000
    assert certificate.monte_carlo_error < 0.01
    assert certificate.monte_carlo_p > 1e-3


def test_closed_form_limit_and_exact_case():
    closed_form, exact = reference_checks()
    assert closed_form < 1e-4
    assert exact < 1e-12


@pytest.mark.parametrize("batches", range(1, 6))
def test_without_noise_trust_needed_is_a_product_of_ratios(baseline, batches):
    quiet = baseline.replace(
        beta=0, chi=0, k1=0.5, k0=5.5 - 0.5 * 5, l_hi=1, l_lo=1, c_hi=0.25, s=1e-5, s_C=1e-5, Emax=1
    )
    day = 5  # so that the next days cost 5.5, 6, 6.5, ...
    costs = 5.5 + 0.5 * np.arange(batches)
    line = solve_line(quiet.symbols()._replace(J=day + batches), 10.0 * batches, day)
    assert truce.windows.trust_needed(line) == pytest.approx(np.prod(costs / 10.0), abs=1e-4)


def test_no_distrust_and_no_friction_is_eight_days_with_eight_left(baseline):
    # Even the smallest noise leaves a chance of stopping; at 1e-3 it is below rounding.
    still = baseline.replace(
        c_hi=0.25, l_hi=1, l_lo=1, k1=0, beta=0, chi=0, s=1e-3, s_C=1e-3, pi0=1, x_p=0
    )
    course = truce.solve(still).course(block_days=4)
    assert course.length[8] == pytest.approx(1, abs=1e-12)
    assert course.left[8] == pytest.approx(1, abs=1e-12)


def test_a_wrong_strategy_is_caught(eq):
    """The walk must see a strategy that is off: shift one critical posterior by 0.01."""
    line = eq.line(4)
    nodes = line.nodes._replace(roots=line.nodes.roots.copy(), at_root=line.nodes.at_root.copy())
    mixing = int(line.nodes.offers[5, 1])  # day (28, 6), where the opportunist mixes
    assert nodes.n_roots[mixing] == 1
    nodes.roots[mixing, 0] += 0.01
    wrong = replace(line, nodes=nodes, _seen={})
    check = check_line(wrong, eq.trust)
    assert max(check.opportunist, check.pausing_state, check.value_error) > 1e-3


def test_a_wrong_value_is_caught(eq):
    line = eq.line(4)
    nodes = line.nodes._replace(loss=line.nodes.loss + 0.5)
    check = check_line(replace(line, nodes=nodes, _seen={}), eq.trust)
    assert check.opportunist > 1e-5
    assert check.value_error > 0.1


def test_solve_line_catches_nothing_it_should_not(eq):
    for line in eq.lines:
        check = check_line(line, eq.trust)
        assert check.value_error < 1e-10
        assert check.bayes_error < 1e-12


def test_bayes_keeps_zero_and_jumps_to_one_where_no_opportunist_delivers():
    assert bayes(0.0, 0.5) == 0.0
    assert bayes(0.3, 0.0) == 1.0
    assert bayes(0.3, 1.0) == pytest.approx(0.3)


def test_every_belief_survives_a_sweep_without_interpolation(eq):
    line = eq.line(4)
    for i in (0, 17, 120, 240):
        swept = line.at(float(line.beliefs[i]))
        played = line.nodes.kind == kernels.DAY
        assert np.array_equal(swept[:3], line.values[:3, :, i])
        assert np.array_equal(swept[:, played], line.values[:, played, i])


def test_the_certificate_prints_and_exports(eq):
    rows = eq.certificate.rows()
    assert {"exploitability", "grid error", "Monte Carlo", "closed form"} <= {r[0] for r in rows}
    assert all(len(row) == 3 for row in rows)
    assert eq.certificate.to_dict()["passed"] is True
    assert "<table>" in eq.certificate._repr_html_()
