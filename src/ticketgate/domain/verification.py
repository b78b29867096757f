"""Verification: what the stored rows of an evidence log prove, as separate verdicts.

Rows are read as an attacker could have left them: whatever is in them, they give faults, never
exceptions. There is no single word "valid": STRUCTURE says that the bytes are one unbroken chain,
SEMANTICS that what they tell is possible, DISCLOSURES that the hidden values are there, and, of a
live database, STATE that its tables are what the log makes them.
A chain without an anchor does not see a cut tail when the head row is rewritten with it.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.evidence import (
    FORMAT,
    INTEGER_MAX,
    Head,
    disclosure_digest,
    genesis,
    leaf_hash,
    parse_disclosure,
    parse_entry,
)
from ticketgate.domain.evidence_verdict import EvidenceVerdict, FaultList
from ticketgate.domain.machines import check_record
from ticketgate.domain.replay import Record, is_instant
from ticketgate.domain.snapshot import Pruned, begin
from ticketgate.domain.state_check import STATE, TableRow, check_tables

# `check_record` is what the store asks before it writes, so it is found here too.
__all__ = [
    "STATE",
    "VERDICTS",
    "DisclosureRow",
    "EntryRow",
    "EvidenceVerdict",
    "Pruned",
    "Report",
    "TableRow",
    "Tally",
    "check_record",
    "verify",
]

VERDICTS: Final = ("structure", "semantics", "disclosures")  # of a log; STATE is of a database

_PREV: Final = slice(10, 74)  # where `_prev`'s digits stand in the bytes: it sorts first

EntryRow = tuple[object, object, object]  # idx, stored leaf, entry; unverified, so of any type
DisclosureRow = tuple[object, object, object]  # digest, idx, encoded (None: erased)


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the disclosures. Those not given are faults, unless erased on record."""

    given: int
    erased: int  # the row is there, its value is gone, on record or not
    withheld: int  # an entry holds the digest, and there is no row
    mismatch: int  # a row that does not prove what it claims


@dataclass(frozen=True, slots=True)
class Report:
    """What verification found. `size` and `leaf` (hex) are of the entries as read.

    `state` is None when no state tables were given to compare with.
    """

    origin: str
    size: int
    leaf: str
    structure: EvidenceVerdict
    semantics: EvidenceVerdict
    disclosures: EvidenceVerdict
    tally: Tally
    state: EvidenceVerdict | None = None

    @property
    def verdicts(self) -> tuple[EvidenceVerdict, ...]:
        """All verdicts, in the order of `VERDICTS`, then that of the tables if there is one."""
        of_log = (self.structure, self.semantics, self.disclosures)
        return of_log if self.state is None else (*of_log, self.state)

    def failed(self, required: Iterable[str] | None = None) -> tuple[EvidenceVerdict, ...]:
        """Those of the required verdicts that do not hold; all that were found are, unless named.

        Raises:
            ValueError: a name that is not among `verdicts`; what nobody checked cannot hold.
        """
        named = {verdict.name: verdict for verdict in self.verdicts}
        wanted = tuple(named if required is None else required)
        if unknown := sorted(set(wanted) - named.keys()):
            raise ValueError(f"no such verdict: {', '.join(unknown)}")
        return tuple(named[name] for name in wanted if not named[name].holds)


def verify(
    entries: Iterable[EntryRow],
    disclosures: Iterable[DisclosureRow],
    head: Head | None,
    origin: str,
    tables: Iterable[TableRow] | None = None,
    pruned: Pruned | None = None,
) -> Report:
    """Check the whole log of `origin` against its own head row; nothing is assumed of the rows.

    `entries` come in the order of their index and are read once, then `disclosures`, in any
    order, then `tables`, the state rows of the live database, which STATE compares with the log.
    `pruned` says where the entries begin, when retention has taken those before.
    Memory holds the folded states and a digest for each disclosure, never the entries. `head` is
    the stored head, None when there is none. Raises only what reading the rows raises.
    """
    chain, replay, hidden = _Chain(origin, pruned), begin(pruned), _Hidden(pruned)
    for row in entries:
        index, record = chain.take(row)
        replay.take(index, record)
        hidden.take(index, record)
    chain.close(head)
    replay.close(chain.place)
    for item in disclosures:
        hidden.answer(item)
    hidden.close()
    last = max(chain.place - 1, 0)
    return Report(
        origin,
        chain.place,
        chain.leaf.hex(),
        chain.faults.verdict("structure"),
        replay.faults.verdict("semantics"),
        hidden.faults.verdict("disclosures"),
        hidden.tally(),
        None if tables is None else check_tables(replay, tables, last),
    )


