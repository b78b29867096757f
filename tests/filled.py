"""Logs of any size, filled in one transaction: what an export, tiles and proofs are tried on."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

from typing_extensions import override

from ticketgate.adapters.ids import RandomIds
from ticketgate.adapters.signer import CheckpointSigner
from ticketgate.adapters.signing_keys import SigningKey
from ticketgate.adapters.sqlite import schema
from ticketgate.adapters.sqlite.evidence_tables import SqliteEvidence, SqliteLog
from ticketgate.adapters.sqlite.store import bind_origin
from ticketgate.domain.checkpoint import Checkpoint
from ticketgate.domain.evidence import FORMAT, Disclosure, Draft
from ticketgate.domain.merkle import root_at

BEGUN: Final = datetime(2026, 11, 22, 2, 40, tzinfo=UTC)
DISCLOSED_EVERY: Final = 8  # one record in so many hides something


class CountedSalts(RandomIds):
    """Salts that count, so that a log is the same each time."""

    def __init__(self) -> None:
        self._count = 0

    @override
    def salt(self) -> bytes:
        self._count += 1
        return self._count.to_bytes(16, "big")


def fill(path: Path, origin: str, size: int, pad: int = 0) -> None:
    """Append records until the log at `path` has `size`; `pad` makes each one larger."""
    with closing(schema.connect(path)) as connection:
        schema.migrate(connection)
        bind_origin(connection, origin)
        log = SqliteLog(connection, origin, CountedSalts())
        connection.execute("BEGIN IMMEDIATE")
        for index in range(log.head.size, size):
            log.append(_draft(origin, index, pad), BEGUN + timedelta(milliseconds=index))
        log.store_head()
        connection.execute("COMMIT")


def _draft(origin: str, index: int, pad: int) -> Draft:
    if index == 0:
        return Draft("log.opened", {"origin": origin, "format": FORMAT, "version": "0.1.0"})
    fill_up = sha256(index.to_bytes(8, "big")).hexdigest() * (pad // 64)
    fields = {"digest": fill_up or "0", "authority": "host"}
    hidden = (Disclosure("text", f"text {index}"),) if index % DISCLOSED_EVERY == 0 else ()
    return Draft("directory.loaded", fields, hidden)


@contextmanager
def evidence_of(path: Path) -> Iterator[SqliteEvidence]:
    """The log of a database, to be read."""
    with closing(schema.connect(path, read_only=True)) as connection:
        yield SqliteEvidence(connection)


def sign(path: Path, key: SigningKey, memory: Path) -> bytes:
    """A checkpoint of the whole log."""
    with evidence_of(path) as evidence:
        return sign_at(CheckpointSigner([key], memory), evidence, evidence.tree().size)


def sign_at(signer: CheckpointSigner, evidence: SqliteEvidence, size: int) -> bytes:
    """A checkpoint of the first records, as many as `size`."""
    checkpoint = Checkpoint(signer.keys[0].name, size, root_at(size, evidence.hashes))
    return signer.sign(lambda: nullcontext((checkpoint, evidence.hashes)))


def pruned(path: Path, segments: int) -> None:
    """Take the entries of the first segments away, as retention does: their leaf hashes stay."""
    with closing(sqlite3.connect(path)) as database:
        for segment in range(segments):
            span = (segment * 65_536, (segment + 1) * 65_536)
            sql = "SELECT leaf FROM evidence_entry WHERE idx >= ? AND idx < ? ORDER BY idx"
            leaves = b"".join(leaf for (leaf,) in database.execute(sql, span))
            database.execute("INSERT INTO evidence_pruned VALUES (?, ?)", (segment, leaves))
            snapshot = ((segment + 1) * 65_536, b"{}")
            database.execute("INSERT INTO evidence_snapshot VALUES (?, ?)", snapshot)
            for table in ("evidence_entry", "evidence_disclosure"):
                database.execute(f"DELETE FROM {table} WHERE idx < ?", span[1:])  # noqa: S608 -- ours
        database.commit()
