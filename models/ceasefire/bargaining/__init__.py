"""The negotiation as games: published models, each with its game, its closed form and its solver.

Every model is a frozen dataclass with ``solve()``, ``closed_form()`` where one exists, ``game()``,
which states it for the engines of `ceasefire.solvers`, ``from_scenario()``, ``answer()`` and
``figure()``. `registry.MODELS` says which model answers which question.

>>> from ceasefire import bargaining
>>> model = bargaining.Instalments(value=3, cost=1, discount=0.95, stock=50)
>>> round(model.closed_form().payoff, 7)
97.3684211
>>> bargaining.model("instalments") is bargaining.Instalments
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ceasefire.bargaining._staged import Staging as Staging
    from ceasefire.bargaining._staged import StagingCertificate as StagingCertificate
    from ceasefire.bargaining.concessions import Concessions as Concessions
    from ceasefire.bargaining.concessions import Ladder as Ladder
    from ceasefire.bargaining.contributions import Contributed as Contributed
    from ceasefire.bargaining.contributions import Contributions as Contributions
    from ceasefire.bargaining.gradualism import LockwoodThomas as LockwoodThomas
    from ceasefire.bargaining.gradualism import LockwoodThomasSmooth as LockwoodThomasSmooth
    from ceasefire.bargaining.instalments import Instalments as Instalments
    from ceasefire.bargaining.instalments import Schedules as Schedules
    from ceasefire.bargaining.interface import Checks as Checks
    from ceasefire.bargaining.interface import Model as Model
    from ceasefire.bargaining.registry import MODELS as MODELS
    from ceasefire.bargaining.registry import model as model
    from ceasefire.bargaining.stakes import RisingStakes as RisingStakes
    from ceasefire.bargaining.stakes import SplitStakes as SplitStakes

# Where each public name lives, loaded on first use: a list of models must not wait for solvers.
_HOMES = {
    "MODELS": "registry",
    "model": "registry",
    "Model": "interface",
    "Checks": "interface",
    # release
    "LockwoodThomas": "gradualism",
    "LockwoodThomasSmooth": "gradualism",
    "Instalments": "instalments",
    "Staging": "_staged",
    "StagingCertificate": "_staged",
    "Schedules": "instalments",
    "Concessions": "concessions",
    "Ladder": "concessions",
    "RisingStakes": "stakes",
    "SplitStakes": "stakes",
    "Contributions": "contributions",
    "Contributed": "contributions",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> object:
    """Import a public name on first use (PEP 562)."""
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted(_HOMES)
