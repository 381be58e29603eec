"""The stage before the pause, given the solved blocks: pilot, talks, length of the first block.

The base model and its extensions share it: it asks of a line of play only what a first block
is worth to each side under a belief.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from scipy.optimize import brentq

from ceasefire.errors import SolveError
from ceasefire.status import Status
from ceasefire.tolerances import FIXED_POINT, ROOT_XTOL
from ceasefire.truce import _kernels as kernels
from ceasefire.truce.game import belief_grid
from ceasefire.truce.payoffs import release_loss
from ceasefire.truce.pilot import FixedPoint, Pilot, fixed_point, matched_share
from ceasefire.truce.talks import Talks, bargaining_weight, solve_talks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from ceasefire.truce.fields import Parameters
    from ceasefire.truce.solution import Solution


class SolvedLine(Protocol):
    """What the opening needs of a line of play; see :class:`ceasefire.truce.game.LineOfPlay`."""

    @property
    def parameters(self) -> Parameters:
        """The scenario's parameters by symbol."""

    @property
    def nodes(self) -> Any:
        """Arrays over nodes, the number of `jumps` among them."""

    @property
    def head(self) -> int:
        """Index of the head node."""

    @property
    def values(self) -> NDArray[np.float64]:
        """Rows FIRST_Y, FIRST_UD, FIRST_UO of every node at the grid's beliefs."""

    def at(self, trust: float) -> NDArray[np.float64]:
        """Return the same rows at one belief."""


class Opened(NamedTuple):
    """How the pause opens; the fields are those of ``TruceEquilibrium``."""

    trust: float
    block_days: int
    block_weights: Mapping[int, float]
    bargaining_weight: float
    pilot: Pilot
    talks: Talks
    status: Status


def open_pause(parameters: Parameters, lines: Sequence[SolvedLine], beliefs: int) -> Opened:
    """Solve the pilot's fixed point and choose the block; `lines` are blocks of 1, 2, ... days."""
    p = parameters
    opening = _Opening(p, lines)
    grid = belief_grid(beliefs)
    responses, blocks = opening.responses()
    known = dict(zip(grid.tolist(), blocks.tolist(), strict=True))
    point = fixed_point(p.pi0, grid, responses, opening.response, partial(opening.jumps, known))
    if p.x_p == 0.0:
        point = FixedPoint(float("nan"), p.pi0, 0.0, 1, p.pi0, p.pi0)
    weights, status = opening.block_lottery(point)
    return Opened(
        trust=point.trust,
        block_days=max(filter(None, weights), key=lambda days: weights[days], default=0),
        block_weights=weights,
        bargaining_weight=opening.weight,
        pilot=opening.pilot(point, weights, status),
        talks=opening.talks,
        status=status,
    )


def check_solved(equilibrium: Solution[Any, Any], *, throw: bool) -> None:
    """Raise a SolveError that carries `equilibrium` where it is none, if wanted."""
    status, trust = equilibrium.status, equilibrium.trust
    if throw and not status.solved:
        raise SolveError(
            f"scenario {equilibrium.scenario.name!r}: {status.message}; at trust {trust:.6g} the "
            f"pilot's fixed point misses by {equilibrium.pilot.residual:.2g}; call with "
            "throw=False to look at what was reached",
            reached=equilibrium,
        )


def head_values(lines: Sequence[SolvedLine], trust: float) -> NDArray[np.float64]:
    """Values of each block to (pausing state, dealer, opportunist); shape (blocks, 3)."""
    first = slice(kernels.FIRST_Y, kernels.FIRST_UO + 1)
    return np.array([line.at(trust)[first, line.head] for line in lines])


