"""How a Zammad ticket becomes a ticket.

The body is the webhook's default, `{"ticket": {…}, "article": {…}}`. There is one table,
`ticket`: the group is a field, since agents move tickets between groups.
"""

from collections.abc import Mapping
from typing import Final

from ticketgate.connector_api import JsonValue, Missing, NoTicket, SourceMapping, Ticket, told
from ticketgate_connectors.records import (
    Defaults,
    Record,
    Revision,
    Shape,
    find,
    is_test,
    mapped,
    millis,
    not_a_record,
    object_of,
    text_at,
    ticket_id,
)

TABLE: Final = "ticket"
SEND: Final = "send the default payload of a webhook"
# Paths from the ticket; what is in the article is at `article.…`.
DEFAULTS: Final[Defaults] = {
    "number": ("number",),
    "short_description": ("title",),
    "priority": ("priority", "priority_id"),
    "opened_by": ("created_by", "created_by_id"),
    "requested_for": ("customer", "customer_id"),
    "assignee": ("owner", "owner_id"),
}
NOBODY: Final = "1"  # the account `-`, which owns what nobody owns
PEOPLE: Final = Shape(names=("name", "login", "email"), unset=frozenset({NOBODY}))
GROUP: Final = Shape()
# The attributes that every ticket has; any other is an object attribute of the site's own.
BUILT_IN: Final = frozenset(
    {
        *("id", "number", "title", "note", "type", "state", "priority", "group", "owner"),
        *("customer", "organization", "created_by", "updated_by", "preferences", "time_unit"),
        *("article_count", "article_ids", "articles", "pending_time", "tags", "mentions"),
        *("create_article_type", "create_article_sender", "ticket_time_accounting"),
        *("ticket_time_accounting_ids", "accounted_time", "ai_agent_running", "checklist"),
        *("mention_ids", "referencing_checklist_tickets", "referencing_checklists", "links"),
    }
)
_CLOCKS: Final = ("_at", "_id", "_ids", "_in_min")  # endings of what Zammad keeps itself


class Zammad:
    """The Zammad connector (`connector_api.ItsmConnector`). Holds no state."""

    kind: str = "zammad"
    schemes: tuple[str, ...] = ("zammad",)

    def normalise(self, payload: JsonValue, mapping: SourceMapping) -> Ticket | NoTicket:
        """The revision of a ticket that the payload is.

        Raises:
            MalformedDeliveryError: `not_a_record` (no ticket), `no_mapping` (the mapping lacks
                `ticket`), `no_ticket_id`.
        """
        body = object_of(payload, send=SEND)
        record = body.get("ticket")
        if is_test(body) or is_test(record):
            return NoTicket("test")
        if not isinstance(record, Mapping):
            raise not_a_record(SEND)
        return _revision(body, record).ticket(mapped(mapping, TABLE), mapping.source)

    def ticket_hint(self, _webhook_id: str) -> str | None:
        """None: `X-Zammad-Delivery` is random."""
        return None


def _revision(body: Record, record: Record) -> Revision:
    article = body.get("article")
    group = find(record, "group") or find(record, "group_id")  # may have the id of nobody's account
    read = GROUP.reference(group[0]) if group else None
    first, text = _first_article(record, article)
    return Revision(
        record={**record, "article": article},
        id=ticket_id(record, "id"),
        version=millis(record.get("updated_at")),
        state=text_at(record, "state") or text_at(record, "state.name"),
        updated_by=text_at(record, "updated_by_id") or text_at(record, "updated_by.id"),
        defaults=DEFAULTS,
        shape=PEOPLE,
        variables=_attributes(record),
        extra={
            "assignment_group": Missing.ABSENT if read is None else read,
            "description": text,
        },
        told_in={"description": first} if first else {},
    )


def _first_article(record: Record, article: JsonValue) -> tuple[str, str | Missing]:
    """The description, which is the ticket's first article, and which article that is.

    A body holds only the article that was written with the change: of most the description is
    absent, and is the one that was told with the same article before. Merged tickets may get
    another first article. No article is named where it is here and cannot be read.
    """
    first = text_at(record, "article_ids.0")
    if not first or text_at(article, "id") != first:
        return first, Missing.ABSENT
    found = find(article, "body")
    text = GROUP.plain(found[0]) if found else None
    return ("", Missing.ABSENT) if text is None else (first, text)


def _attributes(record: Record) -> dict[str, str | Missing]:
    """The site's own object attributes by name."""
    found: dict[str, str | Missing] = {}
    for name, cell in record.items():
        if name in BUILT_IN or name.endswith(_CLOCKS):
            continue
        found[name] = told(PEOPLE.plain(cell), cell)
    return found
