"""Noisy public signals: rank conditions, limit sets, strongly symmetric equilibria, triggers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from ceasefire.errors import ArgumentError
from ceasefire.games import NormalForm, PublicSignals, RepeatedGame
from ceasefire.solvers import check_automaton
from ceasefire.solvers.public_monitoring import limit_payoff_set, rank_conditions
from ceasefire.solvers.strongly_symmetric import (
    is_symmetric,
    strongly_symmetric,
    symmetric_critical_discount,
)
from ceasefire.solvers.triggers import best_trigger, surveillance_value, trigger_regime
from ceasefire.status import Status

NAMES = ["C", "D"]
NAMING = [
    [[0.9, 0.05, 0.05], [0.5, 0.1, 0.4]],
    [[0.5, 0.4, 0.1], [0.2, 0.4, 0.4]],
]  # all well; blames player 1; blames player 2


def dilemma(u=2.0, gain=1.0):
    payoffs = [[u, -1.0], [u + gain, 0.0]]
    return NormalForm.bimatrix(payoffs, np.transpose(payoffs), actions=[NAMES, NAMES])


def two_signals(p=0.9, q=0.5, r=0.2):
    return PublicSignals([[[p, 1 - p], [q, 1 - q]], [[q, 1 - q], [r, 1 - r]]], ["good", "bad"])


def watched(u=2.0, gain=1.0, p=0.9, q=0.5, delta=0.95):
    return RepeatedGame(dilemma(u, gain), delta, two_signals(p, q))


def regime(game, days):
    return trigger_regime(game, cooperate="C, C", punish="D, D", bad_signals=["bad"], days=days)


def symmetric_game(rng, m=2, signals=2, delta=0.8):
    """Two players, payoffs and signals that a swap of the players leaves alone."""
    u = rng.integers(-5, 6, (m, m)).astype(float)
    law = rng.dirichlet(np.full(signals, 0.5), (m, m))
    stage = NormalForm.bimatrix(u, u.T)
    return RepeatedGame(stage, delta, PublicSignals((law + law.transpose(1, 0, 2)) / 2))


# --- rank conditions


def test_two_signals_do_not_name_the_deviator_and_three_do():
    """THEORY G6: at (C, C) rank 2 of 3 with two signals, rank 3 of 3 with three."""
    two = rank_conditions(dilemma(), monitoring=two_signals())
    three = rank_conditions(dilemma(), monitoring=PublicSignals(NAMING))
    pair = [next(c for c in f.at("C", "C") if len(c.players) == 2) for f in (two, three)]
    assert [(c.rank, c.needed, c.holds) for c in pair] == [(2, 3, False), (3, 3, True)]
    assert two.individual_full_rank
    assert not two.pairwise_full_rank
    assert not two.pairwise_somewhere
    assert three.pairwise_somewhere
    assert {c.profile for c in two.failing} == set(itertools.product(NAMES, NAMES))
    assert "(C, C), 1 and 2: rank 2 of 3, fails" in repr(two)


def test_where_actions_are_seen_every_rank_is_full():
    for stage in (dilemma(), NormalForm(np.arange(24.0).reshape(3, 2, 2, 2))):
        found = rank_conditions(RepeatedGame(stage, 0.5))
        assert found.individual_full_rank
        assert found.pairwise_full_rank
        assert not found.failing
    assert len(found.to_frame()) == 8 * 3 + 8 * 3


def test_a_failing_condition_shows_deviations_whose_signals_cancel():
    law = np.array(two_signals().probability)
    law[1] = law[0]  # nothing tells what player 1 does
    found = rank_conditions(dilemma(), monitoring=PublicSignals(law))
    assert not found.individual_full_rank
    assert {c.players for c in found.failing if len(c.players) == 1} == {("1",)}
    for c in found.failing:
        cell = tuple(NAMES.index(a) for a in c.profile)
        families = [law[:, cell[1]], law[cell[0], :]]
        rows = np.concatenate([families[int(name) - 1] for name in c.players])
        assert np.abs(c.mixture @ rows).max() < 1e-12
        assert c.margin < 1e-12


def test_ranks_need_signals_of_the_stage():
    with pytest.raises(ArgumentError, match="monitoring"):
        rank_conditions(NormalForm.bimatrix(np.eye(3), np.eye(3)), monitoring=two_signals())
    with pytest.raises(ArgumentError, match="profile"):
        rank_conditions(dilemma()).at("C", "X")


# --- trigger regimes


@pytest.mark.parametrize(
    ("case", "value", "slack"),
    [
        pytest.param((2, 1, 0.9, 0.5, 0.95, 5), 1.39878117, 0.07024377, id="G5 first"),
        pytest.param((2, 1, 0.9, 0.5, 0.9, 3), 1.60784629, None, id="G5 second"),
        pytest.param((4, 1, 0.8, 0.5, 0.95, 10), 1.58428414, None, id="G5 third"),
    ],
)
def test_green_and_porter_values_from_the_game_form(case, value, slack):
    """THEORY G5; incentives checked again on the automaton, one-shot deviation by deviation."""
    u, gain, p, q, delta, days = case
    found = regime(watched(u, gain, p, q, delta), days)
    assert found.payoffs == pytest.approx([value] * 2, abs=5e-9)
    if slack is not None:
        assert found.slack == pytest.approx([slack] * 2, abs=5e-9)
    assert found.is_equilibrium
    assert found.certificate.is_equilibrium
    assert found.certificate.value.payoffs == pytest.approx(found.payoffs, abs=1e-12)
    assert -found.certificate.gains[0][0, 1] == pytest.approx(found.slack[0], abs=1e-12)


def test_two_days_are_the_least_that_deter():
    """THEORY G5: least T at (2, 1, .9, .5, .95) is 2."""
    game = watched()
    best = best_trigger(game, cooperate="C, C", punish="D, D", bad_signals="bad")
    assert best.days == 2
    assert not regime(game, 1).is_equilibrium
    assert not regime(game, 1).certificate.is_equilibrium
    assert regime(game, 2).is_equilibrium
    chosen = best_trigger(game, cooperate="C, C", punish="D, D")
    assert chosen.bad_signals == ("bad",)
    assert chosen.payoffs == pytest.approx(best.payoffs)


@pytest.mark.parametrize("days", [1, 4, None])
def test_a_regime_and_its_automaton_agree_for_players_who_differ(days):
    stage = NormalForm.bimatrix([[3, -2], [4, 0.5]], [[5, 7], [-3, 0]], actions=[NAMES, NAMES])
    law = [[[0.8, 0.15, 0.05], [0.3, 0.3, 0.4]], [[0.4, 0.5, 0.1], [0.2, 0.4, 0.4]]]
    game = RepeatedGame(stage, [0.9, 0.8], PublicSignals(law))
    found = trigger_regime(game, cooperate=(0, 0), punish=(1, 1), bad_signals=[1, 2], days=days)
    check = check_automaton(game, found.automaton())
    assert check.value.payoffs == pytest.approx(found.payoffs, abs=1e-12)
    for i in range(2):
        assert -check.gains[i][0, 1] == pytest.approx(found.slack[i], abs=1e-12)
        assert -check.gains[i][1, 0] == pytest.approx(found.punishment_slack[i], abs=1e-12)
    assert check.is_equilibrium == found.is_equilibrium


def test_a_punishment_that_is_no_stage_equilibrium_shows_in_the_slack():
    found = trigger_regime(watched(), cooperate="C, C", punish="C, D", bad_signals="bad", days=3)
    assert found.status is Status.EXPLOITABLE
    assert found.punishment_slack == pytest.approx([-0.05, 0.05])
    assert not found.certificate.is_equilibrium


def test_no_trigger_works_for_the_impatient_and_the_result_says_so():
    found = best_trigger(watched(delta=0.3), cooperate="C, C", punish="D, D")
    assert found.status is Status.NO_EQUILIBRIUM
    assert found.payoffs.tolist() == [0.0, 0.0]
    assert "no trigger regime" in repr(found)


def test_triggers_refuse_what_they_cannot_take():
    with pytest.raises(ArgumentError, match="PublicSignals"):
        best_trigger(RepeatedGame(dilemma(), 0.9), cooperate="C, C", punish="D, D")
    with pytest.raises(ArgumentError, match="days"):
        regime(watched(), 0)
    with pytest.raises(ArgumentError, match="bad_signals"):
        trigger_regime(watched(), cooperate="C, C", punish="D, D", bad_signals="loud", days=2)
    with pytest.raises(ArgumentError, match="cooperate"):
        trigger_regime(watched(), cooperate="C, X", punish="D, D", bad_signals="bad", days=2)


# --- surveillance


def test_noise_lowers_what_triggers_reach():
    """THEORY G5, Kandori (1992): 1.68740772, 5% 1.58812086, 10% 1.34428703."""
    table = surveillance_value(
        watched(), garblings=[0.0, 0.05, 0.1], cooperate="C, C", punish="D, D"
    )
    expected = [1.68740772, 1.58812086, 1.34428703]
    assert table["trigger"].tolist() == pytest.approx(expected, abs=5e-9)
    for noise, value in zip((0.0, 0.05, 0.1), table["strongly symmetric"], strict=True):
        p, q = ((1 - noise) * x + noise * (1 - x) for x in (0.9, 0.5))
        assert value == pytest.approx(2 - (1 - p) / (p - q), abs=1e-9)


def test_noise_lowers_what_all_public_equilibria_reach():
    """As the symmetric closed form u - d (1 - p) / (p - q) does, asymmetric ones included."""
    table = surveillance_value(
        watched(), garblings=[0.0, 0.05, 0.1], cooperate="C, C", punish="D, D", payoff_sets=True
    )
    expected = [1.75, 2 - 0.14 / 0.36, 1.4375]
    for low, high, value in zip(table["best mean low"], table["best mean"], expected, strict=True):
        assert low <= high
        assert low == pytest.approx(value, abs=1e-3)
        assert high == pytest.approx(value, abs=1e-3)
        assert high >= value - 1e-9


def test_rounding_is_printed_as_zero():
    shown = repr(limit_payoff_set(watched()))
    assert "e-1" not in shown
    assert "(0, 0)" in shown


def test_garblings_are_told_by_name_and_checked():
    blind = [[0.5, 0.5], [0.5, 0.5]]
    table = surveillance_value(
        watched(), garblings={"clear": 0, "blind": blind}, cooperate="C, C", punish="D, D"
    )
    assert table.loc["blind", "trigger"] == 0.0
    assert table.loc["blind", "strongly symmetric"] == pytest.approx(0.0, abs=1e-12)
    for bad in ({"x": 1.5}, {"x": [[1.0, 0.0]]}):
        with pytest.raises(ArgumentError, match="garblings"):
            surveillance_value(watched(), garblings=bad, cooperate="C, C", punish="D, D")


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_a_garbled_signal_is_never_worth_more(seed):
    rng = np.random.default_rng(seed)
    game = symmetric_game(rng, signals=3)
    channel = rng.dirichlet(np.ones(3), 3)
    noisy = game.replace(monitoring=game.monitoring.garbled(channel))
    clear, dim = strongly_symmetric(game), strongly_symmetric(noisy)
    if not dim.is_empty:
        assert not clear.is_empty
        assert dim.high <= clear.high + 1e-8
        assert dim.low >= clear.low - 1e-8
    d = rng.normal(size=2)
    ends = [limit_payoff_set(g, directions=16).support(d) for g in (noisy, game)]
    assert ends[0] <= ends[1] + 1e-3  # sampled directions leave both a little too large


# --- strongly symmetric equilibria


@settings(max_examples=15, deadline=None)
@given(
    u=st.floats(1, 5), gain=st.floats(0.2, 2), p=st.floats(0.7, 0.99), q=st.floats(0.1, 0.6),
    delta=st.floats(0.1, 0.98),
)  # fmt: skip
def test_the_best_symmetric_equilibrium_of_the_dilemma_is_the_closed_form(u, gain, p, q, delta):
    """THEORY II.7, express and solve: the value and the least discount factor."""
    value, least = u - gain * (1 - p) / (p - q), gain / (p * gain + (p - q) * u)
    stage = NormalForm.bimatrix([[u, -5.0], [u + gain, 0]], [[u, u + gain], [-5.0, 0]])
    found = strongly_symmetric(RepeatedGame(stage, delta, two_signals(p, q, 0.05)))
    if abs(delta - least) < 1e-6:
        return
    sustained = value > 0 and delta > least
    assert found.high == pytest.approx(value if sustained else 0.0, abs=1e-8)
    assert found.low == pytest.approx(0.0, abs=1e-8)
    assert found.certificate.holds


def test_cooperation_is_sustained_from_the_least_discount_factor_on():
    """d / (p d + (p - q) u) = 1 / 1.7 at (2, 1, .9, .5); the set is closed: at it too."""
    least = 1 / 1.7
    found = symmetric_critical_discount(dilemma(), action="C", monitoring=two_signals())
    assert found == pytest.approx(least, abs=1e-9)
    assert strongly_symmetric(watched(delta=least)).high == pytest.approx(1.75, abs=1e-9)
    assert strongly_symmetric(watched(delta=least - 1e-6)).high == pytest.approx(0, abs=1e-9)
    assert symmetric_critical_discount(dilemma(), action="D") == 0.0
    never = symmetric_critical_discount(dilemma(), action="C", monitoring=two_signals(0.5, 0.45))
    assert np.isnan(never)


def test_where_actions_are_seen_a_stick_and_a_carrot_are_enough():
    """THEORY G3's duopoly: punishing by (H, H) pays 0 and needs 15 (1 - d) <= 10 d."""
    u = np.array([[10, 3, 0], [15, 7, -4], [7, 5, -15]])
    stage = NormalForm.bimatrix(u, u.T, actions=[["L", "M", "H"]] * 2)
    assert symmetric_critical_discount(stage, action="L") == pytest.approx(0.6, abs=1e-9)
    found = strongly_symmetric(RepeatedGame(stage, 0.7))
    assert (found.low, found.high) == pytest.approx((0.0, 10.0), abs=1e-9)
    assert (found.worst_action, found.best_action) == ("H", "L")
    assert strongly_symmetric(RepeatedGame(stage, 0.0)).sustained == ("M",)


