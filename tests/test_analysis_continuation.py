"""Outputs along one parameter: jumps are located, and what is only steep is not one."""

from __future__ import annotations

import math

import numpy as np
import pytest

import ceasefire as cf
from ceasefire.errors import ArgumentError, ScenarioError, SolveError
from ceasefire.experiment.analysis import Curve, continuation, trace
from ceasefire.experiment.analysis._jumps import roundest
from ceasefire.games import NormalForm


def jump(curve: Curve, output: str = "y"):
    (found,) = (one for one in curve.jumps if one.output == output)
    return found


@pytest.mark.parametrize("at", [0.123456789, math.pi / 4, 0.9])
def test_a_jump_is_located_to_the_width(at):
    found = jump(trace(lambda x: {"y": math.sin(x) + (x >= at)}, (0.0, 1.0), width=1e-5))
    assert found.low <= at <= found.high
    assert found.high - found.low <= 1e-5
    assert found.left == pytest.approx(math.sin(at), abs=1e-4)
    assert found.right == pytest.approx(math.sin(at) + 1.0, abs=1e-4)


def test_a_steep_function_does_not_jump():
    curve = trace(lambda x: {"y": math.tanh(200.0 * (x - 0.41)), "z": math.sqrt(x)}, (0.0, 1.0))
    assert curve.jumps == ()
    steps = np.abs(np.diff(curve.table()["y"]))
    assert steps.max() <= 0.02 * 2.0
    assert len(curve.pieces()) == 1


@pytest.mark.parametrize(("attained", "value"), [("left", 0.0), ("right", 1.0), ("neither", 0.5)])
def test_the_value_at_a_round_jump_is_known(attained, value):
    def solve(x: float) -> dict[str, float]:
        return {"y": value if math.isclose(x, 0.3, abs_tol=1e-15) else float(x > 0.3)}

    found = jump(trace(solve, (0.0, 1.0)))
    assert (found.at, found.attained) == (0.3, attained)
    assert found.high - found.low < 1e-6


def test_at_any_other_place_it_is_not():
    found = jump(trace(lambda x: {"y": float(x > 1 / 3)}, (0.0, 1.0)))
    assert found.attained == ""


def test_words_truth_values_and_missing_numbers_jump():
    def solve(x: float) -> dict[str, object]:
        return {"word": "low" if x < 0.2 else "high", "truth": x < 0.5,
                "number": None if x > 0.7 else x, "nan": math.nan}  # fmt: skip

    curve = trace(solve, (0.0, 1.0))
    assert {one.output: round(one.at, 3) for one in curve.jumps} == {
        "word": 0.2, "truth": 0.5, "number": 0.7
    }  # fmt: skip
    assert jump(curve, "word").attained == "right"
    assert (jump(curve, "number").right, jump(curve, "number").attained) == (None, "left")
    assert curve.pieces()["piece"].tolist() == [1, 2, 3, 4]


def test_several_jumps_of_one_interval_are_told_apart():
    places = (0.501, 0.507, 0.511)
    curve = trace(lambda x: {"y": float(sum(x >= at for at in places))}, (0.0, 1.0))
    assert [one.at for one in curve.jumps] == pytest.approx(places, abs=1e-4)


def test_a_whole_number_that_changes_jumps_however_little():
    curve = trace(lambda x: {"y": round(200.0 * x), "z": 200.0 * x}, (0.2, 0.3))
    assert len(curve.jumps) == 20
    assert {one.right - one.left for one in curve.jumps} == {1}


def test_a_small_jump_on_a_flat_stretch_is_seen():
    curve = trace(lambda x: {"y": 10.0 * x**4 + 0.005 * (x > 0.0777)}, (0.0, 1.0))
    assert [round(one.at, 3) for one in curve.jumps] == [0.078]


def test_a_point_without_a_solution_ends_a_piece():
    def solve(x: float) -> dict[str, float]:
        if 0.4 < x < 0.6:
            raise SolveError("no equilibrium")
        return {"y": x}

    curve = trace(solve, (0.0, 1.0))
    assert [(round(one.at, 3), one.left is None, one.right is None) for one in curve.jumps] == [
        (0.4, False, True), (0.6, True, False)
    ]  # fmt: skip
    assert curve.table()["error"].notna().sum() > 0
    assert "without a solution" in curve.status


