"""What `ceasefire game` prints of a stochastic game told in TOML."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ceasefire import solvers
from ceasefire.cli.repeated import plain
from ceasefire.errors import ArgumentError

if TYPE_CHECKING:
    from ceasefire.games import StochasticGame

CONCEPTS = ("markov", "payoff-set")


def changed(game: StochasticGame, settings: dict[str, Any]) -> StochasticGame:
    """The game with what --set changes: the discount factor."""
    for key, value in settings.items():
        if key != "discount":
            hint = "the others are asked of repeated games"
            raise ArgumentError("--set", key, "discount for a stochastic game", hint)
        game = game.replace(discount=value)
    return game


def solve(game: StochasticGame, concept: str, exact: bool) -> Any:
    """What the concept's solver returns."""
    if concept == "markov":
        return solvers.markov_perfect(game, exact=exact)
    if concept == "payoff-set":
        if exact:
            hint = "sets of stochastic games are in floats: --exact goes with --concept markov"
            raise ArgumentError("--exact", "--concept payoff-set", "a repeated game", hint)
        return solvers.payoff_set(game)
    allowed = " or ".join(CONCEPTS)
    raise ArgumentError("--concept", concept, f"{allowed} for a stochastic game")


def text(game: StochasticGame, found: Any) -> str:
    """The result for a person."""
    return f"{game!r}\n{found!r}"


def to_json(name: str, concept: str, game: StochasticGame, found: Any) -> str:
    """The result for a machine, by state."""
    record: dict[str, Any] = {"game": name, "title": game.title, "concept": concept}
    if isinstance(found, solvers.PayoffSet):
        sets = {
            key: dict(zip(game.states, plain(getattr(found, key)), strict=True))
            for key in ("vertices", "outer", "inner")
        }
        record |= sets | {"gap": plain(found.gap), "exact": found.exact, "method": found.method}
    else:
        record |= {
            "complete": found.complete,
            "claim": found.claim,
            "equilibria": [_equilibrium(game, e) for e in found],
        }
    record["status"] = str(found.status)
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


def _equilibrium(game: StochasticGame, found: Any) -> dict[str, Any]:
    states = {}
    for s, name in enumerate(game.states):
        play = {
            who: {a: plain(p) for a, p in zip(game.actions[s][i], found.strategy(s, i), strict=True)
                  if p}
            for i, who in enumerate(game.players)
        }  # fmt: skip
        worth = dict(zip(game.players, plain(found.values[s]), strict=True))
        states[name] = {"strategies": play, "values": worth}
    return {"states": states, "regret": plain(found.regret), "exact": found.exact,
            "status": str(found.status)}  # fmt: skip
