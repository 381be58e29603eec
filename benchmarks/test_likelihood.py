"""The likelihood of the record of November 2023, with and without the solve, and its score."""

from __future__ import annotations

from ceasefire import calibration, truce

EXCHANGE = calibration.read("november-2023")


def test_solve_and_likelihood(benchmark):
    scenario, seen = EXCHANGE.scenario(), EXCHANGE.observation()
    assert benchmark(calibration.log_likelihood, scenario, seen).total < 0.0


def test_likelihood_of_a_solved_truce(benchmark):
    solved, seen = truce.solve(EXCHANGE.scenario()), EXCHANGE.observation()

    def fresh():
        for line in solved.lines:
            line._seen.clear()
        return calibration.log_likelihood(solved, seen)

    assert benchmark(fresh).total < 0.0


def test_score_in_one_parameter(benchmark):
    scenario, seen = EXCHANGE.scenario(), EXCHANGE.observation()
    found = benchmark(calibration.gradient, scenario, seen, ["k0"])
    assert found.kinks == ()
