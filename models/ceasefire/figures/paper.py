"""Build the paper: every figure and table that a specification lists, and a manifest."""

from __future__ import annotations

import json
import sys
import tomllib
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import ceasefire
from ceasefire.errors import ArgumentError
from ceasefire.figures import FIGURES, recipe
from ceasefire.figures.save import digest, write_figure, write_table
from ceasefire.figures.style import style
from ceasefire.figures.tables import TABLES, latex, markdown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from ceasefire.truce import Scenario

    Progress = Callable[[str, int, int], None]

MANIFEST = "manifest.json"
CAPTIONS = "captions.md"
LIBRARIES = ("numpy", "scipy", "numba", "pandas", "matplotlib")


@dataclass(frozen=True)
class Item:
    """One figure or table to make, and from which scenario."""

    kind: str
    name: str
    scenario: str


def build(
    spec: Path,
    out: Path,
    *,
    only: Iterable[str] | None = None,
    command: str = "ceasefire paper",
    progress: Progress | None = None,
) -> Path:
    """Make what `spec` lists into `out`; return the path of the manifest.

    Parameters
    ----------
    spec : Path
        TOML with ``scenario`` (the default), ``figures`` and ``tables`` (lists of names),
        and optional ``[scenarios]`` (name of a figure or table -> another scenario).
    out : Path
        Folder to write to; created where missing.
    only : iterable of str, optional
        Names of figures to build; tables, captions and manifest are then left alone.
    command : str
        Recorded in the manifest.
    progress : callable, optional
        Called as ``progress(name, done, total)`` before each item and at the end.

    Raises
    ------
    ArgumentError
        A name that no figure or table has, or a file that cannot be read as TOML.
    """
    items = read_spec(spec)
    wanted = set(only or ())
    unknown = wanted - {item.name for item in items if item.kind == "figure"}
    if unknown:
        raise ArgumentError("only", min(unknown), "one of " + ", ".join(FIGURES))
    if wanted:
        items = [item for item in items if item.kind == "figure" and item.name in wanted]
    out.mkdir(parents=True, exist_ok=True)
    records, captions = [], []
    for done, item in enumerate(items):
        if progress:
            progress(f"{item.kind} {item.name}", done, len(items))
        scenario = ceasefire.load(item.scenario)
        files = (
            _figure(item, scenario, out) if item.kind == "figure" else _table(item, scenario, out)
        )
        records.append(_record(item, scenario, files))
        if item.kind == "figure":
            captions.append(f"**{item.name}.** {recipe(item.name).CAPTION}\n")
    if progress:
        progress("manifest", len(items), len(items))
    if not wanted:
        (out / CAPTIONS).write_bytes(("# Captions\n\n" + "\n".join(captions)).encode())
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


def read_spec(spec: Path) -> list[Item]:
    """Read and check a specification."""
    try:
        raw = tomllib.loads(spec.read_text(encoding="utf-8"))
    except FileNotFoundError:
        hint = "run from the repository's root, or give --spec FILE"
        raise ArgumentError("spec", str(spec), "an existing TOML file", hint) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ArgumentError("spec", f"{spec}: {error}", "valid TOML in UTF-8") from None
    unknown = set(raw) - {"scenario", "figures", "tables", "scenarios"}
    if unknown:
        allowed = "scenario, figures, tables, scenarios"
        raise ArgumentError(f"{spec}: key", min(unknown), allowed)
    default, others = raw.get("scenario", "november-2023"), raw.get("scenarios", {})
    items = []
    for kind, known in (("figure", FIGURES), ("table", TABLES)):
        for name in raw.get(kind + "s", []):
            if name not in known:
                raise ArgumentError(f"{spec}: {kind}s", name, "one of " + ", ".join(known))
            items.append(Item(kind, name, others.get(name, default)))
    return items


def _figure(item: Item, scenario: Scenario, out: Path) -> list[Path]:
    made = recipe(item.name)
    table = made.table(scenario)
    with style():
        drawn = made.draw(table, scenario)
        files = write_figure(drawn, out / item.name)
    return [*files, write_table(table, out / f"{item.name}.csv")]


def _table(item: Item, scenario: Scenario, out: Path) -> list[Path]:
    table = TABLES[item.name](scenario)
    stem = out / f"table-{item.name}"
    files = [write_table(table, stem.with_suffix(".csv"))]
    for suffix, text in ((".md", markdown(table)), (".tex", latex(table))):
        files.append(stem.with_suffix(suffix))
        files[-1].write_bytes(text.encode())
    return files


def _record(item: Item, scenario: Scenario, files: list[Path]) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "name": item.name,
        "scenario": scenario.name,
        "scenario_digest": scenario.digest,
        "sha256": {file.name: digest(file) for file in files},
        "bytes": {file.name: file.stat().st_size for file in files},
    }


def _manifest(records: list[dict[str, Any]], command: str) -> str:
    versions = {"ceasefire": ceasefire.__version__}
    versions |= {name: version(name) for name in LIBRARIES}
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    document = {"command": command, "python": python, "versions": versions, "items": records}
    return json.dumps(document, indent=1) + "\n"
