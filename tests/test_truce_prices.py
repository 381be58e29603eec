"""Prices of a further day that rise or fall from day to day."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from belief_grid import BeliefGrid
from hypothesis import given, settings
from hypothesis import strategies as st

import ceasefire as cf
from ceasefire import truce
from ceasefire.errors import ArgumentError, ScenarioError
from ceasefire.truce import _kernels as kernels
from ceasefire.truce.game import lowest_price, solve_line
from ceasefire.truce.payoffs import further_days
from ceasefire.truce.verify import terms_error

SCHEDULES = [
    pytest.param({"x": 8, "x1": 1}, id="rising"),
    pytest.param({"x": 14, "x1": -1}, id="falling"),
    pytest.param({"x": 7.5, "x1": 2.25, "J": 12, "Emax": 3}, id="steep"),
]
GROWTH = "terms.price_growth_per_day"


@pytest.fixture(scope="module", params=SCHEDULES)
def solved(request, baseline):
    return truce.solve(baseline.replace(request.param))


def test_a_file_without_the_field_is_the_constant_clause_with_its_digest(baseline):
    assert baseline.terms.price_growth_per_day == 0.0
    assert baseline.digest == "cdcaea3a94a5ce2389def1338e3089ee4874f7485d4855c214b505d7e2f969cd"
    assert baseline.replace(x1=1).digest != baseline.digest
    assert baseline.replace(x1=1).replace(x1=0).digest == baseline.digest


def test_a_schedule_survives_a_file(baseline, tmp_path):
    rising = baseline.replace(x1=1.5)
    file = tmp_path / "rising.toml"
    file.write_text(rising.to_toml(), encoding="utf-8")
    assert cf.load(file) == rising


@pytest.mark.parametrize(
    ("change", "allowed"),
    [
        ({"x1": -1.25}, "above -1.25"),
        ({"x1": -2.0}, "above -1.25"),
        ({"x1": 1.0, "mediator": "on"}, "0 with [mediator]"),
        ({"x1": float("nan")}, "a number from"),
        ({"x1": "1"}, "a number from"),
    ],
)
def test_a_price_that_ends_or_that_an_extension_cannot_follow_is_refused(baseline, change, allowed):
    with pytest.raises(ScenarioError) as caught:
        baseline.replace(change)
    fault = next(f for f in caught.value.faults if f.path == GROWTH)
    assert fault.allowed.startswith(allowed)


def test_nobody_gains_by_deviating_and_play_agrees(solved):
    certificate = solved.certificate
    assert certificate.exploitability < 1e-6
    assert certificate.terms_error < 1e-9
    assert certificate.passed, certificate.failures


def test_a_price_that_is_not_the_schedules_is_caught(solved):
    line = solved.line(solved.block_days)
    batch = line.nodes.batch.copy()
    batch[int(line.nodes.offers[line.head - solved.block_days, 1])] += 0.5
    wrong = replace(line, nodes=line.nodes._replace(batch=batch), _seen={})
    assert terms_error(wrong) > 0.4


def test_a_second_solver_agrees_at_the_beliefs_that_matter(solved):
    grid = BeliefGrid(solved.parameters)
    trusted = solved.lines[0].beliefs >= 0.42
    first = slice(kernels.FIRST_Y, kernels.FIRST_UO + 1)
    for days in (3, 4, 5):
        line = solved.line(days)
        gap = np.abs(np.array(grid.block(days)) - line.values[first, line.head])
        assert gap[:, trusted].max() < 5e-3


def test_captives_due_follow_the_schedule_on_the_path(solved):
    p, days = solved.parameters, solved.block_days
    path = solved.path()
    due = path[path["stage"] == "day"]
    further = due["day"].to_numpy() - 1 - days
    expected = np.where(further < 0, p.n0 / days, p.x + p.x1 * further)
    assert due["captives_due"].to_numpy() == pytest.approx(expected, abs=1e-12)
    held = due["held_captives"].to_numpy()
    assert -np.diff(held) == pytest.approx(expected[:-1], abs=1e-9)


def test_the_clause_price_of_a_window_is_that_of_its_day(solved):
    p, days = solved.parameters, solved.block_days
    table = truce.extension(solved)
    assert len(table) > 1
    expected = p.x + p.x1 * (table["day"] - days)
    assert table["clause_price"].tolist() == pytest.approx(expected.tolist())
    for row in table.itertuples():
        window = solved.values(row.held_captives, row.day, row.trust_held)
        if window.chunk_values.size:
            assert row.pausing_state_gain == pytest.approx(window.chunk_values[0], abs=1e-10)


def test_the_zone_ends_where_a_gain_changes_sign(solved):
    for row in truce.extension(solved).itertuples():
        window = (row.held_captives, row.day, row.trust_held)
        for low, high in row.zone:
            inside = [low + share * (high - low) for share in (1e-6, 0.5, 1 - 1e-6)]
            assert truce.one_more_day(solved, *window, inside).to_numpy().min() > -1e-6
            outside = [y for y in (low - 1e-3, high + 1e-3) if 0.0 <= y <= row.held_captives]
            gains = truce.one_more_day(solved, *window, outside).to_numpy()
            assert (gains.min(axis=1) < 0.0).all()


def test_the_decomposition_starts_from_the_equilibriums_course(solved):
    baseline = truce.decompose(solved.scenario).courses["baseline"]
    assert baseline.mean_days == pytest.approx(solved.course().mean_days, abs=1e-12)
    assert baseline.mean_left == pytest.approx(solved.course().mean_left, abs=1e-12)


def test_a_window_alone_has_no_price_without_its_block(baseline):
    p = baseline.replace(x1=1).symbols()
    with pytest.raises(ArgumentError, match="block_days"):
        solve_line(p, 48.0, 4)
    line = solve_line(p, 48.0, 4, block_days=4)
    assert line.nodes.batch[line.nodes.offers[line.head, 1]] == 10.0
    later = solve_line(p, 48.0, 5, block_days=4)
    assert later.nodes.batch[later.nodes.offers[later.head, 1]] == 11.0


def test_parameters_whose_price_ends_are_refused(baseline):
    with pytest.raises(ArgumentError, match="price_growth_per_day"):
        solve_line(baseline.symbols()._replace(x1=-2.0), 98.0, 0, head_days=4, head_batch=12.5)


def test_dearer_days_first_or_last_leave_the_same_stock_for_the_same_total(baseline):
    """Three further days at 9, 10, 11 or at 11, 10, 9 leave 18 of 48."""
    for x, x1 in ((9.0, 1.0), (11.0, -1.0)):
        p = baseline.replace(x=x, x1=x1).symbols()
        assert kernels.stocks(p, 48.0, 4, 4, 3)[3] == pytest.approx(18.0, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    price=st.floats(0.5, 30.0), growth=st.floats(-3.0, 5.0), held=st.floats(0.0, 98.0),
    day=st.integers(0, 12), block=st.integers(1, 8), cap=st.integers(1, 14),
)  # fmt: skip
def test_further_days_are_as_many_as_the_stock_buys(price, growth, held, day, block, cap):
    p = cf.load("november-2023").symbols()._replace(x=price, x1=growth, J=cap)
    if lowest_price(p) <= 0.1:
        return
    most = max(cap - day, 0)
    n = kernels.further_days(p, held, day, block, most)
    spent = further_days(p, held, day, block, most)
    assert len(spent) == n + 1
    left = kernels.stocks(p, held, day, block, n)
    assert held - left == pytest.approx(np.array(spent), abs=1e-9)
    if n < most:
        assert spent[-1] + price + growth * max(day + n - block, 0) > held


@settings(max_examples=8, deadline=None)
@given(price=st.floats(7.0, 20.0), growth=st.floats(-0.8, 3.0))
def test_scaling_all_payoffs_changes_no_course(price, growth):
    scenario = cf.load("november-2023").replace(x=price, x1=growth)
    p = scenario.symbols()
    names = ("g", "c_lo", "c_hi", "s_C", "v", "k0", "k1", "kappa", "s", "Z", "K_T", "s_T")
    scaled = scenario.replace({name: 3.0 * getattr(p, name) for name in names})
    one, two = truce.solve(scenario), truce.solve(scaled)
    assert one.block_days == two.block_days
    assert one.trust == pytest.approx(two.trust, abs=1e-9)
    assert one.course().mean_days == pytest.approx(two.course().mean_days, abs=1e-7)
