"""What the forms of export share: types of columns, meanings and units, libraries of the extra."""

from __future__ import annotations

import json
import tomllib
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ceasefire.errors import ArgumentError
from ceasefire.experiment.export import header, values
from ceasefire.experiment.outputs import NAMED
from ceasefire.truce.scenario import build, parameter_fields

if TYPE_CHECKING:
    from ceasefire.experiment.store import Kept, Store

WIDER = ("bool", "int", "float", "str")  # each holds those before it
ENDS = ("days", "utils")


def needs(library: str) -> Any:
    """Return a library of the extra ``frames``.

    Raises
    ------
    ArgumentError
        It is not installed; the message says how to install it.
    """
    try:
        return import_module(library)
    except ImportError:
        hint = 'pip install "ceasefire[frames]"'
        raise ArgumentError("export", f"no {library}", "with it installed", hint) from None


def kinds(store: Store, kept: Kept) -> dict[str, str]:
    """Return the type of each column: the narrowest of ``WIDER`` that holds all its values.

    Notes
    -----
    Reads every row once; holds none.
    """
    names = header(kept)
    seen: list[set[type]] = [set() for _ in names]
    for row in store.rows(kept):
        for kind, value in zip(seen, values(kept, row), strict=True):
            kind.add(type(value))
    widest = [max((one.__name__ for one in kind - {type(None)}), key=WIDER.index, default="bool")
              for kind in seen]  # fmt: skip
    return dict(zip(names, widest, strict=True)) | {
        "point": "int", "replicate": "int", "error": "str"
    }  # fmt: skip


def told(value: Any, kind: str) -> Any:
    """Return a value in the type of its column; None stays None."""
    if value is None:
        return None
    return {"bool": bool, "int": int, "float": float, "str": str}[kind](value)


def meanings(kept: Kept) -> dict[str, dict[str, str]]:
    """Return meaning and unit of each column of which they are known."""
    found: dict[str, dict[str, str]] = {}
    for column, path in zip(kept.columns, kept.paths, strict=True):
        info = parameter_fields().get(path)
        if info is None:  # an extension, switched
            found[column] = {"long_name": f"[{path}]"}
            continue
        extra: Any = info.json_schema_extra
        found[column] = {
            "long_name": str(info.description), "units": str(extra["unit"]), "path": path,
        }  # fmt: skip
    return found | {name: _output(name) for name in kept.record}


def _output(name: str) -> dict[str, str]:
    meaning = NAMED[name][0] if name in NAMED else name
    text, _, end = meaning.rpartition(", ")
    if end in ENDS:
        return {"long_name": text, "units": end}
    if "captives" in meaning:
        return {"long_name": meaning, "units": "captives"}
    if name.startswith("p_"):
        return {"long_name": meaning, "units": "1"}
    return {"long_name": meaning}


def record(store: Store, kept: Kept) -> dict[str, str]:
    """Return what the rows are and where they come from, as text by name.

    Nothing in it depends on when or how often the run was interrupted.
    """
    runs = store.runs(kept.id)
    return {
        "experiment": kept.name,
        "spec": kept.spec,
        "spec_digest": kept.digest,
        "scenario": kept.scenario,
        "scenario_digest": build(tomllib.loads(kept.scenario)).digest,
        "code": kept.code,
        "provenance": json.dumps(runs[-1]["provenance"] if runs else {}, sort_keys=True),
    }
