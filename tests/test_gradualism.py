"""Staged releases: closed forms against programs, recursions and the general engines."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceasefire import bargaining, solvers
from ceasefire.bargaining import Instalments, LockwoodThomas, LockwoodThomasSmooth
from ceasefire.errors import ArgumentError
from ceasefire.status import Status

# THEORY.md D1: (a, b, delta, cap), first two steps, payoff
TENTHS, TWENTIETHS = Fraction(9, 10), Fraction(19, 20)
LINEAR = [
    pytest.param(LockwoodThomas(1, 2, TENTHS, 50), (22.2222222, 12.3456790, 44.4444444), id="1"),
    pytest.param(
        LockwoodThomas(1, Fraction(6, 5), TWENTIETHS, 50),
        (6.1403509, 5.3862727, 7.3684211),
        id="2",
    ),
    pytest.param(LockwoodThomas(1, 3, Fraction(1, 2), 10), (3.3333333, 2.2222222, 10.0), id="3"),
]
# THEORY.md D2: delta, first three levels, limit, payoff
SMOOTH = [
    pytest.param(LockwoodThomasSmooth(TENTHS), (0.45, 0.5625, 0.62578125, 0.9, 0.45), id=".9"),
    pytest.param(LockwoodThomasSmooth(Fraction(3, 5)), (0.3, 0.375, 0.4171875, 0.6, 0.3), id=".6"),
]
# THEORY.md D3: (v, c, delta, K), first two instalments, surplus
PAID = [
    pytest.param(Instalments(3, 1, TWENTIETHS, 50), (32.4561404, 11.3881194, 97.3684211), id="1"),
    pytest.param(
        Instalments(Fraction(3, 2), 1, Fraction(19, 20), 50),
        (14.9122807, 10.4647584, 22.3684211),
        id="2",
    ),
    pytest.param(Instalments(2, 1, Fraction(4, 5), 98), (36.75, 22.96875, 73.5), id="3"),
]
DIGITS = 5.1e-8  # the page prints seven


def both_zero(vertices):
    return np.abs(np.asarray(vertices)).max() == 0


@pytest.mark.parametrize(("model", "numbers"), LINEAR + PAID)
def test_the_closed_form_has_the_numbers_of_the_page(model, numbers):
    found = model.closed_form()
    assert [*found.steps[:2], found.payoff] == pytest.approx(numbers, abs=DIGITS)
    assert found.certificate.holds
    assert found.certificate.payoff == pytest.approx(found.payoff, rel=1e-12)
    assert np.abs(found.certificate.margins).max() < 1e-12 * found.certificate.scale  # all tight


@pytest.mark.parametrize(("model", "numbers"), SMOOTH)
def test_the_smooth_closed_form_has_the_numbers_of_the_page(model, numbers):
    found = model.closed_form()
    assert [*found.levels[:3], found.limit, found.payoff] == pytest.approx(numbers, abs=1e-12)
    assert found.certificate.payoff == pytest.approx(found.payoff, rel=1e-12)
    assert np.abs(found.certificate.margins).max() < 1e-13


@pytest.mark.parametrize(("model", "numbers"), LINEAR + PAID)
def test_the_relaxed_program_falls_to_the_closed_form(model, numbers):
    found = model.solve()
    assert [*found.steps[:2], found.payoff] == pytest.approx(numbers, abs=DIGITS)
    bounds = [model.solve(horizon=T).payoff for T in (1, 2, 4, 8)]
    assert all(np.diff(bounds) < 0)
    assert bounds[-1] > found.payoff
    assert found.certificate.recursion == pytest.approx(found.payoff, rel=1e-9)
    assert found.bound == "above"
    assert found.certificate.holds


@pytest.mark.parametrize(
    "model",
    [
        Instalments(2, 1, 0.8, 98),
        Instalments(10, 1e-6, 0.9, 1),
        Instalments(3, 1, 1 - 1e-9, 50),
        Instalments(3, 1, 1e-12, 50),
        Instalments(3, 1, 0.3, 50),
        LockwoodThomas(1, 1.001, 0.9999, 50),
    ],
)
def test_long_horizons_and_extreme_ratios_are_solved_like_the_recursion(model):
    found = model.solve(horizon=400)
    assert abs(found.payoff - found.certificate.recursion) < 1e-12 * found.certificate.scale
    assert found.payoff > model.closed_form().payoff - 1e-12 * found.certificate.scale
    assert found.certificate.holds
    assert found.horizon <= 400


@pytest.mark.parametrize(("model", "numbers"), SMOOTH)
def test_the_smooth_bound_falls_to_the_closed_form_like_one_over_the_square(model, numbers):
    limit = numbers[-1]
    above = np.array([model.solve(horizon=T).payoff for T in (500, 1000, 2000)]) - limit
    inverse = above**-0.5  # a passage through a tangency: linear in T, of this slope
    slope = math.sqrt(2 / float(model.discount)) / (2 * math.pi)
    assert np.diff(inverse) / [500, 1000] == pytest.approx(slope, rel=2e-3)
    assert model.solve(horizon=250).certificate.holds


@pytest.mark.parametrize("model", [p.values[0] for p in LINEAR + SMOOTH + PAID])
def test_a_known_last_step_leaves_exactly_no_trade(model):
    for horizon in (1, 6, 30, 300):
        found = model.solve(horizon=horizon, tail="none")
        assert not found.trades
        assert found.payoff == 0
        assert found.status is Status.NO_DEAL


@pytest.mark.parametrize("horizon", [1, 6, 30, 300])
def test_the_scaled_program_with_a_known_end_is_not_fooled_by_its_tolerances(horizon):
    from ceasefire.bargaining._staged import program

    assert program(3, 1, 0.95, horizon, "none").max() < 1e-9
    assert program(2, 1, 0.9, horizon, "none").max() < 1e-9


@pytest.mark.parametrize("model", [LINEAR[0].values[0], SMOOTH[1].values[0]])
def test_state_recursion_finds_the_path_exactly_where_the_tail_is_carried(model):
    game = model.game(days=2, frozen=True)
    found = solvers.markov_perfect(game, exact=True)
    best = max(found, key=lambda e: e.payoffs[0])
    assert game.is_exact
    assert best.exact
    closed = model.closed_form(steps=2)
    d = Fraction(model.discount)
    worth = {LockwoodThomas: Fraction(400, 9), LockwoodThomasSmooth: Fraction(3, 10)}[type(model)]
    assert best.payoffs.tolist() == [worth / (1 - d)] * 2
    assert float(worth) == pytest.approx(closed.payoff, rel=1e-15)
    state = 0
    for level in closed.levels:  # both raise to the closed form's level, and the next state follows
        (first,), (second,) = (np.flatnonzero(best.strategy(state, i)) for i in range(2))
        assert game.actions[state][0][first] == f"{level:.8g}"
        row = game.profile_start[state] + first * game.n_actions[state, 1] + second
        (state,) = game.transitions.indices[slice(*game.transitions.indptr[row : row + 2])]


@pytest.mark.parametrize("model", [p.values[0] for p in LINEAR + SMOOTH])
def test_payoff_sets_end_at_the_closed_form(model):
    found = solvers.payoff_set(model.game(days=3))
    closed = model.closed_form().payoff
    assert found.support([1, 1]) / 2 == pytest.approx(closed, rel=1e-9)
    assert found.points(0).max() == pytest.approx(closed, rel=1e-9)


def test_no_other_first_step_of_a_finer_grid_is_worth_as_much():
    model = LockwoodThomas(1, 2, Fraction(9, 10), 50)
    first, second = Fraction(200, 9), Fraction(2800, 81)
    grid = [0, first / 2, first, (first + second) / 2, second, 50]
    whole = solvers.payoff_set(model.game(days=2, levels=grid))
    assert whole.support([1, 1]) / 2 == pytest.approx(400 / 9, rel=1e-9)
    without = solvers.payoff_set(model.game(days=2, levels=[c for c in grid if c != first]))
    assert without.support([1, 1]) / 2 < 43


@pytest.mark.parametrize("model", [LINEAR[1].values[0], SMOOTH[0].values[0]])
def test_in_games_with_a_known_last_step_nothing_moves(model):
    for frozen in (False, True):
        game = model.game(days=3, tail="none", frozen=frozen)
        (only,) = found = solvers.markov_perfect(game, exact=True)
        assert found.complete
        assert only.payoffs.tolist() == [0, 0]
    assert both_zero(solvers.payoff_set(model.game(days=3, tail="none")).points(0))


def test_a_finite_grid_has_a_last_step_even_without_a_last_day():
    model = LockwoodThomas(1, 3, Fraction(1, 2), 10)
    none = solvers.payoff_set(model.game(days=None, tail="none"))
    assert np.abs(none.points(0)).max() < 1e-11
    carried = solvers.payoff_set(model.game(days=None))
    assert carried.support([1, 1]) / 2 == pytest.approx(10, rel=1e-9)


@pytest.mark.parametrize(("model", "numbers"), PAID)
def test_the_tree_of_instalments_begins_like_the_closed_form(model, numbers):
    found = solvers.subgame_perfect(model.game(rounds=3), exact=True)
    best = max(found, key=lambda e: sum(e.payoffs))
    v, c, d = map(Fraction, (model.value, model.cost, model.discount))
    surplus = Fraction(model.stock) * (v - c / d)
    assert found.complete
    assert best.payoffs.tolist() == [0, surplus]
    assert float(surplus) == pytest.approx(numbers[2], abs=DIGITS)


def test_of_several_instalments_the_best_equilibrium_takes_the_closed_form_s():
    model = Instalments(3, 1, Fraction(19, 20), 50)
    tight = 1 - Fraction(1) / (Fraction(19, 20) * 3)
    tree = model.game(rounds=2, parts=[tight / 2, tight, Fraction(9, 10)])
    found = solvers.subgame_perfect(tree, exact=True)
    best = max(found, key=lambda e: sum(e.payoffs))
    assert sum(best.payoffs) == Fraction(1850, 19)
    assert tree.action_labels[0][int(np.argmax(best.strategies[0][:4]))] == "hand over 32.45614"


def test_the_tree_with_a_known_last_round_is_not_traded_in():
    model = Instalments(3, 1, Fraction(19, 20), 50)
    tree = model.game(rounds=2, tail="none", parts=[Fraction(1, 2), Fraction(9, 10)], prices=[1, 2])
    (only,) = found = solvers.subgame_perfect(tree, exact=True)
    assert found.complete
    assert only.payoffs.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("model", "share"),  # delta (v - c) / c
    [
        (LockwoodThomas(1, 2, Fraction(1, 2), 50), 1 / 2),
        (LockwoodThomas(1, 3, Fraction(1, 3), 50), 2 / 3),
        (LockwoodThomas(1, 2, 0.5, 50), 1 / 2),
        (Instalments(2, 1, Fraction(1, 2), 50), 1 / 2),
    ],
)
def test_at_the_threshold_there_is_no_finite_first_step(model, share):
    assert model.ratio == 1
    assert not model.closed_form().trades
    for horizon in (10, 100):  # all steps equal, and gone in the limit
        found = model.solve(horizon=horizon)
        assert found.steps == pytest.approx(50 * share / (1 + horizon * share), rel=1e-9)
    assert model.days_to(within=0.5) == math.inf


@pytest.mark.parametrize(
    "model",
    [LockwoodThomas(1, 2, 0.45, 50), Instalments(2, 1, 0.4, 50), Instalments(2, 1, 0, 50)],
)
def test_below_the_threshold_nothing_is_traded(model):
    assert not model.closed_form().trades
    assert model.closed_form().status is Status.NO_DEAL
    assert model.solve(horizon=400).payoff == pytest.approx(0, abs=1e-9)


def test_just_above_the_threshold_there_is_trade():
    assert LockwoodThomas(1, 2, 0.5 + 1e-9, 50).closed_form().payoff > 0
    assert Instalments(2, 1, np.nextafter(0.5, 1), 50).closed_form().payoff > 0


def test_the_smooth_path_goes_on_long_after_its_steps_are_small():
    model = LockwoodThomasSmooth(0.9)
    days = model.days_to(within=1e-4)
    assert days == pytest.approx(2 * 0.9 / 1e-4, rel=0.01)
    path = model.closed_form(steps=int(days))
    assert path.levels[-1] >= 0.9 - 1e-4 > path.levels[-2]
    stopped = int(np.argmax(path.steps < 1e-6))  # where a rule on the step's size would stop
    assert 0.9 - path.levels[stopped] > 1e-3
    assert path.limit == 0.9


def test_days_to_counts_the_steps_of_a_geometric_path():
    model = LockwoodThomas(1, 2, 0.9, 50)
    left = model.closed_form(steps=40).remaining / 50
    for within in (0.5, 0.1, 1e-3):
        days = int(model.days_to(within=within))
        assert left[days - 1] <= within < (1 if days == 1 else left[days - 2])


# ---- whole captives


def keeps(batches, v, c, d, end):
    worth = end
    for batch in reversed(batches):
        if c * batch > d * worth:
            return False, worth
        worth = (v - c) * batch + d * worth
    return True, worth


def compositions(n):
    for cuts in product((False, True), repeat=n - 1):
        parts, size = [], 1
        for cut in cuts:
            if cut:
                parts.append(size)
                size = 1
            else:
                size += 1
        yield (*parts, size)


@pytest.mark.parametrize("deadline", [None, 2, 4])
@pytest.mark.parametrize("end", [Fraction(1), Fraction(3, 2), Fraction(4)])
def test_the_best_batches_are_the_best_of_all_compositions(end, deadline):
    v, c, d, n = Fraction(2), Fraction(1), Fraction(4, 5), 9
    model = Instalments(v, c, d, n)
    every = [
        b for b in compositions(n)
        if keeps(b, v, c, d, end)[0] and (deadline is None or len(b) <= deadline)
    ]  # fmt: skip
    listed = model.schedules(tail_value=end, deadline=deadline)
    assert listed.complete
    assert {tuple(s.steps.tolist()) for s in listed.found} == set(every)
    best = model.solve(whole=True, tail_value=end, horizon=deadline)
    worth = max((keeps(b, v, c, d, end)[1] for b in every), default=Fraction(0))
    assert best.payoff == pytest.approx(float(worth), rel=1e-12)
    assert best.trades == bool(every)
    assert best.certificate.holds


def test_a_known_last_batch_kills_all_and_the_cost_of_one_captive_carries_any_stock():
    model = Instalments(Fraction(3, 2), 1, Fraction(19, 20), 50)
    assert not model.solve(whole=True).trades
    assert not model.solve(whole=True, tail="none", horizon=7).trades
    at = model.solve(whole=True, tail_value=Fraction(20, 19))
    assert at.steps.sum() == 50
    assert at.steps[-1] == 1
    assert at.certificate.worst >= -1e-15
    assert not model.solve(whole=True, tail_value=Fraction(20, 19) - Fraction(1, 10**12)).trades
    floats = Instalments(1.5, 1, 0.95, 50)
    assert floats.solve(whole=True, tail_value=1 / 0.95).steps.tolist() == at.steps.tolist()


def test_the_end_needed_by_given_batches_is_the_least_that_carries_them():
    model = Instalments(3, 1, Fraction(19, 20), 78)
    batches = [13, 13, 13, 11, 10, 10, 8]
    need = model.end_needed(batches)
    assert need == Fraction(160, 19)  # the last batch alone binds: 8 c / delta
    assert model.schedule(batches, tail_value=need).status is Status.OK
    short = model.schedule(batches, tail_value=need - Fraction(1, 100))
    assert short.status is Status.EXPLOITABLE
    assert int(np.argmin(short.certificate.margins[:, 0])) == 6


def test_a_relaxed_end_bounds_whole_batches_from_above():
    model = Instalments(2, 1, Fraction(4, 5), 20)
    bounds = [model.solve(whole=True, tail="relaxed", horizon=T).payoff for T in (1, 2, 4, 8)]
    assert all(np.diff(bounds) <= 0)
    assert bounds[0] <= 20
    divisible = [model.solve(horizon=T).payoff for T in (1, 2, 4, 8)]
    assert all(w <= x + 1e-9 for w, x in zip(bounds, divisible, strict=True))


# ---- properties


@settings(max_examples=15, deadline=None)
@given(
    cost=st.floats(0.1, 5), gain=st.floats(1.2, 5), over=st.floats(1.1, 3), stock=st.floats(1, 200)
)
def test_program_recursion_and_closed_form_agree(cost, gain, over, stock):
    discount = min(over / gain, 0.97)  # delta v above c
    if discount * gain < 1.1:
        return
    paid = Instalments(gain * cost, cost, discount, stock)
    found, closed = paid.solve(), paid.closed_form()
    assert found.payoff == pytest.approx(closed.payoff, rel=1e-9)
    assert found.certificate.recursion == pytest.approx(closed.payoff, rel=1e-9)
    assert found.steps[:3] == pytest.approx(closed.steps[:3], rel=1e-7)
    mutual = LockwoodThomas(cost, gain * cost, discount, stock).solve()
    assert mutual.steps[:3] == pytest.approx(found.steps[:3], rel=1e-7)
    assert mutual.payoff == pytest.approx(found.payoff, rel=1e-9)
    assert found.certificate.holds
    assert mutual.certificate.holds


@settings(max_examples=10, deadline=None)
@given(scale=st.sampled_from([1e-9, 0.5, 3.0, 1e9]), stock=st.integers(1, 40))
def test_units_of_utils_change_no_schedule(scale, stock):
    one, other = Instalments(3, 1, 0.8, stock), Instalments(3 * scale, scale, 0.8, stock)
    assert other.solve().steps == pytest.approx(one.solve().steps, rel=1e-6, abs=1e-9)
    assert other.solve().payoff == pytest.approx(scale * one.solve().payoff, rel=1e-9)
    whole = other.solve(whole=True, tail_value=2.0 * scale)
    assert whole.steps.tolist() == one.solve(whole=True, tail_value=2.0).steps.tolist()


@settings(max_examples=10, deadline=None)
@given(steps=st.integers(1, 8))
def test_what_is_left_after_t_steps_is_the_same_problem_scaled(steps):
    whole = Instalments(3, 1, 0.8, 50)
    left = float(whole.closed_form(steps=steps).remaining[-1])
    assert left == pytest.approx(50 * whole.ratio**steps, rel=1e-9)
    rest = Instalments(3, 1, 0.8, left).closed_form(steps=3)
    assert rest.steps == pytest.approx(whole.closed_form(steps=steps + 3).steps[steps:], rel=1e-9)


# ---- bad input


@pytest.mark.parametrize(
    ("call", "where"),
    [
        (lambda: LockwoodThomas(2, 1, 0.9, 50), "benefit"),
        (lambda: LockwoodThomas(0, 1, 0.9, 50), "cost"),
        (lambda: LockwoodThomas(1, 2, 1, 50), "discount"),
        (lambda: LockwoodThomas(1, 2, 0.9, math.nan), "cap"),
        (lambda: LockwoodThomasSmooth(-0.1), "discount"),
        (lambda: Instalments(1, 1, 0.9, 50), "value"),
        (lambda: Instalments(2, 1, 0.9, 0), "stock"),
        (lambda: Instalments(2, 1, 0.9, 9).solve(horizon=0), "horizon"),
        (lambda: Instalments(2, 1, 0.9, 9).solve(tail="value"), "tail"),
        (lambda: Instalments(2, 1, 0.9, 9).solve(whole=True, tail="relaxed"), "horizon"),
        (lambda: Instalments(2, 1, 0.9, 9.5).solve(whole=True), "stock"),
        (lambda: Instalments(2, 1, 0.9, 9).solve(whole=True, tail_value=-1), "tail_value"),
        (lambda: Instalments(2, 1, 0.9, 9).schedule([5, 5]), "batches"),
        (lambda: Instalments(2, 1, 0.9, 9).schedule([5, 0]), "batches[1]"),
        (lambda: Instalments(2, 1, 0.9, 9).game(parts=[1.5]), "parts[0]"),
        (lambda: LockwoodThomas(1, 2, 0.9, 9).game(levels=[0, 10]), "levels"),
        (lambda: LockwoodThomas(1, 2, 0.9, 9).game(levels=[0, 3, 2]), "levels"),
        (lambda: LockwoodThomas(1, 2, 0.9, 9).game(days=0), "days"),
        (lambda: LockwoodThomas(1, 2, 0.9, 9).solve(tail="value"), "tail"),
    ],
)
def test_bad_input_is_named(call, where):
    with pytest.raises(ArgumentError) as error:
        call()
    assert error.value.where == where


@pytest.mark.parametrize("name", bargaining.__all__)
def test_every_public_name_is_documented(name):
    assert getattr(bargaining, name).__doc__


def test_results_read_well():
    model = Instalments(1.5, 1, 0.95, 50)
    assert "payoff at most 22.3684211 utils" in repr(model.solve())
    assert "steps 16, 11, 8, 5, 4, 3" in repr(model.solve(whole=True, tail_value=2))
    assert "not all" in repr(model.schedules(tail_value=2, limit=2))


def test_the_picture_shows_held_and_handed_over():
    from ceasefire.figures.gradualism import staged_release

    model = Instalments(1.5, 1, 0.95, 50)
    whole = model.solve(whole=True, tail_value=2)
    axes = staged_release(model.closed_form(), whole)
    held = axes.lines[1].get_ydata()
    assert held[:4] == pytest.approx([50, 34, 23, 15])
    assert [bar.get_height() for bar in axes.containers[1]][:3] == [16, 11, 8]
    with pytest.raises(ArgumentError):
        staged_release()
