"""Who says something, and why they may not: what each desk asks before what a role lets one do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ticketgate.domain.errors import Refusal
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.policy.policy import Policy
from ticketgate.domain.requests.access_request import Shaper
from ticketgate.domain.requests.ground import Ground
from ticketgate.domain.requests.hands import own_role
from ticketgate.domain.requests.roles import MayDo, Roles, may_triage, roles_of
from ticketgate.domain.text.typed_text import bad_typed
from ticketgate.domain.tickets.triage import CHARS_MAX, CHARS_MIN
from ticketgate.operations.people.emergency_lock import lock_on
from ticketgate.operations.people.freshness import stale
from ticketgate.ports import Transaction


@dataclass(frozen=True, slots=True)
class Sayer:
    """Who says so, how they proved who they are, and by what that is judged."""

    subject: str
    method: str
    roles: Roles
    policy: Policy
    snapshot: DirectorySnapshot
    own_users: Mapping[str, frozenset[str]] = field(default_factory=dict)  # by source

    @property
    def holds(self) -> frozenset[str]:
        """The roles that this person has now."""
        return roles_of(self.roles, self.subject, self.snapshot)

    def ground(self, source: str = "") -> Ground:
        """What a ticket of this source is judged by; or what is of none."""
        return Ground(self.policy, self.snapshot, self.own_users.get(source, frozenset()))


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
    snapshot = who.snapshot
    refusal = stale(tx, now, snapshot, who.subject) or may(who.roles, who.subject, snapshot)
    return refusal or lock_on(tx, now, (who.subject,), snapshot)


def bad_justification(text: str) -> Refusal | None:
    """Why a justification does not do: `justification`, `secret_typed`."""
    return bad_typed("justification", text, chars_min=CHARS_MIN, chars_max=CHARS_MAX)
