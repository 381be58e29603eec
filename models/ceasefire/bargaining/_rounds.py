"""One round after another: what the models of alternating offers share.

Players are 0 and 1 inside. An offer of player k that is refused is followed, after a gap, by one of
the other; over that gap a util of player i shrinks to ``keep[k][i]``, the chance that talks survive
it included, and what player i gets where they do not is worth ``fall[k][i]`` at the refusal.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Literal, NamedTuple

from ceasefire.errors import ArgumentError, SolveError
from ceasefire.tolerances import BARGAINING_VALUES, OFFERS_ROUNDING

Number = float | Fraction
Pair = tuple[Any, Any]
Opting = Literal["responder", "proposer", "both"]

MOST_DOUBLINGS = 200  # 2**200 rounds: d1 d2 would have to be 1 for them not to meet
MOST_ROUNDS = 400_000  # of an iteration round by round


class Rounds(NamedTuple):
    """The game in numbers: see the head of the file.

    `option[i]` is what player i gets by leaving (None: it cannot); one that cannot gets 0 when
    the other leaves. `end` is what the refusal of a last offer is worth, `opting` who may leave
    after a refusal.
    """

    keep: tuple[Pair, Pair]
    fall: tuple[Pair, Pair]
    option: Pair
    end: Pair
    opting: Opting = "responder"

    @property
    def left(self) -> Pair:
        """What both get once somebody leaves."""
        return (self.option[0] or 0, self.option[1] or 0)

    @property
    def agreeable(self) -> bool:
        """Whether nothing that can follow a refusal is worth more than the pie to both together."""
        going_on = max(
            sum(fall) + max(*keep) for fall, keep in zip(self.fall, self.keep, strict=True)
        )
        return bool(max(going_on, sum(self.left)) <= 1 + OFFERS_ROUNDING)

    @property
    def has_options(self) -> bool:
        """Whether anybody can leave."""
        return any(w is not None for w in self.option)

    def swapped(self) -> Rounds:
        """The same with the names of the sides exchanged."""
        keep, fall = ((pairs[1][::-1], pairs[0][::-1]) for pairs in (self.keep, self.fall))
        return Rounds(keep, fall, self.option[::-1], self.end[::-1], self.opting)

    def floats(self) -> Rounds:
        """The same in floats."""
        keep = tuple((float(a), float(b)) for a, b in self.keep)
        fall = tuple((float(a), float(b)) for a, b in self.fall)
        option = tuple(None if w is None else float(w) for w in self.option)
        end = (float(self.end[0]), float(self.end[1]))
        return Rounds(keep, fall, option, end, self.opting)  # type: ignore[arg-type]


def waiting(game: Rounds, k: int, value: Pair) -> Pair:
    """What both have where k's offer was refused and nobody leaves; `value` is of what follows."""
    keep, fall = game.keep[k], game.fall[k]
    return (fall[0] + keep[0] * value[0], fall[1] + keep[1] * value[1])


def refused(game: Rounds, k: int, wait: Pair) -> Pair:
    """What both have after k's offer was refused, who leaves only where that is better."""
    j = 1 - k
    after = wait
    if game.opting != "responder" and game.option[k] is not None and game.option[k] > after[k]:
        after = game.left
    if game.opting != "proposer" and game.option[j] is not None and game.option[j] > after[j]:
        after = game.left
    return after


def offering(k: int, after: Pair) -> tuple[Pair, bool]:
    """What both have where k offers and a refusal means `after`; whether they agree."""
    ask = max(0, after[1 - k])
    if 1 - ask < after[k] - OFFERS_ROUNDING * (not isinstance(ask, Fraction)):
        return after, False
    return ((1 - ask, ask) if k == 0 else (ask, 1 - ask)), True


class Step(NamedTuple):
    """A round of finite play: payoffs, and payoffs after a refusal, from then on."""

    proposer: int
    value: Pair
    agreed: bool
    after: Pair
    tied: bool  # whether somebody who may leave does not care, and the other does


def finite(game: Rounds, offers: int) -> list[Step]:
    """Backward induction over so many offers, the first of them by player 0; first round first."""
    found: list[Step] = []
    wait = game.end
    for t in range(offers - 1, -1, -1):
        k = t % 2
        after = refused(game, k, wait)
        value, agreed = offering(k, after)
        found.append(Step(k, value, agreed, after, _tied(game, k, wait, agreed)))
        wait = waiting(game, 1 - k, value)
    return found[::-1]


