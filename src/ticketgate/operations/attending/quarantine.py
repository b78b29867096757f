"""Quarantine: a named person has a parked delivery worked off again, or dismisses it.

`docs/rules.md`, "Quarantine". Whatever is parked and may be of a ticket blocks its approvals.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Final

from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import Disclosure, EvidenceRef, Json, digest_of
from ticketgate.domain.log.machines import edge
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.requests.hands import with_assignee
from ticketgate.domain.requests.inbox import DeliveryRow, TicketRow
from ticketgate.domain.requests.opening import shapers_of
from ticketgate.domain.tickets.ticket import ApproverRow, Ticket
from ticketgate.operations.attending.triage import own_ticket
from ticketgate.operations.intake.read_body import read_body
from ticketgate.operations.people.actors import actor_of
from ticketgate.operations.people.sayer import Sayer, bad_justification, may_say, own_shapers
from ticketgate.ports import Reading, Source, Transaction

RELEASE, DISMISS = "release", "dismiss"
_AFTER: Final = {RELEASE: "released", DISMISS: "dismissed"}


@dataclass(frozen=True, slots=True)
class QuarantineForm:
    """What was posted: `release` or `dismiss`, why, and the digest of what the page showed."""

    what: str
    justification: str
    shown: str


Told = Ticket | ApproverRow | None
"""What the body of a parked delivery says, without its secrets; None where it tells no ticket."""


def told_by(source: Source | None, body: bytes | None) -> Told:
    """What the source's connector reads in the body of a parked delivery."""
    try:
        what, _ = read_body(source, body)
    except Exception:  # noqa: BLE001 -- our own code fails on it, which may be why it is parked
        return None
    return what if isinstance(what, Ticket | ApproverRow) else None


def ticket_told(row: DeliveryRow, told: Told) -> str | None:
    """The platform's id of the ticket that a delivery is of: as its body says, else as its id."""
    if isinstance(told, Ticket):
        return told.id
    return row.ticket if told is None else told.parent


def shown_of(reading: Reading, row: DeliveryRow, told: Told) -> str:
    """The digest of what a page shows of a delivery, and of the revision it is held against."""
    body: list[Json] = []
    if isinstance(told, Ticket):
        held = reading.tickets.find(told.key)
        body = [told.plain(), 0 if held is None else held.revision]
    return digest_of([row.id, row.state, row.reason, ticket_told(row, told) or "", body])


def own_delivery(
    reading: Reading,
    row: DeliveryRow,
    who: Sayer,
    told: Told,
    living: Callable[[str], Refusal | None],
) -> Refusal | None:
    """Nobody judges a delivery of a ticket that is their own, or may be.

    It is so by what its body says (who opened, gets or wrote it, and whose the ticket is that is
    known by that id), and by the ticket that its own id tells. One whose id tells none blocks what
    may be of its source; so it is, perhaps, of the ticket that another delivery with its id is of,
    or of any that `living` answers for by source, as `own_living` does.
    """
    refusal = own_told(reading, row, who.subject, who.snapshot, told)
    if refusal is not None:
        return refusal
    if row.ticket is not None:
        return _own(reading.tickets.of_platform_id(row.source, row.ticket), who)
    same = {one.ticket for one in reading.deliveries.find(row.source, row.webhook_id)} - {None}
    each = (reading.tickets.of_platform_id(row.source, str(one)) for one in same)
    return _own(chain.from_iterable(each), who) or living(row.source)


def own_told(
    reading: Reading, row: DeliveryRow, subject: str, snapshot: DirectorySnapshot, told: Told
) -> Refusal | None:
    """Nobody judges what its body says is theirs, or is of a ticket that is known as theirs."""
    if isinstance(told, Ticket):
        shapers = with_assignee(told, shapers_of(told, snapshot, edited=True))
        refusal = own_shapers(shapers, row.source, subject, snapshot)
        if refusal is not None:
            return refusal
    ident = None if told is None else ticket_told(row, told)
    rows = () if ident is None else reading.tickets.of_platform_id(row.source, ident)
    return own_of(rows, subject, snapshot)


def own_living(reading: Reading, who: Sayer, source: str) -> Refusal | None:
    """Whose own is a ticket of the source that a live request stands on, or a grant not over."""
    return _own(reading.tickets.living(source), who)


def _own(known: Iterable[TicketRow], who: Sayer) -> Refusal | None:
    return own_of(known, who.subject, who.snapshot)


def own_of(known: Iterable[TicketRow], subject: str, snapshot: DirectorySnapshot) -> Refusal | None:
    """The refusal of the first of these tickets that is this person's own."""
    found = (own_ticket(one, subject, snapshot) for one in known)
    return next((refusal for refusal in found if refusal is not None), None)


def judge(
    tx: Transaction, now: datetime, *, ident: str, form: QuarantineForm, who: Sayer, told: Told
) -> EvidenceRef | Refusal:
    """Release a quarantined delivery, or dismiss it for good: then its raw body goes.

    `told` is what its body says, as `told_by` reads it before: a body never changes.
    Released, it waits as one that was just accepted, and is processed or quarantined anew.
    Refusals: `directory_stale`, those of `may_triage`, `not_found`, `own_ticket`,
    `shown_changed`, `what`, `body_dropped`, `justification`, `secret_typed`.
    """
    refusal = may_say(tx, now, who)
    row = tx.deliveries.quarantined_one(ident)
    if refusal is not None or row is None:
        return refusal or Refusal("not_found", "No such delivery is quarantined.")
    refusal = own_delivery(tx, row, who, told, partial(own_living, tx, who))
    refusal = refusal or _bad_form(tx, row, form, told)
    if refusal is not None:
        return refusal
    after = _AFTER[form.what]
    reason = row.reason if form.what == DISMISS else ""
    fields: dict[str, Json] = {
        "source": row.source,
        "body": row.body_digest,
        "reason": reason,
        "person": actor_of(tx, who.subject),
        "method": who.method,
    }
    why = Disclosure(
        "justification", form.justification.strip(), subject=who.subject, kind="triage"
    )
    ref = tx.append(edge("delivery", row.id, row.state, after, after, fields, (why,)))
    tx.deliveries.finish(row.seq, after, reason, row.ticket, after)
    if form.what == DISMISS:
        tx.deliveries.drop_body(row.seq)
    return ref


def _bad_form(
    tx: Transaction, row: DeliveryRow, form: QuarantineForm, told: Told
) -> Refusal | None:
    if form.shown != shown_of(tx, row, told):
        return Refusal(
            "shown_changed", "This is not what the page shows now.", "Read it again, then say so."
        )
    if form.what not in _AFTER:
        return Refusal("what", "Say what becomes of the delivery.", "Choose one of the two.")
    if form.what == RELEASE and tx.deliveries.body(row.seq) is None:
        return Refusal(
            "body_dropped",
            "Its raw body is gone, so it cannot be worked off again.",
            "Save the ticket again on the platform, and dismiss this delivery.",
        )
    return bad_justification(form.justification)
