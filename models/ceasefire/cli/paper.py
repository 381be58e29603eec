"""`ceasefire paper`: figures, tables and text from solves and from rows of experiments."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ceasefire.cli.experiment import renew
from ceasefire.cli.text import examples
from ceasefire.cli.waiting import patience

BAR_FORMAT = "{desc} {bar:24} {n_fmt}/{total_fmt}  {elapsed}"


@click.command(epilog=examples("ceasefire paper", "ceasefire paper --only course --out /tmp/paper"))
@click.option("--spec", type=click.Path(path_type=Path), default=Path("experiments/paper.toml"),
              show_default=True, help="Which figure from which scenario.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), default=Path("results/paper"),
              show_default=True, help="Where to write.")  # fmt: skip
@click.option("--only", multiple=True, metavar="NAME", help="Build this figure alone; repeatable.")
@click.option("--rows", type=click.Path(path_type=Path), default=Path("results/experiments"),
              show_default=True, help="Rows of the experiments.")  # fmt: skip
@click.option("--rows-of", "only_rows", metavar="EXPERIMENT", multiple=True,
              help="Only compute the rows of this experiment anew; repeatable.")  # fmt: skip
@click.option("--full", is_flag=True, help="Compute experiments anew where the code has changed.")
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(min=1),
              help="Processes for experiments.")  # fmt: skip
def paper(spec: Path, out: Path, only: tuple[str, ...], rows: Path, only_rows: tuple[str, ...],
          full: bool, jobs: int) -> None:  # fmt: skip
    """Build the figures and tables of the paper, and its text.

    The same commit writes the same bytes each time; the manifest lists their digests.
    Experiments are drawn from their committed rows; rows that are missing are computed.
    """
    import json

    from tqdm import tqdm

    from ceasefire.cli import show
    from ceasefire.figures.document import typeset
    from ceasefire.figures.paper import build, read_spec

    wanted = {item.run.experiment.spec.name for item in read_spec(spec, rows)
              if item.run and (not only or item.name in only)}  # fmt: skip
    for name in only_rows or sorted(wanted):
        renew(spec.parent / f"{name}.toml", rows, full or bool(only_rows), jobs)
    if only_rows:
        return
    with tqdm(unit="item", disable=None, leave=False, bar_format=BAR_FORMAT) as bar:

        def progress(name: str, done: int, total: int) -> None:
            bar.total = total
            bar.set_description_str(f"{name:22}")
            bar.update(done - bar.n)
            if bar.disable:
                click.echo(f"[{done}/{total}] {name}", err=True)

        with patience("building", lambda text: tqdm.write(text, file=sys.stderr)):
            manifest = build(spec, out, only=only or None, rows=rows, progress=progress)
    click.echo(show.written(json.loads(manifest.read_text(encoding="utf-8"))))
    captions = "" if only else ", with captions.md"
    click.echo(f"in {out}{captions}; digests in {manifest}")
    if not only and (out / "paper.tex").is_file():
        made = typeset(out)
        none = "no typst, tectonic or pdflatex found: paper.md, .tex and .typ are not typeset"
        click.echo(f"typeset in {made}" if made else none)
