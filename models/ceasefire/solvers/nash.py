"""Nash equilibria of games in strategic form."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.errors import ArgumentError, SolveError
from ceasefire.games.extensive import ExtensiveForm
from ceasefire.games.normal import NormalForm
from ceasefire.solvers import _bimatrix, _scaling, certificate
from ceasefire.solvers._components import components as nash_components
from ceasefire.solvers._kernels import lexicographic, pivoting
from ceasefire.solvers.result import Equilibria, Equilibrium
from ceasefire.status import Status
from ceasefire.tolerances import EXPLOITABILITY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

EXTREME = "vertex matching (von Stengel 2002)"
PATH = "Lemke-Howson (1964)"
BASIS_ZERO = 1e-12  # what rounding leaves of a basic probability that is zero
EXACT_PATH_ACTIONS = 120  # exact pivoting past this many actions takes minutes


def nash(
    game: NormalForm,
    *,
    exact: bool = False,
    components: bool = True,
    limit: int = _bimatrix.MAX_VERTICES,
) -> Equilibria:
    """All Nash equilibria: ``u_i(s) >= u_i(a, s_-i)`` for every player i and action a.

    Two players: every extreme equilibrium, in degenerate games too, and the maximal Nash subsets
    and components that they span; the list is proven complete. More players: all pure equilibria,
    compared exactly, and in small games the mixed ones support by support
    (`ceasefire.solvers.several`); `complete` is false where they are a continuum, or the game is
    too large to rule others out.

    Parameters
    ----------
    game : NormalForm
    exact : bool
        Rational strategies. The game solved is the one given: a float payoff stands for its own
        binary fraction. Mixed equilibria of three and more players can be irrational: they stay
        floats.
    components : bool
        Whether to group two players' equilibria into components.
    limit : int
        Most vertices of one polytope to hold.

    Returns
    -------
    Equilibria
        With `components`, and each equilibrium's regret recomputed.

    Raises
    ------
    ArgumentError
        Not a `NormalForm`; a bad payoff is refused, by its place, when the game is made.
    SolveError
        More vertices than `limit`, or a component of more than 200,000 maximal Nash subsets.

    Notes
    -----
    Two players. Up to 7 x 7 actions the signs of all minors of payoff differences tell every vertex
    of both best-reply polytopes (`ceasefire.solvers._minors`): the cost grows with the number of
    minors, about 4 to the power of the number of actions in square games, whatever the payoffs.
    Larger games are walked from vertex to vertex by pivoting in floats: the cost grows with the
    number of vertices, about 2.6 to that power in random games (0.03 s at 12 x 12, 0.2 s at
    15 x 15), and with their match. Either way floats decide only what a bound on their rounding
    vouches for. What it does not, in degenerate games and games close to one, is found again in
    whole numbers: by minors up to 9 x 9, else by a lexicographic walk whose cost grows with the
    bases, of which one vertex can have many. `components` adds work in proportion to the number of
    maximal Nash subsets, which can grow exponentially in very degenerate games.

    More players: the cost grows with the number of support profiles, the product of ``2**k - 1``
    over players with k actions.

    References
    ----------
    B. von Stengel (2002), "Computing equilibria for two-person games", Handbook of Game Theory 3,
    ch. 45. M. Jansen (1981), "Maximal Nash subsets for bimatrix games".

    Examples
    --------
    >>> from ceasefire.games import NormalForm
    >>> chicken = NormalForm.bimatrix([[6, 2], [7, 0]], [[6, 7], [2, 0]])
    >>> [tuple(str(p) for p in e.strategies[0]) for e in nash(chicken, exact=True)]
    [('1', '0'), ('2/3', '1/3'), ('0', '1')]
    """
    require_normal(game)
    if game.n_players != 2:
        return _several(game, exact)
    pairs = _bimatrix.extreme(game, exact, limit)
    order = _ordered(pairs)
    method = f"{EXTREME}, {pairs.route}"
    found = _exact_list(game, pairs, order, method) if exact else _list(game, pairs, order, method)
    if any(e.status is not Status.OK for e in found):  # ill-conditioned: digits lost in floats
        again = nash(game, exact=True, components=components, limit=limit)
        found = [rounded(e) for e in again]
        return Equilibria(
            tuple(found), True, again.claim, again.method, components=again.components
        )
    parts = nash_components([pairs.vertex[k] for k in order]) if components else ()
    return Equilibria(tuple(found), True, "all extreme equilibria", method, components=parts)


def one_nash(game: NormalForm | ExtensiveForm, *, exact: bool = False) -> Equilibrium:
    """One Nash equilibrium, by the method that suits the game.

    Two players: Lemke-Howson from the first label whose end is certified. More players: a pure
    equilibrium where there is one, else the end of a logit path, polished, in floats: it can be
    irrational. A tree: backward induction where every player sees everything, else the sequence
    form (two players), else the limit of the agent logit path.

    Parameters
    ----------
    game : NormalForm or ExtensiveForm
    exact : bool
        Rational strategies: always with two players or perfect information, else of a pure
        equilibrium.

    Raises
    ------
    ArgumentError
        `exact` where there are three players or more and no pure equilibrium is found.
    SolveError
        A path ended without a certified equilibrium.
    """
    if isinstance(game, ExtensiveForm):
        from ceasefire.solvers.tree import one_equilibrium

        return one_equilibrium(game, exact=exact)
    require_normal(game)
    if game.n_players == 2:
        return _one_path(game, exact)
    pure = game.pure_equilibria()
    if pure:
        profile = _vertices(game, pure[0], exact or game.is_exact)
        return equilibrium(game, profile, "pure profiles")
    if exact:
        raise not_rational()
    from ceasefire.solvers.logit import trace

    return trace(game)


def not_rational() -> ArgumentError:
    """What `one_nash` raises where an equilibrium in fractions is asked for, and may not exist."""
    hint = "drop exact=True: a mixed equilibrium of three players and more can be irrational"
    allowed = "False where three players or more have no pure equilibrium"
    return ArgumentError("exact", True, allowed, hint)


def lemke_howson(
    game: NormalForm, *, label: int | None = None, exact: bool = False, pivots: int = 1_000_000
) -> Equilibria:
    """Ends of the Lemke-Howson paths of a two-player game, of one label or of every one.

    Parameters
    ----------
    game : NormalForm
        Two players, m and n actions.
    label : int, optional
        The label dropped: 0 to m - 1 for the row player's actions, m to m + n - 1 for the column
        player's. By default all of them; equal ends are listed once, `detail["labels"]` says from
        which labels.
    exact : bool
        Pivot in whole numbers.
    pivots : int
        Most steps of one path; paths can be exponentially long (Savani and von Stengel 2006).

    Raises
    ------
    ArgumentError
        Not two players, or no such label.
    SolveError
        A path took more than `pivots` steps.
    """
    require_normal(game)
    if game.n_players != 2:
        raise ArgumentError("game", f"{game.n_players} players", "two players", "use one_nash")
    total = sum(game.shape)
    if label is not None and not 0 <= label < total:
        raise ArgumentError("label", label, f"0 to {total - 1}")
    ends: list[Equilibrium] = []
    for k in range(total) if label is None else [label]:
        found = follow(game, k, exact, pivots)
        known = next((e for e in ends if _same(e, found)), found)
        if known is found:
            ends.append(found)
        known.detail["labels"] = (*known.detail.get("labels", ()), k)
    return Equilibria(tuple(ends), False, "ends of Lemke-Howson paths", PATH)


def _same(one: Equilibrium, two: Equilibrium) -> bool:
    """Whether two ends are one point, each probability to ten digits: 1e-10 is not 2e-10 or 0."""
    pairs = zip(one.strategies, two.strategies, strict=True)
    if one.exact:
        return all(np.array_equal(a, b) for a, b in pairs)
    return all(np.allclose(a, b, rtol=1e-10, atol=BASIS_ZERO) for a, b in pairs)


def follow(game: NormalForm, label: int, exact: bool, pivots: int = 1_000_000) -> Equilibrium:
    """The equilibrium at the end of one label's path; floats first, whole numbers if they fail."""
    small = sum(game.shape) <= EXACT_PATH_ACTIONS
    if not exact:
        A, B = _scaling.normalised(game, 0), _scaling.normalised(game, 1)
        ended, steps, place0, place1 = pivoting.lemke_howson_revised(
            B, np.ascontiguousarray(A.T), label, pivots
        )
        if ended != pivoting.DONE:  # ratios tie: the table tells them apart
            ended, steps, place0, place1 = pivoting.lemke_howson(
                A, np.ascontiguousarray(B.T), label, pivots
            )
        if ended == pivoting.DONE:
            found = _at_basis(game, A, B, place0, place1, steps)
            if found is not None and found.status is Status.OK:
                return found
        if not small:
            raise SolveError(
                f"the Lemke-Howson path of label {label} ended after {steps} pivots without an "
                "equilibrium that floats can certify; try another label, or exact=True"
            )
    found = _exact_path(game, label, pivots)
    return found if exact else rounded(found)


