"""Receive: a verified delivery becomes durable and part of the log, once."""

from dataclasses import replace
from datetime import datetime
from typing import Final, Literal

from ticketgate.domain.evidence import EvidenceRef, Json, digest_of
from ticketgate.domain.log.machines import NEW, edge
from ticketgate.domain.requests.inbox import DeliveryRow
from ticketgate.domain.tickets.delivery import VerifiedDelivery, content_id
from ticketgate.domain.tickets.receipt import Receipt
from ticketgate.operations.intake.exposed import may_show_secret, open_exposed_delivery
from ticketgate.ports import Reading, Transaction

UNUSED: Final = frozenset({"quarantined", "dismissed"})  # nobody has used such a body


def receive(
    tx: Transaction,
    now: datetime,
    *,
    verified: VerifiedDelivery,
    quarantine: str | None,
    hint: str | None,
    origin: str,
    secret: bool | None = None,
) -> Receipt:
    """Store a delivery and its record; a repeat of it changes nothing.

    Same id and same body: `duplicate`, with the first one's record. Same id and another body:
    quarantined as `id_conflict` (the MAC holds for both, so the sender is at fault or taken over),
    unless the first one could not be used. An id that we made of the body proves no repeat: it is
    `duplicate` only while nothing came since that may be of the ticket, else another delivery.
    `quarantine` is the code of what is wrong with the body; `hint` the ticket it may be of. One
    that is quarantined and holds a secret (`may_show_secret`; None: not asked yet) is an exception.
    """
    ident = tx.new_id("dlv")
    made = verified.webhook_id == content_id(verified.body_digest)
    if made:
        same = tx.deliveries.with_body(verified.source, verified.body_digest)
        earlier = [row for row in same if _newest(tx, row)]
        if same:  # the first one has the id
            verified = replace(verified, webhook_id=f"{verified.webhook_id}.{ident}")
    else:
        earlier = tx.deliveries.find(verified.source, verified.webhook_id)
    for row in earlier:
        if row.body_digest == verified.body_digest:
            return Receipt(row.id, "duplicate", EvidenceRef(origin, row.index, row.leaf))
    # The sender may mend a body that nobody could use: that is no other word on the same revision.
    conflict = any(row.state not in UNUSED or row.reason == "id_conflict" for row in earlier)
    reason = "id_conflict" if conflict else quarantine
    state: Literal["accepted", "quarantined"] = "accepted" if reason is None else "quarantined"
    fields: dict[str, Json] = {
        "source": verified.source,
        "body": verified.body_digest,
        "webhook": digest_of(verified.webhook_id),
        "reason": reason or "",
    }
    ref = tx.append(edge("delivery", ident, NEW, state, reason or "received", fields))
    row = DeliveryRow(
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
    )
    tx.deliveries.add(row, verified.body)
    if reason is not None and (may_show_secret(verified.body) if secret is None else secret):
        open_exposed_delivery(tx, now, row)
    return Receipt(ident, state, ref)


def _newest(tx: Reading, row: DeliveryRow) -> bool:
    """Whether a delivery is still the last word on its ticket, so that its body again says nothing.

    Worked off, nothing behind it is or may be of its ticket. Waiting, its ticket is not known, so
    nothing of its source came behind it. What was released stands behind others, perhaps.
    """
    if row.state in {"accepted", "quarantined"}:
        return not tx.deliveries.came_behind(row.source, row.seq)
    if row.state != "processed" or row.ticket is None:
        return False
    return (
        tx.deliveries.backlog(row.source, row.ticket) == 0
        and tx.deliveries.parked_after(row.source, row.ticket, row.seq) is None
        and not any(
            one.seq > row.seq and one.state != "dismissed"
            for one in tx.deliveries.of_ticket(row.source, row.ticket)
        )
    )
