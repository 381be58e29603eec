"""Committed rows: what a run left, what the specification gives again, what is out of date."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from ceasefire import experiment as room
from ceasefire.errors import ArgumentError
from ceasefire.experiment.cached import StaleRows
from ceasefire.experiment.driver import Task, _difference, _solve
from ceasefire.experiment.spec import parse
from ceasefire.experiment.store import Row

ROOT = Path(__file__).resolve().parents[1]
ROWS = ROOT / "results" / "experiments"
SPECS = sorted(p for p in (ROOT / "experiments").glob("*.toml") if p.stem != "paper")
MOST_FAILED = 0.05  # of the rows; a mediator's game has no exact equilibrium at some points
SAMPLE = 2  # rows of every experiment that are solved again here

GRID = """
schema_version = 1
name = "small"
scenario = "november-2023"
record = ["mean_days", "modal_days", "sequence", "holds_P7", "window_9_day"]
[vary]
design = "grid"
[vary.parameters]
x = [8, 10]
n0 = [50, 200]
"""
SOBOL = """
schema_version = 1
name = "drawn"
scenario = "november-2023"
record = ["mean_days"]
[vary]
design = "sobol"
points = 4
[vary.parameters]
pi0 = { from = 0.1, to = 0.5 }
"""


@pytest.mark.parametrize("text", [GRID, SOBOL], ids=["grid", "sobol"])
def test_committed_rows_read_back_as_the_store_gives_them(tmp_path, text):
    told = parse(text)
    found = room.renewed(told, tmp_path / "rows")
    with room.Store(tmp_path / "journals" / f"{told.spec.name}.sqlite") as store:
        whole = room.frame(store, store.find())
    pd.testing.assert_frame_equal(found.rows, whole, check_dtype=False, rtol=1e-9)
    assert found.current(told)
    assert found.record["rows"] == len(whole)
    assert found.record["failed"] == whole["error"].notna().sum()


def test_points_of_a_random_design_are_not_written_but_given_again(tmp_path):
    told = parse(SOBOL)
    rows = room.renewed(told, tmp_path / "rows").rows
    assert "pi0" not in (tmp_path / "rows" / "drawn.csv").read_text()
    assert rows["pi0"].tolist() == [p.changes["captor.trust"] for p in room.points(told)]


def test_rows_of_another_specification_are_computed_anew(tmp_path):
    room.renewed(parse(SOBOL), tmp_path / "rows")
    changed = parse(SOBOL.replace("0.5 }", "0.4 }"))
    with pytest.raises(StaleRows, match="another specification"):
        room.read_cached(changed, tmp_path / "rows")
    assert room.renewed(changed, tmp_path / "rows").rows["pi0"].max() < 0.4
    again = room.renewed(parse(SOBOL), tmp_path / "rows")  # in a journal that has the other one too
    assert again.rows["pi0"].max() > 0.4


def test_rows_that_were_edited_are_refused_and_left_alone(tmp_path):
    told = parse(SOBOL)
    room.renewed(told, tmp_path / "rows")
    file = tmp_path / "rows" / "drawn.csv"
    file.write_text(file.read_text() + "4,0,1.0,\n")
    with pytest.raises(ArgumentError, match="changed since"):
        room.renewed(told, tmp_path / "rows")


def test_rows_of_other_code_are_kept_unless_all_is_asked_for(tmp_path):
    told = parse(SOBOL)
    room.renewed(told, tmp_path / "rows")
    file = tmp_path / "rows" / "drawn.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"code": "0.0.1+old"}))
    assert not room.renewed(told, tmp_path / "rows").current(told)
    assert room.renewed(told, tmp_path / "rows", full=True).current(told)


def test_missing_rows_say_how_to_get_them(tmp_path):
    with pytest.raises(StaleRows, match="paper-full"):
        room.read_cached(parse(SOBOL), tmp_path)


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_the_committed_rows_are_what_the_code_gives(spec):
    told = room.load(spec)
    found = room.read_cached(told, ROWS)
    solved = found.rows[found.rows["error"].isna()]
    assert len(solved) == found.record["rows"] - found.record["failed"]
    assert found.record["failed"] <= MOST_FAILED * found.record["rows"]
    stream = {point.index: point for point in room.points(told)}
    for _, row in solved.sample(SAMPLE, random_state=7).iterrows():
        point = stream[row["point"]]
        task = Task(b"", point.key, dict(point.changes))
        again = _solve(told.scenario, told.spec.record, task)
        recorded = {name: row[name] for name in told.spec.record}
        kept = Row(point.index, point.replicate, dict(point.changes), recorded, None, 1)
        assert _close(kept, again) == ""


def _close(row, again):
    """The committed digits are ten; everything else agrees as `store verify` wants it."""
    said = json.loads(again.result)
    told = {name: round_like(value, said[name]) for name, value in (row.result or {}).items()}
    return _difference(Row(row.point, row.replicate, row.changes, told, None, 1), again)


def round_like(value, other):
    if isinstance(other, float) and not pd.isna(value):
        return other if float(value) == pytest.approx(other, rel=1e-6, abs=1e-7) else float(value)
    if other is None:
        return None if pd.isna(value) else value
    return type(other)(value) if not pd.isna(value) else float("nan")
