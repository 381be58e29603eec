"""Rows of a store as a table: CSV whose bytes depend on the rows alone, or a DataFrame."""

from __future__ import annotations

import csv
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    count = 0
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as text:
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow(header(kept))
            for row in store.rows(kept):
                writer.writerow([_cell(value) for value in _values(kept, row)])
                count += 1
        Path(name).chmod(0o644)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return count


def frame(store: Store, kept: Kept) -> pd.DataFrame:
    """Return the rows of an experiment as a DataFrame, unrounded."""
    import pandas as pd

    return pd.DataFrame([list(_values(kept, row)) for row in store.rows(kept)],
                        columns=header(kept))  # fmt: skip


def _values(kept: Kept, row: Row) -> Iterator[Any]:
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
