"""Sweep: what time alone brings. Deadlines are checked inline everywhere; this only helps."""

from dataclasses import replace
from datetime import datetime
from functools import partial

from ticketgate.domain.grants.grant import UNENDED, is_due
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
from ticketgate.ports import Reading, Transaction


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
    again = partial(revalidate_ticket, tx, now, policy=policy, snapshot=snapshot)
    return sum(again(ticket=one) for one in tickets_asking(tx))


def tickets_asking(reading: Reading) -> list[tuple[str, str, str]]:
    """The tickets of live requests, each once."""
    return list(dict.fromkeys(request.ticket for request in reading.requests.live()))


def revalidate_ticket(
    tx: Transaction,
    now: datetime,
    *,
    ticket: tuple[str, str, str],
    policy: Policy,
    snapshot: DirectorySnapshot,
) -> int:
    """As `revalidate_requests`, out of shadow and of one ticket; returns how many moved."""
    ground, moved = Ground(policy, snapshot), 0
    for known in filter(None, [tx.tickets.find(ticket)]):
        said = classified_row(known, policy, snapshot)
        row = follow_rules(tx, now, known, said, policy)
        moved += ask_again(tx, now, row, wanted_by(row.ticket, said, ground), ground)
    live = (one for one in tx.requests.of_ticket(ticket) if one.state in LIVE_REQUEST)
    return moved + sum(invite(tx, now, one, policy=policy, snapshot=snapshot) for one in live)


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
    people = ((one, snapshot.person(one)) for one in tx.grants.holders())
    gone = [one for one, person in people if person is None or not person.active]
    grants = [grant for one in gone for grant in tx.grants.matching(subject=one, target=None)]
    live = [one for one in grants if one.state in UNENDED]
    for grant in live:
        end_grant(tx, now, grant, "leaver")
    return len(live)
