"""Models whose game the general engines solve as well: engine and ``solve()`` agree."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

import ceasefire
from ceasefire.bargaining import Brinkmanship, FightOrPause, Relay, SecondTruce, WarLadder, _second
from ceasefire.bargaining.registry import MODELS, model
from ceasefire.bargaining.war import _best
from ceasefire.errors import ArgumentError
from ceasefire.solvers import markov_perfect, subgame_perfect

F = Fraction
NOISE = 1e-5  # of choices, where the game of the engines has none
CLOSE = 1e-3  # what that much noise in some twenty choices is worth, utils


@pytest.fixture(scope="module")
def scenario():
    return ceasefire.load("november-2023")


@pytest.fixture(scope="module")
def quiet(scenario):
    return scenario.replace(s=NOISE, s_C=NOISE)


@pytest.mark.parametrize("name", ["fight-or-pause", "second-truce", "relay", "brinkmanship",
                                  "war-ladder"])  # fmt: skip
def test_a_model_states_its_game_for_the_scenario(name, scenario):
    assert model(name).from_scenario(scenario).game().players


def test_only_models_without_moves_of_their_own_have_no_game():
    without = {entry.name for entry in MODELS if not hasattr(model(entry.name), "game")}
    assert not without & {"fight-or-pause", "second-truce", "relay", "brinkmanship", "war-ladder"}


# fight or pause


@pytest.mark.parametrize("window", [0, 1, 2])
def test_a_known_dealer_is_fought_from_the_worth_of_the_best_chunk_on(window, scenario, quiet):
    solved = FightOrPause(scenario).solve()
    day, held = solved.days[window], solved.held[window]
    worth = _best(quiet, 4, day, held, 1.0)
    for gain, fights in ((worth - 0.01, False), (worth + 0.01, True)):
        (found,) = markov_perfect(FightOrPause(scenario, gain).game(window=window))
        assert bool(found.strategy(0, 1)[0] == 1.0) is fights
        best = gain if fights else worth
        assert found.payoffs[1] == pytest.approx(best, abs=CLOSE)


def test_a_window_that_the_course_has_not_is_refused(scenario):
    with pytest.raises(ArgumentError, match="window"):
        FightOrPause(scenario).game(window=3)
    with pytest.raises(ArgumentError, match="no first block is agreed"):
        FightOrPause(scenario.replace(v=0.0)).game()


# a second truce


@pytest.mark.parametrize(
    ("others", "threshold"), [(0.0, None), (115.0, None), (20.0, -50.0), (115.0, math.inf)]
)
def test_two_truces_are_worth_what_the_engine_finds(others, threshold, quiet):
    truces = SecondTruce(quiet, others, threshold)
    found = markov_perfect(truces.game())
    base = truces._first_deal()
    solved = _second.Solved(base.line(), truces._after(base, truces._threshold()), 121)
    worth = solved.at(base.line().head, 1.0).first
    assert found.complete
    assert found[0].payoffs == pytest.approx([worth.dealer, worth.y], abs=CLOSE)


def test_the_prospect_of_a_second_truce_is_in_the_values(quiet):
    (with_it,) = markov_perfect(SecondTruce(quiet, 115.0).game())
    (without,) = markov_perfect(SecondTruce(quiet, 115.0, math.inf).game())
    assert with_it.payoffs[0] > without.payoffs[0] + 10
    assert with_it.payoffs[1] > without.payoffs[1] + 10


# relay


@pytest.mark.parametrize("offers", [3, 4])
def test_offers_through_a_relay_tend_to_the_solved_shares(offers):
    """With a last offer: the tree; the formula of Stahl (1972) with the relay's factors."""
    relay = Relay(F(1, 2), 2, F(1, 10), F(1, 5), 0.1, 0.0, 0.2, 0.0)
    kept = [(1 + F(1, 2) * rate) ** -2 for rate in (F(1, 10), F(1, 5))]
    (found,) = subgame_perfect(relay.game(offers=offers), exact=True, limit=1)
    both, half = kept[0] * kept[1], offers // 2
    share = (1 - kept[1]) * (1 - both**half) / (1 - both) + (both**half if offers % 2 else 0)
    assert found.payoffs[0] == share


def test_offers_through_a_relay_without_an_end_are_the_solved_shares():
    """On a grid of a twentieth; at the exact shares refusing ties with accepting."""
    relay = Relay(F(1, 2), 2, F(1, 10), F(1, 5), 0.1, 0.0, 0.2, 0.0)
    game = relay.game(grid=20, solution=False)
    found = markov_perfect(game)[0]
    # the state "1 begins" is a round late
    assert found.payoffs[0] / game.discounts[0] == pytest.approx(
        relay.solve().captor_first, abs=0.05
    )


def test_the_solved_shares_are_markov_perfect_offers_through_a_relay():
    relay = Relay(F(1, 2), 2, F(1, 10), F(1, 5), 0.1, 0.0, 0.2, 0.0)
    first, second = relay.solve().captor_first, relay.solve().captor_second
    kept = [float(d) for d in relay.game().discounts]
    # what the answerer waits for is worth to it what it is offered
    assert kept[1] * (1 - second) == pytest.approx(1 - first, abs=1e-9)
    assert kept[0] * first == pytest.approx(second, abs=1e-9)


# brinkmanship


@pytest.mark.parametrize("periods", [1, 3])
@pytest.mark.parametrize("numbers", [(5, 10, F(19, 20)), (2, 3, F(4, 5))])
def test_a_threat_is_carried_out_up_to_the_solved_chance_and_not_above(numbers, periods):
    brink = Brinkmanship(*numbers)
    limit = F(brink.solve().chance).limit_denominator(10**9)
    _, cost, delta = numbers
    for part, believed in ((F(99, 100), True), (F(101, 100), False)):
        chance = limit * part
        demand = F(999, 1000) * chance * cost / (1 - delta * (1 - chance))
        tree = brink.game(chance=chance, demand=demand, periods=periods)
        (found,) = subgame_perfect(tree, exact=True)
        assert found.payoffs[0] == (demand if believed else 0)


def test_at_the_limit_the_defender_is_indifferent():
    brink = Brinkmanship(5, 10, F(19, 20))
    found = subgame_perfect(brink.game(periods=1), exact=True)
    assert len(found) == 3
    worst = min(float(e.payoffs[1]) for e in found)
    assert worst == pytest.approx(-brink.closed_form().extracted, rel=1e-12)


# war ladder


@pytest.mark.parametrize("battles", [1, 2])
@pytest.mark.parametrize(
    "numbers",
    [(10, 4, F(11, 20), F(1, 1000), F(1, 500), F(1, 2)), (6, 1, F(1, 2), F(1, 100), F(1, 50),
     F(1, 3)), (2, 1, F(2, 3), F(1, 10), F(1, 20), 1), (4, 3, F(1, 4), F(1, 50), F(1, 40), 0)],
)  # fmt: skip
def test_both_settle_at_once_for_what_the_ladder_gives(numbers, battles):
    ladder = WarLadder(*numbers)
    (found,) = subgame_perfect(ladder.game(battles=battles), exact=True, limit=1)
    assert float(found.payoffs[0]) == pytest.approx(ladder.solve().share, abs=1e-12)
    assert found.payoffs[0] + found.payoffs[1] == 1  # no battle is fought
