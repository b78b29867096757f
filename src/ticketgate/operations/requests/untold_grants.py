"""Untold grants: live access whose ticket does not tell any more whether it is asked still.

The access stays, since what cannot be read says nothing, but a named person hears of it: the ticket
may be over, for somebody else, or ask something else.
"""

from datetime import datetime
from typing import Final

from ticketgate.domain.cases.exception_case import ExceptionCase
from ticketgate.domain.evidence import Disclosure
from ticketgate.domain.grants.grant import Grant
from ticketgate.domain.requests.opening import beneficiary_field
from ticketgate.domain.tickets.ticket import StateClass, Ticket
from ticketgate.operations.cases.exceptions import open_exception
from ticketgate.operations.intake.parked import LIVE, may_have_closed
from ticketgate.ports import Reading, Transaction

CODE: Final = "grant_ticket_unreadable"


def untold_case(reading: Reading, ident: str) -> ExceptionCase | None:
    """The open exception on the grant with this id."""
    return reading.exceptions.opened(CODE, _subject(ident))


def open_untold(
    tx: Transaction, now: datetime, ticket: Ticket, *, asked: frozenset[str], unreadable: bool
) -> None:
    """After an accepted revision: an exception for each live grant of which it says too little.

    `asked` are the entitlements that could be read of it; with `unreadable` it may name more.
    """
    for grant in tx.grants.of_ticket(ticket.key):
        why = _why(ticket)
        if unreadable and grant.entitlement not in asked:
            why.append("what it asks for could not be read")
        if grant.state in LIVE and why:
            _open(tx, now, grant, "; ".join(why))


def open_perhaps_closed(tx: Transaction, now: datetime, *, ident: str) -> None:
    """An exception for a live grant whose ticket a parked delivery may have closed."""
    grant = tx.grants.get(ident)
    parked = None if grant is None else may_have_closed(tx, grant)
    if grant is not None and parked is not None:
        _open(tx, now, grant, f"the parked delivery {parked.id} may have closed it")


def _why(ticket: Ticket) -> list[str]:
    field = beneficiary_field(ticket)
    named = ticket.reference(field)
    why = [f"its state {ticket.state} is not listed"] * (ticket.state_class is StateClass.UNLISTED)
    if named is None or named.id is None:
        why.append(f"{field} was not told, or by a name alone")
    return why


def _open(tx: Transaction, now: datetime, grant: Grant, why: str) -> None:
    told = Disclosure("what", why)
    open_exception(tx, now, CODE, _subject(grant.id), about=grant.id, hidden=(told,))


def _subject(ident: str) -> str:
    return f"grant {ident}"
