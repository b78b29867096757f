"""Logs of any size, filled in one transaction: what an export, tiles and proofs are tried on.

The records are written by this module, not by the product: of 65,536 of them each would be traced.
`tests/test_filled.py` holds them against those that the product appends.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.verifier.bundle_writer import b64url, canonical, leaf, sha

from ticketgate.adapters.ids import RandomIds
from ticketgate.adapters.keys.signer import CheckpointSigner
from ticketgate.adapters.keys.signing_keys import SigningKey
from ticketgate.adapters.sqlite import migrating, schema
from ticketgate.adapters.sqlite.evidence_tables import SqliteEvidence, SqliteLog
from ticketgate.adapters.sqlite.store import bind_origin
from ticketgate.domain.evidence import FORMAT, Json
from ticketgate.domain.log.checkpoint import Checkpoint
from ticketgate.domain.log.merkle import root_at

BEGUN: Final = datetime(2026, 11, 22, 2, 40, tzinfo=UTC)
DISCLOSED_EVERY: Final = 8  # one record in so many hides something


class Filler:
    """Appends to a log: its chain and its tree, as docs/evidence-format.md has them."""

    def __init__(self, connection: sqlite3.Connection, origin: str) -> None:
        self._db = connection
        end = SqliteLog(connection, origin, RandomIds()).end
        self.size, self._leaf, self._nodes = end.head.size, end.head.leaf, list(end.tree.nodes)
        self._entries: list[tuple[int, bytes, bytes]] = []
        self._tiles: list[tuple[int, int, bytes]] = []
        self._hidden: list[tuple[str, int, str]] = []

    def add(
        self, kind: str, fields: Mapping[str, object], moment: datetime, text: str | None = None
    ) -> None:
        """One record; `text` is what it hides, with a salt that counts."""
        said = {
            **fields, "_prev": self._leaf.hex(), "_seq": self.size, "type": kind,
            "_ts": moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }  # fmt: skip
        if text is not None:
            salt = (len(self._hidden) + 1).to_bytes(16, "big")
            encoded = b64url(canonical([b64url(salt), "text", text]))
            digest = b64url(sha(encoded.encode()))
            said["sd"] = [digest]
            self._hidden.append((digest, self.size, encoded))
        entry = canonical(said)
        self._leaf = leaf(entry)
        self._entries.append((self.size, self._leaf, entry))
        self._grow(self._leaf)

    def _grow(self, node: bytes) -> None:
        height = 0
        while self.size >> height & 1:
            node = sha(b"\x01" + self._nodes.pop() + node)
            height += 1
            if height % 8 == 0:
                self._tiles.append((height // 8, self.size >> height, node))
        self._nodes.append(node)
        self.size += 1

    def store(self) -> None:
        """Write all of it, in one transaction."""
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany("INSERT INTO evidence_entry VALUES (?, ?, ?)", self._entries)
        self._db.executemany("INSERT INTO evidence_tile VALUES (?, ?, ?)", self._tiles)
        self._db.executemany(
            "INSERT INTO evidence_disclosure VALUES (?, ?, '', 'content', ?)", self._hidden
        )
        end = (self.size, self._leaf, b"".join(self._nodes))
        self._db.execute("INSERT OR REPLACE INTO evidence_head VALUES (1, ?, ?, ?)", end)
        self._db.execute("COMMIT")


@cache
def empty() -> bytes:
    """A database of this version's schema that belongs to no log yet: migrating takes its time."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        migrating.create(path)
        return path.read_bytes()


def fill(path: Path, origin: str, size: int, pad: int = 0) -> None:
    """Append records until the log at `path` has `size`; `pad` makes each one larger."""
    with closing(schema.connect(path)) as connection:
        migrating.migrate(connection)
        bind_origin(connection, origin)
        filler = Filler(connection, origin)
        for index in range(filler.size, size):
            moment = BEGUN + timedelta(milliseconds=index)
            filler.add(*said_at(index, origin, pad), moment, hidden_at(index))
        filler.store()


def said_at(index: int, origin: str, pad: int = 0) -> tuple[str, dict[str, Json]]:
    """Type and fields of a record that `fill` writes."""
    if index == 0:
        return "log.opened", {"origin": origin, "format": FORMAT, "version": "0.1.0"}
    fill_up = sha256(index.to_bytes(8, "big")).hexdigest() * (pad // 64)
    return "directory.loaded", {"digest": fill_up or "0", "authority": "host"}


def hidden_at(index: int) -> str | None:
    """What it hides."""
    return f"text {index}" if index and index % DISCLOSED_EVERY == 0 else None


def beats(path: Path, origin: str, count: int, moment: datetime) -> None:
    """Append so many records that nothing needs; no gateway has the file open."""
    with closing(schema.connect(path)) as connection:
        filler = Filler(connection, origin)
        for number in range(count):
            filler.add("heartbeat", {"refused": [], "duplicates": number}, moment)
        filler.store()


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
