"""A store as CSV, Parquet, labelled arrays, NetCDF, and as EMA Workbench reads it."""

from __future__ import annotations

import json
import math
import sys
import tracemalloc
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import xarray as xr
from click.testing import CliRunner

from ceasefire.cli import main
from ceasefire.errors import ArgumentError
from ceasefire.experiment import (
    Store,
    frame,
    points,
    to_ema,
    to_xarray,
    write,
    write_netcdf,
    write_parquet,
)
from ceasefire.experiment.driver import row_key
from ceasefire.experiment.provenance import provenance
from ceasefire.experiment.spec import parse

if TYPE_CHECKING:
    from pathlib import Path

HEAD = 'schema_version = 1\nname = "forms"\nscenario = "november-2023"\n'
RECORD = 'record = ["mean_days", "modal_days", "certified", "sequence"]\n'
GRID = (
    HEAD + RECORD + '[vary]\ndesign = "grid"\nparameters.x = [8, 10, 12]\n'
    'parameters.pi0 = [0.1, 0.2]\nparameters.mediator = ["on", "off"]\n'
)
RANDOM = (
    HEAD + RECORD + '[vary]\ndesign = "sobol"\npoints = 16\n'
    "parameters.x = {from = 5, to = 15}\nparameters.J = {from = 8, to = 11}\n"
)
DRAWN = (
    HEAD + 'replicates = 3\nrecord = ["drawn_days"]\n'
    '[vary]\ndesign = "paired"\nparameters.x = [8, 9]\nparameters.k0 = [4, 5]\n'
)


def result(changes: dict, replicate: int) -> dict:
    x = float(changes["terms.captives_per_extra_day"])
    return {"mean_days": x / 3.0, "modal_days": int(x), "certified": x < 12, "sequence": "4-2",
            "drawn_days": replicate}  # fmt: skip


def stored(file: Path, text: str, *, fails: tuple[int, ...] = (), silent: tuple[int, ...] = ()):
    """Write a store as a run does, with made-up results."""
    experiment = parse(text)
    record = experiment.spec.record
    with Store(file, write=True) as store:
        number = store.register(experiment, "code")
        store.begin(number, 1, provenance(experiment, "code"))
        rows, members = [], []
        for at, point in enumerate(points(experiment)):
            key = row_key(point.key, "code", record)
            found = {n: result(dict(point.changes), point.replicate)[n] for n in record}
            if at in silent:
                found["modal_days"] = None
            bad = "SolveError: no" if at in fails else None
            told = None if bad else json.dumps(found)
            rows.append((key, json.dumps(dict(point.changes)), told, bad, 1))
            members.append((point.index, key))
        store.add(number, rows, members)
    return Store(file)


def test_parquet_holds_the_rows_of_the_frame_with_units_and_provenance(tmp_path):
    with stored(tmp_path / "a.sqlite", GRID, fails=(2,)) as store:
        kept = store.find()
        assert write_parquet(store, kept, tmp_path / "a.parquet") == 12
        expected = frame(store, kept)
    found = pq.read_table(tmp_path / "a.parquet")
    assert found.column_names == list(expected.columns)
    assert [str(found.schema.field(name).type) for name in ("x", "pi0", "mediator", "mean_days",
            "modal_days", "certified", "error")] == [
        "int64", "double", "string", "double", "int64", "bool", "string"
    ]  # fmt: skip
    for name in expected.columns:
        told = [None if isinstance(v, float) and math.isnan(v) else v for v in expected[name]]
        assert found[name].to_pylist() == told, name
    about = found.schema.metadata
    assert about[b"ceasefire.spec_digest"].decode() == kept.digest
    assert json.loads(about[b"ceasefire.provenance"])["seed"] == 0
    assert found.schema.field("x").metadata[b"units"] == b"captives per day"


