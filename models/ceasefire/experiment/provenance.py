"""Where rows come from: the code that made them, the libraries and the machine."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ceasefire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ceasefire.experiment.spec import Experiment

LIBRARIES = ("numpy", "scipy", "numba", "pandas", "pydantic")
# what a solved truce depends on, and what a recorded model of the negotiation adds to it
SOURCES = ("errors.py", "status.py", "tolerances.py", "truce", "experiment/outputs.py")
MODEL_SOURCES = ("games", "solvers", "bargaining")
GIT_SECONDS = 10.0


def code_version(record: Sequence[str]) -> str:
    """Return the package's version and a digest of the sources that the outputs depend on.

    A digest of the sources, and not the commit: an edit that is not committed counts, and a
    commit that touches none of them does not throw away what was computed.
    """
    models = any(name.startswith("model:") for name in record)
    return f"{ceasefire.__version__}+{source_digest(SOURCES + (MODEL_SOURCES if models else ()))}"


@cache
def source_digest(sources: tuple[str, ...]) -> str:
    """Return a digest of files and folders of the package, by their paths in it."""
    root = Path(ceasefire.__file__).parent
    whole = hashlib.sha256()
    for source in sources:
        place = root / source
        for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            whole.update(file.relative_to(root).as_posix().encode() + b"\0")
            whole.update(hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()[:16]


def provenance(experiment: Experiment, code: str) -> dict[str, Any]:
    """Return the record that goes with every run, plain data for JSON."""
    commit = _git("rev-parse", "HEAD")
    changed = None if commit is None else _git("status", "--porcelain", "--", ".")
    return {
        "package": ceasefire.__version__,
        "code": code,
        "git_commit": commit,
        "git_dirty": None if changed is None else bool(changed),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "seed": experiment.spec.seed,
        "spec_digest": experiment.digest,
        "scenario_digest": experiment.scenario.digest,
    }


def _git(*arguments: str) -> str | None:
    """Return what git says of the package's folder; None where it is not in a repository."""
    folder = Path(ceasefire.__file__).parent
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True, text=True, check=False, timeout=GIT_SECONDS,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
