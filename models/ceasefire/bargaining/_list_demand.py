"""What came of asking for a list: the result of `names.VerifiableList`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ceasefire.display import Displayed

if TYPE_CHECKING:
    from ceasefire.bargaining._staged import Number
    from ceasefire.bargaining.interface import Checks
    from ceasefire.bargaining.names import VerifiableList
    from ceasefire.status import Status

NONE, UNNAMED, AS_NAMED, FULL = "no deal", "unnamed", "as named", "full list"
POLICIES = (UNNAMED, AS_NAMED, FULL, NONE)
SILENT = "silent"


@dataclass(frozen=True, repr=False)
class ListDemand(Displayed):
    """What each way to handle the list is worth, and where asking for it kills the deal.

    Attributes
    ----------
    model : VerifiableList
    pausing, captor : dict
        Policy to expected payoff, utils.
    deal : dict
        Policy to the probability that there is a pause.
    freed : dict
        Policy to expected captives freed.
    best : str
        The pausing state's best policy.
    naming_limit : float or Fraction
        Cost of a name, utils, above which a captor that could name all refuses a full list.
    killed : float or Fraction
        Probability that a demand for the full list ends without a deal.
    asked, answering : tuple
        By batch: what learning beforehand whether it can be produced is worth to the pausing state
        a name, and what answering costs the captor, utils, the batches before it being sure.
    verified : tuple
        By batch: what the good news that it can be produced is worth to the pausing state a name.
    silence_accepted : bool
        Whether the pausing state would take the deal unnamed when all are silent: then an
        equilibrium exists in which a request without a threat brings no name.
    names_come : bool
        Whether an equilibrium exists in which all that can name do so because silence is refused.
    contact_limit : float or Fraction
        Probability of contact from which on such an equilibrium exists; 0 where always.
    method : str
    status : Status
    certificate : Checks
    """

    model: VerifiableList
    pausing: dict[str, Number]
    captor: dict[str, Number]
    deal: dict[str, Number]
    freed: dict[str, Number]
    best: str
    naming_limit: Number
    killed: Number
    asked: tuple[Number, ...]
    answering: tuple[Number, ...]
    verified: tuple[Number, ...]
    silence_accepted: bool
    names_come: bool
    contact_limit: Number
    method: str
    status: Status
    certificate: Checks

    def __repr__(self) -> str:
        worth = ", ".join(f"{p} {float(self.pausing[p]):.6g}" for p in POLICIES)
        return (
            f"pausing state: {worth}; best {self.best}; a full list is refused above "
            f"{float(self.naming_limit):.4g} a name and fails with {float(self.killed):.4g}; "
            f"{self.method}"
        )
