"""The extension clause: its designer, and prices of one more day."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ceasefire as cf
from ceasefire import solvers, truce
from ceasefire.bargaining import Clause, ClauseDesigner, OneMoreDay
from ceasefire.bargaining._clause_search import Search, neighbours, prove
from ceasefire.bargaining.one_day import _prove
from ceasefire.errors import ArgumentError
from ceasefire.status import Status
from ceasefire.truce.payoffs import further_days, release_loss

ACTUAL = Clause(10.0, 0.0, 10, 4, 50.0)


@pytest.fixture(scope="module")
def designer(baseline):
    """A search that takes a second: 24 clauses."""
    return ClauseDesigner.from_scenario(baseline).replace(
        prices=(8.0, 10.0, 12.0, 15.0), growths=(-1.0, 0.0, 1.0), caps=(10,), chunks=(4,),
        first_blocks=(50.0, 60.0),
    )  # fmt: skip


@pytest.fixture(scope="module")
def design(designer):
    return designer.solve()


@pytest.fixture(scope="module")
def prices(baseline):
    return OneMoreDay.from_scenario(baseline)


def test_the_actual_clause_reproduces_the_baseline(designer, eq):
    assert designer.actual == ACTUAL
    play = designer.play(designer.actual)
    course = eq.course()
    assert play.block_days == 4
    assert play.trust == pytest.approx(eq.trust, abs=1e-12)
    assert play.open_probability == pytest.approx(eq.pilot.open_probability, abs=1e-12)
    assert play.days == pytest.approx(course.mean_days, abs=1e-12)
    assert play.freed == pytest.approx(98 - course.mean_left, abs=1e-10)
    assert play.lasting == pytest.approx(course.length[course.length.index >= 8].sum(), abs=1e-12)
    assert play.incident == pytest.approx(course.ends["incident"], abs=1e-12)
    values = eq.block.loc[4]
    assert play.captor == pytest.approx(values["dealer"], abs=1e-10)
    assert play.pausing_state == pytest.approx(values["pausing_state"], abs=1e-10)


def test_an_imposed_block_of_the_bargained_length_changes_nothing(designer):
    free = designer.play(ACTUAL)
    imposed = designer.replace(block_days=4).play(ACTUAL)
    for name in ("trust", "open_probability", "days", "freed", "captor", "pausing_state"):
        assert getattr(imposed, name) == pytest.approx(getattr(free, name), abs=1e-9)


# MODEL.md P5: pausing state and dealer at the window (48, 4), captives freed
P5 = {8: (3.5, 27.0, 67), 10: (7.8, 25.2, 72), 12: (10.8, 19.9, 73),
      14: (14.2, 15.7, 74), 16: (10.4, 12.1, 68), 24: (6.4, 4.5, 64)}  # fmt: skip


@pytest.mark.parametrize("price", P5)
def test_values_and_captives_freed_by_price_are_those_of_the_model_page(
    designer, baseline, eq, price
):
    fixed = designer.replace(trust=eq.trust, block_days=4)
    clause = replace(ACTUAL, price=float(price))
    pauser, captor, freed = P5[price]
    assert fixed.play(clause).freed == pytest.approx(freed, abs=0.6)
    window = truce.solve(clause.terms(baseline)).values(48, 4, eq.trust)
    assert window.pausing_state == pytest.approx(pauser, abs=0.06)
    assert window.dealer == pytest.approx(captor, abs=0.06)


def test_a_search_finds_a_clause_that_no_neighbour_betters(designer, design):
    assert design.status.solved
    assert design.certificate.passed
    for play, goal in (
        (design.best, designer.score),
        (design.longest, lambda p: p.open_probability * p.days),
        (design.most_freed, lambda p: p.open_probability * p.freed),
    ):
        assert goal(play) == max(goal(p) for p in design.plays if p.agreed)
        for clause in neighbours(designer, play.clause):
            assert goal(designer.play(clause)) <= goal(play) * (1 + 1e-9)
    assert design.best == design.longest  # days are the default objective
    assert design.best_score > design.actual_score
    scores = [designer.score(play) for play in (design.best, *design.runners_up)]
    assert scores == sorted(scores, reverse=True)


def test_nothing_tried_beats_the_frontier_in_both_goals(design):
    def goals(play):
        return play.open_probability * play.days, play.open_probability * play.freed

    kept = [goals(play) for play in design.frontier]
    assert kept == sorted(kept)
    for days, freed in kept:
        for play in design.plays:
            other = goals(play)
            assert not (other[0] > days and other[1] >= freed)
            assert not (other[0] >= days and other[1] > freed)
    assert design.longest in design.frontier


def test_constant_rising_and_falling_prices_are_set_side_by_side(designer, design):
    assert [play.clause.kind for play in design.by_kind] == ["falling", "constant", "rising"]
    for play in design.by_kind:
        same = [p for p in design.plays if p.agreed and p.clause.kind == play.clause.kind]
        assert designer.score(play) == max(designer.score(p) for p in same)
    assert design.best in design.by_kind


@pytest.mark.parametrize(
    ("weight", "measure"),
    [("freed", "freed"), ("captor", "captor"), ("pausing_state", "pausing_state"),
     ("lasting", "lasting")],
)  # fmt: skip
def test_any_measure_can_be_the_objective(designer, weight, measure):
    other = designer.replace({"weight_days": 0.0, f"weight_{weight}": 1.0})
    best = other.solve().best
    values = [p.open_probability * getattr(p, measure) for p in other.solve().plays if p.agreed]
    assert best.open_probability * getattr(best, measure) == pytest.approx(max(values))


def test_an_incident_counts_against_a_clause(designer):
    play = designer.play(ACTUAL)
    less = designer.replace(weight_incident=10.0)
    loss = designer.score(play) - less.score(play)
    assert loss == pytest.approx(10.0 * play.open_probability * play.incident)


def test_finer_steps_find_nothing_worse(designer, design):
    finer = designer.replace(halvings=2).solve()
    assert finer.best_score >= design.best_score - 1e-12
    assert finer.certificate.passed


def test_an_exhaustive_search_tries_every_combination(designer):
    search = Search(designer.replace(exhaustive=True))
    search.run([designer.score])
    assert len(search.tried) == 4 * 3 * 2


def test_a_wrong_claim_fails_the_proof(designer, design):
    worse = design.actual
    goals = (designer.score,)
    assert prove(designer, (design.best,), goals).passed
    assert not prove(designer, (worse,), goals).passed
    wrong = replace(design.best, days=design.best.days + 0.01)
    assert not prove(designer, (wrong,), goals).passed


def test_the_trap_days_given_a_deal_are_bought_with_talks_that_never_open(designer):
    """Trap: 10 captives first and 8 a day would last 8.3 days, but nobody opens talks for it."""
    clause = Clause(8.0, 0.0, 10, 4, 10.0)
    play = designer.play(clause)
    actual = designer.play(ACTUAL)
    assert play.days > 8.0 > actual.days
    assert play.open_probability < 1e-3
    assert designer.score(play) < 0.1 < designer.score(actual)
    blind = designer.replace(given_deal=True)
    assert blind.score(play) > blind.score(actual)


def test_the_trap_the_objective_jumps_where_the_block_changes_its_days(designer):
    """Trap: between 13 and 14 captives a day the block goes from 4 to 5 days."""
    low, high = (designer.play(replace(ACTUAL, price=p)) for p in (13.0, 14.0))
    assert (low.block_days, high.block_days) == (4, 5)
    assert high.days - low.days > 0.5


def test_the_trap_a_cap_beyond_what_the_stock_buys_changes_nothing(designer):
    longer = designer.play(replace(ACTUAL, cap_days=12))
    assert longer.days == pytest.approx(designer.play(ACTUAL).days, abs=1e-9)


def test_a_clause_that_both_would_rather_fight_than_keep_is_never_chosen(designer):
    poor = designer.replace(scenario=designer.scenario.replace(v=0.0))
    with pytest.raises(ArgumentError, match="no block agreed"):
        poor.solve()


@settings(max_examples=12, deadline=None)
@given(price=st.floats(7.0, 20.0), growth=st.floats(-0.5, 3.0), block=st.integers(3, 5))
def test_without_frictions_the_pause_lasts_as_long_as_the_stock_buys_days(price, growth, block):
    """Closed form: T0 + n days, n the days that 48 captives buy within the cap."""
    s = cf.load("november-2023").replace(
        c_hi=0.25, l_hi=1, l_lo=1, k1=0, beta=0, chi=0, s=1e-3, s_C=1e-3
    )
    model = ClauseDesigner.from_scenario(s).replace(trust=1.0, block_days=block, beliefs=5)
    clause = Clause(price, growth, 10, 4, 50.0)
    play = model.play(clause)
    p = clause.terms(s).symbols()
    spent = further_days(p, 48.0, block, block, 10 - block)
    assert play.days == pytest.approx(block + len(spent) - 1, abs=1e-6)
    assert play.freed == pytest.approx(50.0 + spent[-1], abs=1e-5)


@pytest.mark.parametrize("growth", [-0.75, 0.0, 1.5])
def test_the_general_engine_has_the_values_of_a_clause_with_a_known_dealer(baseline, growth):
    quiet = baseline.replace(s=1e-5, s_C=1e-5)
    model = ClauseDesigner.from_scenario(quiet).replace(trust=1.0, block_days=4)
    clause = replace(ACTUAL, growth=growth)
    play = model.play(clause)
    found = solvers.markov_perfect(model.game(clause, block_days=4))
    assert found[0].payoffs == pytest.approx((play.captor, play.pausing_state), abs=1e-3)


def test_tables_and_words_name_the_clauses_found(designer, design):
    table = designer.table()
    assert len(table) == len(design.plays)
    assert table["score"].iloc[0] == pytest.approx(design.best_score)
    assert {"actual", "best"} <= {r.strip() for role in table["role"] for r in role.split(",")}
    assert table["frontier"].sum() == len(design.frontier)
    assert str(design.longest.clause) in designer.answer()
    assert str(Clause(8, 1, 10, 4, 50)) == "50 first, then 8, 9, ... a day (cap 10 days, 4 at once)"
    assert [Clause(8, g, 10, 4, 50).kind for g in (-1, 0, 1)] == ["falling", "constant", "rising"]


def test_doubt_about_preferences_is_counted_not_hidden(designer):
    """Another preference a draw: the clause found wins in most draws, not in all."""
    table = designer.doubt(draws=25)
    assert table["role"].tolist() == ["best", "longest", "most freed"]
    assert table["draws"].between(15, 25).all()
    assert (table[["share_score", "share_days", "share_freed"]] <= 1.0).all(axis=None)
    assert table.loc[0, "share_score"] == table.loc[0, "share_days"]
    assert table["share_freed"].iloc[2] > 0.4
    again = designer.doubt(draws=25, rng=np.random.default_rng(20231124))
    assert again.equals(table)
    sure = designer.doubt(draws=3, spread=1e-9)
    assert sure.loc[0, "share_score"] == 1.0
    with pytest.raises(ArgumentError, match="spread"):
        designer.doubt(spread=-1.0)


def test_a_whole_pool_scenario_has_whole_blocks():
    model = ClauseDesigner.from_scenario(cf.load("all-at-once"))
    assert all(block == int(block) for block in model.first_blocks)
    assert max(model.first_blocks) == 98
    words = OneMoreDay.from_scenario(cf.load("all-at-once")).answer()
    assert "no price" in words


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"prices": ()}, "prices"),
        ({"prices": (0.0,)}, "prices"),
        ({"prices": (99.0,)}, "prices"),
        ({"growths": (math.nan,)}, "growths"),
        ({"caps": (2.5,)}, "caps"),
        ({"chunks": (0,)}, "chunks"),
        ({"first_blocks": (120.0,)}, "first_blocks"),
        ({"weight_days": math.inf}, "weight_days"),
        ({"lasting_days": -1}, "lasting_days"),
        ({"block_days": 0}, "block_days"),
        ({"trust": 1.2}, "trust"),
        ({"halvings": 9}, "halvings"),
        ({"beliefs": 1}, "beliefs"),
        ({"scenario": "november-2023"}, "scenario"),
    ],
)
def test_a_bad_search_is_refused_by_name(designer, change, field):
    with pytest.raises(ArgumentError) as caught:
        designer.replace(change)
    assert caught.value.where.startswith(field)


@pytest.mark.parametrize("model", [ClauseDesigner, OneMoreDay])
def test_an_extension_of_the_truce_is_refused(baseline, model):
    with pytest.raises(ArgumentError, match="no extension"):
        model.from_scenario(baseline.replace({"mediator": "on"}))


def test_terms_that_cannot_be_are_refused(designer):
    with pytest.raises(ArgumentError, match="prices above 0"):
        designer.play(Clause(8.0, -2.0, 10, 4, 50.0))
    with pytest.raises(ArgumentError, match="clause"):
        designer.replace(block_days=9).play(Clause(10.0, 0.0, 8, 4, 50.0))


def test_prices_of_one_more_day_are_those_of_the_model_page(prices):
    """MODEL.md section 5: zone [0,37] after day 4, [6,22] after day 6, then the gap."""
    found = prices.solve()
    assert [(w.day, w.held) for w in found.windows] == [(4, 48.0), (6, 28.0), (7, 18.0)]
    printed = [[(0, 37)], [(6, 22)], [(7, 8), (10.5, 15.5)]]
    for window, expected in zip(found.windows, printed, strict=True):
        for y in np.arange(0, window.held + 0.25, 0.5):
            inside = any(low <= y <= high for low, high in window.zone)
            assert inside == any(low <= y <= high for low, high in expected)
    assert [w.clause_in_zone for w in found.windows] == [True, True, False]
    assert found.first_refusal == 7
    assert found.windows[2].nearest_price == pytest.approx(10.2145, abs=1e-4)
    assert found.certificate.passed
    assert "not among them after day 7" in prices.answer()


def test_the_last_batch_has_the_closed_form(baseline):
    """At (18, 7) all 18 for the day: nothing follows, so an opportunist keeps them."""
    p, trust = baseline.symbols(), 0.6
    eq = truce.solve(baseline)
    gains = truce.one_more_day(eq, 18, 7, trust, [18.0])
    loss = float(release_loss(p, 18.0, 18.0))
    assert gains["captor"].iloc[0] == pytest.approx(0.7 * (12 - loss), abs=1e-12)
    assert gains["pausing_state"].iloc[0] == pytest.approx(0.7 * (-6.4 + trust * 18), abs=1e-12)


def test_windows_asked_for_are_the_ones_priced(prices, baseline):
    asked = tuple((w.held, float(w.day), w.trust) for w in prices.solve().windows)
    again = prices.replace(windows=asked).solve()
    for one, other in zip(again.windows, prices.solve().windows, strict=True):
        assert one.zone == other.zone
        assert repr(one) == repr(other)
    trusted = prices.replace(windows=((18.0, 7.0, 1.0),)).solve().windows[0]
    assert trusted.clause_in_zone  # with full trust even the last whole batch buys a day
    atcap = prices.replace(windows=((18.0, 10.0, 0.9),)).solve().windows[0]
    assert atcap.zone == ()
    assert math.isnan(atcap.nearest_price)


def test_an_end_of_a_zone_that_is_off_fails_the_proof(prices, eq):
    window = prices.solve().windows[2]
    assert _prove(eq, (window,)).passed
    (low, high), upper = window.zone
    for wrong in (
        ((low - 0.01, high), upper),
        ((low + 0.01, high), upper),
        ((low, high), (upper[0], upper[1] + 0.01)),
    ):
        assert not _prove(eq, (replace(window, zone=wrong),)).passed


def test_the_table_gains_are_positive_exactly_in_the_zone(prices):
    table = prices.table()
    both = (table["captor_gain"] >= 0) & (table["pausing_state_gain"] >= 0)
    assert (both == table["in_zone"]).all()


def test_the_price_of_a_rising_clause_is_that_of_the_day(baseline):
    found = OneMoreDay.from_scenario(baseline.replace(x=8, x1=1)).solve()
    assert [w.clause_price for w in found.windows] == [8.0 + w.day - 4 for w in found.windows]
    assert found.certificate.passed


def test_without_a_deal_there_is_no_window(baseline):
    model = OneMoreDay.from_scenario(baseline.replace(v=0.0))
    assert model.solve().status is Status.NO_DEAL
    assert model.solve().windows == ()
    assert "no window" in model.answer()


@pytest.mark.parametrize(
    "windows",
    [[(48, 4, 0.5)], ((48, 4),), ((48, 4, 1.5),), ((48, 2.5, 0.5),), ((48, 11, 0.5),),
     ((-1, 4, 0.5),), ((48, math.nan, 0.5),)],
)  # fmt: skip
def test_a_bad_window_is_refused_by_name(prices, windows):
    with pytest.raises(ArgumentError) as caught:
        prices.replace(windows=windows)
    assert caught.value.where.startswith("windows")
