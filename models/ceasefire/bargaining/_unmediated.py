"""Peace between sides of private strength whom nobody mediates: public messages, and silence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ceasefire.bargaining.strength import StrengthMediation

TOLERANCE = 1e-9


def public(model: StrengthMediation, splits: list[Any]) -> float:
    """Peace with separating public messages, by a program over lotteries on `splits`.

    Messages reveal the types, so that a split is proposed only if both accept it; who lied
    accepts it or fights, knowing whom it faces. Columns: for both strong, one and none, the chance
    of each split of side 1 (with one strong, side 1 is).
    """
    from scipy.optimize import linprog

    share = np.array([float(x) for x in splits])
    war = model.game().payoffs[0, :, :, -1, -1]
    q, n = float(model.strong), len(share)
    pairs = ((0, 0), (0, 1), (1, 1))
    fine = np.concatenate([
        (share >= war[j, k] - TOLERANCE) & (1 - share >= war[k, j] - TOLERANCE) for j, k in pairs
    ])  # fmt: skip
    weight = [q, 1 - q]
    rows, limits = [], []
    for true in (0, 1):
        row, limit = np.zeros(3 * n), 0.0
        for other in (0, 1):
            base = war[true, other]
            for said, sign in ((1 - true, 1), (true, -1)):
                place = slice((said + other) * n, (said + other + 1) * n)
                own = share if said <= other else 1 - share
                worth = np.maximum(own, base) if said != true else own
                row[place] += sign * weight[other] * (worth - base)
        rows.append(row)
        limits.append(limit)
    cost = -np.repeat([q * q, 2 * q * (1 - q), (1 - q) ** 2], n)
    symmetric = np.zeros((2, 3 * n))  # equals are treated alike on average
    symmetric[0, :n] = share - 0.5
    symmetric[1, 2 * n :] = share - 0.5
    at_most = np.kron(np.eye(3), np.ones(n))
    found = linprog(
        cost, A_ub=np.vstack([rows, at_most]), b_ub=[*limits, 1, 1, 1], A_eq=symmetric,
        b_eq=[0, 0], bounds=[(0, 1 if ok else 0) for ok in fine], method="highs",
    )  # fmt: skip
    pooled = 1.0 if _everybody(war, q) else 0.0
    return max(-float(np.asarray(found.fun)), pooled)


def _everybody(war: Any, q: float) -> bool:
    """Whether all types accept the equal split when all others do."""
    return all(q * war[t, 0] + (1 - q) * war[t, 1] <= 0.5 + TOLERANCE for t in (0, 1))


def silence(model: StrengthMediation, splits: list[Any]) -> float:
    """Peace without messages: the best equilibrium in who accepts which split."""
    war = model.game().payoffs[0, :, :, -1, -1]
    q, best = float(model.strong), 0.0
    weight = np.array([q, 1 - q])
    sets = [np.array(s) for s in ((0, 0), (0, 1), (1, 0), (1, 1))]
    for share in map(float, splits):
        for mine in sets:
            for other in sets:
                gain = (weight * other * (share - war)).sum(axis=1)
                back = (weight * mine * (1 - share - war)).sum(axis=1)
                if _replies(mine, gain) and _replies(other, back):
                    best = max(best, float((weight * mine).sum() * (weight * other).sum()))
    return best


def _replies(accepts: Any, gain: Any) -> bool:
    return bool(np.all(np.where(accepts == 1, gain >= -TOLERANCE, gain <= TOLERANCE)))
