"""What a Markov behaviour is worth, and what best replies to it are worth."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from ceasefire.errors import ArgumentError
from ceasefire.solvers._kernels import markov as kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from ceasefire.games import StochasticGame

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

EXACT_PROFILES = 200_000  # fractions past this many profile rows take minutes
EXACT_CYCLE = 120  # states that return to each other: a dense system of fractions
IMPROVED = 1e-13  # a gain below this, of the scale, is rounding: the policy stays
ROUNDS = 1000
DENSE = 300  # states up to which dense elimination is quickest
ITERATED = 20_000  # states up to which factors may fill up, so that iteration is tried first
RESIDUAL = 2e-15  # of an iterated solution, over the largest flow


class Worth(NamedTuple):
    """Values and gains, (n_states, n_players), and each player's scale (n_players,), in utils."""

    values: Floats
    one_shot: Floats
    gain: Floats
    scale: Floats


class Flat(NamedTuple):
    """A game as kernels take it: payoffs counted from `least`."""

    n_actions: Ints
    action_start: Ints
    profile_start: Ints
    payoffs: Floats
    discounts: Floats
    data: Floats
    indices: Ints
    indptr: Ints


class Prepared(NamedTuple):
    """A game's arrays, what was taken off each player's payoffs, and an order of its states.

    `order` and `level` put successors first; None where a state returns once left.
    """

    flat: Flat
    least: Floats
    order: Ints | None
    level: Ints | None


_PREPARED: WeakKeyDictionary[StochasticGame, Prepared] = WeakKeyDictionary()


def prepared(game: StochasticGame) -> Prepared:
    """What every pass over the game needs, made once for a game."""
    if game not in _PREPARED:
        parts, least = _flat(game)
        graph = game.state_graph
        order, level, placed = kernel.last_first(
            graph.indptr.astype(np.int64), graph.indices.astype(np.int64)
        )
        acyclic = placed == game.n_states
        _PREPARED[game] = Prepared(
            parts, least, order if acyclic else None, level if acyclic else None
        )
    return _PREPARED[game]


def _flat(game: StochasticGame) -> tuple[Flat, Floats]:
    """The game's arrays, and what was taken off each player's payoffs.

    Payoffs are counted from the least where they lie far from zero compared with their range: a
    common shift of 1e9 then costs no digits; else they stay as they are.
    """
    least, width = game.payoffs.min(axis=1), game.payoff_range
    far = np.abs(least) > 4 * width
    least = np.where(far, least, 0.0)
    if far.any() and game.is_exact:
        exact = np.array(
            [min(row) if f else 0 for row, f in zip(game.exact_payoffs, far, strict=True)]
        )
        payoffs = (game.exact_payoffs - exact[:, None]).astype(float)
        least = exact.astype(float)
    else:
        payoffs = game.payoffs - least[:, None]
    law = game.transitions
    parts = Flat(
        game.n_actions.copy(),  # writable, as all the others: kernels are compiled by type
        game.action_start,
        game.profile_start,
        np.ascontiguousarray(payoffs, dtype=float),
        game.discounts,
        law.data.copy(),
        law.indices.astype(np.int64),
        law.indptr.astype(np.int64),
    )
    return parts, least


def evaluate(game: StochasticGame, behaviour: Floats) -> Worth:
    """Values and gains in floats."""
    parts, least, order, _ = prepared(game)
    if order is not None:
        values, best = kernel.evaluate_backward(order, *parts, behaviour)
    else:
        values = solved(parts, behaviour)
        best = _best_replies(parts, behaviour, values)
    worth, low, high = kernel.action_values(*parts, behaviour, values)
    n = game.n_players
    top = np.maximum.reduceat(worth, game.action_start[:-1]).reshape(-1, n)
    mean = np.add.reduceat(worth * behaviour, game.action_start[:-1]).reshape(-1, n)
    one_shot = np.maximum(top - mean, 0.0)
    gain = np.maximum(np.maximum(best - values, one_shot), 0.0)
    return Worth(values + least / (1.0 - game.discounts), one_shot, gain, high - low)


