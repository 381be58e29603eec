"""Estimation against closed forms: priors, problems, maxima, profiles, posteriors."""

from __future__ import annotations

import math
import pickle
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, stats

import ceasefire as cf
from ceasefire import calibration as cal
from ceasefire.calibration import Observation, Parameter, Prior, Problem, ProblemError
from ceasefire.calibration._climb import climb
from ceasefire.calibration.diagnostics import bulk_size, split_r_hat, tail_size
from ceasefire.calibration.maximum import (
    NOT_IDENTIFIED,
    Maximum,
    curvature,
    maximise,
    pattern_test,
)
from ceasefire.calibration.posterior import BLOCK, sample_posterior
from ceasefire.calibration.profiles import Profile, profile
from ceasefire.errors import ArgumentError, SolveError

GIVEN = frozenset({"pilot", "talks", "block"})
PRIORS = [
    pytest.param(Prior(), 0.0, 3.0, stats.uniform(0, 3), id="uniform"),
    pytest.param(Prior("log-uniform"), 0.1, 3.0, stats.loguniform(0.1, 3), id="log-uniform"),
    pytest.param(Prior("normal", 1, 2), -1.0, 3.0, stats.truncnorm(-1, 1, 1, 2), id="normal"),
    pytest.param(Prior("beta", 2, 8), 0.0, 1.0, stats.beta(2, 8), id="beta"),
    pytest.param(Prior("log-normal", 2, 0.5), 1e-9, 1e9, stats.lognorm(0.5, scale=2), id="log"),
]
FILE = """
schema_version = 1
name = "two"
exchanges = ["november-2023"]
[parameters.pi0]
from = 0.05
to = 0.5
prior = { kind = "beta", a = 2, b = 8 }
[parameters.k0]
from = 2.5
to = 7.5
"""


class Gaussian(Problem):
    """pi0 and k0 observed with correlated errors; nothing is seen of chi, which has a range."""

    mean = np.array([0.25, 5.2])
    precision = np.linalg.inv(np.array([[4e-4, 0.5 * 0.02 * 0.3], [0.5 * 0.02 * 0.3, 0.09]]))

    def log_likelihood(self, theta):
        off = np.asarray(theta)[:2] - self.mean
        return float(-0.5 * off @ self.precision @ off)


@pytest.fixture(scope="module")
def base():
    return cf.load("november-2023")


@pytest.fixture(scope="module")
def gaussian(base):
    free = (Parameter("pi0", 0.05, 0.5), Parameter("k0", 2.5, 7.5, Prior("normal", 5, 0.3)))
    return Gaussian(base, (Observation(),), (*free, Parameter("chi", 0.0, 0.1)), name="gaussian")


@pytest.mark.parametrize(("prior", "low", "high", "same"), PRIORS)
def test_priors_are_the_truncated_distributions_that_they_say(prior, low, high, same):
    shares = np.linspace(0.02, 0.98, 9)
    x = same.ppf(shares)
    np.testing.assert_allclose(prior.quantile(shares, low, high), x, rtol=1e-9)
    np.testing.assert_allclose(prior.cumulative(x, low, high), shares, rtol=1e-9)
    np.testing.assert_allclose(prior.log_density(x, low, high), same.logpdf(x), rtol=1e-9)
    assert prior.log_density(low - 1e-3, low, high) == -math.inf


def test_a_truncated_prior_integrates_to_one_over_its_range():
    prior = Prior("log-normal", 2, 0.5)
    mass, _ = integrate.quad(lambda x: math.exp(prior.log_density(x, 1.0, 3.0)), 1.0, 3.0)
    assert mass == pytest.approx(1.0, rel=1e-9)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Prior("cauchy"), "one of uniform"),
        (lambda: Prior("beta", -1, 2), "above 0"),
        (lambda: Parameter("W0", 1, 2), "no term"),
        (lambda: Parameter("pi0", 0.5, 0.1), "the first below the second"),
        (lambda: Parameter("beta", 0.0, 0.1, Prior("log-uniform")), "a range above 0"),
        (lambda: Parameter("k0", 50.0, 60.0, Prior("normal", 5, 1)), "of its mass in the range"),
    ],
)
def test_impossible_priors_and_parameters_are_refused(make, said):
    with pytest.raises(ArgumentError, match=said):
        make()


