"""Games told in TOML, to be read by people first: docs/games-toml.md describes the files.

A file's ``kind`` chooses its reader; a new kind is one function in `READERS`.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.games import _automaton_rules as rules
from ceasefire.games.automaton import Automaton
from ceasefire.games.normal import NormalForm
from ceasefire.games.repeated import PublicSignals, RepeatedGame
from ceasefire.tolerances import PROBABILITY_SUM

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from os import PathLike

    from ceasefire.games.stochastic import StochasticGame

LARGEST_EXPONENT = 400  # of a decimal that is kept exactly: no float reaches it anyway
AUTOMATA = ("states", "grim", "n-day", "staged-release", "tit-for-tat")


@dataclass(frozen=True, eq=False)
class RepeatedFile(Displayed):
    """A repeated game as a file tells it, and what is asked of it.

    Attributes
    ----------
    stage : NormalForm
    discount : Fraction, float, tuple of them, or None where the file names none
    monitoring : PublicSignals or None
    profile : tuple of int, or None
        What is to be played for ever.
    punishment : str or int
        As `ceasefire.solvers.critical_discount` takes it.
    transfers : bool
    automaton : Automaton or None
    title : str
    """

    stage: NormalForm
    discount: Any
    monitoring: PublicSignals | None
    profile: tuple[int, ...] | None
    punishment: str | int
    transfers: bool
    automaton: Automaton | None
    title: str

    @property
    def game(self) -> RepeatedGame:
        """The repeated game; ArgumentError where the file names no discount factor."""
        if self.discount is None:
            hint = "write discount = 0.9 in the file, or ask for it by --set discount=0.9"
            raise ArgumentError("discount", None, "a number from 0 to below 1", hint)
        return RepeatedGame(self.stage, self.discount, self.monitoring)


def read_toml(path: str | PathLike[str]) -> RepeatedFile | StochasticGame:
    """Read a game told in TOML. Decimals mean what they say: 0.9 is nine tenths, exactly.

    Raises
    ------
    ArgumentError
        Names the file and the field: what is there, and what belongs there.
    """
    file = Path(path)
    try:
        told = tomllib.loads(file.read_text(encoding="utf-8-sig"), parse_float=_decimal)
    except UnicodeDecodeError as error:
        raise ArgumentError(str(file), f"byte {error.start}", "UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise ArgumentError(str(file), str(error), "TOML") from None
    try:
        return parse_toml(told)
    except ArgumentError as error:
        where = f"{file}: {error.where}"
        raise ArgumentError(where, error.got, error.allowed, error.hint) from None


def parse_toml(told: Mapping[str, Any]) -> RepeatedFile | StochasticGame:
    """Build a game from the tables of a file. See `read_toml`."""
    kind = told.get("kind")
    if kind not in READERS:
        raise ArgumentError("kind", kind, " or ".join(f'"{k}"' for k in READERS))
    made: RepeatedFile | StochasticGame = READERS[str(kind)](told)
    return made


def _decimal(text: str) -> Fraction | float:
    """A decimal as the fraction that it says; nan, inf and what no float holds as a float."""
    mantissa, _, exponent = text.replace("_", "").lower().partition("e")
    if "n" in mantissa or abs(int(exponent or 0)) > LARGEST_EXPONENT:
        return float(text)
    return Fraction(text.replace("_", ""))


def _repeated(told: Mapping[str, Any]) -> RepeatedFile:
    _known(told, "", ("kind", "title", "players", "actions", "payoffs", "discount", "signals",
                      "question", "automaton"))  # fmt: skip
    stage = _stage(told)
    discount = _discount(stage, told.get("discount"))
    monitoring = _signals(stage, told.get("signals"))
    asked = _table(told, "question")
    _known(asked, "question.", ("profile", "punishment", "transfers"))
    profile = asked.get("profile")
    cell = None if profile is None else rules.profile(stage, profile, "question.profile")
    transfers = asked.get("transfers", False)
    if not isinstance(transfers, bool):
        raise ArgumentError("question.transfers", transfers, "true or false")
    automaton = _automaton(stage, told, monitoring)
    punishment = asked.get("punishment", "grim")
    return RepeatedFile(stage, discount, monitoring, cell, punishment, transfers, automaton,
                        stage.title)  # fmt: skip


def _stochastic(told: Mapping[str, Any]) -> StochasticGame:
    from ceasefire.games.stochastic import StochasticGame

    _known(told, "", ("kind", "title", "players", "actions", "discount", "initial", "states"))
    states = _table(told, "states")
    names = list(states)
    if not names:
        raise ArgumentError("states", states, "a table a state, [states.NAME]")
    if told.get("discount") is None:
        raise ArgumentError("discount", None, "a number from 0 to below 1, or one a player")
    shared = _table(told, "actions")
    players = told.get("players", list(shared))
    if not isinstance(players, list) or not players:
        raise ArgumentError("players", players, "a list of names")
    tables, laws, labels = [], [], []
    for name, one in states.items():
        where = f"states.{name}"
        if not isinstance(one, dict):
            raise ArgumentError(where, one, f"a table, [{where}]")
        _known(one, f"{where}.", ("actions", "payoffs", "next"))
        acts = _actions(players, one.get("actions", shared), f"{where}.actions")
        frame = NormalForm(np.zeros((len(players), *map(len, acts))), players, acts)
        rows = _by_profile(frame, one.get("payoffs"), f"{where}.payoffs", list)
        table = np.empty((len(players), *frame.shape), dtype=object)
        law = np.full((*frame.shape, len(names)), Fraction(0), dtype=object)
        after = _by_profile(frame, one.get("next"), f"{where}.next", str | dict)
        for cell in np.ndindex(*frame.shape):
            table[(slice(None), *cell)] = _row(rows[cell], players, f"{where}.payoffs")
            for to, chance in _chances(names, after[cell], f"{where}.next").items():
                law[(*cell, to)] += chance
        tables.append(table)
        laws.append(law)
        labels.append(acts)
    each = told["discount"]
    discount: Any = (
        [_number(x, f"discount[{i}]") for i, x in enumerate(each)]
        if isinstance(each, list) else _number(each, "discount")
    )  # fmt: skip
    first = rules.state(names, told.get("initial", 0), "initial")
    return StochasticGame(
        tables, laws, discount, states=names, players=players, actions=labels,
        initial=first, title=str(told.get("title", "")),
    )  # fmt: skip


def _actions(players: list[str], given: Any, where: str) -> list[list[str]]:
    """Each player's actions in a state; who is not listed has nothing to choose."""
    if not isinstance(given, dict) or any(who not in players for who in given):
        raise ArgumentError(where, given, f"a table of lists by player: {', '.join(players)}")
    for who, acts in given.items():
        if not isinstance(acts, list) or not acts:
            raise ArgumentError(f"{where}.{who}", acts, "a list of names")
    return [[str(a) for a in given.get(who, ["-"])] for who in players]


