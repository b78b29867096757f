"""Seat: whether the holder of a link may decide with it, before anything is typed."""

from collections.abc import Iterable
from datetime import datetime

from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.policy.policy import Policy
from ticketgate.domain.requests.access_request import AccessRequest
from ticketgate.domain.requests.approval import Approval, Link, voices
from ticketgate.domain.requests.approvers import Standing, standing
from ticketgate.domain.requests.opening import case_of


def may_decide(
    link: Link,
    request: AccessRequest,
    given: Iterable[Approval],
    policy: Policy,
    snapshot: DirectorySnapshot,
    now: datetime,
) -> bool:
    """Whether a decision by an unused link would count now: in time, and by the rules of now.

    `given` are the approvals of the request, of whatever round.
    """
    case = case_of(request, policy, snapshot, now)
    late = now >= min(link.expires_at, request.decide_by)
    if late or link.round != request.round or case is None or link.stage > len(case.rule.stages):
        return False
    stage, earlier = case.rule.stages[link.stage - 1], voices(given, request.round)
    found = standing(case, stage, link.approver, earlier, link.on_behalf_of)
    return isinstance(found, Standing)
