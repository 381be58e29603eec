"""Run the recovery study: python experiments/estimation/recovery.py [--data-sets 4000] [--side 22].

Writes results/estimation/recovery.csv, a row a data set and parameter, recovery.json with what was
found, and the figures. Data sets already in the CSV are not made again, and
where none is missing the grid is not solved.

The first 200 data sets were set beforehand; the others were added to see whether their share for
l_lo was chance. So was the check with truths at the grid's own cells, where posteriors are exact.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

from ceasefire import calibration
from ceasefire.experiment.provenance import code_version

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "results" / "estimation"
TABLE = RESULTS / "recovery.csv"
TRUCES = 30
COVERED = 200  # data sets whose intervals were to be counted, set beforehand
EXACT_SEED = 1  # of the data sets with truths at the grid's own cells
BATCH = 50


def main() -> None:
    """Build the grid once, then go on with the data sets that are missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-sets", type=int, default=4000)
    parser.add_argument("--side", type=int, default=22)
    parser.add_argument("--jobs", type=int, default=2)
    told = parser.parse_args()
    RESULTS.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    problem = calibration.load_problem(Path(__file__).with_name("recovery.toml"))
    missing = _missing(told.data_sets)
    grid, run = calibration.CourseGrid(problem, 4, told.side, np.empty((0, 0)), {}), {}
    if missing:
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(told.jobs, mp_context=spawn) as executor:
            grid = calibration.course_grid(problem, told.side, executor=executor)
        grid_seconds = time.perf_counter() - start
        print(f"grid of {told.side}^3 cells: {grid_seconds:.0f} s", flush=True)
        _make(grid, missing)
        exact = calibration.recover(
            grid, data_sets=range(told.data_sets), truces=TRUCES, seed=EXACT_SEED, truths="cells"
        )
        run = {
            "exact_posteriors": _told(exact) | {"seed": EXACT_SEED},
            "run": _run(grid_seconds, time.perf_counter() - start),
        }
    _report(calibration.Recovery(grid, TRUCES, pd.read_csv(TABLE), 0.9, 99), run)


def _missing(count: int) -> list[int]:
    begun = set(pd.read_csv(TABLE)["data_set"]) if TABLE.exists() else set()
    return [number for number in range(count) if number not in begun]


def _make(grid: calibration.CourseGrid, missing: list[int]) -> None:
    done = [pd.read_csv(TABLE)] if TABLE.exists() else []
    seed = grid.problem.settings.seed
    for i in range(0, len(missing), BATCH):
        part = calibration.recover(grid, data_sets=missing[i : i + BATCH], truces=TRUCES, seed=seed)
        done.append(part.table)
        whole = pd.concat(done, ignore_index=True)
        whole.to_csv(TABLE, index=False, float_format="%.6g", lineterminator="\n")
        print(f"{min(i + BATCH, len(missing))} of {len(missing)} data sets", flush=True)


def _run(grid_seconds: float, seconds: float) -> dict[str, object]:
    return {
        "grid_seconds": round(grid_seconds, 1),
        "seconds": round(seconds, 1),
        "load_at_end": [round(load, 2) for load in os.getloadavg()],
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "code": code_version(()),
    }


def _report(recovery: calibration.Recovery, run: dict[str, object]) -> None:
    from ceasefire.figures import identify_coverage, identify_ranks
    from ceasefire.figures.save import write_figure

    first = recovery.table["data_set"] < COVERED
    counted, others = (
        calibration.Recovery(recovery.grid, TRUCES, part, recovery.level, recovery.draws)
        for part in (recovery.table[first], recovery.table[~first])
    )
    before = json.loads((RESULTS / "recovery.json").read_text("utf-8")) if not run else {}
    found = {
        "problem": "experiments/estimation/recovery.toml",
        "digest": recovery.grid.problem.digest,
        "seed": recovery.grid.problem.settings.seed,
        "truces_per_data_set": TRUCES,
        "block_days": recovery.grid.block_days,
        "cells_per_parameter": recovery.grid.side,
        "level": recovery.level,
        "set_beforehand": _told(counted),
        "all_others": _told(others),
        "all": _told(recovery),
        **{key: (run or before)[key] for key in ("exact_posteriors", "run")},
    }
    (RESULTS / "recovery.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    write_figure(identify_coverage.draw(counted, recovery), RESULTS / "recovery-coverage")
    write_figure(identify_ranks.draw(recovery), RESULTS / "recovery-ranks")


def _told(recovery: calibration.Recovery) -> dict[str, object]:
    """Coverage and rank tests of some data sets."""
    tests = {name: recovery.ranks(name) for name in recovery.grid.problem.names}
    return {
        "data_sets": int(recovery.table["data_set"].nunique()),
        "coverage": json.loads(recovery.coverage.round(4).to_json(orient="records")),
        "ranks": {
            name: {
                "chi_square": round(test.chi_square, 3),
                "p_value": round(test.p_value, 4),
                "distance": round(test.distance, 4),
                "band": round(test.band, 4),
                "distance_p_value": round(test.distance_p_value, 4),
            }
            for name, test in tests.items()
        },
    }


if __name__ == "__main__":
    main()
