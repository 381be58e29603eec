"""A set of equilibrium payoffs between two bounds, as every solver of payoff sets returns it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.errors import ArgumentError
from ceasefire.status import Status

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from ceasefire.games import RepeatedGame, StochasticGame

    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class PayoffSet:
    """Equilibrium payoffs of a repeated or stochastic game: ``inner <= V <= outer``.

    Payoffs are per-day averages, ``(1 - delta) sum_t delta^t u(a_t)``, in utils. A convex set is
    given by its extreme points. Where there are no equilibria all arrays of points are empty.

    Attributes
    ----------
    game : RepeatedGame or StochasticGame
    vertices : ndarray, shape (k, n_players); of a stochastic game a tuple of them, one a state
        Extreme points of the best estimate: of the set itself where `exact`, else of `inner`.
        Two players: counterclockwise.
    outer, inner : like `vertices`
        A set that contains all equilibrium payoffs, and a set of payoffs each of which is one.
    gap : float
        Hausdorff distance between `outer` and `inner`, utils; over all states the largest.
    threat : ndarray, shape (n_players,); of a stochastic game (n_states, n_players)
        The lowest payoff in the set of each player: what the harshest punishment leaves it.
    exact : bool
        Whether the vertices are those of the set itself (the algorithm ended), not of a bound.
    method : str
        The algorithm, with its source.
    status : Status
    iterations : int
    transfers, public_randomisation : bool
        Whether players may pay each other; whether a public lottery convexifies the set.
    certificate : object or None
        What was recomputed of the set by other code than the solver's.
    detail : dict
        What else the method tells.
    """

    game: RepeatedGame | StochasticGame
    vertices: Floats | tuple[Floats, ...]
    outer: Floats | tuple[Floats, ...]
    inner: Floats | tuple[Floats, ...]
    gap: float
    threat: Floats
    exact: bool
    method: str
    status: Status = Status.OK
    iterations: int = 0
    transfers: bool = False
    public_randomisation: bool = True
    certificate: Any = None
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether there is no equilibrium (of the kind asked for) at all."""
        outer = self.outer if isinstance(self.outer, tuple) else (self.outer,)
        return any(len(points) == 0 for points in outer)

    def support(self, direction: ArrayLike, state: int = 0) -> float:
        """Return ``max {direction . v}`` over `vertices` (of a state), utils."""
        points = self.points(state)
        if not len(points):
            return -np.inf
        return float(np.max(points @ np.asarray(direction, dtype=float)))

    def points(self, state: int = 0) -> Floats:
        """The extreme points, of one state where there are several, shape (k, n_players)."""
        if isinstance(self.vertices, tuple):
            if not 0 <= state < len(self.vertices):
                allowed = f"a state from 0 to {len(self.vertices) - 1}"
                raise ArgumentError("state", state, allowed)
            return self.vertices[state]
        return self.vertices

    def contains(self, payoffs: ArrayLike, state: int = 0, *, tolerance: float = 1e-9) -> bool:
        """Whether a payoff vector lies in the convex hull of `vertices`.

        `tolerance` is relative to the set's extent plus its distance from the origin.
        """
        from scipy.optimize import linprog

        points = self.points(state)
        if not len(points):
            return False
        v = np.asarray(payoffs, dtype=float)
        centre, scale = points.mean(axis=0), float(np.ptp(points, axis=0).max())
        scale = scale or float(np.abs(centre).max()) or 1.0
        # the least s with |sum_k w_k points_k - v| <= s in every coordinate
        k, n = points.shape
        shift = ((points - centre) / scale).T
        target = (v - centre) / scale
        above = np.hstack([shift, -np.ones((n, 1))])
        below = np.hstack([-shift, -np.ones((n, 1))])
        found = linprog(
            np.append(np.zeros(k), 1.0),
            A_ub=np.vstack([above, below]),
            b_ub=np.concatenate([target, -target]),
            A_eq=np.append(np.ones(k), 0.0)[None],
            b_eq=[1.0],
        )
        return bool(found.status == 0 and found.fun <= max(tolerance, 1e-12))

    def __repr__(self) -> str:
        states = len(self.vertices) if isinstance(self.vertices, tuple) else 1
        of = f" in each of {states} states" if isinstance(self.vertices, tuple) else ""
        claim = "exact" if self.exact else f"gap {self.gap:.1e}"
        if self.is_empty:
            return f"no equilibrium payoffs{of} ({self.method}; {self.status})"
        rows = []
        for s in range(min(states, 6)):
            points = self.points(s)
            shown = " ".join("(" + ", ".join(f"{x:.6g}" for x in p) + ")" for p in points[:12])
            more = f" ... {len(points) - 12} more" if len(points) > 12 else ""
            name = f"{self.game.states[s]}: " if isinstance(self.vertices, tuple) else ""  # type: ignore[union-attr]
            rows.append(f"  {name}{shown}{more}")
        rows += [f"  ... {states - 6} more states"] if states > 6 else []
        head = f"equilibrium payoffs{of}, {claim}; {self.method}; {self.status}"
        return "\n".join([head, *rows])
