"""The sequence form in rational arithmetic: a basis solved exactly, and Lemke's path exactly.

Unknown are plans x, y >= 0 and duals p, q (see `_lemke`). Which plan variables are basic, one of
each complementary pair, determines an equilibrium by two linear systems, solved here in fractions:

    E x = e,  (F'q - B'x)_k = 0 for basic y_k,     F y = f,  (E'p - A y)_k = 0 for basic x_k.
"""

from __future__ import annotations

from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ceasefire.errors import SolveError
from ceasefire.games._plans import _chance, _totals
from ceasefire.solvers._layout import layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ceasefire.games import ExtensiveForm
    from ceasefire.solvers.sequence_form import SequenceForm

    Row = dict[int, Fraction]
    Mask = NDArray[np.bool_]

ZERO = Fraction(0)
MOST_SEQUENCES = 2000  # four million whole numbers in the table, each pivot over all of them


class Rational(NamedTuple):
    """Payoffs by the other player's sequence and constraints by set, all in fractions.

    ``gain[0][j]`` maps x's sequences k to ``A[k, j]``, ``gain[1][k]`` maps y's j to ``B[k, j]``;
    ``rows[i][h]`` maps sequences of player i to the entries of constraint h.
    """

    gain: tuple[list[Row], list[Row]]
    rows: tuple[list[dict[int, int]], list[dict[int, int]]]


class Plans(NamedTuple):
    """Exact plans, and the slope of each in the trembles."""

    x: list[Fraction]
    y: list[Fraction]
    x_tremble: list[Fraction]
    y_tremble: list[Fraction]


def rational(tree: ExtensiveForm, form: SequenceForm) -> Rational:
    """The sequence form of a tree in fractions; a float stands for its own binary value."""
    plan = layout(tree)
    number = [np.zeros(int(tree.infoset_start[-1]) + 1, dtype=np.int64) for _ in range(2)]
    for i in range(2):
        number[i][form.places[i]] = 1 + np.arange(len(form.places[i]))
    A: list[Row] = [{} for _ in range(form.F.shape[1])]
    B: list[Row] = [{} for _ in range(form.E.shape[1])]
    reach, totals = _chance(tree, True), _totals(tree, True)
    for end in tree.ends.tolist():
        k, j = (int(number[i][plan.sequence[end, i]]) for i in range(2))
        A[j][k] = A[j].get(k, ZERO) + reach[end] * totals[end][0]
        B[k][j] = B[k].get(j, ZERO) + reach[end] * totals[end][1]
    rows = []
    for matrix in (form.E.tocsr(), form.F.tocsr()):
        cuts = [slice(a, b) for a, b in zip(matrix.indptr, matrix.indptr[1:], strict=False)]
        rows.append([
            dict(zip(matrix.indices[c].tolist(), map(int, matrix.data[c]), strict=True))
            for c in cuts
        ])  # fmt: skip
    return Rational((A, B), (rows[0], rows[1]))


def purify(form: Rational, basic: tuple[Mask, Mask], tremble: Sequence[int]) -> Plans | None:
    """Solve a complementary basis exactly; None unless it is an equilibrium, checked exactly.

    Parameters
    ----------
    form : Rational
    basic : pair of ndarray of bool
        Which plan variables of x and y are basic.
    tremble : sequence of int, length ``mE + mF``
        Direction of the trembles in the constraints.
    """
    first = len(form.rows[0])
    cut = (list(tremble[:first]), list(tremble[first:]))
    found = []
    for i in range(2):
        # gains of the other player are linear in this player's plan
        solved = _side(form.rows[i], form.rows[1 - i], form.gain[1 - i], basic[i], basic[1 - i],
                       cut[i])  # fmt: skip
        if solved is None:
            return None
        found.append(solved)
    return Plans(found[0][0], found[1][0], found[0][1], found[1][1])


def _side(
    own: list[dict[int, int]], other: list[dict[int, int]], gain: list[Row], mine: Mask,
    theirs: Mask, tremble: list[int],
) -> tuple[list[Fraction], list[Fraction]] | None:  # fmt: skip
    """One player's plan and the other's duals; `gain[k]` is what x_k adds to the other's rows."""
    n = len(mine)
    equations: dict[int, Row] = {int(j): {} for j in np.flatnonzero(theirs)}
    for h, row in enumerate(other):
        for j, sign in row.items():
            if j in equations:
                equations[j][n + h] = Fraction(sign)
    for k in np.flatnonzero(mine).tolist():
        for j, u in gain[k].items():
            if u and j in equations:
                equations[j][k] = -u
    rows = [{k: Fraction(s) for k, s in row.items() if mine[k]} for row in own]
    right = [[Fraction(int(h == 0)), Fraction(d)] for h, d in enumerate(tremble)]
    solved = solve(rows + list(equations.values()), right + [[ZERO, ZERO]] * len(equations))
    if solved is None:
        return None
    zero = [ZERO, ZERO]
    x, slope = ([solved.get(k, zero)[c] for k in range(n)] for c in (0, 1))
    dual = [solved.get(n + h, zero)[0] for h in range(len(other))]
    slack = [ZERO] * len(theirs)
    for h, row in enumerate(other):
        for j, sign in row.items():
            slack[j] += sign * dual[h]
    for k, weight in enumerate(x):
        for j, u in gain[k].items() if weight else ():
            slack[j] -= weight * u
    return (x, slope) if min(x) >= 0 and min(slack) >= 0 else None


