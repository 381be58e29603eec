"""The method of moments: parameters at which the model's course has the moments that were seen."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from ceasefire import truce
from ceasefire.calibration._climb import climb
from ceasefire.calibration.maximum import (
    EDGE,
    NOT_IDENTIFIED,
    at_shares,
    doubt,
    estimates,
    shares_of,
    spread_starts,
    undoubted,
)
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError, ScenarioError, SolveError
from ceasefire.truce.course import OTHER_SEQUENCES

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from ceasefire.calibration.observation import Observation
    from ceasefire.calibration.problem import Problem

MOMENTS: Final = ("length", "chunks", "left", "block")
SLOPE = 1e-3  # of a range, step of the Jacobian
RANK = 1e-4  # singular values below this share of the largest are none
LEAST_EXCHANGES = 20  # whose mean moments are near enough to normal for J to have a chi-square
LEAST_VARIANCE = 1e-6  # of a moment's scale squared: one that never varies is weighed no harder


@dataclass(frozen=True, eq=False)
class MomentFit(Displayed):
    """Estimates by the method of moments.

    Attributes
    ----------
    problem : Problem
        Of what.
    theta : ndarray, shape (n,)
        The estimates.
    moments : tuple of str
        What is matched.
    seen, model : ndarray, shape (k,)
        Means of the moments over exchanges: observed, and expected at the estimates.
    covariance : ndarray, shape (k, k)
        Of the mean observed moments, as the model has it at the estimates.
    jacobian : ndarray, shape (k, n)
        Of the expected moments in shares of the ranges.
    statistic : float
        J, the distance of seen and expected moments in the metric of the covariance.
    """

    problem: Problem
    theta: NDArray[np.float64]
    moments: tuple[str, ...]
    seen: NDArray[np.float64] = field(repr=False)
    model: NDArray[np.float64] = field(repr=False)
    covariance: NDArray[np.float64] = field(repr=False)
    jacobian: NDArray[np.float64] = field(repr=False)
    statistic: float

    def __repr__(self) -> str:
        """Say the estimates and J."""
        told = ", ".join(
            f"{n}={x:.4g}" for n, x in zip(self.problem.names, self.theta, strict=True)
        )
        return f"MomentFit({told}; J {self.statistic:.4g})"

    @cached_property
    def rank(self) -> int:
        """Rank of the Jacobian, rows in standard deviations of the moments."""
        singular = np.linalg.svd(self._scaled, compute_uv=False)
        return int((singular > RANK * max(float(singular[0]), 1e-12)).sum())

    @property
    def excess(self) -> int:
        """Moments more than the rank; J has this many degrees of freedom."""
        return len(self.moments) - self.rank

    @cached_property
    def exchanges(self) -> int:
        """Exchanges that tell all moments; the others are left out."""
        return len(_telling(self.problem, self.moments))

    @property
    def p_value(self) -> float:
        """Chance of a J this large were the model true, by the chi-square.

        nan without moments to spare, and for fewer than 20 exchanges that tell all moments: the
        mean of a few lengths is not normal, and J has no chi-square then.
        """
        from scipy.special import chdtrc

        if self.excess <= 0 or self.exchanges < LEAST_EXCHANGES:
            return math.nan
        return float(chdtrc(self.excess, self.statistic))

    @cached_property
    def _spread(self) -> NDArray[np.float64]:
        """Standard errors in shares of the ranges; nan where D lacks rank or a range ends."""
        shares = shares_of(self.problem, self.theta)
        if self.rank < len(shares) or not ((shares > EDGE) & (shares < 1.0 - EDGE)).all():
            return np.full(len(shares), np.nan)
        return np.sqrt(np.diag(np.linalg.inv(self._scaled.T @ self._scaled)))

    @cached_property
    def standard_errors(self) -> pd.Series[float]:
        """Standard errors by name: the roots of the diagonal of (D' S^-1 D)^-1.

        Only where the Jacobian D has full rank, inside the ranges, and where 1.96 of it do not
        reach past an end of the range; nan elsewhere.
        """
        return undoubted(self.problem, self.theta, self._spread)

    @cached_property
    def notes(self) -> pd.Series[str]:
        """By name, why there is no standard error; '' where there is one."""
        import pandas as pd

        shares, told = shares_of(self.problem, self.theta), []
        _, _, right = np.linalg.svd(self._scaled)
        free = np.linalg.norm(right[self.rank :], axis=0)  # part in directions nothing speaks to
        for i in range(len(shares)):
            if shares[i] <= EDGE or shares[i] >= 1.0 - EDGE:
                told.append(f"at the {'lower' if shares[i] <= EDGE else 'upper'} end of its range")
            elif math.isfinite(self._spread[i]):
                told.append(doubt(self._spread[i], shares[i]))
            else:
                told.append(NOT_IDENTIFIED if free[i] > RANK else "identified, others are not")
        return pd.Series(told, index=list(self.problem.names))

    @property
    def status(self) -> str:
        """In words: J, its degrees of freedom, the rank."""
        size, test = len(self.theta), ""
        if math.isfinite(self.p_value):
            test = f", p {self.p_value:.3f} at {self.excess} degrees of freedom"
        elif self.excess > 0:
            test = f" (no p: fewer than {LEAST_EXCHANGES} exchanges)"
        short = "" if self.rank == size else "; the moments do not tell all parameters apart"
        return f"J {self.statistic:.4g}{test}; rank {self.rank} of {size} parameters{short}"

    def table(self) -> pd.DataFrame:
        """A row a parameter: estimate, standard_error, from, to, note."""
        return estimates(self.problem, self.theta, self.standard_errors, self.notes)

    @cached_property
    def _scaled(self) -> NDArray[np.float64]:
        """Jacobian in standard deviations of the moments: S^(-1/2) D."""
        return np.asarray(np.linalg.solve(np.linalg.cholesky(self.covariance), self.jacobian))


def fit_moments(
    problem: Problem,
    *,
    moments: Sequence[str] = MOMENTS,
    simulations: int | None = None,
    starts: int | None = None,
    seed: int | None = None,
) -> MomentFit:
    """Estimate by moments of the course.

    With m the mean over exchanges of what was seen and mu(theta) what the model expects,

        J(theta) = (m - mu(theta))' S^-1 (m - mu(theta)),

    is minimised, S first diagonal with the variances at the base scenario, then the model's
    covariance of m at the estimates of the first step (two steps).

    Parameters
    ----------
    problem : Problem
        Exchanges whose pause has begun and ended count; its settings are the defaults.
    moments : sequence of str
        Some of 'length' (pause days), 'chunks' (agreed in turn, the first block one), 'left'
        (captives left), 'block' (days of the first block). Where the record has a range, its
        middle is taken; exchanges that lack one of them are left out.
    simulations : int, optional
        Plays drawn for each exchange at every theta, always with the same random numbers;
        default: none, the model's exact moments.
    starts, seed : int, optional
        Local searches, and the seed of their starts and of simulations.

    Raises
    ------
    ArgumentError
        An unknown moment, no exchange that has them all, or fewer than 1 start.
    SolveError
        The model has no pause wherever it was looked at.

    Notes
    -----
    Moments are expected given that a deal is made: talks and pilot play no part but in the
    belief. Simulated ones are steps in theta, exact ones are not, and cost no more. J has a
    chi-square distribution only over many exchanges. Fewer moments than parameters leave directions
    in which J is flat: the Jacobian's rank says so, and no standard error is given.

    References
    ----------
    McFadden (1989), "A method of simulated moments", Econometrica 57; Hansen (1982),
    "Large sample properties of generalized method of moments estimators", Econometrica 50.

    Examples
    --------
    >>> from ceasefire import calibration as cal
    >>> exchange = cal.read("november-2023")
    >>> problem = cal.Problem(exchange.scenario(), (exchange.observation(),),
    ...                       (cal.Parameter("k0", 2.5, 7.5),))
    >>> found = cal.fit_moments(problem, moments=["length", "left"], starts=1)
    >>> found.seen.tolist(), found.rank, found.excess
    ([7.0, 20.0], 1, 1)
    """
    count = problem.settings.starts if starts is None else starts
    if count < 1:
        raise ArgumentError("starts", count, "a whole number from 1")
    key = problem.settings.seed if seed is None else seed
    sums = _Moments(problem, tuple(moments), simulations, key)
    points = spread_starts(problem, count, key, lambda at: _distance(sums, at, sums.first))
    first = _searched(sums, points, sums.first)
    covariance = sums.at(first)[1]
    second = _searched(sums, [first], covariance)
    expected, covariance = sums.at(second)
    gap = sums.seen - expected
    return MomentFit(
        problem,
        at_shares(problem, second),
        sums.names,
        sums.seen,
        expected,
        covariance,
        sums.jacobian(second),
        float(gap @ np.linalg.solve(covariance, gap)),
    )


def observed_moments(observation: Observation, moments: Sequence[str] = MOMENTS) -> list[float]:
    """Moments of one record, nan where it does not tell one."""
    told = {
        "length": _middle(observation.pause_days),
        "left": _middle(observation.captives_left),
        "block": math.nan if not observation.block_days else float(observation.block_days),
        "chunks": math.nan,
    }
    windows = [window.agreed for window in observation.windows.values()]
    if observation.block_days and windows and None not in windows:
        sure = [w for w in windows if w is not None and len(w) == 1]
        if len(sure) == len(windows):
            told["chunks"] = 1.0 + sum(1 for w in sure if 0 not in w)
    return [told[name] for name in moments]


def _telling(problem: Problem, names: Sequence[str]) -> dict[int, list[float]]:
    """Number of each exchange that tells all moments -> the moments."""
    rows = enumerate(observed_moments(seen, names) for seen in problem.observations)
    return {i: row for i, row in rows if np.isfinite(row).all()}


class _Moments:
    """Seen and expected means, each expectation taken once."""

    def __init__(
        self, problem: Problem, names: tuple[str, ...], simulations: int | None, seed: int
    ) -> None:
        strange = [name for name in names if name not in MOMENTS]
        if strange or not names or len(set(names)) < len(names):
            allowed = "some of " + ", ".join(MOMENTS) + ", each once"
            raise ArgumentError("moments", ", ".join(names), allowed)
        if simulations is not None and simulations < 2:
            raise ArgumentError("simulations", simulations, "a whole number from 2")
        self.problem, self.names, self.simulations, self.seed = problem, names, simulations, seed
        telling = _telling(problem, names)
        self.cases = list(telling)
        if not self.cases:
            hint, got = "a pause that goes on has no length yet", len(problem.observations)
            raise ArgumentError("observations", got, "one that tells all moments", hint)
        self.seen = np.array(list(telling.values())).mean(axis=0)
        self.known: dict[bytes, tuple[NDArray[np.float64], NDArray[np.float64]] | None] = {}
        base = self._taken(shares_of(problem, problem.base))
        spread = np.square(np.maximum(np.abs(self.seen), 1.0))
        self.first = np.diag(spread if base is None else np.diag(base[1]))

    def at(self, shares: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Expected means and covariance of the means.

        Raises
        ------
        SolveError
            The model has no pause there.
        """
        found = self._taken(shares)
        if found is None:
            raise SolveError("the model has no pause where moments are asked for; widen the ranges")
        return found

    def gap(self, shares: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """Seen less expected; None where the model has no pause."""
        found = self._taken(shares)
        return None if found is None else self.seen - found[0]

    def jacobian(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Slopes of the expected means in shares, central where the range allows."""
        columns = []
        for i in range(len(shares)):
            ends = []
            for sign in (1.0, -1.0):
                moved = shares.copy()
                moved[i] = min(max(moved[i] + sign * SLOPE, 0.0), 1.0)
                found = self._taken(moved)
                ends.append((moved[i], None if found is None else found[0]))
            (up, above), (down, below) = ends
            if above is None or below is None:
                columns.append(np.zeros(len(self.names)))
            else:
                columns.append((above - below) / (up - down))
        return np.stack(columns, axis=1)

    def _taken(
        self, shares: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        key = np.asarray(shares, dtype=float).tobytes()
        if key not in self.known:
            self.known[key] = self._averaged(at_shares(self.problem, shares))
        return self.known[key]

    def _averaged(
        self, theta: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Mean over exchanges of what the model expects, and its covariance over their number."""
        solved: dict[int, tuple[NDArray[np.float64], NDArray[np.float64]]] = {}
        parts = []
        for case in self.cases:
            first = self.problem.twin(case)
            if first not in solved:
                try:
                    equilibrium = truce.solve(self.problem.scenario_at(theta, case))
                except (ScenarioError, SolveError):
                    return None
                one = self._of(equilibrium, first)
                if one is None:
                    return None
                solved[first] = one
            parts.append(solved[first])
        count = len(parts)
        mean = np.mean([part[0] for part in parts], axis=0)
        whole = np.sum([part[1] for part in parts], axis=0) / count**2
        floor = LEAST_VARIANCE * np.square(np.maximum(np.abs(self.seen), 1.0))
        return mean, whole + np.diag(floor)

    def _of(
        self, eq: truce.TruceEquilibrium, number: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Mean and covariance of the moments of one exchange's course."""
        if eq.block_days == 0:
            return None
        values, weights = self._drawn(eq, number) if self.simulations else self._exact(eq)
        weights = weights / weights.sum()
        mean = weights @ values
        off = values - mean
        return mean, off.T @ (off * weights[:, None])

    def _exact(self, eq: truce.TruceEquilibrium) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        rows, weights = [], []
        for outcome, chance in eq.course().outcomes:
            if outcome.block_days == 0:
                continue  # of a lottery: no deal
            chunks = math.nan if isinstance(outcome.chunks, str) else float(len(outcome.chunks))
            told = {
                "length": float(outcome.length), "left": outcome.left, "chunks": chunks,
                "block": float(outcome.block_days),
            }  # fmt: skip
            rows.append([told[name] for name in self.names])
            weights.append(chance)
        values = np.array(rows)
        if np.isnan(values).any():
            hint = "give simulations, or leave 'chunks' out"
            allowed = "moments that the course tells exactly"
            raise ArgumentError("moments", "chunks", allowed, hint)
        return values, np.array(weights)

    def _drawn(
        self, eq: truce.TruceEquilibrium, number: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        assert self.simulations is not None
        rng = np.random.default_rng((self.seed, number))
        plays = truce.simulate(eq, self.simulations, rng)
        plays = plays[~plays["sequence"].isin(("none", OTHER_SEQUENCES))]
        told = {
            "length": plays["days"].to_numpy(float),
            "left": plays["captives_left"].to_numpy(float),
            "chunks": plays["sequence"].str.count("-").to_numpy(float) + 1.0,
            "block": plays["sequence"].str.split("-").str[0].to_numpy(float),
        }
        return np.stack([told[n] for n in self.names], axis=1), plays["count"].to_numpy(float)


def _distance(sums: _Moments, shares: NDArray[np.float64], metric: NDArray[np.float64]) -> float:
    """Minus J, -inf where the model has no pause."""
    gap = sums.gap(shares)
    return -math.inf if gap is None else -float(gap @ np.linalg.solve(metric, gap))


def _searched(
    sums: _Moments, points: Sequence[NDArray[np.float64]], metric: NDArray[np.float64]
) -> NDArray[np.float64]:
    ascents = [climb(lambda at: _distance(sums, at, metric), point) for point in points]
    return max(ascents, key=lambda ascent: ascent.value).point


def _middle(bounds: tuple[float, float] | None) -> float:
    return math.nan if bounds is None or math.isinf(bounds[1]) else 0.5 * (bounds[0] + bounds[1])
