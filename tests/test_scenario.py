"""Scenario files: what loads, what is refused, and how the refusal reads."""

from __future__ import annotations

import json
import pickle
import re

import numpy as np
import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator
from strategies import valid_scenarios

import ceasefire as cf
from ceasefire import data
from ceasefire.errors import ArgumentError, ScenarioError
from ceasefire.truce import scenario as scenarios

NAMES = ("all-at-once", "no-pilot", "november-2023")


@pytest.fixture
def text():
    return data.scenario_text("november-2023")


def write(tmp_path, text, name="deal.toml"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def line_of(text, key):
    return next(i for i, line in enumerate(text.splitlines(), 1) if line.startswith(key))


def test_three_scenarios_are_packaged():
    assert scenarios.packaged() == NAMES
    for name in NAMES:
        loaded = cf.load(name)
        assert loaded.name == name
        assert loaded.parties.mediators == ("Qatar", "Egypt", "United States")


def test_the_baseline_has_the_parameters_of_the_model_page(baseline):
    expected = (98, 50, 10, 10, 4, 8, 0.2, 12, 0.25, 1.5, 10, 0.99, 0.7, 9.5, 0.5, 0.01)
    expected += (
        1,
        5,
        0.2,
        8,
        0.25,
        0.01,
        0.01,
        0.04,
        2,
        62,
        18.4,
        0.5,
        0.03,
        0.06,
        0.25,
        0.04,
        1,
        0,
    )
    assert tuple(baseline.symbols()) == expected


def test_every_parameter_has_symbol_unit_meaning_bounds_and_source(baseline):
    table = baseline.parameters()
    assert set(table["symbol"]) == set(baseline.symbols()._fields)
    for column in ("unit", "meaning", "source"):
        assert table[column].str.len().min() > 3
    assert np.isfinite(table[["lower", "upper"]].to_numpy(dtype=float)).all()
    assert (table["lower"] <= table["value"]).all()
    assert (table["value"] <= table["upper"]).all()
    sourced = table.set_index("path")["source"]
    assert "http" in sourced["terms.first_block_captives"]
    assert sourced["captor.trust"] == "assumed"


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_survives_its_own_file(tmp_path, name):
    loaded = cf.load(name)
    again = cf.load(write(tmp_path, loaded.to_toml()))
    assert again == loaded
    assert again.digest == loaded.digest
    assert pickle.loads(pickle.dumps(loaded)) == loaded


@settings(max_examples=50, deadline=None)
@given(scenario=valid_scenarios())
def test_any_valid_scenario_survives_its_own_file(scenario):
    import tomllib

    assert scenarios.build(tomllib.loads(scenario.to_toml())) == scenario


def test_replace_takes_symbols_and_paths_and_leaves_the_original(baseline):
    by_symbol = baseline.replace(k0=4.2, J=12)
    by_path = baseline.replace(
        {"pausing_state.day_cost_base": np.float64(4.2), "terms.pause_days_max": np.int64(12)}
    )
    assert by_symbol == by_path
    assert baseline.pausing_state.day_cost_base == 5
    assert by_symbol.digest != baseline.digest
    with pytest.raises(Exception, match="frozen"):
        baseline.captor.trust = 0.5


@pytest.mark.parametrize(
    ("change", "path", "allowed"),
    [
        ({"pi0": 1.3}, "captor.trust", "a number from 0 to 1"),
        ({"pi0": float("nan")}, "captor.trust", "a number from 0 to 1"),
        ({"k0": float("inf")}, "pausing_state.day_cost_base", "a number from -1e+06 to 1e+06"),
        ({"W0": -5}, "terms.eligible_captives", "above 0"),
        ({"J": 0}, "terms.pause_days_max", "a whole number from 1 to 366"),
        ({"J": 2.5}, "terms.pause_days_max", "a whole number"),
        ({"J": True}, "terms.pause_days_max", "a whole number"),
        ({"x": 120}, "terms.captives_per_extra_day", "at most terms.eligible_captives = 98"),
        ({"n0": 99}, "terms.first_block_captives", "at most terms.eligible_captives = 98"),
        ({"beta": "0.1"}, "hazards.incident_per_day", "a number from 0 to 1"),
        ({"v": True}, "pausing_state.captive_value", "a number"),
        ({"s": 0}, "pausing_state.choice_noise", "from 1e-06"),
        ({"om": 0.98}, "talks.blackout_per_day", "at most 1 - talks.deal_per_day = 0.97"),
        ({"b_T": 0.9}, "talks.breakdown_per_day", "at most 1 - talks.restore_per_day = 0.75"),
    ],
)
def test_a_bad_value_is_refused_by_name(baseline, change, path, allowed):
    with pytest.raises(ScenarioError) as caught:
        baseline.replace(change)
    (fault,) = caught.value.faults
    assert fault.path == path
    assert allowed in fault.allowed


def test_an_unknown_parameter_is_refused_with_the_closest(baseline):
    with pytest.raises(ArgumentError, match=r"did you mean .*captor\.trust"):
        baseline.replace({"captor.trst": 0.3})
    with pytest.raises(ArgumentError, match="kapa"):
        baseline.replace(kapa=3)


EDITS = [
    pytest.param("trust = 0.2", "trust = nan", "captor.trust", "0 to 1", id="nan"),
    pytest.param("trust = 0.2", "trust = inf", "captor.trust", "0 to 1", id="infinite"),
    pytest.param("trust = 0.2", "trust = 1.2", "captor.trust", "0 to 1", id="no-probability"),
    pytest.param("trust = 0.2", 'trust = "0.2"', "captor.trust", "0 to 1", id="text"),
    pytest.param("trust = 0.2", "trust = true", "captor.trust", "0 to 1", id="boolean"),
    pytest.param("trust = 0.2", "trsut = 0.2", "captor.trsut", "trust", id="misspelt"),
    pytest.param(
        "eligible_captives = 98", "eligible_captives = -1", "terms.eligible_captives", "above 0",
        id="negative-stock",
    ),
    pytest.param(
        "captives_per_extra_day = 10", "captives_per_extra_day = 200",
        "terms.captives_per_extra_day", "at most terms.eligible_captives", id="price-above-pool",
    ),
    pytest.param(
        "pause_days_max = 10", "pause_days_max = 0", "terms.pause_days_max", "1 to 366", id="no-day"
    ),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "path", "allowed"), EDITS)
