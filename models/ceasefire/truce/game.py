"""The truce as a sequential game: lines of play, solved backward, exact at any belief.

A line of play is everything that can follow one *head*: a chunk of ``head_days`` days
that starts at (held, day), or a bare window where ``head_days`` is 0. Its nodes are the
public states (w, j, r, x) of docs/model.md; the belief is the remaining coordinate.

Cost of a solve: memory 8 rows x nodes x beliefs doubles; time nodes x beliefs for the
grid plus nodes^2 x root steps. Nodes number about (chunk_days_max + 1) x
min(stock / batch, days left); the baseline's line for a four-day block has 19.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.errors import ArgumentError, SolveError
from ceasefire.tolerances import BELIEF_NEAR_ZERO
from ceasefire.truce import _kernels as kernels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.truce.fields import Parameters

DEFAULT_BELIEFS = 241
MIN_BELIEFS = 3
MAX_NODES = 5000  # some minutes of root finding; time grows with the square


@dataclass(frozen=True, eq=False, repr=False)
class LineOfPlay:
    """A solved line of play.

    Attributes
    ----------
    parameters : Parameters
        Symbols of docs/model.md.
    nodes : Line
        Arrays over nodes: kind, held (captives), used (days), left (committed days), ...
        Every successor has a smaller index; the head is the last node.
    beliefs : ndarray, shape (n_beliefs,)
        The grid on which roots were bracketed. Its first entry is a belief just above 0.
    values : ndarray, shape (8, nodes, n_beliefs)
        Rows: value of the node to the pausing state, dealer, opportunist (utils); the
        same three for the first day of a chunk that starts here; probability that an
        opportunist delivers; posterior after a delivery. Exact at each belief.
    block_days : int
        Days of the first block, from which further days are counted where their price changes.
    """

    parameters: Parameters
    nodes: kernels.Line
    beliefs: NDArray[np.float64]
    values: NDArray[np.float64]
    block_days: int = 0
    _seen: dict[float, NDArray[np.float64]] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        shape = f"{self.values.shape[1]} nodes, {self.beliefs.size} beliefs"
        return f"{type(self).__name__}({shape}, first block of {self.block_days} days)"

    @property
    def head(self) -> int:
        """Index of the head node."""
        return int(self.nodes.kind.size - 1)

    def at(self, trust: float) -> NDArray[np.float64]:
        """Sweep at one belief: ndarray (8, nodes), rows as in `values`. Exact, cached."""
        trust = float(trust)
        if trust not in self._seen:
            out = np.empty((kernels.N_ROWS, self.nodes.kind.size))
            kernels.sweep(self.parameters, self.nodes, trust, self.head, out)
            out.setflags(write=False)
            self._seen[trust] = out
        return self._seen[trust]

    def day_value(self, node: int, trust: float) -> float:
        """Pausing state's value of a day inside a chunk, before it stays or leaves; utils.

        The day's value as the first of a chunk, plus the branch in which no batch can be
        produced, which on a first day would have shown at the window.
        """
        p, nodes = self.parameters, self.nodes
        missed = -nodes.cost[node] + (1.0 - p.beta) * nodes.pauser_after_miss[node]
        first = self.at(trust)[kernels.FIRST_Y, node]
        return float(first + (1.0 - nodes.able[node]) * missed)

    def stay_probability(self, node: int, trust: float) -> float:
        """Chance that the pausing state stays at a day inside a chunk."""
        p = self.parameters
        return float(kernels.sigmoid((self.day_value(node, trust) + p.kappa) / p.s))


def belief_grid(beliefs: int) -> NDArray[np.float64]:
    """Return `beliefs` equally spaced beliefs on [0, 1], the first moved just above 0.

    At exactly 0 Bayes' rule leaves the belief at 0, so every value function may jump
    there; the grid serves the half-open interval and 0 itself is swept on demand.
    """
    if not isinstance(beliefs, int | np.integer) or beliefs < MIN_BELIEFS:
        raise ArgumentError(
            "beliefs", beliefs, f"an integer of at least {MIN_BELIEFS}", "241 is the default"
        )
    grid = np.linspace(0.0, 1.0, int(beliefs))
    grid[0] = BELIEF_NEAR_ZERO
    return grid


def lowest_price(parameters: Parameters) -> float:
    """Lowest price of a further day up to the cap, captives; behind a block of one day at least."""
    p = parameters
    return p.x + min(p.x1, 0.0) * max(p.J - 2, 0)


def check_size(parameters: Parameters, held: float, day: int, head_days: int) -> None:
    """Refuse a deal with more public states than can be solved in reasonable time."""
    cheapest = lowest_price(parameters)
    if cheapest <= 0.0:
        got, allowed = parameters.x1, "a price above 0 on every day up to the cap"
        raise ArgumentError("terms.price_growth_per_day", got, allowed)
    depth = max(min(held / cheapest, parameters.J - day), 0)
    size = int(depth * (min(parameters.Emax, depth) + 1)) + head_days
    if size > MAX_NODES:
        hint = "raise terms.captives_per_extra_day, or lower pause_days_max or chunk_days_max"
        allowed = f"at most {MAX_NODES} public states behind one block"
        raise ArgumentError("terms", f"about {size}", allowed, hint)


def solve_line(
    parameters: Parameters,
    held: float,
    day: int,
    *,
    head_days: int = 0,
    head_batch: float = 0.0,
    beliefs: int = DEFAULT_BELIEFS,
    block_days: int | None = None,
) -> LineOfPlay:
    """Solve everything that can follow (held, day) and a head chunk.

    Parameters
    ----------
    held : float
        Captives held, w.
    day : int
        Pause days used, j.
    head_days, head_batch : int, float
        Length of the first chunk (days) and captives due on each of its days.
    beliefs : int
        Size of the grid on which the critical posteriors are bracketed.
    block_days : int, optional
        Days of the first block, from which further days are counted; by default the head if it
        starts on day 0. Needed elsewhere where the price changes from day to day.

    Raises
    ------
    ArgumentError
        The deal has more public states than can be solved in reasonable time, or its prices
        change and `block_days` is not known.
    SolveError
        A day has more critical posteriors than the kernel stores.
    """
    grid = belief_grid(beliefs)
    check_size(parameters, held, day, head_days)
    if block_days is None:
        block_days = int(head_days) if day == 0 else 0
        if parameters.x1 != 0.0 and block_days == 0:
            hint = "prices change from day to day; count them from the first block"
            raise ArgumentError("block_days", None, "the days of the first block", hint)
    nodes = kernels.build_line(
        parameters, float(held), int(day), int(head_days), float(head_batch), int(block_days)
    )
    values = np.empty((kernels.N_ROWS, nodes.kind.size, grid.size))
    if not kernels.solve_line(parameters, nodes, grid, values):
        raise too_many_roots(f"{held:g} captives, day {day}")
    return LineOfPlay(parameters, nodes, grid, values, int(block_days))


def too_many_roots(where: str) -> SolveError:
    """The error where a kernel ran out of room for the critical posteriors of a day."""
    return SolveError(
        f"a day behind ({where}) has more than {kernels.MAX_ROOTS} critical posteriors; the "
        "belief dynamics are chaotic at these parameters: raise pausing_state.choice_noise"
    )
