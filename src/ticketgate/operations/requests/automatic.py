"""Approve by a rule: what stands in the way of it, and the approval itself.

No person decides, so all that a decision checks of people is checked here, at the same moment: the
directory is as fresh (rule 5), nobody concerned is locked (rule 9), and the clock is not disputed
(rule 11).
"""

from dataclasses import replace
from datetime import datetime

from ticketgate.domain.evidence import Json
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.policy.policy import ApproveRule, Policy
from ticketgate.domain.requests.access_request import AccessRequest, RequestState
from ticketgate.domain.requests.automatic import (
    CAUSE,
    CLOCK,
    DAILY_CAP,
    LOCKED,
    STALE,
    WAITS,
    automatic_rule,
    before_today,
    told,
)
from ticketgate.operations.people.emergency_lock import lock_on
from ticketgate.operations.people.freshness import is_stale
from ticketgate.ports import Reading, Transaction


def rule_reasons(
    reading: Reading,
    now: datetime,
    request: AccessRequest,
    policy: Policy,
    snapshot: DirectorySnapshot,
) -> tuple[str, ...]:
    """What keeps an automatic rule from approving this request now; nothing of any other rule.

    More time is never given without a person.
    """
    rule = automatic_rule(request, policy)
    if rule is None:
        return ()
    if request.extends:
        return ("no_approve_rule",)
    people = {party.subject for party in request.parties} - {""}
    found = {
        STALE: is_stale(reading, now, snapshot, *people),
        CLOCK: reading.disputed,
        LOCKED: lock_on(reading, now, people, snapshot) is not None,
        DAILY_CAP: not _has_room(reading, now, rule),
    }
    return tuple(code for code, holds in found.items() if holds)


def _has_room(reading: Reading, now: datetime, rule: ApproveRule) -> bool:
    most = 0 if rule.automatic is None else rule.automatic.max_per_day
    return reading.pace.approved(rule.id, before_today(now)) < most


def approved_by_rule(
    tx: Transaction, now: datetime, request: AccessRequest, policy: Policy
) -> tuple[AccessRequest, dict[str, Json]] | None:
    """The request as its automatic rule approves it, and what its record says; None: no such rule.

    It is counted here. That nothing stands in the way was checked in this transaction.
    """
    rule = automatic_rule(request, policy)
    if rule is None or rule.automatic is None:
        return None
    since = before_today(now)
    tx.pace.note_approved(rule.id, request.id, now, since)
    number = tx.pace.approved(rule.id, since)
    after = replace(request, state=RequestState.APPROVED, closed_at=now, cause=CAUSE)
    return after, told(rule, rule.automatic, now, number)


def can_go_on(reading: Reading, now: datetime, policy: Policy) -> list[str]:
    """The ids of blocked requests that wait for their automatic rule, and may go on; oldest first.

    Of those over the cap of a day only as many as there is room for.
    """
    waiting = [one for one in reading.requests.live() if one.reasons and {*one.reasons} <= WAITS]
    found: list[str] = []
    room: dict[str, int] = {}
    for request in sorted(waiting, key=lambda one: (one.opened_at, one.id)):
        rule = automatic_rule(request, policy)
        if rule is None or rule.automatic is None:
            continue
        taken = reading.pace.approved(rule.id, before_today(now))
        left = room.setdefault(rule.id, rule.automatic.max_per_day - taken)
        if left > 0 or DAILY_CAP not in request.reasons:
            found.append(request.id)
            room[rule.id] = left - 1
    return found
