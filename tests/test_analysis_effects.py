"""Morris, regression, tornado, partial dependence: exact values, invariance, what is told."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from analysis_frames import ISHIGAMI_FIRST, NAMES, experiment, framed, ishigami
from matplotlib.text import Text

from ceasefire.errors import ArgumentError
from ceasefire.experiment import SpecError, points, size
from ceasefire.experiment.analysis import (
    morris,
    partial_dependence,
    regression,
    sobol,
    tornado,
)
from ceasefire.experiment.spec import parse

WEIGHTS = np.array([3.0, -2.0, 0.0])


def linear(u):
    return u @ WEIGHTS[: u.shape[1]] + 1.0


def product(u):
    return u[:, 0] * u[:, 1]


def found(method, design, options, output, *, names=NAMES[:3], **more):
    told = experiment(design, options, names)
    return method(framed(told, output), told, "mean_days", **more)


def test_effects_of_a_linear_model_are_its_weights():
    told = found(morris, "morris", "trajectories = 6", linear)
    assert np.allclose(told.mu, WEIGHTS)
    assert np.allclose(told.mu_star, np.abs(WEIGHTS))
    assert np.allclose(told.sigma, 0.0, atol=1e-12)
    assert np.allclose(told.mu_interval, WEIGHTS)


def test_effects_of_a_product_are_the_other_factor():
    told = found(morris, "morris", "trajectories = 400\nlevels = 4", product)
    # the other factor is 0, 1/3, 2/3 or 1 with the same chance: mean 1/2, variance 5/36
    assert np.allclose(told.mu[:2], 0.5, atol=0.06)
    assert np.allclose(told.sigma[:2], np.sqrt(5 / 36), atol=0.03)
    assert (told.mu_interval[0, :2] < 0.5).all()
    assert (told.mu_interval[1, :2] > 0.5).all()
    assert told.mu_star[2] == told.sigma[2] == 0.0


def test_an_affine_change_scales_the_effects():
    one = found(morris, "morris", "trajectories = 10", product)
    two = found(morris, "morris", "trajectories = 10", lambda u: 7.0 - 1e6 * product(u))
    assert np.allclose(two.mu, -1e6 * one.mu)
    assert np.allclose(two.sigma, 1e6 * one.sigma)
    assert np.allclose(two.mu_star_interval, 1e6 * one.mu_star_interval)


def test_a_row_without_a_number_takes_the_steps_beside_it():
    told = experiment("morris", "trajectories = 5", NAMES[:3])
    frame = framed(told, linear)
    frame.loc[1, "error"] = "SolveError: no root"
    result = morris(frame, told, "mean_days")
    assert np.isnan(result.effects[0]).sum() == 2
    assert np.allclose(result.mu, WEIGHTS)
    assert result.status == "5 walks, 13 of 15 effects; 1 point failed"


def test_a_whole_number_has_the_effect_of_what_it_moved():
    told = parse(
        'schema_version = 1\nname = "whole"\nscenario = "november-2023"\nrecord = ["mean_days"]\n'
        '[vary]\ndesign = "morris"\ntrajectories = 20\nlevels = 6\n'
        "parameters.J = { from = 9, to = 10 }\nparameters.x = { from = 8, to = 12 }\n"
    )
    frame = framed(told, lambda _: np.zeros(60))
    frame["mean_days"] = 5.0 * frame["J"] + frame["x"]
    result = morris(frame, told, "mean_days")
    assert np.allclose(result.mu, [5.0, 4.0])
    assert np.allclose(result.sigma, 0.0, atol=1e-9)


def test_walks_chosen_of_many_lie_further_apart():
    def apart(options):
        told = experiment("morris", options, NAMES[:4], seed=2)
        walks = np.array([list(p.changes.values()) for p in points(told)]).reshape(6, 5, 4)
        pairs = np.linalg.norm(walks[:, None, :, None] - walks[None, :, None], axis=-1)
        return pairs.sum(axis=(2, 3)).sum()

    assert apart("trajectories = 6\ncandidates = 100") > 1.05 * apart("trajectories = 6")
    told = experiment("morris", "trajectories = 6\ncandidates = 100", NAMES[:4])
    assert len(list(points(told))) == size(told) == 30
    assert np.isfinite(morris(framed(told, linear4), told, "mean_days").mu).all()


def linear4(u):
    return u @ np.array([1.0, 2.0, 3.0, 4.0])


def test_regression_of_a_linear_model_shares_out_its_variance():
    told = found(regression, "saltelli", "points = 1024", linear)
    assert told.rows == 2048
    assert np.allclose(told.coefficients, WEIGHTS / np.linalg.norm(WEIGHTS), atol=0.01)
    assert told.r2 == pytest.approx(1.0)
    assert np.allclose(told.inflation, 1.0, atol=0.01)
    assert told.status == "2048 of 2048 points"


def test_regression_agrees_with_least_squares():
    told = experiment("latin-hypercube", "points = 60", NAMES[:3])
    frame = framed(told, ishigami)
    x = frame[list(told.columns)].to_numpy()
    y = frame["mean_days"].to_numpy()
    plain = np.linalg.lstsq(np.column_stack([np.ones(60), x]), y, rcond=None)[0][1:]
    expected = plain * x.std(axis=0) / y.std()
    result = regression(frame, told, "mean_days")
    assert np.allclose(result.coefficients, expected)
    left = y - y.mean() - (x - x.mean(axis=0)) @ plain
    assert result.r2 == pytest.approx(1.0 - left.var() / y.var())


def test_ranks_see_what_is_monotone():
    def steep(u):
        return np.exp(20.0 * u[:, 0])

    plain = found(regression, "sobol", "points = 512", steep)
    ranked = found(regression, "sobol", "points = 512", steep, ranks=True)
    assert plain.r2 < 0.6
    assert ranked.r2 == pytest.approx(1.0)
    assert np.allclose(ranked.coefficients, [1.0, 0.0, 0.0], atol=1e-9)


@pytest.mark.parametrize("ranks", [False, True])
def test_regression_is_that_of_the_output_up_to_affine_changes(ranks):
    one = found(regression, "sobol", "points = 64", ishigami, ranks=ranks)
    two = found(regression, "sobol", "points = 64", lambda u: 3e8 - 1e5 * ishigami(u), ranks=ranks)
    assert np.allclose(one.coefficients, -two.coefficients, atol=1e-8)
    assert np.allclose(one.interval, -two.interval[::-1], atol=1e-8)


def test_intervals_of_coefficients_and_of_r2_cover():
    rng = np.random.default_rng(4)
    told = experiment("latin-hypercube", "points = 60")
    frame = framed(told, lambda u: u[:, 0])
    weights = np.linspace(0.0, 2.0, 8)
    whole = np.sqrt((weights**2).sum() + 12.0)  # in the standard deviation of a parameter
    inside = []
    for trial in range(80):
        u = rng.random((60, 8))
        frame[list(told.columns)] = u + 1.0
        frame["mean_days"] = u @ weights + rng.normal(size=60)
        result = regression(frame, told, "mean_days", resamples=200, seed=trial)
        ends = np.column_stack([result.interval, result.r2_interval])
        truth = np.append(weights / whole, (weights**2).sum() / whole**2)
        inside.append((ends[0] <= truth) & (truth <= ends[1]))
    assert 0.90 <= np.mean(np.array(inside)[:, :8]) <= 0.99
    assert 0.85 <= np.mean(np.array(inside)[:, 8]) <= 1.0


def test_parameters_that_vary_together_are_told_or_refused():
    close = 'constraints.a = "x - k0 <= 0.1"\nconstraints.b = "k0 - x <= 0.1"'
    told = experiment("sobol", "points = 2048", NAMES[:3], more=close)
    result = regression(framed(told, linear), told, "mean_days")
    assert "x, k0 vary together" in result.status
    assert "not in the frame" in result.status
    paired = parse(
        'schema_version = 1\nname = "paired"\nscenario = "november-2023"\n'
        'record = ["mean_days"]\nvary.design = "paired"\n'
        "vary.parameters.x = [1, 2, 3, 4, 5, 6]\nvary.parameters.k0 = [2, 4, 6, 8, 10, 12]\n"
    )
    frame = framed(paired, lambda u: u[:, 0] ** 2)
    with pytest.raises(ArgumentError, match="x, k0"):
        regression(frame, paired, "mean_days")


def test_a_tornado_has_the_scenario_and_each_end_alone():
    told = parse(
        'schema_version = 1\nname = "ends"\nscenario = "november-2023"\nrecord = ["mean_days"]\n'
        'constraints.fits = "x <= 13"\n[vary]\ndesign = "tornado"\n'
        "parameters.x = { from = 8, to = 14 }\nparameters.J = { from = 7.5, to = 11 }\n"
        "parameters.pi0 = { from = 0.1, to = 0.15 }\n"
    )
    rows = [list(point.changes.values()) for point in points(told)]
    assert size(told) == 7
    assert rows == [[10, 10, 0.2], [8, 10, 0.2], [10, 8, 0.2], [10, 11, 0.2],
                    [10, 10, 0.1], [10, 10, 0.15]]  # fmt: skip
    frame = framed(told, lambda u: u[:, 0])
    frame["mean_days"] = frame["x"] * frame["J"]
    result = tornado(frame, told, "mean_days")
    assert result.base == 100
    assert result.table()["swing"].tolist() == [20, 30, 0]
    assert np.isnan(result.values[1, 0])
    assert result.status == (
        "left out: 1 point not in the frame; outside its range in the scenario: pi0"
    )
    with pytest.raises(ArgumentError, match="point 0"):
        tornado(frame[1:], told, "mean_days")


def test_partial_dependence_on_a_grid_is_exact():
    told = parse(
        'schema_version = 1\nname = "grid"\nscenario = "november-2023"\n'
        'record = ["mean_days"]\nvary.design = "grid"\nvary.parameters.x = [12, 8]\n'
        'vary.parameters.k0 = [1, 2, 6]\nvary.parameters.mediator = ["on", "off"]\n'
    )
    frame = framed_grid(told)
    one = partial_dependence(frame, told, "mean_days", "x")
    assert one.exact
    assert one.table()["x"].tolist() == [8, 12]
    assert np.allclose(one.mean, [8 * 3 + 0.5, 12 * 3 + 0.5])
    assert np.isnan(one.interval).all()
    two = partial_dependence(frame, told, "mean_days", "mediator", "k0")
    assert two.table()[["mediator", "k0"]].to_numpy().tolist() == [
        ["on", 1], ["on", 2], ["on", 6], ["off", 1], ["off", 2], ["off", 6],
    ]  # fmt: skip
    assert np.allclose(two.mean, [[11, 21, 61], [10, 20, 60]])
    two.figure()


def framed_grid(told):
    rows = [[point.index, *point.changes.values()] for point in points(told)]
    frame = pd.DataFrame(rows, columns=["point", *told.columns])
    frame["mean_days"] = frame["x"] * frame["k0"] + (frame["mediator"] == "on")
    return frame


def test_partial_dependence_of_a_sample_is_the_conditional_mean():
    told = found(partial_dependence, "saltelli", "points = 2048", ishigami, parameter="k0")
    assert not told.exact
    table = told.table()
    assert (len(table), int(table["rows"].sum())) == (20, 4096)
    # E[Ishigami | u] = 7 sin(2 pi u - pi)^2, in the middle of each bin
    expected = 7.0 * np.sin(2 * np.pi * (table["k0"] - 1.0) - np.pi) ** 2
    assert np.allclose(table["mean"], expected, atol=0.6)
    variance = np.average((told.mean - told.mean.mean()) ** 2)
    whole = 13.84  # of the Ishigami function
    assert variance / whole == pytest.approx(ISHIGAMI_FIRST[1], abs=0.03)


def test_intervals_of_conditional_means_cover():
    rng = np.random.default_rng(3)
    told = experiment("latin-hypercube", "points = 400", NAMES[:3])
    frame = framed(told, ishigami)
    inside = []
    for _ in range(60):
        u = rng.random((400, 3))
        frame[list(told.columns)] = u + 1.0
        frame["mean_days"] = 2.0 * (u[:, 0] > 0.5) + u[:, 1] + rng.exponential(size=400)
        result = partial_dependence(frame, told, "mean_days", "x", bins=4)
        truth = np.array([1.5, 1.5, 3.5, 3.5])
        inside.append((result.interval[0] <= truth) & (truth <= result.interval[1]))
    assert 0.90 <= np.mean(inside) <= 0.99


@pytest.mark.parametrize(
    ("method", "design", "options"),
    [(morris, "sobol", "points = 64"), (regression, "morris", "trajectories = 4"),
     (tornado, "sobol", "points = 64"), (sobol, "morris", "trajectories = 4")],
)  # fmt: skip
def test_another_design_is_refused(method, design, options):
    with pytest.raises(ArgumentError, match="design"):
        found(method, design, options, linear)


def test_bad_input_is_refused_by_name():
    told = experiment("sobol", "points = 64", NAMES[:3])
    frame = framed(told, linear)
    with pytest.raises(ArgumentError, match="parameter: got 'y'"):
        partial_dependence(frame, told, "mean_days", "y")
    with pytest.raises(ArgumentError, match="another parameter than x"):
        partial_dependence(frame, told, "mean_days", "x", "x")
    with pytest.raises(ArgumentError, match="bins"):
        partial_dependence(frame, told, "mean_days", "x", bins=1)
    with pytest.raises(ArgumentError, match="level"):
        partial_dependence(frame, told, "mean_days", "x", level=95.0)
    with pytest.raises(ArgumentError, match="words"):
        regression(frame, told, "sequence")
    with pytest.raises(ArgumentError, match="mean_days"):
        regression(frame.assign(mean_days=3.0), told, "mean_days")
    with pytest.raises(ArgumentError, match="without x"):
        regression(frame.drop(columns="x"), told, "mean_days")
    with pytest.raises(ArgumentError, match="more than once"):
        regression(pd.concat([frame, frame]), told, "mean_days")
    with pytest.raises(SpecError, match="tornado needs a range"):
        parse('schema_version = 1\nname = "a"\nscenario = "november-2023"\n'
              'record = ["mean_days"]\n[vary]\ndesign = "tornado"\nparameters.x = [8]')  # fmt: skip


FIGURES = [
    (sobol, "saltelli", "points = 64\nsecond_order = true", {}),
    (morris, "morris", "trajectories = 4", {}),
    (regression, "sobol", "points = 64", {}),
    (tornado, "tornado", "", {}),
    (partial_dependence, "sobol", "points = 64", {"parameter": "x"}),
    (partial_dependence, "sobol", "points = 64", {"parameter": "x", "second": "k0"}),
]


@pytest.mark.parametrize(("method", "design", "options", "more"), FIGURES)
def test_a_figure_names_its_parameters_and_is_the_same_each_time(method, design, options, more):
    result = found(method, design, options, linear, **more)
    one, two = io.BytesIO(), io.BytesIO()
    for file in (one, two):
        result.figure().savefig(file, format="png", dpi=50)
    assert one.getvalue() == two.getvalue()
    assert "mean_days" in repr(result)
    figure = result.figure()
    words = {text.get_text() for text in figure.findobj(Text)}
    assert {"x", "k0"} <= words or more == {"parameter": "x"}
