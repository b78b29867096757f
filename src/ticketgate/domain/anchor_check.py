"""Anchor check: SIGNED, ANCHORED and POLICY, from checkpoints held against the tree of the log."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ticketgate.domain.checkpoint import (
    Checkpoint,
    SignedCheckpoint,
    check_signatures,
    cosignature_time,
    parse_checkpoint,
)
from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.evidence_verdict import EvidenceVerdict, FaultList, State
from ticketgate.domain.instants import to_text
from ticketgate.domain.note import VerifyEd25519
from ticketgate.domain.trust import NONE, LogKey, Trust

SIGNED: Final = "signed"
ANCHORED: Final = "anchored"
POLICY: Final = "policy"

# (token, text of the checkpoint) -> (who, when); raises EvidenceError for one that does not hold.
ReadToken = Callable[[bytes, bytes], tuple[str, datetime]]


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
    signed_to: int | None
    anchors: tuple[Anchor, ...]


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
        self._signed_to: int | None = None
        self._met: int | None = None
        self._anchors: dict[str, Anchor] = {}
        self._strangers: list[int] = []  # where checkpoints stand that nobody trusted has signed

    def check(self, vouching: Vouching, is_young: Callable[[int], bool]) -> Vouched:
        """All three verdicts. `is_young(index)`: that record need not be signed yet."""
        unread = 0
        for named, data in vouching.checkpoints:
            self._checkpoint(named, data)
        for size, token in vouching.tokens.items():
            if vouching.read_token is None:
                unread += 1
            else:
                self._token(size, token, vouching.read_token)
        for known in vouching.known:
            self._known(known.checkpoint)
        for place in () if self._signed_to is None else self._strangers:
            self._signed.add(place, "a checkpoint that no trusted key signed, beside one that is")
        return Vouched(
            self._signed_verdict(is_young),
            self._anchored_verdict(unread),
            self._policy_verdict(),
            self._signed_to,
            tuple(self._anchors.values()),
        )

    def _checkpoint(self, named: int | None, data: bytes) -> None:
        place = self._size if named is None else min(named, self._size)
        try:
            found = parse_checkpoint(data)
        except EvidenceError as fault:
            self._signed.add(place, f"a checkpoint that is not in form: {fault.reason}")
            return
        if named is not None and found.checkpoint.size != named:
            self._signed.add(place, "a checkpoint of another size than its name says")
        self._held(found)

    def _held(self, found: SignedCheckpoint) -> None:
        checkpoint = found.checkpoint
        place = min(checkpoint.size, self._size)
        right = not self._contradicts(checkpoint, self._signed)
        told = check_signatures(found.note, self._believed, self._verify, self._now)
        _add(self._signed, place, told.bad_signatures)
        _add(self._anchored, place, told.bad_cosignatures)
        counts = any(one.key in told.keys and one.counts_at(checkpoint.size) for one in self._keys)
        if told.keys and not counts:
            self._signed.add(place, "a checkpoint signed by a key that had ended, or not begun")
        if not told.keys and not told.bad_signatures:
            self._strangers.append(place)
        if not right:
            return
        for seen in told.cosignatures:
            self._vouch(seen.witness.name, checkpoint.size, seen.at)
        if counts:
            self._signed_to = max(checkpoint.size, self._signed_to or 0)
            if self._trust.meets([seen.witness for seen in told.cosignatures]):
                self._met = max(checkpoint.size, self._met or 0)

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

    def _token(self, size: int, token: bytes, read: ReadToken) -> None:
        root = self._roots.get(size)
        if root is None:
            self._anchored.add(min(size, self._size), "a time stamp of more records than there are")
            return
        try:
            by, at = read(token, Checkpoint(self._origin, size, root).text.encode())
        except EvidenceError as fault:
            self._anchored.add(size, f"a time stamp that does not hold: {fault.reason}")
        else:
            self._vouch(by, size, int(at.timestamp()))

    def _known(self, known: Checkpoint) -> None:
        if not self._contradicts(known, self._anchored):
            self._vouch("a checkpoint that you kept", known.size, None)

    def _signed_verdict(self, is_young: Callable[[int], bool]) -> EvidenceVerdict:
        if self._signed_to is None:
            return self._signed.verdict(SIGNED, State.NONE, "no signature of a trusted key")
        unsigned = self._size - self._signed_to
        whole = not unsigned or is_young(self._signed_to)
        lack = State.HOLDS if whole else State.PARTIAL
        return self._signed.verdict(
            SIGNED, lack, f"up to {self._signed_to} records, {unsigned} unsigned"
        )

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
