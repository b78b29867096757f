"""The evidence desk: the log as people read it on pages. Each look is recorded, once an hour."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from ticketgate.domain.errors import EvidenceError, Refusal, TicketgateError
from ticketgate.domain.evidence import leaf_hash
from ticketgate.domain.instants import from_text
from ticketgate.domain.log.anchor import AnchorKind
from ticketgate.domain.log.checkpoint import SignedCheckpoint, parse_checkpoint
from ticketgate.domain.requests.roles import may_read_log
from ticketgate.operations.deciding.decision_refusals import not_found
from ticketgate.operations.deciding.own_request import is_theirs
from ticketgate.operations.desks.lane_desk import LaneDesk
from ticketgate.operations.desks.record_view import (
    UNREADABLE,
    Hidden,
    RecordLine,
    concerns,
    fields_of,
    hidden_of,
    line_of,
    record_of,
    request_of,
)
from ticketgate.operations.desks.search import Hits, search
from ticketgate.operations.evidence.find_records import ids_named, records_before
from ticketgate.operations.evidence.receipts import receipt_of
from ticketgate.operations.people.sayer import Sayer
from ticketgate.operations.people.view import note_view
from ticketgate.ports import Reading

LIST: Final = "evidence"  # what the record of a look at the list is about
SEARCH: Final = "search"  # and of a search; what was typed is not recorded


@dataclass(frozen=True, slots=True)
class AnchorLine:
    """How it goes with one anchor: the size it vouched for last (0: none), when, and its code."""

    kind: str
    name: str
    size: int = 0
    at: datetime | None = None
    code: str = ""


@dataclass(frozen=True, slots=True)
class LogHead:
    """Where the log stands. `root` is of all `size` records; `signed` the newest checkpoint."""

    origin: str
    size: int
    root: str
    first: int  # what was before it, retention has pruned
    signed: SignedCheckpoint | None


@dataclass(frozen=True, slots=True)
class LogPage:
    """Some records, the newest first. `older` is the cursor of those before; None: no more.

    `looked` is the index down to which nothing that fits was left out.
    """

    head: LogHead
    anchors: tuple[AnchorLine, ...]
    lines: tuple[RecordLine, ...]
    older: int | None
    looked: int


@dataclass(frozen=True, slots=True)
class ProofView:
    """The proof that a record is in the log that `checkpoint` signs; hashes as hex."""

    size: int
    hashes: tuple[str, ...]
    checkpoint: str
    receipt: str  # all of it, to be kept (C2SP tlog-proof)


@dataclass(frozen=True, slots=True)
class RecordView:
    """One record. `entry` are its bytes as text, `fields` (name, value, whom it stands for)."""

    index: int
    origin: str
    at: datetime | None
    type: str
    entry: str
    leaf: str
    fields: tuple[tuple[str, str, str], ...]
    hidden: tuple[Hidden, ...]
    request: str  # the request that it is of, where its page is for who looks; else empty
    number: str  # what people call the ticket of that
    proof: ProofView | None
    older: int | None
    newer: int | None
    reads_all: bool  # who looks reads the whole log


@dataclass(frozen=True, slots=True)
class EvidenceDesk(LaneDesk):
    """What the pages of the log call. `newest` is the newest signed checkpoint, as a note.

    `anchors` are those of the settings.
    """

    origin: str
    newest: Callable[[], bytes | None]
    anchors: tuple[tuple[AnchorKind, str], ...]

    def page(
        self, subject: str, *, before: int | None = None, type_: str = "", query: str = ""
    ) -> LogPage | Refusal:
        """Records before an index, of a type, that name what is looked for; empty: any.

        Refusals: those of `may_read_log`, of the directory, `signer`.
        """
        who = self.seen_by(subject, may_read_log)
        if isinstance(who, Refusal):
            return who
        signed = self._signed()
        if isinstance(signed, Refusal):
            return signed
        with self.store.reading() as looking:
            ids = ids_named(looking, query, who.snapshot) if query.strip() else None
            found = records_before(looking, before, type_, ids)
            lines = tuple(line_of(looking, index, entry, who) for index, entry in found.records)
            page = LogPage(
                self._head(looking, signed),
                tuple(_anchor(looking, *one) for one in self.anchors),
                lines,
                found.older,
                found.looked,
            )
        self.store.write(partial(note_view, about=LIST, subject=subject))
        return page

    def view(self, index: int, subject: str) -> RecordView | Refusal:
        """One record.

        Refusals: `approver_unknown`, `approver_inactive`, `not_human`, `signer`, of the directory;
        `not_found`, also where there is one that is not for this person.
        """
        who = self.known(subject)
        if isinstance(who, Refusal):
            return who
        signed = self._signed()
        if isinstance(signed, Refusal):
            return signed
        with self.store.reading() as looking:
            view = self._view(looking, index, who, signed)
        if view is None:
            return not_found()
        self.store.write(partial(note_view, about=f"{LIST}#{index}", subject=subject))
        return view

    def search(self, query: str, subject: str) -> Hits | Refusal:
        """What fits and this person may see; a look is recorded where something was typed.

        Refusals: `approver_unknown`, `approver_inactive`, `not_human`, of the directory.
        """
        who = self.known(subject)
        if isinstance(who, Refusal):
            return who
        with self.store.reading() as looking:
            hits = search(looking, query, who)
        if query.strip():
            self.store.write(partial(note_view, about=SEARCH, subject=subject))
        return hits

    def head(self) -> LogHead | None:
        """Where the log stands, for the head of what is printed; None while it cannot be told."""
        signed = self._signed()
        if isinstance(signed, Refusal):
            return None
        with self.store.reading() as looking:
            return self._head(looking, signed)

    def _view(
        self, looking: Reading, index: int, who: Sayer, signed: SignedCheckpoint | None
    ) -> RecordView | None:
        entry = looking.evidence.entry(index)
        if entry is None:
            return None
        record = record_of(entry)
        reads_all = may_read_log(who.roles, who.subject, who.snapshot) is None
        if not reads_all and not concerns(looking, record, who):
            return None
        request, at = request_of(looking, record), record.get("_ts")
        page = request is not None and (reads_all or is_theirs(looking, request, who.subject))
        actor = looking.people.actor(who.subject)
        own = {} if actor is None else {actor: "you"}
        return RecordView(
            index=index,
            origin=self.origin,
            at=from_text(at) if isinstance(at, str) else None,
            type=str(record.get("type", UNREADABLE)),
            entry=entry.decode(errors="replace"),
            leaf=leaf_hash(entry).hex(),
            fields=tuple(fields_of(looking, record, who, own)),
            hidden=hidden_of(looking, index, who),
            request=request.id if request is not None and page else "",
            number="" if request is None else request.ticket_number,
            proof=_proof(looking, signed, index),
            older=_there(looking, index - 1) if reads_all else None,
            newer=_there(looking, index + 1) if reads_all else None,
            reads_all=reads_all,
        )

    def _signed(self) -> SignedCheckpoint | Refusal | None:
        try:
            newest = self.newest()
            return None if newest is None else parse_checkpoint(newest)
        except TicketgateError as fault:
            return fault.refusal

    def _head(self, looking: Reading, signed: SignedCheckpoint | None) -> LogHead:
        tree = looking.evidence.tree()
        first = looking.evidence.first()
        return LogHead(self.origin, tree.size, tree.root().hex(), first, signed)


def _there(looking: Reading, index: int) -> int | None:
    return index if index >= 0 and looking.evidence.entry(index) is not None else None


def _anchor(looking: Reading, kind: AnchorKind, name: str) -> AnchorLine:
    row = looking.anchors.get(kind, name)
    if row is None:
        return AnchorLine(kind.value, name)
    return AnchorLine(kind.value, name, row.size, row.anchored_at, row.code)


def _proof(looking: Reading, signed: SignedCheckpoint | None, index: int) -> ProofView | None:
    """The proof under the newest checkpoint; None where that has not the record yet, or none is.

    A tree that lacks hashes proves nothing; `ticketgate evidence verify` says what is wrong.
    """
    try:
        found = None if signed is None else receipt_of(looking.evidence, signed, index)
    except EvidenceError:
        return None
    if found is None:
        return None
    return ProofView(
        found.signed.checkpoint.size,
        tuple(one.hex() for one in found.hashes),
        found.signed.note.encoded().decode(),
        found.encoded().decode(),
    )
