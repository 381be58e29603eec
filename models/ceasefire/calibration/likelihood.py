"""The exact likelihood of what was seen of an exchange under the solved truce."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ceasefire import truce
from ceasefire.calibration._filter import End, Followed, fits, follow
from ceasefire.calibration._talks import chances
from ceasefire.calibration.observation import DEAL, NOT_OPENED, Observation, TalksReading
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.tolerances import CAPTIVES_LEFT
from ceasefire.truce import Ending
from ceasefire.truce._kernels import sigmoid
from ceasefire.truce.course import LEFT_DECIMALS
from ceasefire.truce.opening import head_values, nash_products

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from ceasefire.truce import Scenario, TruceEquilibrium

STAGE_PARTS = ("pilot", "talks", "block")


@dataclass(frozen=True, eq=False)
class Likelihood(Displayed):
    """Log-likelihood of an observation, split by part.

    Attributes
    ----------
    total : float
        Natural logarithm of the likelihood; -inf for what cannot be under the scenario.
    equilibrium : TruceEquilibrium
        Under which it was taken.
    observation : Observation
        What was seen.
    masses : mapping of str to float
        Part -> chance of all readings up to and with that part, in the order of time.
    ends : mapping of End to float
        Chance of each way to end together with all readings.
    beliefs : mapping of int to tuple of float
        First block in days -> beliefs at which its batches were due.
    """

    total: float
    equilibrium: TruceEquilibrium = field(repr=False)
    observation: Observation = field(repr=False)
    masses: Mapping[str, float] = field(repr=False)
    ends: Mapping[End, float] = field(repr=False)
    beliefs: Mapping[int, tuple[float, ...]] = field(repr=False)

    @cached_property
    def terms(self) -> pd.DataFrame:
        """A row a part of the record, in the order of time; the terms sum to `total`.

        Columns: part ('pilot', 'talks', 'block', 'window 0', 'day 1', 'window 1', ..., 'ending'),
        log_probability: of the readings of that part given all readings before it. 'window 0' is
        the list of the first block; the bounds on the pause's length count where the play ends or
        goes on; cause and captives left count in 'ending'.
        """
        import pandas as pd

        columns = ["part", "log_probability"]
        return pd.DataFrame(list(self.split().items()), columns=columns)

    def split(self) -> dict[str, float]:
        """Part -> log-probability given all before, as in `terms`."""
        found, before = {}, 0.0
        for part, mass in self.masses.items():
            now = math.log(mass) if mass > 0.0 else -math.inf
            found[part] = now - before if before > -math.inf else math.nan
            before = now
        return found

    @cached_property
    def outcomes(self) -> pd.DataFrame:
        """How the exchange ended or will end, given all that was seen; a row an outcome.

        Columns: days, captives_left, cause, probability (sums to 1). Empty where the likelihood
        is 0.
        """
        import pandas as pd

        whole = sum(self.ends.values())
        rows = [
            (end.length, end.left, str(end.ending), mass / whole)
            for end, mass in sorted(self.ends.items(), key=lambda item: _order(item[0]))
            if mass > 0.0
        ]
        return pd.DataFrame(rows, columns=["days", "captives_left", "cause", "probability"])


def log_likelihood(model: Scenario | TruceEquilibrium, observation: Observation) -> Likelihood:
    """Return the exact log-likelihood of an observation.

    The mean, over all plays of the scenario's equilibrium, of the product of the readings:

        L = sum over plays of P(play) * reading(play),

    with types drawn from the prior, the pilot, the opening and the daily chain of the talks, the
    block, relay failures, offers, acceptances, lists, deliveries, incidents, stays and
    leaves each at their equilibrium chances, and beliefs following Bayes' rule along the play.
    Whatever was not observed is summed out; nothing is drawn and nothing interpolated.

    Parameters
    ----------
    model : Scenario or TruceEquilibrium
        A scenario is solved first.
    observation : Observation
        What was seen.

    Raises
    ------
    ArgumentError
        The scenario has an extension switched on, or another pilot than the one observed, or too
        few blocks for the one given.
    SolveError
        The scenario has no solution.

    Notes
    -----
    A forward filter over the public states: cost grows with nodes x distinct beliefs, and with
    the number of first blocks where the block was not observed. Without a pilot release where
    one was expected, the captor is known for an opportunist (belief 0) and talks, block and course
    go on from there. Where two blocks tie, `block_precision=inf` takes the model's lottery, with
    the chance of opening that each block brings; else opening has its chance over the lottery.

    Examples
    --------
    >>> import ceasefire as cf
    >>> from ceasefire import calibration
    >>> seen = calibration.Observation(given=frozenset({"pilot", "talks", "block"}),
    ...                                block_days=4, pause_days=(7, 7))
    >>> found = calibration.log_likelihood(cf.load("november-2023"), seen)
    >>> round(2.718281828 ** found.total, 3)
    0.563
    """
    equilibrium = _solved(model)
    _check(equilibrium, observation)
    told = _Told(equilibrium, observation)
    return told.likelihood()


def _solved(model: Scenario | TruceEquilibrium) -> TruceEquilibrium:
    scenario = model if isinstance(model, truce.Scenario) else model.scenario
    if scenario.extensions:
        hint = f'switch it off: scenario.replace({{"{scenario.extensions[0]}": "off"}})'
        allowed = "a scenario of the base model"
        raise ArgumentError("model", ", ".join(scenario.extensions), allowed, hint)
    return truce.solve(model) if isinstance(model, truce.Scenario) else model


def _check(equilibrium: TruceEquilibrium, seen: Observation) -> None:
    size = equilibrium.parameters.x_p
    if seen.pilot_captives is not None and abs(seen.pilot_captives - size) > CAPTIVES_LEFT:
        hint = "a term, not a draw: change pilot.captives of the scenario"
        raise ArgumentError("observation.pilot_captives", seen.pilot_captives, f"{size:g}", hint)
    if "block" in seen.given and (seen.block_days or 0) > len(equilibrium.lines):
        hint = "raise terms.block_days_max of the scenario"
        allowed = f"at most {len(equilibrium.lines)} days where the block is given"
        raise ArgumentError("observation.block_days", seen.block_days, allowed, hint)


class _Branch(NamedTuple):
    """A belief after the pilot, the chance of coming to it, and whether the captor matched it."""

    trust: float
    chance: float
    matched: bool = True


class _Told:
    """Sums over the stages before the pause, and over first blocks."""

    def __init__(self, equilibrium: TruceEquilibrium, seen: Observation) -> None:
        self.eq, self.seen, self.p = equilibrium, seen, equilibrium.parameters
        self.masses: dict[str, float] = {"pilot": 0.0, "talks": 0.0, "block": 0.0}
        self.followed: list[tuple[float, Followed]] = []
        self.ends: dict[End, float] = {}
        self.beliefs: dict[int, tuple[float, ...]] = {}
        self.lost = 0.0  # chance of plays without a pause that fit all readings

    def likelihood(self) -> Likelihood:
        for branch in self._branches():
            self.masses["pilot"] += branch.chance
            self._branch(branch)
        self._course()
        total = sum(self.ends.values())
        self.masses["ending"] = total
        log = math.log(total) if total > 0.0 else -math.inf
        beliefs = dict(self.beliefs)
        return Likelihood(log, self.eq, self.seen, self.masses, self.ends, beliefs)

    def _branches(self) -> Iterator[_Branch]:
        pilot, p = self.eq.pilot, self.p
        if "pilot" in self.seen.given:
            yield _Branch(self.eq.trust, 1.0)
        elif p.x_p == 0.0:
            if self.seen.pilot is not True:
                yield _Branch(self.eq.trust, 1.0)
        else:
            made = p.pi0 + (1.0 - p.pi0) * pilot.matched
            if self.seen.pilot is not False:
                yield _Branch(self.eq.trust, made)
            if self.seen.pilot is not True and made < 1.0:
                yield _Branch(0.0, 1.0 - made, matched=False)

    def _branch(self, branch: _Branch) -> None:
        """Talks and block of one branch."""
        deal, lost = self._talks()
        for days, share, opened in self._blocks(branch):
            no_deal = branch.chance * share * lost(opened)
            agreed = branch.chance * share * deal(opened)
            self.masses["talks"] += no_deal + agreed
            self._lose(no_deal)
            if days == 0:
                if self.seen.block_days in (None, 0):
                    self.masses["block"] += agreed
                    self._lose(agreed, talks_ended=True)
            elif self.seen.block_days in (None, days) and agreed > 0.0:
                self.masses["block"] += agreed
                found = follow(self.eq.line(days), branch.trust, self.seen)
                self.followed.append((agreed, found))
                self.beliefs[days] = self.beliefs.get(days, ()) + found.beliefs

    def _lose(self, mass: float, *, talks_ended: bool = False) -> None:
        """A play without a pause."""
        end = End(0, round(self.p.W0, LEFT_DECIMALS), Ending.NO_DEAL)
        block = self.seen.block_days is None or talks_ended
        mass *= self.seen.over_after(0)
        if mass > 0.0 and block and self.seen.ongoing_after is None and fits(self.seen, end):
            self.ends[end] = self.ends.get(end, 0.0) + mass
            self.lost += mass
            if not talks_ended:
                self.masses["block"] += mass

    def _talks(self) -> tuple[Any, Any]:
        """Chance of a deal as read, and of talks that came to nothing as read, given opening."""
        if "talks" in self.seen.given:
            return (lambda _: 1.0), (lambda _: 0.0)
        reading = self.seen.talks
        if reading is None:
            deal = chances(self.p, TalksReading())[DEAL]
            return (lambda opened: opened * deal), (lambda opened: 1.0 - opened * deal)
        found = chances(self.p, reading)
        deal = found.pop(DEAL, 0.0)
        failed = sum(found.values())
        closed = 1.0 if NOT_OPENED in reading.outcomes else 0.0
        return (
            lambda opened: opened * deal,
            lambda opened: opened * failed + (1.0 - opened) * closed,
        )

    def _blocks(self, branch: _Branch) -> list[tuple[int, float, float]]:
        """Days of the block, its chance, and the chance that talks open; 0 days: none."""
        seen, eq = self.seen, self.eq
        values = head_values(eq.lines, branch.trust)
        products = nash_products(values, eq.bargaining_weight)
        best = float(products.max())
        if branch.matched:
            weights = dict(eq.block_weights) or {0: 1.0}
        else:
            weights = {int(products.argmax()) + 1 if best > 0.0 else 0: 1.0}
        opening = {
            days: self._opens(float(values[days - 1][0]) if days else 0.0) for days in weights
        }
        overall = sum(share * opening[days] for days, share in weights.items())
        if "block" in seen.given:
            return [(int(seen.block_days or 0), 1.0, overall)]
        if math.isinf(seen.block_precision):
            return [(days, share, opening[days]) for days, share in weights.items()]
        if best <= 0.0:
            return [(0, 1.0, overall)]
        odds = np.where(products > 0.0, np.exp(seen.block_precision * (products / best - 1.0)), 0.0)
        odds /= odds.sum()
        return [(days + 1, float(share), overall) for days, share in enumerate(odds) if share > 0.0]

    def _opens(self, worth: float) -> float:
        """Chance that the pausing state opens talks on a block worth `worth` to it."""
        p = self.p
        return float(sigmoid((self.eq.talks.pausing_state_discount * worth - p.K_T) / p.s_T))

    def _course(self) -> None:
        """Add up the steps of all blocks and branches."""
        steps = {step: 0.0 for _, found in self.followed for step in found.masses}
        ordered = sorted(steps, key=_step)
        for weight, found in self.followed:
            mass = 1.0
            for step in ordered:
                mass = found.masses.get(step, mass)
                steps[step] += weight * mass
            for end, chance in found.ends.items():
                self.ends[end] = self.ends.get(end, 0.0) + weight * chance
        shown = self.seen.last_day
        for step in ordered:
            if _step(step)[0] <= shown:
                self.masses[step] = steps[step] + self.lost


def _step(name: str) -> tuple[int, int]:
    """Place in time: window j stands between day j and day j + 1."""
    kind, _, number = name.partition(" ")
    return int(number), 1 if kind == "window" else 0


def _order(end: End) -> tuple[int, float, str]:
    return end.length, -end.left, str(end.ending)
