"""Two-player trees in sequence form: a linear program, or Lemke's path from a prior."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import sparse

from ceasefire.errors import ArgumentError, SolveError
from ceasefire.games.extensive import ExtensiveForm
from ceasefire.solvers._exact_sequence import follow_exactly, purify, rational
from ceasefire.solvers._layout import chance, layout
from ceasefire.solvers._lemke import follow
from ceasefire.solvers.subgame_perfect import on_tree, on_tree_exactly
from ceasefire.tolerances import PAYOFF_TIE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.solvers._exact_sequence import Plans
    from ceasefire.solvers._lemke import Path
    from ceasefire.solvers.result import Equilibrium

    Floats = NDArray[np.float64]

LEMKE = "Lemke's path on the sequence form (von Stengel, van den Elzen and Talman 2002)"
PROGRAM = "linear program on the sequence form (von Stengel 1996)"
ATTEMPTS = 4
BASIS = f"{LEMKE}, its last basis solved in fractions"
WHOLE = f"{LEMKE}, in whole numbers"


class SequenceForm(NamedTuple):
    """Realisation plans ``E x = e``, ``F y = f`` and payoffs ``x' A y``, ``x' B y``.

    Sequence 0 of each player is the empty one; sequence k >= 1 is the place ``places[i][k - 1]``
    of the behaviour vector. Constraint 0 fixes the empty sequence at 1, constraint k >= 1 belongs
    to information set ``sets[i][k - 1]``.
    """

    E: Any
    F: Any
    A: Any
    B: Any
    places: tuple[NDArray[np.int64], NDArray[np.int64]]
    sets: tuple[NDArray[np.int64], NDArray[np.int64]]
    before: tuple[NDArray[np.int64], NDArray[np.int64]]  # sequence leading to each set


def sequence_form(
    tree: ExtensiveForm, *, exact: bool = False, seed: int = 0, pivots: int = 200_000
) -> Equilibrium:
    """One Nash equilibrium of a two-player tree, in behaviour strategies.

    Constant sum: a linear program (HiGHS). Otherwise, and where that program fails, Lemke's path,
    which starts at best replies to a prior and ends at an equilibrium of the tree with vanishing
    trembles. Moves off the path of play answer the trembles where those settle them; `certificate`
    says whether the equilibrium is subgame perfect, which it need not be.

    Parameters
    ----------
    tree : ExtensiveForm
        Two players, perfect recall.
    exact : bool
        Return fractions whose regret is 0 in exact arithmetic. The last basis of a path in floats
        is solved in fractions and checked; where that is no equilibrium, the path is followed in
        whole numbers. Constant-sum trees take the same way.
    seed : int
        Draws the trembles, and the priors that are tried after the first, which leads to every end
        about equally often. Another prior may lead to another equilibrium.
    pivots : int
        Most steps of one path.

    Raises
    ------
    ArgumentError
        Not two players, imperfect recall.
    SolveError
        No certified equilibrium from any of the priors tried; `exact`: no exact one, and more than
        2,000 sequences.

    Notes
    -----
    The basis is kept as a sparse factorisation, so a step costs about as much as the tree has
    branches; steps grow about linearly with information sets. Solving a basis exactly costs little
    more than its sparse elimination, and its numbers grow with the sets that mix; the path in whole
    numbers works on a dense table of sequences squared and is the last resort, up to 2,000 of them.

    References
    ----------
    B. von Stengel (1996), "Efficient computation of behavior strategies", Games and Economic
    Behavior 14. D. Koller, N. Megiddo and B. von Stengel (1996), ibid. B. von Stengel, A. van den
    Elzen and D. Talman (2002), "Computing normal form perfect equilibria for extensive two-person
    games", Econometrica 70.
    """
    if not isinstance(tree, ExtensiveForm):
        raise ArgumentError("tree", type(tree).__name__, "an ExtensiveForm")
    if tree.n_players != 2:
        hint = "logit and subgame_perfect take more"
        raise ArgumentError("tree", f"{tree.n_players} players", "two players", hint)
    if exact:
        return _exact(tree, seed, pivots)
    form = build(tree)
    total = tree.total_payoffs[tree.ends].sum(axis=1)
    failures = []
    if np.ptp(total) <= PAYOFF_TIE * float(tree.payoff_range.max()):
        try:
            found = on_tree(tree, _behaviour(form, tree, *_program(form)), PROGRAM)
            if found.status.solved:
                return found
            failures.append(f"the program's regret {found.regret:.1e}")
        except SolveError as failed:  # Lemke's path needs no program
            failures.append(str(failed))
    for attempt in range(ATTEMPTS):
        path = _path(tree, form, seed, attempt, pivots)
        if path.x is None or path.y is None:
            failures.append(path.message)
            continue
        x = _behaviour(form, tree, path.x, path.y, path.x_tremble, path.y_tremble)
        found = on_tree(tree, x, LEMKE, pivots=path.pivots, attempt=attempt)
        if found.status.solved:
            return found
        failures.append(f"regret {found.regret:.1e} after {path.pivots} pivots")
    raise SolveError(f"no certified equilibrium from {ATTEMPTS} priors: {'; '.join(failures)}")


def _path(tree: ExtensiveForm, form: SequenceForm, seed: int, attempt: int, pivots: int) -> Path:
    """Lemke's path from the leaf-uniform prior, at later attempts from a random one."""
    rng = np.random.default_rng([seed, attempt])
    prior = _prior(tree, rng if attempt else None)
    return follow(form.E, form.F, form.A, form.B, *_plans(form, prior), rng, pivots)


