"""`ceasefire explore`: the page in the browser, and the file for a supplement."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ceasefire.cli import kinds
from ceasefire.cli.text import examples

if TYPE_CHECKING:
    from ceasefire.explore import Explorer


@click.command(
    epilog=examples(
        "ceasefire explore",
        "ceasefire explore my-truce.toml --port 8000 --no-browser",
        "ceasefire explore --build truce.html --over x=6:16:11 --over pi0=0.1:0.5:5",
    )
)
@click.argument("scenario", default="november-2023")
@click.option("--port", default=0, type=click.IntRange(0, 65535), metavar="N",
              help="Port on this machine; default: any that is free.")  # fmt: skip
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@click.option("--limit", default=20.0, show_default=True, type=click.FloatRange(1.0, 3600.0),
              metavar="SECONDS", help="End a solve that takes longer.")  # fmt: skip
@click.option("--build", "file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Write one self-contained page with a grid of solutions instead.")  # fmt: skip
@click.option("--over", multiple=True, metavar="KEY=FROM:TO:STEPS",
              help="A parameter of that grid, also KEY=A,B,C; one to three.")  # fmt: skip
def explore(
    scenario: str, port: int, no_browser: bool, limit: float, file: Path | None,
    over: tuple[str, ...],
) -> None:  # fmt: skip
    """Explore a deal in the browser: move a value, see what follows.

    SCENARIO is a packaged name or a TOML file. The page is served on this machine
    alone and needs no network; Ctrl-C stops it.
    """
    import ceasefire

    if over and file is None:
        raise click.UsageError("--over belongs to --build FILE")
    kinds.expect("a scenario", scenario)
    loaded = ceasefire.load(scenario)
    if file is not None:
        _build(loaded, file, over)
        return
    from ceasefire.explore import serve

    def started(explorer: Explorer) -> None:
        click.echo(f"{explorer.url}  (Ctrl-C stops it)")
        if not no_browser:
            import webbrowser

            webbrowser.open(explorer.url)

    serve(loaded, port=port, limit_seconds=limit, started=started)


def _build(loaded: Any, file: Path, over: tuple[str, ...]) -> None:
    from tqdm import tqdm

    from ceasefire.explore import Axis, standalone

    axes = [Axis.parse(text) for text in over]
    with tqdm(unit="point", disable=None, leave=False) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        text = standalone(loaded, axes, progress=progress)
    file.write_text(text, encoding="utf-8", newline="\n")
    click.echo(f"written to {file}: {len(text.encode()) / 1e6:.1f} MB")
