"""Games that come in sizes: each function builds one from its parameters, exactly where it can."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations
from typing import Any

import numpy as np

from ceasefire.errors import ArgumentError
from ceasefire.games.extensive import Chance, Decision, End, ExtensiveForm
from ceasefire.games.normal import NormalForm

PARTIES = ["pausing state", "captor"]


def truce_two_types(*, rounds: int = 16, dealer: Any = Fraction(3, 5)) -> ExtensiveForm:
    """The truce of two types: ``8 rounds + 3`` nodes, ``3 rounds`` information sets.

    Chance draws a dealer or a spoiler, seen by the captor only. Each round the captor releases or
    reneges; after a release the pausing state, which does not know the type, extends or resumes.
    """
    _whole("rounds", rounds, 1)

    def moves(state: Any) -> Decision | Chance | End:
        if state == "start":
            return Chance({"dealer": (dealer, ("c", 0, 0)), "spoiler": (1 - dealer, ("c", 0, 1))})
        who, t, bad = state
        if who == "c":
            renege = End((2 * t - 3, t + (4 if bad else 1)))
            below = {"release": ("p", t, bad), "renege": renege}
            return Decision(
                "captor", below, sees=f"round {t + 1}, {'spoiler' if bad else 'dealer'}"
            )
        last = End((2 * rounds, rounds))
        below = {
            "extend": ("c", t + 1, bad) if t + 1 < rounds else last,
            "resume": End((2 * t + 1, t - 2 + (1 if bad else 0))),
        }
        return Decision("pausing state", below, sees=f"round {t + 1}")

    return ExtensiveForm.from_rules("start", moves, players=PARTIES, title="Truce of two types")


def centipede(
    *, moves: int = 4, first: Any = Fraction(2, 5), second: Any = Fraction(1, 10)
) -> ExtensiveForm:
    """The centipede: piles `first` > `second` double at each pass; the taker gets the larger."""
    _whole("moves", moves, 1)
    names = ["first", "second"]

    def rules(t: int) -> Decision | End:
        large, small = first * 2**t, second * 2**t
        pay = (large, small) if t % 2 == 0 else (small, large)
        below = {"take": End(pay), "pass": t + 1}
        return End(pay) if t == moves else Decision(names[t % 2], below, sees=f"move {t + 1}")

    return ExtensiveForm.from_rules(0, rules, players=names, title=f"Centipede, {moves} moves")


def travelers_dilemma(*, low: int = 2, high: int = 100, reward: Any = 2) -> NormalForm:
    """Both get the lower claim; the lower claimant `reward` more, the other as much less."""
    _whole("low", low, 0)
    _whole("high", high, low)
    claims = np.arange(low, high + 1, dtype=object)
    least = np.minimum(claims[:, None], claims[None, :])
    sign = np.where(claims[:, None] < claims[None, :], 1, -1) * (claims[:, None] != claims[None, :])
    A = least + sign.astype(object) * reward
    names = [str(c) for c in claims]
    return NormalForm.bimatrix(A, A.T, actions=[names, names], title="Traveler's dilemma")


def chain_store(*, entrants: int = 3, tough: Any = Fraction(1, 10), out: Any = 2,
                share: Any = Fraction(1, 2)) -> ExtensiveForm:  # fmt: skip
    """The chain store with a tough type of prior `tough` (Kreps and Wilson 1982).

    Entrants move in turn and see what happened before. Incumbent: `out` > 1 where nobody enters;
    the weak one gets 0 by yielding and -1 by fighting, the tough one the reverse. Entrant: 0 out,
    `share` when yielded to, ``share - 1`` when fought.
    """
    _whole("entrants", entrants, 1)
    players = ["incumbent", *(f"entrant {k + 1}" for k in range(entrants))]

    def moves(state: Any) -> Decision | Chance | End:
        if state == "start":
            return Chance({"tough": (tough, ("e", 1, ())), "weak": (1 - tough, ("e", 0, ()))})
        who, bad, past = state
        k = len(past)
        if who == "e" and k == entrants:
            return End(_chain_payoffs(bad, past, out, share))
        if who == "e":
            stay, enter = ("e", bad, (*past, "out")), ("i", bad, past)
            return Decision(players[k + 1], {"out": stay, "enter": enter}, sees=("entry", past))
        below = {act: ("e", bad, (*past, act)) for act in ("fight", "yield")}
        return Decision("incumbent", below, sees=("reply", bad, past))

    return ExtensiveForm.from_rules("start", moves, players=players, title="Chain store")


def _chain_payoffs(tough: int, past: tuple[str, ...], out: Any, share: Any) -> list[Any]:
    gain = {"out": out, "fight": 0 if tough else -1, "yield": -1 if tough else 0}
    entry = {"out": 0, "fight": share - 1, "yield": share}
    return [sum(gain[act] for act in past), *(entry[act] for act in past)]


def kidnapping(*, bound: Any = Fraction(1, 2), loss: Any = 10, caught: Any = Fraction(1, 5),
               penalty: Any = 5, demands: int = 12) -> ExtensiveForm:  # fmt: skip
    """Selten's kidnapping game with demands and offers on a grid.

    The taker kidnaps or not (0, 0); demands D; the family offers C of D's grid; with probability
    ``bound (1 - C/D)`` the captive is killed whatever the taker wants; else the taker releases or
    kills. Caught with probability `caught`: -`penalty` after a release (the ransom is recovered),
    -2 `penalty` after a killing; not caught: C, and -`penalty` / 2. The family loses C or `loss`.

    Demands are the `demands` equal steps up to twice Selten's optimal demand
    ``D* = bound loss / ((1 + bound)(1 - caught))``, which is on the grid where `demands` is even.
    """
    _whole("demands", demands, 2)
    top = 2 * bound * loss / ((1 + bound) * (1 - caught))
    grid = [top * (k + 1) / demands for k in range(demands)]
    kills = (-(caught * 2 * penalty + (1 - caught) * penalty / 2), -loss)

    def moves(state: Any) -> Decision | Chance | End:
        match state:
            case "start":
                return Decision("taker", {"abstain": End((0, 0)), "kidnap": "demand"})
            case "demand":
                return Decision("taker", {f"demand {d}": ("offer", d) for d in grid})
            case ("offer", d):
                offers = sorted({*(c for c in grid if c <= d), 0})
                return Decision("family", {f"offer {c}": ("held", d, c) for c in offers})
            case ("held", d, c):
                rash = bound * (1 - Fraction(c) / d)
                if rash == 0:
                    return moves(("choose", c))
                below = {"kills": (rash, End(kills)), "chooses": (1 - rash, ("choose", c))}
                return Chance(below)
            case ("choose", c):
                free = ((1 - caught) * c - caught * penalty, -(1 - caught) * c)
                return Decision("taker", {"release": End(free), "kill": End(kills)})
        raise AssertionError(state)

    title = "Kidnapping (Selten 1977)"
    return ExtensiveForm.from_rules("start", moves, players=["taker", "family"], title=title)


def reassurance(*, stake: Any = Fraction(73, 100), trust: Any = Fraction(1, 4), mutual: Any = 4,
                temptation: Any = Fraction(7, 2), alone: Any = 0, conflict: Any = 1,
                ) -> ExtensiveForm:  # fmt: skip
    """Reassurance by a first stake: the captor may put `stake` of the exchange at risk first.

    First the captor gives on the first stake, alone, or holds; seeing it, the pausing state
    trusts it with the rest or refuses, and a captor trusted with the rest does what its type
    prefers: a trustworthy one cooperates (`mutual` per unit to both), the other takes `temptation`
    and leaves the pausing state `alone`. Per unit, whoever gives alone gets `alone`, the taker
    `temptation`, and both `conflict` where nobody gives. The types separate where `stake` lies
    between ``(temptation - conflict) / (temptation - alone)`` and ``(mutual - conflict) /
    (mutual - alone)`` (Kydd 2000, in this form).
    """
    if not 0 < stake < 1:
        raise ArgumentError("stake", stake, "above 0 and below 1")
    rest = 1 - stake

    def captor(good: bool, gave: bool, trusted: bool) -> Any:
        first = alone if gave else conflict
        second = (mutual if good else temptation) if trusted else conflict
        return stake * first + rest * second

    def pausing(good: bool, gave: bool, trusted: bool) -> Any:
        second = (mutual if good else alone) if trusted else conflict
        return stake * (temptation if gave else conflict) + rest * second

    def moves(state: Any) -> Decision | Chance | End:
        match state:
            case "start":
                return Chance({"trustworthy": (trust, (True,)), "not": (1 - trust, (False,))})
            case (good,):
                sees = "trustworthy" if good else "untrustworthy"
                return Decision("captor", {"give": (good, True), "hold": (good, False)}, sees=sees)
            case (good, gave):
                ends = {
                    name: End(
                        {"captor": captor(good, gave, t), "pausing state": pausing(good, gave, t)}
                    )
                    for name, t in (("trust", True), ("refuse", False))
                }
                return Decision("pausing state", ends, sees="given" if gave else "held")
        raise AssertionError(state)

    players = ["captor", "pausing state"]
    return ExtensiveForm.from_rules("start", moves, players=players, title="Reassurance")


def pilot(*, gain: Any = 6, dealer_cost: Any = 1, spoiler_cost: Any = 3, most: int = 6,
          dealer: Any = Fraction(2, 5)) -> ExtensiveForm:  # fmt: skip
    """A pilot release of 0 to `most` captives as a signal (Spence 1973).

    The captor, a dealer or a spoiler, releases x captives at a cost per captive; the pausing state
    then agrees to the deal or not. The captor gets `gain` from a deal; the pausing state 1 from a
    deal with a dealer, -1 with a spoiler, 0 without one. Pilots of ``gain / spoiler_cost`` to
    ``gain / dealer_cost`` captives separate the types.
    """
    _whole("most", most, 1)

    def moves(state: Any) -> Decision | Chance | End:
        match state:
            case "start":
                return Chance({"dealer": (dealer, (True,)), "spoiler": (1 - dealer, (False,))})
            case (good,):
                sees = "dealer" if good else "spoiler"
                return Decision("captor", {f"{x}": (good, x) for x in range(most + 1)}, sees=sees)
            case (good, x):
                cost = x * (dealer_cost if good else spoiler_cost)
                ends = {"deal": End((gain - cost, 1 if good else -1)), "refuse": End((-cost, 0))}
                return Decision("pausing state", ends, sees=f"released {x}")
        raise AssertionError(state)

    players = ["captor", "pausing state"]
    return ExtensiveForm.from_rules("start", moves, players=players, title="Pilot release")


def kuhn_poker() -> ExtensiveForm:
    """Kuhn's poker with three cards; the first player's value is -1/18 (Kuhn 1950)."""
    seats = ["first", "second"]

    def moves(state: Any) -> Decision | Chance | End:
        if state == "deal":
            hands = list(permutations("JQK", 2))
            return Chance({a + b: (Fraction(1, 6), (a, b, "")) for a, b in hands})
        a, b, said = state
        win = 1 if "JQK".index(a) > "JQK".index(b) else -1
        ends = {"cc": win, "bb": 2 * win, "bf": 1, "cbf": -1, "cbb": 2 * win}
        if said in ends:
            return End((ends[said], -ends[said]))
        mover = len(said) % 2
        names = {"b": "bet", "c": "check"} if "b" not in said else {"b": "call", "f": "fold"}
        below = {name: (a, b, said + key) for key, name in names.items()}
        return Decision(seats[mover], below, sees=f"{(a, b)[mover]} after {said or 'the deal'}")

    return ExtensiveForm.from_rules("deal", moves, players=seats, title="Kuhn poker")


def volunteers_dilemma(*, players: int = 3, benefit: Any = 2, cost: Any = 1) -> NormalForm:
    """All get `benefit` if anyone volunteers, at a private `cost` (Diekmann 1985)."""
    _whole("players", players, 2)
    table = np.empty((players, *([2] * players)), dtype=object)
    for cell in np.ndindex(*([2] * players)):
        for i in range(players):
            table[(i, *cell)] = (benefit if any(cell) else 0) - (cost if cell[i] else 0)
    actions = [["wait", "volunteer"]] * players
    return NormalForm(table, actions=actions, title="Volunteer's dilemma")


def minimum_effort(*, efforts: int = 7, reward: Any = Fraction(1, 5), cost: Any = Fraction(1, 10),
                   base: Any = Fraction(3, 5)) -> NormalForm:  # fmt: skip
    """Each gets ``base + reward min(efforts) - cost own`` (Van Huyck, Battalio and Beil 1990)."""
    _whole("efforts", efforts, 1)
    e = np.arange(1, efforts + 1, dtype=object)
    A = base + reward * np.minimum(e[:, None], e[None, :]) - cost * e[:, None]
    return NormalForm.bimatrix(A, A.T, title="Minimum effort")


def savani_von_stengel(*, dimension: int = 4) -> NormalForm:
    """A square game whose Lemke-Howson paths are all exponentially long.

    Both best-reply polytopes are dual cyclic with ``2 dimension`` facets; the second one's labels
    are permuted so that the only equilibrium is completely mixed (Savani and von Stengel 2006).
    Exact fractions; `dimension` is even.
    """
    _whole("dimension", dimension, 2)
    d = dimension
    if d % 2:
        raise ArgumentError("dimension", d, "an even number")
    # facet k of the second polytope has label label[k]: 1 and d stay, neighbours between swap
    label = [0, *(k + (1 if k % 2 else -1) for k in range(1, d - 1)), d - 1]
    label += [k + (1 if k % 2 == 0 else -1) for k in range(d, 2 * d)]
    B = _cyclic(d, list(range(d)), list(range(d, 2 * d)))
    place = {name: k for k, name in enumerate(label)}
    A = _cyclic(d, [place[d + j] for j in range(d)], [place[i] for i in range(d)])
    title = f"Savani and von Stengel, {d} x {d}"
    return NormalForm.bimatrix(A, B.T, title=title)


def _cyclic(d: int, axes: list[int], others: list[int]) -> Any:
    """The dual cyclic polytope as ``{y >= 0, M y <= 1}``: facets `axes` are the coordinates'."""
    points = [[Fraction(t**power) for power in range(1, d + 1)] for t in range(1, 2 * d + 1)]
    centre = [sum(column) / (2 * d) for column in zip(*points, strict=True)]
    normals = [[x - c for x, c in zip(p, centre, strict=True)] for p in points]
    # y_k = 1 - normals[axes[k]] . z, so z = inverse (1 - y)
    inverse = _inverse([normals[k] for k in axes])
    rows = []
    for k in others:
        row = [sum(n * inverse[i][j] for i, n in enumerate(normals[k])) for j in range(d)]
        slack = 1 - sum(row)
        rows.append([-entry / slack for entry in row])
    table = np.empty((d, d), dtype=object)
    table[...] = rows
    return table


def _inverse(matrix: list[list[Fraction]]) -> list[list[Fraction]]:
    n = len(matrix)
    rows = [[*row, *(Fraction(int(i == j)) for j in range(n))] for i, row in enumerate(matrix)]
    for k in range(n):
        pivot = next(i for i in range(k, n) if rows[i][k])
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [x / rows[k][k] for x in rows[k]]
        for i in range(n):
            if i != k and rows[i][k]:
                factor = rows[i][k]
                rows[i] = [x - factor * y for x, y in zip(rows[i], rows[k], strict=True)]
    return [row[n:] for row in rows]


def _whole(name: str, value: Any, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ArgumentError(name, value, f"a whole number from {least}")
