"""Scenario switches: an extension is an optional table, and without one nothing changes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import ceasefire as cf
from ceasefire import truce
from ceasefire.errors import ArgumentError, ScenarioError
from ceasefire.truce import scenario as scenarios
from ceasefire.truce.extensions import EXTENSIONS, Extensions, solve_extended

# One table of each extension that is legal whatever its defaults; add yours here.
SWITCHED = [pytest.param(name, "on", id=name) for name in EXTENSIONS]

# Scenario -> digest, then floats of the base model as they were before there were extensions:
# trust; values of the window (48, 4) to D, dealer, opportunist; mean days and captives left.
BEFORE = {
    "november-2023": (
        "cdcaea3a94a5ce2389def1338e3089ee4874f7485d4855c214b505d7e2f969cd",
        (0.4709720671355899, 7.8339990486629905, 25.23508273049023, 26.777712495570487),
        (6.51151482164076, 26.34067912985531),
    ),
    "no-pilot": (
        "ecf0945541aa86ba25ccd067d60d4c56c5cd7b3920d0258346ad32672ded7080",
        (0.2, 2.5904284993374063, 11.243059952892356, 11.343564577298752),
        (4.960355293952718, 40.77983599833908),
    ),
}
LAST_DIGIT = 1e-14  # another machine's exponential may round the last digit elsewhere


@pytest.mark.parametrize("name", BEFORE)
def test_without_an_extension_the_base_model_is_as_it_was_to_the_last_digit(name):
    digest, values, means = BEFORE[name]
    scenario = cf.load(name)
    assert scenario.extensions == ()
    assert scenario.digest == digest
    equilibrium = truce.solve(scenario)
    window, course = equilibrium.values(48, 4, equilibrium.trust), equilibrium.course()
    seen = (equilibrium.trust, window.pausing_state, window.dealer, window.opportunist)
    assert seen == pytest.approx(values, rel=LAST_DIGIT)
    assert (course.mean_days, course.mean_left) == pytest.approx(means, rel=100 * LAST_DIGIT)


@pytest.mark.parametrize(("name", "table"), SWITCHED)
def test_a_table_switches_an_extension_on_and_off(baseline, name, table):
    on = baseline.replace({name: table})
    assert on.extensions == (name,)
    assert on.digest != baseline.digest
    off = on.replace({name: None})
    assert off == baseline
    assert off.digest == baseline.digest
    assert on.replace({name: "off"}) == baseline


@pytest.mark.parametrize(("name", "table"), SWITCHED)
def test_an_extended_scenario_survives_its_own_file(tmp_path, baseline, name, table):
    on = baseline.replace({name: table})
    file = tmp_path / "deal.toml"
    file.write_text(on.to_toml(), encoding="utf-8")
    assert f"\n[{name}]\n" in on.to_toml()
    assert cf.load(file) == on
    assert scenarios.check(file) == []


@pytest.mark.parametrize(("name", "table"), SWITCHED)
def test_the_parameters_of_an_extension_are_listed_while_it_is_on(baseline, name, table):
    on = baseline.replace({name: table}).parameters()
    rows = on[on["path"].str.startswith(f"{name}.")]
    assert len(rows) == len(EXTENSIONS[name].model_fields)
    assert rows[["symbol", "unit", "meaning"]].ne("").all(axis=None)
    assert not baseline.parameters()["path"].str.startswith(f"{name}.").any()
    assert not on["symbol"].duplicated().any()


@pytest.mark.parametrize(("name", "table"), SWITCHED)
def test_a_field_of_an_extension_is_changed_by_path_or_symbol_once_it_is_on(baseline, name, table):
    frame = baseline.replace({name: table}).parameters()
    row = frame[frame["path"].str.startswith(f"{name}.")].iloc[0]
    other = row["lower"] if row["value"] != row["lower"] else row["upper"]
    other = type(row["value"])(other)
    for key in (row["path"], row["symbol"]):
        changed = baseline.replace({name: table, key: other})
        field = row["path"].split(".")[1]
        assert getattr(getattr(changed, name), field) == other
        with pytest.raises(ArgumentError, match=rf"\[{name}\] is off"):
            baseline.replace({key: other})


def test_the_registry_lists_the_optional_tables_of_a_scenario():
    assert list(EXTENSIONS) == list(Extensions.model_fields)
    assert set(EXTENSIONS) <= set(truce.Scenario.model_fields)


def test_faults_of_a_table_are_reported_on_their_lines(tmp_path, baseline):
    text = baseline.to_toml() + "\n[mediator]\nbias = 1.5\naccurracy = 0.5\n"
    file = tmp_path / "deal.toml"
    file.write_text(text, encoding="utf-8")
    faults = {fault.path: fault for fault in scenarios.check(file)}
    assert faults["mediator.bias"].line == text.splitlines().index("bias = 1.5") + 1
    assert faults["mediator.bias"].allowed == "a number from 0 to 1"
    assert faults["mediator.accurracy"].hint == "did you mean accuracy?"
    assert faults["mediator.accurracy"].line == faults["mediator.bias"].line + 1


def test_a_table_must_be_a_table(baseline):
    with pytest.raises(ArgumentError, match="mediator"):
        baseline.replace({"mediator": 3})
    with pytest.raises(ScenarioError, match="mediator"):
        baseline.replace({"mediator": {"bias": "much"}})


def test_two_extensions_at_once_are_refused_by_name():
    both = SimpleNamespace(extensions=("mediator", "resolve"))
    with pytest.raises(ArgumentError, match=r"mediator and resolve.*cannot be combined yet"):
        solve_extended(both, beliefs=241, throw=True)


@pytest.mark.parametrize(("name", "table"), SWITCHED)
def test_what_only_the_base_model_defines_is_refused_with_its_name(baseline, name, table):
    on = baseline.replace({name: table})
    for function in (truce.decompose, truce.as_stochastic_game):
        with pytest.raises(ArgumentError, match=f"{name}.*base model"):
            function(on)
    stand_in = SimpleNamespace(scenario=on)
    with pytest.raises(ArgumentError, match=f"{name}.*base model"):
        truce.extension(stand_in)
    with pytest.raises(ArgumentError, match=f"{name}.*base model"):
        truce.agreement(stand_in, 48, 4, 0.5)


def test_the_command_line_solves_an_extended_scenario_and_says_how_to_switch_it_on():
    from click.testing import CliRunner

    from ceasefire.cli import main

    run = CliRunner().invoke
    done = run(main, ["solve", "--set", "mediator=on", "--set", "mediator.bias=0.1"])
    assert done.exit_code == 0, done.output
    assert "mediator.bias = 0.1 weight (was off)" in done.output
    assert "CERTIFICATE: passed" in done.output
    assert "EXTENSION INCENTIVES" not in done.output
    refused = run(main, ["solve", "--set", "mediator.bias=0.1"])
    assert refused.exit_code == 2
    assert "--set mediator=on" in refused.output


@pytest.mark.parametrize("table", [None, *EXTENSIONS])
def test_what_is_shown_of_a_solution_fits_on_two_lines(baseline, table):
    solved = truce.solve(baseline.replace({table: "on"}) if table else baseline)
    for thing in (solved, solved.course(), solved.line()):
        assert type(thing).__name__ in repr(thing)
        assert len(repr(thing)) < 170
    assert "days; solved" in repr(solved)
    assert "6." in repr(solved.course())
