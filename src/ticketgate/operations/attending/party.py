"""Party: who had a hand in access, and so neither gives it up nor judges what is found about it."""

from ticketgate.domain.emergencies.emergency import Emergency
from ticketgate.domain.grants.grant import Grant
from ticketgate.domain.requests.access_request import AccessRequest
from ticketgate.ports import Reading


def hands_of(reading: Reading, about: str) -> frozenset[str]:
    """Whoever had a hand in the request, grant or emergency with this id; of another id nobody."""
    grant = reading.grants.get(about)
    if grant is not None:
        return hands_of_grant(reading, grant)
    request, emergency = reading.requests.get(about), reading.emergencies.get(about)
    if request is not None:
        return _of_request(reading, request)
    return frozenset() if emergency is None else _of_emergency(emergency)


def hands_of_grant(reading: Reading, grant: Grant) -> frozenset[str]:
    """Who asked for it or for longer of it, gets it, approved it in any round, or entered it."""
    hands = {grant.subject}
    of_ticket = reading.requests.of_ticket(grant.ticket)
    asked = [one for one in of_ticket if one.id == grant.request or one.extends == grant.id]
    for request in asked:
        hands |= _of_request(reading, request)
    emergency = reading.emergencies.get(grant.request)
    if emergency is not None:
        hands |= _of_emergency(emergency)
    return frozenset(hands - {""})


def _of_request(reading: Reading, request: AccessRequest) -> frozenset[str]:
    decided = reading.requests.approvals(request.id)
    voices = {who for one in decided for who in (one.approver, one.on_behalf_of)}
    return frozenset((voices | {one.subject for one in request.parties}) - {""})


def _of_emergency(emergency: Emergency) -> frozenset[str]:
    return frozenset({emergency.subject, emergency.entered_by, emergency.reviewer} - {""})
