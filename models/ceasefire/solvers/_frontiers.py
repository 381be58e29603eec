"""Two players, polyhedral sets: the Pareto frontier in fractions, and the rules on it."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from ceasefire.errors import ArgumentError
from ceasefire.games.problem import Frontier, Issues, Points
from ceasefire.solvers import _exact_programs as programs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ceasefire.games import BargainingProblem

ZERO, ONE = Fraction(0), Fraction(1)
Pair = tuple[Fraction, Fraction]


class Corner(NamedTuple):
    """A corner of the frontier: payoffs, and the levels (weights of outcomes) that give them."""

    u: Pair
    levels: tuple[Fraction, ...]


class Side(NamedTuple):
    """``normal . u <= right`` on the frontier's side, with the corners at its ends."""

    normal: Pair
    right: Fraction
    ends: tuple[Corner, Corner]


def corners(problem: BargainingProblem) -> list[Corner]:
    """Corners of the Pareto frontier, the first player's payoff rising.

    From the two ends, each the best of one player, inwards: the furthest feasible point beyond
    the chord of two known ones is a new one. At most twice as many programs as corners. Where an
    issue has no bound, only of the part where nobody has less than without an agreement.
    """
    first, last = (_furthest(problem, goals) for goals in (((0, 1), (1, 0)), ((1, 0), (0, 1))))
    if first.u == last.u:
        return [first]
    found = [first]
    _between(problem, first, last, found)
    return _bends(found)


def _between(problem: BargainingProblem, a: Corner, b: Corner, found: list[Corner]) -> None:
    """Append the corners after a, up to and with b."""
    todo = [(a, b)]
    while todo:
        left, right = todo.pop()
        normal = left.u[1] - right.u[1], right.u[0] - left.u[0]
        far = _furthest(problem, (normal,))
        if _dot(normal, far.u) > _dot(normal, left.u):
            todo += [(far, right), (left, far)]
        else:
            found.append(right)


def _bends(found: list[Corner]) -> list[Corner]:
    """Leave out what lies between its neighbours on a line."""
    kept: list[Corner] = []
    for corner in found:
        while len(kept) > 1 and _turn(kept[-2].u, kept[-1].u, corner.u) >= 0:
            kept.pop()
        kept.append(corner)
    return kept


def _turn(a: Pair, b: Pair, c: Pair) -> Fraction:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _dot(p: Iterable[Any], u: Iterable[Any]) -> Fraction:
    return sum((x * y for x, y in zip(p, u, strict=True)), ZERO)


def _furthest(problem: BargainingProblem, goals: Sequence[Sequence[Any]]) -> Corner:
    """Maximise one direction of payoffs, then the next among its ties."""
    at = problem.feasible
    if isinstance(at, Points):
        best = max(range(len(at.payoffs)), key=lambda k: [_dot(g, at.payoffs[k]) for g in goals])
        weights = tuple(ONE if k == best else ZERO for k in range(len(at.payoffs)))
        return Corner((at.payoffs[best][0], at.payoffs[best][1]), weights)
    assert isinstance(at, Issues)
    worth = [[_dot(g, at.values[:, j]) for j in range(len(at.labels))] for g in goals]
    boxed = not len(at.rows) and not _open(at)
    levels = _in_bounds(at, worth) if boxed else _in_rows(problem, at, worth)
    u = problem.payoffs_at(levels)
    return Corner((u[0], u[1]), tuple(levels))


def _in_bounds(at: Issues, worth: list[list[Fraction]]) -> list[Fraction]:
    """Each issue at the bound that the first goal it matters to prefers."""
    levels = []
    for j, (low, high) in enumerate(zip(at.lower, at.upper, strict=True)):
        sign = next((goal[j] for goal in worth if goal[j] != 0), -ONE)
        level = high if sign > 0 else low
        assert level is not None
        levels.append(level)
    return levels


def _open(at: Issues) -> bool:
    return None in at.lower or None in at.upper


def _in_rows(problem: BargainingProblem, at: Issues, worth: list[list[Fraction]]) -> list[Fraction]:
    rows, limits = at.rows.tolist(), at.limits.tolist()
    if _open(at):
        rows += (-at.values).tolist()
        limits += (at.base - problem.disagreement).tolist()
    found = None
    for goal in worth:
        found = programs.maximise(goal, rows, limits, at.lower, at.upper)
        if found.ended == "unbounded":
            raise unbounded("the feasible set")
        if found.ended == "infeasible":
            raise outside(problem) if _open(at) else empty()
        # among ties only: the goal reached becomes a limit of the next program
        rows, limits = [*rows, [-x for x in goal]], [*limits, -found.value]
    assert found is not None
    return found.x


def unbounded(what: str) -> ArgumentError:
    """An error: some payoff has no limit."""
    hint = "bound every issue that somebody gains by, or add joint limits"
    return ArgumentError("problem", f"{what} without a bound", "a bounded set of payoffs", hint)


