"""Models at the edges of scenarios: no block, nothing to gain, no end; answers stay in words."""

from __future__ import annotations

import math
import re

import pytest

import ceasefire
from ceasefire import bargaining
from ceasefire.bargaining import clause as clause_room
from ceasefire.bargaining._words import counted, shown
from ceasefire.errors import ArgumentError
from ceasefire.status import Status

ODD = re.compile(
    r"\bnan\b|\binf\b|(?<![\d.])-0\.0*\b|(?<![\d.])1 (batches|captives|days|steps|tests)\b"
)


@pytest.fixture(scope="module")
def scenario():
    return ceasefire.load("november-2023")


def solved(name, scenario):
    model = bargaining.model(name).from_scenario(scenario)
    model.solve()
    return model


@pytest.mark.parametrize("changes", [{"v": 0.0}, {"pi0": 0.0}, {"k0": 1e4}], ids=str)
@pytest.mark.parametrize(
    "name",
    ["unanimity-table", "legislative-bargaining", "nash-in-nash", "spoiler", "second-truce",
     "reassuring-stake"],
)  # fmt: skip
def test_a_scenario_without_a_first_block_is_refused_in_words(name, changes, scenario):
    with pytest.raises(ArgumentError, match="no first block is agreed; raise") as caught:
        solved(name, scenario.replace(changes))
    assert caught.value.where == "scenario"
    assert "block_days" not in str(caught.value)


@pytest.mark.parametrize("name", ["one-more-day", "fight-or-pause"])
def test_models_of_windows_say_that_there_are_none(name, scenario):
    model = solved(name, scenario.replace(v=0.0))
    assert model.solve().status is Status.NO_DEAL
    assert "no window" in model.answer()


@pytest.mark.parametrize(
    "name",
    ["standoff", "guarantor", "attrition", "war-ladder", "risk-return", "power-shift",
     "brinkmanship", "phased-deal", "concessions", "chain-store", "sequential-exchange",
     "kept-promises", "lockwood-thomas", "instalments", "daily-compliance", "noisy-surveillance",
     "inspectors", "exit-or-pause", "mediated-costs", "biased-reporter", "verifiable-list",
     "two-offers", "price-demands", "double-auction", "two-type-trade"],
)  # fmt: skip
def test_captives_worth_nothing_are_named_as_the_reason(name, scenario):
    """No number stands in for a worth of 0: it would show up in answers as 1e-9 or 1e5 days."""
    with pytest.raises(ArgumentError, match="nothing to bargain over") as caught:
        solved(name, scenario.replace(v=0.0))
    assert caught.value.where == "pausing_state.captive_value"


@pytest.mark.parametrize(
    "name",
    ["attrition", "standoff", "brinkmanship", "lockwood-thomas", "sequential-exchange",
     "biased-reporter", "voluntary-list", "verifiable-list"],
)  # fmt: skip
def test_days_worth_nothing_to_the_captor_are_named_as_the_reason(name, scenario):
    with pytest.raises(ArgumentError, match="buy nothing") as caught:
        solved(name, scenario.replace(g=0.0))
    assert caught.value.where == "captor.pause_gain_per_day"


@pytest.mark.parametrize(
    "name",
    ["instalments", "lockwood-thomas", "lockwood-thomas-smooth", "daily-compliance",
     "noisy-surveillance", "exit-or-pause"],
)  # fmt: skip
def test_a_pause_that_nothing_ends_has_no_discount(name, scenario):
    with pytest.raises(ArgumentError, match="without incidents nothing discounts") as caught:
        solved(name, scenario.replace(beta=0.0))
    assert caught.value.where == "hazards.incident_per_day"
    near = bargaining.model(name).from_scenario(scenario.replace(beta=1e-4))
    assert "nan" not in near.answer()


def test_a_nearly_endless_pause_is_solved_at_once(scenario):
    found = solved("exit-or-pause", scenario.replace(beta=1e-6)).solve()
    assert found.certificate.passed
    assert found.staying[-1] == 1.0


def test_patient_reports_need_no_discount(scenario):
    patient = bargaining.Inspectors.from_scenario(scenario.replace(beta=0.0))
    assert patient == bargaining.Inspectors.from_scenario(scenario)


