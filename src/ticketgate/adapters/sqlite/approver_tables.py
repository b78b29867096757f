"""The platforms' own approver rows in SQLite."""

import sqlite3

from ticketgate.adapters.sqlite.rows import one, rows


class SqliteApproverRows:
    """`ports.ApproverRows`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def last(self, source: str, ident: str) -> tuple[int | None, str] | None:
        """Version and approver that were noted last."""
        sql = "SELECT version, approver FROM approver_row WHERE source = ? AND id = ?"
        found = one(self._db, sql, source, ident)
        return None if found is None else (found["version"], found["approver"])

    def note(
        self, source: str, ident: str, *, parent: str, version: int | None, approver: str
    ) -> None:
        """Note them in place of what was noted."""
        self._db.execute(
            "INSERT OR REPLACE INTO approver_row VALUES (?, ?, ?, ?, ?)",
            (source, ident, parent, version, approver),
        )

    def parents(self, source: str, ticket_id: str) -> list[tuple[str, str, str]]:
        """The keys of the tickets of this source with this platform id, over its tables."""
        sql = "SELECT tbl FROM ticket WHERE source = ? AND ticket_id = ? ORDER BY tbl"
        return [(source, row["tbl"], ticket_id) for row in rows(self._db, sql, source, ticket_id)]
