"""Lemke's path on the sequence form, with a sparse basis.

Unknown are plans x, y >= 0, free duals p, q, slacks w_x, w_y >= 0 and t in [0, 1]:

    E x - e t = d_E,    w_x = E'p - A (y + (1 - t) y0) >= 0,    x w_x = 0,
    F y - f t = d_F,    w_y = F'q - B'(x + (1 - t) x0) >= 0,    y w_y = 0.

At t = 0 all weight is on the prior (x0, y0), to which x and y are best replies; at t = 1 the prior
is gone and (x, y) is an equilibrium. The trembles d > 0 give every information set some weight, so
that no basic variable vanishes along the way; the last basis is solved again without them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from ceasefire.solvers._kernels import basis as basis_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

REFACTOR = 64
TREMBLE = 1e-6
GRAIN = 2**20  # trembles are whole multiples of TREMBLE / GRAIN, so that fractions can follow


class Path(NamedTuple):
    """Plans at the end of the path, without and with trembles; None where it broke off."""

    x: Floats | None
    y: Floats | None
    x_tremble: Floats | None
    y_tremble: Floats | None
    pivots: int
    message: str
    basic: tuple[Any, Any] | None = None  # plan variables of x and of y in the last basis
    tremble: tuple[int, ...] = ()  # direction of the trembles, in units of TREMBLE / GRAIN


def follow(
    E: Any, F: Any, A: Any, B: Any, x0: Floats, y0: Floats, rng: np.random.Generator, limit: int
) -> Path:
    """Follow the path from t = 0 to t = 1; matrices sparse, plans (nx,), (ny,)."""
    nx, ny, mE, mF = E.shape[1], F.shape[1], E.shape[0], F.shape[0]
    N = nx + ny + mE + mF
    ay, bx = A @ y0, B.T @ x0
    e, f = np.zeros(mE), np.zeros(mF)
    e[0] = f[0] = 1.0
    Z = sparse.csc_matrix
    # columns: x, y, w_x, w_y, p, q, t; rows: w_x, w_y, E, F
    columns: Any = sparse.bmat(
        [
            [None, -A, -sparse.eye(nx), None, E.T, None, Z(ay[:, None])],
            [-B.T, None, None, -sparse.eye(ny), None, F.T, Z(bx[:, None])],
            [E, None, None, None, Z((mE, mE)), None, Z(-e[:, None])],
            [None, F, None, None, None, Z((mF, mF)), Z(-f[:, None])],
        ],
        format="csc",
    )
    grains = rng.integers(GRAIN // 2, GRAIN, mE + mF)
    tremble = TREMBLE / GRAIN * grains
    right = np.concatenate([ay, bx, tremble])
    plain = np.concatenate([ay, bx, np.zeros(mE + mF)])
    n = nx + ny
    t, free = 2 * n + mE + mF, 2 * n
    best_x, best_y = _reply(E, ay), _reply(F, bx)
    in_plan = np.concatenate([best_x, best_y])
    basis = np.concatenate(
        [np.where(in_plan, np.arange(n), n + np.arange(n)), np.arange(free, free + mE + mF)]
    )
    where = np.full(2 * n + mE + mF + 1, -1)
    where[basis] = np.arange(N)
    etas, rows = np.empty((REFACTOR, N)), np.empty(REFACTOR, dtype=np.int64)
    used, enter = REFACTOR, t
    signed = np.ones(N, dtype=bool)
    for step in range(limit):
        if used == REFACTOR:
            try:
                lu = splu(columns[:, basis])
            except RuntimeError:
                return Path(None, None, None, None, step, "singular basis")
            value, used = lu.solve(right), 0
            signed[:] = basis < free
            at_t = where[t]
            if at_t >= 0:
                signed[at_t] = True
        start, stop = columns.indptr[enter], columns.indptr[enter + 1]
        a = np.zeros(N)
        a[columns.indices[start:stop]] = columns.data[start:stop]
        d = lu.solve(a)
        basis_kernel.apply(etas, rows, used, d)
        row, theta = basis_kernel.ratio(value, d, signed, where[t])
        done = where[t] >= 0 and d[where[t]] < 0 and (
            row < 0 or (1.0 - value[where[t]]) / -d[where[t]] <= theta
        )  # fmt: skip
        if enter == t and (row < 0 or theta >= 1.0):
            return _finish(columns, basis, right, plain, t, nx, ny, step, grains)
        if done:
            # t reaches one before any variable reaches zero: t leaves at its upper bound
            row = int(where[t])
            basis[row] = enter
            return _finish(columns, basis, right, plain, t, nx, ny, step + 1, grains)
        if row < 0:
            return Path(None, None, None, None, step, "the path left on a ray")
        leave = int(basis[row])
        value -= theta * d
        value[row] = theta
        etas[used], rows[used] = d, row
        used += 1
        basis[row] = enter
        where[leave], where[enter] = -1, row
        signed[row] = True
        enter = leave + n if leave < n else leave - n
    return Path(None, None, None, None, limit, f"more than {limit:,} pivots")


def _reply(E: Any, gain: Floats) -> NDArray[np.bool_]:
    """Sequences of one pure best reply: sets from the last to the first (see `SequenceForm`)."""
    by_row = E.tocsr()
    value = gain.copy()
    kept = np.zeros(E.shape[1], dtype=bool)
    kept[0] = True
    for k in range(E.shape[0] - 1, 0, -1):
        cut = slice(by_row.indptr[k], by_row.indptr[k + 1])
        columns, signs = by_row.indices[cut], by_row.data[cut]
        own, before = columns[signs > 0], columns[signs < 0]
        best = own[np.argmax(value[own])]
        kept[best] = True
        value[before] += value[best]
    return kept


def _finish(
    columns: Any, basis: NDArray[np.int64], right: Floats, plain: Floats, t: int, nx: int,
    ny: int, pivots: int, grains: Any,
) -> Path:  # fmt: skip
    """Solve the last basis with t fixed at one, with and without trembles."""
    try:
        lu = splu(columns[:, basis])
    except RuntimeError:
        return Path(None, None, None, None, pivots, "singular last basis")
    at_one = columns[:, [t]].toarray().ravel()
    plans = []
    for side in (plain, right):
        value = lu.solve(side - at_one)
        value += lu.solve(side - at_one - columns[:, basis] @ value)
        full = np.zeros(columns.shape[1])
        full[basis] = value
        plans += [full[:nx], full[nx : nx + ny]]
    inside = np.zeros(columns.shape[1], dtype=bool)
    inside[basis] = True
    basic = (inside[:nx], inside[nx : nx + ny])
    return Path(plans[0], plans[1], plans[2], plans[3], pivots, "", basic, tuple(grains.tolist()))
