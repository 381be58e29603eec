"""How patient the players must be for a profile to be played for ever."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.games._automaton_rules import labels
from ceasefire.games._automaton_rules import profile as indices
from ceasefire.games.normal import NormalForm, number
from ceasefire.solvers import _discount_certificate as verify
from ceasefire.solvers import _patience as patience
from ceasefire.solvers import _penal as penal
from ceasefire.status import Status
from ceasefire.tolerances import DISCOUNT_XTOL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import pandas as pd

    from ceasefire.games import RepeatedGame
    from ceasefire.solvers.sets import PayoffSet

GRIM = "reversion to stage equilibria for ever (Friedman 1971)"
DAYS = "reversion to stage equilibria for some days"
OPTIMAL = "worst equilibrium payoffs (Abreu 1988) from certified payoff sets"
POOLED = "pooled incentives with transfers (Levin 2003)"
LOOSE = 1e-6  # width of the bracket of three and more players, whose payoff sets take seconds
CODES = "optimal penal codes with transfers (Goldluecke and Kranz 2012)"


@dataclass(frozen=True, eq=False, repr=False)
class CriticalDiscount(Displayed):
    """The least discount factor at which a profile is played for ever in equilibrium.

    Attributes
    ----------
    stage : NormalForm
    profile : tuple of str
        What is to be played, by name.
    value : Fraction or float
        A `Fraction` where `exact`. 1 where the incentives are met at delta = 1 alone, so that no
        discount factor below 1 is enough; nan where not even there (`Status.NEVER` in both cases),
        or where none was found (`Status.INCOMPLETE`; none up to `low` is enough).
    low, high : Fraction or float
        At `high` the profile is sustained, below `low` it is not; equal where `exact`.
    exact : bool
        Whether `value` is the least discount factor itself, not a number close to it.
    binding : tuple of str
        Players for whom it is least: the others would keep the profile at lower ones. With
        transfers incentives are pooled, and all players with a temptation are named.
    per_player : tuple
        The discount factor that each player alone would need, in the players' order; None where
        none is enough, and for all players with transfers.
    punishment : str or int
        As asked for.
    transfers : bool
    method : str
    status : Status
        `Status.INCOMPLETE` where other stage equilibria (or bounds that did not meet) could allow
        less than `value`.
    certificate : DiscountCertificate or None
        The profile checked by other code at `high`, and refused below `low`.
    detail : dict
    """

    stage: NormalForm
    profile: tuple[str, ...]
    value: Fraction | float
    low: Fraction | float
    high: Fraction | float
    exact: bool
    binding: tuple[str, ...]
    per_player: tuple[Fraction | float | None, ...]
    punishment: str | int
    transfers: bool
    method: str
    status: Status = Status.OK
    certificate: Any = None
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def attainable(self) -> bool:
        """Whether some discount factor below 1 is enough."""
        return float(self.high) < 1.0

    def __float__(self) -> float:
        return float(self.value)

    def __repr__(self) -> str:
        what = f"({', '.join(self.profile)}) for ever"
        how = f"{self.punishment}-day punishment" if isinstance(self.punishment, int) else (
            f"{self.punishment} punishment"
        )  # fmt: skip
        how += ", with transfers" if self.transfers else ""
        if not self.attainable and float(self.low) < 1:
            return f"{what}: no discount factor up to {float(self.low):.9g} is enough ({how})"
        if not self.attainable:
            only = "; at delta = 1 alone" if float(self.value) > 0 else ""
            return f"{what}: no discount factor below 1 is enough{only} ({how})"
        shown = _shown(self.value)
        if float(self.high) - float(self.low) > 1e-9:
            shown = f"{shown} (perhaps less, not below {_shown(self.low)})"
        who = f"; binds {', '.join(self.binding)}" if self.binding else ""
        claim = "exact" if self.exact else f"within {float(self.high) - float(self.low):.1e}"
        return f"{what}: discount factor {shown} or more ({how}; {claim}{who})"


def critical_discount(
    stage: NormalForm,
    profile: Sequence[int | str] | str,
    *,
    punishment: str | int = "grim",
    transfers: bool = False,
    common_reversion: bool = False,
    mixed: bool = True,
    tolerance: float = DISCOUNT_XTOL,
) -> CriticalDiscount:
    r"""Return the least discount factor at which `profile` is played for ever in equilibrium.

    Player i keeps the profile a when one day's temptation ``g_i = max u_i(., a_-i) - u_i(a)`` is
    worth no more than what is lost afterwards:

    - grim: ``(1 - delta) g_i <= delta (u_i(a) - N_i)``, N_i the payoff of the stage equilibrium
      reverted to, so that ``delta >= g_i / (g_i + u_i(a) - N_i)``;
    - n days of it: ``g_i <= (u_i(a) - N_i) (delta + ... + delta^n)``;
    - optimal: ``(1 - delta) g_i <= delta (u_i(a) - v_i(delta))``, v_i(delta) the worst payoff of i
      in any subgame-perfect equilibrium.

    With `transfers` these are required of the sums over players only.

    Parameters
    ----------
    stage : NormalForm
    profile : sequence of int or str
        One action a player, by index or label; or a text, ``"C, C"``.
    punishment : "grim", "optimal" or int
        Reversion for ever to the stage equilibrium that is worst for the deviator, mixed ones
        included; the harshest equilibrium in pure strategies, or that reversion where it punishes
        harder; or reversion for so many days, then forgiveness.
    transfers : bool
        Whether players can pay each other (Levin 2003).
    common_reversion : bool
        Whether one stage equilibrium punishes whoever deviated, the best chosen for all; by
        default each deviator has its own.
    mixed : bool
        Whether reversion may be to a mixed stage equilibrium.
    tolerance : float
        Width of the bracket where the answer is no closed form.

    Raises
    ------
    ArgumentError
        A profile that is not one, or an unknown punishment.

    Notes
    -----
    Deviations that do not pay on their own day are not punished. Closed forms are exact where
    payoffs are whole numbers or fractions; the root for n days lies in a bracket whose ends are
    tested in whole numbers. "optimal" assumes perfect monitoring, pure strategies and a public
    lottery each day, which makes worst payoffs fall in delta (Abreu, Pearce and Stacchetti 1990,
    theorem 6): at a delta with worst payoffs v, ``max g_i / (g_i + u_i - v_i)`` is a lower bound
    at every delta below too, so where it is sustained it is the exact answer. Else the worst
    payoffs jump there, and the answer is a bracket found by bisection on payoff sets. With three
    and more players these are in floats: the answer is a bracket of at most 1e-6 that programs in
    floats certify, and each of some ten to thirty sets takes seconds where they are slow to settle;
    where their bounds do not meet the bracket stays wide and is marked incomplete.
    With transfers it is a closed form for any number of players: cost grows as the number of
    profiles. Where reversion to a mixed stage equilibrium is enough at less than pure punishments
    need, that is the value, and unless `low`, the bound by minmax in correlated strategies, meets
    it, the result is marked incomplete: other mixed punishments might do better still.

    References
    ----------
    Friedman (1971), RES 38. Abreu (1988), Econometrica 56. Levin (2003), AER 93. Goldluecke and
    Kranz (2012), JET 147.

    Examples
    --------
    >>> pd = NormalForm.bimatrix([[3, 0], [5, 1]], [[3, 5], [0, 1]], actions=[["C", "D"]] * 2)
    >>> critical_discount(pd, ("C", "C"))
    (C, C) for ever: discount factor 1/2 or more (grim punishment; exact; binds 1, 2)
    >>> critical_discount(pd, ("C", "C"), punishment=1)
    (C, C) for ever: no discount factor below 1 is enough; at delta = 1 alone (1-day punishment)
    >>> critical_discount(pd, ("C", "C"), punishment=2)
    (C, C) for ever: discount factor 0.618033989 or more (2-day punishment; within ...; binds 1, 2)
    """
    if not isinstance(stage, NormalForm):
        raise ArgumentError("stage", type(stage).__name__, "a NormalForm")
    if not 0 < tolerance < 1:
        raise ArgumentError("tolerance", tolerance, "a number between 0 and 1")
    cell = indices(stage, profile)
    if punishment == "optimal":
        if common_reversion:
            raise ArgumentError("common_reversion", True, "False with optimal punishments")
        pure = _codes(stage, cell) if transfers else _optimal(stage, cell, tolerance)
        return _with_mixed_reversion(stage, cell, pure) if mixed else pure
    days = None if punishment == "grim" else patience.require_days(punishment)
    if transfers:
        return _pooled(stage, cell, days, common_reversion, mixed)
    return _reverting(stage, cell, days, common_reversion, mixed)


def critical_discount_curve(
    family: Callable[[Any], NormalForm],
    values: Iterable[Any],
    *,
    profile: Sequence[int | str] | str,
    punishment: str | int = "grim",
    transfers: bool = False,
    name: str = "parameter",
) -> pd.DataFrame:
    """`critical_discount` of a family of stage games along a parameter.

    Returns
    -------
    DataFrame
        One row a value, which is the index: ``value``, ``low``, ``high`` (floats; nan where no
        discount factor is enough), ``attainable``, ``exact``, ``binding`` (names, with commas).

    Examples
    --------
    >>> def tempting(T):
    ...     return NormalForm.bimatrix([[3, 0], [T, 1]], [[3, T], [0, 1]])
    >>> critical_discount_curve(tempting, [4, 5, 7], profile=(0, 0), name="T")["value"].round(4)
    T
    4    0.3333
    5    0.5000
    7    0.6667
    Name: value, dtype: float64
    """
    import pandas as pd

    kept = list(values)
    found = [
        critical_discount(family(x), profile, punishment=punishment, transfers=transfers)
        for x in kept
    ]
    columns = {
        "value": [float(f) for f in found],
        "low": [float(f.low) for f in found],
        "high": [float(f.high) for f in found],
        "attainable": [f.attainable for f in found],
        "exact": [f.exact for f in found],
        "binding": [", ".join(f.binding) for f in found],
    }
    return pd.DataFrame(columns, index=pd.Index(kept, name=name))


def _reverting(
    stage: NormalForm, cell: tuple[int, ...], days: int | None, common: bool, mixed: bool
) -> CriticalDiscount:
    """Reversion to stage equilibria: each player's own closed form, and the largest of them."""
    listed, complete = patience.stage_equilibria(stage, mixed)
    plans = _plans(stage, listed, common)
    best: tuple[Any, list[Any], list[patience.Reversion]] | None = None
    for plan in plans:
        needs = [_need(stage, cell, i, plan, days) for i in range(stage.n_players)]
        worst = None if None in needs else max(need for need in needs if need is not None)
        if best is None or (worst is not None and (best[0] is None or worst < best[0])):
            best = (worst, needs, plan)
    gains = patience.temptations(stage, cell)
    if best is None:  # no equilibrium to revert to was found
        needs = [(Fraction(0),) * 2 if g == 0 else None for g in gains]
        best = (None if any(gains) else (Fraction(0),) * 2, needs, [])
    worst, needs, plan = best
    certificate = None
    if worst is not None and worst[1] < 1:
        certificate = verify.by_automaton(stage, cell, plan, days, worst)
    return _result(stage, cell, worst, needs, days or "grim", False, DAYS if days else GRIM,
                   complete, certificate)  # fmt: skip


