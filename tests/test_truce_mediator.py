"""Extension 2: a strategic mediator that reports on the list (docs/model.md, Extensions)."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ceasefire as cf
from ceasefire import truce
from ceasefire.errors import ArgumentError, SolveError
from ceasefire.status import Status
from ceasefire.truce import _kernels as base
from ceasefire.truce.extensions import _mediator_kernels as kernels
from ceasefire.truce.extensions._mediator_line import interests, solve_line
from ceasefire.truce.extensions._mediator_tree import check_line
from ceasefire.truce.extensions._mediator_windows import mediated_values
from ceasefire.truce.extensions.mediator import Mediator
from ceasefire.truce.game import solve_line as solve_base_line

HELD, DAY = 28.0, 6
LAST_HELD, LAST_DAY = 18.0, 7  # one batch and no more: closed forms
TRUST = 0.627
SILENT = {"accuracy": 0.0, "waiting_days": 0.0}
TRUTHFUL = {"bias": 0.0, "pause_value_per_day": 0.0, "false_report_cost": 0.0}


@pytest.fixture(scope="module")
def mediated(baseline):
    return truce.solve(baseline.replace({"mediator": "on"}))


def window(baseline, held=HELD, day=DAY, trust=TRUST, **table):
    line = solve_line(baseline.symbols(), interests(Mediator(**table)), held, day, beliefs=61)
    return mediated_values(line, trust)


@pytest.mark.parametrize("bias", [0.0, 0.4, 1.0])
def test_a_mediator_that_knows_nothing_leaves_the_base_model(baseline, eq, bias):
    silent = truce.solve(baseline.replace({"mediator": SILENT | {"bias": bias}}))
    assert silent.trust == pytest.approx(eq.trust, abs=1e-12)
    assert silent.block_days == eq.block_days
    rows = slice(base.Y, base.UO + 1)
    for one, two in zip(silent.lines, eq.lines, strict=True):
        gap = one.at(eq.trust)[rows] - two.at(eq.trust)[rows]
        assert np.abs(gap).max() < 1e-12
    for held, day in ((48, 4), (28, 6), (18, 7)):
        assert silent.trust_needed(held, day) == pytest.approx(
            eq.trust_needed(held, day), abs=1e-12
        )
    length = eq.course().length - silent.course().length
    assert np.abs(length).max() < 1e-12


def test_the_certificate_of_the_baseline_passes_for_every_player(mediated):
    certificate = mediated.certificate
    assert certificate.passed, certificate.failures
    assert certificate.exploitability < 1e-6
    assert [player for player, _ in certificate.gains] == [
        "opportunist", "pausing state", "political wing", "mediator",
    ]  # fmt: skip
    assert certificate.jumps == 0
    assert mediated.status is Status.OK


def test_where_no_exact_equilibrium_is_found_the_status_says_so(baseline):
    """At bias .4 the reports jump in the belief just where an opportunist must be indifferent."""
    scenario = baseline.replace({"mediator": {"bias": 0.4}})
    reached = truce.solve(scenario, throw=False)
    assert reached.status is Status.EXPLOITABLE
    assert "exploitability" in reached.certificate.failures
    with pytest.raises(SolveError, match="gains more"):
        truce.solve(scenario)


@pytest.mark.parametrize(
    "table",
    [
        {"bias": 0.0, "pause_value_per_day": 2.0},
        {"bias": 0.5},
        {"bias": 1.0, "false_report_cost": 0.0},
        {"bias": 0.3, "accuracy": 1.0, "waiting_days": 1.0},
        {"false_report_cost": 100.0},
    ],
    ids=str,
)
@pytest.mark.parametrize("trust", [0.2, 0.47, 0.8])
def test_nobody_gains_by_deviating_at_any_history(baseline, table, trust):
    p = baseline.symbols()
    line = solve_line(p, interests(Mediator(**table)), 98.0, 0, head_days=4, head_batch=12.5)
    check = check_line(line, trust)
    assert check.exploitability < 1e-9
    assert check.value_error < 1e-9
    assert check.bayes_error < 1e-12


def test_the_walk_notices_a_mediator_that_reports_against_its_interest(baseline):
    table = interests(Mediator(bias=0.9, false_report_cost=0.0))
    line = solve_line(baseline.symbols(), table, HELD, DAY)
    played = line.at(TRUST).copy()
    assert played[kernels.SAY_BAD, line.head] == 1.0
    played[kernels.SAY_BAD, line.head] = 0.0  # the truth, which this mediator does not tell
    line._seen[TRUST] = played
    assert check_line(line, TRUST).mediator > 0.1


def test_a_mediator_with_the_pausing_states_payoff_tells_it_the_truth(baseline):
    for trust in (0.1, 0.3, 0.47, 0.627, 0.9):
        for held, day in ((48.0, 4), (28.0, 6), (18.0, 7)):
            found = window(baseline, held, day, trust, **TRUTHFUL)
            assert (found.says_list_if_good, found.says_list_if_bad) == (1.0, 0.0)


def test_a_mediator_on_the_captors_side_is_believed_less(baseline):
    biases = np.linspace(0.0, 1.0, 9)
    found = [window(baseline, bias=float(b), pause_value_per_day=0.0) for b in biases]
    informative = [f.informative for f in found]
    assert informative[0] == 1.0
    assert informative[-1] == 0.0
    assert all(a >= b for a, b in pairwise(informative))
    assert found[0].pausing_state > found[-1].pausing_state


def test_a_dearer_false_report_makes_the_mediator_believed(baseline):
    cheap, dear = (window(baseline, bias=0.5, false_report_cost=c) for c in (0.5, 8.0))
    assert cheap.informative == 0.0
    assert dear.informative == 1.0
    assert dear.after_list.offer_probability > cheap.after_list.offer_probability
    assert dear.after_none.offer_probability < 0.01


def test_the_cost_that_makes_the_last_window_truthful_is_the_closed_form(baseline):
    """With one batch left nothing follows, so the mediator's gain from a lie is affine in c_F."""
    p, trust = baseline.symbols(), 0.75
    table = Mediator(bias=0.5)
    at_truth = window(baseline, LAST_HELD, LAST_DAY, trust, bias=0.5, false_report_cost=20.0)
    assert at_truth.informative == 1.0
    listed, none = at_truth.after_list, at_truth.after_none
    line = solve_base_line(p, LAST_HELD, LAST_DAY)
    node, at = int(line.nodes.offers[line.head, 1]), line.at(trust)
    able = float(line.nodes.able[node])
    y, u_d, u_o = at[[base.FIRST_Y, base.FIRST_UD, base.FIRST_UO], node] / able
    h, wait, cost = table.pause_value_per_day, table.waiting_days, p.k0 + p.k1 * LAST_DAY
    going_on = 0.5 * (trust * u_d + (1 - trust) * u_o) + 0.5 * y + h
    waiting = wait * (0.5 * p.g - 0.5 * cost + h)
    bad = (1.0 - table.accuracy) * able

    def value(play):
        agreed = float(play.offers[1:] @ play.acceptance)
        entropy = -float((play.offers * np.log(play.offers)).sum()) - np.log(2.0)
        return agreed * (bad * going_on + (1 - bad) * waiting) + 0.5 * p.s * entropy, agreed

    (lie, agreed), (truth, still) = value(listed), value(none)
    critical = (lie - truth) / ((1 - bad) * agreed - bad * still)
    for cost_of_lie, told in ((critical - 1e-6, False), (critical + 1e-6, True)):
        found = window(
            baseline, LAST_HELD, LAST_DAY, trust, bias=0.5, false_report_cost=cost_of_lie
        )
        assert (found.informative == 1.0) is told


