"""A fork proof: two signed checkpoints of one log that cannot both be true.

It needs no log to be checked. The hashes lead to two roots: to the larger one that was signed, and
to a smaller one that is not the one signed (docs/evidence-format.md, "Fork proofs").
"""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.log.checkpoint import SignedCheckpoint, parse_checkpoint
from ticketgate.domain.log.merkle import HASH_BYTES, Frontier, grow
from ticketgate.domain.log.note import NOTE_BYTES_MAX, unb64
from ticketgate.domain.log.proof import roots_of_consistency

HASHES_MAX: Final = 128
FORK_BYTES_MAX: Final = 4 * NOTE_BYTES_MAX
_VERSION: Final = "ticketgate-fork-proof@v1"


class ForkProofError(EvidenceError):
    """Not a fork proof in the one form that is accepted, or one that proves no fork."""


@dataclass(frozen=True, slots=True)
class ForkProof:
    """The smaller checkpoint, the larger one, and the hashes between them, whoever signed them."""

    hashes: tuple[bytes, ...]
    smaller: SignedCheckpoint
    larger: SignedCheckpoint

    def encoded(self) -> bytes:
        """The bytes of the file."""
        lines = (_VERSION, *(base64.b64encode(one).decode() for one in self.hashes), "", "")
        return (
            "\n".join(lines).encode()
            + self.smaller.note.encoded()
            + b"\n"
            + self.larger.note.encoded()
        )

    def check(self) -> None:
        """Hold the two against each other; signatures apart.

        Raises:
            EvidenceError: both may be true, or nothing is shown by these hashes.
        """
        smaller, larger = self.smaller.checkpoint, self.larger.checkpoint
        if smaller.origin != larger.origin:
            raise ForkProofError("two logs are no fork")
        if smaller.size == larger.size:
            if self.hashes or smaller.root == larger.root:
                raise ForkProofError("one size is a fork by two roots, and needs no hashes")
            return
        old, new = _roots(smaller.size, larger.size, self.hashes)
        if new != larger.root:
            raise ForkProofError("the hashes do not lead to the larger root")
        if old == smaller.root:
            raise ForkProofError("the hashes lead to both roots: no fork")


def parse_fork_proof(data: bytes) -> ForkProof:
    """The fork proof in these bytes, which must be exactly what `encoded` would write.

    Raises:
        EvidenceError: it is not.
    """
    if len(data) > FORK_BYTES_MAX:
        raise ForkProofError(f"a fork proof of over {FORK_BYTES_MAX} bytes")
    parts = data.split(b"\n\n")
    if len(parts) != 5 or not parts[0].isascii():  # noqa: PLR2004 -- a head, two notes of two parts
        raise ForkProofError("a fork proof is hashes and two checkpoints")
    version, *lines = parts[0].decode().split("\n")
    hashes = tuple(map(unb64, lines))
    if version != _VERSION or len(hashes) > HASHES_MAX or {*map(len, hashes)} - {HASH_BYTES}:
        raise ForkProofError(f"a fork proof begins with {_VERSION}, and hashes of 32 bytes")
    smaller = parse_checkpoint(parts[1] + b"\n\n" + parts[2] + b"\n")
    return ForkProof(hashes, smaller, parse_checkpoint(parts[3] + b"\n\n" + parts[4]))


def find_fork(
    known: SignedCheckpoint, newest: SignedCheckpoint, leaves: Iterable[bytes]
) -> ForkProof | None:
    """The proof that a log and a checkpoint of it that was kept cannot both be true.

    `newest` is one that the log fits to, `leaves` are the leaf hashes of the log, read once. None
    where the log is smaller than the known checkpoint, or goes on from it.
    """
    old, new = known.checkpoint.size, newest.checkpoint.size
    if not 0 < old <= new:
        return None
    hashes = () if old == new else _hashes(_ranges(old, new), leaves)
    found = ForkProof(hashes, known, newest)
    try:
        found.check()
    except EvidenceError:
        return None
    return found


def _roots(old: int, new: int, hashes: tuple[bytes, ...]) -> tuple[bytes, bytes]:
    """Both roots; where RFC 6962 leaves the older one out, it is the first of the hashes."""
    if not hashes:
        raise ForkProofError("no hashes between two sizes")
    stated = old.bit_count() == 1
    return roots_of_consistency(old, new, hashes[stated:], hashes[0])


def _ranges(old: int, new: int) -> list[tuple[int, int]]:
    """The subtrees of which a proof has the roots, in its order; the first is what both share."""
    start, end, ranges = 0, new, []
    while old != end:
        split = start + (1 << ((end - start - 1).bit_length() - 1))
        if old <= split:
            ranges.append((split, end))
            end = split
        else:
            ranges.append((start, split))
            start = split
    return [(start, end), *reversed(ranges)]


def _hashes(ranges: list[tuple[int, int]], leaves: Iterable[bytes]) -> tuple[bytes, ...]:
    """The roots over ranges that together are a tree, its leaves read once."""
    roots: dict[tuple[int, int], bytes] = {}
    waiting = iter(leaves)
    for start, end in sorted(ranges):
        frontier = Frontier()
        for leaf in islice(waiting, end - start):
            frontier, _ = grow(frontier, leaf)
        roots[start, end] = frontier.root()
    return tuple(roots[each] for each in ranges)
