"""The command line: what a person reads, what a machine reads, how errors look."""

from __future__ import annotations

import json
import os
import signal
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
    ["scenario", "schema"], ["data", "list"], ["data", "show"], ["scenario"], ["data"],
    ["model"], ["model", "list"], ["model", "show"], ["model", "solve"],
    ["analyse"],
]  # fmt: skip


RECORDS = list(data.datasets())


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


@pytest.mark.parametrize(
    "command",
    ["solve", "solve no-pilot", "decompose", "compare november-2023 no-pilot", "scenario list",
     "extension --window 48,4,.4 --window 38,5,.4 --window 28,6,.4 --window 18,7,.4"
     " --window 28,5,.4 --window 18,6,.4", "data list", *(f"data show {name}" for name in RECORDS)],
)  # fmt: skip
def test_text_fits_a_terminal(command):
    result = run(*command.split())
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= 100


@pytest.mark.parametrize("group", [[], ["scenario"], ["data"]], ids=str)
def test_command_summaries_are_whole(group):
    assert "..." not in run(*group, "--help").stdout.partition("Commands:")[2]


def test_solve_says_what_was_set():
    changed = run("solve", "--set", "x=12")
    assert "set: terms.captives_per_extra_day = 12 captives per day (was 10)" in changed.stdout
    assert "set:" not in run("solve").stdout
    document = json.loads(run("solve", "--set", "x=12", "--json").stdout)
    assert document["set"] == {"terms.captives_per_extra_day": 12}
    assert document["observed"]["pause_days"] == 7
    assert document["scenario"]["parties"]["captor"]


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


def test_gains_above_what_is_held_are_a_dash_and_never_dropped():
    prices = ("--price", "8", "--price", "40")
    assert len(run("extension", *prices, "--csv").stdout.splitlines()) == 1 + 3 * 2
    records = json.loads(run("extension", *prices, "--json").stdout)
    assert [row["captor"] is None for row in records] == [False, False, False, True, False, True]
    assert "-: more captives than are held" in run("extension", *prices).stdout


def test_prices_without_a_deal_have_no_window():
    result = run("extension", "--set", "pi0=0", "--price", "10")
    assert (result.exit_code, result.stdout.strip()) == (0, "no window to look at")
    assert json.loads(run("extension", "--set", "pi0=0", "--price", "10", "--json").stdout) == []


def test_a_zone_in_csv_is_a_json_list():
    import csv

    (row, *_) = csv.DictReader(run("extension", "--csv").stdout.splitlines())
    assert json.loads(row["zone"])[0][0] == 0


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


def compared(*arguments):
    table = json.loads(run("compare", *arguments, "--json").stdout)
    return [row["case"] for row in table], [row["mean_days"] for row in table]


def test_compare_keeps_both_rows_whatever_the_names(tmp_path):
    files = []
    for stem, price in (("a", "10"), ("b", "12")):
        file = tmp_path / f"{stem}.toml"
        text = cf.load("november-2023").replace({"name": "changed"}).replace(x=float(price))
        file.write_text(text.to_toml(), encoding="utf-8")
        files.append(str(file))
    labels, days = compared(*files)
    assert labels == files
    assert days == pytest.approx([6.51, 6.32], abs=0.01)
    labels, days = compared(files[0], "--set", "x=12")
    assert labels == ["changed", "changed (second)"]
    assert days == pytest.approx([6.51, 6.32], abs=0.01)
    assert compared("november-2023", "november-2023")[0] == ["november-2023", "the same"]
    labels, _ = compared("november-2023", "no-pilot", "--set", "x=12")
    assert labels == ["november-2023", "no-pilot, changed"]


def test_compare_says_what_differs():
    shown = run("compare", "november-2023", "--set", "x=12").stdout
    assert "terms.captives_per_extra_day             10       12" in shown


