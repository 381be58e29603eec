"""Payoff sets without a public lottery, penal codes and minmax payoffs; no peer has them."""

from __future__ import annotations

import numpy as np
import pytest

from ceasefire.games import NormalForm, RepeatedGame
from ceasefire.solvers import minmax, payoff_set, penal_code

q = np.linspace(0, 6, 15)
PROFIT = (np.maximum(6 - q[:, None] - q, 0) - 0.6) * q[:, None]
COURNOT = NormalForm.bimatrix(PROFIT, PROFIT.T)
JYC = NormalForm.bimatrix([[4, 0], [6, 2]], [[4, 6], [0, 2]])


@pytest.mark.parametrize(
    ("stage", "delta"),
    [
        pytest.param(JYC, 0.8, id="dilemma"),
        pytest.param(COURNOT, 0.8, id="Cournot 15 x 15"),
    ],
)
def test_set_without_a_lottery(benchmark, stage, delta):
    game = RepeatedGame(stage, discount=delta)
    found = benchmark(lambda: payoff_set(game, public_randomisation=False))
    assert found.certificate.holds


def test_penal_code(benchmark):
    game = RepeatedGame(COURNOT, discount=0.8)
    assert benchmark(lambda: penal_code(game)).is_optimal


def test_mixed_minmax_200_actions(benchmark):
    A, B = np.random.default_rng(0).random((2, 200, 200))
    assert benchmark(lambda: minmax(NormalForm.bimatrix(A, B), mixed=True)).gap < 1e-9
