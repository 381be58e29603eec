"""Whether a pause is kept for another day: patience, survival, and which party binds."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from numbers import Rational
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.games._automaton_rules import labels
from ceasefire.games._automaton_rules import profile as indices
from ceasefire.games.normal import NormalForm, number
from ceasefire.solvers import _discount_certificate as verify
from ceasefire.solvers import _patience as facts
from ceasefire.tolerances import DISCOUNT_XTOL

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class ExtensionThreshold(Displayed):
    """What it takes that every party complies on one more day, day after day.

    The discount factor is ``delta = survival * patience``: the chance that the pause is still there
    tomorrow, times what tomorrow counts.

    Attributes
    ----------
    stage : NormalForm
    comply, resume : tuple of str
        The two profiles, by name.
    value : Fraction or float
        The least discount factor at which all parties comply; 1 or nan where none below 1 does.
    exact : bool
    binding : tuple of str
        The parties for whom it is least: whom to look at.
    temptation : tuple, one a party
        What it gains on the day it stops complying first, utils.
    stake : tuple, one a party
        What a day of the pause is worth to it, against resumption, utils.
    needed : tuple, one a party
        The least discount factor of each alone; None where the stake is below 0.
    patience : tuple or None
        Each party's daily patience, as given.
    survival : Fraction, float or None
        The daily chance that the pause lasts, as given.
    largest_hazard : tuple or None
        With `patience`: the largest daily chance of collapse, ``1 - needed / patience``, at which
        each complies; below 0 where it would not even without hazard; None where it never does.
    least_patience : tuple or None
        With `survival`: ``needed / survival``; past 1 where no patience is enough.
    sustained : bool or None
        With both: whether every party complies.
    certificate : DiscountCertificate or None
        One-shot deviations from "comply until somebody does not, then resume for ever".
    """

    stage: NormalForm
    comply: tuple[str, ...]
    resume: tuple[str, ...]
    value: Fraction | float
    exact: bool
    binding: tuple[str, ...]
    temptation: tuple[Fraction | float, ...]
    stake: tuple[Fraction | float, ...]
    needed: tuple[Fraction | float | None, ...]
    patience: tuple[Fraction | float, ...] | None = None
    survival: Fraction | float | None = None
    largest_hazard: tuple[Fraction | float | None, ...] | None = None
    least_patience: tuple[Fraction | float | None, ...] | None = None
    sustained: bool | None = None
    certificate: Any = None

    @property
    def hazard(self) -> Fraction | float | None:
        """The largest daily hazard at which all comply; None without `patience` or where none."""
        if self.largest_hazard is None or any(h is None for h in self.largest_hazard):
            return None
        return min(h for h in self.largest_hazard if h is not None)

    def __float__(self) -> float:
        return float(self.value)

    def frame(self) -> pd.DataFrame:
        """One row a party: temptation, stake, needed, and what follows from what was given."""
        import pandas as pd

        columns: dict[str, Any] = {
            "temptation": _floats(self.temptation),
            "stake": _floats(self.stake),
            "needed": _floats(self.needed),
        }
        for name in ("patience", "largest_hazard", "least_patience"):
            if getattr(self, name) is not None:
                columns[name] = _floats(getattr(self, name))
        columns["binds"] = [p in self.binding for p in self.stage.players]
        return pd.DataFrame(columns, index=pd.Index(self.stage.players, name="party"))

    def __repr__(self) -> str:
        who = " and ".join(self.binding)
        if not float(self.value) < 1:
            return f"no discount factor below 1 extends ({', '.join(self.comply)}); binds {who}"
        text = f"({', '.join(self.comply)}) is extended at discount factor {_shown(self.value)}"
        text += f" or more; binds {who}" if who else ""
        if self.hazard is not None:
            most = self.hazard
            text += f"; largest daily hazard {_shown(most)}" if most >= 0 else (
                "; at this patience not even without hazard"
            )  # fmt: skip
        if self.sustained is not None:
            text += f"; {'extended' if self.sustained else 'not extended'} as given"
        return text


def extension_threshold(
    stage: NormalForm,
    *,
    comply: Sequence[int | str] | str,
    resume: Sequence[int | str] | str,
    patience: float | Fraction | Sequence[float | Fraction] | None = None,
    survival: float | Fraction | None = None,
) -> ExtensionThreshold:
    """What discount factor (survival times patience) extends mutual compliance by another day.

    Party i complies when what it gains by stopping first is no more than the days it forgoes:
    ``g_i <= (u_i(comply) - u_i(resume)) sum_{t >= 1} delta^t`` with ``delta = survival *
    patience_i``. A collapse for other reasons, of daily chance ``1 - survival``, ends the pause
    whoever complied, so it shortens the sum and does no more.

    Parameters
    ----------
    stage : NormalForm
        A day of the pause: what each party may do on it and what that is worth, utils.
    comply : profile
        Another day of mutual compliance.
    resume : profile
        What follows for ever once a party has not complied; nobody may gain by leaving it.
    patience : float or one a party, optional
        What tomorrow counts if it comes, from 0 to 1.
    survival : float, optional
        Daily chance that the pause lasts.

    Raises
    ------
    ArgumentError
        A profile that is not one; a resumption from which a party gains by deviating.

    Examples
    --------
    >>> day = NormalForm.bimatrix([[4, -2], [7, 0]], [[3, 4], [-3, 0]],
    ...     players=["captor", "pauser"], actions=[["release", "hold"], ["pause", "strike"]])
    >>> kept = extension_threshold(day, comply="release, pause", resume="hold, strike",
    ...                            patience=0.95)
    >>> kept
    (release, pause) is extended at discount factor 3/7 or more; binds captor; largest daily hazard
    0.548872
    >>> kept.frame()[["temptation", "stake", "binds"]]
            temptation  stake  binds
    party
    captor         3.0    4.0   True
    pauser         1.0    3.0  False
    """
    if not isinstance(stage, NormalForm):
        raise ArgumentError("stage", type(stage).__name__, "a NormalForm")
    here, after = indices(stage, comply, "comply"), indices(stage, resume, "resume")
    for name, gain in zip(stage.players, facts.temptations(stage, after), strict=True):
        if gain > 0:
            allowed = "a profile from which nobody gains by deviating"
            raise ArgumentError("resume", f"{labels(stage, after)}: {name} gains", allowed)
    gains = facts.temptations(stage, here)
    stakes = [
        facts.snapped(stage, i, u - v)
        for i, (u, v) in enumerate(
            zip(facts.payoffs(stage, here), facts.payoffs(stage, after), strict=True)
        )
    ]
    needed = [facts.for_ever(g, s) for g, s in zip(gains, stakes, strict=True)]
    worst = None if None in needed else max(n for n in needed if n is not None)
    certificate = None
    if worst is not None and worst < 1:
        plan = [facts.pure_reversion(stage, after)] * stage.n_players
        certificate = verify.by_automaton(stage, here, plan, None, (worst, worst))
    each = _each(patience, stage.n_players)
    last = None if survival is None else _probability("survival", survival)
    return ExtensionThreshold(
        stage, labels(stage, here), labels(stage, after),
        float("nan") if worst is None else _out(stage, worst), stage.is_exact,
        _binding(stage, needed), tuple(_out(stage, g) for g in gains),
        tuple(_out(stage, s) for s in stakes), tuple(_out(stage, n) for n in needed),
        each, last, _hazards(stage, needed, each), _patiences(stage, needed, last),
        _sustained(needed, each, last), certificate,
    )  # fmt: skip


def _each(given: Any, players: int) -> tuple[Fraction | float, ...] | None:
    if given is None:
        return None
    several = isinstance(given, list | tuple | np.ndarray)
    values = list(given) if several else [given] * players
    if len(values) != players:
        raise ArgumentError("patience", given, f"one number, or {players}: one a party")
    return tuple(_probability("patience", x) for x in values)


def _probability(where: str, given: Any) -> Fraction | float:
    good = isinstance(given, Rational | float | np.floating) and not isinstance(given, bool)
    if not good or not 0 <= given <= 1:
        raise ArgumentError(where, given, "a number from 0 to 1")
    return Fraction(given) if isinstance(given, Rational) else float(given)


def _binding(stage: NormalForm, needed: Sequence[Fraction | None]) -> tuple[str, ...]:
    ends = [np.inf if n is None else float(n) for n in needed]
    top = max(ends)
    return tuple(
        p for p, e in zip(stage.players, ends, strict=True) if e > 0 and e >= top - DISCOUNT_XTOL
    )


def _hazards(
    stage: NormalForm, needed: Sequence[Fraction | None], each: tuple[Fraction | float, ...] | None
) -> tuple[Fraction | float | None, ...] | None:
    if each is None:
        return None
    return tuple(
        None if n is None or (n > 0 and p == 0) else _out(stage, 1 - n / p if p else Fraction(1))
        for n, p in zip(needed, each, strict=True)
    )


def _patiences(
    stage: NormalForm, needed: Sequence[Fraction | None], last: Fraction | float | None
) -> tuple[Fraction | float | None, ...] | None:
    if last is None:
        return None
    return tuple(
        None if n is None or (n > 0 and last == 0)
        else _out(stage, n / last if last else Fraction(0))
        for n in needed
    )  # fmt: skip


def _sustained(
    needed: Sequence[Fraction | None],
    each: tuple[Fraction | float, ...] | None,
    last: Fraction | float | None,
) -> bool | None:
    if each is None or last is None:
        return None
    return all(
        n is not None and (n == 0 or bool(Fraction(last) * Fraction(p) >= n))
        for n, p in zip(needed, each, strict=True)
    )


def _out(stage: NormalForm, value: Any) -> Any:
    if value is None or (stage.is_exact and isinstance(value, Fraction)):
        return value
    return float(value)


def _floats(values: Sequence[Any]) -> list[float]:
    return [float("nan") if v is None else float(v) for v in values]


def _shown(value: Any) -> str:
    return number(value) if isinstance(value, Fraction) else f"{float(value):.6g}"
