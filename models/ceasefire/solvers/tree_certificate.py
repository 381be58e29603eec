"""Independent verification on trees: regret in every subgame, one-shot deviations, Bayes' rule."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.solvers._kernels import tree as kernel
from ceasefire.solvers._layout import layout, weights
from ceasefire.tolerances import EXPLOITABILITY, PROBABILITY_SUM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from ceasefire.games import ExtensiveForm


@dataclass(frozen=True, eq=False, repr=False)
class TreeCertificate(Displayed):
    """What deviating from a behaviour profile would gain, utils.

    Attributes
    ----------
    payoffs : ndarray, shape (n_players,)
        Expected payoffs at the root.
    regret : ndarray, shape (n_players,)
        Best reply from the start less the payoff now: zero in every Nash equilibrium.
    subgame_regret : ndarray, shape (n_subgames, n_players)
        The same in each subgame, conditional on being in it: zero everywhere in a subgame-perfect
        equilibrium. Rows follow ``tree.subgame_roots``.
    infoset_regret : ndarray, shape (n_infosets,)
        The owner's gain from the set on, conditional on the others' moves leading there from the
        root of the smallest subgame around; nan where they do not, so that no belief follows.
    one_shot : ndarray, shape (n_infosets,) or None
        Gain from one deviation at the set under `beliefs`, where beliefs were given.
    bayes : float or None
        Largest distance between the beliefs given and Bayes' rule, over sets reached.
    relative : float
        Largest regret over the player's payoff range.
    """

    tree: ExtensiveForm
    payoffs: NDArray[np.float64]
    regret: NDArray[np.float64]
    subgame_regret: NDArray[np.float64]
    infoset_regret: NDArray[np.float64]
    one_shot: NDArray[np.float64] | None = None
    bayes: float | None = None

    @property
    def relative(self) -> float:
        """Largest ex ante regret over its player's payoff range."""
        return float(np.max(self.regret / _width(self.tree)))

    @property
    def is_nash(self) -> bool:
        """Whether nobody gains by deviating from the start."""
        return self.relative <= EXPLOITABILITY

    @property
    def is_subgame_perfect(self) -> bool:
        """Whether nobody gains by deviating in any subgame, reached or not."""
        return bool(np.max(self.subgame_regret / _width(self.tree)) <= EXPLOITABILITY)

    @property
    def is_sequentially_rational(self) -> bool | None:
        """Whether no single deviation gains under the beliefs given; None without beliefs."""
        if self.one_shot is None:
            return None
        width = _width(self.tree)[self.tree.infoset_player]
        return bool(np.max(self.one_shot / width, initial=0.0) <= EXPLOITABILITY)

    def __repr__(self) -> str:
        worst = float(np.max(self.subgame_regret))
        parts = [
            f"Nash: {'yes' if self.is_nash else 'no'} (regret {float(np.max(self.regret)):.1e})",
            f"subgame-perfect: {'yes' if self.is_subgame_perfect else 'no'} ({worst:.1e})",
        ]
        if self.one_shot is not None:
            said = "yes" if self.is_sequentially_rational else "no"
            parts.append(f"sequentially rational: {said} ({float(np.max(self.one_shot)):.1e})")
            parts.append(f"Bayes' rule met within {self.bayes:.1e}")
        return "; ".join(parts)


def certify(
    tree: ExtensiveForm, behaviour: ArrayLike, *, beliefs: ArrayLike | None = None
) -> TreeCertificate:
    """Recompute what deviating from `behaviour` would gain, at every subgame and set.

    Parameters
    ----------
    tree : ExtensiveForm
        Of perfect recall.
    behaviour : array_like, shape (n_actions,)
        Probabilities by information set (``tree.infoset_start``).
    beliefs : array_like, shape (n_nodes,), optional
        Probability of each node within its information set; read at players' nodes only.

    Notes
    -----
    Linear in the nodes: best replies are found by sequences (own moves), not by plans.
    """
    x = checked(tree, behaviour)
    plan, w = layout(tree), weights(tree, x)
    low, from_low = counted_from_lowest(tree)
    best, now, gain = kernel.best_replies(
        tree.parent, tree.player, w, from_low, plan.sequence, tree.infoset, tree.infoset_player,
        tree.infoset_start, x, plan.first_node, plan.owner, plan.root_of, plan.roots,
    )  # fmt: skip
    regrets = np.maximum(best[plan.roots] - now[plan.roots], 0.0)
    one_shot, bayes = None, None
    if beliefs is not None:
        mu = np.asarray(beliefs, dtype=float)
        if mu.shape != (tree.n_nodes,):
            raise ArgumentError("beliefs", f"shape {mu.shape}", f"shape ({tree.n_nodes},)")
        V = kernel.values(tree.parent, w, from_low)
        one_shot = kernel.one_shot(
            tree.parent, tree.player, tree.infoset, tree.infoset_start, tree.action, V, x, mu
        )
        bayes = _bayes(tree, kernel.reach(tree.parent, w), mu)
    first = regrets[0] if len(regrets) else np.zeros(tree.n_players)
    payoffs = low + (now[0] if len(regrets) else 0.0)
    return TreeCertificate(tree, payoffs, first, regrets if len(regrets) else first[None], gain,
                           one_shot, bayes)  # fmt: skip


