"""Axiomatic bargaining: which agreement a rule picks from a feasible set."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError, SolveError, meant
from ceasefire.games.problem import BargainingProblem, Frontier, Issues, Points, _fractions
from ceasefire.solvers import _bargaining_certificate as certificates
from ceasefire.solvers import _bargaining_kinds as kinds
from ceasefire.solvers import _bargaining_programs as programs
from ceasefire.solvers import _frontiers as frontiers
from ceasefire.solvers.result import short
from ceasefire.status import Status
from ceasefire.tolerances import BARGAINING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ceasefire.solvers._bargaining_certificate import BargainingCertificate

Rule = Literal["nash", "kalai-smorodinsky", "egalitarian", "utilitarian", "equal-loss"]
WALK = "walk along the corners of the frontier, in fractions"
PROGRAM = "linear program (HiGHS)"
EXACT_PROGRAM = "linear program in fractions"
INTERIOR = "primal-dual interior point method"
CURVE = "root along the curve"
SCAN = "comparison of all outcomes"


@dataclass(frozen=True, eq=False, repr=False)
class BargainingSolution(Displayed):
    """What a rule picks.

    Attributes
    ----------
    problem : BargainingProblem
    rule : str
    weights : tuple of Fraction
        One a player.
    payoffs : ndarray, shape (n_players,)
        Utils; floats, or `Fraction` where `exact`.
    levels : ndarray or None
        Levels of the issues that give everybody at least `payoffs`; weights of the outcomes where
        these are given; None for a curve.
    ideal : ndarray, shape (n_players,)
        The most of each where nobody has less than without an agreement.
    status : Status
        OK, or NO_DEAL where not all can gain: payoffs are then those without an agreement.
    efficient : bool
        Whether nobody can gain without another's loss.
    unique : bool
        Whether no other payoffs are as good by the rule; where others are, the middle of their
        range is given, or the first of the outcomes in `ties`.
    exact : bool
    method : str
    certificate : BargainingCertificate
    ties : tuple of int
        Outcomes that are equally good by the rule, where outcomes cannot be mixed.
    relaxed : ndarray or None
        Where outcomes cannot be mixed: payoffs with lotteries. The difference is the rounding.
    """

    problem: BargainingProblem
    rule: Rule
    weights: tuple[Fraction, ...]
    payoffs: NDArray[Any]
    levels: NDArray[Any] | None
    ideal: NDArray[Any]
    status: Status
    efficient: bool
    unique: bool
    exact: bool
    method: str
    certificate: BargainingCertificate
    ties: tuple[int, ...] = ()
    relaxed: NDArray[Any] | None = None

    @property
    def gains(self) -> NDArray[Any]:
        """Payoffs less those without an agreement, (n_players,)."""
        d = self.problem.disagreement
        return np.asarray(self.payoffs - (d if self.exact else d.astype(float)))

    @property
    def terms(self) -> dict[str, Any]:
        """Levels by the names of the issues; of outcomes those with some weight."""
        at = self.problem.feasible
        if self.levels is None or isinstance(at, Frontier):
            return {}
        pairs = zip(at.labels, self.levels, strict=True)
        shown = ((k, x if self.exact else float(x)) for k, x in pairs)
        return {k: x for k, x in shown if isinstance(at, Issues) or x > 0}

    def __repr__(self) -> str:
        pay = ", ".join(
            f"{name} {short(u)}" for name, u in zip(self.problem.players, self.payoffs, strict=True)
        )
        terms = ", ".join(f"{short(x)} {k}" for k, x in list(self.terms.items())[:8])
        parts = [f"{self.rule}: payoffs {pay}"]
        parts += [terms] if terms else []
        parts += ["no agreement that all gain by"] if self.status is Status.NO_DEAL else []
        parts += [] if self.efficient else ["not efficient"]
        parts += [] if self.unique else ["not unique"]
        claim = "exact" if self.exact else f"residual {self.certificate.worst:.1e}"
        return "; ".join([*parts, claim, self.method])


class Found(NamedTuple):
    """What one of the methods found; None for levels on a curve."""

    payoffs: Any
    levels: Any
    ideal: Any
    method: str
    deal: bool = True
    unique: bool = True
    ties: tuple[int, ...] = ()


def axiomatic(
    problem: BargainingProblem, *, rule: Rule = "nash",
    weights: Sequence[Any] | None = None, exact: bool = False,
) -> BargainingSolution:  # fmt: skip
    r"""The agreement that a rule picks from a bargaining problem (S, d).

    With gains ``g_i = u_i - d_i`` and ideal payoffs ``a_i = max {u_i : u in S, u >= d}``:

    ====================  =================================================================
    nash                  maximise :math:`\prod_i g_i^{w_i}`
    kalai-smorodinsky     largest u with all ``g_i / (a_i - d_i) / w_i`` equal
    egalitarian           largest u with all ``g_i / w_i`` equal
    equal-loss            largest u with all ``(a_i - u_i) / w_i`` equal (two players)
    utilitarian           maximise :math:`\sum_i w_i u_i` with ``u >= d``
    ====================  =================================================================

    Nash's and Kalai and Smorodinsky's do not depend on the scales of utility; the others compare
    utils between players.

    Parameters
    ----------
    problem : BargainingProblem
    rule : str
    weights : sequence of number, length n_players, optional
        Bargaining power, above 0; by default equal. For Nash their sum does not matter.
    exact : bool
        Give fractions: two players and a polyhedral set; more players by every rule but Nash's,
        whose solution may be irrational there. A float given stands for its binary fraction.

    Returns
    -------
    BargainingSolution

    Raises
    ------
    ArgumentError
        No agreement gives everybody what they have without one (the disagreement point lies
        outside the frontier); the set is unbounded or empty; no such rule; weights that are not
        positive; fractions asked for where there are none.
    SolveError
        The certificate does not pass; what was found is in ``reached``.

    Notes
    -----
    *Two players, polyhedral:* the corners of the frontier are found by programs in fractions, and
    each rule in closed form on one side of it; at a kink no first-order condition is used. *More
    players:* Nash's by an interior point method, some twenty systems of equations of the number of
    issues, the others by linear programs. *A curve:* by roots. *Outcomes that cannot be mixed:*
    the set is not convex, axioms no longer single out a rule; the outcome with the largest product
    (the largest least share, gain, or sum) is taken, and `relaxed` has the payoffs with lotteries.

    *Fails:* where gains of players differ by many orders of magnitude, floats lose digits; the
    certificate shows it. With three players and more Kalai and Smorodinsky's point need not be
    efficient, nor the egalitarian one (Roth 1979): see `efficient`.

    The certificate is other code: a supporting hyperplane with the rule's own prices, or with
    multipliers of a program, evaluated at every outcome or bound; equality of shares, gains, or
    losses; ideal payoffs anew.

    References
    ----------
    J. Nash (1950), Econometrica 18:155-162. E. Kalai (1977), "Nonsymmetric Nash solutions",
    International Journal of Game Theory 6:129-133; "Proportional solutions", Econometrica
    45:1623-1630. E. Kalai and M. Smorodinsky (1975), Econometrica 43:513-518. Y. Chun (1988), "The
    equal-loss principle for bargaining problems", Economics Letters 26:103-106. A. Roth (1979),
    "An impossibility result concerning n-person bargaining games", IJGT 8:129-132.

    Examples
    --------
    Captives for days (THEORY.md B2): half the day's price each side would at most accept.

    >>> from fractions import Fraction
    >>> from ceasefire.games import BargainingProblem
    >>> problem = BargainingProblem.issues(
    ...     [[Fraction(-7, 20), 10], [1, -8]], upper=[50, None], labels=["captives", "days"],
    ...     disagreement=[0, 0], players=["captor", "pauser"],
    ... )
    >>> axiomatic(problem, exact=True)
    nash: payoffs captor 45/2, pauser 18; 50 captives, 4 days; exact; walk along the corners of ...
    >>> axiomatic(problem, rule="egalitarian").terms
    {'captives': 50.0, 'days': 3.75}
    """
    _require(problem, rule)
    shares = _weights(weights, problem.n_players)
    at = problem.feasible
    if isinstance(at, Points) and not at.lotteries:
        return _outcomes(problem, at, rule, shares, exact)
    if isinstance(at, Frontier):
        if exact:
            raise ArgumentError("exact", exact, "False", "a curve has no fractions")
        found = _curve(problem, at, rule, shares)
    elif problem.n_players == 2:
        found = _walk(problem, rule, shares)
    else:
        found = _programs(problem, rule, shares, exact)
    return _solution(problem, rule, shares, exact, found)


def _require(problem: object, rule: str) -> None:
    if not isinstance(problem, BargainingProblem):
        hint = "build one by BargainingProblem.issues, hull, halfspaces, frontier or outcomes"
        raise ArgumentError("problem", problem, "a BargainingProblem", hint)
    if rule not in get_args(Rule):
        known = get_args(Rule)
        raise ArgumentError("rule", rule, f"one of {', '.join(known)}", meant(str(rule), known))
    if rule == "equal-loss" and problem.n_players > 2:
        hint = "with more players equal losses may leave one below its disagreement payoff"
        raise ArgumentError("rule", rule, "another rule for three players and more", hint)


def _weights(weights: Sequence[Any] | None, n: int) -> tuple[Fraction, ...]:
    if weights is None:
        return (Fraction(1),) * n
    given, _ = _fractions("weights", weights, 1, n)
    for i, w in enumerate(given):
        if w <= 0:
            hint = "a player without weight gets what it has without an agreement, in the limit"
            raise ArgumentError(f"weights[{i}]", float(w), "above 0", hint)
    return tuple(given)


def _walk(problem: BargainingProblem, rule: Rule, weights: tuple[Fraction, ...]) -> Found:
    """Two players, a polyhedral set: always in fractions."""
    d = problem.disagreement[0], problem.disagreement[1]
    around = frontiers.sides(frontiers.corners(problem))
    room = frontiers.room(around, d)
    if room < 0:
        raise frontiers.outside(problem)
    if room == 0:
        return Found(d, _nothing(problem) or frontiers.levels_at(around, d), d, WALK, deal=False)
    top = frontiers.ideal(around, d)
    w = weights[0], weights[1]
    unique = True
    if rule == "nash":
        u = frontiers.nash(around, d, w)
    elif rule == "utilitarian":
        u, unique = frontiers.utilitarian(around, d, w)
    elif rule == "equal-loss":
        u = _equal_loss(around, top, w)
    else:
        scale = (top[0] - d[0], top[1] - d[1]) if rule == "kalai-smorodinsky" else (1, 1)
        u = frontiers.along(around, d, (w[0] * scale[0], w[1] * scale[1]))
    return Found(u, frontiers.levels_at(around, u), top, WALK, unique=unique)


def _nothing(problem: BargainingProblem) -> tuple[Fraction, ...] | None:
    """All issues at zero, where that is feasible and gives what holds without an agreement."""
    at = problem.feasible
    if not isinstance(at, Issues) or any(at.base != problem.disagreement) or any(at.limits < 0):
        return None
    bounds = zip(at.lower, at.upper, strict=True)
    if any((x is not None and x > 0) or (y is not None and y < 0) for x, y in bounds):
        return None
    return (Fraction(0),) * len(at.labels)


def _equal_loss(
    around: list[frontiers.Side], top: frontiers.Pair, w: frontiers.Pair
) -> frontiers.Pair:
    """The last point from the ideal one backwards: the least loss that every side allows."""
    t = max(
        (s.normal[0] * top[0] + s.normal[1] * top[1] - s.right)
        / (s.normal[0] * w[0] + s.normal[1] * w[1])
        for s in around
    )
    return top[0] - t * w[0], top[1] - t * w[1]


def _curve(
    problem: BargainingProblem, at: Frontier, rule: Rule, weights: tuple[Fraction, ...]
) -> Found:
    d, w = problem.disagreement.astype(float), np.array([float(x) for x in weights])
    if not kinds.inside_curve(problem, at):
        return Found(d, None, d, CURVE, deal=False)
    top = kinds.curve_ideal(at, d)
    if rule == "nash":
        u = kinds.curve_nash(at, d, top, w)
    elif rule == "utilitarian":
        u = kinds.curve_utilitarian(at, d, top, w)
    elif rule == "equal-loss":
        far = float(np.max((top - d) / w))
        u = kinds.curve_along(at, top - far * w, w)
    else:
        u = kinds.curve_along(at, d, w * (top - d if rule == "kalai-smorodinsky" else 1.0))
    return Found(u, None, top, CURVE)


def _programs(
    problem: BargainingProblem, rule: Rule, weights: tuple[Fraction, ...], exact: bool
) -> Found:
    """Three players and more, a polyhedral set."""
    at, d, n = programs.system(problem), problem.disagreement, problem.n_players
    if exact and rule == "nash":
        hint = "with three players and more Nash's solution may be irrational"
        raise ArgumentError("exact", exact, "False", hint)
    one = np.array([Fraction(1)] * n, dtype=object)
    nothing = np.array([Fraction(0)] * n, dtype=object)
    try:
        room = at.best(nothing, d, ray=one, exact=exact)
    except ArgumentError as error:
        # where levels are payoffs, nobody having less than d is a bound of theirs
        bounded = isinstance(problem.feasible, Issues) and at.lower != problem.feasible.lower
        if bounded and error.got == frontiers.empty().got:
            raise frontiers.outside(problem) from None
        raise
    scale = max(abs(float(x)) for x in [*at.values.flat, 1e-300])
    if room.value < (0 if exact else -BARGAINING * scale):
        raise frontiers.outside(problem)
    method = EXACT_PROGRAM if exact else PROGRAM
    if room.value <= (0 if exact else BARGAINING * scale):
        return Found(d, np.array(room.levels), d, method, deal=False)
    axes = [np.array([Fraction(int(i == j)) for j in range(n)], dtype=object) for i in range(n)]
    best = [at.best(axis, d, exact=exact) for axis in axes]
    top = np.array([one.value + b for one, b in zip(best, at.base, strict=True)])
    top = top if exact else top.astype(float)
    w = np.array(weights, dtype=object) if exact else np.array([float(x) for x in weights])
    if rule == "nash":
        low = d.astype(float)
        levels = programs.nash_levels(at, low, top - low, w / w.sum())
        payoffs = at.values.astype(float) @ levels + at.base.astype(float)
        return Found(payoffs, levels, top, INTERIOR)
    if rule == "utilitarian":
        return _sum_of_several(at, d, w, top, method, exact)
    gain = top - (d if exact else d.astype(float))
    ray = w * (gain if rule == "kalai-smorodinsky" else 1)
    found = at.best(nothing, d, ray=ray, exact=exact)
    start = d if exact else d.astype(float)
    return Found(start + found.value * ray, np.array(found.levels), top, method)


def _sum_of_several(
    at: programs.System, d: Any, w: Any, top: Any, method: str, exact: bool
) -> Found:
    """The middle of the extreme points, in each player's payoff, of the best ones."""
    best = at.best(w, d, exact=exact)
    slack = 0 if exact else 0.1 * BARGAINING * float(np.max(w * (top - d.astype(float))))
    limit = np.concatenate([at.limits, [slack - best.value]])
    rows = np.concatenate([at.rows, -(w @ at.values)[None]])
    face = programs.System(at.values, at.base, rows, limit, at.lower, at.upper, at.lottery)
    n = len(w)
    signs = [s * np.eye(n, dtype=int)[i] for i in range(n) for s in (1, -1)]
    found = [np.array(face.best(sign, d, exact=exact).levels) for sign in signs]
    levels = sum(found) / (Fraction(len(found)) if exact else len(found))
    payoffs = [at.values @ x + at.base for x in found]
    spread = np.max(np.ptp(np.array(payoffs), axis=0) / (top - d))
    unique = bool(spread <= (0 if exact else np.sqrt(BARGAINING)))
    return Found(at.values @ levels + at.base, levels, top, method, unique=unique)