def test_a_problem_is_read_from_its_file_and_travels():
    problem = cal.parse_problem(FILE)
    assert problem.names == ("pi0", "k0")
    assert problem.log_likelihood(problem.base) == pytest.approx(-6.5843, abs=1e-3)
    again = pickle.loads(pickle.dumps(problem))
    assert again.digest == problem.digest
    assert again.log_posterior(problem.base) == problem.log_posterior(problem.base)
    prior = stats.beta(2, 8)
    inside = prior.cdf(0.5) - prior.cdf(0.05)
    expected = prior.logpdf(0.2) - math.log(inside) - math.log(5.0)
    assert problem.log_prior([0.2, 5.0]) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("change", "line", "said"),
    [
        (("pi0]", "pi9]"), 5, "parameters.pi9"),
        (("a = 2,", "mean = 2,"), 8, "a and b"),
        (('"beta"', '"betta"'), 8, "one of uniform"),
        (("to = 7.5", "too = 7.5"), 9, "missing"),
        (('"november-2023"', '"nowhere"'), 4, "not found"),
        (("k0]\nfrom = 2.5", "s]\nfrom = -2.5"), 10, "outside the model's domain"),
        (("name =", "name"), 3, "valid TOML"),
    ],
)
def test_faults_of_a_problem_file_name_their_line(change, line, said):
    with pytest.raises(ProblemError, match=said) as caught:
        cal.parse_problem(FILE.replace(*change, 1))
    assert line in {fault.line for fault in caught.value.faults}


def test_exchanges_of_other_terms_are_pooled_from_their_files(tmp_path):
    folder = resources.files("ceasefire.data") / "exchanges"
    table, terms = (
        (folder / f"november-2023.{kind}").read_text(encoding="utf-8") for kind in ("csv", "toml")
    )
    (tmp_path / "second.csv").write_text(table, encoding="utf-8")
    terms = terms.replace('name = "november-2023"', 'name = "second"', 1)
    terms = terms.replace("pause_days_max = 10", "pause_days_max = 9")
    (tmp_path / "second.toml").write_text(terms, encoding="utf-8")
    file = tmp_path / "both.toml"
    both = FILE.replace('"november-2023"', '"november-2023", "second.csv"')
    both = both.replace("[parameters.k0]", "case_specific = true\n[parameters.k0]")
    file.write_text(both, encoding="utf-8")
    problem = cal.load_problem(file)
    assert problem.names == ("pi0[november-2023]", "pi0[second]", "k0")
    theta = [0.2, 0.3, 5.0]
    first, second = (problem.scenario_at(theta, case) for case in (0, 1))
    assert (first.terms.pause_days_max, second.terms.pause_days_max) == (10, 9)
    assert (first.captor.trust, second.captor.trust) == (0.2, 0.3)
    alone = [
        cal.log_likelihood(scenario, seen).total
        for scenario, seen in zip((first, second), problem.observations, strict=True)
    ]
    assert problem.log_likelihoods(theta) == pytest.approx(alone)


def test_case_specific_parameters_have_an_entry_an_exchange(base):
    both = (Observation(block_days=4, given=GIVEN), Observation(block_days=3, given=GIVEN))
    free = (Parameter("k0", 2.5, 7.5), Parameter("pi0", 0.05, 0.5, case_specific=True))
    problem = Problem(base, both, free, labels=("a", "b"))
    assert problem.names == ("k0", "pi0[a]", "pi0[b]")
    assert problem.changes([5.0, 0.1, 0.3], 1) == {"k0": 5.0, "pi0": 0.3}
    assert problem.scenario_at([5.0, 0.1, 0.3], 0).symbols().pi0 == 0.1


