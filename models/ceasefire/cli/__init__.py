"""The command line: parses, calls, prints. `ceasefire --help` lists the commands."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import ceasefire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    from ceasefire.truce.scenario import Scenario

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130
SLOW_SECONDS = 2.0
BASELINE = "november-2023"


class _Group(click.Group):
    """Turns the package's errors into one block on stderr and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(0)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(INTERRUPTED)
        except Exception as error:
            if ctx.params.get("debug"):
                traceback.print_exc()
            ctx.exit(_explain(error, debug=bool(ctx.params.get("debug"))))


def _explain(error: Exception, *, debug: bool) -> int:
    from ceasefire.errors import CeasefireError, SolveError

    known = isinstance(error, CeasefireError | OSError)
    click.echo(f"error: {error}" if known else f"error: {type(error).__name__}: {error}", err=True)
    if not known and not debug:
        click.echo("this is a fault of the program; --debug shows where", err=True)
    return FAILED if isinstance(error, SolveError) or not known else BAD_INPUT


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Examples:
  ceasefire solve
  ceasefire solve --set captor.trust=0.3 --set x=8
  ceasefire extension --window 38,5,0.5
  ceasefire scenario new my-truce

\b
Exit codes: 0 fine, 1 not solved or a check failed, 2 bad input, 130 interrupted.""",
)
@click.version_option(ceasefire.__version__, prog_name="ceasefire")
@click.option("--debug", is_flag=True, envvar="CEASEFIRE_DEBUG", help="Show tracebacks.")
def main(debug: bool) -> None:
    """Games of captives and pauses: solve a deal and ask what keeps it going."""


def _examples(*lines: str) -> str:
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def _scenario_options(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option(
        "--set", "settings", multiple=True, metavar="KEY=VALUE",
        help="Change a parameter, by field path or symbol; repeatable.",
    )(command)  # fmt: skip
    return click.argument("scenario", default=BASELINE)(command)


def _format_options(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option("--csv", "form", flag_value="csv", help="Print CSV.")(command)
    return click.option("--json", "form", flag_value="json", help="Print JSON.")(command)


@main.command(epilog=_examples("ceasefire solve", "ceasefire solve no-pilot --json",
                               "ceasefire solve my-truce.toml --set x=8"))  # fmt: skip
@_scenario_options
@_format_options
@click.option("--beliefs", default=241, show_default=True, help="Beliefs to bracket roots on.")
def solve(scenario: str, settings: tuple[str, ...], form: str | None, beliefs: int) -> None:
    """Solve SCENARIO: negotiation, course, extension incentives, certificate.

    SCENARIO is a packaged name or a TOML file (default: november-2023).
    """
    from ceasefire.cli import show

    loaded = _load(scenario, settings)
    with _patience("solving"):
        from ceasefire import truce

        equilibrium = truce.solve(loaded, beliefs=beliefs, throw=False)
        report = show.Report(equilibrium)
    click.echo({"json": report.json, "csv": report.csv}.get(form or "", report.text)())
    if not (equilibrium.status.solved and equilibrium.certificate.passed):
        click.echo(f"not certified: {equilibrium.status}", err=True)
        sys.exit(FAILED)


@main.command(epilog=_examples("ceasefire extension", "ceasefire extension --window 38,5,0.5",
                               "ceasefire extension --price 8 --price 12"))  # fmt: skip
@_scenario_options
@_format_options
@click.option("--window", "windows", multiple=True, metavar="HELD,DAY,TRUST",
              help="A window to look at, not those on the course; repeatable.")  # fmt: skip
@click.option("--price", "prices", multiple=True, type=float, metavar="CAPTIVES",
              help="Print the gains from one more day at this price; repeatable.")  # fmt: skip
def extension(
    scenario: str,
    settings: tuple[str, ...],
    form: str | None,
    windows: tuple[str, ...],
    prices: tuple[float, ...],
) -> None:
    """Show who gains what from one more day, window by window."""
    from ceasefire.cli import show

    asked = [_window(text) for text in windows] or None
    loaded = _load(scenario, settings)
    with _patience("solving"):
        from ceasefire import truce

        equilibrium = truce.solve(loaded)
        table = truce.extension(equilibrium, asked)
        gains = show.gains(equilibrium, table, prices) if prices else None
    if form:
        _print(table if gains is None else gains, form)
        return
    click.echo(show.extension(table))
    if gains is not None:
        click.echo("\n" + show.frame(gains))


@main.command(epilog=_examples("ceasefire decompose", "ceasefire decompose --csv"))
@_scenario_options
@_format_options
def decompose(scenario: str, settings: tuple[str, ...], form: str | None) -> None:
    """Show what ends the truce: one friction off at a time, and one on."""
    from ceasefire.cli import show

    loaded = _load(scenario, settings)
    with _patience("solving"):
        from ceasefire import truce

        comparison = truce.decompose(loaded)
    _show_comparison(comparison, form, show.comparison)


@main.command(epilog=_examples("ceasefire compare november-2023 no-pilot",
                               "ceasefire compare november-2023 --set x=12"))  # fmt: skip
@click.argument("first")
@click.argument("second", required=False)
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE",
              help="Change the second scenario (a copy of FIRST where none is named).")  # fmt: skip
@_format_options
def compare(first: str, second: str | None, settings: tuple[str, ...], form: str | None) -> None:
    """Set two scenarios side by side, each solved anew.

    With --set and no SECOND, the first scenario is compared with its changed self.
    """
    from ceasefire.cli import show

    if second is None and not settings:
        raise click.UsageError("name a second scenario, or change the first with --set KEY=VALUE")
    one, two = _load(first, ()), _load(second or first, settings)
    names = (one.name, two.name if two.name != one.name else "changed")
    with _patience("solving"):
        from ceasefire import truce

        comparison = truce.compare(dict(zip(names, (one, two), strict=True)))
    _show_comparison(comparison, form, show.comparison)


@main.command(epilog=_examples("ceasefire paper", "ceasefire paper --only course --out /tmp/paper"))
@click.option("--spec", type=click.Path(path_type=Path), default=Path("experiments/paper.toml"),
              show_default=True, help="Which figure from which scenario.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), default=Path("results/paper"),
              show_default=True, help="Where to write.")  # fmt: skip
@click.option("--only", multiple=True, metavar="NAME", help="Build this figure alone; repeatable.")
def paper(spec: Path, out: Path, only: tuple[str, ...]) -> None:
    """Build every figure and table of the paper, byte for byte the same each time."""
    from tqdm import tqdm

    from ceasefire.figures.paper import build

    quiet = not sys.stderr.isatty()
    bar = tqdm(unit="figure", disable=None, leave=False)

    def progress(name: str, done: int, total: int) -> None:
        bar.total = total
        bar.set_description(name)
        bar.update(done - bar.n)
        if quiet:
            click.echo(f"[{done}/{total}] {name}", err=True)

    with _patience("building"):
        manifest = build(spec, out, only=only or None, progress=progress)
    bar.close()
    click.echo(f"written to {out}; digests in {manifest}")


@main.group()
def scenario() -> None:
    """List, show, start and check scenario files."""


@scenario.command("list", epilog=_examples("ceasefire scenario list"))
def list_scenarios() -> None:
    """List the packaged scenarios."""
    from ceasefire.truce.scenario import load, packaged

    for name in packaged():
        click.echo(f"{name:15} {load(name).title}")


@scenario.command("show", epilog=_examples("ceasefire scenario show november-2023",
                                           "ceasefire scenario show no-pilot --toml"))  # fmt: skip
@_scenario_options
@_format_options
@click.option("--toml", "form", flag_value="toml", help="Print the scenario file.")
def show_scenario(scenario: str, settings: tuple[str, ...], form: str | None) -> None:
    """Show every parameter with unit, bounds and source."""
    from ceasefire.cli import show

    loaded = _load(scenario, settings)
    if form == "toml":
        click.echo(loaded.to_toml(), nl=False)
    elif form:
        _print(loaded.parameters(), form)
    else:
        click.echo(show.scenario(loaded))


@scenario.command("new", epilog=_examples("ceasefire scenario new my-truce",
                                          "ceasefire scenario new b --from no-pilot"))  # fmt: skip
@click.argument("name")
@click.option("--from", "source", default=BASELINE, show_default=True, help="Scenario to copy.")
@click.option("--out", type=click.Path(path_type=Path), help="File to write (default: NAME.toml).")
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
def new_scenario(name: str, source: str, out: Path | None, force: bool) -> None:
    """Write a scenario file to start from."""
    path = out or Path(f"{name}.toml")
    copy = _load(source, ()).replace({"name": name})
    with contextlib.suppress(FileNotFoundError):
        if path.stat() and not force:
            raise click.UsageError(f"{path} exists; --force overwrites it")
    path.write_text(copy.to_toml(), encoding="utf-8")
    click.echo(f"written to {path}; edit it, then: ceasefire scenario check {path}")


@scenario.command("check", epilog=_examples("ceasefire scenario check my-truce.toml"))
@click.argument("file", type=click.Path(path_type=Path))
def check_scenario(file: Path) -> None:
    """Report every fault of FILE with its line."""
    from ceasefire.truce.scenario import load

    loaded = load(file)
    click.echo(f"{file}: fine ({loaded.name}: {loaded.title})")


@scenario.command("schema", epilog=_examples("ceasefire scenario schema > scenario.schema.json"))
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    import json

    from ceasefire.truce.scenario import json_schema

    click.echo(json.dumps(json_schema(), indent=1))


@main.group()
def data() -> None:
    """Look at the packaged records."""


@data.command("list", epilog=_examples("ceasefire data list"))
def list_data() -> None:
    """List the packaged records."""
    from ceasefire.data import datasets

    for name, what in datasets().items():
        click.echo(f"{name:21} {what}")


@data.command("show", epilog=_examples("ceasefire data show truce_2023",
                                       "ceasefire data show truce_2023 --csv"))  # fmt: skip
@click.argument("name")
@_format_options
def show_data(name: str, form: str | None) -> None:
    """Print a record with its source."""
    from ceasefire import data as records
    from ceasefire.cli import show
    from ceasefire.errors import ArgumentError

    if name not in records.datasets():
        raise ArgumentError("record", name, "one of " + ", ".join(records.datasets()))
    table = getattr(records, name)()
    if form:
        _print(table, form)
    else:
        click.echo(show.record(table))


def _load(name: str, settings: tuple[str, ...]) -> Scenario:
    loaded = ceasefire.load(name)
    return loaded.replace(dict(map(_setting, settings))) if settings else loaded


def _setting(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise click.BadParameter(f"{text!r} is not KEY=VALUE", param_hint="--set")
    for number in (int, float):
        with contextlib.suppress(ValueError):
            return key.strip(), number(value)
    return key.strip(), value


def _window(text: str) -> tuple[float, int, float]:
    try:
        held, day, trust = text.split(",")
        return float(held), int(day), float(trust)
    except ValueError:
        message = f"{text!r} is not HELD,DAY,TRUST as in 38,5,0.5"
        raise click.BadParameter(message, param_hint="--window") from None


def _print(table: pd.DataFrame, form: str) -> None:
    if form == "csv":
        click.echo(table.to_csv(index=table.index.name is not None), nl=False)
    else:
        click.echo(table.reset_index(drop=table.index.name is None).to_json(orient="records"))


def _show_comparison(comparison: Any, form: str | None, text: Callable[[Any], str]) -> None:
    if form:
        lengths = comparison.lengths.add_prefix("p_days_")
        _print(comparison.table.join(lengths), form)
    else:
        click.echo(text(comparison))


@contextlib.contextmanager
def _patience(doing: str) -> Iterator[None]:
    """Say on stderr what takes so long, once it has taken two seconds."""
    message = f"{doing} ... (the first run on a machine compiles for some seconds)"
    timer = threading.Timer(SLOW_SECONDS, click.echo, (message,), {"err": True})
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
