"""The lock: whose emergency was not reviewed in time gets and decides nothing (rule 9).

Neither do they use a role: no triage, quarantine, exceptions, vouching or restore.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from ticketgate.domain.emergencies.emergency import Emergency, is_overdue
from ticketgate.domain.errors import Refusal
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.ports import Reading

LOCKED: Final = "person_locked"


def owed(reading: Reading) -> list[Emergency]:
    """Emergencies that nobody has reviewed, in time still or not; drills bind nobody."""
    return [one for one in reading.emergencies.unreviewed() if not one.drill]


def overdue(reading: Reading, now: datetime) -> list[Emergency]:
    """Emergencies whose review is overdue at this moment, swept or not; drills lock nobody."""
    return [one for one in owed(reading) if is_overdue(one, reading.grants.get(one.grant), now)]


def lock_on(
    reading: Reading, now: datetime, subjects: Iterable[str], snapshot: DirectorySnapshot
) -> Refusal | None:
    """The refusal where one of these people, by any account of theirs, is locked."""
    late = overdue(reading, now)
    if not any(snapshot.same_human(one.subject, who) for one in late for who in subjects):
        return None
    return Refusal(
        LOCKED,
        "An emergency of this person was not reviewed in time; until it is, they can neither"
        " decide nor be given anything.",
        "Have a reviewer do the review at /console/emergency. Where all of them are locked,"
        " docs/emergency.md tells the way out.",
    )
