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


def stopped(how: str = "add --resume to go on") -> NoReturn:
    """Say that what was finished is kept and how to go on, and leave."""
    click.echo(f"stopped; what was finished is kept: {how}", err=True)
    sys.exit(INTERRUPTED)
