"""How a GLPI item becomes a ticket.

The body is the webhook's default, `{"item": {…}, "event": "new|update|delete"}`. The item does not
tell its itemtype, so a source is for one of `Ticket`, `Change` and `Problem`, beside which
`TicketValidation` may be listed; a body that says `itemtype` itself (a payload of one's own) is
believed. Followups, tasks and solutions of the time line are no tickets.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from ticketgate.connector_api import (
    ApproverRow,
    JsonValue,
    Missing,
    NoTicket,
    Reference,
    SourceMapping,
    Ticket,
    Value,
)
from ticketgate_connectors.records import (
    EMPTY,
    Defaults,
    Record,
    Revision,
    Shape,
    find,
    is_test,
    mapped,
    millis,
    no_table,
    not_a_record,
    object_of,
    text_at,
    ticket_id,
)

ITEMTYPES: Final = ("Ticket", "Change", "Problem")
VALIDATION: Final = "TicketValidation"
SEND: Final = "send the default payload of a webhook"
ONE_ITEMTYPE: Final = "give each itemtype a webhook and a source of its own, and list it there"
DEFAULTS: Final[Defaults] = {
    "number": ("id",),
    "short_description": ("name",),
    "description": ("content",),
    "category": ("category",),
    "priority": ("priority",),
}
SHAPE: Final = Shape(values=("name", "id"), unset=frozenset({"0"}))
# CommonITILValidation: what the numbers of a validation mean.
CLAIMS: Final = {"1": "not_required", "2": "requested", "3": "approved", "4": "rejected"}
TICKET_TYPES: Final = ("1", "2")  # incident, request; changes and problems have no type
MEMBERS_MAX: Final = 500
_FORM: Final = re.compile(r"[^?]{0,200}\b(user|group)\.form\.php\?id=([0-9]{1,15})")


class Glpi:
    """The GLPI connector (`connector_api.ItsmConnector`). Holds no state."""

    kind: str = "glpi"
    schemes: tuple[str, ...] = ("glpi",)

    def normalise(
        self, payload: JsonValue, mapping: SourceMapping
    ) -> Ticket | ApproverRow | NoTicket:
        """The revision of a ticket, change or problem that the payload is.

        Raises:
            MalformedDeliveryError: `not_a_record` (no item), `no_table` (the mapping lists
                several itemtypes, or the item is of another), `no_mapping`, `no_ticket_id`.
        """
        body = object_of(payload, send=SEND)
        if is_test(body):
            return NoTicket("test")
        item = body.get("item")
        if not isinstance(item, Mapping):
            raise not_a_record(SEND)
        if _of_the_time_line(item):
            return NoTicket("event")
        if "requested_approver_type" in item or text_at(body, "itemtype") == VALIDATION:
            mapped(mapping, VALIDATION)
            return _approver_row(item, mapping.source)
        table = _table(body, item, mapping)
        return _revision(body, item).ticket(mapped(mapping, table), mapping.source)

    def ticket_hint(self, _webhook_id: str) -> str | None:
        """None: a signature, which is what GLPI's deliveries are told by, tells no ticket."""
        return None


GLPI: Final = Glpi()


def _of_the_time_line(item: Record) -> bool:
    """A followup or solution names what it hangs on; a task is private or not, and has a state."""
    hangs = {"itemtype", "items_id"} <= item.keys()
    task = {"is_private", "state"} <= item.keys() and "status" not in item
    return hangs or task


def _table(body: Record, item: Record, mapping: SourceMapping) -> str:
    told = text_at(body, "itemtype")
    listed = [name for name in ITEMTYPES if name in mapping.tables]
    table = listed[0] if len(listed) == 1 and not told else told
    if not listed and not told:
        table = ITEMTYPES[0]  # refused as not mapped, which says what to list
    if table not in ITEMTYPES or (table == "Ticket") is not (text_at(item, "type") in TICKET_TYPES):
        raise no_table(ONE_ITEMTYPE)
    return table


def _revision(body: Record, item: Record) -> Revision:
    event = text_at(body, "event")
    people = _people(item)
    deleted = event == "delete" or item.get("is_deleted") is True
    return Revision(
        record={**item, **_for_maps(people)},
        id=ticket_id(item, "id"),
        version=0 if event == "new" else millis(item.get("date_mod")),
        state=text_at(item, "status.id") or text_at(item, "status"),
        updated_by=text_at(item, "user_lastupdater.id"),
        defaults=DEFAULTS,
        shape=SHAPE,
        variables=SHAPE.variables(body.get("answers")),  # of a payload of one's own
        deleted=deleted,
        extra=people,
    )


def _for_maps(people: Mapping[str, Value | Missing]) -> dict[str, JsonValue]:
    """`requester` and `assigned` as an operator's `map` may name them, where there is one."""
    named = {"requester": people["requested_for"], "assigned": people["assignee"]}
    return {
        role: {"id": one.id, "name": one.name}
        for role, one in named.items()
        if isinstance(one, Reference)
    }


def _people(item: Record) -> dict[str, Value | Missing]:
    """Requester, assigned person and assigned group, each only when it is the only one.

    Who wrote the ticket is not in the item, so `opened_by` is absent: it may be somebody else than
    the requester that the ticket names.
    """
    writer = find(item, "user_recipient")
    opened = SHAPE.reference(writer[0]) if writer else None
    return {
        "opened_by": Missing.ABSENT if opened is None else opened,
        "requested_for": _only(item, "requester", "User"),
        "assignee": _only(item, "assigned", "User"),
        "assignment_group": _only(item, "assigned", "Group"),
    }


def _only(item: Record, role: str, itemtype: str) -> Value | Missing:
    team = item.get("team")
    if not isinstance(team, list) or len(team) > MEMBERS_MAX:
        return Missing.ABSENT
    found = [one for kind, one in _members(team, role) if kind in {itemtype, ""}]
    if len(found) > 1 or any(one.id is None for one in found):
        return Missing.ABSENT
    return found[0] if found else EMPTY


def _members(team: list[JsonValue], role: str) -> Iterator[tuple[str, Reference]]:
    """Each member in a role with its itemtype; "" where neither `type` nor the link tells it."""
    for one in team:
        if not isinstance(one, Mapping):
            yield "", Reference(None, None)
        elif text_at(one, "role") == role:
            link = _FORM.match(text_at(one, "href"))
            kind = text_at(one, "type") or (link[1].title() if link else "")
            ident = text_at(one, "id") or (link[2] if link else "")
            name = text_at(one, "display_name") or text_at(one, "name")
            yield kind, Reference(ident or None, name or None)


def _approver_row(item: Record, source: str) -> ApproverRow:
    """Who was asked, where it was a person; and who answered, as the writer of the row."""
    asked = Reference(None, None)
    if text_at(item, "requested_approver_type") == "User":
        asked = Reference(text_at(item, "requested_approver_id") or None, None)
    answer = find(item, "approver")
    answered = SHAPE.reference(answer[0]) if answer else None
    state = text_at(item, "status")
    return ApproverRow(
        source=source,
        id=ticket_id(item, "id"),
        version=None,
        parent=ticket_id(item, "tickets_id"),
        approver=asked,
        state=CLAIMS.get(state, state),
        updated_by="" if answered is None else answered.id or "",
    )
