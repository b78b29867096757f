"""The control surface in SQLite."""

import json
import sqlite3

from ticketgate.adapters.sqlite.rows import Row, one, rows, scalar
from ticketgate.domain.classifying.surface import SurfaceRow
from ticketgate.domain.instants import from_text, to_text


class SqliteSurface:
    """`ports.Surface`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def get(self, ident: str) -> SurfaceRow | None:
        """The row with this id."""
        found = one(self._db, "SELECT * FROM surface WHERE id = ?", ident)
        return None if found is None else _row(found)

    def find(self, key: tuple[str, str, str, str, str, str]) -> SurfaceRow | None:
        """The row of this `SurfaceRow.key`."""
        sql = (
            "SELECT * FROM surface WHERE origin = ? AND source = ? AND tbl = ? AND item = ?"
            " AND automation = ? AND account = ?"
        )
        found = one(self._db, sql, *key)
        return None if found is None else _row(found)

    def count(self, source: str) -> int:
        """How many rows a source has."""
        return int(scalar(self._db, "SELECT count(*) FROM surface WHERE source = ?", source))

    def save(self, row: SurfaceRow) -> None:
        """Insert, or replace the row of its id."""
        self._db.execute(
            "INSERT OR REPLACE INTO surface VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                row.id,
                *row.key,
                json.dumps(row.kinds),
                row.count,
                row.owner,
                row.boundary,
                to_text(row.first_seen),
                to_text(row.last_seen),
            ),
        )

    def listed(self, limit: int) -> list[SurfaceRow]:
        """Those seen last come first."""
        sql = "SELECT * FROM surface ORDER BY last_seen DESC, id LIMIT ?"
        return [_row(row) for row in rows(self._db, sql, limit)]

    def unowned(self, limit: int) -> list[SurfaceRow]:
        """The same of those that a machine writes and nobody answers for."""
        sql = (
            "SELECT * FROM surface WHERE owner = '' AND (automation <> '' OR account <> '')"
            " ORDER BY last_seen DESC, id LIMIT ?"
        )
        return [_row(row) for row in rows(self._db, sql, limit)]


def _row(row: Row) -> SurfaceRow:
    return SurfaceRow(
        id=row["id"],
        origin=row["origin"],
        source=row["source"],
        table=row["tbl"],
        item=row["item"],
        automation=row["automation"],
        account=row["account"],
        kinds=tuple(json.loads(row["kinds"])),
        count=row["count"],
        owner=row["owner"],
        boundary=row["boundary"],
        first_seen=from_text(row["first_seen"]),
        last_seen=from_text(row["last_seen"]),
    )
