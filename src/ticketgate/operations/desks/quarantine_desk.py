"""The quarantine desk: what people with the role `triage` see of parked deliveries, and say."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Final

from ticketgate.domain.errors import Refusal, StoreUnavailableError
from ticketgate.domain.evidence import EvidenceRef
from ticketgate.domain.instants import seconds_since
from ticketgate.domain.requests.inbox import DeliveryRow
from ticketgate.domain.requests.roles import may_read_parked, may_triage
from ticketgate.domain.tickets.ticket import Ticket, carried
from ticketgate.operations.attending.quarantine import (
    DISMISS,
    QuarantineForm,
    Told,
    judge,
    own_delivery,
    own_living,
    shown_of,
    ticket_told,
    told_by,
)
from ticketgate.operations.desks.desk import Session
from ticketgate.operations.desks.lane_desk import LaneDesk
from ticketgate.operations.desks.triage_desk import told_fields
from ticketgate.operations.intake.parked import parked_words
from ticketgate.operations.people.sayer import Sayer
from ticketgate.operations.people.view import note_view
from ticketgate.ports import Reading, Source, WaitingRequest

LISTED_MAX: Final = 200
LIST: Final = "quarantine"  # what the record of a look at the whole list is about


@dataclass(frozen=True, slots=True)
class TicketTold:
    """The ticket that a parked body tells, without secrets, held against what is known of it.

    `differences` are (field, value held, value told) of each field that is not the same; none where
    `held`, the accepted revision, is None.
    """

    number: str
    table: str
    opener: str
    version: int | None
    held: int | None
    differences: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class QuarantineView:
    """One quarantined delivery. `blocks` are the live requests that it keeps from approval."""

    id: str
    source: str
    received_at: datetime
    age_seconds: int
    reason: str
    words: str
    ticket: str  # the platform's id of the ticket that it is of, empty where it is not known
    numbers: tuple[str, ...]  # what people call that ticket
    told: TicketTold | None  # the ticket as its body has it, where a connector can read it
    blocks: tuple[tuple[str, str], ...]  # (ticket number, entitlement)
    whole: bool  # its raw body is there still
    shown: str
    barred: Refusal | None


@dataclass(frozen=True, slots=True)
class QuarantineDesk(LaneDesk):
    """What the pages of quarantine call. `sources` read what a parked body tells."""

    sources: Mapping[str, Source]

    def some(self, subject: str, behind: str, limit: int) -> tuple[QuarantineView, ...] | Refusal:
        """At most `limit` of `listed`, from behind the one with an id on; unknown: none."""
        found = self.listed(subject)
        if isinstance(found, Refusal):
            return found
        ids = [one.id for one in found]
        first = 0 if not behind else ids.index(behind) + 1 if behind in ids else len(ids)
        return found[first : first + limit]

    def listed(self, subject: str) -> tuple[QuarantineView, ...] | Refusal:
        """What is quarantined: first what blocks somebody, the oldest first; no body is read.

        Of more than `LISTED_MAX` the newest.

        Refusals: those of `may_read_parked`, of the directory. A look is recorded once an hour.
        """
        who = self.seen_by(subject, may_read_parked)
        if isinstance(who, Refusal):
            return who
        with self.store.reading() as looking:
            rows = looking.deliveries.quarantined(LISTED_MAX)
            views = _views(looking, rows[::-1], who, self.clock.now())
        self.store.write(partial(note_view, about=LIST, subject=subject))
        return tuple(sorted(views, key=lambda one: not one.blocks))

    def view(self, ident: str, subject: str) -> QuarantineView | Refusal:
        """One quarantined delivery. Refusals: as of `listed`, and `not_found`."""
        who = self.seen_by(subject, may_read_parked)
        if isinstance(who, Refusal):
            return who
        with self.store.reading() as looking:
            row = looking.deliveries.quarantined_one(ident)
            told = None if row is None else self._told(looking, row)
            views = [] if row is None else _views(looking, [row], who, self.clock.now(), told)
        if not views:
            return Refusal("not_found", "No such delivery is quarantined.")
        self.store.write(partial(note_view, about=ident, subject=subject))
        return views[0]

    def say(self, ident: str, session: Session, form: QuarantineForm) -> EvidenceRef | Refusal:
        """Release or dismiss it. Refusals: those of `judge`, of the directory and the store."""
        said = self.carry_out(
            session,
            lambda who: partial(judge, ident=ident, form=form, who=who, told=self._told_of(ident)),
        )
        if form.what == DISMISS and not isinstance(said, Refusal):
            # The body is dropped; nor does it stay in the files. What was said stands whatever
            # comes of this: the next heartbeat does it again (operations/workers/housekeeping.py).
            with suppress(StoreUnavailableError):
                self.store.scrub()
        return said

    def _told_of(self, ident: str) -> Told:
        with self.store.reading() as looking:
            row = looking.deliveries.quarantined_one(ident)
            return None if row is None else self._told(looking, row)

    def _told(self, looking: Reading, row: DeliveryRow) -> Told:
        return told_by(self.sources.get(row.source), looking.deliveries.body(row.seq))


def _views(
    looking: Reading, rows: list[DeliveryRow], who: Sayer, now: datetime, told: Told = None
) -> list[QuarantineView]:
    """`told` is what the body says where one row is asked for; of a list no body is read."""
    waiting = looking.console.waiting({one.source for one in rows})
    living = cache(partial(own_living, looking, who))  # once for each source
    reads_only = may_triage(who.roles, who.subject, who.snapshot)
    barred = (reads_only or own_delivery(looking, row, who, told, living) for row in rows)
    return [
        _view(looking, row, told, waiting, bar, now) for row, bar in zip(rows, barred, strict=True)
    ]


def _view(
    looking: Reading,
    row: DeliveryRow,
    told: Told,
    waiting: Sequence[WaitingRequest],
    barred: Refusal | None,
    now: datetime,
) -> QuarantineView:
    ticket = ticket_told(row, told) or ""
    known = looking.tickets.of_platform_id(row.source, ticket)
    return QuarantineView(
        id=row.id,
        source=row.source,
        received_at=row.received_at,
        age_seconds=seconds_since(row.received_at, now),
        reason=row.reason,
        words=parked_words(row.reason),
        ticket=ticket,
        numbers=tuple(one.ticket.number for one in known),
        told=_ticket_told(looking, told) if isinstance(told, Ticket) else None,
        blocks=tuple((one.number, one.entitlement) for one in waiting if _blocks(row, one)),
        whole=looking.deliveries.body(row.seq) is not None,
        shown=shown_of(looking, row, told),
        barred=barred,
    )


def _ticket_told(looking: Reading, ticket: Ticket) -> TicketTold:
    held = looking.tickets.find(ticket.key)
    opener = ticket.reference("opened_by")
    return TicketTold(
        number=ticket.number,
        table=ticket.table,
        opener="" if opener is None else opener.name or opener.id or "",
        version=ticket.version,
        held=None if held is None else held.revision,
        differences=() if held is None else _differences(held.ticket, ticket),
    )


def _differences(held: Ticket, told: Ticket) -> tuple[tuple[str, str, str], ...]:
    """Each field that the two have not alike, with both values for eyes.

    What it does not tell is as it would be taken: as the held one has it, where it is that part.
    """
    before, after = dict(told_fields(held)), dict(told_fields(carried(told, held)))
    names = dict.fromkeys((*before, *after))
    pairs = ((name, before.get(name, ""), after.get(name, "")) for name in names)
    return tuple(one for one in pairs if one[1] != one[2])


def _blocks(row: DeliveryRow, request: WaitingRequest) -> bool:
    """As `parked.unsettled` has it: it is, or may be, of the ticket, and came after."""
    if row.source != request.source or row.seq <= request.worked_off:
        return False
    if row.ticket is None:
        return row.reason != "no_mapping"
    return row.ticket == request.ticket_id
