"""Revoke: the kill switch. Taking away needs no approval; who did it and why is recorded."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from ticketgate.domain.evidence import Disclosure, Draft, Json
from ticketgate.domain.grants.command import CommandKind, CommandState
from ticketgate.domain.grants.grant import ENDED, Grant, GrantState
from ticketgate.domain.text.pasted_secrets import mask
from ticketgate.operations.grants.end_grant import end_grant
from ticketgate.ports import Reading, Transaction

LIVE = frozenset({GrantState.PLANNED, GrantState.PROVISIONING, GrantState.ACTIVE})
GRANTS_PER_RECORD: Final = 200  # ids in one record; an entry's size is limited


@dataclass(frozen=True, slots=True)
class Choice:
    """Which grants: exactly one of the four is given. `ticket` is a number or a platform id."""

    grant: str | None = None
    person: str | None = None
    ticket: str | None = None
    target: str | None = None


def chosen(reading: Reading, choice: Choice) -> list[Grant]:
    """The grants not ended that a choice names, for a preview and for the switch itself."""
    if choice.grant is not None:
        found = reading.grants.get(choice.grant)
        grants = [] if found is None else [found]
    else:
        grants = reading.grants.matching(subject=choice.person, target=choice.target)
    if choice.ticket is not None:
        grants = [one for one in grants if choice.ticket in _names(reading, one)]
    return [one for one in grants if one.state not in ENDED]


def _names(reading: Reading, grant: Grant) -> set[str]:
    request = reading.requests.get(grant.request)
    return {grant.ticket_id} | ({request.ticket_number} if request else set())


def revoke(
    tx: Transaction, now: datetime, *, choice: Choice, by: str, reason: str, subject: str = ""
) -> list[str]:
    """End every grant of the choice; returns their ids.

    `by` is `os:uid@host`; or, of somebody signed in, their actor, and `subject` is who that is.
    One that is being revoked already is tried again at once, whatever it waits for.
    """
    grants = chosen(tx, choice)
    ids: list[Json] = [one.id for one in grants]
    for first in range(0, max(len(ids), 1), GRANTS_PER_RECORD):
        fields: dict[str, Json] = {"by": by, "grants": ids[first : first + GRANTS_PER_RECORD]}
        why = Disclosure("reason", mask(reason), subject=subject, kind="operator")
        tx.append(Draft("operator.revoked", fields, (why,)))
    cause = "operator" if choice.grant is not None else "kill_switch"
    for grant in grants:
        if grant.state in LIVE:
            end_grant(tx, now, grant, cause, by if subject else None)
        else:
            _push(tx, now, grant)
    return [one.id for one in grants]


def _push(tx: Transaction, now: datetime, grant: Grant) -> None:
    command = tx.commands.of(grant.id, CommandKind.REVOKE)
    if command is not None and command.state is CommandState.QUEUED:
        tx.commands.save(replace(command, due_at=min(command.due_at, now)))
