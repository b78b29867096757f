"""How far sources were asked, and what their tickets are told, in SQLite."""

import sqlite3
from collections.abc import Collection, Mapping

from ticketgate.adapters.sqlite import codec
from ticketgate.adapters.sqlite.rows import one, scalar
from ticketgate.domain.instants import from_text, to_text
from ticketgate.domain.telling.write_back import Comment
from ticketgate.domain.tickets.polling import PollRow


class SqliteChannels:
    """`ports.Channels`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def polled(self, source: str, table: str) -> PollRow | None:
        """How far a table was asked; None before polling of it began."""
        row = one(self._db, "SELECT * FROM poll WHERE source = ? AND tbl = ?", source, table)
        if row is None:
            return None
        return PollRow(
            source=row["source"],
            table=row["tbl"],
            cursor=row["cursor"],
            since=from_text(row["since"]),
            done_at=codec.moment(row["done_at"]),
            hold=row["hold"],
        )

    def save_poll(self, row: PollRow) -> None:
        """Insert or replace."""
        self._db.execute(
            "INSERT OR REPLACE INTO poll VALUES (?, ?, ?, ?, ?, ?)",
            (
                row.source,
                row.table,
                row.cursor,
                to_text(row.since),
                codec.moment_text(row.done_at),
                row.hold,
            ),
        )

    def is_told(self, source: str, outcome: str) -> bool:
        """Whether tickets of this source get comments about such an outcome."""
        sql = "SELECT count(*) FROM told WHERE source = ? AND outcome = ?"
        return bool(scalar(self._db, sql, source, outcome))

    def tell(self, sources: Mapping[str, Collection[str]]) -> None:
        """Tickets of just these sources get comments from now on, about just these outcomes."""
        self._db.execute("DELETE FROM told")
        pairs = [(name, one) for name, outcomes in sources.items() for one in outcomes]
        self._db.executemany("INSERT INTO told VALUES (?, ?)", pairs)

    def add_comment(self, comment: Comment) -> None:
        """Store a comment."""
        self._db.execute(
            "INSERT INTO comment VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                comment.id,
                comment.source,
                comment.table,
                comment.ticket_id,
                comment.about,
                comment.text,
                comment.index,
                to_text(comment.queued_at),
            ),
        )

    def comment(self, ident: str) -> Comment | None:
        """The comment with this id."""
        row = one(self._db, "SELECT * FROM comment WHERE id = ?", ident)
        if row is None:
            return None
        return Comment(
            id=row["id"],
            source=row["source"],
            table=row["tbl"],
            ticket_id=row["ticket_id"],
            about=row["about"],
            text=row["text"],
            index=row["idx"],
            queued_at=from_text(row["queued_at"]),
        )
