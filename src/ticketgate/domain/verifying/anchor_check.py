"""Anchor check: SIGNED, ANCHORED and POLICY, from checkpoints held against the tree of the log."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.instants import to_text
from ticketgate.domain.log.checkpoint import (
    Checkpoint,
    Signatures,
    SignedCheckpoint,
    check_signatures,
    cosignature_time,
    parse_checkpoint,
)
from ticketgate.domain.log.note import VerifyEd25519
from ticketgate.domain.log.time_stamp import check_imprint
from ticketgate.domain.log.trust import NONE, LogKey, Trust
from ticketgate.domain.verifying.evidence_verdict import EvidenceVerdict, FaultList, State

SIGNED: Final = "signed"
ANCHORED: Final = "anchored"
POLICY: Final = "policy"

# (token, text of the checkpoint) -> (who, when); raises EvidenceError for one that does not hold.
ReadToken = Callable[[bytes, bytes], tuple[str, datetime]]


class KnownError(EvidenceError):
    """A checkpoint that the verifier brought proves nothing: a matter of usage."""

    code = "usage"


@dataclass(frozen=True, slots=True)
class Anchor:
    """`by` vouches for the first `size` records, since `at` (seconds since 1970), where told."""

    by: str
    size: int
    at: int | None


@dataclass(frozen=True, slots=True)
class Vouching:
    """What was brought beside the log. `size` is None for `checkpoint`, the newest one.

    `tokens` are RFC 3161 responses by size; `known` are checkpoints that the verifier kept.
    """

    checkpoints: Iterable[tuple[int | None, bytes]] = ()
    tokens: Mapping[int, bytes] = field(default_factory=dict)
    known: Sequence[SignedCheckpoint] = ()
    read_token: ReadToken | None = None


@dataclass(frozen=True, slots=True)
class Vouched:
    """The three verdicts, and what they say in numbers."""

    signed: EvidenceVerdict
    anchored: EvidenceVerdict
    policy: EvidenceVerdict
    newest: SignedCheckpoint | None  # the largest of this log that a key that counts has signed
    anchors: tuple[Anchor, ...]

    @property
    def signed_to(self) -> int | None:
        """How many records are signed."""
        return None if self.newest is None else self.newest.checkpoint.size


class AnchorCheck:
    """Holds checkpoints against the roots of a log of `size` records."""

    def __init__(
        self,
        origin: str,
        size: int,
        roots: Mapping[int, bytes],
        trust: Trust,
        keys: Sequence[LogKey],
        verify: VerifyEd25519,
        now: datetime,
    ) -> None:
        """`keys` are those that count: of the trust file, and what the log made of them."""
        self._origin = origin
        self._size = size
        self._roots = roots
        self._trust = trust
        self._keys = keys
        self._verify = verify
        self._now = now
        self._believed = [*(one.key for one in keys), *trust.witnesses.values()]
        self._signed, self._anchored = FaultList(), FaultList()
        self._newest: SignedCheckpoint | None = None  # the largest that is right and signed
        self._met: int | None = None
        self._anchors: dict[str, Anchor] = {}
        self._strangers: list[int] = []  # where checkpoints stand that nobody trusted has signed

    def check(self, vouching: Vouching, is_young: Callable[[int], bool]) -> Vouched:
        """All three verdicts. `is_young(index)`: that record need not be signed yet.

        Raises:
            KnownError: a known checkpoint is not of this log, or not signed by a trusted key.
        """
        unread = 0
        for named, data in vouching.checkpoints:
            self._checkpoint(named, data)
        for size, token in vouching.tokens.items():
            unread += self._token(size, token, vouching.read_token)
        for known in vouching.known:
            self._known(known)
        for place in () if self._newest is None else self._strangers:
            self._signed.add(place, "a checkpoint that no trusted key signed, beside one that is")
        return Vouched(
            self._signed_verdict(is_young),
            self._anchored_verdict(unread),
            self._policy_verdict(),
            self._newest,
            tuple(self._anchors.values()),
        )

    def _checkpoint(self, named: int | None, data: bytes) -> None:
        place = self._size if named is None else min(named, self._size)
        try:
            found = parse_checkpoint(data)
        except EvidenceError as fault:
            self._signed.add(place, f"a checkpoint that is not in form: {fault.reason}")
            return
        self._held(named, found)

    def _held(self, named: int | None, found: SignedCheckpoint) -> None:
        checkpoint = found.checkpoint
        place = min(checkpoint.size, self._size)
        right = self._fits(named, checkpoint, place)
        told = self._signatures(found)
        _add(self._signed, place, told.bad_signatures)
        _add(self._anchored, place, told.bad_cosignatures)
        counts = self._counts(found, told)
        if told.keys and not counts:
            self._signed.add(place, "a checkpoint signed by a key that had ended, or not begun")
        if not told.keys and not told.bad_signatures:
            self._strangers.append(place)
        if not right:
            return
        for seen in told.cosignatures:
            self._vouch(seen.witness.name, checkpoint.size, seen.at)
        if counts:
            if self._newest is None or checkpoint.size >= self._newest.checkpoint.size:
                self._newest = found
            if self._trust.meets([seen.witness for seen in told.cosignatures]):
                self._met = max(checkpoint.size, self._met or 0)

    def _fits(self, named: int | None, checkpoint: Checkpoint, place: int) -> bool:
        """Whether it is one of this log, of the size that its name says."""
        right = not self._contradicts(checkpoint, self._signed)
        if named in {None, checkpoint.size}:
            return right
        self._signed.add(place, "a checkpoint of another size than its name says")
        return False

    def _signatures(self, found: SignedCheckpoint) -> Signatures:
        return check_signatures(found.note, self._believed, self._verify, self._now)

    def _counts(self, found: SignedCheckpoint, told: Signatures) -> bool:
        """Whether one of the keys that signed it may sign a checkpoint of its size."""
        size = found.checkpoint.size
        return any(one.key in told.keys and one.counts_at(size) for one in self._keys)

    def _vouch(self, by: str, size: int, at: int | None) -> None:
        """Note the largest size that somebody vouches for."""
        known = self._anchors.get(by)
        if known is None or size > known.size:
            self._anchors[by] = Anchor(by, size, at)

    def _contradicts(self, checkpoint: Checkpoint, faults: FaultList) -> bool:
        """Whether the log is not the one that this checkpoint is of; that is a fault."""
        place = min(checkpoint.size, self._size)
        if checkpoint.origin != self._origin:
            faults.add(place, "a checkpoint of another log")
        elif checkpoint.size > self._size:
            faults.add(place, f"a checkpoint of {checkpoint.size} records; the log has fewer")
        elif self._roots.get(checkpoint.size) != checkpoint.root:
            faults.add(place, f"the root of {checkpoint.size} records is not the one signed")
        else:
            return False
        return True

    def _token(self, size: int, token: bytes, read: ReadToken | None) -> bool:
        """Whether a token is left that nobody here can read."""
        root = self._roots.get(size)
        if root is None:
            self._anchored.add(min(size, self._size), "a time stamp of more records than there are")
            return False
        text = Checkpoint(self._origin, size, root).text.encode()
        try:
            check_imprint(token, text)
            if read is None:
                return True
            by, at = read(token, text)
        except EvidenceError as fault:
            self._anchored.add(size, f"a time stamp that does not hold: {fault.reason}")
        else:
            self._vouch(by, size, int(at.timestamp()))
        return False

    def _known(self, known: SignedCheckpoint) -> None:
        checkpoint, told = known.checkpoint, self._signatures(known)
        if (
            checkpoint.origin != self._origin
            or told.bad_signatures
            or not self._counts(known, told)
        ):
            raise KnownError(
                f"the known checkpoint of {checkpoint.size} records is none of this log that a"
                " trusted key signed",
                next_step="--trust FILE names the keys that you believe",
            )
        if not self._contradicts(checkpoint, self._anchored):
            self._vouch("a checkpoint that you kept", checkpoint.size, None)

    def _signed_verdict(self, is_young: Callable[[int], bool]) -> EvidenceVerdict:
        if self._newest is None:
            return self._signed.verdict(SIGNED, State.NONE, "no signature of a trusted key")
        signed_to = self._newest.checkpoint.size
        unsigned = self._size - signed_to
        whole = not unsigned or is_young(signed_to)
        lack = State.HOLDS if whole else State.PARTIAL
        return self._signed.verdict(SIGNED, lack, f"up to {signed_to} records, {unsigned} unsigned")

    def _anchored_verdict(self, unread: int) -> EvidenceVerdict:
        notes = [f"{unread} time stamps not verified here"] if unread else []
        if not self._anchors:
            return self._anchored.verdict(
                ANCHORED, State.NONE, "; ".join(["nobody else vouches for it", *notes])
            )
        best = max(self._anchors.values(), key=lambda one: (one.size, one.at or 0))
        when = None if best.at is None else cosignature_time(best.at)
        said = f"up to {best.size} records, by {best.by}"
        if when is not None:
            said += f" at {to_text(when)}"
        return self._anchored.verdict(ANCHORED, State.HOLDS, "; ".join([said, *notes]))

    def _policy_verdict(self) -> EvidenceVerdict:
        empty = FaultList()
        if self._trust.quorum == NONE:
            return empty.verdict(POLICY, State.NONE, "the trust file asks for no quorum")
        if self._met is None:
            return empty.verdict(POLICY, State.NONE, "no checkpoint has the quorum")
        return empty.verdict(POLICY, State.HOLDS, f"up to {self._met} records")


def _add(faults: FaultList, place: int, texts: Iterable[str]) -> None:
    for text in texts:
        faults.add(place, text)
