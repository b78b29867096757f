"""A copy of a log in memory, signed as its tests want it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256

from tests.domain.evidence_log import NOON, ORIGIN, Log
from tests.domain.signing import Signer, signer, verify

from ticketgate.domain.evidence import leaf_hash
from ticketgate.domain.log.checkpoint import Checkpoint, SignedCheckpoint
from ticketgate.domain.log.merkle import root_of
from ticketgate.domain.log.note import Note, SignatureLine
from ticketgate.domain.log.trust import LogKey, Trust
from ticketgate.domain.verifying.anchor_check import Vouching
from ticketgate.domain.verifying.disclosure_check import DisclosureRow, LineFault
from ticketgate.domain.verifying.log_check import LayoutFault, Part
from ticketgate.domain.verifying.report import Asked

GATE = signer(ORIGIN, "gate")
NEXT = signer(ORIGIN, "next")
TRUST = Trust((LogKey(GATE.key),))
NOW = NOON + timedelta(hours=1)
ASKED = Asked(TRUST, verify, NOW)


@dataclass
class Copy:
    """`verification.Bundle` of lists."""

    origin: str = ORIGIN
    vouched: Vouching = field(default_factory=Vouching)
    pieces: Sequence[Part] = ()
    rows: Sequence[DisclosureRow | LineFault] = ()
    kept: dict[int, bytes] = field(default_factory=dict)
    proofs: Sequence[tuple[str, bytes]] = ()
    wrong: Sequence[LayoutFault] = ()

    def vouching(self) -> Vouching:
        return self.vouched

    def snapshot(self, boundary: int) -> bytes | None:
        return self.kept.get(boundary)

    def snapshots(self) -> Iterable[tuple[int, str]]:
        return [(boundary, sha256(data).hexdigest()) for boundary, data in self.kept.items()]

    def parts(self) -> Iterable[Part]:
        return self.pieces

    def disclosures(self) -> Iterable[DisclosureRow | LineFault]:
        return self.rows

    def receipts(self) -> Iterable[tuple[str, bytes]]:
        return self.proofs

    def tiles(self) -> Iterable[LayoutFault]:
        return self.wrong


def lines_by(text: str, *signers: Signer) -> tuple[SignatureLine, ...]:
    return tuple(one.line(text) for one in signers)


def signed(log: Log, size: int | None = None, *signers: Signer) -> SignedCheckpoint:
    """A checkpoint of the first records of a log; by its own key where nobody is named."""
    count = len(log.rows) if size is None else size
    top = root_of(leaf_hash(entry) for _, _, entry in log.rows[:count])
    checkpoint = Checkpoint(log.origin, count, top)
    lines = lines_by(checkpoint.text, *(signers or (GATE,)))
    return SignedCheckpoint(checkpoint, Note(checkpoint.text, lines))


def note(log: Log, size: int | None = None, *signers: Signer) -> bytes:
    return signed(log, size, *signers).note.encoded()


def copied(log: Log, *checkpoints: tuple[int | None, bytes]) -> Copy:
    """A whole copy, with its newest checkpoint where none is given."""
    given = checkpoints or ((None, note(log)),)
    return Copy(log.origin, Vouching(given), [entry for _, _, entry in log.rows], list(log.hidden))
