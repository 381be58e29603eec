"""Automata: their payoffs, their equilibrium check, their play, in fractions where they can be."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceasefire.errors import ArgumentError
from ceasefire.games import Automaton, NormalForm, PublicSignals, RepeatedGame
from ceasefire.solvers import automaton_value, check_automaton, critical_discount, simulate
from ceasefire.status import Status

F = Fraction
CD = [["C", "D"]] * 2


def prisoners(T=5, R=3, P=1, S=0):
    return NormalForm.bimatrix([[R, S], [T, P]], [[R, T], [S, P]], actions=CD)


PD = prisoners()
GRIM = Automaton.grim(PD, ("C", "C"), ("D", "D"))


def noisy(stage, quiet=0.9, otherwise=0.5):
    def law(a, b):
        p = quiet if a == b == "C" else otherwise
        return {"good": p, "bad": 1 - p}

    return PublicSignals.from_rule(stage, law)


def trigger(stage, watch, days):
    """Green and Porter's: after bad news so many days of D, then C again."""
    states = {"calm": {"play": "C, C", "next": {"good": "calm", "bad": "war 1"}}}
    for d in range(1, days + 1):
        after = "calm" if d == days else f"war {d + 1}"
        states[f"war {d}"] = {"play": "D, D", "next": after}
    return Automaton.from_dict(stage, states, monitoring=watch)


def test_tit_for_tat_alternates_after_a_deviation_and_is_paid_in_fractions():
    # C D, D C, C D, ...: (1 - d) (0 + 5 d + 0 + ...) = 5 d / (1 + d)
    tit = Automaton.tit_for_tat(PD, ("C", "D"))
    delta = F(2, 3)
    value = automaton_value(RepeatedGame(PD, delta), tit)
    assert value.exact
    assert value.residual == 0
    assert list(value.payoffs) == [5 * delta / (1 + delta), 5 / (1 + delta)]


def test_tit_for_tat_is_no_subgame_perfect_equilibrium_though_nash_on_its_path():
    found = check_automaton(RepeatedGame(PD, F(9, 10)), Automaton.tit_for_tat(PD, ("C", "C")))
    assert not found.is_equilibrium
    assert found.status is Status.EXPLOITABLE
    assert (found.worst.state, found.worst.action) == ("D D", "C")
    keep = found.automaton.states.index("C C")
    assert all(gain[keep].max() <= 0 for gain in found.gains)


@pytest.mark.parametrize(
    ("delta", "good"),
    [(F(1, 2), True), (F(1, 2) - F(1, 10**15), False), (0.5, True), (0.4999, False)],
)
def test_the_equilibrium_exists_at_the_threshold_and_not_just_below(delta, good):  # THEORY G1
    found = check_automaton(RepeatedGame(PD, delta), GRIM)
    assert found.is_equilibrium is good
    assert found.exact is (delta != 0.4999)  # a float far from any short fraction stays one
    if not good:
        assert (found.worst.state, found.worst.player, found.worst.action) == ("keep", "1", "D")
        assert found.max_gain == pytest.approx(
            2 - 4 * F(delta), abs=1e-15
        )  # (1 - d)(5 - 3) - d (3 - 1)


def test_a_threshold_that_floats_miss_by_rounding_still_counts():
    stage = prisoners(10, 9, 3)
    grim = Automaton.grim(stage, (0, 0), (1, 1))
    assert check_automaton(RepeatedGame(stage, F(1, 7)), grim).exact
    found = check_automaton(RepeatedGame(stage, 1 / 7), grim)
    assert not found.exact
    assert found.is_equilibrium
    assert not check_automaton(RepeatedGame(stage, 1 / 7 - 1e-7), grim).is_equilibrium


@pytest.mark.parametrize("delta", [0, 0.0, 0.999, 1 - 1e-12])
def test_the_ends_of_patience_are_judged_right(delta):
    assert check_automaton(RepeatedGame(PD, delta), GRIM).is_equilibrium is (delta > 0.5)
    bully = Automaton.grim(PD, ("C", "D"), ("D", "D"))  # 0 < 1 for the first, who is better off
    assert not check_automaton(RepeatedGame(PD, delta), bully).is_equilibrium


