"""Punishments without a lottery: paths of pure profiles that pay a player just its worst payoff.

A path is some profiles, then a cycle of them for ever. Payoffs are in units of each player's
range, as floats or fractions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.games import Automaton

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from ceasefire.games import RepeatedGame

    Numbers = NDArray[Any]
    Ints = NDArray[np.int64]

DAYS = 12  # profiles before the cycle
NODES = 20_000  # prefixes kept at one length
TRIED = 200  # paths valued in full at one length
PAIRED = 49  # profiles; with more of them only cycles of one profile are looked at
MEETS = 1e-9  # of the payoff range: a prefix leads to a cycle; then the path is valued anew
INCENTIVE = 1e-12  # of one day's payoff range: floats of a constraint that holds with equality
ROUNDING = 4e-15  # of the payoff range: of an average payoff over all days


@dataclass(frozen=True, eq=False)
class Stage:
    """Payoffs and best deviation gains, (n_profiles, n_players), and the discount factor."""

    payoff: Numbers
    gain: Numbers
    discount: Any

    @property
    def exact(self) -> bool:
        """Whether numbers are fractions."""
        return bool(self.payoff.dtype == object)

    def floats(self) -> Stage:
        """The same in floats."""
        return Stage(self.payoff.astype(float), self.gain.astype(float), float(self.discount))


@dataclass(frozen=True, eq=False)
class Path:
    """Profiles (flat numbers) day by day; after the last, day `loop` again."""

    profiles: tuple[int, ...]
    loop: int


def values(stage: Stage, path: Path) -> Numbers:
    """Payoffs from every day on, (n_days, n_players)."""
    d, today = stage.discount, stage.payoff[list(path.profiles)]
    one = 1 - d
    cycle = today[path.loop :]
    total: Any = today[0] * 0
    for row in cycle[::-1]:
        total = one * row + d * total
    after = total / (1 - d ** len(cycle))  # from the cycle's first day on
    result = []
    for row in today[::-1]:
        after = one * row + d * after
        result.append(after)
    return np.array(result[::-1], dtype=today.dtype)


def slack(stage: Stage, path: Path, threat: Numbers) -> Any:
    """The least ``V - (1 - delta) max u_i(., a_-i) - delta threat_i`` over days and players."""
    at = list(path.profiles)
    best = stage.payoff[at] + stage.gain[at]
    left = values(stage, path) - (1 - stage.discount) * best - stage.discount * threat
    return left.min()


def sustained(stage: Stage, path: Path, threat: Numbers) -> bool:
    """Whether nobody gains on any day, by a deviation that its threat follows."""
    least = 0 if stage.exact else -max(INCENTIVE * (1 - stage.discount), ROUNDING)
    return bool(slack(stage, path, threat) >= least)


def cycles(stage: Stage, threat: Numbers) -> list[Path]:
    """Cycles of one or two profiles that nobody leaves."""
    near, level = stage.floats(), threat.astype(float)
    d, best = near.discount, near.payoff + near.gain
    need = (1 - d) * best + d * level - MEETS
    rows = [Path((int(a),), 0) for a in np.flatnonzero(np.all(near.payoff >= need, axis=1))]
    if len(best) <= PAIRED:
        first = (near.payoff[:, None] + d * near.payoff[None]) / (1 + d)
        good = np.all((first >= need[:, None]), axis=2)
        pairs = np.argwhere(good & good.T)
        rows += [Path((int(a), int(b)), 0) for a, b in pairs if a != b]
    return [path for path in rows if sustained(stage, path, threat)]


def worst(stage: Stage, player: int, threat: Numbers, most: Any) -> Path | None:
    """A path that pays `player` its threat, kept by threats of all; the shortest that is found.

    None where none was found among prefixes of `DAYS` profiles: that does not prove that a
    lottery is needed.

    Notes
    -----
    From the payoff due today, every profile tells the payoff due tomorrow; what the player could
    not be made to accept, or no equilibrium pays (`most`), is dropped. Costs up to `NODES` times
    the number of profiles a day.
    """
    tails = cycles(stage, threat)
    if not tails:
        return None
    near, level = stage.floats(), float(threat[player])
    due = np.array([values(stage, path)[0, player] for path in tails]).astype(float)
    order = np.argsort(due, kind="stable")
    x, history = np.array([level]), np.empty((1, 0), dtype=np.int64)
    for _ in range(DAYS + 1):
        for path in _met(x, history, due, order, tails):
            exactly = values(stage, path)[0, player] - threat[player]
            good = exactly == 0 if stage.exact else abs(exactly) <= ROUNDING
            if good and sustained(stage, path, threat):
                return path
        x, history = _longer(near, player, level, float(most), x, history)
        if not len(x) or len(x) > NODES:
            return None
    return None


def _met(
    x: NDArray[np.float64], history: Ints, due: NDArray[np.float64], order: Ints, tails: list[Path]
) -> Iterator[Path]:
    """Prefixes that lead to a payoff which some cycle pays."""
    left = np.searchsorted(due[order], x - MEETS)
    right = np.searchsorted(due[order], x + MEETS)
    count = 0
    for k in np.flatnonzero(right > left):
        for place in np.sort(order[left[k] : right[k]]):  # the shortest cycles first
            before, tail = history[k].tolist(), tails[place]
            yield Path((*before, *tail.profiles), len(before))
            count += 1
            if count >= TRIED:
                return


def _longer(
    stage: Stage, player: int, threat: float, most: float, x: NDArray[np.float64], history: Ints
) -> tuple[NDArray[np.float64], Ints]:
    """Prefixes of one more day, and what is due after them."""
    d = stage.discount
    if d <= 0:
        return x[:0], history[:0]
    later = (x[:, None] - (1 - d) * stage.payoff[None, :, player]) / d
    least = threat + (1 - d) / d * stage.gain[None, :, player]
    node, profile = np.nonzero((later >= least - MEETS) & (later <= most + MEETS))
    return later[node, profile], np.hstack([history[node], profile[:, None]])


def automaton(game: RepeatedGame, start: Path, punishments: list[Path], title: str) -> Automaton:
    """A path, left for the punishment of whoever deviates (of several the first listed)."""
    names: list[str] = []
    profiles: list[int] = []
    first, after = [], []
    said = ["keep", *(f"punish {name}" for name in game.stage.players)]
    for name, path in zip(said, [start, *punishments], strict=True):
        at, days = len(names), len(path.profiles)
        first.append(at)
        names += [name if days == 1 else f"{name}, day {t + 1}" for t in range(days)]
        profiles += path.profiles
        after += [at + (t + 1 if t + 1 < days else path.loop) for t in range(days)]
    cells = np.stack(np.unravel_index(profiles, game.stage.shape), axis=1)
    table = replies(cells, game.stage.shape, first[1:])
    table[(np.arange(len(cells)), *cells.T)] = after
    play = [tuple(map(int, cell)) for cell in cells]
    return Automaton(game.stage, play, table, states=names, title=title)


def replies(cells: Ints, shape: tuple[int, ...], punishments: Sequence[int]) -> Ints:
    """The next state after each profile, (n_states, *n_actions): the first deviator's punishment.

    Where nobody deviates the entry is still open (0).
    """
    table = np.zeros((len(cells), *shape), dtype=np.int64)
    for s, cell in enumerate(cells):
        for i in reversed(range(len(shape))):
            where = [1] * len(shape)
            where[i] = shape[i]
            off = (np.arange(shape[i]) != cell[i]).reshape(where)
            table[s] = np.where(off, punishments[i], table[s])
    return table
