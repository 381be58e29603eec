"""The files of the page, read from the package once, and what is told to its script."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.resources import files as resources
from typing import TYPE_CHECKING, Any

from ceasefire.explore.judged import CURVES
from ceasefire.explore.state import GROUPS, extensions, parameters, presets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ceasefire.truce import Scenario

KINDS = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
}
SCRIPTS = ("charts.js", "explore.js")


def files(served: Scenario, known: Mapping[str, Scenario]) -> dict[str, tuple[bytes, str]]:
    """Return every file that the server may send: address -> content and kind."""
    found = {
        f"/{name}": (read(name).encode(), KINDS[name.rpartition(".")[2]])
        for name in ("explore.css", *SCRIPTS)
    }
    found["/"] = read("index.html").encode(), KINDS["html"]
    told = json.dumps(about(served, known), allow_nan=False)
    found["/api/page"] = told.encode(), "application/json"
    return found


def read(name: str) -> str:
    """Return the text of a file of the page."""
    return resources(__package__).joinpath("static", name).read_text(encoding="utf-8")


def about(served: Scenario, known: Mapping[str, Scenario]) -> dict[str, Any]:
    """Return what the page's script needs before any solve."""
    from ceasefire.truce.claims import RULES

    return {
        "first": served.name,
        "groups": GROUPS,
        "extensions": extensions(),
        "scenarios": {name: _scenario(scenario) for name, scenario in known.items()},
        "propositions": {name: RULES[name].statement for name in CURVES},
    }


def _scenario(scenario: Scenario) -> dict[str, Any]:
    return {
        "title": scenario.title,
        "about": scenario.description,
        "on": list(scenario.extensions),
        "parameters": parameters(scenario),
        "presets": [asdict(preset) for preset in presets(scenario)],
    }
