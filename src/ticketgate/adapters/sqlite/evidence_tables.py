"""The evidence log in SQLite: appended inside the transaction of what it records."""

import sqlite3
from collections.abc import Iterator
from datetime import datetime

from ticketgate.adapters.sqlite.rows import scalar
from ticketgate.domain import evidence
from ticketgate.domain.evidence import Draft, EvidenceRef, Head, genesis, seal
from ticketgate.domain.instants import from_text
from ticketgate.domain.verification import check_record
from ticketgate.ports import Ids


class SqliteLog:
    """Appends to the log. `head` is held in memory and put back when a savepoint rolls back.

    `append` leaves the stored head as it was: `store_head` belongs before each COMMIT.
    """

    def __init__(self, connection: sqlite3.Connection, origin: str, ids: Ids) -> None:
        """Read the head that the file has."""
        self._db = connection
        self._ids = ids
        self.origin = origin
        self.head = self.stored_head()

    def stored_head(self) -> Head:
        """The head as stored; that of the empty log when there is none."""
        found = self._db.execute("SELECT size, leaf FROM evidence_head").fetchone()
        return genesis(self.origin) if found is None else Head(found[0], found[1])

    def store_head(self) -> None:
        """Store the head, once for all records of a transaction, before it commits."""
        self._db.execute(
            "INSERT OR REPLACE INTO evidence_head VALUES (1, ?, ?)",
            (self.head.size, self.head.leaf),
        )

    def append(self, draft: Draft, now: datetime) -> EvidenceRef:
        """Append one record.

        Raises:
            EvidenceError: the draft is outside the profile or the vocabulary.
        """
        check_record(draft)
        salts = [self._ids.salt() for _ in draft.disclosures]
        sealed = seal(self.head, draft, now, salts)
        index = self.head.size
        self._db.execute(
            "INSERT INTO evidence_entry VALUES (?, ?, ?)", (index, sealed.head.leaf, sealed.entry)
        )
        for hidden in sealed.disclosures:
            self._db.execute(
                "INSERT INTO evidence_disclosure VALUES (?, ?, ?, ?, ?)",
                (hidden.digest, index, hidden.subject, hidden.kind, hidden.encoded),
            )
        self.head = sealed.head
        return EvidenceRef(self.origin, index, sealed.head.leaf.hex())


def last_instant(connection: sqlite3.Connection) -> datetime | None:
    """The time of the last record, None for an empty log."""
    entry = scalar(connection, "SELECT entry FROM evidence_entry ORDER BY idx DESC LIMIT 1")
    if entry is None:
        return None
    stamp = evidence.parse_entry(entry)["_ts"]
    return from_text(str(stamp))


def entries(connection: sqlite3.Connection) -> Iterator[tuple[int, bytes, bytes]]:
    """(index, stored leaf, entry) of every record, in order."""
    yield from connection.execute("SELECT idx, leaf, entry FROM evidence_entry ORDER BY idx")


def disclosures(connection: sqlite3.Connection) -> Iterator[tuple[str, int, str | None]]:
    """(digest, index, encoded or None) of every disclosure."""
    yield from connection.execute("SELECT digest, idx, encoded FROM evidence_disclosure")