def test_equal_rows_give_equal_bytes_in_every_form(tmp_path):
    with stored(tmp_path / "a.sqlite", GRID, fails=(2,)) as store:
        kept = store.find()
        for suffix in ("csv", "parquet", "nc"):
            one, two = tmp_path / f"one.{suffix}", tmp_path / f"two.{suffix}"
            assert write(store, kept, one) == write(store, kept, two) == 12
            assert one.read_bytes() == two.read_bytes(), suffix


def test_mixed_numbers_take_the_type_that_holds_them_all(tmp_path):
    text = GRID.replace("[8, 10, 12]", "[8, 10.5]")
    with stored(tmp_path / "a.sqlite", text, silent=(0,)) as store:
        write_parquet(store, store.find(), tmp_path / "a.parquet")
    found = pq.read_table(tmp_path / "a.parquet")
    assert str(found.schema.field("x").type) == "double"
    assert found["modal_days"].null_count == 1


def test_many_groups_of_rows_are_one_table(tmp_path, monkeypatch):
    monkeypatch.setattr("ceasefire.experiment.parquet.GROUP", 5)
    with stored(tmp_path / "a.sqlite", GRID) as store:
        write_parquet(store, store.find(), tmp_path / "a.parquet")
    assert pq.ParquetFile(tmp_path / "a.parquet").num_row_groups == 3
    assert pq.read_table(tmp_path / "a.parquet")["point"].to_pylist() == list(range(12))


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_memory_does_not_grow_with_the_rows(tmp_path, monkeypatch, suffix):
    monkeypatch.setattr("ceasefire.experiment.parquet.GROUP", 64)
    peaks = []
    for count in (256, 4096):
        with stored(tmp_path / f"{count}.sqlite", RANDOM.replace("16", str(count))) as store:
            kept = store.find()
            write(store, kept, tmp_path / f"warm.{suffix}")
            tracemalloc.start()
            write(store, kept, tmp_path / f"out.{suffix}")
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert peaks[1] < 2 * peaks[0]


def test_a_grid_becomes_labelled_dimensions_with_units(tmp_path):
    with stored(tmp_path / "a.sqlite", GRID) as store:
        found = to_xarray(store, store.find())
    assert dict(found.sizes) == {"x": 3, "pi0": 2, "mediator": 2}
    assert found["mean_days"].sel(x=10, pi0=0.2, mediator="off").item() == pytest.approx(10 / 3)
    assert found["mean_days"].attrs == {"long_name": "expected pause", "units": "days"}
    assert found["pi0"].attrs["units"] == "probability"
    assert found["certified"].dtype == bool
    assert found["modal_days"].dtype == np.int64
    assert "error" not in found
    assert found.attrs["experiment"] == "forms"


def test_failed_and_left_out_rows_are_nan(tmp_path):
    text = GRID + '[constraints]\ncheap = "x <= 10"\n'
    with stored(tmp_path / "a.sqlite", text, fails=(1,)) as store:
        found = to_xarray(store, store.find())
    assert found["mean_days"].isnull().sum() == 5
    assert found["certified"].dtype == float
    assert found["error"].values[0, 0, 1] == "SolveError: no"
    assert (found["error"] != "").sum() == 1


def test_other_designs_lie_along_their_points_and_replicates_are_a_dimension(tmp_path):
    with stored(tmp_path / "a.sqlite", RANDOM) as store:
        found, rows = to_xarray(store, store.find()), frame(store, store.find())
    assert found["mean_days"].dims == ("point",)
    np.testing.assert_array_equal(found["x"], rows["x"])
    np.testing.assert_array_equal(found["mean_days"], rows["mean_days"])
    with stored(tmp_path / "b.sqlite", DRAWN) as store:
        drawn = to_xarray(store, store.find())
    assert dict(drawn.sizes) == {"point": 2, "replicate": 3}
    np.testing.assert_array_equal(drawn["drawn_days"], [[0, 1, 2]] * 2)
    assert drawn["k0"].dims == ("point",)


