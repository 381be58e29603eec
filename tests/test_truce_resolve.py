"""Extension 3: the pausing state's own type (docs/model.md, Extensions)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceasefire import truce
from ceasefire.errors import ArgumentError, ScenarioError, SolveError
from ceasefire.status import Status
from ceasefire.truce import _kernels as kernels
from ceasefire.truce.certificate import compare_plays
from ceasefire.truce.extensions._resolve_line import (
    RELUCTANT,
    RESOLUTE,
    Cabinet,
    solve_aftermath,
)
from ceasefire.truce.extensions._resolve_tree import check_line, values_by_type
from ceasefire.truce.payoffs import day_cost, release_loss

HELD, DAY, TRUST = 28.0, 6, 0.471  # the window after day 6 on the baseline's course
NEUTRAL = [
    {"prior": 1.0, "reluctant_leaving_cost": 50.0, "reluctant_gain_per_day": 5.0},
    {"prior": 0.3, "reluctant_leaving_cost": 8.0, "reluctant_gain_per_day": 0.0},
]


def doubted(baseline, **changes):
    """The baseline with the table on; `leaves` is the cost of leaving of all but the reluctant."""
    cost = changes.pop("leaves", baseline.pausing_state.leaving_cost)
    table = {"resolve": changes or "on"}
    return truce.solve(baseline.replace(table | {"pausing_state.leaving_cost": cost}))


@pytest.fixture(scope="module")
def resolved(baseline):
    return doubted(baseline)


@pytest.fixture(scope="module")
def apart(baseline):
    """A resolute cabinet leaves a missed day at once, a reluctant one sits out the chunk."""
    return doubted(baseline, leaves=4.0)


@pytest.mark.parametrize("table", NEUTRAL, ids=["surely resolute", "types alike"])
def test_without_doubt_in_resolve_the_base_model_comes_back(baseline, eq, table):
    neutral = doubted(baseline, **table)
    assert neutral.trust == pytest.approx(eq.trust, abs=1e-12)
    assert neutral.block_weights == eq.block_weights
    for one, two in zip(neutral.lines, eq.lines, strict=True):
        assert np.abs(one.at(eq.trust)[:3] - two.at(eq.trust)[:3]).max() < 1e-12
    assert np.abs(neutral.course().length - eq.course().length).max() < 1e-12
    for held, day in ((48, 4), (28, 6), (18, 7)):
        needed = eq.trust_needed(held, day)
        assert neutral.trust_needed(held, day) == pytest.approx(needed, abs=1e-12)


def test_the_certificate_of_the_baseline_passes_for_every_player(resolved):
    certificate = resolved.certificate
    assert certificate.passed, certificate.failures
    assert certificate.exploitability < 1e-6
    assert [player for player, _ in certificate.gains] == [
        "opportunist", "political wing", "negotiators", "resolute cabinet", "reluctant cabinet",
    ]  # fmt: skip
    assert certificate.complete
    assert resolved.status is Status.OK


@pytest.mark.parametrize(
    "changes",
    [
        {"leaves": 2.0},
        {"leaves": 4.0, "prior": 0.9},
        {"leaves": 0.0, "prior": 0.1, "reluctant_gain_per_day": 6.0},
        {"prior": 0.0, "reluctant_leaving_cost": 100.0},
    ],
    ids=str,
)
@pytest.mark.parametrize("trust", [0.1, 0.471, 0.9])
def test_nobody_gains_by_deviating_at_any_history(baseline, changes, trust):
    found = doubted(baseline, **changes)
    check = check_line(found.line(4), trust)
    assert check.exploitability < 1e-9
    assert check.value_error < 1e-9
    assert check.bayes_error < 1e-12


@pytest.mark.parametrize("which", [RESOLUTE, RELUCTANT])
def test_the_walk_notices_a_cabinet_that_plays_against_its_interest(apart, which):
    line = apart.line(4)
    stay = line.aftermath.stay.copy()
    stay[which, 1, 3] = 1.0 - stay[which, 1, 3]  # three committed days after a miss on day 1
    check = check_line(replace(line, aftermath=replace(line.aftermath, stay=stay)), TRUST)
    assert (check.resolute, check.reluctant)[which] > 1.0
    assert (check.reluctant, check.resolute)[which] < 1e-9
    assert check.exploitability > 1.0


@pytest.mark.parametrize(
    ("row", "value", "gains"),
    [(kernels.DELIVER, 0.0, "opportunist"), (kernels.FIRST_Y, -5.0, "pausing_state"),
     (kernels.FIRST_UD, -5.0, "political_wing")],
)  # fmt: skip
def test_the_walk_notices_the_other_players_too(apart, row, value, gains):
    line = replace(apart.window(48, 4), _seen={})
    played = line.at(TRUST).copy()
    played[row, line.nodes.offers[line.head, 1:3]] = value  # chunks of one and of two days
    line._seen[TRUST] = played
    assert getattr(check_line(line, TRUST), gains) > 0.01


def test_the_walk_notices_a_wrong_mean_over_the_types(apart):
    line = apart.line(4)
    wrong = line.nodes._replace(captor_after_miss=line.nodes.captor_after_miss + 0.1)
    assert check_line(replace(line, nodes=wrong, _seen={}), TRUST).value_error > 0.01


@pytest.mark.parametrize("prior", [0.0, 0.5, 1.0])
def test_plays_drawn_at_random_end_like_the_exact_course(baseline, prior):
    found = doubted(baseline, leaves=2.0, prior=prior)
    course, plays = found.course(), 50_000
    assert sum(chance for _, chance in course.outcomes) == pytest.approx(1.0, abs=1e-12)
    drawn = truce.simulate(found, plays, np.random.default_rng(3))
    error, p = compare_plays(course, drawn, plays)
    assert error < 0.01
    assert p > 1e-4


def test_the_course_after_a_miss_is_the_mean_of_two_courses(apart):
    """Strategies before a miss held fixed, so only the days sat out differ."""
    line = apart.line(4)
    types = line.aftermath.cabinet

    def lengths(prior):
        after = replace(line.aftermath, cabinet=types._replace(prior=prior))
        return apart._trace(replace(line, aftermath=after), TRUST, 4).length

    mean = types.prior * lengths(1.0) + (1.0 - types.prior) * lengths(0.0)
    assert np.abs(mean - lengths(types.prior)).max() < 1e-12
    assert np.abs(lengths(1.0) - lengths(0.0)).max() > 0.005


def test_the_states_value_by_type_is_that_of_the_walk_and_means_to_the_negotiators(apart):
    line = apart.line()
    assert apart.by_type == pytest.approx(values_by_type(line, apart.trust), abs=1e-12)
    mean = float(line.aftermath.cabinet.shares @ apart.by_type)
    assert mean == pytest.approx(line.at(apart.trust)[kernels.FIRST_Y, line.head], abs=1e-12)


def test_the_last_committed_day_after_a_miss_is_the_closed_form(baseline):
    p = baseline.symbols()
    after = solve_aftermath(p, Cabinet(0.5, (p.kappa, 5.0), (0.0, 1.0)), 9, 3)
    for which, (cost, gain) in enumerate(((p.kappa, 0.0), (5.0, 1.0))):
        worth = gain - float(day_cost(p, 7))
        stay = 1.0 / (1.0 + np.exp(-(worth + cost) / p.s))
        state = p.s * (np.logaddexp(-cost / p.s, worth / p.s) - np.log(2.0))
        assert after.stay[which, 7, 1] == pytest.approx(stay, rel=1e-12)
        assert after.captor[which, 7, 1] == pytest.approx(stay * p.g, rel=1e-12)
        assert after.state[which, 7, 1] == pytest.approx(state, rel=1e-12)


def test_the_resolve_that_makes_two_days_worth_offering_is_the_closed_form(baseline, apart):
    """A day's gain that a resolute cabinet denies must be worth a batch: (1-beta) g nu = C(w, x).

    Exact where the negotiators surely stay on the second day, a resolute cabinet surely leaves and
    a reluctant one surely stays; at a cost of 4 each holds with .999 or more.
    """
    p = baseline.symbols()
    expected = float(release_loss(p, HELD, p.x)) / ((1.0 - p.beta) * p.g)
    assert apart.resolve_needed(HELD, DAY, TRUST, 2) == pytest.approx(expected, abs=1e-3)
    assert apart.resolve_needed(HELD, DAY, TRUST, 1) == 0.0  # nothing is left after one day
    needed = [apart.trust_needed(HELD, DAY, days) for days in (1, 2)]
    assert needed[1] < TRUST < 0.6
    assert apart.trust_needed(HELD, DAY) == min(needed)


def test_where_the_resolute_leave_at_once_an_eighth_day_becomes_likeliest(apart, eq):
    """docs/model.md, Extensions: costs of leaving halved, all else the baseline."""
    course = apart.course()
    assert course.chunks.index[0] == "4-2-2"
    assert course.length[8] == pytest.approx(0.513, abs=1e-3)
    assert course.mean_left == pytest.approx(24.20, abs=0.01)
    assert eq.course().chunks.index[0] == "4-2-1"
    resolute, reluctant = apart.by_type
    assert (resolute, reluctant) == pytest.approx((34.191, 34.124), abs=1e-3)


def test_where_even_the_resolute_sit_out_the_last_day_resolve_decides_nothing(baseline, resolved):
    """At the baseline leaving costs 8 and a day 6: both types stay when one day is left."""
    stay = resolved.lines[-1].aftermath.stay
    assert stay[:, 5:7, 1].min() > 0.999
    sure = doubted(baseline, prior=1.0)
    assert resolved.course().mean_days == pytest.approx(sure.course().mean_days, abs=0.01)
    assert resolved.resolve_needed(HELD, DAY, TRUST, 2) == float("inf")


def test_more_resolve_brings_more_deliveries_and_asks_for_less_trust(baseline):
    found = [doubted(baseline, leaves=2.0, prior=prior) for prior in (0.0, 0.3, 0.6, 1.0)]
    needed = [one.trust_needed(HELD, DAY, 2) for one in found]
    assert np.all(np.diff(needed) < 0.0)
    lines = [one.window(HELD, DAY) for one in found]
    node = int(lines[0].nodes.offers[lines[0].head, 2])
    assert np.all(np.diff([line.at(TRUST)[kernels.DELIVER, node] for line in lines]) >= 0.0)
    assert lines[-1].at(TRUST)[kernels.DELIVER, node] > 0.9


@settings(max_examples=40, deadline=None)
@given(
    cost=st.floats(0.0, 20.0), more=st.floats(0.0, 30.0), gain=st.floats(0.0, 15.0),
    noise=st.floats(0.05, 3.0), beta=st.floats(0.0, 0.5),
)  # fmt: skip
def test_a_captor_that_broke_its_word_gains_no_less_from_the_reluctant(
    baseline, cost, more, gain, noise, beta
):
    p = baseline.symbols()._replace(kappa=cost, s=noise, beta=beta)
    after = solve_aftermath(p, Cabinet(0.5, (cost, cost + more), (0.0, gain)), 9, 5)
    assert np.all(after.stay[RELUCTANT] >= after.stay[RESOLUTE] - 1e-12)
    assert np.all(after.captor[RELUCTANT] >= after.captor[RESOLUTE] - 1e-12)
    assert np.all((after.stay >= 0.0) & (after.stay <= 1.0))
    assert np.all(after.captor <= p.g * 5 + 1e-9)


def test_a_reluctant_cabinet_without_a_gain_only_bears_more(baseline):
    p = baseline.symbols()
    after = solve_aftermath(p, Cabinet(0.5, (p.kappa, 16.0), (0.0, 0.0)), 9, 5)
    assert np.all(after.state[RELUCTANT] <= after.state[RESOLUTE])


def test_reputation_is_a_martingale_that_one_day_stayed_can_undo(resolved):
    told = resolved.reputation(1, 3)  # a miss on the first day of four
    stays = told["resolve"] * told["resolute_stays"]
    stays += (1.0 - told["resolve"]) * told["reluctant_stays"]
    mean = stays * told["after_staying"] + (1.0 - stays) * told["after_leaving"]
    assert np.abs(mean - told["resolve"]).max() < 1e-12
    assert told["resolve"].iloc[0] == 0.5
    assert told["after_staying"].iloc[0] < 1e-6
    assert told["after_leaving"].iloc[0] > 0.999
    last = resolved.reputation(6, 1).iloc[0]  # both types stay, so nothing is learnt
    assert last["after_staying"] == pytest.approx(last["resolve"], abs=1e-3)


def test_a_reluctant_cabinet_that_leaves_at_less_than_the_resolute_is_refused(baseline):
    with pytest.raises(ArgumentError, match=r"resolve.reluctant_leaving_cost.*at least 8"):
        doubted(baseline, reluctant_leaving_cost=7.9)


@pytest.mark.parametrize(
    ("field", "value"),
    [("prior", 1.1), ("prior", -0.1), ("reluctant_leaving_cost", -1.0),
     ("reluctant_gain_per_day", -1.0), ("prior", float("nan")), ("resolute", 1.0)],
)  # fmt: skip
def test_a_table_out_of_bounds_is_refused_by_field(baseline, field, value):
    with pytest.raises((ArgumentError, ScenarioError), match=field):
        baseline.replace({"resolve": {field: value}})


def test_questions_about_what_cannot_be_are_refused_or_answered_with_nan(resolved):
    with pytest.raises(ArgumentError, match="days"):
        resolved.trust_needed(HELD, DAY, 0)
    with pytest.raises(ArgumentError, match="trust"):
        resolved.resolve_needed(HELD, DAY, 1.5, 1)
    with pytest.raises(ArgumentError, match="committed_days"):
        resolved.reputation(1, 99)
    with pytest.raises(ArgumentError, match="whole number"):
        resolved.reputation(1.5, 1)
    assert np.isnan(resolved.trust_needed(HELD, DAY, 3))  # 28 captives buy two days
    assert np.isnan(resolved.resolve_needed(HELD, DAY, TRUST, 3))
    assert resolved.reputation(1, 0).empty


def test_what_is_no_equilibrium_says_so_and_can_be_looked_at(baseline, monkeypatch):
    """No scenario is known that fails by more than rounding, so the verdict is put in."""
    verdict = "ceasefire.truce.extensions._resolve_equilibrium.claim"
    monkeypatch.setattr(
        verdict, lambda opened, *_, **__: opened._replace(status=Status.EXPLOITABLE)
    )
    on = baseline.replace({"resolve": "on"})
    reached = truce.solve(on, beliefs=31, throw=False)
    assert reached.status is Status.EXPLOITABLE
    assert reached.course().modal_days == 7
    with pytest.raises(SolveError, match="gains more") as caught:
        truce.solve(on, beliefs=31)
    assert caught.value.reached.status is Status.EXPLOITABLE


def test_without_a_deal_both_types_get_nothing(baseline):
    none = truce.solve(baseline.replace({"resolve": "on", "captor.trust": 0.0}))
    assert none.block_days == 0
    assert none.by_type == (0.0, 0.0)
    assert none.course().mean_days == 0.0


def test_beliefs_on_the_grid_do_not_change_the_answer(apart):
    coarse = truce.solve(apart.scenario, beliefs=31)
    assert coarse.trust == pytest.approx(apart.trust, abs=1e-9)
    assert coarse.course().mean_days == pytest.approx(apart.course().mean_days, abs=1e-9)
