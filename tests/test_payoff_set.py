"""Payoff sets of repeated games: published sets, jumps, boundaries, units, and plain iteration."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceasefire.errors import ArgumentError, SolveError
from ceasefire.games import NormalForm, PublicSignals, RepeatedGame
from ceasefire.solvers import _abreu_sannikov, _exact_sets, payoff_set, payoff_sets
from ceasefire.solvers._structure import Iterate, bounded
from ceasefire.solvers.sets import self_generation

bimatrix = NormalForm.bimatrix


def symmetric(rows):
    return bimatrix(rows, np.array(rows).T)


QUANTECON_PD = symmetric([[9, 1], [10, 3]])
JYC = symmetric([[4, 0], [6, 2]])
QUADRILATERAL = [(3, 3), (9.75, 3), (9, 9), (3, 9.75)]
ABREU_SANNIKOV = bimatrix(
    [[16, 3, 0], [21, 10, -1], [9, 5, -5]], [[9, 13, 3], [1, 4, 0], [0, -4, -15]]
)
SIX = [
    (7.33770472, 10.9826253), (1.12568240, 2.8), (7.33770472, 0),
    (7.86308964, 0), (19.7917977, 2.8), (15.5630896, 9.1),
]  # fmt: skip
ABREU = symmetric([[10, 3, 0], [15, 7, -4], [7, 5, -15]])


def dilemma(R, T, P, sucker=-10):
    """A prisoner's dilemma of two who may differ: R, T, P for each."""
    return bimatrix([[R[0], sucker], [T[0], P[0]]], [[R[1], T[1]], [sucker, P[1]]])


def cournot(actions):
    q = np.linspace(0, 6, actions)
    return symmetric((np.maximum(6 - q[:, None] - q, 0) - 0.6) * q[:, None])


def found(stage, delta, **options):
    return payoff_set(RepeatedGame(stage, discount=delta), **options)


def apart(one, two):
    """Largest distance from a vertex of either list to the nearest of the other."""
    a, b = np.array(one, dtype=float), np.array(two, dtype=float)
    distance = np.abs(a[:, None] - b[None]).max(axis=2)
    return max(distance.min(axis=0).max(), distance.min(axis=1).max())


def hausdorff(one, two):
    """Largest difference of the support functions of two polygons, in 180 directions."""
    angle = np.arange(180) * np.pi / 90
    ways = np.stack([np.cos(angle), np.sin(angle)])
    a, b = (np.max(np.array(points, dtype=float) @ ways, axis=0) for points in (one, two))
    return np.abs(a - b).max()


def area(points):
    x, y = np.asarray(points).T
    return abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def cut_off(points, axis, level):
    """The part of a polygon where the coordinate is at least `level`."""
    kept = []
    for p, q in zip(points, points[1:] + points[:1], strict=True):
        if p[axis] >= level:
            kept.append(p)
        if (p[axis] - level) * (q[axis] - level) < 0:
            t = (level - p[axis]) / (q[axis] - p[axis])
            kept.append(tuple(a + t * (b - a) for a, b in zip(p, q, strict=True)))
    return kept


def wrapped(points):
    """Vertices of the convex hull, by gift wrapping on sorted points."""
    points = sorted(set(points))
    chains = []
    for ordered in (points, points[::-1]):
        chain = []
        for p in ordered:
            while len(chain) > 1:
                (ox, oy), (qx, qy) = chain[-2:]
                if (qx - ox) * (p[1] - oy) - (qy - oy) * (p[0] - ox) > 0:
                    break
                chain.pop()
            chain.append(p)
        chains.append(chain)
    return chains[0][:-1] + chains[1][:-1] or points


def plain_iteration(stage, delta, steps):
    """Abreu, Pearce and Stacchetti's operator, word by word, from the feasible set.

    Constraints are loosened by 1e-9, lest rounding decide where they hold with equality.
    """
    u = stage.payoffs
    cells = list(np.ndindex(*stage.shape))
    gain = [(u[0][:, b].max() - u[0][a, b], u[1][a].max() - u[1][a, b]) for a, b in cells]
    W = wrapped([(u[0][c], u[1][c]) for c in cells])
    for _ in range(steps):
        if not W:
            return []
        least, points = np.min(W, axis=0), []
        for c, g in zip(cells, gain, strict=True):
            later = W
            for i in range(2):
                later = cut_off(later, i, least[i] + (1 - delta) / delta * g[i] - 1e-9)
            points += [tuple((1 - delta) * u[i][c] + delta * w[i] for i in range(2)) for w in later]
        before, W = W, wrapped(points)
        if len(W) == len(before) and np.allclose(W, before, rtol=0, atol=1e-13):
            return W
    return W


