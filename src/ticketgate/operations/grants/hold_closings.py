"""A flood of closings: ends that tickets cause, beyond a source's limit, wait a little (rule 8).

A platform that was taken over could close every ticket and take away everybody's access at once.
Only access that is active, and only removals that a ticket causes, are ever held: the kill switch,
expiry and leavers end a held grant like any other.
"""

from datetime import datetime, timedelta
from typing import Final

from ticketgate.domain.evidence import Draft
from ticketgate.domain.grants.grant import Grant, GrantState
from ticketgate.domain.instants import to_text
from ticketgate.domain.requests.velocity import HELD, HeldClosing
from ticketgate.operations.cases.exceptions import open_exception
from ticketgate.operations.grants.end_grant import end_grant
from ticketgate.ports import Transaction

HOLD: Final = timedelta(minutes=15)  # then it runs by itself


def end_by_ticket(tx: Transaction, now: datetime, grant: Grant, cause: str) -> Grant:
    """End a grant since its ticket says so, or hold that; one that is held already stays so.

    What is held is recorded, opens one exception, and ends by itself after `HOLD`, or with
    `ticketgate revoke`.
    """
    if grant.state is not GrantState.ACTIVE:
        return end_grant(tx, now, grant, cause)
    if tx.pace.held_closing(grant.id) is not None:
        return grant
    limit = tx.pace.closings(grant.source)
    if limit is None:
        return end_grant(tx, now, grant, cause)
    since = now - limit.per
    if tx.pace.closed(grant.source, since) < limit.count:
        tx.pace.note_closed(grant.source, grant.id, now, since)
        return end_grant(tx, now, grant, cause)
    held = HeldClosing(grant.id, cause, until=now + HOLD)
    fields = {"grant": grant.id, "request": grant.request, "cause": cause}
    tx.append(Draft("revocation.held", {**fields, "until": to_text(held.until)}))
    open_exception(tx, now, HELD, f"source {grant.source}", about=grant.id)
    tx.pace.hold_closing(held)
    return grant


def end_held(tx: Transaction, now: datetime, *, ident: str) -> None:
    """End a grant whose hold is over; nothing where another cause has ended it meanwhile."""
    held, grant = tx.pace.held_closing(ident), tx.grants.get(ident)
    if held is not None and grant is not None and now >= held.until:
        end_grant(tx, now, grant, held.cause)
