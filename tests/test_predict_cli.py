"""`ceasefire predict`: text, JSON, tables and figure; refusals that name what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from ceasefire.cli import main

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = str(ROOT / "docs" / "examples" / "invented-42.csv")


def run(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(main, ["predict", *words])
    assert done.exit_code == code, done.output
    return done.output


def test_the_invented_exchange_of_42_days_is_predicted_with_tables_and_figure(tmp_path):
    table, stem = tmp_path / "batches.csv", tmp_path / "course"
    said = run(EXAMPLE, "--csv", str(table), "--figure", str(stem))
    assert "batch 6, on day 12 (2031-03-13)" in said
    assert "over the ratios of all categories" in said
    assert table.read_text().startswith("batch,day,date,due,delivered,captives")
    assert (tmp_path / "batches-lengths.csv").exists()
    assert stem.with_suffix(".png").stat().st_size > 10_000


def test_json_says_the_same_to_a_machine():
    told = json.loads(run("november-2023", "--until", "6", "--json"))
    assert told["next_batch"]["date"] == "2023-11-30"
    assert told["next_batch"]["delivered"] == pytest.approx(0.677603, abs=1e-6)
    assert sum(row["probability"] for row in told["lengths"]) == pytest.approx(1.0, abs=1e-5)
    assert told["freed"] == 70.0


def test_draws_come_from_priors_or_a_table_and_are_reported(tmp_path):
    problem = str(ROOT / "experiments" / "estimation" / "november-2023.toml")
    said = run("november-2023", "--until", "6", "--problem", problem, "--draws", "3")
    assert "3 draws of parameters" in said
    assert "Few draws are worth having" in said
    draws = tmp_path / "draws.csv"
    draws.write_text("step,pi0\n1,0.2\n2,0.3\n")
    said = run("november-2023", "--until", "6", "--posterior", str(draws))
    assert "2 draws of parameters" in said
    both = run("november-2023", "--problem", problem, "--posterior", str(draws), code=2)
    assert "do not go together" in both


def test_bad_input_is_named():
    assert "--mix" in run(EXAMPLE, "--mix", "civilians", code=2)
    assert "until" in run("november-2023", code=2)
    assert "november-2023" in run("november-2032", code=2)


def test_rivals_are_scored_on_the_record_and_on_simulated_truces(tmp_path):
    table, stem = tmp_path / "rivals.csv", tmp_path / "rivals"
    said = run("november-2023", "--score", "--csv", str(table), "--figure", str(stem))
    assert "it loses to no retention slope" in " ".join(said.split())
    assert (tmp_path / "rivals-all.csv").exists()
    said = run("november-2023", "--score", "--truces", "3", "--figure", str(stem))
    assert "3 courses" in said
    assert (tmp_path / "rivals-reliability.png").exists()
    told = json.loads(run("november-2023", "--score", "--json"))
    assert told["summary"][0]["rival"] == "no retention slope"
    assert "--score" in run("november-2023", "--truces", "3", code=2)
