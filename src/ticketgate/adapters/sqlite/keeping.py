"""What retention and erasure ask of the tables, and what they take away."""

import sqlite3
from datetime import datetime
from typing import Final

from ticketgate.adapters.sqlite import codec
from ticketgate.adapters.sqlite.evidence_tables import SEGMENT_ENTRIES
from ticketgate.adapters.sqlite.indexes import UNENDED
from ticketgate.adapters.sqlite.rows import rows, scalar
from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.instants import to_text

# Requests that are live, or have a grant that is, or whose decision or grant ended lately (?1).
_NEEDED = f"""
SELECT min(opened_at) FROM request WHERE state IN ('blocked', 'awaiting')
  OR id IN (SELECT request FROM approval WHERE ?1 IS NULL OR decided_at > ?1)
  OR id IN (SELECT json_extract(content, '$.request') FROM access_grant WHERE
    {UNENDED} OR ?1 IS NULL OR json_extract(content, '$.ended_at') > ?1)
"""  # noqa: S608 -- fixed words
# The same of emergencies: their reviews are what is decided.
_OWED = f"""
SELECT min(invoked_at) FROM emergency WHERE state NOT IN ('asked', 'consented') AND (
  state <> 'done' OR ?1 IS NULL OR reviewed_at > ?1
  OR access_grant IN (SELECT id FROM access_grant WHERE {UNENDED}
    OR json_extract(content, '$.ended_at') > ?1))
"""  # noqa: S608 -- as above

_WAITS: Final = """EXISTS (SELECT 1 FROM command WHERE command.about = {table}.id
  AND command.kind = '{kind}' AND command.state IN ('queued', 'intended'))"""
# By table, of those older than ?1 (a moment, or its day) the rows that nothing needs any more.
_DONE: Final = {
    "letter": "queued_at < ?1 AND (until IS NULL OR until < ?1) AND NOT "
    + _WAITS.format(table="letter", kind="mail_outcome"),
    "comment": "queued_at < ?1 AND NOT " + _WAITS.format(table="comment", kind="comment"),
    "reminder": "day < substr(?1, 1, 10) AND NOT EXISTS (SELECT 1 FROM link WHERE"
    " link.id = substr(key, 1, instr(key, ':') - 1) AND link.state = 'issued')",
    "digest": "day < substr(?1, 1, 10) AND NOT "
    + _WAITS.format(table="digest", kind="mail_digest"),
}


class SqliteKeeping:
    """`ports.Keeping`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def needed_since(self, decided_since: datetime | None) -> datetime | None:
        """When the oldest thing began whose records must stay."""
        moments = [
            scalar(self._db, _NEEDED, codec.moment_text(decided_since)),
            scalar(self._db, _OWED, codec.moment_text(decided_since)),
            scalar(self._db, "SELECT min(received_at) FROM delivery WHERE state = 'accepted'"),
        ]
        return codec.moment(min(filter(None, moments), default=None))

    def actors_below(self, boundary: int) -> list[tuple[str, str]]:
        """(subject, actor) of those whose mapping is given by an entry below `boundary` only."""
        sql = (
            "SELECT DISTINCT actor.subject AS subject, actor.id AS id FROM evidence_disclosure d"
            " JOIN actor ON actor.subject = d.subject"
            " WHERE d.idx < ?1 AND d.kind = 'actor' AND d.encoded IS NOT NULL"
            " AND NOT EXISTS (SELECT 1 FROM evidence_disclosure l WHERE l.subject = d.subject"
            " AND l.kind = 'actor' AND l.idx >= ?1) ORDER BY actor.rowid"
        )
        return [(row["subject"], row["id"]) for row in rows(self._db, sql, boundary)]

    def drop_messages(self, before: datetime, limit: int) -> int:
        """Drop letters, comments, reminders and digests of before; how many."""
        dropped = 0
        for table, done in _DONE.items():
            sql = f"""DELETE FROM {table} WHERE rowid IN (
              SELECT rowid FROM {table} WHERE {done} LIMIT ?2)"""  # noqa: S608 -- fixed words
            dropped += self._db.execute(sql, (to_text(before), limit)).rowcount
        return dropped

    def prune(self, boundary: int, snapshot: bytes) -> None:
        """Take the segment that ends at `boundary` away; its leaf hashes stay.

        Raises:
            EvidenceError: it is not the first one that is left, or it is not whole.
        """
        segment, odd = divmod(boundary, SEGMENT_ENTRIES)
        first = (segment - 1) * SEGMENT_ENTRIES
        sql = "SELECT leaf FROM evidence_entry WHERE idx < ? ORDER BY idx"
        leaves = [leaf for (leaf,) in self._db.execute(sql, (boundary,))]
        start = scalar(self._db, "SELECT min(idx) FROM evidence_entry")
        if odd or start != first or len(leaves) != SEGMENT_ENTRIES:
            raise EvidenceError(f"nothing ends at {boundary} that can be pruned now")
        # The triggers let go only of what has its leaf hashes kept.
        self._db.execute(
            "INSERT INTO evidence_pruned VALUES (?, ?)", (segment - 1, b"".join(leaves))
        )
        self._db.execute("DELETE FROM evidence_snapshot")
        self._db.execute("INSERT INTO evidence_snapshot VALUES (?, ?)", (boundary, snapshot))
        self._db.execute("DELETE FROM evidence_disclosure WHERE idx < ?", (boundary,))
        self._db.execute("DELETE FROM evidence_entry WHERE idx < ?", (boundary,))
