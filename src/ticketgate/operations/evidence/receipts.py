"""Receipts: a record with the proof that it is in the signed log, and the records of a ticket."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from ticketgate.domain.evidence import parse_entry
from ticketgate.domain.log.bundle import proof_name
from ticketgate.domain.log.checkpoint import SignedCheckpoint
from ticketgate.domain.log.proof import inclusion
from ticketgate.domain.log.tlog_proof import TlogProof
from ticketgate.domain.requests.inbox import TicketRow
from ticketgate.ports import EvidenceReading, Reading

_IDS: Final = re.compile(rb'_([0-9a-z]+)"')  # what follows the prefix of our own ids, and more
_GRANT: Final = "grant"


def receipt_of(evidence: EvidenceReading, signed: SignedCheckpoint, index: int) -> TlogProof | None:
    """The receipt of a record; None where the checkpoint, or retention, has no such record."""
    size = signed.checkpoint.size
    entry = evidence.entry(index) if index < size else None
    if entry is None:
        return None
    return TlogProof(index, inclusion(index, size, evidence.hashes), signed, entry)


def receipts_of_ticket(reading: Reading, reference: str, size: int) -> dict[str, int]:
    """File name -> index of the receipts that a ticket has; none of one that is not known.

    `reference` is its number or the platform's id.
    """
    tickets = reading.tickets.named(reference)
    if not tickets:
        return {}
    known = _ids_of(reading, tickets)
    deliveries = [
        delivery
        for row in tickets
        for delivery in reading.deliveries.of_ticket(row.ticket.source, row.ticket.id)
    ]
    known.update(delivery.id for delivery in deliveries)
    begun = min((delivery.index for delivery in deliveries), default=0)
    first = max(begun, reading.evidence.first())
    entries = reading.evidence.entries(first, size)
    return {proof_name(reference, index): index for index in _concerning(entries, known)}


def _ids_of(reading: Reading, tickets: Iterable[TicketRow]) -> set[str]:
    """The ids of the tickets, and of what was asked for and mailed because of them."""
    known: set[str] = set()
    for row in tickets:
        known.add(row.id)
        for request in reading.requests.of_ticket(row.ticket.key):
            known.add(request.id)
            known.update(link.id for link in reading.links.of_request(request.id))
    return known


def _concerning(entries: Iterable[tuple[int, bytes, bytes]], known: set[str]) -> Iterator[int]:
    """The records that name one of these ids, or a grant that came of them."""
    tails = {one.rpartition("_")[2].encode() for one in known}
    for index, _, entry in entries:
        if tails.isdisjoint(_IDS.findall(entry)):
            continue
        record = parse_entry(entry)
        yield index
        grant = record.get("id") if record.get("on") == _GRANT else None
        if isinstance(grant, str) and record.get("request") in known:
            tails.add(grant.rpartition("_")[2].encode())
