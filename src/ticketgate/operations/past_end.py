"""Past its end: what a ticket that is over asks, or what nobody said of it, is an exception.

Nothing is revived and nothing opens (rule 8), but whoever fulfils tickets by hand may still act on
what stands in one; so a named person is told.
"""

from datetime import datetime

from ticketgate.domain.evidence import Disclosure
from ticketgate.domain.identity_event import Classification, Verdict
from ticketgate.domain.inbox import TicketRow
from ticketgate.domain.ticket import TERMINAL_STATES, Ticket
from ticketgate.operations.exceptions import open_exception
from ticketgate.ports import Transaction


def open_asked_past_end(
    tx: Transaction, now: datetime, known: TicketRow, ticket: Ticket, said: Classification
) -> None:
    """A later revision of a ticket that is over, which is or may be an identity event.

    One that only repeats what was there when it ended, and is still over, tells nothing new.
    """
    last = known.ticket
    same = (ticket.fields, ticket.variables) == (last.fields, last.variables)
    again = same and ticket.state_class in TERMINAL_STATES
    if said.verdict is not Verdict.NOT_IDENTITY and not again:
        _open(tx, now, "asked_past_end", known.id, ticket)


def open_unsaid(tx: Transaction, now: datetime, row: TicketRow, last: TicketRow | None) -> None:
    """An accepted revision that ends a ticket before anybody here could have a say.

    Either nobody said what an uncertain one is, or an identity event was over when it first came.
    """
    if row.ticket.state_class not in TERMINAL_STATES:
        return
    uncertain = Verdict.UNCERTAIN.value in {row.verdict, "" if last is None else last.verdict}
    if uncertain:
        _open(tx, now, "ended_untriaged", row.id, row.ticket)
    elif last is None and row.verdict == Verdict.IDENTITY.value:
        _open(tx, now, "asked_past_end", row.id, row.ticket)


def _open(tx: Transaction, now: datetime, code: str, about: str, ticket: Ticket) -> None:
    open_exception(
        tx,
        now,
        code,
        f"{ticket.table} {ticket.id} of {ticket.source}",
        about=about,
        hidden=(Disclosure("ticket", ticket.number),),
    )
