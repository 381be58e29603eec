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
        self.heard = False  # whether somebody was told
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


_told = threading.Event()  # set while a compile is told by a caller further out
_quiet = threading.Event()  # set while a command tells of its compiles itself


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Leave it to the command to tell what it compiles."""
    _quiet.set()
    try:
        yield
    finally:
        _quiet.clear()


@contextlib.contextmanager
def patience(doing: str | None, say: Callable[[str], None] | None = None) -> Iterator[None]:
    """Say on stderr when loops are compiled, and what takes so long after two seconds.

    numba is loaded by what is done inside, if at all: a thread waits for it and then listens. On
    stderr whether or not it is a terminal: a log should say where a minute went. The command
    line as a whole is one such block that tells of compiles alone (`doing` is None); blocks
    inside it leave that to it.
    """
    tell = say or (lambda text: click.echo(text, err=True))

    def begun() -> None:
        compiles.heard = not _quiet.is_set()
        if compiles.heard:
            tell(COMPILING)

    outer = not _told.is_set()
    compiles = Compiles(begun if outer else None)
    _told.set()
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(doing, tell, compiles, done), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
        compiles.detach()
        if outer:
            _told.clear()
            if compiles.heard and compiles.seconds >= SLOW_SECONDS:
                tell(f"compiled in {compiles.seconds:.0f} s; the next run loads what was compiled")


def _watch(
    doing: str | None, tell: Callable[[str], None], compiles: Compiles, done: threading.Event
) -> None:
    since = time.perf_counter()
    attached, told = False, doing is None
    while not (attached and told):
        attached = attached or compiles.attach()
        if not told and time.perf_counter() - since >= SLOW_SECONDS:
            told = True
            if not compiles.count:
                tell(f"{doing} ...")
        if done.wait(LOOK_SECONDS):
            return
