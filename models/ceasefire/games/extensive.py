"""Games in extensive form: flat arrays inside, a builder from rules outside."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.tolerances import PROBABILITY_SUM

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    Move = "Decision | Chance | End"

CHANCE: Final = -1
TERMINAL: Final = -2


@dataclass(frozen=True, slots=True)
class Decision:
    """A player moves.

    Parameters
    ----------
    player : hashable
        Who moves: a name, or a number counted from 0.
    moves : mapping
        Action label to the state that it leads to, in the order of the actions.
    sees : hashable, optional
        What the mover sees: nodes of one player with equal `sees` are one information set. By
        default the mover sees everything, and the node is an information set by itself.
    payoffs : mapping or sequence, optional
        Payoffs received on arriving here, added to those at the end.
    """

    player: Hashable
    moves: Mapping[str, Any]
    sees: Hashable = None
    payoffs: Any = None


@dataclass(frozen=True, slots=True)
class Chance:
    """Nature moves: `moves` maps each label to ``(probability, state)``."""

    moves: Mapping[str, tuple[Any, Any]]
    payoffs: Any = None


@dataclass(frozen=True, slots=True)
class End:
    """The game ends: `payoffs` by player (mapping), or in the order of the players (sequence)."""

    payoffs: Any


@dataclass(frozen=True, eq=False, repr=False)
class ExtensiveForm(Displayed):
    """A finite game tree. Nodes are numbered in preorder: the root is 0, a subtree an interval.

    Build one with `from_rules`, `from_arrays` or ``games.read("x.efg")``.

    Attributes
    ----------
    players : tuple of str
        Names, by player number.
    parent : ndarray of int, shape (n_nodes,)
        The node above; -1 at the root.
    player : ndarray of int, shape (n_nodes,)
        Who moves: a player's number, ``CHANCE`` (-1) or ``TERMINAL`` (-2).
    infoset : ndarray of int, shape (n_nodes,)
        Information set of a player's node, else -1. Sets are numbered by first visit in
        preorder, over all players.
    action : ndarray of int, shape (n_nodes,)
        Which branch of the parent leads here, counted from 0; -1 at the root.
    probability : ndarray of float, shape (n_nodes,)
        Probability of the branch that leads here where chance draws it, else 1.
    payoffs : ndarray of float, shape (n_nodes, n_players)
        Utils received on arriving at the node; the total of a play is the sum along its path.
    infoset_player : ndarray of int, shape (n_infosets,)
    infoset_start : ndarray of int, shape (n_infosets + 1,)
        Behaviour strategies are one vector: the probabilities at set ``h`` are the entries
        ``infoset_start[h]:infoset_start[h + 1]``, in the order of its actions.
    infoset_labels : tuple of str
    action_labels : tuple of tuple of str
        By information set.
    branch_labels : dict of int to tuple of str
        Branches of each chance node.
    title : str
    """

    players: tuple[str, ...]
    parent: NDArray[np.int64]
    player: NDArray[np.int64]
    infoset: NDArray[np.int64]
    action: NDArray[np.int64]
    probability: NDArray[np.float64]
    payoffs: NDArray[np.float64]
    infoset_player: NDArray[np.int64]
    infoset_start: NDArray[np.int64]
    infoset_labels: tuple[str, ...]
    action_labels: tuple[tuple[str, ...], ...]
    branch_labels: dict[int, tuple[str, ...]]
    title: str
    _exact: tuple[list[Any], list[Any]]  # probability and payoff rows as given

    @classmethod
    def from_rules(
        cls,
        root: Any,
        moves: Callable[[Any], Decision | Chance | End],
        *,
        players: Sequence[Hashable] | None = None,
        title: str = "",
    ) -> ExtensiveForm:
        """Build the tree that the rules unfold.

        Parameters
        ----------
        root : object
            The first state.
        moves : callable
            ``moves(state)`` says what happens there: `Decision`, `Chance` or `End`. A state that is
            one of these already stands for itself.
        players : sequence, optional
            All players in order. By default those that move, in order of appearance, or by
            number where they are numbers; needed where payoffs are sequences and players names.
        title : str

        Raises
        ------
        ArgumentError
            Something else than a move comes back, probabilities are none, or a play does not end.

        Examples
        --------
        The captor holds or releases; the pausing state sees which, and extends or resumes.

        >>> def moves(state):
        ...     match state:
        ...         case "start":
        ...             return Decision("captor", {"release": "released", "hold": "held"})
        ...         case "released":
        ...             after = {"extend": End((2, 2)), "resume": End((0, 3))}
        ...             return Decision("pausing state", after)
        ...         case "held":
        ...             return End((1, 1))
        >>> ExtensiveForm.from_rules("start", moves, players=["captor", "pausing state"])
        2 players (captor, pausing state), 5 nodes, 2 information sets
        """
        from ceasefire.games._build import unfold

        return unfold(root, moves, players, title)

    @classmethod
    def from_arrays(
        cls,
        *,
        parent: ArrayLike,
        player: ArrayLike,
        infoset: ArrayLike,
        probability: Sequence[Any] | NDArray[Any] | None = None,
        payoffs: Sequence[Any] | NDArray[Any],
        players: Sequence[str] | None = None,
        infoset_labels: Sequence[str] | None = None,
        action_labels: Sequence[Sequence[str]] | None = None,
        branch_labels: Mapping[int, Sequence[str]] | None = None,
        title: str = "",
    ) -> ExtensiveForm:
        """Build a tree from one entry a node; children are taken in the order of their numbers.

        `parent` is -1 at the root; `player` is a number, -1 for chance, -2 for an end; `infoset`
        is any number (the same for all nodes of a set), ignored elsewhere; `probability` belongs
        to the branch that leads to the node and is read below chance nodes only; `payoffs` has
        shape (n_nodes, n_players). Labels are by the numbers used in `infoset`, sorted; those of
        chance's branches by node.
        """
        from ceasefire.games._build import assemble

        return assemble(
            parent, player, infoset, probability, payoffs, players, infoset_labels,
            action_labels, branch_labels, title,
        )  # fmt: skip

    @property
    def n_players(self) -> int:
        """Number of players, without chance."""
        return len(self.players)

    @property
    def n_nodes(self) -> int:
        """Number of nodes, ends included."""
        return len(self.parent)

    @property
    def n_infosets(self) -> int:
        """Number of information sets."""
        return len(self.infoset_player)

    @property
    def is_exact(self) -> bool:
        """Whether every payoff and probability was given as a whole number or a fraction."""
        probabilities, payoffs = self._exact
        return not any(isinstance(p, float) for p in probabilities) and not any(
            isinstance(u, float) for row in payoffs for u in row
        )

    def exact_payoffs(self) -> list[tuple[Fraction, ...]]:
        """Payoffs received at each node as fractions; a float stands for its own binary value."""
        return [tuple(Fraction(u) for u in row) for row in self._exact[1]]

    def exact_probability(self) -> list[Fraction]:
        """Probability of the branch that leads to each node, as a fraction.

        Below a chance node the branches are divided by their sum where that is not exactly one
        (floats such as 0.1 ten times).
        """
        result = [Fraction(p) for p in self._exact[0]]
        for node in np.flatnonzero(self.player == CHANCE):
            below = self.children(int(node))
            total = sum((result[k] for k in below), Fraction(0))
            for k in below:
                result[k] /= total
        return result

    @cached_property
    def ends(self) -> NDArray[np.int64]:
        """Terminal nodes, in preorder."""
        return np.flatnonzero(self.player == TERMINAL)

    @cached_property
    def total_payoffs(self) -> NDArray[np.float64]:
        """Sum of the payoffs from the root to each node, shape (n_nodes, n_players)."""
        total = self.payoffs.copy()
        if not np.any(self.payoffs[self.player != TERMINAL]):
            return total
        for node in range(1, self.n_nodes):
            total[node] += total[self.parent[node]]
        return total

    @cached_property
    def subtree_end(self) -> NDArray[np.int64]:
        """One past the last node of each node's subtree."""
        size = np.ones(self.n_nodes, dtype=np.int64)
        parent = self.parent.tolist()
        counts = size.tolist()
        for node in range(self.n_nodes - 1, 0, -1):
            counts[parent[node]] += counts[node]
        return np.arange(self.n_nodes) + np.array(counts, dtype=np.int64)

    @cached_property
    def child_start(self) -> NDArray[np.int64]:
        """Where each node's children begin in `child`, shape (n_nodes + 1,)."""
        counts = np.bincount(self.parent[1:], minlength=self.n_nodes)
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)

    @cached_property
    def child(self) -> NDArray[np.int64]:
        """Children of all nodes, by node and then by action."""
        return 1 + np.argsort(self.parent[1:], kind="stable").astype(np.int64)

    def children(self, node: int) -> list[int]:
        """Children of a node, by action."""
        return [int(k) for k in self.child[self.child_start[node] : self.child_start[node + 1]]]

    def nodes(self, infoset: int) -> NDArray[np.int64]:
        """Nodes of an information set, in preorder."""
        order, start = self._members
        return np.asarray(order[start[infoset] : start[infoset + 1]])

    @cached_property
    def _members(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        inside = np.flatnonzero(self.infoset >= 0)
        order = inside[np.argsort(self.infoset[inside], kind="stable")]
        counts = np.bincount(self.infoset[inside], minlength=self.n_infosets)
        return order, np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)

    @cached_property
    def payoff_range(self) -> NDArray[np.float64]:
        """Largest less smallest total payoff at an end, by player, shape (n_players,), utils."""
        totals = self.total_payoffs[self.ends]
        return np.asarray(totals.max(axis=0) - totals.min(axis=0))

    @cached_property
    def sequence(self) -> NDArray[np.int64]:
        """Each player's own last action above each node, shape (n_nodes, n_players).

        The entry is a place in the behaviour vector (see `infoset_start`), -1 before the
        player's first move. With perfect recall all nodes of a player's set agree on it.
        """
        parent, player = self.parent.tolist(), self.player.tolist()
        infoset, action = self.infoset.tolist(), self.action.tolist()
        start = self.infoset_start.tolist()
        rows: list[tuple[int, ...]] = [(-1,) * self.n_players]
        for node in range(1, self.n_nodes):
            above = parent[node]
            row = rows[above]
            mover = player[above]
            if mover >= 0:
                place = start[infoset[above]] + action[node]
                row = (*row[:mover], place, *row[mover + 1 :])
            rows.append(row)
        return np.array(rows, dtype=np.int64).reshape(self.n_nodes, self.n_players)

    @cached_property
    def recall_fault(self) -> str:
        """Which information set breaks perfect recall, in words; empty where none does."""
        inside = np.flatnonzero(self.infoset >= 0)
        own = self.sequence[inside, self.player[inside]]
        first = np.full(self.n_infosets, -2, dtype=np.int64)
        sets = self.infoset[inside]
        first[sets[::-1]] = own[::-1]
        for bad in np.flatnonzero(own != first[sets]):
            h = int(sets[bad])
            name = self.players[self.infoset_player[h]]
            return (
                f"information set {self.infoset_labels[h]!r} of {name}: its nodes "
                f"{', '.join(str(k) for k in self.nodes(h)[:6])} follow different own moves "
                f"of {name}, which the player would have to have forgotten"
            )
        return ""

    def require_perfect_recall(self) -> None:
        """Raise `ArgumentError` naming the information set at fault, unless recall is perfect."""
        if self.recall_fault:
            hint = f"{self.recall_fault}; behaviour strategies and best replies need perfect recall"
            raise ArgumentError("game", "imperfect recall", "a game of perfect recall", hint)

    @cached_property
    def subgame_roots(self) -> NDArray[np.int64]:
        """Nodes at which a proper subgame begins, the root included, ends excluded, ascending."""
        low = np.arange(self.n_nodes)
        high = np.arange(self.n_nodes)
        inside = np.flatnonzero(self.infoset >= 0)
        order, start = self._members
        sets = self.infoset[inside]
        low[inside], high[inside] = order[start[sets]], order[start[sets + 1] - 1]
        lows, highs, parent = low.tolist(), high.tolist(), self.parent.tolist()
        for node in range(self.n_nodes - 1, 0, -1):
            above = parent[node]
            lows[above] = min(lows[above], lows[node])
            highs[above] = max(highs[above], highs[node])
        closed = (np.array(lows) >= np.arange(self.n_nodes)) & (np.array(highs) < self.subtree_end)
        return np.flatnonzero(closed & (self.player != TERMINAL))

    def uniform(self) -> NDArray[np.float64]:
        """The behaviour vector that mixes equally at every information set."""
        sizes = np.diff(self.infoset_start)
        return np.repeat(1.0 / sizes, sizes)

    def split(self, behaviour: ArrayLike) -> list[NDArray[Any]]:
        """Cut a behaviour vector into one array an information set."""
        vector = np.asarray(behaviour)
        if vector.shape != (int(self.infoset_start[-1]),):
            allowed = f"shape ({int(self.infoset_start[-1])},), one probability an action"
            raise ArgumentError("behaviour", f"shape {vector.shape}", allowed)
        return np.split(vector, self.infoset_start[1:-1]) if self.n_infosets else []

    def strategic_form(self, *, reduced: bool = True, limit: int = 1_000_000) -> Any:
        """The strategic form, with `reduced` one action a reduced plan (Kuhn 1953).

        A reduced plan leaves out what to do where the plan itself never leads. Raises
        `ArgumentError` where the table would have more than `limit` cells.
        """
        from ceasefire.games._plans import tabulate

        return tabulate(self, reduced, limit)[0]

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, ExtensiveForm):
            return NotImplemented
        names = ("players", "infoset_labels", "action_labels", "branch_labels", "title")
        arrays = ("parent", "player", "infoset", "action")
        return (
            all(getattr(self, name) == getattr(other, name) for name in names)
            and all(np.array_equal(getattr(self, a), getattr(other, a)) for a in arrays)
            and self.exact_probability() == other.exact_probability()
            and self.exact_payoffs() == other.exact_payoffs()
        )

    def __hash__(self) -> int:
        return hash((self.players, self.title, self.parent.tobytes(), self.payoffs.tobytes()))

    def __repr__(self) -> str:
        title = f"{self.title}: " if self.title else ""
        return (
            f"{title}{self.n_players} players ({', '.join(self.players)}), "
            f"{self.n_nodes:,} nodes, {self.n_infosets:,} information sets"
        )


def check_probabilities(values: Sequence[Any], where: str) -> None:
    """Raise `ArgumentError` unless `values` are chance probabilities that add up to one."""
    for p in values:
        if not 0 <= p <= 1:
            raise ArgumentError(where, p, "probabilities from 0 to 1")
    total = sum(values)
    off = total != 1 if not any(isinstance(p, float) for p in values) else False
    if off or abs(total - 1) > PROBABILITY_SUM:
        raise ArgumentError(where, f"probabilities that add up to {total}", "a sum of 1")
