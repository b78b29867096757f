"""How a ServiceNow record becomes a ticket.

The body is a bare record, `{"result": record}` (Table API), or `{"table": …, "record": {…}}`
(the shipped script). `sys_class_name` tells the table, else `table`; a record that has both
`approver` and `sysapproval` and tells no table is a `sysapproval_approver` row.
"""

import re
from collections.abc import Mapping
from typing import Final

from ticketgate.connector_api import (
    FIELD_TEXT_MAX,
    REFERENCE_FIELDS,
    ApproverRow,
    JsonValue,
    MalformedDeliveryError,
    Missing,
    Reference,
    SourceMapping,
    StateClass,
    TableMapping,
    Ticket,
    Value,
)
from ticketgate_connectors.itsm.servicenow.shapes import EMPTY, find, plain, reference

APPROVERS: Final = "sysapproval_approver"

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
    "sc_task": {**TASK, "catalog_item": "cat_item"},
    # The caller is whom the incident is for; opened_by may be the service desk.
    "incident": {**TASK, "requested_for": "caller_id", "category": "category"},
}
WITH_VARIABLES: Final = frozenset({"sc_req_item", "sc_task"})

_TABLE: Final = re.compile(r"[a-z][a-z0-9_]{0,79}")
_TICKET_ID: Final = re.compile(r"[0-9A-Za-z._-]{1,64}")
_VERSION: Final = re.compile(r"0|[1-9][0-9]{0,14}")
_SCRIPT_ID: Final = re.compile(r"([0-9a-f]{32})-(?:0|[1-9][0-9]{0,14})")

Record = Mapping[str, JsonValue]


class ServiceNow:
    """The ServiceNow connector (`connector_api.ItsmConnector`). Holds no state."""

    kind: str = "servicenow"
    schemes: tuple[str, ...] = ("standard_webhooks", "basic", "bearer", "api_key")

    def normalise(self, payload: JsonValue, mapping: SourceMapping) -> Ticket | ApproverRow:
        """The ticket revision that the payload is.

        Raises:
            MalformedDeliveryError: `not_a_record` (no object, or a list of them); `no_table`
                (no table can be told); `no_mapping` (the mapping lacks it); `no_ticket_id` (no
                sys_id, or an approver row without its ticket).
        """
        record, envelope = _unwrapped(payload)
        table = _table(record, envelope)
        known = mapping.tables.get(table)
        if known is None:
            raise MalformedDeliveryError(
                f"the mapping of this source has no table {table}",
                code="no_mapping",
                next_step=f"list {table} under the source's `tables:`, or stop sending it",
            )
        if table == APPROVERS:
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
        raise MalformedDeliveryError(
            "the body is not one record",
            code="not_a_record",
            next_step="send one record per delivery: bare, under `result`, or under `record`",
        )
    return inner, payload


def _table(record: Record, envelope: Record) -> str:
    table = _text(record, "sys_class_name") or _text(envelope, "table")
    if not table and "approver" in record and "sysapproval" in record:
        return APPROVERS  # the one table here that has no sys_class_name
    if not _TABLE.fullmatch(table):
        raise MalformedDeliveryError(
            "the record does not tell its table",
            code="no_table",
            next_step="send sys_class_name, or `table` beside `record`",
        )
    return table


def _ticket(record: Record, known: TableMapping, source: str) -> Ticket:
    state = _text(record, "state")
    paths = {**DEFAULTS.get(known.name, TASK), **known.map}
    return Ticket(
        source=source,
        table=known.name,
        id=_ticket_id(record, "sys_id"),
        version=_version(record),
        state=state,
        state_class=known.states.get(state, StateClass.UNLISTED),
        updated_by=_text(record, "sys_updated_by"),
        bound_to=known.bound_to,
        fields={
            name: _field(record, name, path, must_have=name in known.must_have)
            for name, path in paths.items()
            if path is not None
        },
        variables=_variables(record) if known.name in WITH_VARIABLES else None,
    )


def _approver_row(record: Record, source: str) -> ApproverRow:
    return ApproverRow(
        source=source,
        id=_ticket_id(record, "sys_id"),
        version=_version(record),
        parent=_ticket_id(record, "sysapproval"),
        approver=_reference(record, "approver") or Reference(None, None),
        state=_text(record, "state"),
        updated_by=_text(record, "sys_updated_by"),
    )


def _field(record: Record, name: str, path: str, *, must_have: bool) -> Value | Missing:
    """A declared field; absent when missing, unreadable, cut, or empty where it must not be."""
    value: Value | None = (
        _reference(record, path) if name in REFERENCE_FIELDS else _plain(record, path)
    )
    if value is None or (must_have and value in ("", EMPTY)):
        return Missing.ABSENT
    return value


def _variables(record: Record) -> dict[str, str | Missing]:
    """The catalog variables by name; none where they cannot be read, so that each is absent."""
    found = record.get("variables")
    if not isinstance(found, Mapping):
        return {}
    texts = {name: plain(cell) for name, cell in found.items()}
    return {name: Missing.ABSENT if text is None else text for name, text in texts.items()}


def _ticket_id(record: Record, column: str) -> str:
    ident = _text(record, column)
    if not _TICKET_ID.fullmatch(ident):
        raise MalformedDeliveryError(
            f"the record has no usable {column}",
            code="no_ticket_id",
            next_step=f"send {column} with the record",
        )
    return ident


def _version(record: Record) -> int | None:
    text = _text(record, "sys_mod_count")
    return int(text) if _VERSION.fullmatch(text) else None


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