def _plans(
    stage: NormalForm, listed: list[patience.Reversion], common: bool
) -> list[list[patience.Reversion]]:
    """What punishes each player: one equilibrium for all, or each player's worst."""
    if not listed:
        return []
    if common:
        return [[e] * stage.n_players for e in listed]
    return [[min(listed, key=lambda e: e.payoffs[i]) for i in range(stage.n_players)]]


def _need(
    stage: NormalForm, cell: tuple[int, ...], i: int, plan: list[patience.Reversion],
    days: int | None,
) -> tuple[Fraction, Fraction] | None:  # fmt: skip
    gain = patience.temptations(stage, cell)[i]
    loss = patience.snapped(stage, i, patience.payoffs(stage, cell)[i] - plan[i].payoffs[i])
    return _least(gain, loss, days)


def _least(gain: Fraction, loss: Fraction, days: int | None) -> tuple[Fraction, Fraction] | None:
    if days is not None:
        return patience.for_days(gain, loss, days)
    root = patience.for_ever(gain, loss)
    return None if root is None else (root, root)


def _pooled(
    stage: NormalForm, cell: tuple[int, ...], days: int | None, common: bool, mixed: bool
) -> CriticalDiscount:
    """Reversion with transfers: the sums over players have to balance, not each player's."""
    listed, complete = patience.stage_equilibria(stage, mixed)
    gains, here = patience.temptations(stage, cell), patience.payoffs(stage, cell)
    worst: tuple[Fraction, Fraction] | None = None if any(gains) else (Fraction(0),) * 2
    kept: tuple[Fraction, ...] = here
    for plan in _plans(stage, listed, common):
        # who is not tempted and would rather be punished is left alone
        threats = tuple(
            e.payoffs[i] if g > 0 else min(u, e.payoffs[i])
            for i, (e, g, u) in enumerate(zip(plan, gains, here, strict=True))
        )
        left = sum(here, Fraction(0)) - sum(threats, Fraction(0))
        for i in range(stage.n_players):  # sums of floats tie as payoffs do
            left = patience.snapped(stage, i, left)
        need = _least(sum(gains, Fraction(0)), left, days)
        if need is not None and (worst is None or need < worst):
            worst, kept = need, threats
    certificate = None
    if worst is not None and worst[1] < 1:
        certificate = verify.by_shares(stage, cell, kept, days, worst)
    return _result(stage, cell, worst, [None] * stage.n_players, days or "grim", True, POOLED,
                   complete, certificate)  # fmt: skip