@pytest.mark.parametrize("name", ["../b", "a/b", "b.toml"])
def test_a_new_scenario_has_a_plain_name(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("scenario", "new", name)
    assert result.exit_code == 2
    assert "--out" in result.stderr
    assert not list(tmp_path.rglob("*.toml"))


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
    assert run("scenario", "new", "other", "--out", str(file), "--force").exit_code == 0
    assert cf.load(file).name == "other"
    folder = run("scenario", "new", "mine", "--out", str(tmp_path), "--force")
    assert folder.exit_code == 2
    assert "is a directory" in folder.stderr
    assert json.loads(run("scenario", "schema").stdout)["title"] == "Scenario"


def test_records_can_be_listed_and_shown():
    assert "truce_2023" in run("data", "list").stdout
    assert "source:" in run("data", "show", "truce_2023").stdout
    assert run("data", "show", "truce_2023", "--csv").stdout.startswith("date,")
    assert "one of truce_2023" in run("data", "show", "none").stderr
    assert json.loads(run("data", "show", "truce_2023", "--json").stdout)[0]["date"] == "2023-11-24"


@pytest.mark.parametrize("name", RECORDS)
@pytest.mark.parametrize("form", ["--csv", "--json"])
def test_every_record_can_be_written_for_machines(name, form):
    result = run("data", "show", name, form)
    assert result.exit_code == 0
    if form == "--json":
        assert len(json.loads(result.stdout)) == len(getattr(data, name)())


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
        (["solve", "--set", "zzzz=1"], "--set: got 'zzzz'"),
        (["solve", "--set", "pi0=nan"], "captor.trust: not finite"),
        (["extension", "--price", "nan"], "'nan' is not a number of captives"),
        (["extension", "--price=-3"], "'-3' is not a number of captives"),
        (["scenario", "new", "a", "--out", "/no/such/place.toml"], "No such file or directory"),
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


def spawn(*arguments, **changes):
    return subprocess.Popen(
        [sys.executable, "-m", "ceasefire", *arguments],
        stderr=subprocess.PIPE,
        env={**os.environ, **changes.pop("env", {})},
        **changes,
    )


def test_the_environment_can_ask_for_the_traceback():
    result = CliRunner(env={"CEASEFIRE_DEBUG": "1"}).invoke(main, ["solve", "--set", "pi0=7"])
    assert result.exit_code == 2
    assert "Traceback" in result.stderr


def test_a_closed_pipe_is_quiet():
    reading, writing = os.pipe()
    os.close(reading)  # so that the first write fails, not by chance
    child = spawn("scenario", "show", "november-2023", stdout=writing)
    os.close(writing)
    _, said = child.communicate(timeout=60)
    assert (child.returncode, said) == (0, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
def test_an_interrupt_ends_with_130_and_one_word(tmp_path, pytestconfig):
    spec = pytestconfig.rootpath / "experiments" / "paper.toml"
    child = spawn("paper", "--spec", str(spec), "--out", str(tmp_path), stdout=subprocess.PIPE)
    assert b"figure" in child.stderr.readline()  # it is at work
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 130
    assert b"interrupted" in said
    assert b"Traceback" not in said


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252"])
def test_a_terminal_without_the_letters_is_served(tmp_path, encoding):
    file = tmp_path / "deal.toml"
    text = data.scenario_text("november-2023")
    file.write_text(text.replace('captor = "', 'captor = "\u0413\u2014 '), encoding="utf-8")
    for form in ([], ["--toml"]):
        child = spawn(
            "scenario", "show", str(file), *form,
            stdout=subprocess.PIPE, env={"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
        )  # fmt: skip
        said, errors = child.communicate(timeout=60)
        assert (child.returncode, errors) == (0, b"")
    assert said.decode("utf-8") == cf.load(file).to_toml()


def test_text_has_no_colour_codes(solved):
    assert "\x1b" not in solved.stdout


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
    assert "p1       november-2023  pdf, png, csv" in result.stdout
    assert "partial-manifest.json" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["chicken", "--exact"], "14/3, 14/3"),
        (["beer-quiche", "--concept", "signalling"], "fails: by beer surly would gain"),
        (["truce-two-types", "--set", "rounds=3", "--concept", "sequential"], "consistency: verif"),
        (["centipede", "--concept", "spe"], "take"),
        (["centipede", "--concept", "spe", "--exact"], "payoffs 2/5, 1/10; exact"),
        (["truce-two-types", "--exact"], "1 Nash equilibrium, perhaps not the only one"),
        (["centipede", "--concept", "logit", "--precision", "3"], "0.271225 on take"),
        (["chicken", "--concept", "correlated"], "5.25"),
        (["catalog"], "54 games"),
    ],
)
def test_game_solves_by_each_concept(arguments, says):
    done = CliRunner().invoke(main, ["game", *arguments])
    assert done.exit_code == 0, done.output
    assert says in done.output


