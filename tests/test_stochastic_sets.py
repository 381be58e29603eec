"""Payoff sets of stochastic games: against brute force, repeated games, and published numbers."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polygon_sets import distance, payoff_sets, step

from ceasefire.errors import ArgumentError, SolveError
from ceasefire.games import NormalForm, RepeatedGame, StochasticGame
from ceasefire.solvers import _sharpen, _stochastic_sets, payoff_set
from ceasefire.status import Status

PD = ([[9, 1], [10, 3]], [[9, 10], [1, 3]])
JYC = ([[4, 0], [6, 2]], [[4, 6], [0, 2]])
AS = ([[16, 3, 0], [21, 10, -1], [9, 5, -5]], [[9, 13, 3], [1, 4, 0], [0, -4, -15]])


def one_state(A, B, delta):
    return StochasticGame([[A, B]], np.ones((1, *np.shape(A), 1)), delta)


def random_game(seed, states, delta, most=3):
    rng = np.random.default_rng(seed)
    tables, law = [], []
    for _ in range(states):
        shape = tuple(rng.integers(1, most + 1, size=2))
        tables.append(rng.integers(0, 9, size=(2, *shape)).astype(float))
        law.append(rng.dirichlet(np.ones(states), size=shape))
    return StochasticGame(tables, law, delta)


def same(found, expected, tolerance=1e-9):
    return len(found) == len(expected) and distance(found, expected) <= tolerance


@pytest.mark.parametrize(
    ("stage", "delta", "corners"),
    [
        pytest.param(PD, 0.9, [(3, 3), (9.75, 3), (9, 9), (3, 9.75)], id="G2 dilemma"),
        pytest.param(PD, 0.99, [(3, 3), (9.75, 3), (9, 9), (3, 9.75)], id="QE-01: not below 3"),
        pytest.param(JYC, 0.8, [(2, 2), (5, 2), (4, 4), (2, 5)], id="G2 Judd-Yeltekin-Conklin"),
        pytest.param(JYC, 0.5, [(2, 2), (5, 2), (4, 4), (2, 5)], id="G2 exactly at the jump"),
        pytest.param(JYC, 0.49, [(2, 2)], id="G2 just below the jump"),
        pytest.param(JYC, 0.0, [(2, 2)], id="no tomorrow"),
        pytest.param(
            AS, 0.3,
            [(7.33770472, 10.9826253), (1.1256824, 2.8), (7.33770472, 0), (7.86308964, 0),
             (19.7917977, 2.8), (15.5630896, 9.1)],
            id="G2 Abreu-Sannikov",
        ),
        pytest.param(([[1, 0], [0, 1]], [[1, 0], [0, 1]]), 0.9, [(0, 0), (1, 1)], id="segment"),
    ],
)  # fmt: skip
def test_one_state_is_a_repeated_game(stage, delta, corners):
    found = payoff_set(one_state(*stage, delta))
    assert found.status is Status.OK
    if corners == [(0, 0), (1, 1)]:  # common interests: the worst point is what minmax leaves
        known = payoff_set(RepeatedGame(NormalForm.bimatrix(*stage), delta)).vertices
        corners = known
    assert same(found.vertices[0], corners, 1e-7)
    assert found.certificate.miss < 1e-10


@pytest.mark.parametrize("delta", [0.5, 0.8])
def test_one_state_agrees_with_the_solver_of_repeated_games(delta):
    rng = np.random.default_rng(1)
    for _ in range(4):
        A, B = rng.integers(0, 12, size=(2, 3, 3))
        known = payoff_set(RepeatedGame(NormalForm.bimatrix(A, B), delta), throw=False)
        found = payoff_set(one_state(A, B, delta), throw=False)
        assert len(found.vertices[0]) == len(known.vertices)
        if len(known.vertices):
            assert distance(found.vertices[0], known.vertices) < 1e-8


@pytest.mark.parametrize(
    ("seed", "states", "delta"),
    [(0, 2, 0.3), (1, 2, 0.4), (3, 3, 0.2), (5, 2, 0.4), (8, 3, 0.2), (11, 2, 0.3)],
)
def test_sets_are_those_of_brute_force(seed, states, delta):
    game = random_game(seed, states, delta)
    known = payoff_sets(game, steps=40, tolerance=1e-10)
    found = payoff_set(game)
    if known is None:
        assert found.is_empty
        return
    assert found.status is Status.OK
    for a, b in zip(known, found.vertices, strict=True):
        assert distance(a, b) < 1e-8


@pytest.mark.parametrize(("seed", "states", "delta"), [(5, 2, 0.7), (2, 3, 0.9)])
def test_what_is_returned_generates_itself_by_other_code(seed, states, delta):
    game = random_game(seed, states, delta)
    found = payoff_set(game)
    again = step(game, [list(map(tuple, points)) for points in found.inner], found.threat)
    for a, b in zip(again, found.inner, strict=True):
        assert distance(a, b) < 1e-9
    assert found.gap < 1e-8


@pytest.mark.parametrize(("seed", "delta"), [(4, 0.9), (9, 0.97), (2, 0.999)])
def test_an_extrapolated_limit_is_where_turns_end_by_themselves(seed, delta, monkeypatch):
    game = random_game(seed, 2, delta)
    found = payoff_set(game)
    assert found.detail["scales"] > 10
    assert found.certificate.miss < 1e-13
    monkeypatch.setattr(_sharpen, "FIRST_GUESS", 10**9)
    plain = payoff_set(game, throw=False, max_iterations=1500)
    assert plain.detail["scales"] == 0
    for a, b in zip(found.vertices, plain.vertices, strict=True):
        assert distance(a, b) < 1e-7


def test_cournot_outputs_on_a_grid():
    """THEORY G9, as reimplementations of Judd, Yeltekin and Conklin state it."""
    q = np.linspace(0, 6, 15)
    profit = (np.maximum(6 - q[:, None] - q, 0) - 0.6) * q[:, None]
    (points,) = payoff_set(one_state(profit, profit.T, 0.8)).vertices
    x, y = points.T
    assert len(points) == 11
    assert points.min() == pytest.approx(0, abs=1e-9)
    assert points.sum(axis=1).max() == pytest.approx(7.27346939, abs=1e-8)
    assert points.max() == pytest.approx(6.96653061, abs=1e-8)
    assert (x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2 == pytest.approx(26.02289159, abs=1e-7)


def gifts(delta, steps=2):
    """Three endowments of 1 to share, gifts either way: many profiles that do the same."""
    grid, tables, law = np.arange(3) / 2, [], []
    for e in range(3):
        give = np.arange(e * steps + 1)[:, None] / (2 * steps)
        take = np.arange((2 - e) * steps + 1)[None, :] / (2 * steps)
        eaten = grid[e] - give + take
        tables.append(np.array([np.sqrt(eaten), np.sqrt(1 - eaten)]))
        near = 1 - np.abs(eaten[..., None] - grid)
        law.append(near / near.sum(axis=-1, keepdims=True))
    return StochasticGame(tables, law, delta)


def test_profiles_that_do_the_same_are_told_by_what_deters_them_least():
    known, found = payoff_sets(gifts(0.4), steps=25), payoff_set(gifts(0.4))
    for a, b in zip(known, found.vertices, strict=True):
        assert distance(a, b) < 1e-8
    later = payoff_set(gifts(0.9))
    assert later.vertices[1].sum(axis=1).max() == pytest.approx(2**0.5)  # risk is shared in full
    assert same(later.vertices[0], later.vertices[2][:, ::-1])


def ladder(top, delta, cost=1.0, worth=2.0):
    """THEORY D1 on a grid: each side raises a level or leaves it, for good, up to a cap."""
    states = [(a, b) for a in range(top + 1) for b in range(top + 1)]
    place = {s: k for k, s in enumerate(states)}
    tables, law = [], []
    for a, b in states:
        m, n = top - a + 1, top - b + 1
        u, p = np.zeros((2, m, n)), np.zeros((m, n, len(states)))
        for i, j in np.ndindex(m, n):
            u[:, i, j] = [worth * (b + j) - cost * (a + i), worth * (a + i) - cost * (b + j)]
            p[i, j, place[a + i, b + j]] = 1
        tables.append(u)
        law.append(p)
    return StochasticGame(tables, law, delta)


@pytest.mark.parametrize("transfers", [False, True])
def test_a_known_last_step_leaves_exactly_no_exchange(transfers):
    """THEORY D1: with a last step nobody is rewarded for it, and nothing is exchanged at all."""
    found = payoff_set(ladder(2, 0.95), transfers=transfers)
    assert found.vertices[0].tolist() == [[0.0, 0.0]]
    assert found.vertices[-1] == pytest.approx(np.array([[2.0, 2.0]]))


def exit_game(delta):
    stay = [[2, -1], [3, 0]]
    law = [[[1, 0], [0, 1]], [[0, 1], [0, 1]]]
    return StochasticGame([[stay, np.transpose(stay)], np.zeros((2, 1, 1))], [law, [[[0, 1]]]],
                          delta, states=["pause", "war"])  # fmt: skip


def test_the_exit_game_keeps_its_pause_where_it_pays():
    """THEORY H9: staying for ever is an equilibrium iff R >= (1 - delta) T: delta >= 1/3."""
    assert same(payoff_set(exit_game(0.6)).vertices[0], [(0, 0), (2, 2)])
    assert same(payoff_set(exit_game(Fraction(1, 3))).vertices[0], [(0, 0), (2, 2)])
    assert same(payoff_set(exit_game(0.333)).vertices[0], [(0, 0)])
    assert payoff_set(exit_game(0.6)).vertices[1].tolist() == [[0.0, 0.0]]


def test_a_state_without_equilibrium_takes_along_what_leads_to_it():
    pennies = [[[1, 0], [0, 1]], [[0, 1], [1, 0]]]
    lead = [[[0], [0]], [[0], [0]]]
    law = [[[[0, 1, 0]], [[0, 0, 1]]], np.eye(3)[np.full((2, 2), 1)], [[[0, 0, 1]]]]
    game = StochasticGame([lead, pennies, np.ones((2, 1, 1))], law, 0.1)
    for transfers in (False, True):
        found = payoff_set(game, transfers=transfers)
        assert [len(points) for points in found.vertices] == [0, 0, 1]
        assert found.is_empty
        assert np.isnan(found.threat[:2]).all()
        assert found.vertices[2].tolist() == [[1.0, 1.0]]


@pytest.mark.parametrize(
    ("unit", "shift"),
    [(1e9, 0), (1e-12, 0), (1, 2**30), ([3.0, 0.5], [-7, 100])],
    ids=["x1e9", "x1e-12", "+1e9", "each its own"],
)
def test_units_of_payoffs_do_not_matter(unit, shift):
    base = random_game(1, 2, 0.6)
    unit, shift = np.broadcast_to(unit, 2), np.broadcast_to(shift, 2)
    moved = StochasticGame.from_flat(
        base.payoffs * unit[:, None] + shift[:, None], base.transitions, 0.6, base.n_actions
    )
    known, found = payoff_set(base), payoff_set(moved)
    for a, b in zip(known.vertices, found.vertices, strict=True):
        assert same((b - shift) / unit, a, 1e-6 if shift[0] > 1e6 else 1e-9)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), delta=st.sampled_from([0.2, 0.6, 0.95]))
def test_any_small_game_is_solved_with_its_certificate(seed, delta):
    assert generated(random_game(seed, 2, delta)).status.solved


@pytest.mark.parametrize(
    ("seed", "delta"), [(93, 0.6), (4160, 0.95), *((s, 0.6) for s in range(900, 910)),
                        *((s, 0.95) for s in range(910, 920))],
)  # fmt: skip
def test_known_and_random_games_are_solved_with_their_certificates(seed, delta):
    """The first two: a turn of the pencil stops by rounding, and its bounds grow."""
    found = generated(random_game(seed, 2, delta))
    assert found.detail.get("checked") or found.detail.get("pencil_left") or found.is_empty


def generated(game):
    found = payoff_set(game)
    assert found.status is Status.OK
    for points, threat in zip(found.vertices, found.threat, strict=True):
        if len(points):
            assert threat == pytest.approx(points.min(axis=0), abs=1e-8)
            assert found.certificate.miss < 1e-10
            assert np.all(points >= game.payoffs.min(axis=1) - 1e-9)
            assert np.all(points <= game.payoffs.max(axis=1) + 1e-9)
    return found


def test_plain_iteration_takes_over_from_the_pencil_where_rounding_stops_it():
    game = random_game(93, 2, 0.6)
    found, known = payoff_set(game), payoff_sets(game, steps=60)
    assert "does not end" in found.detail["pencil_left"]
    assert "plain iteration" in found.method
    assert not found.exact
    assert "bounds grew" in payoff_set(random_game(4160, 2, 0.95)).detail["pencil_left"]
    for a, b in zip(known, found.vertices, strict=True):
        assert distance(a, b) < 1e-8


def test_a_set_that_cuts_something_off_is_replaced_from_outside(monkeypatch):
    """As if the pencil had gone wrong: all sets shrunk to half their size."""
    game, honest = random_game(5, 2, 0.7), _stochastic_sets.sharpen
    known = payoff_set(game)
    assert known.detail["checked"]

    def shrunk(*args):
        found = honest(*args)
        tuples = found.last.tuples
        half = replace(found.last, tuples=(tuples + tuples.mean(axis=0)) / 2)
        return replace(found, last=half)

    monkeypatch.setattr(_stochastic_sets, "sharpen", shrunk)
    monkeypatch.setattr(_stochastic_sets, "_allowed", lambda _: 1.0)
    found = payoff_set(game)
    assert "cut off" in found.detail["pencil_left"]
    for a, b in zip(known.vertices, found.vertices, strict=True):
        assert distance(a, b) < 1e-8


def test_swapping_players_and_permuting_states_carries_the_sets_along():
    game = random_game(5, 3, 0.7)
    known = payoff_set(game)
    order, law = [2, 0, 1], game.transitions.toarray()
    tables, chances, swapped, back = [], [], [], []
    for s in range(3):
        rows = slice(game.profile_start[s], game.profile_start[s + 1])
        shape = tuple(game.n_actions[s])
        tables.append(game.payoffs[:, rows].reshape(2, *shape))
        chances.append(law[rows].reshape(*shape, 3))
        swapped.append(tables[s][::-1].transpose(0, 2, 1))
        back.append(chances[s].transpose(1, 0, 2))
    other = payoff_set(StochasticGame(swapped, back, 0.7))
    mixed = payoff_set(
        StochasticGame([tables[s] for s in order], [chances[s][..., order] for s in order], 0.7)
    )
    for s in range(3):
        assert same(other.vertices[s][:, ::-1], known.vertices[s])
        assert same(mixed.vertices[order.index(s)], known.vertices[s])


def test_a_state_that_is_never_reached_changes_nothing():
    law = np.zeros((2, 2, 2, 2))
    law[..., 0] = 1
    game = StochasticGame([[*PD], [*JYC]], law, 0.9)
    assert same(payoff_set(game).vertices[0], [(3, 3), (9.75, 3), (9, 9), (3, 9.75)])


TRANSFERS = [
    # THEORY G7: R = (4, 1), T = (5, 4), P = (1, .5); R = (2, 2), T = (6, 2.5), P = 0
    pytest.param([[4, -5], [5, 1]], [[1, 4], [-5, 0.5]], Fraction(8, 15), id="8/15"),
    pytest.param([[2, -5], [6, 0]], [[2, 2.5], [-5, 0]], Fraction(9, 17), id=".529411765"),
]


@pytest.mark.parametrize(("A", "B", "threshold"), TRANSFERS)
def test_transfers_in_one_state_meet_the_published_thresholds(A, B, threshold):
    low = np.array([A[1][1], B[1][1]], dtype=float)
    at = payoff_set(one_state(A, B, threshold), transfers=True)
    surplus = A[0][0] + B[0][0] - low.sum()
    assert same(at.vertices[0], [low, (low[0] + surplus, low[1]), (low[0], low[1] + surplus)])
    below = payoff_set(one_state(A, B, float(threshold) - 1e-6), transfers=True)
    assert below.vertices[0].tolist() == [low.tolist()]
    assert payoff_set(one_state(A, B, 0.999), transfers=True).certificate.slack >= -1e-12


def test_transfers_agree_with_the_solver_of_repeated_games():
    rng = np.random.default_rng(4)
    for _ in range(6):
        table = rng.integers(0, 9, size=(3, 2, 3, 2))
        stage = NormalForm(table)
        known = payoff_set(RepeatedGame(stage, 0.7), transfers=True)
        found = payoff_set(StochasticGame([table], np.ones((1, 2, 3, 2, 1)), 0.7), transfers=True)
        assert len(found.vertices[0]) == len(known.vertices)
        if len(known.vertices):
            assert found.vertices[0] == pytest.approx(known.vertices)
            assert found.certificate.slack >= -1e-10


@pytest.mark.parametrize("seed", range(6))
def test_transfers_only_add_payoffs(seed):
    game = random_game(seed, 3, 0.6)
    without, found = payoff_set(game), payoff_set(game, transfers=True)
    for s in range(3):
        if len(without.vertices[s]):
            joint = found.detail["joint"][s]
            assert without.vertices[s].sum(axis=1).max() <= joint + 1e-8
            assert np.all(without.threat[s] >= found.threat[s] - 1e-8)
    if found.certificate is not None:
        assert found.certificate.miss < 1e-10


def test_transfers_name_the_profiles_of_the_regime():
    found = payoff_set(exit_game(0.6), transfers=True)
    assert found.detail["path"] == (("1", "1"), ("1", "1"))
    assert found.detail["joint"] == pytest.approx([4.0, 0.0])
    assert found.threat[0].tolist() == [0.0, 0.0]


def test_what_is_not_covered_is_refused_by_name():
    game = random_game(1, 2, 0.6)
    three = StochasticGame(np.zeros((1, 3, 2, 2, 2)), np.ones((1, 2, 2, 2, 1)), 0.5)
    with pytest.raises(ArgumentError, match=r"two players.*transfers=True"):
        payoff_set(three)
    assert payoff_set(three, transfers=True).vertices[0].tolist() == [[0.0, 0.0, 0.0]]
    for transfers in (False, True):
        with pytest.raises(ArgumentError, match=r"game\.discount"):
            payoff_set(game.replace(discount=[0.5, 0.6]), transfers=transfers)
    with pytest.raises(ArgumentError, match="tol"):
        payoff_set(game, tol=0)
    with pytest.raises(ArgumentError, match="exact"):
        payoff_set(game, exact=True)
    with pytest.raises(ArgumentError, match="public_randomisation"):
        payoff_set(game, public_randomisation=False)


def test_too_few_iterations_raise_with_the_bounds_reached():
    game = one_state(*AS, 0.3)
    with pytest.raises(SolveError, match="max_iterations") as stopped:
        payoff_set(game, max_iterations=3)
    assert stopped.value.reached.status is Status.NOT_CONVERGED
    early, final = payoff_set(game, max_iterations=3, throw=False), payoff_set(game)
    assert early.gap > 1e-6
    for angle in np.linspace(0, 6, 30):  # the outer bound contains the set
        d = np.array([np.cos(angle), np.sin(angle)])
        assert (early.outer[0] @ d).max() >= final.support(d) - 1e-9


@pytest.mark.parametrize("transfers", [False, True])
def test_digits_lost_beside_a_discount_factor_of_one_are_admitted(transfers):
    game = random_game(5, 2, 1 - 1e-12)
    with pytest.raises(SolveError, match="1 / \\(1 - delta\\)"):
        payoff_set(game, transfers=transfers)
    found = payoff_set(game, transfers=transfers, throw=False)
    assert found.status is Status.NOT_CONVERGED
    assert not found.exact
    assert found.gap > 1e-5
    assert payoff_set(random_game(5, 2, 1 - 1e-6), transfers=transfers).status is Status.OK
