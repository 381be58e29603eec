"""How far data narrow a prior, and how far one more day would."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from ceasefire import truce
from ceasefire.calibration._events import derivatives, look
from ceasefire.calibration.likelihood import log_likelihood
from ceasefire.calibration.maximum import NOT_IDENTIFIED
from ceasefire.calibration.observation import DELIVERED, MISSED, Observation, WindowReading
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError, ScenarioError, SolveError
from ceasefire.truce import Ending

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from ceasefire.calibration._events import Looked
    from ceasefire.calibration.problem import Problem
    from ceasefire.truce import TruceEquilibrium

LITTLE = 0.1  # contraction below which data are said to tell nothing of a parameter
LEAST_DRAWS = 50  # even draws below which an expected contraction is called rough
ROUNDING = 1e-12  # part of a chance below which a difference of two is nothing
PRIOR_POINTS = 4001  # of the quantiles that a prior's variance is taken from


def contractions(problem: Problem, draws: ArrayLike) -> pd.DataFrame:
    """Return how much of each prior's variance a posterior has taken away.

        contraction = 1 - Var(posterior) / Var(prior)

    Parameters
    ----------
    problem : Problem
    draws : array, shape (..., n)
        From the posterior, in the order of `problem.names`.

    Returns
    -------
    DataFrame
        parameter, prior_sd, posterior_sd, contraction, note: 'not identified by these data'
        below 0.1. Negative where the data widen a prior.

    Raises
    ------
    ArgumentError
        Draws of another number of parameters, or fewer than two.

    Examples
    --------
    >>> import ceasefire as cf
    >>> from ceasefire import calibration as cal
    >>> problem = cal.Problem(cf.load("november-2023"), (cal.Observation(),),
    ...                       (cal.Parameter("chi", 0.0, 0.1),))
    >>> told = cal.contractions(problem, np.linspace(0.02, 0.04, 101)[:, None])
    >>> told["contraction"].round(2).tolist()
    [0.96]
    """
    import pandas as pd

    values = np.asarray(draws, dtype=float)
    size = len(problem.names)
    if values.ndim < 2 or values.shape[-1] != size or values.size < 2 * size:
        allowed = f"(..., {size}), at least two draws"
        raise ArgumentError("draws", f"shape {values.shape}", allowed)
    prior, posterior = _prior_sd(problem), values.reshape(-1, size).std(axis=0)
    gained = 1.0 - (posterior / prior) ** 2
    note = [NOT_IDENTIFIED if gain < LITTLE else "" for gain in gained]
    columns = {"parameter": problem.names, "prior_sd": prior, "posterior_sd": posterior}
    return pd.DataFrame({**columns, "contraction": gained, "note": note})


def _prior_sd(problem: Problem) -> NDArray[np.float64]:
    """Standard deviations of the priors, from their quantiles."""
    even = (np.arange(PRIOR_POINTS) + 0.5) / PRIOR_POINTS
    grid = np.repeat(even[:, None], len(problem.names), axis=1)
    return np.asarray(problem.theta(grid).std(axis=0))


@dataclass(frozen=True, eq=False)
class NextDay(Displayed):
    """What one more observed day of an exchange would teach.

    Attributes
    ----------
    problem : Problem
    label : str
        The exchange.
    after : int
        Pause days on the record so far; the day that follows may bring `events`.
    events : DataFrame
        event, probability given the record so far; all that can be, so they sum to 1.
    information : DataFrame
        A row a parameter: parameter, information (expected, in shares of the range), sd (of a
        day alone, in shares; inf: nothing).
    """

    problem: Problem = field(repr=False)
    label: str
    after: int
    events: pd.DataFrame = field(repr=False)
    information: pd.DataFrame = field(repr=False)


def next_day(
    problem: Problem, after: int, theta: ArrayLike | None = None, *, exchange: int = 0
) -> NextDay:
    """Return the expected information of the window after a pause day and of the day that follows.

    Parameters
    ----------
    problem : Problem
    after : int
        Pause days on record; what the record says of later days is set aside. 0: the deal is
        made, and the first day has not come.
    theta : array, shape (n,), optional
        Default: the base scenario's values.
    exchange : int
        Number of the exchange in the problem, from 0.

    Raises
    ------
    ArgumentError
        A record so far that cannot be, or days or exchanges that are not there.

    Notes
    -----
    What comes next is one of: the pause ends after day `after`, by cause; or goes on, with so
    many further days agreed or none, the batch of the next day comes or does not, and the day ends
    the pause or not. With chance p_e given the record so far, the information is the sum over e of
    p_e (d log p_e)^2.

    Examples
    --------
    >>> from ceasefire import calibration as cal
    >>> exchange = cal.read("november-2023")
    >>> problem = cal.Problem(exchange.scenario(), (exchange.observation(),),
    ...                       (cal.Parameter("k0", 2.5, 7.5), cal.Parameter("lam", 0.005, 0.2)))
    >>> told = cal.next_day(problem, 4)
    >>> round(float(told.events["probability"].sum()), 9)
    1.0
    """
    import pandas as pd

    so_far = _record_until(problem, after, exchange)
    at = problem.base if theta is None else np.asarray(theta, dtype=float)
    eq = truce.solve(problem.scenario_at(at, exchange))
    chances = next_chances(eq, so_far, after)
    if not chances:
        hint = "look at calibration.log_likelihood(...).terms for the part that cannot be"
        raise ArgumentError("record so far", "probability 0", "a record that can be", hint)
    events = list(chances)

    def again(point: NDArray[np.float64]) -> Looked:
        solved = truce.solve(problem.scenario_at(point, exchange))
        found = next_chances(solved, so_far, after)
        with np.errstate(divide="ignore"):
            told = np.log([found.get(event, 0.0) for event in events])
        return look(solved, told, so_far)

    scores = derivatives(problem, at, again(at), again)
    p = np.array(list(chances.values()))
    information = (scores**2) @ p
    with np.errstate(divide="ignore"):
        sd = np.where(information > 1e-12, 1.0 / np.sqrt(information), np.inf)
    told = pd.DataFrame({"event": events, "probability": p})
    columns = {"parameter": problem.names, "information": information, "sd": sd}
    return NextDay(problem, problem.labels[exchange], after, told, pd.DataFrame(columns))


def _record_until(problem: Problem, after: int, exchange: int) -> Observation:
    """Keep the record of the first days, and that the pause went on after them."""
    if not 0 <= exchange < len(problem.observations):
        allowed = f"0 to {len(problem.observations) - 1}"
        raise ArgumentError("exchange", exchange, allowed)
    seen = problem.observations[exchange]
    if not 0 <= after <= seen.last_day:
        raise ArgumentError("after", after, f"a pause day on record, 0 to {seen.last_day}")
    return replace(
        seen,
        days={day: reading for day, reading in seen.days.items() if day <= after},
        windows={day: reading for day, reading in seen.windows.items() if day < after},
        pause_days=None,
        ongoing_after=after or None,
        endings=None,
        captives_left=None,
    )


def next_chances(eq: TruceEquilibrium, so_far: Observation, after: int) -> dict[str, float]:
    """Chance of each thing that can come next, given a record so far; empty where that is 0."""
    found = {event: _mass(eq, seen) for event, seen in _endings(so_far, after)}
    for event, seen in _following(eq, so_far, after):
        whole = _mass(eq, seen)
        stands = _mass(eq, replace(seen, ongoing_after=after + 1)) if whole > 0.0 else 0.0
        found[event] = stands
        ends = whole - stands  # an incident, or the last day of a chunk without its batch
        found[f"{event}, which ends it"] = ends if ends > ROUNDING * whole else 0.0
    total = sum(found.values())
    return {event: mass / total for event, mass in found.items() if mass > 0.0}


def _endings(so_far: Observation, after: int) -> list[tuple[str, Observation]]:
    """The pause is over before the next day, by cause."""
    over = (float(after), float(after))
    return [
        (f"over: {cause}", replace(so_far, pause_days=over, endings=frozenset({cause})))
        for cause in Ending
        if cause is not Ending.NO_DEAL
    ]


def _following(
    eq: TruceEquilibrium, so_far: Observation, after: int
) -> list[tuple[str, Observation]]:
    """The pause goes on: days agreed, and whether the next batch comes."""
    events = []
    for days in range(eq.parameters.Emax + 1) if after else [0]:
        window = {after: WindowReading(frozenset({days}))} if after else {}
        for batch, reading in (("batch comes", DELIVERED), ("no batch", MISSED)):
            seen = replace(
                so_far,
                windows={**so_far.windows, **window},
                days={**so_far.days, after + 1: reading},
            )
            agreed = f"{days} further day{'s' * (days > 1)} agreed" if days else "goes on"
            events.append((f"{agreed}, {batch}", seen))
    return events


def _mass(eq: TruceEquilibrium, seen: Observation) -> float:
    return math.exp(log_likelihood(eq, seen).total)


@dataclass(frozen=True, eq=False)
class ExpectedContraction(Displayed):
    """What the record so far has narrowed, and what the next day is expected to.

    Attributes
    ----------
    label : str
        The exchange.
    after : int
        Pause days on record.
    table : DataFrame
        parameter, prior_sd, sd (given the record so far), contraction (by it), next (expected part
        of the variance that is left which the next day takes away).
    effective : float
        Number of even draws that the weighted ones are worth; below 50 the table is rough.
    """

    label: str
    after: int
    table: pd.DataFrame = field(repr=False)
    effective: float

    @property
    def enough(self) -> bool:
        """Whether the draws are worth 50 even ones."""
        return self.effective >= LEAST_DRAWS

    @property
    def status(self) -> str:
        """In words: what the draws are worth, and whether that is enough to read the table."""
        worth = f"draws worth {self.effective:.0f} even ones"
        if self.enough:
            return worth
        return f"{worth}: fewer than {LEAST_DRAWS}, so the table is rough; take more draws"


def expected_contraction(
    problem: Problem,
    after: int,
    *,
    exchange: int = 0,
    draws: ArrayLike | None = None,
    count: int = 400,
    seed: int | None = None,
) -> ExpectedContraction:
    """Return what the next observed day is expected to take from what is left of the variance.

        next = 1 - sum over e of P(e) Var(theta | record so far, e) / Var(theta | record so far)

    Parameters
    ----------
    problem : Problem
    after : int
        Pause days on record, as in `next_day`.
    exchange : int
        Whose next day; the others' records count in full.
    draws : array, shape (count, n), optional
        From the posterior given the record so far; default: draws from the prior, weighted by
        the likelihood of the record so far.
    count : int
        Draws from the prior, where none are given.
    seed : int, optional
        Default: the problem's.

    Raises
    ------
    ArgumentError
        As `next_day`; or draws that are not (count, n).
    SolveError
        The record so far cannot be at any draw.

    Notes
    -----
    Each term is exact given the draws, and never negative: on average, learning narrows. Some 30
    filters and one solve a draw.
    """
    import pandas as pd

    so_far = _record_until(problem, after, exchange)
    rng = np.random.default_rng(problem.settings.seed if seed is None else seed)
    points = problem.draw_prior(count, rng) if draws is None else np.asarray(draws, dtype=float)
    if points.ndim != 2 or points.shape[1] != len(problem.names):
        raise ArgumentError("draws", f"shape {points.shape}", f"(count, {len(problem.names)})")
    others = replace(
        problem, observations=_with(problem.observations, exchange, so_far), labels=problem.labels
    )
    told: list[dict[str, float]] = []
    heights = np.full(len(points), -np.inf)
    for i, theta in enumerate(points):
        log = others.log_likelihood(theta)
        chances: dict[str, float] = {}
        if math.isfinite(log):
            try:
                chances = next_chances(
                    truce.solve(problem.scenario_at(theta, exchange)), so_far, after
                )
            except (ScenarioError, SolveError):
                log = -math.inf
        heights[i] = log if draws is None else (0.0 if chances else -math.inf)
        told.append(chances)
    if not np.isfinite(heights).any():
        raise SolveError("the record so far cannot be at any of the draws")
    weights = np.exp(heights - heights.max())
    weights /= weights.sum()
    events = list(dict.fromkeys(event for chances in told for event in chances))
    joint = np.array([[chances.get(event, 0.0) for event in events] for chances in told])
    left, prior = _variance(points, weights), _prior_sd(problem)
    after_day = np.zeros(len(problem.names))
    for column in joint.T:
        share = float(weights @ column)
        after_day += share * _variance(points, weights * column / share) if share > 0.0 else 0.0
    columns = {"parameter": problem.names, "prior_sd": prior, "sd": np.sqrt(left)}
    table = pd.DataFrame(
        {**columns, "contraction": 1.0 - left / prior**2, "next": 1.0 - after_day / left}
    )
    effective = float(1.0 / (weights**2).sum())
    return ExpectedContraction(problem.labels[exchange], after, table, effective)


def _with(
    observations: tuple[Observation, ...], place: int, seen: Observation
) -> tuple[Observation, ...]:
    return (*observations[:place], seen, *observations[place + 1 :])


def _variance(points: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    middle = weights @ points
    return np.asarray(weights @ (points - middle) ** 2)
