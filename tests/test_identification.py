"""Information against closed forms, and parameters of which nothing can be said."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ceasefire as cf
from ceasefire import calibration as cal
from ceasefire import truce
from ceasefire.calibration._events import stages
from ceasefire.calibration.contraction import next_chances
from ceasefire.calibration.identified import NO_EXCHANGE, PARTLY, UNBOUNDED
from ceasefire.calibration.maximum import NOT_IDENTIFIED, WEAKLY
from ceasefire.errors import ArgumentError

SCENARIO = cf.load("november-2023")
GIVEN = frozenset({"pilot", "talks", "block"})
COURSE = cal.Observation(given=GIVEN, block_days=4)
ROOT = Path(__file__).resolve().parents[1]
ESTIMATION = ROOT / "results" / "estimation"


def problem(*parameters: cal.Parameter, seen: cal.Observation = COURSE, **options) -> cal.Problem:
    return cal.Problem(SCENARIO, (seen,), parameters, **options)


@pytest.fixture(scope="module")
def november() -> cal.Problem:
    exchange = cal.read("november-2023")
    free = (
        cal.Parameter("pi0", 0.05, 0.5),
        cal.Parameter("k0", 2.5, 7.5),
        cal.Parameter("beta", 0.0, 0.03),
        cal.Parameter("lam", 0.005, 0.2, cal.Prior("log-uniform")),
    )
    return cal.Problem(SCENARIO, (exchange.observation(),), free, (exchange,))


@pytest.fixture(scope="module")
def found(november) -> cal.Identification:
    return cal.identification(november)


def test_chances_of_every_stage_sum_to_one() -> None:
    eq = truce.solve(SCENARIO)
    for stage in stages(eq, cal.Observation()):
        assert sum(stage.chances.values()) == pytest.approx(1.0, abs=1e-9), stage.name


def test_information_of_the_talks_is_that_of_their_geometric_days() -> None:
    """Without blackouts, talks last a geometric number of days: J = 1 / (lam^2 (1 - lam))."""
    plain = SCENARIO.replace({"om": 0.0})
    free = (cal.Parameter("lam", 0.01, 0.2),)
    told = cal.identification(cal.Problem(plain, (cal.Observation(),), free))
    lam = plain.symbols().lam
    opened = next(s for s in stages(truce.solve(plain), cal.Observation()) if s.name == "talks")
    exact = opened.reach * 0.19**2 / (lam**2 * (1.0 - lam))
    assert told.stages.loc["talks", "lam"] == pytest.approx(exact, rel=1e-5)


def test_expected_information_of_courses_is_the_mean_square_of_their_scores() -> None:
    free = cal.Parameter("k0", 4.0, 6.0)
    told = cal.identification(problem(free))
    eq = truce.solve(SCENARIO)
    outcomes = truce.course.trace(eq.line(4), eq.trust, 4).outcomes
    step = 1e-4
    up, down = (
        dict(truce.course.trace(e.line(4), e.trust, 4).outcomes)
        for e in (truce.solve(SCENARIO.replace({"k0": 5.0 + s})) for s in (step, -step))
    )
    scores = {o: (math.log(up[o]) - math.log(down[o])) / step for o, _ in outcomes}
    exact = sum(p * scores[o] ** 2 for o, p in outcomes)
    assert told.expected[0, 0] == pytest.approx(exact, rel=1e-4)


def test_scores_of_a_record_are_those_of_its_gradient(november, found) -> None:
    scenario = november.scenario_at(november.base)
    seen = november.observations[0]
    exact = cal.gradient(scenario, seen, ["pi0", "k0"]).parts
    ours = found.events.droplevel("exchange")
    for name, width in (("pi0", 0.45), ("k0", 5.0)):
        assert ours[name].to_numpy() == pytest.approx(exact[name] * width, abs=1e-5)


def test_a_parameter_that_never_matters_gets_no_standard_error() -> None:
    """Courses say nothing of the talks, where no pilot's worth hangs on how they go."""
    free = (cal.Parameter("k0", 4.0, 6.0), cal.Parameter("rho", 0.05, 0.5))
    plain = SCENARIO.replace({"x_p": 0.0})
    told = cal.identification(cal.Problem(plain, (COURSE,), free))
    row = told.table.set_index("parameter").loc["rho"]
    assert told.rank == 1
    assert told.null_directions == ("rho +1.00",)
    assert row["note"] == NO_EXCHANGE
    assert math.isnan(row["standard_error"])
    assert told.ridges.loc[0, "sd"] == math.inf


