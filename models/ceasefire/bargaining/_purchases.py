"""Who buys whose vote how often, so that the values come back: a linear program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ceasefire.bargaining.legislative import LegislativeBargaining

GAP = 1e-9  # of the worth: what the equations may miss by, a tenth of the certificate's


def purchases(model: LegislativeBargaining, values: Sequence[Any]) -> Any:
    """Chances y[i, j] that i buys j: cheapest coalitions that give back the values, by LP."""
    from scipy.optimize import linprog

    W, d, p = (np.asarray(x, dtype=float) for x in model._numbers())
    value = np.asarray([float(v) for v in values])
    price, kinds = d * value, model._kinds()
    size = np.array([len(kind) for kind in kinds], dtype=float)
    first = [kind[0] for kind in kinds]
    k, veto = len(kinds), np.array([i in model.vetoes for i in first])
    bounds, rows, totals = [], [], []
    for a in range(k):
        taken = model._spending(first[a], price)
        for b in range(k):
            most = size[b] - (a == b)
            bounds.append((most, most) if veto[b] else (0.0, most))
        row = np.zeros((k, k))
        row[a] = 1.0
        rows.append(row.ravel())
        totals.append(len(taken))
    for b in range(k):  # how often kind b is bought makes its value
        row = np.zeros((k, k))
        for a in range(k):
            row[a, b] = size[a] * p[first[a]]
        j = first[b]
        keeps = p[j] * (W - sum(price[i] for i in model._spending(j, price)))
        rows.append(row.ravel() * price[j] / W)
        totals.append(size[b] * (value[j] - keeps) / W)
    for a in range(k):  # and each coalition is among the cheapest
        row = np.zeros((k, k))
        row[a] = price[first] / W
        rows.append(row.ravel())
        totals.append(sum(price[i] for i in model._spending(first[a], price)) / W)
    # Equal prices make rows dependent; the least sum of gaps is what decides.
    lhs, rhs = np.array(rows), np.array(totals, dtype=float)
    gap = np.eye(len(rhs))
    found = linprog(
        np.r_[np.zeros(k * k), np.ones(2 * len(rhs))],
        A_eq=np.hstack([lhs, gap, -gap]), b_eq=rhs,
        bounds=[*bounds, *[(0.0, None)] * (2 * len(rhs))], method="highs",
    )  # fmt: skip
    if found.status != 0 or found.x is None or float(found.fun or 0.0) > GAP:
        return None
    return _by_party(kinds, found.x[: k * k].reshape(k, k), p.size)


def _by_party(kinds: list[list[int]], by_kind: Any, n: int) -> Any:
    size = [len(kind) for kind in kinds]
    kind_of = {i: a for a, kind in enumerate(kinds) for i in kind}
    y = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            a, b = kind_of[i], kind_of[j]
            if i != j:
                y[i, j] = by_kind[a, b] / (size[b] - (a == b))
    return y
