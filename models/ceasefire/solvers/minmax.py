"""Minmax payoffs: what the others can hold a player to on one day, and how."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import optimize

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError, SolveError
from ceasefire.games.normal import NormalForm, number
from ceasefire.solvers.nash import EXACT_PATH_ACTIONS, follow, require_normal
from ceasefire.tolerances import EXPLOITABILITY

if TYPE_CHECKING:
    from numpy.typing import NDArray

PURE, MIXED, CORRELATED = "pure", "mixed", "correlated"


@dataclass(frozen=True, eq=False, repr=False)
class Minmax(Displayed):
    r"""What each player can be held to, ``v_i = min_{s_-i} max_{a_i} u_i(a_i, s_-i)``.

    Attributes
    ----------
    stage : NormalForm
    values : ndarray, shape (n_players,)
        ``v``, utils; of `Fraction` where `exact`.
    punishments : tuple of ndarray
        One array a player i: the chance of each profile of the *others*, of shape ``n_actions``
        without player i's axis. Pure punishers put 1 on one profile.
    profiles : tuple of tuples of int
        One profile a player i: its reply, and each of the others' likeliest actions (their very
        actions where punishers are pure).
    replies : tuple of int
        Player i's best reply to its punishment; of several the first.
    guards : tuple of ndarray or None
        One distribution a player over its own actions that secures ``v_i`` whatever the others
        do. None where punishers are pure: they move first, and no one strategy need secure it.
    gap : float
        Largest difference between what the punishment leaves and what is secured, over the payoff
        range of the player, recomputed by enumeration.
    punishers : str
        ``"pure"``, ``"mixed"`` (two players) or ``"correlated"``: three and more players, where
        the others mix *jointly*. Independent mixtures may hold a player only to more.
    exact : bool
    """

    stage: NormalForm
    values: NDArray[Any]
    punishments: tuple[NDArray[Any], ...]
    profiles: tuple[tuple[int, ...], ...]
    replies: tuple[int, ...]
    guards: tuple[NDArray[Any], ...] | None
    gap: float
    punishers: str
    exact: bool

    def __repr__(self) -> str:
        claim = "exact" if self.exact else f"gap {self.gap:.1e}"
        rows = [f"minmax payoffs, {self.punishers} punishers ({claim})"]
        for i, name in enumerate(self.stage.players):
            value = self.values[i]
            shown = number(value) if isinstance(value, Fraction) else f"{float(value):.10g}"
            reply = self.stage.actions[i][self.replies[i]]
            rows.append(f"  {name}: {shown}, replying {reply} to {self._told(i)}")
        return "\n".join(rows)

    def _told(self, i: int) -> str:
        """The punishment of player i by labels, the likeliest profiles of the others first."""
        p = self.punishments[i]
        names = [a for j, a in enumerate(self.stage.actions) if j != i]
        cells = sorted(map(tuple, np.argwhere(p > 0)), key=lambda cell: -p[cell])
        told = []
        for cell in cells[:4]:
            label = ", ".join(n[k] for n, k in zip(names, cell, strict=True))
            share = number(p[cell]) if isinstance(p[cell], Fraction) else f"{p[cell]:.4g}"
            told.append(label if len(cells) == 1 else f"{share} ({label})")
        return " + ".join(told) + (" + ..." if len(cells) > 4 else "")


def minmax(stage: NormalForm, *, mixed: bool = False, exact: bool = False) -> Minmax:
    r"""Return each player's minmax payoff, the punishment and the best reply to it.

    .. math::
        v_i = \min_{s_{-i}} \max_{a_i} u_i(a_i, s_{-i}),

    over pure profiles of the others, or with `mixed` over distributions. In no equilibrium of the
    repeated game does a player get less: pure strategies, the pure value; mixed, the mixed one.

    Parameters
    ----------
    stage : NormalForm
        Any number of players.
    mixed : bool
        Whether punishers may mix. Two players: the value of the zero-sum game. Three and more:
        the punishers' mixture is *correlated*, which is what a linear program finds; independent
        mixtures, a problem that is not convex, lie between this value and the pure one.
    exact : bool
        Rational numbers; a float payoff stands for itself. Pure values are found by comparing
        payoffs as given and are exact whenever these are.

    Returns
    -------
    Minmax

    Raises
    ------
    ArgumentError
        Not a `NormalForm`; an exact mixed value with more actions and profiles of the others than
        exact pivoting takes (120 together).
    SolveError
        The linear program failed, or its value misses what is secured by more than
        `EXPLOITABILITY`.

    Notes
    -----
    Pure: one pass over the profiles. Mixed in floats: one linear program a player (HiGHS), with
    as many columns as the others have profiles, payoffs scaled to [0, 1]. Exact: an equilibrium
    of the zero-sum game between the player and the others as one, by Lemke and Howson's path in
    whole numbers. Both sides' strategies come with it, so that the value is bounded from above
    and below by enumeration.

    References
    ----------
    J. von Neumann (1928), Mathematische Annalen 100:295-320. D. Fudenberg and E. Maskin (1986),
    Econometrica 54:533-554, for minmax payoffs as the bound of equilibrium payoffs.

    Examples
    --------
    >>> names = [["heads", "tails"], ["heads", "tails"]]
    >>> pennies = NormalForm.bimatrix([[1, -1], [-1, 1]], actions=names)
    >>> minmax(pennies)
    minmax payoffs, pure punishers (exact)
      1: 1, replying heads to heads
      2: 1, replying tails to heads
    >>> minmax(pennies, mixed=True, exact=True)
    minmax payoffs, mixed punishers (exact)
      1: 0, replying heads to 1/2 (heads) + 1/2 (tails)
      2: 0, replying heads to 1/2 (heads) + 1/2 (tails)
    """
    require_normal(stage)
    if not isinstance(mixed, bool | np.bool_):
        raise ArgumentError("mixed", mixed, "True or False")
    if not isinstance(exact, bool | np.bool_):
        raise ArgumentError("exact", exact, "True or False")
    rational = bool(exact) or (stage.is_exact and not mixed)
    tables = [_against(stage, i, rational) for i in range(stage.n_players)]
    if mixed:
        pairs = [_by_path(t, i) if exact else _by_program(t, i) for i, t in enumerate(tables)]
        guards = tuple(guard for guard, _ in pairs)
        laws = [law for _, law in pairs]
    else:
        guards, laws = None, [_purely(t) for t in tables]
    return _assembled(stage, tables, laws, guards, rational)


def _against(stage: NormalForm, player: int, rational: bool) -> NDArray[Any]:
    """A player's payoffs, one row an action of its own, one column a profile of the others."""
    table: NDArray[Any] = stage.exact_payoffs if rational else stage.payoffs
    rows = np.moveaxis(table[player], player, 0)
    return np.asarray(rows.reshape(stage.shape[player], -1))


