"""How it is solved: one file a solution concept, one call shape."""

from __future__ import annotations

from ceasefire.solvers.result import Component, Equilibria, Equilibrium

__all__ = ["Component", "Equilibria", "Equilibrium"]
