"""Markov perfect equilibria: state recursion, Shapley iteration and the certificate.

No peer finds all equilibria of a stochastic game; the figure to hold is the time of 100,000 states.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from ceasefire.games import Outcome, StateGame, StochasticGame
from ceasefire.solvers import markov_equilibrium, markov_perfect, nash

ALL = "all Markov equilibria of directional games with 100,000 states, each listed one certified"
SMALL = "all Markov equilibria, 7 states with 2x2 games: recursion against every combination"
OPPOSED = "value of a zero-sum game, 2,000 states, 3x3 actions, discount .99"
CHECK = "certificate of one behaviour, 100,000 states"
RULES = "building a game of 45,000 states from rules, in fractions"


def exchange(side=316, several=3, seed=0, discount=0.95):
    """A stock by day grid: the stock stays or falls by one each day, as both play.

    One action is better for each player in almost every state; in `several` states two ways to
    coordinate are equilibria, and so is a mixture.
    """
    rng = np.random.default_rng(seed)
    state = np.arange(side * side)
    stock, day = np.divmod(state, side)
    owner, cell = np.repeat(state, 4), np.tile(np.arange(4), len(state))
    last = day == side - 1
    same = np.where(last, state, state + 1)[owner]
    less = np.where(last | (stock == 0), np.where(last, state, state + 1), state + 1 - side)[owner]
    fall = np.where(cell == 0, 0.7, np.where(cell == 3, 0.3, 0.5))
    row = np.arange(len(owner))
    law = csr_array(
        (np.concatenate([fall, 1 - fall]), (np.tile(row, 2), np.concatenate([less, same]))),
        shape=(len(owner), len(state)),
    )
    law.sum_duplicates()
    payoffs = 0.5 * rng.normal(size=(2, len(owner)))
    for i, action in enumerate((cell // 2, cell % 2)):
        payoffs[i] += 4 * (action - 0.5) * np.sign(rng.normal(size=len(state)))[owner]
    for s in rng.choice(len(state), several, replace=False):
        payoffs[:, 4 * s : 4 * s + 4] = [[40, 0, 0, 20], [20, 0, 0, 40]]
    return StochasticGame.from_flat(payoffs, law, discount, np.full((len(state), 2), 2))


def chains(episodes=1000, length=100):
    """Independent episodes, each with one state in which three ways to play are equilibria."""
    rng = np.random.default_rng(1)
    n = episodes * length
    state, row = np.arange(n), np.repeat(np.arange(n), 4)
    after = np.where(state % length == length - 1, state, state + 1)[row]
    law = csr_array((np.ones(4 * n), (np.arange(4 * n), after)), shape=(4 * n, n))
    payoffs = rng.normal(size=(2, 4 * n))
    payoffs[0] += 8 * (np.arange(4 * n) % 4 // 2)
    payoffs[1] += 8 * (np.arange(4 * n) % 2)
    for s in range(length // 2, n, length):
        payoffs[:, 4 * s : 4 * s + 4] = [[2, 0, 0, 1], [1, 0, 0, 2]]
    return StochasticGame.from_flat(payoffs, law, 0.9, np.full((n, 2), 2))


@pytest.mark.benchmark(group=ALL)
@pytest.mark.parametrize("several", [0, 1, 2, 3], ids=lambda k: f"{3**k} equilibria")
def test_stock_by_day(benchmark, several):
    game = exchange(several=several)
    markov_perfect(exchange(side=8))  # compile first
    found = benchmark.pedantic(lambda: markov_perfect(game), rounds=2)
    assert found.complete
    assert found.count == 3**several
    assert found.max_regret < 1e-9


@pytest.mark.benchmark(group=ALL)
def test_three_to_the_thousand_counted_and_one_listed(benchmark):
    game = chains()
    markov_perfect(chains(3, 5))
    found = benchmark.pedantic(lambda: markov_perfect(game, limit=1), rounds=2)
    assert found.count == 3**1000


def seven_states():
    rng = np.random.default_rng(2)
    n = 7
    payoffs, law = rng.normal(size=(n, 2, 2, 2)), np.zeros((n, 2, 2, n))
    payoffs[:, :, 0, 0] += 1.5
    payoffs[:, :, 1, 1] += 1.5
    for s in range(n - 1):
        law[s, ..., s + 1 :] = rng.dirichlet(np.ones(n - 1 - s), size=(2, 2))
    last = (np.zeros((2, 1, 1)), np.eye(n)[n - 1][None, None])
    return StochasticGame([*payoffs[:-1], last[0]], [*law[:-1], last[1]], 0.8)


@pytest.mark.benchmark(group=SMALL)
def test_recursion(benchmark):
    game = seven_states()
    markov_perfect(game)
    assert benchmark(lambda: markov_perfect(game, limit=10_000)).complete


@pytest.mark.benchmark(group=SMALL)
def test_every_combination_by_nash(benchmark):
    game = seven_states()

    def run():
        todo, total = [(game.n_states - 1, np.zeros((game.n_states, 2)))], 0
        while todo:
            s, values = todo.pop()
            if s < 0:
                total += 1
                continue
            for e in nash(game.auxiliary(s, values)):
                after = values.copy()
                after[s] = e.payoffs
                todo.append((s - 1, after))
        return total

    assert benchmark.pedantic(run, rounds=1) == markov_perfect(game).count


@pytest.mark.benchmark(group=OPPOSED)
def test_shapley_with_newton_steps(benchmark):
    rng = np.random.default_rng(0)
    n = 2000
    law = csr_array(
        (rng.dirichlet(np.ones(3), size=9 * n).ravel(),
         (np.repeat(np.arange(9 * n), 3), rng.integers(0, n, 27 * n))), shape=(9 * n, n)
    )  # fmt: skip
    law.sum_duplicates()
    u = rng.normal(size=9 * n)
    game = StochasticGame.from_flat(np.array([u, -u]), law, 0.99, np.full((n, 2), 3))
    found = benchmark.pedantic(lambda: markov_perfect(game), rounds=2)
    assert found.complete


@pytest.mark.benchmark(group=CHECK)
def test_certificate(benchmark):
    game = exchange()
    x = np.full(int(game.action_start[-1]), 0.5)
    markov_equilibrium(game, x)
    benchmark.pedantic(lambda: markov_equilibrium(game, x), rounds=3)


@pytest.mark.benchmark(group=RULES)
def test_from_rules(benchmark):
    from fractions import Fraction

    half = Fraction(1, 2)

    def rules(state):
        stock, day = state

        def outcome(one, _):
            after = (stock - (one == "give"), day + 1)
            if after[0] == 0 or after[1] == 300:
                return Outcome((half, Fraction(day, 7)), None)
            return Outcome((half, Fraction(day, 7)), {after: half, (stock, day + 1): half}
                           if one == "give" else after)  # fmt: skip

        return StateGame({"1": ["give", "keep"], "2": ["stay", "leave"]}, outcome)

    game = benchmark.pedantic(
        lambda: StochasticGame.from_rules((200, 0), rules, players=["1", "2"], discount=0.9),
        rounds=1,
    )
    assert game.is_directional
