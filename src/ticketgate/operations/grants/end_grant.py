"""End grants: revoke, cancel or release. Ending is a move and a command, never a call."""

from dataclasses import replace
from datetime import datetime

from ticketgate.domain.evidence import Disclosure, Draft, Json
from ticketgate.domain.grants.command import CommandKind, CommandState
from ticketgate.domain.grants.grant import HOLDING, Grant, GrantState
from ticketgate.domain.instants import to_text
from ticketgate.domain.log.machines import edge
from ticketgate.domain.requests.access_request import LIVE_REQUEST, RequestState
from ticketgate.operations.grants.given_up import is_same_object
from ticketgate.operations.outbox import queue
from ticketgate.operations.people.actors import actor_of
from ticketgate.operations.requests.open_request import end_request
from ticketgate.operations.telling.tell_outcome import tell_of_grant
from ticketgate.ports import Reading, Transaction


def move(
    tx: Transaction,
    now: datetime,
    before: Grant,
    after: Grant,
    cause: str,
    more: dict[str, Json] | None = None,
    hidden: tuple[Disclosure, ...] = (),
) -> Grant:
    """Save and record one move of a grant; people and ticket are told of some of them."""
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
    states = (before.state.value, after.state.value)
    ref = tx.append(edge("grant", after.id, *states, cause, fields, hidden))
    kept = str(fields.get("kept", ""))
    tell_of_grant(tx, now, after, before.state.value, cause, kept, ref.index)
    return after


def end_grant(
    tx: Transaction, now: datetime, grant: Grant, cause: str, by: str | None = None
) -> Grant:
    """End a grant that is not ended: at once where the target was not touched, else by revoking.

    Rule 3: an active grant whose access another live grant holds for the same account is
    released and nothing is removed. A grant that is being revoked already stays as it is. An end
    that was held (`hold_closings.py`) is held no more. `by` is the actor whose act it is, if any.
    """
    tx.pace.let_go(grant.id)
    whose: dict[str, Json] = {} if by is None else {"by": by}
    if grant.state is GrantState.PLANNED:
        _drop_provision(tx, grant)
        return move(
            tx,
            now,
            grant,
            replace(grant, state=GrantState.CANCELLED, cause=cause, ended_at=now),
            cause,
            whose,
        )
    if grant.state not in HOLDING:
        return grant
    known = tx.grants.get(grant.id) or grant  # another one's end may have handed something on
    grant = replace(
        grant, version=known.version, baseline=known.baseline, native_ref=known.native_ref
    )
    grant = _drop_provision(tx, grant)
    if grant.state is GrantState.ACTIVE and holders(tx, grant):
        _end_extensions(tx, now, grant)
        released = replace(grant, state=GrantState.RELEASED_SHARED, cause=cause, ended_at=now)
        return move(tx, now, grant, released, cause, {"heirs": hand_on(tx, grant), **whose})
    _end_extensions(tx, now, grant)
    begun = replace(grant, state=GrantState.REVOKING, cause=cause, revoking_since=now)
    revoking = move(tx, now, grant, begun, cause, whose)
    queue(tx, now, CommandKind.REVOKE, grant.id, grant.target)
    return revoking


def note_seen_late(tx: Transaction, grant: Grant | None, code: str) -> None:
    """A call that was under way when two people gave up: what it says is kept, and moves nothing.

    Whoever attends to the exception about the access reads it in the log.
    """
    if grant is not None and grant.state is GrantState.ABANDONED:
        fields: dict[str, Json] = {"request": grant.request, "grant": grant.id}
        tx.append(Draft("revocation.seen", {**fields, "outcome": code or "removed"}))


def _end_extensions(tx: Transaction, now: datetime, grant: Grant) -> None:
    """Nobody decides any more about longer access of a grant that ends."""
    for request in tx.requests.of_ticket(grant.ticket):
        if request.extends == grant.id and request.state in LIVE_REQUEST:
            end_request(tx, now, request, RequestState.WITHDRAWN, "grant_ended")


def holders(tx: Reading, grant: Grant) -> list[Grant]:
    """The other live grants that are seen to hold what this one holds.

    One that is still being given, and did not find this very object, may be given another.
    """
    return [
        other
        for other in sharers(tx, grant)
        if other.state is GrantState.ACTIVE or other.native_ref is not None or other.baseline
    ]


def kept_because(tx: Reading, grant: Grant) -> str:
    """Why revoking this grant removes nothing: `baseline`, `shared`, or empty."""
    if grant.baseline:
        return "baseline"
    return "shared" if holders(tx, grant) else ""


def sharers(tx: Reading, grant: Grant) -> list[Grant]:
    """The other live grants of the same access for the same account at the target.

    A name that the target has given to another object meanwhile is not the same access.
    """
    return [
        other
        for other in tx.grants.sharing(grant.holding)
        if other.id != grant.id and other.state in HOLDING and is_same_object(other, grant)
    ]


def hand_on(tx: Transaction, grant: Grant) -> list[Json]:
    """Leave what this grant gave to those who hold it too: removing it is up to them now.

    A grant over standing access would keep it for good otherwise, and one that was told no object
    would look for it by a name that may have moved. Returns those whose duty it has become.
    """
    others = [] if grant.baseline else holders(tx, grant)
    for other in others:
        noted = other.native_ref or grant.native_ref
        heir = replace(other, baseline=False, native_ref=noted, version=other.version + 1)
        tx.grants.save(heir)
    return [other.id for other in others if other.baseline]


def _drop_provision(tx: Transaction, grant: Grant) -> Grant:
    """Call no more; a call that is under way, or lost, may still land until its deadline."""
    command = tx.commands.of(grant.id, CommandKind.PROVISION)
    if command is None:
        return grant
    tx.commands.save(replace(command, state=CommandState.CANCELLED))
    return replace(grant, late_until=command.deadline or grant.late_until)