def build(tree: ExtensiveForm) -> SequenceForm:
    """Constraint and payoff matrices, sparse; payoffs scaled to a range of 1 for each player."""
    plan = layout(tree)
    number = np.zeros(int(tree.infoset_start[-1]) + 1, dtype=np.int64)  # -1 (no move yet) -> 0
    places, sets, before, constraint = [], [], [], []
    for i in range(2):
        mine = np.flatnonzero(tree.infoset_player == i)
        own = np.flatnonzero(tree.infoset_player[plan.owner] == i)
        number[own] = 1 + np.arange(len(own))
        after = number[plan.sequence[plan.first_node[mine], i]]
        row_of = np.full(tree.n_infosets, -1)
        row_of[mine] = 1 + np.arange(len(mine))
        rows = np.concatenate([[0], row_of[plan.owner[own]], 1 + np.arange(len(mine))])
        columns = np.concatenate([[0], 1 + np.arange(len(own)), after])
        data = np.concatenate([np.ones(1 + len(own)), -np.ones(len(mine))])
        shape = (1 + len(mine), 1 + len(own))
        constraint.append(sparse.csc_matrix((data, (rows, columns)), shape=shape))
        places.append(own)
        sets.append(mine)
        before.append(after)
    w = chance(tree)
    reach = np.ones(tree.n_nodes)
    moved = np.where(plan.place >= 0, 1.0, w).tolist()
    parent, reached = tree.parent.tolist(), reach.tolist()
    for node in range(1, tree.n_nodes):
        reached[node] = reached[parent[node]] * moved[node]
    ends = tree.ends
    weight = np.array(reached)[ends]
    rows, columns = number[plan.sequence[ends, 0]], number[plan.sequence[ends, 1]]
    totals = tree.total_payoffs[ends]
    low, width = totals.min(axis=0), np.where(tree.payoff_range > 0, tree.payoff_range, 1.0)
    scaled = (totals - low) / width
    shape = (constraint[0].shape[1], constraint[1].shape[1])
    A, B = (
        sparse.csc_matrix((weight * scaled[:, i], (rows, columns)), shape=shape) for i in range(2)
    )
    E, F = constraint
    return SequenceForm(
        E, F, A, B, (places[0], places[1]), (sets[0], sets[1]), (before[0], before[1])
    )


def _prior(tree: ExtensiveForm, rng: np.random.Generator | None) -> Floats:
    """Behaviour that leads to every end about equally often: long branches get more weight.

    Equal mixing would reach the ends of a long tree with probabilities that floats cannot add to
    those of its beginning.
    """
    plan = layout(tree)
    ends = (tree.player == -2).astype(float).tolist()
    parent = tree.parent.tolist()
    for node in range(tree.n_nodes - 1, 0, -1):
        ends[parent[node]] += ends[node]
    weight = np.zeros(int(tree.infoset_start[-1]))
    inside = np.flatnonzero(plan.place >= 0)
    np.add.at(weight, plan.place[inside], np.array(ends)[inside])
    if rng is not None:
        weight *= rng.uniform(0.2, 1.8, len(weight))
    total = np.add.reduceat(weight, tree.infoset_start[:-1])
    return np.asarray(weight / total[plan.owner])


def _plans(form: SequenceForm, behaviour: Floats) -> tuple[Floats, Floats]:
    """Realisation plans of a behaviour vector."""
    plans = []
    for i in range(2):
        E = (form.E, form.F)[i].tocsr()
        x = np.ones(E.shape[1])
        for k, before in enumerate(form.before[i].tolist()):
            row = E.indices[E.indptr[k + 1] : E.indptr[k + 2]]
            signs = E.data[E.indptr[k + 1] : E.indptr[k + 2]]
            mine = row[signs > 0]
            x[mine] = x[before] * behaviour[form.places[i][mine - 1]]
        plans.append(x)
    return plans[0], plans[1]


