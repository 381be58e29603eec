"""What an experiment costs beside its solves: the design, the journal, the export."""

from __future__ import annotations

import os

from ceasefire.experiment import Store, points, write_csv
from ceasefire.experiment.spec import parse

ROWS = 2000
GRID = f"""
schema_version = 1
name = "speed"
scenario = "november-2023"
record = ["mean_days"]
vary.design = "grid"
vary.parameters.x = {{ from = 6, to = 14, steps = {ROWS // 10} }}
vary.parameters.pi0 = {{ from = 0.1, to = 0.4, steps = 10 }}
"""
RESULT = '{"mean_days": 6.123456789012345}'


def rows():
    return [(os.urandom(32), "{}", RESULT, None, 1) for _ in range(ROWS)]


def test_stream_a_grid(benchmark):
    experiment = parse(GRID)
    assert benchmark(lambda: sum(1 for _ in points(experiment))) == ROWS


def test_write_rows(benchmark, tmp_path):
    with Store(tmp_path / "a.sqlite", write=True) as store:
        number = store.register(parse(GRID), "code")

        def write(told):
            store.add(number, told, [(at, row[0]) for at, row in enumerate(told)])

        benchmark.pedantic(write, setup=lambda: ((rows(),), {}), rounds=10)


def test_export_rows(benchmark, tmp_path):
    with Store(tmp_path / "a.sqlite", write=True) as store:
        number = store.register(parse(GRID), "code")
        path = "terms.captives_per_extra_day"
        told = [(key, f'{{"{path}": 8, "captor.trust": 0.2}}', *rest) for key, _, *rest in rows()]
        store.add(number, told, [(at, row[0]) for at, row in enumerate(told)])
        assert benchmark(lambda: write_csv(store, store.find(), tmp_path / "a.csv")) == ROWS