def solved(parts: Flat, behaviour: Floats, players: tuple[int, ...] | None = None) -> Floats:
    """Solve ``(I - delta_i P) v_i = u_i`` for some players, or all: (n_states, players)."""
    from scipy.sparse import csr_array, eye_array

    n_states, n = parts.n_actions.shape
    players = tuple(range(n)) if players is None else players
    weight = kernel.profile_weights(
        parts.n_actions, parts.action_start, parts.profile_start, behaviour
    )
    rows = np.arange(len(weight) + 1)
    choice = csr_array((weight, rows[:-1], parts.profile_start), shape=(n_states, len(weight)))
    law = csr_array((parts.data, parts.indices, parts.indptr), shape=(len(weight), n_states))
    move = choice @ law
    flow = choice @ parts.payoffs[list(players)].T
    values = np.empty((n_states, len(players)))
    for delta in sorted({float(parts.discounts[i]) for i in players}):
        columns = [k for k, i in enumerate(players) if float(parts.discounts[i]) == delta]
        system = csr_array(eye_array(n_states) - delta * move)
        values[:, columns] = _linear(system, np.ascontiguousarray(flow[:, columns]))
    return values


def _linear(system: csr_array, flow: Floats) -> Floats:
    """Solve ``system v = flow``: dense where small, else by iteration, else by factors.

    A residual r leaves an error of at most ``max|r| / (1 - delta)`` in the values. Iteration is
    quick where play mixes fast, just where sparse factors fill up.
    """
    from scipy.sparse.linalg import bicgstab, splu

    if len(flow) <= DENSE:
        return np.asarray(np.linalg.solve(system.toarray(), flow))
    if len(flow) <= ITERATED:
        found, room = np.zeros(flow.shape), RESIDUAL * np.abs(flow).max(axis=0)
        for _ in range(4):
            left = flow - system @ found
            if np.all(np.abs(left).max(axis=0) <= room):
                return found
            for c in np.flatnonzero(np.abs(left).max(axis=0) > room):
                step, _ = bicgstab(system, left[:, c], rtol=1e-9, maxiter=60)
                found[:, c] += step
    factors = splu(system.tocsc())
    exact = factors.solve(flow)
    return np.asarray(exact + factors.solve(flow - system @ exact))


def _best_replies(parts: Flat, behaviour: Floats, values: Floats) -> Floats:
    """Each player's best value against the others', (n_states, n_players)."""
    best = [best_reply(parts, behaviour, values, i)[1] for i in range(parts.n_actions.shape[1])]
    return np.maximum(np.column_stack(best), values)


def best_reply(parts: Flat, behaviour: Floats, values: Floats, i: int) -> tuple[Floats, Floats]:
    """A best reply of one player, by policy iteration from the behaviour, and its values.

    Returns the behaviour with that player's part replaced where something is gained.
    """
    policy, current = behaviour.copy(), values.copy()
    starts = parts.action_start[:-1].reshape(parts.n_actions.shape)[:, i]
    for _ in range(ROUNDS):
        worth, low, high = kernel.action_values(*parts, policy, current)
        least = IMPROVED * (high[i] - low[i]) + 1e-15 * np.abs(current[:, i])
        if not _improve(policy, worth, starts, parts.n_actions[:, i], least):
            return policy, current[:, i]
        current[:, i] = solved(parts, policy, (i,))[:, 0]
    return policy, np.full(len(values), np.inf)  # none was found: a certificate fails


def _improve(policy: Floats, worth: Floats, starts: Ints, counts: Ints, least: Floats) -> bool:
    """Switch to the best action wherever it gains more than `least`."""
    changed = False
    for count in np.unique(counts):
        group = np.flatnonzero(counts == count)
        places = starts[group][:, None] + np.arange(count)
        options, mixed = worth[places], policy[places]
        better = options.max(axis=1) - (options * mixed).sum(axis=1) > least[group]
        if better.any():
            changed = True
            pure = np.zeros((int(better.sum()), int(count)))
            pure[np.arange(len(pure)), options[better].argmax(axis=1)] = 1.0
            policy[places[better]] = pure
    return changed


