"""How the record of any other platform becomes a ticket: by the paths of the operator's mapping.

The table is the body's `table` where the mapping lists several, else the one that it lists. Each
path is from the body, and a field whose path is not in `map` lies under its own name.
"""

from typing import Final

from ticketgate.connector_api import (
    RECORD_FIELDS,
    JsonValue,
    NoTicket,
    SourceMapping,
    TableMapping,
    Ticket,
)
from ticketgate_connectors.records import (
    Defaults,
    Record,
    Revision,
    Shape,
    count,
    find,
    is_test,
    mapped,
    millis,
    no_table,
    object_of,
    text_at,
    ticket_id,
)

SEND: Final = "send one record per delivery, as an object"
SEND_TABLE: Final = "list one table, or send `table` with the name of a listed one"
# What a record of this name would say; `map` may take each away (`category: null`).
DEFAULTS: Final[Defaults] = {
    name: (name,)
    for name in (
        *("number", "short_description", "description", "category", "priority"),
        *("opened_by", "requested_for", "assignee", "catalog_item"),
    )
}
SHAPE: Final = Shape(ids=("id",), names=("name", "display_name"), values=("value", "name", "id"))


class Generic:
    """The connector for records of any shape (`connector_api.ItsmConnector`). Holds no state."""

    kind: str = "generic"
    schemes: tuple[str, ...] = ("standard_webhooks", "basic", "bearer", "api_key")

    def normalise(self, payload: JsonValue, mapping: SourceMapping) -> Ticket | NoTicket:
        """The revision of a ticket that the payload is.

        Raises:
            MalformedDeliveryError: `not_a_record` (no object), `no_table` (several are listed, and
                the body tells none of them), `no_mapping`, `no_ticket_id`.
        """
        body = object_of(payload, send=SEND)
        if is_test(body):
            return NoTicket("test")
        known = _known(body, mapping)
        return _revision(body, known).ticket(_fields_of(known), mapping.source)

    def ticket_hint(self, _webhook_id: str) -> str | None:
        """None: nothing is known of the ids."""
        return None


GENERIC: Final = Generic()


def _known(body: Record, mapping: SourceMapping) -> TableMapping:
    told = text_at(body, "table")
    if not told and len(mapping.tables) == 1:
        return next(iter(mapping.tables.values()))
    if told not in mapping.tables:
        raise no_table(SEND_TABLE)
    return mapped(mapping, told)


def _fields_of(known: TableMapping) -> TableMapping:
    """The mapping without the paths that make no field of the ticket."""
    fields = {name: path for name, path in known.map.items() if name not in RECORD_FIELDS}
    return TableMapping(known.name, known.bound_to, known.states, known.must_have, fields)


def _revision(body: Record, known: TableMapping) -> Revision:
    says = {name: _at(body, known, name) for name in RECORD_FIELDS}
    editor = SHAPE.reference(says["updated_by"])
    return Revision(
        record=body,
        id=ticket_id({"id": says["id"]}, "id"),
        version=_version(says["version"]),
        state=SHAPE.plain(says["state"]) or "",
        updated_by="" if editor is None else editor.id or "",
        defaults=DEFAULTS,
        shape=SHAPE,
        variables=SHAPE.variables(says["variables"]),
    )


def _at(body: Record, known: TableMapping, name: str) -> JsonValue:
    """What lies where the mapping says; nothing where it says that there is nothing."""
    path = known.map.get(name, name)
    found = () if path is None else find(body, path)
    return found[0] if found else None


def _version(cell: JsonValue) -> int | None:
    """A whole number, or a time with its offset, in milliseconds since 1970."""
    number = count(cell)
    return millis(cell) if number is None else number
