"""How a ServiceNow record becomes a ticket.

The body is a bare record, `{"result": record}` (Table API), or `{"table": …, "record": {…}}`
(the shipped script). `sys_class_name` tells the table, else `table`; a record that has both
`approver` and `sysapproval` and tells no table is a `sysapproval_approver` row. Tables of assets
(`cmdb_ci`, `alm_asset` and what extends them) are no tickets; mapped or not they are refused.
"""

import re
from collections.abc import Mapping
from typing import Final

from ticketgate.connector_api import (
    FIELD_TEXT_MAX,
    PLAIN_FIELDS,
    REFERENCE_FIELDS,
    ApproverRow,
    JsonValue,
    MalformedDeliveryError,
    Missing,
    NoTicket,
    Reference,
    SourceMapping,
    StateClass,
    TableMapping,
    Ticket,
    Value,
    is_null,
    told,
)
from ticketgate_connectors.itsm.servicenow.shapes import plain, reference
from ticketgate_connectors.records import (
    EMPTY,
    Record,
    count,
    find,
    is_test,
    mapped,
    no_table,
    not_a_record,
    scalar,
    ticket_id,
)

APPROVERS: Final = "sysapproval_approver"
RULED_BY: Final = ("wf_activity", "process_step", "group")  # of an approver row

# Ticket field -> column, per table. What a table does not have is not declared.
TASK: Final[Mapping[str, str]] = {
    "number": "number",
    "priority": "priority",
    "short_description": "short_description",
    "description": "description",
    "opened_by": "opened_by",
    "assignee": "assigned_to",
    "assignment_group": "assignment_group",
    "asset": "cmdb_ci",
}
DEFAULTS: Final[Mapping[str, Mapping[str, str]]] = {
    "sc_req_item": {**TASK, "requested_for": "requested_for", "catalog_item": "cat_item"},
    # A task of the fulfilment does not tell for whom it is.
    "sc_task": {**TASK, "catalog_item": "cat_item"},
    # The request above the items: it has neither a catalog item nor variables of its own.
    "sc_request": {**TASK, "requested_for": "requested_for"},
    # A change is for whom it was requested by, who need not have typed it in.
    "change_request": {
        **TASK,
        "requested_for": "requested_by",
        "category": "category",
        "reason": "justification",
    },
    # The caller is whom the incident is for; opened_by may be the service desk.
    "incident": {**TASK, "requested_for": "caller_id", "category": "category"},
}
WITH_VARIABLES: Final = frozenset({"sc_req_item", "sc_task"})

ASSETS: Final = ("cmdb_ci", "alm_")  # what the names of asset tables begin with

_TABLE: Final = re.compile(r"[a-z][a-z0-9_]{0,79}")
_REPLY: Final = re.compile(r"^reply from: ", re.MULTILINE)
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)
_SCRIPT_ID: Final = re.compile(r"([0-9a-f]{32})-(?:0|[1-9][0-9]{0,14})")


class ServiceNow:
    """The ServiceNow connector (`connector_api.ItsmConnector`). Holds no state."""

    kind: str = "servicenow"
    schemes: tuple[str, ...] = ("standard_webhooks", "basic", "bearer", "api_key")

    def normalise(
        self, payload: JsonValue, mapping: SourceMapping
    ) -> Ticket | ApproverRow | NoTicket:
        """The ticket revision that the payload is.

        Raises:
            MalformedDeliveryError: `not_a_record` (no object, or a list of them); `no_table`
                (no table can be told); `no_mapping` (the mapping lacks it); `no_ticket_id` (no
                sys_id, or an approver row without its ticket).
        """
        if is_test(payload, "sys_id"):
            return NoTicket("test")
        record, envelope = _unwrapped(payload)
        known = mapped(mapping, _table(record, envelope))
        if known.name == APPROVERS:
            return _approver_row(record, mapping.source)
        return _ticket(record, known, mapping.source)

    def ticket_hint(self, webhook_id: str) -> str | None:
        """The sys_id in a `webhook-id` of the shipped script (`<sys_id>-<sys_mod_count>`).

        So a body that cannot be read still tells whose ticket it may be. None means that it may
        be any: only ids of exactly that form are believed.
        """
        found = _SCRIPT_ID.fullmatch(webhook_id)
        return found[1] if found else None


SERVICENOW: Final = ServiceNow()


def _unwrapped(payload: JsonValue) -> tuple[Record, Record]:
    """The record, and the object that says `table` (the record itself when it is bare)."""
    inner = payload
    if isinstance(payload, Mapping) and "sys_id" not in payload:
        inner = payload.get("record", payload.get("result", payload))
    if not isinstance(payload, Mapping) or not isinstance(inner, Mapping):
        raise not_a_record("send one record per delivery: bare, under `result`, or under `record`")
    return inner, payload


