"""Extension 4: a second category of captives (docs/model.md, Extensions)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ceasefire import truce
from ceasefire.errors import ArgumentError, ScenarioError
from ceasefire.truce import _kernels as kernels
from ceasefire.truce.extensions._second_equilibrium import _boundary_error
from ceasefire.truce.extensions._second_line import FIRST, SECOND, Head, Stocks, solve_line
from ceasefire.truce.extensions._second_tree import check_line, terms_error

LAST = (8.0, 8)  # the window at which ten of the first category are no longer held
GRID = 61
TRUST = 0.64


@pytest.fixture(scope="module")
def second(baseline):
    return truce.solve(baseline.replace({"second_category": "on"}))


@pytest.fixture(scope="module")
def waiting(baseline):
    return truce.solve(baseline.replace({"second_category": {"only_after_first": 1}}))


def solved(baseline, **changes):
    """A coarse solution with few ambiguous captives; changes by symbol."""
    table = baseline.replace({"second_category": {"ambiguous_captives": 0}})
    return truce.solve(table.replace(changes), beliefs=GRID)


@pytest.mark.parametrize("wait", [0, 1])
def test_without_a_second_stock_the_base_model_comes_back(baseline, eq, wait):
    table = {"captives": 0.0, "ambiguous_captives": 0, "only_after_first": wait}
    neutral = truce.solve(baseline.replace({"second_category": table}))
    assert abs(neutral.trust - eq.trust) < 1e-12
    for one, two in zip(neutral.lines, eq.lines, strict=True):
        assert np.abs(one.at(eq.trust)[:3] - two.at(eq.trust)[:3]).max() < 1e-12
    assert np.abs(neutral.course().length - eq.course().length).max() < 1e-12
    assert np.abs(neutral.course().held_by_day - eq.course().held_by_day).max(axis=None) < 1e-12
    assert neutral.trust_needed() == pytest.approx(eq.trust_needed(), abs=1e-12)
    assert [one.counted_first for one in neutral.boundaries] == [0]


def test_a_second_category_too_dear_for_a_single_day_is_the_base_model(baseline, eq):
    dear = solved(baseline, W2=20.0, x2=21.0)
    for one, two in zip(dear.lines, eq.lines, strict=True):
        head = slice(kernels.FIRST_Y, kernels.FIRST_UO + 1)
        gap = one.at(0.47)[head, one.head] - two.at(0.47)[head, two.head]
        assert np.abs(gap).max() < 1e-12
    assert dear.course().second_used == 0.0


def test_the_certificate_of_the_baseline_passes(second):
    assert second.certificate.passed, second.certificate.failures
    assert second.certificate.exploitability < 1e-6
    assert second.certificate.value_error < 1e-10


# The boundary agreed before the pilot


def test_every_boundary_shares_out_the_same_captives(baseline, second):
    table = baseline.replace({"second_category": "on"}).second_category
    assert [one.counted_first for one in second.boundaries] == [0, 1, 2, 3, 4]
    assert second.captives == baseline.symbols().W0 + table.captives
    assert second.stocks == (98.0, 20.0)
    for line in second.lines:
        assert line.first_held[line.head] + line.second_held[line.head] == second.captives
        assert terms_error(line) < 1e-12


def test_the_boundary_agreed_has_the_largest_nash_product(second):
    frame = second.boundary
    assert second.counted_first == frame["nash_product"].idxmax() == 4
    product = np.sqrt(frame["pausing_state"] * frame["dealer"])  # equal rates: weight one half
    assert np.allclose(product, frame["nash_product"], rtol=1e-12)


def test_captives_worth_more_in_the_second_category_are_counted_there(baseline):
    table = {"captive_value": 3.0, "ambiguous_captives": 3}
    dear = truce.solve(baseline.replace({"second_category": table}), beliefs=GRID)
    assert dear.counted_first == 0
    assert dear.stocks == (95.0, 23.0)
    assert (dear.boundary["nash_product"].diff().iloc[1:] < 0).all()


def test_where_the_boundary_changes_nothing_all_stay_in_the_first_category(baseline):
    """One day in all, and worths that do not depend on the stock: all products are equal."""
    flat = {"c_lo": 0.1, "c_hi": 0.1, "l_hi": 0.9, "l_lo": 0.9, "J": 1, "Tmax": 1, "x_p": 0.0}
    table = {"ambiguous_captives": 2}
    found = truce.solve(baseline.replace({"second_category": table}).replace(flat), beliefs=GRID)
    products = found.boundary["nash_product"].to_numpy()
    assert products.min() > 1.0
    assert np.ptp(products) < 1e-9
    assert found.counted_first == 2


# Windows, and when the second category may be offered


def test_a_category_that_waits_is_offered_only_once_the_first_buys_no_day(second, waiting):
    for equilibrium, wait in ((second, False), (waiting, True)):
        for line in equilibrium.lines:
            for node in np.flatnonzero(line.nodes.kind == kernels.WINDOW):
                offered = {category for category, _ in line.options(node)}
                first_buys = line.first_held[node] >= 10.0 and line.nodes.used[node] < 10
                assert (FIRST in offered) == first_buys
                if wait:
                    assert offered <= ({FIRST} if first_buys else {SECOND})


def test_a_category_that_waits_leaves_fewer_public_states(second, waiting):
    for free, held_back in zip(second.lines, waiting.lines, strict=True):
        assert held_back.nodes.kind.size <= free.nodes.kind.size
    for line in waiting.lines:
        assert check_line(line, waiting.trust).exploitability < 1e-6


def test_at_the_last_window_it_makes_no_difference_whether_the_second_waited(second, waiting):
    free, held_back = second.values(*LAST, TRUST), waiting.values(*LAST, TRUST)
    assert free.is_last
    assert not second.values(18.0, 7, TRUST).is_last
    assert free.options == held_back.options == ((SECOND, 1), (SECOND, 2))
    assert free.dealer == pytest.approx(held_back.dealer, abs=1e-12)
    assert np.abs(free.offers - held_back.offers).max() < 1e-12
    assert free.goes_on_by(SECOND) == pytest.approx(free.goes_on, abs=1e-15)
    assert free.goes_on_by(FIRST) == 0.0


def test_more_than_twice_the_price_buys_two_days_and_no_third(second):
    assert second.values(8.0, 7, TRUST, 14.9).options == ((SECOND, 1), (SECOND, 2))
    assert second.values(8.0, 7, TRUST, 4.9).options == ()
    assert second.values(8.0, 7, TRUST, 4.9).best == (0, 0)
    assert np.isnan(second.trust_needed(8.0, 7, 4.9))


# Zones of agreement


def test_the_zone_of_agreement_holds_what_both_sides_gain_from(second):
    """The window before day 8: ten of the first category lie in the zone (docs/model.md)."""
    first, other = (second.zone(18.0, 7, TRUST, category) for category in (FIRST, SECOND))
    assert 10 in first.agreed
    assert 5 in other.agreed
    for zone in (first, other):
        assert zone.prices.tolist() == list(range(1, (18, 20)[zone.category - 1] + 1))
        outside = [k for k, price in enumerate(zone.prices) if int(price) not in zone.agreed]
        assert all(min(zone.pausing_state[k], zone.dealer[k]) < 0 for k in outside)


def test_the_zone_at_the_price_of_the_clause_is_the_value_of_the_chunk(second):
    zone = second.zone(18.0, 7, TRUST, SECOND)
    values = second.values(18.0, 7, TRUST)
    at = values.options.index((SECOND, 1))
    assert zone.pausing_state[4] == pytest.approx(values.chunk_values[at], abs=1e-9)


def test_after_the_last_day_no_price_buys_another(second):
    assert second.zone(18.0, 10, TRUST, FIRST).prices.size == 0


# The boundary on the table again


def test_at_the_last_window_both_sides_would_count_the_ambiguous_anew(second):
    found = second.reopened(*LAST, 0.8)
    assert found.moved.tolist() == [-4, -3, -2, -1, 0]
    assert found.agreed == (-4, -3, -2, -1)
    assert found.settled == -4
    assert found.exploitability < 1e-9
    kept = second.values(*LAST, 0.8)
    for n, stocks, y, u in zip(
        found.moved, found.stocks, found.pausing_state, found.dealer, strict=True
    ):
        assert stocks == (8.0 + n, 20.0 - n)
        other = second.values(stocks.first, 8, 0.8, stocks.second)
        assert y == pytest.approx(other.pausing_state - kept.pausing_state, abs=1e-9)
        assert u == pytest.approx(other.dealer - kept.dealer, abs=1e-9)


def test_while_the_first_category_still_buys_days_the_boundary_is_kept(second):
    found = second.reopened(18.0, 7, TRUST)
    assert found.agreed == ()
    assert found.settled == 0


def test_counted_anew_in_the_first_category_they_can_buy_one_more_day(baseline):
    """Two short of ten: three captives move over, and a day is to be had for ten."""
    table = {"captives": 8.0, "captives_per_extra_day": 10.0, "captive_value": 1.0,
             "retention_value_base": 0.25, "retention_value_last": 1.5,
             "ambiguous_captives": 3}  # fmt: skip
    found = truce.solve(baseline.replace({"second_category": table}), beliefs=GRID)
    assert found.counted_first == 0
    again = found.reopened(18.0, 7, TRUST)
    assert again.moved.tolist() == [0, 1, 2, 3]
    assert again.agreed == (3,)
    assert again.settled == 3
    last = found.reopened(8.0, 8, TRUST)
    options = [found.values(s.first, 8, TRUST, s.second).options for s in last.stocks]
    assert [(FIRST, 1) in o for o in options] == [False, False, True, True]


def test_without_ambiguous_captives_there_is_nothing_to_count_anew(baseline):
    found = solved(baseline).reopened(*LAST, TRUST)
    assert found.moved.tolist() == [0]
    assert found.settled == 0
    assert found.pausing_state.tolist() == found.dealer.tolist() == [0.0]


# Refusals


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"x1": 1.0}, "price_growth_per_day"),
        ({"M": 51}, "ambiguous_captives"),
        ({"W2": -1.0}, "captives"),
        ({"x2": 0.0}, "captives_per_extra_day"),
        ({"S2": 2}, "only_after_first"),
        ({"l2_hi": 1.5}, "list_reliability_base"),
    ],
)
def test_a_table_that_makes_no_game_is_refused_by_its_field(baseline, changes, match):
    on = baseline.replace({"second_category": "on"})
    with pytest.raises(ScenarioError, match=match):
        on.replace(changes)


def test_more_ambiguous_captives_than_the_block_leaves_are_refused(baseline):
    table = {"ambiguous_captives": 49}
    with pytest.raises(ArgumentError, match=r"ambiguous_captives.*at most 48"):
        truce.solve(baseline.replace({"second_category": table}))


def test_too_many_public_states_are_refused_with_what_to_do(baseline):
    many = {"W2": 400.0, "x2": 0.5, "x": 0.5, "J": 200, "Emax": 50}
    on = baseline.replace({"second_category": {"ambiguous_captives": 0}})
    with pytest.raises(ArgumentError, match="only_after_first to 1"):
        truce.solve(on.replace(many))


def test_windows_that_cannot_be_are_refused(second):
    for call in (second.zone, second.values, second.reopened):
        with pytest.raises(ArgumentError, match="trust"):
            call(18.0, 7, 1.2, *([FIRST] if call == second.zone else []))
    with pytest.raises(ArgumentError, match="category"):
        second.zone(18.0, 7, TRUST, 3)
    with pytest.raises(ArgumentError, match="held_second"):
        second.values(18.0, 7, TRUST, -1.0)
    with pytest.raises(ArgumentError, match="day"):
        second.reopened(18.0, 7.5, TRUST)


# What the certificate catches


def test_a_wrong_strategy_is_caught(second):
    line = second.line()
    mixing = np.flatnonzero((line.nodes.n_roots == 1) & (line.category == SECOND))
    nodes = line.nodes._replace(roots=line.nodes.roots.copy())
    nodes.roots[mixing, 0] += 0.01
    check = check_line(replace(line, nodes=nodes, _seen={}), second.trust)
    assert max(check.opportunist, check.pausing_state, check.value_error) > 1e-3


def test_a_batch_that_costs_the_captor_another_amount_is_caught(second):
    line = second.line()
    loss = np.where(line.category == SECOND, line.nodes.loss + 0.5, line.nodes.loss)
    wrong = replace(line, nodes=line.nodes._replace(loss=loss), _seen={})
    assert check_line(wrong, second.trust).value_error > 0.1


def test_a_batch_of_the_wrong_category_or_price_is_caught(second):
    line = second.line()
    swapped = np.where(line.category > 0, FIRST + SECOND - line.category, 0)
    assert terms_error(replace(line, category=swapped)) > 1.0
    batch = np.where(line.category == SECOND, 4.0, line.nodes.batch)
    assert terms_error(replace(line, nodes=line.nodes._replace(batch=batch))) >= 1.0


def test_another_boundary_than_the_best_fails_the_certificate(second):
    told = tuple(
        one._replace(nash_product=50.0) if one.counted_first == 0 else one
        for one in second.boundaries
    )
    assert _boundary_error(second) < 1e-10
    assert _boundary_error(replace(second, boundaries=told)) > 1.0
    wrong = replace(second, counted_first=3)
    assert _boundary_error(wrong) > 0.01
    assert not wrong.certificate.passed


# The course


def test_the_course_of_no_deal_keeps_everybody(baseline):
    found = solved(baseline, x_p=0.0, pi0=0.01, k0=40.0)
    course = found.course()
    assert found.block_days == 0
    assert course.length.to_dict() == {0: 1.0}
    assert course.left.to_dict() == {118.0: 1.0}
    assert course.left_second.to_dict() == {20.0: 1.0}
    assert course.second_used == 0.0
    assert course.held_by_day.to_numpy().tolist() == [[1.0]]


def test_a_lottery_over_blocks_and_no_deal_mixes_their_courses(baseline):
    tied = solved(baseline, k0=8.0)
    assert set(tied.block_weights) == {2, 3}
    assert tied.status.solved
    for days in tied.block_weights:
        assert check_line(tied.line(days), tied.trust).exploitability < 1e-6
    rare = replace(tied, block_weights={0: 0.25, 2: 0.5, 3: 0.25})
    course = rare.course()
    parts = [rare.course(block_days=days) for days in (0, 2, 3)]
    for at in ("length", "left", "left_second"):
        table = [getattr(one, at) for one in parts]
        for value, chance in getattr(course, at).items():
            mixed = np.dot((0.25, 0.5, 0.25), [one.get(value, 0.0) for one in table])
            assert chance == pytest.approx(mixed, abs=1e-15)
    assert course.second_used == pytest.approx(
        np.dot((0.5, 0.25), [p.second_used for p in parts[1:]])
    )
    assert course.held_by_day.sum(axis=1).to_numpy() == pytest.approx(1.0)
    assert course.held_by_day.loc[0].to_dict()[118.0] == pytest.approx(1.0)


def test_captives_are_kept_count_of_by_category(second):
    course = second.course()
    held = course.held_by_day
    assert held.sum(axis=1).to_numpy() == pytest.approx(1.0)
    assert held.loc[0].to_dict()[118.0] == pytest.approx(1.0)
    assert course.left_second.sum() == pytest.approx(1.0)
    assert set(course.left_second.index) <= {0.0, 5.0, 10.0, 15.0, 20.0}
    assert course.second_used == pytest.approx(1.0 - course.left_second[20.0])
    paid = [o for o, _ in course.outcomes if "s" in o.sequence]
    assert paid
    assert all("s" not in o.sequence.split("-")[0] for o in paid)  # the block is the first's


def test_what_the_documentation_says_of_the_baseline_holds(second, eq):
    """docs/model.md, a second category: 6.61 days against 6.51, used with .57."""
    course = second.course()
    assert course.mean_days == pytest.approx(6.61, abs=0.005)
    assert eq.course().mean_days == pytest.approx(6.51, abs=0.005)
    assert course.second_used == pytest.approx(0.57, abs=0.005)


# Comparative statics at one line


def head_value(baseline, **changes):
    p = baseline.symbols()
    other = p._replace(x=5.0, v=1.5, c_lo=0.75, c_hi=3.0, l_w=5.0)._replace(**changes)
    line = solve_line(p, other, Stocks(8.0, 20.0), 7, head=Head(1, 5.0, SECOND), beliefs=GRID)
    return line.at(0.9)[[kernels.FIRST_Y, kernels.FIRST_UD], line.head]


def test_a_day_for_captives_worth_more_is_worth_more_to_the_pausing_state(baseline):
    values = [head_value(baseline, v=v)[0] for v in (1.0, 1.5, 2.0, 3.0)]
    assert np.all(np.diff(values) > 0)


def test_dearer_captives_make_the_day_worth_less_to_a_dealer(baseline):
    values = [head_value(baseline, c_lo=c, c_hi=4 * c)[1] for c in (0.25, 0.5, 0.75, 1.0)]
    assert np.all(np.diff(values) < 0)


def test_a_list_less_likely_to_be_produced_is_worth_less_to_both(baseline):
    values = np.array(
        [head_value(baseline, l_hi=high, l_lo=0.5 * high) for high in (0.6, 0.8, 1.0)]
    )
    assert (np.diff(values, axis=0) > 0).all()


def test_a_longer_pause_is_had_at_the_price_where_the_second_stock_is_used(baseline, eq):
    """Figure ext-second: nothing changes at 3 a day; from 6 on, eight days or more with over .6."""
    three, eight = (solved(baseline, x2=x2).course() for x2 in (3.0, 8.0))
    assert three.mean_days == pytest.approx(eq.course().mean_days, abs=0.1)
    assert eight.mean_days > 7.4
    assert float(eight.length[eight.length.index >= 8].sum()) > 0.6
    assert eight.second_used > three.second_used
