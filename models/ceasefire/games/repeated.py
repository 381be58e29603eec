"""Infinitely repeated games: a stage game, how the future counts, and what is seen of the past."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from numbers import Rational
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.games.normal import NormalForm, number
from ceasefire.tolerances import PROBABILITY_SUM

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False, repr=False)
class PublicSignals(Displayed):
    """Noisy public monitoring: after the profile ``a`` all see a signal with law ``rho(y | a)``.

    Nobody sees the others' actions. Payoffs of the stage game are the expected ones.

    Parameters
    ----------
    probability : array_like of shape (*n_actions, n_signals)
        ``probability[a_1, ..., a_n, y]`` is the chance of signal ``y`` after the profile. Each
        law is divided by its sum, which must be 1 to rounding.
    signals : sequence of str, optional
        One name a signal; numbered from 1 by default.

    Raises
    ------
    ArgumentError
        Names the profile whose probabilities are negative, not finite or do not add up to 1.

    Examples
    --------
    >>> law = [[[0.9, 0.1], [0.5, 0.5]], [[0.5, 0.5], [0.2, 0.8]]]
    >>> watch = PublicSignals(law, ["quiet", "shots"])
    >>> watch
    2 public signals (quiet, shots) of 2 x 2 profiles
    >>> watch.garbled([[0.95, 0.05], [0.05, 0.95]]).probability[0, 0].round(3).tolist()
    [0.86, 0.14]
    """

    probability: NDArray[np.float64]
    signals: tuple[str, ...] = ()

    def __init__(self, probability: ArrayLike, signals: Sequence[str] | None = None) -> None:
        try:
            law = np.array(probability, dtype=np.float64)
        except (TypeError, ValueError):
            allowed = "an array of numbers, shape (*n_actions, n_signals)"
            raise ArgumentError("probability", probability, allowed) from None
        if law.ndim < 2 or 0 in law.shape:
            allowed = "shape (*n_actions, n_signals), one axis a player and one for the signals"
            raise ArgumentError("probability", f"shape {law.shape}", allowed)
        total = law.sum(axis=-1)
        bad = np.argwhere(~(np.abs(total - 1.0) <= PROBABILITY_SUM) | ~np.all(law >= 0, axis=-1))
        if len(bad):
            at = tuple(int(k) for k in bad[0])
            where = f"probability{list(at)}"
            raise ArgumentError(where, law[at].tolist(), "probabilities that add up to 1")
        law /= total[..., None]
        law.setflags(write=False)
        names = (
            tuple(signals) if signals is not None else tuple(map(str, range(1, law.shape[-1] + 1)))
        )
        if len(names) != law.shape[-1] or len(set(names)) != len(names):
            raise ArgumentError("signals", names, f"{law.shape[-1]} names that differ")
        object.__setattr__(self, "probability", law)
        object.__setattr__(self, "signals", names)

    @classmethod
    def from_rule(cls, stage: NormalForm, law: Callable[..., Mapping[str, float]]) -> PublicSignals:
        """Signals from a rule: ``law(*labels)`` gives the chance of each signal by its name."""
        laws = {
            cell: dict(law(*(names[a] for names, a in zip(stage.actions, cell, strict=True))))
            for cell in np.ndindex(*stage.shape)
        }
        names = list(dict.fromkeys(y for one in laws.values() for y in one))
        table = np.zeros((*stage.shape, len(names)))
        for cell, one in laws.items():
            for y, p in one.items():
                table[cell][names.index(y)] = float(p)
        return cls(table, names)

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of actions of each player."""
        return tuple(int(k) for k in self.probability.shape[:-1])

    @property
    def n_signals(self) -> int:
        """Number of signals."""
        return int(self.probability.shape[-1])

    def garbled(self, garbling: ArrayLike, signals: Sequence[str] | None = None) -> PublicSignals:
        """Signals that are seen through noise: ``rho'(z | a) = sum_y rho(y | a) garbling[y, z]``.

        Blackwell's order: a garbled signal is worth no more. `garbling` (n_signals, n_new): rows
        are distributions.
        """
        channel = PublicSignals(
            garbling
        )  # its rows are laws: one "player" whose actions are signals
        if channel.probability.shape[:-1] != (self.n_signals,):
            shape = f"shape {np.shape(garbling)}"
            raise ArgumentError("garbling", shape, f"shape ({self.n_signals}, n_new)")
        same = channel.n_signals == self.n_signals
        return PublicSignals(
            self.probability @ channel.probability, signals or (self.signals if same else None)
        )

    def __repr__(self) -> str:
        sizes = " x ".join(map(str, self.shape))
        return f"{self.n_signals} public signals ({', '.join(self.signals)}) of {sizes} profiles"


