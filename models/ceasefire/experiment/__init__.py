"""Experiments: what varies, what is recorded, and a store that loses nothing.

``load`` a TOML, ``run`` it into a store, ``export`` the store; `docs/experiments.md` says how to
write one. Killed at any moment, the next ``run`` computes exactly what is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ceasefire.experiment.design import Point as Point
    from ceasefire.experiment.design import points as points
    from ceasefire.experiment.design import size as size
    from ceasefire.experiment.driver import Tally as Tally
    from ceasefire.experiment.driver import run as run
    from ceasefire.experiment.driver import verify as verify
    from ceasefire.experiment.export import frame as frame
    from ceasefire.experiment.export import write_csv as write_csv
    from ceasefire.experiment.spec import Experiment as Experiment
    from ceasefire.experiment.spec import SpecError as SpecError
    from ceasefire.experiment.spec import load as load
    from ceasefire.experiment.store import Store as Store
    from ceasefire.experiment.store import StoreError as StoreError

_HOMES = {
    "Point": "design",
    "points": "design",
    "size": "design",
    "Tally": "driver",
    "run": "driver",
    "verify": "driver",
    "frame": "export",
    "write_csv": "export",
    "Experiment": "spec",
    "SpecError": "spec",
    "load": "spec",
    "Store": "store",
    "StoreError": "store",
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