def solve(rows: list[Row], right: list[list[Fraction]]) -> dict[int, list[Fraction]] | None:
    """Solve a sparse square system by elimination, shortest rows first; None where singular."""
    work = [dict(row) for row in rows]
    side = [list(values) for values in right]
    holders: dict[int, set[int]] = {}
    for r, row in enumerate(work):
        for c in row:
            holders.setdefault(c, set()).add(r)
    if len(holders) != len(rows):
        return None
    left, order = set(range(len(work))), []
    while left:
        r = min(left, key=lambda k: (len(work[k]), k))
        row = work[r]
        if not row:
            return None
        c = min(row, key=lambda k: (len(holders[k]), k))
        left.discard(r)
        order.append((r, c))
        for k in row:
            holders[k].discard(r)
        for s in list(holders[c]):
            _eliminate(work, side, holders, r, s, c)
    found: dict[int, list[Fraction]] = {}
    for r, c in reversed(order):
        values = side[r]
        for k, a in work[r].items():
            if k != c:
                values = [v - a * x for v, x in zip(values, found[k], strict=True)]
        found[c] = [v / work[r][c] for v in values]
    return found


def _eliminate(work: list[Row], side: list[list[Fraction]], holders: dict[int, set[int]],
               r: int, s: int, c: int) -> None:  # fmt: skip
    """Subtract from row s the multiple of row r that clears column c."""
    target, factor = work[s], work[s][c] / work[r][c]
    for k, a in work[r].items():
        value = target.get(k, ZERO) - factor * a
        if value and k != c:
            target[k] = value
            holders[k].add(s)
        else:
            target.pop(k, None)
            holders[k].discard(s)
    side[s] = [v - factor * u for v, u in zip(side[s], side[r], strict=True)]


def follow_exactly(form: Rational, limit: int) -> tuple[tuple[Mask, Mask] | None, int]:
    """Lemke's path in whole numbers, from equal mixing: the last basis, and the pivots made.

    Lexicographic, so it ends whatever ties there are. The duals are free and never leave, so they
    are eliminated; the tableau has a row a sequence and is held over a common denominator. None
    where `limit` pivots were not enough. Raises `SolveError` past `MOST_SEQUENCES` sequences.
    """
    count = len(form.gain[0]) + len(form.gain[1])
    if count > MOST_SEQUENCES:
        raise SolveError(
            f"no basis of a path in floats is exactly an equilibrium, and {count:,} sequences are "
            f"too many to follow the path in whole numbers (at most {MOST_SEQUENCES:,}); another "
            "seed tries other paths, and exact=False solves in floats"
        )
    T, right, basic, nonbasic, first = _tableau(form)
    n = len(basic) - 1
    N, start = np.column_stack([T, right]), list(basic)
    D, c = 1, n  # t enters
    for pivots in range(limit):
        r = _leaving(N, D, c, basic, nonbasic, start)
        out, into = basic[r], nonbasic[c]
        N, D = _exchange(N, D, r, c)
        basic[r], nonbasic[c] = into, out
        if out == 2 * n + 1:  # t is one
            inside = np.isin(np.arange(n), basic)
            return (inside[:first], inside[first:]), pivots + 1
        c = nonbasic.index(out + n if out < n else out - n)
    return None, limit


