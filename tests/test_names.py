"""The list: asked for, done without, or named of one's own accord."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ceasefire
from ceasefire import bargaining, solvers
from ceasefire.errors import ArgumentError
from ceasefire.status import Status

F = Fraction  # short in tables of cases
HALF = Fraction(1, 2)
chances = st.integers(0, 10).map(lambda k: Fraction(k, 10))


def one_batch(l, contact=1, naming=HALF):  # noqa: E741 - l(w, x) is the model's name
    return bargaining.VerifiableList((1 - l, l), 10, 1, (5,), (2,), 12, naming, contact)


def several(weights, contact, naming):
    total = sum(weights)
    p = tuple(Fraction(w, total) for w in weights)
    return bargaining.VerifiableList(p, 10, 1, (5, 6, 7), (2, 3, 5), 12, naming, contact)


lists = st.builds(
    several,
    st.lists(st.integers(1, 9), min_size=4, max_size=4),
    chances,
    st.integers(0, 15).map(lambda k: Fraction(k, 10)),
)


@settings(max_examples=15, deadline=None)
@given(lists)
def test_backward_induction_on_the_tree_finds_the_closed_form(model):
    closed, solved = model.closed_form(), model.solve()
    assert closed.status is Status.OK
    assert solved.status is Status.OK
    for policy in closed.pausing:
        assert solved.pausing[policy] == pytest.approx(float(closed.pausing[policy]), abs=1e-9)
        assert solved.captor[policy] == pytest.approx(float(closed.captor[policy]), abs=1e-9)


@settings(max_examples=15, deadline=None)
@given(chances, chances)
def test_only_lost_contact_makes_asking_costly(l, contact):  # noqa: E741
    """All or nothing: unnamed is better iff l (1 - a) D_T > (1 - l) k_0, D_T = 5, k_0 = 5."""
    found = one_batch(l, contact).closed_form()
    better = found.pausing["unnamed"] > found.pausing["full list"]
    assert better == (l * (1 - contact) * 5 > (1 - l) * 5)


def test_a_name_that_costs_too_much_kills_the_deal_exactly_at_the_limit():
    limit = one_batch(F(9, 10)).closed_form().naming_limit
    assert limit == 1  # (12 - 2) / 10
    at = one_batch(F(9, 10), naming=limit).closed_form()
    assert at.killed == F(1, 10)  # inability alone; who is indifferent names
    above = one_batch(F(9, 10), naming=limit + F(1, 1000)).closed_form()
    assert above.killed == 1
    assert above.best == "unnamed"


@settings(max_examples=15, deadline=None)
@given(lists)
def test_with_sure_contact_and_free_names_paying_by_the_name_is_best(model):
    found = model.replace(contact=1, naming_cost=0).closed_form()
    assert found.pausing["as named"] >= found.pausing["unnamed"]
    assert found.pausing["as named"] >= found.pausing["full list"]


def test_insisting_on_all_kills_the_smaller_deals_too():
    found = several([1, 1, 1, 1], 1, F(1, 10)).closed_form()
    assert found.deal["as named"] == F(3, 4)
    assert found.deal["full list"] == F(1, 4)


@settings(max_examples=15, deadline=None)
@given(lists)
def test_a_name_is_worth_the_day_it_saves(model):
    """The value of learning m more batches by comparing two plans, against h_m k_m / b."""
    found, p, T = model.closed_form(), model.chances, model.days
    for m in range(T):
        rest = sum(p[m:])
        plan = sum(q * model.unnamed(m + k)[0] for k, q in enumerate(p[m:])) / rest
        ahead = sum(q * model.unnamed(m + 1 + k)[0] for k, q in enumerate(p[m + 1 :]))
        told = (ahead + p[m] * model.named(m)[0]) / rest
        assert found.asked[m] == (told - plan) / model.batch


@pytest.mark.parametrize(
    ("l", "contact"),
    [(F(3, 4), F(4, 5)), (F(3, 4), 1), (F(3, 4), F(1, 2)), (F(2, 5), 1), (F(2, 5), F(3, 10))],
)
def test_a_request_brings_names_exactly_where_the_engine_finds_such_an_equilibrium(l, contact):  # noqa: E741
    model = one_batch(l, contact)
    found = model.closed_form()
    components = solvers.signalling(model.request_game())
    all_silent = any(c.messages == ("silent",) for c in components)
    able = float(l * contact) * float(model.named(1)[0])
    named = any("name 1" in c.messages and c.payoffs[1] == pytest.approx(able) for c in components)
    assert all_silent == found.silence_accepted
    assert named == found.names_come == (contact >= found.contact_limit)


def test_the_scenario_does_better_unnamed_because_contact_fails():
    model = bargaining.VerifiableList.from_scenario(ceasefire.load("november-2023"))
    found = model.closed_form()
    assert found.best == "unnamed"
    assert found.pausing["unnamed"] == pytest.approx(27.8517, abs=1e-4)
    assert found.pausing["full list"] == pytest.approx(22.2538, abs=1e-4)
    assert found.naming_limit == pytest.approx((48 - sum(model.release_costs)) / 50)
    assert model.replace(contact=1).closed_form().best == "as named"


def test_names_gain_in_worth_as_the_stock_drains_until_asking_is_best():
    scenario = ceasefire.load("november-2023")
    windows = ((48, 4), (38, 5), (28, 6), (18, 7), (8, 8))
    found = [
        bargaining.VerifiableList.at_window(scenario, held=w, day=j).closed_form()
        for w, j in windows
    ]
    worth = [f.asked[0] for f in found]
    assert worth == sorted(worth)
    assert worth[-1] == pytest.approx(0.3 * 6.6 / 8)  # (1 - l) k_8 / x at the last 8
    assert [f.best for f in found] == ["unnamed"] * 3 + ["as named"] * 2
    limits = [f.naming_limit for f in found]
    assert limits == sorted(limits, reverse=True)


# ---- of its own accord


@pytest.mark.parametrize("able", [0, 0.3, 0.75, 0.99, 1])
@pytest.mark.parametrize("cost", [0, 0.2, 0.45, 0.9])
def test_a_fine_grid_of_types_has_the_closed_form_s_threshold(able, cost):
    model = bargaining.VoluntaryList(most=50, worth=1, naming_cost=cost, able=able)
    closed, solved = model.closed_form(), model.solve()
    assert closed.certificate.passed
    assert solved.certificate.passed
    assert solved.threshold == pytest.approx(closed.threshold, abs=0.05)
    assert solved.named == pytest.approx(closed.named, abs=1e-3)


@pytest.mark.parametrize("able", [F(3, 10), F(3, 4), 1])
@pytest.mark.parametrize("cost", [0, F(1, 5), F(9, 10)])
def test_the_threshold_is_a_sequential_equilibrium_of_the_tree(able, cost):
    model = bargaining.VoluntaryList(most=4, worth=1, naming_cost=cost, able=able)
    found = model.assessment(types=4)
    assert found.verified, found


def test_without_cost_or_excuse_everything_unravels():
    found = bargaining.VoluntaryList(most=50, worth=1).closed_form()
    assert (found.threshold, found.silence, found.named) == (0, 0, 1)


def test_lost_contact_excuses_silence_by_dyes_formula():
    for a in (0.2, 0.75, 0.96):
        s = (1 - a) ** 0.5
        found = bargaining.VoluntaryList(most=1, worth=1, able=a).closed_form()
        assert found.threshold == pytest.approx(s / (1 + s))
        assert found.silence == pytest.approx(found.threshold)


@settings(max_examples=10, deadline=None)
@given(st.floats(0, 1), st.floats(0.5, 3))
def test_from_half_its_pay_on_a_name_never_comes(able, part):
    found = bargaining.VoluntaryList(most=50, worth=2, naming_cost=2 * part, able=able)
    assert found.closed_form().named == 0
    assert found.cost_limit == 1


@pytest.mark.parametrize(
    ("make", "where"),
    [
        (lambda: bargaining.VerifiableList((1,), 10, 1, (), (), 12), "chances"),
        (lambda: bargaining.VerifiableList((0.5, 0.6), 10, 1, (5,), (2,), 12), "chances"),
        (lambda: bargaining.VerifiableList((0.5, 0.5), 10, 1, (5, 6), (2,), 12), "day_costs"),
        (lambda: one_batch(F(1, 2), contact=2), "contact"),
        (lambda: one_batch(F(1, 2)).game(["all"]), "policies"),
        (lambda: bargaining.VoluntaryList(most=0, worth=1), "most"),
        (lambda: bargaining.VoluntaryList(most=5, worth=1, able=-1), "able"),
        (lambda: bargaining.VoluntaryList(most=5, worth=1).solve(types=0), "types"),
    ],
)
def test_a_bad_parameter_is_named(make, where):
    with pytest.raises(ArgumentError, match=where):
        make()