def test_pooled_log_likelihoods_add(base):
    seen = [Observation(block_days=4, given=GIVEN, pause_days=(n, n)) for n in (7, 5)]
    free = (Parameter("k0", 2.5, 7.5),)
    pooled = Problem(base, tuple(seen), free).log_likelihood([4.5])
    alone = [Problem(base, (one,), free).log_likelihood([4.5]) for one in seen]
    assert pooled == pytest.approx(sum(alone), rel=1e-12)


def test_theta_outside_its_range_or_the_model_has_likelihood_zero(base):
    seen = (Observation(block_days=4, given=GIVEN),)
    problem = Problem(base, seen, (Parameter("c_hi", 0.1, 3.0),))
    assert problem.log_likelihood([3.5]) == -math.inf
    assert problem.log_likelihood([math.nan]) == -math.inf
    assert problem.log_posterior([3.5]) == -math.inf
    with pytest.raises(ArgumentError, match="1 numbers: c_hi"):
        problem.log_likelihood([1.0, 2.0])


def test_a_climb_passes_kinks_jumps_and_forbidden_regions():
    def rough(x):  # a kink across the way, a jump, a forbidden corner
        if x[0] + x[1] > 1.6:
            return -math.inf
        return -abs(x[0] - 0.7) - 2.0 * abs(x[1] - x[0] ** 2) + (0.1 if x[0] > 0.3 else 0.0)

    found = climb(rough, np.array([0.2, 0.9]))
    assert found.value > 0.1 - 0.02
    at_edge = climb(lambda x: float(x[0] - x[1]), np.array([0.5, 0.5]))
    np.testing.assert_allclose(at_edge.point, [1.0, 0.0])


def test_maximum_of_a_gaussian_has_its_standard_errors_and_owns_up_to_the_rest(gaussian):
    found = maximise(gaussian, starts=3, seed=1)
    np.testing.assert_allclose(found.theta[:2], gaussian.mean, rtol=2e-3)
    assert found.reached == 3
    assert found.certificate.passed
    assert found.notes["chi"] == NOT_IDENTIFIED
    assert math.isnan(found.standard_errors["chi"])


def test_standard_errors_of_a_gaussian_are_exact(gaussian):
    seen_only = Gaussian(gaussian.scenario, (Observation(),), gaussian.parameters[:2])
    found = maximise(seen_only, starts=1)
    np.testing.assert_allclose(found.standard_errors, [0.02, 0.3], rtol=1e-3)
    at_end = Maximum(seen_only, np.array([0.5, 5.2]), 0.0, ())
    assert at_end.notes["pi0"] == "at the upper end of its range"
    assert math.isnan(at_end.standard_errors["pi0"])


def test_curvature_agrees_with_the_observed_information_by_other_code():
    """`observed_information` keeps to smooth pieces and extrapolates; here plain differences."""
    exchange = cal.read("november-2023")
    scenario, seen = exchange.scenario(), exchange.observation()
    problem = Problem(scenario, (seen,), (Parameter("lam", 0.01, 0.2), Parameter("chi", 0.0, 0.1)))
    widths = problem.high - problem.low
    exact = cal.observed_information(scenario, seen, ["lam", "chi"]).values.to_numpy()
    found = curvature(problem, problem.base)
    np.testing.assert_allclose(found, exact * np.outer(widths, widths), rtol=0.03)


def test_the_pattern_test_fails_off_the_top(gaussian):
    assert not pattern_test(gaussian, [0.2, 5.0, 0.05]).passed


def test_searches_go_on_from_those_already_made(gaussian):
    kept = {}
    whole = maximise(gaussian, starts=3, seed=1, keep=kept.__setitem__)
    part = {0: kept[0], 2: kept[2]}
    again = maximise(gaussian, starts=3, seed=1, done=part)
    np.testing.assert_array_equal(again.theta, whole.theta)


