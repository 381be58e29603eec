"""Communication equilibria: the program, what it beats, and what a liar gains."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceasefire.errors import ArgumentError, SolveError
from ceasefire.games import BayesianGame, NormalForm
from ceasefire.solvers import communication, correlated, largest_gain, nash


def random_game(seed, types=(2, 2), actions=(2, 3)):
    rng = np.random.default_rng(seed)
    prior = rng.dirichlet(np.ones(int(np.prod(types)))).reshape(types)
    return BayesianGame(prior, rng.normal(size=(len(types), *types, *actions)))


def gain_by_hand(game, mechanism):
    """Loop over every type, report and plan, term by term."""
    best = 0.0
    n, cells = game.n_players, list(np.ndindex(*game.shape))
    for i in range(n):
        for own, lie in product(range(game.n_types[i]), repeat=2):
            chance = np.take(game.prior, own, axis=i).sum() or np.inf
            for plan in product(range(game.shape[i]), repeat=game.shape[i]):
                gain = 0.0
                for t in np.ndindex(*game.n_types):
                    if t[i] != own:
                        continue
                    said = (*t[:i], lie, *t[i + 1 :])
                    for a in cells:
                        does = (*a[:i], plan[a[i]], *a[i + 1 :])
                        gain += game.prior[t] * (
                            mechanism[(*said, *a)] * game.payoffs[(i, *t, *does)]
                            - mechanism[(*t, *a)] * game.payoffs[(i, *t, *a)]
                        )
                best = max(best, gain / chance)
    return best


def test_with_one_type_each_it_is_correlated_equilibrium():
    """THEORY I1 among them: 10.5 and 7.2."""
    chicken = np.array([[[6, 2], [7, 0]], [[6, 7], [2, 0]]])
    game = BayesianGame([[1]], chicken[:, None, None])
    assert communication(game, exact=True).value == Fraction(21, 2)
    assert communication(game, worst=True, exact=True).value == Fraction(36, 5)
    for seed in range(5):
        payoffs = np.random.default_rng(seed).normal(size=(2, 3, 4))
        same = correlated(NormalForm(payoffs), objective=[1, 0.3])
        found = communication(BayesianGame([[1]], payoffs[:, None, None]), objective=[1, 0.3])
        assert found.value == pytest.approx(same.value, abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_no_lie_with_any_plan_of_disobedience_gains_and_the_dual_says_no_plan_is_better(seed):
    game = random_game(seed)
    found = communication(game)
    assert gain_by_hand(game, found.mechanism) < 1e-10
    assert found.gap < 1e-8
    assert found.status.solved
    noise = np.random.default_rng(seed).dirichlet(np.ones(6), size=(2, 2)).reshape(2, 2, 2, 3)
    assert largest_gain(game, noise) == pytest.approx(gain_by_hand(game, noise), abs=1e-12)
    assert largest_gain(game, noise) > 0.01


@pytest.mark.parametrize("seed", range(4))
def test_a_mediator_lies_between_silence_and_those_who_know_or_command(seed):
    game = random_game(seed, (2, 2), (2, 2))
    found = communication(game)
    silent = max(float(e.payoffs.sum()) for e in nash(game.ex_ante()))
    assert silent <= found.value + 1e-9
    assert found.value <= communication(game, informed=True).value + 1e-9
    assert found.value <= communication(game, enforced=True).value + 1e-9
    assert communication(game, worst=True).value <= found.value + 1e-12


def test_a_lie_and_a_disobedience_may_pay_together_where_neither_pays_alone():
    """A resolved side (0) says it is not, and then fights whatever it is told."""
    payoffs = np.zeros((2, 2, 1, 2, 2))
    payoffs[0, 0, 0] = [[2, 0], [1, 3]]  # type 0: what it does against what the other is told
    payoffs[0, 1, 0] = [[0, 1], [0, 0]]
    game = BayesianGame([[0.5], [0.5]], payoffs)
    plan = np.zeros((2, 1, 2, 2))
    plan[0, 0, 0, 0] = plan[1, 0, 0, 1] = 1
    assert largest_gain(game, plan, enforced=True) == 0
    assert largest_gain(game, plan, informed=True) == 0
    assert largest_gain(game, plan) == pytest.approx(1)


@given(st.integers(0, 50), st.floats(1e-6, 1e6), st.floats(-1e3, 1e3))
@settings(max_examples=8, deadline=None)
def test_unit_and_origin_of_utility_do_not_matter(seed, unit, origin):
    game = random_game(seed)
    other = BayesianGame(game.prior, game.payoffs * unit + origin)
    one, two = communication(game), communication(other)
    assert two.value == pytest.approx(unit * one.value + 2 * origin, rel=1e-7, abs=1e-6 * unit)


@pytest.mark.parametrize("seed", range(3))
def test_names_of_players_types_and_actions_do_not_matter(seed):
    game = random_game(seed, (2, 3), (2, 3))
    payoffs = np.transpose(game.payoffs[::-1], (0, 2, 1, 4, 3))[:, ::-1, :, ::-1, :]
    other = BayesianGame(game.prior.T[::-1], payoffs)
    assert communication(other).value == pytest.approx(communication(game).value, abs=1e-9)


def test_three_players_and_a_type_that_never_occurs():
    game = random_game(1, (2, 2, 1), (2, 2, 2))
    assert communication(game).regret < 1e-9
    prior = np.array([[0.5, 0.5, 0.0], [0.0, 0.0, 0.0]])
    game = BayesianGame(prior, np.random.default_rng(1).normal(size=(2, 2, 3, 2, 2)))
    found = communication(game)
    assert found.regret < 1e-9
    assert gain_by_hand(game, found.mechanism) < 1e-9


@pytest.mark.parametrize(
    ("terms", "gains"),
    [((0.5, 0.5, 0.2, 0.8), 1 / 3), ((0.7, 0.6, 0.25, 0.6), 0.560571429)],
    ids=["half", "uneven"],
)
def test_an_arbitrator_of_a_sale_cannot_do_better_than_the_second_best(terms, gains):
    """THEORY F7: prices from a grid as decisions that bind, staying out worth 0."""
    s, b, low, high = terms
    costs, values, prices = [0, high], [1, low], [-9.0, 0.0, 0.5, 1.0, 9.0]
    payoffs = np.zeros((2, 2, 2, len(prices) + 1, 1))
    for (j, c), (k, v), (m, price) in product(*map(enumerate, (costs, values, prices))):
        payoffs[:, j, k, m, 0] = price - c, v - price
    game = BayesianGame(np.outer([s, 1 - s], [b, 1 - b]), payoffs)
    found = communication(game, enforced=True, outside=np.zeros((2, 2)))
    assert found.value == pytest.approx(gains, abs=1e-8)
    with pytest.raises(SolveError, match="infeasible"):
        communication(game, enforced=True, outside=np.ones((2, 2)))


def test_bad_games_and_options_are_named():
    with pytest.raises(ArgumentError, match="prior"):
        BayesianGame([[0.5, 0.6]], np.zeros((2, 1, 2, 1, 1)))
    with pytest.raises(ArgumentError, match="prior"):
        BayesianGame([[1.5, -0.5]], np.zeros((2, 1, 2, 1, 1)))
    with pytest.raises(ArgumentError, match="payoffs"):
        BayesianGame([[0.5, 0.5]], np.zeros((2, 2, 1, 1, 1)))
    with pytest.raises(ArgumentError, match="types"):
        BayesianGame([[1.0]], np.zeros((2, 1, 1, 1, 1)), types=[["a"]])
    game = random_game(0)
    for options, where in [
        ({"informed": True, "enforced": True}, "informed"),
        ({"outside": [[0, 0], [0, 0]]}, "outside"),
        ({"enforced": True, "outside": [[0], [0, 0]]}, "outside"),
        ({"objective": "nobody"}, "objective"),
        ({"objective": np.zeros((4, 4))}, "objective"),
    ]:
        with pytest.raises(ArgumentError, match=where):
            communication(game, **options)
    with pytest.raises(ArgumentError, match="a BayesianGame"):
        communication(NormalForm.bimatrix([[1]]))


def test_constant_payoffs_and_long_action_lists_are_no_trouble():
    for level in (1.0, 1e9 / 3):
        flat = BayesianGame([[0.3, 0.7]], np.full((2, 1, 2, 2, 3), level))
        assert communication(flat).value == pytest.approx(2 * level)
    far = random_game(5)
    far = BayesianGame(far.prior, far.payoffs + 1e8)
    assert communication(far).regret < 1e-6
    wide = random_game(3, (2, 1), (7, 2))
    assert communication(wide).regret < 1e-9


def test_a_program_on_a_knife_edge_is_solved_all_the_same():
    """A sender whom the truth gains or loses 1e-9: HiGHS gives up, fractions do not."""
    for edge in (-1.5339430836647239e-09, -9.35495569898137e-10, 9.35e-10, 0.0):
        payoffs = np.zeros((2, 2, 1, 1, 2))
        payoffs[0, 0, 0, 0] = [edge, 0.0]
        payoffs[0, 1, 0, 0] = [-0.5, 0.0]
        payoffs[1, 0, 0, 0] = [0.3, 0.1]
        payoffs[1, 1, 0, 0] = [-0.3, 0.1]
        moved = [[[[[1, -1]]]], [[[[-1, 1]]]]]
        game = BayesianGame([[0.5], [0.5]], payoffs)
        found = communication(game, objective=np.array(moved).reshape(2, 1, 1, 2), exact=True)
        assert found.value == (1 if edge >= 0 else 0)
