"""Velocity: no source sends more requests to approvers than its limit; further ones wait, blocked.

It is asked at the one place where a request goes from new or blocked to awaiting. What waits has
no other reason, and goes on oldest first as time makes room (intake rule 7).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.policy.policy import Policy
from ticketgate.domain.requests.access_request import AccessRequest, RequestState
from ticketgate.domain.requests.opening import BLOCKED_FOR_MAX, blocking
from ticketgate.domain.requests.velocity import EXCEEDED, REASON, Velocity
from ticketgate.domain.tickets.access_window import decide_until
from ticketgate.operations.cases.exceptions import open_exception
from ticketgate.operations.requests.automatic import rule_reasons
from ticketgate.ports import Reading, Transaction


def set_limits(tx: Transaction, now: datetime, *, limits: Mapping[str, Velocity]) -> None:
    """These hold from now on. A source that is not configured any more lets nothing pass."""
    del now
    tx.pace.set_limits(limits)


def has_room(reading: Reading, now: datetime, source: str) -> bool:
    """Whether one more request of the source may go to its approvers."""
    limit = reading.pace.limit(source)
    return limit is None or reading.pace.passed(source, now - limit.per) < limit.count


def reasons_now(
    reading: Reading,
    now: datetime,
    request: AccessRequest,
    before: str,
    *,
    policy: Policy,
    snapshot: DirectorySnapshot,
) -> tuple[str, ...]:
    """What blocks a request: also what keeps an automatic rule from it, and its source's limit.

    `before` is the state it comes from.

    One that awaits has passed already. One that something else blocks is not counted.
    """
    found = blocking(request, policy, snapshot, now)
    found = found or rule_reasons(reading, now, request, policy, snapshot)
    if found or before == RequestState.AWAITING or has_room(reading, now, request.source):
        return found
    return (REASON,)


def note_pace(tx: Transaction, now: datetime, request: AccessRequest, before: str) -> AccessRequest:
    """Count a request that goes to its approvers. One that must wait opens an exception.

    It waits as long as a blocked request may; its time to decide begins when it goes on.
    """
    limit = tx.pace.limit(request.source)
    if request.reasons == (REASON,):
        open_exception(tx, now, EXCEEDED, f"source {request.source}", about=request.id)
        return replace(request, decide_by=decide_until(now, BLOCKED_FOR_MAX, request.window))
    if limit is not None and not request.reasons and before != RequestState.AWAITING:
        tx.pace.note_passed(request.source, request.id, now, now - limit.per)
    return request
