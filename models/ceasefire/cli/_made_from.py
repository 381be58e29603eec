"""What a table of predictions or scores was made from, as plain data beside it."""

from __future__ import annotations

import hashlib
import json
import platform
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from ceasefire.calibration.exchange import Exchange

# How a prediction was asked for, as far as it decides what comes out.
ASKED = ("until", "draws", "seed", "values", "level", "truces", "score")


def write_record(
    file: Path, exchange: Exchange, scenario_digest: str, given: dict[str, Any]
) -> Path:
    """Write code, libraries, digests of all inputs and what was asked for, as JSON."""
    from ceasefire.calibration.problem import digest_of
    from ceasefire.experiment.provenance import LIBRARIES, code_version, source_digest

    told: dict[str, Any] = {
        "exchange": exchange.name,
        "exchange_digest": digest_of([exchange.terms, exchange.rows]),
        "scenario_digest": scenario_digest,
        **{name: _named(given[name]) for name in ("problem", "posterior")},
        **{name: given[name] for name in ASKED},
        "code": code_version(()),
        "calibration": source_digest(("calibration",)),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "libraries": {name: version(name) for name in LIBRARIES},
    }
    if given["problem"] is None and given["posterior"] is None:
        told["draws"] = None  # one set of parameters
    file.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return file


def _named(file: Path | None) -> dict[str, str] | None:
    """Name and digest of a file that was read."""
    if file is None:
        return None
    return {"file": file.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
