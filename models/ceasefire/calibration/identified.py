"""What exchanges can say of the parameters, what this record says, and what neither does."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ceasefire import truce
from ceasefire.calibration._events import STAGES, Looked, Stage, derivatives, look, stages
from ceasefire.calibration.gradients import check_possible
from ceasefire.calibration.likelihood import log_likelihood
from ceasefire.calibration.maximum import (
    NOT_IDENTIFIED,
    curvature,
    doubt,
    width_of,
)
from ceasefire.calibration.profiles import UNITS
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.tolerances import INFORMATION_RANK

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from ceasefire.calibration.problem import Problem
    from ceasefire.calibration.profiles import Profile

NO_EXCHANGE = "no exchange of this kind speaks to it"
UNBOUNDED = "unbounded in range"
ON_A_KINK = "on a kink: no derivative here"
PARTLY = 1e-3  # part of a parameter's own direction that may lie where nothing is said
SHOWN = 0.05  # part of a direction below which a parameter is not named
TRADE = 0.5  # correlation from which two parameters are said to trade off


@dataclass(frozen=True, eq=False)
class Identification(Displayed):
    """Information about the parameters, at theta, in shares of their ranges.

    A direction with information J moves the log-likelihood by J/2 times the square of the part
    of the ranges that it goes; 4 stands for a standard error of half a range.

    Attributes
    ----------
    problem : Problem
    theta : ndarray, shape (n,)
    expected : ndarray, shape (n, n)
        Information of exchanges like those of the problem, each seen in full: the sum over
        all that can happen of its probability times the outer product of its score. nan where a
        parameter lies on a kink.
    record : ndarray, shape (n, n)
        Sum over the parts of the records of the outer products of their scores.
    stages : DataFrame
        Expected information by stage (rows) and parameter (columns): the diagonals, which sum to
        that of `expected`.
    events : DataFrame
        Score of each part of the record given all before: exchange and part (rows), parameter
        (columns).
    profiles : tuple of Profile
        Profile likelihoods of some or all parameters; see :meth:`with_profiles`.
    """

    problem: Problem = field(repr=False)
    theta: NDArray[np.float64]
    expected: NDArray[np.float64] = field(repr=False)
    record: NDArray[np.float64] = field(repr=False)
    stages: pd.DataFrame = field(repr=False)
    events: pd.DataFrame = field(repr=False)
    profiles: tuple[Profile, ...] = field(default=(), repr=False)

    def __repr__(self) -> str:
        """Say the ranks."""
        size = len(self.theta)
        return f"Identification(rank {self.rank} of {size}; of the record {self.record_rank})"

    def with_profiles(self, profiles: Iterable[Profile]) -> Identification:
        """Return the same with profiles, whose widths `table` then tells.

        Parameters
        ----------
        profiles : iterable of Profile
            Of parameters of the problem, by :func:`ceasefire.calibration.profile`.

        Raises
        ------
        ArgumentError
            A profile of another parameter.
        """
        given = tuple(profiles)
        for one in given:
            if one.parameter not in self.problem.names:
                allowed = "some of " + ", ".join(self.problem.names)
                raise ArgumentError("profiles", one.parameter, allowed)
        return replace(self, profiles=given)

    @cached_property
    def observed(self) -> NDArray[np.float64]:
        """Minus the second derivatives of the log-likelihood; nan on kinks and at ends."""
        return curvature(self.problem, self.theta)

    @property
    def rank(self) -> int:
        """Directions that exchanges of this kind speak to."""
        return _rank(self.expected)

    @property
    def record_rank(self) -> int:
        """Directions that the parts of these records speak to; at most as many as parts."""
        return _rank(self.record)

    @cached_property
    def null(self) -> NDArray[np.float64]:
        """Directions of which nothing can be said, shape (n - rank, n); kinks left out."""
        return _null(self.expected)

    @property
    def null_directions(self) -> tuple[str, ...]:
        """The same in words: which parameters may move together, by what parts of their ranges."""
        return tuple(self._told(direction) for direction in self.null)

    @property
    def ridges(self) -> pd.DataFrame:
        """All directions from the least to the best told: sd (in shares; inf: nothing), direction.

        An sd above a half says less than the range does.
        """
        import pandas as pd

        keep, values, vectors = _parts(self.expected)
        rows = []
        for value, vector in zip(values, vectors.T, strict=True):
            whole = np.zeros(len(self.theta))
            whole[keep] = vector
            small = value <= INFORMATION_RANK * values[-1]
            rows.append((math.inf if small else 1.0 / math.sqrt(value), self._told(whole)))
        return pd.DataFrame(rows, columns=["sd", "direction"])

    @cached_property
    def covariance(self) -> NDArray[np.float64]:
        """Inverse of `expected` on what is identified, in shares; nan for all else."""
        keep, values, vectors = _parts(self.expected)
        fine = values > INFORMATION_RANK * values[-1] if values.size else np.zeros(0, dtype=bool)
        inner = (vectors[:, fine] / values[fine]) @ vectors[:, fine].T
        found = np.full_like(self.expected, np.nan)
        found[np.ix_(keep, keep)] = inner
        lost = ~self._spoken
        found[lost, :] = found[:, lost] = np.nan
        return found

    @property
    def pairs(self) -> pd.DataFrame:
        """Pairs by how they trade off: first, second, correlation (of the inverse), trade_off."""
        import pandas as pd

        names, cov = self.problem.names, self.covariance
        rows = []
        for i in range(len(names)):
            for j in range(i):
                size = math.sqrt(cov[i, i] * cov[j, j]) if cov[i, i] * cov[j, j] > 0.0 else math.nan
                rows.append((names[j], names[i], cov[i, j] / size if size > 0.0 else math.nan))
        found = pd.DataFrame(rows, columns=["first", "second", "correlation"])
        found["trade_off"] = found["correlation"].abs() >= TRADE
        order = found["correlation"].abs().sort_values(ascending=False, kind="stable").index
        return found.loc[order].reset_index(drop=True)

    @property
    def table(self) -> pd.DataFrame:
        """What the records speak to, a row a parameter.

        Columns: parameter, value, expected and record (information); standard_error: in the
        parameter's own unit after exchanges like these, seen in full, nan where the data cannot
        give one; note: why not; profile_width: share of the range within 2 log units of the
        maximum by the parameter's profile, all others at their best (from end to end, and 1 where
        the set reaches both ends of the range; nan where no profile was made); profile_set: the
        same in values, or that it is unbounded in the range.
        """
        import pandas as pd

        rows = []
        for j, name in enumerate(self.problem.names):
            share, note = self._share(j)
            unit = width_of(self.problem, j, float(self.theta[j]))
            values = float(self.expected[j, j]), float(self.record[j, j])
            rows.append(
                (name, float(self.theta[j]), *values, share * unit, note, *self._profiled(j))
            )
        columns = ["parameter", "value", "expected", "record", "standard_error", "note"]
        return pd.DataFrame(rows, columns=[*columns, "profile_width", "profile_set"])

    def _profiled(self, j: int) -> tuple[float, str]:
        """Width of the profile's set as a share of the range, and the set in words."""
        entry, name = self.problem.entries[j][0], self.problem.names[j]
        one = next((one for one in self.profiles if one.parameter == name), None)
        if one is None:
            return math.nan, ""
        found = one.within(UNITS)
        if math.isnan(found.low):
            return math.nan, "empty: the maximum lies elsewhere"
        told = str(found) if found.identified else UNBOUNDED
        pieces = "" if found.whole else ", not in one piece"
        return entry.share(found.high) - entry.share(found.low), told + pieces

    @cached_property
    def _spoken(self) -> NDArray[np.bool_]:
        """Which parameters lie in what exchanges speak to."""
        inside = np.isfinite(np.diag(self.expected))
        lost = (self.null**2).sum(axis=0) > PARTLY**2
        return np.asarray(inside & ~lost)

    def _share(self, j: int) -> tuple[float, str]:
        if not math.isfinite(self.expected[j, j]):
            return math.nan, ON_A_KINK
        if not self._spoken[j]:
            alone = bool(np.abs(self.expected[j]).max() <= _floor(self.expected))
            others = "" if alone else " apart from others"
            return math.nan, NO_EXCHANGE + others
        share = math.sqrt(self.covariance[j, j])
        note = doubt(share, self.problem.entries[j][0].share(float(self.theta[j])))
        return (math.nan if note else share), note

    def _told(self, direction: NDArray[np.float64]) -> str:
        """Return a direction as parameters with the parts of their ranges that it moves them."""
        turned = direction * (1.0 if direction[np.abs(direction).argmax()] > 0.0 else -1.0)
        order = [j for j in np.argsort(-np.abs(turned), kind="stable") if abs(turned[j]) >= SHOWN]
        return ", ".join(f"{self.problem.names[j]} {turned[j]:+.2f}" for j in order)


