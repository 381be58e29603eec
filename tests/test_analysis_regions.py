"""Where a condition holds: shares with intervals, and the boundary, against exact answers."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import qmc

from ceasefire.errors import ArgumentError
from ceasefire.experiment import points
from ceasefire.experiment.analysis import Region, region
from ceasefire.experiment.analysis.regions import wilson
from ceasefire.experiment.spec import Experiment, parse

HEAD = 'schema_version = 1\nname = "where"\nscenario = "november-2023"\n'


def spec(vary: str, record: str = '["mean_days", "certified"]', rest: str = "") -> Experiment:
    return parse(f"{HEAD}record = {record}\n{rest}[vary]\n{vary}")


def rows(experiment: Experiment, days) -> pd.DataFrame:
    """Return the rows of an experiment with `days` of its parameters as mean_days."""
    told = [(p.index // experiment.spec.replicates, p.replicate, *p.changes.values())
            for p in points(experiment)]  # fmt: skip
    frame = pd.DataFrame(told, columns=["point", "replicate", *experiment.columns])
    return frame.assign(mean_days=days(frame), certified=True, drawn_days=0, error=None)


def grid(steps: int, scale: str = "linear") -> Experiment:
    return spec(
        f'design = "grid"\n[vary.parameters]\npi0 = {{from = 0.0, to = 1.0, steps = {steps}}}\n'
        f'x = {{from = 4, to = 20, steps = {steps}, scale = "{scale}"}}\n'
    )


def sobol(count: int = 512) -> Experiment:
    return spec(
        f'design = "sobol"\npoints = {count}\n[vary.parameters]\n'
        "pi0 = {from = 0.0, to = 1.0}\nx = {from = 4, to = 20}\nJ = {from = 8, to = 11}\n"
    )


def test_wilson_is_the_published_interval():
    """Newcombe (1998), table I: 81 of 263 and 15 of 148."""
    assert wilson(81 / 263, 263, 0.95) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(15 / 148, 148, 0.95) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson(0.0, 20, 0.95) == pytest.approx((0.0, 0.1611), abs=5e-5)


def test_a_random_design_tells_its_share_and_the_exact_one_is_inside():
    told = sobol()
    found = region(rows(told, lambda f: f["pi0"] + (f["x"] - 4) / 16), told, "mean_days < 0.5")
    assert found.low < 0.125 < found.high
    assert found.share == pytest.approx(0.125, abs=0.01)
    assert "conservative" in found.interval


def test_the_interval_covers_at_least_as_often_as_it_says():
    covered = 0
    told = sobol(64)
    for seed in range(60):
        cube = qmc.Sobol(3, seed=seed).random(64)
        frame = pd.DataFrame(4 + 16 * cube, columns=["pi0", "x", "J"])
        frame = frame.assign(point=range(64), mean_days=cube[:, 0] * cube[:, 1], error=None)
        found = region(frame, told, "mean_days <= 0.25")
        exact = 0.25 * (1 + math.log(4))
        covered += found.low <= exact <= found.high
    assert covered >= 57


def test_replicates_and_rows_of_one_base_point_count_as_one_point():
    drawn = spec('design = "sobol"\npoints = 32\nparameters.x = {from = 4, to = 20}\n',
                 '["drawn_days"]', "replicates = 4\n")  # fmt: skip
    found = region(
        rows(drawn, lambda f: 0.0 * len(f)).assign(drawn_days=5), drawn, "drawn_days >= 5"
    )
    assert (found.low, found.high) == wilson(1.0, 32, 0.95)
    pairs = spec(
        'design = "saltelli"\npoints = 32\nparameters.x = {from = 4, to = 20}\n'
        "parameters.pi0 = {from = 0.0, to = 1.0}\n"
    )
    found = region(rows(pairs, lambda f: f["x"]), pairs, "mean_days >= 4")
    assert found.rows == 128
    assert (found.low, found.high) == wilson(1.0, 32, 0.95)


def test_a_grid_bounds_its_share_by_cells_and_the_bounds_close_in():
    exact, wide = 1 - 0.25 * (1 + math.log(4)), []
    for steps in (6, 21, 61):
        told = grid(steps)
        found = region(rows(told, lambda f: f["pi0"] * (f["x"] - 4) / 16), told, "mean_days > 0.25")
        assert found.low < exact < found.high
        wide.append(found.high - found.low)
    assert wide == sorted(wide, reverse=True)
    assert found.share == pytest.approx(exact, abs=0.003)


def test_volume_is_measured_on_the_scale_of_the_range():
    middle = math.sqrt(4 * 20)
    for scale, share in (("log", 0.5), ("linear", (middle - 4) / 16)):
        told = grid(40, scale)
        found = region(rows(told, lambda f: f["x"]), told, f"mean_days <= {middle}")
        assert found.share == pytest.approx(share, abs=0.02)
        assert found.low <= share <= found.high


def test_the_boundary_of_a_comparison_is_interpolated():
    told = grid(9)
    found = region(rows(told, lambda f: f["pi0"] + (f["x"] - 4) / 16), told, "mean_days >= 0.9")
    edges = found.boundary()
    np.testing.assert_allclose(edges["pi0"] + (edges["x"] - 4) / 16, 0.9)
    assert set(edges["along"]) == {"pi0", "x"}
    assert (edges["holds"] == "above").all()
    assert (edges["low"] < edges["high"]).all()
    lines = found.contour()
    for end in "12":
        np.testing.assert_allclose(lines[f"pi0_{end}"] + (lines[f"x_{end}"] - 4) / 16, 0.9)


def test_a_contour_is_a_closed_curve_round_a_disc():
    told = grid(41)
    found = region(
        rows(told, lambda f: (f["pi0"] - 0.5) ** 2 + ((f["x"] - 12) / 16) ** 2), told,
        "mean_days <= 0.09",
    )  # fmt: skip
    lines = found.contour().to_numpy()
    ends = [tuple(np.round(end, 9)) for line in lines for end in (line[:2], line[2:])]
    assert {ends.count(end) for end in set(ends)} == {2}
    scaled = (lines - [0, 4, 0, 4]) / [1, 16, 1, 16]
    length = np.hypot(scaled[:, 2] - scaled[:, 0], scaled[:, 3] - scaled[:, 1]).sum()
    assert length == pytest.approx(2 * math.pi * 0.3, rel=0.01)
    assert found.share == pytest.approx(math.pi * 0.09, rel=0.03)


@pytest.mark.parametrize(("diagonal", "joined"), [(0.9, True), (0.2, False)])
def test_an_ambiguous_cell_is_decided_by_its_middle(diagonal, joined):
    told = spec('design = "grid"\nparameters.pi0 = [0.0, 1.0]\nparameters.x = [4, 20]\n')
    frame = rows(told, lambda f: np.where(f["pi0"] * 16 == f["x"] - 4, diagonal, -0.5))
    lines = region(frame, told, "mean_days >= 0").contour()
    assert len(lines) == 2
    # joined corners (0, 4) and (1, 20): each segment then cuts off one of the others
    cut_off = [(line["pi0_1"] + line["pi0_2"]) / 2 + (line["x_1"] + line["x_2"] - 8) / 32
               for line in lines.to_dict("records")]  # fmt: skip
    assert all(abs(at - 1.0) < 0.3 for at in cut_off) is joined


def test_a_truth_value_changes_in_the_middle_between_two_points():
    told = grid(5)
    frame = rows(told, lambda f: 0.0 * len(f))
    frame["certified"] = frame["pi0"] > 0.3
    edges = region(frame, told, "certified").boundary()
    assert set(edges["along"]) == {"pi0"}
    np.testing.assert_allclose(edges["pi0"], 0.375)


def test_descending_levels_and_words_have_their_place_in_a_grid():
    told = spec(
        'design = "grid"\nparameters.pi0 = [0.9, 0.5, 0.1]\nparameters.mediator = ["on", "off"]\n'
    )
    frame = rows(told, lambda f: np.where(f["mediator"] == "on", f["pi0"], 0.0))
    found = region(frame, told, "mean_days >= 0.3")
    assert (found.share, found.low, found.high) == pytest.approx((0.375, 0.25, 0.5))
    (edge,) = found.boundary().to_dict("records")
    assert (edge["low"], edge["high"], edge["mediator"]) == (0.1, 0.5, "on")
    assert edge["pi0"] == pytest.approx(0.3)
    table = found.table()
    assert table[table["parameter"] == "mediator"]["share"].tolist() == [0.0, pytest.approx(2 / 3)]


def test_cells_with_an_unknown_corner_are_told():
    told = grid(5)
    frame = rows(told, lambda f: f["pi0"])
    frame.loc[0, "error"] = "SolveError: no"
    found = region(frame, told, "mean_days >= 0.6")
    assert found.share == pytest.approx((16 * 0.375 - 0.0) / 15)
    assert "in the 0.938 of the box" in found.status


def test_pairs_of_unlike_neighbours_lie_on_the_boundary_of_a_random_design():
    told = sobol(1024)
    found = region(rows(told, lambda f: f["pi0"]), told, "mean_days >= 0.6")
    pairs = found.boundary()
    assert len(pairs) > 20
    assert pairs["pi0"].mean() == pytest.approx(0.6, abs=0.02)
    assert (pairs["pi0"] - 0.6).abs().max() < pairs["distance"].max()


def test_cuts_find_the_parameter_that_matters():
    told = sobol()
    cuts = region(rows(told, lambda f: f["x"]), told, "mean_days < 9").thresholds()
    first = cuts.iloc[0]
    assert (first["parameter"], first["holds"]) == ("x", "below")
    assert first["threshold"] == pytest.approx(9.0, abs=0.05)
    assert first["separation"] == pytest.approx(1.0)
    assert first["p_value"] < 1e-12
    assert cuts.iloc[1:]["separation"].max() < 0.2


def test_the_table_has_the_share_in_every_bin():
    told = sobol()
    table = region(rows(told, lambda f: f["pi0"]), told, "mean_days >= 0.5", bins=4).table()
    one = table[table["parameter"] == "pi0"]
    assert one["share"].tolist() == [0.0, 0.0, 1.0, 1.0]
    assert one["rows"].tolist() == [128] * 4
    whole = table[table["parameter"] == "J"]
    assert whole["from"].tolist() == [8, 9, 10, 11]
    assert ((table["low"] <= table["share"]) & (table["share"] <= table["high"])).all()


def test_rows_left_out_bound_the_share():
    told = sobol(64)
    frame = rows(told, lambda f: f["pi0"])
    frame.loc[:3, ["mean_days", "error"]] = [np.nan, "SolveError: no"]
    frame.loc[4:5, "mean_days"] = np.nan
    found = region(frame, told, "mean_days >= 0.5")
    assert (found.rows, found.failed, found.unjudged) == (58, 4, 2)
    assert found.least == pytest.approx(found.holding / 64)
    assert found.most == pytest.approx((found.holding + 6) / 64)
    assert "4 rows failed, 2 rows lack a value" in repr(found)


@pytest.mark.parametrize("design", ["list", "paired", "morris"])
def test_designs_that_do_not_fill_the_box_have_no_interval(design):
    told = spec({
        "list": 'design = "list"\nrows = [{ x = 8 }, { x = 9 }]\n',
        "paired": 'design = "paired"\nparameters.x = [8, 9]\nparameters.k0 = [4, 5]\n',
        "morris": 'design = "morris"\ntrajectories = 3\nparameters.x = {from = 5, to = 9}\n',
    }[design])  # fmt: skip
    found = region(rows(told, lambda f: f["x"]), told, "mean_days >= 9")
    assert math.isnan(found.low)
    assert "no interval" in found.interval
    with pytest.raises(ArgumentError, match="a grid of two numbers"):
        found.contour()


def test_where_it_holds_everywhere_there_is_no_boundary():
    for told in (grid(5), sobol(32)):
        found = region(rows(told, lambda f: 7.0 + 0.0 * f["x"]), told, "mean_days >= 6")
        assert found.share == 1.0
        assert found.boundary().empty
        assert (found.thresholds()["separation"] == 0.0).all()


@pytest.mark.parametrize(("options", "said"), [({"level": 1.0}, "level"), ({"bins": 1}, "bins")])
def test_bad_options_are_refused(options, said):
    told = sobol(16)
    with pytest.raises(ArgumentError, match=said):
        region(rows(told, lambda f: f["x"]), told, "mean_days > 9", **options)


def drawn() -> list[Region]:
    words = spec('design = "grid"\nparameters.mediator = ["on", "off"]\n')
    one = spec('design = "grid"\nparameters.x = [8, 9, 10]\n')
    told = [(grid(7, "log"), "mean_days >= 9"), (sobol(64), "mean_days >= 9"),
            (one, "mean_days >= 9"), (words, "mean_days >= 1")]  # fmt: skip
    return [region(rows(e, lambda f: f.get("x", 1.0)), e, c) for e, c in told]


@pytest.mark.parametrize("which", range(4))
def test_the_figure_has_titles_and_labels(which):
    found = drawn()[which]
    figure = found.figure()
    assert found.condition in figure.get_suptitle()
    figure.canvas.draw()
    named = [axes for axes in figure.axes if axes.axison]
    assert all(axes.get_xlabel() for axes in named)
    texts = [t for axes in figure.axes for t in axes.texts]
    boxes = [t.get_window_extent() for t in texts if t.get_text()]
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))


@pytest.mark.parametrize(
    ("values", "least", "most"),
    [((7, 7, None), 0.75, 1.0), ((3, 7, None), 0.5, 0.75), ((7, None, 7), 0.5, 1.0)],
)
def test_points_left_out_of_a_grid_bound_the_volume_and_not_the_count(values, least, most):
    told = parse(
        'schema_version = 1\nname = "g"\nscenario = "november-2023"\nrecord = ["mean_days"]\n'
        'vary.design = "grid"\nvary.parameters.pi0 = { from = 0.0, to = 1.0, steps = 3 }'
    )
    days = [float("nan") if value is None else float(value) for value in values]
    errors = [None if value else "not solved" for value in values]
    rows = pd.DataFrame({"point": range(3), "replicate": 0, "pi0": [0.0, 0.5, 1.0],
                         "mean_days": days, "error": errors})  # fmt: skip
    found = region(rows, told, "mean_days >= 6")
    assert (found.least, found.most) == (pytest.approx(least), pytest.approx(most))
