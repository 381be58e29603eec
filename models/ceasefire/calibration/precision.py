"""Logit precision of observed play: how close to best replies people were seen to choose."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ceasefire import solvers
from ceasefire.calibration.maximum import NOT_IDENTIFIED
from ceasefire.display import Displayed
from ceasefire.errors import SolveError
from ceasefire.games import catalog

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from ceasefire.games import ExtensiveForm, NormalForm
    from ceasefire.solvers import LogitFit

LEVEL = 0.95
DOUBLINGS = 10  # of the precision, looked at for the upper end of an interval
CLOSE = 1e-6  # relative, of an interval's end


@dataclass(frozen=True, eq=False)
class PlayPrecision(Displayed):
    """Precision of observed play in a game, with an interval by likelihood.

    Attributes
    ----------
    game : NormalForm or ExtensiveForm
    observed : tuple of ndarray
        Counts of each player's actions; of a tree, at each information set.
    fit : LogitFit
        Estimate on the principal branch, :func:`ceasefire.solvers.logit_fit`.
    """

    game: NormalForm | ExtensiveForm = field(repr=False)
    observed: tuple[NDArray[np.float64], ...] = field(repr=False)
    fit: LogitFit = field(repr=False)

    def __repr__(self) -> str:
        """Say the precision and its interval."""
        return f"PlayPrecision({self.precision:.4g} per util; {self.status})"

    @property
    def precision(self) -> float:
        """Estimate, per util."""
        return self.fit.precision

    @property
    def log_likelihood(self) -> float:
        """At the estimate, without the multinomial coefficients."""
        return self.fit.log_likelihood

    @cached_property
    def random(self) -> float:
        """Log-likelihood of choosing at random, which is precision 0."""
        return -sum(float(n.sum()) * math.log(len(n)) for n in self.observed)

    @property
    def p_value(self) -> float:
        """Chance that random play would look this precise.

        Half the chi-square tail of 2 (L - L at random), for precision cannot be below 0 (Chernoff
        1954); 1 where random play fits as well.
        """
        from scipy.special import chdtrc

        ratio = 2.0 * (self.log_likelihood - self.random)
        return 0.5 * float(chdtrc(1, ratio)) if ratio > 0.0 else 1.0

    @cached_property
    def interval(self) -> tuple[float, float]:
        """95 % interval, 1.92 log units below the best.

        0 and inf are ends that the choices do not exclude; inf also where no precision is excluded
        up to 1024 times the estimate, or times one over the range of payoffs if that is more.
        """
        from scipy.special import chdtri

        floor = self.log_likelihood - 0.5 * float(chdtri(1, 1.0 - LEVEL))
        low = 0.0 if self.random >= floor else self._crossing(0.0, self.precision, floor)
        high = max(self.precision, 1.0 / max(float(np.ptp(self.game.payoffs)), CLOSE))
        for _ in range(DOUBLINGS):
            before, high = high, 2.0 * high
            if self._at(high) < floor:
                return low, self._crossing(before, high, floor)
        return low, math.inf

    @property
    def status(self) -> str:
        """In words: the interval, or that the choices do not tell."""
        low, high = self.interval
        if low <= 0.0 and math.isinf(high):
            return NOT_IDENTIFIED
        if low <= 0.0:
            return f"no different from random play; below {high:.4g}"
        if math.isinf(high):
            return f"above {low:.4g}, unbounded on the other side"
        return f"95 % interval {low:.4g} to {high:.4g}"

    def _at(self, precision: float) -> float:
        """Log-likelihood on the principal branch at a precision; -inf where it was not reached."""
        try:
            found = solvers.logit(self.game, precision=precision)
        except SolveError:
            return -math.inf
        with np.errstate(divide="ignore"):
            logs = [np.log(np.asarray(x, dtype=float)) for x in found.strategies]
        pairs = zip(self.observed, logs, strict=True)
        return sum(float(n[n > 0.0] @ x[n > 0.0]) for n, x in pairs)

    def _crossing(self, left: float, right: float, floor: float) -> float:
        """Precision between two at which the likelihood passes the floor."""
        inside = self._at(right) >= floor
        while right - left > CLOSE * right:
            middle = 0.5 * (left + right)
            if (self._at(middle) >= floor) == inside:
                right = middle
            else:
                left = middle
        return 0.5 * (left + right)


def fit_precision(
    game: str | NormalForm | ExtensiveForm,
    observed: Sequence[ArrayLike],
    *,
    highest: float | None = None,
) -> PlayPrecision:
    """Estimate the logit precision of observed play.

    Parameters
    ----------
    game : str, NormalForm or ExtensiveForm
        A name of the catalog, or a game.
    observed : sequence of array_like
        Counts of each player's actions; of a tree, of the actions at each information set.
    highest : float, optional
        Where the search ends, per util.

    Raises
    ------
    ArgumentError
        An unknown name, or counts that do not fit the game.
    SolveError
        As :func:`ceasefire.solvers.logit_fit`, which finds the estimate; this adds the interval
        and the comparison with random play.

    Notes
    -----
    The interval is by bisection along the principal branch, some 25 solves an end; where the branch
    turns back, a precision's likelihood is that of the equilibrium first met.

    References
    ----------
    McKelvey and Palfrey (1995), Games and Economic Behavior 10, section 4.

    Examples
    --------
    >>> from ceasefire import calibration as cal
    >>> from ceasefire.games import NormalForm
    >>> pennies = NormalForm.bimatrix([[9, 0], [0, 1]], [[0, 1], [1, 0]])
    >>> found = cal.fit_precision(pennies, [[83, 17], [42, 58]])
    >>> round(found.precision, 3), found.interval[0] > 0.0, found.p_value < 0.01
    (0.496, True, True)
    """
    told = catalog.load(game) if isinstance(game, str) else game
    fit = solvers.logit_fit(told, observed, highest=highest)
    counts = tuple(np.asarray(one, dtype=float) for one in observed)
    return PlayPrecision(told, counts, fit)