def by_iteration(game, steps=4000):
    """The interval by applying the operator again and again to values w(y) themselves."""
    u, law, d = game.stage.payoffs[0], game.monitoring.probability, game.discount
    low, high = u.min(), u.max()
    for _ in range(steps):
        ends = []
        for sign in (-1.0, 1.0):
            for a in range(len(u)):
                others = [b for b in range(len(u)) if b != a]
                rows = np.array([d * (law[b, a] - law[a, a]) for b in others])
                right = [(1 - d) * (u[a, a] - u[b, a]) for b in others]
                found = linprog(sign * law[a, a], rows, right, bounds=(low, high))
                if found.status == 0:
                    ends.append((1 - d) * u[a, a] + d * sign * found.fun)
        if not ends:
            return None
        moved = max(high - max(ends), min(ends) - low)
        low, high = min(ends), max(ends)
        if moved < 1e-10:
            break
    return low, high


@pytest.mark.parametrize("seed", range(6))
def test_the_interval_is_the_limit_of_the_operator(seed):
    rng = np.random.default_rng(seed)
    game = symmetric_game(rng, m=3, signals=3, delta=0.5)
    found, limit = strongly_symmetric(game), by_iteration(game)
    if limit is None:
        assert found.is_empty
        assert found.status is Status.NO_EQUILIBRIUM
    else:
        assert (found.low, found.high) == pytest.approx(limit, abs=1e-6)
        assert found.certificate.holds


