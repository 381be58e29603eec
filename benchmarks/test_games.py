"""Speed of the solvers of tables and trees. Ratios within a group are the figures to quote.

nashpy comes with the package. QuantEcon is measured where it is installed beside it (a scratch
environment: it is no dependency) and skipped elsewhere.
"""

from __future__ import annotations

import warnings

import nashpy
import numpy as np
import pytest
from test_trees import random_tree, truce

from ceasefire.games import NormalForm
from ceasefire.solvers import logit_path, nash, nash_batch, one_nash, sequence_form

SMALL = "all equilibria, random 4x4 games (nashpy: 100 of them, the others 10,000)"
MIDDLE = "all equilibria of one random 12x12 game"
LARGE = "one equilibrium, random 200x200 game"


@pytest.fixture(scope="module")
def small():
    return np.random.default_rng(0).normal(size=(2, 10_000, 4, 4))


def quantecon(A, B):
    theory = pytest.importorskip("quantecon.game_theory")
    return theory, [
        theory.NormalFormGame((theory.Player(a), theory.Player(b.T.copy())))
        for a, b in zip(A, B, strict=True)
    ]


@pytest.mark.benchmark(group=SMALL)
def test_batch(benchmark, small):
    nash_batch(*small[:, :10])  # compile first
    benchmark(nash_batch, *small)


@pytest.mark.benchmark(group=SMALL)
def test_quantecon_support_enumeration(benchmark, small):
    theory, games = quantecon(*small)
    theory.support_enumeration(games[0])
    benchmark(lambda: [theory.support_enumeration(g) for g in games])


@pytest.mark.benchmark(group=SMALL)
def test_nashpy_support_enumeration(benchmark, small):
    games = [nashpy.Game(a, b) for a, b in zip(*small[:, :100], strict=True)]

    def solve():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return [list(g.support_enumeration()) for g in games]

    benchmark.pedantic(solve, rounds=2)


@pytest.mark.benchmark(group=MIDDLE)
def test_all_equilibria(benchmark):
    game = NormalForm(np.random.default_rng(0).normal(size=(2, 12, 12)))
    nash(game)
    benchmark(nash, game)


@pytest.mark.benchmark(group=MIDDLE)
def test_quantecon_vertex_enumeration(benchmark):
    A, B = np.random.default_rng(0).normal(size=(2, 12, 12))
    theory, (game,) = quantecon([A], [B])
    theory.vertex_enumeration(game)
    benchmark(theory.vertex_enumeration, game)


@pytest.mark.benchmark(group="exact, one 6x6 game with payoffs in -2..2")
def test_exact_degenerate(benchmark):
    game = NormalForm(np.random.default_rng(0).integers(-2, 3, (2, 6, 6)))
    nash(game, exact=True)
    benchmark(nash, game, exact=True)


@pytest.mark.benchmark(group=LARGE)
def test_lemke_howson(benchmark):
    game = NormalForm(np.random.default_rng(0).normal(size=(2, 200, 200)))
    one_nash(game)
    benchmark(one_nash, game)


@pytest.mark.benchmark(group=LARGE)
def test_quantecon_lemke_howson(benchmark):
    A, B = np.random.default_rng(0).normal(size=(2, 200, 200))
    theory, (game,) = quantecon([A], [B])
    theory.lemke_howson(game)
    benchmark(theory.lemke_howson, game)


@pytest.mark.benchmark(group="truce tree of two types, an equilibrium")
@pytest.mark.parametrize("rounds", [16, 64, 512])
def test_sequence_form(benchmark, rounds):
    tree = truce(rounds)
    sequence_form(tree)
    benchmark(sequence_form, tree)


@pytest.mark.benchmark(group="random tree of 16,383 nodes, an equilibrium")
def test_random_tree(benchmark):
    tree = random_tree(13, 1)
    benchmark.pedantic(sequence_form, (tree,), rounds=2, warmup_rounds=1)


@pytest.mark.benchmark(group="truce tree of two types, 8 rounds, agent logit path")
def test_agent_logit(benchmark):
    tree = truce(8)
    benchmark.pedantic(logit_path, (tree,), {"precision": 1000.0}, rounds=2, warmup_rounds=1)
