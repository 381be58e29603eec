"""The command line: parses, calls, prints. `ceasefire --help` lists the commands."""

from __future__ import annotations

import contextlib
import math
import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import ceasefire
from ceasefire.cli import analysis, compiled, completion, doctor, estimate, kinds
from ceasefire.cli import experiment as experiments
from ceasefire.cli import explore as explorer
from ceasefire.cli import paper as papers
from ceasefire.cli import predict as prediction
from ceasefire.cli import report as reporting
from ceasefire.cli import warm_up as warming
from ceasefire.cli._workers import INTERRUPTED
from ceasefire.cli.text import examples
from ceasefire.cli.waiting import patience

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import ModuleType

    from ceasefire.truce import Comparison, Scenario

FAILED, BAD_INPUT = 1, 2
PICTURE_DPI = 250  # of PNG: 85 mm are 840 pixels
BASELINE = "november-2023"


class _Group(click.Group):
    """Turns the package's errors into one block on stderr and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        for stream in (sys.stdout, sys.stderr):  # a terminal that lacks a letter shows "?"
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")
        try:
            with patience(None):
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
    text = f"{error}" if known else f"{type(error).__name__}: {error}"
    if isinstance(error, OSError) and error.strerror:
        text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    click.echo(f"error: {text}", err=True)
    if compiled.finds_no_folder(error):
        click.echo(compiled.NO_FOLDER, err=True)
        return FAILED
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


def _scenario_options(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option(
        "--set", "settings", multiple=True, metavar="KEY=VALUE",
        help="Change a parameter, by field path or symbol; repeatable.",
    )(command)  # fmt: skip
    return click.argument("scenario", default=BASELINE)(command)


def _format_options(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option("--csv", "form", flag_value="csv", help="Print CSV.")(command)
    return click.option("--json", "form", flag_value="json", help="Print JSON.")(command)


@main.command(epilog=examples("ceasefire solve", "ceasefire solve no-pilot --json",
                               "ceasefire solve my-truce.toml --set x=8"))  # fmt: skip
@_scenario_options
@_format_options
@click.option("--beliefs", default=241, show_default=True, help="Beliefs to bracket roots on.")
def solve(scenario: str, settings: tuple[str, ...], form: str | None, beliefs: int) -> None:
    """Solve a deal: negotiation, course, incentives, certificate.

    SCENARIO is a packaged name or a TOML file (default: november-2023).
    """
    base, loaded = _load(scenario, ()), _load(scenario, settings)
    with patience("solving"):
        from ceasefire import truce
        from ceasefire.cli.solution import Report

        equilibrium = truce.solve(loaded, beliefs=beliefs, throw=False)
        report = Report(equilibrium, base)
    if form:
        _emit(report.json() if form == "json" else report.csv())
    else:
        click.echo(report.text())
    if not (equilibrium.status.solved and equilibrium.certificate.passed):
        click.echo(f"not certified: {equilibrium.status}", err=True)
        sys.exit(FAILED)


@main.command(epilog=examples("ceasefire extension", "ceasefire extension --window 38,5,0.5",
                               "ceasefire extension --price 8 --price 12"))  # fmt: skip
@_scenario_options
@_format_options
@click.option("--window", "windows", multiple=True, metavar="HELD,DAY,TRUST",
              help="A window to look at, not those on the course; repeatable.")  # fmt: skip
@click.option("--price", "prices", multiple=True, metavar="CAPTIVES",
              help="Print the gains from one more day at this price; repeatable.")  # fmt: skip
def extension(
    scenario: str,
    settings: tuple[str, ...],
    form: str | None,
    windows: tuple[str, ...],
    prices: tuple[str, ...],
) -> None:
    """Show who gains what from one more day, window by window."""
    asked = [_window(text) for text in windows] or None
    offers = [_price(text) for text in prices]
    loaded = _load(scenario, settings)
    with patience("solving"):
        from ceasefire import truce
        from ceasefire.cli import show

        equilibrium = truce.solve(loaded)
        _check_windows(asked or (), equilibrium.parameters.W0, equilibrium.parameters.J)
        table = truce.extension(equilibrium, asked)
        gains = show.gains(equilibrium, table, offers) if offers else None
    if form:
        _emit(show.machine(table if gains is None else gains, form))
        return
    click.echo(show.extension(table))
    if gains is not None and not gains.empty:
        click.echo("\n" + show.gains_text(gains))


@main.command(epilog=examples("ceasefire decompose", "ceasefire decompose --csv"))
@_scenario_options
@_format_options
def decompose(scenario: str, settings: tuple[str, ...], form: str | None) -> None:
    """Show what ends the truce, one friction at a time.

    Each friction is taken off alone, all are off, and each is left on alone.
    """
    loaded = _load(scenario, settings)
    with patience("solving"):
        from ceasefire import truce
        from ceasefire.cli import show

        comparison = truce.decompose(loaded)
        weights = truce.solve(loaded, throw=False).block_weights
    _show_comparison(comparison, form, show)
    if not form and len(weights) > 1:
        click.echo("\n" + show.mixture(weights))


@main.command(epilog=examples("ceasefire compare november-2023 no-pilot",
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
    if second is None and not settings:
        raise click.UsageError("name a second scenario, or change the first with --set KEY=VALUE")
    one, two = _load(first, ()), _load(second or first, settings)
    labels = _labels((one.name, two.name), (first, second or first), bool(settings))
    with patience("solving"):
        from ceasefire import truce
        from ceasefire.cli import show
        from ceasefire.figures.reports.terms import differences

        comparison = truce.compare(dict(zip(labels, (one, two), strict=True)))
        differing = differences(one, two)
    _show_comparison(comparison, form, show)
    if not form:
        click.echo("\n" + show.differences_text(differing, labels))


def _labels(names: tuple[str, str], arguments: tuple[str, str], changed: bool) -> tuple[str, str]:
    """Two different labels: names, else the files as they were given, else a word."""
    one, two = names
    if one != two:
        two += ", changed" if changed else ""
    elif arguments[0] != arguments[1]:
        one, two = arguments
    else:
        two = "changed" if changed else "the same"
    return (one, two) if one != two else (one, f"{two} (second)")


@main.command(epilog=examples("ceasefire game catalog", "ceasefire game chicken --exact",
                               "ceasefire game beer-quiche --concept signalling",
                               "ceasefire game truce-two-types --set rounds=4",
                               "ceasefire game day.toml --concept critical-discount"))  # fmt: skip
@click.argument("file")
@click.option("--concept", default="nash", show_default=True,
              type=click.Choice(["nash", "correlated", "rationalizable", "logit", "spe",
                                 "sequential", "signalling", "payoff-set",
                                 "critical-discount", "automaton", "markov"]),
              help="What to solve for.")  # fmt: skip
@click.option("--exact", is_flag=True,
              help="Fractions (nash, spe, correlated, payoff-set, markov).")  # fmt: skip
@click.option("--precision", type=float, help="Of --concept logit, per util (default: 1).")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE",
              help="Change a parameter of a catalogued family, or the discount factor, the "
                   "punishment or transfers of a .toml file; repeatable.")  # fmt: skip
@click.option("--json", "form", flag_value="json", help="Print JSON.")
def game(
    file: str, concept: str, exact: bool, precision: float | None, settings: tuple[str, ...],
    form: str | None,
) -> None:  # fmt: skip
    """Solve a .nfg, .efg or .toml file, or a game of the catalog.

    FILE is a path, a name, or the word catalog, which lists the names.
    """
    from ceasefire.cli import games as shown

    if file == "catalog":
        _emit(shown.listing(form).rstrip("\n") + "\n")
        return
    loaded = shown.load(file, dict(map(_fraction, settings)))
    shown.check(concept, exact, precision)
    with patience("solving"):
        found = shown.solve(loaded, concept, exact, 1.0 if precision is None else precision)
    if form:
        _emit(shown.to_json(file, concept, loaded, found))
        return
    about = shown.described(file)
    click.echo("\n".join(filter(None, [about, shown.text(loaded, found)])))


main.add_command(papers.paper)
main.add_command(experiments.run)
main.add_command(experiments.store)
main.add_command(analysis.analyse)
main.add_command(estimate.estimate)
main.add_command(prediction.predict)
main.add_command(explorer.explore)
main.add_command(reporting.report)
main.add_command(completion.completion)
main.add_command(doctor.doctor)
main.add_command(warming.warm_up)


@main.group(epilog=examples("ceasefire model list", "ceasefire model solve instalments"))
def model() -> None:
    """Find, read and solve the games of the negotiation."""


@model.command("list", epilog=examples("ceasefire model list", "ceasefire model list --json"))
@_format_options
@click.option("--markdown", "form", flag_value="markdown", help="Print the page docs/models.md.")
def list_models(form: str | None) -> None:
    """List the models by step of the account, each with its question."""
    from ceasefire.cli import model_list

    _emit(model_list.listing(form))


@model.command("show", epilog=examples("ceasefire model show instalments"))
@click.argument("name")
@click.option("--scenario", default=BASELINE, show_default=True,
              help="What the parameters are taken from.")  # fmt: skip
def show_model(name: str, scenario: str) -> None:
    """Show a model: question, parameters, mathematics, sources."""
    from ceasefire import bargaining
    from ceasefire.cli import models

    found = bargaining.model(name)
    click.echo(models.shown(found.from_scenario(_load(scenario, ()))))


@model.command(
    "solve",
    epilog=examples(
        "ceasefire model solve instalments",
        "ceasefire model solve instalments --set stock=50",
        "ceasefire model solve instalments --figure a.png",
    ),
)
@click.argument("name")
@click.option("--scenario", default=BASELINE, show_default=True,
              help="What the parameters are taken from.")  # fmt: skip
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE",
              help="Change a parameter of the model; repeatable.")  # fmt: skip
@click.option("--figure", type=click.Path(path_type=Path), metavar="FILE",
              help="Also draw it: .png, .pdf or .svg.")  # fmt: skip
@_format_options
def solve_model(
    name: str, scenario: str, settings: tuple[str, ...], figure: Path | None, form: str | None
) -> None:  # fmt: skip
    """Solve a model for a scenario: its answer, solution and certificate.

    --csv prints the table behind the figure.
    """
    from ceasefire import bargaining
    from ceasefire.cli import models

    if figure is not None and figure.suffix not in (".png", ".pdf", ".svg"):
        message = f"{figure} should end in .png, .pdf or .svg"
        raise click.BadParameter(message, param_hint="--figure")
    found = models.changed(bargaining.model(name).from_scenario(_load(scenario, ())), settings)
    with patience("solving"):
        if form == "csv":
            from ceasefire.cli import show

            _emit(show.machine(found.table(), "csv"))
        elif form:
            _emit(models.to_json(found))
        else:
            click.echo(models.solved(found))
        if figure is not None:
            found.figure().savefig(figure, dpi=PICTURE_DPI)
    if figure is not None and not form:
        click.echo(f"\nfigure in {figure}")


@main.group(epilog=examples("ceasefire scenario list", "ceasefire scenario new my-truce"))
def scenario() -> None:
    """List, show, start and check scenario files."""


@scenario.command("list", epilog=examples("ceasefire scenario list"))
def list_scenarios() -> None:
    """List the packaged scenarios."""
    from ceasefire.truce.scenario import load, packaged

    for name in packaged():
        click.echo(f"{name:15} {load(name).title}")


@scenario.command("show", epilog=examples("ceasefire scenario show november-2023",
                                           "ceasefire scenario show no-pilot --toml"))  # fmt: skip
@_scenario_options
@_format_options
@click.option("--toml", "form", flag_value="toml", help="Print the scenario file.")
def show_scenario(scenario: str, settings: tuple[str, ...], form: str | None) -> None:
    """Show every parameter with unit, bounds and source."""
    loaded = _load(scenario, settings)
    if form == "toml":
        _emit(loaded.to_toml())
        return
    from ceasefire.cli import show

    if form:
        _emit(show.machine(loaded.parameters(), form))
    else:
        click.echo(show.scenario(loaded))


@scenario.command("new", epilog=examples("ceasefire scenario new my-truce",
                                          "ceasefire scenario new b --from no-pilot"))  # fmt: skip
@click.argument("name")
@click.option("--from", "source", default=BASELINE, show_default=True, help="Scenario to copy.")
@click.option("--out", type=click.Path(path_type=Path), help="File to write (default: NAME.toml).")
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
def new_scenario(name: str, source: str, out: Path | None, force: bool) -> None:
    """Write a scenario file to start from.

    An existing file is left alone unless --force is given.
    """
    if name != Path(name).name or name.endswith(".toml"):
        message = f"{name!r} is not a plain name such as my-truce; --out FILE says where to write"
        raise click.BadParameter(message, param_hint="NAME")
    path = out or Path(f"{name}.toml")
    if path.is_dir():
        raise click.BadParameter(f"{path} is a directory; name a file", param_hint="--out")
    text = _load(source, ()).replace({"name": name}).to_toml()
    try:
        with path.open("w" if force else "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise click.UsageError(f"{path} exists; --force overwrites it") from None
    click.echo(f"written to {path}; edit it, then: ceasefire scenario check {path}")


@scenario.command("check", epilog=examples("ceasefire scenario check my-truce.toml"))
@click.argument("file", type=click.Path(path_type=Path))
def check_scenario(file: Path) -> None:
    """Report every fault of FILE with its line."""
    from ceasefire.truce.scenario import load

    loaded = load(file)
    click.echo(f"{file}: fine ({loaded.name}: {loaded.title})")


@scenario.command("schema", epilog=examples("ceasefire scenario schema > scenario.schema.json"))
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    import json

    from ceasefire.truce.scenario import json_schema

    click.echo(json.dumps(json_schema(), indent=1))


@main.group(epilog=examples("ceasefire data list", "ceasefire data show truce_2023"))
def data() -> None:
    """Look at the packaged records."""


@data.command("list", epilog=examples("ceasefire data list"))
def list_data() -> None:
    """List the packaged records."""
    from ceasefire.data import datasets

    for name, what in datasets().items():
        click.echo(f"{name:21} {what}")


@data.command("show", epilog=examples("ceasefire data show truce_2023",
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
        _emit(show.machine(table, form))
    else:
        click.echo(show.record(table))


@data.command("check", epilog=examples("ceasefire data check my-exchange.csv"))
@click.argument("file", type=click.Path(path_type=Path))
def check_data(file: Path) -> None:
    """Report every fault of an exchange's files.

    FILE is the daily record (.csv); the terms (.toml) stand beside it. docs/calibration.md
    describes both. Exit code 1 where there are faults.
    """
    from ceasefire import calibration

    try:
        exchange = calibration.read(file)
    except calibration.DataError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(FAILED)
    lasted = exchange.pause_days
    state = "goes on" if lasted is None else f"lasted {lasted} days"
    click.echo(f"{file}: fine ({exchange.name}: {exchange.terms.title}; {state})")
    from ceasefire.calibration.remarks import remarks
    from ceasefire.cli.text import wrapped

    for remark in remarks(exchange):
        click.echo("\n".join(wrapped(f"look again: {remark}", hanging="  ")))


def _load(name: str, settings: tuple[str, ...]) -> Scenario:
    from ceasefire.errors import ArgumentError

    kinds.expect("a scenario", name)
    loaded = ceasefire.load(name)
    try:
        return loaded.replace(dict(map(_setting, settings))) if settings else loaded
    except ArgumentError as error:
        hint = error.hint if "did you mean" in error.hint else "see ceasefire scenario show"
        if "is off" in error.allowed:  # a field of an extension that the scenario leaves out
            hint = f"switch it on first: --set {error.allowed[1:].partition(']')[0]}=on"
        raise ArgumentError("--set", error.got, error.allowed, hint) from None


def _setting(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise click.BadParameter(f"{text!r} is not KEY=VALUE", param_hint="--set")
    for number in (int, float):
        with contextlib.suppress(ValueError):
            return key.strip(), number(value)
    return key.strip(), value


def _fraction(text: str) -> tuple[str, Any]:
    """KEY=VALUE with the value kept exactly: 3, 2/3, 0.25."""
    from fractions import Fraction

    key, value = _setting(text)
    with contextlib.suppress(ValueError, ZeroDivisionError):
        exact = Fraction(text.partition("=")[2].strip())
        return key, int(exact) if exact.denominator == 1 else exact
    return key, value


def _window(text: str) -> tuple[float, int, float]:
    try:
        held, day, trust = text.split(",")
        return float(held), int(day), float(trust)
    except ValueError:
        message = f"{text!r} is not HELD,DAY,TRUST as in 38,5,0.5"
        raise click.BadParameter(message, param_hint="--window") from None


def _check_windows(windows: Iterable[tuple[float, int, float]], pool: float, cap: int) -> None:
    """Refuse windows that no play of the scenario can reach."""
    for held, day, trust in windows:
        asked = f"{held:g},{day},{trust:g}"
        if held > pool or day > cap:
            message = f"{asked!r}: of this scenario HELD is at most {pool:g}, DAY at most {cap}"
            raise click.BadParameter(message, param_hint="--window")


def _price(text: str) -> float:
    with contextlib.suppress(ValueError):
        price = float(text)
        if math.isfinite(price) and price >= 0.0:
            return price
    message = f"{text!r} is not a number of captives, 0 or more"
    raise click.BadParameter(message, param_hint="--price")


def _emit(text: str) -> None:
    """Write what a machine reads: UTF-8 whatever the terminal, and nothing replaced."""
    click.echo(text.encode("utf-8"), nl=False)


def _show_comparison(comparison: Comparison, form: str | None, show: ModuleType) -> None:
    if form:
        lengths = comparison.lengths.add_prefix("p_days_")
        _emit(show.machine(comparison.table.join(lengths), form))
    else:
        click.echo(show.comparison(comparison))


completion.attach(main)
