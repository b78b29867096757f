"""Receipt: what a sender is told once its delivery is durable and in the chain."""

from dataclasses import dataclass
from typing import Literal

from ticketgate.domain.evidence import EvidenceRef

ReceiptStatus = Literal["accepted", "duplicate", "quarantined"]


@dataclass(frozen=True, slots=True)
class Receipt:
    """The delivery's own id here, what became of it, and the record that says so."""

    delivery_id: str
    status: ReceiptStatus
    evidence: EvidenceRef
