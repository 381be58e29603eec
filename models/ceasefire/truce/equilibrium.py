"""Solve the truce: pilot, talks, first block and every window and day behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.errors import ArgumentError, SolveError
from ceasefire.status import Status
from ceasefire.tolerances import EXPLOITABILITY, FIXED_POINT
from ceasefire.truce import _kernels as kernels
from ceasefire.truce import course as courses
from ceasefire.truce.fields import MOST_CAPTIVES
from ceasefire.truce.game import DEFAULT_BELIEFS, LineOfPlay, belief_grid, solve_line
from ceasefire.truce.payoffs import release_loss
from ceasefire.truce.pilot import FixedPoint, Pilot, fixed_point
from ceasefire.truce.talks import Talks, bargaining_weight, solve_talks
from ceasefire.truce.verify import check_line, may_have_several_roots, payoff_range, worst
from ceasefire.truce.windows import WindowValues, trust_needed, window_values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from ceasefire.truce.certificate import Certificate
    from ceasefire.truce.fields import Parameters
    from ceasefire.truce.scenario import Scenario

METHOD = "backward induction with exact critical posteriors"


@dataclass(frozen=True, eq=False)
class TruceEquilibrium:
    """Markov perfect Bayesian equilibrium of the truce model, purified by payoff shocks.

    Attributes
    ----------
    scenario : Scenario
        What was solved.
    trust : float
        The pausing state's belief in a dealer after the pilot, when the pause opens.
    block_days : int
        Length of the first block, days; 0 where no block is worth having to both.
    block_weights : mapping of int to float
        The block, with probability 1 unless two tie (status ``BLOCK_TIED``); 0 days stands
        for no deal, empty where none is possible.
    bargaining_weight : float
        The captor's weight in the block's Nash product.
    pilot, talks : Pilot, Talks
        The stages before the pause.
    lines : tuple of LineOfPlay
        The solved game behind each block of 1, 2, ... days.
    status : Status
        What the solver claims.
    method : str
        How it was solved.
    beliefs : int
        Size of the bracketing grid.
    """

    scenario: Scenario
    trust: float
    block_days: int
    block_weights: Mapping[int, float]
    bargaining_weight: float
    pilot: Pilot
    talks: Talks
    lines: tuple[LineOfPlay, ...]
    status: Status
    method: str
    beliefs: int
    _windows: dict[tuple[float, int], LineOfPlay] = field(default_factory=dict, repr=False)

    @property
    def parameters(self) -> Parameters:
        """The scenario's parameters by the symbols of MODEL.md."""
        return self.lines[0].parameters

    def line(self, block_days: int | None = None) -> LineOfPlay:
        """Return the line of play behind a first block of `block_days` (default: the agreed)."""
        days = self.block_days if block_days is None else block_days
        if not 1 <= days <= len(self.lines):
            raise ArgumentError("block_days", days, f"an integer from 1 to {len(self.lines)}")
        return self.lines[days - 1]

    def window(self, held: float, day: int) -> LineOfPlay:
        """Return the line of play that starts at the window (held captives, pause days used)."""
        p = self.parameters
        _check_number("held", held, 0.0, MOST_CAPTIVES)
        _check_number("day", day, 0, p.J)
        if int(day) != day:
            raise ArgumentError("day", day, "a whole number of pause days")
        key = (float(held), int(day))
        if key not in self._windows:
            self._windows[key] = solve_line(p, *key, beliefs=self.beliefs)
        return self._windows[key]

    def values(self, held: float, day: int, trust: float) -> WindowValues:
        """Return values and play at the window (held, day) under belief `trust`; exact.

        Parameters
        ----------
        held : float
            Captives of the eligible category still held.
        day : int
            Pause days used.
        trust : float
            The pausing state's belief that it faces a dealer, in [0, 1].
        """
        _check_number("trust", trust, 0.0, 1.0)
        return window_values(self.window(held, day), float(trust))

    def trust_needed(self, held: float = 48, day: int = 4) -> float:
        """Least belief at which some chunk is worth offering at the window (held, day).

        There the pausing state's best chunk is worth exactly 0. nan where no chunk can
        be offered (stock or cap exhausted); inf where no belief suffices; 0 where every
        positive belief does.
        """
        return trust_needed(self.window(held, day))

    def blame(self, held: float, day: int, trust: float) -> float:
        """Probability that a miss on a one-day chunk at (held, day) was refusal, not inability.

        ``l cheat / (1 - l + l cheat)`` with ``cheat = (1 - trust)(1 - q)``, where q is the
        chance that an opportunist able to deliver does. nan where no miss can happen.
        """
        _check_number("trust", trust, 0.0, 1.0)
        line = self.window(held, day)
        if line.nodes.n_offers[line.head] == 0:
            return float("nan")
        node = int(line.nodes.offers[line.head, 1])
        able = float(line.nodes.able[node])
        deliver = float(line.at(float(trust))[kernels.DELIVER, node])
        refused = able * (1.0 - float(trust)) * (1.0 - deliver)
        missed = 1.0 - able + refused
        return refused / missed if missed > 0.0 else float("nan")

    @cached_property
    def block(self) -> pd.DataFrame:
        """Choice of the first block: values (utils) and Nash product, indexed by block days."""
        import pandas as pd

        values = _head_values(self.lines, self.trust)
        columns = ["pausing_state", "dealer", "opportunist"]
        index = pd.RangeIndex(1, len(self.lines) + 1, name="block_days")
        frame = pd.DataFrame(values, index=index, columns=columns)
        return frame.assign(nash_product=_nash_products(values, self.bargaining_weight))

    def course(self, trust: float | None = None, block_days: int | None = None) -> courses.Course:
        """Exact distribution of the course from the first block on.

        Parameters
        ----------
        trust : float, optional
            Opening belief, and so the chance that the captor is a dealer; default: the
            equilibrium's, after the pilot.
        block_days : int, optional
            First block in days; default: the equilibrium's (a lottery where blocks tie).
        """
        belief = self.trust if trust is None else float(trust)
        _check_number("trust", belief, 0.0, 1.0)
        if block_days is None and len(self.block_weights) == 1:
            block_days = self.block_days
        if block_days == 0 or not self.block_weights:
            return courses.no_deal(self.parameters, belief)
        if block_days is not None:
            return courses.trace(self.line(block_days), belief, block_days)
        parts = [(self.course(belief, days), share) for days, share in self.block_weights.items()]
        return courses.mix(parts)

    def path(self, chunks: Sequence[int] | None = None) -> pd.DataFrame:
        """Follow one course window by window and day by day.

        Parameters
        ----------
        chunks : sequence of int, optional
            Chunks in days, the first block first, as in ``(4, 2, 1)``; default: the most
            likely sequence in equilibrium.

        Returns
        -------
        DataFrame
            One row a step, in order; columns: stage ('day' or 'window'), day (pause days
            used), held_captives, trust_held, trust_needed, best_chunk_days,
            offer_probability, goes_on_probability (windows), captives_due,
            opportunist_delivers, list_probability (days).
        """
        from ceasefire.truce.path import follow

        if chunks is None:
            likely = str(self.course().chunks.index[0])
            chunks = [] if likely == "none" else [int(c) for c in likely.split("-")]
        return follow(self, tuple(chunks))

    @cached_property
    def certificate(self) -> Certificate:
        """Independent verification (MODEL.md section 3), computed on first use."""
        from ceasefire.truce.certificate import certify

        return certify(self)


