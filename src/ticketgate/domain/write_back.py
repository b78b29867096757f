"""Write-back: what a ticket is told of what it brought about, in plain words.

No text names a person or quotes the ticket; each names the place of its record.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ticketgate.domain.access_request import AccessRequest, RequestState
from ticketgate.domain.grant import Grant, GrantState
from ticketgate.domain.opening import REASONS

GIVE_UP_AFTER: Final = timedelta(days=1)
EMERGENCY: Final = "emergency.access"  # the kind of event; the beneficiary alone begins one
_EMERGENCY: Final = (
    " In an emergency, whoever needs it and is pre-authorised begins one, signed in, on the page"
    " /console/emergency of the gateway; this ticket does not."
)
_TIME: Final = "%Y-%m-%d %H:%M UTC"


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment for a ticket, committed with what it tells. `index` is that record's."""

    id: str
    source: str
    table: str
    ticket_id: str
    about: str  # the id of the request or grant
    text: str
    index: int
    queued_at: datetime


def of_request(request: AccessRequest, before: str) -> str | None:
    """What the ticket is told of a move of its request; None where it is told nothing."""
    what = f"Access to {request.entitlement} at {request.target}"
    match request.state:
        case RequestState.AWAITING if before != RequestState.AWAITING:
            until = _at(request.decide_by)
            return f"{what} was asked for and waits for approval until {until}.{_offer(request)}"
        case RequestState.BLOCKED if before != RequestState.BLOCKED:
            why = _why(request.reasons)
            return f"{what} cannot be approved as it is asked for. {why}{_offer(request)}"
        case RequestState.APPROVED:
            return f"{what} was approved, for {timedelta(seconds=request.seconds_now)} (h:mm:ss)."
        case RequestState.DENIED:
            return f"{what} was denied."
        case _:
            return None


def of_grant(grant: Grant, kept: str) -> str | None:
    """The same of a grant. `kept` says why a revocation removed nothing; empty when it did."""
    what = f"access to {grant.entitlement} at {grant.target}"
    match grant.state:
        case GrantState.ACTIVE:
            until = "" if grant.not_after is None else f", until {_at(grant.not_after)}"
            return f"The {what} is given{until}."
        case GrantState.REVOKED if not kept:
            return f"The {what} is removed; reading the target confirms it."
        case GrantState.REVOKED:
            return f"The grant of {what} has ended. {_KEPT[kept]}"
        case GrantState.REVOKE_OVERDUE:
            return (
                f"Removing the {what} is overdue: the target has not confirmed it."
                " It is tried again until it does."
            )
        case _:
            return None


def letter(comment: Comment, evidence: str, key: str) -> str:
    """The whole comment. The key in it lets a repeated try find what an earlier one wrote."""
    return f"ticketgate: {comment.text}\n{evidence}\n[{key}]"


_KEPT: Final = {
    "baseline": "The access stood before it, and stays.",
    "shared": "The access stays, since another grant holds it.",
}


def _offer(request: AccessRequest) -> str:
    """A ticket only offers an emergency: the beneficiary, signed in, begins one (rule 9)."""
    return _EMERGENCY if EMERGENCY in request.kinds else ""


def _why(reasons: Sequence[str]) -> str:
    return " ".join(REASONS[code] for code in reasons)


def _at(moment: datetime) -> str:
    return moment.strftime(_TIME)
