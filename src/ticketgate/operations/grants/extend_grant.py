"""Extend: longer access is a new request of the person who has it, decided by the ordinary door.

The rules in force now say how long at a time, how often, and what nothing outlives (`hard_max`).
They are asked when somebody asks, and again just before an approval commits.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import Json  # noqa: TC001 -- read with the module
from ticketgate.domain.grants.grant import Grant, GrantState, is_due
from ticketgate.domain.log.machines import NEW
from ticketgate.domain.requests.access_request import LIVE_REQUEST, AccessRequest, RequestState
from ticketgate.domain.requests.ground import Ground
from ticketgate.domain.requests.opening import REASONS, Asked, fresh_request, known_now, refreshed
from ticketgate.domain.text.durations import DURATION_REASONS
from ticketgate.domain.text.typed_text import bad_typed
from ticketgate.operations.grants.end_grant import move
from ticketgate.operations.grants.enforce import is_held
from ticketgate.operations.intake.parked import unsettled
from ticketgate.operations.requests.ask_again import asked_now
from ticketgate.operations.requests.open_request import settle
from ticketgate.operations.requests.plan_grant import version_of
from ticketgate.ports import Reading, Transaction

REASON_CHARS_MIN, REASON_CHARS_MAX = 20, 4000


@dataclass(frozen=True, slots=True)
class Wish:
    """What was typed: how many seconds more, and why."""

    seconds: int | None
    reason: str


_OVER: Final = Refusal(
    "grant_over",
    "The access is not active any more, so there is nothing to extend.",
    "Ask for it anew in a ticket.",
)
_WAITS: Final = Refusal(
    "extension_waits", "An extension of this access waits for its decision already."
)
_SPENT: Final = Refusal(
    "extensions_spent",
    "The policy does not let this access be extended (again).",
    "Ask for it anew in a ticket once it has ended.",
)
_HARD_MAX: Final = Refusal(
    "hard_max_reached",
    "The access ends at the latest moment that the policy lets it, extensions and all.",
    "Ask for it anew in a ticket once it has ended.",
)
_EMERGENCY: Final = Refusal(
    "no_extension", "Emergency access is never extended.", "Ask for access in a ticket."
)
_PENDING: Final = Refusal(
    "restore_pending", "Nothing is given until the restore has ended.", "Try again later."
)
_GONE: Final = Refusal(
    "request_blocked", "The ticket does not ask for this access any more.", "Look at the ticket."
)


def ask_extension(
    tx: Transaction, now: datetime, *, grant: Grant, wish: Wish, ground: Ground
) -> AccessRequest | Refusal:
    """A new request that extends the grant, for who has it; who that is was checked.

    Refusals: `ticket_backlog`, those of `not_extendable`, `extension_waits`, `seconds`, `reason`,
    `secret_typed`.
    """
    what = asked_now(tx, grant.ticket, grant.entitlement, ground)
    row = tx.tickets.find(grant.ticket)
    refusal = unsettled(tx, grant.ticket) or not_extendable(tx, now, grant, what)
    if refusal is not None or what is None or row is None:
        return refusal or _GONE
    of_ticket = tx.requests.of_ticket(grant.ticket)
    if any(one.state in LIVE_REQUEST and one.extends for one in of_ticket):
        return _WAITS
    longest = min(what.longest, what.hard_max)
    if wish.seconds is None or not 1 <= wish.seconds <= longest:
        return Refusal("seconds", f"Ask for 1 to {longest} seconds more.")
    refusal = bad_typed(
        "reason", wish.reason, chars_min=REASON_CHARS_MIN, chars_max=REASON_CHARS_MAX
    )
    if refusal is not None:
        return refusal
    request = fresh_request(
        what,
        row.ticket,
        row.revision,
        shapers=known_now(row.shapers, row.ticket.source, ground.snapshot),
        ident=tx.new_id("req"),
        salt=tx.new_salt(),
        now=now,
    )
    own = replace(
        request,
        extends=grant.id,
        requester=what.beneficiary,
        seconds_asked=wish.seconds,
        reason=wish.reason.strip(),
    )
    return settle(
        tx,
        now,
        refreshed(own, what),
        NEW,
        "extension",
        policy=ground.policy,
        snapshot=ground.snapshot,
    )


def longest_now(
    reading: Reading, now: datetime, request: AccessRequest, ground: Ground
) -> int | Refusal:
    """How many seconds the access never outlives by the rules in force; or why no extension is."""
    what = asked_now(reading, request.ticket, request.entitlement, ground)
    refusal = not_extendable(reading, now, reading.grants.get(request.extends), what)
    return refusal or (0 if what is None else what.hard_max)


def not_extendable(
    reading: Reading, now: datetime, grant: Grant | None, what: Asked | None
) -> Refusal | None:
    """Why the grant cannot be extended now; None when it can.

    Refusals: `no_extension`, `grant_over`, `request_blocked`, `extensions_spent`,
    `hard_max_reached`, `restore_pending`.
    """
    if grant is not None and grant.origin == "emergency":
        return _EMERGENCY
    if grant is None or grant.state is not GrantState.ACTIVE or is_due(grant, now):
        return _OVER
    if what is None or what.beneficiary.subject != grant.subject:
        return _GONE
    standing = [code for code in what.reasons if code not in DURATION_REASONS]
    if standing:
        return Refusal("request_blocked", " ".join(REASONS[code] for code in standing))
    return _used_up(reading, grant, what) or (_PENDING if is_held(reading) else None)


def _used_up(reading: Reading, grant: Grant, what: Asked) -> Refusal | None:
    if extensions(reading, grant) >= what.extend:
        return _SPENT
    end = latest(grant, what.hard_max)
    full = end is None or grant.not_after is None or grant.not_after >= end
    return _HARD_MAX if full else None


def extensions(reading: Reading, grant: Grant) -> int:
    """How often the grant was extended."""
    return sum(
        one.extends == grant.id and one.state is RequestState.APPROVED
        for one in reading.requests.of_ticket(grant.ticket)
    )


def latest(grant: Grant, hard_max: int) -> datetime | None:
    """When the grant ends at the very latest, whatever is approved (I3, I4)."""
    begun = grant.activated_at
    if begun is None:
        return None
    longest = begun + timedelta(seconds=hard_max)
    return min(longest, grant.window_end or longest)


def ends_then(reading: Reading, request: AccessRequest, ground: Ground) -> datetime | None:
    """When the access that a request extends ends at the latest if it is approved.

    None where it extends none, and where that has no end yet or none any more.
    """
    grant = reading.grants.get(request.extends) if request.extends else None
    if grant is None or grant.not_after is None:
        return None
    end = grant.not_after + timedelta(seconds=request.seconds_now)
    what = asked_now(reading, request.ticket, request.entitlement, ground)
    longest = None if what is None else latest(grant, what.hard_max)
    return end if longest is None else min(end, longest)


def extend_grant(tx: Transaction, now: datetime, request: AccessRequest, hard_max: int) -> Grant:
    """Move the end of a grant whose extension was approved just now; never past `hard_max`.

    That it can be was checked in this transaction (`not_extendable`).
    """
    grant = tx.grants.get(request.extends)
    end = None if grant is None else latest(grant, hard_max)
    if grant is None or grant.not_after is None or end is None:
        raise ValueError("an extension of a grant that has no end")
    end = min(grant.not_after + timedelta(seconds=request.seconds_now), end)
    version = version_of(tx, request)
    more: dict[str, Json] = {"extension": request.id, "hard_max": hard_max}
    more |= {} if version is None else {"ticket_version": version}
    longer = replace(grant, not_after=end, ticket_version=version)
    return move(tx, now, grant, longer, "extended", more)
