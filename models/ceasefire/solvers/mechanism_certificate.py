"""Independent verification of a direct mechanism: lies, staying away, money, a bound by duality.

Shares nothing with the linear program: what a lie gains is counted profile by profile, and the
bound is a sum of largest virtual values.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ceasefire.display import Displayed
from ceasefire.tolerances import MECHANISM

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.games.allocation import AllocationProblem


@dataclass(frozen=True, eq=False)
class Multipliers(Displayed):
    r"""Prices of the constraints of a mechanism: the proof that no other does better.

    Attributes
    ----------
    incentive : tuple of ndarray
        By agent: ``lambda_i(t_i, r_i)`` of type t_i not reporting r_i, shape (n_types_i,
        n_types_i); where truth is dominant ``lambda_i(t_i, r_i, t_-i)``, the agent's own two
        axes first.
    participation : tuple of ndarray
        ``mu_i(t_i)``, or ``mu_i(t)`` where ex post; empty where nobody may leave.
    budget : ndarray
        ``beta(t)``, or one number where the budget is met on average; empty without one.
    """

    incentive: tuple[NDArray[Any], ...]
    participation: tuple[NDArray[Any], ...]
    budget: NDArray[Any]


class Goal(NamedTuple):
    """What is maximised: ``sum_t [sum_k q(k, t) outcome(k, t) + sum_i m_i(t) money_i(t)]``.

    Both carry the prior. `outcome` has shape (n_outcomes, *types), `money` (n_agents, *types).
    """

    outcome: NDArray[Any]
    money: NDArray[Any]


class Rules(NamedTuple):
    """Which constraints there are; see `mechanism`."""

    incentive: str
    participation: str
    budget: str
    fixed: NDArray[np.int64] | None


@dataclass(frozen=True)
class MechanismCertificate(Displayed):
    """How far each condition is missed, in units of the range of values; 0 in exact arithmetic.

    Attributes
    ----------
    lie : float
        The largest gain of a type from reporting another.
    leave : float
        The largest gain of a type from staying away.
    budget : float
        The largest amount by which money does not add up.
    lottery : float
        How far outcomes are from lotteries.
    prices : float
        How far the multipliers are from signs and from cancelling money.
    gap : float
        The bound from the multipliers less the value: no mechanism has more than `gap` more.
        Where there is no mechanism: 0 if the multipliers prove it, else 1.
    bound : float or Fraction
        No mechanism of these rules is worth more, utils; below 0 where the multipliers prove that
        there is none (the bound is then one on nothing, in no unit).
    """

    lie: float
    leave: float
    budget: float
    lottery: float
    prices: float
    gap: float
    bound: Any

    @property
    def passed(self) -> bool:
        """Whether everything is met within ``MECHANISM``."""
        missed = (self.lie, self.leave, self.budget, self.lottery, self.prices, abs(self.gap))
        return all(m <= MECHANISM for m in missed)


def certify_mechanism(
    problem: AllocationProblem, rules: Rules, goal: Goal, allocation: NDArray[Any],
    money: NDArray[Any], prices: Multipliers, exact: bool,
) -> MechanismCertificate:  # fmt: skip
    """Recompute every condition of a mechanism from its definition, and bound its value."""
    facts = _Facts(problem, exact)
    bound, missed = virtual_bound(facts, rules, goal, prices)
    value = (goal.outcome * allocation).sum() + (goal.money * money).sum()
    unit = facts.unit
    size = np.max(np.abs(goal.outcome).sum(), initial=0) or unit
    over = [facts.lie(i, rules.incentive, allocation, money) for i in range(problem.n_agents)]
    stay = [facts.leave(i, rules.participation, allocation, money)
            for i in range(problem.n_agents)]  # fmt: skip
    lottery = max(-min(allocation.ravel()), max(abs(allocation.sum(axis=0) - 1).ravel()))
    return MechanismCertificate(
        float(max(over) / unit), float(max(stay) / unit),
        float(facts.budget(rules.budget, money) / unit), float(lottery), missed,
        float((bound - value) / size), bound,
    )  # fmt: skip


def certify_impossible(
    problem: AllocationProblem, rules: Rules, prices: Multipliers, exact: bool
) -> MechanismCertificate:
    """Check Farkas multipliers: with nothing to maximise, the bound must be below nothing."""
    facts = _Facts(problem, exact)
    zero = Fraction(0) if exact else 0.0
    goal = Goal(
        np.full(problem.exact_values.shape[1:], zero),
        np.full((problem.n_agents, *problem.shape), zero),
    )
    bound, missed = virtual_bound(facts, rules, goal, prices)
    proved = bound < 0 if exact else bound / facts.unit < -MECHANISM
    return MechanismCertificate(0.0, 0.0, 0.0, 0.0, missed, 0.0 if proved else 1.0, bound)


def virtual_bound(
    facts: _Facts, rules: Rules, goal: Goal, prices: Multipliers
) -> tuple[Any, float]:
    r"""Bound the value: ``sum_t max_k V(k, t) - sum_i sum_t M_i(t) o_i(t_i)``.

    With ``L_i(t_i, r_i, t_-i)`` the weight of not lying and ``M_i(t)`` that of taking part, the
    *virtual value* is
    ``V(k,t) = f(k,t) + sum_i [(sum_r L_i(t_i,r) + M_i) v_i(k,t) - sum_s L_i(s,t_i) v_i(k,s,t_-i)]``
    (Myerson 1981 for the auction). Money has to cancel, else it could be pumped. Also returns how
    far it does not, and multipliers of the wrong sign.
    """
    problem, pi, v = facts.problem, facts.prior, facts.values
    virtual, owed = goal.outcome.copy(), facts.zero
    size = float(max([1, *(abs(x) for x in goal.money.ravel())]))
    missed = 0.0
    beta = _budget(rules.budget, prices.budget, pi)
    if rules.budget == "surplus":
        missed = max(missed, -float(min(beta.ravel())))
    for i in range(problem.n_agents):
        own = np.moveaxis(pi, i, 0)
        flow = prices.incentive[i]
        if rules.incentive == "bayesian":
            flow = flow.reshape(flow.shape + (1,) * (pi.ndim - 1)) * own[:, None]
        stay = _stay(rules.participation, prices.participation, i, own)
        u = np.moveaxis(v[i], i + 1, 1)  # outcome, own type, others
        part = (flow.sum(axis=1) + stay) * u
        for s in range(len(own)):
            part = part - flow[s][None] * u[:, s : s + 1]
        virtual = virtual + np.moveaxis(part, 1, i + 1)
        money = np.moveaxis(goal.money[i] - beta, i, 0) + flow.sum(axis=1) - flow.sum(axis=0) + stay
        missed = max(missed, max(abs(float(x)) for x in money.ravel()))
        missed = max(
            [missed, *(-float(x) for x in flow.ravel()), *(-float(x) for x in stay.ravel())]
        )
        away = facts.outside[i].reshape((-1,) + (1,) * (pi.ndim - 1))
        owed = owed + (stay * away).sum()
    if rules.fixed is None:
        best = virtual.max(axis=0).sum()
    else:
        best = np.take_along_axis(virtual, rules.fixed[None], axis=0).sum()
    return best - owed, missed / size


def _budget(kind: str, beta: NDArray[Any], pi: NDArray[Any]) -> NDArray[Any]:
    if kind == "expected":
        return np.asarray(beta * pi)
    return beta if kind != "none" else pi * 0


def _stay(kind: str, mu: tuple[NDArray[Any], ...], i: int, own: NDArray[Any]) -> NDArray[Any]:
    """``M_i(t)``, own axis first."""
    if kind == "none":
        return own * 0
    if kind == "ex post":
        return np.moveaxis(mu[i], i, 0)
    return np.asarray(mu[i].reshape((-1,) + (1,) * (own.ndim - 1)) * own)


class _Facts:
    """The problem's numbers, as floats or fractions."""

    def __init__(self, problem: AllocationProblem, exact: bool) -> None:
        self.problem = problem
        self.prior: NDArray[Any] = problem.exact_prior if exact else problem.prior
        self.values: NDArray[Any] = problem.exact_values if exact else problem.values
        self.outside: tuple[NDArray[Any], ...] = problem.exact_outside if exact else problem.outside
        self.zero: Any = Fraction(0) if exact else 0.0
        self.unit = unit_of(problem) if exact else float(unit_of(problem))

    def utility(self, i: int, t: tuple[int, ...], said: tuple[int, ...], q: Any, m: Any) -> Any:
        """Agent i's utility at t where `said` was reported."""
        return (q[(slice(None), *said)] * self.values[i][(slice(None), *t)]).sum() + m[(i, *said)]

    def lie(self, i: int, kind: str, q: NDArray[Any], m: NDArray[Any]) -> Any:
        """The largest gain of agent i from a lie."""
        shape, worst = self.problem.shape, self.zero
        others = [t for t in np.ndindex(shape) if t[i] == 0]
        for own in range(shape[i]):
            seen = [(*t[:i], own, *t[i + 1 :]) for t in others]
            truth = [self.utility(i, t, t, q, m) for t in seen]
            for told in range(shape[i]):
                gains = [
                    self.utility(i, t, (*t[:i], told, *t[i + 1 :]), q, m) - now
                    for t, now in zip(seen, truth, strict=True)
                ]
                worst = max(worst, max(gains) if kind == "dominant" else self._mean(seen, gains))
        return worst

    def leave(self, i: int, kind: str, q: NDArray[Any], m: NDArray[Any]) -> Any:
        """The largest gain of agent i from staying away."""
        if kind == "none":
            return self.zero
        shape, worst = self.problem.shape, self.zero
        for own in range(shape[i]):
            seen = [t for t in np.ndindex(shape) if t[i] == own]
            gains = [self.outside[i][own] - self.utility(i, t, t, q, m) for t in seen]
            worst = max(worst, max(gains) if kind == "ex post" else self._mean(seen, gains))
        return worst

    def budget(self, kind: str, m: NDArray[Any]) -> Any:
        """The largest amount by which money does not add up."""
        if kind == "none":
            return self.zero
        total = m.sum(axis=0)
        if kind == "expected":
            return abs((self.prior * total).sum())
        return max([self.zero, *(total if kind == "surplus" else abs(total)).ravel()])

    def _mean(self, seen: list[tuple[int, ...]], gains: list[Any]) -> Any:
        chance = [self.prior[t] for t in seen]
        total = sum(chance, self.zero)
        return sum((c * g for c, g in zip(chance, gains, strict=True)), self.zero) / total


def unit_of(problem: AllocationProblem) -> Fraction:
    """The largest range of an agent's values over outcomes and profiles, or 1 where all tie."""
    tables = [problem.exact_values[i] for i in range(problem.n_agents)]
    return max(max(t.ravel()) - min(t.ravel()) for t in tables) or Fraction(1)
