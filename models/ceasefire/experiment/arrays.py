"""Rows of a store as labelled arrays, and as the NetCDF file that holds them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.experiment._forms import kinds, meanings, needs, record, told
from ceasefire.experiment.design import _listed, _whole
from ceasefire.experiment.export import whole
from ceasefire.experiment.spec import Spec

if TYPE_CHECKING:
    from os import PathLike

    import xarray as xr

    from ceasefire.experiment.store import Kept, Store

TYPES: dict[str, Any] = {"bool": np.bool_, "int": np.int64, "float": np.float64, "str": object}


def to_xarray(store: Store, kept: Kept) -> xr.Dataset:
    """Return the rows of an experiment as labelled arrays.

    A grid has a dimension for each parameter that varies; any other design has the dimension
    ``point``, with the parameters as coordinates along it. With replicates, ``replicate`` is the
    last dimension. Variables are what was recorded; coordinates and variables carry
    ``long_name`` and ``units``, the dataset the specification, its digest, the scenario, the
    code and the provenance of the last run.

    Parameters
    ----------
    store : Store
        Open.
    kept : Kept
        The experiment in it.

    Raises
    ------
    ArgumentError
        No xarray: ``pip install "ceasefire[frames]"``.

    Notes
    -----
    A row that failed, was left out by a constraint or is not computed yet is nan; whole numbers
    and truth values are then floats. Words are empty there. The variable ``error`` holds the
    errors, where there are any. Memory grows as the rows times what is recorded.
    """
    xarray = needs("xarray")
    places, dims, coords, shape = _axes(store, kept)
    found = kinds(store, kept)
    columns: dict[str, Any] = {name: _empty(shape, found[name]) for name in kept.record}
    errors, missing = _empty(shape, "str"), np.ones(shape, dtype=bool)
    silent = dict.fromkeys(kept.record, 0)
    for row in store.rows(kept):
        at = (*places(row.point), row.replicate) if kept.replicates > 1 else places(row.point)
        missing[at], errors[at] = False, row.error or ""
        for name in kept.record:
            value = (row.result or {}).get(name)
            silent[name] += value is None
            if value is not None:
                columns[name][at] = told(value, found[name])
    gaps = bool(missing.any())
    meant = meanings(kept)
    variables = {
        name: (dims, _narrowed(array, found[name], gaps or silent[name] > 0), meant[name])
        for name, array in columns.items()
    }
    if (errors != "").any():
        variables["error"] = (dims, errors, {"long_name": "what went wrong"})
    labels = {name: (along, value, meant.get(name, {})) for name, along, value in coords}
    data: xr.Dataset = xarray.Dataset(variables, labels, record(store, kept))
    return data


def write_netcdf(store: Store, kept: Kept, file: str | PathLike[str]) -> int:
    """Write what :func:`to_xarray` returns as a NetCDF file (classic format); return the rows.

    Raises
    ------
    ArgumentError
        No xarray: ``pip install "ceasefire[frames]"``.

    Notes
    -----
    The classic format holds whole numbers of 32 bits; larger ones are refused by xarray. Held
    in memory; for millions of rows write Parquet.
    """
    data = to_xarray(store, kept)
    with whole(Path(file)) as place:
        data.to_netcdf(place, engine="scipy", format="NETCDF3_64BIT")
    return sum(store.counts(kept.id))


def _axes(store: Store, kept: Kept) -> tuple[Any, tuple[str, ...], list[Any], tuple[int, ...]]:
    """Where a point stands, names of the dimensions, coordinates, and the shape."""
    spec = Spec.model_validate_json(kept.spec)
    if spec.vary.design == "grid":
        ends = zip(spec.vary.parameters.values(), kept.paths, strict=True)
        listed = [_listed(one, _whole(path)) for one, path in ends]
        dims = kept.columns
        shape = tuple(map(len, listed))
        coords = [(name, (name,), np.array(one)) for name, one in zip(dims, listed, strict=True)]

        def places(point: int) -> tuple[Any, ...]:
            return np.unravel_index(point, shape)
    else:
        dims, coords, order = _points(store, kept)
        shape = (len(order),)

        def places(point: int) -> tuple[Any, ...]:
            return (order[point],)

    if kept.replicates > 1:
        dims, shape = (*dims, "replicate"), (*shape, kept.replicates)
        coords.append(("replicate", ("replicate",), np.arange(kept.replicates)))
    return places, dims, coords, shape


def _points(store: Store, kept: Kept) -> tuple[tuple[str, ...], list[Any], dict[int, int]]:
    found: dict[int, list[Any]] = {}
    for row in store.rows(kept):
        if row.point not in found:
            found[row.point] = [row.changes[path] for path in kept.paths]
    coords = [("point", ("point",), np.array(list(found), dtype=np.int64))]
    values = list(zip(*found.values(), strict=True)) or [()] * len(kept.columns)
    named = zip(kept.columns, values, strict=True)
    coords += [(name, ("point",), np.array(one)) for name, one in named]
    return ("point",), coords, {point: at for at, point in enumerate(found)}


def _empty(shape: tuple[int, ...], kind: str) -> Any:
    return np.full(shape, "", dtype=object) if kind == "str" else np.full(shape, np.nan)


def _narrowed(array: Any, kind: str, gaps: bool) -> Any:
    """Give whole numbers and truth values their type back, where none is missing."""
    return array if gaps or kind in ("str", "float") else array.astype(TYPES[kind])
