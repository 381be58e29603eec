"""What can end a run: errors that are one message, and travel between processes."""

from __future__ import annotations

from ceasefire.errors import CeasefireError


class _MessageError(CeasefireError):
    """An error whose text is its one argument, whatever built-in error it also is."""

    def __init__(self, message: str) -> None:
        super().__init__(message)

    def __str__(self) -> str:
        return str(self.args[0])


class StoreError(_MessageError, OSError):
    """A store cannot be opened, read or written; the message says why and what to do."""


class ClusterError(_MessageError, OSError):
    """A scheduler or its workers cannot be reached; rows written so far are kept."""


class Unfit(_MessageError, RuntimeError):  # noqa: N818  # says what a worker is
    """A worker that must not be asked: a run ends with it, and keeps what is written."""
