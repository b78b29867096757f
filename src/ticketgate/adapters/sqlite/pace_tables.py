"""How much each source may bring about, and what it brought about of late, in SQLite."""

import sqlite3
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from ticketgate.adapters.sqlite.rows import one, rows, scalar
from ticketgate.domain.instants import to_text
from ticketgate.domain.velocity import REASON, Rate

_HELD: Final = "state = 'blocked' AND json_extract(content, '$.reasons') = ?"
_ONLY: Final = f'["{REASON}"]'


class SqlitePace:
    """`ports.Pace`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def limit(self, source: str) -> Rate | None:
        """How many requests go to their approvers; None for a source that never had a limit."""
        row = one(self._db, "SELECT * FROM pace WHERE source = ?", source)
        return None if row is None else Rate(row["count"], timedelta(seconds=row["seconds"]))

    def set_limits(self, limits: Mapping[str, Rate]) -> None:
        """These from now on. A source that had a limit and is not among them has a count of 0."""
        self._db.execute("UPDATE pace SET count = 0")
        self._db.executemany(
            "INSERT OR REPLACE INTO pace VALUES (?, ?, ?)",
            [(name, one.count, int(one.per.total_seconds())) for name, one in limits.items()],
        )

    def passed(self, source: str, since: datetime) -> int:
        """How many requests went to their approvers later than `since`."""
        sql = "SELECT count(*) FROM passed WHERE source = ? AND at > ?"
        return int(scalar(self._db, sql, source, to_text(since)))

    def note_passed(self, source: str, request: str, at: datetime, since: datetime) -> None:
        """Note that one did; what is not later than `since` is forgotten."""
        sql = "DELETE FROM passed WHERE source = ? AND at <= ?"
        self._db.execute(sql, (source, to_text(since)))
        self._db.execute("INSERT INTO passed VALUES (?, ?, ?)", (source, request, to_text(at)))

    def held_sources(self) -> list[str]:
        """The sources of requests that nothing but their limit blocks."""
        sql = f"SELECT DISTINCT source FROM request WHERE {_HELD} ORDER BY source"  # noqa: S608
        return [row["source"] for row in rows(self._db, sql, _ONLY)]

    def held(self, source: str, limit: int) -> list[str]:
        """The ids of such requests of one source, oldest first."""
        sql = (
            f"SELECT id FROM request WHERE {_HELD} AND source = ?"  # noqa: S608
            " ORDER BY opened_at, rowid LIMIT ?"
        )
        return [row["id"] for row in rows(self._db, sql, _ONLY, source, limit)]