def _table(record: Record, envelope: Record) -> str:
    table = _text(record, "sys_class_name") or _text(envelope, "table")
    if not table and "approver" in record and "sysapproval" in record:
        return APPROVERS  # the one table here that has no sys_class_name
    if not _TABLE.fullmatch(table):
        raise no_table("send sys_class_name, or `table` beside `record`")
    if table.startswith(ASSETS):
        raise MalformedDeliveryError(
            f"{table} holds assets, and an asset is no ticket",
            code="no_mapping",
            next_step="take the business rule off that table",
        )
    return table


def _ticket(record: Record, known: TableMapping, source: str) -> Ticket:
    state = _text(record, "state")
    # Other tables have variables where a record producer made the record.
    with_variables = known.name in WITH_VARIABLES or "variables" in record
    paths = {**DEFAULTS.get(known.name, TASK), **known.map}
    return Ticket(
        source=source,
        table=known.name,
        id=ticket_id(_flat(record, "sys_id"), "sys_id"),
        version=count(_text(record, "sys_mod_count")),
        state=state,
        state_class=known.states.get(state, StateClass.UNLISTED),
        updated_by=_text(record, "sys_updated_by"),
        bound_to=known.bound_to,
        fields=_shown(record, paths)
        | {
            name: _field(record, name, path, must_have=name in known.must_have)
            for name, path in paths.items()
            if path is not None
        },
        variables=_variables(record) if with_variables else None,
    )


def _shown(record: Record, paths: Mapping[str, str | None]) -> dict[str, Value | Missing]:
    """The category as a person saw it, as free text, where it is other words than the value's."""
    path = paths.get("category")
    cell = record.get(path) if path else None
    if not isinstance(cell, Mapping) or "display_value" not in cell or "text" in paths:
        return {}
    shown, value = scalar(cell["display_value"]), plain(cell)
    if shown is None:
        return {"text": Missing.ABSENT}
    return {"text": shown} if shown and shown.casefold() != (value or "").casefold() else {}


def _approver_row(record: Record, source: str) -> ApproverRow:
    return ApproverRow(
        source=source,
        id=ticket_id(_flat(record, "sys_id"), "sys_id"),
        version=count(_text(record, "sys_mod_count")),
        parent=ticket_id(_flat(record, "sysapproval"), "sysapproval"),
        approver=_reference(record, "approver") or Reference(None, None),
        state=_text(record, "state"),
        updated_by=_text(record, "sys_updated_by"),
        created_by=_plain(record, "sys_created_by") or None,
        by_rule=_by_rule(record),
        by_mail=_by_mail(record),
        past_due=_past_due(record),
    )


def _by_rule(record: Record) -> bool | None:
    """Whether a workflow activity, a process step or a group of the platform made the row.

    None where the row does not have the first two columns: then nobody can tell.
    """
    cells = [_plain(record, name) for name in RULED_BY]
    if cells[0] is None or cells[1] is None:
        return None
    return any(cells)


def _by_mail(record: Record) -> bool | None:
    """Whether the shipped inbound action has booked a mail on the row: it begins its comment so."""
    comments = _plain(record, "comments")
    return None if comments is None else _REPLY.search(comments) is not None


def _past_due(record: Record) -> bool | None:
    """Whether the row was written at or after its due date; both are UTC in `value`."""
    due, written = _plain(record, "due_date") or "", _plain(record, "sys_updated_on") or ""
    if not _TIME.fullmatch(due) or not _TIME.fullmatch(written):
        return None
    return written >= due


def _field(record: Record, name: str, path: str, *, must_have: bool) -> Value | Missing:
    """A declared field; absent when missing, unreadable, cut, or empty where it must not be."""
    value: Value | None = (
        _reference(record, path) if name in REFERENCE_FIELDS else _plain(record, path)
    )
    if value is None or (must_have and value in ("", EMPTY)):
        return Missing.ABSENT
    empty = value == "" and name in PLAIN_FIELDS
    return Missing.NULL if empty and is_null(find(record, path)[0]) else value


def _variables(record: Record) -> dict[str, str | Missing]:
    """The catalog variables by name; none where they cannot be read, so that each is absent."""
    found = record.get("variables")
    if not isinstance(found, Mapping):
        return {}
    return {name: told(plain(cell), cell) for name, cell in found.items()}


def _flat(record: Record, column: str) -> Record:
    """The column alone, whatever its shape, as the plain value that it holds."""
    return {column: _text(record, column)}


def _text(record: Record, path: str) -> str:
    return _plain(record, path) or ""


def _plain(record: Record, path: str) -> str | None:
    cell = record.get(path)
    if isinstance(cell, str):  # most are: told at once
        return cell if len(cell) <= FIELD_TEXT_MAX else None
    found = find(record, path)
    return plain(found[0]) if found else None


def _reference(record: Record, path: str) -> Reference | None:
    found = find(record, path)
    return reference(found[0]) if found else None
