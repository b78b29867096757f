"""Export: a copy of the signed log, whole or to be gone on with (docs/evidence-format.md)."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Final

from ticketgate.domain.errors import EvidenceError, TicketgateError
from ticketgate.domain.evidence import ENTRY_BYTES_MAX, Draft, leaf_hash
from ticketgate.domain.log import bundle as names
from ticketgate.domain.log.bundle import is_bundle_name
from ticketgate.domain.log.checkpoint import SignedCheckpoint, parse_checkpoint
from ticketgate.domain.log.merkle import TILE_WIDTH, root_at
from ticketgate.domain.log.note import NOTE_BYTES_MAX
from ticketgate.domain.log.tiles import Tile, encoded_entries, entry_tiles_of, tiles_of
from ticketgate.domain.verifying.log_life import SEGMENT_ENTRIES
from ticketgate.operations.evidence.receipts import receipt_of
from ticketgate.ports import Bundle, EvidenceReading, Transaction

CHUNK_ENTRIES: Final = 256  # of at most 60 kB each: so many are held at a time
CHUNK_LINES: Final = 1024  # of disclosures

Tell = Callable[[int], None]  # how many records are done


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to copy: the log of `signed`, and with it `older` checkpoints, time `stamps`, and files.

    Entries below `since` are left out by whole segments; `receipts` are file names and indexes.
    """

    signed: SignedCheckpoint
    policy: bytes
    older: Iterable[tuple[int, bytes]] = ()
    stamps: Iterable[tuple[int, bytes]] = ()
    shipped: Mapping[str, bytes] = field(default_factory=dict)
    since: int = 0
    tiles: bool = False
    receipts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Exported:
    """What the copy holds."""

    origin: str
    size: int
    root: str
    entries: int
    disclosures: int
    receipts: int


def note_exported(tx: Transaction, now: datetime, *, by: str, size: int) -> None:
    """Record that somebody took a copy of the first `size` records."""
    del now
    tx.append(Draft("evidence.exported", {"by": by, "size": size}))


def export_evidence(
    evidence: EvidenceReading, bundle: Bundle, wanted: Wanted, tell: Tell
) -> Exported:
    """Copy exactly the records that are signed.

    A folder in which this was interrupted is gone on with; a whole copy of the same log is
    extended. Segments that are whole already stay.

    Raises:
        TicketgateError: code `usage`; the folder holds something else, or a copy of another log.
        EvidenceError: a record is missing in the store, or what is stored cannot be copied.
    """
    return _Export(evidence, bundle, wanted, tell).run()


