"""View: who looked at what. Looking changes no request, grant or link (rule 14)."""

from datetime import datetime

from ticketgate.domain.evidence import Draft
from ticketgate.operations.people.actors import actor_of
from ticketgate.ports import Transaction


def note_view(tx: Transaction, now: datetime, *, about: str, subject: str) -> bool:
    """Record a look: at most one per person, thing and hour. False when there was one.

    `about` is the id of a request, emergency, exception or delivery, or the name of a list.
    """
    hour = now.strftime("%Y-%m-%dT%H")
    if not tx.requests.add_view(about, subject, hour, now):
        return False
    tx.append(Draft("view.recorded", {"request": about, "person": actor_of(tx, subject)}))
    return True