def identification(problem: Problem, theta: ArrayLike | None = None) -> Identification:
    """Return what exchanges like those of a problem, and their records, say of its parameters.

    Parameters
    ----------
    problem : Problem
    theta : array, shape (n,), optional
        Where; default: the base scenario's values.

    Raises
    ------
    ArgumentError
        A record that cannot be at theta, or theta outside the ranges.
    ScenarioError, SolveError
        The model refuses theta, or has no solution there.

    Notes
    -----
    The expected information is exact but for differences: with stages s that are come to with
    chance r_s and there bring e with chance p_e,

        J = sum_s r_s sum_e p_e (d log p_e)(d log p_e)',

    all e enumerated: the pilot, whether talks open, day, outcome and blackout of the talks, the
    block, and every course behind every block. What is given in an observation is given here. Four
    solves a parameter and exchange, eight where kinks or ends of ranges are near.

    Examples
    --------
    >>> from ceasefire import calibration as cal
    >>> exchange = cal.read("november-2023")
    >>> problem = cal.Problem(exchange.scenario(), (exchange.observation(),),
    ...                       (cal.Parameter("lam", 0.005, 0.2), cal.Parameter("rho", 0.05, 0.5)))
    >>> cal.identification(problem).rank
    2
    """
    import pandas as pd

    at = problem.base if theta is None else np.asarray(theta, dtype=float)
    if np.any(at < problem.low) or np.any(at > problem.high):
        raise ArgumentError("theta", at.tolist(), "values within the ranges")
    size = len(problem.names)
    expected, record = np.zeros((size, size)), np.zeros((size, size))
    by_stage = {name: np.zeros(size) for name in STAGES}
    parts: dict[tuple[str, str], NDArray[np.float64]] = {}
    for case, label in enumerate(problem.labels):
        found = _case(problem, at, case)
        for part, score in zip(found.parts, found.scores.T[: len(found.parts)], strict=True):
            parts[label, part] = score
            record += np.outer(score, score)
        first = len(found.parts)
        for stage in found.stages:
            chances = np.array([p for p in stage.chances.values() if p > 0.0])
            scores = found.scores[:, first : first + chances.size]
            first += chances.size
            inner = stage.reach * (scores * chances) @ scores.T
            expected += inner
            by_stage[stage.name] += np.diag(inner)
    names = list(problem.names)
    index = pd.MultiIndex.from_tuples(list(parts), names=["exchange", "part"])
    events = pd.DataFrame(list(parts.values()), index=index, columns=names)
    told = pd.DataFrame.from_dict(by_stage, orient="index", columns=names).rename_axis("stage")
    return Identification(problem, at, expected, record, told, events)


