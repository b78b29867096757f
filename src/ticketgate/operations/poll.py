"""Poll: what a source changed and its hooks may have lost takes the way of a delivery, once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ticketgate.domain.delivery import VerifiedDelivery
from ticketgate.domain.polling import PollRow
from ticketgate.domain.receipt import Receipt
from ticketgate.domain.ticket import TERMINAL_STATES, Ticket
from ticketgate.operations.receive import receive
from ticketgate.ports import Reading, Transaction


@dataclass(frozen=True, slots=True)
class Found:
    """A polled record as a delivery. `ticket` is what it says; None where it cannot be read."""

    verified: VerifiedDelivery
    quarantine: str | None
    hint: str
    ticket: Ticket | None


@dataclass(frozen=True, slots=True)
class Kept:
    """What a page came to. `waits`: the cursor stays, for a record whose ticket has a delivery."""

    receipts: tuple[Receipt, ...]
    waits: bool


def begin_poll(tx: Transaction, now: datetime, *, row: PollRow) -> PollRow:
    """Where polling of a table begins, unless it has begun; after a restore, begin again."""
    known = tx.channels.polled(row.source, row.table)
    if known is not None and known.hold >= row.hold:
        return known
    begun = replace(row, since=now)
    tx.channels.save_poll(begun)
    return begun


def poll_since(looking: Reading, now: datetime) -> tuple[datetime, int]:
    """From when a table is asked whose polling begins now, and for which restore (rule 13).

    While a restore is held that is the time of the last record of before; else it is now.
    """
    hold = looking.restores.hold()
    if hold is None:
        return now, 0
    return hold.since or now, hold.index


def keep_page(
    tx: Transaction,
    now: datetime,
    *,
    row: PollRow,
    found: Sequence[Found],
    cursor: str,
    more: bool,
    origin: str,
) -> Kept:
    """Store what a page holds and was not known, and the cursor behind it, in one transaction.

    A version that is known already is not stored. A record whose ticket has a delivery that is
    not worked off yet waits, for the two may be the same version; a closing never waits.
    """
    receipts: list[Receipt] = []
    waits = False
    for one in found:
        if _is_known(tx, one):
            continue
        if _must_wait(tx, one):
            waits = True
            continue
        receipts.append(
            receive(
                tx,
                now,
                verified=one.verified,
                quarantine=one.quarantine,
                hint=one.hint,
                origin=origin,
            )
        )
    if not waits:
        done = row.done_at if more else now
        tx.channels.save_poll(replace(row, cursor=cursor, done_at=done))
    return Kept(tuple(receipts), waits)


def _is_known(tx: Reading, one: Found) -> bool:
    verified = one.verified
    same = tx.deliveries.find(verified.source, verified.webhook_id)
    if any(row.body_digest == verified.body_digest for row in same):
        return True
    if one.ticket is None or one.ticket.version is None:
        return False
    known = tx.tickets.find(one.ticket.key)
    return known is not None and known.ticket.version == one.ticket.version


def _must_wait(tx: Reading, one: Found) -> bool:
    closing = one.ticket is not None and one.ticket.state_class in TERMINAL_STATES
    return not closing and tx.deliveries.backlog(one.verified.source, one.hint) > 0
