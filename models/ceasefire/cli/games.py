"""What `ceasefire game` prints: a game's equilibria by a solution concept, as text or JSON."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ceasefire import games, solvers
from ceasefire.cli import kinds, repeated, stochastic
from ceasefire.cli.text import wrapped
from ceasefire.errors import ArgumentError, meant
from ceasefire.games import catalog
from ceasefire.games.toml import RepeatedFile, read_toml
from ceasefire.solvers.result import labelled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ON_TREES: dict[str, Callable[[games.ExtensiveForm], Any]] = {
    "sequential": solvers.sequential,
    "signalling": solvers.signalling,
}
EXACT = ("nash", "spe", "correlated", "payoff-set", "markov")
SMALL = 400  # cells of a tree's strategic form that is solved for all equilibria
CORRELATED = 2000  # cells of one that is solved for a correlated equilibrium


def load(name: str, settings: dict[str, Any]) -> Any:
    """A .nfg, .efg or .toml file, or a game of the catalog by name."""
    kinds.expect("a game", name)
    if Path(name).suffix == ".toml":
        told = read_toml(name)
        if isinstance(told, RepeatedFile):
            return repeated.changed(told, settings)
        return stochastic.changed(told, settings)
    if Path(name).suffix in (".nfg", ".efg") or Path(name).exists():
        if settings:
            raise ArgumentError("--set", sorted(settings), "nothing: a file has no parameters")
        return games.read(name)
    if name not in catalog.names():
        allowed = "a .nfg, .efg or .toml file, or a name that `ceasefire game catalog` lists"
        raise ArgumentError("FILE", name, allowed, meant(name, catalog.names()))
    return catalog.load(name, **settings)


def check(concept: str, exact: bool, precision: float | None) -> None:
    """Refuse options that the concept would leave unread."""
    if exact and concept not in EXACT:
        allowed = f"--concept {', '.join(EXACT[:-1])} or {EXACT[-1]}"
        hint = "leave --exact out: the others are solved in floats"
        raise ArgumentError("--exact", f"--concept {concept}", allowed, hint)
    if precision is not None and concept != "logit":
        raise ArgumentError("--precision", f"--concept {concept}", "--concept logit")


def solve(
    game: games.NormalForm | games.ExtensiveForm | games.StochasticGame | RepeatedFile,
    concept: str,
    exact: bool,
    precision: float,
) -> Any:
    """What the concept's solver returns; trees and tables each by what suits them."""
    if isinstance(game, games.StochasticGame):
        return stochastic.solve(game, concept, exact)
    if concept in (*repeated.CONCEPTS, *stochastic.CONCEPTS):
        if not isinstance(game, RepeatedFile):
            hint = "docs/games-toml.md describes the files"
            allowed = "a repeated or stochastic game told in TOML"
            raise ArgumentError("--concept", concept, allowed, hint)
        return repeated.solve(game, concept, exact)
    if isinstance(game, RepeatedFile):
        game = game.stage  # one day's game
    if concept == "logit":
        return solvers.logit(game, precision=precision)
    if isinstance(game, games.ExtensiveForm):
        return _on_tree(game, concept, exact)
    if concept == "spe" or concept in ON_TREES:
        hint = "a strategic form has no subgames: --concept nash"
        raise ArgumentError("--concept", concept, "a game in extensive form (.efg)", hint)
    return _on_table(game, concept, exact)


def _on_tree(tree: games.ExtensiveForm, concept: str, exact: bool) -> Any:
    """Solve a tree as one, or in its strategic form where that is small."""
    if concept == "spe":
        return solvers.subgame_perfect(tree, exact=exact)
    if concept == "rationalizable":
        hint = "game.strategic_form() is one, in Python"
        raise ArgumentError("--concept", concept, "a table: a strategic form", hint)
    if concept in ON_TREES:
        return ON_TREES[concept](tree)
    tree.require_perfect_recall()
    try:
        table = tree.strategic_form(reduced=True, limit=SMALL if concept == "nash" else CORRELATED)
    except ArgumentError as error:
        if concept == "nash":
            return solvers.one_nash(tree, exact=exact)
        hint = "--concept nash, spe, sequential and logit take larger trees"
        raise ArgumentError(
            "--concept correlated",
            error.got,
            f"a tree of at most {CORRELATED:,} plan profiles",
            hint,
        ) from None
    return _on_table(table, concept, exact)


def _on_table(table: games.NormalForm, concept: str, exact: bool) -> Any:
    if concept == "rationalizable":
        return solvers.rationalizable(table)
    if concept == "correlated":
        return solvers.correlated(table, objective="welfare", exact=exact)
    return solvers.nash(table, exact=exact)