@pytest.mark.parametrize("scale", [1e9, 1e-12], ids=str)
@pytest.mark.parametrize("shift", [0, 1e6], ids=str)
def test_the_verdict_does_not_depend_on_the_unit_of_utility(scale, shift):
    moved = NormalForm(PD.payoffs * scale + shift * scale, actions=CD)
    for delta, good in ((0.5001, True), (0.4999, False)):
        automaton = Automaton.grim(moved, ("C", "C"), ("D", "D"))
        assert check_automaton(RepeatedGame(moved, delta), automaton).is_equilibrium is good
        blurred = automaton.trembling(1e-6)  # a linear system in floats
        value = automaton_value(RepeatedGame(moved, delta), blurred)
        assert value.payoffs / scale - shift == pytest.approx(
            [3, 3], abs=1e-4 * max(1, shift / 1e3)
        )


def test_players_may_discount_apart():
    for deltas, good in (((F(1, 2), F(3, 4)), True), ((F(2, 5), F(3, 4)), False)):
        found = check_automaton(RepeatedGame(PD, deltas), GRIM)
        assert found.is_equilibrium is good
    assert found.worst.player == "1"


def test_an_n_day_punishment_passes_where_its_polynomial_says():  # THEORY G1
    for days, delta in ((2, 0.618033989), (3, 0.543689013)):
        automaton = Automaton.n_day_punishment(PD, ("C", "C"), ("D", "D"), days)
        assert automaton.n_states == days + 1
        assert check_automaton(RepeatedGame(PD, delta + 1e-8), automaton).is_equilibrium
        assert not check_automaton(RepeatedGame(PD, delta - 1e-8), automaton).is_equilibrium
    one = Automaton.n_day_punishment(PD, ("C", "C"), ("D", "D"), 1)
    assert not check_automaton(RepeatedGame(PD, 1 - 1e-6), one).is_equilibrium


def test_a_restarted_punishment_begins_anew_after_each_deviation():
    automaton = Automaton.n_day_punishment(PD, ("C", "C"), ("D", "D"), 3, restart=True)
    second = automaton.states.index("punish 2")
    assert automaton.states[automaton.transition[second, 0, 1]] == "punish 1"
    assert automaton.states[automaton.transition[second, 1, 1]] == "punish 3"


def test_a_staged_release_pays_what_its_days_pay():
    plan = [("C", "D"), ("D", "C"), ("C", "C")]
    automaton = Automaton.staged_release(PD, plan, ("D", "D"))
    delta = F(9, 10)
    value = automaton_value(RepeatedGame(PD, delta), automaton)
    assert value.payoffs[0] == (1 - delta) * (0 + delta * 5) + delta**2 * 3
    assert check_automaton(RepeatedGame(PD, delta), automaton).is_equilibrium
    assert check_automaton(RepeatedGame(PD, F(1, 2)), automaton).max_gain == 0
    early = check_automaton(RepeatedGame(PD, F(49, 100)), automaton)
    assert not early.is_equilibrium
    assert early.worst.state == "day 3"


def test_player_specific_reversion_punishes_who_deviated():
    chicken = NormalForm.bimatrix([[6, 2], [7, 0]], [[6, 7], [2, 0]], players=["row", "column"])
    automaton = Automaton.grim(chicken, (0, 0), {"row": (0, 1), "column": (1, 0)})
    assert automaton.states == ("keep", "punish row", "punish column")
    assert check_automaton(RepeatedGame(chicken, F(1, 5)), automaton).is_equilibrium
    assert not check_automaton(RepeatedGame(chicken, F(1, 6)), automaton).is_equilibrium


