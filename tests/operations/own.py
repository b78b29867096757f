"""The request desk of a gate, and what people do there, for tests."""

from typing import Final

from tests.operations.kit import Gate

from ticketgate.domain.errors import Refusal
from ticketgate.domain.policy.policy import Word
from ticketgate.operations.deciding.own_request import RequestForm
from ticketgate.operations.desks.console_desk import ConsoleDesk, RequestPage
from ticketgate.operations.desks.request_desk import RequestDesk, RequestView
from ticketgate.ports import RequestFilter

WHY: Final = "nobody will mend this ticket any more"
ROLES: Final = {
    "triage": (Word("person", "erin"), Word("person", "alice")),
    "operator": (Word("person", "dan"),),
}


class Own:
    """The gate's request desk."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        own = {name: one.own_users for name, one in gate.deliveries.sources.items()}
        here = (gate.store, gate.clock, gate.directory, gate.desk.snapshot)
        parts = (*here, ROLES, gate.in_force, own)
        self.desk, self.console = RequestDesk(*parts), ConsoleDesk(*parts)

    def last(self) -> str:
        """The id of the newest request."""
        return self.gate.requests()[-1].id

    def listed(self, person: str) -> list[str]:
        """The ids of the requests that this person sees listed."""
        found = self.console.requests(person, RequestFilter())
        assert isinstance(found, RequestPage), found
        return [one.id for one in found.rows]

    def view(self, person: str = "alice", ident: str = "") -> RequestView:
        found = self.desk.view(ident or self.last(), person)
        assert isinstance(found, RequestView), found
        return found

    def do(
        self,
        what: str,
        person: str = "alice",
        *,
        grant: str | None = None,
        why: str = "",
        shown: str | None = None,
        ident: str = "",
    ) -> str:
        """The code of the refusal; empty when it was done."""
        ident = ident or self.last()
        grants = self.gate.grants()
        if grant is None:
            grant = grants[-1].id if grants else ""
        if shown is None:
            shown = self.view("dan", ident).shown
        form = RequestForm(what, grant, why, shown)
        said = self.desk.say(ident, self.gate.session(person), form)
        return said.code if isinstance(said, Refusal) else ""
