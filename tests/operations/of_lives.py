"""Invariants of lives: how long access lasts, that it ends, and what the target holds then."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from tests.operations.state import begun
from tests.operations.step import ENDED, HOLDING, Step

DAY: Final = 86_400
LIFE_MAX: Final = {"prod-db-admin": 4 * 3600, "sales-reports": 5 * DAY}  # config/policy.yaml
HARD_MAX: Final = {"prod-db-admin": 8 * 3600, "sales-reports": 30 * DAY}
REVOKE_CAP: Final = timedelta(seconds=300)


def an_end_within_all_limits(step: Step) -> Iterator[str]:
    """I3: each grant ends, within what the policy, the request and each approver let it."""
    now = step.after
    for grant in now.grants.values():
        if begun(grant) != (grant.not_after is not None):
            yield f"{grant.id} is {grant.state.value}, and ends at {grant.not_after}"
        if grant.origin in {"emergency", "claimed"}:
            continue
        request = now.requests[grant.request]
        given = [one.seconds for one in now.approvals[request.id] if one.round == request.round]
        most = min([LIFE_MAX[grant.entitlement], request.seconds, *given])
        if not 1 <= grant.seconds <= most:
            yield f"{grant.id} lasts {grant.seconds} s, and was given {most} s"
        moved = [
            one.seconds_now
            for one in now.requests.values()
            if one.extends == grant.id and one.state.value == "approved"
        ]
        if grant.since is not None and grant.not_after is not None:
            longest = timedelta(seconds=grant.seconds + sum(moved))
            if grant.not_after > grant.since + longest:
                yield f"{grant.id} ends later than was ever approved"


def within_its_window(step: Step) -> Iterator[str]:
    """I3 with rule 1: nothing before the ticket's window begins, and nothing after it ends."""
    now = step.after
    for grant in step.fresh_grants():
        row = step.before.tickets.get(grant.ticket) or now.tickets.get(grant.ticket)
        if grant.origin != "request" or row is None:
            continue
        starts, ends = (row.ticket.text(f"window_{end}") for end in ("start", "end"))
        if starts and now.at < datetime.fromisoformat(starts):
            yield f"{grant.id} begins at {now.at}, and its ticket says {starts}"
        if ends and (grant.not_after is None or grant.not_after > datetime.fromisoformat(ends)):
            yield f"{grant.id} ends at {grant.not_after}, and its ticket says {ends}"
    for grant in now.grants.values():
        if grant.not_after is None or grant.window_end is None:
            continue
        if grant.not_after > grant.window_end:
            yield f"{grant.id} ends at {grant.not_after}, after its window"


def no_life_beyond_the_longest(step: Step) -> Iterator[str]:
    """I4: extensions and all, and never of an emergency."""
    now = step.after
    for grant in now.grants.values():
        if grant.since is None or grant.not_after is None:
            continue
        emergency = now.emergencies.get(grant.request)
        longest = timedelta(seconds=HARD_MAX[grant.entitlement])
        if emergency is not None:
            longest = timedelta(seconds=emergency.seconds)
        if grant.not_after > grant.since + longest:
            yield f"{grant.id} lives for {grant.not_after - grant.since}"
    for record in now.of_type("grant.extended"):
        if now.grants[str(record["id"])].origin == "emergency":
            yield "an emergency is extended"


def what_is_over_is_taken_away(step: Step) -> Iterator[str]:
    """I5: past its end a grant is being revoked, and a next try is due within the cap."""
    now = step.after
    for grant in now.grants.values():
        over = grant.not_after is not None and grant.not_after <= now.at
        if step.swept and over and grant.state.value in HOLDING:
            yield f"{grant.id} is {grant.state.value} past its end"
        if grant.state.value in {"revoking", "revoke_overdue"}:
            command = now.revokes.get(grant.id)
            if command is None or command.state.value not in {"queued", "intended"}:
                yield f"{grant.id} is {grant.state.value}, and nobody tries"
            elif command.state.value == "queued" and command.due_at > now.at + REVOKE_CAP:
                yield f"{grant.id} is tried again only at {command.due_at}"


def the_target_holds_what_the_grants_say(step: Step) -> Iterator[str]:
    """I6, I10: nothing of an ended grant stays, and no live one is cut short."""
    shares: dict[tuple[str, str], set[str]] = {}
    for grant in step.after.grants.values():
        shares.setdefault((grant.subject, grant.entitlement), set()).add(grant.state.value)
    for (person, entitlement), states in shares.items():
        held = person in step.after.members[entitlement]
        wanted = (person, entitlement) in step.standing or "active" in states
        if wanted and not held:
            yield f"{person} does not hold {entitlement}, and should"
        if held and not wanted and states <= ENDED:
            yield f"{person} holds {entitlement} still"
    for record in step.after.of_type("revocation.confirmed"):
        if not record["confirmed"]:
            yield f"{record['id']} is revoked without a confirmation"