def test_parameters_that_only_count_together_are_found_by_their_direction(found) -> None:
    """Information made by hand: pi0 and k0 enter as their sum alone."""
    size = len(found.theta)
    both = np.zeros((size, size))
    both[:2, :2] = 9.0
    both[3, 3] = 1600.0
    told = replace(found, expected=both)
    assert told.rank == 2
    assert told.null_directions[0] == "beta +1.00"
    assert np.abs(told.null[1]) == pytest.approx([0.5**0.5, 0.5**0.5, 0.0, 0.0], abs=PARTLY)
    table = told.table.set_index("parameter")
    assert table["standard_error"].isna().tolist() == [True, True, True, False]
    assert table.loc["pi0", "note"] == NO_EXCHANGE + " apart from others"


def test_an_error_that_reaches_past_an_end_of_the_range_is_not_given(found) -> None:
    """Information made by hand; k0 stands in the middle of its range."""
    size = len(found.theta)
    notes = {}
    for reach in (0.49, 0.51):
        told = replace(found, expected=np.eye(size) * (1.96 / reach) ** 2)
        row = told.table.set_index("parameter").loc["k0"]
        notes[reach] = row["note"]
        assert math.isnan(row["standard_error"]) == bool(row["note"])
    assert notes == {0.49: "", 0.51: WEAKLY}


def test_little_information_is_told_and_no_spurious_error_given(found) -> None:
    table = found.table.set_index("parameter")
    assert table.loc["beta", "note"] == NOT_IDENTIFIED
    assert math.isnan(table.loc["beta", "standard_error"])
    assert table.loc["lam", "standard_error"] > 0.0


def test_stages_add_up_to_the_expected_information(found) -> None:
    assert found.stages.sum().to_numpy() == pytest.approx(np.diag(found.expected))


def test_pairs_are_correlations_of_the_inverse(found) -> None:
    inverse = np.linalg.inv(found.expected)
    names = list(found.problem.names)
    for row in found.pairs.itertuples():
        i, j = names.index(row.first), names.index(row.second)
        exact = inverse[i, j] / math.sqrt(inverse[i, i] * inverse[j, j])
        assert row.correlation == pytest.approx(exact, abs=1e-6)


def test_information_of_two_alike_exchanges_is_twice_that_of_one() -> None:
    free = (cal.Parameter("chi", 0.0, 0.2),)
    one = cal.identification(problem(*free))
    two = cal.identification(cal.Problem(SCENARIO, (COURSE, COURSE), free))
    assert two.expected == pytest.approx(2.0 * one.expected, rel=1e-9)


def test_observed_information_is_in_shares_of_the_range() -> None:
    seen = replace(COURSE, pause_days=(7.0, 7.0))
    told = cal.identification(problem(cal.Parameter("chi", 0.0, 0.2), seen=seen))
    exact = cal.observed_information(SCENARIO, seen, ["chi"]).values.loc["chi", "chi"]
    assert told.observed[0, 0] == pytest.approx(0.2**2 * exact, rel=0.02)


def test_a_record_that_cannot_be_is_refused() -> None:
    never = replace(COURSE, pause_days=(90.0, 99.0))
    with pytest.raises(ArgumentError, match="positive probability"):
        cal.identification(problem(cal.Parameter("chi", 0.0, 0.2), seen=never))


def test_what_can_come_next_sums_to_the_record_so_far(november) -> None:
    eq = truce.solve(november.scenario_at(november.base))
    told = cal.next_day(november, 4)
    assert told.events["probability"].sum() == pytest.approx(1.0)
    chances = next_chances(eq, COURSE, 0)
    course = truce.course.trace(eq.line(4), eq.trust, 4)
    assert chances["over: no list at a window"] == pytest.approx(course.length[0])
    incident = sum(p for o, p in course.outcomes if str(o.ending) == "incident" and o.length == 1)
    assert chances["goes on, batch comes, which ends it"] == pytest.approx(incident)


def test_the_next_day_inside_a_chunk_tells_of_incidents_by_their_closed_form(november) -> None:
    """A day ends by an incident whether its batch comes or not: J = range^2 / (beta (1 - beta))."""
    told = cal.next_day(november, 1)
    beta = SCENARIO.symbols().beta
    row = told.information.set_index("parameter").loc["beta"]
    assert row["information"] == pytest.approx(0.03**2 / (beta * (1 - beta)), rel=1e-6)


def test_learning_narrows_on_average(november) -> None:
    told = cal.expected_contraction(november, 4, count=40)
    assert (told.table["next"] >= -1e-12).all()
    assert 1.0 <= told.effective <= 40.0
    assert not told.enough
    assert "rough" in told.status
    assert "rough" not in replace(told, effective=50.0).status


def test_contraction_is_none_for_draws_from_the_prior(november) -> None:
    draws = november.draw_prior(20_000, np.random.default_rng(0))
    told = cal.contractions(november, draws)
    assert told["contraction"].abs().max() < 0.03
    assert set(told["note"]) == {NOT_IDENTIFIED}
    assert cal.contractions(november, 0.5 * draws)["contraction"].to_numpy() == pytest.approx(
        0.75, abs=0.03
    )


