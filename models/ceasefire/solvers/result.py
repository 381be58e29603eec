"""What a solver returns: equilibria with their certificate, never bare tuples."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, overload

import numpy as np

from ceasefire.display import Displayed
from ceasefire.games.normal import number
from ceasefire.status import Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from typing_extensions import TypeVar

    from ceasefire.games import ExtensiveForm, NormalForm
    from ceasefire.solvers.markov import MarkovEquilibrium

    E = TypeVar("E", bound="Equilibrium | MarkovEquilibrium", default="Equilibrium")
else:
    from typing import TypeVar

    E = TypeVar("E")


LONGEST = 24  # characters of a fraction that is printed as one


@dataclass(frozen=True, eq=False, repr=False)
class Equilibrium(Displayed):
    """One equilibrium of a game.

    Attributes
    ----------
    game : NormalForm or ExtensiveForm
    strategies : tuple of ndarray
        Strategic form: one distribution a player over its actions. Extensive form: one
        distribution an information set over its actions. Floats, or `Fraction` where `exact`.
    payoffs : ndarray, shape (n_players,)
        Expected payoffs, utils.
    regret : float
        The largest gain of any player from deviating, in utils, recomputed by
        `ceasefire.solvers.certificate` and not by the solver; exactly 0 where `exact`.
    exact : bool
        Whether strategies and payoffs are rational numbers and the regret was found exactly.
    method : str
        The algorithm, with its source.
    status : Status
    certificate : object or None
        What was checked on a tree (`ceasefire.solvers.tree_certificate.TreeCertificate`).
    detail : dict
        What else the method tells: the label of a Lemke-Howson path, number of pivots.
    """

    game: NormalForm | ExtensiveForm
    strategies: tuple[NDArray[Any], ...]
    payoffs: NDArray[Any]
    regret: float
    exact: bool
    method: str
    status: Status = Status.OK
    certificate: Any = None
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def is_pure(self) -> bool:
        """Whether every strategy puts all weight on one action."""
        return all(int(np.count_nonzero(s)) == 1 for s in self.strategies)

    @property
    def relative_regret(self) -> float:
        """`regret` over the largest payoff range of any player; 0 for constant payoffs."""
        widest = float(np.max(self.game.payoff_range))
        return self.regret / widest if widest > 0 else 0.0

    @property
    def behaviour(self) -> NDArray[Any]:
        """All strategies in one vector (extensive form: see `ExtensiveForm.infoset_start`)."""
        return np.concatenate(self.strategies) if self.strategies else np.empty(0)

    def support(self, index: int) -> tuple[int, ...]:
        """Actions played with positive probability by a player (or at an information set)."""
        return tuple(int(a) for a in np.flatnonzero(self.strategies[index]))

    def __repr__(self) -> str:
        rows = [
            f"{name}: {mixture(s, labels)}"
            for name, s, labels in labelled(self.game, self.strategies)
        ]
        shown = rows if len(rows) <= 24 else [*rows[:23], f"... {len(rows) - 23} more"]
        pay = ", ".join(short(u) for u in self.payoffs)
        claim = "exact" if self.exact else f"regret {self.regret:.1e}"
        return "\n".join([*shown, f"payoffs {pay}; {claim}; {self.method}"])


@dataclass(frozen=True)
class Component(Displayed):
    """A connected component of the Nash equilibria of a two-player game.

    Attributes
    ----------
    extreme : tuple of int
        The extreme equilibria in it, by their place in `Equilibria`.
    subsets : tuple of pairs
        Maximal Nash subsets: ``(rows, columns)``, tuples of equilibria's places whose row
        (column) strategies are the extreme points; every mixture of the rows against every
        mixture of the columns is an equilibrium (Jansen 1981).
    """

    extreme: tuple[int, ...]
    subsets: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]

    @property
    def isolated(self) -> bool:
        """Whether the component is a single equilibrium."""
        return len(self.extreme) == 1


@dataclass(frozen=True, eq=False, repr=False)
class Equilibria(Displayed, Generic[E]):
    """A list of equilibria and the claim made for it.

    Attributes
    ----------
    equilibria : tuple of Equilibrium, or of MarkovEquilibrium
    complete : bool
        Whether these are provably all that `claim` names.
    claim : str
        What the list is: "all extreme equilibria", "all pure equilibria", "one equilibrium" ...
    method : str
    status : Status
    components : tuple of Component
        Connected components, where the solver finds them.
    count : int or None
        How many there are of what `claim` names, where that is known: more than are listed where
        a limit cut the list.
    detail : dict
        What else the method tells.
    """

    equilibria: tuple[E, ...]
    complete: bool
    claim: str
    method: str
    status: Status = Status.OK
    components: tuple[Component, ...] = ()
    count: int | None = None
    detail: dict[str, Any] = field(default_factory=dict)

    def __iter__(self) -> Iterator[E]:
        return iter(self.equilibria)

    def __len__(self) -> int:
        return len(self.equilibria)

    @overload
    def __getitem__(self, index: int) -> E: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[E, ...]: ...

    def __getitem__(self, index: int | slice) -> E | tuple[E, ...]:
        return self.equilibria[index]

    @property
    def max_regret(self) -> float:
        """The largest regret in the list, utils; 0 for an empty one."""
        return max((e.regret for e in self.equilibria), default=0.0)

    @property
    def exact(self) -> bool:
        """Whether every equilibrium is exact."""
        return all(e.exact for e in self.equilibria)

    def __repr__(self) -> str:
        count = len(self.equilibria)
        claim = self.claim if self.complete else f"{self.claim}, perhaps not all"
        if self.count is not None and self.count > count:
            claim = f"{self.claim}: {self.count} in all"
        head = f"{count} equilibri{'um' if count == 1 else 'a'} ({claim}; {self.method})"
        if self.components:
            several = len(self.components) != 1
            head += f" in {len(self.components)} component{'s' if several else ''}"
        blocks = [f"[{k}] " + repr(e).replace("\n", "\n    ") for k, e in enumerate(self[:12])]
        more = [f"... {count - 12} more"] if count > 12 else []
        return "\n".join([head, *blocks, *more])


def labelled(
    game: NormalForm | ExtensiveForm, strategies: Sequence[NDArray[Any]]
) -> list[tuple[str, NDArray[Any], tuple[str, ...]]]:
    """Each strategy with the name of its player (and set) and of its actions."""
    from ceasefire.games import NormalForm

    if isinstance(game, NormalForm):
        return list(zip(game.players, strategies, game.actions, strict=True))
    names = [
        f"{game.players[i]} at {label}"
        for i, label in zip(game.infoset_player, game.infoset_labels, strict=True)
    ]
    return list(zip(names, strategies, game.action_labels, strict=True))


def mixture(strategy: NDArray[Any], labels: Sequence[str], *, digits: int = 6) -> str:
    """A mixture in words: its actions, each with its probability."""
    used = np.flatnonzero(strategy)
    if len(used) == 1:
        return labels[int(used[0])]
    parts = [f"{short(strategy[a], digits)} on {labels[a]}" for a in used[:8]]
    return ", ".join(parts) + (f" and {len(used) - 8} more" if len(used) > 8 else "")


def short(value: Any, digits: int = 6) -> str:
    """A number in a few characters; a fraction as it is, unless nobody could read it."""
    if isinstance(value, float | np.floating):
        return f"{value:.{digits}g}"
    said = number(value)
    return said if len(said) <= LONGEST else f"~{float(value):.{digits}g}"