def _tied(game: Rounds, k: int, wait: Pair, agreed: bool) -> bool:
    """Whether a tie between leaving and waiting moves what somebody gets."""
    who = {"responder": (1 - k,), "proposer": (k,), "both": (0, 1)}[game.opting]
    for i in who:
        w = game.option[i]
        even = w is not None and abs(w - wait[i]) <= OFFERS_ROUNDING
        matters = abs(game.left[1 - i] - wait[1 - i]) > OFFERS_ROUNDING
        if even and matters and (i == k or not agreed):
            return True
    return False


def steps(game: Rounds) -> tuple[tuple[Any, Any, Any], tuple[Any, Any, Any]]:
    """``V_k = min(h, a - s V_j)``, what proposer k keeps: its h, a and s for k = 0 and 1."""

    def step(k: int, j: int) -> tuple[Any, Any, Any]:
        option = game.option[j] or 0
        return 1 - max(0, option), 1 - game.fall[k][j], game.keep[k][j]

    return step(0, 1), step(1, 0)


def endless(game: Rounds) -> Pair:
    """The proposers' shares without a last offer, in closed form, where waiting is no gain.

    Two rounds map ``V_1`` to ``min(h_1, max(a_1 - s_1 h_2, a_1 - s_1 a_2 + s_1 s_2 V_1))``; its
    fixed point is that of the affine part, moved to the nearest bound.
    """
    (h, a, s), (g, b, r) = steps(game)
    middle = (a - s * b) / (1 - s * r)
    one = min(h, max(a - s * g, middle))
    return one, min(g, b - r * one)


def squeezed(game: Rounds) -> tuple[Pair, int, float]:
    """The same by 2, 4, 8, ... rounds after the extreme ends; rounds needed and the gap left."""
    (h, a, s), (g, b, r) = steps(game.floats())
    low, high, shift, slope = min(h, a - s * g), h, a - s * b, s * r
    for n in range(MOST_DOUBLINGS):
        bottom, top = (min(high, max(low, shift + slope * v)) for v in (0.0, 1.0))
        if top - bottom <= BARGAINING_VALUES:
            one = (bottom + top) / 2
            return (one, min(g, b - r * one)), 2 ** (n + 1), top - bottom
        low, high = (min(high, max(low, shift + slope * v)) for v in (low, high))
        shift, slope = shift + slope * shift, slope * slope
    raise SolveError("the extreme ends do not meet: no delay costs anybody anything", (low, high))


def by_rounds(game: Rounds) -> tuple[Step, Step, int, bool]:
    """Backward induction from ever further ends, where waiting may be worth more than the pie.

    Returns the rounds in which player 0 and player 1 offers first, how far it looked, and whether
    looking further moved nothing.
    """

    def step(k: int, wait: Pair) -> Step:
        after = refused(game, k, wait)
        value, agreed = offering(k, after)
        return Step(k, value, agreed, after, False)

    one, two = step(0, game.end), step(1, game.end)
    enough = BARGAINING_VALUES * (1 - min(max(map(max, game.keep)), 1 - 1e-3))
    for n in range(2, MOST_ROUNDS):
        new = step(0, waiting(game, 0, two.value)), step(1, waiting(game, 1, one.value))
        moved = max(
            abs(a - b) for x, y in zip((one, two), new, strict=True)
            for a, b in zip(x.value, y.value, strict=True)
        )  # fmt: skip
        one, two = new
        if moved <= enough:
            return one, two, n, True
    return one, two, MOST_ROUNDS, False


# ---- where the proposer may leave: intervals of what proposers can get ----


class Interval(NamedTuple):
    """Least and largest share of a proposer over all equilibria."""

    low: float
    high: float