def test_machines_joined_are_the_joint_automaton():
    tit = {
        "nice": {"play": "C", "next": {"C, D": "cross", "D, D": "cross", "else": "nice"}},
        "cross": {"play": "D", "next": {"C, C": "nice", "D, C": "nice", "else": "cross"}},
    }
    tat = {
        "nice": {"play": "C", "next": {"D, C": "cross", "D, D": "cross", "else": "nice"}},
        "cross": {"play": "D", "next": {"C, C": "nice", "C, D": "nice", "else": "cross"}},
    }
    joined = Automaton.from_machines(PD, [tit, tat])
    both = Automaton.tit_for_tat(PD, ("C", "C"))
    r = RepeatedGame(PD, F(3, 4))
    assert joined.n_states == 4
    assert sorted(map(tuple, automaton_value(r, joined).values)) == sorted(
        map(tuple, automaton_value(r, both).values)
    )


def test_states_that_no_history_reaches_do_not_count():
    states = {
        "war": {"play": "D, D", "next": "war"},
        "folly": {"play": "C, C", "next": "folly"},
    }
    found = check_automaton(RepeatedGame(PD, F(1, 2)), Automaton.from_dict(PD, states))
    assert found.is_equilibrium
    assert found.gains[0][1].max() > 0


def test_mixed_plays_are_solved_in_fractions_and_in_floats_alike():
    pennies = NormalForm.bimatrix([[1, -1], [-1, 1]])
    half = [F(1, 2), F(1, 2)]
    automaton = Automaton(pennies, [[half, half]], np.zeros((1, 2, 2), dtype=int))
    found = check_automaton(RepeatedGame(pennies, F(2, 3)), automaton)
    assert found.exact
    assert found.is_equilibrium
    assert found.max_gain == 0
    tit = Automaton.tit_for_tat(PD, ("C", "C")).trembling(F(1, 10))
    exact = automaton_value(RepeatedGame(PD, F(3, 5)), tit)
    floats = automaton_value(RepeatedGame(PD, F(3, 5)), tit, exact=False)
    assert exact.exact
    assert not floats.exact
    assert floats.values == pytest.approx(exact.values.astype(float), rel=1e-14)


def test_long_automata_are_solved_sparsely():
    states = 5000
    play = [(k % 2, k % 3 == 0) for k in range(states)]
    after = (np.arange(states) * 7 + 1) % states
    table = np.broadcast_to(after[:, None, None], (states, 2, 2))
    automaton = Automaton(PD, [tuple(map(int, p)) for p in play], table)
    value = automaton_value(RepeatedGame(PD, 0.99), automaton)
    assert value.method == "linear system"
    assert value.residual < 1e-12
    follow, total, s = 0.0, 0.0, 0
    for t in range(4000):
        follow = 0.01 * 0.99**t
        total += follow * PD.payoffs[0][tuple(map(int, play[s]))]
        s = int(after[s])
    assert float(value.payoffs[0]) == pytest.approx(total, abs=1e-12)


def test_a_trigger_regime_under_noise_is_a_public_equilibrium_where_theory_says():
    # THEORY G5, Green and Porter: V = (1-d) u / (1 - d p - (1-p) d^(T+1)), and the incentive
    # d (p - q)(1 - d^T) V >= (1 - d) gain. Here payoffs less 1: u = 2, gain 2 from (5, 3, 1).
    delta, p, q, days = 0.95, 0.9, 0.4, 5
    watch = noisy(PD, p, q)
    r = RepeatedGame(PD, delta, watch)
    automaton = trigger(PD, watch, days)
    V = (1 - delta) * 2 / (1 - delta * p - (1 - p) * delta ** (days + 1))
    slack = delta * (p - q) * (1 - delta**days) * V - (1 - delta) * 2
    found = check_automaton(r, automaton)
    assert found.concept == "perfect public equilibrium"
    assert found.value.payoffs == pytest.approx([1 + V, 1 + V], abs=1e-12)
    assert found.gains[0][0, 1] == pytest.approx(-slack, abs=1e-12)
    assert found.is_equilibrium is (slack >= 0)
    short = check_automaton(r, trigger(PD, watch, 1))
    assert not short.is_equilibrium
    assert short.worst.state == "calm"


