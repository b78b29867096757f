"""Disclosure check: every value that an entry hides is there unchanged, or erased on record."""

from collections import Counter
from dataclasses import dataclass

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.evidence import INTEGER_MAX, disclosure_digest, is_digest, parse_disclosure
from ticketgate.domain.log.folded import Record
from ticketgate.domain.people.step_up import TOKEN, bad_token
from ticketgate.domain.verifying.chain_check import place_of
from ticketgate.domain.verifying.evidence_verdict import FaultList

DisclosureRow = tuple[object, object, object]  # digest, idx, encoded (None: erased)


@dataclass(frozen=True, slots=True)
class LineFault:
    """A line of a copy's disclosures that says nothing; it stands where the one before it does."""

    text: str
    place: int


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
        `size` is the number of records, once it is known: no fault stands behind it.
        """
        self.faults = FaultList()
        self.whole = True
        self.size = INTEGER_MAX
        self._may_withhold = may_withhold
        self._index: dict[str, int] = {}
        self._again: set[tuple[str, int]] = set()  # where a digest stands that has stood before
        self._answered: set[tuple[str, int]] = set()
        self._may_be_gone: set[str] = set()
        self._count: Counter[str] = Counter()
        self._step_ups: dict[int, Record] = {}

    def take(self, index: int, record: Record | None, semantics: FaultList) -> None:
        """Note the digests of one entry. What it tells of erasures is a matter of `semantics`."""
        if record is not None and record.get("type") == "disclosure.erased":
            self._erased(index, record.get("digests"), semantics)
        listed = None if record is None else record.get("sd", [])
        if not isinstance(listed, list) or not all(map(is_digest, listed)):
            self.faults.add(index, "cannot be read for disclosures")
            return
        if listed != sorted(set(listed)):
            self.faults.add(index, "digests that are not sorted, or not each once")
            return
        if record is not None and "step_up" in record:
            self._step_ups[index] = record
        for digest in listed:
            if digest in self._index:
                self.faults.add(index, "holds a digest that an entry already holds")
                self._again.add((digest, index))
            else:
                self._index[digest] = index

    def _erased(self, index: int, digests: object, semantics: FaultList) -> None:
        if not isinstance(digests, list) or not all(map(is_digest, digests)):
            semantics.add(index, "tells of an erasure of what are no digests")
            return
        for digest in digests:
            if digest in self._index:
                self._may_be_gone.add(digest)
            elif self.whole:
                semantics.add(index, "tells of an erasure of what no entry before it holds")

    def answer(self, row: DisclosureRow) -> None:
        """Check one stored disclosure."""
        digest, idx, encoded = row
        index = place_of(idx)
        if not isinstance(digest, str) or index is None or not self._holds(index, digest):
            self.mismatch(index or 0, "a disclosure that belongs to another entry or to none")
        elif (digest, index) in self._answered:
            self.mismatch(index, "the same disclosure twice")
        else:
            self._answered.add((digest, index))
            self._match(index, digest, encoded)

    def _holds(self, index: int, digest: str) -> bool:
        return self._index.get(digest) == index or (digest, index) in self._again

    def close(self) -> None:
        """After the last stored disclosure: each digest without one is a fault."""
        for held in (*self._index.items(), *self._again) if not self._may_withhold else ():
            if held not in self._answered:
                self.faults.add(held[1], "a disclosure is missing: its row is not there")

    def tally(self) -> Tally:
        """What became of them all."""
        seen = self._count
        withheld = len(self._index) + len(self._again) - len(self._answered)
        return Tally(seen["given"], seen["erased"], withheld, seen["mismatch"])

    def _match(self, index: int, digest: str, encoded: object) -> None:
        if encoded is None:
            self._count["erased"] += 1
            if digest not in self._may_be_gone:
                self.faults.add(index, "a disclosure is erased, and no record says so")
        else:
            if digest in self._may_be_gone:
                self.faults.add(index, "a disclosure is there that a record says was erased")
            self._open(index, digest, encoded)

    def _open(self, index: int, digest: str, encoded: object) -> None:
        try:
            if not isinstance(encoded, str) or disclosure_digest(encoded) != digest:
                self.mismatch(index, "a disclosure that does not hash to its digest")
                return
            _, name, value = parse_disclosure(encoded)
            if name == TOKEN and (wrong := bad_token(self._step_ups.get(index, {}), value)):
                self.mismatch(index, wrong)
                return
        except EvidenceError as fault:
            self.mismatch(index, f"a disclosure that cannot be read: {fault.reason}")
        else:
            self._count["given"] += 1

    def mismatch(self, index: int, text: str) -> None:
        """Count a disclosure that does not prove what it claims, or a line that is none."""
        self._count["mismatch"] += 1
        self.faults.add(min(index, self.size), text)
