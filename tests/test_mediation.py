"""Mediators: THEORY I1, I2, I3, A5, A6, the mediation game with private strength, guarantees."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import ceasefire
from ceasefire import truce
from ceasefire.bargaining import (
    BiasedReporter,
    CorrelatedChicken,
    Guarantor,
    MediatedCosts,
    Relay,
    StrengthMediation,
)
from ceasefire.errors import ArgumentError
from ceasefire.games import BayesianGame
from ceasefire.solvers import (
    certify,
    communication,
    correlated,
    largest_gain,
    nash,
    subgame_perfect,
)
from ceasefire.status import Status

AUMANN = {"both_yield": 6, "stands": 7, "yields": 2, "both_stand": 0}
TALKS = {"deal": 0.05, "blackout": 0.06, "restore": 0.25, "breakdown": 0.04}


@pytest.fixture(scope="module")
def scenario():
    return ceasefire.load("november-2023")


@pytest.fixture(scope="module")
def equilibrium(scenario):
    return truce.solve(scenario)


# Advice in chicken


@pytest.mark.parametrize("way", ["closed_form", "solve"])
def test_chicken_has_its_published_sums(way):
    """THEORY I1: 10.5, 7.2, 14/3, and 1/3 at (4, 1, 5)."""
    found = getattr(CorrelatedChicken(**AUMANN), way)()
    quarter, half = Fraction(1, 4), Fraction(1, 2)
    assert (found.best, found.worst, found.mixed) == (
        Fraction(21, 2),
        Fraction(36, 5),
        Fraction(14, 3),
    )
    assert found.shares == (half, quarter, quarter, 0)
    assert found.certificate.passed
    other = getattr(CorrelatedChicken(4, 5, 1, 0), way)()
    assert other.shares[0] == Fraction(1, 3)


def test_extreme_values_agree_in_other_directions_too():
    """THEORY I1, trap: compare directions, not vertices."""
    model = CorrelatedChicken(**AUMANN)
    corners = [(2, 1, 1, 0), (0, 2, 2, 1), (0, 1, 0, 0), (0, 0, 1, 0), (4, 2, 2, 1)]
    joint = [np.array(c, dtype=float) / sum(c) for c in corners]
    rng = np.random.default_rng(0)
    for goal in rng.normal(size=(10, 4)):
        best = correlated(model.game(), objective=goal.reshape(2, 2)).value
        assert best == pytest.approx(max(goal @ p for p in joint), abs=1e-9)


@given(st.lists(st.integers(0, 30), min_size=4, max_size=4, unique=True))
@settings(max_examples=10, deadline=None)
def test_chicken_by_formula_and_by_programs_agree(values):
    low = sorted(values)
    model = CorrelatedChicken(both_yield=low[2], stands=low[3], yields=low[1], both_stand=low[0])
    one, two = model.closed_form(), model.solve()
    assert (one.best, one.worst, one.mixed) == (two.best, two.worst, two.mixed)
    assert one.certificate.passed
    assert two.certificate.passed
    assert one.gain >= 0


def test_chicken_with_one_type_is_a_communication_equilibrium():
    game = CorrelatedChicken(**AUMANN).game()
    table = np.array(game.exact_payoffs)[:, None, None]
    assert communication(BayesianGame([[1]], table), exact=True).value == Fraction(21, 2)


# Private costs


@pytest.mark.parametrize("way", ["closed_form", "solve"])
def test_private_costs_need_no_mediator(way):
    """THEORY I2, the negative control: peace 1 either way, splits [.5, .65]."""
    found = getattr(MediatedCosts(0.6, (0.1, 0.3), (0.05, 0.2)), way)()
    assert found.mediated == pytest.approx(1, abs=1e-9)
    assert found.unmediated == 1
    assert found.splits == pytest.approx((0.5, 0.65), abs=1e-9)
    assert found.certificate.passed


@given(
    st.fractions(0, 1, max_denominator=20),
    st.lists(st.fractions("1/20", "1/2", max_denominator=20), min_size=1, max_size=3),
    st.lists(st.fractions("1/20", "1/2", max_denominator=20), min_size=1, max_size=3),
)
@settings(max_examples=4, deadline=None)
def test_whatever_the_costs_peace_is_sure_and_the_splits_are_those_of_the_formula(odds, one, two):
    model = MediatedCosts(odds, tuple(one), tuple(two))
    closed, found = model.closed_form(), model.solve(steps=4)
    assert found.mediated == pytest.approx(1, abs=1e-8)
    assert found.splits == pytest.approx(closed.splits, abs=1e-9)
    assert 0 < closed.ultimatum <= 1


def test_one_offer_risks_war_by_choice():
    """THEORY H6 with side 1 offering: war where the resolved are rare, threshold at a tie."""
    model = MediatedCosts(Fraction(1, 2), (Fraction(1, 10),), (Fraction(1, 10), Fraction(3, 10)))
    rare = model.replace(chances_2=(Fraction(1, 4), Fraction(3, 4)))
    assert rare.ultimatum() == pytest.approx(0.75)
    tie = model.replace(chances_2=(Fraction(1, 2), Fraction(1, 2)))
    assert tie.ultimatum() == 1  # (cH - cL)/(cH + c1) = 1/2: indifferent, peace is taken


# Biased reports


@pytest.mark.parametrize(
    ("terms", "bias"),
    [
        ((0.1, 0.3, 0.1, 0.2, 0.0), 0.5),
        ((0.1, 0.3, 0.1, 0.2, 0.1), 0.58823529),
        ((0.1, 0.4, 0.1, 0.3, 0.15), 0.625),
    ],
)
def test_the_bias_needed_is_that_of_the_theory(terms, bias):
    """THEORY I3, by formula and by the game's payoffs with communication equilibria beside it."""
    model = BiasedReporter(*terms)
    for found in (model.closed_form(), model.solve()):
        assert found.bias_needed == pytest.approx(bias, abs=5e-9)
        assert found.certificate.passed
        assert found.status is Status.OK
    assert model.informs(bias - 0.01) == pytest.approx(0, abs=1e-9)
    assert model.informs(bias + 0.01) == pytest.approx(1, abs=1e-9)


