"""MODEL.md section 4: gains, reservation prices, zones, margins, hazards."""

from __future__ import annotations

import numpy as np
import pytest

from ceasefire import truce
from ceasefire.errors import ArgumentError
from ceasefire.truce.game import solve_line
from ceasefire.truce.windows import best_chunk_value


@pytest.fixture(scope="module")
def table(eq):
    return truce.extension(eq)


def test_one_row_a_window_of_the_course_with_units(table):
    assert table["day"].tolist() == [4, 6, 7]
    assert set(table.columns) == set(table.attrs["units"])


def test_the_clause_price_falls_into_the_gap_at_day_seven(table):
    assert table["clause_in_zone"].tolist() == [True, True, False]
    assert table["clause_price"].tolist() == [10.0] * 3


def test_zones_agree_with_the_half_captive_grid_of_the_model_page(table):
    """On prices 0, 0.5, 1, ... the zones are [0, 37], [6, 22] and [7, 8] with [10.5, 15.5]."""
    printed = [[(0, 37)], [(6, 22)], [(7, 8), (10.5, 15.5)]]
    for zone, expected, held in zip(table["zone"], printed, (48, 28, 18), strict=True):
        grid = np.arange(0, held + 0.25, 0.5)
        inside = [any(low <= y <= high for low, high in zone) for y in grid]
        wanted = [any(low <= y <= high for low, high in expected) for y in grid]
        assert inside == wanted


def test_exact_roots_show_a_gap_that_the_half_captive_grid_misses(table):
    low_part, high_part = table["zone"].iloc[1]
    assert low_part[1] == pytest.approx(8.0, abs=1e-9)
    assert 8.1 < high_part[0] < 8.3


def test_reservation_prices_are_roots_of_the_gains(eq, table):
    for row in table.itertuples():
        window = (row.held_captives, row.day, row.trust_held)
        at_limit = truce.one_more_day(eq, *window, [row.captor_reservation_price])
        assert at_limit["captor"].iloc[0] == pytest.approx(0.0, abs=1e-6)
        if row.pausing_state_reservation_price > 0:
            lowest = truce.one_more_day(eq, *window, [row.pausing_state_reservation_price])
            assert lowest["pausing_state"].iloc[0] == pytest.approx(0.0, abs=1e-6)


def test_gains_at_the_clause_price_are_the_one_day_chunk(eq, table):
    for row in table.itertuples():
        window = eq.values(row.held_captives, row.day, row.trust_held)
        assert row.pausing_state_gain == pytest.approx(window.chunk_values[0], abs=1e-12)


def test_the_sign_of_the_gain_is_trust_held_against_trust_needed(table):
    extends = table["trust_held"] >= table["trust_needed"]
    assert (table["resume_gain"] <= 0).tolist() == extends.tolist() == [True, True, False]


def test_at_the_trust_needed_the_best_chunk_is_worth_nothing(eq):
    for held, day in ((48, 4), (38, 5), (28, 6), (18, 7)):
        needed = eq.trust_needed(held, day)
        assert best_chunk_value(eq.window(held, day), needed) == pytest.approx(0, abs=1e-9)


def test_honesty_margin_is_the_opening_of_mixing(eq, table):
    """Delta(1) < 0 exactly where the opportunist mixes on a one-day chunk."""
    for row in table.itertuples():
        line = eq.window(row.held_captives, row.day)
        day = int(line.nodes.offers[line.head, 1])
        honest = line.at(row.trust_held)[6, day]
        assert (row.honesty_margin >= 0) == (honest == 1.0)
        assert (row.temptation_ratio <= 1) == (row.honesty_margin >= 0)


def test_the_critical_hazard_is_where_the_best_chunk_is_worth_nothing(eq):
    hazard = truce.critical_hazard(eq, 28, 6, eq.trust)
    assert eq.parameters.beta < hazard < 1
    edge = solve_line(eq.parameters._replace(beta=hazard), 28, 6)
    assert best_chunk_value(edge, eq.trust) == pytest.approx(0, abs=1e-8)
    assert np.isnan(truce.critical_hazard(eq, 18, 7, 0.627))
    assert np.isnan(truce.critical_hazard(eq, 8, 8, 0.9))


def test_nothing_can_be_added_at_the_cap_and_little_below_a_batch(eq):
    at_cap = truce.extension(eq, [(28, 10, 0.9)]).iloc[0]
    assert at_cap["zone"] == ()
    assert np.isnan(at_cap["captor_gain"])
    assert np.isnan(at_cap["trust_needed"])
    short = truce.extension(eq, [(8, 7, 0.9)]).iloc[0]
    assert not short["clause_in_zone"]
    assert np.isnan(short["trust_needed"])


def test_gains_jump_only_where_a_whole_batch_is_lost(eq):
    prices = np.array([7.999, 8.0, 8.00001, 8.001])
    gains = truce.one_more_day(eq, 18, 7, 0.6266, prices)["pausing_state"].to_numpy()
    assert abs(gains[1] - gains[0]) < 0.01
    assert abs(gains[3] - gains[2]) < 0.01
    assert gains[1] - gains[2] > 1


@pytest.mark.parametrize(
    ("window", "name"),
    [
        ((-1, 4, 0.5), "held"),
        ((48, -1, 0.5), "day"),
        ((48, 4, 1.5), "trust"),
        ((48, 4.5, 0.5), "day"),
        ((float("nan"), 4, 0.5), "held"),
        ((48, 4, "high"), "trust"),
    ],
)
def test_a_bad_window_names_the_coordinate(eq, window, name):
    with pytest.raises(ArgumentError, match=name):
        truce.extension(eq, [window])


def test_a_price_beyond_the_stock_is_refused(eq):
    with pytest.raises(ArgumentError, match="prices: got 19"):
        truce.one_more_day(eq, 18, 7, 0.6, [19])
