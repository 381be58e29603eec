"""One self-contained page with a grid of solutions, for a paper's supplement."""

from __future__ import annotations

import base64
import hashlib
import json
import re

import pytest
from click.testing import CliRunner

import ceasefire as cf
from ceasefire import explore, truce
from ceasefire.cli import main
from ceasefire.errors import ArgumentError
from ceasefire.explore import state

NAME = "november-2023"


@pytest.fixture(scope="module")
def scenario():
    return cf.load(NAME)


@pytest.fixture(scope="module")
def built(scenario):
    axes = [explore.Axis.parse("x=10,12,120"), explore.Axis.parse("captor.trust=0.1:0.2:2")]
    return explore.standalone(scenario, axes)


def grid_of(built):
    text = re.search(r"window\.GRID = (.*?);</script>", built, re.DOTALL)
    assert text is not None
    return json.loads(text[1])


def test_the_built_file_refers_to_nothing_outside(built):
    without = built.replace(re.search(r"window\.GRID = .*?;</script>", built, re.DOTALL)[0], "")
    assert set(re.findall(r"https?://[^\s\"'<]+", without)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<(script|img|iframe)[^>]*src=|@import|url\(", without)
    links = re.findall(r"<link[^>]*href=\"([^\"]*)\"", without)
    assert links == ["data:,"]
    assert "connect-src" not in without  # default-src 'none' stands for it


def test_the_built_files_policy_names_its_own_parts_alone(built):
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', built)[1]
    assert policy.startswith("default-src 'none'")
    parts = re.findall(r"<(?:script|style)>(.*?)</(?:script|style)>", built, re.DOTALL)
    assert len(parts) == 4
    for part in parts:
        digest = base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_the_built_files_numbers_are_the_solvers(built, scenario):
    grid = grid_of(built)
    assert [axis["values"] for axis in grid["axes"]] == [[10, 12, 120], [0.1, 0.2]]
    point = grid["points"][1 * 2 + 1]  # x = 12, pi0 = 0.2; the last axis varies fastest
    course = truce.solve(scenario.replace(x=12, pi0=0.2)).course()
    assert point["headline"]["mean_days"] == pytest.approx(course.mean_days, rel=1e-5)
    assert len(point["windows"]) == 3


def test_a_point_that_is_refused_holds_its_reason(built):
    assert "larger than the pool" in grid_of(built)["points"][-1]["faults"][0]["message"]


def test_the_built_file_holds_propositions_and_the_decomposition(built, scenario):
    judged = grid_of(built)["points"][1]["judged"]  # x = 10, pi0 = 0.2: the scenario's own
    assert set(judged) == {f"P{i}" for i in range(1, 10)} | {"decomposition"}
    assert judged["P2"]["holds"] is truce.proposition("P2", scenario).holds
    assert len(judged["decomposition"]["cases"]) == 12


def test_beyond_a_few_points_they_are_held_where_the_grid_starts_alone(scenario):
    grid = grid_of(explore.standalone(scenario, [explore.Axis.parse("x=8:14:13")]))
    assert [i for i, point in enumerate(grid["points"]) if "judged" in point] == [4]  # x = 10


def test_the_built_files_presets_are_solved_where_the_grid_starts(built, scenario, tmp_path):
    grid = grid_of(built)
    presets = grid["about"]["scenarios"][NAME]["presets"]
    assert [p["name"] for p in presets] == [p.name for p in state.presets(scenario)]
    for preset, held in zip(presets, grid["presets"], strict=True):
        changed = scenario.replace(preset["changes"])
        wanted = truce.solve(changed).course().mean_days
        assert held["solved"]["headline"]["mean_days"] == pytest.approx(wanted, rel=1e-5)
        file = tmp_path / "preset.toml"
        file.write_text(held["toml"], encoding="utf-8")
        assert cf.load(file).digest == changed.digest


def test_a_grid_over_a_parameter_of_an_extension_needs_it_switched_on(scenario):
    axes = [explore.Axis.parse("nu0=0.1,0.2")]
    with pytest.raises(ArgumentError, match="is off"):
        explore.standalone(scenario, axes)
    grid = grid_of(explore.standalone(scenario.replace(resolve="on"), axes))
    assert [point["extension"]["name"] for point in grid["points"]] == ["resolve"] * 2
    assert grid["about"]["scenarios"][NAME]["on"] == ["resolve"]


def test_the_built_files_scenario_reads_back(built, scenario, tmp_path):
    grid = grid_of(built)
    parts = [p if isinstance(p, str) else p["texts"][(1, 0)[p["axis"]]] for p in grid["toml"]]
    file = tmp_path / "point.toml"
    file.write_text("".join(parts), encoding="utf-8")
    assert cf.load(file).digest == scenario.replace(x=12, pi0=0.1).digest


def test_the_same_grid_gives_the_same_bytes(scenario):
    axes = [explore.Axis.parse("x=12")]
    assert explore.standalone(scenario, axes) == explore.standalone(scenario, axes)


@pytest.mark.parametrize(
    "text", ["x", "x=", "x=1:2", "x=1:2:1", "x=a,b", "x=1:inf:3", "mediator=1", "y=1", "x=1:2:9999"]
)
def test_an_axis_that_cannot_be_read_is_told(text):
    with pytest.raises(ArgumentError):
        explore.Axis.parse(text)


@pytest.mark.parametrize("axes", [[], ["x=8,9", "x=10"], ["x=8", "v=1", "g=12", "k0=5"],
                                  ["x=1:50:50", "v=0.1:3:50"]])  # fmt: skip
def test_a_grid_that_is_none_is_told(scenario, axes):
    with pytest.raises(ArgumentError, match="over"):
        explore.standalone(scenario, [explore.Axis.parse(text) for text in axes])


def test_the_command_builds_a_file(tmp_path):
    file = tmp_path / "truce.html"
    done = CliRunner().invoke(main, ["explore", "--build", str(file), "--over", "x=10,12"])
    assert done.exit_code == 0, done.output
    assert grid_of(file.read_text(encoding="utf-8"))["axes"][0]["symbol"] == "x"
