"""Verification: what an evidence log proves, as separate verdicts.

What is read is taken as an attacker could have left it: it gives faults, never exceptions. There is
no single word "valid". STRUCTURE says that the bytes are one unbroken chain and tree, SIGNED whose
key vouches for how much of it, SEMANTICS that what it tells is possible, DISCLOSURES that the
hidden values are there, ANCHORED and POLICY who else vouches, COMPLETENESS that nothing of a list
is missing; and, of a live database, STATE that its tables are what the log makes them.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Protocol

from ticketgate.domain.anchor_check import (
    ANCHORED,
    POLICY,
    SIGNED,
    Anchor,
    AnchorCheck,
    ReadToken,
    Vouched,
    Vouching,
)
from ticketgate.domain.chain_check import ChainCheck, EntryRow
from ticketgate.domain.checkpoint import SignedCheckpoint, parse_checkpoint
from ticketgate.domain.completeness import COMPLETENESS, CompletenessCheck, TicketKey
from ticketgate.domain.disclosure_check import DisclosureCheck, DisclosureRow, Tally
from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.evidence import Head
from ticketgate.domain.evidence_verdict import EvidenceVerdict, State
from ticketgate.domain.log_life import KeyTrust
from ticketgate.domain.note import VerifyEd25519
from ticketgate.domain.replay import Record, Replay
from ticketgate.domain.snapshot import Pruned, begin
from ticketgate.domain.state_check import TableRow, check_tables
from ticketgate.domain.trust import NONE, Trust

STRUCTURE: Final = "structure"
SEMANTICS: Final = "semantics"
DISCLOSURES: Final = "disclosures"
VERDICTS: Final = (STRUCTURE, SIGNED, DISCLOSURES, SEMANTICS, ANCHORED, POLICY, COMPLETENESS)
ALWAYS: Final = (STRUCTURE, SIGNED, DISCLOSURES, SEMANTICS)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LayoutFault:
    """Something about the files of a copy that is not as it must be; it stands at this place."""

    text: str


@dataclass(frozen=True, slots=True)
class LeafRun:
    """Leaf hashes, in one row of bytes, of entries that a copy does not have."""

    hashes: bytes


Part = bytes | LeafRun | LayoutFault  # an entry, or one of these


class Bundle(Protocol):
    """A copy of a log, read once from its beginning. Reading may raise OSError, nothing else."""

    origin: str

    def vouching(self) -> Vouching:
        """Checkpoints and time stamps that lie in it."""

    def snapshot(self, boundary: int) -> bytes | None:
        """What replaying starts from at this boundary; None where it has none."""

    def parts(self) -> Iterable[Part]:
        """Entries, runs of leaves and faults, in the order of the log."""

    def disclosures(self) -> Iterable[DisclosureRow | LayoutFault]:
        """Its disclosures."""

    def tiles(self) -> Iterable[str]:
        """What is wrong with its tiles, where it has any."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a verifier brings: whom it trusts, what it kept, and what it looks for.

    Records since `unsigned_since` (an instant as in `_ts`) may be unsigned yet; none where empty.
    """

    trust: Trust
    verify: VerifyEd25519
    now: datetime
    known: Sequence[SignedCheckpoint] = ()
    read_token: ReadToken | None = None
    tickets: Collection[TicketKey] | None = None
    quick: bool = False
    unsigned_since: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What verification found. `size`, `leaf` and `root` (hex) are of the entries as read.

    `verdicts` are in the order of `VERDICTS`; then that of the tables, of a live database.
    """

    origin: str
    size: int
    leaf: str
    root: str
    verdicts: tuple[EvidenceVerdict, ...]
    tally: Tally
    signed_to: int | None = None
    anchors: tuple[Anchor, ...] = ()

    def __getitem__(self, name: str) -> EvidenceVerdict:
        """The verdict of this name (KeyError: nobody checked it)."""
        for verdict in self.verdicts:
            if verdict.name == name:
                return verdict
        raise KeyError(name)

    @property
    def failing(self) -> tuple[EvidenceVerdict, ...]:
        """Those that something speaks against."""
        return tuple(one for one in self.verdicts if one.state is State.FAILS)

    def lacking(self, required: Iterable[str]) -> tuple[str, ...]:
        """Those of the required verdicts that nobody checked, or had enough to judge by."""
        judged = {one.name for one in self.verdicts if one.state not in {State.NONE, State.PARTIAL}}
        return tuple(name for name in required if name not in judged)


