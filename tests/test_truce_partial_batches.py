"""Extension 1: partial batches, a shortfall as a graded signal (docs/model.md, Extensions)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ceasefire as cf
from ceasefire import truce
from ceasefire.errors import ArgumentError
from ceasefire.status import Status
from ceasefire.truce import _kernels as base
from ceasefire.truce.extensions import _partial_kernels as kernels
from ceasefire.truce.extensions._partial_line import solve_line
from ceasefire.truce.extensions._partial_news import day_news
from ceasefire.truce.extensions._partial_tree import check_line, terms_error
from ceasefire.truce.extensions.partial_batches import PartialBatches

HELD, DAY = 28.0, 6  # the window before day 7
NEUTRAL = {"part_chance": 0.0, "slack": 0.0}
GRID = 61


@pytest.fixture(scope="module")
def partial(baseline):
    return truce.solve(baseline.replace({"partial_batches": "on"}))


def line(baseline, held=HELD, day=DAY, **table):
    return solve_line(baseline.symbols(), PartialBatches(**table), held, day, beliefs=GRID)


@pytest.mark.parametrize("share", [0.2, 0.8])
def test_without_parts_and_slack_the_base_model_comes_back(baseline, eq, share):
    whole = truce.solve(baseline.replace({"partial_batches": NEUTRAL | {"part_share": share}}))
    assert whole.trust == pytest.approx(eq.trust, abs=1e-12)
    assert whole.block_days == eq.block_days
    rows = slice(base.Y, base.UO + 1)
    for one, two in zip(whole.lines, eq.lines, strict=True):
        assert one.nodes.kind.size == two.nodes.kind.size
        gap = one.at(eq.trust)[rows, one.head] - two.at(eq.trust)[rows, two.head]
        assert np.abs(gap).max() < 1e-12
    for held, day in ((48, 4), (28, 6), (18, 7)):
        needed = eq.trust_needed(held, day)
        assert whole.trust_needed(held, day) == pytest.approx(needed, abs=1e-12)
        one, two = (solved.values(held, day, 0.6) for solved in (whole, eq))
        assert np.abs(one.offers - two.offers).max() < 1e-12
    assert np.abs(eq.course().length - whole.course().length).max() < 1e-12
    assert np.abs(eq.course().held_by_day - whole.course().held_by_day).max(axis=None) < 1e-12


def test_the_certificate_of_the_baseline_passes_for_every_player(partial):
    certificate = partial.certificate
    assert certificate.passed, certificate.failures
    assert certificate.exploitability < 1e-6
    assert [player for player, _ in certificate.gains] == [
        "opportunist", "pausing state", "political wing",
    ]  # fmt: skip
    assert certificate.complete
    assert partial.status is Status.OK


@pytest.mark.parametrize(
    "table",
    [
        {"part_chance": 1.0, "slack": 0.0},
        {"part_chance": 0.0, "slack": 0.2},
        {"part_chance": 0.3, "slack": 0.4, "part_share": 0.5},
        {"part_chance": 1.0, "slack": 0.9, "part_share": 0.1},
    ],
    ids=str,
)
@pytest.mark.parametrize("trust", [0.0, 0.2, 0.47, 0.8, 1.0])
def test_nobody_gains_by_deviating_at_any_history(baseline, table, trust):
    p = baseline.symbols()
    block = solve_line(
        p, PartialBatches(**table), 98.0, 0, head_days=3, head_batch=50 / 3, beliefs=GRID
    )
    check = check_line(block, trust)
    assert check.exploitability < 1e-9
    assert check.value_error < 1e-9
    assert check.bayes_error < 1e-12
    assert terms_error(block) < 1e-9


def test_the_walk_notices_an_opportunist_that_hands_over_too_little(baseline):
    window = line(baseline)
    day = int(window.nodes.offers[window.head, 1])
    view = window.seen_from(day)
    played = view.at(0.8).copy()
    assert played[kernels.HAND_PART, day] == 1.0
    played[kernels.HAND_PART, day] = 0.0
    view._seen[0.8] = played
    assert check_line(window, 0.8).opportunist > 1e-3


@pytest.mark.parametrize("trust", [0.2, 0.47, 0.5573])
def test_a_shortfall_is_worse_news_than_the_batch_and_better_than_nothing(baseline, trust):
    news = day_news(line(baseline), trust)
    assert news.after_nothing < news.after_part < news.after_whole
    assert trust <= news.after_whole


def test_where_everybody_delivers_a_shortfall_tells_more_than_nothing_does(baseline):
    """Then nothing is inability, alike for both types; a part may be an opportunist's slack."""
    news = day_news(line(baseline), 0.8)
    assert news.delivers_whole == news.hands_part == 1.0
    assert news.after_nothing == pytest.approx(0.8, abs=1e-12)
    assert news.after_part < 0.8 < news.after_whole