def certify_exactly(
    tree: ExtensiveForm, behaviour: Sequence[Fraction]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Expected payoffs and each player's gain from its best reply, as fractions.

    A float payoff or chance stands for its own binary value. Linear in the nodes, in fractions.
    """
    plan, n, players = layout(tree), tree.n_nodes, range(tree.n_players)
    sums = [sum(part, Fraction(0)) for part in tree.split(np.array(behaviour, dtype=object))]
    if min(behaviour, default=0) < 0 or any(total != 1 for total in sums):
        raise ArgumentError("behaviour", "some set", "probabilities that add up to 1 exactly")
    parent, mover = tree.parent.tolist(), tree.player.tolist()
    place, pay, chance = plan.place.tolist(), tree.exact_payoffs(), tree.exact_probability()
    reach = [[Fraction(1)] * tree.n_players for _ in range(n)]  # by all but the player
    everyone = [Fraction(1)] * n
    high = [[Fraction(0)] * (len(plan.owner) + 1) for _ in players]  # by own sequence, root last
    now = [Fraction(0)] * tree.n_players
    for node in range(n):
        if node:
            above = parent[node]
            w = chance[node] if place[node] < 0 else behaviour[place[node]]
            everyone[node] = everyone[above] * w
            reach[node] = [r if mover[above] == i else r * w for i, r in enumerate(reach[above])]
        for i in players:
            if pay[node][i]:
                now[i] += everyone[node] * pay[node][i]
                high[i][int(plan.sequence[node, i])] += reach[node][i] * pay[node][i]
    for h in range(tree.n_infosets - 1, -1, -1):  # numbered by first visit: own later sets first
        i = int(tree.infoset_player[h])
        cut = slice(int(tree.infoset_start[h]), int(tree.infoset_start[h + 1]))
        high[i][int(plan.sequence[plan.first_node[h], i])] += max(high[i][cut])
    regret = [high[i][-1] - now[i] for i in players]
    return np.array(now, dtype=object), np.array(regret, dtype=object)


def counted_from_lowest(tree: ExtensiveForm) -> tuple[NDArray[Any], NDArray[Any]]:
    """Each player's lowest total, and totals above it, all received at the ends.

    A common shift of payoffs by 1e9 then costs no digits.
    """
    totals = tree.total_payoffs
    low = totals[tree.ends].min(axis=0)
    above = np.zeros_like(totals)
    above[tree.ends] = totals[tree.ends] - low
    return low, above


def checked(tree: ExtensiveForm, behaviour: ArrayLike) -> NDArray[np.float64]:
    """Return the behaviour vector in floats after checking each set's distribution."""
    x = np.asarray(np.asarray(behaviour), dtype=float)
    if x.shape != (int(tree.infoset_start[-1]),):
        tree.split(x)  # raises, naming the shape
    if not len(x):
        return x
    start = tree.infoset_start[:-1]
    least, total = np.minimum.reduceat(x, start), np.add.reduceat(x, start)
    for h in np.flatnonzero(~((least >= 0) & (np.abs(total - 1) <= PROBABILITY_SUM)))[:1]:
        where = f"behaviour at {tree.infoset_labels[h]!r}"
        part = x[start[h] : tree.infoset_start[h + 1]]
        raise ArgumentError(where, part, "probabilities that add up to 1")
    return x


def _width(tree: ExtensiveForm) -> NDArray[Any]:
    return np.where(tree.payoff_range > 0, tree.payoff_range, 1.0)


def _bayes(tree: ExtensiveForm, reach: NDArray[Any], mu: NDArray[Any]) -> float:
    inside = np.flatnonzero(tree.infoset >= 0)
    sets = tree.infoset[inside]
    total = np.bincount(sets, weights=reach[inside], minlength=tree.n_infosets)
    reached = total[sets] > 0
    if not reached.any():
        return 0.0
    return float(
        np.max(np.abs(mu[inside] - reach[inside] / np.where(reached, total[sets], 1))[reached])
    )