def test_the_plausible_set_is_the_interval_of_its_likelihood() -> None:
    """Ten failures of the relay in ten windows of a truce that is always continued."""

    class Counted(cal.Problem):
        def log_likelihood(self, theta):
            p = float(np.asarray(theta)[0])
            return 20 * math.log(p) + 80 * math.log1p(-p)

    free = (cal.Parameter("chi", 0.0001, 0.9999), cal.Parameter("rho", 0.05, 0.5))
    made = Counted(SCENARIO, (COURSE,), free)
    told = cal.plausible_set(made, points=1024, best=made.log_likelihood([0.2, 0.1]))
    table = told.table.set_index("parameter")
    assert table.loc["chi", ["low", "high"]].tolist() == pytest.approx([0.1286, 0.2873], abs=0.004)
    assert told.share_low <= 0.2873 - 0.1286 <= told.share_high
    assert table.loc["rho", "note"] == NOT_IDENTIFIED


@pytest.mark.parametrize(
    "call",
    [
        lambda p: cal.identification(p, [0.9, 5.0, 0.01, 0.03]),
        lambda p: cal.next_day(p, 99),
        lambda p: cal.next_day(p, 1, exchange=3),
        lambda p: cal.contractions(p, np.zeros((4, 2))),
        lambda p: cal.plausible_set(p, points=3),
    ],
)
def test_bad_arguments_are_refused(november, call) -> None:
    with pytest.raises(ArgumentError):
        call(november)


def test_the_table_tells_the_width_of_each_profile_beside_its_information(found) -> None:
    def profile(name: str, values: list[float], heights: list[float]) -> cal.Profile:
        return cal.Profile(name, pd.DataFrame({"log_likelihood": heights, name: values}), 0.0)

    made = (
        profile("pi0", [0.05, 0.14, 0.32, 0.5], [-4.0, 0.0, -1.0, -3.0]),
        profile("beta", [0.0, 0.01, 0.03], [-1.0, 0.0, -1.9]),
        profile("lam", [0.005, 0.02, 0.08, 0.2], [-4.0, 0.0, 0.0, -1.0]),
    )
    assert found.table["profile_width"].isna().all()
    table = found.with_profiles(made).table.set_index("parameter")
    assert table.loc["pi0", "profile_width"] == pytest.approx((0.41 - 0.095) / 0.45)
    assert table.loc["pi0", "profile_set"] == "0.095 to 0.41"
    assert table.loc["beta", "profile_width"] == pytest.approx(1.0)
    assert table.loc["beta", "profile_set"] == UNBOUNDED
    share = math.log(0.2 / 0.0125) / math.log(40.0)
    assert table.loc["lam", "profile_width"] == pytest.approx(share)
    assert table.loc["lam", "profile_set"] == "above 0.0125, unbounded on the other side"
    assert math.isnan(table.loc["k0", "profile_width"])
    kept = pd.concat(
        [one.table.assign(parameter=one.parameter, value=one.table[one.parameter]) for one in made]
    )
    again = found.with_profiles(cal.Profile.from_values(kept, 0.0)).table
    pd.testing.assert_frame_equal(again.set_index("parameter"), table)
    with pytest.raises(ArgumentError, match="chi"):
        found.with_profiles([profile("chi", [0.0, 0.1], [0.0, 0.0])])


def test_what_cannot_be_bounded_is_never_given_a_width_below_its_range(found) -> None:
    split = pd.DataFrame({"log_likelihood": [0.0, -9.0, -1.0], "beta": [0.0, 0.01, 0.03]})
    row = found.with_profiles([cal.Profile("beta", split, 0.0)]).table.set_index("parameter")
    assert row.loc["beta", "profile_width"] == pytest.approx(1.0)
    assert row.loc["beta", "profile_set"] == UNBOUNDED + ", not in one piece"


@pytest.mark.parametrize("name", ["pi0", "k0", "s", "c_hi", "l_lo", "beta", "chi", "lam"])
def test_no_draw_of_the_posterior_lies_above_a_committed_profile(name) -> None:
    """The posterior's sampler looks elsewhere than the profiles' searches."""
    values = pd.read_csv(ESTIMATION / "november-2023-profile-all.csv")
    draws = pd.read_csv(ESTIMATION / "november-2023-posterior-all.csv")
    best = pd.read_csv(ESTIMATION / "november-2023-ml.csv").set_index("parameter")["estimate"]
    whole = cal.load_problem(ROOT / "experiments" / "estimation" / "november-2023.toml")
    top = whole.log_likelihood(best[list(whole.names)].to_numpy())
    one = next(p for p in cal.Profile.from_values(values, top) if p.parameter == name)
    assert one.excess(draws) <= 0.0
    assert one.table["log_likelihood"].max() == pytest.approx(top, abs=1e-4)
    for row in one.table.iloc[::6].to_dict("records"):
        again = whole.log_likelihood([row[symbol] for symbol in whole.names])
        assert again == pytest.approx(row["log_likelihood"], abs=1e-4)
