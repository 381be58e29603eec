"""Scores by differences: exact where a closed form exists, and kept on one smooth piece."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ceasefire import calibration, truce
from ceasefire.calibration import (
    DELIVERED,
    Observation,
    gradient,
    log_likelihood,
    observed_information,
)
from ceasefire.calibration.differences import Point, slope
from ceasefire.calibration.regimes import regime
from ceasefire.errors import ArgumentError

GIVEN = frozenset({"pilot", "talks", "block"})
FIRST_DAY = Observation(given=GIVEN, block_days=4, days={1: DELIVERED})


@pytest.fixture(scope="module")
def exchange():
    return calibration.read("november-2023")


def test_a_first_delivery_has_the_score_of_the_lists_chance(baseline):
    p = baseline.symbols()
    share = math.exp(-(p.W0 - p.n0 / 4) / p.l_w)
    able = p.l_hi - (p.l_hi - p.l_lo) * share
    found = gradient(baseline, FIRST_DAY, ["l_hi", "l_lo", "l_w"])
    assert found.total == pytest.approx(math.log(able), abs=1e-12)
    exact = {
        "l_hi": (1.0 - share) / able,
        "l_lo": share / able,
        "l_w": -(p.l_hi - p.l_lo) * share * (p.W0 - p.n0 / 4) / p.l_w**2 / able,
    }
    assert found.score.to_dict() == pytest.approx(exact, abs=1e-8)
    for symbol, value in exact.items():
        assert abs(found.score[symbol] - value) <= max(10 * found.errors[symbol], 1e-11)


def test_the_parts_scores_sum_to_the_score_and_give_an_information_matrix(exchange):
    scenario = exchange.scenario()
    found = gradient(scenario, exchange.observation(), ["lam", "chi", "v"])
    assert found.parts.sum().to_dict() == pytest.approx(found.score.to_dict(), abs=1e-7)
    assert (found.methods == "central").all()
    assert found.kinks == ()
    eigenvalues = np.linalg.eigvalsh(found.information.to_numpy())
    assert eigenvalues.min() > 0.0
    assert found.parts.loc["day 1", "lam"] == pytest.approx(0.0, abs=1e-9)


def test_scores_over_a_partition_have_mean_zero(baseline, eq):
    mean, spread = 0.0, 0.0
    for days in range(4, 11):
        seen = Observation(given=GIVEN, block_days=4, days={4: DELIVERED}, pause_days=(days, days))
        found = log_likelihood(eq, seen)
        if math.isfinite(found.total):
            score = gradient(baseline, seen, ["k1"]).score["k1"]
            mean += math.exp(found.total) * score
            spread += math.exp(found.total) * score**2
    whole = Observation(given=GIVEN, block_days=4, days={4: DELIVERED})
    assert mean == pytest.approx(
        math.exp(log_likelihood(eq, whole).total) * gradient(baseline, whole, ["k1"]).score["k1"],
        abs=1e-7,
    )
    assert spread > 0.01


@pytest.mark.parametrize(
    ("changes", "method"), [({"chi": 0.0}, "forward"), ({"l_hi": 1.0}, "backward")], ids=str
)
def test_a_parameter_at_its_bound_is_differentiated_from_inside(exchange, changes, method):
    scenario = exchange.scenario().replace(changes)
    (symbol,) = changes
    seen = exchange.observation(talks=False)
    found = gradient(scenario, seen, [symbol])
    assert found.methods[symbol] == method
    inside = 1e-4 if method == "forward" else -1e-4
    near = gradient(scenario.replace({symbol: changes[symbol] + inside}), seen, [symbol])
    assert found.score[symbol] == pytest.approx(near.score[symbol], rel=0.02)


def test_beside_a_change_of_block_the_derivative_is_one_sided_and_told(exchange):
    seen, base = exchange.observation(), exchange.scenario()

    def piece(r_C: float):
        return regime(log_likelihood(base.replace(r_C=r_C), seen))

    low, high = 0.010, 0.013
    here = piece(low)
    assert piece(high).blocks != here.blocks
    while high - low > 1e-9:
        middle = 0.5 * (low + high)
        low, high = (middle, high) if piece(middle) == here else (low, middle)
    found = gradient(base.replace(r_C=low), seen, ["r_C"])
    assert found.methods["r_C"] == "backward"
    assert [kink.symbol for kink in found.kinks] == ["r_C"]
    assert 0.0 < found.kinks[0].distance < 1e-4
    away = gradient(base.replace(r_C=low - 1e-5), seen, ["r_C"])
    assert found.score["r_C"] == pytest.approx(away.score["r_C"], rel=0.01)


def test_a_kink_that_only_another_block_feels_is_not_stepped_across(exchange):
    # The four-day block seen is weighed against one of two days, whose value bends in pi0 at .3719.
    near = {"s": 0.05, "c_hi": 0.75, "l_lo": 0.95, "beta": 0.0, "k0": 5.2993274, "lam": 0.048433483}
    base, seen = exchange.scenario().replace({**near, "chi": 0.040844771}), exchange.observation()

    def at(pi0: float):
        return log_likelihood(base.replace(pi0=pi0), seen)

    def rise(low: float, high: float) -> float:
        return (at(high).total - at(low).total) / (high - low)

    low, high = 0.370, 0.374
    left, right = regime(at(low)), regime(at(high))
    told = [{days for days in piece.days if days[0] == 4} for piece in (left, right)]
    assert told[0] == told[1]
    assert left.days != right.days
    while high - low > 1e-10:
        middle = 0.5 * (low + high)
        low, high = (middle, high) if regime(at(middle)) == left else (low, middle)
    before, after = rise(low - 1e-6, low), rise(high, high + 1e-6)
    assert before - after > 2.0
    for place, method in ((low, "backward"), (high, "forward")):
        found = gradient(base.replace(pi0=place), seen, ["pi0"])
        assert found.methods["pi0"] == method
        assert found.kinks[0].distance < 0.01
        slope_here = before if method == "backward" else after
        assert found.score["pi0"] == pytest.approx(slope_here, abs=1e-2)
    beside = gradient(base.replace(pi0=low - 0.001), seen, ["pi0"])
    assert beside.score["pi0"] == pytest.approx(rise(low - 0.00101, low - 0.00099), abs=1e-3)
    assert beside.errors["pi0"] < 1e-4


def test_second_derivatives_are_those_of_the_scores(exchange):
    scenario, seen = exchange.scenario(), exchange.observation()
    found = observed_information(scenario, seen, ["chi", "k0"])
    assert found.values.to_numpy() == pytest.approx(found.values.to_numpy().T)
    h = 1e-4
    ends = [gradient(scenario.replace(k0=5.0 + move), seen, ["k0", "chi"]) for move in (h, -h)]
    slopes = -(ends[0].score - ends[1].score) / (2 * h)
    assert found.values.loc["k0"].to_dict() == pytest.approx(slopes.to_dict(), rel=1e-3)
    assert (found.errors.to_numpy() < 1e-2).all()


def test_information_at_a_bound_is_not_made_up(exchange):
    seen = exchange.observation(talks=False)
    found = observed_information(exchange.scenario().replace(chi=0.0), seen, ["chi"])
    assert math.isnan(found.values.loc["chi", "chi"])


def test_a_derivative_that_does_not_exist_is_refused(baseline, exchange):
    seen = exchange.observation()
    for symbol in ("J", "terms.pause_days_max", "b_M"):
        with pytest.raises(ArgumentError, match="symbols"):
            gradient(baseline, seen, [symbol])
    impossible = Observation(given=GIVEN, block_days=4, pause_days=(11, 11))
    with pytest.raises(ArgumentError, match="positive probability"):
        gradient(baseline, impossible, ["k0"])
    assert "W0" not in calibration.estimable()
    assert {"pi0", "k0", "lam"} <= set(calibration.estimable())


def test_differences_reach_the_derivative_of_a_smooth_function_within_their_error():
    def function(x):
        return Point(np.array([math.exp(x), math.sin(3.0 * x)]), "smooth")

    found = slope(function, function(0.3), 0.3, 0.1)
    exact = np.array([math.exp(0.3), 3.0 * math.cos(0.9)])
    assert found.method == "central"
    assert found.kink == math.inf
    assert (np.abs(found.values - exact) <= 10 * found.errors).all()
    assert found.errors.max() < 1e-7


@pytest.mark.parametrize(
    ("x", "method", "derivative"),
    [(0.05, "central", 2.0), (0.0, "forward", 2.0), (-0.3, "central", -1.0)],
)
def test_differences_do_not_cross_a_kink(x, method, derivative):
    def function(x):
        return Point(np.array([2.0 * x if x >= 0.0 else -x]), x >= 0.0)

    found = slope(function, function(x), x, 0.4)
    assert found.method == method
    assert found.values[0] == pytest.approx(derivative, abs=1e-9)
    assert found.kink <= 0.4


def test_a_point_on_a_kink_has_no_derivative():
    def function(x):
        return Point(np.array([abs(x)]), math.copysign(1.0, x) if x else 0.0)

    assert slope(function, function(0.0), 0.0, 0.1) is None


def test_the_regime_of_an_equilibrium_says_what_is_discrete(baseline, exchange):
    found = log_likelihood(truce.solve(baseline), exchange.observation())
    assert regime(found).blocks == (4,)
    assert not regime(found).all_match
