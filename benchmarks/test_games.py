"""Speed of the solvers of tables and trees. Ratios within a group are the figures to quote.

nashpy comes with the package. QuantEcon, pygambit and lrsnash are measured where they are installed
beside it (a scratch environment: they are no dependencies) and skipped elsewhere.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import warnings
from functools import partial

import nashpy
import numpy as np
import pytest
from test_trees import random_tree, truce

from ceasefire.games import NormalForm, text
from ceasefire.solvers import logit, nash, nash_batch, one_nash, sequence_form, sequential
from ceasefire.solvers._logit_tree import TreeCurve

SMALL = "all equilibria, random 4x4 games (nashpy: 100 of them, the others 10,000)"
MIDDLE = "all equilibria of one random 12x12 game"
FIFTEEN = "all equilibria of one random 15x15 game"
EXACT = "exact, all equilibria of 20 random 6x6 games with payoffs in -2..2"
AGENTS = "truce tree of two types, 16 rounds, agent logit to high precision"
ROUNDS = "truce tree of two types, agent logit to precision 1000 over the payoff range"
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


@pytest.mark.benchmark(group="all equilibria, 1,000 random 0/1 4x4 games, all degenerate")
def test_degenerate_batch(benchmark):
    games = np.random.default_rng(0).integers(0, 2, (2, 1_000, 4, 4))
    assert nash_batch(*games).degenerate.all()
    benchmark(nash_batch, *games)


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


@pytest.mark.benchmark(group=MIDDLE)
def test_lrsnash(benchmark, tmp_path):
    lrsnash(benchmark, tmp_path, 12)


@pytest.mark.benchmark(group=FIFTEEN)
def test_all_equilibria_of_a_larger_game(benchmark):
    game = NormalForm(np.random.default_rng(0).normal(size=(2, 15, 15)))
    benchmark.pedantic(nash, (game,), rounds=3, warmup_rounds=1)


@pytest.mark.benchmark(group=FIFTEEN)
def test_quantecon_vertex_enumeration_of_a_larger_game(benchmark):
    A, B = np.random.default_rng(0).normal(size=(2, 15, 15))
    theory, (game,) = quantecon([A], [B])
    benchmark.pedantic(theory.vertex_enumeration, (game,), rounds=3, warmup_rounds=1)


@pytest.mark.benchmark(group=FIFTEEN)
def test_lrsnash_on_a_larger_game(benchmark, tmp_path):
    lrsnash(benchmark, tmp_path, 15)


def lrsnash(benchmark, folder, size):
    """The exact program of lrslib on payoffs to four decimals, process start included."""
    program = shutil.which("lrsnash") or pytest.skip("lrsnash is not installed")
    tables = np.rint(1e4 * np.random.default_rng(0).normal(size=(2, size, size))).astype(int)
    rows = "\n\n".join("\n".join(" ".join(map(str, row)) for row in t) for t in tables)
    (folder / "game").write_text(f"{size} {size}\n\n{rows}\n")
    run = partial(subprocess.run, [program, folder / "game"], check=True, capture_output=True)
    benchmark.pedantic(run, rounds=2)


@pytest.fixture(scope="module")
def whole():
    return [np.random.default_rng(seed).integers(-2, 3, (2, 6, 6)) for seed in range(20)]


@pytest.mark.benchmark(group=EXACT)
def test_exact(benchmark, whole):
    games = [NormalForm(tables) for tables in whole]
    nash(games[0], exact=True)
    benchmark(lambda: [nash(g, exact=True) for g in games])


@pytest.mark.benchmark(group=EXACT)
def test_pygambit_enummixed(benchmark, whole):
    gambit = pytest.importorskip("pygambit")
    games = [gambit.Game.from_arrays(a.tolist(), b.tolist()) for a, b in whole]
    solve = partial(gambit.nash.enummixed_solve, rational=True)
    listed = benchmark.pedantic(lambda: [solve(g).equilibria for g in games], rounds=2)
    for tables, found in zip(whole, listed, strict=True):
        theirs = {tuple(p for _, s in e.mixed_strategies() for _, p in s) for e in found}
        ours = nash(NormalForm(tables), exact=True)
        assert theirs == {tuple(e.behaviour) for e in ours}


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
    benchmark.pedantic(sequence_form, (tree,), rounds=1, warmup_rounds=1)


@pytest.mark.benchmark(group=AGENTS)
def test_agent_logit(benchmark):
    """At this precision regret is 2.0e-7, a little below what pygambit stops at (2.5e-7)."""
    tree = truce(16)
    benchmark.pedantic(logit, (tree,), {"precision": 1e6}, rounds=15, warmup_rounds=2)


@pytest.mark.benchmark(group=AGENTS)
def test_pygambit_logit(benchmark):
    gambit = pytest.importorskip("pygambit")
    tree = gambit.read_efg(io.StringIO(text(truce(16))))
    benchmark.pedantic(gambit.nash.logit_solve, (tree,), rounds=1)


@pytest.mark.benchmark(group=ROUNDS)
@pytest.mark.parametrize("rounds", [64, 128, 256, 512])
def test_agent_logit_of_many_rounds(benchmark, rounds):
    tree = truce(rounds)
    precision = 1000.0 / float(tree.payoff_range.max())
    benchmark.pedantic(logit, (tree,), {"precision": precision}, rounds=2, warmup_rounds=1)


@pytest.mark.benchmark(group="truce tree of two types, one step of agent logit")
@pytest.mark.parametrize("rounds", [64, 128, 256, 512])
def test_one_step_of_agent_logit(benchmark, rounds):
    tree = truce(rounds)
    curve = TreeCurve(tree, float(tree.payoff_range.max()))
    point = np.append(np.random.default_rng(0).normal(size=len(curve.start)), 30.0)

    def step():
        here = point.copy()
        return curve.slopes(here, 0).move(curve.miss(here))

    benchmark.pedantic(step, rounds=20, warmup_rounds=2)


@pytest.mark.benchmark(group="truce tree of two types, a verified sequential equilibrium")
@pytest.mark.parametrize("rounds", [8, 16])
def test_sequential(benchmark, rounds):
    tree = truce(rounds)
    benchmark.pedantic(sequential, (tree,), rounds=3, warmup_rounds=1)
