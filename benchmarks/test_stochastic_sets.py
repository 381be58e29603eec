"""Speed of payoff sets of stochastic games and of negotiated relations.

The peers are written in C++ (SGSolve) and R (RelationalContracts) and are not run here; what the
first is known to take stands in the group's name.
"""

from __future__ import annotations

import numpy as np
import pytest

from ceasefire.games import StochasticGame
from ceasefire.solvers import payoff_set, relational
from ceasefire.status import Status

SHARING = "payoff sets to 1e-8, risk sharing, 5 states of 101 net transfers (SGSolve: about 80 s)"
TRANSFERS = "payoff sets with transfers, 3 players, 200 states of 27 profiles"
RELATION = "negotiated relation, 1,000 directional states of 9 profiles"


def risk_sharing(states=5, gifts=25, delta=0.85):
    """Two agents share 1 a day; what one consumes today makes the same endowment likelier tomorrow.

    The form is ours, after the example of Abreu, Brooks and Sannikov (2020) and of Kocherlakota
    (1996): endowments e / 4 and 1 - e / 4, gifts in steps of 1/100 by either side, utility the
    square root of consumption, and chances of next endowments that fall linearly with their
    distance from consumption. Every pair of gifts is a profile: 6755 rows, 505 net transfers.
    """
    grid = np.arange(states) / (states - 1)
    unit = 1 / ((states - 1) * gifts)
    tables, law = [], []
    for e in range(states):
        give = np.arange(e * gifts + 1)[:, None] * unit
        take = np.arange((states - 1 - e) * gifts + 1)[None, :] * unit
        eaten = np.clip(grid[e] - give + take, 0, 1).round(12)
        tables.append(np.array([np.sqrt(eaten), np.sqrt(1 - eaten)]))
        near = 1 - np.abs(eaten[..., None] - grid)
        law.append(near / near.sum(axis=-1, keepdims=True))
    return StochasticGame(tables, law, delta, title="risk sharing")


@pytest.mark.benchmark(group=SHARING)
def test_to_1e_8(benchmark):
    game = risk_sharing()
    payoff_set(game, max_iterations=2, throw=False)  # compile first
    found = benchmark.pedantic(payoff_set, (game,), {"tol": 1e-8}, rounds=3)
    assert found.status is Status.OK
    assert found.gap <= 1e-8


@pytest.mark.benchmark(group=TRANSFERS)
def test_with_transfers(benchmark):
    rng = np.random.default_rng(0)
    payoffs = rng.integers(0, 9, size=(200, 3, 3, 3, 3))
    law = np.zeros((200, 27, 200))
    for row in law.reshape(-1, 200):
        row[rng.integers(200, size=4)] += rng.dirichlet(np.ones(4))
    law /= law.sum(axis=-1, keepdims=True)
    game = StochasticGame(payoffs, law.reshape(200, 3, 3, 3, 200), 0.8)
    found = benchmark(payoff_set, game, transfers=True)
    assert found.status is Status.OK


@pytest.mark.benchmark(group=RELATION)
def test_relation(benchmark):
    rng = np.random.default_rng(0)
    states = 1000
    common = rng.integers(0, 9, size=(states, 1, 3, 3))  # a one-day equilibrium in every state
    payoffs = common + rng.normal(size=(1, 2, 1, 1))
    rows = np.arange(states * 9) // 9
    law = np.zeros((states * 9, states))
    law[np.arange(len(law)), np.minimum(rng.integers(rows + 1, rows + 6), states - 1)] = 1
    game = StochasticGame(payoffs, law.reshape(states, 3, 3, states), 0.8)
    found = benchmark(relational, game, negotiation=0.3)
    assert found.status is Status.OK
