"""How a solve ended. Each member's text is what a person or an error message is shown."""

from __future__ import annotations

from enum import Enum, unique


@unique
class Status(Enum):
    """How a solve ended.

    Examples
    --------
    >>> str(Status.NO_DEAL)
    'solved: the parties agree on nothing'
    >>> Status.NO_DEAL.solved, Status.NOT_CONVERGED.solved
    (True, False)
    """

    OK = "solved"
    NO_DEAL = "solved: the parties agree on nothing"
    BLOCK_TIED = (
        "solved: two first blocks tie and the parties mix between them, because at either "
        "block alone the pilot would move the belief to where the other is better"
    )
    NOT_CONVERGED = "not solved: the equation was not met within its tolerance"
    EXPLOITABLE = "not solved: some player gains more than the tolerance by deviating"
    NEVER = "solved: no discount factor below 1 is enough"
    NO_EQUILIBRIUM = "solved: there is no equilibrium of this kind"
    INCOMPLETE = "solved in part: other equilibria were not ruled out"

    @property
    def message(self) -> str:
        """The text of the member."""
        return self.value

    @property
    def solved(self) -> bool:
        """Whether the result is an equilibrium within the stated tolerances."""
        return self not in (Status.NOT_CONVERGED, Status.EXPLOITABLE)

    def __str__(self) -> str:
        """Return the text of the member."""
        return self.value