def _codes(stage: NormalForm, cell: tuple[int, ...]) -> CriticalDiscount:
    code = penal.with_transfers(stage, cell)
    worst = None if code.value is None else (code.value, code.value)
    certificate = None
    if worst is not None and worst[1] < 1:
        certificate = verify.by_elimination(stage, cell, code)
    detail = {
        "worst_payoffs": code.threats,
        "punishments": tuple(labels(stage, c) for c in code.punishments),
    }
    return _result(stage, cell, worst, [None] * stage.n_players, "optimal", True, CODES, True,
                   certificate, detail)  # fmt: skip


def _optimal(stage: NormalForm, cell: tuple[int, ...], tolerance: float) -> CriticalDiscount:
    """The harshest punishments without transfers, by bisection on payoff sets."""
    n = stage.n_players
    gains = patience.temptations(stage, cell)
    pure = [patience.pure_reversion(stage, c) for c in stage.pure_equilibria()]
    upper = None
    for plan in _plans(stage, pure, False):
        upper = penal.bound(stage, cell, tuple(e.payoffs[i] for i, e in enumerate(plan)))
    low = penal.bound(stage, cell, patience.minmax(stage))
    if not any(gains) or low is None or low >= 1 or low == upper:
        worst = None if low is None else (low, low)
        certificate = None
        if worst is not None and low is not None and low < 1 and pure:
            plan = _plans(stage, pure, False)[0]
            certificate = verify.by_automaton(stage, cell, plan, None, worst)
        needs = _alone(stage, cell, patience.minmax(stage))
        return _result(stage, cell, worst, needs, "optimal", False, OPTIMAL, True, certificate)
    found = penal.search(
        stage, cell, upper, _oracle, tolerance if n == 2 else max(tolerance, LOOSE)
    )
    if found is None:  # not up to the largest that was tried
        made = _result(stage, cell, None, [None] * n, "optimal", False, OPTIMAL, False, None)
        return replace(made, low=1 - (1 - low) / 2**penal.NEARER, binding=())
    threats = found.at_high.threats if found.at_high else None
    needs = _alone(stage, cell, threats) if threats else [None] * n
    certificate = (verify.by_generation if n == 2 else verify.by_programs)(stage, cell, found)
    detail = {"steps": found.steps, "worst_payoffs": threats}
    # where bounds of a set did not meet, the lower end is not refused: back to that by minmax
    refused = n == 2 or found.at_low is None or found.at_low.sustained is False
    ends = (found.low if refused else low, found.high)
    return _result(stage, cell, ends, needs, "optimal", False, OPTIMAL, refused, certificate,
                   detail, exact=found.exact)  # fmt: skip


