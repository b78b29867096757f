"""ServiceNow asked by us: its Table API for what was changed, and for work notes.

https://www.servicenow.com/docs/ ("Table API"): `sysparm_query`, `sysparm_display_value=all`,
`sysparm_fields`, `sysparm_limit`; `X-Total-Count` counts what the query found, also what the user
may not read.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from ticketgate.connector_api import (
    HttpAnswer,
    HttpClient,
    ItsmSettings,
    JsonValue,
    Misconfigured,
    NotFound,
    Page,
    Polled,
    Refused,
    TooLarge,
)
from ticketgate_connectors.itsm.servicenow.connector import APPROVERS
from ticketgate_connectors.itsm.servicenow.shapes import plain
from ticketgate_connectors.paging import FORM, Cursor, moment, read_cursor
from ticketgate_connectors.rest import Rest, authorization, read_back, record, records

# The columns that the shipped script sends: a polled record says the same of a ticket as a hook.
COLUMNS: Final = (
    "sys_id", "sys_class_name", "sys_mod_count", "sys_updated_on", "sys_updated_by",
    "number", "state", "approval", "priority", "category", "short_description", "description",
    "opened_by", "caller_id", "requested_for", "assigned_to", "assignment_group",
    "cat_item", "cmdb_ci", "correlation_id",
)  # fmt: skip
ITEMS: Final = "sc_req_item"
# Rows of approvers are claims and open nothing. Which variables of its item a task shows to a hook
# no table tells, and two records of one version that differ would park the ticket.
NOT_POLLED: Final = frozenset({APPROVERS, "sc_task"})
VARIABLES_MAX: Final = 1000  # of a page's tickets together
MASKED: Final = "25"  # question type of a masked variable: a secret, never read on
_SYS_ID: Final = re.compile(r"[0-9A-Za-z]{32}")
_OPTION: Final = "sc_item_option"
_NAME, _TYPE = f"{_OPTION}.item_option_new.name", f"{_OPTION}.item_option_new.type"
_VALUE: Final = f"{_OPTION}.value"

Record = Mapping[str, JsonValue]


class ServiceNowClient:
    """`connector_api.ItsmClient` on the Table API, with a password (Basic) or an OAuth token."""

    def __init__(self, settings: ItsmSettings, http: HttpClient) -> None:
        self._rest = Rest(f"{settings.url}/api/now", authorization(settings, "Bearer"), http)
        self._settings = settings
        self.tables = tuple(one for one in settings.mapping.tables if one not in NOT_POLLED)

    def begin(self, since: datetime) -> str:
        """The cursor of that time."""
        return Cursor((since - self._settings.overlap).replace(microsecond=0)).text

    def poll(self, table: str, cursor: str, limit: int) -> Page:
        """Records changed behind the cursor, variables included."""
        at = read_cursor(cursor)
        found, answer = self._read(table, _query(at), limit)
        seen = [(moment(_text(one, "sys_updated_on")), _text(one, "sys_id")) for one in found]
        if len({ident for _, ident in seen}) != len(seen):
            raise Misconfigured("the platform gave one record twice")
        told = answer.headers.get("x-total-count", "")
        full = int(told) > len(found) if told.isdecimal() else len(found) >= limit
        following, more = at.behind(seen, self._settings.overlap, full=full)
        if table == ITEMS:
            found = self._with_variables(found)
        polled = tuple(
            Polled(table, ident, _body(table, one))
            for (_, ident), one in zip(seen, found, strict=True)
        )
        return Page(polled, following.text, more)

    def fetch(self, table: str, ticket_id: str) -> Polled | None:
        """One record as it is now, variables included; None where our user is shown none."""
        if not _SYS_ID.fullmatch(ticket_id):
            return None
        found, _ = self._read(table, f"sys_id={ticket_id}", 1)
        if [_text(one, "sys_id") for one in found] not in ([], [ticket_id]):
            raise Misconfigured("the platform answered with another record")
        if table == ITEMS:
            found = self._with_variables(found)
        return Polled(table, ticket_id, _body(table, found[0])) if found else None

    def _read(self, table: str, query: str, limit: int) -> tuple[Sequence[Record], HttpAnswer]:
        params = {
            "sysparm_query": query,
            "sysparm_display_value": "all",
            "sysparm_fields": ",".join(self._columns(table)),
            "sysparm_limit": str(limit),
        }
        raw, answer = self._rest.get(f"/table/{table}", params)
        return records(record(raw).get("result")), answer

    def comment(self, table: str, ticket_id: str, text: str, key: str) -> str:
        """A work note: the customer does not see it."""
        if not _SYS_ID.fullmatch(ticket_id):
            raise NotFound("that is no sys_id")
        place = f"/table/{table}/{ticket_id}"
        if key in self._notes(place, ticket_id):
            return key
        self._rest.change("PATCH", place, {"work_notes": text})
        written = read_back(lambda: self._notes(place, ticket_id), "note")
        if key not in written:
            raise Refused(  # tried again it would be written again
                "the note was taken, and is not among those of the ticket",
                next_step="find out what on the platform takes work notes away",
            )
        return key

    def close(self) -> None:
        """Nothing is kept open."""

    def _notes(self, place: str, ticket_id: str) -> str:
        """All work notes of the ticket, as a person sees them."""
        fields = {"sysparm_display_value": "all", "sysparm_fields": "sys_id,work_notes"}
        raw, _ = self._rest.get(place, fields)
        found = record(record(raw).get("result"))
        if _text(found, "sys_id") != ticket_id:
            raise Misconfigured("the platform answered with another record")
        cell = found.get("work_notes")
        if not isinstance(cell, Mapping):
            raise Misconfigured(
                "our user may not read the work notes of the table",
                next_step="give the user the right to read and write work_notes",
            )
        shown = cell.get("display_value")
        return shown if isinstance(shown, str) else ""

    def _columns(self, table: str) -> Sequence[str]:
        mapped = self._settings.mapping.tables[table].map.values()
        own = [path.partition(".")[0] for path in mapped if path is not None]
        return list(dict.fromkeys((*COLUMNS, *(one for one in own if one != "variables"))))

    def _with_variables(self, found: Sequence[Record]) -> list[Record]:
        """The records with their catalog variables, which are rows of another table."""
        if not found:
            return []
        wanted = ",".join(_text(one, "sys_id") for one in found)
        query = {
            "sysparm_query": f"request_itemIN{wanted}^ORDERBYrequest_item",
            "sysparm_fields": f"request_item,{_NAME},{_TYPE},{_VALUE}",
            "sysparm_display_value": "all",
            "sysparm_limit": str(VARIABLES_MAX),
        }
        raw, _ = self._rest.get("/table/sc_item_option_mtom", query)
        rows = records(record(raw).get("result"))
        if len(rows) >= VARIABLES_MAX:
            raise TooLarge("the tickets have more variables than are read at once")
        of: dict[str, dict[str, JsonValue]] = {}
        for row in rows:
            name = _text(row, _NAME)
            if name and _text(row, _TYPE) != MASKED:
                of.setdefault(_text(row, "request_item"), {})[name] = row.get(_VALUE)
        return [{**one, "variables": of.get(_text(one, "sys_id"), {})} for one in found]


def _query(at: Cursor) -> str:
    when = at.since.strftime(FORM)
    if at.after:
        return f"sys_updated_on={when}^sys_id>{at.after}^ORDERBYsys_id"
    return f"sys_updated_on>={when}^ORDERBYsys_updated_on^ORDERBYsys_id"


def _body(table: str, one: Record) -> bytes:
    return json.dumps(
        {"table": table, "record": one}, sort_keys=True, separators=(",", ":")
    ).encode("ascii")


def _text(one: Record, column: str) -> str:
    return plain(one.get(column)) or ""