def _tableau(form: Rational) -> tuple[Any, Any, list[int], list[int], int]:
    """Initial tableau in whole numbers, ``basic = right - T nonbasic``, with the two lists.

    Variables: plans 0..n-1, slacks n..2n-1, t = 2n, the slack of t <= 1 = 2n+1. At the start one
    sequence of each set, a best reply to equal mixing, is basic, with the slacks of all others.
    With P from `_free`, x = P x_N + g t and E P = 0, so the duals drop out:

        w_N = -P_K' w_K - P'G y - (1 - t) P'a,      a what the prior pays.
    """
    sizes = (len(form.gain[1]), len(form.gain[0]))
    n, base = sum(sizes), (0, sizes[0])
    prior = [_equal(form.rows[i], sizes[i]) for i in range(2)]
    G = [_dense(form.gain[i], sizes[i]) for i in range(2)]
    pay = [G[i] @ np.array(prior[1 - i], dtype=object) for i in range(2)]
    for i in range(2):  # a player's slacks in whole numbers
        scale = lcm(*(Fraction(u).denominator for u in [*G[i].ravel().tolist(), *pay[i]]))
        G[i], pay[i] = (np.array(v * scale // 1, dtype=object) for v in (G[i], pay[i]))
    kept = [_best(form.rows[i], pay[i].tolist()) for i in range(2)]
    free = [_free(form.rows[i], kept[i]) for i in range(2)]
    T = np.zeros((n + 1, n + 1), dtype=object)
    right = np.zeros(n + 1, dtype=object)
    for i in range(2):
        P, pure = free[i]
        Q, other = free[1 - i]
        K, out = (base[i] + np.flatnonzero(mask) for mask in (kept[i], ~kept[i]))
        away = base[1 - i] + np.flatnonzero(~kept[1 - i])
        T[np.ix_(K, out)], T[np.ix_(out, K)] = -P[kept[i]], P[kept[i]].T
        T[K, n] = -pure[kept[i]]
        net = P.T @ G[i]
        T[np.ix_(out, away)] = net @ Q
        right[out] = -(P.T @ pay[i])
        T[out, n] = net @ other + right[out]
    T[n, n], right[n] = 1, 1
    stay = np.concatenate(kept)
    at = np.arange(n)
    basic = [*np.where(stay, at, n + at).tolist(), 2 * n + 1]
    return T, right, basic, [*np.where(stay, n + at, at).tolist(), 2 * n], sizes[0]


def _equal(rows: list[dict[int, int]], n: int) -> list[Fraction]:
    """The plan that mixes equally at every set."""
    plan = [Fraction(1)] * n
    for row in rows[1:]:
        own = [k for k, sign in row.items() if sign > 0]
        before = next(k for k, sign in row.items() if sign < 0)
        for k in own:
            plan[k] = plan[before] / len(own)
    return plan


def _dense(gain: list[Row], n: int) -> Any:
    table = np.full((n, len(gain)), ZERO, dtype=object)
    for k, row in enumerate(gain):
        for j, u in row.items():
            table[j, k] = u
    return table


def _best(rows: list[dict[int, int]], pay: list[int]) -> Mask:
    """One best sequence of each set, with the empty one: sets from the last to the first."""
    value = list(pay)
    kept = np.zeros(len(pay), dtype=bool)
    kept[0] = True
    for row in reversed(rows[1:]):
        best = max((k for k, sign in row.items() if sign > 0), key=value.__getitem__)
        kept[best] = True
        value[next(k for k, sign in row.items() if sign < 0)] += value[best]
    return kept


def _free(rows: list[dict[int, int]], kept: Mask) -> tuple[Any, Any]:
    """Plans by the sequences not kept: ``x = P x_N + g t`` meets ``E x = e t``."""
    P = np.zeros((len(kept), int(np.sum(~kept))), dtype=object)
    P[np.flatnonzero(~kept), np.arange(P.shape[1])] = 1
    pure = np.zeros(len(kept), dtype=object)
    pure[0] = 1
    for row in rows[1:]:
        own = [k for k, sign in row.items() if sign > 0]
        before = next(k for k, sign in row.items() if sign < 0)
        stays = next(k for k in own if kept[k])
        P[stays] = P[before] - sum((P[k] for k in own if k != stays), 0 * P[before])
        pure[stays] = pure[before]
    return P, pure


def _exchange(N: Any, D: int, r: int, c: int) -> tuple[Any, int]:
    """Pivot the tableau ``N / D`` on (r, c); every division is exact (Bareiss 1968)."""
    p, row, column = N[r, c], N[r].copy(), N[:, c].copy()
    N = (N * p - np.outer(column, row)) // D
    N[:, c] = -column
    N[r] = row
    N[r, c] = D
    return N, p


def _leaving(
    N: Any, D: int, c: int, basic: list[int], nonbasic: list[int], start: list[int]
) -> int:  # fmt: skip
    """Row of the lexicographic ratio test: the right side is perturbed by (e, e^2, ...)."""
    tied = [i for i in range(len(basic)) if N[i, c] > 0]
    place = {name: k for k, name in enumerate(nonbasic)}
    row_of = {name: i for i, name in enumerate(basic)}
    for name in [None, *start]:
        if name is None:
            column = N[:, -1]
        elif name in place:
            column = N[:, place[name]]
        else:
            column = np.zeros(len(basic), dtype=object)
            column[row_of[name]] = D
        best: list[int] = []
        for i in tied:
            less = column[i] * N[best[0], c] - column[best[0]] * N[i, c] if best else 0
            best = [i] if less < 0 else ([*best, i] if less == 0 else best)
        tied = best
        if len(tied) == 1:
            break
    return tied[0]