def test_a_mixing_mediator_is_indifferent(baseline):
    """Trust so low that a kept list would cost more than waiting in vain: good signals hidden."""
    table = interests(Mediator(bias=0.3, false_report_cost=1.0, pause_value_per_day=2.0))
    line = solve_line(baseline.symbols(), table, LAST_HELD, LAST_DAY)
    found = mediated_values(line, 0.3)
    assert 0.0 < found.says_list_if_good < 1.0
    assert found.says_list_if_bad == 0.0
    check = check_line(line, 0.3)
    assert check.mediator < 1e-9
    assert check.value_error < 1e-9


def test_all_report_strategies_are_found_and_counted(baseline):
    """At (18, 7), bias .2, h = 2, cost 1: the truth, a mixture, and always 'list'."""
    table = interests(Mediator(bias=0.2, false_report_cost=1.0, pause_value_per_day=2.0))
    line = solve_line(baseline.symbols(), table, LAST_HELD, LAST_DAY)
    found = line.equilibria(line.head, 0.64)
    assert [pair[0] for pair in found] == [1.0, 1.0, 1.0]
    assert found[0][1] == 0.0
    assert 0.0 < found[1][1] < 1.0
    assert found[2][1] == 1.0
    assert mediated_values(line, 0.64).equilibria == 3
    assert check_line(line, 0.64).several_reports == 1


