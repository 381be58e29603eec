"""Direct mechanisms for finite types: linear programs over outcomes and money."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError, SolveError
from ceasefire.games.allocation import AllocationProblem
from ceasefire.solvers._linear_program import (
    INFEASIBLE,
    UNBOUNDED,
    LinearProgram,
    solve_program,
)
from ceasefire.solvers.mechanism_certificate import (
    Goal,
    MechanismCertificate,
    Multipliers,
    Rules,
    certify_impossible,
    certify_mechanism,
    unit_of,
)
from ceasefire.status import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

METHOD = "linear program over direct mechanisms (Myerson 1979)"
INCENTIVE = ("bayesian", "dominant")
PARTICIPATION = ("interim", "ex post", "none")
BUDGET = ("balanced", "surplus", "expected", "none")


@dataclass(frozen=True, eq=False, repr=False)
class Mechanism(Displayed):
    """A direct mechanism: agents report types, an outcome is drawn, money changes hands.

    Attributes
    ----------
    problem : AllocationProblem
    allocation : ndarray, shape (n_outcomes, n_types_1, ..., n_types_n)
        ``q(k, t)``, probability of outcome k when t is reported; nan where there is no mechanism.
    transfers : ndarray, shape (n_agents, n_types_1, ..., n_types_n)
        ``m_i(t)``, money that agent i receives, utils. Not unique.
    value : float or Fraction
        The objective, utils.
    payoffs : tuple of ndarray
        By agent: expected utility of each type that tells the truth, utils.
    multipliers : Multipliers
        Prices of the constraints: they bound the value from above, or prove that there is none.
    objective, incentive, participation, budget : str
    exact : bool
    method : str
    status : Status
        ``NO_EQUILIBRIUM`` where no mechanism meets the constraints.
    certificate : MechanismCertificate
    """

    problem: AllocationProblem
    allocation: NDArray[Any]
    transfers: NDArray[Any]
    value: Any
    payoffs: tuple[NDArray[Any], ...]
    multipliers: Multipliers
    objective: str
    incentive: str
    participation: str
    budget: str
    exact: bool
    method: str
    status: Status
    certificate: MechanismCertificate

    @property
    def feasible(self) -> bool:
        """Whether any mechanism meets the constraints."""
        return self.status is Status.OK

    @property
    def welfare(self) -> Any:
        """Expected total value of the outcomes, utils."""
        prior = self.problem.exact_prior if self.exact else self.problem.prior
        values = self.problem.exact_values if self.exact else self.problem.values
        return (prior * (self.allocation * values.sum(axis=0)).sum(axis=0)).sum()

    def chance(self, outcome: int | str) -> Any:
        """Probability of an outcome, by name or number, before types are known."""
        prior = self.problem.exact_prior if self.exact else self.problem.prior
        k = _index("outcome", outcome, self.problem.outcomes)
        return (prior * self.allocation[k]).sum()

    def __repr__(self) -> str:
        rules = f"{self.incentive}, participation {self.participation}, budget {self.budget}"
        if not self.feasible:
            shown = f"{float(self.certificate.bound):.3g}"
            return f"no mechanism ({rules}): the multipliers' bound is {shown}, below 0; {METHOD}"
        names = self.problem.outcomes
        odds = ", ".join(f"{name} {_short(self.chance(name))}" for name in names[:6])
        more = ", ..." * (len(names) > 6)
        claim = "exact" if self.exact else f"gap {self.certificate.gap:.1e}"
        return (
            f"{self.objective} {_short(self.value)} ({rules})\n  {odds}{more}\n  {claim}; {METHOD}"
        )


def mechanism(
    problem: AllocationProblem,
    *,
    objective: str | int | Sequence[float] | ArrayLike = "welfare",
    incentive: str = "bayesian",
    participation: str = "interim",
    budget: str = "balanced",
    allocation: str | ArrayLike = "free",
    exact: bool = False,
) -> Mechanism:
    r"""Maximise an objective over the direct mechanisms that nobody lies to or stays away from.

    A mechanism is ``q(k, t) >= 0``, ``sum_k q(k, t) = 1`` and money ``m_i(t)``. With
    ``u_i(r_i | t) = sum_k q(k, r_i, t_-i) v_i(k, t) + m_i(r_i, t_-i)``:

    .. math:: E[u_i(t_i | t) - u_i(r_i | t) \mid t_i] \ge 0, \qquad
              E[u_i(t_i | t) \mid t_i] \ge o_i(t_i), \qquad \sum_i m_i(t) = 0.

    By the revelation principle no other rules, talks or mediators do better.

    Parameters
    ----------
    problem : AllocationProblem
    objective : str, int, sequence of numbers, or array of shape (n_outcomes, *types)
        ``"welfare"``: expected total value, without money; ``"revenue"``: money that agents pay
        in (minus the subsidy that they draw); an agent's name or number: its expected utility; one
        weight an agent; or a function of outcome and types, whose mean is taken.
    incentive : {"bayesian", "dominant"}
        Truth is best on average over the others' types, or whatever they are.
    participation : {"interim", "ex post", "none"}
        Agents may leave knowing their type, or knowing all, or not at all.
    budget : {"balanced", "surplus", "expected", "none"}
        Money adds up to 0 at every profile; may be left over but not put in; adds up to 0 on
        average; or an outsider pays and collects.
    allocation : {"free", "efficient"} or int array of shape types
        Whether outcomes are chosen, or given (those of largest total value, or the array): then
        the question is which money supports them, if any does.
    exact : bool
        Solve in fractions; for some hundred constraints.

    Returns
    -------
    Mechanism
        Where nothing is feasible its status is ``NO_EQUILIBRIUM`` and its multipliers prove it.

    Raises
    ------
    ArgumentError
        An option that is none of these.
    SolveError
        The objective is unbounded (money from outside); or the answer fails its certificate.

    Notes
    -----
    Values are measured in units of their range first. One column an outcome and profile and one
    of money an agent and profile; a row a lie (types squared), times the others' profiles where
    truth is dominant. Twenty types a side take about a second. The certificate recounts every
    constraint from its definition and bounds the value by *virtual values*, the multipliers'
    weighted values of outcomes; money is not unique, and any one answer is returned.

    References
    ----------
    R. Myerson (1979), "Incentive compatibility and the bargaining problem", Econometrica
    47:61-73. R. Myerson and M. Satterthwaite (1983), "Efficient mechanisms for bilateral trading",
    Journal of Economic Theory 29:265-281. THEORY.md F7.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from ceasefire.games import AllocationProblem
    >>> half = [Fraction(1, 2)] * 2
    >>> values = [Fraction(1, 5), 1]
    >>> trade = AllocationProblem.bilateral_trade([0, Fraction(4, 5)], half, values, half)
    >>> mechanism(trade, exact=True).value, trade.first_best
    (Fraction(1, 3), Fraction(7, 20))
    >>> mechanism(trade, allocation="efficient").status.name
    'NO_EQUILIBRIUM'
    """
    if not isinstance(problem, AllocationProblem):
        raise ArgumentError("problem", type(problem).__name__, "an AllocationProblem")
    _one_of("incentive", incentive, INCENTIVE)
    _one_of("participation", participation, PARTICIPATION)
    _one_of("budget", budget, BUDGET)
    rules = Rules(incentive, participation, budget, _given(problem, allocation))
    label, goal = _goal(problem, objective)
    if not exact:
        goal = Goal(goal.outcome.astype(float), goal.money.astype(float))
    rows = _Rows(problem, rules, goal, exact)
    answer = solve_program(rows.task(), exact=exact, what="mechanism")
    if answer.kind == UNBOUNDED:
        raise SolveError("mechanism: the objective is unbounded; money comes from outside: budget")
    prices = rows.prices(answer.y)
    if answer.kind == INFEASIBLE:
        proof = certify_impossible(problem, rules, prices, exact)
        q = np.full(goal.outcome.shape, np.nan)
        m = np.full(goal.money.shape, np.nan)
    else:
        q, m = rows.read(answer.x)
        proof = certify_mechanism(problem, rules, goal, q, m, prices, exact)
    missing = answer.kind == INFEASIBLE
    found = Mechanism(
        problem, q, m, np.nan if missing else (goal.outcome * q).sum() + (goal.money * m).sum(),
        _payoffs(problem, q, m, exact), prices, label, incentive, participation, budget, exact,
        METHOD, Status.NO_EQUILIBRIUM if missing else Status.OK, proof,
    )  # fmt: skip
    if not proof.passed:
        raise SolveError(f"mechanism: the answer fails its certificate: {proof}", found)
    return found


class _Rows:
    """The linear program: columns ``q(k, t)``, then ``m_i(t)``; rows with what they are for."""

    def __init__(self, problem: AllocationProblem, rules: Rules, goal: Goal, exact: bool) -> None:
        self.problem, self.rules, self.exact = problem, rules, exact
        self.profiles = list(np.ndindex(problem.shape))
        self.place = {t: k for k, t in enumerate(self.profiles)}
        self.width = len(self.profiles)
        self.outcomes = len(problem.outcomes)
        unit = unit_of(problem)
        self.unit = unit if exact else float(unit)
        low = [min(problem.exact_values[i].ravel()) for i in range(problem.n_agents)]
        scaled = np.stack([(problem.exact_values[i] - a) / unit for i, a in enumerate(low)])
        away = [(o - a) / unit for o, a in zip(problem.exact_outside, low, strict=True)]
        self.v: NDArray[Any] = scaled if exact else scaled.astype(float)
        self.away = away if exact else [o.astype(float) for o in away]
        self.pi: NDArray[Any] = problem.exact_prior if exact else problem.prior
        self.goal = goal
        self.rows: list[dict[int, Any]] = []
        self.right: list[Any] = []
        self.equal: list[bool] = []
        self.key: list[tuple[Any, ...]] = []

    def task(self) -> LinearProgram:
        """Minimise minus the goal."""
        self._outcomes()
        for i in range(self.problem.n_agents):
            self._truth(i)
            self._stay(i)
        self._money()
        cost = [-x / self.unit for x in self.goal.outcome.ravel()]
        cost += [-x for x in self.goal.money.ravel()]
        lotteries = self.outcomes * self.width
        free = [k >= lotteries for k in range(len(cost))]
        return LinearProgram(cost, self.rows, self.right, self.equal, free)

    def _add(self, row: dict[int, Any], right: Any, equal: bool, *key: Any) -> None:
        self.rows.append(row)
        self.right.append(right)
        self.equal.append(equal)
        self.key.append(key)

    def _q(self, k: int, t: tuple[int, ...]) -> int:
        return k * self.width + self.place[t]

    def _m(self, i: int, t: tuple[int, ...]) -> int:
        return (self.outcomes + i) * self.width + self.place[t]

    def _outcomes(self) -> None:
        one = Fraction(1)
        for t in self.profiles:
            self._add({self._q(k, t): one for k in range(self.outcomes)}, one, True, "lottery")
            if self.rules.fixed is not None:
                for k in range(self.outcomes):
                    if k != self.rules.fixed[t]:
                        self._add({self._q(k, t): one}, Fraction(0), True, "given")

    def _utility(self, i: int, t: tuple[int, ...], said: tuple[int, ...], weight: Any,
                 row: dict[int, Any]) -> None:  # fmt: skip
        """Add ``weight * u_i(said | t)`` to a row."""
        for k in range(self.outcomes):
            j = self._q(k, said)
            row[j] = row.get(j, 0) + weight * self.v[(i, k, *t)]
        j = self._m(i, said)
        row[j] = row.get(j, 0) + weight

    def _truth(self, i: int) -> None:
        size = self.problem.shape[i]
        for own in range(size):
            seen = [t for t in self.profiles if t[i] == own]
            for told in range(size):
                if told == own:
                    continue
                row: dict[int, Any] = {}
                for t in seen:
                    dominant = self.rules.incentive == "dominant"
                    weight = 1 if dominant else self.pi[t]
                    self._utility(i, t, (*t[:i], told, *t[i + 1 :]), weight, row)
                    self._utility(i, t, t, -weight, row)
                    if dominant:
                        others = (*t[:i], *t[i + 1 :])
                        self._add(row, Fraction(0), False, "truth", i, own, told, *others)
                        row = {}
                if row:
                    self._add(row, Fraction(0), False, "truth", i, own, told)

    def _stay(self, i: int) -> None:
        if self.rules.participation == "none":
            return
        if self.rules.participation == "ex post":
            for t in self.profiles:
                row: dict[int, Any] = {}
                self._utility(i, t, t, -1, row)
                self._add(row, -self.away[i][t[i]], False, "stay", i, *t)
            return
        for own in range(self.problem.shape[i]):
            mean: dict[int, Any] = {}
            seen = [t for t in self.profiles if t[i] == own]
            for t in seen:
                self._utility(i, t, t, -self.pi[t], mean)
            chance = sum(self.pi[t] for t in seen)
            self._add(mean, -chance * self.away[i][own], False, "stay", i, own)

    def _money(self) -> None:
        kind, agents = self.rules.budget, range(self.problem.n_agents)
        if kind == "expected":
            row = {self._m(i, t): self.pi[t] for i in agents for t in self.profiles}
            self._add(row, Fraction(0), True, "money")
        elif kind != "none":
            for t in self.profiles:
                one = {self._m(i, t): Fraction(1) for i in agents}
                self._add(one, Fraction(0), kind == "balanced", "money", *t)

    def read(self, x: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Outcomes and money in the problem's own units."""
        cut = self.outcomes * self.width
        q = x[:cut].reshape(self.outcomes, *self.problem.shape)
        if not self.exact:
            q = np.clip(q.astype(float), 0.0, 1.0)
            q = q / q.sum(axis=0)
        return q, x[cut:].reshape(-1, *self.problem.shape) * self.unit

    def prices(self, y: NDArray[Any]) -> Multipliers:
        """Multipliers by what they are for; those of a minimum turned into those of a maximum."""
        shape, zero = self.problem.shape, Fraction(0) if self.exact else 0.0
        n = self.problem.n_agents
        lies, stays = [], []
        for i in range(n):
            rest = (*shape[:i], *shape[i + 1 :]) if self.rules.incentive == "dominant" else ()
            lies.append(np.full((shape[i], shape[i], *rest), zero))
            stays.append(
                np.full(shape if self.rules.participation == "ex post" else shape[i], zero)
            )
        beta = np.full(() if self.rules.budget == "expected" else shape, zero)
        for key, price in zip(self.key, y, strict=True):
            if key[0] == "truth":
                lies[key[1]][key[2:]] = -price
            elif key[0] == "stay":
                stays[key[1]][key[2:]] = -price
            elif key[0] == "money":
                beta[key[1:]] = -price
        gone = self.rules.participation == "none"
        none = np.empty(0, dtype=beta.dtype)
        return Multipliers(
            tuple(lies), () if gone else tuple(stays), none if self.rules.budget == "none" else beta
        )