def test_pieces_hold_every_point_once_and_the_number_of_solves_is_kept():
    curve = trace(lambda x: {"y": math.floor(5 * x + 0.1)}, (0.0, 1.0))
    assert curve.pieces()["points"].sum() == len(curve.points)
    assert len(set(curve.points)) == len(curve.points)
    short = trace(lambda x: {"y": math.floor(50 * x)}, (0.0, 1.0), most=60)
    assert len(short.points) <= 64
    assert "stopped at most=60" in short.status


def test_given_values_are_the_start():
    curve = trace(lambda x: {"y": x}, [0.0, 0.01, 0.02, 0.03], step=0.2)
    assert curve.points[:2] == (0.0, 0.005)
    assert trace(lambda x: {"y": 0.0 * x}, [0.0, 0.5, 2.0]).points == (0.0, 0.5, 2.0)


def test_the_equilibria_of_a_game_are_followed():
    """With payoffs 3, 0, t, 1 both cooperate in equilibrium while t is at most 3, none above."""

    def solve(temptation: float) -> dict[str, object]:
        row = np.array([[3.0, 0.0], [temptation, 1.0]])
        found = NormalForm(np.stack([row, row.T])).pure_equilibria()
        return {"equilibria": len(found), "cooperation": (0, 0) in found}

    curve = trace(solve, (2.0, 4.0), label="temptation")
    assert [(one.output, one.at, one.left, one.right, one.attained) for one in curve.jumps] == [
        ("equilibria", 3.0, 2, 1, "left"), ("cooperation", 3.0, True, False, "left")
    ]  # fmt: skip


def test_the_truce_jumps_where_a_whole_batch_of_captives_does():
    """The last batch: 98 captives less the block divide by 10 at 48, 58 and 68."""
    told = cf.load("november-2023")
    curve = continuation(told, "n0", (54.0, 60.0), ["mean_days", "sequence"], width=1e-3)
    found = [one for one in curve.jumps if one.output == "mean_days"]
    assert [(one.at, one.attained) for one in found] == [(58.0, "left")]
    assert curve.unit == "captives"
    assert curve.given == 50.0


def test_whole_numbers_are_solved_at_each():
    curve = continuation(cf.load("november-2023"), "J", (8, 11), ["mean_days"])
    assert curve.points == (8.0, 9.0, 10.0, 11.0)
    assert curve.whole
    assert curve.jumps == ()


FAULTS = [
    (("x", (4.0,), ["mean_days"]), "over"),
    (("x", (9.0, 4.0), ["mean_days"]), "increasing"),
    (("x", (4.0, 9.0), ["mean_dais"]), "mean_days"),
    (("x", (4.0, 9.0), ["drawn_days"]), "drawn"),
    (("x", (4.0, 9.0), []), "outputs"),
    (("xx", (4.0, 9.0), ["mean_days"]), "symbol"),
    (("mediator", (0.0, 1.0), ["mean_days"]), "number"),
    (("b_M", (0.0, 1.0), ["mean_days"]), "off"),
]


@pytest.mark.parametrize(("told", "said"), FAULTS)
def test_bad_arguments_are_refused(told, said):
    with pytest.raises(ArgumentError, match=said):
        continuation(cf.load("november-2023"), *told)


def test_an_end_outside_the_bounds_is_refused():
    with pytest.raises(ScenarioError, match="trust"):
        continuation(cf.load("november-2023"), "pi0", (0.1, 1.5), ["mean_days"])


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.29996, 0.30011, (0.3, 1)), (57.999, 58.0, (58.0, 0)), (-0.0001, 0.5, (0.0, 0))],
)
def test_the_roundest_number_has_fewest_decimals(low, high, expected):
    assert roundest(low, high) == expected


def test_the_figure_opens_and_closes_ends():
    def solve(x: float) -> dict[str, object]:
        if x > 0.9:
            raise SolveError("no")
        return {"y": float(x >= 0.3), "word": "a" if x < 0.5 else "b"}

    drawn = trace(solve, (0.0, 1.0), label="price", unit="utils").figure()
    first, last = drawn.axes
    assert last.get_xlabel() == "price (utils)"
    assert [axes.get_ylabel() for axes in drawn.axes] == ["y", "word"]
    ends = [line for line in first.lines if line.get_marker() == "o"]
    fills = [line.get_markerfacecolor() for line in ends]
    assert fills[:2] == ["white", ends[1].get_color()]
    assert [label.get_text() for label in last.get_yticklabels()] == ["a", "b"]
    said = [text.get_text() for text in drawn.legends[0].get_texts()]
    assert said == ["value at the jump", "end at a jump", "no solution"]