def test_chicken_needs_a_day_worth_something_to_both(scenario):
    with pytest.raises(ArgumentError, match="one more day is worth something to both"):
        solved("correlated-chicken", scenario.replace(k0=1000.0))


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("spence-pilot", {"v": 0.0}, "No pilot proves the channel"),
        ("spence-pilot", {"g": 100.0}, "to 1080 captives"),
        ("optimal-pilot", {"v": 0.0}, "No pilot pays a dealer"),
        ("package-bargaining", {"v": 0.0}, "No package gives both sides more"),
        ("assurance", {"v": 0.0}, "Trust does not help"),
        ("relay", {"v": 0.0}, "worth nothing to either side"),
        ("guarantor", {"k0": 1000.0}, "not even full trust is enough"),
        ("guarantor", {"x": 1.0}, "1 captive cannot buy"),
        ("guarantor", {"k0": 0.0, "k1": 0.0}, "next to none is needed"),
        ("biased-reporter", {"x": 40.0}, "There is nothing to report"),
        ("reassuring-stake", {"om": 1.0, "lam": 0.0}, "No first stake to speak of"),
        ("sequential-exchange", {"x": 40.0}, "With 1 batch left"),
        ("chain-store", {"x": 40.0}, "Of 1 test "),
        ("concessions", {"kappa": 50.0}, "it takes 1 step "),
        ("noisy-surveillance", {"x": 1.0}, "for 1 day,"),
        ("two-issue-exchange", {"W0": 1.0, "n0": 1.0, "x": 1.0}, "For 1 captive the"),
        ("verifiable-list", {"k0": 1000.0}, "-3890 utils"),
    ],
)
def test_an_answer_at_the_edge_is_said_plainly(name, changes, words, scenario):
    answer = bargaining.model(name).from_scenario(scenario.replace(changes)).answer()
    assert words in answer
    assert not ODD.search(answer)


def test_a_spoiler_who_kills_the_deal_leaves_it_worth_nothing(scenario):
    model = bargaining.Spoiler(scenario, extra_hazard=0.99, prize=1.0)
    found = model.solve()
    assert found.certificate.passed
    assert "nan" not in model.answer()


@pytest.mark.parametrize(
    ("number", "text"),
    [(1, "1 batch"), (1.0, "1 batch"), (0, "0 batches"), (2, "2 batches"), (0.5, "0.5 batches")],
)
def test_nouns_follow_their_numbers(number, text):
    assert counted(number, "batch", "batches") == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(-0.0, "0"), (1079.6, "1080"), (123456.0, "123000"), (2e9, "2e+09"), (3e-10, "3e-10")],
)
def test_numbers_are_written_out_unless_tiny_or_huge(number, text):
    assert shown(number) == text


@pytest.mark.parametrize("strong", [1e-12, 1e-9, 1 - 1e-9])
def test_a_next_to_impossible_strength_is_solved_at_the_nearest_that_programs_can_tell(strong):
    """In fractions the program took more than 20 s, or HiGHS gave up."""
    model = bargaining.StrengthMediation(strong)
    found, closed = model.solve(), model.closed_form()
    assert found.certificate.passed
    assert "chances within 2e-06" in found.method
    for name in ("silent", "unmediated", "mediated", "arbitrated"):
        assert getattr(found, name) == pytest.approx(float(getattr(closed, name)), abs=2e-6)


@pytest.mark.parametrize("unit", [1e9, 1e-12])
@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("two-issue-exchange", ("captive_value", "captive_cost", "day_gain", "day_cost")),
        ("spence-pilot", ("prize", "dealer_cost", "opportunist_cost")),
        ("reassuring-stake", ("reward", "temptation", "punishment", "sucker")),
        ("two-type-trade", ("low_value", "high_value", "low_cost", "high_cost")),
        ("exit-or-pause", ("reward", "temptation", "punishment", "sucker")),
        ("voluntary-list", ("worth", "naming_cost")),
    ],
)
def test_the_unit_of_utility_does_not_matter(name, fields, unit, scenario):
    model = bargaining.model(name).from_scenario(scenario)
    scaled = model.replace({field: getattr(model, field) * unit for field in fields})
    assert scaled.solve().certificate.passed
    assert scaled.solve().status is model.solve().status


