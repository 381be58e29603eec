"""A second truce behind the first, and deals in phases."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ceasefire
from ceasefire import truce
from ceasefire.bargaining import PhasedDeal, SecondTruce
from ceasefire.errors import ArgumentError
from ceasefire.status import Status


@pytest.fixture(scope="module")
def scenario():
    return ceasefire.load("november-2023")


@pytest.fixture(scope="module")
def found(scenario):
    return SecondTruce(scenario, other_captives=115.0).solve()


@pytest.mark.parametrize("changes", [{}, {"l_hi": 0.9, "beta": 0.05}, {"x": 12.5, "kappa": 1.0}])
def test_without_second_talks_the_truce_is_that_of_the_model(scenario, changes):
    changed = scenario.replace(changes)
    prospect = SecondTruce(changed, opening_threshold=math.inf).solve()
    base = truce.solve(changed)
    line = base.line()
    head = line.at(base.trust)[3:5, line.head]
    assert prospect.values == pytest.approx(tuple(head), abs=1e-10)
    assert prospect.mean_days == pytest.approx(base.course().mean_days, abs=1e-10)
    assert prospect.second_given_first == prospect.without_first == 0
    assert prospect.certificate.passed


def test_the_ends_of_the_first_truce_are_a_distribution(found):
    assert sum(chance for _, chance, _ in found.by_cause) == pytest.approx(1)
    assert found.certificate.passed
    second = sum(chance * after for _, chance, after in found.by_cause)
    assert second == pytest.approx(found.second_given_first)


def test_a_missed_delivery_rules_a_second_truce_out(found):
    after = {cause: second for cause, _, second in found.by_cause}
    assert after["missed"] == 0
    assert after["stopped"] > 0.7


def test_the_prospect_keeps_opportunists_honest(found, scenario):
    alone = SecondTruce(scenario, 115.0, opening_threshold=math.inf).solve()
    missed = [{c: p for c, p, _ in one.by_cause}["missed"] for one in (found, alone)]
    assert missed[0] < missed[1]


def test_with_nobody_else_eligible_hardly_any_second_truce_follows(scenario):
    found = SecondTruce(scenario).solve()
    assert found.second_given_first < 0.01
    assert found.without_first == pytest.approx(0.770, abs=1e-3)  # P(open) times P(deal)


def test_simulated_play_ends_as_often_as_computed(scenario):
    model = SecondTruce(scenario, 115.0)
    base = truce.solve(scenario)
    solved, ends = model._run(base, scenario.symbols().K_T)
    rng = np.random.default_rng(5)
    days = [played(solved, base.trust, rng) for _ in range(4000)]
    mean = sum(end.chance * end.days for end in ends if end.cause != "missed")
    sure = sum(end.chance for end in ends if end.cause != "missed")
    kept = [day for day, cause in days if cause != "missed"]
    assert len(kept) / len(days) == pytest.approx(sure, abs=0.03)
    assert np.mean(kept) == pytest.approx(mean / sure, abs=0.12)


def played(solved, mu, rng):
    """One play of the first truce from its head: days and how it ended, types drawn."""
    n, p = solved.nodes, solved.p
    dealer, node, first = rng.random() < mu, solved.head, True
    while True:
        play, used = solved.at(node, mu), int(n.used[node])
        if n.kind[node] == 1:
            if rng.random() < p.chi or not play.accepts:
                return used, "relay"
            e = rng.choice(len(play.offers), p=play.offers)
            if e == 0 or rng.random() >= play.accepts[e - 1]:
                return used, "stopped"
            node, first = int(n.offers[node, e]), True
            continue
        if not first and rng.random() >= play.stay:
            return used, "left"
        if rng.random() >= n.able[node] or not (dealer or rng.random() < play.deliver):
            return used, "missed"
        mu = play.posterior
        if rng.random() < p.beta:
            return used + 1, "incident"
        node, first = int(n.following[node]), n.left[node] == 1


def test_phases_unravel_without_an_end_and_hold_from_the_least_one_on():
    deal = PhasedDeal((33, 64, 36), (1, 1, 1), (Fraction(1, 4), Fraction(1, 2), Fraction(1, 8)),
                      Fraction(9, 10))  # fmt: skip
    assert deal.closed_form().status is Status.NO_DEAL
    assert deal.solve().carried == 0
    needed = deal.closed_form().end_needed
    assert needed == pytest.approx(5)
    assert deal.solve().end_needed == pytest.approx(needed, abs=1e-9)
    for end, carried in ((5, 3), (Fraction(499, 100), 0)):
        one = deal.replace(end_worth=end)
        assert one.closed_form().carried == one.solve().carried == carried
        assert one.solve().surplus == pytest.approx(one.closed_form().surplus)


@settings(max_examples=8, deadline=None)
@given(
    st.lists(st.integers(1, 50), min_size=1, max_size=3),
    st.lists(st.fractions(Fraction(1, 10), Fraction(9, 10), max_denominator=20), min_size=3,
             max_size=3),
    st.fractions(Fraction(1, 2), 1, max_denominator=20), st.integers(0, 60),
)  # fmt: skip
def test_the_tree_carries_what_the_inequalities_carry(captives, costs, discount, end):
    m = len(captives)
    deal = PhasedDeal(tuple(captives), (1,) * m, tuple(costs[:m]), discount, end)
    closed, found = deal.closed_form(), deal.solve()
    assert found.carried == closed.carried
    assert found.surplus == pytest.approx(closed.surplus)
    assert found.end_needed == pytest.approx(closed.end_needed, abs=1e-6)


@pytest.mark.parametrize(
    ("build", "field"),
    [
        (lambda _: SecondTruce("november-2023"), "scenario"),
        (lambda s: SecondTruce(s, -1.0), "other_captives"),
        (lambda s: SecondTruce(s, 0.0, math.nan), "opening_threshold"),
        (lambda _: PhasedDeal((1, 2), (1,), (1,), 0.9), "captives"),
        (lambda _: PhasedDeal((1, 0), (1, 1), (1, 1), 0.9), r"captives\[1\]"),
        (lambda _: PhasedDeal((1,), (1,), (1,), 1.5), "discount"),
        (lambda _: PhasedDeal((1,), (1,), (1,), 0.5, -1), "end_worth"),
    ],
)
def test_bad_parameters_are_named(build, field, scenario):
    with pytest.raises(ArgumentError, match=field):
        build(scenario)
