"""How it goes with each anchor, in SQLite."""

import sqlite3

from ticketgate.adapters.sqlite import codec
from ticketgate.adapters.sqlite.rows import one
from ticketgate.domain.instants import from_text, to_text
from ticketgate.domain.log.anchor import AnchorKind, AnchorRow


class SqliteAnchors:
    """`ports.Anchors`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def get(self, kind: AnchorKind, name: str) -> AnchorRow | None:
        """The row of one anchor; None before its first outcome."""
        row = one(self._db, "SELECT * FROM anchor WHERE kind = ? AND name = ?", kind.value, name)
        if row is None:
            return None
        return AnchorRow(
            kind=AnchorKind(row["kind"]),
            name=row["name"],
            since=from_text(row["since"]),
            size=row["size"],
            anchored_at=codec.moment(row["anchored_at"]),
            code=row["code"],
        )

    def save(self, row: AnchorRow) -> None:
        """Insert or replace."""
        self._db.execute(
            "INSERT OR REPLACE INTO anchor VALUES (?, ?, ?, ?, ?, ?)",
            (
                row.kind.value,
                row.name,
                to_text(row.since),
                row.size,
                codec.moment_text(row.anchored_at),
                row.code,
            ),
        )
