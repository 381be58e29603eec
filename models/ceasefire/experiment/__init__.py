"""Experiments: what varies, what is recorded, and a store that loses nothing.

``load`` a TOML, ``run`` it into a store, ``export`` the store; `docs/experiments.md` says how to
write one. Killed at any moment, the next ``run`` computes exactly what is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ceasefire.lazy import loading

if TYPE_CHECKING:
    from ceasefire.experiment.arrays import to_xarray as to_xarray
    from ceasefire.experiment.arrays import write_netcdf as write_netcdf
    from ceasefire.experiment.cached import Cached as Cached
    from ceasefire.experiment.cached import read_cached as read_cached
    from ceasefire.experiment.cached import renewed as renewed
    from ceasefire.experiment.cached import write_cached as write_cached
    from ceasefire.experiment.dask_cluster import Cluster as Cluster
    from ceasefire.experiment.dask_cluster import cluster as cluster
    from ceasefire.experiment.design import Point as Point
    from ceasefire.experiment.design import points as points
    from ceasefire.experiment.design import size as size
    from ceasefire.experiment.driver import Tally as Tally
    from ceasefire.experiment.driver import run as run
    from ceasefire.experiment.driver import verify as verify
    from ceasefire.experiment.ema import to_ema as to_ema
    from ceasefire.experiment.errors import ClusterError as ClusterError
    from ceasefire.experiment.errors import StoreError as StoreError
    from ceasefire.experiment.errors import Unfit as Unfit
    from ceasefire.experiment.export import frame as frame
    from ceasefire.experiment.export import write as write
    from ceasefire.experiment.export import write_csv as write_csv
    from ceasefire.experiment.parquet import write_parquet as write_parquet
    from ceasefire.experiment.spec import Experiment as Experiment
    from ceasefire.experiment.spec import SpecError as SpecError
    from ceasefire.experiment.spec import load as load
    from ceasefire.experiment.spec import restored as restored
    from ceasefire.experiment.store import Store as Store

_HOMES = {
    "Cached": "cached",
    "read_cached": "cached",
    "renewed": "cached",
    "write_cached": "cached",
    "Cluster": "dask_cluster",
    "ClusterError": "errors",
    "cluster": "dask_cluster",
    "Point": "design",
    "points": "design",
    "size": "design",
    "Tally": "driver",
    "run": "driver",
    "verify": "driver",
    "frame": "export",
    "to_ema": "ema",
    "Unfit": "errors",
    "to_xarray": "arrays",
    "write": "export",
    "write_netcdf": "arrays",
    "write_parquet": "parquet",
    "write_csv": "export",
    "Experiment": "spec",
    "SpecError": "spec",
    "load": "spec",
    "restored": "spec",
    "Store": "store",
    "StoreError": "errors",
}

__all__ = list(_HOMES)

__getattr__, __dir__ = loading(__name__, _HOMES)