def test_profile_intervals_of_a_gaussian_are_its_normal_ones(gaussian):
    found = profile(maximise(gaussian, starts=1), grid=41)
    for name, sd, centre in (("pi0", 0.02, 0.25), ("k0", 0.3, 5.2)):
        interval = found[name].interval(0.95)
        assert interval.whole
        assert interval.low == pytest.approx(centre - 1.96 * sd, abs=0.1 * sd)
        assert interval.high == pytest.approx(centre + 1.96 * sd, abs=0.1 * sd)
    flat = found["chi"].interval()
    assert not flat.identified
    assert str(flat) == NOT_IDENTIFIED
    table = found.table().set_index("parameter")
    assert table.loc["chi", ["low", "high"]].isna().all()
    assert "above the maximum" in found.status


class Bent(Gaussian):
    """A narrow ridge, bent, beside which the ground falls off and leads away from it."""

    def log_likelihood(self, theta):
        along = (theta[0] - 0.05) / 0.45
        off = abs((theta[1] - 2.5) / 5.0 - 0.1 - 2.0 * (along - 0.5) ** 2)
        return -2.0 * abs(along - 0.5) - (100.0 * off**2 if off < 0.012 else 10.0 - 5.0 * off)


class Broken(Gaussian):
    """A narrow ridge that goes on elsewhere from the middle on, the ground leading away from it."""

    def log_likelihood(self, theta):
        x, y = (theta[0] - 0.05) / 0.45, (theta[1] - 2.5) / 5.0
        off = abs(y - (0.2 if x < 0.51 else 0.6))
        return -2.0 * abs(x - 0.3) - (100.0 * off**2 if off < 0.012 else 10.0 - 5.0 * off)


@pytest.mark.parametrize(
    ("shape", "top", "peak", "grid"),
    [
        pytest.param(Bent, [0.275, 3.0], 0.5, 21, id="bends"),  # on the line through two values
        pytest.param(Broken, [0.185, 3.5], 0.3, 11, id="breaks off"),  # beside, along an axis
    ],
)
def test_a_profile_follows_a_narrow_ridge(base, shape, top, peak, grid):
    """A neighbour's best point, moved, lies off the ridge."""
    free = (Parameter("pi0", 0.05, 0.5), Parameter("k0", 2.5, 7.5))
    maximum = Maximum(shape(base, (Observation(),), free), np.array(top), 0.0, ())
    table = profile(maximum, ["pi0"], grid=grid)["pi0"].table
    ridge = -2.0 * np.abs((table["pi0"] - 0.05) / 0.45 - peak)
    np.testing.assert_allclose(table["log_likelihood"], ridge, atol=2e-3)


class TwoHills(Gaussian):
    """A second hill, lower but higher than the first one's slope, that no search climbs over to."""

    def log_likelihood(self, theta):
        x, y = (theta[0] - 0.05) / 0.45, (theta[1] - 2.5) / 5.0
        first = -10.0 * (x - 0.5) ** 2 - 200.0 * (y - 0.2) ** 2
        return max(first, -0.5 - 10.0 * (x - 0.1) ** 2 - 200.0 * (y - 0.8) ** 2)


def test_profiles_learn_of_a_branch_from_each_other(base):
    free = (Parameter("pi0", 0.05, 0.5), Parameter("k0", 2.5, 7.5))
    top = Maximum(TwoHills(base, (Observation(),), free), np.array([0.275, 3.5]), 0.0, ())
    heights = []
    for names in (["pi0"], None):
        table = profile(top, names, grid=11)["pi0"].table
        heights.append(np.interp(0.095, table["pi0"], table["log_likelihood"]))
    assert heights == pytest.approx([-1.6, -0.5], abs=1e-3)


