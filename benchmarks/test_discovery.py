"""Regions, boxes and exports: 20 parameters; EMA Workbench's PRIM beside ours."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ceasefire.experiment.analysis import boxes, region
from ceasefire.experiment.spec import parse

NAMES = (
    "x", "x1", "J", "g", "c_lo", "c_hi", "iota", "l_w", "s_C", "r_C", "v", "k0", "k1", "kappa",
    "s", "r_D", "x_p", "Z", "K_T", "s_T",
)  # fmt: skip
ROWS = 4096
HEAD = f"""
schema_version = 1
name = "planted"
scenario = "november-2023"
record = ["mean_days"]
vary.design = "sobol"
vary.points = {ROWS}
"""


@pytest.fixture(scope="module")
def rows():
    told = parse(HEAD + "".join(f"vary.parameters.{n} = {{ from = 1, to = 2 }}\n" for n in NAMES))
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.uniform(1.0, 2.0, (ROWS, len(NAMES))), columns=NAMES)
    inside = (frame["k0"] < 1.5) & (frame["v"] > 1.4)
    days = np.where(rng.random(ROWS) < np.where(inside, 0.95, 0.05), 7.0, 4.0)
    return frame.assign(point=np.arange(ROWS), mean_days=days, error=None), told


def test_a_box(benchmark, rows):
    found = benchmark(boxes, *rows, "mean_days >= 6", most=1)
    assert {one.parameter for one in found.boxes[0].limits} == {"k0", "v"}


def test_a_box_in_ema_workbench(benchmark, rows):
    prim = pytest.importorskip("ema_workbench.analysis.prim")
    frame, _ = rows
    x, y = frame[list(NAMES)], (frame["mean_days"] >= 6).to_numpy()

    def find():
        return prim.Prim(x, y, threshold=0.8, peel_alpha=0.05, mass_min=0.05).find_box()

    found = benchmark.pedantic(find, rounds=3, warmup_rounds=1).peeling_trajectory
    ours = boxes(*rows, "mean_days >= 6", most=1).boxes[0]
    near = found.iloc[(found["density"] - ours.density).abs().argmin()]
    assert abs(near["coverage"] - ours.coverage) < 0.05


def test_a_region(benchmark, rows):
    def find():
        found = region(*rows, "mean_days >= 6")
        return found.table(), found.thresholds(), found.boundary()

    table, _, _ = benchmark(find)
    assert len(table) > len(NAMES)
