"""Digest: what the one mail of a day says that stands for all further reminders."""

from ticketgate.domain.access_request import AccessRequest
from ticketgate.operations.workload import waiting_for
from ticketgate.ports import Store


def digest_of(store: Store, ident: str) -> tuple[str, list[AccessRequest]] | None:
    """Whom a digest is for, and what waits for them now; None when nothing does any more."""
    with store.reading() as looking:
        approver = looking.workload.digest_for(ident)
        idents = () if approver is None else waiting_for(looking, approver)
        found = [looking.requests.get(one) for one in idents]
    waiting = [one for one in found if one is not None]
    return None if approver is None or not waiting else (approver, waiting)