def test_green_and_porters_values_are_those_of_the_theory():  # THEORY G5
    for (u, gain, p, q, delta, days), value in (
        ((2, 1, 0.9, 0.5, 0.95, 5), 1.39878117),
        ((2, 1, 0.9, 0.5, 0.9, 3), 1.60784629),
        ((4, 1, 0.8, 0.5, 0.95, 10), 1.58428414),
    ):
        stage = prisoners(u + gain, u, 0, -gain)
        watch = noisy(stage, p, q)
        found = check_automaton(RepeatedGame(stage, delta, watch), trigger(stage, watch, days))
        assert found.value.payoffs[0] == pytest.approx(value, abs=5e-9)
    first = noisy(prisoners(3, 2, 0, -1), 0.9, 0.5)
    stage = prisoners(3, 2, 0, -1)
    watched = RepeatedGame(stage, 0.95, first)
    checks = (check_automaton(watched, trigger(stage, first, T)) for T in range(1, 9))
    least = next(T for T, found in enumerate(checks, 1) if found.is_equilibrium)
    assert least == 2
    five = check_automaton(watched, trigger(stage, first, 5))
    assert five.gains[0][0, 1] == pytest.approx(-0.07024377, abs=5e-9)


def test_simulated_play_is_paid_what_the_linear_system_says():
    delta = 0.8
    tit = Automaton.tit_for_tat(PD, ("C", "C"))
    r = RepeatedGame(PD, delta)
    played = simulate(r, tit, days=80, paths=2000, tremble=0.1, rng=np.random.default_rng(7))
    expected = automaton_value(r, tit.trembling(0.1)).payoffs
    assert np.all(np.abs(played.mean - expected) < 4 * played.standard_error)
    watch = noisy(PD)
    noisy_game = RepeatedGame(PD, delta, watch)
    automaton = trigger(PD, watch, 2)
    seen = simulate(noisy_game, automaton, days=80, paths=2000, rng=np.random.default_rng(8))
    expected = automaton_value(noisy_game, automaton).payoffs
    assert np.all(np.abs(seen.mean - expected) < 4 * seen.standard_error)
    blurred = simulate(
        noisy_game, automaton, days=80, paths=2000, tremble=0.2, rng=np.random.default_rng(9)
    )
    expected = automaton_value(noisy_game, automaton.trembling(0.2)).payoffs
    assert np.all(np.abs(blurred.mean - expected) < 4 * blurred.standard_error)
    assert seen.signals is not None
    assert set(seen.frame()["signal"]) <= {"good", "bad"}


def test_mixed_and_pure_plays_are_checked_alike_in_the_limit():
    watch = noisy(PD, 0.9, 0.4)
    r = RepeatedGame(PD, 0.95, watch)
    automaton = trigger(PD, watch, 5)
    pure, mixed = check_automaton(r, automaton), check_automaton(r, automaton.trembling(1e-9))
    for one, two in zip(pure.gains, mixed.gains, strict=True):
        assert one == pytest.approx(two, abs=1e-7)


def test_three_players_with_signals_are_paid_by_the_same_law():
    table = np.random.default_rng(2).integers(0, 5, (3, 2, 2, 2))
    stage = NormalForm(table)
    watch = PublicSignals(np.random.default_rng(3).dirichlet([1, 1, 1], (2, 2, 2)))
    automaton = Automaton(
        stage, [(0, 1, 0), (1, [0.3, 0.7], 1)], [[0, 1, 1], [1, 0, 1]], monitoring=watch
    )
    r = RepeatedGame(stage, [0.5, 0.7, 0.9], watch)
    value = automaton_value(r, automaton)
    assert value.residual < 1e-12
    played = simulate(r, automaton, days=150, paths=2000, rng=np.random.default_rng(4))
    assert np.all(np.abs(played.mean - value.payoffs) < 4 * played.standard_error)


def test_simulation_repeats_itself_from_the_same_seed_and_follows_the_automaton():
    r = RepeatedGame(PD, 0.9)
    tit = Automaton.tit_for_tat(PD, ("C", "C"))
    one, two = (
        simulate(r, tit, days=30, paths=3, tremble=0.2, rng=np.random.default_rng(1))
        for _ in range(2)
    )
    assert np.array_equal(one.actions, two.actions)
    later = tit.transition[(one.states, *np.moveaxis(one.actions, -1, 0))]
    assert np.array_equal(later[:, :-1], one.states[:, 1:])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-9, 9), min_size=8, max_size=8), st.integers(1, 9))
