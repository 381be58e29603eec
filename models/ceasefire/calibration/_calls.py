"""Calls that are made here, or sent to the processes of an executor."""

from __future__ import annotations

from concurrent.futures import as_completed
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from concurrent.futures import Executor

Key = TypeVar("Key")
Result = TypeVar("Result")


def as_made(
    function: Callable[..., Result],
    calls: Mapping[Key, tuple[Any, ...]],
    executor: Executor | None,
) -> Iterator[tuple[Key, Result]]:
    """Yield key and result of each call as soon as it is there, so that it can be kept."""
    if executor is None:
        yield from ((key, function(*call)) for key, call in calls.items())
        return
    sent = {executor.submit(function, *call): key for key, call in calls.items()}
    yield from ((sent[future], future.result()) for future in as_completed(sent))


def in_order(
    function: Callable[..., Result], calls: Sequence[tuple[Any, ...]], executor: Executor | None
) -> list[Result]:
    """Return the results in the order of the calls."""
    found = dict(as_made(function, dict(enumerate(calls)), executor))
    return [found[i] for i in range(len(calls))]
