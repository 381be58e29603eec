"""Allocation problems: agents with private types, outcomes to choose among, and money."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.tolerances import PROBABILITY_SUM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

TRADE = ("no trade", "trade")


@dataclass(frozen=True, eq=False, repr=False)
class AllocationProblem(Displayed):
    r"""Agents with private types, an outcome to choose, and money that may change hands.

    Agent i of type t_i has the utility ``v_i(k, t) + m_i`` of outcome k at type profile t with
    money m_i; it knows t_i, and t has the prior ``pi(t)``, correlated or not. Staying away is worth
    ``o_i(t_i)``. Build one with `from_arrays` or `bilateral_trade`.

    Attributes
    ----------
    prior : ndarray, shape (n_types_1, ..., n_types_n)
        ``pi(t)``, of sum 1, every type of positive probability.
    values : ndarray, shape (n_agents, n_outcomes, n_types_1, ..., n_types_n)
        ``v_i(k, t)``, utils (the unit of money).
    outside : tuple of ndarray
        ``o_i(t_i)`` by agent, shape (n_types_i,), utils.
    agents, outcomes : tuple of str
    types : tuple of tuple of str
        Names of each agent's types.
    exact_prior, exact_values, exact_outside
        The same in fractions; a float stands for its own binary value.
    title : str
    """

    exact_prior: NDArray[np.object_]
    exact_values: NDArray[np.object_]
    exact_outside: tuple[NDArray[np.object_], ...]
    agents: tuple[str, ...]
    outcomes: tuple[str, ...]
    types: tuple[tuple[str, ...], ...]
    title: str

    @classmethod
    def from_arrays(
        cls,
        prior: ArrayLike,
        values: ArrayLike,
        *,
        outside: Sequence[ArrayLike] | None = None,
        agents: Sequence[str] | None = None,
        outcomes: Sequence[str] | None = None,
        types: Sequence[Sequence[str]] | None = None,
        title: str = "",
    ) -> AllocationProblem:
        """Build a problem from arrays of numbers or fractions; staying away is worth 0 by default.

        Raises
        ------
        ArgumentError
            Shapes that do not fit, numbers that are not finite, a prior that is none.
        """
        pi, v = _fractions("prior", prior), _fractions("values", values)
        n = pi.ndim
        wanted = f"shape ({n}, n_outcomes, {', '.join(map(str, pi.shape))})"
        if n < 1 or v.ndim != n + 2 or v.shape[0] != n or v.shape[2:] != pi.shape:
            raise ArgumentError("values", f"shape {v.shape}", wanted)
        if v.shape[1] < 1:
            raise ArgumentError("values", "no outcome", "at least one outcome")
        total = pi.sum()
        if min(pi.ravel()) < 0 or abs(total - 1) > PROBABILITY_SUM:
            raise ArgumentError("prior", f"sum {float(total):g}", "probabilities that add up to 1")
        pi = pi / total
        for i in range(n):
            for k, chance in enumerate(np.moveaxis(pi, i, 0).reshape(pi.shape[i], -1).sum(axis=1)):
                if chance <= 0:
                    where = f"prior of type {k} of agent {i}"
                    raise ArgumentError(where, 0, "a positive probability", "drop the type")
        away = [np.full(size, Fraction(0)) for size in pi.shape]
        if outside is not None:
            away = [_fractions(f"outside[{i}]", o) for i, o in enumerate(outside)]
        if [o.shape for o in away] != [(size,) for size in pi.shape]:
            raise ArgumentError("outside", [o.shape for o in away], "one number a type, by agent")
        kinds = types or [[str(k) for k in range(size)] for size in pi.shape]
        return cls(
            pi, v, tuple(away), _names("agents", agents or range(n), n),
            _names("outcomes", outcomes or range(v.shape[1]), v.shape[1]),
            tuple(_names(f"types[{i}]", k, pi.shape[i]) for i, k in enumerate(kinds)), title,
        )  # fmt: skip

    @classmethod
    def bilateral_trade(
        cls,
        costs: Sequence[Any],
        cost_chances: Sequence[Any],
        values: Sequence[Any],
        value_chances: Sequence[Any],
        *,
        agents: Sequence[str] = ("seller", "buyer"),
        title: str = "bilateral trade",
    ) -> AllocationProblem:
        """One thing to trade: the seller's cost and the buyer's value are private, independent.

        Parameters
        ----------
        costs, values : sequence of numbers
            Possible costs of the seller and values of the buyer, utils.
        cost_chances, value_chances : sequence of numbers
            Their probabilities.

        Examples
        --------
        >>> AllocationProblem.bilateral_trade([0, 0.8], [0.5, 0.5], [0.2, 1], [0.5, 0.5])
        2 agents (seller, buyer), 2 x 2 types, outcomes no trade, trade
        """
        c, v = _fractions("costs", costs), _fractions("values", values)
        f = _fractions("cost_chances", cost_chances)
        g = _fractions("value_chances", value_chances)
        if f.shape != c.shape or g.shape != v.shape or c.ndim != 1 or v.ndim != 1:
            raise ArgumentError("cost_chances", f.shape, "one chance a cost, and one a value")
        table = np.full((2, 2, len(c), len(v)), Fraction(0))
        table[0, 1] = -c[:, None]
        table[1, 1] = v[None, :]
        kinds = [[f"cost {float(x):g}" for x in c], [f"value {float(x):g}" for x in v]]
        return cls.from_arrays(
            f[:, None] * g[None, :], table, agents=agents, outcomes=TRADE, types=kinds, title=title
        )

    @property
    def n_agents(self) -> int:
        """Number of agents."""
        return len(self.agents)

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of types, by agent."""
        return tuple(self.exact_prior.shape)

    @property
    def prior(self) -> NDArray[np.float64]:
        """``pi(t)``."""
        return self.exact_prior.astype(np.float64)

    @property
    def values(self) -> NDArray[np.float64]:
        """``v_i(k, t)``, utils."""
        return self.exact_values.astype(np.float64)

    @property
    def outside(self) -> tuple[NDArray[np.float64], ...]:
        """``o_i(t_i)``, utils."""
        return tuple(o.astype(np.float64) for o in self.exact_outside)

    @property
    def efficient(self) -> NDArray[np.int64]:
        """The outcome of largest total value at each profile, the first where several tie."""
        total = self.exact_values.sum(axis=0)
        best = [
            max(range(len(total)), key=lambda k: total[(k, *t)]) for t in np.ndindex(self.shape)
        ]
        return np.array(best, dtype=np.int64).reshape(self.shape)

    @property
    def first_best(self) -> Fraction:
        """``sum_t pi(t) max_k sum_i v_i(k, t)``: the most that could be had without secrets."""
        total = self.exact_values.sum(axis=0)
        return sum(
            (self.exact_prior[t] * max(total[(slice(None), *t)]) for t in np.ndindex(self.shape)),
            Fraction(0),
        )

    def __repr__(self) -> str:
        sizes = " x ".join(map(str, self.shape))
        kinds = ", ".join(self.outcomes[:6]) + ", ..." * (len(self.outcomes) > 6)
        who = ", ".join(self.agents[:6])
        return f"{self.n_agents} agents ({who}), {sizes} types, outcomes {kinds}"


def _fractions(where: str, given: ArrayLike) -> NDArray[np.object_]:
    table = np.asarray(given, dtype=object)
    flat = []
    for x in table.ravel():
        try:
            number = x if isinstance(x, Fraction) else Fraction(x)
        except (TypeError, ValueError, OverflowError):
            number = None
        if number is None or not isfinite(number) or isinstance(x, bool | str):
            raise ArgumentError(where, x, "finite numbers, the rows of equal length")
        flat.append(number)
    made = np.empty(len(flat), dtype=object)
    made[:] = flat
    return made.reshape(table.shape)


def _names(where: str, given: Any, count: int) -> tuple[str, ...]:
    names = tuple(str(x) for x in given)
    if len(names) != count or len(set(names)) != count:
        raise ArgumentError(where, names, f"{count} different names")
    return names
