"""Odd revisions: those that do not become a ticket's last, as platforms repeat, reorder and lose.

They have no effect, but for what a stale one takes away (ADR 0017).
"""

from dataclasses import replace
from typing import Final

from ticketgate.domain.requests.inbox import DeliveryRow, TicketRow
from ticketgate.domain.tickets.polling import settles
from ticketgate.domain.tickets.ticket import TERMINAL_STATES, Ticket
from ticketgate.ports import Transaction

STALE: Final = "stale"  # the effect of what is older than a ticket's last revision
TERMINAL: Final = "terminal"  # the effect of what comes after a ticket's end


def odd_revision(
    tx: Transaction, row: DeliveryRow, ticket: Ticket, known: TicketRow | None
) -> tuple[str, str] | None:
    """Why this revision is not accepted: (delivery state, effect), or None when it has.

    What the platform was asked for since a delivery of the ticket was parked is what holds: it is
    a revision, and settles that one, also where its version or its body is known (intake rule 3).
    """
    if known is None or _settles(tx, row, ticket, known):
        return None
    last = known.ticket
    if ticket.version is not None and last.version is not None and ticket.version <= last.version:
        return _not_newer(ticket, last)
    if last.state_class in TERMINAL_STATES:
        return "processed", TERMINAL
    late = row.seq < known.delivery_seq  # released behind what was worked off since
    if ticket.version is None and (last.version is not None or late or _seen_before(tx, row)):
        return "quarantined", "needs_poll"
    return None


def _settles(tx: Transaction, row: DeliveryRow, ticket: Ticket, known: TicketRow) -> bool:
    last = known.ticket
    if not settles(row.webhook_id) or last.state_class in TERMINAL_STATES:
        return False
    if ticket.version is not None and last.version is not None and ticket.version < last.version:
        return False
    parked = tx.deliveries.parked_after(row.source, ticket.id, known.delivery_seq)
    return parked is not None and parked.seq < row.seq


def _not_newer(ticket: Ticket, last: Ticket) -> tuple[str, str] | None:
    """A closing that comes late, or is told as the same version, still closes (intake rule 4).

    Some platforms count in seconds or minutes: an edit and the closing may be of one. The first
    closing sticks in whatever order.
    """
    closes = ticket.state_class in TERMINAL_STATES
    if closes and last.state_class not in TERMINAL_STATES:
        return None
    if ticket.version == last.version:
        same = replace(ticket, updated_by=last.updated_by) == last
        return ("processed", "duplicate") if same else ("quarantined", "version_conflict")
    return None if closes else ("processed", STALE)


def _seen_before(tx: Transaction, row: DeliveryRow) -> bool:
    """Without a version the same body may repeat honestly: only the platform can say."""
    return any(
        other.seq < row.seq and other.state == "processed"
        for other in tx.deliveries.with_body(row.source, row.body_digest)
    )
