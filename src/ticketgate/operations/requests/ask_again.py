"""Ask again: what a ticket asks now, and what that does to its requests."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from ticketgate.domain.classifying.classify import asked_entitlements
from ticketgate.domain.requests.access_request import (
    BY_ITS_PEOPLE,
    LIVE_REQUEST,
    AccessRequest,
    RequestState,
    material_of,
)
from ticketgate.domain.requests.ground import Ground
from ticketgate.domain.requests.inbox import TicketRow
from ticketgate.domain.requests.opening import Ask, Asked, asked, refreshed
from ticketgate.domain.tickets.identity_event import Classification
from ticketgate.domain.tickets.ticket import Ticket
from ticketgate.operations.classifying.classified import classified_row, facts_of
from ticketgate.operations.requests.open_request import end_request, open_request, renew
from ticketgate.ports import Reading, Transaction


def wanted_by(
    ticket: Ticket, classification: Classification, ground: Ground
) -> Mapping[str, Asked]:
    """What the ticket asks now, by entitlement.

    One blocked ask, under the empty name, when it names none or when it may name more than could
    be read.
    """
    entitlements, unreadable = asked_entitlements(ground.policy, facts_of(ticket, ground.snapshot))
    unnamed = (None,) if unreadable or not entitlements else ()
    questions = [
        Ask(ticket, classification, one, unreadable, ground.policy, ground.snapshot)
        for one in (*entitlements, *unnamed)
    ]
    return {what.entitlement: what for what in map(asked, questions)}


def asked_now(
    reading: Reading, ticket: tuple[str, str, str], entitlement: str, ground: Ground
) -> Asked | None:
    """What the ticket asks of this entitlement under the rules in force; None: it does not."""
    row = reading.tickets.find(ticket)
    if row is None:
        return None
    classification = classified_row(row, ground.policy, ground.snapshot)
    return wanted_by(row.ticket, classification, ground).get(entitlement)


def ask_again(
    tx: Transaction,
    now: datetime,
    row: TicketRow,
    wanted: Mapping[str, Asked],
    ground: Ground,
) -> int:
    """Hold the requests of a ticket against what it asks now; returns how many moved."""
    policy, snapshot = ground.policy, ground.snapshot
    moved = 0
    for request in tx.requests.of_ticket(row.ticket.key):
        if request.state not in LIVE_REQUEST:
            continue
        what = wanted.get(request.entitlement)
        if what is None or (request.extends and _is_anothers(request, what)):
            end_request(tx, now, request, RequestState.WITHDRAWN, "superseded")
            moved += 1
            continue
        held = replace(request, revision=row.revision)
        after = renew(tx, now, held, what=what, row=row, policy=policy, snapshot=snapshot)
        moved += after is not held
    requests = [one for one in tx.requests.of_ticket(row.ticket.key) if not one.extends]
    for what in wanted.values():
        if not _answered([one for one in requests if one.entitlement == what.entitlement], what):
            open_request(tx, now, what=what, row=row, policy=policy, snapshot=snapshot)
            moved += 1
    return moved


def _is_anothers(request: AccessRequest, what: Asked) -> bool:
    """Whether the ticket is for somebody else now than whose access it is to extend."""
    return request.beneficiary.subject != what.beneficiary.subject


def _answered(requests: Sequence[AccessRequest], what: Asked) -> bool:
    """Whether what is asked now has its request among those for the entitlement, oldest first.

    A live one answers. After an approval only another beneficiary asks anew; after a denial, a
    time-out, or when its own people took it back, only another material does.
    """
    if any(one.state in LIVE_REQUEST or _refused(one, what) for one in requests):
        return True
    last = requests[-1] if requests else None
    return (
        last is not None
        and last.state is RequestState.APPROVED
        and last.beneficiary.subject == what.beneficiary.subject
    )


def _refused(request: AccessRequest, what: Asked) -> bool:
    withdrawn = request.cause == BY_ITS_PEOPLE
    over = withdrawn or request.state in {RequestState.DENIED, RequestState.TIMED_OUT}
    return over and material_of(refreshed(request, what)) == request.material
