"""Boundary: a revision that breaks one is recorded as an exception for the automation's owner."""

from datetime import datetime

from ticketgate.domain.evidence import Disclosure
from ticketgate.domain.requests.inbox import TicketRow
from ticketgate.domain.tickets.identity_event import Classification
from ticketgate.operations.cases.exceptions import open_exception
from ticketgate.ports import Transaction


def open_breaches(
    tx: Transaction, now: datetime, row: TicketRow, classification: Classification
) -> None:
    """One exception a breach; the same automation or account has one at a time."""
    for one in classification.breaches:
        open_exception(
            tx,
            now,
            one.code,
            one.subject,
            about=row.id,
            owner=one.owner,
            hidden=(Disclosure("ticket", row.ticket.number), Disclosure("what", one.what)),
        )
