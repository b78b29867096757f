"""Loosened: a policy that asks less, or gives more, ends the requests that are open already.

They were opened under stricter rules, and those are gone. Whoever still wants it asks anew.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from ticketgate.domain.changes.backtest import asked_effects
from ticketgate.domain.changes.policy_change import Direction
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.policy.policy import ApproveRule, Policy
from ticketgate.domain.requests.access_request import LIVE_REQUEST, AccessRequest, RequestState
from ticketgate.domain.requests.ground import Ground
from ticketgate.domain.requests.inbox import TicketRow
from ticketgate.domain.requests.opening import Asked
from ticketgate.operations.classifying.classified import classified_row
from ticketgate.operations.requests.ask_again import wanted_by
from ticketgate.operations.requests.open_request import end_request
from ticketgate.ports import Transaction

CAUSE = "rules_loosened"
Asks = Mapping[str, tuple[Asked, ApproveRule | None]]


def end_loosened(
    tx: Transaction,
    now: datetime,
    *,
    old: Policy | None,
    new: Policy,
    snapshot: DirectorySnapshot | None,
) -> int:
    """End the open requests for which `new` is looser than `old`; returns how many.

    Without `old` every request whose rules are other ones counts as loosened. The other open
    requests of the same ticket end with it: they would ask for it again. Without a `snapshot`
    nothing can be told apart, and every open request ends.
    """
    ended = 0
    asking = dict.fromkeys(request.ticket for request in tx.requests.live())
    for row in filter(None, map(tx.tickets.find, asking)):
        requests = [
            one for one in tx.requests.of_ticket(row.ticket.key) if one.state in LIVE_REQUEST
        ]
        if snapshot is None or _any_looser(row, requests, old, new, snapshot):
            for one in requests:
                end_request(tx, now, one, RequestState.WITHDRAWN, CAUSE)
            ended += len(requests)
    return ended


def _any_looser(
    row: TicketRow,
    requests: Sequence[AccessRequest],
    old: Policy | None,
    new: Policy,
    snapshot: DirectorySnapshot,
) -> bool:
    was = {} if old is None else _asks(row, old, snapshot)
    will = _asks(row, new, snapshot)
    return any(_is_looser(one, was, will) for one in requests)


def _asks(row: TicketRow, policy: Policy, snapshot: DirectorySnapshot) -> Asks:
    said = classified_row(row, policy, snapshot)
    rules = {one.id: one for one in policy.approve}
    wanted = wanted_by(row.ticket, said, Ground(policy, snapshot))
    return {name: (what, rules.get(what.approve_rule)) for name, what in wanted.items()}


def _is_looser(request: AccessRequest, was: Asks, will: Asks) -> bool:
    """Whether the rules of this request are other ones, and looser or not known not to be."""
    after = will.get(request.entitlement)
    if after is None or after[0].rules == request.rules:
        return False  # not asked any more, or by the same rules
    before = was.get(request.entitlement)
    if before is None:
        return True
    return any(one.direction is Direction.LOOSENED for one in asked_effects(before, after))
