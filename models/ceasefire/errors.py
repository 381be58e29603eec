"""Exceptions. One base class; each also inherits the builtin that fits.

Every message says where, what was got, what is allowed, and what to do. Every
exception survives pickling, because worker processes raise them.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterable
    from os import PathLike

SHOWN_CHARACTERS = 80


def meant(name: str, known: Iterable[str], otherwise: str = "", *, most: int = 1) -> str:
    """Hint at what an unknown name may have meant: `did you mean trust?`; else `otherwise`."""
    from difflib import get_close_matches

    close = get_close_matches(name, list(known), n=most, cutoff=0.5)
    return f"did you mean {' or '.join(close)}?" if close else otherwise


class CeasefireError(Exception):
    """Base of every exception that the package raises on purpose."""

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild from ``args``; a value that cannot be pickled travels as its repr."""
        return type(self), tuple(_portable(arg) for arg in self.args), self.__dict__


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a scenario.

    Attributes
    ----------
    path : str
        Where, as a dotted field path (``captor.trust``); empty for the file as a whole.
    got : object
        The value found; None where nothing was found.
    allowed : str
        The values that would do, in words; empty where that says nothing.
    message : str
        What is wrong.
    line : int or None
        Line of the file, counted from 1.
    hint : str
        What to do about it.
    """

    path: str
    got: object
    allowed: str
    message: str
    line: int | None = None
    hint: str = ""

    def __str__(self) -> str:
        """Return one line: path, message, got, allowed, hint."""
        where = f"{self.path}: " if self.path else ""
        return where + _sentence(self.message, self.got, self.allowed, self.hint)

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild from the fields; a value that cannot be pickled travels as its repr."""
        got = _portable(self.got)
        return Fault, (self.path, got, self.allowed, self.message, self.line, self.hint)


class ScenarioError(CeasefireError, ValueError):
    """A scenario is not valid; reports every fault at once.

    Parameters
    ----------
    faults : iterable of Fault
        All faults, in the order of the file.
    file : path, optional
        The file read, named in front of each fault.

    Examples
    --------
    >>> fault = Fault("captor.trust", 1.3, "0 to 1", "not a probability", line=12)
    >>> print(ScenarioError([fault], "truce.toml"))
    truce.toml: 1 fault
    truce.toml:12: captor.trust: not a probability; got 1.3; allowed: 0 to 1
    """

    def __init__(self, faults: Iterable[Fault], file: str | PathLike[str] | None = None) -> None:
        super().__init__(tuple(faults), None if file is None else str(file))

    @property
    def faults(self) -> tuple[Fault, ...]:
        """All faults, in the order of the file."""
        return cast("tuple[Fault, ...]", self.args[0])

    @property
    def file(self) -> str | None:
        """The file read, or None for a scenario built in memory."""
        return cast("str | None", self.args[1])

    def __str__(self) -> str:
        """Return a heading and one line a fault, ``FILE:LINE: ...`` as editors read it."""
        count = len(self.faults)
        heading = f"{self.file or 'scenario'}: {count} fault{'' if count == 1 else 's'}"
        return "\n".join([heading, *(self._place(fault) + str(fault) for fault in self.faults)])

    def _place(self, fault: Fault) -> str:
        if self.file is None:
            return "" if fault.line is None else f"line {fault.line}: "
        return f"{self.file}: " if fault.line is None else f"{self.file}:{fault.line}: "


class ArgumentError(CeasefireError, ValueError):
    """A function was called with an argument that it does not take.

    Parameters
    ----------
    where : str
        The argument, as a dotted path where it is nested.
    got : object
        The value passed.
    allowed : str
        The values that would do, in words.
    hint : str, optional
        What to do about it.

    Examples
    --------
    >>> print(ArgumentError("day", -1, "a whole number from 0 to 9"))
    day: got -1; allowed: a whole number from 0 to 9
    """

    def __init__(self, where: str, got: object, allowed: str, hint: str = "") -> None:
        super().__init__(where, got, allowed, hint)

    @property
    def where(self) -> str:
        """The argument."""
        return cast("str", self.args[0])

    @property
    def got(self) -> object:
        """The value passed."""
        return self.args[1]

    @property
    def allowed(self) -> str:
        """The values that would do, in words."""
        return cast("str", self.args[2])

    @property
    def hint(self) -> str:
        """What to do about it; empty where there is nothing to say."""
        return cast("str", self.args[3])

    def __str__(self) -> str:
        """Return one line: where, got, allowed, hint."""
        said = f"got {_shown(self.got)}; allowed: {self.allowed}"
        return f"{self.where}: {said}" + (f"; {self.hint}" if self.hint else "")


class SolveError(CeasefireError, RuntimeError):
    """A solver stopped short of what it promises.

    Parameters
    ----------
    message : str
        What failed, where, and what to do.
    reached : object, optional
        The partial result, whose ``status`` says why it is partial.
    """

    def __init__(self, message: str, reached: object = None) -> None:
        super().__init__(message, reached)

    @property
    def reached(self) -> object:
        """The partial result, or None."""
        return self.args[1]

    def __str__(self) -> str:
        """Return the message; the partial result stays in ``reached``."""
        return cast("str", self.args[0])


def _sentence(message: str, got: object, allowed: str, hint: str) -> str:
    parts = [message]
    if got is not None:
        parts.append(f"got {_shown(got)}")
    if allowed:
        parts.append(f"allowed: {allowed}")
    if hint:
        parts.append(hint)
    return "; ".join(part for part in parts if part)


def _shown(value: object) -> str:
    plain = value.item() if hasattr(value, "item") and getattr(value, "ndim", 1) == 0 else value
    text = " ".join(repr(plain).split())
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 3] + "..."


def _portable(value: object) -> object:
    try:
        pickle.dumps(value)
    except Exception:  # whatever a foreign __reduce__ raises, the error itself must travel
        return repr(value)
    return value
