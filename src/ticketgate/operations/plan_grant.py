"""Plan a grant: an approval becomes a grant and the command that will provision it."""

from datetime import datetime

from ticketgate.domain.access_request import AccessRequest
from ticketgate.domain.command import Command, CommandKind, CommandState
from ticketgate.domain.evidence import Json  # noqa: TC001 -- read with the module
from ticketgate.domain.grant import ACTIVATE_WITHIN, Grant, GrantState
from ticketgate.domain.instants import to_text
from ticketgate.domain.machines import NEW, edge
from ticketgate.operations.actors import actor_of
from ticketgate.ports import Transaction


def plan_grant(tx: Transaction, now: datetime, request: AccessRequest) -> Grant:
    """The grant of an approved request, and the command that will provision it."""
    grant = Grant(
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
        activate_by=now + ACTIVATE_WITHIN,
    )
    tx.grants.save(grant)
    fields: dict[str, Json] = {
        "request": request.id,
        "entitlement": grant.entitlement,
        "target": grant.target,
        "subject": actor_of(tx, grant.subject),
        "seconds": grant.seconds,
        "activate_by": to_text(grant.activate_by),
    }
    tx.append(edge("grant", grant.id, NEW, GrantState.PLANNED.value, "approved", fields))
    tx.commands.add(
        Command(
            id=tx.new_id("cmd"),
            kind=CommandKind.PROVISION,
            about=grant.id,
            target=grant.target,
            state=CommandState.QUEUED,
            due_at=now,
        )
    )
    return grant
