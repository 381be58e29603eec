"""Traps of THEORY.md that a plausible mistake falls into: options above the pie, ranks."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from ceasefire.bargaining import AlternatingOffers, Inspectors
from ceasefire.games import NormalForm, PublicSignals
from ceasefire.solvers import rank_conditions, subgame_perfect
from ceasefire.status import Status

F = Fraction

# --- A3: outside options that exceed the pie together


@pytest.mark.parametrize("w", [(F(3, 5), F(1, 2)), (F(9, 10), F(1, 5)), (F(1), F(1, 100))])
@pytest.mark.parametrize("d", [(F(9, 10), F(4, 5)), (F(1, 2), F(99, 100))])
def test_options_worth_more_than_the_pie_end_talks_at_the_first_refusal(w, d):
    """THEORY A3, trap: w1 + w2 > 1 means no deal. The formula 1 - w2 would pay more than all."""
    model = AlternatingOffers(*d, outside_1=w[0], outside_2=w[1])
    for found in (model.closed_form(), model.solve()):
        assert found.status is Status.NO_DEAL
        assert found.agreed == (False, False)
        for pair in (found.first, found.second):
            assert [float(x) for x in pair] == pytest.approx([float(x) for x in w], abs=1e-12)
        assert found.certificate.passed


@pytest.mark.parametrize("offers", [1, 2, 3])
def test_the_engine_leaves_at_once_too_when_options_exceed_the_pie(offers):
    w = (F(3, 5), F(1, 2))
    model = AlternatingOffers(F(9, 10), F(4, 5), outside_1=w[0], outside_2=w[1])
    tree = model.game(offers=offers, grid=5)
    for found in subgame_perfect(tree, exact=True, limit=10):
        assert tuple(found.payoffs) == w
        assert "leave" in repr(found)


@pytest.mark.parametrize("gap", [F(1, 10), F(1, 1000)])
def test_there_is_a_deal_as_soon_as_options_fit_into_the_pie(gap):
    """One that binds gives the proposer exactly 1 - w2; the same numbers, summing to 1 - gap."""
    w = (F(3, 5), F(2, 5) - gap)
    model = AlternatingOffers(F(1, 2), F(1, 2), outside_1=w[0], outside_2=w[1])
    found = model.closed_form()
    assert found.status is Status.OK
    assert found.agreed == (True, True)
    assert found.first == (1 - w[1], w[1])
    assert found.second == (w[0], 1 - w[0])
    assert model.solve().first[0] == pytest.approx(float(1 - w[1]), abs=1e-12)


# --- G6: which signals tell who deviated

DILEMMA = NormalForm.bimatrix([[2, -1], [3, 0]], [[2, 3], [-1, 0]], actions=[["C", "D"]] * 2)


def law(table, names):
    return PublicSignals(np.array(table, dtype=float), names)


def rank_at_cc(table):
    """Of the three laws that deviations of either side from (C, C) leave, by singular values."""
    table = np.array(table, dtype=float)
    rows = np.stack([table[0, 0], table[1, 0], table[0, 1]])
    return int((np.linalg.svd(rows, compute_uv=False) > 1e-9).sum())


TWO = [[[0.9, 0.1], [0.5, 0.5]], [[0.5, 0.5], [0.2, 0.8]]]
COIN = [[[0.9, 0.05, 0.05], [0.5, 0.25, 0.25]], [[0.5, 0.25, 0.25], [0.2, 0.4, 0.4]]]
NAMED = [[[0.9, 0.05, 0.05], [0.5, 0.1, 0.4]], [[0.5, 0.4, 0.1], [0.2, 0.4, 0.4]]]


@pytest.mark.parametrize(
    ("table", "names", "rank"),
    [(TWO, ["good", "bad"], 2), (COIN, ["good", "1?", "2?"], 2), (NAMED, ["good", "1", "2"], 3)],
    ids=["two signals", "three that name nobody", "three that name the deviator"],
)
def test_three_signals_tell_deviators_apart_only_if_they_name_them(table, names, rank):
    """THEORY G6 at (C, C). A count of signals, or of actions, would pass all of the last two."""
    assert rank_at_cc(table) == rank
    found = rank_conditions(DILEMMA, monitoring=law(table, names))
    (pair,) = [c for c in found.at("C", "C") if len(c.players) == 2]
    assert (pair.rank, pair.needed, pair.holds) == (rank, 3, rank == 3)
    assert found.individual_full_rank


@pytest.mark.parametrize("accuracy", [F(0), F(1, 1000), F(1, 2), F(1)])
def test_reports_of_inspectors_have_the_rank_of_their_law(accuracy):
    model = Inspectors(2, 1, F(9, 10), F(1, 2), accuracy)
    told = rank_at_cc(np.array(model.game().monitoring.probability, dtype=float))
    assert told == (2 if accuracy == 0 else 3)
    for found in (model.closed_form(), model.solve()):
        assert bool(found.failing) is (told == 2)
        assert found.limit_value == pytest.approx(2 if told == 3 else 1.75, abs=1e-6)
