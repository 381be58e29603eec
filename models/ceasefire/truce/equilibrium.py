"""Solve the truce: pilot, talks, first block and every window and day behind it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ceasefire.errors import ArgumentError
from ceasefire.truce import _kernels as kernels
from ceasefire.truce import course as courses
from ceasefire.truce.extensions import solve_extended
from ceasefire.truce.game import DEFAULT_BELIEFS, LineOfPlay, solve_line
from ceasefire.truce.opening import check_solved, open_pause
from ceasefire.truce.solution import BaseCourses, check_number, check_window, claim, first_blocks
from ceasefire.truce.verify import check_line, may_have_several_roots, payoff_range
from ceasefire.truce.windows import WindowValues, trust_needed, window_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from ceasefire.truce.certificate import Certificate
    from ceasefire.truce.scenario import Scenario

METHOD = "backward induction with exact critical posteriors"


@dataclass(frozen=True, eq=False, repr=False)
class TruceEquilibrium(BaseCourses[LineOfPlay]):
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

    def window(self, held: float, day: int) -> LineOfPlay:
        """Return the line of play that starts at the window (held captives, pause days used)."""
        p = self.parameters
        check_window(p, held, day)
        key = (float(held), int(day))
        if key not in self._windows:
            # without a block prices can only be counted from the day asked for
            counted = self.block_days or int(day)
            self._windows[key] = solve_line(p, *key, beliefs=self.beliefs, block_days=counted)
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
        check_number("trust", trust, 0.0, 1.0)
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
        check_number("trust", trust, 0.0, 1.0)
        line = self.window(held, day)
        if line.nodes.n_offers[line.head] == 0:
            return float("nan")
        node = int(line.nodes.offers[line.head, 1])
        able = float(line.nodes.able[node])
        deliver = float(line.at(float(trust))[kernels.DELIVER, node])
        refused = able * (1.0 - float(trust)) * (1.0 - deliver)
        missed = 1.0 - able + refused
        return refused / missed if missed > 0.0 else float("nan")

    def _trace(self, line: LineOfPlay, trust: float, block_days: int) -> courses.Course:
        return courses.trace(line, trust, block_days)

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
        """Independent verification, computed on first use."""
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
        Where the scenario switches an extension on, that extension's own equilibrium, which
        answers to the same names (:mod:`ceasefire.truce.extensions`).

    Raises
    ------
    ArgumentError
        The scenario switches on two extensions.
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
    if scenario.extensions:
        extended: TruceEquilibrium = solve_extended(scenario, beliefs=beliefs, throw=throw)
        return extended
    p = scenario.symbols()
    lines = tuple(
        solve_line(p, p.W0, 0, head_days=days, head_batch=batch, beliefs=beliefs)
        for days, batch in first_blocks(p)
    )
    opened = open_pause(p, lines, beliefs)
    claimed = claim(
        opened,
        lines,
        check=check_line,
        payoff_range=payoff_range(p),
        several=may_have_several_roots,
    )
    equilibrium = TruceEquilibrium.of(scenario, claimed, lines, METHOD, beliefs)
    check_solved(equilibrium, throw=throw)
    return equilibrium
