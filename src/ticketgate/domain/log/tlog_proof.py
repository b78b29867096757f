"""A receipt: one record, its inclusion proof and a signed checkpoint (C2SP tlog-proof).

It stands alone: the leaf is the hash of the entry that it carries as extra data, the proof leads
to a root, and that root is signed. Parsing is canonical: only what would be written is accepted.
"""

import base64
import re
from dataclasses import dataclass
from typing import Final

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.evidence import ENTRY_BYTES_MAX, INTEGER_MAX, leaf_hash, parse_entry
from ticketgate.domain.log.checkpoint import SignedCheckpoint, parse_checkpoint
from ticketgate.domain.log.merkle import HASH_BYTES
from ticketgate.domain.log.note import NOTE_BYTES_MAX, unb64
from ticketgate.domain.log.proof import root_of_inclusion

HASHES_MAX: Final = 53  # of a tree that can be counted
PROOF_TYPE: Final = "text/plain; charset=utf-8"
PROOF_BYTES_MAX: Final = NOTE_BYTES_MAX + 2 * ENTRY_BYTES_MAX
_VERSION: Final = "c2sp.org/tlog-proof@v1"
_EXTRA: Final = "extra "
_INDEX: Final = re.compile(r"index (0|[1-9][0-9]{0,15})\Z", re.ASCII)


class TlogProofError(EvidenceError):
    """Not a tlog-proof in the one form that is accepted."""


@dataclass(frozen=True, slots=True)
class TlogProof:
    """Record `index`, the hashes from its leaf to the root, and the checkpoint of that root.

    `extra` is the entry; None where there is none.
    """

    index: int
    hashes: tuple[bytes, ...]
    signed: SignedCheckpoint
    extra: bytes | None = None

    def encoded(self) -> bytes:
        """The bytes of the receipt."""
        extra = () if self.extra is None else (_EXTRA + _b64(self.extra),)
        lines = (_VERSION, *extra, f"index {self.index}", *map(_b64, self.hashes))
        return "\n".join((*lines, "", "")).encode() + self.signed.note.encoded()

    def check(self) -> None:
        """Whether its entry is record `index`, and leads to the root; signatures apart.

        Raises:
            EvidenceError: it is not, or does not.
        """
        if self.extra is None:
            raise TlogProofError("a receipt without its entry")
        seq = parse_entry(self.extra).get("_seq")
        if type(seq) is not int or seq != self.index:
            raise TlogProofError("the entry of a receipt is that of another index")
        checkpoint, leaf = self.signed.checkpoint, leaf_hash(self.extra)
        if root_of_inclusion(leaf, self.index, checkpoint.size, self.hashes) != checkpoint.root:
            raise TlogProofError("a receipt that does not lead to its root")

    def holds(self) -> bool:
        """The same, as an answer."""
        try:
            self.check()
        except EvidenceError:
            return False
        return True


def parse_tlog_proof(data: bytes) -> TlogProof:
    """The receipt in these bytes, which must be exactly what `encoded` would write.

    Raises:
        TlogProofError: the lines before the checkpoint are not in that form.
        NoteError: base64, or the checkpoint, is not in its form.
    """
    if len(data) > PROOF_BYTES_MAX:
        raise TlogProofError(f"a receipt of over {PROOF_BYTES_MAX} bytes")
    head, gap, rest = data.partition(b"\n\n")
    if not gap or not head.isascii():
        raise TlogProofError("a receipt is lines of ASCII, an empty line, and a checkpoint")
    lines = head.decode().split("\n")
    if lines.pop(0) != _VERSION:
        raise TlogProofError(f"a receipt begins with {_VERSION}")
    extra = None
    if lines and lines[0].startswith(_EXTRA):
        extra = unb64(lines.pop(0).removeprefix(_EXTRA))
    index = _INDEX.match(lines[0]) if lines else None
    if index is None or int(index[1]) > INTEGER_MAX:
        raise TlogProofError("a receipt names the index of its record")
    hashes = tuple(map(unb64, lines[1:]))
    if len(hashes) > HASHES_MAX or any(len(one) != HASH_BYTES for one in hashes):
        raise TlogProofError(f"a receipt has at most {HASHES_MAX} hashes of {HASH_BYTES} bytes")
    return TlogProof(int(index[1]), hashes, parse_checkpoint(rest), extra)


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
