"""Enforce: what is recorded before and after a call to a target. The call itself is outside.

Write-ahead (rule 1): the target is observed first; the intent, with what was seen, is
committed before the call; the outcome after. After a crash every open intent is observed again.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from ticketgate.domain.evidence import Draft, Json
from ticketgate.domain.grants.command import Command, CommandKind, CommandState
from ticketgate.domain.grants.grant import (
    CALL_SECONDS_MAX,
    EMERGENCY,
    REVOKE_OVERDUE_AFTER,
    REVOKE_TRIES_BEFORE_OVERDUE,
    REVOKING,
    Grant,
    GrantState,
)
from ticketgate.domain.instants import to_text
from ticketgate.domain.requests.ground import Ground
from ticketgate.domain.tickets.ticket import StateClass
from ticketgate.domain.trying_again import call_pause
from ticketgate.operations.grants.end_grant import (
    end_grant,
    hand_on,
    kept_because,
    move,
    note_seen_late,
    sharers,
)
from ticketgate.operations.grants.given_up import given_up, settle_given_up
from ticketgate.operations.grants.start_grant import ground_lost, is_settled, why_over
from ticketgate.operations.intake.parked import unsettled
from ticketgate.ports import Reading, Transaction

_WAIT = timedelta(milliseconds=100)
_HELD_FOR = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Seen:
    """What observing the target showed, before any call; `at` is when the look began."""

    principal: str
    present: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Called:
    """How a call ended. `code` is empty when it was confirmed by reading back."""

    code: str
    retryable: bool
    unknown: bool = False  # it may still land
    retry_after: float = 0.0
    native_ref: str | None = None
    residuals: tuple[str, ...] = ()


HELD: Final = Called("restore_hold", retryable=True)  # rule 13


def _later(tx: Transaction, command: Command, due: datetime, outcome: str) -> None:
    """Queue the command again. Only a change of outcome is a record, not every repeat."""
    if outcome and outcome != command.last_outcome:
        fields: dict[str, Json] = {
            "command": command.kind.value,
            "about": command.about,
            "outcome": outcome,
            "tries": command.tries,
        }
        tx.append(Draft("command.retried", fields))
    tx.commands.save(replace(command, state=CommandState.QUEUED, due_at=due, last_outcome=outcome))


def _done(tx: Transaction, command: Command) -> None:
    tx.commands.save(replace(command, state=CommandState.DONE))


def intend_provision(
    tx: Transaction, now: datetime, *, ident: str, seen: Seen, ground: Ground
) -> Grant | None:
    """Commit the intent to provision; None when it must not be called (now, or ever).

    This commit is the activation: `not_after` is set here, and no retry moves it.
    """
    command = tx.commands.get(ident)
    grant = None if command is None else tx.grants.get(command.about)
    if command is None or grant is None or command.state is not CommandState.QUEUED:
        return None
    if is_held(tx):
        _later(tx, command, now + _HELD_FOR, HELD.code)
        return None
    if grant.state is GrantState.PROVISIONING:
        return _again(tx, now, command, grant, seen)
    return _start(tx, now, command, grant, seen, ground)


def _start(
    tx: Transaction, now: datetime, command: Command, grant: Grant, seen: Seen, ground: Ground
) -> Grant | None:
    """The first intent, once it is time and nothing stands in the way."""
    if grant.not_before is not None and now < grant.not_before:
        _later(tx, command, grant.not_before, "")
        return None
    over = why_over(tx, now, grant, ground.snapshot)
    held = replace(grant, principal=seen.principal)
    if not over and (_must_wait(tx, held, seen) or not is_settled(tx, grant, ground)):
        _later(tx, command, now + _WAIT, "")
        return None
    over = over or ground_lost(tx, now, grant, ground)
    if over:
        end_grant(tx, now, grant, over)
        return None
    return _begin(tx, now, command, held, seen)


def is_held(reading: Reading) -> bool:
    """Whether nothing is given: a restore waits to be declared, or to be ended (rule 13)."""
    return reading.restores.hold() is not None or reading.restores.loss() is not None


def hold_back(tx: Transaction, now: datetime, *, ident: str) -> None:
    """Provisioning waits for the end of a restore; the target is not even looked at."""
    command = tx.commands.get(ident)
    if command is not None and command.state is CommandState.QUEUED:
        _later(tx, command, now + _HELD_FOR, HELD.code)


def _must_wait(tx: Transaction, grant: Grant, seen: Seen) -> bool:
    """Whether the ticket may have changed, is in no known state, or the last grant is going.

    A look that began before another grant of the same access ended says nothing any more.
    """
    if grant.origin != EMERGENCY:  # no ticket is behind one
        row = tx.tickets.find(grant.ticket)
        unlisted = row is None or row.ticket.state_class is StateClass.UNLISTED
        if unlisted or unsettled(tx, grant.ticket):
            return True
    return any(
        other.state in REVOKING or (other.ended_at is not None and other.ended_at >= seen.at)
        for other in tx.grants.sharing(grant.holding)
    )


def _begin(tx: Transaction, now: datetime, command: Command, grant: Grant, seen: Seen) -> Grant:
    """Rule 3: access that stood before, and is not owed by a grant of ours, is baseline."""
    others = [*sharers(tx, grant), *given_up(tx, grant)]
    baseline = seen.present and all(other.baseline for other in others)
    same = [one for one in others if one.holding == grant.holding and seen.present]
    noted = [one.native_ref for one in same if one.native_ref is not None]
    deadline = now + timedelta(seconds=CALL_SECONDS_MAX)
    end = now + timedelta(seconds=grant.seconds)
    after = replace(
        grant,
        state=GrantState.PROVISIONING,
        not_after=min(end, grant.window_end or end),
        since=now,
        baseline=baseline,
        native_ref=next(iter(noted), None),
    )
    more: dict[str, Json] = {
        "before": "present" if seen.present else "absent",
        "baseline": baseline,
        "deadline": to_text(deadline),
        "plan": "keep" if baseline else "remove",
        "command": command.id,
    }
    after = move(tx, now, grant, after, "approved", more)
    tx.commands.save(
        replace(command, state=CommandState.INTENDED, tries=command.tries + 1, deadline=deadline)
    )
    return after


def _again(
    tx: Transaction, now: datetime, command: Command, grant: Grant, seen: Seen
) -> Grant | None:
    """A retry under the same intent; the intent's record stands.

    What is at the target already needs no call; else it is given within `activate_within` or not.
    Standing access that went meanwhile is not given back: it would be kept for good.
    """
    if grant.not_after is not None and now >= grant.not_after:
        end_grant(tx, now, grant, "expired")
        return None
    if not seen.present and (grant.baseline or now >= grant.activate_by):
        end_grant(tx, now, grant, "provision_failed")
        return None
    deadline = now + timedelta(seconds=CALL_SECONDS_MAX)
    tx.commands.save(
        replace(command, state=CommandState.INTENDED, tries=command.tries + 1, deadline=deadline)
    )
    return grant


def could_not_look(tx: Transaction, now: datetime, *, ident: str, called: Called) -> None:
    """Observing failed, so nothing was called: try again, or give up what never touched it."""
    command = tx.commands.get(ident)
    grant = None if command is None else tx.grants.get(command.about)
    if command is None or grant is None or command.state is not CommandState.QUEUED:
        return
    command = replace(command, tries=command.tries + 1)
    if command.kind is CommandKind.REVOKE:
        _revoke_failed(tx, now, command, grant, called)
        return
    if grant.state is GrantState.PROVISIONING and not called.retryable:
        end_grant(tx, now, grant, "provision_failed")
        return
    if not called.retryable or now >= grant.activate_by:
        end_grant(tx, now, grant, called.code if not called.retryable else "activate_within")
        return
    _later(tx, command, now + _pause(command, called), called.code)


def _pause(command: Command, called: Called) -> timedelta:
    taking_away = command.kind is CommandKind.REVOKE
    return call_pause(command.tries, called.retry_after, taking_away=taking_away)


def provisioned(tx: Transaction, now: datetime, *, ident: str, called: Called) -> None:
    """Record how provisioning ended. A failure is always compensated: it may be half done."""
    command = tx.commands.get(ident)
    grant = None if command is None else tx.grants.get(command.about)
    if command is None or grant is None:
        return
    if grant.state is not GrantState.PROVISIONING:
        _landed_late(tx, now, grant, command, called)
        return
    if not called.code:
        _done(tx, command)
        after = replace(
            grant, state=GrantState.ACTIVE, native_ref=called.native_ref or grant.native_ref
        )
        move(tx, now, grant, after, "confirmed", {"confirmed": True})
        return
    if called.retryable and not called.unknown and now < grant.activate_by:
        answered = replace(command, deadline=None)
        _later(tx, answered, now + _pause(command, called), called.code)
        return
    tx.commands.save(replace(command, state=CommandState.DONE, last_outcome=called.code))
    late = command.deadline if called.unknown else None
    end_grant(tx, now, replace(grant, late_until=late), "provision_failed")


def _landed_late(
    tx: Transaction, now: datetime, grant: Grant, command: Command, called: Called
) -> None:
    """The grant was ended while it was being called: once that is over, revoking goes on."""
    tx.commands.save(replace(command, last_outcome=called.code))
    if grant.state in REVOKING and not called.unknown:
        tx.grants.save(replace(grant, version=grant.version + 1, late_until=None))
        revoke = tx.commands.of(grant.id, CommandKind.REVOKE)
        if revoke is not None and revoke.state is CommandState.QUEUED:
            tx.commands.save(replace(revoke, due_at=now))


def intend_revoke(
    tx: Transaction, now: datetime, *, ident: str, present: bool | None
) -> Grant | None:
    """What a revocation must call; None when nothing is to be called.

    `present` is what was observed, None when nobody looked because the access is kept.

    Absent is success, once no earlier call can land any more. Baseline access and access that
    another live grant holds are kept: nothing of this grant stays at the target.
    """
    command = tx.commands.get(ident)
    grant = None if command is None else tx.grants.get(command.about)
    if command is None or grant is None or command.state is not CommandState.QUEUED:
        return None
    kept = kept_because(tx, grant)
    if kept:
        _confirm(tx, now, command, grant, {"kept": kept, "heirs": hand_on(tx, grant)})
        return None
    if present is None:
        return None
    if not present:
        _absent(tx, now, command, grant)
        return None
    command = replace(command, tries=command.tries + 1)
    if command.deadline is None:
        fields: dict[str, Json] = {
            "request": grant.request,
            "grant": grant.id,
            "before": "present",
            "command": command.id,
        }
        tx.append(Draft("revocation.attempted", fields))
    deadline = now + timedelta(seconds=CALL_SECONDS_MAX)
    tx.commands.save(replace(command, state=CommandState.INTENDED, deadline=deadline))
    return grant


def _absent(tx: Transaction, now: datetime, command: Command, grant: Grant) -> None:
    latest = _may_land_until(tx, grant)
    if latest is not None and latest > now:
        _later(tx, command, latest, "")
        return
    _confirm(tx, now, command, grant, {"kept": ""})


def _may_land_until(tx: Reading, grant: Grant) -> datetime | None:
    """Until when a call for this access, of this grant or another, may still land."""
    late = (one.late_until for one in tx.grants.sharing(grant.holding))
    return max(filter(None, late), default=None)


def revoked(tx: Transaction, now: datetime, *, ident: str, called: Called) -> None:
    """Record how a revocation ended; what is not confirmed is tried until people give up on it."""
    command = tx.commands.get(ident)
    grant = None if command is None else tx.grants.get(command.about)
    if command is None or grant is None or grant.state not in REVOKING:
        note_seen_late(tx, grant, called.code)
        return
    if called.code:
        _revoke_failed(tx, now, command, grant, called)
        return
    latest = _may_land_until(tx, grant)
    if latest is not None and latest > now:
        _later(tx, command, latest, "")
        return
    _confirm(tx, now, command, grant, {"kept": "", "residuals": list(called.residuals)})


def _revoke_failed(
    tx: Transaction, now: datetime, command: Command, grant: Grant, called: Called
) -> None:
    _later(tx, command, now + _pause(command, called), called.code)
    if grant.state is GrantState.REVOKING and command.tries >= REVOKE_TRIES_BEFORE_OVERDUE:
        _overdue(tx, now, grant, called.code, command.tries)


def _overdue(tx: Transaction, now: datetime, grant: Grant, cause: str, tries: int) -> None:
    move(tx, now, grant, replace(grant, state=GrantState.REVOKE_OVERDUE), cause, {"tries": tries})


def declare_overdue(tx: Transaction, now: datetime) -> int:
    """Call overdue what has been revoking for `REVOKE_OVERDUE_AFTER`, even if nothing was tried.

    However few the tries were: a target may ask to wait, or never answer.
    """
    found = tx.grants.revoking_since(now - REVOKE_OVERDUE_AFTER)
    for grant in found:
        command = tx.commands.of(grant.id, CommandKind.REVOKE)
        outcome, tries = ("", 0) if command is None else (command.last_outcome, command.tries)
        _overdue(tx, now, grant, outcome or "not_confirmed", tries)
    return len(found)


def _confirm(
    tx: Transaction, now: datetime, command: Command, grant: Grant, more: dict[str, Json]
) -> None:
    if grant.state is GrantState.REVOKE_OVERDUE:
        grant = move(tx, now, grant, replace(grant, state=GrantState.REVOKING), "retried")
    late = max(0.0, (now - (grant.not_after or now)).total_seconds())
    fields: dict[str, Json] = {"confirmed": True, "late_milliseconds": int(late * 1000), **more}
    after = replace(grant, state=GrantState.REVOKED, ended_at=now)
    move(tx, now, grant, after, grant.cause, fields)
    _done(tx, command)
    settle_given_up(tx, now, grant, gone=not more["kept"])


def recover(tx: Transaction, now: datetime) -> int:
    """After a start: every open intent is queued, to be observed at the target again.

    Whatever revocations waited for, they are tried at once.

    A call that was under way when the process died may still land until its deadline, also after
    the next one has succeeded.
    """
    found = tx.commands.intended()
    for command in found:
        grant = tx.grants.get(command.about)
        if grant is not None and command.kind is CommandKind.PROVISION:
            late = replace(grant, version=grant.version + 1, late_until=command.deadline)
            tx.grants.save(late)
    tx.commands.hasten(CommandKind.REVOKE, now)
    return _requeue(tx, now, found)


def requeue_lost(tx: Transaction, now: datetime) -> int:
    """Queue intents whose call is over and whose outcome the store could not take."""
    return _requeue(tx, now, [one for one in tx.commands.intended() if is_lost(one, now)])


def is_lost(command: Command, now: datetime) -> bool:
    """Whether an intent is open past the deadline of its call."""
    return command.deadline is not None and now >= command.deadline


def _requeue(tx: Transaction, now: datetime, commands: list[Command]) -> int:
    for command in commands:
        tx.commands.save(replace(command, state=CommandState.QUEUED, due_at=now))
    return len(commands)
