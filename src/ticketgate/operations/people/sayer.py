"""Who says something, and why they may not: what each desk asks before what a role lets one do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from ticketgate.domain.errors import Refusal
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.policy.policy import Policy
from ticketgate.domain.requests.access_request import Shaper
from ticketgate.domain.requests.hands import own_role
from ticketgate.domain.requests.roles import MayDo, Roles, may_triage
from ticketgate.domain.text.typed_text import bad_typed
from ticketgate.domain.tickets.triage import CHARS_MAX, CHARS_MIN
from ticketgate.operations.people.emergency_lock import lock_on
from ticketgate.ports import Transaction

SNAPSHOT_AGE_MAX: Final = timedelta(seconds=60)  # of the directory that a decision is judged by


@dataclass(frozen=True, slots=True)
class Sayer:
    """Who says so, how they proved who they are, and by what that is judged."""

    subject: str
    method: str
    roles: Roles
    policy: Policy
    snapshot: DirectorySnapshot
    own_users: Mapping[str, frozenset[str]] = field(default_factory=dict)  # by source

    def ours(self, source: str) -> frozenset[str]:
        """Our own accounts at a source."""
        return self.own_users.get(source, frozenset())


def own_shapers(
    shapers: tuple[Shaper, ...], source: str, subject: str, snapshot: DirectorySnapshot
) -> Refusal | None:
    """The same of those whose hand is in it, by their accounts at the source."""
    role = own_role(shapers, source, subject, snapshot)
    if not role:
        return None
    return Refusal(
        "own_ticket",
        f"You are the {role} of this ticket; somebody else must judge it.",
        "Others whose role opens this list see it too.",
    )


def may_say(tx: Transaction, now: datetime, who: Sayer, may: MayDo = may_triage) -> Refusal | None:
    """Why this person may say nothing now; every desk asks it before what a role lets one do.

    Refusals: `directory_stale`, those of `may`, `person_locked`.
    """
    refusal = stale(tx, now, who) or may(who.roles, who.subject, who.snapshot)
    return refusal or lock_on(tx, now, (who.subject,), who.snapshot)


def stale(tx: Transaction, now: datetime, who: Sayer) -> Refusal | None:
    """The refusal where the directory is not the newest, or was read too long ago."""
    read_at, newest = who.snapshot.read_of(who.subject), tx.people.loaded("directory")
    if newest != who.snapshot.digest or now - read_at > SNAPSHOT_AGE_MAX:
        return Refusal("directory_stale", "The directory has changed just now.", "Try again.")
    return None


def bad_justification(text: str) -> Refusal | None:
    """Why a justification does not do: `justification`, `secret_typed`."""
    return bad_typed("justification", text, chars_min=CHARS_MIN, chars_max=CHARS_MAX)
