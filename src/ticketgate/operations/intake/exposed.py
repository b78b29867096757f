"""Exposed: a secret that stands in a ticket is an exception; whoever owns it must rotate it.

Also one in a delivery that could not be used: the platform has it all the same.
"""

from datetime import datetime
from typing import Final

from ticketgate.domain.classifying.masked_ticket import shown_in
from ticketgate.domain.evidence import Disclosure
from ticketgate.domain.requests.inbox import DeliveryRow, TicketRow
from ticketgate.domain.text.pasted_secrets import secret_in
from ticketgate.domain.tickets.ticket import Ticket
from ticketgate.operations.cases.exceptions import open_exception
from ticketgate.ports import Transaction

_CODE: Final = "secret_exposed"


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
        _CODE,
        f"{ticket.table} {ticket.id} of {ticket.source}",
        about=row.id,
        hidden=(Disclosure("ticket", ticket.number), Disclosure("what", what)),
    )


def may_show_secret(body: bytes | None) -> bool:
    """Whether a body that cannot be used holds a secret; where our own code fails on it, perhaps.

    Never raises: whether a delivery is stored or parked does not hang on it.
    """
    try:
        return body is not None and secret_in(body)
    except Exception:  # noqa: BLE001 -- what cannot be told is for a person to look at
        return True


def open_exposed_delivery(tx: Transaction, now: datetime, row: DeliveryRow) -> None:
    """One exception a delivery, while it is open, of one that holds a secret and changes nothing.

    It is parked or has no effect. Where the ticket that it is shows the secret, the exception is
    the ticket's own (`open_exposed`).
    """
    open_exception(tx, now, _CODE, f"delivery {row.id} of {row.source}", about=row.id)
