"""Why a request was denied, in the words of who did: for who asked and who would have got it.

It stands beside the log, as a disclosure, and once it was erased nobody is told it any more.
"""

import json

from ticketgate.domain.evidence import parse_disclosure
from ticketgate.domain.requests.access_request import TAKEN_BACK, AccessRequest, RequestState
from ticketgate.operations.deciding.who_decided import LOOKED_AT
from ticketgate.ports import Reading


def why_denied(reading: Reading, request: AccessRequest) -> str:
    """The justification as it was typed; empty unless it was denied, and where it was erased."""
    index = _where(reading, request) if request.state is RequestState.DENIED else None
    hidden = () if index is None else reading.evidence.hidden(index)
    given = [parse_disclosure(one) for _, one, _, _ in hidden if one is not None]
    return next((str(value) for _, name, value in given if name == "justification"), "")


def _where(reading: Reading, request: AccessRequest) -> int | None:
    """The record that holds it: of the vote, of what was taken back, or of the end itself."""
    if not request.cause:
        return reading.requests.approvals(request.id)[-1].index
    if request.cause != TAKEN_BACK:
        return reading.requests.newest_record(request.id)
    found = reading.console.records(request.id, [], LOOKED_AT)
    back = (at for at, one in reversed(found) if json.loads(one)["type"] == "decision.taken_back")
    return next(back, None)