def require_normal(game: object) -> None:
    """Raise `ArgumentError` unless `game` is a `NormalForm`."""
    if not isinstance(game, NormalForm):
        hint = "a tree's strategic form is tree.strategic_form()"
        raise ArgumentError("game", type(game).__name__, "a NormalForm", hint)


def equilibrium(
    game: NormalForm, strategies: Sequence[NDArray[Any]], method: str, **detail: Any
) -> Equilibrium:
    """A profile with its payoffs and its regret, recomputed."""
    exact = all(s.dtype == object for s in strategies)
    gains = certificate.regret(game, strategies)
    widths = np.where(game.payoff_range > 0, game.payoff_range, 1.0)
    good = bool(np.all(gains.astype(float) <= EXPLOITABILITY * widths)) if not exact else all(
        g == 0 for g in gains
    )  # fmt: skip
    return Equilibrium(
        game,
        tuple(strategies),
        certificate.expected(game, strategies),
        max(0.0, float(max(gains))),
        exact,
        method,
        Status.OK if good else Status.EXPLOITABLE,
        detail=detail,
    )


def rounded(found: Equilibrium) -> Equilibrium:
    """The same equilibrium in floats."""
    assert isinstance(found.game, NormalForm)
    floats = [s.astype(float) for s in found.strategies]
    return equilibrium(found.game, floats, found.method, **found.detail)


