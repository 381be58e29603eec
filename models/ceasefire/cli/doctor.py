"""`ceasefire doctor`: what is installed and whether it works here, line by line."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import ceasefire
from ceasefire.cli.text import examples, wrapped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OK, NOTE, FAULT = "ok", "note", "fault"
FAILED = 1
NEEDED = ("click", "emcee", "matplotlib", "nashpy", "numba", "numpy", "pandas", "pydantic",
          "scipy", "tqdm")  # fmt: skip
OPTIONAL = {
    "distributed": "experiments on many machines: the extra cluster",
    "pyarrow": "experiments as Parquet: the extra frames",
    "xarray": "experiments as labelled arrays: the extra frames",
}
PACKAGED = ("data", "games/catalog_data", "explore/static")


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, how it is, what was found, and what to do."""

    what: str
    how: str
    found: str
    advice: str = ""


@click.command(epilog=examples("ceasefire doctor", "ceasefire doctor --json"))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(as_json: bool) -> None:
    """Check the installation: versions, loops, store, a solve.

    Each line says ok, note or fault, and what to do. Exit code 1 where there is a fault. Writes
    nothing but a store in the folder at hand, which is deleted again.
    """
    found = []
    for what, probe in PROBES.items():
        for finding in _asked(what, probe):
            found.append(finding)
            if not as_json:
                click.echo(_line(finding))
    faults = sum(finding.how == FAULT for finding in found)
    if as_json:
        record = {"sound": faults == 0, "findings": [asdict(finding) for finding in found]}
        click.echo(json.dumps(record, indent=1, ensure_ascii=False))
    else:
        click.echo(f"{faults or 'no'} {'fault' if faults == 1 else 'faults'}")
    if faults:
        sys.exit(FAILED)


