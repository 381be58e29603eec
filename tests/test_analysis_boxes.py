"""Scenario discovery: planted boxes are found, and nothing is found where nothing is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceasefire.errors import ArgumentError
from ceasefire.experiment.analysis import _prim
from ceasefire.experiment.analysis.discovery import Boxes, boxes
from ceasefire.experiment.spec import Experiment, parse

HEAD = 'schema_version = 1\nname = "planted"\nscenario = "november-2023"\n'
RANGES = {"pi0": (0.0, 1.0), "x": (4.0, 20.0), "k0": (2.0, 8.0), "J": (8, 11)}


def experiment(*words: str) -> Experiment:
    told = (
        HEAD + 'record = ["mean_days", "certified"]\n[vary]\ndesign = "grid"\n[vary.parameters]\n'
    )
    told += "".join(f"{name} = [{low}, {high}]\n" for name, (low, high) in RANGES.items())
    return parse(told + "".join(f'{word} = ["on", "off"]\n' for word in words))


def rows(count: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    told = {name: rng.uniform(*ends, count) for name, ends in RANGES.items()}
    told["J"] = rng.integers(8, 12, count)
    told["mediator"] = rng.choice(["on", "off"], count)
    frame = pd.DataFrame({"point": range(count), "replicate": 0, **told})
    return frame.assign(mean_days=4.0, certified=True, error=None)


def marked(frame: pd.DataFrame, holds: pd.Series) -> pd.DataFrame:
    return frame.assign(mean_days=np.where(holds, 7.0, 4.0))


def found(frame: pd.DataFrame, **options) -> Boxes:
    return boxes(frame, experiment("mediator"), "mean_days >= 6", **options)


def limits(box) -> dict[str, tuple]:
    return {one.parameter: (one.low, one.high) for one in box.limits}


def test_a_planted_box_is_found_with_its_limits():
    frame = rows(3000)
    told = found(marked(frame, (frame["pi0"] > 0.6) & (frame["x"] < 10.0)))
    (box,) = told.boxes
    assert set(limits(box)) == {"pi0", "x"}
    low, high = limits(box)["pi0"][0], limits(box)["x"][1]
    assert low == pytest.approx(0.6, abs=0.03)
    assert high == pytest.approx(10.0, abs=0.5)
    assert box.density > 0.95
    assert box.coverage > 0.95
    assert box.limits[0].quasi_p < 1e-10


def test_noise_does_not_hide_it_nor_add_restrictions():
    frame = rows(3000, seed=1)
    inside = frame["k0"].between(4.0, 6.0) & (frame["J"] >= 10)
    chance = np.where(inside, 0.9, 0.05)
    told = found(marked(frame, np.random.default_rng(2).random(3000) < chance))
    assert set(limits(told.boxes[0])) == {"k0", "J"}
    assert limits(told.boxes[0])["J"] == (10, None)
    assert told.boxes[0].density > 0.8


def test_two_boxes_are_covered_one_after_the_other():
    frame = rows(4000, seed=3)
    one = (frame["pi0"] > 0.6) & (frame["x"] < 10.0)
    two = frame["k0"].between(4.0, 5.0) & (frame["J"] >= 10)
    told = found(marked(frame, one | two))
    assert [set(limits(box)) for box in told.boxes] == [{"pi0", "x"}, {"k0", "J"}]
    assert told.coverage > 0.95
    counted = sum(box.coverage for box in told.boxes)
    assert counted == pytest.approx(told.coverage)


def test_a_word_restricts_as_a_number_does():
    frame = rows(2000, seed=4)
    told = found(marked(frame, (frame["mediator"] == "on") & (frame["pi0"] < 0.4)))
    (box,) = told.boxes
    words = {one.parameter: one.values for one in box.limits}
    assert words == {"mediator": ("on",), "pi0": None}
    assert "mediator in {on}" in str(box)


def test_limits_are_values_inside_and_the_box_tells_rows_apart():
    frame = marked(rows(1500, seed=5), rows(1500, seed=5)["x"] > 15.0)
    (box,) = found(frame).boxes
    assert box.limits[0].low in set(frame["x"])
    inside = box.contains(frame)
    assert inside.sum() == box.rows
    assert (frame["mean_days"][inside] >= 6).sum() == box.holding


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 1000))
def test_the_order_of_rows_does_not_matter(seed):
    frame = rows(600, seed=6)
    frame = marked(frame, (frame["pi0"] + frame["x"] / 16.0 > 1.2) & (frame["J"] > 8))
    mixed = frame.sample(frac=1.0, random_state=seed)
    pd.testing.assert_frame_equal(found(frame).table(), found(mixed).table())
    pd.testing.assert_frame_equal(found(frame).trajectory(), found(mixed).trajectory())


@pytest.mark.parametrize("scale", [np.exp, np.cbrt, lambda x: 3.0 * x + 2.0])
def test_a_monotone_change_of_a_parameter_leaves_the_rows_of_the_box(scale):
    frame = rows(800, seed=7)
    frame = marked(frame, (frame["k0"] > 4.0) & (frame["pi0"] < 0.5))
    (before,), (after,) = found(frame).boxes, found(frame.assign(k0=scale(frame["k0"]))).boxes
    moved = after.contains(frame.assign(k0=scale(frame["k0"])))
    np.testing.assert_array_equal(before.contains(frame), moved)
    assert limits(after)["k0"][0] == scale(limits(before)["k0"][0])


def test_ties_go_together_and_a_constant_restricts_nothing():
    frame = rows(900, seed=8)
    frame["k0"] = np.random.default_rng(0).choice([3.0, 5.0], 900, p=[0.7, 0.3])
    frame["x"] = 8.0
    (box,) = found(marked(frame, frame["k0"] > 4.0)).boxes
    assert limits(box) == {"k0": (5.0, None)}
    assert (box.density, box.coverage) == (1.0, 1.0)


@pytest.mark.parametrize(("holds", "said"), [(True, "every row"), (False, "no row")])
def test_where_all_rows_are_alike_there_is_no_box(holds, said):
    frame = rows(50)
    told = found(marked(frame, pd.Series([holds] * 50)))
    assert told.boxes == ()
    assert said in told.status
    assert told.table().empty
    assert told.trajectory().empty


def test_pure_chance_gives_no_box_that_holds_on_fresh_rows():
    frame, fresh = rows(1000, seed=9), rows(1000, seed=10)
    told = found(marked(frame, np.random.default_rng(11).random(1000) < 0.3))
    again = np.random.default_rng(12).random(1000) < 0.3
    for box in told.boxes:
        assert again[box.contains(fresh)].mean() < 0.5


def test_failed_rows_and_rows_without_a_value_are_left_out_and_told():
    frame = marked(rows(500, seed=13), rows(500, seed=13)["pi0"] > 0.5)
    frame.loc[:9, ["mean_days", "error"]] = [np.nan, "SolveError: no"]
    frame.loc[10:14, "mean_days"] = np.nan
    told = found(frame)
    assert (told.rows, told.failed, told.unjudged) == (485, 10, 5)
    assert "10 rows failed, 5 rows lack a value" in told.status


def test_the_way_is_told_step_by_step():
    frame = rows(1000, seed=14)
    told = found(marked(frame, frame["pi0"] > 0.6))
    way = told.trajectory()
    steps = way[way["move"] == "peel"]
    assert (steps["rows"].diff().dropna() < 0).all()
    assert way["mass"].min() >= 0.05
    assert way["chosen"].iloc[-1]
    assert way.iloc[0][["coverage", "restricted"]].tolist() == [1.0, 0]
    np.testing.assert_allclose(way["coverage"] * told.holding, way["density"] * way["rows"])


def test_quasi_p_is_the_tail_of_a_binomial():
    """Bryant and Lempert (2010), appendix: of T rows without the restriction, H hold."""
    from scipy.stats import binom

    frame = rows(1000, seed=15)
    (box,) = found(marked(frame, frame["pi0"] > 0.5), paste=False).boxes
    (limit,) = box.limits
    expected = binom.sf(box.holding - 1, box.rows, (frame["pi0"] > 0.5).mean())
    assert limit.quasi_p == pytest.approx(expected)
    assert limit.quasi_p_low == pytest.approx(expected)


def test_pasting_widens_a_box_to_the_planted_one():
    frame = rows(2000, seed=16)
    holds = (frame["pi0"] > 0.35) & (frame["pi0"] < 0.8) & (frame["mediator"] == "on")
    told = _prim.Rows(_prim.columns(frame[["pi0", "mediator"]]), holds.to_numpy())
    small = (_prim.Span(900, 1100), _prim.Span(1, 1, frozenset({0})))
    *_, last = _prim.pasted(told, small, 0.05)
    assert last.hits == last.rows
    assert last.rows >= 0.95 * holds.sum()


@pytest.mark.parametrize(
    ("options", "said"),
    [({"peel": 0.0}, "peel"), ({"least_mass": 1.0}, "least_mass"), ({"density": 2.0}, "density"),
     ({"most": 0}, "most")],
)  # fmt: skip
def test_bad_options_are_refused(options, said):
    with pytest.raises(ArgumentError, match=said):
        found(rows(20), **options)


CONDITIONS = [
    ("certified", [True, True, False, None, None], 2, 1),
    ("not certified", [True, True, False, None, None], 1, 1),
    ("certified and mean_days >= 6", [True, True, False, None, None], 1, 0),
    ("certified or mean_days >= 6", [True, True, False, None, None], 3, 1),
]


@pytest.mark.parametrize(("condition", "certified", "holding", "unjudged"), CONDITIONS)
def test_a_missing_value_makes_a_condition_unknown_only_where_it_matters(
    condition, certified, holding, unjudged
):
    frame = rows(5).assign(certified=certified, mean_days=[7.0, 4.0, 7.0, 4.0, 4.0])
    frame["error"] = [None, None, None, None, "SolveError: no"]
    told = boxes(frame, experiment(), condition)
    assert (told.holding, told.unjudged, told.failed) == (holding, unjudged, 1)


def test_words_whole_numbers_and_odd_names_can_be_asked_for():
    frame = rows(4).rename(columns={"mean_days": "model:relay.mean-days"})
    frame["model:relay.mean-days"] = [1.0, 2.0, 3.0, 4.0]
    frame["sequence"] = ["4-2", "4-2-1", "4-2", None]
    frame["J"] = [8, 9, 9, 10]

    def held(condition: str) -> int:
        return boxes(frame, experiment(), condition).holding

    assert held("sequence == '4-2'") == 2
    assert held("sequence != '4-2'") == 1
    assert held("J == 9") == 2
    assert held("1.5 < model:relay.mean-days <= 3") == 2
    assert held("2 * model:relay.mean-days - J > -5") == 2
    assert held("model:relay.mean-days >= 3.0000000000001") == 2  # equal within rounding


@pytest.mark.parametrize(
    ("condition", "said"),
    [("mean_dais >= 6", "a column"), ("mean_days", "truth value"), ("mean_days >=", "condition"),
     ("mean_days * x > 2", "condition"), ("mediator > 2", "words"), ("x in (1, 2)", "condition")],
)  # fmt: skip
def test_a_condition_that_cannot_be_read_is_refused(condition, said):
    with pytest.raises(ArgumentError, match=said):
        boxes(rows(20), experiment("mediator"), condition)


@pytest.mark.parametrize("holds", [True, False])
def test_the_figure_shows_the_way_and_the_boxes(holds):
    frame = rows(500, seed=17)
    told = found(marked(frame, (frame["pi0"] > 0.5) & (frame["mediator"] == "on") & holds))
    drawn = told.figure()
    assert len(drawn.axes) == 2
    if holds:
        assert [label.get_text() for label in drawn.axes[1].get_yticklabels()] == [
            "pi0", "mediator"
        ]  # fmt: skip
        assert all(axes.get_xlabel() for axes in drawn.axes)
