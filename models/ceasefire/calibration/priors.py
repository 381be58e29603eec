"""Prior distributions of a parameter within its range."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ceasefire.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

UNIFORM, LOG_UNIFORM, NORMAL, LOG_NORMAL, BETA = (
    "uniform", "log-uniform", "normal", "log-normal", "beta",
)  # fmt: skip
KINDS: Final = {  # kind -> names of its two numbers
    UNIFORM: (), LOG_UNIFORM: (), NORMAL: ("mean", "sd"), LOG_NORMAL: ("median", "sd_log"),
    BETA: ("a", "b"),
}  # fmt: skip
LEAST_MASS = 1e-6  # of the untruncated distribution that must lie in the range


@dataclass(frozen=True)
class Prior:
    """A distribution over the range of a parameter; zero outside.

    With G the cumulative distribution function of the kind, truncated to the range [low, high]:

        F(x) = (G(x) - G(low)) / (G(high) - G(low)).

    Attributes
    ----------
    kind : str
        'uniform'; 'log-uniform', uniform in the logarithm; 'normal' with `first` the mean and
        `second` the standard deviation; 'log-normal' with the median and the standard deviation
        of the logarithm; 'beta' with its two shapes a and b, on 0 to 1.
    first, second : float
        Its numbers; of no meaning to the first two kinds.

    Examples
    --------
    >>> prior = Prior("log-uniform")
    >>> prior.quantile(0.5, 0.01, 1.0).round(3), prior.cumulative(0.1, 0.01, 1.0).round(3)
    (np.float64(0.1), np.float64(0.5))
    """

    kind: str = UNIFORM
    first: float = math.nan
    second: float = math.nan

    def __post_init__(self) -> None:
        """Refuse unknown kinds and numbers that make no distribution."""
        if self.kind not in KINDS:
            raise ArgumentError("prior.kind", self.kind, "one of " + ", ".join(KINDS))
        if not KINDS[self.kind]:
            return
        one, two = KINDS[self.kind]
        if not math.isfinite(self.first) or (self.kind != NORMAL and self.first <= 0.0):
            allowed = "a finite number" if self.kind == NORMAL else "a number above 0"
            raise ArgumentError(f"prior.{one}", self.first, allowed)
        if not (math.isfinite(self.second) and self.second > 0.0):
            raise ArgumentError(f"prior.{two}", self.second, "a number above 0")

    def __str__(self) -> str:
        """Return kind and numbers, as in 'beta(2, 8)'."""
        told = f"({self.first:g}, {self.second:g})" if KINDS[self.kind] else ""
        return self.kind + told

    def check(self, low: float, high: float) -> None:
        """Refuse a range that this prior cannot live on.

        Raises
        ------
        ArgumentError
            A logarithm of a number that is not positive, a beta outside 0 to 1, or a range in
            which the distribution has next to nothing.
        """
        if self.kind in (LOG_UNIFORM, LOG_NORMAL) and low <= 0.0:
            hint = "raise the lower end, or take 'uniform'"
            raise ArgumentError("prior", str(self), "a range above 0", hint)
        if self.kind == BETA and not 0.0 <= low < high <= 1.0:
            raise ArgumentError("prior", str(self), "a range within 0 to 1")
        mass = self._ends(low, high)[1]
        if KINDS[self.kind] and not mass > LEAST_MASS:
            allowed = f"a distribution with more than {LEAST_MASS:g} of its mass in the range"
            raise ArgumentError("prior", str(self), allowed)

    def log_density(self, x: ArrayLike, low: float, high: float) -> NDArray[np.float64]:
        """Natural logarithm of the density at `x`, any shape; -inf outside the range."""
        at = np.asarray(x, dtype=float)
        inside = (at >= low) & (at <= high)
        safe = np.where(inside, at, 0.5 * (low + high))
        with np.errstate(divide="ignore"):  # a beta's density at 0 and 1
            value = self._log_kernel(safe) - math.log(self._ends(low, high)[1])
        return np.where(inside, value, -np.inf)

    def cumulative(self, x: ArrayLike, low: float, high: float) -> NDArray[np.float64]:
        """F(x), any shape; 0 below the range, 1 above."""
        at = np.clip(np.asarray(x, dtype=float), low, high)
        start, mass = self._ends(low, high)
        return np.asarray(np.clip((self._whole(at) - start) / mass, 0.0, 1.0)[()])

    def quantile(self, share: ArrayLike, low: float, high: float) -> NDArray[np.float64]:
        """Return the x with F(x) = `share`, any shape."""
        start, mass = self._ends(low, high)
        return np.asarray(
            np.clip(self._inverse(start + mass * np.asarray(share, dtype=float)), low, high)[()]
        )

    def _ends(self, low: float, high: float) -> tuple[float, float]:
        """G(low), and the mass between the ends; flat kinds have G(x) = x or log x."""
        start, stop = (float(self._whole(np.asarray(end, dtype=float))) for end in (low, high))
        return start, stop - start

    def _whole(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        from scipy import special

        one, two = self.first, self.second
        with np.errstate(divide="ignore"):  # log 0 is refused by `check` where it matters
            how: dict[str, Callable[[], NDArray[np.float64]]] = {
                UNIFORM: lambda: x,
                LOG_UNIFORM: lambda: np.log(x),
                NORMAL: lambda: special.ndtr((x - one) / two),
                LOG_NORMAL: lambda: special.ndtr((np.log(x) - math.log(one)) / two),
                BETA: lambda: special.betainc(one, two, x),
            }
            return how[self.kind]()

    def _inverse(self, share: NDArray[np.float64]) -> NDArray[np.float64]:
        from scipy import special

        one, two = self.first, self.second
        how: dict[str, Callable[[], NDArray[np.float64]]] = {
            UNIFORM: lambda: share,
            LOG_UNIFORM: lambda: np.exp(share),
            NORMAL: lambda: one + two * special.ndtri(share),
            LOG_NORMAL: lambda: one * np.exp(two * special.ndtri(share)),
            BETA: lambda: special.betaincinv(one, two, share),
        }
        return how[self.kind]()

    def _log_kernel(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Logarithm of the derivative of `_whole`."""
        from scipy import special

        one, two = self.first, self.second
        if self.kind == UNIFORM:
            return np.zeros_like(x)
        if self.kind == LOG_UNIFORM:
            return np.asarray(-np.log(x))
        if self.kind == BETA:
            return np.asarray(
                special.xlogy(one - 1.0, x)
                + special.xlog1py(two - 1.0, -x)
                - special.betaln(one, two)
            )
        log = self.kind == LOG_NORMAL
        z = ((np.log(x) - math.log(one)) if log else (x - one)) / two
        normal = -0.5 * z * z - math.log(two * math.sqrt(2.0 * math.pi))
        return np.asarray(normal - np.log(x) if log else normal)
