"""What `ceasefire game` prints of a repeated game told in TOML."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire import solvers
from ceasefire.errors import ArgumentError
from ceasefire.games._automaton_rules import labels

if TYPE_CHECKING:
    from ceasefire.games.toml import RepeatedFile

CONCEPTS = ("payoff-set", "critical-discount", "automaton")
RESULTS = (solvers.PayoffSet, solvers.CriticalDiscount, solvers.AutomatonCheck)


def changed(told: RepeatedFile, settings: dict[str, Any]) -> RepeatedFile:
    """The file with what --set changes: the discount factor, the punishment, transfers."""
    known = ("discount", "punishment", "transfers")
    for key, value in settings.items():
        if key not in known:
            raise ArgumentError("--set", key, f"one of {', '.join(known)}")
        told = replace(told, **{key: value})
    return told


def solve(told: RepeatedFile, concept: str, exact: bool) -> Any:
    """What the concept's solver returns."""
    if concept not in CONCEPTS:
        raise ArgumentError("--concept", concept, f"{', '.join(CONCEPTS)} for a repeated game")
    if concept == "payoff-set":
        return solvers.payoff_set(told.game, transfers=told.transfers, exact=exact)
    if concept == "critical-discount":
        if told.monitoring is not None:
            raise ArgumentError("signals", "noisy signals", "none: actions are seen")
        if told.profile is None:
            hint = "write what is to be played under [question]"
            raise ArgumentError("question.profile", None, "a profile", hint)
        return solvers.critical_discount(
            told.stage, told.profile, punishment=told.punishment, transfers=told.transfers
        )
    if told.automaton is None:
        raise ArgumentError("automaton", None, "a table [automaton]")
    return solvers.check_automaton(told.game, told.automaton)


def text(told: RepeatedFile, found: Any) -> str:
    """The result for a person."""
    head = [repr(told.stage)]
    if told.discount is not None:
        shown = told.game.exact_discounts
        kept = shown[:1] if told.game.has_common_discount else shown
        head.append("discount factor " + ", ".join(f"{float(d):.10g}" for d in kept))
    head.append(f"seen: {'actions' if told.monitoring is None else repr(told.monitoring)}\n")
    if isinstance(found, solvers.AutomatonCheck):
        parts: list[Any] = [found.automaton, found.value, found]
        return "\n".join([*head, *map(repr, parts)])
    body = repr(found)
    if isinstance(found, solvers.CriticalDiscount) and found.certificate is not None:
        body += f"\n  {found.certificate!r}"
    return "\n".join([*head, body])


def to_json(name: str, concept: str, told: RepeatedFile, found: Any) -> str:
    """The result for a machine."""
    record: dict[str, Any] = {"game": name, "title": told.title, "concept": concept}
    if isinstance(found, solvers.PayoffSet):
        record |= {
            key: plain(getattr(found, key))
            for key in ("vertices", "outer", "inner", "gap", "threat", "exact", "method",
                        "transfers")
        }  # fmt: skip
        corners = found.detail.get("exact_vertices")
        if corners is not None:
            record["exact_vertices"] = plain([list(point) for point in corners])
    elif isinstance(found, solvers.CriticalDiscount):
        record |= {
            key: plain(getattr(found, key))
            for key in ("profile", "value", "low", "high", "exact", "attainable", "binding",
                        "punishment", "transfers", "method")
        }  # fmt: skip
        check = found.certificate
        record["certified"] = None if check is None else bool(check.passed)
    else:
        record |= _automaton(found)
    record["status"] = str(found.status)
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


def _automaton(found: solvers.AutomatonCheck) -> dict[str, Any]:
    machine, stage = found.automaton, found.game.stage
    rows = []
    for s, name in enumerate(machine.states):
        play: Any = None
        if machine.plays is not None:
            play = list(labels(stage, machine.plays[s].tolist()))
        worth = dict(zip(stage.players, plain(found.value.values[s]), strict=True))
        rows.append({"state": name, "play": play, "values": worth})
    return {
        "equilibrium": found.is_equilibrium,
        "equilibrium_concept": found.concept,
        "payoffs": dict(zip(stage.players, plain(found.value.payoffs), strict=True)),
        "states": rows,
        "most_tempting": {
            "state": found.worst.state, "player": found.worst.player,
            "action": found.worst.action, "gain": plain(found.worst.gain),
        },
        "exact": found.exact,
    }  # fmt: skip


def plain(value: Any) -> Any:
    """Numbers, texts and lists as JSON holds them: fractions as texts, what is not as null."""
    if isinstance(value, np.ndarray | list | tuple):
        return [plain(x) for x in value]
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value