class _Chain:
    """STRUCTURE: dense, chained on the raw bytes from the genesis of the origin to the head row.

    Where the first entries were pruned it goes on from the last leaf that they left.
    """

    def __init__(self, origin: str, pruned: Pruned | None) -> None:
        self.origin = origin
        self.place = 0 if pruned is None else pruned.boundary
        self.leaf = genesis(origin).leaf if pruned is None else pruned.leaf
        self.faults = FaultList()

    def take(self, row: EntryRow) -> tuple[int, Record | None]:
        """Check the next row; its place in the log, and its record if it can be read."""
        idx, stored, entry = row
        place = self._settle(idx)
        self.place = place + 1
        if not isinstance(entry, bytes):
            self.faults.add(place, "the entry is not bytes")
            return place, None
        if entry[_PREV] != self.leaf.hex().encode():
            self.faults.add(place, "_prev is not the leaf hash of the entry before")
        self.leaf = leaf_hash(entry)
        if stored != self.leaf:
            self.faults.add(place, "the stored leaf is not the hash of the entry")
        return place, self._read(place, entry)

    def close(self, head: Head | None) -> None:
        """Hold what was read against the head row."""
        if self.place == 0:
            self.faults.add(0, "the log is empty: entry 0 is missing")
        if head is None:
            self.faults.add(self.place, "there is no head row")
        elif head.size != self.place:
            self.faults.add(self.place, "the head row's size is not the number of entries")
        elif head.leaf != self.leaf:
            self.faults.add(
                max(self.place - 1, 0), "the head row's leaf is not that of the last entry"
            )

    def _settle(self, idx: object) -> int:
        """The place of this row. After a gap the count goes on behind it, so a gap is one fault."""
        found = _index(idx)
        if found == self.place:
            return found
        if found is not None and found > self.place:
            self.faults.add(self.place, f"entries are missing: entry {found} comes next")
            return found
        self.faults.add(self.place, "an index that is not the next one")
        return self.place

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


class _Hidden:
    """DISCLOSURES: every value that an entry holds is there unchanged, or erased on record."""

    def __init__(self, pruned: Pruned | None) -> None:
        self._whole = pruned is None  # else an erasure may be of what was pruned since
        self.faults = FaultList()
        self._index: dict[str, int] = {}
        self._answered: set[str] = set()
        self._may_be_gone: set[str] = set()
        self._count: Counter[str] = Counter()

    def take(self, index: int, record: Record | None) -> None:
        """Note the digests of one entry."""
        listed = None if record is None else record.get("sd", [])
        if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
            self.faults.add(index, "cannot be read for disclosures")
            return
        for digest in listed:
            if digest in self._index:
                self.faults.add(index, "holds a digest that an entry already holds")
            else:
                self._index[digest] = index
        if record is not None and record.get("type") == "disclosure.erased":
            self._erased(index, record.get("digests"))

    def _erased(self, index: int, digests: object) -> None:
        for digest in digests if isinstance(digests, list) else [None]:
            if isinstance(digest, str) and digest in self._index:
                self._may_be_gone.add(digest)
            elif self._whole or not isinstance(digest, str):
                self.faults.add(index, "tells of an erasure of what no entry before it holds")

    def answer(self, row: DisclosureRow) -> None:
        """Check one stored disclosure."""
        digest, idx, encoded = row
        index = self._index.get(digest) if isinstance(digest, str) else None
        if index is None or not isinstance(digest, str):
            self._mismatch(_index(idx) or 0, "a disclosure whose digest no entry holds")
        elif digest in self._answered:
            self._mismatch(index, "the same disclosure twice")
        else:
            self._answered.add(digest)
            self._match(index, idx, digest, encoded)

    def close(self) -> None:
        """After the last stored disclosure: each digest without one is a fault."""
        for digest, index in self._index.items():
            if digest not in self._answered:
                self.faults.add(index, "a disclosure is missing: its row is not there")

    def tally(self) -> Tally:
        """What became of them all."""
        seen = self._count
        withheld = len(self._index) - len(self._answered)
        return Tally(seen["given"], seen["erased"], withheld, seen["mismatch"])

    def _match(self, index: int, idx: object, digest: str, encoded: object) -> None:
        if _index(idx) != index:
            self._mismatch(index, "a disclosure stored for another entry than holds its digest")
        elif encoded is None:
            self._count["erased"] += 1
            if digest not in self._may_be_gone:
                self.faults.add(index, "a disclosure is erased, and no record says so")
        else:
            self._open(index, digest, encoded)

    def _open(self, index: int, digest: str, encoded: object) -> None:
        try:
            if not isinstance(encoded, str) or disclosure_digest(encoded) != digest:
                self._mismatch(index, "a disclosure that does not hash to its digest")
                return
            parse_disclosure(encoded)
        except EvidenceError as fault:
            self._mismatch(index, f"a disclosure that cannot be read: {fault.reason}")
        else:
            self._count["given"] += 1

    def _mismatch(self, index: int, text: str) -> None:
        self._count["mismatch"] += 1
        self.faults.add(index, text)


def _index(value: object) -> int | None:
    """The value if it can be the index of an entry; True is none."""
    return value if type(value) is int and 0 <= value <= INTEGER_MAX else None
