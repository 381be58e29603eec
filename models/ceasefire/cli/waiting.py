"""What a command says while it works: nothing for two seconds, then what takes so long."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SLOW_SECONDS = 2.0


@contextlib.contextmanager
def patience(doing: str, say: Callable[[str], None] | None = None) -> Iterator[None]:
    """Say on stderr what takes so long, once it has taken two seconds."""
    message = f"{doing} ... (the first run on a machine compiles for some seconds)"
    timer = threading.Timer(
        SLOW_SECONDS, say or (lambda text: click.echo(text, err=True)), (message,)
    )
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