def test_an_even_handed_reporter_is_never_believed_once_reports_may_be_wrong():
    for error in (0.001, 0.05, 0.3):
        model = BiasedReporter(0.1, 0.3, 0.1, 0.2, error)
        assert model.informs(0.5) == pytest.approx(0, abs=1e-9)
        assert model.closed_form().bias_needed > 0.5


@pytest.mark.parametrize(("error", "infinite"), [(0.5, False), (0.7, True)])
def test_past_the_limit_no_bias_is_enough(error, infinite):
    """THEORY I3, trap: the denominator falls to 0, and the bias passes 1 before."""
    model = BiasedReporter(0.1, 0.3, 0.1, 0.2, error)
    for found in (model.closed_form(), model.solve()):
        assert found.bias_needed == np.inf if infinite else found.bias_needed > 1
        assert not found.possible
        assert found.status is Status.NO_EQUILIBRIUM
        assert found.certificate.passed
    assert model.informs(1) == pytest.approx(0, abs=1e-9)
    assert "No bias" in model.answer()


def test_the_truth_is_an_equilibrium_of_the_tree_just_above_the_bias_and_not_below():
    model = BiasedReporter(*map(Fraction, ("1/10", "3/10", "1/10", "1/5", "1/10")))
    need = model.closed_form().bias_needed
    assert need == Fraction(10, 17)
    truth = {"('saw', 'weak')": 0, "('saw', 'resolved')": 1, "('said', 'weak')": 0,
             "('said', 'resolved')": 1}  # fmt: skip
    for word in ("weak", "resolved"):
        truth |= {f"('asked', '{word}', {ask}, {resolved})": int(resolved and not ask)
                  for ask in (0, 1) for resolved in (False, True)}  # fmt: skip
    for side in (-1, 1):
        tree = model.tree(need + side * Fraction(1, 100))
        play = np.concatenate([np.eye(2)[truth[label]] for label in tree.infoset_labels])
        assert certify(tree, play).is_nash == (side == 1)


