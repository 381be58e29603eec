"""`ceasefire estimate`: parameters from records, with what the records do not tell."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ceasefire.cli import _checkpoints as checkpoints
from ceasefire.cli._workers import stopped, workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor

    import pandas as pd
    from matplotlib.figure import Figure

    from ceasefire.calibration.maximum import Maximum
    from ceasefire.calibration.problem import Problem

DIGITS = 4
KEPT = 2000  # draws that a table of draws has at most
METHODS = ("ml", "profile", "posterior", "moments")

GUIDE = """\b
Methods:
  ml         maximum likelihood from many starts; standard errors where there are any
  profile    maximum likelihood, then intervals by the profile of each parameter
  posterior  draws by ensembles of walkers, priors as in the file
  moments    moments of the course: length, chunks, captives left, first block

\b
Examples:
  ceasefire estimate experiments/estimation/november-2023.toml
  ceasefire estimate my.toml --method posterior --draws 20000 --jobs 2 --resume
  ceasefire estimate my.toml --method profile --csv profiles.csv --figure profiles"""


@click.command(epilog=GUIDE)
@click.argument("spec", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--method", type=click.Choice(METHODS), default="ml", show_default=True,
              help="How; see below.")  # fmt: skip
@click.option("--draws", type=click.IntRange(min=1), help="Of posterior: draws to keep.")
@click.option("--burn-in", type=click.IntRange(min=0), help="Of posterior: steps thrown away.")
@click.option("--starts", type=click.IntRange(min=1), help="Local searches.")
@click.option("--grid", type=click.IntRange(min=3), help="Of profile: values of a parameter.")
@click.option("--parameter", "names", multiple=True, metavar="NAME",
              help="Of profile: this parameter alone; repeatable.")  # fmt: skip
@click.option("--simulations", type=click.IntRange(min=2),
              help="Of moments: plays an exchange; default: exact moments.")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), help="Instead of the file's.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True,
              help="Processes on this machine.")  # fmt: skip
@click.option("--resume", is_flag=True, help="Go on from the checkpoint of a run that stopped.")
@click.option("--checkpoint", type=click.Path(path_type=Path), metavar="PATH",
              help="Where it is; default: beside FILE, named after it and the method.")  # fmt: skip
@click.option("--csv", "table", type=click.Path(path_type=Path), metavar="PATH",
              help="Also write the table, and beside it all profiles or draws.")  # fmt: skip
@click.option("--figure", "stem", type=click.Path(path_type=Path), metavar="STEM",
              help="Of profile and posterior: also write STEM.pdf and .png.")  # fmt: skip
def estimate(spec: Path, method: str, table: Path | None, stem: Path | None, **given: Any) -> None:
    """Estimate parameters of the model from records of exchanges.

    FILE is a TOML file (docs/calibration.md): which exchanges, which parameters are free, ranges
    and priors. What the data do not tell is said, not estimated. Stopped or killed, the same
    command with --resume goes on where it was.
    """
    from ceasefire import calibration

    _refuse(method, given, stem)
    problem = calibration.load_problem(spec)
    kept = given["checkpoint"] or _beside(spec, method)
    checkpoints.refuse_other(kept)
    run: Callable[..., _Found] = {
        "ml": _maximum, "profile": _profile, "posterior": _posterior, "moments": _moments,
    }[method]  # fmt: skip
    try:
        with workers(given["jobs"]) as executor:
            found = run(problem, kept, given, executor)
    except KeyboardInterrupt:
        stopped()
    found.jobs = given["jobs"]
    click.echo(found.text())
    for written in found.write(table, stem):
        click.echo(str(written))


class _Found:
    """What an estimate says and leaves."""

    def __init__(
        self, result: Any, status: str, table: pd.DataFrame, more: pd.DataFrame | None = None
    ) -> None:
        self.result, self.status, self.table, self.more = result, status, table, more
        self.figures: dict[str, Callable[[], Figure]] = {}
        self.record: dict[str, Any] = {}
        self.jobs = 1

    def text(self) -> str:
        """Return the status and the table for a terminal."""
        from ceasefire.cli.text import table as aligned
        from ceasefire.cli.text import wrapped

        status = "\n".join(wrapped(self.status, indent=""))
        shown = self.table.drop(columns=[c for c in self.table if str(c).startswith("prior_")])
        rows = [[_cell(value) for value in row] for row in shown.itertuples(index=False)]
        words = [at for at, name in enumerate(shown) if name in ("parameter", "note")]
        return status + "\n\n" + aligned(list(map(str, shown.columns)), rows, left=words)

    def write(self, table: Path | None, stem: Path | None) -> Iterator[Path]:
        """Write what was asked for."""
        from ceasefire.figures.save import write_figure, write_table

        if table is not None:
            table.parent.mkdir(parents=True, exist_ok=True)
            yield write_table(self.table, table)
            if self.more is not None:
                yield write_table(self.more, table.with_name(f"{table.stem}-all.csv"))
            yield self._write_record(table.with_suffix(".json"))
        if stem is not None:
            stem.parent.mkdir(parents=True, exist_ok=True)
            for ending, draw in self.figures.items():
                yield from _drawn(draw, stem.with_name(stem.name + ending), write_figure)

    def _write_record(self, file: Path) -> Path:
        """Write what the table came from."""
        import json
        import platform
        from importlib.metadata import version

        from ceasefire.experiment.provenance import LIBRARIES, code_version

        problem = self.result.problem
        told = {
            "status": self.status, "problem": problem.digest, "parameters": list(problem.names),
            **self.record, "jobs": self.jobs, "nice": _niceness(),
            "code": code_version(()), "python": platform.python_version(),
            "libraries": {name: version(name) for name in (*LIBRARIES, "emcee")},
        }  # fmt: skip
        file.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        return file


def _niceness() -> int | None:
    return os.nice(0) if hasattr(os, "nice") else None


def _drawn(
    draw: Callable[[], Figure], stem: Path, write: Callable[[Figure, Path], list[Path]]
) -> list[Path]:
    from ceasefire.figures.style import style

    with style():
        return write(draw(), stem)


def _refuse(method: str, given: dict[str, Any], stem: Path | None) -> None:
    """Refuse options of other methods."""
    belongs = {
        "names": ("profile",), "draws": ("posterior",), "burn_in": ("posterior",),
        "grid": ("profile",),
        "simulations": ("moments",), "starts": ("ml", "profile", "moments"),
    }  # fmt: skip
    for name, methods in belongs.items():
        if given[name] not in (None, ()) and method not in methods:
            said = {"names": "parameter"}.get(name, name.replace("_", "-"))
            raise click.UsageError(f"--{said} does not go with {method}")
    if method == "moments" and given["resume"]:
        raise click.UsageError("--resume does not go with moments, which take no time")
    if stem is not None and method not in ("profile", "posterior"):
        raise click.UsageError(f"--figure does not go with {method}")


def _beside(spec: Path, method: str) -> Path:
    ending = "npz" if method == "posterior" else "json"
    return spec.with_name(f"{spec.stem}-{method}.checkpoint.{ending}")


def _progress(what: str) -> Callable[[int, int], None]:
    """Return what shows a bar on a terminal, and lines elsewhere."""
    from tqdm import tqdm

    bar = tqdm(total=0, desc=what, disable=None, file=sys.stderr)

    def show(done: int, total: int) -> None:
        if bar.disable:
            click.echo(f"{what}: {done} of {total}", err=True)
            return
        bar.total = total
        bar.update(done - bar.n)
        if done >= total:
            bar.close()

    return show


def _maximum(
    problem: Problem, kept: Path, given: dict[str, Any], executor: Executor | None
) -> _Found:
    found = _searched(problem, kept, given, executor)
    status = f"{problem.title or problem.name}. {_capital(found.status)}"
    return _Found(found, status, found.table())


def _searched(
    problem: Problem, kept: Path, given: dict[str, Any], executor: Executor | None
) -> Maximum:
    from ceasefire import calibration

    seed = problem.settings.seed if given["seed"] is None else given["seed"]
    total = given["starts"] or problem.settings.starts
    of = checkpoints.resting_on(problem.digest)
    parts = checkpoints.load_parts(of, kept) if given["resume"] else {}
    name, show = f"ml seed {seed} starts {total}", _progress("starts")
    done = {int(i): checkpoints.ascent(one) for i, one in parts.get(name, {}).items()}

    def keep(number: int, ascent: Any) -> None:
        done[number] = ascent
        parts[name] = {i: checkpoints.plain_ascent(one) for i, one in done.items()}
        checkpoints.save_parts(parts, of, kept)
        show(len(done), total)

    return calibration.maximise(
        problem, starts=total, seed=seed, done=dict(done), keep=keep, executor=executor
    )


def _profile(
    problem: Problem, kept: Path, given: dict[str, Any], executor: Executor | None
) -> _Found:
    from ceasefire import calibration
    from ceasefire.figures import estimate_profiles

    top = _searched(problem, kept, given, executor)
    of = checkpoints.resting_on(problem.digest)
    parts = checkpoints.load_parts(of, kept)  # the starts just made among them
    names = given["names"] or problem.names
    name, show = f"profile {given['grid']} from {top.log_likelihood:.9g}", _progress("profiles")
    made = {key: checkpoints.profile(one) for key, one in parts.get(name, {}).items()}

    def keep(one: Any) -> None:
        made[one.parameter] = one
        parts[name] = {key: checkpoints.plain_profile(each) for key, each in made.items()}
        checkpoints.save_parts(parts, of, kept)
        show(sum(one in made for one in names), len(names))

    found = calibration.profile(
        top, names, grid=given["grid"], done=dict(made), keep=keep, executor=executor
    )
    status = f"{problem.title or problem.name}. {_capital(top.status)}; {found.status}"
    told = _Found(found.maximum, status, found.table(), found.values)
    told.figures = {"": lambda: estimate_profiles.draw(found)}
    return told


def _posterior(
    problem: Problem, kept: Path, given: dict[str, Any], executor: Executor | None
) -> _Found:
    from ceasefire import calibration
    from ceasefire.figures import estimate_pairs, estimate_priors

    show, of = _progress("steps"), checkpoints.resting_on(problem.digest)
    before = checkpoints.load_chains(of, kept) if given["resume"] else None
    chains, clock = before or (None, checkpoints.Clock())

    def keep(chains: Any, total: int) -> None:
        clock.mark()
        checkpoints.save_chains(chains, of, kept, clock)
        show(chains.steps, total)

    found = calibration.sample_posterior(
        problem,
        draws=given["draws"],
        burn_in=given["burn_in"],
        seed=given["seed"],
        resume=chains,
        keep=keep,
        executor=executor,
    )
    status = f"{problem.title or problem.name}. {len(found.draws)} draws, {found.status}"
    told = _Found(found, status, found.summary, _thinned(found.draws))
    told.record = {
        "seed": found.chains.seed, "ensembles": found.values.shape[0],
        "walkers": found.values.shape[2], "steps": found.chains.steps, "burn_in": found.burn_in,
        "draws": len(found.draws), "acceptance": round(found.acceptance, 4),
        "evaluations": found.values.shape[0] * found.values.shape[2] * (found.chains.steps + 1),
        "largest_r_hat": round(float(found.summary["r_hat"].max()), 5), "mixed": found.mixed,
        **clock.told(),
    }  # fmt: skip
    told.figures = {
        "-priors": lambda: estimate_priors.draw(found),
        "-pairs": lambda: estimate_pairs.draw(found),
    }
    return told


def _moments(problem: Problem, _: Path, given: dict[str, Any], __: Executor | None) -> _Found:
    from ceasefire import calibration

    found = calibration.fit_moments(
        problem, simulations=given["simulations"], starts=given["starts"], seed=given["seed"]
    )
    status = f"{problem.title or problem.name}. {_capital(found.status)}"
    return _Found(found, status, found.table())


def _thinned(draws: pd.DataFrame) -> pd.DataFrame:
    """At most 2000 draws, evenly over ensembles, steps and walkers."""
    import numpy as np

    if len(draws) <= KEPT:
        return draws
    at = np.linspace(0, len(draws) - 1, KEPT).round().astype(int)
    return draws.iloc[at].reset_index(drop=True)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "-" if value != value else f"{value:.{DIGITS}g}"
    return str(value)
