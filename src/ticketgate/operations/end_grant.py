"""End grants: revoke, cancel or release. Ending is a move and a command, never a call."""

from dataclasses import replace
from datetime import datetime

from ticketgate.domain.command import Command, CommandKind, CommandState
from ticketgate.domain.evidence import Json
from ticketgate.domain.grant import HOLDING, Grant, GrantState
from ticketgate.domain.instants import to_text
from ticketgate.domain.machines import edge
from ticketgate.operations.actors import actor_of
from ticketgate.ports import Transaction


def move(
    tx: Transaction, before: Grant, after: Grant, cause: str, more: dict[str, Json] | None = None
) -> Grant:
    """Save and record one move of a grant."""
    after = replace(after, version=before.version + 1)
    tx.grants.save(after)
    fields: dict[str, Json] = {
        "request": after.request,
        "entitlement": after.entitlement,
        "target": after.target,
        "subject": actor_of(tx, after.subject),
        "not_after": None if after.not_after is None else to_text(after.not_after),
        **(more or {}),
    }
    tx.append(edge("grant", after.id, before.state.value, after.state.value, cause, fields))
    return after


def end_grant(tx: Transaction, now: datetime, grant: Grant, cause: str) -> Grant:
    """End a grant that is not ended: at once where the target was not touched, else by revoking.

    Rule 3: an active grant whose entitlement another live grant of the same person holds is
    released and nothing is removed. A grant that is being revoked already stays as it is.
    """
    if grant.state is GrantState.PLANNED:
        _drop_provision(tx, grant)
        return move(
            tx, grant, replace(grant, state=GrantState.CANCELLED, cause=cause, ended_at=now), cause
        )
    if grant.state not in HOLDING:
        return grant
    grant = _drop_provision(tx, grant)
    if grant.state is GrantState.ACTIVE and held_by_others(tx, grant):
        released = replace(grant, state=GrantState.RELEASED_SHARED, cause=cause, ended_at=now)
        return move(tx, grant, released, cause)
    revoking = move(tx, grant, replace(grant, state=GrantState.REVOKING, cause=cause), cause)
    tx.commands.add(
        Command(
            id=tx.new_id("cmd"),
            kind=CommandKind.REVOKE,
            about=grant.id,
            target=grant.target,
            state=CommandState.QUEUED,
            due_at=now,
        )
    )
    return revoking


def held_by_others(tx: Transaction, grant: Grant) -> bool:
    """Whether another live grant holds the same entitlement for the same person."""
    return any(
        other.id != grant.id and other.state in HOLDING for other in tx.grants.sharing(grant.share)
    )


def _drop_provision(tx: Transaction, grant: Grant) -> Grant:
    """Call no more; a call that is under way may still land until its deadline."""
    command = tx.commands.of(grant.id, CommandKind.PROVISION)
    if command is None:
        return grant
    tx.commands.save(replace(command, state=CommandState.CANCELLED))
    if command.state is CommandState.INTENDED:
        return replace(grant, late_until=command.deadline)
    return grant
