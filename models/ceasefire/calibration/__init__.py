"""Estimation and prediction: what a record of an exchange says about the model.

``read`` an exchange (a CSV, a row a day, and a TOML with its terms), take its ``observation``, and
ask a scenario for the exact ``log_likelihood``; docs/calibration.md describes the files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ceasefire.lazy import loading

if TYPE_CHECKING:
    from ceasefire.calibration.contraction import ExpectedContraction as ExpectedContraction
    from ceasefire.calibration.contraction import NextDay as NextDay
    from ceasefire.calibration.contraction import contractions as contractions
    from ceasefire.calibration.contraction import expected_contraction as expected_contraction
    from ceasefire.calibration.contraction import next_day as next_day
    from ceasefire.calibration.coverage import CourseGrid as CourseGrid
    from ceasefire.calibration.coverage import RankTest as RankTest
    from ceasefire.calibration.coverage import Recovery as Recovery
    from ceasefire.calibration.coverage import course_grid as course_grid
    from ceasefire.calibration.coverage import outcome_chances as outcome_chances
    from ceasefire.calibration.coverage import rank_test as rank_test
    from ceasefire.calibration.coverage import recover as recover
    from ceasefire.calibration.coverage import simulate_counts as simulate_counts
    from ceasefire.calibration.data import check as check
    from ceasefire.calibration.data import exchanges as exchanges
    from ceasefire.calibration.data import historical as historical
    from ceasefire.calibration.data import parse as parse
    from ceasefire.calibration.data import read as read
    from ceasefire.calibration.diagnostics import bulk_size as bulk_size
    from ceasefire.calibration.diagnostics import split_r_hat as split_r_hat
    from ceasefire.calibration.diagnostics import tail_size as tail_size
    from ceasefire.calibration.errors import DataError as DataError
    from ceasefire.calibration.exchange import Exchange as Exchange
    from ceasefire.calibration.gradients import Gradient as Gradient
    from ceasefire.calibration.gradients import Kink as Kink
    from ceasefire.calibration.gradients import estimable as estimable
    from ceasefire.calibration.gradients import gradient as gradient
    from ceasefire.calibration.identified import Identification as Identification
    from ceasefire.calibration.identified import PlausibleSet as PlausibleSet
    from ceasefire.calibration.identified import identification as identification
    from ceasefire.calibration.identified import plausible_set as plausible_set
    from ceasefire.calibration.information import Information as Information
    from ceasefire.calibration.information import observed_information as observed_information
    from ceasefire.calibration.likelihood import Likelihood as Likelihood
    from ceasefire.calibration.likelihood import log_likelihood as log_likelihood
    from ceasefire.calibration.maximum import Maximum as Maximum
    from ceasefire.calibration.maximum import PatternTest as PatternTest
    from ceasefire.calibration.maximum import maximise as maximise
    from ceasefire.calibration.moments import MomentFit as MomentFit
    from ceasefire.calibration.moments import fit_moments as fit_moments
    from ceasefire.calibration.moments import observed_moments as observed_moments
    from ceasefire.calibration.observation import DELIVERED as DELIVERED
    from ceasefire.calibration.observation import MISSED as MISSED
    from ceasefire.calibration.observation import DayReading as DayReading
    from ceasefire.calibration.observation import Observation as Observation
    from ceasefire.calibration.observation import TalksReading as TalksReading
    from ceasefire.calibration.observation import WindowReading as WindowReading
    from ceasefire.calibration.posterior import Chains as Chains
    from ceasefire.calibration.posterior import Posterior as Posterior
    from ceasefire.calibration.posterior import sample_posterior as sample_posterior
    from ceasefire.calibration.precision import PlayPrecision as PlayPrecision
    from ceasefire.calibration.precision import fit_precision as fit_precision
    from ceasefire.calibration.prediction import NextBatch as NextBatch
    from ceasefire.calibration.prediction import Prediction as Prediction
    from ceasefire.calibration.prediction import Spread as Spread
    from ceasefire.calibration.prediction import Way as Way
    from ceasefire.calibration.prediction import predict as predict
    from ceasefire.calibration.prediction import prior_draws as prior_draws
    from ceasefire.calibration.prediction import spread as spread
    from ceasefire.calibration.priors import Prior as Prior
    from ceasefire.calibration.problem import Parameter as Parameter
    from ceasefire.calibration.problem import Problem as Problem
    from ceasefire.calibration.problem import Settings as Settings
    from ceasefire.calibration.problem import replace_data as replace_data
    from ceasefire.calibration.problem_file import ProblemError as ProblemError
    from ceasefire.calibration.problem_file import load_problem as load_problem
    from ceasefire.calibration.problem_file import parse_problem as parse_problem
    from ceasefire.calibration.profiles import Interval as Interval
    from ceasefire.calibration.profiles import Profile as Profile
    from ceasefire.calibration.profiles import Profiles as Profiles
    from ceasefire.calibration.profiles import profile as profile
    from ceasefire.calibration.ranges import Range as Range
    from ceasefire.calibration.record import Row as Row
    from ceasefire.calibration.rivals import RivalScores as RivalScores
    from ceasefire.calibration.rivals import Watched as Watched
    from ceasefire.calibration.rivals import compare_rivals as compare_rivals
    from ceasefire.calibration.rivals import watch as watch
    from ceasefire.calibration.rivals import watch_exchange as watch_exchange
    from ceasefire.calibration.rivals import watch_simulated as watch_simulated
    from ceasefire.calibration.scores import binary_log_score as binary_log_score
    from ceasefire.calibration.scores import brier as brier
    from ceasefire.calibration.scores import crps as crps
    from ceasefire.calibration.scores import log_score as log_score
    from ceasefire.calibration.scores import reliability as reliability
    from ceasefire.calibration.simulated import recorded as recorded
    from ceasefire.calibration.simulated import simulate_records as simulate_records
    from ceasefire.calibration.terms import Terms as Terms
    from ceasefire.calibration.transfer import carried_over as carried_over
    from ceasefire.calibration.transfer import days_of_batches as days_of_batches

_HOMES = {
    "Chains": "posterior",
    "CourseGrid": "coverage",
    "DELIVERED": "observation",
    "DataError": "errors",
    "DayReading": "observation",
    "Exchange": "exchange",
    "ExpectedContraction": "contraction",
    "Gradient": "gradients",
    "Identification": "identified",
    "Information": "information",
    "Interval": "profiles",
    "Kink": "gradients",
    "Likelihood": "likelihood",
    "MISSED": "observation",
    "Maximum": "maximum",
    "MomentFit": "moments",
    "NextBatch": "prediction",
    "NextDay": "contraction",
    "Observation": "observation",
    "Parameter": "problem",
    "PatternTest": "maximum",
    "PlausibleSet": "identified",
    "PlayPrecision": "precision",
    "Posterior": "posterior",
    "Prediction": "prediction",
    "Prior": "priors",
    "Problem": "problem",
    "ProblemError": "problem_file",
    "Profile": "profiles",
    "Profiles": "profiles",
    "Range": "ranges",
    "RankTest": "coverage",
    "Recovery": "coverage",
    "RivalScores": "rivals",
    "Row": "record",
    "Settings": "problem",
    "Spread": "prediction",
    "TalksReading": "observation",
    "Terms": "terms",
    "Watched": "rivals",
    "Way": "prediction",
    "WindowReading": "observation",
    "binary_log_score": "scores",
    "brier": "scores",
    "bulk_size": "diagnostics",
    "carried_over": "transfer",
    "check": "data",
    "compare_rivals": "rivals",
    "contractions": "contraction",
    "course_grid": "coverage",
    "crps": "scores",
    "days_of_batches": "transfer",
    "estimable": "gradients",
    "exchanges": "data",
    "expected_contraction": "contraction",
    "fit_moments": "moments",
    "fit_precision": "precision",
    "gradient": "gradients",
    "historical": "data",
    "identification": "identified",
    "load_problem": "problem_file",
    "log_likelihood": "likelihood",
    "log_score": "scores",
    "maximise": "maximum",
    "next_day": "contraction",
    "observed_information": "information",
    "observed_moments": "moments",
    "outcome_chances": "coverage",
    "parse": "data",
    "parse_problem": "problem_file",
    "plausible_set": "identified",
    "predict": "prediction",
    "prior_draws": "prediction",
    "profile": "profiles",
    "rank_test": "coverage",
    "read": "data",
    "recorded": "simulated",
    "recover": "coverage",
    "reliability": "scores",
    "replace_data": "problem",
    "sample_posterior": "posterior",
    "simulate_counts": "coverage",
    "simulate_records": "simulated",
    "split_r_hat": "diagnostics",
    "spread": "prediction",
    "tail_size": "diagnostics",
    "watch": "rivals",
    "watch_exchange": "rivals",
    "watch_simulated": "rivals",
}

__all__ = list(_HOMES)

__getattr__, __dir__ = loading(__name__, _HOMES)
