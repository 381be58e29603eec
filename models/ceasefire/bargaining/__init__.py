"""The negotiation as games: published models, each with its game, its closed form and its solver.

Every model is a frozen dataclass with ``closed_form()`` where one exists, ``solve()`` and
``game()``, which states it for the engines of `ceasefire.solvers`.

>>> from ceasefire import bargaining
>>> model = bargaining.Instalments(value=3, cost=1, discount=0.95, stock=50)
>>> round(model.closed_form().payoff, 7)
97.3684211
"""

from __future__ import annotations

from ceasefire.bargaining._staged import Staging, StagingCertificate
from ceasefire.bargaining.gradualism import LockwoodThomas, LockwoodThomasSmooth
from ceasefire.bargaining.instalments import Instalments, Schedules

__all__ = [
    "LockwoodThomas",
    "LockwoodThomasSmooth",
    "Instalments",
    "Staging",
    "StagingCertificate",
    "Schedules",
]