def test_game_reads_files_and_writes_json(tmp_path):
    from ceasefire import games

    games.write(games.catalog.load("entry-deterrence"), tmp_path / "x.efg")
    for concept in ("nash", "spe", "sequential", "logit", "correlated"):
        done = CliRunner().invoke(
            main, ["game", str(tmp_path / "x.efg"), "--concept", concept, "--json"]
        )
        assert done.exit_code == 0, done.output
        record = json.loads(done.stdout)
        assert record["concept"] == concept
        assert record["equilibria"]
    assert json.loads(CliRunner().invoke(main, ["game", "catalog", "--json"]).stdout)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["chickn"], "did you mean chicken"),
        (["missing.nfg"], "No such file"),
        (["chicken", "--concept", "spe"], "extensive form"),
        (["centipede", "--concept", "logit", "--exact"], "leave --exact out"),
        (["nothing-like-it"], "`ceasefire game catalog` lists"),
        (["truce-two-types", "--concept", "correlated"], "at most 2,000 plan profiles"),
        (["wichardt"], "perfect recall"),
        (["chicken", "--set", "a=3"], "no parameters"),
    ],
)
def test_game_says_what_is_wrong(arguments, says):
    done = CliRunner().invoke(main, ["game", *arguments])
    assert done.exit_code == 2
    assert says in done.stderr


def test_game_writes_what_each_option_adds_to_json():
    def record(*arguments):
        done = CliRunner().invoke(main, ["game", *arguments, "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    beer, quiche = record("beer-quiche", "--concept", "signalling")["equilibria"]
    assert (beer["messages"], beer["intuitive"]) == (["beer"], True)
    assert "surly" in quiche["reason"]
    (best,) = record("chicken", "--concept", "correlated", "--exact")["equilibria"]
    assert {row["probability"] for row in best["distribution"]} == {"1/2", "1/4"}


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.nfg", b"", "NFG or EFG"),
        ("bytes.nfg", bytes(range(256)), "bytes.nfg"),
        ("short.nfg", b'NFG 1 R "x" { "a" "b" }\n{ 2 2 }\n1 2 3', "4 profiles"),
        ("nan.nfg", b'NFG 1 R "x" { "a" "b" } { 1 1 } nan 1', "a number"),
        ("empty.efg", b"", "NFG or EFG"),
        ("empty.toml", b"", "empty.toml"),
        ("bytes.toml", bytes(range(256)), "bytes.toml"),
    ],
)
def test_a_bad_game_file_ends_with_code_2_and_one_message(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    done = CliRunner().invoke(main, ["game", str(tmp_path / name)])
    assert done.exit_code == 2, done.output
    assert done.stderr.startswith("error: ")
    assert says in done.stderr
    assert "solving" not in done.stderr


def test_precision_without_logit_is_refused():
    done = CliRunner().invoke(main, ["game", "chicken", "--precision", "2"])
    assert done.exit_code == 2
    assert "--precision: got '--concept nash'; allowed: --concept logit" in done.stderr


def test_the_whole_fault_of_recall_is_shown():
    done = CliRunner().invoke(main, ["game", "wichardt"])
    assert "which the player would have to have forgotten" in done.stderr