def test_a_point_above_a_profile_is_found(gaussian):
    import pandas as pd

    table = pd.DataFrame({"log_likelihood": [-5.0, -1.0, 0.0], "chi": [0.0, 0.05, 0.1]})
    points = pd.DataFrame({"log_likelihood": [-6.0, -2.5, -0.7], "chi": [0.0, 0.025, 0.075]})
    assert Profile("chi", table, 0.0).excess(points) == pytest.approx(0.5)


def test_an_interval_unbounded_on_one_side_says_so(gaussian):
    import pandas as pd

    table = pd.DataFrame({"log_likelihood": [-5.0, -1.0, 0.0], "chi": [0.0, 0.05, 0.1]})
    interval = Profile("chi", table, 0.0).within(2.0)
    assert interval.bounded_below
    assert not interval.bounded_above
    assert str(interval) == "above 0.0375, unbounded on the other side"


def chains(count, steps, phi, seed=20231124):
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((count, steps))
    for t in range(1, steps):
        noise[:, t] += phi * noise[:, t - 1]
    return noise


def test_diagnostics_agree_with_arviz():
    """arviz 0.23.4 on the same draws: rhat, ess, ess(method='tail')."""
    found = chains(4, 1000, 0.9)
    assert split_r_hat(found) == pytest.approx(1.0262271696205854, rel=1e-12)
    assert bulk_size(found) == pytest.approx(191.9207165567133, rel=1e-9)
    assert tail_size(found) == pytest.approx(394.65619144063373, rel=1e-9)


def test_effective_sizes_of_ensembles_do_not_count_walkers_that_move_together():
    apart = np.random.default_rng(0).standard_normal((4, 400, 10))
    assert bulk_size(apart) == pytest.approx(apart.size, rel=0.3)
    together = np.repeat(apart[:, :, :1], 10, axis=2)
    assert bulk_size(together) == pytest.approx(4 * 400, rel=0.3)
    assert split_r_hat(apart) < 1.01


def test_r_hat_sees_a_chain_that_is_elsewhere_or_wider():
    same = np.random.default_rng(1).standard_normal((4, 400))
    assert split_r_hat(same) < 1.01
    assert split_r_hat(same + np.array([0, 0, 0, 0.5])[:, None]) > 1.02
    assert split_r_hat(same * np.array([1, 1, 1, 3.0])[:, None]) > 1.02
    assert math.isnan(split_r_hat(np.ones((4, 20))))
    with pytest.raises(ArgumentError, match="finite"):
        split_r_hat(np.full((2, 20), np.nan))


@pytest.fixture(scope="module")
def drawn(gaussian):
    return sample_posterior(gaussian, draws=8_000, ensembles=4, walkers=16, burn_in=75, seed=3)


def test_a_posterior_of_a_gaussian_is_its_closed_form(gaussian, drawn):
    prior = np.diag([0.0, 1.0 / 0.3**2])
    precision = gaussian.precision + prior
    covariance = np.linalg.inv(precision)
    mean = covariance @ (gaussian.precision @ gaussian.mean + prior @ np.array([0.0, 5.0]))
    told = drawn.summary.set_index("parameter")
    for i, name in enumerate(("pi0", "k0")):
        error = math.sqrt(covariance[i, i] / told.loc[name, "ess_bulk"])
        assert abs(told.loc[name, "mean"] - mean[i]) < 4.0 * error
        assert told.loc[name, "sd"] == pytest.approx(math.sqrt(covariance[i, i]), rel=0.1)
    assert told.loc["pi0", "contraction"] > 0.9


def test_where_the_data_say_nothing_the_posterior_is_the_prior(drawn):
    told = drawn.summary.set_index("parameter").loc["chi"]
    assert abs(told["contraction"]) < 0.15
    for end in ("q5", "q50", "q95"):
        assert told[end] == pytest.approx(told[f"prior_{end}"], abs=0.01)
    assert 0.1 < drawn.acceptance < 0.9
    assert len(drawn.draws) >= 8_000
    assert drawn.status.startswith("mixed") == drawn.mixed


