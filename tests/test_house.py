"""The house itself: light imports, one name for the package, errors that travel."""

from __future__ import annotations

import json
import pickle
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import ceasefire
from ceasefire.errors import ArgumentError, CeasefireError, Fault, ScenarioError, SolveError
from ceasefire.status import Status

ROOT = Path(__file__).resolve().parents[1]
HEAVY = {"matplotlib", "nashpy", "numba", "numpy", "pandas", "pydantic", "scipy"}
CPU_SECONDS = 0.3
FAULTS = (
    Fault("captor.trust", 1.3, "0 to 1", "not a probability", line=12, hint="write 0.3"),
    Fault("", None, "", "the file is empty"),
)
ERRORS = [
    pytest.param(ScenarioError(FAULTS, "truce.toml"), id="scenario"),
    pytest.param(ArgumentError("day", -1, "0 to 9", "days count from 0"), id="argument"),
    pytest.param(SolveError("no fixed point", reached={"trust": 0.5}), id="solve"),
]


def in_child(code: str) -> tuple[set[str], float]:
    """Run `code` in a fresh interpreter; return what it loaded and its CPU seconds."""
    probe = (
        "import json, sys, time\n"
        "start = time.process_time()\n"
        f"{code}\n"
        "spent = time.process_time() - start\n"
        "print(json.dumps([sorted(sys.modules), spent]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=ROOT
    )
    modules, spent = json.loads(done.stdout.splitlines()[-1])
    return {name.partition(".")[0] for name in modules}, spent


HELP = """
import contextlib, io
from ceasefire.cli import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main(["--help"], prog_name="ceasefire")
"""


@pytest.mark.parametrize("code", ["import ceasefire", HELP], ids=["import", "help"])
def test_the_front_door_is_light(code: str) -> None:
    fastest = float("inf")
    for _ in range(3):  # the least of three: the first may compile bytecode
        modules, spent = in_child(code)
        fastest = min(fastest, spent)
    assert not modules & HEAVY
    assert fastest < CPU_SECONDS


def test_rooms_load_on_first_use() -> None:
    modules, _ = in_child("import ceasefire as cf; assert cf.load; assert cf.truce; assert cf.data")
    assert "pydantic" in modules
    assert "matplotlib" not in modules


def test_the_front_page_lists_its_rooms_without_loading_them() -> None:
    code = "import ceasefire as cf; assert {'load', 'truce', 'data', 'errors'} <= set(dir(cf))"
    modules, _ = in_child(code)
    assert not modules & HEAVY


@pytest.mark.parametrize("name", ["no_such_room", "_private", "__wrapped__"])
def test_an_unknown_name_is_an_attribute_error(name: str) -> None:
    with pytest.raises(AttributeError, match=name):
        getattr(ceasefire, name)


def test_the_source_root_is_not_a_package() -> None:
    assert not (ROOT / "models" / "__init__.py").exists()
    assert [room.name for room in (ROOT / "models").iterdir() if room.is_dir()] == ["ceasefire"]


def test_every_room_is_a_package() -> None:
    rooms = {path.parent for path in (ROOT / "models" / "ceasefire").rglob("*.py")}
    assert not [room for room in rooms if not (room / "__init__.py").exists()]


@pytest.mark.parametrize(
    "line", ["import models.ceasefire", "from models.ceasefire import truce", "import models"]
)
def test_ruff_refuses_a_second_copy_of_the_package(line: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--select", "TID251", "--no-cache", "-"],
        input=f"{line}\n",
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 1
    assert "second copy of the module" in done.stdout


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    cited = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text("utf-8"), re.MULTILINE)
    assert cited is not None
    assert {project["version"], cited[1]} == {ceasefire.__version__}


def test_every_locked_package_is_hashed_and_run_is_part_of_dev() -> None:
    locks = {}
    for name in ("run", "dev"):
        text = (ROOT / "requirements" / f"{name}.lock").read_text("utf-8")
        assert "://" not in text
        entries = re.findall(r"^(\S+==\S+)[^\n]*\n\s+--hash=sha256:", text, re.MULTILINE)
        assert len(entries) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE))
        locks[name] = set(entries)
    assert locks["run"] < locks["dev"]


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_survives_pickling(error: CeasefireError) -> None:
    error.add_note("raised in a worker")
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert back.args == error.args
    assert back.__notes__ == ["raised in a worker"]


def test_an_error_travels_even_when_what_it_got_cannot() -> None:
    cannot = lambda: None  # noqa: E731 - a value that pickle refuses
    argument = pickle.loads(pickle.dumps(ArgumentError("k0", cannot, "a number")))
    assert "lambda" in argument.got
    scenario = ScenarioError([Fault("k0", cannot, "a number", "not a number")])
    assert "lambda" in pickle.loads(pickle.dumps(scenario)).faults[0].got


def test_a_scenario_error_shows_every_fault_on_its_line() -> None:
    assert str(ScenarioError(FAULTS, Path("truce.toml"))).splitlines() == [
        "truce.toml: 2 faults",
        "truce.toml:12: captor.trust: not a probability; got 1.3; allowed: 0 to 1; write 0.3",
        "truce.toml: the file is empty",
    ]
    assert str(ScenarioError(FAULTS[:1])).splitlines()[0] == "scenario: 1 fault"


def test_errors_inherit_the_fitting_builtin_and_keep_their_parts() -> None:
    argument = ArgumentError("day", -1, "0 to 9", "days count from 0")
    assert isinstance(argument, ValueError)
    assert (argument.where, argument.got, argument.allowed) == ("day", -1, "0 to 9")
    assert str(argument) == "day: got -1; allowed: 0 to 9; days count from 0"
    assert isinstance(ScenarioError(FAULTS), ValueError)
    solve = SolveError("no fixed point", reached=3)
    assert isinstance(solve, RuntimeError)
    assert (str(solve), solve.reached) == ("no fixed point", 3)


def test_a_long_value_is_cut_in_the_message() -> None:
    text = str(ArgumentError("beliefs", list(range(1000)), "an integer"))
    assert len(text) < 130


@pytest.mark.parametrize("status", list(Status), ids=lambda status: status.name)
def test_a_status_carries_its_message(status: Status) -> None:
    assert str(status) == status.message
    assert status.solved == status.message.startswith("solved")
