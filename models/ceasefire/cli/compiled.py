"""Compiled loops on disk: which there are, which are ready, where they lie."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import ceasefire

KERNELS = re.compile(r"_kernels(\.\w+)?$")
NO_FOLDER = (
    "numba finds no folder to keep compiled loops in; name one that can be written: "
    "NUMBA_CACHE_DIR=FOLDER ceasefire ..."
)


def finds_no_folder(error: Exception) -> bool:
    """Whether numba gave up because it can keep compiled loops nowhere, by its own words."""
    return "cannot cache function" in str(error)


@dataclass(frozen=True)
class Loops:
    """The compiled loops of one module.

    Attributes
    ----------
    module : str
    folder : Path
        Where numba keeps them.
    ready, missing : tuple of str
        Functions that have a compiled form for this source, Python and numba, and those without.
    outdated : tuple of Path
        Files of earlier sources or lines, which nothing loads any more.
    older_than_tolerances : bool
        Compiled before `tolerances.py` was last written; numba does not look there.
    """

    module: str
    folder: Path
    ready: tuple[str, ...]
    missing: tuple[str, ...]
    outdated: tuple[Path, ...]
    older_than_tolerances: bool


def modules() -> list[str]:
    """Names of the modules that hold compiled loops."""
    found = walk_packages(ceasefire.__path__, "ceasefire.", onerror=lambda _: None)
    return sorted(one.name for one in found if KERNELS.search(one.name) and not one.ispkg)


def inventory() -> list[Loops]:
    """Return what is compiled, module by module. Compiles nothing."""
    return [loops for name in modules() if (loops := _of(name)) is not None]


def _of(name: str) -> Loops | None:
    module = import_module(name)
    functions = {
        key: value for key, value in vars(module).items()
        if hasattr(value, "py_func") and value.py_func.__module__ == name
        and value.targetoptions.get("inline") != "always"  # part of their callers: not kept
    }  # fmt: skip
    if not functions:
        return None
    folder = Path(next(iter(functions.values())).stats.cache_path or _next_to(module))
    indices = {key: _index(function) for key, function in functions.items()}
    ready = [key for key, (_, overloads) in indices.items() if overloads]
    current = {file.name.removesuffix(".nbi") for file, _ in indices.values()}
    stem = name.rpartition(".")[2]
    kept = sorted(folder.glob(f"{stem}.*.nb[ic]")) if folder.is_dir() else []
    outdated = [file for file in kept if _base(file) not in current]
    written = [file.stat().st_mtime for file in kept if file not in outdated]
    changed = (Path(ceasefire.__file__).parent / "tolerances.py").stat().st_mtime
    frozen = "ceasefire.tolerances" in Path(str(module.__file__)).read_text(encoding="utf-8")
    return Loops(
        name, folder, tuple(ready), tuple(key for key in functions if key not in ready),
        tuple(outdated), bool(frozen and written and min(written) < changed),
    )  # fmt: skip


def _next_to(module: Any) -> Path:
    return Path(str(module.__file__)).parent / "__pycache__"


def _index(function: Any) -> tuple[Path, Any]:
    """The index file of a function and what it lists for this source: numba's own reader."""
    file = function._cache._cache_file
    try:
        return Path(file._index_path), file._load_index()
    except Exception:  # damaged, or of a release that reads it otherwise: it would be compiled anew
        return Path(file._index_path), {}


def _base(file: Path) -> str:
    """`NAME-LINE.pyXY` of NAME-LINE.pyXY.nbi and of NAME-LINE.pyXY.3.nbc."""
    return re.sub(r"(\.\d+)?\.nb[ic]$", "", file.name)


def writable(folder: Path) -> bool:
    """Whether a file can be written in the folder, or in the nearest one above that exists."""
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        with tempfile.TemporaryFile(dir=place):
            return True
    except OSError:
        return False


def forget() -> int:
    """Delete every compiled loop of the package; return how many files.

    A running process keeps what it has loaded.
    """
    count = 0
    for loops in inventory():
        stem = loops.module.rpartition(".")[2]
        for file in loops.folder.glob(f"{stem}.*.nb[ic]"):
            file.unlink(missing_ok=True)
            count += 1
    return count
