"""Markov perfect equilibria: all of them where no state returns, each certified."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceasefire.errors import ArgumentError, SolveError
from ceasefire.games import NormalForm, Outcome, StateGame, StochasticGame
from ceasefire.solvers import markov_equilibrium, markov_perfect, nash
from ceasefire.status import Status

BATTLE = np.array([[[2, 0], [0, 1]], [[1, 0], [0, 2]]])


def exit_game(discount, reward=2, sucker=-1, temptation=3, punishment=0):
    """H9: stay or leave; the pause goes on only while both stay."""
    row = np.array([[reward, sucker], [temptation, punishment]])
    law = [[[1, 0], [0, 1]], [[0, 1], [0, 1]]]
    over = np.zeros((2, 1, 1), dtype=int)
    return StochasticGame([np.array([row, row.T]), over], [law, [[[0, 1]]]], discount,
                          states=["pause", "war"])  # fmt: skip


def big_match(discount, scale=1.0, shift=0.0):
    """H2: Stop ends the game at 1 against L and 0 against R; Continue pays 0 or 1 today."""
    u = np.array([[1.0, 0.0], [0.0, 1.0]]) * scale + shift
    ends = [np.full((1, 1), scale + shift), np.full((1, 1), shift)]
    law = [[[[0, 1, 0], [0, 0, 1]], [[1, 0, 0], [1, 0, 0]]], [[[0, 1, 0]]], [[[0, 0, 1]]]]
    payoffs = [np.stack([t, -t]) for t in (u, *ends)]
    return StochasticGame(payoffs, law, discount, states=["match", "won", "lost"])


def chain(stages, discount=Fraction(9, 10), scale=1, shift=0):
    """States played one after another, then over."""
    S = len(stages) + 1
    payoffs = [*stages, np.zeros((len(stages[0]), *[1] * len(stages[0])), dtype=int)]
    law = []
    for s, table in enumerate(payoffs):
        one = np.zeros((*np.shape(table)[1:], S), dtype=int)
        one[..., min(s + 1, S - 1)] = 1
        law.append(one)
    return StochasticGame([np.asarray(t) * scale + shift for t in payoffs], law, discount)


def random_directional(rng, n_states=5, low=-3, high=4):
    """Two by two in each state but the last, two successors further on, whole payoffs."""
    payoffs, law = [], []
    for s in range(n_states):
        k = (2, 2) if s < n_states - 1 else (1, 1)
        payoffs.append(rng.integers(low, high, (2, *k)))
        one = np.full((*k, n_states), Fraction(0), dtype=object)
        for cell in np.ndindex(*k):
            one[cell][min(s + int(rng.integers(1, 3)), n_states - 1)] += Fraction(1, 3)
            one[cell][min(s + int(rng.integers(1, 4)), n_states - 1)] += Fraction(2, 3)
        law.append(one)
    return StochasticGame(payoffs, law, Fraction(9, 10))


def listed(found):
    """Behaviours as rounded tuples, in order."""
    return sorted(tuple(np.round(e.behaviour.astype(float), 8)) for e in found)


def same(one, two):
    a, b = np.array(listed(one)), np.array(listed(two))
    return a.shape == b.shape and np.allclose(a, b, atol=1e-6)


@pytest.mark.parametrize(
    ("discount", "game", "y", "value"),
    [
        pytest.param(0.6, (2, -1, 3, 0), 0.74535599, 2.23606798, id="0.6"),
        pytest.param(0.9, (2, -1, 3, 0), 0.60858062, 1.82574186, id="0.9"),
        pytest.param(0.8, (1.5, -2, 3, 0), 0.81462821, 2.44388463, id="asymmetric stakes"),
    ],
)
def test_the_exit_game_has_its_three_equilibria(discount, game, y, value):
    """THEORY H9."""
    found = markov_perfect(exit_game(discount, *game))
    assert found.complete
    assert found.count == 3
    by_stay = {round(float(e.strategy("pause", 0)[0]), 8): e for e in found}
    assert set(by_stay) == {1.0, 0.0, y}
    assert by_stay[y].payoffs == pytest.approx([value, value], abs=1e-8)
    assert by_stay[1.0].payoffs[0] == pytest.approx(game[0] / (1 - discount))
    assert all(e.status is Status.OK for e in found)


def test_staying_for_ever_needs_patience():
    """THEORY H9: R >= (1 - delta) T, here from delta = 1/3 on; below it both leave."""
    assert len(markov_perfect(exit_game(0.3))) == 1
    assert len(markov_perfect(exit_game(0.34))) == 3


@pytest.mark.parametrize(
    ("method", "discount", "scale", "shift"),
    [
        *(("shapley", d, 1.0, 0.0) for d in (0.5, 0.9, 0.99, 0.999, 0.9999)),
        *(("shapley", 0.9999, *unit) for unit in ((1e9, 0.0), (1e-9, 0.0), (1.0, 1e9))),
        *(("state-recursion", d, 1.0, 0.0) for d in (0.5, 0.9, 0.99)),
        *(("state-recursion", 0.9, *unit) for unit in ((1e9, 0.0), (1e-9, 0.0), (1.0, 1e9))),
    ],
)
def test_the_big_match_is_worth_a_half_and_stops_ever_less(method, discount, scale, shift):
    """THEORY H2; faults SG-03, SG-04, SG-06, OS-02."""
    found = markov_perfect(big_match(discount, scale, shift), method=method)
    (one,) = found
    assert found.complete
    assert (one.average_values[0, 0] - shift) / scale == pytest.approx(0.5, abs=1e-6)
    stop = (1 - discount) / (2 - discount)
    assert float(one.strategy("match", 0)[0]) == pytest.approx(stop, rel=1e-6)
    assert one.strategy("match", 1) == pytest.approx([0.5, 0.5], abs=1e-6)


def test_a_reward_for_ever_at_a_discount_of_point_999_is_worth_a_thousand():
    """Fault GL-01: stopped at 500 steps, elsewhere, it is worth 393.6."""
    game = StochasticGame([[[[1.0, 1.0]], [[-1.0, -1.0]]]], [[[[1.0], [1.0]]]], 0.999)
    assert markov_perfect(game, method="shapley")[0].payoffs[0] == pytest.approx(1000)


@pytest.mark.parametrize(
    ("scale", "shift"), [(1.0, 0.0), (1e-9, 0.0), (1e9, 0.0), (1.0, 1e9), (1e9, 1e9)]
)
def test_a_matrix_game_keeps_its_solution_at_every_scale(scale, shift):
    """Fault OS-02: [[2, 0], [0, 1]] has value 2/3 and p = (1/3, 2/3)."""
    A = np.array([[2.0, 0.0], [0.0, 1.0]]) * scale + shift
    (one,) = markov_perfect(StochasticGame([[A, -A]], np.ones((1, 2, 2, 1)), 0.0), method="shapley")
    assert one.strategy(0, 0) == pytest.approx([1 / 3, 2 / 3], abs=1e-6)
    assert (one.payoffs[0] - shift) / scale == pytest.approx(2 / 3, abs=1e-6)


def test_bounds_of_the_value_enclose_it_and_are_close():
    rng = np.random.default_rng(4)
    u = rng.normal(size=(6, 3, 3))
    law = rng.dirichlet(np.ones(6), size=(6, 3, 3))
    found = markov_perfect(StochasticGame(np.stack([u, -u], axis=1), law, 0.99))
    assert found.method.startswith("Shapley")
    lower, upper = found.detail["lower"], found.detail["upper"]
    assert np.all(upper - lower <= 1e-9 * 100 * np.ptp(u))
    assert np.all(found[0].values[:, 0] >= lower - 1e-9)
    assert np.all(found[0].values[:, 0] <= upper + 1e-9)
    assert found.detail["steps"] < 30


def test_war_of_attrition_by_the_day():
    """THEORY H3, daily: each quits with c / (v + c) = .09090909, or one of them at once."""
    v, c = 10.0, 1.0
    fight = np.array([[-c, v], [0.0, 0.0]])  # stay or quit against stay or quit
    law = [[[1, 0], [0, 1]], [[0, 1], [0, 1]]]
    game = StochasticGame(
        [np.array([fight, fight.T]), np.zeros((2, 1, 1))], [law, [[[0, 1]]]], 0.95
    )
    found = markov_perfect(game)
    assert found.complete
    quits = sorted(tuple(round(float(e.strategy(0, i)[1]), 8) for i in (0, 1)) for e in found)
    assert quits == [(0.0, 1.0), (0.09090909, 0.09090909), (1.0, 0.0)]


def test_a_longer_shadow_of_the_future_delays_agreement():
    """THEORY H4: hazard r (b + c) / (a - b), here per short period, falls with r."""
    a, b, c, dt = 3.0, 1.0, 0.5, 1e-4
    for r in (0.1, 0.02):
        delta = float(np.exp(-r * dt))
        flow = 1 - delta  # so that a flow a for ever is worth a
        # insist or concede; a standoff costs c and goes on; two who concede have b each
        insist = np.array([[-c * flow, a * flow], [b * flow, b * flow]])
        after = [np.full((2, 1, 1), x * flow) for x in (0.0, 0.0)]
        for i, (mine, yours) in enumerate([(a, b), (b, a)]):
            after[i][:, 0, 0] = [mine * flow, yours * flow]
        both = np.full((2, 1, 1), b * flow)
        law = [[[1, 0, 0, 0], [0, 1, 0, 0]], [[0, 0, 1, 0], [0, 0, 0, 1]]]
        ends = [[[[0, 1, 0, 0]]], [[[0, 0, 1, 0]]], [[[0, 0, 0, 1]]]]
        game = StochasticGame([np.array([insist, insist.T]), *after, both], [law, *ends], delta)
        mixed = [e for e in markov_perfect(game) if not e.is_pure]
        hazard = [float(e.strategy(0, 0)[1]) / dt for e in mixed]
        assert hazard == pytest.approx([r * (b + c) / (a - b)], rel=1e-3)


def test_nothing_is_exchanged_where_the_last_exchange_is_known():
    """THEORY D1, D3: with a known last step the answer is exactly zero trade."""

    def rules(state):
        stock, day = state

        def outcome(captor, pausing):
            less = stock - 10 if captor == "release" else stock
            given, paused = captor == "release", pausing == "pause"
            gain = {"captor": 3 * paused - given, "pausing state": 4 * given - 2 * paused}
            return Outcome(gain, (less, day + 1) if less > 0 and day < 8 else None)

        acts = {"captor": ["release", "hold"], "pausing state": ["pause", "fight"]}
        return StateGame(acts, outcome)

    players = ["captor", "pausing state"]
    game = StochasticGame.from_rules((50, 0), rules, players=players, discount=Fraction(95, 100))
    for exact in (False, True):
        found = markov_perfect(game, exact=exact)
        assert found.complete
        assert found.count == 1
        assert found[0].is_pure
        assert [float(x) for x in found[0].payoffs] == [0.0, 0.0]
    assert found[0].exact
    assert found[0].regret == 0


def test_a_common_stock_is_used_up_as_levhari_and_mirman_say():
    """THEORY H1 at (alpha, beta) = (.3, .9): share .42196532, long-run stock .45110641."""
    alpha, beta, share = 0.3, 0.9, 0.42196532
    grid = np.exp(np.linspace(np.log(0.05), 0.0, 61))
    shares = np.linspace(0.36, 0.48, 7)
    K = len(shares)
    a, b = np.meshgrid(shares, shares, indexing="ij")
    payoffs = np.empty((len(grid), 2, K, K))
    law = np.zeros((len(grid), K, K, len(grid)))
    for s, x in enumerate(grid):
        payoffs[s] = np.log(np.stack([a, b]) * x)
        place = np.interp(alpha * np.log(np.maximum((1 - a - b) * x, 1e-9)), np.log(grid),
                          np.arange(len(grid)))  # fmt: skip
        low = np.minimum(place.astype(int), len(grid) - 2)
        for cell in np.ndindex(K, K):
            law[s][cell][low[cell]] += 1 - (place[cell] - low[cell])
            law[s][cell][low[cell] + 1] += place[cell] - low[cell]
    game = StochasticGame(payoffs, law, beta)
    found = markov_perfect(game, method="best-reply", starts=1)
    assert not found.complete
    (one,) = found
    chosen = [float(one.strategy(s, i) @ shares) for s in range(30, 55) for i in (0, 1)]
    assert chosen == pytest.approx([share] * len(chosen), abs=0.5 * (shares[1] - shares[0]) + 1e-9)
    # with a share that maximises in closed form the stock settles at its long-run level
    stock = 0.2
    for _ in range(60):
        stock = ((1 - 2 * share) * stock) ** alpha
    assert stock == pytest.approx(0.45110641, abs=1e-7)


@pytest.mark.parametrize("seed", range(12))
def test_state_recursion_in_floats_and_in_fractions_agree(seed):
    game = random_directional(np.random.default_rng(seed))
    floats, exact = markov_perfect(game), markov_perfect(game, exact=True)
    assert exact.exact
    assert all(e.regret == 0 and e.status is Status.OK for e in exact)
    assert floats.count == len(floats) == len(exact)
    assert same(floats, exact)
    assert floats.max_regret < 1e-12


def by_hand(game, order):
    """Count equilibria by solving every combination from the last state on."""
    total, todo = 0, [(0, np.zeros((game.n_states, game.n_players)))]
    while todo:
        at, values = todo.pop()
        if at == len(order):
            total += 1
            continue
        for e in nash(game.auxiliary(order[at], values)):
            after = values.copy()
            after[order[at]] = e.payoffs
            todo.append((at + 1, after))
    return total


@pytest.mark.parametrize("seed", range(4))
def test_equilibria_are_counted_as_by_hand(seed):
    rng = np.random.default_rng(seed)
    n = 7
    payoffs, law = rng.normal(size=(n, 2, 2, 2)), np.zeros((n, 2, 2, n))
    payoffs[:, :, 0, 0] += 1.5
    payoffs[:, :, 1, 1] += 1.5
    for s in range(n - 1):
        for cell in np.ndindex(2, 2):
            law[s][cell][s + 1 :] = rng.dirichlet(np.ones(n - 1 - s))
    law[n - 1, ..., n - 1] = 1
    payoffs[n - 1] = 0
    game = StochasticGame(payoffs[:, :, :, :], law, 0.8)
    cut = StochasticGame([*payoffs[:-1], np.zeros((2, 1, 1))], [*law[:-1], law[-1][:1, :1]], 0.8)
    found = markov_perfect(cut, limit=10_000)
    assert found.complete
    assert found.count == by_hand(cut, list(range(n - 1, -1, -1)))
    assert len({e.behaviour.tobytes() for e in found}) == found.count
    assert found.max_regret < 1e-12
    assert game.n_states == cut.n_states


def test_independent_choices_are_counted_without_listing_them():
    """Three equilibria in each of 400 states: 3**400 in all, of which ten are listed."""
    found = markov_perfect(chain([BATTLE] * 400), limit=10)
    assert found.count == 3**400
    assert len(found) == 10
    assert not found.complete
    assert found.max_regret < 1e-12
    assert "3**" not in repr(found)
    assert str(3**400) in repr(found)


def test_choices_that_matter_further_up_split_every_state_above_them():
    """Battle of the sexes twice on a chain whose next state depends on what is played."""
    over = np.zeros((2, 1, 1), dtype=int)
    law = [np.zeros((2, 2, 4), dtype=int) for _ in range(3)]
    law[0][..., 1], law[0][1, 1] = 1, [0, 0, 1, 0]
    law[1][..., 3], law[2][..., 3] = 1, 1
    game = StochasticGame([BATTLE, BATTLE, 3 * BATTLE, over], [*law, [[[0, 0, 0, 1]]]], 0.5)
    found = markov_perfect(game)
    assert found.complete
    assert found.count == len(found) == by_hand(game, [3, 2, 1, 0])
    assert same(found, markov_perfect(game, exact=True))


def test_too_many_combinations_are_cut_and_said_to_be(monkeypatch):
    from ceasefire.solvers import _state_recursion

    monkeypatch.setattr(_state_recursion, "TOP_ROWS", 64)
    rng = np.random.default_rng(1)
    n = 12
    law = np.zeros((n, 2, 2, n))
    for s in range(n):
        law[s, ..., min(s + 1, n - 1)] += 0.5
        law[s, ..., min(s + 2, n - 1)] += 0.5
    stages = np.array([BATTLE * (1 + rng.uniform()) for _ in range(n)])
    law[:, 1, 1] = np.roll(law[:, 0, 0], 0, axis=1)
    for s in range(n - 2):
        law[s, 0, 0], law[s, 1, 1] = np.eye(n)[s + 1], np.eye(n)[s + 2]
    law[n - 1] = np.eye(n)[n - 1]
    found = markov_perfect(StochasticGame(stages, law, 0.4), limit=20)
    assert found.count is None
    assert found.detail["at_least"] >= 20
    assert not found.complete
    assert found.status is Status.INCOMPLETE
    assert found.max_regret < 1e-12


def test_a_continuum_is_reported_and_its_extreme_points_are_listed():
    idle = np.zeros((2, 2, 2), dtype=int)
    found = markov_perfect(chain([BATTLE, idle]))
    assert not found.complete
    assert found.detail["continua"] == ("2",)
    assert found.count == 12
    assert found.status is Status.INCOMPLETE


def test_a_tie_with_a_mixture_that_rounding_may_hide_is_not_claimed_away():
    """Against (4/5, 0, 1/5) all three columns pay alike: 7 equilibria, 5 where that is lost."""
    A = np.array([[6, -5, 0], [1, 6, 3], [1, 3, 5]])
    B = np.array([[4, 3, 2], [-4, 5, 0], [-3, 1, 5]])
    whole = markov_perfect(chain([np.array([A, B])]))
    assert whole.count == 7
    assert not whole.detail["unproven"]
    shifted = [np.array([A, B]), np.full((2, 1, 1), Fraction(1, 3))]
    rounded = markov_perfect(chain(shifted, discount=0.9))
    assert rounded.detail["unproven"] == ("1",)
    assert not rounded.complete
    assert markov_perfect(chain(shifted), exact=True).count >= 7


def test_three_players_and_players_with_nothing_to_choose():
    rng = np.random.default_rng(0)
    table = rng.normal(size=(3, 2, 2, 2))
    found = markov_perfect(chain([table], discount=0.9))
    assert len(found) == len(nash(NormalForm(table)))
    # the middle player has no choice: the others play a two-player game
    narrow = rng.normal(size=(3, 2, 1, 3))
    one = markov_perfect(chain([narrow, narrow], discount=[0.9, 0.5, 0.2]))
    assert one.complete
    assert one.max_regret < 1e-12
    assert one[0].strategies[0][1].tolist() == [1.0]


def test_a_single_mover_picks_its_best_and_ties_are_told():
    game = chain([np.array([[[1], [2]], [[5], [7]]])])
    assert markov_perfect(game)[0].payoffs == pytest.approx([2, 7])
    tied = markov_perfect(chain([np.array([[[2], [2]], [[5], [7]]])]))
    assert tied.detail["continua"] == ("1",)
    assert sorted(e.payoffs[1] for e in tied) == [5, 7]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.floats(-9, 9), st.floats(-9, 9))
def test_units_of_utility_change_nothing(seed, exponent, shift):
    rng = np.random.default_rng(seed)
    n = 6
    payoffs = rng.normal(size=(n, 2, 2, 2))
    law = np.zeros((n, 2, 2, n))
    for s in range(n - 1):
        law[s, ..., s + 1 :] = rng.dirichlet(np.ones(n - 1 - s), size=(2, 2))
    law[n - 1] = np.eye(n)[n - 1]
    base = StochasticGame(payoffs, law, [0.9, 0.7])
    scale = np.array([10.0**exponent, 1.0])[:, None, None]
    moved = StochasticGame(payoffs * scale + shift * scale, law, [0.9, 0.7])
    assert same(markov_perfect(base), markov_perfect(moved))


@pytest.mark.parametrize("seed", range(3))
def test_swapping_players_and_numbering_states_anew_carries_equilibria_over(seed):
    rng = np.random.default_rng(seed)
    game = random_directional(rng)
    n = game.n_states
    tables = [game.payoffs[:, game.profile_start[s] : game.profile_start[s + 1]].reshape(
        2, *game.n_actions[s]) for s in range(n)]  # fmt: skip
    rows = game.transitions.toarray()
    laws = [rows[game.profile_start[s] : game.profile_start[s + 1]].reshape(
        *game.n_actions[s], n) for s in range(n)]  # fmt: skip
    base = markov_perfect(game)
    swapped = StochasticGame(
        [t[::-1].transpose(0, 2, 1) for t in tables], [p.transpose(1, 0, 2) for p in laws], 0.9
    )
    found = markov_perfect(swapped)
    assert found.count == base.count
    payoffs = sorted(tuple(np.round(e.payoffs, 7)) for e in base)
    assert sorted(tuple(np.round(e.payoffs[::-1], 7)) for e in found) == payoffs
    order = rng.permutation(n)
    back = np.argsort(order)
    shuffled = StochasticGame(
        [tables[s] for s in order], [laws[s][..., order] for s in order], 0.9, initial=int(back[0])
    )
    again = markov_perfect(shuffled)
    assert sorted(tuple(np.round(e.payoffs, 7)) for e in again) == payoffs


def test_players_may_discount_differently():
    game = exit_game([0.6, 0.9])
    found = markov_perfect(game)
    assert found.complete
    assert found.max_regret < 1e-9
    both = [e for e in found if e.is_pure and float(e.strategy(0, 0)[0]) > 0.5]
    assert both[0].payoffs == pytest.approx([5, 20])


def test_best_replies_find_some_and_never_claim_all():
    rng = np.random.default_rng(2)
    law = rng.dirichlet(np.ones(4), size=(4, 2, 2))
    game = StochasticGame(rng.normal(size=(4, 2, 2, 2)), law, 0.9)
    found = markov_perfect(game, method="best-reply", starts=3, rng=np.random.default_rng(1))
    assert not found.complete
    assert found.claim == "found from 3 starts"
    assert found.max_regret < 1e-8
    pennies = np.array([[1.0, -1.0], [-1.0, 1.0]])
    cycle = StochasticGame([[pennies, -pennies]] * 2, np.full((2, 2, 2, 2), 0.5), 0.9)
    assert markov_perfect(cycle, method="best-reply", starts=2)[0].behaviour == pytest.approx(0.5)


def test_other_games_are_given_to_the_homotopy():
    rng = np.random.default_rng(3)
    law = rng.dirichlet(np.ones(3), size=(3, 2, 2))
    found = markov_perfect(StochasticGame(rng.normal(size=(3, 2, 2, 2)), law, 0.8))
    assert len(found) == 1
    assert found.max_regret < 1e-8
    assert found.claim == "one equilibrium"


def test_the_certificate_values_a_behaviour_and_finds_what_deviating_gains():
    game = exit_game(Fraction(3, 5))
    stay = np.array([Fraction(1), 0, 1, 0, 1, 1], dtype=object)
    one = markov_equilibrium(game, stay)
    assert one.exact
    assert one.values[0].tolist() == [5, 5]
    # against one who leaves with 9 in 10, staying loses 1.8 - 3 z; any best reply leaves
    other = markov_equilibrium(game, [1, 0, 0.1, 0.9, 1, 1])
    assert other.status is Status.EXPLOITABLE
    value = (0.1 * 2 - 0.9) / (1 - 0.06)
    assert other.values[0, 0] == pytest.approx(value)
    assert other.certificate.gain[0, 0] == pytest.approx(0.3 - value)
    assert other.regret >= other.certificate.one_shot.max() - 1e-12
    assert "worth" in repr(other)
    assert "<table>" in other._repr_html_()


def test_the_gain_from_any_strategy_can_exceed_that_from_one_deviation():
    """Two days each worth a little: both deviations together gain more than either."""
    wait = np.array([[[0.0], [1.0]], [[0.0], [0.0]]])
    one = markov_equilibrium(chain([wait, wait], discount=0.5), [1, 0, 1, 1, 0, 1, 1, 1])
    assert one.certificate.one_shot[0, 0] == pytest.approx(1.0)
    assert one.certificate.gain[0, 0] == pytest.approx(1.5)
    again = StochasticGame(np.array([[[[0.0], [1.0]], [[0.0], [0.0]]]]), np.ones((1, 2, 1, 1)), 0.5)
    assert markov_equilibrium(again, [1, 0, 1]).certificate.gain[0, 0] == pytest.approx(2.0)


def test_values_of_games_that_return_solve_their_equations():
    rng = np.random.default_rng(0)
    law = rng.dirichlet(np.ones(5), size=(5, 2, 3))
    game = StochasticGame(rng.normal(size=(5, 2, 2, 3)), law, [0.9, 0.8])
    one = markov_equilibrium(game, np.concatenate([rng.dirichlet(np.ones(k)) for k in [2, 3] * 5]))
    for s in range(5):
        day = game.auxiliary(s, one.values)
        assert day.expected(one.strategies[s]) == pytest.approx(one.values[s], abs=1e-12)
    exact = StochasticGame([[[[1], [0]], [[0], [1]]]] * 2, [[[[1, 0]], [[0, 1]]]] * 2,
                           [Fraction(1, 2), Fraction(1, 3)])  # fmt: skip
    half = Fraction(1, 2)
    found = markov_equilibrium(exact, np.array([half, half, 1] * 2, dtype=object))
    assert found.values.tolist() == [[1, Fraction(3, 4)]] * 2
    assert found.status is Status.EXPLOITABLE


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"method": "guess"}, "method"),
        ({"limit": 0}, "limit"),
        ({"method": "shapley"}, "opposed"),
        ({"method": "shapley", "exact": True}, "exact"),
        ({"exact": True}, "depends on play"),
        ({"method": "best-reply", "starts": 0}, "starts"),
    ],
)
def test_what_a_method_does_not_cover_is_refused_by_name(options, says):
    with pytest.raises(ArgumentError, match=says):
        markov_perfect(exit_game(0.6), **options)


def test_bad_behaviour_and_bad_games_are_named():
    """Fault SG-05: transition rows that sum to .4, elsewhere, are solved with success."""
    with pytest.raises(ArgumentError, match="behaviour of 1 in state 'pause'"):
        markov_equilibrium(exit_game(0.6), [0.5, 0.4, 1, 0, 1, 1])
    with pytest.raises(ArgumentError, match="shape"):
        markov_equilibrium(exit_game(0.6), [1, 0])
    with pytest.raises(ArgumentError, match=r"add up to 0\.4"):
        StochasticGame(np.zeros((1, 2, 2, 2)), np.full((1, 2, 2, 1), 0.4), 0.9)
    rng = np.random.default_rng(3)
    law = rng.dirichlet(np.ones(3), size=(3, 2, 2))
    game = StochasticGame(rng.normal(size=(3, 2, 2, 2)), law, 0.8)
    with pytest.raises(ArgumentError, match="directional"):
        markov_perfect(game, method="state-recursion")
    with pytest.raises(ArgumentError, match="StochasticGame"):
        markov_perfect([[1]])


def test_best_replies_that_settle_nowhere_say_so(monkeypatch):
    from ceasefire.solvers import _best_reply_dynamics

    monkeypatch.setattr(_best_reply_dynamics, "POLISHED", 0)
    rows = np.array([[1.0, -1.0], [-2.0, 1.0]])
    game = StochasticGame([[rows, -rows]], np.ones((1, 2, 2, 1)), 0.9)
    with pytest.raises(SolveError, match="settled from none") as failed:
        markov_perfect(game, method="best-reply", starts=1)
    assert failed.value.reached[0].status is Status.EXPLOITABLE