def _payoffs(
    problem: AllocationProblem, q: NDArray[Any], m: NDArray[Any], exact: bool
) -> tuple[NDArray[Any], ...]:
    pi = problem.exact_prior if exact else problem.prior
    v = problem.exact_values if exact else problem.values
    found = []
    for i in range(problem.n_agents):
        axes = tuple(k for k in range(pi.ndim) if k != i)
        mean = (pi * ((q * v[i]).sum(axis=0) + m[i])).sum(axis=axes)
        found.append(np.asarray(mean / pi.sum(axis=axes)))
    return tuple(found)


def _goal(
    problem: AllocationProblem, objective: str | int | Sequence[float] | ArrayLike
) -> tuple[str, Goal]:
    """Name and weights of the objective, in fractions."""
    pi, v = problem.exact_prior, problem.exact_values
    n, none = problem.n_agents, np.stack([problem.exact_prior * 0] * problem.n_agents)
    if isinstance(objective, str) and objective == "welfare":
        return objective, Goal(pi * v.sum(axis=0), none)
    if isinstance(objective, str) and objective == "revenue":
        return objective, Goal(pi * v.sum(axis=0) * 0, none - pi)
    if isinstance(objective, str | int):
        i = _index("objective", objective, problem.agents, ("welfare", "revenue"))
        weights = [Fraction(int(k == i)) for k in range(n)]
        label = f"utility of {problem.agents[i]}"
        return label, _weighted(problem, weights)
    allowed = f"welfare, revenue, an agent, {n} weights, or an array of shape {v.shape[1:]}"
    given = np.asarray(objective, dtype=object)
    try:
        flat = [Fraction(x) for x in given.ravel()]
    except (TypeError, ValueError, OverflowError):
        raise ArgumentError("objective", objective, allowed, "finite numbers") from None
    if given.shape == (n,):
        return "weighted utility", _weighted(problem, flat)
    if given.shape == v.shape[1:]:
        table = np.empty(len(flat), dtype=object)
        table[:] = flat
        return "a given function", Goal(pi * table.reshape(given.shape), none)
    raise ArgumentError("objective", f"shape {given.shape}", allowed)


