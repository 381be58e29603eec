"""Speed of payoff sets of repeated games. Ratios within a group are the figures to quote.

QuantEcon is measured where it is installed beside the package (it is no dependency).
"""

from __future__ import annotations

import numpy as np
import pytest

from ceasefire.games import NormalForm, RepeatedGame
from ceasefire.solvers import payoff_set, payoff_sets

LARGE = "payoff set of a 60x60 Cournot game at discount factor .99"
SWEEP = "payoff sets of a 15x15 Cournot game at 100 discount factors"
DISCOUNTS = np.linspace(0.3, 0.98, 100)


def profits(actions):
    """Cournot of THEORY G9: price max(6 - Q, 0), cost .6, outputs on [0, 6]."""
    q = np.linspace(0, 6, actions)
    return (np.maximum(6 - q[:, None] - q, 0) - 0.6) * q[:, None]


def stage(actions):
    A = profits(actions)
    return NormalForm.bimatrix(A, A.T)


def abreu_sannikov(actions, delta):
    theory = pytest.importorskip("quantecon.game_theory")
    repeated = pytest.importorskip("quantecon.game_theory.repeated_game")
    A = profits(actions)
    game = theory.NormalFormGame((theory.Player(A), theory.Player(A)))
    return repeated.RepeatedGame(game, delta).equilibrium_payoffs(method="abreu_sannikov")


@pytest.mark.benchmark(group=LARGE)
def test_payoff_set(benchmark):
    game = RepeatedGame(stage(60), discount=0.99)
    payoff_set(RepeatedGame(stage(5), discount=0.9))  # compile first
    result = benchmark(payoff_set, game)
    assert result.exact


@pytest.mark.benchmark(group=LARGE)
def test_quantecon_payoff_set(benchmark):
    abreu_sannikov(5, 0.5)
    ours = payoff_set(RepeatedGame(stage(60), discount=0.99))
    hull = benchmark.pedantic(abreu_sannikov, (60, 0.99), rounds=1)
    theirs = hull.points[hull.vertices]
    # its threats have not settled when it stops: its set contains ours
    for way in np.random.default_rng(0).normal(size=(20, 2)):
        assert np.max(theirs @ way) >= ours.support(way) - 1e-8


@pytest.mark.benchmark(group=SWEEP)
def test_payoff_sets(benchmark):
    payoff_set(RepeatedGame(stage(5), discount=0.9))
    results = benchmark(payoff_sets, stage(15), DISCOUNTS)
    assert max(r.gap for r in results) <= 1e-8


@pytest.mark.benchmark(group=SWEEP)
def test_quantecon_loop(benchmark):
    abreu_sannikov(5, 0.5)
    benchmark.pedantic(lambda: [abreu_sannikov(15, d) for d in DISCOUNTS], rounds=1)