@dataclass(frozen=True, eq=False)
class _Case:
    """Scores in one exchange: first of the parts of its record, then of all events."""

    parts: list[str]
    stages: list[Stage]
    scores: NDArray[np.float64]


def _case(problem: Problem, theta: NDArray[np.float64], case: int) -> _Case:
    seen = problem.observations[case]
    eq = truce.solve(problem.scenario_at(theta, case))
    record = log_likelihood(eq, seen)
    check_possible(record)
    here = stages(eq, seen)
    wanted = [[event for event, p in stage.chances.items() if p > 0.0] for stage in here]

    def again(point: NDArray[np.float64]) -> Looked:
        solved = truce.solve(problem.scenario_at(point, case))
        told = list(log_likelihood(solved, seen).split().values())
        found = stages(solved, seen)
        if [stage.name for stage in found] != [stage.name for stage in here]:
            return look(solved, [], seen)
        for stage, events in zip(found, wanted, strict=True):
            chances = np.array([stage.chances.get(event, 0.0) for event in events])
            with np.errstate(divide="ignore"):
                told += np.log(chances).tolist()
        return look(solved, told, seen)

    scores = derivatives(problem, theta, again(theta), again)
    return _Case(list(record.split()), here, scores)


def _parts(
    information: NDArray[np.float64],
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Parameters off kinks, then eigenvalues from the least on, and eigenvectors in columns."""
    keep = np.flatnonzero(np.isfinite(np.diag(information)))
    values, vectors = np.linalg.eigh(information[np.ix_(keep, keep)])
    return keep, np.maximum(values, 0.0), vectors


def _floor(information: NDArray[np.float64]) -> float:
    _, values, _ = _parts(information)
    return INFORMATION_RANK * float(values[-1]) if values.size else 0.0


def _rank(information: NDArray[np.float64]) -> int:
    _, values, _ = _parts(information)
    return int((values > _floor(information)).sum())


def _null(information: NDArray[np.float64]) -> NDArray[np.float64]:
    """Directions without information: single parameters first, then what is left of them."""
    keep, _, _ = _parts(information)
    floor = _floor(information)
    alone = [j for j in keep if np.abs(information[j, keep]).max() <= floor]
    rest = np.array([j for j in keep if j not in alone], dtype=int)
    rows = [np.eye(len(information))[j] for j in alone]
    if rest.size:
        values, vectors = np.linalg.eigh(information[np.ix_(rest, rest)])
        for vector in vectors.T[values <= floor]:
            row = np.zeros(len(information))
            row[rest] = vector
            rows.append(row)
    return np.array(rows).reshape(-1, len(information))


@dataclass(frozen=True, eq=False)
class PlausibleSet(Displayed):
    """Values within some log units of the best.

    Attributes
    ----------
    problem : Problem
    units : float
    best : float
        Largest log-likelihood seen, or the one that was given.
    share : float
        Of the prior's mass that lies in the set, by points spread evenly.
    share_low, share_high : float
        95 % interval of that share.
    members : ndarray, shape (count, n)
        Points of the set that were seen, among the even ones and around them.
    points : int
        Even points looked at.
    """

    problem: Problem = field(repr=False)
    units: float
    best: float
    share: float
    share_low: float
    share_high: float
    members: NDArray[np.float64] = field(repr=False)
    points: int

    @property
    def table(self) -> pd.DataFrame:
        """Hull of the members: parameter, low, high, part (of the prior's mass), note."""
        import pandas as pd

        units = self.problem.unit(self.members)
        low, high = self.members.min(axis=0), self.members.max(axis=0)
        part = np.ptp(units, axis=0)
        note = [NOT_IDENTIFIED if width >= WHOLE else "" for width in part]
        columns = {"parameter": self.problem.names, "low": low, "high": high, "part": part}
        return pd.DataFrame({**columns, "note": note})


WHOLE = 0.95  # part of a prior that points must span for the set to say nothing of a parameter


def plausible_set(
    problem: Problem,
    *,
    units: float = 2.0,
    points: int = 512,
    rounds: int = 4,
    best: float = -math.inf,
    seed: int | None = None,
) -> PlausibleSet:
    """Find the values whose log-likelihood is within some units of the best.

    Parameters
    ----------
    problem : Problem
    units : float
        Log units below the best.
    points : int
        Of a Latin hypercube in prior probabilities; as many again, over all rounds, near members.
    rounds : int
        Each looks around the members so far, half as far as the one before.
    best : float
        A maximum that is known, such as `maximise(problem).log_likelihood`.
    seed : int, optional
        Default: the problem's.

    Raises
    ------
    ArgumentError
        Fewer than 16 points, or units that are not positive.

    Notes
    -----
    The share counts even points alone, so it is unbiased given `best`; the hull counts all and
    can only be too small. About 2 x points solves an exchange.
    """
    from scipy.stats import binomtest, qmc

    if points < 16 or not units > 0.0:
        raise ArgumentError("points and units", (points, units), "at least 16, and above 0")
    key = problem.settings.seed if seed is None else seed
    rng = np.random.default_rng(key)
    cube = qmc.LatinHypercube(len(problem.names), rng=rng).random(points)
    values = np.array([problem.log_likelihood(problem.theta(point)) for point in cube])
    near, heights = cube, values
    for turn in range(rounds):
        inside = near[heights >= max(best, float(heights.max())) - units]
        if not inside.size:
            break
        start = inside[rng.integers(len(inside), size=points // rounds)]
        spread = np.maximum(np.ptp(inside, axis=0), 0.05) * 0.5 ** (turn + 1)
        moved = np.clip(start + spread * rng.normal(size=start.shape), 0.0, 1.0)
        near = np.concatenate((near, moved))
        fresh = [problem.log_likelihood(problem.theta(point)) for point in moved]
        heights = np.concatenate((heights, fresh))
    top = max(best, float(heights.max()))
    if not math.isfinite(top):
        raise ArgumentError("problem", "log-likelihood -inf at all points", "records that can be")
    hits = int((values >= top - units).sum())
    ends = binomtest(hits, points).proportion_ci(0.95)
    members = problem.theta(near[heights >= top - units])
    share = hits / points
    return PlausibleSet(
        problem, units, top, share, float(ends.low), float(ends.high), members, points
    )
