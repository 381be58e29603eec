"""A solver in a process of its own: one solve at a time, ended when it takes too long."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any, Final

from ceasefire.errors import SolveError
from ceasefire.truce.scenario import load

if TYPE_CHECKING:
    from ceasefire.truce import Scenario

LIMIT_SECONDS: Final = 20.0  # the largest scenario that fits the memory takes about half of it
COMPILE_SECONDS: Final = 120.0  # for the compiler, the first time that a process meets an extension
WARM_UP: Final = "november-2023"


class NotReady(Exception):  # noqa: N818  # no error: the compiler is at work, ask again
    """The solver still starts."""


class Solver:
    """The process, started at once and anew after each solve that was ended.

    Parameters
    ----------
    limit_seconds : float
        After which a solve is ended; starting, which may compile, is not limited.
    """

    def __init__(self, limit_seconds: float = LIMIT_SECONDS) -> None:
        self.limit_seconds = limit_seconds
        self._turn = threading.Lock()
        self._closed = False
        self._start()

    def _start(self) -> None:
        command = [sys.executable, "-m", "ceasefire.explore._worker"]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,  # Ctrl-C is the server's to hear
        )
        self._ready = threading.Event()
        self._compiled: set[str] = set()
        self._answers: queue.Queue[dict[str, Any] | None] = queue.Queue()
        reader = threading.Thread(
            target=_read, args=(self._process, self._ready, self._answers), daemon=True
        )
        reader.start()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the process has compiled; whether it has."""
        return self._ready.wait(seconds)

    def ask(self, what: str, scenario: Scenario, name: str = "") -> dict[str, Any]:
        """Return ``{"answer": ...}`` or ``{"faults": [...]}`` of :func:`ceasefire.explore.answer`.

        Raises
        ------
        NotReady
            The process still starts.
        SolveError
            Ended, because it took longer than the limit; or it died.
        """
        with self._turn:
            if not self._ready.is_set():
                if self._process.poll() is not None and not self._closed:
                    self._start()
                raise NotReady
            self._compile(scenario)
            return self._asked(_line(what, scenario, name), self.limit_seconds)

    def _compile(self, scenario: Scenario) -> None:
        """Solve a small scenario with an extension that is new here, so that its code is ready."""
        for name in set(scenario.extensions) - self._compiled:
            small = load(WARM_UP).replace({name: "on"})
            self._asked(_line("course", small, ""), COMPILE_SECONDS)
            self._compiled.add(name)

    def _asked(self, line: str, seconds: float) -> dict[str, Any]:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
            told = self._answers.get(timeout=seconds)
        except queue.Empty:
            self._restart()
            limit = f"{seconds:g} seconds"
            raise SolveError(f"ended after {limit}; lower the caps or raise the price") from None
        except OSError:
            told = None
        if told is None:
            self._restart()
            raise SolveError("the solver died, perhaps for want of memory; lower the caps")
        return told

    def _restart(self) -> None:
        self._end()
        if not self._closed:
            self._start()

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            try:
                pipe.close()
            except OSError:  # what was still to be written goes nowhere
                continue

    def close(self) -> None:
        """End the process."""
        self._closed = True
        self._end()


def _line(what: str, scenario: Scenario, name: str) -> str:
    return json.dumps({"what": what, "raw": scenario.model_dump(mode="json"), "name": name})


def _read(
    process: subprocess.Popen[str],
    ready: threading.Event,
    answers: queue.Queue[dict[str, Any] | None],
) -> None:
    """Pass lines on until the process ends; then None, so that nobody waits for it."""
    assert process.stdout is not None
    try:
        for line in process.stdout:
            told = json.loads(line)
            if "ready" in told:
                ready.set()
            else:
                answers.put(told)
    except ValueError:  # closed under the reader
        pass
    answers.put(None)
