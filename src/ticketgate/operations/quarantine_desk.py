"""The quarantine desk: what people with the role `triage` see of parked deliveries, and say."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Final

from ticketgate.domain.access_request import AccessRequest
from ticketgate.domain.errors import Refusal, StoreUnavailableError
from ticketgate.domain.evidence import EvidenceRef
from ticketgate.domain.inbox import DeliveryRow
from ticketgate.domain.roles import may_triage
from ticketgate.operations.desk import Session
from ticketgate.operations.lane_desk import LaneDesk
from ticketgate.operations.parked import parked_words
from ticketgate.operations.quarantine import (
    DISMISS,
    QuarantineForm,
    judge,
    own_delivery,
    own_living,
    shown_of,
)
from ticketgate.operations.triage import Sayer
from ticketgate.operations.view import note_view
from ticketgate.ports import Reading

LISTED_MAX: Final = 200
LIST: Final = "quarantine"  # what the record of a look at the whole list is about


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
    blocks: tuple[tuple[str, str], ...]  # (ticket number, entitlement)
    whole: bool  # its raw body is there still
    shown: str
    barred: Refusal | None


@dataclass(frozen=True, slots=True)
class QuarantineDesk(LaneDesk):
    """What the pages of quarantine call."""

    def listed(self, subject: str) -> tuple[QuarantineView, ...] | Refusal:
        """What is quarantined: first what blocks somebody, the oldest first.

        Refusals: those of `may_triage`, of the directory. A look is recorded once an hour.
        """
        who = self.seen_by(subject, may_triage)
        if isinstance(who, Refusal):
            return who
        with self.store.reading() as looking:
            rows = looking.deliveries.quarantined(LISTED_MAX)
            views = _views(looking, rows[::-1], who, self.clock.now())
        self.store.write(partial(note_view, request=LIST, subject=subject))
        return tuple(sorted(views, key=lambda one: not one.blocks))

    def view(self, ident: str, subject: str) -> QuarantineView | Refusal:
        """One quarantined delivery. Refusals: as of `listed`, and `not_found`."""
        who = self.seen_by(subject, may_triage)
        if isinstance(who, Refusal):
            return who
        with self.store.reading() as looking:
            row = looking.deliveries.quarantined_one(ident)
            views = [] if row is None else _views(looking, [row], who, self.clock.now())
        if not views:
            return Refusal("not_found", "No such delivery is quarantined.")
        self.store.write(partial(note_view, request=ident, subject=subject))
        return views[0]

    def say(self, ident: str, session: Session, form: QuarantineForm) -> EvidenceRef | Refusal:
        """Release or dismiss it. Refusals: those of `judge`, of the directory and the store."""
        said = self.carry_out(session, lambda who: partial(judge, ident=ident, form=form, who=who))
        if form.what == DISMISS and not isinstance(said, Refusal):
            # The body is dropped; nor does it stay in the files. What was said stands whatever
            # comes of this: the next heartbeat does it again (operations/housekeeping.py).
            with suppress(StoreUnavailableError):
                self.store.scrub()
        return said


def _views(
    looking: Reading, rows: list[DeliveryRow], who: Sayer, now: datetime
) -> list[QuarantineView]:
    waiting = [(one, _worked_off(looking, one)) for one in looking.requests.live()]
    living = cache(partial(own_living, looking, who))  # once for each source
    barred = [own_delivery(looking, row, who, living) for row in rows]
    pairs = zip(rows, barred, strict=True)
    return [_view(looking, row, waiting, refusal, now) for row, refusal in pairs]


def _worked_off(looking: Reading, request: AccessRequest) -> int:
    """Up to which delivery the ticket of a request is worked off."""
    row = looking.tickets.find(request.ticket)
    return 0 if row is None else row.delivery_seq


def _view(
    looking: Reading,
    row: DeliveryRow,
    waiting: list[tuple[AccessRequest, int]],
    barred: Refusal | None,
    now: datetime,
) -> QuarantineView:
    ticket = row.ticket or ""
    known = looking.tickets.of_platform_id(row.source, ticket)
    return QuarantineView(
        id=row.id,
        source=row.source,
        received_at=row.received_at,
        age_seconds=max(0, int((now - row.received_at).total_seconds())),
        reason=row.reason,
        words=parked_words(row.reason),
        ticket=ticket,
        numbers=tuple(one.ticket.number for one in known),
        blocks=tuple(
            (request.ticket_number, request.entitlement)
            for request, seq in waiting
            if _blocks(row, request, seq)
        ),
        whole=looking.deliveries.body(row.seq) is not None,
        shown=shown_of(row),
        barred=barred,
    )


def _blocks(row: DeliveryRow, request: AccessRequest, seq: int) -> bool:
    """As `parked.unsettled` has it: it is, or may be, of the ticket, and came after."""
    if row.source != request.source or row.seq <= seq:
        return False
    if row.ticket is None:
        return row.reason != "no_mapping"
    return row.ticket == request.ticket_id
