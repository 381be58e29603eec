"""Speed of communication equilibria: no peer has them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from ceasefire.bargaining import StrengthMediation
from ceasefire.games import BayesianGame
from ceasefire.solvers import communication


@pytest.mark.parametrize(("types", "actions"), [(2, 4), (3, 3), (4, 4)])
def test_random_game(benchmark, types, actions):
    rng = np.random.default_rng(0)
    prior = rng.dirichlet(np.ones(types * types)).reshape(types, types)
    game = BayesianGame(prior, rng.normal(size=(2, types, types, actions, actions)))
    assert benchmark(communication, game).regret < 1e-9


def test_mediation_game_in_fractions(benchmark):
    model = StrengthMediation(Fraction(2, 5), Fraction(7, 10), Fraction(9, 10))
    game, event = model.game(), model.peace_event()
    found = benchmark(communication, game, objective=event, exact=True)
    assert found.value == Fraction(14, 15)
