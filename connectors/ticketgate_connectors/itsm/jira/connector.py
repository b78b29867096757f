"""How a Jira issue becomes a ticket.

The body is a webhook's `{"webhookEvent": …, "issue": {…}, "user": {…}}`, or an issue alone as
Jira's automation and its REST API write it. There is one table, `issue`: project, issue type and
request type can be changed by people, and what can be changed must not tell which ticket it is.
"""

import re
from collections.abc import Mapping
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
from ticketgate_connectors.itsm.jira.document import document
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
    not_a_record,
    object_of,
    scalar,
    text_at,
    ticket_id,
    unknown_keys,
)

TABLE: Final = "issue"
SEND: Final = "send the events `Issue: created, updated, deleted` with their body"
CREATED: Final = "jira:issue_created"
UPDATED: Final = "jira:issue_updated"
DELETED: Final = "jira:issue_deleted"
ISSUE_EVENTS: Final = frozenset({CREATED, UPDATED, DELETED})
# Events of other things; those that carry an issue carry a cut one.
OTHER_EVENT: Final = re.compile(
    r"(?:(?:comment|worklog|issuelink|attachment|issue_property|project|user|sprint|board"
    r"|issuetype|filter|option|jira:version)_[a-z_]{1,60}|jira:worklog_updated)"
)
DEFAULTS: Final[Defaults] = {
    "number": ("key",),
    "short_description": ("fields.summary",),
    "description": ("fields.description",),
    "category": ("fields.issuetype",),
    "priority": ("fields.priority",),
    "opened_by": ("fields.creator",),
    "requested_for": ("fields.reporter",),
    "assignee": ("fields.assignee",),
}
SHAPE: Final = Shape(
    ids=("accountId", "groupId", "id"),
    names=("displayName", "name", "value"),
    values=("value", "accountId", "name"),
    text=document,
)
SERVICE_DESK: Final = "service_desk"  # `fields.project.projectTypeKey` of service projects
_CUSTOM: Final = "customfield_"
# Fields that Jira keeps itself: an approval is a claim that changes nobody's ticket, and the
# clocks of service levels run without anybody's hand.
_KEPT: Final = frozenset({"requestType", "finalDecision", "completedCycles", "ongoingCycle"})


class Jira:
    """The Jira connector (`connector_api.ItsmConnector`). Holds no state."""

    kind: str = "jira"
    schemes: tuple[str, ...] = ("jira", "jira_app")

    def normalise(self, payload: JsonValue, mapping: SourceMapping) -> Ticket | NoTicket:
        """The revision of an issue that the payload is.

        Raises:
            MalformedDeliveryError: `not_a_record` (no issue in it), `unknown_keys` (one in it, and
                one beside it), `no_table` (an event that is not known), `no_mapping` (the mapping
                lacks `issue`), `no_ticket_id`.
        """
        body = object_of(payload, send=SEND)
        event = text_at(body, "webhookEvent")
        if is_test(body) or OTHER_EVENT.fullmatch(event[:100]):
            return NoTicket("test" if not event else "event")
        if "issue" in body and "fields" in body:
            raise unknown_keys(SEND)
        issue = body.get("issue", body if "fields" in body else None)
        if not isinstance(issue, Mapping) or not isinstance(issue.get("fields"), Mapping):
            raise not_a_record(SEND)
        if event and event not in ISSUE_EVENTS:
            raise no_table(SEND)
        return _revision(body, issue, event).ticket(mapped(mapping, TABLE), mapping.source)

    def ticket_hint(self, _webhook_id: str) -> str | None:
        """None: the ids of Jira's deliveries tell no issue."""
        return None


def _revision(body: Record, issue: Record, event: str) -> Revision:
    return Revision(
        record=issue,
        id=ticket_id(issue, "id"),
        version=_version(body, issue, event),
        state=text_at(issue, "fields.status.name"),
        updated_by=text_at(body, "user.accountId"),
        defaults=DEFAULTS,
        shape=SHAPE,
        variables=_variables(issue),
        deleted=event == DELETED,
        extra={**_request_type(issue), **_beside(issue)},
    )


def _version(body: Record, issue: Record, event: str) -> int | None:
    """0 for the creation; else when the issue was changed; of a deletion, when it was told."""
    if event == CREATED:
        return 0
    fields = issue.get("fields")
    changed = fields.get("updated") if isinstance(fields, Mapping) else None
    told = count(body.get("timestamp"))
    return told if event == DELETED else _first(millis(changed), told)


def _first(one: int | None, other: int | None) -> int | None:
    return other if one is None else one


def _customs(issue: Record) -> dict[str, JsonValue]:
    fields = issue.get("fields")
    found = fields.items() if isinstance(fields, Mapping) else ()
    return {name: cell for name, cell in found if name.startswith(_CUSTOM)}


def _request_type(issue: Record) -> dict[str, Value | Missing]:
    """The request type, in whatever custom field the site keeps it.

    An issue of a project that says it is no service project has none: not applicable.
    """
    for cell in _customs(issue).values():
        found = cell.get("requestType") if isinstance(cell, Mapping) else None
        read = SHAPE.reference(found) if isinstance(found, Mapping) else None
        if read is not None:
            return {"catalog_item": read}
    kind = text_at(issue, "fields.project.projectTypeKey")
    return {"catalog_item": Missing.ABSENT} if kind in {"", SERVICE_DESK} else {}


def _beside(issue: Record) -> dict[str, Value | Missing]:
    """Environment, labels and components as free text; absent when one of them cannot be read."""
    read: list[str | None] = []
    environment = find(issue, "fields.environment")
    read += [document(cell) for cell in environment]
    for name in ("labels", "components"):
        for cell in find(issue, f"fields.{name}"):
            read += [SHAPE.plain(one) for one in cell] if isinstance(cell, list) else [scalar(cell)]
    words = [one for one in read if one]
    text = None if None in read else scalar("\n".join(words))
    return {"text": Missing.ABSENT if text is None else text} if read and text != "" else {}


def _variables(issue: Record) -> dict[str, str | Missing]:
    """The custom fields by id. The second half of a cascade is `customfield_1.child`."""
    found: dict[str, str | Missing] = {}
    for name, cell in _customs(issue).items():
        if _kept_by_jira(cell):
            continue
        document_of = isinstance(cell, Mapping) and cell.get("type") == "doc"
        value = document(cell) if document_of else SHAPE.plain(cell)
        if document_of:
            found[name] = Missing.CUT if value is None else value  # a document is text
        else:
            found[name] = told(value, cell)
        if isinstance(cell, Mapping) and "child" in cell:
            found[f"{name}.child"] = told(SHAPE.plain(cell["child"]), cell["child"])
    return found


def _kept_by_jira(cell: JsonValue) -> bool:
    first = cell[0] if isinstance(cell, list) and cell else cell
    return isinstance(first, Mapping) and not _KEPT.isdisjoint(first)
