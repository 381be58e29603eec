"""Who holds the deal up: tables that need every consent, or some, and power to say no."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations, permutations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import ceasefire
from ceasefire.bargaining import (
    Body,
    LegislativeBargaining,
    NashInNash,
    Spoiler,
    UnanimityTable,
    VetoPower,
)
from ceasefire.errors import ArgumentError
from ceasefire.solvers import subgame_perfect
from ceasefire.status import Status

HALF, TENTHS = Fraction(1, 2), Fraction(9, 10)


@pytest.fixture(scope="module")
def scenario():
    return ceasefire.load("november-2023")


def chances(n):
    return st.lists(st.floats(0.1, 1), min_size=n, max_size=n).map(
        lambda xs: tuple(x / sum(xs) for x in xs)
    )


def discounts(n):
    return st.tuples(*[st.floats(0.05, 0.98)] * n)


# Unanimity


def test_two_alike_divide_as_with_a_random_proposer():
    found = UnanimityTable(1, (TENTHS, TENTHS)).closed_form()
    assert found.values == (HALF, HALF)
    assert found.proposing == (Fraction(11, 20), Fraction(11, 20))


@settings(max_examples=15, deadline=None)
@given(discounts(4), chances(4), st.tuples(*[st.floats(-1, 3)] * 4))
def test_formula_and_linear_system_agree_and_nobody_gains_by_deviating(d, p, b):
    model = UnanimityTable(10.0, d, p, b)
    solved, formula = model.solve(), model.closed_form()
    assert solved.values == pytest.approx(formula.values, abs=1e-9)
    assert solved.certificate.passed
    assert formula.certificate.passed
    assert solved.status is (Status.OK if sum(b) <= 10 else Status.NO_DEAL)


@pytest.mark.parametrize("no_deal", [(), (1, 2, 0), (4, 4, 4)])
@pytest.mark.parametrize("rounds", [1, 2])
def test_the_tree_of_a_few_rounds_gives_the_same_fractions(rounds, no_deal):
    model = UnanimityTable(
        10, (HALF, Fraction(1, 3), Fraction(3, 4)), (HALF, Fraction(1, 4), Fraction(1, 4)), no_deal
    )
    if sum(no_deal) > 10:
        # Worthless rounds: who proposes makes an offer that is refused.
        assert model.closed_form().status is Status.NO_DEAL
        assert model.after_rounds(rounds) == no_deal
        return
    found = subgame_perfect(model.game(rounds=rounds), exact=True, limit=1)[0]
    assert tuple(found.payoffs) == model.after_rounds(rounds)


def test_many_rounds_come_to_the_stationary_values():
    model = UnanimityTable(10.0, (0.5, 0.3, 0.75), (), (1.0, 2.0, 0.0))
    assert model.after_rounds(200) == pytest.approx(model.closed_form().values, abs=1e-12)


def test_a_deal_worth_exactly_what_no_deal_is_worth_is_still_one():
    model = UnanimityTable(3, (HALF,) * 3, (), (1, 1, 1))
    assert model.closed_form().status is Status.OK
    assert (
        model.replace(no_deal=(1, 1, Fraction(1001, 1000))).closed_form().status is Status.NO_DEAL
    )


def test_patience_counts_relative_to_others_only():
    for d in (0.1, 0.5, 0.99):
        assert UnanimityTable(1.0, (d,) * 3).closed_form().values == pytest.approx((1 / 3,) * 3)
    keen = UnanimityTable(1, (HALF, HALF, Fraction(3, 4))).closed_form()
    assert keen.values == (Fraction(1, 4), Fraction(1, 4), HALF)


def test_from_one_half_on_three_parties_may_end_at_any_split():
    assert not UnanimityTable(1, (Fraction(49, 100),) * 3).closed_form().any_split
    assert UnanimityTable(1, (HALF,) * 3).closed_form().any_split
    assert not UnanimityTable(1, (TENTHS, TENTHS)).closed_form().any_split


def test_turns_and_exits_give_their_known_shares():
    model = UnanimityTable(1, (TENTHS,) * 3)
    assert model.rotating_shares() == pytest.approx([0.1 / (1 - 0.9**3)] * 3)
    assert model.exit_shares() == (Fraction(10, 28), Fraction(9, 28), Fraction(9, 28))
    two = UnanimityTable(1, (HALF, Fraction(3, 4)))
    assert two.exit_shares()[0] == Fraction(1, 4) / (1 - Fraction(3, 8))  # Rubinstein
    assert two.rotating_shares()[0] == pytest.approx(0.4)


def test_values_move_with_the_unit_of_payoffs():
    base = UnanimityTable(10.0, (0.5, 0.3, 0.7), (), (1.0, 2.0, 0.0)).solve().values
    moved = UnanimityTable(33.0, (0.5, 0.3, 0.7), (), (4.0, 6.0, 2.0)).solve().values
    assert moved == pytest.approx([3 * x + s for x, s in zip(base, (1, 0, 2), strict=True)])


def test_the_scenario_names_roles_and_who_asks_most(scenario):
    model = UnanimityTable.from_scenario(scenario)
    assert model.names[:3] == ("pausing state", "political wing", "field command")
    assert len(model.names) == 6
    assert "pausing state holds out for most" in model.answer()
    found = model.solve()
    assert found.spare == pytest.approx(73.3792, abs=1e-3)
    assert model.replace(no_deal=(18.4 + 73.4, 0, 0, 0, 0, 0)).solve().status is Status.NO_DEAL


# Bargaining by quota


@pytest.mark.parametrize(("n", "q"), [(3, 2), (5, 3), (5, 1), (4, 4), (9, 5)])
def test_alike_the_proposer_keeps_what_the_quota_leaves(n, q):
    model = LegislativeBargaining(1, (TENTHS,) * n, q)
    for found in (model.closed_form(), model.solve()):
        assert found.values == (Fraction(1, n),) * n
        assert found.proposing[0] == 1 - TENTHS * Fraction(q - 1, n)
        assert found.certificate.passed


@pytest.mark.parametrize("vetoes", [(), (0,), (1, 3), (0, 1, 2), (0, 1, 2, 3)])
@pytest.mark.parametrize("quota", [1, 2, 3, 4])
def test_vetoes_by_formula_and_by_search_are_the_same_fractions(vetoes, quota):
    model = LegislativeBargaining(12, (Fraction(4, 5),) * 4, quota, vetoes)
    formula, found = model.closed_form(), model.solve()
    assert formula.values == found.values
    assert sum(found.values) == 12
    assert formula.certificate.passed
    assert found.certificate.passed


def test_one_veto_of_three_by_hand():
    # v = (1 - 0.9 u) / 3 + 2/3 0.9 v and v + 2 u = 1
    found = LegislativeBargaining(1, (TENTHS,) * 3, 2, (0,)).solve()
    assert found.values == (Fraction(11, 15), Fraction(2, 15), Fraction(2, 15))


def test_a_veto_takes_all_as_delay_costs_nothing():
    last = 0.0
    for d in (0.5, 0.9, 0.99, 0.9999):
        value = LegislativeBargaining(1.0, (d,) * 5, 3, (0,)).solve().values[0]
        assert value > last
        last = value
    assert last > 0.998


def test_patience_is_a_handicap_where_a_vote_can_be_done_without():
    found = LegislativeBargaining(1, (HALF, Fraction(2, 3), Fraction(4, 5)), 2).solve()
    assert found.values == (Fraction(7, 18), Fraction(1, 3), Fraction(5, 18))
    assert found.values[0] > found.values[2]
    every = LegislativeBargaining(1, (HALF, Fraction(2, 3), Fraction(4, 5)), 3).solve()
    assert every.values[0] < every.values[2]


@settings(max_examples=8, deadline=None)
@given(discounts(3), chances(3))
def test_a_quota_of_all_is_unanimity(d, p):
    found = LegislativeBargaining(1.0, d, 3, (), p).solve()
    assert found.values == pytest.approx(UnanimityTable(1.0, d, p).closed_form().values, abs=1e-9)


@settings(max_examples=12, deadline=None)
@given(discounts(4), chances(4), st.integers(1, 4), st.sampled_from([(), (0,), (0, 2)]))
def test_payoffs_are_unique_certified_and_exhaust_the_worth(d, p, quota, vetoes):
    found = LegislativeBargaining(7.0, d, quota, vetoes, p).solve()
    assert found.payoffs_found == 1
    assert found.certificate.passed
    assert sum(found.values) == pytest.approx(7)


@pytest.mark.parametrize("vetoes", [(), (0,)])
def test_two_rounds_on_the_tree_give_the_recursions_fractions(vetoes):
    from ceasefire.bargaining._quota_rounds import waiting

    d = (HALF, Fraction(2, 3), Fraction(4, 5))
    model = LegislativeBargaining(1, d, 2, vetoes)
    found = subgame_perfect(model.game(rounds=2), exact=True, limit=1)[0]
    assert list(found.payoffs) == waiting(model, Fraction(1), list(d), [Fraction(1, 3)] * 3, 2)


def test_rounds_without_end_come_to_the_stationary_values():
    from ceasefire.bargaining._quota_rounds import waiting

    model = LegislativeBargaining(1.0, (0.9,) * 3, 2, (0,))
    late = waiting(model, 1.0, [0.9] * 3, [1 / 3] * 3, 400)
    # The cheaper of two alike is bought in turn, so their mean is what comes back.
    assert late[0] == pytest.approx(11 / 15, abs=0.03)


def test_thirty_eight_alike_are_one_kind():
    found = LegislativeBargaining(1.0, (0.9,) * 38, 20).solve()
    assert found.proposing[0] == pytest.approx(1 - 0.9 * 19 / 38)
    assert found.certificate.passed


def test_the_scenarios_vetoes_hold_it_up(scenario):
    model = LegislativeBargaining.from_scenario(scenario)
    found = model.solve()
    share = [v / model.worth for v in found.values]
    assert share[:2] == pytest.approx([0.464, 0.464], abs=1e-3)
    assert max(share[2:]) < 0.02
    assert found.values == pytest.approx(model.closed_form().values)


# Power


def test_a_council_with_permanent_members_is_that_of_the_literature():
    # Fifteen seats, five of them with a veto, nine votes: the textbook value after Shapley-Shubik.
    found = VetoPower((Body("council", 39, (7,) * 5 + (1,) * 10),)).solve()
    assert found.shapley_shubik[0] == Fraction(421, 2145)
    assert found.shapley_shubik[-1] == Fraction(4, 2145)
    assert len(found.vetoes) == 5
    assert found.certificate.passed


def test_weighted_votes_by_hand():
    found = VetoPower((Body("board", 51, (50, 49, 1)),)).solve()
    assert found.shapley_shubik == (Fraction(2, 3), Fraction(1, 6), Fraction(1, 6))
    assert found.banzhaf == (Fraction(3, 4), Fraction(1, 4), Fraction(1, 4))


def test_a_compound_is_what_all_orders_say():
    model = VetoPower((Body("cabinet", 3, (2, 1, 1)), Body("wing"), Body("mediators", 1, (1, 1))))
    found, names = model.solve(), model.solve().members
    counts = dict.fromkeys(names, 0)
    for order in permutations(names):
        for k, name in enumerate(order):
            if model.passes(order[: k + 1]):
                counts[name] += 1
                break
    total = math.factorial(len(names))
    assert found.shapley_shubik == tuple(Fraction(counts[name], total) for name in names)
    assert found.vetoes == ("cabinet 1", "wing")


def test_bodies_of_equal_members_by_binomials():
    model = VetoPower((Body("cabinet", 20, (1,) * 38), Body("wing"), Body("trio", 4, (2, 2, 2))))
    one, two = model.solve(), model.closed_form()
    assert one.shapley_shubik == two.shapley_shubik
    assert one.banzhaf == two.banzhaf
    with pytest.raises(ArgumentError, match="equal weight"):
        VetoPower((Body("board", 51, (50, 49, 1)),)).closed_form()


def test_a_large_body_has_no_equal_part_of_power():
    shares = []
    for size in (1, 11, 151):
        bodies = (Body("cabinet", size // 2 + 1, (1,) * size), Body("wing"), Body("command"))
        shares.append(float(VetoPower(bodies).solve().bodies[0][1]))
    assert shares[0] == pytest.approx(1 / 3)
    assert shares[0] > shares[1] > shares[2] > 0.25
    assert shares[2] < 0.26


def largest_in_core(model, member):
    """Most that a member has in the core of the simple game; None where the core is empty."""
    names = model.solve().members
    rows = [[-(n in group) for n in names]
            for size in range(1, len(names) + 1) for group in combinations(names, size)
            if model.passes(group)]  # fmt: skip
    cost = [-(n == member) for n in names]
    found = linprog(cost, A_ub=rows, b_ub=[-1] * len(rows), A_eq=[[1] * len(names)], b_eq=[1])
    return None if found.status == 2 else -found.fun


def test_the_core_gives_all_to_vetoes_and_is_empty_without_one():
    model = VetoPower((Body("cabinet", 2, (1, 1, 1)), Body("wing"), Body("command")))
    for name in model.solve().members:
        expected = 1 if name in model.solve().vetoes else 0
        assert largest_in_core(model, name) == pytest.approx(expected)
    assert largest_in_core(VetoPower((Body("cabinet", 2, (1, 1, 1)),)), "cabinet 1") is None


@pytest.mark.parametrize("k", range(4))
def test_only_a_veto_turns_the_vote_on_the_tree(k):
    model = VetoPower((Body("cabinet", 2, (1, 1, 1)), Body("wing")))
    names = model.solve().members
    found = subgame_perfect(model.game(worth={names[k]: -1}), exact=True, limit=1)[0]
    assert found.payoffs[(k + 1) % 4] == (0 if names[k] in model.solve().vetoes else 1)


def test_the_scenarios_wings_hold_it_up(scenario):
    found = VetoPower.from_scenario(scenario).solve()
    assert found.vetoes == ("political wing", "field command")
    assert [round(float(power), 4) for _, power in found.bodies] == [0.149, 0.3083, 0.3083, 0.2343]
    assert Body("cabinet", 20, (1,) * 38).blockers == 19


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: UnanimityTable(1, (HALF,)), "discounts"),
        (lambda: UnanimityTable(1, (HALF, 1)), "discounts"),
        (lambda: UnanimityTable(1, (HALF, HALF), (HALF, Fraction(1, 3))), "recognition"),
        (lambda: UnanimityTable(1, (HALF, HALF), (), (1,)), "no_deal"),
        (lambda: UnanimityTable(1, (HALF, HALF), parties=("a", "a")), "parties"),
        (lambda: UnanimityTable(0, (HALF, HALF)), "worth"),
        (lambda: UnanimityTable(1, (HALF, HALF)).game(rounds=0), "rounds"),
        (lambda: UnanimityTable(1, (HALF, HALF)).exit_shares(2), "proposer"),
        (lambda: LegislativeBargaining(1, (HALF, HALF), 3), "quota"),
        (lambda: LegislativeBargaining(1, (HALF, 0), 1), "discounts"),
        (lambda: LegislativeBargaining(1, (HALF, HALF), 1, (2,)), "vetoes"),
        (lambda: LegislativeBargaining(1, (HALF, Fraction(1, 3)), 1).closed_form(), "discounts"),
        (lambda: LegislativeBargaining(1, (HALF, HALF), 1).game(), "rounds"),
        (lambda: Body("cabinet", 3, (1, 1)), "quota"),
        (lambda: Body("cabinet", 1, (-1, 2)), "weights"),
        (lambda: VetoPower(()), "bodies"),
        (lambda: VetoPower((Body("wing"),)).passes(["nobody"]), "coalition"),
        (lambda: VetoPower((Body("all", 1, (1,) * 13),)).game(), "bodies"),
    ],
)
def test_bad_input_names_the_field(make, field):
    with pytest.raises(ArgumentError, match=field):
        make()


# Bargains link by link


def states(model, used):
    """Chance of a deal by all states of the channels."""
    total = 0
    for up in product((0, 1), repeat=len(used)):
        odds = math.prod(r if u else 1 - r for r, u in zip(model.reliability, up, strict=True))
        total += odds * (sum(a * u for a, u in zip(used, up, strict=True)) >= model.needed)
    return total


@settings(max_examples=12, deadline=None)
@given(
    st.tuples(*[st.floats(0.05, 1)] * 3), st.tuples(*[st.floats(0, 4)] * 3),
    st.integers(1, 3), st.floats(0, 1),
)  # fmt: skip
def test_link_by_link_and_formula_agree_with_all_states_counted(r, c, needed, weight):
    model = NashInNash(10.0, r, c, needed, weight)
    solved, formula = model.solve(), model.closed_form()
    assert solved.fees == pytest.approx(formula.fees, abs=1e-8)
    assert solved.certificate.passed
    assert formula.certificate.passed
    assert formula.chance == pytest.approx(states(model, formula.used))
    best = max(
        10 * states(model, used) - sum(x for on, x in zip(used, c, strict=True) if on)
        for used in product((0, 1), repeat=3)
    )
    spent = sum(x for on, x in zip(formula.used, c, strict=True) if on)
    assert formula.worth - spent == pytest.approx(best, abs=1e-9)
    assert formula.networks >= 1


def test_substitutes_get_little_and_complements_more_than_there_is():
    half = Fraction(1, 2)
    either = NashInNash(8, (1, 1), (0, 0), 1, half).closed_form()
    assert either.fees == (0, 0)
    every = NashInNash(8, (1, 1, 1), (0, 0, 0), 3, half).closed_form()
    assert every.fees == (4, 4, 4)
    assert every.status is Status.NO_DEAL
    pair = NashInNash(8, (1, 1), (0, 0), 2, half).closed_form()
    assert pair.kept == 0
    assert pair.status is Status.OK


def test_a_channel_that_costs_more_than_it_adds_is_not_used():
    found = NashInNash(8, (Fraction(1, 2),) * 2, (1, Fraction(21, 10))).closed_form()
    assert found.used == (True, False)
    assert found.fees == (Fraction(5, 2), 0)
    assert NashInNash(8, (Fraction(1, 2),) * 2, (1, 2)).closed_form().used == (True, True)


def test_no_channel_worth_its_cost_is_no_deal():
    model = NashInNash(5.0, (1.0,), (7.0,))
    assert model.solve().status is Status.NO_DEAL
    assert "worth its cost" in model.answer()


def test_complements_have_two_stable_networks():
    assert NashInNash(8, (1, 1), (1, 1), 2).closed_form().networks == 2


@pytest.mark.parametrize("rounds", [1, 2, 3])
def test_a_links_offers_on_the_tree_give_its_share(rounds):
    model = NashInNash(8, (Fraction(1, 2),) * 2, (1, Fraction(1, 2)), 1, Fraction(1, 3))
    found = subgame_perfect(model.game(link=1, rounds=rounds), exact=True, limit=1)[0]
    closed = model.closed_form()
    assert found.payoffs[1] == closed.fees[1] - model.costs[1]


def test_the_scenarios_mediators_are_cheap_as_long_as_one_is_enough(scenario):
    found = NashInNash.from_scenario(scenario).solve()
    assert found.kept / found.worth > 0.9
    assert NashInNash.from_scenario(scenario).replace(needed=3).solve().status is Status.NO_DEAL


# Spoilers


@pytest.mark.parametrize("h", [0.0, 0.1, 0.7])
def test_payments_by_formula_recursion_and_tree(scenario, h):
    model = Spoiler(scenario, h, 12.0)
    if h == 0.7:
        solved, formula = model.solve(), model.closed_form()
        assert solved.payments == pytest.approx(formula.payments, abs=1e-12)
        assert solved.certificate.passed
    found = subgame_perfect(model.game(days=4), exact=True, limit=1)[0]
    beta = scenario.symbols().beta
    always = sum(h * 12 * (1 - beta - h) ** t for t in range(4))
    assert float(found.payoffs[0]) == pytest.approx(always)


def test_a_little_less_on_any_day_and_it_attacks(scenario):
    model = Spoiler(scenario, 0.2, 12.0)
    tree = model.game(days=3)
    least = model._payments(3)
    for day in range(3):
        less = [x - (k == day) * Fraction(1, 1000) for k, x in enumerate(least)]
        held = subgame_perfect(tree, exact=True, limit=1)[0].payoffs[0]
        again = model.game(days=3, payments=less)
        found = subgame_perfect(again, exact=True, limit=1)[0].payoffs[0]
        attack_worth = model._numbers()[1] * model._numbers()[2]
        assert found == held  # attacking that day brings what holding did
        assert least[day] <= attack_worth
    assert list(least) == sorted(least)


def test_windows_close_just_above_their_critical_hazard(scenario):
    base = Spoiler(scenario, 0.1, 12.0).solve()
    assert base.windows == (4, 6, 7)
    assert base.critical_hazard[:2] == pytest.approx((0.7815311, 0.6160423), abs=1e-6)
    assert math.isnan(base.critical_hazard[2])
    beta = scenario.symbols().beta
    day, held, trust = Spoiler(scenario)._windows()[0]
    for step, sign in ((-1e-5, 1), (1e-5, -1)):
        worth = Spoiler(scenario)._chunk(base.critical_hazard[0] + step, day, held, trust)
        assert sign * worth > 0
    edge = base.critical_hazard[1] - beta
    above = Spoiler(scenario, edge + 1e-3, 12.0).solve()
    assert above.stays_open == (True, False, False)
    assert above.guard[1] == pytest.approx(1 - edge / (edge + 1e-3), abs=1e-6)
    assert base.loss[0] < 0 < base.loss[1]
    assert base.mean_days[1] < base.mean_days[0]


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda _: NashInNash(1, (), ()), "reliability"),
        (lambda _: NashInNash(1, (0,), (1,)), "reliability"),
        (lambda _: NashInNash(1, (1,), (1, 2)), "costs"),
        (lambda _: NashInNash(1, (1,), (0,), 2), "needed"),
        (lambda _: NashInNash(1, (1,), (0,), 1, 2), "weight"),
        (lambda _: NashInNash(1, (1, 1), (0, 0), mediators=("a", "a")), "mediators"),
        (lambda _: NashInNash(1, (1,), (2,)).game(), "link"),
        (lambda _: Spoiler("november"), "scenario"),
        (lambda s: Spoiler(s, 1.2), "extra_hazard"),
        (lambda s: Spoiler(s, 0.1, -1), "prize"),
        (lambda s: Spoiler(s).game(days=20), "days"),
        (lambda s: Spoiler(s).game(days=2, payments=[1]), "payments"),
    ],
)
def test_bad_input_to_links_and_spoilers_names_the_field(scenario, make, field):
    with pytest.raises(ArgumentError, match=field):
        make(scenario)
