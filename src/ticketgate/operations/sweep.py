"""Sweep: what time alone brings. Deadlines are checked inline everywhere; this only helps."""

from dataclasses import replace
from datetime import datetime

from ticketgate.domain.access_request import RequestState
from ticketgate.domain.approval import LinkState
from ticketgate.domain.directory import DirectorySnapshot
from ticketgate.domain.grant import GrantState
from ticketgate.domain.policy import Policy
from ticketgate.operations.decide_request import Rules, asks_now
from ticketgate.operations.end_grant import end_grant
from ticketgate.operations.open_request import changed, end_request, open_request, renew
from ticketgate.ports import Transaction


def expire_grants(tx: Transaction, now: datetime, *, by: datetime) -> int:
    """Begin to revoke every grant whose time is up by `now` or by the wall clock `by` (rule 11)."""
    due = tx.grants.due(max(now, by))
    for grant in due:
        end_grant(tx, now, grant, "expired")
    return len(due)


def time_out_requests(tx: Transaction, now: datetime) -> int:
    """End every live request whose time to decide is over; its links expire with it."""
    due = tx.requests.due(now)
    for request in due:
        for link in tx.links.of_request(request.id):
            if link.state is LinkState.ISSUED:
                tx.links.save(replace(link, state=LinkState.EXPIRED, why="decision_late"))
        end_request(tx, now, request, RequestState.TIMED_OUT, "decide_by")
    return len(due)


def revalidate_requests(
    tx: Transaction, now: datetime, *, policy: Policy, snapshot: DirectorySnapshot
) -> int:
    """Ask every live request again under this policy and directory; returns how many moved.

    Blocked ones may open, awaiting ones get a new round when material or rules are others now.
    """
    moved = 0
    for request in tx.requests.live():
        row = tx.tickets.find(request.ticket)
        what = None if row is None else asks_now(row, request, Rules(policy, snapshot))
        if row is None or what is None:
            end_request(tx, now, request, RequestState.WITHDRAWN, "rules")
            moved += 1
            continue
        cause = changed(request, what)
        blocked = request.state is RequestState.BLOCKED
        if not cause and not blocked and not what.reasons:
            continue
        if blocked and not cause and _still(request.reasons, what.reasons):
            continue
        after = renew(
            tx,
            now,
            request,
            what=what,
            cause="revalidated" if blocked else cause or "reasons",
            policy=policy,
            snapshot=snapshot,
        )
        if after.state is RequestState.WITHDRAWN:
            open_request(
                tx,
                now,
                what=what,
                row=row,
                editor=after.editor,
                policy=policy,
                snapshot=snapshot,
            )
        moved += 1
    return moved


def _still(before: tuple[str, ...], now: tuple[str, ...]) -> bool:
    """Whether the reasons that ticket and policy give are the ones that blocked it."""
    own = {"unfillable", "unknown_editor"}
    return bool(now) and tuple(one for one in before if one not in own) == now


def end_of_inactive(tx: Transaction, now: datetime, *, snapshot: DirectorySnapshot) -> int:
    """End the grants of people whom the directory no longer has as active."""
    ended = 0
    for grant in tx.grants.matching(subject=None, target=None):
        person = snapshot.person(grant.subject)
        live = grant.state in {GrantState.PLANNED, GrantState.PROVISIONING, GrantState.ACTIVE}
        if live and (person is None or not person.active):
            end_grant(tx, now, grant, "leaver")
            ended += 1
    return ended