def nash_products(values: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    """Y^(1 - th) U_d^th over the last axis; 0 where a side would rather have war."""
    gains = np.maximum(values, 0.0)
    feasible = (values[..., 0] > 0.0) & (values[..., 1] > 0.0)
    product = gains[..., 0] ** (1.0 - weight) * gains[..., 1] ** weight
    return np.where(feasible, product, 0.0)


REACH = 0.05  # of the share needed: what the worth of a block may bend inside a cell


class _Opening:
    """The stage before the pause, given the solved blocks."""

    def __init__(self, parameters: Parameters, lines: Sequence[SolvedLine]) -> None:
        self.p, self.lines = parameters, lines
        self.weight = bargaining_weight(parameters)
        self.talks = solve_talks(parameters)

    def choose(self, trust: float) -> tuple[int, NDArray[np.float64]]:
        """Block at `trust` (0: none) and its values (3,); the shorter block where tied."""
        values = head_values(self.lines, trust)
        products = nash_products(values, self.weight)
        best = int(np.argmax(products))
        if products[best] <= 0.0:
            return 0, np.zeros(3)
        return best + 1, values[best]

    def open_probability(self, pausing_state_value: float) -> float:
        p = self.p
        worth = self.talks.pausing_state_discount * pausing_state_value
        return float(kernels.sigmoid((worth - p.K_T) / p.s_T))

    def willing(self, values: NDArray[np.float64]) -> float:
        """Share of opportunists that match the pilot when the block is worth `values`."""
        p = self.p
        if p.x_p == 0.0:
            return 1.0
        worth = self.open_probability(values[0]) * self.talks.captor_discount * values[2]
        return float(min(1.0, max(0.0, worth / (p.x_p * p.Z))))

    def response(self, trust: float) -> float:
        return self.willing(self.choose(trust)[1])

    def responses(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """:meth:`response` and block (0: none) on the belief grid, from the stored sweeps."""
        first = slice(kernels.FIRST_Y, kernels.FIRST_UO + 1)
        values = np.array([line.values[first, line.head].T for line in self.lines])
        products = nash_products(values, self.weight)
        best = np.argmax(products, axis=0)
        columns = np.arange(values.shape[1])
        agreed = products[best, columns] > 0.0
        chosen = np.where(agreed[:, None], values[best, columns], 0.0)
        return np.array([self.willing(row) for row in chosen]), np.where(agreed, best + 1, 0)

    def jumps(self, known: Mapping[float, int], low: float, high: float) -> list[float]:
        """Beliefs beside each change of the block inside a cell, in order; two a change.

        `known` are blocks at beliefs. A block that is best only inside the cell, with
        another on both ends, is not seen.
        """
        before, after = (known.get(t, -1) for t in (low, high))
        if before == -1:
            before = self.choose(low)[0]
        if after == -1:
            after = self.choose(high)[0]
        if before == after or not self._reached({before, after}, low, high):
            return []
        if before and after:  # where the two are worth the same, usually
            tie = self._tie(before, after, low, high)
            beside = tie * (1.0 - 4 * ROOT_XTOL), tie * (1.0 + 4 * ROOT_XTOL)
            if (self.choose(beside[0])[0], self.choose(beside[1])[0]) == (before, after):
                return list(beside)
        left, right = low, high
        while right - left > ROOT_XTOL * right:
            middle = 0.5 * (left + right)
            here = self.choose(middle)[0]
            if here == before:
                left = middle
            elif here == after:
                right = middle
            else:  # a third block between them
                inside = {**known, low: before, high: after, middle: here}
                return [*self.jumps(inside, low, middle), *self.jumps(inside, middle, high)]
        return [left, right]

    def _reached(self, blocks: set[int], low: float, high: float) -> bool:
        """Whether enough opportunists would match inside a cell, with any of the blocks.

        Judged at both ends: inside a cell the worth of one block is smooth.
        """
        needed = float(matched_share(self.p.pi0, high)) * (1.0 - REACH)
        ends = (head_values([self.lines[b - 1]], t)[0] for b in blocks if b for t in (low, high))
        return any(self.willing(values) >= needed for values in ends)

    def _tie(self, one: int, two: int, low: float, high: float) -> float:
        """Belief at which two blocks have the same Nash product."""
        pair = [self.lines[one - 1], self.lines[two - 1]]

        def lead(trust: float) -> float:
            first, second = nash_products(head_values(pair, trust), self.weight)
            return float(first - second)

        if lead(low) * lead(high) > 0.0:  # no change of sign: the shorter was taken at a tie
            return low
        return float(brentq(lead, low, high, xtol=ROOT_XTOL, rtol=4 * np.finfo(float).eps))

    def block_lottery(self, point: FixedPoint) -> tuple[dict[int, float], Status]:
        """Return the block, or the lottery over two that restores the fixed point."""
        days, values = self.choose(point.trust)
        if abs(point.residual) <= FIXED_POINT:
            return ({days: 1.0}, Status.OK) if days else ({}, Status.NO_DEAL)
        other, other_values = self.choose(point.low)
        here, there = self.willing(values), self.willing(other_values)
        share = (point.matched - there) / (here - there) if here != there else -1.0
        if days == other or not 0.0 <= share <= 1.0:
            return ({days: 1.0} if days else {}), Status.NOT_CONVERGED
        return {days: share, other: 1.0 - share}, Status.BLOCK_TIED

    def pilot(self, point: FixedPoint, weights: Mapping[int, float], status: Status) -> Pilot:
        p = self.p
        values = head_values(self.lines, point.trust)
        opened, dealer = 0.0, 0.0
        for days, weight in weights.items() or {0: 1.0}.items():
            row = values[days - 1] if days else np.zeros(3)
            chance = self.open_probability(row[0])
            opened += weight * chance
            dealer += weight * chance * self.talks.captor_discount * row[1]
        _, before = self.choose(p.pi0)
        without = self.open_probability(before[0])
        loss = float(release_loss(p, p.W0 + p.x_p, p.x_p))
        return Pilot(
            captives=p.x_p,
            matched=point.matched,
            trust_before=p.pi0,
            trust=point.trust,
            open_probability=opened,
            open_probability_without=without,
            release_loss=loss,
            dealer_net=float(dealer - loss),
            dealer_without=without * self.talks.captor_discount * float(before[1]),
            residual=0.0 if status is Status.BLOCK_TIED else abs(point.residual),
            solutions=point.solutions,
        )
