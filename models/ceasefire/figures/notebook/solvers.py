"""What solvers found, as a notebook shows it: strategies, payoffs, sets, what was checked."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.figures.notebook import _parts as parts
from ceasefire.figures.notebook import _svg as svg
from ceasefire.figures.notebook import games as shown
from ceasefire.figures.notebook._parts import Safe
from ceasefire.figures.notebook._pictures import Picture, drawn_by
from ceasefire.games import ExtensiveForm, NormalForm, RepeatedGame, StochasticGame

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    from ceasefire.solvers import (
        Assessment,
        BargainingSolution,
        Continuation,
        Correlated,
        Equilibria,
        Equilibrium,
        LimitSet,
        Logit,
        LogitPath,
        MarkovEquilibrium,
        MarkovPath,
        PayoffSet,
        RankConditions,
        SignallingComponent,
    )

MOST_SETS = 4  # of states whose payoff sets are drawn inside a page
MOST_BLOCKS = 6  # of equilibria that do not fit in rows
MOST_POINTS = 16  # of vertices that are written out
LIGHT, MIDDLE = 'fill="currentColor" fill-opacity="0.08"', 'fill="currentColor" fill-opacity="0.22"'
DASHED, DOT, RING = 'stroke-dasharray="4 3"', 'fill="currentColor" stroke="none"', 'fill="none"'


def equilibrium(found: Equilibrium) -> Safe:
    """Who plays what, and what it pays."""
    return parts.together(_strategies(found), _foot(found))


def _strategies(found: Any) -> Safe:
    from ceasefire.solvers.result import labelled, mixture

    mixed = (
        labelled(found.game, found.strategies[: parts.MOST_ROWS + 1])
        if isinstance(found.game, NormalForm)
        else labelled(found.game, found.strategies)
    )
    rows = [(name, mixture(s, labels)) for name, s, labels in mixed]
    where = "player" if isinstance(found.game, NormalForm) else "player at information set"
    return parts.table(rows, head=(where, "plays"))


def _pay(values: Any) -> str:
    from ceasefire.solvers.result import short

    return ", ".join(short(u) for u in values[:12]) + (" …" if len(values) > 12 else "")


def _foot(found: Any) -> Safe:
    claim = "exact" if found.exact else f"regret {found.regret:.1e}"
    pay = f"payoffs of {', '.join(found.game.players[:12])}: {_pay(found.payoffs)}"
    return parts.line(f"{pay}; {claim}; {found.method}; {found.status}")


def equilibria(found: Equilibria[Any]) -> Safe:
    """A row an equilibrium of a game in strategic form; others one below the other."""
    count = len(found)
    claim = found.claim if found.complete else f"{found.claim}, perhaps not all"
    if found.count is not None and found.count > count:
        claim = f"{found.claim}: {found.count} in all"
    lead = (
        f"{count} equilibri{'um' if count == 1 else 'a'} ({claim}; {found.method}; {found.status})"
    )
    if not count:
        return parts.line(lead)
    if isinstance(found[0].game, NormalForm):
        return parts.together(parts.line(lead), _rows(found))
    blocks = [str(e._repr_html_()) for e in found[:MOST_BLOCKS]]
    rest = (
        parts.more(count - MOST_BLOCKS, "equilibrium")
        if count - MOST_BLOCKS == 1
        else (parts.line(f"… {count - MOST_BLOCKS} more equilibria") if count > MOST_BLOCKS else "")
    )
    return parts.together(parts.line(lead), *blocks, rest)


def _rows(found: Equilibria[Any]) -> Safe:
    from ceasefire.solvers.result import mixture

    game = found[0].game
    home = {k: c for c, one in enumerate(found.components, start=1) for k in one.extreme}
    rows = []
    for k, e in enumerate(found[: parts.MOST_ROWS + 1]):
        plays = [mixture(s, names) for s, names in zip(e.strategies, game.actions, strict=True)]
        where = [str(home.get(k, ""))] if home else []
        rows.append((str(k), *plays[:9], _pay(e.payoffs), *where))
    head = ("", *game.players[:9], "payoffs", *(["component"] if home else []))
    return parts.table(rows, head=head, count=len(found))


def assessment(found: Assessment) -> Safe:
    """Who plays and believes what, and which conditions were verified."""
    from ceasefire.solvers.result import labelled, mixture

    rows = []
    for h, (name, s, labels) in enumerate(labelled(found.game, found.strategies)):
        if h > parts.MOST_ROWS:
            break
        held = found.belief(h)
        believes = ", ".join(f"{p:.4g}" for p in held[:8]) if len(held) > 1 else ""
        rows.append((name, mixture(s, labels), believes))
    checked = [(c.name, "verified" if c.met else "NOT met", f"{c.gap:.1e}")
               for c in found.conditions]  # fmt: skip
    return parts.together(
        parts.table(rows, head=("player at information set", "plays", "believes (by node)"),
                    count=len(found.strategies)),
        parts.line(f"payoffs of {', '.join(found.game.players)}: {_pay(found.payoffs)}; "
                   f"{found.method}; {found.status}"),
        parts.table(checked, head=("condition", "", "missed by")),
    )  # fmt: skip


def component(found: SignallingComponent) -> Safe:
    """What types send and how messages are answered, over the whole component."""
    said = "passes the intuitive criterion" if found.intuitive else f"fails it: {found.reason}"
    rows = []
    for lead, table in (("type ", found.sending), ("after ", found.replies)):
        for key, bounds in list(table.items())[: parts.MOST_ROWS]:
            pairs = zip(bounds, found._actions(key), strict=True)
            spans = [f"{_span(*b)} {a}" for b, a in pairs if b[1] > 0]
            rows.append((f"{lead}{key}", ", ".join(spans[:8])))
    pay = f"payoffs of {', '.join(found.example.game.players)}: {_pay(found.payoffs)}"
    sends = f"sends {', '.join(found.messages)}; {said}; {pay}"
    return parts.together(parts.line(sends), parts.table(rows, head=("", "plays")))


def _span(low: float, high: float) -> str:
    return f"{low:.4g}" if high - low < 5e-5 else f"{low:.4g} to {high:.4g}"


def markov(found: MarkovEquilibrium) -> Safe:
    """What is played in each state, and what it is worth from there on."""
    rows = [(name, acts, worth) for name, acts, worth in found._rows(parts.MOST_ROWS + 1)]
    head = ("state", "plays", f"worth to {', '.join(found.game.players)}")
    return parts.together(
        parts.table(rows, head=head, count=found.game.n_states), parts.line(found._foot())
    )


def correlated(found: Correlated) -> Safe:
    """How often each profile is recommended."""
    from ceasefire.solvers.result import short

    game, claim = found.game, parts.line(found._claim())
    if game.n_players == 2 and max(game.shape) <= parts.MOST_COLUMNS - 1:
        rows = [
            (game.actions[0][a], *(Safe(parts.text(short(p))) for p in row))
            for a, row in enumerate(found.distribution)
        ]
        corner = f"{game.players[0]} \\ {game.players[1]}"
        return parts.together(parts.table(rows, head=(corner, *game.actions[1])), claim)
    told = found._rows()
    rows = [(cell, Safe(parts.text(share))) for cell, share in told[: parts.MOST_ROWS + 1]]
    head = ("profile", "probability")
    return parts.together(parts.table(rows, head=head, count=len(told)), claim)


def payoff_set(found: PayoffSet) -> Safe:
    """The set drawn for two players, of a stochastic game in its first states, and its corners."""
    many = isinstance(found.vertices, tuple)
    states = list(range(min(len(found.vertices), MOST_SETS))) if many else [0]
    stochastic = isinstance(found.game, StochasticGame)
    names = found.game.states if stochastic else ("",)  # type: ignore[union-attr]
    drawn = [_polygon(found, s, names[s]) for s in states]
    corners = [] if found.is_empty else [_corners(found, s, names[s]) for s in states]
    rest = parts.more(len(found.vertices) - len(states), "state") if many else ""
    head = repr(found).split("\n", 1)[0]
    return parts.together(parts.line(head), *drawn, *corners, rest)


def _players(game: Any) -> tuple[str, ...]:
    owner = game.stage if isinstance(game, RepeatedGame) else game
    players: tuple[str, ...] = owner.players
    return players


def _polygon(found: PayoffSet, s: int, state: str) -> Safe:
    players = _players(found.game)
    if len(players) != 2 or found.is_empty:
        return Safe("")
    inner = found.points(s)
    outer = np.asarray(found.outer[s] if isinstance(found.outer, tuple) else found.outer)
    threat = np.atleast_2d(found.threat)[s if np.ndim(found.threat) > 1 else 0]
    cloud = np.empty((0, 2))
    if isinstance(found.game, RepeatedGame):
        cloud = found.game.stage.payoffs.reshape(2, -1).T
    if len(np.unique(np.vstack([cloud, inner, outer]), axis=0)) < 2:
        return Safe("")  # a single point says itself
    plane = svg.Plane([cloud, inner, outer], *(f"payoff of {p} per day" for p in players))
    if len(cloud):
        from ceasefire.figures.games import _hull

        plane.outline(_hull(cloud), LIGHT + ' stroke-opacity="0.4"')
    plane.outline(outer, DASHED)
    if found.public_randomisation:
        plane.outline(inner, MIDDLE)
    plane.dots(inner, DOT)
    plane.cross(threat)
    of = f" in {state}" if state else ""
    feasible = ", within the feasible ones" if len(cloud) else ""
    return plane.drawn(f"Equilibrium payoffs{of}{feasible}; the cross is the worst of each player")


def _corners(found: PayoffSet, s: int, state: str) -> Safe:
    points = found.points(s)
    size = np.abs(points).max(axis=0, initial=0.0)
    kept = np.where(np.abs(points) <= 1e-9 * size, 0.0, points)[:MOST_POINTS]
    rows = [(str(k + 1), *map(float, point)) for k, point in enumerate(kept)]
    head = ("corner" if found.public_randomisation else "point", *_players(found.game))
    return parts.table(rows, head=head, caption=state, count=len(points), most=MOST_POINTS)


def limit_set(found: LimitSet) -> Safe:
    """What can be paid as patience grows; drawn for two players."""
    players = found.game.stage.players
    if len(players) != 2 or found.is_empty:
        return parts.said(found)
    from ceasefire.figures.games import _hull

    cloud = found.game.stage.payoffs.reshape(2, -1).T
    plane = svg.Plane([cloud, found.vertices], *(f"payoff of {p} per day" for p in players))
    plane.outline(_hull(cloud), LIGHT + ' stroke-opacity="0.4"')
    plane.outline(found.vertices, MIDDLE)
    return parts.together(parts.said(found), plane.drawn("Equilibrium payoffs as patience grows"))


def logit(found: Logit) -> Safe:
    """Who plays what at one precision."""
    pay = f"payoffs of {', '.join(found.game.players)}: {_pay(found.payoffs)}"
    lead = f"precision {found.precision:.4g} per util; {pay}; {found.status}"
    return parts.together(_strategies(found), parts.line(lead))


def path(found: LogitPath | MarkovPath) -> Safe:
    """Where the path begins and ends."""
    precision = found.precision
    lead = f"{len(precision)} points, precision {precision[0]:.4g} to {precision[-1]:.4g} per util"
    turns = np.asarray(found.turning_points).size
    many = f"{turns} turning point{'s' * (turns != 1)}"
    end = getattr(found, "equilibrium", None)
    ended = [parts.line("the equilibrium at its end:"), Safe(end._repr_html_())] if end else []
    return parts.together(parts.line(f"a logit path: {lead}; {many}."), *ended)


def continuation(found: Continuation) -> Safe:
    """An equilibrium along a parameter: its table, where it folds and how it ended."""
    folds = ", ".join(f"{fold.parameter:.6g}" for fold in found.folds[:8]) or "none"
    lead = f"ended: {found.ended}; folds: {folds}; {len(found.changes)} changes of support"
    return parts.together(parts.line(f"{lead}; {found.status}"), parts.frame(found.table))


def solution(found: BargainingSolution) -> Safe:
    """What is agreed, in the set of what can be."""
    rows = list(zip(found.problem.players, found.payoffs, found.gains, strict=True))
    return parts.together(
        parts.said(found),
        shown.feasible(found.problem, found.payoffs),
        parts.table(rows, head=("player", "gets", "gains")),
    )


def told(found: Any) -> Safe:
    """What a result prints, and its fields folded away."""
    return parts.together(parts.said(found), parts.folded("fields", parts.attributes(found)))


def certificate(found: Any) -> Safe:
    """What was checked."""
    passed = next((getattr(found, name) for name in ("passed", "holds", "is_nash")
                   if hasattr(found, name)), None)  # fmt: skip
    verdict = "" if passed is None else f": {'passed' if passed else 'FAILED'}"
    skip = ("tree", "game")
    return parts.together(parts.heading(f"certificate{verdict}"), parts.attributes(found, skip))


def ranks(found: RankConditions) -> Safe:
    """Which profiles let signals tell deviations apart."""
    return parts.frame(found.to_frame(), "rank conditions")


def with_automaton(found: Any) -> Safe:
    """What a result prints, and the automaton that it speaks of."""
    machine = _machine(found)
    of = [] if machine is None else [parts.folded("automaton", shown.automaton(machine))]
    return parts.together(parts.said(found), *of)


TABLES: dict[str, Callable[[Any], Safe]] = {
    "Equilibrium": equilibrium,
    "Equilibria": equilibria,
    "Assessment": assessment,
    "SignallingComponent": component,
    "MarkovEquilibrium": markov,
    "Correlated": correlated,
    "PayoffSet": payoff_set,
    "LimitSet": limit_set,
    "Logit": logit,
    "LogitPath": path,
    "MarkovPath": path,
    "Continuation": continuation,
    "BargainingSolution": solution,
    "RankConditions": ranks,
    "TreeCertificate": certificate,
    "MarkovCertificate": certificate,
    "MechanismCertificate": certificate,
    "DiscountCertificate": certificate,
    "BargainingCertificate": certificate,
    "SelfGeneration": certificate,
    "AutomatonCheck": with_automaton,
    "AutomatonValue": with_automaton,
}


def _game(found: Any) -> Any:
    return found[0].game if hasattr(found, "equilibria") else found.game


def _tree(found: Any) -> bool:
    return isinstance(found.game, ExtensiveForm) and found.game.n_nodes <= 150


def _played(found: Any, ax: Axes | None) -> Any:
    from ceasefire.figures.games import game_tree

    behaviour = np.concatenate([np.empty(0), *found.strategies]).astype(float)
    return game_tree(found.game, behaviour=behaviour, ax=ax)


def _states(found: PayoffSet, ax: Axes | None) -> Any:
    from ceasefire.figures.stochastic import state_payoffs

    return state_payoffs(found)


def _agreed(found: BargainingSolution, ax: Axes | None) -> Any:
    from ceasefire.figures.outcomes import bargaining

    return bargaining(found.problem, solution=found, ax=ax)


def _markov(found: Any) -> Any:
    """The behaviour of a logit point as a behaviour to follow."""
    from ceasefire import solvers

    return solvers.markov_equilibrium(found.game, found.behaviour, found.method)


def _two(found: Any) -> bool:
    if hasattr(found, "__len__") and not len(found):
        return False
    return len(_players(_game(found))) == 2


def _square(found: Any) -> bool:
    return isinstance(found.game, NormalForm) and found.game.shape == (2, 2)


def _each_known(found: Any) -> bool:
    each = found.needed if hasattr(found, "needed") else found.per_player
    return any(one is not None for one in each) and all(
        one is None or isinstance(one, int | float | Fraction) for one in each
    )


def _machine(found: Any) -> Any:
    return found.automaton() if callable(found.automaton) else found.automaton


def _drawn_machine(found: Any) -> bool:
    machine = _machine(found)
    return machine is not None and machine.n_states <= 16


STRATEGIES = drawn_by("outcomes", "strategies")
TREE = Picture(_played, _tree)
MACHINE = drawn_by("repeated", "automaton_diagram", _machine, fits=_drawn_machine)
BY_DAY = drawn_by("outcomes", "states_by_day")
PATIENCE = drawn_by("outcomes", "needed_patience", fits=_each_known)

PICTURES: dict[str, dict[str, Picture]] = {
    "Equilibrium": {
        "tree": TREE,
        "strategies": STRATEGIES,
        "best-replies": drawn_by("games", "best_response_diagram", _game, fits=_square),
    },
    "Equilibria": {"payoffs": drawn_by("outcomes", "payoffs", fits=_two)},
    "Assessment": {"tree": TREE, "strategies": STRATEGIES},
    "SignallingComponent": {
        "tree": Picture(lambda c, ax: _played(c.example, ax), lambda c: _tree(c.example))
    },
    "Logit": {"tree": TREE, "strategies": STRATEGIES},
    "LogitFit": {"strategies": drawn_by("outcomes", "strategies", lambda fit: fit.equilibrium)},
    "LogitPath": {"path": drawn_by("games", "logit_path")},
    "MarkovPath": {"path": drawn_by("paths", "markov_path")},
    "MarkovEquilibrium": {"transitions": drawn_by("stochastic", "transition_diagram")},
    "MarkovLogit": {"transitions": drawn_by("stochastic", "transition_diagram", _markov)},
    "Continuation": {"path": drawn_by("paths", "comparative_statics")},
    "Correlated": {
        "recommendations": drawn_by(
            "outcomes",
            "recommendations",
            fits=lambda c: c.game.n_players == 2 and max(c.game.shape) <= 20,
        )
    },
    "PayoffSet": {
        "payoffs": drawn_by(
            "repeated",
            "payoff_diagram",
            fits=lambda p: isinstance(p.game, RepeatedGame) and _two(p),
        ),
        "states": Picture(
            _states, lambda p: isinstance(p.game, StochasticGame) and _two(p), panels=True
        ),
    },
    "PenalCode": {
        "states": MACHINE,
        "payoffs": drawn_by("repeated", "payoff_diagram", lambda c: c.payoffs, fits=_two),
    },
    "LimitSet": {"payoffs": drawn_by("outcomes", "limit_payoffs", fits=_two)},
    "CriticalDiscount": {"patience": PATIENCE},
    "ExtensionThreshold": {"patience": PATIENCE},
    "AutomatonCheck": {"states": MACHINE},
    "AutomatonValue": {"states": MACHINE},
    "Simulation": {"states": MACHINE},
    "TriggerRegime": {"states": MACHINE},
    "ExpectedPath": {"states": BY_DAY},
    "SimulatedPaths": {"states": BY_DAY},
    "BatchEquilibria": {"counts": drawn_by("outcomes", "counts")},
    "BargainingSolution": {
        "payoffs": Picture(_agreed, lambda s: s.problem.n_players == 2),
    },
}
_TABLE = "it is a table; the result that it is of has pictures"
HINTS = {
    "TreeCertificate": _TABLE,
    "MarkovCertificate": _TABLE,
    "PayoffSet": "payoff sets of two players are drawn",
    "Equilibria": "payoffs of two players are drawn; each equilibrium has pictures of its own",
    "Minmax": "solvers.payoff_set(game).plot() marks the minmax payoffs",
    "CriticalDiscount": "with transfers incentives are pooled, and no player has its own factor",
    "Rationalizable": "found.restricted is a game, which has pictures",
    "Component": "the equilibria that it is of have pictures",
}
