"""Games for the general engines: levels that can only rise, and instalments paid round by round."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ceasefire.games import Decision, End, ExtensiveForm, Outcome, StateGame, StochasticGame

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from fractions import Fraction

    Flow = Callable[[Any, Any], Any]
    Move = Decision | End


class _Place(NamedTuple):
    """A state: what kind, how many days are over, and both levels by their place on the grid."""

    kind: str  # "open", "frozen" or "carried"
    day: int
    own: int
    other: int
    text: str

    def __str__(self) -> str:
        return self.text


class LevelRules:
    """The rules of a game of rising levels, as `StochasticGame.from_rules` reads them.

    Attributes
    ----------
    levels : sequence of Fraction
        The grid; levels start at its first.
    flow : callable
        ``flow(own, other)``, utils a day.
    carried : callable or None
        What a common level is worth a day where the story goes on; None: it does not.
    days : int or None
        Days on which levels can be raised; None: without end.
    frozen : bool
        Whether nobody can move once levels differ.
    """

    def __init__(
        self, levels: Sequence[Fraction], flow: Flow, carried: Callable[[Any], Any] | None,
        days: int | None, frozen: bool,
    ) -> None:  # fmt: skip
        self.levels, self.flow, self.carried = levels, flow, carried
        self.days, self.frozen = days, frozen
        self.names = _distinct([f"{float(c):.8g}" for c in levels])

    def root(self) -> _Place:
        """Both at the lowest level, before the first day."""
        return self._place("open", 0, 0, 0)

    def __call__(self, place: _Place) -> StateGame:
        if place.kind != "open":
            return StateGame({}, lambda: Outcome(self._settled(place), place))
        acts = {"1": self.names[place.own :], "2": self.names[place.other :]}
        where = {name: k for k, name in enumerate(self.names)}

        def outcome(first: str, second: str) -> Outcome:
            i, j = where[first], where[second]
            return Outcome(self._flows(i, j), self._after(place.day + 1, i, j))

        return StateGame(acts, outcome)

    def _flows(self, i: int, j: int) -> tuple[Any, Any]:
        one, two = self.levels[i], self.levels[j]
        return self.flow(one, two), self.flow(two, one)

    def _settled(self, place: _Place) -> tuple[Any, Any]:
        if place.kind == "carried" and self.carried is not None:
            worth = self.carried(self.levels[place.own])
            return worth, worth
        return self._flows(place.own, place.other)

    def _after(self, day: int, i: int, j: int) -> _Place:
        over = day == self.days
        top = self.days is None and i == j == len(self.levels) - 1
        if self.carried is not None and i == j and (over or top):
            return self._place("carried", 0, i, j)
        if over or (self.frozen and i != j):
            return self._place("frozen", 0, i, j)
        return self._place("open", 0 if self.days is None else day, i, j)

    def _place(self, kind: str, day: int, i: int, j: int) -> _Place:
        at = self.names[i] if i == j else f"{self.names[i]} and {self.names[j]}"
        when = f"day {day + 1}, " if kind == "open" and self.days is not None else ""
        note = "" if kind == "open" else f", {kind}"
        return _Place(kind, day, i, j, f"{when}{at}{note}")


def level_game(rules: LevelRules, discount: Any, title: str) -> StochasticGame:
    """Both choose a level every day, at the same time; levels never fall."""
    return StochasticGame.from_rules(
        rules.root(), rules, players=("1", "2"), discount=discount, title=title
    )


class InstalmentRules(NamedTuple):
    """The rules of instalments: amounts are parts of what is left, prices multiples of the cost.

    `end` is the worth to the payer of what follows the last round, as a function of what is left,
    counted at that round.
    """

    value: Fraction
    cost: Fraction
    discount: Fraction
    rounds: int
    parts: tuple[Fraction, ...]
    prices: tuple[Fraction, ...]
    end: Callable[[Fraction], Fraction]

    def hand(self, t: int, left: Fraction, got: tuple[Any, Any]) -> Move:
        """Round t: the captor holds, which ends it, or hands over a part of what is left."""
        if t == self.rounds:
            weight = self.discount**t
            return End((got[0], got[1] + weight * self.end(left)))
        moves: dict[str, Move] = {"hold": End((0, 0))}
        names = _distinct([f"hand over {float(part * left):.8g}" for part in self.parts])
        for name, part in zip(names, self.parts, strict=True):
            moves[name] = self.pay(t, left - part * left, part * left)
        return Decision("captor", moves, payoffs=got)

    def pay(self, t: int, left: Fraction, amount: Fraction) -> Move:
        """The payer keeps its money, which ends it, or pays a multiple of the captor's cost."""
        weight = self.discount**t
        moves: dict[str, Move] = {"keep": End((0, 0))}
        due = [self.cost * amount * price for price in self.prices]
        for name, price in zip(_distinct([f"pay {float(p):.8g}" for p in due]), due, strict=True):
            moves[name] = self.hand(t + 1, left, (weight * price, -weight * price))
        got = (-weight * self.cost * amount, weight * self.value * amount)
        return Decision("payer", moves, payoffs=got)


def instalment_tree(rules: InstalmentRules, stock: Fraction, title: str) -> ExtensiveForm:
    """Unfold the rounds from the whole stock."""
    start = rules.hand(0, stock, (0, 0))
    return ExtensiveForm.from_rules(
        start, lambda state: state, players=("captor", "payer"), title=title
    )


def _distinct(names: list[str]) -> list[str]:
    """The names, numbered where two read alike."""
    return [name if names.count(name) == 1 else f"{name} ({k + 1})" for k, name in enumerate(names)]