def _by_profile(frame: NormalForm, given: Any, where: str, bare: Any) -> dict[tuple[int, ...], Any]:
    """What stands for each profile: one entry for all, or a table by profile with ``else``."""
    cells = list(np.ndindex(*frame.shape))
    told = given if isinstance(given, dict) else {}
    keyed = any("," in key or key == rules.ELSE for key in told) or frame.n_players == 1
    if not keyed and isinstance(given, bare):
        return dict.fromkeys(cells, given)
    if not told:
        raise ArgumentError(where, given, "entries by profile, or else")
    found = {rules.profile(frame, key, where): v for key, v in told.items() if key != rules.ELSE}
    rest = told.get(rules.ELSE)
    for cell in cells:
        if cell not in found and rest is None:
            lost = ", ".join(rules.labels(frame, cell))
            raise ArgumentError(
                where, f"no entry for {lost}", "an entry for every profile, or else"
            )
    return {cell: found.get(cell, rest) for cell in cells}


def _row(given: Any, players: list[str], where: str) -> list[Any]:
    if not isinstance(given, list) or len(given) != len(players):
        raise ArgumentError(where, given, f"{len(players)} numbers, one a player")
    return [_number(value, f"{where}[{i}]") for i, value in enumerate(given)]


def _chances(names: list[str], given: Any, where: str) -> dict[int, Any]:
    """Chances of the next state by its index: a state, or a table from states to chances."""
    law = {given: 1} if isinstance(given, str) else given
    if not isinstance(law, dict):
        raise ArgumentError(where, given, "a state, or a table from states to chances")
    return {rules.state(names, to, where): _number(p, f"{where}.{to}") for to, p in law.items()}


READERS: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "repeated": _repeated,
    "stochastic": _stochastic,
}


def _stage(told: Mapping[str, Any]) -> NormalForm:
    """The game of one day: players, their actions, a payoff table by profile."""
    actions = _table(told, "actions")
    players = told.get("players", list(actions))
    if not isinstance(players, list) or not players or set(players) != set(actions):
        allowed = f"the names in [actions]: {', '.join(actions) or 'none is there'}"
        raise ArgumentError("players", players, allowed)
    for who in players:
        if not isinstance(actions[who], list) or not actions[who]:
            raise ArgumentError(f"actions.{who}", actions[who], "a list of names")
    names = [[str(a) for a in actions[who]] for who in players]
    shape = tuple(map(len, names))
    frame = NormalForm(np.zeros((len(players), *shape)), players, names)
    table = np.empty((len(players), *shape), dtype=object)
    given = _table(told, "payoffs")
    seen: set[tuple[int, ...]] = set()
    for key, row in given.items():
        where = f'payoffs."{key}"'
        cell = rules.profile(frame, key, where)
        if not isinstance(row, list) or len(row) != len(players):
            raise ArgumentError(where, row, f"{len(players)} numbers, one a player")
        for i, value in enumerate(row):
            table[(i, *cell)] = _number(value, f"{where}[{i}]")
        seen.add(cell)
    missing = [cell for cell in np.ndindex(*shape) if cell not in seen]
    if missing:
        lost = ", ".join(rules.labels(frame, missing[0]))
        raise ArgumentError("payoffs", f"no entry for {lost}", "an entry for every profile")
    return NormalForm(table, players, names, str(told.get("title", "")))


