"""What a file at hand is: a scenario, an experiment, a game or a record, told before it is read."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from ceasefire.errors import ArgumentError

USED_BY = {
    "a scenario": "ceasefire solve {file}",
    "an experiment": "ceasefire run {file}",
    "a game": "ceasefire game {file}",
    "a record of an exchange": "ceasefire predict {file}",
    "a problem of estimation": "ceasefire estimate {file}",
}
BY_SUFFIX = {
    ".csv": "a record of an exchange",
    ".nfg": "a game",
    ".efg": "a game",
}
BY_KEY = {  # the first key that the file has says what it is
    "kind": "a game",
    "vary": "an experiment",
    "exchanges": "a problem of estimation",
    "captor": "a scenario",
    "pausing_state": "a scenario",
}


def expect(wanted: str, file: str | Path) -> None:
    """Refuse a file that is of another kind, and name the command that takes it.

    Whatever is not recognised passes: its own reader says what is wrong with it.

    Raises
    ------
    ArgumentError
        The file is of another kind.
    """
    found = kind(Path(file))
    if found is not None and found != wanted:
        hint = f"try: {USED_BY[found].format(file=file)}"
        raise ArgumentError(str(file), found, wanted, hint)


def kind(file: Path) -> str | None:
    """What the file is, by its ending or its keys; None where neither says."""
    if not file.is_file():
        return None
    if file.suffix in BY_SUFFIX:
        return BY_SUFFIX[file.suffix]
    told = _told(file)
    return next((what for key, what in BY_KEY.items() if key in told), None)


def _told(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}
