"""Workload: what waits for each approver, and how fast they answer."""

from datetime import datetime
from typing import Final

from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.policy.policy import Policy
from ticketgate.domain.requests.access_request import AccessRequest
from ticketgate.domain.requests.approval import Link
from ticketgate.domain.requests.seat import may_decide
from ticketgate.domain.telling.workload import MONTH, ApproverLoad, loads
from ticketgate.ports import Reading

LOOKED_AT: Final = 200  # links of one person, the newest


def approver_loads(reading: Reading, now: datetime) -> list[ApproverLoad]:
    """Everybody who is asked now or decided within 30 days; who has most waiting comes first.

    Who is asked is counted by their links alone; whether they may decide still is not looked at.
    """
    waiting = [(one.approver, one.request, one.asked_at) for one in reading.workload.open_links()]
    answers = [
        (one.approver, one.asked_at, one.decided_at)
        for one in reading.workload.answers(now - MONTH)
    ]
    return loads(waiting, answers, now)


def to_decide(
    reading: Reading, approver: str, policy: Policy, snapshot: DirectorySnapshot, now: datetime
) -> list[tuple[Link, AccessRequest]]:
    """What this person may decide now, by links that were mailed to them; asked first, first."""
    found = reading.console.undecided(approver, LOOKED_AT)
    given = reading.console.approvals_of([request.id for _, request in found])
    return [
        (link, request)
        for link, request in found
        if may_decide(link, request, given.get(request.id, ()), policy, snapshot, now)
    ]
