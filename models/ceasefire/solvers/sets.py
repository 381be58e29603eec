"""A set of equilibrium payoffs between two bounds, as every solver of payoff sets returns it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.status import Status
from ceasefire.tolerances import SELF_GENERATION, SHOWN_ZERO

if TYPE_CHECKING:
    from fractions import Fraction

    from numpy.typing import ArrayLike, NDArray

    from ceasefire.games import NormalForm, RepeatedGame, StochasticGame

    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class PayoffSet(Displayed):
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

        `tolerance` is relative to the set's extent (to its distance from the origin where it is
        a point); with more than two players a linear program decides, to about 1e-9.
        """
        points = self.points(state)
        if not len(points):
            return False
        v = np.asarray(payoffs, dtype=float)
        centre, scale = points.mean(axis=0), float(np.ptp(points, axis=0).max())
        scale = scale or float(np.abs(centre).max()) or 1.0
        shifted, target = (points - centre) / scale, (v - centre) / scale
        if points.shape[1] == 2:
            return bool(_depth(shifted, target[None])[0] >= -max(tolerance, 1e-15))
        return _distance(shifted, target) <= max(tolerance, 1e-9)

    def __repr__(self) -> str:
        states = len(self.vertices) if isinstance(self.vertices, tuple) else 1
        of = f" in each of {states} states" if isinstance(self.vertices, tuple) else ""
        claim = "exact" if self.exact else f"gap {self.gap:.1e}"
        if self.is_empty:
            return f"no equilibrium payoffs in pure strategies{of} ({self.method}; {self.status})"
        rows = []
        for s in range(min(states, 6)):
            points = self.points(s)
            shown = shown_points(points[:12], spans(self.outer))
            more = f" ... {len(points) - 12} more" if len(points) > 12 else ""
            name = f"{self.game.states[s]}: " if isinstance(self.vertices, tuple) else ""  # type: ignore[union-attr]
            rows.append(f"  {name}{shown}{more}")
        rows += [f"  ... {states - 6} more states"] if states > 6 else []
        head = f"equilibrium payoffs in pure strategies{of}, {claim}; {self.method}; {self.status}"
        return "\n".join([head, *rows])


def spans(points: Floats | tuple[Floats, ...]) -> Floats:
    """The largest payoff of each player in size, (n_players,): what rounding is measured by."""
    table = np.concatenate(points) if isinstance(points, tuple) else points
    return np.asarray(np.abs(table).max(axis=0, initial=0.0))


def shown_points(points: Floats, size: Floats, zero: float = SHOWN_ZERO) -> str:
    """Points for people; what is rounding next to the payoffs' size is shown as 0."""
    near = np.where(np.abs(points) <= zero * size, 0.0, points)
    return " ".join("(" + ", ".join(f"{x:.6g}" for x in p) + ")" for p in near)


