"""Plan a grant: an approval becomes a grant and the command that will provision it."""

from datetime import datetime

from ticketgate.domain.evidence import Json  # noqa: TC001 -- read with the module
from ticketgate.domain.grants.command import CommandKind
from ticketgate.domain.grants.grant import ACTIVATE_WITHIN, EMERGENCY, Grant, GrantState
from ticketgate.domain.instants import to_text
from ticketgate.domain.log.machines import NEW, edge
from ticketgate.domain.policy.policy import Entitlement
from ticketgate.domain.requests.access_request import AccessRequest, window_fields
from ticketgate.operations.outbox import queue
from ticketgate.operations.people.actors import actor_of
from ticketgate.ports import Reading, Transaction


def plan_grant(tx: Transaction, now: datetime, request: AccessRequest) -> Grant:
    """The grant of an approved request, and the command that will provision it."""
    return plan(tx, now, _of_request(tx, now, request), "approved")


def plan_emergency(
    tx: Transaction,
    now: datetime,
    *,
    emergency: str,
    subject: str,
    entitlement: Entitlement,
    seconds: int,
) -> Grant:
    """The grant of an emergency: no ticket is behind it, and none ends it (rule 9)."""
    grant = of_emergency(
        tx,
        emergency=emergency,
        subject=subject,
        entitlement=entitlement,
        seconds=seconds,
        activate_by=now + ACTIVATE_WITHIN,
    )
    return plan(tx, now, grant, EMERGENCY)


def of_emergency(
    tx: Transaction,
    *,
    emergency: str,
    subject: str,
    entitlement: Entitlement,
    seconds: int,
    activate_by: datetime,
) -> Grant:
    """A grant without a ticket, planned; it is neither saved nor recorded yet."""
    return Grant(
        id=tx.new_id("grt"),
        version=1,
        state=GrantState.PLANNED,
        request=emergency,
        source="",
        table="",
        ticket_id="",
        entitlement=entitlement.id,
        target=entitlement.target,
        access=entitlement.access,
        subject=subject,
        seconds=seconds,
        activate_by=activate_by,
        origin=EMERGENCY,
    )


def _of_request(tx: Transaction, now: datetime, request: AccessRequest) -> Grant:
    return Grant(
        id=tx.new_id("grt"),
        version=1,
        state=GrantState.PLANNED,
        request=request.id,
        source=request.source,
        table=request.table,
        ticket_id=request.ticket_id,
        entitlement=request.entitlement,
        target=request.target,
        access=request.access,
        subject=request.beneficiary.subject,
        seconds=request.seconds_now,
        activate_by=max(now, request.not_before or now) + ACTIVATE_WITHIN,
        not_before=request.not_before,
        window_end=request.window_end,
        ticket_version=version_of(tx, request),
    )


def version_of(reading: Reading, request: AccessRequest) -> int | None:
    """The platform's version of the ticket on which a request is approved now."""
    row = reading.tickets.find(request.ticket)
    return None if row is None else row.ticket.version


def plan(tx: Transaction, now: datetime, grant: Grant, cause: str) -> Grant:
    """Save and record a grant, and queue the command that will provision it."""
    save_new(tx, grant, cause)
    queue(tx, max(now, grant.not_before or now), CommandKind.PROVISION, grant.id, grant.target)
    return grant


def save_new(tx: Transaction, grant: Grant, cause: str) -> None:
    """Save and record a grant as it begins, in whatever state that is."""
    tx.grants.save(grant)
    ends = {} if grant.not_after is None else {"not_after": to_text(grant.not_after)}
    on = {} if grant.ticket_version is None else {"ticket_version": grant.ticket_version}
    fields: dict[str, Json] = {
        "request": grant.request,
        "origin": grant.origin,
        "entitlement": grant.entitlement,
        "target": grant.target,
        "subject": actor_of(tx, grant.subject),
        "seconds": grant.seconds,
        "activate_by": to_text(grant.activate_by),
        **ends,
        **on,
        **window_fields(grant.window),
    }
    tx.append(edge("grant", grant.id, NEW, grant.state.value, cause, fields))