def _several(game: NormalForm, exact: bool) -> Equilibria:
    """Three players and more: pure equilibria exactly, mixed ones by supports where small."""
    from ceasefire.solvers import several

    rational = exact or game.is_exact
    pure = [_vertices(game, cell, rational) for cell in game.pure_equilibria()]
    found = [equilibrium(game, profile, "pure profiles") for profile in pure]
    mixed, complete = several.supports(game)
    for profile in mixed:
        if any(np.count_nonzero(s) > 1 for s in profile):
            found.append(equilibrium(game, profile, several.METHOD))
    claim = "all equilibria" if complete else "equilibria found"
    status = Status.OK if complete else Status.INCOMPLETE
    return Equilibria(tuple(found), complete, claim, several.METHOD, status)


def _ordered(pairs: _scaling.Pairs) -> list[int]:
    """Places of the equilibria, the row player's first actions first."""
    ranks = []
    for strategies, side in ((pairs.rows, 0), (pairs.columns, 1)):
        of = {vertex[side]: s for vertex, s in zip(pairs.vertex, strategies, strict=True)}
        ranks.append({v: k for k, v in enumerate(sorted(of, key=lambda v: tuple(of[v])))})
    return sorted(
        range(len(pairs.vertex)),
        key=lambda k: (ranks[0][pairs.vertex[k][0]], ranks[1][pairs.vertex[k][1]]),
        reverse=True,
    )


