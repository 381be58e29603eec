"""Equilibrium payoffs of repeated games: one entry for every algorithm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ceasefire.errors import ArgumentError, SolveError
from ceasefire.games import RepeatedGame, StochasticGame
from ceasefire.solvers import (
    _abreu_sannikov,
    _corner_sets,
    _hyperplanes,
    _polygons,
    _transfers,
    _unrandomised,
)
from ceasefire.solvers._stochastic_sets import state_payoff_set
from ceasefire.tolerances import (
    HYPERPLANE_GAP,
    NOISY_SET_GAP,
    PAYOFF_SET_GAP,
    UNRANDOMISED_GAP,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from fractions import Fraction

    from ceasefire.games import NormalForm
    from ceasefire.solvers.sets import PayoffSet

MOST_EDGES = 2000  # of a polygon: a gap of 1e-6 of the payoff range
FIRST_DIRECTIONS, MOST_DIRECTIONS = 32, 600


def payoff_set(
    game: RepeatedGame | StochasticGame,
    *,
    transfers: bool = False,
    public_randomisation: bool = True,
    exact: bool = False,
    tol: float | None = None,
    max_iterations: int = _abreu_sannikov.MOST_ITERATIONS,
    throw: bool = True,
) -> PayoffSet:
    r"""Return the payoffs of all subgame-perfect equilibria in pure actions, between two bounds.

    The set V is the largest bounded W that generates itself (Abreu, Pearce and Stacchetti):

    .. math::
        B(W) = \mathrm{co} \bigcup_a \{(1-\delta) u(a) + \delta w : w \in W,\;
            \delta (w_i - \min_W w_i) \ge (1-\delta)(\max_{b} u_i(b, a_{-i}) - u_i(a))\}.

    With `transfers` players may also pay each other, and burn utility, before every action. With
    noisy public signals y of law rho the set is that of perfect public equilibria in pure actions:
    continuations w(y), one a signal, with ``delta sum_y (rho(y | a) - rho(y | b, a_-i)) w_i(y) >=
    (1 - delta) (u_i(b, a_-i) - u_i(a))``.

    Parameters
    ----------
    game : RepeatedGame or StochasticGame
        With a common discount factor; any number of players, and any public signals.
    transfers : bool
        Whether players can pay each other; then any number of players.
    public_randomisation : bool
        Whether a public lottery is drawn every day, so that the set is convex. Without it (two
        players, small games) the result is a list of payoffs of equilibria found and the cells
        outside which there are none; its `contains` and `excludes` tell these apart.
    exact : bool
        Check in fractions (payoffs and the discount factor stand for themselves): slower, for
        small games. ``detail["exact_vertices"]`` then holds the vertices as `Fraction`.
    tol : float
        The gap between the bounds that counts as solved, in payoff ranges. By default 1e-9 for
        two players under perfect monitoring and with transfers, 1e-6 for more players, 1e-4
        under noisy signals, where the boundary is curved, and 0.02 without a public lottery.
    max_iterations : int
        Most applications of the operator. Polygons converge at the rate delta: some
        ``ln(1 / tol) / (1 - delta)`` are made.
    throw : bool
        Whether a gap above `tol` raises; else the result's status says so.

    Returns
    -------
    PayoffSet
        Its `certificate` decomposes every vertex of `inner` into a profile and a continuation.

    Raises
    ------
    ArgumentError
        A game that no algorithm here covers; the message says why.
    SolveError
        Where the gap stays above `tol`; the bounds reached are attached.

    Notes
    -----
    Without transfers: Abreu and Sannikov's operator (at most four points a profile, threats that
    rise at each step) gives supersets. Now and then Newton's method solves for the set that keeps
    the structure reached; that it generates itself makes it a subset, and duality bounds what any
    payoff beyond it would need, often to nothing. An application costs about
    n_profiles * n_vertices; some ten are made, and 1 / (1 - delta) are never waited for.

    The result is `exact` when both bounds meet up to rounding. Rounding of 1e-16 weighs
    1 / (1 - delta) times: from delta = 1 - 1e-6 on expect a gap of 1e-9, and at 1 - 1e-12 a
    SolveError for one game in a hundred. A constraint missed by less than 1e-14 counts as met.
    With `exact=True` neither holds: vertices are fractions, checked without rounding, from a
    superset that floats found and that is taken 1e-9 wider; sets with irrational vertices and
    constraints missed by less than 1e-14 raise.

    Three and more players: the same operator on polytopes, from the feasible payoffs above the
    pure minmax. Where these generate themselves they are the set, at once and at any discount
    factor. Else its limit is; an application costs about n_profiles * n_players convex hulls, and
    some tens are made. Nearer 1 than 1e-7 the outer bound is what is feasible above minmax, and the
    inner one a set for less patient players. The proof divides what a continuation has to differ
    by through ``(1 - delta) / delta``, so that it holds next to 1 as elsewhere. In about
    one game in four of those drawn at random (2 x 2 x 2, payoffs 0 to 9) the operator goes on for
    more passes than are made, or with more than 250 corners, and the bounds may stay apart, which
    the status says. Where corners are too many, hyperplanes take over: a
    polytope around the set, one linear program a direction and profile at each application, with
    directions added where the bounds are apart (Judd, Yeltekin and Conklin). What it generates in
    its limit is the inner bound, once it is seen to generate itself by other programs, one a
    vertex. Several players with noisy signals: hyperplanes. Two: the same by polygons, whose
    edges follow the curved boundary; their number grows as ``1 / sqrt(tol)``, and a program has
    as many unknowns as there are players times signals. The inner bound grows from the payoffs of
    an automaton with a state a vertex, which no deviation gains from; where the set is about to
    vanish none may be found. `tol` is met or the status says not.

    With transfers the set is the simplex ``{v : v_i >= p_i, sum v <= U}``, found by comparing
    profiles, always in fractions. Payoffs with a smaller sum than U may need utility burnt.

    References
    ----------
    Abreu, Pearce and Stacchetti (1990), Econometrica 58:1041-1063. Abreu and Sannikov (2014),
    Theoretical Economics 9:313-338. Goldluecke and Kranz (2012), JET 147:1187-1221, theorem 1.
    Judd, Yeltekin and Conklin (2003), Econometrica 71:1239-1254.

    Examples
    --------
    >>> from ceasefire.games import NormalForm
    >>> stage = NormalForm.bimatrix([[9, 1], [10, 3]], [[9, 10], [1, 3]])
    >>> payoff_set(RepeatedGame(stage, discount=0.9)).vertices.round(6).tolist()
    [[3.0, 3.0], [9.75, 3.0], [9.0, 9.0], [3.0, 9.75]]
    >>> payoff_set(RepeatedGame(stage, discount=0.1)).vertices.tolist()
    [[3.0, 3.0]]
    >>> payoff_set(RepeatedGame(stage, discount=0.9), transfers=True).vertices.tolist()
    [[3.0, 3.0], [15.0, 3.0], [3.0, 15.0]]
    """
    if isinstance(game, StochasticGame):  # a set for every state
        return state_payoff_set(
            game, transfers=transfers, public_randomisation=public_randomisation, exact=exact,
            tol=PAYOFF_SET_GAP if tol is None else tol, max_iterations=max_iterations, throw=throw,
        )  # fmt: skip
    checked(game)
    result = dispatched(game, transfers, public_randomisation, exact, tol, max_iterations)
    if throw and not result.status.solved:
        if exact:
            message = "not decided in fractions: the vertices are no fractions, or a constraint "
            raise SolveError(f"payoff set: {message}is within 1e-14 of being met", reached=result)
        message = f"payoff set: the bounds are {result.gap:.3g} utils apart, more than tol allows"
        raise SolveError(f"{message}; raise max_iterations or tol", reached=result)
    return result


def payoff_sets(
    stage: NormalForm, discounts: Iterable[float | Fraction], *, transfers: bool = False
) -> tuple[PayoffSet, ...]:
    """`payoff_set` of one stage game at many discount factors, in their order.

    What does not depend on the discount factor is prepared once. No set is started from
    another's: each is as good as alone. A gap that stays open shows in its `status`.

    Examples
    --------
    >>> from ceasefire.games import NormalForm
    >>> stage = NormalForm.bimatrix([[4, 0], [6, 2]], [[4, 6], [0, 2]])
    >>> [len(s.vertices) for s in payoff_sets(stage, [0.4, 0.5, 0.6])]
    [1, 4, 4]
    """
    games = [RepeatedGame(stage, discount=d) for d in discounts]
    if transfers or stage.n_players != 2:
        return tuple(payoff_set(g, transfers=transfers, throw=False) for g in games)
    prepared = _abreu_sannikov.scaled(stage)
    return tuple(_abreu_sannikov.solve(g, stage=prepared) for g in games)


def checked(game: object) -> None:
    """Refuse what is not a repeated game."""
    if not isinstance(game, RepeatedGame):
        hint = "a stage game becomes one by RepeatedGame(stage, discount=0.9)"
        raise ArgumentError("game", type(game).__name__, "a RepeatedGame", hint)


def dispatched(
    game: RepeatedGame,
    transfers: bool,
    public_randomisation: bool,
    exact: bool,
    tol: float | None,
    max_iterations: int,
) -> PayoffSet:
    """Choose the algorithm by what the game is; ArgumentError where there is none."""
    if tol is not None and not 0 < tol < 1:
        raise ArgumentError("tol", tol, "a number between 0 and 1, in payoff ranges")
    if max_iterations < 1:
        raise ArgumentError("max_iterations", max_iterations, "a whole number from 1")
    if not game.has_common_discount:
        shown = ", ".join(f"{d:.10g}" for d in game.discounts)
        hint = (
            "players who discount apart trade over time, and average payoffs leave the stage's "
            "feasible set (Lehrer and Pauzner 1999)"
        )
        raise ArgumentError("game.discount", shown, "one discount factor for all players", hint)
    if game.monitoring is not None:
        _only_floats(game, transfers, public_randomisation, exact)
        return _noisy(game, NOISY_SET_GAP if tol is None else tol, max_iterations)
    if transfers:
        return _transfers.solve(game)
    if game.n_players != 2:
        _only_floats(game, transfers, public_randomisation, exact)
        close = HYPERPLANE_GAP if tol is None else tol
        found = None
        if game.discount > 0:
            found = _corner_sets.by_corners(game, tol=close, most_steps=max_iterations)
        return found or _several(game, close, max_iterations)
    if not public_randomisation:
        if exact:
            raise ArgumentError("exact", True, "False where public_randomisation is False")
        close = UNRANDOMISED_GAP if tol is None else tol
        return _unrandomised.solve(game, tol=close, max_iterations=max_iterations)
    close = PAYOFF_SET_GAP if tol is None else tol
    return _abreu_sannikov.solve(game, exact=exact, tol=close, max_iterations=max_iterations)


def _only_floats(
    game: RepeatedGame, transfers: bool, public_randomisation: bool, exact: bool
) -> None:
    """Refuse options that hyperplanes do not take."""
    seen = "perfect monitoring" if game.monitoring is None else "noisy signals"
    what = f"with {game.n_players} players under {seen}"
    for name, got, taken in (
        ("transfers", transfers, False),
        ("public_randomisation", public_randomisation, True),
        ("exact", exact, False),
    ):
        if got is not taken:
            raise ArgumentError(name, got, f"{taken} {what}")


def _noisy(game: RepeatedGame, tol: float, most: int) -> PayoffSet:
    """Public signals: polygons of two players, hyperplanes of any other number."""
    if game.n_players == 2:
        return _polygons.polygons(game, tol=tol, most_edges=MOST_EDGES, most_steps=most)
    return _several(game, tol, most)


def _several(game: RepeatedGame, tol: float, most: int) -> PayoffSet:
    return _hyperplanes.hyperplanes(
        game, tol=tol, directions=FIRST_DIRECTIONS, most_directions=MOST_DIRECTIONS,
        most_steps=most,
    )  # fmt: skip
