"""Workers of Dask distributed on the engine's seam: on this machine, or wherever a scheduler is."""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
import time
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

from ceasefire.errors import ArgumentError
from ceasefire.experiment.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

CONNECT_SECONDS = 15.0  # to reach a scheduler
WORKER_SECONDS = 60.0  # for the first worker, and for another one when all are gone
POLL_SECONDS = 0.2


class Cluster:
    """Workers behind a Dask client.

    Attributes
    ----------
    where : str
        Address of the scheduler.
    workers : int
        Threads of all workers together, when the cluster was opened.
    """

    def __init__(self, client: Any) -> None:
        self.client = client
        self.where = str(client.scheduler.address)
        self.workers = sum(self._threads().values())

    def executor(self) -> Executor:
        """Return an executor whose shutdown leaves the workers alone.

        Raises
        ------
        ClusterError
            The scheduler is gone, or no worker comes back in time.
        """
        self._wait_for_a_worker()
        return _OnCluster(self.client)

    def single(self) -> bool:
        """Whether every worker has one thread."""
        return all(threads == 1 for threads in self._threads().values())

    def _threads(self) -> dict[str, int]:
        known = self.client.scheduler_info(n_workers=-1).get("workers", {})
        return {address: int(told["nthreads"]) for address, told in known.items()}

    def _wait_for_a_worker(self) -> None:
        until = time.monotonic() + WORKER_SECONDS
        while True:
            if self.client.status != "running":
                raise ClusterError(
                    f"the scheduler at {self.where} is gone; rows written so far are kept: start it"
                    " and run again"
                )
            if self._threads():
                return
            if time.monotonic() > until:
                raise ClusterError(
                    f"the scheduler at {self.where} has no workers; rows written so far are kept:"
                    " start workers and run again"
                )
            time.sleep(POLL_SECONDS)


class _OnCluster(Executor):
    """Dask's executor with the arguments of ``concurrent.futures``."""

    def __init__(self, client: Any) -> None:
        self.inner = client.get_executor(pure=False, retries=0)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **more: Any) -> Future[Any]:
        future: Future[Any] = self.inner.submit(fn, *args, **more)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self.inner.shutdown(wait=wait and not cancel_futures)


@contextlib.contextmanager
def cluster(address: str, jobs: int = 1) -> Iterator[Cluster]:
    """Open workers: ``"local"`` starts `jobs` on this machine, else those of a scheduler.

    Parameters
    ----------
    address : str
        ``"local"``, or a scheduler's address, as ``tcp://10.0.0.1:8786``.
    jobs : int
        Worker processes of ``"local"``, one thread each.

    Raises
    ------
    ArgumentError
        Dask is not installed.
    ClusterError
        No scheduler answers, or it has no workers.
    """
    try:
        import dask
        import distributed
    except ImportError:
        hint = 'pip install "ceasefire[cluster]"'
        raise ArgumentError("dask", address, "an installed Dask distributed", hint) from None
    # workers that die are told by the row they died of, and not by lines on the terminal
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with contextlib.ExitStack() as stack:
        if address == "local":
            # a point that kills its worker is not sent again by the scheduler, but by the engine,
            # which counts
            stack.enter_context(dask.config.set({"distributed.scheduler.allowed-failures": 0}))
            with _deaf_to_ctrl_c():
                held = stack.enter_context(
                    distributed.LocalCluster(  # type: ignore[no-untyped-call]
                        n_workers=jobs, threads_per_worker=1, processes=True, host="127.0.0.1",
                        dashboard_address=None, silence_logs=logging.CRITICAL,
                    )
                )  # fmt: skip
            address = held.scheduler_address
        yield Cluster(stack.enter_context(_client(distributed, address)))


@contextlib.contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Start processes that leave Ctrl-C to the driver: what is ignored, they ignore too."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _client(distributed: Any, address: str) -> Any:
    try:
        return distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise ClusterError(f"no Dask scheduler answers at {address}: {error}") from None