def test_scaled_payoffs_scale_the_interval():
    for scale, shift in ((1e9, -3e9), (1e-9, 7e-9)):
        stage = NormalForm(dilemma().payoffs * scale + shift)
        found = strongly_symmetric(RepeatedGame(stage, 0.9, two_signals()))
        assert (found.high - shift) / scale == pytest.approx(1.75, abs=1e-7)
        assert found.certificate.holds


def test_a_game_that_is_not_symmetric_is_refused_by_name():
    stage = NormalForm.bimatrix([[2, -1], [3, 0]], [[2, 3], [-1, 1]], actions=[NAMES, NAMES])
    with pytest.raises(ArgumentError, match=r"payoffs at \(D, D\)"):
        strongly_symmetric(RepeatedGame(stage, 0.9))
    game = RepeatedGame(dilemma(), 0.9, PublicSignals(NAMING))
    assert not is_symmetric(game)
    with pytest.raises(ArgumentError, match="signals at"):
        strongly_symmetric(game)
    table = surveillance_value(game, garblings=[0.0], cooperate="C, C", punish="D, D")
    assert np.isnan(table["strongly symmetric"].iloc[0])


# --- limit sets


def test_the_inefficiency_of_unknown_deviators_does_not_vanish():
    """The best symmetric payoff stays u - d (1-p) / (p-q) as delta goes to 1 (G5, G6)."""
    for u, gain, p, q in ((2.0, 1.0, 0.9, 0.5), (3.0, 0.5, 0.8, 0.6)):
        found = limit_payoff_set(watched(u, gain, p, q))
        value = u - gain * (1 - p) / (p - q)
        assert found.support([0.5, 0.5]) == pytest.approx(value, abs=1e-8)
        assert strongly_symmetric(watched(u, gain, p, q)).high == pytest.approx(value, abs=1e-8)
        assert found.full_dimensional
        assert found.status is Status.OK
        assert found.certificate < 1e-8


