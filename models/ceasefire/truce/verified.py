"""What the certificates of the base model and of its extensions have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict
from typing import Any

from ceasefire.display import Displayed
from ceasefire.tolerances import EXPLOITABILITY, FIXED_POINT, MONTE_CARLO_P, PROBABILITY_SUM

REPLY = "best reply at any of its histories"


class Verified(Displayed, ABC):
    """Errors that should be 0, judged and told; frozen dataclasses below hold them."""

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

    @abstractmethod
    def _gains(self) -> list[tuple[str, float, str]]:
        """Player, most that it gains by deviating, what it deviates by."""

    def _further_checks(self) -> dict[str, bool]:
        """Checks beyond the common ones."""
        return {}

    def _further_rows(self) -> list[tuple[str, str, str]]:
        """Rows for them."""
        return []

    def _states(self) -> list[tuple[str, str, str]]:
        """Rows that count what was solved."""
        return []

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
            "exploitability": self._most() <= self.tolerance,
            "value_error": self.value_error <= self.tolerance,
            "bayes_error": self.bayes_error <= FIXED_POINT,
            "grid_error": self.grid_error <= self.tolerance,
            "probability_error": self.probability_error <= PROBABILITY_SUM,
            "monte_carlo_p": not self.monte_carlo_p < MONTE_CARLO_P,
            "pilot_error": self.pilot_error <= FIXED_POINT,
            **self._further_checks(),
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
        return [
            ("exploitability", _utils(self._most()), "most anyone gains by deviating"),
            *((f"  {player}", _utils(gain), by) for player, gain, by in self._gains()),
            ("histories", f"{self.histories}", "public states with belief on the exact tree"),
            *self._states(),
            ("several roots", several, f"of {self.beliefs} beliefs a state"),
            ("jumps", f"{self.jumps}", "critical posteriors at which a value jumps"),
            ("grid error", _utils(self.grid_error), "against twice the beliefs"),
            ("value error", _utils(self.value_error), "solver against the walk of the tree"),
            ("Bayes error", f"{self.bayes_error:.1e}", "posteriors"),
            ("pilot error", f"{self.pilot_error:.1e}", "fixed point of the matched share"),
            ("probabilities", f"1 within {self.probability_error:.1e}", "exact course"),
            ("Monte Carlo", play, f"{self.monte_carlo_plays:,} plays"),
            *self._further_rows(),
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return all fields, with `passed` and `failures`, as plain data."""
        fields: dict[str, Any] = asdict(self)  # type: ignore[call-overload]  # dataclasses below
        return fields | {"passed": self.passed, "failures": list(self.failures)}

    def _most(self) -> float:
        return max(gain for _, gain, _ in self._gains())


def _utils(value: float) -> str:
    return f"{value:.1e} utils"
