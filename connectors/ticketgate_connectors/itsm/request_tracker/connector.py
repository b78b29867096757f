"""How a ticket of Request Tracker becomes a ticket.

The body is the shipped scrip's, `{"ticket": {…}, "transaction": {…}}`. There is one table,
`ticket`: the queue is a field (`category`), since people move tickets between queues.
"""

import re
from collections.abc import Mapping
from typing import Final

from ticketgate.connector_api import JsonValue, NoTicket, SourceMapping, Ticket
from ticketgate_connectors.records import (
    DELETED,
    Defaults,
    Record,
    Revision,
    Shape,
    count,
    find,
    is_test,
    mapped,
    not_a_record,
    object_of,
    text_at,
    ticket_id,
)

TABLE: Final = "ticket"
SEND: Final = "post the body of the shipped scrip"
DEFAULTS: Final[Defaults] = {
    "number": ("id",),
    "short_description": ("subject",),
    "description": ("description",),
    "category": ("queue",),
    "priority": ("priority",),
    "opened_by": ("creator",),
    "requested_for": ("requestors",),
    "assignee": ("owner",),
}
SHAPE: Final = Shape(values=("name", "id"))
_SCRIPT_ID: Final = re.compile(r"rt-([1-9][0-9]{0,14})-[1-9][0-9]{0,14}")


class RequestTracker:
    """The Request Tracker connector (`connector_api.ItsmConnector`). Holds no state."""

    kind: str = "request_tracker"
    schemes: tuple[str, ...] = ("standard_webhooks", "bearer")

    def normalise(self, payload: JsonValue, mapping: SourceMapping) -> Ticket | NoTicket:
        """The revision of a ticket that the payload is.

        Raises:
            MalformedDeliveryError: `not_a_record` (no ticket), `no_mapping` (the mapping lacks
                `ticket`), `no_ticket_id`.
        """
        body = object_of(payload, send=SEND)
        record = body.get("ticket")
        if is_test(body):
            return NoTicket("test")
        if not isinstance(record, Mapping):
            raise not_a_record(SEND)
        return _revision(body, record).ticket(mapped(mapping, TABLE), mapping.source)

    def ticket_hint(self, webhook_id: str) -> str | None:
        """The ticket in a `webhook-id` of the shipped scrip (`rt-<ticket>-<transaction>`)."""
        found = _SCRIPT_ID.fullmatch(webhook_id)
        return found[1] if found else None


REQUEST_TRACKER: Final = RequestTracker()


def _revision(body: Record, record: Record) -> Revision:
    transaction = find(body, "transaction.id")
    state = text_at(record, "status")
    return Revision(
        record=record,
        id=ticket_id(record, "id"),
        version=count(transaction[0]) if transaction else None,
        state=state,
        updated_by=text_at(body, "transaction.creator.id"),
        defaults=DEFAULTS,
        shape=SHAPE,
        variables=SHAPE.variables(record.get("custom_fields")),
        deleted=state == DELETED,
    )
