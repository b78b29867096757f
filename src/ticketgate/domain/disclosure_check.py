"""Disclosure check: every value that an entry hides is there unchanged, or erased on record."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

from ticketgate.domain.chain_check import place_of
from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.evidence import disclosure_digest, parse_disclosure
from ticketgate.domain.evidence_verdict import FaultList
from ticketgate.domain.replay import Record

_DIGEST: Final = re.compile(r"[A-Za-z0-9_-]{43}\Z", re.ASCII)

DisclosureRow = tuple[object, object, object]  # digest, idx, encoded (None: erased)


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the disclosures. Those not given are faults, unless erased on record."""

    given: int
    erased: int  # the row is there, its value is gone, on record or not
    withheld: int  # an entry holds the digest, and there is no row
    mismatch: int  # a row that does not prove what it claims


class DisclosureCheck:
    """DISCLOSURES: every value that an entry holds is there unchanged, or erased on record."""

    def __init__(self, *, may_withhold: bool = False) -> None:
        """`may_withhold`: a copy may leave disclosures out; the gateway's own database may not.

        `whole` is false once entries are left out: an erasure may be of what one of them held.
        """
        self.faults = FaultList()
        self.whole = True
        self._may_withhold = may_withhold
        self._index: dict[str, int] = {}
        self._answered: set[str] = set()
        self._may_be_gone: set[str] = set()
        self._count: Counter[str] = Counter()

    def take(self, index: int, record: Record | None) -> None:
        """Note the digests of one entry."""
        listed = None if record is None else record.get("sd", [])
        if not isinstance(listed, list) or not all(map(_is_digest, listed)):
            self.faults.add(index, "cannot be read for disclosures")
            return
        if listed != sorted(listed):
            self.faults.add(index, "digests that are not sorted")
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
            elif self.whole or not isinstance(digest, str):
                self.faults.add(index, "tells of an erasure of what no entry before it holds")

    def answer(self, row: DisclosureRow) -> None:
        """Check one stored disclosure."""
        digest, idx, encoded = row
        index = self._index.get(digest) if isinstance(digest, str) else None
        if index is None or not isinstance(digest, str):
            self._mismatch(place_of(idx) or 0, "a disclosure whose digest no entry holds")
        elif digest in self._answered:
            self._mismatch(index, "the same disclosure twice")
        else:
            self._answered.add(digest)
            self._match(index, idx, digest, encoded)

    def close(self) -> None:
        """After the last stored disclosure: each digest without one is a fault."""
        for digest, index in self._index.items():
            if digest not in self._answered and not self._may_withhold:
                self.faults.add(index, "a disclosure is missing: its row is not there")

    def tally(self) -> Tally:
        """What became of them all."""
        seen = self._count
        withheld = len(self._index) - len(self._answered)
        return Tally(seen["given"], seen["erased"], withheld, seen["mismatch"])

    def _match(self, index: int, idx: object, digest: str, encoded: object) -> None:
        if place_of(idx) != index:
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


def _is_digest(value: object) -> bool:
    """Whether this has the form of the digest of a disclosure: base64url of 32 bytes."""
    return isinstance(value, str) and _DIGEST.match(value) is not None
