"""The triage lane of a gate, for tests."""

from typing import Any, Final

from tests.operations.kit import Gate
from tests.operations.tickets import printer_incident

from ticketgate.connector_api import Ticket
from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import EvidenceRef
from ticketgate.domain.policy import Word
from ticketgate.operations.triage import TriageForm
from ticketgate.operations.triage_desk import TriageDesk, TriageView

WHY: Final = "Alice asks for a mailbox to be opened to her deputy."
NAMED: Final = ("alice", "bob", "svc-ticketgate")
ROLES: Final = {"triage": (*(Word("person", one) for one in NAMED), Word("group", "sec-iam"))}


def doubtful(ident: str = "p1", **more: str) -> Ticket:
    """An incident of Alice's of which the rules cannot tell."""
    fields: dict[str, Any] = {"short_description": "access to the new mailbox", **more}
    return printer_incident(ident, **fields)


class Lane:
    """The gate's triage desk, and what people say at it."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.desk = TriageDesk(
            store=gate.store,
            clock=gate.clock,
            directory=gate.directory,
            snapshot=gate.desk.snapshot,
            roles=ROLES,
            policy=gate.policy,
        )

    def listed(self, person: str = "bob") -> tuple[TriageView, ...]:
        found = self.desk.listed(person)
        assert not isinstance(found, Refusal), found
        return found

    def view(self, person: str = "bob") -> TriageView:
        """The only ticket that waits."""
        (one,) = self.listed(person)
        found = self.desk.view(one.id, person)
        assert isinstance(found, TriageView), found
        return found

    def say(
        self,
        person: str = "bob",
        verdict: str = "identity",
        *,
        kinds: tuple[str, ...] = ("delegation",),
        tier: str = "medium",
        why: str = WHY,
        view: TriageView | None = None,
    ) -> str:
        """The code of the refusal; empty when it was recorded."""
        view = view or self.view()
        form = TriageForm(verdict, kinds, tier, why, view.shown)
        said = self.desk.say(view.id, self.gate.session(person), form)
        assert isinstance(said, Refusal | EvidenceRef)
        return said.code if isinstance(said, Refusal) else ""

    def verdicts(self) -> list[tuple[str, str, str]]:
        """(before, after, cause) of every record of a ticket."""
        found = self.gate.records("ticket.classified")
        return [(one["from"], one["to"], one["cause"]) for one in found]
