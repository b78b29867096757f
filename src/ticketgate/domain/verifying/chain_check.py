"""Chain check: STRUCTURE, from the genesis of the origin to the end, and the tree over it.

Entries are read as an attacker could have left them: whatever they are, they give faults, never
exceptions. What cannot be read still has its place and its leaf hash.
"""

from collections.abc import Collection, Iterable
from typing import Final

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.evidence import (
    FORMAT,
    INTEGER_MAX,
    Head,
    genesis,
    leaf_hash,
    parse_entry,
)
from ticketgate.domain.instants import is_instant
from ticketgate.domain.log.folded import Record
from ticketgate.domain.log.merkle import EMPTY_ROOT, HASH_BYTES, Frontier, grow
from ticketgate.domain.verifying.evidence_verdict import FaultList
from ticketgate.domain.verifying.snapshot import Pruned

EntryRow = tuple[object, object, object]  # idx, stored leaf, entry; unverified, so of any type

_KEYS: Final = (b'"type":"key.', b'"type":"retention.pruned"')  # who says whose key counts
_PREV: Final = b'{"_prev":"%b","_seq":'  # it sorts first, so an entry begins with it
_DIGITS_END: Final = 74  # behind the digits of `_prev`


class ChainCheck:
    """Takes the entries in order. `roots` has the root at each of the sizes that were asked for.

    With `quick` an entry is not parsed unless it says whose key counts: what hashes and fixed
    places prove is checked.
    """

    def __init__(self, origin: str, sizes: Collection[int] = (), *, quick: bool = False) -> None:
        self.origin = origin
        self.place = 0
        self.leaf = genesis(origin).leaf
        self.tree = Frontier()
        self.roots: dict[int, bytes] = {0: EMPTY_ROOT}
        self.faults = FaultList()
        self._sizes = frozenset(sizes)
        self._quick = quick

    def take(self, row: EntryRow) -> tuple[int, Record | None]:
        """Check the next row of a store; its place in the log, and its record if it can be read."""
        idx, stored, entry = row
        place = self._settle(idx)
        if not isinstance(entry, bytes):
            self.faults.add(place, "the entry is not bytes")
            self.place = place + 1
            return place, None
        record = self._entry(place, entry)
        if stored != self.leaf:
            self.faults.add(place, "the stored leaf is not the hash of the entry")
        return place, record

    def line(self, entry: bytes) -> tuple[int, Record | None]:
        """Check the next line of a copy."""
        place = self.place
        return place, self._entry(place, entry)

    def begin(self, pruned: Pruned, runs: Iterable[bytes]) -> None:
        """Begin behind what was pruned, whose leaf hashes are in `runs`, rows of bytes."""
        for run in runs:
            self.leaves(run)
        if (self.place, self.leaf) != (pruned.boundary, pruned.leaf):
            self.faults.add(self.place, "the leaf hashes of what was pruned are not all there")
            self.place, self.leaf = pruned.boundary, pruned.leaf

    def leaves(self, hashes: bytes) -> None:
        """Take leaf hashes, in one row of bytes, of entries that are not there."""
        for at in range(0, len(hashes), HASH_BYTES):
            self._grow(hashes[at : at + HASH_BYTES])

    def close(self, head: Head | None) -> None:
        """Hold what was read against the head row of a store."""
        self.end()
        if head is None:
            self.faults.add(self.place, "there is no head row")
        elif head.size != self.place:
            self.faults.add(self.place, "the head row's size is not the number of entries")
        elif head.leaf != self.leaf:
            self.faults.add(
                max(self.place - 1, 0), "the head row's leaf is not that of the last entry"
            )

    def end(self) -> None:
        """After the last entry."""
        if self.place == 0:
            self.faults.add(0, "the log is empty: entry 0 is missing")

    def _entry(self, place: int, entry: bytes) -> Record | None:
        if not entry.startswith(_PREV % self.leaf.hex().encode()):
            self.faults.add(place, "_prev is not the leaf hash of the entry before")
        self.place = place
        self._grow(leaf_hash(entry))
        if self._quick:
            self._glance(place, entry)
            return self._of_keys(place, entry)
        return self._read(place, entry)

    def _grow(self, leaf: bytes) -> None:
        self.leaf = leaf
        self.tree, _ = grow(self.tree, leaf)
        self.place += 1
        if self.place in self._sizes:
            self.roots[self.place] = self.tree.root()

    def _settle(self, idx: object) -> int:
        """The place of this row. After a gap the count goes on behind it, so a gap is one fault."""
        found = place_of(idx)
        if found == self.place:
            return found
        if found is not None and found > self.place:
            self.faults.add(self.place, f"entries are missing: entry {found} comes next")
            return found
        self.faults.add(self.place, "an index that is not the next one")
        return self.place

    def _glance(self, place: int, entry: bytes) -> None:
        """What shows without parsing: the envelope's fixed places, the size, UTF-8."""
        if not entry.startswith(b'","_seq":%d,"_ts":"' % place, _DIGITS_END):
            self.faults.add(place, "does not begin as the entry of this index does")
        try:
            entry.decode()
        except UnicodeDecodeError:
            self.faults.add(place, "not UTF-8")

    def _of_keys(self, place: int, entry: bytes) -> Record | None:
        """The record, if it says whose key counts."""
        if not any(word in entry for word in _KEYS):
            return None
        try:
            return parse_entry(entry)
        except EvidenceError as fault:
            self.faults.add(place, f"not a canonical entry: {fault.reason}")
            return None

    def _read(self, place: int, entry: bytes) -> Record | None:
        try:
            record = parse_entry(entry)
        except EvidenceError as fault:
            self.faults.add(place, f"not a canonical entry: {fault.reason}")
            return None
        seq = record.get("_seq")
        if type(seq) is not int or seq != place:
            self.faults.add(place, "_seq is not the index of the entry")
        if not is_instant(record.get("_ts")):
            self.faults.add(place, "_ts is not an instant in the one form that records use")
            return None
        if (place == 0) != (record.get("type") == "log.opened"):
            self.faults.add(place, "log.opened is the first record and only that")
        elif place == 0:
            self._opened(record)
        return record

    def _opened(self, record: Record) -> None:
        if record.get("origin") != self.origin:
            self.faults.add(0, "log.opened names another origin")
        stated = record.get("format")
        if type(stated) is not int or stated != FORMAT:
            self.faults.add(0, f"log.opened states a format that is not {FORMAT}")


def place_of(value: object) -> int | None:
    """The value if it can be the index of an entry; True is none."""
    return value if type(value) is int and 0 <= value <= INTEGER_MAX else None