def _purely(table: NDArray[Any]) -> NDArray[Any]:
    """The profile of the others that leaves least; of several the first."""
    best = table.max(axis=0)
    one: Any = Fraction(1) if table.dtype == object else 1.0
    law = np.array([one * 0] * table.shape[1], dtype=table.dtype)
    law[int(np.argmin(best))] = one
    return law


def _by_path(table: NDArray[Any], player: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Optimal strategies (of the player, of the others) of a zero-sum game in fractions."""
    if sum(table.shape) > EXACT_PATH_ACTIONS:
        got = f"{table.shape[0]} actions against {table.shape[1]} profiles (player {player})"
        raise ArgumentError("exact", got, f"at most {EXACT_PATH_ACTIONS} together", "exact=False")
    found = follow(NormalForm.bimatrix(table), 0, True)
    return found.strategies[0], found.strategies[1]


def _by_program(table: NDArray[Any], player: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Optimal strategies (of the player, of the others) in floats: a program and its dual."""
    low, high = float(table.min()), float(table.max())
    if not high > low:
        even = [np.full(k, 1.0 / k) for k in table.shape]
        return even[0], even[1]
    unit = (table * 0.5 - low * 0.5) / (high * 0.5 - low * 0.5)  # halves: 2e308 overflows
    m, k = unit.shape
    found = optimize.linprog(
        np.append(np.zeros(k), 1.0),
        A_ub=np.hstack([unit, -np.ones((m, 1))]),
        b_ub=np.zeros(m),
        A_eq=np.append(np.ones(k), 0.0)[None],
        b_eq=[1.0],
        bounds=[(0.0, None)] * k + [(None, None)],  # a value held at 0 would have no dual
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if found.status != 0 or found.x is None or found.ineqlin.marginals is None:
        raise SolveError(f"minmax of player {player}: the linear program failed: {found.message}")
    guard = np.maximum(-found.ineqlin.marginals, 0.0)
    law = np.maximum(found.x[:k], 0.0)
    return guard / guard.sum(), law / law.sum()


def _assembled(
    stage: NormalForm,
    tables: list[NDArray[Any]],
    laws: list[NDArray[Any]],
    guards: tuple[NDArray[Any], ...] | None,
    rational: bool,
) -> Minmax:
    """The result; every value is recomputed from the punishment and weighed against the guard."""
    values, replies, profiles, shaped, gap = [], [], [], [], 0.0
    for i, (table, law) in enumerate(zip(tables, laws, strict=True)):
        left = table @ law
        value = max(left)
        replies.append(int(np.argmax(left >= value)))
        others = stage.shape[:i] + stage.shape[i + 1 :]
        likely = np.unravel_index(int(np.argmax(law)), others)
        profiles.append((*map(int, likely[:i]), replies[i], *map(int, likely[i:])))
        shaped.append(law.reshape(others))
        kept = min(max(column) for column in table.T) if guards is None else min(guards[i] @ table)
        gap = max(gap, float(value - kept) / (float(stage.payoff_range[i]) or 1.0))
        values.append(value)
    kind = PURE if guards is None else MIXED if stage.n_players == 2 else CORRELATED
    result = Minmax(
        stage, np.array(values, dtype=object if rational else float), tuple(shaped),
        tuple(profiles), tuple(replies), guards, max(gap, 0.0), kind, rational,
    )  # fmt: skip
    if gap > (0.0 if rational else EXPLOITABILITY):
        raise SolveError(f"minmax: bounds {gap:.2g} payoff ranges apart", reached=result)
    return result
