"""Log check: every verdict of one log, fed record by record. Nothing is assumed of what is fed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.evidence import Draft, Head, leaf_hash
from ticketgate.domain.log.checkpoint import SignedCheckpoint, parse_checkpoint
from ticketgate.domain.log.folded import Record
from ticketgate.domain.log.machines import check_record
from ticketgate.domain.log.merkle import HASH_BYTES
from ticketgate.domain.log.trust import LogKey
from ticketgate.domain.verifying.anchor_check import (
    AnchorCheck,
    Vouched,
    Vouching,
)
from ticketgate.domain.verifying.approval_check import ApproverTrust
from ticketgate.domain.verifying.chain_check import ChainCheck, EntryRow
from ticketgate.domain.verifying.completeness import CompletenessCheck
from ticketgate.domain.verifying.disclosure_check import DisclosureCheck, DisclosureRow, LineFault
from ticketgate.domain.verifying.evidence_verdict import EvidenceVerdict, FaultList, State
from ticketgate.domain.verifying.log_life import KeyTrust
from ticketgate.domain.verifying.replay import Replay
from ticketgate.domain.verifying.report import DISCLOSURES, SEMANTICS, STRUCTURE, Asked, Report
from ticketgate.domain.verifying.snapshot import Pruned, begin
from ticketgate.domain.verifying.state_check import TableRow, check_tables


@dataclass(frozen=True, slots=True)
class LayoutFault:
    """Something about the files of a copy that is not as it must be.

    It stands at `place`, an index; at the number of records where that is None.
    """

    text: str
    place: int | None = None


@dataclass(frozen=True, slots=True)
class LeafRun:
    """Leaf hashes, in one row of bytes, of entries that a copy does not have."""

    hashes: bytes


Part = bytes | LeafRun | LayoutFault  # an entry, or one of these


def leaves_of(parts: Iterable[Part]) -> Iterator[bytes]:
    """The leaf hashes of a copy."""
    for part in parts:
        match part:
            case LayoutFault():
                pass
            case LeafRun(hashes):
                yield from (
                    hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)
                )
            case entry:
                yield leaf_hash(entry)


def sizes_of(vouching: Vouching, known: Iterable[SignedCheckpoint]) -> frozenset[int]:
    """The sizes at which the root of the log is asked for."""
    sizes = {one.checkpoint.size for one in known} | set(vouching.tokens)
    for _, data in vouching.checkpoints:
        with suppress(EvidenceError):  # one that is not in form is told later, with its place
            sizes.add(parse_checkpoint(data).checkpoint.size)
    return frozenset(sizes)


class LogCheck:
    """All verdicts of one log, fed in the order of its records. Raises nothing of its own."""

    def __init__(
        self,
        origin: str,
        asked: Asked,
        vouching: Vouching,
        snapshot: Callable[[int], bytes | None] | None = None,
    ) -> None:
        """`snapshot` is that of a copy, which may withhold disclosures; a store may not."""
        self._asked = asked
        self._vouching = replace(vouching, known=tuple(asked.known), read_token=asked.read_token)
        self._sizes = sizes_of(vouching, asked.known)
        self._stamps: dict[int, str] = {}  # `_ts` of the first record behind each of the sizes
        self.chain = ChainCheck(origin, self._sizes, quick=asked.quick)
        self._key_trust = None
        if asked.trust.logs:  # also where none is of this log: then none may follow
            keys = asked.trust.of_origin(origin)
            approvers = ApproverTrust(
                asked.verify_p256, asked.trust.approvers, asked.trust.passkeys_from
            )
            self._key_trust = KeyTrust(origin, keys, asked.verify, asked.trust.ends, approvers)
        self.replay = Replay(self._key_trust)
        self._snapshot = snapshot
        self._hidden = DisclosureCheck(may_withhold=snapshot is not None)
        self._complete = CompletenessCheck(asked.tickets)
        self._left_out = False
        self._began_with_snapshot = False
        self._late: list[str] = []

    def begin(self, pruned: Pruned, runs: Iterable[bytes]) -> None:
        """Of a store: begin behind what was pruned."""
        self.chain.begin(pruned, runs)
        self._go_on(pruned)

    def _go_on(self, pruned: Pruned) -> None:
        """Begin anew; what was wrong before a gap, and the snapshots named there, stay told."""
        before, self.replay = self.replay, begin(pruned, self._key_trust)
        for fault in self.replay.faults.kept:
            before.faults.add(fault.index, fault.text)
        self.replay.faults = before.faults
        self.replay.life.snapshots.update(before.life.snapshots)
        self._began_with_snapshot = True
        self._hidden.whole = False

    def row(self, row: EntryRow) -> None:
        """The next row of a store."""
        self._take(*self.chain.take(row))

    def part(self, part: Part) -> None:
        """The next part of a copy."""
        match part:
            case LayoutFault():
                self.fault(part)
            case LeafRun(hashes):
                self.chain.leaves(hashes)
                self._left_out = True
                self._hidden.whole = False
            case entry:
                if self._left_out and self._snapshot is not None:
                    self._find_snapshot(self._snapshot(self.chain.place))
                self._take(*self.chain.line(entry))

    def _find_snapshot(self, data: bytes | None) -> None:
        """Replaying goes on behind a run of leaves from its snapshot, where there is one."""
        self._snapshot = None
        if data is not None:
            self._left_out = False
            self._go_on(Pruned(self.chain.place, self.chain.leaf, data))

    def fault(self, fault: LayoutFault) -> None:
        """Something is wrong with the files; what has no place stands at the end."""
        if fault.place is None:
            self._late.append(fault.text)
        else:
            self.chain.faults.add(fault.place, fault.text)

    def end(self, newest: bytes | None) -> None:
        """After the last part of a copy, whose newest checkpoint this is."""
        self.chain.end()
        with suppress(EvidenceError):  # one that is not in form is a matter of SIGNED
            if newest and parse_checkpoint(newest).checkpoint.size > self.chain.place:
                self.chain.faults.add(self.chain.place, "fewer records than its checkpoint says")
        self._hidden.size = self.chain.place

    def close(self, head: Head | None) -> None:
        """After the last row of a store, whose head row this is."""
        self.chain.close(head)
        self._hidden.size = self.chain.place

    def snapshots(self, found: Iterable[tuple[int, str]]) -> None:
        """Hold the snapshots of a copy, as (boundary, SHA-256), against what the log names."""
        for boundary, digest in found:
            if self.replay.life.snapshots.get(boundary) != digest:
                place = min(boundary, self.chain.place)
                self.replay.faults.add(place, "a snapshot that no record names")

    def _close(self) -> None:
        for text in self._late:
            self.chain.faults.add(self.chain.place, text)
        self._hidden.close()
        if not self._left_out and not self._asked.quick:
            self.replay.close()

    def disclosure(self, row: DisclosureRow | LineFault) -> None:
        """One disclosure, or a line that is none."""
        if isinstance(row, LineFault):
            self._hidden.mismatch(row.place, row.text)
            return
        self._hidden.answer(row)
        self._complete.answer(row[0], row[2])

    def report(self, tables: Iterable[TableRow] | None = None) -> Report:
        """The verdicts, after everything was taken."""
        self._close()
        chain = self.chain
        state = () if tables is None else (self._state(tables),)
        vouched = self._vouched()
        return Report(
            chain.origin,
            chain.place,
            chain.leaf.hex(),
            chain.tree.root().hex(),
            (*self._verdicts(vouched), *state),
            self._hidden.tally(),
            vouched.signed_to,
            vouched.anchors,
            vouched.newest,
        )

    def _take(self, index: int, record: Record | None) -> None:
        if self._asked.quick:
            if record is not None:
                self._keys_alone(index, record)
            return
        if record is not None and index in self._sizes:
            self._stamps[index] = str(record.get("_ts"))
        self._hidden.take(index, record, self.replay.faults)
        self._complete.take(record)
        self.replay.take(index, record, fold=not self._left_out)

    def _keys_alone(self, index: int, record: Record) -> None:
        """Of a record that is not replayed: whose key counts behind it."""
        kind = record.get("type")
        if kind not in {"key.rotated", "key.ended", "retention.pruned"}:
            return
        try:
            check_record(Draft(str(kind), record))
            self.replay.life.take(index, str(kind), record)
        except EvidenceError as fault:
            self.chain.faults.add(index, fault.reason)

    def _vouched(self) -> Vouched:
        """Who vouches, by the keys that count.

        Keys out of a snapshot come without the signatures that brought them: they count once a
        checkpoint that covers the record which names the snapshot is signed without them.
        """
        life, start = self.replay.life, self._asked.trust.of_origin(self.chain.origin)
        keys = life.keys
        if self._began_with_snapshot:
            brought = replace(self._vouching, known=())
            alone = self._anchor_check(start).check(brought, self._may_be_unsigned)
            if life.confirmed_at is None or (alone.signed_to or 0) <= life.confirmed_at:
                keys = start
        return self._anchor_check(keys).check(self._vouching, self._may_be_unsigned)

    def _anchor_check(self, keys: Sequence[LogKey]) -> AnchorCheck:
        chain, asked = self.chain, self._asked
        return AnchorCheck(
            chain.origin, chain.place, chain.roots, asked.trust, keys, asked.verify, asked.now
        )

    def _may_be_unsigned(self, index: int) -> bool:
        """Whether the record is so young that it need not be signed yet."""
        since = self._asked.unsigned_since
        return bool(since) and self._stamps.get(index, "") >= since

    def _state(self, tables: Iterable[TableRow]) -> EvidenceVerdict:
        return check_tables(self.replay, tables, max(self.chain.place - 1, 0))

    def _verdicts(self, vouched: Vouched) -> Iterable[EvidenceVerdict]:
        unparsed = State.NONE if self._asked.quick else State.HOLDS
        lack = State.NONE if self._left_out else unparsed
        tally = self._hidden.tally()
        yield self.chain.faults.verdict(
            STRUCTURE, note="by hashes alone" if self._asked.quick else ""
        )
        yield vouched.signed
        yield self._hidden.faults.verdict(
            DISCLOSURES,
            unparsed,
            f"{tally.given} given, {tally.erased} erased, {tally.withheld} withheld",
        )
        told = FaultList() if self._asked.quick else self.replay.faults
        note = "its beginning is left out" if self._left_out else self.replay.silence.note
        yield told.verdict(SEMANTICS, lack, note)
        yield vouched.anchored
        yield vouched.policy
        yield self._complete.verdict(self.chain.place, left_out=not self._hidden.whole)
