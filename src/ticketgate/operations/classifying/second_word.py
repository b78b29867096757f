"""Second word: a first "no" waits as an exception for another person who says the same.

`docs/rules.md`, "Triage". It is about one revision while that is in triage, and void afterwards.
"""

from datetime import datetime
from typing import Final

from ticketgate.domain.requests.inbox import TicketRow
from ticketgate.operations.cases.exceptions import void_exception
from ticketgate.ports import Transaction

SECOND: Final = "second_word"  # of the refusal of a first "no", and of its exception


def second_of(row: TicketRow) -> str:
    """The subject of the exception by which a first "no" waits for a second one."""
    ticket = row.ticket
    return f"{ticket.table} {ticket.id} of {ticket.source}, revision {row.revision}"


def void_word(tx: Transaction, now: datetime, row: TicketRow) -> None:
    """Close what waits for a second word on this revision, where something does."""
    first = tx.exceptions.opened(SECOND, second_of(row))
    if first is not None:
        void_exception(tx, now, first)
