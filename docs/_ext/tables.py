"""Tables of the reference: the catalog of games, the parameters of a scenario, the records."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import ceasefire
from ceasefire import data
from ceasefire.games import catalog
from ceasefire.truce.extensions import EXTENSIONS
from pages import Pages

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

BASELINE = "november-2023"


def write(docs: Path) -> None:
    """Write the pages."""
    pages = Pages(docs / "reference" / "tables")
    pages.write("parameters.md", _parameters())
    pages.write("catalog.md", _catalog())
    pages.write("records.md", _records())
    pages.finish()


def _parameters() -> str:
    scenario = ceasefire.load(BASELINE)
    whole = scenario.parameters()
    parts = [
        "# Parameters of a scenario\n\n"
        f"Written from the packaged scenario `{BASELINE}`; `ceasefire scenario show` prints the "
        "same, `ceasefire scenario new NAME` writes a file to start from. A parameter is set by "
        "its path or by its symbol.\n"
    ]
    for group, rows in whole.groupby(whole["path"].str.partition(".")[0], sort=False):
        parts.append(_parameter_table(f"`[{group}]`", rows))
    parts.append(
        "## Extensions\n\nOptional tables of a scenario file; absent is off, one can be on at a "
        "time. The values are the defaults.\n"
    )
    for name in EXTENSIONS:
        rows = scenario.replace({name: "on"}).parameters()
        parts.append(
            _parameter_table(f"`[{name}]`", rows[rows["path"].str.startswith(name)], "###")
        )
    return "\n".join(parts)


def _parameter_table(heading: str, rows: Any, level: str = "##") -> str:
    head = ("field", "symbol", "value", "bounds", "meaning, and where the value is from")
    body = [
        (
            f"`{row['path'].partition('.')[2]}`", f"`{row['symbol']}`",
            f"{_number(row['value'])} {row['unit']}",
            f"{_number(row['lower'])} to {_number(row['upper'])}",
            f"{_text(row['meaning'])}. *{_links(row['source'])}*",
        )
        for row in rows.to_dict("records")
    ]  # fmt: skip
    return f"{level} {heading}\n\n{_table(head, body)}\n"


def _catalog() -> str:
    found = catalog.table()
    parts = [
        "# Catalog of games\n\n"
        f"{len(found)} games, each with its source and what is known about it. "
        "`games.catalog.load(NAME)` gives the game, `games.catalog.about(NAME)` what is known; "
        "`ceasefire game NAME` solves it.\n"
    ]
    forms = {"NormalForm": "Strategic form", "ExtensiveForm": "Trees"}
    for form, heading in forms.items():
        listed = [name for name in found.index if catalog.about(name).form == form]
        body = [_game(name, found.loc[name]) for name in listed]
        parts.append(f"## {heading}\n\n{_table(('name', 'game'), body)}\n")
    return "\n".join(parts)


def _game(name: str, row: Any) -> tuple[str, str]:
    """What a game is in a paragraph, with its size, what is known and its source below."""
    entry = catalog.about(name)
    given = ", ".join(f"`{key}={value}`" for key, value in entry.parameters.items())
    told = [f"{row['players']} players, {_text(row['size'])}"]
    told += [f"takes {given}"] if given else []
    told += [f"known: {_text(row['known'])}"] if row["known"] else []
    lines = [
        f"**{_text(entry.title)}.** {_text(entry.about)}",
        f"*{'; '.join(told)}*",
        _text(entry.source),
    ]
    return f"`{name}`", "<br>".join(lines)


def _records() -> str:
    parts = [
        "# Packaged records\n\nEach is a function of `ceasefire.data` that returns a tidy table; "
        "`ceasefire data show NAME` prints it.\n"
    ]
    for name, what in data.datasets().items():
        table = getattr(data, name)()
        columns = ", ".join(f"`{column}`" for column in table.columns)
        parts.append(f"## {name}\n\n{_text(what)}: {len(table)} rows.\n\nColumns: {columns}.\n")
    return "\n".join(parts)


def _table(head: Iterable[str], body: Iterable[Iterable[str]]) -> str:
    head = tuple(head)
    rows = [head, ("---",) * len(head), *body]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _number(value: float) -> str:
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return f"{value:g}"


def _text(text: Any) -> str:
    for letter in "\\|*_<[$`":
        text = str(text).replace(letter, f"\\{letter}")
    return str(text).replace("\n", " ")


def _links(text: str) -> str:
    """Addresses as short links; the rest as it is."""
    parts = []
    for part in str(text).split():
        bare = part.strip("();,")
        if bare.startswith("https://"):
            host = bare.split("/")[2].removeprefix("www.")
            before, _, after = part.partition(bare)
            parts.append(f"{before}[{host}](<{bare}>){after}")
        else:
            parts.append(_text(part))
    return " ".join(parts)
