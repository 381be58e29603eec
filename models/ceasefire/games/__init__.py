"""What is played: games in strategic and extensive form, read, written, and by name."""

from __future__ import annotations

from ceasefire.games import catalog
from ceasefire.games.extensive import CHANCE, TERMINAL, Chance, Decision, End, ExtensiveForm
from ceasefire.games.gambit import FormatError, parse, read, text, write
from ceasefire.games.nashpy import from_nashpy, to_nashpy
from ceasefire.games.normal import NormalForm

__all__ = [
    "NormalForm",
    "ExtensiveForm",
    "Decision",
    "Chance",
    "End",
    "CHANCE",
    "TERMINAL",
    "read",
    "write",
    "parse",
    "text",
    "FormatError",
    "catalog",
    "to_nashpy",
    "from_nashpy",
]