# Private strength

STRENGTH = [
    pytest.param((Fraction(1, 5), Fraction(7, 10), Fraction(9, 10)), id="costly-rare"),
    pytest.param((Fraction(2, 5), Fraction(7, 10), Fraction(9, 10)), id="costly-likely"),
    pytest.param((Fraction(1, 2), Fraction(4, 5), Fraction(9, 10)), id="intense-rare"),
    pytest.param((Fraction(4, 5), Fraction(9, 10), Fraction(9, 10)), id="intense-likely"),
    pytest.param((Fraction(1, 2), Fraction(7, 10), Fraction(9, 10)), id="equal-split"),
    pytest.param((Fraction(0), Fraction(7, 10), Fraction(9, 10)), id="no-strength"),
    pytest.param((Fraction(1), Fraction(7, 10), Fraction(9, 10)), id="all-strong"),
]


@pytest.mark.parametrize("terms", STRENGTH)
def test_peace_by_formula_is_peace_by_programs(terms):
    model = StrengthMediation(*terms)
    closed, found = model.closed_form(), model.solve()
    for name in ("silent", "unmediated", "mediated", "arbitrated"):
        assert getattr(found, name) == pytest.approx(float(getattr(closed, name)), abs=1e-8)
    assert closed.certificate.passed
    assert found.certificate.passed


@given(st.floats(0.02, 0.95), st.floats(0.55, 0.95), st.floats(0.55, 1.0))
@settings(max_examples=5, deadline=None)
def test_a_mediator_does_as_well_as_an_arbitrator_and_never_worse_than_messages(q, pie, edge):
    assume(pie * edge > 0.5 + 1e-3)
    model = StrengthMediation(q, pie, edge)
    assume(abs(model.odds - model.temptation) > 1e-3)
    assume(abs(model.temptation - 1 - 2 * model.odds) > 1e-3)
    closed, found = model.closed_form(), model.solve(steps=4)
    assert found.mediated == pytest.approx(found.arbitrated, abs=1e-7)
    assert found.mediated == pytest.approx(closed.mediated, abs=1e-7)
    assert found.unmediated == pytest.approx(closed.unmediated, abs=1e-7)
    assert found.silent == pytest.approx(closed.silent, abs=1e-7)
    assert found.silent <= found.mediated + 1e-9
    adds = model.temptation < 1 or model.odds > model.temptation / 2
    settles = model.odds >= model.temptation
    if abs(model.temptation - 1) > 1e-2 and abs(model.odds - model.temptation / 2) > 1e-2:
        assert (closed.added > 1e-9) == (adds and not settles)


def test_the_mediator_s_program_is_exact_in_fractions():
    model = StrengthMediation(Fraction(2, 5), Fraction(7, 10), Fraction(9, 10))
    found = communication(model.game(), objective=model.peace_event(), exact=True)
    assert found.value == model.closed_form().mediated == Fraction(14, 15)
    assert found.regret == 0


def test_posing_as_weak_and_then_fighting_breaks_what_neither_lie_nor_refusal_breaks():
    """Trap of the double deviation: the arbitrator's plan, carried out without force."""
    model = StrengthMediation(Fraction(1, 5), Fraction(7, 10), Fraction(9, 10))
    half, own = Fraction(1, 2), Fraction(63, 100)
    splits = [1 - own, half, own]
    game = model.game(splits=splits)
    one = model.settled().one
    plan = np.full((2, 2, 4, 4), Fraction(0), dtype=object)
    plan[0, 0, 3, 3] = plan[1, 1, 1, 1] = Fraction(1)
    plan[0, 1, 2, 2] = plan[1, 0, 0, 0] = one
    plan[0, 1, 3, 3] = plan[1, 0, 3, 3] = 1 - one
    assert largest_gain(game, plan, enforced=True, outside=model.outside()) == 0
    assert largest_gain(game, plan, informed=True) == 0
    assert largest_gain(game, plan) > 0


