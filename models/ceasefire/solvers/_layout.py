"""What every pass over a tree needs, computed once a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from ceasefire.solvers._kernels import tree as kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.games import ExtensiveForm

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]


class Layout(NamedTuple):
    """Index arrays of a tree of perfect recall.

    `place` (n_nodes,): the entry of the behaviour vector on the branch into a node, -1 below
    chance. `first_node` (n_infosets,), `owner` (n_actions,): an action's information set.
    `root_of` (n_nodes,): root of the smallest subgame around a node. `roots`: all of them.
    """

    place: Ints
    first_node: Ints
    owner: Ints
    root_of: Ints
    roots: Ints
    sequence: Ints


def layout(tree: ExtensiveForm) -> Layout:
    """Return the tree's index arrays; raises where recall is imperfect."""
    known = vars(tree).get("_layout")  # kept with the tree, as its cached properties are
    if known is not None:
        return cast("Layout", known)
    tree.require_perfect_recall()
    above = tree.parent[1:]
    moved = tree.player[above] >= 0
    place = np.full(tree.n_nodes, -1, dtype=np.int64)
    inside = tree.infoset_start[np.maximum(tree.infoset[above], 0)] + tree.action[1:]
    place[1:] = np.where(moved, inside, -1)
    order, start = tree._members
    roots = tree.subgame_roots
    is_root = np.zeros(tree.n_nodes, dtype=bool)
    is_root[roots] = True
    root_of = np.zeros(tree.n_nodes, dtype=np.int64)
    parent, flags = tree.parent.tolist(), is_root.tolist()
    nearest = [0] * tree.n_nodes
    for node in range(1, tree.n_nodes):
        nearest[node] = node if flags[node] else nearest[parent[node]]
    root_of[:] = nearest
    owner = np.repeat(np.arange(tree.n_infosets), np.diff(tree.infoset_start))
    found = Layout(place, order[start[:-1]], owner, root_of, roots, tree.sequence)
    vars(tree)["_layout"] = found
    return found


def weights(tree: ExtensiveForm, behaviour: Floats) -> Floats:
    """Probability of the branch into each node, (n_nodes,)."""
    return np.asarray(kernel.weights(layout(tree).place, chance(tree), behaviour))


def chance(tree: ExtensiveForm) -> Floats:
    """Chance probabilities, each chance node's divided by their sum."""
    known = vars(tree).get("_chance")
    if known is not None:
        return cast("Floats", known)
    p = tree.probability
    below = np.flatnonzero(tree.player[tree.parent[1:]] == -1) + 1
    if not len(below):
        return p
    total = np.bincount(tree.parent[below], weights=p[below], minlength=tree.n_nodes)
    result = p.copy()
    result[below] /= total[tree.parent[below]]
    result.setflags(write=False)
    vars(tree)["_chance"] = result
    return result


def beliefs(tree: ExtensiveForm, log: Floats) -> Floats:
    """Bayes' beliefs of a completely mixed profile given by its log-probabilities, (n_nodes,).

    In logarithms no reach underflows. Zero outside information sets; equal where chance leaves
    none of a set's nodes possible.
    """
    place, p = layout(tree).place, chance(tree)
    with np.errstate(divide="ignore"):
        step = np.where(place >= 0, log[place] if len(log) else 0.0, np.log(p))
    reach, parent = step.tolist(), tree.parent.tolist()
    reach[0] = 0.0
    for node in range(1, tree.n_nodes):
        reach[node] += reach[parent[node]]
    order, start = tree._members
    far, size = np.array(reach)[order], np.diff(start)
    if not len(far):
        return np.zeros(tree.n_nodes)
    top = np.repeat(np.maximum.reduceat(far, start[:-1]), size)
    none = np.isneginf(top)
    weight = np.exp(np.where(none, 0.0, far) - np.where(none, 0.0, top))
    mu = np.zeros(tree.n_nodes)
    mu[order] = weight / np.repeat(np.add.reduceat(weight, start[:-1]), size)
    return mu