def _outcomes(
    problem: BargainingProblem, at: Points, rule: Rule, weights: tuple[Fraction, ...], exact: bool
) -> BargainingSolution:
    """Outcomes that cannot be mixed, with what lotteries would give beside it."""
    d = problem.disagreement
    top = kinds.pure_ideal(problem, at)
    if np.all(at.payoffs <= d, axis=1).all() or any(top <= d) or not _some_gain(at, d):
        at_d = np.array([Fraction(0)] * len(at.payoffs), dtype=object)
        return _solution(problem, rule, weights, exact, Found(d, at_d, d, SCAN, deal=False))
    ties = kinds.best_outcomes(problem, at, rule, weights, top)
    levels = np.array([Fraction(int(k == ties[0])) for k in range(len(at.payoffs))], dtype=object)
    found = Found(at.payoffs[ties[0]], levels, top, SCAN, True, len(ties) == 1, tuple(ties))
    relaxed = None
    if not exact or rule != "nash" or problem.n_players == 2:
        relaxed = axiomatic(problem.convexified(), rule=rule, weights=weights, exact=exact).payoffs
    return _solution(problem, rule, weights, exact, found, relaxed)


def _some_gain(at: Points, d: Any) -> bool:
    return any(all(row > d) for row in at.payoffs)


def _solution(
    problem: BargainingProblem, rule: Rule, weights: tuple[Fraction, ...], exact: bool,
    found: Found, relaxed: Any = None,
) -> BargainingSolution:  # fmt: skip
    kind: Any = object if exact else float
    payoffs, top = np.array(found.payoffs, dtype=kind), np.array(found.ideal, dtype=kind)
    levels = None if found.levels is None else np.array(found.levels, dtype=kind)
    proof = certificates.checked(problem, rule, weights, found)
    status = Status.OK if found.deal else Status.NO_DEAL
    made = BargainingSolution(
        problem, rule, weights, payoffs, levels, top,
        status if proof.passed else Status.NOT_CONVERGED,
        proof.slack <= certificates.TIGHT, found.unique, exact, found.method, proof, found.ties,
        relaxed,
    )  # fmt: skip
    if not proof.passed:
        message = f"{rule}: a condition of the solution fails ({proof}); measure issues alike"
        raise SolveError(message, made)
    return made
