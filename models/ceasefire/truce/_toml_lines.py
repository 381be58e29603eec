"""Lines of the keys in a TOML text: ``tomllib`` reads values but forgets where they stood."""

from __future__ import annotations

Path = tuple[str, ...]

_CLOSERS = {"[": "]", "{": "}"}


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
        import tomllib

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