def test_abreu_and_sannikovs_example_has_its_six_vertices():
    """THEORY G2."""
    result = found(ABREU_SANNIKOV, 0.3)
    assert len(result.vertices) == 6
    assert apart(result.vertices, SIX) < 1e-7
    assert result.certificate.holds


@pytest.mark.parametrize(
    ("stage", "delta", "expected"),
    [
        pytest.param(QUANTECON_PD, 0.9, QUADRILATERAL, id="G2"),
        pytest.param(JYC, 0.8, [(2, 2), (5, 2), (4, 4), (2, 5)], id="JYC"),
        pytest.param(QUANTECON_PD, 0.99, QUADRILATERAL, id="QE-01-0.99"),
        pytest.param(QUANTECON_PD, 0.999, QUADRILATERAL, id="QE-01-0.999"),
        pytest.param(QUANTECON_PD, 0.9999, QUADRILATERAL, id="QE-01-0.9999"),
        pytest.param(QUANTECON_PD, 1 - 1e-12, QUADRILATERAL, id="QE-05"),
        pytest.param(QUANTECON_PD, 0.1, [(3, 3)], id="QE-02"),
        pytest.param(QUANTECON_PD, 0, [(3, 3)], id="QE-03"),
        pytest.param(JYC, 0.5, [(2, 2), (5, 2), (4, 4), (2, 5)], id="at-the-threshold"),
        pytest.param(JYC, Fraction(1, 2), [(2, 2), (5, 2), (4, 4), (2, 5)], id="in-fractions"),
        pytest.param(JYC, 0.5 - 1e-9, [(2, 2)], id="just-below"),
        pytest.param(JYC, 0.5 - 1e-12, [(2, 2)], id="closer-below"),
    ],
)
def test_the_prisoners_dilemma_has_its_set(stage, delta, expected):
    result = found(stage, delta)
    assert len(result.vertices) == len(expected)
    assert apart(result.vertices, expected) < 1e-9
    assert result.exact
    assert result.gap <= 1e-9


def test_the_cournot_duopoly_has_eleven_vertices():
    """THEORY G9."""
    result = found(cournot(15), 0.8)
    assert len(result.vertices) == 11
    assert result.threat == pytest.approx([0, 0], abs=1e-9)
    assert result.support([1, 1]) == pytest.approx(7.27346939, abs=1e-8)
    assert result.support([1, 0]) == pytest.approx(6.96653061, abs=1e-8)
    assert area(result.vertices) == pytest.approx(26.02289159, abs=1e-8)


def test_a_fine_grid_and_patient_players_leave_no_gap():
    result = found(cournot(60), 0.99)
    assert result.exact
    assert result.certificate.holds
    assert len(result.vertices) == 13
    assert result.support([1, 1]) == pytest.approx(7.29, abs=0.01)  # monopoly: 5.4 ** 2 / 4


def test_the_harshest_punishment_leaves_the_minmax_from_one_third_on():
    """THEORY G3, with public randomisation."""
    result = found(ABREU, Fraction(1, 3))
    assert result.threat == pytest.approx([0, 0], abs=1e-12)
    assert result.contains([10, 10])
    assert not found(ABREU, Fraction(1, 3) - Fraction(1, 10**6)).contains([10, 10])


@pytest.mark.parametrize(
    ("T", "R", "P", "threshold"),
    [(5, 3, 1, Fraction(1, 2)), (6, 4, 2, Fraction(1, 2)), (10, 9, 3, Fraction(1, 7))],
)
def test_the_set_jumps_at_the_grim_threshold(T, R, P, threshold):
    """THEORY G1."""
    stage = symmetric([[R, 0], [T, P]])
    assert found(stage, threshold).contains([R, R])
    assert not found(stage, threshold - Fraction(1, 10**9)).contains([R, R])


