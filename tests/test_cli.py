"""The command line: what a person reads, what a machine reads, how errors look."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

import ceasefire as cf
from ceasefire import data
from ceasefire.cli import main

COMMANDS = [
    ["solve"], ["extension"], ["decompose"], ["compare"], ["paper"],
    ["scenario", "list"], ["scenario", "show"], ["scenario", "new"], ["scenario", "check"],
    ["scenario", "schema"], ["data", "list"], ["data", "show"],
]  # fmt: skip


def run(*arguments):
    return CliRunner().invoke(main, list(arguments))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_helps_with_examples(command):
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert "Examples:" in result.stdout
    assert "ceasefire " + " ".join(command) in result.stdout


def test_the_top_help_says_the_exit_codes():
    result = run("--help")
    assert "Exit codes: 0 fine" in result.stdout
    assert "--version" in result.stdout
    assert run("--version").stdout.strip().endswith(cf.__version__)


@pytest.fixture(scope="module")
def solved():
    return run("solve")


@pytest.mark.parametrize(
    "text",
    [
        "THE TRUCE OF NOVEMBER 2023",
        "28% of opportunists match it; belief in a dealer 0.200 -> 0.471",
        "talks open with probability 0.983 (0.149 without the pilot)",
        "44.3  <- agreed",
        "7  0.563  #################  <- what happened",
        "4-2-1 (0.401)",
        "what happened: 7 days, chunks 4-2-1, about 22 left",
        "after day 7: [6.685, 8] or [10.21, 15.87]   (clause: 10)",
        "CERTIFICATE: passed",
        "exploitability",
    ],
)
def test_solve_tells_the_story(solved, text):
    assert solved.exit_code == 0
    assert text in solved.stdout


def test_solve_fits_a_terminal(solved):
    assert max(map(len, solved.stdout.splitlines())) <= 100


def test_solve_speaks_json():
    document = json.loads(run("solve", "--json").stdout)
    assert document["block_days"] == 4
    assert document["trust"] == pytest.approx(0.471, abs=1e-3)
    assert document["course"]["length"]["7"] == pytest.approx(0.563, abs=1e-3)
    assert document["course"]["chunks"]["4-2-1"] == pytest.approx(0.401, abs=1e-3)
    assert [row["clause_in_zone"] for row in document["extension"]] == [True, True, False]
    assert document["extension"][2]["critical_hazard"] is None
    assert document["certificate"]["passed"] is True


def test_solve_speaks_csv():
    import csv

    rows = list(csv.reader(run("solve", "--csv").stdout.splitlines()))
    assert rows[0] == ["section", "item", "key", "value"]
    assert all(len(row) == 4 for row in rows)
    values = {tuple(row[:3]): row[3] for row in rows}
    assert float(values["course", "length", "7"]) == pytest.approx(0.563, abs=1e-3)


def test_a_scenario_without_a_deal_says_so_plainly():
    result = run("solve", "--set", "pi0=0")
    assert result.exit_code == 0
    assert "no first block is worth having to both: no deal" in result.stdout
    assert run("extension", "--set", "pi0=0").stdout.strip() == "no window to look at"


def test_extension_takes_windows_and_prices():
    result = run("extension", "--window", "38,5,0.5", "--price", "8", "--csv")
    assert result.exit_code == 0
    assert (
        result.stdout.splitlines()[0] == "held_captives,day,trust_held,price,captor,pausing_state"
    )
    shown = run("extension", "--window", "28,6,0.471")
    assert "after day 6: [5.8" in shown.stdout


def test_decompose_lists_every_friction():
    result = run("decompose")
    for case in ("baseline", "without distrust", "all off", "only shocks"):
        assert case in result.stdout
    assert "0.563" in result.stdout


def test_compare_takes_two_scenarios_or_one_and_a_change():
    assert "no-pilot" in run("compare", "november-2023", "no-pilot").stdout
    changed = json.loads(run("compare", "november-2023", "--set", "x=12", "--json").stdout)
    assert [row["case"] for row in changed] == ["november-2023", "changed"]
    alone = run("compare", "november-2023")
    assert alone.exit_code == 2
    assert "--set KEY=VALUE" in alone.stderr


def test_scenarios_can_be_listed_shown_started_and_checked(tmp_path):
    assert "no-pilot" in run("scenario", "list").stdout
    shown = run("scenario", "show", "november-2023").stdout
    assert "first_block_captives" in shown
    assert "timesofisrael" in shown
    assert run("scenario", "show", "no-pilot", "--toml").stdout == cf.load("no-pilot").to_toml()
    file = tmp_path / "mine.toml"
    assert run("scenario", "new", "mine", "--out", str(file)).exit_code == 0
    assert cf.load(file).name == "mine"
    assert "fine" in run("scenario", "check", str(file)).stdout
    again = run("scenario", "new", "mine", "--out", str(file))
    assert again.exit_code == 2
    assert "--force" in again.stderr
    assert json.loads(run("scenario", "schema").stdout)["title"] == "Scenario"


def test_records_can_be_listed_and_shown():
    assert "truce_2023" in run("data", "list").stdout
    assert "source:" in run("data", "show", "truce_2023").stdout
    assert run("data", "show", "truce_2023", "--csv").stdout.startswith("date,")
    assert "one of truce_2023" in run("data", "show", "none").stderr


def edited(tmp_path, old, new):
    text = data.scenario_text("november-2023")
    assert old in text
    file = tmp_path / "deal.toml"
    file.write_text(text.replace(old, new), encoding="utf-8")
    return str(file)


BAD = [
    pytest.param("trust = 0.2", "trust = nan", "captor.trust", id="nan"),
    pytest.param("pause_days_max = 10", "pause_days_max = 0", "terms.pause_days_max", id="no-day"),
    pytest.param("leaving_cost = 8", "leaving_cst = 8", "did you mean leaving_cost", id="misspelt"),
    pytest.param("schema_version = 1", "schema_version = 9", "newer ceasefire", id="newer"),
    pytest.param(
        "captives_per_extra_day = 10", "captives_per_extra_day = 99", "price of a day larger",
        id="price-above-pool",
    ),
]  # fmt: skip


@pytest.mark.parametrize("command", ["solve", "extension", "check"])
@pytest.mark.parametrize(("old", "new", "message"), BAD)
def test_bad_files_end_with_code_2_and_name_the_field(tmp_path, command, old, new, message):
    file = edited(tmp_path, old, new)
    result = run("scenario", "check", file) if command == "check" else run(command, file)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["solve", "nowhere"], "one of all-at-once, no-pilot, november-2023"),
        (["solve", "--set", "captor.trst=0.3"], "did you mean captor.trust"),
        (["solve", "--set", "trust"], "is not KEY=VALUE"),
        (["solve", "--set", "pi0=1.5"], "captor.trust: "),
        (["solve", "--set", "J=0"], "a whole number from 1 to 366"),
        (["solve", "--set", "x=200"], "price of a day larger than the pool"),
        (["solve", "--beliefs", "2"], "beliefs: got 2"),
        (["extension", "--window", "38;5"], "is not HELD,DAY,TRUST"),
        (["extension", "--window", "38,5,1.5"], "trust: got 1.5"),
        (["paper", "--spec", "absent.toml"], "repository's root"),
        (["paper", "--only", "p99", "--spec", "absent.toml"], "absent.toml"),
    ],
)
def test_bad_arguments_end_with_code_2_and_one_message(arguments, message):
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_debug_shows_the_traceback():
    result = run("--debug", "solve", "--set", "pi0=7")
    assert result.exit_code == 2
    assert "Traceback" in result.stderr


def test_a_closed_pipe_is_quiet():
    command = f"{sys.executable} -m ceasefire scenario show november-2023 | head -1"
    result = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert "NOVEMBER 2023" in result.stdout
    assert result.stderr == ""


def test_paper_builds_what_is_asked(tmp_path, pytestconfig):
    spec = pytestconfig.rootpath / "experiments" / "paper.toml"
    result = run("paper", "--spec", str(spec), "--out", str(tmp_path), "--only", "p1")
    assert result.exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "p1.csv",
        "p1.pdf",
        "p1.png",
        "partial-manifest.json",
    ]
    assert "[1/1] manifest" in result.stderr
