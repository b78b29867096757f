"""The evidence log as it is read, and what signs and anchors it."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from ticketgate.domain.checkpoint import Checkpoint
from ticketgate.domain.evidence import Head
from ticketgate.domain.merkle import Frontier, ReadHashes
from ticketgate.domain.note import VerifierKey
from ticketgate.domain.snapshot import Pruned


class EvidenceReading(Protocol):
    """The log of one snapshot, as stored. Nothing of it is verified by being read."""

    def head(self) -> Head | None:
        """The head row; None where there is none."""

    def tree(self) -> Frontier:
        """The frontier of the tree over all records."""

    def first(self) -> int:
        """The index of the first entry that retention has left."""

    def pruned(self) -> Pruned | None:
        """Where the log begins, and what replaying starts from; None where nothing was pruned."""

    def hashes(self, level: int, first: int, count: int) -> Sequence[bytes]:
        """`merkle.ReadHashes` of the tree."""

    def entry(self, index: int) -> bytes | None:
        """The bytes of one entry; None where there is none, or none any more."""

    def entries(self, first: int, end: int) -> Iterable[tuple[int, bytes, bytes]]:
        """(index, stored leaf, entry) of the records from `first` to before `end`, in order."""

    def disclosures(self, first: int, end: int) -> Iterable[tuple[str, int, str | None]]:
        """(digest, index, encoded or None when erased) of those records, by index and digest."""

    def pruned_leaves(self) -> Iterable[bytes]:
        """The leaf hashes of what was pruned, a segment's in one row of bytes at a time."""

    def snapshots(self) -> Iterable[tuple[int, bytes]]:
        """(boundary, canonical JSON) of what replaying starts from where entries were pruned."""


class Signer(Protocol):
    """Signs checkpoints, and remembers the newest one in a place of its own, outside the store.

    One at a time, also over processes. Durable when `sign` returns: what was signed is remembered
    before anybody sees it. Not promised: protection from who can write that place and hold the key.
    """

    @property
    def keys(self) -> tuple[VerifierKey, ...]:
        """The public keys that sign, the current one first."""

    def newest(self) -> bytes | None:
        """The newest checkpoint that was signed, as a note; None where none ever was.

        Raises:
            TicketgateError: code `signer`; the memory cannot be read, or holds no note of ours.
        """

    def kept(self) -> Iterable[int]:
        """The sizes of the older checkpoints that were kept, in order."""

    def note(self, size: int) -> bytes:
        """The kept checkpoint of this size, with what was added to it."""

    def sign(self, checkpoint: Checkpoint, read: ReadHashes) -> bytes:
        """The checkpoint as a signed note; equal to the newest one, that one is given again.

        `read` reads the tree of the checkpoint: consistency with the newest one is proved from it.

        Raises:
            TicketgateError: code `rolled_back` for a smaller size, `forked` for another root at
                the same size, or a tree that does not go on from the newest one.
        """
