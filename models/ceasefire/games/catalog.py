"""Games by name, each with its source and its known solutions.

>>> from ceasefire.games import catalog
>>> catalog.load("chicken").players
('row', 'column')
>>> catalog.load("truce-two-types", rounds=3).n_nodes
27
"""

from __future__ import annotations

import inspect
import tomllib
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError, meant
from ceasefire.games import families
from ceasefire.games.gambit import parse

if TYPE_CHECKING:
    import pandas as pd

    from ceasefire.games.extensive import ExtensiveForm
    from ceasefire.games.normal import NormalForm

CONCEPTS = ("nash", "subgame-perfect", "sequential", "correlated", "value")


@dataclass(frozen=True)
class Solution:
    """What is known about a game.

    Attributes
    ----------
    concept : str
        "nash" (all extreme equilibria of two players; all of more), "subgame-perfect",
        "sequential" (payoffs of its outcomes), "correlated" (largest and smallest sum of
        payoffs), "value" (of a constant-sum game to the first player).
    count : int or None
        How many there are.
    strategies : tuple
        Profiles, each a tuple of distributions of Fractions: by player, or by information set.
    payoffs : tuple
        Payoff vectors (of "correlated" and "value": numbers), floats or Fractions.
    note : str
    """

    concept: str
    count: int | None = None
    strategies: tuple[tuple[tuple[Fraction, ...], ...], ...] = ()
    payoffs: tuple[Any, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Entry(Displayed):
    """A catalogued game: what it is, where it is from, and what is known about it.

    `parameters` maps the names that `load` takes to their default values; `solutions` are those
    at the defaults.
    """

    name: str
    title: str
    source: str
    about: str
    form: str
    parameters: dict[str, Any]
    solutions: tuple[Solution, ...]


def names() -> list[str]:
    """Names of all games, sorted."""
    return sorted(_files())


def load(name: str, **parameters: Any) -> NormalForm | ExtensiveForm:
    """A game by name; a family takes its parameters (see ``about(name).parameters``)."""
    record = _record(name)
    known = _parameters(record)
    for key in parameters:
        if key not in known:
            said = f"one of {sorted(known)}" if known else f"nothing: {name!r} has no parameters"
            raise ArgumentError(key, parameters[key], said)
    if "family" in record:
        game: NormalForm | ExtensiveForm = _family(record)(**parameters)
        return game
    return parse(record["game"])


def about(name: str) -> Entry:
    """What a game is, its source, its parameters and its known solutions."""
    record = _record(name)
    game = load(name)
    return Entry(
        name, game.title, record["source"], " ".join(record["about"].split()),
        type(game).__name__, _parameters(record),
        tuple(_solution(row) for row in record.get("solution", ())),
    )  # fmt: skip


def table() -> pd.DataFrame:
    """All games: a row each with title, form, players, size, known solutions and source."""
    import pandas as pd

    rows = []
    for name in names():
        entry, game = about(name), load(name)
        size = "x".join(map(str, game.shape)) if hasattr(game, "shape") else f"{game.n_nodes} nodes"
        concepts = ", ".join(dict.fromkeys(s.concept for s in entry.solutions))
        rows.append((name, entry.title, game.n_players, size, concepts, entry.source))
    columns = ["name", "title", "players", "size", "known", "source"]
    return pd.DataFrame(rows, columns=columns).set_index("name")


@cache
def _files() -> dict[str, Any]:
    folder = files("ceasefire.games") / "catalog_data"
    return {f.name[:-5]: f for f in folder.iterdir() if f.name.endswith(".toml")}


@cache
def _record(name: str) -> dict[str, Any]:
    found = _files().get(name)
    if found is None:
        allowed = f"one of the {len(names())} names of catalog.names()"
        raise ArgumentError("name", name, allowed, meant(str(name), names(), most=3))
    return tomllib.loads(found.read_text(encoding="utf-8"))


def _family(record: dict[str, Any]) -> Any:
    return getattr(families, record["family"])


def _parameters(record: dict[str, Any]) -> dict[str, Any]:
    if "family" not in record:
        return {}
    return {k: p.default for k, p in inspect.signature(_family(record)).parameters.items()}


def _solution(row: dict[str, Any]) -> Solution:
    profiles = tuple(
        tuple(tuple(Fraction(p) for p in part.split()) for part in profile)
        for profile in row.get("strategies", ())
    )
    payoffs = tuple(
        tuple(Fraction(u) for u in entry.split()) if " " in entry.strip() else Fraction(entry)
        for entry in row.get("payoffs", ())
    )
    return Solution(row["concept"], row.get("count"), profiles, payoffs, row.get("note", ""))