def solve(
    scenario: Scenario, *, beliefs: int = DEFAULT_BELIEFS, throw: bool = True
) -> TruceEquilibrium:
    """Solve the truce model of a scenario.

    Parameters
    ----------
    scenario : Scenario
        From :func:`ceasefire.load`.
    beliefs : int
        Grid on which roots in the belief are bracketed; values do not depend on it
        unless two roots fall between neighbours (``eq.certificate.grid_error`` compares
        with twice as many).
    throw : bool
        Raise where the pilot stage has no fixed point or a player could gain by deviating;
        else return what was reached, whose ``status`` says so.

    Returns
    -------
    TruceEquilibrium

    Raises
    ------
    SolveError
        Not solved, with the result reached attached as ``error.reached``.

    Notes
    -----
    Backward induction on the public states. The belief matters to a day only through
    the posterior a delivery leaves, so each day has a few critical posteriors, found as
    roots of the opportunist's gain from delivering; all values are then exact at any
    belief. Time grows with blocks x nodes x beliefs for the values and blocks x nodes^2 for
    the roots, where nodes is about (chunk_days_max + 1) x min(stock / batch, days left);
    memory is 64 bytes x blocks x nodes x beliefs. Measured warm on one core: 5 ms at the
    baseline (2 MB), 60 ms with twice its stock and 0.4 s with four times, cap 42 days.

    Examples
    --------
    >>> import ceasefire as cf
    >>> from ceasefire import truce
    >>> eq = truce.solve(cf.load("november-2023"))
    >>> eq.block_days, round(eq.trust, 3)
    (4, 0.471)
    """
    if isinstance(scenario, str):
        raise ArgumentError(
            "scenario", scenario, "a Scenario", "load it first: ceasefire.load(...)"
        )
    p = scenario.symbols()
    lines = tuple(
        solve_line(p, p.W0, 0, head_days=days, head_batch=p.n0 / days, beliefs=beliefs)
        for days in range(1, min(p.Tmax, p.J) + 1)
    )
    opening = _Opening(p, lines)
    point = fixed_point(p.pi0, belief_grid(beliefs), opening.responses(), opening.response)
    if p.x_p == 0.0:
        point = FixedPoint(float("nan"), p.pi0, 0.0, 1, p.pi0, p.pi0)
    weights, status = opening.block_lottery(point)
    block_days = max(filter(None, weights), key=lambda days: weights[days], default=0)
    status = _claim(status, p, lines, point.trust)
    equilibrium = TruceEquilibrium(
        scenario=scenario,
        trust=point.trust,
        block_days=block_days,
        block_weights=weights,
        bargaining_weight=opening.weight,
        pilot=opening.pilot(point, weights, status),
        talks=opening.talks,
        lines=lines,
        status=status,
        method=METHOD,
        beliefs=int(beliefs),
    )
    if throw and not status.solved:
        raise SolveError(
            f"scenario {scenario.name!r}: {status.message}; at trust {point.trust:.6g} the "
            f"pilot's fixed point misses by {point.residual:.2g}; call with throw=False to "
            "look at what was reached",
            reached=equilibrium,
        )
    return equilibrium


