"""Turns of the pencil until they end, and the limit of turns that keep one structure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.solvers._kernels.pencil import apart
from ceasefire.solvers._pencil import Turn, first_turn, next_turn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.solvers._flat_states import FlatStates

    Floats = NDArray[np.float64]

METHOD = "pencil sharpening (Abreu, Brooks and Sannikov 2020)"
ROUNDING = 2e-13  # a move of no more may be rounding: a thousand roundings of 2**-53
STILL = 8  # turns in a row by which such moves must get smaller, or they are
FIRST_GUESS = 16  # turns before a limit is guessed; then at twice as many, and so on
MEMORY = 10  # turns a guess is made from
CYCLES = 8  # guesses from guesses
EDGE = 1e-9  # directions of shorter edges are noise: the turn's own normal is kept


@dataclass(frozen=True, eq=False)
class Sharpened:
    """The last two turns, the distance `moved` between them, and states without a set.

    `grown` is the most that any turn left the one before, which only rounding can make it do.
    `scales` counts how often the limit was checked to draw turns onto it; 0 where turns ended by
    themselves. `pencil_left` says why another `method` has taken over; `checked` whether iterates
    from outside were seen to end within these sets.
    """

    before: Turn
    last: Turn
    moved: float
    turns: int
    dead: NDArray[np.bool_]
    grown: float
    scales: int = 0
    method: str = METHOD
    pencil_left: str = ""
    checked: bool = False


def sharpen(flat: FlatStates, tolerance: float, limit: int) -> Sharpened:
    """Outer bounds turn by turn until one moves by no more than `tolerance`, or by rounding.

    Where no action profile of a state can be played, neither it nor any state from which it can
    be reached has an equilibrium: `dead` says which, and the turns are those before.
    """
    turn = first_turn(flat)
    history, moved, patience, least, still = [turn], np.inf, FIRST_GUESS, np.inf, 0
    grown = 0.0
    alive = np.zeros(flat.n_states, dtype=bool)
    for count in range(1, limit + 1):
        found = next_turn(flat, turn)
        if isinstance(found, np.ndarray):
            return Sharpened(history[-1], turn, moved, count, found, grown)
        turn = found
        moved = float(apart(history[-1].tuples, turn.tuples))
        grown = max(grown, float(apart(turn.tuples, history[-1].tuples)))
        still = still + 1 if least * 0.9 < moved <= ROUNDING else 0
        least = min(least, moved)
        if moved <= tolerance or still == STILL:
            return Sharpened(history[-1], turn, moved, count, alive, grown)
        history = [*history[-MEMORY:], turn]
        if count == patience:
            patience *= 2
            guess = _limit(flat, history, max(tolerance, ROUNDING))
            if guess is not None:
                scales = _drawn(flat, turn, guess[1])
                if scales:
                    return Sharpened(*guess, count, alive, grown, scales)
    return Sharpened(history[-2], turn, moved, count, alive, grown)


def _limit(
    flat: FlatStates, history: list[Turn], tolerance: float
) -> tuple[Turn, Turn, float] | None:
    """A turn that the next one repeats, guessed from turns of one structure; with that next one."""
    for _ in range(CYCLES):
        tail = _alike(history)
        if len(tail) < 3:
            return None
        history = [_retold(tail[-1], _extrapolated(np.stack([t.tuples for t in tail])))]
        for _ in range(MEMORY):
            found = next_turn(flat, history[-1], rising=False)
            if isinstance(found, np.ndarray):
                return None
            moved = max(
                float(apart(history[-1].tuples, found.tuples)),
                float(apart(found.tuples, history[-1].tuples)),
            )
            if moved <= tolerance:
                return history[-1], found, moved
            history.append(found)
    return None


def _alike(history: list[Turn]) -> list[Turn]:
    """The last turns that play the same rows at every tuple."""
    last = history[-1].rows
    count = 1
    while count < len(history) and np.array_equal(history[-1 - count].rows, last):
        count += 1
    return history[-count:]


def _extrapolated(tuples: Floats) -> Floats:
    """Limit of a sequence that moves by a few decaying parts (reduced rank extrapolation)."""
    flat = tuples.reshape(len(tuples), -1)
    moves = np.diff(flat, axis=0)
    size = float(np.abs(moves).max()) or 1.0
    change = np.diff(moves, axis=0).T / size
    weights = np.linalg.lstsq(change, -moves[0] / size, rcond=1e-11)[0]
    return np.asarray((flat[0] + moves[:-1].T @ weights).reshape(tuples.shape[1:]))


def _retold(turn: Turn, tuples: Floats) -> Turn:
    """The same turn with other payoffs: normals of its longest edges, threats its lowest."""
    edges = np.diff(tuples, axis=0)
    size = np.hypot(edges[..., 0], edges[..., 1])
    longest = size.argmax(axis=1)
    each = np.arange(len(edges))
    edge, long = edges[each, longest], size[each, longest]
    normal = np.column_stack([edge[:, 1], -edge[:, 0]]) / np.maximum(long, 1e-300)[:, None]
    normal = np.where((long > EDGE)[:, None], normal, turn.normal)
    return replace(turn, tuples=tuples, normal=normal, threat=tuples.min(axis=0))


def _drawn(flat: FlatStates, outer: Turn, limit: Turn) -> int:
    """At how many scales a turn from between outer bound and limit draws onto the limit; 0: fails.

    If every set between them, ``(1 - t) limit + t outer``, is mapped into one of a smaller t, no
    larger set than the limit generates itself. Tried at each quarter of the scale before, until
    rounding is reached.
    """
    frame, low, high = _merged(limit, outer)
    reach, step, scale, count = float(np.abs(high - low).max()), (1 - flat.delta) / 10, 1.0, 0
    while scale * reach > 10 * ROUNDING or count == 0:
        start = replace(frame, tuples=low + scale * (high - low))
        found = next_turn(flat, replace(start, threat=start.tuples.min(axis=0)), rising=False)
        if isinstance(found, np.ndarray):
            return 0
        if apart(found.tuples, low + scale * (1 - step) * (high - low)) > ROUNDING:
            return 0
        scale, count = scale / 4, count + 1
    return count


def _merged(one: Turn, two: Turn) -> tuple[Turn, Floats, Floats]:
    """Two turns told by the normals of both: a common frame, and the tuples of each in it."""
    slots, angles, whose = [], [], []
    for k, turn in enumerate((one, two)):
        edges = np.arange(len(turn.normal))
        slots.append((edges[:, None] >= turn.axis.T.ravel()[None, 1:]).sum(axis=1))
        # angles from the middle of the slot, so that rounding at an axis does not wrap around
        turned = np.arctan2(turn.normal[:, 1], turn.normal[:, 0])
        angles.append((turned - slots[k] * np.pi / 4 + np.pi) % (2 * np.pi))
        whose.append(np.full(len(edges), k))
    slot, angle, owner = (np.concatenate(parts) for parts in (slots, angles, whose))
    order = np.lexsort((angle, slot))
    first = np.append(0, np.cumsum(owner[order] == 0))
    second = np.append(0, np.cumsum(owner[order] == 1))
    normal = np.concatenate([one.normal, two.normal])[order]
    frame = replace(one, normal=normal, axis=one.axis + two.axis, rows=one.rows[first])
    return frame, one.tuples[first], two.tuples[second]
