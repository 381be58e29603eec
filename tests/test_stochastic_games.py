"""Stochastic and repeated games as representations: what is accepted and what is refused."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from scipy.sparse import csr_array

from ceasefire.errors import ArgumentError
from ceasefire.games import NormalForm, Outcome, PublicSignals, RepeatedGame, StateGame
from ceasefire.games import StochasticGame as Game


def square(chance=0.5, payoff=0.0):
    return np.full((2, 2, 3, 3), payoff), np.full((2, 3, 3, 2), chance)


@pytest.mark.parametrize(
    ("payoffs", "law", "discount", "says"),
    [
        pytest.param(*square(0.4), 0.9, "add up to 0.8.*state '1', profile \\(0, 0\\)", id="sum"),
        pytest.param(*square(), 1.0, "discount: got 1.0", id="discount"),
        pytest.param(*square(), -0.1, "discount: got -0.1", id="negative discount"),
        pytest.param(*square(), [0.5, 0.5, 0.5], "one a player", id="discounts"),
        pytest.param(*square(payoff=np.nan), 0.9, "state '1', profile", id="nan"),
        pytest.param(np.zeros((2, 2, 3, 0)), square()[1], 0.9, "at least one action", id="empty"),
        pytest.param([[[1, 2], [3]]], [[[1]]], 0.9, "payoffs\\[0\\]", id="ragged"),
        pytest.param(square()[0], square()[1][:1], 0.9, "transitions: got '1 states'", id="short"),
        pytest.param(square()[0], csr_array(np.eye(2)), 0.9, "n_profiles", id="sparse shape"),
    ],
)
def test_bad_input_is_named(payoffs, law, discount, says):
    with pytest.raises(ArgumentError, match=says):
        Game(payoffs, law, discount)


def test_a_law_that_does_not_add_up_names_the_state_and_the_profile():
    law = [np.full((2, 1, 2), 0.5), [[[0, 1]]]]
    law[0][1, 0] = [0.7, 0.2]
    with pytest.raises(ArgumentError, match=r"add up to 0\.9.*state 'pause', profile \(1, 0\)"):
        Game([np.zeros((2, 2, 1)), np.zeros((2, 1, 1))], law, 0.9, states=["pause", "war"])


def test_tables_flat_arrays_and_rules_make_the_same_game():
    def rules(held):
        def outcome(action):
            gain = Fraction(1, 3) if action == "wait" else 1
            return Outcome({"captor": gain}, {held: Fraction(1, 2), None: Fraction(1, 2)})

        return StateGame({"captor": ["wait", "go"]}, outcome)

    by_rules = Game.from_rules("held", rules, players=["captor", "other"], discount=Fraction(9, 10))
    tables = [[[[Fraction(1, 3)], [1]], [[0], [0]]], [[[0]], [[0]]]]
    half = Fraction(1, 2)
    law = [[[[half, half]], [[half, half]]], [[[0, 1]]]]
    by_tables = Game([np.array(t, dtype=object) for t in tables],
                     [np.array(p, dtype=object) for p in law], Fraction(9, 10))  # fmt: skip
    for game in (by_rules, by_tables):
        assert game.is_exact
        assert game.exact_payoffs[0].tolist() == [Fraction(1, 3), 1, 0]
        assert game.transitions.toarray().tolist() == [[0.5, 0.5], [0.5, 0.5], [0, 1]]
        assert game.absorbing.tolist() == [False, True]
        assert not game.is_directional
        assert game.exact_discounts == (Fraction(9, 10), Fraction(9, 10))
    flat = Game.from_flat(by_rules.payoffs, by_rules.transitions, 0.9, by_rules.n_actions)
    assert np.array_equal(flat.payoffs, by_rules.payoffs)
    assert flat.auxiliary(0, np.ones((2, 2))).payoffs[1].ravel().tolist() == [0.9, 0.9]


def test_directional_games_are_told_and_unreachable_states_are_named():
    law = np.zeros((3, 1, 1, 3))
    law[0, 0, 0, 1] = law[1, 0, 0, 1] = law[2, 0, 0, 0] = 1
    game = Game(np.zeros((3, 2, 1, 1)), law, 0.5)
    assert game.is_directional
    assert game.unreachable == (2,)


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        pytest.param(lambda _: None, "a StateGame", id="no state game"),
        pytest.param(lambda _: StateGame({"x": ["a"]}, lambda _: None), "players", id="player"),
        pytest.param(lambda _: StateGame({"1": []}, lambda: None), "an action", id="empty"),
        pytest.param(lambda _: StateGame({"1": ["a"]}, lambda _: 3), "an Outcome", id="outcome"),
        pytest.param(
            lambda _: StateGame({"1": ["a"]}, lambda _: Outcome({"1": 1}, {0: 0.5})),
            "add up to 0.5",
            id="law",
        ),
    ],
)
def test_bad_rules_are_named(rules, says):
    with pytest.raises(ArgumentError, match=says):
        Game.from_rules(0, rules, players=["1", "2"], discount=0.5)


@pytest.mark.parametrize("discount", [1, 1.5, -0.5, np.nan, "half", [0.5]])
def test_a_discount_factor_outside_zero_to_one_is_refused(discount):
    """QE-04, SG-05: elsewhere 1.5 and -0.5 are accepted."""
    with pytest.raises(ArgumentError, match="discount"):
        RepeatedGame(NormalForm.bimatrix([[1]]), discount)


def test_players_who_discount_apart_are_told_where_it_matters():
    game = RepeatedGame(NormalForm.bimatrix([[1]]), [0.5, Fraction(1, 3)])
    assert game.discounts.tolist() == [0.5, 1 / 3]
    with pytest.raises(ArgumentError, match=r"0\.5, 0\.333"):
        _ = game.discount


def test_signals_that_do_not_add_up_name_the_profile():
    with pytest.raises(ArgumentError, match=r"probability\[1, 0\]"):
        PublicSignals([[[0.5, 0.5], [1, 0]], [[0.5, 0.4], [1, 0]]])
    with pytest.raises(ArgumentError, match="signals of"):
        RepeatedGame(NormalForm.bimatrix(np.eye(3)), 0.5, PublicSignals([[[1.0]]]))


def test_signals_by_rule_and_through_noise():
    stage = NormalForm.bimatrix(np.eye(2), actions=[["hold", "fire"], ["hold", "fire"]])

    def law(captor, pausing):
        return {"quiet": 1.0} if captor == pausing == "hold" else {"shots": 0.75, "quiet": 0.25}

    seen = PublicSignals.from_rule(stage, law)
    assert seen.signals == ("quiet", "shots")
    assert seen.probability[1, 0].tolist() == [0.25, 0.75]
    noise = [[0.9, 0.1], [0.1, 0.9]]
    assert seen.garbled(noise).probability[0, 0] == pytest.approx([0.9, 0.1])
    with pytest.raises(ArgumentError, match="garbling"):
        seen.garbled(np.eye(3))


def test_a_law_that_does_not_add_up_names_the_actions():
    pause = np.zeros((2, 2, 2))
    law = [[[[1.0, 0.0], [0.5, 0.4]], [[1.0, 0.0], [1.0, 0.0]]], [[[0.0, 1.0]]]]
    names = [[["release", "hold"], ["pause", "strike"]], [["-"], ["-"]]]
    with pytest.raises(ArgumentError, match=r"'calm'.*\(0, 1\): release, strike"):
        Game([pause, np.zeros((2, 1, 1))], law, 0.9, states=["calm", "war"],
                       actions=names)  # fmt: skip


def test_an_unknown_first_day_is_reported_as_initial():
    law = [[[[1.0, 0.0]]], [[[0.0, 1.0]]]]
    tables = [np.zeros((2, 1, 1))] * 2
    for bad in ("truce", 7):
        with pytest.raises(ArgumentError, match=r"^initial: got") as raised:
            Game(tables, law, 0.9, states=["calm", "war"], initial=bad)
        assert raised.value.where == "initial"
