"""Own lock: what a page tells somebody whom an emergency locks, before they type anything."""

from dataclasses import dataclass

from ticketgate.domain.emergencies.emergency import due_at
from ticketgate.domain.errors import Refusal
from ticketgate.domain.telling.emergency_outcomes import of_lock
from ticketgate.operations.desks.lane_desk import LaneDesk
from ticketgate.operations.emergencies.review_emergency import reviewers_named
from ticketgate.operations.people.emergency_lock import overdue


@dataclass(frozen=True, slots=True)
class OwnLock:
    """`emergency` is the one that was not reviewed in time, `reviewers` who can do it, by name."""

    emergency: str
    said: str
    reviewers: str


def own_lock(desk: LaneDesk, subject: str) -> OwnLock | None:
    """The lock on this person, by any account of theirs; None where there is none.

    Who is no active human, or cannot be read, is shown nothing by any page, and no lock either.
    """
    now = desk.clock.now()
    with desk.store.reading() as looking:
        late = overdue(looking, now)
        who = desk.known(subject) if late else None
        if who is None or isinstance(who, Refusal):
            return None
        mine = (one for one in late if who.snapshot.same_human(one.subject, subject))
        found = next(mine, None)
        if found is None:
            return None
        said = of_lock(found, due_at(found, looking.grants.get(found.grant)))
        return OwnLock(found.id, said.text, reviewers_named(found, who.ground()))
