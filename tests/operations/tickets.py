"""Tickets of the documented shapes, and a platform whose bodies are tickets written plainly."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from typing_extensions import override

from ticketgate.adapters.sqlite.codec import ticket_of
from ticketgate.connector_api import (
    ApproverRow,
    ItsmConnector,
    JsonValue,
    MalformedDeliveryError,
    Missing,
    NoTicket,
    Reference,
    SourceMapping,
    StateClass,
    Ticket,
    Value,
)

SOURCE: Final = "snow-prod"
STATES: Final = {
    StateClass.OPEN: "1",
    StateClass.LIVE: "2",
    StateClass.CLOSED: "3",
    StateClass.CANCELLED: "4",
    StateClass.UNLISTED: "99",
}
ACCOUNTS: Final = {
    "alice": "62826bf03710200044e0bfc8bcbe5df1",
    "alice-admin": "a8f98bb0eb32010045e1a5115206fe3a",
    "bob": "5137153cc611227c000bbd1bd8cd2007",
    "carol": "46d44a23a9fe19810012d100cca80666",
    "dan": "46c4aeb7a9fe1981002bbd372644a37b",
    "erin": "9ee1b13dc6112271007f9d0efdb69cd0",
    "frank": "77ad8176731313005754660c4cf6a7de",
}
ACCESS_ITEM: Final = "Elevated access"
REPORT_ITEM: Final = "Report access"


class PlainConnector(ItsmConnector):
    """Bodies are `Ticket.plain()`, or `{"parent": …, "state": …}` for an approver row."""

    kind = "plain"
    schemes = ("standard_webhooks",)

    @override
    def normalise(
        self, payload: JsonValue, mapping: SourceMapping
    ) -> Ticket | ApproverRow | NoTicket:
        if not isinstance(payload, dict):
            raise MalformedDeliveryError("not a record", code="not_a_record")
        if "ping" in payload:
            return NoTicket("test")
        if "boom" in payload:
            raise RuntimeError("the connector has a bug")
        if "parent" in payload:
            return _row(payload, mapping.source)
        if "id" not in payload:
            raise MalformedDeliveryError("no such table", code="no_mapping")
        return ticket_of(json.dumps(payload))

    @override
    def ticket_hint(self, webhook_id: str) -> str | None:
        return webhook_id.partition(":")[2] or None


def _row(payload: Mapping[str, JsonValue], source: str) -> ApproverRow:
    """An approver row; what is not said is Bob asked, version 1, written by the platform."""
    version = payload.get("version", 1)
    return ApproverRow(
        source,
        "row-1",
        version if isinstance(version, int) else None,
        str(payload["parent"]),
        Reference(str(payload.get("approver", ACCOUNTS["bob"])), None),
        str(payload["state"]),
        str(payload.get("updated_by", "system")),
    )


def body_of(ticket: Ticket) -> bytes:
    """The body that the plain platform posts for a revision."""
    return json.dumps(ticket.plain()).encode()


def account(person: str) -> Reference:
    """How the platform names a person; somebody it alone knows keeps the name as account."""
    return Reference(ACCOUNTS.get(person, person), person.title())


def access_ticket(  # noqa: PLR0913 -- the fields that the tests change
    ident: str = "t1",
    *,
    version: int | None = 1,
    by: str = "alice",
    beneficiary: str = "alice",
    state: StateClass = StateClass.OPEN,
    role: str | Missing = "prod-db-admin",
    item: str = ACCESS_ITEM,
    hours: str | Missing = "",
    reason: str = "billing migration",
    updated_by: str | None = None,
    bound_to: str = "requested_for",
    **more: Value | Missing,
) -> Ticket:
    """A catalog request for elevated access, as `config/policy.yaml` expects it."""
    return Ticket(
        source=SOURCE,
        table="sc_req_item",
        id=ident,
        version=version,
        state=STATES[state],
        state_class=state,
        updated_by=ACCOUNTS.get(by, by) if updated_by is None else updated_by,
        bound_to=bound_to,
        fields={
            "number": f"RITM-{ident}",
            "opened_by": account(by),
            "requested_for": account(beneficiary),
            "catalog_item": Reference(None, item),
            "short_description": "please",
            "reason": reason,
            **more,
        },
        variables={"role": role, "duration": hours},
    )


def report_ticket(ident: str = "r1", **changes: Any) -> Ticket:  # noqa: ANN401 -- as above
    """A catalog request for sales reports: low tier, one stage, manager or owner."""
    return access_ticket(ident, role="sales-reports", item=REPORT_ITEM, **changes)


def printer_incident(ident: str = "p1", version: int | None = 1, **more: Value) -> Ticket:
    """An incident that nobody would call an identity event."""
    return Ticket(
        source=SOURCE,
        table="incident",
        id=ident,
        version=version,
        state="1",
        state_class=StateClass.OPEN,
        updated_by=ACCOUNTS["alice"],
        fields={
            "number": f"INC-{ident}",
            "opened_by": account("alice"),
            "short_description": "the printer is out of toner",
            "description": "",
            "category": "hardware",
            "priority": "4",
            **more,
        },
    )


def edited(ticket: Ticket, by: str | None = None, /, **fields: Value | Missing) -> Ticket:
    """The next revision, with these fields changed, written by this person."""
    return replace(
        ticket,
        version=None if ticket.version is None else ticket.version + 1,
        fields={**ticket.fields, **fields},
        updated_by=ticket.updated_by if by is None else ACCOUNTS.get(by, by),
    )


def moved(ticket: Ticket, state: StateClass) -> Ticket:
    """The next revision, in this state."""
    return replace(edited(ticket), state=STATES[state], state_class=state)


def closed(ticket: Ticket) -> Ticket:
    """The next revision, closed."""
    return moved(ticket, StateClass.CLOSED)
