"""View: what a link shows. Looking changes no request, grant or link (`docs/rules.md` rule 14)."""

from datetime import datetime

from ticketgate.domain.evidence import Draft
from ticketgate.operations.actors import actor_of
from ticketgate.ports import Transaction


def note_view(tx: Transaction, now: datetime, *, request: str, subject: str) -> bool:
    """Record a view: at most one per person, request and hour. False when there was one."""
    hour = now.strftime("%Y-%m-%dT%H")
    if not tx.requests.add_view(request, subject, hour, now):
        return False
    tx.append(Draft("view.recorded", {"request": request, "person": actor_of(tx, subject)}))
    return True
