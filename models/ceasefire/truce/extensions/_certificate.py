"""The certificate of a truce solved with an extension: that of the base model, by player."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ceasefire.tolerances import EXPLOITABILITY, FIXED_POINT, MONTE_CARLO_P, PROBABILITY_SUM


@dataclass(frozen=True)
class ExtendedCertificate:
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

    @property
    def tolerance(self) -> float:
        """Exploitability allowed, utils: a fixed share of the payoff range."""
        return EXPLOITABILITY * self.payoff_range

    @property
    def complete(self) -> bool:
        """Whether every state has one solution alone at every grid belief."""
        return self.several_roots_cells == 0 and self.jumps == 0

    @property
    def failures(self) -> tuple[str, ...]:
        """Names of the checks that fail; empty for a sound equilibrium."""
        checks = {
            "exploitability": self.exploitability <= self.tolerance,
            "value_error": self.value_error <= self.tolerance,
            "bayes_error": self.bayes_error <= FIXED_POINT,
            "grid_error": self.grid_error <= self.tolerance,
            "probability_error": self.probability_error <= PROBABILITY_SUM,
            "monte_carlo_p": not self.monte_carlo_p < MONTE_CARLO_P,
            "pilot_error": self.pilot_error <= FIXED_POINT,
        }
        return tuple(name for name, fine in checks.items() if not fine)

    @property
    def passed(self) -> bool:
        """Whether every check holds within its tolerance."""
        return not self.failures

    def rows(self) -> list[tuple[str, str, str]]:
        """Return (name, value, what it says) for printing."""
        several = f"{self.several_roots_cells} cells in {self.several_roots_states} states"
        play = f"p = {self.monte_carlo_p:.2f}, off by {self.monte_carlo_error:.4f}"
        reply = "best reply at any of its histories"
        return [
            ("exploitability", _utils(self.exploitability), "most anyone gains by deviating"),
            *[(f"  {player}", _utils(gain), reply) for player, gain in self.gains],
            ("histories", f"{self.histories}", "public states with belief on the exact tree"),
            ("several roots", several, f"of {self.beliefs} beliefs a state"),
            ("jumps", f"{self.jumps}", "critical posteriors at which a value jumps"),
            ("grid error", _utils(self.grid_error), "against twice the beliefs"),
            ("value error", _utils(self.value_error), "solver against the walk of the tree"),
            ("Bayes error", f"{self.bayes_error:.1e}", "posteriors"),
            ("pilot error", f"{self.pilot_error:.1e}", "fixed point of the matched share"),
            ("probabilities", f"1 within {self.probability_error:.1e}", "exact course"),
            ("Monte Carlo", play, f"{self.monte_carlo_plays:,} plays"),
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return all fields, with `passed` and `failures`, as plain data."""
        return asdict(self) | {"passed": self.passed, "failures": list(self.failures)}

    def _repr_html_(self) -> str:
        cells = "".join(f"<tr><th>{n}</th><td>{v}</td><td>{w}</td></tr>" for n, v, w in self.rows())
        return f"<table><caption>certificate</caption>{cells}</table>"


def _utils(value: float) -> str:
    return f"{value:.1e} utils"
