"""The precision behind observed choices: maximum likelihood along the principal logit branch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError, SolveError
from ceasefire.games.extensive import ExtensiveForm
from ceasefire.solvers._logit_curve import between, crossing
from ceasefire.solvers.logit import FARTHEST, curve_of, legs, result
from ceasefire.solvers.nash import require_normal
from ceasefire.status import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from ceasefire.games import NormalForm
    from ceasefire.solvers._logit_curve import Stand
    from ceasefire.solvers._logit_table import TableCurve
    from ceasefire.solvers._logit_tree import TreeCurve
    from ceasefire.solvers.logit import Logit

    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class LogitFit(Displayed):
    """The point of the principal branch at which observed choices are most likely.

    Attributes
    ----------
    equilibrium : Logit
        Also read through `precision`, `strategies`, `payoffs`, `residual`, `status`.
    log_likelihood : float
        Sum of counts times log-probabilities, without the multinomial coefficients.
    standard_error : float
        Of the precision, per util, from the expected information at the fit; nan where the fit
        is at an end of the search.
    interior : bool
        False where the likelihood is highest at precision 0, or still rises at the end of the
        search: the choices are then no better explained by any precision between.
    maxima : ndarray, shape (k, 2)
        Precision and log-likelihood of every local maximum, in the order of the branch.
    observations : float
        Number of choices.
    """

    equilibrium: Logit
    log_likelihood: float
    standard_error: float
    interior: bool
    maxima: Floats
    observations: float

    @property
    def precision(self) -> float:
        """Lambda, per util."""
        return self.equilibrium.precision

    @property
    def strategies(self) -> tuple[Floats, ...]:
        """One distribution a player; of a tree, one an information set."""
        return self.equilibrium.strategies

    @property
    def payoffs(self) -> Floats:
        """Expected payoffs, (n_players,)."""
        return self.equilibrium.payoffs

    @property
    def residual(self) -> float:
        """Largest gap in a log-odds, recomputed."""
        return self.equilibrium.residual

    @property
    def status(self) -> Status:
        """How the solve ended."""
        return self.equilibrium.status

    def __repr__(self) -> str:
        error = f" (standard error {self.standard_error:.3g})" if self.interior else ""
        end = "" if self.interior else ", at an end of the search"
        others = len(self.maxima) - 1
        also = f", {others} other local maxim{'um' if others == 1 else 'a'}" if others else ""
        fit = f"precision {self.precision:.6g}{error}{end}"
        return f"{fit}; log-likelihood {self.log_likelihood:.6g}{also}\n{self.equilibrium!r}"


def logit_fit(
    game: NormalForm | ExtensiveForm,
    observed: Sequence[ArrayLike],
    *,
    highest: float | None = None,
) -> LogitFit:
    """The precision at which observed choices are most likely, along the principal branch.

    ``L = sum_a n_a log x_a(precision)``, with n_a the number of times that action a was chosen.
    Assumes that choices are independent, that all players share one precision, and that play is on
    the principal branch; of a tree, that the choices at a set are draws from its distribution,
    given how often it was reached.

    Parameters
    ----------
    game : NormalForm or ExtensiveForm
        A tree in agent form.
    observed : sequence of array_like
        Counts of each player's actions; of a tree, of the actions at each information set (zeros
        where it was never reached).
    highest : float, optional
        Where the search ends, per util; by default 1000 over the payoff range.

    Raises
    ------
    ArgumentError
        Counts of a wrong shape, negative, not finite, or all zero.
    SolveError
        The equations are not met at the fit within their tolerance; `reached` holds it.

    Notes
    -----
    The derivative of L along the branch (by arclength, so that turning points do no harm) is
    followed from point to point; each change of its sign from rise to fall is a local maximum,
    found by Brent's method along the branch, and all are compared, with both ends. Behind a
    turning point several equilibria of the branch share a precision; the fit is one of them. The
    standard error is ``I ** -0.5`` with ``I = sum_h N_h Var_h(dy / dlambda)``, the variance under
    x of the slopes of the log-odds y along the branch, over N_h choices at h; it means little close
    to a turning point, where those slopes have no bound.

    References
    ----------
    R. McKelvey and T. Palfrey (1995), "Quantal response equilibria for normal form games", Games
    and Economic Behavior 10, section 4.

    Examples
    --------
    >>> from ceasefire.games import NormalForm
    >>> pennies = NormalForm.bimatrix([[9, 0], [0, 1]], [[0, 1], [1, 0]])
    >>> fit = logit_fit(pennies, [[83, 17], [42, 58]])
    >>> print(f"{fit.precision:.3f} ({fit.standard_error:.3f})")
    0.496 (0.111)
    """
    if not isinstance(game, ExtensiveForm):
        require_normal(game)
    counts = _counted(game, observed)
    if highest is not None and not 0 < highest < np.inf:
        raise ArgumentError("highest", highest, "a finite number above 0")
    curve, unit = curve_of(game)
    found = _maxima(curve, counts, FARTHEST if highest is None else highest * unit)
    likelihood = [float(counts @ curve.log(stand.point)) for stand, _ in found]
    best = int(np.argmax(likelihood))
    stand, interior = found[best]
    fit = LogitFit(
        result(game, curve, unit, stand, stand.level / unit),
        likelihood[best],
        _error(curve, counts, stand) / unit if interior else float("nan"),
        interior,
        np.array([(s.level / unit, L) for (s, _), L in zip(found, likelihood, strict=True)]),
        float(counts.sum()),
    )
    if fit.status is not Status.OK:
        raise SolveError(f"no equilibrium to precision at the fit, {fit.precision:.6g}", fit)
    return fit


def _maxima(curve: TableCurve | TreeCurve, counts: Floats, top: float) -> list[tuple[Stand, bool]]:
    """Local maxima of the likelihood up to the level `top`, and whether they lie between its ends.

    A score that is zero to rounding has no sign. Where one action alone was chosen it nears zero
    as the precision grows, and never falls below.
    """
    found: list[tuple[Stand, bool]] = []
    end: Stand | None = None  # the last point whose score has a sign, `before`
    flat: Stand | None = None  # the first since then
    last: Stand | None = None
    before = 0.0
    for a, b, _ in legs(curve, top):
        if end is None:
            end, before = a, _score(curve, counts, a)
            if before <= _rounding(counts, a):
                before = min(before, 0.0)
                found.append((a, False))
        # a walk's tangent is that of its guess: too rough for a score close to zero
        last = between(curve, a, b, 1.0) or b
        after = _score(curve, counts, last)
        if abs(after) <= _rounding(counts, last):
            flat = flat or last
            continue
        if before > 0 > after:
            risen = flat or crossing(curve, end, last, lambda s: _score(curve, counts, s))
            found.append((risen, True))
        before, end, flat = after, last, None
    if last is not None and before > 0:
        found.append((last, False))
    return found


def _counted(game: NormalForm | ExtensiveForm, observed: Sequence[ArrayLike]) -> Floats:
    tree = isinstance(game, ExtensiveForm)
    sizes = np.diff(game.infoset_start) if isinstance(game, ExtensiveForm) else game.shape
    counts = [np.asarray(c, dtype=float) for c in observed]
    if len(counts) != len(sizes):
        each = "information set" if tree else "player"
        raise ArgumentError("observed", f"{len(counts)} arrays", f"{len(sizes)}, one {each} each")
    for i, (c, k) in enumerate(zip(counts, sizes, strict=True)):
        if c.shape != (k,) or np.any(c < 0) or not np.all(np.isfinite(c)):
            raise ArgumentError(f"observed[{i}]", c, f"{k} counts, none negative")
    flat = np.concatenate(counts) if counts else np.zeros(0)
    if not flat.sum() > 0:
        raise ArgumentError("observed", "no choice at all", "at least one count above 0")
    return flat


def _slope(curve: TableCurve | TreeCurve, stand: Stand) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Probabilities, slopes of log-probabilities along the branch, and where each set begins."""
    first = np.asarray(curve.bounds[:-1], dtype=np.intp)
    owner = np.repeat(np.arange(len(first)), np.diff(curve.bounds))
    odds = np.zeros(len(owner))
    odds[first[owner] != np.arange(len(owner))] = stand.along[:-1]
    x = np.exp(curve.log(stand.point))
    return x, odds - np.add.reduceat(x * odds, first)[owner], first


def _score(curve: TableCurve | TreeCurve, counts: Floats, stand: Stand) -> float:
    """Derivative of the log-likelihood along the branch."""
    return float(counts @ _slope(curve, stand)[1])


def _rounding(counts: Floats, stand: Stand) -> float:
    """Score that rounding may leave of zero: differences of log-odds' slopes lose some digits."""
    return float(32 * np.finfo(float).eps * counts.sum() * np.max(np.abs(stand.along), initial=0.0))


def _error(curve: TableCurve | TreeCurve, counts: Floats, stand: Stand) -> float:
    """Standard error of the last coordinate, from the expected information."""
    x, slope, first = _slope(curve, stand)
    variance = np.add.reduceat(x * slope**2, first)
    information = float(np.add.reduceat(counts, first) @ variance)
    return abs(stand.rising) / np.sqrt(information) if information > 0 else float("nan")
