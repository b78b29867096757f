"""How a Freshservice ticket or change becomes a ticket.

The body is what the workflow of the set-up page posts (flat, a ticket), or the API's
`{"ticket": {…}}` and `{"change": {…}}`, which are the tables.
"""

from collections.abc import Mapping
from typing import Final

from ticketgate.connector_api import JsonValue, NoTicket, SourceMapping, Ticket
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
    text_at,
    ticket_id,
)

TABLES: Final = ("ticket", "change")
SEND: Final = "post the body of the set-up page from a workflow"
# A workflow's placeholders tell people by their address; the API tells them by id. Each shape is
# read by its own keys, so that no text in a workflow's body can say what only the API says.
TEMPLATE: Final = Filled(
    facts=(
        *("id", "number", "status", "priority", "category", "updated_at", "updated_by_email"),
        *("requester_email", "requested_for_email", "agent_email"),
        *("group_name", "service_item_name"),
    ),
    variables="custom_fields",
    typed={"short_description": "subject", "description": "description"},
)
FILLED: Final[Defaults] = {
    "number": ("number", "id"),
    "short_description": ("subject",),
    "description": ("description",),
    "category": ("category",),
    "priority": ("priority",),
    "opened_by": ("requester_email",),
    "requested_for": ("requested_for_email", "requester_email"),
    "assignee": ("agent_email",),
    "assignment_group": ("group_name",),
    "catalog_item": ("service_item_name",),
}
CHANGE: Final[Defaults] = {
    **{name: FILLED[name] for name in ("number", "short_description", "category", "priority")},
    "description": ("description_text", "description"),
    "opened_by": ("requester_id",),
    "requested_for": ("requested_for_id", "requester_id"),
    "assignee": ("responder_id", "agent_id"),
    "assignment_group": ("group_id",),
}
TICKET: Final[Defaults] = {**CHANGE, "catalog_item": ("service_item_id", "service_item_name")}
SHAPE: Final = Shape()


class Freshservice:
    """The Freshservice connector (`connector_api.ItsmConnector`). Holds no state."""

    kind: str = "freshservice"
    schemes: tuple[str, ...] = ("api_key",)

    def normalise(self, payload: JsonValue, mapping: SourceMapping) -> Ticket | NoTicket:
        """The revision of a ticket or change that the payload is.

        Raises:
            MalformedDeliveryError: `not_a_record`, `no_mapping` (the mapping lacks the table),
                `unknown_keys` (of another shape, out of order, or without a text), `no_ticket_id`.
        """
        body = object_of(payload, send=SEND)
        # A workflow's body has its id on top, and the requester's words in it: none below counts.
        table = "" if "id" in body else next((name for name in TABLES if name in body), "")
        if is_test(body) or (table and list(body) == [table] and is_test(body[table])):
            return NoTicket("test")
        known = mapped(mapping, table or TABLES[0])
        if not table:
            filled_in(body, known, TEMPLATE, send=SEND)
            return _of_workflow(body).ticket(known, mapping.source)
        closed(body, (table,), send=SEND)
        record = body[table]
        if not isinstance(record, Mapping):
            raise not_a_record(SEND)
        return _of_api(record, table).ticket(known, mapping.source)

    def ticket_hint(self, _webhook_id: str) -> str | None:
        """None: Freshservice gives its deliveries no id."""
        return None


FRESHSERVICE: Final = Freshservice()


def _of_workflow(body: Record) -> Revision:
    return Revision(
        record=body,
        id=ticket_id(body, "id"),
        version=millis(body.get("updated_at")),
        state=text_at(body, "status"),
        updated_by=text_at(body, "updated_by_email"),
        defaults=FILLED,
        shape=SHAPE,
        variables=SHAPE.variables(body.get(TEMPLATE.variables)),
    )


def _of_api(record: Record, table: str) -> Revision:
    return Revision(
        record=record,
        id=ticket_id(record, "id"),
        version=millis(record.get("updated_at")),
        state=text_at(record, "status"),
        updated_by=text_at(record, "updated_by_id"),
        defaults=TICKET if table == TABLES[0] else CHANGE,
        shape=SHAPE,
        variables=SHAPE.variables(record.get("custom_fields")),
        deleted=record.get("deleted") is True,
    )