def empty() -> ArgumentError:
    """An error: nothing is feasible."""
    return ArgumentError("problem", "joint limits that nothing meets", "a set with a point in it")


def outside(problem: BargainingProblem) -> ArgumentError:
    """An error: not all can have what they have without an agreement."""
    got = ", ".join(f"{float(x):g}" for x in problem.disagreement)
    hint = "no agreement gives all of them that much"
    return ArgumentError("disagreement", got, "payoffs within the frontier", hint)


def sides(chain: list[Corner]) -> list[Side]:
    """The halfplanes whose corner the frontier is, payoff being free to throw away."""
    made = [Side((ZERO, ONE), chain[0].u[1], (chain[0], chain[0]))]
    for a, b in pairwise(chain):
        normal = a.u[1] - b.u[1], b.u[0] - a.u[0]
        made.append(Side(normal, _dot(normal, a.u), (a, b)))
    return [*made, Side((ONE, ZERO), chain[-1].u[0], (chain[-1], chain[-1]))]


def room(around: list[Side], d: Pair) -> Fraction:
    """How much both can gain at once from d, along (1, 1): negative outside the frontier."""
    return min((side.right - _dot(side.normal, d)) / sum(side.normal) for side in around)


def ideal(around: list[Side], d: Pair) -> Pair:
    """The most that each can have while the other has d."""
    top = []
    for i in range(2):
        limits = [
            (s.right - s.normal[1 - i] * d[1 - i]) / s.normal[i] for s in around if s.normal[i] > 0
        ]
        top.append(min(limits))
    return top[0], top[1]


def along(around: list[Side], start: Pair, direction: Pair) -> Pair:
    """The last feasible point from `start` in a positive direction."""
    t = min((s.right - _dot(s.normal, start)) / _dot(s.normal, direction) for s in around)
    return start[0] + t * direction[0], start[1] + t * direction[1]


def nash(around: list[Side], d: Pair, weights: Pair) -> Pair:
    """Maximise ``(u_1 - d_1)^w_1 (u_2 - d_2)^w_2``, walking along the frontier.

    On a side the product is largest where each has its weight's share of
    ``normal . (u - d)``; the product is quasi-concave, so the first side whose best point is not
    beyond its far end has the answer.
    """
    inner = [s for s in around if s.normal[0] > 0 and s.normal[1] > 0]
    if not inner:
        return around[-1].right, around[0].right
    u = inner[0].ends[0].u
    for side in inner:
        worth = side.right - _dot(side.normal, d)
        best = d[0] + weights[0] / sum(weights) * worth / side.normal[0]
        if best <= side.ends[0].u[0]:
            return side.ends[0].u
        if best <= side.ends[1].u[0]:
            return best, (side.right - side.normal[0] * best) / side.normal[1]
        u = side.ends[1].u
    return u


def utilitarian(around: list[Side], d: Pair, weights: Pair) -> tuple[Pair, bool]:
    """Maximise ``w . u``, nobody below d; of tied points the middle, and whether there is one."""
    top = ideal(around, d)
    ends = [(d[0], top[1]), (top[0], d[1])]
    heights = [_lowered(around, x) for x in (d[0], top[0])]
    points = [(ends[0][0], heights[0]), (ends[1][0], heights[1])]
    points += [c.u for s in around for c in s.ends if c.u[0] >= d[0] and c.u[1] >= d[1]]
    most = max(_dot(weights, u) for u in points)
    best = sorted({u for u in points if _dot(weights, u) == most})
    return ((best[0][0] + best[-1][0]) / 2, (best[0][1] + best[-1][1]) / 2), len(best) == 1


def _lowered(around: list[Side], x: Fraction) -> Fraction:
    """The second player's most where the first has x."""
    return min((s.right - s.normal[0] * x) / s.normal[1] for s in around if s.normal[1] > 0)


def levels_at(around: list[Side], u: Pair) -> tuple[Fraction, ...]:
    """Levels that give at least u to both: on the side of the frontier that u lies on.

    Where u lies below an end of the frontier, the levels of that end.
    """
    for side in around:
        if _dot(side.normal, u) == side.right:
            a, b = side.ends
            if a.u == b.u:
                if u[0] <= a.u[0] and u[1] <= a.u[1]:
                    return a.levels
                continue
            share = (u[0] - a.u[0]) / (b.u[0] - a.u[0])
            if 0 <= share <= 1:
                pairs = zip(a.levels, b.levels, strict=True)
                return tuple(x + share * (y - x) for x, y in pairs)
    raise AssertionError("a point off the frontier")


def polyhedral(problem: BargainingProblem) -> bool:
    """Whether the set is polyhedral and convex."""
    return problem.is_convex and not isinstance(problem.feasible, Frontier)
