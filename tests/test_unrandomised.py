"""Payoff sets without a public lottery: by brute force, where they fill the hull, and units."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceasefire.errors import ArgumentError, SolveError
from ceasefire.games import NormalForm, RepeatedGame
from ceasefire.solvers import check_automaton, payoff_set
from ceasefire.solvers._unrandomised import solve
from ceasefire.status import Status

bimatrix = NormalForm.bimatrix
JYC = bimatrix([[4, 0], [6, 2]], [[4, 6], [0, 2]])
PENNIES = bimatrix([[1, -1], [-1, 1]])


def alone(stage, delta, tol=0.02):
    return solve(RepeatedGame(stage, discount=delta), tol=tol, max_iterations=5000)


def brute(stage, delta, threat, days):
    """Payoffs of all paths of so many days and then one profile for ever, kept by the threats.

    No grid, no pruning but for incentives; they are loosened by 1e-12 of a day's payoffs.
    """
    u = stage.payoffs
    cells = list(np.ndindex(*stage.shape))
    best = {c: (u[0][:, c[1]].max(), u[1][c[0]].max()) for c in cells}

    def stays(v, c):
        return all(v[i] >= (1 - delta) * best[c][i] + delta * threat[i] - 1e-11 for i in range(2))

    paid = {tuple(u[:, c[0], c[1]]) for c in cells if stays(u[:, c[0], c[1]], c)}
    reached = set(paid)
    for _ in range(days):
        fresh = set()
        for w, c in product(paid, cells):
            v = tuple((1 - delta) * u[i][c] + delta * w[i] for i in range(2))
            if stays(v, c):
                fresh.add(tuple(round(x, 12) for x in v))
        paid = fresh - reached
        reached |= paid
    return np.array(sorted(reached))


def apart(points, others):
    """The largest distance from a point to the nearest of the others."""
    return max(np.hypot(*(others - p).T).min() for p in points)


def test_without_a_future_only_the_stage_equilibrium_is_left():
    found = alone(JYC, 0)
    assert found.vertices.tolist() == [[2, 2]]
    assert (found.exact, found.gap) == (True, 0)
    assert alone(JYC, 0.49).vertices.tolist() == [[2, 2]]


@pytest.mark.parametrize("delta", [0.5, 0.55, 0.6])
def test_the_dilemma_at_low_discounts_agrees_with_brute_force(delta):
    found, known = alone(JYC, delta), brute(JYC, delta, (2, 2), 7)
    assert found.status is Status.OK
    assert len(known) > 20
    assert not any(found.excludes(v) for v in known)
    assert apart(known, found.vertices) <= found.gap
    assert found.certificate.holds


@pytest.mark.parametrize("delta", [0.5, 0.55, 0.6])
def test_at_low_discounts_the_set_is_far_from_its_hull(delta):
    found = alone(JYC, delta)
    convex = payoff_set(RepeatedGame(JYC, discount=delta))
    assert np.all([convex.contains(v) for v in found.vertices])
    assert convex.contains([3.1, 3.1])
    assert found.excludes([3.1, 3.3])
    assert not found.contains([3.1, 3.3])
    area = len(found.detail["cells"]) * found.detail["cell_size"].prod()
    assert area < 0.5 * 7.0  # the hull's quadrilateral has area 4 + 1 + 1 + 1


def test_at_a_high_discount_the_set_fills_the_hull():
    """Sorin (1986), Fudenberg and Maskin (1991): from 1 - 1 / 4 on, four extreme points."""
    found = alone(JYC, 0.8)
    assert found.status is Status.OK
    assert np.allclose(found.threat, 2)
    corners = np.array([(2, 2), (5, 2), (4, 4), (2, 5)])
    shares = np.random.default_rng(0).dirichlet(np.ones(4), 300)
    assert apart(shares @ corners, found.vertices) <= found.gap <= 0.02 * 6
    assert not found.excludes([3.1, 3.3])


@pytest.mark.parametrize("delta", [0.99, 0.999])
def test_near_patience_one_runs_of_days_fill_the_set(delta):
    found = alone(JYC, delta)
    assert found.status is Status.OK
    assert found.certificate.holds


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.3, 0.5]))
def test_every_point_is_paid_by_an_equilibrium_and_lies_in_a_cell(seed, delta):
    rng = np.random.default_rng(seed)
    game = RepeatedGame(bimatrix(*rng.integers(-4, 5, (2, 2, 3))), discount=delta)
    found = payoff_set(game, public_randomisation=False, throw=False)
    convex = payoff_set(game, throw=False)
    if found.is_empty:
        assert found.status is Status.NO_EQUILIBRIUM
        assert not len(brute(game.stage, delta, convex.threat, 2))
        return
    assert found.certificate.holds
    for k in rng.integers(0, len(found.vertices), 3):
        assert not found.excludes(found.vertices[k])
        check = check_automaton(game, found.automaton(int(k)))
        assert check.is_equilibrium
        assert np.allclose(check.value.payoffs, found.vertices[k], atol=1e-9)
    assert np.all(found.detail["at_least"] <= found.threat + 1e-9)


def test_threats_that_no_short_path_carries_out_are_bounded_from_both_sides():
    stage = bimatrix([[-1, -5, 2], [0, 4, 0], [-1, -5, 0]], [[2, 3, 4], [-3, 1, 3], [-3, -2, 4]])
    game = RepeatedGame(stage, discount=0.8)
    found, convex = payoff_set(game, public_randomisation=False), payoff_set(game)
    assert found.threat[0] > convex.threat[0] + 1e-4  # under a lottery 0
    assert np.all(found.detail["at_least"] <= found.threat)
    assert np.all(found.threat - found.detail["at_least"] <= found.gap)
    assert check_automaton(game, found.automaton(0)).is_equilibrium


@pytest.mark.parametrize("unit", [1e9, 1e-12])
def test_units_and_shifts_of_payoffs_do_not_matter(unit):
    plain = alone(JYC, 0.6)
    A, B = JYC.payoffs
    moved = alone(bimatrix(unit * (A + 3), unit * (B - 2)), 0.6)
    assert len(moved.vertices) == len(plain.vertices)
    assert np.allclose(moved.vertices / unit, plain.vertices + np.array([3, -2]), atol=1e-6)
    assert np.isclose(moved.gap / unit, plain.gap)


def test_swapping_the_players_swaps_the_set():
    stage = bimatrix([[3, 0], [5, 1]], [[4, 7], [-1, 1]])
    A, B = stage.payoffs
    one, two = alone(stage, 0.6, 0.06), alone(bimatrix(B.T, A.T), 0.6, 0.06)
    mirrored = two.vertices[:, ::-1]
    assert max(apart(one.vertices, mirrored), apart(mirrored, one.vertices)) <= one.gap
    assert sorted(map(tuple, one.detail["cells"].round(9))) == sorted(
        map(tuple, two.detail["cells"][:, ::-1].round(9))
    )


def test_no_pure_equilibrium_is_said_so():
    found = payoff_set(RepeatedGame(PENNIES, discount=0.5), public_randomisation=False)
    assert found.is_empty
    assert found.status is Status.NO_EQUILIBRIUM
    assert "no equilibrium" in repr(found)


def test_constant_payoffs_are_a_point():
    found = alone(bimatrix([[5, 5], [5, 5]], [[7, 7], [7, 7]]), 0.7)
    assert found.vertices.tolist() == [[5, 7]]
    assert found.gap <= 1e-9 or found.status is Status.OK


def test_a_gap_that_stays_open_is_an_error_and_a_status():
    game = RepeatedGame(JYC, discount=0.7)  # cells of a fractal set fall away slowly
    with pytest.raises(SolveError, match="apart") as caught:
        payoff_set(game, public_randomisation=False)
    assert caught.value.reached.status is Status.NOT_CONVERGED
    assert caught.value.reached.certificate.holds


def test_what_it_does_not_cover_is_refused():
    three = NormalForm(np.zeros((3, 2, 2, 2)))
    with pytest.raises(ArgumentError, match="public_randomisation"):
        payoff_set(RepeatedGame(three, discount=0.5), public_randomisation=False)
    with pytest.raises(ArgumentError, match="one discount factor for all"):
        payoff_set(RepeatedGame(JYC, discount=[0.5, 0.6]), public_randomisation=False)
    with pytest.raises(ArgumentError, match="at most 225"):
        alone(bimatrix(np.ones((16, 16)), np.ones((16, 16))), 0.5)
    with pytest.raises(ArgumentError, match="exact"):
        payoff_set(RepeatedGame(JYC, discount=0.5), public_randomisation=False, exact=True)
    with pytest.raises(ArgumentError, match="point"):
        alone(JYC, 0.3).automaton(7)


def test_a_tolerance_is_kept_or_the_status_says_that_it_is_not():
    game = RepeatedGame(JYC, discount=0.55)
    for tol in (0.1, 0.005):
        found = payoff_set(game, public_randomisation=False, tol=tol)
        assert found.gap <= tol * 6
    beyond = payoff_set(game, public_randomisation=False, tol=1e-9, throw=False)
    assert beyond.status is Status.NOT_CONVERGED
    assert beyond.gap < 0.005 * 6


def test_a_set_like_cantors_has_a_threat_that_no_path_pays_with_a_lottery():
    """Player 2 is held to 0 at once, player 1 only to what a dust of continuations leaves."""
    stage = bimatrix([[0, 1, 3], [-1, 3, 3]], [[-4, 3, -4], [0, 0, 0]])
    game = RepeatedGame(stage, discount=0.3)
    found = payoff_set(game, public_randomisation=False, tol=0.005)
    assert np.allclose(payoff_set(game).threat, 0, atol=1e-9)
    assert found.detail["at_least"][0] > 0.11
    assert found.threat[0] < 0.13
    assert check_automaton(game, found.automaton(0)).is_equilibrium
