"""State rows: what the state tables say, for holding them against the log. Nothing is trusted."""

import json
import sqlite3
from collections.abc import Iterator
from typing import Any, Final

from ticketgate.adapters.sqlite.rows import one, rows
from ticketgate.domain.verifying.state_check import TableRow

# Of each machine: its rows, with the names that the log's records use. A person is the actor that
# stands for them; `content` is read for the names below.
_ROWS: Final = {
    "delivery": "SELECT id, state, source FROM delivery",
    "ticket": 'SELECT id, verdict AS state, source, tbl AS "table", revision FROM ticket',
    "request": "SELECT id, state, entitlement, decide_by, content FROM request",
    "exception": "SELECT id, state, code FROM exception",
    "review": (
        "SELECT e.id AS id, e.state AS state, e.entitlement AS entitlement, e.within AS within,"
        " CASE WHEN a.id IS NOT NULL THEN a.id"
        " WHEN NOT EXISTS (SELECT 1 FROM actor WHERE id = e.subject) THEN e.subject END AS person"
        " FROM emergency e LEFT JOIN actor a ON a.subject = e.subject"
    ),
    "passkey": ("SELECT id, state, person, key, voucher, rp_id, origin, confirmed_at FROM passkey"),
    "grant": (
        "SELECT g.id AS id, g.state AS state, g.entitlement AS entitlement, g.target AS target,"
        " g.not_after AS not_after, g.content AS content, CASE WHEN a.id IS NOT NULL THEN a.id"
        # After erasure the actor itself stands there; one that is known has a subject.
        " WHEN NOT EXISTS (SELECT 1 FROM actor WHERE id = g.subject) THEN g.subject END AS subject"
        " FROM access_grant g LEFT JOIN actor a ON a.subject = g.subject"
    ),
}
_OF_CONTENT: Final = {
    "request": ("target", "round", "stage", "material", "not_before", "window_end"),
    "grant": ("request", "seconds", "baseline", "not_before", "window_end"),
}
_TABLES: Final = {"grant": "access_grant", "review": "emergency"}
_KEPT_TABLES: Final = (*_ROWS, "evidence_entry", "evidence_head", "evidence_disclosure")


def table_rows(connection: sqlite3.Connection) -> Iterator[TableRow]:
    """Every row of the tables that the log tells of: machine, id, state, what else it says."""
    for machine, sql in _ROWS.items():
        for row in rows(connection, sql):
            held = dict(row)
            ident, state = held.pop("id"), held.pop("state")
            yield machine, ident, state, held | _content(machine, held.pop("content", None))


def _content(machine: str, text: object) -> dict[str, Any]:
    """The names that are compared; None for those of a content that is no JSON object."""
    names = _OF_CONTENT.get(machine, ())
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        found = None
    return {name: found.get(name) if isinstance(found, dict) else None for name in names}


def is_untouched(connection: sqlite3.Connection) -> bool:
    """Whether nothing was ever written: a database that `init` made and no gateway has opened."""
    tables = [_TABLES.get(name, name) for name in _KEPT_TABLES]
    return all(one(connection, f"SELECT 1 FROM {name} LIMIT 1") is None for name in tables)  # noqa: S608 -- fixed names
