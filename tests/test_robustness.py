"""Shares of the box at which claims hold, told apart by whether other equilibria are ruled out."""

from __future__ import annotations

from pathlib import Path

import pytest

from ceasefire.experiment import load
from ceasefire.experiment.cached import read_cached
from ceasefire.figures.runs.robustness import shares
from ceasefire.status import Status

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def rows():
    told = load(ROOT / "experiments" / "robustness.toml")
    return read_cached(told, ROOT / "results" / "experiments").rows


def test_a_share_is_the_mean_of_those_with_and_without_other_equilibria(rows):
    table = shares(rows, None)
    several = table["judged_several"] / table["judged"]
    whole = several * table["share_several"] + (1.0 - several) * table["share_others"]
    assert whole.to_numpy() == pytest.approx(table["share"].to_numpy(), abs=1e-12)


def test_counts_are_those_of_the_rows(rows):
    found = rows[rows["error"].isna()]
    judged = found[found["holds_P2_longer"].notna()]
    several = judged[judged["status"] == Status.INCOMPLETE.name]
    row = shares(rows, None).set_index("claim").loc["P2_longer"]
    assert (row["judged"], row["judged_several"]) == (len(judged), len(several))
    assert row["share_several"] == pytest.approx(several["holds_P2_longer"].astype(bool).mean())


def test_without_such_points_their_share_is_unknown(rows):
    alone = rows.assign(status=Status.OK.name)
    table = shares(alone, None)
    assert (table["judged_several"] == 0).all()
    assert table["share_several"].isna().all()
    assert table["share_others"].to_numpy() == pytest.approx(table["share"].to_numpy())
