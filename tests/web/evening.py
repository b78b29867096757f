"""An evening with a story, for pictures: the same each time, by a clock that is set.

Alice has access to the database of production for a migration, which Bob and Carol approved, and
Erin her reports. Kate asks for the database too, and waits for Bob. He began an emergency when the
orders stood still, and Carol reviews it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from flask.testing import FlaskClient
from tests.operations import emergencies
from tests.operations.kit import Gate, folder
from tests.operations.tickets import access_ticket, report_ticket
from tests.web.whole import Whole
from typing_extensions import override

from ticketgate.domain.emergencies.emergency import Emergency
from ticketgate.domain.log.checkpoint import parse_checkpoint
from ticketgate.domain.matching.matcher import Clause
from ticketgate.domain.policy.policy import Allowed, Policy, Word
from ticketgate.operations.deciding.decide_request import Decided
from ticketgate.operations.deciding.link_view import LinkView

EVENING: Final = datetime(2026, 11, 22, 18, 40, tzinfo=UTC)
NAMES: Final = {"kate": "Kate Brandt", "aude": "Aude Laurent", "olga": "Olga Petrova"}
ORDERS: Final = "orders-restart"
MIGRATION: Final = "Migration of the billing tables, window 20:00 to 24:00, change CHG0031337."
STUCK: Final = "Orders are stuck since 20:05 and nobody of the team that runs them is awake."
BOB: Final = "The migration is planned, and Alice ran the rehearsal yesterday."
CAROL: Final = "Checked CHG0031337: the window is approved and the backup is there."


def _policy() -> Policy:
    """The shipped one, with an entitlement for emergencies whose review takes no second factor."""
    own = emergencies.policy_with()
    reports = next(one for one in own.entitlements if one.id == "sales-reports")
    own_item = Clause("ticket.catalog_item", "equals", ("Restart of orders",), 1)
    allow = (Allowed(ORDERS, (Word("group", "platform-engineering"),), "policy.yaml:91"),)
    return replace(
        own,
        entitlements=(*own.entitlements, replace(reports, id=ORDERS, asked_by=own_item)),
        emergency=replace(emergencies.RULES, allow=allow),
    )


class Evening(Whole):
    """It is that evening; `path` leads to what happened."""

    @override
    def _lose(self) -> None:
        """Nothing is lost."""

    @override
    def _duties(self) -> None:
        """Everybody is there."""

    @override
    def _everybody(self) -> dict[str, FlaskClient]:
        for who, name in NAMES.items():
            self.gate.directory.change(who, name=name)
        self.gate.clock.at = EVENING  # the parts of OIDC have set the time that it is
        found = super()._everybody()
        more = {who: self._signed_in(who) for who in ("carol", "erin")}
        return {**found, **more}

    @override
    def _open(self) -> None:
        gate = self.gate
        gate.deliver(access_ticket("0042317", reason=MIGRATION, hours="4"))
        gate.run_mail()
        self._decide("bob", BOB)
        self._decide("carol", CAROL)
        self._pass(minutes=6)
        gate.deliver(report_ticket("0042329", by="erin", beneficiary="erin", reason="Q4 forecast"))
        gate.run_mail()
        self._decide("bob", "Erin writes the forecast of this quarter.")
        self._pass(minutes=9)
        asked = emergencies.form_of(gate, "bob", what=ORDERS, seconds=2700, reason=STUCK)
        begun = self.emergencies.invoke(gate.session("bob"), asked)
        assert isinstance(begun, Emergency), begun
        self._pass(minutes=4)
        second = access_ticket(
            "0042344", by="kate", beneficiary="kate", reason=MIGRATION, hours="2"
        )
        gate.deliver(second)
        self._pass(minutes=3)
        self.link = gate.tokens("bob")[-1]
        self._idents = {"requests": gate.requests()[0].id, "emergency": begun.id}

    @override
    def path(self, route: str) -> str:
        """A record is that of Carol's decision."""
        decided = self.gate.records("decision.recorded")[1]["_seq"]
        return super().path(route.replace("<index>", str(decided)))

    def _decide(self, who: str, why: str) -> None:
        """Open the link of the newest mail, read for a while, and approve."""
        link = self.gate.tokens(who)[-1]
        assert isinstance(self.gate.desk.open_link(link, who), LinkView)
        self._pass(minutes=2)
        outcome = self.gate.decide(who, token=link, why=why)
        assert isinstance(outcome, Decided), outcome
        self._pass(minutes=5)

    def _pass(self, minutes: int) -> None:
        self.gate.clock.at += timedelta(minutes=minutes)
        self.gate.settle()
        note = self.sign()
        assert note is not None
        self.gate.signed = parse_checkpoint(note).checkpoint


@contextmanager
def evening() -> Iterator[Evening]:
    """That evening."""
    with folder() as path:
        gate = Gate(path, _policy())
        try:
            yield Evening(gate)
        finally:
            gate.stop()
