"""The arithmetic of automata: values on cycles, linear systems, expected continuations."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.errors import ArgumentError, SolveError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.games import Automaton, RepeatedGame

SPARSE_FROM = 200  # states; below it a dense solve is faster
EXACT_STATES = 40  # of a mixing automaton: elimination in fractions is cubic, with growing numbers
EXACT_BITS = 24_000  # of numbers that grow with each day of a path, of a pure one
EXACT_CELLS = 200_000  # states times profiles of a pure one
FLOAT_BORN = 2**32  # a discount factor over a power of two past this was a float


def follows_one_path(automaton: Automaton) -> bool:
    """Whether each state has one successor on the path: no mixture, all seen."""
    return automaton.plays is not None and automaton.monitoring is None


def small_enough(r: RepeatedGame, automaton: Automaton) -> bool:
    """Whether fractions take no time."""
    if follows_one_path(automaton):
        bits = max(d.denominator.bit_length() for d in r.exact_discounts)
        small = int(automaton.transition.size) <= EXACT_CELLS
        return small and automaton.n_states * bits <= EXACT_BITS
    return automaton.n_states <= EXACT_STATES


def exactly(r: RepeatedGame, automaton: Automaton, asked: bool | None) -> bool:
    """Whether to answer in fractions."""
    possible = automaton.monitoring is None and small_enough(r, automaton)
    if asked and not possible:
        got = "noisy signals" if automaton.monitoring else f"{automaton.n_states} states"
        raise ArgumentError("exact", f"{asked} with {got}", "a smaller automaton that sees actions")
    if asked is not None:
        return asked
    given = r.stage.is_exact and automaton.is_exact and all(map(_as_given, r.exact_discounts))
    return possible and given


def _as_given(discount: Fraction) -> bool:
    """Whether a discount factor is what its user meant, not the float next to it."""
    d = discount.denominator
    return d <= FLOAT_BORN or d & (d - 1) != 0


def on_cycles(r: RepeatedGame, automaton: Automaton) -> NDArray[Any]:
    """Values in fractions where each state has one successor, shape (n_states, n_players)."""
    plays, count = automaton.plays, automaton.n_states
    assert plays is not None
    rows = np.arange(count)
    after = automaton.transition[(rows, *plays.T)]
    table = np.empty((count, r.n_players), dtype=object)
    order = _from_the_cycles(after)
    for i, delta in enumerate(r.exact_discounts):
        today = (1 - delta) * r.stage.exact_payoffs[i][tuple(plays.T)]
        for cycle, tail in order:
            # around the cycle once: V = sum_k delta^k today_k + delta^L V
            total, weight = Fraction(0), Fraction(1)
            for s in cycle:
                total += weight * today[s]
                weight *= delta
            table[cycle[0], i] = total / (1 - weight)
            for s in [*reversed(cycle[1:]), *tail]:
                table[s, i] = today[s] + delta * table[after[s], i]
    return table


def _from_the_cycles(after: NDArray[np.int64]) -> list[tuple[list[int], list[int]]]:
    """Each cycle of a map, with the states that end in it, a state after its successor."""
    owner = np.full(len(after), -1)  # the cycle that a state ends in
    found: list[tuple[list[int], list[int]]] = []
    for start in range(len(after)):
        path: dict[int, int] = {}  # state to place, in order
        s = start
        while owner[s] < 0 and s not in path:
            path[s] = len(path)
            s = int(after[s])
        states = list(path)
        first = path.get(s, len(path)) if owner[s] < 0 else len(path)
        if first < len(path):  # a cycle not met before
            owner[states[first:]] = len(found)
            found.append((states[first:], []))
        home = int(owner[s])
        owner[states[:first]] = home
        found[home][1].extend(reversed(states[:first]))
    return found


def cells(automaton: Automaton, exact: bool) -> NDArray[Any]:
    """The chance of each profile in each state, shape (n_states, *n_actions)."""
    law: Any = chances(automaton, 0, exact)
    for j in range(1, len(automaton.output)):
        p = chances(automaton, j, exact)
        law = law[..., None] * p.reshape(len(p), *(1,) * (law.ndim - 1), p.shape[1])
    return np.asarray(law)


def chances(automaton: Automaton, player: int, exact: bool) -> NDArray[Any]:
    """A player's output in the arithmetic asked for: floats stand for themselves, made to sum."""
    p = automaton.output[player]
    if not exact:
        return p.astype(float)
    if p.dtype == object:
        return p
    q = np.frompyfunc(Fraction, 1, 1)(p.astype(object))
    return np.asarray(q / q.sum(axis=1, keepdims=True))


def solved(r: RepeatedGame, automaton: Automaton) -> NDArray[np.float64]:
    """Values in floats, by one (sparse) linear system a discount factor.

    Payoffs are counted from each player's smallest, so that a common shift costs no digits.
    """
    n = automaton.n_states
    low = r.stage.payoffs.reshape(r.n_players, -1).min(axis=1)
    pay = r.stage.payoffs - low.reshape(-1, *(1,) * r.n_players)
    if automaton.plays is not None and automaton.monitoring is None:
        P, today = _successors(automaton), pay[(slice(None), *automaton.plays.T)].T
    else:
        P, law = transition_matrix(automaton)
        today = law.reshape(n, -1) @ pay.reshape(r.n_players, -1).T
    table = np.empty((n, r.n_players))
    for delta in np.unique(r.discounts):
        who = np.flatnonzero(r.discounts == delta)  # the factor itself, from the same array
        table[:, who] = _solve(P, float(delta), (1.0 - delta) * today[:, who])
    table += low
    return table


