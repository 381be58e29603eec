"""The truce as a stochastic game: two implementations of the model with a known type agree."""

from __future__ import annotations

import numpy as np
import pytest

import ceasefire as cf
from ceasefire import solvers, truce
from ceasefire.errors import ArgumentError
from ceasefire.truce import _kernels as kernels
from ceasefire.truce.comparison import ALL_OFF, FRICTIONS
from ceasefire.truce.game import solve_line
from ceasefire.truce.payoffs import list_probability
from ceasefire.truce.stochastic import from_parameters

NOISE = 1e-5
# a choice between n options is worth s log(n + 1) less when it is noisy, up to 20 of them in a row
CLOSE = 20 * NOISE * np.log(5.0)


@pytest.fixture(scope="module")
def scenario():
    return cf.load("november-2023")


def name_of(nodes, n):
    """What the stochastic game calls a node of the line of play."""
    held, day, left = nodes.held[n], nodes.used[n], nodes.left[n]
    if nodes.kind[n] == kernels.WINDOW:
        return f"window on day {day}, {held:g} held"
    return f"morning on day {day}, {held:g} held, {left} to go"


def compared(p, beliefs, block_days=4):
    """Values by the general solver and by the truce's own, at all states of both."""
    game = from_parameters(p, beliefs=beliefs, block_days=block_days)
    found = solvers.markov_perfect(game)
    quiet = p._replace(s=NOISE, s_C=NOISE)
    line = solve_line(quiet, p.W0, 0, head_days=block_days, head_batch=p.n0 / block_days)
    at = line.at(1.0 if beliefs == "dealer" else 0.0)
    captor = kernels.UD if beliefs == "dealer" else kernels.UO
    pairs = {}
    for n in range(line.nodes.kind.size):
        name = name_of(line.nodes, n)
        if name in game.states:
            values = found[0].values[game.state(name)]
            pairs[name] = (values, np.array([at[captor, n], at[kernels.Y, n]]))
    first = kernels.FIRST_UD if beliefs == "dealer" else kernels.FIRST_UO
    pairs["block"] = (found[0].payoffs, at[[first, kernels.FIRST_Y], line.head])
    return found, pairs


@pytest.mark.parametrize("beliefs", ["dealer", "opportunist"])
@pytest.mark.parametrize(
    "change",
    [
        {},
        {"kappa": 20.0, "W0": 75.0},
        {"J": 14, "Emax": 3, "x": 7.0},
        {"beta": 0.1, "chi": 0.2, "l_lo": 0.3},
        {"kappa": 0.5, "k0": 8.0},
        {"x1": 1.5},
        {"x": 14.0, "x1": -1.5},
    ],
    ids=["baseline", "dear to leave", "long cap", "hazards", "cheap to leave", "rising", "falling"],
)
def test_values_agree_with_the_truce_solver_as_its_shocks_vanish(scenario, change, beliefs):
    found, pairs = compared(scenario.symbols()._replace(**change), beliefs)
    assert found.complete
    assert found.max_regret < 1e-9
    assert len(pairs) >= 8
    for name, (general, own) in pairs.items():
        assert general == pytest.approx(own, abs=CLOSE), name


def test_without_friction_the_pause_lasts_eight_days_and_leaves_eight(scenario):
    """MODEL.md, section 3: mu = 1 and every friction off."""
    p, trust = scenario.symbols(), 0.5
    for friction in FRICTIONS:
        p, trust = friction.off(p, trust)
    assert trust == 1.0
    game = from_parameters(p, beliefs="dealer", block_days=4)
    found = solvers.markov_perfect(game)
    # how 4 more days are cut into chunks does not matter: 4, 3, 2 or 1 day at each window
    assert len(found.detail["continua"]) == 3
    assert found.count == 4 * 3 * 2
    for e in found:
        path = solvers.expected_path(e, periods=40)
        deliveries = [s for s, name in enumerate(game.states) if name.startswith("delivery")]
        assert path.states[:, deliveries].sum() == pytest.approx(8)
        held = [name for name in game.states if "8 held" in name and "window on day 8" in name]
        assert path.states[:, game.state(held[0])].sum() == pytest.approx(1)
    assert held == ["window on day 8, 8 held"]
    own = truce.decompose(scenario).courses[ALL_OFF]
    assert own.length[8] == pytest.approx(1)
    assert found[0].payoffs[1] == pytest.approx(90 * p.v - 8 * p.k0)


def test_a_known_opportunist_delivers_nothing_and_is_offered_nothing(scenario):
    game = truce.as_stochastic_game(scenario, beliefs="opportunist")
    (one,) = solvers.markov_perfect(game)
    path = solvers.expected_path(one, periods=40)
    delivering = [s for s, name in enumerate(game.states) if name.startswith("delivery")]
    reached = [s for s in delivering if path.states[:, s].sum() > 0]
    assert [game.states[s] for s in reached] == ["delivery on day 0, 98 held, 4 to go"]
    for s in delivering:
        assert one.strategy(s, 0).tolist() == [0.0, 1.0]
    for s, name in enumerate(game.states):
        if name.startswith("window"):
            assert one.strategy(s, 1)[0] == 1.0
    assert one.payoffs[1] < 0


def test_the_course_of_a_dealer_agrees_with_the_truce_course(scenario):
    quiet = scenario.replace(s=1e-3, s_C=1e-3)
    own = truce.solve(quiet, throw=False).course(trust=1.0, block_days=4)
    p = scenario.symbols()
    game = from_parameters(p, beliefs="dealer", block_days=4)
    (one,) = solvers.markov_perfect(game)
    visits = solvers.expected_path(one, periods=60).states.sum(axis=0)
    days = 0.0
    # a day of the pause is one on which a batch is delivered, cannot be, or nothing more comes
    for s, name in enumerate(game.states):
        if name.startswith("delivery"):
            days += visits[s]
        elif name.startswith(("morning", "aftermath")):
            held = float(name.split(", ")[1].split()[0])
            batch = p.n0 / 4 if held > p.W0 - p.n0 else p.x
            able = 0.0 if name.startswith("aftermath") else list_probability(p, held, batch)
            days += visits[s] * one.strategy(s, 1)[0] * (1.0 - float(able))
    assert days == pytest.approx(own.mean_days, abs=2e-3)


def test_simulated_plays_follow_the_expected_path(scenario):
    game = truce.as_stochastic_game(scenario)
    (one,) = solvers.markov_perfect(game)
    path = solvers.expected_path(one, periods=20)
    plays = solvers.simulate_markov(one, periods=20, plays=4000, rng=np.random.default_rng(0))
    share = np.mean(plays.states == game.state("over"), axis=0)
    chance = path.states[:, game.state("over")]
    assert np.all(np.abs(share - chance) <= 4.5 * np.sqrt(chance * (1 - chance) / 4000) + 1e-12)
    spread = plays.discounted.std(axis=0) / np.sqrt(4000)
    assert np.all(np.abs(plays.discounted.mean(axis=0) - one.payoffs) <= 4.5 * spread)
    assert path.payoffs.sum(axis=0) == pytest.approx(one.payoffs, abs=1e-6)


def test_a_block_that_is_not_possible_is_refused(scenario):
    with pytest.raises(ArgumentError, match="block_days"):
        truce.as_stochastic_game(scenario, block_days=30)
    with pytest.raises(ArgumentError, match="beliefs"):
        truce.as_stochastic_game(scenario, beliefs="angel")
    with pytest.raises(ArgumentError, match="periods"):
        solvers.expected_path(
            solvers.markov_perfect(truce.as_stochastic_game(scenario))[0], periods=0
        )
