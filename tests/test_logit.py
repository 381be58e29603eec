"""Logit equilibria: published numbers, invariance, and the equilibrium that a path ends at."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import root
from test_trees import centipede, truce

from ceasefire.errors import ArgumentError
from ceasefire.games import Chance, Decision, End, ExtensiveForm, NormalForm, catalog
from ceasefire.solvers import certify, logit, logit_fit, logit_path, nash, one_nash, trace
from ceasefire.solvers._logit_table import TableCurve
from ceasefire.solvers._logit_tree import TreeCurve
from ceasefire.status import Status


def pennies(x):
    return NormalForm.bimatrix([[x, 0], [0, 1]], [[0, 1], [1, 0]])


def travelers(low, high, reward):
    claims = np.arange(low, high + 1)
    smaller = np.minimum.outer(claims, claims)
    row = smaller + reward * np.sign(np.subtract.outer(-claims, -claims))
    return NormalForm.bimatrix(row, row.T), claims


@pytest.mark.parametrize(
    ("x", "precision", "up", "left"),
    [
        (9, 0.5, 0.83067059, 0.41807747),
        (9, 1.0, 0.89357633, 0.31278038),
        (4, 1.0, 0.72193715, 0.39081819),
    ],
)
def test_asymmetric_matching_pennies_has_its_published_logit_equilibria(x, precision, up, left):
    """THEORY J1 (McKelvey and Palfrey 1995)."""
    found = logit(pennies(x), precision=precision)
    assert found.strategies[0][0] == pytest.approx(up, abs=5e-9)
    assert found.strategies[1][0] == pytest.approx(left, abs=5e-9)
    assert found.residual < 1e-10


@pytest.mark.parametrize(
    ("low", "high", "reward", "precision", "mean"),
    [
        (2, 100, 2, 0.5, 95.11444124),
        (80, 200, 10, 0.125, 175.14211213),
        (80, 200, 50, 0.125, 92.22519873),
    ],
)
def test_the_travelers_dilemma_has_its_published_mean_claims(low, high, reward, precision, mean):
    """THEORY J3 (Basu 1994; Capra et al. 1999)."""
    game, claims = travelers(low, high, reward)
    found = logit(game, precision=precision)
    for s in found.strategies:
        assert s @ claims == pytest.approx(mean, abs=5e-8)


def test_precision_zero_mixes_equally_and_high_precision_nears_nash():
    assert np.allclose(np.concatenate(logit(pennies(9), precision=0.0).strategies), 0.5)
    near = logit(pennies(9), precision=2000.0)
    assert near.strategies[1][0] == pytest.approx(1 / 10, abs=1e-4)
    assert near.status is Status.OK


@pytest.mark.parametrize(("scale", "shift"), [(1e9, 0.0), (1e-9, 0.0), (1.0, 1e6)], ids=str)
def test_precision_times_utility_is_what_counts(scale, shift):
    A, B = np.array([[9.0, 0], [0, 1]]), np.array([[0.0, 1], [1, 0]])
    base = logit(pennies(9), precision=1.0)
    moved = NormalForm.bimatrix(scale * A + shift, scale * B + shift)
    found = logit(moved, precision=1.0 / scale)
    assert np.allclose(found.strategies[0], base.strategies[0], atol=1e-9)


def test_the_path_starts_at_equal_mixing_and_satisfies_the_equations_all_along():
    path = logit_path(pennies(9), precision=20.0)
    assert path.precision[0] == 0.0
    assert path.precision[-1] == pytest.approx(20.0)
    assert np.allclose(path.strategies[0], 0.5)
    for precision, x in zip(path.precision, path.strategies, strict=True):
        odds = np.log(x[0] / x[1])
        assert odds == pytest.approx(precision * (9 * x[2] - x[3]), abs=1e-8)


@pytest.mark.parametrize("scale", [1.0, 10.0, 1e-9, 1e9])
def test_a_symmetric_bifurcation_does_not_stop_the_trace(scale):
    """Fault GB-03: battle of the sexes scaled by 10."""
    A = np.array([[2.0, 0], [0, 1]]) * scale
    B = np.array([[1.0, 0], [0, 2]]) * scale
    found = trace(NormalForm.bimatrix(A, B))
    assert found.status is Status.OK
    assert found.relative_regret < 1e-12


def test_the_trace_ends_at_an_equilibrium_that_the_complete_list_has():
    rng = np.random.default_rng(2)
    for _ in range(20):
        game = NormalForm(rng.normal(size=(2, 3, 4)))
        found = trace(game)
        every = [np.concatenate(e.strategies) for e in nash(game)]
        assert min(np.max(np.abs(np.concatenate(found.strategies) - x)) for x in every) < 1e-8


@pytest.mark.parametrize("shape", [(3, 3, 3), (2, 2, 2, 2), (2,) * 5, (1, 2, 3)], ids=str)
def test_more_than_two_players_have_a_certified_equilibrium(shape):
    """Faults GB-04, GB-21: non-equilibria, and no sign of failure."""
    rng = np.random.default_rng(7)
    for _ in range(5):
        game = NormalForm(rng.normal(size=(len(shape), *shape)))
        for found in (one_nash(game), trace(game)):
            assert found.status is Status.OK
            assert found.relative_regret < 1e-9


def test_three_players_without_a_pure_equilibrium():
    """Each of three wants to differ from the next (Jordan 1993)."""
    table = np.zeros((3, 2, 2, 2))
    for cell in np.ndindex(2, 2, 2):
        a, b, c = cell
        table[(slice(None), *cell)] = [a == b, b == c, c != a]
    game = NormalForm(table)
    assert game.pure_equilibria() == []
    listed = nash(game)
    assert listed.complete
    assert len(listed) == 1
    found = one_nash(game)
    assert found.status is Status.OK
    assert np.allclose(found.behaviour, 0.5)


def test_the_precision_behind_observed_choices_is_recovered():
    truth = logit(pennies(9), precision=0.8)
    counts = [1e6 * s for s in truth.strategies]
    assert logit_fit(pennies(9), counts).precision == pytest.approx(0.8, abs=1e-4)


@pytest.mark.parametrize("precision", [-1.0, float("nan"), float("inf")])
def test_a_bad_precision_is_refused_by_name(precision):
    with pytest.raises(ArgumentError, match="precision"):
        logit(pennies(9), precision=precision)


def test_observed_counts_of_the_wrong_shape_are_refused_by_name():
    with pytest.raises(ArgumentError, match=r"observed\[1\]"):
        logit_fit(pennies(9), [[1, 2], [1, 2, 3]])


def four_moves():
    """The four-move centipede of McKelvey and Palfrey (1998)."""
    taken = [(0.4, 0.1), (0.2, 0.8), (1.6, 0.4), (0.8, 3.2)]

    def moves(node):
        passed = End((6.4, 1.6)) if node == 3 else node + 1
        return Decision(node % 2, {"take": End(taken[node]), "pass": passed})

    return ExtensiveForm.from_rules(0, moves)


@pytest.mark.parametrize(
    ("precision", "take"),
    [
        (0.5, (0.37359423, 0.37557253, 0.38507281, 0.68997448)),
        (1.5, (0.25691185, 0.28719634, 0.62277638, 0.91682730)),
        (3.0, (0.27122543, 0.60157524, 0.90575481, 0.99183743)),
    ],
)
def test_the_four_move_centipede_has_its_published_agent_logit_equilibria(precision, take):
    """THEORY J2 (McKelvey and Palfrey 1998)."""
    found = logit(four_moves(), precision=precision)
    assert [float(s[0]) for s in found.strategies] == pytest.approx(take, abs=5e-9)
    assert found.residual < 1e-10


def three_actions():
    """One player sees a type; three actions each, seen by both but for the type."""
    rng = np.random.default_rng(3)

    def moves(state):
        if state == ():
            return Chance({k: (p, (k,)) for k, p in (("s", 0.3), ("t", 0.7))})
        if len(state) == 5:
            return End(rng.normal(size=2))
        below = {str(k): (*state, k) for k in range(3)}
        mover = len(state) % 2
        return Decision(mover, below, sees=state[1:] if mover == 0 else (state[0], *state[1::2]))

    return ExtensiveForm.from_rules((), moves, players=[0, 1])


@pytest.mark.parametrize("build", [lambda: truce(3), three_actions], ids=["two", "three"])
@pytest.mark.parametrize("fixed", [0, 5, -1])
def test_slopes_of_a_tree_are_the_differences_of_its_equations(build, fixed):
    """Sparse in node payoffs and reaches; here against differences in the log-odds alone."""
    tree = build()
    curve = TreeCurve(tree, float(tree.payoff_range.max()))
    check_slopes(
        curve, np.append(np.random.default_rng(1).normal(size=len(curve.start)), 3.0), fixed
    )


@pytest.mark.parametrize("fixed", [0, 5, -1])
def test_slopes_of_a_table_are_the_differences_of_its_equations(fixed):
    rng = np.random.default_rng(1)
    curve = TableCurve(NormalForm(rng.normal(size=(3, 3, 4, 2))), 2.0)
    check_slopes(curve, np.append(rng.normal(size=len(curve.start)), 3.0), fixed)


def check_slopes(curve, point, fixed):
    n, scale = len(point) - 1, 1.0 + point[-1]

    def equations(at):
        return curve.miss(at) * (1.0 + at[-1]) / scale

    jacobian = np.empty((n, n + 1))
    for k, step in enumerate(1e-5 * np.eye(n + 1)):
        jacobian[:, k] = (equations(point + step) - equations(point - step)) / 2e-5
    slopes = curve.slopes(point, fixed % (n + 1))
    tangent, miss = slopes.tangent(), np.random.default_rng(2).normal(size=n)
    assert tangent[fixed] == pytest.approx(1.0)
    assert jacobian @ tangent == pytest.approx(np.zeros(n), abs=1e-8)
    assert slopes.move(miss)[fixed] == pytest.approx(0.0)
    assert jacobian @ slopes.move(miss) == pytest.approx(miss, abs=1e-7)


def test_the_agent_logit_path_of_the_truce_of_two_types_nears_an_equilibrium():
    tree = truce(4)
    found = logit(tree, precision=2000.0)
    assert found.status is Status.OK
    assert certify(tree, np.concatenate(found.strategies)).relative < 1e-3


def turning():
    """Found among random 3x3 games: its principal branch goes back from 4.12 to 2.98."""
    return NormalForm.bimatrix(
        [[2, -7, -4], [6, 9, -7], [8, -3, -9]], [[-9, 3, 8], [-3, -3, -8], [7, -1, 9]]
    )


def log_odds_missed(game, precision, x):
    """By the definition, from the tables."""
    A, B = game.payoffs
    row, column = x[:3], x[3:]
    gaps = np.log(row) - precision * A @ column, np.log(column) - precision * row @ B
    return max(float(np.ptp(g)) for g in gaps)


def test_the_path_passes_the_turning_points_of_a_branch_and_counts_them():
    path = logit_path(turning(), precision=10.0)
    assert path.turning_points == 2
    assert path.turns == pytest.approx([4.12350, 2.98302], abs=1e-5)
    back = np.flatnonzero(np.diff(path.precision) < 0)
    assert len(back) > 2
    assert np.all(np.diff(back) == 1)
    for precision, x in zip(path.precision, path.strategies, strict=True):
        assert log_odds_missed(turning(), precision, x) < 1e-7
    assert "2 turning points" in repr(path)


def continued(game, target):
    """The branch up to a precision before its first turning point, in small steps, by scipy."""
    A, B = game.payoffs

    def equations(y, precision):
        row, column = (np.exp(z - z.max()) / np.exp(z - z.max()).sum() for z in (y[:3], y[3:]))
        u = np.concatenate([A @ column, row @ B])
        miss = y - precision * (u - np.repeat(u[[0, 3]], 3))
        return miss

    y = np.zeros(6)
    for precision in np.linspace(0.0, target, 200):
        y = root(equations, y, args=(precision,), tol=1e-13).x
    return [np.exp(z - z.max()) / np.exp(z - z.max()).sum() for z in (y[:3], y[3:])]


@pytest.mark.parametrize("precision", [2.9, 3.5, 4.1])
def test_where_the_branch_turns_the_point_met_first_is_given(precision):
    found = logit(turning(), precision=precision)
    assert found.status is Status.OK
    assert np.concatenate(found.strategies) == pytest.approx(
        np.concatenate(continued(turning(), precision)), abs=1e-8
    )


def test_beyond_the_turning_point_the_branch_goes_on():
    found = logit(turning(), precision=4.2)
    x = np.concatenate(found.strategies)
    assert log_odds_missed(turning(), 4.2, x) < 1e-9
    before = np.concatenate(logit(turning(), precision=4.1).strategies)
    assert np.max(np.abs(x - before)) > 0.1


def test_choices_behind_a_turning_point_are_fitted_where_they_were_made():
    path = logit_path(turning(), precision=10.0)
    k = int(np.flatnonzero(np.diff(path.precision) < 0)[2])
    x, precision = path.strategies[k], path.precision[k]
    fit = logit_fit(turning(), [1000 * x[:3], 1000 * x[3:]])
    assert fit.interior
    assert fit.precision == pytest.approx(precision, abs=1e-6)
    assert np.concatenate(fit.strategies) == pytest.approx(x, abs=1e-6)
    first = np.concatenate(logit(turning(), precision=precision).strategies)
    assert np.max(np.abs(first - x)) > 0.01
    assert fit.log_likelihood == pytest.approx(1000 * x @ np.log(x))
    assert np.max(fit.maxima[:, 1]) == pytest.approx(fit.log_likelihood)


def test_choices_in_a_tree_are_fitted_and_the_error_is_the_curvature_of_the_likelihood():
    tree = truce(3)
    truth = logit(tree, precision=0.8)
    counts = [100 * (1 + h) * s for h, s in enumerate(truth.strategies)]
    fit = logit_fit(tree, counts)
    assert fit.precision == pytest.approx(0.8, abs=1e-7)
    assert fit.observations == pytest.approx(sum(c.sum() for c in counts))

    def likelihood(precision):
        x = np.concatenate(logit(tree, precision=precision).strategies)
        return float(np.concatenate(counts) @ np.log(x))

    h = 1e-3
    curvature = (likelihood(0.8 + h) - 2 * likelihood(0.8) + likelihood(0.8 - h)) / h**2
    assert fit.standard_error == pytest.approx((-curvature) ** -0.5, rel=1e-4)
    assert "standard error" in repr(fit)


def test_a_fit_lists_the_local_maxima_of_the_likelihood_and_no_others():
    """Counts far from the branch: it passes them close at 0.13, and again, less so, at 6.5."""
    counts = np.array([60, 40, 30, 70])
    fit = logit_fit(pennies(9), [counts[:2], counts[2:]])
    assert fit.maxima[:, 0] == pytest.approx([0.1296257, 6.511844], abs=1e-6)
    for precision, best in fit.maxima:
        for near in (0.99 * precision, 1.01 * precision):
            x = np.concatenate(logit(pennies(9), precision=near).strategies)
            assert counts @ np.log(x) < best


def test_a_fit_at_an_end_of_the_search_says_so():
    equal = logit_fit(pennies(9), [[1, 1], [1, 1]])
    assert (equal.precision, equal.interior) == (0.0, False)
    assert np.isnan(equal.standard_error)
    game = NormalForm.bimatrix([[1, 1], [0, 0]], [[1, 0], [1, 0]])
    sharp = logit_fit(game, [[9, 0], [9, 0]], highest=20.0)
    assert not sharp.interior
    assert sharp.precision == pytest.approx(20.0)


@pytest.mark.parametrize(
    ("counts", "says"),
    [([[1, 2]], "1 arrays"), ([[0, 0], [0, 0]], "no choice"), ([[-1, 1], [1, 1]], "negative")],
    ids=["few", "none", "negative"],
)
def test_counts_that_are_no_counts_are_refused(counts, says):
    with pytest.raises(ArgumentError, match=says):
        logit_fit(pennies(9), counts)
    with pytest.raises(ArgumentError, match="NormalForm"):
        logit_fit(counts, counts)


@pytest.mark.parametrize("precision", [0.05, 0.2, 1.0, 20.0])
def test_a_symmetric_bifurcation_does_not_stop_the_path(precision):
    """Fault GB-03: at the bifurcation elsewhere the path ends, without a word."""
    found = logit(NormalForm.bimatrix([[20, 0], [0, 10]], [[10, 0], [0, 20]]), precision=precision)
    assert found.status is Status.OK
    assert found.residual < 1e-9


def test_the_path_of_mckelvey_and_mclennan_ends_at_an_equilibrium():
    """Fault GB-04: elsewhere regret of 3 % of the payoff range, with no sign of failure."""
    game = catalog.load("mckelvey-mclennan")
    found = trace(game)
    assert found.status is Status.OK
    assert found.relative_regret < 1e-9
    assert logit(game, precision=50.0).residual < 1e-8


@pytest.mark.parametrize("name", ["absent-minded-driver", "wichardt"])
def test_imperfect_recall_is_refused(name):
    """Fault GB-19: elsewhere a profile of negative regret."""
    for solver in (logit, logit_path):
        with pytest.raises(ArgumentError, match="recall"):
            solver(catalog.load(name))


def test_a_centipede_of_a_hundred_moves_takes_no_time():
    """Fault GB-16: elsewhere no answer in a minute."""
    tree = centipede(100)
    found = logit(tree, precision=5.0)
    assert found.status is Status.OK
    assert len(found.strategies) == 100
    assert np.all(certify(tree, np.concatenate(found.strategies)).regret >= 0)


def test_the_truce_tree_of_512_rounds_is_solved_at_full_size():
    """4,099 nodes, precision 1000 over the payoff range."""
    tree = truce(512)
    assert tree.n_nodes == 4099
    found = logit(tree, precision=1000.0 / float(tree.payoff_range.max()))
    assert found.status is Status.OK
    assert found.residual < 1e-8


def test_a_branch_that_stands_upright_to_rounding_is_followed():
    """At 40 rounds a front of mixing moves from round to round at one precision, to 1e-11."""
    tree = truce(40)
    found = logit(tree, precision=8.0)
    assert found.status is Status.OK
    assert found.residual < 1e-8


def test_near_symmetric_coordination_games_end_where_short_steps_end():
    """Longer steps would jump to another stretch: the sign of the determinant tells."""
    rng = np.random.default_rng(5)
    games = [
        NormalForm.bimatrix(*(np.eye(4) * rng.uniform(1, 5, 4) + 0.3 * rng.normal(size=(4, 4))
                              for _ in range(2)))
        for _ in range(30)
    ]  # fmt: skip
    for k, action in ((18, 1), (29, 2)):
        found = logit(games[k], precision=100.0)
        assert [float(s[action]) for s in found.strategies] == pytest.approx([1.0, 1.0], abs=1e-6)


@pytest.mark.parametrize(("scale", "shift"), [(1e9, 0.0), (1e-9, 0.0), (1.0, 1e6)], ids=str)
def test_precision_times_utility_is_what_counts_on_trees_and_in_fits(scale, shift):
    def tree(scale, shift):
        cells = {"a": [4, 1], "b": [0, 3], "c": [1, 0], "d": [2, 2]}

        def moves(state):
            if state == "start":
                return Chance({k: (p, (k,)) for k, p in (("x", 0.25), ("y", 0.75))})
            if len(state) == 1:
                return Decision(0, {"up": (*state, 0), "down": (*state, 1)}, sees=state)
            ends = [cells[k] for k in ("ab" if state[1] == (state[0] == "x") else "cd")]
            left, right = (End([scale * u + shift for u in row]) for row in ends)
            return Decision(1, {"l": left, "r": right}, sees=state[1])

        return ExtensiveForm.from_rules("start", moves, players=[0, 1])

    base = logit(tree(1.0, 0.0), precision=1.3)
    moved = logit(tree(scale, shift), precision=1.3 / scale)
    assert np.concatenate(moved.strategies) == pytest.approx(
        np.concatenate(base.strategies), abs=1e-8
    )
    counts = [1000 * s for s in base.strategies]
    fit = logit_fit(tree(scale, shift), counts)
    assert fit.precision * scale == pytest.approx(1.3, rel=1e-6)
    error = logit_fit(tree(1.0, 0.0), counts).standard_error
    assert fit.standard_error * scale == pytest.approx(error, rel=1e-5)


@pytest.mark.parametrize("chosen", [[[20, 0], [20, 0]], [[7, 0], [0, 0]]], ids=str)
@pytest.mark.parametrize("highest", [None, 1e5], ids=str)
def test_choices_without_a_single_error_have_no_precision_and_no_standard_error(chosen, highest):
    """Fault RG-01: the likelihood rises until it is one to rounding, elsewhere called converged."""
    game = NormalForm.bimatrix([[2, 0], [0, 1]], [[2, 0], [0, 1]])
    fit = logit_fit(game, chosen, highest=highest)
    assert not fit.interior
    assert np.isnan(fit.standard_error)
    assert fit.precision == pytest.approx(500.0 if highest is None else highest, rel=1e-6)
    assert "at an end of the search" in repr(fit)


def test_a_logit_equilibrium_is_told_as_a_nash_equilibrium_is():
    assert repr(logit(pennies(1), precision=1.0)).startswith("1: 0.5 on 1, 0.5 on 2\n")
