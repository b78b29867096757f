"""How a Zendesk ticket becomes a ticket.

The body is what the trigger of the set-up page posts (flat), an event subscription's
`{"type", "detail", "event"}`, or the API's `{"ticket": {…}}`. There is one table, `ticket`: the
form is a field (`catalog_item`), since agents may change it.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ticketgate.connector_api import (
    JsonValue,
    Missing,
    NoTicket,
    SourceMapping,
    Ticket,
    Value,
    told,
)
from ticketgate_connectors.records import (
    Defaults,
    Filled,
    Record,
    Revision,
    Shape,
    closed,
    filled_in,
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
GONE: Final = "deleted"  # the status of a deleted ticket
# Each shape is read by its own keys, so that no text in a trigger's body can say what only an event
# or the API says.
EVENT_KEYS: Final = frozenset(
    {
        *("account_id", "detail", "event", "id", "subject", "time", "type"),
        *("zendesk_event_version",),
    }
)
TEMPLATE: Final = Filled(
    facts=(
        *("id", "status", "updated_at", "updater_id", "submitter_id", "requester_id"),
        *("assignee_id", "group_id", "type", "priority", "ticket_form_name"),
    ),
    variables="custom_fields",
    typed={"short_description": "subject", "description": "description"},
    tags=("tags",),
)
FILLED: Final[Defaults] = {
    "number": ("id",),
    "short_description": ("subject",),
    "description": ("description",),
    "category": ("type",),
    "priority": ("priority",),
    "opened_by": ("submitter_id",),
    "requested_for": ("requester_id",),
    "assignee": ("assignee_id",),
    "assignment_group": ("group_id",),
    "catalog_item": ("ticket_form_name",),
}
TOLD: Final[Defaults] = {  # by an event or the API
    **FILLED,
    "short_description": ("subject", "raw_subject"),
    "catalog_item": ("ticket_form_id", "form_id"),
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
                `unknown_keys` (of another shape, out of order, or without a text), `no_ticket_id`.
        """
        body = object_of(payload, send=SEND)
        if is_test(body) or (list(body) == ["ticket"] and is_test(body["ticket"])):
            return NoTicket("test")
        event = text_at(body, "type")
        if event.startswith(EVENT):
            closed(body, EVENT_KEYS, send=SEND)
            if not event.startswith(TICKET_EVENT):
                return NoTicket("event")
            return _of_event(body, event).ticket(mapped(mapping, TABLE), mapping.source)
        known = mapped(mapping, TABLE)
        if "ticket" in body and "id" not in body:
            closed(body, ("ticket",), send=SEND)
            return _of_api(body["ticket"]).ticket(known, mapping.source)
        filled_in(body, known, TEMPLATE, send=SEND)
        return _of_trigger(body).ticket(known, mapping.source)

    def ticket_hint(self, _webhook_id: str) -> str | None:
        """None: the ids of Zendesk's invocations tell no ticket."""
        return None


def _of_trigger(body: Record) -> Revision:
    return Revision(
        record=body,
        id=ticket_id(body, "id"),
        version=millis(body.get("updated_at")),
        state=_state(body),
        updated_by=text_at(body, "updater_id"),
        defaults=FILLED,
        shape=SHAPE,
        variables=SHAPE.variables(body.get(TEMPLATE.variables)),
        deleted=_state(body) == GONE,
        extra=_tags(body),
    )


def _of_event(body: Record, event: str) -> Revision:
    """What the event tells: 0 is the version of the creation; a deletion's is when it was told."""
    detail = _object(body.get("detail"))
    when = body.get("time") if event in DELETED else detail.get("updated_at")
    told = _told(detail, "actor_id")
    deleted = event in DELETED or told.deleted
    return replace(told, version=0 if event == CREATED else millis(when), deleted=deleted)


def _of_api(ticket: JsonValue) -> Revision:
    return _told(_object(ticket), "updater_id")


def _told(record: Record, writer: str) -> Revision:
    return Revision(
        record=record,
        id=ticket_id(record, "id"),
        version=millis(record.get("updated_at")),
        state=_state(record),
        updated_by=text_at(record, writer),
        defaults=TOLD,
        shape=SHAPE,
        variables=_variables(record),
        deleted=_state(record) == GONE,
        extra=_tags(record),
    )


def _object(cell: JsonValue) -> Record:
    if not isinstance(cell, Mapping):
        raise not_a_record(SEND)
    return cell


def _state(record: Record) -> str:
    """A word of a fixed list, which events write in capitals and placeholders with one."""
    return text_at(record, "status").lower()


def _tags(record: Record) -> dict[str, Value | Missing]:
    """The tags as free text, in one order: a list of events and the API, a text of a trigger."""
    if "tags" not in record:
        return {}
    cell = record["tags"]
    read = [scalar(one) for one in cell] if isinstance(cell, list) else [scalar(cell)]
    if None in read:
        return {"text": Missing.ABSENT}
    words = sorted({word for one in read for word in (one or "").split()})
    text = scalar(" ".join(words))
    return {"text": Missing.ABSENT if text is None else text}


def _variables(record: Record) -> dict[str, str | Missing]:
    """The custom fields by id, of the API's list of `{id, value}`."""
    found = record.get("custom_fields")
    read: dict[str, str | Missing] = {}
    for cell in found if isinstance(found, list) else ():
        ident = scalar(cell.get("id")) if isinstance(cell, Mapping) else None
        if ident and isinstance(cell, Mapping):
            twice = ident in read
            if "value" in cell and not twice:
                read[ident] = told(SHAPE.plain(cell["value"]), cell["value"])
            else:
                read[ident] = Missing.CUT if twice else Missing.ABSENT  # twice: none is read
    return read
