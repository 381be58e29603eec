"""Homotopies of stochastic games: published numbers, selection, invariance, hard cases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceasefire.errors import ArgumentError, SolveError
from ceasefire.games import NormalForm, StochasticGame
from ceasefire.solvers import (
    MarkovEquilibrium,
    logit,
    logit_path,
    markov_equilibrium,
    markov_logit,
    markov_logit_path,
    markov_trace,
)
from ceasefire.solvers import _homotopy as homotopy
from ceasefire.status import Status

METHODS = ["tracing", "logit"]


def exit_game(discount, stay=2, alone=-1, leaving=3):
    """THEORY H9: a pause goes on until somebody leaves it."""
    pause = [[[stay, alone], [leaving, 0]], [[stay, leaving], [alone, 0]]]
    law = [[[1, 0], [0, 1]], [[0, 1], [0, 1]]]
    return StochasticGame([pause, np.zeros((2, 1, 1))], [law, [[[0, 1]]]], discount,
                          states=["pause", "war"])  # fmt: skip


def random_game(seed, states=4, players=2, actions=3, discount=0.9):
    rng = np.random.default_rng(seed)
    shape = (actions,) * players
    payoffs = rng.uniform(size=(states, players, *shape))
    law = rng.exponential(size=(states, *shape, states))
    return StochasticGame(payoffs, law / law.sum(axis=-1, keepdims=True), discount)


def tables(game):
    """Payoffs (n_states, n_players, *shape) and transitions of a game whose states are alike."""
    shape = tuple(game.n_actions[0])
    payoffs = game.payoffs.reshape(game.n_players, game.n_states, *shape).swapaxes(0, 1)
    return payoffs, game.transitions.toarray().reshape(game.n_states, *shape, game.n_states)


def one_state(game, discount=0.0):
    return StochasticGame([game.payoffs], np.ones((1, *game.shape, 1)), discount)


@pytest.mark.parametrize(
    ("precision", "stay", "value"),
    [
        (0.5, 0.40326579, 0.89373707),
        (1.0, 0.29040839, 0.61177390),
        (2.0, 0.12311135, 0.24848236),
    ],
)
def test_the_exit_game_has_its_published_logit_equilibria(precision, stay, value):
    """THEORY J5."""
    found = markov_logit(exit_game(0.6), precision=precision)
    assert found.strategy("pause", 0)[0] == pytest.approx(stay, abs=5e-9)
    assert found.values[0] == pytest.approx([value, value], abs=5e-9)
    assert found.residual < 1e-12


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("discount", [0.6, 0.9])
def test_both_homotopies_select_leaving_from_equal_mixing(discount, method):
    """THEORY H9, selection: 1/2 lies below the mixed equilibrium."""
    found = markov_trace(exit_game(discount), method=method)
    assert found.strategy("pause", 0).tolist() == [0.0, 1.0]
    assert found.strategy("pause", 1).tolist() == [0.0, 1.0]


@pytest.mark.parametrize("method", METHODS)
def test_from_a_prior_that_stays_both_homotopies_select_staying(method):
    """THEORY H9: the prior lies above the mixed equilibrium 0.745 at 0.6."""
    prior = [0.97, 0.03, 0.97, 0.03, 1, 1]
    found = markov_trace(exit_game(0.6), method=method, prior=prior, penalty=0.05)
    assert found.strategy("pause", 0).tolist() == [1.0, 0.0]
    assert found.values[0] == pytest.approx([5, 5])


def test_with_one_state_and_no_tomorrow_the_logit_equilibrium_is_that_of_the_stage_game():
    """THEORY J1."""
    pennies = NormalForm.bimatrix([[9, 0], [0, 1]], [[0, 1], [1, 0]])
    found = markov_logit(one_state(pennies), precision=1.0)
    assert found.behaviour[[0, 2]] == pytest.approx([0.89357633, 0.31278038], abs=5e-9)
    for seed in range(3):
        stage = NormalForm(np.random.default_rng(seed).normal(size=(3, 2, 3, 2)))
        both = markov_logit(one_state(stage), precision=3.0), logit(stage, precision=3.0)
        assert both[0].behaviour == pytest.approx(np.concatenate(both[1].strategies), abs=1e-9)


def test_a_repeated_stage_game_has_the_same_logit_equilibrium_at_every_discount():
    stage = NormalForm(np.random.default_rng(4).normal(size=(2, 3, 3)))
    found = [markov_logit(one_state(stage, d), precision=2.0).behaviour for d in (0, 0.5, 0.999)]
    assert found[1] == pytest.approx(found[0], abs=1e-9)
    assert found[2] == pytest.approx(found[0], abs=1e-9)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("states", "players", "actions", "discount"),
    [(1, 2, 3, 0.0), (6, 2, 3, 0.95), (4, 3, 2, 0.9), (3, 4, 2, 0.95), (5, 2, 2, 0.999)],
)
def test_random_games_are_solved_from_equal_mixing(states, players, actions, discount, method):
    found = markov_trace(random_game(7, states, players, actions, discount), method=method)
    assert isinstance(found, MarkovEquilibrium)
    assert found.status is Status.OK
    assert found.relative_regret < 1e-12
    assert found.detail["path"].restarts == 0


def test_a_symmetric_game_ends_at_its_symmetric_equilibrium_and_says_what_it_crossed():
    """A peer's tracing does not end on the one-shot battle of the sexes (PEERS SG-02)."""
    battle = NormalForm.bimatrix([[3, 0], [0, 2]], [[2, 0], [0, 3]])
    for method in METHODS:
        found = markov_trace(one_state(battle), method=method)
        assert found.behaviour == pytest.approx([0.6, 0.4, 0.4, 0.6])
        assert found.detail["path"].bifurcations == 1
    other = markov_trace(one_state(battle), seed=1)
    assert other.is_pure
    assert other.detail["path"].bifurcations == 0


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("scale", "shift"), [(1e-9, 0), (1e9, 0), (1, 1e9)])
def test_the_unit_of_utility_does_not_matter(scale, shift, method):
    """A peer answers wrongly or fails (PEERS SG-03, SG-04)."""
    game = random_game(3)
    whole = (1000 * game.payoffs).astype(np.int64)  # a shift of floats by 1e9 would round them
    games = [
        StochasticGame.from_flat(pay, game.transitions, 0.9, game.n_actions)
        for pay in (whole, whole + int(shift) if shift else whole * scale)
    ]
    game, other = games
    found = markov_trace(other, method=method)
    assert found.status is Status.OK
    assert found.behaviour == pytest.approx(markov_trace(game, method=method).behaviour, abs=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_very_patient_players_are_no_obstacle(method):
    """A peer's tracing fails in its corrector (PEERS SG-06)."""
    for seed in range(3):
        found = markov_trace(random_game(seed, 2, 2, 2, 0.9999), method=method)
        assert found.status is Status.OK


def test_players_may_discount_differently():
    found = markov_trace(random_game(2).replace(discount=[0.3, 0.95]))
    assert found.status is Status.OK


@settings(max_examples=6, deadline=None)
@given(
    seed=st.integers(0, 50),
    scale=st.floats(1e-3, 1e3),
    shift=st.floats(-10, 10),
    method=st.sampled_from(METHODS),
)
def test_selection_is_invariant_to_each_players_scale_and_shift(seed, scale, shift, method):
    game = random_game(seed, 3, 2, 2)
    pay, law = tables(game)
    other = StochasticGame(pay * [[[[scale]], [[1.0]]]] + [[[[shift]], [[0.0]]]], law, 0.9)
    first, second = (markov_trace(g, method=method).behaviour for g in (game, other))
    assert second == pytest.approx(first, abs=1e-8)


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 50))
def test_the_order_of_states_and_players_does_not_matter(seed):
    game = random_game(seed, 3, 2, 2)
    pay, law = tables(game)
    order = np.random.default_rng(seed).permutation(3)
    moved = StochasticGame(pay[order], law[order][..., order], 0.9)
    swapped = StochasticGame(pay[:, ::-1].swapaxes(2, 3), law.swapaxes(1, 2), 0.9)
    values = markov_logit(game, precision=4.0).values
    assert markov_logit(moved, precision=4.0).values == pytest.approx(values[order], abs=1e-9)
    assert markov_logit(swapped, precision=4.0).values == pytest.approx(values[:, ::-1], abs=1e-9)