def _with_mixed_reversion(
    stage: NormalForm, cell: tuple[int, ...], pure: CriticalDiscount
) -> CriticalDiscount:
    """The pure answer, or that of mixed reversion where it asks for less."""
    if pure.attainable and pure.high == 0:
        return pure
    other = critical_discount(stage, cell, transfers=pure.transfers)
    asked = float(pure.high) if pure.attainable else 1.0
    if not other.attainable or float(other.high) >= asked - DISCOUNT_XTOL:
        return pure
    bounds = penal.correlated_minmax(stage)
    if pure.transfers:
        gain, spare = penal.pooled(stage, cell, bounds)
        low = patience.for_ever(gain, spare)
    else:
        low = penal.bound(stage, cell, bounds)
    low = min(low or Fraction(0), Fraction(other.high))
    status = Status.OK if float(other.high) - float(low) <= DISCOUNT_XTOL else Status.INCOMPLETE
    detail = {"pure_punishments": pure.value}
    return replace(other, punishment="optimal", status=status, exact=False, detail=detail,
                   value=float(other.value), low=float(low), method=f"mixed {GRIM}")  # fmt: skip


def _oracle(r: RepeatedGame, exact: bool) -> PayoffSet:
    from ceasefire.solvers.payoff_set import payoff_set

    return payoff_set(r, exact=exact, throw=False)


