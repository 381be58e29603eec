"""The two-batch exchange without noise, written as a bimatrix game and solved by nashpy.

Pure plans only, so the comparison is with an independent library and an independent
form of the game.
"""

from __future__ import annotations

import nashpy
import numpy as np
import pytest

from ceasefire.truce import _kernels as kernels
from ceasefire.truce.game import solve_line
from ceasefire.truce.windows import window_values

# The column player is indifferent where the row stops, so the game is degenerate off the
# equilibria of interest, and nashpy says so.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

COST, WORTH = 5.5, 10.0


@pytest.fixture(scope="module")
def quiet(baseline):
    return baseline.symbols()._replace(
        beta=0.0, chi=0.0, k0=COST, k1=0.0, v=1.0, x=WORTH, l_hi=1.0, l_lo=1.0,
        c_lo=0.4, c_hi=0.4, Emax=1, J=2, s=1e-5, s_C=1e-5,
    )  # fmt: skip


def bimatrix(p, trust):
    """Rows: stop; grant one day; grant two. Columns: hold back; deliver once, then hold back."""
    loss, gain = 0.4 * WORTH, WORTH - COST
    pausing_state = np.array(
        [
            [0.0, 0.0],
            [trust * gain - (1 - trust) * COST, gain],
            [trust * 2 * gain - (1 - trust) * COST, gain + trust * WORTH - COST],
        ]
    )
    opportunist = np.array([[0.0, 0.0], [p.g, p.g - loss], [p.g, 2 * p.g - loss]])
    return pausing_state, opportunist


@pytest.mark.parametrize("trust", [0.35, 0.4, 0.45, 0.5])
def test_between_the_thresholds_nashpy_finds_the_same_mixing(quiet, trust):
    game = nashpy.Game(*bimatrix(quiet, trust))
    mixed = [(row, column) for row, column in game.support_enumeration() if 0.01 < column[1] < 0.99]
    assert len(mixed) == 1
    row, column = mixed[0]
    line = solve_line(quiet, 2 * WORTH, 0)
    first = int(line.nodes.offers[line.head, 1])
    at = line.at(trust)
    assert at[kernels.DELIVER, first] == pytest.approx(column[1], abs=1e-5)
    posterior = float(at[kernels.POSTERIOR, first])
    assert posterior == pytest.approx(COST / WORTH, abs=1e-5)
    second = window_values(solve_line(quiet, WORTH, 1), posterior)
    assert second.offer_probability == pytest.approx(row[2] / (row[1] + row[2]), abs=1e-6)


def test_above_the_last_threshold_nashpy_and_the_solver_grant_both_days(quiet):
    game = nashpy.Game(*bimatrix(quiet, 0.7))
    ((row, column),) = game.support_enumeration()
    assert row[2] == pytest.approx(1.0)
    line = solve_line(quiet, 2 * WORTH, 0)
    first = int(line.nodes.offers[line.head, 1])
    assert line.at(0.7)[kernels.DELIVER, first] == pytest.approx(column[1], abs=1e-9)
