"""`ceasefire model`: finding a model for a question, reading it, solving it."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from ceasefire.bargaining.registry import MODELS
from ceasefire.cli import main

NAMES = [entry.name for entry in MODELS]


def run(*arguments):
    return CliRunner().invoke(main, ["model", *arguments])


def test_every_model_is_listed_under_its_step_with_its_question():
    listed = run("list").stdout
    words = " ".join(listed.split())
    assert all(f"\n  {name}\n" in listed for name in NAMES)
    assert all(entry.question in words for entry in MODELS)
    assert [row["name"] for row in json.loads(run("list", "--json").stdout)] == NAMES
    assert [row["name"] for row in csv.DictReader(io.StringIO(run("list", "--csv").stdout))] == (
        NAMES
    )


def test_the_list_of_models_loads_no_solver():
    code = (
        "import sys\nfrom ceasefire.cli import main\n"
        "main(['model', 'list'], standalone_mode=False)\n"
        "loaded = {'numba', 'numpy', 'pandas', 'scipy'} & set(sys.modules)\n"
        "sys.exit(f'loaded {loaded}' if loaded else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b"verifiable-list" in done.stdout


def test_the_page_of_questions_lists_every_model():
    page = Path(__file__).parents[1] / "docs" / "models.md"
    hint = "write it anew: ceasefire model list --markdown > docs/models.md"
    assert page.read_text(encoding="utf-8") == run("list", "--markdown").stdout, hint


@pytest.mark.parametrize("name", NAMES)
def test_a_model_is_shown_with_parameters_and_sources(name):
    result = run("show", name)
    assert result.exit_code == 0, result.output
    for heading in ("PARAMETERS", "Captures:", "Leaves out:", "References", "FROM THE SCENARIO"):
        assert heading in result.stdout


@pytest.mark.parametrize("name", NAMES)
def test_a_model_is_solved_for_a_person_and_for_a_machine(name):
    result = run("solve", name)
    assert result.exit_code == 0, result.output
    for heading in ("PARAMETERS", "ANSWER", "SOLVED", "certificate: "):
        assert heading in result.stdout
    assert " object at 0x" not in result.stdout
    assert "array(" not in result.stdout
    assert max(map(len, result.stdout.split("\n"))) <= 100
    record = json.loads(run("solve", name, "--json").stdout)
    assert record["model"] == name
    assert record["certified"] is True
    assert len(record["table"]) > 1


def test_settings_change_parameters_and_their_types_are_kept(tmp_path):
    result = run("solve", "instalments", "--set", "stock=50", "--set", "cost=1/3", "--json")
    assert json.loads(result.stdout)["parameters"]["stock"] == 50
    drawn = tmp_path / "plan.png"
    result = run("solve", "instalments", "--set", "value=3", "--figure", str(drawn))
    assert f"figure in {drawn}" in result.stdout
    assert drawn.stat().st_size > 5000


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["solve", "instalment"], "did you mean instalments", id="name"),
        pytest.param(["show", "rubinstain"], "model: got 'rubinstain'", id="no such"),
        pytest.param(["solve", "instalments", "--set", "stok=4"], "did you mean stock", id="key"),
        pytest.param(["solve", "instalments", "--set", "stock"], "not NAME=VALUE", id="form"),
        pytest.param(["solve", "instalments", "--set", "stock=x"], "stock: got 'x'", id="value"),
        pytest.param(["solve", "instalments", "--set", "stock=-1"], "stock: got -1", id="range"),
        pytest.param(["solve", "instalments", "--figure", "a.jpg"], "should end in", id="figure"),
        pytest.param(["solve", "instalments", "--scenario", "x"], "scenario: got 'x'", id="deal"),
    ],
)
def test_bad_input_ends_with_code_2_and_one_message(arguments, says):
    result = run(*arguments)
    assert result.exit_code == 2
    assert says in result.output
    assert "Traceback" not in result.output
