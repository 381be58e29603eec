"""Check whether an agreement is what a bargaining rule picks."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.errors import ArgumentError
from ceasefire.games.problem import Frontier, Points, _fractions
from ceasefire.solvers import _bargaining_certificate as certificates
from ceasefire.solvers import _bargaining_kinds as kinds
from ceasefire.solvers import _bargaining_programs as programs
from ceasefire.solvers.axiomatic import BargainingSolution, Found, _require, _weights
from ceasefire.solvers.result import short
from ceasefire.status import Status
from ceasefire.tolerances import BARGAINING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ceasefire.games import BargainingProblem
    from ceasefire.solvers.axiomatic import Rule


def assess_agreement(
    problem: BargainingProblem, payoffs: Sequence[Any] | None = None, *,
    levels: Sequence[Any] | None = None, rule: Rule = "nash",
    weights: Sequence[Any] | None = None, method: str = "given",
) -> BargainingSolution:  # fmt: skip
    """Whether an agreement is what `rule` picks from a bargaining problem.

    Parameters
    ----------
    problem : BargainingProblem
    payoffs : sequence of number, length n_players, optional
        Utils; by default those of the levels.
    levels : sequence of number, optional
        Levels of the issues or weights of the outcomes; by default some that give `payoffs`.
    rule, weights
        As in `axiomatic`.
    method : str
        Where the agreement is from, for the record.

    Returns
    -------
    BargainingSolution
        With the certificate's residuals; `status` is OK where all are within the tolerance,
        NO_DEAL where the payoffs are those without an agreement and rightly so, else EXPLOITABLE:
        the rule picks another agreement.

    Raises
    ------
    ArgumentError
        Neither payoffs nor levels, or of the wrong length; otherwise as `axiomatic`.

    Examples
    --------
    >>> from ceasefire.games import BargainingProblem
    >>> dollar = BargainingProblem.halfspaces([[1, 1]], [1], disagreement=[0, 0])
    >>> assess_agreement(dollar, [0.5, 0.5]).status
    <Status.OK: 'solved'>
    >>> print(assess_agreement(dollar, [0.6, 0.4]).certificate)
    FAILED: supporting prices 1.2e-01, ...
    """
    _require(problem, rule)
    shares = _weights(weights, problem.n_players)
    if payoffs is None:
        if levels is None:
            raise ArgumentError("payoffs", None, "payoffs, levels or both")
        payoffs = problem.payoffs_at([_number(x) for x in levels]).tolist()
    u, rational = _fractions("payoffs", payoffs, 1, problem.n_players)
    exact = rational and problem.is_exact
    found = _completed(problem, u, levels, method)
    proof = _proof(problem, rule, shares, found)
    kind: Any = object if exact else float
    status = Status.OK if found.deal else Status.NO_DEAL
    return BargainingSolution(
        problem, rule, shares, np.array(u, dtype=kind),
        None if found.levels is None else np.array(found.levels, dtype=kind),
        np.array(found.ideal, dtype=kind if exact else float),
        status if proof.passed else Status.EXPLOITABLE,
        proof.slack <= certificates.TIGHT, True, exact, method, proof,
    )  # fmt: skip


def _number(x: Any) -> Any:
    return Fraction(x) if isinstance(x, int | float | Fraction) else Fraction(float(x))


def _completed(problem: BargainingProblem, u: Any, levels: Any, method: str) -> Found:
    """Ideal payoffs, and levels where none were given."""
    at, d = problem.feasible, problem.disagreement
    width = max(float(np.max(np.abs((u - d).astype(float)))), 1e-300)
    deal = bool(np.min((u - d).astype(float)) > BARGAINING * width)
    if isinstance(at, Frontier):
        return Found(u, None, kinds.curve_ideal(at, d.astype(float)), method, deal)
    if isinstance(at, Points) and not at.lotteries:
        return Found(u, levels, kinds.pure_ideal(problem, at), method, deal)
    linear = programs.system(problem)
    n = problem.n_players
    axes = np.eye(n, dtype=int)
    top = [linear.best(axis, d, exact=problem.is_exact).value for axis in axes]
    ideal = np.array(top, dtype=object) + linear.base
    if levels is None:
        levels = linear.best(np.zeros(n), u, ray=np.ones(n)).levels
    return Found(u, [_number(x) for x in levels], ideal, method, deal)


def _proof(
    problem: BargainingProblem, rule: str, weights: tuple[Fraction, ...], found: Found
) -> certificates.BargainingCertificate:
    try:
        return certificates.checked(problem, rule, weights, found)
    except ArgumentError:
        shown = ", ".join(short(float(x)) for x in found.payoffs)
        what = {f"no agreement gives {shown}": float("inf")}
        return certificates.BargainingCertificate(what, BARGAINING, (), 0.0)