@pytest.mark.parametrize(
    ("stage", "paid", "unpaid"),
    [
        pytest.param(dilemma((4, 1), (5, 4), (1, 0.5)), 8 / 15, 0.857142857, id="4-1"),
        pytest.param(dilemma((2, 2), (6, 2.5), (0, 0)), 0.529411765, 0.666666667, id="2-2"),
        pytest.param(dilemma((3, 3), (5, 5), (1, 1)), 0.5, 0.5, id="symmetric"),
    ],
)
def test_transfers_sustain_cooperation_at_a_lower_discount_factor(stage, paid, unpaid):
    """THEORY G7."""
    together = stage.payoffs[:, 0, 0]
    for threshold, transfers in ((paid, True), (unpaid, False)):
        above, below = (found(stage, threshold + e, transfers=transfers) for e in (1e-8, -1e-8))
        assert above.contains(together)
        assert not below.contains(together, tolerance=1e-10)


def test_the_threshold_with_transfers_is_met_exactly():
    stage = dilemma((4, 1), (5, 4), (1, Fraction(1, 2)))
    at = found(stage, Fraction(8, 15), transfers=True)
    assert at.certificate.slack == 0
    assert at.vertices.tolist() == [[1, 0.5], [4.5, 0.5], [1, 4]]
    below = found(stage, Fraction(8, 15) - Fraction(1, 10**15), transfers=True)
    assert below.vertices.tolist() == [[1, 0.5]]


def test_transfers_work_for_three_players_and_where_there_is_no_equilibrium():
    # each may give 1 so that each of the others gets 2
    table = np.array(
        [[2 * (sum(c) - c[i]) - c[i] for c in np.ndindex(2, 2, 2)] for i in range(3)]
    ).reshape(3, 2, 2, 2)
    stage = NormalForm(table)
    assert found(stage, Fraction(1, 4), transfers=True).support([1, 1, 1]) == 9
    assert found(stage, Fraction(1, 4) - Fraction(1, 10**9), transfers=True).is_empty is False
    pennies = bimatrix([[1, -1], [-1, 1]])
    assert found(pennies, 0.9, transfers=True).is_empty
    assert found(pennies, 0.9).is_empty
    assert found(pennies, 0).is_empty


@pytest.mark.parametrize("delta", [1e-30, 0.3, 0.9, 1 - 1e-12])
def test_sets_that_are_a_point_or_a_segment_are_found(delta):
    """PEERS QE-08."""
    saddle = found(bimatrix([[3, 1], [4, 2]]), delta)
    assert saddle.vertices.tolist() == [[2, -2]]
    constant = found(bimatrix([[3, 1], [4, 2]], [[2, 4], [1, 3]]), delta)
    assert constant.vertices.tolist() == [[2, 3]]
    common = found(symmetric([[3, 1], [1, 2]]), delta)
    assert common.vertices.tolist() == [[2, 2], [3, 3]]
    assert found(bimatrix([[1]], [[2]]), delta).vertices.tolist() == [[1, 2]]
    flat = found(bimatrix([[0, 0], [0, 0]], [[0, 0], [0, 0]]), delta)
    assert flat.vertices.tolist() == [[0, 0]]


@pytest.mark.parametrize("scale", [1e9, 1e-12, 1e200, 1e-200], ids=str)
@pytest.mark.parametrize("shift", [0.0, 1e9], ids=str)
@pytest.mark.parametrize("name", ["dilemma", "six"])
def test_the_set_does_not_depend_on_the_unit_or_the_origin_of_utility(name, scale, shift):
    """PEERS QE-06, QE-07."""
    stage, delta = {"dilemma": (QUANTECON_PD, 0.9), "six": (ABREU_SANNIKOV, 0.3)}[name]
    table = np.empty(stage.payoffs.shape, dtype=object)
    table.flat = [Fraction(u) * Fraction(scale) + Fraction(shift) for u in stage.exact_payoffs.flat]
    moved = found(NormalForm(table), delta)
    before = found(stage, delta)
    assert len(moved.vertices) == len(before.vertices)
    error = np.abs(moved.vertices - (before.vertices * scale + shift))
    assert np.all(error <= 1e-12 * 36 * scale + 1e-15 * shift)


