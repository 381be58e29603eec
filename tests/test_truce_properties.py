"""Over random scenarios: probabilities add up, nobody gains by deviating, or the result says so."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import valid_scenarios

from ceasefire import truce
from ceasefire.status import Status

slow = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


@slow
@given(scenario=valid_scenarios())
def test_a_solved_scenario_is_certified_or_says_why_not(scenario):
    solved = truce.solve(scenario, beliefs=61, throw=False)
    certificate = solved.certificate
    if solved.status.solved and certificate.complete:
        assert certificate.failures == ()
    if solved.status.solved:
        assert certificate.exploitability <= certificate.tolerance
        assert certificate.pilot_error < 1e-8
    if certificate.several_roots_cells:
        assert solved.status is not Status.OK


@slow
@given(scenario=valid_scenarios(), trust=st.floats(0, 1))
def test_any_course_is_a_distribution(scenario, trust):
    solved = truce.solve(scenario, beliefs=61, throw=False)
    course = solved.course(trust=trust, block_days=1)
    assert sum(chance for _, chance in course.outcomes) == pytest.approx(1.0, abs=1e-10)
    assert all(chance >= 0 for _, chance in course.outcomes)
    assert course.length.index.max() <= solved.parameters.J
    assert course.left.index.min() >= -1e-9
    assert course.left.index.max() <= solved.parameters.W0 + 1e-6


@slow
@given(scenario=valid_scenarios(), scale=st.sampled_from([1e-3, 0.5, 7.0, 1e3]))
def test_the_unit_of_utility_does_not_matter(scenario, scale):
    """All utils and noises times a constant: same beliefs, same course."""
    p = scenario.symbols()
    utils = ["g", "c_lo", "c_hi", "s_C", "v", "k0", "k1", "kappa", "s", "Z", "K_T", "s_T"]
    scaled = p._replace(**{name: getattr(p, name) * scale for name in utils})
    first = truce.solve(scenario, beliefs=61, throw=False)
    second = truce.solve(_Plain(scaled), beliefs=61, throw=False)
    assert second.trust == pytest.approx(first.trust, abs=1e-7)
    if first.block_days and first.block_weights.keys() == second.block_weights.keys():
        one = first.course(trust=0.5, block_days=first.block_days)
        two = second.course(trust=0.5, block_days=first.block_days)
        assert two.mean_days == pytest.approx(one.mean_days, abs=1e-6)


@slow
@given(scenario=valid_scenarios(), trust=st.floats(0, 1))
def test_every_window_value_is_finite_and_play_is_a_distribution(scenario, trust):
    solved = truce.solve(scenario, beliefs=61, throw=False)
    p = solved.parameters
    window = solved.values(p.W0, 0, trust)
    assert np.isfinite([window.pausing_state, window.dealer, window.opportunist]).all()
    assert window.offers.sum() == pytest.approx(1.0)
    assert 0.0 <= window.goes_on <= 1.0
    needed = solved.trust_needed(p.W0, 0)
    if np.isfinite(needed) and needed > 0.0:
        assert solved.values(p.W0, 0, needed).chunk_values.max() == pytest.approx(0.0, abs=1e-6)


class _Plain:
    """Just enough of a scenario for the solver: parameters outside a file's bounds."""

    name = "scaled"
    extensions = ()

    def __init__(self, parameters: object) -> None:
        self._parameters = parameters

    def symbols(self) -> object:
        return self._parameters
