"""The evidence log in SQLite: appended inside the transaction of what it records."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ticketgate.adapters.sqlite.rows import scalar
from ticketgate.domain import evidence
from ticketgate.domain.evidence import Draft, EvidenceRef, Head, genesis, seal
from ticketgate.domain.instants import from_text
from ticketgate.domain.log.machines import check_record
from ticketgate.domain.log.merkle import HASH_BYTES, Frontier, TileHash, decoded, grow
from ticketgate.domain.verifying import log_life
from ticketgate.domain.verifying.snapshot import Pruned
from ticketgate.ports import Ids

SEGMENT_ENTRIES: Final = log_life.SEGMENT_ENTRIES


@dataclass(frozen=True, slots=True)
class LogEnd:
    """Where the log ends: its chain's head, and the frontier of its tree."""

    head: Head
    tree: Frontier


class SqliteLog:
    """Appends to the log. `end` is held in memory and put back when a savepoint rolls back.

    `append` leaves the stored head as it was: `store_head` belongs before each COMMIT.
    """

    def __init__(self, connection: sqlite3.Connection, origin: str, ids: Ids) -> None:
        """Read the end that the file has; the tree of a log that has none yet is grown now."""
        self._db = connection
        self._ids = ids
        self.origin = origin
        self._grow_missing()
        self.end = self.stored_end()

    @property
    def head(self) -> Head:
        """The head of the chain."""
        return self.end.head

    def stored_end(self) -> LogEnd:
        """The end as stored; that of the empty log when there is none."""
        found = self._db.execute("SELECT size, leaf, frontier FROM evidence_head").fetchone()
        if found is None:
            return LogEnd(genesis(self.origin), Frontier())
        return LogEnd(Head(found[0], found[1]), decoded(found[0], found[2]))

    def check_end(self) -> None:
        """Hold the end in memory against the file's, in a transaction that has begun.

        One gateway writes, and a lock sees to that (`instance_lock`); where it does not, whatever
        would come after an end that is not the log's is refused here.

        Raises:
            sqlite3.OperationalError: somebody else has written; `stored_end` has where it ends now.
        """
        found = self._db.execute("SELECT size, leaf FROM evidence_head").fetchone()
        head = self.end.head
        if found is not None and tuple(found) != (head.size, head.leaf):
            raise sqlite3.OperationalError("another process has written to this store")

    def store_head(self) -> None:
        """Store the head, once for all records of a transaction, before it commits."""
        head, tree = self.end.head, self.end.tree
        self._db.execute(
            "INSERT OR REPLACE INTO evidence_head VALUES (1, ?, ?, ?)",
            (head.size, head.leaf, tree.encoded()),
        )

    def append(self, draft: Draft, now: datetime) -> EvidenceRef:
        """Append one record.

        Raises:
            EvidenceError: the draft is outside the profile or the vocabulary.
        """
        check_record(draft)
        salts = [one.salt or self._ids.salt() for one in draft.disclosures]
        sealed = seal(self.end.head, draft, now, salts)
        index = self.end.head.size
        self._db.execute(
            "INSERT INTO evidence_entry VALUES (?, ?, ?)", (index, sealed.head.leaf, sealed.entry)
        )
        for hidden in sealed.disclosures:
            self._db.execute(
                "INSERT INTO evidence_disclosure VALUES (?, ?, ?, ?, ?)",
                (hidden.digest, index, hidden.subject, hidden.kind, hidden.encoded),
            )
        tree, done = grow(self.end.tree, sealed.head.leaf)
        self._store_tiles(done)
        self.end = LogEnd(sealed.head, tree)
        return EvidenceRef(self.origin, index, sealed.head.leaf.hex())

    def _store_tiles(self, done: Sequence[TileHash]) -> None:
        for one in done:
            self._db.execute(
                "INSERT INTO evidence_tile VALUES (?, ?, ?)", (one.level, one.index, one.hash)
            )

    def _grow_missing(self) -> None:
        """Grow the tree of a log that was begun before logs had one, in one transaction."""
        found = self._db.execute("SELECT size FROM evidence_head WHERE frontier IS NULL").fetchone()
        if found is None:
            return
        tree = Frontier()
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for (leaf,) in self._db.execute("SELECT leaf FROM evidence_entry ORDER BY idx"):
                tree, done = grow(tree, leaf)
                self._store_tiles(done)
            self._db.execute(
                "UPDATE evidence_head SET frontier = ? WHERE size = ?", (tree.encoded(), tree.size)
            )
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise


