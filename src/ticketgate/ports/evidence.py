"""The evidence log as it is read, and what signs and anchors it."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from ticketgate.domain.evidence import Head
from ticketgate.domain.log.anchor import AnchorKind
from ticketgate.domain.log.checkpoint import Checkpoint
from ticketgate.domain.log.merkle import Frontier, ReadHashes
from ticketgate.domain.log.note import SignatureLine, VerifierKey
from ticketgate.domain.verifying.snapshot import Pruned


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

    def naming(self, name: str, first: int, end: int, limit: int) -> Sequence[int]:
        """The indexes of the first `limit` records from `first` to before `end` that name an id.

        In order. Of people (as actors), emergencies and grants; an id of another kind finds none.
        """

    def disclosures(self, first: int, end: int) -> Iterable[tuple[str, int, str | None]]:
        """(digest, index, encoded or None when erased) of those records, by index and digest."""

    def hidden(self, index: int) -> Iterable[tuple[str, str | None, str, str]]:
        """(digest, encoded or None when erased, subject, kind) of one record's disclosures.

        `subject` is the directory subject that it concerns, or empty; by digest.
        """

    def pruned_leaves(self) -> Iterable[bytes]:
        """The leaf hashes of what was pruned, a segment's in one row of bytes at a time."""

    def snapshots(self) -> Iterable[tuple[int, bytes]]:
        """(boundary, canonical JSON) of what replaying starts from where entries were pruned."""


# A snapshot of the log: its checkpoint, and what reads the tree of it.
Committed: TypeAlias = Callable[[], AbstractContextManager[tuple[Checkpoint, ReadHashes]]]


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

    def sign(self, committed: Committed) -> bytes:
        """What is committed as a signed note; equal to the newest one, that one is given again.

        `committed` is called when nobody else signs: one that signs meanwhile would remember more
        than an older snapshot has, which is what a log that was rolled back looks like.

        Raises:
            TicketgateError: code `rolled_back` for a smaller size, `forked` for another root at
                the same size, or a tree that does not go on from the newest one; `signer`: the
                memory cannot be read or written.
        """

    def add(self, data: bytes, lines: Iterable[SignatureLine]) -> bytes:
        """Keep a checkpoint that was signed here, with lines that others added; the whole note."""

    def keep_token(self, size: int, token: bytes) -> None:
        """Keep a time-stamp response (DER) over the text of the checkpoint of this size."""

    def token(self, size: int) -> bytes | None:
        """The time-stamp response over the checkpoint of this size; None where there is none."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an anchor is asked to vouch for."""

    note: bytes  # the signed checkpoint, with what others added to it
    checkpoint: Checkpoint
    token: bytes | None  # a time-stamp response over it, where there is one
    signed: int  # the size of the newest checkpoint that was signed
    known: int  # the size that this anchor vouched for last; 0 for none
    now: datetime
    prove: Callable[[int], Sequence[bytes]]  # the consistency proof from a smaller size to it


@dataclass(frozen=True, slots=True)
class Vouched:
    """What an anchor gave, verified: cosignatures, or a time-stamp response, or nothing to keep."""

    lines: tuple[SignatureLine, ...] = ()
    token: bytes | None = None


class Anchor(Protocol):
    """Somebody outside this host. One try per call, within seconds; any thread but the writer's."""

    @property
    def kind(self) -> AnchorKind:
        """What it is."""

    @property
    def name(self) -> str:
        """Its name in the configuration."""

    def vouch(self, asked: Asked) -> Vouched:
        """Ask it. What is returned has been verified against its configured key.

        Idempotent: asked again for the same checkpoint, it vouches again or says that it did.

        Raises:
            TicketgateError: it did not; the code says why, and the message holds no secret.
        """
