"""Rows that are committed: a CSV of what was recorded, and a record of where it comes from.

Figures are drawn from these, so that a paper is rebuilt in minutes. The points of a random
design are not written: the specification gives them again, and its digest is checked.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.experiment.design import points
from ceasefire.experiment.driver import run
from ceasefire.experiment.export import _cell
from ceasefire.experiment.provenance import code_version
from ceasefire.experiment.spec import SAMPLED
from ceasefire.experiment.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from os import PathLike

    import pandas as pd

    from ceasefire.experiment.driver import Tally
    from ceasefire.experiment.spec import Experiment
    from ceasefire.experiment.store import Kept, Row


class StaleRows(ArgumentError):  # noqa: N818  # read as what the rows are
    """Rows that are missing or of another specification: computing them mends it."""


KINDS: dict[str, Callable[[str], Any]] = {
    "bool": lambda text: text == "True",
    "int": int,
    "float": float,
    "str": str,
}


@dataclass(frozen=True, eq=False)
class Cached(Displayed):
    """Committed rows of an experiment.

    Attributes
    ----------
    rows : DataFrame
        One row a point: point, replicate, what varies, what is recorded, error.
    record : dict
        Provenance of the run that computed them, digest of the CSV, counts.
    """

    rows: pd.DataFrame
    record: dict[str, Any]

    @property
    def code(self) -> str:
        """Version of the code that computed them."""
        return str(self.record["code"])

    def current(self, experiment: Experiment) -> bool:
        """Whether the code that computed them is the code that would compute them now."""
        return self.code == code_version(experiment.spec.record)


def write_cached(store: Store, kept: Kept, folder: str | PathLike[str]) -> Path:
    """Write the rows of an experiment as FOLDER/NAME.csv and NAME.json; return the CSV.

    Parameters
    ----------
    store : Store
        Open.
    kept : Kept
        The experiment in it.
    folder : path
        Made where missing.

    Notes
    -----
    Ten significant digits; equal rows give an equal CSV. The record holds the provenance of the
    last run, so it differs from machine to machine.
    """
    rows = list(store.rows(kept))
    inputs = json.loads(kept.spec)["vary"]["design"] not in SAMPLED
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = kept.columns if inputs else ()
    writer.writerow(["point", "replicate", *columns, *kept.record, "error"])
    for row in rows:
        told = [row.changes[path] for path in kept.paths] if inputs else []
        found = [(row.result or {}).get(name) for name in kept.record]
        cells = [row.point, row.replicate, *told, *found, row.error]
        writer.writerow([_cell(value) for value in cells])
    file = Path(folder) / f"{kept.name}.csv"
    data = text.getvalue().encode()
    record = _record(store, kept, rows) | {"sha256": hashlib.sha256(data).hexdigest()}
    file.parent.mkdir(parents=True, exist_ok=True)
    _write(file, data)
    _write(file.with_suffix(".json"), (json.dumps(record, indent=1) + "\n").encode())
    return file


def read_cached(experiment: Experiment, folder: str | PathLike[str]) -> Cached:
    """Read the committed rows of an experiment.

    Raises
    ------
    StaleRows
        There are none, or they are of another specification.
    ArgumentError
        The file was changed.
    """
    import pandas as pd

    file = Path(folder) / f"{experiment.spec.name}.csv"
    hint = "compute them with `make paper-full`, or `ceasefire paper --full`"
    try:
        data, told = file.read_bytes(), file.with_suffix(".json").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise StaleRows("rows", str(file), "rows with their record", hint) from None
    record = json.loads(told)
    if record["spec_digest"] != experiment.digest:
        allowed = "rows of the specification as it is now"
        raise StaleRows("rows", f"{file.name} of another specification", allowed, hint)
    if record["sha256"] != hashlib.sha256(data).hexdigest():
        raise ArgumentError(
            "rows", f"{file.name}, changed since", "the file as it was written", hint
        )
    rows = csv.DictReader(io.StringIO(data.decode()))
    values = list(_typed(experiment, rows, record["kinds"]))
    columns = ["point", "replicate", *experiment.columns, *experiment.spec.record, "error"]
    return Cached(pd.DataFrame(values, columns=columns), record)


def renewed(
    experiment: Experiment,
    folder: str | PathLike[str],
    *,
    full: bool = False,
    jobs: int = 1,
    progress: Callable[[Tally], None] | None = None,
) -> Cached:
    """Return the committed rows of an experiment, computed and written where they must be.

    Parameters
    ----------
    experiment : Experiment
        What is asked.
    folder : path
        Where rows are; a journal beside it, ``journals/NAME.sqlite``, keeps what an interrupted
        run has computed.
    full : bool
        Compute anew also what other code has computed.
    jobs : int
        Processes.
    progress : callable, optional
        Told the tally of a run.

    Raises
    ------
    ArgumentError
        The file of rows was changed by hand.
    """
    try:
        found = read_cached(experiment, folder)
    except StaleRows:
        found = None
    if found is not None and (found.current(experiment) or not full):
        return found
    journal = Path(folder).parent / "journals" / f"{experiment.spec.name}.sqlite"
    journal.parent.mkdir(parents=True, exist_ok=True)
    run(experiment, journal, jobs=jobs, progress=progress)
    wanted = (experiment.digest, code_version(experiment.spec.record))
    with Store(journal) as store:  # which may hold older specifications of the same name
        (kept,) = (one for one in store.experiments() if (one.digest, one.code) == wanted)
        write_cached(store, kept, folder)
    return read_cached(experiment, folder)


def _write(file: Path, data: bytes) -> None:
    part = file.with_name(f".{file.name}.part")
    part.write_bytes(data)
    part.replace(file)


def _record(store: Store, kept: Kept, rows: list[Row]) -> dict[str, Any]:
    run = store.runs(kept.id)[-1]
    return {
        **run["provenance"],
        "rows": len(rows),
        "failed": sum(row.error is not None for row in rows),
        "jobs": run["jobs"],
        "kinds": _kinds(kept, rows),
    }


def _kinds(kept: Kept, rows: list[Row]) -> dict[str, str]:
    """Type of each output: the widest that any row has."""
    order = list(KINDS)
    kinds = dict.fromkeys(kept.record, "bool")
    for row in rows:
        for name, value in (row.result or {}).items():
            if value is not None:
                kinds[name] = max(kinds[name], type(value).__name__, key=order.index)
    return kinds


def _typed(
    experiment: Experiment, rows: Iterator[dict[str, str]], kinds: dict[str, str]
) -> Iterator[list[Any]]:
    for row, point in zip(rows, points(experiment), strict=True):
        found = [_value(row[name], kinds[name]) for name in experiment.spec.record]
        yield [int(row["point"]), point.replicate, *point.changes.values(), *found,
               row["error"] or None]  # fmt: skip


def _value(text: str, kind: str) -> Any:
    if text == "":
        return None if kind != "float" else float("nan")
    return KINDS[kind](text)
