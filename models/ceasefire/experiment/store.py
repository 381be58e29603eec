"""The journal of runs: one SQLite file, written by the driver alone."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ceasefire.errors import ArgumentError
from ceasefire.experiment.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from os import PathLike

    from ceasefire.experiment.spec import Experiment

BUSY_SECONDS = 1.0
AT_ONCE = 500  # keys asked for in one statement

# Step n brings a file from schema version n to n + 1; steps are added, never changed.
STEPS = (
    """
    CREATE TABLE experiments (
        id INTEGER PRIMARY KEY, digest TEXT NOT NULL, code TEXT NOT NULL, name TEXT NOT NULL,
        spec TEXT NOT NULL, scenario TEXT NOT NULL, columns TEXT NOT NULL, paths TEXT NOT NULL,
        record TEXT NOT NULL, seed INTEGER NOT NULL, replicates INTEGER NOT NULL,
        UNIQUE (digest, code));
    CREATE TABLE rows (
        id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, changes TEXT NOT NULL,
        result TEXT, error TEXT, tries INTEGER NOT NULL,
        CHECK ((result IS NULL) <> (error IS NULL)));
    CREATE TABLE members (
        experiment INTEGER NOT NULL, point INTEGER NOT NULL, row INTEGER NOT NULL,
        PRIMARY KEY (experiment, point)) WITHOUT ROWID;
    """,
    """
    CREATE TABLE runs (
        id INTEGER PRIMARY KEY, experiment INTEGER NOT NULL, started TEXT NOT NULL,
        finished TEXT, jobs INTEGER NOT NULL, done INTEGER NOT NULL DEFAULT 0,
        failed INTEGER NOT NULL DEFAULT 0, cached INTEGER NOT NULL DEFAULT 0,
        provenance TEXT NOT NULL);
    """,
)
VERSION = len(STEPS)

_MEANING = {
    sqlite3.SQLITE_BUSY: "another run is using it; wait for it, or give another --store",
    sqlite3.SQLITE_LOCKED: "another run is using it; wait for it, or give another --store",
    sqlite3.SQLITE_READONLY: "it cannot be written; check its permissions, or give another --store",
    sqlite3.SQLITE_PERM: "it cannot be written; check its permissions, or give another --store",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; check the path and its permissions",
    sqlite3.SQLITE_FULL: (
        "the disk is full; rows written so far are kept: make room and run again"
    ),
    sqlite3.SQLITE_IOERR: "the disk failed; rows committed so far are kept: run again",
    sqlite3.SQLITE_CORRUPT: (
        "it is damaged or cut short, and was left as it is; restore a copy, or move it away"
        " and run again"
    ),
    sqlite3.SQLITE_NOTADB: "it is no store, and was left as it is; give another --store",
}


@dataclass(frozen=True)
class Kept:
    """An experiment in a store: one specification computed by one version of the code."""

    id: int
    name: str
    digest: str
    code: str
    seed: int
    replicates: int
    columns: tuple[str, ...]
    paths: tuple[str, ...]
    record: tuple[str, ...]
    spec: str
    scenario: str


@dataclass(frozen=True)
class Row:
    """One solved point, or its error."""

    point: int
    replicate: int
    changes: dict[str, Any]
    result: dict[str, Any] | None
    error: str | None
    tries: int


class Store:
    """A store that is open; use it in a ``with`` block.

    Parameters
    ----------
    path : path
        The file; made where missing if `write`.
    write : bool
        Open for a run: no one else may read or write until it is closed.

    Raises
    ------
    StoreError
        In use by another run, read-only, full, damaged, or of a newer version.

    Notes
    -----
    The rollback journal with ``synchronous=FULL``, never WAL: a commit is on the disk when it
    returns, and WAL's shared memory does not work on the network file systems of clusters. It
    would gain nothing, since there is one writer. That writer keeps the file's lock, which the
    operating system drops with its process, so that a killed run leaves no lock behind.
    """

    def __init__(self, path: str | PathLike[str], *, write: bool = False) -> None:
        self.path, self.write = Path(path), write
        if not write and not self.path.is_file():
            raise ArgumentError("store", str(path), "the file of a store that a run has written")
        with self._told():
            if write:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            mode = "rwc" if write else "rw"
            uri = f"{self.path.resolve().as_uri()}?mode={mode}"
            self._db = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            with self._told():
                self._prepare()
        except BaseException:
            self._db.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and give up its lock."""
        self._db.close()

    def _prepare(self) -> None:
        self._db.execute("PRAGMA synchronous = FULL")
        if self.write:
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode = DELETE")
            self._db.execute("BEGIN EXCLUSIVE")
            self._db.execute("COMMIT")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            newer = f"of schema version {version}, this ceasefire reads up to {VERSION}"
            raise StoreError(f"{self.path}: {newer}; update the package")
        (tables,) = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if version == 0 and tables:
            raise StoreError(f"{self.path}: an SQLite file, but no store; give another --store")
        self._check_whole()
        if self.write:
            self._migrate(version)
        elif version < VERSION:
            hint = "the next run brings it up to date"
            raise StoreError(f"{self.path}: of the older schema version {version}; {hint}")

    def _check_whole(self) -> None:
        """Compare the file's size with what it says: SQLite itself rounds up the last page."""
        (pages,) = self._db.execute("PRAGMA page_count").fetchone()
        (page,) = self._db.execute("PRAGMA page_size").fetchone()
        if self.path.stat().st_size < pages * page:
            raise StoreError(f"{self.path}: {_MEANING[sqlite3.SQLITE_CORRUPT]}")

    def _migrate(self, version: int) -> None:
        for step in range(version, VERSION):
            with self._transaction():
                for statement in filter(str.strip, STEPS[step].split(";")):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {step + 1}")
        with self._transaction():  # a file that cannot be written says so before any work is done
            self._db.execute(f"PRAGMA user_version = {VERSION}")

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Turn SQLite's errors into ours: what happened, and what to do."""
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            raise StoreError(f"{self.path}: {_MEANING.get(code, error)} ({error})") from error
        except OSError as error:
            if isinstance(error, StoreError):
                raise
            raise StoreError(f"{self.path}: {error.strerror or error}") from error

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        """All or nothing."""
        with self._told():
            self._db.execute("BEGIN")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def register(self, experiment: Experiment, code: str) -> int:
        """Return the number of an experiment under a version of the code, entered if new."""
        spec = experiment.spec
        told = (
            experiment.digest, code, spec.name, spec.model_dump_json(by_alias=True),
            experiment.scenario.to_toml(), json.dumps(experiment.columns),
            json.dumps(experiment.paths), json.dumps(spec.record), spec.seed, spec.replicates,
        )  # fmt: skip
        with self._transaction():
            self._db.execute(
                "INSERT OR IGNORE INTO experiments (digest, code, name, spec, scenario, columns,"
                " paths, record, seed, replicates) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                told,
            )
            found = self._db.execute(
                "SELECT id FROM experiments WHERE digest = ? AND code = ?", told[:2]
            )
            return int(found.fetchone()[0])

    def begin(self, experiment: int, jobs: int, provenance: dict[str, Any]) -> int:
        """Enter a run with its provenance; return its number."""
        with self._transaction():
            entered = self._db.execute(
                "INSERT INTO runs (experiment, started, jobs, provenance) VALUES (?, ?, ?, ?)",
                (experiment, _now(), jobs, json.dumps(provenance)),
            )
            return int(entered.lastrowid or 0)

    def finish(self, run: int, done: int, failed: int, cached: int) -> None:
        """Enter how a run ended."""
        with self._transaction():
            self._db.execute(
                "UPDATE runs SET finished = ?, done = ?, failed = ?, cached = ? WHERE id = ?",
                (_now(), done, failed, cached, run),
            )

    def present(self, keys: Sequence[bytes]) -> dict[bytes, bool]:
        """Which of the keys have a row, and whether it is an error."""
        found: dict[bytes, bool] = {}
        with self._told():
            for start in range(0, len(keys), AT_ONCE):
                some = keys[start : start + AT_ONCE]
                marks = ", ".join("?" * len(some))
                asked = f"SELECT key, error IS NOT NULL FROM rows WHERE key IN ({marks})"
                found |= {key: bool(bad) for key, bad in self._db.execute(asked, some)}
        return found

    def add(
        self,
        experiment: int,
        rows: Iterable[tuple[bytes, str, str | None, str | None, int]],
        members: Iterable[tuple[int, bytes]],
    ) -> None:
        """Write rows (key, changes, result, error, tries) and whose points they are, at once."""
        with self._transaction():
            self._db.executemany(
                "INSERT INTO rows (key, changes, result, error, tries) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (key) DO UPDATE SET result = excluded.result,"
                " error = excluded.error, tries = excluded.tries",
                rows,
            )
            self._db.executemany(
                "INSERT OR IGNORE INTO members SELECT ?, ?, id FROM rows WHERE key = ?",
                ((experiment, point, key) for point, key in members),
            )

    def experiments(self) -> list[Kept]:
        """Every experiment in the store, oldest first."""
        names = tuple(Kept.__dataclass_fields__)
        lists = {"columns", "paths", "record"}
        with self._told():
            asked = f"SELECT {', '.join(names)} FROM experiments ORDER BY id"
            found = self._db.execute(asked).fetchall()
        kept = []
        for told in found:
            values: dict[str, Any] = dict(zip(names, told, strict=True))
            kept.append(Kept(**values | {n: tuple(json.loads(values[n])) for n in lists}))
        return kept

    def find(self, name: str | None = None) -> Kept:
        """Return an experiment by number or name, that of the last run; default: the last run."""
        kept = self.experiments()
        fitting = [one for one in kept if name is None or name in (one.name, str(one.id))]
        if not fitting:
            known = ", ".join(f"{one.id} ({one.name})" for one in kept) or "none"
            raise ArgumentError("experiment", name, f"a number or name in the store: {known}")
        with self._told():
            last = dict(
                self._db.execute("SELECT experiment, max(id) FROM runs GROUP BY experiment")
            )
        return max(fitting, key=lambda one: (last.get(one.id, 0), one.id))

    def counts(self, experiment: int) -> tuple[int, int]:
        """Points with a result, and points with an error."""
        asked = (
            "SELECT count(result), count(error) FROM members JOIN rows ON rows.id = row"
            " WHERE experiment = ?"
        )
        with self._told():
            good, bad = self._db.execute(asked, (experiment,)).fetchone()
        return int(good), int(bad)

    def runs(self, experiment: int) -> list[dict[str, Any]]:
        """The runs of an experiment with their provenance, oldest first."""
        names = ("started", "finished", "jobs", "done", "failed", "cached", "provenance")
        asked = f"SELECT {', '.join(names)} FROM runs WHERE experiment = ? ORDER BY id"
        with self._told():
            told = [dict(zip(names, row, strict=True))
                    for row in self._db.execute(asked, (experiment,))]  # fmt: skip
        return [one | {"provenance": json.loads(one["provenance"])} for one in told]

    def rows(self, kept: Kept, *, start: int = 0, limit: int = -1) -> Iterator[Row]:
        """Yield the rows of an experiment in the order of its points, never held whole."""
        asked = (
            "SELECT point, changes, result, error, tries FROM members JOIN rows ON rows.id = row"
            " WHERE experiment = ? ORDER BY point LIMIT ? OFFSET ?"
        )
        with self._told():
            for point, changes, result, error, tries in self._db.execute(
                asked, (kept.id, limit, start)
            ):
                at, replicate = divmod(point, kept.replicates)
                found = None if result is None else json.loads(result)
                yield Row(at, replicate, json.loads(changes), found, error, tries)

    def drop(self, keep: Iterable[int]) -> int:
        """Drop all experiments but those numbered `keep`, and rows of no experiment; vacuum.

        Returns the number of rows dropped.
        """
        kept = list(keep)
        marks = ", ".join("?" * len(kept))
        with self._transaction():
            for table, column in (("experiments", "id"), ("members", "experiment"),
                                  ("runs", "experiment")):  # fmt: skip
                self._db.execute(f"DELETE FROM {table} WHERE {column} NOT IN ({marks})", kept)
            gone = self._db.execute("DELETE FROM rows WHERE id NOT IN (SELECT row FROM members)")
            count = gone.rowcount
        with self._told():
            self._db.execute("VACUUM")
        return count


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
