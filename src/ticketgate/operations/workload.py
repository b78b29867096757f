"""Workload: who is asked how much, for looking; the console and the command line call it."""

from datetime import datetime

from ticketgate.domain.workload import MONTH, ApproverLoad, loads
from ticketgate.ports import Reading


def approver_loads(reading: Reading, now: datetime) -> list[ApproverLoad]:
    """Everybody who is asked now or decided within 30 days; who has most waiting comes first."""
    waiting = [(one.approver, one.request, one.asked_at) for one in reading.workload.open_links()]
    answers = [
        (one.approver, one.asked_at, one.decided_at)
        for one in reading.workload.answers(now - MONTH)
    ]
    return loads(waiting, answers, now)


def waiting_for(reading: Reading, approver: str) -> tuple[str, ...]:
    """The requests that wait for this person now, by id, soonest deadline first."""
    links = reading.workload.open_links(approver)
    return tuple(dict.fromkeys(one.request for one in links))
