"""Work off a delivery: normalised and classified outside, its effect is one transaction.

Platforms repeat, reorder and lose; whatever comes, the same ticket state results (invariant I9).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from ticketgate.domain.classifying.boundary import bounded
from ticketgate.domain.classifying.masked_ticket import shown_in
from ticketgate.domain.classifying.surface import surface_of
from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import Json  # noqa: TC001 -- as every module here does
from ticketgate.domain.grants.grant import Grant
from ticketgate.domain.log.machines import NEW, edge
from ticketgate.domain.people.directory import DirectorySnapshot, canonical
from ticketgate.domain.requests.access_request import (
    LIVE_REQUEST,
    AccessRequest,
    RequestState,
)
from ticketgate.domain.requests.ground import Ground
from ticketgate.domain.requests.hands import gathered
from ticketgate.domain.requests.inbox import DeliveryRow, TicketRow
from ticketgate.domain.requests.opening import (
    Asked,
    beneficiary_field,
    beneficiary_of,
)
from ticketgate.domain.tickets.identity_event import Classification, Verdict
from ticketgate.domain.tickets.ticket import TERMINAL_STATES, ApproverRow, NoTicket, Ticket, carried
from ticketgate.domain.tickets.triage import after_triage
from ticketgate.operations.classifying.classified import (
    classified,
    classified_row,
    record_classified,
)
from ticketgate.operations.classifying.second_word import void_word
from ticketgate.operations.grants.hold_closings import end_by_ticket
from ticketgate.operations.grants.shadow import would_ask
from ticketgate.operations.intake.approver_rows import take_claim
from ticketgate.operations.intake.boundary import open_breaches
from ticketgate.operations.intake.exposed import open_exposed, open_exposed_delivery
from ticketgate.operations.intake.odd_revision import STALE, TERMINAL, odd_revision
from ticketgate.operations.intake.past_end import open_asked_past_end, open_unsaid
from ticketgate.operations.intake.surface import note_surface
from ticketgate.operations.requests.ask_again import ask_again, wanted_by
from ticketgate.operations.requests.open_request import end_request
from ticketgate.operations.requests.untold_grants import open_untold
from ticketgate.ports import Transaction


@dataclass(frozen=True, slots=True)
class Reading:
    """A delivery as read: a ticket with its classification, something beside it, or a refusal."""

    row: DeliveryRow
    what: Ticket | ApproverRow | NoTicket | Refusal
    classification: Classification | None = None
    secret: bool = False  # the raw body holds one: it goes once processed, and is told if parked


def work_delivery(tx: Transaction, now: datetime, *, reading: Reading, ground: Ground) -> str:
    """Give a delivery its effect; returns the effect in a word."""
    what = reading.what
    if isinstance(what, Refusal):
        return _park(tx, now, reading, what.code)
    if isinstance(what, NoTicket):
        _tell_of_secret(tx, now, reading)
        return _finish(tx, reading, "processed", "no_ticket_event", None)
    if isinstance(what, ApproverRow):
        _tell_of_secret(tx, now, reading)
        take_claim(tx, now, what, delivery=reading.row.id, ground=ground)
        return _finish(tx, reading, "processed", "approver_row", what.parent)
    if reading.classification is None:
        raise ValueError("a ticket is classified before it is worked off")
    known = tx.tickets.find(what.key)
    told, classification = what, reading.classification
    what = told if known is None else carried(told, known.ticket)
    if what is not told:
        classification = classified(what, ground.policy, ground.snapshot)
    odd = odd_revision(tx, reading.row, what, known)
    if known is not None and odd is not None:
        _tell_of_secret(tx, now, reading)
        _take_odd(tx, now, known, what, classification, odd[1], ground)
        return _finish(tx, reading, *odd, what.id)
    if known is not None and _only_ours(what, known.ticket, ground.own_users):
        what = replace(what, updated_by=known.ticket.updated_by)
        classification = classified(what, ground.policy, ground.snapshot)
    row, classification = _accept(tx, now, reading, what, classification, known, ground)
    open_breaches(tx, now, row, classification)
    open_exposed(tx, now, row, None if known is None else known.ticket)
    open_unsaid(tx, now, row, known)
    note_surface(
        tx,
        surface_of(what, classification, ground.policy, ground.snapshot, ground.own_users, now),
    )
    apply_verdict(tx, now, row, classification, ground)
    return _finish(tx, reading, "processed", row.verdict, what.id)


def _park(tx: Transaction, now: datetime, reading: Reading, code: str) -> str:
    """Quarantine what says nothing of any ticket; a secret in it is told all the same."""
    _tell_of_secret(tx, now, reading)
    return _finish(tx, reading, "quarantined", code, None)


def _tell_of_secret(tx: Transaction, now: datetime, reading: Reading) -> None:
    """What a person must hear of a body of no effect that holds a secret where no ticket shows it.

    Of a ticket that shows it `open_exposed` tells.
    """
    shows = isinstance(reading.what, Ticket) and shown_in(reading.what)
    if reading.secret and not shows:
        open_exposed_delivery(tx, now, reading.row)


def _take_odd(
    tx: Transaction,
    now: datetime,
    known: TicketRow,
    ticket: Ticket,
    said: Classification,
    word: str,
    ground: Ground,
) -> None:
    """A revision that does not become the last: what people must hear of it; what it takes away."""
    open_exposed(tx, now, replace(known, ticket=ticket), known.ticket)
    if word == TERMINAL:
        open_asked_past_end(tx, now, known, ticket, said)
    if word == STALE:
        _end_what_was_not_asked(tx, now, ticket, said, ground)


def end_closed(tx: Transaction, now: datetime, *, row: DeliveryRow, ticket: Ticket) -> None:
    """End the grants of a closed ticket ahead of its delivery, which is worked off later."""
    if odd_revision(tx, row, ticket, tx.tickets.find(ticket.key)) is None:
        for grant in tx.grants.of_ticket(ticket.key):
            end_by_ticket(tx, now, grant, "ticket_closed")


def _only_ours(ticket: Ticket, last: Ticket, own_users: frozenset[str]) -> bool:
    """Whether one of our own users wrote this revision and left all that rules see as it was.

    Then it is taken as if the last writer had written it (rule 6). What it says of the ticket's
    state counts.
    """
    seen = replace(
        ticket,
        version=last.version,
        state=last.state,
        state_class=last.state_class,
        updated_by=last.updated_by,
    )
    return canonical(ticket.updated_by) in own_users and seen == last


def _finish(tx: Transaction, reading: Reading, state: str, effect: str, ticket: str | None) -> str:
    row = reading.row
    reason = effect if state == "quarantined" else ""
    fields: dict[str, Json] = {"source": row.source, "body": row.body_digest, "reason": reason}
    tx.append(edge("delivery", row.id, row.state, state, effect, fields))
    tx.deliveries.finish(row.seq, state, reason, ticket or row.ticket, effect)
    if reading.secret and state == "processed":
        tx.deliveries.drop_body(row.seq)
    return effect


def _accept(
    tx: Transaction,
    now: datetime,
    reading: Reading,
    ticket: Ticket,
    classification: Classification,
    known: TicketRow | None,
    ground: Ground,
) -> tuple[TicketRow, Classification]:
    """The accepted revision: saved and recorded with its verdict.

    A person's word on it is counted in; without one, a boundary that it breaks makes it uncertain.
    Who wrote what it asks answers for it; what was let pass and is as it was stays so.
    """
    earlier = None if known is None else known.triage
    classification, said = after_triage(ticket, classification, earlier)
    edited = known is None or _edited(ticket, classification, known, ground)
    writer = ticket.updated_by if known is None or edited else known.writer
    passed = known is not None and not edited and known.verdict == Verdict.IDENTITY.value
    if said is None and not passed:
        classification = bounded(
            replace(ticket, updated_by=writer),
            classification,
            ground.policy,
            ground.snapshot,
            ground.own_users,
        )
    row = TicketRow(
        id=tx.new_id("tkt") if known is None else known.id,
        ticket=ticket,
        revision=1 if known is None else known.revision + 1,
        verdict=classification.verdict.value,
        delivery_seq=reading.row.seq,
        updated_at=now,
        shapers=gathered(
            ticket, known, ground.policy, ground.snapshot, ground.own_users, edited=edited
        ),
        triage=said,
        writer=writer,
    )
    tx.tickets.save(row)
    if known is not None:
        void_word(tx, now, known)
    more: dict[str, Json] = {}
    if ground.policy.shadow and classification.verdict is Verdict.IDENTITY:
        wanted = wanted_by(ticket, classification, ground)
        more = would_ask(wanted, row, ground.policy, ground.snapshot, now)
    record_classified(
        tx,
        row,
        classification,
        before=NEW if known is None else known.verdict,
        cause="revision",
        policy=ground.policy,
        delivery=reading.row.id,
        more=more,
    )
    return row, classification


def _edited(
    ticket: Ticket, classification: Classification, known: TicketRow, ground: Ground
) -> bool:
    """Whether a revision shapes what is asked: now, or once a rule makes it an identity event."""
    before, last = classified_row(known, ground.policy, ground.snapshot), known.ticket
    if ticket.variables != last.variables:
        return True
    if before.verdict is not Verdict.IDENTITY and ticket.fields != last.fields:
        return True
    return _essence(last, before, ground) != _essence(ticket, classification, ground)


def _essence(
    ticket: Ticket, classification: Classification, ground: Ground
) -> Mapping[str, tuple[object, ...]]:
    wanted = wanted_by(ticket, classification, ground)
    return {name: what.essence for name, what in wanted.items()}


def apply_verdict(
    tx: Transaction,
    now: datetime,
    row: TicketRow,
    classification: Classification,
    ground: Ground,
) -> None:
    """What the verdict on a revision does to requests and grants of its ticket."""
    identity = classification.verdict is Verdict.IDENTITY
    if row.revision == 1 and not identity:
        return  # nothing can hang on a ticket that was never seen
    requests = tx.requests.of_ticket(row.ticket.key)
    if row.ticket.state_class in TERMINAL_STATES:
        _withdraw(tx, now, requests, "ticket_closed")
        for grant in tx.grants.of_ticket(row.ticket.key):
            end_by_ticket(tx, now, grant, "ticket_closed")
        return
    wanted: Mapping[str, Asked] = {}
    if identity or tx.grants.of_ticket(row.ticket.key):  # else nobody needs what it might name
        wanted = wanted_by(row.ticket, classification, ground)
        _end_what_is_not_asked(tx, now, row, wanted, ground.snapshot)
    if identity and ground.policy.shadow:
        _withdraw(tx, now, requests, "shadow")
    elif identity:
        ask_again(tx, now, row, wanted, ground)
    else:
        _withdraw(tx, now, requests, row.verdict)


def _end_what_is_not_asked(
    tx: Transaction,
    now: datetime,
    row: TicketRow,
    wanted: Mapping[str, Asked],
    snapshot: DirectorySnapshot,
) -> None:
    """Grants of another beneficiary or entitlement than the ticket asks now are revoked.

    Where that cannot be told they stay, and somebody hears of it.
    """
    bound = row.ticket.bound_to != "none"
    for grant in tx.grants.of_ticket(row.ticket.key):
        if _another(row.ticket, grant, snapshot):
            end_by_ticket(tx, now, grant, "ticket_passed_on" if bound else "unapproved")
        elif _unasked(grant, wanted):
            end_by_ticket(tx, now, grant, "unapproved")
    unreadable = _unreadable(wanted)
    open_untold(tx, now, row.ticket, asked=frozenset(wanted), unreadable=unreadable)


def _end_what_was_not_asked(
    tx: Transaction, now: datetime, late: Ticket, said: Classification, ground: Ground
) -> None:
    """A revision that comes behind a newer one takes away what it would have in order (ADR 0017).

    Only of grants that were given, or extended, on an older revision than it: who approved on a
    newer one has seen the ticket as it was after this. It is no more than that: the ticket, its
    requests and their people stay as they are.
    """
    for grant in tx.grants.of_ticket(late.key):
        if not _given_before(grant, late):
            continue
        wanted = wanted_by(late, said, ground)
        if _another(late, grant, ground.snapshot) or _unasked(grant, wanted):
            end_by_ticket(tx, now, grant, "late_revision")


def _given_before(grant: Grant, late: Ticket) -> bool:
    """Whether a grant stands on an older revision; of one that never noted which, it is taken so.

    Such are of before this was noted, and access that is ended wrongly is asked for again.
    """
    given_on = grant.ticket_version
    return given_on is None or (late.version is not None and given_on < late.version)


def _unasked(grant: Grant, wanted: Mapping[str, Asked]) -> bool:
    return grant.entitlement not in wanted and not _unreadable(wanted)


def _unreadable(wanted: Mapping[str, Asked]) -> bool:
    return any("entitlement_unreadable" in what.reasons for what in wanted.values())


def _another(ticket: Ticket, grant: Grant, snapshot: DirectorySnapshot) -> bool:
    """Whether the ticket is for somebody else, or nobody, now; an unread field says nothing."""
    named = ticket.reference(beneficiary_field(ticket))
    if named is None or named.id is None:
        return False
    person = beneficiary_of(ticket, snapshot)
    return person is None or person.id != grant.subject


def _withdraw(tx: Transaction, now: datetime, requests: list[AccessRequest], cause: str) -> None:
    for request in requests:
        if request.state in LIVE_REQUEST:
            end_request(tx, now, request, RequestState.WITHDRAWN, cause)
