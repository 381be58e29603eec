"""Games as a notebook shows them: payoff tables with best replies, trees, automata, states."""

from __future__ import annotations

from itertools import islice, pairwise, product
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.figures.notebook import _parts as parts
from ceasefire.figures.notebook import _svg as svg
from ceasefire.figures.notebook._parts import Safe
from ceasefire.figures.notebook._pictures import Picture, drawn_by

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ceasefire.games import (
        Automaton,
        BargainingProblem,
        BayesianGame,
        ExtensiveForm,
        NormalForm,
        PublicSignals,
        RepeatedGame,
        StochasticGame,
    )

MOST_TABLES = 6  # of slices of a game, one below the other
MOST_SHOWN = 300  # cells of them together
MOST_CELLS = 250_000  # of a game whose best replies are marked
MOST_NODES = 40  # of a tree that is drawn inside a page
MOST_PLANS = 12  # actions a player of a game whose payoffs are drawn
MOST_PROFILES = 4096  # of a game whose logit path is drawn
BELOW = "A best reply to the others is underlined."
UNMARKED = "Best replies are not marked in so large a game."


def normal_form(game: NormalForm) -> Safe:
    """A table of payoffs; of three players and more one for each action of the third, and so on."""
    source = game.payoffs if game._rational is None else game._rational
    replies = _replies(source) if game.payoffs[0].size <= MOST_CELLS else None
    return parts.together(
        parts.heading(game.title),
        *_tables(source, replies, game.players, game.actions),
        parts.line(BELOW if replies is not None else UNMARKED),
    )


