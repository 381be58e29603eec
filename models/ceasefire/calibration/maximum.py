"""Maximum likelihood from many starts, with a certificate and honest standard errors."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from ceasefire.calibration._calls import as_made
from ceasefire.calibration._climb import Ascent, climb
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError, SolveError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Executor

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from ceasefire.calibration.problem import Problem

SCREENED = 16  # points looked at for each start that is taken
SAME = 0.01  # log units within which two ascents tell of the same height
STEPS = (0.02, 1e-3, 1e-4)  # of the ranges, of the pattern test
DIRECTIONS = 32  # random ones of the pattern test
SECOND = 2e-3  # of the ranges, step of second differences
AGREE = 0.1  # relative change of a second difference at half its step that is no kink
EDGE = 1e-6  # of a range, at which an estimate lies at its end
SIDES: Final = 1.96  # standard errors to each side that the range must hold
NOT_IDENTIFIED = "not identified by these data"
WEAKLY = "weakly identified: 1.96 standard errors reach past an end of its range"


def doubt(error: float, share: float) -> str:
    """Why a standard error, a share of the range, is not given at a share; '' where it is.

    Where 1.96 of it reach past an end of the range, the data do not confine the parameter on that
    side: a symmetric error would tell of the range that we set, not of them.
    """
    if SIDES * error <= min(share, 1.0 - share):
        return ""
    return WEAKLY if error <= 1.0 else NOT_IDENTIFIED


def undoubted(
    problem: Problem, theta: NDArray[np.float64], spread: NDArray[np.float64]
) -> pd.Series[float]:
    """Standard errors by name in the parameters' units from shares; nan where there is a doubt."""
    import pandas as pd

    shares, errors = shares_of(problem, theta), np.full(len(theta), np.nan)
    for i, error in enumerate(spread):
        if math.isfinite(error) and not doubt(error, shares[i]):
            errors[i] = error * width_of(problem, i, float(theta[i]))
    return pd.Series(errors, index=list(problem.names), name="standard_error")


def estimates(
    problem: Problem, theta: NDArray[np.float64], errors: pd.Series[float], notes: pd.Series[str]
) -> pd.DataFrame:
    """Return a row a parameter: estimate, standard_error, from, to, note."""
    import pandas as pd

    return pd.DataFrame(
        {
            "parameter": list(problem.names),
            "estimate": theta,
            "standard_error": errors.to_numpy(),
            "from": problem.low,
            "to": problem.high,
            "note": notes.to_numpy(),
        }
    )


@dataclass(frozen=True)
class PatternTest:
    """Certificate of a maximum: what the best of many small moves away from it would gain.

    Attributes
    ----------
    gain : float
        Largest gain in log-likelihood over moves of 2 %, 0.1 % and 0.01 % of the ranges along each
        axis both ways, and in 32 random directions; 0 where none gains.
    moves : int
        How many were tried.
    passed : bool
        Whether no move gains more than 1e-3 log units, far below the 2 units of an interval.
    """

    gain: float
    moves: int
    allowed: float = 1e-3

    @property
    def passed(self) -> bool:
        """Whether the gain is within what is allowed."""
        return self.gain <= self.allowed