@pytest.mark.parametrize("unit", [1e9, 1e-12])
def test_packages_do_not_depend_on_the_unit_of_utility(unit, scenario):
    model = bargaining.ThreeIssueExchange.from_scenario(scenario)
    names = ("captive_value", "captive_cost", "day_gain", "day_cost", "prisoner_gain",
             "prisoner_cost")  # fmt: skip
    scaled = model.replace({name: getattr(model, name) * unit for name in names})
    assert scaled.solve().certificate.passed
    assert scaled.answer().split(" (a util")[0] == model.answer().split(" (a util")[0]


def test_costs_beyond_all_proportion_are_refused():
    with pytest.raises(ArgumentError, match="cost_a"):
        bargaining.WarLadder(10, 4, 0.5, 1e8, 0.1, 0.5)
    with pytest.raises(ArgumentError, match="costs_1"):
        bargaining.MediatedCosts(0.5, (1e8,), (0.1,))


def test_windows_without_a_chunk_are_blank_in_the_table():
    table = bargaining.FightOrPause.from_scenario(ceasefire.load("all-at-once")).table()
    assert table["chunk_value"].isna().all()  # too few are left, on any day


@pytest.mark.parametrize(
    "numbers",
    [
        (10, 1e-9, 1, 0.5),
        (10, 0.999, 1, 0.5),
        (1e-9, 1, 2, 0.01),
        (1, 1, 2, 0.5),
        (1, 1, 1e6, 0.99),
    ],
    ids=str,
)
def test_separating_pilots_are_certified_whatever_the_sizes(numbers):
    """Bounds a billion apart, or a thousandth: payoffs at one drowned those at the other."""
    assert bargaining.SpencePilot(*numbers).solve().certificate.passed


def test_a_captor_that_minds_nothing_is_certified(scenario):
    for changes in ({"c_lo": 0.0}, {"c_lo": 0.0, "c_hi": 0.0}):
        assert solved("spence-pilot", scenario.replace(changes)).solve().certificate.passed


def test_costs_of_types_that_nothing_tells_apart_are_refused():
    with pytest.raises(ArgumentError, match="opportunist_cost"):
        bargaining.SpencePilot(1, 0.9999999, 1, 0.5)


def test_a_watch_over_a_nearly_endless_pause_is_certified(scenario):
    model = bargaining.NoisySurveillance.from_scenario(scenario.replace(beta=1e-9))
    assert model.closed_form().certificate.passed


@pytest.mark.parametrize("name", ["two-offers", "price-demands"])
def test_waiting_has_to_cost_something(name, scenario):
    with pytest.raises(ArgumentError, match="whoever waits loses nothing"):
        bargaining.model(name).from_scenario(scenario.replace(relay=0.0))


def test_a_truce_without_a_next_day_has_no_stakes_that_grow(scenario):
    with pytest.raises(ArgumentError, match="without a next day"):
        bargaining.StartingSmall.from_scenario(scenario.replace(beta=1.0))


def test_a_search_of_clauses_that_missed_roots_is_done_again_with_more_beliefs(monkeypatch):
    """As for pi0 = 1e-9, where 61 beliefs miss one: the proof's 241 find it."""
    scenario = ceasefire.load("november-2023").replace(pi0=1e-9)
    model = bargaining.ClauseDesigner.from_scenario(scenario).replace(
        prices=(8.0, 9.0), growths=(1.0,), caps=(10,), chunks=(1,), first_blocks=(30.0,)
    )
    real, asked = clause_room.prove, []

    def doubtful(model, *rest):
        asked.append(model.beliefs)
        return real(model, *rest) if len(asked) > 1 else bargaining.Checks({"off": math.nan}, 1.0)

    monkeypatch.setattr(clause_room, "prove", doubtful)
    clause_room._designed.cache_clear()
    assert model.solve().certificate.passed
    assert asked == [61, 241]
    clause_room._designed.cache_clear()


@pytest.mark.parametrize(
    ("name", "changes"),
    [("two-issue-exchange", {"k0": 1000.0}), ("three-issue-exchange", {"v": 1e-6}),
     ("linear-issues", {"v": 0.0})],
)  # fmt: skip
def test_a_figure_without_a_deal_still_has_axes(name, changes, scenario):
    figure = bargaining.model(name).from_scenario(scenario.replace(changes)).figure()
    assert all(axes.get_xlim()[0] < axes.get_xlim()[1] for axes in figure.axes)
