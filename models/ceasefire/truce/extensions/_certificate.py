"""The certificate of a truce solved with an extension: that of the base model, by player."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ceasefire.truce.certificate import monte_carlo, pilot_error
from ceasefire.truce.verified import REPLY, Verified

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ceasefire.truce.solution import Solution


@dataclass(frozen=True)
class ExtendedCertificate(Verified):
    """What was verified after solving, by code that takes only strategies from the solver.

    Attributes
    ----------
    gains : tuple of (player, float)
        Most that each player gains by another strategy at any public history behind any first
        block, all others' play fixed, utils.
    payoff_range : float
        Spread of attainable payoffs, utils; tolerances are relative to it.
    value_error, bayes_error : float
        Largest difference of the solver's values (utils) and posteriors from the walk's.
    histories : int
        Public states with belief visited.
    beliefs : int
        Beliefs on the grid.
    several_roots_states, several_roots_cells : int
        States, and (state, belief) cells, with more than one solution of their own equation.
    jumps : int
        Critical posteriors at which a value jumps instead of crossing.
    grid_error : float
        Largest difference of the values from those of a grid with twice the beliefs, utils.
    probability_error : float
        Distance from 1 of the course's probabilities.
    monte_carlo_plays, monte_carlo_error, monte_carlo_p : int, float, float
        Simulated plays, largest difference in an outcome's frequency, chi-square p-value
        (nan where there is no course to play).
    pilot_error : float
        Error of the pilot's fixed point and of the belief after it.
    """

    gains: tuple[tuple[str, float], ...]
    payoff_range: float
    value_error: float
    bayes_error: float
    histories: int
    beliefs: int
    several_roots_states: int
    several_roots_cells: int
    jumps: int
    grid_error: float
    probability_error: float
    monte_carlo_plays: int
    monte_carlo_error: float
    monte_carlo_p: float
    pilot_error: float

    @property
    def exploitability(self) -> float:
        """Largest gain of any player, utils."""
        return max(gain for _, gain in self.gains)

    def _gains(self) -> list[tuple[str, float, str]]:
        return [(player, gain, REPLY) for player, gain in self.gains]


class Walk(Protocol):
    """What a walk of the exact tree finds, whatever the extension."""

    @property
    def bayes_error(self) -> float:
        """Largest difference of posteriors from Bayes' rule."""

    @property
    def histories(self) -> int:
        """Public states with belief visited."""


def extended_certificate(
    equilibrium: Solution[Any, Any],
    walk: Walk,
    *,
    gains: tuple[tuple[str, float], ...],
    value_error: float,
    payoff_range: float,
    several_roots: Sequence[int],
    grid_error: float,
) -> ExtendedCertificate:
    """Add to what is an extension's own the checks that ask only for its course and stages.

    `several_roots` holds the number of beliefs with several solutions, a state.
    """
    course = equilibrium.course()
    played = monte_carlo(equilibrium, course)
    return ExtendedCertificate(
        gains=gains,
        payoff_range=payoff_range,
        value_error=value_error,
        bayes_error=walk.bayes_error,
        histories=walk.histories,
        beliefs=equilibrium.beliefs,
        several_roots_states=len(several_roots),
        several_roots_cells=sum(several_roots),
        jumps=sum(int(line.nodes.jumps.sum()) for line in equilibrium.lines),
        grid_error=grid_error,
        probability_error=abs(sum(chance for _, chance in course.outcomes) - 1.0),
        monte_carlo_plays=played.plays,
        monte_carlo_error=played.error,
        monte_carlo_p=played.p_value,
        pilot_error=pilot_error(equilibrium),
    )
