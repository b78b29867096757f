"""Escalate: after silence others are asked as well. Silence itself never decides anything."""

from dataclasses import replace
from datetime import datetime

from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.policy.policy import ApproveRule, Policy
from ticketgate.domain.requests.access_request import AccessRequest, RequestState
from ticketgate.domain.requests.approval import voices
from ticketgate.domain.requests.opening import case_of
from ticketgate.operations.requests.open_request import issue_links, kept_out, record
from ticketgate.ports import Reading, Transaction


def silent(reading: Reading, now: datetime, policy: Policy) -> list[str]:
    """The requests whose open stage nobody has answered for as long as their rule says."""
    rules = {one.id: one for one in policy.approve if one.escalate is not None}
    if not rules:
        return []
    live = (one for one in reading.requests.live() if one.approve_rule in rules)
    return [one.id for one in live if _is_silent(reading, now, one, rules[one.approve_rule])]


def _is_silent(reading: Reading, now: datetime, request: AccessRequest, rule: ApproveRule) -> bool:
    """Whether the newest decision of the round, or else its beginning, is so long ago."""
    asked = request.state is RequestState.AWAITING and request.escalated != request.stage
    if rule.escalate is None or not asked or now >= request.decide_by:
        return False
    # The start of a window may have cut the time to decide: what is asked is never older than this.
    begun = max(request.opened_at, request.decide_by - rule.decide_within)
    given = reading.requests.approvals(request.id)
    last = max((one.decided_at for one in given if one.round == request.round), default=begun)
    return now >= last + rule.escalate.after


def escalate(
    tx: Transaction, now: datetime, *, ident: str, policy: Policy, snapshot: DirectorySnapshot
) -> None:
    """Ask those whom `escalate` names, if the stage is silent still; the links sent stay good."""
    request = tx.requests.get(ident)
    case = None if request is None else case_of(request, policy, snapshot, now)
    if request is None or case is None or not _is_silent(tx, now, request, case.rule):
        return
    after = replace(request, version=request.version + 1, escalated=request.stage)
    tx.requests.save(after)
    earlier = voices(tx.requests.approvals(request.id), request.round)
    links = issue_links(tx, now, after, case, earlier)
    apart = kept_out(tx, after, case)
    record(tx, now, after, request.state.value, "escalated", links, apart)