def test_a_fault_in_a_file_has_path_value_range_and_line(tmp_path, text, old, new, path, allowed):
    edited = re.sub(rf"^{re.escape(old)}\b", new, text, flags=re.MULTILINE)
    assert edited != text
    file = write(tmp_path, edited)
    found = {fault.path: fault for fault in scenarios.check(file)}
    assert path in found
    assert allowed in found[path].allowed
    assert found[path].line == line_of(edited, new.split(" =")[0] + " =")
    with pytest.raises(ScenarioError, match=re.escape(f"{file}:{found[path].line}: {path}")):
        cf.load(file)


def test_all_faults_are_reported_at_once(tmp_path, text):
    edited = text.replace("trust = 0.2", "trust = 2").replace(
        "chunk_days_max = 4", "chunk_days = 4"
    )
    edited = edited.replace("captives_per_extra_day = 10", "captives_per_extra_day = 500")
    paths = [fault.path for fault in scenarios.check(write(tmp_path, edited))]
    assert sorted(paths) == [
        "captor.trust",
        "terms.captives_per_extra_day",
        "terms.chunk_days",
        "terms.chunk_days_max",
    ]


def test_a_source_for_an_unknown_field_is_a_fault(tmp_path, text):
    edited = text + '"terms.first_block" = "somewhere"\n'
    (fault,) = scenarios.check(write(tmp_path, edited))
    assert fault.path == "sources.terms.first_block"
    assert fault.line == edited.count("\n")
    assert "terms.first_block_captives" in fault.hint


def test_a_newer_scenario_says_so_and_nothing_else(tmp_path, text):
    edited = text.replace("schema_version = 1", "schema_version = 2\nunheard_of = 1")
    (fault,) = scenarios.check(write(tmp_path, edited))
    assert "newer ceasefire" in fault.message
    assert fault.line == line_of(edited, "schema_version")


@pytest.mark.parametrize(
    ("content", "message", "line"),
    [
        (b"", "is empty", 1),
        (b" \n\n", "is empty", 1),
        (b"a = 1\nb = = 2\n", "Invalid value", 2),
        (b"a = 1\na = 2\n", "Cannot overwrite", 2),
        (b"a = 1\n\xff\xfe\n", "not UTF-8", 2),
    ],
)
def test_a_file_that_is_no_toml_says_where(tmp_path, content, message, line):
    file = tmp_path / "deal.toml"
    file.write_bytes(content)
    (fault,) = scenarios.check(file)
    assert message in fault.message
    assert fault.line == line


def test_a_directory_and_a_missing_file_are_told_apart(tmp_path):
    with pytest.raises(ScenarioError, match="is a directory"):
        cf.load(tmp_path)
    with pytest.raises(ArgumentError, match="did you mean november-2023"):
        cf.load("november-2032")
    with pytest.raises(ArgumentError, match="all-at-once, no-pilot, november-2023"):
        cf.load(tmp_path / "absent.toml")


def test_the_exported_schema_is_current_and_fits_the_packaged_files():
    import tomllib
    from importlib.resources import files

    exported = json.loads((files(data) / "scenario.schema.json").read_text())
    assert exported == json.loads(json.dumps(scenarios.json_schema()))
    validator = Draft202012Validator(exported)
    for name in NAMES:
        raw = tomllib.loads(data.scenario_text(name))
        assert list(validator.iter_errors(raw)) == []
        assert list(validator.iter_errors(raw | {"captor": {}})) != []


def test_sources_do_not_change_the_digest_and_parameters_do(baseline):
    assert baseline.replace({"title": "another"}).digest == baseline.digest
    for symbol in ("k0", "pi0", "relay"):
        assert baseline.replace({symbol: 0.123}).digest != baseline.digest


@pytest.mark.parametrize("digits", [400, 5000])
@pytest.mark.parametrize("symbol", ["x", "J", "k0", "lam", "W0"])
def test_a_whole_number_larger_than_any_float_is_a_fault_in_words(baseline, symbol, digits):
    with pytest.raises(ScenarioError, match="more than 300 digits; allowed: "):
        baseline.replace({symbol: 10**digits})
