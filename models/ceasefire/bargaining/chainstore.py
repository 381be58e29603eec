"""The chain store: a reputation for answering breaches keeps tests off."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ceasefire.bargaining._assessments import TOLERANCE, Found, floats, gaps, laid_out, outcome
from ceasefire.bargaining._staged import Number, checked, checked_count, exact
from ceasefire.bargaining._words import counted
from ceasefire.bargaining.interface import Checks, Model

if TYPE_CHECKING:
    import pandas as pd

    from ceasefire.games import ExtensiveForm
    from ceasefire.solvers import Assessment
    from ceasefire.truce import Scenario

HALVINGS = 60


@dataclass(frozen=True, repr=False)
class Deterrence(Found):
    """Entry and fight, challenger by challenger, on the course without a concession.

    Attributes
    ----------
    enters : tuple
        Chance that each challenger enters, from the first.
    fights : tuple
        Chance that a weak incumbent fights it if it does.
    reputation : tuple
        Belief that the incumbent is tough as each decides.
    weak_payoff : float or Fraction
        A weak incumbent's expected payoff at the start.
    challenger_payoffs : tuple
        Each challenger's on that course, given its belief.
    """

    enters: tuple[Any, ...]
    fights: tuple[Any, ...]
    reputation: tuple[Any, ...]
    weak_payoff: Any
    challenger_payoffs: tuple[Any, ...]


@dataclass(frozen=True)
class ChainStore(Model):
    r"""Challengers in turn, and an incumbent that may be tough.

    A challenger stays out (0), or enters and is conceded (b) or fought (b - 1). A weak incumbent
    gets a > 1 if left alone, 0 if it concedes and -1 if it fights; a tough one, of prior p, always
    fights. With n challengers left, and belief p:

    * the challenger enters if ``p < b^n``, stays out if ``p > b^n``, and at ``p = b^n`` stays out
      with chance 1 / a;
    * a weak incumbent fights for sure if ``n > 1`` and ``p >= b^{n-1}``; otherwise, for ``n > 1``,
      with chance ``p (1 - b^{n-1}) / ((1 - p) b^{n-1})``, which lifts the belief to ``b^{n-1}``;
      the last is conceded.

    Parameters
    ----------
    prior : float or Fraction
        p in [0, 1).
    challengers : int
        N, at least 1.
    entry_gain : float or Fraction
        b in (0, 1), of what a fight costs a challenger.
    deterrence_gain : float or Fraction
        a > 1, of what a fight costs the incumbent.

    Notes
    -----
    *Captures:* a side that answers the first breaches to keep later ones off: here the pausing
    state, whose readiness to resume is tested at every window. *Leaves out:* two-sided reputation
    (`ObstinateTypes`), discounting.

    *Traps.* With prior 0 every challenger enters and is conceded, however many there are. At
    ``p = b^n`` at the start any chance of entry will do; 1 / a is taken. A concession reveals all.

    References
    ----------
    D. Kreps and R. Wilson (1982), Journal of Economic Theory 27:253-279; P. Milgrom and J. Roberts
    (1982), "Predation, reputation, and entry deterrence", ibid. 27:280-312.

    Examples
    --------
    >>> from fractions import Fraction
    >>> ChainStore(Fraction(1, 5), challengers=3, entry_gain=Fraction(1, 2),
    ...            deterrence_gain=2).closed_form()
    enters (0, 1, 1/2), fights (3/4, 1/4, 0), reputation (1/5, 1/5, 1/2), weak payoff 2, challenger
    payoffs (0, 1/10, 0); closed form
    """

    prior: Number
    challengers: int
    entry_gain: Number
    deterrence_gain: Number

    def __post_init__(self) -> None:
        checked("prior", self.prior, -1e-300, 1, "a probability from 0 to below 1")
        checked_count("challengers", self.challengers)
        checked("entry_gain", self.entry_gain, 0, 1, "a number between 0 and 1")
        checked("deterrence_gain", self.deterrence_gain, 1, math.inf, "a number above 1")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> ChainStore:
        """The pausing state is the incumbent; at every window the captor may keep a batch back.

        Kept unanswered, a batch saves its loss C; answered, it costs the day's gain g as well:
        ``b = C / g`` at the first window, within [0.01, 0.99]. Left alone the state gets a batch,
        and answering costs it kappa: ``a = v x / kappa``, at least 1.01. The prior of a state that
        always resumes is assumed equal to that of a dealer; windows are the whole batches left.
        """
        from ceasefire.bargaining._windows import batch_losses, first_window, require_worth

        p = scenario.symbols()
        require_worth(p)
        held, day = first_window(scenario)
        count = max(int(min(held // p.x, p.J - day)), 1)
        b = batch_losses(scenario)[0] / p.g if p.g > 0 else 0.99
        a = p.v * p.x / p.kappa if p.kappa > 0 else 10.0
        return cls(min(p.pi0, 0.999), count, min(max(b, 0.01), 0.99), max(a, 1.01))

    def closed_form(self) -> Deterrence:
        """By the thresholds ``b^n``."""
        b = exact(self.entry_gain)
        return self._described([b**n for n in range(self.challengers + 1)], "closed form")

    def solve(self) -> Deterrence:
        """Thresholds by backward induction; the certificate verifies the tree of three at most.

        With n left a challenger is indifferent where it expects a fight with chance b, and a weak
        incumbent's fight lifts the belief p to the next threshold: ``p / next = b``, by halving.
        """
        b, marks = float(self.entry_gain), [1.0]
        for _ in range(self.challengers):
            low, high = 0.0, 1.0
            for _ in range(HALVINGS):
                p = (low + high) / 2
                _, s = _fight(Fraction(p), Fraction(marks[-1]), len(marks) == 1)
                low, high = (p, high) if p + (1 - p) * float(s) < b else (low, p)
            marks.append(high)
        return self._described([Fraction(x) for x in marks], "backward induction over beliefs")

    def assessment(self, challengers: int | None = None) -> Assessment:
        """The equilibrium with so many challengers, verified on its tree; grows as 3^N."""
        n = self.challengers if challengers is None else checked_count("challengers", challengers)
        tree, plan, beliefs = self.game(n), {}, {}
        a, p0 = exact(self.deterrence_gain), exact(self.prior)
        for label in tree.infoset_labels:
            who, _, history = label.partition(":")
            p, left = self._belief(p0, n, history)
            mark = exact(self.entry_gain) ** left
            if who == "weak":
                s = _fight(p, exact(self.entry_gain) ** (left - 1), left == 1)[1]
                plan[label] = (s, 1 - s)
            else:
                out = 1 / a if p == mark else Fraction(int(p > mark))
                plan[label] = (out, 1 - out)
                tough = self.prior > 0 and "c" not in history
                beliefs[label] = (p, 1 - p) if tough else (1,)
        return laid_out(tree, plan, beliefs)

    def game(self, challengers: int | None = None) -> ExtensiveForm:
        """State it as a tree, exact for fractions; histories are o(ut), f(ought), c(onceded)."""
        from ceasefire.games import Chance, Decision, End, ExtensiveForm

        n = self.challengers if challengers is None else checked_count("challengers", challengers)
        a, b, prior = map(exact, (self.deterrence_gain, self.entry_gain, self.prior))
        own = {"o": a, "f": Fraction(-1), "c": Fraction(0)}
        gets = {"o": Fraction(0), "f": b - 1, "c": b}

        def moves(place: tuple[str, bool, bool]) -> Any:
            history, tough, entered = place
            if len(history) == n:
                return End((sum(own[x] for x in history), *(gets[x] for x in history)))
            if not entered:
                below = {"out": (history + "o", tough, False), "enter": (history, tough, True)}
                return Decision(f"{len(history) + 1}", below, sees=f"challenger:{history}")
            if tough:
                return moves((history + "f", True, False))
            below = {
                "fight": (history + "f", False, False),
                "concede": (history + "c", False, False),
            }
            return Decision("incumbent", below, sees=f"weak:{history}")

        kinds = {"tough": (prior, ("", True, False)), "weak": (1 - prior, ("", False, False))}
        root = Chance({name: pair for name, pair in kinds.items() if pair[0]})
        names = ["incumbent", *(str(k + 1) for k in range(n))]
        return ExtensiveForm.from_rules(
            root,
            lambda place: moves(place) if isinstance(place, tuple) else place,
            players=names,
            title="chain store",
        )

    def table(self) -> pd.DataFrame:
        """Challenger by challenger: belief, its threshold, chances of entry and of a fight.

        Columns ``challenger``, ``reputation``, ``needed``, ``enters``, ``weak_fights``.
        """
        import pandas as pd

        found, b = self.closed_form(), float(self.entry_gain)
        rows = [
            (k + 1, float(found.reputation[k]), b ** (self.challengers - k),
             float(found.enters[k]), float(found.fights[k]))
            for k in range(self.challengers)
        ]  # fmt: skip
        if len(rows) == 1:  # what follows the last: nothing
            rows.append((2, float(found.reputation[0]), 1.0, 1.0, 0.0))
        names = ["challenger", "reputation", "needed", "enters", "weak_fights"]
        return pd.DataFrame(rows, columns=names)

    def answer(self) -> str:
        """How many are deterred, and from where tests begin."""
        found = self.closed_form()
        deterred = sum(1 for chance in found.enters if chance == 0)
        return (
            f"Of {counted(self.challengers, 'test')} {deterred} "
            f"{'is' if deterred == 1 else 'are'} deterred for sure by a belief of "
            f"{float(self.prior):.3f} that every breach is answered; a first test with n left is "
            f"deterred above {float(self.entry_gain):.3f}^n. Chances of a test in turn: "
            f"{', '.join(f'{float(x):.2f}' for x in found.enters)}."
        )

    def _belief(self, p: Fraction, n: int, history: str) -> tuple[Fraction, int]:
        """Belief and challengers left after a history."""
        left = n
        for move in history:
            if move == "c":
                p = Fraction(0)
            elif move == "f":
                p, _ = _fight(p, exact(self.entry_gain) ** (left - 1), left == 1)
            left -= 1
        return p, left

    def _described(self, marks: list[Fraction], method: str) -> Deterrence:
        a, b, p = map(exact, (self.deterrence_gain, self.entry_gain, self.prior))
        enters, fights, held, gains, weak, alive = [], [], [], [], Fraction(0), True
        for left in range(self.challengers, 0, -1):
            mark, after = b**left, b ** (left - 1)
            out = 1 / a if p == mark else Fraction(int(p > mark))
            reached, s = _fight(p, after, left == 1)
            enters.append(1 - out)
            fights.append(s)
            held.append(p)
            gains.append((1 - out) * (b - p - (1 - p) * s))
            # Until entry is certain or mixed, a weak incumbent is left alone; from then on fighting
            # is worth 0 to it, as conceding is.
            weak += out * a if alive else 0
            alive = alive and p > mark
            p = reached if out < 1 else p
        misses = gaps(self.assessment(min(self.challengers, 3)))
        wanted = [b**n for n in range(self.challengers + 1)]
        misses["thresholds"] = float(max(abs(x - y) for x, y in zip(marks, wanted, strict=True)))
        proof = Checks(misses, TOLERANCE)
        plain: Any = float if floats(self.prior, self.entry_gain, self.deterrence_gain) else exact
        return Deterrence(
            tuple(map(plain, enters)), tuple(map(plain, fights)), tuple(map(plain, held)),
            plain(weak), tuple(map(plain, gains)),
            method=method, certificate=proof, status=outcome(proof),
        )  # fmt: skip


def _fight(p: Fraction, mark: Fraction, last: bool) -> tuple[Fraction, Fraction]:
    """Belief after a fight, and a weak incumbent's chance of one; `mark` is the next threshold."""
    if last:
        return (Fraction(1) if p else p), Fraction(0)
    if not p:
        return p, Fraction(0)
    if p >= mark:
        return p, Fraction(1)
    return mark, p * (1 - mark) / ((1 - p) * mark)
