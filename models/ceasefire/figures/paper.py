"""Build the paper: every figure and table that a specification lists, and a manifest.

What is drawn from a scenario is solved here; what is drawn from an experiment comes from its
committed rows.
"""

from __future__ import annotations

import json
import sys
import tomllib
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ceasefire
from ceasefire.errors import ArgumentError
from ceasefire.experiment.cached import read_cached
from ceasefire.experiment.spec import load as load_experiment
from ceasefire.figures import FIGURES, document, recipe
from ceasefire.figures.numbers import numbers
from ceasefire.figures.runs import RUN_FIGURES, RUN_TABLES, run_recipe, run_table
from ceasefire.figures.save import digest, write_figure, write_table
from ceasefire.figures.style import style
from ceasefire.figures.tables import TABLES, latex, markdown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import pandas as pd
    from matplotlib.figure import Figure

    from ceasefire.experiment import Cached, Experiment
    from ceasefire.truce import Scenario

    Progress = Callable[[str, int, int], None]

MANIFEST = "manifest.json"
CAPTIONS = "captions.md"
ROWS = Path("results/experiments")
LIBRARIES = ("numpy", "scipy", "numba", "pandas", "matplotlib")


@dataclass(frozen=True)
class Item:
    """One figure or table to make, from a scenario or from the rows of an experiment."""

    kind: str
    name: str
    scenario: str
    run: Run | None = None

    @cached_property
    def solved(self) -> Scenario:
        """The scenario, loaded."""
        return self.run.experiment.scenario if self.run else ceasefire.load(self.scenario)


@dataclass(frozen=True, eq=False)
class Run:
    """An experiment that figures and tables are made from."""

    experiment: Experiment
    folder: Path

    @cached_property
    def cached(self) -> Cached:
        """Its rows; StaleRows where there are none of this specification."""
        return read_cached(self.experiment, self.folder)


def build(
    spec: Path,
    out: Path,
    *,
    only: Iterable[str] | None = None,
    rows: Path = ROWS,
    command: str = "ceasefire paper",
    progress: Progress | None = None,
) -> Path:
    """Make what `spec` lists into `out`; return the path of the manifest.

    Parameters
    ----------
    spec : Path
        TOML with ``scenario`` (the default), ``figures`` and ``tables`` (lists of names),
        optional ``[scenarios]`` (name of a figure or table -> another scenario), and
        ``[[runs]]`` (``experiment``, and the ``figures`` and ``tables`` made from its rows).
    out : Path
        Folder to write to; created where missing.
    only : iterable of str, optional
        Names of figures to build; tables, captions and manifest are then left alone.
    rows : Path
        Folder of the rows of experiments (``experiment.renewed`` computes them).
    command : str
        Recorded in the manifest.
    progress : callable, optional
        Called as ``progress(name, done, total)`` before each item and at the end.

    Raises
    ------
    ArgumentError
        A name that no figure or table has, or a file that cannot be read as TOML.
    StaleRows
        Rows of an experiment are missing or of another specification.
    """
    items = read_spec(spec, rows)
    wanted = set(only or ())
    known = [item.name for item in items if item.kind == "figure"]
    if unknown := wanted - set(known):
        raise ArgumentError("only", min(unknown), "one of " + ", ".join(known))
    if wanted:
        items = [item for item in items if item.kind == "figure" and item.name in wanted]
    out.mkdir(parents=True, exist_ok=True)
    records, captions = [], {}
    for done, item in enumerate(items):
        if progress:
            progress(f"{item.kind} {item.name}", done, len(items))
        files = _figure(item, out) if item.kind == "figure" else _table(item, out)
        records.append(_record(item, files))
        if item.kind == "figure":
            captions[item.name] = caption(item)
    if progress:
        progress("manifest", len(items), len(items))
    if not wanted:
        told = "\n".join(f"**{name}.** {text}\n" for name, text in captions.items())
        (out / CAPTIONS).write_bytes(f"# Captions\n\n{told}".encode())
        records += _document(spec.with_suffix(".md"), items, captions, out)
    manifest = out / (MANIFEST if not wanted else "partial-" + MANIFEST)
    manifest.write_bytes(_manifest(records, command).encode())
    return manifest


def verify(manifest: Path) -> list[str]:
    """Names of the files that are missing or differ from the manifest; empty where all agree."""
    listed = json.loads(manifest.read_text(encoding="utf-8"))
    wrong = []
    for item in listed["items"]:
        for name, expected in item["sha256"].items():
            file = manifest.parent / name
            if not file.is_file() or digest(file) != expected:
                wrong.append(name)
    return wrong


