"""One deed between two states: what histories are held to, and what is broken then."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from tests.operations.state import Record, State, begun

from ticketgate.domain.emergencies.emergency import Emergency
from ticketgate.domain.grants.grant import Grant
from ticketgate.domain.requests.access_request import AccessRequest
from ticketgate.domain.requests.approval import Approval

ENDED: Final = frozenset({"revoked", "cancelled", "released_shared"})
HOLDING: Final = frozenset({"provisioning", "active"})


class BrokenError(AssertionError):
    """What does not hold; `names` are the invariants and rules."""

    def __init__(self, deed: str, faults: list[tuple[str, str]]) -> None:
        told = "; ".join(f"{name}: {text}" for name, text in faults)
        super().__init__(f"after {deed}: {told}")
        self.names = frozenset(name for name, _ in faults)


@dataclass
class Step:
    """One deed, and the states before and after it.

    `quiet` says of a deed what it leaves as it was, by the name of the rule that says so; `swept`
    that a sweeper has run at the time of now. `standing` is who was given what by hand.
    """

    deed: str
    before: State
    after: State
    quiet: str = ""
    swept: bool = False
    why: str | None = None
    standing: frozenset[tuple[str, str]] = frozenset()

    def decisions(self) -> Iterator[tuple[AccessRequest, Approval]]:
        """Each fresh decision, with the request as it stood before."""
        for ident, given in self.after.approvals.items():
            for one in given[len(self.before.approvals.get(ident, ())) :]:
                request = self.before.requests.get(ident)
                assert request is not None, "decided before it was asked"
                yield request, one

    def fresh_grants(self) -> Iterator[Grant]:
        """Grants for which the target is called since this deed, to give something."""
        for ident, grant in self.after.grants.items():
            before = self.before.grants.get(ident)
            if grant.origin != "claimed" and begun(grant) and (before is None or not begun(before)):
                yield grant

    def fresh_emergencies(self) -> Iterator[tuple[Emergency, Record]]:
        for record in self.after.of_type("emergency.invoked"):
            yield self.after.emergencies[str(record["id"])], record


Check = Callable[[Step], Iterator[str]]
