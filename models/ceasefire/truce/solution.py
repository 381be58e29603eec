"""What every equilibrium of the truce holds and answers, the base model's and an extension's."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Generic, Protocol, Self, TypeVar

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.status import Status
from ceasefire.tolerances import EXPLOITABILITY
from ceasefire.truce import course as courses
from ceasefire.truce.course import Course
from ceasefire.truce.fields import MOST_CAPTIVES
from ceasefire.truce.opening import Opened, SolvedLine, head_values, nash_products
from ceasefire.truce.play import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from ceasefire.truce.fields import Parameters
    from ceasefire.truce.pilot import Pilot
    from ceasefire.truce.scenario import Scenario
    from ceasefire.truce.talks import Talks

Line = TypeVar("Line", bound=SolvedLine)
Played = TypeVar("Played", bound=Course)


class Checked(Protocol):
    """What a walk of the tree behind a first block finds."""

    @property
    def exploitability(self) -> float:
        """Most that anyone gains by a better reply, utils."""


@dataclass(frozen=True, eq=False, repr=False)
class Solution(Displayed, ABC, Generic[Line, Played]):
    """A solved truce: the stages before the pause, and a line of play behind each first block.

    Attributes are described at :class:`ceasefire.truce.TruceEquilibrium`. An equilibrium says how
    a course is traced, lost and mixed; windows are its own too.
    """

    scenario: Scenario
    trust: float
    block_days: int
    block_weights: Mapping[int, float]
    bargaining_weight: float
    pilot: Pilot
    talks: Talks
    lines: tuple[Line, ...]
    status: Status
    method: str
    beliefs: int
    _windows: dict[tuple[float, ...], Line] = field(default_factory=dict, repr=False)

    play_table: ClassVar[type[Table]] = Table  # how plays are drawn

    @classmethod
    def of(
        cls, scenario: Scenario, opened: Opened, lines: tuple[Line, ...], method: str, beliefs: int
    ) -> Self:
        """The solution of a scenario whose pause opens like `opened` over `lines`."""
        return cls(
            scenario=scenario,
            trust=opened.trust,
            block_days=opened.block_days,
            block_weights=opened.block_weights,
            bargaining_weight=opened.bargaining_weight,
            pilot=opened.pilot,
            talks=opened.talks,
            lines=lines,
            status=opened.status,
            method=method,
            beliefs=int(beliefs),
        )

    def __repr__(self) -> str:
        days = self.block_days
        agreed = f"first block of {days} day{'s' * (days != 1)}" if days else "no first block"
        return (
            f"{type(self).__name__}({self.scenario.name!r}: trust {self.trust:.4g} after the"
            f" pilot, {agreed}; {self.status.message})"
        )

    @property
    def parameters(self) -> Parameters:
        """The scenario's parameters by the symbols of docs/model.md."""
        return self.lines[0].parameters

    @property
    def captives(self) -> float:
        """Captives of all categories when the pause starts."""
        return self.parameters.W0

    def line(self, block_days: int | None = None) -> Line:
        """Return the line of play behind a first block of `block_days` (default: the agreed)."""
        days = self.block_days if block_days is None else block_days
        if not 1 <= days <= len(self.lines):
            raise ArgumentError("block_days", days, f"an integer from 1 to {len(self.lines)}")
        return self.lines[days - 1]

    @cached_property
    def block(self) -> pd.DataFrame:
        """Choice of the first block: values (utils) and Nash product, indexed by block days."""
        import pandas as pd

        values = head_values(self.lines, self.trust)
        columns = ["pausing_state", "dealer", "opportunist"]
        index = pd.RangeIndex(1, len(self.lines) + 1, name="block_days")
        frame = pd.DataFrame(values, index=index, columns=columns)
        return frame.assign(nash_product=nash_products(values, self.bargaining_weight))

    def course(self, trust: float | None = None, block_days: int | None = None) -> Played:
        """Exact distribution of the course from the first block on.

        Parameters
        ----------
        trust : float, optional
            Opening belief, and so the chance that the captor is a dealer; default: the
            equilibrium's, after the pilot.
        block_days : int, optional
            First block in days; default: the equilibrium's (a lottery where blocks tie).
        """
        belief = self.trust if trust is None else float(trust)
        check_number("trust", belief, 0.0, 1.0)
        if block_days is None and len(self.block_weights) == 1:
            block_days = self.block_days
        if block_days == 0 or not self.block_weights:
            return self._no_deal(belief)
        if block_days is not None:
            return self._trace(self.line(block_days), belief, block_days)
        return self._mix(
            [(self.course(belief, d), share) for d, share in self.block_weights.items()]
        )

    @abstractmethod
    def _trace(self, line: Line, trust: float, block_days: int) -> Played:
        """The course behind one first block."""

    @abstractmethod
    def _no_deal(self, trust: float) -> Played:
        """The course of a scenario in which no first block is agreed."""

    @abstractmethod
    def _mix(self, parts: Sequence[tuple[Played, float]]) -> Played:
        """A lottery over courses, each with its weight."""


def first_blocks(p: Parameters) -> list[tuple[int, float]]:
    """Days of each first block that is considered, and the captives due on each of its days."""
    return [(days, p.n0 / days) for days in range(1, min(p.Tmax, p.J) + 1)]


def claim(
    opened: Opened,
    lines: Sequence[Line],
    *,
    check: Callable[[Line, float], Checked],
    payoff_range: float,
    several: Callable[[Line], bool],
) -> Opened:
    """Weaken the status where days have several consistent probabilities or values that jump.

    A jump of a value in the belief can leave a day without an exact equilibrium; then the tree is
    walked at once by `check`, and the verdict is the walk's: the most that anyone gains on a line
    is compared with what the range of payoffs allows. `several` says of a line whether it may
    have other equilibria.
    """
    status = opened.status
    if status is Status.NOT_CONVERGED:
        return opened
    if any(int(line.nodes.jumps.sum()) for line in lines):
        gain = max(check(line, opened.trust).exploitability for line in lines)
        if gain > EXPLOITABILITY * payoff_range:
            return opened._replace(status=Status.EXPLOITABLE)
    if status is Status.OK and any(map(several, lines)):
        return opened._replace(status=Status.INCOMPLETE)
    return opened


class BaseCourses(Solution[Line, Course], ABC):
    """A solution whose lost and mixed courses are those of the base model."""

    def _no_deal(self, trust: float) -> Course:
        return courses.no_deal(self.parameters, trust)

    def _mix(self, parts: Sequence[tuple[Course, float]]) -> Course:
        return courses.mix(parts)


def check_window(p: Parameters, held: float, day: int) -> None:
    """Refuse captives or pause days that no window of a deal can have."""
    check_number("held", held, 0.0, MOST_CAPTIVES)
    check_number("day", day, 0, p.J)
    if int(day) != day:
        raise ArgumentError("day", day, "a whole number of pause days")


def check_number(name: str, value: float, low: float, high: float) -> None:
    """Refuse what does not lie from `low` to `high`."""
    try:
        fine = low <= value <= high  # nan fails both
    except TypeError:
        fine = False
    if not fine:
        raise ArgumentError(name, value, f"from {low:g} to {high:g}")