def test_grim_passes_at_its_critical_discount_factor_and_fails_just_below(cells, tenth):
    stage = NormalForm(np.array(cells).reshape(2, 2, 2))
    found = critical_discount(stage, (0, 0))
    if not found.attainable or found.certificate is None:
        return
    assert found.certificate.passed, found.certificate
    automaton = found.certificate.check.automaton
    above = found.value + (1 - found.value) * F(tenth, 10)
    if above < 1:
        assert check_automaton(RepeatedGame(stage, above), automaton, exact=True).is_equilibrium
    if found.value > 0:
        below = found.value * (1 - F(1, 10**6))
        found_below = check_automaton(RepeatedGame(stage, below), automaton, exact=True)
        assert not found_below.is_equilibrium
        assert found_below.worst.player in found.binding


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: Automaton(PD, [("C", "E")], np.zeros((1, 2, 2), int)), "state '1', player '2'"),
        (lambda: Automaton(PD, [([0.5, 0.6], 0)], np.zeros((1, 2, 2), int)), "add up to 1"),
        (
            lambda: Automaton(PD, [(0, 0)], np.full((1, 2, 2), 4), states=["calm"]),
            "from state 'calm' after C, C",
        ),
        (lambda: Automaton(PD, [(0, 0)], np.zeros((1, 2), int)), "transition"),
        (lambda: Automaton(PD, [], np.zeros((0, 2, 2), int)), "at least one state"),
        (lambda: Automaton(PD, [(0, 0)] * 2, np.zeros((2, 2, 2), int), states="aa"), "states"),
        (lambda: Automaton.n_day_punishment(PD, (0, 0), (1, 1), 0), "days"),
        (lambda: Automaton.grim(PD, (0, 0), {"1": (1, 1)}), "one a player"),
        (lambda: Automaton.staged_release(PD, [], (1, 1)), "schedule"),
        (
            lambda: Automaton.from_dict(PD, {"a": {"play": "C, C", "next": {"kept": "b"}}}),
            "state 'a', next: got 'b'",
        ),
        (
            lambda: Automaton.from_dict(PD, {"a": {"play": "C, C", "next": {"kept": "a"}}}),
            "a state after C, D",
        ),
        (lambda: Automaton.from_dict(PD, {"a": {"play": "C, C"}}), "play and next"),
        (
            lambda: Automaton.from_dict(
                PD, {"a": {"play": "C, C", "next": {"good": "a"}}}, monitoring=noisy(PD)
            ),
            "signal 'bad'",
        ),
        (lambda: Automaton.from_machines(PD, [{}]), "one a player"),
        (lambda: check_automaton(RepeatedGame(prisoners(6, 4, 2), 0.5), 3), "an Automaton"),
        (lambda: check_automaton(RepeatedGame(PD, 0.5, noisy(PD)), GRIM), "what the game shows"),
        (lambda: GRIM.trembling(1.5), "probability"),
        (
            lambda: simulate(RepeatedGame(PD, 0.5), GRIM, days=0, rng=np.random.default_rng()),
            "days",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(build, says):
    with pytest.raises(ArgumentError, match=says.replace("(", r"\(")):
        build()


def test_an_automaton_of_another_game_is_refused_in_a_few_words():
    big = NormalForm(np.zeros((2, 3, 3)), players=["a", "b"])
    stage = NormalForm(np.zeros((2, 2, 2)))
    grim = Automaton.grim(big, (0, 0), (1, 1))
    with pytest.raises(ArgumentError, match=r"an automaton of 2 players \(a: 1, 2, 3") as raised:
        check_automaton(RepeatedGame(stage, 0.5), grim)
    assert "\n" not in str(raised.value)
    assert "one of 2 players (1: 1, 2; 2: 1, 2)" in str(raised.value)