@dataclass(frozen=True, eq=False)
class Maximum(Displayed):
    """A maximum of the likelihood.

    Attributes
    ----------
    problem : Problem
        Of what.
    theta : ndarray, shape (n,)
        The estimates.
    log_likelihood : float
        There.
    ascents : tuple of Ascent
        Local searches, one a start.
    """

    problem: Problem
    theta: NDArray[np.float64]
    log_likelihood: float
    ascents: tuple[Ascent, ...] = field(repr=False)

    def __repr__(self) -> str:
        """Say the estimates and the height."""
        told = ", ".join(
            f"{n}={x:.4g}" for n, x in zip(self.problem.names, self.theta, strict=True)
        )
        return f"Maximum({told}; log-likelihood {self.log_likelihood:.4f})"

    @property
    def estimates(self) -> pd.Series[float]:
        """Estimates by name."""
        import pandas as pd

        return pd.Series(self.theta, index=list(self.problem.names), name="estimate")

    @property
    def reached(self) -> int:
        """How many starts came within 0.01 log units of the best."""
        return sum(ascent.value >= self.log_likelihood - SAME for ascent in self.ascents)

    @cached_property
    def certificate(self) -> PatternTest:
        """Pattern test at the estimates, from fresh solves."""
        return pattern_test(self.problem, self.theta)

    @cached_property
    def bounds(self) -> pd.Series[str]:
        """'lower' or 'upper' by name, where the estimate lies at that end of its range, else ''."""
        import pandas as pd

        shares = shares_of(self.problem, self.theta)
        ends = np.where(shares <= EDGE, "lower", np.where(shares >= 1.0 - EDGE, "upper", ""))
        return pd.Series([str(end) for end in ends], index=list(self.problem.names))

    @cached_property
    def curvature(self) -> NDArray[np.float64]:
        """Minus the second derivatives in shares of the ranges, shape (n, n).

        nan where a parameter lies at an end of its range or a kink lies within the steps.
        """
        return curvature(self.problem, self.theta)

    @cached_property
    def _spread(self) -> NDArray[np.float64]:
        """Roots of the diagonal of the inverse information, in shares of the ranges."""
        spread = np.full(len(self.theta), np.nan)
        inside = np.flatnonzero((self.bounds == "").to_numpy())
        block = self.curvature[np.ix_(inside, inside)]
        if len(inside) and np.isfinite(block).all() and np.linalg.eigvalsh(block).min() > 0.0:
            spread[inside] = np.sqrt(np.diag(np.linalg.inv(block)))
        return spread

    @cached_property
    def standard_errors(self) -> pd.Series[float]:
        """Standard errors by name, nan where there is none to give.

        From the inverse of the observed information over the parameters inside their
        ranges, those at an end held there. None is given at an end, on a kink, where the
        information is not positive definite, or where 1.96 of it reach past an end of the range:
        it would tell of the range that we set and not of the data.
        """
        return undoubted(self.problem, self.theta, self._spread)

    @cached_property
    def notes(self) -> pd.Series[str]:
        """By name, why there is no standard error; '' where there is one."""
        import pandas as pd

        told, shares = [], shares_of(self.problem, self.theta)
        for i, name in enumerate(self.problem.names):
            if self.bounds[name]:
                told.append(f"at the {self.bounds[name]} end of its range")
            elif not math.isfinite(self.curvature[i, i]):
                told.append("on a kink")
            elif math.isfinite(self._spread[i]):
                told.append(doubt(self._spread[i], shares[i]))
            elif np.isnan(np.diag(self.curvature)[(self.bounds == "").to_numpy()]).any():
                told.append("others are on a kink")
            else:
                told.append(NOT_IDENTIFIED)
        return pd.Series(told, index=list(self.problem.names))

    def table(self) -> pd.DataFrame:
        """A row a parameter: estimate, standard_error, from, to, note."""
        return estimates(self.problem, self.theta, self.standard_errors, self.notes)

    @property
    def status(self) -> str:
        """In words: how many starts agree, and what the certificate says."""
        test = self.certificate
        passed = (
            "no small move gains" if test.gain <= 0.0 else f"a small move gains {test.gain:.2g}"
        )
        return (
            f"log-likelihood {self.log_likelihood:.4f}; {self.reached} of {len(self.ascents)} "
            f"starts came within {SAME} of it; {passed} ({test.moves} moves)"
        )


def maximise(
    problem: Problem,
    *,
    starts: int | None = None,
    seed: int | None = None,
    done: Mapping[int, Ascent] | None = None,
    keep: Callable[[int, Ascent], None] | None = None,
    executor: Executor | None = None,
) -> Maximum:
    """Maximise the likelihood over the ranges of a problem's parameters.

    Parameters
    ----------
    problem : Problem
        What is estimated; its settings are the defaults of the rest.
    starts : int, optional
        Local searches: one from the base scenario, the others from the best and most spread of
        16 times as many points of a Latin hypercube over the ranges.
    seed : int, optional
        Of the hypercube.
    done : mapping of int to Ascent, optional
        Start number -> a search already made, to go on from a checkpoint.
    keep : function (start number, ascent) -> None, optional
        Called after every search.
    executor : Executor, optional
        Searches are sent to its processes; the result does not depend on it.

    Raises
    ------
    ArgumentError
        `starts` is not positive.
    SolveError
        The likelihood is 0 wherever it was looked at.

    Notes
    -----
    Each search is quasi-Newton steps and a pattern search in turn, which needs no derivatives
    and so passes kinks, where an opportunist's mixing or the best block changes. A global
    maximum is not promised: `reached` says how many starts agree, `certificate` that no small
    move gains. Priors play no part. Some hundred solves a start.

    Examples
    --------
    >>> from ceasefire import calibration as cal
    >>> exchange = cal.read("november-2023")
    >>> problem = cal.Problem(exchange.scenario(), (exchange.observation(),),
    ...                       (cal.Parameter("lam", 0.005, 0.2),))
    >>> found = cal.maximise(problem, starts=2)
    >>> found.theta.round(3), found.certificate.passed
    (array([0.035]), True)
    """
    count = problem.settings.starts if starts is None else starts
    if count < 1:
        raise ArgumentError("starts", count, "a whole number from 1")
    finished = dict(done or {})
    if len(finished) < count:
        key = problem.settings.seed if seed is None else seed
        points = spread_starts(problem, count, key, lambda at: _height(problem, at))
        missing = [i for i in range(len(points)) if i not in finished]
        calls = {i: (problem, points[i]) for i in missing}
        for i, ascent in as_made(_search, calls, executor):
            finished[i] = ascent
            if keep is not None:
                keep(i, ascent)
    ascents = tuple(finished[i] for i in sorted(finished))
    best = max(ascents, key=lambda ascent: ascent.value)
    if not math.isfinite(best.value):
        hint = "look at calibration.log_likelihood(...).terms for the part that cannot be"
        raise SolveError(f"the likelihood is 0 at every point looked at; {hint}")
    return Maximum(problem, at_shares(problem, best.point), best.value, ascents)


