"""Reviewers left: whether somebody is there who can review what is to begin or to be entered.

Else its person would be locked, and with everybody locked nobody could let anybody go (rule 9).
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from ticketgate.domain.emergencies.emergency import reviewers
from ticketgate.domain.errors import Refusal
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.policy.policy import EmergencyRules, Entitlement
from ticketgate.operations.people.emergency_lock import overdue, owed
from ticketgate.ports import Reading

NO_REVIEWER: Final = Refusal(
    "no_reviewer",
    "Nobody else is named who could review it.",
    "Have people added to `emergency: review: by:` of the policy.",
)
_LOCKED: Final = Refusal(
    "no_reviewer",
    "Everybody else who could review it is locked, for reviews of theirs that nobody did in time.",
    "Have one of those done at /console/emergency. If everybody who could is locked, have somebody"
    " else added to `emergency: review: by:` of the policy (docs/emergency.md).",
)
_OWING: Final = Refusal(
    "no_reviewer",
    "Everybody else who could review it has an emergency of their own that is not reviewed.",
    "Have one of those reviewed at /console/emergency first; then enter it.",
)


def nobody_left(
    reading: Reading,
    now: datetime,
    people: Collection[str],
    rules: EmergencyRules,
    entitlement: Entitlement,
    snapshot: DirectorySnapshot,
    *,
    owing_counts: bool,
) -> Refusal | None:
    """`no_reviewer` where nobody but `people`, by any account, could review it; None where one can.

    Whoever is locked cannot. `owing_counts` says whether one can whose own emergency waits for its
    review and is in time: they can review now, and not any more once theirs is overdue.
    """
    named = {
        one
        for one in reviewers(rules, entitlement, next(iter(people)), snapshot)
        if not any(snapshot.same_human(one, other) for other in people)
    }
    if not named:
        return NO_REVIEWER
    bound = overdue(reading, now) if owing_counts else owed(reading)
    if any(not any(snapshot.same_human(one, it.subject) for it in bound) for one in named):
        return None
    return _LOCKED if owing_counts else _OWING