def asks(game: Rounds, k: int, other: Interval) -> Interval:
    """What the responder j to k may hold out for, where proposer j would get one of `other`.

    After a refusal k may leave if the worst continuation gives it no more, and may wait if the best
    gives it no less; where it waits, what follows must be worth that.
    """
    j, w = 1 - k, game.option[k]

    def worth(v: float) -> float:  # of going on, to k
        return float(game.fall[k][k] + game.keep[k][k] * (1 - v))

    def held(v: float) -> float:  # of going on, to j
        return float(game.fall[k][j] + game.keep[k][j] * v)

    found: list[float] = []
    slack = OFFERS_ROUNDING
    if w is None or worth(other.low) >= w - slack:
        top = other.high
        if w is not None and worth(top) < w:  # then keep[k][k] > 0
            top = max(other.low, 1 - float(w - game.fall[k][k]) / float(game.keep[k][k]))
        found += [held(other.low), held(top)]
    if w is not None and worth(other.high) <= w + slack:
        found.append(float(game.left[j]))
    least = game.option[j] if game.opting == "both" and game.option[j] is not None else 0.0
    return Interval(max(least, 0.0, min(found)), max(least, 0.0, max(found)))


def intervals(game: Rounds) -> tuple[Interval, Interval, int]:
    """Shrink [0, 1] for both until nothing moves."""
    one, two = Interval(0.0, 1.0), Interval(0.0, 1.0)
    for n in range(1, MOST_ROUNDS):
        new = []
        for k, other in ((0, two), (1, one)):
            low, high = asks(game, k, other)
            new.append(Interval(1 - high, 1 - low))
        moved = max(
            abs(a - b) for x, y in zip((one, two), new, strict=True)
            for a, b in zip(x, y, strict=True)
        )  # fmt: skip
        one, two = new
        if moved <= BARGAINING_VALUES * 1e-3:
            return one, two, n
    raise SolveError("the intervals still shrink: a round costs hardly anything", (one, two))


def unsupported(game: Rounds, k: int, own: Interval, other: Interval) -> float:
    """By how much the automaton fails whose states are the ends of the intervals.

    In the state (k, V) player k asks for V; if it does and is refused the plan least for j follows,
    if it asks for anything else the plan best for j. A plan is to leave, or to wait and enter a
    state of j. Returns the largest gain from one deviation, or the largest miss of a value.
    """
    j, w, worst = 1 - k, game.option[k], 0.0
    least = game.option[j] if game.opting == "both" and game.option[j] is not None else 0.0
    for V, best_for_k in ((own.high, True), (own.low, False)):
        ask = 1 - V
        # Waiting for the state of j in which it gets exactly what it asks for here.
        keep, fall = game.keep[k], game.fall[k]
        faults = []
        if keep[j] > 0:
            v = min(max((ask - fall[j]) / keep[j], other.low), other.high)
            got = fall[k] + keep[k] * (1 - v)
            miss = abs(max(least, 0.0, fall[j] + keep[j] * v) - ask)
            faults.append(max(miss, 0.0 if w is None else w - got, 0.0 if best_for_k else got - V))
        if w is not None:
            tempted = fall[k] + keep[k] * (1 - other.high) - w
            miss = abs(max(least, 0.0, game.left[j]) - ask)
            faults.append(max(miss, tempted, 0.0 if best_for_k else w - V))
        if keep[j] <= 0:
            faults.append(abs(max(least, 0.0, fall[j]) - ask))
        worst = max(worst, min(map(float, faults)))
    return worst


DEVIATIONS = ("gain from refusing", "gain from another offer")


def deviations(played: list[Step]) -> dict[str, float]:
    """What anybody gains by one deviation in some round of the play."""
    refusing, proposing = [], []
    for k, now, agreed, after, _ in played:
        j = 1 - k
        lowest = max(0, after[j])  # which the responder would accept
        refusing.append(after[j] - now[j] if agreed else abs(after[j] - now[j]))
        proposing.append(max(after[k], 1 - lowest) - now[k])
    return dict(zip(DEVIATIONS, (float(max(refusing)), float(max(proposing))), strict=True))


def gains(game: Rounds, first: Pair, second: Pair, agreed: tuple[bool, bool]) -> dict[str, float]:
    """The same for stationary play, worth `first` where side 1 offers and `second` elsewhere."""
    after = [refused(game, k, waiting(game, k, (second, first)[k])) for k in (0, 1)]
    return deviations([Step(k, (first, second)[k], agreed[k], after[k], False) for k in (0, 1)])


def checked_number(
    name: str, value: Any, low: float, high: float, allowed: str, hint: str = ""
) -> None:
    """Refuse what is not a number from `low` to `high`."""
    good = isinstance(value, int | float | Fraction) and not isinstance(value, bool)
    if not good or not low <= value <= high:  # NaN fails here
        raise ArgumentError(name, value, allowed, hint)
