"""The propositions as they are judged in any scenario, not only where they were found."""

from __future__ import annotations

import numpy as np
import pytest

from ceasefire import truce
from ceasefire.errors import ArgumentError
from ceasefire.experiment.outputs import evaluate, output
from ceasefire.truce.claims import RULES


def test_all_nine_hold_at_the_baseline(baseline, eq):
    for name in RULES:
        found = truce.proposition(name, baseline, equilibrium=eq)
        assert found.holds, found
        assert set(found.claims) == set(RULES[name].parts)


def test_the_grids_are_those_of_the_models_page(baseline, eq):
    """MODEL.md section 6, rows P5, P6, P8 and P9."""
    measured = {n: truce.measure(n, baseline, equilibrium=eq) for n in ("P5", "P6", "P8", "P9")}
    assert np.allclose(measured["P5"]["x"], [5, 6, 8, 10, 12, 14, 16, 24])
    offered = measured["P5"].iloc[2:]
    assert np.allclose(offered["dealer"], [27.0, 25.2, 19.9, 15.7, 12.1, 4.5], atol=0.05)
    assert np.allclose(measured["P6"]["mean_days"], [6.46, 6.51, 6.55, 5.78, 5.82], atol=0.005)
    assert np.allclose(measured["P8"]["blame"], [0.94, 0.81, 0.72, 0.64], atol=0.005)
    assert measured["P9"]["modal_days"].tolist() == [5, 6, 7, 8, 9, 10]


@pytest.mark.parametrize(
    ("name", "changes", "failing"),
    [
        pytest.param("P6", {"c_hi": 0.25}, {"first_longer", "then_shorter"}, id="flat retention"),
        pytest.param("P5", {"k0": 1.0}, {"floor"}, id="a pause that costs little"),
        pytest.param("P8", {"l_w": 0.1}, {"shorter"}, id="a list that is always ready"),
        pytest.param("P7", {"Tmax": 1}, {"fewer_days"}, id="only one length allowed"),
    ],
)
def test_a_proposition_fails_where_its_cause_is_taken_away(baseline, name, changes, failing):
    found = truce.proposition(name, baseline.replace(changes))
    assert found.holds is False
    assert failing <= {part for part, kept in found.claims.items() if not kept}


@pytest.mark.parametrize(
    ("name", "changes", "reason"),
    [
        pytest.param("P1", {"v": 0.0}, "no first block", id="no deal"),
        pytest.param("P1", {"n0": 85}, "fewer than two batches", id="a pool that is nearly gone"),
        pytest.param("P7", {"r_D": 0.0}, "not impatient", id="no impatience to compare with"),
        pytest.param("P3", {"K_T": 1000.0}, "as many opportunists", id="talks never open"),
    ],
)
def test_a_proposition_is_silent_where_it_says_nothing(baseline, name, changes, reason):
    found = truce.proposition(name, baseline.replace(changes))
    assert found.holds is None
    assert reason in found.reason
    assert reason in repr(found)
    assert found.measured.empty


def test_the_table_has_a_row_for_every_part(baseline):
    table = truce.propositions(baseline.replace(c_hi=0.25))
    assert len(table) == sum(len(rule.parts) for rule in RULES.values())
    failed = table.loc[table["holds"].eq(False), "proposition"]
    assert set(failed) >= {"P6"}


def test_errors_name_what_is_allowed(baseline):
    with pytest.raises(ArgumentError, match="P1, P2"):
        truce.measure("P10", baseline)
    with pytest.raises(ArgumentError, match="mediator"):
        truce.proposition("P1", baseline.replace(mediator="on"))
    with pytest.raises(ArgumentError, match="speaks of"):
        truce.measure("P7", baseline.replace(r_D=0))


def test_an_experiment_records_them(baseline):
    names = ("holds_P4", "holds_P4_chunks", "holds_P7")
    told = evaluate(baseline.replace(r_D=0.0), names, np.random.default_rng(0))
    assert told["holds_P7"] is None
    assert told["holds_P4_chunks"] in (True, False)
    with pytest.raises(ArgumentError, match="holds_P4_chunks"):
        output("holds_P4_shards")
