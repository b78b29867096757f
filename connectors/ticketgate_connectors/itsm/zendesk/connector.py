"""How a Zendesk ticket becomes a ticket.

The body is what the trigger of the set-up page posts (flat), an event subscription's
`{"type", "detail", "event"}`, or the API's `{"ticket": {…}}`. There is one table, `ticket`: the
form is a field (`catalog_item`), since agents may change it.
"""

from collections.abc import Mapping
from typing import Final

from ticketgate.connector_api import JsonValue, Missing, NoTicket, SourceMapping, Ticket
from ticketgate_connectors.records import (
    Defaults,
    Record,
    Revision,
    Shape,
    is_test,
    mapped,
    millis,
    not_a_record,
    object_of,
    scalar,
    text_at,
    ticket_id,
)

TABLE: Final = "ticket"
SEND: Final = "post the body of the set-up page from a trigger, or subscribe to ticket events"
EVENT: Final = "zen:event-type:"
TICKET_EVENT: Final = "zen:event-type:ticket."
CREATED: Final = TICKET_EVENT + "created"
DELETED: Final = frozenset(TICKET_EVENT + word for word in ("soft_deleted", "permanently_deleted"))
DEFAULTS: Final[Defaults] = {
    "number": ("id",),
    "short_description": ("subject", "raw_subject"),
    "description": ("description",),
    "category": ("type",),
    "priority": ("priority",),
    "opened_by": ("submitter_id",),
    "requested_for": ("requester_id",),
    "assignee": ("assignee_id",),
    "assignment_group": ("group_id",),
    "catalog_item": ("ticket_form_id", "form_id", "ticket_form_name"),
}
SHAPE: Final = Shape(unset=frozenset({"0"}))


class Zendesk:
    """The Zendesk connector (`connector_api.ItsmConnector`). Holds no state."""

    kind: str = "zendesk"
    schemes: tuple[str, ...] = ("zendesk",)

    def normalise(self, payload: JsonValue, mapping: SourceMapping) -> Ticket | NoTicket:
        """The revision of a ticket that the payload is.

        Raises:
            MalformedDeliveryError: `not_a_record`, `no_mapping` (the mapping lacks `ticket`),
                `no_ticket_id`.
        """
        body = object_of(payload, send=SEND)
        if is_test(body) or is_test(body.get("ticket")):
            return NoTicket("test")
        event = _event(body)
        if event and not event.startswith(TICKET_EVENT):
            return NoTicket("event")
        record = body.get("detail") if event else body
        if not event and "id" not in body:
            record = body.get("ticket", body)
        if not isinstance(record, Mapping):
            raise not_a_record(SEND)
        return _revision(body, record, event).ticket(mapped(mapping, TABLE), mapping.source)

    def ticket_hint(self, _webhook_id: str) -> str | None:
        """None: the ids of Zendesk's invocations tell no ticket."""
        return None


def _event(body: Record) -> str:
    """The kind of event; "" for what a trigger posts.

    A trigger's body is text with the requester's words put in, so what it may hold further down
    is never believed over what it has on top: an id, or the requester.
    """
    kind = text_at(body, "type")
    return kind if kind.startswith(EVENT) and "requester_id" not in body else ""


def _revision(body: Record, record: Record, event: str) -> Revision:
    return Revision(
        record=record,
        id=ticket_id(record, "id"),
        version=_version(body, record, event),
        # Words of a fixed list, which events write in capitals and placeholders with one.
        state=text_at(record, "status").lower(),
        updated_by=text_at(record, "actor_id") or text_at(record, "updater_id"),
        defaults=DEFAULTS,
        shape=SHAPE,
        variables=_variables(record),
        deleted=event in DELETED or text_at(record, "status").lower() == "deleted",
    )


def _version(body: Record, record: Record, event: str) -> int | None:
    """0 for the creation; else when the ticket was changed; of a deletion, when it was told."""
    if event == CREATED:
        return 0
    return millis(body.get("time") if event in DELETED else record.get("updated_at"))


def _variables(record: Record) -> dict[str, str | Missing]:
    """The custom fields by id: of the API a list of `{id, value}`, of a trigger an object."""
    found = record.get("custom_fields")
    if isinstance(found, Mapping):
        return SHAPE.variables(found)
    read: dict[str, str | Missing] = {}
    for cell in found if isinstance(found, list) else ():
        ident = scalar(cell.get("id")) if isinstance(cell, Mapping) else None
        if ident and isinstance(cell, Mapping):
            twice = ident in read
            value = SHAPE.plain(cell.get("value")) if "value" in cell and not twice else None
            read[ident] = _or_absent(value)
    return read


def _or_absent(value: str | None) -> str | Missing:
    return Missing.ABSENT if value is None else value