@dataclass(frozen=True, eq=False, repr=False)
class RepeatedGame(Displayed):
    """A stage game played on every day t = 0, 1, 2, ... with discounted payoffs.

    Player ``i``'s payoff is the per-day average ``(1 - delta_i) sum_t delta_i^t u_i(a_t)``.

    Parameters
    ----------
    stage : NormalForm
        What is played on a day.
    discount : float, Fraction or sequence of them
        ``delta`` in [0, 1), for all players or one a player. One day's survival times patience.
        A `Fraction` is kept exactly, so that a threshold such as 1/7 is met and not missed.
    monitoring : PublicSignals, optional
        What is seen of the past; all actions (perfect monitoring) by default.

    Raises
    ------
    ArgumentError
        A discount factor outside [0, 1), or signals whose profiles are not those of the stage.

    Examples
    --------
    >>> stage = NormalForm.bimatrix([[9, 1], [10, 3]], [[9, 10], [1, 3]])
    >>> RepeatedGame(stage, discount=0.9)
    repeated game, discount 0.9, perfect monitoring: 2 players (1: 1, 2; 2: 1, 2)
    """

    stage: NormalForm
    exact_discounts: tuple[Fraction, ...]
    monitoring: PublicSignals | None = None

    def __init__(
        self,
        stage: NormalForm,
        discount: float | Fraction | Sequence[float | Fraction],
        monitoring: PublicSignals | None = None,
    ) -> None:
        if not isinstance(stage, NormalForm):
            raise ArgumentError("stage", stage, "a NormalForm")
        if monitoring is not None and not isinstance(monitoring, PublicSignals):
            raise ArgumentError("monitoring", monitoring, "PublicSignals, or None: all is seen")
        if monitoring is not None and monitoring.shape != stage.shape:
            got, allowed = f"signals of {monitoring.shape} profiles", f"the stage's {stage.shape}"
            raise ArgumentError("monitoring", got, allowed)
        object.__setattr__(self, "stage", stage)
        object.__setattr__(self, "exact_discounts", discounts(discount, stage.n_players))
        object.__setattr__(self, "monitoring", monitoring)

    @property
    def discounts(self) -> NDArray[np.float64]:
        """Each player's discount factor, shape (n_players,)."""
        return np.array([float(d) for d in self.exact_discounts])

    @property
    def has_common_discount(self) -> bool:
        """Whether all players discount alike."""
        return len(set(self.exact_discounts)) == 1

    @property
    def exact_discount(self) -> Fraction:
        """The common discount factor as a fraction; ArgumentError where they differ."""
        if not self.has_common_discount:
            got = ", ".join(number(float(d)) for d in self.exact_discounts)
            hint = "this method does not cover players who discount apart"
            raise ArgumentError("discount", got, "one discount factor for all players", hint)
        return self.exact_discounts[0]

    @property
    def discount(self) -> float:
        """The common discount factor; ArgumentError where they differ (see `discounts`)."""
        return float(self.exact_discount)

    @property
    def n_players(self) -> int:
        """Number of players."""
        return self.stage.n_players

    def replace(
        self, *, discount: float | Fraction | Sequence[float | Fraction] | None = None,
        monitoring: PublicSignals | None = None,
    ) -> RepeatedGame:  # fmt: skip
        """Return the same game at another discount factor, or with other signals."""
        return RepeatedGame(
            self.stage,
            self.exact_discounts if discount is None else discount,
            self.monitoring if monitoring is None else monitoring,
        )

    def __repr__(self) -> str:
        seen = "perfect monitoring" if self.monitoring is None else repr(self.monitoring)
        kept = self.exact_discounts[:1] if self.has_common_discount else self.exact_discounts
        delta = ", ".join(f"{float(d):.10g}" for d in kept)
        return f"repeated game, discount {delta}, {seen}: {self.stage!r}".split("\n")[0]


def discounts(given: Any, players: int) -> tuple[Fraction, ...]:
    """One discount factor in [0, 1) a player, as fractions; a float stands for itself."""
    several = isinstance(given, list | tuple | np.ndarray)
    values = list(given) if several else [given] * players
    if len(values) != players:
        raise ArgumentError("discount", given, f"one number, or {players}: one a player")
    result = []
    for i, value in enumerate(values):
        good = isinstance(value, Rational | float | np.floating | np.integer)
        if not good or not 0 <= value < 1:
            where = f"discount[{i}]" if several else "discount"
            raise ArgumentError(where, value, "a number from 0 to below 1")
        result.append(Fraction(value if isinstance(value, Rational) else float(value)))
    return tuple(result)