def _alone(
    stage: NormalForm, cell: tuple[int, ...], threats: tuple[Fraction, ...]
) -> list[tuple[Fraction, Fraction] | None]:
    here, gains = patience.payoffs(stage, cell), patience.temptations(stage, cell)
    return [
        _least(g, patience.snapped(stage, i, u - v), None)
        for i, (g, u, v) in enumerate(zip(gains, here, threats, strict=True))
    ]


def _result(
    stage: NormalForm, cell: tuple[int, ...], worst: tuple[Fraction, Fraction] | None,
    needs: Sequence[tuple[Fraction, Fraction] | None], punishment: str | int, transfers: bool,
    method: str, complete: bool, certificate: Any, detail: dict[str, Any] | None = None,
    exact: bool | None = None,
) -> CriticalDiscount:  # fmt: skip
    nan = float("nan")
    low, high = worst if worst is not None else (nan, nan)
    never = worst is None or high >= 1
    sharp = (low == high if exact is None else exact) and stage.is_exact and worst is not None
    status = Status.NEVER if never else Status.OK
    if not complete and (never or high > 0):
        status = Status.INCOMPLETE
    given = [None if n is None else _number(n[1], stage.is_exact and n[0] == n[1]) for n in needs]
    return CriticalDiscount(
        stage, labels(stage, cell), _number(high, sharp), _number(low, stage.is_exact),
        _number(high, stage.is_exact), sharp, _binding(stage, cell, worst, needs, transfers),
        tuple(given), punishment, transfers, method, status, certificate, detail or {},
    )  # fmt: skip


def _binding(
    stage: NormalForm, cell: tuple[int, ...], worst: tuple[Fraction, Fraction] | None,
    needs: Sequence[tuple[Fraction, Fraction] | None], transfers: bool,
) -> tuple[str, ...]:  # fmt: skip
    if worst is not None and worst[1] <= 0:
        return ()
    if transfers:
        gains = patience.temptations(stage, cell)
        return tuple(p for p, g in zip(stage.players, gains, strict=True) if g > 0)
    ends = [np.inf if n is None else float(n[1]) for n in needs]
    return tuple(
        p for p, e in zip(stage.players, ends, strict=True)
        if e > 0 and (e == max(ends) or e >= max(ends) - DISCOUNT_XTOL)
    )  # fmt: skip


def _number(value: Any, exact: bool) -> Any:
    return value if exact and isinstance(value, Fraction) else float(value)


def _shown(value: Any) -> str:
    short = isinstance(value, Fraction) and value.denominator < 10**6
    return number(value) if short else f"{float(value):.9g}"