def _weighted(problem: AllocationProblem, weights: Sequence[Fraction]) -> Goal:
    pi = problem.exact_prior
    total = sum(w * problem.exact_values[i] for i, w in enumerate(weights))
    return Goal(np.asarray(pi * total), np.stack([pi * w for w in weights]))


def _given(problem: AllocationProblem, allocation: str | ArrayLike) -> NDArray[np.int64] | None:
    if isinstance(allocation, str):
        _one_of("allocation", allocation, ("free", "efficient"))
        return problem.efficient if allocation == "efficient" else None
    table, most = np.asarray(allocation), len(problem.outcomes)
    whole = np.issubdtype(table.dtype, np.integer)
    if table.shape != problem.shape or not whole or table.min() < 0 or table.max() >= most:
        allowed = f"'free', 'efficient' or outcomes from 0 to {most - 1} of shape {problem.shape}"
        raise ArgumentError("allocation", f"shape {table.shape}", allowed)
    return table.astype(np.int64)


def _one_of(where: str, given: object, allowed: Sequence[str]) -> None:
    if given not in allowed:
        raise ArgumentError(where, given, ", ".join(allowed))


def _index(where: str, given: int | str, names: Sequence[str], also: Sequence[str] = ()) -> int:
    if isinstance(given, str) and given in names:
        return names.index(given)
    good = isinstance(given, int | np.integer) and not isinstance(given, bool)
    if not good or not 0 <= int(given) < len(names):
        raise ArgumentError(where, given, f"{', '.join([*also, *names])}, or a number")
    return int(given)


def _short(value: Any) -> str:
    return str(value) if isinstance(value, Fraction) else f"{value:.6g}"
