"""`ceasefire predict`: text, JSON, tables and figure; refusals that name what is wrong."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

import ceasefire
from ceasefire import calibration
from ceasefire.calibration import prediction
from ceasefire.cli import main
from ceasefire.cli.predict import _plain_number

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


def test_a_score_that_is_infinite_is_null_in_json(tmp_path):
    terms = (ROOT / "docs" / "examples" / "invented-42.toml").read_text(encoding="utf-8")
    terms = terms.replace("ongoing = true", 'pause_days = 4\ncauses = ["incident", "left"]')
    (tmp_path / "short.toml").write_text(terms, encoding="utf-8")
    lines = Path(EXAMPLE).read_text(encoding="utf-8").splitlines()[:5]
    lines.append("5,2031-03-06,3,0,0,not-met,,no,")
    (tmp_path / "short.csv").write_text("\n".join(lines), encoding="utf-8")
    told = json.loads(run(str(tmp_path / "short.csv"), "--score", "--json"))
    full = next(row for row in told["summary"] if row["rival"] == "full model")
    assert full["log_score"] is not None
    assert full["length_log_score"] is None


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


def test_a_run_that_stops_goes_on_to_the_same_prediction(tmp_path, monkeypatch):
    problem = str(ROOT / "experiments" / "estimation" / "november-2023.toml")
    kept = tmp_path / "kept.json"
    words = ["november-2023", "--until", "6", "--problem", problem, "--draws", "5", "--json",
             "--checkpoint", str(kept)]  # fmt: skip
    whole = run(*words)
    assert not kept.exists()
    solve, solved = prediction.truce.solve, []

    def halting(scenario):
        solved.append(scenario)
        if len(solved) == 3:
            raise KeyboardInterrupt
        return solve(scenario)

    monkeypatch.setattr(prediction.truce, "solve", halting)
    assert "add --resume" in run(*words, code=130)
    assert len(json.loads(kept.read_text())["parts"]) == 2
    assert run(*words, "--resume") == whole
    assert len(solved) == 6
    assert not kept.exists()


def test_a_checkpoint_of_other_draws_is_refused(tmp_path):
    problem = str(ROOT / "experiments" / "estimation" / "november-2023.toml")
    kept = tmp_path / "kept.json"
    kept.write_text('{"problem": "0", "parts": {}}')
    words = ["november-2023", "--until", "6", "--problem", problem, "--checkpoint", str(kept)]
    assert "leave --resume out" in run(*words, "--resume", code=2)


def test_a_file_that_is_no_checkpoint_is_neither_written_over_nor_removed(tmp_path):
    draws, notes = tmp_path / "draws.csv", tmp_path / "notes.txt"
    draws.write_text("pi0\n0.2\n")
    notes.write_text("mine")
    words = ["november-2023", "--until", "6", "--posterior", str(draws), "--checkpoint"]
    assert "a checkpoint" in run(*words, str(notes), code=2)
    assert notes.read_text() == "mine"
    assert "folder" in run(*words, str(tmp_path / "none" / "kept.json"), code=2)


def test_a_run_that_is_stopped_does_not_wait_for_what_is_queued():
    from ceasefire.cli._workers import workers

    sent = []

    def stopped_early():
        with workers(2) as executor:
            sent.extend(executor.submit(time.sleep, 0.05) for _ in range(100))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped_early()
    assert sum(one.cancelled() for one in sent) > 50


def test_processes_do_not_change_a_prediction(tmp_path):
    draws = tmp_path / "draws.csv"
    draws.write_text("pi0\n0.2\n0.3\n0.9\n")
    words = ["november-2023", "--until", "6", "--posterior", str(draws), "--json"]
    assert run(*words, "--jobs", "2") == run(*words)


@pytest.mark.parametrize(("more", "said"), [([], "goes with draws"), (["--score"], "--score")])
def test_options_of_draws_are_refused_where_none_are_taken(more, said):
    assert said in run("november-2023", "--until", "6", "--resume", *more, code=2)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["civilians=1", "civilians=2"], "stands there twice"),
        (["civilians=nan"], "positive weights"),
        (["men=1"], "men"),
    ],
)
def test_a_mix_that_would_be_left_unread_is_refused(words, said):
    assert said in run(EXAMPLE, *(word for one in words for word in ("--mix", one)), code=2)


def test_a_mix_is_refused_where_the_terms_have_no_ratios(tmp_path):
    terms = (ROOT / "docs" / "examples" / "invented-42.toml").read_text(encoding="utf-8")
    before, _, rest = terms.partition("[prisoners_per_captive]")
    (tmp_path / "plain.toml").write_text(before + "[" + rest.partition("\n[")[2], encoding="utf-8")
    (tmp_path / "plain.csv").write_text(Path(EXAMPLE).read_text(encoding="utf-8"))
    assert "prisoners_per_captive" in run(str(tmp_path / "plain.csv"), "--mix", "men=1", code=2)


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


def test_beside_a_table_stands_what_it_was_made_from(tmp_path):
    table = tmp_path / "batches.csv"
    run("november-2023", "--until", "6", "--csv", str(table))
    told = json.loads((tmp_path / "batches.json").read_text())
    assert told["exchange"] == "november-2023"
    assert (told["until"], told["draws"], told["problem"]) == (6, None, None)
    assert len(told["exchange_digest"]) == len(told["scenario_digest"]) == 64
    assert told["code"].startswith(ceasefire.__version__)
    assert set(told["libraries"]) >= {"numpy", "numba"}
    run(EXAMPLE, "--csv", str(table))
    other = json.loads((tmp_path / "batches.json").read_text())
    assert other["exchange_digest"] != told["exchange_digest"]
    assert other["scenario_digest"] == told["scenario_digest"]


def test_numbers_that_are_no_whole_ones_are_rounded_for_reading():
    assert _plain_number(10.0 / 3.0) == "3.3"
    assert _plain_number(1500.0) == "1500"


def test_leaving_cost_and_noises_grow_with_the_period_where_that_is_asked_for():
    invented, daily = calibration.read(EXAMPLE), calibration.read("november-2023")
    once = calibration.carried_over(invented).symbols()
    grown = calibration.carried_over(invented, values="period").symbols()
    days = invented.terms.period_days
    for name in ("kappa", "s", "s_C"):
        assert getattr(grown, name) == pytest.approx(days * getattr(once, name))
    assert (grown.v, grown.k0, grown.g) == (once.v, once.k0, once.g)
    same = [calibration.carried_over(daily, values=how).digest for how in ("terms", "period")]
    assert same[0] == same[1]