def evaluate_exactly(
    game: StochasticGame, behaviour: NDArray[np.object_]
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Values and one-shot gains as `Fraction`, (n_states, n_players)."""
    if game.n_profiles > EXACT_PROFILES:
        allowed = f"at most {EXACT_PROFILES:,} profiles for a check in fractions"
        raise ArgumentError("game", f"{game.n_profiles:,} profiles", allowed, "pass floats")
    n_states, n = game.n_states, game.n_players
    rows = [state_rows(game, behaviour, s) for s in range(n_states)]
    values = np.full((n_states, n), Fraction(0), dtype=object)
    for component in _components_last_first(game):
        _solve_component(game, rows, component, values)
    gains = np.full((n_states, n), Fraction(0), dtype=object)
    for s in range(n_states):
        for i in range(n):
            worth = _action_worth(game, behaviour, s, i, values)
            gains[s, i] = max(worth) - values[s, i]
    return values, gains


def exact_law(game: StochasticGame, row: int) -> list[tuple[int, Fraction]]:
    low, high = game.transitions.indptr[row : row + 2]
    places = game.transitions.indices[low:high]
    return [(int(t), p) for t, p in zip(places, game.exact_chances[low:high], strict=True) if p]


def profiles(game: StochasticGame, s: int) -> list[tuple[int, ...]]:
    return list(product(*(range(int(k)) for k in game.n_actions[s])))


def state_rows(
    game: StochasticGame, x: NDArray[np.object_], s: int
) -> tuple[list[Fraction], dict[int, Fraction]]:
    """Expected flow payoffs and law of a state under the behaviour."""
    n = game.n_players
    flow = [Fraction(0)] * n
    law: dict[int, Fraction] = {}
    start = game.action_start[s * n : (s + 1) * n]
    for row, cell in enumerate(profiles(game, s), int(game.profile_start[s])):
        w = Fraction(1)
        for i, a in enumerate(cell):
            w *= x[start[i] + a]
        if w == 0:
            continue
        for i in range(n):
            flow[i] += w * game.exact_payoffs[i, row]
        for t, p in exact_law(game, row):
            law[t] = law.get(t, Fraction(0)) + w * p
    return flow, law


def _action_worth(
    game: StochasticGame, x: NDArray[np.object_], s: int, i: int, values: NDArray[np.object_]
) -> list[Fraction]:
    """What each action of one player is worth against the others, the future being `values`."""
    n, delta = game.n_players, game.exact_discounts[i]
    worth = [Fraction(0)] * int(game.n_actions[s, i])
    start = game.action_start[s * n : (s + 1) * n]
    for row, cell in enumerate(profiles(game, s), int(game.profile_start[s])):
        w = Fraction(1)
        for j, a in enumerate(cell):
            w *= x[start[j] + a] if j != i else 1
        if w:
            ahead = sum((p * values[t, i] for t, p in exact_law(game, row)), Fraction(0))
            worth[cell[i]] += w * (game.exact_payoffs[i, row] + delta * ahead)
    return worth


def _components_last_first(game: StochasticGame) -> list[Ints]:
    """Sets of states that return to each other, those that come last first."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    count, label = connected_components(game.state_graph, directed=True, connection="strong")
    edges = game.state_graph.tocoo()
    graph = csr_array(
        (np.ones(len(edges.data)), (label[edges.coords[0]], label[edges.coords[1]])),
        shape=(count, count),
    )
    order, _, _ = kernel.last_first(graph.indptr.astype(np.int64), graph.indices.astype(np.int64))
    members = np.argsort(label, kind="stable")
    start = np.searchsorted(label[members], np.arange(count + 1))
    return [members[start[c] : start[c + 1]] for c in order]


def _solve_component(
    game: StochasticGame, rows: list[tuple[list[Fraction], dict[int, Fraction]]],
    component: Ints, values: NDArray[np.object_],
) -> None:  # fmt: skip
    """Set the values of states that return to each other; those that follow are known."""
    if len(component) > EXACT_CYCLE:
        allowed = f"at most {EXACT_CYCLE} states that return to each other, in fractions"
        raise ArgumentError("game", f"{len(component)} states", allowed, "pass floats")
    place = {int(s): k for k, s in enumerate(component)}
    for i, delta in enumerate(game.exact_discounts):
        system = []
        for s in component:
            flow, law = rows[s]
            line = [Fraction(0)] * (len(component) + 1)
            line[place[int(s)]] += 1
            line[-1] = flow[i]
            for t, p in law.items():
                if t in place:
                    line[place[t]] -= delta * p
                else:
                    line[-1] += delta * p * values[t, i]
            system.append(line)
        for s, v in zip(component, gauss(system), strict=True):
            values[s, i] = v


def gauss(system: list[list[Fraction]]) -> list[Fraction]:
    """Solve a regular system of fractions, each line with its right side last."""
    size = len(system)
    for c in range(size):
        pivot = next(r for r in range(c, size) if system[r][c] != 0)
        system[c], system[pivot] = system[pivot], system[c]
        head = system[c][c]
        system[c] = [x / head for x in system[c]]
        for r in range(size):
            f = system[r][c]
            if r != c and f != 0:
                system[r] = [x - f * y for x, y in zip(system[r], system[c], strict=True)]
    return [line[-1] for line in system]
