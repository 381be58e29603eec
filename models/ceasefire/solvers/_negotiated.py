"""One state of a relation that is negotiated anew, when all later states are solved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.tolerances import PAYOFF_TIE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

MOST_TRIALS = 50_000_000  # profiles times combinations tried before a state is left undecided
CHUNK = 2_000_000


@dataclass(frozen=True, eq=False)
class State:
    """The profiles of a state: flow payoffs, the chance to stay, and what other states are worth.

    Attributes
    ----------
    delta, rho : float
    beta : ndarray, shape (n_players,)
    payoffs : ndarray, shape (n_players, n_profiles)
    stay : ndarray, shape (n_profiles,)
    ahead : ndarray, shape (n_profiles,)
        Expected joint payoff of the other states that follow.
    promised : ndarray, shape (n_players, n_profiles)
        Expected ``(1 - rho) v_i + rho r_i`` of the other states that follow.
    groups : ndarray, shape (n_players, n_profiles)
        Profiles that differ in a player's own action only share a number, from 0 without gaps.
    """

    delta: float
    rho: float
    beta: Floats
    payoffs: Floats
    stay: Floats
    ahead: Floats
    promised: Floats
    groups: Ints

    def best_reply(self, player: int, values: Floats) -> Floats:
        """Largest of `values` (n_profiles, ...) among a player's own actions."""
        member = self.groups[player]
        top = np.full((int(member.max()) + 1, *values.shape[1:]), -np.inf)
        np.maximum.at(top, member, values)
        return np.asarray(top[member])

    def conditions(self, joint: Floats, threat: Floats) -> tuple[Floats, Floats]:
        """What profiles offer, and what deviations promise, at values of this state.

        joint (k,), threat (n_players, k); returns (n_profiles, k), (n_players, n_profiles, k).
        """
        d = self.delta
        today = (1 - d) * self.payoffs.sum(axis=0) + d * self.ahead
        offered = today[:, None] + d * self.stay[:, None] * joint
        surplus = joint - threat.sum(axis=0)
        lured = np.empty((len(self.payoffs), len(today), len(joint)))
        for i in range(len(lured)):
            worth = threat[i] + self.rho * self.beta[i] * surplus
            own = (1 - d) * self.payoffs[i] + d * self.promised[i]
            lured[i] = self.best_reply(i, own[:, None] + d * self.stay[:, None] * worth)
        return offered, lured


@dataclass(frozen=True, eq=False)
class Values:
    """Joint payoff, threats (n_players,) and the profiles behind them; whether that is decided."""

    joint: float
    threat: Floats
    path: int
    punishments: Ints
    decided: bool = True


def solve_state(state: State) -> Values | None:
    """Values that agree with the profiles enforceable at them; None where there are none."""
    found = _dropped(state)
    if found is not None or not (state.stay > 0).any():
        return found
    if _trials(state) > MOST_TRIALS:
        return Values(np.nan, np.full(len(state.beta), np.nan), -1, np.empty(0, np.int64), False)
    for joint, threat in _candidates(state):
        found = _agreeing(state, joint, threat)
        if found is not None:
            return found
    return None


def _dropped(state: State) -> Values | None:
    """Drop profiles that cannot be enforced, from all of them, until the rest can."""
    kept = np.ones(len(state.stay), dtype=bool)
    value = _forever(state)
    while kept.any():
        joint = float(value[kept].max())
        threat = _threats(state, kept, joint)
        offered, lured = state.conditions(np.array([joint]), threat[:, None])
        fine = (offered >= lured.sum(axis=0) - PAYOFF_TIE).ravel()
        if not (kept & ~fine).any():
            return _agreeing(state, np.array([joint]), threat[:, None])
        kept &= fine
    return None


def _forever(state: State) -> Floats:
    """Joint payoff of each profile if it is played as long as the state stays."""
    today = (1 - state.delta) * state.payoffs.sum(axis=0) + state.delta * state.ahead
    return np.asarray(today / (1 - state.delta * state.stay))


def _lines(state: State) -> tuple[Floats, Floats]:
    """Each player's payoff of a profile for ever is ``level + slope * surplus``, (n, profiles)."""
    d = state.delta
    away = 1 - d * state.stay
    level = ((1 - d) * state.payoffs + d * state.promised) / away
    slope = d * state.rho * np.outer(state.beta, state.stay) / away
    return level, slope


