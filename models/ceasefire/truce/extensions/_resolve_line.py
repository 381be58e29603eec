"""Lines of play with a cabinet of hidden type: solved backward, exact at any belief.

The cabinet decides only after a missed delivery, where the captor decides nothing more. So its
play does not depend on what is believed of it, the belief in a resolute cabinet stays at the
prior on every day before a miss, and the base model's kernels serve with the mean of what
follows a miss over both types.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import expit

from ceasefire.truce import _kernels as kernels
from ceasefire.truce.game import (
    DEFAULT_BELIEFS,
    LineOfPlay,
    belief_grid,
    check_size,
    too_many_roots,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.truce.extensions.resolve import Resolve
    from ceasefire.truce.fields import Parameters

RESOLUTE, RELUCTANT = 0, 1


class Cabinet(NamedTuple):
    """The two types: prior of the resolute, leaving cost (utils) and gain a day of each."""

    prior: float
    leaving_cost: tuple[float, float]
    gain: tuple[float, float]

    @property
    def shares(self) -> NDArray[np.float64]:
        """Prior of the resolute and of the reluctant type."""
        return np.array([self.prior, 1.0 - self.prior])


class ReputationDay(NamedTuple):
    """One committed day after a miss: who stays, and what staying or leaving tells.

    Attributes
    ----------
    day : int
        Pause days used when the cabinet decides.
    committed_days : int
        Committed days left.
    resolve : float
        Belief in a resolute cabinet before it decides.
    resolute_stays, reluctant_stays : float
        Probability that each type stays.
    after_staying, after_leaving : float
        Belief after either; nan where no type does so.
    """

    day: int
    committed_days: int
    resolve: float
    resolute_stays: float
    reluctant_stays: float
    after_staying: float
    after_leaving: float


@dataclass(frozen=True, eq=False)
class Aftermath:
    """What follows a missed delivery, by type of cabinet.

    Attributes
    ----------
    cabinet : Cabinet
        The two types.
    stay : ndarray, shape (2, days, committed days)
        Probability that a type stays when `j` pause days were used and `r` committed days are
        left; the belief in it does not matter.
    captor, state : ndarray, shape (2, days, committed days)
        F and H of docs/model.md: values to the captor and to the pausing state with a cabinet
        of that type, utils.
    """

    cabinet: Cabinet
    stay: NDArray[np.float64]
    captor: NDArray[np.float64]
    state: NDArray[np.float64]

    def reputation(self, day: int, committed_days: int) -> tuple[ReputationDay, ...]:
        """Belief in a resolute cabinet while it stays day by day, Bayes' rule."""
        told, resolve = [], self.cabinet.prior
        for left in range(committed_days, 0, -1):
            used = day + committed_days - left
            strong, weak = (float(stay) for stay in self.stay[:, used, left])
            after, gone = _bayes(resolve, strong, weak), _bayes(resolve, 1.0 - strong, 1.0 - weak)
            told.append(ReputationDay(used, left, resolve, strong, weak, after, gone))
            resolve = after
        return tuple(told)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ResolveLine(LineOfPlay):
    """A solved line of play with a cabinet of hidden type; see :class:`LineOfPlay`.

    Attributes
    ----------
    aftermath : Aftermath
        What follows a missed delivery.
    """

    aftermath: Aftermath


def cabinet(parameters: Parameters, table: Resolve) -> Cabinet:
    """Return both types of the cabinet: the resolute leaves at the base model's cost."""
    costs = (parameters.kappa, table.reluctant_leaving_cost)
    return Cabinet(table.prior, costs, (0.0, table.reluctant_gain_per_day))


def solve_line(
    parameters: Parameters,
    types: Cabinet,
    held: float,
    day: int,
    *,
    head_days: int = 0,
    head_batch: float = 0.0,
    beliefs: int = DEFAULT_BELIEFS,
    block_days: int = 0,
) -> ResolveLine:
    """Solve everything that can follow (held, day) and a head chunk.

    Parameters, errors and cost are those of :func:`ceasefire.truce.game.solve_line`, except that
    `block_days` is 0 where prices count from `day` and the types of the cabinet are given.
    """
    grid = belief_grid(beliefs)
    check_size(parameters, held, day, head_days)
    counted = int(block_days or (head_days if day == 0 else 0))
    nodes = kernels.build_line(
        parameters, float(held), int(day), int(head_days), float(head_batch), counted
    )
    after = solve_aftermath(parameters, types, int(nodes.used.max()) + 1, int(nodes.left.max()) + 1)
    _expect(nodes, after)
    values = np.zeros((kernels.N_ROWS, nodes.kind.size, grid.size))
    if not kernels.solve_line(parameters, nodes, grid, values):
        raise too_many_roots(f"{held:g} captives, day {day}")
    return ResolveLine(parameters, nodes, grid, values, counted, aftermath=after)


def solve_aftermath(p: Parameters, types: Cabinet, last_day: int, longest: int) -> Aftermath:
    """Solve what each type does after a miss, up to `last_day` days used and `longest` left."""
    mine = [
        p._replace(kappa=cost, k0=p.k0 - gain)
        for cost, gain in zip(types.leaving_cost, types.gain, strict=True)
    ]
    solved = [kernels.aftermath(own, last_day, longest) for own in mine]
    stay = np.array([_stay(own, state) for own, (_, state) in zip(mine, solved, strict=True)])
    captor, state = (np.array([one[row] for one in solved]) for row in (0, 1))
    return Aftermath(types, stay, captor, state)


def _stay(p: Parameters, state: NDArray[np.float64]) -> NDArray[np.float64]:
    """p_t(j, r): stay where staying a day and its sequel beats the cost of leaving; else 0."""
    stay = np.zeros_like(state)
    day_cost = p.k0 + p.k1 * np.arange(state.shape[0] - 1)[:, None]
    worth = -day_cost + (1.0 - p.beta) * state[1:, :-1]
    stay[:-1, 1:] = expit((worth + p.kappa) / p.s)
    return stay


def _expect(nodes: kernels.Line, after: Aftermath) -> None:
    """Replace what follows a miss by its mean over the types; the arrays of `nodes` change."""
    days = nodes.kind == kernels.DAY
    at = nodes.used[days] + 1, nodes.left[days] - 1
    shares = after.cabinet.shares
    nodes.captor_after_miss[days] = shares @ after.captor[:, *at]
    nodes.pauser_after_miss[days] = shares @ after.state[:, *at]


def _bayes(resolve: float, resolute: float, reluctant: float) -> float:
    """Belief in the resolute type after what each does with these probabilities."""
    seen = resolve * resolute + (1.0 - resolve) * reluctant
    return resolve * resolute / seen if seen > 0.0 else float("nan")