@pytest.mark.parametrize("mode", [homotopy.LOGIT, homotopy.TRACING, homotopy.EXACT])
@pytest.mark.parametrize("players", [2, 3])
def test_the_compiled_newton_step_solves_the_system_of_difference_quotients(mode, players):
    p = homotopy.problem(random_game(5, 3, players, 2))
    rng = np.random.default_rng(6)
    z = rng.normal(size=p.size) * 0.3
    z[-1] = 1.3
    if mode == homotopy.EXACT:
        z[: p.n_actions] = rng.uniform(0.2, 1.0, p.n_actions)
        z[1] = -0.1
    line = rng.normal(size=p.size)

    def residual(at):
        homotopy.newton(p, mode, at, line)
        return p.work.residual.copy()

    slope = [(residual(z + 1e-6 * e) - residual(z - 1e-6 * e)) / 2e-6 for e in np.eye(p.size)]
    full = np.vstack([np.array(slope).T, line])
    # lines of logit policies are over 1 + precision, which does not count as a derivative
    full[:-1, -1] = p.work.column
    right = np.column_stack([np.append(residual(z), 0.0), np.eye(p.size)[-1]])
    step, sign = homotopy.newton(p, mode, z, line)
    assert full @ step.T == pytest.approx(right, abs=1e-5)
    assert sign == np.sign(np.linalg.det(full))