def test_without_messages_a_split_ex_ante_is_no_better_than_silence_says():
    """Silence against all Nash equilibria of the strategic form, on three splits."""
    for terms in (("1/5", "7/10", "9/10"), ("1/3", "9/10", "9/10"), ("1/2", "7/10", "9/10")):
        model = StrengthMediation(*map(Fraction, terms))
        best = 0.0
        for split in (model.edge * model.war_pie, Fraction(1, 2)):
            game = model.game(splits=[split]).ex_ante()
            settles = np.array([[float(_peace(model, a, b)) for b in range(4)] for a in range(4)])
            for e in nash(game):
                best = max(best, float(e.strategies[0] @ settles @ e.strategies[1]))
        assert best == pytest.approx(float(model.closed_form().silent), abs=1e-9)


def _peace(model, first, second):
    """Chance that both accept under plans 0..3: (strong, weak) accept where the bit is 0."""
    q = Fraction(model.strong)
    chance = [q, 1 - q]
    accepts = [[1 - plan // 2, 1 - plan % 2] for plan in (first, second)]
    return sum(
        chance[j] * chance[k] * accepts[0][j] * accepts[1][k] for j in (0, 1) for k in (0, 1)
    )


# The relay


@pytest.mark.parametrize(
    ("rates", "days", "legs", "share"),
    [
        ((0.02, 0.05), 1, 2, 0.725246700),
        ((0.02, 0.05), 4, 2, 0.755155852),
        ((0.05, 0.02), 4, 4, 0.410469411),
    ],
)
def test_relayed_offers_divide_as_the_theory_says(rates, days, legs, share):
    """THEORY A5."""
    model = Relay(days, legs, *rates, **TALKS)
    for found in (model.closed_form(), model.solve()):
        assert found.captor_first == pytest.approx(share, abs=5e-9)
        assert found.certificate.passed


def test_talks_with_blackouts_end_as_the_theory_says():
    """THEORY A6."""
    model = Relay(1, 2, 0.01, 0.01, **TALKS)
    other = Relay(1, 2, 0.02, 0.0, deal=0.1, blackout=0.2, restore=0.2, breakdown=0.1)
    for way in ("closed_form", "solve"):
        found = getattr(model, way)()
        assert found.deal_probability == pytest.approx(0.857988166, abs=1e-9)
        assert found.mean_days == pytest.approx(20.22036320, abs=1e-8)
        assert found.captor_worth == pytest.approx(0.713689000, abs=1e-9)
        assert getattr(other, way)().captor_worth == pytest.approx(0.512085370, abs=1e-9)


def test_the_relay_is_that_of_the_truce_model(scenario, equilibrium):
    found = Relay.from_scenario(scenario).closed_form()
    assert (found.captor_first + found.captor_second) / 2 == pytest.approx(
        equilibrium.bargaining_weight
    )
    assert found.deal_probability == pytest.approx(equilibrium.talks.deal_probability)
    assert found.mean_days == pytest.approx(equilibrium.talks.mean_days)


@given(st.floats(0, 5), st.integers(1, 4), st.floats(0, 0.2), st.floats(0, 0.2), st.floats(0, 1))
@settings(max_examples=15, deadline=None)
def test_relays_by_formula_and_by_induction_agree_and_speed_helps(days, legs, one, two, om):
    model = Relay(days, legs, one, two, 0.05, 0.9 * om, 0.25, 0.04, 3.0, 2.0)
    slow, again = model.closed_form(), model.solve()
    assert again.certificate.passed
    assert again.mean_days == pytest.approx(slow.mean_days, rel=1e-9)
    fast = model.faster(2).closed_form()
    assert fast.captor_worth >= slow.captor_worth - 1e-12
    assert fast.deal_probability >= slow.deal_probability - 1e-12


def test_edges_of_the_channel():
    still = Relay(0, 2, 0.02, 0.05, **TALKS)
    assert still.closed_form().captor_first == pytest.approx(5 / 7)  # the limit: r2/(r1 + r2)
    assert Relay(1, 2, 0, 0, **TALKS).solve().captor_first == pytest.approx(0.5)
    dead = Relay(1, 2, 0.01, 0.01, deal=0.0, blackout=0.1, restore=0.2, breakdown=0.1)
    assert dead.solve().deal_probability == dead.closed_form().deal_probability == 0
    assert dead.answer().startswith("Nothing")
    lost = Relay(1, 2, 0.01, 0.02, deal=0.1, blackout=0.2, restore=0.0, breakdown=0.0)
    assert lost.solve().deal_probability == pytest.approx(1 / 3)
    assert lost.solve().certificate.passed


# The guarantor


def test_the_last_window_is_that_of_the_truce_model(scenario, equilibrium):
    """MODEL.md section 5: needed .640, held .627, and 10 in a gap that opens again at 10.2."""
    model = Guarantor.from_scenario(scenario)
    found = model.closed_form()
    row = truce.extension(equilibrium).iloc[-1]
    assert model.trust == row["trust_held"] == pytest.approx(0.627, abs=5e-4)
    assert found.trust_needed == pytest.approx(row["trust_needed"], abs=1e-6)
    assert found.price_needed == pytest.approx(row["zone"][-1][0], abs=1e-6)
    gain = model.list_reliability * found.to_state
    assert -row["pausing_state_gain"] == pytest.approx(gain, abs=1e-9)
    assert found.to_captor == 0
    assert found.bond == pytest.approx(-row["honesty_margin"], abs=1e-9)


def test_what_is_paid_to_the_state_makes_the_truce_model_extend(scenario):
    model = Guarantor.from_scenario(scenario)
    pay = model.closed_form().to_state
    for much, sign in ((1.01, 1), (0.99, -1)):
        k0 = scenario.pausing_state.day_cost_base - much * pay
        eq = truce.solve(scenario.replace(k0=k0))
        gain = truce.one_more_day(eq, 18.0, 7, model.trust, [10.0])["pausing_state"].iloc[0]
        assert np.sign(gain) == sign


def test_a_higher_cost_of_leaving_does_nothing_for_a_last_day(scenario):
    gains = []
    for kappa in (8.0, 40.0):
        eq = truce.solve(scenario.replace(kappa=kappa))
        row = truce.one_more_day(eq, 18.0, 7, 0.6265608, [10.0])["pausing_state"].iloc[0]
        gains.append(float(row))
    assert gains[0] == pytest.approx(gains[1], abs=1e-9)


def test_a_payment_that_is_foreseen_is_undone_and_a_bond_is_not(scenario):
    """MODEL.md section 5: P(8 days) .176, and .631 without distrust."""
    found = Guarantor.courses(scenario)["longest"]
    assert found["none"] == pytest.approx(0.176, abs=1e-3)
    assert found["payment to the state"] == pytest.approx(found["none"], abs=0.01)
    assert found["bond"] == pytest.approx(0.631, abs=1e-3)


LAST = [
    pytest.param(("3/5", 10, 1, "32/5", 12, 6, "7/8"), id="gap"),
    pytest.param(("9/10", 10, 1, "32/5", 12, 6, 1), id="trusted"),
    pytest.param(("3/5", 10, 1, 12, 5, 6, 1), id="too-dear"),
    pytest.param((0, 10, 1, 5, 5, 6, 1), id="no-trust"),
    pytest.param((1, 10, 1, 12, 5, 6, 1), id="no-doubt"),
]


@pytest.mark.parametrize("terms", LAST)
def test_least_promises_by_formula_and_by_the_tree_agree(terms):
    model = Guarantor(*map(Fraction, terms))
    one, two = model.closed_form(), model.solve()
    for name in (
        "trust_needed", "price_needed", "to_state", "insurance", "to_captor", "reward", "bond"
    ):  # fmt: skip
        a, b = getattr(one, name), getattr(two, name)
        assert a == b or (np.isnan(a) and np.isnan(b)), name
    assert one.certificate.passed
    assert two.certificate.passed
    assert "nan" not in model.answer()


def test_promises_just_below_the_least_do_nothing_and_just_above_they_do():
    model = Guarantor(*map(Fraction, ("3/5", 10, 1, "32/5", 12, 6, "7/8")))
    found, little = model.closed_form(), Fraction(1, 1000)
    for name in ("to_state", "insurance", "reward", "bond"):
        least = getattr(found, name)
        for size, offers in ((least - little, False), (least + little, True)):
            play = subgame_perfect(model.game(promises={name: size}), exact=True)[0]
            assert (play.payoffs[0] > 0) == offers, name


def test_insurance_and_payment_cost_the_same_and_a_bond_that_works_nothing():
    model = Guarantor(0.6, 10, 1, 6.4, 12, 6, 0.875)
    found = model.closed_form()
    assert model.cost("insurance", found.insurance) == pytest.approx(
        model.cost("to_state", found.to_state)
    )
    assert model.cost("bond", found.bond) == 0
    assert model.cost("reward", found.reward) == pytest.approx(0.875 * 6)


# Bad input


@pytest.mark.parametrize(
    ("build", "where"),
    [
        (lambda: CorrelatedChicken(6, 5, 2, 0), "stands"),
        (lambda: CorrelatedChicken(6, 7, 0, 2), "yields"),
        (lambda: CorrelatedChicken(6, np.nan, 2, 0), "stands"),
        (lambda: MediatedCosts(1.2, (0.1,), (0.1,)), "odds"),
        (lambda: MediatedCosts(0.5, (), (0.1,)), "costs_1"),
        (lambda: MediatedCosts(0.5, (0.1,), (0.0,)), "costs_2"),
        (lambda: MediatedCosts(0.5, (0.1, 0.2), (0.1,), (0.5, 0.6)), "chances_1"),
        (lambda: BiasedReporter(0.3, 0.1, 0.1, 0.2, 0.1), "cost_high"),
        (lambda: BiasedReporter(0.1, 0.3, 0.1, 0.2, 1.0), "error"),
        (lambda: StrengthMediation(1.5), "strong"),
        (lambda: StrengthMediation(0.5, 0.5, 0.9), "edge"),
        (lambda: StrengthMediation(0.5, 1.0, 0.9), "war_pie"),
        (lambda: Relay(-1, 2, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1), "leg_days"),
        (lambda: Relay(1, 0, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1), "legs"),
        (lambda: Relay(1, 2, 0.1, 0.1, 0.6, 0.5, 0.1, 0.1), "blackout"),
        (lambda: Guarantor(1.1, 10, 1, 5, 12, 6), "trust"),
        (lambda: Guarantor(0.5, 10, 1, 5, 12, 0), "captor_loss"),
        (lambda: Guarantor(0.5, 10, 1, 5, 12, 6).game(promises={"gift": 1}), "promise"),
    ],
)
def test_bad_parameters_are_named(build, where):
    with pytest.raises(ArgumentError, match=where):
        build()


def test_chances_that_are_no_numbers_are_refused():
    with pytest.raises(ArgumentError, match="chances_1"):
        MediatedCosts(0.6, (0.1, 0.3), (0.05, 0.2), (float("nan"), float("nan")))
