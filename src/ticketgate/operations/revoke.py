"""Revoke: the kill switch. Taking away needs no approval; who did it and why is recorded."""

from dataclasses import dataclass
from datetime import datetime

from ticketgate.domain.evidence import Disclosure, Draft, Json
from ticketgate.domain.grant import Grant, GrantState
from ticketgate.operations.end_grant import end_grant
from ticketgate.ports import Reading, Transaction

LIVE = frozenset({GrantState.PLANNED, GrantState.PROVISIONING, GrantState.ACTIVE})


@dataclass(frozen=True, slots=True)
class Choice:
    """Which grants: exactly one of the four is given. `ticket` is a number or a platform id."""

    grant: str | None = None
    person: str | None = None
    ticket: str | None = None
    target: str | None = None


def chosen(reading: Reading, choice: Choice) -> list[Grant]:
    """The live grants that a choice names, for a preview and for the switch itself."""
    if choice.grant is not None:
        found = reading.grants.get(choice.grant)
        grants = [] if found is None else [found]
    else:
        grants = reading.grants.matching(subject=choice.person, target=choice.target)
    if choice.ticket is not None:
        grants = [one for one in grants if choice.ticket in _names(reading, one)]
    return [one for one in grants if one.state in LIVE]


def _names(reading: Reading, grant: Grant) -> set[str]:
    request = reading.requests.get(grant.request)
    return {grant.ticket_id} | ({request.ticket_number} if request else set())


def revoke(tx: Transaction, now: datetime, *, choice: Choice, by: str, reason: str) -> list[str]:
    """End every live grant of the choice; returns their ids. `by` is `os:uid@host`."""
    grants = chosen(tx, choice)
    fields: dict[str, Json] = {"by": by, "grants": [one.id for one in grants]}
    tx.append(Draft("operator.revoked", fields, (Disclosure("reason", reason, kind="operator"),)))
    cause = "operator" if choice.grant is not None else "kill_switch"
    for grant in grants:
        end_grant(tx, now, grant, cause)
    return [one.id for one in grants]