def test_signals_that_name_the_deviator_restore_efficiency():
    found = limit_payoff_set(RepeatedGame(dilemma(), 0.9, PublicSignals(NAMING)))
    folk = limit_payoff_set(RepeatedGame(dilemma(), 0.9))
    assert found.support([0.5, 0.5]) == pytest.approx(2.0, abs=1e-8)
    for angle in np.linspace(0, 2 * np.pi, 17):
        d = [np.cos(angle), np.sin(angle)]
        assert found.support(d) == pytest.approx(folk.support(d), abs=1e-6)


def test_with_perfect_monitoring_payoffs_are_feasible_and_above_minmax():
    found = limit_payoff_set(RepeatedGame(dilemma(), 0.9))
    expected = [[0, 0], [0, 8 / 3], [2, 2], [8 / 3, 0]]
    assert sorted(found.vertices.round(9).tolist()) == pytest.approx(np.array(expected), abs=1e-8)
    assert found.exact


@pytest.mark.parametrize("seed", range(3))
def test_signals_that_show_the_profile_give_the_folk_theorem(seed):
    rng = np.random.default_rng(seed)
    stage = NormalForm(rng.integers(-4, 5, (2, 2, 3)).astype(float))
    shown = PublicSignals(np.eye(6).reshape(2, 3, 6))
    by_scores = limit_payoff_set(RepeatedGame(stage, 0.5, shown))
    folk = limit_payoff_set(RepeatedGame(stage, 0.5))
    if folk.full_dimensional:
        for angle in np.linspace(0, 2 * np.pi, 13):
            d = [np.cos(angle), np.sin(angle)]
            assert by_scores.support(d) == pytest.approx(folk.support(d), abs=1e-5)


