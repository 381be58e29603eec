"""A few rounds of bargaining by quota among three, as a tree."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

from ceasefire.bargaining._staged import exact

if TYPE_CHECKING:
    from fractions import Fraction

    from ceasefire.bargaining.legislative import LegislativeBargaining
    from ceasefire.games import ExtensiveForm


def quota_tree(model: LegislativeBargaining, rounds: int) -> ExtensiveForm:
    """State the game: draw, propose, vote in turn. Payoffs discounted to the first round."""
    from ceasefire.games import Chance, Decision, End, ExtensiveForm

    W, d, p = model._numbers()
    W, d, p = exact(W), [exact(x) for x in d], [exact(x) for x in p]
    p = [x / sum(p) for x in p]
    names, n = model.names, len(p)
    later = [waiting(model, W, d, p, rounds - 1 - t) for t in range(rounds)]

    def passed(yes: tuple[int, ...]) -> bool:
        return len(yes) >= model.quota and set(model.vetoes) <= set(yes)

    def moves(state: Any) -> Any:
        match state:
            case ("round", t) if t == rounds:
                return End((0,) * n)
            case ("round", t):
                return Chance({names[i]: (p[i], ("propose", t, i)) for i in range(n)})
            case ("propose", t, i):
                splits = {}
                for size in range(n):
                    for group in combinations([j for j in range(n) if j != i], size):
                        split = [later[t][j] * d[j] if j in group else W * 0 for j in range(n)]
                        split[i] = W - sum(split)
                        label = " and ".join(names[j] for j in group) or "nobody"
                        splits[f"buy {label}"] = ("vote", t, i, tuple(split), (i,), 0)
                return Decision(names[i], splits)
            case ("vote", t, i, split, yes, j) if j == i:
                return moves(("vote", t, i, split, yes, j + 1))
            case ("vote", t, _, split, yes, j) if j == n:
                if passed(yes):
                    return End(tuple(d[k] ** t * split[k] for k in range(n)))
                return moves(("round", t + 1))
            case ("vote", t, i, split, yes, j):
                # A vote that decides nothing is a tie: who is paid agrees, who is not refuses.
                after = {"yes": ("vote", t, i, split, (*yes, j), j + 1),
                         "no": ("vote", t, i, split, yes, j + 1)}  # fmt: skip
                paid = split[j] >= d[j] * later[t][j]
                return Decision(names[j], after if paid else dict(reversed(after.items())))

    return ExtensiveForm.from_rules(
        ("round", 0), moves, players=list(names), title="Bargaining by quota"
    )


def waiting(
    model: LegislativeBargaining, W: Fraction, d: list[Any], p: list[Any], rounds: int
) -> list[Any]:
    """Values with so many rounds left; the first of equally cheap coalitions is bought."""
    n = len(p)
    v = [W * 0] * n
    for _ in range(rounds):
        price = [d[i] * v[i] for i in range(n)]
        groups = [model._spending(i, price) for i in range(n)]
        v = [
            p[i] * (W - sum(price[j] for j in groups[i]))
            + sum((p[k] for k in range(n) if i in groups[k]), W * 0) * price[i]
            for i in range(n)
        ]
    return v