class SqliteEvidence:
    """`ports.EvidenceReading` over one connection; what is read is as stored, not verified."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def head(self) -> Head | None:
        """The head row; None where there is none."""
        found = self._db.execute("SELECT size, leaf FROM evidence_head").fetchone()
        return None if found is None else Head(found[0], found[1])

    def tree(self) -> Frontier:
        """The frontier beside the head row; that of the empty tree where there is none."""
        found = self._db.execute("SELECT size, frontier FROM evidence_head").fetchone()
        return Frontier() if found is None else decoded(found[0], found[1] or b"")

    def first(self) -> int:
        """The index of the first entry that retention has left."""
        pruned = scalar(self._db, "SELECT coalesce(max(segment), -1) + 1 FROM evidence_pruned")
        return int(pruned) * SEGMENT_ENTRIES

    def hashes(self, level: int, first: int, count: int) -> list[bytes]:
        """`merkle.ReadHashes` of the stored tree."""
        if level:
            sql = "SELECT hash FROM evidence_tile WHERE level = ? AND idx >= ? ORDER BY idx LIMIT ?"
            return [row[0] for row in self._db.execute(sql, (level, first, count))]
        pruned = self.first()
        found = self._pruned_leaves(first, min(count, max(0, pruned - first)))
        sql = "SELECT leaf FROM evidence_entry WHERE idx >= ? ORDER BY idx LIMIT ?"
        rest = (max(first, pruned), count - len(found))
        return [*found, *(row[0] for row in self._db.execute(sql, rest))]

    def entry(self, index: int) -> bytes | None:
        """The bytes of one entry; None where there is none, or none any more."""
        found: bytes | None = scalar(
            self._db, "SELECT entry FROM evidence_entry WHERE idx = ?", index
        )
        return found

    def entries(self, first: int, end: int) -> Iterator[tuple[int, bytes, bytes]]:
        """(index, stored leaf, entry) of the records from `first` to before `end`, in order."""
        sql = "SELECT idx, leaf, entry FROM evidence_entry WHERE idx >= ? AND idx < ? ORDER BY idx"
        return self._db.execute(sql, (first, end))

    def naming(self, name: str, first: int, end: int, limit: int) -> list[int]:
        """The indexes of the first `limit` records in a range that name an id, in order."""
        sql = (
            "SELECT idx FROM evidence_naming WHERE name = ? AND idx >= ? AND idx < ?"
            " ORDER BY idx LIMIT ?"
        )
        return [row[0] for row in self._db.execute(sql, (name, first, end, limit))]

    def disclosures(self, first: int, end: int) -> Iterator[tuple[str, int, str | None]]:
        """(digest, index, encoded or None) of those records' disclosures, by index and digest."""
        sql = (
            "SELECT digest, idx, encoded FROM evidence_disclosure WHERE idx >= ? AND idx < ?"
            " ORDER BY idx, digest"
        )
        return self._db.execute(sql, (first, end))

    def hidden(self, index: int) -> Iterator[tuple[str, str | None, str, str]]:
        """(digest, encoded or None, subject, kind) of one record's disclosures, by digest."""
        sql = (
            "SELECT digest, encoded, subject, kind FROM evidence_disclosure WHERE idx = ?"
            " ORDER BY digest"
        )
        return self._db.execute(sql, (index,))

    def pruned(self) -> Pruned | None:
        """Where the log begins; None where it has its first entry still, or never had any."""
        boundary = self.first()
        if not boundary:
            return None
        leaf = b"".join(self._pruned_leaves(boundary - 1, 1))  # none, where the row was cut
        sql = "SELECT json FROM evidence_snapshot WHERE boundary = ?"
        return Pruned(boundary, leaf, scalar(self._db, sql, boundary))

    def pruned_leaves(self) -> Iterator[bytes]:
        """The leaf hashes of what was pruned, a segment's in one row of bytes at a time."""
        sql = "SELECT leaves FROM evidence_pruned ORDER BY segment"
        for (leaves,) in self._db.execute(sql):
            yield leaves

    def snapshots(self) -> Iterator[tuple[int, bytes]]:
        """(boundary, canonical JSON) of what replaying starts from where entries were pruned."""
        yield from self._db.execute(
            "SELECT boundary, json FROM evidence_snapshot ORDER BY boundary"
        )

    def _pruned_leaves(self, first: int, count: int) -> list[bytes]:
        """So many of them as are there, whole."""
        found: list[bytes] = []
        while len(found) < count:
            segment, at = divmod(first + len(found), SEGMENT_ENTRIES)
            sql = "SELECT substr(leaves, ?, ?) FROM evidence_pruned WHERE segment = ?"
            wanted = min(count - len(found), SEGMENT_ENTRIES - at)
            span = (at * HASH_BYTES + 1, wanted * HASH_BYTES)
            data = scalar(self._db, sql, *span, segment)
            if not isinstance(data, bytes) or len(data) != wanted * HASH_BYTES:
                break  # a row that was tampered with: what asks for its hashes finds too few
            found += [data[i : i + HASH_BYTES] for i in range(0, len(data), HASH_BYTES)]
        return found


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
