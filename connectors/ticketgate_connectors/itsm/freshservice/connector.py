"""How a Freshservice ticket or change becomes a ticket.

The body is what the workflow of the set-up page posts (flat, a ticket), or the API's
`{"ticket": {…}}` and `{"change": {…}}`, which are the tables.
"""

from collections.abc import Mapping
from typing import Final

from ticketgate.connector_api import JsonValue, NoTicket, SourceMapping, Ticket
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
    text_at,
    ticket_id,
)

TABLES: Final = ("ticket", "change")
SEND: Final = "post the body of the set-up page from a workflow"
# A workflow's placeholders tell people by their address; the API tells them by id.
DEFAULTS: Final[Defaults] = {
    "number": ("number", "id"),
    "short_description": ("subject",),
    "description": ("description_text", "description"),
    "category": ("category",),
    "priority": ("priority",),
    "opened_by": ("requester_id", "requester_email"),
    "requested_for": ("requested_for_id", "requester_id", "requested_for_email", "requester_email"),
    "assignee": ("responder_id", "agent_id", "agent_email"),
    "assignment_group": ("group_id", "group_name"),
}
TICKET: Final[Defaults] = {**DEFAULTS, "catalog_item": ("service_item_id", "service_item_name")}
SHAPE: Final = Shape()


class Freshservice:
    """The Freshservice connector (`connector_api.ItsmConnector`). Holds no state."""

    kind: str = "freshservice"
    schemes: tuple[str, ...] = ("api_key",)

    def normalise(self, payload: JsonValue, mapping: SourceMapping) -> Ticket | NoTicket:
        """The revision of a ticket or change that the payload is.

        Raises:
            MalformedDeliveryError: `not_a_record`, `no_mapping` (the mapping lacks the table),
                `no_ticket_id`.
        """
        body = object_of(payload, send=SEND)
        # A workflow's body has its id on top, and the requester's words in it: none below counts.
        table = "" if "id" in body else next((name for name in TABLES if name in body), "")
        record = body.get(table, body)
        if is_test(body) or is_test(record):
            return NoTicket("test")
        if not isinstance(record, Mapping):
            raise not_a_record(SEND)
        table = table or TABLES[0]
        return _revision(record, table).ticket(mapped(mapping, table), mapping.source)

    def ticket_hint(self, _webhook_id: str) -> str | None:
        """None: Freshservice gives its deliveries no id."""
        return None


FRESHSERVICE: Final = Freshservice()


def _revision(record: Record, table: str) -> Revision:
    return Revision(
        record=record,
        id=ticket_id(record, "id"),
        version=millis(record.get("updated_at")),
        state=text_at(record, "status"),
        updated_by=text_at(record, "updated_by_id") or text_at(record, "updated_by_email"),
        defaults=TICKET if table == TABLES[0] else DEFAULTS,
        shape=SHAPE,
        variables=SHAPE.variables(record.get("custom_fields")),
        deleted=record.get("deleted") is True,
    )