def test_swapped_players_and_other_units_change_nothing_else():
    stage = NormalForm.bimatrix([[3, -2], [4, 0.5]], [[5, 7], [-3, 0]])
    law = np.array([[[0.8, 0.2], [0.3, 0.7]], [[0.4, 0.6], [0.2, 0.8]]])
    one = limit_payoff_set(RepeatedGame(stage, 0.5, PublicSignals(law)))
    scale, shift = np.array([1e6, 1e-3]), np.array([5e6, -1.0])
    moved = NormalForm(stage.payoffs * scale[:, None, None] + shift[:, None, None])
    other = limit_payoff_set(RepeatedGame(moved, 0.5, PublicSignals(law)))
    back = (other.vertices - shift) / scale
    swapped = NormalForm(stage.payoffs[::-1].transpose(0, 2, 1))
    turned = limit_payoff_set(
        RepeatedGame(swapped, 0.5, PublicSignals(law.transpose(1, 0, 2)))
    ).vertices[:, ::-1]
    for angle in np.linspace(0, 2 * np.pi, 13):
        d = np.array([np.cos(angle), np.sin(angle)])
        here = one.support(d)
        assert (back @ d).max() == pytest.approx(here, abs=1e-5)
        assert (turned @ d).max() == pytest.approx(here, abs=1e-5)


def test_three_players_have_a_limit_set_too():
    """A public-good dilemma of three: the sum falls short where signals only count deviators."""
    count = np.indices((2, 2, 2)).sum(axis=0)  # deviators
    u = np.stack([1.5 * (3 - count) - (np.indices((2, 2, 2))[i] == 0) * 2.0 for i in range(3)])
    p = np.array([0.9, 0.5, 0.3, 0.1])[count]
    game = RepeatedGame(NormalForm(u), 0.9, PublicSignals(np.stack([p, 1 - p], axis=-1)))
    found = limit_payoff_set(game, directions=8, most_directions=60)
    assert found.support([1 / 3] * 3) == pytest.approx(2.5 - 0.5 * 0.1 / 0.4, abs=1e-7)
    assert limit_payoff_set(RepeatedGame(game.stage, 0.9)).support([1 / 3] * 3) == pytest.approx(
        2.5
    )


def test_a_profile_that_nothing_can_enforce_leaves_no_payoffs():
    """Matching pennies under signals that show nothing: no pure public equilibrium at all."""
    pennies = NormalForm.bimatrix([[1, -1], [-1, 1]])
    found = limit_payoff_set(RepeatedGame(pennies, 0.9, PublicSignals(np.ones((2, 2, 1)))))
    assert found.is_empty
    assert found.support([1, 0]) == -np.inf
    assert "no pure public equilibrium" in repr(found)


def test_a_repeated_game_is_refused_where_a_stage_game_is_wanted():
    with pytest.raises(ArgumentError, match="NormalForm"):
        symmetric_critical_discount(RepeatedGame(dilemma(), 0.5), action="C")
