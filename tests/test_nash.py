"""Two-player equilibria: all of them, exact, certified, whatever the unit of the payoffs."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, product

import nashpy
import numpy as np
import pytest
from exact_nash import extreme_equilibria
from hypothesis import given, settings
from hypothesis import strategies as st

from ceasefire.errors import ArgumentError, SolveError
from ceasefire.games import NormalForm, catalog, from_nashpy, to_nashpy
from ceasefire.solvers import (
    _bimatrix,
    _minors,
    _scaling,
    _small,
    lemke_howson,
    nash,
    nash_batch,
    one_nash,
    regret,
)
from ceasefire.solvers._kernels import minors, pivoting
from ceasefire.solvers.nash import _same, equilibrium
from ceasefire.status import Status

BATTLE = ([[2, 0], [0, 1]], [[1, 0], [0, 2]])
PRISONERS = ([[3, 0], [5, 1]], [[3, 5], [0, 1]])
CHICKEN = ([[6, 2], [7, 0]], [[6, 7], [2, 0]])


def exact_set(game):
    return {tuple(tuple(s) for s in e.strategies) for e in nash(game, exact=True)}


def close_sets(one, two, tolerance=1e-9):
    """Whether two sets of profiles are equal up to rounding, each profile matched once."""
    left = [np.concatenate([np.array(s, dtype=float) for s in profile]) for profile in two]
    for profile in one:
        p = np.concatenate([np.array(s, dtype=float) for s in profile])
        gaps = [float(np.max(np.abs(p - q))) for q in left]
        if not gaps or min(gaps) > tolerance:
            return False
        left.pop(int(np.argmin(gaps)))
    return not left


def small_games(low, high, most=4):
    def tables(shape):
        size = shape[0] * shape[1]
        cells = st.lists(st.integers(low, high), min_size=2 * size, max_size=2 * size)
        return cells.map(lambda c: np.array(c).reshape(2, *shape))

    return st.tuples(st.integers(1, most), st.integers(1, most)).flatmap(tables)


@settings(max_examples=60, deadline=None)
@given(small_games(0, 1))
def test_every_extreme_equilibrium_of_degenerate_games_is_found(table):
    """Faults NP-07, QE-12: over 0/1 games nearly every list of others lacks some."""
    expected = extreme_equilibria(table[0].tolist(), table[1].tolist())
    assert exact_set(NormalForm(table)) == expected
    batch = nash_batch(table[:1], table[1:])
    assert close_sets(list(zip(batch.rows, batch.columns, strict=True)), expected)


@settings(max_examples=40, deadline=None)
@given(small_games(-9, 9))
def test_every_extreme_equilibrium_of_small_integer_games_is_found_in_floats_too(table):
    expected = extreme_equilibria(table[0].tolist(), table[1].tolist())
    game = NormalForm(table)
    assert exact_set(game) == expected
    found = nash(NormalForm(table.astype(float)))
    assert found.complete
    assert close_sets([e.strategies for e in found], expected)
    batch = nash_batch(table[:1], table[1:])
    assert close_sets(list(zip(batch.rows, batch.columns, strict=True)), expected)


@settings(max_examples=30, deadline=None)
@given(small_games(-99, 99, most=5))
def test_minors_are_the_determinants_that_they_claim_to_be(table):
    M = table[0].T
    (r, d), tables = M.shape, _minors.shape(*table.shape[1:]).row
    found = iter(_minors.exact_minors(M.astype(object), tables))
    for p in range(min(r - 1, d) + 1):
        for rows, columns in product(combinations(range(r), p + 1), combinations(range(d), p)):
            system = np.hstack([np.ones((p + 1, 1)), M[list(rows)][:, list(columns)]])
            assert next(found) == pytest.approx(np.linalg.det(system), rel=1e-9, abs=1e-4)
    assert next(found, None) is None


@settings(max_examples=50, deadline=None)
@given(small_games(0, 5, most=5))
def test_no_minor_exceeds_the_bound_that_lets_it_be_computed_in_sixty_four_bits(table):
    M = 1 + table[0] - table[0].min()
    wide = np.hstack([M, np.ones((len(M), 1), dtype=int)])
    bound = _bimatrix.minor_bound(M.astype(object))
    for k in range(1, min(wide.shape) + 1):
        for rows, columns in product(*(combinations(range(size), k) for size in wide.shape)):
            assert abs(np.linalg.det(wide[list(rows)][:, list(columns)])) <= bound


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (2, 2), (4, 4), (5, 3), (2, 9), (6, 6)], ids=str)
@pytest.mark.parametrize("digits", [0, 1, 12])
def test_minors_and_both_walks_find_the_same(shape, digits):
    rng = np.random.default_rng(digits)
    for _ in range(8 if max(shape) < 6 else 3):
        game = NormalForm(np.round(2 * rng.normal(size=(2, *shape)), digits))
        exact = _small.extreme(game, True)
        known = list(zip(exact.rows, exact.columns, strict=True))
        walked = _bimatrix._degenerate(game, True, 10_000)
        as_set = {(tuple(x), tuple(y)) for x, y in known}
        assert as_set == {(tuple(x), tuple(y)) for x, y in zip(*walked[:2], strict=True)}
        assert len(as_set) == len(known)
        floats = _small.extreme(game, False)
        assert close_sets(list(zip(*floats[:2], strict=True)), known)
        simple = _bimatrix._simple(game, 10_000)
        if simple is not None:
            supports = {(tuple(x > 0), tuple(y > 0)) for x, y in known}
            assert supports == {(tuple(x), tuple(y)) for x, y in simple}


@settings(max_examples=30, deadline=None)
@given(small_games(-2, 2, most=3), st.data())
def test_payoffs_one_rounding_away_from_a_tie_are_told_apart(table, data):
    moves = st.lists(st.integers(-2, 2), min_size=table.size, max_size=table.size)
    nudged = 0.1 * (3.0 + table + 2.0**-51 * np.reshape(data.draw(moves), table.shape))
    game = NormalForm(nudged)
    expected = extreme_equilibria(*(u.tolist() for u in game.exact_payoffs))
    assert exact_set(game) == expected
    batch = nash_batch(nudged[:1], nudged[1:])
    assert batch.counts[0] == len(nash(game)) == len(expected)
    assert batch.max_regret < 1e-12


@pytest.mark.parametrize("scale", [1.0, 1e9, 1e-9, 1e-12, 1e200], ids=str)
@pytest.mark.parametrize("shift", [0.0, 1e9, -1e9], ids=str)
@pytest.mark.parametrize("name", ["battle", "prisoners", "chicken", "random"])
def test_equilibria_do_not_depend_on_the_unit_or_the_origin_of_utility(name, scale, shift):
    rng = np.random.default_rng(5)
    table = {
        "battle": np.array(BATTLE),
        "prisoners": np.array(PRISONERS),
        "chicken": np.array(CHICKEN),
        "random": rng.integers(-50, 50, (2, 5, 4)),
    }[name]
    # whole numbers and fractions, so that the map itself is exact
    moved = np.empty(table.shape, dtype=object)
    moved.flat = [Fraction(int(u)) * Fraction(scale) + Fraction(shift) for u in table.flat]
    base = nash(NormalForm(table))
    found = nash(NormalForm(moved))
    assert close_sets([e.strategies for e in base], [e.strategies for e in found])
    assert found.max_regret <= 1e-12 * scale * 100
    assert exact_set(NormalForm(moved)) == exact_set(NormalForm(table))


@pytest.mark.parametrize(("scale", "shift"), [(1e9, 0.0), (1e-9, 0.0), (1.0, 1e9), (1.0, -1e9)])
def test_float_payoffs_far_from_one_keep_every_equilibrium(scale, shift):
    """Faults NP-05, GB-05, QE-11, EG-01, OS-02 of other libraries."""
    A, B = (np.array(table, dtype=float) * scale + shift for table in BATTLE)
    found = nash(NormalForm.bimatrix(A, B))
    assert NormalForm.bimatrix(A, B).pure_equilibria() == [(0, 0), (1, 1)]
    expected = extreme_equilibria(*BATTLE)
    assert close_sets([e.strategies for e in found], expected, 1e-6)
    assert len(nash_batch(A[None], B[None]).game) == 3
    assert one_nash(NormalForm.bimatrix(A, B)).status is Status.OK


def test_a_payoff_range_past_thirty_one_bits_keeps_exact_equilibria():
    """Fault GB-01: three equilibria exist at every scale."""
    A, B = (np.array(table, dtype=object) * 10**13 for table in BATTLE)
    assert exact_set(NormalForm.bimatrix(A, B)) == extreme_equilibria(*BATTLE)


def test_an_exact_constant_sum_game_of_huge_payoffs_has_its_value():
    """Fault GB-02: the strategies were all zero."""
    A = np.array([[2, 0], [0, 1]], dtype=object) * 10**13
    (found,) = nash(NormalForm.bimatrix(A, 3 * 10**13 - A), exact=True)
    third = Fraction(1, 3)
    assert [tuple(s) for s in found.strategies] == [(third, 2 * third)] * 2
    assert found.payoffs.tolist() == [Fraction(2 * 10**13, 3), Fraction(7 * 10**13, 3)]


@pytest.mark.parametrize("solve", [nash, lemke_howson, lambda g: [one_nash(g)]])
def test_a_single_cell_is_its_equilibrium(solve):
    """Faults GB-12, NP-08, NP-10, QE-13."""
    (found,) = solve(NormalForm.bimatrix([[7]], [[-2]]))
    assert [s.tolist() for s in found.strategies] == [[1.0], [1.0]]
    assert found.payoffs.tolist() == [7, -2]


def test_one_player_with_one_action_leaves_the_others_best_replies():
    """Faults NP-09, NP-10, QE-13."""
    found = nash(NormalForm.bimatrix([[1, 1, 1]], [[3, 5, 5]]), exact=True)
    assert [e.support(1) for e in found] == [(1,), (2,)]
    assert len(found.components) == 1
    column = nash(NormalForm.bimatrix([[3], [5], [5]], [[1], [1], [1]]))
    assert [e.support(0) for e in column] == [(1,), (2,)]


def test_all_zero_payoffs_make_every_cell_an_extreme_equilibrium():
    """Faults NP-06, QE-12."""
    zero = np.zeros((2, 2))
    assert nash_batch(zero[None], zero[None]).counts.tolist() == [4]
    assert len(nash(NormalForm.bimatrix(zero, zero))) == 4


def test_a_duplicated_strategy_makes_a_continuum_that_is_listed():
    """Faults GB-07, GB-11: no answer, and a profile that is no equilibrium."""
    A = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0]])
    found = nash(NormalForm.bimatrix(A, A), exact=True)
    assert exact_set(NormalForm.bimatrix(A, A)) == extreme_equilibria(A.tolist(), A.tolist())
    assert found.max_regret == 0.0
    assert sorted(len(part.extreme) for part in found.components) == [1, 1, 1, 2, 2, 2, 2]
    assert nash_batch(A[None], A[None]).counts.tolist() == [len(found)]


def test_payoffs_of_four_decimals_are_solved_exactly_at_ten_actions():
    """Fault GB-20: half a minute elsewhere."""
    table = np.rint(1e4 * np.random.default_rng(0).normal(size=(2, 10, 10))).astype(int)
    found = nash(NormalForm(table), exact=True)
    assert found.complete
    assert found.exact
    assert len(found) % 2 == 1
    assert all(max(regret(e.game, e.strategies)) == 0 for e in found[:3])


def test_random_games_are_never_left_without_an_equilibrium():
    """Fault GB-21: none for three in ten Gaussian games."""
    A, B = np.random.default_rng(2).normal(size=(2, 500, 3, 3))
    batch = nash_batch(A, B)
    assert np.all(batch.counts % 2 == 1)
    assert batch.max_regret < 1e-12


def test_a_game_closer_to_degenerate_than_floats_can_tell_is_solved_exactly():
    tiny = 2.0**-60
    A = np.array([[1.0, 1.0], [1.0 - 2**-53, 2.0]])
    B = np.array([[1.0, 1.0 + 2**-52], [1.0, 0.0]])
    game = NormalForm.bimatrix(A, B)
    assert exact_set(game) == extreme_equilibria(
        game.exact_payoffs[0].tolist(), game.exact_payoffs[1].tolist()
    )
    # two rows that differ by less than the rounding of their sum with anything of size one
    A = NormalForm.bimatrix([[tiny, 1], [0, 1]], [[1, 0], [1, 0]])
    assert len(nash(A)) == len(
        extreme_equilibria(A.exact_payoffs[0].tolist(), A.exact_payoffs[1].tolist())
    )


@pytest.mark.parametrize(
    "shape", [(5, 4), (6, 3), (6, 4), (7, 2), (7, 3), (7, 4), (1, 1), (1, 3), (3, 1)]
)
def test_lemke_howson_ends_at_equilibria_for_every_label_and_shape(shape):
    """Faults NP-01, NP-02, NP-08, NP-09, NP-10, QE-13: oblong games."""
    rng = np.random.default_rng(sum(shape))
    for _ in range(5):
        game = NormalForm(rng.normal(size=(2, *shape)))
        every = [e.strategies for e in nash(game)]
        for found in lemke_howson(game):
            assert found.status is Status.OK
            assert any(close_sets([found.strategies], [known]) for known in every)


@settings(max_examples=60, deadline=None)
@given(small_games(0, 2, most=5))
def test_lemke_howson_ends_in_degenerate_games(table):
    """Fault NP-12: a cycle for ever on a 5 x 4 game with payoffs 0 to 2."""
    game = NormalForm(table)
    for label in range(sum(game.shape)):
        floats = lemke_howson(game, label=label)[0]
        exact = lemke_howson(game, label=label, exact=True)[0]
        assert floats.status is exact.status is Status.OK
        assert max(regret(game, exact.strategies)) == 0


def test_nothing_is_missed_where_nashpy_misses_and_what_nashpy_finds_is_there():
    """Faults NP-03, NP-04: generic games in which support enumeration finds too few."""
    rng = np.random.default_rng(11)
    for _ in range(40):
        A, B = rng.normal(size=(2, 4, 4))
        found = [e.strategies for e in nash(NormalForm.bimatrix(A, B))]
        known = list(nashpy.Game(A, B).vertex_enumeration())
        assert len(found) % 2 == 1
        for profile in known:
            assert any(close_sets([profile], [e], 1e-6) for e in found)


def test_components_of_a_degenerate_game_are_maximal_nash_subsets():
    # column 3 is best whatever the row does; the rows tie there: a segment
    game = NormalForm.bimatrix([[0, 0, 1], [0, 0, 1]], [[0, 0, 1], [0, 0, 1]])
    found = nash(game)
    assert len(found) == 2
    (part,) = found.components
    assert part.extreme == (0, 1)
    assert part.subsets == (((0, 1), (0,)),)
    everything = nash(NormalForm.bimatrix(np.zeros((2, 2)), np.zeros((2, 2))))
    assert len(everything) == 4
    assert len(everything.components) == 1
    isolated = nash(NormalForm.bimatrix(*BATTLE))
    assert [part.isolated for part in isolated.components] == [True] * 3


@settings(max_examples=60, deadline=None)
@given(small_games(0, 2), st.randoms(use_true_random=False))
def test_mixtures_within_a_maximal_nash_subset_are_equilibria(table, random):
    game = NormalForm(table)
    found = nash(game, exact=True)
    places = set()
    for part in found.components:
        for rows, columns in part.subsets:
            weights = [Fraction(random.randint(1, 9)) for _ in (*rows, *columns)]
            x = sum(w * found[k].strategies[0] for w, k in zip(weights, rows, strict=False))
            y = sum(
                w * found[k].strategies[1]
                for w, k in zip(weights[len(rows) :], columns, strict=True)
            )
            assert max(regret(game, [x / sum(x), y / sum(y)])) == 0
        places |= set(part.extreme)
    assert places == set(range(len(found)))


@settings(max_examples=60, deadline=None)
@given(small_games(-3, 3), st.randoms(use_true_random=False))
def test_relabelling_actions_and_swapping_players_relabels_the_equilibria(table, random):
    base = exact_set(NormalForm(table))
    rows, columns = list(range(table.shape[1])), list(range(table.shape[2]))
    random.shuffle(rows)
    random.shuffle(columns)
    mixed = NormalForm(table[:, rows][:, :, columns])
    assert exact_set(mixed) == {
        (tuple(x[i] for i in rows), tuple(y[j] for j in columns)) for x, y in base
    }
    swapped = NormalForm(np.array([table[1].T, table[0].T]))
    assert exact_set(swapped) == {(y, x) for x, y in base}


@settings(max_examples=40, deadline=None)
@given(small_games(-3, 3, most=3))
def test_a_strictly_dominated_action_changes_nothing(table):
    base = exact_set(NormalForm(table))
    worse = table[:, :1] - np.array([1, 0])[:, None, None]
    longer = NormalForm(np.concatenate([table, worse], axis=1))
    assert exact_set(longer) == {((*x, Fraction(0)), y) for x, y in base}


def test_a_batch_agrees_with_games_solved_one_by_one():
    rng = np.random.default_rng(3)
    A, B = rng.normal(size=(2, 60, 4, 3))
    A[7], B[7] = 0, 0
    A[11] = np.round(A[11])
    batch = nash_batch(A, B, workers=2)
    assert batch.degenerate[7]
    assert batch.max_regret < 1e-12
    for k in range(60):
        alone = nash(NormalForm.bimatrix(A[k], B[k]))
        together = batch.of(k)
        assert batch.counts[k] == len(alone) == together.stop - together.start
        pairs = zip(batch.rows[together], batch.columns[together], strict=True)
        assert close_sets([e.strategies for e in alone], list(pairs))
    one = nash_batch(A, B, workers=1)
    assert np.array_equal(one.rows, batch.rows)


@pytest.mark.parametrize("size", [3, 8])
def test_a_batch_holds_at_every_unit_of_utility_and_every_size(size):
    rng = np.random.default_rng(size)
    A, B = rng.normal(size=(2, 4, size, size))
    A[1, 1], B[1, 1] = A[1, 0], B[1, 0]
    base = nash_batch(A, B)
    assert base.degenerate[1]
    for scale in (2.0**-700, 1e-9, 1e9, 1e200):
        moved = nash_batch(scale * A, scale * B)
        assert np.array_equal(moved.counts, base.counts)
        assert moved.max_regret < 1e-12
    assert np.array_equal(nash_batch(A + 1e6, B - 1e6).counts, base.counts)


@pytest.mark.parametrize(
    ("A", "B", "where"),
    [
        ([[[1, float("nan")]]], [[[1, 2]]], r"A\[0, 0, 1\]"),
        ([[[1, 2]]], [[[1, float("-inf")]]], r"B\[0, 0, 1\]"),
        ([[[1, 2], [3]]], [[[1, 2], [3, 4]]], "A"),
        ([[1, 2]], [[1, 2]], "A"),
        ([[[]]], [[[]]], "A"),
        ([[[1, 2]]], [[[1], [2]]], "B"),
        ([[["x", "y"]]], [[[1, 2]]], "A"),
        ([[["1", "2"]]], [[[1, 2]]], "A"),
        ([[[1j, 2]]], [[[1, 2]]], "A"),
        ([[[10**400, 2]]], [[[1, 2]]], "A"),
    ],
)
def test_a_bad_batch_is_refused_by_name(A, B, where):
    with pytest.raises(ArgumentError, match=where):
        nash_batch(A, B)
    with pytest.raises(ArgumentError, match="workers"):
        nash_batch([[[1]]], [[[1]]], workers=0)


def test_a_sign_that_rounding_could_turn_is_never_called_certain():
    """The bound on rounding against determinants in fractions, nearly singular ones included."""
    rng = np.random.default_rng(4)
    tables = _minors.shape(4, 4).column
    value, code = np.empty(tables.level[-1]), np.empty(2 * tables.level[-1], np.int8)
    certain = 0
    for _ in range(60):
        M = rng.normal(size=(4, 4))
        M[3] = rng.dirichlet(np.ones(3)) @ M[:3]
        M[:, 3] = M[:, 0] + rng.choice([0.0, 1e-16, 1e-13], 4)
        minors.read(M, *tables[:3], value, code, False)
        exact = _minors.exact_minors(np.vectorize(Fraction, otypes=[object])(M), tables)
        seen = code[: len(value)]
        plus, minus = seen == minors.PLUS, seen == minors.MINUS
        assert all(v > 0 for v in exact[plus])
        assert all(v < 0 for v in exact[minus])
        assert all(v == 0 for v in exact[seen == minors.ZERO])
        certain += int(plus.sum() + minus.sum())
    assert certain < 60 * len(value)


def test_a_batch_with_more_equilibria_than_room_and_an_empty_one():
    eye = np.broadcast_to(np.eye(5), (40, 5, 5))
    assert nash_batch(eye, eye).counts.tolist() == [31] * 40
    empty = nash_batch(np.empty((0, 3, 3)), np.empty((0, 3, 3)))
    assert len(empty.game) == len(empty.counts) == 0


def test_large_coordination_has_all_its_equilibria():
    assert len(nash(NormalForm.bimatrix(np.eye(8), np.eye(8)), components=False)) == 2**8 - 1


def test_more_than_sixty_four_actions_are_handled():
    rng = np.random.default_rng(1)
    game = NormalForm(rng.normal(size=(2, 2, 90)))
    found = nash(game)
    assert found.complete
    assert found.max_regret < 1e-12
    assert len(found) % 2 == 1


def test_one_equilibrium_of_a_large_game_is_certified():
    rng = np.random.default_rng(0)
    found = one_nash(NormalForm(rng.normal(size=(2, 120, 120))))
    assert found.status is Status.OK
    assert found.regret < 1e-12


def test_too_many_vertices_are_refused_with_a_way_out():
    rng = np.random.default_rng(0)
    with pytest.raises(SolveError, match="one_nash"):
        nash(NormalForm(rng.normal(size=(2, 12, 12))), limit=100)


@pytest.mark.parametrize(
    ("A", "B", "where"),
    [
        ([[1, float("nan")], [0, 1]], [[1, 0], [0, 1]], r"payoffs\[0, 0, 1\]"),
        ([[1, float("inf")], [0, 1]], [[1, 0], [0, 1]], r"payoffs\[0, 0, 1\]"),
        ([[1, 2], [0]], [[1, 0], [0, 1]], "A"),
        ([[]], [[]], "A"),
        ([[1, 2]], [[1], [2]], "B"),
        ([["a", "b"]], [["a", "b"]], "A"),
        ([1, 2], [1, 2], "A"),
    ],
)
def test_bad_payoffs_are_refused_by_name(A, B, where):
    """Faults NP-11, QE-10, GB-13, GB-14, LR-03."""
    with pytest.raises(ArgumentError, match=where):
        NormalForm.bimatrix(A, B)


def test_whole_numbers_of_any_type_are_kept_as_they_are():
    small = np.array([[1, 2], [3, 4]], dtype=np.uint8)
    assert NormalForm.bimatrix(small).payoffs[1].tolist() == [[-1, -2], [-3, -4]]
    assert NormalForm.bimatrix(small == 1).payoffs[1].tolist() == [[-1, 0], [0, 0]]
    large = np.array([[2**63 + 1, 2], [3, 4]], dtype=np.uint64)
    assert NormalForm.bimatrix(large, -small.astype(int)).exact_payoffs[0, 0, 0] == 2**63 + 1
    both = NormalForm.bimatrix([[2**63 + 1, 2], [-3, 4]], small)
    assert both.exact_payoffs[0, 0, 0] == 2**63 + 1
    assert not NormalForm.bimatrix([[1e19, 2], [-3, 4]], np.array(small, dtype=float)).is_exact
    with pytest.raises(ArgumentError, match="A"):
        NormalForm.bimatrix([[None, 1]])


def test_three_matrices_are_refused_by_the_two_player_methods():
    """Fault NP-13."""
    game = NormalForm(np.zeros((3, 2, 2, 2)))
    with pytest.raises(ArgumentError, match="two players"):
        lemke_howson(game)
    with pytest.raises(ArgumentError, match="NormalForm"):
        nash([[1, 2]])
    with pytest.raises(ArgumentError, match="label"):
        lemke_howson(NormalForm.bimatrix(*BATTLE), label=4)


@pytest.mark.parametrize("size", [2, 7, 30, 80])
def test_both_ways_of_pivoting_walk_the_same_path(size):
    game = NormalForm(np.random.default_rng(size).normal(size=(2, size, size + 3)))
    A, B = _scaling.normalised(game, 0), _scaling.normalised(game, 1)
    for label in (0, size):
        table = pivoting.lemke_howson(A, np.ascontiguousarray(B.T), label, 10_000)
        product = pivoting.lemke_howson_revised(B, np.ascontiguousarray(A.T), label, 10_000)
        assert product[:2] == table[:2]
        for one, two in zip(product[2:], table[2:], strict=True):
            assert np.array_equal(one < 0, two < 0)


def test_a_path_with_ties_is_left_to_the_table():
    tied = np.ones((3, 3))
    assert pivoting.lemke_howson_revised(tied, tied, 0, 100)[0] == pivoting.TIED
    assert nash(NormalForm.bimatrix(tied, tied)).max_regret == 0.0


def test_copies_of_an_action_are_left_out_of_the_reduced_game():
    A = [[1, 2, 1], [3, 4, 3], [1, 2, 1]]
    game = NormalForm.bimatrix(A, A, actions=[["a", "b", "c"], ["d", "e", "f"]])
    assert game.copies() == [[0, 1, 0], [0, 1, 0]]
    assert game.reduced() == NormalForm.bimatrix([[1, 2], [3, 4]], [[1, 2], [3, 4]],
                                                 actions=[["a", "b"], ["d", "e"]])  # fmt: skip


def test_best_replies_are_listed_by_profile_and_shown_in_a_notebook():
    game = NormalForm.bimatrix(*BATTLE, players=["one", "<two>"])
    table = game.best_response_table()
    assert len(table) == 4
    both = table["best reply one"] & table["best reply <two>"]
    cells = [(int(a) - 1, int(b) - 1) for a, b in table.loc[both, ["one", "<two>"]].to_numpy()]
    assert cells == game.pure_equilibria()
    assert "&lt;two&gt;" in game._repr_html_()
    assert game._repr_html_().count("<td>") == 4


def test_a_game_of_nashpy_comes_back_the_same():
    game = NormalForm.bimatrix(np.arange(6.0).reshape(2, 3), np.ones((2, 3)))
    assert from_nashpy(to_nashpy(game)) == game
    with pytest.raises(ArgumentError, match="two players"):
        to_nashpy(NormalForm(np.zeros((3, 2, 2, 2))))


@pytest.mark.parametrize("kind", [float, int, Fraction])
def test_payoffs_too_far_apart_for_floats_are_refused(kind):
    """An infinite range would make any gain a vanishing part of it."""
    A = [[kind(10**308), kind(-(10**308))], [kind(0), kind(1)]]
    with pytest.raises(ArgumentError, match=r"payoffs\[0\].*range of at most"):
        NormalForm.bimatrix(A, [[1, 0], [0, 1]])
    with pytest.raises(ArgumentError, match=r"B\[1\].*range of at most"):
        nash_batch(np.zeros((2, 2, 2)), [np.eye(2), np.array(A, dtype=float)])
    assert nash(NormalForm.bimatrix(np.array(A, dtype=float) / 4, np.eye(2))).complete


@pytest.mark.parametrize("exact", [False, True], ids=["floats", "fractions"])
def test_ends_of_paths_are_listed_once_with_their_labels(exact):
    """Coordination: both labels of an action lead to it."""
    ends = lemke_howson(NormalForm.bimatrix([[1, 0], [0, 1e-10]], np.eye(2)), exact=exact)
    assert len(ends) == 2
    assert sorted(k for e in ends for k in e.detail["labels"]) == [0, 1, 2, 3]


def test_ends_that_differ_in_a_probability_of_one_in_ten_billion_are_told_apart():
    """Both are equilibria of their game: rounded to nine digits they would be one."""
    game = NormalForm.bimatrix([[1, 0], [0, 1e-10]], [[1, 0], [0, 1e-10]])
    small = 1e-10 / (1 + 1e-10)
    mixed, pure = (equilibrium(game, [np.array([p, 1 - p])] * 2, "") for p in (small, 0.0))
    assert mixed.status is pure.status is Status.OK
    assert not _same(mixed, pure)
    assert _same(mixed, equilibrium(game, [np.array([small * (1 + 1e-12), 1 - small])] * 2, ""))


def test_a_batch_of_one_game_is_told_in_the_singular():
    assert repr(nash_batch([[[1.0]]], [[[1.0]]])).startswith("1 extreme equilibrium of 1 game, ")


def test_a_tree_is_no_game_of_nashpy():
    pytest.importorskip("nashpy")
    with pytest.raises(ArgumentError, match="strategic_form"):
        to_nashpy(catalog.load("centipede"))