@pytest.mark.parametrize("text", [GRID, RANDOM, DRAWN])
def test_netcdf_is_read_back_as_it_was(tmp_path, text):
    with stored(tmp_path / "a.sqlite", text, fails=(1,)) as store:
        kept = store.find()
        count = write_netcdf(store, kept, tmp_path / "a.nc")
        expected = to_xarray(store, kept)
    assert count == sum(1 for _ in points(parse(text)))
    with xr.open_dataset(tmp_path / "a.nc", engine="scipy") as found:
        xr.testing.assert_equal(found.load(), expected)
        assert found.attrs == expected.attrs


def test_the_workbench_gets_solved_rows_alone(tmp_path):
    with stored(tmp_path / "a.sqlite", GRID, fails=(2, 5), silent=(0,)) as store:
        experiments, outcomes = to_ema(store, store.find())
    assert list(experiments.columns) == ["x", "pi0", "mediator"]
    assert experiments.index.tolist() == list(range(10))
    assert experiments.attrs == {"failed": 2}
    assert isinstance(experiments["mediator"].dtype, pd.CategoricalDtype)
    assert experiments["x"].dtype == float
    assert set(outcomes) == {"mean_days", "modal_days", "certified", "sequence"}
    assert {name: array.dtype.kind for name, array in outcomes.items()} == {
        "mean_days": "f", "modal_days": "f", "certified": "b", "sequence": "U"
    }  # fmt: skip
    assert all(array.shape == (10,) for array in outcomes.values())
    assert np.isnan(outcomes["modal_days"][0])


@pytest.mark.parametrize(
    ("library", "export"), [("pyarrow", write_parquet), ("xarray", write_netcdf)]
)
def test_a_missing_library_says_how_to_get_it(tmp_path, monkeypatch, library, export):
    monkeypatch.setitem(sys.modules, library, None)
    with (
        stored(tmp_path / "a.sqlite", GRID) as store,
        pytest.raises(ArgumentError, match=r'pip install "ceasefire\[frames\]"'),
    ):
        export(store, store.find(), tmp_path / "a.out")
    assert [one.name for one in tmp_path.iterdir()] == ["a.sqlite"]


@pytest.mark.parametrize("suffix", ["csv", "parquet", "nc"])
def test_the_command_chooses_the_form_by_the_suffix(tmp_path, suffix):
    stored(tmp_path / "a.sqlite", GRID).close()
    out = tmp_path / f"a.{suffix}"
    done = CliRunner().invoke(main, ["store", "export", str(tmp_path / "a.sqlite"), str(out)])
    assert done.exit_code == 0, done.output
    assert done.output == f"{out}: 12 rows\n"
    assert out.stat().st_size > 0
    assert not [one for one in tmp_path.iterdir() if one.name.startswith(".")]


def test_an_unknown_suffix_is_refused(tmp_path):
    stored(tmp_path / "a.sqlite", GRID).close()
    out = str(tmp_path / "a.xlsx")
    done = CliRunner().invoke(main, ["store", "export", str(tmp_path / "a.sqlite"), out])
    assert done.exit_code != 0
    assert ".csv, .parquet, .nc" in done.output + str(done.exception)


def test_words_and_numbers_of_one_column_become_words(tmp_path):
    text = HEAD + RECORD + '[vary]\ndesign = "list"\nrows = [{ x = 8 }, { x = 9.5 }]\n'
    with stored(tmp_path / "a.sqlite", text) as store:
        kept = store.find()
    with Store(tmp_path / "a.sqlite", write=True) as store:
        store._db.execute("UPDATE rows SET changes = ?, result = ? WHERE id = 1", (
            json.dumps({kept.paths[0]: "on"}),
            json.dumps(dict.fromkeys(kept.record, 1) | {"modal_days": True}),
        ))  # fmt: skip
    with Store(tmp_path / "a.sqlite") as store:
        write_parquet(store, kept, tmp_path / "a.parquet")
    found = pq.read_table(tmp_path / "a.parquet")
    assert found["x"].to_pylist() == ["on", "9.5"]
    assert found["modal_days"].to_pylist() == [1, 9]
