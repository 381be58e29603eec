"""The reference of the command line, from the commands themselves."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING

import click

from ceasefire.cli import main
from pages import Pages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INTRODUCTION = """# Command line

Written from the commands themselves, so it says what `--help` says. `--json` and `--csv` print what
the screen shows for machines. The same runs as `python -m ceasefire`.

"""


def write(docs: Path) -> None:
    """Write the page of all commands."""
    pages = Pages(docs / "reference" / "commands")
    pages.write("index.md", INTRODUCTION + "\n".join(_told(main, "ceasefire", 2)))
    pages.finish()


def commands(
    command: click.Command = main, path: str = "ceasefire"
) -> Iterator[tuple[str, click.Command]]:
    """Every command with its whole name, groups before what they hold."""
    yield path, command
    if isinstance(command, click.Group):
        for name in command.commands:
            yield from commands(command.commands[name], f"{path} {name}")


def examples(command: click.Command) -> list[str]:
    """Return the command lines that the end of a command's help shows."""
    return re.findall(r"^\s*(ceasefire .*)$", command.epilog or "", re.MULTILINE)


def _told(command: click.Command, path: str, level: int) -> Iterator[str]:
    context = click.Context(command, info_name=path)
    yield f"{'#' * level} {path}\n"
    yield f"{_prose(command)}\n"
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    yield f"```text\n{usage}\n```\n"
    records = (parameter.get_help_record(context) for parameter in command.get_params(context))
    options = [record for record in records if record and record[1]]
    if options:
        yield "| option | meaning |\n| --- | --- |"
        yield "\n".join(f"| `{_cell(name)}` | {_cell(text)} |" for name, text in options) + "\n"
    lines = examples(command)
    if lines:
        yield "```console\n" + "\n".join(f"$ {line}" for line in lines) + "\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            if found is not None and not found.hidden:
                yield from _told(found, f"{path} {name}", min(level + 1, 4))


def _prose(command: click.Command) -> str:
    """A command's help; paragraphs that click leaves as they are become text blocks."""
    parts = []
    for part in inspect.cleandoc(command.help or "").split("\n\n"):
        kept = part.lstrip("\n").startswith("\b")
        body = part.replace("\b\n", "").replace("\b", "")
        parts.append(f"```text\n{body}\n```" if kept else _escaped(body))
    return "\n\n".join(parts)


def _escaped(text: str) -> str:
    return re.sub(r"([*_<\[$|])", r"\\\1", text)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