def required_by(asked: Asked) -> tuple[str, ...]:
    """What must hold unless somebody names it: docs/evidence-format.md, "Verdicts"."""
    names = [STRUCTURE, SIGNED] if asked.quick else list(ALWAYS)
    if asked.trust.witnesses or asked.trust.tsa:
        names.append(ANCHORED)
    if asked.trust.quorum != NONE:
        names.append(POLICY)
    if asked.tickets is not None:
        names.append(COMPLETENESS)
    return tuple(names)


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
        if keys := asked.trust.of_origin(origin):
            self._key_trust = KeyTrust(origin, keys, asked.verify)
        self.replay = Replay(self._key_trust)
        self._snapshot = snapshot
        self._hidden = DisclosureCheck(may_withhold=snapshot is not None)
        self._complete = CompletenessCheck(asked.tickets)
        self._left_out = False

    def begin(self, pruned: Pruned, runs: Iterable[bytes]) -> None:
        """Of a store: begin behind what was pruned."""
        self.chain.begin(pruned, runs)
        self._go_on(pruned)

    def _go_on(self, pruned: Pruned) -> None:
        self.replay = begin(pruned, self._key_trust)
        self._hidden.whole = False

    def row(self, row: EntryRow) -> None:
        """The next row of a store."""
        self._take(*self.chain.take(row))

    def part(self, part: Part) -> None:
        """The next part of a copy."""
        match part:
            case LayoutFault(text):
                self.chain.faults.add(self.chain.place, text)
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

    def disclosure(self, row: DisclosureRow) -> None:
        """One disclosure."""
        self._hidden.answer(row)
        self._complete.answer(row[0], row[2])

    def report(self, tables: Iterable[TableRow] | None = None) -> Report:
        """The verdicts, after everything was taken."""
        self._hidden.close()
        chain = self.chain
        if not self._left_out and not self._asked.quick:
            self.replay.close(chain.place)
        state = () if tables is None else (self._state(tables),)
        vouched = AnchorCheck(
            chain.origin,
            chain.place,
            chain.roots,
            self._asked.trust,
            self.replay.life.keys,
            self._asked.verify,
            self._asked.now,
        ).check(self._vouching, self._may_be_unsigned)
        return Report(
            chain.origin,
            chain.place,
            chain.leaf.hex(),
            chain.tree.root().hex(),
            (*self._verdicts(vouched), *state),
            self._hidden.tally(),
            vouched.signed_to,
            vouched.anchors,
        )

    def _take(self, index: int, record: Record | None) -> None:
        if self._asked.quick:
            if record is not None:
                self.replay.take(index, record)
            return
        if record is not None and index in self._sizes:
            self._stamps[index] = str(record.get("_ts"))
        self._hidden.take(index, record)
        self._complete.take(record)
        if self._left_out:
            return
        self.replay.take(index, record)

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
        yield self.replay.faults.verdict(
            SEMANTICS, lack, "its beginning is left out" if self._left_out else ""
        )
        yield vouched.anchored
        yield vouched.policy
        yield self._complete.verdict(self.chain.place)


def verify_bundle(bundle: Bundle, asked: Asked) -> Report:
    """Every verdict of a copy. Raises only what reading it raises."""
    check = LogCheck(bundle.origin, asked, bundle.vouching(), bundle.snapshot)
    for part in bundle.parts():
        check.part(part)
    check.chain.end()
    for row in bundle.disclosures() if not asked.quick else ():
        if isinstance(row, LayoutFault):
            check.chain.faults.add(check.chain.place, row.text)
        else:
            check.disclosure(row)
    for text in bundle.tiles():
        check.chain.faults.add(check.chain.place, text)
    return check.report()


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
    states and a digest for each disclosure, never the entries. Raises only what reading raises.
    """
    check = LogCheck(stored.origin, asked, vouching)
    if stored.pruned is not None:
        check.begin(stored.pruned, stored.runs)
    for row in stored.entries:
        check.row(row)
    check.chain.close(stored.head)
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
