"""What receivers are told, in SQLite."""

import sqlite3

from ticketgate.adapters.sqlite.rows import one
from ticketgate.domain.instants import from_text, to_text
from ticketgate.ports.announcements import Queued


class SqliteAnnouncements:
    """`ports.Announcements`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def upto(self) -> int | None:
        """The index of the first record that was not read; None while there is no receiver."""
        found = one(self._db, "SELECT upto FROM announced")
        return None if found is None else int(found["upto"])

    def set_upto(self, index: int | None) -> None:
        """Note it."""
        self._db.execute("DELETE FROM announced")
        if index is not None:
            self._db.execute("INSERT INTO announced VALUES (1, ?)", (index,))

    def add(self, row: Queued) -> None:
        """Store one; once per receiver and record."""
        self._db.execute(
            "INSERT INTO announcement VALUES (?, ?, ?, ?, ?)",
            (row.id, row.receiver, row.event, row.index, to_text(row.queued_at)),
        )

    def get(self, ident: str) -> Queued | None:
        """The one with this id; None once it is settled."""
        row = one(self._db, "SELECT * FROM announcement WHERE id = ?", ident)
        if row is None:
            return None
        at = from_text(row["queued_at"])
        return Queued(row["id"], row["receiver"], row["event"], row["idx"], at)

    def remove(self, ident: str) -> None:
        """It is settled: told, or given up."""
        self._db.execute("DELETE FROM announcement WHERE id = ?", (ident,))
