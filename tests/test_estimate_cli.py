"""`ceasefire estimate`: what it prints, writes, refuses and goes on from."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from ceasefire.calibration import load_problem
from ceasefire.calibration.maximum import NOT_IDENTIFIED
from ceasefire.cli import _checkpoints as checkpoints
from ceasefire.cli import main
from ceasefire.errors import ArgumentError

FILE = """
schema_version = 1
name = "tiny"
title = "A tiny problem"
exchanges = ["november-2023"]
talks = false
fixed = { x_p = 2 }
seed = 1
[parameters.beta]
from = 0.0
to = 0.03
[parameters.chi]
from = 0.0
to = 0.1
[maximum]
starts = 1
grid = 3
[posterior]
ensembles = 2
walkers = 4
burn_in = 0
draws = 40
"""


@pytest.fixture
def spec(tmp_path):
    file = tmp_path / "tiny.toml"
    file.write_text(FILE, encoding="utf-8")
    return file


def run(*arguments):
    return CliRunner().invoke(main, ["estimate", *map(str, arguments)])


def test_maximum_likelihood_is_printed_and_kept(spec):
    done = run(spec, "--csv", spec.parent / "ml.csv")
    assert done.exit_code == 0, done.output
    assert "A tiny problem. Log-likelihood" in done.output
    table = pd.read_csv(spec.parent / "ml.csv")
    assert table["parameter"].tolist() == ["beta", "chi"]
    again = run(spec, "--resume")  # nothing is searched again
    assert again.stdout.split() == done.stdout.split()[:-2]  # less the files


def test_a_profile_says_what_is_not_identified_and_draws_it(spec):
    figure = ["--figure", spec.parent / "profiles"]
    done = run(spec, "--method", "profile", "--parameter", "beta", *figure)
    assert done.exit_code == 0, done.output
    assert NOT_IDENTIFIED in done.output
    assert (spec.parent / "profiles.png").stat().st_size > 1000


def test_a_posterior_goes_on_from_its_checkpoint_to_the_same_draws(spec):
    csv = spec.parent / "draws.csv"
    options = ["--method", "posterior", "--csv", csv, "--figure", spec.parent / "post"]
    first = run(spec, *options)
    assert first.exit_code == 0, first.output
    assert "NOT mixed" in first.output
    kept = spec.parent / "tiny-posterior.checkpoint.npz"
    chains, clock = checkpoints.load_chains(checkpoints.resting_on(load_problem(spec).digest), kept)
    assert clock.seconds > 0.0
    before = (spec.parent / "draws-all.csv").read_bytes()
    again = run(spec, *options, "--resume")
    assert again.exit_code == 0, again.output
    assert (spec.parent / "draws-all.csv").read_bytes() == before
    assert chains.positions.shape == (2, 26, 4, 2)
    record = json.loads((spec.parent / "draws.json").read_text(encoding="utf-8"))
    assert (record["steps"], record["draws"], record["mixed"]) == (25, 200, False)
    assert {path.name for path in spec.parent.glob("*.png")} == {
        "post-pairs.png",
        "post-priors.png",
    }


def test_a_checkpoint_of_another_problem_is_refused(spec):
    problem = load_problem(spec)
    checkpoints.save_parts({"a": 1}, problem.digest, spec.with_suffix(".json"))
    assert checkpoints.load_parts(problem.digest, spec.with_suffix(".json")) == {"a": 1}
    spec.write_text(FILE.replace("to = 0.1", "to = 0.2"), encoding="utf-8")
    with pytest.raises(ArgumentError, match="ranges and priors"):
        checkpoints.load_parts(load_problem(spec).digest, spec.with_suffix(".json"))
    spec.with_suffix(".json").write_text("nonsense", encoding="utf-8")
    with pytest.raises(ArgumentError, match="a checkpoint"):
        checkpoints.load_parts(problem.digest, spec.with_suffix(".json"))
    np.savez(spec.with_suffix(".npz"), other=1)
    with pytest.raises(ArgumentError, match="a checkpoint"):
        checkpoints.load_chains(problem.digest, spec.with_suffix(".npz"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--draws", "10"], "--draws does not go with ml"),
        (["--method", "moments", "--resume"], "--resume does not go with moments"),
        (["--parameter", "beta"], "--parameter does not go with ml"),
        (["--figure", "x"], "--figure does not go with ml"),
        (["--method", "posterior", "--grid", "5"], "--grid does not go with posterior"),
    ],
)
def test_options_of_other_methods_are_refused(spec, options, said):
    done = run(spec, *options)
    assert done.exit_code == 2
    assert said in done.output


def test_a_missing_file_is_told():
    done = run("nowhere.toml")
    assert done.exit_code == 2
    assert "an existing TOML file" in done.output


def test_a_checkpoint_does_not_write_over_another_file(spec):
    notes = spec.parent / "notes.txt"
    notes.write_text("mine", encoding="utf-8")
    done = run(spec, "--checkpoint", notes)
    assert done.exit_code == 2
    assert "a checkpoint" in done.output
    assert notes.read_text(encoding="utf-8") == "mine"
    there = spec.parent / "nowhere" / "kept.json"
    assert "folder" in run(spec, "--checkpoint", there).output
