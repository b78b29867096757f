"""Shadow: the policy decides and records, and nothing is asked or given.

What was given before still ends: taking away never depends on the mode.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import Json
from ticketgate.domain.grants.grant import GrantState
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.policy.policy import Policy
from ticketgate.domain.requests.access_request import RequestState
from ticketgate.domain.requests.inbox import TicketRow
from ticketgate.domain.requests.opening import Asked, blocking, fresh_request, known_now
from ticketgate.operations.grants.end_grant import end_grant
from ticketgate.operations.requests.open_request import end_request
from ticketgate.ports import Transaction

IN_SHADOW: Final = Refusal(
    "shadow",
    "The policy is in shadow mode: nothing is approved or given.",
    "An operator sets `mode: enforce` in the policy and starts the gateway anew.",
)
_NOT_YET_GIVEN: Final = frozenset({GrantState.PLANNED, GrantState.PROVISIONING})


def would_ask(
    wanted: Mapping[str, Asked],
    row: TicketRow,
    policy: Policy,
    snapshot: DirectorySnapshot,
    now: datetime,
) -> dict[str, Json]:
    """What would have been asked of whom, or blocked: a field of the record of the verdict."""
    would: list[Json] = []
    for what in wanted.values():
        request = fresh_request(
            what,
            row.ticket,
            row.revision,
            shapers=known_now(row.shapers, row.ticket.source, snapshot),
            ident="",
            salt="",
            now=now,
        )
        would.append(
            {
                "entitlement": what.entitlement,
                "approve_rule": what.approve_rule,
                "seconds": what.seconds,
                "reasons": list(blocking(request, policy, snapshot, now)),
            }
        )
    return {"would": would}


def enter_shadow(tx: Transaction, now: datetime) -> int:
    """End what is asked and what is not given yet; returns how much that was.

    What is active ends when it would have ended.
    """
    requests = list(tx.requests.live())
    for request in requests:
        end_request(tx, now, request, RequestState.WITHDRAWN, "shadow")
    grants = tx.grants.matching(subject=None, target=None)
    pending = [one for one in grants if one.state in _NOT_YET_GIVEN]
    for grant in pending:
        end_grant(tx, now, grant, "shadow")
    return len(requests) + len(pending)
