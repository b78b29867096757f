"""Verification: what an evidence log proves, as separate verdicts.

What is read is taken as an attacker could have left it: it gives faults, never exceptions. There is
no single word "valid". STRUCTURE says that the bytes are one unbroken chain and tree, SIGNED whose
key vouches for how much of it, SEMANTICS that what it tells is possible, DISCLOSURES that the
hidden values are there, ANCHORED and POLICY who else vouches, COMPLETENESS that nothing of a list
is missing; and, of a live database, STATE that its tables are what the log makes them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Protocol

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.evidence import Head
from ticketgate.domain.log.tlog_proof import parse_tlog_proof
from ticketgate.domain.log.trust import Trust
from ticketgate.domain.verifying.anchor_check import (
    Vouching,
)
from ticketgate.domain.verifying.chain_check import EntryRow
from ticketgate.domain.verifying.disclosure_check import DisclosureRow, LineFault
from ticketgate.domain.verifying.log_check import LayoutFault, LogCheck, Part
from ticketgate.domain.verifying.report import Asked, Report
from ticketgate.domain.verifying.snapshot import Pruned
from ticketgate.domain.verifying.state_check import TableRow

RECEIPT_CHECKPOINT_BYTES_MAX: Final = 1 << 25  # of the checkpoints in receipts together
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Bundle(Protocol):
    """A copy of a log, read once from its beginning. Reading may raise OSError, nothing else."""

    origin: str

    def vouching(self) -> Vouching:
        """Checkpoints and time stamps that lie in it."""

    def snapshot(self, boundary: int) -> bytes | None:
        """What replaying starts from at this boundary; None where it has none."""

    def snapshots(self) -> Iterable[tuple[int, str]]:
        """(boundary, SHA-256 in hex) of every snapshot that lies in it."""

    def parts(self) -> Iterable[Part]:
        """Entries, runs of leaves and faults, in the order of the log."""

    def disclosures(self) -> Iterable[DisclosureRow | LineFault]:
        """Its disclosures, and lines that are none."""

    def receipts(self) -> Iterable[tuple[str, bytes]]:
        """(name, bytes) of its receipts."""

    def tiles(self) -> Iterable[LayoutFault]:
        """What is wrong with its tiles, where it has any."""


def verify_bundle(bundle: Bundle, asked: Asked) -> Report:
    """Every verdict of a copy.

    Raises:
        KnownError: a checkpoint that the verifier brought is not one of this log.
        OSError: reading it failed.
    """
    brought = bundle.vouching()
    newest = next((data for named, data in brought.checkpoints if named is None), None)
    faults, proved = checkpoints_of(bundle.receipts())
    vouching = replace(brought, checkpoints=(*brought.checkpoints, *proved))
    check = LogCheck(bundle.origin, asked, vouching, bundle.snapshot)
    for part in bundle.parts():
        check.part(part)
    check.end(newest)
    for row in () if asked.quick else bundle.disclosures():
        check.disclosure(row)
    check.snapshots(() if asked.quick else bundle.snapshots())
    for fault in (*faults, *bundle.tiles()):
        check.fault(fault)
    return check.report()


def checkpoints_of(
    receipts: Iterable[tuple[str, bytes]], bytes_max: int = RECEIPT_CHECKPOINT_BYTES_MAX
) -> tuple[list[LayoutFault], list[tuple[None, bytes]]]:
    """What is wrong with the receipts of a copy, and the checkpoints in them, each once.

    `bytes_max` is how much of checkpoints is read.
    """
    faults: list[LayoutFault] = []
    notes: dict[bytes, None] = {}
    room = bytes_max
    for name, data in receipts:
        try:
            proof = parse_tlog_proof(data)
            proof.check()
        except EvidenceError as fault:
            faults.append(LayoutFault(f"{name} is no receipt: {fault.reason}"))
            continue
        note = proof.signed.note.encoded()
        room -= 0 if note in notes else len(note)
        if room < 0:
            faults.append(LayoutFault("more checkpoints in receipts than are read"))
            break
        notes[note] = None
    return faults, [(None, note) for note in notes]


@dataclass(frozen=True, slots=True)
class Stored:
    """The rows of a store, as they were read; nothing is assumed of them.

    `entries` come in the order of their index; `head` is the stored head, None when there is none;
    `tables` are the state rows of a live database. `pruned` says where the entries begin, when
    retention has taken those before, and `runs` has their leaf hashes, in rows of bytes.
    """

    origin: str
    entries: Iterable[EntryRow]
    disclosures: Iterable[DisclosureRow]
    head: Head | None
    tables: Iterable[TableRow] | None = None
    pruned: Pruned | None = None
    runs: Iterable[bytes] = ()


def verify_store(stored: Stored, asked: Asked, vouching: Vouching) -> Report:
    """Every verdict of a store: its log against its own head row, and STATE where it has tables.

    Its rows are read once, entries first, then disclosures, then tables. Memory holds the folded
    states and a digest for each disclosure, never the entries. Raises what reading raises, and
    KnownError: a checkpoint that the verifier brought is not one of this log.
    """
    check = LogCheck(stored.origin, asked, vouching)
    if stored.pruned is not None:
        check.begin(stored.pruned, stored.runs)
    for row in stored.entries:
        check.row(row)
    check.close(stored.head)
    for item in stored.disclosures:
        check.disclosure(item)
    return check.report(stored.tables)


def verify_alone(stored: Stored) -> Report:
    """What a store proves by itself: nobody is trusted, so nothing is signed or anchored."""
    return verify_store(stored, Asked(Trust(()), lambda *_: False, _EPOCH), Vouching())


def verify(
    entries: Iterable[EntryRow],
    disclosures: Iterable[DisclosureRow],
    head: Head | None,
    origin: str,
    tables: Iterable[TableRow] | None = None,
) -> Report:
    """The same of rows."""
    return verify_alone(Stored(origin, entries, disclosures, head, tables))
