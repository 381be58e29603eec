"""Terms of a deal against THEORY.md B1 to B3, by closed form and by the general solver."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ceasefire
from ceasefire import bargaining
from ceasefire.bargaining import (
    DividedDollar,
    Issue,
    LinearIssues,
    ThreeIssueExchange,
    TwoIssueExchange,
)
from ceasefire.errors import ArgumentError
from ceasefire.status import Status

F = Fraction
RULES = ("nash", "kalai-smorodinsky", "egalitarian")
DEAL = TwoIssueExchange(50, 1, F(35, 100), 10, 8)  # THEORY.md B2
OTHER = TwoIssueExchange(50, 3, 1, 10, 12)


@pytest.mark.parametrize(
    ("curvature", "nash", "ks"), [(0.5, 2 / 3, 0.618033989), (0.25, 0.8, 0.724491959)]
)
def test_the_divided_dollar_has_the_numbers_of_b1_by_both_routes(curvature, nash, ks):
    model = DividedDollar(curvature)
    for rule, share in (("nash", nash), ("kalai-smorodinsky", ks), ("egalitarian", ks)):
        assert model.solve(rule=rule).payoffs[0] == pytest.approx(share, abs=2e-9)
        assert model.closed_form(rule=rule).payoffs[0] == pytest.approx(share, abs=2e-9)
        assert model.closed_form(rule=rule).status is Status.OK


@given(curvature=st.floats(0.1, 1), weight=st.floats(0.05, 0.95))
@settings(max_examples=8, deadline=None)
def test_a_weighted_dollar_is_the_same_by_both_routes(curvature, weight):
    model = DividedDollar(curvature, weight)
    assert model.solve().payoffs[0] == pytest.approx(model.share(), abs=1e-8)
    assert model.closed_form().certificate.passed


@pytest.mark.parametrize(
    ("model", "rule", "days"),
    [
        (DEAL, "nash", F(4)),
        (DEAL, "kalai-smorodinsky", F(4)),
        (DEAL, "egalitarian", F(15, 4)),
        (DEAL.replace(weight=F(3, 10)), "nash", F(31, 10)),
        (DEAL.replace(weight=F(7, 10)), "nash", F(49, 10)),
        (OTHER, "nash", F(35, 4)),
        (OTHER, "egalitarian", F(100, 11)),
    ],
)
def test_days_for_fifty_are_those_of_b2_exactly_by_both_routes(model, rule, days):
    assert model.days(rule) == days
    solved, closed = model.solve(rule=rule), model.closed_form(rule=rule)
    assert solved.terms == closed.terms == {"captives": 50, "days": days}
    assert solved.exact
    assert closed.status is Status.OK


def test_the_price_of_a_captive_is_the_mean_of_the_reservation_prices():
    low, high = DEAL.reservation_prices
    assert DEAL.price() == (low + high) / 2 == F(4, 50)


positive = st.fractions(F(1, 10), 20, max_denominator=20)


@given(
    v=positive,
    c=positive,
    a=positive,
    k=positive,
    top=st.none() | positive,
    weight=st.fractions(F(1, 10), F(9, 10), max_denominator=10),
)
@settings(max_examples=20, deadline=None)
def test_any_exchange_is_the_same_by_both_routes(v, c, a, k, top, weight):  # fmt: skip
    model = TwoIssueExchange(50, v, c, a, k, days_max=top, weight=weight)
    for rule in RULES:
        solved = model.solve(rule=rule)
        assert tuple(solved.terms.values()) == model.terms(rule)
        assert (solved.status is Status.NO_DEAL) == (v * a <= c * k)


def test_a_cap_that_binds_parts_nash_from_kalai_smorodinsky():
    capped = DEAL.replace(days_max=5)
    assert capped.days("nash") == 4
    assert capped.days("kalai-smorodinsky") == F(15, 4)
    capped = DEAL.replace(days_max=2)
    assert capped.terms("nash") == (F(256, 7), 2)


@given(captor=st.fractions(F(1, 9), 9), pauser=st.fractions(F(1, 9), 9))
@settings(max_examples=8, deadline=None)
def test_scales_of_utility_move_only_the_egalitarian_days(captor, pauser):
    scaled = DEAL.replace(
        captive_value=pauser, day_cost=8 * pauser, captive_cost=F(35, 100) * captor,
        day_gain=10 * captor, days_max=5,
    )  # fmt: skip
    plain = DEAL.replace(days_max=5)
    assert scaled.solve().terms == plain.solve().terms
    rule = "kalai-smorodinsky"
    assert scaled.solve(rule=rule).terms == plain.solve(rule=rule).terms
    moved = scaled.days("egalitarian") != plain.days("egalitarian")
    assert moved == (captor != pauser)


def test_whole_captives_and_days_are_compared_one_by_one():
    found = DEAL.replace(captive_cost=F(3, 10), weight=F(2, 5)).whole()
    pairs = product(range(51), range(7))
    best = max(
        pairs,
        key=lambda t: max(10 * t[1] - 0.3 * t[0], 0) ** 0.4 * max(t[0] - 8 * t[1], 0) ** 0.6,
    )
    assert found.terms == {f"{best[0]} for {best[1]} days": 1}
    assert found.relaxed is not None
    assert DEAL.whole().terms == {"50 for 4 days": 1}
    assert np.allclose(DEAL.whole().relaxed, [22.5, 18])


def test_what_makes_four_days_the_answer():
    found = DEAL.explains()
    assert (found.least, found.most, found.weight) == (F(7, 4), F(25, 4), F(1, 2))
    low, high = found.weights_whole
    for weight, days in ((low - 0.01, 3), (low + 0.01, 4), (high - 0.01, 4), (high + 0.01, 5)):
        assert DEAL.replace(weight=weight).whole().terms == {f"50 for {days} days": 1}
    assert DEAL.replace(weight=found.weight).days() == 4
    for middle, days in ((3.45, 3), (3.55, 4), (4.45, 4), (4.55, 5)):
        v = 8 * (2 * middle - 1.75) / 50
        assert DEAL.replace(captive_value=v).whole().terms == {f"50 for {days} days": 1}
    with pytest.raises(ArgumentError, match=r"days.*where both gain"):
        DEAL.explains(7)


def test_three_issues_have_the_numbers_of_b3_by_both_routes():
    model = ThreeIssueExchange()
    nash, ks, equal = (model.solve(rule=rule) for rule in RULES)
    assert tuple(nash.payoffs) == (F(225, 4), F(135, 2))
    assert nash.terms == {"captives": 50, "days": F(25, 8), "prisoners": 150}
    assert tuple(nash.ideal) == (F(225, 2), 120)
    assert float(ks.payoffs[0]) == pytest.approx(59.55882353, abs=5e-9)
    assert float(equal.payoffs[0]) == pytest.approx(61.36363636, abs=5e-9)
    for rule, solved in zip(RULES, (nash, ks, equal), strict=True):
        closed = model.closed_form(rule=rule)
        assert tuple(closed.payoffs) == tuple(solved.payoffs)
        assert closed.terms == solved.terms
        assert solved.terms["prisoners"] == 150
        assert closed.status is Status.OK


def test_the_kink_of_b3_is_where_the_cheap_instrument_is_used_up():
    curve = ThreeIssueExchange().contract_curve()
    assert [c.payoffs for c in curve[:2]] == [(-50, 150), (25, 105)]
    assert [(c.moved, c.price) for c in curve[1:3]] == [
        (("prisoners",), F(3, 5)), (("days",), F(6, 5)),
    ]  # fmt: skip


def test_a_solution_can_lie_on_a_kink():
    model = ThreeIssueExchange(weight=F(3, 10))
    found = model.solve()
    assert tuple(found.payoffs) == (25 + 0, 105) or found.terms["days"] >= 0
    weights = [F(k, 40) for k in range(1, 40)]
    at_kink = [w for w in weights if tuple(model.replace(weight=w).solve().payoffs) == (25, 105)]
    assert at_kink  # a whole interval of weights: first-order conditions fail there
    for w in at_kink:
        assert model.replace(weight=w).closed_form().status is Status.OK


numbers = st.integers(-5, 5).filter(lambda x: x != 0)
an_issue = st.tuples(st.integers(1, 9), numbers, numbers)


@given(parts=st.lists(an_issue, min_size=1, max_size=6), k=st.integers(1, 9))
@settings(max_examples=25, deadline=None)
def test_any_package_is_the_same_by_sorting_ratios_and_by_programs(parts, k):
    issues = tuple(Issue(f"i{j}", "units", *part) for j, part in enumerate(parts))
    model = LinearIssues(issues, F(k, 10))
    for rule in RULES:
        solved, closed = model.solve(rule=rule), model.closed_form(rule=rule)
        assert tuple(solved.payoffs) == tuple(closed.payoffs)
        assert closed.status in (Status.OK, Status.NO_DEAL)


def test_issues_by_themselves_are_settled_at_nothing_and_linking_them_gains():
    table = ThreeIssueExchange().issues().linkage().set_index("package")
    assert table.loc["each issue by itself", "share"] == 0
    assert table.loc["days only", "captor"] == 37.5
    assert table.loc["package", "share"] == 1
    assert table["share"].max() == 1


def test_issues_that_both_like_are_agreed_alone():
    alone = LinearIssues((Issue("inspection", "visits", 10, 1, 2),))
    assert alone.solve().terms == {"inspection": 10}


def test_the_marginal_instrument_is_that_of_the_edge():
    model = ThreeIssueExchange().issues()
    assert model.marginal() == ("days",)
    assert list(model.instruments()["issue"])[:2] == ["prisoners", "days"]


def test_what_was_agreed_is_held_against_the_frontier():
    model = LinearIssues.from_scenario(ceasefire.load("november-2023"))
    found = model.agreed()
    assert found.terms["pause"] == 4
    assert found.gains.min() > 0
    assert not found.efficient  # at the assumed values of prisoners, corridors and surveillance
    exact = ThreeIssueExchange().issues()
    levels = {"captives": 50, "days": F(25, 8), "prisoners": 150}
    issues = tuple(Issue(i.name, i.unit, i.upper, i.captor_value, i.pausing_value, levels[i.name])
                   for i in exact.issues)  # fmt: skip
    assert LinearIssues(issues).agreed().status is Status.OK


@pytest.mark.parametrize("name", ["two-issue-exchange", "three-issue-exchange", "linear-issues"])
def test_the_scenario_has_one_answer_by_both_routes(name):
    model = bargaining.model(name).from_scenario(ceasefire.load("november-2023"))
    for rule in RULES:
        solved, closed = model.solve(rule=rule), model.closed_form(rule=rule)
        assert np.allclose(solved.payoffs, closed.payoffs, rtol=1e-12)
        assert closed.certificate.passed


def test_terms_of_the_first_block_of_the_scenario():
    model = TwoIssueExchange.from_scenario(ceasefire.load("november-2023"))
    assert model.days() == pytest.approx(5.242, abs=1e-3)
    assert model.explains().weight == pytest.approx(0.352, abs=1e-3)


def test_days_beyond_the_most_are_not_given_in_whole_days_either():
    """At the scenario all-at-once Nash's whole days went on to 18 where 10 are the most."""
    model = TwoIssueExchange.from_scenario(ceasefire.load("all-at-once"))
    table = model.table()
    assert table["days"].max() <= model.days_max
    assert table["days_whole"].max() == model.days_max


@pytest.mark.parametrize(
    ("make", "where"),
    [
        (lambda: DividedDollar(curvature=2), "curvature"),
        (lambda: DividedDollar(weight=1), "weight"),
        (lambda: DEAL.replace(captives=0), "captives"),
        (lambda: DEAL.replace(days_max=-1), "days_max"),
        (lambda: DEAL.replace(day_cost=float("nan")), "day_cost"),
        (lambda: DEAL.solve(rule="fair"), "rule"),
        (lambda: ThreeIssueExchange(prisoner_cost=0), "prisoner_cost"),
        (lambda: LinearIssues(()), "issues"),
        (lambda: LinearIssues((Issue("a", "", 1, 1, 1),) * 2), "issues"),
        (lambda: Issue("a", "", 0, 1, 1), "upper"),
        (lambda: Issue("a", "", 1, float("inf"), 1), "captor_value"),
    ],
)
def test_bad_parameters_are_named(make, where):
    with pytest.raises(ArgumentError) as caught:
        make()
    assert caught.value.where == where
