"""Files of TOML: their text, their values with the line of each key, faults put in their lines.

``tomllib`` reads values but forgets where they stood.
"""

from __future__ import annotations

import math
import re
import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ceasefire.errors import Fault

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Iterable, Mapping

Path = tuple[str, ...]
Lines = dict[str, int]  # dotted path of a key -> line


def file_text(file: pathlib.Path) -> str | Fault:
    """Return the text of a file that exists, or why it cannot be read."""
    try:
        return file.read_text(encoding="utf-8-sig")  # with the mark that some editors write first
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return Fault("", None, "UTF-8 text", "is not UTF-8", line)
    except IsADirectoryError:
        return Fault("", None, "a file", "is a directory")
    except OSError as error:
        return Fault("", None, "a readable file", f"cannot be read: {error.strerror}")


def values(text: str) -> tuple[dict[str, Any], Lines] | Fault:
    """Return what a text says and the line of each key, or the fault that makes it no TOML."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"line (\d+)", str(error))
        line = int(at[1]) if at else text.count("\n") + 1
        message = re.sub(r" \(at .*\)$", "", str(error))
        return Fault("", None, "valid TOML", message, line)
    return raw, {".".join(path): line for path, line in key_lines(text).items()}


def placed(faults: Iterable[Fault], lines: Mapping[str, int]) -> list[Fault]:
    """Faults with the line of their key or of the longest part of it, in the order of the file.

    Keys may have dots in them, so paths are compared dotted. What is told twice is told once.
    """
    found = (replace(fault, line=_line(fault.path, lines)) for fault in faults)
    once = {str(fault): fault for fault in found}
    return sorted(once.values(), key=lambda fault: math.inf if fault.line is None else fault.line)


def _line(path: str, lines: Mapping[str, int]) -> int | None:
    while path and path not in lines:
        path = path.rpartition(".")[0]
    return lines.get(path)


def key_lines(text: str) -> dict[Path, int]:
    """Map the path of every table and key of a valid TOML text to its line, counted from 1.

    Copes with ``[tables]``, ``[[arrays of tables]]`` (all under one path), dotted and quoted
    keys, multi-line strings and arrays, inline tables and comments. For invalid text the
    result covers what stands before the fault.
    """
    return _Scanner(text).scan()


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text, self.at, self.line = text, 0, 1
        self.lines: dict[Path, int] = {}

    def scan(self) -> dict[Path, int]:
        table: Path = ()
        while self.at < len(self.text):
            self._blank()
            if self.at >= len(self.text):
                break
            if self._peek() == "[":
                line = self.line
                while self._peek() == "[":
                    self._step()
                table = self._key()
                self._note(table, line)
                self._rest_of_line()
            else:
                self._pair(table)
                self._rest_of_line()
        return self.lines

    def _peek(self, ahead: int = 0) -> str:
        return self.text[self.at + ahead : self.at + ahead + 1]

    def _step(self, count: int = 1) -> None:
        self.line += self.text.count("\n", self.at, self.at + count)
        self.at += count

    def _note(self, path: Path, line: int) -> None:
        for end in range(1, len(path) + 1):
            self.lines.setdefault(path[:end], line)

    def _blank(self) -> None:
        """Skip white space, newlines and comments."""
        while self.at < len(self.text):
            if self._peek() == "#":
                self._rest_of_line()
            elif self._peek().isspace():
                self._step()
            else:
                return

    def _rest_of_line(self) -> None:
        end = self.text.find("\n", self.at)
        self._step((len(self.text) if end < 0 else end + 1) - self.at)

    def _pair(self, table: Path) -> None:
        line = self.line
        start = self.at
        path = table + self._key()
        self._note(path, line)
        while self._peek() in (" ", "\t", "="):
            self._step()
        self._value(path)
        if self.at == start:  # not TOML; move on so that the scan ends
            self._step()

    def _key(self) -> Path:
        parts: list[str] = []
        while self.at < len(self.text):
            while self._peek() in (" ", "\t"):
                self._step()
            quote = self._peek()
            if quote in ('"', "'"):
                parts.append(self._quoted(quote))
            else:
                start = self.at
                while self._peek() and (self._peek().isalnum() or self._peek() in "_-"):
                    self._step()
                if start == self.at:
                    break
                parts.append(self.text[start : self.at])
            while self._peek() in (" ", "\t"):
                self._step()
            if self._peek() != ".":
                break
            self._step()
        return tuple(parts)

    def _quoted(self, quote: str) -> str:
        """Step over a one-line string; return its text with escapes resolved."""
        start = self.at
        self._step()
        while self._peek() not in ("", "\n", quote):
            self._step(2 if quote == '"' and self._peek() == "\\" else 1)
        self._step()
        try:
            return str(tomllib.loads(f"k = {self.text[start : self.at]}")["k"])
        except tomllib.TOMLDecodeError:
            return self.text[start + 1 : self.at - 1]

    def _value(self, path: Path) -> None:
        first = self._peek()
        if first in ('"', "'"):
            self._string(first)
        elif first == "[":
            self._step()
            self._array(path)
        elif first == "{":
            self._step()
            self._inline_table(path)
        else:
            while self._peek() not in ("", "\n", ",", "]", "}", "#"):
                self._step()

    def _string(self, quote: str) -> None:
        if self.text.startswith(quote * 3, self.at):
            self._step(3)
            while self.at < len(self.text) and not self.text.startswith(quote * 3, self.at):
                self._step(2 if quote == '"' and self._peek() == "\\" else 1)
            self._step(3)
            while self._peek() == quote:  # up to two quotes may stand before the closing three
                self._step()
        else:
            self._quoted(quote)

    def _array(self, path: Path) -> None:
        while self.at < len(self.text):
            self._blank()
            if self._peek() == "]":
                self._step()
                return
            if self._peek() == ",":
                self._step()
                continue
            before = self.at
            self._value(path)
            if self.at == before:
                self._step()

    def _inline_table(self, path: Path) -> None:
        while self.at < len(self.text):
            self._blank()
            if self._peek() == "}":
                self._step()
                return
            if self._peek() == ",":
                self._step()
                continue
            self._pair(path)
