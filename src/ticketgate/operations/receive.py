"""Receive: a verified delivery becomes durable and part of the log, once."""

from datetime import datetime
from typing import Final, Literal

from ticketgate.domain.delivery import VerifiedDelivery
from ticketgate.domain.evidence import EvidenceRef, Json, digest_of
from ticketgate.domain.inbox import DeliveryRow
from ticketgate.domain.machines import NEW, edge
from ticketgate.domain.receipt import Receipt
from ticketgate.ports import Transaction

UNUSED: Final = frozenset({"quarantined", "dismissed"})  # nobody has used such a body


def receive(
    tx: Transaction,
    now: datetime,
    *,
    verified: VerifiedDelivery,
    quarantine: str | None,
    hint: str | None,
    origin: str,
) -> Receipt:
    """Store a delivery and its record; a repeat of it changes nothing.

    Same id and same body: `duplicate`, with the first one's record. Same id and another body:
    quarantined as `id_conflict` (the MAC holds for both, so the sender is at fault or taken over),
    unless the first one could not be used.
    `quarantine` is the code of what is wrong with the body; `hint` the ticket it may be of.
    """
    earlier = tx.deliveries.find(verified.source, verified.webhook_id)
    for row in earlier:
        if row.body_digest == verified.body_digest:
            return Receipt(row.id, "duplicate", EvidenceRef(origin, row.index, row.leaf))
    # The sender may mend a body that nobody could use: that is no other word on the same revision.
    conflict = any(row.state not in UNUSED or row.reason == "id_conflict" for row in earlier)
    reason = "id_conflict" if conflict else quarantine
    state: Literal["accepted", "quarantined"] = "accepted" if reason is None else "quarantined"
    ident = tx.new_id("dlv")
    fields: dict[str, Json] = {
        "source": verified.source,
        "body": verified.body_digest,
        "webhook": digest_of(verified.webhook_id),
        "reason": reason or "",
    }
    cause = "received" if reason is None else reason
    ref = tx.append(edge("delivery", ident, NEW, state, cause, fields))
    tx.deliveries.add(
        DeliveryRow(
            seq=0,
            id=ident,
            source=verified.source,
            webhook_id=verified.webhook_id,
            body_digest=verified.body_digest,
            received_at=now,
            state=state,
            reason=reason or "",
            ticket=hint,
            effect="",
            index=ref.index,
            leaf=ref.leaf,
        ),
        verified.body,
    )
    return Receipt(ident, state, ref)
