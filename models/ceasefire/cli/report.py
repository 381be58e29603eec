"""`ceasefire report`: one scenario told in words, figures and tables, for people."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ceasefire.cli.text import examples

if TYPE_CHECKING:
    from ceasefire.truce import Scenario

SUFFIXES = {".html": "html", ".md": "md"}
NOT_SOUND = 1  # exit code


@click.command(
    epilog=examples(
        "ceasefire report",
        "ceasefire report no-pilot --format both --out reports/",
        "ceasefire report november-2023 --set x=12 --out dearer-day.html",
        "ceasefire report my-truce.toml --out my-truce.md",
    )
)
@click.argument("scenario", default="november-2023")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE",
              help="Change a parameter, by field path or symbol; repeatable.")  # fmt: skip
@click.option("--out", metavar="FILE|DIR",
              help="A file (.html or .md) or a folder; default: the folder at hand.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["html", "md", "both"]),
              help="Default: html, or what the name of the file says.")  # fmt: skip
def report(scenario: str, settings: tuple[str, ...], out: str | None, form: str | None) -> None:
    """Write a report on a deal: words, figures, tables, certificate.

    SCENARIO is a packaged name or a TOML file (default: november-2023). Writes
    NAME-report.html, one file that needs no network; with --format md
    NAME-report.md and its figures (.svg) beside it. Existing files are replaced.
    Exit code 1 where the scenario is not solved or a check failed; the report is
    written all the same and says so.
    """
    from ceasefire import cli

    loaded = cli._load(scenario, settings)
    files = _files(out, form, f"{_stem(loaded.name)}-report")
    _write(loaded, files, _command(scenario, settings))


def _files(out: str | None, form: str | None, stem: str) -> list[Path]:
    """Which files to write; click's errors where the options contradict each other."""
    path = Path(out) if out else Path()
    is_folder = out is None or out.endswith(("/", "\\")) or path.is_dir()
    if is_folder or (not path.suffix and form is not None):
        path.mkdir(parents=True, exist_ok=True)
        wanted = ["html", "md"] if form == "both" else [form or "html"]
        return [path / f"{stem}.{one}" for one in wanted]
    told = SUFFIXES.get(path.suffix)
    if told is None:
        message = f"{out!r} ends neither in .html nor in .md, and is no folder"
        raise click.BadParameter(message + "; end a new folder in /", param_hint="--out")
    if form not in (None, "both", told):
        message = f"{out} is a file of the other format; leave --format out, or name a folder"
        raise click.BadParameter(message, param_hint="--format")
    path.parent.mkdir(parents=True, exist_ok=True)
    if form == "both":
        return [path.with_suffix(suffix) for suffix in SUFFIXES]
    return [path]


def _write(loaded: Scenario, files: list[Path], command: str) -> None:
    from ceasefire.cli.waiting import patience

    with patience("solving"):
        from ceasefire import figures

        made = figures.report(loaded, name=files[0].stem, command=command, progress=_say)
    written = [one for file in files for one in made.write(file)]
    for one in written:
        click.echo(f"written to {one}")
    if not made.sound:
        click.echo("not certified: the report says why", err=True)
        sys.exit(NOT_SOUND)


def _say(step: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"{step} ...", err=True)


def _stem(name: str) -> str:
    """The scenario's name as a file can have it."""
    kept = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in name)
    return kept.strip(".-") or "scenario"


def _command(scenario: str, settings: tuple[str, ...]) -> str:
    """The command line without folders, so that it is the same everywhere."""
    words = ["ceasefire", "report", Path(scenario).name]
    for setting in settings:
        words += ["--set", setting]
    return shlex.join(words)