@pytest.mark.parametrize("trust", [0.2, 0.5, 0.8])
def test_beliefs_after_the_three_events_average_to_the_belief_before(baseline, trust):
    news = day_news(line(baseline, slack=0.2), trust)
    chances = np.array([news.whole, news.part, news.nothing])
    after = np.array([news.after_whole, news.after_part, news.after_nothing])
    assert chances.sum() == pytest.approx(1.0, abs=1e-12)
    assert float(chances @ after) == pytest.approx(trust, abs=1e-9)


def test_a_shortfall_tells_nothing_where_types_produce_alike_and_all_deliver(baseline):
    news = day_news(line(baseline, slack=0.0), 0.8)
    assert news.hands_part == 1.0
    assert news.after_part == pytest.approx(0.8, abs=1e-12)
    assert news.slack_given_part == 0.0


def test_a_shortfall_that_no_dealer_has_gives_the_opportunist_away(baseline):
    news = day_news(line(baseline, part_chance=0.0, slack=0.2), 0.6)
    assert news.after_part == 0.0
    assert news.goes_on_after_part < 1e-6


def test_more_slack_makes_a_shortfall_more_damning_while_every_part_is_handed_over(baseline):
    found = [day_news(line(baseline, slack=float(s)), 0.8) for s in np.linspace(0, 0.5, 11)]
    honest = [news for news in found if news.hands_part == 1.0]
    assert len(honest) > 1
    assert (np.diff([news.after_part for news in honest]) < 0.0).all()
    assert (np.diff([news.slack_given_part for news in honest]) > 0.0).all()
    assert (np.diff([news.hands_part for news in found]) <= 1e-9).all()


def test_an_opportunist_that_mixes_gains_nothing_from_the_part(baseline):
    window = line(baseline)
    nodes, p = window.nodes, baseline.symbols()
    day = int(nodes.offers[window.head, 1])
    news = day_news(window, 0.5573)
    assert 0.0 < news.hands_part < 1.0
    following = int(nodes.next[kernels.PART, day])
    after = float(window.play(following, news.after_part)[kernels.UO])
    gain = -nodes.loss[kernels.PART, day] + (1.0 - p.beta) * after
    assert gain == pytest.approx(0.0, abs=1e-9)


def test_the_last_batch_is_the_closed_form(baseline):
    """With 12 held nothing can follow: an opportunist brings nothing, a dealer what it can."""
    p = baseline.symbols()
    table = PartialBatches()
    window = line(baseline, 12.0, 7)
    day = int(window.nodes.offers[window.head, 1])
    able = p.l_hi - (p.l_hi - p.l_lo) * np.exp(-2.0 / p.l_w)
    part = table.part_chance * (1.0 - able)
    for trust in (0.3, 0.9):
        at = window.play(day, trust)
        assert at[kernels.DELIVER] == at[kernels.HAND_PART] == 0.0
        freed = trust * p.v * (able * 10.0 + part * table.part_share * 10.0)
        worth = freed - (able + part) * (p.k0 + 7 * p.k1)
        assert at[kernels.FIRST_Y] == pytest.approx(worth, abs=1e-12)


