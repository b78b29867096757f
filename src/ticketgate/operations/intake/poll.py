"""Poll: what a source changed and its hooks may have lost takes the way of a delivery, once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ticketgate.domain.tickets.delivery import VerifiedDelivery
from ticketgate.domain.tickets.polling import PollRow, settling_id
from ticketgate.domain.tickets.receipt import Receipt
from ticketgate.domain.tickets.ticket import TERMINAL_STATES, Ticket
from ticketgate.operations.intake.receive import receive
from ticketgate.ports import Reading, Transaction


@dataclass(frozen=True, slots=True)
class Found:
    """A polled record as a delivery. `ticket` is what it says; None where it cannot be read."""

    verified: VerifiedDelivery
    quarantine: str | None
    hint: str
    ticket: Ticket | None
    secret: bool | None = None  # of one that is to be quarantined: `receive`


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
    seen: int,
    origin: str,
) -> Kept:
    """Store what a page holds and was not known, and the cursor behind it, in one transaction.

    `seen` is the newest delivery that was stored before the page was asked for.
    """
    kept = keep_found(tx, now, found=found, seen=seen, origin=origin)
    if not kept.waits:
        done = row.done_at if more else now
        tx.channels.save_poll(replace(row, cursor=cursor, done_at=done))
    return kept


def keep_found(
    tx: Transaction, now: datetime, *, found: Sequence[Found], seen: int, origin: str
) -> Kept:
    """Store what was not known. `seen` is the newest delivery from before it was asked for.

    A version that is known already is not stored, unless a delivery is parked that may be of the
    ticket: then the platform's word of now settles it. A record waits whose ticket has a delivery
    that is not worked off yet, for the two may be the same version, or one that was parked since
    it was asked for, which it may not tell of; a closing never waits.
    """
    receipts: list[Receipt] = []
    waits = False
    for one in found:
        asked = _settling(tx, one, seen)
        if _is_known(tx, asked or one, settling=asked is not None):
            continue
        if _must_wait(tx, one, seen):
            waits = True
            continue
        receipts.append(
            receive(
                tx,
                now,
                verified=(asked or one).verified,
                quarantine=one.quarantine,
                hint=one.hint,
                origin=origin,
                secret=one.secret,
            )
        )
    return Kept(tuple(receipts), waits)


def _settling(tx: Reading, one: Found, seen: int) -> Found | None:
    """The record under the id by which it settles a parked delivery; None where there is none.

    Nothing settles what came after the platform was asked, or revives a ticket that is over.
    """
    known = None if one.ticket is None else tx.tickets.find(one.ticket.key)
    if known is None or known.ticket.state_class in TERMINAL_STATES:
        return None
    source = one.verified.source
    parked = tx.deliveries.parked_after(source, one.hint, known.delivery_seq)
    if parked is None or tx.deliveries.parked_after(source, one.hint, seen) is not None:
        return None
    ident = settling_id(one.verified.webhook_id, parked.id)
    return replace(one, verified=replace(one.verified, webhook_id=ident))


def _is_known(tx: Reading, one: Found, *, settling: bool) -> bool:
    verified = one.verified
    same = tx.deliveries.find(verified.source, verified.webhook_id)
    if any(row.body_digest == verified.body_digest for row in same):
        return True
    if settling or one.ticket is None or one.ticket.version is None:
        return False
    known = tx.tickets.find(one.ticket.key)
    return known is not None and known.ticket.version == one.ticket.version


def _must_wait(tx: Reading, one: Found, seen: int) -> bool:
    if one.ticket is not None and one.ticket.state_class in TERMINAL_STATES:
        return False
    source = one.verified.source
    since = tx.deliveries.parked_after(source, one.hint, seen)
    parked = since is not None and since.ticket == one.hint
    return parked or tx.deliveries.backlog(source, one.hint) > 0
