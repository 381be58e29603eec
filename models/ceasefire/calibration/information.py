"""Observed information: minus the second derivatives of a record's log-likelihood."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.calibration.gradients import check_possible, estimable, names_of, scale_of
from ceasefire.calibration.likelihood import log_likelihood
from ceasefire.calibration.regimes import Regime, regime
from ceasefire.display import Displayed
from ceasefire.errors import ScenarioError, SolveError
from ceasefire.tolerances import LIKELIHOOD_NOISE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from ceasefire.calibration.observation import Observation
    from ceasefire.truce import Scenario

STEP = 0.004
HALVINGS = 6


@dataclass(frozen=True, eq=False)
class Information(Displayed):
    """Observed information of a record.

    Attributes
    ----------
    values : DataFrame
        Minus the matrix of second derivatives, by symbol; nan where no steps on both sides lie on
        the point's smooth piece (at a bound, or beside a kink).
    errors : DataFrame
        Estimated absolute errors.
    """

    values: pd.DataFrame
    errors: pd.DataFrame


def observed_information(
    scenario: Scenario,
    observation: Observation,
    symbols: Sequence[str] | None = None,
    *,
    step: float = STEP,
) -> Information:
    """Return minus the second derivatives of a record's log-likelihood.

    Parameters
    ----------
    scenario, observation : Scenario, Observation
        Where, and of what.
    symbols : sequence of str, optional
        Symbols or field paths of numbers; default: all that are no terms.
    step : float
        First step, relative to the parameter.

    Raises
    ------
    ArgumentError
        As :func:`ceasefire.calibration.gradient`.

    Notes
    -----
    Central second differences with steps h and h/2, extrapolated once, (4 D(h/2) - D(h))/3; the
    error is the change that this makes, over 3, and the rounding over the smaller step. Steps are
    halved until all lie on the smooth piece of the point. Four solves an entry and step, so
    the cost grows with the square of the number of symbols.

    Examples
    --------
    >>> from ceasefire import calibration
    >>> exchange = calibration.read("november-2023")
    >>> found = calibration.observed_information(exchange.scenario(), exchange.observation(),
    ...                                          ["chi"])
    >>> bool(found.errors.loc["chi", "chi"] < 1e-2)
    True
    """
    import pandas as pd

    names = names_of(scenario, estimable() if symbols is None else symbols)
    cells = _Cells(scenario, observation, names, step)
    values = np.full((len(names), len(names)), np.nan)
    errors = np.full_like(values, np.nan)
    for i in range(len(names)):
        for j in range(i + 1):
            values[i, j], errors[i, j] = values[j, i], errors[j, i] = cells.second(i, j)
    frames = (pd.DataFrame(m, index=names, columns=names) for m in (-values, errors))
    return Information(*frames)


class _Cells:
    """Log-likelihoods on the lattice of steps around a point, each taken once."""

    def __init__(
        self, scenario: Scenario, observation: Observation, names: list[str], step: float
    ) -> None:
        self.scenario, self.observation, self.names = scenario, observation, names
        found = log_likelihood(scenario, observation)
        check_possible(found)
        self.total, self.regime = found.total, regime(found)
        self.at = [float(getattr(scenario.symbols(), name)) for name in names]
        self.steps = [step * scale_of(name, x) for name, x in zip(names, self.at, strict=True)]
        self.seen: dict[tuple[tuple[int, float], ...], float] = {}

    def second(self, i: int, j: int) -> tuple[float, float]:
        """Second derivative in symbols i and j, with its error; nan where there is none."""
        for level in range(HALVINGS):
            share = 0.5**level
            wide, near = self._difference(i, j, share), self._difference(i, j, 0.5 * share)
            if math.isfinite(wide) and math.isfinite(near):
                area = 0.25 * share * share * self.steps[i] * self.steps[j]
                rounding = 4.0 * LIKELIHOOD_NOISE * (1.0 + abs(self.total)) / area
                return (4.0 * near - wide) / 3.0, abs(near - wide) / 3.0 + rounding
        return math.nan, math.nan

    def _difference(self, i: int, j: int, share: float) -> float:
        a, b = share * self.steps[i], share * self.steps[j]
        if i == j:
            return (self._value((i, a)) - 2.0 * self.total + self._value((i, -a))) / (a * a)
        same = self._value((i, a), (j, b)) + self._value((i, -a), (j, -b))
        cross = self._value((i, a), (j, -b)) + self._value((i, -a), (j, b))
        return (same - cross) / (4.0 * a * b)

    def _value(self, *moves: tuple[int, float]) -> float:
        """Log-likelihood after the moves; nan off the smooth piece or outside the domain."""
        if moves not in self.seen:
            changes = {self.names[i]: self.at[i] + shift for i, shift in moves}
            self.seen[moves] = self._solve(changes)
        return self.seen[moves]

    def _solve(self, changes: dict[str, float]) -> float:
        try:
            found = log_likelihood(self.scenario.replace(changes), self.observation)
        except (ScenarioError, SolveError):
            return math.nan
        same: Regime | None = regime(found) if math.isfinite(found.total) else None
        return found.total if same == self.regime else math.nan
