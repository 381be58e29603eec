"""The solver against a second one: the model page written out literally on a belief grid."""

from __future__ import annotations

import numpy as np
import pytest
from belief_grid import BeliefGrid

from ceasefire.truce import _kernels as kernels

FIRST = slice(kernels.FIRST_Y, kernels.FIRST_UO + 1)


def exact(eq, days):
    line = eq.line(days)
    return line.values[FIRST, line.head]


def test_the_grid_has_the_states_the_model_page_counts(eq):
    grid = BeliefGrid(eq.parameters)
    for days in range(1, 9):
        grid.block(days)
    kinds = [key[0] for key in grid.memo]
    assert (kinds.count("day"), kinds.count("window")) == (145, 37)


@pytest.mark.parametrize("days", range(1, 9))
def test_at_the_beliefs_that_matter_both_solvers_agree_to_a_thousandth(eq, days):
    trusted = eq.lines[0].beliefs >= 0.42
    grid = np.array(BeliefGrid(eq.parameters).block(days))
    assert np.abs(grid - exact(eq, days))[:, trusted].max() < 2e-3


@pytest.mark.parametrize("days", [4, 7])
def test_the_grid_converges_to_the_exact_values_as_it_is_refined(eq, days):
    errors = []
    for beliefs in (241, 2401, 24001):
        values = np.array(BeliefGrid(eq.parameters, beliefs).block(days))
        step = (beliefs - 1) // 240
        errors.append(np.abs(values[:, ::step] - exact(eq, days))[:, 1:].max())
    assert errors[1] < errors[0] / 5
    assert errors[2] < errors[1] / 5
    assert errors[2] < 1e-3
