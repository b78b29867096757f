"""Digest: what the one mail of a day says that stands for all further reminders."""

from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.policy.policy import Policy
from ticketgate.domain.requests.access_request import AccessRequest
from ticketgate.operations.telling.workload import to_decide
from ticketgate.ports import Store


def days_digest(
    store: Store, ident: str, policy: Policy, snapshot: DirectorySnapshot
) -> tuple[str, list[AccessRequest]] | None:
    """Whom a digest is for, and what waits for them, soonest deadline first; None: nothing does.

    It is what their first page shows, as of when the directory was read.
    """
    with store.reading() as looking:
        approver = looking.workload.digest_for(ident)
        if approver is None:
            return None
        found = to_decide(looking, approver, policy, snapshot, snapshot.read_at)
    waiting = {request.id: request for _, request in found}.values()
    return (approver, sorted(waiting, key=lambda one: one.decide_by)) if waiting else None