def test_only_one_shortfall_is_borne_and_its_remainder_stays_in_the_stock(partial):
    nodes = partial.line(4).nodes
    days = nodes.kind == kernels.DAY
    before = days & (nodes.short_day < 0)
    assert (nodes.next[kernels.PART, before] >= 0).all()
    assert (nodes.next[kernels.PART, days & ~before] < 0).all()
    for node in np.flatnonzero(before):
        short = nodes.next[kernels.PART, node]
        assert nodes.held[short] == pytest.approx(nodes.held[node] - 0.8 * nodes.size[0, node])
        assert nodes.short_day[short] == nodes.used[node]


def test_the_course_adds_up_with_stocks_that_depend_on_the_shortfall(partial):
    course = partial.course()
    assert sum(chance for _, chance in course.outcomes) == pytest.approx(1.0, abs=1e-12)
    held = course.held_by_day
    assert held.sum(axis=1).to_numpy() == pytest.approx(1.0, abs=1e-12)
    assert float(held.iloc[-1] @ held.columns) == pytest.approx(course.mean_left, abs=1e-7)
    assert 0.0 < course.shortfall_probability < 0.5
    none = [o for o, _ in course.outcomes if o.short_day < 0]
    assert all(
        o.left == 98 - 12.5 * min(o.delivered, 4) - 10 * max(o.delivered - 4, 0) for o in none
    )


def test_baseline_of_november_2023(partial):
    """docs/model.md, Extensions: what day 7 tells, at the trust held then."""
    assert partial.block_days == 4
    assert partial.trust == pytest.approx(0.481, abs=1e-3)
    trust = partial.trust_held((4, 2))
    news = partial.news(HELD, DAY, trust)
    assert trust == pytest.approx(0.557, abs=1e-3)
    after = (news.after_whole, news.after_part, news.after_nothing)
    assert after == pytest.approx((0.616, 0.411, 0.140), abs=1e-3)
    goes_on = (news.goes_on_after_whole, news.goes_on_after_part)
    assert goes_on == pytest.approx((0.344, 0.292), abs=1e-3)
    assert news.slack_given_part == pytest.approx(0.376, abs=1e-3)
    assert partial.course().shortfall_probability == pytest.approx(0.188, abs=1e-3)


@settings(max_examples=5, deadline=None)
@given(st.floats(0.1, 20.0), st.sampled_from([0.3, 0.5573, 0.7]))
def test_the_unit_of_utility_does_not_matter(scale, trust):
    p = cf.load("november-2023").symbols()
    utils = ("g", "c_lo", "c_hi", "s_C", "v", "k0", "k1", "kappa", "s", "K_T", "s_T", "Z")
    scaled = p._replace(**{name: getattr(p, name) * scale for name in utils})
    one, two = (
        solve_line(q, PartialBatches(slack=0.1), HELD, DAY, beliefs=GRID) for q in (p, scaled)
    )
    for row in (kernels.Y, kernels.UD, kernels.UO):
        expected = scale * one.at(trust)[row, one.head]
        assert two.at(trust)[row, two.head] == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert day_news(two, trust).hands_part == pytest.approx(
        day_news(one, trust).hands_part, abs=1e-7
    )


def test_bad_arguments_are_refused_by_name(partial):
    with pytest.raises(ArgumentError, match="trust"):
        partial.news(48, 4, 1.5)
    with pytest.raises(ArgumentError, match="held"):
        partial.news(8, 8, 0.5)
    with pytest.raises(ArgumentError, match="day"):
        partial.values(48, 4.5, 0.5)
    with pytest.raises(ArgumentError, match="block_days"):
        partial.line(99)
    with pytest.raises(ArgumentError, match="chunks"):
        partial.trust_held((4, 9))
