"""`ceasefire analyse`: tables on the terminal, files, what is refused."""

from __future__ import annotations

import hashlib
import json

import pytest
from analysis_frames import NAMES, experiment
from click.testing import CliRunner

from ceasefire.cli import main
from ceasefire.experiment import Store, points, restored


def call(*arguments):
    return CliRunner().invoke(main, ["analyse", *map(str, arguments)])


def store(file, told):
    """Rows of a known output, as a run would have left them."""
    with Store(file, write=True) as opened:
        rows, members = [], []
        for point in points(told):
            one, two, *_ = point.changes.values()
            key = hashlib.sha256(point.key.encode()).digest()
            result = json.dumps({"mean_days": 2.0 * one + one * two, "sequence": "4-2-1"})
            rows.append((key, json.dumps(point.changes), result, None, 1))
            members.append((point.index, key))
        opened.add(opened.register(told, "code"), rows, members)
    return file


@pytest.fixture(scope="module")
def saltelli(tmp_path_factory):
    told = experiment("saltelli", "points = 64\nsecond_order = true", NAMES[:2])
    return store(tmp_path_factory.mktemp("analyse") / "a.sqlite", told)


def test_indices_are_printed_and_written(saltelli, tmp_path):
    told = call("sobol", saltelli, "mean_days", "--out", tmp_path / "deep" / "days")
    assert told.exit_code == 0
    assert told.stdout.startswith("64 of 64 base points, none left out\n")
    assert "parameter" in told.stdout
    assert {file.name for file in (tmp_path / "deep").iterdir()} == {
        "days.csv", "days.md", "days-pairs.csv", "days-pairs.md", "days.pdf", "days.png",
    }  # fmt: skip
    before = {file.name: file.read_bytes() for file in (tmp_path / "deep").iterdir()}
    call("sobol", saltelli, "mean_days", "--out", tmp_path / "deep" / "days")
    assert before == {file.name: file.read_bytes() for file in (tmp_path / "deep").iterdir()}
    assert before["days.md"].startswith(b"| parameter | first |")


def test_a_store_gives_its_experiment_again(saltelli):
    told = experiment("saltelli", "points = 64\nsecond_order = true", NAMES[:2])
    with Store(saltelli) as opened:
        assert restored(opened.find()).digest == told.digest


@pytest.mark.parametrize(
    ("method", "design", "options", "more"),
    [("morris", "morris", "trajectories = 4", []),
     ("tornado", "tornado", "", []),
     ("regression", "sobol", "points = 64", ["--ranks", "--level", "0.9"]),
     ("dependence", "sobol", "points = 64", ["--parameter", "x", "--bins", "5"])],
)  # fmt: skip
def test_every_method_prints_its_table(method, design, options, more, tmp_path):
    file = store(tmp_path / "a.sqlite", experiment(design, options, NAMES[:2]))
    told = call(method, file, "mean_days", *more)
    assert told.exit_code == 0, told.output
    assert len(told.stdout.splitlines()) >= 4


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["tornado", "mean_days"], 'design "tornado"'),
     (["sobol", "sequence"], "words"),
     (["sobol", "mean_days", "--ranks"], "--ranks does not go with sobol"),
     (["dependence", "mean_days"], "--parameter"),
     (["sobol", "mean_days", "--experiment", "other"], "known")],
)  # fmt: skip
def test_what_does_not_go_together_is_refused(saltelli, arguments, said):
    method, *rest = arguments
    told = call(method, saltelli, *rest)
    assert told.exit_code == 2
    assert said in told.output


def test_the_help_lists_the_methods_with_examples():
    told = call("--help").stdout
    assert "Examples:\n    ceasefire analyse sobol my.sqlite mean_days\n" in told
    assert "  morris       elementary effects" in told
