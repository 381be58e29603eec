"""The likelihood of a record: exact against the course, a partition of 1, and simulated play."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ceasefire import truce
from ceasefire.calibration import (
    DELIVERED,
    MISSED,
    DayReading,
    Observation,
    TalksReading,
    WindowReading,
    log_likelihood,
    recorded,
    simulate_records,
)
from ceasefire.errors import ArgumentError
from ceasefire.truce import Ending
from ceasefire.truce.course import trace

GIVEN = frozenset({"pilot", "talks", "block"})
COURSE = {"given": GIVEN, "block_days": 4}
RECORD = ("days", "windows", "pause_days", "captives_left", "endings")
NO_EXTENSION = WindowReading(frozenset({0}))


def chance(model, **readings) -> float:
    return math.exp(log_likelihood(model, Observation(**readings)).total)


def agreed(*days: int) -> WindowReading:
    return WindowReading(frozenset(days))


def whole_record(outcome) -> dict[str, object]:
    """All that an outcome of the course says, day by day and window by window."""
    seen = vars(recorded(outcome))
    return {name: seen[name] for name in RECORD}


def november(**changes) -> Observation:
    """The course of November 2023, the last delivery read as whole or as a miss."""
    readings = {
        "pilot": True,
        "talks": TalksReading(days=(28, 33), blackout=True),
        "block_days": 4,
        "days": {**dict.fromkeys(range(1, 7), DELIVERED), 7: DayReading(0.5, 0.5)},
        "windows": {4: agreed(2), 6: agreed(1), 7: NO_EXTENSION},
        "pause_days": (7, 7),
        "captives_left": (18, 22),
    }
    return Observation(**(readings | changes))


def test_every_outcome_of_the_course_has_its_exact_probability(eq):
    for outcome, probability in eq.course().outcomes:
        found = chance(eq, **COURSE, **whole_record(outcome))
        assert found == pytest.approx(probability, rel=1e-11), outcome


def test_marginals_of_the_course_are_likelihoods_of_records_that_say_less(eq):
    course = eq.course()
    for days, probability in course.length.items():
        assert chance(eq, **COURSE, pause_days=(days, days)) == pytest.approx(probability)
    for ending in Ending:
        found = chance(eq, **COURSE, endings=frozenset({ending}))
        assert found == pytest.approx(course.ends[str(ending)], abs=1e-14)
    assert chance(eq, **COURSE, captives_left=(10, 20)) == pytest.approx(
        course.left.loc[10:20].sum()
    )


def test_a_record_that_says_nothing_has_probability_one(eq, baseline):
    assert chance(eq) == pytest.approx(1.0, abs=1e-12)
    assert chance(eq, block_precision=math.inf) == pytest.approx(1.0, abs=1e-12)
    assert chance(baseline.replace(x_p=0)) == pytest.approx(1.0, abs=1e-12)


def test_the_stages_before_the_pause_partition_one(eq):
    outcomes = ("deal", "broken-off", "not-opened")
    total = sum(
        chance(eq, pilot=pilot, talks=TalksReading(frozenset({outcome}), blackout=blackout))
        for pilot in (True, False)
        for outcome in outcomes
        for blackout in ((None,) if outcome == "not-opened" else (True, False))
    )
    assert total == pytest.approx(1.0, abs=1e-12)
    blocks = [chance(eq, pilot=True, block_days=days) for days in range(9)]
    lost = chance(eq, pilot=True, talks=TalksReading(frozenset({"broken-off", "not-opened"})))
    assert sum(blocks) + lost == pytest.approx(chance(eq, pilot=True), abs=1e-12)


def test_the_course_partitions_one_day_by_day(eq):
    """First what ended before day 3, then what day 3 brought, then window 4."""
    before = chance(eq, **COURSE, pause_days=(0, 2))
    third = [chance(eq, **COURSE, days={3: reading}) for reading in (DELIVERED, MISSED)]
    assert before + sum(third) == pytest.approx(1.0, abs=1e-12)
    fourth = dict.fromkeys(range(1, 5), DELIVERED)
    windows = [chance(eq, **COURSE, days=fourth, windows={4: agreed(days)}) for days in range(1, 5)]
    no_list = chance(
        eq, **COURSE, days=fourth, pause_days=(4, 4), endings=frozenset({Ending.NO_LIST_WINDOW})
    )
    ended = chance(eq, **COURSE, days=fourth, windows={4: NO_EXTENSION})
    # an agreement that fell for want of a list fits both readings
    assert sum(windows) + ended - no_list == pytest.approx(chance(eq, **COURSE, days=fourth))


@pytest.mark.parametrize("day", [1, 3, 4, 5, 6])
def test_a_censored_record_is_the_sum_of_what_it_may_become(eq, day):
    seen = {"days": dict.fromkeys(range(1, day + 1), DELIVERED)}
    censored = chance(eq, **COURSE, **seen, ongoing_after=day)
    ended_by_incident = chance(
        eq, **COURSE, **seen, pause_days=(day, day), endings=frozenset({Ending.INCIDENT})
    )
    lengths = [chance(eq, **COURSE, **seen, pause_days=(n, n)) for n in range(day, 11)]
    assert censored == pytest.approx(sum(lengths) - ended_by_incident, rel=1e-12)


def test_talks_have_the_probabilities_of_their_chain(eq):
    length = eq.talks.length(40)
    opened = eq.pilot.open_probability
    for first, last in ((5, 5), (28, 33)):
        reading = TalksReading(days=(first, last))
        found = chance(eq, given=frozenset({"pilot"}), talks=reading)
        assert found == pytest.approx(opened * length.loc[first:last].sum(), rel=1e-12)
    whole = chance(eq, given=frozenset({"pilot"}), talks=TalksReading())
    assert whole == pytest.approx(opened * eq.talks.deal_probability, rel=1e-12)
    still = TalksReading(frozenset({"talking"}), days=(12, 12))
    later = sum(
        chance(
            eq, given=frozenset({"pilot"}), talks=TalksReading(frozenset({what}), (13, math.inf))
        )
        for what in ("deal", "broken-off")
    )
    assert chance(eq, given=frozenset({"pilot"}), talks=still) == pytest.approx(later, rel=1e-12)


def test_talks_without_a_blackout_are_live_to_the_end(eq):
    p = eq.parameters
    reading = TalksReading(days=(10, 10), blackout=False)
    found = chance(eq, given=frozenset({"pilot"}), talks=reading)
    exact = eq.pilot.open_probability * p.lam * (1.0 - p.lam - p.om) ** 9
    assert found == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize(
    "changes",
    [{"om": 0}, {"rho": 0, "b_T": 0}, {"lam": 0}, {"lam": 0, "om": 0}, {"b_T": 0}, {"rho": 0}],
    ids=str,
)
def test_talks_at_the_edges_of_the_chain_sum_to_the_closed_form(baseline, changes):
    scenario = baseline.replace(**changes)
    eq = truce.solve(scenario, throw=False)
    for blackout in (True, False):
        assert chance(eq, pilot=True, talks=TalksReading(blackout=blackout)) >= 0.0
    given = frozenset({"pilot"})
    parts = [
        chance(eq, given=given, talks=TalksReading(days=days)) for days in ((1, 9), (10, math.inf))
    ]
    closed = eq.pilot.open_probability * eq.talks.deal_probability
    assert sum(parts) == pytest.approx(closed, abs=1e-12)


def test_the_terms_sum_to_the_total_and_a_sure_reading_adds_nothing(eq):
    found = log_likelihood(eq, november())
    terms = found.terms
    assert terms["log_probability"].sum() == pytest.approx(found.total, abs=1e-12)
    assert (terms["log_probability"] <= 1e-12).all()
    made = 0.2 + 0.8 * eq.pilot.matched
    assert terms.set_index("part").loc["pilot", "log_probability"] == pytest.approx(math.log(made))
    assert terms["part"].tolist()[:5] == ["pilot", "talks", "block", "window 0", "day 1"]
    assert terms["part"].iloc[-1] == "ending"


def test_a_day_read_two_ways_is_the_weighted_sum_of_both(eq):
    def read(reading):
        seen = november(captives_left=None)
        return chance(eq, **{**vars(seen), "days": {**seen.days, 7: reading}})

    both = read(DayReading(0.7, 0.3))
    assert both == pytest.approx(0.7 * read(DELIVERED) + 0.3 * read(MISSED), rel=1e-12)


def test_the_block_follows_the_nash_products_or_the_models_choice(eq):
    products = eq.block["nash_product"]
    given = frozenset({"pilot", "talks"})
    shares = {n: chance(eq, given=given, block_days=n, block_precision=50.0) for n in (3, 4)}
    gap = 50.0 * (products[3] - products[4]) / products.max()
    assert math.log(shares[3] / shares[4]) == pytest.approx(gap, rel=1e-9)
    exact = [chance(eq, given=given, block_days=n, block_precision=math.inf) for n in range(9)]
    assert exact == pytest.approx([0, 0, 0, 0, 1, 0, 0, 0, 0])


def test_simulated_truces_have_the_likelihood_of_their_records(eq):
    plays = 200_000
    drawn = truce.simulate(eq, plays, np.random.default_rng(11))
    for (days, left, cause), count in drawn.groupby(["days", "captives_left", "cause"])["count"]:
        share = count.sum() / plays
        exact = chance(
            eq,
            **COURSE,
            pause_days=(days, days),
            captives_left=(left, left),
            endings=frozenset({Ending(cause)}),
        )
        assert abs(share - exact) <= 5.0 * math.sqrt(exact * (1.0 - exact) / plays) + 1e-12


def test_what_is_known_so_far_gives_the_distribution_of_what_is_to_come(eq):
    seen = Observation(**COURSE, days={4: DELIVERED}, ongoing_after=4)
    outcomes = log_likelihood(eq, seen).outcomes
    assert outcomes["probability"].sum() == pytest.approx(1.0)
    whole = eq.course().to_frame()
    later = whole[(whole["days"] > 4) & (whole["cause"] != str(Ending.LEFT_INSIDE))]
    share = outcomes[outcomes["days"] == 7]["probability"].sum()
    base = chance(eq, **COURSE, days={4: DELIVERED}, ongoing_after=4)
    assert share == pytest.approx(later[later["days"] == 7]["probability"].sum() / base, rel=1e-6)


def test_an_impossible_record_has_probability_zero(eq):
    found = log_likelihood(eq, Observation(**COURSE, pause_days=(11, 12)))
    assert found.total == -math.inf
    assert found.outcomes.empty
    assert found.terms["log_probability"].iloc[0] == 0.0


def test_a_relay_that_failed_ended_the_pause_at_a_window(eq):
    p = eq.parameters
    windows = {4: WindowReading(relay_failed=True)}
    found = chance(eq, **COURSE, windows=windows)
    reached = chance(eq, **COURSE, days={4: DELIVERED}, ongoing_after=4)
    assert found == pytest.approx(p.chi * reached, rel=1e-12)
    worked = {4: WindowReading(relay_failed=False)}
    rest = chance(eq, **COURSE, windows=worked)
    assert found + rest == pytest.approx(1.0, abs=1e-12)


def test_a_scenario_is_solved_and_an_extension_or_another_pilot_refused(baseline, eq):
    assert log_likelihood(baseline, november()).total == log_likelihood(eq, november()).total
    with pytest.raises(ArgumentError, match="mediator"):
        log_likelihood(baseline.replace({"mediator": "on"}), november())
    with pytest.raises(ArgumentError, match="pilot_captives"):
        log_likelihood(eq, Observation(pilot_captives=3))
    with pytest.raises(ArgumentError, match="block_days"):
        log_likelihood(eq, Observation(given=frozenset({"block"}), block_days=9))


@pytest.mark.parametrize(
    "build",
    [
        lambda: DayReading(1.2, 0.0),
        lambda: DayReading(0.0, 0.0),
        lambda: WindowReading(frozenset({-1})),
        lambda: WindowReading(frozenset({2}), relay_failed=True),
        lambda: TalksReading(frozenset({"peace"})),
        lambda: TalksReading(frozenset({"talking"})),
        lambda: Observation(days={0: DELIVERED}),
        lambda: Observation(pause_days=(8, 7)),
        lambda: Observation(given=frozenset({"war"})),
        lambda: Observation(given=frozenset({"block"})),
    ],
)
def test_a_reading_that_cannot_be_is_refused(build):
    with pytest.raises(ArgumentError):
        build()


def random_scenario(baseline, rng: np.random.Generator):
    draw = rng.uniform
    return baseline.replace(
        pi0=draw(),
        g=draw(2, 20),
        c_hi=draw(0.5, 6),
        k0=draw(1, 7),
        k1=draw(0, 0.6),
        kappa=rng.choice([0.0, 1.0, 8.0]),
        s=rng.choice([0.1, 0.25, 1.0, 3.0]),
        beta=rng.choice([0.0, 0.02, 0.2]),
        chi=rng.choice([0.0, 0.1, 0.4]),
        l_lo=draw(0.1, 0.9),
        x_p=rng.choice([0.0, 1.0, 6.0]),
        x=rng.choice([7.0, 10.0, 13.0]),
        x1=rng.choice([0.0, 0.5, -0.3]),
        J=int(rng.integers(4, 13)),
        Emax=int(rng.integers(1, 6)),
        Tmax=int(rng.integers(1, 5)),
        K_T=draw(-5, 25),
    )


@pytest.mark.parametrize("seed", range(8))
def test_in_any_scenario_outcomes_are_exact_and_everything_sums_to_one(baseline, seed):
    solved = truce.solve(random_scenario(baseline, np.random.default_rng(seed)), throw=False)
    days = solved.block_days or 1
    for precision in (0.0, 50.0, math.inf):
        assert chance(solved, block_precision=precision) == pytest.approx(1.0, abs=1e-11)
    given = {"given": GIVEN, "block_days": days}
    for outcome, probability in trace(solved.line(days), solved.trust, days).outcomes:
        found = chance(solved, **given, **whole_record(outcome))
        assert found == pytest.approx(probability, abs=1e-12), outcome


def test_a_tie_between_blocks_is_a_lottery_in_the_record_too(baseline):
    tied = truce.solve(baseline.replace(Z=42, K_T=0))
    exact = {"block_precision": math.inf}
    assert chance(tied, **exact) == pytest.approx(1.0, abs=1e-12)
    given = frozenset({"pilot", "talks"})
    for days, weight in tied.block_weights.items():
        found = chance(tied, given=given, block_days=days, **exact)
        assert found == pytest.approx(weight, abs=1e-12)
    course = tied.course()
    for days in (3, 4, 7):
        found = chance(tied, given=given, pause_days=(days, days), **exact)
        assert found == pytest.approx(course.length[days], abs=1e-12)


def test_simulated_exchanges_are_drawn_from_the_likelihood(baseline):
    """Shares of events of every stage, pilot to course, against their exact probabilities."""
    scenario = baseline.replace(pi0=0.6, lam=0.2, K_T=14.5, Z=40, beta=0.05)
    solved, count = truce.solve(scenario), 3000
    seen = simulate_records(solved, count, np.random.default_rng(3))
    for readings, drawn in (
        ({"pilot": True}, [r.pilot is True for r in seen]),
        (
            {"talks": TalksReading(frozenset({"not-opened"}))},
            ["not-opened" in r.talks.outcomes for r in seen],
        ),
        (
            {"talks": TalksReading(days=(1, 6), blackout=True)},
            [
                "deal" in r.talks.outcomes and r.talks.days[1] <= 6 and r.talks.blackout
                for r in seen
            ],
        ),
        ({"pause_days": (5, 7)}, [r.block_days and 5 <= r.pause_days[0] <= 7 for r in seen]),
        (
            {"days": {5: DELIVERED}, "windows": {4: agreed(2)}},
            [r.days.get(5) == DELIVERED and r.windows[4] == agreed(2) for r in seen],
        ),
    ):
        exact = chance(solved, block_precision=math.inf, **readings)
        share = sum(map(bool, drawn)) / count
        assert abs(share - exact) <= 4.5 * math.sqrt(exact * (1.0 - exact) / count), readings
    assert all(math.isfinite(log_likelihood(solved, record).total) for record in seen[:60])


def test_an_outcome_without_its_chunks_has_no_record(eq, baseline):
    lost = truce.solve(baseline.replace(pi0=0)).course().outcomes[0][0]
    with pytest.raises(ArgumentError, match="outcome"):
        recorded(lost)


def test_the_record_of_november_2023_is_what_its_parts_give_by_hand(eq):
    """Talks day by day, the block by its Nash products, the course from its outcomes."""
    p = eq.parameters
    found = log_likelihood(eq, november())
    made = p.pi0 + (1.0 - p.pi0) * eq.pilot.matched
    clear = sum(p.lam * (1.0 - p.lam - p.om) ** (day - 1) for day in range(28, 34))
    talks = eq.pilot.open_probability * (eq.talks.length(40).loc[28:33].sum() - clear)
    products = eq.block["nash_product"].to_numpy()
    odds = np.exp(50.0 * (products / products.max() - 1.0)) * (products > 0.0)
    course = sum(
        probability
        for outcome, probability in eq.course().outcomes
        if outcome.chunks[:3] == (4, 2, 1) and outcome.length == 7 and 18 <= outcome.left <= 22
    )
    by_hand = made * talks * odds[3] / odds.sum() * 0.5 * course
    assert found.total == pytest.approx(math.log(by_hand), abs=1e-11)