def test_a_run_that_stops_goes_on_to_the_same_draws(gaussian):
    options = {"ensembles": 2, "walkers": 8, "burn_in": 10, "seed": 5}
    seen = []
    whole = sample_posterior(
        gaussian, draws=1200, keep=lambda kept, _: seen.append(kept), **options
    )
    again = sample_posterior(gaussian, draws=1200, resume=seen[0], **options)
    assert seen[0].steps == BLOCK
    np.testing.assert_array_equal(again.values, whole.values)
    with pytest.raises(ArgumentError, match="resume"):
        sample_posterior(gaussian, draws=1200, resume=seen[0], **(options | {"seed": 6}))


def test_chains_that_have_not_mixed_say_so(gaussian):
    found = sample_posterior(gaussian, draws=50, ensembles=2, walkers=6, burn_in=0, seed=1)
    assert not found.mixed
    assert "NOT mixed" in repr(found)


def test_a_record_that_cannot_be_has_no_start(base, monkeypatch):
    monkeypatch.setattr("ceasefire.calibration.posterior.TRIES", 5)
    impossible = Observation(block_days=4, given=GIVEN, pause_days=(2, 2), ongoing_after=3)
    problem = Problem(base, (impossible,), (Parameter("chi", 0.0, 0.1),))
    with pytest.raises(SolveError, match="no start"):
        sample_posterior(problem, draws=10, ensembles=2, walkers=4)


def test_posterior_of_one_parameter_of_the_model_is_the_integral_by_quadrature(base):
    seen = Observation(talks=cal.TalksReading(days=(28, 33)), given=frozenset({"pilot"}))
    small = base.replace({"terms.block_days_max": 3, "terms.pause_days_max": 4})
    problem = Problem(small, (seen,), (Parameter("lam", 0.005, 0.2, Prior("log-uniform")),))
    shares = (np.arange(30) + 0.5) / 30
    weights = np.exp([problem.log_likelihood(problem.theta([u])) for u in shares])
    mean = float(weights @ problem.theta(shares[:, None])[:, 0] / weights.sum())
    found = sample_posterior(problem, draws=300, ensembles=2, walkers=6, burn_in=10, seed=2)
    told = found.summary.iloc[0]
    assert told["mean"] == pytest.approx(mean, abs=4.0 * told["sd"] / math.sqrt(told["ess_bulk"]))


def test_worths_are_carried_over_to_an_exchange_at_another_price_as_for_predictions():
    seen = cal.read(Path(__file__).parents[1] / "docs" / "examples" / "invented-42.csv")
    free = (Parameter("k0", 2.5, 7.5), Parameter("pi0", 0.05, 0.5))

    def total(values):
        seen_of = (seen.observation(talks=False),)
        return Problem(cf.load("november-2023"), seen_of, free, (seen,), values=values)

    assert total("terms").log_likelihood([5.0, 0.2]) == pytest.approx(
        cal.predict(seen).log_evidence
    )
    assert total("base").log_likelihood([5.0, 0.2]) < -50.0
    assert total("terms").digest != total("base").digest
    with pytest.raises(ArgumentError, match="values"):
        total("price")


def test_a_worth_of_nothing_in_the_base_still_tells_problems_apart():
    """The cap alone differs, so that only k1 is carried over: 0 in the base, free in theta."""
    november = cal.read("november-2023")
    terms = november.terms.terms.model_copy(update={"pause_days_max": 14})
    longer = cal.Exchange(november.terms.model_copy(update={"terms": terms}), november.rows)
    seen, free = (longer.observation(talks=False),), (Parameter("k1", 0.0, 1.0),)
    flat = cf.load("november-2023").replace(k1=0.0)
    told, base = (Problem(flat, seen, free, (longer,), values=v) for v in ("terms", "base"))
    assert told.log_likelihood([0.5]) != base.log_likelihood([0.5])
    assert told.digest != base.digest
