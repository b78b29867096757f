"""Who decided, and when: what somebody is told whose own word came too late.

Only who may see the request is told, and only people who are still active: each caller checks it.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from ticketgate.domain.grants.grant import Grant
from ticketgate.domain.instants import to_text
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.people.naming import name_and_id
from ticketgate.domain.requests.access_request import (
    LIVE_REQUEST,
    TAKEN_BACK,
    AccessRequest,
    RequestState,
)
from ticketgate.domain.requests.approval import Approval, Link
from ticketgate.ports import Reading

_DID: Final = {"approve": "approved it", "deny": "denied it"}
LOOKED_AT: Final = 200  # records of one request, the newest
_GRANT_ENDS: Final = frozenset({"revoking", "cancelled", "released_shared"})
_ENDED: Final = {
    RequestState.WITHDRAWN: "withdrew it",
    RequestState.DENIED: "denied it",
}


def votes(given: Sequence[Approval], snapshot: DirectorySnapshot) -> str:
    """`Bob Brown (bob) approved it at 2026-…Z` of each, in their order; empty for none."""
    return "; ".join(
        f"{_voter(one, snapshot)} {_DID[one.decision]} at {to_text(one.decided_at)}"
        for one in given
    )


def _voter(one: Approval, snapshot: DirectorySnapshot) -> str:
    who = name_and_id(one.approver, snapshot)
    return f"{who}, for {name_and_id(one.on_behalf_of, snapshot)}," if one.on_behalf_of else who


def of_stage(reading: Reading, link: Link, snapshot: DirectorySnapshot) -> str:
    """What was decided at the stage and round of a link, by whom and when."""
    given = reading.requests.approvals(link.request)
    here = (link.round, link.stage)
    return votes([one for one in given if (one.round, one.stage) == here], snapshot)


def of_end(reading: Reading, request: AccessRequest, snapshot: DirectorySnapshot) -> str:
    """Who ended a request, how and when; what ended it, where no person did. Empty while live.

    `Bob Brown (bob) denied it at 2026-…Z`, `It ended at 2026-…Z: ticket_closed`.
    """
    ended = request.closed_at
    if request.state in LIVE_REQUEST or ended is None:
        return ""
    last = reading.requests.approvals(request.id)[-1:]
    if not request.cause and last:
        return votes(last, snapshot)
    return _by_record(reading, request, ended, snapshot)


def of_grant_end(reading: Reading, grant: Grant, snapshot: DirectorySnapshot) -> str:
    """The same of a grant that has begun to end, or has ended. Empty while it has not."""
    ended = grant.revoking_since or grant.ended_at
    if ended is None:
        return ""
    records = (
        json.loads(entry)
        for _, entry in reading.console.records(grant.request, [grant.id], LOOKED_AT)
    )
    ends = (one for one in records if one.get("id") == grant.id and one.get("to") in _GRANT_ENDS)
    end: dict[str, str] = next(ends, {})
    by = end.get("by", "")
    who = reading.people.subject(by) if by else None
    if who is None:
        return f"It ended at {to_text(ended)}: {grant.cause}"
    return f"{name_and_id(who, snapshot)} ended it at {to_text(ended)}: {grant.cause}"


def _by_record(
    reading: Reading, request: AccessRequest, ended: datetime, snapshot: DirectorySnapshot
) -> str:
    """By the record of its end, which names who did it where a person did."""
    index = reading.requests.newest_record(request.id)
    entry = None if index is None else reading.evidence.entry(index)
    by = "" if entry is None else str(json.loads(entry).get("by", ""))
    if not by:
        return f"It ended at {to_text(ended)}: {request.cause or request.state.value}"
    back = request.cause == TAKEN_BACK
    did = "took an approval back" if back else _ENDED.get(request.state, "ended it")
    who = reading.people.subject(by)
    return f"{by if who is None else name_and_id(who, snapshot)} {did} at {to_text(ended)}"
