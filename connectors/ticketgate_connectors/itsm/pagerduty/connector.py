"""How a PagerDuty incident becomes a ticket.

The body is a v3 webhook's `{"event": {"event_type", "occurred_at", "agent", "data": {…}}}`. There
is one table, `incident`. Events whose data are something else than an incident (a note, a
responder, a service) are no tickets.
"""

import re
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
    no_table,
    not_a_record,
    object_of,
    text_at,
    ticket_id,
)

TABLE: Final = "incident"
SEND: Final = "send incident events of a v3 webhook subscription"
PING: Final = "pagey.ping"
CREATED: Final = "incident.triggered"
OTHER_DATA: Final = re.compile(r"incident_[a-z_]{1,60}|service(?:_[a-z_]{1,60})?")
# Who opened an incident is not in it: most are opened by a machine. So nothing is declared.
DEFAULTS: Final[Defaults] = {
    "number": ("number",),
    "short_description": ("title",),
    "category": ("urgency",),
    "priority": ("priority",),
    "assignee": ("assignees",),
    "assignment_group": ("escalation_policy",),
    "catalog_item": ("service",),
}
SHAPE: Final = Shape(names=("summary", "name"), values=("summary", "name"))


class PagerDuty:
    """The PagerDuty connector (`connector_api.ItsmConnector`). Holds no state."""

    kind: str = "pagerduty"
    schemes: tuple[str, ...] = ("pagerduty",)

    def normalise(self, payload: JsonValue, mapping: SourceMapping) -> Ticket | NoTicket:
        """The revision of an incident that the payload is.

        Raises:
            MalformedDeliveryError: `not_a_record` (no event with data), `no_table` (data of a kind
                that is not known), `no_mapping` (the mapping lacks `incident`), `no_ticket_id`.
        """
        body = object_of(payload, send=SEND)
        event = body.get("event")
        if is_test(body) or text_at(event, "event_type") == PING:
            return NoTicket("test")
        data = event.get("data") if isinstance(event, Mapping) else None
        if not isinstance(event, Mapping) or not isinstance(data, Mapping):
            raise not_a_record(SEND)
        kind = text_at(data, "type")
        if kind != TABLE and OTHER_DATA.fullmatch(kind[:100]):
            return NoTicket("event")
        if kind != TABLE:
            raise no_table(SEND)
        return _revision(event, data).ticket(mapped(mapping, TABLE), mapping.source)

    def ticket_hint(self, _webhook_id: str) -> str | None:
        """None: `X-Webhook-Id` tells the subscription's delivery, not the incident."""
        return None


def _revision(event: Record, data: Record) -> Revision:
    created = text_at(event, "event_type") == CREATED
    return Revision(
        record=data,
        id=ticket_id(data, "id"),
        version=0 if created else millis(event.get("occurred_at")),
        state=text_at(data, "status"),
        updated_by=text_at(event, "agent.id"),
        defaults=DEFAULTS,
        shape=SHAPE,
        variables={},  # custom fields exist, and are not in these bodies: each is absent
    )