def _claim(
    status: Status, parameters: Parameters, lines: tuple[LineOfPlay, ...], trust: float
) -> Status:
    """Weaken `status` where days have several consistent probabilities or values that jump.

    A jump of a value in the belief can leave a day without an exact equilibrium; then the
    tree is walked at once and the verdict is the walk's.
    """
    if status is Status.NOT_CONVERGED:
        return status
    if any(int(line.nodes.jumps.sum()) for line in lines):
        tree = worst(tuple(check_line(line, trust) for line in lines))
        gain = max(tree.opportunist, tree.pausing_state, tree.political_wing)
        if gain > EXPLOITABILITY * payoff_range(parameters):
            return Status.EXPLOITABLE
    if status is Status.OK and any(may_have_several_roots(line) for line in lines):
        return Status.INCOMPLETE
    return status


def _head_values(lines: Sequence[LineOfPlay], trust: float) -> NDArray[np.float64]:
    """Values of each block to (pausing state, dealer, opportunist); shape (blocks, 3)."""
    first = slice(kernels.FIRST_Y, kernels.FIRST_UO + 1)
    return np.array([line.at(trust)[first, line.head] for line in lines])


def _nash_products(values: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    """Y^(1 - th) U_d^th over the last axis; 0 where a side would rather have war."""
    gains = np.maximum(values, 0.0)
    feasible = (values[..., 0] > 0.0) & (values[..., 1] > 0.0)
    product = gains[..., 0] ** (1.0 - weight) * gains[..., 1] ** weight
    return np.where(feasible, product, 0.0)


class _Opening:
    """The stage before the pause, given the solved blocks."""

    def __init__(self, parameters: Parameters, lines: tuple[LineOfPlay, ...]) -> None:
        self.p, self.lines = parameters, lines
        self.weight = bargaining_weight(parameters)
        self.talks = solve_talks(parameters)

    def choose(self, trust: float) -> tuple[int, NDArray[np.float64]]:
        """Block at `trust` (0: none) and its values (3,); the shorter block where tied."""
        values = _head_values(self.lines, trust)
        products = _nash_products(values, self.weight)
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

    def responses(self) -> NDArray[np.float64]:
        """:meth:`response` on the belief grid, from the stored sweeps; shape (beliefs,)."""
        first = slice(kernels.FIRST_Y, kernels.FIRST_UO + 1)
        values = np.array([line.values[first, line.head].T for line in self.lines])
        products = _nash_products(values, self.weight)
        best = np.argmax(products, axis=0)
        columns = np.arange(values.shape[1])
        chosen = np.where(products[best, columns, None] > 0.0, values[best, columns], 0.0)
        return np.array([self.willing(row) for row in chosen])

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
        values = _head_values(self.lines, point.trust)
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


def _check_number(name: str, value: float, low: float, high: float) -> None:
    try:
        fine = low <= value <= high  # nan fails both
    except TypeError:
        fine = False
    if not fine:
        raise ArgumentError(name, value, f"from {low:g} to {high:g}")