def _distance(points: Floats, target: Floats) -> float:
    """The least s with ``|sum_k w_k points_k - target| <= s`` in every coordinate."""
    from scipy.optimize import linprog

    k, n = points.shape
    above = np.hstack([points.T, -np.ones((n, 1))])
    below = np.hstack([-points.T, -np.ones((n, 1))])
    found = linprog(
        np.append(np.zeros(k), 1.0),
        A_ub=np.vstack([above, below]),
        b_ub=np.concatenate([target, -target]),
        A_eq=np.append(np.ones(k), 0.0)[None],
        b_eq=[1.0],
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    return float(found.fun or 0.0) if found.status == 0 else np.inf


@dataclass(frozen=True, eq=False)
class SelfGeneration(Displayed):
    """Evidence that every payoff of a polygon is an equilibrium payoff: ``W <= B(W)``.

    Every vertex is ``v = (1 - delta) u(a) + delta w`` with ``w`` in the polygon and
    ``w_i >= p_i + (1 - delta) / delta * gain_i(a)``, where ``p_i`` is the polygon's own least
    payoff. Payoffs are in units of each player's range, from its least.

    Attributes
    ----------
    profiles : ndarray of int, shape (k, 2)
        What is played today at each vertex.
    continuations : ndarray, shape (k, 2)
        Payoffs from tomorrow on.
    threat : ndarray, shape (2,)
    incentive : ndarray, shape (k,)
        By how much the tighter of the two incentive constraints holds, payoff ranges.
    inside : ndarray, shape (k,)
        How far the continuation lies inside the polygon, along the nearer axis, payoff ranges;
        negative outside.
    """

    profiles: NDArray[np.int64]
    continuations: NDArray[Any]
    threat: NDArray[Any]
    incentive: NDArray[Any]
    inside: NDArray[Any]

    def __repr__(self) -> str:
        verdict = "generates itself" if self.holds else "does not generate itself"
        how = "in fractions" if self.threat.dtype == object else "to rounding"
        tight = f"tightest margin {float(self.slack):.1e} payoff ranges"
        return f"set of {len(self.profiles)} vertices {verdict} ({how}; {tight})"

    @property
    def slack(self) -> float:
        """The least of all margins, payoff ranges; 0 or rounding below it where all hold."""
        margins = [*self.incentive, *self.inside]
        return float(min(margins)) if margins else 0.0

    @property
    def holds(self) -> bool:
        """Whether every vertex is generated, up to rounding where payoffs are floats."""
        exact = self.threat.dtype == object
        return self.slack >= (0.0 if exact else -SELF_GENERATION)


def self_generation(
    stage: NormalForm, discount: Fraction, points: NDArray[Any], profiles: NDArray[np.int64]
) -> SelfGeneration:
    """Check that a polygon generates itself; nothing of it is taken on trust but the profiles.

    Parameters
    ----------
    stage : NormalForm
        Two players.
    discount : Fraction
    points : ndarray, shape (k, 2)
        Vertices, counterclockwise, in units of each player's payoff range from its least payoff;
        of `Fraction` for a check without rounding.
    profiles : ndarray, shape (k, 2)
        The profile that is claimed to generate each vertex.
    """
    exact = points.dtype == object
    today, gain = _today(stage, profiles, exact)
    ratio: Any = (1 - discount) / discount if discount else None
    if len(points) == 0:
        none = points[:, 0]
        return SelfGeneration(profiles, points, np.full(2, np.nan), none, none)
    threat = points.min(axis=0)
    if ratio is None:  # the future counts for nothing: each vertex is an equilibrium of the stage
        inside = -abs(points - today).max(axis=1)
        return SelfGeneration(profiles, points, threat, -gain.max(axis=1), inside)
    ratio = ratio if exact else float(ratio)
    later = points + ratio * (points - today)
    incentive = (later - threat - ratio * gain).min(axis=1)
    return SelfGeneration(profiles, later, threat, incentive, _depth(points, later))


def _today(
    stage: NormalForm, profiles: NDArray[np.int64], exact: bool
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Payoffs and best deviation gains at profiles, (k, 2) each, in payoff ranges."""
    table: NDArray[Any] = stage.exact_payoffs if exact or stage.is_exact else stage.payoffs
    row, column = profiles.T
    today = np.empty((len(profiles), 2), dtype=table.dtype)
    gain = np.empty_like(today)
    for i in range(2):
        low, high = table[i].min(), table[i].max()
        width = high - low if high > low else 1
        best = table[i].max(axis=i)[column if i == 0 else row]
        today[:, i] = (table[i][row, column] - low) / width
        gain[:, i] = (best - table[i][row, column]) / width
    return (today, gain) if exact else (today.astype(float), gain.astype(float))


def _depth(polygon: NDArray[Any], points: NDArray[Any]) -> NDArray[Any]:
    """How far each point lies inside a counterclockwise polygon, along the nearer axis."""
    if len(polygon) == 1 or not np.any(polygon != polygon[0]):
        return np.asarray(-abs(points - polygon[0]).max(axis=1))
    edges = np.concatenate([polygon[1:], polygon[:1]]) - polygon
    real = abs(edges).max(axis=1) > 0
    start, edges = polygon[real], edges[real]
    length = abs(edges).max(axis=1)
    ahead = points[:, None, :] - start
    result = ((edges[:, 0] * ahead[:, :, 1] - edges[:, 1] * ahead[:, :, 0]) / length).min(axis=1)
    if len(polygon) == 2:  # both sides of one line: now also between its ends
        along = polygon[1] - polygon[0]
        share = (points - polygon[0]) @ along / (along @ along)
        result = np.minimum(result, np.minimum(share, 1 - share))
    return np.asarray(result)
