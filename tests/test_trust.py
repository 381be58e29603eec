"""THEORY E1, E3, E4, F4, H10 and the chain store: distrust, by formula and by general engine."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ceasefire
from ceasefire import solvers
from ceasefire.bargaining import (
    Assurance,
    ChainStore,
    CredibleMessages,
    KeptPromises,
    ObstinateTypes,
    SequentialExchange,
)
from ceasefire.errors import ArgumentError
from ceasefire.status import Status

FEW = settings(max_examples=6, deadline=None)
SHARES = st.fractions(Fraction(1, 20), Fraction(19, 20), max_denominator=40)


@pytest.mark.parametrize(("sucker", "needed"), [(0, Fraction(1, 2)), (-3, Fraction(4, 5))])
def test_e1_trust_needed(sucker, needed):
    model = Assurance(Fraction(9, 10), temptation=3, reward=4, punishment=1, sucker=sucker)
    assert model.closed_form().trust_needed == model.solve().trust_needed == needed


@FEW
@given(SHARES, st.integers(-3, 0))
def test_e1_all_equilibria_are_those_of_the_formula_and_nobody_cooperating_always_is(t, sucker):
    model = Assurance(t, temptation=3, reward=4, punishment=1, sucker=sucker)
    found = model.solve()
    assert found.cooperation == model.closed_form().cooperation
    assert found.cooperation[0] == 0
    assert (1 in found.cooperation) == (t >= model.needed)
    assert found.certificate.passed


def test_e1_even_full_trust_does_not_rule_out_that_nobody_cooperates():
    model = Assurance(1, temptation=3, reward=4, punishment=1, sucker=0)
    assert model.solve().cooperation == (0, Fraction(1, 2), 1)
    assert model.replace(trust=0).solve().cooperation == (0,)
    assert model.replace(trust=Fraction(1, 2)).solve().cooperation == (0, 1)


@pytest.mark.parametrize(
    ("prior", "eps", "needed", "count", "trust"),
    [(0.2, 0.6, 0.7, 5, 0.76275323), (0.05, 0.5, 0.5, 5, 0.62745098)],
)
def test_e3_promises_needed(prior, eps, needed, count, trust):
    model = KeptPromises(prior, eps, needed, 0.1, 0.4)
    for found in (model.closed_form(), model.solve()):
        assert found.promises == count
        assert found.trust == pytest.approx(trust, abs=5e-9)
        assert found.certificate.passed
    assert model.goes_on(count) == 1
    assert model.goes_on(count - 1) == 0


@pytest.mark.parametrize(
    ("needed", "dealer", "spoiler", "prior"),
    [
        (Fraction(3, 5), Fraction(1, 10), Fraction(2, 5), 0.857142857),
        (Fraction(1, 2), Fraction(1, 20), Fraction(1, 2), 0.909090909),
    ],
)
def test_e3_trust_that_survives_an_attack(needed, dealer, spoiler, prior):
    model = KeptPromises(Fraction(1, 5), Fraction(1, 2), needed, dealer, spoiler)
    assert float(model.closed_form().survival_prior) == pytest.approx(prior, abs=5e-10)


def test_e3_an_attack_undoes_as_many_promises_as_its_odds_say():
    found = KeptPromises(
        Fraction(1, 5), Fraction(1, 2), Fraction(3, 5), Fraction(1, 10), Fraction(4, 10)
    ).solve()
    assert found.promises_destroyed == pytest.approx(2)  # 4 = 2^2
    assert found.after_attack == KeptPromises(
        Fraction(1, 5), Fraction(1, 2), Fraction(3, 5), 0, 1
    ).trust_after(int(found.promises) - 2)
    assert found.promises_again == 2


def test_e3_corners():
    base = KeptPromises(Fraction(1, 5), Fraction(0), Fraction(3, 5), Fraction(0), Fraction(1, 2))
    assert base.solve().promises == base.closed_form().promises == 1
    assert base.solve().promises_destroyed == math.inf
    for change in ({"mimicry": 1}, {"prior": 0}, {"needed": 1, "mimicry": Fraction(1, 2)}):
        model = base.replace(change)
        assert model.solve().promises == model.closed_form().promises == math.inf
        assert model.solve().status is Status.NEVER
        assert "No number" in model.answer()
    assert base.replace(prior=Fraction(4, 5)).solve().promises == 0


def test_e4_corners_and_root():
    model = CredibleMessages(0.7, 1, 1)
    assert model.lies_from == 7 / 8
    assert CredibleMessages(0.7, 1, 0.5).lies_from == 0.6875
    assert CredibleMessages(0.75, 1, 1).truth_ratio == pytest.approx(3.2)
    assert CredibleMessages(0.9, 1, 1).truth_ratio == pytest.approx(1.785714286, abs=5e-10)
    for found in (model.closed_form(), model.solve()):
        assert found.truth == pytest.approx(0.77886750625, abs=1e-10)


@pytest.mark.parametrize(
    ("p", "ratio", "q"),
    [(0.9, 1, 0.9), (0.9, 1.8, 1.0), (0.75, 3.3, 1.0), (0.2, 1, 0.5), (0.25, 1, 0.5), (0, 1, 0.5),
     (1, 1, 1.0), (0.875, 1, 0.875)],
)  # fmt: skip
def test_e4_an_enemy_lies_tells_the_truth_or_babbles_at_the_corners(p, ratio, q):
    found = CredibleMessages(p, 1, ratio).solve()
    assert found.truth == pytest.approx(q, abs=1e-9)
    assert CredibleMessages(p, 1, ratio).closed_form().truth == pytest.approx(q, abs=1e-7)
    assert found.certificate.passed


@FEW
@given(st.floats(0.01, 0.99), st.floats(0.1, 5))
def test_e4_play_is_a_sequential_equilibrium_of_the_tree(p, ratio):
    model = CredibleMessages(p, 2.0, 2 * ratio)
    found = model.solve()
    assert found.certificate.passed
    assert found.truth == pytest.approx(model.closed_form().truth, abs=1e-7)
    assert found.truth == pytest.approx(CredibleMessages(p, 1, ratio).solve().truth, abs=1e-9)


def test_e4_the_sequence_form_agrees_on_a_fine_grid():
    model = CredibleMessages(0.7, 1, 1)
    levels = tuple(np.linspace(-1, 1, 41))
    tree = model.game(levels, levels)
    found = solvers.sequence_form(tree)
    enemy = found.strategies[tree.infoset_labels.index("enemy")]
    assert enemy[0] == pytest.approx(model.closed_form().enemy_truth, abs=0.05)


@pytest.mark.parametrize(
    ("values", "days", "masses", "payoff"),
    [
        ((0.7, 0.6, 0.05, 0.1, 0.1, 0.1), 23.02585093, (0, 0.53584112), 0.56075233),
        ((0.6, 0.6, 0.1, 0.1, 0.05, 0.2), 8.04718956, (0.75, 0), 0.4),
        ((0.8, 0.5, 0.1, 0.2, 0.01, 0.01), None, None, None),
    ],
)
def test_f4_by_formula_and_by_discrete_attrition(values, days, masses, payoff):
    model = ObstinateTypes(*values)
    exact, found = model.closed_form(), model.solve()
    assert found.certificate.passed
    assert exact.certificate.passed
    for name in ("days", "at_once_1", "at_once_2", "payoff_1", "payoff_2", "hazard_1"):
        assert getattr(found, name) == pytest.approx(getattr(exact, name), abs=1e-6)
    if days is not None:
        assert exact.days == pytest.approx(days, abs=5e-9)
        assert (exact.at_once_1, exact.at_once_2) == pytest.approx(masses, abs=5e-9)
        assert exact.payoff_1 == pytest.approx(payoff, abs=5e-9)


def test_f4_third_case():
    found = ObstinateTypes(0.8, 0.5, 0.1, 0.2, 0.01, 0.01).closed_form()
    assert found.days == pytest.approx(27.63102112, abs=5e-9)
    assert max(found.at_once_1, found.at_once_2) == pytest.approx(0.60189283, abs=5e-9)


def test_f4_at_most_one_side_gives_way_at_once_and_compatible_demands_meet():
    found = ObstinateTypes(0.6, 0.6, 0.1, 0.1, 0.05, 0.2).closed_form()
    assert min(found.at_once_1, found.at_once_2) == 0
    assert ObstinateTypes(0.5, 0.5, 0.1, 0.1, 0.1, 0.1).solve().days == 0
    assert "at once" in ObstinateTypes(0.4, 0.5, 0.1, 0.1, 0.1, 0.1).answer()


def test_f4_vanishing_obstinacy_depends_on_the_ratio_of_logarithms():
    squared = ObstinateTypes(0.6, 0.6, 0.1, 0.1, 1e-8, 1e-4).closed_form()
    equal = ObstinateTypes(0.6, 0.6, 0.1, 0.1, 1e-8, 1e-8).closed_form()
    assert squared.at_once_1 > 0.999
    assert equal.at_once_1 == pytest.approx(0, abs=1e-9)


def test_f4_regret_in_the_game_on_a_grid_falls_with_its_step():
    model, worst = ObstinateTypes(0.6, 0.6, 0.1, 0.1, 0.1, 0.1), []
    for n in (10, 20):
        game, found = model.game(n), model.closed_form()
        t = np.linspace(0, found.days, n + 1)
        left = (np.exp(-found.hazard_1 * t) - 0.1) / 0.9  # of the flexible, alike for both sides
        stop = np.append(np.append(0.0, -np.diff(left)), 0.0)
        worst.append(float(np.max(solvers.regret(game, (stop, stop)))))
    assert worst[1] < 0.6 * worst[0] < 0.1


@pytest.mark.parametrize(
    ("costs", "needed"),
    [
        ((Fraction(11, 2),) * 5, (0.55, 0.3025, 0.166375, 0.09150625, 0.05032844)),
        ((7, Fraction(13, 2), 6, Fraction(11, 2)), (0.7, 0.455, 0.273, 0.15015)),
    ],
)
def test_h10_thresholds_are_products(costs, needed):
    model = SequentialExchange(Fraction(1, 5), costs, 10, 12, 6)
    for found in (model.closed_form(), model.solve()):
        assert [float(x) for x in found.needed] == pytest.approx(needed, abs=5e-9)
        assert found.certificate.passed


@FEW
@given(SHARES, st.lists(st.integers(1, 9), min_size=1, max_size=3), st.integers(1, 11))
def test_h10_play_is_a_sequential_equilibrium_at_any_trust(trust, costs, cost):
    model = SequentialExchange(trust, tuple(costs), 10, 12, cost)
    assert model.solve().certificate.passed
    assert model.solve().grants == (trust >= math.prod(Fraction(k, 10) for k in costs))


@pytest.mark.parametrize("batches", [2, 3])
def test_h10_the_general_solver_finds_the_same_play(batches):
    model = SequentialExchange(Fraction(2, 5), (Fraction(11, 2),) * batches, 10, 12, 6)
    found, mine = solvers.sequential(model.game()), model.assessment()
    assert found.verified
    assert found.payoffs == pytest.approx(mine.payoffs, abs=1e-4)


def test_h10_without_an_honest_type_nothing_is_exchanged():
    model = SequentialExchange(Fraction(1, 2), (Fraction(1),) * 3, 10, 12, 6)
    for one in solvers.subgame_perfect(model.game(honest=False), exact=True):
        assert one.payoffs[0] == 0
    none = model.replace(trust=0)
    assert none.solve().status is Status.NO_DEAL
    assert none.solve().certificate.passed


def test_h10_a_dearer_batch_makes_the_state_more_lenient_and_honesty_looks_ahead():
    model = SequentialExchange(Fraction(3, 10), (Fraction(11, 2),) * 3, 10, 12, 6)
    dear, cheap = model.replace(captor_cost=9).closed_form(), model.closed_form()
    assert dear.granted[1:] > cheap.granted[1:]
    assert dear.delivers == cheap.delivers
    last = model.replace(day_costs=(Fraction(8), Fraction(11, 2), Fraction(11, 2))).closed_form()
    assert last.delivers[1] < cheap.delivers[1]


def test_h10_the_pure_tie_break_is_no_equilibrium():
    model = SequentialExchange(Fraction(2, 5), (Fraction(11, 2),) * 2, 10, 12, 6)
    tree, right = model.game(), model.assessment()
    x = np.concatenate(right.strategies)
    at = int(tree.infoset_start[tree.infoset_labels.index("state 1")])
    for grant in (0.0, 1.0):
        x[at : at + 2] = grant, 1 - grant
        assert not solvers.assess(tree, x, np.nan_to_num(right.beliefs)).verified


def test_h10_limits_the_truce_model():
    """MODEL.md 3: no noise, one-day chunks, k = 5.5 and v x = 10: trust needed is 0.55^n."""
    model = SequentialExchange(Fraction(1, 2), (Fraction(11, 2),) * 4, 10, 12, 6)
    assert [float(x) for x in model.solve().needed] == pytest.approx(
        [0.55**n for n in (1, 2, 3, 4)]
    )


@FEW
@given(SHARES, st.integers(1, 3), SHARES, st.integers(2, 5))
def test_the_chain_store_is_a_sequential_equilibrium(prior, count, b, a):
    model = ChainStore(prior, count, b, a)
    for found in (model.closed_form(), model.solve()):
        assert found.certificate.passed


@pytest.mark.parametrize(
    "prior", [Fraction(1, 20), Fraction(1, 10), Fraction(1, 5), Fraction(3, 10), Fraction(3, 5)]
)
def test_the_weak_incumbent_gets_what_the_tree_gives_it(prior):
    model = ChainStore(prior, 3, Fraction(1, 2), 2)
    found, tree = model.closed_form(), model.game()
    weak, total = model.assessment(), 0.0
    x = np.concatenate(weak.strategies)
    for node in tree.ends:  # reach within the weak branch
        reach, k, path = 1.0, int(node), []
        while k:
            up = int(tree.parent[k])
            path.append(up)
            if tree.player[up] >= 0:
                reach *= x[tree.infoset_start[tree.infoset[up]] + tree.action[k]]
            elif tree.action[k] == 0:
                reach = 0.0  # the tough branch
            k = up
        total += reach * tree.total_payoffs[node, 0]
    assert total == pytest.approx(float(found.weak_payoff))


def test_chain_store_traps():
    known = ChainStore(0, 3, Fraction(1, 2), 2)
    assert known.closed_form().enters == (1, 1, 1)
    assert known.closed_form().fights == (0, 0, 0)
    assert known.closed_form().certificate.passed
    tie = ChainStore(Fraction(1, 4), 2, Fraction(1, 2), 4)
    assert tie.closed_form().enters[0] == Fraction(3, 4)
    assert tie.solve().certificate.passed
    assert ChainStore(Fraction(1, 5), 9, Fraction(1, 2), 2).closed_form().enters[:6] == (0,) * 6


@pytest.mark.parametrize(
    ("cls", "good", "bad"),
    [
        (Assurance, (0.5, 3, 4, 1, 0), {"reward": 3}),
        (Assurance, (0.5, 3, 4, 1, 0), {"trust": 1.2}),
        (KeptPromises, (0.2, 0.6, 0.7, 0.1, 0.4), {"attack_spoiler": 0.05}),
        (CredibleMessages, (0.5, 1, 1), {"first_stakes": 0}),
        (ObstinateTypes, (0.7, 0.6, 0.05, 0.1, 0.1, 0.1), {"obstinate_1": 0}),
        (SequentialExchange, (0.5, (5.5,), 10, 12, 6), {"captor_cost": 12}),
        (SequentialExchange, (0.5, (5.5,), 10, 12, 6), {"day_costs": ()}),
        (ChainStore, (0.2, 3, 0.5, 2), {"deterrence_gain": 1}),
        (ChainStore, (0.2, 3, 0.5, 2), {"challengers": 0}),
    ],
)
def test_bad_input_is_named(cls, good, bad):
    model = cls(*good)
    with pytest.raises(ArgumentError, match=next(iter(bad))):
        model.replace(bad)


def test_the_scenario_gives_the_trust_that_the_truce_model_needs_up_to_noise():
    """MODEL.md 5: trust needed .130, .390, .640 at the windows of days 4, 6, 7."""
    found = SequentialExchange.from_scenario(ceasefire.load("november-2023")).solve()
    assert [found.needed[3], found.needed[1], found.needed[0]] == pytest.approx(
        [0.130, 0.390, 0.640], abs=0.01
    )
