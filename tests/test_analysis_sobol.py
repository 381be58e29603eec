"""Sobol indices: against closed forms and SciPy, what they are invariant to, what is told."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from analysis_frames import (
    G_FIRST,
    G_TOTAL,
    ISHIGAMI_FIRST,
    ISHIGAMI_TOTAL,
    ISHIGAMI_VARIANCE,
    NAMES,
    experiment,
    framed,
    g_function,
    ishigami,
)
from scipy import stats

from ceasefire.errors import ArgumentError
from ceasefire.experiment import SpecError, points, size
from ceasefire.experiment.analysis import sobol
from ceasefire.experiment.spec import parse


def indices(told, output, **options):
    return sobol(framed(told, output), told, "mean_days", **options)


def additive(u):
    return u @ np.arange(1.0, u.shape[1] + 1)


def test_a_saltelli_design_is_that_of_whole_matrices():
    told = experiment("saltelli", "points = 2048\nsecond_order = true", NAMES[:3], seed=5)
    rows = np.array([list(point.changes.values()) for point in points(told)]) - 1.0
    whole = stats.qmc.Sobol(6, scramble=True, seed=np.random.default_rng(5)).random(2048)
    a, b = whole[:, :3], whole[:, 3:]
    expected = np.empty((2048, 8, 3))
    expected[:, 0], expected[:, 7] = a, b
    for which in range(3):
        expected[:, 1 + which], expected[:, 4 + which] = a, b
        expected[:, 1 + which, which] = b[:, which]
        expected[:, 4 + which, which] = a[:, which]
    assert len(rows) == size(told) == 2048 * 8
    assert np.allclose(rows, expected.reshape(-1, 3), rtol=0, atol=1e-15)


def test_ishigami_has_its_closed_form():
    found = indices(experiment("saltelli", "points = 4096", NAMES[:3]), ishigami, resamples=200)
    assert found.variance == pytest.approx(ISHIGAMI_VARIANCE, rel=0.01)
    assert np.allclose(found.first, ISHIGAMI_FIRST, atol=0.015)
    assert np.allclose(found.total, ISHIGAMI_TOTAL, atol=0.015)
    assert found.status == "4096 of 4096 base points, none left out"


def test_the_g_function_has_its_closed_form():
    found = indices(experiment("saltelli", "points = 1024"), g_function, resamples=200)
    assert np.allclose(found.first, G_FIRST, atol=0.02)
    assert np.allclose(found.total, G_TOTAL, atol=0.02)
    assert (found.first_interval[0] <= found.first).all()
    assert (found.first <= found.first_interval[1]).all()


def test_scipy_finds_the_same_from_the_same_rows():
    told = experiment("saltelli", "points = 512", NAMES[:3])
    frame = framed(told, ishigami)
    blocks = frame["mean_days"].to_numpy().reshape(512, 5)
    given = {"f_A": blocks[:, :1].T, "f_B": blocks[:, 4:].T, "f_AB": blocks[:, 1:4].T[:, None, :]}
    scipy = stats.sobol_indices(func=given, n=512)
    found = sobol(frame, told, "mean_days", resamples=20)
    assert np.allclose(found.first, scipy.first_order, rtol=1e-12, atol=1e-14)
    assert np.allclose(found.total, scipy.total_order, rtol=1e-12, atol=1e-14)


def test_pairs_of_ishigami_have_their_closed_form():
    told = experiment("saltelli", "points = 4096\nsecond_order = true", NAMES[:3])
    pairs = indices(told, ishigami, resamples=50).pairs()
    assert pairs[["parameter", "other"]].to_numpy().tolist() == [
        ["x", "k0"], ["x", "k1"], ["k0", "k1"],
    ]  # fmt: skip
    expected = [0.0, 1.0 - ISHIGAMI_FIRST.sum(), 0.0]
    assert np.allclose(pairs["second"], expected, atol=0.03)
    assert (
        (pairs["second_low"] < pairs["second"]) & (pairs["second"] < pairs["second_high"])
    ).all()


def test_an_additive_model_has_no_interactions():
    found = indices(experiment("saltelli", "points = 1024"), additive, resamples=50)
    assert found.first.sum() == pytest.approx(1.0, abs=0.01)
    assert np.allclose(found.first, found.total, atol=0.01)


@pytest.mark.parametrize(("scale", "shift"), [(1e6, 0.0), (-3.0, 1e3), (1e-9, 5e-9)])
def test_an_affine_change_of_the_output_changes_no_index(scale, shift):
    told = experiment("saltelli", "points = 128", NAMES[:3])
    one = indices(told, ishigami, resamples=50)
    two = indices(told, lambda u: scale * ishigami(u) + shift, resamples=50)
    for name in ("first", "total", "first_interval", "total_interval"):
        assert np.allclose(getattr(one, name), getattr(two, name), atol=1e-9)


def test_the_order_of_parameters_and_of_rows_is_of_no_account():
    told = experiment("saltelli", "points = 4096", NAMES[:3])
    turned = experiment("saltelli", "points = 4096", NAMES[2::-1])
    one = indices(told, ishigami, resamples=20)
    two = indices(turned, lambda u: ishigami(u[:, ::-1]), resamples=20)
    assert np.allclose(one.total, two.total[::-1], atol=0.04)
    frame = framed(told, ishigami)
    shuffled = sobol(frame.sample(frac=1.0, random_state=1), told, "mean_days", resamples=20)
    assert shuffled.table().equals(one.table())


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(0)
    inside = np.zeros((100, 6))
    told = experiment("saltelli", "points = 256", NAMES[:3])
    frame = framed(told, ishigami)
    for trial in range(100):  # independent base points, not a sequence that covers evenly
        a, b = rng.random((2, 256, 3))
        u = np.repeat(a[:, None], 5, axis=1)
        u[:, 4] = b
        u[:, np.arange(3) + 1, np.arange(3)] = b
        u = u.reshape(-1, 3)
        frame[list(told.columns)] = u + 1.0
        frame["mean_days"] = ishigami(u)
        found = sobol(frame, told, "mean_days", resamples=200, seed=trial)
        truth = np.concatenate([ISHIGAMI_FIRST, ISHIGAMI_TOTAL])
        ends = np.hstack([found.first_interval, found.total_interval])
        inside[trial] = (ends[0] <= truth) & (truth <= ends[1])
    assert (inside.mean(axis=0) >= 0.87).all()
    assert 0.90 <= inside.mean() <= 0.99


def test_points_without_a_number_are_counted_and_their_base_points_left_out():
    told = experiment("saltelli", "points = 64", NAMES[:3])
    frame = framed(told, ishigami)
    frame.loc[3, "mean_days"] = None
    frame.loc[3, "error"] = "SolveError: no root"
    frame.loc[7, "mean_days"] = np.nan
    frame.loc[12, "mean_days"] = np.inf
    found = sobol(frame.drop(index=20), told, "mean_days", resamples=20)
    assert (found.base_rows, found.dropped) == (60, 4)
    assert found.status == (
        "60 of 64 base points, the others left out: 1 point failed, "
        "2 points without a finite number, 1 point not in the frame"
    )


def test_truth_values_are_shares_and_a_constant_has_no_indices():
    told = experiment("saltelli", "points = 256", NAMES[:3])
    frame = framed(told, lambda u: u[:, 0])
    frame["mean_days"] = (frame["mean_days"] < 0.25).astype(object)
    found = sobol(frame, told, "mean_days", resamples=20)
    assert found.mean == pytest.approx(0.25, abs=0.01)
    assert np.allclose(found.total, [1.0, 0.0, 0.0], atol=0.1)
    frame["mean_days"] = 0.1 + 0.2
    flat = sobol(frame, told, "mean_days", resamples=20)
    assert np.isnan(flat.first).all()
    assert "does not vary" in flat.status


def test_replicates_are_averaged():
    told = parse(
        'schema_version = 1\nname = "drawn"\nscenario = "november-2023"\nreplicates = 2\n'
        'record = ["drawn_days"]\n[vary]\ndesign = "saltelli"\npoints = 64\n'
        "parameters.x = { from = 1, to = 2 }\nparameters.k0 = { from = 1, to = 2 }\n"
    )
    rows = [[p.index // 2, p.replicate, *p.changes.values()] for p in points(told)]
    frame = pd.DataFrame(rows, columns=["point", "replicate", "x", "k0"])
    frame["drawn_days"] = frame["x"] + np.where(frame["replicate"] == 0, 0.5, -0.5)
    found = sobol(frame, told, "drawn_days", resamples=20)
    assert found.base_rows == 64
    assert np.allclose(found.total, [1.0, 0.0], atol=0.1)


def test_bad_input_is_refused_by_name():
    told = experiment("saltelli", "points = 64", NAMES[:3])
    frame = framed(told, ishigami)
    with pytest.raises(ArgumentError, match="words"):
        sobol(frame, told, "sequence")
    with pytest.raises(ArgumentError, match="mean_days"):
        sobol(frame, told, "x")
    with pytest.raises(ArgumentError, match="saltelli"):
        sobol(frame, experiment("sobol", "points = 64", NAMES[:3]), "mean_days")
    with pytest.raises(ArgumentError, match="another design"):
        sobol(frame.assign(x=frame["x"].to_numpy()[::-1]), told, "mean_days")
    with pytest.raises(ArgumentError, match="0 of 64"):
        sobol(frame.assign(mean_days=np.nan), told, "mean_days")
    with pytest.raises(ArgumentError, match="resamples"):
        sobol(frame, told, "mean_days", resamples=1)
    with pytest.raises(ArgumentError, match="second_order"):
        sobol(frame, told, "mean_days").pairs()


@pytest.mark.parametrize(
    ("design", "options", "said"),
    [
        ("saltelli", "points = 100", "power of 2"),
        ("saltelli", "", "vary.points"),
        ("sobol", "points = 64\nsecond_order = true", "second_order"),
        ("morris", "trajectories = 4\ncandidates = 4", "more than the 4"),
        ("saltelli", "points = 64\ncandidates = 4", "candidates"),
    ],
)
def test_what_does_not_go_with_a_design_is_a_fault(design, options, said):
    with pytest.raises(SpecError, match=said):
        experiment(design, options)


@pytest.mark.parametrize(("design", "options"), [("saltelli", "points = 64"),
                                                 ("morris", "trajectories = 4")])  # fmt: skip
def test_a_constraint_is_refused_where_it_would_leave_holes(design, options):
    with pytest.raises(SpecError, match=r"constraints\.fits: leaves holes"):
        experiment(design, options, more='constraints.fits = "x <= 2 * k0"')
