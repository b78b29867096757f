"""The triage lane of a gate, for tests."""

from typing import Any, Final

from tests.operations.kit import Gate
from tests.operations.tickets import printer_incident

from ticketgate.connector_api import Ticket
from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import EvidenceRef
from ticketgate.domain.policy.policy import Word
from ticketgate.operations.attending.attend import AttendForm
from ticketgate.operations.attending.quarantine import QuarantineForm
from ticketgate.operations.attending.triage import TriageForm
from ticketgate.operations.desks.exception_desk import ExceptionDesk, ExceptionView
from ticketgate.operations.desks.quarantine_desk import QuarantineDesk, QuarantineView
from ticketgate.operations.desks.triage_desk import TriageDesk, TriageView

WHY: Final = "Alice asks for a mailbox to be opened to her deputy."
NAMED: Final = ("alice", "bob", "svc-ticketgate")
ROLES: Final = {
    "triage": (*(Word("person", one) for one in NAMED), Word("group", "sec-iam")),
    "operator": (Word("person", "erin"),),
}


def doubtful(ident: str = "p1", **more: str) -> Ticket:
    """An incident of Alice's of which the rules cannot tell."""
    fields: dict[str, Any] = {"short_description": "access to the new mailbox", **more}
    return printer_incident(ident, **fields)


class Lane:
    """The gate's desks of triage and quarantine, and what people say at them."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        own = {name: one.own_users for name, one in gate.deliveries.sources.items()}
        rights = (ROLES, gate.in_force, own)
        parts = (gate.store, gate.clock, gate.directory, gate.desk.snapshot, *rights)
        self.desk = TriageDesk(*parts)
        self.quarantine = QuarantineDesk(*parts, gate.deliveries.sources)
        self.exceptions = ExceptionDesk(*parts, gate.deliveries.sources)

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

    def parked(self, person: str = "bob") -> QuarantineView:
        """The first delivery that is quarantined."""
        found = self.quarantine.listed(person)
        assert not isinstance(found, Refusal), found
        view = self.quarantine.view(found[0].id, person)
        assert isinstance(view, QuarantineView), view
        return view

    def judge(
        self,
        what: str,
        person: str = "bob",
        *,
        why: str = WHY,
        view: QuarantineView | None = None,
    ) -> str:
        """The code of the refusal; empty when it was recorded."""
        view = view or self.parked()
        form = QuarantineForm(what, why, view.shown)
        said = self.quarantine.say(view.id, self.gate.session(person), form)
        return said.code if isinstance(said, Refusal) else ""

    def excepted(self, person: str = "bob") -> ExceptionView:
        """The oldest exception that is open."""
        found = self.exceptions.listed(person)
        assert not isinstance(found, Refusal), found
        view = self.exceptions.view(found[0].id, person)
        assert isinstance(view, ExceptionView), view
        return view

    def attend(
        self,
        what: str,
        person: str = "bob",
        *,
        to: str = "",
        why: str = WHY,
        view: ExceptionView | None = None,
    ) -> str:
        """The code of the refusal; empty when it was recorded."""
        view = view or self.excepted()
        form = AttendForm(what, to, why, view.shown)
        said = self.exceptions.say(view.id, self.gate.session(person), form)
        return said.code if isinstance(said, Refusal) else ""

    def moves(self) -> list[tuple[str, str, str]]:
        """(before, after, cause) of every move of a delivery that was ever quarantined."""
        moves = [one for one in self.gate.records() if one.get("on") == "delivery"]
        parked = {one["id"] for one in moves if one["to"] == "quarantined"}
        return [(one["from"], one["to"], one["cause"]) for one in moves if one["id"] in parked]

    def verdicts(self) -> list[tuple[str, str, str]]:
        """(before, after, cause) of every record of a ticket."""
        found = self.gate.records("ticket.classified")
        return [(one["from"], one["to"], one["cause"]) for one in found]