def read_spec(spec: Path, rows: Path = ROWS) -> list[Item]:
    """Read and check a specification."""
    try:
        raw = tomllib.loads(spec.read_text(encoding="utf-8"))
    except FileNotFoundError:
        hint = "run from the repository's root, or give --spec FILE"
        raise ArgumentError("spec", str(spec), "an existing TOML file", hint) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ArgumentError("spec", f"{spec}: {error}", "valid TOML in UTF-8") from None
    _known(spec, "key", raw, ("scenario", "figures", "tables", "scenarios", "runs"))
    default, others = raw.get("scenario", "november-2023"), raw.get("scenarios", {})
    items = []
    for kind, known in (("figure", FIGURES), ("table", TABLES)):
        _known(spec, f"{kind}s", raw.get(kind + "s", []), known)
        items += [Item(kind, name, others.get(name, default)) for name in raw.get(kind + "s", [])]
    for told in raw.get("runs", []):
        items += _run_items(spec, told, rows)
    return items


def _known(spec: Path, where: str, names: Iterable[str], known: Iterable[str]) -> None:
    if unknown := set(names) - set(known):
        raise ArgumentError(f"{spec}: {where}", min(unknown), "one of " + ", ".join(known))


def _run_items(spec: Path, told: dict[str, Any], rows: Path) -> Iterator[Item]:
    _known(spec, "runs", told, ("experiment", "figures", "tables"))
    if not isinstance(told.get("experiment"), str):
        raise ArgumentError(f"{spec}: runs.experiment", told.get("experiment"), "a name")
    run = Run(load_experiment(spec.parent / f"{told['experiment']}.toml"), rows)
    for kind, known in (("figure", RUN_FIGURES), ("table", RUN_TABLES)):
        names = told.get(kind + "s", [])
        _known(spec, f"runs.{kind}s", names, known)
        yield from (Item(kind, name, run.experiment.spec.scenario, run) for name in names)


def caption(item: Item) -> str:
    """Return what stands below a figure."""
    return run_recipe(item.name).caption if item.run else recipe(item.name).CAPTION


def _document(
    template: Path, items: list[Item], captions: dict[str, str], out: Path
) -> list[dict[str, Any]]:
    """Write the text with its numbers filled in, where the specification has one beside it."""
    if not template.is_file():
        return []
    runs = {item.run.experiment.spec.name: item.run for item in items if item.run}
    found = numbers(items[0].solved, runs)
    tables = {item.name: _made_table(item) for item in items if item.kind == "table"}
    files = document.write(document.read(template, found, captions, tables), out)
    sums = {file.name: digest(file) for file in files}
    return [{"kind": "text", "name": "paper", "scenario": items[0].solved.name,
             "scenario_digest": items[0].solved.digest, "sha256": sums,
             "bytes": {file.name: file.stat().st_size for file in files}}]  # fmt: skip


def data(item: Item) -> pd.DataFrame:
    """Return the data behind a figure."""
    if item.run:
        return run_recipe(item.name).table(item.run.cached.rows, item.run.experiment)
    return recipe(item.name).table(item.solved)


def draw(item: Item, table: pd.DataFrame) -> Figure:
    """Draw a figure from its data, in the style at hand."""
    if item.run:
        return run_recipe(item.name).draw(item.run.cached.rows, item.run.experiment)
    return recipe(item.name).draw(table, item.solved)


def _figure(item: Item, out: Path) -> list[Path]:
    table = data(item)
    with style():
        files = write_figure(draw(item, table), out / item.name)
    return [*files, write_table(table, out / f"{item.name}.csv")]


def _made_table(item: Item) -> pd.DataFrame:
    if item.run:
        return run_table(item.name)(item.run.cached.rows, item.run.experiment)
    return TABLES[item.name](item.solved)


def _table(item: Item, out: Path) -> list[Path]:
    table = _made_table(item)
    stem = out / f"table-{item.name}"
    files = [write_table(table, stem.with_suffix(".csv"))]
    for suffix, text in ((".md", markdown(table)), (".tex", latex(table))):
        files.append(stem.with_suffix(suffix))
        files[-1].write_bytes(text.encode())
    return files


def _record(item: Item, files: list[Path]) -> dict[str, Any]:
    scenario = item.solved
    return {
        "kind": item.kind,
        "name": item.name,
        "scenario": scenario.name,
        "scenario_digest": scenario.digest,
        **({"run": _run_record(item.run)} if item.run else {}),
        "sha256": {file.name: digest(file) for file in files},
        "bytes": {file.name: file.stat().st_size for file in files},
    }


def _run_record(run: Run) -> dict[str, Any]:
    """Say which rows a figure comes from, and which code computed them where and when."""
    told = run.cached.record
    kept = ("spec_digest", "code", "git_commit", "git_dirty", "python", "rows", "failed", "sha256")
    return {"experiment": run.experiment.spec.name} | {key: told[key] for key in kept}


def _manifest(records: list[dict[str, Any]], command: str) -> str:
    versions = {"ceasefire": ceasefire.__version__}
    versions |= {name: version(name) for name in LIBRARIES}
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    document = {"command": command, "python": python, "versions": versions, "items": records}
    return json.dumps(document, indent=1) + "\n"
