"""What was seen of an exchange: an event, or a weighted set of events, of the truce's tree."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ceasefire.truce import Ending

DEAL, TALKING, BROKEN_OFF, NOT_OPENED = "deal", "talking", "broken-off", "not-opened"
TALKS_OUTCOMES = (DEAL, TALKING, BROKEN_OFF, NOT_OPENED)
STAGES = ("pilot", "talks", "block")
BLOCK_PRECISION = 50.0

Bounds: TypeAlias = tuple[float, float]


@dataclass(frozen=True)
class DayReading:
    """What a pause day's record says of its batch, as weights of the two things that can be.

    The weights are probabilities of the record given what happened: ``delivered`` where the
    whole batch came, ``missed`` where it did not. (1, 0) is a delivery, (0, 1) a miss; a record
    that can be read both ways has both, and the likelihood sums them out. A day that is read took
    place, unless ``over`` says that the pause may have ended before it; a day about which
    nothing is known has no reading.

    Attributes
    ----------
    delivered, missed : float
        From 0 to 1, not both 0.
    over : float
        Weight of the pause having ended before this day, 0 to 1.
    """

    delivered: float
    missed: float
    over: float = 0.0

    def __post_init__(self) -> None:
        """Refuse weights that are no probabilities."""
        for name in ("delivered", "missed", "over"):
            weight = getattr(self, name)
            if not 0.0 <= weight <= 1.0:  # nan fails too
                raise ArgumentError(f"DayReading.{name}", weight, "a weight from 0 to 1")
        if self.delivered == 0.0 and self.missed == 0.0:
            hint = "leave a day that nothing is known about out of Observation.days"
            raise ArgumentError("DayReading", self, "a weight above 0", hint)


DELIVERED = DayReading(1.0, 0.0)
MISSED = DayReading(0.0, 1.0)


@dataclass(frozen=True)
class WindowReading:
    """What is known of the end of a pause day, when the next days are agreed or not.

    Attributes
    ----------
    agreed : frozenset of int, optional
        Days that may have been agreed after this day. A positive number says that a window
        stood here and that many days were agreed; 0 that no further days began by agreement
        here, be it that there was no window, or that it ended the pause. None: not observed.
    relay_failed : bool, optional
        Whether the relay failed here. None: not observed.
    """

    agreed: frozenset[int] | None = None
    relay_failed: bool | None = None

    def __post_init__(self) -> None:
        """Refuse numbers of days that cannot be."""
        if self.agreed is not None and (not self.agreed or min(self.agreed) < 0):
            raise ArgumentError("WindowReading.agreed", self.agreed, "numbers of days, 0 or more")
        if self.relay_failed and self.agreed is not None and max(self.agreed) > 0:
            allowed = "agreed 0 or unknown where the relay failed"
            raise ArgumentError("WindowReading.agreed", self.agreed, allowed)

    def allows(self, days: int) -> bool:
        """Whether `days` agreed days fit the record."""
        return self.agreed is None or days in self.agreed


@dataclass(frozen=True)
class TalksReading:
    """What is known of the talks.

    Attributes
    ----------
    outcomes : frozenset of str
        What may have become of them: 'deal', 'talking' (no end by the last day of `days`),
        'broken-off', 'not-opened'.
    days : tuple of two numbers, optional
        Bounds on the days from the first day of talks to the day of the deal, both ends
        included, the upper may be inf; for 'talking' both are the days talked so far, and for
        'broken-off' the days within which it happened. None: not observed.
    blackout : bool, optional
        Whether contact was lost on at least one day up to then. None: not observed.
    """

    outcomes: frozenset[str] = frozenset({DEAL})
    days: Bounds | None = None
    blackout: bool | None = None

    def __post_init__(self) -> None:
        """Refuse unknown outcomes and bounds that hold nothing."""
        unknown = sorted(self.outcomes - set(TALKS_OUTCOMES))
        if unknown or not self.outcomes:
            allowed = "some of " + ", ".join(TALKS_OUTCOMES)
            raise ArgumentError("TalksReading.outcomes", unknown, allowed)
        if self.days is not None:
            _check_bounds("TalksReading.days", self.days, 1.0)
        if TALKING in self.outcomes and (self.days is None or self.days[0] != self.days[1]):
            hint = "talks that still go on are known up to one day"
            raise ArgumentError("TalksReading.days", self.days, "the days talked so far", hint)


@dataclass(frozen=True)
class Observation(Displayed):
    """What was seen of one exchange; whatever is left out was not observed.

    An observation is a function on the plays of the truce's tree, from 0 (excluded) to 1: the
    product of the readings below. Its likelihood is the mean of that function over plays,
    :func:`ceasefire.calibration.log_likelihood`. With readings of weight 0 and 1 alone it is
    the probability of an event.

    Attributes
    ----------
    pilot : bool, optional
        Whether a pilot release was made, where the scenario provides for one.
    pilot_captives : float, optional
        Its size. A term of the exchange, not a draw: the scenario must have the same.
    talks : TalksReading, optional
        What became of the talks.
    block_days : int, optional
        Days of the first block; 0: talks came to an end, but no block was agreed.
    days : mapping of int to DayReading
        Pause day, counted from 1 -> reading. A day that is read took place, unless it may be over.
    windows : mapping of int to WindowReading
        Pause days used -> reading of what was agreed then. 0 is not a window.
    pause_days : tuple of two numbers, optional
        Bounds on the days that the pause lasted in the end, ends included; the upper may be inf.
    ongoing_after : float, optional
        The pause is known to have survived this day: neither the day itself nor the end of the
        agreed days after a miss ended it. What came next, from the window or the morning
        after on, is not known unless another reading says so (a censored record). Where the
        model's day is a period of days from batch to batch, 3.4 says that period 3 was survived
        and that the pause still went on when 0.4 of period 4 had passed.
    endings : frozenset of Ending, optional
        Causes that may have ended it; None: any.
    captives_left : tuple of two floats, optional
        Bounds on the eligible captives left at the end, ends included.
    given : frozenset of str
        Stages taken as given: 'pilot' (the belief is the one after it), 'talks' (a deal came),
        'block' (its days are those observed). They add nothing to the likelihood.
    block_precision : float
        How closely the observed block follows the model's choice. The model's block is the best
        of the Nash products N_b, which leaves nothing to chance; a record is given the
        probability exp(precision N_b / max N) / sum over blocks that both sides want. 50: a
        block whose product is 2 % below the best is chosen exp(-1) as often. inf: the model's own.

    Examples
    --------
    >>> from ceasefire.calibration import DELIVERED, Observation, WindowReading
    >>> seen = Observation(block_days=4, days={1: DELIVERED, 2: DELIVERED},
    ...                    windows={4: WindowReading(frozenset({2}))})
    >>> seen.shortest_pause
    4
    """

    pilot: bool | None = None
    pilot_captives: float | None = None
    talks: TalksReading | None = None
    block_days: int | None = None
    days: Mapping[int, DayReading] = field(default_factory=dict)
    windows: Mapping[int, WindowReading] = field(default_factory=dict)
    pause_days: Bounds | None = None
    ongoing_after: float | None = None
    endings: frozenset[Ending] | None = None
    captives_left: Bounds | None = None
    given: frozenset[str] = frozenset()
    block_precision: float = BLOCK_PRECISION

    def __post_init__(self) -> None:
        """Refuse readings that cannot be."""
        for name, first in (("days", 1), ("windows", 1)):
            wrong = [day for day in getattr(self, name) if not isinstance(day, int) or day < first]
            if wrong:
                allowed = f"whole pause days from {first}"
                raise ArgumentError(f"Observation.{name}", wrong, allowed)
        for name in ("pause_days", "captives_left"):
            if getattr(self, name) is not None:
                _check_bounds(f"Observation.{name}", getattr(self, name), 0.0)
        unknown = sorted(self.given - set(STAGES))
        if unknown:
            raise ArgumentError("Observation.given", unknown, "some of " + ", ".join(STAGES))
        if "block" in self.given and not self.block_days:
            allowed = "a positive number where the block is given"
            raise ArgumentError("Observation.block_days", self.block_days, allowed)
        if self.ongoing_after is not None and not 0.0 <= self.ongoing_after < math.inf:
            raise ArgumentError("Observation.ongoing_after", self.ongoing_after, "0 or more")
        if not self.block_precision >= 0.0:
            raise ArgumentError("Observation.block_precision", self.block_precision, "0 or more")

    @property
    def shortest_pause(self) -> int:
        """Least number of pause days that the readings allow."""
        agreed = [
            day
            for day, window in self.windows.items()
            if window.relay_failed or not window.allows(0)
        ]
        low = 0.0 if self.pause_days is None else self.pause_days[0]
        days = [day for day, reading in self.days.items() if reading.over == 0.0]  # as given
        return max([0, *days, *agreed, math.ceil(self.ongoing_after or 0), math.ceil(low)])

    @property
    def longest_pause(self) -> float:
        """Largest number of pause days that the readings allow; inf without a bound."""
        return math.inf if self.pause_days is None else self.pause_days[1]

    @property
    def last_day(self) -> int:
        """Last pause day that any reading speaks of."""
        longest = self.longest_pause
        bound = 0 if math.isinf(longest) else math.floor(longest)
        return max([self.shortest_pause, bound, *self.windows, *self.days])

    def over_after(self, length: int) -> float:
        """Weight of a pause of `length` days in the readings of days that then did not come."""
        return math.prod(reading.over for day, reading in self.days.items() if day > length)


def _check_bounds(where: str, bounds: Bounds, least: float) -> None:
    low, high = bounds
    if not least <= low <= high:  # nan fails too
        raise ArgumentError(where, bounds, f"two numbers, at least {least:g}, in order")
