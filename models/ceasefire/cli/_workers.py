"""Processes that a command sends work to, and how it ends when it is stopped."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor

INTERRUPTED = 130


@contextlib.contextmanager
def workers(jobs: int) -> Iterator[Executor | None]:
    """Give a pool of processes; None, which is this one, for a single job."""
    if jobs == 1:
        yield None
        return
    from ceasefire.experiment.engine import local

    with local(jobs)() as executor:
        try:
            yield executor
        except BaseException:  # a run that stops waits for what is under way, not for the queue
            executor.shutdown(cancel_futures=True)
            raise


def stopped() -> NoReturn:
    """Say that what was finished is kept, and leave."""
    click.echo("stopped; what was finished is kept: add --resume to go on", err=True)
    sys.exit(INTERRUPTED)