def _behaviour(
    form: SequenceForm, tree: ExtensiveForm, x: Floats, y: Floats,
    x_tremble: Floats | None = None, y_tremble: Floats | None = None,
) -> Floats:  # fmt: skip
    """Behaviour from realisation plans; off the path of play from the trembling plans."""
    result = np.zeros(int(tree.infoset_start[-1]))
    for i, (plan, tremble) in enumerate(((x, x_tremble), (y, y_tremble))):
        clean = np.where(plan > 1e-11, plan, 0.0)
        result[form.places[i]] = clean[1:]
        for h, before in zip(form.sets[i].tolist(), form.before[i].tolist(), strict=True):
            cut = slice(int(tree.infoset_start[h]), int(tree.infoset_start[h + 1]))
            total = result[cut].sum()
            if clean[before] > 0 and total > 0:
                result[cut] /= total
                continue
            if tremble is not None:
                inside = np.searchsorted(form.places[i], np.arange(cut.start, cut.stop)) + 1
                part = np.maximum(tremble[inside], 0.0)
                if part.sum() > 0:
                    result[cut] = np.where(part > 1e-9 * part.sum(), part, 0.0)
                    result[cut] /= result[cut].sum()
                    continue
            result[cut] = 1.0 / (cut.stop - cut.start)
    return result


def _program(form: SequenceForm) -> tuple[Floats, Floats]:
    """Maximin plans of the constant-sum game: maximise q_0 with F'q <= A'x, E x = e."""
    from scipy.optimize import linprog

    nx, ny, rows = form.E.shape[1], form.F.shape[1], form.F.shape[0]
    cost = np.zeros(nx + rows)
    cost[nx] = -1.0
    upper = sparse.hstack([-form.A.T, form.F.T], format="csc")
    equal = sparse.hstack([form.E, sparse.csc_matrix((form.E.shape[0], rows))], format="csc")
    e = np.zeros(form.E.shape[0])
    e[0] = 1.0
    bounds = [(0, None)] * nx + [(None, None)] * rows
    solved: Any = linprog(cost, upper, np.zeros(ny), equal, e, bounds=bounds, method="highs-ds")
    if solved.status != 0:
        raise SolveError(f"the sequence-form program failed: {solved.message}")
    return solved.x[:nx], np.maximum(-solved.ineqlin.marginals, 0.0)


def _exact(tree: ExtensiveForm, seed: int, pivots: int) -> Equilibrium:
    """A basis from Lemke's path in floats, solved in fractions; else the path in whole numbers."""
    form = build(tree)
    fractions = rational(tree, form)
    for attempt in range(ATTEMPTS):
        path = _path(tree, form, seed, attempt, pivots)
        plans = None if path.basic is None else purify(fractions, path.basic, path.tremble)
        if plans is not None:
            return _exactly(tree, form, plans, BASIS, pivots=path.pivots, attempt=attempt)
    basic, made = follow_exactly(fractions, pivots)
    tremble = [1] * (form.E.shape[0] + form.F.shape[0])
    plans = None if basic is None else purify(fractions, basic, tremble)
    if plans is None:
        raise SolveError(f"Lemke's path in whole numbers did not end within {made:,} pivots")
    return _exactly(tree, form, plans, WHOLE, pivots=made, attempt=ATTEMPTS)


def _exactly(
    tree: ExtensiveForm, form: SequenceForm, plans: Plans, method: str, **detail: Any
) -> Equilibrium:
    """The behaviour of exact plans: off the path of play, of the trembles in them."""
    x: list[Any] = [None] * int(tree.infoset_start[-1])
    for i, (plan, slope) in enumerate(((plans.x, plans.x_tremble), (plans.y, plans.y_tremble))):
        number = dict(zip(form.places[i].tolist(), range(1, len(plan)), strict=True))
        for h in form.sets[i].tolist():
            cut = range(int(tree.infoset_start[h]), int(tree.infoset_start[h + 1]))
            own = [plan[number[k]] for k in cut]
            if not any(own):
                own = [slope[number[k]] for k in cut]
            if min(own) < 0 or not any(own):
                own = [Fraction(1)] * len(cut)
            for k, weight in zip(cut, own, strict=True):
                x[k] = weight / sum(own)
    return on_tree_exactly(tree, np.array(x, dtype=object), method, **detail)