def _list(
    game: NormalForm, pairs: _scaling.Pairs, order: list[int], method: str
) -> list[Equilibrium]:
    m, n = game.shape
    rows, columns = np.reshape(pairs.rows, (-1, m)), np.reshape(pairs.columns, (-1, n))
    payoffs, gains = certificate.float_pairs(game, rows, columns)
    widths = np.where(game.payoff_range > 0, game.payoff_range, 1.0)
    good = np.all(gains <= EXPLOITABILITY * widths, axis=1)
    worst = np.maximum(gains.max(axis=1), 0.0)
    return [
        Equilibrium(
            game,
            (rows[k], columns[k]),
            payoffs[k],
            float(worst[k]),
            False,
            method,
            Status.OK if good[k] else Status.EXPLOITABLE,
        )
        for k in order
    ]


def _exact_list(
    game: NormalForm, pairs: _scaling.Pairs, order: list[int], method: str
) -> list[Equilibrium]:
    payoffs, gains = certificate.exact_pairs(game, pairs.rows, pairs.columns, pairs.vertex)
    return [
        Equilibrium(
            game,
            (pairs.rows[k], pairs.columns[k]),
            payoffs[k],
            float(gains[k]),
            True,
            method,
            Status.OK if gains[k] == 0 else Status.EXPLOITABLE,
        )
        for k in order
    ]


def _one_path(game: NormalForm, exact: bool) -> Equilibrium:
    failure: SolveError | None = None
    for label in range(sum(game.shape)):
        try:
            found = follow(game, label, exact)
        except SolveError as stopped:
            failure = stopped
            continue
        if found.status is Status.OK:
            return found
    raise failure or SolveError("no Lemke-Howson path ended at a certified equilibrium")


def _vertices(game: NormalForm, cell: tuple[int, ...], exact: bool) -> tuple[NDArray[Any], ...]:
    result = []
    for action, count in zip(cell, game.shape, strict=True):
        s = np.array([Fraction(int(a == action)) for a in range(count)], dtype=object)
        result.append(s if exact else s.astype(float))
    return tuple(result)


def _at_basis(
    game: NormalForm, A: NDArray[Any], B: NDArray[Any], place0: NDArray[Any],
    place1: NDArray[Any], steps: int,
) -> Equilibrium | None:  # fmt: skip
    """Solve the last basis afresh; None where its system is singular in floats."""
    m, n = game.shape
    strategies = []
    for M, place, d in ((B.T, place0, m), (A, place1, n)):
        S, K = np.flatnonzero(place[:d] < 0), np.flatnonzero(place[d:] >= 0)
        system = M[np.ix_(K, S)]
        try:
            v = np.linalg.solve(system, np.ones(len(K)))
            v += np.linalg.solve(system, 1.0 - system @ v)
        except np.linalg.LinAlgError:
            return None
        if not np.all(v > -BASIS_ZERO):
            return None
        s = np.zeros(d)
        s[S] = np.maximum(v, 0.0)
        strategies.append(s / s.sum())
    return equilibrium(game, strategies, PATH, pivots=steps)


def _exact_path(game: NormalForm, label: int, pivots: int) -> Equilibrium:
    m, n = game.shape
    A, B = _scaling.whole(game, 0), _scaling.whole(game, 1)
    sides = [lexicographic.Tableau(B.T), lexicographic.Tableau(A)]
    side, enter = (0, label) if label < m else (1, label - m)
    for step in range(1, pivots + 1):
        leave = sides[side].enter(enter)
        own, other = (m, n) if side == 0 else (n, m)
        action = leave < own
        dropped = leave if (side == 0) else (m + leave if action else leave - n)
        side, enter = 1 - side, (other + leave if action else leave - own)
        if dropped == label:
            strategies = [t.distribution() for t in sides]
            return equilibrium(game, strategies, f"{PATH}, whole numbers", pivots=step)
    raise SolveError(f"the Lemke-Howson path of label {label} is longer than {pivots:,} pivots")
