"""Start a grant: what was approved for later is held against everything again when it begins.

Nobody is asked again. What was approved may have lost its ground meanwhile, though: then the grant
is cancelled, and its record's cause says which ground. What only cannot be told yet waits.
"""

from datetime import datetime

from ticketgate.domain.grants.grant import Grant
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.requests.access_request import AccessRequest
from ticketgate.domain.requests.ground import Ground
from ticketgate.domain.requests.opening import Asked
from ticketgate.operations.people.emergency_lock import LOCKED, lock_on
from ticketgate.operations.requests.ask_again import asked_now
from ticketgate.ports import Reading


def why_over(reading: Reading, now: datetime, grant: Grant, snapshot: DirectorySnapshot) -> str:
    """Why a planned grant must never be provisioned, whatever its ticket says; empty: it may.

    Causes: `leaver`, `person_locked`, `window_over`, `activate_within`.
    """
    person = snapshot.person(grant.subject)
    if person is None or not person.active:
        return "leaver"
    if lock_on(reading, now, (grant.subject,), snapshot) is not None:
        return LOCKED
    if grant.window_end is not None and now >= grant.window_end:
        return "window_over"
    return "activate_within" if now >= grant.activate_by else ""


def is_settled(reading: Reading, grant: Grant, ground: Ground) -> bool:
    """Whether a grant can be held against this ground: it is that which was recorded last."""
    if grant.not_before is None:
        return True
    held = (ground.policy.digest, ground.snapshot.digest)
    return held == (reading.people.loaded("policy"), reading.people.loaded("directory"))


def ground_lost(reading: Reading, now: datetime, grant: Grant, ground: Ground) -> str:
    """Why access that was approved for later is not given now; empty when it is.

    What begins at once was decided just now, so it is not looked at.

    Causes: `shadow`, `requester_left`, `person_locked`, `not_asked`, `beneficiary_changed`,
    `window_changed`, `rules_changed`, else the code of `opening.REASONS` that blocks the ticket.
    """
    request = reading.requests.get(grant.request)
    if grant.not_before is None or request is None:  # an emergency has no request, nor a window
        return ""
    if ground.policy.shadow:
        return "shadow"
    requester = ground.snapshot.person(request.requester.subject)
    if requester is None or not requester.active:
        return "requester_left"
    if lock_on(reading, now, (requester.id,), ground.snapshot) is not None:
        return LOCKED
    what = asked_now(reading, grant.ticket, grant.entitlement, ground)
    return "not_asked" if what is None else _otherwise(grant, request, what)


def _otherwise(grant: Grant, request: AccessRequest, what: Asked) -> str:
    """Why what is asked now is not what was approved. Its reason and duration may be."""
    if what.reasons:
        return what.reasons[0]
    approved = (request.rules, grant.target, dict(grant.access))
    differs = {
        "beneficiary_changed": what.beneficiary.subject != grant.subject,
        "window_changed": what.window != grant.window,
        "rules_changed": (what.rules, what.target, dict(what.access)) != approved,
    }
    return next((cause for cause, differing in differs.items() if differing), "")