def _asked(what: str, probe: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """What a probe finds; its own failure is a finding like the others."""
    try:
        yield from probe()
    except Exception as error:
        from ceasefire.cli.compiled import NO_FOLDER, finds_no_folder

        told = f"{type(error).__name__}: {error}"
        advice = NO_FOLDER if finds_no_folder(error) else "install the package anew"
        yield Finding(what, FAULT, told, advice)


def _line(finding: Finding) -> str:
    head = f"{finding.how:5}  {finding.what:18}"
    lines = wrapped(f"{head} {finding.found}", indent="", hanging=" " * 26)
    if finding.advice:
        lines += wrapped(f"-> {finding.advice}", indent=" " * 26)
    return "\n".join(lines)


def _versions() -> Iterator[Finding]:
    from ceasefire.experiment.provenance import code_version

    where = Path(ceasefire.__file__).parent
    yield Finding("ceasefire", OK, f"{code_version(())} in {where}")
    yield Finding("Python", OK, f"{platform.python_version()} in {sys.executable}")
    system = f"{platform.system()} {platform.release()}, {platform.machine()}"
    yield Finding("system", OK, system)


def _libraries() -> Iterator[Finding]:
    told, absent = [], []
    for name in NEEDED:
        try:
            told.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            absent.append(name)
    if told:
        yield Finding("libraries", OK, ", ".join(told))
    if absent:
        yield Finding("libraries", FAULT, "absent: " + ", ".join(absent), "install ceasefire anew")
    yield from _pins()


def _pins() -> Iterator[Finding]:
    """Versions that the installed package does not ask for."""
    try:
        wanted = distribution("ceasefire").requires or []
    except PackageNotFoundError:
        advice = "install it: python -m pip install ."
        yield Finding("installation", NOTE, "used from a folder, not installed", advice)
        return
    try:
        from packaging.requirements import Requirement
    except ImportError:  # it comes with matplotlib
        return
    for text in wanted:
        asked = Requirement(text)
        if asked.marker is not None or asked.name not in NEEDED:
            continue
        try:
            got = version(asked.name)
        except PackageNotFoundError:
            continue
        if not asked.specifier.contains(got, prereleases=True):
            advice = "figures may differ in their bytes; install what is asked for"
            yield Finding(asked.name, NOTE, f"{got}, and {asked.specifier} is asked for", advice)


def _extras() -> Iterator[Finding]:
    for name, use in OPTIONAL.items():
        try:
            yield Finding(name, OK, f"{version(name)}, for {use}")
        except PackageNotFoundError:
            yield Finding(name, NOTE, f"absent; it is for {use}", f"python -m pip install {name}")


def _threads() -> Iterator[Finding]:
    import numpy as np
    from numba import config as compiler

    settings: Any = compiler
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    blas = np.show_config(mode="dicts").get("Build Dependencies", {}).get("blas", {})
    limits = [f"{key}={os.environ[key]}" for key in
              ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
              if key in os.environ]  # fmt: skip
    told = (
        f"{allowed} cores for this process; numba {settings.NUMBA_NUM_THREADS}; "
        f"BLAS {blas.get('name', 'unknown')} {blas.get('version', '')}".rstrip()
    )
    yield Finding("threads", OK, told + (f"; {', '.join(limits)}" if limits else ""))
    if settings.DISABLE_JIT:
        advice = "unset NUMBA_DISABLE_JIT: a solve takes minutes without compiled loops"
        yield Finding("compiler", FAULT, "NUMBA_DISABLE_JIT is set", advice)


def _loops() -> Iterator[Finding]:
    from ceasefire.cli import compiled

    found = compiled.inventory()
    ready = sum(len(loops.ready) for loops in found)
    total = ready + sum(len(loops.missing) for loops in found)
    told = f"{ready} of {total} compiled"
    advice = "ceasefire warm-up compiles the others; each command compiles what it needs"
    yield Finding("compiled loops", OK if ready == total else NOTE, told,
                  "" if ready == total else advice)  # fmt: skip
    for folder in sorted({loops.folder for loops in found}):
        able = compiled.writable(folder)
        yield Finding("kept in", OK if able else FAULT, f"{folder}{'' if able else ', read-only'}",
                      "" if able else compiled.NO_FOLDER)  # fmt: skip
    outdated = [file for loops in found for file in loops.outdated]
    if outdated:
        size = sum(file.stat().st_size for file in outdated) / 1e6
        advice = "harmless; ceasefire warm-up --again deletes them"
        yield Finding("outdated loops", NOTE, f"{len(outdated)} files, {size:.1f} MB", advice)
    if any(loops.older_than_tolerances for loops in found):
        told = "compiled before tolerances.py was last written; numba does not see a change there"
        yield Finding("tolerances", NOTE, told, "ceasefire warm-up --again compiles them anew")


def _store() -> Iterator[Finding]:
    here = Path.cwd()
    try:
        with (
            tempfile.TemporaryDirectory(prefix=".ceasefire-", dir=here) as folder,
            closing(sqlite3.connect(Path(folder) / "probe.sqlite")) as store,
        ):
            mode = store.execute("pragma journal_mode=wal").fetchone()[0]
            store.execute("create table probe (x)")
            store.execute("insert into probe values (1)")
            store.commit()
    except (OSError, sqlite3.Error) as error:
        advice = "experiments need a folder that can be written: ceasefire run --store PATH"
        yield Finding("store", FAULT, f"{here}: {error}", advice)
        return
    told = f"SQLite {sqlite3.sqlite_version} writes in {here}, journal {mode}"
    advice = "a network disk? keep stores on a local one: ceasefire run --store PATH"
    yield Finding("store", OK if mode == "wal" else NOTE, told, "" if mode == "wal" else advice)


def _figures() -> Iterator[Finding]:
    import matplotlib
    from matplotlib import font_manager

    family = "DejaVu Sans"
    file = Path(font_manager.findfont(family))
    packaged = file.is_relative_to(Path(matplotlib.get_data_path()))
    told = f"matplotlib {matplotlib.__version__}, backend {matplotlib.get_backend()}"
    yield Finding("figures", OK if packaged else NOTE, f"{told}, {family} from "
                  f"{'matplotlib' if packaged else file}",
                  "" if packaged else "figures may differ in their bytes")  # fmt: skip


def _data() -> Iterator[Finding]:
    """Packaged files against the digests that the installer recorded."""
    root = Path(ceasefire.__file__).parent
    files = [file for place in PACKAGED for file in (root / place).rglob("*") if file.is_file()]
    told, wrong = _recorded(), []
    for name, digest in told.items():
        file = root / name
        if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            wrong.append(name)
    if wrong:
        advice = "install the package anew, or keep changed copies elsewhere"
        yield Finding("packaged files", FAULT, "changed or absent: " + ", ".join(wrong[:5]), advice)
        return
    against = f"{len(told)} as installed" if told else "an editable installation: no digests"
    yield Finding("packaged files", OK, f"{len(files)} of data, games and page; {against}")
    scenarios = [ceasefire.load(file.stem) for file in sorted(root.glob("data/scenarios/*.toml"))]
    names = ", ".join(scenario.name for scenario in scenarios)
    yield Finding("scenarios", OK, f"{names} can be read")


def _recorded() -> dict[str, str]:
    """Digests of the packaged files in the installer's record; none where it is editable."""
    import base64

    try:
        files = distribution("ceasefire").files or []
    except PackageNotFoundError:
        return {}
    return {
        str(file.relative_to("ceasefire")): base64.urlsafe_b64decode(file.hash.value + "==").hex()
        for file in files
        if file.hash and re.match(r"ceasefire/.*\.(py|toml|csv|json|md|js|css|html)$", str(file))
    }


def _solve() -> Iterator[Finding]:
    from ceasefire import truce
    from ceasefire.cli.waiting import Compiles, patience, quiet

    scenario = ceasefire.load("november-2023")
    compiles = Compiles()
    with quiet(), patience("compiling and solving"):
        from ceasefire.truce import _kernels  # noqa: F401 # numba is loaded from here on

        compiles.attach()
        since = time.perf_counter()
        found = truce.solve(scenario, throw=False)
        certificate = found.certificate
        first = time.perf_counter() - since
        compiles.detach()
        since = time.perf_counter()
        truce.solve(scenario)
        again = time.perf_counter() - since
    told = (
        f"november-2023: {found.block_days} days for the first block, exploitability "
        f"{certificate.exploitability:.1e} utils; {1e3 * again:.0f} ms, with certificate "
        f"and start {first:.1f} s"
    )
    if compiles.seconds > 0.5:
        told += f" ({compiles.seconds:.0f} s of it compiled)"
    sound = found.status.solved and certificate.passed
    advice = "" if sound else "report this with the output of ceasefire doctor --json"
    yield Finding("a solve", OK if sound else FAULT, told, advice)


PROBES: dict[str, Callable[[], Iterator[Finding]]] = {
    "versions": _versions,
    "libraries": _libraries,
    "extras": _extras,
    "threads": _threads,
    "compiled loops": _loops,
    "store": _store,
    "figures": _figures,
    "packaged files": _data,
    "a solve": _solve,
}