def _threats(state: State, kept: Bools, joint: float) -> Floats:
    """Threats v with ``v_i = min_{kept a} max_{a_i'}``, at the surplus that they leave.

    Threats rise with the surplus, which falls with them: a root of a piecewise linear increasing
    function, by Newton's method inside a bracket.
    """
    level, slope = _lines(state)

    def at(surplus: float) -> tuple[Floats, Floats]:
        threats, rates = np.empty(len(level)), np.empty(len(level))
        for i in range(len(level)):
            line = level[i] + slope[i] * surplus
            top = state.best_reply(i, line)
            k = int(np.flatnonzero(kept)[np.argmin(top[kept])])
            same = np.flatnonzero(state.groups[i] == state.groups[i, k])
            reply = same[np.argmax(line[same])]
            threats[i], rates[i] = line[reply], slope[i, reply]
        return threats, rates

    reach = 1 + abs(joint) + float(np.abs(level).sum())
    low, high = -reach * (1 + float(slope.max())), reach * (1 + float(slope.max()))
    surplus = 0.0
    for _ in range(200):
        threats, rates = at(surplus)
        miss = surplus + float(threats.sum()) - joint
        if abs(miss) <= 1e-15 * reach:
            break
        low, high = (low, surplus) if miss > 0 else (surplus, high)
        surplus -= miss / (1 + float(rates.sum()))
        if not low < surplus < high:
            surplus = (low + high) / 2
    return at(surplus)[0]


def _agreeing(state: State, joint: Floats, threat: Floats) -> Values | None:
    """The first of several candidate values (k,), (n, k) that is an equilibrium."""
    offered, lured = state.conditions(joint, threat)
    slack = offered - lured.sum(axis=0)
    fine = slack >= -PAYOFF_TIE
    best = np.where(fine, offered, -np.inf).max(axis=0)
    good = np.abs(best - joint) <= PAYOFF_TIE
    for i in range(len(threat)):
        low = np.where(fine, lured[i], np.inf).min(axis=0)
        good &= np.abs(low - threat[i]) <= PAYOFF_TIE
    if not good.any():
        return None
    k = int(np.argmax(good))
    firm = np.where(fine[:, k], slack[:, k], -np.inf)

    def firmest(hit: Bools) -> int:
        return int(np.argmax(np.where(hit & fine[:, k], firm, -np.inf)))

    path = firmest(np.abs(offered[:, k] - joint[k]) <= PAYOFF_TIE)
    punishments = [
        firmest(np.abs(lured[i, :, k] - threat[i, k]) <= PAYOFF_TIE) for i in range(len(threat))
    ]
    return Values(float(joint[k]), threat[:, k].copy(), path, np.array(punishments))


def _trials(state: State) -> float:
    level, slope = _lines(state)
    paths = len(np.unique(_forever(state).round(13)))
    counts = [len(_distinct(level[i], slope[i])) for i in range(len(level))]
    return float(paths) * float(np.prod([float(c) for c in counts])) * len(state.stay)


def _distinct(level: Floats, slope: Floats) -> Floats:
    return np.unique(np.column_stack([level, slope]).round(13), axis=0)


def _candidates(state: State) -> Iterator[tuple[Floats, Floats]]:
    """Every joint payoff of a profile, largest first, with every combination of best replies."""
    level, slope = _lines(state)
    ways = [_distinct(level[i], slope[i]) for i in range(len(level))]
    places = np.indices([len(w) for w in ways]).reshape(len(ways), -1)
    levels = np.array([w[at, 0] for w, at in zip(ways, places, strict=True)])
    slopes = np.array([w[at, 1] for w, at in zip(ways, places, strict=True)])
    step = max(1, CHUNK // len(state.stay))
    for joint in np.unique(_forever(state).round(13))[::-1]:
        surplus = (joint - levels.sum(axis=0)) / (1 + slopes.sum(axis=0))
        threat = levels + slopes * surplus
        for k in range(0, threat.shape[1], step):
            part = threat[:, k : k + step]
            yield np.full(part.shape[1], joint), part
