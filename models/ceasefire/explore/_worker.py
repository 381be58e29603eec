"""The process that solves: one request a line on stdin, one answer a line on stdout.

A solve cannot be interrupted from outside, so it runs here, where the server can end it.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from ceasefire.errors import ArgumentError, CeasefireError, ScenarioError
from ceasefire.explore.answers import answer
from ceasefire.truce.scenario import build, load

WARM_UP = "november-2023"


def main() -> None:
    """Solve once, which compiles, say so, then answer until stdin closes."""
    out = sys.stdout
    sys.stdout = sys.stderr  # whatever prints, prints beside the answers
    for what in ("course", "windows"):
        answer(what, load(WARM_UP))
    _say(out, {"ready": True})
    for line in sys.stdin:
        _say(out, handled(json.loads(line)))


def handled(asked: dict[str, Any]) -> dict[str, Any]:
    """Return ``{"answer": ...}``, or ``{"faults": [...]}`` told by path."""
    try:
        return {"answer": answer(asked["what"], build(asked["raw"]), asked["name"])}
    except CeasefireError as error:
        return {"faults": faults(error)}
    except MemoryError:
        return {"faults": [{"path": "", "message": "not enough memory for this scenario"}]}
    except Exception as error:  # whatever it is, the page is told and the process lives
        told = f"a fault of the program: {type(error).__name__}: {error}"
        return {"faults": [{"path": "", "message": told}]}


def faults(error: CeasefireError) -> list[dict[str, str]]:
    """Every fault of an error as path and sentence; the path is empty for the whole."""
    if isinstance(error, ScenarioError):
        return [
            {"path": fault.path, "message": str(fault).removeprefix(f"{fault.path}: ")}
            for fault in error.faults
        ]
    where = error.where if isinstance(error, ArgumentError) else ""
    return [{"path": where, "message": str(error)}]


def _say(out: Any, told: dict[str, Any]) -> None:
    out.write(json.dumps(told, allow_nan=False) + "\n")
    out.flush()


if __name__ == "__main__":
    main()