def test_players_and_actions_can_change_places():
    stage = ABREU_SANNIKOV
    before = found(stage, 0.3).vertices
    swapped = bimatrix(stage.payoffs[1].T, stage.payoffs[0].T)
    assert apart(found(swapped, 0.3).vertices[:, ::-1], before) < 1e-12
    order = np.ix_(range(2), [2, 0, 1], [1, 2, 0])
    assert apart(found(NormalForm(stage.payoffs[order]), 0.3).vertices, before) < 1e-12


small_games = st.tuples(
    st.lists(st.integers(0, 9), min_size=18, max_size=18), st.sampled_from([0.2, 0.35, 0.5])
)


@settings(max_examples=20, deadline=None)
@given(small_games)
def test_the_set_is_what_plain_iteration_reaches(case):
    table, delta = np.array(case[0]).reshape(2, 3, 3), case[1]
    stage = NormalForm(table)
    result = found(stage, delta)
    slow = plain_iteration(stage, delta, 50)
    assert result.is_empty == (not slow)
    if slow:
        assert result.certificate.holds
        # what plain iteration has not yet cut off: a point off by e moves by (1 - delta) e a step
        assert hausdorff(result.vertices, slow) < 1e-6


@pytest.mark.parametrize(
    ("stage", "delta"),
    [
        pytest.param(JYC, Fraction(1, 2), id="at-the-threshold"),
        pytest.param(JYC, 1 - Fraction(1, 10**12), id="patient"),
        pytest.param(QUANTECON_PD, Fraction(9, 10), id="dilemma"),
        pytest.param(ABREU, Fraction(1, 3), id="abreu"),
        pytest.param(bimatrix([[3, 1], [4, 2]]), Fraction(9, 10), id="a-point"),
        pytest.param(symmetric([[3, 1], [1, 2]]), Fraction(9, 10), id="a-segment"),
        pytest.param(bimatrix([[1, -1], [-1, 1]]), Fraction(1, 2), id="empty"),
        pytest.param(JYC, 0, id="no-future"),
    ],
)
def test_vertices_in_fractions_generate_themselves_without_rounding(stage, delta):
    result = found(stage, delta, exact=True)
    assert result.exact
    assert result.certificate.holds
    assert result.certificate.slack >= 0
    exact = result.detail["exact_vertices"]
    assert all(isinstance(x, Fraction) for x in exact.flat)
    assert len(exact) == len(found(stage, delta).vertices)


def test_what_floats_cannot_tell_apart_is_refused_in_fractions():
    """A constraint missed by 1e-20 of the payoff range: floats say the set of the threshold."""
    with pytest.raises(SolveError, match="fractions") as caught:
        found(JYC, Fraction(1, 2) - Fraction(1, 10**20), exact=True)
    assert not caught.value.reached.exact
    with pytest.raises(SolveError, match="fractions"):  # its vertices solve a quadratic equation
        found(ABREU_SANNIKOV, Fraction(3, 10), exact=True)


@settings(max_examples=15, deadline=None)
@given(small_games, st.sampled_from([Fraction(1, 3), Fraction(3, 4), Fraction(99, 100)]))
def test_sets_in_fractions_agree_with_floats(case, delta):
    stage = NormalForm(np.array(case[0]).reshape(2, 3, 3))
    near, exact = found(stage, delta), found(stage, delta, exact=True, throw=False)
    if exact.exact and not near.is_empty:
        assert hausdorff(near.vertices, exact.vertices) < 1e-8


@settings(max_examples=20, deadline=None)
@given(small_games, st.sampled_from([0.7, 0.9, 0.99, 0.999]))
def test_sets_of_patient_players_are_bounded_from_both_sides(case, delta):
    stage = NormalForm(np.array(case[0]).reshape(2, 3, 3))
    result = found(stage, delta)
    assert result.gap <= 1e-9 * 9
    assert result.certificate.holds
    if not result.is_empty:
        minmax = stage.payoffs[0].max(axis=0).min(), stage.payoffs[1].max(axis=1).min()
        assert np.all(result.threat >= np.array(minmax) - 1e-9)