def _number(value: Any, where: str) -> Any:
    """A number of the file: whole, decimal, or a text with a fraction."""
    if isinstance(value, str):
        try:
            return Fraction(value)
        except (ValueError, ZeroDivisionError):
            raise ArgumentError(where, value, 'a number, or a fraction as "1/3"') from None
    if isinstance(value, bool) or not isinstance(value, int | Fraction | float):
        raise ArgumentError(where, value, 'a number, or a fraction as "1/3"')
    if not -np.inf < value < np.inf:
        raise ArgumentError(where, value, "a finite number")
    return value


def _discount(stage: NormalForm, given: Any) -> Any:
    if given is None:
        return None
    if isinstance(given, list):
        values: Any = tuple(_number(x, f"discount[{i}]") for i, x in enumerate(given))
    else:
        values = _number(given, "discount")
    RepeatedGame(stage, values)  # refuses what is no discount factor
    return values


def _signals(stage: NormalForm, given: Any) -> PublicSignals | None:
    """Laws of the public signal by profile, ``else`` for the profiles that are not listed."""
    if given is None:
        return None
    if not isinstance(given, dict) or not given:
        raise ArgumentError("signals", given, "a table of laws by profile")
    laws: dict[tuple[int, ...], Any] = {}
    names: list[str] = []
    for key, law in given.items():
        where = f'signals."{key}"'
        if not isinstance(law, dict) or not law:
            raise ArgumentError(where, law, "chances by signal, as { quiet = 0.9, shots = 0.1 }")
        names += [y for y in law if y not in names]
        chances = {y: float(_number(p, f"{where}.{y}")) for y, p in law.items()}
        if key != rules.ELSE:
            laws[rules.profile(stage, key, where)] = chances
        else:
            laws.update({c: chances for c in np.ndindex(*stage.shape) if c not in laws})
    table = np.zeros((*stage.shape, len(names)))
    for cell in np.ndindex(*stage.shape):
        if cell not in laws:
            lost = ", ".join(rules.labels(stage, cell))
            raise ArgumentError("signals", f"no law for {lost}", "a law for every profile, or else")
        table[cell] = [laws[cell].get(y, 0.0) for y in names]
        total = float(table[cell].sum())
        if not abs(total - 1) <= PROBABILITY_SUM or np.any(table[cell] < 0):
            where = f'signals."{", ".join(rules.labels(stage, cell))}"'
            raise ArgumentError(where, laws[cell], "chances that add up to 1")
    return PublicSignals(table, names)


def _automaton(
    stage: NormalForm, told: Mapping[str, Any], monitoring: PublicSignals | None
) -> Automaton | None:
    if "automaton" not in told:
        return None
    given = _table(told, "automaton")
    kind = given.get("kind", "states")
    if kind not in AUTOMATA:
        raise ArgumentError("automaton.kind", kind, f"one of {', '.join(AUTOMATA)}")
    if kind != "states" and monitoring is not None:
        hint = "say in [automaton.states] what each signal leads to"
        raise ArgumentError("automaton.kind", kind, "states, where signals are noisy", hint)
    wanted = {"states": ("states", "initial"), "grim": ("cooperate", "punish"),
              "n-day": ("cooperate", "punish", "days"), "staged-release": ("schedule", "punish"),
              "tit-for-tat": ("first",)}[kind]  # fmt: skip
    _known(given, "automaton.", ("kind", *wanted))
    for field in wanted:
        if field not in given and field != "initial":
            raise ArgumentError(f"automaton.{field}", None, f"this field, as kind is {kind}")
    try:
        return _built(stage, kind, given, monitoring)
    except ArgumentError as error:
        where = f"automaton: {error.where}"
        raise ArgumentError(where, error.got, error.allowed, error.hint) from None


def _built(
    stage: NormalForm, kind: str, given: Mapping[str, Any], monitoring: PublicSignals | None
) -> Automaton:
    if kind == "grim":
        return Automaton.grim(stage, given["cooperate"], given["punish"])
    if kind == "n-day":
        return Automaton.n_day_punishment(stage, given["cooperate"], given["punish"],
                                          given["days"])  # fmt: skip
    if kind == "staged-release":
        return Automaton.staged_release(stage, given["schedule"], given["punish"])
    if kind == "tit-for-tat":
        return Automaton.tit_for_tat(stage, given["first"])
    states = given["states"]
    if not isinstance(states, dict) or not all(isinstance(s, dict) for s in states.values()):
        raise ArgumentError("states", states, "a table a state, with play and next")
    return Automaton.from_dict(stage, states, initial=given.get("initial"), monitoring=monitoring)


def _table(told: Mapping[str, Any], field: str) -> dict[str, Any]:
    given = told.get(field, {})
    if not isinstance(given, dict):
        raise ArgumentError(field, given, f"a table, [{field}]")
    return given


def _known(told: Mapping[str, Any], prefix: str, fields: tuple[str, ...]) -> None:
    for field in told:
        if field not in fields:
            raise ArgumentError(f"{prefix}{field}", told[field], f"one of {', '.join(fields)}")
