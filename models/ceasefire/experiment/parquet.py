"""Rows of a store as Parquet, streamed."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ceasefire.experiment._forms import kinds, meanings, needs, record, told
from ceasefire.experiment.export import header, values, whole

if TYPE_CHECKING:
    from os import PathLike

    from ceasefire.experiment.store import Kept, Store

GROUP = 1 << 14  # rows in a group: what is held at once


def write_parquet(store: Store, kept: Kept, file: str | PathLike[str]) -> int:
    """Write the rows of an experiment as a Parquet file; return how many.

    Columns are those of the CSV, every bit of the numbers kept. A column has one type: truth
    values, whole numbers, numbers or words, whichever holds all its values. Failed rows have
    nulls and their error. Fields carry ``long_name`` and ``units``, the file's metadata (under
    ``ceasefire.`` and a name) the specification, its digest, the scenario, the code and the
    provenance of the last run.

    Parameters
    ----------
    store : Store
        Open.
    kept : Kept
        The experiment in it.
    file : path
        It appears whole or not at all.

    Raises
    ------
    ArgumentError
        No pyarrow: ``pip install "ceasefire[frames]"``.

    Notes
    -----
    Memory does not grow with the rows: one pass finds the types, a second writes groups of
    16,384. Equal rows with equal provenance give equal bytes under one version of pyarrow, which
    writes its version into the file; another machine's provenance differs, and so do its bytes.
    """
    pa, pq = needs("pyarrow"), needs("pyarrow.parquet")
    names, found = header(kept), kinds(store, kept)
    schema = _schema(pa, store, kept, names, found)
    count = 0
    with (
        whole(Path(file)) as place,
        pq.ParquetWriter(place, schema, compression="zstd", version="2.6") as writer,
    ):
        rows = store.rows(kept)
        while group := list(islice(rows, GROUP)):
            cells = zip(*(values(kept, row) for row in group), strict=True)
            columns = [
                _column(pa, column, field.type, found[name])
                for name, column, field in zip(names, cells, schema, strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
            count += len(group)
    return count


def _column(pa: Any, cells: tuple[Any, ...], kind: Any, name: str) -> Any:
    """Return a column of the group; where its values are of several types, by the widest."""
    try:
        return pa.array(cells, kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError):
        return pa.array([told(value, name) for value in cells], kind)


def _schema(pa: Any, store: Store, kept: Kept, names: list[str], found: dict[str, str]) -> Any:
    types = {"bool": pa.bool_(), "int": pa.int64(), "float": pa.float64(), "str": pa.string()}
    meant = meanings(kept)
    fields = [pa.field(name, types[found[name]], metadata=meant.get(name)) for name in names]
    about = {f"ceasefire.{name}": text for name, text in record(store, kept).items()}
    return pa.schema(fields, metadata=about)