def text(game: Any, found: Any) -> str:
    """The result for a person, under a line that says which game it is of."""
    if isinstance(game, games.StochasticGame):
        return stochastic.text(game, found)
    if isinstance(game, RepeatedFile):
        if isinstance(found, repeated.RESULTS):
            return repeated.text(game, found)
        game = game.stage
    head = repr(game).splitlines()[0]
    if isinstance(found, tuple):
        body = "\n".join(f"[{k}] {c!r}" for k, c in enumerate(found)) or "no component"
        return f"{head}\n{len(found)} components of sequential equilibria\n{body}"
    if isinstance(found, solvers.Equilibrium):
        head += "\n1 Nash equilibrium, perhaps not the only one"
    return f"{head}\n{found!r}"


def to_json(name: str, concept: str, game: Any, found: Any) -> str:
    """The result for a machine: strategies by label, payoffs by player, and what is claimed."""
    if isinstance(game, games.StochasticGame):
        return stochastic.to_json(name, concept, game, found)
    if isinstance(game, RepeatedFile):
        if isinstance(found, repeated.RESULTS):
            return repeated.to_json(name, concept, game, found)
        game = game.stage
    if isinstance(found, solvers.Rationalizable):
        return _survivors(name, game, found)
    several = found if isinstance(found, solvers.Equilibria | tuple) else (found,)
    record: dict[str, Any] = {
        "game": name,
        "title": game.title,
        "concept": concept,
        "complete": getattr(found, "complete", isinstance(found, tuple)),
        "claim": getattr(found, "claim", "one" if not isinstance(found, tuple) else "components"),
        "equilibria": [_record(game, e) for e in several],
    }
    if getattr(found, "components", ()):
        record["components"] = [list(c.extreme) for c in found.components]
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


def _survivors(name: str, game: Any, found: solvers.Rationalizable) -> str:
    """What iterated elimination leaves, and what it removed in which round."""
    record = {
        "game": name, "title": game.title, "concept": "rationalizable",
        "dominance": found.dominance, "solvable": found.solvable,
        "left": {who: [acts[a] for a in kept] for who, acts, kept in
                 zip(game.players, game.actions, found.kept, strict=True)},
        "removed": [{"round": r.round, "player": game.players[r.player],
                     "action": game.actions[r.player][r.action]} for r in found.rounds],
    }  # fmt: skip
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


def _record(game: Any, found: Any) -> dict[str, Any]:
    if isinstance(found, solvers.SignallingComponent):
        inner = _record(game, found.example)
        return inner | {"messages": list(found.messages), "intuitive": found.intuitive,
                        "reason": found.reason}  # fmt: skip
    payoffs = {p: _number(u) for p, u in zip(game.players, found.payoffs, strict=True)}
    if isinstance(found, solvers.Correlated):
        cells: Any = found.distribution
        rows = [
            {"actions": [game_actions[a] for game_actions, a in
                         zip(found.game.actions, cell, strict=True)], "probability": _number(p)}
            for cell, p in _support(cells)
        ]  # fmt: skip
        return {"distribution": rows, "payoffs": payoffs}
    record: dict[str, Any] = {
        "strategies": {
            name: {a: _number(p) for a, p in zip(labels, s, strict=True) if p}
            for name, s, labels in labelled(found.game, found.strategies)
        },
        "payoffs": payoffs,
        "status": str(found.status),
    }
    for key in ("regret", "exact", "precision", "residual"):
        if hasattr(found, key):
            record[key] = getattr(found, key)
    if isinstance(found, solvers.Assessment):
        record["conditions"] = {c.name: {"gap": c.gap, "met": c.met} for c in found.conditions}
        record["beliefs"] = {
            label: [float(b) for b in found.belief(h)]
            for h, label in enumerate(found.game.infoset_labels)
        }
    return record


def _support(table: Any) -> list[tuple[Sequence[int], Any]]:
    import numpy as np

    return [(cell, table[cell]) for cell in np.ndindex(*table.shape) if table[cell]]


def _number(value: Any) -> Any:
    return str(value) if isinstance(value, Fraction) else float(value)


def listing(form: str | None) -> str:
    """The catalog: a line a game, or JSON with sources and known solutions."""
    if form == "json":
        rows = [
            {"name": e.name, "title": e.title, "form": e.form, "about": e.about,
             "source": e.source, "parameters": {k: _plain(v) for k, v in e.parameters.items()}}
            for e in map(catalog.about, catalog.names())
        ]  # fmt: skip
        return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"
    table = catalog.table()
    width = max(map(len, table.index))
    lines = [f"{name:{width}}  {row['size']:>10}  {row['title']}" for name, row in table.iterrows()]
    return "\n".join([*lines, f"{len(lines)} games; ceasefire game NAME solves one"])


def described(name: str) -> str:
    """A catalogued game's source and what it is, in two lines; "" for a file."""
    if name not in catalog.names():
        return ""
    entry = catalog.about(name)
    given = ", ".join(f"{k}={_plain(v)}" for k, v in entry.parameters.items())
    lines = [*wrapped(entry.about, ""), *wrapped(f"Source: {entry.source}", "", "  ")]
    return "\n".join([*lines, f"Parameters, unless --set: {given}"] if given else lines)


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | float) else str(value)