def test_a_forged_set_does_not_hold():
    honest = found(JYC, 0.8)
    units = (honest.vertices - 0.0) / 6.0
    cells = np.array(honest.detail["profiles"])
    assert self_generation(JYC, Fraction(4, 5), units, cells).holds
    for k in range(4):
        forged = units.copy()
        forged[k] += 1e-6 * (units[k] - units.mean(axis=0))
        assert not self_generation(JYC, Fraction(4, 5), forged, cells).holds


def test_a_set_that_is_not_the_largest_is_not_proved_to_be():
    """The stage equilibrium generates itself, and so do payoffs beyond it."""
    stage = _abreu_sannikov.scaled(JYC)
    feasible = Iterate(stage.polygon, stage.labels, stage.threat, np.ones(4, dtype=bool))
    point = np.array([[1 / 3, 1 / 3]])
    quadrilateral = found(JYC, 0.8).vertices / 6
    for delta, polygon, largest in [(0.8, point, False), (0.8, quadrilateral, True)]:
        outer = bounded(polygon, stage.threat, feasible, stage.payoff, stage.gain, delta)
        assert (outer is polygon) == largest
    payoff, gain = _exact_sets.units(JYC)
    exact = np.array([[Fraction(1, 3)] * 2], dtype=object)
    assert not _exact_sets.is_largest(exact, feasible, payoff, gain, Fraction(4, 5))
    assert not _exact_sets.is_largest(exact, feasible, payoff, gain, Fraction(1, 2))


def test_a_sweep_gives_what_each_alone_gives():
    for one, delta in zip(payoff_sets(JYC, [0.3, 0.5, 0.8]), [0.3, 0.5, 0.8], strict=True):
        assert one.game.discount == delta
        assert apart(one.vertices, found(JYC, delta).vertices) < 1e-15


@pytest.mark.parametrize("delta", [1.5, -0.5, 1.0, float("nan")])
def test_a_discount_factor_outside_zero_to_one_is_refused(delta):
    """PEERS QE-04."""
    with pytest.raises(ArgumentError, match="discount"):
        found(JYC, delta)


def test_what_the_method_does_not_cover_is_refused_with_the_reason():
    with pytest.raises(ArgumentError, match="feasible set"):  # PEERS QE-09
        found(JYC, [0.5, 0.6])
    with pytest.raises(ArgumentError, match="RepeatedGame"):
        payoff_set(JYC)
    with pytest.raises(ArgumentError, match="tol"):
        found(JYC, 0.5, tol=0)
    noisy = PublicSignals([[[0.9, 0.1], [0.5, 0.5]], [[0.5, 0.5], [0.2, 0.8]]])
    with pytest.raises(ArgumentError, match="transfers"):
        payoff_set(RepeatedGame(JYC, discount=0.5, monitoring=noisy), transfers=True)
    with pytest.raises(ArgumentError, match="exact"):
        payoff_set(RepeatedGame(JYC, discount=0.5, monitoring=noisy), exact=True)


def test_sets_say_that_strategies_are_pure():
    """Matching pennies has equilibria, none of them pure."""
    pennies = NormalForm.bimatrix([[1, -1], [-1, 1]], [[-1, 1], [1, -1]])
    assert "no equilibrium payoffs in pure strategies" in repr(
        payoff_set(RepeatedGame(pennies, 0.9))
    )
    dilemma = NormalForm.bimatrix([[9, 1], [10, 3]], [[9, 10], [1, 3]])
    found = payoff_set(RepeatedGame(dilemma, 0.9))
    assert repr(found).startswith("equilibrium payoffs in pure strategies, exact")
    shown = repr(found.certificate)
    assert "4 vertices generates itself" in shown
    assert "array" not in shown


def test_rounding_of_a_vertex_is_printed_as_zero():
    found = payoff_set(RepeatedGame(NormalForm.bimatrix([[2, -1], [3, 0]], [[2, 3], [-1, 0]]), 0.9))
    noisy = replace(found, vertices=found.vertices + 1e-15)
    assert "e-1" not in repr(noisy)
    assert "(0, 0)" in repr(noisy)


def test_a_stage_game_is_refused_in_a_few_words():
    stage = NormalForm.bimatrix(np.eye(30), np.eye(30))
    with pytest.raises(ArgumentError, match="game: got 'NormalForm'; allowed: a RepeatedGame"):
        payoff_set(stage)