def pattern_test(problem: Problem, theta: ArrayLike) -> PatternTest:
    """Return what the best of many small moves away from theta would gain."""
    shares, rng = shares_of(problem, np.asarray(theta, dtype=float)), np.random.default_rng(0)
    size = len(shares)
    axes = np.concatenate((np.eye(size), -np.eye(size)))
    random = rng.normal(size=(DIRECTIONS, size))
    random /= np.linalg.norm(random, axis=1, keepdims=True)
    here, best, moves = problem.log_likelihood(theta), 0.0, 0
    for step in STEPS:
        for direction in (*axes, *random):
            moved = np.clip(shares + step * direction, 0.0, 1.0)
            best = max(best, problem.log_likelihood(at_shares(problem, moved)) - here)
            moves += 1
    return PatternTest(best, moves)


def curvature(problem: Problem, theta: ArrayLike) -> NDArray[np.float64]:
    """Minus the second derivatives of the log-likelihood in shares of the ranges, shape (n, n).

    Central second differences at steps of 0.2 % and 0.1 %; nan where they differ by more than
    a tenth (of the larger diagonal entries), where a range ends within a step, or where the
    likelihood is 0.
    """
    shares = shares_of(problem, np.asarray(theta, dtype=float))
    wide, near = (_second(problem, shares, step) for step in (SECOND, 0.5 * SECOND))
    size = np.sqrt(np.abs(np.outer(np.diag(near), np.diag(near))))
    with np.errstate(invalid="ignore"):
        rough = ~(np.abs(wide - near) <= AGREE * np.maximum(size, 1.0))
    return np.where(rough, np.nan, -near)


def at_shares(problem: Problem, shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Theta at shares of the ranges."""
    return np.array([p.at(float(s)) for (p, _), s in zip(problem.entries, shares, strict=True)])


def _second(problem: Problem, shares: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    size = len(shares)
    inside = (shares >= step) & (shares <= 1.0 - step)
    seen: dict[tuple[int, ...], float] = {}

    def value(*moves: int) -> float:
        """Log-likelihood after moves along axes, numbered from 1, by their sign."""
        if moves not in seen:
            moved = shares.copy()
            for move in moves:
                moved[abs(move) - 1] += math.copysign(step, move)
            seen[moves] = problem.log_likelihood(at_shares(problem, moved))
        return seen[moves]

    found = np.full((size, size), np.nan)
    for i in np.flatnonzero(inside):
        a = int(i) + 1
        found[i, i] = (value(a) - 2.0 * value() + value(-a)) / step**2
        for j in np.flatnonzero(inside[:i]):
            b = int(j) + 1
            cross = value(a, b) + value(-a, -b) - value(a, -b) - value(-a, b)
            found[i, j] = found[j, i] = cross / (4.0 * step**2)
    return np.where(np.isfinite(found), found, np.nan)


def spread_starts(
    problem: Problem, count: int, seed: int, height: Callable[[NDArray[np.float64]], float]
) -> list[NDArray[np.float64]]:
    """Return the base, then the best of a Latin hypercube that keep their distance, as shares."""
    from scipy.stats import qmc

    base = shares_of(problem, problem.base)
    if count == 1 and height(base) > -math.inf:
        return [base]
    cube = qmc.LatinHypercube(len(base), rng=np.random.default_rng(seed)).random(SCREENED * count)
    values = np.array([height(point) for point in cube])
    order = [i for i in np.argsort(-values, kind="stable") if values[i] > -math.inf]
    apart = 0.5 / count ** (1.0 / len(base))
    taken: list[NDArray[np.float64]] = [base]
    spare: list[NDArray[np.float64]] = []
    for i in order:
        near = min(float(np.abs(cube[i] - other).max()) for other in taken)
        (taken if near >= apart else spare).append(cube[i])
    return (taken + spare)[:count]


def _search(problem: Problem, start: NDArray[np.float64]) -> Ascent:
    return climb(lambda shares: _height(problem, shares), start)


def _height(problem: Problem, shares: NDArray[np.float64]) -> float:
    return problem.log_likelihood(at_shares(problem, shares))


def shares_of(problem: Problem, theta: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return theta in shares of the ranges."""
    return np.array([p.share(float(x)) for (p, _), x in zip(problem.entries, theta, strict=True)])


def width_of(problem: Problem, entry: int, value: float) -> float:
    """Derivative of a parameter in its share of the range."""
    one = problem.entries[entry][0]
    return value * math.log(one.high / one.low) if one.logarithmic else one.high - one.low
