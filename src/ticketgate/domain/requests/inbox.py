"""Inbox: deliveries as stored, and the last accepted revision of each ticket."""

from dataclasses import dataclass
from datetime import datetime

from ticketgate.domain.requests.access_request import Shaper
from ticketgate.domain.tickets.ticket import Ticket
from ticketgate.domain.tickets.triage import Triaged


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A stored delivery. `seq` counts arrivals; `index` and `leaf` name its first record.

    `ticket` is the platform's id of the ticket it is of, or may be of; None when unknown.
    `effect` says what working it off did.
    """

    seq: int
    id: str
    source: str
    webhook_id: str
    body_digest: str
    received_at: datetime
    state: str
    reason: str
    ticket: str | None
    effect: str
    index: int
    leaf: str


@dataclass(frozen=True, slots=True)
class TicketRow:
    """The last accepted revision of a ticket; `id` is ours, random, and used in evidence.

    `shapers` have been gathered over all revisions, in the order they were first seen. `triage` is
    what a person has said of it, if that still holds. `writer` is the account that wrote what the
    ticket asks now.
    """

    id: str
    ticket: Ticket
    revision: int
    verdict: str
    delivery_seq: int
    updated_at: datetime
    shapers: tuple[Shaper, ...] = ()
    triage: Triaged | None = None
    writer: str = ""
