"""Games of incomplete information in type-profile form: a prior, and payoffs by type and action."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.games.normal import (
    NormalForm,
    _action_labels,
    _array,
    _labels,
    _numbers,
    as_fractions,
    require_range,
)
from ceasefire.tolerances import PROBABILITY_SUM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False, repr=False)
class BayesianGame(Displayed):
    """A finite Bayesian game: types drawn from a common prior, then one simultaneous move.

    Player ``i`` learns its type ``t_i``, moves ``a_i`` and gets ``u_i(t, a)``, which may depend on
    everybody's type.

    Parameters
    ----------
    prior : array_like of shape (n_types_1, ..., n_types_n)
        ``prior[t]``, the chance of the type profile ``t``: at least 0, of sum 1. Types may be
        correlated. Fractions that sum to 1 are kept exactly.
    payoffs : array_like of shape (n_players, *n_types, *n_actions)
        ``payoffs[i, t_1, ..., t_n, a_1, ..., a_n]``, utils.
    players : sequence of str, optional
    types, actions : sequence of sequences of str, optional
        One sequence of names a player; numbered from 1 by default.
    title : str

    Raises
    ------
    ArgumentError
        Names the field: a prior that is none, payoffs of another shape, no finite number, labels
        missing or repeated.

    Examples
    --------
    >>> chicken = [[[[[6, 2], [7, 0]]]], [[[[6, 7], [2, 0]]]]]
    >>> BayesianGame([[1]], chicken, types=[["only"], ["only"]])
    2 players (1: only; 2: only); 2 x 2 actions
    """

    prior: NDArray[np.float64]
    payoffs: NDArray[np.float64]
    players: tuple[str, ...] = ()
    types: tuple[tuple[str, ...], ...] = ()
    actions: tuple[tuple[str, ...], ...] = ()
    title: str = ""

    def __init__(
        self,
        prior: ArrayLike,
        payoffs: ArrayLike,
        players: Sequence[str] | None = None,
        types: Sequence[Sequence[str]] | None = None,
        actions: Sequence[Sequence[str]] | None = None,
        title: str = "",
    ) -> None:
        chances, given = _array(prior, "prior"), _array(payoffs)
        n = chances.ndim
        fits = given.ndim == 2 * n + 1 and given.shape[: n + 1] == (n, *chances.shape)
        if not fits or 0 in given.shape:
            allowed = f"(n_players, *n_types, *n_actions), beginning with {(n, *chances.shape)}"
            raise ArgumentError("payoffs", f"shape {given.shape}", allowed)
        rational, floats = _numbers(given)
        for i, table in enumerate(floats):
            require_range(table.max(), table.min(), f"payoffs[{i}]")
        exact, weights = _prior(chances)
        for table in (floats, weights, exact):
            table.setflags(write=False)
        store = object.__setattr__
        store(self, "prior", weights)
        store(self, "payoffs", floats)
        store(self, "exact_prior", exact)
        store(self, "_rational", rational)
        store(self, "players", _labels("players", players, n, "one name a player"))
        store(self, "types", _type_labels(types, chances.shape))
        store(self, "actions", _action_labels(actions, given.shape[n + 1 :]))
        store(self, "title", str(title))

    @property
    def n_players(self) -> int:
        """Number of players."""
        return int(self.prior.ndim)

    @property
    def n_types(self) -> tuple[int, ...]:
        """Number of types of each player."""
        return tuple(int(k) for k in self.prior.shape)

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of actions of each player."""
        return tuple(int(k) for k in self.payoffs.shape[self.n_players + 1 :])

    @cached_property
    def exact_payoffs(self) -> NDArray[np.object_]:
        """Payoffs as `Fraction`: as given, or the float's own binary value."""
        return self._rational if self._rational is not None else as_fractions(self.payoffs)

    @cached_property
    def payoff_range(self) -> NDArray[np.float64]:
        """Largest less smallest payoff of each player over all types, shape (n_players,), utils."""
        rows = self.exact_payoffs.reshape(self.n_players, -1)
        return np.array([float(max(row) - min(row)) for row in rows])

    def ex_ante(self) -> NormalForm:
        """The strategic form: a plan (an action for every type) is one action.

        Grows as ``n_actions ** n_types`` for each player: for small games.
        """
        plans = [list(np.ndindex(*(m,) * k)) for m, k in zip(self.shape, self.n_types, strict=True)]
        size = tuple(len(p) for p in plans)
        table = np.full((self.n_players, *size), Fraction(0), dtype=object)
        for t in np.ndindex(*self.n_types):
            moves = np.ix_(*[[plan[k] for plan in p] for p, k in zip(plans, t, strict=True)])
            for i in range(self.n_players):
                table[i] += self.exact_prior[t] * self.exact_payoffs[(i, *t)][moves]
        names = [
            [", ".join(acts[a] for a in plan) for plan in p]
            for p, acts in zip(plans, self.actions, strict=True)
        ]
        return NormalForm(table, self.players, names, self.title)

    def __repr__(self) -> str:
        names = "; ".join(
            f"{p}: {', '.join(t)}" for p, t in zip(self.players, self.types, strict=True)
        )
        head = f"{self.title + ': ' if self.title else ''}{self.n_players} players"
        return f"{head} ({names}); {' x '.join(map(str, self.shape))} actions"

    exact_prior: NDArray[np.object_] = None  # type: ignore[assignment]  # set by __init__
    _rational: NDArray[np.object_] | None = None


def _prior(given: NDArray[Any]) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    """Return the prior in fractions of sum exactly 1, and in floats."""
    allowed = "chances, at least 0 and of sum 1"
    try:
        flat = np.array([Fraction(x) for x in given.ravel().tolist()], dtype=object)
    except (TypeError, ValueError, OverflowError):
        raise ArgumentError("prior", given, allowed) from None
    if given.ndim == 0 or min(flat) < 0:
        raise ArgumentError("prior", given.tolist(), allowed)
    total = sum(flat, Fraction(0))
    if abs(float(total) - 1.0) > PROBABILITY_SUM:
        raise ArgumentError("prior", f"sum {float(total):.9g}", allowed)
    exact = (flat / total).reshape(given.shape)
    return exact, exact.astype(float)


def _type_labels(
    given: Sequence[Sequence[str]] | None, shape: tuple[int, ...]
) -> tuple[tuple[str, ...], ...]:
    if given is not None and len(given) != len(shape):
        raise ArgumentError("types", given, f"{len(shape)} sequences, one a player")
    rows = [None] * len(shape) if given is None else list(given)
    return tuple(
        _labels(f"types[{i}]", names, k, "one a type")
        for i, (names, k) in enumerate(zip(rows, shape, strict=True))
    )