def _replies(source: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether each player's action is a best reply to the others', as `source` is laid out."""
    best = [table == table.max(axis=i, keepdims=True) for i, table in enumerate(source)]
    return np.asarray(best, dtype=bool)


def _tables(
    source: NDArray[Any], replies: NDArray[np.bool_] | None, players: Sequence[str],
    actions: Sequence[Sequence[str]],
) -> list[Safe]:  # fmt: skip
    across = len(actions[1]) if len(actions) > 1 else 1
    cells = min(len(actions[0]), parts.MOST_ROWS) * min(across, parts.MOST_COLUMNS)
    shown = max(1, min(MOST_TABLES, MOST_SHOWN // cells))
    others = islice(product(*(range(len(a)) for a in actions[2:])), shown)
    made = [_slice(source, replies, players, actions, rest) for rest in others]
    count = int(np.prod([float(len(a)) for a in actions[2:]]))
    return [*made, parts.more(count - len(made), "table")]


def _slice(
    source: NDArray[Any], replies: NDArray[np.bool_] | None, players: Sequence[str],
    actions: Sequence[Sequence[str]], rest: tuple[int, ...],
) -> Safe:  # fmt: skip
    """Payoffs over the first two players' actions, the others' fixed."""
    columns = actions[1] if len(actions) > 1 else ("payoff",)
    rows = []
    for a in range(min(len(actions[0]), parts.MOST_ROWS)):
        cells = [(a, b, *rest) if len(actions) > 1 else (a,)
                 for b in range(min(len(columns), parts.MOST_COLUMNS))]  # fmt: skip
        filled = [_payoffs(source, replies, cell) for cell in cells]
        rows.append([actions[0][a], *filled, *[""] * (len(columns) - len(filled))])
    corner = f"{players[0]} \\ {players[1]}" if len(players) > 1 else players[0]
    fixed = "; ".join(
        f"{p}: {a[k]}" for p, a, k in zip(players[2:], actions[2:], rest, strict=True)
    )
    return parts.table(rows, head=(corner, *columns), caption=fixed, count=len(actions[0]))


def _payoffs(source: NDArray[Any], replies: NDArray[np.bool_] | None, cell: Any) -> Safe:
    said = [parts.text(_number(source[(i, *cell)])) for i in range(len(source))]
    if replies is not None:
        said = [Safe(f"<u>{word}</u>") if replies[(i, *cell)] else word
                for i, word in enumerate(said)]  # fmt: skip
    return Safe(", ".join(said))


def _number(value: Any) -> str:
    from ceasefire.games.normal import number

    said = parts.told(float(value)) if isinstance(value, float) else number(value)
    return said if len(said) <= parts.LONGEST_FRACTION else f"~{float(value):.6g}"


def bayesian(game: BayesianGame) -> Safe:
    """The prior, and payoffs for each profile of types, the first few."""
    profiles = list(np.ndindex(*game.n_types))
    source = game.payoffs if game._rational is None else game._rational
    chances = [(", ".join(game.types[i][k] for i, k in enumerate(t)), game.exact_prior[t])
               for t in profiles[: parts.MOST_ROWS + 1]]  # fmt: skip
    prior = parts.table(chances, head=(f"types of {', '.join(game.players)}", "chance"),
                        count=len(profiles))  # fmt: skip
    tables = []
    for t in profiles[:MOST_TABLES]:
        names = ", ".join(f"{p}: {game.types[i][t[i]]}" for i, p in enumerate(game.players))
        table = source[(slice(None), *t)]
        body = "".join(_tables(table, None, game.players, game.actions))
        tables.append(parts.folded(f"payoffs at {names}", body))
    rest = parts.more(len(profiles) - MOST_TABLES, "profile of types")
    return parts.together(parts.heading(game.title or "a Bayesian game"), prior, *tables, rest)


def tree(game: ExtensiveForm) -> Safe:
    """What each player can do at each information set; a small tree is drawn."""
    rows = [
        (game.players[int(game.infoset_player[h])], label, len(game.nodes(h)),
         ", ".join(game.action_labels[h][:8]))
        for h, label in enumerate(game.infoset_labels[: parts.MOST_ROWS + 1])
    ]  # fmt: skip
    sets = parts.table(rows, head=("player", "information set", "nodes", "actions"),
                       count=game.n_infosets)  # fmt: skip
    drawn = drawn_tree(game) if game.n_nodes <= MOST_NODES else ""
    return parts.together(parts.line(repr(game)), drawn, sets)


def drawn_tree(game: ExtensiveForm) -> Safe:
    """A tree from left to right; nodes of one information set are joined by a dashed line."""
    from ceasefire.figures.games import _places

    depth, height = _places(game)
    x, y = 12 + 104 * depth, 14 - 24 * height
    lines, words = [], []
    for node in range(1, game.n_nodes):
        above = int(game.parent[node])
        lines.append(f'<path d="M{x[above]:.0f} {y[above]:.0f}L{x[node]:.0f} {y[node]:.0f}"/>')
        spot = (x[above] + 0.5 * (x[node] - x[above]), y[above] + 0.5 * (y[node] - y[above]) - 3)
        words.append(svg.word(*spot, _branch(game, node, above), most=14))
    for h in range(game.n_infosets):
        nodes = sorted(game.nodes(h).tolist(), key=lambda n: y[n])
        bow = 14.0 + 7.0 * (h % 3)  # sets in one column bow apart
        for one, two in pairwise(nodes):
            turn = f"{(x[one] + x[two]) / 2 + bow * (1 if h % 2 else -1):.0f}"
            middle = f"{turn} {(y[one] + y[two]) / 2:.0f}"
            lines.append(f'<path d="M{x[one]:.0f} {y[one]:.0f}Q{middle} {x[two]:.0f} {y[two]:.0f}" '
                         'stroke-dasharray="4 3"/>')  # fmt: skip
    words += _nodes(game, x, y)
    width, tall = float(x.max()) + 96, float(y.max()) + 16
    name = f"Game tree; payoffs at the ends in the order {', '.join(game.players)}"
    return svg.picture(width, tall, name, "".join(lines + words))


def _branch(game: ExtensiveForm, node: int, above: int) -> str:
    a = int(game.action[node])
    h = int(game.infoset[above])
    if h >= 0 and game.player[above] >= 0:
        return game.action_labels[h][a]
    return f"{game.branch_labels[above][a]} ({game.probability[node]:.3g})"


def _nodes(game: ExtensiveForm, x: NDArray[Any], y: NDArray[Any]) -> list[str]:
    marks = []
    totals, ends = game.total_payoffs, set(game.ends.tolist())
    for node in range(game.n_nodes):
        if node in ends:
            pay = ", ".join(f"{u:.4g}" for u in totals[node])
            marks.append(svg.word(x[node] + 4, y[node] + 4, pay, "start", 24))
            continue
        mover = int(game.player[node])
        marks.append(f'<circle cx="{x[node]:.0f}" cy="{y[node]:.0f}" r="3.5" fill="currentColor"/>')
        name = game.players[mover] if mover >= 0 else "chance"
        anchor = "start" if node == 0 else "middle"
        marks.append(svg.word(x[node] - 4 * (node == 0), y[node] + 15, name, anchor, 14))
    return marks


def repeated(game: RepeatedGame) -> Safe:
    """The stage game, the discount factor and what is seen."""
    watched = signals(game.monitoring) if game.monitoring is not None else ""
    return parts.together(parts.line(_lead(game)), normal_form(game.stage), watched)


def _lead(value: Any) -> str:
    return repr(value).split("\n", 1)[0]


def signals(law: PublicSignals) -> Safe:
    """The chance of each signal after each profile."""
    cells = list(np.ndindex(*law.shape))
    rows = [
        (", ".join(str(k + 1) for k in cell), *(float(f"{p:.4g}") for p in law.probability[cell]))
        for cell in cells[: parts.MOST_ROWS + 1]
    ]
    head = ("after actions", *law.signals)
    return parts.table(rows, head=head, caption="chances of public signals", count=len(cells))


def automaton(machine: Automaton) -> Safe:
    """What is played in each state, and where play goes from there."""
    from ceasefire.figures.repeated import _edges
    from ceasefire.games._automaton_rules import mixture

    edges, rows = _edges(machine), []
    for s, state in enumerate(machine.states[: parts.MOST_ROWS + 1]):
        plays = ", ".join(
            mixture(p[s], names)
            for p, names in zip(machine.output, machine.stage.actions, strict=True)
        )
        after = [f"{machine.states[t]}{f' ({text})' if text else ''}"
                 for (one, t), (text, _) in edges.items() if one == s]  # fmt: skip
        rows.append((f"→ {state}" if s == machine.initial else state, plays, "; ".join(after)))
    lead = f"{machine.title or 'an automaton'}: {machine.n_states} states; → marks the first."
    return parts.together(
        parts.line(lead),
        parts.table(rows, head=("state", "plays", "goes to"), count=machine.n_states),
    )


def stochastic(game: StochasticGame) -> Safe:
    """What can be done in each state."""
    rows = []
    for s in range(min(game.n_states, parts.MOST_ROWS + 1)):
        acts = [f"{p}: {', '.join(game.actions[s][i][:8])}"
                for i, p in enumerate(game.players) if game.n_actions[s, i] > 1]  # fmt: skip
        end = "play stays here" if game.absorbing[s] else "nothing to choose"
        first = f"→ {game.states[s]}" if s == game.initial else game.states[s]
        rows.append((first, "; ".join(acts) or end))
    head = ("state", "who chooses what")
    return parts.together(
        parts.line(_lead(game)), parts.table(rows, head=head, count=game.n_states)
    )


def problem(of: BargainingProblem) -> Safe:
    """What can be agreed and what happens otherwise; of two players drawn."""
    rows = [(p, d) for p, d in zip(of.players, of.disagreement, strict=True)]
    apart = parts.table(rows, head=("player", "without agreement"))
    return parts.together(parts.said(of), feasible(of), apart)


def feasible(of: BargainingProblem, agreed: Any = None) -> Safe:
    """The payoffs of two players that an agreement can give, and a point agreed on."""
    if of.n_players != 2:
        return Safe("")
    from ceasefire.figures.outcomes import feasible_outline

    outline, low = feasible_outline(of), np.asarray(of.disagreement, dtype=float)
    point = np.empty((0, 2)) if agreed is None else np.asarray(agreed, dtype=float)[None]
    plane = svg.Plane([outline, low[None], point], *(f"payoff of {p}" for p in of.players))
    look = 'fill="currentColor" fill-opacity="0.12"'
    if of.is_convex:
        plane.outline(outline, look)
    else:
        plane.dots(outline, 'fill="none"')
    plane.cross(low)
    plane.dots(point, 'fill="currentColor"', 4.0)
    marked = "" if agreed is None else "; the dot is the solution"
    return plane.drawn(f"Payoffs that can be agreed; the cross is disagreement{marked}")


TABLES: dict[str, Callable[[Any], Safe]] = {
    "NormalForm": normal_form,
    "BayesianGame": bayesian,
    "ExtensiveForm": tree,
    "RepeatedGame": repeated,
    "PublicSignals": signals,
    "Automaton": automaton,
    "StochasticGame": stochastic,
    "BargainingProblem": problem,
}


def _any_play(value: StochasticGame) -> Any:
    """Where play can go: everything is done with some probability."""
    from ceasefire import solvers

    even = np.repeat(1.0 / value.n_actions.ravel(), value.n_actions.ravel())
    return solvers.markov_equilibrium(value, even, "even")


def _two(game: NormalForm) -> bool:
    return game.n_players == 2 and max(game.shape) <= MOST_PLANS


def _two_of_few_plans(game: BayesianGame) -> bool:
    plans = (m**k for m, k in zip(game.shape, game.n_types, strict=True))
    return game.n_players == 2 and all(count <= MOST_PLANS for count in plans)


PICTURES: dict[str, dict[str, Picture]] = {
    "NormalForm": {
        "best-replies": drawn_by(
            "games", "best_response_diagram", fits=lambda g: g.shape == (2, 2)
        ),
        "payoffs": drawn_by("games", "payoff_polygon", fits=_two),
        "logit": drawn_by("games", "logit_path", fits=lambda g: g.payoffs[0].size <= MOST_PROFILES),
    },
    "BayesianGame": {
        "payoffs": drawn_by(
            "games", "payoff_polygon", lambda g: g.ex_ante(), fits=_two_of_few_plans
        ),
    },
    "ExtensiveForm": {
        "tree": drawn_by("games", "game_tree", fits=lambda g: g.n_nodes <= 150),
        "logit": drawn_by(
            "games", "logit_path", fits=lambda g: g.n_infosets > 0 and g.n_nodes <= MOST_PROFILES
        ),
    },
    "RepeatedGame": {
        "payoffs": drawn_by("repeated", "payoff_diagram", fits=lambda g: g.n_players == 2)
    },
    "Automaton": {
        "states": drawn_by("repeated", "automaton_diagram", fits=lambda a: a.n_states <= 16)
    },
    "StochasticGame": {
        "transitions": drawn_by(
            "stochastic", "transition_diagram", _any_play, fits=lambda g: g.n_states <= 48
        ),
        "logit": drawn_by("paths", "markov_path", fits=lambda g: bool(np.any(g.n_actions > 1))),
    },
    "BargainingProblem": {
        "payoffs": drawn_by("outcomes", "bargaining", fits=lambda p: p.n_players == 2)
    },
}
HINTS = {
    "NormalForm": "two players of at most twelve actions have payoffs; others a logit path",
    "BayesianGame": "game.ex_ante() is a game in strategic form, which has pictures",
    "ExtensiveForm": "trees of at most 150 nodes are drawn",
    "Automaton": "automata of at most 16 states are drawn",
}
