"""`ceasefire analyse`: what the rows of a store say, as a table, files and a figure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

DIGITS = 4
# method -> what it reads OUTPUT as, and the options that it takes
METHODS: dict[str, tuple[str, frozenset[str]]] = {
    "sobol": ("output", frozenset({"resamples", "level", "seed"})),
    "morris": ("output", frozenset({"resamples", "level", "seed"})),
    "regression": ("output", frozenset({"ranks", "resamples", "level", "seed"})),
    "tornado": ("output", frozenset()),
    "dependence": ("output", frozenset({"parameter", "second", "bins", "level"})),
    "region": ("condition", frozenset({"bins", "level"})),
    "boxes": ("condition", frozenset()),
}
NAMES = {"dependence": "partial_dependence"}  # where the function's name is longer


GUIDE = """\b
Methods, and the designs whose rows they take:
  sobol        first and total indices                    saltelli
  morris       elementary effects                         morris
  regression   standardised coefficients, --ranks         all at once
  tornado      each parameter at its ends                 tornado
  dependence   means by --parameter, and by --second      grid, sampled
  region       where a condition holds, and its boundary  all at once
  boxes        boxes in which a condition holds           all at once

\b
Examples:
  ceasefire analyse sobol my.sqlite mean_days
  ceasefire analyse dependence my.sqlite mean_days --parameter x --out days
  ceasefire analyse boxes my.sqlite "mean_days >= 7\""""


@click.command(epilog=GUIDE)
@click.argument("method", type=click.Choice(list(METHODS)))
@click.argument("file", metavar="STORE", type=click.Path(path_type=Path))
@click.argument("output")
@click.option("--experiment", "name", metavar="NAME",
              help="Name or number in the store; default: the last run.")  # fmt: skip
@click.option("--out", "stem", type=click.Path(path_type=Path), metavar="STEM",
              help="Also write STEM.csv, .md, .pdf and .png.")  # fmt: skip
@click.option("--parameter", metavar="NAME", help="Of dependence: what varied.")
@click.option("--second", metavar="NAME", help="Of dependence: another, for a map.")
@click.option("--bins", type=int, help="Of dependence and region: bins of a range.")
@click.option("--ranks", is_flag=True, default=None, help="Of regression: ranks on ranks.")
@click.option("--resamples", type=int, help="Of the bootstrap (default: 1000).")
@click.option("--level", type=float, help="Of intervals (default: 0.95).")
@click.option("--seed", type=int, help="Of the bootstrap (default: 0).")
def analyse(
    method: str, file: Path, output: str, name: str | None, stem: Path | None, **given: Any
) -> None:
    """Analyse the rows of an experiment, in tables and figures.

    OUTPUT is what was recorded; of region and boxes a condition, as "mean_days >= 7".
    """
    from ceasefire import experiment as room
    from ceasefire.experiment import analysis

    options = _options(method, given)
    with room.Store(file) as opened:
        kept = opened.find(name)
        rows = room.frame(opened, kept)
    function: Callable[..., Any] = getattr(analysis, NAMES.get(method, method))
    found = function(rows, room.restored(kept), output, **options)
    click.echo(text(found))
    if stem is not None:
        for written in _write(found, stem):
            click.echo(str(written))


def _options(method: str, given: dict[str, Any]) -> dict[str, Any]:
    """Return the options given, refusing those of other methods."""
    options = {name: value for name, value in given.items() if value is not None}
    if strange := sorted(set(options) - METHODS[method][1]):
        raise click.UsageError(f"--{strange[0]} does not go with {method}")
    if method == "dependence" and "parameter" not in options:
        raise click.UsageError("dependence needs --parameter NAME, as the experiment names it")
    return options


def text(found: Any) -> str:
    """Return what was found for a terminal: how it was found, then its tables."""
    from ceasefire.cli.text import table as aligned
    from ceasefire.cli.text import wrapped

    parts = []
    if status := getattr(found, "status", ""):
        parts.append("\n".join(wrapped(status[0].upper() + status[1:], indent="")))
    for table in _tables(found).values():
        words = [at for at, kind in enumerate(table.dtypes) if kind.kind not in "iufb"]
        rows = [[_cell(value) for value in row] for row in table.itertuples(index=False)]
        parts.append(aligned([str(name) for name in table.columns], rows, left=words))
    return "\n\n".join(parts)


def _tables(found: Any) -> dict[str, pd.DataFrame]:
    """Return the tables of a result by the ending of their files' names."""
    tables = {"": found.table()}
    if getattr(found, "second", None) is not None:
        tables["-pairs"] = found.pairs()
    return tables


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "-" if value != value else f"{value:.{DIGITS}g}"
    return "-" if value is None else str(value)


def _write(found: Any, stem: Path) -> list[Path]:
    """Write tables as CSV and Markdown, and the figure; return the files."""
    from ceasefire.figures.save import write_figure, write_table
    from ceasefire.figures.style import style

    stem.parent.mkdir(parents=True, exist_ok=True)
    written = []
    for ending, table in _tables(found).items():
        plain = stem.with_name(stem.stem + ending)
        written.append(write_table(table, plain.with_suffix(".csv")))
        page = plain.with_suffix(".md")
        page.write_bytes(_markdown(table).encode())
        written.append(page)
    with style():
        return [*written, *write_figure(found.figure(), stem)]


def _markdown(table: pd.DataFrame) -> str:
    rows = [[str(name) for name in table.columns], ["---"] * table.shape[1]]
    rows += [[_cell(value) for value in row] for row in table.itertuples(index=False)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)
