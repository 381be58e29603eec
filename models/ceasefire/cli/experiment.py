"""`ceasefire run` and `ceasefire store`: experiments and what they left in a store."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ceasefire.cli import kinds
from ceasefire.cli._workers import stopped
from ceasefire.cli.text import examples

if TYPE_CHECKING:
    from collections.abc import Callable

    from ceasefire.experiment import Tally

FAILED = 1
FAR = 1e6  # seconds left that are not worth saying
EVERY = 0.05  # share of the points between two lines where there is no terminal


def _store_argument(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option(
        "--experiment", "name", metavar="NAME",
        help="Name or number in the store; default: the last run.",
    )(command)  # fmt: skip
    return click.argument("file", metavar="STORE", type=click.Path(path_type=Path))(command)


@click.command(
    epilog=examples(
        "ceasefire run experiments/price-trust.toml --jobs 2",
        "ceasefire run my.toml --store my.sqlite --csv my.csv",
        "ceasefire run my.toml --dask tcp://10.0.0.1:8786 --limit 60",
    )
)
@click.argument("spec", metavar="EXPERIMENT", type=click.Path(path_type=Path))
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(min=1),
              help="Processes on this machine.")  # fmt: skip
@click.option("--store", "file", type=click.Path(path_type=Path), metavar="PATH",
              help="Where rows are kept; default: EXPERIMENT with .sqlite.")  # fmt: skip
@click.option("--csv", "table", type=click.Path(path_type=Path), metavar="PATH",
              help="Also export the rows as CSV.")  # fmt: skip
@click.option("--dask", metavar="ADDRESS",
              help="Workers of a Dask scheduler; 'local' starts --jobs of them here.")  # fmt: skip
@click.option("--limit", "limit_seconds", type=float, metavar="SECONDS",
              help="Time for one point; one that takes longer is a row that says so.")  # fmt: skip
@click.option("--retry-failed", is_flag=True, help="Compute again what ended in an error.")
def run(spec: Path, jobs: int, file: Path | None, table: Path | None, dask: str | None,
        limit_seconds: float | None, retry_failed: bool) -> None:  # fmt: skip
    """Run an experiment: compute what its store lacks.

    EXPERIMENT is a TOML file (docs/experiments.md). Stopped or killed, the same command goes on
    where it was.
    """
    from ceasefire import experiment as room

    kinds.expect("an experiment", spec)
    loaded = room.load(spec)
    where = file or spec.with_suffix(".sqlite")
    shown = _Progress(loaded.spec.name, room.size(loaded))
    try:
        tally = room.run(
            loaded, where, jobs=jobs, dask=dask, limit_seconds=limit_seconds,
            retry_failed=retry_failed, progress=shown.update,
        )  # fmt: skip
    except KeyboardInterrupt:
        shown.close()
        stopped("the same command goes on")
    finally:
        shown.close()
    click.echo(_summary(tally, where))
    if table is not None:
        _export(where, loaded.spec.name, table)
    if tally.failed + tally.failed_before:
        click.echo(f"errors: ceasefire store show {where}", err=True)
        sys.exit(FAILED)


def renew(spec: Path, rows: Path, full: bool, jobs: int) -> None:
    """Compute the committed rows of an experiment where they must be, and say so."""
    from ceasefire import experiment as room

    loaded = room.load(spec)
    shown: list[_Progress] = []  # none while nothing is computed

    def progress(tally: Tally) -> None:
        if not shown:
            shown.append(_Progress(loaded.spec.name, room.size(loaded)))
        shown[0].update(tally)

    try:
        room.renewed(loaded, rows, full=full, jobs=jobs, progress=progress)
    except KeyboardInterrupt:
        stopped("the same command goes on")
    finally:
        for bar in shown:
            bar.close()


def _summary(tally: Tally, where: Path) -> str:
    failed = tally.failed + tally.failed_before
    parts = [f"{tally.done} computed", f"{tally.cached} were there", f"{failed} failed"]
    if tally.left_out:
        parts.append(f"{tally.left_out} left out by constraints")
    if tally.left_out == tally.total:
        parts.append("no point keeps the constraints")
    return f"{where}: {', '.join(parts)}; {tally.seconds:.1f} s, {tally.rate:.1f} points/s"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


class _Progress:
    """A bar on a terminal; elsewhere one line every 5%."""

    def __init__(self, name: str, total: int) -> None:
        from tqdm import tqdm

        self.name, self.said = name, 0.0
        self.bar = tqdm(total=total, desc=name, unit="point", disable=None, file=sys.stderr)

    def update(self, tally: Tally) -> None:
        counts = f"done {tally.done}, failed {tally.failed}, cached {tally.cached}"
        if not self.bar.disable:
            self.bar.set_postfix_str(counts, refresh=False)
            self.bar.update(tally.seen - self.bar.n)
            return
        share = tally.seen / tally.total if tally.total else 1.0
        if share >= self.said + EVERY:
            self.said = share
            left = (tally.total - tally.seen) / tally.rate if tally.rate else float("inf")
            ahead = f", {_duration(left)} left" if left < FAR and tally.seen < tally.total else ""
            rate = f"{tally.rate:.1f} points/s{ahead}"
            click.echo(f"{self.name}: {share:4.0%}  {counts}  {rate}", err=True)

    def close(self) -> None:
        self.bar.close()


@click.group(epilog=examples("ceasefire store ls my.sqlite",
                              "ceasefire store export my.sqlite my.csv"))  # fmt: skip
def store() -> None:
    """What runs have left in a store."""


@store.command("ls", epilog=examples("ceasefire store ls my.sqlite"))
@click.argument("file", metavar="STORE", type=click.Path(path_type=Path))
def list_store(file: Path) -> None:
    """List the experiments of a store."""
    from ceasefire.experiment import Store

    with Store(file) as opened:
        click.echo(f"{'no':>3}  {'experiment':24} {'solved':>9} {'failed':>7}  code")
        for one in opened.experiments():
            good, bad = opened.counts(one.id)
            click.echo(f"{one.id:>3}  {one.name:24} {good:>9} {bad:>7}  {one.code}")


@store.command("show", epilog=examples("ceasefire store show my.sqlite --errors 5"))
@_store_argument
@click.option("--errors", default=10, show_default=True, help="Errors to print.")
def show_store(file: Path, name: str | None, errors: int) -> None:
    """Show an experiment: what it is, its runs and where they come from, its errors."""
    from ceasefire.experiment import Store

    with Store(file) as opened:
        kept = opened.find(name)
        good, bad = opened.counts(kept.id)
        click.echo(f"{kept.name} (number {kept.id}): {good} solved, {bad} failed")
        click.echo(f"  varies   {', '.join(kept.columns)}")
        click.echo(f"  records  {', '.join(kept.record)}")
        click.echo(f"  code     {kept.code}\n  spec     sha256 {kept.digest}")
        for one in opened.runs(kept.id):
            _show_run(one)
        failed = (row for row in opened.rows(kept) if row.error is not None)
        for row, _ in zip(failed, range(errors), strict=False):
            click.echo(f"  point {row.point}: {row.error}")


def _show_run(one: dict[str, Any]) -> None:
    told = one["provenance"]
    commit = (told["git_commit"] or "no git")[:12] + (" (edited)" if told["git_dirty"] else "")
    libraries = ", ".join(f"{name} {version}" for name, version in told["libraries"].items())
    ended = one["finished"] or "killed"
    counts = f"{one['done']} computed, {one['failed']} failed, {one['cached']} were there"
    click.echo(f"  run      {one['started']} to {ended}, {one['jobs']} processes, {counts}")
    click.echo(f"           {commit}, Python {told['python']}, {told['platform']}, {libraries}")


@store.command("export", epilog=examples("ceasefire store export my.sqlite my.csv"))
@_store_argument
@click.argument("out", metavar="FILE", type=click.Path(path_type=Path))
def export_store(file: Path, name: str | None, out: Path) -> None:
    """Export the rows of an experiment: FILE ends in .csv, .parquet or .nc (NetCDF).

    Equal rows give an equal CSV; Parquet and NetCDF keep every bit, units and where rows are from.
    """
    _export(file, name, out)


def _export(file: Path, name: str | None, out: Path) -> None:
    from ceasefire.experiment import Store, write

    with Store(file) as opened:
        count = write(opened, opened.find(name), out)
    click.echo(f"{out}: {count} rows")


@store.command("verify", epilog=examples("ceasefire store verify my.sqlite --sample 50"))
@_store_argument
@click.option("--sample", default=20, show_default=True, type=click.IntRange(min=1),
              help="Rows to solve again.")  # fmt: skip
@click.option("--seed", default=0, show_default=True, help="Which rows.")
def verify_store(file: Path, name: str | None, sample: int, seed: int) -> None:
    """Solve a sample of the rows again and compare."""
    from ceasefire.experiment import Store, verify

    with Store(file) as opened:
        found = verify(opened, opened.find(name), sample=sample, seed=seed)
    code = "" if found.same_code else "; the code has changed since"
    click.echo(f"{found.checked} rows solved again, {len(found.differing)} differ{code}")
    for line in found.differing:
        click.echo(f"  {line}")
    if not found.passed:
        sys.exit(FAILED)


@store.command("gc", epilog=examples("ceasefire store gc my.sqlite --yes"))
@click.argument("file", metavar="STORE", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Drop them; without it they are only listed.")
def collect_store(file: Path, yes: bool) -> None:
    """Drop experiments that other code computed, and rows that no experiment has."""
    from ceasefire.experiment import Store
    from ceasefire.experiment.provenance import code_version

    with Store(file) as opened:
        kept = opened.experiments()
    stale = [one for one in kept if one.code != code_version(one.record)]
    for one in stale:
        click.echo(f"{'dropped' if yes else 'would drop'} {one.id} ({one.name}, {one.code})")
    if not yes:
        click.echo(f"{len(stale)} of {len(kept)} experiments; --yes drops them")
        return
    with Store(file, write=True) as opened:
        count = opened.drop(one.id for one in kept if one not in stale)
    click.echo(f"{len(stale)} experiments and {count} rows dropped")