def test_many_states_with_few_successors_are_solved_by_a_sparse_factorisation():
    rng = np.random.default_rng(0)
    n = 360
    law = np.zeros((n, 2, 2, n))
    for s in range(n):
        for a in range(2):
            for b in range(2):
                np.add.at(law[s, a, b], [(s + 1) % n, max(s - 3, 0)], [0.7, 0.3])
    game = StochasticGame(rng.uniform(size=(n, 2, 2, 2)), law, 0.8)
    assert homotopy.problem(game).matrix is None
    found = markov_logit(game, precision=1.0)
    dense = homotopy.problem(game, common=True)
    dense = dense._replace(matrix=np.zeros((2 * n + 1, 2 * n + 1)))
    start = homotopy.start(dense, homotopy.LOGIT)
    line = np.random.default_rng(1).normal(size=dense.size)
    both = [homotopy.newton(p, homotopy.LOGIT, start, line) for p in
            (dense, dense._replace(matrix=None))]  # fmt: skip
    assert both[0][0] == pytest.approx(both[1][0], abs=1e-9)
    assert both[0][1] == both[1][1]
    assert found.status is Status.OK


def test_the_path_keeps_its_points_and_ends_at_a_certified_equilibrium():
    game = random_game(1, 5, 2, 3)
    path = markov_logit_path(game)
    assert path.equilibrium.status is Status.OK
    assert path.precision[0] == 0
    assert path.behaviour.shape == (len(path.precision), game.action_start[-1])
    assert path.values.shape == (len(path.precision), 5, 2)
    assert path.record.points == len(path.precision)
    assert np.isfinite(path.condition)
    k = len(path.precision) // 2
    direct = markov_logit(game, precision=float(path.precision[: k + 1].max()))
    assert np.any(np.all(np.abs(path.behaviour - direct.behaviour) < 1e-6, axis=1))
    assert path.behaviour[-1] == pytest.approx(path.equilibrium.behaviour, abs=0.02)


def test_a_path_to_a_precision_ends_exactly_there():
    game = exit_game(0.6)
    path = markov_logit_path(game, precision=2.0)
    assert path.precision[-1] == pytest.approx(2.0)
    assert path.behaviour[-1] == pytest.approx(markov_logit(game, precision=2.0).behaviour)
    assert path.equilibrium is None


@pytest.mark.parametrize("seed_and_size", [(6, 2, 3, 2, 0.9), (9, 1, 3, 3, 0.5)])
def test_round_a_turning_point_the_branch_gives_the_point_that_it_meets_first(seed_and_size):
    game = random_game(*seed_and_size)
    path = markov_logit_path(game)
    assert path.turning_points == 2
    turn = int(np.flatnonzero(np.diff(path.precision) < 0)[0])
    top, low = path.precision[turn], path.precision[turn:].min()
    assert low < top
    below = markov_logit(game, precision=0.5 * (low + top)).behaviour
    near = [np.abs(path.behaviour[: turn + 1] - below).max(axis=1).min(),
            np.abs(path.behaviour[turn + 1 :] - below).max(axis=1).min()]  # fmt: skip
    assert near[0] < near[1]
    just = markov_logit(game, precision=top * (1 - 1e-9)).behaviour
    assert just == pytest.approx(path.behaviour[turn], abs=0.05)  # the points bracket the turn


def test_the_general_names_take_stochastic_games():
    game = exit_game(0.6)
    assert logit(game, precision=1.0).behaviour == pytest.approx(
        markov_logit(game, precision=1.0).behaviour
    )
    assert logit_path(game).equilibrium.status is Status.OK


def test_players_with_nothing_at_stake_mix_equally():
    nothing = StochasticGame(np.ones((2, 2, 2, 2)), np.full((2, 2, 2, 2), 0.5), 0.9)
    for method in METHODS:
        assert markov_trace(nothing, method=method).status is Status.OK


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({"prior": [0.5, 0.5]}, "prior"),
        ({"prior": [1.0, 0.0, 0.5, 0.5, 1, 1]}, "prior"),
        ({"prior": [0.7, 0.7, 0.5, 0.5, 1, 1]}, "prior"),
        ({"method": "magic"}, "method"),
        ({"attempts": 0}, "attempts"),
    ],
)
def test_bad_options_are_named(options, where):
    with pytest.raises(ArgumentError, match=where):
        markov_trace(exit_game(0.6), **options)


@pytest.mark.parametrize("precision", [-1.0, np.inf, np.nan])
def test_bad_precisions_are_named(precision):
    with pytest.raises(ArgumentError, match="precision"):
        markov_logit(exit_game(0.6), precision=precision)


def test_a_game_of_another_kind_is_refused():
    with pytest.raises(ArgumentError, match="StochasticGame"):
        markov_trace(NormalForm.bimatrix([[1]], [[1]]))


def test_a_path_cut_short_raises_and_hands_over_what_it_reached(monkeypatch):
    monkeypatch.setattr("ceasefire.solvers.markov_homotopy.POINTS", 2)
    with pytest.raises(SolveError, match="precision 50") as caught:
        markov_logit(random_game(0), precision=50.0)
    assert caught.value.reached.status is Status.NOT_CONVERGED


def test_the_certificate_finds_the_same_values_as_the_path():
    game = random_game(8, 4, 3, 2)
    found = markov_trace(game)
    again = markov_equilibrium(game, found.behaviour)
    assert again.values == pytest.approx(found.values)
