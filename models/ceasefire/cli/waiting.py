"""What a command says on stderr while it works: that loops are compiled, or what takes so long."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SLOW_SECONDS = 2.0
LOOK_SECONDS = 0.05  # between two looks whether numba is there yet
COMPILING = (
    "compiling loops: once after an installation or an update, then kept\n"
    "  (up to a minute for one command; `ceasefire warm-up` compiles all)"
)


class Compiles:
    """Listens to numba: `begun` is called at the first compile; `seconds` is the time spent.

    Loading a compiled loop from the cache is not a compile and is not counted.
    """

    def __init__(self, begun: Callable[[], None] | None = None) -> None:
        self.begun, self.count, self.seconds = begun, 0, 0.0
        self._depth, self._since = 0, 0.0
        self._event: Any = None

    def start(self) -> None:
        """Count this compile; one inside another is part of it."""
        if self._depth == 0:
            self._since = time.perf_counter()
        if self.count == 0 and self.begun:
            self.begun()
        self._depth += 1
        self.count += 1

    def end(self) -> None:
        """Add the time of the outermost compile."""
        self._depth -= 1
        if self._depth == 0:
            self.seconds += time.perf_counter() - self._since

    def attach(self) -> bool:
        """Listen, where numba is loaded; tell whether it is."""
        numba: Any = sys.modules.get("numba")
        if self._event is None and hasattr(numba, "njit"):  # loaded, and not half of it
            self._event = (numba.core.event, _listener(numba.core.event, self))
            self._event[0].register("numba:compile", self._event[1])
        return self._event is not None

    def detach(self) -> None:
        """Stop listening."""
        if self._event is not None:
            self._event[0].unregister("numba:compile", self._event[1])
            self._event = None


def _listener(event: Any, compiles: Compiles) -> Any:
    class Listener(event.Listener):  # type: ignore[misc] # known when numba is loaded
        def on_start(self, _: Any) -> None:
            compiles.start()

        def on_end(self, _: Any) -> None:
            compiles.end()

    return Listener()


@contextlib.contextmanager
def patience(doing: str, say: Callable[[str], None] | None = None) -> Iterator[None]:
    """Say on stderr when loops are compiled, else what takes so long after two seconds.

    numba is loaded by what is done inside, if at all: a thread waits for it and then listens. On
    stderr whether or not it is a terminal: a log should say where a minute went.
    """
    tell = say or (lambda text: click.echo(text, err=True))
    compiles = Compiles(lambda: tell(COMPILING))
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(doing, tell, compiles, done), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
        compiles.detach()
    if compiles.seconds >= SLOW_SECONDS:
        tell(f"compiled in {compiles.seconds:.0f} s; the next run loads what was compiled")


def _watch(
    doing: str, tell: Callable[[str], None], compiles: Compiles, done: threading.Event
) -> None:
    since = time.perf_counter()
    attached, told = False, False
    while not (attached and told):
        attached = attached or compiles.attach()
        if not told and time.perf_counter() - since >= SLOW_SECONDS:
            told = True
            if not compiles.count:
                tell(f"{doing} ...")
        if done.wait(LOOK_SECONDS):
            return
