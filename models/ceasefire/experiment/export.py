"""Rows of a store as a table: CSV whose bytes depend on the rows alone, or a DataFrame."""

from __future__ import annotations

import contextlib
import csv
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ceasefire.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from ceasefire.experiment.store import Kept, Row, Store

DIGITS = 10  # what solvers agree on between machines; the store keeps every bit


def header(kept: Kept) -> list[str]:
    """Return the columns: point, replicate, what varies, what is recorded, error."""
    return ["point", "replicate", *kept.columns, *kept.record, "error"]


def write_csv(store: Store, kept: Kept, file: Path) -> int:
    """Write the rows of an experiment in the order of its points; return how many.

    Equal rows give equal bytes, whatever order they were computed in and by how many
    processes. The file appears whole or not at all.
    """
    count = 0
    with whole(file) as place, place.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(header(kept))
        for row in store.rows(kept):
            writer.writerow([_cell(value) for value in values(kept, row)])
            count += 1
    return count


def write(store: Store, kept: Kept, file: Path) -> int:
    """Write the rows of an experiment in the form that the file's suffix names; return how many.

    ``.csv`` (:func:`write_csv`), ``.parquet`` (:func:`ceasefire.experiment.write_parquet`) or
    ``.nc`` (:func:`ceasefire.experiment.write_netcdf`).

    Raises
    ------
    ArgumentError
        Another suffix, or a library that is not installed.
    """
    from ceasefire.experiment.arrays import write_netcdf
    from ceasefire.experiment.parquet import write_parquet

    forms = {".csv": write_csv, ".parquet": write_parquet, ".nc": write_netcdf}
    if file.suffix not in forms:
        raise ArgumentError("file", str(file), f"a name that ends in {', '.join(forms)}")
    return forms[file.suffix](store, kept, file)


@contextlib.contextmanager
def whole(file: Path) -> Iterator[Path]:
    """Give a place to write that becomes `file` at the end, or leaves nothing after an error."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    os.close(handle)
    try:
        yield Path(name)
        Path(name).chmod(0o644)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def frame(store: Store, kept: Kept) -> pd.DataFrame:
    """Return the rows of an experiment as a DataFrame, unrounded."""
    import pandas as pd

    return pd.DataFrame([list(values(kept, row)) for row in store.rows(kept)],
                        columns=header(kept))  # fmt: skip


def values(kept: Kept, row: Row) -> Iterator[Any]:
    """Yield the cells of a row, in the order of the header."""
    yield from (row.point, row.replicate)
    yield from (row.changes[path] for path in kept.paths)
    result = row.result or {}
    yield from (result.get(name) for name in kept.record)
    yield row.error


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.{DIGITS}g}"
    return str(value)
