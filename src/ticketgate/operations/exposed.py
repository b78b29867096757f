"""Exposed: a secret that stands in a ticket is an exception; whoever owns it must rotate it."""

from datetime import datetime

from ticketgate.domain.evidence import Disclosure
from ticketgate.domain.inbox import TicketRow
from ticketgate.domain.masked_ticket import shown_in
from ticketgate.domain.ticket import Ticket
from ticketgate.operations.exceptions import open_exception
from ticketgate.ports import Transaction


def open_exposed(tx: Transaction, now: datetime, row: TicketRow, last: Ticket | None) -> None:
    """One exception a ticket, while it is open; none for what the `last` revision showed too."""
    shown = shown_in(row.ticket)
    if not shown or (last is not None and shown_in(last) == shown):
        return
    what = ", ".join(dict.fromkeys(f"{one.seen} in {one.clause}" for one in shown))
    ticket = row.ticket
    open_exception(
        tx,
        now,
        "secret_exposed",
        f"{ticket.table} {ticket.id} of {ticket.source}",
        about=row.id,
        hidden=(Disclosure("ticket", ticket.number), Disclosure("what", what)),
    )
