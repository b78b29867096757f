"""A database file that holds what a log makes of the tables, for looking at beside the real one."""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

from ticketgate.adapters.sqlite import migrating, schema
from ticketgate.adapters.sqlite.rows import rows
from ticketgate.domain.errors import StoreUnavailableError
from ticketgate.domain.log.rebuilt_row import Hidden, Row
from ticketgate.domain.verifying.rebuild import TABLES, Rebuild

_PEOPLE: Final = frozenset({"approver", "on_behalf_of", "subject"})


def write(rebuilt: Rebuild, path: Path) -> None:
    """Write the tables into a new file of the same schema.

    What no entry and no disclosure that is given holds is NULL, or empty where a column must hold
    something; a person who was erased is the actor, a ticket our own id.

    Raises:
        StoreUnavailableError: there is such a file, or it cannot be written.
    """
    if path.exists():
        raise StoreUnavailableError(
            f"{path} is there already", next_step="name a file that does not exist yet"
        )
    with closing(schema.connect(path)) as connection:
        migrating.migrate(connection)
        connection.execute("BEGIN")
        for table in TABLES:
            _fill(connection, table, rebuilt)
        connection.execute("COMMIT")


def _fill(connection: sqlite3.Connection, table: str, rebuilt: Rebuild) -> None:
    columns = {
        row["name"]: (row["type"], bool(row["notnull"] or row["pk"]))
        for row in rows(connection, f"PRAGMA table_info({table})")
    }
    marks = ", ".join("?" * len(columns))
    for ident, row in rebuilt.tables[table].items():
        known = _known(table, ident, row, rebuilt)
        values = [
            _value(known.get(name), kind, needed=needed) for name, (kind, needed) in columns.items()
        ]
        connection.execute(f"INSERT INTO {table} VALUES ({marks})", values)  # noqa: S608 -- fixed names


def _known(table: str, ident: str, row: Row, rebuilt: Rebuild) -> dict[str, object]:
    plain = {name: _given(value) for name, value in row.columns.items()}
    for name in _PEOPLE & plain.keys():
        if table != "actor":
            plain[name] = _person(plain[name], rebuilt)
    known: dict[str, object] = {"id": ident, **plain}
    match table:
        case "actor":
            known["subject"] = plain["subject"] or ident
        case "loaded":
            known["kind"] = ident
        case "delivery":
            known["webhook_id"] = plain.get("webhook") or ident
        case "ticket":
            known["ticket_id"] = _ticket_id(ident, rebuilt)
            content = plain.get("content")
            known["content"] = None if content is None else json.dumps(content)
        case "request" | "access_grant":
            request = rebuilt.tables["request"].get(str(plain.get("request", ident)))
            asked_by = "" if request is None else request.columns.get("ticket", "")
            known["ticket_id"] = _ticket_id(str(asked_by), rebuilt)
            known["content"] = json.dumps(plain)
        case _:
            pass
    return known


def _given(value: object) -> object:
    if isinstance(value, Hidden):
        return value.value if value.given else None
    return value


def _person(actor: object, rebuilt: Rebuild) -> object:
    """The subject that an actor stands for, where that is told."""
    row = rebuilt.tables["actor"].get(str(actor))
    return (_given(row.columns.get("subject")) if row is not None else None) or actor


def _ticket_id(ident: str, rebuilt: Rebuild) -> object:
    """The platform's id of a ticket, where its content is given; else ours."""
    row = rebuilt.tables["ticket"].get(ident)
    content = None if row is None else _given(row.columns.get("content"))
    return content.get("id", ident) if isinstance(content, Mapping) else ident


def _value(value: object, kind: str, *, needed: bool) -> object:
    if value is None and needed:
        return 0 if kind == "INTEGER" else ""
    return value
