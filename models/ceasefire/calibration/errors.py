"""What is wrong with the files of an exchange, all of it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ceasefire.errors import Fault, ScenarioError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from os import PathLike


class DataError(ScenarioError):
    """The files of an exchange are not valid; reports every fault of both at once.

    Parameters
    ----------
    faults : iterable of Fault
        Faults of the daily record; paths name row and column.
    file : path
        The daily record.
    terms_faults : iterable of Fault
        Faults of the terms.
    terms_file : path
        The terms.

    Examples
    --------
    >>> fault = Fault("row 2, delivered", "ten", "a number", "not a number or range", line=3)
    >>> print(DataError([fault], "x.csv", [], "x.toml"))
    x.csv: 1 fault
    x.csv:3: row 2, delivered: not a number or range; got 'ten'; allowed: a number
    """

    def __init__(
        self,
        faults: Iterable[Fault],
        file: str | PathLike[str] | None = None,
        terms_faults: Iterable[Fault] = (),
        terms_file: str | PathLike[str] | None = None,
    ) -> None:
        super().__init__(faults, file)
        self.args = (
            *self.args,
            tuple(terms_faults),
            None if terms_file is None else str(terms_file),
        )

    @property
    def faults(self) -> tuple[Fault, ...]:
        """All faults: the record's, then the terms'."""
        return cast("tuple[Fault, ...]", self.args[0] + self.args[2])

    def __str__(self) -> str:
        """Return a heading and one line a fault, ``FILE:LINE: ...`` as editors read it."""
        record, file, terms, terms_file = self.args
        parts = [
            ScenarioError(faults, name) for faults, name in ((record, file), (terms, terms_file))
        ]
        return "\n".join(str(part) for part in parts if part.faults)
