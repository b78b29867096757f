"""Sweep: what time alone brings. Deadlines are checked inline everywhere; this only helps."""

from dataclasses import replace
from datetime import datetime

from ticketgate.domain.grants.grant import GrantState, is_due
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.policy.policy import Policy
from ticketgate.domain.requests.access_request import LIVE_REQUEST, RequestState
from ticketgate.domain.requests.approval import LinkState
from ticketgate.domain.requests.ground import Ground
from ticketgate.operations.classifying.classified import classified_row, follow_rules
from ticketgate.operations.grants.end_grant import end_grant
from ticketgate.operations.grants.shadow import enter_shadow
from ticketgate.operations.requests.ask_again import ask_again, wanted_by
from ticketgate.operations.requests.open_request import end_request, invite
from ticketgate.operations.requests.velocity import has_room
from ticketgate.ports import Transaction


def expire_grant(tx: Transaction, now: datetime, *, ident: str, by: datetime) -> None:
    """Begin to revoke one grant whose time is up by `now` or by the wall clock `by` (rule 11)."""
    grant = tx.grants.get(ident)
    if grant is not None and is_due(grant, max(now, by)):
        end_grant(tx, now, grant, "expired")


def time_out_request(tx: Transaction, now: datetime, *, ident: str) -> None:
    """End one request whose time to decide is over; its links expire with it."""
    request = tx.requests.get(ident)
    if request is None or request.state not in LIVE_REQUEST:
        return
    for link in tx.links.of_request(request.id):
        if link.state is LinkState.ISSUED:
            tx.links.save(replace(link, state=LinkState.EXPIRED, why="decision_late"))
    end_request(tx, now, request, RequestState.TIMED_OUT, "decide_by")


def revalidate_requests(
    tx: Transaction, now: datetime, *, policy: Policy, snapshot: DirectorySnapshot
) -> int:
    """Ask every live request again under this policy and directory; returns how many moved.

    Blocked ones may open, awaiting ones get a new round when material, rules or shapers are
    others now, and else ask whoever their stage names since (rule 5). In shadow none stays live.
    """
    if policy.shadow:
        return enter_shadow(tx, now)
    ground = Ground(policy, snapshot)
    asking = dict.fromkeys(request.ticket for request in tx.requests.live())
    moved = 0
    for known in filter(None, map(tx.tickets.find, asking)):
        said = classified_row(known, policy, snapshot)
        row = follow_rules(tx, now, known, said, policy)
        moved += ask_again(tx, now, row, wanted_by(row.ticket, said, ground), ground)
    for request in tx.requests.live():
        moved += invite(tx, now, request, policy=policy, snapshot=snapshot)
    return moved


def let_pass(
    tx: Transaction, now: datetime, *, ident: str, policy: Policy, snapshot: DirectorySnapshot
) -> None:
    """Ask a request again that waits for its source's limit, if there is room now."""
    request = tx.requests.get(ident)
    row = None if request is None else tx.tickets.find(request.ticket)
    if request is None or row is None or not has_room(tx, now, request.source):
        return
    ground = Ground(policy, snapshot)
    wanted = wanted_by(row.ticket, classified_row(row, policy, snapshot), ground)
    ask_again(tx, now, row, wanted, ground)


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