def test_beliefs_about_the_list_average_to_its_chance(mediated):
    for held, day in ((48, 4), (28, 6), (18, 7)):
        found = mediated.values(held, day, 0.5)
        able, good, bad = mediated.window(held, day).list_chances(mediated.window(held, day).head)
        both = (found.after_list, found.after_none)
        assert sum(play.probability for play in both) == pytest.approx(1.0, abs=1e-12)
        mean = sum(play.probability * play.list_chance for play in both)
        assert mean == pytest.approx(able, abs=1e-12)
        chances = np.array([bad, found.after_none.list_chance, found.after_list.list_chance, good])
        assert np.diff(chances).min() > -1e-12


def test_the_course_adds_up_and_counts_no_day_for_waiting_in_vain(mediated):
    course = mediated.course()
    assert sum(chance for _, chance in course.outcomes) == pytest.approx(1.0, abs=1e-12)
    missing = [o for o, _ in course.outcomes if o.ending is truce.Ending.NO_LIST_WINDOW]
    # days agreed for nothing: the last chunk of the sequence is named and not used
    assert missing
    assert all(o.length == o.delivered == sum(o.chunks[:-1]) for o in missing)


def test_a_window_without_offers_is_worth_nothing(mediated):
    found = mediated.values(8, 8, 0.5)
    assert (found.pausing_state, found.dealer, found.opportunist, found.mediator) == (0, 0, 0, 0)
    assert found.best_chunk == 0
    assert np.isnan(mediated.trust_needed(8, 8))


@settings(max_examples=6, deadline=None)
@given(st.floats(0.1, 20.0), st.sampled_from([0.3, 0.47, 0.7]))
def test_the_unit_of_utility_does_not_matter(scale, trust):
    baseline = cf.load("november-2023")
    p = baseline.symbols()
    utils = ("g", "c_lo", "c_hi", "s_C", "v", "k0", "k1", "kappa", "s", "K_T", "s_T", "Z")
    scaled = p._replace(**{name: getattr(p, name) * scale for name in utils})
    m = interests(Mediator(bias=0.35))
    bigger = m._replace(pause_value=m.pause_value * scale, report_cost=m.report_cost * scale)
    one = mediated_values(solve_line(p, m, HELD, DAY, beliefs=61), trust)
    two = mediated_values(solve_line(scaled, bigger, HELD, DAY, beliefs=61), trust)
    assert two.pausing_state == pytest.approx(scale * one.pausing_state, rel=1e-9, abs=1e-9)
    assert two.mediator == pytest.approx(scale * one.mediator, rel=1e-9, abs=1e-9)
    assert two.says_list_if_bad == pytest.approx(one.says_list_if_bad, abs=1e-7)


def test_bad_arguments_are_refused_by_name(mediated):
    with pytest.raises(ArgumentError, match="trust"):
        mediated.values(48, 4, 1.5)
    with pytest.raises(ArgumentError, match="day"):
        mediated.values(48, 4.5, 0.5)
    with pytest.raises(ArgumentError, match="block_days"):
        mediated.line(99)
