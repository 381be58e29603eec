"""Demands backed by a threat that leaves something to chance, as a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ceasefire.games import Chance, Decision, End, ExtensiveForm

if TYPE_CHECKING:
    from fractions import Fraction


def brink(
    costs: tuple[Fraction, Fraction], discount: Fraction, chance: Fraction, demand: Fraction,
    periods: int,
) -> ExtensiveForm:  # fmt: skip
    """Give in or refuse, carry out or back down, war or the next period; at last, giving in.

    Costs of war are those of the challenger and of the defender, utils, as the demand is.
    """

    def ended(t: int, challenger: Fraction, defender: Fraction) -> End:
        return End((discount**t * challenger, discount**t * defender))

    def moves(state: tuple[int, str]) -> Decision | Chance | End:
        t, stage = state
        if stage == "given" or (stage == "demand" and t == periods):
            return ended(t, demand, -demand)
        if stage == "demand":
            return Decision("defender", {"give in": (t, "given"), "refuse": (t, "threat")})
        if stage == "threat":
            return Decision("challenger", {"carry out": (t, "chance"), "back down": (t, "none")})
        if stage == "chance":
            ways = {"war": (chance, (t, "war")), "no war": (1 - chance, (t + 1, "demand"))}
            return Chance({name: way for name, way in ways.items() if way[0] > 0})
        return ended(t, -costs[0], -costs[1]) if stage == "war" else End((0, 0))

    return ExtensiveForm.from_rules(
        (0, "demand"), moves, players=["challenger", "defender"], title="The brink"
    )
