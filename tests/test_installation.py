"""What a user meets before the first result: completion, doctor, warm-up, waiting, the wheel."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from zipfile import ZipFile

import pytest
from click.shell_completion import BashComplete, ShellComplete
from click.testing import CliRunner

import ceasefire
from ceasefire.cli import compiled, completion, doctor, main, waiting, warm_up

ROOT = Path(__file__).parents[1]
PACKAGE = Path(ceasefire.__file__).parent


def offered(*words: str) -> list[str]:
    """What the Tab key offers after these words; the last is being typed."""
    shell = ShellComplete(main, {}, "ceasefire", completion.VARIABLE)
    return [item.value for item in shell.get_completions(list(words[:-1]), words[-1])]


# completion


@pytest.mark.parametrize(
    ("words", "among"),
    [
        (["so"], ["solve"]),
        (["solve", "n"], ["no-pilot", "november-2023"]),
        (["report", "nov"], ["november-2023"]),
        (["explore", "nov"], ["november-2023"]),
        (["compare", "no-pilot", "all"], ["all-at-once"]),
        (["scenario", "new", "b", "--from", "no-"], ["no-pilot"]),
        (["model", "show", "guar"], ["guarantor"]),
        (["model", "solve", "guarantor", "--set", "tr"], ["trust="]),
        (["model", "solve", "--scenario", "no-"], ["no-pilot"]),
        (["game", "chick"], ["chicken", "chicken-with-mediator"]),
        (["game", "c"], ["catalog", "centipede"]),
        (["game", "truce-two-types", "--set", ""], ["rounds=", "dealer="]),
        (["game", "chicken", "--concept", "seq"], ["sequential"]),
        (["data", "show", "truce"], ["truce_2023"]),
        (["completion", "z"], ["zsh"]),
        (["warm-up", "tr"], ["truce"]),
    ],
)
def test_names_are_completed(words, among):
    assert set(among) <= set(offered(*words))


def test_every_parameter_of_a_scenario_is_completed_by_symbol_and_by_path():
    table = ceasefire.load("november-2023").parameters()
    found = set(offered("solve", "--set", ""))
    assert {f"{path}=" for path in table["path"]} <= found
    assert {f"{symbol}=" for symbol in table["symbol"]} <= found
    assert {"mediator=on", "partial_batches=on", "resolve=on", "second_category=on"} <= found


def test_every_model_has_its_parameters_completed():
    from ceasefire.bargaining.registry import MODELS

    bare = [m.name for m in MODELS if not offered("model", "solve", m.name, "--set", "")]
    assert bare == []


def test_files_with_the_right_ending_are_offered_beside_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("november-mine.toml", "november.txt"):
        (tmp_path / name).touch()
    assert offered("solve", "nov") == ["november-2023", "november-mine.toml"]
    assert offered("solve", "./nov") == ["./november-mine.toml"]
    assert offered("solve", "nowhere/x") == ["nowhere/x"]  # the shell looks by itself


def test_keys_of_a_game_that_has_none_are_not_invented():
    assert offered("game", "chicken", "--set", "") == []
    assert offered("model", "solve", "no-such-model", "--set", "") == []


@pytest.mark.parametrize("shell", completion.SHELLS)
def test_a_script_is_printed_for_each_shell(shell):
    done = CliRunner().invoke(main, ["completion", shell])
    assert done.exit_code == 0
    assert completion.VARIABLE in done.output
    assert "_ceasefire_completion" in done.output


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_bash_takes_the_script_and_puts_no_blank_after_a_key(tmp_path):
    script = completion.script(main, "bash")
    assert "compopt -o nospace" in script
    assert script.count("return 0") == BashComplete.source_template.count("return 0")
    file = tmp_path / "ceasefire.bash"
    file.write_text(script, encoding="utf-8")
    asked = f"source {file}; complete -p ceasefire"
    done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True)
    assert "_ceasefire_completion" in done.stdout


def test_completion_loads_neither_numpy_nor_a_compiler():
    asked = (
        "import sys; from ceasefire.cli import main; from click.shell_completion import "
        "ShellComplete as S; s = S(main, {}, 'ceasefire', 'X');"
        "[s.get_completions(w, '') for w in (['solve'], ['solve', '--set'], ['game'],"
        "['model', 'solve'], ['model', 'solve', 'guarantor', '--set'], ['data', 'show'],"
        "['game', 'centipede', '--set'])];"
        "print(sorted({'numpy', 'numba', 'pandas', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# doctor


def test_the_doctor_finds_no_fault_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["doctor", "--json"])
    told = json.loads(done.stdout)
    assert done.exit_code == 0, done.output
    assert told["sound"] is True
    whats = {finding["what"] for finding in told["findings"]}
    assert {"ceasefire", "Python", "libraries", "threads", "compiled loops", "store", "figures",
            "packaged files", "a solve"} <= whats  # fmt: skip
    assert {finding["how"] for finding in told["findings"]} <= {"ok", "note", "fault"}
    assert list(tmp_path.iterdir()) == []  # the probe's store is gone


def test_a_probe_that_fails_is_a_line_and_not_a_traceback(monkeypatch):
    def broken():
        raise RuntimeError("cannot cache function 'sweep': no locator available")
        yield

    monkeypatch.setattr(doctor, "PROBES", {"loops": broken, "store": doctor._store})
    done = CliRunner().invoke(main, ["doctor"])
    assert done.exit_code == 1
    assert "fault  loops" in done.output
    assert "NUMBA_CACHE_DIR" in done.output
    assert "ok     store" in done.output  # the others are asked all the same


def test_a_folder_that_cannot_be_written_is_a_fault_with_advice(monkeypatch):
    def refused(*_, **__):
        raise PermissionError(13, "Permission denied", "/there")

    monkeypatch.setattr(doctor.tempfile, "TemporaryDirectory", refused)
    (found,) = doctor._store()
    assert (found.how, "--store" in found.advice) == ("fault", True)


def test_an_absent_extra_is_a_note_that_says_what_it_is_for(monkeypatch):
    monkeypatch.setattr(doctor, "OPTIONAL", {"no-such-library-at-all": "tests"})
    (found,) = doctor._extras()
    assert (found.how, "tests" in found.found, "pip install" in found.advice) == (
        "note",
        True,
        True,
    )


# compiled loops and warm-up


def test_every_module_of_loops_is_in_the_inventory():
    files = {file for file in PACKAGE.rglob("*.py")
             if "import njit" in file.read_text(encoding="utf-8")}  # fmt: skip
    known = {PACKAGE.parent.joinpath(*name.split(".")).with_suffix(".py") for name in
             compiled.modules()}  # fmt: skip
    assert files <= known


def test_warming_up_again_finds_nothing_to_do(monkeypatch):
    monkeypatch.setattr(warm_up, "_truce", lambda: iter([("nothing", lambda: None)]))
    done = CliRunner().invoke(main, ["warm-up", "truce"])
    assert done.exit_code == 0
    assert "nothing to do" in done.output
    assert "kept in" in done.output


def test_a_step_that_fails_does_not_stop_the_others(monkeypatch):
    def broken():
        raise RuntimeError("cannot cache function 'x'")

    ran = []
    steps = [("first", broken), ("second", lambda: ran.append(1))]
    monkeypatch.setattr(warm_up, "_games", lambda: iter(steps))
    done = CliRunner().invoke(main, ["warm-up", "games"])
    assert (done.exit_code, ran) == (1, [1])
    assert "NUMBA_CACHE_DIR" in done.output


@pytest.mark.slow
@pytest.mark.parametrize("group", ["games", "repeated", "stochastic"])
def test_every_step_of_the_warm_up_works(group):
    done = [what for what, do in warm_up.steps(group) if do() is not None]
    assert done == [what for what, _ in warm_up.steps(group)]


# what a command says while it works


def test_a_compile_is_told_once_and_a_loaded_loop_is_not():
    from numba import njit

    said: list[str] = []

    @njit
    def inner(x):
        return x + 1

    @njit
    def outer(x):
        return inner(x) * 2

    with waiting.patience("solving", said.append):
        time.sleep(4 * waiting.LOOK_SECONDS)  # the thread has begun to listen
        assert outer(1) == 4
    assert said[0] == waiting.COMPILING
    assert said.count(waiting.COMPILING) == 1
    said.clear()
    with waiting.patience("solving", said.append):
        time.sleep(4 * waiting.LOOK_SECONDS)
        assert outer(1) == 4
    assert said == []


def test_a_slow_command_says_what_it_does(monkeypatch):
    said: list[str] = []
    monkeypatch.setattr(waiting, "SLOW_SECONDS", 0.01)
    with waiting.patience("solving", said.append):
        time.sleep(6 * waiting.LOOK_SECONDS)
    assert said == ["solving ..."]


def test_no_listener_is_left_behind():
    from numba.core import event

    before = len(event._registered["numba:compile"])
    with waiting.patience("solving", lambda _: None):
        time.sleep(4 * waiting.LOOK_SECONDS)
    assert len(event._registered["numba:compile"]) == before


# the wheel


@pytest.mark.slow
def test_the_wheel_holds_the_package_and_its_data_and_nothing_else(tmp_path):
    pytest.importorskip("hatchling")
    folder = tmp_path / "source"
    folder.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    leave = shutil.ignore_patterns("__pycache__", ".*_cache")
    shutil.copytree(ROOT / "models", folder / "models", ignore=leave)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=folder, check=True, capture_output=True, env={**os.environ, "TZ": "UTC"},
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    with ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if not name.endswith("/")}
    package = {name for name in held if name.startswith("ceasefire/")}
    files = [file.relative_to(PACKAGE) for file in PACKAGE.rglob("*") if file.is_file()]
    kept = [file for file in files if not any("cache" in part for part in file.parts[:-1])]
    wanted = {f"ceasefire/{file.as_posix()}" for file in kept}
    assert package == wanted
    assert all(name.split("/")[0].endswith(".dist-info") for name in held - package)


def test_the_package_runs_as_a_module_from_any_folder(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "ceasefire", "--version"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == f"ceasefire, version {ceasefire.__version__}"


def test_a_command_inside_the_command_line_tells_a_compile_once():
    said: list[str] = []
    with waiting.patience(None, said.append), waiting.patience("solving", said.append):
        time.sleep(4 * waiting.LOOK_SECONDS)
        from numba import njit

        assert njit(lambda x: x - 1)(3) == 2
    assert said[:1] == [waiting.COMPILING]
    assert said.count(waiting.COMPILING) == 1


def test_no_folder_for_compiled_loops_is_told_with_a_way_out(monkeypatch):
    def refused(*_, **__):
        raise RuntimeError("cannot cache function 'sweep': no locator available for file")

    monkeypatch.setattr(ceasefire, "load", refused, raising=False)
    done = CliRunner().invoke(main, ["solve"])
    assert done.exit_code == 1
    assert "NUMBA_CACHE_DIR" in done.stderr
    assert "fault of the program" not in done.stderr


def test_the_conda_environment_of_the_page_asks_for_what_the_package_asks_for():
    import re
    import tomllib

    page = (ROOT / "docs" / "how-to" / "install.md").read_text(encoding="utf-8")
    block = page.split("```yaml")[1].split("```")[0]
    told = {line.split("#")[0].strip(" -").strip() for line in block.splitlines() if "  -" in line}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [*project["project"]["dependencies"], *project["build-system"]["requires"],
             *(one for extra in project["project"]["optional-dependencies"].values()
               for one in extra)]  # fmt: skip
    assert {re.sub("==", "=", one) for one in asked} <= told
    assert len(told - set(asked)) == 3  # Python, pip, and matplotlib as conda writes it