def _solve(P: Any, delta: float, right: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy import sparse
    from scipy.sparse import linalg

    n = P.shape[0]
    if n < SPARSE_FROM:
        return np.asarray(np.linalg.solve(np.eye(n) - delta * P.toarray(), right))
    factor = linalg.splu(sparse.csc_array(sparse.eye_array(n) - delta * P))
    found = factor.solve(right)
    found += factor.solve(right - (found - delta * (P @ found)))
    if not np.all(np.isfinite(found)):
        raise SolveError("the linear system of an automaton's values has no finite solution")
    return np.asarray(found, dtype=np.float64)


def _successors(automaton: Automaton) -> Any:
    """The transition matrix where each state has one successor."""
    from scipy import sparse

    n, plays = automaton.n_states, automaton.plays
    assert plays is not None
    to = automaton.transition[(np.arange(n), *plays.T)]
    return sparse.csr_array((np.ones(n), to, np.arange(n + 1)), shape=(n, n))


def transition_matrix(automaton: Automaton) -> tuple[Any, NDArray[np.float64]]:
    """Chances of going from state to state (sparse), and of profiles by state."""
    from scipy import sparse

    n = automaton.n_states
    law = cells(automaton, exact=False)
    flat = law.reshape(n, -1)
    if automaton.monitoring is not None:
        rho = automaton.monitoring.probability
        flat = flat @ rho.reshape(-1, rho.shape[-1])
    to = automaton.transition.reshape(n, -1)
    rows, columns = np.nonzero(flat)
    entries = (flat[rows, columns], (rows, to[rows, columns]))
    return sparse.csr_array(sparse.coo_array(entries, shape=(n, n))), law


def solved_exactly(r: RepeatedGame, automaton: Automaton) -> NDArray[Any]:
    """Values in fractions by elimination, for automata that mix."""
    n = automaton.n_states
    law = cells(automaton, exact=True)
    table = np.empty((n, r.n_players), dtype=object)
    for i, delta in enumerate(r.exact_discounts):
        today = (1 - delta) * (law * r.stage.exact_payoffs[i]).reshape(n, -1).sum(axis=1)
        system = [[Fraction(int(s == t)) for t in range(n)] + [today[s]] for s in range(n)]
        for s in range(n):
            for p, t in zip(law[s].flat, automaton.transition[s].flat, strict=True):
                system[s][int(t)] -= delta * p
        table[:, i] = _eliminate(system)
    return table


def _eliminate(rows: list[list[Fraction]]) -> list[Fraction]:
    """Solve ``[A | b]``; A is diagonally dominant, so no pivot vanishes."""
    n = len(rows)
    for k in range(n):
        pivot = rows[k][k]
        rows[k] = [x / pivot for x in rows[k]]
        for j in range(n):
            factor = rows[j][k]
            if j != k and factor:
                rows[j] = [x - factor * y for x, y in zip(rows[j], rows[k], strict=True)]
    return [row[n] for row in rows]


def by_action(
    r: RepeatedGame, automaton: Automaton, table: NDArray[Any], player: int
) -> NDArray[Any]:
    """Payoff of each action of a player in each state, the automaton ever after.

    Shape (n_states, n_actions): ``(1 - delta) E u(a, f_-i(s)) + delta E V(tau)``.
    """
    exact = table.dtype == object
    delta: Any = r.exact_discounts[player] if exact else float(r.exact_discounts[player])
    pay: Any = r.stage.exact_payoffs[player] if exact else r.stage.payoffs[player]
    if automaton.plays is not None:
        return _by_pure_action(automaton, table[:, player], player, pay, delta)
    total: Any = table[:, player][automaton.transition]
    if automaton.monitoring is not None:  # expected over signals, by profile
        total = np.tensordot(total, automaton.monitoring.probability, axes=([1], [-1]))
    total = (1 - delta) * pay[None] + delta * total
    for j in reversed(range(r.n_players)):
        if j != player:
            p = chances(automaton, j, exact)
            shape = [len(p)] + [1] * (total.ndim - 1)
            shape[j + 1] = p.shape[1]
            total = (total * p.reshape(shape)).sum(axis=j + 1)
    return np.asarray(total)


def _by_pure_action(
    automaton: Automaton, values: NDArray[Any], player: int, pay: NDArray[Any], delta: Any
) -> NDArray[Any]:
    """The same where the others play one action each: their profile is looked up."""
    assert automaton.plays is not None
    rows = np.arange(automaton.n_states)[:, None]
    cell = [play[:, None] for play in automaton.plays.T]
    cell[player] = np.arange(automaton.stage.shape[player])[None]
    if automaton.monitoring is None:
        later: Any = values[automaton.transition[(rows, *cell)]]
    else:
        law = automaton.monitoring.probability[tuple(np.broadcast_arrays(*cell))]
        later = (law * values[automaton.transition][:, None]).sum(axis=-1)
    return np.asarray((1 - delta) * pay[tuple(np.broadcast_arrays(*cell))] + delta * later)


def residual(r: RepeatedGame, automaton: Automaton, table: NDArray[Any]) -> float:
    """The largest miss of the values' equation, recomputed from the actions' payoffs."""
    worst = 0.0
    for i in range(r.n_players):
        by = by_action(r, automaton, table, i)
        if automaton.plays is not None:
            again = by[np.arange(len(by)), automaton.plays[:, i]]
        else:
            again = (by * chances(automaton, i, table.dtype == object)).sum(axis=1)
        worst = max(worst, float(np.max(np.abs((again - table[:, i]).astype(float)))))
    return worst
