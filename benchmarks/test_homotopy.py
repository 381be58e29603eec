"""Speed of Markov homotopies. Ratios within a group are the figures to quote.

sgamesolver (C build) is measured where it is installed and skipped elsewhere. Both programs start
from equal mixing; its paths end at precision or step limits of its own, ours at a certificate.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array
from test_markov_homotopy import exit_game, random_game

from ceasefire.games import StochasticGame
from ceasefire.solvers import continue_equilibrium, markov_logit, markov_trace

SIZES = [(20, 2, 3), (20, 3, 3)]
METHODS = {"logit": "QRE", "tracing": "LogTracing"}


def tables(states, players, actions):
    rng = np.random.default_rng(0)
    shape = (actions,) * players
    law = rng.exponential(size=(states, *shape, states))
    payoffs = rng.uniform(size=(states, players, *shape))
    return payoffs, law / law.sum(axis=-1, keepdims=True)


def group(method, size):
    return f"Markov {method} homotopy, {size[0]} states, {size[1]} players, {size[2]} actions"


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("method", METHODS)
def test_homotopy(benchmark, method, size):
    benchmark.group = group(method, size)
    game = StochasticGame(*tables(*size), 0.95)
    markov_trace(random_game(0), method=method)  # compile first
    found = benchmark(lambda: markov_trace(game, method=method))
    assert found.relative_regret < 1e-12


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("method", METHODS)
def test_sgamesolver(benchmark, method, size):
    benchmark.group = group(method, size)
    vars(np).setdefault("NaN", np.nan)  # it predates NumPy 2
    peer = pytest.importorskip("sgamesolver")
    payoffs, law = tables(*size)

    def solved():
        homotopy = getattr(peer.homotopy, METHODS[method])(peer.SGame(payoffs, law, 0.95))
        homotopy.solver_setup()
        homotopy.solver.verbose = 0
        homotopy.solve()
        return homotopy.equilibrium

    found = benchmark.pedantic(solved, rounds=1)
    ours = markov_trace(StochasticGame(payoffs, law, 0.95), method=method)
    assert np.concatenate([x.ravel() for x in found.strategies]) == pytest.approx(
        ours.behaviour, abs=1e-2
    )


@pytest.mark.benchmark(group="Markov logit at a precision, ring of 2,000 states, 2 players")
def test_many_states(benchmark):
    n = 2_000
    rng = np.random.default_rng(0)
    s = np.repeat(np.arange(n), 4)
    rows = np.arange(4 * n)
    ahead, behind = (s + 1) % n, np.maximum(s - 3, 0)
    chances = np.tile([0.7, 0.3], 4 * n)
    places = (np.repeat(rows, 2), np.column_stack([ahead, behind]).ravel())
    law = csr_array((chances, places), shape=(4 * n, n))
    game = StochasticGame.from_flat(rng.uniform(size=(2, 4 * n)), law, 0.8, np.full((n, 2), 2))
    benchmark.pedantic(lambda: markov_logit(game, precision=2.0), rounds=3, warmup_rounds=1)


@pytest.mark.benchmark(group="an equilibrium of the exit game along its payoff, round a fold")
def test_continuation(benchmark):
    y = 1 / np.sqrt(1.8)
    mixed = [y, 1 - y, y, 1 - y, 1, 1]

    def family(stay):
        return exit_game(0.6, stay)

    continue_equilibrium(family, 2.0, 0.8, equilibrium=mixed)
    benchmark(lambda: continue_equilibrium(family, 2.0, 0.8, equilibrium=mixed))
