"""Experiments as written: specifications, constraints, designs, outputs."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import ceasefire as cf
from ceasefire import truce
from ceasefire.errors import ArgumentError
from ceasefire.experiment import SpecError, constraints, load, points, size
from ceasefire.experiment.design import point_key
from ceasefire.experiment.outputs import NAMED, evaluate
from ceasefire.experiment.spec import parse

HEAD = 'schema_version = 1\nname = "test"\nscenario = "november-2023"\nrecord = ["mean_days"]\n'


def spec(rest: str):
    return parse(HEAD + rest)


def sampled(design: str, count: str, seed: int = 0):
    return spec(
        f'seed = {seed}\n[vary]\ndesign = "{design}"\n{count}\n[vary.parameters]\n'
        "x = {from = 5, to = 15}\npi0 = {from = 0.1, to = 0.4}\nJ = {from = 8, to = 11}\n"
    )


def table(experiment) -> np.ndarray:
    return np.array([list(point.changes.values()) for point in points(experiment)], dtype=float)


@pytest.mark.parametrize("file", ["price-trust", "pool-size"])
def test_the_experiments_of_the_repository_are_valid(file, request):
    experiment = load(request.config.rootpath / "experiments" / f"{file}.toml")
    assert 0 < sum(1 for _ in points(experiment)) <= size(experiment)


FAULTS = [
    pytest.param('vary.design = "grid"\nvary.parameters.xx = [1]', 6, "did you mean", id="symbol"),
    pytest.param('[vary]\ndesign = "grid"\n\n[vary.parameters]\nx = {from = 1, to = 2}', 9,
                 "steps", id="steps"),
    pytest.param('[vary]\ndesign = "sobol"\npoints = 100\nparameters.x = {from = 5, to = 9}', 7,
                 "power of 2", id="sobol"),
    pytest.param('[vary]\ndesign = "guess"\nparameters.x = [8]', 6, "vary.design", id="design"),
    pytest.param('[vary]\ndesign = "grid"\nparameters.x = [8]\ncolour = 1', 8, "unknown key",
                 id="unknown"),
    pytest.param('[vary]\ndesign = "paired"\nparameters.x = [8, 9]\nparameters.k0 = [4]', 7,
                 "length", id="paired"),
    pytest.param('[vary]\ndesign = "grid"\nparameters.pi0 = [0.2, 1.5]', 7, "bounds", id="bounds"),
    pytest.param('[vary]\ndesign = "grid"\nparameters.x = [8]\n[constraints]\nodd = "x * W0 < 3"',
                 9, "constraints.odd", id="constraint"),
    pytest.param('replicates = 3\n[vary]\ndesign = "grid"\nparameters.x = [8]', 5, "random",
                 id="replicates"),
    pytest.param('[vary]\ndesign = "grid"\nparameters.x = [8]\nparameters.W0 = [8,', 8, "TOML",
                 id="toml"),
]  # fmt: skip


@pytest.mark.parametrize(("rest", "line", "said"), FAULTS)
def test_a_fault_is_told_with_its_line(rest, line, said, tmp_path):
    file = tmp_path / "bad.toml"
    file.write_text(HEAD + rest)
    with pytest.raises(SpecError) as told:
        load(file)
    assert f"bad.toml:{line}: " in str(told.value)
    assert said in str(told.value)


def test_every_fault_is_told_at_once():
    with pytest.raises(SpecError) as told:
        parse(
            'schema_version = 1\nname = "a"\nscenario = "november-2023"\n'
            'record = ["mean_dais", "p_end_never"]\n'
            '[vary]\ndesign = "latin-hypercube"\nparameters.x = {from = 9, to = 5}\n'
        )
    assert len(told.value.faults) == 4
    assert "did you mean mean_days?" in str(told.value)


def test_a_missing_scenario_is_told_at_its_line():
    with pytest.raises(SpecError, match="line 3: scenario: not found"):
        parse(HEAD.replace("november-2023", "novembre") + '[vary]\ndesign="list"\nrows=[{x=8}]')


def test_a_scenario_is_found_beside_the_experiment(tmp_path, baseline):
    (tmp_path / "mine.toml").write_text(baseline.replace(x=8).to_toml())
    file = tmp_path / "spec.toml"
    file.write_text(
        HEAD.replace("november-2023", "mine.toml") + '[vary]\ndesign="list"\nrows=[{k0=4}]'
    )
    assert load(file).scenario.symbols().x == 8


def test_a_grid_has_its_last_parameter_fastest_and_clean_decimals():
    grid = spec('[vary]\ndesign = "grid"\nparameters.x = [8, 10]\n'
                "parameters.pi0 = {from = 0.1, to = 0.3, steps = 3}")  # fmt: skip
    assert [tuple(p.changes.values()) for p in points(grid)] == [
        (8, 0.1), (8, 0.2), (8, 0.3), (10, 0.1), (10, 0.2), (10, 0.3),
    ]  # fmt: skip
    assert size(grid) == 6


def test_a_grid_of_a_billion_points_is_streamed():
    names = ("x", "k0", "k1", "kappa", "v", "g", "c_lo", "s", "s_C")
    rest = "\n".join(f"{name} = {{from = 1, to = 2, steps = 10}}" for name in names)
    grid = spec('[vary]\ndesign = "grid"\n[vary.parameters]\n' + rest)
    assert size(grid) == 10**9
    assert [p.index for p in itertools.islice(points(grid), 3)] == [0, 1, 2]


def test_paired_lists_go_together_and_a_list_gives_its_points():
    paired = spec('[vary]\ndesign = "paired"\nparameters.x = [8, 9]\nparameters.k0 = [4, 5]')
    listed = spec('[vary]\ndesign = "list"\nrows = [{x = 8, k0 = 4}, {x = 9, k0 = 5}]')
    assert table(paired).tolist() == table(listed).tolist() == [[8, 4], [9, 5]]
    assert [p.key for p in points(paired)] == [p.key for p in points(listed)]


@pytest.mark.parametrize(
    ("design", "count"),
    [("sobol", "points = 2048"), ("saltelli", "points = 256"),
     ("latin-hypercube", "points = 1500"),
     ("morris", "trajectories = 20")],
)  # fmt: skip
def test_a_random_design_follows_its_seed_and_stays_in_its_box(design, count):
    one, two = (table(sampled(design, count, seed=3)) for _ in range(2))
    assert (one == two).all()
    assert not (one == table(sampled(design, count, seed=4))).all()
    assert len(one) == size(sampled(design, count))
    assert one.min(axis=0).tolist() >= [5, 0.1, 8]
    assert (one.max(axis=0) <= [15, 0.4, 11]).all()
    assert set(one[:, 2]) == {8, 9, 10, 11}


def test_a_latin_hypercube_has_one_point_in_every_stratum():
    shares = (table(sampled("latin-hypercube", "points = 1500"))[:, 0] - 5) / 10
    assert sorted((shares * 1500).astype(int)) == list(range(1500))


def test_a_sobol_design_fills_every_half_quarter_and_eighth_evenly():
    shares = (table(sampled("sobol", "points = 2048"))[:, :2] - [5, 0.1]) / [10, 0.3]
    cells = np.floor(shares * 8).astype(int)
    assert set(np.bincount(cells[:, 0] * 8 + cells[:, 1])) == {32}


def test_a_morris_walk_moves_each_parameter_once_by_its_step():
    walks = table(sampled("morris", "trajectories = 20")).reshape(20, 4, 3)
    moves = np.diff(walks, axis=1)
    assert ((moves != 0).sum(axis=1) == 1).all()
    assert ((moves != 0).sum(axis=2) == 1).all()
    steps = np.abs(moves[:, :, 0]).sum(axis=1)
    assert np.allclose(steps, 10 * 2 / 3)  # 4 levels: 4 / (2 * 3) of the range


def test_the_key_of_a_point_is_that_of_its_content():
    base = "a" * 64
    told = point_key(base, {"a.b": 8, "c.d": 0.5}, 0, 0)
    assert told == point_key(base, {"c.d": 0.5, "a.b": 8.0}, 0, 0)
    others = [({"a.b": 8}, 0, 0), ({"a.b": 8, "c.d": 0.5}, 1, 0), ({"a.b": 8, "c.d": 0.5}, 0, 1)]
    assert told not in {point_key(base, *other) for other in others}


def test_a_point_has_its_own_random_numbers_wherever_it_stands():
    long = spec('[vary]\ndesign = "grid"\nparameters.x = [8, 9, 10]')
    short = spec('[vary]\ndesign = "grid"\nparameters.x = [10]')
    *_, last = points(long)
    (alone,) = points(short)
    assert last.key == alone.key
    assert last.generator().random() == alone.generator().random()


def test_a_constraint_leaves_points_out_and_keeps_the_places_of_the_others():
    rest = '[vary]\ndesign = "grid"\nparameters.x = [8, 10, 12]\n[constraints]\n'
    kept = list(points(spec(rest + 'some = "8 < terms.captives_per_extra_day <= n0 - 40"')))
    assert [(p.index, p.changes["terms.captives_per_extra_day"]) for p in kept] == [(1, 10)]


@pytest.mark.parametrize(
    "text",
    ["__import__('os').system('true')", "x.__class__ < 3", "x ** 2 < 3", "x * n0 < 3", "x / 0 < 3",
     "x == 3", "x", "x < y", "1 / x < 2", "[x] < 3", "True < x", "name < 3", "x <", "x < 1e999",
     "(" * 300 + "x", "lambda: 0 < x"],
)  # fmt: skip
def test_only_linear_comparisons_are_read(text):
    with pytest.raises(ArgumentError):
        constraints.parse(text)


def test_constraints_compare_decimals_exactly():
    tenths = constraints.parse("pi0 + 0.2 <= 0.3")
    assert tenths.holds(lambda _: 0.1)
    assert not tenths.holds(lambda _: math.nextafter(0.1, 1))
    assert constraints.parse("-2 * (x - 1) / 4 >= -3").holds(lambda _: 7.0)


def test_named_outputs_are_those_of_the_equilibrium(baseline, eq):
    names = [*NAMED, "p_days_7", "p_at_least_7", "p_end_reneged", "trust_needed_at_48_4",
             "window_1_zone_high", "window_1_trust_needed", "window_99_day"]  # fmt: skip
    found = evaluate(baseline, names, np.random.default_rng(1))
    course, windows = eq.course(), truce.extension(eq)
    assert found["mean_days"] == course.mean_days
    assert found["captives_freed"] == 98 - course.mean_left
    assert found["p_days_7"] == pytest.approx(course.length[7])
    assert found["p_at_least_7"] == pytest.approx(course.length[7:].sum())
    assert found["p_end_reneged"] == pytest.approx(course.ends["opportunist reneges"])
    assert found["trust_needed_at_48_4"] == eq.trust_needed(48, 4)
    assert found["window_1_zone_high"] == windows["zone"].iloc[0][-1][1]
    assert found["value_dealer"] == eq.block.loc[4, "dealer"]
    assert found["certified"] is True
    assert math.isnan(found["window_99_day"])
    assert found["drawn_days"] in course.length.index


def test_an_output_may_come_from_a_model_of_a_step(baseline):
    from ceasefire import bargaining

    name = "model:kept-promises.status.name"
    solved = bargaining.model("kept-promises").from_scenario(baseline).solve()
    found = evaluate(baseline, [name], np.random.default_rng(1))
    assert found[name] == solved.status.name
    with pytest.raises(ArgumentError, match="nothing private"):
        evaluate(baseline, ["model:kept-promises.__class__"], np.random.default_rng(1))


def test_the_room_is_on_the_front_page():
    assert callable(cf.experiment.run)
    assert set(cf.experiment.__all__) <= set(dir(cf.experiment))
    for name in cf.experiment.__all__:
        assert getattr(cf.experiment, name).__doc__