class _Export:
    def __init__(
        self, evidence: EvidenceReading, bundle: Bundle, wanted: Wanted, tell: Tell
    ) -> None:
        self._evidence = evidence
        self._bundle = bundle
        self._wanted = wanted
        self._tell = tell
        self._checkpoint = wanted.signed.checkpoint
        self._there = bundle.names()
        self._given: list[tuple[int, int]] = []  # the segments whose entries are in the copy
        self._receipts = 0

    def run(self) -> Exported:
        self._check_folder()
        note = self._wanted.signed.note.encoded()
        self._bundle.write(names.PROGRESS, [note])
        for name in self._there:
            if name.endswith(names.UNFINISHED):
                self._bundle.remove(name)
        for first in range(0, self._checkpoint.size, SEGMENT_ENTRIES):
            self._segment(first, min(first + SEGMENT_ENTRIES, self._checkpoint.size))
        disclosures = self._disclosures()
        self._small_files()
        self._vouching()
        self._tiles()
        self._bundle.write_soon(names.CHECKPOINT, note)
        self._bundle.write_soon(names.ORIGIN, f"{self._checkpoint.origin}\n".encode())
        self._bundle.settle()
        self._bundle.remove(names.PROGRESS)
        self._bundle.settle()
        return Exported(
            self._checkpoint.origin,
            self._checkpoint.size,
            self._checkpoint.root.hex(),
            sum(end - first for first, end in self._given),
            disclosures,
            self._receipts,
        )

    # --- the folder as it was found -----------------------------------------------------------

    def _check_folder(self) -> None:
        begun = names.PROGRESS in self._there
        for name in sorted(self._there):
            left = begun or _is_first(name)
            if not is_bundle_name(name.removesuffix(names.UNFINISHED) if left else name):
                raise _not_here(f"it holds {name!a}, which is no part of a copy")
        files = {name for name in self._there if not name.endswith("/") and not _is_first(name)}
        if files and not begun and not files >= {names.ORIGIN, names.CHECKPOINT}:
            raise _not_here("it holds files, and they are no whole copy")
        for name in {names.PROGRESS, names.CHECKPOINT} & files:
            self._check_same_log(name)
        if names.ORIGIN in files:
            origin = self._bundle.read(names.ORIGIN, NOTE_BYTES_MAX)
            if origin != f"{self._checkpoint.origin}\n".encode():
                raise _not_here("it is a copy of another log")

    def _check_same_log(self, name: str) -> None:
        """What the folder says to be a copy of must be this log, earlier."""
        try:
            found = parse_checkpoint(self._bundle.read(name, NOTE_BYTES_MAX + 1)).checkpoint
        except EvidenceError as fault:
            raise _not_here(f"its {name} is no checkpoint: {fault.reason}") from fault
        if found.origin != self._checkpoint.origin:
            raise _not_here(f"it is a copy of {found.origin!a}")
        if found.size > self._checkpoint.size:
            raise _not_here(f"it is a copy of {found.size} records, which this log does not have")
        if root_at(found.size, self._evidence.hashes) != found.root:
            raise _not_here("it is a copy of another history of this log")

    # --- entries ------------------------------------------------------------------------------

    def _segment(self, first: int, end: int) -> None:
        number = first // SEGMENT_ENTRIES
        lines, leaves = names.segment_name(number), names.leaves_name(number)
        full = end - first == SEGMENT_ENTRIES
        given = not full or end > max(self._wanted.since, self._evidence.first())
        if lines in self._there and self._is_whole(lines, first, end):
            given = True
        elif given:
            self._bundle.write(lines, self._lines(first, end))
        else:
            self._bundle.write(leaves, self._leaves(first, end))
        other = leaves if given else lines
        if other in self._there:
            self._bundle.remove(other)
        if given:
            self._given.append((first, end))
        self._tell(end)

    def _is_whole(self, name: str, first: int, end: int) -> bool:
        """Whether a segment has all its lines: by their number, and the last one's leaf hash."""
        count, tail = 0, b""
        for chunk in self._bundle.chunks(name):
            count += chunk.count(b"\n")
            tail = (tail + chunk)[-ENTRY_BYTES_MAX - 2 :]
        if count != end - first or not tail.endswith(b"\n"):
            return False
        last = tail[:-1].rpartition(b"\n")[2]
        return [leaf_hash(last)] == list(self._evidence.hashes(0, end - 1, 1))

    def _lines(self, first: int, end: int) -> Iterator[bytes]:
        rows = iter(self._evidence.entries(first, end))
        done = first
        while batch := [entry for _, _, entry in islice(rows, CHUNK_ENTRIES)]:
            batch.append(b"")  # so that the last line is ended too
            yield b"\n".join(batch)
            done += len(batch) - 1
            self._tell(done)
        if done != end:
            raise EvidenceError(
                f"the database has {done - first} of the records #{first} to #{end - 1}",
                next_step="`ticketgate evidence verify` says which are missing",
            )

    def _leaves(self, first: int, end: int) -> Iterator[bytes]:
        for at in range(first, end, TILE_WIDTH):
            yield b"".join(self._evidence.hashes(0, at, TILE_WIDTH))

    def _disclosures(self) -> int:
        """Those of the entries that are in the copy, in one file; how many."""
        count = 0

        def chunks() -> Iterator[bytes]:
            nonlocal count
            rows = (row for span in self._given for row in self._evidence.disclosures(*span))
            while batch := list(islice(rows, CHUNK_LINES)):
                count += len(batch)
                yield b"".join(
                    names.disclosure_line(digest, index, encoded)
                    for digest, index, encoded in batch
                )

        self._bundle.write(names.DISCLOSURES, chunks())
        return count

    # --- what lies beside them ----------------------------------------------------------------

    def _small_files(self) -> None:
        self._bundle.write_soon(names.POLICY, self._wanted.policy)
        for name, data in self._wanted.shipped.items():
            self._bundle.write_soon(name, data)
        for name, index in self._wanted.receipts.items():
            receipt = receipt_of(self._evidence, self._wanted.signed, index)
            if receipt is not None:
                self._bundle.write_soon(name, receipt.encoded())
                self._receipts += 1

    def _vouching(self) -> None:
        """What was signed before, who saw it when, and what replaying starts from."""
        size = self._checkpoint.size
        for old, note in self._wanted.older:
            if old < size:
                self._bundle.write_soon(names.checkpoint_name(old), note)
        for stamped, token in self._wanted.stamps:
            if stamped <= size:
                self._bundle.write_soon(names.stamp_name(stamped), token)
        for boundary, state in self._evidence.snapshots():
            self._bundle.write_soon(names.snapshot_name(boundary), state)

    def _tiles(self) -> None:
        """The tiles of the tree; where some are there already, they are kept up with it."""
        there = {name for name in self._there if name.startswith("tile/")}
        if not there and not self._wanted.tiles:
            return
        size = self._checkpoint.size
        trusted = set() if names.PROGRESS in self._there else there
        due: set[str] = set()
        for tile in (*tiles_of(size), *self._entry_tiles(size)):
            name = names.tile_name(tile)
            due.add(name)
            if name not in trusted:
                self._bundle.write_soon(name, tile_bytes(self._evidence, tile))
        for name in there - due:
            if not name.endswith(("/", names.UNFINISHED)):
                self._bundle.remove(name)

    def _entry_tiles(self, size: int) -> Iterator[Tile]:
        first = self._evidence.first()
        given = {start // SEGMENT_ENTRIES for start, _ in self._given}
        for tile in entry_tiles_of(size):
            if tile.first >= first and tile.first // SEGMENT_ENTRIES in given:
                yield tile


def tile_bytes(evidence: EvidenceReading, tile: Tile) -> bytes:
    """The bytes of a tile that the stored tree has."""
    end = tile.first + tile.width
    if tile.level is None:
        return encoded_entries(entry for _, _, entry in evidence.entries(tile.first, end))
    return b"".join(evidence.hashes(tile.level, tile.first, tile.width))


def _is_first(name: str) -> bool:
    """What an export leaves that was ended before it had begun."""
    return name == names.PROGRESS + names.UNFINISHED


def _not_here(why: str) -> TicketgateError:
    return TicketgateError(
        f"nothing is written into this folder: {why}",
        code="usage",
        next_step="name a new folder, or one with an earlier copy of this log",
    )
