"""Parked: what a delivery that could not be read may have said of a ticket. Looking only."""

from typing import Final

from ticketgate.domain.errors import Refusal
from ticketgate.domain.grant import Grant, GrantState
from ticketgate.domain.inbox import DeliveryRow
from ticketgate.ports import Reading

_LIVE: Final = frozenset({GrantState.PLANNED, GrantState.PROVISIONING, GrantState.ACTIVE})


def parked_for(reading: Reading, ticket: tuple[str, str, str]) -> DeliveryRow | None:
    """A parked delivery that is, or may be, of this ticket; a later revision clears it."""
    row = reading.tickets.find(ticket)
    source, _, ident = ticket
    return reading.deliveries.parked_after(source, ident, 0 if row is None else row.delivery_seq)


def unsettled(reading: Reading, ticket: tuple[str, str, str]) -> Refusal | None:
    """Why something accepted before may still change this ticket; None when nothing can (rule 6).

    Every accepted delivery that is, or may be, of this ticket must be worked off; a parked one
    blocks until a later revision of the ticket is worked off (ADR 0005).
    """
    parked = parked_for(reading, ticket)
    if parked is not None:
        return Refusal(
            "ticket_backlog",
            f"A change that may be of this ticket could not be read: delivery {parked.id}.",
            f"Save the ticket again on the platform; `ticketgate deliveries show {parked.id}`"
            " tells operators why.",
        )
    source, _, ident = ticket
    if reading.deliveries.backlog(source, ident):
        return Refusal(
            "ticket_backlog", "Changes of this ticket are being worked off.", "Try again soon."
        )
    return None


def may_have_closed(reading: Reading, grant: Grant) -> DeliveryRow | None:
    """The parked delivery of a live grant's own ticket, which may have said that it is closed.

    One that tells no ticket may be of any: it blocks approvals, and is no alarm here.
    """
    found = parked_for(reading, grant.ticket) if grant.state in _LIVE else None
    return found if found is not None and found.ticket == grant.ticket_id else None


def perhaps_closed(reading: Reading) -> list[tuple[Grant, DeliveryRow]]:
    """Every live grant whose ticket a parked delivery may have closed."""
    grants = reading.grants.matching(subject=None, target=None)
    found = [(grant, may_have_closed(reading, grant)) for grant in grants]
    return [(grant, row) for grant, row in found if row is not None]
