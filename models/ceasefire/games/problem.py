"""Bargaining problems: what is feasible, and what each player has without an agreement."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from numbers import Rational
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.games.normal import _labels

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Exact = NDArray[np.object_]
    Numbers = Sequence[Any] | NDArray[Any]
    Table = Sequence[Sequence[Any]] | NDArray[Any]
    Floats = NDArray[np.float64]

CONCAVE = 1e-9  # a curve may bend outwards by this, relative to its height: rounding of its values
SAMPLES = 65  # points at which a curve is tested


@dataclass(frozen=True, eq=False, repr=False)
class Points:
    """Finitely many outcomes, or all lotteries over them.

    Attributes
    ----------
    payoffs : ndarray of Fraction, shape (n_outcomes, n_players)
        Utils.
    lotteries : bool
        Whether lotteries over outcomes are feasible too; then the set is the points' convex hull.
    labels : tuple of str
        One name an outcome.
    """

    payoffs: Exact
    lotteries: bool
    labels: tuple[str, ...]

    @property
    def n_players(self) -> int:
        """Number of players."""
        return int(self.payoffs.shape[1])

    def __repr__(self) -> str:
        return f"{len(self.payoffs)} outcomes{' and their lotteries' * self.lotteries}"


@dataclass(frozen=True, eq=False, repr=False)
class Issues:
    """Levels x of issues, worth ``values @ x + base``, within bounds and ``rows @ x <= limits``.

    Attributes
    ----------
    values : ndarray of Fraction, shape (n_players, n_issues)
        Utils a unit of an issue.
    base : ndarray of Fraction, shape (n_players,)
        Utils where all levels are zero.
    lower, upper : tuple of Fraction or None, length n_issues
        None where there is no bound.
    rows : ndarray of Fraction, shape (n_rows, n_issues)
    limits : ndarray of Fraction, shape (n_rows,)
    labels : tuple of str
        One name an issue.
    """

    values: Exact
    base: Exact
    lower: tuple[Fraction | None, ...]
    upper: tuple[Fraction | None, ...]
    rows: Exact
    limits: Exact
    labels: tuple[str, ...]

    @property
    def n_players(self) -> int:
        """Number of players."""
        return int(self.values.shape[0])

    def __repr__(self) -> str:
        limited = f", {len(self.rows)} joint limits" * (len(self.rows) > 0)
        return f"{len(self.labels)} issues ({', '.join(self.labels[:8])}){limited}"


@dataclass(frozen=True, eq=False, repr=False)
class Frontier:
    """Two players: all ``(x, y)`` with ``low <= x <= high`` and ``y <= function(x)``.

    Attributes
    ----------
    function : callable
        The second player's largest payoff given the first's; decreasing and concave.
    low, high : float
        Range of the first player's payoff, utils.
    slope : callable or None
        Derivative of `function`.
    """

    function: Callable[[float], float]
    low: float
    high: float
    slope: Callable[[float], float] | None = None

    @property
    def n_players(self) -> int:
        """Number of players."""
        return 2

    def __repr__(self) -> str:
        return f"below a curve on [{self.low:g}, {self.high:g}]"


@dataclass(frozen=True, eq=False, repr=False)
class BargainingProblem(Displayed):
    r"""A bargaining problem (S, d): payoffs that an agreement can give, and those without one.

    The players get any ``u in S`` that all agree to, and d otherwise. Payoff may be thrown away:
    with s also every ``u`` with ``d <= u <= s`` counts as feasible.

    Build one by `outcomes`, `hull`, `halfspaces`, `issues` or `frontier`.

    Attributes
    ----------
    feasible : Points or Issues or Frontier
        How S is given.
    disagreement : ndarray of Fraction, shape (n_players,)
        d, utils.
    players : tuple of str
    is_exact : bool
        Whether every number was given as an integer or a fraction. A float stands for the binary
        fraction that it is.
    title : str

    See Also
    --------
    ceasefire.solvers.axiomatic : Nash's and other solutions.

    References
    ----------
    J. Nash (1950), "The bargaining problem", Econometrica 18:155-162.

    Examples
    --------
    Fifty captives against days of pause, worth 1 and -8 utils to one side, -7/20 and 10 to the
    other:

    >>> from fractions import Fraction
    >>> BargainingProblem.issues(
    ...     [[Fraction(-7, 20), 10], [1, -8]], upper=[50, 30], labels=["captives", "days"],
    ...     disagreement=[0, 0],
    ... )
    bargaining of 1, 2 over 2 issues (captives, days); without agreement 0, 0
    """

    feasible: Points | Issues | Frontier
    disagreement: Exact
    players: tuple[str, ...]
    is_exact: bool
    title: str = ""

    @classmethod
    def outcomes(
        cls, payoffs: Table, *, disagreement: Numbers, lotteries: bool = False,
        labels: Sequence[str] | None = None, players: Sequence[str] | None = None,
        title: str = "",
    ) -> BargainingProblem:  # fmt: skip
        """Finitely many outcomes, as where captives cannot be divided.

        Parameters
        ----------
        payoffs : array_like, shape (n_outcomes, n_players)
            Utils.
        disagreement : array_like, shape (n_players,)
        lotteries : bool
            Whether the players may also agree on a lottery over outcomes.
        labels, players : sequence of str, optional
        title : str

        Raises
        ------
        ArgumentError
            Names the field: shapes that do not fit, a number that is not finite, labels repeated.
        """
        table, exact = _fractions("payoffs", payoffs, 2)
        names = _labels("labels", labels, len(table), "one an outcome")
        return _made(Points(table, bool(lotteries), names), disagreement, players, exact, title)

    @classmethod
    def hull(
        cls, vertices: Table, *, disagreement: Numbers,
        players: Sequence[str] | None = None, title: str = "",
    ) -> BargainingProblem:  # fmt: skip
        """The convex hull of payoffs (n_points, n_players); they need not be extreme."""
        return cls.outcomes(
            vertices, disagreement=disagreement, lotteries=True, players=players, title=title
        )

    @classmethod
    def halfspaces(
        cls, rows: Table, limits: Numbers, *, disagreement: Numbers,
        players: Sequence[str] | None = None, title: str = "",
    ) -> BargainingProblem:  # fmt: skip
        """All payoffs u with ``rows @ u <= limits``; rows (n_rows, n_players)."""
        n = _fractions("rows", rows, 2)[0].shape[1]
        free = [None] * n
        return cls.issues(
            [[int(i == j) for j in range(n)] for i in range(n)], disagreement=disagreement,
            lower=free, upper=free, rows=rows, limits=limits, players=players, title=title,
            labels=_labels("players", players, n, "one a player"),
        )  # fmt: skip

    @classmethod
    def issues(
        cls, values: Table, *, disagreement: Numbers,
        upper: Sequence[Any], lower: Sequence[Any] | None = None,
        rows: Table | None = None, limits: Numbers | None = None,
        base: Numbers | None = None, labels: Sequence[str] | None = None,
        players: Sequence[str] | None = None, title: str = "",
    ) -> BargainingProblem:  # fmt: skip
        """Several issues, each worth so much a unit to each player.

        Parameters
        ----------
        values : array_like, shape (n_players, n_issues)
            Utils a unit.
        disagreement : array_like, shape (n_players,)
        upper, lower : sequence of number or None, length n_issues
            Bounds of each issue's level; None for none, infinities too. Lower bounds are 0 by
            default.
        rows, limits : array_like, shapes (n_rows, n_issues) and (n_rows,), optional
            Joint limits ``rows @ x <= limits``.
        base : array_like, shape (n_players,), optional
            Utils where all levels are zero; by default 0.
        labels, players : sequence of str, optional
        title : str

        Raises
        ------
        ArgumentError
            Names the field; a lower bound above the upper one is refused too.
        """
        table, exact = _fractions("values", values, 2)
        n, m = table.shape
        start, exact_base = _fractions("base", [0] * n if base is None else base, 1, n)
        if (rows is None) != (limits is None):
            raise ArgumentError("limits", limits, "given together with rows, or neither")
        A, exact_rows = (np.empty((0, m), dtype=object), True)
        b, exact_limits = (np.empty(0, dtype=object), True)
        if rows is not None and limits is not None:
            A, exact_rows = _fractions("rows", rows, 2, m)
            b, exact_limits = _fractions("limits", limits, 1, len(A))
        low, exact_low = _bounds("lower", [0] * m if lower is None else lower, m)
        high, exact_high = _bounds("upper", upper, m)
        for j, (x, y) in enumerate(zip(low, high, strict=True)):
            if x is not None and y is not None and x > y:
                raise ArgumentError(f"upper[{j}]", float(y), f"at least lower[{j}], {float(x):g}")
        names = _labels("labels", labels, m, "one an issue")
        exact &= exact_base and exact_rows and exact_limits and exact_low and exact_high
        made = Issues(table, start, low, high, A, b, names)
        return _made(made, disagreement, players, exact, title)

    @classmethod
    def frontier(
        cls, function: Callable[[float], float], *, low: float, high: float,
        disagreement: Numbers, slope: Callable[[float], float] | None = None,
        players: Sequence[str] | None = None, title: str = "",
    ) -> BargainingProblem:  # fmt: skip
        """Two players below a smooth curve: the second gets at most ``function(u_1)``.

        Parameters
        ----------
        function : callable
            Decreasing and concave on ``[low, high]``.
        low, high : float
            Range of the first player's payoff, utils.
        disagreement : array_like, shape (2,)
        slope : callable, optional
            Its derivative; by default by differences.
        players : sequence of str, optional
        title : str

        Raises
        ------
        ArgumentError
            The curve rises or bends outwards at a sample of points, or is not finite there.
            Frontiers with kinks are better given by their vertices (`hull`).

        Examples
        --------
        >>> BargainingProblem.frontier(
        ...     lambda x: (1 - x) ** 0.5, low=0, high=1, disagreement=[0, 0]
        ... )
        bargaining of 1, 2 over payoffs below a curve on [0, 1]; without agreement 0, 0
        """
        ends = float(low), float(high)
        if not (math.isfinite(ends[0]) and math.isfinite(ends[1]) and ends[0] < ends[1]):
            raise ArgumentError("high", high, f"a finite number above low, {low}")
        _require_concave(function, *ends)
        return _made(Frontier(function, *ends, slope), disagreement, players, False, title)

    @property
    def n_players(self) -> int:
        """Number of players."""
        return len(self.players)

    @property
    def is_convex(self) -> bool:
        """Whether the feasible set is convex by construction."""
        return not isinstance(self.feasible, Points) or self.feasible.lotteries

    def convexified(self) -> BargainingProblem:
        """The same outcomes with all lotteries over them."""
        if not isinstance(self.feasible, Points) or self.feasible.lotteries:
            return self
        made = Points(self.feasible.payoffs, True, self.feasible.labels)
        return BargainingProblem(made, self.disagreement, self.players, self.is_exact, self.title)

    def payoffs_at(self, levels: Sequence[Any]) -> Exact:
        """Payoffs (n_players,) at levels of the issues, or at weights of the outcomes."""
        if isinstance(self.feasible, Frontier):
            raise ArgumentError("levels", levels, "a problem of issues or outcomes", "not a curve")
        if isinstance(self.feasible, Issues):
            return np.asarray(self.feasible.values @ np.asarray(levels) + self.feasible.base)
        return np.asarray(np.asarray(levels) @ self.feasible.payoffs)

    def __repr__(self) -> str:
        over = "payoffs " * isinstance(self.feasible, Frontier) + repr(self.feasible)
        without = ", ".join(f"{float(x):g}" for x in self.disagreement)
        head = f"{self.title}: " if self.title else ""
        return f"{head}bargaining of {', '.join(self.players)} over {over}; without agreement " + (
            without
        )


def _made(
    feasible: Points | Issues | Frontier, disagreement: Numbers,
    players: Sequence[str] | None, exact: bool, title: str,
) -> BargainingProblem:  # fmt: skip
    n = feasible.n_players
    if n < 2:
        raise ArgumentError("payoffs", f"{n} player", "at least two players, a column each")
    d, rational = _fractions("disagreement", disagreement, 1, n)
    names = _labels("players", players, n, "one a player")
    return BargainingProblem(feasible, d, names, exact and rational, str(title))


def _fractions(where: str, values: Any, axes: int, last: int | None = None) -> tuple[Exact, bool]:
    """The numbers as fractions, and whether none was a float."""
    try:
        given = np.asarray(values, dtype=object)
    except ValueError:
        raise ArgumentError(where, values, "a full array: rows of one length") from None
    if given.ndim != axes or 0 in given.shape or (last is not None and given.shape[-1] != last):
        allowed = f"{axes} {'axis' if axes == 1 else 'axes'}, none empty"
        allowed += "" if last is None else f", the last of length {last}"
        raise ArgumentError(where, f"shape {given.shape}", allowed)
    made = np.empty(given.shape, dtype=object)
    exact = True
    for at, value in np.ndenumerate(given):
        made[at], rational = _fraction(f"{where}{[int(k) for k in at]}", value)
        exact &= rational
    made.setflags(write=False)
    return made, exact


def _fraction(where: str, value: Any) -> tuple[Fraction, bool]:
    if isinstance(value, Rational):
        return Fraction(value), True
    if isinstance(value, np.integer):
        return Fraction(int(value)), True
    if isinstance(value, float | np.floating) and math.isfinite(value):
        return Fraction(float(value)), False
    raise ArgumentError(where, value, "a finite number")


def _bounds(
    where: str, given: Sequence[Any], count: int
) -> tuple[tuple[Fraction | None, ...], bool]:
    if len(given) != count:
        raise ArgumentError(where, f"{len(given)} bounds", f"{count}, one an issue")
    bounds: list[Fraction | None] = []
    exact = True
    missing = math.inf if where == "upper" else -math.inf
    for j, value in enumerate(given):
        if value is None or value == missing:
            bounds.append(None)
            continue
        number, rational = _fraction(f"{where}[{j}]", value)
        bounds.append(number)
        exact &= rational
    return tuple(bounds), exact


def _require_concave(function: Callable[[float], float], low: float, high: float) -> None:
    x = np.linspace(low, high, SAMPLES)
    try:
        y = np.array([float(function(float(at))) for at in x])
    except (TypeError, ValueError, ArithmeticError):
        raise ArgumentError("function", function, "a real number on [low, high]") from None
    if not np.isfinite(y).all():
        where = float(x[np.argmin(np.isfinite(y))])
        raise ArgumentError("function", f"no finite number at {where:g}", "finite on [low, high]")
    slack = CONCAVE * float(np.ptp(y))
    if np.any(np.diff(y) > slack) or y[0] <= y[-1]:
        raise ArgumentError("function", "a curve that rises", "a decreasing one")
    if np.any(y[1:-1] < (y[:-2] + y[2:]) / 2 - slack):
        hint = "lotteries over points of it: BargainingProblem.hull"
        raise ArgumentError("function", "a curve that is not concave", "a concave one", hint)
