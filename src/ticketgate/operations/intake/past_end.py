"""Past its end: what a ticket that is over asks, or what nobody said of it, is an exception.

Nothing is revived and nothing opens (rule 8), but whoever fulfils tickets by hand may still act on
what stands in one, or have acted on what stood in it; so a named person is told.
"""

from datetime import datetime

from ticketgate.domain.evidence import Disclosure
from ticketgate.domain.requests.inbox import TicketRow
from ticketgate.domain.tickets.identity_event import Classification, Verdict
from ticketgate.domain.tickets.ticket import TERMINAL_STATES, Ticket
from ticketgate.operations.cases.exceptions import open_exception
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
    """An accepted revision that takes a ticket out of triage before anybody here had a say.

    Either nobody said what an uncertain one is, until it ended or was edited so that it reads as no
    identity event any more; or an identity event was over when it first came. A ticket waits in
    triage only with its last text, so what was edited away is told by an exception.
    """
    was_open = last is not None and last.verdict == Verdict.UNCERTAIN.value
    if row.ticket.state_class not in TERMINAL_STATES:
        if last is not None and was_open and row.verdict == Verdict.NOT_IDENTITY.value:
            revisions = f"uncertain as of revision {last.revision}, none as of {row.revision}"
            _open(tx, now, "edited_untriaged", row.id, row.ticket, revisions)
        return
    if was_open or row.verdict == Verdict.UNCERTAIN.value:
        _open(tx, now, "ended_untriaged", row.id, row.ticket)
    elif last is None and row.verdict == Verdict.IDENTITY.value:
        _open(tx, now, "asked_past_end", row.id, row.ticket)


def _open(
    tx: Transaction, now: datetime, code: str, about: str, ticket: Ticket, what: str = ""
) -> None:
    more = (Disclosure("what", what),) if what else ()
    open_exception(
        tx,
        now,
        code,
        f"{ticket.table} {ticket.id} of {ticket.source}",
        about=about,
        hidden=(Disclosure("ticket", ticket.number), *more),
    )
